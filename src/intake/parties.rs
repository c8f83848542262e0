//! Customers, partners, and seats held through others.

use super::columns::{customers as c, holdings as h, partners as p};
use super::desk::{Desk, Notes, distinct};
use super::order::Order;
use super::row::{Cells, Row};
use super::{cell, words};
use std::collections::BTreeMap;
use termwise_engine::catalog::{Customer, Holding, Parties, Partner, PartnerKind, Qualifications};
use termwise_engine::findings::{Code, Disposition, Source};
use termwise_engine::ids::{CustomerId, PartnerId};

/// The rows of the three inputs as they are read.
#[derive(Debug, Default)]
pub(super) struct PartyRows {
    customers: Vec<(CustomerId, Source, Option<Customer>)>,
    partners: Vec<(PartnerId, Source, Option<Partner>)>,
    holdings: Vec<Holding>,
}

impl PartyRows {
    /// Reads a row of the customers file.
    pub(super) fn customer(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let Desk { met, notes, faults } = desk;
        let mut cells = Cells::new(row, faults);
        let id = cells.text(c::CUSTOMER_ID).map(|text| met.customers.meet(text));
        let market = cells.text(c::MARKET).map(|text| met.markets.meet(text));
        let held = cells.list(c::QUALIFICATIONS, words::qualification);
        let qualifications = held.into_iter().fold(Qualifications::default(), Qualifications::with);
        let clean = cells.is_clean();
        let customer = id.zip(market).filter(|_| clean);
        let customer = customer.map(|(id, market)| Customer { id, market, qualifications });
        if customer.is_none() {
            notes.set(source, Disposition::Rejected, faults);
        }
        self.customers.extend(id.map(|id| (id, source, customer)));
    }

    /// Reads a row of the partners file.
    pub(super) fn partner(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let Desk { met, notes, faults } = desk;
        let mut cells = Cells::new(row, faults);
        let id = cells.text(p::PARTNER_ID).map(|text| met.partners.meet(text));
        let region = cells.text(p::REGION).map(|text| met.regions.meet(text));
        let kind = cells.word(p::KIND, words::partner_kind).unwrap_or(PartnerKind::Direct);
        let has_provider = cells.text(p::PROVIDER_ID).is_some();
        let clean = cells.is_clean();
        let partner = id.filter(|_| clean).map(|id| Partner { id, region, kind, has_provider });
        if partner.is_none() {
            notes.set(source, Disposition::Rejected, faults);
        }
        self.partners.extend(id.map(|id| (id, source, partner)));
    }

    /// Reads a row of the holdings file.
    pub(super) fn holding(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let Desk { met, notes, faults } = desk;
        let mut cells = Cells::new(row, faults);
        let customer = cells.text(h::CUSTOMER_ID);
        let item = (cells.text(h::PRODUCT_ID), cells.text(h::SKU_ID));
        let quantity = cells.read(h::QUANTITY, cell::seats);
        let promotion = cells.text(h::PROMOTION_ID);
        let clean = cells.is_clean();
        match (customer, item, quantity) {
            (Some(customer), (Some(product), Some(sku)), Some(quantity)) if clean => {
                self.holdings.push(Holding {
                    customer: met.customers.meet(customer),
                    item: met.item(product, sku),
                    quantity,
                    promotion: promotion.map(|text| met.promotions.meet(text)),
                })
            }
            _ => notes.set(source, Disposition::Rejected, faults),
        }
    }

    /// Customers, partners and holdings with their final ids; `None` for a file that the job does not name (B17, B18).
    pub(super) fn parties(self, has: (bool, bool), order: &Order, notes: &mut Notes) -> Parties {
        let customers = distinct(self.customers, (Code::CustomerDuplicate, c::CUSTOMER_ID.name), notes);
        let customers: BTreeMap<CustomerId, Customer> = customers
            .into_iter()
            .map(|customer| {
                let id = order.customers.of(customer.id);
                (id, Customer { id, market: order.markets.of(customer.market), ..customer })
            })
            .collect();
        let partners = distinct(self.partners, (Code::PartnerDuplicate, p::PARTNER_ID.name), notes);
        let partners: BTreeMap<PartnerId, Partner> = partners
            .into_iter()
            .map(|partner| {
                let id = order.partners.of(partner.id);
                (id, Partner { id, region: partner.region.map(|id| order.regions.of(id)), ..partner })
            })
            .collect();
        let mut holdings = self.holdings;
        for holding in &mut holdings {
            holding.customer = order.customers.of(holding.customer);
            holding.item = order.items.of(holding.item);
            holding.promotion = holding.promotion.map(|id| order.promotions.of(id));
        }
        holdings.sort_unstable();
        Parties { customers: has.0.then_some(customers), partners: has.1.then_some(partners), holdings }
    }
}
