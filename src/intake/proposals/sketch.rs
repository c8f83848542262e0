//! A proposal before ids are known: its own texts, checked as far as they can be.

use super::super::cell;
use super::super::columns::{Need, schema_of};
use super::super::error::IntakeError;
use super::super::files::hold;
use super::super::prices::PriceRows;
use super::super::promotions::PromotionRows;
use super::super::reading::SmallRows;
use super::super::row::{Fields, Row};
use super::super::{FileFacts, words};
use super::grammar::{Paper, Section, VALUE};
use crate::job::{InputFile, JobError};
use crate::policy_file::{self, InForce, Refused};
use std::collections::BTreeMap;
use std::path::Path;
use termwise_engine::calendar::{Day, Term};
use termwise_engine::catalog::{Repricing, Segment, WrittenPlan};
use termwise_engine::findings::{Source, Table};
use termwise_engine::money::{Currency, Percentage};

/// The rows that a proposal adds, as they are read.
#[derive(Debug, Default)]
pub(in crate::intake) struct ProposedRows {
    /// Of its own price list.
    pub(in crate::intake) prices: PriceRows,
    /// Of new promotions.
    pub(in crate::intake) promotions: PromotionRows,
}

/// A proposal that was read.
#[derive(Debug)]
pub(in crate::intake) struct Sketch {
    pub(super) name: String,
    pub(super) shown: String,
    pub(super) paper: Paper,
    pub(super) policy: Option<InForce>,
    pub(super) list: Option<ListSketch>,
    pub(super) prices: Vec<PriceSketch>,
    pub(super) added: Vec<AddedSketch>,
    pub(super) windows: Vec<WindowSketch>,
    pub(super) settings: Vec<SettingSketch>,
    number: u16,
    bytes: u64,
    hash: String,
}

/// Another price list.
#[derive(Debug)]
pub(super) struct ListSketch {
    pub(super) line: u32,
    pub(super) files: Vec<InputFile>,
    pub(super) from: Option<Day>,
}

/// Prices by scope.
#[derive(Debug)]
pub(super) struct PriceSketch {
    pub(super) line: u32,
    pub(super) product: Option<String>,
    pub(super) sku: Option<String>,
    pub(super) term: Option<Term>,
    pub(super) plan: Option<WrittenPlan>,
    pub(super) market: Option<String>,
    pub(super) currency: Option<Currency>,
    pub(super) segment: Option<Segment>,
    pub(super) what: Repricing,
    pub(super) from: Option<Day>,
    /// In words, but for the day.
    pub(super) says: String,
}

/// A row of a new promotion.
#[derive(Debug)]
pub(super) struct AddedSketch {
    pub(super) line: u32,
    /// Its cells in the order of the promotions' columns.
    pub(super) cells: Vec<String>,
    pub(super) id: String,
}

/// Another last day of a promotion.
#[derive(Debug)]
pub(super) struct WindowSketch {
    pub(super) line: u32,
    pub(super) promotion: String,
    pub(super) last: Day,
    pub(super) is_end: bool,
}

/// Another setting.
#[derive(Debug)]
pub(super) struct SettingSketch {
    pub(super) line: u32,
    pub(super) key: String,
    pub(super) word: String,
    pub(super) is_new: bool,
}

const PRICE_KEYS: [&str; 10] = [
    "product_id",
    "sku_id",
    "term",
    "billing_plan",
    "market",
    "currency",
    "segment",
    "percent",
    "price",
    "from",
];

impl Sketch {
    /// Reads a proposal; what is wrong with it is noted in it.
    pub(super) fn read(
        number: u16,
        file: &InputFile,
        words: &BTreeMap<String, String>,
    ) -> Result<Sketch, IntakeError> {
        let (bytes, version) = hold(file)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let what = format!("the file is not UTF-8 at byte {}", error.valid_up_to());
            IntakeError::refused(&file.shown, what, "save the proposal as UTF-8")
        })?;
        let name = file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let mut sketch = Sketch {
            name: name.unwrap_or_default(),
            shown: file.shown.clone(),
            paper: Paper::read(text),
            policy: None,
            list: None,
            prices: Vec::new(),
            added: Vec::new(),
            windows: Vec::new(),
            settings: Vec::new(),
            number,
            bytes: version.bytes(),
            hash: blake3::hash(&bytes).to_hex().to_string(),
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if sketch.name.is_empty() || !sketch.name.bytes().all(is_name) {
            let says = format!("{:?} is no name of a proposal", sketch.name);
            let hint = "name the file by letters, digits, - and _: its name stands in every row";
            sketch.paper.refuse(1, "", VALUE, says, hint);
        }
        let folder = file.path.parent().unwrap_or(Path::new(""));
        let shown_folder = Path::new(&file.shown).parent().unwrap_or(Path::new("")).to_owned();
        for section in std::mem::take(&mut sketch.paper.sections) {
            match section.name {
                "price_list" => sketch.take_list(&section, folder, &shown_folder),
                "price" => sketch.take_price(&section),
                "promotion_added" => sketch.take_added(&section),
                "promotion_ended" => sketch.take_window(&section, true),
                "promotion_extended" => sketch.take_window(&section, false),
                _ => sketch.take_settings(&section, words),
            }
        }
        sketch.settle_policy(words);
        sketch.refuse_twice();
        Ok(sketch)
    }

    /// Another proposal has this name.
    pub(super) fn refuse_name(&mut self) {
        let says = format!("another proposal is called {} too", self.name);
        let hint = "name each file differently: a proposal is known by its file's name";
        self.paper.refuse(1, "", VALUE, says, hint);
    }

    /// Everything that is wrong with it so far.
    pub(super) fn error(&mut self) -> Option<JobError> {
        self.paper.error(&self.shown)
    }

    /// What the file is; its rows are its changes.
    pub(super) fn facts(&self) -> FileFacts {
        let lists = u64::from(self.list.is_some());
        let others = self.prices.len() + self.added.len() + self.windows.len() + self.settings.len();
        FileFacts {
            table: Table::Proposal,
            file: self.number,
            shown: self.shown.clone(),
            rows: lists + others as u64,
            blank_lines: 0,
            bytes: self.bytes,
            hash: self.hash.clone(),
            warnings: Vec::new(),
        }
    }

    /// The price lists that it names.
    pub(super) fn list_files(&self) -> Vec<InputFile> {
        self.list.iter().flat_map(|list| list.files.iter().cloned()).collect()
    }

    /// Where a line of it stands.
    pub(super) const fn source(&self, line: u32) -> Source {
        Source { table: Table::Proposal, file: self.number, row: line }
    }

    /// Has its new promotions read as rows of the promotions file are; what is wrong with one is noted.
    pub(super) fn add_promotions(&mut self, small: &mut SmallRows, place: usize) {
        let schema = schema_of(Table::Promotions);
        let places: Vec<Option<usize>> = (0..schema.columns.len()).map(Some).collect();
        for added in &self.added {
            let fields = Fields::Cells(&added.cells);
            let row =
                Row { number: added.line, fields, places: &places, ragged: false, batch: 0, is_ascii: false };
            for (code, column) in small.take_added(place, row, self.source(added.line)) {
                let value = schema.columns.iter().find(|known| known.name == column);
                let value = value.and_then(|known| added.cells.get(known.index)).cloned().unwrap_or_default();
                let is_too_early = column == "ends_on" && day(&value).is_some();
                let (says, hint) = if is_too_early {
                    (format!("{value:?} lies before starts_on"), "write starts_on or a later day")
                } else {
                    (format!("{value:?}: {} ({})", code.sentence(), code.name()), code.hint())
                };
                let key = format!("promotion_added.{column}");
                self.paper.refuse(added.line, &key, VALUE, says, hint);
            }
        }
    }

    fn take_list(&mut self, section: &Section, folder: &Path, shown: &Path) {
        self.paper.check(section, &["files", "from"], &["files"]);
        let from = self.paper.value(section, "from", day, "a date");
        let named = section.cells.get("files").map(|cell| cell.text.clone()).unwrap_or_default();
        let file = |name: &str| InputFile {
            shown: shown.join(name).to_string_lossy().into_owned(),
            path: folder.join(name),
        };
        let files: Vec<InputFile> =
            named.split(';').map(str::trim).filter(|name| !name.is_empty()).map(file).collect();
        let has_ending = |file: &InputFile| {
            let ending = file.path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
            matches!(ending.as_deref(), Some("csv" | "parquet"))
        };
        let is_named = section.cells.contains_key("files");
        if is_named && (files.is_empty() || !files.iter().all(has_ending)) {
            let says = format!("{named:?} names no price list");
            let hint = "write files = \"list.csv\" or a list of files, each .csv or .parquet";
            self.paper.refuse(section.line, "price_list.files", VALUE, says, hint);
        }
        self.list = Some(ListSketch { line: section.line, files, from });
    }

    fn take_price(&mut self, section: &Section) {
        let paper = &mut self.paper;
        paper.check(section, &PRICE_KEYS, &[]);
        let text = |key: &str| section.cells.get(key).map(|cell| cell.text.clone());
        let term = paper.value(section, "term", words::term, "a term");
        let plan = paper.value(section, "billing_plan", words::plan, "a billing plan");
        let currency = paper.value(section, "currency", Currency::from_code, "a currency");
        let segment = paper.value(section, "segment", words::price_segment, "a segment");
        let from = paper.value(section, "from", day, "a date");
        let percent = paper.value(section, "percent", percentage, "a percentage").map(Repricing::By);
        let price = |text: &str| cell::money(text).ok().map(Repricing::To);
        let price = paper.value(section, "price", price, "an amount");
        let has = |key: &str| section.cells.contains_key(key);
        if has("percent") == has("price") {
            let says =
                if has("price") { "a price and a percentage are two things" } else { "nothing changes" };
            paper.refuse(
                section.line,
                "price",
                VALUE,
                says,
                "write either percent = \"+5%\" or price = \"60.48\"",
            );
        }
        let named = |key: &str, what: &str| text(key).map(|word| format!("{what}{word}"));
        let scope: Vec<String> = [
            named("product_id", ""),
            named("sku_id", "SKU "),
            named("term", ""),
            named("billing_plan", "billed "),
            named("market", "market "),
            named("currency", ""),
            named("segment", "segment "),
        ]
        .into_iter()
        .flatten()
        .collect();
        let scope = if scope.is_empty() { "every price".to_owned() } else { scope.join(", ") };
        let Some(what) = percent.or(price) else { return };
        let says = match what {
            Repricing::By(_) => format!("{} on {scope}", text("percent").unwrap_or_default()),
            Repricing::To(_) => format!("{} for {scope}", text("price").unwrap_or_default()),
        };
        self.prices.push(PriceSketch {
            line: section.line,
            product: text("product_id"),
            sku: text("sku_id"),
            term,
            plan,
            market: text("market"),
            currency,
            segment,
            what,
            from,
            says,
        });
    }

    fn take_added(&mut self, section: &Section) {
        let schema = schema_of(Table::Promotions);
        // A column that changes nothing says something that a proposal could not show.
        let read = schema.columns.iter().filter(|column| column.need != Need::Ignored);
        let known: Vec<&str> = read.map(|column| column.name).collect();
        let needed = ["promotion_id", "product_id", "sku_id", "term", "discount", "starts_on", "ends_on"];
        self.paper.check(section, &known, &needed);
        let is_whole = needed.iter().all(|key| section.cells.contains_key(*key));
        let mut cells = vec![String::new(); schema.columns.len()];
        for column in schema.columns {
            let Some(cell) = section.cells.get(column.name) else { continue };
            if let Some(place) = cells.get_mut(column.index) {
                place.clone_from(&cell.text);
            }
        }
        let id = section.cells.get("promotion_id").map(|cell| cell.text.clone()).unwrap_or_default();
        if is_whole {
            self.added.push(AddedSketch { line: section.line, cells, id });
        }
    }

    fn take_window(&mut self, section: &Section, is_end: bool) {
        let keys = ["promotion_id", "last_day"];
        self.paper.check(section, &keys, &keys);
        let last = self.paper.value(section, "last_day", day, "a date");
        let id = section.cells.get("promotion_id").map(|cell| cell.text.clone());
        if let (Some(promotion), Some(last)) = (id, last) {
            self.windows.push(WindowSketch { line: section.line, promotion, last, is_end });
        }
    }

    fn take_settings(&mut self, section: &Section, words: &BTreeMap<String, String>) {
        let known: Vec<String> = policy_file::keys().into_iter().filter(|key| key != "profile").collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        self.paper.check(section, &known, &[]);
        for (key, cell) in section.cells.iter().filter(|(key, _)| known.contains(&key.as_str())) {
            let (line, key, word) = (cell.line, key.clone(), cell.text.clone());
            let is_of_events = policy_file::OF_EVENTS.contains(&key.as_str());
            let is_new = words.get(&key) != Some(&word) && !is_of_events;
            self.settings.push(SettingSketch { line, key, word, is_new });
        }
    }

    /// The policy in force with its settings.
    fn settle_policy(&mut self, words: &BTreeMap<String, String>) {
        let own = self.settings.iter().map(|setting| (setting.key.clone(), setting.word.clone())).collect();
        match policy_file::changed(words, own) {
            Ok(in_force) => self.policy = Some(in_force),
            Err(refused) => {
                for Refused { key, says, hint } in refused {
                    let line = self.settings.iter().find(|setting| setting.key == key);
                    let line = line.map_or(1, |setting| setting.line);
                    self.paper.refuse(line, &format!("policy.{key}"), VALUE, says, &hint);
                }
            }
        }
    }

    /// A promotion is changed once, whatever the order of the changes.
    fn refuse_twice(&mut self) {
        let windows = self.windows.iter().map(|window| (window.line, window.promotion.clone()));
        let mut seen: Vec<String> = self.added.iter().map(|added| added.id.clone()).collect();
        for (line, promotion) in windows.collect::<Vec<_>>() {
            if seen.contains(&promotion) {
                let says = format!("{promotion:?} is changed twice");
                let hint = "say once what becomes of a promotion";
                self.paper.refuse(line, "promotion_id", super::grammar::CONFLICT, says, hint);
            }
            seen.push(promotion);
        }
    }
}

fn day(text: &str) -> Option<Day> {
    cell::open_day(text).ok()
}

/// `"+5%"`: a sign, at most four decimals, and the mark, with a blank before it or not.
fn percentage(text: &str) -> Option<Percentage> {
    let number = text.strip_suffix('%')?.trim_end();
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 4 || whole.len() > 3 {
        return None;
    }
    let millionths: i32 = format!("{whole}{fraction:0<4}").parse().ok()?;
    Percentage::from_millionths(sign * millionths)
}

impl PriceSketch {
    /// Whether it changes no price at all: a percentage of nothing.
    pub(super) fn is_idle(&self) -> bool {
        self.what == Repricing::By(Percentage::NONE)
    }
}
