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
//! What this deliberately does not do: compute. An amount is written as it came; the only sums here are those that
//! [prove] it.

mod account;
mod columnar;
mod counts;
mod figures;
mod keys;
mod lines;
mod manifest;
mod proof;
mod readback;
mod rejects;
mod renewals;
mod sheet;
mod staging;
pub mod summary;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod fixture;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
mod tests;

pub use counts::{Counts, Dispositions};
pub use rejects::diagnostic;

use crate::intake::FileFacts;
use crate::job::{Format, Job};
use crate::names::{Names, Reject};
use account::Account;
use sheet::{Column, Context};
use staging::{Staging, Written};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use termwise_engine::book::Book;
use termwise_engine::invoicing::Invoiced;
use termwise_engine::workings::Renewal;

const MANIFEST: &str = "manifest.json";
const KIND: &str = "invoice";

/// Everything that a run tells.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The job.
    pub job: &'a Job,
    /// What was billed from.
    pub book: &'a Book,
    /// The texts behind the ids.
    pub names: &'a Names,
    /// The input files, by table and number.
    pub files: &'a [FileFacts],
    /// What became of their rows.
    pub counts: &'a Counts,
    /// Lines, invoices and totals.
    pub invoiced: &'a Invoiced,
    /// Renewals, in any order.
    pub renewals: &'a [Renewal],
    /// What stands in rejects.csv, in any order.
    pub rejects: &'a [Reject],
    /// What else to know.
    pub notes: &'a [String],
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
    fn place(path: &Path, why: String) -> OutputError {
        OutputError::Place { path: path.to_owned(), why }
    }

    fn broken(law: &'static str, detail: String) -> OutputError {
        OutputError::Invariant { law, detail }
    }

    /// The exit code of the contract.
    pub const fn exit_code(&self) -> u8 {
        match self {
            OutputError::Invariant { .. } => 70,
            OutputError::Place { .. } => 73,
            OutputError::Write { .. } => 74,
        }
    }
}

/// Proves the laws that hold for every run, without writing anything.
///
/// # Errors
/// [`OutputError::Invariant`], with the first law that does not hold.
pub fn prove(report: &Report<'_>) -> Result<(), OutputError> {
    proof::prove(report, &renewals::in_order(report.renewals))
}

/// Proves a run, writes its folder beside the others, reads it back, and publishes it by one rename.
///
/// # Errors
/// Nothing was published, and why.
pub fn publish(report: &Report<'_>) -> Result<Published, OutputError> {
    let renewals = renewals::in_order(report.renewals);
    proof::prove(report, &renewals)?;
    let account = Account::of(report);
    let inputs = manifest::input_digest(report);
    let name = manifest::folder_name(report, &inputs);
    let staging = Staging::open(&report.job.outputs.dir)?;
    let outputs = write_outputs(report, &renewals, &staging, &name)?;
    for written in &outputs {
        let adds_up = written.name.starts_with("invoice").then_some(&report.invoiced.totals);
        readback::check(staging.folder(), written, adds_up)?;
    }
    let manifest = manifest::text(report, &account, &inputs, &outputs);
    let manifest = write_text(&staging, MANIFEST, &manifest)?;
    readback::check(staging.folder(), &manifest, None)?;
    let folder = staging.place().join(&name);
    let digest = manifest::output_digest(&outputs);
    if staging.publish(&name)? {
        return Ok(Published::Now { folder, digest });
    }
    same_as_before(&folder, &outputs)?;
    Ok(Published::AlreadyThere { folder, digest })
}

/// Writes every file but the manifest, in the order of the contract.
fn write_outputs(
    report: &Report<'_>,
    renewals: &[&Renewal],
    staging: &Staging,
    name: &str,
) -> Result<Vec<Written>, OutputError> {
    let format = report.job.outputs.format;
    let context = Context { names: report.names, window: report.job.window };
    let (book, invoiced) = (report.book, report.invoiced);
    let mut rejects: Vec<&Reject> = report.rejects.iter().collect();
    rejects.sort();
    Ok(vec![
        write_table(
            staging,
            &context,
            "invoice_lines",
            format,
            &lines::line_columns(),
            lines::line_blocks(book, invoiced),
        )?,
        write_table(
            staging,
            &context,
            "invoices",
            format,
            &lines::invoice_columns(),
            lines::invoice_blocks(invoiced),
        )?,
        write_table(
            staging,
            &context,
            "renewals",
            format,
            &renewals::columns(),
            renewals::blocks(book, renewals),
        )?,
        write_table(
            staging,
            &context,
            "rejects",
            Format::Csv,
            &rejects::columns(),
            std::iter::once(rejects),
        )?,
        write_text(staging, "summary.txt", &summary::text(report, name))?,
    ])
}

fn write_table<R>(
    staging: &Staging,
    context: &Context<'_>,
    name: &str,
    format: Format,
    columns: &[Column<R>],
    blocks: impl Iterator<Item = Vec<R>>,
) -> Result<Written, OutputError> {
    let mut file = staging.create(&format!("{name}.{}", manifest::format_name(format)))?;
    let rows = sheet::write(columns, context, format, blocks, &mut file)?;
    file.finish(Some(rows))
}

fn write_text(staging: &Staging, name: &str, text: &str) -> Result<Written, OutputError> {
    let mut file = staging.create(name)?;
    let path = file.path().to_owned();
    file.write_all(text.as_bytes()).map_err(|source| OutputError::Write { path, source })?;
    file.finish(None)
}

/// A folder of this name is there: it must hold what this run made, byte for byte (section 15, one run twice).
fn same_as_before(folder: &Path, outputs: &[Written]) -> Result<(), OutputError> {
    for written in outputs.iter() {
        let found = readback::hash(&folder.join(&written.name));
        if !found.is_ok_and(|found| found == (written.bytes, written.hash.clone())) {
            let why = format!(
                "{} in it is not what this run makes of the same inputs: it was changed, or another build wrote it; \
                 move the folder away",
                written.name
            );
            return Err(OutputError::place(folder, why));
        }
    }
    if folder.join(MANIFEST).is_file() {
        return Ok(());
    }
    Err(OutputError::place(folder, format!("there is no {MANIFEST} in it; move the folder away")))
}
