//! A law: what eligibility answers is what a run prices. On random, crowded books a request is asked, and then made: the same
//! purchase is added to the subscriptions, in the currency that it was asked or judged in, and the job is run.
//!
//! `TERMWISE_ASKED` sets how many books; a failure names its seed and request.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

#[path = "eligibility/asked.rs"]
mod asked;
mod common;
mod crowded;
#[path = "eligibility/remedies.rs"]
mod remedies;

use asked::{Asked, HEADER, requests, with_two_currencies};
use common::{Table, bytes_of, published};
use crowded::write_book;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use termwise::job::{InputFile, Overrides, read};
use termwise::runs::answers::{Answer, csv_of};
use termwise::runs::eligibility::{Answered, eligibility};
use termwise::runs::invoice::Work;
use termwise_engine::calendar::Day;

fn ask(dir: &Path, asked: &[Asked], work: Work) -> Answered {
    let path = dir.join("requests.csv");
    let text: String = std::iter::once(HEADER.to_owned()).chain(asked.iter().map(Asked::row)).collect();
    fs::write(&path, text).expect("the requests");
    let today = Day::from_epoch_days(0).expect("a day");
    let given = read(&dir.join("job.toml"), &Overrides::none(today)).expect("the job");
    let file = InputFile { shown: "requests.csv".into(), path };
    eligibility(&given.job, file, work, &()).expect("answers")
}

/// What promotions name, and what they take off for it: by product, term and billing cycle.
struct Discounts {
    named: Vec<Vec<String>>,
    off: BTreeMap<(String, String, String, String), String>,
}

impl Discounts {
    fn of(dir: &Path) -> Discounts {
        let names = ["promotion_id", "product_id", "commerce", "term", "billing_cycle", "discount"];
        let named = Table::read(&dir.join("promotions.csv")).columns(&names.map(str::to_owned));
        let off = |row: &Vec<String>| {
            ((row[0].clone(), row[1].clone(), row[3].clone(), row[4].clone()), row[5].clone())
        };
        Discounts { off: named.iter().map(off).collect(), named }
    }

    /// The new-commerce promotions that name the product.
    fn naming(&self, asked: &Asked) -> BTreeSet<&str> {
        let named = self.named.iter().filter(|row| row[1] == asked.product && row[2] == "new");
        named.map(|row| row[0].as_str()).collect()
    }

    fn take(&self, promotion: &str, asked: &Asked) -> rust_decimal::Decimal {
        let of = |cycle: &str| {
            let key =
                (promotion.to_owned(), asked.product.to_owned(), asked.term.to_owned(), cycle.to_owned());
            self.off.get(&key)
        };
        of(asked.cycle).or_else(|| of("")).expect("a discount").parse().expect("a decimal")
    }

    /// The highest percentage, then the lowest id (R21).
    fn best<'a>(&self, eligible: impl Iterator<Item = &'a str>, asked: &Asked) -> &'a str {
        let deepest = eligible.map(|id| (std::cmp::Reverse(self.take(id, asked)), id)).min();
        deepest.map_or("", |(_, id)| id)
    }
}

/// Makes the purchase: it is added to the book, and the job is run for its day.
fn buy(dir: &Path, asked: &Asked, currency: &str, place: &str) -> (Option<String>, Option<String>) {
    const ID: &str = "ZZZ-asked";
    let path = dir.join("subscriptions.csv");
    let before = fs::read(&path).expect("the book");
    let mut table = Table::read(&path);
    let cell = |column: &str| match column {
        "subscription_id" => ID.to_owned(),
        "customer_id" => asked.customer.clone(),
        "partner_id" => asked.partner.to_owned(),
        "product_id" => asked.product.to_owned(),
        "sku_id" => "0001".to_owned(),
        "segment" => asked.segment.to_owned(),
        "market" => asked.market.to_owned(),
        "currency" => currency.to_owned(),
        "term" => asked.term.to_owned(),
        "billing_cycle" => asked.cycle.to_owned(),
        "quantity" => asked.quantity.to_string(),
        "ordered_at" => asked.on.clone(),
        "term_start" => asked.day().to_string(),
        "promotion_id" => asked.promotion.to_owned(),
        _ => String::new(),
    };
    let row = table.header.iter().map(|column| cell(column)).collect();
    table.rows.push(row);
    table.write(&path);
    let job = dir.join("job.toml");
    let text = fs::read_to_string(&job).expect("the job");
    let day = asked.day();
    let bought = text
        .replace("as_of = \"2026-05-20\"", &format!("as_of = \"{day}\""))
        .replace("from = \"2026-03-25\"", &format!("from = \"{day}\""));
    fs::write(&job, bought).expect("the job");
    let (exit, said) = common::bill(&job, &dir.join(place), 1, 64);
    fs::write(&job, text).expect("the job");
    fs::write(&path, before).expect("the book");
    assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
    let folder = published(&dir.join(place));
    let of = |file: &str, key: &str, value: &str| {
        let table = Table::read(&folder.join(file));
        let rows = table.columns(&[key.to_owned(), value.to_owned()]);
        rows.into_iter().find(|row| row[0] == ID).map(|row| row[1].clone())
    };
    (of("invoice_lines.csv", "subscription_id", "promotion_id"), of("rejects.csv", "key", "code"))
}

/// Makes the purchase in the first currency that has a price, or in the first.
fn buy_as_judged(dir: &Path, asked: &Asked, place: &str) -> (Option<String>, Option<String>) {
    let made = asked.currencies(dir).into_iter().map(|currency| {
        let made = buy(dir, asked, currency, &format!("{place}-{currency}"));
        let lacks_price = made.1.as_deref().is_some_and(|code| code.starts_with("price-"));
        (lacks_price, made)
    });
    let mut first = None;
    for (lacks_price, made) in made {
        if !lacks_price {
            return made;
        }
        first.get_or_insert(made);
    }
    first.expect("a currency")
}

/// What an error is about: the code of what the purchase is turned down for, or the condition of the promotion.
fn told_by(error: &serde_json::Map<String, serde_json::Value>) -> &str {
    error.get("code").unwrap_or(&error["type"]).as_str().expect("a code or a type")
}

/// The codes of everything that a purchase is turned down for.
fn codes(answer: &Answer) -> Vec<&str> {
    answer.errors.iter().filter(|error| error.contains_key("code")).map(told_by).collect()
}

/// The order in which a run asks.
const IN_ORDER: [&str; 10] = [
    "customer-unknown",
    "market-differs",
    "seats-not-positive",
    "billing-cycle-not-for-term",
    "segment-not-allowed",
    "reseller-needs-provider",
    "price-missing",
    "price-conflict",
    "price-unreadable",
    "amount-too-large",
];

#[test]
fn what_is_answered_is_what_a_run_prices() {
    let books: u64 = std::env::var("TERMWISE_ASKED").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let (mut eligible, mut turned_down, mut list_price) = (0_u64, 0_u64, 0_u64);
    let mut several = 0_u64;
    let mut currencies: BTreeSet<&str> = BTreeSet::new();
    for seed in 0..books {
        let dir = tempfile::tempdir().expect("a folder");
        write_book(seed, dir.path());
        with_two_currencies(dir.path());
        // Who asks gets the rules' answer, so the run that is compared must keep to them (R59). Half of the books are played without
        // a customers file, or most purchases would be turned down by it.
        let job = dir.path().join("job.toml");
        let text = fs::read_to_string(&job).expect("the job");
        let text = text.replace("refused_events = \"flag\"", "refused_events = \"reject\"");
        let text = if seed % 2 == 0 { text.replace("customers = \"customers.csv\"\n", "") } else { text };
        fs::write(&job, text).expect("the job");
        let asked = requests(seed, dir.path());
        let answered = ask(dir.path(), &asked, Work { threads: 1, ..Work::default() });
        assert_eq!(answered.diagnostics, [""; 0], "seed {seed}");
        let discounts = Discounts::of(dir.path());
        let answers_of = |id: &str| -> Vec<&Answer> {
            answered.answers.iter().filter(|answer| answer.request_id == id).collect()
        };
        for (number, one) in asked.iter().enumerate() {
            let told = format!("seed {seed}, {one:?}: {:#?}", answers_of(&one.id));
            let (billed, rejected) = buy_as_judged(dir.path(), one, &format!("out-{number}"));
            let answers = answers_of(&one.id);
            assert!(!answers.is_empty(), "{told}");
            let Some(billed) = billed else {
                // Turned down altogether: no for every promotion, with the run's own code.
                let code = rejected.unwrap_or_else(|| panic!("neither billed nor rejected: {told}"));
                for answer in &answers {
                    assert!(!answer.is_eligible(), "{told}");
                    let named = codes(answer);
                    assert_eq!(named.first(), Some(&code.as_str()), "{told}");
                    // Each once, in the order in which a run asks, and before the promotion's own conditions.
                    let places = named.iter().map(|code| IN_ORDER.iter().position(|known| known == code));
                    let places: Vec<usize> =
                        places.map(|place| place.expect("a code of purchases")).collect();
                    assert!(places.is_sorted_by(|left, right| left < right), "{told}");
                    assert!(answer.errors[..named.len()].iter().all(|error| error.contains_key("code")));
                    several += u64::from(named.len() > 1);
                }
                turned_down += 1;
                continue;
            };
            assert!(answers.iter().all(|answer| codes(answer).is_empty()), "{told}");
            currencies.extend(one.currencies(dir.path()).first());
            let open = answers_of(&format!("{}-open", &one.id[..3]));
            let names = open.iter().chain(&answers).filter(|answer| answer.is_eligible());
            let names = names.filter_map(|answer| answer.promotion_id.as_deref());
            // Asking adds a candidate; it does not exclude better ones (A20).
            assert_eq!(billed, discounts.best(names, one), "{told}");
            if one.promotion.is_empty() {
                let told_of: BTreeSet<&str> =
                    answers.iter().filter_map(|answer| answer.promotion_id.as_deref()).collect();
                assert_eq!(told_of, discounts.naming(one), "{told}");
                eligible += u64::from(!billed.is_empty());
                list_price += u64::from(billed.is_empty());
            } else {
                assert_eq!(answers.len(), 1, "{told}");
            }
        }
    }
    let seen = (eligible, turned_down, list_price);
    assert!(
        eligible >= books.div_ceil(3) && turned_down > books && list_price > books && several > 0,
        "too little was seen: {seen:?}, {several} turned down for several things"
    );
    assert!(currencies.contains("CHF") && currencies.contains("EUR"), "{currencies:?}");
}

#[test]
fn order_threads_and_parts_change_no_answer_and_asking_changes_nothing() {
    for seed in 0..4 {
        let dir = tempfile::tempdir().expect("a folder");
        write_book(seed, dir.path());
        let asked = requests(seed, dir.path());
        let before = bytes_of(dir.path());
        let one = ask(dir.path(), &asked, Work { threads: 1, ..Work::default() });
        let small = Work { threads: 3, unit: 1, memory: Some(1) };
        assert_eq!(one, ask(dir.path(), &asked, small), "seed {seed}");
        let mut turned = asked.clone();
        turned.reverse();
        let mut other = ask(dir.path(), &turned, small).answers;
        other.sort_by(|left, right| left.request_id.cmp(&right.request_id));
        let mut sorted = one.answers.clone();
        sorted.sort_by(|left, right| left.request_id.cmp(&right.request_id));
        assert_eq!(csv_of(&sorted).expect("CSV"), csv_of(&other).expect("CSV"), "seed {seed}");
        // Each is judged alone: a request asked by itself gets the same answer.
        for request in asked.iter().step_by(5) {
            let alone = ask(dir.path(), std::slice::from_ref(request), small).answers;
            let among: Vec<Answer> =
                one.answers.iter().filter(|answer| answer.request_id == request.id).cloned().collect();
            assert_eq!(alone, among, "seed {seed}, {request:?}");
        }
        // Neither do requests of one customer and day, which share a replay.
        let crowd: Vec<Asked> = asked
            .iter()
            .zip(0..)
            .map(|(one, number)| {
                let on = format!("{}T{:02}:00:00Z", asked[0].day(), number % 3 * 11);
                Asked { customer: asked[0].customer.clone(), market: asked[0].market, on, ..one.clone() }
            })
            .collect();
        let together = ask(dir.path(), &crowd, small).answers;
        let apart = crowd.iter().flat_map(|one| ask(dir.path(), std::slice::from_ref(one), small).answers);
        assert_eq!(together, apart.collect::<Vec<Answer>>(), "seed {seed}");
        fs::remove_file(dir.path().join("requests.csv")).expect("the requests");
        assert!(before == bytes_of(dir.path()), "seed {seed}: asking changed or left something");
    }
}

/// Gives the book partners of every region, and one reseller that may sell no education (R52); without partners no region is
/// known, and none can be named that would do.
fn with_partners(dir: &Path) {
    let job = dir.join("job.toml");
    let text = fs::read_to_string(&job).expect("the job");
    if !text.contains("\npartners = ") {
        let text = text.replace("[inputs]\n", "[inputs]\npartners = \"partners.csv\"\n");
        fs::write(&job, text).expect("the job");
    }
    let rows =
        "partner_id,region,kind\nP-EMEA,EMEA,direct\nP-APAC,APAC,direct\nP-ALONE,EMEA,indirect-reseller\n";
    fs::write(dir.join("partners.csv"), rows).expect("the partners");
}

#[test]
fn what_is_turned_down_names_the_conditions_that_the_same_sale_by_another_partner_has() {
    let (mut compared, mut with_conditions) = (0, 0);
    for seed in 0..60 {
        let dir = tempfile::tempdir().expect("a folder");
        write_book(seed, dir.path());
        with_partners(dir.path());
        let by = |partner: &'static str| {
            let school = |one: Asked| Asked { partner, segment: "education", ..one };
            let asked: Vec<Asked> = requests(seed, dir.path()).into_iter().map(school).collect();
            ask(dir.path(), &asked, Work { threads: 1, ..Work::default() }).answers
        };
        for (sold, refused) in by("P-EMEA").into_iter().zip(by("P-ALONE")) {
            let told = format!("seed {seed}: {sold:#?}\n{refused:#?}");
            assert_eq!(
                (&sold.request_id, &sold.promotion_id),
                (&refused.request_id, &refused.promotion_id),
                "{told}"
            );
            let is_plain = sold.errors.iter().all(|error| !error.contains_key("code"));
            if !is_plain || refused.errors[0]["code"] != "reseller-needs-provider" {
                continue;
            }
            assert_eq!(sold.errors[..], refused.errors[1..], "{told}");
            compared += 1;
            with_conditions += u32::from(!sold.errors.is_empty());
        }
    }
    assert!(with_conditions > 20 && compared > with_conditions, "{with_conditions} of {compared}");
}
