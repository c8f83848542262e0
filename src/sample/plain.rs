//! The unremarkable five sixths of the book: purchases and renewals of all terms, some with more or fewer seats since.
//!
//! `SUB-00000017`: 24 seats of Office 365 E3 for a year, monthly, renewed on 2026-03-09, 6 seats added on 2026-11-04.
//! Nothing here is ever refused: seats go down only within the week in which they were added.

use super::Profile;
use super::book::{Desk, Subscription};
use super::catalogue::{Cycle, Term};
use super::days::{AS_OF, FROM, Stamp, add_days, days_before, days_from, hours_after};
use super::promotions::could_be_held;
use chrono::NaiveDate;

/// Adds one unremarkable subscription.
pub(crate) fn add(desk: &mut Desk<'_>, profile: Profile) {
    let subscription = drawn(desk, profile);
    // Who does not renew may have ended before the change.
    if subscription.auto_renew && desk.dice.per_mille(220) {
        change_seats(desk, &subscription);
    }
    desk.file(subscription);
}

fn drawn(desk: &mut Desk<'_>, profile: Profile) -> Subscription {
    let (term, cycle) = term_and_cycle(desk);
    let product = desk.product(term);
    let term_start = start(desk, term);
    let is_renewal = desk.dice.per_mille(550);
    let mut subscription = if is_renewal {
        desk.renewed(product, (term, cycle), term_start)
    } else {
        desk.draft(product, (term, cycle), term_start)
    };
    if is_renewal && desk.dice.per_mille(700) {
        let held = could_be_held(product, term, cycle, term_start);
        subscription.promotion_id = if held.is_empty() { "" } else { desk.dice.pick(&held) };
    }
    match profile {
        Profile::Plain => {
            subscription.bill_to_id = String::new();
            subscription.ordered_at = Stamp::Nothing;
        }
        Profile::Full => {
            subscription.auto_renew = !desk.dice.per_mille(40);
            if desk.dice.per_mille(80) {
                subscription.partner_id = desk.customer.partners[1].clone();
            }
            if desk.dice.per_mille(100) {
                subscription.tax_code = "";
            }
            join_order(desk, &mut subscription);
        }
    }
    subscription
}

/// Now and then something was bought in one order with what came before it.
fn join_order(desk: &mut Desk<'_>, subscription: &mut Subscription) {
    let joins = subscription.origin == "purchase" && desk.dice.per_mille(300);
    if let Some(previous) = desk.rows.subscriptions.last()
        && joins
        && previous.origin == "purchase"
        && previous.term == subscription.term
        && previous.commerce == "new"
        && previous.status == "active"
    {
        subscription.order_id.clone_from(&previous.order_id);
        subscription.ordered_at = previous.ordered_at;
        subscription.term_start = previous.term_start;
    }
}

fn term_and_cycle(desk: &mut Desk<'_>) -> (Term, Cycle) {
    match desk.dice.below(100) {
        0..18 => (Term::P1M, Cycle::Monthly),
        18..62 => (Term::P1Y, Cycle::Monthly),
        62..76 => (Term::P1Y, Cycle::Annual),
        76..82 => (Term::P1Y, Cycle::Upfront),
        82..91 => (Term::P3Y, Cycle::Monthly),
        91..97 => (Term::P3Y, Cycle::Annual),
        _ => (Term::P3Y, Cycle::Upfront),
    }
}

/// A start whose term runs, ends or renews in the billed month; some are older and have renewed since.
fn start(desk: &mut Desk<'_>, term: Term) -> NaiveDate {
    let days_back = match term {
        Term::P1M => {
            let days = if desk.dice.per_mille(800) { 60 } else { 200 };
            desk.dice.below(days)
        }
        Term::P1Y => desk.dice.below(420),
        Term::P3Y => desk.dice.below(1_140),
    };
    days_before(AS_OF, days_back)
}

/// One to three additions, and sometimes a part of one taken back while it can still be refunded (R34).
fn change_seats(desk: &mut Desk<'_>, subscription: &Subscription) {
    let first = add_days(subscription.term_start, 1).max(days_before(FROM, 60));
    let mut seats = subscription.quantity;
    let mut day = first;
    for _ in 0..desk.dice.between(1, 3) {
        let left = days_from(day, AS_OF);
        if left < 2 {
            return;
        }
        day = add_days(day, desk.dice.below(left));
        let changed_at = desk.office_hours(day);
        let added = desk.dice.between(1, seats.div_ceil(4).max(2));
        record(desk, subscription, Stamp::utc(changed_at), seats, seats + added);
        seats += added;
        if desk.dice.per_mille(200) {
            let taken_at = hours_after(changed_at, desk.dice.between(20, 160));
            let taken = desk.dice.between(1, added);
            record(desk, subscription, Stamp::utc(taken_at), seats, seats - taken);
            seats -= taken;
            day = taken_at.date();
        }
        // The next one on another day, so that no two stand at one instant.
        day = add_days(day, 1);
    }
}

fn record(desk: &mut Desk<'_>, of: &Subscription, when: Stamp, before: u32, after: u32) {
    let says_before = desk.dice.per_mille(500);
    desk.seats_changed(of, when, after, says_before.then_some(before), "");
}
