//! Customers, partners, and seats held through others.

use super::columns::{customers as c, holdings as h, partners as p};
use super::desk::{Desk, Notes, distinct};
use super::order::Order;
use super::row::{Cells, Row};
use super::{cell, words};
use termwise_engine::book::{Customer, Holding, Qualifications};
use termwise_engine::catalog::{Partner, PartnerKind, Partners};
use termwise_engine::findings::{Code, Disposition, Source};
use termwise_engine::ids::{CustomerId, PartnerId};

/// The rows of the three inputs as they are read.
#[derive(Debug, Default)]
pub(super) struct PartyRows {
    customers: Vec<(CustomerId, Source, Option<Customer>)>,
    partners: Vec<(PartnerId, Source, Option<Partner>)>,
    holdings: Vec<Holding>,
}

/// What the rows become.
pub(super) struct Parties {
    /// Shared by all customers.
    pub partners: Partners,
    /// `None` for a file that the job does not name (B17).
    pub customers: Option<Vec<Customer>>,
    /// Seats held through others.
    pub holdings: Vec<Holding>,
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

    /// Whom the files know, with their final ids: the shared side, and what lies with each customer. The customers are
    /// `None` without a file of them (B17).
    pub(super) fn parties(self, has_customers: bool, order: &Order, notes: &mut Notes) -> Parties {
        let customers = distinct(self.customers, (Code::CustomerDuplicate, c::CUSTOMER_ID.name), notes);
        let ranked = |customer: Customer| Customer {
            id: order.customers.of(customer.id),
            market: order.markets.of(customer.market),
            ..customer
        };
        let customers: Vec<Customer> = customers.into_iter().map(ranked).collect();
        let partners = distinct(self.partners, (Code::PartnerDuplicate, p::PARTNER_ID.name), notes);
        let ranked = |partner: Partner| Partner {
            id: order.partners.of(partner.id),
            region: partner.region.map(|id| order.regions.of(id)),
            ..partner
        };
        let partners = Partners::new(partners.into_iter().map(ranked).collect());
        let mut holdings = self.holdings;
        for holding in &mut holdings {
            holding.customer = order.customers.of(holding.customer);
            holding.item = order.items.of(holding.item);
            holding.promotion = holding.promotion.map(|id| order.promotions.of(id));
        }
        Parties { partners, customers: has_customers.then_some(customers), holdings }
    }
}
