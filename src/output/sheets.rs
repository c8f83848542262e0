//! The tables of a ledger's run that bills nothing: what takes back another run, and the invoices of a closed period.
//!
//! Its rows come from the charges of earlier runs and not from a book, so they are written as they come, block by block.

use super::charge::{self, Charge, Issued};
use super::columnar::ColumnarFile;
use super::days::DayTexts;
use super::manifest::{self, format_name};
use super::sealing::{Timings, failed, sync, write_all, write_text};
use super::sheet::{self, Column, Context};
use super::staging::{StagedFile, Staging, Written};
use super::writer::{Sealed, SideFile};
use super::{MANIFEST, OutputError, readback};
use crate::job::{Format, Job};
use crate::names::Names;
use serde_json::{Value, json};
use std::path::Path;
use termwise_engine::book::Window;
use termwise_engine::ids::CustomerId;
use termwise_engine::invoicing::Totals;

/// Rows that are encoded together.
const BLOCK_ROWS: usize = 1 << 16;

/// The tables of a run, while they are written.
pub struct Sheets<'j> {
    job: &'j Job,
    window: Window,
    staging: Staging,
    outputs: Vec<Written>,
    timings: Timings,
}

/// One table, while it is written.
pub struct Sheet {
    file: SheetFile,
    days: DayTexts,
    window: Window,
    rows: u64,
}

enum SheetFile {
    Text(Box<StagedFile>),
    Columnar(Box<ColumnarFile>),
}

impl<'j> Sheets<'j> {
    /// Opens the staging folder of a ledger, whose lock is held; `window` is the days that invoices show.
    ///
    /// # Errors
    /// The place can't be used.
    pub fn open(job: &'j Job, window: Window, ledger: &Path) -> Result<Sheets<'j>, OutputError> {
        let staging = Staging::open_in_ledger(ledger)?;
        Ok(Sheets { job, window, staging, outputs: Vec::new(), timings: Timings::default() })
    }

    fn sheet<R>(&self, name: &str, columns: &[Column<R>]) -> Result<Sheet, OutputError> {
        let mut file = self.staging.create(&format!("{name}.{}", format_name(self.job.outputs.format)))?;
        let path = file.path().to_owned();
        let file = match self.job.outputs.format {
            Format::Csv => {
                write_all(&mut file, &sheet::header(columns))?;
                SheetFile::Text(Box::new(file))
            }
            Format::Parquet => {
                let file = ColumnarFile::new(columns, file).map_err(|error| failed(&path, error))?;
                SheetFile::Columnar(Box::new(file))
            }
        };
        let (window, days) = (self.window, DayTexts::around(self.window));
        Ok(Sheet { file, days, window, rows: 0 })
    }

    /// The table of lines.
    ///
    /// # Errors
    /// It can't be made.
    pub fn lines(&self) -> Result<Sheet, OutputError> {
        self.sheet("invoice_lines", &charge::columns())
    }

    /// The table of issued invoices.
    ///
    /// # Errors
    /// It can't be made.
    pub fn invoices(&self) -> Result<Sheet, OutputError> {
        self.sheet("invoices", &charge::invoice_columns())
    }

    /// Ends a table: it is put on the disk, and read back with these totals.
    ///
    /// # Errors
    /// Writing failed, or it does not read back.
    pub fn close(&mut self, sheet: Sheet, totals: &Totals) -> Result<(), OutputError> {
        let file = match sheet.file {
            SheetFile::Text(file) => *file,
            SheetFile::Columnar(file) => {
                let path = self.staging.folder().to_owned();
                file.finish().map_err(|error| failed(&path, error))?
            }
        };
        let written = sync(file, Some(sheet.rows), &mut self.timings)?;
        readback::check(self.staging.folder(), &written, Some(totals))?;
        self.outputs.push(written);
        Ok(())
    }

    /// A file of its own beside the tables.
    ///
    /// # Errors
    /// It can't be made.
    pub fn side(&self, name: &str) -> Result<SideFile, OutputError> {
        Ok(SideFile::new(self.staging.create(name)?))
    }

    /// Puts such a file on the disk, and counts it among the outputs.
    ///
    /// # Errors
    /// Writing failed, or it does not read back.
    pub fn keep(&mut self, side: SideFile) -> Result<(), OutputError> {
        let written = sync(side.into_staged(), None, &mut self.timings)?;
        readback::check(self.staging.folder(), &written, None)?;
        self.outputs.push(written);
        Ok(())
    }

    /// Puts a text on the disk as a file of its own.
    ///
    /// # Errors
    /// Writing failed.
    pub fn text(&mut self, name: &str, text: &str) -> Result<(), OutputError> {
        let written = write_text(&self.staging, name, text, &mut self.timings)?;
        readback::check(self.staging.folder(), &written, None)?;
        self.outputs.push(written);
        Ok(())
    }

    /// Writes the manifest: all that is left is the rename.
    ///
    /// # Errors
    /// Writing failed.
    pub fn seal(mut self, identity: &str, totals: &Value, ledger: &Value) -> Result<Sealed, OutputError> {
        let window = self.window;
        let manifest = json!({
            "program": "termwise",
            "version": env!("CARGO_PKG_VERSION"),
            "job": { "kind": super::KIND, "file": self.job.path.file_name().map(|name| name.to_string_lossy().into_owned()) },
            "window": { "from": window.billed.first.to_string(), "as_of": window.billed.last.to_string() },
            "format": format_name(self.job.outputs.format),
            "outputs": manifest::outputs_json(&self.outputs),
            "totals": totals,
            "digest_of_inputs": identity,
            "digest_of_outputs": manifest::output_digest(&self.outputs),
        });
        let text = format!("{:#}\n", manifest::chained(manifest, ledger));
        let written = write_text(&self.staging, MANIFEST, &text, &mut self.timings)?;
        readback::check(self.staging.folder(), &written, None)?;
        Ok(Sealed::new(self.staging, self.outputs, self.timings))
    }
}

impl Sheet {
    /// Adds lines.
    ///
    /// # Errors
    /// Writing failed.
    pub fn add_lines(&mut self, rows: &[(CustomerId, Charge<'_>)]) -> Result<(), OutputError> {
        self.write(charge::columns(), rows)
    }

    /// Adds invoices.
    ///
    /// # Errors
    /// Writing failed.
    pub fn add_invoices(&mut self, rows: &[Issued]) -> Result<(), OutputError> {
        self.write(charge::invoice_columns(), rows)
    }

    fn write<R>(&mut self, mut columns: Vec<Column<R>>, rows: &[R]) -> Result<(), OutputError> {
        let names = Names::default();
        let context = Context { names: &names, window: self.window, days: &self.days };
        for rows in rows.chunks(BLOCK_ROWS) {
            match &mut self.file {
                SheetFile::Text(file) => write_all(file, &sheet::text(&mut columns, &context, rows))?,
                SheetFile::Columnar(file) => {
                    let wrong = |error| failed(Path::new("invoice_lines"), error);
                    let strips = sheet::strips(&mut columns, &context, rows)?;
                    let part = |number: usize| strips.get(number).map(|strip| (strip, 0..rows.len()));
                    let chunks = file.encoder().encode(|number| part(number).into_iter().collect());
                    file.append(chunks.map_err(wrong)?).map_err(wrong)?;
                }
            }
            self.rows += rows.len() as u64;
        }
        Ok(())
    }
}
