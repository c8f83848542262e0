//! Numbers on their way from the file to a spreadsheet: whole numbers of minor units in between, and no reckoning with
//! floats anywhere.
//!
//! A spreadsheet keeps every number as a 64-bit float and shows fifteen digits of it. A number of up to fifteen digits
//! goes through unharmed, so larger ones are refused, sums included: what the workbook shows is the amount to the digit.

use super::ReportError;

/// The largest number, in minor units, that a spreadsheet shows to the digit.
pub(super) const LARGEST: i64 = 999_999_999_999_999;
/// The digits of a price for a seat.
pub(super) const PRICE_DIGITS: u32 = 6;
/// 1970-01-01 in the count of a spreadsheet.
const EPOCH: i32 = 25_569;
/// Spreadsheets disagree on days before 1900-03-01, and none knows one after 9999-12-31.
const FIRST_SERIAL: i32 = 61;
const LAST_SERIAL: i32 = 2_958_465;
const MILLION: i128 = 1_000_000;

/// The whole number that a decimal text is at so many digits; `None` where it is no number or has more digits.
pub(super) fn whole(text: &str, digits: u32) -> Option<i64> {
    let (is_negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (units, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(units) || !is_number(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = digits.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let fraction: i64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scale = 10_i64.checked_pow(digits)?;
    let sum = units.parse::<i64>().ok()?.checked_mul(scale)?;
    let sum = sum.checked_add(fraction.checked_mul(10_i64.checked_pow(missing)?)?)?;
    Some(if is_negative { -sum } else { sum })
}

/// A whole number of one scale in another one; `None` where digits would be lost or it is too large.
pub(super) fn rescaled(number: i128, from: u32, to: u32) -> Option<i64> {
    let rescaled = if from > to {
        let parts = 10_i128.checked_pow(from - to)?;
        if number % parts != 0 {
            return None;
        }
        number / parts
    } else {
        number.checked_mul(10_i128.checked_pow(to - from)?)?
    };
    i64::try_from(rescaled).ok()
}

/// The decimal text of a whole number at so many digits: `-5` at two is `-0.05`.
pub(super) fn decimal(number: i64, digits: u32) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let width = digits as usize + 1;
    let text = format!("{:0>width$}", number.unsigned_abs());
    let (units, fraction) = text.split_at(text.len() - digits as usize);
    if fraction.is_empty() { format!("{sign}{units}") } else { format!("{sign}{units}.{fraction}") }
}

/// The number of a cell: parsed from its decimal text, so that it is the float nearest to it.
///
/// # Errors
/// It has more digits than a spreadsheet shows.
pub(super) fn cell(number: i64, digits: u32) -> Result<f64, ReportError> {
    let text = decimal(number, digits);
    match text.parse() {
        Ok(cell) if (-LARGEST..=LARGEST).contains(&number) => Ok(cell),
        Ok(_) | Err(_) => Err(ReportError::TooLarge { what: text }),
    }
}

/// A price in millionths without trailing zeros, and how many digits are left: at least those of the currency.
pub(super) fn trimmed(millionths: i64, least: u32) -> (i64, u32) {
    let (mut number, mut digits) = (millionths, PRICE_DIGITS);
    while digits > least && number % 10 == 0 {
        number /= 10;
        digits -= 1;
    }
    (number, digits)
}

/// The day of a text such as `2026-11-30`, counted from 1970-01-01.
pub(super) fn day(text: &str) -> Option<i32> {
    let [year, month, day] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
    if year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let day =
        termwise_engine::calendar::Day::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(day.epoch_days())
}

/// The number by which a spreadsheet knows a day; `None` where it knows none and gets the text.
pub(super) fn serial(epoch_days: i32) -> Option<f64> {
    let serial = epoch_days.checked_add(EPOCH)?;
    (FIRST_SERIAL..=LAST_SERIAL).contains(&serial).then_some(f64::from(serial))
}

/// `part ÷ whole` as a decimal text of six digits, half away from zero; `None` of nothing.
pub(super) fn ratio(part: i64, whole: i64) -> Option<String> {
    if whole == 0 {
        return None;
    }
    let (part, whole) = (i128::from(part) * MILLION, i128::from(whole));
    let rounded = (part.abs() * 2 + whole.abs()) / (whole.abs() * 2);
    let is_negative = (part < 0) != (whole < 0);
    let rounded = i64::try_from(rounded).ok()?;
    Some(decimal(if is_negative { -rounded } else { rounded }, 6))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_whole_numbers_of_the_digits_asked_for() {
        assert_eq!(whole("-143.20", 2), Some(-14_320));
        assert_eq!(whole("-0.05", 2), Some(-5));
        assert_eq!(whole("1440", 0), Some(1_440));
        assert_eq!(whole("1440.0000", 0), Some(1_440));
        assert_eq!(whole("0.001", 3), Some(1));
        for text in ["", "-", "0.001", ".5", "5.", "1.2.3", "1e3", " 1", "+1", "1,0", "99999999999999999999"]
        {
            assert_eq!(whole(text, 2), None, "{text:?}");
        }
    }

    #[test]
    fn no_digit_is_lost_between_scales() {
        assert_eq!(rescaled(12_300, 4, 2), Some(123));
        assert_eq!(rescaled(12_301, 4, 2), None);
        assert_eq!(rescaled(5, 2, 4), Some(500));
        assert_eq!(rescaled(i128::from(i64::MAX), 0, 1), None);
    }

    #[test]
    fn prices_keep_the_digits_that_they_have() {
        assert_eq!(trimmed(12_500_000, 2), (1_250, 2));
        assert_eq!(trimmed(12_345_600, 2), (123_456, 4));
        assert_eq!(trimmed(1_440_000_000, 0), (1_440, 0));
        assert_eq!(trimmed(0, 2), (0, 2));
    }

    #[test]
    fn days_that_spreadsheets_disagree_on_stay_texts() {
        assert_eq!(day("1970-01-01"), Some(0));
        assert_eq!(serial(0), Some(25_569.0));
        assert_eq!(serial(day("2026-11-30").unwrap()), Some(46_356.0));
        assert_eq!(serial(day("1900-02-28").unwrap()), None);
        assert_eq!(serial(day("1900-03-01").unwrap()), Some(61.0));
        assert_eq!(serial(day("0001-01-01").unwrap()), None);
        assert_eq!(serial(day("9999-12-31").unwrap()), Some(2_958_465.0));
        for text in ["", "2026-11-31", "2026-1-01", "20261130", "2026-11-30T00:00"] {
            assert_eq!(day(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_share_is_rounded_once() {
        assert_eq!(ratio(1, 3).as_deref(), Some("0.333333"));
        assert_eq!(ratio(-2, 3).as_deref(), Some("-0.666667"));
        assert_eq!(ratio(2, -3).as_deref(), Some("-0.666667"));
        assert_eq!(ratio(5, 0), None);
    }

    #[test]
    fn a_number_that_a_spreadsheet_would_cut_is_refused() {
        assert!(cell(LARGEST, 2).is_ok() && cell(-LARGEST, 0).is_ok());
        assert!(cell(LARGEST + 1, 2).is_err() && cell(i64::MIN, 3).is_err());
    }

    proptest! {
        #[test]
        fn every_number_that_is_not_refused_is_shown_to_the_digit(number in -LARGEST..=LARGEST, digits in 0..=6_u32) {
            let text = decimal(number, digits);
            prop_assert_eq!(whole(&text, digits), Some(number));
            let cell = cell(number, digits).unwrap();
            prop_assert_eq!(format!("{cell:.places$}", places = digits as usize).replace("-0.", "0."), text.replace("-0.", "0."));
        }
    }
}
