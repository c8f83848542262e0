//! One customer's time line: everything in the order of A6.
use super::dates::{Billing, Cycle, Day, Instant, midnight, plus_days};
use super::input::{Book, KINDS, reject};
use super::number::Frac;
use super::pins::{Lookup, Pins, Tier};
use super::price::Prices;
use super::promo::Held;
use super::subs::{Fate, Sub};
use super::{Answer, Job, Line, Policy, Reject, Renewal};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Seats that came at one moment (R34), and whether they have the term's promotion (R22).
#[derive(Clone, Debug)]
pub struct Batch {
    pub at: Instant,
    pub seats: i64,
    pub promoted: bool,
    pub moved: bool, // by an upgrade: not refundable until the next renewal (B2)
}

#[derive(Clone, Debug)]
pub struct HeldCode {
    pub code: String,
    pub discount: Frac,
    pub max: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct State {
    // history
    pub known: bool,
    pub refused: bool,
    pub counted: BTreeMap<(String, String), i64>, // A7, by product:SKU: an upgrade takes none away
    pub ever_held: BTreeSet<String>,
    pub ever_was: BTreeSet<(String, String)>,
    pub gone_on: Option<Day>, // cancelled on, or last day where it ended
    // state
    pub active: bool,
    pub suspended: bool,
    pub cancelled_late: bool,
    pub blocked: Option<&'static str>,
    pub flagged_segment: bool,
    pub last_void: Option<Instant>,
    // the running term
    pub trial: bool,
    pub product: String,
    pub sku: String,
    pub term: i64,
    pub start: Day,
    pub end: Day,
    pub grid_start: Day, // from where its cycles count; the source's for a subscription that an upgrade opened
    pub anchored_on: Option<Day>,
    pub prices: Vec<(Billing, Frac)>, // list price a seat for the whole term, for each plan of its cycles
    pub priced_on: Day,
    pub tier_seats: i64,
    pub next_billing: Option<Billing>, // the plan of the next term, where it was changed in this one's last cycle
    pub promo: Option<Held>,
    pub code: Option<HeldCode>,
    pub first_type: &'static str,
    pub clock: Option<Instant>, // of a cancellation; none: an upgrade moved all the seats (B2)
    pub batches: Vec<Batch>,
    pub cycles: Vec<Cycle>,
    pub next_cycle: usize, // the first one that is not charged yet
    pub term_sum: i128,    // of this term's subtotals, in minor units
    // pairs
    pub first_lines: Vec<usize>, // numbers of the lines of the row's very first cycle
    pub first_pair: Option<usize>,
    pub begun_by_upgrade: bool, // B5: an event was its own beginning
    pub has_begun: bool,        // its row's own beginning has come
}

impl State {
    pub fn new(s: &Sub) -> State {
        State {
            known: s.origin == "renewal" && s.ordered_at.is_none(),
            refused: false,
            counted: [((s.product.clone(), s.sku.clone()), s.quantity)].into(),
            ever_held: BTreeSet::new(),
            ever_was: [(s.product.clone(), s.sku.clone())].into(),
            gone_on: (s.fate == Fate::History && !s.auto_renew).then_some(s.term_end),
            active: false,
            suspended: s.suspended,
            cancelled_late: false,
            blocked: None,
            flagged_segment: false,
            last_void: None,
            trial: s.trial(),
            product: s.product.clone(),
            sku: s.sku.clone(),
            term: s.term,
            start: s.term_start,
            end: s.term_end,
            grid_start: s.term_start,
            anchored_on: s.anchored_on,
            prices: Vec::new(),
            priced_on: s.term_start,
            tier_seats: s.quantity,
            next_billing: None,
            promo: None,
            code: None,
            first_type: "new",
            clock: Some(s.begin),
            batches: Vec::new(),
            cycles: Vec::new(),
            next_cycle: 0,
            term_sum: 0,
            first_lines: Vec::new(),
            first_pair: None,
            begun_by_upgrade: false,
            has_begun: false,
        }
    }
    pub fn seats(&self) -> i64 {
        self.batches.iter().map(|b| b.seats).sum()
    }
    pub fn price(&self, billing: Billing) -> Frac {
        let found = self.prices.iter().find(|(b, _)| *b == billing);
        found.expect("oracle: a price for each plan").1
    }
    /// The plan that the term ends with, and its price.
    pub fn last_plan(&self) -> (Billing, Frac) {
        let billing = self.cycles.last().expect("oracle: a cycle").billing;
        (billing, if self.trial { Frac::ZERO } else { self.price(billing) })
    }
    /// What a seat costs in cycle n, uncut and before discounts (C5).
    pub fn unit(&self, n: usize) -> Frac {
        if self.trial {
            return Frac::ZERO;
        }
        let billing = self.cycles[n].billing;
        self.price(billing).mul(Frac::new(billing.months(self.term).into(), self.term.into()))
    }
    pub fn counted_of(&self, product: &str, sku: &str) -> i64 {
        self.counted.get(&(product.to_string(), sku.to_string())).copied().unwrap_or(0)
    }
    pub fn count(&mut self, product: &str, sku: &str, seats: i64) {
        *self.counted.entry((product.to_string(), sku.to_string())).or_default() += seats;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Known,
    Begin,
    TermEnd,
    Seats(usize),
    Life(usize),
}

/// Instant, rank of kind, subscription_id, change_id, input row; then what and whose.
type Key = (Instant, usize, String, String, usize, What, usize);

pub struct World<'a> {
    pub book: &'a Book,
    /// The book's subscriptions, then those that partial upgrades open (B3).
    pub subs: Vec<&'a Sub>,
    pub opened: BTreeMap<String, usize>,
    pub policy: &'a Policy,
    pub job: &'a Job,
    pub prices: Prices<'a>,
    pub states: Vec<State>,
    pub by_customer: BTreeMap<String, Vec<usize>>,
    pub codes: BTreeMap<usize, HeldCode>,
    pub late_rejects: Vec<(usize, Reject)>, // count only if the subscription begins
    pub queue: BTreeSet<Key>,
    pub lines: Vec<(usize, Day, usize, Line)>, // subscription, charge_start, happened as number n
    pub lines_made: usize,
    pub pairs_made: usize,
    pub pair: Option<usize>, // the pair that lines now belong to
    pub renewals: Vec<(usize, Day, Renewal)>,
    pub rejects: Vec<Reject>,
    pub pins: &'a Pins,
    pub billed: Pins,
    pub tiers: RefCell<BTreeMap<Lookup, Tier>>, // of the prices that were looked up
}

impl<'a> World<'a> {
    pub fn new(book: &'a Book, policy: &'a Policy, job: &'a Job, pins: &'a Pins) -> World<'a> {
        let mut by_customer: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut states = Vec::new();
        for (i, s) in book.subs.iter().enumerate() {
            by_customer.entry(s.customer.clone()).or_default().push(i);
            // rows that are never judged hold, or held, what they name
            let named = if s.fate == Fate::Live && s.judged() { None } else { s.named_promotion() };
            let mut x = State::new(s);
            x.ever_held = named.into_iter().collect();
            states.push(x);
        }
        World {
            book,
            subs: book.subs.iter().collect(),
            opened: BTreeMap::new(),
            policy,
            job,
            prices: Prices::new(&book.prices),
            states,
            by_customer,
            codes: BTreeMap::new(),
            late_rejects: Vec::new(),
            queue: BTreeSet::new(),
            lines: Vec::new(),
            lines_made: 0,
            pairs_made: 0,
            pair: None,
            renewals: Vec::new(),
            rejects: book.rejects.clone(),
            pins,
            billed: Pins::default(),
            tiers: RefCell::default(),
        }
    }

    pub fn customers(&self) -> Vec<String> {
        self.by_customer.keys().cloned().collect()
    }

    /// The customer's other subscriptions.
    pub fn siblings(&self, me: usize) -> impl Iterator<Item = usize> + '_ {
        self.by_customer[&self.subs[me].customer].iter().copied().filter(move |i| *i != me)
    }

    pub fn reject(&mut self, file: &str, row: usize, disposition: &str, code: &str) {
        self.rejects.push(reject(file, row, disposition, code));
    }

    pub fn play(&mut self, customer: &str) {
        let mine = self.by_customer[customer].clone();
        self.judge_codes(&mine);
        for i in &mine {
            self.enqueue(*i);
        }
        while let Some((at, _, _, _, _, what, i)) = self.queue.pop_first() {
            match what {
                What::Known => self.states[i].known = true,
                What::Begin => self.begin(i),
                What::TermEnd => self.term_end(i, at.date_naive()),
                What::Seats(n) => self.seat_change(i, n),
                What::Life(n) => self.life_event(i, n),
            }
        }
        for i in self.by_customer[customer].clone() {
            self.charge_cycles(i, plus_days(self.job.as_of, 1));
        }
    }

    /// Everything of subscription i that comes from the inputs and is not later than as_of (B30: events before the
    /// row's beginning and after as_of are not due).
    fn enqueue(&mut self, i: usize) {
        let s = self.subs[i];
        let due = |at: Instant| at.date_naive() <= self.job.as_of;
        let mut keys: Vec<Key> = Vec::new();
        if let ("renewal", Some(at)) = (s.origin.as_str(), s.ordered_at) {
            if due(at) {
                keys.push((at, 1, s.id.clone(), String::new(), s.row, What::Known, i));
            }
        }
        if due(s.begin) {
            let rank = if s.origin == "renewal" { 0 } else { 1 };
            let what = if s.fate == Fate::Live { What::Begin } else { What::Known };
            keys.push((s.begin, rank, s.id.clone(), String::new(), s.row, what, i));
        }
        if s.fate == Fate::Live || s.fate == Fate::Finished {
            self.enqueue_events(i);
        }
        self.queue.extend(keys);
    }

    /// Seat changes and lifecycle events from the subscription's beginning on.
    pub fn enqueue_events(&mut self, i: usize) {
        let s = self.subs[i];
        let due = |at: Instant| at >= s.begin && at.date_naive() <= self.job.as_of;
        let mut keys: Vec<Key> = Vec::new();
        for (n, c) in self.book.seat_changes.get(&s.id).into_iter().flatten().enumerate() {
            if due(c.at) {
                keys.push((c.at, 2, s.id.clone(), c.change_id.clone(), c.row, What::Seats(n), i));
            }
        }
        for (n, e) in self.book.events.get(&s.id).into_iter().flatten().enumerate() {
            let rank = 3 + KINDS.iter().position(|k| *k == e.kind).unwrap_or(0);
            if due(e.at) {
                keys.push((e.at, rank, s.id.clone(), String::new(), e.row, What::Life(n), i));
            }
        }
        // a term that begins on the row's first day takes scheduled changes from 00:00Z on, one opened by an upgrade
        // from its own beginning on
        let from = if s.opened() { s.begin } else { midnight(s.term_start) };
        for c in self.book.scheduled.get(&s.id).into_iter().flatten() {
            if c.ambiguous && c.at >= from && c.at.date_naive() <= self.job.as_of {
                self.late_rejects
                    .push((i, reject("scheduled_changes", c.row, "refused", "scheduled-changes-ambiguous")));
            }
        }
        self.queue.extend(keys);
    }

    /// The day after the running term's last day comes up, in the run or in the forecast (B22).
    pub fn enqueue_term_end(&mut self, i: usize) {
        let day = plus_days(self.states[i].end, 1);
        if day <= plus_days(self.job.as_of, self.job.horizon_days.max(0)) {
            let s = self.subs[i];
            self.queue.insert((midnight(day), 0, s.id.clone(), String::new(), 0, What::TermEnd, i));
        }
    }

    /// The running term is replaced by another before its end.
    pub fn forget_term_end(&mut self, i: usize) {
        self.queue.retain(|k| !(k.5 == What::TermEnd && k.6 == i));
    }

    pub fn answer(mut self) -> Answer {
        self.refuse_events_of_unknown_ids();
        let subs = self.subs.clone();
        let with_lines: BTreeSet<usize> = self.lines.iter().map(|l| l.0).collect();
        for (i, x) in self.states.iter().enumerate() {
            // a renewal that failed: rejected only if the row has no line in this run (A21)
            if let Some(code) = x.blocked {
                let disposition = match (with_lines.contains(&i), code) {
                    (true, _) => "flagged",
                    (false, "price-conflict") => "parked",
                    (false, _) => "rejected",
                };
                let s = self.subs[i];
                // Decided: one that an upgrade opened has no row; the finding stands against the event that opened it,
                // which was accepted.
                let disposition = if s.opened() { "flagged" } else { disposition };
                self.rejects.push(reject(s.file, s.row, disposition, code));
            }
        }
        for (i, r) in self.late_rejects {
            let x = &self.states[i];
            if x.active || x.gone_on.is_some() {
                self.rejects.push(r);
            }
        }
        self.lines.sort_by(|a, b| {
            let key = |l: &(usize, Day, usize, Line)| {
                let s = subs[l.0];
                (s.customer.clone(), s.currency.clone(), s.id.clone(), l.1, l.2)
            };
            key(a).cmp(&key(b))
        });
        self.renewals.sort_by_key(|r| (subs[r.0].customer.clone(), subs[r.0].id.clone(), r.1));
        self.rejects.sort();
        self.rejects.dedup();
        Answer {
            lines: self.lines.into_iter().map(|l| l.3).collect(),
            renewals: self.renewals.into_iter().map(|r| r.2).collect(),
            rejects: self.rejects,
            billed: self.billed,
        }
    }
}
