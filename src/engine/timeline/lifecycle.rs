//! Cancellation, suspension, reactivation, conversion of trials, migration (R35, R36, A9 to A12, A25, A26, B6, B8, B12, D4).
//! Upgrades, changes of plan and of term have files of their own.

use super::TimeLine;
use super::charging::Draft;
use super::state::{Mark, RunningTerm, State};
use crate::book::{EventKind, LifecycleEvent};
use crate::calendar::{BillingCycle, Day, Period, Term};
use crate::catalog::Commerce;
use crate::findings::{Code, Fate, NotDue};
use crate::money::fits_a_line;
use crate::rating::schedule::Cycle;
use crate::rating::term_price::TermPrice;
use crate::reasons::{Reason, Reasons};
use crate::workings::{Cause, ChargeType, Side, Step};

impl TimeLine<'_> {
    /// Takes one event in its turn. `None`: accepted, and whether anything comes of it shows at the term's end (C19).
    pub(super) fn live_through(&mut self, number: usize, event: LifecycleEvent, mark: Mark) -> Option<Fate> {
        if let Some(fate) = self.not_due(number, event.source, event.happened_at) {
            return Some(fate);
        }
        let running = &self.running[number];
        let Some(term) = running.term.filter(|_| running.is_active()) else {
            return Some(self.refuse(number, event.source, Code::SubscriptionNotActive, "subscription_id"));
        };
        match mark {
            Mark::Clear => {}
            Mark::Repeat => return Some(Fate::NotDue(NotDue::NoChange)),
            Mark::Ambiguous => {
                return Some(self.refuse(number, event.source, Code::EventsAmbiguous, "happened_at"));
            }
        }
        self.charge_before(number, event.happened_at.day());
        // A plan that holds from this day's cycle on holds already, though the cycle is not charged yet.
        self.adopt_plan_before(number, event.happened_at.day().next());
        let term = self.running[number].term.unwrap_or(term);
        match event.kind {
            EventKind::Cancel => self.cancel(number, event, term),
            EventKind::Suspend => self.suspend(number, event, term),
            EventKind::Reactivate => self.reactivate(number, event),
            EventKind::Upgrade => self.upgrade(number, event, term),
            EventKind::ChangeBillingCycle => self.change_plan(number, event, term),
            EventKind::ChangeTerm => self.change_term(number, event, term),
            EventKind::ConvertTrial => self.convert_trial(number, event, term),
            EventKind::Migrate => self.migrate(number, event),
        }
    }

    /// R35: everything back within the full-refund window, the rest of the running cycle within the refund window, nothing
    /// later. Both bounds are inclusive (A12).
    fn cancel(&mut self, number: usize, event: LifecycleEvent, term: RunningTerm) -> Option<Fate> {
        let (at, day) = (event.happened_at, event.happened_at.day());
        // What an upgrade moved is not refunded (B2).
        let can_be = !term.upgraded;
        let full = can_be && at.is_within(self.policy.full_refund, term.since);
        let prorated = can_be && at.is_within(self.policy.refund_window, term.since);
        if term.is_trial {
            self.charge_through(number, day);
            self.end(number, day);
            // It keeps the trial from converting, once that day has come.
            let converts = self.row(number).auto_renew && term.period.last < self.window.billed.last;
            return Some(if converts { Fate::Billed } else { Fate::NotDue(NotDue::NoEffect) });
        }
        if !full && !prorated {
            let running = &mut self.running[number];
            running.cancelled_on = Some(day);
            running.void_scheduled(at);
            if let Some(term) = running.term.as_mut() {
                term.reasons.insert(Reason::CancelledAfterWindow);
            }
            return Some(Fate::NotDue(NotDue::CancelledAfterWindow));
        }
        // A cycle that begins on this day is charged and then refunded (A10, B12).
        self.charge_through(number, day);
        if full {
            self.refund_term(number, event);
        } else {
            self.refund_days_left(number, event, Reason::ProratedRefund);
        }
        self.end(number, day);
        Some(Fate::Billed)
    }

    /// Refunds everything charged in the term, additions included, in one line (A9).
    fn refund_term(&mut self, number: usize, event: LifecycleEvent) {
        let day = event.happened_at.day();
        let Some(term) = self.running[number].term.filter(|term| term.lines > 0) else { return };
        let Some(cycle) = term.schedule.cycle_at(day) else { return };
        let charge = Period { first: term.period.first, last: cycle.period.last };
        let reasons = term.reasons.with(Reason::FullRefund);
        let draft =
            Draft { charge, ..event_draft(event, ChargeType::CancelImmediate, Side::Refund, cycle, reasons) };
        self.write_full_refund(number, draft, cycle);
    }

    /// Refunds all seats for the days left of the running cycle, the day of the event included (A10, A26, B6).
    fn refund_days_left(&mut self, number: usize, event: LifecycleEvent, reason: Reason) {
        let running = &self.running[number];
        let Some(term) = running.term else { return };
        // What a suspended legacy subscription had paid was refunded when it was suspended.
        // A trial cost nothing, and ends without a line (B7).
        if (running.suspended && self.row(number).commerce == Commerce::Legacy) || term.is_trial {
            return;
        }
        let Some(cycle) = term.schedule.cycle_at(event.happened_at.day()) else { return };
        let reasons = term.reasons.with(reason);
        let draft = event_draft(event, ChargeType::CancelImmediate, Side::Refund, cycle, reasons);
        let parts = running.parts(&term);
        self.write_parts(number, &term, draft, &parts);
    }

    /// R36: new commerce is billed on and does not renew; legacy is refunded for the days left and not billed (A26).
    fn suspend(&mut self, number: usize, event: LifecycleEvent, term: RunningTerm) -> Option<Fate> {
        if term.is_trial {
            return Some(self.refuse(number, event.source, Code::TrialUnchangeable, "subscription_id"));
        }
        if self.running[number].suspended {
            return Some(Fate::NotDue(NotDue::NoChange));
        }
        self.charge_through(number, event.happened_at.day());
        let is_legacy = self.row(number).commerce == Commerce::Legacy;
        if is_legacy {
            self.refund_days_left(number, event, Reason::LegacySuspended);
        }
        let running = &mut self.running[number];
        running.suspended = true;
        running.void_scheduled(event.happened_at);
        is_legacy.then_some(Fate::Billed)
    }

    fn reactivate(&mut self, number: usize, event: LifecycleEvent) -> Option<Fate> {
        if !self.running[number].suspended {
            return Some(Fate::NotDue(NotDue::NoChange));
        }
        let day = event.happened_at.day();
        self.charge_through(number, day);
        self.running[number].suspended = false;
        let running = &self.running[number];
        if self.row(number).commerce == Commerce::New {
            return None;
        }
        let term = running.term?;
        let cycle = term.schedule.cycle_at(day)?;
        let reasons = term.reasons.with(Reason::LegacyReactivated);
        let draft = event_draft(event, ChargeType::CycleCharge, Side::Charge, cycle, reasons);
        let parts = running.parts(&term);
        self.write_parts(number, &term, draft, &parts);
        Some(Fate::Billed)
    }

    /// A trial becomes paid on a day of its own choosing: its refund of nothing and the first cycle, as a pair (B8).
    fn convert_trial(&mut self, number: usize, event: LifecycleEvent, trial: RunningTerm) -> Option<Fate> {
        if !trial.is_trial {
            return Some(self.refuse(number, event.source, Code::NotATrial, "kind"));
        }
        // A change of term and plan, so not while it is suspended (A25).
        if self.running[number].suspended {
            return Some(self.refuse(number, event.source, Code::SubscriptionNotActive, "subscription_id"));
        }
        let (row, day) = (self.row(number), event.happened_at.day());
        let held = self.running[number].seats().total();
        let seats = event.quantity.unwrap_or(held);
        if seats == 0 {
            return Some(self.refuse(number, event.source, Code::SeatsNotPositive, "quantity"));
        }
        let term = event.target_term.unwrap_or(Term::P1Y);
        let billing_cycle = event.target_billing_cycle.unwrap_or(BillingCycle::Monthly);
        let steps_from = self.played.steps.len();
        let paid = match self.paid_after_trial(number, (term, billing_cycle), seats, day) {
            Ok(paid) => paid,
            Err((code, column)) => return Some(self.refuse(number, event.source, code, column)),
        };
        self.charge_through(number, day);
        self.write_half(number, &trial, event, Side::Refund, trial.reasons);
        self.running[number].void_scheduled(event.happened_at);
        let steps = self.steps_since(steps_from);
        let mut paid = RunningTerm { since: event.happened_at, due_from: day, steps, ..paid };
        self.begin_item(number, row.item);
        // The pair's other half is the first cycle itself.
        paid.take_cycle_before(paid.period.last.next());
        self.start_term(number, paid, seats);
        self.write_half(number, &paid, event, Side::Charge, paid.reasons);
        Some(Fate::Billed)
    }

    /// The paid term that follows a trial, at list price and without a promotion (R28).
    fn paid_after_trial(
        &mut self,
        number: usize,
        (term, billing_cycle): (Term, BillingCycle),
        seats: u32,
        on: Day,
    ) -> Result<RunningTerm, (Code, &'static str)> {
        let row = self.row(number);
        let last = crate::book::natural_end(on, term, self.running[number].anchored_on);
        let period = Period { first: on, last };
        let schedule = self
            .schedule(number, term, billing_cycle, period, last)
            .ok_or((Code::BillingCycleNotForTerm, "target_billing_cycle"))?;
        let mut reasons = Reasons::of(Reason::TrialConverted);
        self.played.steps.push(Step::TrialConversion);
        let unit_price = self
            .price(row, row.item, term, billing_cycle, seats, on, &mut reasons)
            .map_err(|code| (code, "subscription_id"))?;
        if !fits_a_line(unit_price, seats) {
            return Err((Code::AmountTooLarge, "quantity"));
        }
        let blank = self.blank_term(row, period, schedule);
        Ok(RunningTerm {
            term,
            billing_cycle,
            price: TermPrice::listed(unit_price, term),
            priced_for: seats,
            first_charge: ChargeType::Convert,
            reasons,
            ..blank
        })
    }

    /// The legacy side of a migration: a refund of the days left, whatever the windows say, and no renewal (B6).
    fn migrate(&mut self, number: usize, event: LifecycleEvent) -> Option<Fate> {
        if self.row(number).commerce == Commerce::New {
            return Some(self.refuse(number, event.source, Code::NotLegacy, "kind"));
        }
        let day = event.happened_at.day();
        self.charge_through(number, day);
        self.refund_days_left(number, event, Reason::Migrated);
        self.end(number, day);
        Some(Fate::Billed)
    }

    /// Writes one half of a pair for all seats, from an event's day to the end of the cycle that runs on it.
    pub(super) fn write_half(
        &mut self,
        number: usize,
        term: &RunningTerm,
        event: LifecycleEvent,
        side: Side,
        reasons: Reasons,
    ) {
        let Some(cycle) = term.schedule.cycle_at(event.happened_at.day()) else { return };
        let draft = event_draft(event, ChargeType::Convert, side, cycle, reasons);
        let parts = self.running[number].parts(term);
        self.write_parts(number, term, Draft { paired: true, ..draft }, &parts);
    }

    /// Why neither SKU, plan nor term of a subscription can be changed now: it is suspended, or a trial (A25, B7).
    pub(super) fn unchangeable(&self, number: usize, term: &RunningTerm) -> Option<(Code, &'static str)> {
        if self.running[number].suspended {
            Some((Code::SubscriptionNotActive, "subscription_id"))
        } else if term.is_trial {
            Some((Code::TrialUnchangeable, "subscription_id"))
        } else {
            None
        }
    }

    /// The subscription ends; its last day is the one of the event.
    pub(super) fn end(&mut self, number: usize, day: Day) {
        let running = &mut self.running[number];
        running.state = State::Ended;
        running.ended_on = Some(day);
    }

    /// Marks events of one kind and instant that differ, and repeats (C13).
    pub(super) fn mark_events(&mut self) {
        let together = |left: &LifecycleEvent, right: &LifecycleEvent| {
            (left.subscription, left.happened_at, left.kind)
                == (right.subscription, right.happened_at, right.kind)
        };
        for group in self.book.events.chunk_by(together) {
            let same = group.iter().all(|event| event.says_the_same(&group[0]));
            let (first, rest) =
                if same { (Mark::Clear, Mark::Repeat) } else { (Mark::Ambiguous, Mark::Ambiguous) };
            self.event_marks.push(first);
            self.event_marks.resize(self.event_marks.len() + group.len() - 1, rest);
        }
    }
}

/// A line of an event: from its day to the end of the cycle.
pub(super) fn event_draft(
    event: LifecycleEvent,
    charge_type: ChargeType,
    side: Side,
    cycle: Cycle,
    reasons: Reasons,
) -> Draft {
    let day = event.happened_at.day();
    Draft {
        charge_type,
        charge: cycle.period.from(day),
        cycle_days: cycle.cycle_days,
        stub_months: cycle.stub_months,
        cause: Cause::Event(event.happened_at, event.kind),
        side,
        paired: false,
        behind: event.subscription,
        at: event.happened_at,
        due: day,
        reasons,
    }
}
