//! What a proposal's file may say: TOML that finance can write, read strictly and with the line of everything.

use crate::job::{JobError, Place, Problem, nearest};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use termwise_engine::calendar::Day;
use toml::de::{DeTable, DeValue};

/// Not TOML.
const SYNTAX: &str = "proposal-syntax";
/// No such key or section.
const UNKNOWN: &str = "proposal-key-unknown";
/// A key that has to be there.
const MISSING: &str = "proposal-key-missing";
/// A value that a key can't have.
pub(super) const VALUE: &str = "proposal-value";
/// Changes that can't both hold.
pub(super) const CONFLICT: &str = "proposal-conflict";

/// The keys above all sections, all of which are needed.
const HEAD: [&str; 3] = ["title", "author", "why"];
/// The sections, and whether a proposal can have several of each.
const SECTIONS: [(&str, bool); 6] = [
    ("price_list", false),
    ("price", true),
    ("promotion_added", true),
    ("promotion_ended", true),
    ("promotion_extended", true),
    ("policy", false),
];

/// A text, and the line that it stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) line: u32,
}

/// A section with its keys.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) line: u32,
    pub(super) cells: BTreeMap<String, Cell>,
    /// Keys whose value is none, which was noted.
    unread: BTreeSet<String>,
}

impl Section {
    /// Whether a key stands in it, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.cells.contains_key(key) || self.unread.contains(key)
    }
}

/// A text whose lines are counted once.
struct Lined<'a> {
    text: &'a str,
    /// Where its lines end.
    ends: Vec<usize>,
}

impl<'a> Lined<'a> {
    fn new(text: &'a str) -> Lined<'a> {
        Lined { text, ends: text.match_indices('\n').map(|(end, _)| end).collect() }
    }

    /// The line of a byte.
    fn line(&self, at: usize) -> u32 {
        u32::try_from(self.ends.partition_point(|&end| end < at) + 1).unwrap_or(u32::MAX)
    }

    /// The line of a section's heading, `[[…]]`, where it has one: the last one before the first of its keys.
    fn heading(&self, table: &DeTable<'_>) -> Option<u32> {
        let first = table.keys().map(|key| key.span().start).min()?;
        Some(self.line(self.text.get(..first)?.rfind("[[")?))
    }
}

/// A proposal as it is written, and what is wrong with it so far.
#[derive(Debug, Default)]
pub(super) struct Paper {
    pub(super) title: String,
    pub(super) author: String,
    pub(super) why: String,
    pub(super) sections: Vec<Section>,
    pub(super) problems: Vec<Problem>,
}

impl Paper {
    /// Reads a proposal's text; what is wrong with it is noted.
    pub(super) fn read(text: &str) -> Paper {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut paper = Paper::default();
        let (lined, (table, errors)) = (Lined::new(text), DeTable::parse_recoverable(text));
        for error in &errors {
            let line = error.span().map_or(1, |span| lined.line(span.start));
            let says = error.message().trim_end().replace('\n', "; ");
            let hint = "a proposal is TOML: key = \"text\", [section], [[section]]";
            paper.refuse(line, "", SYNTAX, says, hint);
        }
        if errors.is_empty() {
            paper.take(&lined, table.get_ref());
        }
        paper
    }

    /// Notes that something is wrong.
    pub(super) fn refuse(
        &mut self,
        line: u32,
        key: &str,
        code: &'static str,
        says: impl Into<String>,
        hint: &str,
    ) {
        let (place, key) = (Place::Line(line as usize), key.to_owned());
        self.problems.push(Problem { place, key, code, says: says.into(), hint: hint.to_owned() });
    }

    /// Everything that is wrong with the file of this name, if anything is.
    pub(super) fn error(&mut self, shown: &str) -> Option<JobError> {
        let mut problems = std::mem::take(&mut self.problems);
        problems.sort();
        problems.dedup();
        (!problems.is_empty()).then(|| JobError::Wrong { path: Path::new(shown).to_owned(), problems })
    }

    fn take(&mut self, lined: &Lined<'_>, table: &DeTable<'_>) {
        for (name, value) in table {
            let (name, line) = (name.get_ref(), lined.line(name.span().start));
            if HEAD.contains(&&**name) {
                self.head(name, line, value.get_ref());
                continue;
            }
            let Some(&(section, is_list)) = SECTIONS.iter().find(|(known, _)| *known == &**name) else {
                self.unknown(line, name, name, &known_names(), "a proposal");
                continue;
            };
            match (value.get_ref(), is_list) {
                (DeValue::Table(cells), false) => self.section(lined, section, line, cells),
                (DeValue::Array(items), true)
                    if items.iter().all(|item| matches!(item.get_ref(), DeValue::Table(_))) =>
                {
                    for item in items.iter() {
                        if let DeValue::Table(cells) = item.get_ref() {
                            let line = lined.heading(cells).unwrap_or(line);
                            self.section(lined, section, line, cells);
                        }
                    }
                }
                (DeValue::Table(_), true) => {
                    let says = format!("there can be several of [{section}], so it stands in two brackets");
                    self.refuse(line, section, VALUE, says, &format!("write [[{section}]]"));
                }
                _ => {
                    let brackets = if is_list { format!("[[{section}]]") } else { format!("[{section}]") };
                    let says = format!("{section} is a section and not a key");
                    self.refuse(line, section, VALUE, says, &format!("write {brackets} and its keys below"));
                }
            }
        }
        for name in HEAD {
            let is_there = table.keys().any(|key| key.get_ref() == name);
            if !is_there {
                let says = format!("{name} is missing");
                let hint = "every proposal says what it is called, who proposes it, and why";
                self.refuse(1, name, MISSING, says, hint);
            }
        }
    }

    fn head(&mut self, name: &str, line: u32, value: &DeValue<'_>) {
        let text = value.as_str().map(str::trim);
        let is_plain = |text: &str| super::super::cell::is_plain(&text.replace(['\r', '\n'], " "));
        let wrong = match text {
            None => Some("is not a text"),
            Some("") => Some("says nothing"),
            Some(text) if !is_plain(text) => Some("has control characters"),
            Some(_) => None,
        };
        if let Some(wrong) = wrong {
            self.refuse(line, name, VALUE, format!("{name} {wrong}"), "write a sentence in quotes");
        }
        let text = text.unwrap_or_default();
        match name {
            "title" => text.clone_into(&mut self.title),
            "author" => text.clone_into(&mut self.author),
            _ => text.clone_into(&mut self.why),
        }
    }

    fn section(&mut self, lined: &Lined<'_>, name: &'static str, line_of: u32, table: &DeTable<'_>) {
        let (mut cells, mut unread) = (BTreeMap::new(), BTreeSet::new());
        for (key, value) in table {
            let (line, key) = (lined.line(key.span().start), key.get_ref().to_string());
            match plain(value.get_ref()) {
                Some(text) => {
                    cells.insert(key, Cell { text, line });
                }
                None => {
                    let (says, hint) = match value.get_ref() {
                        DeValue::Datetime(_) => ("this is not a day alone", "write YYYY-MM-DD"),
                        DeValue::Integer(_) => {
                            ("this number is too large", "write a smaller one, or a text in quotes")
                        }
                        DeValue::String(_)
                        | DeValue::Float(_)
                        | DeValue::Boolean(_)
                        | DeValue::Array(_)
                        | DeValue::Table(_) => {
                            let hint = "write a text, a number, a date, true or false, or a list of texts";
                            ("this is no value of a proposal", hint)
                        }
                    };
                    self.refuse(line, &format!("{name}.{key}"), VALUE, says, hint);
                    unread.insert(key);
                }
            }
        }
        self.sections.push(Section { name, line: line_of, cells, unread });
    }

    /// Notes a key that there is not, with the nearest that there is.
    pub(super) fn unknown(&mut self, line: u32, shown: &str, name: &str, known: &[&str], whose: &str) {
        let says = format!("{whose} has no key {name}");
        let near =
            nearest(name, known).map_or(String::new(), |near| format!("the nearest known key is {near}"));
        self.refuse(line, shown, UNKNOWN, says, &near);
    }

    /// Refuses the keys of a section that it can't have, and notes those that it needs and has not.
    pub(super) fn check(&mut self, section: &Section, known: &[&str], needed: &[&str]) {
        for (key, cell) in section.cells.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            let shown = format!("{}.{key}", section.name);
            self.unknown(cell.line, &shown, key, known, &format!("[{}]", section.name));
        }
        for key in needed.iter().filter(|key| !section.has(key)) {
            let shown = format!("{}.{key}", section.name);
            let says = format!("{key} is missing");
            self.refuse(section.line, &shown, MISSING, says, &format!("write {key} = …"));
        }
    }

    /// The value of a section's key by its grammar; one that is wrong is noted.
    pub(super) fn value<T>(
        &mut self,
        section: &Section,
        key: &str,
        read: impl FnOnce(&str) -> Option<T>,
        meant: Meant,
    ) -> Option<T> {
        let cell = section.cells.get(key)?;
        let value = read(&cell.text);
        if value.is_none() {
            let shown = format!("{}.{key}", section.name);
            let says = format!("{:?} is not {}", cell.text, meant.name());
            self.refuse(cell.line, &shown, VALUE, says, meant.hint());
        }
        value
    }
}

/// What the value of a key has to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meant {
    Date,
    Percentage,
    Amount,
    Term,
    BillingPlan,
    Segment,
    Currency,
}

impl Meant {
    const fn name(self) -> &'static str {
        match self {
            Meant::Date => "a date",
            Meant::Percentage => "a percentage",
            Meant::Amount => "an amount",
            Meant::Term => "a term",
            Meant::BillingPlan => "a billing plan",
            Meant::Segment => "a segment",
            Meant::Currency => "a currency",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Meant::Date => "write YYYY-MM-DD",
            Meant::Percentage => {
                "write it in quotes with at most four decimals, such as \"+5%\" or \"-2.5%\"; more than -100%, at most +900%"
            }
            Meant::Amount => {
                "write it in quotes with at most six decimals, such as \"60.48\"; at most 1,000,000,000"
            }
            Meant::Term => "write P1M, P1Y or P3Y",
            Meant::BillingPlan => "write Monthly, Annual, Triennial, Upfront or None, as the price list does",
            Meant::Segment => "write Commercial, Education, Nonprofit or Government",
            Meant::Currency => "write its three letters, such as EUR",
        }
    }
}

/// A date as windows of promotions have it.
pub(super) fn day(text: &str) -> Option<Day> {
    super::super::cell::open_day(text).ok()
}

fn known_names() -> Vec<&'static str> {
    HEAD.into_iter().chain(SECTIONS.into_iter().map(|(name, _)| name)).collect()
}

/// A value as a cell of a table would have it.
fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            i64::from_str_radix(&digits, number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(is_so) => Some(is_so.to_string()),
        DeValue::Datetime(when) => match (when.date, when.time, when.offset) {
            (Some(date), None, None) => Some(date.to_string()),
            (Some(_) | None, _, _) => None,
        },
        DeValue::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            // A text with the mark between texts would be two.
            texts.filter(|texts| texts.iter().all(|text| !text.contains(';'))).map(|texts| texts.join(";"))
        }
        DeValue::Table(_) => None,
    }
}
