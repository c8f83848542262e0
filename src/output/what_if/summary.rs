//! The closing summary of a what-if: what each proposal comes to, one column for each.

use super::publish::proposals_json;
use super::{LeftOut, Sum, Summed};
use crate::names::printable;
use crate::output::account::Account;
use crate::output::figures::Decimal;
use crate::output::{Report, manifest, summary};
use serde_json::{Map, Value, json};
use termwise_engine::money::{Currency, percent_change};
use termwise_engine::repricing::Cause;

/// Letters of a proposal's name that a column shows.
const NAME_SHOWN: usize = 24;
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
    for currency in summed.tallied.currencies() {
        lines.push(String::new());
        lines.extend(table(summed, currency));
    }
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

/// What each proposal is, and which of its changes match nothing.
fn proposals(summed: &Summed) -> Vec<String> {
    let mut lines = Vec::new();
    for proposal in &summed.proposals {
        lines.push(format!("{}: {}", proposal.name, printable(&proposal.title)));
        for change in proposal.changes.iter().filter(|change| change.matches == 0) {
            lines.push(format!("  line {} matches nothing: {}", change.line, printable(&change.says)));
        }
    }
    lines
}

/// What the proposals come to in a currency.
fn table(summed: &Summed, currency: Currency) -> Vec<String> {
    let sums: Vec<Sum> =
        (0..summed.proposals.len()).map(|proposal| summed.tallied.of_proposal(currency, proposal)).collect();
    let amount = |minor: i128| Decimal::amount(minor, currency).to_string();
    let percent = |sum: &Sum| {
        let before = i64::try_from(sum.before).unwrap_or_default();
        percent_change(sum.change(), before)
            .map_or(".".to_owned(), |percent| format!("{}%", Decimal::percent(percent)))
    };
    let name = |proposal: &super::ProposalFacts| proposal.name.chars().take(NAME_SHOWN).collect();
    let row = |head: &str, cells: Vec<String>| (head.to_owned(), cells);
    let of = |cell: &dyn Fn(&Sum) -> String| sums.iter().map(cell).collect::<Vec<_>>();
    let mut rows = vec![
        row(currency.code(), summed.proposals.iter().map(name).collect()),
        row("before", of(&|sum| amount(sum.before))),
        row("after", of(&|sum| amount(sum.after))),
        row("change", of(&|sum| amount(sum.change()))),
        row("  in percent", of(&percent)),
    ];
    for (number, cause) in Cause::ALL.into_iter().enumerate() {
        let share = |sum: &Sum| sum.causes.get(number).copied().unwrap_or_default();
        if sums.iter().any(|sum| share(sum) != 0) {
            rows.push(row(&format!("  {}", cause.name()), of(&|sum| amount(share(sum)))));
        }
    }
    rows.push(row("subscriptions", of(&|sum| sum.subscriptions.to_string())));
    rows.push(row("  that change", of(&|sum| sum.changed.to_string())));
    let widest = rows.iter().flat_map(|(_, cells)| cells).map(|cell| cell.chars().count()).max();
    let width = widest.unwrap_or_default() + 2;
    rows.into_iter()
        .map(|(head, cells)| {
            let cells = cells.into_iter().map(|cell| format!("{cell:>width$}"));
            [format!("{head:<18}")].into_iter().chain(cells).collect()
        })
        .collect()
}

/// How many subscriptions a world can't price, by product, the commonest first.
fn left_out(summed: &Summed) -> Vec<String> {
    if summed.left_out.is_empty() {
        return Vec::new();
    }
    let mut counts: Vec<((u16, &str, &str, &str, &str), u64)> = Vec::new();
    let key = |row: &'_ LeftOut| (row.proposal, row.side, row.why);
    for row in &summed.left_out {
        let (proposal, side, why) = key(row);
        let wanted = (proposal, row.product.as_str(), row.sku.as_str(), side, why);
        match counts.iter_mut().find(|(known, _)| *known == wanted) {
            Some((_, count)) => *count += 1,
            None => counts.push((wanted, 1)),
        }
    }
    counts.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
    let more = counts.len().saturating_sub(LEFT_OUT_SHOWN);
    let mut lines = vec!["left out, since a world can't price their renewal:".to_owned()];
    for ((proposal, product, sku, side, why), count) in counts.into_iter().take(LEFT_OUT_SHOWN) {
        let name = summed.proposals.get(usize::from(proposal)).map_or("", |proposal| &proposal.name);
        let whose = match side {
            "today" => "today's list",
            "both" => "either list",
            _ => "the proposal's",
        };
        let (product, sku) = (printable(product), printable(sku));
        lines.push(format!("  {name}: {count} of {product}:{sku} ({why} in {whose})"));
    }
    if more > 0 {
        lines.push(format!("  and {more} other products; left_out lists them all"));
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
            "subscriptions": sum.subscriptions.to_string(),
            "subscriptions_changed": sum.changed.to_string(),
        })
    };
    let currencies = summed.tallied.currencies();
    let pairs = currencies
        .iter()
        .flat_map(|&currency| (0..summed.proposals.len()).map(move |number| (currency, number)));
    pairs.map(one).collect()
}
