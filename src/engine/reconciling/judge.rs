//! What becomes of a pair of cells: its status, the roundings that fit, and the one cause of its difference.
//!
//! Causes are looked for in one order, from what is seen in whole seats to what is seen in odd cents, and the first that
//! holds is the cause: a line with other seats at another price is about seats first, since nothing can be said about a price
//! until the seats are settled.

use super::cells::{Cell, Cells};
use super::pairing::Pair;
use super::{Cause, Circumstances, Compared, Fits, Ours, Remark, Status, Vendors};
use crate::calendar::Period;
use crate::invoicing::Difference;

/// Lines of a cell that are held against each other one by one; more would be no cycle of a subscription.
const LINES_ONE_BY_ONE: u32 = 64;

/// Where the cells of one subscription are judged.
pub(super) struct Desk<'a> {
    pub(super) ours: &'a [Ours],
    pub(super) vendors: &'a [Vendors],
    pub(super) at: Circumstances,
    /// All cells of ours.
    pub(super) billed: &'a Cells,
    /// All cells of the vendor's.
    pub(super) charged: &'a Cells,
}

impl Desk<'_> {
    pub(super) fn judge(&self, pair: Pair<'_>) -> Compared {
        match pair {
            Difference::Both(ours, vendors) => self.both(ours, vendors),
            Difference::Left(ours) => self.ours_only(ours),
            Difference::Right(vendors) => self.vendor_only(vendors),
        }
    }

    fn both(&self, ours: &Cell, vendors: &Cell) -> Compared {
        let fits = self.fits(ours, vendors);
        let (one, other) = (&ours.side, &vendors.side);
        let is_same_use = one.quantity == other.quantity && one.seat_days == other.seat_days;
        let difference = one.amount - other.amount;
        let (status, cause) = if is_same_use && fits.own {
            (Status::Matched, None)
        } else if is_same_use && !fits.is_none() {
            (Status::MatchedUnderRounding, Some(Cause::Rounding))
        } else if is_same_use && difference != 0 && self.at.tolerance.holds(difference, ours.key.currency) {
            (Status::WithinTolerance, Some(self.cause(ours, vendors)))
        } else {
            (Status::Different, Some(self.cause(ours, vendors)))
        };
        let is_doubled = cause == Some(Cause::Quantity) && self.is_doubled(ours, vendors);
        Compared {
            status,
            cause,
            item: ours.key.item,
            currency: ours.key.currency,
            cycle: Period { last: ours.last_charged, ..ours.cycle },
            ours: Some(one.clone()),
            vendors: Some(other.clone()),
            fits,
            remark: is_doubled.then_some(Remark::Duplicated),
            is_credit: ours.key.is_credit,
        }
    }

    /// Both published roundings are tried, and the job's own (R68).
    fn fits(&self, ours: &Cell, vendors: &Cell) -> Fits {
        let amount = vendors.side.amount;
        let [own, truncated_line, truncated_unit] = self.amounts(ours).map(|of_ours| of_ours == amount);
        let fits = Fits { own, truncated_line, truncated_unit, mixed: false };
        Fits { mixed: fits.is_none() && self.fits_one_by_one(ours, vendors), ..fits }
    }

    /// Whether every line of the vendor's is one of ours under one of the roundings, and none is left over.
    fn fits_one_by_one(&self, ours: &Cell, vendors: &Cell) -> bool {
        if ours.side.lines != vendors.side.lines || ours.side.lines > LINES_ONE_BY_ONE {
            return false;
        }
        let mut free: Vec<&Ours> = self.of_ours(ours).collect();
        self.of_vendors(vendors).all(|line| {
            let is_it = |own: &&Ours| {
                own.entry.charge == line.entry.charge
                    && own.entry.quantity == line.entry.quantity
                    && [own.own, own.truncated_line, own.truncated_unit].contains(&line.amount)
            };
            free.iter().position(is_it).map(|place| free.swap_remove(place)).is_some()
        })
    }

    /// What our lines come to under the job's own rounding, and under both that the vendor has published.
    fn amounts(&self, ours: &Cell) -> [i64; 3] {
        let truncated = |of: fn(&Ours) -> i64| self.of_ours(ours).map(of).sum();
        [ours.side.amount, truncated(|line| line.truncated_line), truncated(|line| line.truncated_unit)]
    }

    /// How far rounding alone can carry the sides from each other: a minor unit for each line, or for each seat.
    fn carried(&self, ours: &Cell, vendors: &Cell) -> u64 {
        let seats: i64 = self.of_vendors(vendors).map(|line| line.entry.quantity.abs()).sum();
        seats.unsigned_abs().max(ours.side.lines.max(vendors.side.lines).into())
    }

    fn cause(&self, ours: &Cell, vendors: &Cell) -> Cause {
        let (one, other) = (&ours.side, &vendors.side);
        let is_same_price = one.unit_price.zip(other.unit_price).is_none_or(|(one, other)| one == other);
        let is_other_promotion =
            one.is_promotion_told && other.is_promotion_told && one.promotions != other.promotions;
        if one.quantity != other.quantity {
            Cause::Quantity
        } else if one.seat_days != other.seat_days {
            Cause::Days
        } else if is_other_promotion || self.is_undiscounted(ours, vendors) {
            Cause::Promotion
        } else if !is_same_price {
            Cause::Price
        } else if one.amount.abs_diff(other.amount) <= self.carried(ours, vendors) {
            Cause::Rounding
        } else {
            Cause::Unknown
        }
    }

    /// Whether the vendor's amount is what ours would be if no discount came off, to a minor unit a line or a seat.
    fn is_undiscounted(&self, ours: &Cell, vendors: &Cell) -> bool {
        let whole: i64 = self.of_ours(ours).map(|line| line.undiscounted).sum();
        let near = self.carried(ours, vendors);
        // What is no farther away than rounding can carry it says nothing about a discount.
        ours.side.amount.abs_diff(whole) > near && vendors.side.amount.abs_diff(whole) <= near
    }

    /// Whether the sides would agree if no line of the vendor's stood twice.
    fn is_doubled(&self, ours: &Cell, vendors: &Cell) -> bool {
        let mut lines: Vec<&Vendors> = self.of_vendors(vendors).collect();
        let all = lines.len();
        // The lines of a cell come in an order in which those that are alike are neighbours.
        lines.dedup();
        let amount: i64 = lines.iter().map(|line| line.amount).sum();
        lines.len() < all && self.amounts(ours).contains(&amount)
    }

    fn vendor_only(&self, cell: &Cell) -> Compared {
        let is_outside = !self.at.period.holds(cell.first_charged);
        let (status, cause, remark) = if cell.key.is_credit && is_outside {
            (Status::VendorOnly, Cause::Period, Remark::OutsidePeriod)
        } else if cell.key.is_credit {
            (Status::VendorOnly, Cause::Unknown, Remark::Credit)
        } else if !self.at.is_known {
            (Status::VendorOnly, Cause::Unmapped, Remark::UnknownSubscription)
        } else if is_in_other_currency(cell, &self.billed.cells) {
            (Status::Different, Cause::Currency, Remark::OtherCurrency)
        } else if is_of_unknown_item(cell, &self.billed.cells) {
            (Status::VendorOnly, Cause::Unmapped, Remark::OtherProductOfOurs)
        } else if is_outside {
            (Status::VendorOnly, Cause::Period, Remark::OutsidePeriod)
        } else {
            (Status::VendorOnly, Cause::Quantity, Remark::NothingExpected)
        };
        alone(cell, (status, cause, remark), false)
    }

    fn ours_only(&self, cell: &Cell) -> Compared {
        let (status, cause, remark) = if self.charged.cells.is_empty() {
            (Status::OursOnly, Cause::Unmapped, Remark::NoVendorLines)
        } else if is_in_other_currency(cell, &self.charged.cells) {
            (Status::Different, Cause::Currency, Remark::OtherCurrency)
        } else if is_of_other_item(cell, &self.charged.cells) {
            (Status::OursOnly, Cause::Unmapped, Remark::OtherProductOfVendor)
        } else {
            (Status::OursOnly, Cause::Quantity, Remark::NothingCharged)
        };
        alone(cell, (status, cause, remark), true)
    }

    fn of_ours(&self, cell: &Cell) -> impl Iterator<Item = &Ours> {
        self.billed.lines(cell).iter().filter_map(|&number| self.ours.get(number as usize))
    }

    fn of_vendors(&self, cell: &Cell) -> impl Iterator<Item = &Vendors> {
        self.charged.lines(cell).iter().filter_map(|&number| self.vendors.get(number as usize))
    }
}

/// The cells of the other side that charge some of the same days.
fn of_same_days<'c>(cell: &'c Cell, others: &'c [Cell]) -> impl Iterator<Item = &'c Cell> {
    others.iter().filter(|other| !other.key.is_credit && other.overlap(cell) > 0)
}

/// Whether the other side has these days under other product:SKUs only.
fn is_of_other_item(cell: &Cell, others: &[Cell]) -> bool {
    let mut same_days = of_same_days(cell, others).peekable();
    same_days.peek().is_some() && same_days.all(|other| other.key.item != cell.key.item)
}

/// Whether our side bills the subscription, and never this product:SKU.
fn is_of_unknown_item(cell: &Cell, billed: &[Cell]) -> bool {
    !billed.is_empty() && billed.iter().all(|other| other.key.item != cell.key.item)
}

/// Whether the other side has the same product:SKU on these days in other currencies only.
fn is_in_other_currency(cell: &Cell, others: &[Cell]) -> bool {
    let mut same = of_same_days(cell, others).filter(|other| other.key.item == cell.key.item).peekable();
    same.peek().is_some() && same.all(|other| other.key.currency != cell.key.currency)
}

fn alone(cell: &Cell, (status, cause, remark): (Status, Cause, Remark), is_ours: bool) -> Compared {
    let side = Some(cell.side.clone());
    let (ours, vendors) = if is_ours { (side, None) } else { (None, side) };
    Compared {
        status,
        cause: Some(cause),
        item: cell.key.item,
        currency: cell.key.currency,
        cycle: cell.cycle,
        ours,
        vendors,
        fits: Fits::default(),
        remark: Some(remark),
        is_credit: cell.key.is_credit,
    }
}

pub(super) fn excluded(cell: &Cell) -> Compared {
    let why = (Status::Excluded, Cause::Unknown, Remark::NoLicence);
    Compared { cause: None, ..alone(cell, why, false) }
}
