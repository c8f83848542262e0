//! Upgrades: seats leave for another SKU, whole or in part, in their own subscription, a new one, or one that was there before
//! (R26, R49, B1 to B5, B12, B32).
//!
//! Every upgrade is a refund of the days left at the old price and a charge of the same seats under the new SKU, tied as a
//! pair. 300 seats from 10.08 to 6.43 on the eighth of thirty days: −2318.40 and +1478.90.

use super::TimeLine;
use super::charging::Draft;
use super::lifecycle::event_draft;
use super::state::{Batch, Half, RunningTerm, State};
use crate::book::{EventKind, LifecycleEvent, Origin, Subscription, Target};
use crate::calendar::{Day, Period};
use crate::catalog::Segment;
use crate::findings::{Code, Disposition, Fate, NotDue};
use crate::ids::ItemId;
use crate::money::fits_a_line;
use crate::policy::RefusedEvents;
use crate::rating::seat_parts::Discounts;
use crate::rating::term_price::TermPrice;
use crate::reasons::{Reason, Reasons};
use crate::workings::{Cause, ChargeType, Line, Side, Step, Steps};

type Refusal = (Code, &'static str);

/// The column that names what an upgrade goes to.
const SKU: &str = "target_sku_id";
/// The column that names the subscription that seats are moved to.
const TARGET: &str = "target_subscription_id";

/// What moved seats cost under their new SKU.
struct Moved {
    item: ItemId,
    price: TermPrice,
    discounts: Discounts,
    reasons: Reasons,
    steps: Steps,
}

impl TimeLine<'_> {
    /// Takes an upgrade in its turn, by where its seats go.
    pub(super) fn upgrade(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        term: RunningTerm,
    ) -> Option<Fate> {
        let held = self.running[number].seats().total();
        let moved = event.quantity.unwrap_or(held);
        let taken = if let Some(refusal) = self.unchangeable(number, &term) {
            Err(refusal)
        } else if moved == 0 {
            Err((Code::SeatsNotPositive, "quantity"))
        } else if moved > held {
            Err((Code::UpgradeQuantity, "quantity"))
        } else {
            self.upgrade_to(number, event, &term, moved, moved == held)
        };
        Some(match taken {
            Ok(fate) => fate,
            Err((code, column)) => self.refuse(number, event.source, code, column),
        })
    }

    fn upgrade_to(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        moved: u32,
        is_full: bool,
    ) -> Result<Fate, Refusal> {
        match event.target {
            Target::Barred => Err((Code::UpgradeTargetMissing, TARGET)),
            Target::Subscription(id) if self.number_of(id) != number => {
                let target = self.number_of(id);
                if self.is_beginning_of(target, event) {
                    self.begin_by_upgrade(number, target, event, term, moved)
                } else {
                    self.move_seats(number, target, event, term, moved)
                }
            }
            Target::Opened(id) if self.running[self.number_of(id)].opened_by.is_some() => {
                self.move_seats(number, self.number_of(id), event, term, moved)
            }
            Target::Nobody | Target::Opened(_) | Target::Subscription(_) if is_full => {
                self.upgrade_whole(number, event, term)
            }
            Target::Opened(id) => self.open_by_upgrade(number, self.number_of(id), event, term, moved),
            Target::Nobody | Target::Subscription(_) => Err((Code::UpgradeTargetMissing, TARGET)),
        }
    }

    /// All seats, and the subscription keeps its id (B1).
    fn upgrade_whole(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
    ) -> Result<Fate, Refusal> {
        let day = event.happened_at.day();
        let seats = self.running[number].seats().total();
        let moved = self.moved_price(number, number, event, term, seats)?;
        let plan_price = self.plan_after_upgrade(number, moved.item, seats, day)?;
        // A cycle that begins on this day is charged and then refunded (B12).
        self.charge_through(number, day);
        let Some(old) = self.running[number].term else { return Ok(Fate::NotDue(NotDue::NoEffect)) };
        self.write_half(number, &old, event, Side::Refund, old.reasons.with(Reason::Upgraded));
        let new = RunningTerm {
            item: moved.item,
            price: moved.price,
            priced_on: day,
            priced_for: seats,
            discounts: moved.discounts,
            reasons: moved.reasons,
            steps: moved.steps,
            upgraded: true,
            ..old
        };
        let running = &mut self.running[number];
        running.batches.iter_mut().for_each(|batch| (batch.moved, batch.promoted) = (true, true));
        running.term =
            running.term.map(|term| RunningTerm { charged: term.charged, lines: term.lines, ..new });
        running.reprice_plan(plan_price);
        running.former_plan = None;
        running.void_scheduled(event.happened_at);
        self.begin_item(number, moved.item);
        self.count_more(number, moved.item, seats);
        if let Some(promotion) = moved.discounts.promotion {
            self.hold(number, promotion.id);
        }
        self.write_half(number, &new, event, Side::Charge, moved.reasons);
        Ok(Fate::Billed)
    }

    /// What the plan that is still to come costs under the new SKU (B1).
    fn plan_after_upgrade(
        &mut self,
        number: usize,
        item: ItemId,
        seats: u32,
        day: Day,
    ) -> Result<Option<TermPrice>, Refusal> {
        let Some(plan) = self.running[number].pending.as_ref().filter(|plan| plan.rest.is_some()) else {
            return Ok(None);
        };
        let billing_cycle = plan.billing_cycle;
        let Some(term) = self.running[number].term else { return Ok(None) };
        let row = self.row(number);
        let price = self.price(row, item, term.term, billing_cycle, seats, day, &mut Reasons::default());
        let price = price.map_err(|code| (code, SKU))?;
        if !fits_a_line(price, seats) {
            return Err((Code::AmountTooLarge, "quantity"));
        }
        Ok(Some(TermPrice::listed(price, term.term)))
    }

    /// Some seats, into a subscription that the upgrade opens and that ends with its source (B3).
    fn open_by_upgrade(
        &mut self,
        number: usize,
        target: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        moved: u32,
    ) -> Result<Fate, Refusal> {
        let (row, opened) = (self.row(number), self.row(target));
        if row.parked {
            // Nothing comes of it until it is mended, for either side (R60).
            return Ok(Fate::NotDue(NotDue::SubscriptionRejected));
        }
        if opened.parked || !is_sold_alike(row, opened) {
            return Err((Code::UpgradeTargetMissing, TARGET));
        }
        let (at, day) = (event.happened_at, event.happened_at.day());
        let price = self.moved_price(number, target, event, term, moved)?;
        let plan_price = self.plan_after_upgrade(number, price.item, moved, day)?;
        self.leave(number, event, ChargeType::Convert, moved);
        let Some(source) = self.running[number].term else { return Ok(Fate::NotDue(NotDue::NoEffect)) };
        let opened_term = RunningTerm {
            period: Period { first: day, last: source.period.last },
            item: price.item,
            price: price.price,
            priced_on: day,
            priced_for: moved,
            discounts: price.discounts,
            first_charge: ChargeType::Convert,
            since: at,
            due_from: day,
            charged: 0,
            lines: 0,
            reasons: price.reasons,
            steps: price.steps,
            upgraded: true,
            ..source
        };
        let anchored_on = self.running[number].anchored_on;
        let pending = self.running[number].pending.clone();
        let event_number = self.number_of_event(number, event);
        let running = &mut self.running[target];
        running.anchored_on = anchored_on;
        running.opened_by = Some(event_number);
        self.begin_item(target, price.item);
        if opened.segment == Segment::Government {
            self.government.push(target);
        }
        self.start_term(target, opened_term, moved);
        let running = &mut self.running[target];
        running.batches.iter_mut().for_each(|batch| batch.moved = true);
        // It runs on its source's cycles, and on the plan that is still to come.
        running.pending = pending;
        running.reprice_plan(plan_price);
        self.write_half(target, &opened_term, event, Side::Charge, price.reasons);
        Ok(Fate::Billed)
    }

    /// Seats into a subscription that was there before, at its own price, promotion and code (B4).
    fn move_seats(
        &mut self,
        number: usize,
        target: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        moved: u32,
    ) -> Result<Fate, Refusal> {
        let (at, day) = (event.happened_at, event.happened_at.day());
        let (row, target_row) = (self.row(number), self.row(target));
        if row.parked {
            return Ok(Fate::NotDue(NotDue::SubscriptionRejected));
        }
        // What comes into force on this day holds for the seats that come.
        self.charge_before(target, day);
        self.adopt_plan_before(target, day.next());
        let fits = |into: &RunningTerm| {
            let named = self.sold(into.item, event.target_item, event.is_sku_alone);
            (row.currency, row.commerce) == (target_row.currency, target_row.commerce)
                && (event.target_item.is_none() || named == Some(into.item))
                && into.item != term.item
                && !into.is_trial
                && into.period.last >= term.period.last
                && into.term >= term.term
        };
        let running = &self.running[target];
        let is_active = running.is_active() && !running.suspended && !target_row.parked;
        let Some(into) = running.term.filter(|into| is_active && fits(into)) else {
            return Err((Code::UpgradeTargetMissing, TARGET));
        };
        // It keeps its own term and plan, so these are the ones that may be named.
        if changes_term(event, &into) {
            return Err((Code::UpgradeChangesTerm, "target_term"));
        }
        if !fits_a_line(into.price.list, running.seats().total() + moved) {
            return Err((Code::AmountTooLarge, "quantity"));
        }
        let limit = Code::SeatChangeAbovePromotionLimit;
        let is_flagged = self.passes_promotion_limit(target, &into, moved);
        if is_flagged && self.policy.refused_events == RefusedEvents::Reject {
            return Err((limit, "quantity"));
        }
        let is_all = self.running[number].seats().total() == moved;
        self.leave(number, event, ChargeType::MoveQuantity, moved);
        if is_all {
            self.end(number, day);
        }
        self.charge_through(target, day);
        let Some(into) = self.running[target].term else { return Ok(Fate::NotDue(NotDue::NoEffect)) };
        let before = self.running[target].parts(&into);
        let promoted = self.is_promoted(&into, day);
        self.running[target].batches.push(Batch { since: at, seats: moved, promoted, moved: true });
        self.count_more(target, into.item, moved);
        self.running[target].void_scheduled(at);
        let after = self.running[target].parts(&into);
        if let Some(cycle) = into.schedule.cycle_at(day) {
            let mut reasons = into.reasons.with(Reason::Upgraded);
            if is_flagged {
                reasons.insert(Reason::BilledAsItHappened);
            }
            let charge = event_draft(event, ChargeType::MoveQuantity, Side::Charge, cycle, reasons);
            self.write_net(target, &into, Draft { paired: true, ..charge }, &before, &after);
        }
        if is_flagged {
            self.find(number, event.source, Disposition::Flagged, limit, "quantity");
            return Ok(Fate::Set(Disposition::Flagged));
        }
        Ok(Fate::Billed)
    }

    /// Whether the event tells of a row's own beginning: one of origin upgrade whose term begins on its day (B5).
    fn is_beginning_of(&self, target: usize, event: LifecycleEvent) -> bool {
        let row = self.row(target);
        let day = event.happened_at.day();
        row.origin == Origin::Upgrade && row.term_start == day && self.running[target].half_of.is_none()
    }

    /// The upgrade that a row of its own tells the other half of: its first line and the refund are the pair, and nothing is
    /// moved in addition (B5).
    fn begin_by_upgrade(
        &mut self,
        number: usize,
        target: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        moved: u32,
    ) -> Result<Fate, Refusal> {
        let (row, target_row) = (self.row(number), self.row(target));
        if row.parked {
            return Ok(Fate::NotDue(NotDue::SubscriptionRejected));
        }
        if self.running[target].state == State::Waiting {
            // Ordered later; what is wrong with it is told when its order has come.
            let is_told = target_row.begins_at().day() <= self.window.billed.last;
            let is_forecast = std::mem::replace(&mut self.is_forecast, !is_told);
            self.begin(target);
            self.is_forecast = is_forecast;
        }
        let state = self.running[target].state;
        let has_begun = matches!(state, State::Running | State::Ended) && !target_row.parked;
        let is_alike = (row.currency, row.commerce) == (target_row.currency, target_row.commerce);
        let item = self.running[target].term.map(|into| into.item);
        let named = item.and_then(|item| self.sold(item, event.target_item, event.is_sku_alone));
        let is_named = event.target_item.is_none() || named == item;
        if !(has_begun && is_alike && is_named) || item == Some(term.item) {
            return Err((Code::UpgradeTargetMissing, TARGET));
        }
        let half = Half { source: row.id, at: event.happened_at };
        self.running[target].half_of = Some(half);
        self.tie_first_line(target, half);
        let is_all = self.running[number].seats().total() == moved;
        self.leave(number, event, ChargeType::Convert, moved);
        if is_all {
            self.end(number, event.happened_at.day());
        }
        Ok(Fate::Billed)
    }

    /// Ties the first line of a row to the upgrade that begins it, where that cycle is charged already.
    fn tie_first_line(&mut self, target: usize, half: Half) {
        let row = self.row(target);
        let is_first = |line: &&mut Line| {
            let first = line.charge_type == ChargeType::Convert && line.cause == Cause::Cycle(row.term_start);
            line.subscription == row.id && first
        };
        for line in self.played.lines.iter_mut().rev().filter(is_first) {
            line.cause = Cause::Event(half.at, EventKind::Upgrade);
            (line.paired, line.behind) = (true, half.source);
        }
    }

    /// Seats leave: the newest first, refunded for the days left at the price and discount that they had (B2, B3).
    fn leave(&mut self, number: usize, event: LifecycleEvent, charge_type: ChargeType, moved: u32) {
        let day = event.happened_at.day();
        self.charge_through(number, day);
        let Some(term) = self.running[number].term else { return };
        let before = self.running[number].parts(&term);
        self.take_newest_first(number, moved);
        self.running[number].void_scheduled(event.happened_at);
        let after = self.running[number].parts(&term);
        if let Some(cycle) = term.schedule.cycle_at(day) {
            let reasons = term.reasons.with(Reason::Upgraded);
            let refund = event_draft(event, charge_type, Side::Refund, cycle, reasons);
            self.write_net(number, &term, Draft { paired: true, ..refund }, &before, &after);
        }
    }

    /// The list price of the day for seats that move, and the promotion that they may get (B1, B32).
    fn moved_price(
        &mut self,
        number: usize,
        target: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        seats: u32,
    ) -> Result<Moved, Refusal> {
        // To the same SKU it would be no upgrade but another price inside the term (R8).
        let item =
            self.sold(term.item, event.target_item, event.is_sku_alone).filter(|&item| item != term.item);
        let Some(item) = item else { return Err((Code::UpgradeTargetMissing, SKU)) };
        if changes_term(event, term) {
            return Err((Code::UpgradeChangesTerm, "target_term"));
        }
        let (row, on) = (self.row(number), event.happened_at.day());
        let first = self.played.steps.len();
        let source = (number != target).then_some(row.id);
        self.played.steps.push(Step::Upgraded { on, from: term.item, to: item, seats, source });
        let mut reasons = Reasons::of(Reason::Upgraded);
        if let Some(held) = term.discounts.promotion {
            self.played.steps.push(Step::PromotionLeftBehind { promotion: held.id });
            reasons.insert(Reason::PromotionLeftBehind);
        }
        if term.discounts.code.is_some() {
            reasons.insert(Reason::PromoCodeOver);
        }
        let list = self
            .price(row, item, term.term, term.billing_cycle, seats, on, &mut reasons)
            .map_err(|code| (code, SKU))?;
        if !fits_a_line(list, seats) {
            return Err((Code::AmountTooLarge, "quantity"));
        }
        let request = self.request(row, item, term.term, term.billing_cycle, seats, on);
        let promotion = self.promotion_at_upgrade(target, &request, &mut reasons);
        let discounts = Discounts { promotion, code: None, stacking: self.policy.stacking };
        let steps = self.steps_since(first);
        Ok(Moved { item, price: TermPrice::listed(list, term.term), discounts, reasons, steps })
    }

    /// The number among the customer's of an event of a subscription.
    pub(super) fn number_of_event(&self, number: usize, event: LifecycleEvent) -> usize {
        let mut own = self.running[number].events.numbers();
        own.find(|&row| self.book.events[row].source == event.source).unwrap_or_default()
    }
}

/// An upgrade keeps term and billing cycle (B1).
fn changes_term(event: LifecycleEvent, term: &RunningTerm) -> bool {
    event.target_term.is_some_and(|other| other != term.term)
        || event.target_billing_cycle.is_some_and(|other| other != term.billing_cycle)
}

/// Whether a subscription that is opened has what it takes over from its source: another source of the same customer may
/// have named it first.
fn is_sold_alike(source: &Subscription, opened: &Subscription) -> bool {
    let sold = |row: &Subscription| {
        let by = (row.partner, row.bill_to, row.tax_code, row.auto_renew);
        (row.commerce, row.segment, row.market, row.currency, by)
    };
    sold(source) == sold(opened)
}
