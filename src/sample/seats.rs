//! Stories about seats: added and taken away inside and outside their week, several on a day, on a cycle's first day,
//! at the very instant of a renewal.

use super::book::{Desk, Subscription};
use super::catalogue::{Cycle, Term};
use super::days::{Stamp, at, day, hours_after};
use super::stories::Story;
use chrono::{NaiveDate, TimeDelta};

pub(crate) const STORIES: &[Story] = &[
    Story::new("up and down within a week", within_week),
    Story::new("down after exactly 168 hours", exactly_a_week),
    Story::new("down a second after the week", second_too_late).refusing(),
    Story::new("down outside the week", outside_week).refusing(),
    Story::new("more down than can be refunded", more_than_batch).refusing(),
    Story::new("down within a week of the renewal", after_renewal),
    Story::new("down within a week of the purchase", after_purchase),
    Story::new("several on one day", several_on_a_day),
    Story::new("two at one instant", two_at_one_instant),
    Story::new("on a cycle's first day", first_day_of_cycle),
    Story::new("at the renewal's instant", at_renewal),
    Story::new("the day before the renewal", before_renewal),
    Story::new("late in the day elsewhere", elsewhere),
    Story::new("quantity as of a later day", quantity_as_of),
    Story::new("quantity as of a change", quantity_as_of_change),
    Story::new("to the seats held already", no_change),
    Story::new("after the book's day", after_as_of),
];

const MONTHLY_YEAR: (Term, Cycle) = (Term::P1Y, Cycle::Monthly);

/// Forty seats of something for a year, charged monthly, bought at nine in the morning.
fn forty(desk: &mut Desk<'_>, from: NaiveDate) -> Subscription {
    let product = desk.product(Term::P1Y);
    let mut subscription = desk.draft(product, MONTHLY_YEAR, from);
    subscription.ordered_at = Stamp::utc(at(from, 9, 0, 0));
    subscription.quantity = 40;
    subscription
}

fn within_week(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2026, 6, 11));
    let added_at = desk.office_hours(day(2026, 11, 9));
    desk.seats_changed(&subscription, Stamp::utc(added_at), 60, Some(40), "");
    desk.seats_changed(&subscription, Stamp::utc(hours_after(added_at, 96)), 45, Some(60), "");
    desk.file(subscription);
}

fn down_after(desk: &mut Desk<'_>, seconds: i64, to: u32) {
    let subscription = forty(desk, day(2026, 8, 19));
    let added_at = at(day(2026, 11, 10), 9, 0, 0);
    desk.seats_changed(&subscription, Stamp::utc(added_at), 60, Some(40), "");
    desk.seats_changed(&subscription, Stamp::utc(added_at + TimeDelta::seconds(seconds)), to, Some(60), "");
    desk.file(subscription);
}

/// Both windows are inclusive (A12).
fn exactly_a_week(desk: &mut Desk<'_>) {
    down_after(desk, 168 * 3_600, 45);
}

fn second_too_late(desk: &mut Desk<'_>) {
    down_after(desk, 168 * 3_600 + 1, 45);
}

/// The 20 added seats could still be refunded, the 5 of the purchase can't: all or nothing (A14).
fn more_than_batch(desk: &mut Desk<'_>) {
    down_after(desk, 24 * 3_600, 35);
}

fn outside_week(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2026, 3, 4));
    let when = desk.office_hours(day(2026, 11, 17));
    desk.seats_changed(&subscription, Stamp::utc(when), 30, Some(40), "");
    desk.file(subscription);
}

fn after_renewal(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2025, 11, 12));
    let when = desk.office_hours(day(2026, 11, 16));
    desk.seats_changed(&subscription, Stamp::utc(when), 33, Some(40), "");
    desk.file(subscription);
}

fn after_purchase(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2026, 11, 5));
    desk.seats_changed(&subscription, Stamp::utc(at(day(2026, 11, 12), 9, 0, 0)), 39, Some(40), "");
    desk.file(subscription);
}

fn several_on_a_day(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2026, 5, 22));
    for (number, (hour, before, after)) in [(8, 40, 50), (11, 50, 48), (16, 48, 55)].into_iter().enumerate() {
        let when = Stamp::utc(at(day(2026, 11, 18), hour, 20, 0));
        desk.seats_changed(&subscription, when, after, Some(before), &format!("CHG-{number}"));
    }
    desk.file(subscription);
}

/// Their ids say which came first (C12).
fn two_at_one_instant(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2026, 4, 14));
    let when = Stamp::utc(at(day(2026, 11, 19), 12, 0, 0));
    desk.seats_changed(&subscription, when, 44, Some(40), "CHG-1");
    desk.seats_changed(&subscription, when, 47, Some(44), "CHG-2");
    desk.file(subscription);
}

fn first_day_of_cycle(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2026, 3, 9));
    let when = desk.office_hours(day(2026, 11, 9));
    desk.seats_changed(&subscription, Stamp::utc(when), 52, None, "");
    desk.file(subscription);
}

/// The renewal happens first (B31).
fn at_renewal(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2025, 11, 12));
    desk.seats_changed(&subscription, Stamp::utc(at(day(2026, 11, 12), 0, 0, 0)), 46, Some(40), "");
    desk.file(subscription);
}

fn before_renewal(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2025, 11, 20));
    desk.seats_changed(&subscription, Stamp::utc(at(day(2026, 11, 19), 23, 59, 59)), 48, Some(40), "");
    desk.file(subscription);
}

/// 23:30 five hours behind is the next day in UTC (D1).
fn elsewhere(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2026, 7, 6));
    desk.seats_changed(&subscription, Stamp::At(at(day(2026, 11, 6), 4, 30, 0), -300), 43, None, "");
    desk.file(subscription);
}

/// The row says the seats of 1 November; two earlier changes are walked back from there.
fn quantity_as_of(desk: &mut Desk<'_>) {
    let mut subscription = forty(desk, day(2026, 6, 10));
    subscription.quantity = 65;
    subscription.quantity_as_of = Stamp::utc(at(day(2026, 11, 1), 0, 0, 0));
    for (on, before, after) in
        [(day(2026, 7, 15), 40, 50), (day(2026, 10, 20), 50, 65), (day(2026, 11, 13), 65, 70)]
    {
        let when = desk.office_hours(on);
        desk.seats_changed(&subscription, Stamp::utc(when), after, Some(before), "");
    }
    desk.file(subscription);
}

/// A change at exactly that instant is in the quantity (C25).
fn quantity_as_of_change(desk: &mut Desk<'_>) {
    let mut subscription = forty(desk, day(2026, 9, 2));
    let when = Stamp::utc(at(day(2026, 11, 11), 10, 0, 0));
    subscription.quantity = 58;
    subscription.quantity_as_of = when;
    desk.seats_changed(&subscription, when, 58, Some(40), "");
    desk.file(subscription);
}

fn no_change(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2026, 8, 3));
    let when = desk.office_hours(day(2026, 11, 16));
    desk.seats_changed(&subscription, Stamp::utc(when), 40, Some(40), "");
    desk.file(subscription);
}

fn after_as_of(desk: &mut Desk<'_>) {
    let subscription = forty(desk, day(2026, 9, 24));
    desk.seats_changed(&subscription, Stamp::utc(at(day(2026, 12, 2), 9, 30, 0)), 50, Some(40), "");
    desk.file(subscription);
}
