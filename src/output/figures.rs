//! How figures are written: decimals and whole numbers, from integers alone.
//!
//! `(-14_320, 2 digits)` is `-143.20`; a unit price of `8_129_032_258_1` at ten digits is `8.1290322581`, and `12.00`
//! where it is `12_0000000000` in a currency of two digits (C16). Nothing here divides, rounds or knows a float:
//! a digit is moved, never computed.

use std::fmt::Display;
use std::io::Write;
use termwise_engine::calendar::Day;
use termwise_engine::money::{Currency, EFFECTIVE_DIGITS, PRICE_DIGITS, Price};

/// Digits of the fraction in the discount column: exact for any two discounts.
const DISCOUNT_DIGITS: u32 = 12;

/// Digits of a decimal that 64 bits hold in any case.
pub(super) const SHORT_DIGITS: u8 = 18;
const SHORT_LIMIT: u64 = 10_u64.pow(SHORT_DIGITS as u32);

/// A decimal number: `units` × 10^−`digits`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Decimal {
    units: i128,
    digits: u32,
    shown: u32,
}

impl Decimal {
    /// An amount in minor units: all of the currency's digits are shown.
    pub(super) fn amount(minor: impl Into<i128>, currency: Currency) -> Decimal {
        Decimal { units: minor.into(), digits: currency.digits(), shown: currency.digits() }
    }

    /// A price in millionths: the currency's digits, and more where it has them.
    pub(super) fn price(millionths: i64, currency: Currency) -> Decimal {
        Decimal { units: i128::from(millionths), digits: PRICE_DIGITS, shown: currency.digits() }
    }

    /// A list price.
    pub(super) fn list_price(price: Price, currency: Currency) -> Decimal {
        Decimal::price(price.millionths(), currency)
    }

    /// An effective unit price in 10⁻¹⁰: the currency's digits, and more where it has them.
    pub(super) fn effective_price(units: i128, currency: Currency) -> Decimal {
        Decimal { units, digits: EFFECTIVE_DIGITS, shown: currency.digits() }
    }

    /// A fraction taken off, in trillionths: `0.15`, `0`, `1`.
    pub(super) fn discount(trillionths: u64) -> Decimal {
        Decimal { units: i128::from(trillionths), digits: DISCOUNT_DIGITS, shown: 0 }
    }

    /// Hundredths of a percent: `12.50`.
    pub(super) fn percent(hundredths: i128) -> Decimal {
        Decimal { units: hundredths, digits: 2, shown: 2 }
    }

    /// The integer of this number at a column's scale, where it fits the column's precision without losing a digit.
    pub(super) fn at_scale(self, precision: u8, scale: u8) -> Option<i128> {
        let more = u32::from(scale).checked_sub(self.digits)?;
        let units = self.units.checked_mul(10_i128.checked_pow(more)?)?;
        (units.unsigned_abs() < 10_u128.pow(u32::from(precision))).then_some(units)
    }

    /// The same for a column of 18 digits, where 64 bits hold everything.
    #[inline]
    pub(super) fn at_short_scale(self, scale: u8) -> Option<i64> {
        let more = u32::from(scale).checked_sub(self.digits)?;
        let units = i64::try_from(self.units).ok()?.checked_mul(10_i64.checked_pow(more)?)?;
        (units.unsigned_abs() < SHORT_LIMIT).then_some(units)
    }

    /// Writes the number, without trailing zeros beyond the digits that are always shown.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        if self.units < 0 {
            out.push(b'-');
        }
        let (digits, shown) = (self.digits as usize, self.shown as usize);
        let first = out.len();
        // Nearly every number fits 64 bits, and those are written much faster.
        match u64::try_from(self.units.unsigned_abs()) {
            Ok(units) => push_padded(out, units, digits + 1),
            Err(_) => push_padded(out, self.units.unsigned_abs(), digits + 1),
        }
        if digits == 0 {
            return;
        }
        let point = out.len() - digits;
        let mut end = out.len();
        while end > point + shown && out[end - 1] == b'0' {
            end -= 1;
        }
        debug_assert!(point > first, "at least one digit stands before the point");
        out.truncate(end);
        if end > point {
            out.insert(point, b'.');
        }
    }
}

impl Display for Decimal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        out.pad(&String::from_utf8_lossy(&text))
    }
}

/// Writes a whole number.
pub(super) fn push_number(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes a whole number with zeros before it, so that it has so many digits at least.
pub(super) fn push_padded(out: &mut Vec<u8>, number: impl itoa::Integer, least: usize) {
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(number).as_bytes();
    for _ in text.len()..least {
        out.push(b'0');
    }
    out.extend_from_slice(text);
}

/// Writes a day as YYYY-MM-DD.
pub(super) fn push_day(out: &mut Vec<u8>, day: Day) {
    // A Vec takes everything, so there is no error to pass on.
    let _ = write!(out, "{day}");
}

/// The first so many characters of a text, with `…` where there are more.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn amounts_have_the_currencys_digits() {
        assert_eq!(Decimal::amount(-14_320_i64, currency("EUR")).to_string(), "-143.20");
        assert_eq!(Decimal::amount(-5_i64, currency("EUR")).to_string(), "-0.05");
        assert_eq!(Decimal::amount(0_i64, currency("EUR")).to_string(), "0.00");
        assert_eq!(Decimal::amount(1_440_i64, currency("JPY")).to_string(), "1440");
        assert_eq!(Decimal::amount(1_i64, currency("KWD")).to_string(), "0.001");
    }

    #[test]
    fn prices_lose_zeros_beyond_the_currencys_digits_only() {
        assert_eq!(Decimal::price(12_000_000, currency("EUR")).to_string(), "12.00");
        assert_eq!(Decimal::price(4_166_667, currency("EUR")).to_string(), "4.166667");
        assert_eq!(Decimal::price(1_440_000_000, currency("JPY")).to_string(), "1440");
        assert_eq!(Decimal::price(1_500_000, currency("JPY")).to_string(), "1.5");
        assert_eq!(Decimal::effective_price(-119_333_333_334, currency("EUR")).to_string(), "-11.9333333334");
        assert_eq!(Decimal::effective_price(80_000_000_000, currency("EUR")).to_string(), "8.00");
    }

    #[test]
    fn discounts_are_fractions_and_change_is_in_percent() {
        assert_eq!(Decimal::discount(150_000_000_000).to_string(), "0.15");
        assert_eq!(Decimal::discount(0).to_string(), "0");
        assert_eq!(Decimal::discount(1_000_000_000_000).to_string(), "1");
        assert_eq!(Decimal::percent(-1_250).to_string(), "-12.50");
    }

    #[test]
    fn a_number_that_does_not_fit_its_column_is_told() {
        let amount = Decimal::amount(9_999_999_999_999_999_i64, currency("EUR"));
        assert_eq!(amount.at_scale(18, 4), Some(999_999_999_999_999_900));
        assert_eq!(amount.at_short_scale(4), Some(999_999_999_999_999_900));
        assert_eq!(Decimal::amount(10_000_000_000_000_000_i64, currency("EUR")).at_scale(18, 4), None);
        assert_eq!(Decimal::amount(10_000_000_000_000_000_i64, currency("EUR")).at_short_scale(4), None);
        assert_eq!(Decimal::amount(i64::MAX, currency("EUR")).at_short_scale(4), None);
        assert_eq!(Decimal::amount(1_i64, currency("EUR")).at_scale(18, 1), None);
        assert_eq!(Decimal::amount(1_i64, currency("EUR")).at_short_scale(1), None);
    }

    #[test]
    fn a_long_text_is_shortened() {
        assert_eq!(shortened("Überweisung", 4), "Über…");
        assert_eq!(shortened("Über", 4), "Über");
    }
}
