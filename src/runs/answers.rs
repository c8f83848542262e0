//! The answers to requests of eligibility, in the vendor's vocabulary (R15).
//!
//! ```text
//! request_id,promotion_id,is_eligible,errors
//! REQ-1,39NFJQT20TEA:0001:39NFJQT2KX09,false,"[{""type"":""SeatCount"",""description"":…,""availableSeats"":400}]"
//! ```
//! The types and fields are those of Partner Center's promotionEligibilities. What a run would turn down altogether stands
//! before them, as an error of the type that fits best with our own `code` beside it. These are words for what the engine has
//! recorded; nothing is judged here.

use super::csv_text;
use super::words::{Judged, Scene, unmet};
use serde_json::{Map, Value, json};
use termwise_engine::calendar::{BillingCycle, Term};
use termwise_engine::catalog::{Offer, Promotion, Segment};
use termwise_engine::findings::Code;
use termwise_engine::ids::ItemId;
use termwise_engine::workings::Condition;

/// What stands in the way: an object with `type`, `description`, and what it needs.
pub type Obstacle = Map<String, Value>;

/// Whether a request gets a promotion, and if not, everything that stands in the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The request.
    pub request_id: String,
    /// The promotion; none: there is none to be had for the product and SKU.
    pub promotion_id: Option<String>,
    /// Everything that stands in the way; nothing: it is eligible.
    pub errors: Vec<Obstacle>,
}

impl Answer {
    /// Whether the request gets the promotion.
    pub const fn is_eligible(&self) -> bool {
        self.errors.is_empty()
    }

    fn errors_text(&self) -> String {
        Value::from(self.errors.clone()).to_string()
    }
}

/// Answers as CSV: request_id, promotion_id, is_eligible, errors as a list in JSON.
///
/// # Errors
/// What the writer says.
pub fn csv_of(answers: &[Answer]) -> Result<String, csv::Error> {
    csv_text(|writer| {
        writer.write_record(["request_id", "promotion_id", "is_eligible", "errors"])?;
        answers.iter().try_for_each(|answer| {
            let promotion = answer.promotion_id.as_deref().unwrap_or_default();
            let is_eligible = if answer.is_eligible() { "true" } else { "false" };
            writer.write_record([answer.request_id.as_str(), promotion, is_eligible, &answer.errors_text()])
        })
    })
}

/// Answers as lines of JSON, each an object with the members of the CSV's columns.
pub fn json_lines_of(answers: &[Answer]) -> String {
    let line = |answer: &Answer| {
        let told = json!({
            "request_id": answer.request_id, "promotion_id": answer.promotion_id,
            "is_eligible": answer.is_eligible(), "errors": answer.errors,
        });
        format!("{told}\n")
    };
    answers.iter().map(line).collect()
}

/// An obstacle of a type, with a sentence.
fn obstacle(kind: &str, description: String, needs: Vec<(&'static str, Value)>) -> Obstacle {
    let mut members = Map::new();
    members.insert("type".to_owned(), kind.into());
    members.insert("description".to_owned(), description.into());
    members.extend(needs.into_iter().map(|(name, value)| (name.to_owned(), value)));
    members
}

/// There is no promotion for the product and SKU, as far as the promotions file can be read.
pub(super) fn no_promotions(knows_promotions: bool) -> Obstacle {
    let says = if knows_promotions {
        "No promotion names this product and SKU."
    } else {
        "No promotion that can be read names this product and SKU."
    };
    obstacle("NoPromotionsAvailable", says.to_owned(), Vec::new())
}

/// No promotion has the id that was asked for.
pub(super) fn invalid_promotion() -> Obstacle {
    let says = "The promotions file has no promotion of this id, or its rows were rejected.";
    obstacle("InvalidPromotion", says.to_owned(), Vec::new())
}

/// What would do where a purchase as a whole would be turned down.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Sale {
    /// The customer's country, where it is known.
    pub(super) customer_market: Option<String>,
    /// The segments that it may be sold this product in.
    pub(super) segments: Vec<Segment>,
    /// The terms and billing cycles that have a price.
    pub(super) terms: Vec<(Term, BillingCycle)>,
    /// The most seats that a line can hold, where there is such a limit.
    pub(super) most_seats: Option<u32>,
}

/// Why the purchase as a whole would be turned down: the type that fits best, our own code, and what would do.
pub(super) fn refusal(code: Code, sale: &Sale) -> Obstacle {
    let says = format!("The purchase would be turned down: {}.", code.sentence());
    let mut members = vec![("code", code.name().into())];
    members.extend(sale_needs(code, sale));
    obstacle(kind_of(code), says, members)
}

/// What a purchase needs that is turned down for a code.
fn sale_needs(code: Code, sale: &Sale) -> Vec<(&'static str, Value)> {
    if code == Code::MarketDiffers {
        vec![("customerMarket", sale.customer_market.clone().into())]
    } else if code == Code::SegmentNotAllowed {
        vec![("eligibleSegments", sale.segments.iter().map(|segment| segment.name()).collect())]
    } else if code == Code::BillingCycleNotForTerm {
        vec![("eligibleTerms", terms_of(sale.terms.clone()))]
    } else if matches!(code, Code::SeatsNotPositive | Code::AmountTooLarge) {
        vec![("minimumRequiredSeats", 1.into()), ("maximumRequiredSeats", sale.most_seats.into())]
    } else {
        Vec::new()
    }
}

/// The vendor's word for what a code is about.
const fn kind_of(code: Code) -> &'static str {
    if matches!(code, Code::CustomerUnknown) {
        "Customer"
    } else if matches!(code, Code::MarketDiffers) {
        "Market"
    } else if matches!(code, Code::SegmentNotAllowed) {
        "Segment"
    } else if matches!(code, Code::ResellerNeedsProvider) {
        "Region"
    } else if matches!(code, Code::BillingCycleNotForTerm) {
        "Term"
    } else if matches!(code, Code::SeatsNotPositive | Code::AmountTooLarge) {
        "SeatCount"
    } else {
        // What is left is about the price.
        "Product"
    }
}

/// Every condition of a promotion that fails, in the vendor's order, each with what it needs.
pub(super) fn unmet_conditions(judged: &Judged, promotion: &Promotion, scene: &Scene<'_>) -> Vec<Obstacle> {
    let told = unmet(judged, scene);
    let failed = judged.verdict.failed.iter().zip(told);
    let one = |(condition, told): (Condition, super::words::Unmet)| {
        let description = format!("{} ({}).", sentence(condition), told.needs);
        obstacle(condition.name(), description, needs(condition, judged, promotion, scene))
    };
    failed.map(one).collect()
}

const fn sentence(condition: Condition) -> &'static str {
    match condition {
        Condition::Market => "The promotion is not for the customer's market",
        Condition::Region => "The promotion is not for the partner's region",
        Condition::Segment => "The promotion is not for this segment",
        Condition::Product => "The promotion is not for this product and SKU",
        Condition::Window => "The day lies outside the promotion's window",
        Condition::Term => "The term and billing cycle are not among those of the promotion",
        Condition::SeatCount => "The seats are not within what the promotion allows",
        Condition::FirstPurchase => "The promotion is for a first purchase",
        Condition::RedemptionLimit => "The promotion cannot be redeemed again",
        Condition::PrerequisiteProductOwnership => "The promotion requires other products",
        Condition::NotOptedIn => "The promotion does not apply by itself",
    }
}

/// What a condition needs, by the vendor's names.
fn needs(
    condition: Condition,
    judged: &Judged,
    promotion: &Promotion,
    scene: &Scene<'_>,
) -> Vec<(&'static str, Value)> {
    let names = scene.names;
    let item = |id: &ItemId| format!("{}:{}", names.product(*id), names.sku(*id));
    match condition {
        Condition::Market => {
            vec![("eligibleMarkets", promotion.markets.iter().map(|&id| names.market(id)).collect())]
        }
        Condition::Region => {
            vec![("eligibleRegions", promotion.regions.iter().map(|&id| names.region(id)).collect())]
        }
        Condition::Segment => {
            vec![("eligibleSegments", promotion.segments.iter().map(|segment| segment.name()).collect())]
        }
        Condition::Window => vec![
            ("startDate", promotion.window.first.to_string().into()),
            ("endDate", promotion.window.last.to_string().into()),
        ],
        Condition::Term => vec![("eligibleTerms", terms(promotion, scene.item))],
        Condition::SeatCount => {
            let available = |maximum: u32| u64::from(maximum).saturating_sub(judged.verdict.seats_counted);
            vec![
                ("minimumRequiredSeats", promotion.min_seats.into()),
                ("maximumRequiredSeats", promotion.max_seats.into()),
                ("availableSeats", promotion.max_seats.map(available).into()),
            ]
        }
        Condition::RedemptionLimit => {
            let maximum = promotion.max_redemptions.unwrap_or_default();
            vec![
                ("maxPromotionRedemptionCount", maximum.into()),
                (
                    "remainingPromotionRedemptionCount",
                    maximum.saturating_sub(judged.verdict.redemptions).into(),
                ),
            ]
        }
        Condition::PrerequisiteProductOwnership => {
            vec![("requiredProducts", promotion.requires.iter().map(item).collect())]
        }
        Condition::Product | Condition::FirstPurchase | Condition::NotOptedIn => Vec::new(),
    }
}

/// The terms of a product and SKU that a promotion names, each with every billing cycle that it may have (R19).
fn terms(promotion: &Promotion, item: ItemId) -> Value {
    let mut pairs: Vec<(Term, BillingCycle)> = Vec::new();
    for offer in promotion.offers.iter().filter(|offer: &&Offer| offer.item == item) {
        let fits = |cycle: &BillingCycle| {
            cycle.months(offer.term).is_some() && offer.billing_cycle.is_none_or(|named| named == *cycle)
        };
        pairs.extend(BillingCycle::ALL.into_iter().filter(fits).map(|cycle| (offer.term, cycle)));
    }
    pairs.sort_unstable();
    pairs.dedup();
    terms_of(pairs)
}

fn terms_of(pairs: Vec<(Term, BillingCycle)>) -> Value {
    pairs
        .into_iter()
        .map(|(term, cycle)| json!({ "duration": term.name(), "billingCycle": cycle.name() }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_rows_of_csv_and_lines_of_json() {
        let yes = Answer { request_id: "R-1".into(), promotion_id: Some("P:1".into()), errors: Vec::new() };
        let no = Answer { request_id: "R-2".into(), promotion_id: None, errors: vec![no_promotions(true)] };
        let answers = [yes, no];
        let csv = "request_id,promotion_id,is_eligible,errors\nR-1,P:1,true,[]\nR-2,,false,\
                   \"[{\"\"type\"\":\"\"NoPromotionsAvailable\"\",\"\"description\"\":\
                   \"\"No promotion names this product and SKU.\"\"}]\"\n";
        assert_eq!(csv_of(&answers).ok().as_deref(), Some(csv));
        let json = "{\"request_id\":\"R-1\",\"promotion_id\":\"P:1\",\"is_eligible\":true,\"errors\":[]}\n\
                    {\"request_id\":\"R-2\",\"promotion_id\":null,\"is_eligible\":false,\
                    \"errors\":[{\"type\":\"NoPromotionsAvailable\",\
                    \"description\":\"No promotion names this product and SKU.\"}]}\n";
        assert_eq!(json_lines_of(&answers), json);
    }

    #[test]
    fn whatever_a_purchase_is_turned_down_for_has_a_type() {
        let kinds = [
            (Code::CustomerUnknown, "Customer"),
            (Code::MarketDiffers, "Market"),
            (Code::SegmentNotAllowed, "Segment"),
            (Code::ResellerNeedsProvider, "Region"),
            (Code::BillingCycleNotForTerm, "Term"),
            (Code::SeatsNotPositive, "SeatCount"),
            (Code::AmountTooLarge, "SeatCount"),
            (Code::PriceMissing, "Product"),
            (Code::PriceConflict, "Product"),
            (Code::PriceUnreadable, "Product"),
        ];
        let sale = Sale { customer_market: Some("NL".into()), most_seats: Some(9), ..Sale::default() };
        for (code, kind) in kinds {
            let told = refusal(code, &sale);
            assert_eq!((&told["type"], &told["code"]), (&kind.into(), &code.name().into()));
        }
        assert_eq!(refusal(Code::MarketDiffers, &sale)["customerMarket"], "NL");
        assert_eq!(refusal(Code::AmountTooLarge, &sale)["maximumRequiredSeats"], 9);
    }
}
