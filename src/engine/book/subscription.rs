//! A subscription's row, and what is wrong with it alone.

use super::Known;
use crate::calendar::{BillingCycle, Day, Grid, Instant, Term};
use crate::catalog::{Catalog, Commerce, Segment};
use crate::findings::{Code, Source};
use crate::ids::{
    BillToId, CustomerId, ItemId, MarketId, OrderId, PartnerId, PromotionId, SubscriptionId, TaxCodeId,
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
    /// Whether no row of the book tells of it, but an upgrade that may open it (B3): its source is that event's then, and it
    /// begins when the upgrade comes.
    pub opened: bool,
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
    pub fn fault(&self, customer: Known, catalog: &Catalog, policy: &Policy) -> Option<(Code, &'static str)> {
        match customer {
            Known::Missing => return Some((Code::CustomerUnknown, "customer_id")),
            Known::Customer(known) if known.market != self.market => {
                return Some((Code::MarketDiffers, "market"));
            }
            Known::Customer(_) | Known::NoFile => {}
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

    /// Whether it was cancelled or has expired: history alone, whose events are refused (B13). Those of what the vendor bills
    /// are not due (B20).
    pub const fn is_over(&self) -> bool {
        matches!(self.status, Status::Cancelled | Status::Expired)
    }

    /// Whether lines can come of it at all: neither history nor billed by the vendor (B13, B20).
    pub fn is_billable(&self) -> bool {
        !self.is_over() && self.channel == Channel::Reseller
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
