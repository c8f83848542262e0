//! A CSV file in blocks of whole rows: read once from front to back, hashed and counted on the way.
//!
//! Reading, hashing and finding the line breaks is quick and goes in order, so that every block knows the number of its
//! first row; splitting rows into cells is slow, and blocks are split side by side. A block ends where a row ends: at a line
//! feed with an even number of quotes before it. A block with quotes goes through the [guard](super::guard) first, which
//! finds whatever would have led the counting of quotes astray.

use super::error::IntakeError;
use super::files::{FILE_ROWS, TOO_MANY_ROWS, Version};
use super::guard::{self, FIELD_BYTES, ROW_BYTES, Shape};
use crate::job::InputFile;
use std::fs::File;
use std::io::Read;

/// Bytes that are read at least before the header is looked at.
const HEAD_BYTES: usize = 2 * FIELD_BYTES;

/// Blocks that are through whose memory is kept: more than are ever read at once.
const SPARE: usize = 16;

/// Some rows of a file.
#[derive(Debug)]
pub(super) struct Block {
    /// Its number, from 0.
    pub number: usize,
    /// Whole rows.
    pub bytes: Vec<u8>,
    /// Where it stands.
    pub place: BlockPlace,
    /// Lines of the file before it.
    pub lines_before: u64,
    /// The place of every line feed.
    pub breaks: Vec<usize>,
    /// Stretches of whole rows that a plain split gets right, and others, one after the other.
    pub runs: Vec<Run>,
}

/// A stretch of whole rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Run {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
    /// The line feeds in it, by number.
    pub breaks: (usize, usize),
    /// Whether it has quotes, or anything else that a plain split would get wrong.
    pub needs_parser: bool,
}

impl Block {
    /// A block of a file that is read again.
    pub(super) fn again(bytes: Vec<u8>, place: BlockPlace) -> Block {
        let breaks: Vec<usize> = memchr::memchr_iter(b'\n', &bytes).collect();
        let runs = runs(&bytes, &breaks, shape(&bytes, 0, &breaks).1);
        Block { number: 0, place, lines_before: 0, breaks, runs, bytes }
    }

    /// Some rows from the midst of a file, whose number is not known.
    pub(super) fn loose(bytes: Vec<u8>) -> Block {
        let place = BlockPlace { first_row: 0, rows: 0, first_byte: 0, bytes: bytes.len() as u64 };
        Block::again(bytes, place)
    }
}

/// Where a block stands in its file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct BlockPlace {
    /// Rows before it.
    pub first_row: u64,
    /// Its rows.
    pub rows: u64,
    /// Bytes before it.
    pub first_byte: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// What was counted up to the end of the file.
#[derive(Debug)]
pub(super) struct Counted {
    /// Data rows.
    pub rows: u64,
    /// Lines without a character.
    pub blank_lines: u64,
    /// Whether the last row ends with a line break.
    pub ends_with_break: bool,
    /// BLAKE3 of the bytes, in hexadecimal.
    pub hash: String,
    /// Where each block stands.
    pub places: Vec<BlockPlace>,
}

/// A file that is being read.
pub(super) struct Blocks {
    shown: String,
    path: std::path::PathBuf,
    file: File,
    version: Version,
    hasher: blake3::Hasher,
    block_bytes: usize,
    columns: usize,
    buffer: Vec<u8>,
    /// Memory of blocks that are through.
    spare: Vec<Vec<u8>>,
    is_at_end: bool,
    has_failed: bool,
    bytes_before: u64,
    lines_before: u64,
    rows_before: u64,
    blank_lines: u64,
    ends_with_break: bool,
    places: Vec<BlockPlace>,
}

impl Blocks {
    /// Opens a file and reads what is needed to see its header.
    pub(super) fn open(file: &InputFile, block_bytes: usize) -> Result<Blocks, IntakeError> {
        let version = Version::of_input(file)?;
        let open = File::open(&file.path).map_err(|error| IntakeError::unread(&file.shown, &error))?;
        let mut blocks = Blocks {
            shown: file.shown.clone(),
            path: file.path.clone(),
            file: open,
            version,
            hasher: blake3::Hasher::new(),
            block_bytes: block_bytes.max(1),
            columns: 0,
            buffer: Vec::new(),
            spare: Vec::new(),
            is_at_end: false,
            has_failed: false,
            bytes_before: 0,
            lines_before: 0,
            rows_before: 0,
            blank_lines: 0,
            ends_with_break: true,
            places: Vec::new(),
        };
        blocks.fill(HEAD_BYTES)?;
        Ok(blocks)
    }

    /// The size of the file.
    pub(super) fn size(&self) -> u64 {
        self.version.bytes()
    }

    /// Which version of the file it is.
    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// The first bytes of the file.
    pub(super) fn head(&self) -> &[u8] {
        &self.buffer
    }

    /// Passes over the header: so many bytes and lines, some of them blank.
    pub(super) fn pass_header(&mut self, bytes: usize, lines: u64, blank: u64, columns: usize) {
        self.buffer.drain(..bytes);
        self.bytes_before = bytes as u64;
        self.lines_before = lines;
        self.blank_lines = blank;
        self.columns = columns;
    }

    /// Reads until the buffer holds so many bytes, or the file ends.
    fn fill(&mut self, bytes: usize) -> Result<(), IntakeError> {
        let held = self.buffer.len();
        if self.is_at_end || held >= bytes {
            return Ok(());
        }
        let wanted = (bytes - held) as u64;
        let failed = |error: std::io::Error| IntakeError::unread(&self.shown, &error);
        let read = (&self.file).take(wanted).read_to_end(&mut self.buffer).map_err(failed)?;
        self.hasher.update(&self.buffer[held..]);
        self.is_at_end = (read as u64) < wanted;
        Ok(())
    }

    /// The next block, in the order of the file; none after a fault, since what follows it can't be numbered.
    pub(super) fn next(&mut self) -> Result<Option<Block>, IntakeError> {
        if self.has_failed {
            return Ok(None);
        }
        let next = self.cut();
        self.has_failed = next.is_err();
        next
    }

    /// How many blocks were cut.
    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    fn cut(&mut self) -> Result<Option<Block>, IntakeError> {
        let mut window = self.block_bytes;
        let cut = loop {
            self.fill(window)?;
            if self.buffer.is_empty() {
                return Ok(None);
            }
            let seen = &self.buffer[..window.min(self.buffer.len())];
            match last_row_end(seen) {
                Some(end) => break end,
                None if self.is_at_end && seen.len() == self.buffer.len() => break seen.len(),
                // No row is as long as this: the guard says what is wrong.
                None if seen.len() > ROW_BYTES + 2 * FIELD_BYTES => break seen.len(),
                None => window += self.block_bytes.max(FIELD_BYTES),
            }
        };
        let mut rest = self.spare.pop().unwrap_or_default();
        rest.clear();
        rest.extend_from_slice(&self.buffer[cut..]);
        self.buffer.truncate(cut);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        self.block(bytes).map(Some)
    }

    /// Takes back the memory of a block that is through, for one that comes: the system clears what it gives anew.
    pub(super) fn take_back(&mut self, bytes: Vec<u8>) {
        if self.spare.len() < SPARE {
            self.spare.push(bytes);
        }
    }

    fn block(&mut self, bytes: Vec<u8>) -> Result<Block, IntakeError> {
        let breaks: Vec<usize> = memchr::memchr_iter(b'\n', &bytes).collect();
        let lines = breaks.len() as u64;
        let ends_with_break = bytes.last() == Some(&b'\n');
        let (blank, longest) = shape(&bytes, 0, &breaks);
        let runs = runs(&bytes, &breaks, longest);
        // Every line is a row or blank, but where a field goes over several lines: there the guard has counted.
        let (mut rows, mut blank) = (lines - blank, blank);
        if runs.iter().any(|run| run.needs_parser) {
            let text =
                std::str::from_utf8(&bytes).map_err(|error| self.not_utf8(&bytes, error.valid_up_to()))?;
            (rows, blank) = (0, 0);
            for run in &runs {
                let shape = self.shape_of(text, &breaks, run, rows)?;
                rows += shape.rows;
                blank += shape.blank_lines;
            }
        }
        if self.rows_before + rows > FILE_ROWS {
            return Err(IntakeError::limit(&self.shown, TOO_MANY_ROWS));
        }
        let place = BlockPlace {
            first_row: self.rows_before,
            rows,
            first_byte: self.bytes_before,
            bytes: bytes.len() as u64,
        };
        let block =
            Block { number: self.places.len(), place, lines_before: self.lines_before, breaks, runs, bytes };
        self.places.push(place);
        self.bytes_before += place.bytes;
        self.lines_before += lines;
        self.rows_before += rows;
        self.blank_lines += blank;
        self.ends_with_break = ends_with_break;
        Ok(block)
    }

    /// What a stretch of a block holds, after so many rows of it: of what has no quotes every line is a row or blank.
    fn shape_of(&self, text: &str, breaks: &[usize], run: &Run, rows: u64) -> Result<Shape, IntakeError> {
        if run.needs_parser {
            let text = text.get(run.start..run.end).unwrap_or_default();
            return guard::check(text, self.columns, self.rows_before + rows, &self.shown);
        }
        let breaks = &breaks[run.breaks.0..run.breaks.1];
        let (blank_lines, _) = shape(text.as_bytes(), run.start, breaks);
        Ok(Shape { rows: breaks.len() as u64 - blank_lines, blank_lines, ends_with_break: true })
    }

    fn not_utf8(&self, bytes: &[u8], at: usize) -> IntakeError {
        not_utf8(bytes, at, (self.bytes_before, self.lines_before), &self.shown)
    }

    /// What was counted; refused where the file changed while it was read.
    pub(super) fn finish(self) -> Result<Counted, IntakeError> {
        self.version.check(&self.file, &self.path, &self.shown)?;
        if self.bytes_before != self.version.bytes() {
            return Err(IntakeError::Changed { shown: self.shown });
        }
        Ok(Counted {
            rows: self.rows_before,
            blank_lines: self.blank_lines,
            ends_with_break: self.ends_with_break,
            hash: self.hasher.finalize().to_hex().to_string(),
            places: self.places,
        })
    }
}

/// A byte that belongs to no character, so many bytes and lines after the beginning of the file.
pub(super) fn not_utf8(bytes: &[u8], at: usize, before: (u64, u64), shown: &str) -> IntakeError {
    let line = before.1 + memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or_default()).count() as u64 + 1;
    let byte = before.0 + at as u64;
    let what = format!("the file is not UTF-8: byte {byte} (line {line}) does not belong to a character");
    let hint = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] if before.0 == 0 => "the file is UTF-16; export it as UTF-8",
        _ => "export the file as UTF-8",
    };
    IntakeError::refused(shown, what, hint)
}

/// After the last line feed with an even number of quotes before it.
fn last_row_end(bytes: &[u8]) -> Option<usize> {
    let quotes = memchr::memchr_iter(b'"', bytes).count();
    let mut end = bytes.len();
    let mut after = 0;
    for feed in memchr::memrchr_iter(b'\n', bytes) {
        if quotes > 0 {
            after += memchr::memchr_iter(b'"', &bytes[feed..end]).count();
            end = feed;
        }
        if (quotes - after).is_multiple_of(2) {
            return Some(feed + 1);
        }
    }
    None
}

/// How many of the lines that begin at a place and end at these breaks are without a character, and the length of the
/// longest, with what comes after the last break.
fn shape(bytes: &[u8], mut start: usize, breaks: &[usize]) -> (u64, usize) {
    let (mut blank, mut longest) = (0, 0);
    for &feed in breaks {
        let length = feed - start;
        longest = longest.max(length);
        if length == 0 || (length == 1 && bytes[start] == b'\r') {
            blank += 1;
        }
        start = feed + 1;
    }
    (blank, longest.max(bytes.len() - start))
}

/// The stretches of a block that a plain split gets right, and the others; its longest line is of so many bytes. Quotes
/// concern the rows that they stand in, so that a file with a few of them is still split quickly.
fn runs(bytes: &[u8], breaks: &[usize], longest: usize) -> Vec<Run> {
    let whole =
        |needs_parser| vec![Run { start: 0, end: bytes.len(), breaks: (0, breaks.len()), needs_parser }];
    if bytes.last() != Some(&b'\n') || longest > FIELD_BYTES || has_lone_return(bytes) {
        return whole(true);
    }
    let mut quotes = memchr::memchr_iter(b'"', bytes).peekable();
    if quotes.peek().is_none() {
        return whole(false);
    }
    let mut runs: Vec<Run> = Vec::new();
    let start_of = |line: usize| line.checked_sub(1).map_or(0, |before| breaks[before] + 1);
    let run = |from: usize, to: usize, needs_parser| Run {
        start: start_of(from),
        end: start_of(to),
        breaks: (from, to),
        needs_parser,
    };
    let mut line = 0;
    while let Some(&quote) = quotes.peek() {
        let first = line + breaks[line..].partition_point(|&feed| feed < quote);
        if first > line {
            runs.push(run(line, first, false));
        }
        // On to the end of the first line after which as many quotes were opened as closed.
        let mut seen = 0;
        line = first;
        loop {
            while quotes.next_if(|&quote| quote < breaks[line]).is_some() {
                seen += 1;
            }
            line += 1;
            let goes_on =
                quotes.peek().is_some_and(|&quote| breaks.get(line).is_some_and(|&feed| quote < feed));
            if line == breaks.len() || (seen % 2 == 0 && !goes_on) {
                break;
            }
        }
        runs.push(run(first, line, true));
    }
    if line < breaks.len() {
        runs.push(run(line, breaks.len(), false));
    }
    runs
}

/// Whether a carriage return stands without a line feed.
fn has_lone_return(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', bytes).any(|place| bytes.get(place + 1) != Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use super::{last_row_end, runs};

    #[test]
    fn rows_with_quotes_are_kept_apart_from_those_without() {
        let of = |text: &str| {
            let breaks: Vec<usize> = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
            let told = |run: super::Run| (text[run.start..run.end].to_owned(), run.needs_parser);
            runs(text.as_bytes(), &breaks, 10).into_iter().map(told).collect::<Vec<_>>()
        };
        let plain = |text: &str| (text.to_owned(), false);
        let quoted = |text: &str| (text.to_owned(), true);
        assert_eq!(of("a\nb\n"), [plain("a\nb\n")]);
        assert_eq!(of("a\n\"b\"\nc\n"), [plain("a\n"), quoted("\"b\"\n"), plain("c\n")]);
        assert_eq!(of("\"b\nc\"\n\"d\"\ne\n"), [quoted("\"b\nc\"\n\"d\"\n"), plain("e\n")]);
        assert_eq!(of("a\n\"b\nc\n"), [plain("a\n"), quoted("\"b\nc\n")]);
        assert_eq!(of("a\n\"b\"\nc"), [quoted("a\n\"b\"\nc")]);
    }

    #[test]
    fn a_block_ends_where_a_row_does() {
        assert_eq!(last_row_end(b"a,b\nc,"), Some(4));
        assert_eq!(last_row_end(b"a,\"b\nc\"\nd,\"e\n"), Some(8));
        assert_eq!(last_row_end(b"\"a\nb"), None);
        assert_eq!(last_row_end(b""), None);
    }
}
