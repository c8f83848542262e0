//! What a proposal makes of the catalog: other prices from a day on, other windows of promotions (R70).
//!
//! A change is laid over today's list and never written into its rows, so which row is in force on a day stays what it was; the
//! order in which changes stand shows nowhere.

use super::price_list::{Written, plans};
use super::{PriceKey, PriceList, Promotion, Promotions, Segment, WrittenPlan};
use crate::calendar::{BillingCycle, Day, Period, Term};
use crate::ids::{ItemId, MarketId, PromotionId};
use crate::money::{Currency, Percentage, Price, repriced};
use crate::policy::PriceOverlap;
use std::collections::{BTreeMap, BTreeSet};

/// The price rows that a change is about: every part that is given must fit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// Products and SKUs; none: all.
    pub items: Option<BTreeSet<ItemId>>,
    /// Term.
    pub term: Option<Term>,
    /// Billing plan, as the rows write it.
    pub plan: Option<WrittenPlan>,
    /// Markets: none at all where a proposal names one that no file knows.
    pub markets: Option<BTreeSet<MarketId>>,
    /// Currency.
    pub currency: Option<Currency>,
    /// Segment.
    pub segment: Option<Segment>,
}

impl Scope {
    fn holds(&self, (key, is_triennial): &Written) -> bool {
        self.items.as_ref().is_none_or(|items| items.contains(&key.item))
            && self.term.is_none_or(|term| term == key.term)
            && self
                .plan
                .is_none_or(|word| word == WrittenPlan { plan: key.plan, is_triennial: *is_triennial })
            && self.markets.as_ref().is_none_or(|markets| markets.contains(&key.market))
            && self.currency.is_none_or(|currency| currency == key.currency)
            && self.segment.is_none_or(|segment| segment == key.segment)
    }
}

/// What becomes of a price.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Repricing {
    /// It is so much higher or lower.
    By(Percentage),
    /// It is this, for however many seats.
    To(Price),
}

/// A change of prices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PriceChange {
    /// Of which rows.
    pub scope: Scope,
    /// The first day that it holds.
    pub from: Day,
    /// What becomes of them.
    pub what: Repricing,
}

/// Two changes that can't both hold, by their numbers, and a key that both are about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Contradiction {
    /// The first.
    pub one: usize,
    /// The second; the same where one alone makes an impossible price.
    pub other: usize,
    /// Where they meet.
    pub key: PriceKey,
}

/// The changes of the rows of a price list.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes(BTreeMap<Written, Vec<(Day, Repricing)>>);

impl Changes {
    /// The price of a row on a day, where it is another than the list has; an impossible one was refused when these were made.
    pub(super) fn on(&self, row: &Written, day: Day, listed: Price) -> Option<Price> {
        let of_row = self.0.get(row)?;
        on(of_row, day, listed).filter(|price| *price != listed)
    }
}

/// A listed price under the changes of its row that hold on a day.
fn on(of_row: &[(Day, Repricing)], day: Day, listed: Price) -> Option<Price> {
    let held = || of_row.iter().filter(|(from, _)| *from <= day).map(|(from, what)| (*from, *what));
    let fixed = held().filter_map(|(from, what)| match what {
        Repricing::To(price) => Some((from, price)),
        Repricing::By(_) => None,
    });
    // Of several prices the one that began last holds; they never begin together.
    if let Some((_, price)) = fixed.max_by_key(|(from, _)| *from) {
        return Some(price);
    }
    let percentages = held().filter_map(|(_, what)| match what {
        Repricing::By(percentage) => Some(percentage),
        Repricing::To(_) => None,
    });
    repriced(listed, percentages)
}

/// The changes of one row, by their numbers, that can't hold beside an earlier one: a price and a percentage on it, or two prices
/// from one day.
fn contradict(own: &[usize], changes: &[PriceChange]) -> Vec<(usize, usize)> {
    let (mut percentage, mut price) = (None, None);
    let mut prices: BTreeMap<Day, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for &number in own {
        let change = &changes[number];
        let other = match change.what {
            Repricing::By(_) => {
                percentage = percentage.or(Some(number));
                price
            }
            Repricing::To(_) => {
                price = price.or(Some(number));
                let same_day = *prices.entry(change.from).or_insert(number);
                percentage.or(Some(same_day).filter(|same| *same != number))
            }
        };
        found.extend(other.map(|other| (other, number)));
    }
    found
}

/// Changes of prices, by the products and SKUs that they are about, so that a row is not held against those of all others.
struct Scopes<'a> {
    changes: &'a [PriceChange],
    by_item: BTreeMap<ItemId, Vec<usize>>,
    of_all: Vec<usize>,
}

impl<'a> Scopes<'a> {
    fn new(changes: &'a [PriceChange]) -> Scopes<'a> {
        let mut sorted = Scopes { changes, by_item: BTreeMap::new(), of_all: Vec::new() };
        for (number, change) in changes.iter().enumerate() {
            match &change.scope.items {
                None => sorted.of_all.push(number),
                Some(items) => {
                    items.iter().for_each(|item| sorted.by_item.entry(*item).or_default().push(number));
                }
            }
        }
        sorted
    }

    /// The numbers of those that are about a row, in order.
    fn about(&self, row: &Written) -> Vec<usize> {
        let of_item = self.by_item.get(&row.0.item).into_iter().flatten();
        let near = of_item.chain(&self.of_all).copied();
        let mut own: Vec<usize> = near.filter(|&number| self.changes[number].scope.holds(row)).collect();
        own.sort_unstable();
        own
    }
}

impl PriceList {
    /// The same rows under another reading of those that overlap (R7).
    pub fn under(mut self, overlap: PriceOverlap) -> PriceList {
        self.overlap = Some(overlap);
        self
    }

    /// This list, another that takes its place from a day on, and changes laid over both; with how many prices each change is
    /// about: a key once for each word that its rows are written with.
    ///
    /// # Errors
    /// Changes that can't both hold.
    pub fn proposed(
        mut self,
        other: Option<(Day, PriceList)>,
        changes: &[PriceChange],
    ) -> Result<(PriceList, Vec<u64>), Vec<Contradiction>> {
        self.later = other.map(|(from, list)| (from, Box::new(list)));
        let mut highest: BTreeMap<Written, Price> = BTreeMap::new();
        for (row, price) in self.in_use().flat_map(PriceList::listed) {
            let known = highest.entry(row).or_insert(price);
            *known = price.max(*known);
        }
        let scopes = Scopes::new(changes);
        let mut matches = vec![0; changes.len()];
        let mut contradictions = Vec::new();
        let mut of_rows = BTreeMap::new();
        for (row, price) in highest {
            let own = scopes.about(&row);
            let Some(&last) = own.last() else { continue };
            own.iter().for_each(|&number| matches[number] += 1);
            let meeting = |(one, other)| Contradiction { one, other, key: row.0 };
            contradictions.extend(contradict(&own, changes).into_iter().map(meeting));
            let mut of_row: Vec<(Day, Repricing)> =
                own.iter().map(|&number| (changes[number].from, changes[number].what)).collect();
            of_row.sort_unstable();
            // A price that is given is one; a percentage may make an impossible one.
            let mut percentages = of_row.iter().filter(|(_, what)| matches!(what, Repricing::By(_)));
            if percentages.any(|(day, _)| on(&of_row, *day, price).is_none()) {
                contradictions.push(meeting((last, last)));
            }
            of_rows.insert(row, of_row);
        }
        // One price can't be changed under one of its two words.
        for key in self.in_use().flat_map(PriceList::written_twice) {
            let words = [(key, false), (key, true)];
            let [one, other] = words.map(|row| of_rows.get(&row));
            let first = words.iter().flat_map(|row| scopes.about(row)).min();
            if let Some(first) = first.filter(|_| one != other) {
                contradictions.push(Contradiction { one: first, other: first, key });
            }
        }
        // One place says enough of what meets in thousands of rows.
        contradictions.sort_unstable();
        contradictions.dedup_by_key(|found| (found.one, found.other));
        self.changes = Changes(of_rows);
        if contradictions.is_empty() { Ok((self, matches)) } else { Err(contradictions) }
    }

    /// What its prices are for, and those of a list that takes its place: each key once.
    pub fn keys_in_use(&self) -> BTreeSet<&PriceKey> {
        self.in_use().flat_map(PriceList::keys).collect()
    }

    /// The lists that are asked: this one, unless another takes its place from the first day on, and that other.
    fn in_use(&self) -> impl Iterator<Item = &PriceList> {
        let is_asked = self.later.as_ref().is_none_or(|(from, _)| *from > Day::FIRST);
        let own = Some(self).filter(|_| is_asked);
        own.into_iter().chain(self.later.as_ref().map(|(_, list)| &**list))
    }
}

/// What a proposal does to promotions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PromotionChanges {
    /// New ones.
    pub added: Vec<Promotion>,
    /// Another last day of those that there are.
    pub last_days: Vec<(PromotionId, Day)>,
    /// The products and SKUs of another list, and whether their tags lack `License` there, from the day on that it holds (R12).
    pub retagged: Option<(Day, BTreeMap<ItemId, bool>)>,
}

impl Promotion {
    /// Whether it could take something off a price: of its products, terms, billing cycles, markets and segments.
    pub fn is_offered_for(&self, key: &PriceKey) -> bool {
        let is_offered = |cycle: BillingCycle| {
            plans(cycle, key.term).contains(&key.plan)
                && self.discount_for(key.item, key.term, cycle).is_some()
        };
        (self.markets.is_empty() || self.markets.contains(&key.market))
            && (self.segments.is_empty() || self.segments.contains(&key.segment))
            && BillingCycle::ALL.into_iter().any(is_offered)
    }
}

impl Promotions {
    /// These promotions with a proposal's changes. One that ends before it begins is none.
    pub fn proposed(&self, changes: &PromotionChanges) -> Promotions {
        let ends: BTreeMap<PromotionId, Day> = changes.last_days.iter().copied().collect();
        let changed = |promotion: &Promotion| {
            let last = ends.get(&promotion.id).copied().unwrap_or(promotion.window.last);
            let window = Period::new(promotion.window.first, last)?;
            Some(Promotion { window, ..promotion.clone() })
        };
        let all = self.iter().filter_map(changed).chain(changes.added.iter().cloned()).collect();
        let mut promotions = Promotions::new(all, self.unlicensed().collect());
        promotions.retagged.clone_from(&changes.retagged);
        promotions
    }
}

#[cfg(test)]
mod tests;
