//! How the cells of a column are drawn from rows: as a strip for Parquet, or one by one as text for CSV.
//!
//! Each kind of column is a type, so that the loop over the rows is compiled for each column by itself.

use super::OutputError;
use super::csv_text::quote_from;
use super::figures::{Decimal, SHORT_DIGITS, push_number};
use super::lexicon::{Lexicon, Ranked};
use super::sheet::{Context, Width};
use super::strip::{Numbers, Strip, Texts};
use std::collections::BTreeMap;
use std::sync::Arc;
use termwise_engine::calendar::{Day, Instant};

const TICKS_PER_MICROSECOND: i64 = 10;

/// Draws the cells of a column.
pub(super) trait Draw<R> {
    /// The cells of some rows.
    fn strip(&mut self, cx: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError>;
    /// Writes the cell of a row as CSV has it.
    fn write(&mut self, cx: &Context<'_>, row: &R, out: &mut Vec<u8>);
}

/// Nothing in any row.
pub(super) struct Nothing;

impl<R> Draw<R> for Nothing {
    fn strip(&mut self, _: &Context<'_>, _: &[R]) -> Result<Strip, OutputError> {
        Ok(Strip::Empty)
    }

    fn write(&mut self, _: &Context<'_>, _: &R, _: &mut Vec<u8>) {}
}

/// A text that hardly repeats.
pub(super) struct Text<W>(pub(super) W);

impl<R, W: Fn(&Context<'_>, &R, &mut Vec<u8>)> Draw<R> for Text<W> {
    fn strip(&mut self, cx: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        let mut texts = Texts::with_capacity(rows.len());
        for row in rows {
            texts.push(|out| (self.0)(cx, row, out));
        }
        Ok(Strip::Texts(texts))
    }

    fn write(&mut self, cx: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        let first = out.len();
        (self.0)(cx, row, out);
        quote_from(out, first);
    }
}

/// A text that is the same as long as its key is.
pub(super) struct Runs<K, F, W> {
    key: F,
    write: W,
    /// The key of the last row that was written, and its field.
    last: Option<K>,
    field: Vec<u8>,
}

impl<K, F, W> Runs<K, F, W> {
    pub(super) fn new(key: F, write: W) -> Runs<K, F, W> {
        Runs { key, write, last: None, field: Vec::new() }
    }
}

impl<R, K, F, W> Draw<R> for Runs<K, F, W>
where
    K: Copy + PartialEq,
    F: Fn(&R) -> K,
    W: Fn(&Context<'_>, &R, &mut Vec<u8>),
{
    fn strip(&mut self, cx: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        let mut texts = Texts::with_capacity(rows.len());
        let mut last = None;
        for row in rows {
            let key = Some((self.key)(row));
            if key == last {
                texts.repeat();
            } else {
                texts.push(|out| (self.write)(cx, row, out));
                last = key;
            }
        }
        Ok(Strip::Texts(texts))
    }

    fn write(&mut self, cx: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        let key = Some((self.key)(row));
        if key != self.last {
            self.field.clear();
            (self.write)(cx, row, &mut self.field);
            quote_from(&mut self.field, 0);
            self.last = key;
        }
        out.extend_from_slice(&self.field);
    }
}

/// A name that the whole run shares, by the rank of its id.
pub(super) struct Words<F> {
    pub(super) words: Ranked,
    pub(super) rank: F,
}

impl<R, F: Fn(&R) -> Option<usize>> Draw<R> for Words<F> {
    fn strip(&mut self, _: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        let number = |row: &R| (self.rank)(row).map_or(0, |rank| self.words.number(rank));
        Ok(Strip::Words(rows.iter().map(number).collect(), Arc::clone(&self.words.lexicon)))
    }

    fn write(&mut self, _: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        if let Some(rank) = (self.rank)(row) {
            out.extend_from_slice(self.words.lexicon.field(self.words.number(rank)));
        }
    }
}

/// The name of one of few things: it becomes a word when it is met.
pub(super) struct Named<K, F, T> {
    key: F,
    text: T,
    lexicon: Lexicon,
    known: BTreeMap<K, u32>,
    /// What was met first, which is looked through faster than it is looked up.
    first: Vec<(K, u32)>,
    /// What the last row had; the next one often has the same.
    last: Option<(K, u32)>,
}

/// How many are looked through.
const FIRST: usize = 8;

impl<K: Copy + Ord, F, T: Fn(K) -> String> Named<K, F, T> {
    pub(super) fn new(key: F, text: T) -> Named<K, F, T> {
        Named {
            key,
            text,
            lexicon: Lexicon::new(),
            known: BTreeMap::new(),
            first: Vec::with_capacity(FIRST),
            last: None,
        }
    }

    #[inline]
    fn number(&mut self, key: K) -> u32 {
        match self.last {
            Some((last, number)) if last == key => number,
            Some(_) | None => {
                let number = self.look_up(key);
                self.last = Some((key, number));
                number
            }
        }
    }

    fn look_up(&mut self, key: K) -> u32 {
        let Named { text, lexicon, known, first, .. } = self;
        if let Some((_, number)) = first.iter().find(|(met, _)| *met == key) {
            return *number;
        }
        *known.entry(key).or_insert_with(|| {
            let text = text(key);
            let number = if text.is_empty() { 0 } else { lexicon.push(&text) };
            if first.len() < FIRST {
                first.push((key, number));
            }
            number
        })
    }
}

impl<R, K, F, T> Draw<R> for Named<K, F, T>
where
    K: Copy + Ord,
    F: Fn(&R) -> K,
    T: Fn(K) -> String,
{
    fn strip(&mut self, _: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        let mut numbers = Vec::with_capacity(rows.len());
        for row in rows {
            let key = (self.key)(row);
            numbers.push(self.number(key));
        }
        self.known.clear();
        self.first.clear();
        self.last = None;
        let lexicon = std::mem::replace(&mut self.lexicon, Lexicon::new());
        Ok(Strip::Words(numbers, Arc::new(lexicon)))
    }

    fn write(&mut self, _: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        let key = (self.key)(row);
        let number = self.number(key);
        out.extend_from_slice(self.lexicon.field(number));
    }
}

/// A day.
pub(super) struct Date<F>(pub(super) F);

impl<R, F: Fn(&Context<'_>, &R) -> Day> Draw<R> for Date<F> {
    fn strip(&mut self, cx: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        Ok(Strip::Days(Numbers::whole(rows.iter().map(|row| (self.0)(cx, row).epoch_days()))))
    }

    fn write(&mut self, cx: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        cx.days.push(out, (self.0)(cx, row));
    }
}

/// A day, or none.
pub(super) struct MaybeDate<F>(pub(super) F);

impl<R, F: Fn(&Context<'_>, &R) -> Option<Day>> Draw<R> for MaybeDate<F> {
    fn strip(&mut self, cx: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        let mut days = Numbers::with_capacity(rows.len());
        for row in rows {
            days.push((self.0)(cx, row).map(Day::epoch_days));
        }
        Ok(Strip::Days(days))
    }

    fn write(&mut self, cx: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        if let Some(day) = (self.0)(cx, row) {
            cx.days.push(out, day);
        }
    }
}

/// A moment.
pub(super) struct Moment<F>(pub(super) F);

impl<R, F: Fn(&Context<'_>, &R) -> Instant> Draw<R> for Moment<F> {
    fn strip(&mut self, cx: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        // Whole microseconds since 1970: the last of an instant's seven digits goes.
        let microseconds = |row: &R| (self.0)(cx, row).ticks().div_euclid(TICKS_PER_MICROSECOND);
        Ok(Strip::Numbers(Numbers::whole(rows.iter().map(microseconds))))
    }

    fn write(&mut self, cx: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        cx.days.push_instant(out, (self.0)(cx, row));
    }
}

/// A whole number, or none.
pub(super) struct Count<F>(pub(super) F);

impl<R, F: Fn(&Context<'_>, &R) -> Option<i64>> Draw<R> for Count<F> {
    fn strip(&mut self, cx: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        let mut numbers = Numbers::with_capacity(rows.len());
        for row in rows {
            numbers.push((self.0)(cx, row));
        }
        Ok(Strip::Numbers(numbers))
    }

    fn write(&mut self, cx: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        if let Some(count) = (self.0)(cx, row) {
            push_number(out, count);
        }
    }
}

/// True or false.
pub(super) struct Flag<F>(pub(super) F);

impl<R, F: Fn(&Context<'_>, &R) -> bool> Draw<R> for Flag<F> {
    fn strip(&mut self, cx: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        Ok(Strip::Flags(rows.iter().map(|row| (self.0)(cx, row)).collect()))
    }

    fn write(&mut self, cx: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        out.extend_from_slice(if (self.0)(cx, row) { b"true" } else { b"false" });
    }
}

/// A decimal number, or none.
pub(super) struct Decimals<F> {
    pub(super) name: &'static str,
    pub(super) width: Width,
    pub(super) get: F,
}

impl<R, F: Fn(&Context<'_>, &R) -> Option<Decimal>> Draw<R> for Decimals<F> {
    fn strip(&mut self, cx: &Context<'_>, rows: &[R]) -> Result<Strip, OutputError> {
        let Width { precision, scale } = self.width;
        let decimals = rows.iter().map(|row| (self.get)(cx, row));
        if precision > SHORT_DIGITS {
            return self
                .units(rows.len(), decimals, |decimal| decimal.at_scale(precision, scale))
                .map(Strip::Wide);
        }
        if precision == SHORT_DIGITS {
            return self
                .units(rows.len(), decimals, |decimal| decimal.at_short_scale(scale))
                .map(Strip::Numbers);
        }
        Err(OutputError::broken("decimals have 18 digits or more", self.name.to_owned()))
    }

    fn write(&mut self, cx: &Context<'_>, row: &R, out: &mut Vec<u8>) {
        if let Some(decimal) = (self.get)(cx, row) {
            decimal.write(out);
        }
    }
}

impl<F> Decimals<F> {
    fn units<N: Default>(
        &self,
        rows: usize,
        decimals: impl Iterator<Item = Option<Decimal>>,
        units: impl Fn(Decimal) -> Option<N>,
    ) -> Result<Numbers<N>, OutputError> {
        let mut numbers = Numbers::with_capacity(rows);
        for decimal in decimals {
            match decimal {
                None => numbers.push(None),
                Some(decimal) => match units(decimal) {
                    Some(units) => numbers.push(Some(units)),
                    None => return Err(self.too_wide(decimal)),
                },
            }
        }
        Ok(numbers)
    }

    fn too_wide(&self, decimal: Decimal) -> OutputError {
        let Width { precision, scale } = self.width;
        let detail = format!("{} is {decimal}, more than Decimal({precision},{scale}) holds", self.name);
        OutputError::broken("every number fits its column", detail)
    }
}
