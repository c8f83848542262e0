//! What a ledger keeps of a subscription until the next run, and which renewals it gives notice of.

use super::facts::Facts;
use super::posting::{Case, Poster, Way};
use crate::ledger::{PinRecord, Record};
use std::collections::BTreeMap;
use termwise_engine::book::{CustomerBook, Subscription};
use termwise_engine::calendar::Day;
use termwise_engine::ids::SubscriptionId;
use termwise_engine::workings::{Closing, Pin, Renewal, Standing};

/// What became of a subscription in a run, as its record has to know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome<'c> {
    pub(super) closing: Option<&'c Closing>,
    pub(super) facts: Facts,
    /// Whether nothing of its customer hangs on what may change unseen.
    pub(super) is_clean: bool,
    pub(super) way: Way,
    /// The sum over all that came out, and over what was added.
    pub(super) sums: (u64, u64),
    /// The last renewal that notice is given of now.
    pub(super) noticed: Option<i32>,
    /// Whether a line was added.
    pub(super) has_lines: bool,
    /// Whether a line was billed at the price of the running term.
    pub(super) has_billed_term: bool,
}

impl Poster<'_> {
    /// Takes the renewals that are this run's to tell, and gives notice of those whose day has come.
    pub(super) fn take_renewals(
        &mut self,
        case: &Case<'_>,
        way: impl Fn(usize) -> Way,
        renewals: &mut Vec<Renewal>,
    ) -> Vec<(usize, i32)> {
        let night = self.night;
        let (before, as_of) = (night.billed_to(), night.window.billed.last);
        let rows = case.book.subscriptions;
        let first = rows[0].id.rank();
        let number_of = |renewal: &Renewal| renewal.subscription.rank() - first;
        renewals.retain(|renewal| match way(number_of(renewal)) {
            Way::New if night.opens => renewal.renewal_date > as_of,
            Way::New => renewal.renewal_date >= night.cut_over,
            Way::Since | Way::Compare | Way::Lacking => renewal.renewal_date > before,
            Way::Wait | Way::Absent => false,
        });
        let noticed = self.give_notice(case, way, renewals);
        self.posted.played.renewals.append(renewals);
        noticed
    }

    /// Gives notice of those renewals whose day has come: which rows, and for which renewal.
    pub(super) fn give_notice(
        &mut self,
        case: &Case<'_>,
        way: impl Fn(usize) -> Way,
        renewals: &[Renewal],
    ) -> Vec<(usize, i32)> {
        let night = self.night;
        if night.notice_days.is_empty() {
            return Vec::new();
        }
        let as_of = night.window.billed.last;
        let rows = case.book.subscriptions;
        let first = rows[0].id.rank();
        let mut noticed: Vec<(usize, i32)> = Vec::new();
        for renewal in renewals {
            let number = renewal.subscription.rank() - first;
            let days = night.notice_days.get(rows[number].market.rank()).copied().flatten();
            let is_due = days.is_some_and(|days| renewal.renewal_date <= as_of.plus_days(days));
            if !is_due || (way(number) == Way::New && renewal.renewal_date <= as_of) {
                continue;
            }
            let date = renewal.renewal_date.epoch_days();
            let known = case.records[number].1.map_or(0, |record| record.noticed);
            let last = noticed.last().filter(|(of, _)| *of == number).map_or(known, |(_, date)| *date);
            if date > last {
                noticed.push((number, date));
                // What fell due before an existing book was taken over was told elsewhere (R64).
                if !night.opens {
                    self.posted.notices.push(*renewal);
                }
            }
        }
        noticed
    }

    /// Keeps what the next run has to know of a subscription.
    pub(super) fn keep(&mut self, case: &Case<'_>, number: usize, outcome: Outcome<'_>) {
        let row = &case.book.subscriptions[number];
        let (own_number, record) = case.records[number];
        if matches!(outcome.way, Way::Wait | Way::Absent) {
            // What falls due meanwhile is caught up, though its facts are then what they were.
            let waits =
                record.filter(|record| !record.is_dirty).map(|record| Record { is_dirty: true, ..record });
            self.posted.records.extend(waits.map(|record| (row.id, record, false)));
            return;
        }
        let Some(closing) = outcome.closing else { return };
        // What was never billed and is set aside has not been met yet.
        if record.is_none() && closing.standing == Standing::SetAside && !outcome.has_lines {
            return;
        }
        let customer = case.customer;
        let before = record.unwrap_or_default();
        let noticed = outcome.noticed.unwrap_or(before.noticed);
        let is_moved = record.is_some_and(|record| record.customer != customer);
        let (came_out, added) = outcome.sums;
        let sum = match outcome.way {
            Way::New | Way::Compare => came_out,
            Way::Since | Way::Lacking | Way::Wait | Way::Absent => before.sum.wrapping_add(added),
        };
        let is_set_aside = closing.standing == Standing::SetAside;
        let kept = Record {
            customer,
            subscription: own_number,
            facts: outcome.facts.now,
            sum: if self.night.opens { 0 } else { sum },
            term_start: row.term_start.epoch_days(),
            last: before.last,
            rows: [
                outcome.facts.rows_now[0],
                outcome.facts.rows_now[1],
                taken_up(&case.book, row, closing.term_first),
            ],
            is_over: closing.standing == Standing::Over,
            is_dirty: !outcome.is_clean,
            is_opened: row.opened,
            is_reported: false,
            is_gone: false,
            noticed,
            term_first: closing.term_first.map_or(0, Day::epoch_days),
            price: self.pinned(closing, &before.price, outcome.has_billed_term),
        };
        // What is set aside is left as the ledger knows it, to be looked at again.
        let kept = if is_set_aside && record.is_some() {
            Record { customer, is_dirty: true, sum, last: before.last, noticed, ..before }
        } else {
            kept
        };
        let has_group = outcome.has_lines || record.is_none();
        if is_moved {
            self.posted.left.push(Record { is_gone: true, ..before });
        }
        if has_group || is_moved || record != Some(kept) {
            self.posted.records.push((row.id, kept, has_group));
        }
    }

    /// What the running term is pinned to: its price, once something was billed at it.
    fn pinned(&self, closing: &Closing, before: &PinRecord, is_billed: bool) -> PinRecord {
        let Some(pin) = closing.pin else { return PinRecord::default() };
        let now = self.pin_record(&pin);
        let was_pinned = before.priced == now.priced && before.on == now.on;
        if is_billed || was_pinned { now } else { PinRecord::default() }
    }

    fn pin_record(&self, pin: &Pin) -> PinRecord {
        let hashes = &self.night.hashes;
        PinRecord {
            priced: hashes.priced(pin.item, pin.quoted.listed_for, pin.billing_cycle),
            list: pin.quoted.list.millionths(),
            on: pin.quoted.on.epoch_days(),
            seats: pin.quoted.seats,
            promotion: pin.promotion.map_or(0, |(id, _)| hashes.promotion(id)),
            discount: pin.promotion.map_or(0, |(_, discount)| discount.millionths()),
        }
    }
}

/// Whether a subscription that had a row of its own has none any more, and is there for an upgrade that names it alone.
pub(super) const fn is_away(record: &Record, row: &Subscription) -> bool {
    row.opened && !record.is_opened
}

/// Whether rows that the ledger saw of a subscription are missing: a seat change, an event, or a scheduled change that a
/// renewal took up. Rows before the row's own term concern nobody any more.
pub(super) fn lacks_rows(
    record: &Record,
    row: &Subscription,
    book: &CustomerBook<'_>,
    facts: &Facts,
) -> bool {
    let [seats, events, scheduled] = record.rows;
    let term_first = Day::from_epoch_days(record.term_first).filter(|_| record.term_first != 0);
    record.term_start == row.term_start.epoch_days()
        && (facts.rows_before[0] < seats
            || facts.rows_before[1] < events
            || taken_up(book, row, term_first) < scheduled)
}

/// Scheduled changes of a row's term that a renewal has come after.
fn taken_up(book: &CustomerBook<'_>, row: &Subscription, term_first: Option<Day>) -> u16 {
    let Some(until) = term_first else { return 0 };
    let first = book.scheduled.partition_point(|change| change.subscription < row.id);
    let own = book.scheduled[first..].iter().take_while(|change| change.subscription == row.id);
    let days = own.map(|change| change.scheduled_at.day());
    u16::try_from(days.filter(|&day| day >= row.term_start && day < until).count()).unwrap_or(u16::MAX)
}

/// Which charges are of which subscription, in the order of subscriptions and, within one, as they come.
pub(crate) fn by_subscription(
    charges: impl Iterator<Item = SubscriptionId>,
) -> BTreeMap<SubscriptionId, Vec<usize>> {
    let mut groups: BTreeMap<SubscriptionId, Vec<usize>> = BTreeMap::new();
    for (place, subscription) in charges.enumerate() {
        groups.entry(subscription).or_default().push(place);
    }
    groups
}
