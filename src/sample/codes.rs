//! Promo codes and the stories about them: entered in time, on the last day, a day too late, in other letters, a second time.

use super::SampleError;
use super::book::{Desk, Subscription};
use super::catalogue::{BUSINESS_STANDARD, COPILOT, Cycle, OFFICE_E1, Product, Term};
use super::customers::Customer;
use super::days::{Stamp, add_days, at, date_text, day, hours_after};
use super::stories::{Group, Story, commercial};
use super::write::TableWriter;
use chrono::NaiveDate;

const YEAR_END: NaiveDate = day(2026, 12, 31);

/// A promo code; each belongs to the stories of its own, so that a customer uses it in one order.
#[derive(Debug)]
pub(crate) struct PromoCode {
    pub(crate) code: &'static str,
    discount: &'static str,
    product: Option<&'static Product>,
    markets: &'static str,
    redeem_from: Option<NaiveDate>,
    redeem_by: NaiveDate,
    max_licences: &'static str,
}

const fn code(code: &'static str, discount: &'static str, redeem_by: NaiveDate) -> PromoCode {
    PromoCode { code, discount, product: None, markets: "", redeem_from: None, redeem_by, max_licences: "" }
}

pub(crate) static SEATS_25: PromoCode =
    PromoCode { max_licences: "25", ..code("SEATS-25-QX7K", "0.2", YEAR_END) };
pub(crate) static GROWING: PromoCode =
    PromoCode { max_licences: "25", ..code("GROW-25-L0OK", "0.18", YEAR_END) };
pub(crate) static ONE_ORDER: PromoCode =
    PromoCode { max_licences: "50", ..code("OneOrder#2026", "0.1", YEAR_END) };
pub(crate) static LAST_DAY: PromoCode = code("AUTUMN-26-LAST", "0.15", day(2026, 11, 20));
pub(crate) static DAY_AFTER: PromoCode = code("AUTUMN-26-OVER", "0.15", day(2026, 11, 10));
pub(crate) static COPILOT_LAUNCH: PromoCode =
    PromoCode { product: Some(&COPILOT), ..code("Copilot-Launch_26", "0.12", YEAR_END) };
pub(crate) static DUTCH_GERMAN: PromoCode =
    PromoCode { markets: "NL;DE", ..code("HERFST-26-NLDE", "0.15", YEAR_END) };
pub(crate) static FIRST_MONTH: PromoCode =
    PromoCode { max_licences: "10", ..code("FIRST-MONTH-100", "1", YEAR_END) };
pub(crate) static DEEP: PromoCode = code("DEEP-40-R43", "0.4", YEAR_END);
pub(crate) static SHALLOW: PromoCode = code("SHALLOW-05-R43", "0.05", YEAR_END);
pub(crate) static THREE_YEARS: PromoCode = code("THREE-YEARS-08", "0.08", YEAR_END);
pub(crate) static FIRST_OF_TWO: PromoCode = code("WELCOME-07-A", "0.07", YEAR_END);
pub(crate) static SECOND_OF_TWO: PromoCode = code("WELCOME-09-B", "0.09", YEAR_END);
pub(crate) static EXACT: PromoCode = code("MiXeD-Case-10", "0.1", YEAR_END);
pub(crate) static TWO_ORDERS: PromoCode = code("TWO-ORDERS-06", "0.06", YEAR_END);
pub(crate) static LATE: PromoCode = code("TOO-LATE-11", "0.11", YEAR_END);
pub(crate) static BLACK_FRIDAY: PromoCode =
    PromoCode { redeem_from: Some(day(2026, 11, 27)), ..code("BlackFriday-26", "0.3", day(2026, 11, 30)) };

static CODES: [&PromoCode; 17] = [
    &SEATS_25,
    &GROWING,
    &ONE_ORDER,
    &LAST_DAY,
    &DAY_AFTER,
    &COPILOT_LAUNCH,
    &DUTCH_GERMAN,
    &FIRST_MONTH,
    &DEEP,
    &SHALLOW,
    &THREE_YEARS,
    &FIRST_OF_TWO,
    &SECOND_OF_TWO,
    &EXACT,
    &TWO_ORDERS,
    &LATE,
    &BLACK_FRIDAY,
];

/// Writes the promo codes file.
pub(crate) fn write_codes(file: &mut TableWriter) -> Result<(), SampleError> {
    for code in CODES {
        file.row(&[
            code.code,
            code.discount,
            code.product.map(|product| product.product_id).unwrap_or_default(),
            code.product.map(|product| product.sku_id).unwrap_or_default(),
            code.markets,
            &code.redeem_from.map(date_text).unwrap_or_default(),
            &date_text(code.redeem_by),
            code.max_licences,
        ])?;
    }
    Ok(())
}

pub(crate) const STORIES: &[Story] = &[
    Story::new("code up to 25 licences", up_to_25).once(Group::Code("seats-25")),
    Story::new("code and more seats", growing).once(Group::Code("growing")),
    Story::new("code for one order", one_order).needs(3).once(Group::Code("one-order")),
    Story::new("code on its last day", last_day).once(Group::Code("last-day")),
    Story::new("code a day too late", day_after).once(Group::Code("day-after")).refusing(),
    Story::new("code before its first day", too_early).once(Group::Code("too-early")).refusing(),
    Story::new("code on its first day", first_day).once(Group::Code("too-early")),
    Story::new("code in other letters", other_letters).once(Group::Code("exact")).refusing(),
    Story::new("code in its letters", same_letters).once(Group::Code("exact")),
    Story::new("second code", second_code).once(Group::Code("two")).refusing(),
    Story::new("code in two orders", two_orders).needs(2).once(Group::Code("orders")).refusing(),
    Story::new("code entered late", entered_late).once(Group::Code("late")).refusing(),
    Story::new("code entered at the renewal", at_renewal).once(Group::Code("late")).refusing(),
    Story::new("code entered before the order", entered_before).once(Group::Code("late")),
    Story::new("code of its product", its_product).once(Group::FirstPurchase),
    Story::new("code of another product", other_product).once(Group::Code("product")).refusing(),
    Story::new("code of its market", by_market).once(Group::Code("market")).fitting(dutch_or_german),
    Story::new("code of another market", by_market).once(Group::Code("market")).fitting(elsewhere).refusing(),
    Story::new("first month free", first_month).once(Group::Code("month")),
    Story::new("code for three years", three_years).once(Group::Code("three-years")),
    Story::new("code deeper than the promotion", deeper).once(Group::Code("deep")),
    Story::new("code less deep than the promotion", less_deep).once(Group::Code("shallow")),
];

const MONTHLY_YEAR: (Term, Cycle) = (Term::P1Y, Cycle::Monthly);

fn dutch_or_german(customer: &Customer) -> bool {
    commercial(customer) && matches!(customer.market.code, "NL" | "DE")
}

fn elsewhere(customer: &Customer) -> bool {
    commercial(customer) && !dutch_or_german(customer)
}

/// A purchase with an exact time, to which a code can be tied.
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

/// Office 365 E1, which has no promotion in November.
fn bought_on(desk: &mut Desk<'_>, on: NaiveDate) -> Subscription {
    bought(desk, &OFFICE_E1, MONTHLY_YEAR, on)
}

/// Enters the code with the order, and files the subscription.
fn with_code(desk: &mut Desk<'_>, subscription: Subscription, code: &PromoCode) {
    let order_id = subscription.order_id.clone();
    desk.entered(&subscription, code.code, subscription.ordered_at, &order_id);
    desk.file(subscription);
}

fn up_to_25(desk: &mut Desk<'_>) {
    let mut subscription = bought_on(desk, day(2026, 11, 9));
    subscription.quantity = 40;
    with_code(desk, subscription, &SEATS_25);
}

/// 20 seats with a maximum of 25, ten more, and eight of those taken back (A15).
fn growing(desk: &mut Desk<'_>) {
    let mut subscription = bought_on(desk, day(2026, 11, 5));
    subscription.quantity = 20;
    let added_at = desk.office_hours(day(2026, 11, 12));
    desk.seats_changed(&subscription, Stamp::utc(added_at), 30, Some(20), "");
    desk.seats_changed(&subscription, Stamp::utc(hours_after(added_at, 72)), 22, Some(30), "");
    with_code(desk, subscription, &GROWING);
}

fn one_order(desk: &mut Desk<'_>) {
    let first = bought_on(desk, day(2026, 11, 10));
    for product in [&COPILOT, &BUSINESS_STANDARD] {
        let mut other = bought(desk, product, MONTHLY_YEAR, day(2026, 11, 10));
        other.order_id.clone_from(&first.order_id);
        other.ordered_at = first.ordered_at;
        with_code(desk, other, &ONE_ORDER);
    }
    with_code(desk, first, &ONE_ORDER);
}

fn last_day(desk: &mut Desk<'_>) {
    let mut subscription = bought_on(desk, day(2026, 11, 20));
    subscription.ordered_at = Stamp::utc(at(day(2026, 11, 20), 23, 59, 59));
    with_code(desk, subscription, &LAST_DAY);
}

fn day_after(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 11));
    with_code(desk, subscription, &DAY_AFTER);
}

fn too_early(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 26));
    with_code(desk, subscription, &BLACK_FRIDAY);
}

fn first_day(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 27));
    with_code(desk, subscription, &BLACK_FRIDAY);
}

fn other_letters(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 4));
    let order_id = subscription.order_id.clone();
    desk.entered(&subscription, &EXACT.code.to_uppercase(), subscription.ordered_at, &order_id);
    desk.file(subscription);
}

fn same_letters(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 4));
    with_code(desk, subscription, &EXACT);
}

fn second_code(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 13));
    let order_id = subscription.order_id.clone();
    desk.entered(&subscription, SECOND_OF_TWO.code, subscription.ordered_at, &order_id);
    with_code(desk, subscription, &FIRST_OF_TWO);
}

fn two_orders(desk: &mut Desk<'_>) {
    for on in [day(2026, 11, 2), day(2026, 11, 18)] {
        let subscription = bought_on(desk, on);
        with_code(desk, subscription, &TWO_ORDERS);
    }
}

fn entered_late(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 3));
    let when = Stamp::Day(day(2026, 11, 6));
    desk.entered(&subscription, LATE.code, when, "");
    desk.file(subscription);
}

fn at_renewal(desk: &mut Desk<'_>) {
    let subscription = desk.renewed(&OFFICE_E1, MONTHLY_YEAR, day(2026, 11, 16));
    desk.entered(&subscription, LATE.code, Stamp::Day(day(2026, 11, 16)), "");
    desk.file(subscription);
}

fn entered_before(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 23));
    desk.entered(&subscription, LATE.code, Stamp::Day(day(2026, 11, 21)), "");
    desk.file(subscription);
}

fn its_product(desk: &mut Desk<'_>) {
    let subscription = bought(desk, &COPILOT, MONTHLY_YEAR, day(2026, 11, 12));
    with_code(desk, subscription, &COPILOT_LAUNCH);
}

fn other_product(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 12));
    with_code(desk, subscription, &COPILOT_LAUNCH);
}

fn by_market(desk: &mut Desk<'_>) {
    let subscription = bought_on(desk, day(2026, 11, 17));
    with_code(desk, subscription, &DUTCH_GERMAN);
}

/// It ends with the billing month, long before the book's day (R41).
fn first_month(desk: &mut Desk<'_>) {
    let from = add_days(day(2026, 10, 20), desk.dice.below(20));
    let subscription = bought(desk, &OFFICE_E1, (Term::P1M, Cycle::Monthly), from);
    with_code(desk, subscription, &FIRST_MONTH);
}

fn three_years(desk: &mut Desk<'_>) {
    let subscription = bought(desk, &OFFICE_E1, (Term::P3Y, Cycle::Monthly), day(2026, 11, 6));
    with_code(desk, subscription, &THREE_YEARS);
}

fn deeper(desk: &mut Desk<'_>) {
    let subscription = bought(desk, &BUSINESS_STANDARD, MONTHLY_YEAR, day(2026, 11, 7));
    with_code(desk, subscription, &DEEP);
}

fn less_deep(desk: &mut Desk<'_>) {
    let subscription = bought(desk, &BUSINESS_STANDARD, MONTHLY_YEAR, day(2026, 11, 7));
    with_code(desk, subscription, &SHALLOW);
}
