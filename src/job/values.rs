//! The values of a job: each of its kind, and every default filled in.

use super::check::{Desk, Overrides, key};
use super::problem::{MISSING, Place, VALUE};
use super::settings::{Setting, Value};
use super::{Format, InputFile, Inputs, Kind, Outputs, grammar};
use crate::policy_file::{self, InForce};
use chrono::{Datelike, NaiveDate};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use termwise_engine::calendar::{Day, Period};
use termwise_engine::findings::Table;

const HORIZON_DEFAULT: u32 = 90;
/// Ten years.
const HORIZON_MAX: u32 = 3_660;
/// 0.1 %, in millionths.
const REJECTED_ROWS_DEFAULT: u32 = 1_000;
/// A percent, in millionths.
const PERCENT: u32 = 10_000;
/// Decimals of a percentage: with them it is a whole number of millionths.
const PERCENT_DECIMALS: usize = 4;

impl Desk {
    pub(super) fn setting(&self, parts: &[&str]) -> Option<Setting> {
        self.settings.keys.get(&key(parts)).cloned()
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, parts: &[&str], hint: &str) -> Option<(String, Setting)> {
        let setting = self.setting(parts)?;
        let shown = parts.join(".");
        match &setting.value {
            Value::Text(text) if text.trim().is_empty() => {
                self.wrong(&setting, &shown, "the text is empty", hint)
            }
            Value::Text(text) => return Some((text.clone(), setting)),
            Value::Texts(_) | Value::Integer(_) | Value::Date(_) | Value::Other(_) => {
                let says = format!("{} where text is meant", setting.value.kind());
                self.wrong(&setting, &shown, &says, hint);
            }
        }
        None
    }

    /// What the job is a job of; one that says nothing bills.
    pub(super) fn kind(&mut self) -> Kind {
        const HINT: &str = "write kind = \"invoice\", \"reconcile\" or \"what-if\"";
        let Some((word, setting)) = self.text(&["kind"], HINT) else { return Kind::Invoice };
        if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == word) {
            return kind;
        }
        self.wrong(&setting, "kind", &format!("{word:?} is not a kind of run"), HINT);
        Kind::Invoice
    }

    fn date(&mut self, name: &str) -> Option<Day> {
        const HINT: &str = "write YYYY-MM-DD";
        let setting = self.setting(&[name])?;
        let day = match &setting.value {
            Value::Text(text) | Value::Date(text) => day_of(text),
            Value::Texts(_) | Value::Integer(_) | Value::Other(_) => None,
        };
        if day.is_none() {
            let says = if let Value::Text(text) = &setting.value {
                format!("{text:?} is not a date")
            } else {
                format!("{} where a date is meant", setting.value.kind())
            };
            self.wrong(&setting, name, &says, HINT);
        }
        day
    }

    /// The days that are billed (D3), and the first of them where a `from` was written that holds.
    pub(super) fn window(&mut self, overrides: &Overrides) -> (Option<Period>, Option<Day>, Vec<String>) {
        let (from, as_of) = (self.date("from"), self.date("as_of"));
        if let Some(typed) = &overrides.period {
            let period = month_of(typed);
            if period.is_none() {
                let place = Place::Flag(format!("--period {typed}"));
                let says = format!("{typed:?} is not a month");
                self.refuse(&place, "", VALUE, says, "write YYYY-MM".to_owned());
            }
            return (period, None, Vec::new());
        }
        if self.setting(&["as_of"]).is_some() && as_of.is_none() {
            return (None, None, Vec::new());
        }
        let mut notes = Vec::new();
        let last = as_of.unwrap_or_else(|| {
            notes.push(format!("as_of is {}, today in UTC", overrides.today));
            overrides.today
        });
        let setting = self.setting(&["from"]);
        let first = match (from, &setting) {
            (Some(first), _) => first,
            (None, Some(_)) => return (None, None, notes),
            (None, None) => first_of_month(last),
        };
        let period = Period::new(first, last);
        if let (None, Some(setting)) = (period, setting) {
            let says = format!("from {first} comes after as_of {last} (D3)");
            self.wrong(&setting, "from", &says, "let from be as_of or a day before it");
        }
        (period, from, notes)
    }

    pub(super) fn inputs(&mut self, folder: &Path, required: &[Table]) -> Inputs {
        let mut inputs = Inputs::default();
        for table in Table::ALL {
            let files = self.files(table, folder);
            if !files.is_empty() {
                inputs.files.insert(table, files);
            }
            let columns = self.columns(table);
            if !columns.is_empty() {
                inputs.columns.insert(table, columns);
            }
        }
        let requests = self.columns(Table::Requests);
        if !requests.is_empty() {
            inputs.columns.insert(Table::Requests, requests);
        }
        for table in required {
            if self.setting(&["inputs", table.name()]).is_none() {
                let says = format!("the input {} is missing", table.name());
                let hint = format!("write {} = \"…\" below [inputs]", table.name());
                self.refuse(&Place::File, &format!("inputs.{}", table.name()), MISSING, says, hint);
            }
        }
        inputs
    }

    fn files(&mut self, table: Table, folder: &Path) -> Vec<InputFile> {
        let name = table.name();
        let such_as = if table == Table::Proposal { "plan.toml" } else { "file.csv" };
        let hint = format!("write {name} = {such_as:?}, or several files as a list");
        let Some(setting) = self.setting(&["inputs", name]) else { return Vec::new() };
        let shown = format!("inputs.{name}");
        let texts = match &setting.value {
            Value::Text(text) => vec![text.clone()],
            Value::Texts(texts) => texts.clone(),
            Value::Integer(_) | Value::Date(_) | Value::Other(_) => {
                self.wrong(
                    &setting,
                    &shown,
                    &format!("{} where a file is meant", setting.value.kind()),
                    &hint,
                );
                return Vec::new();
            }
        };
        if texts.is_empty() {
            self.wrong(&setting, &shown, "the list is empty", &hint);
        }
        let mut files: Vec<InputFile> = Vec::new();
        for text in texts {
            let file = InputFile { path: folder.join(&text), shown: text };
            if file.shown.trim().is_empty() {
                self.wrong(&setting, &shown, "the text is empty", &hint);
            } else if let Err(endings) = check_ending(table, &file.path) {
                let says = format!("{:?} does not end in {endings}", file.shown);
                self.wrong(&setting, &shown, &says, "inputs are told apart by the file's ending");
            } else if files.iter().any(|other| other.path == file.path) {
                let says = format!("{:?} is named twice", file.shown);
                self.wrong(&setting, &shown, &says, "name each file once, or its rows count twice");
            } else {
                files.push(file);
            }
        }
        // The order in which files are listed shows nowhere.
        files.sort_by(|left, right| left.shown.cmp(&right.shown));
        files
    }

    fn columns(&mut self, table: Table) -> BTreeMap<String, String> {
        let mut columns: BTreeMap<String, String> = BTreeMap::new();
        for &ours in grammar::columns(table) {
            let parts = ["columns", table.name(), ours];
            let Some((theirs, setting)) = self.text(&parts, "write the column's name in the file") else {
                continue;
            };
            if let Some((other, _)) = columns.iter().find(|(_, named)| **named == theirs) {
                let says = format!("{theirs:?} stands for {other} already");
                self.wrong(
                    &setting,
                    &parts.join("."),
                    &says,
                    "let each column of the file stand for one of ours",
                );
            } else {
                columns.insert(ours.to_owned(), theirs);
            }
        }
        columns
    }

    pub(super) fn policy(&mut self, kind: Kind) -> Option<InForce> {
        let mut own = BTreeMap::new();
        for name in policy_file::keys() {
            if let Some((word, _)) = self.text(&["policy", &name], "write the setting's word in quotes") {
                own.insert(name, word);
            }
        }
        // What the vendor's file shows is compared under the vendor's policy (R67).
        let standing = match kind {
            Kind::Invoice | Kind::WhatIf => policy_file::STANDARD,
            Kind::Reconcile => policy_file::OF_THE_VENDOR,
        };
        let profile = own.remove("profile").unwrap_or_else(|| standing.to_owned());
        if kind == Kind::WhatIf {
            self.refuse_flagging(own.get(policy_file::REFUSED_EVENTS));
            own.insert(policy_file::REFUSED_EVENTS.to_owned(), policy_file::REJECT.to_owned());
        }
        match policy_file::in_force(&profile, &own) {
            Ok(in_force) => Some(in_force),
            Err(refused) => {
                for refused in refused {
                    let place =
                        self.setting(&["policy", &refused.key]).map_or(Place::File, |setting| setting.place);
                    self.refuse(
                        &place,
                        &format!("policy.{}", refused.key),
                        VALUE,
                        refused.says,
                        refused.hint,
                    );
                }
                None
            }
        }
    }

    pub(super) fn outputs(&mut self, folder: &Path, overrides: &Overrides) -> Outputs {
        let named = self
            .text(&["outputs", "dir"], "name a folder, or leave dir out: it is then out beside the job file");
        let dir = overrides.out.clone();
        let dir = dir.unwrap_or_else(|| folder.join(named.map_or_else(|| "out".to_owned(), |(dir, _)| dir)));
        if dir.as_os_str().is_empty() {
            let place = Place::Flag("--out".to_owned());
            self.refuse(&place, "", VALUE, "the text is empty".to_owned(), "name a folder".to_owned());
        }
        let hint = "write format = \"csv\" or \"parquet\"";
        let format = match self.text(&["outputs", "format"], hint) {
            None => Format::Parquet,
            Some((word, _)) if word == "csv" => Format::Csv,
            Some((word, _)) if word == "parquet" => Format::Parquet,
            Some((word, setting)) => {
                self.wrong(&setting, "outputs.format", &format!("{word:?} is not a format"), hint);
                Format::Parquet
            }
        };
        Outputs { dir, format: overrides.format.unwrap_or(format) }
    }

    /// A whole number of something; a file writes it without quotes.
    pub(super) fn number(&mut self, parts: &[&str], of: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let setting = self.setting(parts)?;
        let number = match &setting.value {
            Value::Integer(number) => u32::try_from(*number).ok(),
            Value::Text(text) if setting.is_typed() => text.parse().ok(),
            Value::Text(_) | Value::Texts(_) | Value::Date(_) | Value::Other(_) => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            let hint = format!("write a whole number of {of} from {least} to {most}, without quotes");
            self.wrong(&setting, &parts.join("."), &format!("this is not a number of {of}"), &hint);
        }
        number
    }

    /// A percentage, in millionths of the whole.
    pub(super) fn share(&mut self, parts: &[&str], most_percent: u32, such_as: &str) -> Option<u32> {
        let hint = format!("write a percentage of at most four decimals in quotes, such as {such_as:?}");
        let (text, setting) = self.text(parts, &hint)?;
        let share = millionths(&text, most_percent);
        if share.is_none() {
            let says = format!("{text:?} is not a percentage from 0% to {most_percent}%");
            self.wrong(&setting, &parts.join("."), &says, &hint);
        }
        share
    }

    /// The days after `as_of` whose renewals are forecast.
    pub(super) fn horizon(&mut self) -> Option<u32> {
        let parts = ["outputs", "renewal_horizon_days"];
        if self.setting(&parts).is_none() {
            return Some(HORIZON_DEFAULT);
        }
        self.number(&parts, "days", 0..=HORIZON_MAX)
    }

    pub(super) fn rejected_rows(&mut self) -> u32 {
        self.share(&["limits", "rejected_rows"], 100, "0.1%").unwrap_or(REJECTED_ROWS_DEFAULT)
    }
}

/// Whether an input can be read from a file of this ending; otherwise those that it can be read from.
fn check_ending(table: Table, path: &Path) -> Result<(), &'static str> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_promotions = table == Table::Promotions;
    let is_packed = matches!(table, Table::VendorLines | Table::InvoiceLines) && ending == "gz";
    if table == Table::Proposal {
        return if ending == "toml" { Ok(()) } else { Err(".toml") };
    }
    if matches!(ending.as_str(), "csv" | "parquet") || (is_promotions && ending == "json") || is_packed {
        Ok(())
    } else if is_promotions {
        Err(".csv, .parquet or .json")
    } else if matches!(table, Table::VendorLines | Table::InvoiceLines) {
        Err(".csv, .csv.gz or .parquet")
    } else {
        Err(".csv or .parquet")
    }
}

/// A date as a job writes it.
pub fn day_of(text: &str) -> Option<Day> {
    let is_shaped = text.len() == 10 && text.is_ascii();
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| is_shaped)?;
    Day::from_ymd(date.year(), date.month(), date.day())
}

/// The days of a month as it is typed, `YYYY-MM`.
pub fn month_of(text: &str) -> Option<Period> {
    let first = day_of(&format!("{text}-01")).filter(|_| text.len() == 7)?;
    Some(Period { first, last: first.plus_months(1).previous() })
}

fn first_of_month(day: Day) -> Day {
    let back = day.day_of_month().saturating_sub(1);
    let first = i64::from(day.epoch_days()) - i64::from(back);
    i32::try_from(first).ok().and_then(Day::from_epoch_days).unwrap_or(day)
}

/// The millionths of `"0.1%"`, exactly; `None` where it has a finer digit than they do, or is more than so many percent.
fn millionths(text: &str, most_percent: u32) -> Option<u32> {
    let number = fixed(text.strip_suffix('%')?.trim_end(), PERCENT_DECIMALS)?;
    u32::try_from(number).ok().filter(|&share| share <= most_percent.saturating_mul(PERCENT))
}

/// `"50000.00"` in units of so many decimals, exactly; `None` where it has a finer digit than they do, a sign or an exponent.
pub(super) fn fixed(number: &str, decimals: usize) -> Option<i64> {
    let (whole, fraction) =
        number.split_once('.').map_or((number, ""), |(whole, fraction)| (whole, fraction));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !whole.is_empty() && digits(whole) && digits(fraction) && !number.ends_with('.');
    if !is_number || fraction.len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}
