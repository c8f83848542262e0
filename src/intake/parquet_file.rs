//! Reading Parquet: the columns that we know, row group by row group.
//!
//! The decoder checks page CRCs where the file has them, and some damaged files make it panic: it runs behind
//! [`std::panic::catch_unwind`], so that damage is an error of the file and never the end of the program. A column of
//! floats is refused whole: what a float holds is not what somebody wrote.

use super::batch::BatchColumn;
use super::columns::{self, Column, ColumnMap, Need, Places, find};
use super::error::{IntakeError, Warning};
use super::files::{FILE_ROWS, Failure, FileRead, TOO_MANY_ROWS, Take, Trail, Version, Visit, side_by_side};
use super::row::{Fields, Row};
use crate::job::InputFile;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection, RowSelector,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};
use std::cell::Cell;
use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Once};

const BATCH_ROWS: usize = 8_192;
const ROW_GROUPS: usize = 100_000;
const FOOTER_BYTES: usize = 64 << 20;
const UNPACKED_BYTES: i64 = 256 << 30;
const UNPACKED_TIMES: i64 = 1_000;
const UNPACKED_FREE: i64 = 64 << 20;
/// Where readers of a stretch of the file begin with.
const READ_BYTES: u64 = 1 << 16;

/// Batches that were decoded so far, of whatever file: no two have the same number, since codes of words belong to one.
static BATCHES: AtomicU64 = AtomicU64::new(1);

/// A file that any number of threads read at any place.
#[derive(Clone)]
struct Anywhere {
    file: Arc<File>,
    bytes: u64,
}

impl Anywhere {
    /// Bytes from a place on.
    fn at(&self, start: u64, length: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        read_exact_at(&self.file, &mut bytes, start)?;
        Ok(bytes)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], start: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let read = file.seek_read(bytes, start)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        start += read as u64;
    }
    Ok(())
}

impl Length for Anywhere {
    fn len(&self) -> u64 {
        self.bytes
    }
}

/// Reads on from a place, some bytes at a time.
struct Onward {
    file: Anywhere,
    place: u64,
    held: std::io::Cursor<Vec<u8>>,
}

impl Read for Onward {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.held.read(out)?;
        if read > 0 || out.is_empty() {
            return Ok(read);
        }
        let length = self.file.bytes.saturating_sub(self.place).min(READ_BYTES);
        self.held = std::io::Cursor::new(self.file.at(self.place, length as usize)?);
        self.place += length;
        self.held.read(out)
    }
}

impl ChunkReader for Anywhere {
    type T = Onward;

    fn get_read(&self, start: u64) -> Result<Onward, ParquetError> {
        Ok(Onward { file: self.clone(), place: start, held: std::io::Cursor::default() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF("the file is shorter than its footer says".to_owned()));
        }
        Ok(self.at(start, length)?.into())
    }
}

/// A file whose footer was read and found sound.
struct Opened<'a> {
    shown: &'a str,
    file: Anywhere,
    version: Version,
    metadata: ArrowReaderMetadata,
    /// The columns that are read, in the order of the file, and what each is to us.
    wanted: Vec<(usize, Column)>,
    /// For each column of the schema its place among those that are read.
    places: Vec<Option<usize>>,
    /// Rows before each row group, and all rows at the end.
    rows_before: Vec<u64>,
    warnings: Vec<Warning>,
}

/// Has the rows of a file taken, row group by row group.
pub(super) fn read<W: Send>(
    file: &InputFile,
    (schema, map): (&columns::Schema, &ColumnMap),
    workers: &mut [W],
    take: Take<'_, W>,
) -> Result<FileRead, IntakeError> {
    let opened = Opened::new(file, schema, map)?;
    let shown = opened.shown;
    let groups = opened.groups();
    let next = AtomicUsize::new(0);
    let failure = Failure::default();
    let mut hash = Ok(String::new());
    rayon::in_place_scope(|scope| {
        if workers.len() > 1 {
            scope.spawn(|_| hash = hash_of(file));
        } else {
            hash = hash_of(file);
        }
        side_by_side(workers, |worker| {
            while !failure.is_noted() {
                let group = next.fetch_add(1, Ordering::Relaxed);
                if group >= groups {
                    break;
                }
                if let Err(error) = opened.visit_group(group, None, &mut |row| take(worker, row)) {
                    failure.note(group, error);
                }
            }
        });
    });
    failure.into_result()?;
    let hash = hash?;
    opened.version.check(&opened.file.file, &file.path, shown)?;
    let rows = opened.rows_before.last().copied().unwrap_or_default();
    let Opened { version, warnings, places, .. } = opened;
    let bytes = version.bytes();
    let trail = Trail { version, blocks: Vec::new(), columns: 0, places, map: map.clone() };
    Ok(FileRead { rows, blank_lines: 0, warnings, bytes, hash, trail })
}

/// Visits some rows of a file that was read before, by number.
pub(super) fn again(
    file: &InputFile,
    (schema, map): (&columns::Schema, &ColumnMap),
    version: &Version,
    wanted: &[u32],
    visit: Visit<'_>,
) -> Result<(), IntakeError> {
    let opened = Opened::new(file, schema, map)?;
    if opened.version != *version {
        return Err(IntakeError::Changed { shown: opened.shown.to_owned() });
    }
    for group in 0..opened.groups() {
        let (first, end) = (opened.rows_before[group], opened.rows_before[group + 1]);
        let from = wanted.partition_point(|&row| u64::from(row) <= first);
        let to = wanted.partition_point(|&row| u64::from(row) <= end);
        if from < to {
            opened.visit_group(group, Some(&wanted[from..to]), visit)?;
        }
    }
    opened.version.check(&opened.file.file, &file.path, opened.shown)
}

/// The names of a file's columns.
pub(super) fn names(file: &InputFile) -> Result<Vec<String>, IntakeError> {
    let nothing = columns::Schema { table: termwise_engine::findings::Table::VendorLines, columns: &[] };
    let opened = Opened::new(file, &nothing, &ColumnMap::new())?;
    Ok(opened.metadata.schema().fields().iter().map(|field| field.name().clone()).collect())
}

/// Texts of one column from here and there in a file, some in each row group, and how many rows the file has.
pub(super) fn sample(
    file: &InputFile,
    (schema, map): (&columns::Schema, &ColumnMap),
    column: Column,
    texts: usize,
    visit: &mut dyn FnMut(&str),
) -> Result<u64, IntakeError> {
    let mut opened = Opened::new(file, schema, map)?;
    opened.wanted.retain(|(_, wanted)| wanted.index == column.index);
    opened.places.iter_mut().for_each(|place| *place = None);
    opened.places[column.index] = Some(0);
    let all = opened.rows_before.last().copied().unwrap_or_default();
    let step = (all / texts.max(1) as u64).max(1);
    for group in 0..opened.groups() {
        let (first, end) = (opened.rows_before[group], opened.rows_before[group + 1]);
        let rows = (first..end).filter(|row| row % step == 0);
        let rows: Vec<u32> = rows.filter_map(|row| u32::try_from(row + 1).ok()).collect();
        opened.visit_group(group, Some(&rows), &mut |row| {
            visit(row.cell(column));
            Ok(())
        })?;
    }
    Ok(all)
}

fn hash_of(file: &InputFile) -> Result<String, IntakeError> {
    let failed = |error: std::io::Error| IntakeError::unread(&file.shown, &error);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(&file.path).map_err(failed)?).map_err(failed)?;
    Ok(hasher.finalize().to_hex().to_string())
}

impl<'a> Opened<'a> {
    fn new(
        file: &'a InputFile,
        schema: &columns::Schema,
        map: &ColumnMap,
    ) -> Result<Opened<'a>, IntakeError> {
        let shown = &file.shown;
        let failed = |error: std::io::Error| IntakeError::unread(shown, &error);
        let version = Version::of_input(file)?;
        let open = File::open(&file.path).map_err(failed)?;
        let anywhere = Anywhere { file: Arc::new(open), bytes: version.bytes() };
        check_footer(&anywhere, shown)?;
        let metadata = decode(shown, || metadata(&anywhere))?;
        let rows_before = check_bounds(metadata.metadata(), version.bytes(), shown)?;
        let fields = metadata.schema().fields().clone();
        let header: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let Places { mut places, warnings } = find(schema, map, &header, shown)?;
        let mut wanted = Vec::new();
        for column in schema.columns {
            let Some(place) = places[column.index] else { continue };
            check_type(column.name, fields[place].data_type(), column.need, shown)?;
            if column.need == Need::Ignored {
                places[column.index] = None;
            } else {
                wanted.push((place, *column));
            }
        }
        wanted.sort_unstable_by_key(|(place, _)| *place);
        for place in places.iter_mut().flatten() {
            *place = wanted.partition_point(|(other, _)| *other < *place);
        }
        Ok(Opened { shown, file: anywhere, version, metadata, wanted, places, rows_before, warnings })
    }

    fn groups(&self) -> usize {
        self.rows_before.len() - 1
    }

    /// Visits the rows of a row group, or those of them that are wanted, by number.
    fn visit_group(&self, group: usize, wanted: Option<&[u32]>, visit: Visit<'_>) -> Result<(), IntakeError> {
        let first = self.rows_before[group];
        let selection = wanted.map(|rows| selection(rows, first));
        let mut reader = decode(self.shown, || self.reader(group, selection))?;
        let mut rows = 0;
        while let Some((columns, height)) = self.next_batch(&mut reader)? {
            let batch = BATCHES.fetch_add(1, Ordering::Relaxed);
            for line in 0..height {
                let number = match wanted {
                    Some(wanted) => wanted.get(rows).copied().unwrap_or_default(),
                    None => u32::try_from(first + rows as u64 + 1).unwrap_or(u32::MAX),
                };
                rows += 1;
                let fields = Fields::Batch(&columns, line);
                visit(Row { number, fields, places: &self.places, ragged: false, batch, is_ascii: false })?;
            }
        }
        let expected = wanted.map_or(self.rows_before[group + 1] - first, |wanted| wanted.len() as u64);
        if rows as u64 == expected {
            return Ok(());
        }
        let why = format!("row group {group} holds {rows} rows and says that it has {expected}");
        Err(IntakeError::damaged(self.shown, why))
    }

    fn reader(
        &self,
        group: usize,
        selection: Option<RowSelection>,
    ) -> Result<ParquetRecordBatchReader, ParquetError> {
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.metadata.clone());
        let roots = self.wanted.iter().map(|(place, _)| *place);
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS).with_row_groups(vec![group]);
        match selection {
            Some(selection) => builder.with_row_selection(selection).build(),
            None => builder.build(),
        }
    }

    fn next_batch(
        &self,
        reader: &mut ParquetRecordBatchReader,
    ) -> Result<Option<(Vec<BatchColumn>, usize)>, IntakeError> {
        decode(self.shown, || -> Result<_, String> {
            let Some(batch) = reader.next() else { return Ok(None) };
            let batch: RecordBatch = batch.map_err(|error| error.to_string())?;
            let columns = batch.columns().iter().zip(&self.wanted);
            let columns: Result<Vec<BatchColumn>, String> =
                columns.map(|(array, (_, column))| BatchColumn::of(array, column.kind)).collect();
            Ok(Some((columns?, batch.num_rows())))
        })
    }
}

/// The rows of a group that are wanted, of which `first` stand before the group.
fn selection(wanted: &[u32], first: u64) -> RowSelection {
    let mut selectors = Vec::with_capacity(wanted.len() * 2);
    let mut passed = first;
    for &row in wanted {
        let before = u64::from(row) - 1;
        if before > passed {
            selectors.push(RowSelector::skip((before - passed) as usize));
        }
        selectors.push(RowSelector::select(1));
        passed = before + 1;
    }
    selectors.into()
}

/// Reads the footer, for texts to come as views, however the writer held them.
fn metadata(file: &Anywhere) -> Result<ArrowReaderMetadata, ParquetError> {
    let written = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let fields = written.schema().fields().iter().map(|field| {
        let field = Field::clone(field);
        let kind = plain_type(field.data_type());
        Arc::new(field.with_data_type(kind))
    });
    let schema = Arc::new(Schema::new(fields.collect::<arrow_schema::Fields>()));
    let options = ArrowReaderOptions::new().with_schema(schema);
    ArrowReaderMetadata::try_new(Arc::clone(written.metadata()), options)
}

fn plain_type(kind: &DataType) -> DataType {
    if let DataType::Dictionary(_, values) = kind {
        return plain_type(values);
    }
    if matches!(kind, DataType::Utf8 | DataType::LargeUtf8) { DataType::Utf8View } else { kind.clone() }
}

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}
static QUIET: Once = Once::new();

/// A codec that this build leaves out is no damage: the file can be written anew with one that it has.
fn undecoded(shown: &str, why: &str) -> IntakeError {
    if why.contains("Disabled feature") {
        let what = "the file is compressed with a codec that is not read";
        return IntakeError::refused(shown, what, "write it with snappy, zstd or no compression");
    }
    IntakeError::damaged(shown, why)
}

/// Runs the decoder; a panic of it is an error of the file, and prints nothing.
fn decode<T, E: Display>(shown: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, IntakeError> {
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !DECODING.get() {
                usual(info);
            }
        }));
    });
    let outer = DECODING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    DECODING.set(outer);
    match result {
        Ok(result) => result.map_err(|error| undecoded(shown, &error.to_string())),
        Err(_) => Err(IntakeError::damaged(shown, "the decoder gave up on it")),
    }
}

/// The last eight bytes say how long the footer is.
fn check_footer(file: &Anywhere, shown: &str) -> Result<(), IntakeError> {
    let end = file.bytes.saturating_sub(8);
    let bytes =
        file.at(end, (file.bytes - end) as usize).map_err(|error| IntakeError::unread(shown, &error))?;
    let Some((_, [a, b, c, d, magic @ ..])) = bytes.split_last_chunk::<8>() else {
        return Err(IntakeError::damaged(shown, "it is too short for Parquet"));
    };
    if *magic != *b"PAR1" {
        return Err(IntakeError::damaged(shown, "it does not end as Parquet does"));
    }
    let footer = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
    if footer as u64 > file.bytes {
        return Err(IntakeError::damaged(shown, "its footer is longer than the file"));
    }
    if footer > FOOTER_BYTES {
        return Err(IntakeError::limit(shown, "the footer is larger than 64 MiB"));
    }
    Ok(())
}

/// Bounds on what the footer promises; gives the rows before each row group, and all rows at the end.
fn check_bounds(metadata: &ParquetMetaData, size: u64, shown: &str) -> Result<Vec<u64>, IntakeError> {
    if metadata.num_row_groups() > ROW_GROUPS {
        return Err(IntakeError::limit(shown, "the file has more than 100,000 row groups"));
    }
    let mut unpacked = 0_i64;
    let mut rows = 0_u64;
    let mut rows_before = vec![0];
    for group in metadata.row_groups() {
        let group_rows = u64::try_from(group.num_rows());
        if group_rows.is_err() || group.columns().iter().any(|column| column.uncompressed_size() < 0) {
            return Err(IntakeError::damaged(shown, "a row group has a negative size"));
        }
        rows = rows.saturating_add(group_rows.unwrap_or_default());
        rows_before.push(rows);
        for column in group.columns() {
            unpacked = unpacked.saturating_add(column.uncompressed_size());
        }
    }
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let ratio = size.saturating_mul(UNPACKED_TIMES).max(UNPACKED_FREE);
    if unpacked > ratio || unpacked > UNPACKED_BYTES {
        return Err(IntakeError::limit(shown, format!("the file would unpack to {unpacked} bytes")));
    }
    if u64::try_from(metadata.file_metadata().num_rows()) != Ok(rows) {
        return Err(IntakeError::damaged(shown, "its row groups do not add up to its rows"));
    }
    if rows > FILE_ROWS {
        return Err(IntakeError::limit(shown, TOO_MANY_ROWS));
    }
    Ok(rows_before)
}

fn check_type(name: &str, kind: &DataType, need: Need, shown: &str) -> Result<(), IntakeError> {
    let refuse = |what: String, hint: &str| Err(IntakeError::refused(shown, what, hint));
    if kind.is_floating() {
        let what = format!("the column {name:?} holds floats ({kind})");
        return refuse(what, "write it as Decimal, integer or text: a float does not hold what was meant");
    }
    let read = matches!(
        kind,
        DataType::Null
            | DataType::Boolean
            | DataType::Utf8View
            | DataType::Date32
            | DataType::Date64
            | DataType::Timestamp(..)
            | DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..)
    );
    if need == Need::Ignored || read || kind.is_integer() {
        return Ok(());
    }
    refuse(format!("the column {name:?} is of the type {kind}"), "write it as text, number, date or instant")
}
