//! The end of a term: renewal, trial conversion, expiry, and forecasts (R23 to R25, R44 to R48; A21 to A25, B8, B22).
use super::Renewal;
use super::begin::Term;
use super::dates::{Billing, Day, check_term_end, midnight, natural_end, plus_days, term_name};
use super::input::Scheduled;
use super::number::{Frac, fixed, plain};
use super::promo::{Held, NewTerm, better};
use super::sim::World;

/// What the next term is to be, before its price is known.
#[derive(Clone)]
pub struct Plan {
    pub product: String,
    pub sku: String,
    pub months: i64,
    pub billing: Billing,
    pub quantity: i64,
    pub end: Day,
    pub asked_for: String,
}

impl World<'_> {
    /// 00:00Z of the day after the running term's last day.
    pub fn term_end(&mut self, i: usize, day: Day) {
        let s = self.subs[i];
        if !self.states[i].active || plus_days(self.states[i].end, 1) != day {
            return; // ended meanwhile
        }
        self.charge_cycles(i, day);
        let forecast = day > self.job.as_of;
        let x = &self.states[i];
        let trial = x.trial;
        if self.extends(i) {
            return self.extend(i, day);
        }
        if !s.auto_renew || x.cancelled_late || x.suspended {
            let mut same = self.unchanged(i, day);
            same.billing = self.states[i].last_plan().0; // what ends
            self.note(i, day, "expires", &same, None);
            return self.close(i);
        }
        let (plan, price) = match self.choose_plan(i, day, forecast) {
            Ok(found) => found,
            Err(code) => return self.block(i, day, code),
        };
        if !forecast && !trial && !self.segment_allowed(i) && !self.states[i].flagged_segment {
            self.states[i].flagged_segment = true;
            self.reject(s.file, s.row, "flagged", "segment-not-allowed");
        }
        let promo = self.renewal_promotion(i, day, &plan, price.1);
        self.note(i, day, "renews", &plan, Some((price.0, price.0, promo.clone())));
        let first_type = if trial { "convert" } else { "renew" };
        let term = Term {
            product: plan.product,
            sku: plan.sku,
            months: plan.months,
            billing: plan.billing,
            start: day,
            end: plan.end,
            quantity: plan.quantity,
            price: price.0,
            promo,
            code: None,
            first_type,
            clock: midnight(day),
            trial: false,
        };
        self.start_term(i, term);
        // a renewal that lies before the row began is due when the row began (A2)
        self.charge_cycles(i, s.begin.date_naive());
    }

    /// A21: nothing follows.
    pub fn block(&mut self, i: usize, day: Day, code: &'static str) {
        let same = self.unchanged(i, day);
        self.note(i, day, "blocked", &same, None);
        if day <= self.job.as_of {
            self.states[i].blocked = Some(code);
        }
        self.close(i);
    }

    pub fn close(&mut self, i: usize) {
        let last = self.states[i].end;
        let earlier = self.states[i].gone_on.unwrap_or(last).min(last);
        self.end(i, earlier);
    }

    /// The next term without any scheduled change.
    pub fn unchanged(&self, i: usize, day: Day) -> Plan {
        let x = &self.states[i];
        let (months, billing) = (x.term, x.next_billing.unwrap_or(x.last_plan().0));
        Plan {
            product: x.product.clone(),
            sku: x.sku.clone(),
            months,
            billing,
            quantity: x.seats(),
            end: natural_end(day, months, x.anchored_on),
            asked_for: String::new(),
        }
    }

    /// Price and whether it is licence-based, with the plan that it is for.
    fn choose_plan(
        &mut self,
        i: usize,
        day: Day,
        forecast: bool,
    ) -> Result<(Plan, (Frac, bool)), &'static str> {
        let mut base = self.unchanged(i, day);
        if self.states[i].trial {
            (base.months, base.billing) = (12, Billing::Monthly);
            base.end = natural_end(day, 12, self.states[i].anchored_on);
        }
        if let Some(c) = self.scheduled_for(i, day) {
            match self.changed(i, day, &base, &c) {
                Ok(found) => return Ok(found),
                Err(code) if !forecast => self.reject("scheduled_changes", c.row, "refused", code),
                Err(_) => {}
            }
        }
        let price = self.price_of(i, day, &base)?;
        Ok((base, price))
    }

    fn price_of(&self, i: usize, day: Day, p: &Plan) -> Result<(Frac, bool), &'static str> {
        let row = self.list_price(i, &p.product, &p.sku, p.months, p.billing, p.quantity, day)?;
        Ok((row.price, row.licence))
    }

    /// The latest valid one of the running term (A24, R46).
    fn scheduled_for(&self, i: usize, day: Day) -> Option<Scheduled> {
        let (s, x) = (self.subs[i], &self.states[i]);
        let from = midnight(x.start).max(if s.opened() { s.begin } else { midnight(x.start) });
        let all = self.book.scheduled.get(&s.id)?.iter();
        let known = all.filter(|c| {
            c.at >= from && c.at < midnight(day) && c.at.date_naive() <= self.job.as_of && !c.ambiguous
        });
        known.filter(|c| x.last_void.is_none_or(|v| v <= c.at)).max_by_key(|c| c.at).cloned()
    }

    /// The plan with a scheduled change applied, if it has an allowed target and a price.
    fn changed(
        &self,
        i: usize,
        day: Day,
        base: &Plan,
        c: &Scheduled,
    ) -> Result<(Plan, (Frac, bool)), &'static str> {
        let mut p = base.clone();
        if !c.product.is_empty() {
            p.product = c.product.clone();
        }
        if !c.sku.is_empty() {
            p.sku = c.sku.clone();
        }
        p.months = c.term.unwrap_or(p.months);
        p.billing = c.billing.unwrap_or(p.billing);
        p.quantity = c.quantity.unwrap_or(p.quantity);
        p.asked_for = c.promotion.clone();
        if p.quantity <= 0 {
            return Err("seats-not-positive");
        }
        if !p.billing.fits(p.months) {
            return Err("billing-cycle-not-for-term");
        }
        let natural = natural_end(day, p.months, self.states[i].anchored_on);
        p.end = c.term_end.unwrap_or(natural);
        check_term_end(day, natural, p.months, p.end)?;
        let price = self.price_of(i, day, &p)?;
        Ok((p, price))
    }

    /// R23, R25, A22: the held one if kept, against the others by full eligibility.
    pub fn renewal_promotion(&self, i: usize, day: Day, p: &Plan, licence: bool) -> Option<Held> {
        let (s, x) = (self.subs[i], &self.states[i]);
        if s.legacy || x.trial {
            return None;
        }
        let held = x.promo.as_ref().and_then(|h| {
            let row = self.promo_row(&h.id, &p.product, &p.sku, p.months, p.billing)?;
            if !row.open_on(day) {
                return None;
            }
            let mut kept = row.held();
            if self.policy.is("renewal_percentage", "held") {
                kept.discount = h.discount;
            }
            Some(kept)
        });
        let t = NewTerm {
            sub: i,
            product: &p.product,
            sku: &p.sku,
            term: p.months,
            billing: p.billing,
            quantity: p.quantity,
            on: day,
            asked_for: &p.asked_for,
            licence,
            own: 0,
        };
        let other = self.best_promotion(&t, x.promo.as_ref().map(|h| h.id.as_str()));
        match (held, other) {
            (Some(h), Some(o)) => Some(if better(&o, &h) { o } else { h }),
            (h, o) => h.or(o),
        }
    }

    /// A row of renewals, where the date lies in the window or in the horizon (C1 to C4, C26).
    pub fn note(
        &mut self,
        i: usize,
        day: Day,
        outcome: &str,
        p: &Plan,
        new: Option<(Frac, Frac, Option<Held>)>, // list price, price before the promotion, promotion
    ) {
        if day < self.job.from {
            return;
        }
        let (s, x) = (self.subs[i], &self.states[i]);
        let digits = s.digits;
        let mode = self.policy.get("rounding");
        let money = |units: i128| fixed(units, digits);
        let mut exact = Frac::ZERO;
        if !x.trial {
            for part in self.parts(x, 0, x.seats()) {
                exact =
                    exact.add(x.last_plan().1.mul(Frac::ONE.sub(part.discount)).mul(Frac::int(part.seats)));
            }
        }
        let before = exact.round(digits, mode);
        let id = |h: &Option<Held>| h.as_ref().map_or(String::new(), |h| h.id.clone());
        let mut r = Renewal {
            subscription_id: s.id.clone(),
            outcome: outcome.to_string(),
            renewal_date: day.to_string(),
            term: term_name(p.months).to_string(),
            billing_cycle: p.billing.name().to_string(),
            quantity: p.quantity.to_string(),
            list_unit_price: String::new(),
            unit_price_before: plain(exact.div(Frac::int(x.seats())), 6, digits),
            unit_price_after: String::new(),
            promotion_before: id(&x.promo),
            promotion_after: String::new(),
            amount_before: money(before),
            amount_after: String::new(),
            change: String::new(),
            change_percent: String::new(),
            billed: (day <= self.job.as_of).to_string(),
        };
        if let Some((list, full, promo)) = new {
            let price = full.mul(Frac::ONE.sub(promo.as_ref().map_or(Frac::ZERO, |h| h.discount)));
            let after = price.mul(Frac::int(p.quantity)).round(digits, mode);
            r.list_unit_price = plain(list, 6, digits);
            r.unit_price_after = plain(price, 6, digits);
            r.promotion_after = id(&promo);
            r.amount_after = money(after);
            r.change = money(after - before);
            if before != 0 {
                let percent = Frac::new((after - before) * 100, before);
                r.change_percent = fixed(percent.round(2, "half-up"), 2);
            }
        }
        self.renewals.push((i, day, r));
    }
}
