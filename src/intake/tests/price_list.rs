//! The vendor's price list with its quirks.

use super::*;
use termwise_engine::calendar::{BillingCycle, Day, Term};
use termwise_engine::catalog::{Plan, PriceKey, Segment};
use termwise_engine::ids::{ItemId, MarketId};
use termwise_engine::money::Currency;

/// The price of the only item in the only market, for a P1Y, on a day; or the code of what forbids it.
fn price(given: &Given, cycle: BillingCycle, seats: u32, on: &str) -> Result<i64, Code> {
    let read = given.read();
    let key = PriceKey {
        item: ItemId::of_rank(0),
        term: Term::P1Y,
        plan: Plan::None,
        market: MarketId::of_rank(0),
        currency: Currency::from_code("EUR").ok_or(Code::CurrencyUnknown)?,
        segment: Segment::Commercial,
    };
    let on: Day = cell::open_day(on)?;
    read.intake.catalog.prices.quote(key, cycle, seats, on).map(|quote| quote.unit_price.millionths())
}

#[test]
fn the_published_form_is_read_as_it_comes() {
    // The documented sample, with its typographic quote at the end of the header (domain 4.1).
    let text = "\u{feff}\"ProductTitle\",\"ProductId\",\"SkuId\",\"SkuTitle\",\"Publisher\",\"SkuDescription\",\
        \"UnitOfMeasure\",\"TermDuration\",\"BillingPlan\",\"Market\",\"Currency\",\"UnitPrice\",\
        \"PricingTierRangeMin\",\"PricingTierRangeMax\",\"EffectiveStartDate\",\"EffectiveEndDate\",\"Tags\",\
        \"ERP Price\u{201d}\r\n\
        \"Advanced Communications\",\"CFQ7TTC0HDK0\",\"0001\",\"Advanced Communications\",\"Microsoft Corporation\",\
        \"Several lines,\nof prose\",\"\",\"P1Y\",\"Annual\",\"NL\",\"EUR\",\"115.2\",\"\",\"\",\
        \"2/1/2019 12:00:00 AM\",\"2/4/2021 8:35:31 PM\",\"License\",\"144\"\r\n\
        \"Consumption\",\"X\",\"0001\",\"\",\"\",\"\",\"\",\"\",\"\",\"NL\",\"EUR\",\"0.00012345678\",\"\",\"\",\"x\",\"\",\"\",\"\"\r\n\
        \"Perpetual\",\"X\",\"0001\",\"\",\"\",\"\",\"\",\"P1Y\",\"OneTime\",\"NL\",\"EUR\",\"1\",\"\",\"\",\"x\",\"\",\"\",\"\"\r\n";
    let given = Given::new().with(Table::PriceList, "prices.csv", text);
    assert_eq!(given.findings(), Vec::<String>::new());
    let read = given.read();
    assert_eq!(read.files[0].rows, 3);
    assert_eq!(read.names.sku(ItemId::of_rank(0)), "0001");
    let expected =
        "prices.csv: 2 rows of terms and billing plans other than licences' are passed over".to_owned();
    assert_eq!(read.warnings, [expected]);
    for (on, expected) in [
        ("2019-01-31", Err(Code::PriceMissing)),
        ("2019-02-01", Ok(115_200_000)),
        ("2021-02-04", Ok(115_200_000)),
        ("2021-02-05", Err(Code::PriceMissing)),
    ] {
        assert_eq!(price(&given, BillingCycle::Annual, 1, on), expected, "{on}");
    }
    let plain = text.replace("\"ERP Price\u{201d}", "ERP Price\u{201d}");
    assert_eq!(Given::new().with(Table::PriceList, "prices.csv", plain).read().warnings.len(), 1);
}

#[test]
fn a_row_that_cannot_be_read_spoils_its_key_only() {
    let rows = [
        "P,1,P1Y,Annual,NL,EUR,100,2020-01-01,2025-12-31,License",
        "P,1,P1Y,Annual,NL,EUR,\"1,200\",2026-01-01,9999-12-31,License",
        "P,1,P1Y,Monthly,NL,EUR,120,1/1/1753 12:00:00 AM,9999-12-31T23:59:59.9999999Z,License",
        "P,1,P1Y,Monthly,NL,EURO,120,2020-01-01,9999-12-31,License",
        "P,1,P1Y ,Monthly,NL,EUR,120,2020-01-01,9999-12-31,License",
        "P,1,P1Y,Monthly,NL,EUR,120,2020-01-01,2019-12-31,License",
    ];
    let given = Given::new().csv(Table::PriceList, PRICES, &rows[..5]);
    let expected = [
        "price_list:2:UnitPrice money-invalid rejected",
        "price_list:4:Currency currency-unknown rejected",
        "price_list:5:TermDuration value-unknown rejected",
    ];
    assert_eq!(given.findings(), expected);
    assert_eq!(price(&given, BillingCycle::Annual, 1, "2025-01-01"), Err(Code::PriceUnreadable));
    assert_eq!(price(&given, BillingCycle::Monthly, 1, "1999-01-01"), Ok(120_000_000));
    let given = Given::new().csv(Table::PriceList, PRICES, &rows[5..]);
    assert_eq!(given.findings(), ["price_list:1:EffectiveEndDate date-invalid rejected"]);
}

#[test]
fn rows_that_contradict_each_other_are_all_named() {
    let header = format!("{PRICES},PricingTierRangeMin,PricingTierRangeMax");
    let rows = [
        "P,1,P1Y,Annual,NL,EUR,100,2020-01-01,2025-12-31,,,",
        "P,1,P1Y,Annual,NL,EUR,100,1/1/2020,9999-12-31,,1,",
        "P,1,P1Y,Monthly,NL,EUR,100,2020-01-01,,,1,99",
        "P,1,P1Y,Monthly,NL,EUR,90,2020-01-01,,,100,2147483647",
        "P,1,P1M,Monthly,NL,EUR,10,2020-01-01,,,1,100",
        "P,1,P1M,Monthly,NL,EUR,9,2020-01-01T00:00:00Z,,,100,",
        "P,1,P3Y,Upfront,NL,EUR,10,2020-01-01,,,,",
        "P,1,P3Y,Triennial,NL,EUR,11,2020-01-01,,,,",
        "P,1,P3Y,Upfront,NL,EUR,10,2020-01-01,,,,",
        "P,1,P3Y,Upfront,BE,EUR,11,2020-01-01,,,200,100",
    ];
    let given = Given::new().csv(Table::PriceList, &header, &rows);
    assert_eq!(given.findings(), ["price_list:10:PricingTierRangeMax number-invalid rejected"]);
    // The finding stands on the subscriptions that look the key up (C24); the rows are named for whoever mends the list.
    let warnings = given.read().warnings;
    assert!(
        warnings.iter().any(|said| said.contains("rows 5, 6, 7, 8, 9: two prices of one key")),
        "{warnings:?}"
    );
    // Markets are ranked by their bytes: BE, NL.
    let given = Given::new().csv(Table::PriceList, &header, &rows[..9]);
    assert_eq!(price(&given, BillingCycle::Annual, 1, "2030-01-01"), Ok(100_000_000));
    assert_eq!(price(&given, BillingCycle::Monthly, 99, "2030-01-01"), Ok(100_000_000));
    assert_eq!(price(&given, BillingCycle::Monthly, 100, "2030-01-01"), Ok(90_000_000));
}

#[test]
fn only_licences_get_promotions() {
    let rows = [
        "A,1,P1Y,Annual,NL,EUR,1,2020-01-01,,License;Trial",
        "B,1,P1Y,Annual,NL,EUR,1,2020-01-01,,IncludesOverage",
        "C,1,P1Y,Annual,NL,EUR,1,2020-01-01,,",
    ];
    let promotions = Given::new().csv(Table::PriceList, PRICES, &rows).read().intake.catalog.promotions;
    let licensed: Vec<bool> =
        (0..3).map(|rank| promotions.is_licensed(ItemId::of_rank(rank), Day::FIRST)).collect();
    assert_eq!(licensed, [true, false, true]);
}
