//! A term whose auto-renew is off goes on month to month (R37).
use super::begin::Term;
use super::dates::{Billing, Day, midnight, natural_end, parse_day};
use super::number::Frac;
use super::sim::World;

impl World<'_> {
    /// `end_of_term = "extend"`, in the decided dates.
    pub fn extends(&self, i: usize) -> bool {
        let (s, x) = (self.subs[i], &self.states[i]);
        let on = |text: &str| parse_day(text).expect("oracle: a date");
        self.policy.is("end_of_term", "extend")
            && !s.auto_renew
            && !x.trial
            && !x.suspended
            && !x.cancelled_late
            && x.end >= on("2026-05-04")
            && x.start >= on("2025-04-01")
    }

    pub fn extend(&mut self, i: usize, day: Day) {
        let mut plan = self.unchanged(i, day);
        let (list, price) = match self.extension_price(i, day) {
            Ok(found) => found,
            Err(code) => return self.block(i, day, code),
        };
        (plan.months, plan.billing) = (1, Billing::Monthly);
        plan.end = natural_end(day, 1, self.states[i].anchored_on);
        self.note(i, day, "extends", &plan, Some((list, price, None)));
        let term = Term {
            product: plan.product,
            sku: plan.sku,
            months: 1,
            billing: Billing::Monthly,
            start: day,
            end: plan.end,
            quantity: plan.quantity,
            price,
            promo: None,
            code: None,
            first_type: "extendTerm",
            clock: midnight(day),
            trial: false,
        };
        self.start_term(i, term);
        self.charge_cycles(i, self.subs[i].begin.date_naive());
    }

    /// The list price, and what a month costs: P1M × 1.03, or where there is no P1M row in force a twelfth of P1Y × 1.23.
    fn extension_price(&self, i: usize, day: Day) -> Result<(Frac, Frac), &'static str> {
        let x = &self.states[i];
        let look = |months| {
            let (product, sku) = (&x.product, &x.sku);
            let found = self.list_price(i, product, sku, months, Billing::Monthly, x.seats(), day);
            found.map(|row| row.price)
        };
        if self.any_price_in_force(i, &x.product, &x.sku, 1, day) {
            let list = look(1)?;
            return Ok((list, list.mul(Frac::new(103, 100))));
        }
        let list = look(12)?;
        Ok((list, list.mul(Frac::new(123, 1200))))
    }
}
