//! One customer's rows, and how they are cut.

use super::{
    Holding, Known, LifecycleEvent, PromotionCell, Redemption, ScheduledChange, SeatChange, Subscription,
    Target,
};
use crate::catalog::{Catalog, Promotion, Segment};
use crate::ids::ItemId;

/// One customer's rows.
#[derive(Clone, Copy, Debug)]
pub struct CustomerBook<'a> {
    /// What the customers file says of it.
    pub known: Known,
    /// What it holds through others.
    pub holdings: &'a [Holding],
    /// At least one; their ids follow each other.
    pub subscriptions: &'a [Subscription],
    /// As in [`Book`](super::Book).
    pub seat_changes: &'a [SeatChange],
    /// As in [`Book`](super::Book).
    pub redemptions: &'a [Redemption],
    /// As in [`Book`](super::Book).
    pub events: &'a [LifecycleEvent],
    /// As in [`Book`](super::Book).
    pub scheduled: &'a [ScheduledChange],
}

impl<'a> CustomerBook<'a> {
    /// Whether its subscriptions can be played apart: what settles one of them is in nothing that another has or had. A code
    /// belongs to one order of the customer (B24), a government subscription keeps others from being sold (R51), and a
    /// promotion can count the customer's seats, redemptions, purchases and products; an upgrade can move seats from one to
    /// another. Without any of these nothing else concerns the customer as a whole.
    ///
    /// A promotion without such a limit has verdicts that tell, as a mere operand, how many seats the customer had. In a
    /// piece they tell of the piece.
    pub fn is_divisible(&self, catalog: &Catalog) -> bool {
        let is_limited = |item: ItemId| catalog.promotions.naming(item).any(Promotion::is_customer_wide);
        let mentions_limited = |cell: PromotionCell| match cell {
            PromotionCell::Id(id) => catalog.promotions.get(id).is_some_and(Promotion::is_customer_wide),
            PromotionCell::Empty | PromotionCell::Declined => false,
        };
        self.redemptions.is_empty()
            && self.subscriptions.iter().all(|row| {
                let is_special = row.segment == Segment::Government || mentions_limited(row.promotion);
                !is_special && !is_limited(row.item)
            })
            && self.events.iter().all(|event| {
                let is_plain = event.target == Target::Nobody && !event.is_sku_alone;
                is_plain && event.target_item.is_none_or(|item| !is_limited(item))
            })
            && self.scheduled.iter().all(|change| {
                let is_plain = !mentions_limited(change.promotion) && !change.is_sku_alone;
                is_plain && change.item.is_none_or(|item| !is_limited(item))
            })
    }

    /// Subscriptions of a piece that plays as fast as a small customer does: its state stays in the nearest cache. Pieces of
    /// 4,096 were measured a quarter slower.
    pub const PIECE: usize = 64;

    /// Its subscriptions in pieces of so many, each with the rows that belong to them: customers of their own, where it is
    /// divisible.
    pub fn pieces(self, size: usize) -> impl Iterator<Item = CustomerBook<'a>> {
        let mut left = self;
        self.subscriptions.chunks(size.max(1)).map(move |subscriptions| left.advance(subscriptions))
    }

    /// The rows of the next subscriptions, which are left behind.
    pub(crate) fn advance(&mut self, subscriptions: &'a [Subscription]) -> CustomerBook<'a> {
        let (first, last) = (subscriptions[0].id, subscriptions[subscriptions.len() - 1].id);
        CustomerBook {
            subscriptions,
            seat_changes: advance(&mut self.seat_changes, |row| row.subscription, first, last),
            redemptions: advance(&mut self.redemptions, |row| row.subscription, first, last),
            events: advance(&mut self.events, |row| row.subscription, first, last),
            scheduled: advance(&mut self.scheduled, |row| row.subscription, first, last),
            ..*self
        }
    }
}

/// The rows of a sorted table whose key lies from `first` to `last`; they and those before them are left behind.
pub(super) fn advance<'a, T, K: Ord>(
    left: &mut &'a [T],
    key: impl Fn(&T) -> K,
    first: K,
    last: K,
) -> &'a [T] {
    if left.first().is_some_and(|row| key(row) < first) {
        *left = &left[left.partition_point(|row| key(row) < first)..];
    }
    let (rows, rest) = left.split_at(left.iter().take_while(|row| key(row) <= last).count());
    *left = rest;
    rows
}
