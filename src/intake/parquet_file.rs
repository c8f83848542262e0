//! Reading Parquet: the columns that we know, batch by batch, written as the text that a CSV file would hold.
//!
//! The decoder checks page CRCs where the file has them, and some damaged files make it panic: it runs behind
//! [`std::panic::catch_unwind`], so that damage is an error of the file and never the end of the program. A column of
//! floats is refused whole: what a float holds is not what somebody wrote.

use super::columns::{self, ColumnMap, Need, Places, find};
use super::error::IntakeError;
use super::files::{Counts, FILE_ROWS, Visit};
use super::row::{self, Row, TextColumn};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType,
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use std::cell::Cell;
use std::fmt::{Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};
use termwise_engine::calendar::Day;

const BATCH_ROWS: usize = 8_192;
const ROW_GROUPS: usize = 100_000;
const FOOTER_BYTES: usize = 64 << 20;
const UNPACKED_BYTES: i64 = 64 << 30;
const UNPACKED_TIMES: i64 = 1_000;
const UNPACKED_FREE: i64 = 64 << 20;

/// Visits every row of a Parquet file.
pub(super) fn read(
    bytes: Vec<u8>,
    shown: &str,
    schema: &columns::Schema,
    map: &ColumnMap,
    visit: Visit<'_>,
) -> Result<Counts, IntakeError> {
    check_footer(&bytes, shown)?;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let bytes = Bytes::from(bytes);
    let builder = decode(shown, move || open(bytes))?;
    let expected = check_bounds(builder.metadata(), size, shown)?;

    let fields = builder.schema().fields().clone();
    let header: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    let Places { mut places, warnings } = find(schema, map, &header, shown)?;
    let mut wanted = Vec::new();
    for column in schema.columns {
        let Some(place) = places[column.index] else { continue };
        check_type(column.name, fields[place].data_type(), column.need, shown)?;
        if column.need == Need::Ignored {
            places[column.index] = None;
        } else {
            wanted.push(place);
        }
    }
    wanted.sort_unstable();
    for place in places.iter_mut().flatten() {
        *place = wanted.partition_point(|other| *other < *place);
    }

    let mut reader = decode(shown, move || {
        let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
        builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()
    })?;
    let mut rows = 0_u64;
    while let Some((columns, height)) = next_batch(&mut reader, shown)? {
        for line in 0..height {
            rows += 1;
            if rows > FILE_ROWS {
                return Err(IntakeError::limit(shown, "the file has more than 100 million rows"));
            }
            let number = u32::try_from(rows).unwrap_or(u32::MAX);
            visit(Row {
                number,
                fields: row::Fields::Batch(&columns, line),
                places: &places,
                ragged: false,
            })?;
        }
    }
    if rows != expected {
        return Err(IntakeError::damaged(
            shown,
            format!("it holds {rows} rows and says that it has {expected}"),
        ));
    }
    Ok(Counts { rows, blank_lines: 0, warnings })
}

/// Opens a file for reading its texts plainly, however the writer held them: as dictionaries, views or with wide offsets.
fn open(bytes: Bytes) -> Result<ParquetRecordBatchReaderBuilder<Bytes>, ParquetError> {
    let written = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new())?;
    let fields = written.schema().fields().iter().map(|field| {
        let field = Field::clone(field);
        let kind = plain_type(field.data_type());
        Arc::new(field.with_data_type(kind))
    });
    let schema = Arc::new(Schema::new(fields.collect::<Fields>()));
    let options = ArrowReaderOptions::new().with_schema(schema);
    let plain = ArrowReaderMetadata::try_new(Arc::clone(written.metadata()), options)?;
    Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, plain))
}

fn plain_type(kind: &DataType) -> DataType {
    if let DataType::Dictionary(_, values) = kind {
        return plain_type(values);
    }
    if matches!(kind, DataType::LargeUtf8 | DataType::Utf8View) { DataType::Utf8 } else { kind.clone() }
}

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}
static QUIET: Once = Once::new();

/// A codec that this build leaves out is no damage: the file can be written anew with one that it has.
fn undecoded(shown: &str, why: &str) -> IntakeError {
    if why.contains("Disabled feature") {
        let what = "the file is compressed with a codec that is not read";
        return IntakeError::refused(shown, what, "write it with snappy, zstd or no compression");
    }
    IntakeError::damaged(shown, why)
}

/// Runs the decoder; a panic of it is an error of the file, and prints nothing.
fn decode<T, E: Display>(shown: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, IntakeError> {
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !DECODING.get() {
                usual(info);
            }
        }));
    });
    let outer = DECODING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    DECODING.set(outer);
    match result {
        Ok(result) => result.map_err(|error| undecoded(shown, &error.to_string())),
        Err(_) => Err(IntakeError::damaged(shown, "the decoder gave up on it")),
    }
}

/// The last eight bytes say how long the footer is.
fn check_footer(bytes: &[u8], shown: &str) -> Result<(), IntakeError> {
    let Some((_, [a, b, c, d, magic @ ..])) = bytes.split_last_chunk::<8>() else {
        return Err(IntakeError::damaged(shown, "it is too short for Parquet"));
    };
    if *magic != *b"PAR1" {
        return Err(IntakeError::damaged(shown, "it does not end as Parquet does"));
    }
    let footer = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
    if footer > bytes.len() {
        return Err(IntakeError::damaged(shown, "its footer is longer than the file"));
    }
    if footer > FOOTER_BYTES {
        return Err(IntakeError::limit(shown, "the footer is larger than 64 MiB"));
    }
    Ok(())
}

/// Bounds on what the footer promises; gives the number of rows.
fn check_bounds(metadata: &ParquetMetaData, size: i64, shown: &str) -> Result<u64, IntakeError> {
    if metadata.num_row_groups() > ROW_GROUPS {
        return Err(IntakeError::limit(shown, "the file has more than 100,000 row groups"));
    }
    let mut unpacked = 0_i64;
    let mut rows = 0_i64;
    for group in metadata.row_groups() {
        if group.num_rows() < 0 || group.columns().iter().any(|column| column.uncompressed_size() < 0) {
            return Err(IntakeError::damaged(shown, "a row group has a negative size"));
        }
        rows = rows.saturating_add(group.num_rows());
        for column in group.columns() {
            unpacked = unpacked.saturating_add(column.uncompressed_size());
        }
    }
    let ratio = size.saturating_mul(UNPACKED_TIMES).max(UNPACKED_FREE);
    if unpacked > ratio || unpacked > UNPACKED_BYTES {
        return Err(IntakeError::limit(shown, format!("the file would unpack to {unpacked} bytes")));
    }
    match u64::try_from(rows) {
        Ok(count) if rows == metadata.file_metadata().num_rows() => Ok(count),
        Ok(_) | Err(_) => Err(IntakeError::damaged(shown, "its row groups do not add up to its rows")),
    }
}

fn check_type(name: &str, kind: &DataType, need: Need, shown: &str) -> Result<(), IntakeError> {
    let refuse = |what: String, hint: &str| Err(IntakeError::refused(shown, what, hint));
    if kind.is_floating() {
        let what = format!("the column {name:?} holds floats ({kind})");
        return refuse(what, "write it as Decimal, integer or text: a float does not hold what was meant");
    }
    let read = matches!(
        kind,
        DataType::Null
            | DataType::Boolean
            | DataType::Utf8
            | DataType::Date32
            | DataType::Date64
            | DataType::Timestamp(..)
            | DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..)
    );
    if need == Need::Ignored || read || kind.is_integer() {
        return Ok(());
    }
    refuse(format!("the column {name:?} is of the type {kind}"), "write it as text, number, date or instant")
}

fn next_batch(
    reader: &mut ParquetRecordBatchReader,
    shown: &str,
) -> Result<Option<(Vec<TextColumn>, usize)>, IntakeError> {
    decode(shown, || -> Result<_, String> {
        let Some(batch) = reader.next() else { return Ok(None) };
        let batch: RecordBatch = batch.map_err(|error| error.to_string())?;
        let columns: Result<Vec<TextColumn>, String> = batch.columns().iter().map(written).collect();
        Ok(Some((columns?, batch.num_rows())))
    })
}

/// A column as text.
#[allow(clippy::wildcard_enum_match_arm, reason = "of the many types of arrow those are named that we read")]
fn written(array: &ArrayRef) -> Result<TextColumn, String> {
    Ok(match array.data_type() {
        DataType::Utf8 => TextColumn::Plain(array.as_string::<i32>().clone()),
        DataType::Null => TextColumn::Written { text: String::new(), ends: vec![0; array.len()] },
        DataType::Boolean => {
            let flags = array.as_boolean();
            each(array, |row, out| out.push_str(if flags.value(row) { "true" } else { "false" }))
        }
        DataType::Date32 => numbers::<Date32Type>(array, write_day),
        DataType::Date64 => numbers::<Date64Type>(array, |value, out| write_moment(value, 1_000, out)),
        DataType::Int8 => numbers::<Int8Type>(array, write_plain),
        DataType::Int16 => numbers::<Int16Type>(array, write_plain),
        DataType::Int32 => numbers::<Int32Type>(array, write_plain),
        DataType::Int64 => numbers::<Int64Type>(array, write_plain),
        DataType::UInt8 => numbers::<UInt8Type>(array, write_plain),
        DataType::UInt16 => numbers::<UInt16Type>(array, write_plain),
        DataType::UInt32 => numbers::<UInt32Type>(array, write_plain),
        DataType::UInt64 => numbers::<UInt64Type>(array, write_plain),
        DataType::Decimal32(..) => decimals::<Decimal32Type>(array),
        DataType::Decimal64(..) => decimals::<Decimal64Type>(array),
        DataType::Decimal128(..) => decimals::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimals::<Decimal256Type>(array),
        DataType::Timestamp(TimeUnit::Second, _) => {
            numbers::<TimestampSecondType>(array, |value, out| write_moment(value, 1, out))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            numbers::<TimestampMillisecondType>(array, |value, out| write_moment(value, 1_000, out))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            numbers::<TimestampMicrosecondType>(array, |value, out| write_moment(value, 1_000_000, out))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            numbers::<TimestampNanosecondType>(array, |value, out| write_moment(value, 1_000_000_000, out))
        }
        other => return Err(format!("a column of the type {other} came out of the decoder")),
    })
}

/// Writes each value that is not null.
fn each(array: &ArrayRef, mut write: impl FnMut(usize, &mut String)) -> TextColumn {
    let mut text = String::new();
    let mut ends = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if !array.is_null(row) {
            write(row, &mut text);
        }
        ends.push(text.len());
    }
    TextColumn::Written { text, ends }
}

fn numbers<T: ArrowPrimitiveType>(array: &ArrayRef, write: impl Fn(T::Native, &mut String)) -> TextColumn {
    let values: &PrimitiveArray<T> = array.as_primitive();
    each(array, |row, out| write(values.value(row), out))
}

/// A decimal without the zeros that its column's scale adds: 144.0000000000 is 144.
fn decimals<T: DecimalType + ArrowPrimitiveType>(array: &ArrayRef) -> TextColumn {
    let values: &PrimitiveArray<T> = array.as_primitive();
    each(array, |row, out| {
        let text = values.value_as_string(row);
        let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        out.push_str(short);
    })
}

fn write_plain(value: impl Display, out: &mut String) {
    let _ = write!(out, "{value}");
}

fn write_day(days: i32, out: &mut String) {
    let _ = match Day::from_epoch_days(days) {
        Some(day) => write!(out, "{day}"),
        None => write!(out, "day {days}"),
    };
}

/// An instant as RFC 3339; one at 00:00Z as the date that stands for it, so that tools without a date type are read.
fn write_moment(value: i64, per_second: i64, out: &mut String) {
    let (seconds, part) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    match i32::try_from(days) {
        Ok(days) => write_day(days, out),
        Err(_) => write_plain(days, out),
    }
    if second == 0 && part == 0 {
        return;
    }
    let _ = write!(out, "T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    if part != 0 {
        let nanoseconds = part * (1_000_000_000 / per_second);
        let digits = format!("{nanoseconds:09}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
    out.push('Z');
}
