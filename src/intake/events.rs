//! What happens to subscriptions: seat changes, codes entered, lifecycle events, scheduled changes.
//!
//! A row of an unknown subscription is rejected alone (C11). A row that can't be read, or that tells of something this
//! version does not bill, parks its subscription: nothing is guessed (R60).

use super::columns::{
    Column, lifecycle_events as l, redemptions as r, scheduled_changes as d, seat_changes as q,
};
use super::desk::{Desk, ITEM_MARK, Met};
use super::row::{Cells, Row};
use super::subscriptions::promotion;
use super::{cell, words};
use termwise_engine::book::{EventKind, LifecycleEvent, Redemption, ScheduledChange, SeatChange};
use termwise_engine::findings::{Code, Disposition, Source};
use termwise_engine::ids::{ItemId, SubscriptionId};

/// The rows of the four inputs as they are read; ids are provisional.
#[derive(Debug, Default)]
pub(super) struct EventRows {
    /// Seats added and taken away.
    pub seat_changes: Vec<SeatChange>,
    /// Codes entered.
    pub redemptions: Vec<Redemption>,
    /// Lifecycle events.
    pub events: Vec<LifecycleEvent>,
    /// Scheduled changes.
    pub scheduled: Vec<ScheduledChange>,
    /// The subscriptions of rows that can't be read.
    pub parked: Vec<SubscriptionId>,
}

/// Reads the row of an event: its subscription, and then what `make` makes of the other cells.
fn read_event<T>(
    parked: &mut Vec<SubscriptionId>,
    (row, source, column): (Row<'_>, Source, Column),
    desk: &mut Desk,
    make: impl FnOnce(&mut Cells<'_, '_>, SubscriptionId, &mut Met) -> Option<T>,
) -> Option<T> {
    let Desk { met, notes, faults } = desk;
    let mut cells = Cells::new(row, faults);
    let known = match cells.text(column) {
        Some(text) => met.subscriptions.known(text),
        // It can't be read, and there is no subscription to wait for it.
        None => {
            notes.set(source, Disposition::Parked, faults);
            return None;
        }
    };
    let Some(subscription) = known else {
        cells.fault(Code::SubscriptionUnknown, column);
        notes.set(source, Disposition::Refused, faults);
        return None;
    };
    let made = make(&mut cells, subscription, met);
    if made.is_none() || !cells.is_clean() {
        notes.set(source, Disposition::Parked, faults);
        parked.push(subscription);
        return None;
    }
    made
}

impl EventRows {
    /// Reads a row of seat changes.
    pub(super) fn seat_change(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let place = (row, source, q::SUBSCRIPTION_ID);
        let made = read_event(&mut self.parked, place, desk, |cells, subscription, met| {
            let changed_at = cells.read(q::CHANGED_AT, cell::instant);
            let quantity = cells.read(q::QUANTITY, cell::signed_seats);
            let quantity_before = cells.read(q::QUANTITY_BEFORE, cell::seats);
            let change = cells.text(q::CHANGE_ID).map(|text| met.changes.meet(text));
            Some(SeatChange {
                source,
                subscription,
                changed_at: changed_at?,
                quantity: quantity?,
                quantity_before,
                change,
            })
        });
        self.seat_changes.extend(made);
    }

    /// Reads a row of redemptions.
    pub(super) fn redemption(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let place = (row, source, r::SUBSCRIPTION_ID);
        let made = read_event(&mut self.parked, place, desk, |cells, subscription, met| {
            let code = cells.text(r::CODE).map(|text| met.codes.meet(text));
            let entered_at = cells.read(r::ENTERED_AT, cell::instant);
            let order = cells.text(r::ORDER_ID).map(|text| met.orders.meet(text));
            Some(Redemption { source, subscription, code: code?, entered_at: entered_at?, order })
        });
        self.redemptions.extend(made);
    }

    /// Reads a row of lifecycle events.
    pub(super) fn event(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let place = (row, source, l::SUBSCRIPTION_ID);
        let made = read_event(&mut self.parked, place, desk, |cells, subscription, _| {
            let happened_at = cells.read(l::HAPPENED_AT, cell::instant);
            let kind = cells.read(l::KIND, kind);
            let quantity = cells.read(l::QUANTITY, cell::seats);
            let target_term = cells.word(l::TARGET_TERM, words::term);
            let target_billing_cycle = cells.word(l::TARGET_BILLING_CYCLE, words::billing_cycle);
            Some(LifecycleEvent {
                source,
                subscription,
                happened_at: happened_at?,
                kind: kind?,
                quantity,
                target_term,
                target_billing_cycle,
            })
        });
        self.events.extend(made);
    }

    /// Reads a row of scheduled changes.
    pub(super) fn scheduled_change(&mut self, row: Row<'_>, source: Source, desk: &mut Desk) {
        let place = (row, source, d::SUBSCRIPTION_ID);
        let made = read_event(&mut self.parked, place, desk, |cells, subscription, met| {
            let scheduled_at = cells.read(d::SCHEDULED_AT, cell::instant);
            let item = scheduled_item(cells, subscription, met);
            let term = cells.word(d::TERM, words::term);
            let billing_cycle = cells.word(d::BILLING_CYCLE, words::billing_cycle);
            let quantity = cells.read(d::QUANTITY, cell::signed_seats);
            let term_end = cells.read(d::TERM_END, cell::day);
            let promotion = promotion(cells.text(d::PROMOTION_ID), met);
            Some(ScheduledChange {
                source,
                subscription,
                scheduled_at: scheduled_at?,
                item,
                term,
                billing_cycle,
                quantity,
                term_end,
                promotion,
            })
        });
        self.scheduled.extend(made);
    }
}

fn kind(word: &str) -> Result<EventKind, Code> {
    match word {
        "cancel" => Ok(EventKind::Cancel),
        "suspend" => Ok(EventKind::Suspend),
        "reactivate" => Ok(EventKind::Reactivate),
        "convert_trial" => Ok(EventKind::ConvertTrial),
        "migrate" => Ok(EventKind::Migrate),
        "upgrade" | "change_billing_cycle" | "change_term" => Err(Code::EventNotSupported),
        _ => Err(Code::ValueUnknown),
    }
}

/// What a scheduled change sells: a SKU alone is one of the row's product; a product alone says too little.
fn scheduled_item(cells: &mut Cells<'_, '_>, subscription: SubscriptionId, met: &mut Met) -> Option<ItemId> {
    match (cells.text(d::PRODUCT_ID), cells.text(d::SKU_ID)) {
        (None, None) => None,
        (Some(product), Some(sku)) => Some(met.item(product, sku)),
        (Some(_), None) => {
            cells.fault(Code::ValueMissing, d::SKU_ID);
            None
        }
        (None, Some(sku)) => {
            let sold = met.sold.get(subscription.rank()).copied().flatten()?;
            let product = met.items.text(sold).split(ITEM_MARK).next().map(str::to_owned)?;
            Some(met.item(&product, sku))
        }
    }
}
