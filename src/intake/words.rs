//! The words that a column may hold, as the contract lists them; a word is written exactly like this.

use termwise_engine::book::{Channel, Origin, Qualification, Status};
use termwise_engine::calendar::{BillingCycle, Term};
use termwise_engine::catalog::{Commerce, PartnerKind, Plan, Segment, WrittenPlan};

/// `P1M`, `P1Y`, `P3Y`.
pub(super) fn term(word: &str) -> Option<Term> {
    Term::ALL.into_iter().find(|term| term.name() == word)
}

/// `monthly`, `annual`, `upfront`.
pub(super) fn billing_cycle(word: &str) -> Option<BillingCycle> {
    BillingCycle::ALL.into_iter().find(|cycle| cycle.name() == word)
}

/// `commercial`, `education`, `nonprofit`, `government`.
pub(super) fn segment(word: &str) -> Option<Segment> {
    Segment::ALL.into_iter().find(|segment| segment.name() == word)
}

/// `new`, `legacy`.
pub(super) fn commerce(word: &str) -> Option<Commerce> {
    [Commerce::New, Commerce::Legacy].into_iter().find(|commerce| commerce.name() == word)
}

/// The segments and `state-owned`.
pub(super) fn qualification(word: &str) -> Option<Qualification> {
    Qualification::ALL.into_iter().find(|qualification| qualification.name() == word)
}

/// `active`, `suspended`, `cancelled`, `expired`.
pub(super) fn status(word: &str) -> Option<Status> {
    match word {
        "active" => Some(Status::Active),
        "suspended" => Some(Status::Suspended),
        "cancelled" => Some(Status::Cancelled),
        "expired" => Some(Status::Expired),
        _ => None,
    }
}

/// `purchase`, `renewal`, `migration`, `upgrade`, `trial`.
pub(super) fn origin(word: &str) -> Option<Origin> {
    match word {
        "purchase" => Some(Origin::Purchase),
        "renewal" => Some(Origin::Renewal),
        "migration" => Some(Origin::Migration),
        "upgrade" => Some(Origin::Upgrade),
        "trial" => Some(Origin::Trial),
        _ => None,
    }
}

/// `reseller`, `advisor`.
pub(super) fn channel(word: &str) -> Option<Channel> {
    match word {
        "reseller" => Some(Channel::Reseller),
        "advisor" => Some(Channel::Advisor),
        _ => None,
    }
}

/// `direct`, `indirect-provider`, `indirect-reseller`.
pub(super) fn partner_kind(word: &str) -> Option<PartnerKind> {
    match word {
        "direct" => Some(PartnerKind::Direct),
        "indirect-provider" => Some(PartnerKind::IndirectProvider),
        "indirect-reseller" => Some(PartnerKind::IndirectReseller),
        _ => None,
    }
}

/// A billing plan of the price list, in the vendor's words; Triennial is the upfront of three years (B27).
pub(super) fn plan(word: &str) -> Option<WrittenPlan> {
    let words = [
        ("monthly", Plan::Monthly),
        ("annual", Plan::Annual),
        ("triennial", Plan::Upfront),
        ("upfront", Plan::Upfront),
        ("none", Plan::None),
    ];
    let (word, plan) = words.into_iter().find(|(known, _)| word.eq_ignore_ascii_case(known))?;
    Some(WrittenPlan { plan, is_triennial: word == "triennial" })
}

/// A segment of the price list, in the vendor's words; Charity is nonprofit (B27).
pub(super) fn price_segment(word: &str) -> Option<Segment> {
    if word.eq_ignore_ascii_case("charity") {
        return Some(Segment::Nonprofit);
    }
    Segment::ALL.into_iter().find(|segment| word.eq_ignore_ascii_case(segment.name()))
}

/// Product and SKU, written `product:sku`.
pub(super) fn product_and_sku(text: &str) -> Option<(&str, &str)> {
    let (product, sku) = text.split_once(':')?;
    (!product.is_empty() && !sku.is_empty() && !sku.contains(':')).then_some((product, sku))
}
