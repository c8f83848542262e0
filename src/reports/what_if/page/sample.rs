//! What-ifs made up for tests and pictures: always the same.

use super::super::model::{
    Change, Currency, Input, LeftOut, Others, Proposal, Row, RowWorld, Sums, WhatIf, World,
};

/// Numbers that look like any, and are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn whole(&mut self, bound: u64) -> i64 {
        i64::try_from(self.below(bound)).unwrap_or_default()
    }
}

/// Texts that would be markup, script or turned around, if anything let them.
pub(super) const NASTY: [&str; 6] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "Contoso 🧾 & Söhne <b>GmbH</b>",
    "\u{202e}drawkcaB\u{2066} Ltd",
    "مؤسسة الأمل للتجارة",
    "{{ style|safe }} {% raw %} ${alert(1)} --> ]]>",
];

/// The months of the horizon.
const MONTHS: [&str; 12] = [
    "2026-12", "2027-01", "2027-02", "2027-03", "2027-04", "2027-05", "2027-06", "2027-07", "2027-08",
    "2027-09", "2027-10", "2027-11",
];

fn proposal(number: usize) -> Proposal {
    let titles = ["Five percent on monthly plans", "List of 2027, promotions end", "Truncate"];
    let change = |line, says: &str, matches| Change { line, says: says.to_owned(), matches };
    Proposal {
        name: ["monthly_premium", "list_2027", "truncate"].get(number).copied().unwrap_or("more").to_owned(),
        title: titles.get(number).copied().unwrap_or("One more").to_owned(),
        author: "Ines Vermeulen".to_owned(),
        why: "The vendor adds 5% to yearly terms billed monthly. We pass it on at each renewal.".to_owned(),
        changes: vec![
            change(5, "+5% on P1Y, Monthly from 2026-12-01", 412),
            change(12, "promotion PROMO-17 ends on 2026-12-31", 1),
            change(18, "60.48 for CFQ7TTC0LDPB:0001, P1Y, Annual in EUR from 2027-02-01", 0),
        ],
    }
}

/// A change that adds up to its causes.
fn sums(dice: &mut Dice, before: i64, way: i64) -> Sums {
    let list_price = before * (30 + dice.whole(40)) / 1_000 * way;
    let promotion = if dice.below(3) == 0 { before / 9 } else { 0 };
    let code = if dice.below(4) == 0 { -before / 21 } else { 0 };
    let policy = if dice.below(5) == 0 { -before / 200 } else { 0 };
    let rounding = dice.whole(3) - 1;
    let causes =
        if before == 0 { [5_000, 0, 0, 0, 0] } else { [list_price, promotion, code, policy, rounding] };
    Sums { before, after: before + causes.iter().sum::<i64>(), causes }
}

fn added(one: Sums, other: Sums) -> Sums {
    let mut causes = one.causes;
    for (cause, more) in causes.iter_mut().zip(other.causes) {
        *cause += more;
    }
    Sums { before: one.before + other.before, after: one.after + other.after, causes }
}

/// Rows that share an amount between them, the rest in the last.
fn shared(keys: &[(&str, &str, &str)], worlds: &[World]) -> Vec<Row> {
    let count = i64::try_from(keys.len()).unwrap_or(1);
    let part = |whole: i64, place: i64| {
        if place + 1 == count { whole - whole / count * place } else { whole / count }
    };
    let row = |(place, (key, sku, name)): (i64, &(&str, &str, &str))| Row {
        key: (*key).to_owned(),
        sku: (*sku).to_owned(),
        name: (*name).to_owned(),
        worlds: worlds
            .iter()
            .map(|world| {
                let before = part(world.sums.before, place);
                let causes = world.sums.causes.map(|cause| part(cause, place));
                let sums = Sums { before, after: before + causes.iter().sum::<i64>(), causes };
                RowWorld { sums, subscriptions_changed: 7, effective_on: "2026-12-04".to_owned() }
            })
            .collect(),
    };
    (0..).zip(keys).map(row).collect()
}

/// So many customers.
fn customers(customers: usize, proposals: usize, factor: i64) -> Vec<Row> {
    let mut dice = Dice(7 + factor.unsigned_abs());
    let mut rows = Vec::new();
    for number in 0..customers {
        let before = if number % 17 == 5 { 0 } else { (dice.whole(900_000) + 1_000) * factor };
        let worlds = (0..proposals).map(|proposal| {
            let way = if (number + proposal).is_multiple_of(3) { -1 } else { 1 };
            let sums = if number % 11 == 4 {
                Sums { before, after: before, causes: [0; 5] }
            } else {
                sums(&mut dice, before, way)
            };
            let changed = sums.after != before;
            let day = format!("2027-{:02}-{:02}", 1 + number % 12, 1 + number % 28);
            RowWorld {
                sums,
                subscriptions_changed: u64::from(changed) * (1 + dice.below(4)),
                effective_on: if changed { day } else { String::new() },
            }
        });
        let worlds = worlds.collect();
        let name = match number {
            0..6 => NASTY.get(number).copied().unwrap_or_default().to_owned(),
            6 => "Stichting Gemeenschappelijk Administratiekantoor voor de Zuidelijke Provincies".to_owned(),
            other => format!("Customer {other}"),
        };
        rows.push(Row { key: format!("C-{number:04}"), sku: String::new(), name, worlds });
    }
    rows
}

/// Leaves some customers out under a proposal, some of them with everything, and tells what was before.
fn leave_out(rows: &mut [Row], proposal: usize) -> i64 {
    let mut left_out = 0;
    for (number, row) in rows.iter_mut().enumerate() {
        let Some(world) = row.worlds.get_mut(proposal) else { continue };
        let before = world.sums.before;
        if number % 10 == 3 {
            *world = RowWorld::default();
            left_out += before;
        } else if number % 10 == 8 {
            // Both sides lose the same, so the change stays.
            world.sums.before -= before / 4;
            world.sums.after -= before / 4;
            left_out += before / 4;
        }
    }
    left_out
}

/// A currency with so many customers, listed up to a number.
fn currency(code: &str, digits: u32, count: usize, proposals: usize, factor: i64, listed: usize) -> Currency {
    whole(code, digits, customers(count, proposals, factor), proposals, listed)
}

fn world_of(rows: &[Row], proposal: usize) -> World {
    let mut world = World::default();
    for row in rows {
        let Some(of) = row.worlds.get(proposal) else { continue };
        let (before, change) = (of.sums.before, of.sums.after - of.sums.before);
        world.sums = added(world.sums, of.sums);
        world.subscriptions_changed += of.subscriptions_changed;
        world.customers_up += u64::from(change > 0);
        world.customers_down += u64::from(change < 0);
        world.rises_from_nothing += u64::from(before == 0 && change > 0);
        for (rises, bound) in world.rises.iter_mut().zip([5, 10, 20]) {
            *rises += u64::from(before > 0 && change * 100 > before * bound);
        }
    }
    world.first_effects = vec![
        ("2026-12".to_owned(), world.subscriptions_changed / 2),
        ("2027-02".to_owned(), world.subscriptions_changed / 4),
        (
            "2027-07".to_owned(),
            world.subscriptions_changed - world.subscriptions_changed / 2 - world.subscriptions_changed / 4,
        ),
    ];
    world
}

/// A currency over its customers.
fn whole(code: &str, digits: u32, mut rows: Vec<Row>, proposals: usize, listed: usize) -> Currency {
    let change = |world: &RowWorld| (world.sums.after - world.sums.before).abs();
    rows.sort_by_key(|row| std::cmp::Reverse(row.worlds.iter().map(change).max()));
    let worlds: Vec<World> = (0..proposals).map(|proposal| world_of(&rows, proposal)).collect();
    let customers = rows.len();
    let rest = rows.split_off(listed.min(rows.len()));
    let others = (!rest.is_empty()).then(|| Others {
        customers: rest.len() as u64,
        worlds: (0..proposals).map(|proposal| world_of(&rest, proposal).sums).collect(),
    });
    let months: Vec<(&str, &str, &str)> = MONTHS.iter().map(|month| (*month, "", "")).collect();
    let products = [
        ("CFQ7TTC0LDPB", "0001", "Business Basic"),
        ("CFQ7TTC0LCHC", "0002", "Business Premium <E5 & up>"),
        ("CFQ7TTC0LF8S", "0001", "Enterprise 3"),
    ];
    Currency {
        code: code.to_owned(),
        digits,
        subscriptions: customers as u64 * 3,
        customers: customers as u64,
        months: shared(&months, &worlds),
        products: shared(&products, &worlds),
        listed: rows,
        others,
        worlds,
    }
}

fn frame(proposals: usize, currencies: Vec<Currency>) -> WhatIf {
    let input = |table: &str, file: &str, rows| Input {
        table: table.to_owned(),
        file: file.to_owned(),
        rows,
        bytes: rows * 141,
        hash: "4f1a2b6c9d3e8f70".repeat(4),
    };
    WhatIf {
        version: "0.1.0".to_owned(),
        as_of: "2026-11-30".to_owned(),
        first: "2026-12-01".to_owned(),
        last: "2027-11-30".to_owned(),
        horizon_months: 12,
        digest: "9c1f03ab77d2".to_owned(),
        inputs: vec![
            input("subscriptions", "../data/subscriptions.csv", 12_842),
            input("price_list", "../data/price_list.csv", 1_204),
            input("proposal", "../data/proposals/monthly_premium.toml", 1),
        ],
        policy: vec![
            ("month_end".to_owned(), "clamp".to_owned()),
            ("rounding".to_owned(), "half-up".to_owned()),
            ("seat_count".to_owned(), "sku".to_owned()),
        ],
        proposals: (0..proposals).map(proposal).collect(),
        currencies,
        left_out: Vec::new(),
        left_out_subscriptions: vec![0; proposals],
        lacking: vec!["subscriptions: 2 parked (rejects.csv says which and why)".to_owned()],
        notes: Vec::new(),
    }
}

/// One proposal, one currency, forty customers.
#[must_use]
pub(super) fn single() -> WhatIf {
    frame(1, vec![currency("EUR", 2, 40, 1, 1, 1_000)])
}

/// Two proposals, several currencies, some customers that are not listed, and something left out: in euros, under the
/// second proposal.
#[must_use]
pub(super) fn several() -> WhatIf {
    let mut rows = customers(60, 2, 3);
    let left_out = leave_out(&mut rows, 1);
    let currencies = vec![
        whole("EUR", 2, rows, 2, 25),
        currency("JPY", 0, 12, 2, 2, 1_000),
        currency("KWD", 3, 9, 2, 1, 1_000),
    ];
    let mut what_if = frame(2, currencies);
    let left = |proposal, product: &str, side: &str, subscriptions, before| LeftOut {
        proposal,
        product: product.to_owned(),
        sku: "0001".to_owned(),
        what: "P1Y, monthly, NL".to_owned(),
        side: side.to_owned(),
        why: "price-missing".to_owned(),
        subscriptions,
        currency: "EUR".to_owned(),
        digits: 2,
        before,
        after: 0,
        from: "2027-02-14".to_owned(),
    };
    what_if.left_out =
        vec![left(1, "CFQ7TTC0LH0T", "proposal", 17, left_out), left(1, "CFQ7TTC0LHXJ", "both", 2, 0)];
    what_if.left_out_subscriptions = vec![0, 19];
    what_if.notes = vec!["Events after 2026-11-30 are not looked at.".to_owned()];
    what_if
}

fn unchanged(sums: Sums) -> Sums {
    Sums { before: sums.before, after: sums.before, causes: [0; 5] }
}

/// Nothing changes, nothing is charged, everything is negative, everything is huge.
#[must_use]
pub(super) fn edges() -> WhatIf {
    let mut same = currency("CHF", 2, 5, 1, 1, 1_000);
    for row in same.listed.iter_mut().chain(&mut same.months).chain(&mut same.products) {
        for world in &mut row.worlds {
            *world = RowWorld { sums: unchanged(world.sums), ..RowWorld::default() };
        }
    }
    for world in &mut same.worlds {
        *world = World { sums: unchanged(world.sums), ..World::default() };
    }
    let empty =
        Currency { code: "DKK".to_owned(), digits: 2, worlds: vec![World::default()], ..Currency::default() };
    let negative = currency("EUR", 2, 8, 1, -2, 1_000);
    let huge = currency("USD", 2, 12, 1, 100_000_000, 4);
    let mut what_if =
        frame(1, vec![same, empty, negative, currency("JPY", 0, 8, 1, 30_000_000, 1_000), huge]);
    for proposal in &mut what_if.proposals {
        let [one, other, ..] = NASTY;
        (proposal.title, proposal.author, proposal.why) =
            (one.to_owned(), other.to_owned(), NASTY.join("\n"));
    }
    what_if
}
