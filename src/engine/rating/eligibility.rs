//! Who gets a promotion: yes, or every condition that fails, each with what it needs (R15 to R21, B14 to B16).

use crate::calendar::{BillingCycle, Day, Term};
use crate::catalog::{Commerce, Promotion, Promotions, Segment};
use crate::ids::{ItemId, MarketId, PromotionId, RegionId};
use crate::money::Discount;
use crate::policy::FirstPurchase;
use crate::workings::{Condition, Conditions, Verdict};

/// A purchase or renewal that a promotion is judged for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// Product and SKU.
    pub item: ItemId,
    /// Term.
    pub term: Term,
    /// Billing cycle.
    pub billing_cycle: BillingCycle,
    /// New commerce or legacy.
    pub commerce: Commerce,
    /// The customer's market.
    pub market: MarketId,
    /// The partner's region, where known.
    pub region: Option<RegionId>,
    /// Segment.
    pub segment: Segment,
    /// Seats bought or renewed.
    pub seats: u32,
    /// The day.
    pub on: Day,
    /// The promotion asked for by id (R14).
    pub asked: Option<PromotionId>,
}

/// What the customer has or had, over all partners and apart from the request itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Record {
    /// Seats that count towards the promotion's maximum (A7).
    pub seats_counted: u64,
    /// Subscriptions that hold or held the promotion (B14).
    pub redemptions: u32,
    /// Whether the product:SKU was bought before (B14).
    pub had_product: bool,
    /// Whether every required product:SKU is held (B16).
    pub holds_required: bool,
}

/// Judges one promotion: every failing condition is named, not the first alone (R15).
pub fn judge(
    promotion: &Promotion,
    promotions: &Promotions,
    request: &Request,
    record: &Record,
    first_purchase: FirstPurchase,
) -> Verdict {
    let mut failed = Conditions::NONE;
    let named = |list_is_empty: bool, holds: bool| list_is_empty || holds;
    let market = named(promotion.markets.is_empty(), promotion.markets.contains(&request.market));
    failed.fail_if(!market, Condition::Market);
    let in_region = request.region.is_some_and(|region| promotion.regions.contains(&region));
    failed.fail_if(!named(promotion.regions.is_empty(), in_region), Condition::Region);
    let segment = named(promotion.segments.is_empty(), promotion.segments.contains(&request.segment));
    failed.fail_if(!segment, Condition::Segment);
    let product = promotion.names(request.item)
        && promotion.commerce == request.commerce
        && promotions.is_licensed(request.item, request.on);
    failed.fail_if(!product, Condition::Product);
    failed.fail_if(!promotion.window.holds(request.on), Condition::Window);
    let discount = promotion.discount_for(request.item, request.term, request.billing_cycle);
    failed.fail_if(discount.is_none(), Condition::Term);
    let too_few = promotion.min_seats.is_some_and(|minimum| request.seats < minimum);
    let wanted = record.seats_counted + u64::from(request.seats);
    let too_many = promotion.max_seats.is_some_and(|maximum| wanted > u64::from(maximum));
    failed.fail_if(too_few || too_many, Condition::SeatCount);
    let bought_before = match first_purchase {
        FirstPurchase::Promotion => record.redemptions > 0,
        FirstPurchase::Product => record.had_product,
    };
    failed.fail_if(promotion.first_purchase && bought_before, Condition::FirstPurchase);
    let used_up = promotion.max_redemptions.is_some_and(|maximum| record.redemptions >= maximum);
    failed.fail_if(used_up, Condition::RedemptionLimit);
    let required = promotion.requires.is_empty() || record.holds_required;
    failed.fail_if(!required, Condition::PrerequisiteProductOwnership);
    let opted_in = promotion.auto_applicable || request.asked == Some(promotion.id);
    failed.fail_if(!opted_in, Condition::NotOptedIn);
    Verdict { failed, seats_counted: record.seats_counted, redemptions: record.redemptions }
}

/// Of two candidates the one that takes more off, the lower id where they are equal (R21).
pub fn deeper(
    left: Option<(PromotionId, Discount)>,
    right: (PromotionId, Discount),
) -> Option<(PromotionId, Discount)> {
    match left {
        Some(left) if left.1 > right.1 || (left.1 == right.1 && left.0 < right.0) => Some(left),
        Some(_) | None => Some(right),
    }
}
