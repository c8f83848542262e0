//! The book: customers, their subscriptions and what happened to them, as ids and numbers, checked row by row.
//!
//! Whatever belongs to single customers lies here; what they share lies in the [catalog](crate::catalog). So a book can be
//! cut into parts of whole customers, each with its own ids of customers, subscriptions, orders, bill-tos and changes, that
//! are billed apart against one catalog.
//!
//! A row in here can be read; whether a rule lets it stand is settled by [`Subscription::fault`] for what the row says
//! alone, and by the time line for what depends on prices and other rows.

mod customer_book;
mod customers;
mod events;
mod subscription;

pub use customer_book::CustomerBook;
pub use customers::{Customer, Holding, Known, Qualification, Qualifications};
pub use events::{EventKind, LifecycleEvent, Redemption, ScheduledChange, SeatChange, Target};
pub use subscription::{Channel, Origin, PromotionCell, Status, Subscription, check_term_end, natural_end};

use crate::calendar::{Day, Period};
use crate::ids::CustomerId;
use customer_book::advance;

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
            let what = (row.target, row.target_item, row.target_term, row.target_billing_cycle);
            let targets = (row.quantity, what);
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

    /// The rows of each customer of some of the book's subscriptions, which are whole customers in their order. Every table
    /// is walked once beside them.
    pub fn customers_of<'a>(
        &'a self,
        subscriptions: &'a [Subscription],
    ) -> impl Iterator<Item = CustomerBook<'a>> {
        let mut customers = self.customers.as_deref();
        let mut left = CustomerBook {
            known: Known::NoFile,
            holdings: &self.holdings,
            subscriptions,
            seat_changes: &self.seat_changes,
            redemptions: &self.redemptions,
            events: &self.events,
            scheduled: &self.scheduled,
        };
        subscriptions.chunk_by(|left, right| left.customer == right.customer).map(move |subscriptions| {
            let id = subscriptions[0].customer;
            let known = customers.as_mut().map(|customers| advance(customers, |row| row.id, id, id).first());
            left.known = match known {
                None => Known::NoFile,
                Some(row) => row.map_or(Known::Missing, |&customer| Known::Customer(customer)),
            };
            let holdings = advance(&mut left.holdings, |holding| holding.customer, id, id);
            CustomerBook { holdings, ..left.advance(subscriptions) }
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
