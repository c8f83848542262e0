//! An independent oracle for termwise: the rule book, computed the slow and obvious way. Written from rules.md,
//! decisions.md and contract.md alone. Not covered: resellers' qualification (B18), offers, sell prices, the ledger,
//! reconciliation, what-if.
#![allow(
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    dead_code
)]
mod begin;
mod change;
mod charge;
mod dates;
mod events;
mod extend;
mod input;
mod number;
mod pins;
mod price;
mod promo;
mod renew;
mod sim;
mod subs;
mod upgrade;
#[cfg(test)]
mod worked;

use chrono::NaiveDate;
pub use pins::Pins;
use std::collections::BTreeMap;
use std::path::Path;

/// What to compute: the window `from`…`as_of`, the forecast horizon, and the policy settings that differ from the
/// standard ones.
pub struct Job {
    pub from: NaiveDate,
    pub as_of: NaiveDate,
    pub horizon_days: i64,
    pub policy: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub customer_id: String,
    pub subscription_id: String,
    pub product_id: String,
    pub sku_id: String,
    pub charge_type: String,
    pub charge_start: String,
    pub charge_end: String,
    pub term_start: String,
    pub term_end: String,
    pub unit_price: String,
    pub effective_unit_price: String,
    pub quantity: String,
    pub subtotal: String,
    pub currency: String,
    pub discount: String,
    pub promotion_id: String,
    pub promo_code: String,
    /// Lines with the same number are tied by one reference_id.
    pub pair: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    pub subscription_id: String,
    pub outcome: String,
    pub renewal_date: String,
    pub term: String,
    pub billing_cycle: String,
    pub quantity: String,
    pub list_unit_price: String,
    pub unit_price_before: String,
    pub unit_price_after: String,
    pub promotion_before: String,
    pub promotion_after: String,
    pub amount_before: String,
    pub amount_after: String,
    pub change: String,
    pub change_percent: String,
    pub billed: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    pub file: String,
    pub row: usize,
    pub disposition: String,
    pub code: String,
}

#[derive(Debug)]
pub struct Answer {
    pub lines: Vec<Line>,
    pub renewals: Vec<Renewal>,
    pub rejects: Vec<Reject>,
    /// At which list prices and percentages the lines were billed.
    pub billed: Pins,
}

/// Policy settings: the job's, else the standard (rules.md section 14).
pub(crate) struct Policy(BTreeMap<String, String>);

impl Policy {
    fn get(&self, name: &str) -> &str {
        if let Some(v) = self.0.get(name) {
            return v;
        }
        match name {
            "month_end" => "clamp",
            "price_overlap" => "older-holds",
            "seat_count" => "sku",
            "first_purchase" => "promotion",
            "late_seats" => "promotion",
            "renewal_percentage" => "current",
            "upgrade_promotions" => "none",
            "end_of_term" => "stop",
            "rounding" => "half-up",
            "rounding_at" => "line",
            "seat_changes" => "net",
            "refund_window" => "168h",
            "full_refund" => "24h",
            "stacking" => "best",
            "refused_events" => "reject",
            other => panic!("oracle: no such policy setting: {other}"),
        }
    }
    fn is(&self, name: &str, value: &str) -> bool {
        self.get(name) == value
    }
    /// A number of hours: `168h`, `168 h`, `168` or `7d`, in seconds.
    fn seconds(&self, name: &str) -> i64 {
        let text = self.get(name).trim();
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        let hours = if text.ends_with('d') { 24 } else { 1 };
        digits.parse::<i64>().expect("oracle: hours") * hours * 3600
    }
}

/// Reads the CSV inputs that exist in `dir` and computes what a run of `job` over them must give.
pub fn run(dir: &Path, job: &Job) -> Result<Answer, String> {
    run_pinned(dir, job, &Pins::default())
}

/// The same where a ledger holds prices already, which stay whatever the inputs say now (R62).
pub fn run_pinned(dir: &Path, job: &Job, pins: &Pins) -> Result<Answer, String> {
    let policy = Policy(job.policy.clone());
    let book = input::read(dir)?;
    let mut world = sim::World::new(&book, &policy, job, pins);
    for customer in world.customers() {
        world.play(&customer);
    }
    Ok(world.answer())
}
