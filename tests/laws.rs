//! The laws of the rule book's section 15, on random books from the generator: whatever the seed, they hold.
//!
//! `TERMWISE_SEEDS` raises the number of books; a failure names its seed.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

mod agreement;
mod common;
#[allow(clippy::all, clippy::pedantic, dead_code, unreachable_pub, missing_docs)]
mod oracle;

use chrono::NaiveDate;
use common::{Table, bytes_of, published, termwise};
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const INPUTS: [&str; 11] = [
    "subscriptions",
    "customers",
    "partners",
    "price_list",
    "promotions",
    "promo_codes",
    "redemptions",
    "seat_changes",
    "lifecycle_events",
    "scheduled_changes",
    "holdings",
];

fn seeds() -> std::ops::RangeInclusive<u64> {
    let count = std::env::var("TERMWISE_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    1..=count
}

/// A book of some subscriptions below `dir`, and its job file.
fn book(dir: &Path, seed: u64, subscriptions: &str, format: &str, bad_rows: bool) -> PathBuf {
    let (seed, out) = (seed.to_string(), dir.to_string_lossy().into_owned());
    let mut args =
        vec!["sample", "--subscriptions", subscriptions, "--seed", &seed, "--out", &out, "--format", format];
    if bad_rows {
        args.push("--bad-rows");
    }
    let (exit, said) = termwise(&args);
    assert_eq!(exit, 0, "{said}");
    dir.join("job.toml")
}

/// Runs a job with some more arguments and gives the folder that it published.
fn run(job: &Path, out: &Path, more: &[&str]) -> PathBuf {
    run_as("csv", job, out, more)
}

fn run_as(format: &str, job: &Path, out: &Path, more: &[&str]) -> PathBuf {
    let (job, place) = (job.to_string_lossy().into_owned(), out.to_string_lossy().into_owned());
    let mut args = vec!["run", &job, "--out", &place, "--format", format, "-q"];
    args.extend_from_slice(more);
    let (exit, said) = termwise(&args);
    assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
    published(out)
}

fn with_book(check: impl Fn(u64, &Path, &Path)) {
    for seed in seeds() {
        let dir = tempfile::tempdir().expect("a folder");
        let job = book(dir.path(), seed, "600", "csv", false);
        check(seed, dir.path(), &job);
    }
}

/// Policies that together reach every setting's other value.
const POLICIES: &[&[(&str, &str)]] = &[
    &[],
    &[
        ("month_end", "keep-distance"),
        ("rounding", "truncate"),
        ("seat_changes", "pair"),
        ("refused_events", "flag"),
    ],
    &[
        ("price_overlap", "newest-start"),
        ("seat_count", "promotion"),
        ("first_purchase", "product"),
        ("late_seats", "list"),
    ],
    &[
        ("renewal_percentage", "held"),
        ("rounding", "half-even"),
        ("rounding_at", "unit"),
        ("stacking", "combine"),
    ],
];

#[test]
fn the_engine_and_an_oracle_written_from_the_rule_book_agree_to_the_cent() {
    with_book(|seed, dir, job| {
        for (number, policy) in POLICIES.iter().enumerate() {
            let sets: Vec<String> =
                policy.iter().map(|(name, word)| format!("policy.{name}={word}")).collect();
            let more: Vec<&str> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
            let folder = run(job, &dir.join(format!("out-{number}")), &more);
            let answer = oracle::run(
                dir,
                &oracle::Job {
                    from: date("2026-11-01"),
                    as_of: date("2026-11-30"),
                    horizon_days: 90,
                    policy: policy.iter().map(|&(name, word)| (name.to_owned(), word.to_owned())).collect(),
                },
            )
            .expect("the oracle's answer");
            let told = agreement::differences(&folder, &answer);
            assert!(told.is_empty(), "seed {seed}, policy {policy:?}\n{told}");
        }
    });
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

#[test]
fn every_line_can_be_recomputed_from_its_own_columns_in_decimals() {
    with_book(|seed, dir, job| {
        let lines = Table::read(&run(job, &dir.join("out"), &[]).join("invoice_lines.csv"));
        let column = |name: &str| lines.column(name);
        let decimal =
            |text: &str| text.parse::<Decimal>().unwrap_or_else(|_| panic!("{text:?} is no decimal"));
        let (units, effective, quantities) =
            (column("unit_price"), column("effective_unit_price"), column("quantity"));
        let (subtotals, discounts) = (column("subtotal"), column("discount"));
        let (days, cycle_days) = (column("days"), column("cycle_days"));
        for row in 0..lines.rows.len() {
            let digits = subtotals[row].split_once('.').map_or(0, |(_, digits)| digits.len() as u32);
            let round = |amount: Decimal| {
                amount.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
            };
            let subtotal = decimal(&subtotals[row]);
            let product = round(decimal(&effective[row]) * decimal(&quantities[row]));
            assert_eq!(product, subtotal, "seed {seed}, line {}: effective unit price", row + 1);
            if discounts[row].is_empty() {
                continue;
            }
            // The unit price has six decimals; what it lacks of an exact twelfth is at most half a millionth a seat.
            let left = Decimal::ONE - decimal(&discounts[row]);
            let share = decimal(&days[row]) / decimal(&cycle_days[row]);
            let exact = decimal(&units[row]) * left * decimal(&quantities[row]) * share;
            let slack = Decimal::new(5, digits + 1) + Decimal::new(1, 6) * decimal(&quantities[row]);
            let gap = (exact - subtotal.abs()).abs();
            assert!(gap <= slack, "seed {seed}, line {}: {exact} is not {subtotal}", row + 1);
        }
    });
}

#[test]
fn invoices_are_the_sum_of_their_lines() {
    with_book(|seed, dir, job| {
        let folder = run(job, &dir.join("out"), &[]);
        let lines = Table::read(&folder.join("invoice_lines.csv"));
        let invoices = Table::read(&folder.join("invoices.csv"));
        let mut sums: BTreeMap<String, (Decimal, u64)> = BTreeMap::new();
        for (id, subtotal) in lines.column("invoice_id").into_iter().zip(lines.column("subtotal")) {
            let sum = sums.entry(id).or_default();
            sum.0 += subtotal.parse::<Decimal>().expect("a decimal");
            sum.1 += 1;
        }
        assert_eq!(sums.len(), invoices.rows.len(), "seed {seed}");
        let (ids, totals, counts) =
            (invoices.column("invoice_id"), invoices.column("subtotal"), invoices.column("lines"));
        for ((id, total), count) in ids.into_iter().zip(totals).zip(counts) {
            let (sum, lines) = sums[&id];
            assert_eq!(sum, total.parse().expect("a decimal"), "seed {seed}, {id}");
            assert_eq!(lines.to_string(), count, "seed {seed}, {id}");
        }
    });
}

#[test]
fn threads_parts_and_memory_change_no_byte() {
    let ways: [&[&str]; 4] = [
        &["--threads", "2"],
        &["--threads", "7"],
        &["--threads", "3", "--unit", "50"],
        &["--threads", "2", "--unit", "7", "--memory", "1KiB"],
    ];
    with_book(|seed, dir, job| {
        for format in ["csv", "parquet"] {
            let place = |way: usize| dir.join(format!("{format}-{way}"));
            let one = bytes_of(&run_as(format, job, &place(0), &["--threads", "1"]));
            for (number, way) in ways.iter().enumerate() {
                let other = bytes_of(&run_as(format, job, &place(number + 1), way));
                assert!(one == other, "seed {seed}, {format}: {way:?}");
            }
        }
    });
}

#[test]
fn a_run_tells_where_its_time_went() {
    let dir = tempfile::tempdir().expect("a folder");
    let job = book(dir.path(), 1, "600", "parquet", false);
    let (job, place) = (job.to_string_lossy().into_owned(), dir.path().join("out"));
    let (exit, said) = termwise(&["run", &job, "--out", &place.to_string_lossy(), "-q", "--timings"]);
    assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
    let manifest = fs::read_to_string(published(&place).join("manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    let steps = manifest["timings"].as_array().expect("timings");
    for step in ["read/subscriptions", "bill/play", "publish/encode", "publish/sync"] {
        assert!(steps.iter().any(|told| told["step"] == step), "{step} in {steps:?}");
        let name = step.split('/').next_back().expect("a name");
        assert!(said.lines().any(|line| line.trim_start().starts_with(name)), "{name} in {said}");
    }
    let (exit, floor) = termwise(&["floor", &job]);
    assert_eq!(exit, 0, "{floor}");
    let seconds = |line: &str, name: &str| line.strip_prefix(name).map(|rest| rest.trim().parse::<Decimal>());
    let mut lines = floor.lines();
    for name in ["decode", "encode"] {
        assert!(matches!(lines.next().and_then(|line| seconds(line, name)), Some(Ok(_))), "{floor}");
    }
}

/// Rewrites a CSV file with its rows in another order, the same for the same seed.
fn shuffle(path: &Path, seed: u64) {
    let bytes = fs::read(path).expect("an input");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for place in (2..lines.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        lines.swap(place, 1 + (state >> 33) as usize % place);
    }
    fs::write(path, lines.concat()).expect("an input");
}

#[test]
fn the_order_of_rows_changes_no_byte_of_what_is_billed() {
    with_book(|seed, dir, job| {
        let before = bytes_of(&run(job, &dir.join("before"), &[]));
        for input in INPUTS {
            shuffle(&dir.join(format!("{input}.csv")), seed);
        }
        let after = bytes_of(&run(job, &dir.join("after"), &[]));
        for name in ["invoice_lines.csv", "invoices.csv", "renewals.csv"] {
            assert!(before[name] == after[name], "seed {seed}: {name}");
        }
    });
}

#[test]
fn csv_and_parquet_inputs_with_the_same_content_give_the_same_outputs() {
    for seed in seeds() {
        let (csv, parquet) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let from_csv =
            bytes_of(&run(&book(csv.path(), seed, "600", "csv", false), &csv.path().join("o"), &[]));
        let job = book(parquet.path(), seed, "600", "parquet", false);
        let from_parquet = bytes_of(&run(&job, &parquet.path().join("o"), &[]));
        for name in ["invoice_lines.csv", "invoices.csv", "renewals.csv"] {
            assert!(from_csv[name] == from_parquet[name], "seed {seed}: {name}");
        }
        let rejects = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(".parquet", ".csv");
        assert_eq!(rejects(&from_csv["rejects.csv"]), rejects(&from_parquet["rejects.csv"]), "seed {seed}");
    }
}

#[test]
fn two_months_one_after_the_other_bill_what_one_run_over_both_bills() {
    with_book(|seed, dir, job| {
        let names: Vec<String> =
            Table::read(&run(job, &dir.join("any"), &[]).join("invoice_lines.csv")).header;
        let names: Vec<String> =
            names.into_iter().filter(|name| name != "invoice_id" && name != "line").collect();
        let lines = |out: &str, from: &str, as_of: &str| {
            let from = format!("from={from}");
            let folder = run(job, &dir.join(out), &["--as-of", as_of, "--set", &from]);
            Table::read(&folder.join("invoice_lines.csv")).columns(&names)
        };
        let mut apart = lines("october", "2026-10-01", "2026-10-31");
        apart.extend(lines("november", "2026-11-01", "2026-11-30"));
        let mut whole = lines("both", "2026-10-01", "2026-11-30");
        apart.sort();
        whole.sort();
        assert!(apart == whole, "seed {seed}: {} lines apart, {} at once", apart.len(), whole.len());
    });
}

#[test]
fn one_run_twice_lands_in_the_same_place_and_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let job = book(dir.path(), 9, "120", "csv", false);
    let first = bytes_of(&run(&job, &dir.path().join("out"), &[]));
    let out = dir.path().join("out").to_string_lossy().into_owned();
    let (exit, said) = termwise(&["run", &job.to_string_lossy(), "--out", &out, "--format", "csv"]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("it was there already: nothing new"), "{said}");
    let again = bytes_of(&published(&dir.path().join("out")));
    assert!(first == again);
    let elsewhere = bytes_of(&run(&job, &dir.path().join("elsewhere"), &[]));
    assert!(first == elsewhere);
}

#[test]
fn every_row_of_every_input_ends_in_one_disposition() {
    for seed in seeds() {
        let dir = tempfile::tempdir().expect("a folder");
        let job = book(dir.path(), seed, "300", "csv", true);
        let folder = run(&job, &dir.path().join("out"), &[]);
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.join("manifest.json")).expect("a manifest"))
                .expect("JSON");
        for input in manifest["inputs"].as_array().expect("inputs") {
            let rows = input["rows"].as_u64().expect("rows");
            let file = input["path"].as_str().expect("a path");
            let stem = Path::new(file).file_name().expect("a name");
            let there = Table::read(&dir.path().join(stem)).rows.len() as u64;
            assert_eq!(rows, there, "seed {seed}: rows of {file}");
            let ended: u64 = sum_of(&input["dispositions"]);
            assert_eq!(rows, ended, "seed {seed}: dispositions of {file}: {}", input["dispositions"]);
        }
    }
}

/// The numbers of an object, those of objects inside it included.
fn sum_of(value: &serde_json::Value) -> u64 {
    match value {
        serde_json::Value::Number(number) => number.as_u64().expect("a count"),
        serde_json::Value::Object(map) => map.values().map(sum_of).sum(),
        serde_json::Value::Array(list) => list.iter().map(sum_of).sum(),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::String(_) => 0,
    }
}

#[test]
fn each_planted_fault_ends_as_its_code_with_file_row_and_column() {
    for seed in seeds() {
        let (clean, bad) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let good = run(&book(clean.path(), seed, "300", "csv", false), &clean.path().join("out"), &[]);
        let folder = run(&book(bad.path(), seed, "300", "csv", true), &bad.path().join("out"), &[]);
        let columns = ["file", "row", "column", "code", "disposition"].map(str::to_owned);
        let planted = Table::read(&bad.path().join("planted_faults.csv")).columns(&columns);
        let found = Table::read(&folder.join("rejects.csv")).columns(&columns);
        let missed: Vec<_> = planted.iter().filter(|fault| !found.contains(fault)).collect();
        let near = |fault: &Vec<String>| {
            found.iter().filter(|row| row[..2] == fault[..2]).cloned().collect::<Vec<_>>()
        };
        let told: Vec<String> =
            missed.iter().map(|fault| format!("{fault:?} but {:?}", near(fault))).collect();
        assert!(missed.is_empty(), "seed {seed}: not found as planted:\n{}", told.join("\n"));
        // Every good row beside them is billed: the lines of the clean book are all there, to the cent.
        let names =
            ["subscription_id", "charge_type", "charge_start", "quantity", "subtotal"].map(str::to_owned);
        let lines = |folder: &Path| Table::read(&folder.join("invoice_lines.csv")).columns(&names);
        let beside: BTreeSet<_> = lines(&folder).into_iter().collect();
        for line in lines(&good) {
            assert!(beside.contains(&line), "seed {seed}: {line:?} is lost beside bad rows");
        }
    }
}

#[test]
fn explain_ends_in_the_billed_amount_for_every_line_of_a_random_book() {
    let dir = tempfile::tempdir().expect("a folder");
    let job = book(dir.path(), 5, "150", "csv", false);
    let lines = Table::read(&run(&job, &dir.path().join("out"), &[]).join("invoice_lines.csv"));
    let columns = lines.columns(
        &["subscription_id", "charge_type", "charge_start", "subtotal", "currency"].map(str::to_owned),
    );
    let mut by_subscription: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for mut row in columns {
        by_subscription.entry(row.remove(0)).or_default().push(row);
    }
    assert!(by_subscription.len() > 30, "{} subscriptions have lines", by_subscription.len());
    for (subscription, lines) in by_subscription {
        let (exit, said) = termwise(&["explain", &job.to_string_lossy(), &subscription]);
        assert_eq!(exit, 0, "{subscription}: {said}");
        let ends: Vec<&str> =
            said.lines().filter(|line| line.starts_with("= ") && line.ends_with(" billed")).collect();
        let billed: Vec<String> =
            lines.iter().map(|line| format!("= {} {} billed", line[2], line[3])).collect();
        assert_eq!(ends, billed, "{subscription}:\n{said}");
    }
}

#[test]
fn the_committed_sample_is_the_generators_own_output() {
    let dir = tempfile::tempdir().expect("a folder");
    let (exit, said) =
        termwise(&["sample", "--subscriptions", "2000", "--out", &dir.path().to_string_lossy(), "-q"]);
    assert_eq!(exit, 0, "{said}");
    let (made, kept) = (bytes_of(dir.path()), bytes_of(&common::root().join("data/sample")));
    assert!(made.keys().eq(kept.keys()), "{:?} are made, {:?} are kept", made.keys(), kept.keys());
    for (name, bytes) in made {
        assert!(
            bytes == kept[&name],
            "data/sample/{name} is not what `termwise sample --subscriptions 2000` makes"
        );
    }
}
