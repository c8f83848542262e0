//! Reading CSV: UTF-8, LF or CRLF, quotes as RFC 4180 has them.
//!
//! A block without quotes is split at its commas; one with quotes, which the [guard](super::guard) has seen, goes through the
//! csv crate. Both give the same rows (a property test holds it).

use super::columns::{ColumnMap, Need, Places, Schema, find};
use super::csv_blocks::{Block, Blocks, Run, not_utf8};
use super::error::{IntakeError, Warning};
use super::files::Visit;
use super::guard;
use super::row::{Fields, Row};
use crate::job::InputFile;
use std::io::Cursor;
use std::ops::ControlFlow;
use termwise_engine::findings::Table;

/// Bytes that the parser looks at a time, at most.
const PARSED_BYTES: usize = 1 << 16;
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What a file's header settles for its rows.
#[derive(Clone, Debug)]
pub(super) struct Heading<'a> {
    /// The file as the job names it.
    pub shown: &'a str,
    /// The columns of the input.
    pub schema: &'a Schema,
    /// How many the file has.
    pub columns: usize,
    /// For each column of the schema its place in the file.
    pub places: Vec<Option<usize>>,
}

/// Reads the header of a file; gives what is odd about it too.
pub(super) fn heading<'a>(
    blocks: &mut Blocks,
    schema: &'a Schema,
    map: &ColumnMap,
    shown: &'a str,
) -> Result<(Heading<'a>, Vec<Warning>), IntakeError> {
    let head = blocks.head();
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // Only the header has to be whole here; the rows are looked at block by block.
        Err(error) => match head.get(..error.valid_up_to()).map(std::str::from_utf8) {
            Some(Ok(valid)) if valid.trim_start_matches([BYTE_ORDER_MARK, '\r', '\n']).contains('\n') => {
                valid
            }
            Some(_) | None => return Err(not_utf8(head, error.valid_up_to(), (0, 0), shown)),
        },
    };
    let (length, marked) = (text.len(), text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text));
    let (header, data, blank_before) = split_header(marked, shown)?;
    let names: Vec<&str> = header.iter().collect();
    let Places { places, warnings } = find(schema, map, &names, shown)?;
    let passed = length - data.len();
    let columns = header.len();
    blocks.pass_header(passed, blank_before + 1, blank_before, columns);
    Ok((Heading { shown, schema, columns, places }, warnings))
}

/// The names in a file's header, whatever they are; what else is wrong with the file shows when it is read.
pub(super) fn names(file: &InputFile) -> Result<Vec<String>, IntakeError> {
    let blocks = Blocks::open(file, 1)?;
    let text = String::from_utf8_lossy(blocks.head());
    let (header, ..) = split_header(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text), &file.shown)?;
    Ok(header.iter().map(str::to_owned).collect())
}

/// Visits the rows of a block, or those of them that are wanted, by number.
pub(super) fn visit(
    block: &Block,
    heading: &Heading<'_>,
    wanted: Option<&[u32]>,
    visit: Visit<'_>,
) -> Result<(), IntakeError> {
    let shown = heading.shown;
    let before = (block.place.first_byte, block.lines_before);
    let text = std::str::from_utf8(&block.bytes)
        .map_err(|error| not_utf8(&block.bytes, error.valid_up_to(), before, shown))?;
    let mut rows = 0;
    let mut parser = None;
    for run in &block.runs {
        let part =
            Part { block, run, text: text.get(run.start..run.end).unwrap_or_default(), rows_before: rows };
        let seen = match run.needs_parser {
            true => {
                let parser = parser.get_or_insert_with(|| Parser::of(block, text));
                visit_records(&part, parser, heading, wanted, visit)?
            }
            false => visit_lines(&part, heading, wanted, visit)?,
        };
        match seen {
            ControlFlow::Continue(seen) => rows += seen,
            ControlFlow::Break(()) => return Ok(()),
        }
    }
    if rows != block.place.rows {
        let why = format!("the parser found {rows} rows where there are {}", block.place.rows);
        return Err(IntakeError::damaged(shown, why));
    }
    Ok(())
}

/// A stretch of a block, after so many rows of it.
struct Part<'b> {
    block: &'b Block,
    run: &'b Run,
    text: &'b str,
    rows_before: u64,
}

impl Part<'_> {
    /// The number of the row that is so many-th of the stretch.
    fn number(&self, rows: u64, shown: &str) -> Result<u32, IntakeError> {
        let number = u32::try_from(self.block.place.first_row + self.rows_before + rows);
        number.map_err(|_| IntakeError::limit(shown, "the file has too many rows"))
    }
}

/// How many rows were seen, or that all wanted ones were.
type Seen = ControlFlow<(), u64>;

/// Splits lines at their commas: nothing in them needs more.
fn visit_lines(
    part: &Part<'_>,
    heading: &Heading<'_>,
    wanted: Option<&[u32]>,
    visit: Visit<'_>,
) -> Result<Seen, IntakeError> {
    let text = part.text;
    let is_ascii = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e | b'\n' | b'\r'));
    let mut wanted = wanted.map(|rows| rows.iter().peekable());
    let mut ends: Vec<usize> = Vec::with_capacity(heading.columns);
    let (mut rows, mut start) = (0, 0);
    let (first, end) = part.run.breaks;
    for &feed in &part.block.breaks[first..end] {
        let feed = feed - part.run.start;
        let line = text.get(start..feed).unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        start = feed + 1;
        if line.is_empty() {
            continue;
        }
        rows += 1;
        let number = part.number(rows, heading.shown)?;
        if let Some(wanted) = &mut wanted {
            // Those of stretches before this one have been visited.
            while wanted.next_if(|&&row| row < number).is_some() {}
            match wanted.peek() {
                None => return Ok(ControlFlow::Break(())),
                Some(&&row) if row != number => continue,
                Some(_) => drop(wanted.next()),
            }
        }
        ends.clear();
        ends.extend(memchr::memchr_iter(b',', line.as_bytes()));
        ends.push(line.len());
        let ragged = ends.len() != heading.columns;
        let fields = Fields::Line(line, &ends);
        visit(Row { number, fields, places: &heading.places, ragged, batch: 0, is_ascii })?;
    }
    Ok(ControlFlow::Continue(rows))
}

/// The csv crate's parser over all stretches of a block that need it, one after the other: a parser of its own for each would
/// take longer to make than to use.
struct Parser {
    reader: csv::Reader<Cursor<Vec<u8>>>,
    record: csv::StringRecord,
    /// Bytes of the stretches that are through.
    passed: usize,
}

impl Parser {
    fn of(block: &Block, text: &str) -> Parser {
        // At its very beginning the parser takes a byte order mark for the file's own and drops it; here it stands amid the
        // file, and after a blank line, which is no record, it is kept for what it is.
        let mut all = vec![b'\n'];
        for run in block.runs.iter().filter(|run| run.needs_parser) {
            all.extend_from_slice(text.get(run.start..run.end).unwrap_or_default().as_bytes());
        }
        let passed = 1;
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(all.len().clamp(1, PARSED_BYTES))
            .from_reader(Cursor::new(all));
        Parser { reader, record: csv::StringRecord::new(), passed }
    }
}

/// Reads the records of a stretch.
fn visit_records(
    part: &Part<'_>,
    parser: &mut Parser,
    heading: &Heading<'_>,
    wanted: Option<&[u32]>,
    visit: Visit<'_>,
) -> Result<Seen, IntakeError> {
    let Heading { shown, schema, columns, places } = heading;
    let text = part.text;
    let Parser { reader, record, passed } = parser;
    let (mut rows, mut start) = (0, 0);
    let is_through = |start: usize| text.as_bytes()[start..].iter().all(|byte| matches!(byte, b'\r' | b'\n'));
    while !is_through(start) {
        if !reader.read_record(record).map_err(|error| IntakeError::damaged(shown, error))? {
            break;
        }
        let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX).saturating_sub(*passed);
        let end = end.clamp(start, text.len());
        let raw = text.get(start..end).unwrap_or_default().trim_matches(['\r', '\n']);
        start = end;
        rows += 1;
        let ragged = record.len() != *columns;
        let number = part.number(rows, shown)?;
        let row =
            Row { number, fields: Fields::Record(record, raw), places, ragged, batch: 0, is_ascii: false };
        if memchr::memchr2(b'\n', b'\r', raw.as_bytes()).is_some() {
            check_lines(&row, record, schema, *columns, shown)?;
        }
        if wanted.is_none_or(|wanted| wanted.binary_search(&number).is_ok()) {
            visit(row)?;
        }
    }
    *passed += text.len();
    Ok(ControlFlow::Continue(rows))
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
        (_, false) if in_read.is_none() && matches!(schema.table, Table::PriceList | Table::VendorLines) => {
            return Ok(());
        }
        (_, true) if in_read.is_none() => "a quoted field holds what looks like whole rows".to_owned(),
        (Some(column), _) => format!("the cell of {:?} goes over several lines", column.name),
        (None, _) => "a cell of an unknown column goes over several lines".to_owned(),
    };
    let hint = "a quote in this row is opened and not closed, or closed by a later row's; close it";
    Err(IntakeError::refused_at(shown, u64::from(row.number), what, hint))
}
