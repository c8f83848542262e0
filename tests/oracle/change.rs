//! Mid-term changes of the billing cycle and of the term (R47; B9 to B11).
use super::begin::Term;
use super::dates::{
    Billing, Cycle, Day, cycles, days_between, months_between, natural_end, on_grid, plus_days,
};
use super::input::LifeEvent;
use super::renew::Plan;
use super::sim::World;

impl World<'_> {
    /// B9, B10: from the next charge cycle on; in the term's last cycle, with the next term.
    pub fn change_billing_cycle(&mut self, i: usize, e: &LifeEvent) -> Result<(), &'static str> {
        let x = &self.states[i];
        let n = self.cycle_at(i, e.at.date_naive());
        let running = x.cycles[n].billing;
        let between = |b: Billing| b == Billing::Monthly || b == Billing::Annual;
        let natural = natural_end(x.grid_start, x.term, x.anchored_on);
        let own_anchor = if x.end < natural { plus_days(x.end, 1) } else { x.grid_start };
        let on_its_grid = on_grid(x.anchored_on.unwrap_or(own_anchor), x.start).is_some();
        let target = e.target_billing.filter(|b| between(*b)).ok_or("billing-cycle-change-not-allowed")?;
        if x.term != 36 || !between(running) || !on_its_grid {
            return Err("billing-cycle-change-not-allowed");
        }
        let coming = x.cycles.get(n + 1).map_or(x.next_billing.unwrap_or(running), |c| c.billing);
        if target == coming {
            return Ok(()); // no-change
        }
        if x.prices.iter().all(|(b, _)| *b != target) {
            let row = self.list_price(i, &x.product, &x.sku, x.term, target, x.tier_seats, x.priced_on)?;
            let price = row.price;
            self.states[i].prices.push((target, price));
        }
        let x = &mut self.states[i];
        if n + 1 >= x.cycles.len() {
            x.next_billing = (target != running).then_some(target);
            return Ok(());
        }
        let from = plus_days(x.cycles[n].last, 1);
        let keep = self.policy.is("month_end", "keep-distance");
        let all = cycles(x.grid_start, x.end, x.term, target, x.anchored_on, keep);
        x.cycles.truncate(n + 1);
        x.cycles.extend(all.into_iter().filter(|c| c.last >= from).map(|c| c.from(from)));
        x.cycles[n + 1].plan_changed = target != running;
        Ok(())
    }

    /// B11: a longer term that begins today.
    pub fn change_term(&mut self, i: usize, e: &LifeEvent) -> Result<(), &'static str> {
        let x = &self.states[i];
        let day = e.at.date_naive();
        let months = e.target_term.filter(|t| *t > x.term).ok_or("term-change-not-longer")?;
        let cycle = self.cycle_at(i, day);
        let current = x.cycles[cycle].billing;
        let fitting = if current.fits(months) { current } else { Billing::Upfront };
        let billing = e.target_billing.unwrap_or(fitting);
        if !billing.fits(months) {
            return Err("billing-cycle-not-for-term");
        }
        let quantity = x.seats();
        let row = self.list_price(i, &x.product, &x.sku, months, billing, quantity, day)?;
        let (price, licence) = (row.price, row.licence);
        let plan = Plan {
            product: x.product.clone(),
            sku: x.sku.clone(),
            months,
            billing,
            quantity,
            end: natural_end(day, months, None),
            asked_for: String::new(),
        };
        let promo = self.renewal_promotion(i, day, &plan, licence);
        let (clock, mut batches) = (x.clock, x.batches.clone());
        batches.iter_mut().for_each(|b| b.promoted = true);
        self.charge_cycles(i, plus_days(day, 1));
        let parts = self.parts(&self.states[i], 0, quantity);
        self.open_pair();
        self.emit(i, "convert", day, day, cycle, &parts, -1);
        let pair = self.pair.take();
        self.states[i].anchored_on = None; // the new term's own first day
        self.forget_term_end(i);
        let term = Term {
            product: plan.product,
            sku: plan.sku,
            months,
            billing,
            start: day,
            end: plan.end,
            quantity,
            price,
            promo,
            code: None,
            first_type: "convert",
            clock: e.at,
            trial: false,
        };
        self.start_term(i, term);
        let x = &mut self.states[i];
        (x.clock, x.batches, x.first_pair) = (clock, batches, pair);
        self.charge_cycles(i, plus_days(day, 1));
        self.void_scheduled(i, e.at);
        Ok(())
    }
}

impl Cycle {
    /// The cycle from `day` on. Months left of a contract year that is billed at once are a stub of whole months (B10).
    fn from(self, day: Day) -> Cycle {
        if self.first >= day {
            return self;
        }
        if self.billing != Billing::Annual {
            return Cycle { first: day, ..self };
        }
        let full = days_between(day, plus_days(self.next, -1));
        Cycle { first: day, full, stub: Some(months_between(day, self.next)), ..self }
    }
}
