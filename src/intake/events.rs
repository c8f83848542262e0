//! What happens to subscriptions: seat changes, codes entered, lifecycle events, scheduled changes.
//!
//! A row of an unknown subscription is refused alone (C11), unless an upgrade opens the subscription (B3). A row that can't be
//! read parks its subscription: nothing is guessed (R60).

use super::columns::{
    Column, lifecycle_events as l, redemptions as r, scheduled_changes as d, seat_changes as q,
};
use super::desk::{Desk, Met};
use super::error::IntakeError;
use super::event_rows::{EventRow, Sold};
use super::index::Place;
use super::memo::Memo;
use super::openings::{Stray, unknown};
use super::row::{Cells, Row};
use super::subscriptions::promotion;
use super::words;
use super::worker::{Routes, Worker};
use crate::parcel::Packing;
use termwise_engine::book::{EventKind, LifecycleEvent, Redemption, ScheduledChange, SeatChange, Target};
use termwise_engine::findings::{Code, Disposition, Fate, NotDue, Source, Table};
use termwise_engine::ids::{ChangeId, CodeId, OrderId, PromotionId, SubscriptionId};

/// What the words of events came to.
#[derive(Debug, Default)]
pub(super) struct EventMemos {
    code: Memo<CodeId>,
    promotion: Memo<PromotionId>,
}

/// Reads the row of an event, and packs it into the part of its subscription.
pub(super) fn take(
    worker: &mut Worker,
    routes: Routes<'_>,
    row: Row<'_>,
    source: Source,
) -> Result<(), IntakeError> {
    let column = subscription_column(source.table);
    let Worker { desk: Desk { met, notes, faults }, event_memos, scatter, found, .. } = worker;
    let mut cells = Cells::new(row, faults);
    let Some(id) = cells.text(column) else {
        // It can't be read, and there is no subscription to wait for it.
        notes.set(source, Disposition::Parked, faults);
        return Ok(());
    };
    let place = routes.openings.place(routes.index, id);
    if place == Place::Unknown && source.table != Table::LifecycleEvents {
        cells.fault(Code::SubscriptionUnknown, column);
        notes.set(source, Disposition::Refused, faults);
        return Ok(());
    }
    let read = read(&mut cells, source, met, event_memos).filter(|_| cells.is_clean());
    if let Some(EventRow::Lifecycle(_, _, target)) = read
        && !target.is_empty()
    {
        found.upgrades.push((id.into(), target.into()));
    }
    if place == Place::Unknown {
        let mut packed = Packing::default();
        read.unwrap_or(EventRow::Unreadable).pack(id, &mut packed);
        let (id, faults) = (id.into(), std::mem::take(faults));
        found.strays.push(Stray { source, id, unknown: unknown(column.name), faults, packed: packed.0 });
        return Ok(());
    }
    match (read, place) {
        (Some(event), Place::Part(part)) => scatter.pack(part, routes.parts, |out| event.pack(id, out)),
        (Some(_), Place::Unknown | Place::Unread) => {
            notes.fates.push((source, Fate::NotDue(NotDue::SubscriptionRejected)));
            Ok(())
        }
        (None, place) => {
            notes.set(source, Disposition::Parked, faults);
            let Place::Part(part) = place else { return Ok(()) };
            scatter.pack(part, routes.parts, |out| EventRow::Unreadable.pack(id, out))
        }
    }
}

const fn subscription_column(table: Table) -> Column {
    match table {
        Table::Redemptions => r::SUBSCRIPTION_ID,
        Table::LifecycleEvents => l::SUBSCRIPTION_ID,
        Table::ScheduledChanges => d::SUBSCRIPTION_ID,
        Table::SeatChanges
        | Table::Subscriptions
        | Table::Customers
        | Table::Partners
        | Table::PriceList
        | Table::Promotions
        | Table::PromoCodes
        | Table::Holdings
        | Table::Advisors
        | Table::Offices
        | Table::SkuMarkets
        | Table::Offers
        | Table::Acceptances
        | Table::VendorLines
        | Table::InvoiceLines
        | Table::IdMap
        | Table::Explained
        | Table::Proposal
        | Table::ProposedPrices
        | Table::Requests => q::SUBSCRIPTION_ID,
    }
}

/// The cells of an event beside its subscription's; `None` where one that must be there is not.
fn read<'a>(
    cells: &mut Cells<'_, 'a>,
    source: Source,
    met: &mut Met,
    memos: &mut EventMemos,
) -> Option<EventRow<'a>> {
    match source.table {
        Table::SeatChanges => seat_change(cells, source),
        Table::Redemptions => redemption(cells, source, met, memos),
        Table::LifecycleEvents => lifecycle_event(cells, source, met),
        Table::ScheduledChanges => scheduled_change(cells, source, met, memos),
        Table::Subscriptions
        | Table::Customers
        | Table::Partners
        | Table::PriceList
        | Table::Promotions
        | Table::PromoCodes
        | Table::Holdings
        | Table::Advisors
        | Table::Offices
        | Table::SkuMarkets
        | Table::Offers
        | Table::Acceptances
        | Table::VendorLines
        | Table::InvoiceLines
        | Table::IdMap
        | Table::Explained
        | Table::Proposal
        | Table::ProposedPrices
        | Table::Requests => None,
    }
}

/// Before its part is linked an event has no subscription.
const NOBODY: SubscriptionId = SubscriptionId::of_rank(0);

fn seat_change<'a>(cells: &mut Cells<'_, 'a>, source: Source) -> Option<EventRow<'a>> {
    let changed_at = cells.instant(q::CHANGED_AT);
    let quantity = cells.signed_seats(q::QUANTITY);
    let quantity_before = cells.seats(q::QUANTITY_BEFORE);
    let change = cells.text(q::CHANGE_ID);
    let row = SeatChange {
        source,
        subscription: NOBODY,
        changed_at: changed_at?,
        quantity: quantity?,
        quantity_before,
        change: change.map(|_| ChangeId::of_rank(0)),
    };
    Some(EventRow::SeatChange(row, change.unwrap_or_default()))
}

fn redemption<'a>(
    cells: &mut Cells<'_, 'a>,
    source: Source,
    met: &mut Met,
    memos: &mut EventMemos,
) -> Option<EventRow<'a>> {
    let code = cells.known(r::CODE, &mut memos.code, |text| Some(met.codes.meet(text)));
    let entered_at = cells.instant(r::ENTERED_AT);
    let order = cells.text(r::ORDER_ID);
    let row = Redemption {
        source,
        subscription: NOBODY,
        code: code?,
        entered_at: entered_at?,
        order: order.map(|_| OrderId::of_rank(0)),
    };
    Some(EventRow::Redemption(row, order.unwrap_or_default()))
}

fn lifecycle_event<'a>(cells: &mut Cells<'_, 'a>, source: Source, met: &mut Met) -> Option<EventRow<'a>> {
    let happened_at = cells.instant(l::HAPPENED_AT);
    let kind = cells.read(l::KIND, kind);
    let quantity = cells.seats(l::QUANTITY);
    // Of what an upgrade goes to; whatever else names a target keeps its product.
    let is_upgrade = kind == Some(EventKind::Upgrade);
    let (target, sold) = if is_upgrade {
        let columns = (l::TARGET_PRODUCT_ID, l::TARGET_SKU_ID);
        (cells.text(l::TARGET_SUBSCRIPTION_ID).unwrap_or_default(), sold(cells, met, columns))
    } else {
        ("", Sold::AsBefore)
    };
    let target_term = cells.word(l::TARGET_TERM, words::term);
    let target_billing_cycle = cells.word(l::TARGET_BILLING_CYCLE, words::billing_cycle);
    let row = LifecycleEvent {
        source,
        subscription: NOBODY,
        happened_at: happened_at?,
        kind: kind?,
        quantity,
        target: Target::Nobody,
        target_item: None,
        is_sku_alone: false,
        target_term,
        target_billing_cycle,
    };
    Some(EventRow::Lifecycle(row, sold, target))
}

fn scheduled_change<'a>(
    cells: &mut Cells<'_, 'a>,
    source: Source,
    met: &mut Met,
    memos: &mut EventMemos,
) -> Option<EventRow<'a>> {
    let scheduled_at = cells.instant(d::SCHEDULED_AT);
    let sold = sold(cells, met, (d::PRODUCT_ID, d::SKU_ID));
    let term = cells.word(d::TERM, words::term);
    let billing_cycle = cells.word(d::BILLING_CYCLE, words::billing_cycle);
    let quantity = cells.signed_seats(d::QUANTITY);
    let term_end = cells.day(d::TERM_END);
    let promotion = promotion(cells.text(d::PROMOTION_ID), &mut memos.promotion, met);
    let row = ScheduledChange {
        source,
        subscription: NOBODY,
        scheduled_at: scheduled_at?,
        item: None,
        is_sku_alone: false,
        term,
        billing_cycle,
        quantity,
        term_end,
        promotion,
    };
    Some(EventRow::Scheduled(row, sold))
}

/// What a change sells: a SKU alone is one of the row's product; a product alone says too little.
fn sold<'a>(cells: &mut Cells<'_, 'a>, met: &mut Met, (product, sku): (Column, Column)) -> Sold<'a> {
    match (cells.text(product), cells.text(sku)) {
        (None, None) => Sold::AsBefore,
        (Some(product), Some(sku)) => Sold::Item(met.item(product, sku)),
        (Some(_), None) => {
            cells.fault(Code::ValueMissing, sku);
            Sold::AsBefore
        }
        (None, Some(sku)) => {
            met.skus_alone.insert(sku.into());
            Sold::SkuOfSameProduct(sku)
        }
    }
}

fn kind(word: &str) -> Result<EventKind, Code> {
    EventKind::ALL.into_iter().find(|kind| kind.name() == word).ok_or(Code::ValueUnknown)
}
