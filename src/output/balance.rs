//! What a run must prove as a whole before it is published: every row of the inputs is accounted for, and the sums of
//! its parts are the sums of the run.
//!
//! The laws of single lines, invoices and renewals are proved stretch by stretch, in [proof](super::proof).

use super::counts::is_billable;
use super::{OutputError, Report};
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::findings::{Source, Table};
use termwise_engine::invoicing::Total;
use termwise_engine::money::Currency;

/// Proves the laws of a run as a whole, without writing anything.
///
/// # Errors
/// [`OutputError::Invariant`], with the first law that does not hold.
pub fn prove(report: &Report<'_>) -> Result<(), OutputError> {
    every_row_has_one_disposition(report)?;
    every_row_set_aside_is_listed(report)?;
    totals_are_the_sums_of_invoices(report)
}

fn every_row_has_one_disposition(report: &Report<'_>) -> Result<(), OutputError> {
    let law = "every row of every input has exactly one disposition";
    for file in report.files {
        let found = report.counts.of(file);
        if found.total() != file.rows {
            let detail = format!("{} has {} rows, and {} have one", file.shown, file.rows, found.total());
            return Err(OutputError::broken(law, detail));
        }
        if !is_billable(file.table) && found.billed + found.all_not_due() > 0 {
            let law = "rows of the other inputs are read or set aside";
            return Err(OutputError::broken(law, file.shown.clone()));
        }
    }
    let known: BTreeSet<(Table, u16)> = report.files.iter().map(|file| (file.table, file.file)).collect();
    match report.counts.files().find(|file| !known.contains(file)) {
        None => Ok(()),
        Some((table, file)) => {
            Err(OutputError::broken(law, format!("{} has no file number {file}", table.name())))
        }
    }
}

fn every_row_set_aside_is_listed(report: &Report<'_>) -> Result<(), OutputError> {
    let listed: BTreeSet<Source> = report.rejects.iter().map(|reject| reject.finding.source).collect();
    let mut rows: BTreeMap<(Table, u16), u64> = BTreeMap::new();
    for source in listed {
        *rows.entry((source.table, source.file)).or_default() += 1;
    }
    for file in report.files {
        let set_aside = report.counts.of(file).set_aside();
        let listed = rows.get(&(file.table, file.file)).copied().unwrap_or_default();
        if set_aside > listed {
            let detail = format!("{}: {set_aside} rows are set aside, {listed} are listed", file.shown);
            return Err(OutputError::broken("every row set aside stands in rejects.csv", detail));
        }
    }
    Ok(())
}

fn totals_are_the_sums_of_invoices(report: &Report<'_>) -> Result<(), OutputError> {
    let law = "the total of each currency is the sum of its invoices";
    let sum = |sum: &super::tally::Invoices| Total { lines: sum.lines, subtotal: sum.subtotal };
    let sums: BTreeMap<Currency, Total> =
        report.tally.invoices.iter().map(|(&currency, invoices)| (currency, sum(invoices))).collect();
    let totals = report.tally.totals.by_currency();
    if totals == sums { Ok(()) } else { Err(OutputError::broken(law, format!("{totals:?} and {sums:?}"))) }
}
