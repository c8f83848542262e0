//! What a proposal makes of the catalog: other prices from a day on, other windows of promotions (R70).
//!
//! A change is laid over today's list and never written into its rows, so which row is in force on a day stays what it was; the
//! order in which changes stand shows nowhere.

use super::{PriceKey, PriceList, Promotion, Promotions, Segment, WrittenPlan};
use crate::calendar::{Day, Period, Term};
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
    /// Market; an id that nothing has where a proposal names a market that no file knows.
    pub market: Option<MarketId>,
    /// Currency.
    pub currency: Option<Currency>,
    /// Segment.
    pub segment: Option<Segment>,
}

impl Scope {
    /// Whether it is about the rows of a key, of which `writes` tells whether they stand under a plan.
    fn holds(&self, key: &PriceKey, writes: impl Fn(WrittenPlan) -> bool) -> bool {
        self.items.as_ref().is_none_or(|items| items.contains(&key.item))
            && self.term.is_none_or(|term| term == key.term)
            && self.plan.is_none_or(writes)
            && self.market.is_none_or(|market| market == key.market)
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

/// The changes of each key of a price list.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes(BTreeMap<PriceKey, Vec<(Day, Repricing)>>);

impl Changes {
    /// The price of a key on a day, where it is another than the list has; an impossible one was refused when these were made.
    pub(super) fn on(&self, key: &PriceKey, day: Day, listed: Price) -> Option<Price> {
        let of_key = self.0.get(key)?;
        on(of_key, day, listed).filter(|price| *price != listed)
    }
}

/// A listed price under the changes of its key that hold on a day.
fn on(of_key: &[(Day, Repricing)], day: Day, listed: Price) -> Option<Price> {
    let held = || of_key.iter().filter(|(from, _)| *from <= day).map(|(from, what)| (*from, *what));
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

/// Whether two changes of one key can't both hold: a price and a percentage on it, or two prices from one day.
fn contradict(one: &PriceChange, other: &PriceChange) -> bool {
    match (one.what, other.what) {
        (Repricing::By(_), Repricing::By(_)) => false,
        (Repricing::To(_), Repricing::To(_)) => one.from == other.from,
        (Repricing::By(_), Repricing::To(_)) | (Repricing::To(_), Repricing::By(_)) => true,
    }
}

impl PriceList {
    /// The same rows under another reading of those that overlap (R7).
    pub fn under(mut self, overlap: PriceOverlap) -> PriceList {
        self.overlap = Some(overlap);
        self
    }

    /// This list, another that takes its place from a day on, and changes laid over both; with how many keys each change is
    /// about.
    ///
    /// # Errors
    /// Changes that can't both hold.
    pub fn proposed(
        mut self,
        other: Option<(Day, PriceList)>,
        changes: &[PriceChange],
    ) -> Result<(PriceList, Vec<u64>), Vec<Contradiction>> {
        self.later = other.map(|(from, list)| (from, Box::new(list)));
        let later = self.later.iter().flat_map(|(_, list)| list.listed());
        // A list that is replaced from the first day on is never asked.
        let is_asked = self.later.as_ref().is_none_or(|(from, _)| *from > Day::FIRST);
        let mut highest: BTreeMap<PriceKey, Price> = BTreeMap::new();
        for (key, price) in self.listed().filter(|_| is_asked).chain(later) {
            let known = highest.entry(key).or_insert(price);
            *known = price.max(*known);
        }
        let mut matches = vec![0; changes.len()];
        let mut contradictions = Vec::new();
        let mut of_keys = BTreeMap::new();
        for (key, price) in highest {
            let lists = [Some(&self).filter(|_| is_asked), self.later.as_ref().map(|(_, list)| &**list)];
            let writes = |word| lists.into_iter().flatten().any(|list| list.writes(&key, word));
            let own: Vec<usize> =
                (0..changes.len()).filter(|&number| changes[number].scope.holds(&key, writes)).collect();
            own.iter().for_each(|&number| matches[number] += 1);
            if own.is_empty() {
                continue;
            }
            let pairs = own.iter().flat_map(|&one| own.iter().map(move |&other| (one, other)));
            let meets =
                |&(one, other): &(usize, usize)| one < other && contradict(&changes[one], &changes[other]);
            let found = pairs.filter(meets).map(|(one, other)| Contradiction { one, other, key });
            contradictions.extend(found);
            let of_key: Vec<(Day, Repricing)> =
                own.iter().map(|&number| (changes[number].from, changes[number].what)).collect();
            if of_key.iter().any(|(day, _)| on(&of_key, *day, price).is_none()) {
                let last = own[own.len() - 1];
                contradictions.push(Contradiction { one: last, other: last, key });
            }
            of_keys.insert(key, of_key);
        }
        // One place says enough of what meets in thousands of rows.
        contradictions.sort_unstable();
        contradictions.dedup_by_key(|found| (found.one, found.other));
        self.changes = Changes(of_keys);
        if contradictions.is_empty() { Ok((self, matches)) } else { Err(contradictions) }
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
mod tests {
    use super::*;
    use crate::calendar::BillingCycle;
    use crate::catalog::{Plan, PriceRow, Tier};

    fn price(cents: i64) -> Price {
        Price::from_millionths(cents * 10_000).unwrap_or_default()
    }

    fn day(month: u32) -> Day {
        Day::from_ymd(2027, month, 1).unwrap_or_else(|| unreachable!("it is a day"))
    }

    fn key(item: usize, term: Term) -> PriceKey {
        let currency = Currency::from_code("EUR").unwrap_or_else(|| unreachable!("it is a currency"));
        let (item, market) = (ItemId::of_rank(item), MarketId::of_rank(0));
        PriceKey { item, term, plan: Plan::Monthly, market, currency, segment: Segment::Commercial }
    }

    fn list(prices: &[(usize, i64)]) -> PriceList {
        let row = |(number, &(item, cents)): (usize, &(usize, i64))| PriceRow {
            key: key(item, Term::P1Y),
            effective: Period { first: day(1), last: day(12) },
            tier: Tier::ANY,
            unit_price: price(cents),
            row: number as u32,
        };
        let rows = prices.iter().enumerate().map(row).collect();
        PriceList::new(rows, &BTreeSet::new(), PriceOverlap::OlderHolds)
    }

    fn quote(list: &PriceList, item: usize, on: Day) -> Option<Price> {
        list.quote(key(item, Term::P1Y), BillingCycle::Monthly, 1, on).ok().map(|quote| quote.unit_price)
    }

    fn change(items: Option<usize>, from: Day, what: Repricing) -> PriceChange {
        let items = items.map(|item| BTreeSet::from([ItemId::of_rank(item)]));
        PriceChange { scope: Scope { items, ..Scope::default() }, from, what }
    }

    fn by(millionths: i32) -> Repricing {
        Repricing::By(Percentage::from_millionths(millionths).unwrap_or_else(|| unreachable!("it is one")))
    }

    #[test]
    fn percentages_multiply_and_hold_from_their_day_on() {
        let changes = [change(None, day(3), by(50_000)), change(Some(0), day(5), by(-100_000))];
        let (proposed, matches) =
            list(&[(0, 10_000), (1, 10_000)]).proposed(None, &changes).unwrap_or_default();
        assert_eq!(matches, [2, 1]);
        assert_eq!(quote(&proposed, 0, day(2)), Some(price(10_000)));
        assert_eq!(quote(&proposed, 0, day(3)), Some(price(10_500)));
        assert_eq!(quote(&proposed, 0, day(5)), Some(price(9_450)));
        assert_eq!(quote(&proposed, 1, day(5)), Some(price(10_500)));
    }

    #[test]
    fn upfront_and_triennial_are_two_words_for_rows() {
        let upfront = |item| PriceKey { plan: Plan::Upfront, ..key(item, Term::P1Y) };
        let row = |item| PriceRow {
            key: upfront(item),
            effective: Period { first: day(1), last: day(12) },
            tier: Tier::ANY,
            unit_price: price(10_000),
            row: item as u32,
        };
        let written = BTreeSet::from([(upfront(0), false), (upfront(1), true)]);
        let list = PriceList::new(vec![row(0), row(1)], &BTreeSet::new(), PriceOverlap::OlderHolds);
        for (is_triennial, expected) in [(false, [10_500, 10_000]), (true, [10_000, 10_500])] {
            let plan = Some(WrittenPlan { plan: Plan::Upfront, is_triennial });
            let change =
                PriceChange { scope: Scope { plan, ..Scope::default() }, ..change(None, day(1), by(50_000)) };
            let proposed = list.clone().written(written.clone()).proposed(None, &[change]);
            let (proposed, matches) = proposed.unwrap_or_default();
            let found = [0, 1].map(|item| {
                let quote = proposed.quote(upfront(item), BillingCycle::Upfront, 1, day(2));
                quote.ok().map(|quote| quote.unit_price)
            });
            assert_eq!((matches, found), (vec![1], expected.map(|cents| Some(price(cents)))));
        }
    }

    #[test]
    fn another_list_holds_from_its_day_on_and_lacks_what_it_lacks() {
        let other = list(&[(0, 12_000)]);
        let changes = [change(Some(0), day(1), Repricing::To(price(7_700)))];
        let replaced = list(&[(0, 10_000), (1, 10_000)]).proposed(Some((day(6), other)), &[]);
        let (replaced, _) = replaced.unwrap_or_default();
        assert_eq!(quote(&replaced, 0, day(5)), Some(price(10_000)));
        assert_eq!(quote(&replaced, 0, day(6)), Some(price(12_000)));
        assert_eq!(quote(&replaced, 1, day(5)), Some(price(10_000)));
        assert_eq!(quote(&replaced, 1, day(6)), None);
        let other = list(&[(0, 12_000)]);
        let (fixed, matches) = list(&[]).proposed(Some((day(6), other)), &changes).unwrap_or_default();
        assert_eq!((matches, quote(&fixed, 0, day(6))), (vec![1], Some(price(7_700))));
    }

    #[test]
    fn what_can_not_both_hold_is_told_once() {
        let to = |cents| Repricing::To(price(cents));
        let both = [change(None, day(1), by(50_000)), change(Some(1), day(4), to(900))];
        let found = list(&[(0, 100), (1, 100)]).proposed(None, &both).err().unwrap_or_default();
        assert_eq!(found, [Contradiction { one: 0, other: 1, key: key(1, Term::P1Y) }]);
        let twice = [change(None, day(1), to(900)), change(None, day(1), to(900))];
        let found = list(&[(0, 100), (1, 100)]).proposed(None, &twice).err().unwrap_or_default();
        assert_eq!(found, [Contradiction { one: 0, other: 1, key: key(0, Term::P1Y) }]);
        let later = [change(None, day(1), to(900)), change(None, day(2), to(800))];
        let (in_turn, _) = list(&[(0, 100)]).proposed(None, &later).unwrap_or_default();
        assert_eq!(
            (quote(&in_turn, 0, day(1)), quote(&in_turn, 0, day(2))),
            (Some(price(900)), Some(price(800)))
        );
    }
}
