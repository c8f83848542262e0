//! A term whose auto-renew is off goes on month to month (R37).
use super::begin::Term;
use super::dates::{Billing, Day, midnight, natural_end, parse_day};
use super::number::Frac;
use super::pins::EXTENSION;
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
        let month = self.any_price_in_force(i, &x.product, &x.sku, 1, day);
        let (list, share) =
            if month { (look(1)?, Frac::new(103, 100)) } else { (look(12)?, Frac::new(123, 1200)) };
        let (id, product, sku) = (self.subs[i].id.clone(), x.product.clone(), x.sku.clone());
        let of_months = if month { 1 } else { 12 };
        let base = (id.clone(), product.clone(), sku.clone(), of_months, Billing::Monthly, day);
        let tier = self.tiers.borrow()[&base];
        // The month beyond the term is pinned as a price of its own.
        let lookup = (id, product, sku, EXTENSION, Billing::Monthly, day);
        self.tiers.borrow_mut().insert(lookup.clone(), tier);
        Ok((list, self.pins.price(&lookup, tier).unwrap_or(list.mul(share))))
    }
}
