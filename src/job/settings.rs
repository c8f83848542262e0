//! The settings of a job before they are checked: every key of the file and of the command line, with its place.

use super::grammar;
use super::problem::{Place, Problem, SYNTAX, VALUE};
use crate::policy_file;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A value as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
    Integer(i64),
    Date(String),
    /// Of a kind that no key has: what it is called.
    Other(&'static str),
}

impl Value {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Texts(_) => "a list",
            Value::Integer(_) => "a whole number",
            Value::Date(_) => "a date",
            Value::Other(kind) => kind,
        }
    }
}

/// A value and where it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Setting {
    pub(super) value: Value,
    pub(super) place: Place,
}

impl Setting {
    /// Whether it was typed, where everything is text.
    pub(super) const fn is_typed(&self) -> bool {
        matches!(self.place, Place::Flag(_))
    }
}

/// A key with its sections, outermost first.
pub(super) type Path = Vec<String>;

/// Every key that was written, and every section, even an empty one.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) keys: BTreeMap<Path, Setting>,
    pub(super) sections: BTreeMap<Path, Place>,
}

impl Settings {
    /// The settings of a job file's text.
    ///
    /// # Errors
    /// Every place at which it is not TOML.
    pub(super) fn of_file(text: &str) -> Result<Settings, Vec<Problem>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let problem = |error: &toml::de::Error| Problem {
                place: error.span().map_or(Place::File, |span| place(text, &span)),
                key: String::new(),
                code: SYNTAX,
                says: error.message().trim_end().replace('\n', "; "),
                hint: "the job file is TOML: key = \"text\", [section]".to_owned(),
            };
            return Err(errors.iter().map(problem).collect());
        }
        let mut settings = Settings::default();
        settings.add_table(text, &Path::new(), table.get_ref());
        Ok(settings)
    }

    fn add_table(&mut self, text: &str, above: &Path, table: &DeTable<'_>) {
        for (key, value) in table {
            let mut path = above.clone();
            path.push(key.get_ref().to_string());
            let place = place(text, &key.span());
            if let DeValue::Table(below) = value.get_ref() {
                self.sections.insert(path.clone(), place);
                self.add_table(text, &path, below);
            } else {
                self.keys.insert(path, Setting { value: value_of(value.get_ref()), place });
            }
        }
    }

    /// Takes over what `--set KEY=VALUE` says, over what the file says.
    ///
    /// # Errors
    /// It is not of that form.
    pub(super) fn set(&mut self, typed: &str) -> Result<(), Problem> {
        let place = Place::Flag(format!("--set {typed}"));
        let (key, value) = match typed.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => (key.trim(), value.trim()),
            Some(_) | None => {
                return Err(Problem {
                    place,
                    key: String::new(),
                    code: VALUE,
                    says: "this is not KEY=VALUE".to_owned(),
                    hint: "write --set policy.rounding=truncate".to_owned(),
                });
            }
        };
        let mut path: Path = key.splitn(3, '.').map(str::to_owned).collect();
        let is_bare = path.len() == 1
            && !grammar::TOP.contains(&key)
            && policy_file::keys().iter().any(|known| known == key);
        if is_bare {
            path.insert(0, "policy".to_owned());
        }
        self.put(path, value, place);
        Ok(())
    }

    /// Takes over a typed value, over whatever was there.
    pub(super) fn put(&mut self, path: Path, value: &str, place: Place) {
        self.keys.insert(path, Setting { value: Value::Text(value.to_owned()), place });
    }
}

fn value_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            match i64::from_str_radix(&digits, number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Other("a number out of range"),
            }
        }
        DeValue::Float(_) => Value::Other("a fraction"),
        DeValue::Boolean(_) => Value::Other("true or false"),
        DeValue::Datetime(when) => match (when.date, when.time, when.offset) {
            (Some(date), None, None) => Value::Date(date.to_string()),
            (Some(_) | None, _, _) => Value::Other("a time"),
        },
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            texts.map_or(Value::Other("a list of something else than texts"), Value::Texts)
        }
        DeValue::Table(_) => Value::Other("a section"),
    }
}

fn place(text: &str, span: &Range<usize>) -> Place {
    let before = text.get(..span.start).unwrap_or(text);
    Place::Line(before.bytes().filter(|&byte| byte == b'\n').count() + 1)
}
