//! From settings to a job: every key is known, or refused with the nearest one that is.

use super::grammar;
use super::problem::{JobError, Place, Problem, UNBUILT, UNKNOWN, VALUE, nearest};
use super::settings::{Path as Key, Setting, Settings};
use super::{Format, Job, Kind, Limits};
use crate::policy_file::{self, InForce};
use std::path::{Path, PathBuf};
use termwise_engine::book::Window;
use termwise_engine::calendar::{Day, Period};

/// What a job is read for: it settles what the job can't do without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To bill or explain.
    Invoices,
    /// To check whatever inputs it names.
    Check,
    /// To make purchase offers.
    Offers,
}

/// What the command line says over the job file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overrides {
    /// The day that stands in for a missing `as_of`: today in UTC, which the command line alone knows.
    pub today: Day,
    /// What the job is read for.
    pub purpose: Purpose,
    /// `--as-of DATE`.
    pub as_of: Option<String>,
    /// `--period YYYY-MM`.
    pub period: Option<String>,
    /// `--out DIR`, relative to where the command was typed.
    pub out: Option<PathBuf>,
    /// `--format`.
    pub format: Option<Format>,
    /// `--set KEY=VALUE`, in the order typed; paths in it are relative to the job file's folder, as in the file.
    pub set: Vec<String>,
}

impl Overrides {
    /// None, on this day.
    pub const fn none(today: Day) -> Overrides {
        let purpose = Purpose::Invoices;
        Overrides { today, purpose, as_of: None, period: None, out: None, format: None, set: Vec::new() }
    }
}

/// A job, and what its reader should be told about it.
#[derive(Clone, Debug)]
pub struct Given {
    /// The job.
    pub job: Job,
    /// What was taken for granted.
    pub notes: Vec<String>,
}

/// Reads a job file, with what the command line says over it.
///
/// # Errors
/// The file can't be read, or everything that is wrong with it.
pub fn read(path: &Path, overrides: &Overrides) -> Result<Given, JobError> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, path, overrides),
        Err(source) => Err(JobError::Unreadable { path: path.to_owned(), source }),
    }
}

/// Checks a job file's text, as if it had been read from `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str, path: &Path, overrides: &Overrides) -> Result<Given, JobError> {
    let wrong = |mut problems: Vec<Problem>| {
        problems.sort();
        JobError::Wrong { path: path.to_owned(), problems }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let settings = Settings::of_file(text).map_err(wrong)?;
    let mut desk = Desk { settings, problems: Vec::new() };
    desk.override_by(overrides);
    desk.complete_offers();
    desk.refuse_unknown();
    let kind = desk.kind();
    let folder = path.parent().unwrap_or(Path::new(""));
    let (billed, first_given, notes) = desk.window(overrides);
    let required = desk.required_of(kind, overrides.purpose);
    let inputs = desk.inputs(folder, &required);
    let in_force = desk.policy(kind);
    let outputs = desk.outputs(folder, overrides);
    let horizon = desk.horizon();
    let rejected_rows = desk.rejected_rows();
    let offers = desk.offers(folder, overrides.purpose);
    let ledger = desk.ledger(folder, horizon);
    let reconcile = desk.reconciliation(kind);
    let what_if = desk.what_if(kind, overrides);
    match (billed, in_force, offers, horizon) {
        (Some(billed), Some(InForce { policy, words }), Some(offers), Some(horizon))
            if desk.problems.is_empty() =>
        {
            let window = match kind {
                Kind::Invoice | Kind::Reconcile => Window { billed, horizon: billed.last.plus_days(horizon) },
                // The book of a day, and what follows from it.
                Kind::WhatIf => Window {
                    billed: Period { first: billed.last, last: billed.last },
                    horizon: months_after(billed.last, what_if.horizon_months),
                },
            };
            let limits = Limits { rejected_rows };
            let (path, policy_words) = (path.to_owned(), words);
            let job = Job {
                path,
                window,
                first_given,
                inputs,
                policy,
                policy_words,
                outputs,
                limits,
                offers,
                ledger,
                kind,
                reconcile,
                what_if,
            };
            Ok(Given { job, notes })
        }
        (Some(_) | None, _, _, _) => Err(wrong(desk.problems)),
    }
}

/// The day so many months later; after a month's last day they are whole months.
fn months_after(day: Day, months: u32) -> Day {
    let months = i32::try_from(months).unwrap_or(i32::MAX);
    if day.is_month_end() { day.next().plus_months(months).previous() } else { day.plus_months(months) }
}

/// Settings on their way to a job, and what is wrong with them so far.
pub(super) struct Desk {
    pub(super) settings: Settings,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn key(parts: &[&str]) -> Key {
    parts.iter().map(|&part| part.to_owned()).collect()
}

impl Desk {
    pub(super) fn refuse(
        &mut self,
        place: &Place,
        key: &str,
        code: &'static str,
        says: String,
        hint: String,
    ) {
        self.problems.push(Problem { place: place.clone(), key: key.to_owned(), code, says, hint });
    }

    pub(super) fn wrong(&mut self, setting: &Setting, key: &str, says: &str, hint: &str) {
        self.refuse(&setting.place, key, VALUE, says.to_owned(), hint.to_owned());
    }

    fn override_by(&mut self, overrides: &Overrides) {
        for typed in &overrides.set {
            if let Err(problem) = self.settings.set(typed) {
                self.problems.push(problem);
            }
        }
        if let Some(as_of) = &overrides.as_of {
            self.settings.put(key(&["as_of"]), as_of, Place::Flag(format!("--as-of {as_of}")));
        }
    }

    fn refuse_unknown(&mut self) {
        let sections: Vec<(Key, Place)> =
            self.settings.sections.iter().map(|(path, place)| (path.clone(), place.clone())).collect();
        for (path, place) in sections {
            self.check_section(&path, &place);
        }
        let keys: Vec<(Key, Place)> =
            self.settings.keys.iter().map(|(path, setting)| (path.clone(), setting.place.clone())).collect();
        for (path, place) in keys {
            self.check_key(&path, &place);
        }
    }

    fn check_section(&mut self, path: &Key, place: &Place) {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [section] => {
                if let Some((_, what)) = grammar::UNBUILT_SECTIONS.iter().find(|(name, _)| name == section) {
                    let says = format!("[{section}] is not built yet: {what}");
                    self.refuse(place, section, UNBUILT, says, "leave the section out".to_owned());
                } else if grammar::TOP.contains(section) {
                    let says = format!("{section} is a key and not a section");
                    self.refuse(place, section, VALUE, says, format!("write {section} = \"…\""));
                } else if !grammar::SECTIONS.contains(section) {
                    let says = format!("the job file has no section [{section}]");
                    let near = nearest(section, &grammar::SECTIONS).unwrap_or_default();
                    self.refuse(
                        place,
                        section,
                        UNKNOWN,
                        says,
                        format!("the nearest known section is [{near}]"),
                    );
                }
            }
            ["columns", input] if grammar::renamed(input).is_none() => {
                self.unknown_input(place, &path.join("."), input)
            }
            ["columns", _] => {}
            // What stands below an unknown section was refused with it.
            [section, ..] if !grammar::SECTIONS.contains(section) => {}
            [.., last] => {
                let says = format!("{} holds no section {last}", path[..path.len() - 1].join("."));
                self.refuse(place, &path.join("."), VALUE, says, "write a key with its value".to_owned());
            }
            [] => {}
        }
    }

    fn check_key(&mut self, path: &Key, place: &Place) {
        let shown = path.join(".");
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [name] if grammar::TOP.contains(name) => {}
            [name] if grammar::SECTIONS.contains(name) => {
                let says = format!("{name} is a section and not a key");
                self.refuse(place, &shown, VALUE, says, format!("write [{name}] and its keys below"));
            }
            [name] => self.unknown(place, &shown, "the job file", name, &grammar::TOP),
            ["inputs", input] => {
                if grammar::table(input).is_none() {
                    self.unknown_input(place, &shown, input);
                }
            }
            ["policy", name] => {
                let known = policy_file::keys();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                if !known.contains(name) {
                    self.unknown(place, &shown, "[policy]", name, &known);
                }
            }
            ["outputs", name] if !grammar::OUTPUTS.contains(name) => {
                self.unknown(place, &shown, "[outputs]", name, &grammar::OUTPUTS);
            }
            ["limits", name] if !grammar::LIMITS.contains(name) => {
                self.unknown(place, &shown, "[limits]", name, &grammar::LIMITS);
            }
            ["offers", name] if !grammar::OFFERS.contains(name) => {
                self.unknown(place, &shown, "[offers]", name, &grammar::OFFERS);
            }
            ["ledger", name] if !grammar::LEDGER.contains(name) => {
                self.unknown(place, &shown, "[ledger]", name, &grammar::LEDGER);
            }
            ["notice_days", name] => self.check_market(place, &shown, name),
            ["bounds", name] if !grammar::BOUNDS.contains(name) => {
                self.unknown(place, &shown, "[bounds]", name, &grammar::BOUNDS);
            }
            ["tolerance", name] if !grammar::TOLERANCE.contains(name) => {
                self.unknown(place, &shown, "[tolerance]", name, &grammar::TOLERANCE);
            }
            ["outputs" | "limits" | "offers" | "ledger" | "bounds" | "tolerance", _] => {}
            ["columns", input, ours] => match grammar::renamed(input) {
                Some(table) if !grammar::columns(table).contains(ours) => {
                    self.unknown(place, &shown, &format!("[columns.{input}]"), ours, grammar::columns(table));
                }
                Some(_) | None => {}
            },
            ["columns", input] => {
                let says = format!("columns.{input} is a section and not a key");
                self.refuse(
                    place,
                    &shown,
                    VALUE,
                    says,
                    format!("write [columns.{input}] and its keys below"),
                );
            }
            // What stands in an unknown section was refused with it, but on the command line there is no section.
            [section, ..] if !grammar::SECTIONS.contains(section) => {
                if matches!(place, Place::Flag(_)) {
                    self.check_section(&key(&[section]), place);
                }
            }
            _ => {
                let says = format!("there is no key {shown}");
                self.refuse(place, &shown, UNKNOWN, says, format!("keys of [{}] have no dots", parts[0]));
            }
        }
    }

    fn unknown(&mut self, place: &Place, shown: &str, section: &str, name: &str, known: &[&str]) {
        let says = format!("{section} has no key {name}");
        let home = home_of(name).filter(|home| format!("[{home}]") != section);
        let hint = match (home, nearest(name, known)) {
            (Some(home), _) => format!("{name} belongs into [{home}]"),
            (None, Some(near)) => format!("the nearest known key is {near}"),
            (None, None) => String::new(),
        };
        self.refuse(place, shown, UNKNOWN, says, hint);
    }

    /// Checks a key of `[notice_days]`: what a market's code is meant to be is no nearer to `default` than to any other.
    fn check_market(&mut self, place: &Place, shown: &str, name: &str) {
        if grammar::NOTICE_DAYS.contains(&name) || grammar::is_market(name) {
            return;
        }
        let upper = name.to_ascii_uppercase();
        if grammar::is_market(&upper) {
            self.unknown(place, shown, "[notice_days]", name, &[upper.as_str()]);
            return;
        }
        self.unknown(place, shown, "[notice_days]", name, &grammar::NOTICE_DAYS);
        if let Some(problem) = self.problems.last_mut() {
            problem.hint.push_str("; a market is two capital letters, such as NL");
        }
    }

    fn unknown_input(&mut self, place: &Place, shown: &str, input: &str) {
        if grammar::renamed(input).is_some() {
            let says = format!("{input} is no input of a job");
            let hint = "name the file on the command line: termwise eligibility JOB REQUESTS".to_owned();
            self.refuse(place, shown, VALUE, says, hint);
        } else if grammar::UNBUILT_INPUTS.contains(&input) {
            let says = format!("the input {input} is not built yet");
            self.refuse(place, shown, UNBUILT, says, "leave it out".to_owned());
        } else {
            let says = format!("there is no input {input}");
            let near = nearest(input, &grammar::inputs()).unwrap_or_default();
            self.refuse(place, shown, UNKNOWN, says, format!("the nearest known input is {near}"));
        }
    }
}

/// The section that has a key of this name.
fn home_of(name: &str) -> Option<&'static str> {
    let of = |section, holds: bool| holds.then_some(section);
    of("outputs", grammar::OUTPUTS.contains(&name))
        .or(of("limits", grammar::LIMITS.contains(&name)))
        .or(of("offers", grammar::OFFERS.contains(&name)))
        .or(of("ledger", grammar::LEDGER.contains(&name)))
        .or(of("bounds", grammar::BOUNDS.contains(&name) && name != "total"))
        .or(of("tolerance", grammar::TOLERANCE.contains(&name)))
        .or(of("notice_days", grammar::is_market(name)))
        .or(of("inputs", grammar::table(name).is_some()))
        .or(of("policy", policy_file::keys().iter().any(|key| key == name)))
}
