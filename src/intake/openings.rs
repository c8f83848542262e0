//! Subscriptions that the book lacks and a partial upgrade opens (B3): found by the upgrades that name them, so that their own
//! events find their part, and given a row beside the others, so that they are billed under their own id.
//!
//! Whether the upgrade takes place is the engine's to say; an id that several customers' upgrades name is opened by none.

use super::error::IntakeError;
use super::event_rows::EventRow;
use super::index::{Index, Place};
use super::link::each_subscription;
use super::order::Order;
use super::parts::Parts;
use super::row::Fault;
use super::subscriptions::SubscriptionRow;
use super::worker::Worker;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::book::{EventKind, LifecycleEvent, Origin, PromotionCell, Status, Subscription};
use termwise_engine::findings::{Code, Disposition, Source};

/// What one worker found of openings.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Upgrades that name a subscription: the ids of the one that they upgrade and of the other.
    pub upgrades: Vec<(Box<str>, Box<str>)>,
    /// Lifecycle events of subscriptions that no row tells of: an upgrade may open them.
    pub strays: Vec<Stray>,
}

/// An event whose subscription is not in the book.
#[derive(Debug)]
pub(super) struct Stray {
    /// Where it stands.
    pub source: Source,
    /// Of which subscription it tells.
    pub id: Box<str>,
    /// The fault of an unknown id, and then what else is wrong with the row.
    pub unknown: Fault,
    pub faults: Vec<Fault>,
    /// The event, packed.
    pub packed: Vec<u8>,
}

/// The ids that upgrades may open, each with its part; none where several parts would.
#[derive(Debug, Default)]
pub(super) struct Openings(HashMap<Box<str>, Option<usize>>);

impl Openings {
    /// Where a subscription is, or will be.
    pub(super) fn place(&self, index: &Index, id: &str) -> Place {
        if self.0.is_empty() {
            return index.place(id);
        }
        match self.0.get(id) {
            Some(Some(part)) => Place::Part(*part),
            Some(None) => Place::Unknown,
            None => index.place(id),
        }
    }

    fn of(&self, id: &str) -> Opening {
        match self.0.get(id) {
            None => Opening::No,
            Some(None) => Opening::Contested,
            Some(Some(_)) => Opening::Yes,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Opening {
    No,
    Yes,
    Contested,
}

/// Finds what upgrades open, once all of them are read, and sends the events that waited for it on their way.
pub(super) fn settle(workers: &mut [Worker], parts: &Parts, index: &Index) -> Result<Openings, IntakeError> {
    for worker in workers.iter_mut() {
        worker.scatter.hand_over(parts)?;
    }
    let openings = openings(workers, parts, index)?;
    for worker in workers {
        for stray in std::mem::take(&mut worker.found.strays) {
            let notes = &mut worker.desk.notes;
            match openings.0.get(&stray.id) {
                Some(Some(part)) => {
                    if !stray.faults.is_empty() {
                        notes.set(stray.source, Disposition::Parked, &stray.faults);
                    }
                    worker.scatter.pack(*part, parts, |out| out.0.extend_from_slice(&stray.packed))?;
                }
                Some(None) | None => notes.set(stray.source, Disposition::Refused, &[stray.unknown]),
            }
        }
    }
    Ok(openings)
}

fn openings(workers: &[Worker], parts: &Parts, index: &Index) -> Result<Openings, IntakeError> {
    let upgrades: Vec<(&str, &str)> = workers
        .iter()
        .flat_map(|worker| &worker.found.upgrades)
        .map(|(source, target)| (&**source, &**target))
        .collect();
    let mut opened: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    // Hashes found a target in another part than its source's: the texts tell whether it is there.
    let mut elsewhere: BTreeMap<usize, BTreeMap<&str, usize>> = BTreeMap::new();
    for &(source, target) in &upgrades {
        let Place::Part(part) = index.place(source) else { continue };
        match index.place(target) {
            Place::Unknown => drop(opened.entry(target).or_default().insert(part)),
            Place::Part(other) if other != part => {
                elsewhere.entry(other).or_default().insert(target, part);
            }
            // The book has it, or its row can't be read. (A hash that another id of the same part shares, one in 2⁴⁸, looks
            // like the first: the upgrade is then refused.)
            Place::Part(_) | Place::Unread => {}
        }
    }
    let unranked: Vec<Order> = std::iter::once(Order::as_met(&Default::default()))
        .chain(workers.iter().map(|worker| Order::as_met(&worker.desk.met)))
        .collect();
    for (part, mut targets) in elsewhere {
        each_subscription(&parts.look(part)?, &unranked, |id| {
            targets.remove(id);
        })?;
        for (target, source_part) in targets {
            opened.entry(target).or_default().insert(source_part);
        }
    }
    // What an opened subscription opens in its turn.
    loop {
        let mut is_settled = true;
        for &(source, target) in &upgrades {
            let Some(from) = opened.get(source).cloned() else { continue };
            if index.place(target) == Place::Unknown {
                let to = opened.entry(target).or_default();
                is_settled &= from.iter().all(|part| !to.insert(*part));
            }
        }
        if is_settled {
            break;
        }
    }
    let single = |parts: BTreeSet<usize>| parts.first().copied().filter(|_| parts.len() == 1);
    Ok(Openings(opened.into_iter().map(|(id, parts)| (id.into(), single(parts))).collect()))
}

/// The rows that upgrades of a part open, and the targets that no customer's upgrade can open.
#[derive(Default)]
pub(super) struct Opened<'a> {
    /// Rows to stand beside those of the part.
    pub rows: Vec<SubscriptionRow<'a>>,
    /// Ids that the upgrades of several customers name.
    pub contested: BTreeSet<&'a str>,
}

/// Makes a row for each subscription that an upgrade of the part may open: what it takes over from its source, the first
/// sound one that names it (B3). `row_of` finds the number of an id's row in the part.
pub(super) fn open<'a>(
    events: &[(&'a str, EventRow<'a>)],
    subscriptions: &[SubscriptionRow<'a>],
    openings: &Openings,
    row_of: impl Fn(&str) -> Option<usize>,
    is_sound: impl Fn(usize) -> bool,
) -> Opened<'a> {
    let mut opened = Opened::default();
    if openings.0.is_empty() {
        return opened;
    }
    let mut candidates: Vec<(LifecycleEvent, &str, &str)> = Vec::new();
    for (source, event) in events {
        let EventRow::Lifecycle(event, _, target) = event else { continue };
        if event.kind != EventKind::Upgrade || target.is_empty() {
            continue;
        }
        match openings.of(target) {
            Opening::Yes => candidates.push((*event, source, target)),
            Opening::Contested => drop(opened.contested.insert(target)),
            Opening::No => {}
        }
    }
    candidates
        .sort_unstable_by_key(|(event, source, target)| (event.happened_at, *source, *target, event.source));
    let mut rows: BTreeMap<&str, SubscriptionRow<'a>> = BTreeMap::new();
    // Sources that can be upgraded go before those that can't, whose upgrades are refused.
    for only_sound in [true, false] {
        loop {
            let mut is_settled = true;
            for (event, source, target) in &candidates {
                let of_row = || {
                    row_of(source).filter(|&row| !only_sound || is_sound(row)).map(|row| subscriptions[row])
                };
                let Some(from) = rows.get(source).copied().or_else(of_row) else { continue };
                match rows.get(target) {
                    None => {
                        rows.insert(target, row(target, event, from));
                        is_settled = false;
                    }
                    Some(known) if known.customer != from.customer => {
                        opened.contested.insert(target);
                    }
                    Some(_) => {}
                }
            }
            if is_settled {
                break;
            }
        }
    }
    opened.rows = rows.into_values().filter(|row| !opened.contested.contains(row.id)).collect();
    opened
}

fn row<'a>(id: &'a str, event: &LifecycleEvent, from: SubscriptionRow<'a>) -> SubscriptionRow<'a> {
    let row = Subscription {
        source: event.source,
        quantity: 1,
        quantity_as_of: None,
        ordered_at: None,
        term_start: event.happened_at.day(),
        term_end: None,
        unit_price: None,
        promotion: PromotionCell::Empty,
        status: Status::Active,
        origin: Origin::Upgrade,
        opened: true,
        parked: false,
        ..from.row
    };
    SubscriptionRow { row, id, ..from }
}

/// An unknown id, at the column of the subscription.
pub(super) const fn unknown(column: &'static str) -> Fault {
    (Code::SubscriptionUnknown, column)
}
