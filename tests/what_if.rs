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

mod common;

use common::{Table, bytes_of, published, root, termwise};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const CAUSES: [&str; 5] = ["list_price", "promotion", "code", "policy", "rounding"];
const SUBSCRIPTIONS: &str = "500";
const AS_OF: &str = "2026-11-30";
const LAST: &str = "2027-11-30";

fn seeds() -> std::ops::RangeInclusive<u64> {
    let count = std::env::var("TERMWISE_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    1..=count
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
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

/// A book with a job that asks what if, and its proposals.
struct Book(TempDir);

impl Book {
    fn new(seed: u64) -> Book {
        let dir = tempfile::tempdir().expect("a folder");
        let (seed, out) = (seed.to_string(), shown(dir.path()));
        let args = ["sample", "--subscriptions", SUBSCRIPTIONS, "--seed", &seed, "--out", &out, "-q"];
        assert_eq!(termwise(&args).0, 0);
        Book(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The job of the sample asks what if.
    fn job(&self, proposals: &[(&str, String)]) -> PathBuf {
        let invoice = fs::read_to_string(self.path("job.toml")).expect("the job");
        let mut job: toml::Table = invoice.parse().expect("a job");
        job.insert("kind".into(), "what-if".into());
        job.insert("as_of".into(), AS_OF.into());
        job.remove("from");
        let mut inputs = job["inputs"].as_table().expect("inputs").clone();
        for of_others in ["advisors", "offices", "sku_markets", "offers", "acceptances"] {
            inputs.remove(of_others);
        }
        let files: Vec<toml::Value> =
            proposals.iter().map(|(name, _)| format!("{name}.toml").into()).collect();
        inputs.insert("proposal".into(), files.into());
        job.insert("inputs".into(), inputs.into());
        job.remove("offers");
        for (name, text) in proposals {
            let head = format!("title = \"{name}\"\nauthor = \"a test\"\nwhy = \"to see\"\n");
            fs::write(self.path(&format!("{name}.toml")), head + text).expect("a proposal");
        }
        let path = self.path("what-if.toml");
        fs::write(&path, job.to_string()).expect("the job");
        path
    }

    fn what_if(&self, proposals: &[(&str, String)], out: &str, more: &[&str]) -> PathBuf {
        let (job, out) = (self.job(proposals), self.path(out));
        let (job, place) = (shown(&job), shown(&out));
        let args = ["run", &job, "--out", &place, "--format", "csv", "-q", "--set", "outputs.workbook=none"];
        let (exit, said) = termwise(&[&args, more].concat());
        assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
        published(&out)
    }

    /// The values of a column of one of its files, each once.
    fn words(&self, file: &str, column: &str) -> Vec<String> {
        let table = Table::read(&self.path(file));
        let mut words = table.column(column);
        words.sort();
        words.dedup();
        words.retain(|word| !word.is_empty());
        words
    }
}

/// Who draws random proposals.
struct Dice(ChaCha8Rng);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(ChaCha8Rng::seed_from_u64(seed))
    }

    fn below(&mut self, count: usize) -> usize {
        (self.0.next_u64() % count as u64) as usize
    }

    fn one<'a>(&mut self, of: &'a [String]) -> &'a str {
        &of[self.below(of.len())]
    }

    fn day(&mut self) -> String {
        format!("2027-{:02}-{:02}", 1 + self.below(12), 1 + self.below(28))
    }

    /// A change of prices of some products.
    fn price(&mut self, book: &Book) -> String {
        let mut text = "[[price]]\n".to_owned();
        if self.below(4) > 0 {
            text += &format!("product_id = \"{}\"\n", self.one(&book.words("price_list.csv", "ProductId")));
        }
        if self.below(2) > 0 {
            text += &format!("term = \"{}\"\n", ["P1M", "P1Y", "P3Y"][self.below(3)]);
        }
        if self.below(3) == 0 {
            text += &format!("billing_plan = \"{}\"\n", ["Monthly", "Annual", "Upfront"][self.below(3)]);
        }
        if self.below(3) == 0 {
            text += &format!("market = \"{}\"\n", self.one(&book.words("price_list.csv", "Market")));
        }
        if self.below(2) > 0 {
            text += &format!("from = {}\n", self.day());
        }
        let sign = ["+", "-"][self.below(2)];
        text + &format!("percent = \"{sign}{}.{:02}%\"\n", self.below(40), self.below(100))
    }

    fn promotion(&mut self, book: &Book) -> String {
        let product = self.one(&book.words("subscriptions.csv", "product_id")).to_owned();
        let table = Table::read(&book.path("subscriptions.csv"));
        let (products, skus) = (table.column("product_id"), table.column("sku_id"));
        let sku = products
            .iter()
            .zip(skus)
            .find(|(known, _)| **known == product)
            .map(|(_, sku)| sku)
            .expect("a SKU");
        format!(
            "[[promotion_added]]\npromotion_id = \"NEW-{}\"\nproduct_id = \"{product}\"\nsku_id = \"{sku}\"\nterm = \"{}\"\ndiscount = \"0.{:02}\"\nstarts_on = 2026-12-01\nends_on = {}\n",
            self.below(1_000_000),
            ["P1M", "P1Y"][self.below(2)],
            1 + self.below(60),
            self.day(),
        )
    }

    fn window(&mut self, promotion: &str) -> String {
        let (section, day) =
            if self.below(2) > 0 { ("ended", "2026-12-10".to_owned()) } else { ("extended", self.day()) };
        format!("[[promotion_{section}]]\npromotion_id = \"{promotion}\"\nlast_day = {day}\n")
    }

    fn policy(&mut self) -> String {
        let settings = [
            "rounding = \"truncate\"",
            "rounding = \"half-even\"",
            "rounding_at = \"unit\"",
            "end_of_term = \"extend\"",
            "renewal_percentage = \"held\"",
            "price_overlap = \"newest-start\"",
            "month_end = \"keep-distance\"",
        ];
        format!("[policy]\n{}\n", settings[self.below(settings.len())])
    }

    /// The changes of a random proposal, each once and in any order.
    fn changes(&mut self, book: &Book) -> Vec<String> {
        let mut changes: Vec<String> = (0..1 + self.below(3)).map(|_| self.price(book)).collect();
        let mut promotions = book.words("promotions.csv", "promotion_id");
        for _ in 0..self.below(6) {
            let number = self.below(promotions.len());
            let promotion = promotions.remove(number);
            changes.push(self.window(&promotion));
        }
        if self.below(2) > 0 {
            changes.push(self.promotion(book));
        }
        if self.below(2) > 0 {
            changes.push(self.policy());
        }
        changes
    }
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

#[test]
fn an_empty_proposal_changes_nothing_and_today_is_what_an_invoice_run_bills() {
    for seed in seeds() {
        let book = Book::new(seed);
        let folder = book.what_if(&[("empty", String::new())], "out", &[]);
        let found = effects(&folder);
        assert!(found.len() > 1_000, "seed {seed}: {} rows", found.len());
        assert!(found.values().all(|(_, day)| day.is_empty()), "seed {seed}");
        // What happens after as_of is not known to a what-if, so those that it happens to are passed over.
        let later = |file: &str, day: &str, id: &str| {
            let table = Table::read(&book.path(file));
            let rows = table.column(day).into_iter().zip(table.column(id));
            rows.filter(|(day, _)| &day[..10.min(day.len())] > AS_OF)
                .map(|(_, id)| id.to_owned())
                .collect::<Vec<_>>()
        };
        let mut passed_over = later("subscriptions.csv", "term_start", "subscription_id");
        passed_over.extend(later("subscriptions.csv", "ordered_at", "subscription_id"));
        passed_over.extend(later("seat_changes.csv", "changed_at", "subscription_id"));
        passed_over.extend(later("lifecycle_events.csv", "happened_at", "subscription_id"));
        passed_over.extend(later("scheduled_changes.csv", "scheduled_at", "subscription_id"));
        let (job, place) = (shown(&book.path("job.toml")), book.path("invoice"));
        let args =
            ["run", &job, "--out", &shown(&place), "--format", "csv", "-q", "--set", "from=2026-12-01"];
        let (exit, said) = termwise(&[&args[..], &["--as-of", LAST]].concat());
        assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
        let lines = Table::read(&published(&place).join("invoice_lines.csv"));
        let mut billed: BTreeMap<[String; 4], Decimal> = BTreeMap::new();
        let keys = ["subscription_id", "product_id", "sku_id", "charge_start"].map(|name| lines.column(name));
        for (row, subtotal) in lines.column("subtotal").into_iter().enumerate() {
            let [id, product, sku, day] = keys.each_ref().map(|column| column[row].to_owned());
            *billed.entry([id, product, sku, day[..7].to_owned()]).or_default() +=
                subtotal.parse::<Decimal>().expect("an amount");
        }
        let rated: BTreeMap<[String; 4], Decimal> = found
            .iter()
            .map(|([_, id, product, sku, month], (amounts, _))| {
                ([id.clone(), product.clone(), sku.clone(), month.clone()], amounts[0])
            })
            .collect();
        let is_settled = |key: &&[String; 4]| !passed_over.contains(&key[0]);
        let (mut same, mut all) = (0, 0);
        for key in billed.keys().chain(rated.keys()).filter(is_settled) {
            all += 1;
            same += usize::from(billed.get(key) == rated.get(key));
            assert_eq!(billed.get(key), rated.get(key), "seed {seed}: {key:?}");
        }
        assert!(same == all && all > 2_000, "seed {seed}: {all} cells");
    }
}

#[test]
fn the_order_of_changes_and_threads_and_pieces_shows_nowhere() {
    for seed in seeds() {
        let book = Book::new(seed);
        let mut dice = Dice::new(seed);
        let changes = dice.changes(&book);
        let forth = book.what_if(&[("plan", changes.concat())], "forth", &["--threads", "1"]);
        let back: String = changes.iter().rev().map(String::as_str).collect();
        let back = book.what_if(&[("plan", back)], "back", &["--threads", "2"]);
        for table in ["effects.csv", "by_customer.csv", "by_product.csv", "by_month.csv", "left_out.csv"] {
            let read = |folder: &Path| fs::read(folder.join(table)).expect("a table");
            assert_eq!(read(&forth), read(&back), "seed {seed}: {table}\n{}", changes.concat());
        }
        let again = book.what_if(&[("plan", changes.concat())], "again", &["--threads", "2"]);
        assert_eq!(bytes_of(&forth), bytes_of(&again), "seed {seed}");
    }
}

#[test]
fn a_proposal_comes_to_the_same_beside_others_and_alone() {
    for seed in seeds() {
        let book = Book::new(seed);
        let mut dice = Dice::new(seed + 100);
        let plans = [("one", dice.changes(&book).concat()), ("two", dice.changes(&book).concat())];
        let both = effects(&book.what_if(&plans, "both", &[]));
        let mut apart = effects(&book.what_if(&plans[..1], "first", &[]));
        apart.extend(effects(&book.what_if(&plans[1..], "second", &[])));
        assert_eq!(both, apart, "seed {seed}");
        assert!(both.values().any(|(_, day)| !day.is_empty()), "seed {seed}: something changes");
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
