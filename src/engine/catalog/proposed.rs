//! What a proposal makes of the catalog: other prices from a day on, other windows of promotions (R70).
//!
//! A change is laid over today's list and never written into its rows, so which row is in force on a day stays what it was; the
//! order in which changes stand shows nowhere.

use super::price_list::{Written, plans};
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

/// The same changes in one order.
fn sorted(of_row: &[(Day, Repricing)]) -> Vec<(Day, Repricing)> {
    let mut sorted = of_row.to_vec();
    sorted.sort_unstable();
    sorted
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

/// Whether two changes of one row can't both hold: a price and a percentage on it, or two prices from one day.
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
        let about = |row: &Written| -> Vec<usize> {
            (0..changes.len()).filter(|&number| changes[number].scope.holds(row)).collect()
        };
        let mut matches = vec![0; changes.len()];
        let mut contradictions = Vec::new();
        let mut of_rows = BTreeMap::new();
        for (row, price) in highest {
            let own = about(&row);
            let Some(&last) = own.last() else { continue };
            own.iter().for_each(|&number| matches[number] += 1);
            let pairs = own.iter().flat_map(|&one| own.iter().map(move |&other| (one, other)));
            let meets =
                |&(one, other): &(usize, usize)| one < other && contradict(&changes[one], &changes[other]);
            let meeting = |(one, other)| Contradiction { one, other, key: row.0 };
            contradictions.extend(pairs.filter(meets).map(meeting));
            let of_row: Vec<(Day, Repricing)> =
                own.iter().map(|&number| (changes[number].from, changes[number].what)).collect();
            if of_row.iter().any(|(day, _)| on(&of_row, *day, price).is_none()) {
                contradictions.push(meeting((last, last)));
            }
            of_rows.insert(row, of_row);
        }
        // One price can't be changed under one of its two words.
        for key in self.in_use().flat_map(PriceList::written_twice) {
            let words = [(key, false), (key, true)];
            let [one, other] = words.map(|row| of_rows.get(&row).map(|of_row| sorted(of_row)));
            let first = words.iter().flat_map(about).min();
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

    /// How many of its prices a promotion could take something off: of its products, terms, billing cycles, markets and segments.
    pub fn promoted(&self, promotion: &Promotion) -> u64 {
        let Promotion { markets, segments, .. } = promotion;
        let is_offered = |key: &PriceKey| {
            let of_key =
                promotion.offers.iter().filter(|offer| offer.item == key.item && offer.term == key.term);
            let mut cycles = of_key.map(|offer| offer.billing_cycle);
            (markets.is_empty() || markets.contains(&key.market))
                && (segments.is_empty() || segments.contains(&key.segment))
                && cycles.any(|cycle| cycle.is_none_or(|cycle| plans(cycle, key.term).contains(&key.plan)))
        };
        let keys: BTreeSet<&PriceKey> = self.in_use().flat_map(PriceList::keys).collect();
        keys.into_iter().filter(|key| is_offered(key)).count() as u64
    }

    /// The lists that are asked: this one, unless another takes its place from the first day on, and that other.
    pub fn in_use(&self) -> impl Iterator<Item = &PriceList> {
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
            is_triennial: false,
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

    /// A row of three years that is paid upfront, under one word or the other, from a month on.
    fn upfront(is_triennial: bool, from: u32, cents: i64) -> PriceRow {
        PriceRow {
            key: PriceKey { plan: Plan::Upfront, ..key(0, Term::P3Y) },
            effective: Period { first: day(from), last: day(12) },
            tier: Tier::ANY,
            unit_price: price(cents),
            row: from,
            is_triennial,
        }
    }

    fn written(rows: Vec<PriceRow>) -> PriceList {
        PriceList::new(rows, &BTreeSet::new(), PriceOverlap::NewestStart)
    }

    /// 5 % on what is written Triennial, or on what is written Upfront.
    fn on_word(is_triennial: bool) -> PriceChange {
        let plan = Some(WrittenPlan { plan: Plan::Upfront, is_triennial });
        PriceChange { scope: Scope { plan, ..Scope::default() }, ..change(None, day(1), by(50_000)) }
    }

    #[test]
    fn a_change_of_one_word_for_upfront_is_about_the_rows_that_are_written_so() {
        let both = written(vec![upfront(false, 1, 10_000), upfront(true, 6, 20_000)]);
        let in_turn = written(vec![upfront(false, 1, 10_000)])
            .proposed(Some((day(6), written(vec![upfront(true, 6, 20_000)]))), &[on_word(true)]);
        let (in_turn, _) = in_turn.unwrap_or_default();
        for (word, expected) in [(false, [10_500, 20_000]), (true, [10_000, 21_000])] {
            let (proposed, matches) = both.clone().proposed(None, &[on_word(word)]).unwrap_or_default();
            let quoted = |list: &PriceList, month| {
                let quote = list.quote(key(0, Term::P3Y), BillingCycle::Upfront, 1, day(month));
                quote.ok().map(|quote| quote.unit_price)
            };
            let expected = expected.map(|cents| Some(price(cents)));
            assert_eq!((matches, [1, 6].map(|month| quoted(&proposed, month))), (vec![1], expected));
            if word {
                assert_eq!([1, 6].map(|month| quoted(&in_turn, month)), expected);
            }
        }
    }

    #[test]
    fn a_price_under_both_words_at_once_is_changed_under_both_or_not_at_all() {
        let list = || written(vec![upfront(false, 1, 10_000), upfront(true, 1, 10_000)]);
        for word in [false, true] {
            let found = list().proposed(None, &[on_word(word)]).err().unwrap_or_default();
            assert_eq!(found, [Contradiction { one: 0, other: 0, key: upfront(true, 1, 1).key }]);
        }
        for changes in [vec![on_word(false), on_word(true)], vec![change(None, day(1), by(50_000))]] {
            let (proposed, _) = list().proposed(None, &changes).unwrap_or_default();
            let quote = proposed.quote(key(0, Term::P3Y), BillingCycle::Upfront, 1, day(2));
            assert_eq!(quote.ok().map(|quote| quote.unit_price), Some(price(10_500)));
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
