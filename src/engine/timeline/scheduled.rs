//! Scheduled changes: which one holds at a renewal, and what became of the others (R46, A24).

use super::TimeLine;
use super::state::{Mark, State};
use crate::book::ScheduledChange;
use crate::calendar::Instant;
use crate::findings::{Code, Fate, NotDue};

impl TimeLine<'_> {
    /// The scheduled change that holds at a renewal, by its number among the customer's: of the valid ones from the running
    /// term's first instant to before the renewal, the latest. The others of that stretch are superseded.
    pub(super) fn scheduled_for(&mut self, number: usize, renewal: Instant) -> Option<usize> {
        let running = &self.running[number];
        let term = running.term.as_ref()?;
        let from = term.period.first.start();
        let voided_at = running.voided_at;
        let as_of = self.known_through;
        let mut chosen = None;
        let mut outdone = Vec::new();
        for row in running.scheduled.numbers() {
            let at = self.book.scheduled[row].scheduled_at;
            let is_known = self.knows_at(number, at);
            let counts = at >= from && at < renewal && at.day() <= as_of && is_known;
            let is_void = voided_at.is_some_and(|voided| voided > at);
            if counts && !is_void && self.scheduled_marks[row] == Mark::Clear {
                outdone.extend(chosen);
                chosen = Some(row);
            }
        }
        if !self.is_forecast {
            for row in outdone {
                self.scheduled_fates[row] = Some(Fate::NotDue(NotDue::Superseded));
            }
        }
        chosen
    }

    /// Whether anybody knows of a subscription at an instant: of one that an upgrade opens, from that moment on (B3).
    pub(super) fn knows_at(&self, number: usize, at: Instant) -> bool {
        let opened = self.running[number].opened_by.map(|event| self.book.events[event].happened_at);
        !self.row(number).opened || opened.is_some_and(|opened| opened <= at)
    }

    /// Records what became of a scheduled change at a renewal that has come.
    pub(super) fn settle_scheduled_change(&mut self, row: usize, fate: Fate) {
        if !self.is_forecast {
            self.scheduled_fates[row] = Some(fate);
        }
    }

    /// Two different changes of one subscription and instant are refused, both; repeats count once (A24).
    pub(super) fn mark_scheduled(&mut self) {
        let together = |left: &ScheduledChange, right: &ScheduledChange| {
            left.subscription == right.subscription && left.scheduled_at == right.scheduled_at
        };
        for group in self.book.scheduled.chunk_by(together) {
            let same = group.iter().all(|change| change.says_the_same(&group[0]));
            let (first, rest) =
                if same { (Mark::Clear, Mark::Repeat) } else { (Mark::Ambiguous, Mark::Ambiguous) };
            self.scheduled_marks.push(first);
            self.scheduled_marks.resize(self.scheduled_marks.len() + group.len() - 1, rest);
        }
    }

    /// Gives every scheduled change its fate.
    pub(super) fn settle_scheduled(&mut self) {
        for row in 0..self.book.scheduled.len() {
            let change = self.book.scheduled[row];
            let fate = self.scheduled_fate(row, &change);
            self.played.fates.push((change.source, fate));
        }
    }

    fn scheduled_fate(&mut self, row: usize, change: &ScheduledChange) -> Fate {
        let number = self.number_of(change.subscription);
        let running = &self.running[number];
        let subscription = self.row(number);
        let as_of = self.window.billed.last;
        if matches!(running.state, State::Failed(_)) || subscription.parked {
            return Fate::NotDue(NotDue::SubscriptionRejected);
        }
        if let State::History(why) = running.state {
            return Fate::NotDue(if subscription.is_over() { NotDue::Voided } else { why });
        }
        if change.scheduled_at.day() > as_of {
            return Fate::NotDue(NotDue::AfterAsOf);
        }
        if !self.knows_at(number, change.scheduled_at) {
            return self.refuse(number, change.source, Code::SubscriptionUnknown, "subscription_id");
        }
        if change.scheduled_at < subscription.term_start.start() && !subscription.opened {
            return Fate::NotDue(NotDue::BeforeTerm);
        }
        match self.scheduled_marks[row] {
            Mark::Clear => {}
            Mark::Repeat => return Fate::NotDue(NotDue::NoChange),
            Mark::Ambiguous => {
                return self.refuse(number, change.source, Code::ScheduledChangesAmbiguous, "scheduled_at");
            }
        }
        if let Some(fate) = self.scheduled_fates[row] {
            return fate;
        }
        let running = &self.running[number];
        let is_void = running.voided_at.is_some_and(|voided| voided > change.scheduled_at);
        if is_void || !subscription.auto_renew || running.state == State::Ended {
            Fate::NotDue(NotDue::Voided)
        } else {
            Fate::NotDue(NotDue::Pending)
        }
    }
}
