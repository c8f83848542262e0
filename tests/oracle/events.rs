//! Seat changes and lifecycle events (R31 to R36, R48; A8 to A15, A25, A26, B6 to B8, B12, C22).
use super::begin::Term;
use super::charge::Part;
use super::dates::{Billing, Day, Instant, midnight, natural_end};
use super::input::{LifeEvent, SeatChange};
use super::number::{Frac, pow10};
use super::sim::World;
use super::subs::Fate;

impl World<'_> {
    pub fn seat_change(&mut self, i: usize, n: usize) {
        let s = self.subs[i];
        let change = self.book.seat_changes[&s.id][n].clone();
        if self.states[i].refused {
            return; // not due: subscription-rejected (C8)
        }
        match self.try_seat_change(i, &change) {
            Ok(None) => {}
            Ok(Some(code)) => self.reject("seat_changes", change.row, "flagged", code),
            Err(code) => self.reject("seat_changes", change.row, "refused", code),
        }
    }

    /// Err: refused. Ok(Some): billed as it happened, and flagged (R59).
    fn try_seat_change(
        &mut self,
        i: usize,
        change: &SeatChange,
    ) -> Result<Option<&'static str>, &'static str> {
        let (at, wanted) = (change.at, change.quantity);
        let day = at.date_naive();
        let x = &self.states[i];
        if self.subs[i].fate == Fate::Finished || !x.active || x.cancelled_late || x.suspended {
            return Err("subscription-not-active");
        }
        if change.ambiguous {
            return Err("events-ambiguous");
        }
        if change.repeated {
            return Ok(None); // no-change (C12)
        }
        if wanted <= 0 {
            return Err("seats-not-positive");
        }
        if x.trial {
            return Err("trial-unchangeable");
        }
        let now = x.seats();
        if wanted == now {
            return Ok(None); // no-change: not due, voids nothing
        }
        let flag = self.policy.is("refused_events", "flag");
        let mut flagged = None;
        if wanted > now {
            if let Some((p, max)) = x.promo.as_ref().and_then(|p| p.max_seats.map(|m| (p, m))) {
                let count = self.seats_of(i, &x.product, &x.sku, &p.id)
                    + x.counted_of(&x.product, &x.sku)
                    + (wanted - now);
                if count > max {
                    flagged = Some("seat-change-above-promotion-limit");
                }
            }
        } else {
            // the newest batch goes first; every batch that is touched must still be refundable
            let window = self.policy.seconds("refund_window");
            let mut left = now - wanted;
            for b in x.batches.iter().rev() {
                if left > 0 && (b.moved || (at - b.at).num_milliseconds() > window * 1000) {
                    flagged = Some("seat-decrease-outside-window");
                }
                left -= b.seats;
            }
        }
        if let (Some(code), false) = (flagged, flag) {
            return Err(code);
        }
        self.charge_cycles(i, day);
        self.apply_seats(i, at, now, wanted);
        Ok(flagged)
    }

    fn apply_seats(&mut self, i: usize, at: Instant, now: i64, wanted: i64) {
        let day = at.date_naive();
        let cycle = self.cycle_at(i, day);
        let old = self.parts(&self.states[i], 0, now);
        let removed = self.parts(&self.states[i], wanted.min(now), now);
        let late = self.policy.is("late_seats", "list");
        let x = &mut self.states[i];
        if wanted > now {
            x.add_batch(at, wanted - now, late, false);
        } else {
            x.take_newest(now - wanted);
        }
        x.last_void = x.last_void.max(Some(at));
        if x.next_cycle <= cycle {
            return; // the cycle begins today and is not charged yet: its line will have the new quantity (A8)
        }
        let kind = if wanted > now { "addQuantity" } else { "removeQuantity" };
        if self.policy.is("seat_changes", "pair") {
            let new = self.parts(&self.states[i], 0, wanted);
            self.open_pair();
            self.emit(i, kind, day, day, cycle, &old, -1);
            self.emit(i, kind, day, day, cycle, &new, 1);
            self.pair = None;
        } else if wanted > now {
            let added = self.parts(&self.states[i], now, wanted);
            self.emit(i, kind, day, day, cycle, &added, 1);
        } else {
            self.emit(i, kind, day, day, cycle, &removed, -1);
        }
    }

    pub fn life_event(&mut self, i: usize, n: usize) {
        let s = self.subs[i];
        let e = self.book.events[&s.id][n].clone();
        if self.states[i].refused {
            return; // C8
        }
        match self.try_life_event(i, &e) {
            Ok(None) => {}
            Ok(Some(code)) => self.reject("lifecycle_events", e.row, "flagged", code),
            Err(code) => self.reject("lifecycle_events", e.row, "refused", code),
        }
    }

    /// Err: refused. Ok(Some): billed as it happened, and flagged (R59).
    fn try_life_event(&mut self, i: usize, e: &LifeEvent) -> Result<Option<&'static str>, &'static str> {
        let (s, x) = (self.subs[i], &self.states[i]);
        let day = e.at.date_naive();
        let tomorrow = super::dates::plus_days(day, 1);
        if s.fate == Fate::Finished || !x.active || x.cancelled_late {
            return Err("subscription-not-active");
        }
        if e.ambiguous {
            return Err("events-ambiguous");
        }
        if ["upgrade", "change_billing_cycle", "change_term"].contains(&e.kind.as_str()) {
            if x.suspended {
                return Err("subscription-not-active"); // A25
            }
            if x.trial {
                return Err("trial-unchangeable");
            }
        }
        match e.kind.as_str() {
            "cancel" => {
                self.charge_cycles(i, tomorrow);
                self.cancel(i, e.at);
            }
            "suspend" => {
                if x.trial {
                    return Err("trial-unchangeable");
                }
                if x.suspended {
                    return Ok(None); // no-change (D4)
                }
                self.charge_cycles(i, tomorrow);
                if s.legacy {
                    self.refund_rest(i, day);
                }
                self.states[i].suspended = true;
            }
            "reactivate" => {
                if !x.suspended {
                    return Ok(None);
                }
                self.charge_cycles(i, tomorrow); // those that began while suspended: skipped where legacy
                self.states[i].suspended = false;
                if s.legacy && !self.states[i].trial {
                    let cycle = self.cycle_at(i, day);
                    let parts = self.parts(&self.states[i], 0, self.states[i].seats());
                    self.emit(i, "cycleCharge", day, day, cycle, &parts, 1);
                }
                return Ok(None); // a reactivation voids nothing
            }
            "upgrade" => return self.upgrade(i, e),
            "change_billing_cycle" => return self.change_billing_cycle(i, e).map(|()| None),
            "change_term" => return self.change_term(i, e).map(|()| None),
            "convert_trial" => return self.convert_trial(i, e).map(|()| None),
            "migrate" => {
                if !s.legacy {
                    return Err("not-legacy");
                }
                self.charge_cycles(i, tomorrow);
                self.refund_rest(i, day);
                self.end(i, day);
            }
            other => panic!("oracle: kind {other}"),
        }
        self.states[i].last_void = self.states[i].last_void.max(Some(e.at));
        Ok(None)
    }

    /// Refunds all seats for the running cycle from `day` on (A10, A26, B6). A suspended legacy subscription has
    /// nothing left to refund, a trial has no line.
    fn refund_rest(&mut self, i: usize, day: Day) {
        let x = &self.states[i];
        if x.trial || (x.suspended && self.subs[i].legacy) {
            return;
        }
        let parts = self.parts(x, 0, x.seats());
        let cycle = self.cycle_at(i, day);
        self.emit(i, "cancelImmediate", day, day, cycle, &parts, -1);
    }

    pub fn end(&mut self, i: usize, last_day: Day) {
        self.states[i].active = false;
        self.states[i].gone_on = Some(last_day);
    }

    fn cancel(&mut self, i: usize, at: Instant) {
        let day = at.date_naive();
        let x = &self.states[i];
        if x.trial {
            return self.end(i, day);
        }
        let elapsed = x.clock.map_or(i64::MAX, |c| (at - c).num_milliseconds());
        if elapsed <= self.policy.seconds("full_refund") * 1000 {
            self.full_refund(i, day);
            self.end(i, day);
        } else if elapsed <= self.policy.seconds("refund_window") * 1000 {
            self.refund_rest(i, day);
            self.end(i, day);
        } else {
            // billed to the term's end; counts as cancelled from today (A11)
            self.states[i].cancelled_late = true;
            self.states[i].gone_on = Some(day);
        }
    }

    /// A9: minus everything that this term's lines came to.
    fn full_refund(&mut self, i: usize, day: Day) {
        let (s, x) = (self.subs[i], &self.states[i]);
        let part =
            Part { seats: x.seats(), discount: Frac::ZERO, promotion: String::new(), code: String::new() };
        let subtotal = -x.term_sum;
        let unit = x.unit(self.cycle_at(i, day));
        let seat = Frac::new(subtotal, pow10(s.digits)).div(Frac::int(part.seats));
        let effective =
            super::charge::effective_price(seat, part.seats, subtotal, s.digits, self.policy.get("rounding"));
        let (start, last) = (x.start, x.cycles[self.cycle_at(i, day)].last);
        let mut line = self.line(i, "cancelImmediate", start, last, unit, effective, &part, subtotal);
        line.discount = String::new();
        self.push(i, day, start, line, subtotal);
    }

    /// B8: on a day of the trial; the paid term starts that day.
    fn convert_trial(&mut self, i: usize, e: &LifeEvent) -> Result<(), &'static str> {
        let (s, x) = (self.subs[i], &self.states[i]);
        let day = e.at.date_naive();
        if !x.trial {
            return Err("not-a-trial");
        }
        if x.suspended {
            return Err("subscription-not-active");
        }
        let (months, billing) = (e.target_term.unwrap_or(12), e.target_billing.unwrap_or(Billing::Monthly));
        let quantity = e.quantity.unwrap_or(x.seats());
        if quantity <= 0 {
            return Err("seats-not-positive");
        }
        if !billing.fits(months) {
            return Err("billing-cycle-not-for-term");
        }
        let price = self.list_price(i, &x.product, &x.sku, months, billing, quantity, day)?.price;
        let end = natural_end(day, months, s.anchored_on);
        let term = Term {
            product: x.product.clone(),
            sku: x.sku.clone(),
            months,
            billing,
            start: day,
            end,
            quantity,
            price,
            promo: None,
            code: None,
            first_type: "convert",
            clock: e.at,
            trial: false,
        };
        self.charge_cycles(i, super::dates::plus_days(day, 1));
        let parts = self.parts(&self.states[i], 0, self.states[i].seats());
        self.open_pair();
        self.emit(i, "convert", day, day, 0, &parts, -1);
        self.forget_term_end(i);
        self.start_term(i, term);
        let pair = self.pair.take();
        self.states[i].first_pair = pair;
        self.charge_cycles(i, super::dates::plus_days(day, 1));
        self.states[i].last_void = self.states[i].last_void.max(Some(e.at)).max(Some(midnight(day)));
        Ok(())
    }
}
