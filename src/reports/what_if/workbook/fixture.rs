//! A what-if of three currencies and two proposals whose sums are done by hand.
//!
//! ```text
//! EUR  today 1030.00, of which a leaves out 30.00: Contoso's, of the second product, in January
//!      a  1000.00 ──▶ 1050.00 = +48.00 list +3.00 promotion -1.01 code +0.01 rounding
//!      b  1030.00 ──▶  930.00 = -100.00 promotion
//! JPY  today 800, of which b leaves out everything
//!      a      800 ──▶     801 = +1 list (0.125 %: half-up to 0.13 %)
//!      b        0 ──▶       0
//! KWD  a    1.000 ──▶   0.995 = -0.005 policy
//!      b    1.000 ──▶   1.001 = +0.001 rounding
//! ```

use super::super::model::{
    Change, Currency, Input, LeftOut, Others, Proposal, Row, RowWorld, Sums, WhatIf, World,
};

/// The what-if.
pub(super) fn what_if() -> WhatIf {
    let texts = |text: &str| text.to_owned();
    WhatIf {
        version: texts("0.1.0"),
        as_of: texts("2026-11-30"),
        first: texts("2026-12-01"),
        last: texts("2027-11-30"),
        horizon_months: 12,
        digest: texts("5f0c9a1be27d"),
        inputs: vec![Input {
            table: texts("subscriptions"),
            file: texts("=subscriptions.csv"),
            rows: 14,
            bytes: 1_902,
            hash: texts("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
        }],
        policy: vec![(texts("rounding"), texts("truncate")), (texts("trial_days"), texts("30"))],
        proposals: vec![
            proposal("a", "The vendor's list of 2027", &[(12, "+5% on P1Y, Monthly from 2026-12-01", 14)]),
            proposal(
                "b",
                "=1+1",
                &[(9, "promotion P-1 ends on 2026-12-31", 1), (13, "rounding truncate", 0)],
            ),
        ],
        currencies: vec![euros(), yen(), dinars()],
        left_out: vec![left_out(0, "EUR", 2, 3_000), left_out(1, "JPY", 0, 800)],
        left_out_subscriptions: vec![3, 3],
        lacking: vec!["subscriptions: 2 parked (rejects.csv says which and why)".to_owned()],
        notes: vec![texts("+1 note")],
    }
}

fn proposal(name: &str, title: &str, changes: &[(u32, &str, u64)]) -> Proposal {
    let change = |&(line, says, matches): &(u32, &str, u64)| Change { line, says: says.to_owned(), matches };
    Proposal {
        name: name.to_owned(),
        title: title.to_owned(),
        author: "@finance".to_owned(),
        why: "-10 % for a year,\nif we can".to_owned(),
        changes: changes.iter().map(change).collect(),
    }
}

fn left_out(proposal: usize, currency: &str, digits: u32, before: i64) -> LeftOut {
    LeftOut {
        proposal,
        product: "CFQ7TTC0LH18".to_owned(),
        sku: "0001".to_owned(),
        what: format!("P1Y, Monthly, NL, {currency}"),
        side: "proposal".to_owned(),
        why: "price-missing".to_owned(),
        subscriptions: 3,
        currency: currency.to_owned(),
        digits,
        before,
        after: 100,
        from: "2027-02-01".to_owned(),
    }
}

fn sums(before: i64, after: i64, causes: [i64; 5]) -> Sums {
    Sums { before, after, causes }
}

fn row(key: &str, sku: &str, name: &str, worlds: [Sums; 2]) -> Row {
    let world = |sums: Sums| {
        let changes = sums.causes != [0; 5];
        let effective_on = if changes { "2027-01-15" } else { "" };
        RowWorld { sums, subscriptions_changed: u64::from(changes), effective_on: effective_on.to_owned() }
    };
    let (key, sku, name) = (key.to_owned(), sku.to_owned(), name.to_owned());
    Row { key, sku, name, worlds: worlds.map(world).into() }
}

fn world(sums: Sums, customers_up: u64) -> World {
    World {
        sums,
        subscriptions_changed: 2,
        customers_up,
        customers_down: 1,
        rises: [3, 2, 1],
        rises_from_nothing: 1,
        first_effects: vec![("2027-01".to_owned(), 2)],
    }
}

fn euros() -> Currency {
    let promotion = |before, after| sums(before, after, [0, after - before, 0, 0, 0]);
    let no_change = |amount| sums(amount, amount, [0; 5]);
    let in_all = sums(100_000, 105_000, [4_800, 300, -101, 0, 1]);
    Currency {
        code: "EUR".to_owned(),
        digits: 2,
        subscriptions: 21,
        customers: 14,
        worlds: vec![world(in_all, 5), world(promotion(103_000, 93_000), 0)],
        months: vec![
            row("2026-12", "", "", [no_change(40_000), promotion(40_000, 38_000)]),
            row(
                "2027-01",
                "",
                "",
                [sums(60_000, 65_000, [4_800, 300, -101, 0, 1]), promotion(63_000, 55_000)],
            ),
        ],
        products: vec![
            row(
                "CFQ7TTC0LH18",
                "0001",
                "Suite",
                [sums(75_000, 79_700, [4_800, 0, -101, 0, 1]), promotion(75_000, 70_000)],
            ),
            row(
                "=cmd('/C calc')!A0",
                "0002",
                "",
                [sums(25_000, 25_300, [0, 300, 0, 0, 0]), promotion(28_000, 23_000)],
            ),
        ],
        listed: vec![
            row(
                "0001",
                "",
                "Contoso & Söhne",
                [sums(80_000, 84_500, [4_300, 300, -101, 0, 1]), promotion(83_000, 75_000)],
            ),
            row(
                "@SUM(1+1)",
                "",
                "=HYPERLINK(\"http://evil.example\")",
                [sums(0, 500, [500, 0, 0, 0, 0]), no_change(0)],
            ),
        ],
        others: Some(Others { customers: 12, worlds: vec![no_change(20_000), promotion(20_000, 18_000)] }),
    }
}

/// A currency of one month, product and customer.
fn small(code: &str, digits: u32, worlds: [Sums; 2]) -> Currency {
    Currency {
        code: code.to_owned(),
        digits,
        subscriptions: 1,
        customers: 1,
        worlds: worlds.map(|sums| world(sums, 1)).into(),
        months: vec![row("2027-01", "", "", worlds)],
        products: vec![row("CFQ7TTC0LH18", "0001", "Suite", worlds)],
        listed: vec![row("-7", "", "\tTab", worlds)],
        others: None,
    }
}

fn yen() -> Currency {
    small("JPY", 0, [sums(800, 801, [1, 0, 0, 0, 0]), sums(0, 0, [0; 5])])
}

fn dinars() -> Currency {
    small("KWD", 3, [sums(1_000, 995, [0, 0, 0, -5, 0]), sums(1_000, 1_001, [0, 0, 0, 0, 1])])
}
