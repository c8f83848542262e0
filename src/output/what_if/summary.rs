//! The closing summary of a what-if: what each proposal comes to, one column for each.

use super::publish::proposals_json;
use super::{Sum, Summed};
use crate::names::printable;
use crate::output::account::Account;
use crate::output::figures::{Decimal, shortened as cut};
use crate::output::{Report, manifest, summary};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::findings::{NotDue, Table};
use termwise_engine::money::{Currency, percent_change};
use termwise_engine::repricing::{Cause, Unpriced};

/// Letters of a proposal's name that a column shows.
const NAME_SHOWN: usize = 24;
/// Changes of a proposal that match nothing and are named.
const UNMATCHED_SHOWN: usize = 5;
/// Letters of a line.
const LINE_SHOWN: usize = 110;
/// Products that are left out and named.
const LEFT_OUT_SHOWN: usize = 5;

/// The summary as text; `place` says where the output is.
pub fn text(summed: &Summed, report: &Report<'_>, place: &str) -> String {
    let account = Account::of(report);
    let window = report.job.window;
    let (version, kind) = (env!("CARGO_PKG_VERSION"), report.job.kind.name());
    let first = window.billed.last.next();
    let mut lines = vec![
        format!(
            "termwise {version}  {kind}  the book of {}, {first} to {}",
            window.billed.last, window.horizon
        ),
        String::new(),
    ];
    lines.extend(summary::inputs(&account));
    lines.push(String::new());
    lines.extend(proposals(summed));
    lines.push(String::new());
    lines.extend(totals(summed));
    lines.push(String::new());
    lines.extend(left_out(summed));
    lines.extend(summary::rejects(&account));
    lines.extend(summary::notes(&account));
    lines.push(format!("output: {}", printable(place)));
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The summary as JSON.
pub fn json(summed: &Summed, report: &Report<'_>, place: &str) -> Value {
    let account = Account::of(report);
    let window = report.job.window;
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "kind": report.job.kind.name(),
        "as_of": window.billed.last.to_string(),
        "from": window.billed.last.next().to_string(),
        "horizon": window.horizon.to_string(),
        "proposals": proposals_json(summed),
        "inputs": manifest::inputs_json(report),
        "totals": totals_json(summed),
        "left_out": summed.left_out.len(),
        "rejects": account.rejects_json(),
        "notes": account.notes,
        "output": place,
    })
}

/// What of the inputs is in no number, and what else to know: for people, who see neither this summary nor rejects.csv.
pub fn beside(report: &Report<'_>) -> (Vec<String>, Vec<String>) {
    let account = Account::of(report);
    let mut lacking = Vec::new();
    for (table, found) in account.inputs.iter().filter(|(table, _)| *table != Table::Proposal) {
        let counts = [(found.rejected, "rejected"), (found.parked, "parked"), (found.refused, "refused")];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(rows, _)| *rows > 0)
            .map(|(rows, what)| format!("{rows} {what}"))
            .collect();
        if !counts.is_empty() {
            lacking.push(format!("{}: {} (rejects.csv says which and why)", table.name(), counts.join(", ")));
        }
        let not_started = found.not_due.get(&NotDue::NotStarted).filter(|_| *table == Table::Subscriptions);
        if let Some(rows) = not_started {
            let as_of = report.job.window.billed.last;
            lacking.push(format!("{}: {rows} not started by {as_of}", table.name()));
        }
    }
    (lacking, account.notes)
}

/// What each proposal is, and which of its changes match nothing.
fn proposals(summed: &Summed) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, proposal) in summed.proposals.iter().enumerate() {
        lines.push(shortened(&format!("{}: {}", proposal.name, printable(&proposal.title))));
        let idle: Vec<_> = proposal.changes.iter().filter(|change| change.matches == 0).collect();
        for change in idle.iter().take(UNMATCHED_SHOWN) {
            lines.push(shortened(&format!(
                "  line {} matches nothing: {}",
                change.line,
                printable(&change.says)
            )));
        }
        if idle.len() > UNMATCHED_SHOWN {
            lines.push(format!("  and {} more, all in rejects.csv", idle.len() - UNMATCHED_SHOWN));
        }
        let mut currencies = summed.tallied.currencies().into_iter();
        if !currencies.any(|currency| summed.tallied.of_proposal(currency, number).changed > 0) {
            lines.push("  it changes nothing in these months".to_owned());
        }
    }
    lines
}

/// What the proposals come to: one column for each where there are several, with its causes where there is one alone.
fn totals(summed: &Summed) -> Vec<String> {
    let currencies = summed.tallied.currencies();
    let sums = |currency: Currency| -> Vec<Sum> {
        let numbers = 0..summed.proposals.len();
        numbers.map(|proposal| summed.tallied.of_proposal(currency, proposal)).collect()
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    if summed.proposals.len() > 1 {
        rows.push(["change"].map(str::to_owned).into_iter().chain(heads(summed)).collect());
        for &currency in &currencies {
            let cell = |sum: &Sum| format!("{} {:>8}", amount(sum.change(), currency), percent(sum));
            let cells = sums(currency).iter().map(cell).collect::<Vec<_>>();
            rows.push([currency.code().to_owned()].into_iter().chain(cells).collect());
        }
        let changed = |proposal: usize| {
            let of =
                currencies.iter().map(|&currency| summed.tallied.of_proposal(currency, proposal).changed);
            of.sum::<u64>().to_string()
        };
        let counts = (0..summed.proposals.len()).map(changed);
        rows.push(["subscriptions changed".to_owned()].into_iter().chain(counts).collect());
        return aligned(rows);
    }
    let used: Vec<(usize, Cause)> = (0..)
        .zip(Cause::ALL)
        .filter(|&(number, _)| {
            let share = |sum: &Sum| sum.causes.get(number).copied().unwrap_or_default();
            currencies.iter().any(|&currency| sums(currency).iter().any(|sum| share(sum) != 0))
        })
        .collect();
    let heads = ["currency", "before", "after", "change", "percent"].into_iter();
    let causes = used.iter().map(|(_, cause)| cause.name());
    rows.push(heads.chain(causes).chain(["subscriptions", "changed"]).map(str::to_owned).collect());
    for &currency in &currencies {
        for sum in sums(currency) {
            let amounts = [sum.before, sum.after, sum.change()].map(|minor| amount(minor, currency));
            let share = |&(number, _): &(usize, Cause)| sum.causes.get(number).copied().unwrap_or_default();
            let shares = used.iter().map(|used| amount(share(used), currency));
            let mut row = vec![currency.code().to_owned()];
            row.extend(amounts);
            row.push(percent(&sum));
            row.extend(shares);
            row.extend([sum.subscriptions.to_string(), sum.changed.to_string()]);
            rows.push(row);
        }
    }
    aligned(rows)
}

/// The proposals' names, shortened where they are long and still differ.
fn heads(summed: &Summed) -> Vec<String> {
    let shown = |most: usize| summed.proposals.iter().map(move |proposal| cut(&proposal.name, most));
    let short: Vec<String> = shown(NAME_SHOWN).collect();
    let distinct: BTreeSet<&String> = short.iter().collect();
    if distinct.len() == short.len() { short } else { shown(usize::MAX).collect() }
}

fn shortened(line: &str) -> String {
    cut(line, LINE_SHOWN)
}

fn amount(minor: i128, currency: Currency) -> String {
    Decimal::amount(minor, currency).to_string()
}

/// The change in percent of what was before; a dot of nothing.
fn percent(sum: &Sum) -> String {
    let found = percent_change(sum.change(), sum.before);
    found.map_or(".".to_owned(), |percent| format!("{}%", Decimal::percent(percent)))
}

/// Rows with their cells below each other, texts to the left and numbers to the right.
fn aligned(rows: Vec<Vec<String>>) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let wide = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    let cell = |(place, (cell, width)): (usize, (&String, &usize))| {
        if place == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") }
    };
    rows.iter().map(|row| row.iter().zip(&widths).enumerate().map(cell).collect()).collect()
}

/// How many subscriptions a world can't price, by product, the commonest first.
fn left_out(summed: &Summed) -> Vec<String> {
    if summed.left_out.is_empty() {
        return Vec::new();
    }
    let mut counts: BTreeMap<(u16, String), u64> = BTreeMap::new();
    for row in &summed.left_out {
        let whose = match row.side {
            Unpriced::Today => "today",
            Unpriced::Proposal => "under the proposal",
            Unpriced::Both => "in both worlds",
        };
        let (product, sku) = (printable(&row.product), printable(&row.sku));
        let what = format!("{product}:{sku} ({} {whose})", row.why);
        *counts.entry((row.proposal, what)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = counts.len().saturating_sub(LEFT_OUT_SHOWN);
    let mut lines = vec!["left out, since a world can't price their renewal:".to_owned()];
    for ((proposal, what), count) in counts.into_iter().take(LEFT_OUT_SHOWN) {
        let name = summed.proposals.get(usize::from(proposal)).map_or("", |proposal| &proposal.name);
        lines.push(format!("  {name}: {count} of {what}"));
    }
    if more > 0 {
        lines.push(format!("  and {more} more like these; left_out lists them all"));
    }
    lines.push(String::new());
    lines
}

/// Sums by currency and proposal, as JSON has them.
pub(super) fn totals_json(summed: &Summed) -> Value {
    let one = |(currency, proposal): (Currency, usize)| {
        let sum = summed.tallied.of_proposal(currency, proposal);
        let amount = |minor: i128| Decimal::amount(minor, currency).to_string();
        let causes: Map<String, Value> = Cause::ALL
            .into_iter()
            .zip(sum.causes)
            .map(|(cause, share)| (cause.name().to_owned(), amount(share).into()))
            .collect();
        json!({
            "currency": currency.code(),
            "proposal": summed.proposals.get(proposal).map(|proposal| proposal.name.clone()),
            "before": amount(sum.before),
            "after": amount(sum.after),
            "change": amount(sum.change()),
            "causes": causes,
            "rows": sum.rows,
            "subscriptions": sum.subscriptions,
            "subscriptions_changed": sum.changed,
        })
    };
    let currencies = summed.tallied.currencies();
    let pairs = currencies
        .iter()
        .flat_map(|&currency| (0..summed.proposals.len()).map(move |number| (currency, number)));
    pairs.map(one).collect()
}
