//! The price list: which unit price is in force for a key on a day (R6, R7, R9, R10).
//!
//! A key is product:SKU, term, billing plan, market, currency and segment (R6). Its rows overlap in practice; the
//! policy says which holds (R7). Two rows of one key and start with different prices are a conflict of that key, found
//! here once, whatever the order of the file. A key with a row that could not be read is not trusted either: an older
//! row in its place would be a plausible wrong price.

use super::Segment;
use super::proposed::Changes;
use crate::calendar::{BillingCycle, Day, Period, Term};
use crate::findings::Code;
use crate::ids::{ItemId, MarketId};
use crate::money::{Currency, Price};
use crate::policy::PriceOverlap;
use std::collections::{BTreeMap, BTreeSet};

/// How a price row is paid; Triennial is the upfront of three years (B27).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Plan {
    /// Every month.
    Monthly,
    /// Every year.
    Annual,
    /// Once, for the term.
    Upfront,
    /// Not paid, or in any way: the last resort of a look-up.
    None,
}

/// A billing plan as the price list writes it: a look-up takes Triennial for Upfront (B27), a proposal about rows does not (R70).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct WrittenPlan {
    /// The plan that it is.
    pub plan: Plan,
    /// Whether the word is Triennial.
    pub is_triennial: bool,
}

/// What a price row is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct PriceKey {
    /// Product and SKU.
    pub item: ItemId,
    /// Committed length.
    pub term: Term,
    /// Billing plan.
    pub plan: Plan,
    /// The customer's market.
    pub market: MarketId,
    /// Currency.
    pub currency: Currency,
    /// Segment.
    pub segment: Segment,
}

/// The seats that a row holds for (R10).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Tier {
    /// The fewest.
    pub min: u32,
    /// The most.
    pub max: u32,
}

impl Tier {
    /// Any number of seats.
    pub const ANY: Tier = Tier { min: 0, max: u32::MAX };

    const fn holds(self, seats: u32) -> bool {
        self.min <= seats && seats <= self.max
    }

    const fn meets(self, other: Tier) -> bool {
        self.min <= other.max && other.min <= self.max
    }
}

/// A row of the price list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PriceRow {
    /// What it is for.
    pub key: PriceKey,
    /// The days on which it holds, both ends included (B26).
    pub effective: Period,
    /// The seats that it holds for.
    pub tier: Tier,
    /// For one seat and the whole term.
    pub unit_price: Price,
    /// Number of the row in the list, for the workings.
    pub row: u32,
    /// Whether its plan is written Triennial; a look-up doesn't mind (B27), a proposal about such rows does (R70).
    pub is_triennial: bool,
}

/// A price found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quote {
    /// For one seat and the whole term.
    pub unit_price: Price,
    /// What the row says: another price where a proposal changes it (R70).
    pub listed: Price,
    /// Number of the row in the list.
    pub row: u32,
    /// Whether the list is the one that a proposal puts in the place of today's (R70).
    pub of_other_list: bool,
    /// Whether it came from another plan than asked for (B27).
    pub other_plan: bool,
    /// Whether it is the price of a quantity tier (R10).
    pub tiered: bool,
}

/// The rows of a price list, by key: frozen when it is built, so that a key is found by one probe.
#[derive(Clone, Debug, Default)]
pub struct PriceList {
    keys: KeyTable,
    /// The rows of every key, one key after the other, by start.
    rows: Vec<KeyRow>,
    pub(super) overlap: Option<PriceOverlap>,
    /// Another list, and the day from which it takes the place of this one (R70).
    pub(super) later: Option<(Day, Box<PriceList>)>,
    /// What a proposal lays over both.
    pub(super) changes: Changes,
}

/// A row without its key.
#[derive(Clone, Copy, Debug)]
struct KeyRow {
    effective: Period,
    tier: Tier,
    unit_price: Price,
    row: u32,
    is_triennial: bool,
}

/// The rows of a list that a proposal can be about: a key, and whether they are written Triennial.
pub(super) type Written = (PriceKey, bool);

impl PriceList {
    /// Sorts the rows, merges repeats (B26) and finds conflicts (R7). `unreadable` are keys of rows that intake had to
    /// leave out.
    pub fn new(mut rows: Vec<PriceRow>, unreadable: &BTreeSet<PriceKey>, overlap: PriceOverlap) -> PriceList {
        rows.sort_unstable();
        let mut keys: BTreeMap<PriceKey, (Vec<PriceRow>, Option<Code>)> = BTreeMap::new();
        for row in rows {
            let (own, fault) = keys.entry(row.key).or_default();
            let rival = |other: &&mut PriceRow| {
                other.effective.first == row.effective.first && other.tier.meets(row.tier)
            };
            match own.iter_mut().find(rival) {
                None => own.push(row),
                // The price is the same under both words, but a proposal can be about one of them.
                Some(same) if is_repeat(same, &row) && same.is_triennial != row.is_triennial => own.push(row),
                Some(same) if is_repeat(same, &row) => {
                    same.effective.last = same.effective.last.max(row.effective.last);
                }
                Some(_) => *fault = Some(Code::PriceConflict),
            }
        }
        for key in unreadable {
            keys.entry(*key).or_default().1.get_or_insert(Code::PriceUnreadable);
        }
        let mut frozen = Vec::new();
        let mut entries = Vec::with_capacity(keys.len());
        for (key, (own, fault)) in keys {
            let first = frozen.len();
            frozen.extend(own.into_iter().map(|row| {
                let PriceRow { effective, tier, unit_price, row, is_triennial, .. } = row;
                KeyRow { effective, tier, unit_price, row, is_triennial }
            }));
            entries.push(KeyEntry { key, first, end: frozen.len(), fault });
        }
        PriceList {
            keys: KeyTable::new(entries),
            rows: frozen,
            overlap: Some(overlap),
            ..PriceList::default()
        }
    }

    /// What its rows are for, each key once, in order.
    pub fn keys(&self) -> impl Iterator<Item = &PriceKey> {
        self.keys.entries.iter().map(|entry| &entry.key)
    }

    /// What every row is for, and its price, in order of keys.
    pub(super) fn listed(&self) -> impl Iterator<Item = (Written, Price)> {
        self.keys.entries.iter().flat_map(|entry| {
            let rows = self.rows[entry.first..entry.end].iter();
            rows.map(|row| ((entry.key, row.is_triennial), row.unit_price))
        })
    }

    /// The keys of which one price stands under both words at once.
    pub(super) fn written_twice(&self) -> impl Iterator<Item = PriceKey> {
        let twice = |entry: &&KeyEntry| {
            let rows = &self.rows[entry.first..entry.end];
            rows.iter().any(|row| {
                let begins = |other: &KeyRow| other.effective.first == row.effective.first;
                row.is_triennial
                    && rows
                        .iter()
                        .any(|other| !other.is_triennial && begins(other) && other.tier.meets(row.tier))
            })
        };
        self.keys.entries.iter().filter(twice).map(|entry| entry.key)
    }

    /// The list that holds on a day, if it is another than this one.
    fn later_on(&self, day: Day) -> Option<&PriceList> {
        self.later.as_ref().filter(|(from, _)| *from <= day).map(|(_, list)| &**list)
    }

    /// Whether any row of `key`'s product for a billing cycle is in force on a day, or can't be trusted: whether there is such a
    /// price at all, for however many seats.
    pub fn lists(&self, key: PriceKey, cycle: BillingCycle, on: Day) -> bool {
        if let Some(list) = self.later_on(on) {
            return list.lists(key, cycle, on);
        }
        plans(cycle, key.term).iter().filter_map(|&plan| self.keys.find(&PriceKey { plan, ..key })).any(
            |entry| {
                let rows = &self.rows[entry.first..entry.end];
                entry.fault.is_some() || rows.iter().any(|row| row.effective.holds(on))
            },
        )
    }

    /// The unit price of `key`'s product for a billing cycle, for so many seats, on a day (R7, R9, R10, B27).
    ///
    /// # Errors
    /// [`Code::PriceMissing`] where no row is in force, [`Code::PriceConflict`] or [`Code::PriceUnreadable`] where the
    /// key's rows can't be trusted (C24). Never a neighbour's price, never zero.
    pub fn quote(&self, key: PriceKey, cycle: BillingCycle, seats: u32, on: Day) -> Result<Quote, Code> {
        let later = self.later_on(on);
        let (written, mut quote) = later.unwrap_or(self).listed_quote(key, cycle, seats, on)?;
        quote.of_other_list = later.is_some();
        if let Some(price) = self.changes.on(&written, on, quote.listed) {
            quote.unit_price = price;
        }
        Ok(quote)
    }

    /// The quote of this very list, and what its row is for.
    fn listed_quote(
        &self,
        key: PriceKey,
        cycle: BillingCycle,
        seats: u32,
        on: Day,
    ) -> Result<(Written, Quote), Code> {
        for (number, &plan) in plans(cycle, key.term).iter().enumerate() {
            let Some(entry) = self.keys.find(&PriceKey { plan, ..key }) else { continue };
            if let Some(fault) = entry.fault {
                return Err(fault);
            }
            let rows = &self.rows[entry.first..entry.end];
            let in_force = |row: &&KeyRow| row.effective.holds(on);
            let mut held = rows.iter().filter(in_force).filter(|row| row.tier.holds(seats));
            let row = match self.overlap {
                Some(PriceOverlap::NewestStart) => held.next_back(),
                Some(PriceOverlap::OlderHolds) | None => held.next(),
            };
            let Some(row) = row else {
                // Rows in force whose tiers lack the seats are an answer; where none is in force the next plan is asked.
                if rows.iter().any(|row| in_force(&row)) {
                    return Err(Code::PriceMissing);
                }
                continue;
            };
            let (other_plan, tiered) = (number > 0, row.tier != Tier::ANY);
            let listed = row.unit_price;
            let quote =
                Quote { unit_price: listed, listed, row: row.row, other_plan, tiered, of_other_list: false };
            return Ok(((entry.key, row.is_triennial), quote));
        }
        Err(Code::PriceMissing)
    }
}

/// Whether two rows of one key and start say the same (B26).
fn is_repeat(one: &PriceRow, other: &PriceRow) -> bool {
    one.unit_price == other.unit_price && one.tier == other.tier
}

/// Keys, found by hashing; they are never listed, so the hash can't show in a result.
#[derive(Clone, Debug, Default)]
struct KeyTable {
    entries: Vec<KeyEntry>,
    /// At least twice as many as keys, a power of two: the number of an entry plus one, or 0. A key stands at its hash or at
    /// the first free slot after it.
    slots: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct KeyEntry {
    key: PriceKey,
    /// Its rows in [`PriceList::rows`].
    first: usize,
    end: usize,
    fault: Option<Code>,
}

impl KeyTable {
    fn new(entries: Vec<KeyEntry>) -> KeyTable {
        let mut slots = vec![0; (entries.len() * 2).next_power_of_two()];
        for (entry, number) in entries.iter().zip(1..) {
            let mut slot = hash(&entry.key) & (slots.len() - 1);
            while slots[slot] != 0 {
                slot = (slot + 1) & (slots.len() - 1);
            }
            slots[slot] = number;
        }
        KeyTable { entries, slots }
    }

    fn find(&self, key: &PriceKey) -> Option<&KeyEntry> {
        if self.entries.is_empty() {
            return None;
        }
        let mut slot = hash(key) & (self.slots.len() - 1);
        loop {
            let number = self.slots[slot].checked_sub(1)?;
            let entry = &self.entries[number as usize];
            if entry.key == *key {
                return Some(entry);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }
}

/// Mixes the parts of a key, by multiplication with an odd number whose bits are spread evenly.
const fn hash(key: &PriceKey) -> usize {
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let sides = ((key.term as u64) << 4) | ((key.plan as u64) << 2) | key.segment as u64;
    let place = ((key.item.rank() as u64) << 32) | key.market.rank() as u64;
    let mixed = place.wrapping_mul(SPREAD) ^ ((key.currency.number() as u64) << 8 | sides);
    (mixed.wrapping_mul(SPREAD) >> 32) as usize
}

/// The plans under which a billing cycle's price may stand, in order (B27).
pub(super) const fn plans(cycle: BillingCycle, term: Term) -> &'static [Plan] {
    match (cycle, term) {
        (BillingCycle::Monthly, Term::P1M | Term::P1Y | Term::P3Y) => &[Plan::Monthly, Plan::None],
        (BillingCycle::Annual, Term::P1Y) => &[Plan::Annual, Plan::Upfront, Plan::None],
        (BillingCycle::Annual, Term::P1M | Term::P3Y) => &[Plan::Annual, Plan::None],
        (BillingCycle::Upfront, Term::P1Y) => &[Plan::Upfront, Plan::Annual, Plan::None],
        (BillingCycle::Upfront, Term::P1M) => &[Plan::Upfront, Plan::Monthly, Plan::None],
        (BillingCycle::Upfront, Term::P3Y) => &[Plan::Upfront, Plan::None],
    }
}
