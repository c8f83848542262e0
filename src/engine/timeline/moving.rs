//! Upgrades that reach another subscription: one that they open, one that was there before, or one whose row tells of its own
//! beginning (B3 to B5). Both sides are written, or neither.

use super::TimeLine;
use super::charging::Draft;
use super::lifecycle::event_draft;
use super::state::{Batch, Half, RunningTerm, State};
use super::upgrade::{Refusal, TARGET, changes_term};
use crate::book::{EventKind, LifecycleEvent, Origin, Subscription};
use crate::calendar::Period;
use crate::catalog::Segment;
use crate::findings::{Code, Disposition, Fate, NotDue};
use crate::money::fits_a_line;
use crate::policy::RefusedEvents;
use crate::reasons::Reason;
use crate::workings::{Cause, ChargeType, Line, Side};

impl TimeLine<'_> {
    /// Some seats, into a subscription that the upgrade opens and that ends with its source (B3).
    pub(super) fn open_by_upgrade(
        &mut self,
        number: usize,
        target: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        moved: u32,
    ) -> Result<Fate, Refusal> {
        let (row, opened) = (self.row(number), self.row(target));
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
    pub(super) fn move_seats(
        &mut self,
        number: usize,
        target: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        moved: u32,
    ) -> Result<Fate, Refusal> {
        let (at, day) = (event.happened_at, event.happened_at.day());
        let (row, target_row) = (self.row(number), self.row(target));
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
        self.leave(number, event, ChargeType::MoveQuantity, moved);
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
    pub(super) fn is_beginning_of(&self, target: usize, event: LifecycleEvent) -> bool {
        let row = self.row(target);
        let day = event.happened_at.day();
        let is_told = row.origin == Origin::Upgrade && !row.opened && row.term_start == day;
        is_told && self.running[target].half_of.is_none()
    }

    /// The upgrade that a row of its own tells the other half of: its first line and the refund are the pair, and nothing is
    /// moved in addition (B5).
    pub(super) fn begin_by_upgrade(
        &mut self,
        number: usize,
        target: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        moved: u32,
    ) -> Result<Fate, Refusal> {
        let (row, target_row) = (self.row(number), self.row(target));
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
        self.leave(number, event, ChargeType::Convert, moved);
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
