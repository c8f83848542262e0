//! Reading back what was written, by other means than those that wrote it.
//!
//! Before a folder is published every file is opened again: its bytes and hash must be those that were written, its
//! rows as many, and the amounts in it must add up to the totals of the run. Pieces of a file are looked at on the
//! threads of the pool that this is called in.

use super::OutputError;
use super::csv_back::TextTable;
use super::sheet::AMOUNT;
use super::staging::Written;
use arrow_array::{Array, Decimal128Array, RecordBatch, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use termwise_engine::invoicing::Totals;
use termwise_engine::money::Currency;

/// Bytes that are read at a time.
const READ: usize = 1 << 22;
/// Rows that are decoded at a time.
const DECODED_ROWS: usize = 1 << 13;
/// The columns that are added up; the first of them is in every table and counts its rows.
pub(super) const CURRENCY: &str = "currency";
pub(super) const SUBTOTAL: &str = "subtotal";

/// What is read back of a table: rows, and the sum of `subtotal` by currency in 10⁻⁴ units.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    /// Rows.
    pub(super) rows: u64,
    sums: Vec<(String, i128)>,
    /// Whose sum is likely to be asked for next.
    last: usize,
}

impl Found {
    /// So many rows, and no amount yet.
    pub(super) fn of(rows: u64) -> Found {
        Found { rows, ..Found::default() }
    }

    /// Adds an amount.
    #[inline]
    pub(super) fn add(&mut self, currency: &str, amount: i128) {
        if self.sums.get(self.last).is_none_or(|(last, _)| last != currency) {
            self.last = self.sums.iter().position(|(known, _)| known == currency).unwrap_or_else(|| {
                self.sums.push((currency.to_owned(), 0));
                self.sums.len() - 1
            });
        }
        self.sums[self.last].1 += amount;
    }

    /// Adds another piece of the same table.
    pub(super) fn and(mut self, other: Found) -> Found {
        self.rows += other.rows;
        other.sums.iter().for_each(|(currency, sum)| self.add(currency, *sum));
        self
    }

    /// The sum of each currency.
    pub(super) fn by_currency(&self) -> BTreeMap<&str, i128> {
        self.sums.iter().map(|(currency, sum)| (currency.as_str(), *sum)).collect()
    }
}

/// The bytes and the blake3 of a file.
pub(super) fn hash(path: &Path) -> io::Result<(u64, String)> {
    read_through(path, |piece| Ok(piece.len()))
}

/// Hashes a file, and shows it piece by piece. `take` says how much of a piece it took; what is left begins the next.
fn read_through(path: &Path, mut take: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = Vec::with_capacity(READ * 2);
    loop {
        let before = piece.len();
        (&mut file).take(READ as u64).read_to_end(&mut piece)?;
        if piece.len() == before {
            break;
        }
        hasher.update_rayon(&piece[before..]);
        let taken = take(&piece)?;
        piece.drain(..taken);
    }
    match piece.is_empty() {
        true => Ok((hasher.count(), hasher.finalize().to_hex().to_string())),
        false => Err(io::Error::other("it ends within a record")),
    }
}

/// Holds a file against what was written; `totals` are those that its subtotals must add up to.
pub(super) fn check(folder: &Path, written: &Written, totals: Option<&Totals>) -> Result<(), OutputError> {
    let path = folder.join(&written.name);
    let failed = |source: io::Error| OutputError::Write { path: path.clone(), source };
    let (hash, found) = match (written.rows, path.extension().and_then(|ending| ending.to_str())) {
        (None, _) => (hash(&path).map_err(failed)?, Found::default()),
        (Some(_), Some("parquet")) => (hash(&path).map_err(failed)?, read_parquet(&path).map_err(failed)?),
        (Some(_), Some(_) | None) => {
            let mut table = TextTable::default();
            let hash = read_through(&path, |piece| table.read(piece)).map_err(failed)?;
            (hash, table.found())
        }
    };
    if hash != (written.bytes, written.hash.clone()) {
        return Err(failed(io::Error::other("it reads back as other bytes than were written")));
    }
    if let Some(rows) = written.rows.filter(|&rows| rows != found.rows) {
        let detail = format!("{}: {rows} were written, {} are there", written.name, found.rows);
        return Err(OutputError::broken("a table reads back with as many rows", detail));
    }
    let Some(totals) = totals else { return Ok(()) };
    let (sums, found) = (sums_of(totals), found.by_currency());
    if sums == found {
        return Ok(());
    }
    let detail = format!("{}: {found:?} instead of {sums:?}, in 1/10000", written.name);
    Err(OutputError::broken("a table reads back with the run's totals", detail))
}

fn sums_of(totals: &Totals) -> BTreeMap<&'static str, i128> {
    let sum = |(currency, total): (Currency, termwise_engine::invoicing::Total)| {
        (currency.code(), total.subtotal * parts_of_minor(currency.digits()))
    };
    totals.by_currency().into_iter().map(sum).collect()
}

/// How many units of an amount column a minor unit is.
const fn parts_of_minor(digits: u32) -> i128 {
    10_i128.pow(AMOUNT.scale as u32 - digits)
}

fn read_parquet(path: &Path) -> io::Result<Found> {
    let file = File::open(path)?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
    let groups = metadata.metadata().num_row_groups();
    let read = |group| read_group(File::open(path)?, &metadata, group);
    (0..groups).into_par_iter().map(read).try_reduce(Found::default, |left, right| Ok(left.and(right)))
}

fn read_group(file: File, metadata: &ArrowReaderMetadata, group: usize) -> io::Result<Found> {
    let mask = ProjectionMask::columns(metadata.parquet_schema(), [CURRENCY, SUBTOTAL]);
    let has_sums = metadata.schema().column_with_name(SUBTOTAL).is_some();
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
        .with_row_groups(vec![group])
        .with_batch_size(DECODED_ROWS)
        .with_projection(mask);
    let mut found = Found::default();
    for batch in builder.build()? {
        let batch = batch.map_err(io::Error::other)?;
        found.rows += batch.num_rows() as u64;
        if has_sums {
            add_batch(&mut found, &batch)?;
        }
    }
    Ok(found)
}

fn add_batch(found: &mut Found, batch: &RecordBatch) -> io::Result<()> {
    let (currencies, amounts) =
        sums_columns(batch).ok_or_else(|| io::Error::other("a column has another type"))?;
    for (currency, amount) in currencies.iter().zip(amounts) {
        let (Some(currency), Some(amount)) = (currency, amount) else {
            return Err(io::Error::other("a row has no amount"));
        };
        found.add(currency, amount);
    }
    Ok(())
}

fn sums_columns(batch: &RecordBatch) -> Option<(&StringArray, &Decimal128Array)> {
    let column = |name| batch.column_by_name(name).map(|array| array.as_any());
    Some((column(CURRENCY)?.downcast_ref()?, column(SUBTOTAL)?.downcast_ref()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_by_currency() {
        let mut one = Found::of(2);
        one.add("EUR", 5);
        one.add("JPY", -3);
        let mut other = Found::of(1);
        other.add("JPY", 10);
        let sum = one.and(other);
        assert_eq!((sum.rows, sum.by_currency()), (3, BTreeMap::from([("EUR", 5), ("JPY", 7)])));
    }

    #[test]
    fn a_file_that_is_not_what_was_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("invoices.csv"), "currency,subtotal\nEUR,1.50\n").unwrap();
        let (bytes, hash) = hash(&folder.path().join("invoices.csv")).unwrap();
        let written = Written { name: "invoices.csv".to_owned(), rows: Some(1), bytes, hash };
        let told = |written: &Written, totals: Option<&Totals>| match check(folder.path(), written, totals) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        assert_eq!(told(&written, None), "");
        assert!(told(&Written { bytes: 1, ..written.clone() }, None).contains("other bytes"));
        assert!(
            told(&Written { rows: Some(2), ..written.clone() }, None).contains("2 were written, 1 are there")
        );
        assert!(told(&written, Some(&Totals::default())).contains(r#"{"EUR": 15000} instead of {}"#));
    }
}
