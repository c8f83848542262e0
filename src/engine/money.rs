//! Exact money: prices, discounts, currencies, and the one place that divides and rounds.
//!
//! A price is an integer of millionths (`144.00` is `144_000_000`), a share of it is a fraction of two
//! integers, and an amount on a line is an integer of the currency's minor unit: it is rounded **once**, by
//! [`Exact::round`], in the mode that the policy names (R32). There are no floats and no default currency here,
//! and no sums over different currencies.

mod factors;

pub use factors::{Contributions, Extent, FACTORS, Factors, contributions};

use std::fmt;
use std::num::NonZeroU64;

/// Digits of a [`Price`] after the point.
pub const PRICE_DIGITS: u32 = 6;
/// Digits of an effective unit price after the point (contract section 5).
pub const EFFECTIVE_DIGITS: u32 = 10;
/// The largest unit price, in whole units of its currency, that a price list may hold.
pub const PRICE_MAX_UNITS: i64 = 1_000_000_000;
/// The largest number of seats on one subscription.
pub const SEATS_MAX: u32 = 1_000_000;

const MILLION: i64 = 1_000_000;

// The widest product that a line can need: price × cycle's months × what two discounts leave × seats × days.
// It is scaled by at most 10^4 (from millionths to ten digits), and then by nothing else.
const _: () = {
    let price = PRICE_MAX_UNITS as i128 * MILLION as i128;
    let kept = MILLION as i128 * MILLION as i128;
    let line = price * kept * SEATS_MAX as i128 * 36 * 1_096;
    assert!(line < i128::MAX / 4);
    let unit = price * kept * 36 * 1_096 * 10_000;
    assert!(unit < i128::MAX / 4);
    // A surcharge at most doubles a price and meets no discount: a month of extension has none (R37).
    let raised = price * 2 * MILLION as i128 * SEATS_MAX as i128 * 36 * 1_096;
    assert!(raised < i128::MAX / 4 && 2 * MILLION as i128 <= kept);
    // A subtotal in thousandths fits 64 bits, so currencies of up to three digits do.
    assert!(PRICE_MAX_UNITS as i128 * SEATS_MAX as i128 * 1_000 <= i64::MAX as i128);
};

/// The most, in whole units of its currency, that all seats of a term may cost at list price: what is written has fourteen
/// digits before the point, and an invoice sums many lines.
pub const TERM_MAX_UNITS: i64 = 1_000_000_000_000;

/// Whether the seats of a whole term at this price stay within [`TERM_MAX_UNITS`].
pub const fn fits_a_line(unit_price: Price, seats: u32) -> bool {
    unit_price.millionths() as i128 * seats as i128 <= TERM_MAX_UNITS as i128 * MILLION as i128
}

/// A price for one seat, in millionths of the currency's unit; never negative. It is kept one higher than it is, so that an
/// optional price needs no more room than a price.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(NonZeroU64);

impl Price {
    /// Free of charge, as a trial is (R28, R48).
    pub const ZERO: Price = Price(NonZeroU64::MIN);

    /// A price from millionths; `None` below zero or above [`PRICE_MAX_UNITS`].
    pub const fn from_millionths(millionths: i64) -> Option<Price> {
        if millionths < 0 || millionths > PRICE_MAX_UNITS * MILLION {
            None
        } else {
            Some(Price(NonZeroU64::MIN.saturating_add(millionths.unsigned_abs())))
        }
    }

    /// The price in millionths.
    pub const fn millionths(self) -> i64 {
        self.0.get() as i64 - 1
    }
}

impl Default for Price {
    fn default() -> Price {
        Price::ZERO
    }
}

impl fmt::Debug for Price {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Price({})", self.millionths())
    }
}

/// The fraction that a promotion or a promo code takes off: millionths from 0 to 1,000,000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Discount(u32);

impl Discount {
    /// Nothing off.
    pub const NONE: Discount = Discount(0);
    /// Everything off.
    pub const WHOLE: Discount = Discount(MILLION as u32);

    /// A discount from millionths; `None` above the whole.
    pub const fn from_millionths(millionths: u32) -> Option<Discount> {
        if millionths > MILLION as u32 { None } else { Some(Discount(millionths)) }
    }

    /// The discount in millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// What is left of a price after this discount.
    pub const fn kept(self) -> Kept {
        Kept { first: MILLION as u32 - self.0, second: MILLION as u32 }
    }
}

/// What two discounts at most leave of a price, as a fraction for each: after 15 % it is 850000/1000000.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Kept {
    first: u32,
    second: u32,
}

impl Kept {
    /// No discount.
    pub const ALL: Kept = Discount::NONE.kept();

    /// One discount after the other: the second comes off what the first has left (R43 `combine`).
    pub const fn then(self, discount: Discount) -> Kept {
        let next = discount.kept();
        if self.first == Kept::ALL.first {
            return next;
        }
        assert!(self.second == Kept::ALL.second);
        Kept { first: self.first, second: next.first }
    }

    /// The fraction taken off in trillionths (10⁻¹²), which is exact for any two discounts.
    pub const fn taken_off_trillionths(self) -> u64 {
        1_000_000_000_000 - self.first as u64 * self.second as u64
    }
}

/// What comes on top of a list price, in millionths of it: 3 % is 30,000 (R37).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Surcharge(u32);

impl Surcharge {
    /// Nothing on top.
    pub const NONE: Surcharge = Surcharge(0);

    /// A surcharge from millionths; `None` above the whole price.
    pub const fn from_millionths(millionths: u32) -> Option<Surcharge> {
        if millionths > MILLION as u32 { None } else { Some(Surcharge(millionths)) }
    }

    /// The surcharge in millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

/// What a proposal does to list prices, in millionths of them: +5 % is 50,000 (R70).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Percentage(i32);

/// Percentages that may meet on one price: their product is exact.
pub const PERCENTAGES_MAX: usize = 3;

impl Percentage {
    /// No change.
    pub const NONE: Percentage = Percentage(0);

    /// A percentage from millionths; `None` where nothing would be left of a price, or more than ten times as much.
    pub const fn from_millionths(millionths: i32) -> Option<Percentage> {
        if millionths <= -(MILLION as i32) || millionths > 9 * MILLION as i32 {
            None
        } else {
            Some(Percentage(millionths))
        }
    }

    /// The percentage in millionths.
    pub const fn millionths(self) -> i32 {
        self.0
    }
}

/// A price after percentages on it, in whatever order, half-up to the six decimals of a price; `None` where it is more than a
/// price can be, or more than [`PERCENTAGES_MAX`] meet.
pub fn repriced(price: Price, percentages: impl Iterator<Item = Percentage>) -> Option<Price> {
    let (mut numerator, mut denominator) = (i128::from(price.millionths()), 1);
    for (number, percentage) in percentages.enumerate() {
        if number == PERCENTAGES_MAX {
            return None;
        }
        numerator *= i128::from(MILLION + i64::from(percentage.0));
        denominator *= i128::from(MILLION);
    }
    Price::from_millionths(i64::try_from(divide(numerator, denominator, Rounding::HalfUp)).ok()?)
}

/// A currency of ISO 4217 with its minor unit (C20).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The currency of a code; `None` where the table lacks it, or where it has no minor unit or one finer than
    /// a thousandth (funds and metals): such a row is rejected, never priced by a guess.
    pub fn from_code(code: &str) -> Option<Currency> {
        let currency = iso_currency::Currency::from_code(code)?;
        match currency.exponent() {
            Some(0..=3) => Some(Currency(currency)),
            Some(_) | None => None,
        }
    }

    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// A number of its own, in no particular order.
    pub(crate) const fn number(self) -> u16 {
        self.0 as u16
    }

    /// Digits of the minor unit: JPY 0, EUR 2, KWD 3.
    pub fn digits(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or_default())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// How a line is rounded to the currency's minor unit (R32).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Rounding {
    /// Away from zero at .5: commercial rounding.
    HalfUp,
    /// To the even neighbour at .5.
    HalfEven,
    /// Towards zero, as the vendor's reconciliation files do.
    Truncate,
}

/// An exact amount: a fraction of two integers, in millionths of the currency's unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exact {
    numerator: i128,
    denominator: i128,
}

impl Exact {
    /// Nothing.
    pub const ZERO: Exact = Exact { numerator: 0, denominator: 1 };

    /// A price as an exact amount.
    pub const fn of(price: Price) -> Exact {
        Exact { numerator: price.millionths() as i128, denominator: 1 }
    }

    /// An amount in minor units of a currency with that many digits.
    pub const fn of_minor(minor: i64, digits: u32) -> Exact {
        Exact { numerator: minor as i128 * power_of_ten(PRICE_DIGITS - digits), denominator: 1 }
    }

    /// `part ÷ whole` of this amount; `whole` must not be zero.
    pub const fn share(self, part: u32, whole: u32) -> Exact {
        assert!(whole > 0);
        if part == whole {
            return self;
        }
        Exact { numerator: self.numerator * part as i128, denominator: self.denominator * whole as i128 }
    }

    /// This amount and what comes on top of it.
    pub const fn raised(self, surcharge: Surcharge) -> Exact {
        self.share(MILLION as u32 + surcharge.0, MILLION as u32)
    }

    /// What discounts leave of this amount.
    pub const fn keep(self, kept: Kept) -> Exact {
        self.share(kept.first, MILLION as u32).share(kept.second, MILLION as u32)
    }

    /// This amount for so many seats.
    pub const fn times(self, seats: u32) -> Exact {
        Exact { numerator: self.numerator * seats as i128, denominator: self.denominator }
    }

    /// The same amount as a credit.
    pub const fn negated(self) -> Exact {
        Exact { numerator: -self.numerator, denominator: self.denominator }
    }

    /// The sum of two exact amounts.
    pub const fn plus(self, other: Exact) -> Exact {
        if self.denominator == other.denominator {
            return Exact { numerator: self.numerator + other.numerator, denominator: self.denominator };
        }
        let common = greatest_common_divisor(self.denominator, other.denominator);
        let (left, right) = (other.denominator / common, self.denominator / common);
        Exact {
            numerator: self.numerator * left + other.numerator * right,
            denominator: self.denominator * left,
        }
    }

    /// Rounds once to `digits` after the point and gives the integer of that unit: 11.2258… at two digits is 1123.
    pub const fn round(self, digits: u32, mode: Rounding) -> i128 {
        let (numerator, denominator) = if digits >= PRICE_DIGITS {
            (self.numerator * power_of_ten(digits - PRICE_DIGITS), self.denominator)
        } else {
            (self.numerator, self.denominator * power_of_ten(PRICE_DIGITS - digits))
        };
        divide(numerator, denominator, mode)
    }
}

/// Of the digits that amounts and prices have: ten at most.
const fn power_of_ten(digits: u32) -> i128 {
    const POWERS: [i64; EFFECTIVE_DIGITS as usize + 1] = {
        let mut powers = [1; EFFECTIVE_DIGITS as usize + 1];
        let mut digits = 1;
        while digits < powers.len() {
            powers[digits] = powers[digits - 1] * 10;
            digits += 1;
        }
        powers
    };
    POWERS[digits as usize] as i128
}

/// The one division: exact integers in, one rounded integer out.
const fn divide(numerator: i128, denominator: i128, mode: Rounding) -> i128 {
    if denominator == 1 {
        return numerator;
    }
    let (quotient, remainder) = quotient_and_remainder(numerator, denominator);
    let remainder = remainder.abs();
    let away = match mode {
        Rounding::Truncate => false,
        Rounding::HalfUp => remainder * 2 >= denominator,
        Rounding::HalfEven => {
            remainder * 2 > denominator || (remainder * 2 == denominator && quotient % 2 != 0)
        }
    };
    if !away {
        quotient
    } else if numerator < 0 {
        quotient - 1
    } else {
        quotient + 1
    }
}

/// Nearly all products fit 64 bits, which a processor divides at once; 128 bits take it a routine.
const fn quotient_and_remainder(numerator: i128, denominator: i128) -> (i128, i128) {
    let (short, short_denominator) = (numerator as i64, denominator as i64);
    if short as i128 == numerator && short_denominator as i128 == denominator && short != i64::MIN {
        ((short / short_denominator) as i128, (short % short_denominator) as i128)
    } else {
        (numerator / denominator, numerator % denominator)
    }
}

const fn greatest_common_divisor(left: i128, right: i128) -> i128 {
    let (mut left, mut right) = (left, right);
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

/// An amount that was rounded from an exact one, and the price a seat that explains it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rounded {
    /// In minor units, signed.
    pub subtotal: i64,
    /// In 10⁻¹⁰ units, signed, such that × quantity, rounded, is the subtotal (C5).
    pub effective: i128,
}

/// Rounds a line: `unit` is the exact amount for one seat.
pub fn round_line(unit: Exact, seats: u32, digits: u32, mode: Rounding, at_unit: bool) -> Rounded {
    if at_unit {
        let minor = unit.round(digits, mode);
        let subtotal = posted(minor * i128::from(seats));
        return Rounded { subtotal, effective: minor * power_of_ten(EFFECTIVE_DIGITS - digits) };
    }
    let subtotal = posted(unit.times(seats).round(digits, mode));
    Rounded { subtotal, effective: effective_unit_price(unit, seats, subtotal, digits, mode) }
}

/// An amount in minor units, as it is posted.
///
/// # Panics
/// Never for what passed intake: the caps above prove that it fits. A run that gets here can't be trusted.
pub fn posted(minor: i128) -> i64 {
    match i64::try_from(minor) {
        Ok(minor) => minor,
        Err(_) => {
            unreachable!("an amount of {minor} minor units exceeds what the caps on price and seats allow")
        }
    }
}

/// A line whose subtotal is given, as the sum of earlier lines is for a full refund (A9).
pub fn explain_subtotal(subtotal: i64, seats: u32, digits: u32, mode: Rounding) -> Rounded {
    let unit = Exact::of_minor(subtotal, digits).share(1, seats.max(1));
    Rounded { subtotal, effective: effective_unit_price(unit, seats, subtotal, digits, mode) }
}

/// A change in hundredths of a percent of what was before, half-up and away from zero; `None` where that was nothing
/// (C26): from 288.00 to 324.00 is 12.50 %.
pub const fn percent_change(change: i128, before: i128) -> Option<i128> {
    if before <= 0 {
        return None;
    }
    Some(divide(change * 10_000, before, Rounding::HalfUp))
}

/// What may differ between two amounts of any currency, in millionths of its unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tolerance(Price);

impl Tolerance {
    /// So much, and no more.
    pub const fn of(amount: Price) -> Tolerance {
        Tolerance(amount)
    }

    /// Whether a difference in minor units lies within it, the bound itself included.
    pub fn holds(self, difference: i64, currency: Currency) -> bool {
        self.holds_all(difference.into(), currency)
    }

    /// The same of a sum.
    pub fn holds_all(self, difference: i128, currency: Currency) -> bool {
        difference.abs() * power_of_ten(PRICE_DIGITS - currency.digits()) <= self.0.millionths().into()
    }
}

/// The amount of a published line under a truncating rounding, from the effective unit price that it shows to ten digits. What
/// lies nearer to a whole minor unit than those digits can tell is taken for that minor unit: 9.3333333333 × 12 is 112.00. Of
/// lines with thousands of seats that is one in ten thousand; a side that is rated anew is exact.
pub fn truncated_again(effective: i128, seats: u32, digits: u32, at_unit: bool) -> i64 {
    let truncate = |shown: i128, unsure: i128| {
        let unit = power_of_ten(EFFECTIVE_DIGITS - digits);
        let nearest = divide(shown, unit, Rounding::HalfUp);
        let is_whole = (nearest * unit - shown).abs() <= unsure;
        if is_whole { nearest } else { divide(shown, unit, Rounding::Truncate) }
    };
    let seats = i128::from(seats);
    // Half a unit of the tenth digit, and the one that C5 may have moved it by.
    posted(if at_unit { truncate(effective, 2) * seats } else { truncate(effective * seats, 2 * seats) })
}

/// About what seats cost for some days of a charge cycle, in minor units: only ever held against an amount.
pub fn about(unit_price: i64, seats: u32, (days, of): (u32, u32), digits: u32) -> i64 {
    let whole = Exact { numerator: unit_price.into(), denominator: 1 }.times(seats);
    let amount = whole.share(days, of.max(1)).round(digits, Rounding::HalfUp);
    i64::try_from(amount).unwrap_or(i64::MAX)
}

/// The exact price a seat to ten digits, half-up, moved by one unit of the tenth digit where × quantity, rounded by
/// the policy's mode, would miss the subtotal (C5): −143.20 ÷ 12 truncated is −11.9333333334, not …333.
fn effective_unit_price(unit: Exact, seats: u32, subtotal: i64, digits: u32, mode: Rounding) -> i128 {
    let nearest = unit.round(EFFECTIVE_DIGITS, Rounding::HalfUp);
    let hits = |effective: i128| {
        let whole = divide(effective * i128::from(seats), power_of_ten(EFFECTIVE_DIGITS - digits), mode);
        whole == i128::from(subtotal)
    };
    [nearest, nearest + 1, nearest - 1].into_iter().find(|&effective| hits(effective)).unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text_millionths: i64) -> Price {
        Price::from_millionths(text_millionths).unwrap_or_default()
    }

    #[test]
    fn half_up_is_away_from_zero() {
        let half = Exact { numerator: 25, denominator: 10 };
        assert_eq!(half.round(6, Rounding::HalfUp), 3);
        assert_eq!(half.negated().round(6, Rounding::HalfUp), -3);
        assert_eq!(half.round(6, Rounding::HalfEven), 2);
        assert_eq!(half.negated().round(6, Rounding::HalfEven), -2);
        assert_eq!(half.negated().round(6, Rounding::Truncate), -2);
    }

    #[test]
    fn the_vendors_seat_change_table_is_reproduced() {
        // 12.00 a month, 29 of 31 days, 10 seats refunded: −112.258… is −112.25 truncated (MS).
        let unit = Exact::of(price(12_000_000)).share(29, 31).negated();
        assert_eq!(round_line(unit, 10, 2, Rounding::Truncate, false).subtotal, -11_225);
        // The published formula rounds the unit first: 10.08 × 29 ÷ 31 is 9.42, × 10 is 94.20 (MS).
        let unit = Exact::of(price(10_080_000)).share(29, 31);
        let line = round_line(unit, 10, 2, Rounding::Truncate, true);
        assert_eq!(line, Rounded { subtotal: 9_420, effective: 94_200_000_000 });
    }

    #[test]
    fn the_effective_unit_price_reproduces_the_subtotal() {
        let refund = explain_subtotal(-14_320, 12, 2, Rounding::Truncate);
        assert_eq!(refund.effective, -119_333_333_334);
        let refund = explain_subtotal(-14_320, 12, 2, Rounding::HalfUp);
        assert_eq!(refund.effective, -119_333_333_333);
    }

    #[test]
    fn a_change_in_percent_is_rounded_away_from_zero() {
        assert_eq!(percent_change(3_600, 28_800), Some(1_250));
        assert_eq!(percent_change(1, 20_000), Some(1));
        assert_eq!(percent_change(-1, 20_000), Some(-1));
        assert_eq!(percent_change(-2, 30_000), Some(-1));
        assert_eq!(percent_change(5, 0), None);
    }

    #[test]
    fn two_discounts_leave_the_product() {
        let both = Discount(100_000).kept().then(Discount(200_000));
        assert_eq!(both.taken_off_trillionths(), 280_000_000_000);
        assert_eq!(Kept::ALL.taken_off_trillionths(), 0);
        assert_eq!(Discount(1_000_000).kept().taken_off_trillionths(), 1_000_000_000_000);
    }

    #[test]
    fn currencies_know_their_minor_unit() {
        let digits = |code| Currency::from_code(code).map(Currency::digits);
        assert_eq!(digits("EUR"), Some(2));
        assert_eq!(digits("JPY"), Some(0));
        assert_eq!(digits("KWD"), Some(3));
        assert_eq!(digits("XXX"), None);
        assert_eq!(digits("XAU"), None);
        assert_eq!(digits("eur"), None);
    }
}
