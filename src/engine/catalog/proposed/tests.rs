//! What a proposal makes of price lists.

use super::*;
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
    let (proposed, matches) = list(&[(0, 10_000), (1, 10_000)]).proposed(None, &changes).unwrap_or_default();
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
