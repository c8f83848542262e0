//! Stories about life events: cancellations in and out of time, suspensions, trials, migrations from legacy.

use super::book::{Desk, Subscription};
use super::catalogue::{BUSINESS_BASIC, BUSINESS_PREMIUM, Cycle, LEGACY_E3, OFFICE_E3, Product, Term};
use super::days::{Stamp, at, day, hours_after};
use super::stories::Story;
use chrono::{NaiveDate, NaiveDateTime};

pub(crate) const STORIES: &[Story] = &[
    Story::new("cancelled within a day", within_day),
    Story::new("cancelled after exactly 24 hours", exactly_a_day),
    Story::new("cancelled within a week", within_week),
    Story::new("cancelled after exactly 168 hours", exactly_a_week),
    Story::new("cancelled later", later),
    Story::new("cancelled at a renewal", at_renewal),
    Story::new("suspended", suspended),
    Story::new("suspended and reactivated", reactivated),
    Story::new("suspended over the renewal", over_renewal),
    Story::new("suspended twice", suspended_twice),
    Story::new("legacy", legacy),
    Story::new("legacy by the year", legacy_annual),
    Story::new("legacy suspended", legacy_suspended),
    Story::new("legacy suspended and reactivated", legacy_reactivated),
    Story::new("migrated", migrated).needs(2),
    Story::new("trial that becomes paid", trial_ends),
    Story::new("trial converted early", trial_converted),
    Story::new("trial that runs", trial_runs),
    Story::new("trial cancelled", trial_cancelled),
    Story::new("trial that stops", trial_stops),
];

const MONTHLY_YEAR: (Term, Cycle) = (Term::P1Y, Cycle::Monthly);

fn bought(desk: &mut Desk<'_>, on: NaiveDate) -> Subscription {
    let product = desk.product(Term::P1Y);
    let cycle = desk.dice.pick(&[Cycle::Monthly, Cycle::Monthly, Cycle::Annual]);
    let mut subscription = desk.draft(product, (Term::P1Y, cycle), on);
    subscription.ordered_at = Stamp::utc(at(on, 10, 0, 0));
    subscription
}

fn cancelled_after(desk: &mut Desk<'_>, hours: u32) {
    let on = day(2026, 11, 9);
    let subscription = bought(desk, on);
    desk.happened(&subscription, hours_after(at(on, 10, 0, 0), hours), "cancel");
    desk.file(subscription);
}

fn within_day(desk: &mut Desk<'_>) {
    cancelled_after(desk, 7);
}

/// Both windows are inclusive (A12).
fn exactly_a_day(desk: &mut Desk<'_>) {
    cancelled_after(desk, 24);
}

fn within_week(desk: &mut Desk<'_>) {
    cancelled_after(desk, 75);
}

fn exactly_a_week(desk: &mut Desk<'_>) {
    cancelled_after(desk, 168);
}

fn later(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 4, 27));
    let when = desk.office_hours(day(2026, 11, 12));
    desk.happened(&subscription, when, "cancel");
    desk.file(subscription);
}

fn at_renewal(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2025, 11, 17));
    let when = desk.office_hours(day(2026, 11, 19));
    desk.happened(&subscription, when, "cancel");
    desk.file(subscription);
}

fn suspended(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 2, 13));
    let when = desk.office_hours(day(2026, 11, 10));
    desk.happened(&subscription, when, "suspend");
    desk.file(subscription);
}

/// Reactivated before the term's end it renews (A25).
fn reactivated(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2025, 11, 25));
    desk.happened(&subscription, at(day(2026, 11, 10), 8, 0, 0), "suspend");
    desk.happened(&subscription, at(day(2026, 11, 18), 15, 45, 0), "reactivate");
    desk.file(subscription);
}

fn over_renewal(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2025, 11, 20));
    desk.happened(&subscription, at(day(2026, 11, 12), 8, 0, 0), "suspend");
    desk.file(subscription);
}

/// The second suspension changes nothing (D4).
fn suspended_twice(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 1, 26));
    desk.happened(&subscription, at(day(2026, 11, 5), 8, 0, 0), "suspend");
    desk.happened(&subscription, at(day(2026, 11, 6), 8, 0, 0), "suspend");
    desk.file(subscription);
}

fn of_legacy(desk: &mut Desk<'_>, cycle: Cycle, from: NaiveDate) -> Subscription {
    let mut subscription = desk.renewed(&LEGACY_E3, (Term::P1Y, cycle), from);
    subscription.commerce = "legacy";
    subscription
}

fn legacy(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2026, 3, 5), day(2025, 11, 8), day(2026, 8, 31)]);
    let subscription = of_legacy(desk, Cycle::Monthly, from);
    desk.file(subscription);
}

fn legacy_annual(desk: &mut Desk<'_>) {
    let subscription = of_legacy(desk, Cycle::Annual, day(2025, 11, 24));
    desk.file(subscription);
}

fn legacy_suspended(desk: &mut Desk<'_>) {
    let subscription = of_legacy(desk, Cycle::Monthly, day(2026, 5, 4));
    desk.happened(&subscription, at(day(2026, 11, 11), 9, 0, 0), "suspend");
    desk.file(subscription);
}

fn legacy_reactivated(desk: &mut Desk<'_>) {
    let subscription = of_legacy(desk, Cycle::Monthly, day(2026, 6, 12));
    desk.happened(&subscription, at(day(2026, 10, 20), 9, 0, 0), "suspend");
    desk.happened(&subscription, at(day(2026, 11, 18), 9, 0, 0), "reactivate");
    desk.file(subscription);
}

/// The legacy subscription ends, and the book holds the one that it became (B6).
fn migrated(desk: &mut Desk<'_>) {
    let when: NaiveDateTime = at(day(2026, 11, 10), 11, 30, 0);
    let old = of_legacy(desk, Cycle::Monthly, day(2026, 3, 17));
    desk.happened(&old, when, "migrate");
    let mut new = desk.draft(&OFFICE_E3, MONTHLY_YEAR, when.date());
    new.origin = "migration";
    new.ordered_at = Stamp::utc(when);
    new.quantity = old.quantity;
    desk.file(old);
    desk.file(new);
}

fn trial(desk: &mut Desk<'_>, from: NaiveDate) -> Subscription {
    let products: [&'static Product; 2] = [&BUSINESS_BASIC, &BUSINESS_PREMIUM];
    let product = desk.dice.pick(&products);
    let mut subscription = desk.draft(product, (Term::P1M, Cycle::Monthly), from);
    subscription.ordered_at = Stamp::utc(at(from, 9, 0, 0));
    subscription.origin = "trial";
    subscription.quantity = desk.dice.pick(&[25, 25, 10]);
    subscription
}

fn trial_ends(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2026, 10, 14), day(2026, 10, 2)]);
    let subscription = trial(desk, from);
    desk.file(subscription);
}

fn trial_converted(desk: &mut Desk<'_>) {
    let subscription = trial(desk, day(2026, 11, 3));
    desk.happened(&subscription, at(day(2026, 11, 13), 14, 0, 0), "convert_trial");
    if let Some(event) = desk.rows.lifecycle_events.last_mut() {
        "30".clone_into(&mut event[3]);
        if desk.dice.per_mille(500) {
            "P1Y".clone_into(&mut event[7]);
            "annual".clone_into(&mut event[8]);
        }
    }
    desk.file(subscription);
}

fn trial_runs(desk: &mut Desk<'_>) {
    let subscription = trial(desk, day(2026, 11, 17));
    desk.file(subscription);
}

fn trial_cancelled(desk: &mut Desk<'_>) {
    let subscription = trial(desk, day(2026, 11, 4));
    desk.happened(&subscription, at(day(2026, 11, 20), 9, 30, 0), "cancel");
    desk.file(subscription);
}

fn trial_stops(desk: &mut Desk<'_>) {
    let mut subscription = trial(desk, day(2026, 10, 12));
    subscription.auto_renew = false;
    desk.file(subscription);
}
