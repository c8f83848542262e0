//! Stories about scheduled changes: what is to be different at the renewal, and what a later event makes void.

use super::book::{Desk, Scheduled, Subscription};
use super::catalogue::{Cycle, M365_E5, OFFICE_E1, OFFICE_E3, Product, Term};
use super::days::{Stamp, at, day};
use super::offers::BRIDGE;
use super::stories::Story;
use chrono::NaiveDateTime;

pub(crate) const STORIES: &[Story] = &[
    Story::new("fewer seats from the renewal on", quantity),
    Story::new("a longer term from the renewal on", term),
    Story::new("another billing cycle from the renewal on", cycle),
    Story::new("another product from the renewal on", product),
    Story::new("a promotion from the renewal on", promotion),
    Story::new("a renewal that ends with the quarter", term_end),
    Story::new("a monthly term that becomes a year", month_to_year),
    Story::new("void after a seat change", voided_by_seats),
    Story::new("void after a suspension", voided_by_suspension),
    Story::new("the later of two", later_of_two),
    Story::new("for a renewal to come", to_come),
    Story::new("a longer term that the promotion held does not name", term_without_promotion),
    Story::new("a month that can't be billed by the year", month_by_the_year).refusing(),
    Story::new("a renewal beyond its term", beyond_term).refusing(),
    Story::new("a month that can't end on the 28th", month_until_28th).refusing(),
];

const MONTHLY_YEAR: (Term, Cycle) = (Term::P1Y, Cycle::Monthly);

fn on_the_second() -> NaiveDateTime {
    at(day(2026, 11, 2), 10, 0, 0)
}

/// A year that renews on 17 November.
fn renewing(desk: &mut Desk<'_>, product: &'static Product) -> Subscription {
    let mut subscription = desk.renewed(product, MONTHLY_YEAR, day(2025, 11, 17));
    subscription.quantity = desk.dice.between(12, 90);
    subscription
}

fn renews_with(desk: &mut Desk<'_>, product: &'static Product, change: Scheduled) {
    let subscription = renewing(desk, product);
    desk.scheduled(&subscription, on_the_second(), change);
    desk.file(subscription);
}

fn quantity(desk: &mut Desk<'_>) {
    let product = desk.product(Term::P1Y);
    renews_with(desk, product, Scheduled { quantity: Some(8), ..Scheduled::default() });
}

fn term(desk: &mut Desk<'_>) {
    let product = desk.product(Term::P3Y);
    let change = Scheduled { term: Some(Term::P3Y), cycle: Some(Cycle::Annual), ..Scheduled::default() };
    renews_with(desk, product, change);
}

fn cycle(desk: &mut Desk<'_>) {
    let product = desk.product(Term::P1Y);
    renews_with(desk, product, Scheduled { cycle: Some(Cycle::Annual), ..Scheduled::default() });
}

fn product(desk: &mut Desk<'_>) {
    renews_with(desk, &OFFICE_E1, Scheduled { product: Some(&OFFICE_E3), ..Scheduled::default() });
}

fn promotion(desk: &mut Desk<'_>) {
    renews_with(desk, &M365_E5, Scheduled { promotion_id: BRIDGE.id, ..Scheduled::default() });
}

fn term_end(desk: &mut Desk<'_>) {
    let product = desk.product(Term::P1Y);
    renews_with(desk, product, Scheduled { term_end: Some(day(2027, 9, 30)), ..Scheduled::default() });
}

/// A month that renews on 19 November.
fn month_renews_with(desk: &mut Desk<'_>, change: Scheduled) {
    let product = desk.product(Term::P1M);
    let subscription = desk.renewed(product, (Term::P1M, Cycle::Monthly), day(2026, 10, 19));
    desk.scheduled(&subscription, on_the_second(), change);
    desk.file(subscription);
}

fn month_to_year(desk: &mut Desk<'_>) {
    let change = Scheduled { term: Some(Term::P1Y), cycle: Some(Cycle::Monthly), ..Scheduled::default() };
    month_renews_with(desk, change);
}

/// A change of seats that comes later makes it void (R46).
fn voided_by_seats(desk: &mut Desk<'_>) {
    let product = desk.product(Term::P1Y);
    let subscription = renewing(desk, product);
    desk.scheduled(&subscription, on_the_second(), Scheduled { quantity: Some(5), ..Scheduled::default() });
    let when = desk.office_hours(day(2026, 11, 5));
    let seats = subscription.quantity;
    desk.seats_changed(&subscription, Stamp::utc(when), seats + 3, Some(seats), "");
    desk.file(subscription);
}

fn voided_by_suspension(desk: &mut Desk<'_>) {
    let product = desk.product(Term::P1Y);
    let subscription = renewing(desk, product);
    desk.scheduled(&subscription, on_the_second(), Scheduled { quantity: Some(5), ..Scheduled::default() });
    desk.happened(&subscription, at(day(2026, 11, 4), 8, 0, 0), "suspend");
    desk.happened(&subscription, at(day(2026, 11, 6), 8, 0, 0), "reactivate");
    desk.file(subscription);
}

fn later_of_two(desk: &mut Desk<'_>) {
    let product = desk.product(Term::P1Y);
    let subscription = renewing(desk, product);
    desk.scheduled(&subscription, on_the_second(), Scheduled { quantity: Some(5), ..Scheduled::default() });
    let later = at(day(2026, 11, 10), 10, 0, 0);
    desk.scheduled(&subscription, later, Scheduled { quantity: Some(7), ..Scheduled::default() });
    desk.file(subscription);
}

fn to_come(desk: &mut Desk<'_>) {
    let product = desk.product(Term::P1Y);
    let subscription = desk.renewed(product, MONTHLY_YEAR, day(2025, 12, 14));
    let change = Scheduled { quantity: Some(6), cycle: Some(Cycle::Annual), ..Scheduled::default() };
    desk.scheduled(&subscription, on_the_second(), change);
    desk.file(subscription);
}

/// Bridge to the Cloud is for a year; its window holds the renewal of 17 November, but not the three years (A22).
fn term_without_promotion(desk: &mut Desk<'_>) {
    let mut subscription = renewing(desk, &M365_E5);
    subscription.promotion_id = BRIDGE.id;
    let cycle = desk.dice.pick(&[Cycle::Monthly, Cycle::Annual]);
    let change = Scheduled { term: Some(Term::P3Y), cycle: Some(cycle), ..Scheduled::default() };
    desk.scheduled(&subscription, on_the_second(), change);
    desk.file(subscription);
}

/// What can't be is refused, and the renewal goes on without it (A24).
fn month_by_the_year(desk: &mut Desk<'_>) {
    month_renews_with(desk, Scheduled { cycle: Some(Cycle::Annual), ..Scheduled::default() });
}

fn beyond_term(desk: &mut Desk<'_>) {
    let product = desk.product(Term::P1Y);
    renews_with(desk, product, Scheduled { term_end: Some(day(2027, 11, 30)), ..Scheduled::default() });
}

fn month_until_28th(desk: &mut Desk<'_>) {
    month_renews_with(desk, Scheduled { term_end: Some(day(2026, 11, 28)), ..Scheduled::default() });
}
