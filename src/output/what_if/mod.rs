//! The output of a what-if: what each proposal does to each subscription, month by month, the sums of it, and what people read.
//!
//! ```text
//! out/2026-11-30-5f0c9a1be27d/
//!   effects.parquet  by_customer.parquet  by_product.parquet  by_month.parquet  left_out.parquet
//!   what_if.html  what_if.xlsx  rejects.csv  summary.txt  manifest.json
//! ```
//! Effects pass through in stretches of whole customers, as invoice lines do; the sums are small and come at the end. What this
//! deliberately does not do: rate or add up. It writes what it is given, and proves before it publishes that the sums of
//! customers, of products and of months are the sums of the effects.

mod publish;
mod sheets;
mod summary;
mod tally;

pub use publish::{EffectsWriter, Made, People, prove, publish};
pub use sheets::{EffectSheets, SetEffects};
pub use summary::{beside, json, text};
pub use tally::{Sum, Tallied};

use termwise_engine::calendar::Day;
use termwise_engine::ids::{CustomerId, SubscriptionId};
use termwise_engine::money::Currency;
use termwise_engine::repricing::{Cause, Effect, Unpriced};

/// What a proposal is, for reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProposalFacts {
    /// Its file's name without the ending: it stands in every row.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Settings of its policy that are other than the job's.
    pub settings: Vec<(String, String)>,
    /// Its changes, each with its line and how much it matches.
    pub changes: Vec<crate::intake::Change>,
}

/// A row of `effects`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EffectRow {
    /// The proposal's number.
    pub proposal: u16,
    /// Whose.
    pub customer: CustomerId,
    /// Of which subscription.
    pub subscription: SubscriptionId,
    /// In which currency.
    pub currency: Currency,
    /// What it pays for a product in a month, in both worlds.
    pub effect: Effect,
    /// The subscription's first day of effect, where this month has one.
    pub effective_on: Option<Day>,
    /// What it counts for among the subscriptions of sums.
    pub counts: Firsts,
}

/// Which of a subscription's rows it is counted by, so that sums of rows are numbers of subscriptions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Firsts {
    /// Its first row, and its first row with a change.
    pub of_subscription: [bool; 2],
    /// Its first row of the product, and its first with a change.
    pub of_item: [bool; 2],
    /// Its first row of the month, and its first with a change.
    pub of_month: [bool; 2],
}

/// What a group of effects comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GroupSums {
    /// Today, in minor units.
    pub before: i64,
    /// Under the proposal.
    pub after: i64,
    /// By cause.
    pub causes: [i64; Cause::ALL.len()],
    /// Subscriptions with a charge.
    pub subscriptions: u32,
    /// Subscriptions with a change.
    pub changed: u32,
    /// The first day of a charge of its own that differs.
    pub effective_on: Option<Day>,
}

impl GroupSums {
    /// What changes.
    pub fn change(&self) -> i128 {
        i128::from(self.after) - i128::from(self.before)
    }
}

/// A row of `by_customer`, `by_product` or `by_month`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// The customer, the product or the month.
    pub key: Box<str>,
    /// The SKU; empty for customers and months.
    pub sku: Box<str>,
    /// The currency.
    pub currency: Currency,
    /// The proposal's number.
    pub proposal: u16,
    /// What it comes to.
    pub sums: GroupSums,
}

/// A subscription that a world can't price from a renewal on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// The proposal's number.
    pub proposal: u16,
    /// Whose.
    pub customer: String,
    /// Which.
    pub subscription: String,
    /// The product that it would renew to.
    pub product: String,
    /// Its SKU.
    pub sku: String,
    /// The term that it would renew for.
    pub term: &'static str,
    /// Its billing cycle.
    pub billing_cycle: &'static str,
    /// Its market.
    pub market: String,
    /// The currency.
    pub currency: Currency,
    /// The renewal.
    pub from: Day,
    /// Which world can't price it.
    pub side: Unpriced,
    /// Why.
    pub why: &'static str,
    /// What is left out of today's side, in minor units.
    pub before: i64,
    /// What is left out of the proposal's side.
    pub after: i64,
}

/// Everything but the effects themselves.
#[derive(Debug, Default)]
pub struct Summed {
    /// The proposals, by number.
    pub proposals: Vec<ProposalFacts>,
    /// The sums of the effects, added up while they were made.
    pub tallied: Tallied,
    /// By customer: in the order of the file.
    pub by_customer: Vec<Group>,
    /// By product and SKU.
    pub by_product: Vec<Group>,
    /// By month.
    pub by_month: Vec<Group>,
    /// By subscription.
    pub left_out: Vec<LeftOut>,
}
