//! Reading CSV: UTF-8, LF or CRLF, quotes as RFC 4180 has them, behind a [guard](super::guard).

use super::columns::{ColumnMap, Need, Places, Schema, find};
use super::error::{IntakeError, Warning};
use super::files::{Counts, Visit};
use super::guard;
use super::row::{Fields, Row};
use termwise_engine::findings::Table;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Visits every data row of a CSV file.
pub(super) fn read(
    bytes: &[u8],
    shown: &str,
    schema: &Schema,
    map: &ColumnMap,
    visit: Visit<'_>,
) -> Result<Counts, IntakeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to(), shown))?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let (header, data, blank_before) = split_header(text, shown)?;
    let names: Vec<&str> = header.iter().collect();
    let Places { places, mut warnings } = find(schema, map, &names, shown)?;
    let shape = guard::check(data, header.len(), shown)?;

    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(1 << 16)
        .from_reader(data.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut rows = 0_u64;
    let mut start = 0;
    while reader.read_record(&mut record).map_err(|error| IntakeError::damaged(shown, error))? {
        let end = usize::try_from(reader.position().byte()).unwrap_or(data.len());
        let raw = data.get(start..end).unwrap_or_default().trim_matches(['\r', '\n']);
        start = end;
        rows += 1;
        let ragged = record.len() != header.len();
        let number =
            u32::try_from(rows).map_err(|_| IntakeError::limit(shown, "the file has too many rows"))?;
        let row = Row { number, fields: Fields::Record(&record, raw), places: &places, ragged };
        if memchr::memchr2(b'\n', b'\r', raw.as_bytes()).is_some() {
            check_lines(&row, &record, schema, header.len(), shown)?;
        }
        visit(row)?;
    }
    if rows != shape.rows {
        let why = format!("the parser found {rows} rows where there are {}", shape.rows);
        return Err(IntakeError::damaged(shown, why));
    }
    if !shape.ends_with_break {
        warnings.push(Warning::trouble(format!(
            "{shown}:{rows}: the last row has all its fields and no line break: check that the file is complete"
        )));
    }
    Ok(Counts { rows, blank_lines: shape.blank_lines + blank_before, warnings })
}

fn not_utf8(bytes: &[u8], at: usize, shown: &str) -> IntakeError {
    let line = memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or_default()).count() + 1;
    let what = format!("the file is not UTF-8: byte {at} (line {line}) does not belong to a character");
    let hint = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16; export it as UTF-8",
        _ => "export the file as UTF-8",
    };
    IntakeError::refused(shown, what, hint)
}

/// The header's record, what follows it, and how many blank lines stand before it.
fn split_header<'a>(text: &'a str, shown: &str) -> Result<(csv::StringRecord, &'a str, u64), IntakeError> {
    let mut blank_before = 0;
    let mut rest = text;
    while let Some(after) = rest.strip_prefix('\n').or_else(|| rest.strip_prefix("\r\n")) {
        blank_before += 1;
        rest = after;
    }
    let (line, data) = rest.split_once('\n').unwrap_or((rest, ""));
    let line = line.strip_suffix('\r').unwrap_or(line);
    let refuse = |what: &str, hint: &str| Err(IntakeError::refused(shown, what, hint));
    if line.is_empty() {
        return refuse("the file is empty: it has no header", "export the file again, with its header");
    }
    if line.contains('\r') {
        let hint = "export the file with LF or CRLF at the end of its lines";
        return refuse("the file's lines end with carriage returns only", hint);
    }
    if line.contains('\0') {
        return refuse("the header holds NUL characters", "export the file as UTF-8, not UTF-16");
    }
    // The vendor's documented header opens its last name with a quote and closes it with a typographic one (domain 4.1).
    let mended = line.strip_suffix('\u{201d}').filter(|_| line.matches('"').count() % 2 == 1);
    let line = mended.map_or_else(|| line.to_owned(), |open| format!("{open}\""));
    if line.matches('"').count() % 2 == 1 {
        return refuse("a quote in the header is not closed", "close the quote in the first line");
    }
    if line.len() > guard::FIELD_BYTES {
        return refuse("the header is longer than 64 KiB", "check that the file is a CSV file");
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let mut header = csv::StringRecord::new();
    reader.read_record(&mut header).map_err(|error| IntakeError::damaged(shown, error))?;
    Ok((header, data, blank_before))
}

/// A field over several lines is fine in the vendor's own prose, which only the price list has. Anywhere else, or where a line
/// inside it has as many separators as half a row, a quote was left open and closed by another row's.
fn check_lines(
    row: &Row<'_>,
    record: &csv::StringRecord,
    schema: &Schema,
    columns: usize,
    shown: &str,
) -> Result<(), IntakeError> {
    let broken = |text: &str| text.contains(['\n', '\r']);
    if !record.iter().any(broken) {
        return Ok(());
    }
    let named = schema.columns.iter().find(|column| broken(row.cell(**column)));
    let in_read = named.filter(|column| column.need != Need::Ignored);
    let like_a_row = |line: &str| columns > 1 && line.matches(',').count() * 2 >= columns;
    let swallowed = record.iter().any(|field| broken(field) && field.lines().skip(1).any(like_a_row));
    let what = match (in_read.or(named), swallowed) {
        (_, false) if in_read.is_none() && schema.table == Table::PriceList => return Ok(()),
        (_, true) if in_read.is_none() => "a quoted field holds what looks like whole rows".to_owned(),
        (Some(column), _) => format!("the cell of {:?} goes over several lines", column.name),
        (None, _) => "a cell of an unknown column goes over several lines".to_owned(),
    };
    let hint = "a quote in this row is opened and not closed, or closed by a later row's; close it";
    Err(IntakeError::refused_at(shown, u64::from(row.number), what, hint))
}
