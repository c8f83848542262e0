//! Strips: the cells of one column for some rows, as they wait to be encoded.
//!
//! A cell is a number wherever it can be: of a word, of a day, of an amount. Only texts that hardly repeat are held as
//! texts, and a text that stands in several rows after one another is held once.

use super::lexicon::Lexicon;
use std::ops::Range;
use std::sync::Arc;

/// The cells of a column.
#[derive(Debug)]
pub(super) enum Strip {
    /// All of them are empty.
    Empty,
    /// The number of a word for each row; 0 is empty.
    Words(Vec<u32>, Arc<Lexicon>),
    /// Texts.
    Texts(Texts),
    /// True or false, in every row.
    Flags(Vec<bool>),
    /// Days since 1970.
    Days(Numbers<i32>),
    /// Microseconds since 1970, counts, or decimals at the scale of their column.
    Numbers(Numbers<i64>),
    /// Decimals of more digits.
    Wide(Numbers<i128>),
}

/// A number for each row.
#[derive(Debug)]
pub(super) struct Numbers<N> {
    /// A row without one holds 0.
    pub(super) values: Vec<N>,
    /// Which rows have one; none: all of them.
    pub(super) present: Option<Vec<bool>>,
}

impl<N> Numbers<N> {
    /// A number in every row.
    pub(super) fn whole(values: impl Iterator<Item = N>) -> Numbers<N> {
        Numbers { values: values.collect(), present: None }
    }
}

impl<N: Default> Numbers<N> {
    /// No rows, and room for so many.
    pub(super) fn with_capacity(rows: usize) -> Numbers<N> {
        Numbers { values: Vec::with_capacity(rows), present: None }
    }

    /// Adds a row.
    #[inline]
    pub(super) fn push(&mut self, value: Option<N>) {
        let is_present = value.is_some();
        if !is_present && self.present.is_none() {
            self.present = Some(vec![true; self.values.len()]);
        }
        if let Some(present) = &mut self.present {
            present.push(is_present);
        }
        self.values.push(value.unwrap_or_default());
    }
}

/// Texts of rows; a text of several rows after one another stands once. An empty text is no text.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where each text ends in `bytes`.
    ends: Vec<usize>,
    /// The first row of each text.
    firsts: Vec<usize>,
    rows: usize,
}

impl Texts {
    /// No rows, and room for so many.
    pub(super) fn with_capacity(rows: usize) -> Texts {
        Texts {
            bytes: Vec::with_capacity(rows * 16),
            ends: Vec::with_capacity(rows),
            firsts: Vec::with_capacity(rows),
            rows: 0,
        }
    }

    /// Adds a row with the text of the row before.
    #[inline]
    pub(super) fn repeat(&mut self) {
        self.rows += 1;
    }

    /// Adds a row with the text that `write` appends.
    #[inline]
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let last = self.ends.last().copied().unwrap_or_default();
        write(&mut self.bytes);
        let before = self.ends.len().checked_sub(2).map_or(0, |number| self.ends[number]);
        // Two keys may have one text; equal texts must never show how they came to stand side by side.
        if !self.ends.is_empty() && self.bytes[before..last] == self.bytes[last..] {
            self.bytes.truncate(last);
        } else {
            self.ends.push(self.bytes.len());
            self.firsts.push(self.rows);
        }
        self.rows += 1;
    }

    /// The texts of some rows, each with the number of rows that it has there.
    pub(super) fn runs(&self, rows: Range<usize>) -> impl Iterator<Item = (&[u8], usize)> {
        let first = self.firsts.partition_point(|&first| first <= rows.start).saturating_sub(1);
        let last =
            if rows.is_empty() { first } else { self.firsts.partition_point(|&first| first < rows.end) };
        (first..last).map(move |number| {
            let begin = if number == 0 { 0 } else { self.ends[number - 1] };
            let until = self.firsts.get(number + 1).copied().unwrap_or(self.rows);
            let length = until.min(rows.end) - self.firsts[number].max(rows.start);
            (&self.bytes[begin..self.ends[number]], length)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_side_by_side_stand_once_however_they_came() {
        let mut texts = Texts::with_capacity(4);
        for text in ["a", "a", "", "bc", "bc"] {
            texts.push(|out| out.extend_from_slice(text.as_bytes()));
        }
        texts.repeat();
        let runs = |rows| texts.runs(rows).collect::<Vec<_>>();
        assert_eq!(runs(0..6), [(&b"a"[..], 2), (b"", 1), (b"bc", 3)]);
        assert_eq!(runs(1..2), [(&b"a"[..], 1)]);
        assert_eq!(runs(2..5), [(&b""[..], 1), (b"bc", 2)]);
        assert_eq!((runs(0..0).len(), runs(2..2).len(), runs(6..6).len()), (0, 0, 0));
    }

    #[test]
    fn rows_without_a_number_are_told_only_where_there_are_any() {
        let mut numbers = Numbers::with_capacity(3);
        numbers.push(Some(7));
        assert_eq!(numbers.present, None);
        numbers.push(None);
        numbers.push(Some(9));
        assert_eq!(numbers.values, [7, 0, 9]);
        assert_eq!(numbers.present, Some(vec![true, false, true]));
    }
}
