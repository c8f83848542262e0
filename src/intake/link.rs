//! Linking a part: its packed rows become a book with names of its own, and what is wrong between rows is found.

use super::columns::{customers as c, subscriptions as s};
use super::desk::{Notes, distinct};
use super::error::IntakeError;
use super::event_rows::{EventRow, Sold};
use super::ids::Ids;
use super::index::Index;
use super::memo::Memo;
use super::openings::{self, Opening, Openings};
use super::order::Order;
use super::parties::{CustomerRow, unpack_customer, unpack_holding};
use super::parts::Packed;
use super::subscriptions::SubscriptionRow;
use super::worker::Kind;
use crate::names::{Names, SharedNames, TextTable, Texts};
use crate::parcel::Unpacking;
use rayon::slice::ParallelSliceMut;
use std::sync::Arc;
use termwise_engine::book::{Book, Customer, Holding, Known, Origin, Subscription, Target};
use termwise_engine::catalog::Catalog;
use termwise_engine::findings::{Code, Disposition, Fate, Finding, NotDue, Source};
use termwise_engine::ids::{BillToId, ChangeId, CustomerId, ItemId, OrderId, SubscriptionId};
use termwise_engine::money::Currency;
use termwise_engine::policy::Policy;

/// Bytes of a packed subscription, about.
const PACKED_BYTES: usize = 80;

/// More chunks than this are unpacked side by side.
const MANY_CHUNKS: usize = 256;

/// What every part is linked with.
#[derive(Clone, Copy)]
pub(super) struct Linking<'a> {
    /// What the provisional ids of each worker become.
    pub orders: &'a [Order],
    /// The names that the run shares.
    pub shared: &'a Arc<SharedNames>,
    /// What prices are made of.
    pub catalog: &'a Catalog,
    /// The policy in force.
    pub policy: &'a Policy,
    /// Which ids stand in more than one row.
    pub index: &'a Index,
    /// Which subscriptions an upgrade may open.
    pub openings: &'a Openings,
    /// Whether the job names a customers file (B17).
    pub has_customers: bool,
}

/// A stretch of customers, linked: what can be billed, and what can't.
#[derive(Debug, Default)]
pub struct Part {
    /// What can be billed.
    pub book: Book,
    /// The texts behind the ids.
    pub names: Names,
    /// What is wrong with rows, by table, file, row, column and code.
    pub findings: Vec<Finding>,
    /// What becomes of each row that the engine does not settle, by table, file and row; a row stands here once.
    pub fates: Vec<(Source, Fate)>,
}

/// The rows of a part as they come out of its chunks.
#[derive(Default)]
struct Unpacked<'a> {
    subscriptions: Vec<SubscriptionRow<'a>>,
    customers: Vec<CustomerRow<'a>>,
    holdings: Vec<(&'a str, Holding)>,
    events: Vec<(&'a str, EventRow<'a>)>,
}

/// Links the rows of a part.
pub(super) fn link(chunks: &[Packed], with: Linking<'_>) -> Result<Part, IntakeError> {
    let mut unpacked = unpack(chunks, with.orders).ok_or_else(|| {
        IntakeError::damaged("the packed book", "a part does not unpack to the rows that were packed")
    })?;
    let mut ids = Ids::of(&unpacked.subscriptions);
    // An id of several rows opens nothing, whichever of them is met first.
    let row_of = |id: &str| ids.row(id, &unpacked.subscriptions).filter(|_| !with.index.is_repeated(id));
    // Whoever is rejected, over, or a trial opens nothing: others go before it.
    let is_sound = |number: usize| {
        let row = &unpacked.subscriptions[number].row;
        let can_be_upgraded = row.is_billable() && row.origin != Origin::Trial;
        can_be_upgraded && row.fault(Known::NoFile, with.catalog, with.policy).is_none()
    };
    let opened = openings::open(&unpacked.events, &unpacked.subscriptions, with.openings, row_of, is_sound);
    for row in opened {
        ids.add(row.id, unpacked.subscriptions.len());
        unpacked.subscriptions.push(row);
    }
    let mut linker = Linker::new(with, &unpacked, ids);
    linker.add_customers(&unpacked);
    linker.add_subscriptions(&unpacked);
    linker.add_events(&unpacked);
    Ok(linker.finish())
}

fn unpack<'a>(chunks: &'a [Packed], orders: &[Order]) -> Option<Unpacked<'a>> {
    // An ordinary part has few chunks; one of a customer without end has thousands.
    if chunks.len() > MANY_CHUNKS {
        let halves = chunks.split_at(chunks.len() / 2);
        let (left, right) = rayon::join(|| unpack(halves.0, orders), || unpack(halves.1, orders));
        let (mut left, right) = (left?, right?);
        left.subscriptions.extend(right.subscriptions);
        left.customers.extend(right.customers);
        left.holdings.extend(right.holdings);
        left.events.extend(right.events);
        return Some(left);
    }
    let mut all = Unpacked::default();
    let bytes: usize = chunks.iter().map(|(_, bytes)| bytes.len()).sum();
    all.subscriptions.reserve(bytes / PACKED_BYTES);
    let mut currencies = Memo::default();
    for (worker, bytes) in chunks {
        let order = orders.get(usize::from(*worker))?;
        all.add(Unpacking(bytes), order, &mut currencies)?;
    }
    Some(all)
}

impl<'a> Unpacked<'a> {
    /// Adds the rows of a chunk.
    fn add(&mut self, mut from: Unpacking<'a>, order: &Order, currencies: &mut Memo<Currency>) -> Option<()> {
        while !from.is_done() {
            match Kind::of(from.byte()?)? {
                Kind::Subscription => {
                    self.subscriptions.push(SubscriptionRow::unpack(&mut from, order, currencies)?);
                }
                Kind::Customer => self.customers.push(unpack_customer(&mut from, order)?),
                Kind::Holding => self.holdings.push(unpack_holding(&mut from, order)?),
                kind @ (Kind::SeatChange
                | Kind::Redemption
                | Kind::Lifecycle
                | Kind::Scheduled
                | Kind::Unreadable) => self.events.push(EventRow::unpack(kind, &mut from, order)?),
            }
        }
        Some(())
    }
}

/// The ids of a packed part's subscriptions, and of who buys.
pub(super) fn each_subscription(
    chunks: &[Packed],
    orders: &[Order],
    mut each: impl FnMut(&str, &str),
) -> Result<(), IntakeError> {
    let unpacked = unpack(chunks, orders).ok_or_else(|| {
        IntakeError::damaged("the packed book", "a part does not unpack to the rows that were packed")
    })?;
    unpacked.subscriptions.iter().for_each(|row| each(row.id, row.customer));
    Ok(())
}

struct Linker<'w, 'a> {
    with: Linking<'w>,
    by_id: Ids,
    /// Numbers of the subscriptions' rows, by customer and then by their own text.
    sorted: Vec<u32>,
    customers: Vec<&'a str>,
    /// Orders that codes were entered with.
    code_orders: TextTable,
    /// For each row the id that it got in the book.
    ids: Vec<Option<SubscriptionId>>,
    book: Book,
    names: Names,
    notes: Notes,
}

impl<'w, 'a> Linker<'w, 'a> {
    fn new(with: Linking<'w>, unpacked: &Unpacked<'a>, by_id: Ids) -> Linker<'w, 'a> {
        let rows = &unpacked.subscriptions;
        let mut sorted: Vec<(&str, &str, u32)> =
            rows.iter().zip(0..).map(|(row, number)| (row.customer, row.id, number)).collect();
        sorted.par_sort_unstable();
        let mut customers: Vec<&str> = Vec::new();
        let known = unpacked.customers.iter().map(|(id, ..)| *id);
        let holding = unpacked.holdings.iter().map(|(id, _)| *id);
        for id in sorted.iter().map(|(id, ..)| *id).chain(known).chain(holding) {
            if customers.last() != Some(&id) {
                customers.push(id);
            }
        }
        customers.sort_unstable();
        customers.dedup();
        Linker {
            with,
            by_id,
            sorted: sorted.into_iter().map(|(.., number)| number).collect(),
            customers,
            code_orders: TextTable::default(),
            ids: vec![None; rows.len()],
            book: Book::default(),
            names: Names { shared: Arc::clone(with.shared), ..Names::default() },
            notes: Notes::default(),
        }
    }

    fn customer(&self, id: &str) -> CustomerId {
        CustomerId::of_rank(self.customers.binary_search(&id).unwrap_or_default())
    }

    /// Customers of the file, and what is held through others.
    fn add_customers(&mut self, unpacked: &Unpacked<'a>) {
        let with_id = |(text, source, customer): &CustomerRow<'a>| {
            let id = self.customer(text);
            (id, *source, customer.map(|customer| Customer { id, ..customer }))
        };
        let rows: Vec<_> = unpacked.customers.iter().map(with_id).collect();
        let holding =
            |(text, holding): &(&str, Holding)| Holding { customer: self.customer(text), ..*holding };
        self.book.holdings = unpacked.holdings.iter().map(holding).collect();
        let distinct = distinct(rows, (Code::CustomerDuplicate, c::CUSTOMER_ID.name), &mut self.notes);
        self.book.customers = self.with.has_customers.then_some(distinct);
        self.book.sort();
    }

    /// The rows that stand alone with their id and are sound in themselves; what is wrong with the others is noted.
    fn add_subscriptions(&mut self, unpacked: &Unpacked<'a>) {
        let bill_tos =
            TextTable::of(unpacked.subscriptions.iter().map(|row| row.bill_to).filter(|id| !id.is_empty()));
        self.add_orders_of_codes(unpacked);
        let mut customer = 0;
        for number in std::mem::take(&mut self.sorted) {
            let packed = &unpacked.subscriptions[number as usize];
            while self.customers[customer] != packed.customer {
                customer += 1;
            }
            let row = Subscription { customer: CustomerId::of_rank(customer), ..packed.row };
            let duplicate = (Code::SubscriptionDuplicate, s::SUBSCRIPTION_ID.name);
            let is_repeated = self.with.index.is_repeated(packed.id);
            let fault = if is_repeated {
                Some(duplicate)
            } else if row.opened {
                // What is wrong with the row that it would come from keeps it closed.
                None
            } else {
                row.fault(self.book.known(row.customer), self.with.catalog, self.with.policy)
            };
            if let Some((code, column)) = fault {
                self.notes.reject(row.source, code, column);
                continue;
            }
            let id = SubscriptionId::of_rank(self.book.subscriptions.len());
            self.ids[number as usize] = Some(id);
            self.names.subscriptions.push(packed.id);
            let bill_to = Some(packed.bill_to).filter(|id| !id.is_empty());
            let bill_to = bill_to.and_then(|id| bill_tos.rank(id)).map(BillToId::of_rank);
            let order = self.order(packed.order);
            self.book.subscriptions.push(Subscription { id, bill_to, order, ..row });
        }
        self.names.bill_tos = bill_tos;
        let mut customers = Texts::default();
        self.customers.iter().for_each(|id| customers.push(id));
        self.names.customers = TextTable::of_sorted(customers);
    }

    /// Orders that codes were entered with come first, ranked by their texts: a code is used in one order (R40).
    fn add_orders_of_codes(&mut self, unpacked: &Unpacked<'a>) {
        let orders = unpacked.events.iter().filter_map(|(_, event)| match event {
            EventRow::Redemption(_, order) if !order.is_empty() => Some(*order),
            EventRow::Redemption(..)
            | EventRow::SeatChange(..)
            | EventRow::Lifecycle(..)
            | EventRow::Scheduled(..)
            | EventRow::Unreadable => None,
        });
        self.code_orders = TextTable::of(orders);
        self.names.orders = self.code_orders.iter().collect();
    }

    /// The order of a subscription: it is passed on, so that it is the text alone that counts.
    fn order(&mut self, order: &str) -> Option<OrderId> {
        if order.is_empty() {
            return None;
        }
        let orders = &mut self.names.orders;
        let last = orders.len().checked_sub(1).filter(|&last| orders.get(last) == order);
        Some(OrderId::of_rank(last.unwrap_or_else(|| {
            orders.push(order);
            orders.len() - 1
        })))
    }

    /// Puts events to their subscriptions; those of a subscription that is not in the book are not due (C8).
    fn add_events(&mut self, unpacked: &Unpacked<'a>) {
        let changes = unpacked.events.iter().filter_map(|(_, event)| match event {
            EventRow::SeatChange(_, change) if !change.is_empty() => Some(*change),
            EventRow::SeatChange(..)
            | EventRow::Redemption(..)
            | EventRow::Lifecycle(..)
            | EventRow::Scheduled(..)
            | EventRow::Unreadable => None,
        });
        let changes = TextTable::of(changes);
        let mut parked = Vec::new();
        for (id, event) in &unpacked.events {
            let rows = &unpacked.subscriptions;
            let Some(place) = self.by_id.row(id, rows) else {
                self.refuse_unknown(event);
                continue;
            };
            let Some(subscription) = self.ids[place] else {
                self.leave_out(event);
                continue;
            };
            match *event {
                EventRow::SeatChange(mut row, change) => {
                    row.subscription = subscription;
                    row.change = row.change.and(changes.rank(change)).map(ChangeId::of_rank);
                    self.book.seat_changes.push(row);
                }
                EventRow::Redemption(mut row, order) => {
                    row.subscription = subscription;
                    row.order = row.order.and(self.code_orders.rank(order)).map(OrderId::of_rank);
                    self.book.redemptions.push(row);
                }
                EventRow::Lifecycle(mut row, sold, target) => {
                    row.subscription = subscription;
                    row.target_item = self.item(sold, rows[place].row.item);
                    row.is_sku_alone = matches!(sold, Sold::SkuOfSameProduct(_));
                    row.target = self.target(target, rows[place].customer, rows);
                    self.book.events.push(row);
                }
                EventRow::Scheduled(mut row, sold) => {
                    row.subscription = subscription;
                    row.item = self.item(sold, rows[place].row.item);
                    row.is_sku_alone = matches!(sold, Sold::SkuOfSameProduct(_));
                    self.book.scheduled.push(row);
                }
                EventRow::Unreadable => parked.push(subscription),
            }
        }
        self.names.changes = changes;
        self.park(parked);
    }

    /// The subscription that an upgrade names, if seats of this customer can go there (B3, B4).
    fn target(&self, id: &str, customer: &str, rows: &[SubscriptionRow<'_>]) -> Target {
        if id.is_empty() || self.with.openings.of(id) == Opening::Contested {
            return Target::Nobody;
        }
        let row = self.by_id.row(id, rows).filter(|&row| rows[row].customer == customer);
        match row.and_then(|row| self.ids[row].map(|id| (id, rows[row].row.opened))) {
            Some((id, true)) => Target::Opened(id),
            Some((id, false)) => Target::Subscription(id),
            None => Target::Barred,
        }
    }

    fn item(&self, sold: Sold<'_>, before: ItemId) -> Option<ItemId> {
        match sold {
            Sold::AsBefore => None,
            Sold::Item(item) => Some(item),
            Sold::SkuOfSameProduct(sku) => {
                let names = self.with.shared;
                names.item(names.products.get(before.rank()), sku).map(ItemId::of_rank)
            }
        }
    }

    fn leave_out(&mut self, event: &EventRow<'_>) {
        if let Some(source) = event.source() {
            self.notes.fates.push((source, Fate::NotDue(NotDue::SubscriptionRejected)));
        }
    }

    /// Two ids had one hash, and this one is in no row at all; or several customers would open it.
    fn refuse_unknown(&mut self, event: &EventRow<'_>) {
        if let Some(source) = event.source() {
            let fault = (Code::SubscriptionUnknown, s::SUBSCRIPTION_ID.name);
            self.notes.set(source, Disposition::Refused, &[fault]);
        }
    }

    /// Subscriptions with an event's row that can't be read wait (R60).
    fn park(&mut self, parked: Vec<SubscriptionId>) {
        for id in parked {
            let subscription = &mut self.book.subscriptions[id.rank()];
            // One that an upgrade opens has no row that could be listed; the event's row is.
            if !std::mem::replace(&mut subscription.parked, true) && !subscription.opened {
                self.notes.findings.push(Finding {
                    source: subscription.source,
                    disposition: Disposition::Parked,
                    code: Code::SubscriptionParked,
                    column: "",
                });
            }
        }
    }

    fn finish(mut self) -> Part {
        self.book.sort();
        self.notes.sort();
        let Notes { findings, fates } = self.notes;
        Part { book: self.book, names: self.names, findings, fates }
    }
}
