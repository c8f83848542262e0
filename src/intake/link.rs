//! Putting the rows together: final ids, duplicates, faults of rows, events to their subscriptions.

use super::columns::subscriptions as s;
use super::desk::{Desk, Notes};
use super::events::EventRows;
use super::order::Order;
use super::parties::{Parties, PartyRows};
use super::prices::PriceRows;
use super::promotions::{CodeRows, PromotionRows};
use super::subscriptions::SubscriptionRows;
use crate::names::Names;
use termwise_engine::book::{Book, Subscription};
use termwise_engine::catalog::Catalog;
use termwise_engine::findings::{Code, Disposition, Fate, Finding, NotDue, Source};
use termwise_engine::ids::SubscriptionId;
use termwise_engine::policy::Policy;

/// Every row that was read, by what it is about.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Customers, partners, holdings.
    pub parties: PartyRows,
    /// The price list.
    pub prices: PriceRows,
    /// Promotions.
    pub promotions: PromotionRows,
    /// Promo codes.
    pub codes: CodeRows,
    /// Subscriptions.
    pub subscriptions: SubscriptionRows,
    /// What happened to them.
    pub events: EventRows,
}

/// What rows become.
pub(super) struct Linked {
    /// What can be billed.
    pub book: Book,
    /// What prices are made of.
    pub catalog: Catalog,
    /// The texts behind the ids.
    pub names: Names,
    /// What is wrong, and what becomes of rows.
    pub notes: Notes,
    /// Price rows of one key and day that contradict each other (R7).
    pub conflicting: Vec<Source>,
}

/// Links all rows. `has_customers` says whether the job names a customers file.
pub(super) fn link(rows: Rows, desk: Desk, has_customers: bool, policy: &Policy) -> Linked {
    let Desk { met, mut notes, .. } = desk;
    let (order, mut names, texts) = Order::of(met);
    let (prices, unlicensed, conflicting) = rows.prices.prices(policy.price_overlap, &order);
    let Parties { partners, customers, holdings } = rows.parties.parties(has_customers, &order, &mut notes);
    let catalog = Catalog {
        prices,
        promotions: rows.promotions.promotions(unlicensed, &order, &mut notes),
        codes: rows.codes.codes(&names.shared, &order, &mut notes),
        partners,
    };
    let mut book = Book { customers, holdings, ..Book::default() };
    book.sort();
    let subscriptions = sound(rows.subscriptions, &order, (&book, &catalog), policy, &mut notes);
    let (subscriptions, ids) = rank(subscriptions, texts, &mut names);
    book.subscriptions = subscriptions;
    add_events(&mut book, rows.events, &ids, &order, &mut notes);
    book.sort();
    notes.sort();
    Linked { book, catalog, names, notes, conflicting }
}

/// The rows that can be read, stand alone with their id and are sound in themselves; what is wrong with the others is
/// noted.
fn sound(
    subscriptions: SubscriptionRows,
    order: &Order,
    (book, catalog): (&Book, &Catalog),
    policy: &Policy,
    notes: &mut Notes,
) -> Vec<Subscription> {
    let SubscriptionRows { mut rows, unread, seen } = subscriptions;
    let repeated = |id: SubscriptionId| seen.get(id.rank()).is_some_and(|count| *count > 1);
    let duplicate = (Code::SubscriptionDuplicate, s::SUBSCRIPTION_ID.name);
    for row in unread {
        if row.id.is_some_and(repeated) {
            notes.set(row.source, Disposition::Rejected, &row.faults);
            notes.set(row.source, Disposition::Rejected, &[duplicate]);
        } else {
            notes.set(row.source, row.disposition(), &row.faults);
        }
    }
    rows.retain_mut(|row| {
        order.subscription(row);
        let fault = if repeated(row.id) {
            Some(duplicate)
        } else {
            row.fault(book.known(row.customer), catalog, policy)
        };
        if let Some((code, column)) = fault {
            notes.reject(row.source, code, column);
        }
        fault.is_none()
    });
    rows
}

/// The final id of each subscription that was met and is in the book.
type Ids = Vec<Option<SubscriptionId>>;

/// Ranks subscriptions by customer and then by their own text.
fn rank(
    mut rows: Vec<Subscription>,
    mut texts: Vec<Box<str>>,
    names: &mut Names,
) -> (Vec<Subscription>, Ids) {
    rows.sort_unstable_by(|left, right| {
        let by_text = || texts[left.id.rank()].cmp(&texts[right.id.rank()]);
        left.customer.cmp(&right.customer).then_with(by_text)
    });
    let mut ids: Ids = vec![None; texts.len()];
    for (rank, row) in rows.iter_mut().enumerate() {
        let met = row.id.rank();
        row.id = SubscriptionId::of_rank(rank);
        ids[met] = Some(row.id);
        names.subscriptions.push(&std::mem::take(&mut texts[met]));
    }
    (rows, ids)
}

/// Puts events to their subscriptions; those of a subscription that is not in the book are not due (C8).
fn add_events(book: &mut Book, rows: EventRows, ids: &Ids, order: &Order, notes: &mut Notes) {
    let of = |id: SubscriptionId| ids.get(id.rank()).copied().flatten();
    let mut left_out = |source: Source| {
        notes.fates.push((source, Fate::NotDue(NotDue::SubscriptionRejected)));
    };
    for mut row in rows.seat_changes {
        let Some(id) = of(row.subscription) else {
            left_out(row.source);
            continue;
        };
        order.seat_change(&mut row);
        row.subscription = id;
        book.seat_changes.push(row);
    }
    for mut row in rows.redemptions {
        let Some(id) = of(row.subscription) else {
            left_out(row.source);
            continue;
        };
        order.redemption(&mut row);
        row.subscription = id;
        book.redemptions.push(row);
    }
    for mut row in rows.events {
        let Some(id) = of(row.subscription) else {
            left_out(row.source);
            continue;
        };
        row.subscription = id;
        book.events.push(row);
    }
    for mut row in rows.scheduled {
        let Some(id) = of(row.subscription) else {
            left_out(row.source);
            continue;
        };
        order.scheduled_change(&mut row);
        row.subscription = id;
        book.scheduled.push(row);
    }
    for id in rows.parked.into_iter().filter_map(of) {
        let subscription = &mut book.subscriptions[id.rank()];
        if !std::mem::replace(&mut subscription.parked, true) {
            notes.findings.push(Finding {
                source: subscription.source,
                disposition: Disposition::Parked,
                code: Code::SubscriptionParked,
                column: "",
            });
        }
    }
}
