//! The order of the texts that the whole run shares: every provisional id becomes the rank of its text.

use super::desk::{ITEM_MARK, Met};
use super::texts::{Ranked, Ranks, Texts};
use crate::names::{SharedNames, TextTable};
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::catalog::{PromoCode, Promotion};
use termwise_engine::ids::{CodeId, ItemId, MarketId, PartnerId, PromotionId, RegionId, TaxCodeId};

/// What the provisional ids of one desk become.
#[derive(Debug)]
pub(super) struct Order {
    /// Partners.
    pub partners: Ranks<PartnerId>,
    /// Products and SKUs.
    pub items: Ranks<ItemId>,
    /// Markets.
    pub markets: Ranks<MarketId>,
    /// Regions.
    pub regions: Ranks<RegionId>,
    /// Promotions.
    pub promotions: Ranks<PromotionId>,
    /// Promo codes.
    pub codes: Ranks<CodeId>,
    /// Tax codes.
    pub tax_codes: Ranks<TaxCodeId>,
}

/// Ranks what all desks have met: the names, and for each desk what its ids become.
pub(super) fn rank(mut desks: Vec<Met>) -> (SharedNames, Vec<Order>) {
    pair_lone_skus(&mut desks);
    let (items, item_ranks) = ranked(&desks, |met| &met.items);
    let (partners, partner_ranks) = ranked(&desks, |met| &met.partners);
    let (markets, market_ranks) = ranked(&desks, |met| &met.markets);
    let (regions, region_ranks) = ranked(&desks, |met| &met.regions);
    let (promotions, promotion_ranks) = ranked(&desks, |met| &met.promotions);
    let (codes, code_ranks) = ranked(&desks, |met| &met.codes);
    let (tax_codes, tax_code_ranks) = ranked(&desks, |met| &met.tax_codes);
    let pairs = || items.iter().map(|text| text.split_once(ITEM_MARK).unwrap_or_default());
    let names = SharedNames {
        partners,
        products: pairs().map(|(product, _)| product).collect(),
        skus: pairs().map(|(_, sku)| sku).collect(),
        markets,
        regions,
        promotions,
        promotion_names: BTreeMap::new(),
        codes,
        tax_codes,
    };
    let mut orders = Vec::with_capacity(desks.len());
    let ranks = item_ranks.into_iter().zip(partner_ranks).zip(market_ranks).zip(region_ranks);
    let ranks = ranks.zip(promotion_ranks).zip(code_ranks).zip(tax_code_ranks);
    for ((((((items, partners), markets), regions), promotions), codes), tax_codes) in ranks {
        orders.push(Order { partners, items, markets, regions, promotions, codes, tax_codes });
    }
    (names, orders)
}

/// A SKU without a product is one of any product that is sold, until its subscription is known.
fn pair_lone_skus(desks: &mut [Met]) {
    let lone: BTreeSet<Box<str>> = desks.iter().flat_map(|met| met.skus_alone.iter().cloned()).collect();
    if lone.is_empty() {
        return;
    }
    let product = |text: &str| text.split(ITEM_MARK).next().unwrap_or_default().to_owned();
    let products: BTreeSet<String> = desks.iter().flat_map(|met| met.items.iter().map(product)).collect();
    if let Some(met) = desks.first_mut() {
        for product in &products {
            for sku in &lone {
                met.item(product, sku);
            }
        }
    }
}

/// The texts of one kind in the order of their bytes, and for each desk the rank of each of its own.
fn ranked<Id: Ranked>(desks: &[Met], kind: impl Fn(&Met) -> &Texts<Id>) -> (TextTable, Vec<Ranks<Id>>) {
    let table = TextTable::of(desks.iter().flat_map(|met| kind(met).iter()));
    let ranks = desks.iter().map(|met| kind(met).ranks_in(&table)).collect();
    (table, ranks)
}

impl Order {
    /// Ids as they were met, for looking at rows before all texts are known.
    pub(super) fn as_met(met: &Met) -> Order {
        Order {
            partners: met.partners.unranked(),
            items: met.items.unranked(),
            markets: met.markets.unranked(),
            regions: met.regions.unranked(),
            promotions: met.promotions.unranked(),
            codes: met.codes.unranked(),
            tax_codes: met.tax_codes.unranked(),
        }
    }

    /// Gives a promotion its final ids; its lists are sorted and have no repeats, so that they compare as sets.
    pub(super) fn promotion(&self, row: &mut Promotion) {
        row.id = self.promotions.of(row.id);
        row.markets.iter_mut().for_each(|id| *id = self.markets.of(*id));
        row.regions.iter_mut().for_each(|id| *id = self.regions.of(*id));
        row.requires.iter_mut().for_each(|id| *id = self.items.of(*id));
        row.offers.iter_mut().for_each(|offer| offer.item = self.items.of(offer.item));
        as_set(&mut row.markets);
        as_set(&mut row.regions);
        as_set(&mut row.segments);
        as_set(&mut row.requires);
    }

    /// Gives a promo code its final ids.
    pub(super) fn code(&self, row: &mut PromoCode) {
        row.id = self.codes.of(row.id);
        row.markets.iter_mut().for_each(|id| *id = self.markets.of(*id));
        as_set(&mut row.markets);
        for id in row.items.iter_mut().flatten() {
            *id = self.items.of(*id);
        }
    }
}

fn as_set<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}
