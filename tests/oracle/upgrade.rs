//! Upgrades: full, partial, into an existing subscription, and rows that an earlier partial upgrade opened (R26, R49;
//! A7, B1 to B5, B12, B32, C22).
use super::dates::{Billing, Day, Instant, plus_days};
use super::input::{LifeEvent, reject};
use super::number::Frac;
use super::promo::{Held, NewTerm};
use super::sim::{Batch, State, World};
use super::subs::{Fate, Sub};

/// Decided: an existing target that B4 does not allow, or an upgrade that names no other product:SKU, has no target.
const NO_TARGET: &str = "upgrade-target-missing";

/// What an upgrade moves: seats of subscription `from`, to this product:SKU.
struct Move {
    from: usize,
    at: Instant,
    seats: i64,
    product: String,
    sku: String,
}

impl World<'_> {
    /// Err: refused. Ok(Some): billed as it happened, and flagged (C22).
    pub fn upgrade(&mut self, i: usize, e: &LifeEvent) -> Result<Option<&'static str>, &'static str> {
        let (s, x) = (self.subs[i], &self.states[i]);
        let held = x.seats();
        let seats = e.quantity.unwrap_or(held);
        if seats <= 0 {
            return Err("seats-not-positive");
        }
        if seats > held {
            return Err("upgrade-quantity");
        }
        let id = if e.target == s.id { "" } else { e.target.as_str() };
        let exists = self.book.ids.contains(id) || self.opened.contains_key(id);
        if exists {
            return self.upgrade_into(i, e, seats);
        }
        if seats < held && id.is_empty() {
            return Err(NO_TARGET);
        }
        let or = |cell: &str, own: &str| if cell.is_empty() { own.to_string() } else { cell.to_string() };
        let (product, sku) = (or(&e.target_product, &x.product), or(&e.target_sku, &x.sku));
        if product == x.product && sku == x.sku {
            return Err(NO_TARGET);
        }
        let running = x.cycles[self.cycle_at(i, e.at.date_naive())].billing;
        if e.target_term.is_some_and(|t| t != x.term) || e.target_billing.is_some_and(|b| b != running) {
            return Err("upgrade-changes-term");
        }
        let m = Move { from: i, at: e.at, seats, product, sku };
        let own = self.subs[i].id.clone();
        let owner = if seats == held { own.as_str() } else { id };
        let (prices, licence) = self.upgrade_prices(owner, &m)?;
        if seats == held {
            self.upgrade_in_place(&m, running, prices, licence);
        } else {
            self.open_by_upgrade(&m, id, e.row, running, prices, licence);
        }
        Ok(None)
    }

    /// The new SKU's list price on that day, for the plan of each cycle from the running one on (B1).
    fn upgrade_prices(&self, owner: &str, m: &Move) -> Result<(Vec<(Billing, Frac)>, bool), &'static str> {
        let (x, day) = (&self.states[m.from], m.at.date_naive());
        let mut prices: Vec<(Billing, Frac)> = Vec::new();
        let mut licence = true;
        for c in &x.cycles[self.cycle_at(m.from, day)..] {
            if prices.iter().all(|(b, _)| *b != c.billing) {
                let row =
                    self.list_price_for(owner, m.from, &m.product, &m.sku, x.term, c.billing, m.seats, day)?;
                prices.push((c.billing, row.price));
                licence = row.licence;
            }
        }
        Ok((prices, licence))
    }

    /// B32: like a purchase of the target, where the policy says so (R26).
    fn upgrade_promotion(&self, sub: usize, m: &Move, billing: Billing, licence: bool) -> Option<Held> {
        if !self.policy.is("upgrade_promotions", "eligible") {
            return None;
        }
        let own = if sub == m.from { self.states[sub].counted_of(&m.product, &m.sku) } else { 0 };
        let new = NewTerm {
            sub,
            product: &m.product,
            sku: &m.sku,
            term: self.states[m.from].term,
            billing,
            quantity: m.seats,
            on: m.at.date_naive(),
            asked_for: "",
            licence,
            own,
        };
        self.best_promotion(&new, None)
    }

    /// B12: the cycle's charge, then the refund of the days left; the newest seats go first (B2).
    fn refund_moved(&mut self, m: &Move, kind: &str) {
        let (i, day) = (m.from, m.at.date_naive());
        self.charge_cycles(i, plus_days(day, 1));
        let x = &self.states[i];
        let held = x.seats();
        let parts = self.parts(x, held - m.seats, held);
        let cycle = self.cycle_at(i, day);
        self.emit(i, kind, day, day, cycle, &parts, -1);
        self.void_scheduled(i, m.at);
    }

    /// B1: the id, term, billing cycle, anchor and term end stay.
    fn upgrade_in_place(&mut self, m: &Move, running: Billing, prices: Vec<(Billing, Frac)>, licence: bool) {
        let (i, day) = (m.from, m.at.date_naive());
        let promo = self.upgrade_promotion(i, m, running, licence);
        self.open_pair();
        self.refund_moved(m, "convert");
        let x = &mut self.states[i];
        x.count(&m.product, &m.sku, m.seats);
        x.take_sku(m, prices, promo);
        self.pin_percentage(i);
        self.charge_moved(i, day, "convert");
        self.pair = None;
    }

    /// B3: the source goes on with the rest; the new one has the source's term, on the source's cycles.
    fn open_by_upgrade(
        &mut self,
        m: &Move,
        id: &str,
        row: usize,
        running: Billing,
        prices: Vec<(Billing, Frac)>,
        licence: bool,
    ) {
        let (i, day) = (m.from, m.at.date_naive());
        let (s, x) = (self.subs[i], self.states[i].clone());
        // A book's rows live as long as the test; so may the few that a run opens.
        let new: &'static Sub = Box::leak(Box::new(Sub {
            file: "lifecycle_events",
            row,
            fate: Fate::Live,
            over: false,
            id: id.to_string(),
            product: m.product.clone(),
            sku: m.sku.clone(),
            term: x.term,
            billing: running,
            quantity: m.seats,
            quantity_as_of: None,
            ordered_at: None,
            term_start: day,
            term_end: x.end,
            anchored_on: x.anchored_on,
            unit_price: None,
            promotion: String::new(),
            suspended: false,
            origin: "upgrade".to_string(),
            begin: m.at,
            ..s.clone()
        }));
        let j = self.subs.len();
        self.subs.push(new);
        self.states.push(State::new(new));
        self.by_customer.get_mut(&s.customer).expect("oracle: a customer").push(j);
        self.opened.insert(id.to_string(), j);
        let promo = self.upgrade_promotion(j, m, running, licence);
        self.open_pair();
        self.refund_moved(m, "convert");
        self.states[i].take_newest(m.seats);
        let cycle = self.cycle_at(i, day);
        let y = &mut self.states[j];
        (y.known, y.active) = (true, true);
        (y.grid_start, y.next_billing) = (x.grid_start, x.next_billing);
        (y.cycles, y.next_cycle) = (x.cycles, cycle + 1);
        y.take_sku(m, prices, promo);
        self.pin_percentage(j);
        self.charge_moved(j, day, "convert");
        self.pair = None;
        self.enqueue_term_end(j);
        self.enqueue_events(j);
    }

    fn charge_moved(&mut self, j: usize, day: Day, kind: &str) {
        let parts = self.parts(&self.states[j], 0, self.states[j].seats());
        let cycle = self.cycle_at(j, day);
        self.emit(j, kind, day, day, cycle, &parts, 1);
    }

    /// B4 and B5: the target is there already.
    fn upgrade_into(
        &mut self,
        i: usize,
        e: &LifeEvent,
        seats: i64,
    ) -> Result<Option<&'static str>, &'static str> {
        let (s, x) = (self.subs[i], &self.states[i]);
        let day = e.at.date_naive();
        let same_id = |j: &usize| self.subs[*j].id == e.target;
        let j = self.siblings(i).find(same_id).ok_or(NO_TARGET)?;
        let (t, y) = (self.subs[j], &self.states[j]);
        let or = |cell: &str, its: &str| if cell.is_empty() { its.to_string() } else { cell.to_string() };
        let (product, sku) = (or(&e.target_product, &y.product), or(&e.target_sku, &y.sku));
        let is_target = (&y.product, &y.sku) == (&product, &sku);
        let another = (&x.product, &x.sku) != (&product, &sku);
        let alike = t.currency == s.currency && t.legacy == s.legacy;
        if t.fate != Fate::Live || y.refused || !is_target || !another || !alike {
            return Err(NO_TARGET);
        }
        let m = Move { from: i, at: e.at, seats, product, sku };
        // Decided: the first upgrade of the row's first day that names it is its beginning; another one moves seats.
        if t.origin == "upgrade" && !t.opened() && t.term_start == day && !y.begun_by_upgrade {
            // Decided: a row that is ordered later on that day begins now; one that can't begin is no target.
            self.begin(j);
            if self.states[j].refused {
                return Err(NO_TARGET);
            }
            self.begin_row_by_upgrade(&m, j);
            return Ok(None);
        }
        let fits =
            y.active && !y.cancelled_late && !y.suspended && !y.trial && y.end >= x.end && y.term >= x.term;
        if !fits {
            return Err(NO_TARGET);
        }
        // Decided: the target keeps its own term and plan, so these are the ones that cells may name.
        let its_plan = y.cycles[self.cycle_at(j, day)].billing;
        if e.target_term.is_some_and(|t| t != y.term) || e.target_billing.is_some_and(|b| b != its_plan) {
            return Err("upgrade-changes-term");
        }
        let mut flagged = None;
        if let Some((p, max)) = y.promo.as_ref().and_then(|p| p.max_seats.map(|m| (p, m))) {
            let count = self.seats_of(j, &y.product, &y.sku, &p.id) + y.counted_of(&y.product, &y.sku);
            if count + seats > max {
                flagged = Some("seat-change-above-promotion-limit");
            }
        }
        if let (Some(code), false) = (flagged, self.policy.is("refused_events", "flag")) {
            return Err(code);
        }
        self.move_seats(&m, j);
        Ok(flagged)
    }

    /// B5: nothing is moved in addition; the refund and the row's first line are the pair.
    fn begin_row_by_upgrade(&mut self, m: &Move, j: usize) {
        self.open_pair();
        self.refund_moved(m, "convert");
        let pair = self.pair.take();
        let y = &mut self.states[j];
        y.begun_by_upgrade = true;
        if y.next_cycle == 0 {
            y.first_pair = pair;
        } else {
            let first = &self.states[j].first_lines;
            for l in self.lines.iter_mut().filter(|l| first.contains(&l.2)) {
                l.3.pair = pair;
            }
        }
        self.leave_source(m);
    }

    /// B4: the target's own price, promotion and code, for its own days left.
    fn move_seats(&mut self, m: &Move, j: usize) {
        let day = m.at.date_naive();
        self.charge_cycles(j, plus_days(day, 1));
        self.open_pair();
        self.refund_moved(m, "moveQuantity");
        self.leave_source(m);
        let late = self.policy.is("late_seats", "list");
        let y = &mut self.states[j];
        let now = y.seats();
        y.add_batch(m.at, m.seats, late, true);
        let parts = self.parts(&self.states[j], now, now + m.seats);
        let cycle = self.cycle_at(j, day);
        self.emit(j, "moveQuantity", day, day, cycle, &parts, 1);
        self.pair = None;
        self.void_scheduled(j, m.at);
    }

    /// The seats leave; with the last of them the source ends that day and does not renew.
    fn leave_source(&mut self, m: &Move) {
        self.states[m.from].take_newest(m.seats);
        if self.states[m.from].seats() == 0 {
            self.end(m.from, m.at.date_naive());
        }
    }

    pub fn open_pair(&mut self) {
        self.pairs_made += 1;
        self.pair = Some(self.pairs_made);
    }

    pub fn void_scheduled(&mut self, i: usize, at: Instant) {
        self.states[i].last_void = self.states[i].last_void.max(Some(at));
    }

    /// B3, C11: rows that name an id which a partial upgrade opens later, or never. Decided: those after as_of of an
    /// id that some upgrade names are not due, as for any other subscription.
    pub fn refuse_events_of_unknown_ids(&mut self) {
        let mut named: Vec<(&str, &str, usize, Instant)> = Vec::new();
        for (id, list) in &self.book.seat_changes {
            named.extend(list.iter().map(|c| (id.as_str(), "seat_changes", c.row, c.at)));
        }
        for (id, list) in &self.book.events {
            named.extend(list.iter().map(|e| (id.as_str(), "lifecycle_events", e.row, e.at)));
        }
        for (id, list) in &self.book.scheduled {
            named.extend(list.iter().map(|c| (id.as_str(), "scheduled_changes", c.row, c.at)));
        }
        for (id, file, row, at) in named {
            let begun = self.opened.get(id).map(|j| self.subs[*j].begin);
            let known = self.book.ids.contains(id) || begun.is_some_and(|b| at >= b);
            if !known && at.date_naive() <= self.job.as_of {
                self.rejects.push(reject(file, row, "refused", "subscription-unknown"));
            }
        }
    }
}

impl State {
    /// The moved seats are one batch of the new SKU, without code, that can be neither removed nor refunded (B2).
    fn take_sku(&mut self, m: &Move, prices: Vec<(Billing, Frac)>, promo: Option<Held>) {
        self.ever_was.insert((m.product.clone(), m.sku.clone()));
        self.ever_held.extend(promo.iter().map(|p| p.id.clone()));
        (self.product, self.sku) = (m.product.clone(), m.sku.clone());
        (self.prices, self.priced_on, self.tier_seats) = (prices, m.at.date_naive(), m.seats);
        (self.promo, self.code, self.clock) = (promo, None, None);
        self.batches = vec![Batch { at: m.at, seats: m.seats, promoted: true, moved: true }];
    }

    /// Adds seats to the term, at the promotion where late seats have it too (R22), and counts them (A7).
    pub fn add_batch(&mut self, at: Instant, seats: i64, late_at_list: bool, moved: bool) {
        let late = self.promo.as_ref().is_some_and(|p| at.date_naive() > p.ends_on);
        self.batches.push(Batch { at, seats, promoted: !(late_at_list && late), moved });
        let (product, sku) = (self.product.clone(), self.sku.clone());
        self.count(&product, &sku, seats);
    }

    /// The newest batch goes first.
    pub fn take_newest(&mut self, seats: i64) {
        let mut left = seats;
        while left > 0 {
            let b = self.batches.last_mut().expect("oracle: seats");
            let eat = left.min(b.seats);
            b.seats -= eat;
            left -= eat;
            if b.seats == 0 {
                self.batches.pop();
            }
        }
    }
}
