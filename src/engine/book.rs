//! The book: subscriptions and what happened to them, as ids and numbers, checked row by row.
//!
//! A row in here can be read; whether a rule lets it stand is settled by [`Subscription::fault`] for what the row says
//! alone, and by the time line for what depends on prices and other rows.

use crate::calendar::{BillingCycle, Day, Grid, Instant, Period, Term};
use crate::catalog::{Catalog, Commerce, Segment};
use crate::findings::{Code, Source};
use crate::ids::{
    BillToId, ChangeId, CodeId, CustomerId, ItemId, MarketId, OrderId, PartnerId, PromotionId,
    SubscriptionId, TaxCodeId,
};
use crate::money::{Currency, Price};
use crate::policy::Policy;

/// How a subscription's row came about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Origin {
    /// Bought.
    Purchase,
    /// Renewed: it existed before this row's term.
    Renewal,
    /// Migrated from legacy.
    Migration,
    /// Opened by a partial upgrade.
    Upgrade,
    /// A free trial.
    Trial,
}

/// The state in which the term began (B13).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Status {
    /// In use.
    Active,
    /// Suspended from the first day.
    Suspended,
    /// Cancelled: history only.
    Cancelled,
    /// Ended: history only.
    Expired,
}

/// Who bills the customer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Channel {
    /// We do.
    Reseller,
    /// The vendor does; an advisor brought the customer (B20).
    Advisor,
}

/// What a row says of promotions (R14, A20).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum PromotionCell {
    /// Nothing.
    Empty,
    /// `none`: the vendor applied none.
    Declined,
    /// One is held, or asked for.
    Id(PromotionId),
}

/// A subscription's row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subscription {
    /// Where it stands.
    pub source: Source,
    /// Its id, ranked by customer and then by its text.
    pub id: SubscriptionId,
    /// Who buys.
    pub customer: CustomerId,
    /// Who sells.
    pub partner: Option<PartnerId>,
    /// Who receives the invoice; none: the customer.
    pub bill_to: Option<BillToId>,
    /// The order that it was bought with.
    pub order: Option<OrderId>,
    /// New commerce or legacy.
    pub commerce: Commerce,
    /// Product and SKU.
    pub item: ItemId,
    /// Segment.
    pub segment: Segment,
    /// The customer's country.
    pub market: MarketId,
    /// The subscription's currency.
    pub currency: Currency,
    /// Committed length.
    pub term: Term,
    /// How often it is charged.
    pub billing_cycle: BillingCycle,
    /// Seats, as the term began or at `quantity_as_of`.
    pub quantity: u32,
    /// When `quantity` held; none: as the term began.
    pub quantity_as_of: Option<Instant>,
    /// When it was ordered; none: as the term began.
    pub ordered_at: Option<Instant>,
    /// First day of the running term.
    pub term_start: Day,
    /// Last day of the running term, where it is not the natural one (R45).
    pub term_end: Option<Day>,
    /// The day that cycles are counted from, through renewals (R3).
    pub anchored_on: Option<Day>,
    /// List price a seat for the whole term, locked.
    pub unit_price: Option<Price>,
    /// Promotion held or asked for.
    pub promotion: PromotionCell,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// The state in which the term began.
    pub status: Status,
    /// How the row came about.
    pub origin: Origin,
    /// Who bills it.
    pub channel: Channel,
    /// Passed through (R11).
    pub tax_code: Option<TaxCodeId>,
    /// Whether a row of its events can't be read, so that nothing is billed for it (R60).
    pub parked: bool,
}

impl Subscription {
    /// The moment at which the row begins: the later of its order and its term's first day (A6).
    pub fn begins_at(&self) -> Instant {
        let start = self.term_start.start();
        self.ordered_at.map_or(start, |ordered| ordered.max(start))
    }

    /// Whether the vendor's conditions for a promotion are judged for it, or what it holds is taken as it is (A20).
    pub fn is_judged(&self) -> bool {
        self.unit_price.is_none() && matches!(self.origin, Origin::Purchase | Origin::Migration)
    }

    /// What is wrong with the row alone, with the column at fault; the first finding in the order of the documentation.
    pub fn fault(&self, catalog: &Catalog, policy: &Policy) -> Option<(Code, &'static str)> {
        if let Some(customers) = &catalog.parties.customers {
            match customers.get(&self.customer) {
                None => return Some((Code::CustomerUnknown, "customer_id")),
                Some(customer) if customer.market != self.market => {
                    return Some((Code::MarketDiffers, "market"));
                }
                Some(_) => {}
            }
        }
        if self.quantity == 0 {
            return Some((Code::SeatsNotPositive, "quantity"));
        }
        if self.origin == Origin::Trial {
            let fault = self.quantity > policy.trial_seats;
            return fault.then_some((Code::TrialSeats, "quantity"));
        }
        if self.billing_cycle.months(self.term).is_none() {
            return Some((Code::BillingCycleNotForTerm, "billing_cycle"));
        }
        if let Some(end) = self.term_end
            && let Err(code) = check_term_end(self.term_start, self.term, self.anchored_on, end)
        {
            return Some((code, "term_end"));
        }
        match self.promotion {
            PromotionCell::Id(id) if !self.is_judged() => {
                let promotion = catalog.promotions.get(id);
                let held = promotion.and_then(|p| p.discount_held(self.item, self.term, self.billing_cycle));
                held.is_none().then_some((Code::PromotionUnknown, "promotion_id"))
            }
            PromotionCell::Id(_) | PromotionCell::Empty | PromotionCell::Declined => None,
        }
    }

    /// Whether lines can come of it at all: neither history nor billed by the vendor (B13, B20).
    pub fn is_billable(&self) -> bool {
        matches!(self.status, Status::Active | Status::Suspended) && self.channel == Channel::Reseller
    }
}

/// The last day of a full term that begins on `start` (R5, A3): with an anchor whose monthly grid holds the day, the
/// term ends on that grid; otherwise it is counted from itself.
pub fn natural_end(start: Day, term: Term, anchored_on: Option<Day>) -> Day {
    let months = term.months() as i32;
    let on_grid = anchored_on.and_then(|anchor| {
        let grid = Grid::new(anchor, 1);
        grid.index_of(start).map(|index| grid.day(index + months))
    });
    on_grid.unwrap_or_else(|| start.plus_months(months)).previous()
}

/// Whether a term may be given this end (R45, B28).
///
/// # Errors
/// The code of what forbids it.
pub fn check_term_end(start: Day, term: Term, anchored_on: Option<Day>, end: Day) -> Result<(), Code> {
    let natural = natural_end(start, term, anchored_on);
    if end < start || end > natural {
        return Err(Code::TermEndOutsideTerm);
    }
    let late = matches!(end.day_of_month(), 28..=30) && !end.is_month_end();
    if term == Term::P1M && end != natural && late {
        return Err(Code::TermEndNotAllowed);
    }
    Ok(())
}

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
    /// A trial became paid before its end.
    ConvertTrial,
    /// Moved from legacy to new commerce.
    Migrate,
}

impl EventKind {
    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Cancel => "cancel",
            EventKind::Suspend => "suspend",
            EventKind::Reactivate => "reactivate",
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
    /// The term that follows.
    pub target_term: Option<Term>,
    /// The billing cycle that follows.
    pub target_billing_cycle: Option<BillingCycle>,
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

/// The days that a run bills: from `from` to `as_of`, and the renewals that it forecasts after that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// First day billed to last day billed.
    pub billed: Period,
    /// Last day of the forecast (B22).
    pub horizon: Day,
}

/// Everything that can be billed, sorted: subscriptions by id, events by subscription and then by instant.
#[derive(Debug, Default)]
pub struct Book {
    /// By id.
    pub subscriptions: Vec<Subscription>,
    /// By subscription, instant, change id, row.
    pub seat_changes: Vec<SeatChange>,
    /// By subscription, instant, code, row.
    pub redemptions: Vec<Redemption>,
    /// By subscription, instant, kind, row.
    pub events: Vec<LifecycleEvent>,
    /// By subscription, instant, row.
    pub scheduled: Vec<ScheduledChange>,
}

impl Book {
    /// Puts every table in the order that the time line relies on, whatever the order of arrival.
    pub fn sort(&mut self) {
        self.subscriptions.sort_unstable_by_key(|row| row.id);
        self.seat_changes.sort_unstable_by_key(|row| {
            (row.subscription, row.changed_at, row.change, row.quantity, row.quantity_before, row.source)
        });
        self.redemptions
            .sort_unstable_by_key(|row| (row.subscription, row.entered_at, row.code, row.order, row.source));
        self.events.sort_unstable_by_key(|row| {
            let targets = (row.quantity, row.target_term, row.target_billing_cycle);
            (row.subscription, row.happened_at, row.kind, targets, row.source)
        });
        self.scheduled.sort_unstable_by_key(|row| (row.subscription, row.scheduled_at, row.source));
    }

    /// The rows of each customer of some of the book's subscriptions, which are whole customers.
    pub fn customers_of<'a>(
        &'a self,
        subscriptions: &'a [Subscription],
    ) -> impl Iterator<Item = CustomerBook<'a>> {
        subscriptions.chunk_by(|left, right| left.customer == right.customer).map(|subscriptions| {
            let (first, last) = (subscriptions[0].id, subscriptions[subscriptions.len() - 1].id);
            CustomerBook {
                subscriptions,
                seat_changes: between(&self.seat_changes, |row| row.subscription, first, last),
                redemptions: between(&self.redemptions, |row| row.subscription, first, last),
                events: between(&self.events, |row| row.subscription, first, last),
                scheduled: between(&self.scheduled, |row| row.subscription, first, last),
            }
        })
    }

    /// The book in stretches of whole customers, each of at least `size` subscriptions but for the last: the units that
    /// are worked on apart. They depend on the book alone.
    pub fn units(&self, size: usize) -> Vec<&[Subscription]> {
        let mut units = Vec::new();
        let mut first = 0;
        let mut end = 0;
        for customer in self.subscriptions.chunk_by(|left, right| left.customer == right.customer) {
            end += customer.len();
            if end - first >= size {
                units.push(&self.subscriptions[first..end]);
                first = end;
            }
        }
        if first < end {
            units.push(&self.subscriptions[first..end]);
        }
        units
    }
}

/// The rows of sorted `rows` whose key lies from `first` to `last`.
pub fn between<T, K: Ord + Copy>(rows: &[T], key: impl Fn(&T) -> K, first: K, last: K) -> &[T] {
    let start = rows.partition_point(|row| key(row) < first);
    let end = start + rows[start..].partition_point(|row| key(row) <= last);
    &rows[start..end]
}

/// One customer's rows.
#[derive(Clone, Copy, Debug)]
pub struct CustomerBook<'a> {
    /// At least one.
    pub subscriptions: &'a [Subscription],
    /// As in [`Book`].
    pub seat_changes: &'a [SeatChange],
    /// As in [`Book`].
    pub redemptions: &'a [Redemption],
    /// As in [`Book`].
    pub events: &'a [LifecycleEvent],
    /// As in [`Book`].
    pub scheduled: &'a [ScheduledChange],
}
