//! A row, wherever it comes from, and the cells of a row as values.
//!
//! CSV, Parquet and JSON all arrive here as text, so the same content gives the same values and the same findings.

use super::cell;
use super::columns::{Column, Need, Schema};
use termwise_engine::findings::Code;

/// What is wrong with a cell, and its column; an empty column stands for the row.
pub(super) type Fault = (Code, &'static str);

/// A column of a Parquet batch as text.
#[derive(Debug)]
pub(super) enum TextColumn {
    /// Text as it stands.
    Plain(arrow_array::StringArray),
    /// Values written as text, one after the other, and where each ends.
    Written {
        /// All texts.
        text: String,
        /// The end of each row's text.
        ends: Vec<usize>,
    },
}

impl TextColumn {
    fn cell(&self, row: usize) -> &str {
        match self {
            TextColumn::Plain(array) => {
                use arrow_array::Array;
                if array.is_null(row) { "" } else { array.value(row) }
            }
            TextColumn::Written { text, ends } => {
                let start =
                    row.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or_default();
                ends.get(row).and_then(|&end| text.get(start..end)).unwrap_or_default()
            }
        }
    }
}

/// The fields of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fields<'a> {
    /// A CSV record, and the bytes that it stands for.
    Record(&'a csv::StringRecord, &'a str),
    /// A row of a Parquet batch.
    Batch(&'a [TextColumn], usize),
    /// Cells made of JSON.
    Cells(&'a [String]),
}

impl<'a> Fields<'a> {
    fn get(self, place: usize) -> &'a str {
        match self {
            Fields::Record(record, _) => record.get(place).unwrap_or_default(),
            Fields::Batch(columns, row) => columns.get(place).map_or("", |column| column.cell(row)),
            Fields::Cells(cells) => cells.get(place).map_or("", String::as_str),
        }
    }
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
}

/// An excerpt is for reading: more than this is cut.
const EXCERPT_BYTES: usize = 2_000;

impl<'a> Row<'a> {
    /// The text of a column; empty where the file lacks it.
    pub(super) fn cell(&self, column: Column) -> &'a str {
        self.places.get(column.index).copied().flatten().map_or("", |place| self.fields.get(place))
    }

    /// The text of the column of that name.
    pub(super) fn cell_named(&self, schema: &Schema, name: &str) -> &'a str {
        schema.columns.iter().find(|column| column.name == name).map_or("", |column| self.cell(*column))
    }

    /// The row as it stands in the file, or its cells joined by commas.
    pub(super) fn excerpt(&self) -> String {
        let whole = match self.fields {
            Fields::Record(_, raw) => raw.to_owned(),
            Fields::Batch(columns, row) => {
                columns.iter().map(|column| column.cell(row)).collect::<Vec<_>>().join(",")
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

    /// The text of a cell that is not empty. Of a required one that is empty the row is not read.
    pub(super) fn text(&mut self, column: Column) -> Option<&'a str> {
        let text = self.row.cell(column);
        if text.is_empty() {
            if column.need == Need::Required {
                self.fault(Code::ValueMissing, column);
            }
            return None;
        }
        if !cell::is_plain(text) {
            self.fault(Code::TextInvalid, column);
            return None;
        }
        Some(text)
    }

    /// The value of a cell that is not empty.
    pub(super) fn read<T>(
        &mut self,
        column: Column,
        parse: impl FnOnce(&str) -> Result<T, Code>,
    ) -> Option<T> {
        match parse(self.text(column)?) {
            Ok(value) => Some(value),
            Err(code) => {
                self.fault(code, column);
                None
            }
        }
    }

    /// What a cell's word stands for.
    pub(super) fn word<T>(&mut self, column: Column, of: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.read(column, |word| of(word).ok_or(Code::ValueUnknown))
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
