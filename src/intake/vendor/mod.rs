//! The vendor's invoice as it really comes, the map of ids, what was explained before, and lines that we have published (R67
//! to R69).
//!
//! A file is told by its header: the new-commerce reconciliation file in either naming, the legacy one, or our own
//! invoice_lines. Every line is reduced to what it is compared by and put on a [shelf](shelves) by its subscription, so that
//! five million lines are never held as text. What a line's amount says is exact: a digit below the minor unit is a finding.

mod cells;
mod explained;
mod gzip;
mod id_map;
mod layout;
mod lines;
mod names;
mod shelves;
#[cfg(test)]
mod tests;
#[cfg(feature = "reports")]
mod titles;

pub use explained::Explanation;
pub use lines::{Unread, cycle_first, no_day};
pub use shelves::{Basket, Given, Shelf, Shelved, Shelving, product_and_sku, show};

use super::desk::Notes;
use super::error::{IntakeError, Warning};
use super::excerpts;
use super::reading::Reader;
use super::row::Row;
use super::{FileFacts, Progress, Reading, Trails};
use crate::job::Inputs;
use crate::names::Reject;
use id_map::IdMap;
use lines::Clerk;
use std::collections::BTreeMap;
use std::time::Duration;
use termwise_engine::findings::{Fate, Finding, Source, Table};

/// Everything that was read of the inputs that only a reconciliation has.
#[derive(Debug)]
pub struct VendorIntake {
    /// The lines of both files, by subscription.
    pub shelving: Shelving,
    /// What was explained before, in an order of its own.
    pub explained: Vec<Explanation>,
    /// What the vendor's lines that can't be read would come to.
    pub unread: Unread,
    /// What is wrong with rows.
    pub findings: Vec<Finding>,
    /// What becomes of those rows.
    pub fates: Vec<(Source, Fate)>,
    /// What each file is.
    pub files: Vec<FileFacts>,
    /// What is odd and stops nothing.
    pub warnings: Vec<Warning>,
    /// How long the reading of each file took.
    pub timings: Vec<(String, Duration)>,
    trails: Trails,
    /// The inputs as they were read: what was packed lies unpacked beside them.
    inputs: Inputs,
    _unpacked: Vec<gzip::Unpacked>,
}

/// Reads them.
///
/// # Errors
/// [`IntakeError`] where a file can't be trusted as a whole.
pub fn read_vendor(
    inputs: &Inputs,
    reading: &Reading,
    progress: &dyn Progress,
) -> Result<VendorIntake, IntakeError> {
    let (inputs, unpacked) = gzip::unpack(inputs, reading)?;
    let mut reader = Reader::new(&inputs, reading, progress);
    let mut notes = Notes::default();
    let map = IdMap::read(&mut reader, &mut notes)?;
    let explained = explained::read(&mut reader, &mut notes)?;
    let mut shelving = Shelving::default();
    let mut clerks: Vec<Clerk<'_>> =
        (0..reading.threads.clamp(1, 512)).map(|_| Clerk::new(&shelving, &map)).collect();
    for table in [Table::VendorLines, Table::InvoiceLines] {
        for (number, file) in reader.files(table) {
            let names = layout::names_of(file, table, reader.map(table))?;
            let take = |clerk: &mut Clerk<'_>, row: Row<'_>, source: Source| {
                clerk.take(row, source, names.layout);
                Ok(())
            };
            reader.file_by_names((table, number?), file, &names.map, &mut clerks, &take, |_| Vec::new())?;
        }
    }
    let mut baskets = Vec::with_capacity(clerks.len());
    let mut unread = Unread::default();
    for clerk in clerks {
        let (basket, noted, not_read) = clerk.done();
        unread.add(not_read);
        baskets.push(basket);
        notes.findings.extend(noted.findings);
        notes.fates.extend(noted.fates);
    }
    notes.sort();
    let mut files = std::mem::take(&mut reader.facts);
    files.sort_by_key(|facts| (facts.table, facts.file));
    gzip::restore_facts(&unpacked, &mut files);
    let warnings = files.iter().flat_map(|facts| facts.warnings.iter().cloned()).collect();
    let (timings, trails) = (std::mem::take(&mut reader.timings), std::mem::take(&mut reader.trails));
    baskets.into_iter().for_each(|basket| shelving.add(basket));
    let Notes { findings, fates } = notes;
    Ok(VendorIntake {
        shelving,
        explained,
        unread,
        findings,
        fates,
        files,
        warnings,
        timings,
        trails,
        inputs,
        _unpacked: unpacked,
    })
}

impl VendorIntake {
    /// Each finding with its file, key, cell and row, sorted by table, file, row, column and code.
    ///
    /// # Errors
    /// A file is no longer what it was when it was read.
    pub fn excerpts(&self, findings: &[Finding]) -> Result<Vec<Reject>, IntakeError> {
        excerpts::excerpts(&self.inputs, &self.trails, findings)
    }
}

/// The names of customers, for people to read, and what the files are that say them.
///
/// # Errors
/// A file can't be read.
pub fn customer_names(inputs: &Inputs) -> Result<(BTreeMap<String, String>, Vec<FileFacts>), IntakeError> {
    names::customer_names(inputs)
}

/// The titles of products and SKUs by their ids, for people to read.
///
/// # Errors
/// A price list can't be read.
#[cfg(feature = "reports")]
pub fn product_names(inputs: &Inputs) -> Result<BTreeMap<(String, String), String>, IntakeError> {
    titles::product_names(inputs)
}
