//! The order of texts: every provisional id becomes the rank of its text, and the names are kept.

use super::desk::{ITEM_MARK, Met};
use super::texts::Ranks;
use crate::names::{Names, SharedNames, Texts};
use std::sync::Arc;
use termwise_engine::book::{PromotionCell, Redemption, ScheduledChange, SeatChange, Subscription};
use termwise_engine::catalog::{PromoCode, Promotion};
use termwise_engine::ids::{
    BillToId, ChangeId, CodeId, CustomerId, ItemId, MarketId, OrderId, PartnerId, PromotionId, RegionId,
    TaxCodeId,
};

/// The rank of everything but subscriptions, which are ranked by customer first.
#[derive(Debug)]
pub(super) struct Order {
    /// Customers.
    pub customers: Ranks<CustomerId>,
    /// Partners.
    pub partners: Ranks<PartnerId>,
    bill_tos: Ranks<BillToId>,
    orders: Ranks<OrderId>,
    /// Products and SKUs.
    pub items: Ranks<ItemId>,
    /// Markets.
    pub markets: Ranks<MarketId>,
    /// Regions.
    pub regions: Ranks<RegionId>,
    /// Promotions.
    pub promotions: Ranks<PromotionId>,
    codes: Ranks<CodeId>,
    tax_codes: Ranks<TaxCodeId>,
    changes: Ranks<ChangeId>,
}

impl Order {
    /// Ranks every text, and gives the names without the subscriptions, and the subscriptions' texts as they were met.
    pub(super) fn of(met: Met) -> (Order, Names, Vec<Box<str>>) {
        let (customer_names, customers) = met.customers.ranked_table();
        let (partner_names, partners) = met.partners.ranked_table();
        let (bill_to_names, bill_tos) = met.bill_tos.ranked_table();
        let (order_names, orders) = met.orders.ranked_table();
        let (item_texts, items) = met.items.ranked();
        let (market_names, markets) = met.markets.ranked_table();
        let (region_names, regions) = met.regions.ranked_table();
        let (promotion_names, promotions) = met.promotions.ranked_table();
        let (code_names, codes) = met.codes.ranked_table();
        let (tax_code_names, tax_codes) = met.tax_codes.ranked_table();
        let (change_names, changes) = met.changes.ranked_table();
        let split = |text: &str| {
            text.split_once(ITEM_MARK).map(|(product, sku)| (product.to_owned(), sku.to_owned()))
        };
        let parts: Vec<(String, String)> =
            item_texts.iter().map(|text| split(text).unwrap_or_default()).collect();
        let shared = SharedNames {
            partners: partner_names,
            products: parts.iter().map(|(product, _)| product.as_str()).collect(),
            skus: parts.iter().map(|(_, sku)| sku.as_str()).collect(),
            markets: market_names,
            regions: region_names,
            promotions: promotion_names,
            codes: code_names,
            tax_codes: tax_code_names,
        };
        let names = Names {
            shared: Arc::new(shared),
            customers: customer_names,
            subscriptions: Texts::default(),
            bill_tos: bill_to_names,
            orders: order_names,
            changes: change_names,
        };
        let order = Order {
            customers,
            partners,
            bill_tos,
            orders,
            items,
            markets,
            regions,
            promotions,
            codes,
            tax_codes,
            changes,
        };
        (order, names, met.subscriptions.into_texts())
    }

    fn cell(&self, cell: PromotionCell) -> PromotionCell {
        match cell {
            PromotionCell::Id(id) => PromotionCell::Id(self.promotions.of(id)),
            PromotionCell::Empty | PromotionCell::Declined => cell,
        }
    }

    /// Gives a subscription its final ids, but for its own.
    pub(super) fn subscription(&self, row: &mut Subscription) {
        row.customer = self.customers.of(row.customer);
        row.partner = row.partner.map(|id| self.partners.of(id));
        row.bill_to = row.bill_to.map(|id| self.bill_tos.of(id));
        row.order = row.order.map(|id| self.orders.of(id));
        row.item = self.items.of(row.item);
        row.market = self.markets.of(row.market);
        row.promotion = self.cell(row.promotion);
        row.tax_code = row.tax_code.map(|id| self.tax_codes.of(id));
    }

    /// Gives a seat change its final ids, but for its subscription's.
    pub(super) fn seat_change(&self, row: &mut SeatChange) {
        row.change = row.change.map(|id| self.changes.of(id));
    }

    /// Gives a redemption its final ids, but for its subscription's.
    pub(super) fn redemption(&self, row: &mut Redemption) {
        row.code = self.codes.of(row.code);
        row.order = row.order.map(|id| self.orders.of(id));
    }

    /// Gives a scheduled change its final ids, but for its subscription's.
    pub(super) fn scheduled_change(&self, row: &mut ScheduledChange) {
        row.item = row.item.map(|id| self.items.of(id));
        row.promotion = self.cell(row.promotion);
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
