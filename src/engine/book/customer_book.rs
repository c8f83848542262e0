//! One customer's rows, and how they are cut.

use super::{Holding, Known, LifecycleEvent, Redemption, ScheduledChange, SeatChange, Subscription};

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
    /// Its subscriptions in pieces of so many, each with the rows that belong to them.
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
