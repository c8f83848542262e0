//! Safety bounds: what a night may come to before somebody looks at it (R66).
//!
//! What is relative is held against the last comparable run: the latest one that covers as many days and still stands.

use crate::job::Bounds;
use crate::ledger::{Kind, Ledger, RunInfo};
use crate::output::Tally;
use crate::runs::figures::plain_sum;
use serde_json::Value;
use std::collections::BTreeMap;
use termwise_engine::calendar::Day;
use termwise_engine::money::Currency;

const MILLION: i128 = 1_000_000;

/// Every bound that a run crosses, in words.
pub(super) fn crossed(bounds: &Bounds, ledger: &Ledger, tally: &Tally, days: Option<u32>) -> Vec<String> {
    let mut crossed = Vec::new();
    let before = days.and_then(|days| comparable(ledger, days));
    if let Some(before) = before {
        relative(bounds, before, tally, &mut crossed);
    }
    if let Some(bound) = bounds.credits {
        for (&currency, &(charged, credited)) in &tally.weight.sides {
            if credited * MILLION > charged * i128::from(bound) {
                let (charged, credited) = (plain_sum(charged, currency), plain_sum(credited, currency));
                let share = percent(bound);
                crossed.push(format!(
                    "credits: {currency}: {credited} is credited, more than {share} of the {charged} charged"
                ));
            }
        }
    }
    if let Some(bound) = bounds.largest_line
        && tally.weight.largest > i128::from(bound)
    {
        let (largest, bound) = (parts(tally.weight.largest), parts(i128::from(bound)));
        crossed.push(format!("largest_line: a line of {largest}, more than {bound}"));
    }
    let (most, bound) = (tally.weight.lines_of_a_day, bounds.lines_per_subscription_and_day);
    if most > bound {
        crossed.push(format!(
            "lines_per_subscription_and_day: a subscription has {most} lines of one day, more than {bound}"
        ));
    }
    crossed
}

fn relative(bounds: &Bounds, before: &RunInfo, tally: &Tally, crossed: &mut Vec<String>) {
    let said = totals_of(before);
    let now = tally.totals().by_currency();
    if let Some(bound) = bounds.total {
        let mut currencies: Vec<&str> = said.keys().map(String::as_str).collect();
        currencies.extend(now.keys().map(|currency| currency.code()));
        currencies.sort_unstable();
        currencies.dedup();
        for code in currencies {
            let was = said.get(code).map_or(0, |total| total.1);
            let is = now
                .iter()
                .find(|(currency, _)| currency.code() == code)
                .map_or(0, |(_, total)| total.subtotal);
            if is_far(was, is, bound) {
                let shown = |minor| {
                    Currency::from_code(code).map_or_else(String::new, |currency| plain_sum(minor, currency))
                };
                crossed.push(format!(
                    "total: {code}: {}, more than {} away from the {} of run {}",
                    shown(is),
                    percent(bound),
                    shown(was),
                    before.number
                ));
            }
        }
    }
    if let Some(bound) = bounds.rows {
        let was: i128 = said.values().map(|total| total.0).sum();
        let is: i128 = now.values().map(|total| i128::from(total.lines)).sum();
        if is_far(was, is, bound) {
            crossed.push(format!(
                "rows: {is} lines, more than {} away from the {was} of run {}",
                percent(bound),
                before.number
            ));
        }
    }
}

/// Whether a number is further from another than a share of that.
fn is_far(was: i128, is: i128, bound: u32) -> bool {
    (is - was).abs() * MILLION > was.abs() * i128::from(bound)
}

/// An amount in 1/10000 of any currency.
fn parts(units: i128) -> String {
    format!("{}.{:04}", units / 10_000, units % 10_000)
}

fn percent(millionths: u32) -> String {
    crate::runs::figures::percent_of_millionths(millionths)
}

/// The latest run that covers as many days and was not taken back.
fn comparable(ledger: &Ledger, days: u32) -> Option<&RunInfo> {
    let covers = |run: &&RunInfo| run.says("days").and_then(Value::as_u64) == Some(u64::from(days));
    let runs = ledger.runs().iter().rev().filter(|run| run.kind == Kind::Run);
    runs.filter(covers).find(|run| !ledger.is_reversed(run.number))
}

/// Lines and sums of a run by currency, in minor units.
fn totals_of(run: &RunInfo) -> BTreeMap<String, (i128, i128)> {
    let mut sums: BTreeMap<String, (i128, i128)> = BTreeMap::new();
    for total in run.manifest.get("totals").and_then(Value::as_array).into_iter().flatten() {
        let text = |member| total.get(member).and_then(Value::as_str).unwrap_or_default();
        let lines = total.get("lines").and_then(Value::as_i64).unwrap_or_default();
        let sum = sums.entry(text("currency").to_owned()).or_default();
        sum.0 += i128::from(lines);
        sum.1 += minor(text("subtotal"));
    }
    sums
}

/// The minor units of an amount as manifests write it: with all of its currency's digits.
pub(super) fn minor(amount: &str) -> i128 {
    amount.replace('.', "").parse().unwrap_or_default()
}

/// What a ledger's books come to: by currency what they were, what a run adds, and what they are then.
pub(super) fn balance(head: Option<&RunInfo>, tally: &[(Currency, u64, i128)]) -> Value {
    let mut rows: BTreeMap<String, (i128, u64, i128, u64)> = BTreeMap::new();
    let before = head.and_then(|head| head.says("balance")).and_then(Value::as_array);
    for row in before.into_iter().flatten() {
        let text = |member| row.get(member).and_then(Value::as_str).unwrap_or_default();
        let lines = row.get("lines").and_then(Value::as_u64).unwrap_or_default();
        rows.insert(text("currency").to_owned(), (minor(text("closing")), lines, 0, 0));
    }
    for &(currency, lines, added) in tally {
        let row = rows.entry(currency.code().to_owned()).or_default();
        row.2 += added;
        row.3 += lines;
    }
    let row = |(code, (opening, lines, added, more)): (&String, &(i128, u64, i128, u64))| {
        let shown = |minor: i128| {
            Currency::from_code(code).map_or_else(String::new, |currency| plain_sum(minor, currency))
        };
        serde_json::json!({
            "currency": code,
            "opening": shown(*opening),
            "added": shown(*added),
            "closing": shown(opening + added),
            "lines": lines + more,
        })
    };
    rows.iter().map(row).collect()
}

/// How many days a run covers that bills up to a day; none: it is the first.
pub(super) fn days_between(before: Option<Day>, as_of: Day) -> Option<u32> {
    let days = as_of.epoch_days() - before?.epoch_days();
    u32::try_from(days).ok()
}
