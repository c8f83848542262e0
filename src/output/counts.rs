//! What became of the rows, in numbers that add up.
//!
//! Subscriptions, redemptions, seat changes, lifecycle events and scheduled changes end in exactly one fate each (C19):
//! billed, not due for a reason, or set aside in rejects.csv. Rows of the other inputs are read or set aside.

use super::FileFacts;
use std::collections::BTreeMap;
use termwise_engine::findings::{Disposition, Fate, NotDue, Source, Table};

const FATES: usize = 1 + NotDue::ALL.len() + 4;

/// How many rows of each file met each fate. Parts of a run are counted apart and added, in any order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts(BTreeMap<(Table, u16), Fates>);

/// How many rows met each fate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Fates([u64; FATES]);

impl Default for Fates {
    fn default() -> Fates {
        Fates([0; FATES])
    }
}

const fn number(fate: Fate) -> usize {
    match fate {
        Fate::Billed => 0,
        Fate::NotDue(reason) => 1 + reason as usize,
        Fate::Set(disposition) => 1 + NotDue::ALL.len() + disposition as usize,
    }
}

impl Counts {
    /// Counts a row.
    pub fn count(&mut self, source: Source, fate: Fate) {
        self.0.entry((source.table, source.file)).or_default().0[number(fate)] += 1;
    }

    /// Adds another part of the run.
    pub fn add(&mut self, other: &Counts) {
        for (&file, fates) in &other.0 {
            let sum = &mut self.0.entry(file).or_default().0;
            for (sum, more) in sum.iter_mut().zip(fates.0) {
                *sum += more;
            }
        }
    }

    /// What became of a file's rows.
    pub fn of(&self, file: &FileFacts) -> Dispositions {
        let fates = self.0.get(&(file.table, file.file)).copied().unwrap_or_default();
        let met = |fate| fates.0[number(fate)];
        let not_due = NotDue::ALL.into_iter().map(|reason| (reason, met(Fate::NotDue(reason))));
        let met_any: u64 = fates.0.iter().sum();
        Dispositions {
            rows: file.rows,
            read: if is_billable(file.table) { 0 } else { file.rows.saturating_sub(met_any) },
            billed: met(Fate::Billed),
            not_due: not_due.filter(|&(_, rows)| rows > 0).collect(),
            rejected: met(Fate::Set(Disposition::Rejected)),
            parked: met(Fate::Set(Disposition::Parked)),
            refused: met(Fate::Set(Disposition::Refused)),
            flagged: met(Fate::Set(Disposition::Flagged)),
        }
    }

    /// The files that rows were counted of.
    pub(super) fn files(&self) -> impl Iterator<Item = (Table, u16)> {
        self.0.keys().copied()
    }
}

impl Extend<(Source, Fate)> for Counts {
    fn extend<I: IntoIterator<Item = (Source, Fate)>>(&mut self, rows: I) {
        // There are few files, so that looking through them is quicker than a tree.
        let mut counts: Vec<((Table, u16), Fates)> = Vec::new();
        for (source, fate) in rows {
            let file = (source.table, source.file);
            let known = counts.iter().position(|(known, _)| *known == file).unwrap_or_else(|| {
                counts.push((file, Fates::default()));
                counts.len() - 1
            });
            counts[known].1.0[number(fate)] += 1;
        }
        self.add(&Counts(counts.into_iter().collect()));
    }
}

impl FromIterator<(Source, Fate)> for Counts {
    fn from_iter<I: IntoIterator<Item = (Source, Fate)>>(rows: I) -> Counts {
        let mut counts = Counts::default();
        counts.extend(rows);
        counts
    }
}

/// What became of the rows of a file or of an input.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Dispositions {
    /// Rows in the file.
    pub rows: u64,
    /// Rows that prices and conditions were taken from.
    pub read: u64,
    /// Rows that made or changed a line or a renewal.
    pub billed: u64,
    /// Rows that nothing came of, by reason.
    pub not_due: BTreeMap<NotDue, u64>,
    /// Rows that a rule turned down.
    pub rejected: u64,
    /// Rows that wait until they are mended.
    pub parked: u64,
    /// Events and codes that a rule turned down.
    pub refused: u64,
    /// Rows that were billed against a rule.
    pub flagged: u64,
}

impl Dispositions {
    /// The sum over everything that can become of a row: the rows, where none is lost or counted twice.
    pub fn total(&self) -> u64 {
        self.read + self.billed + self.all_not_due() + self.set_aside()
    }

    /// Rows that nothing came of.
    pub fn all_not_due(&self) -> u64 {
        self.not_due.values().sum()
    }

    /// Rows that stand in rejects.csv.
    pub fn set_aside(&self) -> u64 {
        self.rejected + self.parked + self.refused + self.flagged
    }

    /// Adds another file of the same input.
    pub fn add(&mut self, other: &Dispositions) {
        self.rows += other.rows;
        self.read += other.read;
        self.billed += other.billed;
        for (&reason, &rows) in &other.not_due {
            *self.not_due.entry(reason).or_default() += rows;
        }
        self.rejected += other.rejected;
        self.parked += other.parked;
        self.refused += other.refused;
        self.flagged += other.flagged;
    }
}

/// Whether the rows of an input are billed, not due or set aside; those of the others are read or set aside (C19).
pub(super) const fn is_billable(table: Table) -> bool {
    match table {
        Table::Subscriptions
        | Table::Redemptions
        | Table::SeatChanges
        | Table::LifecycleEvents
        | Table::ScheduledChanges => true,
        Table::Customers
        | Table::Partners
        | Table::PriceList
        | Table::Promotions
        | Table::PromoCodes
        | Table::Holdings
        | Table::Advisors
        | Table::Offices
        | Table::SkuMarkets
        | Table::Offers
        | Table::Acceptances
        | Table::VendorLines
        | Table::InvoiceLines
        | Table::IdMap
        | Table::Explained
        | Table::Proposal
        | Table::ProposedPrices
        | Table::Requests => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fate_has_a_number_of_its_own() {
        let dispositions =
            [Disposition::Rejected, Disposition::Parked, Disposition::Refused, Disposition::Flagged];
        let fates = [Fate::Billed].into_iter();
        let fates = fates.chain(NotDue::ALL.map(Fate::NotDue)).chain(dispositions.map(Fate::Set));
        let numbers: Vec<usize> = fates.map(number).collect();
        assert_eq!(numbers, (0..FATES).collect::<Vec<_>>());
    }

    #[test]
    fn parts_of_a_run_add_up_in_any_order() {
        let row = |row, fate| (Source { table: Table::SeatChanges, file: 0, row }, fate);
        let rows = [
            row(1, Fate::Billed),
            row(2, Fate::NotDue(NotDue::AfterAsOf)),
            row(3, Fate::Set(Disposition::Refused)),
            row(4, Fate::Billed),
        ];
        let whole: Counts = rows.into_iter().collect();
        let mut sum: Counts = rows[2..].iter().copied().collect();
        sum.add(&rows[..2].iter().copied().collect());
        assert_eq!(sum, whole);
        let facts = FileFacts {
            shown: "seat_changes.csv".into(),
            table: Table::SeatChanges,
            file: 0,
            rows: 4,
            bytes: 0,
            hash: String::new(),
            blank_lines: 0,
            warnings: Vec::new(),
        };
        let dispositions = whole.of(&facts);
        assert_eq!((dispositions.billed, dispositions.refused, dispositions.total()), (2, 1, 4));
        assert_eq!(dispositions.not_due, BTreeMap::from([(NotDue::AfterAsOf, 1)]));
    }
}
