//! Who buys what: customers, subscriptions that began before the first night or begin on one, and the policy.

use super::dice::Dice;
use super::facts::Fact;
use super::prices::{PLACES, PRODUCTS};
use super::world::World;
use chrono::{Days, Months, NaiveDate};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A subscription as what happens to it needs to know it.
#[derive(Clone)]
pub(crate) struct Sold {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) product: &'static str,
    pub(crate) term: &'static str,
    pub(crate) start: NaiveDate,
    pub(crate) seats: u32,
    pub(crate) is_legacy: bool,
    pub(crate) is_trial: bool,
}

pub(crate) fn months(term: &str) -> u32 {
    match term {
        "P1M" => 1,
        "P1Y" => 12,
        _ => 36,
    }
}

const POLICY: [(&str, &[&str]); 14] = [
    ("month_end", &["clamp", "keep-distance"]),
    ("price_overlap", &["older-holds", "newest-start"]),
    ("seat_count", &["sku", "promotion"]),
    ("first_purchase", &["promotion", "product"]),
    ("late_seats", &["promotion", "list"]),
    ("renewal_percentage", &["current", "held"]),
    ("rounding", &["half-up", "half-even", "truncate"]),
    ("rounding_at", &["line", "unit"]),
    ("seat_changes", &["net", "pair"]),
    ("stacking", &["best", "combine"]),
    ("refused_events", &["reject", "flag"]),
    ("refund_window", &["168h", "24h", "720h"]),
    ("upgrade_promotions", &["none", "eligible"]),
    ("end_of_term", &["stop", "extend"]),
];

pub(crate) fn policy(dice: &mut Dice) -> BTreeMap<String, String> {
    let mut policy = BTreeMap::new();
    for (name, words) in POLICY {
        if dice.chance(25) {
            policy.insert(name.to_owned(), dice.pick(words).to_owned());
        }
    }
    policy
}

/// Sells 3 to 12 subscriptions to 1 to 4 customers.
pub(crate) fn sell(dice: &mut Dice, world: &mut World) -> Vec<Sold> {
    let mut customers = String::from("customer_id,market,qualifications\n");
    let places: Vec<(String, &str, &str)> = (0..dice.between(1, 4))
        .map(|number| {
            let (market, currency) = PLACES[[0, 0, 0, 1, 2][dice.below(5) as usize]];
            (format!("C{number}"), market, currency)
        })
        .collect();
    for (customer, market, _) in &places {
        writeln!(customers, "{customer},{market},commercial").expect("text");
    }
    if dice.chance(50) {
        world.others.insert("customers", customers);
    }
    world.others.insert(
        "promo_codes",
        "code,discount,product_id,sku_id,markets,redeem_from,redeem_by,max_licences\nHALF,0.5,,,,,2027-12-31,\n\
         TENTH,0.1,CFQA,0001,,,2027-12-31,\nMAX5,0.25,,,,,2027-12-31,5\n"
            .to_owned(),
    );
    let mut sold = Vec::new();
    for number in 1..=dice.between(3, 12) {
        let place = &places[dice.below(places.len() as u32) as usize];
        sold.push(subscription(dice, world, &format!("S{number:02}"), place));
    }
    sold
}

/// The first day of a row: so that a renewal comes on one of the nights, or a purchase does, or neither.
fn first_day(dice: &mut Dice, world: &World, term: &str) -> NaiveDate {
    let on = world.cut_over + Days::new(dice.below(world.nights.len() as u32).into());
    let back = |day: NaiveDate, count: u32| day.checked_sub_months(Months::new(count)).expect("a day");
    match dice.below(100) {
        0..=44 => back(on, months(term) * dice.between(1, if term == "P1M" { 3 } else { 1 })),
        45..=79 => on,
        80..=89 => {
            // A day that not every month has.
            let day = back(on, dice.between(1, months(term)));
            let last = chrono::Datelike::with_day(&day, 1).expect("a first") + Months::new(1) - Days::new(1);
            last - Days::new(dice.below(3).into())
        }
        _ => back(on, dice.below(months(term)) + 1) + Days::new(dice.below(28).into()),
    }
}

fn subscription(
    dice: &mut Dice,
    world: &mut World,
    id: &str,
    (customer, market, currency): &(String, &str, &str),
) -> Sold {
    let term = dice.pick(&["P1M", "P1M", "P1M", "P1M", "P1Y", "P1Y", "P1Y", "P1Y", "P3Y", "P3Y"]);
    let cycle = match term {
        "P1M" => dice.pick(&["monthly", "monthly", "monthly", "upfront"]),
        _ => dice.pick(&["monthly", "monthly", "monthly", "annual", "upfront"]),
    };
    let start = first_day(dice, world, term);
    let product = dice.pick(&PRODUCTS);
    let origin = match dice.below(100) {
        0..=74 => "purchase",
        75..=84 => "renewal",
        85..=89 => "migration",
        90..=96 => "trial",
        _ => "",
    };
    let is_trial = origin == "trial";
    let is_legacy = !is_trial && dice.chance(12);
    // An order may be older than its term, and now and then younger.
    let ordered = match dice.below(10) {
        0 => start - Days::new(dice.below(20).into()),
        1 => start + Days::new(dice.below(4).into()),
        _ => start,
    };
    let ordered_at = if dice.chance(50) { dice.at(ordered) } else { String::new() };
    let natural = start.checked_add_months(Months::new(months(term))).expect("a day");
    let cut = dice.chance(7) && term == "P1Y";
    let end =
        if cut { (natural - Days::new(dice.between(1, 200).into())).to_string() } else { String::new() };
    let promised = if origin == "renewal" {
        dice.maybe(40, &["PR-0", "PR-1", "PR-2"])
    } else {
        dice.maybe(6, &["none"])
    };
    let anchor =
        if dice.chance(6) { (start + Days::new(dice.below(28).into())).to_string() } else { String::new() };
    let seats = dice.between(1, 20);
    let row = Fact::new(
        "subscriptions",
        &[
            ("subscription_id", id),
            ("customer_id", customer),
            ("bill_to_id", dice.maybe(15, &["R1", "R2"])),
            ("order_id", dice.maybe(30, &["O1", "O2"])),
            ("commerce", if is_legacy { "legacy" } else { "new" }),
            ("product_id", product),
            ("sku_id", "0001"),
            ("market", market),
            ("currency", currency),
            ("term", term),
            ("billing_cycle", cycle),
            ("quantity", &seats.to_string()),
            ("ordered_at", &ordered_at),
            ("term_start", &start.to_string()),
            ("term_end", &end),
            ("anchored_on", &anchor),
            ("unit_price", if is_trial { "" } else { dice.maybe(10, &["120", "99.99", "48", "0"]) }),
            ("promotion_id", promised),
            ("auto_renew", if dice.chance(15) { "false" } else { "true" }),
            ("status", dice.maybe(4, &["suspended"])),
            ("origin", origin),
        ],
        start.max(ordered),
    );
    // A row that names a promotion which its list lacks is rejected; a world without it is no loss.
    world.facts.push(row);
    if matches!(origin, "purchase" | "") && dice.chance(20) {
        let entered = ordered - Days::new(dice.below(2).into());
        let entered = dice.at(entered);
        let code = dice.pick(&["HALF", "TENTH", "MAX5", "NONE"]);
        let redemption =
            [("subscription_id", id), ("code", code), ("entered_at", &entered), ("order_id", "")];
        world.facts.push(Fact::new("redemptions", &redemption, start.max(ordered)));
    }
    Sold { id: id.to_owned(), customer: customer.clone(), product, term, start, seats, is_legacy, is_trial }
}
