//! The facts that a subscription is billed from, as one number: as long as it stays the same, what was billed stays.
//!
//! Facts are what rows say happened: the subscription's row and its events, what the customer is and holds. The price list is
//! none: prices that were billed are pinned (R62). Promotions, codes, partners and the policy are in the [control](control)
//! digest. Where a row tells of its seats at a later moment, the fact is how many it began with, so that an extract that
//! tells the seats of every night changes nothing.

use crate::intake::FileFacts;
use crate::job::Job;
use crate::ledger::hash;
use crate::names::{Names, SharedNames};
use hashbrown::HashMap;
use termwise_engine::book::{CustomerBook, Known, PromotionCell, Subscription, Target};
use termwise_engine::calendar::{BillingCycle, Day, Instant, Term};
use termwise_engine::findings::Table;
use termwise_engine::ids::{ItemId, PromotionId};
use termwise_engine::timeline::seats_at_start;

/// A number for everything besides the book that decides what is billed, but the price list.
pub(super) fn control(job: &Job, files: &[FileFacts]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut text = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    text(env!("CARGO_PKG_VERSION"));
    for (setting, word) in &job.policy_words {
        text(setting);
        text(word);
    }
    let decides = |table| matches!(table, Table::Promotions | Table::PromoCodes | Table::Partners);
    for file in files.iter().filter(|file| decides(file.table)) {
        text(file.table.name());
        text(&file.hash);
    }
    hasher.finalize().to_hex().to_string()
}

/// The names that the whole run shares, as numbers.
#[derive(Debug)]
pub(super) struct Hashes {
    items: Vec<u64>,
    markets: Vec<u64>,
    partners: Vec<u64>,
    promotions: Vec<u64>,
    codes: Vec<u64>,
    /// What prices of each item are looked up for, as numbers: by term, then by billing cycle.
    priced_as: Vec<[u64; Term::ALL.len() * BillingCycle::ALL.len()]>,
    priced: HashMap<u64, (ItemId, Term, BillingCycle)>,
    promotion_of: HashMap<u64, PromotionId>,
}

impl Hashes {
    /// Of the names of a run.
    pub(super) fn of(names: &SharedNames) -> Hashes {
        let all = |texts: &mut dyn Iterator<Item = &str>| -> Vec<u64> {
            texts.map(|text| hash(text.as_bytes())).collect()
        };
        let items: Vec<u64> =
            names.products.iter().zip(names.skus.iter()).map(|(product, sku)| item(product, sku)).collect();
        let promotions = all(&mut names.promotions.iter());
        let mut priced = HashMap::new();
        let mut of_items = Vec::with_capacity(items.len());
        for (rank, &item) in items.iter().enumerate() {
            let mut of_item = [0; Term::ALL.len() * BillingCycle::ALL.len()];
            for term in Term::ALL {
                for cycle in BillingCycle::ALL {
                    let number = priced_as(item, term, cycle);
                    of_item[slot(term, cycle)] = number;
                    priced.insert(number, (ItemId::of_rank(rank), term, cycle));
                }
            }
            of_items.push(of_item);
        }
        let promotion_of = promotions.iter().enumerate();
        let promotion_of = promotion_of.map(|(rank, &hash)| (hash, PromotionId::of_rank(rank))).collect();
        Hashes {
            items,
            markets: all(&mut names.markets.iter()),
            partners: all(&mut names.partners.iter()),
            promotions,
            priced_as: of_items,
            codes: all(&mut names.codes.iter()),
            priced,
            promotion_of,
        }
    }

    /// What a price is looked up for, as a number.
    pub(super) fn priced(&self, item: ItemId, term: Term, cycle: BillingCycle) -> u64 {
        self.priced_as[item.rank()][slot(term, cycle)]
    }

    /// What a number of a price was looked up for, where this run knows such an item.
    pub(super) fn looked_up(&self, priced: u64) -> Option<(ItemId, Term, BillingCycle)> {
        self.priced.get(&priced).copied()
    }

    /// The number of a promotion.
    pub(super) fn promotion(&self, id: PromotionId) -> u64 {
        self.promotions[id.rank()]
    }

    /// The promotion of a number, where this run knows it.
    pub(super) fn promotion_of(&self, hash: u64) -> Option<PromotionId> {
        self.promotion_of.get(&hash).copied()
    }
}

const fn slot(term: Term, cycle: BillingCycle) -> usize {
    term as usize * BillingCycle::ALL.len() + cycle as usize
}

/// The number of a product and SKU.
pub(super) fn item(product: &str, sku: &str) -> u64 {
    hash(format!("{product}\0{sku}").as_bytes())
}

/// The number of what a price is looked up for.
pub(super) fn priced_as(item: u64, term: Term, cycle: BillingCycle) -> u64 {
    let mut bytes = item.to_le_bytes().to_vec();
    bytes.extend_from_slice(term.name().as_bytes());
    bytes.extend_from_slice(cycle.name().as_bytes());
    hash(&bytes)
}

/// The facts of a subscription up to two days: the last that the ledger knows, and the one that it is billed to now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Up to the ledger's last day.
    pub(super) before: u64,
    /// Up to the run's.
    pub(super) now: u64,
    /// Seat changes and lifecycle events in its row's term up to either day.
    pub(super) rows_before: [u16; 2],
    /// See `rows_before`.
    pub(super) rows_now: [u16; 2],
}

/// Where facts are made into numbers.
pub(super) struct Desk<'a> {
    names: &'a Names,
    hashes: &'a Hashes,
    bytes: Vec<u8>,
}

impl<'a> Desk<'a> {
    /// For a part with these names.
    pub(super) fn new(names: &'a Names, hashes: &'a Hashes) -> Desk<'a> {
        Desk { names, hashes, bytes: Vec::with_capacity(256) }
    }
}

impl Desk<'_> {
    /// The facts of each of a customer's subscriptions, in place of those before.
    pub(super) fn all(
        &mut self,
        customer: &CustomerBook<'_>,
        days: (Option<Day>, Day),
        facts: &mut Vec<Facts>,
    ) {
        facts.clear();
        let of_customer = self.customer(customer);
        if customer.subscriptions.iter().any(|row| row.quantity_as_of.is_some()) {
            let rows = customer.pieces(1).zip(seats_at_start(customer));
            facts.extend(rows.map(|(own, seats)| self.facts(&own, seats, of_customer, days)));
        } else {
            let rows = customer.pieces(1).zip(customer.subscriptions);
            facts.extend(rows.map(|(own, row)| self.facts(&own, Some(row.quantity), of_customer, days)));
        }
        self.add_arrivals(customer, days, facts);
    }

    /// An upgrade into another subscription is a fact of that one too: seats are moved to it, or it begins with them.
    fn add_arrivals(
        &mut self,
        customer: &CustomerBook<'_>,
        (before, now): (Option<Day>, Day),
        facts: &mut [Facts],
    ) {
        let first = customer.subscriptions[0].id.rank();
        for event in customer.events {
            let (Target::Subscription(id) | Target::Opened(id)) = event.target else { continue };
            let place = id.rank().checked_sub(first).filter(|_| id != event.subscription);
            let Some(facts) = place.and_then(|place| facts.get_mut(place)) else { continue };
            self.begin(5, event.happened_at);
            self.push(event.quantity.map_or(u64::MAX, u64::from));
            self.bytes.extend_from_slice(self.names.subscription(event.subscription).as_bytes());
            let (number, day) = (hash(&self.bytes), event.happened_at.day());
            if before.is_some_and(|before| day <= before) {
                facts.before = facts.before.wrapping_add(number).max(1);
            }
            if day <= now {
                facts.now = facts.now.wrapping_add(number).max(1);
            }
        }
    }

    fn facts(
        &mut self,
        own: &CustomerBook<'_>,
        seats: Option<u32>,
        of_customer: u64,
        (before, now): (Option<Day>, Day),
    ) -> Facts {
        let row = &own.subscriptions[0];
        let of_row = self.row(row, seats) ^ of_customer;
        let mut facts = Facts { before: of_row, now: of_row, ..Facts::default() };
        let term_start = row.term_start;
        // Sums, so that the order of rows never shows.
        let mut add = |day: Day, hash: u64, kind: Option<usize>| {
            let counts = kind.filter(|_| day >= term_start);
            if before.is_some_and(|before| day <= before) {
                facts.before = facts.before.wrapping_add(hash);
                counts
                    .into_iter()
                    .for_each(|kind| facts.rows_before[kind] = facts.rows_before[kind].saturating_add(1));
            }
            if day <= now {
                facts.now = facts.now.wrapping_add(hash);
                counts
                    .into_iter()
                    .for_each(|kind| facts.rows_now[kind] = facts.rows_now[kind].saturating_add(1));
            }
        };
        for change in own.seat_changes {
            self.begin(1, change.changed_at);
            self.push(i64::from(change.quantity).cast_unsigned());
            self.push(change.quantity_before.map_or(u64::MAX, u64::from));
            let id = change.change.map_or("", |id| self.names.change(id));
            self.bytes.extend_from_slice(id.as_bytes());
            add(change.changed_at.day(), hash(&self.bytes), Some(0));
        }
        for event in own.events {
            self.begin(2, event.happened_at);
            self.bytes.extend_from_slice(event.kind.name().as_bytes());
            self.push(event.quantity.map_or(u64::MAX, u64::from));
            self.target(event.target);
            self.push(event.target_item.map_or(0, |item| self.hashes.items[item.rank()]));
            self.push(u64::from(event.is_sku_alone));
            self.bytes.extend_from_slice(event.target_term.map_or("", Term::name).as_bytes());
            self.bytes
                .extend_from_slice(event.target_billing_cycle.map_or("", BillingCycle::name).as_bytes());
            add(event.happened_at.day(), hash(&self.bytes), Some(1));
        }
        for change in own.scheduled {
            self.begin(3, change.scheduled_at);
            self.push(change.item.map_or(0, |item| self.hashes.items[item.rank()]));
            self.push(u64::from(change.is_sku_alone));
            self.bytes.extend_from_slice(change.term.map_or("", Term::name).as_bytes());
            self.bytes.extend_from_slice(change.billing_cycle.map_or("", BillingCycle::name).as_bytes());
            self.push(change.quantity.map_or(u64::MAX, |quantity| i64::from(quantity).cast_unsigned()));
            self.day(change.term_end);
            self.promotion(change.promotion);
            add(change.scheduled_at.day(), hash(&self.bytes), None);
        }
        for redemption in own.redemptions {
            self.begin(4, redemption.entered_at);
            self.push(self.hashes.codes[redemption.code.rank()]);
            let order = redemption.order.map_or("", |id| self.names.order(id));
            self.bytes.extend_from_slice(order.as_bytes());
            // A code counts from the order on, whenever it is told of.
            add(row.begins_at().day(), hash(&self.bytes), None);
        }
        // 0 means that nothing is known.
        facts.before = facts.before.max(1);
        facts.now = facts.now.max(1);
        facts
    }

    /// What the customer is and holds.
    fn customer(&mut self, customer: &CustomerBook<'_>) -> u64 {
        self.bytes.clear();
        match customer.known {
            Known::NoFile => self.push(1),
            Known::Missing => self.push(2),
            Known::Customer(known) => {
                self.push(3);
                self.push(self.hashes.markets[known.market.rank()]);
                let names = known.qualifications.iter().map(|qualification| qualification.name());
                let names: Vec<&str> = names.collect();
                self.bytes.extend_from_slice(names.join(";").as_bytes());
            }
        }
        let mut sum = hash(&self.bytes);
        for holding in customer.holdings {
            self.bytes.clear();
            self.push(self.hashes.items[holding.item.rank()]);
            self.push(u64::from(holding.quantity));
            self.push(holding.promotion.map_or(0, |id| self.hashes.promotions[id.rank()]));
            sum = sum.wrapping_add(hash(&self.bytes));
        }
        sum
    }

    fn row(&mut self, row: &Subscription, seats: Option<u32>) -> u64 {
        let hashes = self.hashes;
        let day = |day: Option<Day>| day.map_or(u64::MAX, |day| i64::from(day.epoch_days()).cast_unsigned());
        let currency = row.currency.code().as_bytes();
        let kinds = [
            row.segment as u8,
            row.commerce as u8,
            row.term as u8,
            row.billing_cycle as u8,
            row.status as u8,
            row.origin as u8,
            row.channel as u8,
            u8::from(row.auto_renew) | u8::from(row.opened) << 1 | u8::from(row.parked) << 2,
        ];
        let mut letters = [0; 8];
        letters.iter_mut().zip(currency).for_each(|(to, from)| *to = *from);
        let words = [
            hashes.items[row.item.rank()],
            hashes.markets[row.market.rank()],
            row.partner.map_or(0, |id| hashes.partners[id.rank()]),
            u64::from_le_bytes(letters),
            u64::from_le_bytes(kinds),
            seats.map_or(u64::MAX, u64::from),
            row.ordered_at.map_or(0, |at| at.ticks().cast_unsigned()),
            day(Some(row.term_start)),
            day(row.term_end),
            day(row.anchored_on),
            row.unit_price.map_or(u64::MAX, |price| price.millionths().cast_unsigned()),
            self.promoted(row.promotion),
        ];
        let mut bytes = [0; 12 * 8];
        for (to, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        hash(&bytes)
    }

    /// Begins the bytes of a row of a kind.
    fn begin(&mut self, kind: u64, at: Instant) {
        self.bytes.clear();
        self.push(kind);
        self.push(at.ticks().cast_unsigned());
    }

    fn push(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn day(&mut self, day: Option<Day>) {
        self.push(day.map_or(u64::MAX, |day| i64::from(day.epoch_days()).cast_unsigned()));
    }

    fn promotion(&mut self, cell: PromotionCell) {
        self.push(self.promoted(cell));
    }

    fn promoted(&self, cell: PromotionCell) -> u64 {
        match cell {
            PromotionCell::Empty => 0,
            PromotionCell::Declined => 1,
            PromotionCell::Id(id) => self.hashes.promotions[id.rank()],
        }
    }

    fn target(&mut self, target: Target) {
        let (kind, id) = match target {
            Target::Nobody => (0, None),
            // Whether the book has a row of it is no fact of the upgrade: the row may be missing (R63).
            Target::Subscription(id) | Target::Opened(id) => (1, Some(id)),
            Target::Barred => (3, None),
        };
        self.push(kind);
        self.bytes.extend_from_slice(id.map_or("", |id| self.names.subscription(id)).as_bytes());
        self.bytes.push(0);
    }
}
