//! The writer: one staging folder, three tables in it, and the steps that publish them.
//!
//! Batches come in the order of their rows. Blocks of a fixed number of rows are cut out of that stream; a block is
//! encoded on any thread, and what was encoded is appended when its turn has come. So neither stretches nor threads show
//! in the bytes.

use super::lexicon::Lexicons;
use super::sealing::{Closed, Timings, rename, sync, write_all, write_rejects, write_text};
use super::staging::{StagedFile, Staging, Written};
use super::streamed::{Block, Encoded, Streamed};
use super::{
    Batch, MANIFEST, OutputError, OutputTable, Report, balance, charge, lines, manifest, readback, renewals,
    summary,
};
use crate::job::Job;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The output of one run, while it is written.
pub struct Writer {
    staging: Staging,
    tables: Vec<Streamed>,
    sides: Vec<Written>,
    timings: Timings,
}

impl Writer {
    /// Opens a staging folder in the output folder of a job, and the tables in it.
    ///
    /// # Errors
    /// The place can't be used.
    pub fn open(job: &Job) -> Result<Writer, OutputError> {
        let staging = Staging::open(&job.outputs.dir)?;
        let (format, words) = (job.outputs.format, Lexicons::default());
        let [lines, invoices, renewals, _] = OutputTable::ALL;
        let tables = vec![
            Streamed::open(&staging, lines.place(), format, &lines::line_columns(&words))?,
            Streamed::open(&staging, invoices.place(), format, &lines::invoice_columns())?,
            Streamed::open(&staging, renewals.place(), format, &renewals::columns(&words))?,
        ];
        Ok(Writer { staging, tables, sides: Vec::new(), timings: Timings::default() })
    }

    /// Opens the staging folder of a ledger, whose lock is held, and the tables of its run in it.
    ///
    /// # Errors
    /// The place can't be used.
    pub fn open_in_ledger(job: &Job, ledger: &Path) -> Result<Writer, OutputError> {
        let staging = Staging::open_in_ledger(ledger)?;
        let (format, words) = (job.outputs.format, Lexicons::default());
        let [lines, invoices, renewals, notices] = OutputTable::ALL;
        let tables = vec![
            Streamed::open(&staging, lines.place(), format, &charge::columns())?,
            Streamed::open(&staging, invoices.place(), format, &charge::invoice_columns())?,
            Streamed::open(&staging, renewals.place(), format, &renewals::columns(&words))?,
            Streamed::open(&staging, notices.place(), format, &renewals::columns(&words))?,
        ];
        Ok(Writer { staging, tables, sides: Vec::new(), timings: Timings::default() })
    }

    /// A file of its own beside the tables.
    ///
    /// # Errors
    /// It can't be made.
    pub fn side(&self, name: &str) -> Result<SideFile, OutputError> {
        Ok(SideFile(self.staging.create(name)?))
    }

    /// Puts such a file on the disk, and counts it among the outputs.
    ///
    /// # Errors
    /// Writing failed.
    pub fn keep(&mut self, side: SideFile) -> Result<(), OutputError> {
        self.sides.push(sync(side.0, None, &mut self.timings)?);
        Ok(())
    }

    /// Takes the batches of a stretch, in the order of its cuts, and gives the blocks that are full. What is left over
    /// waits for the next stretch.
    ///
    /// # Errors
    /// Customers are out of order.
    pub fn take(&mut self, batches: impl IntoIterator<Item = Batch>) -> Result<Vec<Block>, OutputError> {
        let mut blocks = Vec::new();
        for batch in batches {
            self.timings.set += batch.set.took;
            self.table(batch.table as usize).take(batch.set, &mut blocks)?;
        }
        Ok(blocks)
    }

    /// What still waits, when the last stretch was taken.
    pub fn rest(&mut self) -> Vec<Block> {
        self.tables.iter_mut().filter_map(Streamed::rest).collect()
    }

    /// Appends a block to its file when its turn has come; blocks may come in any order.
    ///
    /// # Errors
    /// Writing failed.
    pub fn append(&mut self, encoded: Encoded) -> Result<(), OutputError> {
        let since = Instant::now();
        let (table, took) = encoded.of();
        self.timings.encode += took;
        self.table(table).append(encoded)?;
        self.timings.write += since.elapsed();
        Ok(())
    }

    /// Proves the run as a whole, puts everything on the disk, reads it back, and publishes it by one rename.
    ///
    /// # Errors
    /// Nothing was published, and why.
    pub fn publish(self, report: &Report<'_>) -> Result<Closed, OutputError> {
        let name = manifest::folder_name(report, &manifest::input_digest(report));
        let Sealed { staging, outputs, mut timings, .. } = self.seal(report)?;
        let published = rename(staging, &name, &outputs, &mut timings)?;
        Ok(Closed { published, timings: timings.list().to_vec() })
    }

    /// Proves the run as a whole, puts everything on the disk and reads it back: all that is left is the rename.
    ///
    /// # Errors
    /// Nothing was published, and why.
    pub fn seal(self, report: &Report<'_>) -> Result<Sealed, OutputError> {
        balance::prove(report)?;
        let Writer { staging, tables, sides, mut timings } = self;
        let inputs = manifest::input_digest(report);
        let name = manifest::folder_name(report, &inputs);
        let mut outputs = sides;
        for (table, kind) in tables.into_iter().zip(OutputTable::ALL) {
            outputs.push(table.finish(report.tally.rows(kind), &mut timings)?);
        }
        outputs.push(write_rejects(&staging, report, &mut timings)?);
        outputs.push(write_text(&staging, "summary.txt", &summary::text(report, &name), &mut timings)?);
        let since = Instant::now();
        for written in &outputs {
            let is_summed =
                has_subtotals(&written.name) && !(report.ledger.is_some() && is_invoices(&written.name));
            let adds_up = is_summed.then_some(&report.tally.totals);
            readback::check(staging.folder(), written, adds_up)?;
        }
        timings.read_back += since.elapsed();
        let all: Vec<(String, Duration)> = report.timings.iter().cloned().chain(timings.list()).collect();
        let text = manifest::text(report, &inputs, &outputs, &all);
        let written = write_text(&staging, MANIFEST, &text, &mut timings)?;
        readback::check(staging.folder(), &written, None)?;
        let digest = manifest::output_digest(&outputs);
        Ok(Sealed { staging, outputs, digest, timings })
    }

    /// A table's writer. Tables are opened in the order of the contract, so that a table's number is its place.
    fn table(&mut self, table: usize) -> &mut Streamed {
        &mut self.tables[table]
    }
}

/// A run that is on the disk and proved, and that nobody sees yet.
pub struct Sealed {
    staging: Staging,
    outputs: Vec<Written>,
    digest: String,
    timings: Timings,
}

impl Sealed {
    /// A run with these files, the manifest among them but not in its own list.
    pub(super) fn new(staging: Staging, outputs: Vec<Written>, timings: Timings) -> Sealed {
        let digest = manifest::output_digest(&outputs);
        Sealed { staging, outputs, digest, timings }
    }

    /// The digest over its files.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// How long each step of writing took.
    pub fn timings(&self) -> Vec<(String, Duration)> {
        self.timings.list().to_vec()
    }

    /// Publishes it as a folder of a place on the same file system, by one rename.
    ///
    /// # Errors
    /// Somebody else took the name, or the system refuses.
    pub fn commit(self, place: &Path, name: &str) -> Result<PathBuf, OutputError> {
        let folder = place.join(name);
        if self.staging.publish_in(place, name)? {
            return Ok(folder);
        }
        Err(OutputError::Write { path: folder, source: std::io::ErrorKind::AlreadyExists.into() })
    }
}

/// A file of its own, while it is written.
pub struct SideFile(StagedFile);

impl SideFile {
    /// Of a staged file.
    pub(super) const fn new(file: StagedFile) -> SideFile {
        SideFile(file)
    }

    /// The staged file.
    pub(super) fn into_staged(self) -> StagedFile {
        self.0
    }

    /// Writes on.
    ///
    /// # Errors
    /// Writing failed.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        write_all(&mut self.0, bytes)
    }
}

fn is_invoices(file: &str) -> bool {
    file.split('.').next() == Some(OutputTable::Invoices.name())
}

fn has_subtotals(file: &str) -> bool {
    let stem = file.split('.').next();
    OutputTable::ALL.into_iter().any(|table| table.has_subtotals() && stem == Some(table.name()))
}
