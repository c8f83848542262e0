//! The job: everything about a run, checked.
//!
//! A job file is TOML (contract, section 2); the command line overrides it. [`read`] takes both and gives a [`Job`] in
//! which nothing is left to guess, or **every** problem at once, each with its line and what to write instead:
//!
//! ```text
//! jobs/nightly.toml:12:limits.rejected_row: error[job-key-unknown]: [limits] has no key rejected_row
//!   hint: the nearest known key is rejected_rows
//! ```
//! It reads no input, looks at no folder and knows no clock: the day that stands in for a missing `as_of` is an argument.

mod check;
mod grammar;
mod ledger;
mod offers;
mod problem;
mod reconcile;
mod settings;
#[cfg(test)]
mod tests;
mod values;
mod what_if;

pub use check::{Given, Overrides, Purpose, parse, read};
pub use grammar::columns;
pub use ledger::{Bounds, LedgerSettings, NoticeDays};
pub use offers::{Currencies, OfferSettings};
pub(crate) use problem::nearest;
pub use problem::{JobError, Place, Problem};
pub use reconcile::{ReconcileSettings, Workbook};
pub use values::{day_of, month_of};
pub use what_if::WhatIfSettings;

use std::collections::BTreeMap;
use std::path::PathBuf;
use termwise_engine::book::Window;
use termwise_engine::calendar::Day;
use termwise_engine::findings::Table;
use termwise_engine::policy::Policy;

/// A job file that was read, checked and completed by the command line.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where it was read from.
    pub path: PathBuf,
    /// The days that are billed, and forecast.
    pub window: Window,
    /// The `from` that was written in the file or with `--set`: the window begins with it. None where the first of the month
    /// stands in for it, or `--period` says what is billed.
    pub first_given: Option<Day>,
    /// What is read.
    pub inputs: Inputs,
    /// The policy in force.
    pub policy: Policy,
    /// The policy as settings and words, in the order of their names, for the manifest.
    pub policy_words: BTreeMap<String, String>,
    /// What is written.
    pub outputs: Outputs,
    /// What is tolerated.
    pub limits: Limits,
    /// What purchase offers are made with.
    pub offers: OfferSettings,
    /// The ledger that its runs go into, if they do.
    pub ledger: Option<LedgerSettings>,
    /// What it is a job of.
    pub kind: Kind,
    /// What a reconciliation tolerates and writes.
    pub reconcile: ReconcileSettings,
    /// How far a what-if looks.
    pub what_if: WhatIfSettings,
}

/// What a job is a job of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Bills what falls due.
    Invoice,
    /// Holds the vendor's invoice against what we expect (R67 to R69).
    Reconcile,
    /// Rates the book as it is and as it is proposed to be (R70 to R72).
    WhatIf,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Invoice, Kind::Reconcile, Kind::WhatIf];

    /// As a job writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Invoice => "invoice",
            Kind::Reconcile => "reconcile",
            Kind::WhatIf => "what-if",
        }
    }
}

/// What is read, by table.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Files of each input, as the job names them (`shown`) and where they are (`path`).
    pub files: BTreeMap<Table, Vec<InputFile>>,
    /// For each input, our column's name → the file's name (`[columns.<input>]`).
    pub columns: BTreeMap<Table, BTreeMap<String, String>>,
}

/// A file to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputFile {
    /// As the job names it: what diagnostics, rejects.csv and the manifest print.
    pub shown: String,
    /// Where it is.
    pub path: PathBuf,
}

impl InputFile {
    /// Its name without the ending, as a proposal is called (R70).
    pub fn stem(&self) -> String {
        self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// What is written.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// The folder below which each run publishes one.
    pub dir: PathBuf,
    /// CSV or Parquet.
    pub format: Format,
}

/// How tables are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Plain text.
    Csv,
    /// Columns.
    Parquet,
}

/// What is tolerated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The share of rows of all inputs that may end in rejects.csv, in millionths (C9).
    pub rejected_rows: u32,
}
