//! Seats added and taken away (R18, R22, R31, R33, R34, A8, A12 to A16).

use super::TimeLine;
use super::charging::Draft;
use super::state::{Batch, Mark, RunningTerm, is_ambiguous};
use crate::book::SeatChange;
use crate::findings::{Code, Disposition, Fate, NotDue};
use crate::money::fits_a_line;
use crate::policy::{LateSeats, RefusedEvents, SeatChangeForm};
use crate::rating::seat_parts::{Parts, difference};
use crate::reasons::Reason;
use crate::workings::{Cause, ChargeType, Side};

impl TimeLine<'_> {
    /// Takes one seat change in its turn.
    pub(super) fn change_seats(&mut self, number: usize, change: SeatChange, mark: Mark) -> Fate {
        let day = change.changed_at.day();
        if let Some(fate) = self.not_due(number, change.source, change.changed_at) {
            return fate;
        }
        let running = &self.running[number];
        let Some(term) = running.term.filter(|_| running.is_active() && !running.suspended) else {
            return self.refuse(number, change.source, Code::SubscriptionNotActive, "subscription_id");
        };
        match mark {
            Mark::Clear => {}
            Mark::Repeat => return Fate::NotDue(NotDue::NoChange),
            Mark::Ambiguous => return self.refuse(number, change.source, Code::SeatsAmbiguous, "changed_at"),
        }
        let Some(wanted) = u32::try_from(change.quantity).ok().filter(|&seats| seats > 0) else {
            return self.refuse(number, change.source, Code::SeatsNotPositive, "quantity");
        };
        if term.is_trial {
            return self.refuse(number, change.source, Code::TrialUnchangeable, "subscription_id");
        }
        let held = running.seats().total();
        if wanted == held {
            return Fate::NotDue(NotDue::NoChange);
        }
        if !fits_a_line(term.price.list, wanted) {
            return self.refuse(number, change.source, Code::AmountTooLarge, "quantity");
        }
        let fault = if wanted > held {
            self.passes_promotion_limit(number, &term, wanted - held)
                .then_some(Code::SeatChangeAbovePromotionLimit)
        } else {
            self.is_past_refund(number, change, held - wanted).then_some(Code::SeatDecreaseOutsideWindow)
        };
        match (fault, self.policy.refused_events) {
            (Some(code), RefusedEvents::Reject) => {
                return self.refuse(number, change.source, code, "quantity");
            }
            (Some(_), RefusedEvents::Flag) | (None, RefusedEvents::Reject | RefusedEvents::Flag) => {}
        }
        self.charge_before(number, day);
        self.apply(number, change, wanted, fault.is_some());
        match fault {
            Some(code) => {
                self.find(number, change.source, Disposition::Flagged, code, "quantity");
                Fate::Set(Disposition::Flagged)
            }
            None => Fate::Billed,
        }
    }

    /// Whether added seats would bring the customer's above the maximum of the promotion held (R18, A7).
    pub(super) fn passes_promotion_limit(&self, number: usize, term: &RunningTerm, added: u32) -> bool {
        let held = term.discounts.promotion.and_then(|held| self.catalog.promotions.get(held.id));
        let Some(promotion) = held else { return false };
        let Some(maximum) = promotion.max_seats else { return false };
        let commerce = self.row(number).commerce;
        let counted = self.history.seats_counted(promotion, term.item, commerce, self.policy.seat_count);
        counted + u64::from(added) > u64::from(maximum)
    }

    /// Whether seats that would go first, the newest, can no longer be refunded (R34, A14).
    fn is_past_refund(&self, number: usize, change: SeatChange, removed: u32) -> bool {
        let mut left = removed;
        for batch in self.running[number].batches.iter().rev() {
            if left == 0 {
                break;
            }
            if batch.moved || !change.changed_at.is_within(self.policy.refund_window, batch.since) {
                return true;
            }
            left -= left.min(batch.seats);
        }
        false
    }

    /// Changes the seats and writes what that costs for the days left; on the day of a cycle that is still to be charged it
    /// costs nothing of its own, because the cycle is charged with the seats after it (A8).
    fn apply(&mut self, number: usize, change: SeatChange, wanted: u32, is_flagged: bool) {
        let day = change.changed_at.day();
        let Some(term) = self.running[number].term else { return };
        let held = self.running[number].seats().total();
        if term.awaits_cycle_on(day) || !self.matters(number, day) {
            self.change_held(number, &term, change, wanted);
            return;
        }
        let before = self.running[number].parts(&term);
        self.change_held(number, &term, change, wanted);
        let Some(cycle) = term.schedule.cycle_at(day) else { return };
        let after = self.running[number].parts(&term);
        let mut reasons = term.reasons;
        if wanted < held && !is_flagged {
            reasons.insert(Reason::RefundedInWindow);
        }
        if is_flagged {
            reasons.insert(Reason::BilledAsItHappened);
        }
        let draft = Draft {
            charge_type: if wanted > held { ChargeType::AddQuantity } else { ChargeType::RemoveQuantity },
            charge: cycle.period.from(day),
            cycle_days: cycle.cycle_days,
            stub_months: cycle.stub_months,
            cause: Cause::SeatChange(change.changed_at, change.change),
            side: Side::Charge,
            paired: false,
            behind: self.row(number).id,
            at: change.changed_at,
            due: day,
            reasons,
        };
        match self.policy.seat_changes {
            SeatChangeForm::Net => self.write_net(number, &term, draft, &before, &after),
            SeatChangeForm::Pair => self.write_pair(number, &term, draft, &before, &after),
        }
    }

    /// Adds a batch of seats, or takes seats away.
    fn change_held(&mut self, number: usize, term: &RunningTerm, change: SeatChange, wanted: u32) {
        let held = self.running[number].seats().total();
        if wanted > held {
            let promoted = self.is_promoted(term, change.changed_at.day());
            let seats = wanted - held;
            self.running[number].batches.push(Batch {
                since: change.changed_at,
                seats,
                promoted,
                moved: false,
            });
            self.count_more(number, term.item, seats);
        } else {
            self.take_newest_first(number, held - wanted);
        }
        self.running[number].void_scheduled(change.changed_at);
    }

    /// A line for the difference, part by part (R33, A15).
    pub(super) fn write_net(
        &mut self,
        number: usize,
        term: &RunningTerm,
        draft: Draft,
        before: &Parts,
        after: &Parts,
    ) {
        for (reduction, seats) in difference(before, after) {
            let side = if seats < 0 { Side::Refund } else { Side::Charge };
            let seats = u32::try_from(seats.unsigned_abs()).unwrap_or(u32::MAX);
            self.write(number, term, Draft { side, ..draft }, reduction, seats);
        }
    }

    /// A refund of the old quantity and a charge of the new one under one reference_id (R33).
    fn write_pair(&mut self, number: usize, term: &RunningTerm, draft: Draft, before: &Parts, after: &Parts) {
        let sides = [(Side::Refund, before), (Side::Charge, after)];
        for (side, parts) in sides {
            self.write_parts(number, term, Draft { side, paired: true, ..draft }, parts);
        }
    }

    /// Whether seats added on a day are at the promotion's price (R22).
    pub(super) fn is_promoted(&self, term: &RunningTerm, day: crate::calendar::Day) -> bool {
        let held = term.discounts.promotion.and_then(|held| self.catalog.promotions.get(held.id));
        match self.policy.late_seats {
            LateSeats::Promotion => true,
            LateSeats::List => held.is_none_or(|promotion| day <= promotion.window.last),
        }
    }

    /// Takes seats away, the newest batch first (R34).
    pub(super) fn take_newest_first(&mut self, number: usize, removed: u32) {
        let batches = &mut self.running[number].batches;
        let mut left = removed;
        while left > 0
            && let Some(newest) = batches.last_mut()
        {
            let taken = left.min(newest.seats);
            newest.seats -= taken;
            left -= taken;
            if newest.seats == 0 {
                batches.pop();
            }
        }
    }

    /// Marks changes of one instant that differ, with an id missing or twice, and repeats of what the first says (C12).
    pub(super) fn mark_seat_changes(&mut self) {
        let together = |left: &SeatChange, right: &SeatChange| {
            left.subscription == right.subscription && left.changed_at == right.changed_at
        };
        for group in self.book.seat_changes.chunk_by(together) {
            let same = group.iter().all(|change| change.quantity == group[0].quantity);
            let (first, rest) = match (same, is_ambiguous(group)) {
                (true, _) => (Mark::Clear, Mark::Repeat),
                (false, true) => (Mark::Ambiguous, Mark::Ambiguous),
                (false, false) => (Mark::Clear, Mark::Clear),
            };
            self.seat_marks.push(first);
            self.seat_marks.resize(self.seat_marks.len() + group.len() - 1, rest);
        }
    }
}
