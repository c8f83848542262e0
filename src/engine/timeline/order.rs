//! What happens to a customer, in which order (A6, B3, B30).

use super::TimeLine;
use super::state::State;
use crate::book::{EventKind, LifecycleEvent, Origin, Target};
use crate::calendar::Instant;
use crate::findings::{Fate, NotDue};
use crate::ids::SubscriptionId;
use std::collections::BTreeSet;

/// What is taken next, in this order (A6); renewals come before all of these.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Happening {
    at: Instant,
    kind: Kind,
    /// Number of the subscription among the customer's, which is the order of their ids.
    subscription: u32,
    /// Number of the row in its table, which is sorted by change id and kind.
    row: u32,
    /// Whether an order begins its term, or a row of origin renewal begins to count as history (A7).
    begins: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Order,
    SeatChange,
    Event(EventKind),
}

impl TimeLine<'_> {
    /// Settles what concerns the customer as a whole, and gives everything that happens.
    pub(super) fn prepared(&mut self) -> Vec<Happening> {
        self.judge_redemptions();
        self.mark_seat_changes();
        self.mark_events();
        self.mark_scheduled();
        self.happenings()
    }

    /// Plays everything that happens. The orders of subscriptions from number `asked` on are judged in their turn and not made.
    pub(super) fn play_all(
        &mut self,
        happenings: &[Happening],
        asked: usize,
        mut judge: impl FnMut(&mut Self, usize),
    ) {
        for together in happenings.chunk_by(|left, right| left.at == right.at) {
            self.end_terms_before(together[0].at);
            // At their instant orders come before events, and what is asked after the customer's own (A6).
            let orders = together.partition_point(|happening| happening.kind == Kind::Order);
            let own = together[..orders].partition_point(|order| (order.subscription as usize) < asked);
            if own == orders {
                self.take_together(together);
                continue;
            }
            together[..own].iter().for_each(|&happening| self.take(happening));
            together[own..orders].iter().for_each(|order| judge(self, order.subscription as usize));
            self.take_together(&together[orders..]);
        }
    }

    /// Everything that happens up to `as_of`, in order; what comes later is not due (B30).
    fn happenings(&mut self) -> Vec<Happening> {
        let as_of = self.window.billed.last;
        let mut happenings = std::mem::take(&mut self.happenings);
        for (subscription, (running, row)) in (0..).zip(self.running.iter().zip(self.book.subscriptions)) {
            let of =
                |at, kind, row: usize| Happening { at, kind, subscription, row: row as u32, begins: false };
            let order = |at, begins| Happening { begins, ..of(at, Kind::Order, 0) };
            let at = row.begins_at();
            if at.day() <= as_of && !row.opened {
                happenings.push(order(at, true));
            }
            let known = row.ordered_at.unwrap_or(Instant::BEGINNING);
            if row.origin == Origin::Renewal
                && known < at
                && (known == Instant::BEGINNING || known.day() <= as_of)
            {
                happenings.push(order(known, false));
            }
            for row in running.seat_changes.numbers() {
                let (at, kind) = (self.book.seat_changes[row].changed_at, Kind::SeatChange);
                if at.day() > as_of {
                    self.seat_fates[row] = Some(Fate::NotDue(NotDue::AfterAsOf));
                } else {
                    happenings.push(of(at, kind, row));
                }
            }
            for row in running.events.numbers() {
                let event = self.book.events[row];
                let (at, kind) = (event.happened_at, Kind::Event(event.kind));
                if at.day() > as_of {
                    self.event_fates[row] = Some(Fate::NotDue(NotDue::AfterAsOf));
                } else {
                    happenings.push(of(at, kind, row));
                }
            }
        }
        happenings.sort_unstable();
        happenings
    }

    /// When upgrades name the subscriptions that they open.
    fn openings(&mut self) -> &BTreeSet<(SubscriptionId, Instant)> {
        let book = self.book;
        self.openings.get_or_insert_with(|| {
            let named = |event: &LifecycleEvent| match event.target {
                Target::Opened(id) => Some((id, event.happened_at)),
                Target::Nobody | Target::Subscription(_) | Target::Barred => None,
            };
            book.events.iter().filter_map(named).collect()
        })
    }

    /// Takes what happens at one instant, in its order; what concerns a subscription that an upgrade opens at this very instant
    /// comes after the opening (B3).
    fn take_together(&mut self, happenings: &[Happening]) {
        let mut waiting = self.take_or_keep(happenings);
        // One that was opened may open another; when none does any more, the rest is of what nothing opens.
        while !waiting.is_empty() {
            let still = self.take_or_keep(&waiting);
            if still.len() == waiting.len() {
                waiting.iter().for_each(|&happening| self.take(happening));
                break;
            }
            waiting = still;
        }
    }

    /// Takes what can be taken, and gives back what waits: of a subscription that is to be opened everything, in its order.
    fn take_or_keep(&mut self, happenings: &[Happening]) -> Vec<Happening> {
        let mut waiting: Vec<Happening> = Vec::new();
        for &happening in happenings {
            let waits_already = waiting.iter().any(|before| before.subscription == happening.subscription);
            if waits_already || self.may_be_opened(happening) {
                waiting.push(happening);
            } else {
                self.take(happening);
            }
        }
        waiting
    }

    /// Whether it concerns a subscription that is not there yet, and that an upgrade of the same instant names.
    fn may_be_opened(&mut self, happening: Happening) -> bool {
        let number = happening.subscription as usize;
        let row = self.row(number);
        row.opened
            && self.running[number].state == State::Waiting
            && self.openings().contains(&(row.id, happening.at))
    }

    fn take(&mut self, happening: Happening) {
        let (number, row) = (happening.subscription as usize, happening.row as usize);
        match happening.kind {
            // It may have begun earlier on its day, by the upgrade that tells of it (B5).
            Kind::Order if happening.begins => {
                if self.running[number].state == State::Waiting {
                    self.begin(number);
                }
            }
            Kind::Order => self.count_as_known(number),
            Kind::SeatChange => {
                let fate = self.change_seats(number, self.book.seat_changes[row], self.seat_marks[row]);
                self.seat_fates[row] = Some(fate);
            }
            Kind::Event(_) => {
                self.event_fates[row] =
                    self.live_through(number, self.book.events[row], self.event_marks[row]);
            }
        }
    }
}
