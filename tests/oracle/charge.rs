//! Lines: parts by discount, proration, rounding (R31 to R33, R42, R43; A8, A15, A16, A28, C5 to C7, C16).
use super::Line;
use super::dates::{Day, days_between};
use super::number::{Frac, fixed, plain, pow10};
use super::sim::{State, World};
use std::collections::BTreeSet;

/// Seats that have one discount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub seats: i64,
    pub discount: Frac,
    pub promotion: String,
    pub code: String,
}

impl World<'_> {
    /// Seats number from+1 … to of a subscription, in runs of one discount. The oldest seats come first; a code
    /// discounts the first `max` seats, the promotion the seats of promoted batches.
    pub fn parts(&self, x: &State, from: i64, to: i64) -> Vec<Part> {
        let mut bounds: BTreeSet<i64> = [from, to].into();
        let mut n = 0;
        for b in &x.batches {
            n += b.seats;
            bounds.insert(n);
        }
        bounds.extend(x.code.as_ref().and_then(|c| c.max));
        let bounds: Vec<i64> = bounds.into_iter().filter(|b| from <= *b && *b <= to).collect();
        let mut out: Vec<Part> = Vec::new();
        for pair in bounds.windows(2) {
            let mut p = self.discount_of_seat(x, pair[1]);
            p.seats = pair[1] - pair[0];
            match out.last_mut() {
                Some(l) if l.discount == p.discount && l.promotion == p.promotion && l.code == p.code => {
                    l.seats += p.seats
                }
                _ => out.push(p),
            }
        }
        out
    }

    fn discount_of_seat(&self, x: &State, number: i64) -> Part {
        let mut promoted = false;
        let mut upto = 0;
        for b in &x.batches {
            upto += b.seats;
            if number <= upto {
                promoted = b.promoted;
                break;
            }
        }
        let promo = x.promo.as_ref().filter(|_| promoted);
        let code = x.code.as_ref().filter(|c| c.max.is_none_or(|m| number <= m) && c.discount.n > 0);
        let mut part = Part { seats: 0, discount: Frac::ZERO, promotion: String::new(), code: String::new() };
        if self.policy.is("stacking", "combine") {
            let left = |f: Option<Frac>| f.map_or(Frac::ONE, |d| Frac::ONE.sub(d));
            let after_promo = left(promo.map(|p| p.discount));
            part.discount = Frac::ONE.sub(after_promo.mul(left(code.map(|c| c.discount))));
            part.promotion = promo.map_or(String::new(), |p| p.id.clone());
            // nothing is left for the code after a promotion of 100 %
            part.code = code.filter(|_| after_promo.n > 0).map_or(String::new(), |c| c.code.clone());
            return part;
        }
        match (promo, code) {
            (Some(p), Some(c)) if c.discount.gt(p.discount) => {
                (part.discount, part.code) = (c.discount, c.code.clone())
            }
            (Some(p), _) => (part.discount, part.promotion) = (p.discount, p.id.clone()),
            (None, Some(c)) => (part.discount, part.code) = (c.discount, c.code.clone()),
            (None, None) => {}
        }
        part
    }

    /// Charges every cycle that begins before `day` and is not charged yet, with the seats held now.
    pub fn charge_cycles(&mut self, i: usize, day: Day) {
        while self.states[i].active {
            let x = &self.states[i];
            let n = x.next_cycle;
            if n >= x.cycles.len() || x.cycles[n].first >= day {
                return;
            }
            let first = x.cycles[n].first;
            let kind = match n {
                0 => x.first_type,
                _ if x.cycles[n].plan_changed => "changeBillingPlan",
                _ => "cycleCharge",
            };
            let pair = if n == 0 { self.states[i].first_pair.take() } else { None };
            let x = &self.states[i];
            if !(x.suspended && self.subs[i].legacy) {
                let parts = self.parts(x, 0, x.seats());
                let made = self.lines_made;
                let before = std::mem::replace(&mut self.pair, pair);
                self.emit(i, kind, first, first, n, &parts, 1);
                self.pair = before;
                let x = &mut self.states[i];
                if n == 0 && x.start == self.subs[i].term_start {
                    x.first_lines = (made + 1..=self.lines_made).collect();
                }
            }
            self.states[i].next_cycle = n + 1;
        }
    }

    /// The cycle that holds `day`.
    pub fn cycle_at(&self, i: usize, day: Day) -> usize {
        let at = self.states[i].cycles.iter().position(|c| c.first <= day && day <= c.last);
        at.expect("oracle: no cycle on that day")
    }

    /// One line for each part: the days from `start` to the last day of cycle n. Sign −1 is a refund.
    pub fn emit(
        &mut self,
        i: usize,
        kind: &str,
        charge_day: Day,
        start: Day,
        n: usize,
        parts: &[Part],
        sign: i64,
    ) {
        let (s, x) = (self.subs[i], &self.states[i]);
        let c = x.cycles[n].clone();
        let mode = self.policy.get("rounding");
        let unit = x.unit(n);
        let part_of_year = c.stub.map_or(Frac::ONE, |months| Frac::new(months.into(), 12));
        let digits = s.digits;
        for p in parts {
            let share = Frac::new(days_between(start, c.last).into(), c.full.into());
            let whole = unit.mul(part_of_year).mul(Frac::ONE.sub(p.discount));
            let exact = whole.mul(share).mul(Frac::int(sign)); // a seat
            let seats = Frac::int(p.seats);
            let (subtotal, effective) = if self.policy.is("rounding_at", "unit") {
                let units = exact.round(digits, mode);
                (units * i128::from(p.seats), Frac::new(units, pow10(digits)))
            } else {
                let subtotal = exact.mul(seats).round(digits, mode);
                (subtotal, effective_price(exact, p.seats, subtotal, digits, mode))
            };
            let line = self.line(i, kind, start, c.last, unit, effective, p, subtotal);
            if self.push(i, charge_day, start, line, subtotal) {
                self.note_billed(i, n);
            }
        }
    }

    pub fn line(
        &self,
        i: usize,
        kind: &str,
        start: Day,
        end: Day,
        unit: Frac,
        effective: Frac,
        p: &Part,
        subtotal: i128,
    ) -> Line {
        let (s, x) = (self.subs[i], &self.states[i]);
        Line {
            customer_id: s.customer.clone(),
            subscription_id: s.id.clone(),
            product_id: x.product.clone(),
            sku_id: x.sku.clone(),
            charge_type: kind.to_string(),
            charge_start: start.to_string(),
            charge_end: end.to_string(),
            term_start: x.start.to_string(),
            term_end: x.end.to_string(),
            unit_price: plain(unit, 6, s.digits),
            effective_unit_price: plain(effective, 10, s.digits),
            quantity: p.seats.to_string(),
            subtotal: fixed(subtotal, s.digits),
            currency: s.currency.clone(),
            discount: plain(p.discount, 18, 0),
            promotion_id: p.promotion.clone(),
            promo_code: p.code.clone(),
            pair: self.pair,
        }
    }

    /// Adds the line to the term, and to the output where its charge day lies in the window (A1, A2), which it tells.
    pub fn push(&mut self, i: usize, charge_day: Day, start: Day, line: Line, subtotal: i128) -> bool {
        self.states[i].term_sum += subtotal;
        let day = charge_day.max(self.subs[i].begin.date_naive());
        let is_written = self.job.from <= day && day <= self.job.as_of;
        if is_written {
            self.lines_made += 1;
            self.lines.push((i, start, self.lines_made, line));
        }
        is_written
    }
}

/// C5: ten decimals half-up, moved by one unit where × quantity, rounded, would miss the subtotal.
pub fn effective_price(exact_seat: Frac, seats: i64, subtotal: i128, digits: u32, mode: &str) -> Frac {
    let ten = exact_seat.round(10, "half-up");
    for units in [ten, ten + 1, ten - 1] {
        let e = Frac::new(units, pow10(10));
        if e.mul(Frac::int(seats)).round(digits, mode) == subtotal {
            return e;
        }
    }
    Frac::new(ten, pow10(10))
}
