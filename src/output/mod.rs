//! The output of a run: three tables, what to mend, a summary and a manifest, published as one folder by one rename.
//!
//! ```text
//! out/2026-11-30-5f0c9a1be27d/
//!   invoice_lines.parquet  invoices.parquet  renewals.parquet  rejects.csv  summary.txt  manifest.json
//! ```
//! The folder is named by the last day billed and a digest of what went in, so the same run lands in the same place and
//! is told so. Files are staged beside it, put on the disk, read back and added up before the rename; a crash at any
//! moment leaves either the whole folder or none.
//!
//! A book of any size passes through in [stretches](Stretch) of whole customers, so memory doesn't grow with the rows:
//! ```text
//! each stretch, on any thread:  Tables::prove   Tally::of   Tables::cuts, and each cut: Tables::set ──▶ batches
//! in order, on one:             Writer::take (batches) ──▶ blocks
//! each block, on any thread:    Block::encode ──▶ encoded
//! in any order, on one:         Writer::append (encoded)
//! at the end, on one:           Writer::rest, then its blocks as above; Writer::publish (report)
//! ```
//! Blocks are cut out of the stream of rows at fixed numbers, so neither stretches nor threads show in the bytes.
//!
//! What this deliberately does not do: compute. An amount is written as it came; the only sums here are those that
//! [prove] it.

mod account;
mod balance;
mod charge;
mod chunk;
mod columnar;
mod counts;
mod csv_back;
mod csv_text;
mod days;
mod delta;
mod distinct;
mod draw;
mod encode;
mod figures;
mod keys;
mod lexicon;
mod lines;
mod manifest;
pub mod offers;
mod packing;
mod proof;
mod readback;
pub mod reconciliation;
mod rejects;
mod renewals;
mod sealing;
mod sheet;
mod sheets;
mod single;
mod staging;
mod streamed;
mod strip;
pub mod summary;
mod tables;
mod tally;
pub mod what_if;
mod writer;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod fixture;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
mod round_trip;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
mod tests;

pub use balance::prove;
pub use charge::{Charge, Issued, LineTexts, line_keys};
pub use counts::{Counts, Dispositions};
pub use rejects::diagnostic;
pub use sealing::Closed;
pub use sheets::{Sheet, Sheets};
pub use single::replace;
pub use streamed::{Block, Encoded};
pub use tables::{Batch, Cut, OutputTable, Tables};
pub use tally::{Tally, Weight};
pub use writer::{Sealed, SideFile, Writer};

use crate::intake::FileFacts;
use crate::job::Job;
use crate::names::{Names, Reject};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use termwise_engine::book::Book;
use termwise_engine::ids::CustomerId;
use termwise_engine::invoicing::Invoiced;
use termwise_engine::workings::Renewal;

/// The id of an invoice that a ledger issues: of bill-to, currency and closed period (C18).
pub fn invoice_id(bill_to: &str, currency: termwise_engine::money::Currency, period: &str) -> String {
    keys::issued_id(bill_to, currency.code(), period)
}

/// The digest of everything that goes into a run.
pub fn identity(job: &Job, files: &[FileFacts]) -> String {
    manifest::identity(job, files)
}

/// The digest of a ledger's manifest, if it is what was written: of all but its timings and the digest itself.
pub fn digest_of_manifest(manifest: &Value) -> Option<String> {
    manifest::proved_digest(manifest)
}

/// The output folder itself, made where it is missing.
///
/// # Errors
/// It is no folder, or can't be made.
pub fn checked_place(place: &Path) -> Result<PathBuf, OutputError> {
    staging::checked(place)
}

const MANIFEST: &str = "manifest.json";
/// Control totals by currency and charge type, as manifests have them.
pub fn totals_json(totals: &termwise_engine::invoicing::Totals) -> Value {
    account::totals_of(totals)
}

const KIND: &str = "invoice";

/// A part of the book and what playing it brought: whole customers, that come after those of the stretch before it and
/// before those of the next.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// What was billed from.
    pub book: &'a Book,
    /// The texts behind the ids; those that are shared are the same for every stretch.
    pub names: &'a Names,
    /// Lines, invoices and totals.
    pub invoiced: &'a Invoiced,
    /// Renewals, by subscription and date (C4).
    pub renewals: &'a [Renewal],
    /// What a ledger adds of it, where there is one.
    pub posting: Option<Posting<'a>>,
}

/// What a run adds to a ledger: new lines, reversals, and the notices that fell due.
#[derive(Clone, Copy, Debug)]
pub struct Posting<'a> {
    /// In the order of the file, each with the customer among whose rows it comes.
    pub charges: &'a [(CustomerId, Charge<'a>)],
    /// By subscription and date.
    pub notices: &'a [Renewal],
}

/// Everything that a run tells, besides its tables.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The job.
    pub job: &'a Job,
    /// The input files, by table and number.
    pub files: &'a [FileFacts],
    /// What became of their rows.
    pub counts: &'a Counts,
    /// What its stretches add up to.
    pub tally: &'a Tally,
    /// What stands in rejects.csv, in any order.
    pub rejects: &'a [Reject],
    /// What else to know.
    pub notes: &'a [String],
    /// What a ledger's run says of the ledger.
    pub ledger: Option<&'a Value>,
    /// How long each step took; the only thing that may differ between two runs of the same inputs.
    pub timings: &'a [(String, Duration)],
}

/// Where the output of a run is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Published {
    /// This run put it there.
    Now {
        /// The folder.
        folder: PathBuf,
        /// The digest over its files.
        digest: String,
    },
    /// It was there already, from a run of the same inputs, byte for byte the same.
    AlreadyThere {
        /// The folder.
        folder: PathBuf,
        /// The digest over its files.
        digest: String,
    },
}

impl Published {
    /// The folder.
    pub fn folder(&self) -> &Path {
        match self {
            Published::Now { folder, .. } | Published::AlreadyThere { folder, .. } => folder,
        }
    }

    /// The digest over its files.
    pub fn digest(&self) -> &str {
        match self {
            Published::Now { digest, .. } | Published::AlreadyThere { digest, .. } => digest,
        }
    }
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The output place can't be used.
    #[error("{}: {why}", path.display())]
    Place {
        /// What.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Writing failed.
    #[error("{}: {source}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What is written for people can't show what it should.
    #[error(
        "the workbook can't be made: {what}\n  hint: write workbook = \"none\" below [outputs]; the tables have everything"
    )]
    TooLarge {
        /// What is too large.
        what: String,
    },
    /// A law of the program does not hold.
    #[error("nothing is published, because a law of this program does not hold: {law} ({detail})")]
    Invariant {
        /// Which.
        law: &'static str,
        /// Where.
        detail: String,
    },
}

impl OutputError {
    /// What is written can't be pressed: there is no memory left.
    pub fn memory(source: std::io::Error) -> OutputError {
        OutputError::Write { path: PathBuf::from("charges.bin"), source }
    }

    fn place(path: &Path, why: String) -> OutputError {
        OutputError::Place { path: path.to_owned(), why }
    }

    pub(crate) fn broken(law: &'static str, detail: String) -> OutputError {
        OutputError::Invariant { law, detail }
    }

    /// The exit code of the contract.
    pub const fn exit_code(&self) -> u8 {
        match self {
            OutputError::Invariant { .. } => 70,
            OutputError::TooLarge { .. } => 71,
            OutputError::Place { .. } => 73,
            OutputError::Write { .. } => 74,
        }
    }
}
