//! Laws of money and of the calendar, for every input that a generator can think of.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that can't go on says why")]

use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};
use termwise_engine::book::natural_end;
use termwise_engine::calendar::{BillingCycle, Day, Instant, MonthEnd, Period, Term};
use termwise_engine::money::{
    Discount, EFFECTIVE_DIGITS, Exact, Price, Rounding, explain_subtotal, round_line, truncated_again,
};
use termwise_engine::rating::schedule::{Cycle, Schedule};

fn modes() -> impl Strategy<Value = Rounding> {
    prop_oneof![Just(Rounding::HalfUp), Just(Rounding::HalfEven), Just(Rounding::Truncate)]
}

fn prices() -> impl Strategy<Value = Price> {
    // Of up to a hundred thousand units, where a decimal of 28 digits still holds every product exactly.
    (0..100_000_000_000_i64)
        .prop_map(|millionths| Price::from_millionths(millionths).expect("within the cap"))
}

fn discounts() -> impl Strategy<Value = Discount> {
    (0..=1_000_000_u32).prop_map(|millionths| Discount::from_millionths(millionths).expect("a fraction"))
}

fn days() -> impl Strategy<Value = Day> {
    // 2015 to 2040.
    (16_436..25_932_i32).prop_map(|days| Day::from_epoch_days(days).expect("a day"))
}

fn decimal_of(units: i128, digits: u32) -> Decimal {
    Decimal::from_i128_with_scale(units, digits)
}

fn strategy_of(mode: Rounding) -> RoundingStrategy {
    match mode {
        Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        Rounding::HalfEven => RoundingStrategy::MidpointNearestEven,
        Rounding::Truncate => RoundingStrategy::ToZero,
    }
}

/// What chrono says of a day, if it has one.
fn chrono_day(day: Day) -> chrono::NaiveDate {
    chrono::NaiveDate::from_epoch_days(day.epoch_days()).expect("a day that chrono can say")
}

#[test]
fn every_day_of_a_thousand_years_is_the_one_that_chrono_says() {
    use chrono::Datelike;
    let first = Day::from_ymd(1599, 12, 31).expect("a day").epoch_days();
    let last = Day::from_ymd(2600, 1, 1).expect("a day").epoch_days();
    for number in first..=last {
        let day = Day::from_epoch_days(number).expect("a day");
        let said = chrono_day(day);
        assert_eq!(day.to_string(), said.to_string());
        assert_eq!(Day::from_ymd(said.year(), said.month(), said.day()), Some(day));
        assert_eq!(day.is_month_end(), said.day() == u32::from(said.num_days_in_month()));
        assert_eq!((day.previous().epoch_days(), day.next().epoch_days()), (number - 1, number + 1));
        assert_eq!((day.start().day(), day.previous().start().day()), (day, day.previous()));
    }
}

proptest! {
    #[test]
    fn days_far_away_and_months_apart_are_the_ones_that_chrono_says(number in -14_000_000..13_000_000_i32,
                                                                     months in -5_000..5_000_i32) {
        let day = Day::from_epoch_days(number).expect("a day");
        let said = chrono_day(day);
        prop_assert_eq!(day.to_string(), said.to_string());
        let by = chrono::Months::new(months.unsigned_abs());
        let moved = if months < 0 { said.checked_sub_months(by) } else { said.checked_add_months(by) };
        prop_assert_eq!(Some(chrono_day(day.plus_months(months))), moved);
    }

    #[test]
    fn a_date_that_chrono_lacks_is_no_day(year in 1..9_999_i32, month in 0..=13_u32, day in 0..=32_u32) {
        let said = chrono::NaiveDate::from_ymd_opt(year, month, day);
        prop_assert_eq!(Day::from_ymd(year, month, day).map(chrono_day), said);
    }

    #[test]
    fn a_moment_is_its_ticks(ticks in -(1_i64 << 62)..(1_i64 << 62)) {
        prop_assert_eq!(Instant::from_ticks(ticks).ticks(), ticks);
        let day = Instant::from_ticks(ticks).day();
        prop_assert!(day.start().ticks() <= ticks && ticks < day.next().start().ticks());
    }

    #[test]
    fn a_whole_cycle_is_what_decimals_say(price in prices(), off in discounts(), seats in 1..10_000_u32,
                                           digits in 0..=3_u32, mode in modes(), refund: bool) {
        let unit = Exact::of(price).keep(off.kept());
        let unit = if refund { unit.negated() } else { unit };
        let line = round_line(unit, seats, digits, mode, false);
        let left = Decimal::ONE - decimal_of(i128::from(off.millionths()), 6);
        let exact = decimal_of(i128::from(price.millionths()), 6) * left * Decimal::from(seats);
        let exact = if refund { -exact } else { exact };
        let rounded = exact.round_dp_with_strategy(digits, strategy_of(mode));
        prop_assert_eq!(decimal_of(i128::from(line.subtotal), digits), rounded);
    }

    #[test]
    fn effective_unit_price_times_quantity_rounded_is_the_subtotal(price in prices(), off in discounts(),
            days in 1..=366_u32, of in 0..=730_u32, seats in 1..1_000_000_u32, digits in 0..=3_u32, mode in modes(),
            at_unit: bool, refund: bool) {
        let unit = Exact::of(price).keep(off.kept()).share(days, days + of);
        let unit = if refund { unit.negated() } else { unit };
        let line = round_line(unit, seats, digits, mode, at_unit);
        let product = decimal_of(line.effective, EFFECTIVE_DIGITS) * Decimal::from(seats);
        let rounded = product.round_dp_with_strategy(digits, strategy_of(mode));
        prop_assert_eq!(rounded, decimal_of(i128::from(line.subtotal), digits));
    }

    #[test]
    fn a_full_refund_is_explained_to_the_cent(subtotal in -10_000_000_000..10_000_000_000_i64, seats in 1..10_000_u32,
                                              digits in 0..=3_u32, mode in modes()) {
        let line = explain_subtotal(subtotal, seats, digits, mode);
        let product = decimal_of(line.effective, EFFECTIVE_DIGITS) * Decimal::from(seats);
        let rounded = product.round_dp_with_strategy(digits, strategy_of(mode));
        prop_assert_eq!(rounded, decimal_of(i128::from(subtotal), digits));
    }

    #[test]
    fn a_discount_lies_between_nothing_and_what_it_discounts(price in prices(), first in discounts(), second in discounts()) {
        let micro = |exact: Exact| exact.round(6, Rounding::HalfUp);
        let whole = micro(Exact::of(price));
        let one = micro(Exact::of(price).keep(first.kept()));
        let both = micro(Exact::of(price).keep(first.kept().then(second)));
        prop_assert!(0 <= both && both <= one && one <= whole);
    }

    #[test]
    fn the_parts_of_a_cycle_differ_from_it_by_half_a_unit_a_part_at_most(price in prices(), seats in 1..1_000_u32,
                                                                        of in 2..=366_u32, cut in 1..366_u32) {
        let cut = 1 + cut % (of - 1);
        let line = |exact: Exact| i128::from(round_line(exact, seats, 2, Rounding::HalfUp, false).subtotal);
        let parts = line(Exact::of(price).share(cut, of)) + line(Exact::of(price).share(of - cut, of));
        // Two parts of half a unit each, and the whole's own half.
        prop_assert!((parts - line(Exact::of(price))).abs() <= 1);
    }

    #[test]
    fn cycles_tile_the_term_without_gap_or_overlap(first in days(), term in prop::sample::select(&Term::ALL[..]),
            billing_cycle in prop::sample::select(&BillingCycle::ALL[..]), anchor in proptest::option::of(days()),
            cut in proptest::option::of(0..1_100_u32), keep: bool) {
        let natural = natural_end(first, term, anchor);
        let last = cut.map_or(natural, |days| first.plus_days(days).min(natural));
        let period = Period::new(first, last).expect("a term");
        let month_end = if keep { MonthEnd::KeepDistance } else { MonthEnd::Clamp };
        let Some(schedule) = Schedule::new(term, billing_cycle, period, natural, anchor, month_end) else {
            prop_assert!(billing_cycle.months(term).is_none());
            return Ok(());
        };
        let cycles: Vec<Cycle> = (0..).map_while(|number| schedule.cycle(number)).collect();
        prop_assert_eq!(cycles.first().map(|cycle| cycle.period.first), Some(first));
        prop_assert_eq!(cycles.last().map(|cycle| cycle.period.last), Some(last));
        for pair in cycles.windows(2) {
            prop_assert_eq!(pair[0].period.last.next(), pair[1].period.first);
        }
        prop_assert_eq!(schedule.begins(cycles.len() as i32), None);
        for cycle in &cycles {
            prop_assert!(cycle.period.days() <= cycle.cycle_days);
            prop_assert_eq!(schedule.cycle_at(cycle.period.first), Some(*cycle));
            prop_assert_eq!(schedule.cycle_at(cycle.period.last), Some(*cycle));
            prop_assert_eq!(schedule.begins(cycle.number), Some(cycle.period.first));
            prop_assert_eq!(schedule.first_from(cycle.period.first), cycle.number);
            prop_assert_eq!(schedule.first_from(cycle.period.last.next()), cycle.number + 1);
        }
    }
}

proptest! {
    /// What a published line shows to ten digits tells what it would be under the vendor's two roundings (R68), but where it
    /// lies nearer to a whole minor unit than ten digits can say.
    #[test]
    fn a_published_price_tells_both_of_the_vendors_roundings(
        millionths in 0..2_000_000_000_i64,
        (days, of) in (1..=366_u32, 1..=366_u32).prop_map(|(one, other)| (one.min(other), one.max(other))),
        seats in 1..5_000_u32,
        months in prop_oneof![Just(1_u32), Just(12), Just(36)],
        off in prop_oneof![Just(0_u32), Just(50_000), Just(150_000), Just(333_333)],
        mode in prop_oneof![Just(Rounding::HalfUp), Just(Rounding::HalfEven), Just(Rounding::Truncate)],
        digits in prop_oneof![Just(0_u32), Just(2), Just(3)],
        is_refund in any::<bool>(),
    ) {
        let price = Price::from_millionths(millionths).unwrap();
        let kept = Discount::from_millionths(off).unwrap().kept();
        let unit = Exact::of(price).share(1, months).share(days, of).keep(kept);
        let unit = if is_refund { unit.negated() } else { unit };
        let published = round_line(unit, seats, digits, mode, false);
        for at_unit in [false, true] {
            let meant = round_line(unit, seats, digits, Rounding::Truncate, at_unit).subtotal;
            let (whole, unsure) = if at_unit { (unit, 5) } else { (unit.times(seats), 4 * i128::from(seats) + 1) };
            let minor = 10_i128.pow(EFFECTIVE_DIGITS - digits);
            let beyond = whole.round(EFFECTIVE_DIGITS, Rounding::HalfUp).rem_euclid(minor);
            let is_whole = whole.round(digits, Rounding::Truncate) * minor == whole.round(EFFECTIVE_DIGITS, Rounding::HalfUp);
            let is_told = is_whole || (beyond > unsure && minor - beyond > unsure);
            if !is_told {
                continue;
            }
            prop_assert_eq!(truncated_again(published.effective, seats, digits, at_unit), meant, "at unit: {}", at_unit);
        }
    }
}
