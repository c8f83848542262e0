//! What happened to subscriptions, and what is to happen at their renewals.

use super::PromotionCell;
use crate::calendar::{BillingCycle, Day, Instant, Term};
use crate::findings::Source;
use crate::ids::{ChangeId, CodeId, ItemId, OrderId, SubscriptionId};

/// Seats added or taken away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SeatChange {
    /// Where it stands.
    pub source: Source,
    /// Whose seats.
    pub subscription: SubscriptionId,
    /// When.
    pub changed_at: Instant,
    /// Seats after the change; zero or less is refused (B29).
    pub quantity: i32,
    /// Seats before it.
    pub quantity_before: Option<u32>,
    /// Its id.
    pub change: Option<ChangeId>,
}

/// A code entered with an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Redemption {
    /// Where it stands.
    pub source: Source,
    /// For which subscription.
    pub subscription: SubscriptionId,
    /// Which code, exactly as entered.
    pub code: CodeId,
    /// When.
    pub entered_at: Instant,
    /// With which order.
    pub order: Option<OrderId>,
}

/// What can happen to a subscription, in the order in which events of one instant are taken (A6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum EventKind {
    /// Cancelled.
    Cancel,
    /// Suspended.
    Suspend,
    /// Active again.
    Reactivate,
    /// Moved to another SKU, wholly or in part.
    Upgrade,
    /// Charged monthly instead of annually, or the other way.
    ChangeBillingCycle,
    /// A longer term from now on.
    ChangeTerm,
    /// A trial became paid before its end.
    ConvertTrial,
    /// Moved from legacy to new commerce.
    Migrate,
}

impl EventKind {
    /// Every kind, in order.
    pub const ALL: [EventKind; 8] = [
        EventKind::Cancel,
        EventKind::Suspend,
        EventKind::Reactivate,
        EventKind::Upgrade,
        EventKind::ChangeBillingCycle,
        EventKind::ChangeTerm,
        EventKind::ConvertTrial,
        EventKind::Migrate,
    ];

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Cancel => "cancel",
            EventKind::Suspend => "suspend",
            EventKind::Reactivate => "reactivate",
            EventKind::Upgrade => "upgrade",
            EventKind::ChangeBillingCycle => "change_billing_cycle",
            EventKind::ChangeTerm => "change_term",
            EventKind::ConvertTrial => "convert_trial",
            EventKind::Migrate => "migrate",
        }
    }
}

/// Something that happened to a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LifecycleEvent {
    /// Where it stands.
    pub source: Source,
    /// To which subscription.
    pub subscription: SubscriptionId,
    /// When.
    pub happened_at: Instant,
    /// What.
    pub kind: EventKind,
    /// Seats that it concerns.
    pub quantity: Option<u32>,
    /// The subscription that seats are moved to.
    pub target: Target,
    /// The product and SKU that follow.
    pub target_item: Option<ItemId>,
    /// Whether only the SKU is said: it is one of whatever product the subscription has then.
    pub is_sku_alone: bool,
    /// The term that follows.
    pub target_term: Option<Term>,
    /// The billing cycle that follows.
    pub target_billing_cycle: Option<BillingCycle>,
}

/// The subscription that an upgrade names (B1 to B5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Target {
    /// None, or one that several customers' upgrades would open.
    Nobody,
    /// One of the customer's.
    Subscription(SubscriptionId),
    /// One that the book lacks: the upgrade may open it.
    Opened(SubscriptionId),
    /// One that seats can't be moved to: another customer's, or one whose row was rejected.
    Barred,
}

impl LifecycleEvent {
    /// Whether two events say the same, wherever they stand.
    pub fn says_the_same(&self, other: &LifecycleEvent) -> bool {
        LifecycleEvent { source: other.source, ..*self } == *other
    }
}

/// What is to change at the next renewal; empty cells keep what is (A24).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScheduledChange {
    /// Where it stands.
    pub source: Source,
    /// For which subscription.
    pub subscription: SubscriptionId,
    /// When it was scheduled.
    pub scheduled_at: Instant,
    /// Product and SKU.
    pub item: Option<ItemId>,
    /// Whether only the SKU is said: it is one of whatever product the subscription has then.
    pub is_sku_alone: bool,
    /// Term.
    pub term: Option<Term>,
    /// Billing cycle.
    pub billing_cycle: Option<BillingCycle>,
    /// Seats.
    pub quantity: Option<i32>,
    /// Last day of the next term.
    pub term_end: Option<Day>,
    /// Promotion asked for.
    pub promotion: PromotionCell,
}

impl ScheduledChange {
    /// Whether two changes say the same, wherever they stand.
    pub fn says_the_same(&self, other: &ScheduledChange) -> bool {
        ScheduledChange { source: other.source, ..*self } == *other
    }
}
