//! Stories about time and price: months' ends, anchors, coterms, locked prices, tiers and the states of a row.

use super::book::{Desk, Subscription};
use super::catalogue::{
    BUSINESS_STANDARD, Cycle, EMS_E3, M365_E3, M365_E3_NO_TEAMS, OFFICE_E3, OFFICE_E5, Product, Term,
    WINDOWS_SERVER_CAL,
};
use super::days::{Stamp, add_days, at, day};
use super::offers::{E3_UNTIL_14, M365_UNTIL_16};
use super::prices::agreed;
use super::stories::Story;
use chrono::NaiveDate;

pub(crate) const STORIES: &[Story] = &[
    Story::new("month-end without anchor", month_end_walks),
    Story::new("month-end with anchor", month_end_anchored),
    Story::new("cycles from the 29th, 30th or 31st", month_end_cycles),
    Story::new("renews at a month's end", renews_at_month_end),
    Story::new("leap day", leap_day),
    Story::new("anchor beside the start", anchor_off_grid),
    Story::new("coterm with the calendar month", coterm_month),
    Story::new("coterm paid upfront", coterm_upfront),
    Story::new("coterm that renews", coterm_renews),
    Story::new("coterm of one month", coterm_p1m),
    Story::new("coterm with anchor", coterm_anchored),
    Story::new("starts later", starts_later),
    Story::new("backdated order", backdated),
    Story::new("ordered late in the day elsewhere", ordered_elsewhere),
    Story::new("auto-renew off", auto_renew_off),
    Story::new("locked price", locked_price),
    Story::new("locked price and held promotion", locked_and_held),
    Story::new("locked price at a renewal", locked_renewal),
    Story::new("overlapping versions", overlapping_versions),
    Story::new("lower tier", lower_tier),
    Story::new("upper tier", upper_tier),
    Story::new("grown past a tier", grown_past_tier),
    Story::new("three years upfront", triennial),
    Story::new("one month upfront", month_upfront),
    Story::new("software", software),
    Story::new("suspended row", suspended_row),
    Story::new("cancelled row", cancelled_row),
    Story::new("expired row", expired_row),
    Story::new("sold by an advisor", advisor),
    Story::new("opened by an upgrade", opened_by_upgrade),
    Story::new("one order", one_order).needs(3),
];

const MONTHLY_YEAR: (Term, Cycle) = (Term::P1Y, Cycle::Monthly);

fn bought(desk: &mut Desk<'_>, term: (Term, Cycle), from: NaiveDate) -> Subscription {
    let product = desk.product(term.0);
    desk.draft(product, term, from)
}

fn month_end_walks(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2026, 1, 31), day(2026, 8, 31), day(2026, 10, 31), day(2026, 9, 30)]);
    let subscription = bought(desk, (Term::P1M, Cycle::Monthly), from);
    desk.file(subscription);
}

fn month_end_anchored(desk: &mut Desk<'_>) {
    let (anchor, from) = desk.dice.pick(&[
        (day(2024, 1, 31), day(2026, 9, 30)),
        (day(2024, 1, 31), day(2026, 10, 31)),
        (day(2024, 1, 30), day(2026, 10, 30)),
        (day(2023, 12, 29), day(2026, 2, 28)),
    ]);
    let product = desk.product(Term::P1M);
    let mut subscription = desk.renewed(product, (Term::P1M, Cycle::Monthly), from);
    subscription.anchored_on = Some(anchor);
    desk.file(subscription);
}

fn month_end_cycles(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2026, 1, 29), day(2026, 1, 30), day(2026, 1, 31), day(2026, 8, 31)]);
    let mut subscription = bought(desk, MONTHLY_YEAR, from);
    if desk.dice.per_mille(500) {
        subscription.anchored_on = Some(from);
    }
    desk.file(subscription);
}

fn renews_at_month_end(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2025, 10, 31), day(2025, 11, 30), day(2024, 11, 30), day(2025, 11, 29)]);
    let subscription = bought(desk, MONTHLY_YEAR, from);
    desk.file(subscription);
}

fn leap_day(desk: &mut Desk<'_>) {
    let term = desk.dice.pick(&[
        (Term::P3Y, Cycle::Monthly),
        (Term::P1Y, Cycle::Monthly),
        (Term::P3Y, Cycle::Annual),
    ]);
    let subscription = bought(desk, term, day(2024, 2, 29));
    desk.file(subscription);
}

/// The first cycle is cut by the anchor's day (A4).
fn anchor_off_grid(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, MONTHLY_YEAR, day(2026, 11, 17));
    subscription.anchored_on = Some(desk.dice.pick(&[day(2026, 3, 1), day(2025, 5, 25), day(2026, 1, 31)]));
    desk.file(subscription);
}

fn coterm(desk: &mut Desk<'_>, term: (Term, Cycle), from: NaiveDate, to: NaiveDate) -> Subscription {
    let mut subscription = bought(desk, term, from);
    subscription.term_end = Some(to);
    subscription
}

fn coterm_month(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2026, 7, 15), day(2026, 11, 15), day(2026, 11, 3)]);
    let subscription = coterm(desk, MONTHLY_YEAR, from, day(2027, 6, 30));
    desk.file(subscription);
}

fn coterm_upfront(desk: &mut Desk<'_>) {
    let term = desk.dice.pick(&[
        (Term::P1Y, Cycle::Upfront),
        (Term::P1Y, Cycle::Annual),
        (Term::P3Y, Cycle::Upfront),
    ]);
    let subscription = coterm(desk, term, day(2026, 11, 12), day(2027, 9, 30));
    desk.file(subscription);
}

fn coterm_renews(desk: &mut Desk<'_>) {
    let subscription = coterm(desk, MONTHLY_YEAR, day(2025, 12, 20), day(2026, 11, 15));
    desk.file(subscription);
}

fn coterm_p1m(desk: &mut Desk<'_>) {
    let to = desk.dice.pick(&[day(2026, 11, 30), day(2026, 11, 18)]);
    let subscription = coterm(desk, (Term::P1M, Cycle::Monthly), day(2026, 11, 5), to);
    desk.file(subscription);
}

fn coterm_anchored(desk: &mut Desk<'_>) {
    let from = day(2026, 3, 10);
    let mut subscription = coterm(desk, MONTHLY_YEAR, from, day(2026, 11, 24));
    subscription.anchored_on = Some(from);
    desk.file(subscription);
}

fn starts_later(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, MONTHLY_YEAR, day(2026, 12, 10));
    subscription.ordered_at = Stamp::utc(desk.office_hours(day(2026, 11, 24)));
    desk.file(subscription);
}

fn backdated(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, MONTHLY_YEAR, day(2026, 10, 28));
    subscription.ordered_at = Stamp::utc(desk.office_hours(day(2026, 11, 3)));
    desk.file(subscription);
}

/// 23:30 five hours behind is the next day in UTC (D1).
fn ordered_elsewhere(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, MONTHLY_YEAR, day(2026, 11, 10));
    subscription.ordered_at = Stamp::At(at(day(2026, 11, 11), 4, 30, 0), -300);
    desk.file(subscription);
}

fn auto_renew_off(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, MONTHLY_YEAR, day(2025, 11, 16));
    subscription.auto_renew = false;
    desk.file(subscription);
}

fn lock(desk: &Desk<'_>, subscription: &mut Subscription, percent: u64) {
    let place = (desk.customer.market, subscription.segment);
    let term = (subscription.term, subscription.cycle);
    subscription.unit_price = agreed(subscription.product, term, place, subscription.term_start, percent);
}

fn locked_price(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, MONTHLY_YEAR, day(2026, 5, 19));
    lock(desk, &mut subscription, 97);
    desk.file(subscription);
}

fn locked_and_held(desk: &mut Desk<'_>) {
    let mut subscription = desk.draft(&OFFICE_E3, MONTHLY_YEAR, day(2026, 6, 8));
    lock(desk, &mut subscription, 100);
    subscription.promotion_id = E3_UNTIL_14.id;
    desk.file(subscription);
}

fn locked_renewal(desk: &mut Desk<'_>) {
    let mut subscription = desk.renewed(&M365_E3, (Term::P1Y, Cycle::Annual), day(2025, 11, 15));
    lock(desk, &mut subscription, 95);
    subscription.promotion_id = M365_UNTIL_16.id;
    desk.file(subscription);
}

/// Until 14 November the older row of the list holds, from the 15th on the newer one (R7).
fn overlapping_versions(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2026, 11, 14), day(2026, 11, 15), day(2025, 11, 14), day(2025, 11, 15)]);
    let subscription = desk.draft(&EMS_E3, MONTHLY_YEAR, from);
    desk.file(subscription);
}

fn tiered(desk: &mut Desk<'_>, seats: u32) -> Subscription {
    let from = add_days(day(2026, 11, 2), desk.dice.below(20));
    let mut subscription = desk.draft(&M365_E3_NO_TEAMS, (Term::P1Y, Cycle::Annual), from);
    subscription.quantity = seats;
    subscription
}

fn lower_tier(desk: &mut Desk<'_>) {
    let subscription = tiered(desk, 299);
    desk.file(subscription);
}

fn upper_tier(desk: &mut Desk<'_>) {
    let subscription = tiered(desk, 300);
    desk.file(subscription);
}

/// 290 seats, 20 more in the term: all at the lower tier until the renewal chooses anew (A19).
fn grown_past_tier(desk: &mut Desk<'_>) {
    let mut subscription = desk.draft(&M365_E3_NO_TEAMS, MONTHLY_YEAR, day(2025, 11, 20));
    subscription.quantity = 290;
    let when = desk.office_hours(day(2026, 11, 9));
    desk.seats_changed(&subscription, Stamp::utc(when), 310, Some(290), "");
    desk.file(subscription);
}

fn triennial(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2023, 11, 20), day(2026, 11, 6)]);
    let subscription = bought(desk, (Term::P3Y, Cycle::Upfront), from);
    desk.file(subscription);
}

fn month_upfront(desk: &mut Desk<'_>) {
    let subscription = bought(desk, (Term::P1M, Cycle::Upfront), day(2026, 10, 21));
    desk.file(subscription);
}

fn software(desk: &mut Desk<'_>) {
    let term = desk.dice.pick(&[
        (Term::P1Y, Cycle::Upfront),
        (Term::P3Y, Cycle::Upfront),
        (Term::P1Y, Cycle::Annual),
    ]);
    let subscription = desk.draft(&WINDOWS_SERVER_CAL, term, day(2026, 11, 11));
    desk.file(subscription);
}

fn with_status(desk: &mut Desk<'_>, from: NaiveDate, status: &'static str) {
    let products: [&'static Product; 2] = [&OFFICE_E5, &BUSINESS_STANDARD];
    let product = desk.dice.pick(&products);
    let mut subscription = desk.renewed(product, MONTHLY_YEAR, from);
    subscription.status = status;
    desk.file(subscription);
}

fn suspended_row(desk: &mut Desk<'_>) {
    with_status(desk, day(2026, 4, 13), "suspended");
}

fn cancelled_row(desk: &mut Desk<'_>) {
    with_status(desk, day(2026, 5, 7), "cancelled");
}

fn expired_row(desk: &mut Desk<'_>) {
    with_status(desk, day(2025, 8, 22), "expired");
}

fn advisor(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, MONTHLY_YEAR, day(2026, 10, 5));
    subscription.channel = "advisor";
    desk.file(subscription);
}

fn opened_by_upgrade(desk: &mut Desk<'_>) {
    let mut subscription = desk.draft(&M365_E3, MONTHLY_YEAR, day(2026, 11, 13));
    subscription.ordered_at = Stamp::Nothing;
    subscription.origin = "upgrade";
    desk.file(subscription);
}

fn one_order(desk: &mut Desk<'_>) {
    let from = day(2026, 11, 4);
    let first = bought(desk, MONTHLY_YEAR, from);
    for _ in 0..2 {
        let mut other = bought(desk, MONTHLY_YEAR, from);
        other.order_id.clone_from(&first.order_id);
        other.ordered_at = first.ordered_at;
        desk.file(other);
    }
    desk.file(first);
}
