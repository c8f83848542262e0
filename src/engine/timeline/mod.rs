//! One customer's time line: what happens to its subscriptions, in order, and the charges that follow.
//!
//! Everything that concerns several subscriptions of a customer lives here and nowhere else: seat limits (R16, R18), first
//! purchases and redemptions (R20), government customers (R51). Happenings are taken in the order of instant, then kind,
//! then subscription, then change id (A6), so the order of rows never shows. A charge cycle is written when the day
//! after its first has come, so that seat changes of that first day are part of it (A8).

mod charging;
mod codes;
mod history;
mod lifecycle;
mod promotions;
mod purchase;
mod renewal;
mod scheduled;
mod seats;
mod state;

use crate::book::{CustomerBook, Origin, Status, Window};
use crate::calendar::{Day, Instant};
use crate::catalog::{Catalog, Segment};
use crate::findings::{Code, Disposition, Fate, Finding, NotDue, Source};
use crate::policy::Policy;
use crate::workings::Played;
use codes::Judged;
use history::History;
use state::{Mark, Running, State};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Plays one customer from its first term to the end of the window and the forecast, and adds what came of it.
///
/// `played` gets lines that fall due in the window, renewals of the window and the horizon, findings, and a fate for every
/// subscription, seat change, redemption, lifecycle event and scheduled change of the customer.
pub fn play(
    customer: CustomerBook<'_>,
    catalog: &Catalog,
    policy: &Policy,
    window: Window,
    played: &mut Played,
) {
    let mut line = TimeLine::new(customer, catalog, policy, window, played);
    line.judge_redemptions();
    line.mark_seat_changes();
    line.mark_events();
    line.mark_scheduled();
    let happenings = line.happenings();
    for happening in happenings {
        line.end_terms_before(happening.at);
        line.take(happening);
    }
    line.end_terms_through(window.billed.last);
    line.charge_all_through(window.billed.last);
    line.forecast();
    line.finish();
}

/// What is taken next; renewals come before all of these (A6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Happening {
    at: Instant,
    kind: Kind,
    /// Number of the subscription among the customer's, which is the order of their ids.
    subscription: usize,
    /// Number of the row in its table, which is sorted by change id and kind.
    row: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    /// A row of origin renewal begins to count as history (A7).
    Known,
    Purchase,
    SeatChange,
    Event,
}

struct TimeLine<'a> {
    book: CustomerBook<'a>,
    catalog: &'a Catalog,
    policy: &'a Policy,
    window: Window,
    running: Vec<Running<'a>>,
    history: History<'a>,
    /// Whether any row is of the government's segment: most customers have none, and need not be looked through.
    knows_government: bool,
    /// When each running term ends: the renewal date and the subscription's number.
    renewals: BinaryHeap<Reverse<(Day, usize)>>,
    judged_codes: Vec<Judged>,
    seat_marks: Vec<Mark>,
    event_marks: Vec<Mark>,
    scheduled_marks: Vec<Mark>,
    /// A fate for each row of the customer's tables, once it is known.
    seat_fates: Vec<Option<Fate>>,
    event_fates: Vec<Option<Fate>>,
    scheduled_fates: Vec<Option<Fate>>,
    /// Whether the window is past and renewals are only forecast (B22).
    is_forecast: bool,
    played: &'a mut Played,
}

impl<'a> TimeLine<'a> {
    fn new(
        book: CustomerBook<'a>,
        catalog: &'a Catalog,
        policy: &'a Policy,
        window: Window,
        played: &'a mut Played,
    ) -> TimeLine<'a> {
        let running = book.subscriptions.iter().map(|row| Running::new(row, &book)).collect();
        TimeLine {
            book,
            catalog,
            policy,
            window,
            running,
            history: History::new(book.holdings, policy.seat_count),
            knows_government: book.subscriptions.iter().any(|row| row.segment == Segment::Government),
            renewals: BinaryHeap::new(),
            judged_codes: Vec::new(),
            seat_marks: Vec::with_capacity(book.seat_changes.len()),
            event_marks: Vec::with_capacity(book.events.len()),
            scheduled_marks: Vec::with_capacity(book.scheduled.len()),
            seat_fates: vec![None; book.seat_changes.len()],
            event_fates: vec![None; book.events.len()],
            scheduled_fates: vec![None; book.scheduled.len()],
            is_forecast: false,
            played,
        }
    }

    /// Everything that happens up to `as_of`, in order; what comes later is not due (B30).
    fn happenings(&mut self) -> Vec<Happening> {
        let as_of = self.window.billed.last;
        let mut happenings = Vec::with_capacity(self.running.len() + self.book.seat_changes.len());
        for (number, running) in self.running.iter().enumerate() {
            let row = running.row;
            let at = row.begins_at();
            if at.day() <= as_of {
                happenings.push(Happening { at, kind: Kind::Purchase, subscription: number, row: 0 });
            }
            let known = row.ordered_at.unwrap_or(Instant::BEGINNING);
            if row.origin == Origin::Renewal
                && known < at
                && (known == Instant::BEGINNING || known.day() <= as_of)
            {
                happenings.push(Happening { at: known, kind: Kind::Known, subscription: number, row: 0 });
            }
        }
        for (row, change) in self.book.seat_changes.iter().enumerate() {
            if change.changed_at.day() > as_of {
                self.seat_fates[row] = Some(Fate::NotDue(NotDue::AfterAsOf));
            } else {
                let subscription = self.number_of(change.subscription.rank());
                let kind = Kind::SeatChange;
                happenings.push(Happening { at: change.changed_at, kind, subscription, row });
            }
        }
        for (row, event) in self.book.events.iter().enumerate() {
            if event.happened_at.day() > as_of {
                self.event_fates[row] = Some(Fate::NotDue(NotDue::AfterAsOf));
            } else {
                let subscription = self.number_of(event.subscription.rank());
                happenings.push(Happening { at: event.happened_at, kind: Kind::Event, subscription, row });
            }
        }
        // What happens at one instant is taken by kind before subscription (A6): an order that becomes known is a purchase, and the
        // table of events has the kind first only within one subscription.
        let kind_of = |happening: &Happening| match happening.kind {
            Kind::Known | Kind::Purchase => (Kind::Purchase, None),
            Kind::SeatChange => (Kind::SeatChange, None),
            Kind::Event => (Kind::Event, Some(self.book.events[happening.row].kind)),
        };
        let order = |happening: &Happening| {
            let Happening { at, kind, subscription, row } = *happening;
            (at, kind_of(happening), subscription, row, kind)
        };
        happenings.sort_unstable_by_key(order);
        happenings
    }

    /// The number among the customer's subscriptions of an id's rank: the ranks of a customer are consecutive.
    fn number_of(&self, rank: usize) -> usize {
        let id = |running: &Running<'_>| running.row.id.rank();
        self.running.partition_point(|running| id(running) < rank)
    }

    fn take(&mut self, happening: Happening) {
        let number = happening.subscription;
        match happening.kind {
            Kind::Known => self.count_as_known(number),
            Kind::Purchase => self.begin(number),
            Kind::SeatChange => {
                let mark = self.seat_marks[happening.row];
                let fate = self.change_seats(number, self.book.seat_changes[happening.row], mark);
                self.seat_fates[happening.row] = Some(fate);
            }
            Kind::Event => {
                let mark = self.event_marks[happening.row];
                let fate = self.live_through(number, self.book.events[happening.row], mark);
                self.event_fates[happening.row] = fate;
                if fate.is_none() {
                    self.running[number].undecided.push(happening.row);
                }
            }
        }
    }

    /// Terms whose renewal comes at or before an instant; at the same instant renewals go first (A6, B31).
    fn end_terms_before(&mut self, at: Instant) {
        while let Some(&Reverse((date, number))) = self.renewals.peek()
            && date.start() <= at
        {
            self.renewals.pop();
            self.end_term(number, date);
        }
    }

    fn end_terms_through(&mut self, day: Day) {
        self.end_terms_before(day.start());
    }

    /// Renewals after `as_of`, from the state of that day (B22).
    fn forecast(&mut self) {
        self.is_forecast = true;
        self.end_terms_through(self.window.horizon);
    }

    /// Gives every row that nothing has settled its fate.
    fn finish(&mut self) {
        self.is_forecast = false;
        for number in 0..self.running.len() {
            let running = &self.running[number];
            if running.state == State::Waiting && running.waits_for_history() {
                let source = running.row.source;
                self.find(number, source, Disposition::Parked, Code::SeatHistoryUnknown, "quantity_as_of");
            }
            let running = &self.running[number];
            let fate = running.fate();
            self.played.fates.push((running.row.source, fate));
        }
        self.settle_scheduled();
        self.settle_redemptions();
        for (row, change) in self.book.seat_changes.iter().enumerate() {
            let fate = self.seat_fates[row].unwrap_or(Fate::NotDue(NotDue::NoEffect));
            self.played.fates.push((change.source, self.unless_set_aside(change.subscription.rank(), fate)));
        }
        for (row, event) in self.book.events.iter().enumerate() {
            let fate = self.event_fates[row].unwrap_or(Fate::NotDue(NotDue::NoEffect));
            self.played.fates.push((event.source, self.unless_set_aside(event.subscription.rank(), fate)));
        }
    }

    /// The fate of an event's row, unless its subscription is set aside as a whole (C8).
    fn unless_set_aside(&self, rank: usize, fate: Fate) -> Fate {
        let running = &self.running[self.number_of(rank)];
        match running.state {
            State::Failed(_) => Fate::NotDue(NotDue::SubscriptionRejected),
            _ if running.row.parked => Fate::NotDue(NotDue::SubscriptionRejected),
            State::History(why) if !running.refuses_events() => Fate::NotDue(why),
            State::Waiting | State::Running | State::Ended | State::History(_) => fate,
        }
    }

    /// Why nothing can come of an event at this moment: its row has not begun, was set aside, or is not ours to bill (C8, B20,
    /// B30).
    fn not_due(&self, number: usize, at: Instant) -> Option<Fate> {
        let running = &self.running[number];
        match running.state {
            State::Waiting => Some(Fate::NotDue(NotDue::BeforeTerm)),
            State::Failed(_) => Some(Fate::NotDue(NotDue::SubscriptionRejected)),
            State::History(_) | State::Running | State::Ended if at < running.row.begins_at() => {
                Some(Fate::NotDue(NotDue::BeforeTerm))
            }
            State::History(why) if !running.refuses_events() => Some(Fate::NotDue(why)),
            State::History(_) | State::Running | State::Ended => None,
        }
    }

    /// Writes a finding on a row, unless its subscription is parked and waits as a whole.
    fn find(
        &mut self,
        number: usize,
        source: Source,
        disposition: Disposition,
        code: Code,
        column: &'static str,
    ) {
        if !self.running[number].row.parked && !self.is_forecast {
            self.played.findings.push(Finding { source, disposition, code, column });
        }
    }

    /// Refuses an event's row by name.
    fn refuse(&mut self, number: usize, source: Source, code: Code, column: &'static str) -> Fate {
        self.find(number, source, Disposition::Refused, code, column);
        Fate::Set(Disposition::Refused)
    }

    /// Whether a product:SKU is held on a day by another subscription than the one judged: begun by then, and neither
    /// cancelled, ended nor expired before (B16).
    fn holds_on(&self, item: crate::ids::ItemId, day: Day, except: usize) -> bool {
        let mut others = self.running.iter().enumerate().filter(|&(number, _)| number != except);
        others.any(|(_, running)| running.holds_on(item, day))
    }

    /// Whether the customer has a government subscription that was neither cancelled nor has ended (R51, B17).
    fn has_government(&self) -> bool {
        self.knows_government && self.running.iter().any(Running::is_government_held)
    }
}

/// Why a row that began is history only (B13, B20).
fn history_reason(status: Status) -> NotDue {
    match status {
        Status::Cancelled => NotDue::Cancelled,
        Status::Expired => NotDue::Expired,
        Status::Active | Status::Suspended => NotDue::BilledByVendor,
    }
}
