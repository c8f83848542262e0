//! The close of a month: what it must issue, and that it does so once.

use super::ledger::{Ledger, Line, amount, folders, lines};
use super::world::World;
use crate::common::Table;
use chrono::{Days, Months, NaiveDate};
use std::collections::BTreeMap;
use std::path::Path;

/// The months whose last day lies within the nights so far, as `YYYY-MM` with that day.
pub(crate) fn over(from: NaiveDate, to: NaiveDate) -> Vec<(String, NaiveDate)> {
    let mut month = chrono::Datelike::with_day(&from, 1).expect("a first day");
    let mut found = Vec::new();
    loop {
        let next = month + Months::new(1);
        let last = next - Days::new(1);
        if last > to {
            return found;
        }
        found.push((month.format("%Y-%m").to_string(), last));
        month = next;
    }
}

/// Checks the run that a close has just committed.
pub(crate) fn check(
    world: &World,
    ledger: &mut Ledger,
    folder: &Path,
    period: &str,
    last: NaiveDate,
) -> Result<(), String> {
    let path = folders(folder).pop().ok_or("no run")?;
    let table = Table::read(&path.join("invoice_lines.csv"));
    let invoices_of = table.column("invoice_id");
    let mut sums: BTreeMap<String, (i128, usize)> = BTreeMap::new();
    for (line, invoice) in lines(&path).iter().zip(&invoices_of) {
        let Some(of) = ledger.line(&line.id) else {
            return Err(format!("the invoice {invoice} has {}, which no run billed", line.id));
        };
        if of.content != line.content || of.corrects != line.corrects {
            return Err(format!(
                "{} was billed as {} and is issued as {}",
                line.id, of.content, line.content
            ));
        }
        let named = format!("{}:{}:{period}", of.bill_to, of.currency);
        if *invoice != named {
            return Err(format!("{} stands on {invoice}, not on {named}", line.id));
        }
        if charge_day(world, of) > last {
            return Err(format!("{} is of {}, after {period}", line.id, of.happened));
        }
        let sum = sums.entry(invoice.clone()).or_default();
        *sum = (sum.0 + line.subtotal, sum.1 + 1);
        if !ledger.issued.insert(line.id.clone()) {
            return Err(format!("{} is issued twice", line.id));
        }
    }
    let left = |line: &&Line| charge_day(world, line) <= last && !ledger.issued.contains(&line.id);
    if let Some(line) = ledger.all_lines().find(left) {
        return Err(format!("{} of {} is left out of {period}", line.id, line.happened));
    }
    let names = ["invoice_id", "subtotal", "lines"].map(str::to_owned);
    let mut told: BTreeMap<String, (i128, usize)> = BTreeMap::new();
    for row in Table::read(&path.join("invoices.csv")).columns(&names) {
        let lines = row[2].parse().map_err(|_| format!("{} has {} lines", row[0], row[2]))?;
        if told.insert(row[0].clone(), (amount(&row[1]), lines)).is_some() {
            return Err(format!("the invoice {} is there twice", row[0]));
        }
    }
    if told != sums {
        return Err(format!("the invoices say {told:?}, their lines come to {sums:?}"));
    }
    Ok(())
}

/// No charge day lies before the day on which the row began (A2).
fn charge_day(world: &World, line: &Line) -> NaiveDate {
    world.begins(&line.subscription).map_or(line.happened, |begun| begun.max(line.happened))
}
