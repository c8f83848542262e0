//! Reading back what was written, by other means than those that wrote it.
//!
//! Before a folder is published every file is opened again: its bytes and hash must be those that were written, its
//! rows as many, and the amounts in it must add up to the totals of the run.

use super::OutputError;
use super::sheet::AMOUNT;
use super::staging::Written;
use arrow_array::{Array, Decimal128Array, RecordBatch, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use termwise_engine::invoicing::Totals;
use termwise_engine::money::Currency;

/// What is read back of a table: rows, and the sum of `subtotal` by currency in 10⁻⁴ units.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    rows: u64,
    sums: BTreeMap<String, i128>,
}

/// The bytes and the blake3 of a file.
pub(super) fn hash(path: &Path) -> io::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok((hasher.count(), hasher.finalize().to_hex().to_string()))
}

/// Holds a file against what was written; `totals` are those that its subtotals must add up to.
pub(super) fn check(folder: &Path, written: &Written, totals: Option<&Totals>) -> Result<(), OutputError> {
    let path = folder.join(&written.name);
    let failed = |source: io::Error| OutputError::Write { path: path.clone(), source };
    let found = hash(&path).map_err(failed)?;
    if found != (written.bytes, written.hash.clone()) {
        return Err(failed(io::Error::other("it reads back as other bytes than were written")));
    }
    let Some(rows) = written.rows else { return Ok(()) };
    let found = match path.extension().and_then(|ending| ending.to_str()) {
        Some("parquet") => read_parquet(&path),
        Some(_) | None => read_csv(&path),
    };
    let found = found.map_err(failed)?;
    if found.rows != rows {
        let detail = format!("{}: {rows} were written, {} are there", written.name, found.rows);
        return Err(OutputError::broken("a table reads back with as many rows", detail));
    }
    match totals.map(sums_of) {
        Some(sums) if sums != found.sums => {
            let detail = format!("{}: {:?} instead of {sums:?}, in 1/10000", written.name, found.sums);
            Err(OutputError::broken("a table reads back with the run's totals", detail))
        }
        Some(_) | None => Ok(()),
    }
}

fn sums_of(totals: &Totals) -> BTreeMap<String, i128> {
    let sum = |(currency, total): (Currency, termwise_engine::invoicing::Total)| {
        (currency.code().to_owned(), total.subtotal * parts_of_minor(currency.digits()))
    };
    totals.by_currency().into_iter().map(sum).collect()
}

/// How many units of an amount column a minor unit is.
const fn parts_of_minor(digits: u32) -> i128 {
    10_i128.pow(AMOUNT.scale as u32 - digits)
}

fn read_csv(path: &Path) -> io::Result<Found> {
    let mut reader = csv::Reader::from_reader(BufReader::new(File::open(path)?));
    let header = reader.headers()?.clone();
    let column = |name| header.iter().position(|column| column == name);
    let columns = column("currency").zip(column("subtotal"));
    let mut found = Found::default();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        found.rows += 1;
        if let Some((currency, subtotal)) = columns {
            let parsed = record.get(subtotal).and_then(amount);
            let (Some(currency), Some(amount)) = (record.get(currency), parsed) else {
                return Err(io::Error::other(format!("row {} has no amount", found.rows)));
            };
            add(&mut found.sums, currency, amount);
        }
    }
    Ok(found)
}

fn add(sums: &mut BTreeMap<String, i128>, currency: &str, amount: i128) {
    match sums.get_mut(currency) {
        Some(sum) => *sum += amount,
        None => drop(sums.insert(currency.to_owned(), amount)),
    }
}

/// The integer of `-143.20` in 10⁻⁴ units.
fn amount(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let more = u32::from(AMOUNT.scale).checked_sub(u32::try_from(fraction.len()).ok()?)?;
    Some(digits * 10_i128.pow(more))
}

fn read_parquet(path: &Path) -> io::Result<Found> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let columns = ["currency", "subtotal"];
    let has_sums = columns.iter().all(|name| builder.schema().column_with_name(name).is_some());
    let mut found = Found::default();
    if !has_sums {
        for batch in builder.build()? {
            found.rows += batch.map_err(io::Error::other)?.num_rows() as u64;
        }
        return Ok(found);
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    for batch in builder.with_projection(mask).build()? {
        let batch = batch.map_err(io::Error::other)?;
        found.rows += batch.num_rows() as u64;
        let (currencies, amounts) =
            sums_columns(&batch).ok_or_else(|| io::Error::other("a column has another type"))?;
        for (currency, amount) in currencies.iter().zip(amounts) {
            let (Some(currency), Some(amount)) = (currency, amount) else {
                return Err(io::Error::other("a row has no amount"));
            };
            add(&mut found.sums, currency, amount);
        }
    }
    Ok(found)
}

fn sums_columns(batch: &RecordBatch) -> Option<(&StringArray, &Decimal128Array)> {
    let column = |name| batch.column_by_name(name).map(|array| array.as_any());
    Some((column("currency")?.downcast_ref()?, column("subtotal")?.downcast_ref()?))
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn amounts_are_read_at_one_scale() {
        assert_eq!(amount("-143.20"), Some(-1_432_000));
        assert_eq!(amount("-0.05"), Some(-500));
        assert_eq!(amount("1440"), Some(14_400_000));
        assert_eq!(amount("0.001"), Some(10));
        assert_eq!(amount(""), None);
        assert_eq!(amount("0.00001"), None);
    }
}
