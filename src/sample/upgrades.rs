//! Stories about upgrades, and about billing plans and terms that change inside a term.

use super::book::{Desk, Subscription};
use super::catalogue::{Cycle, M365_E3, OFFICE_E1, OFFICE_E3, Product, Term};
use super::days::{Stamp, at, day};
use super::stories::Story;
use chrono::{NaiveDate, NaiveDateTime};

pub(crate) const STORIES: &[Story] = &[
    Story::new("upgraded wholly", wholly),
    Story::new("upgraded and renewed", and_renewed),
    Story::new("upgraded on a cycle's first day", on_first_day),
    Story::new("upgraded in part", in_part),
    Story::new("upgraded in part and grown since", in_part_and_grown),
    Story::new("upgraded into another", into_another).needs(2),
    Story::new("upgraded into another, all of it", all_into_another).needs(2),
    Story::new("a row that an upgrade opened", row_that_was_opened).needs(2),
    Story::new("upgraded seats taken away", then_taken_away).refusing(),
    Story::new("upgraded to another term", to_another_term).refusing(),
    Story::new("upgraded to nothing", to_nothing).refusing(),
    Story::new("more upgraded than held", more_than_held).refusing(),
    Story::new("billed by the year from the next cycle", annual_from_next),
    Story::new("billed by the month from the next year", monthly_from_next),
    Story::new("billed by the year, in a year", of_a_year).refusing(),
    Story::new("a longer term", longer),
    Story::new("from months to a year", month_to_year),
    Story::new("a shorter term", shorter).refusing(),
];

const MONTHLY_YEAR: (Term, Cycle) = (Term::P1Y, Cycle::Monthly);

fn november_16() -> NaiveDateTime {
    at(day(2026, 11, 16), 13, 0, 0)
}

/// What a lifecycle event says beside its kind; what stays empty is not said.
#[derive(Clone, Copy, Default)]
struct Says<'a> {
    seats: &'a str,
    target: &'a str,
    product: Option<&'static Product>,
    term: Option<Term>,
    cycle: Option<Cycle>,
}

fn happens(desk: &mut Desk<'_>, to: &Subscription, when: NaiveDateTime, kind: &str, says: Says<'_>) {
    desk.happened(to, when, kind);
    if let Some(event) = desk.rows.lifecycle_events.last_mut() {
        says.seats.clone_into(&mut event[3]);
        says.target.clone_into(&mut event[4]);
        says.product.map(|product| product.product_id).unwrap_or_default().clone_into(&mut event[5]);
        says.product.map(|product| product.sku_id).unwrap_or_default().clone_into(&mut event[6]);
        says.term.map(Term::name).unwrap_or_default().clone_into(&mut event[7]);
        says.cycle.map(Cycle::name).unwrap_or_default().clone_into(&mut event[8]);
    }
}

fn upgrade(desk: &mut Desk<'_>, from: &Subscription, when: NaiveDateTime, says: Says<'_>) {
    happens(desk, from, when, "upgrade", says);
}

fn bought(desk: &mut Desk<'_>, on: NaiveDate, quantity: u32) -> Subscription {
    let mut subscription = desk.draft(&OFFICE_E1, MONTHLY_YEAR, on);
    subscription.quantity = quantity;
    subscription
}

const TO_E3: Says<'_> = Says { seats: "", target: "", product: Some(&OFFICE_E3), term: None, cycle: None };

/// All seats, for the days left (B1).
fn wholly(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 6, 9), 24);
    upgrade(desk, &subscription, november_16(), TO_E3);
    desk.file(subscription);
}

/// It renews as what it became.
fn and_renewed(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2025, 11, 24), 12);
    upgrade(desk, &subscription, november_16(), TO_E3);
    desk.file(subscription);
}

/// The cycle is charged and then refunded (B12).
fn on_first_day(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 7, 16), 8);
    upgrade(desk, &subscription, november_16(), TO_E3);
    desk.file(subscription);
}

/// Thirty of a hundred seats open a subscription of their own (B3).
fn in_part(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 6, 9), 100);
    let target = format!("{}-UP", subscription.subscription_id);
    upgrade(desk, &subscription, november_16(), Says { seats: "30", target: &target, ..TO_E3 });
    desk.file(subscription);
}

/// The opened subscription has seat changes of its own, under its own id.
fn in_part_and_grown(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 8, 20), 40);
    let target = format!("{}-UP", subscription.subscription_id);
    upgrade(desk, &subscription, november_16(), Says { seats: "10", target: &target, ..TO_E3 });
    let opened = Subscription { subscription_id: target, ..subscription.clone() };
    desk.seats_changed(&opened, Stamp::utc(at(day(2026, 11, 19), 9, 0, 0)), 15, Some(10), "");
    desk.file(subscription);
}

/// Its own price and days left hold for the seats that it receives (B4).
fn moved(desk: &mut Desk<'_>, seats: &str) {
    let source = bought(desk, day(2026, 5, 11), 20);
    let mut target = desk.draft(&OFFICE_E3, MONTHLY_YEAR, day(2026, 9, 4));
    (target.segment, target.quantity) = (source.segment, 35);
    target.bill_to_id.clone_from(&source.bill_to_id);
    let id = target.subscription_id.clone();
    upgrade(desk, &source, november_16(), Says { seats, target: &id, ..TO_E3 });
    desk.file(source);
    desk.file(target);
}

fn into_another(desk: &mut Desk<'_>) {
    moved(desk, "7");
}

/// Nothing is left of the source: it ends.
fn all_into_another(desk: &mut Desk<'_>) {
    moved(desk, "");
}

/// The extract of a later night has a row for what the upgrade opened (B5).
fn row_that_was_opened(desk: &mut Desk<'_>) {
    let source = bought(desk, day(2026, 3, 4), 60);
    let mut opened = desk.draft(&OFFICE_E3, MONTHLY_YEAR, november_16().date());
    (opened.segment, opened.quantity, opened.origin) = (source.segment, 25, "upgrade");
    opened.term_end = Some(day(2027, 3, 3));
    opened.ordered_at = Stamp::utc(november_16());
    let id = opened.subscription_id.clone();
    upgrade(desk, &source, november_16(), Says { seats: "25", target: &id, ..TO_E3 });
    desk.file(source);
    desk.file(opened);
}

/// What an upgrade moved can't be refunded (B2).
fn then_taken_away(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 4, 8), 16);
    upgrade(desk, &subscription, november_16(), TO_E3);
    desk.seats_changed(&subscription, Stamp::utc(at(day(2026, 11, 18), 9, 0, 0)), 10, Some(16), "");
    desk.file(subscription);
}

fn to_another_term(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 4, 8), 16);
    upgrade(desk, &subscription, november_16(), Says { term: Some(Term::P3Y), ..TO_E3 });
    desk.file(subscription);
}

fn to_nothing(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 4, 8), 16);
    upgrade(desk, &subscription, november_16(), Says::default());
    desk.file(subscription);
}

fn more_than_held(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 4, 8), 16);
    upgrade(desk, &subscription, november_16(), Says { seats: "17", ..TO_E3 });
    desk.file(subscription);
}

/// The months left of the contract year are one stub (B10).
fn annual_from_next(desk: &mut Desk<'_>) {
    let subscription = desk.draft(&M365_E3, (Term::P3Y, Cycle::Monthly), day(2025, 6, 20));
    let says = Says { cycle: Some(Cycle::Annual), ..Says::default() };
    happens(desk, &subscription, at(day(2026, 11, 3), 8, 0, 0), "change_billing_cycle", says);
    desk.file(subscription);
}

fn monthly_from_next(desk: &mut Desk<'_>) {
    let subscription = desk.draft(&M365_E3, (Term::P3Y, Cycle::Annual), day(2024, 11, 23));
    let says = Says { cycle: Some(Cycle::Monthly), ..Says::default() };
    happens(desk, &subscription, at(day(2026, 10, 5), 8, 0, 0), "change_billing_cycle", says);
    desk.file(subscription);
}

/// Only three years change their billing plan.
fn of_a_year(desk: &mut Desk<'_>) {
    let subscription = bought(desk, day(2026, 4, 8), 16);
    let says = Says { cycle: Some(Cycle::Annual), ..Says::default() };
    happens(desk, &subscription, november_16(), "change_billing_cycle", says);
    desk.file(subscription);
}

/// The old cycle's days left are refunded, and the new term begins (B11).
fn changed_to(desk: &mut Desk<'_>, (term, cycle): (Term, Cycle), start: NaiveDate, to: Term) {
    let subscription = desk.draft(&M365_E3, (term, cycle), start);
    let says = Says { term: Some(to), cycle: Some(Cycle::Monthly), ..Says::default() };
    happens(desk, &subscription, november_16(), "change_term", says);
    desk.file(subscription);
}

fn longer(desk: &mut Desk<'_>) {
    changed_to(desk, MONTHLY_YEAR, day(2026, 6, 18), Term::P3Y);
}

fn month_to_year(desk: &mut Desk<'_>) {
    changed_to(desk, (Term::P1M, Cycle::Monthly), day(2026, 11, 2), Term::P1Y);
}

fn shorter(desk: &mut Desk<'_>) {
    changed_to(desk, MONTHLY_YEAR, day(2026, 6, 18), Term::P1M);
}
