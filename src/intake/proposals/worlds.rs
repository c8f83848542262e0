//! From a sketch to a world: ids are known, and today's catalog becomes the proposal's.

use super::grammar::{CONFLICT, Paper, VALUE};
use super::price::PriceSketch;
use super::sketch::{ListSketch, Sketch, WindowSketch};
use super::{Change, Proposal, ProposedRows};
use crate::intake::desk::Notes;
use crate::intake::error::IntakeError;
use crate::intake::order::Order;
use crate::job::JobError;
use crate::names::SharedNames;
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::calendar::Day;
use termwise_engine::catalog::{
    Catalog, PriceChange, PriceKey, PriceList, Promotion, PromotionChanges, Scope,
};
use termwise_engine::findings::Source;
use termwise_engine::ids::{ItemId, MarketId, PromotionId};

/// What worlds are made of.
#[derive(Clone, Copy)]
pub(in crate::intake) struct Ground<'a> {
    pub(in crate::intake) today: &'a Catalog,
    pub(in crate::intake) names: &'a SharedNames,
    pub(in crate::intake) order: &'a Order,
}

/// Settles every proposal, and names the rows of their price lists that contradict each other.
pub(in crate::intake) fn settle(
    sketches: Vec<Sketch>,
    rows: Vec<ProposedRows>,
    ground: Ground<'_>,
) -> Result<(Vec<Proposal>, Vec<Source>), IntakeError> {
    let mut wrong: Vec<JobError> = Vec::new();
    let (mut proposals, mut conflicting) = (Vec::new(), Vec::new());
    for (sketch, rows) in sketches.into_iter().zip(rows) {
        match settled(sketch, rows, ground, &mut conflicting) {
            Ok(proposal) => proposals.push(proposal),
            Err(found) => wrong.extend(found),
        }
    }
    if wrong.is_empty() { Ok((proposals, conflicting)) } else { Err(IntakeError::proposals(wrong)) }
}

fn settled(
    mut sketch: Sketch,
    rows: ProposedRows,
    ground: Ground<'_>,
    conflicting: &mut Vec<Source>,
) -> Result<Proposal, Option<JobError>> {
    let Some(policy) = sketch.policy.take() else { return Err(sketch.error()) };
    let overlap = policy.policy.price_overlap;
    let (list, unlicensed, found) = rows.prices.prices(overlap, ground.order);
    conflicting.extend(found);
    let mut changes = Vec::new();
    let other = sketch.list.as_ref().map(|named| {
        changes.push(change_of_list(named, &list));
        (named.from.unwrap_or(Day::FIRST), list)
    });
    let of_list = |list: &PriceList| {
        let items = list.keys().map(|key| key.item);
        items.map(|item| (item, unlicensed.contains(&item))).collect::<BTreeMap<ItemId, bool>>()
    };
    let retagged = other.as_ref().map(|(from, list)| (*from, of_list(list)));
    if let (Some(named), Some((_, list))) = (&sketch.list, &other)
        && list.keys().next().is_none()
    {
        let hint = "name a list that has the prices of every product, or nothing can be renewed";
        sketch.paper.refuse(named.line, "price_list.files", VALUE, "the list has no price", hint);
    }
    let rows_added: Vec<Promotion> = rows.promotions.each(ground.order).collect();
    let added = added(&mut sketch.paper, rows.promotions, &sketch.added, ground);
    let last_days = last_days(&sketch.windows, ground, &mut changes);
    let price_changes: Vec<PriceChange> =
        sketch.prices.iter().map(|price| price_change(price, ground.names)).collect();
    let prices = ground.today.prices.clone().under(overlap).proposed(other, &price_changes);
    let prices = match prices {
        Ok((prices, matches)) => {
            changes.extend(sketch.prices.iter().zip(matches).map(change_of_price));
            prices
        }
        Err(found) => {
            for contradiction in found {
                let (one, other) = (&sketch.prices[contradiction.one], &sketch.prices[contradiction.other]);
                refuse_meeting(&mut sketch.paper, (one, other), &contradiction.key, ground.names);
            }
            PriceList::default()
        }
    };
    if let Some(error) = sketch.error() {
        return Err(Some(error));
    }
    let in_use = prices.keys_in_use();
    // Each row is a change of its own, though several make one promotion.
    changes.extend(sketch.added.iter().zip(&rows_added).map(|(row, promotion)| {
        let matches = in_use.iter().filter(|key| promotion.is_offered_for(key)).count() as u64;
        Change { line: row.line, says: format!("promotion {} is added", row.id), matches }
    }));
    changes.extend(sketch.settings.iter().map(|setting| Change {
        line: setting.line,
        says: format!("{} is {}", setting.key, setting.word),
        matches: u64::from(setting.is_new),
    }));
    changes.sort_by_key(|change| change.line);
    let promotions = ground.today.promotions.proposed(&PromotionChanges { added, last_days, retagged });
    let Catalog { items, codes, partners, .. } = ground.today;
    let catalog = Catalog {
        items: items.clone(),
        prices,
        promotions,
        codes: codes.clone(),
        partners: partners.clone(),
    };
    let Sketch { name, shown, paper: Paper { title, author, why, .. }, .. } = sketch;
    Ok(Proposal { name, shown, title, author, why, catalog, policy, changes })
}

/// The new promotions; one that there is already, or whose rows differ, is refused.
fn added(
    paper: &mut Paper,
    rows: crate::intake::promotions::PromotionRows,
    sketches: &[super::sketch::AddedSketch],
    ground: Ground<'_>,
) -> Vec<Promotion> {
    let mut notes = Notes::default();
    let promotions = rows.promotions(BTreeSet::new(), ground.order, &mut notes);
    for finding in notes.findings {
        let says = format!("{} ({})", finding.code.sentence(), finding.code.name());
        let key = format!("promotion_added.{}", finding.column);
        paper.refuse(finding.source.row, &key, CONFLICT, says, finding.code.hint());
    }
    for row in sketches {
        let id = ground.names.promotions.rank(&row.id).map(PromotionId::of_rank);
        if id.is_some_and(|id| ground.today.promotions.get(id).is_some()) {
            let says = format!("there is a promotion {:?} already", row.id);
            let hint = "give the new one an id of its own, or use promotion_ended or promotion_extended";
            paper.refuse(row.line, "promotion_added.promotion_id", CONFLICT, says, hint);
        }
    }
    promotions.iter().cloned().collect()
}

/// Other last days; those that change nothing are none.
fn last_days(
    windows: &[WindowSketch],
    ground: Ground<'_>,
    changes: &mut Vec<Change>,
) -> Vec<(PromotionId, Day)> {
    let mut found = Vec::new();
    for window in windows {
        let id = ground.names.promotions.rank(&window.promotion).map(PromotionId::of_rank);
        let today = id.and_then(|id| ground.today.promotions.get(id)).map(|promotion| promotion.window.last);
        let is_change =
            today.is_some_and(|last| if window.is_end { window.last < last } else { window.last > last });
        found.extend(id.filter(|_| is_change).map(|id| (id, window.last)));
        let was = match today {
            Some(last) if is_change => format!(" instead of {last}"),
            Some(last) => format!(", and its last day is {last} already"),
            None => String::new(),
        };
        let verb = if window.is_end { "ends" } else { "goes on until" };
        let says = format!("promotion {} {verb} {}{was}", window.promotion, window.last);
        changes.push(Change { line: window.line, says, matches: u64::from(is_change) });
    }
    found
}

fn price_change(sketch: &PriceSketch, names: &SharedNames) -> PriceChange {
    let fits = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
    let of_scope = |rank: &usize| {
        fits(&sketch.product, names.products.get(*rank)) && fits(&sketch.sku, names.skus.get(*rank))
    };
    let is_narrow = sketch.product.is_some() || sketch.sku.is_some();
    let market = |market: &String| names.markets.rank(market).map(MarketId::of_rank).into_iter().collect();
    let items = (0..names.products.len()).filter(of_scope).map(ItemId::of_rank);
    let scope = Scope {
        items: is_narrow.then(|| items.collect()),
        term: sketch.term,
        plan: sketch.plan,
        markets: sketch.market.as_ref().map(market),
        currency: sketch.currency,
        segment: sketch.segment,
    };
    PriceChange { scope, from: sketch.from.unwrap_or(Day::FIRST), what: sketch.what }
}

fn from_words(from: Option<Day>) -> String {
    from.map_or(String::new(), |day| format!(", from {day}"))
}

fn change_of_list(named: &ListSketch, list: &PriceList) -> Change {
    let files: Vec<&str> = named.files.iter().map(|file| file.shown.as_str()).collect();
    let says = format!("price list {}{}", files.join(", "), from_words(named.from));
    Change { line: named.line, says, matches: list.keys().count() as u64 }
}

fn change_of_price((sketch, matches): (&PriceSketch, u64)) -> Change {
    let says = format!("{}{}", sketch.says, from_words(sketch.from));
    Change { line: sketch.line, says, matches: if sketch.is_idle() { 0 } else { matches } }
}

fn refuse_meeting(
    paper: &mut Paper,
    (one, other): (&PriceSketch, &PriceSketch),
    key: &PriceKey,
    names: &SharedNames,
) {
    let item = format!("{}:{}", names.products.get(key.item.rank()), names.skus.get(key.item.rank()));
    let place = format!("{item}, {}, {}", key.term.name(), key.currency.code());
    let (says, hint) = if one.line == other.line {
        let says = format!("what becomes of {place} is no price");
        (says, "a price is at most 1,000,000,000, and at most three percentages meet on one")
    } else {
        let says = format!("what line {} says of {place} and what this line says can't both hold", one.line);
        (says, "narrow one of them, or let one price begin on another day")
    };
    paper.refuse(other.line, "price", CONFLICT, says, hint);
}
