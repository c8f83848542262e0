//! Where the book is cut into parts: at customers that a sample of its files finds at even distances.
//!
//! The sample decides how even the parts are and nothing else, so whatever is odd about a file is left for the reading of it:
//! a sample that fails is an empty one.

use super::columns::{ColumnMap, schema_of, subscriptions as s};
use super::csv_blocks::{Block, Blocks};
use super::error::IntakeError;
use super::files::{Visit, ending};
use super::index::PARTS_MAX;
use super::row::Row;
use super::{csv_file, parquet_file};
use crate::job::InputFile;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use termwise_engine::findings::Table;

/// Rows that are looked at.
const SAMPLE: usize = 8_192;
/// Bytes of CSV that are read at one place.
const LOOK_BYTES: u64 = 2_048;
/// Rows of that, about.
const LOOK_ROWS: usize = 14;
/// Samples of one part at least, for the parts to be even.
const SAMPLES_OF_PART: usize = 8;

/// The first customers of all parts but the first, for parts of so many subscriptions each.
pub(super) fn bounds(files: &[InputFile], map: &ColumnMap, part_rows: usize) -> Vec<Box<str>> {
    let mut customers: Vec<Box<str>> = Vec::new();
    let mut rows = 0;
    for file in files {
        rows += sample(file, map, SAMPLE / files.len(), &mut customers).unwrap_or_default();
    }
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    // Where every row was looked at, a part may be as small as one customer.
    let even = if rows <= customers.len() { rows } else { customers.len() / SAMPLES_OF_PART };
    let parts = (rows / part_rows.max(1)).min(even).min(PARTS_MAX);
    customers.sort_unstable();
    let mut bounds: Vec<Box<str>> =
        (1..parts).filter_map(|part| customers.get(part * customers.len() / parts).cloned()).collect();
    bounds.dedup();
    bounds
}

/// Customers from here and there in a file, and about how many rows it has.
fn sample(
    file: &InputFile,
    map: &ColumnMap,
    texts: usize,
    customers: &mut Vec<Box<str>>,
) -> Result<u64, IntakeError> {
    let schema = schema_of(Table::Subscriptions);
    if ending(file) == "parquet" {
        let visit: &mut dyn FnMut(&str) = &mut |text| customers.push(text.into());
        return parquet_file::sample(file, (schema, map), s::CUSTOMER_ID, texts, visit);
    }
    let mut blocks = Blocks::open(file, LOOK_BYTES as usize)?;
    let (heading, _) = csv_file::heading(&mut blocks, schema, map, &file.shown)?;
    let mut open = File::open(&file.path).map_err(|error| IntakeError::unread(&file.shown, &error))?;
    let size = blocks.size();
    let step = (size / texts.max(1) as u64).max(LOOK_BYTES);
    let looks = (size / step + 1) as usize;
    let stride = (looks * LOOK_ROWS / texts.max(1)).max(1) as u64;
    let (mut seen, mut seen_bytes) = (0_u64, 0_u64);
    let mut place = 0;
    while place < size {
        let mut bytes = Vec::new();
        let failed = |error: std::io::Error| IntakeError::unread(&file.shown, &error);
        open.seek(SeekFrom::Start(place)).map_err(failed)?;
        open.by_ref().take(LOOK_BYTES).read_to_end(&mut bytes).map_err(failed)?;
        // From one line break to another; a quoted one would be unusual, and spoil no more than a sample.
        let first = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |feed| feed + 1);
        let end = memchr::memrchr(b'\n', &bytes).map_or(first, |feed| feed + 1).max(first);
        let rows: Vec<u8> = bytes[first..end].to_vec();
        seen_bytes += rows.len() as u64;
        let block = Block::loose(rows);
        let visit: Visit<'_> = &mut |row: Row<'_>| {
            seen += 1;
            let text = row.cell(s::CUSTOMER_ID);
            if seen.is_multiple_of(stride) && !text.is_empty() {
                customers.push(text.into());
            }
            Ok(())
        };
        // Rows that can't be taken apart are met again, and named, when the file is read.
        let _ = csv_file::visit(&block, &heading, None, visit);
        place += step;
    }
    Ok((size * seen).checked_div(seen_bytes).unwrap_or_default())
}
