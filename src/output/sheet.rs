//! What a table is: the one list of columns that CSV and Parquet share, so that the two can't drift apart.
//!
//! A [`Column`] is a name and how to get its cell from a row; the kind of the cell settles how CSV writes it and which
//! type it has in Parquet. An empty text is no value: nothing in CSV, null in Parquet.

use super::figures::{Decimal, push, push_day, push_instant};
use super::{OutputError, columnar};
use crate::job::Format;
use crate::names::Names;
use arrow_array::RecordBatch;
use termwise_engine::book::Window;
use termwise_engine::calendar::{Day, Instant};

/// What cells are written with, besides their row.
pub(super) struct Context<'a> {
    /// The texts behind the ids.
    pub(super) names: &'a Names,
    /// The days of the run.
    pub(super) window: Window,
}

/// A column of a table whose rows are `R`.
pub(super) struct Column<R> {
    /// As the header names it.
    pub(super) name: &'static str,
    /// How its cell is got.
    pub(super) cell: Cell<R>,
}

/// How a cell is got from a row; none is empty.
pub(super) enum Cell<R> {
    /// A text.
    Text(fn(&Context<'_>, &R, &mut String)),
    /// A date.
    Day(fn(&Context<'_>, &R) -> Option<Day>),
    /// A moment.
    Instant(fn(&Context<'_>, &R) -> Option<Instant>),
    /// A whole number.
    Count(fn(&Context<'_>, &R) -> Option<i64>),
    /// True or false.
    Flag(fn(&Context<'_>, &R) -> Option<bool>),
    /// A decimal number, and how wide it is in Parquet.
    Decimal(Width, fn(&Context<'_>, &R) -> Option<Decimal>),
}

/// Digits of a decimal column in Parquet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Width {
    /// All of them.
    pub(super) precision: u8,
    /// Those after the point.
    pub(super) scale: u8,
}

/// Amounts of any currency.
pub(super) const AMOUNT: Width = Width { precision: 18, scale: 4 };
/// Prices for a seat.
pub(super) const UNIT_PRICE: Width = Width { precision: 18, scale: 6 };
/// Prices for a seat after everything.
pub(super) const EFFECTIVE_PRICE: Width = Width { precision: 28, scale: 10 };
/// Fractions.
pub(super) const DISCOUNT: Width = Width { precision: 18, scale: 12 };
/// Percentages.
pub(super) const PERCENT: Width = Width { precision: 18, scale: 2 };

impl<R> Column<R> {
    /// A column of texts.
    pub(super) const fn text(name: &'static str, get: fn(&Context<'_>, &R, &mut String)) -> Self {
        Column { name, cell: Cell::Text(get) }
    }

    /// A column that is still empty: what fills it is no part of this version.
    pub(super) const fn empty_text(name: &'static str) -> Self {
        Column { name, cell: Cell::Text(|_, _, _| {}) }
    }

    /// A column of days.
    pub(super) const fn day(name: &'static str, get: fn(&Context<'_>, &R) -> Option<Day>) -> Self {
        Column { name, cell: Cell::Day(get) }
    }

    /// A column of moments.
    pub(super) const fn instant(name: &'static str, get: fn(&Context<'_>, &R) -> Option<Instant>) -> Self {
        Column { name, cell: Cell::Instant(get) }
    }

    /// A column of whole numbers.
    pub(super) const fn count(name: &'static str, get: fn(&Context<'_>, &R) -> Option<i64>) -> Self {
        Column { name, cell: Cell::Count(get) }
    }

    /// A column of true and false.
    pub(super) const fn flag(name: &'static str, get: fn(&Context<'_>, &R) -> Option<bool>) -> Self {
        Column { name, cell: Cell::Flag(get) }
    }

    /// A column of decimal numbers.
    pub(super) const fn decimal(
        name: &'static str,
        width: Width,
        get: fn(&Context<'_>, &R) -> Option<Decimal>,
    ) -> Self {
        Column { name, cell: Cell::Decimal(width, get) }
    }

    /// A column of decimal numbers that is still empty.
    pub(super) const fn empty_decimal(name: &'static str, width: Width) -> Self {
        Column { name, cell: Cell::Decimal(width, |_, _| None) }
    }

    /// Writes the cell of a row as CSV has it.
    pub(super) fn write(&self, context: &Context<'_>, row: &R, out: &mut String) {
        match self.cell {
            Cell::Text(get) => get(context, row, out),
            Cell::Day(get) => {
                if let Some(day) = get(context, row) {
                    push_day(out, day);
                }
            }
            Cell::Instant(get) => {
                if let Some(instant) = get(context, row) {
                    push_instant(out, instant);
                }
            }
            Cell::Count(get) => {
                if let Some(count) = get(context, row) {
                    push(out, count);
                }
            }
            Cell::Flag(get) => {
                if let Some(flag) = get(context, row) {
                    out.push_str(if flag { "true" } else { "false" });
                }
            }
            Cell::Decimal(_, get) => {
                if let Some(decimal) = get(context, row) {
                    decimal.write(out);
                }
            }
        }
    }
}

/// The cells of some rows.
#[derive(Debug)]
pub(super) enum Cells {
    /// As CSV has them, without a header: pieces that are put one after the other are the table.
    Text(Vec<u8>),
    /// As Parquet has them.
    Columns(RecordBatch),
}

/// Sets the cells of some rows.
pub(super) fn cells<R>(
    columns: &[Column<R>],
    context: &Context<'_>,
    format: Format,
    rows: &[R],
) -> Result<Cells, OutputError> {
    Ok(match format {
        Format::Csv => Cells::Text(text(columns, context, rows)?),
        Format::Parquet => Cells::Columns(columnar::batch(columns, context, rows)?),
    })
}

/// The header of a table in CSV.
pub(super) fn header<R>(columns: &[Column<R>]) -> Vec<u8> {
    let mut header = columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",").into_bytes();
    header.push(b'\n');
    header
}

/// Some rows as CSV.
pub(super) fn text<R>(
    columns: &[Column<R>],
    context: &Context<'_>,
    rows: &[R],
) -> Result<Vec<u8>, OutputError> {
    let broken = |why: String| OutputError::broken("a row has a cell for each column", why);
    let mut writer = csv::Writer::from_writer(Vec::new());
    write_rows(columns, context, rows, &mut writer).map_err(|error| broken(error.to_string()))?;
    writer.into_inner().map_err(|error| broken(error.to_string()))
}

fn write_rows<R>(
    columns: &[Column<R>],
    context: &Context<'_>,
    rows: &[R],
    writer: &mut csv::Writer<Vec<u8>>,
) -> csv::Result<()> {
    let mut cell = String::new();
    for row in rows {
        for column in columns {
            cell.clear();
            column.write(context, row, &mut cell);
            writer.write_field(&cell)?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(())
}
