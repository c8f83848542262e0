//! What the page and the workbook of a what-if show: plain numbers and texts, settled before anything is drawn.
//!
//! Amounts are whole numbers of their currency's minor unit. Currencies are never added up, so everything but the proposals
//! themselves stands below its currency.

use termwise_engine::repricing::Cause;

/// What the causes are called, in their order.
pub(super) const CAUSES: [&str; Cause::ALL.len()] = {
    let mut titles = [""; Cause::ALL.len()];
    let mut place = 0;
    while place < titles.len() {
        titles[place] = Cause::ALL[place].title();
        place += 1;
    }
    titles
};
/// The rises of a customer's amount that are counted: by more than so many percent.
pub(super) const RISES: [u32; 3] = [5, 10, 20];

/// Everything that is shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WhatIf {
    /// The program's version.
    pub version: String,
    /// The day whose book is looked at, `YYYY-MM-DD`.
    pub as_of: String,
    /// The first day of the horizon.
    pub first: String,
    /// Its last day.
    pub last: String,
    /// Its months.
    pub horizon_months: u32,
    /// The digest of what went in.
    pub digest: String,
    /// The input files, the proposals among them.
    pub inputs: Vec<Input>,
    /// The policy's settings and words, in order.
    pub policy: Vec<(String, String)>,
    /// The proposals, in the job's order.
    pub proposals: Vec<Proposal>,
    /// What they come to, by code.
    pub currencies: Vec<Currency>,
    /// Subscriptions that a world can't price, by product; grouped, largest number first.
    pub left_out: Vec<LeftOut>,
    /// How many subscriptions are left out, for each proposal.
    pub left_out_subscriptions: Vec<u64>,
    /// Rows of the inputs that are in no number.
    pub lacking: Vec<String>,
    /// What else to know.
    pub notes: Vec<String>,
}

/// An input file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Input {
    /// The input that it belongs to.
    pub table: String,
    /// As the job names it.
    pub file: String,
    /// Data rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3, in hexadecimal.
    pub hash: String,
}

/// A proposal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proposal {
    /// Its file's name without the ending: unique.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Who made it.
    pub author: String,
    /// Why.
    pub why: String,
    /// What it changes, in words, each with its line in the file.
    pub changes: Vec<Change>,
}

/// One change of a proposal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// Its line in the proposal.
    pub line: u32,
    /// In words: `+5% on P1Y, Monthly from 2026-12-01`.
    pub says: String,
    /// How many price rows, promotions or settings it changes; 0: it matches nothing.
    pub matches: u64,
}

/// What a change comes to: before, after, and the change by cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// Today, without what is left out under the proposal: so it differs between proposals.
    pub before: i64,
    /// Under the proposal.
    pub after: i64,
    /// What changed, by cause in the order of [`Cause::ALL`]: they add up to `after` less `before`.
    pub causes: [i64; Cause::ALL.len()],
}

impl Sums {
    /// What changes.
    pub(super) fn change(&self) -> i128 {
        i128::from(self.after) - i128::from(self.before)
    }
}

/// Everything in one currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Currency {
    /// ISO 4217.
    pub code: String,
    /// Digits of its minor unit.
    pub digits: u32,
    /// Subscriptions with a charge.
    pub subscriptions: u64,
    /// Their customers.
    pub customers: u64,
    /// What each proposal comes to.
    pub worlds: Vec<World>,
    /// By month, in order.
    pub months: Vec<Row>,
    /// By product and SKU, in order.
    pub products: Vec<Row>,
    /// Customers, the largest change under any proposal first, at most so many as are listed.
    pub listed: Vec<Row>,
    /// Those that are not listed, together; none where all are.
    pub others: Option<Others>,
}

/// A proposal's effect in one currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct World {
    /// The totals.
    pub sums: Sums,
    /// Subscriptions with a change.
    pub subscriptions_changed: u64,
    /// Customers who pay more.
    pub customers_up: u64,
    /// Customers who pay less.
    pub customers_down: u64,
    /// Customers whose amount rises by more than so many percent, each counted in every bound that it passes.
    pub rises: [u64; RISES.len()],
    /// Customers who paid nothing before and pay now: they rise by no percentage.
    pub rises_from_nothing: u64,
    /// When it takes effect: the month, and the subscriptions whose first day of effect lies in it.
    pub first_effects: Vec<(String, u64)>,
}

/// A month, a product or a customer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Row {
    /// `YYYY-MM`, the product's id, or the customer's.
    pub key: String,
    /// The SKU's id; empty for months and customers.
    pub sku: String,
    /// What it is called, where that is known.
    pub name: String,
    /// Under each proposal.
    pub worlds: Vec<RowWorld>,
}

/// A row under a proposal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RowWorld {
    /// The sums.
    pub sums: Sums,
    /// Subscriptions with a change.
    pub subscriptions_changed: u64,
    /// The first day of effect: on a customer that of its subscriptions, on a product or month that of its own charges; empty
    /// where nothing changes.
    pub effective_on: String,
}

/// Customers that are not listed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Others {
    /// How many.
    pub customers: u64,
    /// Under each proposal.
    pub worlds: Vec<Sums>,
}

/// Subscriptions of one product that a world can't price.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeftOut {
    /// The proposal's number.
    pub proposal: usize,
    /// The product.
    pub product: String,
    /// The SKU.
    pub sku: String,
    /// Term, billing cycle, market and currency, in words.
    pub what: String,
    /// Which world can't price it: `today`, `proposal` or `both`.
    pub side: String,
    /// The code that says why.
    pub why: String,
    /// How many.
    pub subscriptions: u64,
    /// Their currency.
    pub currency: String,
    /// Digits of its minor unit.
    pub digits: u32,
    /// What is left out of today's side.
    pub before: i64,
    /// What is left out of the proposal's side.
    pub after: i64,
    /// The first renewal that can't be priced.
    pub from: String,
}
