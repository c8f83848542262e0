//! Laws of the comparison: what it says of a pair of worlds it says of them turned around, with other signs.

mod common;

use common::policy;
use proptest::prelude::*;
use termwise_engine::calendar::{BillingCycle, Day, Instant, Period, Term};
use termwise_engine::catalog::PromoCodes;
use termwise_engine::ids::{ItemId, PromotionId, SubscriptionId};
use termwise_engine::money::{Currency, Discount, Price, Rounding};
use termwise_engine::policy::{Policy, RoundingAt};
use termwise_engine::rating::seat_parts::{Discounts, HeldPromotion, SeatsHeld};
use termwise_engine::rating::term_price::TermPrice;
use termwise_engine::rating::{Charge, rate};
use termwise_engine::reasons::Reasons;
use termwise_engine::repricing::{Effects, Side, compare};
use termwise_engine::workings::{
    Cause as LineCause, ChargeType, Line, Played, Quoted, Side as LineSide, Steps,
};

/// A charge of a world: list price in millionths, promotion in millionths, the first day, how many of its 31 days, seats.
#[derive(Clone, Copy, Debug)]
struct Given {
    list: i64,
    promotion: Option<u32>,
    day: u32,
    days: u32,
    seats: u32,
    late: u32,
}

fn day(number: u32) -> Day {
    Day::from_ymd(2027, 1, 1).map(|day| day.plus_days(number)).unwrap_or(Day::FIRST)
}

fn euro() -> Currency {
    Currency::from_code("EUR").unwrap_or_else(|| unreachable!("a currency"))
}

/// A world's lines, rated as a time line rates them.
fn world(charges: &[Given], policy: &Policy) -> Played {
    let mut played = Played::default();
    for given in charges {
        let first = day(given.day);
        let charge = Period { first, last: first.plus_days(given.days - 1) };
        let list = Price::from_millionths(given.list).unwrap_or_default();
        let promotion = given.promotion.and_then(Discount::from_millionths);
        let promotion = promotion.map(|discount| HeldPromotion { id: PromotionId::of_rank(0), discount });
        let discounts = Discounts { promotion, code: None, stacking: policy.stacking };
        let parts = discounts.parts(SeatsHeld { promoted: given.seats, late: given.late });
        for part in parts.as_slice() {
            let from = played.steps.len();
            let what = Charge {
                price: TermPrice::listed(list, Term::P1Y),
                cycle_months: 1,
                months: 1,
                period: charge,
                cycle_days: 31,
                reduction: part.reduction,
                seats: part.seats,
                side: LineSide::Charge,
            };
            let rated = rate(what, euro(), policy, &mut played.steps);
            let steps = Steps { first: from as u32, end: played.steps.len() as u32 };
            played.lines.push(Line {
                subscription: SubscriptionId::of_rank(0),
                item: ItemId::of_rank(0),
                charge_type: ChargeType::CycleCharge,
                charge,
                days: given.days,
                cycle_days: 31,
                term: Term::P1Y,
                term_period: charge,
                billing_cycle: BillingCycle::Monthly,
                unit_price: rated.unit_price,
                effective_unit_price: rated.rounded.effective,
                quantity: part.seats,
                subtotal: rated.rounded.subtotal,
                reduction: part.reduction,
                cause: LineCause::Cycle(first),
                side: LineSide::Charge,
                paired: false,
                behind: SubscriptionId::of_rank(0),
                happened_at: Instant::BEGINNING,
                due: first,
                quoted: Quoted { list, listed_for: Term::P1Y, on: first, seats: part.seats },
                held: promotion.map(|held| (held.id, held.discount)),
                reasons: Reasons::NONE,
                term_steps: steps,
                steps,
            });
        }
    }
    played
}

fn compared(before: &Played, after: &Played, policies: [&Policy; 2]) -> Effects {
    let codes = PromoCodes::default();
    let (own, other): (Vec<&Line>, Vec<&Line>) =
        (before.lines.iter().collect(), after.lines.iter().collect());
    let of = |lines, played, policy| Side { lines, played, codes: &codes, policy };
    compare(of(&own, before, policies[0]), of(&other, after, policies[1]), euro(), None)
        .unwrap_or_else(|found| unreachable!("{found:?} is explained"))
}

fn given() -> impl Strategy<Value = Given> {
    let promotion = prop_oneof![Just(None), (0..=1_000_000_u32).prop_map(Some)];
    let list = prop_oneof![0..5_000_000_000_i64, 0..30_000_000_i64];
    (list, promotion, 0..4_u32, 1..60_u32, 0..3_u32, 1..=31_u32).prop_map(
        |(list, promotion, day, seats, late, days)| Given {
            list,
            promotion,
            day: day * 31,
            days,
            seats,
            late,
        },
    )
}

/// Policies that round in other ways.
fn rounding() -> impl Strategy<Value = Policy> {
    let ways = [Rounding::HalfUp, Rounding::HalfEven, Rounding::Truncate];
    let places = [RoundingAt::Line, RoundingAt::Unit];
    (prop::sample::select(ways.to_vec()), prop::sample::select(places.to_vec()))
        .prop_map(|(rounding, rounding_at)| Policy { rounding, rounding_at, ..policy() })
}

/// One charge a day: a cycle begins once.
fn charges() -> impl Strategy<Value = Vec<Given>> {
    prop::collection::vec(given(), 0..5).prop_map(|mut charges| {
        charges.sort_by_key(|given| given.day);
        charges.dedup_by_key(|given| given.day);
        charges
    })
}

proptest! {
    #[test]
    fn causes_add_up_and_turn_around_with_the_worlds(
        before in charges(), after in charges(), own in rounding(), other in rounding(),
    ) {
        let (before, after) = (world(&before, &own), world(&after, &other));
        let found = compared(&before, &after, [&own, &other]);
        let back = compared(&after, &before, [&other, &own]);
        prop_assert_eq!(found.effective_on(), back.effective_on());
        prop_assert_eq!(found.rows.len(), back.rows.len());
        for (row, other) in found.rows.iter().zip(&back.rows) {
            prop_assert_eq!(row.causes.iter().sum::<i64>(), row.after - row.before);
            prop_assert_eq!((row.before, row.after), (other.after, other.before));
            prop_assert_eq!(row.causes.map(|cause| -cause), other.causes);
        }
    }

    #[test]
    fn a_world_is_no_other_than_itself(charges in charges(), policy in rounding()) {
        let world = world(&charges, &policy);
        let found = compared(&world, &world, [&policy; 2]);
        prop_assert!(found.rows.iter().all(|row| row.effective_on.is_none() && row.before == row.after));
        prop_assert_eq!(found.effective_on(), None);
    }

    #[test]
    fn a_change_of_list_price_alone_is_nothing_but_that_and_rounding(given in given(), list in 0..5_000_000_000_i64) {
        let policy = policy();
        let worlds = [given, Given { list, ..given }].map(|given| world(&[given], &policy));
        let found = compared(&worlds[0], &worlds[1], [&policy; 2]);
        for row in found.rows {
            let [_, promotion, code, of_policy, rounding] = row.causes;
            prop_assert_eq!((promotion, code, of_policy), (0, 0, 0));
            // Two lines on each side, each rounded once, and the cause itself.
            prop_assert!(rounding.abs() <= 2);
        }
    }
}

#[test]
fn what_is_charged_in_one_world_alone_is_policy() {
    let policy = policy();
    let only = Given { list: 144_000_000, promotion: None, day: 0, days: 31, seats: 10, late: 0 };
    let found = compared(&world(&[], &policy), &world(&[only], &policy), [&policy; 2]);
    let row = found.rows.first().copied().unwrap_or_else(|| unreachable!("a row"));
    assert_eq!((row.before, row.after, row.causes), (0, 12_000, [0, 0, 0, 12_000, 0]));
    assert_eq!(found.effective_on(), Some(day(0)));
}

#[test]
fn seats_that_a_promotion_reaches_are_paired_with_what_they_paid() {
    // Ten seats at 12.00 with 20 % off and two late ones at list; without the promotion twelve at 12.00: 24.00 more.
    let policy = policy();
    let before = Given { list: 144_000_000, promotion: Some(200_000), day: 0, days: 31, seats: 10, late: 2 };
    let worlds = [before, Given { promotion: None, ..before }].map(|given| world(&[given], &policy));
    let found = compared(&worlds[0], &worlds[1], [&policy; 2]);
    let row = found.rows.first().copied().unwrap_or_else(|| unreachable!("a row"));
    assert_eq!((row.before, row.after, row.causes), (12_000, 14_400, [0, 2_400, 0, 0, 0]));
}
