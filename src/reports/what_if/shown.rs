//! From the published sums to what is shown of them: by currency, the largest changes first.

use super::super::ReportError;
use super::model::{self, Others, RISES, Row, RowWorld, Sums, WhatIf, World};
use crate::intake::{FileFacts, Proposal};
use crate::output::what_if::{Group, LeftOut, Summed};
use std::collections::BTreeMap;
use termwise_engine::calendar::Day;
use termwise_engine::money::{Currency, percent_change};
use termwise_engine::repricing::Unpriced;

/// Customers that are listed one by one; the others stand in one row.
const LISTED: usize = 1_000;

/// What is shown besides sums.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The program's version.
    pub version: &'a str,
    /// The day whose book is looked at.
    pub as_of: Day,
    /// The last day of the horizon.
    pub last: Day,
    /// Its months.
    pub horizon_months: u32,
    /// The digest of what went in.
    pub digest: &'a str,
    /// The input files.
    pub inputs: &'a [FileFacts],
    /// The policy's settings.
    pub policy: &'a BTreeMap<String, String>,
    /// The proposals.
    pub proposals: &'a [Proposal],
    /// Names by customer id, where they are known.
    pub customer_names: &'a BTreeMap<String, String>,
    /// Titles by product and SKU id, where they are known.
    pub product_names: &'a BTreeMap<(String, String), String>,
    /// Rows of the inputs that are in no number.
    pub lacking: &'a [String],
    /// What else to know.
    pub notes: &'a [String],
}

/// What the page and the workbook show.
///
/// # Errors
/// A sum is larger than 64 bits hold.
pub fn shown(summed: &Summed, facts: &Facts<'_>) -> Result<WhatIf, ReportError> {
    let input = |file: &FileFacts| model::Input {
        table: file.table.name().to_owned(),
        file: file.shown.clone(),
        rows: file.rows,
        bytes: file.bytes,
        hash: file.hash.clone(),
    };
    let title = |proposal: &Proposal| {
        let alike = facts.proposals.iter().filter(|other| other.title == proposal.title).count();
        // Of two that are called the same only their names tell which is which.
        let Proposal { title, name, .. } = proposal;
        if alike > 1 { format!("{title} ({name})") } else { title.clone() }
    };
    let proposal = |proposal: &Proposal| model::Proposal {
        name: proposal.name.clone(),
        title: title(proposal),
        author: proposal.author.clone(),
        why: proposal.why.clone(),
        changes: proposal
            .changes
            .iter()
            .map(|change| model::Change {
                line: change.line,
                says: change.says.clone(),
                matches: change.matches,
            })
            .collect(),
    };
    let left_out = |number: usize| {
        summed.left_out.iter().filter(|row| usize::from(row.proposal) == number).count() as u64
    };
    let currencies = summed.tallied.currencies().into_iter();
    Ok(WhatIf {
        version: facts.version.to_owned(),
        as_of: facts.as_of.to_string(),
        first: facts.as_of.next().to_string(),
        last: facts.last.to_string(),
        horizon_months: facts.horizon_months,
        digest: facts.digest.to_owned(),
        inputs: facts.inputs.iter().map(input).collect(),
        policy: facts.policy.iter().map(|(key, word)| (key.clone(), word.clone())).collect(),
        proposals: facts.proposals.iter().map(proposal).collect(),
        currencies: currencies.map(|code| currency(summed, code, facts)).collect::<Result<_, _>>()?,
        left_out: grouped_left_out(&summed.left_out)?,
        left_out_subscriptions: (0..facts.proposals.len()).map(left_out).collect(),
        lacking: facts.lacking.to_vec(),
        notes: facts.notes.to_vec(),
    })
}

/// Amounts of a currency's minor unit as they are shown.
fn minor(amount: i128, code: Currency) -> Result<i64, ReportError> {
    let what = || format!("the sum of {amount} minor units of {code}");
    i64::try_from(amount).map_err(|_| ReportError::TooLarge { what: what() })
}

fn currency(summed: &Summed, code: Currency, facts: &Facts<'_>) -> Result<model::Currency, ReportError> {
    let worlds = summed.proposals.len();
    let customer = |row: &Group| facts.customer_names.get(&*row.key).cloned();
    let product = |row: &Group| facts.product_names.get(&(row.key.to_string(), row.sku.to_string())).cloned();
    let mut customers = rows(&summed.by_customer, code, worlds, customer);
    let count = customers.len() as u64;
    let shown = (0..worlds).map(|number| world(summed, code, number, &customers));
    let worlds_shown = shown.collect::<Result<_, _>>()?;
    let largest = |row: &Row| row.worlds.iter().map(|world| world.sums.change().abs()).max();
    let most = |row: &Row| row.worlds.iter().map(|world| world.sums.before).max();
    customers.sort_by_cached_key(|row| {
        (std::cmp::Reverse(largest(row)), std::cmp::Reverse(most(row)), row.key.clone())
    });
    let rest = customers.split_off(customers.len().min(LISTED));
    Ok(model::Currency {
        code: code.code().to_owned(),
        digits: code.digits(),
        // A subscription of which everything is left out under one proposal may have charges under another.
        subscriptions: summed.tallied.subscriptions.get(&code).copied().unwrap_or_default(),
        customers: count,
        worlds: worlds_shown,
        months: rows(&summed.by_month, code, worlds, |_| None),
        products: rows(&summed.by_product, code, worlds, product),
        listed: customers,
        others: others(&rest, worlds),
    })
}

fn world(summed: &Summed, code: Currency, number: usize, customers: &[Row]) -> Result<World, ReportError> {
    let sum = summed.tallied.of_proposal(code, number);
    let mut sums =
        Sums { before: minor(sum.before, code)?, after: minor(sum.after, code)?, ..Sums::default() };
    for (shown, share) in sums.causes.iter_mut().zip(sum.causes) {
        *shown = minor(share, code)?;
    }
    let mut world = World { sums, subscriptions_changed: sum.changed, ..World::default() };
    for row in customers {
        let Some(sums) = row.worlds.get(number).map(|world| world.sums) else { continue };
        let change = sums.change();
        world.customers_up += u64::from(change > 0);
        world.customers_down += u64::from(change < 0);
        match percent_of(change, sums.before) {
            Some((rise, of)) => {
                let passed = RISES.map(|bound| u64::from(rise * 100 > i128::from(bound) * of));
                world.rises.iter_mut().zip(passed).for_each(|(count, one)| *count += one);
            }
            None => world.rises_from_nothing += u64::from(change > 0),
        }
    }
    let number = u16::try_from(number).unwrap_or(u16::MAX);
    let firsts = summed.tallied.first_effects.iter();
    let own = firsts.filter(|((currency, proposal, _), _)| (*currency, *proposal) == (code, number));
    world.first_effects = own.map(|((_, _, month), count)| (month.to_string(), *count)).collect();
    Ok(world)
}

/// A change and what it is of, where it has a percentage: exactly, so that 5 % itself is not more than 5 %.
fn percent_of(change: i128, before: i64) -> Option<(i128, i128)> {
    percent_change(change, before.into()).map(|_| (change, before.into()))
}

/// The rows of a table of sums in one currency, in its order.
fn rows(
    groups: &[Group],
    code: Currency,
    worlds: usize,
    name: impl Fn(&Group) -> Option<String>,
) -> Vec<Row> {
    let of_currency: Vec<&Group> = groups.iter().filter(|group| group.currency == code).collect();
    let same = |one: &&Group, other: &&Group| (&one.key, &one.sku) == (&other.key, &other.sku);
    let row = |group: &[&Group]| {
        let first = group.first()?;
        let mut row = Row {
            key: first.key.to_string(),
            sku: first.sku.to_string(),
            name: name(first).unwrap_or_default(),
            // Where a proposal has no row nothing is charged, and nothing changes.
            worlds: vec![RowWorld::default(); worlds],
        };
        for group in group {
            if let Some(world) = row.worlds.get_mut(usize::from(group.proposal)) {
                *world = RowWorld {
                    sums: Sums {
                        before: group.sums.before,
                        after: group.sums.after,
                        causes: group.sums.causes,
                    },
                    subscriptions_changed: group.sums.changed.into(),
                    effective_on: group.sums.effective_on.map_or(String::new(), |day| day.to_string()),
                };
            }
        }
        Some(row)
    };
    of_currency.chunk_by(same).filter_map(row).collect()
}

fn others(rest: &[Row], worlds: usize) -> Option<Others> {
    if rest.is_empty() {
        return None;
    }
    let mut others = Others { customers: rest.len() as u64, worlds: vec![Sums::default(); worlds] };
    for row in rest {
        for (sum, world) in others.worlds.iter_mut().zip(&row.worlds) {
            sum.before += world.sums.before;
            sum.after += world.sums.after;
            sum.causes.iter_mut().zip(world.sums.causes).for_each(|(sum, cause)| *sum += cause);
        }
    }
    Some(others)
}

/// Those that are left out, by what can't be priced, where and why: the commonest first.
fn grouped_left_out(rows: &[LeftOut]) -> Result<Vec<model::LeftOut>, ReportError> {
    type Key<'a> = (u16, &'a str, &'a str, String, Unpriced, &'a str);
    let mut groups: BTreeMap<Key<'_>, model::LeftOut> = BTreeMap::new();
    for row in rows {
        let code = row.currency.code();
        let what = format!("{}, {}, {}, {code}", row.term, row.billing_cycle, row.market);
        let key = (row.proposal, row.product.as_str(), row.sku.as_str(), what.clone(), row.side, row.why);
        let group = groups.entry(key).or_insert_with(|| model::LeftOut {
            proposal: row.proposal.into(),
            product: row.product.clone(),
            sku: row.sku.clone(),
            what,
            side: row.side.name().to_owned(),
            why: row.why.to_owned(),
            subscriptions: 0,
            currency: code.to_owned(),
            digits: row.currency.digits(),
            before: 0,
            after: 0,
            from: row.from.to_string(),
        });
        group.subscriptions += 1;
        group.before = minor(i128::from(group.before) + i128::from(row.before), row.currency)?;
        group.after = minor(i128::from(group.after) + i128::from(row.after), row.currency)?;
        group.from = group.from.clone().min(row.from.to_string());
    }
    let mut found: Vec<model::LeftOut> = groups.into_values().collect();
    found.sort_by_key(|group| std::cmp::Reverse(group.subscriptions));
    Ok(found)
}
