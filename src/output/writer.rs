//! The writer: one staging folder, three tables in it, and the steps that publish them.
//!
//! Batches come in the order of their rows. Blocks of a fixed number of rows are cut out of that stream; a block is
//! encoded on any thread, and what was encoded is appended when its turn has come. So neither stretches nor threads show
//! in the bytes.

use super::chunk::Chunk;
use super::columnar::{self, ColumnarFile, Encoder};
use super::days::DayTexts;
use super::lexicon::Lexicons;
use super::sheet::{self, Context};
use super::staging::{StagedFile, Staging, Written};
use super::strip::Strip;
use super::tables::Cells;
use super::{
    Batch, MANIFEST, OutputError, OutputTable, Published, Report, balance, charge, lines, manifest, readback,
    rejects, renewals, summary,
};
use crate::job::{Format, Job};
use crate::names::{Names, Reject};
use parquet::errors::ParquetError;
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of a block; in Parquet a row group. A fixed number, so that nothing else shows in the bytes.
const BLOCK_ROWS: usize = 1 << 17;

/// The output of one run, while it is written.
pub struct Writer {
    staging: Staging,
    tables: Vec<TableWriter>,
    sides: Vec<Written>,
    timings: Timings,
}

/// Some rows of a table that are encoded together.
pub struct Block {
    place: Place,
    path: PathBuf,
    rows: usize,
    content: Content,
}

/// A block as it stands in its file.
pub struct Encoded {
    place: Place,
    rows: usize,
    bytes: Bytes,
    took: Duration,
}

/// How a run was closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closed {
    /// Where its output is.
    pub published: Published,
    /// How long each step of writing took. `set` and `encode` are the sums of all threads.
    pub timings: Vec<(String, Duration)>,
}

/// The table and the number of a block.
#[derive(Clone, Copy)]
struct Place {
    table: OutputTable,
    number: usize,
}

enum Content {
    Text(Vec<u8>),
    Columns(Vec<Rows>, Encoder),
}

enum Bytes {
    Text(Vec<u8>),
    Chunks(Vec<Chunk>),
}

/// Some rows of a batch.
struct Rows {
    strips: Arc<Vec<Strip>>,
    rows: Range<usize>,
}

/// How long each step of writing took.
#[derive(Clone, Copy, Default)]
pub(super) struct Timings {
    set: Duration,
    encode: Duration,
    write: Duration,
    sync: Duration,
    pub(super) read_back: Duration,
}

struct TableWriter {
    table: OutputTable,
    path: PathBuf,
    /// The customer of the last row that was taken.
    last: Option<String>,
    /// Rows that are not yet a block.
    waiting: Vec<Rows>,
    /// How many blocks were cut.
    cut: usize,
    /// How many blocks were appended.
    appended: usize,
    /// Blocks whose turn has not come.
    held: BTreeMap<usize, (usize, Bytes)>,
    rows: u64,
    file: TableFile,
}

enum TableFile {
    Text(Box<StagedFile>),
    Columnar(Box<ColumnarFile>),
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
            TableWriter::open(&staging, lines, format, &lines::line_columns(&words))?,
            TableWriter::open(&staging, invoices, format, &lines::invoice_columns())?,
            TableWriter::open(&staging, renewals, format, &renewals::columns(&words))?,
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
            TableWriter::open(&staging, lines, format, &charge::columns())?,
            TableWriter::open(&staging, invoices, format, &charge::invoice_columns())?,
            TableWriter::open(&staging, renewals, format, &renewals::columns(&words))?,
            TableWriter::open(&staging, notices, format, &renewals::columns(&words))?,
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
            self.timings.set += batch.took;
            self.table(batch.table).take(batch, &mut blocks)?;
        }
        Ok(blocks)
    }

    /// What still waits, when the last stretch was taken.
    pub fn rest(&mut self) -> Vec<Block> {
        self.tables.iter_mut().filter_map(TableWriter::rest).collect()
    }

    /// Appends a block to its file when its turn has come; blocks may come in any order.
    ///
    /// # Errors
    /// Writing failed.
    pub fn append(&mut self, encoded: Encoded) -> Result<(), OutputError> {
        let since = Instant::now();
        self.timings.encode += encoded.took;
        self.table(encoded.place.table).append(encoded)?;
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
        for table in tables {
            outputs.push(table.finish(report, &mut timings)?);
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
    fn table(&mut self, table: OutputTable) -> &mut TableWriter {
        &mut self.tables[table as usize]
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

impl Block {
    /// Encodes the block: the expensive part, for any thread.
    ///
    /// # Errors
    /// The encoder refuses it.
    pub fn encode(self) -> Result<Encoded, OutputError> {
        let since = Instant::now();
        let Block { place, path, rows, content } = self;
        let bytes = match content {
            Content::Text(text) => Bytes::Text(text),
            Content::Columns(parts, encoder) => {
                let column = |number: usize| {
                    parts.iter().map(|part| (&part.strips[number], part.rows.clone())).collect()
                };
                Bytes::Chunks(encoder.encode(column).map_err(|error| failed(&path, error))?)
            }
        };
        Ok(Encoded { place, rows, bytes, took: since.elapsed() })
    }
}

impl TableWriter {
    fn open<R>(
        staging: &Staging,
        table: OutputTable,
        format: Format,
        columns: &[sheet::Column<R>],
    ) -> Result<TableWriter, OutputError> {
        let mut file = staging.create(&format!("{}.{}", table.name(), manifest::format_name(format)))?;
        let path = file.path().to_owned();
        let file = match format {
            Format::Csv => {
                write_all(&mut file, &sheet::header(columns))?;
                TableFile::Text(Box::new(file))
            }
            Format::Parquet => {
                let file = ColumnarFile::new(columns, file).map_err(|error| failed(&path, error))?;
                TableFile::Columnar(Box::new(file))
            }
        };
        Ok(TableWriter {
            table,
            path,
            last: None,
            waiting: Vec::new(),
            cut: 0,
            appended: 0,
            held: BTreeMap::new(),
            rows: 0,
            file,
        })
    }

    fn take(&mut self, batch: Batch, blocks: &mut Vec<Block>) -> Result<(), OutputError> {
        self.check_order(&batch)?;
        match batch.cells {
            // Text has no groups of rows: every batch is a block of its own.
            Cells::Text(text) => blocks.push(self.block(batch.rows, Content::Text(text))),
            Cells::Strips(strips) => {
                let strips = Arc::new(strips);
                let mut first = 0;
                while first < batch.rows {
                    let rows = first..batch.rows.min(first + BLOCK_ROWS - self.waiting_rows());
                    first = rows.end;
                    self.waiting.push(Rows { strips: Arc::clone(&strips), rows });
                    if self.waiting_rows() == BLOCK_ROWS {
                        blocks.extend(self.rest());
                    }
                }
            }
        }
        Ok(())
    }

    fn waiting_rows(&self) -> usize {
        self.waiting.iter().map(|part| part.rows.len()).sum()
    }

    /// A customer comes in one stretch only, and stretches come in the order of customers.
    fn check_order(&mut self, batch: &Batch) -> Result<(), OutputError> {
        let (first, last) = &batch.customers;
        let follows = match &self.last {
            Some(before) if batch.begins => before < first,
            Some(before) => before <= first,
            None => true,
        };
        if !follows {
            let detail = format!("{}: {first} comes again or too late", self.table.name());
            return Err(OutputError::broken("stretches are in order of customers", detail));
        }
        self.last = Some(last.clone());
        Ok(())
    }

    /// What waits, as a block.
    fn rest(&mut self) -> Option<Block> {
        let TableFile::Columnar(file) = &self.file else { return None };
        let rows = self.waiting_rows();
        let content = Content::Columns(std::mem::take(&mut self.waiting), file.encoder());
        (rows > 0).then(|| self.block(rows, content))
    }

    fn block(&mut self, rows: usize, content: Content) -> Block {
        let place = Place { table: self.table, number: self.cut };
        self.cut += 1;
        Block { place, path: self.path.clone(), rows, content }
    }

    fn append(&mut self, encoded: Encoded) -> Result<(), OutputError> {
        self.held.insert(encoded.place.number, (encoded.rows, encoded.bytes));
        while let Some((rows, bytes)) = self.held.remove(&self.appended) {
            match (&mut self.file, bytes) {
                (TableFile::Text(file), Bytes::Text(text)) => write_all(file, &text)?,
                (TableFile::Columnar(file), Bytes::Chunks(chunks)) => {
                    file.append(chunks).map_err(|error| failed(&self.path, error))?;
                }
                (TableFile::Text(_), Bytes::Chunks(_)) | (TableFile::Columnar(_), Bytes::Text(_)) => {
                    let detail = self.table.name().to_owned();
                    return Err(OutputError::broken("a table has one format", detail));
                }
            }
            self.rows += rows as u64;
            self.appended += 1;
        }
        Ok(())
    }

    /// Ends the file and puts it on the disk.
    fn finish(self, report: &Report<'_>, timings: &mut Timings) -> Result<Written, OutputError> {
        let expected = report.tally.rows(self.table);
        let is_whole = self.held.is_empty() && self.waiting.is_empty() && self.cut == self.appended;
        if self.rows != expected || !is_whole {
            let detail = format!("{}: {} of {expected} rows are written", self.table.name(), self.rows);
            return Err(OutputError::broken("every row is written", detail));
        }
        let since = Instant::now();
        let path = self.path;
        let file = match self.file {
            TableFile::Text(file) => *file,
            TableFile::Columnar(file) => file.finish().map_err(|error| failed(&path, error))?,
        };
        timings.write += since.elapsed();
        sync(file, Some(self.rows), timings)
    }
}

impl Timings {
    pub(super) fn list(self) -> [(String, Duration); 5] {
        [
            ("publish/set".to_owned(), self.set),
            ("publish/encode".to_owned(), self.encode),
            ("publish/write".to_owned(), self.write),
            ("publish/sync".to_owned(), self.sync),
            ("publish/read back".to_owned(), self.read_back),
        ]
    }
}

fn is_invoices(file: &str) -> bool {
    file.split('.').next() == Some(OutputTable::Invoices.name())
}

fn has_subtotals(file: &str) -> bool {
    let stem = file.split('.').next();
    OutputTable::ALL.into_iter().any(|table| table.has_subtotals() && stem == Some(table.name()))
}

pub(super) fn failed(path: &Path, error: ParquetError) -> OutputError {
    OutputError::Write { path: path.to_owned(), source: columnar::to_io(error) }
}

pub(super) fn write_all(file: &mut StagedFile, bytes: &[u8]) -> Result<(), OutputError> {
    file.write_all(bytes).map_err(|source| OutputError::Write { path: file.path().to_owned(), source })
}

pub(super) fn sync(
    file: StagedFile,
    rows: Option<u64>,
    timings: &mut Timings,
) -> Result<Written, OutputError> {
    let since = Instant::now();
    let written = file.finish(rows)?;
    timings.sync += since.elapsed();
    Ok(written)
}

pub(super) fn write_text(
    staging: &Staging,
    name: &str,
    text: &str,
    timings: &mut Timings,
) -> Result<Written, OutputError> {
    let mut file = staging.create(name)?;
    write_all(&mut file, text.as_bytes())?;
    sync(file, None, timings)
}

pub(super) fn write_rejects(
    staging: &Staging,
    report: &Report<'_>,
    timings: &mut Timings,
) -> Result<Written, OutputError> {
    let mut sorted: Vec<&Reject> = report.rejects.iter().collect();
    sorted.sort();
    let mut columns = rejects::columns();
    let (window, names) = (report.job.window, Names::default());
    let context = Context { names: &names, window, days: &DayTexts::around(window) };
    let mut file = staging.create("rejects.csv")?;
    write_all(&mut file, &sheet::header(&columns))?;
    write_all(&mut file, &sheet::text(&mut columns, &context, &sorted))?;
    sync(file, Some(sorted.len() as u64), timings)
}

/// Publishes the folder, or holds the one of its name against it.
pub(super) fn rename(
    staging: Staging,
    name: &str,
    outputs: &[Written],
    timings: &mut Timings,
) -> Result<Published, OutputError> {
    let folder = staging.place().join(name);
    let digest = manifest::output_digest(outputs);
    let since = Instant::now();
    let is_new = staging.publish(name)?;
    timings.sync += since.elapsed();
    if is_new {
        return Ok(Published::Now { folder, digest });
    }
    same_as_before(&folder, outputs)?;
    Ok(Published::AlreadyThere { folder, digest })
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
