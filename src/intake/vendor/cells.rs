//! The cells of the vendor's files: decimals in whatever form they come, and days with or without a time.
//!
//! `12.50`, `'12.50`, `12.500000000000000000`, `-94.08` and `0E-20` are all decimals. What is made of them is exact: an amount
//! becomes minor units or a finding, and never a float.

use rust_decimal::{Decimal, RoundingStrategy};
use std::borrow::Cow;
use termwise_engine::findings::Code;
use termwise_engine::money::{Currency, PRICE_DIGITS, Price, SEATS_MAX};

/// Digits before the point that any number of a line may have: no line costs more (`TERM_MAX_UNITS`), and with six digits after the
/// point it fits 64 bits.
const WHOLE_DIGITS: usize = 12;

/// A decimal without the apostrophe that guards it against a spreadsheet, and without an exponent.
fn plain(text: &str) -> Result<Cow<'_, str>, Code> {
    let text = text.strip_prefix('\'').map_or(text, |rest| rest.strip_suffix('\'').unwrap_or(rest));
    if !text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        return Ok(Cow::Borrowed(text));
    }
    let number = Decimal::from_scientific(text).map_err(|_| Code::DecimalInvalid)?;
    Ok(Cow::Owned(number.to_string()))
}

/// A decimal as a whole number of its last digit, of which so many stand after the point.
fn fixed(text: &str, digits: u32) -> Result<i64, Code> {
    let text = plain(text)?;
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
        return Err(Code::DecimalInvalid);
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    if whole.len() > WHOLE_DIGITS || fraction.len() > digits as usize {
        return Err(Code::AmountTooFine);
    }
    let mut number = 0_i64;
    for place in 0..whole.len() + digits as usize {
        let digit = match place.checked_sub(whole.len()) {
            None => whole.as_bytes().get(place),
            Some(after) => fraction.as_bytes().get(after),
        };
        number = number * 10 + digit.map_or(0, |digit| i64::from(digit - b'0'));
    }
    Ok(sign * number)
}

/// An amount of a line, in minor units of its currency.
pub(super) fn amount(text: &str, currency: Currency) -> Result<i64, Code> {
    fixed(text, currency.digits())
}

/// A price for a seat, rounded to millionths half-up, without its sign: the vendor turns the price or the seats of a refund.
pub(super) fn unit_price(text: &str) -> Result<Price, Code> {
    let price = |millionths: i64| Price::from_millionths(millionths.abs()).ok_or(Code::AmountTooFine);
    match fixed(text, PRICE_DIGITS) {
        Ok(millionths) => price(millionths),
        Err(Code::AmountTooFine) => {
            let plain = plain(text)?;
            let exact: Decimal = plain.parse().map_err(|_| Code::DecimalInvalid)?;
            let rounded = exact.round_dp_with_strategy(PRICE_DIGITS, RoundingStrategy::MidpointAwayFromZero);
            fixed(&rounded.to_string(), PRICE_DIGITS).and_then(price)
        }
        Err(code) => Err(code),
    }
}

/// Seats, negative where the vendor writes them so; `10.0` is ten.
pub(super) fn seats(text: &str) -> Result<i64, Code> {
    match fixed(text, 0) {
        Ok(seats) if seats.unsigned_abs() <= u64::from(SEATS_MAX) => Ok(seats),
        Ok(_) | Err(Code::AmountTooFine) => Err(Code::NumberInvalid),
        Err(code) => Err(code),
    }
}

/// The sign of a price, which may be too small for any digit of an amount; of one that can't be read there is none.
pub(super) fn sign(text: &str) -> i64 {
    let Ok(text) = plain(text) else { return 0 };
    match text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        true if text.starts_with('-') => -1,
        true => 1,
        false => 0,
    }
}

/// A price with ten digits after the point, as our own lines have it.
pub(super) fn effective_unit_price(text: &str) -> Result<i128, Code> {
    let number: Decimal = text.parse().map_err(|_| Code::DecimalInvalid)?;
    let mut number = number;
    number.rescale(termwise_engine::money::EFFECTIVE_DIGITS);
    Ok(number.mantissa())
}
