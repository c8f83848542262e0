//! What rows add up to: by status, by cause and by side, in each currency.

use super::Judged;
use std::collections::BTreeMap;
use termwise_engine::money::{Currency, Tolerance};
use termwise_engine::reconciling::{Cause, Compared, Side, Status};

/// What some rows come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    /// Lines of ours behind them.
    pub ours_lines: u64,
    /// Lines of the vendor's.
    pub vendors_lines: u64,
    /// Ours, in minor units.
    pub ours: i128,
    /// The vendor's.
    pub vendors: i128,
    /// Ours − the vendor's, of what is not excluded.
    pub difference: i128,
    /// Net seats of ours.
    pub ours_seats: i128,
    /// Of the vendor's.
    pub vendors_seats: i128,
}

impl Sum {
    fn row(&mut self, row: &Compared) {
        // The quantity of a credit, and of what is no licence, is no seats.
        let has_seats = !row.is_credit && row.status != Status::Excluded;
        let add = |side: &Option<Side>, lines: &mut u64, amount: &mut i128, seats: &mut i128| {
            if let Some(side) = side {
                *lines += u64::from(side.lines);
                *amount += i128::from(side.amount);
                *seats += if has_seats { i128::from(side.quantity) } else { 0 };
            }
        };
        self.rows += 1;
        add(&row.ours, &mut self.ours_lines, &mut self.ours, &mut self.ours_seats);
        add(&row.vendors, &mut self.vendors_lines, &mut self.vendors, &mut self.vendors_seats);
        self.difference += i128::from(row.difference());
    }

    /// Adds other rows.
    pub fn add(&mut self, other: &Sum) {
        self.rows += other.rows;
        self.ours_lines += other.ours_lines;
        self.vendors_lines += other.vendors_lines;
        self.ours += other.ours;
        self.vendors += other.vendors;
        self.difference += other.difference;
        self.ours_seats += other.ours_seats;
        self.vendors_seats += other.vendors_seats;
    }
}

/// Sums of each currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sums(pub BTreeMap<Currency, Sum>);

impl Sums {
    /// The sum of a currency.
    pub fn of(&mut self, currency: Currency) -> &mut Sum {
        self.0.entry(currency).or_default()
    }

    /// Adds others.
    pub fn add(&mut self, other: &Sums) {
        for (&currency, sum) in &other.0 {
            self.of(currency).add(sum);
        }
    }
}

/// What all rows come to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tallied {
    /// By currency and status.
    pub by_status: BTreeMap<(Currency, Status), Sum>,
    /// By currency and cause.
    pub by_cause: BTreeMap<(Currency, Cause), Sum>,
    /// Differences above the tolerance of a line that nobody has explained.
    pub open: u64,
    /// Differences above it that somebody has.
    pub explained: u64,
    /// Rows with other seats or seat-days for the same money.
    pub other_use: u64,
    /// What the differences within it come to without their signs.
    pub tolerated: BTreeMap<Currency, i128>,
}

impl Tallied {
    /// Counts a row.
    pub fn row(&mut self, row: &Judged, tolerance: Tolerance) {
        let compared = &row.compared;
        self.by_status.entry((compared.currency, compared.status)).or_default().row(compared);
        if let Some(cause) = compared.cause {
            self.by_cause.entry((compared.currency, cause)).or_default().row(compared);
        }
        let difference = compared.difference();
        let is_named =
            matches!(compared.status, Status::Matched | Status::MatchedUnderRounding | Status::Excluded);
        if !is_named && difference == 0 && compared.status == Status::Different {
            self.other_use += 1;
        }
        if is_named || difference == 0 {
            return;
        }
        if row.explanation.is_some() {
            self.explained += 1;
        } else if tolerance.holds(difference, compared.currency) {
            *self.tolerated.entry(compared.currency).or_default() += i128::from(difference.unsigned_abs());
        } else {
            self.open += 1;
        }
    }

    /// Adds other rows.
    pub fn add(&mut self, other: &Tallied) {
        for (&key, sum) in &other.by_status {
            self.by_status.entry(key).or_default().add(sum);
        }
        for (&key, sum) in &other.by_cause {
            self.by_cause.entry(key).or_default().add(sum);
        }
        self.open += other.open;
        self.explained += other.explained;
        self.other_use += other.other_use;
        for (&currency, sum) in &other.tolerated {
            *self.tolerated.entry(currency).or_default() += sum;
        }
    }

    /// What all rows of a currency come to.
    pub fn by_currency(&self) -> BTreeMap<Currency, Sum> {
        let mut sums: BTreeMap<Currency, Sum> = BTreeMap::new();
        for (&(currency, _), sum) in &self.by_status {
            sums.entry(currency).or_default().add(sum);
        }
        sums
    }

    /// What the rows of a status come to in a currency.
    pub fn status(&self, currency: Currency, status: Status) -> Sum {
        self.by_status.get(&(currency, status)).copied().unwrap_or_default()
    }

    /// Whether what is within the tolerance of a line comes to more than that of the total, in any currency.
    pub fn is_above_total(&self, total: Tolerance) -> bool {
        self.tolerated.iter().any(|(&currency, &sum)| !total.holds_all(sum, currency))
    }

    /// Whether more differs than a job tolerates, so that somebody has to look.
    pub fn is_above(&self, total: Tolerance) -> bool {
        self.open > 0 || self.is_above_total(total)
    }
}
