//! Another billing plan or a longer term inside a term (R47, B9 to B11).
//!
//! A P3Y billed monthly that is to be billed annually: from the next cycle on the rest of the contract year is one stub of
//! whole months, 250 × 11 ÷ 12, and each later year a cycle of its own. A longer term takes the place of the running one at
//! once: the days left are refunded and the first cycle of the new term is charged.

use super::TimeLine;
use super::state::{PlanChange, PlanRest, RunningTerm};
use crate::book::{LifecycleEvent, PromotionCell, natural_end};
use crate::calendar::{BillingCycle, Day, Grid, Period, Term};
use crate::findings::{Code, Fate, NotDue};
use crate::money::fits_a_line;
use crate::rating::schedule::Schedule;
use crate::rating::seat_parts::Discounts;
use crate::rating::term_price::TermPrice;
use crate::reasons::{Reason, Reasons};
use crate::workings::{ChargeType, Side, Step};
use std::cmp::Reverse;

impl TimeLine<'_> {
    /// A P3Y is billed annually instead of monthly, or the other way, from its next cycle on (B9, B10).
    pub(super) fn change_plan(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        term: RunningTerm,
    ) -> Option<Fate> {
        if let Some((code, column)) = self.unchangeable(number, &term) {
            return Some(self.refuse(number, event.source, code, column));
        }
        let first_step = self.played.steps.len();
        match self.planned(number, event, &term) {
            Ok(Some(plan)) => {
                self.running[number].pending = Some(Box::new(plan));
                None
            }
            Ok(None) => {
                // What was to come is called off again; where nothing was to come, nothing changes.
                let was_pending = self.running[number].pending.take().is_some();
                if was_pending { None } else { Some(Fate::NotDue(NotDue::NoChange)) }
            }
            Err((code, column)) => {
                self.played.steps.truncate(first_step);
                Some(self.refuse(number, event.source, code, column))
            }
        }
    }

    /// The plan that is to hold from the next cycle on; none where it is the one that holds.
    fn planned(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
    ) -> Result<Option<PlanChange>, (Code, &'static str)> {
        const COLUMN: &str = "target_billing_cycle";
        let refused = (Code::BillingCycleChangeNotAllowed, COLUMN);
        let to = event.target_billing_cycle.ok_or(refused)?;
        let changes = |cycle| matches!(cycle, BillingCycle::Monthly | BillingCycle::Annual);
        if term.term != Term::P3Y || !changes(term.billing_cycle) || !changes(to) {
            return Err(refused);
        }
        let (row, day) = (self.row(number), event.happened_at.day());
        let natural = natural_end(term.period.first, term.term, self.running[number].anchored_on);
        // A term that was cut short is counted back from its end (R45).
        let cut = (term.period.last < natural).then(|| term.period.last.next());
        let anchor = self.running[number].anchored_on.or(cut).unwrap_or(term.period.first);
        if Grid::new(anchor, 1).index_of(term.period.first).is_none() {
            return Err(refused);
        }
        let plan = self.schedule(number, term.term, to, term.period, natural).ok_or(refused)?;
        if to == term.billing_cycle {
            return Ok(None);
        }
        let from = term.schedule.cycle_at(day).ok_or(refused)?.period.last.next();
        let first_step = self.played.steps.len();
        // What led to the term's promotion and code holds on.
        self.played.steps.extend_from_within(term.steps.first as usize..term.steps.end as usize);
        self.played.steps.push(Step::PlanChanged { from, to });
        let (on, seats) = (term.priced_on, term.priced_for);
        let former = self.running[number].former_plan.as_ref().filter(|former| former.0 == to);
        let price = match former.map(|former| former.1) {
            Some(price) => price,
            None => self
                .price(row, term.item, term.term, to, seats, on, &mut Reasons::default())
                .map(|list| TermPrice::listed(list, term.term))
                .map_err(|code| (code, COLUMN))?,
        };
        if !fits_a_line(price.list, self.running[number].seats().total()) {
            return Err((Code::AmountTooLarge, COLUMN));
        }
        let steps = self.steps_since(first_step);
        let rest = if from > term.period.last {
            None
        } else {
            let months = to.months(term.term).ok_or(refused)?;
            let (cycle, schedule) = term.schedule.changed(plan, from, months).ok_or(refused)?;
            Some(PlanRest { price, number: cycle, schedule, steps })
        };
        Ok(Some(PlanChange { from, billing_cycle: to, event: self.number_of_event(number, event), rest }))
    }

    /// A plan that was to hold from a cycle on holds.
    pub(super) fn adopt_plan(&mut self, number: usize) {
        let running = &mut self.running[number];
        let Some(plan) = running.pending.take() else { return };
        if let (Some(term), Some(rest)) = (running.term.as_mut(), plan.rest) {
            running.former_plan = Some(Box::new((term.billing_cycle, term.price)));
            term.billing_cycle = plan.billing_cycle;
            term.price = rest.price;
            term.schedule = rest.schedule;
            term.plan_since = Some(plan.from);
            term.steps = rest.steps;
            term.upcoming = Some((rest.number, plan.from));
        }
        if !self.is_forecast && plan.from <= self.window.billed.last {
            self.event_fates[plan.event] = Some(Fate::Billed);
        }
    }

    /// What begins before a day holds, charged or not: in a forecast nothing is charged, but the plan at the term's end matters
    /// (B22).
    pub(super) fn adopt_plan_before(&mut self, number: usize, day: Day) {
        if self.running[number].pending.as_ref().is_some_and(|plan| plan.from < day) {
            self.adopt_plan(number);
        }
    }

    /// A longer term, at once: the old cycle's days left are refunded, and the new term's first cycle is charged (B11).
    pub(super) fn change_term(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        old: RunningTerm,
    ) -> Option<Fate> {
        let is_longer = event.target_term.is_some_and(|longer| longer > old.term);
        let not_longer = (!is_longer).then_some((Code::TermChangeNotLonger, "target_term"));
        let refusal = self.unchangeable(number, &old).or(not_longer);
        if let Some((code, column)) = refusal {
            return Some(self.refuse(number, event.source, code, column));
        }
        let first_step = self.played.steps.len();
        match self.longer_term(number, event, &old) {
            Ok(new) => {
                let steps = self.steps_since(first_step);
                self.replace_term(number, event, RunningTerm { steps, ..new });
                Some(Fate::Billed)
            }
            Err((code, column)) => {
                self.played.steps.truncate(first_step);
                Some(self.refuse(number, event.source, code, column))
            }
        }
    }

    /// The longer term: of the day's list price, with promotions judged as at a renewal and without a code (B11).
    fn longer_term(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        old: &RunningTerm,
    ) -> Result<RunningTerm, (Code, &'static str)> {
        let (row, on) = (self.row(number), event.happened_at.day());
        let term = event.target_term.ok_or((Code::TermChangeNotLonger, "target_term"))?;
        let is_possible = old.billing_cycle.months(term).is_some();
        let as_before = if is_possible { old.billing_cycle } else { BillingCycle::Upfront };
        let billing_cycle = event.target_billing_cycle.unwrap_or(as_before);
        let seats = self.running[number].seats().total();
        let period = Period { first: on, last: natural_end(on, term, None) };
        let column = "target_billing_cycle";
        let month_end = self.policy.month_end;
        let schedule = Schedule::new(term, billing_cycle, period, period.last, None, month_end)
            .ok_or((Code::BillingCycleNotForTerm, column))?;
        self.played.steps.push(Step::TermChanged { on, from: old.term, to: term, seats });
        let mut reasons = Reasons::of(Reason::LongerTerm);
        let list = self
            .price(row, old.item, term, billing_cycle, seats, on, &mut reasons)
            .map_err(|code| (code, "target_term"))?;
        if !fits_a_line(list, seats) {
            return Err((Code::AmountTooLarge, "target_term"));
        }
        let request = self.request(row, old.item, term, billing_cycle, seats, on);
        let held = old.discounts.promotion;
        let promotion = self.promotion_at_renewal(number, &request, PromotionCell::Empty, held, &mut reasons);
        let promotion = self.pinned_promotion(row, on, promotion);
        if old.discounts.code.is_some() {
            reasons.insert(Reason::PromoCodeOver);
        }
        let discounts = Discounts { promotion, code: None, stacking: self.policy.stacking };
        let blank = self.blank_term(row, period, schedule);
        Ok(RunningTerm {
            term,
            billing_cycle,
            item: old.item,
            price: TermPrice::listed(list, term),
            priced_for: seats,
            discounts,
            first_charge: ChargeType::Convert,
            since: old.since,
            upgraded: old.upgraded,
            due_from: on,
            reasons,
            ..blank
        })
    }

    /// Batches and their clocks stay; the day is the new anchor, and the seats count for the new term (A7, B11).
    fn replace_term(&mut self, number: usize, event: LifecycleEvent, mut new: RunningTerm) {
        let day = event.happened_at.day();
        self.charge_through(number, day);
        let Some(old) = self.running[number].term else { return };
        self.write_half(number, &old, event, Side::Refund, old.reasons);
        let running = &mut self.running[number];
        running.anchored_on = None;
        running.pending = None;
        running.former_plan = None;
        running.void_scheduled(event.happened_at);
        running.batches.iter_mut().for_each(|batch| batch.promoted = true);
        // The pair's other half is the first cycle itself.
        new.take_cycle_before(new.period.last.next());
        running.term = Some(new);
        self.recount(number, new.item, new.priced_for);
        if let Some(promotion) = new.discounts.promotion {
            self.hold(number, promotion.id);
        }
        self.renewals.push(Reverse((new.period.last.next(), number)));
        self.write_half(number, &new, event, Side::Charge, new.reasons);
    }
}
