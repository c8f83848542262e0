//! The price in force (R6 to R10, B26, B27, C24).
use super::Policy;
use super::dates::{Billing, Day, term_name};
use super::number::Frac;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct PriceRow {
    pub product: String,
    pub sku: String,
    pub term: String,
    pub plan: String,
    pub market: String,
    pub currency: String,
    pub segment: String,
    pub price: Frac,
    pub tier_min: Option<i64>,
    pub tier_max: Option<i64>,
    pub start: Day,
    pub end: Option<Day>,
    pub licence: bool,
}

pub struct Prices<'a>(BTreeMap<(String, String), Vec<&'a PriceRow>>);

/// What is looked up; the quantity chooses the tier.
pub struct Wanted<'a> {
    pub product: &'a str,
    pub sku: &'a str,
    pub term: i64,
    pub billing: Billing,
    pub market: &'a str,
    pub currency: &'a str,
    pub segment: &'a str,
    pub quantity: i64,
    pub on: Day,
}

impl<'a> Prices<'a> {
    pub fn new(rows: &'a [PriceRow]) -> Prices<'a> {
        let mut map: BTreeMap<(String, String), Vec<&'a PriceRow>> = BTreeMap::new();
        for r in rows {
            map.entry((r.product.clone(), r.sku.clone())).or_default().push(r);
        }
        Prices(map)
    }

    pub fn find(&self, w: &Wanted, policy: &Policy) -> Result<&'a PriceRow, &'static str> {
        let none = Vec::new();
        let all = self.0.get(&(w.product.to_string(), w.sku.to_string())).unwrap_or(&none);
        let of_key = |plans: &[&str]| -> Vec<&'a PriceRow> {
            let same = |r: &&&PriceRow| {
                r.term == term_name(w.term)
                    && r.market == w.market
                    && r.currency == w.currency
                    && r.segment == w.segment
                    && plans.contains(&r.plan.as_str())
            };
            all.iter().filter(same).copied().collect()
        };
        let in_force = |r: &PriceRow| r.start <= w.on && r.end.is_none_or(|e| w.on <= e);
        let first: &[&str] = match w.billing {
            Billing::Monthly => &["monthly"],
            Billing::Annual => &["annual"],
            Billing::Upfront => &["upfront", "triennial"],
        };
        let second: &[&str] = match (w.billing, w.term) {
            (Billing::Upfront, 12) => &["annual"],
            (Billing::Annual, 12) => &["upfront", "triennial"],
            (Billing::Upfront, 1) => &["monthly"],
            _ => &[],
        };
        for plans in [first, second, &["none"]] {
            let rows = of_key(plans);
            if !rows.iter().any(|r| in_force(r)) {
                continue;
            }
            // two rows of the key with one start, one tier and different prices: a conflict (R7)
            for (i, a) in rows.iter().enumerate() {
                for b in rows.iter().skip(i + 1) {
                    let one_key = a.plan == b.plan
                        && a.start == b.start
                        && a.tier_min == b.tier_min
                        && a.tier_max == b.tier_max;
                    if one_key && a.price != b.price {
                        return Err("price-conflict");
                    }
                }
            }
            let fits = |r: &PriceRow| {
                r.tier_min.is_none_or(|m| m <= w.quantity) && r.tier_max.is_none_or(|m| w.quantity <= m)
            };
            let valid = rows.iter().copied().filter(|r| in_force(r) && fits(r));
            let best = if policy.is("price_overlap", "newest-start") {
                valid.max_by_key(|r| r.start)
            } else {
                valid.min_by_key(|r| r.start)
            };
            return best.ok_or("price-missing");
        }
        Err("price-missing")
    }
}
