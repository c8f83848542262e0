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
        for (rank, &item) in items.iter().enumerate() {
            for term in Term::ALL {
                for cycle in BillingCycle::ALL {
                    priced.insert(priced_as(item, term, cycle), (ItemId::of_rank(rank), term, cycle));
                }
            }
        }
        let promotion_of = promotions.iter().enumerate();
        let promotion_of = promotion_of.map(|(rank, &hash)| (hash, PromotionId::of_rank(rank))).collect();
        Hashes {
            items,
            markets: all(&mut names.markets.iter()),
            partners: all(&mut names.partners.iter()),
            promotions,
            codes: all(&mut names.codes.iter()),
            priced,
            promotion_of,
        }
    }

    /// What a price is looked up for, as a number.
    pub(super) fn priced(&self, item: ItemId, term: Term, cycle: BillingCycle) -> u64 {
        priced_as(self.items[item.rank()], term, cycle)
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

/// The facts of each of a customer's subscriptions.
pub(super) fn facts(
    customer: &CustomerBook<'_>,
    names: &Names,
    hashes: &Hashes,
    (before, now): (Option<Day>, Day),
) -> Vec<Facts> {
    let mut desk = Desk { names, hashes, bytes: Vec::with_capacity(256) };
    let of_customer = desk.customer(customer);
    let seats = seats_at_start(customer);
    let rows = customer.pieces(1).zip(seats);
    rows.map(|(own, seats)| desk.facts(&own, seats, of_customer, (before, now))).collect()
}

struct Desk<'a> {
    names: &'a Names,
    hashes: &'a Hashes,
    bytes: Vec<u8>,
}

impl Desk<'_> {
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
        self.bytes.clear();
        self.push(self.hashes.items[row.item.rank()]);
        self.push(self.hashes.markets[row.market.rank()]);
        self.push(row.partner.map_or(0, |id| self.hashes.partners[id.rank()]));
        self.bytes.extend_from_slice(row.currency.code().as_bytes());
        for name in [row.segment.name(), row.commerce.name(), row.term.name(), row.billing_cycle.name()] {
            self.bytes.extend_from_slice(name.as_bytes());
            self.bytes.push(0);
        }
        self.push(seats.map_or(u64::MAX, u64::from));
        self.push(row.ordered_at.map_or(0, |at| at.ticks().cast_unsigned()));
        self.day(Some(row.term_start));
        self.day(row.term_end);
        self.day(row.anchored_on);
        self.push(row.unit_price.map_or(u64::MAX, |price| price.millionths().cast_unsigned()));
        self.promotion(row.promotion);
        let flags = [row.auto_renew, row.opened, row.parked].map(u64::from);
        self.push(flags[0] | flags[1] << 1 | flags[2] << 2);
        self.push(row.status as u64 | (row.origin as u64) << 8 | (row.channel as u64) << 16);
        hash(&self.bytes)
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
        self.push(match cell {
            PromotionCell::Empty => 0,
            PromotionCell::Declined => 1,
            PromotionCell::Id(id) => self.hashes.promotions[id.rank()],
        });
    }

    fn target(&mut self, target: Target) {
        let (kind, id) = match target {
            Target::Nobody => (0, None),
            Target::Subscription(id) => (1, Some(id)),
            Target::Opened(id) => (2, Some(id)),
            Target::Barred => (3, None),
        };
        self.push(kind);
        self.bytes.extend_from_slice(id.map_or("", |id| self.names.subscription(id)).as_bytes());
        self.bytes.push(0);
    }
}
