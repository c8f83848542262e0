//! Where rows become files: one writer for each input, CSV or Parquet, that holds no more than a row group in memory.
//!
//! Parquet columns have types, so that money never passes through a float: amounts are Decimal(18,6), whole numbers
//! Int64, dates Date32, flags Boolean, all else text. A sample with bad rows is text throughout, as only text can hold them.

use super::tables::{Kind, Table};
use super::{Format, SampleError, Written};
use arrow_array::builder::{BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a Parquet row group.
const GROUP_ROWS: usize = 65_536;
const DECIMALS: i8 = 6;

/// How the files of a sample are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) format: Format,
    /// Whether Parquet columns have the types of their contents.
    pub(crate) typed: bool,
    /// Whether what comes from Partner Center looks like it: a byte-order mark and CRLF.
    pub(crate) partner_center: bool,
}

/// The file of one input.
pub(crate) struct TableWriter {
    path: PathBuf,
    file: String,
    rows: u64,
    sink: Sink,
}

enum Sink {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Parquet(Box<Groups>),
}

struct Groups {
    writer: ArrowWriter<BufWriter<File>>,
    schema: Arc<Schema>,
    kinds: Vec<Kind>,
    /// The cells of the running row group, column by column.
    cells: Vec<Vec<String>>,
}

/// The name of an input's file.
pub(crate) fn file_name(table: &Table, format: Format) -> String {
    let ending = match format {
        Format::Csv => "csv",
        Format::Parquet => "parquet",
    };
    format!("{}.{ending}", table.name)
}

impl TableWriter {
    /// Starts an input's file below `dir`.
    pub(crate) fn create(dir: &Path, table: &Table, style: Style) -> Result<TableWriter, SampleError> {
        let file = file_name(table, style.format);
        let path = dir.join(&file);
        let mut out = BufWriter::new(File::create(&path).map_err(|source| SampleError::io(&path, source))?);
        let sink = match style.format {
            Format::Csv => {
                let as_published =
                    style.partner_center && matches!(table.name, "price_list" | "vendor_lines");
                if as_published {
                    out.write_all(b"\xEF\xBB\xBF").map_err(|source| SampleError::io(&path, source))?;
                }
                let terminator =
                    if as_published { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
                let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(out);
                let header = table.columns.iter().map(|(name, _)| *name);
                writer.write_record(header).map_err(|source| SampleError::csv(&path, source))?;
                Sink::Csv(Box::new(writer))
            }
            Format::Parquet => {
                let groups = Groups::create(out, table, style.typed);
                Sink::Parquet(Box::new(groups.map_err(|source| SampleError::parquet(&path, source))?))
            }
        };
        Ok(TableWriter { path, file, rows: 0, sink })
    }

    /// Adds a row and says its number, from 1.
    pub(crate) fn row<T: AsRef<str>>(&mut self, cells: &[T]) -> Result<u64, SampleError> {
        match &mut self.sink {
            Sink::Csv(writer) => writer
                .write_record(cells.iter().map(|cell| cell.as_ref().as_bytes()))
                .map_err(|source| SampleError::csv(&self.path, source))?,
            Sink::Parquet(groups) => {
                groups.add(cells).map_err(|source| SampleError::parquet(&self.path, source))?;
            }
        }
        self.rows += 1;
        Ok(self.rows)
    }

    /// Ends the file.
    pub(crate) fn finish(self) -> Result<Written, SampleError> {
        let path = self.path;
        match self.sink {
            Sink::Csv(mut writer) => writer.flush().map_err(|source| SampleError::io(&path, source))?,
            Sink::Parquet(groups) => groups.finish().map_err(|source| SampleError::parquet(&path, source))?,
        }
        Ok(Written { file: self.file, rows: self.rows })
    }
}

impl Groups {
    fn create(out: BufWriter<File>, table: &Table, typed: bool) -> parquet::errors::Result<Groups> {
        let kinds: Vec<Kind> =
            table.columns.iter().map(|(_, kind)| if typed { *kind } else { Kind::Text }).collect();
        let fields: Vec<Field> = table
            .columns
            .iter()
            .zip(&kinds)
            .map(|((name, _), kind)| Field::new(*name, data_type(*kind), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))?;
        let cells = vec![Vec::new(); kinds.len()];
        Ok(Groups { writer, schema, kinds, cells })
    }

    fn add<T: AsRef<str>>(&mut self, cells: &[T]) -> parquet::errors::Result<()> {
        for (column, cell) in self.cells.iter_mut().zip(cells) {
            column.push(cell.as_ref().to_owned());
        }
        if self.cells.first().is_some_and(|column| column.len() >= GROUP_ROWS) {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> parquet::errors::Result<()> {
        if self.cells.first().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let arrays = self.kinds.iter().zip(&self.cells).map(|(kind, cells)| array(*kind, cells));
        let arrays = arrays.collect::<Result<Vec<ArrayRef>, arrow_schema::ArrowError>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)?;
        self.writer.write(&batch)?;
        self.writer.flush()?;
        self.cells.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    fn finish(mut self) -> parquet::errors::Result<()> {
        self.flush()?;
        let mut out = self.writer.into_inner()?;
        out.flush()?;
        Ok(())
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::Utf8,
        Kind::Count => DataType::Int64,
        Kind::Decimal => DataType::Decimal128(18, DECIMALS),
        Kind::Day => DataType::Date32,
        Kind::Flag => DataType::Boolean,
    }
}

/// The cells of a column as an array; an empty cell is null.
fn array(kind: Kind, cells: &[String]) -> Result<ArrayRef, arrow_schema::ArrowError> {
    let filled = cells.iter().map(|cell| Some(cell.as_str()).filter(|cell| !cell.is_empty()));
    Ok(match kind {
        Kind::Text => {
            let mut builder = StringBuilder::new();
            filled.for_each(|cell| builder.append_option(cell));
            Arc::new(builder.finish())
        }
        Kind::Count => {
            let mut builder = Int64Builder::new();
            filled.for_each(|cell| builder.append_option(cell.and_then(|cell| cell.parse().ok())));
            Arc::new(builder.finish())
        }
        Kind::Decimal => {
            let mut builder = Decimal128Builder::new().with_precision_and_scale(18, DECIMALS)?;
            filled.for_each(|cell| builder.append_option(cell.and_then(millionths)));
            Arc::new(builder.finish())
        }
        Kind::Day => {
            let mut builder = Date32Builder::new();
            filled.for_each(|cell| builder.append_option(cell.and_then(epoch_days)));
            Arc::new(builder.finish())
        }
        Kind::Flag => {
            let mut builder = BooleanBuilder::new();
            filled.for_each(|cell| builder.append_option(cell.map(|cell| cell == "true")));
            Arc::new(builder.finish())
        }
    })
}

/// `57.6` → 57,600,000.
fn millionths(text: &str) -> Option<i128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: i128 = format!("{part:0<6}").parse().ok()?;
    Some(whole.parse::<i128>().ok()? * 1_000_000 + part)
}

fn epoch_days(text: &str) -> Option<i32> {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
    let day: NaiveDate = text.parse().ok()?;
    i32::try_from((day - epoch).num_days()).ok()
}
