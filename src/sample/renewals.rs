//! Stories about renewals that a rule stands in the way of: a product without a price any more, a customer that lost
//! its qualification.
//!
//! Project Online Essentials (its product id here is made up) has a price until 30 September 2026: a year that ends on
//! 16 November can't be renewed.

use super::book::{Desk, Subscription};
use super::catalogue::{BUSINESS_BASIC, Cycle, OFFICE_E1, PROJECT_ESSENTIALS, Product, Segment, Term};
use super::customers::Customer;
use super::days::{Stamp, day};
use super::stories::{Story, commercial};

pub(crate) const STORIES: &[Story] = &[
    Story::new("no price at the renewal", without_price).refusing(),
    Story::new("more seats and no price at the renewal", grown_without_price).refusing(),
    Story::new("no longer a nonprofit at the renewal", no_longer_nonprofit).fitting(no_nonprofit).refusing(),
];

fn no_nonprofit(customer: &Customer) -> bool {
    commercial(customer) && !customer.may_buy(Segment::Charity)
}

/// A year that ends on 16 November; nothing of it is charged in the billed month.
fn withdrawn(desk: &mut Desk<'_>) -> Subscription {
    let cycle = desk.dice.pick(&[Cycle::Monthly, Cycle::Annual]);
    desk.renewed(&PROJECT_ESSENTIALS, (Term::P1Y, cycle), day(2025, 11, 17))
}

fn without_price(desk: &mut Desk<'_>) {
    let subscription = withdrawn(desk);
    desk.file(subscription);
}

/// The seats are billed at the term's price, and so the finding is a flag (A21).
fn grown_without_price(desk: &mut Desk<'_>) {
    let subscription = withdrawn(desk);
    let when = desk.office_hours(day(2026, 11, 5));
    let seats = subscription.quantity;
    desk.seats_changed(&subscription, Stamp::utc(when), seats + 4, Some(seats), "");
    desk.file(subscription);
}

/// It renews in the segment that it was bought in, and is billed and flagged (B17).
fn no_longer_nonprofit(desk: &mut Desk<'_>) {
    let products: [&'static Product; 2] = [&BUSINESS_BASIC, &OFFICE_E1];
    let product = desk.dice.pick(&products);
    let mut subscription = desk.renewed(product, (Term::P1Y, Cycle::Monthly), day(2025, 11, 18));
    subscription.segment = Segment::Charity;
    desk.file(subscription);
}
