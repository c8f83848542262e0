//! What-if over whole books: the worked proposals come out as they were worked out by hand, and the laws of R70 to R72 hold for
//! random proposals.
//!
//! `TERMWISE_SEEDS` raises the number of books; a failure names its seed.

#![cfg(feature = "reports")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

#[path = "what_if/book.rs"]
mod book;
mod common;
#[path = "what_if/plan.rs"]
mod plan;

use book::{Billed, Book, shown};
use common::{Table, bytes_of, published, root, termwise};
use plan::Dice;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const CAUSES: [&str; 5] = ["list_price", "promotion", "code", "policy", "rounding"];

fn seeds() -> std::ops::RangeInclusive<u64> {
    let count = std::env::var("TERMWISE_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    1..=count
}

/// What effects come to, by proposal, subscription, product:SKU and month: before, after, and the causes.
type Effects = BTreeMap<[String; 5], ([Decimal; 7], String)>;

fn effects(folder: &Path) -> Effects {
    let table = Table::read(&folder.join("effects.csv"));
    let keys =
        ["proposal", "subscription_id", "product_id", "sku_id", "month"].map(|name| table.column(name));
    let amounts =
        ["before", "after"].into_iter().chain(CAUSES).map(|name| table.column(name)).collect::<Vec<_>>();
    let (changes, days) = (table.column("change"), table.column("effective_on"));
    let mut found = Effects::new();
    for row in 0..days.len() {
        let key = keys.each_ref().map(|column| column[row].to_owned());
        let amounts: Vec<Decimal> =
            amounts.iter().map(|column| column[row].parse().expect("an amount")).collect();
        let change: Decimal = changes[row].parse().expect("an amount");
        assert_eq!(amounts[1] - amounts[0], change, "{key:?}");
        assert_eq!(amounts[2..].iter().sum::<Decimal>(), change, "{key:?}: causes add up to the change");
        let is_changed = amounts[2..].iter().any(|cause| !cause.is_zero());
        assert_eq!(is_changed, !days[row].is_empty(), "{key:?}: a day stands where something changes");
        let amounts = <[Decimal; 7]>::try_from(amounts).expect("seven");
        assert!(found.insert(key, (amounts, days[row].to_owned())).is_none(), "a row stands once");
    }
    found
}

/// `data/proposals/*.expected.csv` were worked out from the rules without the program.
#[test]
fn the_worked_proposals_come_out_as_they_were_worked_out() {
    let out = tempfile::tempdir().expect("a folder");
    let (job, place) = (shown(&root().join("jobs/what-if.toml")), shown(out.path()));
    let (exit, said) = termwise(&["run", &job, "--out", &place, "-q", "--set", "outputs.workbook=none"]);
    assert_eq!(exit, 3, "what the new list lacks is left out: {said}");
    let found = effects(&published(out.path()));
    let mut compared = 0;
    for name in
        ["annual_billed_monthly_plus_5", "promotion_ended_early", "promotion_extended", "vendor_list_2027"]
    {
        let expected = Table::read(&root().join(format!("data/proposals/{name}.expected.csv")));
        let column = |name: &str| expected.column(name);
        let (ids, days) = (column("subscription_id"), column("effective_on"));
        let columns: Vec<Vec<String>> = ["before", "after"].into_iter().chain(CAUSES).map(column).collect();
        for (row, id) in ids.iter().enumerate() {
            let own = found.iter().filter(|(key, _)| key[0] == name && key[1] == *id);
            let mut sums = [Decimal::ZERO; 7];
            let mut day = String::new();
            for (amounts, on) in own.map(|(_, row)| row) {
                sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
                if !on.is_empty() {
                    day.clone_from(on);
                }
            }
            let wanted: Vec<Decimal> =
                columns.iter().map(|column| column[row].parse().expect("an amount")).collect();
            assert_eq!((sums.to_vec(), &day), (wanted, &days[row]), "{name}, {id}");
            compared += 1;
        }
    }
    assert!(compared >= 48, "{compared} rows");
}

/// A side of the effects of the one proposal of a run: 0 is today, 1 the proposal.
fn side(found: &Effects, place: usize) -> Billed {
    let of = |([_, id, product, sku, month], (amounts, _)): (&[String; 5], &([Decimal; 7], String))| {
        ([id.clone(), product.clone(), sku.clone(), month.clone()], amounts[place])
    };
    found.iter().map(of).collect()
}

/// Holds a side against what an invoice run bills, cell by cell but for these subscriptions, and says how many cells there are.
fn same(rated: &Billed, billed: &Billed, but: &BTreeSet<String>, what: &str) -> usize {
    let cells: BTreeSet<&[String; 4]> =
        billed.keys().chain(rated.keys()).filter(|key| !but.contains(&key[0])).collect();
    for key in &cells {
        // A charge that only one world has stands as 0.00 in the other.
        let of = |cells: &Billed| cells.get(*key).copied().unwrap_or_default();
        assert_eq!(of(billed), of(rated), "{what}: {key:?}");
    }
    cells.len()
}

#[test]
fn an_empty_proposal_changes_nothing_and_today_is_what_an_invoice_run_bills() {
    for seed in seeds() {
        let book = Book::new(seed);
        let found = effects(&book.what_if(&[("empty", String::new())], "out", &[]));
        assert!(found.len() > 1_000, "seed {seed}: {} rows", found.len());
        assert!(found.values().all(|(_, day)| day.is_empty()), "seed {seed}");
        let billed = book.billed("invoice", &[]);
        let cells = same(&side(&found, 0), &billed, &book.unsettled(), &format!("seed {seed}"));
        assert!(cells > 2_000, "seed {seed}: {cells} cells");
    }
}

/// There is one way to a price: what a proposal comes to is what is billed where the lists themselves say what it says.
#[test]
fn a_proposal_comes_to_what_an_invoice_run_bills_over_lists_that_say_the_same() {
    let mut changed = 0;
    for seed in seeds() {
        let book = Book::new(seed);
        let plan = Dice::new(seed + 300).of_lists(&book, "plan", false);
        let found = effects(&book.what_if(&[("plan", plan.text())], "out", &[]));
        plan.edit_prices(&book, "edited_prices.csv");
        plan.edit_promotions(&book, "edited_promotions.csv");
        let edited = [("price_list", "edited_prices.csv"), ("promotions", "edited_promotions.csv")];
        let billed = book.billed("edited", &edited);
        let what = format!("seed {seed}\n{}", plan.text());
        let cells = same(&side(&found, 1), &billed, &book.unsettled(), &what);
        assert!(cells > 2_000, "{what}: {cells} cells");
        changed += found.values().filter(|(_, day)| !day.is_empty()).count();
    }
    assert!(changed > 500, "{changed} cells change");
}

#[test]
fn the_order_of_changes_and_threads_and_parts_shows_nowhere() {
    let mut left_out = 0;
    for seed in seeds() {
        let book = Book::new(seed);
        let changes = Dice::new(seed).plan(&book, "plan").sections();
        let forth = book.what_if(&[("plan", changes.concat())], "forth", &["--threads", "1"]);
        let back: String = changes.iter().rev().map(String::as_str).collect();
        let back = book.what_if(&[("plan", back)], "back", &["--threads", "2"]);
        for table in ["effects.csv", "by_customer.csv", "by_product.csv", "by_month.csv", "left_out.csv"] {
            let read = |folder: &Path| fs::read(folder.join(table)).expect("a table");
            assert_eq!(read(&forth), read(&back), "seed {seed}: {table}\n{}", changes.concat());
        }
        let small = ["--threads", "2", "--unit", "9", "--memory", "64KiB"];
        let again = book.what_if(&[("plan", changes.concat())], "again", &small);
        assert_eq!(bytes_of(&forth), bytes_of(&again), "seed {seed}");
        assert!(effects(&forth).values().any(|(_, day)| !day.is_empty()), "seed {seed}: something changes");
        left_out += Table::read(&forth.join("left_out.csv")).rows.len();
    }
    assert!(left_out > 0, "something is left out of some");
}

#[test]
fn a_proposal_comes_to_the_same_beside_others_and_alone() {
    for seed in seeds() {
        let book = Book::new(seed);
        let mut dice = Dice::new(seed + 100);
        let plans = ["one", "two"].map(|name| (name, dice.plan(&book, name).text()));
        let both = effects(&book.what_if(&plans, "both", &[]));
        let mut apart = effects(&book.what_if(&plans[..1], "first", &[]));
        apart.extend(effects(&book.what_if(&plans[1..], "second", &[])));
        assert_eq!(both, apart, "seed {seed}");
        assert!(both.values().any(|(_, day)| !day.is_empty()), "seed {seed}: something changes");
    }
}

/// Two stories that are one with its worlds swapped.
#[test]
fn the_swapped_stories_differ_in_signs_alone() {
    let amounts = |story: &str| {
        let table = Table::read(&root().join(format!("tests/scenarios/what_if/{story}/expect/effects.csv")));
        let of = |column| table.column(column).iter().map(|cell| cell.parse().expect("an amount")).collect();
        ["before", "after", "change"].into_iter().chain(CAUSES).map(of).collect::<Vec<Vec<Decimal>>>()
    };
    let (forth, back) = (amounts("swapped_worlds_forth"), amounts("swapped_worlds_back"));
    assert_eq!((&forth[0], &forth[1]), (&back[1], &back[0]));
    assert!(forth[2].iter().any(|change| !change.is_zero()));
    for (forth, back) in forth[2..].iter().zip(&back[2..]) {
        assert_eq!(*forth, back.iter().map(|amount| -amount).collect::<Vec<_>>());
    }
}

#[test]
fn two_proposals_that_touch_different_rows_add_up() {
    for seed in seeds() {
        let book = Book::new(seed);
        let mut dice = Dice::new(seed + 200);
        let products = book.words("subscriptions.csv", "product_id");
        let (some, others): (Vec<_>, Vec<_>) =
            products.iter().enumerate().partition(|(place, _)| place % 2 == 0);
        let mut plan = |products: &[(usize, &String)]| -> String {
            let mut text = String::new();
            for (_, product) in products {
                let (whole, part) = (dice.below(30), dice.below(100));
                text +=
                    &format!("[[price]]\nproduct_id = \"{product}\"\npercent = \"+{whole}.{part:02}%\"\n");
            }
            text
        };
        let (one, two) = (plan(&some), plan(&others));
        let plans = [("one", one.clone()), ("two", two.clone()), ("together", one + &two)];
        let found = effects(&book.what_if(&plans, "out", &[]));
        let mut changed = [0; 2];
        for (key, (amounts, _)) in found.iter().filter(|(key, _)| key[0] == "together") {
            let of = |plan: &str| {
                let mut key = key.clone();
                plan.clone_into(&mut key[0]);
                found[&key].0
            };
            let (one, two) = (of("one"), of("two"));
            for place in 2..7 {
                assert_eq!(amounts[place], one[place] + two[place], "seed {seed}: {key:?}");
            }
            assert_eq!(amounts[1] - amounts[0], one[1] - one[0] + two[1] - two[0], "seed {seed}: {key:?}");
            changed[0] += usize::from(one[1] != one[0]);
            changed[1] += usize::from(two[1] != two[0]);
        }
        assert!(changed.iter().all(|count| *count > 50), "seed {seed}: {changed:?} rows change");
    }
}
