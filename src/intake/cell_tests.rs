//! What each grammar takes and refuses.

use super::*;

fn days(parse: fn(&str) -> Result<Day, Code>, taken: &[(&str, &str)], refused: &[&str]) {
    for (text, expected) in taken {
        assert_eq!(parse(text).map(|day| day.to_string()), Ok((*expected).to_owned()), "{text}");
    }
    for text in refused {
        assert_eq!(parse(text), Err(Code::DateInvalid), "{text}");
    }
}

#[test]
fn a_date_has_ten_characters_and_exists() {
    let refused = [
        "",
        "24-02-01",
        "2024-2-9",
        "+02024-02-01",
        " 2024-02-01",
        "2024-02-01 ",
        "2024-02-30",
        "2023-02-29",
        "2024/02/01",
        "20240201",
        "2024-13-01",
        "2024-00-10",
        "2024-02-01T00:00:00Z",
        "２０２４-02-01",
        "0206-01-01",
        "1989-12-31",
        "2200-01-01",
        "9999-12-31",
        "01/02/2024",
        "2024-02-0é",
    ];
    days(
        day,
        &[("2024-02-29", "2024-02-29"), ("1990-01-01", "1990-01-01"), ("2199-12-31", "2199-12-31")],
        &refused,
    );
    days(open_day, &[("9999-12-31", "9999-12-31")], &["9999-12-32", "99999-12-31"]);
}

#[test]
fn an_instant_has_an_offset_or_is_a_date() {
    let taken = [
        ("2026-11-30", "2026-11-30T00:00:00Z"),
        ("2026-11-30T09:15:00Z", "2026-11-30T09:15:00Z"),
        ("2026-11-30t09:15:00z", "2026-11-30T09:15:00Z"),
        ("2026-03-14T23:30:00-05:00", "2026-03-15T04:30:00Z"),
        ("2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00Z"),
        ("2026-11-30T09:15:00.1234567Z", "2026-11-30T09:15:00.1234567Z"),
        ("2026-11-30T09:15:00.5Z", "2026-11-30T09:15:00.5Z"),
        ("2026-11-30T09:15:00.123456700000Z", "2026-11-30T09:15:00.1234567Z"),
    ];
    for (text, expected) in taken {
        assert_eq!(instant(text).map(|moment| moment.to_string()), Ok(expected.to_owned()), "{text}");
    }
    let refused = [
        "",
        "2026-11-30T09:15:00",
        "2026-11-30 09:15:00Z",
        "2026-11-30T09:15Z",
        "2026-11-30T24:00:00Z",
        "2026-11-30T09:60:00Z",
        "2026-11-30T09:15:60Z",
        "2026-11-30T09:15:00.Z",
        "2026-11-30T09:15:00.12345678Z",
        "2026-11-30T09:15:00+0100",
        "2026-11-30T09:15:00+24:00",
        "2026-11-30T09:15:00Zx",
        "2026-11-30T",
        "0001-01-01T00:00:00Z",
        "1780000000",
    ];
    for text in refused {
        assert_eq!(instant(text), Err(Code::InstantInvalid), "{text}");
    }
}

#[test]
fn money_is_a_plain_decimal() {
    let taken = [
        ("0", 0),
        ("144", 144_000_000),
        ("115.2", 115_200_000),
        ("0.000001", 1),
        ("007.50", 7_500_000),
        ("1000000000", 1_000_000_000_000_000),
    ];
    for (text, expected) in taken {
        assert_eq!(money(text).map(Price::millionths), Ok(expected), "{text}");
    }
    let refused = [
        "",
        ".",
        ".5",
        "5.",
        "+5",
        "-5",
        "1e3",
        "1_000",
        "1,000",
        "1.000,00",
        "12,50",
        " 1",
        "1 ",
        "€5",
        "0.0000001",
        "1000000000.01",
        "1000000001",
        "9999999999999999999999",
        "１",
        "NaN",
        "1.2.3",
        "0x10",
    ];
    for text in refused {
        assert_eq!(money(text), Err(Code::MoneyInvalid), "{text}");
    }
}

#[test]
fn money_agrees_with_a_decimal_library() {
    for text in ["0.1", "12.345678", "999999999.999999", "4.20", "18"] {
        let oracle = rust_decimal::Decimal::from_str_exact(text).map(|mut number| {
            number.rescale(6);
            number.mantissa()
        });
        assert_eq!(money(text).map(|price| i128::from(price.millionths())).ok(), oracle.ok(), "{text}");
    }
}

#[test]
fn a_discount_lies_between_nothing_and_all() {
    for (text, expected) in
        [("0", 0), ("0.15", 150_000), ("1", 1_000_000), ("1.000", 1_000_000), ("0.166667", 166_667)]
    {
        assert_eq!(discount(text).map(Discount::millionths), Ok(expected), "{text}");
    }
    for text in ["", "15", "15%", "1.000001", "-0.1", "0.1666667", ".15", "1e-1", "0,15", "5000"] {
        assert_eq!(discount(text), Err(Code::DiscountInvalid), "{text}");
    }
}

#[test]
fn numbers_are_digits() {
    for (text, expected) in [("0", 0), ("10", 10), ("0010", 10), ("999999999", 999_999_999)] {
        assert_eq!(whole(text), Ok(expected), "{text}");
    }
    for text in ["", "-1", "+1", "1.0", "1e3", "1 000", " 1", "1000000000", "١٠", "000000000000000000000"] {
        assert_eq!(whole(text), Err(Code::NumberInvalid), "{text}");
    }
    assert_eq!(seats("1000000"), Ok(1_000_000));
    assert_eq!(seats("1000001"), Err(Code::NumberInvalid));
    assert_eq!(signed_seats("-5"), Ok(-5));
    assert_eq!(signed_seats("0"), Ok(0));
    assert_eq!(signed_seats("1000001"), Err(Code::NumberInvalid));
    assert_eq!(signed_seats("--5"), Err(Code::NumberInvalid));
    assert_eq!(signed_seats("-"), Err(Code::NumberInvalid));
}

#[test]
fn words_are_exact_and_lists_forgiving() {
    assert_eq!(boolean("true"), Ok(true));
    for text in ["TRUE", "1", "yes", "", " true"] {
        assert_eq!(boolean(text), Err(Code::BooleanInvalid), "{text}");
    }
    assert_eq!(list(" NL; BE ;;DE;").collect::<Vec<_>>(), ["NL", "BE", "DE"]);
    assert!(is_plain("Café 東京"));
    assert!(!is_plain("a\0b") && !is_plain("a\tb") && !is_plain("a\u{85}b") && !is_plain("\u{feff}a"));
}

#[test]
fn price_days_come_in_the_vendors_forms() {
    let taken = [
        ("2/1/2019 12:00:00 AM", "2019-02-01"),
        ("2/4/2021 8:35:31 PM", "2021-02-04"),
        ("12/31/2021 11:59:59 PM", "2021-12-31"),
        ("2/1/2019 0:00", "2019-02-01"),
        ("2/1/2019 23:59", "2019-02-01"),
        ("2/1/2019 23:59:59", "2019-02-01"),
        ("2/1/2019", "2019-02-01"),
        ("02/01/2019", "2019-02-01"),
        ("2019-02-01", "2019-02-01"),
        ("2019-02-01T00:00:00.0000000Z", "2019-02-01"),
        ("2019-02-01T00:00:00.0000000", "2019-02-01"),
        ("2019-02-01T23:30:00-05:00", "2019-02-02"),
        ("1/1/1753 12:00:00 AM", "1753-01-01"),
        ("1753-06-05", "1753-01-01"),
        ("0001-01-01T00:00:00Z", "1753-01-01"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31"),
        ("12/30/9999 12:00:00 AM", "9999-12-31"),
    ];
    let refused = [
        "",
        "13/1/2019",
        "2/30/2019",
        "2/1/19",
        "2/1/2019 13:00:00 PM",
        "2/1/2019 0:00:00 AM",
        "2/1/2019 24:00",
        "2/1/2019 1:60",
        "2/1/2019 1:5",
        "2/1/2019 12:00:00 am",
        "2.1.2019",
        "2019/02/01",
        "2/1/2019  0:00",
        "/1/2019",
        "2019-02-01 00:00:00",
        "001/1/2019",
    ];
    days(price_day, &taken, &refused);
}
