//! Promotions: who gets which (R12 to R28; A7, A20, A22, B14 to B16).
use super::dates::{Billing, Day};
use super::number::Frac;
use super::sim::World;

#[derive(Clone, Debug)]
pub struct PromoRow {
    pub id: String,
    pub product: String,
    pub sku: String,
    pub term: i64,
    pub billing: Option<Billing>,
    pub markets: Vec<String>,
    pub regions: Vec<String>,
    pub segments: Vec<String>,
    pub discount: Frac,
    pub starts_on: Day,
    pub ends_on: Day,
    pub min_seats: Option<i64>,
    pub max_seats: Option<i64>,
    pub max_redemptions: Option<i64>,
    pub first_purchase: bool,
    pub requires: Vec<String>,
    pub automatic: bool,
    pub commerce: String,
}

/// A promotion that a subscription holds in its term.
#[derive(Clone, Debug)]
pub struct Held {
    pub id: String,
    pub discount: Frac,
    pub ends_on: Day,
    pub max_seats: Option<i64>,
}

/// A term about to begin, as promotions see it.
pub struct NewTerm<'a> {
    pub sub: usize, // index of the subscription
    pub product: &'a str,
    pub sku: &'a str,
    pub term: i64,
    pub billing: Billing,
    pub quantity: i64,
    pub on: Day,
    pub asked_for: &'a str,
    pub licence: bool,
    pub own: i64, // seats of the target that this subscription's own term counts already (A7; upgrades only)
}

impl PromoRow {
    pub fn names(&self, product: &str, sku: &str, term: i64, billing: Billing) -> bool {
        self.product == product
            && self.sku == sku
            && self.term == term
            && self.billing.is_none_or(|b| b == billing)
    }
    pub fn open_on(&self, day: Day) -> bool {
        self.starts_on <= day && day <= self.ends_on
    }
    pub fn held(&self) -> Held {
        Held {
            id: self.id.clone(),
            discount: self.discount,
            ends_on: self.ends_on,
            max_seats: self.max_seats,
        }
    }
}

/// R21: the highest percentage, then the lowest id.
pub fn better(a: &Held, b: &Held) -> bool {
    a.discount.gt(b.discount) || (a.discount == b.discount && a.id < b.id)
}

fn fitting<'r>(
    rows: &'r [PromoRow],
    product: &str,
    sku: &str,
    term: i64,
    billing: Billing,
) -> Option<&'r PromoRow> {
    let mut fit: Vec<&PromoRow> = rows.iter().filter(|r| r.names(product, sku, term, billing)).collect();
    fit.sort_by_key(|r| r.billing.is_none());
    fit.first().copied()
}

/// The row whose percentage a held promotion has (A20). Decided where none fits: the one percentage of its rows for the product:SKU,
/// else of all its rows; where those differ none can be told, whatever their order.
pub fn held_row<'r>(
    rows: &'r [PromoRow],
    product: &str,
    sku: &str,
    term: i64,
    billing: Billing,
) -> Option<&'r PromoRow> {
    if let Some(row) = fitting(rows, product, sku, term, billing) {
        return Some(row);
    }
    let near: Vec<&PromoRow> = rows.iter().filter(|r| r.product == product && r.sku == sku).collect();
    let among: Vec<&PromoRow> = if near.is_empty() { rows.iter().collect() } else { near };
    let same = among.iter().all(|r| r.discount == among[0].discount);
    if same { among.first().copied() } else { None }
}

impl World<'_> {
    /// The row of promotion `id` that names this product:SKU, term and billing cycle; one that names the cycle first.
    pub fn promo_row(
        &self,
        id: &str,
        product: &str,
        sku: &str,
        term: i64,
        billing: Billing,
    ) -> Option<&PromoRow> {
        fitting(self.book.promotions.get(id)?, product, sku, term, billing)
    }

    /// What a row holds that names its promotion itself, unexamined (A20).
    pub fn held_unexamined(
        &self,
        id: &str,
        product: &str,
        sku: &str,
        term: i64,
        billing: Billing,
    ) -> Option<Held> {
        held_row(self.book.promotions.get(id)?, product, sku, term, billing).map(PromoRow::held)
    }

    /// The best promotion by full eligibility; `without` is left out of the competition.
    pub fn best_promotion(&self, t: &NewTerm, without: Option<&str>) -> Option<Held> {
        let mut best: Option<Held> = None;
        for id in self.book.promotions.keys() {
            if without == Some(id.as_str()) {
                continue;
            }
            let Some(row) = self.promo_row(id, t.product, t.sku, t.term, t.billing) else { continue };
            if !self.eligible(row, t) {
                continue;
            }
            let held = row.held();
            if best.as_ref().is_none_or(|b| better(&held, b)) {
                best = Some(held);
            }
        }
        best
    }

    fn eligible(&self, p: &PromoRow, t: &NewTerm) -> bool {
        let s = self.subs[t.sub];
        let empty_or_has = |list: &[String], x: &str| list.is_empty() || list.iter().any(|e| e == x);
        // under `seat_count = "promotion"` its own earlier seats count only if it held the promotion
        let own = if self.policy.is("seat_count", "sku") || self.states[t.sub].ever_held.contains(&p.id) {
            t.own
        } else {
            0
        };
        let region = self.book.regions.get(&s.partner).map_or("", String::as_str);
        let same_commerce = (p.commerce == "legacy") == s.legacy;
        t.licence
            && same_commerce
            && (p.automatic || t.asked_for == p.id)
            && empty_or_has(&p.markets, &s.market)
            && empty_or_has(&p.regions, region)
            && empty_or_has(&p.segments, &s.segment)
            && p.open_on(t.on)
            && p.min_seats.is_none_or(|m| t.quantity >= m)
            && p.max_seats
                .is_none_or(|m| self.seats_of(t.sub, t.product, t.sku, &p.id) + own + t.quantity <= m)
            && (!p.first_purchase || self.first_purchase(p, t))
            && p.max_redemptions.is_none_or(|m| self.redemptions(t.sub, &p.id) + 1 <= m)
            && p.requires.iter().all(|r| self.owns(t.sub, r, t.on))
    }

    /// A7: the customer's seats of product:SKU without those of subscription `me`.
    pub fn seats_of(&self, me: usize, product: &str, sku: &str, promotion: &str) -> i64 {
        let by_promotion = self.policy.is("seat_count", "promotion");
        let legacy = self.subs[me].legacy;
        let mut n = 0;
        for i in self.siblings(me) {
            let x = &self.states[i];
            let counts = x.known && self.subs[i].legacy == legacy;
            if counts && (!by_promotion || x.ever_held.contains(promotion)) {
                n += x.counted_of(product, sku);
            }
        }
        for h in &self.book.holdings {
            let counts = h.customer == self.subs[me].customer && h.product == product && h.sku == sku;
            if counts && (!by_promotion || h.promotion == promotion) {
                n += h.quantity;
            }
        }
        n
    }

    fn first_purchase(&self, p: &PromoRow, t: &NewTerm) -> bool {
        let me = t.sub;
        let mine = |h: &&super::input::Holding| h.customer == self.subs[me].customer;
        if self.policy.is("first_purchase", "product") {
            let legacy = self.subs[me].legacy;
            let had = |i: usize| {
                self.states[i].known
                    && self.subs[i].legacy == legacy
                    && self.states[i].ever_was.contains(&(t.product.to_string(), t.sku.to_string()))
            };
            return !self.siblings(me).any(had)
                && !self.book.holdings.iter().filter(mine).any(|h| h.product == t.product && h.sku == t.sku);
        }
        let had = |i: usize| self.states[i].known && self.states[i].ever_held.contains(&p.id);
        !self.siblings(me).any(had) && !self.book.holdings.iter().filter(mine).any(|h| h.promotion == p.id)
    }

    /// Subscriptions of the customer, this one left out, that hold or held the promotion; and holdings that name it.
    fn redemptions(&self, me: usize, promotion: &str) -> i64 {
        let subs = self
            .siblings(me)
            .filter(|i| self.states[*i].known && self.states[*i].ever_held.contains(promotion))
            .count();
        let held = self
            .book
            .holdings
            .iter()
            .filter(|h| h.customer == self.subs[me].customer && h.promotion == promotion)
            .count();
        i64::try_from(subs + held).unwrap_or(i64::MAX)
    }

    /// B16: a subscription of the customer that began on or before `day` and was not gone before it.
    fn owns(&self, me: usize, wanted: &str, day: Day) -> bool {
        self.siblings(me).any(|i| {
            let (s, x) = (self.subs[i], &self.states[i]);
            // Decided: a row of origin renewal was held before its term, from its order on, as in A7 and C15.
            let existed = s.origin == "renewal" && x.known;
            let there = (existed || (!x.refused && s.begin.date_naive() <= day))
                && s.fate != super::subs::Fate::Finished;
            there && x.gone_on.is_none_or(|g| g >= day) && format!("{}:{}", x.product, x.sku) == wanted
        })
    }
}
