//! One customer's time line: what happens to its subscriptions, in order, and the charges that follow.
//!
//! Everything that concerns several subscriptions of a customer lives here and nowhere else: seat limits (R16, R18), first
//! purchases and redemptions (R20), government customers (R51). Happenings are taken in the order of instant, then kind,
//! then subscription, then change id (A6), so the order of rows never shows. A charge cycle is written when the day
//! after its first has come, so that seat changes of that first day are part of it (A8).

mod asked;
mod charging;
mod codes;
mod extension;
mod few;
mod history;
mod lifecycle;
mod moving;
mod opening;
mod order;
mod pins;
mod plan;
mod promotions;
mod purchase;
mod renewal;
mod scheduled;
mod seats;
mod slate;
mod state;
mod upgrade;
mod worlds;

pub use asked::{Appraisal, judge_purchases};
pub use opening::seats_at_start;
pub use slate::Slate;
pub use worlds::{Horizon, World, play_worlds};

use crate::book::{CustomerBook, Status, Subscription, Window};
use crate::calendar::{Day, Instant};
use crate::catalog::Catalog;
use crate::findings::{Code, Disposition, Fate, Finding, NotDue, Source};
use crate::ids::{ItemId, SubscriptionId};
use crate::policy::Policy;
use crate::workings::{Pin, Played};
use codes::Judged;
use history::History;
use order::Happening;
use state::{Mark, Running, State};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

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
    play_on(&mut Slate::default(), customer, catalog, policy, window, played);
}

/// Plays one customer like [`play`], in memory that was used for others before.
pub fn play_on(
    slate: &mut Slate,
    customer: CustomerBook<'_>,
    catalog: &Catalog,
    policy: &Policy,
    window: Window,
    played: &mut Played,
) {
    play_held(slate, customer, (catalog, policy), window, None, played);
}

/// Plays one customer against a ledger: what was billed in a term is held to its pins, which come by subscription (R62), and
/// how each subscription stands at the window's end is told.
pub fn play_against(
    slate: &mut Slate,
    customer: CustomerBook<'_>,
    with: (&Catalog, &Policy),
    window: Window,
    pins: &[Pin],
    played: &mut Played,
) {
    play_held(slate, customer, with, window, Some(pins), played);
}

fn play_held(
    slate: &mut Slate,
    customer: CustomerBook<'_>,
    (catalog, policy): (&Catalog, &Policy),
    window: Window,
    pins: Option<&[Pin]>,
    played: &mut Played,
) {
    let mut line = TimeLine::new(std::mem::take(slate), customer, catalog, policy, window, played);
    line.pins = pins;
    let happenings = line.prepared();
    line.play_all(&happenings, usize::MAX, |_, _| {});
    line.end_terms_through(window.billed.last);
    line.charge_all_through(window.billed.last);
    line.close_for_ledger();
    line.forecast();
    line.finish();
    *slate = line.wiped(happenings);
}

struct TimeLine<'a> {
    book: CustomerBook<'a>,
    catalog: &'a Catalog,
    policy: &'a Policy,
    window: Window,
    running: Vec<Running>,
    history: History,
    /// The numbers of the government's subscriptions that have begun, but for those found ended (R51).
    government: Vec<usize>,
    /// Which subscriptions are or were of which product:SKU, once a promotion has asked (B16).
    holders: Option<BTreeSet<(ItemId, usize)>>,
    /// When upgrades name the subscriptions that they open, once one of those has an event (B3).
    openings: Option<BTreeSet<(SubscriptionId, Instant)>>,
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
    happenings: Vec<Happening>,
    /// What was billed before, by subscription, where a ledger is played against (R62).
    pins: Option<&'a [Pin]>,
    /// The last day of which anything is known: the window's, unless what comes after it is charged in other worlds (R71).
    known_through: Day,
    /// Whether the window is past and renewals are only forecast (B22).
    is_forecast: bool,
    /// Whether what is forecast is charged too (R71).
    is_projected: bool,
    played: &'a mut Played,
}

impl<'a> TimeLine<'a> {
    /// The row of a subscription.
    fn row(&self, number: usize) -> &'a Subscription {
        &self.book.subscriptions[number]
    }

    /// The number among the customer's subscriptions of an id: the ranks of a customer are consecutive.
    fn number_of(&self, id: SubscriptionId) -> usize {
        id.rank() - self.row(0).id.rank()
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
            let (running, row) = (&self.running[number], self.row(number));
            if row.opened {
                // It has no row of its own.
                continue;
            }
            // One that an upgrade of its first day began before its order, which is still to come (B5).
            let is_to_come =
                row.begins_at().day() > self.window.billed.last && running.state != State::Waiting;
            let fate = if is_to_come { Fate::NotDue(NotDue::NotStarted) } else { running.fate(row) };
            if running.state == State::Waiting && running.waits_for_history(row) {
                self.find(
                    number,
                    row.source,
                    Disposition::Parked,
                    Code::SeatHistoryUnknown,
                    "quantity_as_of",
                );
            }
            self.played.fates.push((row.source, fate));
        }
        self.settle_scheduled();
        self.settle_redemptions();
        for (row, change) in self.book.seat_changes.iter().enumerate() {
            let fate = self.seat_fates[row].unwrap_or(Fate::NotDue(NotDue::NoEffect));
            self.played.fates.push((change.source, self.unless_set_aside(change.subscription, fate)));
        }
        for (row, event) in self.book.events.iter().enumerate() {
            let fate = self.event_fates[row].unwrap_or(Fate::NotDue(NotDue::NoEffect));
            self.played.fates.push((event.source, self.unless_set_aside(event.subscription, fate)));
        }
    }

    /// The fate of an event's row, unless its subscription is set aside as a whole (C8).
    fn unless_set_aside(&self, id: SubscriptionId, fate: Fate) -> Fate {
        let number = self.number_of(id);
        let row = self.row(number);
        match self.running[number].state {
            State::Failed(_) => Fate::NotDue(NotDue::SubscriptionRejected),
            _ if row.parked => Fate::NotDue(NotDue::SubscriptionRejected),
            State::History(why) if !row.is_over() => Fate::NotDue(why),
            State::Waiting | State::Running | State::Ended | State::History(_) => fate,
        }
    }

    /// Why nothing can come of an event at this moment: its row has not begun, was set aside, or is not ours to bill (C8, B20,
    /// B30).
    fn not_due(&mut self, number: usize, source: Source, at: Instant) -> Option<Fate> {
        let row = self.row(number);
        match self.running[number].state {
            // Nothing has opened it (yet), so nobody knows it (B3).
            State::Waiting if row.opened => {
                Some(self.refuse(number, source, Code::SubscriptionUnknown, "subscription_id"))
            }
            State::Waiting => Some(Fate::NotDue(NotDue::BeforeTerm)),
            State::Failed(_) => Some(Fate::NotDue(NotDue::SubscriptionRejected)),
            State::History(_) | State::Running | State::Ended if at < row.begins_at() && !row.opened => {
                Some(Fate::NotDue(NotDue::BeforeTerm))
            }
            State::History(why) if !row.is_over() => Some(Fate::NotDue(why)),
            State::History(_) | State::Running | State::Ended => None,
        }
    }

    /// What a change sells: an item of its own, or, where it names a SKU alone, that one of the product that there is now.
    fn sold(&self, now: ItemId, item: Option<ItemId>, is_sku_alone: bool) -> Option<ItemId> {
        if is_sku_alone { self.catalog.items.sku_of(now, item?) } else { item }
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
        if !self.row(number).parked && !self.is_forecast {
            self.played.findings.push(Finding { source, disposition, code, column });
        }
    }

    /// Writes a finding on a subscription's own row; where none tells of it, on the event that opened it, which is flagged.
    fn find_on_row(&mut self, number: usize, disposition: Disposition, code: Code, column: &'static str) {
        let Some(event) = self.running[number].opened_by else {
            return self.find(number, self.row(number).source, disposition, code, column);
        };
        let source = self.book.events[event].source;
        self.find(number, source, Disposition::Flagged, code, "target_subscription_id");
        if !self.row(number).parked && !self.is_forecast {
            self.event_fates[event] = Some(Fate::Set(Disposition::Flagged));
        }
    }

    /// Refuses an event's row by name.
    fn refuse(&mut self, number: usize, source: Source, code: Code, column: &'static str) -> Fate {
        self.find(number, source, Disposition::Refused, code, column);
        Fate::Set(Disposition::Refused)
    }

    /// Whether a product:SKU is held on a day by another subscription than the one judged (B16).
    fn holds_on(&mut self, item: ItemId, day: Day, except: usize) -> bool {
        let of_one = |(number, (running, row)): (usize, (&Running, &Subscription))| {
            let items: Vec<ItemId> = running.items_begun.iter().chain([row.item]).collect();
            items.into_iter().map(move |item| (item, number))
        };
        let rows = self.running.iter().zip(self.book.subscriptions);
        let holders = self.holders.get_or_insert_with(|| rows.enumerate().flat_map(of_one).collect());
        let mut others =
            holders.range((item, 0)..=(item, usize::MAX)).filter(|&&(_, number)| number != except);
        others.any(|&(_, number)| self.running[number].holds_on(&self.book.subscriptions[number], item, day))
    }

    /// Whether the customer has on a day a government subscription that was neither cancelled nor has ended (R51, B17).
    fn has_government(&mut self, day: Day) -> bool {
        while let Some(&number) = self.government.last() {
            if self.running[number].is_held(self.row(number), day) {
                return true;
            }
            // What was cancelled or has ended is never held again.
            self.government.pop();
        }
        false
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
