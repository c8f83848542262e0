//! Figures in sentences: amounts, prices and percentages as people write them, and texts that no terminal obeys.

use rust_decimal::Decimal;
use termwise_engine::money::{Currency, EFFECTIVE_DIGITS, PRICE_DIGITS, Price};

/// An amount in minor units, with its currency: `255.00 EUR`.
pub(super) fn amount(minor: i64, currency: Currency) -> String {
    format!("{} {currency}", plain_amount(minor, currency))
}

/// An amount in minor units: `255.00`.
pub(super) fn plain_amount(minor: i64, currency: Currency) -> String {
    Decimal::from_i128_with_scale(i128::from(minor), currency.digits()).to_string()
}

/// A sum in minor units, however large: `255.00`.
pub(super) fn plain_sum(minor: i128, currency: Currency) -> String {
    trimmed(minor, currency.digits(), currency.digits())
}

/// A price in millionths: the currency's digits, and more where it has them.
pub(super) fn price(millionths: i64, currency: Currency) -> String {
    trimmed(i128::from(millionths), PRICE_DIGITS, currency.digits())
}

/// A list price.
pub(super) fn list_price(found: Price, currency: Currency) -> String {
    price(found.millionths(), currency)
}

/// An effective unit price in 10⁻¹⁰.
pub(super) fn effective_price(units: i128, currency: Currency) -> String {
    trimmed(units, EFFECTIVE_DIGITS, currency.digits())
}

/// A fraction in millionths as a percentage: `15 %`.
pub(super) fn percent_of_millionths(millionths: u32) -> String {
    format!("{} %", trimmed(i128::from(millionths), 4, 0))
}

/// A fraction in trillionths as a percentage.
pub(super) fn percent_of_trillionths(trillionths: u64) -> String {
    format!("{} %", trimmed(i128::from(trillionths), 10, 0))
}

/// `units` × 10^−`digits`, without trailing zeros beyond the digits that are always shown.
fn trimmed(units: i128, digits: u32, shown: u32) -> String {
    // Beyond 96 bits there is no price; it is told rather than cut.
    let Ok(number) = Decimal::try_from_i128_with_scale(units, digits) else {
        return format!("{units}e-{digits}");
    };
    let mut number = number.normalize();
    if number.scale() < shown {
        number.rescale(shown);
    }
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn figures_have_the_currencys_digits_and_more_where_they_need_them() {
        assert_eq!(amount(-11_226, currency("EUR")), "-112.26 EUR");
        assert_eq!(amount(5, currency("KWD")), "0.005 KWD");
        assert_eq!(amount(0, currency("JPY")), "0 JPY");
        assert_eq!(price(12_000_000, currency("EUR")), "12.00");
        assert_eq!(price(4_166_667, currency("EUR")), "4.166667");
        assert_eq!(price(1_440_000_000, currency("JPY")), "1440");
        assert_eq!(effective_price(-119_333_333_334, currency("EUR")), "-11.9333333334");
        assert_eq!(effective_price(102_000_000_000, currency("EUR")), "10.20");
    }

    #[test]
    fn percentages_have_no_zeros_to_spare() {
        assert_eq!(percent_of_millionths(150_000), "15 %");
        assert_eq!(percent_of_millionths(1_000), "0.1 %");
        assert_eq!(percent_of_millionths(1_000_000), "100 %");
        assert_eq!(percent_of_millionths(0), "0 %");
        assert_eq!(percent_of_trillionths(280_000_000_000), "28 %");
        assert_eq!(percent_of_trillionths(332_500_000_000), "33.25 %");
    }
}
