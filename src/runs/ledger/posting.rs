//! What a night adds for one customer: the charges that the ledger lacks, and what takes back those that came out differently.
//!
//! ```text
//! facts as they were, nobody new       play the days since the last run; all that falls due is new
//! facts or control changed             play all days from the cut-over; where the sum over what fell due before is the
//!                                      ledger's, it is as above
//! the sum differs                      fetch what was billed, pin its prices, play again, and subtract (R62)
//! ```
//! Nothing is taken back because a row is missing: of a customer that lacks one of its subscriptions only those whose own
//! rows changed are corrected (R63), and a subscription that lacks a row of its own waits until it is back.

use super::facts::{self, Desk, Facts, Hashes};
use super::keep::{Outcome, is_away, lacks_rows};
use crate::ledger::{Ledger, LedgerError, Owned, Reader, Record, State, hash, history, standing};
use crate::names::Names;
use crate::output::line_keys;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use termwise_engine::book::{CustomerBook, Subscription, Window};
use termwise_engine::calendar::{Day, Period};
use termwise_engine::catalog::Catalog;
use termwise_engine::findings::{Code, Source};
use termwise_engine::ids::{CustomerId, SubscriptionId};
use termwise_engine::policy::Policy;
use termwise_engine::timeline::{self, Slate};
use termwise_engine::workings::{Closing, Line, Pin, Played, Renewal, Standing};

/// What a night is played against.
pub(crate) struct Night<'n> {
    pub(super) ledger: &'n Ledger,
    pub(super) state: &'n State,
    pub(super) hashes: Hashes,
    /// The first day that the ledger bills.
    pub(super) cut_over: Day,
    /// The day that the ledger is at; none: this is its first run.
    pub(super) before: Option<Day>,
    /// The run's own window: from the cut-over to as_of, or for an existing book all days to it.
    pub(super) window: Window,
    /// Whether everything but the book and the price list is what it was at the last run.
    pub(super) same_control: bool,
    /// Whether an existing book is taken over: what falls due was billed elsewhere (R64).
    pub(super) opens: bool,
    /// Whether an existing book was taken over.
    pub(super) was_opened: bool,
    /// Subscriptions that have another customer than the ledger knows, by the number of their id.
    pub(super) moved: HashMap<u64, Record>,
    /// Days before a renewal on which its notice falls due, by rank of the market; empty: no notices.
    pub(super) notice_days: Vec<Option<u32>>,
}

/// A customer, or a piece of one, with what the ledger knows of it.
pub(crate) struct Case<'b> {
    pub(super) book: CustomerBook<'b>,
    /// The number of the customer's id.
    pub(super) customer: u64,
    /// Of each subscription the number of its id, and what the ledger knows.
    pub(super) records: Vec<(u64, Option<Record>)>,
    /// Whether the book lacks a subscription of the customer that the ledger has.
    lacks: bool,
}

impl Case<'_> {
    /// How many subscriptions.
    pub(crate) const fn size(&self) -> usize {
        self.book.subscriptions.len()
    }
}

/// What a unit adds.
#[derive(Default)]
pub(crate) struct Posted {
    /// Lines that are new, renewals, findings, and the fate of every row.
    pub(crate) played: Played,
    /// Lines that are not the first billing of their key, and which one they are.
    pub(crate) billings: BTreeMap<String, u32>,
    /// What is taken back.
    pub(crate) reversals: Vec<(CustomerId, SubscriptionId, Owned)>,
    pub(crate) notices: Vec<Renewal>,
    /// Records that changed, each with the subscription in the book and whether it has charges here.
    pub(crate) records: Vec<(SubscriptionId, Record, bool)>,
    /// Records of customers that a subscription left.
    pub(crate) left: Vec<Record>,
}

impl Posted {
    /// Adds another unit.
    pub(crate) fn append(&mut self, mut other: Posted) {
        self.played.lines.append(&mut other.played.lines);
        self.played.renewals.append(&mut other.played.renewals);
        self.played.findings.append(&mut other.played.findings);
        self.played.fates.append(&mut other.played.fates);
        self.billings.append(&mut other.billings);
        self.reversals.append(&mut other.reversals);
        self.notices.append(&mut other.notices);
        self.records.append(&mut other.records);
        self.left.append(&mut other.left);
    }
}

/// How a subscription is posted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// The ledger has not met it: everything from the cut-over on is new.
    New,
    /// What was billed stands: what fell due since is new.
    Since,
    /// What was billed is to be held against what comes out now.
    Compare,
    /// What was billed stands, and what was passed over meanwhile is added: a subscription of the customer is missing.
    Lacking,
    /// Rows of it are missing: nothing comes of it.
    Wait,
    /// Its own row is missing, and an upgrade names it: nothing comes of it (R63).
    Absent,
}

impl<'n> Night<'n> {
    /// The day up to which the ledger has billed; before its first run the day before the cut-over.
    pub(super) fn billed_to(&self) -> Day {
        self.before.unwrap_or_else(|| self.cut_over.previous())
    }

    /// Brings what is known of the customers of some rows near, before they are posted.
    pub(crate) fn approach(&self, rows: &[Subscription], names: &Names) {
        let customers = rows.chunk_by(|left, right| left.customer == right.customer);
        self.state.approach(customers.map(|own| hash(names.customer(own[0].customer).as_bytes())));
    }

    /// The cases of a customer: itself, or its pieces where it is cut.
    ///
    /// # Errors
    /// Two subscriptions have the same number.
    pub(crate) fn cases<'b>(
        &self,
        customer: CustomerBook<'b>,
        names: &Names,
        piece: usize,
    ) -> Result<impl Iterator<Item = Case<'b>> + use<'b>, SubscriptionId> {
        let id = hash(names.customer(customer.subscriptions[0].customer).as_bytes());
        let mut known = self.state.of_customer(id);
        if !known.is_sorted_by_key(|(record, _)| record.subscription) {
            known.sort_by_key(|(record, _)| record.subscription);
        }
        let mut met = 0;
        let mut records = Vec::with_capacity(customer.subscriptions.len());
        for row in customer.subscriptions {
            let number = hash(names.subscription(row.id).as_bytes());
            let place = known.binary_search_by_key(&number, |(record, _)| record.subscription);
            let record = match place {
                // An upgrade names it, and its own row is missing: it is not met.
                Ok(place) if is_away(&known[place].0, row) => Some(known[place].0),
                Ok(place) if self.state.meet(known[place].1) => return Err(row.id),
                Ok(place) => {
                    met += 1;
                    Some(known[place].0)
                }
                Err(_) => self.moved.get(&number).copied(),
            };
            records.push((number, record));
        }
        let lacks = met < known.len();
        let mut left = records;
        Ok(customer.pieces(piece).map(move |book| {
            let rest = left.split_off(book.subscriptions.len().min(left.len()));
            let records = std::mem::replace(&mut left, rest);
            Case { book, customer: id, records, lacks }
        }))
    }
}

/// Who plays the cases of a unit.
pub(crate) struct Poster<'u> {
    pub(super) night: &'u Night<'u>,
    pub(super) names: &'u Names,
    pub(super) catalog: &'u Catalog,
    pub(super) policy: &'u Policy,
    reader: Reader<'u>,
    desk: Desk<'u>,
    facts: Vec<Facts>,
    pins: Vec<Pin>,
    /// Rows of the case that say that a term was over which was billed.
    pub(super) over_but_billed: Vec<Source>,
    slate: Slate,
    pub(super) played: Played,
    pub(super) posted: Posted,
}

impl<'u> Poster<'u> {
    /// For a unit of a part with these names.
    pub(crate) fn new(
        night: &'u Night<'u>,
        names: &'u Names,
        (catalog, policy): (&'u Catalog, &'u Policy),
    ) -> Poster<'u> {
        let reader = Reader::new(night.ledger);
        let desk = Desk::new(names, &night.hashes);
        let (facts, pins, over_but_billed) = (Vec::new(), Vec::new(), Vec::new());
        let (slate, played, posted) = (Slate::default(), Played::default(), Posted::default());
        Poster {
            night,
            names,
            catalog,
            policy,
            reader,
            desk,
            facts,
            pins,
            over_but_billed,
            slate,
            played,
            posted,
        }
    }

    /// Makes room for what so many subscriptions bring on an ordinary night, in memory that an earlier part leaves, so that
    /// nothing is moved as it grows.
    pub(crate) fn with_room(mut self, subscriptions: usize, spare: Played) -> Poster<'u> {
        self.posted.played = spare;
        self.posted.played.lines.reserve(subscriptions / 8);
        self.posted.played.renewals.reserve(subscriptions);
        self.posted.played.fates.reserve(subscriptions * 2);
        self.posted.records.reserve(subscriptions / 8);
        self
    }

    /// What the unit adds.
    pub(crate) fn finish(self) -> Posted {
        self.posted
    }

    /// Plays a case and adds what comes of it.
    ///
    /// # Errors
    /// What was billed can't be read.
    pub(crate) fn post(&mut self, case: &Case<'_>) -> Result<(), LedgerError> {
        let night = self.night;
        let as_of = night.window.billed.last;
        let mut facts = std::mem::take(&mut self.facts);
        self.desk.all(&case.book, (night.before, as_of), &mut facts);
        let is_as_it_was = |(facts, (_, record)): (&Facts, &(u64, Option<Record>))| {
            record.is_some_and(|record| {
                !record.is_dirty && record.facts == facts.before && record.customer == case.customer
            })
        };
        // As long as nothing is new to anybody, or somebody is missing, terms keep the promotions that they were billed with.
        let is_unchanged = facts.iter().zip(&case.records).all(is_as_it_was);
        let is_settled = is_unchanged || case.lacks;
        let is_quiet = night.same_control && is_unchanged;
        let mut pins = std::mem::take(&mut self.pins);
        pins.clear();
        for (row, (_, record)) in case.book.subscriptions.iter().zip(&case.records) {
            pins.extend(record.and_then(|record| self.pin_of(row, &record.price, is_settled)));
        }
        if is_quiet {
            self.go_on(case, &facts, &pins);
        } else {
            self.look_again(case, (&facts, is_settled), &mut pins)?;
        }
        (self.facts, self.pins) = (facts, pins);
        Ok(())
    }

    /// Nothing is new but the days: what fell due since the last run is added.
    fn go_on(&mut self, case: &Case<'_>, facts: &[Facts], pins: &[Pin]) {
        let night = self.night;
        let since = Period { first: night.billed_to().next(), last: night.window.billed.last };
        let mut played = std::mem::take(&mut self.posted.played);
        played.closings.clear();
        let (lines, renewals, findings) = (played.lines.len(), played.renewals.len(), played.findings.len());
        self.play(case, since, pins, &mut played);
        let is_clean = !played.findings[findings..].iter().any(|finding| hangs_on_a_price(finding.code));
        let rows = case.book.subscriptions;
        let first = rows[0].id.rank();
        let new = &played.lines[lines..];
        let keys = line_keys(self.names, night.window, new);
        let mut added: Vec<(usize, u64)> = Vec::with_capacity(new.len());
        for (line, key) in new.iter().zip(keys.iter()) {
            let number = line.subscription.rank() - first;
            added.push((number, self.weight(&rows[number], line, key)));
        }
        let noticed = self.give_notice(case, |_| Way::Since, &played.renewals[renewals..]);
        let all = added.len();
        let (mut added, mut noticed) = (added.as_slice(), noticed.as_slice());
        for (number, closing) in played.closings.iter().enumerate() {
            let own = added.iter().take_while(|(of, _)| *of == number).count();
            let sum = added[..own].iter().fold(0_u64, |sum, (_, weight)| sum.wrapping_add(*weight));
            let new = &played.lines[lines + (all - added.len())..][..own];
            added = &added[own..];
            let notices = noticed.iter().take_while(|(of, _)| *of == number).count();
            let noticed_now = noticed[..notices].last().map(|(_, date)| *date);
            noticed = &noticed[notices..];
            let outcome = Outcome {
                closing: Some(closing),
                facts: facts[number],
                is_clean,
                way: Way::Since,
                sums: (0, sum),
                noticed: noticed_now,
                has_lines: own > 0,
                has_billed_term: is_billed_at(new, closing),
            };
            self.keep(case, number, outcome);
        }
        self.posted.played = played;
    }

    /// Facts, control or the customer's subscriptions changed: what was billed is held against what comes out now.
    fn look_again(
        &mut self,
        case: &Case<'_>,
        (facts, is_settled): (&[Facts], bool),
        pins: &mut Vec<Pin>,
    ) -> Result<(), LedgerError> {
        let night = self.night;
        let as_of = night.window.billed.last;
        let rows = case.book.subscriptions;
        let changed =
            |number: usize| case.records[number].1.is_none_or(|record| record.facts != facts[number].before);
        let mut ways: Vec<Way> = Vec::with_capacity(rows.len());
        for number in 0..rows.len() {
            ways.push(match &case.records[number].1 {
                None => Way::New,
                Some(record) if is_away(record, &rows[number]) => Way::Absent,
                // What an upgrade opened is as its source was, which may be the one that is missing.
                Some(_) if case.lacks && opener_is_away(case, &rows[number]) => Way::Absent,
                Some(record) if lacks_rows(record, &rows[number], &case.book, &facts[number]) => Way::Wait,
                Some(record) if case.lacks && !changed(number) && record.is_dirty => Way::Lacking,
                Some(_) if case.lacks && !changed(number) => Way::Since,
                Some(_) => Way::Compare,
            });
        }
        let whole = night.window.billed;
        self.play_anew(case, whole, pins);
        // Where the sum over what fell due before is the ledger's, nothing of it came out differently.
        let mut history: BTreeMap<usize, BTreeMap<String, crate::ledger::Billed>> = BTreeMap::new();
        let is_held_against = |way: Way| matches!(way, Way::Compare | Way::Lacking);
        if ways.iter().any(|way| is_held_against(*way)) {
            let sums = self.sums_before(case);
            for number in 0..rows.len() {
                let Some(record) = case.records[number].1.filter(|_| is_held_against(ways[number])) else {
                    continue;
                };
                let same_term = record.term_start == rows[number].term_start.epoch_days();
                // The sum begins with the cut-over; what an existing book was told to come to before is held against too (R64).
                let is_told = night.was_opened && rows[number].term_start < night.cut_over;
                let is_settled = !is_told || record.is_dirty || record.facts == facts[number].before;
                let is_same = same_term && record.sum == sums[number] && is_settled;
                if is_same || self.is_set_aside(rows[number].id) {
                    ways[number] = Way::Since;
                } else if rows[number].is_over() && record.sum != 0 {
                    // A status alone takes nothing back.
                    ways[number] = Way::Since;
                    self.over_but_billed.push(rows[number].source);
                } else {
                    let billed = self.history_of(&rows[number], &record)?;
                    if case.lacks && self.came_from_who_is_away(case, &billed) {
                        ways[number] = Way::Absent;
                    } else {
                        history.insert(number, billed);
                    }
                }
            }
        }
        if !history.is_empty() {
            for (&number, billed) in &history {
                for owned in billed.values().filter_map(|billed| billed.standing.as_ref()) {
                    let pin = owned
                        .charge()
                        .and_then(|charge| self.pin_of_charge(&rows[number], &charge, is_settled));
                    pins.extend(pin);
                }
            }
            pins.sort_by_key(|pin| pin.subscription);
            self.play_anew(case, Period { first: beginning(whole.first), last: as_of }, pins);
        }
        self.take(case, facts, &ways, history);
        Ok(())
    }

    fn play_anew(&mut self, case: &Case<'_>, billed: Period, pins: &[Pin]) {
        let mut played = std::mem::take(&mut self.played);
        played.clear();
        self.play(case, billed, pins, &mut played);
        self.played = played;
    }

    fn play(&mut self, case: &Case<'_>, billed: Period, pins: &[Pin], played: &mut Played) {
        let window = Window { billed, ..self.night.window };
        let (lines, renewals) = (played.lines.len(), played.renewals.len());
        let with = (self.catalog, self.policy);
        timeline::play_against(&mut self.slate, case.book, with, window, pins, played);
        played.steps.clear();
        played.lines[lines..].sort_by_key(|line| (line.subscription, line.charge.first));
        played.renewals[renewals..].sort_by_key(|renewal| (renewal.subscription, renewal.renewal_date));
    }

    /// Whether seats that stand billed were moved by an upgrade of a subscription that is missing: nobody knows of them then.
    fn came_from_who_is_away(
        &self,
        case: &Case<'_>,
        billed: &BTreeMap<String, crate::ledger::Billed>,
    ) -> bool {
        let stands = billed.iter().filter(|(_, billed)| billed.standing.is_some());
        let mut sources = stands.filter_map(|(key, _)| key.split(':').nth(2)?.split('@').nth(2));
        let is_there = |id: &str| {
            case.book.subscriptions.iter().any(|row| self.names.subscription(row.id) == id && !row.opened)
        };
        sources.any(|source| !is_there(source))
    }

    fn is_set_aside(&self, id: SubscriptionId) -> bool {
        self.closing(id).is_none_or(|closing| closing.standing == Standing::SetAside)
    }

    fn closing(&self, id: SubscriptionId) -> Option<&Closing> {
        let place = self.played.closings.binary_search_by_key(&id, |closing| closing.subscription).ok()?;
        self.played.closings.get(place)
    }

    /// For each row the sum over the charges that came out and fell due up to the ledger's day.
    fn sums_before(&self, case: &Case<'_>) -> Vec<u64> {
        let billed_to = self.night.billed_to();
        self.sums(case, |line| line.due <= billed_to)
    }

    /// For each row the sum over lines due from the cut-over and its term on.
    pub(super) fn sums(&self, case: &Case<'_>, counts: impl Fn(&Line) -> bool) -> Vec<u64> {
        let rows = case.book.subscriptions;
        let first = rows[0].id.rank();
        let keys = line_keys(self.names, self.night.window, &self.played.lines);
        let mut sums = vec![0_u64; rows.len()];
        for (line, key) in self.played.lines.iter().zip(keys.iter()) {
            let number = line.subscription.rank() - first;
            let from = self.night.cut_over.max(rows[number].term_start);
            if line.due >= from && counts(line) {
                sums[number] = sums[number].wrapping_add(self.weight(&rows[number], line, key));
            }
        }
        sums
    }

    pub(super) fn weight(&self, row: &Subscription, line: &Line, key: &str) -> u64 {
        let item = facts::item(self.names.product(line.item), self.names.sku(line.item));
        weigh(key, line.charge, (line.quantity, line.subtotal), row.currency.code(), item)
    }

    fn history_of(
        &self,
        row: &Subscription,
        record: &Record,
    ) -> Result<BTreeMap<String, crate::ledger::Billed>, LedgerError> {
        let id = self.names.subscription(row.id);
        let found = history(self.night.ledger, &self.reader, (record.last, id), row.term_start)?;
        Ok(standing(found))
    }
}

/// Whether the subscription whose upgrade opens another has no row of its own any more.
fn opener_is_away(case: &Case<'_>, row: &Subscription) -> bool {
    let rows = case.book.subscriptions;
    let opener = case.book.events.iter().find(|event| row.opened && event.source == row.source);
    opener.is_some_and(|event| {
        let number = event.subscription.rank() - rows[0].id.rank();
        case.records[number].1.is_some_and(|record| is_away(&record, &rows[number]))
    })
}

/// Whether one of a subscription's lines was billed at the price that its running term has: only what was billed is pinned.
pub(super) fn is_billed_at(lines: &[Line], closing: &Closing) -> bool {
    closing.pin.is_some_and(|pin| lines.iter().any(|line| (line.quoted, line.item) == (pin.quoted, pin.item)))
}

/// Whether a finding may be gone tomorrow because the price list has another row: the one thing that is not asked whether it
/// changed.
pub(super) const fn hangs_on_a_price(code: Code) -> bool {
    matches!(code, Code::PriceMissing | Code::PriceConflict | Code::PriceUnreadable | Code::AmountTooLarge)
}

/// The first of all days that can be billed.
pub(super) fn beginning(no_later_than: Day) -> Day {
    Day::from_ymd(1970, 1, 1).unwrap_or(no_later_than).min(no_later_than)
}

/// What a charge weighs in the sum over what stands.
pub(crate) fn weigh(
    key: &str,
    charge: Period,
    (quantity, subtotal): (u32, i64),
    currency: &str,
    item: u64,
) -> u64 {
    let mut bytes = Vec::with_capacity(key.len() + 40);
    bytes.extend_from_slice(key.as_bytes());
    bytes.push(0);
    for day in [charge.first, charge.last] {
        bytes.extend_from_slice(&day.epoch_days().to_le_bytes());
    }
    bytes.extend_from_slice(&quantity.to_le_bytes());
    bytes.extend_from_slice(&subtotal.to_le_bytes());
    bytes.extend_from_slice(currency.as_bytes());
    bytes.extend_from_slice(&item.to_le_bytes());
    hash(&bytes)
}
