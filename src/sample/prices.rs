//! The price list: every product in every market that the sample sells in, in the exact form of Partner Center.
//!
//! Office 365 E3 for a year in the Netherlands from 2026 on: 23.00 USD × 12 × 0.93 = 256.68 EUR retail, 8 % more since
//! January, less the partner's 20 %. All arithmetic is in whole minor units; the amounts are made up from the shape of
//! the real lists and are nobody's offer.

use super::catalogue::{Cycle, History, PRODUCTS, Plan, Product, Segment, Shelf, Term};
use super::customers::{MARKETS, Market};
use super::days::{date_text, day};
use super::{Profile, SampleError, write::TableWriter};
use chrono::{Datelike, NaiveDate};

/// How one market's export writes its dates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DateForm {
    /// `2/1/2019 12:00:00 AM`.
    Clock,
    /// `2/1/2019 0:00`.
    Short,
    /// `2019-02-01T00:00:00.0000000Z`.
    Iso,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Through this day.
    Day(NaiveDate),
    /// To the midnight with which this day begins: both rows hold that day, and the older one wins (B26).
    Midnight(NaiveDate),
    Open,
}

/// One version of a product's prices: where it starts, where it ends, and its level in percent of the first.
struct Version {
    from: NaiveDate,
    until: Until,
    level: u32,
    /// Monthly payment of a yearly term costs 5 % more since 2026.
    monthly_extra: bool,
}

const LONG_AGO: NaiveDate = day(1753, 1, 1);
const LISTED: NaiveDate = day(2019, 2, 1);
const RAISE: NaiveDate = day(2026, 1, 1);
const BEFORE_RAISE: NaiveDate = day(2025, 12, 31);

const fn version(from: NaiveDate, until: Until, level: u32, monthly_extra: bool) -> Version {
    Version { from, until, level, monthly_extra }
}

static STEADY: [Version; 1] = [version(LONG_AGO, Until::Open, 100, false)];
static RAISED: [Version; 2] =
    [version(LISTED, Until::Day(BEFORE_RAISE), 100, false), version(RAISE, Until::Open, 108, true)];
static ANNOUNCED: [Version; 3] = [
    version(LISTED, Until::Day(BEFORE_RAISE), 100, false),
    version(RAISE, Until::Day(day(2026, 12, 31)), 108, true),
    version(day(2027, 1, 1), Until::Open, 116, true),
];
static REPUBLISHED: [Version; 2] = [
    version(LISTED, Until::Day(day(2026, 11, 14)), 100, false),
    version(day(2026, 9, 1), Until::Open, 106, false),
];
static TOUCHING: [Version; 2] =
    [version(LISTED, Until::Midnight(RAISE), 100, false), version(RAISE, Until::Open, 105, true)];
static ENDED: [Version; 1] = [version(LISTED, Until::Day(day(2026, 9, 30)), 100, false)];

/// A comparison in SQL has no rule for overlaps, so the plain profile raises those prices on one day instead.
fn versions(product: &Product, profile: Profile) -> &'static [Version] {
    match (product.history, profile) {
        (History::Steady, Profile::Full | Profile::Plain) => &STEADY,
        (History::Announced, Profile::Full | Profile::Plain) => &ANNOUNCED,
        (History::Ended, Profile::Full | Profile::Plain) => &ENDED,
        (History::Republished, Profile::Full) => &REPUBLISHED,
        (History::Touching, Profile::Full) => &TOUCHING,
        (History::Raised, Profile::Full | Profile::Plain)
        | (History::Republished | History::Touching, Profile::Plain) => &RAISED,
    }
}

fn holds(version: &Version, day: NaiveDate) -> bool {
    version.from <= day
        && match version.until {
            Until::Day(last) | Until::Midnight(last) => day <= last,
            Until::Open => true,
        }
}

/// Share of the retail price that a segment pays, in percent.
const fn segment_level(segment: Segment) -> u64 {
    match segment {
        Segment::Commercial => 100,
        Segment::Education => 45,
        Segment::Charity => 40,
        Segment::Government => 92,
    }
}

/// `numerator ÷ denominator`, half up: the one place of the sample that divides an amount.
const fn divide(numerator: u64, denominator: u64) -> u64 {
    (numerator + denominator / 2) / denominator
}

/// Retail price of a seat for the whole term, in minor units of the market's currency.
fn retail(
    product: &Product,
    term: Term,
    plan: Plan,
    market: &Market,
    segment: Segment,
    version: &Version,
) -> u64 {
    let minor_per_major = 10_u64.pow(market.digits);
    let monthly = divide(u64::from(product.monthly_cents) * market.per_dollar * minor_per_major, 100_000);
    let flexible = if term == Term::P1M { 120 } else { 100 };
    let monthly_extra =
        if version.monthly_extra && term == Term::P1Y && plan == Plan::Monthly { 105 } else { 100 };
    let percent = u64::from(version.level) * flexible * monthly_extra * segment_level(segment);
    divide(monthly * u64::from(term.months()) * percent, 100_000_000).max(1)
}

/// What the partner pays: 20 % less, and 10 % less again in the upper tier.
fn net(retail: u64, upper_tier: bool) -> u64 {
    let share = if upper_tier { 72 } else { 80 };
    divide(retail * share, 100).max(1)
}

/// Minor units as the list writes them: `57.6`, `1450`, `1.842`.
fn money(minor: u64, digits: u32) -> String {
    let minor_per_major = 10_u64.pow(digits);
    let (whole, part) = (minor / minor_per_major, minor % minor_per_major);
    if part == 0 {
        return whole.to_string();
    }
    let width = usize::try_from(digits).unwrap_or(0);
    format!("{whole}.{part:0width$}").trim_end_matches('0').to_owned()
}

const fn plan_of(term: Term, cycle: Cycle) -> Plan {
    match (term, cycle) {
        (Term::P1M, Cycle::Monthly | Cycle::Annual | Cycle::Upfront)
        | (Term::P1Y | Term::P3Y, Cycle::Monthly) => Plan::Monthly,
        (Term::P1Y, Cycle::Annual | Cycle::Upfront) | (Term::P3Y, Cycle::Annual) => Plan::Annual,
        (Term::P3Y, Cycle::Upfront) => Plan::Triennial,
    }
}

/// A price that was agreed with the customer and locked: so many percent of the list's on that day.
pub(crate) fn agreed(
    product: &Product,
    (term, cycle): (Term, Cycle),
    (market, segment): (&Market, Segment),
    on: NaiveDate,
    percent: u64,
) -> String {
    let versions = versions(product, Profile::Full);
    let version = versions.iter().find(|version| holds(version, on)).unwrap_or(&versions[0]);
    let list = net(retail(product, term, plan_of(term, cycle), market, segment, version), false);
    money(divide(list * percent, 100).max(1), market.digits)
}

fn midnight(day: NaiveDate, form: DateForm) -> String {
    let (year, month, date) = (day.year(), day.month(), day.day());
    match form {
        DateForm::Clock => format!("{month}/{date}/{year} 12:00:00 AM"),
        DateForm::Short => format!("{month}/{date}/{year} 0:00"),
        DateForm::Iso => format!("{}T00:00:00.0000000Z", date_text(day)),
    }
}

fn end_of_day(day: NaiveDate, form: DateForm) -> String {
    let (year, month, date) = (day.year(), day.month(), day.day());
    match form {
        DateForm::Clock => format!("{month}/{date}/{year} 11:59:59 PM"),
        DateForm::Short => format!("{month}/{date}/{year} 23:59"),
        DateForm::Iso => format!("{}T23:59:59.9999999Z", date_text(day)),
    }
}

/// The two date cells of a row. The plain profile writes bare dates, for SQL to compare.
fn dates(version: &Version, form: DateForm, profile: Profile) -> [String; 2] {
    let open = day(9999, 12, 31);
    match profile {
        Profile::Plain => {
            let last = match version.until {
                Until::Day(last) | Until::Midnight(last) => last,
                Until::Open => open,
            };
            [date_text(version.from), date_text(last)]
        }
        Profile::Full => {
            let end = match version.until {
                Until::Day(last) => end_of_day(last, form),
                Until::Midnight(next) => midnight(next, form),
                Until::Open => midnight(open, form),
            };
            [midnight(version.from, form), end]
        }
    }
}

fn is_listed(product: &Product, segment: Segment, market: &Market, profile: Profile) -> bool {
    let licence = matches!(product.shelf, Shelf::Everyday | Shelf::Story);
    match profile {
        // The government cloud is sold in the United States only.
        Profile::Full => segment != Segment::Government || market.code == "US",
        Profile::Plain => licence && segment == Segment::Commercial,
    }
}

/// Writes the whole list.
pub(crate) fn write_price_list(list: &mut TableWriter, profile: Profile) -> Result<(), SampleError> {
    for market in &MARKETS {
        for product in PRODUCTS {
            for segment in product.segments.iter().copied() {
                if is_listed(product, segment, market, profile) {
                    write_product(list, product, segment, market, profile)?;
                }
            }
        }
    }
    Ok(())
}

fn write_product(
    list: &mut TableWriter,
    product: &Product,
    segment: Segment,
    market: &Market,
    profile: Profile,
) -> Result<(), SampleError> {
    let tiers: &[(&str, &str, bool)] = match (product.tiers, profile) {
        (true, Profile::Full) => &[("1", "299", false), ("300", "", true)],
        (true, Profile::Plain) | (false, Profile::Full | Profile::Plain) => &[("", "", false)],
    };
    for (term, plan) in product.plans.iter().copied() {
        for version in versions(product, profile) {
            let retail = retail(product, term, plan, market, segment, version);
            let [start, end] = dates(version, market.date_form, profile);
            for (smallest, largest, upper) in tiers {
                list.row(&[
                    product.title,
                    product.product_id,
                    product.sku_id,
                    product.title,
                    "Microsoft Corporation",
                    product.description,
                    "",
                    term.name(),
                    plan.name(),
                    market.code,
                    market.currency,
                    &money(net(retail, *upper), market.digits),
                    smallest,
                    largest,
                    &start,
                    &end,
                    product.tags,
                    &money(retail, market.digits),
                    segment.in_price_list(),
                ])?;
            }
        }
    }
    Ok(())
}
