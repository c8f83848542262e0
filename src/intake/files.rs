//! Files: held in memory while they are read, hashed, and refused when they change under the reader.

use super::columns::{ColumnMap, Schema};
use super::error::{IntakeError, Warning};
use super::row::Row;
use super::{csv_file, json_file, parquet_file};
use crate::job::InputFile;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::time::SystemTime;
use termwise_engine::findings::Table;

/// The largest file: it is held in memory.
const FILE_BYTES: u64 = 4 << 30;
/// The most rows of a file.
pub(super) const FILE_ROWS: u64 = 100_000_000;

/// What is called for each row.
pub(super) type Visit<'v> = &'v mut dyn FnMut(Row<'_>) -> Result<(), IntakeError>;

/// What was counted in a file.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Data rows.
    pub rows: u64,
    /// Lines without a character (CSV).
    pub blank_lines: u64,
    /// What is odd about the file as a whole.
    pub warnings: Vec<Warning>,
}

/// A file's bytes and their hash.
#[derive(Debug)]
pub(super) struct Held {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// BLAKE3 of the bytes, in hexadecimal.
    pub hash: String,
}

/// Which version of a file it is, as far as the system tells.
#[derive(PartialEq, Eq)]
struct Version {
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
}

/// Reads a whole file.
pub(super) fn hold(file: &InputFile) -> Result<Held, IntakeError> {
    let shown = &file.shown;
    let failed = |error: std::io::Error| {
        if error.kind() == ErrorKind::NotFound {
            IntakeError::Missing { shown: shown.clone() }
        } else {
            IntakeError::Unreadable { shown: shown.clone(), why: error.to_string() }
        }
    };
    let before = std::fs::metadata(&file.path).map_err(failed)?;
    if !before.is_file() {
        return Err(IntakeError::Unreadable {
            shown: shown.clone(),
            why: "it is not a plain file".to_owned(),
        });
    }
    if before.len() > FILE_BYTES {
        return Err(IntakeError::limit(shown, "the file is larger than 4 GiB"));
    }
    let mut open = File::open(&file.path).map_err(failed)?;
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or_default());
    open.by_ref().take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    let after = [open.metadata().map_err(failed)?, std::fs::metadata(&file.path).map_err(failed)?];
    let before = Version::of(&before);
    if after.iter().any(|metadata| Version::of(metadata) != before) || bytes.len() as u64 != before.bytes {
        return Err(IntakeError::Changed { shown: shown.clone() });
    }
    let hash = blake3::hash(&bytes).to_hex().to_string();
    Ok(Held { bytes, hash })
}

/// Visits every row of a file that is held, by its ending.
pub(super) fn visit_rows(
    held: Held,
    file: &InputFile,
    schema: &Schema,
    map: &ColumnMap,
    visit: Visit<'_>,
) -> Result<Counts, IntakeError> {
    let shown = &file.shown;
    let limited: Visit<'_> = &mut |row: Row<'_>| {
        if u64::from(row.number) > FILE_ROWS {
            return Err(IntakeError::limit(shown, "the file has more than 100 million rows"));
        }
        visit(row)
    };
    let ending =
        file.path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let mut counts = match ending.as_str() {
        "csv" => csv_file::read(&held.bytes, shown, schema, map, limited),
        "parquet" => parquet_file::read(held.bytes, shown, schema, map, limited),
        "json" if schema.table == Table::Promotions && !map.is_empty() => {
            let what = "the vendor's JSON has names of its own, which [columns.promotions] can't change";
            Err(IntakeError::refused(shown, what, "take [columns.promotions] out of the job"))
        }
        "json" if schema.table == Table::Promotions => json_file::read(&held.bytes, shown, schema, limited),
        _ => {
            let what =
                format!("the ending {ending:?} is not one that {} can be read from", schema.table.name());
            let hint =
                "name the file .csv or .parquet by what it holds; the vendor's promotions may be .json";
            Err(IntakeError::refused(shown, what, hint))
        }
    }?;
    if counts.rows == 0 {
        let text = format!("{shown}: the file has no rows");
        // A night without events is an ordinary one; a night without a book, prices or promotions is not.
        counts.warnings.push(match schema.table {
            Table::Subscriptions
            | Table::PriceList
            | Table::Promotions
            | Table::Customers
            | Table::Partners => Warning::trouble(text),
            Table::PromoCodes
            | Table::Redemptions
            | Table::SeatChanges
            | Table::LifecycleEvents
            | Table::ScheduledChanges
            | Table::Holdings => Warning::remark(text),
        });
    }
    Ok(counts)
}
