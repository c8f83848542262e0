//! What a table is: the one list of columns that CSV and Parquet share, so that the two can't drift apart.
//!
//! A [`Column`] is a name, a [`Shape`] and how its cells are drawn from rows. An empty text is no value: nothing in CSV,
//! null in Parquet.

use super::OutputError;
use super::days::DayTexts;
use super::draw::{Count, Date, Decimals, Draw, Flag, MaybeDate, Moment, Named, Nothing, Runs, Text, Words};
use super::figures::Decimal;
use super::lexicon::Ranked;
use super::strip::Strip;
use crate::names::Names;
use termwise_engine::book::Window;
use termwise_engine::calendar::{Day, Instant};

/// What cells are written with, besides their row.
pub(super) struct Context<'a> {
    /// The texts behind the ids.
    pub(super) names: &'a Names,
    /// The days of the run.
    pub(super) window: Window,
    /// Days as text.
    pub(super) days: &'a DayTexts,
}

/// A column of a table whose rows are `R`.
pub(super) struct Column<R> {
    /// As the header names it.
    pub(super) name: &'static str,
    /// What its cells are.
    pub(super) shape: Shape,
    draw: Box<dyn Draw<R>>,
}

/// What the cells of a column are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Texts.
    Text,
    /// Dates.
    Day,
    /// Moments.
    Instant,
    /// Whole numbers.
    Count,
    /// True or false.
    Flag,
    /// Decimal numbers.
    Decimal(Width),
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
    fn new(name: &'static str, shape: Shape, draw: impl Draw<R> + 'static) -> Column<R> {
        Column { name, shape, draw: Box::new(draw) }
    }

    /// A column of texts that hardly repeat.
    pub(super) fn text(
        name: &'static str,
        write: impl Fn(&Context<'_>, &R, &mut Vec<u8>) + 'static,
    ) -> Column<R> {
        Column::new(name, Shape::Text, Text(write))
    }

    /// A column of texts that stand in several rows after one another: a text is written once as long as the key is
    /// the same.
    pub(super) fn runs<K: Copy + PartialEq + 'static>(
        name: &'static str,
        key: impl Fn(&R) -> K + 'static,
        write: impl Fn(&Context<'_>, &R, &mut Vec<u8>) + 'static,
    ) -> Column<R> {
        Column::new(name, Shape::Text, Runs::new(key, write))
    }

    /// A column of names that the whole run shares.
    pub(super) fn word(
        name: &'static str,
        words: &Ranked,
        rank: impl Fn(&R) -> Option<usize> + 'static,
    ) -> Column<R> {
        Column::new(name, Shape::Text, Words { words: words.clone(), rank })
    }

    /// A column of few different things that have a name.
    pub(super) fn name<K: Copy + Ord + 'static>(
        name: &'static str,
        key: impl Fn(&R) -> K + 'static,
        text: impl Fn(K) -> String + 'static,
    ) -> Column<R> {
        Column::new(name, Shape::Text, Named::new(key, text))
    }

    /// A column that is still empty: what fills it is no part of this version.
    pub(super) fn empty_text(name: &'static str) -> Column<R> {
        Column::new(name, Shape::Text, Nothing)
    }

    /// A column of days.
    pub(super) fn day(name: &'static str, get: impl Fn(&Context<'_>, &R) -> Day + 'static) -> Column<R> {
        Column::new(name, Shape::Day, Date(get))
    }

    /// A column of days, some of which are not known.
    pub(super) fn maybe_day(
        name: &'static str,
        get: impl Fn(&Context<'_>, &R) -> Option<Day> + 'static,
    ) -> Column<R> {
        Column::new(name, Shape::Day, MaybeDate(get))
    }

    /// A column of moments.
    pub(super) fn instant(
        name: &'static str,
        get: impl Fn(&Context<'_>, &R) -> Instant + 'static,
    ) -> Column<R> {
        Column::new(name, Shape::Instant, Moment(get))
    }

    /// A column of whole numbers.
    pub(super) fn count(
        name: &'static str,
        get: impl Fn(&Context<'_>, &R) -> Option<i64> + 'static,
    ) -> Column<R> {
        Column::new(name, Shape::Count, Count(get))
    }

    /// A column of true and false.
    pub(super) fn flag(name: &'static str, get: impl Fn(&Context<'_>, &R) -> bool + 'static) -> Column<R> {
        Column::new(name, Shape::Flag, Flag(get))
    }

    /// A column of decimal numbers.
    pub(super) fn decimal(
        name: &'static str,
        width: Width,
        get: impl Fn(&Context<'_>, &R) -> Option<Decimal> + 'static,
    ) -> Column<R> {
        Column::new(name, Shape::Decimal(width), Decimals { name, width, get })
    }

    /// A column of decimal numbers that is still empty.
    pub(super) fn empty_decimal(name: &'static str, width: Width) -> Column<R> {
        Column::new(name, Shape::Decimal(width), Nothing)
    }
}

/// The header of a table in CSV.
pub(super) fn header<R>(columns: &[Column<R>]) -> Vec<u8> {
    let mut header = columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",").into_bytes();
    header.push(b'\n');
    header
}

/// Some rows as CSV, without a header: pieces that are put one after the other are the table.
pub(super) fn text<R>(columns: &mut [Column<R>], context: &Context<'_>, rows: &[R]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * columns.len() * 8);
    for row in rows {
        for column in columns.iter_mut() {
            column.draw.write(context, row, &mut out);
            out.push(b',');
        }
        if let Some(last) = out.last_mut() {
            *last = b'\n';
        }
    }
    out
}

/// Some rows, column by column, for Parquet.
///
/// # Errors
/// A number does not fit its column.
pub(super) fn strips<R>(
    columns: &mut [Column<R>],
    context: &Context<'_>,
    rows: &[R],
) -> Result<Vec<Strip>, OutputError> {
    columns.iter_mut().map(|column| column.draw.strip(context, rows)).collect()
}
