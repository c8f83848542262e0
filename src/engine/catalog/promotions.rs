//! Promotions: a percentage off with a date window, and the conditions for getting it (R13, R15).

use super::{Commerce, Segment};
use crate::calendar::{BillingCycle, Day, Period, Term};
use crate::ids::{ItemId, MarketId, PromotionId, RegionId};
use crate::money::Discount;
use std::collections::{BTreeMap, BTreeSet};

/// One product:SKU, term and (optionally) billing cycle that a promotion names, with its percentage (R13).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Offer {
    /// Product and SKU.
    pub item: ItemId,
    /// Term.
    pub term: Term,
    /// Billing cycle; none: all.
    pub billing_cycle: Option<BillingCycle>,
    /// Fraction taken off.
    pub discount: Discount,
}

/// A promotion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Promotion {
    /// Its id.
    pub id: PromotionId,
    /// The commerce that it is made for.
    pub commerce: Commerce,
    /// First and last day, both inclusive.
    pub window: Period,
    /// Markets of the customer; empty: all.
    pub markets: Vec<MarketId>,
    /// Regions of the partner; empty: all.
    pub regions: Vec<RegionId>,
    /// Segments; empty: all.
    pub segments: Vec<Segment>,
    /// The fewest seats of a purchase (B15).
    pub min_seats: Option<u32>,
    /// The most seats of the customer (R16).
    pub max_seats: Option<u32>,
    /// How often a customer may redeem it (R20).
    pub max_redemptions: Option<u32>,
    /// Whether it is for a first purchase only (R20).
    pub first_purchase: bool,
    /// Product:SKUs that must be held (B16).
    pub requires: Vec<ItemId>,
    /// Whether it applies without being asked for (R14).
    pub auto_applicable: bool,
    /// What it names.
    pub offers: Vec<Offer>,
}

impl Promotion {
    /// What it takes off a product:SKU in a term and billing cycle: a row that names the cycle goes before one for all.
    pub fn discount_for(&self, item: ItemId, term: Term, cycle: BillingCycle) -> Option<Discount> {
        let fits = |offer: &&Offer| {
            offer.item == item && offer.term == term && offer.billing_cycle.is_none_or(|named| named == cycle)
        };
        let closest = |offer: &&Offer| (offer.billing_cycle.is_some(), offer.discount);
        self.offers.iter().filter(fits).max_by_key(closest).map(|offer| offer.discount)
    }

    /// The percentage of a promotion that is held unexamined (A20): that of the fitting row, else the one percentage of its
    /// rows for the product:SKU, else the one of all its rows. Where those differ none can be told.
    pub fn discount_held(&self, item: ItemId, term: Term, cycle: BillingCycle) -> Option<Discount> {
        let named = self.offers.iter().filter(|offer| offer.item == item);
        let all = self.offers.iter();
        let fallback = || if self.names(item) { the_one(named) } else { the_one(all) };
        self.discount_for(item, term, cycle).or_else(fallback)
    }

    /// Whether getting or enlarging it depends on what else the customer has or had: seats, redemptions, purchases, products
    /// (R16, R18, R20, B16).
    pub const fn is_customer_wide(&self) -> bool {
        self.max_seats.is_some()
            || self.max_redemptions.is_some()
            || self.first_purchase
            || !self.requires.is_empty()
    }

    /// Whether it names the product:SKU at all.
    pub fn names(&self, item: ItemId) -> bool {
        self.offers.iter().any(|offer| offer.item == item)
    }
}

/// The percentage of offers that all have the same.
fn the_one<'a>(mut offers: impl Iterator<Item = &'a Offer>) -> Option<Discount> {
    let first = offers.next()?.discount;
    offers.all(|offer| offer.discount == first).then_some(first)
}

/// All promotions, by id and by product:SKU: tables by the rank of the id, so that nothing is searched for.
#[derive(Debug, Default)]
pub struct Promotions {
    /// By id.
    all: Vec<Promotion>,
    /// The number of each promotion of the file.
    by_id: Vec<Option<u32>>,
    by_item: Vec<OfItem>,
    /// The products of another price list, and whether their tags lack `License`, from a day on (R12, R70).
    pub(super) retagged: Option<(Day, BTreeMap<ItemId, bool>)>,
}

/// What promotions say of a product:SKU.
#[derive(Clone, Debug, Default)]
struct OfItem {
    /// The numbers of those that name it, lowest id first.
    named_by: Vec<u32>,
    /// Whether its tags lack `License` (R12).
    is_unlicensed: bool,
}

impl Promotions {
    /// The promotions, and the product:SKUs whose tags lack `License`, which get none (R12).
    pub fn new(promotions: Vec<Promotion>, unlicensed: BTreeSet<ItemId>) -> Promotions {
        let all: BTreeMap<PromotionId, Promotion> =
            promotions.into_iter().map(|promotion| (promotion.id, promotion)).collect();
        let all: Vec<Promotion> = all.into_values().collect();
        let mut by_id = vec![None; all.last().map_or(0, |last| last.id.rank() + 1)];
        let named = all.iter().flat_map(|promotion| &promotion.offers).map(|offer| offer.item);
        let ranks = named.chain(unlicensed.iter().copied()).map(|item| item.rank() + 1).max().unwrap_or(0);
        let mut by_item = vec![OfItem::default(); ranks];
        for (promotion, number) in all.iter().zip(0..) {
            by_id[promotion.id.rank()] = Some(number);
            for offer in &promotion.offers {
                let named_by = &mut by_item[offer.item.rank()].named_by;
                if named_by.last() != Some(&number) {
                    named_by.push(number);
                }
            }
        }
        for item in unlicensed {
            by_item[item.rank()].is_unlicensed = true;
        }
        Promotions { all, by_id, by_item, retagged: None }
    }

    /// A promotion of the file.
    pub fn get(&self, id: PromotionId) -> Option<&Promotion> {
        let number = (*self.by_id.get(id.rank())?)?;
        self.all.get(number as usize)
    }

    /// Every promotion, lowest id first.
    pub fn iter(&self) -> impl Iterator<Item = &Promotion> {
        self.all.iter()
    }

    /// The promotions that name a product:SKU, lowest id first.
    pub fn naming(&self, item: ItemId) -> impl Iterator<Item = &Promotion> {
        let named_by = self.by_item.get(item.rank()).map(|of| of.named_by.as_slice()).unwrap_or_default();
        named_by.iter().map(|&number| &self.all[number as usize])
    }

    /// The product:SKUs that get none (R12), in order.
    pub(super) fn unlicensed(&self) -> impl Iterator<Item = ItemId> {
        let ranked = self.by_item.iter().enumerate();
        ranked.filter(|(_, of)| of.is_unlicensed).map(|(rank, _)| ItemId::of_rank(rank))
    }

    /// Whether promotions exist for the product:SKU on a day: it is licence-based (R12).
    pub fn is_licensed(&self, item: ItemId, on: Day) -> bool {
        let retagged = self.retagged.as_ref().filter(|(from, _)| *from <= on);
        if let Some(is_unlicensed) = retagged.and_then(|(_, items)| items.get(&item)) {
            return !is_unlicensed;
        }
        self.by_item.get(item.rank()).is_none_or(|of| !of.is_unlicensed)
    }
}
