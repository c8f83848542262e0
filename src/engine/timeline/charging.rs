//! Writing charges: cycles as they come, and the lines of events, each rated and with its steps.

use super::TimeLine;
use super::state::{RunningTerm, State};
use crate::book::EventKind;
use crate::calendar::{Day, Instant, Period};
use crate::catalog::Commerce;
use crate::ids::SubscriptionId;
use crate::money;
use crate::rating::schedule::Cycle;
use crate::rating::seat_parts::Parts;
use crate::rating::{Charge, rate};
use crate::reasons::{Reason, Reasons};
use crate::workings::{Cause, ChargeType, Line, Reduction, Side, Step, Steps};

/// What a line is about, beside its seats and discount.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub(super) charge_type: ChargeType,
    pub(super) charge: Period,
    pub(super) cycle_days: u32,
    /// The months charged of the cycle, where it is a stub (B10).
    pub(super) stub_months: Option<u32>,
    pub(super) cause: Cause,
    pub(super) side: Side,
    pub(super) paired: bool,
    /// The subscription whose event is behind it.
    pub(super) behind: SubscriptionId,
    pub(super) at: Instant,
    /// The charge day (A2).
    pub(super) due: Day,
    pub(super) reasons: Reasons,
}

/// What a line comes to.
#[derive(Clone, Copy)]
struct Amounts {
    unit_price: i64,
    rounded: money::Rounded,
    reduction: Reduction,
    seats: u32,
}

impl TimeLine<'_> {
    /// Charges the cycles of a subscription that began before a day.
    pub(super) fn charge_before(&mut self, number: usize, day: Day) {
        if let Some(from) = self.running[number].pending.as_ref().map(|plan| plan.from)
            && from < day
        {
            self.charge_under_plan(number, from);
            self.adopt_plan(number);
        }
        self.charge_under_plan(number, day);
    }

    /// Charges the cycles that began before a day, all under the plan that holds now.
    fn charge_under_plan(&mut self, number: usize, day: Day) {
        self.pass_over(number, day.min(self.window.billed.first));
        while let Some(cycle) = self.running_term(number).and_then(|term| term.take_cycle_before(day)) {
            self.charge_cycle(number, cycle);
        }
    }

    /// Passes over the cycles that begin before a day and have nothing come of them.
    fn pass_over(&mut self, number: usize, day: Day) {
        let due_from = self.running_term(number).map(|term| term.due_from);
        if due_from.is_some_and(|due| due < day && !self.matters(number, due))
            && let Some(term) = self.running_term(number)
        {
            term.pass_over_before(day);
        }
    }

    /// The term of a subscription, while it runs.
    fn running_term(&mut self, number: usize) -> Option<&mut RunningTerm> {
        let running = &mut self.running[number];
        running.term.as_mut().filter(|_| running.state == State::Running)
    }

    /// Whether anything can come of a charge that falls due on a day: a line, a part of the term's sum, the use of a code.
    pub(super) fn matters(&self, number: usize, due: Day) -> bool {
        let running = &self.running[number];
        let has_code = running.term.as_ref().is_some_and(|term| term.discounts.code.is_some());
        self.window.billed.holds(due) || running.keeps_sum() || has_code
    }

    /// Charges the cycles of a subscription that begin up to and with a day.
    pub(super) fn charge_through(&mut self, number: usize, day: Day) {
        self.charge_before(number, day.next());
    }

    pub(super) fn charge_all_through(&mut self, day: Day) {
        for number in 0..self.running.len() {
            self.charge_through(number, day);
        }
    }

    fn charge_cycle(&mut self, number: usize, cycle: Cycle) {
        let row = self.row(number);
        let running = &self.running[number];
        let Some(term) = running.term else { return };
        // A cycle that begins while a legacy subscription is suspended is not charged (A26).
        if running.suspended && row.commerce == Commerce::Legacy {
            return;
        }
        let first = cycle.period.first;
        let mut reasons = term.reasons;
        if running.suspended {
            reasons.insert(Reason::Suspended);
        }
        if cycle.period.days() != cycle.cycle_days {
            reasons.insert(Reason::CutCycle);
        }
        if first < term.due_from {
            reasons.insert(Reason::BackdatedOrder);
        }
        let charge_type = if term.plan_since == Some(first) {
            reasons.insert(Reason::PlanChanged);
            ChargeType::ChangeBillingPlan
        } else if cycle.number == 0 {
            term.first_charge
        } else {
            ChargeType::CycleCharge
        };
        // The first line of a row that an upgrade opened is the other half of the upgrade's refund (B5).
        let half = running.half_of.filter(|_| cycle.number == 0 && charge_type == ChargeType::Convert);
        let draft = Draft {
            charge_type,
            charge: cycle.period,
            cycle_days: cycle.cycle_days,
            stub_months: cycle.stub_months,
            cause: half.map_or(Cause::Cycle(first), |half| Cause::Event(half.at, EventKind::Upgrade)),
            side: Side::Charge,
            paired: half.is_some(),
            behind: half.map_or(row.id, |half| half.source),
            at: first.start().max(term.since),
            due: first.max(term.due_from),
            reasons,
        };
        let parts = running.parts(&term);
        self.write_parts(number, &term, draft, &parts);
    }

    /// Writes a line for each part of the seats, the discounted one first (A16).
    pub(super) fn write_parts(&mut self, number: usize, term: &RunningTerm, draft: Draft, parts: &Parts) {
        for part in parts.as_slice() {
            self.write(number, term, draft, part.reduction, part.seats);
        }
    }

    /// Writes one line, if it falls due in the window; its amount counts towards the term's sum in any case.
    pub(super) fn write(
        &mut self,
        number: usize,
        term: &RunningTerm,
        draft: Draft,
        reduction: Reduction,
        seats: u32,
    ) {
        let row = self.row(number);
        let in_window = self.window.billed.holds(draft.due);
        let running = &mut self.running[number];
        if reduction.code.is_some() {
            running.code_used = reduction.code;
        }
        if !in_window && !running.keeps_sum() {
            return;
        }
        let first = self.played.steps.len();
        let cycle_months = term.cycle_months();
        let charge = Charge {
            price: term.price,
            cycle_months,
            months: draft.stub_months.unwrap_or(cycle_months),
            period: draft.charge,
            cycle_days: draft.cycle_days,
            reduction,
            seats,
            side: draft.side,
        };
        let rating = rate(charge, row.currency, self.policy, &mut self.played.steps);
        self.keep_sum(number, rating.rounded.subtotal);
        if !in_window || row.parked {
            self.played.steps.truncate(first);
            return;
        }
        self.running[number].billed = true;
        let reasons = draft.reasons.without(outdone(reduction)).union(reasons_of(reduction, term));
        let amounts = Amounts { unit_price: rating.unit_price, rounded: rating.rounded, reduction, seats };
        self.push(number, term, Draft { reasons, ..draft }, amounts, first);
    }

    /// Adds a line with the steps recorded from a number on.
    fn push(&mut self, number: usize, term: &RunningTerm, draft: Draft, amounts: Amounts, first_step: usize) {
        let steps = self.steps_since(first_step);
        self.played.lines.push(Line {
            subscription: self.row(number).id,
            item: term.item,
            charge_type: draft.charge_type,
            charge: draft.charge,
            days: draft.charge.days(),
            cycle_days: draft.cycle_days,
            term: term.term,
            term_period: term.period,
            billing_cycle: term.billing_cycle,
            unit_price: amounts.unit_price,
            effective_unit_price: amounts.rounded.effective,
            quantity: amounts.seats,
            subtotal: amounts.rounded.subtotal,
            reduction: amounts.reduction,
            cause: draft.cause,
            side: draft.side,
            paired: draft.paired,
            behind: draft.behind,
            happened_at: draft.at,
            due: draft.due,
            quoted: term.quoted(),
            held: term.discounts.promotion.map(|held| (held.id, held.discount)),
            reasons: draft.reasons,
            term_steps: term.steps,
            steps,
        });
    }

    /// Writes the one line of a full refund: minus the sum of the term's lines so far, with no discount of its own (A9).
    pub(super) fn write_full_refund(&mut self, number: usize, draft: Draft, cycle: Cycle) {
        let row = self.row(number);
        let running = &mut self.running[number];
        let Some(term) = running.term else { return };
        let seats = running.seats().total();
        running.billed |= self.window.billed.holds(draft.due) && !row.parked;
        if !self.window.billed.holds(draft.due) || row.parked {
            return;
        }
        let digits = row.currency.digits();
        let rounded = money::explain_subtotal(-term.charged, seats, digits, self.policy.rounding);
        let first = self.played.steps.len();
        self.played.steps.push(Step::TermRefunded { charged: term.charged });
        self.played.steps.push(Step::Rounded { subtotal: rounded.subtotal });
        let unit_price = crate::rating::price_column(term.price.months(term.cycle_months()));
        let amounts = Amounts { unit_price, rounded, reduction: Reduction::NONE, seats };
        self.push(number, &term, Draft { cycle_days: cycle.cycle_days, ..draft }, amounts, first);
    }

    fn keep_sum(&mut self, number: usize, subtotal: i64) {
        if let Some(term) = self.running[number].term.as_mut() {
            term.charged += subtotal;
            term.lines += 1;
        }
    }

    /// The steps recorded from a number on.
    pub(super) fn steps_since(&self, first: usize) -> Steps {
        Steps { first: first as u32, end: self.played.steps.len() as u32 }
    }
}

/// The reasons of the term's promotion, on a line where it took nothing off (A18).
fn outdone(reduction: Reduction) -> Reasons {
    if reduction.promotion.is_some() {
        return Reasons::NONE;
    }
    Reasons::of(Reason::PromotionApplied)
        .with(Reason::PromotionHeld)
        .with(Reason::PromotionKept)
        .with(Reason::PromotionReplaced)
}

/// The reasons that follow from what came off a line.
fn reasons_of(reduction: Reduction, term: &RunningTerm) -> Reasons {
    let mut reasons = Reasons::NONE;
    if reduction.code.is_some() {
        reasons.insert(Reason::PromoCodeApplied);
        if reduction.promotion.is_some() {
            reasons.insert(Reason::Combined);
        }
    }
    let maximum = term.discounts.code.is_some_and(|code| code.max_licences.is_some());
    if maximum {
        reasons.insert(Reason::PromoCodeMaximum);
    }
    if reduction.promotion.is_none() && reduction.code.is_none() && term.discounts.promotion.is_some() {
        reasons.insert(Reason::LateSeatsAtList);
    }
    reasons
}
