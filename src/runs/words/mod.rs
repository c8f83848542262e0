//! The words of the workings: each step in a sentence, with its rule and its operands.
//!
//! These are projections of [`Step`] and of the line that it belongs to. Nothing is computed here: an amount is printed
//! as the line carries it, so what explain ends with is what was billed.

mod conditions;
mod sums;
mod terms;

pub use conditions::Unmet;
pub(super) use conditions::{Judged, unmet};

use crate::names::{Names, printable};
use crate::runs::figures;
use serde::Serialize;
use serde_json::{Map, Value};
use termwise_engine::book::Subscription;
use termwise_engine::catalog::{Catalog, Promotion};
use termwise_engine::findings::{Code, NotDue, Source};
use termwise_engine::ids::{CodeId, ItemId, PromotionId};
use termwise_engine::money::{Currency, Discount};
use termwise_engine::policy::Policy;
use termwise_engine::workings::{Line, Step};

/// A step in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Told {
    /// Rule number; empty where the step only carries on.
    pub rule: String,
    /// The step's own name.
    pub step: &'static str,
    /// The sentence.
    pub says: String,
    /// The numbers and names in it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub operands: Map<String, Value>,
    /// The conditions that fail, where a promotion was judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Unmet>,
}

fn told(rule: &str, step: &'static str, says: String, operands: Value) -> Told {
    let operands = if let Value::Object(members) = operands { members } else { Map::new() };
    Told { rule: rule.to_owned(), step, says, operands, unmet: Vec::new() }
}

/// What the words are about.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) names: &'a Names,
    pub(super) catalog: &'a Catalog,
    pub(super) policy: &'a Policy,
    pub(super) row: &'a Subscription,
    /// Product and SKU that the steps are about.
    pub(super) item: ItemId,
    /// The line that the steps belong to; none for those of a term or a renewal.
    pub(super) line: Option<&'a Line>,
    /// Names a row.
    pub(super) place: &'a dyn Fn(Source) -> String,
}

impl Scene<'_> {
    /// A step in words, with its rule and operands.
    pub(super) fn tell(&self, step: &Step) -> Told {
        match *step {
            Step::PriceFound { unit_price, on, row, seats } => self.price_found(unit_price, on, row, seats),
            Step::PriceProposed { unit_price, listed, of_other_list } => {
                self.price_proposed(unit_price, listed, of_other_list)
            }
            Step::PriceLocked { unit_price } => self.price_locked(unit_price),
            Step::PricePinned { unit_price, on } => self.price_pinned(unit_price, on),
            Step::Trial => self.trial(),
            Step::PromotionDeclined => terms::promotion_declined(),
            Step::PromotionAskedUnknown { promotion } => self.promotion_asked_unknown(promotion),
            Step::PromotionJudged { promotion, discount, on, seats, verdict } => {
                self.promotion_judged(&conditions::Judged { promotion, on, seats, verdict }, discount)
            }
            Step::PromotionHeld { promotion, discount } => self.promotion_held(promotion, discount),
            Step::PromotionApplied { promotion, discount } => self.promotion_applied(promotion, discount),
            Step::PromotionAtRenewal { promotion, on, in_window, discount } => {
                self.promotion_at_renewal(promotion, on, in_window, discount)
            }
            Step::LegacyRenewal => terms::legacy_renewal(),
            Step::TrialConversion => terms::trial_conversion(),
            Step::CodeAccepted { code, discount, max_licences } => {
                self.code_accepted(code, discount, max_licences)
            }
            Step::CodeRefused { code, why } => self.code_refused(code, why),
            Step::ScheduledChange { source } => self.scheduled_change(source),
            Step::ScheduledChangeRejected { source, why } => self.scheduled_change_rejected(source, why),
            Step::Renewed { on, seats } => terms::renewed(on, seats),
            Step::Upgraded { on, from, to, seats, source } => self.upgraded(on, (from, to), seats, source),
            Step::PromotionLeftBehind { promotion } => self.promotion_left_behind(promotion),
            Step::TermChanged { on, from, to, seats } => terms::term_changed(on, from, to, seats),
            Step::PlanChanged { from, to } => terms::plan_changed(from, to),
            Step::Extended { on, seats } => terms::extended(on, seats),
            Step::Surcharged { surcharge } => self.surcharged(surcharge),
            Step::CycleShare { unit_price, months, term_months } => {
                self.cycle_share(unit_price, months, term_months)
            }
            Step::Reduced { reduction } => self.reduced(reduction),
            Step::DaysCharged { days, cycle_days } => sums::days_charged(days, cycle_days),
            Step::Seats { seats, side } => sums::seats(seats, side),
            Step::TermRefunded { charged } => self.term_refunded(charged),
            Step::Rounded { subtotal } => self.rounded(subtotal),
        }
    }

    fn currency(&self) -> Currency {
        self.row.currency
    }

    /// A product and its SKU: `CFQ7TTC0LH18:0001`.
    pub(super) fn item(&self, item: ItemId) -> String {
        let (product, sku) = (self.names.product(item), self.names.sku(item));
        format!("{}:{}", printable(product), printable(sku))
    }

    /// A promotion by its id.
    pub(super) fn promotion(&self, id: PromotionId) -> String {
        printable(self.names.promotion(id))
    }

    /// A promo code as it is written.
    pub(super) fn code(&self, id: CodeId) -> String {
        printable(self.names.code(id))
    }

    fn window(&self, id: PromotionId) -> String {
        let words = |found: &Promotion| format!("{} … {}", found.window.first, found.window.last);
        self.catalog.promotions.get(id).map_or_else(|| "not in the file".to_owned(), words)
    }
}

fn percent(discount: Discount) -> String {
    figures::percent_of_millionths(discount.millionths())
}

fn count(seats: u32) -> String {
    if seats == 1 { "1 seat".to_owned() } else { format!("{seats} seats") }
}

/// The rules of a code, as they are cited.
pub(super) fn rule_of(code: Code) -> &'static str {
    code.rule().trim()
}

/// The rule and the sentence behind a row that nothing came of.
pub(super) const fn not_due(why: NotDue) -> (&'static str, &'static str) {
    match why {
        NotDue::NoChargeInWindow => ("C21", "no charge of it falls due in the days that are billed"),
        NotDue::NotStarted => ("C21", "it begins after as_of"),
        NotDue::Cancelled => ("B13", "it was cancelled before this term: it is history only"),
        NotDue::Expired => ("B13", "it ended before this term: it is history only"),
        NotDue::BilledByVendor => ("R55, B20", "the vendor bills the customer directly"),
        NotDue::SubscriptionRejected => ("C8", "its subscription is rejected or parked as a whole"),
        NotDue::BeforeTerm => ("A24, B30", "it comes before the subscription's row begins"),
        NotDue::AfterAsOf => ("B30", "it comes after as_of"),
        NotDue::NoChange => ("A8, D4", "it says what holds already"),
        NotDue::CancelledAfterWindow => {
            ("R35, A11", "it came too late for a refund: the term is billed to its end")
        }
        NotDue::Voided => ("R46", "a later event made it void, or the subscription does not renew"),
        NotDue::Superseded => ("A24", "a later scheduled change of the same term holds"),
        NotDue::Pending => ("R44", "its renewal comes after as_of"),
        NotDue::NoEffect => ("C19", "it was accepted, and no line or renewal up to as_of depends on it"),
    }
}

#[cfg(test)]
mod tests;
