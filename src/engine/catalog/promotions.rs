//! Promotions: a percentage off with a date window, and the conditions for getting it (R13, R15).

use super::{Commerce, Segment};
use crate::calendar::{BillingCycle, Period, Term};
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
        let one = |offers: Vec<Discount>| {
            let first = *offers.first()?;
            offers.iter().all(|&discount| discount == first).then_some(first)
        };
        let named =
            self.offers.iter().filter(|offer| offer.item == item).map(|offer| offer.discount).collect();
        let all = || self.offers.iter().map(|offer| offer.discount).collect();
        let fallback = || if self.names(item) { one(named) } else { one(all()) };
        self.discount_for(item, term, cycle).or_else(fallback)
    }

    /// Whether it names the product:SKU at all.
    pub fn names(&self, item: ItemId) -> bool {
        self.offers.iter().any(|offer| offer.item == item)
    }
}

/// All promotions, by id and by product:SKU.
#[derive(Debug, Default)]
pub struct Promotions {
    by_id: BTreeMap<PromotionId, Promotion>,
    by_item: BTreeMap<ItemId, Vec<PromotionId>>,
    unlicensed: BTreeSet<ItemId>,
}

impl Promotions {
    /// The promotions, and the product:SKUs whose tags lack `License`, which get none (R12).
    pub fn new(promotions: Vec<Promotion>, unlicensed: BTreeSet<ItemId>) -> Promotions {
        let mut by_item: BTreeMap<ItemId, Vec<PromotionId>> = BTreeMap::new();
        let mut by_id = BTreeMap::new();
        for promotion in promotions {
            let items: BTreeSet<ItemId> = promotion.offers.iter().map(|offer| offer.item).collect();
            for item in items {
                by_item.entry(item).or_default().push(promotion.id);
            }
            by_id.insert(promotion.id, promotion);
        }
        for ids in by_item.values_mut() {
            ids.sort_unstable();
        }
        Promotions { by_id, by_item, unlicensed }
    }

    /// A promotion of the file.
    pub fn get(&self, id: PromotionId) -> Option<&Promotion> {
        self.by_id.get(&id)
    }

    /// The promotions that name a product:SKU, lowest id first.
    pub fn naming(&self, item: ItemId) -> impl Iterator<Item = &Promotion> {
        let ids = self.by_item.get(&item).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| self.by_id.get(id))
    }

    /// Whether promotions exist for the product:SKU: it is licence-based (R12).
    pub fn is_licensed(&self, item: ItemId) -> bool {
        !self.unlicensed.contains(&item)
    }
}
