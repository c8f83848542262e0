//! The account of a run: every number that the closing summary and the manifest show, counted once.

use super::Report;
use super::counts::Dispositions;
use super::figures::Decimal;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use termwise_engine::findings::{Code, Disposition, Table};
use termwise_engine::money::Currency;
use termwise_engine::reasons::{Reason, Reasons};
use termwise_engine::workings::{Renewal, RenewalOutcome};

/// What became of everything.
pub(super) struct Account {
    /// Each input that was read, its files added up, in the order of reports.
    pub(super) inputs: Vec<(Table, Dispositions)>,
    /// Invoices of each currency.
    pub(super) invoices: BTreeMap<Currency, u64>,
    /// Renewals that happened in this run.
    pub(super) renewed: RenewalCounts,
    /// Renewals that are forecast.
    pub(super) forecast: RenewalCounts,
    /// Entries of rejects.csv.
    pub(super) rejects: BTreeMap<(Code, Disposition), u64>,
    /// What was not checked, and what else to know.
    pub(super) notes: Vec<String>,
}

/// What renewals led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct RenewalCounts {
    pub(super) renews: u64,
    pub(super) expires: u64,
    pub(super) blocked: u64,
    /// The same promotion before and after.
    pub(super) kept: u64,
    /// A promotion before, and none after.
    pub(super) lost: u64,
    /// Another promotion than before.
    pub(super) replaced: u64,
    /// None before.
    pub(super) gained: u64,
}

impl RenewalCounts {
    fn of<'a>(renewals: impl Iterator<Item = &'a Renewal>) -> RenewalCounts {
        let mut counts = RenewalCounts::default();
        for renewal in renewals {
            counts.count(renewal);
        }
        counts
    }

    fn count(&mut self, renewal: &Renewal) {
        match renewal.outcome {
            RenewalOutcome::Renews => self.renews += 1,
            RenewalOutcome::Expires => self.expires += 1,
            RenewalOutcome::Blocked => self.blocked += 1,
        }
        let Some(after) = renewal.after else { return };
        match (renewal.promotion_before, after.promotion) {
            (Some(before), Some(after)) if before == after => self.kept += 1,
            (Some(_), Some(_)) => self.replaced += 1,
            (Some(_), None) => self.lost += 1,
            (None, Some(_)) => self.gained += 1,
            (None, None) => {}
        }
    }

    /// All of them.
    pub(super) fn all(self) -> u64 {
        self.renews + self.expires + self.blocked
    }

    /// As JSON has it.
    pub(super) fn json(self) -> Value {
        json!({
            "renews": self.renews,
            "expires": self.expires,
            "blocked": self.blocked,
            "promotion_kept": self.kept,
            "promotion_lost": self.lost,
            "promotion_replaced": self.replaced,
            "promotion_gained": self.gained,
        })
    }
}

impl Account {
    /// Counts a run.
    pub(super) fn of(report: &Report<'_>) -> Account {
        let mut inputs: BTreeMap<Table, Dispositions> = BTreeMap::new();
        for file in report.files {
            inputs.entry(file.table).or_default().add(&report.counts.of(file));
        }
        let mut invoices: BTreeMap<Currency, u64> = BTreeMap::new();
        for invoice in &report.invoiced.invoices {
            *invoices.entry(invoice.key.currency).or_default() += 1;
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
        Account {
            inputs: inputs.into_iter().collect(),
            invoices,
            renewed: RenewalCounts::of(report.renewals.iter().filter(|renewal| renewal.billed)),
            forecast: RenewalCounts::of(report.renewals.iter().filter(|renewal| !renewal.billed)),
            rejects,
            notes,
        }
    }

    /// Sums by currency and charge type, as JSON has them.
    pub(super) fn totals_json(&self, report: &Report<'_>) -> Value {
        let row = |(currency, charge_type, total): (Currency, termwise_engine::workings::ChargeType, _)| {
            let total: termwise_engine::invoicing::Total = total;
            json!({
                "currency": currency.code(),
                "charge_type": charge_type.name(),
                "lines": total.lines,
                "subtotal": Decimal::amount(total.subtotal, currency).to_string(),
            })
        };
        report.invoiced.totals.iter().map(row).collect()
    }

    /// Invoices and their sum by currency, as JSON has them.
    pub(super) fn invoices_json(&self, report: &Report<'_>) -> Value {
        let row = |(currency, total): (Currency, termwise_engine::invoicing::Total)| {
            json!({
                "currency": currency.code(),
                "invoices": self.invoices.get(&currency).copied().unwrap_or_default(),
                "lines": total.lines,
                "subtotal": Decimal::amount(total.subtotal, currency).to_string(),
            })
        };
        report.invoiced.totals.by_currency().into_iter().map(row).collect()
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

/// How many lines and how many renewals each reason stands on, as JSON has it.
pub(super) fn reasons_json(report: &Report<'_>) -> Value {
    json!({
        "lines": count_reasons(report.invoiced.lines.iter().map(|line| line.reasons)),
        "renewals": count_reasons(report.renewals.iter().map(|renewal| renewal.reasons)),
    })
}

fn count_reasons(all: impl Iterator<Item = Reasons>) -> Map<String, Value> {
    // Few sets occur, so the sets are counted and then taken apart.
    let mut sets: BTreeMap<Reasons, u64> = BTreeMap::new();
    for reasons in all {
        *sets.entry(reasons).or_default() += 1;
    }
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
