//! Laws of a comparison, for any lines, and what single cases come to.

#![allow(clippy::unwrap_used, reason = "a test that can't go on says why")]

use super::*;
use crate::money::Price;
use proptest::prelude::*;

fn day(number: i32) -> Day {
    Day::from_epoch_days(20_000 + number).unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn entry(first: i32, last: i32, quantity: i64) -> Entry {
    Entry {
        item: 0,
        currency: currency("EUR"),
        charge: Period { first: day(first), last: day(last) },
        cycle_first: day(first),
        kind: Kind::Cycle,
        quantity,
        unit_price: Price::from_millionths(12_000_000),
        promotion: Told::NoPromotion,
    }
}

fn ours(entry: Entry, amount: i64) -> Ours {
    Ours { entry, own: amount, truncated_line: amount, truncated_unit: amount, undiscounted: amount }
}

fn at(tolerance: i64) -> Circumstances {
    let period = Period { first: day(0), last: day(29) };
    let tolerance = Tolerance::of(Price::from_millionths(tolerance).unwrap());
    Circumstances { is_known: true, period, tolerance }
}

fn one(ours: &[Ours], vendors: &[Vendors], tolerance: i64) -> Compared {
    let mut found = reconcile(ours, vendors, at(tolerance));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn seats_come_before_days_and_days_before_the_price() {
    let own = ours(entry(0, 29, 10), 12_000);
    let cause = |changed: Entry, amount| one(&[own], &[Vendors { entry: changed, amount }], 0).cause;
    assert_eq!(cause(entry(0, 29, 10), 12_000), None);
    assert_eq!(cause(entry(0, 29, 12), 14_400), Some(Cause::Quantity));
    assert_eq!(cause(entry(1, 29, 10), 11_600), Some(Cause::Days));
    let dearer = Entry { unit_price: Price::from_millionths(13_000_000), ..entry(0, 29, 10) };
    assert_eq!(cause(dearer, 13_000), Some(Cause::Price));
    assert_eq!(cause(Entry { promotion: Told::Promotion(3), ..dearer }, 10_000), Some(Cause::Promotion));
    assert_eq!(cause(Entry { unit_price: None, ..dearer }, 13_000), Some(Cause::Unknown));
    // The vendor tells nothing of promotions, and takes what it would be without ours.
    let discounted = Ours { undiscounted: 20_000, ..own };
    let untold = Entry { promotion: Told::Nothing, ..entry(0, 29, 10) };
    let found = one(&[discounted], &[Vendors { entry: untold, amount: 20_000 }], 0);
    assert_eq!(found.cause, Some(Cause::Promotion));
}

#[test]
fn the_same_money_for_other_seats_is_no_match() {
    let free = |quantity| Entry { unit_price: Some(Price::ZERO), ..entry(0, 29, quantity) };
    let found = one(&[ours(free(10), 0)], &[Vendors { entry: free(12), amount: 0 }], 0);
    assert_eq!(
        (found.status, found.cause, found.difference()),
        (Status::Different, Some(Cause::Quantity), 0)
    );
}

#[test]
fn the_tolerance_of_a_line_holds_to_its_last_minor_unit() {
    let vendors = |amount| Vendors { entry: entry(0, 29, 12), amount };
    let status = |amount| one(&[ours(entry(0, 29, 12), 12_000)], &[vendors(amount)], 20_000).status;
    assert_eq!(status(12_002), Status::WithinTolerance);
    let other_seats = one(&[ours(entry(0, 29, 10), 12_000)], &[vendors(12_001)], 20_000);
    assert_eq!(other_seats.status, Status::Different, "no tolerance of money makes seats the same");
    assert_eq!(status(11_998), Status::WithinTolerance);
    assert_eq!(status(12_003), Status::Different);
}

#[test]
fn parts_of_a_cycle_are_the_cycle() {
    let part = |first, last, quantity, amount| Vendors {
        entry: Entry { kind: Kind::Change, ..entry(first, last, quantity) },
        amount,
    };
    let whole = ours(entry(0, 29, 10), 12_000);
    assert_eq!(one(&[whole], &[part(0, 14, 10, 6_000), part(15, 29, 10, 6_000)], 0).status, Status::Matched);
    assert_eq!(one(&[whole], &[part(0, 9, 10, 4_000), part(10, 28, 10, 7_600)], 0).cause, Some(Cause::Days));
    // The vendor's legacy example (domain 3.7): 1 seat of 4.00, 2 from the 20th day on.
    let more = ours(Entry { kind: Kind::Change, ..entry(19, 30, 1) }, 155);
    let parts = [part(0, 30, 1, 400), part(0, 30, -1, -400), part(0, 18, 1, 245), part(19, 30, 2, 310)];
    let found = one(&[ours(entry(0, 30, 1), 400), more], &parts, 0);
    assert_eq!((found.status, found.vendors.unwrap().quantity), (Status::Matched, 2));
    // The other way round: ours in parts.
    let ours_parts = [ours(entry(0, 14, 10), 6_000), ours(entry(15, 29, 10), 6_000)];
    assert_eq!(one(&ours_parts, &[part(0, 29, 10, 12_000)], 0).status, Status::Matched);
    // What comes on top of a cycle that is there whole is no part of it.
    let found = reconcile(&[whole], &[part(0, 14, 2, 1_200), part(0, 29, 10, 12_000)], at(0));
    let statuses: Vec<Status> = found.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [Status::Matched, Status::VendorOnly]);
    // What reaches into another cycle is no part of this one.
    assert_eq!(reconcile(&[whole], &[part(-10, 14, 10, 6_000), part(0, 29, 10, 12_000)], at(0)).len(), 2);
}

#[test]
fn a_line_that_stands_twice_is_told() {
    let line = Vendors { entry: entry(0, 29, 10), amount: 12_000 };
    let found = one(&[ours(entry(0, 29, 10), 12_000)], &[line, line], 0);
    assert_eq!((found.cause, found.remark), (Some(Cause::Quantity), Some(Remark::Duplicated)));
    let other = Vendors { amount: 12_001, ..line };
    assert_eq!(one(&[ours(entry(0, 29, 10), 12_000)], &[line, other], 0).remark, None);
}

#[test]
fn seats_have_the_sign_of_what_they_cost() {
    let seats = |quantity, amount, price| signed_seats(quantity, amount, price, Kind::Change, false);
    assert_eq!((seats(10, -9_408, -1), seats(-10, -9_408, 1), seats(12, 11_289, 1)), (-10, -10, 12));
    // 3 seats for a day at 0.0043 come to −0.01, and the 2 that take their place to 0.00.
    assert_eq!((seats(3, -1, -1), seats(2, 0, 1), seats(2, 0, -1), seats(-2, 0, -1)), (-3, 2, -2, -2));
}

#[test]
fn a_free_change_has_no_sign_but_that_of_a_trial() {
    assert_eq!(signed_seats(10, 0, 0, Kind::Cycle, false), 10);
    assert_eq!(signed_seats(10, 0, 0, Kind::Change, false), 0);
    assert_eq!(signed_seats(25, 0, 0, Kind::Change, true), -25);
    assert_eq!(signed_seats(-25, 0, 0, Kind::Change, true), -25);
}

fn entries() -> impl Strategy<Value = (Entry, i64)> {
    let kinds = prop_oneof![4 => Just(Kind::Cycle), 4 => Just(Kind::Change), 1 => Just(Kind::Credit)];
    let told =
        prop_oneof![Just(Told::NoPromotion), Just(Told::Nothing), (0..2_u32).prop_map(Told::Promotion)];
    let price = prop_oneof![
        Just(None),
        Just(Price::from_millionths(12_000_000)),
        Just(Price::from_millionths(13_000_000))
    ];
    let what = (0..2_u32, prop_oneof![Just("EUR"), Just("JPY")], kinds, told, price);
    (what, 0..40_i32, 0..40_i32, 1..30_i64, -500..500_i64).prop_map(
        |((item, code, kind, promotion, unit_price), first, days, quantity, amount)| {
            let entry = Entry {
                item,
                currency: currency(code),
                charge: Period { first: day(first), last: day(first + days) },
                cycle_first: day(first),
                kind,
                quantity: signed_seats(quantity, amount, 0, kind, false),
                unit_price,
                promotion,
            };
            (entry, amount)
        },
    )
}

fn sides() -> impl Strategy<Value = (Vec<Ours>, Vec<Vendors>)> {
    let own = (entries(), -2..3_i64, -2..3_i64).prop_map(|((entry, amount), line, unit)| Ours {
        entry,
        own: amount,
        truncated_line: amount + line,
        truncated_unit: amount + unit,
        undiscounted: 2 * amount,
    });
    let vendors = entries().prop_map(|(entry, amount)| Vendors { entry, amount });
    (proptest::collection::vec(own, 0..8), proptest::collection::vec(vendors, 0..8))
}

proptest! {
    #[test]
    fn nothing_is_lost_and_every_difference_has_a_cause((ours, vendors) in sides(), tolerance in 0..3_000_000_i64) {
        let found = reconcile(&ours, &vendors, at(tolerance));
        let sum = |side: fn(&Compared) -> Option<&Side>| {
            let sides = found.iter().filter_map(side);
            sides.fold((0, 0), |(lines, sum), side| (lines + side.lines as usize, sum + side.amount))
        };
        prop_assert_eq!(sum(|row| row.ours.as_ref()), (ours.len(), ours.iter().map(|line| line.own).sum()));
        prop_assert_eq!(
            sum(|row| row.vendors.as_ref()),
            (vendors.len(), vendors.iter().map(|line| line.amount).sum())
        );
        for row in &found {
            let is_matched = row.status == Status::Matched;
            prop_assert_eq!(row.cause.is_none(), is_matched, "{:?}", row);
            prop_assert!(!is_matched || row.difference() == 0);
            let is_one_sided = row.ours.is_none() || row.vendors.is_none();
            let says_so = matches!(row.status, Status::OursOnly | Status::VendorOnly) || row.cause == Some(Cause::Currency);
            prop_assert_eq!(is_one_sided, says_so, "{:?}", row);
        }
    }

    #[test]
    fn the_order_of_lines_does_not_show((ours, vendors) in sides(), turn in 0..8_usize) {
        let sorted = |ours: &[Ours], vendors: &[Vendors]| {
            let mut found: Vec<String> =
                reconcile(ours, vendors, at(0)).iter().map(|row| format!("{row:?}")).collect();
            found.sort();
            found
        };
        let (mut turned, mut turned_too) = (ours.clone(), vendors.clone());
        turned.rotate_left(turn.min(ours.len()));
        turned_too.rotate_right(turn.min(vendors.len()));
        turned_too.reverse();
        prop_assert_eq!(sorted(&ours, &vendors), sorted(&turned, &turned_too));
    }

    #[test]
    fn our_own_lines_make_no_difference((ours, _) in sides()) {
        let same: Vec<Vendors> =
            ours.iter().map(|line| Vendors { entry: line.entry, amount: line.own }).collect();
        for row in reconcile(&ours, &same, at(0)) {
            prop_assert_eq!(row.status, Status::Matched, "{:?}", row);
        }
    }
}
