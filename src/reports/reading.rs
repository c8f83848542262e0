//! Reading a published file of differences, CSV or Parquet: the same rows from either.
//!
//! The `csv` and `parquet` crates that read everything else read this too, with the checksums of Parquet's pages; a cell
//! that a run would not have written is an error that names its row and column.

use super::ReportError;
use super::figures;
use super::frames::{Field, Frames, Gathering, Kind};
use arrow_array::{Array, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::io;
use std::path::Path;

const BATCH_ROWS: usize = 8_192;

/// What is wrong with a cell.
#[derive(Debug)]
pub(super) struct Fault {
    field: Field,
    why: String,
}

impl Fault {
    /// What is wrong with the cell of this column.
    pub(super) fn of(field: Field, why: &str) -> Fault {
        Fault { field, why: why.to_owned() }
    }

    fn at(self, path: &Path, row: u64) -> ReportError {
        ReportError::Row { path: path.to_owned(), row, column: self.field.name(), why: self.why }
    }
}

/// A row of a file, whatever it is written in.
pub(super) trait Cells {
    /// A text; empty where there is none.
    fn text(&self, field: Field) -> Result<&str, Fault>;
    /// A whole number.
    fn count(&self, field: Field) -> Result<Option<i64>, Fault>;
    /// A decimal number, as a whole number of so many digits.
    fn decimal(&self, field: Field, digits: u32) -> Result<Option<i64>, Fault>;
    /// A day, counted from 1970-01-01.
    fn day(&self, field: Field) -> Result<Option<i32>, Fault>;
}

/// Reads a file; rows that match go into group-bys always, and into lists where `with_matched`.
pub(super) fn read(path: &Path, with_matched: bool) -> Result<Frames, ReportError> {
    let mut gathering = Gathering::new(with_matched);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("parquet") => read_parquet(path, &mut gathering)?,
        Some(_) | None => read_csv(path, &mut gathering)?,
    }
    gathering.frames()
}

fn unreadable(path: &Path, source: io::Error) -> ReportError {
    ReportError::Read { path: path.to_owned(), source }
}

/// Where each column stands among those of the file.
fn places(path: &Path, find: impl Fn(&str) -> Option<usize>) -> Result<Vec<usize>, ReportError> {
    let place =
        |field: Field| find(field.name()).ok_or_else(|| Fault::of(field, "it is missing").at(path, 1));
    Field::ALL.into_iter().map(place).collect()
}

fn read_csv(path: &Path, gathering: &mut Gathering) -> Result<(), ReportError> {
    let failed = |error: csv::Error| unreadable(path, error.into());
    let mut reader = csv::Reader::from_path(path).map_err(failed)?;
    let header = reader.headers().map_err(failed)?.clone();
    let places = places(path, |name| header.iter().position(|found| found == name))?;
    let mut record = csv::StringRecord::new();
    let mut row = 1;
    while reader.read_record(&mut record).map_err(failed)? {
        row += 1;
        gathering.take(&CsvRow { record: &record, places: &places }).map_err(|fault| fault.at(path, row))?;
    }
    Ok(())
}

struct CsvRow<'a> {
    record: &'a csv::StringRecord,
    places: &'a [usize],
}

impl CsvRow<'_> {
    fn read<T>(
        &self,
        field: Field,
        what: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        match self.text(field)? {
            "" => Ok(None),
            text => match read(text) {
                Some(read) => Ok(Some(read)),
                None => Err(Fault::of(field, what)),
            },
        }
    }
}

impl Cells for CsvRow<'_> {
    fn text(&self, field: Field) -> Result<&str, Fault> {
        let place = self.places.get(field as usize);
        place.and_then(|&place| self.record.get(place)).ok_or_else(|| Fault::of(field, "it is missing"))
    }

    fn count(&self, field: Field) -> Result<Option<i64>, Fault> {
        self.read(field, "it is no whole number", |text| text.parse().ok())
    }

    fn decimal(&self, field: Field, digits: u32) -> Result<Option<i64>, Fault> {
        self.read(field, "it is no number of these digits", |text| figures::whole(text, digits))
    }

    fn day(&self, field: Field) -> Result<Option<i32>, Fault> {
        self.read(field, "it is no day", figures::day)
    }
}

fn read_parquet(path: &Path, gathering: &mut Gathering) -> Result<(), ReportError> {
    let failed = |error: io::Error| unreadable(path, error);
    let file = File::open(path).map_err(failed)?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| failed(io::Error::other(error)))?;
    let schema = builder.schema().clone();
    let places = places(path, |name| schema.column_with_name(name).map(|(place, _)| place))?;
    let reader =
        builder.with_batch_size(BATCH_ROWS).build().map_err(|error| failed(io::Error::other(error)))?;
    let mut row = 1;
    for batch in reader {
        let batch = batch.map_err(|error| failed(io::Error::other(error)))?;
        let columns = columns(&batch, &places).map_err(|fault| fault.at(path, 1))?;
        for place in 0..batch.num_rows() {
            row += 1;
            gathering.take(&ParquetRow { columns: &columns, place }).map_err(|fault| fault.at(path, row))?;
        }
    }
    Ok(())
}

/// A column of a batch.
enum Strip<'a> {
    Texts(&'a StringArray),
    Counts(&'a Int64Array),
    Decimals(&'a Decimal128Array, u32),
    Days(&'a Date32Array),
}

fn columns<'a>(batch: &'a RecordBatch, places: &[usize]) -> Result<Vec<Strip<'a>>, Fault> {
    Field::ALL.into_iter().zip(places).map(|(field, &place)| strip(batch.column(place), field)).collect()
}

fn strip(array: &dyn Array, field: Field) -> Result<Strip<'_>, Fault> {
    let any = array.as_any();
    let strip = match field.kind() {
        Kind::Status | Kind::Cause | Kind::Text => any.downcast_ref().map(Strip::Texts),
        Kind::Count => any.downcast_ref().map(Strip::Counts),
        Kind::Day => any.downcast_ref().map(Strip::Days),
        Kind::Price | Kind::Amount => any.downcast_ref::<Decimal128Array>().and_then(|decimals| {
            let scale = if let DataType::Decimal128(_, scale) = decimals.data_type() { *scale } else { 0 };
            Some(Strip::Decimals(decimals, u32::try_from(scale).ok()?))
        }),
    };
    strip.ok_or_else(|| Fault::of(field, "it has another type"))
}

struct ParquetRow<'a> {
    columns: &'a [Strip<'a>],
    place: usize,
}

impl Cells for ParquetRow<'_> {
    fn text(&self, field: Field) -> Result<&str, Fault> {
        match self.columns.get(field as usize) {
            Some(Strip::Texts(texts)) if texts.is_null(self.place) => Ok(""),
            Some(Strip::Texts(texts)) => Ok(texts.value(self.place)),
            Some(Strip::Counts(_) | Strip::Decimals(..) | Strip::Days(_)) | None => {
                Err(Fault::of(field, "it is no text"))
            }
        }
    }

    fn count(&self, field: Field) -> Result<Option<i64>, Fault> {
        match self.columns.get(field as usize) {
            Some(Strip::Counts(counts)) => {
                Ok((!counts.is_null(self.place)).then(|| counts.value(self.place)))
            }
            Some(Strip::Texts(_) | Strip::Decimals(..) | Strip::Days(_)) | None => {
                Err(Fault::of(field, "it is no whole number"))
            }
        }
    }

    fn decimal(&self, field: Field, digits: u32) -> Result<Option<i64>, Fault> {
        let wrong = || Fault::of(field, "it is no number of these digits");
        match self.columns.get(field as usize) {
            Some(Strip::Decimals(decimals, _)) if decimals.is_null(self.place) => Ok(None),
            Some(Strip::Decimals(decimals, scale)) => {
                let rescaled = figures::rescaled(decimals.value(self.place), *scale, digits);
                rescaled.map(Some).ok_or_else(wrong)
            }
            Some(Strip::Texts(_) | Strip::Counts(_) | Strip::Days(_)) | None => Err(wrong()),
        }
    }

    fn day(&self, field: Field) -> Result<Option<i32>, Fault> {
        match self.columns.get(field as usize) {
            Some(Strip::Days(days)) => Ok((!days.is_null(self.place)).then(|| days.value(self.place))),
            Some(Strip::Texts(_) | Strip::Counts(_) | Strip::Decimals(..)) | None => {
                Err(Fault::of(field, "it is no day"))
            }
        }
    }
}
