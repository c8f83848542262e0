//! The closing summary: what was read and became of it, what was billed, what renewed, what to mend, and where it is.
//!
//! Plain text of one screen; what does not fit is named and stands in manifest.json. The same as JSON for `--json`.

use super::account::{Account, dispositions_json, invoices_json, invoices_of, totals_json};
use super::counts::{Dispositions, is_billable};
use super::figures::{Decimal, shortened};
use super::tally::RenewalCounts;
use super::{KIND, Report};
use crate::names::printable;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use termwise_engine::findings::{Code, Disposition, NotDue};
use termwise_engine::invoicing::Total;
use termwise_engine::money::Currency;
use termwise_engine::workings::ChargeType;

/// Lines of a screen.
const SCREEN: usize = 40;
const NOTES_SHOWN: usize = 3;
const CODES_SHOWN: usize = 5;
const REASONS_SHOWN: usize = 3;
const LINE_SHOWN: usize = 110;

/// The summary as text; `place` says where the output is.
pub fn text(report: &Report<'_>, place: &str) -> String {
    let account = Account::of(report);
    let mut before = title(report);
    before.extend(inputs(&account));
    let mut after = renewals(report);
    after.extend(rejects(&account));
    after.extend(notes(&account));
    after.push(format!("output: {}", printable(place)));
    let room = SCREEN.saturating_sub(before.len() + after.len() + 2);
    before.push(String::new());
    before.extend(totals(report, room));
    before.push(String::new());
    before.extend(after);
    before.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The summary as JSON; `place` says where the output is.
pub fn json(report: &Report<'_>, place: &str) -> Value {
    let account = Account::of(report);
    let inputs: Map<String, Value> = account
        .inputs
        .iter()
        .map(|(table, found)| {
            let mut entry = Map::new();
            entry.insert("rows".to_owned(), found.rows.into());
            if let Value::Object(dispositions) = dispositions_json(found) {
                entry.extend(dispositions);
            }
            (table.name().to_owned(), Value::Object(entry))
        })
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "kind": KIND,
        "from": report.job.window.billed.first.to_string(),
        "as_of": report.job.window.billed.last.to_string(),
        "inputs": inputs,
        "totals": totals_json(report),
        "invoices": invoices_json(report),
        "renewals": report.tally.renewed.json(),
        "forecasts": report.tally.forecast.json(),
        "rejects": account.rejects_json(),
        "notes": account.notes,
        "output": place,
    })
}

fn title(report: &Report<'_>) -> Vec<String> {
    let window = report.job.window.billed;
    let kind = report.ledger.and_then(|ledger| ledger.get("kind")).and_then(Value::as_str);
    let version = env!("CARGO_PKG_VERSION");
    let title = match kind {
        Some("open") => format!("termwise {version}  open  all that fell due to {}", window.last),
        Some(_) | None => format!("termwise {version}  {KIND}  {} to {}", window.first, window.last),
    };
    vec![title, String::new()]
}

/// A row for each input; its numbers add up to its rows. Dots stand where an input can't have a number.
pub(super) fn inputs(account: &Account) -> Vec<String> {
    let heads = ["rows", "read", "billed", "not due", "rejected", "parked", "refused", "flagged"];
    let mut lines = vec![aligned("inputs", &heads.map(str::to_owned))];
    for (table, found) in &account.inputs {
        let billable = is_billable(*table);
        let number = |may: bool, rows: u64| if may { rows.to_string() } else { ".".to_owned() };
        let numbers = [
            found.rows.to_string(),
            number(!billable, found.read),
            number(billable, found.billed),
            number(billable, found.all_not_due()),
            found.rejected.to_string(),
            number(billable || found.parked > 0, found.parked),
            number(billable || found.refused > 0, found.refused),
            number(billable || found.flagged > 0, found.flagged),
        ];
        lines.push(aligned(table.name(), &numbers));
    }
    for (table, found) in &account.inputs {
        if !found.not_due.is_empty() {
            lines.push(format!("not due of {}: {}", table.name(), not_due(found)));
        }
    }
    lines
}

fn aligned(name: &str, numbers: &[String; 8]) -> String {
    let mut line = format!("{name:<18}");
    for number in numbers {
        line.push_str(&format!("{number:>10}"));
    }
    line
}

/// The commonest reasons first.
fn not_due(found: &Dispositions) -> String {
    let mut reasons: Vec<(NotDue, u64)> =
        found.not_due.iter().map(|(&reason, &rows)| (reason, rows)).collect();
    reasons.sort_by_key(|&(reason, rows)| (std::cmp::Reverse(rows), reason));
    let more: u64 = reasons.iter().skip(REASONS_SHOWN).map(|&(_, rows)| rows).sum();
    let mut words: Vec<String> = reasons
        .iter()
        .take(REASONS_SHOWN)
        .map(|(reason, rows)| format!("{rows} {}", reason.name()))
        .collect();
    if more > 0 {
        words.push(format!("{more} for other reasons"));
    }
    words.join(", ")
}

/// Totals by currency and charge type where they fit `room` lines, otherwise by currency, otherwise of the first ones.
fn totals(report: &Report<'_>, room: usize) -> Vec<String> {
    let totals = &report.tally.totals;
    let row = |name: &str, total: Total, amount: Decimal, tail: &str| {
        format!("{name:<20}{:>10}{amount:>26}{tail}", total.lines)
    };
    let mut by_type: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (currency, charge_type, total) in totals.iter() {
        let amount = Decimal::amount(total.subtotal, currency);
        let name = format!("{currency} {}", charge_type.name());
        by_type.entry(currency).or_default().push(row(&name, total, amount, ""));
    }
    let mut full = Vec::new();
    for (currency, total) in totals.by_currency() {
        let tail = format!("  {}", counted(invoices_of(report, currency), "invoice"));
        full.extend(by_type.remove(&currency).unwrap_or_default());
        full.push(row(currency.code(), total, Decimal::amount(total.subtotal, currency), &tail));
    }
    let mut lines = vec![format!("{:<20}{:>10}{:>26}", "totals", "lines", "subtotal")];
    if full.is_empty() {
        lines.push("nothing is billed".to_owned());
        return lines;
    }
    if full.len() < room {
        lines.extend(full);
        return lines;
    }
    // Too many for a line each: a line for each currency, a column for each charge type.
    let mut lines = across(report);
    if lines.len() > room {
        let more = lines.len() + 1 - room;
        lines.truncate(room.saturating_sub(1));
        lines.push(format!("… and {more} more currencies in manifest.json"));
    }
    lines
}

/// Totals as a table: a row for each currency, a column for each charge type that occurs.
fn across(report: &Report<'_>) -> Vec<String> {
    let totals = &report.tally.totals;
    let cells: BTreeMap<(Currency, ChargeType), String> = totals
        .iter()
        .map(|(currency, kind, total)| {
            ((currency, kind), Decimal::amount(total.subtotal, currency).to_string())
        })
        .collect();
    let used = |kind: &ChargeType| cells.keys().any(|(_, used)| used == kind);
    let kinds: Vec<ChargeType> = ChargeType::ALL.into_iter().filter(used).collect();
    let mut table: Vec<Vec<String>> = Vec::new();
    let mut header = vec!["totals".to_owned(), "lines".to_owned(), "invoices".to_owned()];
    header.extend(kinds.iter().map(|kind| kind.name().to_owned()));
    header.push("total".to_owned());
    table.push(header);
    for (currency, total) in totals.by_currency() {
        let mut row = vec![
            currency.code().to_owned(),
            total.lines.to_string(),
            invoices_of(report, currency).to_string(),
        ];
        let cell =
            |kind: &ChargeType| cells.get(&(currency, *kind)).cloned().unwrap_or_else(|| ".".to_owned());
        row.extend(kinds.iter().map(cell));
        row.push(Decimal::amount(total.subtotal, currency).to_string());
        table.push(row);
    }
    let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..table[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut text = format!("{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        text
    };
    table.iter().map(line).collect()
}

pub(super) fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn renewals(report: &Report<'_>) -> Vec<String> {
    let until = report.job.window.horizon;
    let mut lines = vec![format!("renewals: {}", outcomes(report.tally.renewed))];
    if report.tally.forecast.all() > 0 {
        lines.push(format!("forecast to {until}: {}", outcomes(report.tally.forecast)));
    }
    lines.push(String::new());
    lines
}

fn outcomes(counts: RenewalCounts) -> String {
    if counts.all() == 0 {
        return "none".to_owned();
    }
    let RenewalCounts { renews, expires, extends, blocked, kept, lost, replaced, gained } = counts;
    let extends = if extends == 0 { String::new() } else { format!("{extends} extend, ") };
    format!(
        "{renews} renew, {expires} expire, {extends}{blocked} blocked; \
         promotion kept {kept}, lost {lost}, replaced {replaced}, gained {gained}"
    )
}

/// The commonest codes first.
pub(super) fn rejects(account: &Account) -> Vec<String> {
    let mut codes: Vec<((Code, Disposition), u64)> =
        account.rejects.iter().map(|(&code, &rows)| (code, rows)).collect();
    if codes.is_empty() {
        return vec!["rejects.csv: nothing to mend".to_owned()];
    }
    codes.sort_by_key(|&(code, rows)| (std::cmp::Reverse(rows), code));
    let mut lines = vec!["rejects.csv".to_owned()];
    for ((code, disposition), rows) in codes.iter().take(CODES_SHOWN) {
        lines.push(format!("{rows:>10}  {:<10}{}", disposition.name(), code.name()));
    }
    let more: u64 = codes.iter().skip(CODES_SHOWN).map(|&(_, rows)| rows).sum();
    if more > 0 {
        lines.push(format!(
            "{more:>10}  with {} in manifest.json",
            counted((codes.len() - CODES_SHOWN) as u64, "other code")
        ));
    }
    lines
}

pub(super) fn notes(account: &Account) -> Vec<String> {
    let shown = account.notes.iter().take(NOTES_SHOWN);
    let mut lines: Vec<String> =
        shown.map(|note| format!("note: {}", shortened(&printable(note), LINE_SHOWN))).collect();
    let more = account.notes.len().saturating_sub(NOTES_SHOWN);
    if more > 0 {
        lines.push(format!("note: {} in manifest.json", counted(more as u64, "more note")));
    }
    lines
}
