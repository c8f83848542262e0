//! What follows a term whose auto-renew is off, where the policy extends it: a month after the other, at the monthly list price
//! with a surcharge (R37).

use super::TimeLine;
use super::state::RunningTerm;
use crate::book::{Subscription, natural_end};
use crate::calendar::{BillingCycle, Day, Period, Term};
use crate::catalog::{Plan, PriceKey};
use crate::findings::Code;
use crate::money::{Price, fits_a_line};
use crate::policy::EndOfTerm;
use crate::rating::seat_parts::{Discounts, SeatsHeld};
use crate::rating::term_price::TermPrice;
use crate::reasons::{Reason, Reasons};
use crate::workings::{ChargeType, RenewalOutcome, Step};

impl TimeLine<'_> {
    /// Whether a term that is not renewed goes on: a paid one, between the dates of the policy data.
    pub(super) fn extends(&self, old: &RunningTerm) -> bool {
        !old.is_trial && self.goes_on(old.period)
    }

    /// Whether the policy extends a term of these days.
    pub(super) fn goes_on(&self, term: Period) -> bool {
        let dates = self.policy.extension;
        self.policy.end_of_term == EndOfTerm::Extend
            && term.last >= dates.ends_from
            && term.first >= dates.begins_from
    }

    /// A month of extension, with all seats and nothing off.
    pub(super) fn extend(&mut self, number: usize, date: Day, old: &RunningTerm, seats: SeatsHeld) {
        let row = self.row(number);
        let first_step = self.played.steps.len();
        self.played.steps.push(Step::Extended { on: date, seats: seats.total() });
        match self.extension(number, date, old, seats.total(), row) {
            Ok(term) => {
                let term = RunningTerm { steps: self.steps_since(first_step), ..term };
                self.start_term(number, term, seats.total());
                let renewed = Some((&term, seats.total()));
                let outcome = RenewalOutcome::Extends;
                self.report(number, date, old, seats, outcome, renewed, term.reasons, term.steps);
            }
            Err(code) => {
                self.played.steps.truncate(first_step);
                self.block(number, date, old, seats, code, Reasons::of(Reason::AutoRenewOff));
            }
        }
    }

    fn extension(
        &mut self,
        number: usize,
        date: Day,
        old: &RunningTerm,
        seats: u32,
        row: &Subscription,
    ) -> Result<RunningTerm, Code> {
        let dates = self.policy.extension;
        let mut reasons = Reasons::of(Reason::Extended);
        if old.discounts.code.is_some() {
            reasons.insert(Reason::PromoCodeOver);
        }
        if old.term != Term::P1M {
            reasons.insert(Reason::TermChanged);
        }
        let (market, currency, segment) = (row.market, row.currency, row.segment);
        let key = PriceKey { item: old.item, term: Term::P1M, plan: Plan::None, market, currency, segment };
        let price = if self.catalog.prices.lists(key, BillingCycle::Monthly, date) {
            let list = self.month_price(row, old, Term::P1M, seats, date, &mut reasons)?;
            TermPrice { surcharge: dates.surcharge, ..TermPrice::listed(list, Term::P1M) }
        } else {
            reasons.insert(Reason::ExtendedFromAnnual);
            let list = self.month_price(row, old, Term::P1Y, seats, date, &mut reasons)?;
            TermPrice { surcharge: dates.surcharge_of_annual, ..TermPrice::listed(list, Term::P1Y) }
        };
        let anchored_on = self.running[number].anchored_on;
        let period = Period { first: date, last: natural_end(date, Term::P1M, anchored_on) };
        let schedule = self
            .schedule(number, Term::P1M, BillingCycle::Monthly, period, period.last)
            .ok_or(Code::BillingCycleNotForTerm)?;
        Ok(RunningTerm {
            term: Term::P1M,
            billing_cycle: BillingCycle::Monthly,
            item: old.item,
            price,
            priced_for: seats,
            discounts: Discounts::none(self.policy.stacking),
            first_charge: ChargeType::ExtendTerm,
            reasons,
            ..self.blank_term(row, period, schedule)
        })
    }

    fn month_price(
        &mut self,
        row: &Subscription,
        old: &RunningTerm,
        term: Term,
        seats: u32,
        on: Day,
        reasons: &mut Reasons,
    ) -> Result<Price, Code> {
        let list = self.price(row, old.item, term, BillingCycle::Monthly, seats, on, reasons)?;
        if fits_a_line(list, seats) { Ok(list) } else { Err(Code::AmountTooLarge) }
    }
}
