//! Random books crowded with everything that can meet: few products, days on every border, every policy.

mod changes;

use chrono::{Days, NaiveDate};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, sides: u32) -> u32 {
        self.0.next_u32() % sides
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u32) as usize]
    }

    /// A word, or mostly nothing.
    fn maybe<'a>(&mut self, percent: u32, words: &[&'a str]) -> &'a str {
        if self.chance(percent) { self.pick(words) } else { "" }
    }

    /// A day within the year and a half around the window, often on a border.
    fn day(&mut self) -> NaiveDate {
        let borders = [
            "2026-01-31",
            "2026-02-28",
            "2026-03-01",
            "2026-03-31",
            "2026-04-30",
            "2026-05-31",
            "2025-12-31",
            "2026-04-01",
            "2025-04-29",
            "2025-04-30",
            "2024-02-29",
            "2025-05-15",
            "2026-05-01",
            "2026-04-15",
            "2023-05-10",
            "2023-04-30",
        ];
        if self.chance(45) {
            return date(self.pick(&borders));
        }
        date("2025-03-01") + Days::new(u64::from(self.below(460)))
    }

    /// A moment on a day, often its first, sometimes with an offset.
    fn at(&mut self, day: NaiveDate) -> String {
        match self.below(6) {
            0 => day.to_string(),
            1 => format!("{day}T00:00:00Z"),
            2 => format!("{day}T10:00:00Z"),
            3 => format!("{day}T23:30:00-05:00"),
            4 => format!("{day}T01:30:00+02:00"),
            _ => format!("{day}T{:02}:{:02}:00Z", self.below(24), self.below(60)),
        }
    }
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

const PRODUCTS: [&str; 3] = ["CFQA", "CFQB", "CFQC"];
const TERMS: [&str; 6] = ["P1M", "P1M", "P1Y", "P1Y", "P1Y", "P3Y"];

fn price_list(dice: &mut Dice) -> String {
    let mut text = String::from(
        "ProductId,SkuId,TermDuration,BillingPlan,Market,Currency,UnitPrice,PricingTierRangeMin,PricingTierRangeMax,\
         EffectiveStartDate,EffectiveEndDate,Tags,Segment\n",
    );
    for product in PRODUCTS {
        let tags = if product == "CFQC" && dice.chance(50) { "Software" } else { "License;Trial" };
        for (term, plans) in [
            ("P1M", &["Monthly"][..]),
            ("P1Y", &["Monthly", "Annual"]),
            ("P3Y", &["Monthly", "Annual", "Triennial"]),
        ] {
            for plan in plans {
                if dice.chance(6) {
                    continue;
                }
                for (market, currency) in [("NL", "EUR"), ("JP", "JPY"), ("KW", "KWD")] {
                    let price = |dice: &mut Dice| match currency {
                        "JPY" => format!("{}", 1000 + dice.below(90_000)),
                        _ => format!("{}.{:02}", 5 + dice.below(900), dice.below(100)),
                    };
                    let mut row = |dice: &mut Dice, low: &str, high: &str, from: &str, to: &str| {
                        let price = price(dice);
                        for segment in ["Commercial", "Education", "Government"] {
                            if segment != "Commercial" && dice.chance(40) {
                                continue;
                            }
                            writeln!(
                                text,
                                "{product},0001,{term},{plan},{market},{currency},{price},{low},{high},{from},{to},{tags},{segment}"
                            )
                            .expect("text");
                        }
                    };
                    match dice.below(5) {
                        0 => {
                            row(dice, "", "", "2019-01-01", "2026-03-31");
                            row(dice, "", "", "2026-04-01", "9999-12-31");
                        }
                        1 => {
                            row(dice, "", "", "1/1/1753 12:00:00 AM", "2026-04-15");
                            row(dice, "", "", "2026-04-01", "");
                        }
                        2 => {
                            row(dice, "1", "9", "2019-01-01", "");
                            let high = dice.maybe(50, &["40"]);
                            row(dice, "10", high, "2019-01-01", "");
                        }
                        3 if dice.chance(15) => {
                            row(dice, "", "", "2019-01-01", "");
                            row(dice, "", "", "2019-01-01", "");
                        }
                        _ => row(dice, "", "", "2019-01-01", "9999-12-31"),
                    }
                }
            }
        }
    }
    text
}

fn promotions(dice: &mut Dice) -> String {
    let mut text = String::from(
        "promotion_id,product_id,sku_id,term,billing_cycle,markets,regions,discount,starts_on,ends_on,min_seats,max_seats,\
         max_redemptions,first_purchase,requires,auto_applicable,commerce\n",
    );
    for number in 0..2 + dice.below(4) {
        let from = dice.day();
        let to = from + Days::new(u64::from(dice.below(500)));
        let limits = format!(
            "{from},{to},{},{},{},{},{},{},{}",
            dice.maybe(20, &["2", "5", "10"]),
            dice.maybe(50, &["10", "20", "25", "40"]),
            dice.maybe(20, &["1", "2"]),
            dice.maybe(30, &["true", "false"]),
            dice.maybe(20, &["CFQA:0001", "CFQB:0001", "CFQA:0001;CFQB:0001"]),
            if dice.chance(75) { "true" } else { "false" },
            if dice.chance(90) { "new" } else { "legacy" },
        );
        let (markets, regions) = (dice.maybe(20, &["NL", "NL;JP", "KW"]), dice.maybe(15, &["EMEA", "APAC"]));
        let mut named = Vec::new();
        for _ in 0..1 + dice.below(3) {
            let (product, term) = (dice.pick(&PRODUCTS), dice.pick(&TERMS));
            if named.contains(&(product, term)) {
                continue;
            }
            named.push((product, term));
            let cycle = if term == "P1M" { "" } else { dice.maybe(15, &["monthly", "annual"]) };
            let discount = dice.pick(&["0.1", "0.15", "0.15", "0.2", "0.333", "1", "0", "0.125"]);
            writeln!(
                text,
                "PR-{number},{product},0001,{term},{cycle},{markets},{regions},{discount},{limits}"
            )
            .expect("text");
        }
    }
    text
}

/// A subscription's row as later happenings need to know it.
struct Sold {
    id: String,
    customer: String,
    product: String,
    term: String,
    cycle: String,
    start: NaiveDate,
    seats: u32,
    /// Days on which something of it happens.
    days: Vec<NaiveDate>,
}

struct Written {
    /// What each id that an upgrade opens takes over from its source.
    opened_as: BTreeMap<String, Vec<String>>,
    sold: Vec<Sold>,
    /// Customer, market and currency.
    places: Vec<(String, &'static str, &'static str)>,
    subscriptions: String,
    changes: String,
    customers: String,
    events: String,
    scheduled: String,
    redemptions: String,
}

fn subscriptions(dice: &mut Dice) -> Written {
    let mut written = Written {
        opened_as: BTreeMap::new(),
        sold: Vec::new(),
        places: Vec::new(),
        subscriptions: "subscription_id,customer_id,partner_id,order_id,commerce,product_id,sku_id,segment,market,currency,term,\
                        billing_cycle,quantity,quantity_as_of,ordered_at,term_start,term_end,anchored_on,unit_price,promotion_id,auto_renew,\
                        status,origin,channel\n"
            .into(),
        changes: "subscription_id,changed_at,quantity,change_id,quantity_before\n".into(),
        customers: "customer_id,market,qualifications\n".into(),
        events: "subscription_id,happened_at,kind,quantity,target_term,target_billing_cycle,target_subscription_id,\
                 target_product_id,target_sku_id\n"
            .into(),
        scheduled: "subscription_id,scheduled_at,product_id,sku_id,term,billing_cycle,quantity,term_end,promotion_id\n".into(),
        redemptions: "subscription_id,code,entered_at,order_id\n".into(),
    };
    let mut number = 0;
    for customer in 0..2 + dice.below(3) {
        let (market, currency) = match dice.below(5) {
            0 => ("JP", "JPY"),
            1 => ("KW", "KWD"),
            _ => ("NL", "EUR"),
        };
        let qualified = dice.maybe(
            70,
            &[
                "commercial",
                "education",
                "nonprofit",
                "government",
                "state-owned",
                "education;state-owned",
                "government;state-owned",
            ],
        );
        written.places.push((format!("C{customer}"), market, currency));
        let home = if dice.chance(4) { "BE" } else { market };
        if !dice.chance(4) {
            writeln!(written.customers, "C{customer},{home},{qualified}").expect("text");
        }
        for _ in 0..1 + dice.below(6) {
            number += 1;
            subscription(
                dice,
                &mut written,
                &format!("S{number:02}"),
                &format!("C{customer}"),
                (market, currency),
            );
        }
    }
    written
}

fn subscription(
    dice: &mut Dice,
    written: &mut Written,
    id: &str,
    customer: &str,
    (market, currency): (&str, &str),
) {
    let term = dice.pick(&TERMS);
    let cycle = match term {
        "P1M" => dice.pick(&["monthly", "monthly", "monthly", "upfront", "annual"]),
        _ => dice.pick(&["monthly", "monthly", "monthly", "annual", "upfront"]),
    };
    let start = dice.day();
    let origin = dice.pick(&["purchase", "purchase", "purchase", "", "renewal", "migration", "trial"]);
    let ordered = match dice.below(5) {
        0 => {
            let day = start + Days::new(u64::from(dice.below(5)));
            dice.at(day)
        }
        1 => {
            let day = start - Days::new(u64::from(dice.below(40)));
            dice.at(day)
        }
        2 => dice.at(start),
        _ => String::new(),
    };
    let counted = if dice.chance(12) {
        let day = start + Days::new(u64::from(dice.below(60)));
        dice.at(day)
    } else {
        String::new()
    };
    let natural: u32 = match term {
        "P1M" => 29,
        "P1Y" => 364,
        _ => 1095,
    };
    let term_end = if dice.chance(12) {
        (start + Days::new(u64::from(dice.below(natural + 10)))).to_string()
    } else {
        String::new()
    };
    let anchored = if dice.chance(20) { dice.day().to_string() } else { String::new() };
    let seats = 1 + dice.below(14);
    let promotion = dice.maybe(30, &["PR-0", "PR-1", "PR-2", "none", "PR-9"]);
    let partner = dice.maybe(60, &["P-EMEA", "P-APAC", "P-NONE"]);
    let order = dice.maybe(30, &["O1", "O2"]);
    let commerce = dice.maybe(15, &["legacy", "new"]);
    let product = dice.pick(&PRODUCTS);
    let row = [
        id.to_owned(),
        customer.to_owned(),
        partner.to_owned(),
        order.to_owned(),
        commerce.to_owned(),
        product.to_owned(),
        "0001".to_owned(),
        dice.maybe(10, &["commercial", "education", "government"]).to_owned(),
        market.to_owned(),
        currency.to_owned(),
        term.to_owned(),
        cycle.to_owned(),
        seats.to_string(),
        counted,
        ordered,
        start.to_string(),
        term_end,
        anchored,
        dice.maybe(20, &["120", "99.99", "48", "0", "7.77"]).to_owned(),
        promotion.to_owned(),
        dice.maybe(30, &["true", "false"]).to_owned(),
        dice.maybe(12, &["active", "suspended", "cancelled", "expired"]).to_owned(),
        origin.to_owned(),
        dice.maybe(6, &["advisor", "reseller"]).to_owned(),
    ];
    written.subscriptions.push_str(&row.join(","));
    written.subscriptions.push('\n');
    let days = happenings(dice, written, id, start, seats);
    written.sold.push(Sold {
        id: id.to_owned(),
        customer: customer.to_owned(),
        product: product.to_owned(),
        term: term.to_owned(),
        cycle: cycle.to_owned(),
        start,
        seats,
        days,
    });
}

/// Seat changes, events, scheduled changes and codes; gives the days of the first two.
fn happenings(
    dice: &mut Dice,
    written: &mut Written,
    id: &str,
    start: NaiveDate,
    seats: u32,
) -> Vec<NaiveDate> {
    let mut days = Vec::new();
    let near = |dice: &mut Dice| {
        if dice.chance(50) { start + Days::new(u64::from(dice.below(45))) } else { dice.day() }
    };
    for change in 0..dice.below(4) {
        let day = near(dice);
        days.push(day);
        let at = dice.at(day);
        let wanted = (seats + dice.below(12)).saturating_sub(dice.below(8));
        let change = if dice.chance(50) { format!("ch{change}") } else { String::new() };
        let before = dice.maybe(60, &["1", "4", "9", "15"]);
        writeln!(written.changes, "{id},{at},{wanted},{change},{before}").expect("text");
    }
    for _ in 0..dice.below(3) {
        let day = near(dice);
        days.push(day);
        let at = dice.at(day);
        let kind = dice.pick(&["cancel", "suspend", "reactivate", "migrate", "convert_trial"]);
        let detail = if kind == "convert_trial" {
            format!(
                "{},{},{}",
                dice.maybe(40, &["3", "30"]),
                dice.maybe(30, &["P1M", "P3Y"]),
                dice.maybe(30, &["annual", "upfront"])
            )
        } else {
            ",,".to_owned()
        };
        writeln!(written.events, "{id},{at},{kind},{detail},,,").expect("text");
    }
    for _ in 0..dice.below(3) {
        let day = near(dice);
        let at = dice.at(day);
        let product = dice.maybe(25, &PRODUCTS);
        let sku = if product.is_empty() { "" } else { "0001" };
        let end = if dice.chance(12) { dice.day().to_string() } else { String::new() };
        writeln!(
            written.scheduled,
            "{id},{at},{product},{sku},{},{},{},{end},{}",
            dice.maybe(25, &["P1M", "P1Y", "P3Y"]),
            dice.maybe(25, &["monthly", "annual", "upfront"]),
            dice.maybe(40, &["1", "5", "12", "30", "0"]),
            dice.maybe(20, &["PR-0", "PR-1", "PR-9"]),
        )
        .expect("text");
    }
    if dice.chance(35) {
        for _ in 0..1 + dice.below(2) {
            let day = start + Days::new(u64::from(dice.below(6))) - Days::new(3);
            let at = dice.at(day);
            let code = dice.pick(&["HALF", "TENTH", "MAX5", "half", "LATE"]);
            writeln!(written.redemptions, "{id},{code},{at},{}", dice.maybe(30, &["O1", "O2"]))
                .expect("text");
        }
    }
    days
}

const POLICY: [(&str, &[&str]); 12] = [
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
];

/// Writes a book and its job, and gives the policy that it is played under.
pub(crate) fn write_book(seed: u64, dir: &Path) -> BTreeMap<String, String> {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let mut written = subscriptions(&mut dice);
    let mut prices = price_list(&mut dice);
    // Dice of their own, so that what a seed gave before stays as it was.
    let changes = changes::crowd(seed, &mut written, &mut prices);
    let put = |name: &str, text: &str| fs::write(dir.join(format!("{name}.csv")), text).expect("an input");
    put("price_list", &prices);
    put("promotions", &promotions(&mut dice));
    put("subscriptions", &written.subscriptions);
    put("seat_changes", &written.changes);
    put("customers", &written.customers);
    put("lifecycle_events", &written.events);
    put("scheduled_changes", &written.scheduled);
    put("redemptions", &written.redemptions);
    put(
        "promo_codes",
        "code,discount,product_id,sku_id,markets,redeem_from,redeem_by,max_licences\nHALF,0.5,,,,,2026-12-31,\n\
         TENTH,0.1,CFQA,0001,,2025-06-01,2026-12-31,\nMAX5,0.25,,,NL;JP,,2026-12-31,5\nLATE,0.3,,,,,2025-12-31,\n",
    );
    put("partners", "partner_id,region,kind\nP-EMEA,EMEA,direct\nP-APAC,APAC,direct\nP-NONE,,direct\n");
    put(
        "holdings",
        "customer_id,product_id,sku_id,quantity,promotion_id\nC0,CFQA,0001,4,PR-0\nC1,CFQB,0001,7,\n",
    );
    let mut inputs: Vec<&str> = vec![
        "subscriptions",
        "price_list",
        "promotions",
        "promo_codes",
        "redemptions",
        "seat_changes",
        "lifecycle_events",
        "scheduled_changes",
    ];
    for optional in ["partners", "holdings", "customers"] {
        if dice.chance(60) {
            inputs.push(optional);
        } else {
            fs::remove_file(dir.join(format!("{optional}.csv"))).expect("a file");
        }
    }
    let mut policy: BTreeMap<String, String> = POLICY
        .iter()
        .filter(|_| dice.below(3) == 0)
        .map(|(name, words)| (*name, words.to_vec()))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|(name, words)| (name.to_owned(), dice.pick(&words).to_owned()))
        .collect();
    policy.extend(changes);
    let mut job =
        String::from("kind = \"invoice\"\nas_of = \"2026-05-20\"\nfrom = \"2026-03-25\"\n[inputs]\n");
    for input in inputs {
        writeln!(job, "{input} = \"{input}.csv\"").expect("text");
    }
    job.push_str("[policy]\n");
    for (name, word) in &policy {
        // A full refund is never longer than the refund window.
        if name == "refund_window" {
            writeln!(job, "full_refund = \"24h\"").expect("text");
        }
        writeln!(job, "{name} = \"{word}\"").expect("text");
    }
    job.push_str("[outputs]\ndir = \"out\"\nformat = \"csv\"\nrenewal_horizon_days = 60\n[limits]\nrejected_rows = \"100%\"\n");
    fs::write(dir.join("job.toml"), job).expect("the job");
    policy
}
