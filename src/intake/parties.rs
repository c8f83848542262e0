//! Customers, partners, and seats held through others.

use super::columns::{customers as c, holdings as h, partners as p};
use super::desk::{Desk, Notes, distinct};
use super::error::IntakeError;
use super::order::Order;
use super::parts::Parts;
use super::row::{Cells, Row};
use super::words;
use super::worker::{Kind, Worker};
use crate::parcel::{Packing, Unpacking};
use termwise_engine::book::{Customer, Holding, Qualification, Qualifications};
use termwise_engine::catalog::{Partner, PartnerKind, Partners};
use termwise_engine::findings::{Code, Disposition, Source, Table};
use termwise_engine::ids::{CustomerId, ItemId, MarketId, PartnerId, PromotionId};

/// The rows of the partners file as they are read.
#[derive(Debug, Default)]
pub(super) struct PartnerRows(Vec<(PartnerId, Source, Option<Partner>)>);

impl PartnerRows {
    /// Reads a row of the partners file.
    pub(super) fn take(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
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
        self.0.extend(id.map(|id| (id, source, partner)));
    }

    /// The partners with their final ids.
    pub(super) fn partners(self, order: &Order, notes: &mut Notes) -> Partners {
        let partners = distinct(self.0, (Code::PartnerDuplicate, p::PARTNER_ID.name), notes);
        let ranked = |partner: Partner| Partner {
            id: order.partners.of(partner.id),
            region: partner.region.map(|id| order.regions.of(id)),
            ..partner
        };
        Partners::new(partners.into_iter().map(ranked).collect())
    }
}

/// A row of the customers file: who, where it stands, and what it says if that can be read.
pub(super) type CustomerRow<'a> = (&'a str, Source, Option<Customer>);

/// Before its part is linked a customer has no id.
const NOBODY: CustomerId = CustomerId::of_rank(0);

/// Reads a row of the customers file and packs it.
pub(super) fn take_customer(
    worker: &mut Worker,
    parts: &Parts,
    row: Row<'_>,
    source: Source,
) -> Result<(), IntakeError> {
    let Worker { desk: Desk { met, notes, faults }, scatter, .. } = worker;
    let mut cells = Cells::new(row, faults);
    let id = cells.text(c::CUSTOMER_ID);
    let market = cells.text(c::MARKET).map(|text| met.markets.meet(text));
    let held = cells.list(c::QUALIFICATIONS, words::qualification);
    let market = market.filter(|_| cells.is_clean());
    if market.is_none() || id.is_none() {
        notes.set(source, Disposition::Rejected, faults);
    }
    let Some(id) = id else { return Ok(()) };
    let part = scatter.part_of(id, parts);
    scatter.pack(part, parts, |out| {
        out.byte(Kind::Customer as u8);
        out.text(id);
        out.source(source);
        out.byte(u8::from(market.is_some()));
        if let Some(market) = market {
            out.number(market.rank() as u32);
            out.byte(held.iter().fold(0, |all, &one| all | 1 << one as u8));
        }
    })
}

/// Unpacks a row of the customers file after its kind.
pub(super) fn unpack_customer<'a>(from: &mut Unpacking<'a>, order: &Order) -> Option<CustomerRow<'a>> {
    let id = from.text()?;
    let source = from.source(Table::Customers)?;
    if from.byte()? == 0 {
        return Some((id, source, None));
    }
    let market = order.markets.of(MarketId::of_rank(from.number()? as usize));
    let held = from.byte()?;
    let has = |one: &Qualification| held >> (*one as u8) & 1 == 1;
    let qualifications = Qualification::ALL.into_iter().filter(has);
    let qualifications = qualifications.fold(Qualifications::default(), Qualifications::with);
    Some((id, source, Some(Customer { id: NOBODY, market, qualifications })))
}

/// Reads a row of the holdings file and packs it.
pub(super) fn take_holding(
    worker: &mut Worker,
    parts: &Parts,
    row: Row<'_>,
    source: Source,
) -> Result<(), IntakeError> {
    let Worker { desk: Desk { met, notes, faults }, scatter, .. } = worker;
    let mut cells = Cells::new(row, faults);
    let customer = cells.text(h::CUSTOMER_ID);
    let item = (cells.text(h::PRODUCT_ID), cells.text(h::SKU_ID));
    let quantity = cells.seats(h::QUANTITY);
    let promotion = cells.text(h::PROMOTION_ID);
    let clean = cells.is_clean();
    let (Some(customer), (Some(product), Some(sku)), Some(quantity), true) =
        (customer, item, quantity, clean)
    else {
        notes.set(source, Disposition::Rejected, faults);
        return Ok(());
    };
    let item = met.item(product, sku);
    let promotion = promotion.map(|text| met.promotions.meet(text));
    let part = scatter.part_of(customer, parts);
    scatter.pack(part, parts, |out: &mut Packing| {
        out.byte(Kind::Holding as u8);
        out.text(customer);
        out.number(item.rank() as u32);
        out.number(quantity);
        out.byte(u8::from(promotion.is_some()));
        promotion.iter().for_each(|id| out.number(id.rank() as u32));
    })
}

/// Unpacks a row of the holdings file after its kind: whose seats, and the seats.
pub(super) fn unpack_holding<'a>(from: &mut Unpacking<'a>, order: &Order) -> Option<(&'a str, Holding)> {
    let customer = from.text()?;
    let item = order.items.of(ItemId::of_rank(from.number()? as usize));
    let quantity = from.number()?;
    let is_named = from.byte()? == 1;
    let promotion = from.where_set(is_named, Unpacking::number)?;
    let promotion = promotion.map(|rank| order.promotions.of(PromotionId::of_rank(rank as usize)));
    Some((customer, Holding { customer: NOBODY, item, quantity, promotion }))
}
