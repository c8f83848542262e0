//! Files: read once, hashed, and refused when they change under the reader.

use super::columns::{ColumnMap, Schema};
use super::csv_blocks::{BlockPlace, Blocks};
use super::error::{IntakeError, Warning};
use super::row::Row;
use super::{csv_file, json_file, parquet_file};
use crate::job::InputFile;
use crate::locks::{locked, unlocked};
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;
use termwise_engine::findings::Table;

/// The largest file that is held in memory as a whole: the vendor's JSON.
const HELD_BYTES: u64 = 1 << 30;
/// The most rows of a file.
pub(super) const FILE_ROWS: u64 = 100_000_000;
/// What is said of a file with more.
pub(super) const TOO_MANY_ROWS: &str = "the file has more than 100 million rows";

/// What is called for each row.
pub(super) type Visit<'v> = &'v mut dyn FnMut(Row<'_>) -> Result<(), IntakeError>;

/// How a file is taken apart; it shows in no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Grain {
    /// Bytes of CSV that one thread splits at a time.
    pub block_bytes: usize,
}

/// What a file is, once it was read.
#[derive(Debug)]
pub(super) struct FileRead {
    /// Data rows.
    pub rows: u64,
    /// Lines without a character (CSV).
    pub blank_lines: u64,
    /// What is odd about the file as a whole.
    pub warnings: Vec<Warning>,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
    /// How to find its rows again.
    pub trail: Trail,
}

/// How to find the rows of a file again.
#[derive(Debug)]
pub(super) struct Trail {
    /// The file that was read.
    pub version: Version,
    /// Where the rows of a CSV file stand.
    pub blocks: Vec<BlockPlace>,
    /// How many columns a CSV file has, and which of ours stand where.
    pub columns: usize,
    /// See `columns`.
    pub places: Vec<Option<usize>>,
    /// By which names our columns were looked for.
    pub map: ColumnMap,
}

/// Which version of a file it is, as far as the system tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Version {
    bytes: u64,
    modified: Option<SystemTime>,
    place: Option<(u64, u64)>,
}

impl Version {
    fn of(metadata: &Metadata) -> Version {
        #[cfg(unix)]
        let place = {
            use std::os::unix::fs::MetadataExt;
            Some((metadata.dev(), metadata.ino()))
        };
        #[cfg(not(unix))]
        let place = None;
        Version { bytes: metadata.len(), modified: metadata.modified().ok(), place }
    }

    /// The version of an input that is there now; it must be a plain file.
    pub(super) fn of_input(file: &InputFile) -> Result<Version, IntakeError> {
        let metadata =
            std::fs::metadata(&file.path).map_err(|error| IntakeError::unread(&file.shown, &error))?;
        if metadata.is_file() {
            return Ok(Version::of(&metadata));
        }
        Err(IntakeError::Unreadable { shown: file.shown.clone(), why: "it is not a plain file".to_owned() })
    }

    /// Its size.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the open file and the one of that name are still this version.
    pub(super) fn check(&self, open: &File, path: &Path, shown: &str) -> Result<(), IntakeError> {
        let failed = |error: std::io::Error| IntakeError::unread(shown, &error);
        let now = [open.metadata().map_err(failed)?, std::fs::metadata(path).map_err(failed)?];
        if now.iter().all(|metadata| Version::of(metadata) == *self) {
            return Ok(());
        }
        Err(IntakeError::Changed { shown: shown.to_owned() })
    }
}

/// The first thing that went wrong, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Failure(Mutex<Option<(usize, IntakeError)>>);

impl Failure {
    /// Notes what went wrong in a part of the file.
    pub(super) fn note(&self, part: usize, error: IntakeError) {
        let mut first = locked(&self.0);
        if first.as_ref().is_none_or(|(earlier, _)| part < *earlier) {
            *first = Some((part, error));
        }
    }

    /// Whether anything went wrong.
    pub(super) fn is_noted(&self) -> bool {
        locked(&self.0).is_some()
    }

    /// What went wrong first.
    pub(super) fn into_result(self) -> Result<(), IntakeError> {
        match unlocked(self.0) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }
}

/// What one worker does with a row.
pub(super) type Take<'t, W> = &'t (dyn Fn(&mut W, Row<'_>) -> Result<(), IntakeError> + Sync);

/// Has the rows of a file taken by so many workers side by side, each with some of the rows. One worker alone takes them in
/// the order of the file.
pub(super) fn read<W: Send>(
    file: &InputFile,
    (schema, map): (&Schema, &ColumnMap),
    grain: Grain,
    workers: &mut [W],
    take: Take<'_, W>,
) -> Result<FileRead, IntakeError> {
    let shown = &file.shown;
    let ending = ending(file);
    let mut read = match ending.as_str() {
        "csv" => read_csv(file, (schema, map), grain, workers, take),
        "parquet" => parquet_file::read(file, (schema, map), workers, take),
        "json" if schema.table == Table::Promotions && !map.is_empty() => {
            let what = "the vendor's JSON has names of its own, which [columns.promotions] can't change";
            Err(IntakeError::refused(shown, what, "take [columns.promotions] out of the job"))
        }
        "json" if schema.table == Table::Promotions => read_json(file, schema, workers, take),
        _ => {
            let what =
                format!("the ending {ending:?} is not one that {} can be read from", schema.table.name());
            let hint =
                "name the file .csv or .parquet by what it holds; the vendor's promotions may be .json";
            Err(IntakeError::refused(shown, what, hint))
        }
    }?;
    if read.rows == 0 {
        let text = format!("{shown}: the file has no rows");
        // A night without events is an ordinary one; a night without a book, prices or promotions is not.
        read.warnings.push(match schema.table {
            Table::Subscriptions
            | Table::PriceList
            | Table::Promotions
            | Table::Customers
            | Table::Partners
            | Table::Advisors
            | Table::SkuMarkets
            | Table::Offers
            | Table::VendorLines
            | Table::InvoiceLines
            | Table::ProposedPrices => Warning::trouble(text),
            Table::PromoCodes
            | Table::Redemptions
            | Table::SeatChanges
            | Table::LifecycleEvents
            | Table::ScheduledChanges
            | Table::Holdings
            | Table::Offices
            | Table::Acceptances
            | Table::IdMap
            | Table::Explained
            | Table::Proposal
            | Table::Requests => Warning::remark(text),
        });
    }
    Ok(read)
}

/// A file's ending, in small letters.
pub(super) fn ending(file: &InputFile) -> String {
    file.path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// Has every worker do something, side by side.
pub(super) fn side_by_side<W: Send>(workers: &mut [W], work: impl Fn(&mut W) + Sync) {
    if let [only] = workers {
        return work(only);
    }
    rayon::scope(|scope| {
        for worker in workers {
            scope.spawn(|_| work(worker));
        }
    });
}

fn read_csv<W: Send>(
    file: &InputFile,
    (schema, map): (&Schema, &ColumnMap),
    grain: Grain,
    workers: &mut [W],
    take: Take<'_, W>,
) -> Result<FileRead, IntakeError> {
    let shown = &file.shown;
    let mut blocks = Blocks::open(file, grain.block_bytes)?;
    let (heading, mut warnings) = csv_file::heading(&mut blocks, schema, map, shown)?;
    let (version, bytes) = (blocks.version().clone(), blocks.size());
    let blocks = Mutex::new(blocks);
    let failure = Failure::default();
    side_by_side(workers, |worker| {
        while !failure.is_noted() {
            let mut reader = locked(&blocks);
            let (next, number) = (reader.next(), reader.count());
            drop(reader);
            match next {
                Ok(None) => break,
                // What stands in an earlier block goes before it, and no later one is read.
                Err(error) => failure.note(number, error),
                Ok(Some(block)) => {
                    let visit: Visit<'_> = &mut |row| take(worker, row);
                    if let Err(error) = csv_file::visit(&block, &heading, None, visit) {
                        failure.note(block.number, error);
                    }
                    locked(&blocks).take_back(block.bytes);
                }
            }
        }
    });
    failure.into_result()?;
    let counted = unlocked(blocks).finish()?;
    if !counted.ends_with_break {
        warnings.push(Warning::trouble(format!(
            "{shown}:{}: the last row has all its fields and no line break: check that the file is complete",
            counted.rows
        )));
    }
    let trail = Trail {
        version,
        blocks: counted.places,
        columns: heading.columns,
        places: heading.places,
        map: map.clone(),
    };
    let (rows, blank_lines, hash) = (counted.rows, counted.blank_lines, counted.hash);
    Ok(FileRead { rows, blank_lines, warnings, bytes, hash, trail })
}

/// Reads a whole file.
pub(super) fn hold(file: &InputFile) -> Result<(Vec<u8>, Version), IntakeError> {
    let shown = &file.shown;
    let failed = |error: std::io::Error| IntakeError::unread(shown, &error);
    let version = Version::of_input(file)?;
    if version.bytes() > HELD_BYTES {
        return Err(IntakeError::limit(shown, "the file is larger than 1 GiB"));
    }
    let mut open = File::open(&file.path).map_err(failed)?;
    let mut bytes = Vec::with_capacity(usize::try_from(version.bytes()).unwrap_or_default());
    open.by_ref().take(HELD_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    version.check(&open, &file.path, shown)?;
    if bytes.len() as u64 == version.bytes() {
        return Ok((bytes, version));
    }
    Err(IntakeError::Changed { shown: shown.clone() })
}

fn read_json<W: Send>(
    file: &InputFile,
    schema: &Schema,
    workers: &mut [W],
    take: Take<'_, W>,
) -> Result<FileRead, IntakeError> {
    let (bytes, version) = hold(file)?;
    let mut counts = json_file::Counts::default();
    if let Some(worker) = workers.first_mut() {
        counts = json_file::read(&bytes, &file.shown, schema, &mut |row| take(worker, row))?;
    }
    if counts.rows > FILE_ROWS {
        return Err(IntakeError::limit(&file.shown, TOO_MANY_ROWS));
    }
    Ok(FileRead {
        rows: counts.rows,
        blank_lines: 0,
        warnings: counts.warnings,
        bytes: bytes.len() as u64,
        hash: blake3::hash(&bytes).to_hex().to_string(),
        trail: Trail { version, blocks: Vec::new(), columns: 0, places: Vec::new(), map: ColumnMap::new() },
    })
}
