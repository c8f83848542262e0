//! The output of a reconciliation: every cell with its status and cause, control totals that tie, and what people read.
//!
//! ```text
//! out/2026-11-30-5f0c9a1be27d/
//!   differences.parquet  reconciliation.xlsx  rejects.csv  summary.txt  manifest.json
//! ```
//! What this deliberately does not do: compare. It writes what was compared, and proves before it publishes that every line of
//! the vendor's file stands in one row, and that statuses and causes add up to the file's total in each currency.

mod publish;
mod sheets;
mod summary;
mod tally;

pub use publish::{WorkbookMaker, publish};
pub use summary::{json, text};
pub use tally::{Sum, Sums, Tallied};

use crate::intake::vendor::{Explanation, Unread};
use std::sync::Arc;
use termwise_engine::reconciling::Compared;

/// Everything that was compared.
#[derive(Debug)]
pub struct Comparison {
    /// By customer and subscription.
    pub groups: Vec<Group>,
    /// The texts of products with SKUs and of promotions, by their numbers.
    pub words: Vec<Arc<str>>,
    /// What was explained before.
    pub explained: Vec<Explanation>,
    /// The sums of the rows.
    pub tallied: Tallied,
    /// What the vendor's lines that can't be read would have come to.
    pub unread: Unread,
    /// What each side's lines come to, as they were read or rated and before anything was compared.
    pub given: Sums,
}

/// The rows of a subscription.
#[derive(Debug, Default)]
pub struct Group {
    /// Its customer.
    pub customer: Box<str>,
    /// The subscription.
    pub subscription: Box<str>,
    /// By product, SKU, last and first day of the cycle, currency and status.
    pub rows: Vec<Judged>,
}

/// A row, and which explanation holds for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// What came out.
    pub compared: Compared,
    /// The number of the explanation.
    pub explanation: Option<u32>,
}
