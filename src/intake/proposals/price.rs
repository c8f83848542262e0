//! `[[price]]` of a proposal: prices by scope, with a percentage or a price and a date.

use super::super::{cell, words};
use super::grammar::{Meant, Paper, Section, VALUE, day};
use termwise_engine::calendar::{Day, Term};
use termwise_engine::catalog::{Repricing, Segment, WrittenPlan};
use termwise_engine::money::{Currency, Percentage};

const PRICE_KEYS: [&str; 10] = [
    "product_id",
    "sku_id",
    "term",
    "billing_plan",
    "market",
    "currency",
    "segment",
    "percent",
    "price",
    "from",
];

/// Prices by scope.
#[derive(Debug)]
pub(super) struct PriceSketch {
    pub(super) line: u32,
    pub(super) product: Option<String>,
    pub(super) sku: Option<String>,
    pub(super) term: Option<Term>,
    pub(super) plan: Option<WrittenPlan>,
    pub(super) market: Option<String>,
    pub(super) currency: Option<Currency>,
    pub(super) segment: Option<Segment>,
    pub(super) what: Repricing,
    pub(super) from: Option<Day>,
    /// In words, but for the day.
    pub(super) says: String,
}

impl PriceSketch {
    /// Reads a section; what is wrong with it is noted.
    pub(super) fn take(paper: &mut Paper, section: &Section) -> Option<PriceSketch> {
        paper.check(section, &PRICE_KEYS, &[]);
        let text = |key: &str| section.cells.get(key).map(|cell| cell.text.clone());
        let term = paper.value(section, "term", words::term, Meant::Term);
        let plan = paper.value(section, "billing_plan", words::plan, Meant::BillingPlan);
        let currency = paper.value(section, "currency", Currency::from_code, Meant::Currency);
        let segment = paper.value(section, "segment", words::price_segment, Meant::Segment);
        let from = paper.value(section, "from", day, Meant::Date);
        let percent = paper.value(section, "percent", percentage, Meant::Percentage).map(Repricing::By);
        let price = |text: &str| cell::money(text).ok().map(Repricing::To);
        let price = paper.value(section, "price", price, Meant::Amount);
        if section.has("percent") == section.has("price") {
            let says = if section.has("price") {
                "a price and a percentage are two things"
            } else {
                "nothing changes"
            };
            paper.refuse(
                section.line,
                "price",
                VALUE,
                says,
                "write either percent = \"+5%\" or price = \"60.48\"",
            );
        }
        let (what, scope) = (percent.or(price)?, scope_in_words(section));
        let says = match what {
            Repricing::By(_) => format!("{} on {scope}", text("percent").unwrap_or_default()),
            Repricing::To(_) => format!("{} for {scope}", text("price").unwrap_or_default()),
        };
        Some(PriceSketch {
            line: section.line,
            product: text("product_id"),
            sku: text("sku_id"),
            term,
            plan,
            market: text("market"),
            currency,
            segment,
            what,
            from,
            says,
        })
    }

    /// Whether it changes no price at all: a percentage of nothing.
    pub(super) fn is_idle(&self) -> bool {
        self.what == Repricing::By(Percentage::NONE)
    }
}

/// What a section is about.
fn scope_in_words(section: &Section) -> String {
    let named = |key: &str, what: &str| section.cells.get(key).map(|cell| format!("{what}{}", cell.text));
    let scope: Vec<String> = [
        named("product_id", ""),
        named("sku_id", "SKU "),
        named("term", ""),
        named("billing_plan", "billed "),
        named("market", "market "),
        named("currency", ""),
        named("segment", "segment "),
    ]
    .into_iter()
    .flatten()
    .collect();
    if scope.is_empty() { "every price".to_owned() } else { scope.join(", ") }
}

/// `"+5%"`: a sign, at most four decimals, and the mark, with a blank before it or not.
fn percentage(text: &str) -> Option<Percentage> {
    let number = text.strip_suffix('%')?.trim_end();
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 4 || whole.len() > 3 {
        return None;
    }
    let millionths: i32 = format!("{whole}{fraction:0<4}").parse().ok()?;
    Percentage::from_millionths(sign * millionths)
}
