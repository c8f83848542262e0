//! The state of one subscription as its story is told.

use super::few::Few;
use super::opening::{Arrivals, opening_seats};
use crate::book::{Channel, CustomerBook, SeatChange, Status, Subscription};
use crate::calendar::{BillingCycle, Day, Instant, Period, Term};
use crate::findings::{Disposition, Fate, NotDue};
use crate::ids::{CodeId, ItemId, PromotionId, SubscriptionId};
use crate::rating::schedule::{Cycle, Schedule};
use crate::rating::seat_parts::{Discounts, Parts, SeatsHeld};
use crate::rating::term_price::TermPrice;
use crate::reasons::Reasons;
use crate::workings::{ChargeType, Quoted, Steps};

/// Where a subscription is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Its row has not begun.
    Waiting,
    /// A term runs.
    Running,
    /// It was cancelled, migrated, or its term ended.
    Ended,
    /// It is not ours to bill; it counts as history.
    History(NotDue),
    /// Its term could not begin.
    Failed(Disposition),
}

/// What stands beside a row among those of its subscription and instant (C12, C13, A24).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// Nothing that contradicts it.
    Clear,
    /// It says what an earlier row says.
    Repeat,
    /// It contradicts another row, and nothing says which holds.
    Ambiguous,
}

/// Seats that were added together: each batch has its own clock (R34).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Batch {
    pub(super) since: Instant,
    pub(super) seats: u32,
    /// Whether they are at the promotion's price (R22).
    pub(super) promoted: bool,
    /// Whether an upgrade moved them, so that they can't be refunded before the next renewal (B2).
    pub(super) moved: bool,
}

/// The term that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunningTerm {
    pub(super) period: Period,
    pub(super) term: Term,
    pub(super) billing_cycle: BillingCycle,
    pub(super) item: ItemId,
    pub(super) schedule: Schedule,
    /// What a seat costs for the whole term, protected (R8).
    pub(super) price: TermPrice,
    /// The day and the seats that the price was, or would be, looked up for: what another plan's price is looked up for too (B9).
    pub(super) priced_on: Day,
    pub(super) priced_for: u32,
    /// The first day under another billing plan than the term began with (R47).
    pub(super) plan_since: Option<Day>,
    pub(super) discounts: Discounts,
    pub(super) first_charge: ChargeType,
    /// When the purchase, renewal or conversion happened: the clock of a full refund (A9, A13).
    pub(super) since: Instant,
    /// No charge of the term is due before this day (A2).
    pub(super) due_from: Day,
    /// The next cycle to be charged, by its number and first day; none: the term has no more.
    pub(super) upcoming: Option<(i32, Day)>,
    /// Sum of the term's lines so far, in minor units, and how many there were (A9).
    pub(super) charged: i64,
    pub(super) lines: u32,
    pub(super) is_trial: bool,
    /// Whether an upgrade brought it to its SKU, so that cancelling it refunds nothing (B2).
    pub(super) upgraded: bool,
    pub(super) reasons: Reasons,
    pub(super) steps: Steps,
}

impl RunningTerm {
    /// The price, and what it was looked up for.
    pub(super) const fn quoted(&self) -> Quoted {
        let TermPrice { list, listed_for, .. } = self.price;
        Quoted { list, listed_for, on: self.priced_on, seats: self.priced_for }
    }

    /// The months of a full charge cycle. A term that can't have its cycle was rejected before; a whole term is the only reading
    /// that could not overcharge.
    pub(super) fn cycle_months(&self) -> u32 {
        self.billing_cycle.months(self.term).unwrap_or(self.term.months())
    }

    /// Whether the cycle that begins on this day is still to be charged, so that a seat change is part of it (A8).
    pub(super) fn awaits_cycle_on(&self, day: Day) -> bool {
        self.upcoming.is_some_and(|(_, first)| first == day)
    }

    /// Takes the next cycle, if it begins before a day.
    pub(super) fn take_cycle_before(&mut self, day: Day) -> Option<Cycle> {
        let (number, _) = self.upcoming.filter(|&(_, first)| first < day)?;
        let cycle = self.schedule.cycle(number);
        self.upcoming = cycle
            .filter(|cycle| cycle.period.last < self.period.last)
            .map(|cycle| (number + 1, cycle.period.last.next()));
        cycle
    }

    /// Passes over the cycles that begin before a day.
    pub(super) fn pass_over_before(&mut self, day: Day) {
        if self.upcoming.is_some_and(|(_, first)| first < day) {
            let number = self.schedule.first_from(day);
            self.upcoming = self.schedule.begins(number).map(|first| (number, first));
        }
    }
}

/// A billing plan that is to hold from a cycle on (R47, B9, B10).
#[derive(Clone, Debug)]
pub(super) struct PlanChange {
    /// The cycle's first day.
    pub(super) from: Day,
    pub(super) billing_cycle: BillingCycle,
    /// The customer's event that changes it.
    pub(super) event: usize,
    /// What follows in the running term; none: the next term begins with the plan.
    pub(super) rest: Option<PlanRest>,
}

/// The rest of a term under another plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlanRest {
    pub(super) price: TermPrice,
    /// The number of the first cycle under the plan.
    pub(super) number: i32,
    pub(super) schedule: Schedule,
    pub(super) steps: Steps,
}

/// The upgrade that begins a subscription (B5).
#[derive(Clone, Copy, Debug)]
pub(super) struct Half {
    pub(super) source: SubscriptionId,
    pub(super) at: Instant,
}

/// Which rows of one of the customer's tables are a subscription's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    pub(super) first: usize,
    pub(super) end: usize,
}

impl Rows {
    /// The rows of `own`, which come right before what is left of a table.
    const fn before<T>(left: &[T], own: &[T], table: &[T]) -> Rows {
        let end = table.len() - left.len();
        Rows { first: end - own.len(), end }
    }

    pub(super) const fn numbers(self) -> std::ops::Range<usize> {
        self.first..self.end
    }

    pub(super) fn of<T>(self, table: &[T]) -> &[T] {
        &table[self.first..self.end]
    }
}

/// The state of one subscription; what its row says stands in the book.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) seat_changes: Rows,
    pub(super) redemptions: Rows,
    pub(super) events: Rows,
    pub(super) scheduled: Rows,
    /// Seats as the term began; none: they can't be known (C25).
    pub(super) opening: Option<u32>,
    pub(super) state: State,
    /// Whether it is of origin renewal and was ordered by now, so that it was there before its term (A7).
    pub(super) known: bool,
    pub(super) suspended: bool,
    /// Cancelled too late for a refund: billed to the term's end (A11).
    pub(super) cancelled_on: Option<Day>,
    /// The last day on which it was held, once it has ended.
    pub(super) ended_on: Option<Day>,
    /// The latest accepted event that voids scheduled changes (R46).
    pub(super) voided_at: Option<Instant>,
    pub(super) term: Option<RunningTerm>,
    /// Another billing plan from the next cycle on (R47).
    pub(super) pending: Option<Box<PlanChange>>,
    /// The plan that a change of plan replaced, and its price: who goes back to it pays that again (R8).
    pub(super) former_plan: Option<Box<(BillingCycle, TermPrice)>>,
    /// The day that cycles and terms are counted from, through renewals (R3): the row's, until the term is changed (B11).
    pub(super) anchored_on: Option<Day>,
    /// The customer's event that opened it, where no row of the book did (B3).
    pub(super) opened_by: Option<usize>,
    /// The upgrade that its row is the other half of, if there is one (B5).
    pub(super) half_of: Option<Half>,
    /// Oldest first.
    pub(super) batches: Few<Batch, 2>,
    /// What it adds to the customer's history.
    pub(super) counted: Few<(ItemId, u32), 1>,
    pub(super) promotions_held: Few<PromotionId, 1>,
    pub(super) items_begun: Few<ItemId, 1>,
    pub(super) code_used: Option<CodeId>,
    pub(super) billed: bool,
    pub(super) flagged: bool,
    pub(super) blocked: Option<Disposition>,
}

impl Running {
    /// The subscriptions of a customer before anything has happened to them, each with its rows.
    pub(super) fn all<'a>(book: &CustomerBook<'a>) -> impl Iterator<Item = Running> {
        let whole = *book;
        let mut left = whole;
        let arrivals = Arrivals::of(&whole);
        whole.subscriptions.iter().map(move |row| {
            let own = left.advance(std::slice::from_ref(row));
            Running {
                seat_changes: Rows::before(left.seat_changes, own.seat_changes, whole.seat_changes),
                redemptions: Rows::before(left.redemptions, own.redemptions, whole.redemptions),
                events: Rows::before(left.events, own.events, whole.events),
                scheduled: Rows::before(left.scheduled, own.scheduled, whole.scheduled),
                ..Running::new(opening_seats(row, &own, &arrivals), row)
            }
        })
    }

    fn new(opening: Option<u32>, row: &Subscription) -> Running {
        const NO_ROWS: Rows = Rows { first: 0, end: 0 };
        Running {
            seat_changes: NO_ROWS,
            redemptions: NO_ROWS,
            events: NO_ROWS,
            scheduled: NO_ROWS,
            opening,
            state: State::Waiting,
            known: false,
            suspended: row.status == Status::Suspended,
            cancelled_on: None,
            ended_on: None,
            voided_at: None,
            term: None,
            pending: None,
            former_plan: None,
            anchored_on: row.anchored_on,
            opened_by: None,
            half_of: None,
            batches: Few::none(),
            counted: Few::none(),
            promotions_held: Few::none(),
            items_begun: Few::none(),
            code_used: None,
            billed: false,
            flagged: false,
            blocked: None,
        }
    }

    /// Whether a cancellation may have to refund the term, so that every line's amount has to be known (A9).
    pub(super) const fn keeps_sum(&self) -> bool {
        self.events.first < self.events.end
    }

    /// What is still to come of a billing plan costs what it does under another SKU (B1).
    pub(super) fn reprice_plan(&mut self, price: Option<TermPrice>) {
        if let (Some(plan), Some(price)) = (self.pending.as_mut(), price) {
            plan.rest = plan.rest.map(|rest| PlanRest { price, ..rest });
        }
    }

    /// Seats held, by price.
    pub(super) fn seats(&self) -> SeatsHeld {
        let mut seats = SeatsHeld::default();
        for batch in self.batches.iter() {
            if batch.promoted {
                seats.promoted += batch.seats;
            } else {
                seats.late += batch.seats;
            }
        }
        seats
    }

    /// Seats held, cut by discount.
    pub(super) fn parts(&self, term: &RunningTerm) -> Parts {
        term.discounts.parts(self.seats())
    }

    /// All seats in one new batch (A13).
    pub(super) fn restart_batches(&mut self, since: Instant, seats: u32) {
        self.batches.clear();
        self.batches.push(Batch { since, seats, promoted: true, moved: false });
    }

    /// Records an accepted event that voids scheduled changes before it (R46).
    pub(super) fn void_scheduled(&mut self, at: Instant) {
        self.voided_at = self.voided_at.max(Some(at));
    }

    /// Whether events can change it: it runs, and was not cancelled to its end.
    pub(super) fn is_active(&self) -> bool {
        self.state == State::Running && self.cancelled_on.is_none()
    }

    /// Whether it is one of a product:SKU that is held on a day: begun by then, and neither cancelled, ended nor expired
    /// before (B16).
    pub(super) fn holds_on(&self, row: &Subscription, item: ItemId, day: Day) -> bool {
        let waits = row.opened && self.state == State::Waiting;
        let begun = (self.known || row.begins_at().day() <= day) && !row.is_over() && !waits;
        let held_item = self.term.as_ref().map_or(row.item, |term| term.item);
        let gone = self.ended_on.into_iter().chain(self.cancelled_on).any(|last| last < day);
        let failed = matches!(self.state, State::Failed(_)) && !self.known;
        begun && held_item == item && !gone && !failed
    }

    /// Whether it began, and was neither cancelled nor has ended before a day (R51, B17).
    pub(super) fn is_held(&self, row: &Subscription, day: Day) -> bool {
        match self.state {
            State::Running => self.cancelled_on.is_none(),
            State::History(_) => !row.is_over() && self.ended_on.is_none_or(|last| last >= day),
            State::Waiting | State::Failed(_) => self.known && !row.is_over(),
            State::Ended => false,
        }
    }

    /// Whether its seats can't be known, begun or not (C25); for what the vendor bills they need not be.
    pub(super) fn waits_for_history(&self, row: &Subscription) -> bool {
        self.opening.is_none() && (row.channel == Channel::Reseller || row.is_over())
    }

    /// What became of the row (C19, C21).
    pub(super) fn fate(&self, row: &Subscription) -> Fate {
        if row.parked {
            return Fate::Set(Disposition::Parked);
        }
        match self.state {
            State::Waiting if self.waits_for_history(row) => Fate::Set(Disposition::Parked),
            State::Waiting => Fate::NotDue(NotDue::NotStarted),
            State::History(why) => Fate::NotDue(why),
            State::Failed(disposition) => Fate::Set(disposition),
            State::Running | State::Ended if self.flagged => Fate::Set(Disposition::Flagged),
            State::Running | State::Ended => match self.blocked {
                Some(disposition) => Fate::Set(disposition),
                None if self.billed => Fate::Billed,
                None => Fate::NotDue(NotDue::NoChargeInWindow),
            },
        }
    }
}

/// Whether changes of one instant differ and an id is missing or stands twice, so that nothing says which came first (C12).
pub(super) fn is_ambiguous(group: &[SeatChange]) -> bool {
    let differ = group.iter().any(|change| change.quantity != group[0].quantity);
    let unsure = group.iter().any(|change| change.change.is_none())
        || group.windows(2).any(|pair| pair[0].change == pair[1].change);
    differ && unsure
}
