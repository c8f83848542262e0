//! What a sample promises: reproducible bytes, the documented columns, every story, and no subscription refused when it
//! begins.

use super::*;
use crate::sample::catalogue::PRODUCTS;
use chrono::{Months, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tempfile::TempDir;
use termwise_engine::book::EventKind;

/// A row by column name.
type Row = BTreeMap<String, String>;

fn request(subscriptions: u64) -> Request {
    Request {
        subscriptions,
        seed: 7,
        format: Format::Csv,
        bad_rows: false,
        profile: Profile::Full,
        customers: None,
        shuffled: false,
    }
}

fn write(request: &Request) -> (TempDir, Vec<Written>) {
    let dir = tempfile::tempdir().unwrap();
    let written = write_sample(dir.path(), request).unwrap();
    (dir, written)
}

fn read(dir: &TempDir, name: &str) -> Vec<Row> {
    let bytes = fs::read(dir.path().join(name)).unwrap();
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    csv::Reader::from_reader(text).deserialize().map(|row| row.unwrap()).collect()
}

fn bytes_of(dir: &TempDir) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

fn count(rows: &[Row], holds: impl Fn(&Row) -> bool) -> usize {
    rows.iter().filter(|row| holds(row)).count()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    for format in [Format::Csv, Format::Parquet] {
        let asked = Request { format, bad_rows: true, ..request(300) };
        let once = bytes_of(&write(&asked).0);
        assert_eq!(once, bytes_of(&write(&asked).0));
        let other = bytes_of(&write(&Request { seed: 8, ..asked }).0);
        let name = file_name(&tables::SUBSCRIPTIONS, format);
        assert_ne!(once[&name], other[&name]);
    }
}

#[test]
fn every_file_has_the_documented_columns_and_the_rows_that_were_reported() {
    for profile in [Profile::Full, Profile::Plain] {
        let (dir, written) = write(&Request { profile, ..request(200) });
        let asked: &[&Table] = if profile == Profile::Full { &[&tables::REQUESTS] } else { &[] };
        for table in tables_of(profile).iter().chain(tables_of_offers(profile)).chain(asked) {
            let name = file_name(table, Format::Csv);
            let bytes = fs::read(dir.path().join(&name)).unwrap();
            let mut reader = csv::Reader::from_reader(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes));
            let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
            assert_eq!(columns, table.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>());
            let rows = reader.records().collect::<Result<Vec<_>, _>>().unwrap().len();
            let reported = written.iter().find(|file| file.file == name).unwrap();
            assert_eq!(u64::try_from(rows).unwrap(), reported.rows, "{name}");
        }
    }
}

#[test]
fn offers_are_the_same_whatever_the_book_and_accepted_by_customers_of_it() {
    let (small, _) = write(&request(3));
    let (large, _) = write(&Request { seed: 8, ..request(1_000) });
    for file in ["advisors.csv", "offices.csv", "sku_markets.csv", "offers.csv", "offers.toml"] {
        assert_eq!(bytes_of(&small)[file], bytes_of(&large)[file], "{file}");
    }
    for dir in [&small, &large] {
        let markets: BTreeMap<String, String> = read(dir, "customers.csv")
            .into_iter()
            .map(|row| (row["customer_id"].clone(), row["market"].clone()))
            .collect();
        let offered: BTreeMap<String, String> = read(dir, "offers.csv")
            .into_iter()
            .map(|row| (row["offer_id"].clone(), row["usage_location"].clone()))
            .collect();
        for row in read(dir, "acceptances.csv") {
            // Or a run over what was bought would find that the customer's market differs (B19).
            assert_eq!(markets[&row["customer_id"]], offered[&row["offer_id"]]);
        }
    }
    assert_eq!(read(&large, "acceptances.csv").len(), 7);
}

#[test]
fn a_book_has_as_many_subscriptions_as_asked_for() {
    for subscriptions in [0, 1, 2, 9, 100, 1_234] {
        let (dir, _) = write(&request(subscriptions));
        let ids: BTreeSet<String> =
            read(&dir, "subscriptions.csv").into_iter().map(|row| row["subscription_id"].clone()).collect();
        assert_eq!(u64::try_from(ids.len()).unwrap(), subscriptions);
    }
}

#[test]
fn two_thousand_subscriptions_tell_every_story() {
    let (dir, _) = write(&request(2_000));
    let told: BTreeMap<String, usize> =
        read(&dir, "stories.csv").into_iter().fold(BTreeMap::new(), |mut told, row| {
            *told.entry(row["story"].clone()).or_default() += 1;
            told
        });
    let missing: Vec<&str> =
        stories::all().iter().map(|story| story.name).filter(|name| !told.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let special: usize = told.values().sum();
    assert!((200..=400).contains(&special), "{special} of 2,000 are remarkable");
}

#[test]
fn two_thousand_subscriptions_hold_every_feature() {
    let (dir, _) = write(&request(2_000));
    let book = read(&dir, "subscriptions.csv");
    let words = [
        ("commerce", &["new", "legacy"][..]),
        ("segment", &["commercial", "education", "nonprofit", "government"]),
        ("market", &["NL", "DE", "GB", "US", "CH", "SE", "JP", "KW"]),
        ("term", &["P1M", "P1Y", "P3Y"]),
        ("billing_cycle", &["monthly", "annual", "upfront"]),
        ("auto_renew", &["true", "false"]),
        ("status", &["active", "suspended", "cancelled", "expired"]),
        ("origin", &["purchase", "renewal", "migration", "upgrade", "trial"]),
        ("channel", &["reseller", "advisor"]),
        ("promotion_id", &["none", ""]),
    ];
    for (column, values) in words {
        for value in values {
            assert!(count(&book, |row| row[column] == *value) > 0, "{column} {value}");
        }
    }
    for column in ["bill_to_id", "quantity_as_of", "ordered_at", "term_end", "anchored_on", "unit_price"] {
        assert!(count(&book, |row| !row[column].is_empty()) > 0, "{column}");
    }
    assert!(count(&book, |row| row["ordered_at"].ends_with("-05:00")) > 0);
    assert!(count(&book, |row| row["term_start"] == "2024-02-29") > 0);
    let events = read(&dir, "lifecycle_events.csv");
    let kinds: BTreeSet<&str> = events.iter().map(|row| row["kind"].as_str()).collect();
    let expected: BTreeSet<&str> = EventKind::ALL.into_iter().map(EventKind::name).collect();
    assert_eq!(kinds, expected, "every kind of event");
    for column in ["target_subscription_id", "target_product_id", "target_term", "target_billing_cycle"] {
        assert!(count(&events, |row| !row[column].is_empty()) > 0, "{column}");
    }
    let changes = read(&dir, "seat_changes.csv");
    for column in ["quantity_before", "change_id"] {
        assert!(count(&changes, |row| !row[column].is_empty()) > 0, "{column}");
    }
    let scheduled = read(&dir, "scheduled_changes.csv");
    for column in ["product_id", "sku_id", "term", "billing_cycle", "quantity", "term_end", "promotion_id"] {
        assert!(count(&scheduled, |row| !row[column].is_empty()) > 0, "{column}");
    }
    assert!(!read(&dir, "holdings.csv").is_empty());
    let standings: BTreeSet<String> =
        read(&dir, "customers.csv").into_iter().map(|row| row["qualifications"].clone()).collect();
    assert_eq!(standings.len(), 9, "{standings:?}");
}

/// The segments that R50 lets a customer of these qualifications buy, written anew.
fn may_be_sold(qualifications: &str, segment: &str) -> bool {
    let has = |word: &str| qualifications.split(';').any(|qualification| qualification == word);
    match segment {
        "government" => has("government"),
        _ if has("government") => false,
        "commercial" => true,
        special => has(special),
    }
}

#[test]
fn no_subscription_breaks_a_rule_that_would_reject_it_when_it_begins() {
    let (dir, _) = write(&request(3_000));
    let unqualified: BTreeSet<String> = read(&dir, "stories.csv")
        .into_iter()
        .filter(|row| row["story"] == "no longer a nonprofit at the renewal")
        .map(|row| row["subscription_id"].clone())
        .collect();
    let customers: BTreeMap<String, Row> =
        read(&dir, "customers.csv").into_iter().map(|row| (row["customer_id"].clone(), row)).collect();
    let partners: BTreeMap<String, Row> =
        read(&dir, "partners.csv").into_iter().map(|row| (row["partner_id"].clone(), row)).collect();
    let promotions: BTreeSet<String> =
        read(&dir, "promotions.csv").into_iter().map(|row| row["promotion_id"].clone()).collect();
    let mut prices: BTreeSet<[String; 7]> = BTreeSet::new();
    for row in read(&dir, "price_list.csv") {
        let segment = row["Segment"].to_lowercase().replace("charity", "nonprofit");
        let key = ["ProductId", "SkuId", "TermDuration", "BillingPlan", "Market", "Currency"];
        let [product, sku, term, plan, market, currency] = key.map(|column| row[column].clone());
        prices.insert([product, sku, term, plan, market, currency, segment]);
    }
    for row in read(&dir, "subscriptions.csv") {
        let customer = &customers[&row["customer_id"]];
        assert_eq!(row["market"], customer["market"]);
        let segment = row["segment"].as_str();
        // R50 is checked when a purchase begins; a renewal is flagged, and there is one to show it (B17).
        let is_renewal_of_the_unqualified =
            row["origin"] == "renewal" && unqualified.contains(&row["subscription_id"]);
        assert!(
            may_be_sold(&customer["qualifications"], segment) != is_renewal_of_the_unqualified,
            "{row:?}"
        );
        let partner = &partners[&row["partner_id"]];
        let is_lone = partner["kind"] == "indirect-reseller" && partner["provider_id"].is_empty();
        assert!(!(is_lone && segment == "education"), "R52: {row:?}");
        let promotion = row["promotion_id"].as_str();
        assert!(matches!(promotion, "" | "none") || promotions.contains(promotion), "{row:?}");
        let plans: &[&str] = match (row["term"].as_str(), row["billing_cycle"].as_str()) {
            (_, "monthly") => &["Monthly", "None"],
            ("P1M", "upfront") => &["Monthly"],
            ("P1Y" | "P3Y", "annual") | ("P1Y", "upfront") => &["Annual", "Upfront", "None"],
            ("P3Y", "upfront") => &["Triennial", "Upfront"],
            (term, cycle) => panic!("{cycle} of {term}"),
        };
        let is_priced = plans.iter().any(|plan| {
            let key = ["product_id", "sku_id", "term", "market", "currency", "segment"]
                .map(|column| row[column].clone());
            let [product, sku, term, market, currency, segment] = key;
            prices.contains(&[product, sku, term, (*plan).to_owned(), market, currency, segment])
        });
        assert!(is_priced, "R9: {row:?}");
        if !row["term_end"].is_empty() {
            let day = |column: &str| row[column].parse::<NaiveDate>().unwrap();
            let months = Months::new(if row["term"] == "P3Y" {
                36
            } else if row["term"] == "P1Y" {
                12
            } else {
                1
            });
            assert!(
                day("term_start") <= day("term_end") && day("term_end") < day("term_start") + months,
                "{row:?}"
            );
        }
    }
}

#[test]
fn the_plain_profile_holds_only_what_sql_can_compare() {
    let (dir, written) = write(&Request { profile: Profile::Plain, ..request(500) });
    let files: Vec<&str> = written.iter().map(|file| file.file.as_str()).collect();
    assert_eq!(
        files,
        ["subscriptions.csv", "price_list.csv", "promotions.csv", "seat_changes.csv", "job.toml"]
    );
    for row in read(&dir, "subscriptions.csv") {
        assert_eq!(
            [row["commerce"].as_str(), &row["segment"], &row["status"]],
            ["new", "commercial", "active"]
        );
        for column in ["quantity_as_of", "term_end", "anchored_on", "unit_price"] {
            assert!(row[column].is_empty());
        }
    }
    let mut ranges: BTreeMap<Vec<String>, Vec<(String, String)>> = BTreeMap::new();
    for row in read(&dir, "price_list.csv") {
        assert!(row["PricingTierRangeMin"].is_empty());
        let key =
            ["ProductId", "SkuId", "TermDuration", "BillingPlan", "Market"].map(|column| row[column].clone());
        let range = (row["EffectiveStartDate"].clone(), row["EffectiveEndDate"].clone());
        ranges.entry(key.to_vec()).or_default().push(range);
    }
    for (key, mut versions) in ranges {
        versions.sort();
        assert!(versions.windows(2).all(|pair| pair[0].1 < pair[1].0), "overlap: {key:?}");
    }
}

#[test]
fn planted_faults_stand_where_they_are_said_to_be() {
    let (dir, _) = write(&Request { bad_rows: true, ..request(200) });
    let faults = read(&dir, "planted_faults.csv");
    assert!(faults.len() >= 25);
    let cell = |code: &str| {
        let fault = faults.iter().find(|fault| fault["code"] == code).unwrap();
        let row: usize = fault["row"].parse().unwrap();
        read(&dir, &fault["file"])[row - 1][&fault["column"]].clone()
    };
    assert_eq!(cell("date-invalid"), "2026-13-41");
    assert_eq!(cell("currency-unknown"), "XXX");
    assert_eq!(cell("value-missing"), "");
    assert_eq!(cell("promo-code-unknown"), "NO-SUCH-CODE");
    assert_eq!(cell("subscription-unknown"), "SUB-NOBODY");
    let job = fs::read_to_string(dir.path().join("job.toml")).unwrap();
    assert!(job.contains("rejected_rows = \"25%\""));
}

#[test]
fn every_day_of_the_tables_is_in_the_calendar() {
    for promotion in offers::PROMOTIONS {
        assert!(
            NaiveDate::MIN < promotion.starts_on && promotion.starts_on < promotion.ends_on,
            "{}",
            promotion.id
        );
    }
    let (dir, _) = write(&request(2_000));
    for row in read(&dir, "subscriptions.csv") {
        assert!(row["term_start"].starts_with("20"), "{row:?}");
    }
    let keys: BTreeSet<String> = PRODUCTS.iter().map(|product| product.key()).collect();
    assert_eq!(keys.len(), PRODUCTS.len(), "no product:SKU stands twice");
}

#[test]
fn parquet_holds_as_many_rows_as_csv() {
    let (_, as_csv) = write(&request(400));
    let (dir, as_parquet) = write(&Request { format: Format::Parquet, ..request(400) });
    for (one, other) in as_csv.iter().zip(&as_parquet) {
        assert_eq!(one.rows, other.rows, "{}", one.file);
        if other.file.ends_with(".parquet") {
            let file = fs::File::open(dir.path().join(&other.file)).unwrap();
            let reader =
                parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            let rows: i64 = reader.metadata().file_metadata().num_rows();
            assert_eq!(u64::try_from(rows).unwrap(), other.rows);
        }
    }
}

#[test]
fn a_book_can_be_spread_over_a_number_of_customers() {
    let customers_of = |request: &Request| {
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for row in read(&write(request).0, "subscriptions.csv") {
            *sizes.entry(row["customer_id"].clone()).or_default() += 1;
        }
        sizes.into_values().collect::<Vec<_>>()
    };
    for profile in [Profile::Full, Profile::Plain] {
        let of = |customers| Request { customers: Some(customers), profile, ..request(30) };
        assert_eq!(customers_of(&of(1)), [30]);
        assert_eq!(customers_of(&of(4)), [8, 8, 7, 7]);
        assert_eq!(customers_of(&of(500)), [1; 30], "none is without a subscription");
    }
}

#[test]
fn a_customer_of_any_size_is_written_in_parts() {
    let subscriptions = MOST_HELD as u64 + 1_000;
    let (dir, _) = write(&Request { customers: Some(1), profile: Profile::Plain, ..request(subscriptions) });
    let rows = read(&dir, "subscriptions.csv");
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row["subscription_id"], format!("SUB-{:08}", number + 1));
    }
    assert_eq!(u64::try_from(rows.len()).unwrap(), subscriptions);
}

#[test]
fn a_shuffled_book_has_the_same_rows_in_another_order() {
    let rows_of = |dir: &TempDir, name: &str| -> Vec<String> {
        let text = fs::read_to_string(dir.path().join(name)).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    for profile in [Profile::Full, Profile::Plain] {
        let asked = Request { profile, ..request(1_000) };
        let (plain, written) = write(&asked);
        let (shuffled, written_too) = write(&Request { shuffled: true, ..asked });
        assert_eq!(written, written_too);
        for table in tables_of(profile) {
            let name = file_name(table, Format::Csv);
            let (before, after) = (rows_of(&plain, &name), rows_of(&shuffled, &name));
            assert_eq!(before != after, table.is_of_the_book, "{name}");
            assert_eq!(before[0], after[0], "the header stays first");
            let sorted = |mut rows: Vec<String>| {
                rows.sort();
                rows
            };
            assert_eq!(sorted(before), sorted(after), "{name}");
        }
        // A quarter of the book is the first customer's; the others' neighbours are mostly somebody else's.
        let rows = read(&shuffled, "subscriptions.csv");
        let next_to_its_own = rows.windows(2).filter(|pair| pair[0]["customer_id"] == pair[1]["customer_id"]);
        assert!(next_to_its_own.count() < 150, "{profile:?}");
        let again = write(&Request { shuffled: true, ..asked }).0;
        assert_eq!(bytes_of(&shuffled), bytes_of(&again));
    }
}

#[test]
fn faults_are_found_by_their_numbers_in_a_shuffled_book_too() {
    let (dir, _) = write(&Request { bad_rows: true, shuffled: true, ..request(200) });
    let faults = read(&dir, "planted_faults.csv");
    let fault = faults.iter().find(|fault| fault["code"] == "date-invalid").unwrap();
    let row: usize = fault["row"].parse().unwrap();
    assert_eq!(read(&dir, &fault["file"])[row - 1][&fault["column"]], "2026-13-41");
}
