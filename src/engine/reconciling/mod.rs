//! Reconciliation: our lines of one subscription held against the vendor's, by product:SKU, charge cycle and currency (R67, R68).
//!
//! Both sides are summed into **cells**: refund and recharge of a seat change stand in one cell and net themselves. Cells of
//! the same key are compared on net amount and seat-days; what finds no partner by its key is brought together by the days
//! that it covers. Every cell ends in one status, and every difference has one cause:
//!
//! ```text
//! ours    renew 10 seats 120.00   +2 seats from the 20th 8.80        = 128.80   348 seat-days
//! vendor  renew 10 seats 120.00                                      = 120.00   300 seat-days
//!         different, quantity: 8.80
//! ```
//! A difference is ours − the vendor's: a negative one says that the vendor charges more than we expect.
//!
//! What is deliberately absent: prices. What our side should be was rated before, under the vendor's policy and under each
//! rounding that the vendor has published; here amounts are only compared, never made.

mod cells;
mod judge;
mod pairing;
#[cfg(test)]
mod tests;
mod words;

pub use words::{Cause, Remark, Status};

use crate::calendar::{Day, Period};
use crate::money::{Currency, Price, Tolerance};
use smallvec::SmallVec;

/// What a line of either side is to a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It charges a whole cycle, so that its first day is the cycle's.
    Cycle,
    /// It changes what a cycle costs from a day on.
    Change,
    /// The vendor gives or takes money for something else than a cycle (`customerCredit`).
    Credit,
}

/// A line of either side, as far as it is compared. Texts are numbers that say only whether two are the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Product and SKU.
    pub item: u32,
    /// Of its amount.
    pub currency: Currency,
    /// The days charged.
    pub charge: Period,
    /// The first day of the charge cycle, as far as the line tells.
    pub cycle_first: Day,
    /// What it is.
    pub kind: Kind,
    /// Seats with the sign of what they cost: [`signed_seats`].
    pub quantity: i64,
    /// A seat for one full charge cycle before discounts, where it is told.
    pub unit_price: Option<Price>,
    /// The promotion.
    pub promotion: Told,
}

/// A promotion, as a line tells of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Told {
    /// The file says nothing about promotions.
    Nothing,
    /// There is none.
    NoPromotion,
    /// This one.
    Promotion(u32),
}

impl Entry {
    /// Seats × days.
    fn seat_days(&self) -> i64 {
        self.quantity * i64::from(self.charge.days())
    }
}

/// Seats with the sign of what they cost: of a refund the vendor turns the price or the seats, and our lines turn neither. Of a
/// line of 0.00 the price of a seat still has a sign, where it costs a part of a minor unit (`sign_of_price`). What is free
/// has none that anybody could see: where it charges no cycle it counts for no seats, on either side, but for the refund of a
/// free trial, which is a conversion at a price of nothing (B8).
pub const fn signed_seats(
    quantity: i64,
    amount: i64,
    sign_of_price: i64,
    kind: Kind,
    is_of_trial: bool,
) -> i64 {
    let sign = if amount == 0 { sign_of_price.signum() } else { amount.signum() };
    match (sign, kind) {
        (0, Kind::Cycle) => quantity,
        (0, Kind::Change | Kind::Credit) if is_of_trial => -quantity.abs(),
        (0, Kind::Change | Kind::Credit) => 0,
        (sign, _) => quantity.abs() * sign,
    }
}

/// A line of ours, under each rounding that may be the vendor's (domain 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ours {
    /// What it is.
    pub entry: Entry,
    /// Its amount under the job's policy, in minor units.
    pub own: i64,
    /// Its amount where the line is truncated: ROUNDDOWN(effective unit price × quantity).
    pub truncated_line: i64,
    /// Its amount where the seat is truncated: ROUNDDOWN(effective unit price) × quantity.
    pub truncated_unit: i64,
    /// About what it would be without its discount; only ever held against an amount, never written.
    pub undiscounted: i64,
}

/// A line of the vendor's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vendors {
    /// What it is.
    pub entry: Entry,
    /// Its amount in minor units.
    pub amount: i64,
}

/// The roundings that reproduce the vendor's amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fits {
    /// The job's own.
    pub own: bool,
    /// The line truncated.
    pub truncated_line: bool,
    /// The seat truncated.
    pub truncated_unit: bool,
    /// Each line under one of them, but not all under the same.
    pub mixed: bool,
}

impl Fits {
    /// Whether none does.
    pub const fn is_none(self) -> bool {
        !(self.own || self.truncated_line || self.truncated_unit || self.mixed)
    }
}

/// Promotions by their numbers: hardly ever more than one.
pub type Promotions = SmallVec<[u32; 2]>;

/// One side of a cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Side {
    /// Net seats.
    pub quantity: i64,
    /// A seat for one full charge cycle before discounts, of the last line that tells it.
    pub unit_price: Option<Price>,
    /// Net seats × days.
    pub seat_days: i64,
    /// Net, in minor units.
    pub amount: i64,
    /// Lines.
    pub lines: u32,
    /// The different promotions.
    pub promotions: Promotions,
    /// Whether every line tells of its promotion.
    pub is_promotion_told: bool,
}

/// How a cell came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// How it ends.
    pub status: Status,
    /// Why the sides differ.
    pub cause: Option<Cause>,
    /// Product and SKU.
    pub item: u32,
    /// Of its amounts.
    pub currency: Currency,
    /// The charge cycle.
    pub cycle: Period,
    /// What we expect.
    pub ours: Option<Side>,
    /// What the vendor charges.
    pub vendors: Option<Side>,
    /// The roundings that reproduce the vendor's amount.
    pub fits: Fits,
    /// What else to know.
    pub remark: Option<Remark>,
    /// Whether it is a credit of the vendor's for something else than a cycle, whose quantity is no seats.
    pub is_credit: bool,
}

impl Compared {
    /// Ours − the vendor's, in minor units; of what is excluded there is none.
    pub fn difference(&self) -> i64 {
        if self.status == Status::Excluded {
            return 0;
        }
        let amount = |side: &Option<Side>| side.as_ref().map_or(0, |side| side.amount);
        amount(&self.ours) - amount(&self.vendors)
    }
}

/// What holds for a whole subscription.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Whether our side knows the subscription, with or without a line in the period.
    pub is_known: bool,
    /// The billing period of the vendor's file.
    pub period: Period,
    /// What may differ on a line.
    pub tolerance: Tolerance,
}

/// The vendor's lines of one subscription that are no licences: they are counted, and compared with nothing.
pub fn exclude(lines: &[Vendors]) -> impl Iterator<Item = Compared> {
    cells::of_vendors(lines).cells.into_iter().map(|cell| judge::excluded(&cell))
}

/// Compares the lines of one subscription. The order of lines does not show in the result.
pub fn reconcile(ours: &[Ours], vendors: &[Vendors], at: Circumstances) -> Vec<Compared> {
    let (left, right) = pairing::fit(cells::of_ours(ours), cells::of_vendors(vendors));
    let desk = judge::Desk { ours, vendors, at, billed: &left, charged: &right };
    pairing::pair(&left.cells, &right.cells).into_iter().map(|pair| desk.judge(pair)).collect()
}
