//! Subscriptions, row by row.

use super::columns::subscriptions as s;
use super::desk::{Desk, Met};
use super::error::IntakeError;
use super::memo::{Memo, PairMemo};
use super::order::Order;
use super::parts::Parts;
use super::row::{Cells, Fault, Row};
use super::words;
use super::worker::{Kind, Worker};
use crate::parcel::{Packing, Unpacking};
use termwise_engine::book::{Channel, Origin, PromotionCell, Status, Subscription};
use termwise_engine::calendar::{BillingCycle, Term};
use termwise_engine::catalog::{Commerce, Segment};
use termwise_engine::findings::{Code, Disposition, Source, Table};
use termwise_engine::ids::{
    BillToId, CustomerId, ItemId, MarketId, OrderId, PartnerId, PromotionId, SubscriptionId, TaxCodeId,
};
use termwise_engine::money::{Currency, Price};

/// The column of a subscription's id.
pub(super) const ID: super::columns::Column = s::SUBSCRIPTION_ID;

/// A row that can't be read.
#[derive(Debug)]
pub(super) struct Unread {
    /// Where it stands.
    pub source: Source,
    /// Its subscription_id, where that can be read.
    pub id: Option<Box<str>>,
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

/// What the words of subscriptions came to.
#[derive(Debug, Default)]
pub(super) struct SubscriptionMemos {
    partner: Memo<PartnerId>,
    commerce: Memo<Commerce>,
    item: PairMemo<ItemId>,
    segment: Memo<Segment>,
    market: Memo<MarketId>,
    currency: Memo<Currency>,
    term: Memo<Term>,
    billing_cycle: Memo<BillingCycle>,
    promotion: Memo<PromotionId>,
    status: Memo<Status>,
    origin: Memo<Origin>,
    channel: Memo<Channel>,
    tax_code: Memo<TaxCodeId>,
}

/// What a cell says of promotions.
pub(super) fn promotion(text: Option<&str>, memo: &mut Memo<PromotionId>, met: &mut Met) -> PromotionCell {
    match text {
        None => PromotionCell::Empty,
        Some("none") => PromotionCell::Declined,
        Some(text) => {
            let id = memo.of(text, |text| Some(met.promotions.meet(text)));
            id.map_or(PromotionCell::Empty, PromotionCell::Id)
        }
    }
}

/// A row with the texts of its own; the ids of those texts are not made yet, and the shared ones are provisional.
#[derive(Clone, Copy, Debug)]
pub(super) struct SubscriptionRow<'a> {
    /// Everything but those texts.
    pub row: Subscription,
    /// The subscription's id.
    pub id: &'a str,
    /// The customer's.
    pub customer: &'a str,
    /// The order's, or nothing.
    pub order: &'a str,
    /// The bill-to's, or nothing.
    pub bill_to: &'a str,
}

/// Reads a row and packs it; notes one that can't be read.
pub(super) fn take(
    worker: &mut Worker,
    parts: &Parts,
    row: Row<'_>,
    source: Source,
) -> Result<(), IntakeError> {
    let Worker { desk: Desk { met, faults, .. }, subscription_memos: memos, .. } = worker;
    let mut cells = Cells::new(row, faults);
    let id = cells.text(s::SUBSCRIPTION_ID);
    let read = read_row(&mut cells, id.unwrap_or_default(), source, memos, met);
    match read.filter(|_| cells.is_clean()) {
        Some(read) => {
            let part = worker.pack(read.customer, parts, |packing| read.pack(packing))?;
            worker.entries.add(read.id, Some(part));
        }
        None => {
            if let Some(id) = id {
                worker.entries.add(id, None);
            }
            worker.unread.push(Unread { source, id: id.map(Into::into), faults: faults.clone() });
        }
    }
    Ok(())
}

/// Every cell of a row; `None` where one that must be there is not. Cells are all read before any is asked for, so that
/// a row's faults are found at once.
fn read_row<'a>(
    cells: &mut Cells<'_, 'a>,
    id: &'a str,
    source: Source,
    memos: &mut SubscriptionMemos,
    met: &mut Met,
) -> Option<SubscriptionRow<'a>> {
    let m = memos;
    let customer = cells.text(s::CUSTOMER_ID);
    let partner = cells.known(s::PARTNER_ID, &mut m.partner, |text| Some(met.partners.meet(text)));
    // A customer that is named as its own bill-to is one invoice, not two (B33).
    let bill_to = cells.text(s::BILL_TO_ID).filter(|text| Some(*text) != customer);
    let order = cells.text(s::ORDER_ID);
    let commerce = cells.known(s::COMMERCE, &mut m.commerce, words::commerce).unwrap_or(Commerce::New);
    let item = item(cells, &mut m.item, met);
    let segment = cells.known(s::SEGMENT, &mut m.segment, words::segment).unwrap_or(Segment::Commercial);
    let market = cells.known(s::MARKET, &mut m.market, |text| Some(met.markets.meet(text)));
    let currency = cells.known_or(s::CURRENCY, &mut m.currency, Code::CurrencyUnknown, Currency::from_code);
    let term = cells.known(s::TERM, &mut m.term, words::term);
    let billing_cycle = cells.known(s::BILLING_CYCLE, &mut m.billing_cycle, words::billing_cycle);
    let quantity = cells.signed_seats(s::QUANTITY);
    let quantity_as_of = cells.instant(s::QUANTITY_AS_OF);
    let ordered_at = cells.instant(s::ORDERED_AT);
    let term_start = cells.day(s::TERM_START);
    let term_end = cells.day(s::TERM_END);
    let anchored_on = cells.day(s::ANCHORED_ON);
    let unit_price = cells.money(s::UNIT_PRICE);
    let promotion = promotion(cells.text(s::PROMOTION_ID), &mut m.promotion, met);
    let auto_renew = cells.flag(s::AUTO_RENEW).unwrap_or(true);
    let status = cells.known(s::STATUS, &mut m.status, words::status).unwrap_or(Status::Active);
    let origin = cells.known(s::ORIGIN, &mut m.origin, words::origin).unwrap_or(Origin::Purchase);
    let channel = cells.known(s::CHANNEL, &mut m.channel, words::channel).unwrap_or(Channel::Reseller);
    let tax_code = cells.known(s::TAX_CODE, &mut m.tax_code, |text| Some(met.tax_codes.meet(text)));
    let row = Subscription {
        source,
        id: SubscriptionId::of_rank(0),
        customer: CustomerId::of_rank(0),
        partner,
        bill_to: bill_to.map(|_| BillToId::of_rank(0)),
        order: order.map(|_| OrderId::of_rank(0)),
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
        opened: false,
        parked: false,
    };
    let (order, bill_to) = (order.unwrap_or_default(), bill_to.unwrap_or_default());
    Some(SubscriptionRow { row, id, customer: customer?, order, bill_to })
}

/// The product and SKU.
fn item(cells: &mut Cells<'_, '_>, memo: &mut PairMemo<ItemId>, met: &mut Met) -> Option<ItemId> {
    let codes = cells.codes(s::PRODUCT_ID, s::SKU_ID);
    if let Some(item) = codes.and_then(|codes| memo.coded(codes)) {
        return Some(item);
    }
    let (product, sku) = (cells.text(s::PRODUCT_ID), cells.text(s::SKU_ID));
    let (product, sku) = product.zip(sku)?;
    let item = memo.of(product, sku, || met.item(product, sku));
    codes.iter().for_each(|codes| memo.keep(*codes, item));
    Some(item)
}

const STATUSES: [Status; 4] = [Status::Active, Status::Suspended, Status::Cancelled, Status::Expired];
const ORIGINS: [Origin; 5] =
    [Origin::Purchase, Origin::Renewal, Origin::Migration, Origin::Upgrade, Origin::Trial];

/// What a packed promotion cell is.
const EMPTY: u16 = 0;
const DECLINED: u16 = 1;
const NAMED: u16 = 2;

impl<'a> SubscriptionRow<'a> {
    /// Packs the row.
    fn pack(&self, out: &mut Packing) {
        let Subscription { source, partner, item, market, currency, quantity, .. } = self.row;
        let Subscription { quantity_as_of, ordered_at, term_start, term_end, anchored_on, .. } = self.row;
        let Subscription { unit_price, promotion, tax_code, .. } = self.row;
        out.byte(Kind::Subscription as u8);
        let words = self.words();
        out.short(words);
        let filled = [
            partner.is_some(),
            tax_code.is_some(),
            quantity_as_of.is_some(),
            ordered_at.is_some(),
            term_end.is_some(),
            anchored_on.is_some(),
            unit_price.is_some(),
        ];
        out.byte(filled.iter().rev().fold(0, |flags, &is_filled| flags << 1 | u8::from(is_filled)));
        out.source(source);
        out.number(item.rank() as u32);
        out.number(market.rank() as u32);
        out.text(currency.code());
        out.number(quantity);
        out.day(term_start);
        partner.iter().for_each(|id| out.number(id.rank() as u32));
        tax_code.iter().for_each(|id| out.number(id.rank() as u32));
        quantity_as_of.iter().for_each(|at| out.instant(*at));
        ordered_at.iter().for_each(|at| out.instant(*at));
        term_end.iter().for_each(|day| out.day(*day));
        anchored_on.iter().for_each(|day| out.day(*day));
        unit_price.iter().for_each(|price| out.wide(price.millionths()));
        if let PromotionCell::Id(id) = promotion {
            out.number(id.rank() as u32);
        }
        for text in [self.customer, self.id, self.order, self.bill_to] {
            out.text(text);
        }
    }

    /// The words of the row in sixteen bits.
    fn words(&self) -> u16 {
        let row = &self.row;
        let promotion = match row.promotion {
            PromotionCell::Empty => EMPTY,
            PromotionCell::Declined => DECLINED,
            PromotionCell::Id(_) => NAMED,
        };
        row.commerce as u16
            | (row.segment as u16) << 1
            | (row.term as u16) << 3
            | (row.billing_cycle as u16) << 5
            | (row.status as u16) << 7
            | (row.origin as u16) << 9
            | (row.channel as u16) << 12
            | u16::from(row.auto_renew) << 13
            | promotion << 14
    }

    /// Unpacks a row, with the shared ids in their final order.
    pub(super) fn unpack(
        from: &mut Unpacking<'a>,
        order: &Order,
        currencies: &mut Memo<Currency>,
    ) -> Option<SubscriptionRow<'a>> {
        let words = from.short()?;
        let flags = from.byte()?;
        let filled = |place: u32| flags >> place & 1 == 1;
        let source = from.source(Table::Subscriptions)?;
        let item = order.items.of(ItemId::of_rank(from.number()? as usize));
        let market = order.markets.of(MarketId::of_rank(from.number()? as usize));
        let currency = currencies.of(from.text()?, Currency::from_code)?;
        let quantity = from.number()?;
        let term_start = from.day()?;
        let partner = from.where_set(filled(0), Unpacking::number)?;
        let tax_code = from.where_set(filled(1), Unpacking::number)?;
        let quantity_as_of = from.where_set(filled(2), Unpacking::instant)?;
        let ordered_at = from.where_set(filled(3), Unpacking::instant)?;
        let term_end = from.where_set(filled(4), Unpacking::day)?;
        let anchored_on = from.where_set(filled(5), Unpacking::day)?;
        let unit_price = from.where_set(filled(6), |from| Price::from_millionths(from.wide()?))?;
        let promotion = match words >> 14 & 3 {
            EMPTY => PromotionCell::Empty,
            DECLINED => PromotionCell::Declined,
            _ => PromotionCell::Id(order.promotions.of(PromotionId::of_rank(from.number()? as usize))),
        };
        let [customer, id, order_text, bill_to] = [from.text()?, from.text()?, from.text()?, from.text()?];
        let row = Subscription {
            source,
            id: SubscriptionId::of_rank(0),
            customer: CustomerId::of_rank(0),
            partner: partner.map(|rank| order.partners.of(PartnerId::of_rank(rank as usize))),
            bill_to: None,
            order: None,
            commerce: if words & 1 == 0 { Commerce::New } else { Commerce::Legacy },
            item,
            segment: *Segment::ALL.get(usize::from(words >> 1 & 3))?,
            market,
            currency,
            term: *Term::ALL.get(usize::from(words >> 3 & 3))?,
            billing_cycle: *BillingCycle::ALL.get(usize::from(words >> 5 & 3))?,
            quantity,
            quantity_as_of,
            ordered_at,
            term_start,
            term_end,
            anchored_on,
            unit_price,
            promotion,
            auto_renew: words >> 13 & 1 == 1,
            status: *STATUSES.get(usize::from(words >> 7 & 3))?,
            origin: *ORIGINS.get(usize::from(words >> 9 & 7))?,
            channel: if words >> 12 & 1 == 0 { Channel::Reseller } else { Channel::Advisor },
            tax_code: tax_code.map(|rank| order.tax_codes.of(TaxCodeId::of_rank(rank as usize))),
            opened: false,
            parked: false,
        };
        Some(SubscriptionRow { row, id, customer, order: order_text, bill_to })
    }
}
