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

/// The ids that upgrades may open, each with its part; none where several customers' upgrades would.
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

    /// Whether an id is one that upgrades may open.
    pub(super) fn of(&self, id: &str) -> Opening {
        match self.0.get(id) {
            None => Opening::No,
            Some(None) => Opening::Contested,
            Some(Some(_)) => Opening::Yes,
        }
    }
}

/// Whether upgrades may open an id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Opening {
    /// None names it, or the book has it.
    No,
    /// Those of one customer.
    Yes,
    /// Those of several customers would, so that none does.
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

/// An upgrade: the id of its subscription, and of the one that it names.
type Named<'a> = (&'a str, &'a str);

fn openings(workers: &[Worker], parts: &Parts, index: &Index) -> Result<Openings, IntakeError> {
    let upgrades: Vec<Named<'_>> = workers
        .iter()
        .flat_map(|worker| &worker.found.upgrades)
        .map(|(source, target)| (&**source, &**target))
        .collect();
    if upgrades.is_empty() {
        return Ok(Openings::default());
    }
    let unranked: Vec<Order> = std::iter::once(Order::as_met(&Default::default()))
        .chain(workers.iter().map(|worker| Order::as_met(&worker.desk.met)))
        .collect();
    let absent = absent(&upgrades, index, |part, each| {
        each_subscription(&parts.look(part)?, &unranked, |id, _| each(id))
    })?;
    let sources = sources(&upgrades, &absent, index);
    // Who buys settles an id that several subscriptions' upgrades name, and nothing else has to be looked up for it.
    let shared = sources.values().filter(|sources| sources.len() > 1).flatten();
    let mut of_part: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for source in shared {
        if let Place::Part(part) = index.place(source) {
            of_part.entry(part).or_default().insert(source);
        }
    }
    let mut customers: BTreeMap<&str, String> = BTreeMap::new();
    for (part, wanted) in of_part {
        each_subscription(&parts.look(part)?, &unranked, |id, customer| {
            if let Some(id) = wanted.get(id) {
                customers.insert(id, customer.to_owned());
            }
        })?;
    }
    let opened = sources.into_iter().map(|(target, sources)| {
        let mut buyers = sources.iter().map(|source| customers.get(source));
        let first = buyers.next();
        let is_one = buyers.all(|buyer| Some(buyer) == first);
        let part = match sources.first().map(|source| index.place(source)) {
            Some(Place::Part(part)) if is_one => Some(part),
            Some(Place::Part(_) | Place::Unknown | Place::Unread) | None => None,
        };
        (target.into(), part)
    });
    Ok(Openings(opened.collect()))
}

/// The targets that the book lacks. Where a hash finds one in another part than its source's, the texts of that part tell.
fn absent<'a>(
    upgrades: &[Named<'a>],
    index: &Index,
    mut each_of: impl FnMut(usize, &mut dyn FnMut(&str)) -> Result<(), IntakeError>,
) -> Result<BTreeSet<&'a str>, IntakeError> {
    let mut absent: BTreeSet<&str> = BTreeSet::new();
    let mut elsewhere: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for &(source, target) in upgrades {
        match index.place(target) {
            Place::Unknown => drop(absent.insert(target)),
            Place::Part(part) if index.place(source) != Place::Part(part) => {
                elsewhere.entry(part).or_default().insert(target);
            }
            // The book has it, or its row can't be read. (A hash that another id of the same part shares, one in 2⁴⁸, looks
            // like the first: the upgrade is then refused.)
            Place::Part(_) | Place::Unread => {}
        }
    }
    for (part, mut targets) in elsewhere {
        each_of(part, &mut |id| {
            targets.remove(id);
        })?;
        absent.extend(targets);
    }
    Ok(absent)
}

/// The subscriptions of the book whose upgrades may open each target, directly or by what they open themselves. An id that
/// stands in several rows upgrades nothing.
fn sources<'a>(
    upgrades: &[Named<'a>],
    absent: &BTreeSet<&'a str>,
    index: &Index,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut sources: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut named_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut waiting: Vec<Named<'_>> = Vec::new();
    for &(source, target) in upgrades.iter().filter(|(_, target)| absent.contains(target)) {
        named_by.entry(source).or_default().push(target);
        if matches!(index.place(source), Place::Part(_))
            && !index.is_repeated(source)
            && !absent.contains(source)
        {
            waiting.push((source, target));
        }
    }
    while let Some((source, target)) = waiting.pop() {
        if sources.entry(target).or_default().insert(source) {
            let next = named_by.get(target).into_iter().flatten();
            waiting.extend(next.map(|&next| (source, next)));
        }
    }
    sources
}

/// Makes a row for each subscription that an upgrade of the part may open: what it takes over from its source, the first
/// sound one that names it (B3). `row_of` finds the number of an id's row in the part.
pub(super) fn open<'a>(
    events: &[(&'a str, EventRow<'a>)],
    subscriptions: &[SubscriptionRow<'a>],
    openings: &Openings,
    row_of: impl Fn(&str) -> Option<usize>,
    is_sound: impl Fn(usize) -> bool,
) -> Vec<SubscriptionRow<'a>> {
    if openings.0.is_empty() {
        return Vec::new();
    }
    let mut candidates: Vec<(LifecycleEvent, &str, &str)> = Vec::new();
    for (source, event) in events {
        if let EventRow::Lifecycle(event, _, target) = event
            && event.kind == EventKind::Upgrade
            && openings.of(target) == Opening::Yes
        {
            candidates.push((*event, source, target));
        }
    }
    candidates
        .sort_unstable_by_key(|(event, source, target)| (event.happened_at, *source, *target, event.source));
    let mut rows: BTreeMap<&str, SubscriptionRow<'a>> = BTreeMap::new();
    // Sources that can be upgraded go before those that can't, whose upgrades are refused.
    for only_sound in [true, false] {
        let mut is_settled = false;
        while !is_settled {
            is_settled = true;
            for (event, source, target) in &candidates {
                let of_row = || {
                    row_of(source).filter(|&row| !only_sound || is_sound(row)).map(|row| subscriptions[row])
                };
                if rows.contains_key(target) {
                    continue;
                }
                if let Some(from) = rows.get(source).copied().or_else(of_row) {
                    rows.insert(target, row(target, event, from));
                    is_settled = false;
                }
            }
        }
    }
    rows.into_values().collect()
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
    // An order of its own brought it, which nobody has told of.
    SubscriptionRow { row, id, order: "", ..from }
}

/// An unknown id, at the column of the subscription.
pub(super) const fn unknown(column: &'static str) -> Fault {
    (Code::SubscriptionUnknown, column)
}
