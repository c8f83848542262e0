//! What the properties of the engine have in common.

use termwise_engine::calendar::{Day, MonthEnd, Span};
use termwise_engine::money::{Rounding, Surcharge};
use termwise_engine::policy::{
    EndOfTerm, Extension, FirstPurchase, LateSeats, Policy, PriceOverlap, RefusedEvents, RenewalPercentage,
    RoundingAt, SeatChangeForm, SeatCount, Stacking, UpgradePromotions,
};

/// A policy that is no profile: windows and trials of its own, extensions from the first day of 2026.
pub(crate) fn policy() -> Policy {
    let first = Day::from_ymd(2026, 1, 1).unwrap_or(Day::FIRST);
    Policy {
        month_end: MonthEnd::Clamp,
        price_overlap: PriceOverlap::OlderHolds,
        seat_count: SeatCount::Sku,
        first_purchase: FirstPurchase::Promotion,
        late_seats: LateSeats::Promotion,
        renewal_percentage: RenewalPercentage::Current,
        rounding: Rounding::HalfUp,
        rounding_at: RoundingAt::Line,
        seat_changes: SeatChangeForm::Pair,
        refund_window: Span::hours(100),
        full_refund: Span::hours(20),
        upgrade_promotions: UpgradePromotions::Eligible,
        end_of_term: EndOfTerm::Extend,
        extension: Extension {
            surcharge: Surcharge::from_millionths(30_000).unwrap_or_default(),
            surcharge_of_annual: Surcharge::from_millionths(230_000).unwrap_or_default(),
            ends_from: first,
            begins_from: first,
        },
        stacking: Stacking::Best,
        refused_events: RefusedEvents::Reject,
        trial_days: 28,
        trial_seats: 20,
    }
}
