//! The guard in front of the CSV parser: what RFC 4180 does not allow, and what a parser would pass in silence.
//!
//! A quote that is never closed swallows every row after it; text after a closing quote is glued to the cell; a file cut
//! in its last row loses cells. Each of these refuses the file and names the row. The guard also counts rows and blank
//! lines itself, so that the parser's count can be checked against it.

use super::error::IntakeError;

/// The longest field.
pub(super) const FIELD_BYTES: usize = 64 * 1024;
/// The longest row.
pub(super) const ROW_BYTES: usize = 1024 * 1024;

/// What the guard counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Shape {
    /// Rows, without blank lines.
    pub rows: u64,
    /// Lines without a character.
    pub blank_lines: u64,
    /// Whether the last row ends with a line break, or there is no row.
    pub ends_with_break: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    FieldStart,
    Unquoted,
    Quoted,
    AfterQuote,
}

struct Walk<'a> {
    shown: &'a str,
    shape: Shape,
    rows_before: u64,
    row_start: usize,
    field_start: usize,
    fields: usize,
}

impl Walk<'_> {
    fn refuse(&self, what: &str, hint: &str) -> IntakeError {
        IntakeError::refused_at(self.shown, self.rows_before + self.shape.rows + 1, what, hint)
    }

    fn end_field(&mut self, end: usize) -> Result<(), IntakeError> {
        if end - self.field_start > FIELD_BYTES {
            return Err(self.refuse(
                "a field is longer than 64 KiB",
                "look for a missing closing quote in this row; no cell needs that much",
            ));
        }
        self.field_start = end + 1;
        self.fields += 1;
        Ok(())
    }

    /// Ends the row whose line break is at `end`; an empty one is a blank line.
    fn end_row(&mut self, end: usize, is_blank: bool) -> Result<(), IntakeError> {
        self.end_field(end)?;
        if end - self.row_start > ROW_BYTES {
            return Err(self.refuse("the row is longer than 1 MiB", "look for a missing quote or line break"));
        }
        if is_blank {
            self.shape.blank_lines += 1;
        } else {
            self.shape.rows += 1;
        }
        self.row_start = end + 1;
        self.fields = 0;
        Ok(())
    }
}

/// Walks through data rows of a CSV file of so many `columns`, with so many rows before them.
pub(super) fn check(data: &str, columns: usize, rows_before: u64, shown: &str) -> Result<Shape, IntakeError> {
    let bytes = data.as_bytes();
    let mut walk =
        Walk { shown, shape: Shape::default(), rows_before, row_start: 0, field_start: 0, fields: 0 };
    let mut at = At::FieldStart;
    let mut here = 0;
    while let Some(&byte) = bytes.get(here) {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::AfterQuote,
            (At::Quoted, _) => {
                let rest = &bytes[here..];
                let skipped = memchr::memchr(b'"', rest).unwrap_or(rest.len());
                if here + skipped - walk.field_start > FIELD_BYTES {
                    return Err(open_quote(&walk));
                }
                here += skipped;
                continue;
            }
            (At::FieldStart, b'"') => At::Quoted,
            (At::AfterQuote, b'"') => At::Quoted,
            (At::Unquoted, b'"') => {
                return Err(walk.refuse(
                    "a quote stands inside a field that does not begin with one",
                    "put the whole field into quotes and double the quotes inside it",
                ));
            }
            (_, b',') => {
                walk.end_field(here)?;
                At::FieldStart
            }
            (_, b'\n') => {
                walk.end_row(here, here == walk.row_start)?;
                At::FieldStart
            }
            (_, b'\r') => {
                if bytes.get(here + 1) != Some(&b'\n') {
                    return Err(walk.refuse(
                        "a carriage return stands without a line feed",
                        "export the file with LF or CRLF at the end of its lines",
                    ));
                }
                walk.end_row(here, here == walk.row_start)?;
                here += 1;
                walk.row_start = here + 1;
                walk.field_start = here + 1;
                At::FieldStart
            }
            (At::AfterQuote, _) => {
                return Err(walk.refuse(
                    "text follows the closing quote of a field",
                    "double the quotes that belong to the text, and look for a missing quote in the rows before",
                ));
            }
            (At::FieldStart | At::Unquoted, _) => At::Unquoted,
        };
        here += 1;
    }
    if at == At::Quoted {
        return Err(open_quote(&walk));
    }
    walk.shape.ends_with_break = walk.row_start == bytes.len();
    if !walk.shape.ends_with_break {
        if bytes.len() - walk.field_start > FIELD_BYTES {
            walk.end_field(bytes.len())?;
        }
        let fields = walk.fields + 1;
        if fields < columns {
            let what = format!(
                "the last row has no line break and {fields} of {columns} fields: the file seems to be cut off"
            );
            return Err(walk.refuse(&what, "export or copy the file again"));
        }
        walk.end_row(bytes.len(), false)?;
    }
    Ok(walk.shape)
}

fn open_quote(walk: &Walk<'_>) -> IntakeError {
    walk.refuse(
        "the quote that opens in this row is not closed",
        "close it, or double it where it belongs to the text; every row after it would be lost",
    )
}
