//! Intake: files become a book, a catalog and names, and what is wrong with them becomes findings.
//!
//! A row with a wrong cell is a **finding** and the run goes on: `subscriptions.csv:3:term_end` can't be read, so that
//! subscription is parked. A file that can't be trusted as a whole (a required column missing, a quote left open, bytes
//! that do not hold together) is one [`IntakeError`] and nothing is billed.
//!
//! CSV, Parquet and the vendor's JSON all become rows of text cells, which go through the same grammars, so the same
//! content gives the same book, names and findings. Texts become ids that are ranked by their bytes, so the order of
//! arrival never shows.
//!
//! # What is deliberately absent
//! No rule of billing, no price look-up, no window: what a rule says about a row that can be read is the engine's. No
//! type inference: a column is what the contract says. No trimming, no default for a cell that is there and wrong.

mod cell;
mod columns;
mod csv_file;
mod desk;
mod error;
mod events;
mod excerpts;
mod files;
mod guard;
mod json_file;
mod link;
mod order;
mod parquet_file;
mod parties;
mod prices;
mod promotions;
mod row;
mod subscriptions;
mod texts;
mod words;

#[cfg(test)]
mod tests;

pub use error::{IntakeError, Warning};
pub use excerpts::excerpts;

use crate::job::{InputFile, Inputs};
use crate::names::Names;
use columns::{ColumnMap, schema_of};
use desk::Desk;
use link::{Linked, Rows, link};
use row::Row;
use termwise_engine::book::Book;
use termwise_engine::catalog::Catalog;
use termwise_engine::findings::{Fate, Finding, Source, Table};
use termwise_engine::policy::Policy;

/// Everything that was read.
#[derive(Debug)]
pub struct Intake {
    /// What can be billed.
    pub book: Book,
    /// What prices are made of.
    pub catalog: Catalog,
    /// The texts behind the ids.
    pub names: Names,
    /// What is wrong with rows, by table, file, row, column and code.
    pub findings: Vec<Finding>,
    /// What becomes of each row that the engine does not settle: of subscriptions and events those that are not in the
    /// book, of the other tables those with findings. By table, file and row; a row stands here once.
    pub fates: Vec<(Source, Fate)>,
    /// What each file is, by table and number.
    pub files: Vec<FileFacts>,
    /// What is odd and stops nothing.
    pub warnings: Vec<Warning>,
}

/// What a file is, for the manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileFacts {
    /// The input that it belongs to.
    pub table: Table,
    /// Its number among the files of the input.
    pub file: u16,
    /// As the job names it.
    pub shown: String,
    /// Data rows.
    pub rows: u64,
    /// Lines without a character.
    pub blank_lines: u64,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
    /// What is odd about it; also in [`Intake::warnings`].
    pub warnings: Vec<Warning>,
}

/// Who wants to know how far the reading is.
pub trait Progress {
    /// A file of so many bytes is opened.
    fn file(&self, shown: &str, bytes: u64);
    /// So many of its rows have been read.
    fn rows(&self, shown: &str, rows: u64);
}

/// Nobody wants to know.
impl Progress for () {
    fn file(&self, _shown: &str, _bytes: u64) {}
    fn rows(&self, _shown: &str, _rows: u64) {}
}

/// What is read in which order: events after the subscriptions that they name.
const READING: [Table; 11] = [
    Table::Customers,
    Table::Partners,
    Table::PriceList,
    Table::Promotions,
    Table::PromoCodes,
    Table::Holdings,
    Table::Subscriptions,
    Table::Redemptions,
    Table::SeatChanges,
    Table::LifecycleEvents,
    Table::ScheduledChanges,
];
const ROWS_BETWEEN_REPORTS: u32 = 1 << 16;

/// Reads every input of a job.
///
/// # Errors
/// [`IntakeError`] where a file can't be trusted as a whole.
pub fn read(inputs: &Inputs, policy: &Policy, progress: &dyn Progress) -> Result<Intake, IntakeError> {
    let mut rows = Rows::default();
    let mut desk = Desk::default();
    let mut files = Vec::new();
    let no_map = ColumnMap::new();
    for table in READING {
        let map = inputs.columns.get(&table).unwrap_or(&no_map);
        for (number, file) in inputs.files.get(&table).into_iter().flatten().enumerate() {
            let number = u16::try_from(number)
                .map_err(|_| IntakeError::limit(&file.shown, "an input takes at most 65,536 files"))?;
            files.push(read_file((table, number), file, map, (&mut rows, &mut desk), progress)?);
            if desk.met.is_too_many() {
                return Err(IntakeError::limit(&file.shown, "the inputs hold too many different texts"));
            }
        }
    }
    files.sort_by_key(|facts| (facts.table, facts.file));
    let has_customers = inputs.files.get(&Table::Customers).is_some_and(|files| !files.is_empty());
    let Linked { book, catalog, names, notes, conflicting } = link(rows, desk, has_customers, policy);
    let mut warnings: Vec<Warning> = files.iter().flat_map(|facts| facts.warnings.iter().cloned()).collect();
    for facts in files.iter().filter(|facts| facts.table == Table::PriceList) {
        let here = conflicting.iter().filter(|source| source.file == facts.file);
        let rows: Vec<String> = here.map(|source| source.row.to_string()).collect();
        if !rows.is_empty() {
            let (shown, rows) = (&facts.shown, rows.join(", "));
            warnings.push(Warning::trouble(format!(
                "{shown}: rows {rows}: two prices of one key from one day; who looks the key up is parked (price-conflict)"
            )));
        }
    }
    Ok(Intake { book, catalog, names, findings: notes.findings, fates: notes.fates, files, warnings })
}

fn read_file(
    (table, number): (Table, u16),
    file: &InputFile,
    map: &ColumnMap,
    (rows, desk): (&mut Rows, &mut Desk),
    progress: &dyn Progress,
) -> Result<FileFacts, IntakeError> {
    let held = files::hold(file)?;
    let (bytes, hash) = (held.bytes.len() as u64, held.hash.clone());
    progress.file(&file.shown, bytes);
    let mut counts = files::visit_rows(held, file, schema_of(table), map, &mut |row| {
        if row.number % ROWS_BETWEEN_REPORTS == 0 {
            progress.rows(&file.shown, u64::from(row.number));
        }
        take(rows, row, Source { table, file: number, row: row.number }, desk);
        Ok(())
    })?;
    progress.rows(&file.shown, counts.rows);
    let passed_over = rows.prices.passed_over();
    if passed_over > 0 {
        let shown = &file.shown;
        counts.warnings.push(Warning::remark(format!(
            "{shown}: {passed_over} rows of terms and billing plans other than licences' are passed over"
        )));
    }
    Ok(FileFacts {
        table,
        file: number,
        shown: file.shown.clone(),
        rows: counts.rows,
        blank_lines: counts.blank_lines,
        bytes,
        hash,
        warnings: counts.warnings,
    })
}

/// Reads a row of whatever table it belongs to.
fn take(rows: &mut Rows, row: Row<'_>, source: Source, desk: &mut Desk) {
    match source.table {
        Table::Subscriptions => rows.subscriptions.take(row, source, desk),
        Table::Customers => rows.parties.customer(row, source, desk),
        Table::Partners => rows.parties.partner(row, source, desk),
        Table::PriceList => rows.prices.take(row, source, desk),
        Table::Promotions => rows.promotions.take(row, source, desk),
        Table::PromoCodes => rows.codes.take(row, source, desk),
        Table::Redemptions => rows.events.redemption(row, source, desk),
        Table::SeatChanges => rows.events.seat_change(row, source, desk),
        Table::LifecycleEvents => rows.events.event(row, source, desk),
        Table::ScheduledChanges => rows.events.scheduled_change(row, source, desk),
        Table::Holdings => rows.parties.holding(row, source, desk),
    }
}
