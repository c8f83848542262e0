//! The columns of a Parquet batch, as cells: text without a copy, dates and numbers in their own types, anything else written
//! as the text that a CSV file would hold.

use super::coded::CodedWords;
use super::columns::Kind;
use super::typed::{Cell, TICKS_PER_SECOND, write_clock};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType,
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Date32Array, Int64Array, PrimitiveArray,
    StringViewArray,
};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use std::fmt::{Display, Write};

const NANOSECONDS_PER_TICK: i64 = 100;

/// A column of a batch.
#[derive(Debug)]
pub(super) enum BatchColumn {
    /// Text as it stands.
    Texts(StringViewArray),
    /// A few words, again and again.
    Words(CodedWords),
    /// Dates.
    Days(Date32Array),
    /// Moments, in ticks.
    Moments(Int64Array),
    /// Whole numbers.
    Wholes(Int64Array),
    /// Decimals, and their scale.
    Decimals(Int64Array, u8),
    /// True or false.
    Flags(BooleanArray),
    /// Values written as text, one after the other, and where each ends.
    Written {
        /// All texts.
        text: String,
        /// The end of each row's text.
        ends: Vec<usize>,
    },
}

impl BatchColumn {
    /// The cell of a row; nothing is an empty text.
    #[inline]
    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            BatchColumn::Texts(texts) if texts.is_valid(row) => Cell::Text(texts.value(row)),
            BatchColumn::Words(words) => Cell::Word(words, words.code(row)),
            BatchColumn::Days(days) if days.is_valid(row) => Cell::Day(days.value(row)),
            BatchColumn::Moments(ticks) if ticks.is_valid(row) => Cell::Moment(ticks.value(row)),
            BatchColumn::Wholes(numbers) if numbers.is_valid(row) => Cell::Whole(numbers.value(row)),
            BatchColumn::Decimals(units, scale) if units.is_valid(row) => {
                Cell::Decimal(units.value(row), *scale)
            }
            BatchColumn::Flags(flags) if flags.is_valid(row) => Cell::Flag(flags.value(row)),
            BatchColumn::Written { text, ends } => {
                let start =
                    row.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or_default();
                Cell::Text(ends.get(row).and_then(|&end| text.get(start..end)).unwrap_or_default())
            }
            BatchColumn::Texts(_)
            | BatchColumn::Days(_)
            | BatchColumn::Moments(_)
            | BatchColumn::Wholes(_)
            | BatchColumn::Decimals(..)
            | BatchColumn::Flags(_) => Cell::Text(""),
        }
    }

    /// An array as a column: in its own type where our column is of that kind, otherwise as text.
    pub(super) fn of(array: &ArrayRef, kind: Kind) -> Result<BatchColumn, String> {
        if array.data_type() == &DataType::Utf8View {
            let texts = array.as_string_view();
            let words = if kind == Kind::Word { CodedWords::of(texts) } else { None };
            return Ok(words.map_or_else(|| BatchColumn::Texts(texts.clone()), BatchColumn::Words));
        }
        match typed(array, kind) {
            Some(typed) => Ok(typed),
            None => written(array),
        }
    }
}

/// A column whose type says what its kind is; `None` where its values are to be written as text.
#[allow(clippy::wildcard_enum_match_arm, reason = "of the many types of arrow those are named that we read")]
fn typed(array: &ArrayRef, kind: Kind) -> Option<BatchColumn> {
    Some(match (kind, array.data_type()) {
        (Kind::Day | Kind::Instant, DataType::Date32) => {
            BatchColumn::Days(array.as_primitive::<Date32Type>().clone())
        }
        (Kind::Instant, DataType::Timestamp(TimeUnit::Second, _)) => {
            moments::<TimestampSecondType>(array, TICKS_PER_SECOND)?
        }
        (Kind::Instant, DataType::Timestamp(TimeUnit::Millisecond, _)) => {
            moments::<TimestampMillisecondType>(array, TICKS_PER_SECOND / 1_000)?
        }
        (Kind::Instant, DataType::Timestamp(TimeUnit::Microsecond, _)) => {
            moments::<TimestampMicrosecondType>(array, TICKS_PER_SECOND / 1_000_000)?
        }
        (Kind::Instant, DataType::Timestamp(TimeUnit::Nanosecond, _)) => {
            let values = array.as_primitive::<TimestampNanosecondType>();
            let ticks = |value: i64| match value % NANOSECONDS_PER_TICK {
                0 => Ok(value / NANOSECONDS_PER_TICK),
                _ => Err(ArrowError::ComputeError("finer than a tick".to_owned())),
            };
            BatchColumn::Moments(values.try_unary(ticks).ok()?)
        }
        (Kind::Whole, DataType::Int8) => wholes::<Int8Type>(array),
        (Kind::Whole, DataType::Int16) => wholes::<Int16Type>(array),
        (Kind::Whole, DataType::Int32) => wholes::<Int32Type>(array),
        (Kind::Whole, DataType::Int64) => wholes::<Int64Type>(array),
        (Kind::Whole, DataType::UInt8) => wholes::<UInt8Type>(array),
        (Kind::Whole, DataType::UInt16) => wholes::<UInt16Type>(array),
        (Kind::Whole, DataType::UInt32) => wholes::<UInt32Type>(array),
        (Kind::Money, DataType::Decimal128(_, scale)) => {
            let scale = u8::try_from(*scale).ok()?;
            let too_wide = |_| ArrowError::ComputeError("wider than a price can be".to_owned());
            let narrow = |units: i128| i64::try_from(units).map_err(too_wide);
            BatchColumn::Decimals(array.as_primitive::<Decimal128Type>().try_unary(narrow).ok()?, scale)
        }
        (Kind::Flag, DataType::Boolean) => BatchColumn::Flags(array.as_boolean().clone()),
        _ => return None,
    })
}

fn moments<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, ticks_each: i64) -> Option<BatchColumn> {
    let too_far = || ArrowError::ComputeError("too far from now".to_owned());
    let ticks = |value: i64| value.checked_mul(ticks_each).ok_or_else(too_far);
    array.as_primitive::<T>().try_unary(ticks).ok().map(BatchColumn::Moments)
}

fn wholes<T: ArrowPrimitiveType>(array: &ArrayRef) -> BatchColumn
where
    i64: From<T::Native>,
{
    BatchColumn::Wholes(array.as_primitive::<T>().unary(i64::from))
}

/// A column as text.
#[allow(clippy::wildcard_enum_match_arm, reason = "of the many types of arrow those are named that we read")]
fn written(array: &ArrayRef) -> Result<BatchColumn, String> {
    Ok(match array.data_type() {
        DataType::Null => BatchColumn::Written { text: String::new(), ends: vec![0; array.len()] },
        DataType::Boolean => {
            let flags = array.as_boolean();
            each(array, |row, out| Cell::Flag(flags.value(row)).write(out))
        }
        DataType::Date32 => numbers::<Date32Type>(array, |days, out| Cell::Day(days).write(out)),
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
fn each(array: &ArrayRef, mut write: impl FnMut(usize, &mut String)) -> BatchColumn {
    let mut text = String::new();
    let mut ends = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if !array.is_null(row) {
            write(row, &mut text);
        }
        ends.push(text.len());
    }
    BatchColumn::Written { text, ends }
}

fn numbers<T: ArrowPrimitiveType>(array: &ArrayRef, write: impl Fn(T::Native, &mut String)) -> BatchColumn {
    let values: &PrimitiveArray<T> = array.as_primitive();
    each(array, |row, out| write(values.value(row), out))
}

/// A decimal without the zeros that its column's scale adds: 144.0000000000 is 144.
fn decimals<T: DecimalType + ArrowPrimitiveType>(array: &ArrayRef) -> BatchColumn {
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

fn write_moment(value: i64, per_second: i64, out: &mut String) {
    let (seconds, part) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    let nanoseconds = part * (1_000_000_000 / per_second);
    let _ = write_clock(seconds, &format!("{nanoseconds:09}"), out);
}
