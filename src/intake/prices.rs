//! The price list as Partner Center publishes it (domain 4.1).
//!
//! It holds more than licences by the month, year and three years: rows of other terms and plans are counted and passed
//! over. A row of ours that can't be read spoils its key, since an older row in its place would be a plausible wrong price.

use super::columns::{Column, price_list as p};
use super::desk::Desk;
use super::order::Order;
use super::row::{Cells, Row};
use super::{cell, words};
use std::collections::BTreeSet;
use termwise_engine::calendar::{Day, Period};
use termwise_engine::catalog::{PriceKey, PriceList, PriceRow, Segment, Tier};
use termwise_engine::findings::{Code, Disposition, Source};
use termwise_engine::ids::ItemId;
use termwise_engine::money::Currency;
use termwise_engine::policy::PriceOverlap;

/// The rows of the price list as they are read.
#[derive(Debug, Default)]
pub(super) struct PriceRows {
    rows: Vec<(PriceRow, Source)>,
    unreadable: Vec<PriceKey>,
    tagged: Vec<(ItemId, bool)>,
    /// Rows of terms and plans that are not ours, since the last [`PriceRows::passed_over`].
    passed_over: u64,
}

/// Whether a term is the vendor's for something else than licences of a month, a year or three: none at all, as for what is
/// sold for ever or by use, or another length. A word that is no length at all is a mistake, and not passed over: an older row
/// in its place would be a plausible wrong price.
fn is_other_term(text: &str) -> bool {
    let Some(length) = text.strip_prefix('P') else { return text.is_empty() };
    let (count, unit) = length.split_at(length.len().saturating_sub(1));
    let is_count = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    is_count && matches!(unit, "D" | "W" | "M" | "Y") && words::term(text).is_none()
}

/// Whether a plan is the vendor's for what is bought once and not by term.
fn is_other_plan(text: &str) -> bool {
    matches!(text, "OneTime" | "One-Time" | "Usage" | "Metered")
}

/// A bound of a tier; one beyond all seats is none.
fn bound(text: &str) -> Result<u32, Code> {
    let digits = !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && text.len() > 9 { Ok(text.parse().unwrap_or(u32::MAX)) } else { cell::whole(text) }
}

impl PriceRows {
    /// Reads a row.
    pub(super) fn take(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let (term, plan) = (row.cell(p::TERM_DURATION), row.cell(p::BILLING_PLAN));
        if !row.ragged && (is_other_term(term) || is_other_plan(plan)) {
            self.passed_over += 1;
            return;
        }
        let Desk { met, notes, faults } = desk;
        let mut cells = Cells::new(row, faults);
        let (product, sku) = (cells.text(p::PRODUCT_ID), cells.text(p::SKU_ID));
        let term = cells.word(p::TERM_DURATION, words::term);
        let plan = cells.word(p::BILLING_PLAN, words::plan);
        let market = cells.text(p::MARKET);
        let currency = cells.read(p::CURRENCY, |code| Currency::from_code(code).ok_or(Code::CurrencyUnknown));
        let segment = cells.word(p::SEGMENT, words::price_segment).unwrap_or(Segment::Commercial);
        let clean = cells.is_clean();
        let is_triennial = plan.is_some_and(|word| word.is_triennial);
        let key = match (product, sku, term, plan, market, currency) {
            (Some(product), Some(sku), Some(term), Some(word), Some(market), Some(currency)) if clean => {
                let (item, plan) = (met.item(product, sku), word.plan);
                Some(PriceKey { item, term, plan, market: met.markets.meet(market), currency, segment })
            }
            _ => None,
        };
        let unit_price = cells.read(p::UNIT_PRICE, cell::money);
        let first = cells.read(p::STARTS, cell::price_day);
        let effective = first.and_then(|first| period(&mut cells, first));
        let tier = tier(&mut cells);
        let tags = cells.text(p::TAGS).map(is_licensed);
        let clean = cells.is_clean();
        match (key, effective, unit_price) {
            (Some(key), Some(effective), Some(unit_price)) if clean => {
                self.tagged.extend(tags.map(|licensed| (key.item, licensed)));
                let row = PriceRow { key, effective, tier, unit_price, row: source.row, is_triennial };
                self.rows.push((row, source));
            }
            _ => {
                self.unreadable.extend(key);
                notes.set(source, Disposition::Rejected, faults);
            }
        }
    }

    /// How many rows of other terms and plans came since this was last asked.
    pub(super) fn passed_over(&mut self) -> u64 {
        std::mem::take(&mut self.passed_over)
    }

    /// The price list with its final ids, the items whose tags lack `License` (R12), and the rows in conflict (R7).
    pub(super) fn prices(
        self,
        overlap: PriceOverlap,
        order: &Order,
    ) -> (PriceList, BTreeSet<ItemId>, Vec<Source>) {
        let key = |key: PriceKey| PriceKey {
            item: order.items.of(key.item),
            market: order.markets.of(key.market),
            ..key
        };
        let mut rows = self.rows;
        for (row, _) in &mut rows {
            row.key = key(row.key);
        }
        let conflicting = conflicts(&mut rows);
        let unreadable: BTreeSet<PriceKey> = self.unreadable.into_iter().map(key).collect();
        let item = |of: bool| {
            let tagged = self.tagged.iter().filter(move |(_, licensed)| *licensed == of);
            tagged.map(|(item, _)| order.items.of(*item)).collect::<BTreeSet<ItemId>>()
        };
        let unlicensed = item(false).difference(&item(true)).copied().collect();
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        (PriceList::new(rows, &unreadable, overlap), unlicensed, conflicting)
    }
}

/// From the first day to the last; without one there is no end.
fn period(cells: &mut Cells<'_, '_>, first: Day) -> Option<Period> {
    let last = match cells.read(p::ENDS, cell::price_day) {
        Some(last) => last,
        None if cells.is_clean() => cell::unbounded_last()?,
        None => return None,
    };
    let period = Period::new(first, last);
    if period.is_none() {
        cells.fault(Code::DateInvalid, p::ENDS);
    }
    period
}

fn tier(cells: &mut Cells<'_, '_>) -> Tier {
    let mut read = |column: Column, without: u32| cells.read(column, bound).unwrap_or(without);
    let (min, max) = (read(p::TIER_MIN, 0), read(p::TIER_MAX, u32::MAX));
    if min > max {
        cells.fault(Code::NumberInvalid, p::TIER_MAX);
    }
    if min <= 1 && max == u32::MAX { Tier::ANY } else { Tier { min, max } }
}

/// Whether a list of tags names licences (R12); an empty one says nothing.
fn is_licensed(tags: &str) -> bool {
    let mut tags = cell::list(tags).peekable();
    tags.peek().is_none() || tags.any(|tag| tag.eq_ignore_ascii_case("License"))
}

/// Names every row that shares key, start and some seats with another one and differs from it (R7). The finding stands on the
/// subscriptions that look the key up (C24); this says where to mend it.
fn conflicts(rows: &mut [(PriceRow, Source)]) -> Vec<Source> {
    let mut found = Vec::new();
    rows.sort_unstable_by_key(|(row, source)| {
        (row.key, row.effective.first, row.tier, row.unit_price, *source)
    });
    let group = |row: &PriceRow| (row.key, row.effective.first);
    for group in rows.chunk_by(|left, right| group(&left.0) == group(&right.0)) {
        // Rows that say the same are one; of the others, sorted by their fewest seats, one meets an earlier one where
        // the most seats so far reach into it, and a later one where the next begins before it ends.
        let says = |row: &PriceRow| (row.tier, row.unit_price);
        let distinct: Vec<_> = group.chunk_by(|left, right| says(&left.0) == says(&right.0)).collect();
        let mut reach: Option<u32> = None;
        for (number, same) in distinct.iter().enumerate() {
            let tier = same[0].0.tier;
            let meets_earlier = reach.is_some_and(|reach| reach >= tier.min);
            let next = distinct.get(number + 1).map(|same| same[0].0.tier);
            if meets_earlier || next.is_some_and(|next| next.min <= tier.max) {
                found.extend(same.iter().map(|(_, source)| *source));
            }
            reach = reach.max(Some(tier.max));
        }
    }
    found.sort_unstable();
    found
}
