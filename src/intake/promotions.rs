//! Promotions, row by row, and promo codes.

use super::columns::{promo_codes as c, promotions as p};
use super::desk::{Desk, Met, Notes, distinct};
use super::order::Order;
use super::row::{Cells, Row};
use super::{cell, words};
use crate::names::SharedNames;
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::calendar::Period;
use termwise_engine::catalog::{Commerce, Offer, PromoCode, PromoCodes, Promotion, Promotions};
use termwise_engine::findings::{Code, Disposition, Source};
use termwise_engine::ids::{CodeId, ItemId, PromotionId};

/// The rows of promotions as they are read: each a promotion with the one offer that the row names.
#[derive(Debug, Default)]
pub(super) struct PromotionRows {
    rows: Vec<(Promotion, Source)>,
    /// What rows call their promotion. It is free text, so nothing can be wrong with it.
    names: Vec<(PromotionId, Source, Box<str>)>,
}

impl PromotionRows {
    /// Reads a row.
    pub(super) fn take(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let Desk { met, notes, faults } = desk;
        match read_promotion(&mut Cells::new(row, faults), met) {
            Some(promotion) if faults.is_empty() => {
                let name = row.cell(p::NAME);
                if !name.is_empty() {
                    self.names.push((promotion.id, source, name.into()));
                }
                self.rows.push((promotion, source));
            }
            Some(_) | None => notes.set(source, Disposition::Rejected, faults),
        }
    }

    /// What promotions are called, by their final ids: as the first of their rows says that has a name.
    pub(super) fn names(&self, order: &Order) -> BTreeMap<PromotionId, String> {
        let mut named: Vec<_> =
            self.names.iter().map(|(id, source, name)| (order.promotions.of(*id), *source, name)).collect();
        named.sort_unstable_by(|left, right| right.cmp(left));
        named.into_iter().map(|(id, _, name)| (id, name.to_string())).collect()
    }

    /// Each row's promotion with its final ids, in the order in which they were read.
    pub(super) fn each<'a>(&'a self, order: &'a Order) -> impl Iterator<Item = Promotion> + 'a {
        self.rows.iter().map(|(promotion, _)| {
            let mut promotion = promotion.clone();
            order.promotion(&mut promotion);
            promotion
        })
    }

    /// The promotions with their final ids; one whose rows differ in more than what they name is left out (C14).
    pub(super) fn promotions(
        self,
        unlicensed: BTreeSet<ItemId>,
        order: &Order,
        notes: &mut Notes,
    ) -> Promotions {
        let mut rows = self.rows;
        rows.iter_mut().for_each(|(promotion, _)| order.promotion(promotion));
        rows.sort_by_key(|(promotion, source)| (promotion.id, *source));
        let mut promotions = Vec::new();
        for same in rows.chunk_by(|left, right| left.0.id == right.0.id) {
            let (first, rest) = (&same[0].0, &same[1..]);
            let mut offers: Vec<Offer> =
                same.iter().flat_map(|(row, _)| row.offers.iter().copied()).collect();
            offers.sort_unstable();
            offers.dedup();
            let named = |offer: &Offer| (offer.item, offer.term, offer.billing_cycle);
            let twice = offers.windows(2).any(|pair| named(&pair[0]) == named(&pair[1]));
            let column = rest.iter().find_map(|(row, _)| difference(first, row));
            match column.or(twice.then_some(p::DISCOUNT.name)) {
                Some(column) => {
                    same.iter()
                        .for_each(|(_, source)| notes.reject(*source, Code::PromotionRowsDiffer, column));
                }
                None => promotions.push(Promotion { offers, ..first.clone() }),
            }
        }
        Promotions::new(promotions, unlicensed)
    }
}

fn read_promotion(cells: &mut Cells<'_, '_>, met: &mut Met) -> Option<Promotion> {
    let id = cells.text(p::PROMOTION_ID).map(|text| met.promotions.meet(text));
    let (product, sku) = (cells.text(p::PRODUCT_ID), cells.text(p::SKU_ID));
    let term = cells.word(p::TERM, words::term);
    let billing_cycle = cells.word(p::BILLING_CYCLE, words::billing_cycle);
    let markets = cells.list(p::MARKETS, |text| Some(met.markets.meet(text)));
    let regions = cells.list(p::REGIONS, |text| Some(met.regions.meet(text)));
    let segments = cells.list(p::SEGMENTS, words::segment);
    let discount = cells.read(p::DISCOUNT, cell::discount);
    let first = cells.read(p::STARTS_ON, cell::open_day);
    let last = cells.read(p::ENDS_ON, cell::open_day);
    let window = first.zip(last).and_then(|(first, last)| {
        let window = Period::new(first, last);
        if window.is_none() {
            cells.fault(Code::DateInvalid, p::ENDS_ON);
        }
        window
    });
    let min_seats = cells.read(p::MIN_SEATS, cell::whole);
    let max_seats = cells.read(p::MAX_SEATS, cell::whole);
    let max_redemptions = cells.read(p::MAX_REDEMPTIONS, cell::whole);
    let first_purchase = cells.read(p::FIRST_PURCHASE, cell::boolean).unwrap_or(false);
    let requires = cells.list(p::REQUIRES, |text| {
        let (product, sku) = words::product_and_sku(text)?;
        Some(met.item(product, sku))
    });
    let auto_applicable = cells.read(p::AUTO_APPLICABLE, cell::boolean).unwrap_or(true);
    let commerce = cells.word(p::COMMERCE, words::commerce).unwrap_or(Commerce::New);
    let offer = Offer { item: met.item(product?, sku?), term: term?, billing_cycle, discount: discount? };
    Some(Promotion {
        id: id?,
        commerce,
        window: window?,
        markets,
        regions,
        segments,
        min_seats,
        max_seats,
        max_redemptions,
        first_purchase,
        requires,
        auto_applicable,
        offers: vec![offer],
    })
}

/// The first column in which two rows of a promotion differ that must be equal.
fn difference(left: &Promotion, right: &Promotion) -> Option<&'static str> {
    let columns = [
        (p::MARKETS, left.markets == right.markets),
        (p::REGIONS, left.regions == right.regions),
        (p::SEGMENTS, left.segments == right.segments),
        (p::STARTS_ON, left.window.first == right.window.first),
        (p::ENDS_ON, left.window.last == right.window.last),
        (p::MIN_SEATS, left.min_seats == right.min_seats),
        (p::MAX_SEATS, left.max_seats == right.max_seats),
        (p::MAX_REDEMPTIONS, left.max_redemptions == right.max_redemptions),
        (p::FIRST_PURCHASE, left.first_purchase == right.first_purchase),
        (p::REQUIRES, left.requires == right.requires),
        (p::AUTO_APPLICABLE, left.auto_applicable == right.auto_applicable),
        (p::COMMERCE, left.commerce == right.commerce),
    ];
    columns.into_iter().find(|(_, equal)| !equal).map(|(column, _)| column.name)
}

/// The rows of promo codes as they are read.
#[derive(Debug, Default)]
pub(super) struct CodeRows {
    rows: Vec<(CodeId, Source, Option<CodeRow>)>,
}

#[derive(Debug)]
struct CodeRow {
    code: PromoCode,
    /// A product whose SKUs the code is all for.
    product: Option<Box<str>>,
}

impl CodeRows {
    /// Reads a row.
    pub(super) fn take(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let Desk { met, notes, faults } = desk;
        let mut cells = Cells::new(row, faults);
        let id = cells.text(c::CODE).map(|text| met.codes.meet(text));
        let code = id.and_then(|id| read_code(&mut cells, id, met)).filter(|_| cells.is_clean());
        if code.is_none() {
            notes.set(source, Disposition::Rejected, faults);
        }
        self.rows.extend(id.map(|id| (id, source, code)));
    }

    /// The codes with their final ids; `names` has all products and SKUs in their order.
    pub(super) fn codes(self, names: &SharedNames, order: &Order, notes: &mut Notes) -> PromoCodes {
        let rows = distinct(self.rows, (Code::PromoCodeDuplicate, c::CODE.name), notes);
        let codes = rows.into_iter().map(|row| {
            let mut code = row.code;
            order.code(&mut code);
            if let Some(product) = row.product {
                let all = 0..names.products.len();
                let own = all.filter(|&item| names.products.get(item) == &*product);
                code.items = Some(own.map(ItemId::of_rank).collect());
            }
            code
        });
        PromoCodes::new(codes.collect())
    }
}

fn read_code(cells: &mut Cells<'_, '_>, id: CodeId, met: &mut Met) -> Option<CodeRow> {
    let discount = cells.read(c::DISCOUNT, cell::discount);
    let (product, sku) = (cells.text(c::PRODUCT_ID), cells.text(c::SKU_ID));
    if product.is_none() && sku.is_some() {
        cells.fault(Code::ValueMissing, c::PRODUCT_ID);
    }
    let markets = cells.list(c::MARKETS, |text| Some(met.markets.meet(text)));
    let redeem_from = cells.read(c::REDEEM_FROM, cell::open_day);
    let redeem_by = cells.read(c::REDEEM_BY, cell::open_day);
    let max_licences = cells.read(c::MAX_LICENCES, cell::whole);
    let items = product.zip(sku).map(|(product, sku)| vec![met.item(product, sku)]);
    let product = if items.is_some() { None } else { product.map(Into::into) };
    let code = PromoCode {
        id,
        discount: discount?,
        items,
        markets,
        redeem_from,
        redeem_by: redeem_by?,
        max_licences,
    };
    Some(CodeRow { code, product })
}
