//! Events as they are packed into the part of their subscription, and unpacked when its turn has come.

use super::order::Order;
use super::worker::Kind;
use crate::parcel::{Packing, Unpacking};
use termwise_engine::book::{
    EventKind, LifecycleEvent, PromotionCell, Redemption, ScheduledChange, SeatChange, Target,
};
use termwise_engine::calendar::{BillingCycle, Term};
use termwise_engine::findings::{Source, Table};
use termwise_engine::ids::{ChangeId, CodeId, ItemId, OrderId, PromotionId, SubscriptionId};

/// An event with the texts of its own; its subscription stands beside it as text.
#[derive(Clone, Copy, Debug)]
pub(super) enum EventRow<'a> {
    /// Seats added or taken away, and the change's id or nothing.
    SeatChange(SeatChange, &'a str),
    /// A code entered, and the order's id or nothing.
    Redemption(Redemption, &'a str),
    /// A lifecycle event, what it sells, and the subscription that it names or nothing.
    Lifecycle(LifecycleEvent, Sold<'a>, &'a str),
    /// A scheduled change, and what it sells.
    Scheduled(ScheduledChange, Sold<'a>),
    /// A row that can't be read: its subscription waits.
    Unreadable,
}

/// What a scheduled change or an upgrade sells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sold<'a> {
    /// What was sold before.
    AsBefore,
    /// This.
    Item(ItemId),
    /// Another SKU of the product that was sold before.
    SkuOfSameProduct(&'a str),
}

/// What a packed byte stands for where there is nothing.
const NOTHING: u8 = 0xff;

impl<'a> EventRow<'a> {
    const fn kind(&self) -> Kind {
        match self {
            EventRow::SeatChange(..) => Kind::SeatChange,
            EventRow::Redemption(..) => Kind::Redemption,
            EventRow::Lifecycle(..) => Kind::Lifecycle,
            EventRow::Scheduled(..) => Kind::Scheduled,
            EventRow::Unreadable => Kind::Unreadable,
        }
    }

    /// Where it stands; what can't be read was noted when it was met.
    pub(super) const fn source(&self) -> Option<Source> {
        match self {
            EventRow::SeatChange(row, _) => Some(row.source),
            EventRow::Redemption(row, _) => Some(row.source),
            EventRow::Lifecycle(row, ..) => Some(row.source),
            EventRow::Scheduled(row, _) => Some(row.source),
            EventRow::Unreadable => None,
        }
    }

    /// Packs the event of a subscription.
    pub(super) fn pack(&self, subscription: &str, out: &mut Packing) {
        out.byte(self.kind() as u8);
        out.text(subscription);
        match self {
            EventRow::SeatChange(row, change) => {
                out.source(row.source);
                out.instant(row.changed_at);
                out.number(row.quantity.cast_unsigned());
                pack_number(row.quantity_before, out);
                out.text(change);
            }
            EventRow::Redemption(row, order) => {
                out.source(row.source);
                out.number(row.code.rank() as u32);
                out.instant(row.entered_at);
                out.text(order);
            }
            EventRow::Lifecycle(row, sold, target) => {
                out.source(row.source);
                out.instant(row.happened_at);
                out.byte(row.kind as u8);
                pack_number(row.quantity, out);
                out.byte(row.target_term.map_or(NOTHING, |term| term as u8));
                out.byte(row.target_billing_cycle.map_or(NOTHING, |cycle| cycle as u8));
                pack_sold(*sold, out);
                out.text(target);
            }
            EventRow::Scheduled(row, sold) => pack_scheduled(row, *sold, out),
            EventRow::Unreadable => {}
        }
    }

    /// Unpacks an event after its kind, with the shared ids in their final order: its subscription and itself.
    pub(super) fn unpack(
        kind: Kind,
        from: &mut Unpacking<'a>,
        order: &Order,
    ) -> Option<(&'a str, EventRow<'a>)> {
        let subscription = from.text()?;
        let row = match kind {
            Kind::SeatChange => unpack_seat_change(from)?,
            Kind::Redemption => unpack_redemption(from, order)?,
            Kind::Lifecycle => unpack_lifecycle(from, order)?,
            Kind::Scheduled => unpack_scheduled(from, order)?,
            Kind::Unreadable => EventRow::Unreadable,
            Kind::Subscription | Kind::Customer | Kind::Holding => return None,
        };
        Some((subscription, row))
    }
}

/// Before its part is linked an event has no subscription.
const NOBODY: SubscriptionId = SubscriptionId::of_rank(0);

fn pack_number(number: Option<u32>, out: &mut Packing) {
    out.byte(u8::from(number.is_some()));
    number.iter().for_each(|number| out.number(*number));
}

fn unpack_number(from: &mut Unpacking<'_>) -> Option<Option<u32>> {
    let is_set = from.byte()? == 1;
    from.where_set(is_set, Unpacking::number)
}

/// One of a few words, or nothing.
fn unpack_word<T: Copy>(from: &mut Unpacking<'_>, all: &[T]) -> Option<Option<T>> {
    match from.byte()? {
        NOTHING => Some(None),
        number => all.get(usize::from(number)).copied().map(Some),
    }
}

fn unpack_seat_change<'a>(from: &mut Unpacking<'a>) -> Option<EventRow<'a>> {
    let source = from.source(Table::SeatChanges)?;
    let changed_at = from.instant()?;
    let quantity = from.number()?.cast_signed();
    let quantity_before = unpack_number(from)?;
    let change = from.text()?;
    let id = (!change.is_empty()).then_some(ChangeId::of_rank(0));
    let row = SeatChange { source, subscription: NOBODY, changed_at, quantity, quantity_before, change: id };
    Some(EventRow::SeatChange(row, change))
}

fn unpack_redemption<'a>(from: &mut Unpacking<'a>, order: &Order) -> Option<EventRow<'a>> {
    let source = from.source(Table::Redemptions)?;
    let code = order.codes.of(CodeId::of_rank(from.number()? as usize));
    let entered_at = from.instant()?;
    let text = from.text()?;
    let id = (!text.is_empty()).then_some(OrderId::of_rank(0));
    Some(EventRow::Redemption(Redemption { source, subscription: NOBODY, code, entered_at, order: id }, text))
}

fn unpack_lifecycle<'a>(from: &mut Unpacking<'a>, order: &Order) -> Option<EventRow<'a>> {
    let source = from.source(Table::LifecycleEvents)?;
    let happened_at = from.instant()?;
    let kind = unpack_word(from, &EventKind::ALL)??;
    let quantity = unpack_number(from)?;
    let target_term = unpack_word(from, &Term::ALL)?;
    let target_billing_cycle = unpack_word(from, &BillingCycle::ALL)?;
    let sold = unpack_sold(from, order)?;
    let row = LifecycleEvent {
        source,
        subscription: NOBODY,
        happened_at,
        kind,
        quantity,
        target: Target::Nobody,
        target_item: None,
        is_sku_alone: false,
        target_term,
        target_billing_cycle,
    };
    Some(EventRow::Lifecycle(row, sold, from.text()?))
}

fn pack_sold(sold: Sold<'_>, out: &mut Packing) {
    match sold {
        Sold::AsBefore => out.byte(0),
        Sold::Item(item) => {
            out.byte(1);
            out.number(item.rank() as u32);
        }
        Sold::SkuOfSameProduct(sku) => {
            out.byte(2);
            out.text(sku);
        }
    }
}

fn unpack_sold<'a>(from: &mut Unpacking<'a>, order: &Order) -> Option<Sold<'a>> {
    Some(match from.byte()? {
        0 => Sold::AsBefore,
        1 => Sold::Item(order.items.of(ItemId::of_rank(from.number()? as usize))),
        _ => Sold::SkuOfSameProduct(from.text()?),
    })
}

fn pack_scheduled(row: &ScheduledChange, sold: Sold<'_>, out: &mut Packing) {
    out.source(row.source);
    out.instant(row.scheduled_at);
    pack_sold(sold, out);
    out.byte(row.term.map_or(NOTHING, |term| term as u8));
    out.byte(row.billing_cycle.map_or(NOTHING, |cycle| cycle as u8));
    pack_number(row.quantity.map(i32::cast_unsigned), out);
    pack_number(row.term_end.map(|day| day.epoch_days().cast_unsigned()), out);
    match row.promotion {
        PromotionCell::Empty => out.byte(0),
        PromotionCell::Declined => out.byte(1),
        PromotionCell::Id(id) => {
            out.byte(2);
            out.number(id.rank() as u32);
        }
    }
}

fn unpack_scheduled<'a>(from: &mut Unpacking<'a>, order: &Order) -> Option<EventRow<'a>> {
    let source = from.source(Table::ScheduledChanges)?;
    let scheduled_at = from.instant()?;
    let sold = unpack_sold(from, order)?;
    let term = unpack_word(from, &Term::ALL)?;
    let billing_cycle = unpack_word(from, &BillingCycle::ALL)?;
    let quantity = unpack_number(from)?.map(u32::cast_signed);
    let has_end = from.byte()? == 1;
    let term_end = from.where_set(has_end, Unpacking::day)?;
    let promotion = match from.byte()? {
        0 => PromotionCell::Empty,
        1 => PromotionCell::Declined,
        _ => PromotionCell::Id(order.promotions.of(PromotionId::of_rank(from.number()? as usize))),
    };
    let row = ScheduledChange {
        source,
        subscription: NOBODY,
        scheduled_at,
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
