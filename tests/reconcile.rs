//! A reconciliation of whole books: everything that was planted in the vendor's file is found with its cause, nothing else is,
//! and what is found adds up to the file to the cent.
//!
//! `TERMWISE_SEEDS` raises the number of books; a failure names its seed.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

mod common;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type};
use common::{Table, bytes_of, published, root, typed};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use termwise_engine::calendar::Day;

/// What a row of `differences` is known by.
const KEY: [&str; 6] = ["subscription_id", "product_id", "sku_id", "currency", "status", "cause"];

/// Seeds and sizes of the books.
fn books() -> impl Iterator<Item = (u64, u64)> {
    let count = std::env::var("TERMWISE_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    (1..=count).zip([300, 700, 2_000].into_iter().cycle())
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Types a command and gives its exit code and what it said.
fn said(words: &[&str]) -> (u8, String) {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let (exit, data, talk) = typed(&words);
    (exit, data + &talk)
}

/// A sample in a folder of its own.
fn sample(seed: u64, subscriptions: u64, more: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let (place, seed, count) = (shown(dir.path()), seed.to_string(), subscriptions.to_string());
    let words = ["sample", "--subscriptions", &count, "--seed", &seed, "--out", &place, "-q"];
    assert_eq!(said(&[&words, more].concat()), (0, String::new()));
    dir
}

/// Runs a job and gives the folder that it published.
fn run(job: &Path, out: &Path, wanted: &[u8], more: &[&str]) -> PathBuf {
    let words = ["run", &shown(job), "--out", &shown(out), "-q"];
    let (exit, told) = said(&[&words, more].concat());
    assert!(wanted.contains(&exit), "{}: exit {exit}: {told}", job.display());
    published(out)
}

fn columns(table: &Table, names: &[&str]) -> Vec<Vec<String>> {
    table.columns(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
}

/// The rows that are not plainly matched, in an order of their own.
fn remarkable(differences: &Table) -> Vec<Vec<String>> {
    let mut rows = columns(differences, &KEY);
    rows.retain(|row| row[4] != "matched");
    rows.sort();
    rows
}

fn planted(dir: &Path) -> Vec<Vec<String>> {
    let mut rows = columns(&Table::read(&dir.join("planted_differences.csv")), &KEY);
    rows.sort();
    rows
}

/// A number as either file writes it.
fn number(text: &str) -> Decimal {
    let plain = text.trim_start_matches('\'');
    plain.parse().or_else(|_| Decimal::from_scientific(plain)).unwrap_or_else(|_| panic!("{text:?}"))
}

/// Sums of a column by some others; an empty cell is nothing.
fn sums(table: &Table, by: &[&str], of: &str) -> BTreeMap<Vec<String>, Decimal> {
    let mut sums = BTreeMap::new();
    for (key, amount) in columns(table, by).into_iter().zip(table.column(of)) {
        let sum: &mut Decimal = sums.entry(key).or_default();
        *sum += if amount.is_empty() { Decimal::ZERO } else { number(&amount) };
    }
    sums
}

/// Sums by currency alone of some sums by currency and something else.
fn by_currency(
    sums: &BTreeMap<Vec<String>, Decimal>,
    is_meant: impl Fn(&str) -> bool,
) -> BTreeMap<Vec<String>, Decimal> {
    let mut found = BTreeMap::new();
    for (key, sum) in sums.iter().filter(|(key, _)| is_meant(&key[1])) {
        *found.entry(vec![key[0].clone()]).or_insert(Decimal::ZERO) += sum;
    }
    found
}

#[test]
fn everything_planted_is_found_with_its_cause_and_nothing_else_is() {
    for (seed, subscriptions) in books() {
        let dir = sample(seed, subscriptions, &[]);
        let folder = run(&dir.path().join("reconcile.toml"), &dir.path().join("o"), &[4], &[]);
        let differences = Table::read(&folder.join("differences.csv"));
        let planted = planted(dir.path());
        assert_eq!(remarkable(&differences), planted, "seed {seed}");
        // Every damage is done twice at least.
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        planted.iter().for_each(|row| *counts.entry((&row[4], &row[5])).or_default() += 1);
        let kinds = [
            ("different", &["currency", "days", "price", "promotion", "quantity", "rounding"][..]),
            ("excluded", &[""]),
            ("matched-under-rounding", &["rounding"]),
            ("ours-only", &["unmapped"]),
            ("vendor-only", &["period", "unknown", "unmapped"]),
        ];
        let kinds: Vec<(&str, &str)> =
            kinds.iter().flat_map(|(status, causes)| causes.iter().map(|cause| (*status, *cause))).collect();
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), kinds, "seed {seed}");
        assert!(counts.values().all(|&count| count >= 2), "seed {seed}: {counts:?}");
        // What the id map resolves is no difference.
        let mapped = Table::read(&dir.path().join("id_map.csv")).column("ours");
        assert_eq!(mapped.len(), 2, "seed {seed}");
        for row in columns(&differences, &["subscription_id", "status", "vendors_lines"]) {
            assert!(
                !mapped.contains(&row[0]) || (row[1] == "matched" && row[2] == "1"),
                "seed {seed}: {row:?}"
            );
        }
        // Nor does anything end in rejects.csv, and what is explained is told from what is open.
        let files = Table::read(&folder.join("rejects.csv")).column("file");
        assert!(!files.iter().any(|file| file.contains("vendor_lines") || file.contains("explained")));
        let owners = differences.column("explained_by");
        assert_eq!(owners.iter().filter(|owner| !owner.is_empty()).count(), 1, "seed {seed}");
    }
}

#[test]
fn statuses_and_causes_add_up_to_the_file_to_the_cent() {
    for (seed, subscriptions) in books() {
        let dir = sample(seed, subscriptions, &[]);
        let folder = run(&dir.path().join("reconcile.toml"), &dir.path().join("o"), &[4], &[]);
        let differences = Table::read(&folder.join("differences.csv"));
        let file = Table::read(&dir.path().join("vendor_lines.csv"));
        let sum = |by: &str, of: &str| sums(&differences, &["currency", by], of);
        let all = |sums| by_currency(&sums, |_| true);

        let total = sums(&file, &["Currency"], "Subtotal");
        assert_eq!(all(sum("status", "vendors_amount")), total, "seed {seed}");
        let lines: u64 = differences
            .column("vendors_lines")
            .iter()
            .map(|lines| number(lines).to_string().parse::<u64>().unwrap())
            .sum();
        assert_eq!(lines, file.rows.len() as u64, "seed {seed}");
        // Our side is what an invoice run under the vendor's policy bills.
        let as_vendor = ["--set", "policy.profile=partner-center", "--format", "csv"];
        let billed = run(&dir.path().join("job.toml"), &dir.path().join("billed"), &[0, 3], &as_vendor);
        let billed = sums(&Table::read(&billed.join("invoice_lines.csv")), &["currency"], "subtotal");
        assert_eq!(all(sum("status", "ours_amount")), billed, "seed {seed}");

        let (caused, vendors) = (all(sum("cause", "difference")), sum("status", "vendors_amount"));
        let licences = by_currency(&vendors, |status| status != "excluded");
        for (currency, ours) in billed {
            let theirs = licences.get(&currency).copied().unwrap_or_default();
            assert_eq!(caused[&currency], ours - theirs, "seed {seed}: {currency:?}");
        }
    }
}

#[test]
fn threads_and_parts_change_no_byte_and_parquet_says_the_same() {
    let (csv, parquet) = (sample(2, 700, &[]), sample(2, 700, &["--format", "parquet"]));
    let same = ["vendor_lines.csv", "planted_differences.csv", "id_map.csv", "explained.csv"];
    for file in same {
        let read = |dir: &TempDir| fs::read(dir.path().join(file)).expect("a file");
        assert!(read(&csv) == read(&parquet), "{file}: the vendor sends the same");
    }
    let run_in = |dir: &TempDir, out: &str, more: &[&str]| {
        run(&dir.path().join("reconcile.toml"), &dir.path().join(out), &[4], more)
    };
    let one = run_in(&csv, "one", &["--threads", "1"]);
    for (out, way) in [
        ("two", &["--threads", "2"][..]),
        ("small", &["--threads", "2", "--unit", "1"]),
        ("cut", &["--threads", "2", "--unit", "1", "--memory", "1KiB"]),
    ] {
        assert!(bytes_of(&one) == bytes_of(&run_in(&csv, out, way)), "{way:?}");
    }
    let rows = rows_of_csv(&one.join("differences.csv"));
    let other = run_in(&csv, "columns", &["--format", "parquet"]);
    assert_eq!(rows_of_parquet(&other.join("differences.parquet")), rows);
    // From Parquet inputs too; the job of that sample says that its output is Parquet.
    let other = run_in(&parquet, "other", &["--threads", "2", "--unit", "1"]);
    assert_eq!(rows_of_parquet(&other.join("differences.parquet")), rows);
}

/// Rows with numbers as numbers.
fn rows_of_csv(path: &Path) -> Vec<Vec<String>> {
    let table = Table::read(path);
    let is_decimal: Vec<bool> = table.header.iter().map(|name| is_decimal(name)).collect();
    let cell = |(cell, is_decimal): (&String, &bool)| {
        if *is_decimal && !cell.is_empty() { number(cell).normalize().to_string() } else { cell.clone() }
    };
    table.rows.iter().map(|row| row.iter().zip(&is_decimal).map(cell).collect()).collect()
}

fn is_decimal(name: &str) -> bool {
    name.ends_with("_amount") || name.ends_with("_unit_price") || name == "difference"
}

fn rows_of_parquet(path: &Path) -> Vec<Vec<String>> {
    let file = fs::File::open(path).expect("a file");
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader");
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.expect("a batch");
        for row in 0..batch.num_rows() {
            rows.push(batch.columns().iter().map(|column| cell(column, row)).collect());
        }
    }
    rows
}

/// A cell as the CSV file has it, but for zeros at the end of a decimal.
fn cell(column: &dyn Array, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    if let Some(texts) = column.as_string_opt::<i32>() {
        texts.value(row).to_owned()
    } else if let Some(counts) = column.as_primitive_opt::<Int64Type>() {
        counts.value(row).to_string()
    } else if let Some(days) = column.as_primitive_opt::<Date32Type>() {
        Day::from_epoch_days(days.value(row)).expect("a day").to_string()
    } else {
        let decimals = column.as_primitive::<Decimal128Type>();
        let scale = u32::try_from(decimals.scale()).expect("a scale");
        Decimal::from_i128_with_scale(decimals.value(row), scale).normalize().to_string()
    }
}

#[test]
fn a_book_reconciled_with_its_own_lines_has_no_difference() {
    for (seed, subscriptions) in books() {
        let dir = sample(seed, subscriptions, &[]);
        let at = |name: &str| dir.path().join(name);
        for profile in ["partner-center", "standard"] {
            let policy = format!("policy.profile={profile}");
            for format in ["csv", "parquet"] {
                let place = |what: &str| at(&format!("{what}-{profile}-{format}"));
                let more = ["--set", &policy, "--format", format];
                let billed = run(&at("job.toml"), &place("billed"), &[0, 3], &more);
                let lines = format!("{}/invoice_lines.{format}", shown(&billed));

                let job = fs::read_to_string(at("reconcile.toml")).expect("the job");
                let recomputed = job
                    .replace("\"vendor_lines.csv\"", &format!("\"{lines}\""))
                    .replace("id_map = \"id_map.csv\"\nexplained = \"explained.csv\"\n", "")
                    .replace("partner-center", profile);
                fs::write(at("recomputed.toml"), recomputed).expect("a job");
                let read = format!(
                    "kind = \"reconcile\"\nas_of = \"2026-11-30\"\n[inputs]\nvendor_lines = \"{lines}\"\n\
                     invoice_lines = \"{lines}\"\n[policy]\nprofile = \"{profile}\"\n\
                     [outputs]\ndir = \"out\"\nworkbook = \"none\"\n"
                );
                fs::write(at("read.toml"), read).expect("a job");
                for job in ["recomputed", "read"] {
                    let exits = if job == "read" { &[0][..] } else { &[0, 3] };
                    let csv = ["--format", "csv"];
                    let folder = run(&at(&format!("{job}.toml")), &place(job), exits, &csv);
                    let differences = Table::read(&folder.join("differences.csv"));
                    let found = remarkable(&differences);
                    assert!(found.is_empty(), "seed {seed}, {profile}, {format}, {job}: {found:?}");
                    assert!(differences.rows.len() > 100, "seed {seed}: {} rows", differences.rows.len());
                }
            }
        }
    }
}

#[test]
fn the_job_of_the_repository_finds_what_was_planted_in_the_sample() {
    let out = tempfile::tempdir().expect("a folder");
    let job = root().join("jobs/reconcile.toml");
    // A build without reports has no workbooks.
    let has_reports = cfg!(feature = "reports");
    let more: &[&str] = if has_reports { &[] } else { &["--set", "outputs.workbook=none"] };
    let folder = run(&job, out.path(), &[4], more);
    assert_eq!(folder.join("reconciliation.xlsx").is_file(), has_reports);
    let differences = Table::read(&folder.join("differences.csv"));
    let mut expected = planted(&root().join("data/sample"));
    // It tolerates a cent on a line.
    for row in expected.iter_mut().filter(|row| row[4] == "different" && row[5] == "rounding") {
        row[4] = "within-tolerance".to_owned();
    }
    expected.sort();
    assert_eq!(remarkable(&differences), expected);
    let summary = fs::read_to_string(folder.join("summary.txt")).expect("the summary");
    assert!(summary.contains("1 explained"), "{summary}");
}

#[test]
fn the_same_job_under_another_name_is_the_same_run_and_a_quiet_one_says_what_is_open() {
    let out = tempfile::tempdir().expect("a folder");
    let other = root().join("jobs/reconcile.toml");
    let text = fs::read_to_string(&other).expect("the job");
    let work = tempfile::tempdir().expect("a folder");
    fs::create_dir(work.path().join("jobs")).expect("a folder");
    for name in ["one.toml", "two.toml"] {
        let text = text.replace("../data", &root().join("data").to_string_lossy());
        fs::write(work.path().join("jobs").join(name), text).expect("a job");
        let job = work.path().join("jobs").join(name);
        let (exit, said) = said(&["run", &shown(&job), "--out", &shown(out.path()), "-q"]);
        assert_eq!(exit, 4, "{said}");
        assert!(said.contains("more differs than the job tolerates"), "{said}");
    }
    assert_eq!(fs::read_dir(out.path()).expect("the folder").flatten().count(), 1);
}

#[test]
fn a_check_of_a_reconciliation_tells_what_its_run_tells_of_the_vendors_file_too() {
    let dir = sample(3, 300, &[]);
    let at = |name: &str| dir.path().join(name);
    let lines = fs::read_to_string(at("vendor_lines.csv")).expect("the vendor's file");
    let (head, last) = lines.trim_end().rsplit_once("\r\n").expect("a line");
    let currency = [",EUR,", ",USD,", ",GBP,", ",SEK,", ",CHF,", ",JPY,", ",KWD,"];
    let known = currency.into_iter().find(|code| last.contains(code)).expect("a currency");
    let spoilt = last.replacen(known, ",EUROS,", 1);
    fs::write(at("vendor_lines.csv"), format!("{head}\r\n{spoilt}\r\n")).expect("the file");
    let stale = "subscription_id,cause,owner,expires_on\nSUB-0,price,somebody,2027-01-31\n";
    fs::write(at("explained.csv"), stale).expect("the file");

    let job = shown(&at("reconcile.toml"));
    let told = |said: &str| {
        let lines = said.lines().filter(|line| line.contains(".csv:") && line.contains('['));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let (exit, checked) = said(&["check", &job]);
    assert_eq!(exit, 3, "{checked}");
    let row = lines.lines().count() - 1;
    assert!(
        checked.contains(&format!("vendor_lines.csv:{row}:Currency: error[currency-unknown]")),
        "{checked}"
    );
    assert!(checked.contains("[explanation-unused]"), "{checked}");
    let (exit, dry) = said(&["run", &job, "--dry-run"]);
    assert_eq!(exit, 4, "{dry}");
    assert_eq!(told(&checked), told(&dry));
    assert!(!at("out").exists(), "a check publishes nothing");
}
