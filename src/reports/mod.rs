//! Reports for people over files that a run published: the reconciliation workbook.
//!
//! ```text
//! differences.csv|parquet ──▶ read ──▶ frames ──▶ group, select (polars) ──▶ sheets ──▶ reconciliation.xlsx
//!                               └── totals by currency, checked ──▶ must tie with every group-by
//! ```
//! Amounts are whole numbers of the currency's minor unit from the file to the cell. Polars' sums of 64-bit numbers wrap
//! in silence, so while the file is read the amounts of each currency are added up without their signs, in 128 bits: a
//! file whose sum has more than fifteen digits is refused. Within that no sum over any of its rows can wrap, and every
//! number that the workbook shows is shown to the digit.
//!
//! What this deliberately does not do: compare. What stands on a sheet stood in the file; the only sums here are those of
//! its rows, and one that doesn't tie is an error and no workbook. Nothing in a workbook can be executed: texts are
//! cells of text, whatever they begin with.

mod figures;
mod frames;
mod groups;
mod inputs;
mod listing;
mod page;
mod reading;
mod sheets;
mod summary;
pub mod what_if;
mod workbook;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod fixture;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use crate::intake::FileFacts;
use crate::output::OutputError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use termwise_engine::calendar::Day;

/// Rows of a sheet: a spreadsheet has 1,048,576, and totals and a header stand above.
const SHEET_ROWS: usize = 1_000_000;

/// What a workbook says of its run, besides the differences.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The program's version.
    pub version: &'a str,
    /// The first day of the vendor's billing period.
    pub from: Day,
    /// Its last day.
    pub as_of: Day,
    /// The input files.
    pub inputs: &'a [FileFacts],
    /// The policy's settings.
    pub policy: &'a BTreeMap<String, String>,
    /// What a line may differ by, in units of its currency.
    pub tolerance_line: &'a str,
    /// What the differences within it may sum to in a currency.
    pub tolerance_total: &'a str,
    /// Names by customer id, where they are known.
    pub customer_names: &'a BTreeMap<String, String>,
    /// What else to know.
    pub notes: &'a [String],
    /// The digest of what went in.
    pub digest: &'a str,
    /// Whether rows that match are listed too.
    pub with_matched: bool,
}

/// The reconciliation workbook of a file of differences, CSV or Parquet by its name: the bytes of an .xlsx file, the same
/// for the same file and facts.
///
/// Sheets of rows go through files in the system's folder for temporary files, which have no name there.
///
/// # Errors
/// The file can't be read or is not what a run publishes, an amount is larger than a spreadsheet shows, or sums do not
/// tie.
pub fn reconciliation(differences: &Path, facts: &Facts<'_>) -> Result<Vec<u8>, ReportError> {
    workbook::reconciliation(differences, facts, SHEET_ROWS)
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file can't be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is not what a run publishes.
    #[error("{}:{row}:{column}: {why}", path.display())]
    Row {
        /// Which.
        path: PathBuf,
        /// The row, the header being row 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A number has more digits than a spreadsheet shows.
    #[error("{what} has more than the fifteen digits that a spreadsheet shows")]
    TooLarge {
        /// The number, and what it is.
        what: String,
    },
    /// A law of the program does not hold.
    #[error("there is no workbook, because a law of this program does not hold: {law} ({detail})")]
    Law {
        /// Which.
        law: &'static str,
        /// Where.
        detail: String,
    },
    /// Rows can't be grouped.
    #[error("rows can't be grouped: {0}")]
    Grouping(#[from] polars::prelude::PolarsError),
    /// The page can't be written.
    #[error("the page can't be written: {0}")]
    Page(#[from] askama::Error),
    /// The workbook can't be written.
    #[error("the workbook can't be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

impl From<ReportError> for OutputError {
    fn from(error: ReportError) -> OutputError {
        match error {
            ReportError::Read { path, source } => OutputError::Write { path, source },
            error @ ReportError::TooLarge { .. } => OutputError::TooLarge { what: error.to_string() },
            error @ (ReportError::Row { .. }
            | ReportError::Law { .. }
            | ReportError::Grouping(_)
            | ReportError::Page(_)
            | ReportError::Workbook(_)) => OutputError::Invariant {
                law: "what people read ties with what is published",
                detail: error.to_string(),
            },
        }
    }
}
