//! The oracle against examples worked by hand: from the decided readings where they give one, else with the sum beside it.
use super::{Answer, Job, run};
use chrono::NaiveDate;
use std::fs;

const PRICES: &str = "ProductId,SkuId,TermDuration,BillingPlan,Market,Currency,UnitPrice,EffectiveStartDate,\
                      EffectiveEndDate,Tags,Segment\n";
const SUBS: &str = "subscription_id,customer_id,product_id,sku_id,market,currency,term,billing_cycle,quantity,term_start,\
                    auto_renew,origin,segment,promotion_id,term_end\n";
const EVENTS: &str = "subscription_id,happened_at,kind,quantity,target_subscription_id,target_product_id,target_sku_id,\
                      target_term,target_billing_cycle\n";
const CHANGES: &str = "subscription_id,changed_at,quantity\n";
const PROMOTIONS: &str = "promotion_id,product_id,sku_id,term,discount,starts_on,ends_on,max_seats\n";

/// A small book. A price is `product term plan price from to`; the other rows are written short of what never differs.
#[derive(Default)]
struct Small<'a> {
    prices: &'a [&'a str],
    subs: &'a [&'a str], // id product term cycle quantity term_start auto_renew origin segment promotion term_end
    events: &'a [&'a str],
    changes: &'a [&'a str],
    promotions: &'a [&'a str],
    policy: &'a [(&'a str, &'a str)],
    window: (&'a str, &'a str),
    horizon: i64,
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn play(small: &Small) -> Answer {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, header: &str, rows: Vec<String>| {
        let rows: String = rows.iter().map(|row| format!("{row}\n")).collect();
        fs::write(dir.path().join(format!("{name}.csv")), format!("{header}{rows}")).unwrap();
    };
    let words = |row: &str| -> Vec<String> {
        row.split_whitespace().map(|w| if w == "-" { String::new() } else { w.to_string() }).collect()
    };
    let price = |row: &&str| {
        let w = words(row);
        let tail = w.get(4..).unwrap_or_default().join(",");
        let tail = if tail.is_empty() { "2019-01-01,,License,Commercial".to_string() } else { tail };
        format!("{},1,{},{},NL,EUR,{},{tail}", w[0], w[1], w[2], w[3])
    };
    put("price_list", PRICES, small.prices.iter().map(price).collect());
    let sub = |row: &&str| {
        let w = words(row);
        let rest = w.get(6..).unwrap_or_default().join(",");
        format!("{},C,{},1,NL,EUR,{},{},{},{},{rest}", w[0], w[1], w[2], w[3], w[4], w[5])
    };
    put("subscriptions", SUBS, small.subs.iter().map(sub).collect());
    let joined = |rows: &[&str]| rows.iter().map(|row| words(row).join(",")).collect();
    put("lifecycle_events", EVENTS, joined(small.events));
    put("seat_changes", CHANGES, joined(small.changes));
    put("promotions", PROMOTIONS, joined(small.promotions));
    let (from, as_of) = small.window;
    let policy = small.policy.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
    let job = Job { from: day(from), as_of: day(as_of), horizon_days: small.horizon, policy };
    run(dir.path(), &job).unwrap()
}

/// The lines in short; pairs are numbered as they come.
fn lines(answer: &Answer) -> Vec<String> {
    let mut pairs = Vec::new();
    let mut short = |l: &super::Line| {
        let pair = l.pair.map_or(String::new(), |p| {
            if !pairs.contains(&p) {
                pairs.push(p);
            }
            format!(" #{}", 1 + pairs.iter().position(|q| *q == p).unwrap())
        });
        let (id, product, kind) = (&l.subscription_id, &l.product_id, &l.charge_type);
        let amount = format!("{} × {} = {}", l.quantity, l.unit_price, l.subtotal);
        format!("{id} {product} {kind} {}…{} {amount}{pair}", l.charge_start, l.charge_end)
    };
    answer.lines.iter().map(&mut short).collect()
}

fn rejects(answer: &Answer) -> Vec<String> {
    answer.rejects.iter().map(|r| format!("{} {} {} {}", r.file, r.row, r.disposition, r.code)).collect()
}

const TWO: [&str; 2] = ["A P1Y Monthly 120.96", "B P1Y Monthly 77.16"]; // 10.08 and 6.43 a month

#[test]
fn a_full_upgrade_refunds_the_old_days_left_and_charges_the_new_ones() {
    let answer = play(&Small {
        prices: &TWO,
        subs: &["S A P1Y monthly 300 2021-06-18"],
        events: &["S 2021-06-25T10:00:00Z upgrade - - B 1 - -", "S 2021-06-26 cancel - - - - - -"],
        changes: &["S 2021-06-25T12:00:00Z 301", "S 2021-06-25T13:00:00Z 299"],
        window: ("2021-06-01", "2021-08-01"),
        ..Small::default()
    });
    assert_eq!(
        lines(&answer),
        [
            "S A new 2021-06-18…2021-07-17 300 × 10.08 = 3024.00",
            "S A convert 2021-06-25…2021-07-17 300 × 10.08 = -2318.40 #1",
            "S B convert 2021-06-25…2021-07-17 300 × 6.43 = 1478.90 #1",
            "S B addQuantity 2021-06-25…2021-07-17 1 × 6.43 = 4.93", // 6.43 × 23/30
            "S B cycleCharge 2021-07-18…2021-08-17 301 × 6.43 = 1935.43",
        ],
        "the cancellation is too late: an upgrade has no window (B2, A11)"
    );
    assert_eq!(rejects(&answer), ["seat_changes 2 refused seat-decrease-outside-window"]);
}

#[test]
fn a_partial_upgrade_opens_a_subscription_that_lives_on_under_its_own_id() {
    let answer = play(&Small {
        prices: &TWO,
        subs: &["S A P1Y monthly 300 2021-06-18"],
        events: &[
            "S 2021-06-25T10:00:00Z upgrade 100 N B 1 - -",
            "S 2021-06-25T11:00:00Z upgrade 201 N B 1 - -",
            "S 2021-06-25T11:30:00Z upgrade 2 - B 1 - -",
            "S 2021-06-25T11:40:00Z upgrade 2 N B 1 P3Y -",
        ],
        changes: &[
            "N 2021-06-24 7",
            "N 2021-06-26 102",
            "N 2021-06-27 101",
            "N 2021-06-28 99",
            "N 2021-08-02 1",
            "S 2021-07-18 203",
        ],
        window: ("2021-06-01", "2021-08-01"),
        ..Small::default()
    });
    assert_eq!(
        lines(&answer),
        [
            "N B convert 2021-06-25…2021-07-17 100 × 6.43 = 492.97 #1",
            "N B addQuantity 2021-06-26…2021-07-17 2 × 6.43 = 9.43", // 12.86 × 22/30
            "N B removeQuantity 2021-06-27…2021-07-17 1 × 6.43 = -4.50", // 6.43 × 21/30
            "N B cycleCharge 2021-07-18…2021-08-17 101 × 6.43 = 649.43",
            "S A new 2021-06-18…2021-07-17 300 × 10.08 = 3024.00",
            "S A convert 2021-06-25…2021-07-17 100 × 10.08 = -772.80 #1",
            "S A cycleCharge 2021-07-18…2021-08-17 203 × 10.08 = 2046.24",
        ]
    );
    assert_eq!(
        rejects(&answer),
        [
            "lifecycle_events 2 refused upgrade-quantity",
            "lifecycle_events 3 refused upgrade-target-missing",
            "lifecycle_events 4 refused upgrade-changes-term",
            "seat_changes 1 refused subscription-unknown",
            "seat_changes 4 refused seat-decrease-outside-window",
        ]
    );
    assert_eq!(answer.lines[0].term_end, "2022-06-17");
    assert_eq!(answer.lines[0].term_start, "2021-06-25");
}

#[test]
fn seats_move_into_an_existing_subscription_at_its_own_promotion_and_for_its_own_days() {
    let small = Small {
        prices: &["A P1Y Monthly 120", "B P1Y Monthly 240"],
        subs: &[
            "S A P1Y monthly 10 2026-03-10",
            "T B P1Y monthly 5 2026-03-20 true purchase commercial PR -",
        ],
        promotions: &["PR B 1 P1Y 0.5 2026-01-01 2026-12-31 9"],
        events: &["S 2026-04-01 upgrade 4 T B 1 - -", "S 2026-04-02 upgrade - T B 1 - -"],
        changes: &["S 2026-04-03 7"],
        window: ("2026-04-01", "2026-04-30"),
        ..Small::default()
    };
    let mut answer = play(&small);
    assert_eq!(
        lines(&answer),
        [
            "S A moveQuantity 2026-04-01…2026-04-09 4 × 10.00 = -11.61 #1", // 40 × 9/31
            "S A addQuantity 2026-04-03…2026-04-09 1 × 10.00 = 2.26",       // 10 × 7/31
            "S A cycleCharge 2026-04-10…2026-05-09 7 × 10.00 = 70.00",
            "T B moveQuantity 2026-04-01…2026-04-19 4 × 20.00 = 24.52 #1", // 40 × 19/31
            "T B cycleCharge 2026-04-20…2026-05-19 9 × 20.00 = 90.00",
        ],
        "a second move would pass the maximum of 9"
    );
    assert_eq!(rejects(&answer), ["lifecycle_events 2 refused seat-change-above-promotion-limit"]);
    answer = play(&Small { policy: &[("refused_events", "flag")], ..small });
    assert_eq!(
        lines(&answer)[1..],
        [
            "S A moveQuantity 2026-04-02…2026-04-09 6 × 10.00 = -15.48 #2", // 60 × 8/31
            "T B moveQuantity 2026-04-01…2026-04-19 4 × 20.00 = 24.52 #1",
            "T B moveQuantity 2026-04-02…2026-04-19 6 × 20.00 = 34.84 #2", // 60 × 18/31
            "T B cycleCharge 2026-04-20…2026-05-19 15 × 20.00 = 150.00",
        ],
        "all moved: the source ends"
    );
    assert_eq!(
        rejects(&answer),
        [
            "lifecycle_events 2 flagged seat-change-above-promotion-limit",
            "seat_changes 1 refused subscription-not-active"
        ]
    );
}

#[test]
fn a_row_that_the_upgrade_opened_is_not_given_the_seats_twice() {
    let answer = play(&Small {
        prices: &["A P1Y Monthly 120", "B P1Y Monthly 240"],
        subs: &[
            "S A P1Y monthly 10 2026-03-10",
            "U B P1Y monthly 4 2026-04-10 true upgrade commercial - 2027-03-09",
        ],
        events: &["S 2026-04-10T09:00:00Z upgrade 4 U B 1 - -"],
        window: ("2026-04-01", "2026-04-30"),
        ..Small::default()
    });
    assert_eq!(
        lines(&answer),
        [
            "S A cycleCharge 2026-04-10…2026-05-09 10 × 10.00 = 100.00",
            "S A convert 2026-04-10…2026-05-09 4 × 10.00 = -40.00 #1",
            "U B convert 2026-04-10…2026-05-09 4 × 20.00 = 80.00 #1",
        ]
    );
    assert!(answer.rejects.is_empty());
}

const PLANS: [&str; 2] = ["A P3Y Monthly 756", "A P3Y Annual 750"]; // 21 a month, 250 a year

#[test]
fn annual_instead_of_monthly_bills_the_months_left_of_the_year_and_back_again() {
    let answer = play(&Small {
        prices: &PLANS,
        subs: &["S A P3Y monthly 10 2025-05-15"],
        events: &[
            "S 2025-06-03 change_billing_cycle - - - - - annual",
            "S 2026-12-31 change_billing_cycle - - - - - monthly",
            "S 2026-12-31T10:00:00Z change_billing_cycle - - - - - upfront",
        ],
        changes: &["S 2025-12-01 12"],
        window: ("2025-05-01", "2027-07-01"),
        ..Small::default()
    });
    assert_eq!(
        lines(&answer),
        [
            "S A new 2025-05-15…2025-06-14 10 × 21.00 = 210.00",
            "S A changeBillingPlan 2025-06-15…2026-05-14 10 × 250.00 = 2291.67", // 2500 × 11/12
            "S A addQuantity 2025-12-01…2026-05-14 2 × 250.00 = 226.42",         // 500 × 11/12 × 165/334
            "S A cycleCharge 2026-05-15…2027-05-14 12 × 250.00 = 3000.00",
            "S A changeBillingPlan 2027-05-15…2027-06-14 12 × 21.00 = 252.00",
            "S A cycleCharge 2027-06-15…2027-07-14 12 × 21.00 = 252.00",
        ]
    );
    assert_eq!(rejects(&answer), ["lifecycle_events 3 refused billing-cycle-change-not-allowed"]);
}

#[test]
fn an_upgrade_in_the_stub_prices_the_new_sku_for_each_plan_to_come() {
    let answer = play(&Small {
        prices: &["A P3Y Monthly 756", "A P3Y Annual 750", "B P3Y Monthly 1512", "B P3Y Annual 1440"],
        subs: &["S A P3Y monthly 10 2025-05-15"],
        events: &[
            "S 2025-06-03 change_billing_cycle - - - - - annual",
            "S 2025-06-10 upgrade - - B 1 - -",
            "S 2026-05-01 upgrade 4 N A 1 - -",
        ],
        window: ("2025-05-01", "2026-06-01"),
        ..Small::default()
    });
    assert_eq!(
        lines(&answer),
        [
            "N A convert 2026-05-01…2026-05-14 4 × 250.00 = 38.42 #1", // 1000 × 11/12 × 14/334
            "N A cycleCharge 2026-05-15…2027-05-14 4 × 250.00 = 1000.00",
            "S A new 2025-05-15…2025-06-14 10 × 21.00 = 210.00",
            "S A convert 2025-06-10…2025-06-14 10 × 21.00 = -33.87 #2", // 210 × 5/31
            "S B convert 2025-06-10…2025-06-14 10 × 42.00 = 67.74 #2",
            "S B changeBillingPlan 2025-06-15…2026-05-14 10 × 480.00 = 4400.00", // 4800 × 11/12
            "S B convert 2026-05-01…2026-05-14 4 × 480.00 = -73.77 #1",          // 1920 × 11/12 × 14/334
            "S B cycleCharge 2026-05-15…2027-05-14 6 × 480.00 = 2880.00",
        ]
    );
    assert!(answer.rejects.is_empty());
}

#[test]
fn a_plan_changed_in_the_last_cycle_is_the_next_terms() {
    let answer = play(&Small {
        prices: &PLANS,
        subs: &["S A P3Y annual 1 2023-05-15", "T A P3Y annual 1 2023-05-15", "O A P1Y monthly 1 2026-01-01"],
        events: &[
            "S 2026-01-03 change_billing_cycle - - - - - monthly",
            "T 2026-01-03 change_billing_cycle - - - - - monthly",
            "T 2026-01-04 change_billing_cycle - - - - - annual",
        ],
        window: ("2026-05-01", "2026-06-20"),
        ..Small::default()
    });
    assert_eq!(
        lines(&answer),
        [
            "S A renew 2026-05-15…2026-06-14 1 × 21.00 = 21.00",
            "S A cycleCharge 2026-06-15…2026-07-14 1 × 21.00 = 21.00",
            "T A renew 2026-05-15…2027-05-14 1 × 250.00 = 250.00",
        ]
    );
    let first = &answer.renewals[0];
    assert_eq!((first.billing_cycle.as_str(), first.amount_before.as_str()), ("monthly", "750.00"));
    assert_eq!(first.amount_after, "756.00");
}

#[test]
fn a_longer_term_begins_at_once_and_keeps_the_clocks() {
    let answer = play(&Small {
        prices: &["A P1M Monthly 12", "A P1Y Monthly 120", "A P3Y Annual 270"],
        subs: &["S A P1M monthly 10 2026-03-31", "T A P1M monthly 10 2026-04-05"],
        events: &[
            "S 2026-04-11 change_term - - - - P1Y -",
            "S 2026-04-12 change_term - - - - P1Y -",
            "S 2026-05-11 change_term - - - - P3Y annual",
            "T 2026-04-07 change_term - - - - P1Y -",
            "T 2026-04-12 cancel - - - - - -",
        ],
        window: ("2026-03-01", "2026-05-31"),
        ..Small::default()
    });
    assert_eq!(
        lines(&answer),
        [
            "S A new 2026-03-31…2026-04-29 10 × 12.00 = 120.00",
            "S A convert 2026-04-11…2026-04-29 10 × 12.00 = -76.00 #1", // 120 × 19/30
            "S A convert 2026-04-11…2026-05-10 10 × 10.00 = 100.00 #1",
            "S A cycleCharge 2026-05-11…2026-06-10 10 × 10.00 = 100.00",
            "S A convert 2026-05-11…2026-06-10 10 × 10.00 = -100.00 #2",
            "S A convert 2026-05-11…2027-05-10 10 × 90.00 = 900.00 #2",
            "T A new 2026-04-05…2026-05-04 10 × 12.00 = 120.00",
            "T A convert 2026-04-07…2026-05-04 10 × 12.00 = -112.00 #3", // 120 × 28/30
            "T A convert 2026-04-07…2026-05-06 10 × 10.00 = 100.00 #3",
            "T A cancelImmediate 2026-04-12…2026-05-06 10 × 10.00 = -83.33", // 100 × 25/30: 7 days from the purchase
        ]
    );
    assert_eq!(rejects(&answer), ["lifecycle_events 2 refused term-change-not-longer"]);
}

#[test]
fn without_renewal_a_term_goes_on_by_the_month_with_the_surcharge() {
    let subs = [
        "S A P1Y monthly 3 2025-05-10 false",
        "T B P1Y monthly 3 2025-05-10 false",
        "O A P1Y monthly 3 2025-05-03 false", // its last day is 2 May 2026: one too early
        "X C P1M monthly 1 2026-04-20 false",
    ];
    let answer = play(&Small {
        prices: &[
            "A P1M Monthly 12.34",
            "A P1Y Monthly 120",
            "B P1Y Monthly 100",
            "C P1M Monthly 5 2019-01-01 2026-05-01 License Commercial",
        ],
        subs: &subs,
        events: &["S 2026-06-12T00:00:00Z cancel - - - - - -"],
        policy: &[("end_of_term", "extend")],
        window: ("2026-05-01", "2026-06-20"),
        horizon: 30,
        ..Small::default()
    });
    assert_eq!(
        lines(&answer),
        [
            "S A extendTerm 2026-05-10…2026-06-09 3 × 12.7102 = 38.13",
            "S A extendTerm 2026-06-10…2026-07-09 3 × 12.7102 = 38.13",
            "S A cancelImmediate 2026-06-12…2026-07-09 3 × 12.7102 = -35.59", // 38.1306 × 28/30
            "T B extendTerm 2026-05-10…2026-06-09 3 × 10.25 = 30.75",         // 100 ÷ 12 × 1.23
            "T B extendTerm 2026-06-10…2026-07-09 3 × 10.25 = 30.75",
        ]
    );
    let told: Vec<String> = (answer.renewals.iter())
        .map(|r| {
            format!(
                "{} {} {} {} {} {} {}",
                r.subscription_id,
                r.outcome,
                r.renewal_date,
                r.term,
                r.list_unit_price,
                r.unit_price_after,
                r.amount_after
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "O expires 2026-05-03 P1Y   ",
            "S extends 2026-05-10 P1M 12.34 12.7102 38.13",
            "S extends 2026-06-10 P1M 12.34 12.7102 38.13",
            "T extends 2026-05-10 P1M 100.00 10.25 30.75",
            "T extends 2026-06-10 P1M 100.00 10.25 30.75",
            "T extends 2026-07-10 P1M 100.00 10.25 30.75",
            "X blocked 2026-05-20 P1M   ",
        ]
    );
    assert_eq!(rejects(&answer), ["subscriptions 4 rejected price-missing"]);
}

#[test]
fn special_prices_are_for_licences_only() {
    let answer = play(&Small {
        prices: &[
            "A P1M Monthly 12 2019-01-01 - Software Education",
            "B P1M Monthly 12 2019-01-01 - License Education",
        ],
        subs: &[
            "S A P1M monthly 1 2026-04-20 true purchase education",
            "T B P1M monthly 1 2026-04-20 true purchase education",
            "U A P1M monthly 1 2026-04-20 true renewal education",
        ],
        window: ("2026-04-01", "2026-04-30"),
        ..Small::default()
    });
    assert_eq!(rejects(&answer), ["subscriptions 1 rejected segment-not-allowed"]);
    assert_eq!(answer.lines.len(), 2);
}

#[test]
fn an_upgrade_gets_the_targets_promotion_only_where_the_policy_says_so() {
    let small = Small {
        prices: &["A P1M Monthly 12", "B P1M Monthly 30"],
        subs: &["S A P1M monthly 10 2026-04-01 true purchase commercial PA -"],
        promotions: &["PA A 1 P1M 0.5 2026-01-01 2026-12-31 -", "PB B 1 P1M 0.1 2026-01-01 2026-12-31 8"],
        events: &["S 2026-04-16 upgrade 8 N B 1 - -", "S 2026-04-17 upgrade - - B 1 - -"],
        window: ("2026-04-16", "2026-04-30"),
        ..Small::default()
    };
    let told = |answer: &Answer| -> Vec<String> {
        let one = |l: &super::Line| format!("{} {} {}", l.subscription_id, l.promotion_id, l.subtotal);
        answer.lines.iter().map(one).collect()
    };
    let none = play(&Small { ..small });
    assert_eq!(told(&none), ["N  120.00", "S PA -24.00", "S PA -5.60", "S  28.00"]);
    let small = Small {
        prices: &["A P1M Monthly 12", "B P1M Monthly 30"],
        policy: &[("upgrade_promotions", "eligible")],
        ..small
    };
    // 8 seats reach the maximum, the other 2 would pass it
    assert_eq!(told(&play(&small)), ["N PB 108.00", "S PA -24.00", "S PA -5.60", "S  28.00"]);
}

#[test]
fn contract_years_are_the_terms_own_where_a_term_is_cut() {
    let change = "change_billing_cycle - - - - - annual";
    let events: Vec<String> = ["S", "T", "U", "V", "W"].map(|id| format!("{id} 2025-08-15 {change}")).into();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let answer = play(&Small {
        prices: &["A P3Y Monthly 756", "A P3Y Annual 750", "A P3Y Triennial 700", "A P1Y Monthly 252"],
        subs: &[
            "S A P3Y monthly 1 2025-07-01 true purchase commercial - 2027-12-31", // years count back from 2028-01-01
            "T A P3Y monthly 1 2025-07-01 true purchase commercial - 2027-12-20", // the 21st does not hold the 1st
            "U A P1Y monthly 1 2025-07-01",
            "V A P3Y upfront 1 2025-07-01",
            "W A P3Y monthly 1 2025-08-01 true trial",
        ],
        events: &events,
        window: ("2025-08-15", "2026-01-15"),
        ..Small::default()
    });
    let of_s: Vec<String> = lines(&answer).into_iter().filter(|l| l.starts_with('S')).collect();
    assert_eq!(
        of_s,
        [
            "S A changeBillingPlan 2025-09-01…2025-12-31 1 × 250.00 = 83.33", // 250 × 4/12
            "S A cycleCharge 2026-01-01…2026-12-31 1 × 250.00 = 250.00",
        ]
    );
    assert_eq!(
        rejects(&answer),
        [
            "lifecycle_events 2 refused billing-cycle-change-not-allowed",
            "lifecycle_events 3 refused billing-cycle-change-not-allowed",
            "lifecycle_events 4 refused billing-cycle-change-not-allowed",
            "lifecycle_events 5 refused trial-unchangeable",
        ]
    );
}
