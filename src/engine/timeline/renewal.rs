//! What a term's end leads to: another term, the end, or a renewal that can't be (R23 to R25, R44 to R46, A21 to A25, B22).

use super::TimeLine;
use super::purchase::disposition_of;
use super::state::{RunningTerm, State};
use crate::book::{PromotionCell, ScheduledChange, Subscription, check_term_end, natural_end};
use crate::calendar::{BillingCycle, Day, Period, Term};
use crate::catalog::Commerce;
use crate::findings::{Code, Disposition, Fate};
use crate::ids::ItemId;
use crate::money::{Exact, fits_a_line, posted};
use crate::rating::price_column;
use crate::rating::seat_parts::{Discounts, SeatsHeld};
use crate::rating::term_price::TermPrice;
use crate::reasons::{Reason, Reasons};
use crate::workings::{BLOCKS, ChargeType, Renewal, RenewalOutcome, Renewed, Step, Steps};

/// What a renewal renews to.
#[derive(Clone, Copy)]
struct Target {
    item: ItemId,
    term: Term,
    billing_cycle: BillingCycle,
    seats: u32,
    term_end: Option<Day>,
    promotion: PromotionCell,
}

/// A new term, and the reasons that led to it.
struct Planned {
    term: RunningTerm,
    seats: u32,
}

impl TimeLine<'_> {
    /// A term ends; `date` is the day after (R44).
    pub(super) fn end_term(&mut self, number: usize, date: Day) {
        let running = &self.running[number];
        let Some(old) = running.term else { return };
        // A term that was cut short by an event, or has been followed by another, has no renewal of its own.
        if running.state != State::Running || old.period.last.next() != date {
            return;
        }
        if self.is_forecast && !self.is_projected {
            self.adopt_plan_before(number, date);
        } else {
            self.charge_before(number, date);
        }
        let Some(old) = self.running[number].term else { return };
        let running = &self.running[number];
        let seats = running.seats();
        if running.suspended || running.cancelled_on.is_some() {
            self.expire(number, date, &old, seats);
        } else if !self.row(number).auto_renew {
            if self.extends(&old) {
                self.extend(number, date, &old, seats);
            } else {
                self.expire(number, date, &old, seats);
            }
        } else {
            self.renew(number, date, &old, seats);
        }
        self.decide_events(number, date);
    }

    /// Events that were accepted before a renewal that has come made a difference to it (C19).
    fn decide_events(&mut self, number: usize, renewal: Day) {
        if self.is_forecast {
            return;
        }
        for row in self.running[number].events.numbers() {
            if self.book.events[row].happened_at < renewal.start() {
                self.event_fates[row].get_or_insert(Fate::Billed);
            }
        }
    }

    fn expire(&mut self, number: usize, date: Day, old: &RunningTerm, seats: SeatsHeld) {
        let row = self.row(number);
        let running = &mut self.running[number];
        let mut reasons = Reasons::NONE;
        if running.cancelled_on.is_some() {
            reasons.insert(Reason::CancelledAfterWindow);
        } else if running.suspended {
            let is_legacy = row.commerce == Commerce::Legacy;
            reasons.insert(if is_legacy { Reason::LegacySuspended } else { Reason::Suspended });
        } else {
            reasons.insert(Reason::AutoRenewOff);
        }
        running.state = State::Ended;
        running.ended_on = Some(old.period.last);
        self.report(number, date, old, seats, RenewalOutcome::Expires, None, reasons, Steps::default());
    }

    fn renew(&mut self, number: usize, date: Day, old: &RunningTerm, seats: SeatsHeld) {
        let first = self.played.steps.len();
        // A plan that was to hold from the next cycle on holds for the whole new term (B10).
        let next_plan = self.running[number].pending.as_ref().map(|plan| plan.billing_cycle);
        let plain = Target {
            item: old.item,
            term: if old.is_trial { Term::P1Y } else { old.term },
            billing_cycle: if old.is_trial {
                BillingCycle::Monthly
            } else {
                next_plan.unwrap_or(old.billing_cycle)
            },
            seats: seats.total(),
            term_end: None,
            promotion: PromotionCell::Empty,
        };
        let mut reasons = Reasons::NONE;
        let scheduled = self.scheduled_for(number, date.start());
        let mut planned = None;
        if let Some(scheduled_row) = scheduled {
            let change = self.book.scheduled[scheduled_row];
            let kept_steps = self.played.steps.len();
            self.played.steps.push(Step::ScheduledChange { source: change.source });
            let with = Reasons::of(Reason::ScheduledChange);
            let item = self.sold(plain.item, change.item, change.is_sku_alone);
            match self.plan(number, date, old, scheduled_target(&plain, item, &change), with) {
                Ok(plan) => {
                    self.settle_scheduled_change(scheduled_row, Fate::Billed);
                    planned = Some(Ok(plan));
                }
                Err((code, column)) => {
                    self.played.steps.truncate(kept_steps);
                    self.played
                        .steps
                        .push(Step::ScheduledChangeRejected { source: change.source, why: code });
                    reasons.insert(Reason::ScheduledChangeRejected);
                    let fate = self.refuse(number, change.source, code, column);
                    self.settle_scheduled_change(scheduled_row, fate);
                }
            }
        }
        let planned = planned.unwrap_or_else(|| self.plan(number, date, old, plain, reasons));
        match planned {
            Ok(plan) => self.renew_as(number, date, old, seats, plan, first),
            Err((code, _)) => self.block(number, date, old, seats, code, reasons),
        }
    }

    /// The new term of a renewal: days, price, promotion; or what keeps it from being (A21).
    fn plan(
        &mut self,
        number: usize,
        date: Day,
        old: &RunningTerm,
        target: Target,
        mut reasons: Reasons,
    ) -> Result<Planned, (Code, &'static str)> {
        let row = self.row(number);
        let Target { item, term, billing_cycle, seats, term_end, promotion } = target;
        if seats == 0 {
            return Err((Code::SeatsNotPositive, "quantity"));
        }
        if billing_cycle.months(term).is_none() {
            return Err((Code::BillingCycleNotForTerm, "billing_cycle"));
        }
        let anchored_on = self.running[number].anchored_on;
        let natural = natural_end(date, term, anchored_on);
        if let Some(end) = term_end {
            check_term_end(date, term, anchored_on, end).map_err(|code| (code, "term_end"))?;
        }
        let period = Period { first: date, last: term_end.unwrap_or(natural) };
        let schedule = self
            .schedule(number, term, billing_cycle, period, natural)
            .ok_or((Code::BillingCycleNotForTerm, "billing_cycle"))?;
        self.played.steps.push(Step::Renewed { on: date, seats });
        let unit_price = self
            .price(row, item, term, billing_cycle, seats, date, &mut reasons)
            .map_err(|code| (code, "product_id"))?;
        if !fits_a_line(unit_price, seats) {
            return Err((Code::AmountTooLarge, "quantity"));
        }
        let held = old.discounts.promotion;
        let request = self.request(row, item, term, billing_cycle, seats, date);
        let promotion = if old.is_trial {
            self.played.steps.push(Step::TrialConversion);
            reasons.insert(Reason::TrialConverted);
            None
        } else {
            self.promotion_at_renewal(number, &request, promotion, held, &mut reasons)
        };
        let promotion = self.pinned_promotion(row, date, promotion);
        if old.discounts.code.is_some() {
            reasons.insert(Reason::PromoCodeOver);
        }
        let is_same = old.item == item && old.term == term && old.billing_cycle == billing_cycle;
        if is_same && old.price.list != unit_price && !old.is_trial {
            reasons.insert(Reason::PriceChanged);
        }
        if old.term != term && !old.is_trial {
            reasons.insert(Reason::TermChanged);
        }
        let next_plan = self.running[number].pending.as_ref().map(|plan| plan.billing_cycle);
        if next_plan == Some(billing_cycle) && billing_cycle != old.billing_cycle {
            reasons.insert(Reason::PlanChanged);
        }
        if period.last < natural {
            reasons.insert(Reason::Coterm);
        }
        // A trial's conversion is no renewal (B17).
        if !old.is_trial && !self.book.known.may_be_sold(row.segment) {
            reasons.insert(Reason::SegmentNotAllowed);
        }
        let discounts = Discounts { promotion, code: None, stacking: self.policy.stacking };
        let first_charge = if old.is_trial { ChargeType::Convert } else { ChargeType::Renew };
        let blank = self.blank_term(row, period, schedule);
        let price = TermPrice::listed(unit_price, term);
        let term = RunningTerm {
            item,
            term,
            billing_cycle,
            price,
            priced_for: seats,
            discounts,
            first_charge,
            reasons,
            ..blank
        };
        Ok(Planned { term, seats })
    }

    fn renew_as(
        &mut self,
        number: usize,
        date: Day,
        old: &RunningTerm,
        seats_before: SeatsHeld,
        plan: Planned,
        first_step: usize,
    ) {
        let Planned { mut term, seats } = plan;
        term.steps = self.steps_since(first_step);
        let row = self.row(number);
        let reasons = term.reasons;
        // At a renewal a violation of R50 is a finding, not a refusal (B17).
        if reasons.holds(Reason::SegmentNotAllowed) && !self.is_forecast && !row.parked {
            if !self.running[number].flagged {
                self.find_on_row(number, Disposition::Flagged, Code::SegmentNotAllowed, "segment");
            }
            self.running[number].flagged = true;
        }
        self.begin_item(number, term.item);
        self.start_term(number, term, seats);
        self.report(
            number,
            date,
            old,
            seats_before,
            RenewalOutcome::Renews,
            Some((&term, seats)),
            reasons,
            term.steps,
        );
    }

    pub(super) fn block(
        &mut self,
        number: usize,
        date: Day,
        old: &RunningTerm,
        seats: SeatsHeld,
        code: Code,
        mut reasons: Reasons,
    ) {
        for (_, reason) in BLOCKS.into_iter().filter(|&(blocks, _)| blocks == code) {
            reasons.insert(reason);
        }
        // The old term's lines stand: a row that has one in this run is billed, and the finding flags it (A21).
        let disposition =
            if self.running[number].billed { Disposition::Flagged } else { disposition_of(code) };
        self.find_on_row(number, disposition, code, "product_id");
        let running = &mut self.running[number];
        running.state = State::Ended;
        // That a world can't price it does not mean that the customer gives it up: promotions that require it stay (R71). What it
        // would have redeemed is not known, and counts for no other.
        running.ended_on = Some(old.period.last).filter(|_| !self.is_projected);
        if !self.is_forecast {
            running.blocked = Some(disposition);
        }
        self.report(number, date, old, seats, RenewalOutcome::Blocked, None, reasons, Steps::default());
    }

    /// The side of a renewal that comes after it, for the whole term at full length (C1).
    fn after(&self, term: &RunningTerm, seats: u32, row: &Subscription) -> Renewed {
        let parts = term.discounts.parts(SeatsHeld { promoted: seats, late: 0 });
        let amount = parts.term_amount(term.price.whole(term.term));
        Renewed {
            list_price: term.price.list,
            unit_price: price_column(amount.share(1, seats.max(1))),
            promotion: term.discounts.promotion.map(|held| held.id),
            amount: self.whole(amount, row),
        }
    }

    fn whole(&self, amount: Exact, row: &Subscription) -> i64 {
        posted(amount.round(row.currency.digits(), self.policy.rounding))
    }

    /// Writes a row of the renewals file, where the date lies in the window or the horizon (C26).
    #[expect(clippy::too_many_arguments, reason = "before and after of a renewal are two sides of one row")]
    pub(super) fn report(
        &mut self,
        number: usize,
        date: Day,
        old: &RunningTerm,
        seats_before: SeatsHeld,
        outcome: RenewalOutcome,
        renewed: Option<(&RunningTerm, u32)>,
        reasons: Reasons,
        steps: Steps,
    ) {
        let row = self.row(number);
        let in_window = self.window.billed.holds(date);
        let in_horizon = date > self.window.billed.last && date <= self.window.horizon;
        if row.parked || !(in_window || in_horizon) {
            return;
        }
        let before = old.discounts.parts(seats_before).term_amount(old.price.whole(old.term));
        let seats = seats_before.total();
        let (item, term, billing_cycle, quantity) = match renewed {
            Some((new, seats)) => (new.item, new.term, new.billing_cycle, seats),
            None => (old.item, old.term, old.billing_cycle, seats),
        };
        self.played.renewals.push(Renewal {
            subscription: row.id,
            item,
            outcome,
            renewal_date: date,
            term,
            billing_cycle,
            quantity,
            unit_price_before: price_column(before.share(1, seats.max(1))),
            promotion_before: old.discounts.promotion.map(|held| held.id),
            amount_before: self.whole(before, row),
            after: renewed.map(|(new, seats)| self.after(new, seats, row)),
            billed: in_window,
            reasons,
            steps,
        });
    }
}

/// What a scheduled change makes of a plain renewal; its empty cells keep what is (A24).
fn scheduled_target(plain: &Target, item: Option<ItemId>, change: &ScheduledChange) -> Target {
    Target {
        item: item.unwrap_or(plain.item),
        term: change.term.unwrap_or(plain.term),
        billing_cycle: change.billing_cycle.unwrap_or(plain.billing_cycle),
        seats: change.quantity.map_or(plain.seats, |seats| u32::try_from(seats).unwrap_or(0)),
        term_end: change.term_end,
        promotion: change.promotion,
    }
}
