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

mod common;
mod crowded;

use chrono::{DateTime, NaiveDate, Utc};
use common::{Table, bytes_of, published};
use crowded::write_book;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use termwise::job::{InputFile, Overrides, read};
use termwise::runs::answers::{Answer, csv_of};
use termwise::runs::eligibility::{Answered, eligibility};
use termwise::runs::invoice::Work;
use termwise_engine::calendar::Day;

/// A purchase that is asked about and then made.
#[derive(Clone, Debug)]
struct Asked {
    id: String,
    customer: String,
    partner: &'static str,
    product: &'static str,
    segment: &'static str,
    market: &'static str,
    /// Empty: not named.
    currency: &'static str,
    quantity: u32,
    term: &'static str,
    cycle: &'static str,
    on: String,
    promotion: &'static str,
}

const HEADER: &str = "request_id,customer_id,partner_id,product_id,sku_id,segment,market,currency,quantity,term,billing_cycle,on,promotion_id\n";

impl Asked {
    fn row(&self) -> String {
        let Asked { id, customer, partner, product, segment, market, currency, quantity, term, .. } = self;
        let Asked { cycle, on, promotion, .. } = self;
        format!(
            "{id},{customer},{partner},{product},0001,{segment},{market},{currency},{quantity},{term},{cycle},{on},{promotion}\n"
        )
    }

    /// The day that its term would begin on, in UTC.
    fn day(&self) -> NaiveDate {
        match self.on.parse::<NaiveDate>() {
            Ok(day) => day,
            Err(_) => self.on.parse::<DateTime<Utc>>().expect("an instant").date_naive(),
        }
    }

    /// The currencies that it may be judged in, the first one first that has a price: the one that is named, or the one that the
    /// customer's subscriptions in that market have, or those that the product is sold in there.
    fn currencies(&self, dir: &Path) -> Vec<&'static str> {
        if !self.currency.is_empty() {
            return vec![self.currency];
        }
        let names = ["customer_id", "market", "currency"].map(str::to_owned);
        let book = Table::read(&dir.join("subscriptions.csv")).columns(&names);
        let own = book.iter().filter(|row| row[0] == self.customer && row[1] == self.market);
        let own: BTreeSet<&str> = own.map(|row| row[2].as_str()).collect();
        match (own.first(), self.market, self.product) {
            (Some(only), ..) if own.len() == 1 => vec![word(&["CHF", "EUR", "JPY", "KWD"], only)],
            (_, "JP", _) => vec!["JPY"],
            (_, "KW", _) => vec!["KWD"],
            (_, "NL", "CFQA" | "CFQB") => vec!["CHF", "EUR"],
            _ => vec!["EUR"],
        }
    }
}

/// Sells the first two products in the Netherlands in francs too, at other prices, and one of them at more than a line can hold;
/// some customers there are billed in francs, some in both. Before, each market has a currency of its own.
fn with_two_currencies(dir: &Path) {
    let path = dir.join("price_list.csv");
    let mut prices = Table::read(&path);
    let place =
        |table: &Table, name: &str| table.header.iter().position(|column| column == name).expect("a column");
    let [product, term, market, currency, price] =
        ["ProductId", "TermDuration", "Market", "Currency", "UnitPrice"].map(|name| place(&prices, name));
    let sold = |row: &&Vec<String>| row[market] == "NL" && row[product] != "CFQC";
    let mut francs: Vec<Vec<String>> = prices.rows.iter().filter(sold).cloned().collect();
    for row in &mut francs {
        row[currency] = "CHF".to_owned();
        let is_dear = row[product] == "CFQB" && row[term] != "P1M";
        row[price] = if is_dear { "900000000.00".to_owned() } else { format!("1{}", row[price]) };
    }
    prices.rows.extend(francs);
    prices.write(&path);
    let path = dir.join("subscriptions.csv");
    let mut book = Table::read(&path);
    let [customer, market, currency] = ["customer_id", "market", "currency"].map(|name| place(&book, name));
    for (number, row) in book.rows.iter_mut().enumerate() {
        let kind = row[customer].bytes().last().expect("an id") % 4;
        if row[market] == "NL" && (kind < 2 || kind == 2 && number % 2 == 0) {
            row[currency] = "CHF".to_owned();
        }
    }
    book.write(&path);
}

/// The word of a list that a cell holds, so that it lives as long as the list.
fn word(words: &[&'static str], cell: &str) -> &'static str {
    words.iter().find(|word| **word == cell).copied().unwrap_or("")
}

/// Requests that hit: mostly for what a promotion names, around its first and last day, by the book's own customers.
fn requests(seed: u64, book: &Path) -> Vec<Asked> {
    const PRODUCTS: [&str; 4] = ["CFQA", "CFQB", "CFQC", "CFQZ"];
    const TERMS: [&str; 3] = ["P1M", "P1Y", "P3Y"];
    const CYCLES: [&str; 3] = ["monthly", "annual", "upfront"];
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0x5EED);
    let mut below = move |sides: usize| dice.next_u32() as usize % sides;
    let subscriptions = Table::read(&book.join("subscriptions.csv"));
    let (customers, markets) = (subscriptions.column("customer_id"), subscriptions.column("market"));
    let orders = subscriptions.column("ordered_at");
    let names = ["promotion_id", "product_id", "term", "billing_cycle", "starts_on", "ends_on"];
    let promotions = Table::read(&book.join("promotions.csv")).columns(&names.map(str::to_owned));
    let mut asked = Vec::new();
    for number in 0..10 {
        let row = below(customers.len());
        let market = match (below(40), markets[row].as_str()) {
            (0, _) => "BE",
            (_, "JP") => "JP",
            (_, "KW") => "KW",
            _ => "NL",
        };
        let named = &promotions[below(promotions.len())];
        let (first, last) = (crowded::date(&named[4]), crowded::date(&named[5]));
        let day = match below(8) {
            0 => first,
            1 => first.pred_opt().expect("a day"),
            2 => last,
            3 => last.succ_opt().expect("a day"),
            4 => crowded::date("2026-01-01") + chrono::Days::new(below(140) as u64),
            _ => {
                first
                    + chrono::Days::new(below(60) as u64)
                        .min(chrono::Days::new((last - first).num_days() as u64))
            }
        };
        let is_named = below(4) > 0;
        let term = if is_named { word(&TERMS, &named[2]) } else { TERMS[below(3)] };
        let cycle = if is_named { word(&CYCLES, &named[3]) } else { CYCLES[below(3)] };
        let one = Asked {
            id: format!("R{number:02}"),
            customer: if below(12) == 0 { "NOBODY".into() } else { customers[row].clone() },
            partner: ["", "P-EMEA", "P-APAC", "P-NONE", "P-NEW"][below(5)],
            product: if is_named { word(&PRODUCTS, &named[1]) } else { PRODUCTS[below(4)] },
            segment: if below(8) == 0 { ["education", "government"][below(2)] } else { "" },
            market,
            currency: match (below(6), market) {
                (0, "NL") => "EUR",
                (1, "NL") => "CHF",
                _ => "",
            },
            quantity: if below(40) == 0 { 0 } else { [1, 2, 4, 5, 5, 9, 10, 14, 25, 60, 2000][below(11)] },
            term,
            cycle: if cycle.is_empty() { "monthly" } else { cycle },
            on: match below(6) {
                // At the very moment of another order of the customer.
                5 if !orders[row].is_empty() => orders[row].clone(),
                0 => format!("{day}T23:30:00-05:00"),
                1 => format!("{day}T10:00:00Z"),
                2 => format!("{day}T00:00:00Z"),
                _ => day.to_string(),
            },
            promotion: ["PR-0", "PR-1", "PR-2", "PR-9", word(&["PR-0", "PR-1", "PR-2", "PR-3"], &named[0])]
                [below(5)],
        };
        // Each asks by id and beside it for whatever there is.
        let open = Asked { id: format!("{}-open", one.id), promotion: "", ..one.clone() };
        asked.extend([one, open]);
    }
    asked
}

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
        fs::remove_file(dir.path().join("requests.csv")).expect("the requests");
        assert!(before == bytes_of(dir.path()), "seed {seed}: asking changed or left something");
    }
}

/// Whether an answer names what an error is about.
fn fails(answer: &Answer, kind: &str) -> bool {
    answer.errors.iter().any(|error| told_by(error) == kind)
}

/// The same purchase as an error says that it could be: what would no longer fail, and with a seat more would fail again.
fn remedies(
    one: &Asked,
    kind: &str,
    error: &serde_json::Map<String, serde_json::Value>,
) -> Vec<(Asked, bool)> {
    let texts = |name: &str| -> Vec<String> {
        let list = error[name].as_array().expect("a list").iter();
        list.map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    let seats = |name: &str| error[name].as_u64().map(|seats| u32::try_from(seats).expect("seats"));
    match kind {
        "Market" => texts("eligibleMarkets")
            .iter()
            .map(|market| (Asked { market: word(&["NL", "JP", "KW"], market), ..one.clone() }, false))
            .collect(),
        "Region" => texts("eligibleRegions")
            .iter()
            .map(|region| {
                (Asked { partner: if region == "EMEA" { "P-EMEA" } else { "P-APAC" }, ..one.clone() }, false)
            })
            .collect(),
        "Window" => ["startDate", "endDate"]
            .iter()
            .map(|name| {
                (Asked { on: error[*name].as_str().expect("a day").to_owned(), ..one.clone() }, false)
            })
            .collect(),
        "Term" | "billing-cycle-not-for-term" => error["eligibleTerms"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|pair| {
                let term = word(&["P1M", "P1Y", "P3Y"], pair["duration"].as_str().expect("a term"));
                let cycle = pair["billingCycle"].as_str().expect("a billing cycle");
                (Asked { term, cycle: word(&["monthly", "annual", "upfront"], cycle), ..one.clone() }, false)
            })
            .collect(),
        "SeatCount" => {
            let least = seats("minimumRequiredSeats").unwrap_or(1).max(1);
            match seats("availableSeats") {
                None => vec![(Asked { quantity: least, ..one.clone() }, false)],
                Some(available) if available < least => {
                    vec![(Asked { quantity: least, ..one.clone() }, true)]
                }
                Some(available) => vec![
                    (Asked { quantity: available, ..one.clone() }, false),
                    (Asked { quantity: available + 1, ..one.clone() }, true),
                    (Asked { quantity: least, ..one.clone() }, false),
                ],
            }
        }
        "NotOptedIn" => vec![(one.clone(), false)],
        "market-differs" => {
            let market = word(&["NL", "JP", "KW", "BE"], error["customerMarket"].as_str().expect("a market"));
            vec![(Asked { market, ..one.clone() }, false)]
        }
        "segment-not-allowed" => {
            let words = ["commercial", "education", "nonprofit", "government"];
            let eligible = texts("eligibleSegments");
            let other = |segment: &&&str| !eligible.iter().any(|text| text == **segment);
            let asked = |segment: &&'static str| Asked { segment, ..one.clone() };
            let refused = words.iter().filter(other).map(|segment| (asked(segment), true));
            let sold = words.iter().filter(|segment| !other(segment)).map(|segment| (asked(segment), false));
            refused.chain(sold).collect()
        }
        "seats-not-positive" => {
            let quantity = seats("minimumRequiredSeats").expect("a minimum");
            vec![(Asked { quantity, ..one.clone() }, false)]
        }
        "amount-too-large" => {
            let quantity = seats("maximumRequiredSeats").expect("a maximum");
            vec![(Asked { quantity, ..one.clone() }, false)]
        }
        _ => Vec::new(),
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
fn what_an_error_says_that_is_needed_is_enough() {
    let mut tried: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..30 {
        let dir = tempfile::tempdir().expect("a folder");
        write_book(seed, dir.path());
        with_partners(dir.path());
        with_two_currencies(dir.path());
        let asked = requests(seed, dir.path());
        let answered = ask(dir.path(), &asked, Work { threads: 1, ..Work::default() });
        let mut again: Vec<(Asked, String, bool)> = Vec::new();
        for answer in &answered.answers {
            let one = asked.iter().find(|one| one.id == answer.request_id).expect("a request");
            let ids = ["PR-0", "PR-1", "PR-2", "PR-3", "PR-4", "PR-5", "PR-9"];
            let by_id = Asked {
                promotion: word(&ids, answer.promotion_id.as_deref().unwrap_or_default()),
                ..one.clone()
            };
            for error in &answer.errors {
                let kind = told_by(error);
                for (remedy, still_fails) in remedies(&by_id, kind, error) {
                    let id = format!("T{}", again.len());
                    again.push((Asked { id, ..remedy }, kind.to_owned(), still_fails));
                }
            }
        }
        let remedies: Vec<Asked> = again.iter().map(|(remedy, ..)| remedy.clone()).collect();
        let answered = ask(dir.path(), &remedies, Work { threads: 1, ..Work::default() });
        assert_eq!(answered.answers.len(), again.len(), "seed {seed}");
        for ((remedy, kind, still_fails), answer) in again.iter().zip(&answered.answers) {
            assert_eq!(fails(answer, kind), *still_fails, "seed {seed}, {kind}, {remedy:?}: {answer:#?}");
            *tried.entry(kind.clone()).or_default() += 1;
        }
    }
    let conditions = ["Market", "Region", "Window", "Term", "SeatCount", "NotOptedIn"];
    let codes = ["market-differs", "segment-not-allowed", "billing-cycle-not-for-term", "seats-not-positive"];
    for kind in conditions.iter().chain(&codes).chain(&["amount-too-large"]) {
        assert!(tried.get(*kind).is_some_and(|&times| times > 3), "{kind} was hardly tried: {tried:?}");
    }
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
