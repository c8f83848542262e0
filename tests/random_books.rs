//! Small books crowded with everything that can meet: random rows on few products, days that sit on every border, every policy.
//!
//! The generator of `termwise sample` is realistic; this one is not. Its books are played by the engine and by the oracle that was
//! written from the rule book alone, and every line, renewal and reject must agree. `TERMWISE_BOOKS` sets how many;
//! `TERMWISE_BOOK` plays one and keeps its folder.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

mod agreement;
mod common;
mod crowded;
#[allow(clippy::all, clippy::pedantic, dead_code, unreachable_pub, missing_docs)]
mod oracle;

use common::{bill, published};
use crowded::{date, write_book};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn job(policy: BTreeMap<String, String>) -> oracle::Job {
    oracle::Job { from: date("2026-03-25"), as_of: date("2026-05-20"), horizon_days: 60, policy }
}

/// What differs between the engine and the oracle on a book.
fn differences(dir: &Path, policy: BTreeMap<String, String>) -> String {
    let (exit, said) = bill(&dir.join("job.toml"), &dir.join("out"), 1, 1);
    if !matches!(exit, 0 | 3) {
        return format!("exit {exit}: {said}");
    }
    let folder = published(&dir.join("out"));
    let answer = oracle::run(dir, &job(policy)).expect("the oracle's answer");
    agreement::differences(&folder, &answer)
}

#[test]
fn crowded_books_agree_with_the_oracle_in_every_line_renewal_and_reject() {
    if let Ok(seed) = std::env::var("TERMWISE_BOOK") {
        let dir = tempfile::tempdir().expect("a folder").keep();
        let policy = write_book(seed.parse().expect("a seed"), &dir);
        let told = differences(&dir, policy.clone());
        assert!(told.is_empty(), "{} under {policy:?}\n{told}", dir.display());
        return;
    }
    let books = std::env::var("TERMWISE_BOOKS").ok().and_then(|text| text.parse().ok()).unwrap_or(150);
    let mut failed = Vec::new();
    for seed in 0..books {
        let dir = tempfile::tempdir().expect("a folder");
        let policy = write_book(seed, dir.path());
        let told = differences(dir.path(), policy.clone());
        if !told.is_empty() {
            failed.push(format!("book {seed} under {policy:?}\n{told}"));
        }
    }
    let shown: Vec<&String> = failed.iter().take(12).collect();
    assert!(
        failed.is_empty(),
        "{} of {books} books differ\n{}",
        failed.len(),
        shown.into_iter().cloned().collect::<String>()
    );
}

/// A law (A1), held to the oracle too: two windows, one after the other, give the lines of one over both.
#[test]
fn the_oracle_gives_the_same_lines_for_two_windows_as_for_one() {
    for seed in 0..40 {
        let dir = tempfile::tempdir().expect("a folder");
        let policy = write_book(seed, dir.path());
        let lines = |from: &str, as_of: &str| {
            let job =
                oracle::Job { from: date(from), as_of: date(as_of), horizon_days: 0, policy: policy.clone() };
            let lines = oracle::run(dir.path(), &job).expect("the oracle's answer").lines;
            lines.into_iter().map(|line| format!("{:?}", oracle::Line { pair: None, ..line })).collect()
        };
        let mut one: Vec<String> = lines("2026-03-25", "2026-05-20");
        for middle in ["2026-03-31", "2026-04-14", "2026-04-30", "2026-05-10"] {
            let next = (date(middle) + chrono::Days::new(1)).to_string();
            let mut two: Vec<String> = lines("2026-03-25", middle);
            two.extend(lines(&next, "2026-05-20"));
            one.sort();
            two.sort();
            assert_eq!(two, one, "book {seed} cut after {middle}");
        }
    }
}

/// The books are crowded enough: what can happen in them happens often, or the agreement would prove little.
#[test]
fn crowded_books_hold_every_charge_type_outcome_and_refusal_of_a_change() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..150 {
        let dir = tempfile::tempdir().expect("a folder");
        let policy = write_book(seed, dir.path());
        let answer = oracle::run(dir.path(), &job(policy)).expect("the oracle's answer");
        let opened = |id: &str| if id.starts_with(['M', 'N']) { "opened " } else { "" };
        let told = (answer.lines.into_iter())
            .map(|line| format!("{}{}", opened(&line.subscription_id), line.charge_type))
            .chain(answer.renewals.into_iter().map(|row| row.outcome))
            .chain(answer.rejects.into_iter().map(|row| format!("{} {}", row.file, row.code)));
        for word in told {
            *seen.entry(word).or_default() += 1;
        }
    }
    let often = [
        "new",
        "renew",
        "cycleCharge",
        "addQuantity",
        "removeQuantity",
        "cancelImmediate",
        "convert",
        "moveQuantity",
        "changeBillingPlan",
        "extendTerm",
        "opened convert",
        "opened cycleCharge",
        "opened renew",
        "opened addQuantity",
        "renews",
        "expires",
        "extends",
        "blocked",
        "lifecycle_events subscription-unknown",
        "lifecycle_events subscription-not-active",
        "lifecycle_events trial-unchangeable",
        "lifecycle_events seat-change-above-promotion-limit",
        "lifecycle_events upgrade-target-missing",
        "lifecycle_events upgrade-quantity",
        "lifecycle_events upgrade-changes-term",
        "lifecycle_events price-missing",
        "lifecycle_events price-conflict",
        "lifecycle_events events-ambiguous",
        "lifecycle_events billing-cycle-change-not-allowed",
        "lifecycle_events term-change-not-longer",
        "seat_changes subscription-unknown",
        "seat_changes seat-change-above-promotion-limit",
        "scheduled_changes subscription-unknown",
        "subscriptions segment-not-allowed",
    ];
    let rare: Vec<&str> =
        often.into_iter().filter(|word| seen.get(*word).is_none_or(|times| *times < 4)).collect();
    assert!(rare.is_empty(), "the books hold too few of {rare:?}: {seen:#?}");
}

/// The lines of a book's run over some days, without what names the invoice, in order.
fn lines_billed(dir: &Path, from: &str, as_of: &str, (threads, unit): (usize, usize)) -> Vec<String> {
    let job = fs::read_to_string(dir.join("job.toml")).expect("the job");
    let days = |line: &&str| !line.starts_with("as_of = ") && !line.starts_with("from = ");
    let rest: Vec<&str> = job.lines().filter(days).collect();
    let cut = dir.join("cut.toml");
    fs::write(&cut, format!("as_of = \"{as_of}\"\nfrom = \"{from}\"\n{}\n", rest.join("\n")))
        .expect("the job");
    let out = tempfile::tempdir_in(dir).expect("a folder");
    let (exit, said) = bill(&cut, out.path(), threads, unit);
    assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
    let text = fs::read_to_string(published(out.path()).join("invoice_lines.csv")).expect("the lines");
    let row = |line: &str| line.splitn(3, ',').nth(2).expect("cells").to_owned();
    let mut rows: Vec<String> = text.lines().skip(1).map(row).collect();
    rows.sort();
    rows
}

/// A1, on books where upgrades open subscriptions and plans change between the windows.
#[test]
fn two_windows_bill_the_lines_of_one() {
    for seed in 0..40 {
        let dir = tempfile::tempdir().expect("a folder");
        write_book(seed, dir.path());
        let whole = lines_billed(dir.path(), "2026-03-25", "2026-05-20", (1, 1_000));
        for middle in ["2026-04-14", "2026-04-30", "2026-05-10"] {
            let next = (date(middle) + chrono::Days::new(1)).to_string();
            let mut parts = lines_billed(dir.path(), "2026-03-25", middle, (1, 1_000));
            parts.extend(lines_billed(dir.path(), &next, "2026-05-20", (1, 1_000)));
            parts.sort();
            assert_eq!(parts, whole, "book {seed} cut after {middle}");
        }
    }
}

/// Neither the order of rows nor parts, threads or memory show in a byte, wherever the events of an opened id stand.
#[test]
fn the_order_of_rows_and_the_parts_of_a_book_show_in_no_line() {
    for seed in 0..40 {
        let dir = tempfile::tempdir().expect("a folder");
        write_book(seed, dir.path());
        let whole = lines_billed(dir.path(), "2026-03-25", "2026-05-20", (1, 1_000));
        for name in ["subscriptions", "lifecycle_events", "seat_changes", "scheduled_changes"] {
            let path = dir.path().join(format!("{name}.csv"));
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let (header, rows) = text.split_once('\n').expect("a header");
            let rows: Vec<&str> = rows.lines().rev().collect();
            fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).expect("the rows");
        }
        assert_eq!(lines_billed(dir.path(), "2026-03-25", "2026-05-20", (2, 1)), whole, "book {seed}");
    }
}
