//! Stories about promotions: windows at a renewal, limits met exactly and passed by one seat, conditions that fail.

use super::book::{Desk, Subscription};
use super::catalogue::{
    AUDIO_CONFERENCING, BUSINESS_PREMIUM, BUSINESS_STANDARD, COPILOT, Cycle, ENTRA_P1, ENTRA_P2, EXCHANGE_1,
    EXCHANGE_2, INTUNE_1, LEGACY_E3, M365_E3, M365_E5, OFFICE_E1, OFFICE_E3, POWER_BI_PRO, PROJECT_3,
    Product, Segment, TEAMS_ENTERPRISE, TEAMS_PHONE, Term,
};
use super::customers::Customer;
use super::days::{Stamp, at, day};
use super::offers::{
    AUDIO_FREE, BRIDGE, E3_UNTIL_14, EXCHANGE_ZERO, LEGACY_OFFER, M365_UNTIL_16, NINE_MONTHS_OF_2024,
    STANDARD_UNTIL_15, TEAMS_2400,
};
use super::stories::{Group, Story};
use chrono::NaiveDate;

pub(crate) const STORIES: &[Story] = &[
    Story::new("renews the day after the window", window_ended_yesterday),
    Story::new("renews on the window's last day", window_ends_today),
    Story::new("renews the day before the window ends", window_ends_tomorrow),
    Story::new("renews around the window's first day", window_begins),
    Story::new("renews before a promotion to come", promotion_to_come),
    Story::new("free for a year", free_year),
    Story::new("promotion of nothing", zero),
    Story::new("held since 2024", held_since_2024),
    Story::new("percentage by term", percentage_by_term),
    Story::new("two promotions of one product", deeper_of_two),
    Story::new("two promotions of one depth", lowest_id),
    Story::new("asked for", asked_for),
    Story::new("asked for and not eligible", asked_in_vain),
    Story::new("none applied", none_applied),
    Story::new("legacy promotion", legacy_promotion),
    Story::new("2,400 seats through two partners", limit_met).needs(2).once(Group::TeamsSeats),
    Story::new("2,401 seats through two partners", limit_passed).needs(2).once(Group::TeamsSeats),
    Story::new("added up to the limit", added_to_limit).once(Group::TeamsSeats),
    Story::new("added past the limit", added_past_limit).once(Group::TeamsSeats).refusing(),
    Story::new("limit met with holdings", holdings_met).once(Group::TeamsSeats),
    Story::new("limit passed with holdings", holdings_passed).once(Group::TeamsSeats),
    Story::new("first purchase and second", first_and_second).needs(2).once(Group::FirstPurchase),
    Story::new("three redemptions of two", three_redemptions).needs(3).once(Group::Redemptions),
    Story::new("prerequisite owned", prerequisite_owned).needs(2).once(Group::Prerequisite),
    Story::new("prerequisite not owned", prerequisite_missing).once(Group::Prerequisite),
    Story::new("nine seats of ten", below_minimum).once(Group::PowerBi),
    Story::new("ten seats of ten", at_minimum).once(Group::PowerBi),
    Story::new("by market", by_market),
    Story::new("by region of the partner", by_region).needs(2),
    Story::new("for nonprofits", for_nonprofits).fitting(nonprofit),
    Story::new("seats after the window", seats_after_window),
];

const MONTHLY_YEAR: (Term, Cycle) = (Term::P1Y, Cycle::Monthly);
const ANNUAL_YEAR: (Term, Cycle) = (Term::P1Y, Cycle::Annual);

fn nonprofit(customer: &Customer) -> bool {
    customer.may_buy(Segment::Charity)
}

/// Bought with the promotion a year before the day on which it renews.
fn held(desk: &mut Desk<'_>, product: &'static Product, promotion_id: &'static str, from: NaiveDate) {
    let term = desk.dice.pick(&[MONTHLY_YEAR, ANNUAL_YEAR]);
    let mut subscription = desk.renewed(product, term, from);
    subscription.promotion_id = promotion_id;
    desk.file(subscription);
}

fn window_ended_yesterday(desk: &mut Desk<'_>) {
    held(desk, &OFFICE_E3, E3_UNTIL_14.id, day(2025, 11, 15));
}

fn window_ends_today(desk: &mut Desk<'_>) {
    held(desk, &BUSINESS_STANDARD, STANDARD_UNTIL_15.id, day(2025, 11, 15));
}

fn window_ends_tomorrow(desk: &mut Desk<'_>) {
    held(desk, &M365_E3, M365_UNTIL_16.id, day(2025, 11, 15));
}

fn window_begins(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2025, 11, 14), day(2025, 11, 15)]);
    held(desk, &EXCHANGE_2, "", from);
}

fn promotion_to_come(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2025, 11, 30), day(2025, 12, 1)]);
    held(desk, &OFFICE_E1, "", from);
}

fn free_year(desk: &mut Desk<'_>) {
    let from = desk.dice.pick(&[day(2025, 11, 12), day(2025, 11, 23), day(2026, 11, 12)]);
    held(desk, &AUDIO_CONFERENCING, AUDIO_FREE.id, from);
}

fn zero(desk: &mut Desk<'_>) {
    held(desk, &EXCHANGE_1, EXCHANGE_ZERO.id, day(2026, 3, 18));
}

fn held_since_2024(desk: &mut Desk<'_>) {
    let mut subscription = desk.renewed(&M365_E5, (Term::P3Y, Cycle::Monthly), day(2024, 5, 17));
    subscription.promotion_id = NINE_MONTHS_OF_2024.id;
    desk.file(subscription);
}

fn bought(
    desk: &mut Desk<'_>,
    product: &'static Product,
    term: (Term, Cycle),
    on: NaiveDate,
) -> Subscription {
    let mut subscription = desk.draft(product, term, on);
    subscription.ordered_at = Stamp::utc(desk.office_hours(on));
    subscription
}

fn percentage_by_term(desk: &mut Desk<'_>) {
    let term = desk.dice.pick(&[MONTHLY_YEAR, (Term::P3Y, Cycle::Annual), (Term::P1M, Cycle::Monthly)]);
    let subscription = bought(desk, &BUSINESS_STANDARD, term, day(2026, 11, 10));
    desk.file(subscription);
}

fn deeper_of_two(desk: &mut Desk<'_>) {
    let term = desk.dice.pick(&[MONTHLY_YEAR, ANNUAL_YEAR]);
    let subscription = bought(desk, &BUSINESS_PREMIUM, term, day(2026, 11, 18));
    desk.file(subscription);
}

fn lowest_id(desk: &mut Desk<'_>) {
    let subscription = bought(desk, &INTUNE_1, MONTHLY_YEAR, day(2026, 11, 18));
    desk.file(subscription);
}

fn asked_for(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, &M365_E5, MONTHLY_YEAR, day(2026, 11, 9));
    subscription.promotion_id = BRIDGE.id;
    desk.file(subscription);
}

fn asked_in_vain(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, &OFFICE_E3, MONTHLY_YEAR, day(2026, 11, 15));
    subscription.promotion_id = E3_UNTIL_14.id;
    desk.file(subscription);
}

fn none_applied(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, &INTUNE_1, MONTHLY_YEAR, day(2026, 11, 10));
    subscription.promotion_id = "none";
    desk.file(subscription);
}

fn legacy_promotion(desk: &mut Desk<'_>) {
    let mut subscription = desk.renewed(&LEGACY_E3, MONTHLY_YEAR, day(2025, 11, 18));
    subscription.commerce = "legacy";
    subscription.promotion_id = LEGACY_OFFER.id;
    desk.file(subscription);
}

/// Seats of Teams Enterprise, bought through the first or the second partner.
fn teams(desk: &mut Desk<'_>, seats: u32, on: NaiveDate, partner: usize) -> Subscription {
    let term = desk.dice.pick(&[MONTHLY_YEAR, ANNUAL_YEAR]);
    let mut subscription = bought(desk, &TEAMS_ENTERPRISE, term, on);
    subscription.quantity = seats;
    subscription.partner_id = desk.customer.partners[partner].clone();
    subscription
}

fn two_partners(desk: &mut Desk<'_>, first: u32, second: u32) {
    let one = teams(desk, first, day(2026, 11, 3), 0);
    let other = teams(desk, second, day(2026, 11, 10), 1);
    desk.file(one);
    desk.file(other);
}

fn limit_met(desk: &mut Desk<'_>) {
    two_partners(desk, 2_300, 100);
}

fn limit_passed(desk: &mut Desk<'_>) {
    two_partners(desk, 2_300, 101);
}

fn added(desk: &mut Desk<'_>, seats: u32) {
    let subscription = teams(desk, 2_390, day(2026, 11, 2), 0);
    let when = desk.office_hours(day(2026, 11, 12));
    desk.seats_changed(&subscription, Stamp::utc(when), seats, Some(2_390), "");
    desk.file(subscription);
}

fn added_to_limit(desk: &mut Desk<'_>) {
    added(desk, 2_400);
}

fn added_past_limit(desk: &mut Desk<'_>) {
    added(desk, 2_401);
}

fn beside_holdings(desk: &mut Desk<'_>, seats: u32) {
    desk.holds(&TEAMS_ENTERPRISE, 500, TEAMS_2400.id);
    let subscription = teams(desk, seats, day(2026, 11, 5), 0);
    desk.file(subscription);
}

fn holdings_met(desk: &mut Desk<'_>) {
    beside_holdings(desk, 1_900);
}

fn holdings_passed(desk: &mut Desk<'_>) {
    beside_holdings(desk, 1_901);
}

fn first_and_second(desk: &mut Desk<'_>) {
    for on in [day(2026, 11, 3), day(2026, 11, 17)] {
        let subscription = bought(desk, &COPILOT, MONTHLY_YEAR, on);
        desk.file(subscription);
    }
}

fn three_redemptions(desk: &mut Desk<'_>) {
    for on in [day(2026, 10, 6), day(2026, 11, 3), day(2026, 11, 19)] {
        let subscription = bought(desk, &PROJECT_3, MONTHLY_YEAR, on);
        desk.file(subscription);
    }
}

fn prerequisite_owned(desk: &mut Desk<'_>) {
    let owned = bought(desk, &M365_E3, MONTHLY_YEAR, day(2026, 2, 16));
    desk.file(owned);
    let subscription = bought(desk, &TEAMS_PHONE, MONTHLY_YEAR, day(2026, 11, 6));
    desk.file(subscription);
}

fn prerequisite_missing(desk: &mut Desk<'_>) {
    let subscription = bought(desk, &TEAMS_PHONE, MONTHLY_YEAR, day(2026, 11, 6));
    desk.file(subscription);
}

fn power_bi(desk: &mut Desk<'_>, seats: u32) {
    let mut subscription = bought(desk, &POWER_BI_PRO, MONTHLY_YEAR, day(2026, 11, 16));
    subscription.quantity = seats;
    desk.file(subscription);
}

fn below_minimum(desk: &mut Desk<'_>) {
    power_bi(desk, 9);
}

fn at_minimum(desk: &mut Desk<'_>) {
    power_bi(desk, 10);
}

fn by_market(desk: &mut Desk<'_>) {
    let subscription = bought(desk, &ENTRA_P1, MONTHLY_YEAR, day(2026, 11, 9));
    desk.file(subscription);
}

fn by_region(desk: &mut Desk<'_>) {
    for partner in [0, 1] {
        let mut subscription = bought(desk, &ENTRA_P2, MONTHLY_YEAR, day(2026, 11, 9));
        subscription.partner_id = desk.customer.partners[partner].clone();
        desk.file(subscription);
    }
}

fn for_nonprofits(desk: &mut Desk<'_>) {
    let mut subscription = bought(desk, &BUSINESS_PREMIUM, MONTHLY_YEAR, day(2026, 11, 11));
    subscription.segment = Segment::Charity;
    desk.file(subscription);
}

/// Seats added after the promotion's last day, in a term that holds it (R22).
fn seats_after_window(desk: &mut Desk<'_>) {
    let mut subscription = desk.renewed(&OFFICE_E3, MONTHLY_YEAR, day(2026, 9, 21));
    subscription.promotion_id = E3_UNTIL_14.id;
    let when = at(day(2026, 11, 20), 9, 15, 0);
    desk.seats_changed(
        &subscription,
        Stamp::utc(when),
        subscription.quantity + 5,
        Some(subscription.quantity),
        "",
    );
    desk.file(subscription);
}
