//! A proposal before ids are known: its own texts, checked as far as they can be.

use super::super::FileFacts;
use super::super::columns::{Need, schema_of};
use super::super::error::IntakeError;
use super::super::files::hold;
use super::super::prices::PriceRows;
use super::super::promotions::PromotionRows;
use super::super::reading::SmallRows;
use super::super::row::{Fields, Row};
use super::grammar::{Meant, Paper, Section, VALUE, day};
use super::price::PriceSketch;
use crate::job::{InputFile, JobError};
use crate::policy_file::{self, InForce, Refused};
use std::collections::BTreeMap;
use std::path::Path;
use termwise_engine::calendar::Day;
use termwise_engine::findings::{Source, Table};

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

/// A row of a new promotion.
#[derive(Debug)]
pub(super) struct AddedSketch {
    pub(super) line: u32,
    /// Its cells in the order of the promotions' columns.
    pub(super) cells: Vec<String>,
    /// The lines of those that are written, by column.
    pub(super) lines: BTreeMap<&'static str, u32>,
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
        let mut sketch = Sketch {
            name: file.stem(),
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
                "price" => sketch.prices.extend(PriceSketch::take(&mut sketch.paper, &section)),
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

    /// Another proposal, of this file, has the same name.
    pub(super) fn refuse_name(&mut self, other: &str) {
        let says = format!("the proposal of {other} is called {} too", self.name);
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
                let line = added.lines.get(column).copied().unwrap_or(added.line);
                self.paper.refuse(line, &key, VALUE, says, hint);
            }
        }
    }

    fn take_list(&mut self, section: &Section, folder: &Path, shown: &Path) {
        self.paper.check(section, &["files", "from"], &["files"]);
        let from = self.paper.value(section, "from", day, Meant::Date);
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

    fn take_added(&mut self, section: &Section) {
        let schema = schema_of(Table::Promotions);
        // A column that changes nothing says something that a proposal could not show.
        let read = schema.columns.iter().filter(|column| column.need != Need::Ignored);
        let known: Vec<&str> = read.map(|column| column.name).collect();
        let needed = ["promotion_id", "product_id", "sku_id", "term", "discount", "starts_on", "ends_on"];
        self.paper.check(section, &known, &needed);
        let is_whole = needed.iter().all(|key| section.cells.contains_key(*key));
        let (mut cells, mut lines) = (vec![String::new(); schema.columns.len()], BTreeMap::new());
        for column in schema.columns {
            let Some(cell) = section.cells.get(column.name) else { continue };
            if let Some(place) = cells.get_mut(column.index) {
                place.clone_from(&cell.text);
                lines.insert(column.name, cell.line);
            }
        }
        let id = section.cells.get("promotion_id").map(|cell| cell.text.clone()).unwrap_or_default();
        if is_whole {
            self.added.push(AddedSketch { line: section.line, cells, lines, id });
        }
    }

    fn take_window(&mut self, section: &Section, is_end: bool) {
        let keys = ["promotion_id", "last_day"];
        self.paper.check(section, &keys, &keys);
        let last = self.paper.value(section, "last_day", day, Meant::Date);
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
                    // A setting may contradict another that the proposal does not name.
                    let named = self.settings.iter().find(|setting| setting.key == key);
                    let line = named.or(self.settings.first()).map_or(1, |setting| setting.line);
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
