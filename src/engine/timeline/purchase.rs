//! How a row begins: who may be sold it, at what price, with which promotion and code (R50, R51, R7, R14, R40).

use super::TimeLine;
use super::history_reason;
use super::state::{RunningTerm, State};
use crate::book::{Origin, PromotionCell, Subscription, natural_end};
use crate::calendar::{BillingCycle, Day, Period, Term};
use crate::catalog::{Plan, PriceKey, Quote, Segment};
use crate::findings::{Code, Disposition};
use crate::ids::ItemId;
use crate::money::{Price, fits_a_line};
use crate::rating::eligibility::Request;
use crate::rating::schedule::Schedule;
use crate::rating::seat_parts::Discounts;
use crate::rating::term_price::TermPrice;
use crate::reasons::{Reason, Reasons};
use crate::workings::{ChargeType, Step, Steps};
use std::cmp::Reverse;

impl TimeLine<'_> {
    /// A row of origin renewal was there before its term: it is history from its order on, or always (A7).
    pub(super) fn count_as_known(&mut self, number: usize) {
        let row = self.row(number);
        self.running[number].known = true;
        self.enter_history(number, row.item);
        if let PromotionCell::Id(promotion) = row.promotion {
            self.hold(number, promotion);
        }
    }

    /// The row's own beginning.
    pub(super) fn begin(&mut self, number: usize) {
        let row = self.row(number);
        if self.running[number].waits_for_history(row) {
            // It waits for an event's row, and counts as history all the same (C23).
            self.running[number].state = State::Failed(Disposition::Parked);
            self.find(number, row.source, Disposition::Parked, Code::SeatHistoryUnknown, "quantity_as_of");
            self.running[number].known = true;
            self.enter_history_as_told(number, row);
            return;
        }
        if !row.is_billable() {
            self.running[number].state = State::History(history_reason(row.status));
            self.enter_history_as_told(number, row);
            let natural = natural_end(row.term_start, row.term, row.anchored_on);
            let last = row.term_end.unwrap_or(natural);
            if !row.auto_renew && !self.goes_on(Period { first: row.term_start, last }) {
                self.running[number].ended_on = Some(last);
            }
            return;
        }
        let steps_from = self.played.steps.len();
        if let Err((code, column)) = self.try_begin(number, row, steps_from) {
            let disposition = disposition_of(code);
            self.running[number].state = State::Failed(disposition);
            self.find(number, row.source, disposition, code, column);
            // It existed before, whatever becomes of this term (C15).
            if row.origin == Origin::Renewal {
                self.running[number].known = true;
                self.enter_history(number, row.item);
            }
        }
    }

    /// What is not billed is history with the promotion that its row names; a trial has none, whatever its row says (R28).
    fn enter_history_as_told(&mut self, number: usize, row: &Subscription) {
        self.enter_history(number, row.item);
        if let PromotionCell::Id(promotion) = row.promotion
            && row.origin != Origin::Trial
        {
            self.hold(number, promotion);
        }
    }

    fn try_begin(
        &mut self,
        number: usize,
        row: &Subscription,
        steps_from: usize,
    ) -> Result<(), (Code, &'static str)> {
        let Some(seats) = self.running[number].opening else {
            return Err((Code::SeatHistoryUnknown, "quantity_as_of"));
        };
        if matches!(row.origin, Origin::Purchase | Origin::Migration) {
            self.check_sale(row)?;
        }
        let mut reasons = Reasons::NONE;
        let term = if row.origin == Origin::Trial {
            self.trial_term(row, &mut reasons)
        } else {
            self.first_term(number, row, seats, &mut reasons)?
        };
        let begins = row.begins_at();
        let term = RunningTerm {
            first_charge: first_charge(row.origin),
            since: begins,
            due_from: begins.day(),
            reasons,
            steps: self.steps_since(steps_from),
            ..term
        };
        self.enter_history(number, term.item);
        self.start_term(number, term, seats);
        Ok(())
    }

    /// R50, R51 and R52, checked when a purchase or a migration begins (B17, B18).
    pub(super) fn check_sale(&mut self, row: &Subscription) -> Result<(), (Code, &'static str)> {
        if !self.book.known.may_be_sold(row.segment) {
            return Err((Code::SegmentNotAllowed, "segment"));
        }
        if row.segment != Segment::Government && self.has_government(row.begins_at().day()) {
            return Err((Code::SegmentNotAllowed, "segment"));
        }
        // Special prices exist for licences only (R52).
        if row.segment != Segment::Commercial
            && !self.catalog.promotions.is_licensed(row.item, row.begins_at().day())
        {
            return Err((Code::SegmentNotAllowed, "product_id"));
        }
        if self.catalog.partners.needs_provider(row.partner, row.segment) {
            return Err((Code::ResellerNeedsProvider, "partner_id"));
        }
        Ok(())
    }

    /// A trial runs its days for nothing, whatever its term says (B7).
    fn trial_term(&mut self, row: &Subscription, reasons: &mut Reasons) -> RunningTerm {
        self.played.steps.push(Step::Trial);
        reasons.insert(Reason::Trial);
        let last = row.term_start.plus_days(self.policy.trial_days.saturating_sub(1));
        let period = Period { first: row.term_start, last };
        RunningTerm { is_trial: true, ..self.blank_term(row, period, Schedule::whole(period)) }
    }

    fn first_term(
        &mut self,
        number: usize,
        row: &Subscription,
        seats: u32,
        reasons: &mut Reasons,
    ) -> Result<RunningTerm, (Code, &'static str)> {
        let natural = natural_end(row.term_start, row.term, row.anchored_on);
        let last = row.term_end.unwrap_or(natural);
        let period = Period { first: row.term_start, last };
        if last < natural {
            reasons.insert(Reason::Coterm);
        }
        let schedule = self
            .schedule(number, row.term, row.billing_cycle, period, natural)
            .ok_or((Code::BillingCycleNotForTerm, "billing_cycle"))?;
        let unit_price = match row.unit_price {
            Some(unit_price) => {
                self.played.steps.push(Step::PriceLocked { unit_price });
                reasons.insert(Reason::PriceLocked);
                unit_price
            }
            None => self
                .price(row, row.item, row.term, row.billing_cycle, seats, row.term_start, reasons)
                .map_err(|code| (code, "product_id"))?,
        };
        if !fits_a_line(unit_price, seats) {
            return Err((Code::AmountTooLarge, "quantity"));
        }
        let request = self.request(row, row.item, row.term, row.billing_cycle, seats, row.term_start);
        let promotion = self.promotion_at_start(number, &request, reasons);
        let promotion = self.pinned_promotion(row, row.term_start, promotion);
        let (code, is_refused) = self.code_of(number);
        if is_refused {
            reasons.insert(Reason::PromoCodeRefused);
        }
        let discounts = Discounts { promotion, code, stacking: self.policy.stacking };
        let price = TermPrice::listed(unit_price, row.term);
        let blank = self.blank_term(row, period, schedule);
        Ok(RunningTerm { price, priced_for: seats, discounts, ..blank })
    }

    /// A term with nothing in it but its days.
    pub(super) fn blank_term(&self, row: &Subscription, period: Period, schedule: Schedule) -> RunningTerm {
        RunningTerm {
            period,
            term: row.term,
            billing_cycle: row.billing_cycle,
            item: row.item,
            schedule,
            price: TermPrice::listed(Price::ZERO, row.term),
            priced_on: period.first,
            priced_for: 0,
            plan_since: None,
            discounts: Discounts::none(self.policy.stacking),
            first_charge: ChargeType::New,
            since: period.first.start(),
            due_from: period.first,
            upcoming: Some((0, period.first)),
            charged: 0,
            lines: 0,
            is_trial: false,
            upgraded: false,
            reasons: Reasons::NONE,
            steps: Steps::default(),
        }
    }

    /// Lets a term run: its seats are one batch, and its end is a date to come back to.
    pub(super) fn start_term(&mut self, number: usize, term: RunningTerm, seats: u32) {
        let running = &mut self.running[number];
        running.state = State::Running;
        running.restart_batches(term.since, seats);
        running.term = Some(term);
        running.pending = None;
        running.former_plan = None;
        self.recount(number, term.item, seats);
        if let Some(promotion) = term.discounts.promotion {
            self.hold(number, promotion.id);
        }
        self.renewals.push(Reverse((term.period.last.next(), number)));
    }

    fn enter_history(&mut self, number: usize, item: ItemId) {
        self.begin_item(number, item);
        let row = self.row(number);
        if row.segment == Segment::Government {
            self.government.push(number);
        }
        let seats = self.running[number].opening.unwrap_or(row.quantity);
        self.recount(number, item, seats);
    }

    /// The cycles of a term of a subscription.
    pub(super) fn schedule(
        &self,
        number: usize,
        term: Term,
        billing_cycle: BillingCycle,
        period: Period,
        natural_end: Day,
    ) -> Option<Schedule> {
        let anchored_on = self.running[number].anchored_on;
        Schedule::new(term, billing_cycle, period, natural_end, anchored_on, self.policy.month_end)
    }

    /// Looks a price up and records it (R7, R9, R10, B27).
    #[expect(
        clippy::too_many_arguments,
        reason = "a price has this many sides, and a struct for one call would only rename them"
    )]
    pub(super) fn price(
        &mut self,
        row: &Subscription,
        item: ItemId,
        term: Term,
        billing_cycle: BillingCycle,
        seats: u32,
        on: Day,
        reasons: &mut Reasons,
    ) -> Result<Price, Code> {
        let (market, currency, segment) = (row.market, row.currency, row.segment);
        let key = PriceKey { item, term, plan: Plan::None, market, currency, segment };
        let quote = self.catalog.prices.quote(key, billing_cycle, seats, on);
        if let Some(pinned) = self.pinned_price(row, key, billing_cycle, (seats, on), &quote) {
            self.played.steps.push(Step::PricePinned { unit_price: pinned, on });
            reasons.insert(Reason::PricePinned);
            return Ok(pinned);
        }
        let Quote { unit_price, listed, row, of_other_list, other_plan, tiered } = quote?;
        self.played.steps.push(Step::PriceFound { unit_price: listed, on, row, seats });
        if of_other_list || unit_price != listed {
            self.played.steps.push(Step::PriceProposed { unit_price, listed, of_other_list });
        }
        if other_plan {
            reasons.insert(Reason::PlanFallback);
        }
        if tiered {
            reasons.insert(Reason::PriceTier);
        }
        Ok(unit_price)
    }

    /// What promotions are judged for.
    pub(super) fn request(
        &self,
        row: &Subscription,
        item: ItemId,
        term: Term,
        billing_cycle: BillingCycle,
        seats: u32,
        on: Day,
    ) -> Request {
        Request {
            item,
            term,
            billing_cycle,
            commerce: row.commerce,
            market: row.market,
            region: self.catalog.partners.region(row.partner),
            segment: row.segment,
            seats,
            on,
            asked: None,
        }
    }
}

/// The first line of a row's own term (B5).
const fn first_charge(origin: Origin) -> ChargeType {
    match origin {
        Origin::Purchase | Origin::Migration | Origin::Trial => ChargeType::New,
        Origin::Renewal => ChargeType::Renew,
        Origin::Upgrade => ChargeType::Convert,
    }
}

/// What can't be priced unambiguously waits until it is mended; the rest is turned down (R7, C25, R60).
pub(super) fn disposition_of(code: Code) -> Disposition {
    if matches!(code, Code::PriceConflict | Code::PriceUnreadable) {
        Disposition::Parked
    } else {
        Disposition::Rejected
    }
}
