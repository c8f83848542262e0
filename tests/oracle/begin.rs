//! How a subscription begins: may it be sold (R50, R51), its price, its promotion, its code (R38 to R41).
use super::dates::{Billing, Day, Instant, cycles};
use super::input::{Redemption, reject};
use super::number::Frac;
use super::price::{PriceRow, Wanted};
use super::promo::{Held, NewTerm};
use super::sim::{Batch, HeldCode, World};
use super::subs::Fate;
use std::collections::BTreeMap;

/// A term that begins, in full.
pub struct Term {
    pub product: String,
    pub sku: String,
    pub months: i64,
    pub billing: Billing,
    pub start: Day,
    pub end: Day,
    pub quantity: i64,
    pub price: Frac,
    pub promo: Option<Held>,
    pub code: Option<HeldCode>,
    pub first_type: &'static str,
    pub clock: Instant,
    pub trial: bool,
}

impl World<'_> {
    pub fn begin(&mut self, i: usize) {
        let s = self.subs[i];
        if std::mem::replace(&mut self.states[i].has_begun, true) {
            return;
        }
        self.states[i].known = true;
        // R52: special prices exist for licence-based products only
        let special = s.segment != "commercial" && !self.licence_based(&s.product, &s.sku);
        if s.sold() && (special || !self.may_be_sold(i)) {
            return self.refuse_row(i, "rejected", "segment-not-allowed");
        }
        let first_type = match s.origin.as_str() {
            "renewal" => "renew",
            "upgrade" => "convert",
            _ => "new",
        };
        let mut price = Frac::ZERO;
        let mut licence = true;
        if let (Some(locked), false) = (s.unit_price, s.trial()) {
            price = locked;
        } else if !s.trial() {
            match self.list_price(i, &s.product, &s.sku, s.term, s.billing, s.quantity, s.term_start) {
                Ok(row) => (price, licence) = (row.price, row.licence),
                Err("price-conflict") => return self.refuse_row(i, "parked", "price-conflict"),
                Err(code) => return self.refuse_row(i, "rejected", code),
            }
        }
        let promo = if s.trial() || (s.judged() && s.promotion == "none") {
            None
        } else if s.judged() {
            let new = NewTerm {
                sub: i,
                product: &s.product,
                sku: &s.sku,
                term: s.term,
                billing: s.billing,
                quantity: s.quantity,
                on: s.term_start,
                asked_for: &s.promotion,
                licence,
                own: 0,
            };
            self.best_promotion(&new, None)
        } else {
            s.named_promotion()
                .and_then(|id| self.held_unexamined(&id, &s.product, &s.sku, s.term, s.billing))
        };
        let term = Term {
            product: s.product.clone(),
            sku: s.sku.clone(),
            months: s.term,
            billing: s.billing,
            start: s.term_start,
            end: s.term_end,
            quantity: s.quantity,
            price,
            promo,
            code: self.codes.get(&i).cloned(),
            first_type,
            clock: s.begin,
            trial: s.trial(),
        };
        self.start_term(i, term);
        // a backdated row: cycles that began before the row did are due at once (A2)
        self.charge_cycles(i, s.begin.date_naive());
    }

    pub fn start_term(&mut self, i: usize, t: Term) {
        let keep = self.policy.is("month_end", "keep-distance");
        let cycles = if t.trial {
            let next = super::dates::plus_days(t.end, 1);
            vec![super::dates::Cycle::whole(t.start, t.end, t.start, next, t.billing)]
        } else {
            cycles(t.start, t.end, t.months, t.billing, self.states[i].anchored_on, keep)
        };
        let x = &mut self.states[i];
        x.active = true;
        x.ever_was.insert((t.product.clone(), t.sku.clone()));
        x.ever_held.extend(t.promo.iter().map(|p| p.id.clone()));
        x.counted = [((t.product.clone(), t.sku.clone()), t.quantity)].into();
        x.batches = vec![Batch { at: t.clock, seats: t.quantity, promoted: true, moved: false }];
        (x.product, x.sku, x.term, x.start, x.end) = (t.product, t.sku, t.months, t.start, t.end);
        (x.grid_start, x.priced_on, x.tier_seats, x.next_billing) = (t.start, t.start, t.quantity, None);
        x.prices = vec![(t.billing, t.price)];
        (x.promo, x.code, x.first_type, x.clock, x.trial) =
            (t.promo, t.code, t.first_type, Some(t.clock), t.trial);
        (x.cycles, x.next_cycle, x.term_sum) = (cycles, 0, 0);
        self.pin_percentage(i);
        self.enqueue_term_end(i);
    }

    pub fn list_price(
        &self,
        i: usize,
        product: &str,
        sku: &str,
        term: i64,
        billing: Billing,
        quantity: i64,
        on: Day,
    ) -> Result<PriceRow, &'static str> {
        let owner = &self.subs[i].id;
        self.list_price_for(owner, i, product, sku, term, billing, quantity, on)
    }

    /// The same for a subscription that an upgrade opens, which has no number yet: it is sold as its source is.
    pub fn list_price_for(
        &self,
        owner: &str,
        i: usize,
        product: &str,
        sku: &str,
        term: i64,
        billing: Billing,
        quantity: i64,
        on: Day,
    ) -> Result<PriceRow, &'static str> {
        let s = self.subs[i];
        let w = Wanted {
            product,
            sku,
            term,
            billing,
            market: &s.market,
            currency: &s.currency,
            segment: &s.segment,
            quantity,
            on,
        };
        let mut row = self.prices.find(&w, self.policy)?.clone();
        let lookup = (owner.to_string(), product.to_string(), sku.to_string(), term, billing, on);
        let tier = (row.tier_min, row.tier_max);
        row.price = self.pins.price(&lookup, tier).unwrap_or(row.price);
        self.tiers.borrow_mut().insert(lookup, tier);
        Ok(row)
    }

    /// Is there any price of this product:SKU and term, for one seat or for many, on that day?
    pub fn any_price_in_force(&self, i: usize, product: &str, sku: &str, term: i64, on: Day) -> bool {
        let s = self.subs[i];
        self.book.prices.iter().any(|r| {
            r.product == product
                && r.sku == sku
                && r.term == super::dates::term_name(term)
                && r.market == s.market
                && r.currency == s.currency
                && r.segment == s.segment
                && r.start <= on
                && r.end.is_none_or(|e| on <= e)
        })
    }

    /// R12, R52: its price rows carry no Tags, or License is among them.
    fn licence_based(&self, product: &str, sku: &str) -> bool {
        let mut rows = self.book.prices.iter().filter(|r| r.product == product && r.sku == sku);
        rows.all(|r| r.licence)
    }

    fn refuse_row(&mut self, i: usize, disposition: &str, code: &'static str) {
        let s = self.subs[i];
        let x = &mut self.states[i];
        x.refused = true;
        x.known = s.origin == "renewal"; // C15: it existed before
        self.reject("subscriptions", s.row, disposition, code);
    }

    /// R50 by the customer's qualifications; true where there is no customers file.
    pub fn segment_allowed(&self, i: usize) -> bool {
        let s = self.subs[i];
        let Some(c) = self.book.customers.as_ref().and_then(|all| all.get(&s.customer)) else { return true };
        let is = |q: &str| c.qualifications.iter().any(|x| x == q);
        if is("government") {
            return s.segment == "government";
        }
        match s.segment.as_str() {
            "commercial" => true,
            "government" => false,
            other => is(other),
        }
    }

    fn may_be_sold(&self, i: usize) -> bool {
        let s = self.subs[i];
        let government = |o: usize| {
            let (t, x) = (self.subs[o], &self.states[o]);
            t.segment == "government"
                && x.known
                && !t.over
                && x.gone_on.is_none_or(|g| g >= s.begin.date_naive() && t.fate == Fate::History)
        };
        self.segment_allowed(i) && (s.segment == "government" || !self.siblings(i).any(government))
    }

    /// All redemptions of a customer, in the order of entered_at, then code (B24).
    pub fn judge_codes(&mut self, mine: &[usize]) {
        let index: BTreeMap<&str, usize> = mine.iter().map(|i| (self.subs[*i].id.as_str(), *i)).collect();
        let live = |r: &&Redemption| {
            index.get(r.sub.as_str()).is_some_and(|i| {
                let s = self.subs[*i];
                s.fate == Fate::Live
                    && s.begin.date_naive() <= self.job.as_of
                    && r.entered_at.date_naive() <= self.job.as_of
            })
        };
        let mut all: Vec<&Redemption> = self.book.redemptions.iter().filter(live).collect();
        all.sort_by_key(|r| (r.entered_at, r.code.clone(), r.sub.clone(), r.row));
        let mut order_of: BTreeMap<String, String> = BTreeMap::new();
        for r in all {
            let i = index[r.sub.as_str()];
            let verdict = self.judge_code(i, r, &order_of);
            if let Err(code) = verdict {
                self.late_rejects.push((i, reject("redemptions", r.row, "refused", code)));
                continue;
            }
            order_of.entry(r.code.clone()).or_insert(r.order_id.clone());
            let c = &self.book.codes[&r.code];
            self.codes.insert(i, HeldCode { code: c.code.clone(), discount: c.discount, max: c.max });
        }
    }

    fn judge_code(
        &self,
        i: usize,
        r: &Redemption,
        order_of: &BTreeMap<String, String>,
    ) -> Result<(), &'static str> {
        let s = self.subs[i];
        let entered = r.entered_at.date_naive();
        let c = self.book.codes.get(&r.code).ok_or("promo-code-unknown")?;
        if s.origin != "purchase" || entered > s.ordered_on() {
            return Err("promo-code-not-new");
        }
        if c.redeem_from.is_some_and(|d| entered < d) {
            return Err("promo-code-not-yet");
        }
        if entered > c.redeem_by {
            return Err("promo-code-expired");
        }
        if !c.markets.is_empty() && !c.markets.contains(&s.market) {
            return Err("promo-code-wrong-region");
        }
        if (!c.product.is_empty() && c.product != s.product) || (!c.sku.is_empty() && c.sku != s.sku) {
            return Err("promo-code-wrong-product");
        }
        // of one order only, where an order is given (R40)
        if let Some(first) = order_of.get(&r.code) {
            if !first.is_empty() && !r.order_id.is_empty() && *first != r.order_id {
                return Err("promo-code-other-order");
            }
        }
        if self.codes.contains_key(&i) { Err("promo-code-second") } else { Ok(()) }
    }
}
