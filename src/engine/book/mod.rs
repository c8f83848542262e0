//! The book: customers, their subscriptions and what happened to them, as ids and numbers, checked row by row.
//!
//! Whatever belongs to single customers lies here; what they share lies in the [catalog](crate::catalog). So a book can be
//! cut into parts of whole customers, each with its own ids of customers, subscriptions, orders, bill-tos and changes, that
//! are billed apart against one catalog.
//!
//! A row in here can be read; whether a rule lets it stand is settled by [`Subscription::fault`] for what the row says
//! alone, and by the time line for what depends on prices and other rows.

mod customers;
mod events;
mod subscription;

pub use customers::{Customer, Holding, Known, Qualification, Qualifications};
pub use events::{EventKind, LifecycleEvent, Redemption, ScheduledChange, SeatChange};
pub use subscription::{Channel, Origin, PromotionCell, Status, Subscription, check_term_end, natural_end};

use crate::calendar::{Day, Period};
use crate::ids::CustomerId;

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
    /// By id; `None` without a customers file: R50 is then not checked (B17).
    pub customers: Option<Vec<Customer>>,
    /// By customer.
    pub holdings: Vec<Holding>,
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
        self.customers
            .iter_mut()
            .for_each(|customers| customers.sort_unstable_by_key(|customer| customer.id));
        self.holdings.sort_unstable();
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

    /// What the customers file says of a customer.
    pub fn known(&self, id: CustomerId) -> Known {
        let Some(customers) = &self.customers else { return Known::NoFile };
        let found = customers.binary_search_by_key(&id, |customer| customer.id);
        found.map_or(Known::Missing, |place| Known::Customer(customers[place]))
    }

    /// The rows of each customer of some of the book's subscriptions, which are whole customers.
    pub fn customers_of<'a>(
        &'a self,
        subscriptions: &'a [Subscription],
    ) -> impl Iterator<Item = CustomerBook<'a>> {
        subscriptions.chunk_by(|left, right| left.customer == right.customer).map(|subscriptions| {
            let (first, last) = (subscriptions[0].id, subscriptions[subscriptions.len() - 1].id);
            let customer = subscriptions[0].customer;
            CustomerBook {
                known: self.known(customer),
                holdings: between(&self.holdings, |holding| holding.customer, customer, customer),
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
    /// What the customers file says of it.
    pub known: Known,
    /// What it holds through others.
    pub holdings: &'a [Holding],
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
