//! Random proposals: each can be written as a proposal, and as an edit of the very lists that it is about.

use crate::book::{AS_OF, Book, FIRST};
use crate::common::Table;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::BTreeSet;

/// Another price list, and the day from which it holds.
pub(crate) struct List {
    pub(crate) file: String,
    pub(crate) from: Option<String>,
}

pub(crate) enum What {
    Percent(Decimal),
    Price(Decimal),
}

/// A change of prices by scope.
pub(crate) struct Price {
    /// Columns of the price list and what they must say.
    pub(crate) scope: Vec<(&'static str, String)>,
    pub(crate) from: Option<String>,
    pub(crate) what: What,
}

/// Another last day of a promotion.
pub(crate) struct Window {
    pub(crate) promotion: String,
    pub(crate) is_end: bool,
    pub(crate) last: String,
}

/// What somebody proposes.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) list: Option<List>,
    pub(crate) prices: Vec<Price>,
    /// A row of promotions, by column.
    pub(crate) added: Option<Vec<(&'static str, String)>>,
    pub(crate) windows: Vec<Window>,
    pub(crate) policy: Option<String>,
}

fn key_of(column: &str) -> &'static str {
    match column {
        "ProductId" => "product_id",
        "SkuId" => "sku_id",
        "TermDuration" => "term",
        "BillingPlan" => "billing_plan",
        "Market" => "market",
        "Currency" => "currency",
        "Segment" => "segment",
        other => panic!("{other} is in no scope"),
    }
}

impl Plan {
    /// Its changes as a proposal has them, each by itself.
    pub(crate) fn sections(&self) -> Vec<String> {
        let from = |day: &Option<String>| day.as_ref().map_or(String::new(), |day| format!("from = {day}\n"));
        let list = self.list.iter();
        let mut sections: Vec<String> = list
            .map(|List { file, from: day }| format!("[price_list]\nfiles = \"{file}\"\n{}", from(day)))
            .collect();
        sections.extend(self.prices.iter().map(|price| {
            let scope = price.scope.iter();
            let scope: String =
                scope.map(|(column, word)| format!("{} = \"{word}\"\n", key_of(column))).collect();
            let what = match price.what {
                What::Percent(percent) => format!("percent = \"{percent}%\"\n"),
                What::Price(price) => format!("price = \"{price}\"\n"),
            };
            format!("[[price]]\n{scope}{}{what}", from(&price.from))
        }));
        sections.extend(self.added.iter().map(|row| {
            let cells: String = row.iter().map(|(column, word)| format!("{column} = \"{word}\"\n")).collect();
            format!("[[promotion_added]]\n{cells}")
        }));
        sections.extend(self.windows.iter().map(|Window { promotion, is_end, last }| {
            let section = if *is_end { "promotion_ended" } else { "promotion_extended" };
            format!("[[{section}]]\npromotion_id = \"{promotion}\"\nlast_day = {last}\n")
        }));
        sections.extend(self.policy.iter().map(|setting| format!("[policy]\n{setting}\n")));
        sections
    }

    pub(crate) fn text(&self) -> String {
        self.sections().concat()
    }

    /// Writes the price list as it would have to be for an invoice run to come to the same: every row ends with `as_of`, and
    /// goes on from the next day with what is proposed, cut where something begins.
    pub(crate) fn edit_prices(&self, book: &Book, file: &str) {
        let today = Table::read(&book.path("price_list.csv"));
        let other = self.list.as_ref().map(|list| Table::read(&book.path(&list.file)));
        let begins = self.list.as_ref().map(|list| list.from.clone().unwrap_or_else(|| FIRST.to_owned()));
        let days = self.prices.iter().filter_map(|price| price.from.clone());
        let cuts: BTreeSet<String> =
            days.chain(begins.clone()).chain([FIRST.to_owned()]).filter(|day| &**day >= FIRST).collect();
        let mut rows = Vec::new();
        let place = |name: &str| today.header.iter().position(|column| column == name).expect("a column");
        let (price, first, last) =
            (place("UnitPrice"), place("EffectiveStartDate"), place("EffectiveEndDate"));
        for (table, is_other) in [(Some(&today), false), (other.as_ref(), true)] {
            for row in table.into_iter().flat_map(|table| &table.rows) {
                for (start, end) in pieces(&iso(&row[first]), &iso(&row[last]), &cuts) {
                    let is_replaced = &*start >= FIRST && begins.as_ref().is_some_and(|day| start >= *day);
                    if is_replaced != is_other {
                        continue;
                    }
                    let mut piece = row.clone();
                    if &*start >= FIRST {
                        piece[price] = self.priced(&today.header, row, &start, &row[price]);
                    }
                    (piece[first], piece[last]) = (start, end);
                    rows.push(piece);
                }
            }
        }
        Table { header: today.header.clone(), rows }.write(&book.path(file));
    }

    /// The price of a row from a day on.
    fn priced(&self, header: &[String], row: &[String], on: &str, listed: &str) -> String {
        let fits = |(column, word): &(&str, String)| {
            let place = header.iter().position(|name| name == column).expect("a column");
            row[place].eq_ignore_ascii_case(word)
        };
        let is_on = |price: &&Price| price.from.as_ref().is_none_or(|from| &**from <= on);
        let own = self.prices.iter().filter(is_on).filter(|price| price.scope.iter().all(fits));
        let (mut factor, mut fixed) = (Decimal::ONE, None);
        for price in own {
            match price.what {
                What::Percent(percent) => factor *= Decimal::ONE + percent / Decimal::ONE_HUNDRED,
                What::Price(price) => fixed = Some(price),
            }
        }
        let listed: Decimal = listed.parse().expect("a price");
        let price = (listed * factor).round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero);
        fixed.unwrap_or(price).normalize().to_string()
    }

    /// Writes the promotions as they would have to be.
    pub(crate) fn edit_promotions(&self, book: &Book, file: &str) {
        let mut table = Table::read(&book.path("promotions.csv"));
        let place = |name: &str| table.header.iter().position(|column| column == name).expect("a column");
        let (id, last) = (place("promotion_id"), place("ends_on"));
        let added = self.added.iter().map(|row| {
            let of = |name: &String| row.iter().find(|(column, _)| column == name);
            table.header.iter().map(|name| of(name).map_or(String::new(), |(_, word)| word.clone())).collect()
        });
        let added: Vec<Vec<String>> = added.collect();
        for window in &self.windows {
            for row in table.rows.iter_mut().filter(|row| row[id] == window.promotion) {
                let is_change = if window.is_end { window.last < row[last] } else { window.last > row[last] };
                if is_change {
                    row[last].clone_from(&window.last);
                }
            }
        }
        table.rows.extend(added);
        table.write(&book.path(file));
    }
}

/// A date of the price list, in any of its three forms.
fn iso(text: &str) -> String {
    let date = text.split(' ').next().unwrap_or_default();
    let Some((month, (day, year))) =
        date.split_once('/').and_then(|(month, rest)| Some((month, rest.split_once('/')?)))
    else {
        return text[..10].to_owned();
    };
    format!("{year}-{month:0>2}-{day:0>2}")
}

/// A stretch of days, cut before each of these.
fn pieces(first: &str, last: &str, cuts: &BTreeSet<String>) -> Vec<(String, String)> {
    let inside: Vec<&String> = cuts.iter().filter(|cut| first < &***cut && &***cut <= last).collect();
    let starts = std::iter::once(first).chain(inside.iter().map(|cut| cut.as_str()));
    let ends = inside.iter().map(|cut| day_before(cut)).chain([last.to_owned()]);
    starts.map(str::to_owned).zip(ends).collect()
}

fn day_before(day: &str) -> String {
    let date: chrono::NaiveDate = day.parse().expect("a date");
    date.pred_opt().expect("a day before").to_string()
}

/// Who draws random proposals.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.0.next_u64() % count as u64) as usize
    }

    fn one<'a>(&mut self, of: &'a [String]) -> &'a str {
        &of[self.below(of.len())]
    }

    fn day(&mut self) -> String {
        format!("2027-{:02}-{:02}", 1 + self.below(12), 1 + self.below(28))
    }

    /// Changes of prices: percentages of any scope, at most three, or one change each of some products.
    fn prices(&mut self, book: &Book) -> Vec<Price> {
        let mut products = book.words("price_list.csv", "ProductId");
        if self.below(2) > 0 {
            return (0..1 + self.below(3))
                .map(|_| {
                    let product = (self.below(4) > 0).then(|| self.one(&products).to_owned());
                    let what = self.percent();
                    self.price(book, product, what)
                })
                .collect();
        }
        (0..1 + self.below(4))
            .map(|_| {
                let number = self.below(products.len());
                let product = products.remove(number);
                let what = if self.below(2) > 0 { self.percent() } else { self.fixed() };
                self.price(book, Some(product), what)
            })
            .collect()
    }

    fn percent(&mut self) -> What {
        let hundredths = self.below(4_000) as i64 * if self.below(2) > 0 { 1 } else { -1 };
        What::Percent(Decimal::new(hundredths, 2))
    }

    fn fixed(&mut self) -> What {
        What::Price(Decimal::new(1 + self.below(30_000_000) as i64, 4))
    }

    fn price(&mut self, book: &Book, product: Option<String>, what: What) -> Price {
        let mut scope: Vec<(&'static str, String)> =
            product.into_iter().map(|product| ("ProductId", product)).collect();
        let columns = [("TermDuration", 2), ("BillingPlan", 3), ("Market", 3), ("SkuId", 6), ("Currency", 6)];
        for (column, seldom) in columns {
            if self.below(seldom) == 0 {
                let word = self.one(&book.words("price_list.csv", column)).to_owned();
                scope.push((column, word));
            }
        }
        let from = (self.below(2) > 0).then(|| self.day());
        Price { scope, from, what }
    }

    fn added(&mut self, book: &Book) -> Vec<(&'static str, String)> {
        let table = Table::read(&book.path("subscriptions.csv"));
        let number = self.below(table.rows.len());
        let of = |column: &str| table.column(column)[number].clone();
        vec![
            ("promotion_id", format!("NEW-{}", self.below(1_000_000))),
            ("product_id", of("product_id")),
            ("sku_id", of("sku_id")),
            ("term", of("term")),
            ("discount", format!("0.{:02}", 1 + self.below(60))),
            ("starts_on", FIRST.to_owned()),
            ("ends_on", self.day()),
        ]
    }

    fn windows(&mut self, book: &Book) -> Vec<Window> {
        let table = Table::read(&book.path("promotions.csv"));
        let columns = ["starts_on", "ends_on", "promotion_id"].map(|name| table.column(name));
        // One that runs on as_of: an edit of any other would say something of days that are over too.
        let runs = |row: &usize| &*columns[0][*row] <= AS_OF && &*columns[1][*row] >= AS_OF;
        let running: BTreeSet<String> =
            (0..table.rows.len()).filter(runs).map(|row| columns[2][row].clone()).collect();
        let mut promotions: Vec<String> = running.into_iter().collect();
        (0..self.below(6).min(promotions.len()))
            .map(|_| {
                let number = self.below(promotions.len());
                let is_end = self.below(2) > 0;
                let last = if is_end { "2026-12-10".to_owned() } else { self.day() };
                Window { promotion: promotions.remove(number), is_end, last }
            })
            .collect()
    }

    /// Another list: every product dearer or cheaper, and sometimes one that is no longer there.
    pub(crate) fn list(&mut self, book: &Book, file: &str, lacks: bool) -> List {
        let mut table = Table::read(&book.path("price_list.csv"));
        let place = |name: &str| table.header.iter().position(|column| column == name).expect("a column");
        let (product, price) = (place("ProductId"), place("UnitPrice"));
        let products = book.words("price_list.csv", "ProductId");
        let gone = lacks.then(|| self.one(&book.words("subscriptions.csv", "product_id")).to_owned());
        let factors: Vec<Decimal> =
            products.iter().map(|_| Decimal::new(80 + self.below(50) as i64, 2)).collect();
        table.rows.retain(|row| Some(&row[product]) != gone.as_ref());
        for row in &mut table.rows {
            let number = products.binary_search(&row[product]).expect("a product");
            // A price that can't be read stays one that can't.
            if let Ok(listed) = row[price].parse::<Decimal>() {
                row[price] = (listed * factors[number]).round_dp(2).to_string();
            }
        }
        table.write(&book.path(file));
        List { file: file.to_owned(), from: (self.below(2) > 0).then(|| self.day()) }
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
        settings[self.below(settings.len())].to_owned()
    }

    /// A random proposal about prices and promotions.
    pub(crate) fn of_lists(&mut self, book: &Book, name: &str, lacks: bool) -> Plan {
        Plan {
            list: (self.below(2) == 0).then(|| self.list(book, &format!("{name}_list.csv"), lacks)),
            prices: self.prices(book),
            added: (self.below(2) > 0).then(|| self.added(book)),
            windows: self.windows(book),
            policy: None,
        }
    }

    /// A random proposal.
    pub(crate) fn plan(&mut self, book: &Book, name: &str) -> Plan {
        let policy = (self.below(2) > 0).then(|| self.policy());
        Plan { policy, ..self.of_lists(book, name, true) }
    }
}
