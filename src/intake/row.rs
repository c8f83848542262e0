//! A row, wherever it comes from, and the cells of a row as values.
//!
//! CSV, Parquet and JSON all arrive here, and a [typed](super::typed) cell says what its text would say, so the same content
//! gives the same values and the same findings.

use super::batch::BatchColumn;
use super::cell;
use super::columns::{Column, Need, Schema};
use super::memo::{Coded, Memo};
use super::typed::Cell;
use termwise_engine::calendar::{Day, Instant};
use termwise_engine::findings::Code;
use termwise_engine::money::Price;

/// What is wrong with a cell, and its column; an empty column stands for the row.
pub(super) type Fault = (Code, &'static str);

/// The fields of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fields<'a> {
    /// A line of CSV without quotes, and where each field ends.
    Line(&'a str, &'a [usize]),
    /// A CSV record, and the bytes that it stands for.
    Record(&'a csv::StringRecord, &'a str),
    /// A row of a Parquet batch.
    Batch(&'a [BatchColumn], usize),
    /// Cells made of JSON.
    Cells(&'a [String]),
}

impl<'a> Fields<'a> {
    #[inline]
    fn get(self, place: usize) -> Cell<'a> {
        match self {
            Fields::Line(line, ends) => Cell::Text(field(line, ends, place)),
            Fields::Record(record, _) => Cell::Text(record.get(place).unwrap_or_default()),
            Fields::Batch(columns, row) => {
                columns.get(place).map_or(Cell::Text(""), |column| column.cell(row))
            }
            Fields::Cells(cells) => Cell::Text(cells.get(place).map_or("", String::as_str)),
        }
    }
}

/// A field of a line: from after the separator before it to its own end.
fn field<'a>(line: &'a str, ends: &[usize], place: usize) -> &'a str {
    let Some(&end) = ends.get(place) else { return "" };
    let start = place.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |before| before + 1);
    line.get(start..end).unwrap_or_default()
}

/// A data row of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    /// Counted from 1, without the header and blank lines.
    pub number: u32,
    /// Its fields in the order of the file.
    pub fields: Fields<'a>,
    /// For each column of the schema its place among the fields.
    pub places: &'a [Option<usize>],
    /// Whether it has more or fewer fields than the header.
    pub ragged: bool,
    /// The batch whose codes its words have.
    pub batch: u64,
    /// Whether its text is known to hold nothing but printable ASCII.
    pub is_ascii: bool,
}

/// An excerpt is for reading: more than this is cut.
const EXCERPT_BYTES: usize = 2_000;

impl<'a> Row<'a> {
    /// The cell of a column; empty where the file lacks it.
    #[inline]
    fn get(&self, column: Column) -> Cell<'a> {
        let place = self.places.get(column.index).copied().flatten();
        place.map_or(Cell::Text(""), |place| self.fields.get(place))
    }

    /// The text of a column that is read as text; empty where the file lacks it.
    pub(super) fn cell(&self, column: Column) -> &'a str {
        match self.get(column) {
            Cell::Text(text) => text,
            Cell::Word(words, code) => words.text(code),
            Cell::Day(_) | Cell::Moment(_) | Cell::Whole(_) | Cell::Decimal(..) | Cell::Flag(_) => "",
        }
    }

    /// What stands in the column of that name.
    pub(super) fn cell_named(&self, schema: &Schema, name: &str) -> String {
        let mut text = String::new();
        if let Some(column) = schema.columns.iter().find(|column| column.name == name) {
            self.get(*column).write(&mut text);
        }
        text
    }

    /// The row as it stands in the file, or its cells joined by commas.
    pub(super) fn excerpt(&self) -> String {
        let whole = match self.fields {
            Fields::Line(raw, _) | Fields::Record(_, raw) => raw.to_owned(),
            Fields::Batch(columns, row) => {
                let mut all = String::new();
                for (number, column) in columns.iter().enumerate() {
                    if number > 0 {
                        all.push(',');
                    }
                    column.cell(row).write(&mut all);
                }
                all
            }
            Fields::Cells(cells) => cells.join(","),
        };
        if whole.len() <= EXCERPT_BYTES {
            return whole;
        }
        let end = (0..=EXCERPT_BYTES).rev().find(|&end| whole.is_char_boundary(end)).unwrap_or_default();
        format!("{}…", &whole[..end])
    }
}

/// The cells of one row as values; what can't be read is noted and the reading goes on, so that a row's faults are all
/// found at once.
pub(super) struct Cells<'r, 'a> {
    row: Row<'a>,
    faults: &'r mut Vec<Fault>,
}

impl<'r, 'a> Cells<'r, 'a> {
    /// The cells of a row; `faults` is emptied first.
    pub(super) fn new(row: Row<'a>, faults: &'r mut Vec<Fault>) -> Cells<'r, 'a> {
        faults.clear();
        if row.ragged {
            faults.push((Code::FieldCount, ""));
        }
        Cells { row, faults }
    }

    /// A cell that is not empty. Of a required one that is empty the row is not read.
    #[inline]
    fn filled(&mut self, column: Column) -> Option<Cell<'a>> {
        let cell = self.row.get(column);
        let cell = if let Cell::Word(words, code) = cell { Cell::Text(words.text(code)) } else { cell };
        let Cell::Text(text) = cell else { return Some(cell) };
        if text.is_empty() {
            if column.need == Need::Required {
                self.fault(Code::ValueMissing, column);
            }
            return None;
        }
        if !self.row.is_ascii && !cell::is_plain(text) {
            self.fault(Code::TextInvalid, column);
            return None;
        }
        Some(cell)
    }

    /// The text of a cell that is not empty.
    #[inline]
    pub(super) fn text(&mut self, column: Column) -> Option<&'a str> {
        match self.filled(column)? {
            Cell::Text(text) => Some(text),
            Cell::Word(words, code) => Some(words.text(code)),
            // Only columns of another kind than text come in a type of their own.
            Cell::Day(_) | Cell::Moment(_) | Cell::Whole(_) | Cell::Decimal(..) | Cell::Flag(_) => None,
        }
    }

    /// The value of a cell of text that is not empty.
    pub(super) fn read<T>(
        &mut self,
        column: Column,
        parse: impl FnOnce(&str) -> Result<T, Code>,
    ) -> Option<T> {
        let text = self.text(column)?;
        self.noted(column, parse(text))
    }

    #[inline]
    fn noted<T>(&mut self, column: Column, value: Result<T, Code>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(code) => {
                self.fault(code, column);
                None
            }
        }
    }

    #[inline]
    fn typed<T>(&mut self, column: Column, value: impl FnOnce(Cell<'a>) -> Result<T, Code>) -> Option<T> {
        let cell = self.filled(column)?;
        self.noted(column, value(cell))
    }

    /// A date.
    pub(super) fn day(&mut self, column: Column) -> Option<Day> {
        self.typed(column, Cell::day)
    }

    /// An instant.
    pub(super) fn instant(&mut self, column: Column) -> Option<Instant> {
        self.typed(column, Cell::instant)
    }

    /// Seats, none of them perhaps.
    pub(super) fn seats(&mut self, column: Column) -> Option<u32> {
        self.typed(column, Cell::seats)
    }

    /// Seats that may be less than zero.
    pub(super) fn signed_seats(&mut self, column: Column) -> Option<i32> {
        self.typed(column, Cell::signed_seats)
    }

    /// An amount for one seat.
    pub(super) fn money(&mut self, column: Column) -> Option<Price> {
        self.typed(column, Cell::money)
    }

    /// True or false.
    pub(super) fn flag(&mut self, column: Column) -> Option<bool> {
        self.typed(column, Cell::flag)
    }

    /// What a cell's word stands for.
    pub(super) fn word<T>(&mut self, column: Column, of: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.read(column, |word| of(word).ok_or(Code::ValueUnknown))
    }

    /// What a cell's word stands for, where the same words come again and again.
    pub(super) fn known<T: Copy>(
        &mut self,
        column: Column,
        memo: &mut Memo<T>,
        of: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.known_or(column, memo, Code::ValueUnknown, of)
    }

    /// The same, with a code of its own for what is not known. What the memo holds was looked at before.
    #[inline]
    pub(super) fn known_or<T: Copy>(
        &mut self,
        column: Column,
        memo: &mut Memo<T>,
        code: Code,
        of: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        match self.row.get(column) {
            Cell::Text(text) => {
                if let Some(value) = memo.get(text) {
                    return Some(value);
                }
            }
            Cell::Word(_, word) => return self.coded(column, (memo, word), code, of),
            Cell::Day(_) | Cell::Moment(_) | Cell::Whole(_) | Cell::Decimal(..) | Cell::Flag(_) => {}
        }
        let text = self.text(column)?;
        self.noted(column, memo.of(text, of).ok_or(code))
    }

    /// What a coded word stands for: read once in its batch.
    #[inline]
    fn coded<T: Copy>(
        &mut self,
        column: Column,
        (memo, word): (&mut Memo<T>, u8),
        code: Code,
        of: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let batch = self.row.batch;
        match memo.coded(batch, word) {
            Coded::Value(value) => return Some(*value),
            Coded::Nothing if column.need != Need::Required => return None,
            Coded::Nothing | Coded::New => {}
        }
        let Some(text) = self.text(column) else {
            if self.row.cell(column).is_empty() {
                *memo.coded(batch, word) = Coded::Nothing;
            }
            return None;
        };
        let value = self.noted(column, memo.of(text, of).ok_or(code))?;
        *memo.coded(batch, word) = Coded::Value(value);
        Some(value)
    }

    /// The codes of two words of a row, where both are coded.
    pub(super) fn codes(&self, left: Column, right: Column) -> Option<(u64, u8, u8)> {
        match (self.row.get(left), self.row.get(right)) {
            (Cell::Word(_, left), Cell::Word(_, right)) => Some((self.row.batch, left, right)),
            _ => None,
        }
    }

    /// What each part of a cell's list stands for; empty where one of them is not known.
    pub(super) fn list<T>(&mut self, column: Column, mut of: impl FnMut(&str) -> Option<T>) -> Vec<T> {
        let Some(text) = self.text(column) else { return Vec::new() };
        let values: Option<Vec<T>> = cell::list(text).map(&mut of).collect();
        values.unwrap_or_else(|| {
            self.fault(Code::ValueUnknown, column);
            Vec::new()
        })
    }

    /// Whether the file has a column.
    pub(super) fn has(&self, column: Column) -> bool {
        self.row.places.get(column.index).copied().flatten().is_some()
    }

    /// Notes a fault; of a row with the wrong number of fields that is the only one, since its cells are guesses.
    pub(super) fn fault(&mut self, code: Code, column: Column) {
        if !self.row.ragged {
            self.faults.push((code, column.name));
        }
    }

    /// Whether everything so far could be read.
    pub(super) fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}
