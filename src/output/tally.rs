//! The tally: what the rows of a run add up to, so that the rows themselves need not be kept.
//!
//! Each stretch is tallied for itself, and tallies are added in any order: only sums are in them.

use super::Stretch;
use super::charge::Charge;
use super::sheet::AMOUNT;
use super::tables::OutputTable;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use termwise_engine::invoicing::Totals;
use termwise_engine::money::Currency;
use termwise_engine::reasons::Reasons;
use termwise_engine::workings::{Renewal, RenewalOutcome};

/// What summary, manifest and the last laws need of the rows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Rows of each table.
    rows: BTreeMap<OutputTable, u64>,
    /// Sums by currency and charge type, made from the lines.
    pub(super) totals: Totals,
    /// Sums by currency, made from the invoices.
    pub(super) invoices: BTreeMap<Currency, Invoices>,
    /// What safety bounds look at, where there is a ledger (R66).
    pub weight: Weight,
    /// Renewals that happened in this run.
    pub(super) renewed: RenewalCounts,
    /// Renewals that are forecast.
    pub(super) forecast: RenewalCounts,
    /// How many lines have each set of reasons.
    pub(super) line_reasons: BTreeMap<Reasons, u64>,
    /// How many renewals have each set of reasons.
    pub(super) renewal_reasons: BTreeMap<Reasons, u64>,
}

impl Tally {
    /// Tallies a stretch.
    pub fn of(stretch: &Stretch<'_>) -> Tally {
        let invoiced = stretch.invoiced;
        let mut tally = Tally { totals: invoiced.totals.clone(), ..Tally::default() };
        for invoice in &invoiced.invoices {
            let sum = tally.invoices.entry(invoice.key.currency).or_default();
            // With a ledger they are issued when the month is closed (R65).
            let invoices = u64::from(stretch.posting.is_none());
            sum.add(Invoices { invoices, lines: invoice.lines.into(), subtotal: invoice.subtotal });
        }
        for (_, charge) in stretch.posting.map_or(&[][..], |posting| posting.charges) {
            if charge.is_reversal {
                tally.totals.add_line(charge.currency, charge.charge_type, charge.subtotal);
                let sum = tally.invoices.entry(charge.currency).or_default();
                sum.add(Invoices { invoices: 0, lines: 1, subtotal: charge.subtotal.into() });
            }
            tally.weigh(charge);
        }
        for renewal in stretch.renewals {
            let counts = if renewal.billed { &mut tally.renewed } else { &mut tally.forecast };
            counts.count(renewal);
        }
        tally.line_reasons = count_sets(invoiced.lines.iter().map(|line| line.reasons));
        tally.renewal_reasons = count_sets(stretch.renewals.iter().map(|renewal| renewal.reasons));
        for table in OutputTable::ALL {
            tally.rows.insert(table, table.rows_of(stretch) as u64);
        }
        tally
    }

    /// Adds another part of the run; the order of adding never shows.
    pub fn add(&mut self, other: &Tally) {
        self.totals.add(&other.totals);
        for (&currency, &invoices) in &other.invoices {
            self.invoices.entry(currency).or_default().add(invoices);
        }
        self.weight.add(&other.weight);
        self.renewed.add(other.renewed);
        self.forecast.add(other.forecast);
        add_counts(&mut self.line_reasons, &other.line_reasons);
        add_counts(&mut self.renewal_reasons, &other.renewal_reasons);
        add_counts(&mut self.rows, &other.rows);
    }

    /// Puts a line of a ledger on the scales.
    fn weigh(&mut self, charge: &Charge<'_>) {
        let weight = &mut self.weight;
        weight.largest =
            weight.largest.max(parts_of_minor(charge.currency) * i128::from(charge.subtotal).abs());
        let sides = weight.sides.entry(charge.currency).or_default();
        if charge.subtotal < 0 {
            sides.1 -= i128::from(charge.subtotal);
        } else {
            sides.0 += i128::from(charge.subtotal);
        }
    }

    /// Control totals by currency and charge type.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// How many rows a table has.
    pub fn rows(&self, table: OutputTable) -> u64 {
        self.rows.get(&table).copied().unwrap_or_default()
    }
}

/// What safety bounds look at (R66).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Weight {
    /// The largest line, whatever its sign, in 1/10000 of its currency.
    pub largest: i128,
    /// What is charged and what is credited, both positive, in minor units.
    pub sides: BTreeMap<Currency, (i128, i128)>,
    /// The most lines of one subscription and charge day.
    pub lines_of_a_day: u32,
}

impl Weight {
    fn add(&mut self, other: &Weight) {
        self.largest = self.largest.max(other.largest);
        self.lines_of_a_day = self.lines_of_a_day.max(other.lines_of_a_day);
        for (&currency, more) in &other.sides {
            let sides = self.sides.entry(currency).or_default();
            sides.0 += more.0;
            sides.1 += more.1;
        }
    }
}

/// How many units of 1/10000 a minor unit is.
fn parts_of_minor(currency: Currency) -> i128 {
    10_i128.pow(u32::from(AMOUNT.scale) - currency.digits())
}

fn add_counts<K: Copy + Ord>(sums: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (&key, &count) in more {
        *sums.entry(key).or_default() += count;
    }
}

/// Few sets occur, and one often follows itself; so runs are counted.
fn count_sets(all: impl Iterator<Item = Reasons>) -> BTreeMap<Reasons, u64> {
    let mut counts: BTreeMap<Reasons, u64> = BTreeMap::new();
    let mut run: Option<(Reasons, u64)> = None;
    for reasons in all {
        match &mut run {
            Some((same, length)) if *same == reasons => *length += 1,
            Some(_) | None => {
                if let Some((before, length)) = run.replace((reasons, 1)) {
                    *counts.entry(before).or_default() += length;
                }
            }
        }
    }
    if let Some((last, length)) = run {
        *counts.entry(last).or_default() += length;
    }
    counts
}

/// Invoices of a currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Invoices {
    /// How many.
    pub(super) invoices: u64,
    /// How many lines they have.
    pub(super) lines: u64,
    /// Their sum, in minor units.
    pub(super) subtotal: i128,
}

impl Invoices {
    fn add(&mut self, other: Invoices) {
        self.invoices += other.invoices;
        self.lines += other.lines;
        self.subtotal += other.subtotal;
    }
}

/// What renewals led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct RenewalCounts {
    pub(super) renews: u64,
    pub(super) expires: u64,
    pub(super) extends: u64,
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
    fn count(&mut self, renewal: &Renewal) {
        match renewal.outcome {
            RenewalOutcome::Renews => self.renews += 1,
            RenewalOutcome::Expires => self.expires += 1,
            RenewalOutcome::Extends => self.extends += 1,
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

    fn add(&mut self, other: RenewalCounts) {
        let RenewalCounts { renews, expires, extends, blocked, kept, lost, replaced, gained } = other;
        self.renews += renews;
        self.expires += expires;
        self.extends += extends;
        self.blocked += blocked;
        self.kept += kept;
        self.lost += lost;
        self.replaced += replaced;
        self.gained += gained;
    }

    /// All of them.
    pub(super) fn all(self) -> u64 {
        self.renews + self.expires + self.extends + self.blocked
    }

    /// As JSON has it.
    pub(super) fn json(self) -> Value {
        json!({
            "renews": self.renews,
            "expires": self.expires,
            "extends": self.extends,
            "blocked": self.blocked,
            "promotion_kept": self.kept,
            "promotion_lost": self.lost,
            "promotion_replaced": self.replaced,
            "promotion_gained": self.gained,
        })
    }
}
