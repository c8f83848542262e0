//! Purchases to ask about, and a book to ask about them.

use crate::common::Table;
use crate::crowded;
use chrono::{DateTime, NaiveDate, Utc};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;
use std::path::Path;

/// A purchase that is asked about and then made.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) partner: &'static str,
    pub(crate) product: &'static str,
    pub(crate) segment: &'static str,
    pub(crate) market: &'static str,
    /// Empty: not named.
    pub(crate) currency: &'static str,
    pub(crate) quantity: u32,
    pub(crate) term: &'static str,
    pub(crate) cycle: &'static str,
    pub(crate) on: String,
    pub(crate) promotion: &'static str,
}

pub(crate) const HEADER: &str = "request_id,customer_id,partner_id,product_id,sku_id,segment,market,currency,quantity,term,billing_cycle,on,promotion_id\n";

impl Asked {
    pub(crate) fn row(&self) -> String {
        let Asked { id, customer, partner, product, segment, market, currency, quantity, term, .. } = self;
        let Asked { cycle, on, promotion, .. } = self;
        format!(
            "{id},{customer},{partner},{product},0001,{segment},{market},{currency},{quantity},{term},{cycle},{on},{promotion}\n"
        )
    }

    /// The day that its term would begin on, in UTC.
    pub(crate) fn day(&self) -> NaiveDate {
        match self.on.parse::<NaiveDate>() {
            Ok(day) => day,
            Err(_) => self.on.parse::<DateTime<Utc>>().expect("an instant").date_naive(),
        }
    }

    /// The currencies that it may be judged in, the first one first that has a price: the one that is named, or the one that the
    /// customer's subscriptions in that market have, or those that the product is sold in there.
    pub(crate) fn currencies(&self, dir: &Path) -> Vec<&'static str> {
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
pub(crate) fn with_two_currencies(dir: &Path) {
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
pub(crate) fn word(words: &[&'static str], cell: &str) -> &'static str {
    words.iter().find(|word| **word == cell).copied().unwrap_or("")
}

/// Requests that hit: mostly for what a promotion names, around its first and last day, by the book's own customers.
pub(crate) fn requests(seed: u64, book: &Path) -> Vec<Asked> {
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
