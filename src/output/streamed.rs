//! Tables that are written while their rows are made: rows come in order, blocks are encoded on any thread and appended in
//! their turn.
//!
//! Blocks of a fixed number of rows are cut out of the stream of rows, so neither stretches nor threads show in the bytes.

use super::chunk::Chunk;
use super::columnar::{ColumnarFile, Encoder};
use super::sealing::{Timings, failed, sync, write_all};
use super::sheet;
use super::staging::{StagedFile, Staging, Written};
use super::strip::Strip;
use super::tables::{Cells, SetRows};
use super::{OutputError, manifest};
use crate::job::Format;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of a block; in Parquet a row group. A fixed number, so that nothing else shows in the bytes.
const BLOCK_ROWS: usize = 1 << 17;

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

/// The table and the number of a block.
#[derive(Clone, Copy)]
struct Place {
    table: usize,
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

/// A table that is written block by block, while its rows are made.
pub(super) struct Streamed {
    name: &'static str,
    /// Its number among the tables of the run.
    number: usize,
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

impl Streamed {
    /// Opens a table in a staging folder.
    pub(super) fn open<R>(
        staging: &Staging,
        (number, name): (usize, &'static str),
        format: Format,
        columns: &[sheet::Column<R>],
    ) -> Result<Streamed, OutputError> {
        let mut file = staging.create(&format!("{name}.{}", manifest::format_name(format)))?;
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
        Ok(Streamed {
            name,
            number,
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

    /// Takes rows, and adds the blocks that are full; what is left over waits for the next rows.
    pub(super) fn take(&mut self, batch: SetRows, blocks: &mut Vec<Block>) -> Result<(), OutputError> {
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
    fn check_order(&mut self, batch: &SetRows) -> Result<(), OutputError> {
        let (first, last) = &batch.customers;
        let follows = match &self.last {
            Some(before) if batch.begins => before < first,
            Some(before) => before <= first,
            None => true,
        };
        if !follows {
            let detail = format!("{}: {first} comes again or too late", self.name);
            return Err(OutputError::broken("stretches are in order of customers", detail));
        }
        self.last = Some(last.clone());
        Ok(())
    }

    /// What waits, as a block.
    pub(super) fn rest(&mut self) -> Option<Block> {
        let TableFile::Columnar(file) = &self.file else { return None };
        let rows = self.waiting_rows();
        let content = Content::Columns(std::mem::take(&mut self.waiting), file.encoder());
        (rows > 0).then(|| self.block(rows, content))
    }

    fn block(&mut self, rows: usize, content: Content) -> Block {
        let place = Place { table: self.number, number: self.cut };
        self.cut += 1;
        Block { place, path: self.path.clone(), rows, content }
    }

    /// Appends a block when its turn has come; blocks may come in any order.
    pub(super) fn append(&mut self, encoded: Encoded) -> Result<(), OutputError> {
        self.held.insert(encoded.place.number, (encoded.rows, encoded.bytes));
        while let Some((rows, bytes)) = self.held.remove(&self.appended) {
            match (&mut self.file, bytes) {
                (TableFile::Text(file), Bytes::Text(text)) => write_all(file, &text)?,
                (TableFile::Columnar(file), Bytes::Chunks(chunks)) => {
                    file.append(chunks).map_err(|error| failed(&self.path, error))?;
                }
                (TableFile::Text(_), Bytes::Chunks(_)) | (TableFile::Columnar(_), Bytes::Text(_)) => {
                    let detail = self.name.to_owned();
                    return Err(OutputError::broken("a table has one format", detail));
                }
            }
            self.rows += rows as u64;
            self.appended += 1;
        }
        Ok(())
    }

    /// Ends the file, which must have so many rows, and puts it on the disk.
    pub(super) fn finish(self, expected: u64, timings: &mut Timings) -> Result<Written, OutputError> {
        let is_whole = self.held.is_empty() && self.waiting.is_empty() && self.cut == self.appended;
        if self.rows != expected || !is_whole {
            let detail = format!("{}: {} of {expected} rows are written", self.name, self.rows);
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

impl Encoded {
    /// The number of its table, and how long it took to encode.
    pub(super) const fn of(&self) -> (usize, Duration) {
        (self.place.table, self.took)
    }
}
