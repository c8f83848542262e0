//! A worker: what one thread has met, noted and packed while it reads its share of the rows.

use super::desk::Desk;
use super::error::IntakeError;
use super::events::EventMemos;
use super::index::{Entries, Index};
use super::openings::{Found, Openings};
use super::parts::{Parts, Scatter};
use super::subscriptions::{SubscriptionMemos, Unread};
use crate::parcel::Packing;
use hashbrown::DefaultHashBuilder;

/// What kind of row follows among packed rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    /// A subscription.
    Subscription,
    /// Seats added or taken away.
    SeatChange,
    /// A code entered.
    Redemption,
    /// A lifecycle event.
    Lifecycle,
    /// A scheduled change.
    Scheduled,
    /// A row of a subscription's events that can't be read.
    Unreadable,
    /// A customer.
    Customer,
    /// Seats held through others.
    Holding,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Subscription,
        Kind::SeatChange,
        Kind::Redemption,
        Kind::Lifecycle,
        Kind::Scheduled,
        Kind::Unreadable,
        Kind::Customer,
        Kind::Holding,
    ];

    /// The kind with this number.
    pub(super) fn of(number: u8) -> Option<Kind> {
        Kind::ALL.get(usize::from(number)).copied()
    }
}

/// What one thread has so far.
#[derive(Debug)]
pub(super) struct Worker {
    /// Texts met and what was noted.
    pub desk: Desk,
    /// What the words of subscriptions came to.
    pub subscription_memos: SubscriptionMemos,
    /// What the words of events came to.
    pub event_memos: EventMemos,
    /// Packed rows.
    pub scatter: Scatter,
    /// Where subscriptions are.
    pub entries: Entries,
    /// Subscriptions' rows that can't be read.
    pub unread: Vec<Unread>,
    /// What upgrades open, and what may wait for it.
    pub found: Found,
}

impl Worker {
    /// One of several workers, for so many parts.
    pub(super) fn new(number: u16, parts: usize, hasher: &DefaultHashBuilder) -> Worker {
        Worker {
            desk: Desk::default(),
            subscription_memos: SubscriptionMemos::default(),
            event_memos: EventMemos::default(),
            scatter: Scatter::new(number, parts),
            entries: Entries::new(hasher),
            unread: Vec::new(),
            found: Found::default(),
        }
    }

    /// Packs a row of a customer into its part, and gives the part.
    pub(super) fn pack(
        &mut self,
        customer: &str,
        parts: &Parts,
        row: impl FnOnce(&mut Packing),
    ) -> Result<usize, IntakeError> {
        let part = self.scatter.part_of(customer, parts);
        self.scatter.pack(part, parts, row)?;
        Ok(part)
    }
}

/// Where events go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Routes<'a> {
    /// The parts.
    pub parts: &'a Parts,
    /// Which subscription is in which.
    pub index: &'a Index,
    /// Which subscriptions an upgrade may open.
    pub openings: &'a Openings,
}
