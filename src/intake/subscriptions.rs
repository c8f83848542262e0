//! Subscriptions, row by row.

use super::columns::subscriptions as s;
use super::desk::{Desk, Met};
use super::row::{Cells, Fault, Row};
use super::{cell, words};
use termwise_engine::book::{Channel, Origin, PromotionCell, Status, Subscription};
use termwise_engine::catalog::{Commerce, Segment};
use termwise_engine::findings::{Code, Disposition, Source};
use termwise_engine::ids::SubscriptionId;
use termwise_engine::money::Currency;

/// The rows of subscriptions as they are read; ids are provisional.
#[derive(Debug, Default)]
pub(super) struct SubscriptionRows {
    /// Rows that can be read.
    pub rows: Vec<Subscription>,
    /// Rows that can't.
    pub unread: Vec<Unread>,
    /// In how many rows each subscription_id stands.
    pub seen: Vec<u32>,
}

/// A row that can't be read.
#[derive(Debug)]
pub(super) struct Unread {
    /// Where it stands.
    pub source: Source,
    /// Its subscription_id, where that can be read.
    pub id: Option<SubscriptionId>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

impl Unread {
    /// A row of which something can't be read waits (R60); one whose currency we don't know is turned down (C20).
    pub(super) fn disposition(&self) -> Disposition {
        if self.faults.iter().all(|(code, _)| *code == Code::CurrencyUnknown) {
            Disposition::Rejected
        } else {
            Disposition::Parked
        }
    }
}

/// What a cell says of promotions.
pub(super) fn promotion(text: Option<&str>, met: &mut Met) -> PromotionCell {
    match text {
        None => PromotionCell::Empty,
        Some("none") => PromotionCell::Declined,
        Some(id) => PromotionCell::Id(met.promotions.meet(id)),
    }
}

impl SubscriptionRows {
    /// Reads a row.
    pub(super) fn take(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let Desk { met, faults, .. } = desk;
        let mut cells = Cells::new(row, faults);
        let id = cells.text(s::SUBSCRIPTION_ID).map(|text| met.subscriptions.meet(text));
        if let Some(id) = id {
            let known = met.subscriptions.len();
            self.seen.resize(known, 0);
            met.sold.resize(known, None);
            self.seen[id.rank()] += 1;
        }
        let read = id.and_then(|id| read_row(&mut cells, id, source, met)).filter(|_| cells.is_clean());
        match read {
            Some(subscription) => {
                met.sold[subscription.id.rank()] = Some(subscription.item);
                self.rows.push(subscription);
            }
            None => {
                if id.is_none() {
                    // The other cells' faults are reported all the same.
                    let _ = read_row(&mut cells, SubscriptionId::of_rank(0), source, &mut Met::default());
                }
                self.unread.push(Unread { source, id, faults: faults.clone() });
            }
        }
    }
}

/// Every cell of a row; `None` where one that must be there is not. Cells are all read before any is asked for, so that
/// a row's faults are found at once.
fn read_row(
    cells: &mut Cells<'_, '_>,
    id: SubscriptionId,
    source: Source,
    met: &mut Met,
) -> Option<Subscription> {
    let customer = cells.text(s::CUSTOMER_ID).map(|text| met.customers.meet(text));
    let partner = cells.text(s::PARTNER_ID).map(|text| met.partners.meet(text));
    // A customer that is named as its own bill-to is one invoice, not two (B33).
    let own = cells.text(s::CUSTOMER_ID);
    let bill_to =
        cells.text(s::BILL_TO_ID).filter(|text| Some(*text) != own).map(|text| met.bill_tos.meet(text));
    let order = cells.text(s::ORDER_ID).map(|text| met.orders.meet(text));
    let commerce = cells.word(s::COMMERCE, words::commerce).unwrap_or(Commerce::New);
    let item =
        cells.text(s::PRODUCT_ID).zip(cells.text(s::SKU_ID)).map(|(product, sku)| met.item(product, sku));
    let segment = cells.word(s::SEGMENT, words::segment).unwrap_or(Segment::Commercial);
    let market = cells.text(s::MARKET).map(|text| met.markets.meet(text));
    let currency = cells.read(s::CURRENCY, |code| Currency::from_code(code).ok_or(Code::CurrencyUnknown));
    let term = cells.word(s::TERM, words::term);
    let billing_cycle = cells.word(s::BILLING_CYCLE, words::billing_cycle);
    let quantity = cells.read(s::QUANTITY, cell::signed_seats);
    let quantity_as_of = cells.read(s::QUANTITY_AS_OF, cell::instant);
    let ordered_at = cells.read(s::ORDERED_AT, cell::instant);
    let term_start = cells.read(s::TERM_START, cell::day);
    let term_end = cells.read(s::TERM_END, cell::day);
    let anchored_on = cells.read(s::ANCHORED_ON, cell::day);
    let unit_price = cells.read(s::UNIT_PRICE, cell::money);
    let promotion = promotion(cells.text(s::PROMOTION_ID), met);
    let auto_renew = cells.read(s::AUTO_RENEW, cell::boolean).unwrap_or(true);
    let status = cells.word(s::STATUS, words::status).unwrap_or(Status::Active);
    let origin = cells.word(s::ORIGIN, words::origin).unwrap_or(Origin::Purchase);
    let channel = cells.word(s::CHANNEL, words::channel).unwrap_or(Channel::Reseller);
    let tax_code = cells.text(s::TAX_CODE).map(|text| met.tax_codes.meet(text));
    Some(Subscription {
        source,
        id,
        customer: customer?,
        partner,
        bill_to,
        order,
        commerce,
        item: item?,
        segment,
        market: market?,
        currency: currency?,
        term: term?,
        billing_cycle: billing_cycle?,
        // Less than none is as little as none: the rule refuses both (B29).
        quantity: quantity?.max(0).cast_unsigned(),
        quantity_as_of,
        ordered_at,
        term_start: term_start?,
        term_end,
        anchored_on,
        unit_price,
        promotion,
        auto_renew,
        status,
        origin,
        channel,
        tax_code,
        parked: false,
    })
}
