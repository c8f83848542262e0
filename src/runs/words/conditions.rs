//! The conditions of a promotion that fail, each with what it needs (R15).

use super::Scene;
use crate::names::printable;
use serde::Serialize;
use termwise_engine::calendar::Day;
use termwise_engine::catalog::{Offer, Promotion};
use termwise_engine::ids::{ItemId, PromotionId};
use termwise_engine::policy::FirstPurchase;
use termwise_engine::workings::{Condition, Verdict};

/// A condition that fails.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Unmet {
    /// In the vendor's vocabulary.
    #[serde(rename = "type")]
    pub condition: &'static str,
    /// What it needs.
    pub needs: String,
}

/// What a promotion was judged for.
#[derive(Clone, Copy, Debug)]
pub(in crate::runs) struct Judged {
    pub(in crate::runs) promotion: PromotionId,
    pub(in crate::runs) on: Day,
    pub(in crate::runs) seats: u32,
    pub(in crate::runs) verdict: Verdict,
}

/// Every condition that fails, in the vendor's order.
pub(in crate::runs) fn unmet(judged: &Judged, scene: &Scene<'_>) -> Vec<Unmet> {
    let promotion = scene.catalog.promotions.get(judged.promotion);
    let needs =
        |condition| promotion.map_or_else(String::new, |found| needs(condition, found, judged, scene));
    let failed = judged.verdict.failed.iter();
    failed.map(|condition| Unmet { condition: condition.name(), needs: needs(condition) }).collect()
}

fn needs(condition: Condition, promotion: &Promotion, judged: &Judged, scene: &Scene<'_>) -> String {
    let (names, row) = (scene.names, scene.row);
    match condition {
        Condition::Market => {
            let markets = promotion.markets.iter().map(|&market| names.market(market));
            format!("for {}; the customer's market is {}", listed(markets), names.market(row.market))
        }
        Condition::Region => {
            let regions = promotion.regions.iter().map(|&region| names.region(region));
            let own =
                scene.catalog.partners.region(row.partner).map_or("not known", |region| names.region(region));
            format!("for {}; the partner's region is {}", listed(regions), printable(own))
        }
        Condition::Segment => {
            let segments = promotion.segments.iter().map(|segment| segment.name());
            format!("for {}; the subscription's is {}", listed(segments), row.segment.name())
        }
        Condition::Product => product(promotion, scene, judged.on),
        Condition::Window => {
            let window = promotion.window;
            format!("{} … {}; the day is {}", window.first, window.last, judged.on)
        }
        Condition::Term => terms(promotion, scene),
        Condition::SeatCount => seats(promotion, judged),
        Condition::FirstPurchase => match scene.policy.first_purchase {
            FirstPurchase::Promotion => "the customer has had this promotion before".to_owned(),
            FirstPurchase::Product => "the customer has had this product and SKU before".to_owned(),
        },
        Condition::RedemptionLimit => {
            let (maximum, had) = (promotion.max_redemptions.unwrap_or_default(), judged.verdict.redemptions);
            format!("maximum {maximum}, {had} redeemed, {} remaining", maximum.saturating_sub(had))
        }
        Condition::PrerequisiteProductOwnership => {
            let required: Vec<String> = promotion.requires.iter().map(|&item| scene.item(item)).collect();
            format!("all of {} must be held", required.join(", "))
        }
        Condition::NotOptedIn => "it applies only where it is asked for by its id".to_owned(),
    }
}

fn product(promotion: &Promotion, scene: &Scene<'_>, on: Day) -> String {
    if !scene.catalog.promotions.is_licensed(scene.item, on) {
        return "the product is not licence-based (R12)".to_owned();
    }
    if promotion.commerce != scene.row.commerce {
        let (made, own) = (promotion.commerce.name(), scene.row.commerce.name());
        return format!("made for {made} commerce; the subscription is {own}");
    }
    let mut items: Vec<ItemId> = promotion.offers.iter().map(|offer| offer.item).collect();
    items.sort_unstable();
    items.dedup();
    let items: Vec<String> = items.into_iter().map(|item| scene.item(item)).collect();
    format!("for {}; this is {}", items.join(", "), scene.item(scene.item))
}

/// The terms and billing cycles that the promotion names for the product:SKU (R19).
fn terms(promotion: &Promotion, scene: &Scene<'_>) -> String {
    let word = |offer: &Offer| match offer.billing_cycle {
        Some(cycle) => format!("{} {}", offer.term.name(), cycle.name()),
        None => offer.term.name().to_owned(),
    };
    let mut offers: Vec<&Offer> = promotion.offers.iter().filter(|offer| offer.item == scene.item).collect();
    offers.sort_unstable();
    let mut terms: Vec<String> = offers.into_iter().map(word).collect();
    terms.dedup();
    if terms.is_empty() {
        return "no term of this product and SKU".to_owned();
    }
    format!("eligible terms: {}", terms.join(", "))
}

/// Minimum, maximum, and the seats that are still available (R16, B15).
fn seats(promotion: &Promotion, judged: &Judged) -> String {
    let mut parts = Vec::new();
    if let Some(minimum) = promotion.min_seats {
        parts.push(format!("minimum {minimum}"));
    }
    if let Some(maximum) = promotion.max_seats {
        let held = judged.verdict.seats_counted;
        let available = u64::from(maximum).saturating_sub(held);
        parts.push(format!("maximum {maximum}, {held} held, {available} available"));
    }
    parts.push(format!("{} asked for", judged.seats));
    parts.join(", ")
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(printable).collect::<Vec<_>>().join(", ")
}
