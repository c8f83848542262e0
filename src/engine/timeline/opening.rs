//! The seats that a term began with, where the row tells of a later moment (C25).

use super::state::is_ambiguous;
use crate::book::{CustomerBook, EventKind, LifecycleEvent, Origin, SeatChange, Subscription, Target};
use crate::calendar::Instant;
use crate::ids::SubscriptionId;

/// When upgrades move seats into subscriptions of a customer that were there before (B4), by subscription and moment.
#[derive(Debug, Default)]
pub(super) struct Arrivals(Vec<(SubscriptionId, Instant)>);

impl Arrivals {
    /// Those of a customer; none are needed where every row tells of its beginning.
    pub(super) fn of(book: &CustomerBook<'_>) -> Arrivals {
        if book.events.is_empty() || book.subscriptions.iter().all(|row| row.quantity_as_of.is_none()) {
            return Arrivals::default();
        }
        let arrival = |event: &LifecycleEvent| match event.target {
            Target::Subscription(id) if event.kind == EventKind::Upgrade && id != event.subscription => {
                Some((id, event.happened_at))
            }
            Target::Subscription(_) | Target::Opened(_) | Target::Barred | Target::Nobody => None,
        };
        let mut all: Vec<_> = book.events.iter().filter_map(arrival).collect();
        all.sort_unstable();
        Arrivals(all)
    }

    /// Those at a row's subscription from a moment on. The first on the day that a row of origin upgrade begins is its own
    /// beginning, which its quantity includes (B5).
    fn at(&self, row: &Subscription, begins: Instant) -> impl Iterator<Item = Instant> {
        let first = self.0.partition_point(|arrival| *arrival < (row.id, begins));
        let moments = self.0[first..].iter().take_while(|(id, _)| *id == row.id).map(|(_, at)| *at);
        let begins_by_upgrade = row.origin == Origin::Upgrade;
        let term_start = row.term_start;
        moments
            .enumerate()
            .filter(move |(place, at)| !(begins_by_upgrade && *place == 0 && at.day() == term_start))
            .map(|(_, at)| at)
    }
}

/// The seats that each of a customer's rows began with, as far as they can be known (C25): what a ledger holds them to, however
/// often an extract tells of a later moment.
pub fn seats_at_start(book: &CustomerBook<'_>) -> Vec<Option<u32>> {
    if book.subscriptions.iter().all(|row| row.quantity_as_of.is_none()) {
        return book.subscriptions.iter().map(|row| Some(row.quantity)).collect();
    }
    let arrivals = Arrivals::of(book);
    let mut left = *book;
    let rows = book.subscriptions.iter();
    rows.map(|row| opening_seats(row, &left.advance(std::slice::from_ref(row)), &arrivals)).collect()
}

/// Seats as the row's term began: walked back from `quantity_as_of` over the changes up to that moment, the last included
/// (C25). A change that is refused whatever the seats never happened, and is passed over. None where the change that is needed
/// does not say what came before it: an upgrade that moves seats to or from another subscription never does.
pub(super) fn opening_seats(row: &Subscription, own: &CustomerBook<'_>, arrivals: &Arrivals) -> Option<u32> {
    let Some(as_of) = row.quantity_as_of else { return Some(row.quantity) };
    let begins = row.begins_at();
    let together = |left: &SeatChange, right: &SeatChange| left.changed_at == right.changed_at;
    let earliest = (own.seat_changes.chunk_by(together))
        .filter(|group| group[0].changed_at >= begins && group[0].changed_at <= as_of && !is_ambiguous(group))
        .flatten()
        .find(|change| change.quantity > 0);
    // At one moment seats are changed before they are moved.
    let until = earliest.map_or(as_of, |change| change.changed_at);
    let is_before = |at: Instant| at >= begins && (at < until || earliest.is_none() && at == until);
    let leaves = own.events.iter().filter(|event| moves_seats_away(event)).map(|event| event.happened_at);
    if leaves.chain(arrivals.at(row, begins)).any(is_before) {
        return None;
    }
    match earliest {
        None => Some(row.quantity),
        Some(earliest) => earliest.quantity_before.filter(|&seats| seats > 0),
    }
}

/// Whether an upgrade takes seats to another subscription; all of them, without a target, stay where they are (B1).
fn moves_seats_away(event: &LifecycleEvent) -> bool {
    let is_upgrade = event.kind == EventKind::Upgrade;
    is_upgrade
        && match event.target {
            Target::Subscription(id) => id != event.subscription,
            Target::Opened(_) => event.quantity.is_some(),
            Target::Barred | Target::Nobody => false,
        }
}
