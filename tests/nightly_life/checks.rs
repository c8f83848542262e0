//! What the ledger must hold after a night: recomputed by the oracle from the extract of that night.

use super::facts::{Extract, Fact};
use super::ledger::{Ledger, Line};
use crate::oracle;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What the oracle makes of an extract.
pub(crate) struct Expected {
    pub(crate) answer: oracle::Answer,
    charges: BTreeMap<String, Vec<String>>,
    /// Rows that the extract has, but that can't be billed.
    pub(crate) set_aside: BTreeSet<String>,
}

impl Expected {
    pub(crate) fn of(extract: &Extract, answer: oracle::Answer) -> Expected {
        let mut charges: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in &answer.lines {
            let oracle::Line { subscription_id, charge_type, charge_start, charge_end, .. } = line;
            let oracle::Line { product_id, sku_id, quantity, subtotal, currency, .. } = line;
            charges.entry(subscription_id.clone()).or_default().push(format!(
                "{subscription_id} {charge_type} {charge_start}…{charge_end} {product_id}:{sku_id} × {quantity} = \
                 {subtotal} {currency}"
            ));
        }
        let rows: Vec<&Fact> = extract.rows().collect();
        let aside = answer.rejects.iter().filter(|reject| {
            reject.file == "subscriptions" && matches!(reject.disposition.as_str(), "rejected" | "parked")
        });
        let set_aside = aside.map(|reject| rows[reject.row - 1].about().to_owned()).collect();
        Expected { answer, charges, set_aside }
    }

    fn charges_of(&self, id: &str) -> Vec<String> {
        let mut charges = self.charges.get(id).cloned().unwrap_or_default();
        charges.sort();
        charges
    }
}

/// Which subscriptions a night says less of, and why.
#[derive(Default, Debug)]
pub(crate) struct Quiet {
    /// In the ledger, but not in the extract.
    pub(crate) missing: BTreeSet<String>,
    /// Nothing may be billed or credited: missing, set aside, or without events that were there.
    pub(crate) still: BTreeSet<String>,
    /// What the oracle says of these is not what a ledger must hold tonight.
    pub(crate) loose: BTreeSet<String>,
    /// Siblings of what is missing, whose lines are corrected only where their own rows have changed.
    pub(crate) siblings: BTreeSet<String>,
}

impl Quiet {
    /// `seen` are the subscriptions that earlier runs had, with their customers; `had_rows` those of them that had a row, which makes
    /// them missing without it, even where an upgrade names them; `eventless` those whose events are gone.
    pub(crate) fn of(
        extract: &Extract,
        expected: &Expected,
        ledger: &Ledger,
        seen: &BTreeMap<String, String>,
        had_rows: &BTreeSet<String>,
        eventless: &BTreeSet<String>,
    ) -> Quiet {
        let billed: BTreeSet<&str> = ledger.charges().map(|line| line.subscription.as_str()).collect();
        let rows: BTreeSet<String> = extract.rows().map(|row| row.about().to_owned()).collect();
        let present = extract.with_targets(&rows);
        let is_there = |id: &String| rows.contains(id) || (present.contains(id) && !had_rows.contains(id));
        let gone: BTreeSet<String> = seen.keys().filter(|id| !is_there(id)).cloned().collect();
        let missing: BTreeSet<String> =
            gone.iter().filter(|id| billed.contains(id.as_str())).cloned().collect();
        let aside: BTreeSet<String> =
            expected.set_aside.iter().filter(|id| billed.contains(id.as_str())).cloned().collect();
        let mut still = missing.clone();
        still.extend(aside.iter().cloned());
        still.extend(eventless.iter().filter(|id| billed.contains(id.as_str())).cloned());
        let mut known = seen.clone();
        known.extend(extract.customers());
        // All subscriptions of the customers of these.
        let family = |of: &BTreeSet<String>| -> BTreeSet<String> {
            let customers: BTreeSet<&String> = of.iter().filter_map(|id| known.get(id)).collect();
            let all = known.iter().filter(|(_, customer)| customers.contains(customer));
            all.map(|(id, _)| id.clone()).collect()
        };
        let mut loose = extract.with_targets(&aside);
        loose.extend(family(&gone.union(eventless).cloned().collect()));
        let siblings = family(&missing);
        let siblings = siblings.difference(&gone).filter(|id| !eventless.contains(*id)).cloned().collect();
        Quiet { missing, still, loose, siblings }
    }
}

/// Everything in which the ledger's standing charges differ from the oracle's, but for what is loose tonight.
pub(crate) fn differences(
    ledger: &Ledger,
    expected: &Expected,
    extract: &Extract,
    loose: &BTreeSet<String>,
) -> String {
    let mut ours: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in ledger.charges() {
        ours.entry(&line.subscription).or_default().push(line);
    }
    let ids: BTreeSet<&str> =
        ours.keys().copied().chain(expected.charges.keys().map(String::as_str)).collect();
    let mut told = String::new();
    for id in ids.into_iter().filter(|id| !loose.contains(*id)) {
        // What lies before a row's own term stays as it was billed (R62).
        let from = extract.row(id).map_or("", |row| row.cell("term_start"));
        let lines = ours.get(id).into_iter().flatten().filter(|line| line.charge_start.as_str() >= from);
        let mut lines: Vec<&str> = lines.map(|line| line.content.as_str()).collect();
        lines.sort_unstable();
        let theirs = expected.charges_of(id);
        if lines == theirs {
            continue;
        }
        writeln!(told, "  {id}: {} in the ledger, {} the oracle's", lines.len(), theirs.len()).expect("text");
        for line in without(&lines, &theirs) {
            writeln!(told, "    ledger {line}").expect("text");
        }
        let lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
        for line in without(&theirs.iter().map(String::as_str).collect::<Vec<_>>(), &lines) {
            writeln!(told, "    oracle {line}").expect("text");
        }
    }
    told
}

/// What is in the one list more often than in the other.
fn without<'a>(these: &[&'a str], those: &[String]) -> Vec<&'a str> {
    let mut those: Vec<&str> = those.iter().map(String::as_str).collect();
    let mut left = Vec::new();
    for this in these {
        match those.iter().position(|that| that == this) {
            Some(place) => drop(those.swap_remove(place)),
            None => left.push(*this),
        }
    }
    left
}

/// The rows that the vendor states anew after a renewal: the term that runs, with what it was renewed at.
pub(crate) fn stated_anew(row: &Fact, answer: &oracle::Answer, by: NaiveDate) -> Option<Fact> {
    let id = row.about();
    let renewed = answer.renewals.iter().rfind(|renewal| {
        renewal.subscription_id == id && renewal.outcome == "renews" && renewal.renewal_date <= by.to_string()
    })?;
    let line = answer.lines.iter().find(|line| {
        line.subscription_id == id && line.charge_type == "renew" && line.charge_start == renewed.renewal_date
    })?;
    let mut anew = row.clone();
    for (name, text) in [
        ("product_id", &line.product_id),
        ("sku_id", &line.sku_id),
        ("term", &renewed.term),
        ("billing_cycle", &renewed.billing_cycle),
        ("quantity", &renewed.quantity),
        ("term_start", &renewed.renewal_date),
        ("term_end", &line.term_end),
        ("promotion_id", &renewed.promotion_after),
    ] {
        anew.set(name, text);
    }
    for (name, text) in [("origin", "renewal"), ("unit_price", ""), ("quantity_as_of", ""), ("status", "")] {
        anew.set(name, text);
    }
    Some(anew)
}
