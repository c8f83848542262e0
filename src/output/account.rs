//! The account of a run: every number that the closing summary and the manifest show, counted once.
//!
//! Numbers of the output's own rows come from the [tally](super::Tally).

use super::Report;
use super::counts::Dispositions;
use super::figures::Decimal;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use termwise_engine::findings::{Code, Disposition, Table};
use termwise_engine::money::Currency;
use termwise_engine::reasons::{Reason, Reasons};
use termwise_engine::workings::ChargeType;

/// What became of everything.
pub(super) struct Account {
    /// Each input that was read, its files added up, in the order of reports.
    pub(super) inputs: Vec<(Table, Dispositions)>,
    /// Entries of rejects.csv.
    pub(super) rejects: BTreeMap<(Code, Disposition), u64>,
    /// What was not checked, and what else to know.
    pub(super) notes: Vec<String>,
}

impl Account {
    /// Counts a run.
    pub(super) fn of(report: &Report<'_>) -> Account {
        let mut inputs: BTreeMap<Table, Dispositions> = BTreeMap::new();
        for file in report.files {
            inputs.entry(file.table).or_default().add(&report.counts.of(file));
        }
        let mut rejects: BTreeMap<(Code, Disposition), u64> = BTreeMap::new();
        for reject in report.rejects {
            *rejects.entry((reject.finding.code, reject.finding.disposition)).or_default() += 1;
        }
        let mut notes = checks_not_made(report);
        for note in report.notes {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        Account { inputs: inputs.into_iter().collect(), rejects, notes }
    }

    /// Entries of rejects.csv by code and disposition, as JSON has them.
    pub(super) fn rejects_json(&self) -> Value {
        let row = |(&(code, disposition), &rows): (&(Code, Disposition), &u64)| json!({ "code": code.name(), "disposition": disposition.name(), "entries": rows });
        self.rejects.iter().map(row).collect()
    }
}

/// What became of rows, as JSON has it.
pub(super) fn dispositions_json(found: &Dispositions) -> Value {
    let not_due: Map<String, Value> =
        found.not_due.iter().map(|(reason, &rows)| (reason.name().to_owned(), rows.into())).collect();
    json!({
        "read": found.read,
        "billed": found.billed,
        "not_due": not_due,
        "rejected": found.rejected,
        "parked": found.parked,
        "refused": found.refused,
        "flagged": found.flagged,
    })
}

/// Sums by currency and charge type, as JSON has them.
pub(super) fn totals_json(report: &Report<'_>) -> Value {
    totals_of(&report.tally.totals)
}

/// Control totals by currency and charge type, as JSON has them.
pub(super) fn totals_of(totals: &termwise_engine::invoicing::Totals) -> Value {
    let row = |(currency, charge_type, total): (Currency, ChargeType, _)| {
        let total: termwise_engine::invoicing::Total = total;
        json!({
            "currency": currency.code(),
            "charge_type": charge_type.name(),
            "lines": total.lines,
            "subtotal": Decimal::amount(total.subtotal, currency).to_string(),
        })
    };
    totals.iter().map(row).collect()
}

/// Invoices and their sum by currency, as JSON has them.
pub(super) fn invoices_json(report: &Report<'_>) -> Value {
    let row = |(currency, total): (Currency, termwise_engine::invoicing::Total)| {
        json!({
            "currency": currency.code(),
            "invoices": invoices_of(report, currency),
            "lines": total.lines,
            "subtotal": Decimal::amount(total.subtotal, currency).to_string(),
        })
    };
    report.tally.totals.by_currency().into_iter().map(row).collect()
}

/// How many invoices a currency has.
pub(super) fn invoices_of(report: &Report<'_>, currency: Currency) -> u64 {
    report.tally.invoices.get(&currency).map_or(0, |sum| sum.invoices)
}

/// How many lines and how many renewals each reason stands on, as JSON has it.
pub(super) fn reasons_json(report: &Report<'_>) -> Value {
    json!({
        "lines": count_reasons(&report.tally.line_reasons),
        "renewals": count_reasons(&report.tally.renewal_reasons),
    })
}

/// The sets of reasons, taken apart.
fn count_reasons(sets: &BTreeMap<Reasons, u64>) -> Map<String, Value> {
    let mut counts: BTreeMap<Reason, u64> = BTreeMap::new();
    for (reasons, rows) in sets {
        for reason in reasons.iter() {
            *counts.entry(reason).or_default() += rows;
        }
    }
    counts.into_iter().map(|(reason, rows)| (reason.name().to_owned(), rows.into())).collect()
}

/// Rules that could not be checked, because the input that they need was not given (B17, B18).
pub(super) fn checks_not_made(report: &Report<'_>) -> Vec<String> {
    let given = |table| report.files.iter().any(|file| file.table == table);
    let checks = [(Table::Customers, "R50"), (Table::Partners, "R52")];
    let missing = checks.into_iter().filter(|&(table, _)| !given(table));
    missing.map(|(table, rule)| format!("no {} file: {rule} is not checked", table.name())).collect()
}
