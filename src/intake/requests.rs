//! Requests of eligibility, row by row: purchases that nobody has made yet.

use super::columns::requests as r;
use super::desk::{Desk, Met, Notes};
use super::order::Order;
use super::row::{Cells, Row};
use super::words;
use std::collections::BTreeMap;
use termwise_engine::calendar::{BillingCycle, Instant, Term};
use termwise_engine::catalog::Segment;
use termwise_engine::findings::{Code, Disposition, Source};
use termwise_engine::ids::{ItemId, MarketId, PartnerId, PromotionId};
use termwise_engine::money::Currency;

/// A purchase that somebody asks about (R15).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Where it stands.
    pub source: Source,
    /// Its id.
    pub id: Box<str>,
    /// Who would buy.
    pub customer: Box<str>,
    /// Who would sell.
    pub partner: Option<PartnerId>,
    /// Product and SKU.
    pub item: ItemId,
    /// Segment.
    pub segment: Segment,
    /// The customer's country.
    pub market: MarketId,
    /// What it would be priced in; none: what the customer is billed in already, or a price exists in.
    pub currency: Option<Currency>,
    /// Seats.
    pub quantity: u32,
    /// Committed length.
    pub term: Term,
    /// How often it would be charged.
    pub billing_cycle: BillingCycle,
    /// When it would be ordered; its term would begin on that day.
    pub on: Instant,
    /// The promotion asked for; none: every one that names the product and SKU is meant.
    pub promotion: Option<PromotionId>,
}

/// The rows of requests as they are read.
#[derive(Debug, Default)]
pub(super) struct RequestRows(Vec<(Option<Box<str>>, Source, Option<Request>)>);

impl RequestRows {
    /// Reads a row.
    pub(super) fn take(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let Desk { met, notes, faults } = desk;
        let mut cells = Cells::new(row, faults);
        let id = cells.text(r::REQUEST_ID);
        let request = read_request(&mut cells, source, id.unwrap_or_default(), met);
        let request = request.filter(|_| cells.is_clean());
        if request.is_none() {
            notes.set(source, Disposition::Rejected, faults);
        }
        self.0.push((id.map(Into::into), source, request));
    }

    /// The requests with their final ids, in the order of their rows. Of an id in several rows none is answered: nobody could
    /// tell the answers apart (C10).
    pub(super) fn requests(self, order: &Order, notes: &mut Notes) -> Vec<Request> {
        let mut rows_of: BTreeMap<Box<str>, u32> = BTreeMap::new();
        for id in self.0.iter().filter_map(|(id, ..)| id.clone()) {
            *rows_of.entry(id).or_default() += 1;
        }
        let is_repeated =
            |id: &Option<Box<str>>| id.as_ref().and_then(|id| rows_of.get(id)).is_some_and(|&rows| rows > 1);
        let mut requests = Vec::with_capacity(self.0.len());
        for (id, source, request) in self.0 {
            if is_repeated(&id) {
                notes.reject(source, Code::RequestDuplicate, r::REQUEST_ID.name);
                continue;
            }
            requests.extend(request.map(|request| Request {
                partner: request.partner.map(|id| order.partners.of(id)),
                item: order.items.of(request.item),
                market: order.markets.of(request.market),
                promotion: request.promotion.map(|id| order.promotions.of(id)),
                ..request
            }));
        }
        requests
    }
}

/// Every cell of a row; `None` where one that must be there is not.
fn read_request(cells: &mut Cells<'_, '_>, source: Source, id: &str, met: &mut Met) -> Option<Request> {
    let customer = cells.text(r::CUSTOMER_ID);
    let partner = cells.text(r::PARTNER_ID).map(|text| met.partners.meet(text));
    let (product, sku) = (cells.text(r::PRODUCT_ID), cells.text(r::SKU_ID));
    let segment = cells.word(r::SEGMENT, words::segment).unwrap_or(Segment::Commercial);
    let market = cells.text(r::MARKET).map(|text| met.markets.meet(text));
    let currency = cells.read(r::CURRENCY, |code| Currency::from_code(code).ok_or(Code::CurrencyUnknown));
    let quantity = cells.signed_seats(r::QUANTITY);
    let term = cells.word(r::TERM, words::term);
    let billing_cycle = cells.word(r::BILLING_CYCLE, words::billing_cycle);
    let on = cells.instant(r::ON);
    let promotion = cells.text(r::PROMOTION_ID).map(|text| met.promotions.meet(text));
    Some(Request {
        source,
        id: id.into(),
        customer: customer?.into(),
        partner,
        item: met.item(product?, sku?),
        segment,
        market: market?,
        currency,
        // Less than none is as little as none: the rule refuses both (B29).
        quantity: quantity?.max(0).cast_unsigned(),
        term: term?,
        billing_cycle: billing_cycle?,
        on: on?,
        promotion,
    })
}
