//! The closing summary of a reconciliation: what was read, what each status and cause comes to, and what is open.

use super::{Comparison, Sum};
use crate::names::printable;
use crate::output::account::Account;
use crate::output::figures::Decimal;
use crate::output::{Report, manifest, summary};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use termwise_engine::money::{Currency, percent_change};
use termwise_engine::reconciling::{Cause, Status};

/// The summary as text; `place` says where the output is.
pub fn text(comparison: &Comparison, report: &Report<'_>, place: &str) -> String {
    let account = Account::of(report);
    let window = report.job.window.billed;
    let (version, kind) = (env!("CARGO_PKG_VERSION"), report.job.kind.name());
    let mut lines =
        vec![format!("termwise {version}  {kind}  {} to {}", window.first, window.last), String::new()];
    lines.extend(summary::inputs(&account));
    lines.push(String::new());
    lines.extend(table(&statuses(comparison)));
    lines.push(String::new());
    lines.extend(table(&causes(comparison)));
    lines.push(String::new());
    lines.extend(seats(comparison));
    lines.extend(open(comparison, report));
    lines.push(String::new());
    lines.extend(summary::rejects(&account));
    lines.extend(summary::notes(&account));
    lines.push(format!("output: {}", printable(place)));
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The summary as JSON.
pub fn json(comparison: &Comparison, report: &Report<'_>, place: &str) -> Value {
    let account = Account::of(report);
    let window = report.job.window.billed;
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "kind": report.job.kind.name(),
        "from": window.first.to_string(),
        "as_of": window.last.to_string(),
        "inputs": manifest::inputs_json(report),
        "totals": totals_json(comparison),
        "rejects": account.rejects_json(),
        "notes": account.notes,
        "output": place,
    })
}

/// Sums by currency, each with its statuses and causes, as JSON has them.
pub(super) fn totals_json(comparison: &Comparison) -> Value {
    let tallied = &comparison.tallied;
    let by_currency = tallied.by_currency();
    let currency = |(&currency, sum): (&Currency, &Sum)| {
        let statuses = tallied.by_status.iter().filter(|((of, _), _)| *of == currency);
        let causes = tallied.by_cause.iter().filter(|((of, _), _)| *of == currency);
        json!({
            "currency": currency.code(),
            "sum": sum_json(currency, sum),
            "by_status": statuses.map(|((_, status), sum)| (status.name().to_owned(), sum_json(currency, sum))).collect::<serde_json::Map<_, _>>(),
            "by_cause": causes.map(|((_, cause), sum)| (cause.name().to_owned(), sum_json(currency, sum))).collect::<serde_json::Map<_, _>>(),
        })
    };
    json!({
        "currencies": by_currency.iter().map(currency).collect::<Vec<_>>(),
        "rows_with_other_seats_for_the_same_money": tallied.other_use,
        "unread_vendor_lines": comparison.unread.lines,
        "unread_vendor_amounts": comparison.unread.sums.iter().map(|&(currency, sum)| (currency.code().to_owned(), Decimal::amount(sum, currency).to_string().into())).collect::<serde_json::Map<_, _>>(),
        "open_differences": tallied.open,
        "explained_differences": tallied.explained,
    })
}

fn sum_json(currency: Currency, sum: &Sum) -> Value {
    let amount = |minor: i128| Decimal::amount(minor, currency).to_string();
    json!({
        "rows": sum.rows,
        "ours_lines": sum.ours_lines,
        "vendors_lines": sum.vendors_lines,
        "ours": amount(sum.ours),
        "vendors": amount(sum.vendors),
        "difference": amount(sum.difference),
        "ours_seats": sum.ours_seats.to_string(),
        "vendors_seats": sum.vendors_seats.to_string(),
    })
}

/// A row for each currency: the vendor's total, and what each status makes of it.
fn statuses(comparison: &Comparison) -> Vec<Vec<String>> {
    let tallied = &comparison.tallied;
    let used: Vec<Status> = Status::ALL
        .into_iter()
        .filter(|status| tallied.by_status.keys().any(|(_, used)| used == status))
        .collect();
    let mut header = vec!["vendor's total".to_owned(), "rows".to_owned(), "lines".to_owned()];
    header.extend(used.iter().map(|status| status.name().to_owned()));
    header.push("total".to_owned());
    let mut rows = vec![header];
    for (currency, sum) in tallied.by_currency() {
        let amount = |minor: i128| Decimal::amount(minor, currency).to_string();
        let mut row = vec![currency.code().to_owned(), sum.rows.to_string(), sum.vendors_lines.to_string()];
        row.extend(used.iter().map(|&status| match tallied.status(currency, status) {
            Sum { vendors_lines: 0, .. } => ".".to_owned(),
            sum => amount(sum.vendors),
        }));
        row.push(amount(sum.vendors));
        rows.push(row);
    }
    rows
}

/// A row for each currency: what we expect less what the vendor charges, by its causes.
fn causes(comparison: &Comparison) -> Vec<Vec<String>> {
    let tallied = &comparison.tallied;
    let used: Vec<Cause> = Cause::ALL
        .into_iter()
        .filter(|cause| tallied.by_cause.keys().any(|(_, used)| used == cause))
        .collect();
    let mut header = vec!["ours − vendor's".to_owned(), "ours".to_owned()];
    header.extend(used.iter().map(|cause| cause.name().to_owned()));
    header.push("difference".to_owned());
    let mut rows = vec![header];
    for (currency, sum) in tallied.by_currency() {
        let amount = |minor: i128| Decimal::amount(minor, currency).to_string();
        let mut row = vec![currency.code().to_owned(), amount(sum.ours)];
        let of = |cause: &Cause| tallied.by_cause.get(&(currency, *cause));
        row.extend(used.iter().map(|cause| of(cause).map_or(".".to_owned(), |sum| amount(sum.difference))));
        row.push(amount(sum.difference));
        rows.push(row);
    }
    rows
}

fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut text = format!("{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        text
    };
    rows.iter().map(line).collect()
}

/// The seats of both sides, and how far apart they are: under two in a hundred is what good partners reach.
fn seats(comparison: &Comparison) -> Vec<String> {
    let mut all = Sum::default();
    let compared = comparison.tallied.by_status.iter().filter(|((_, status), _)| *status != Status::Excluded);
    compared.for_each(|(_, sum)| all.add(sum));
    let (ours, vendors) = (all.ours_seats, all.vendors_seats);
    let percent = percent_change(ours - vendors, vendors);
    let percent = percent.map_or_else(String::new, |percent| format!(" ({} %)", Decimal::percent(percent)));
    vec![format!("seats: ours {ours}, the vendor's {vendors}; variance {}{percent}", ours - vendors)]
}

/// What the lines that can't be read would have come to: it is in no total.
fn unread(comparison: &Comparison) -> Option<String> {
    let unread = &comparison.unread;
    let amounts: Vec<String> = unread
        .sums
        .iter()
        .map(|&(currency, sum)| format!("{} {}", Decimal::amount(sum, currency), currency.code()))
        .collect();
    let unknown = match unread.without_amount {
        0 => String::new(),
        lines => format!(
            "{}{lines} of them without an amount that can be read",
            if amounts.is_empty() { "" } else { ", " }
        ),
    };
    (unread.lines > 0).then(|| {
        let lines = summary::counted(unread.lines, "line");
        format!("not in any total: {lines} of the vendor's in rejects.csv, {}{unknown}", amounts.join(", "))
    })
}

fn open(comparison: &Comparison, report: &Report<'_>) -> Vec<String> {
    let tallied = &comparison.tallied;
    let words = &report.job.reconcile.words;
    let word = |name: &str| words.get(name).map_or("0", String::as_str);
    let counted = |number| summary::counted(number, "difference");
    let mut line = match tallied.open {
        0 => "no difference above the tolerance".to_owned(),
        open => format!("{} above the tolerance", counted(open)),
    };
    line.push_str(&format!(" of {} a line", word("line")));
    if tallied.explained > 0 {
        line.push_str(&format!(", {} explained beside", tallied.explained));
    }
    let mut lines = vec![line];
    if tallied.other_use > 0 {
        lines.push(format!(
            "{} with other seats for the same money",
            summary::counted(tallied.other_use, "row")
        ));
    }
    lines.extend(unread(comparison));
    let sums: BTreeMap<&str, String> = tallied
        .tolerated
        .iter()
        .map(|(&currency, &sum)| (currency.code(), Decimal::amount(sum, currency).to_string()))
        .collect();
    if !sums.is_empty() {
        let sums: Vec<String> = sums.iter().map(|(code, sum)| format!("{sum} {code}")).collect();
        let above = match tallied.is_above_total(report.job.reconcile.total) {
            true => ": MORE THAN IS TOLERATED",
            false => "",
        };
        lines.push(format!(
            "within the tolerance of a line: {} (of {} in total){above}",
            sums.join(", "),
            word("total")
        ));
    }
    lines
}
