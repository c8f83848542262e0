//! What stays as it was billed in a term (R62): list prices, by what they were looked up for, and percentages.
use super::dates::{Billing, Day};
use super::number::Frac;
use super::sim::World;
use std::collections::BTreeMap;

/// Subscription, product, SKU, months of the term, plan, day of the lookup.
pub type Lookup = (String, String, String, i64, Billing, Day);

/// The quantities that a price row is for: another tier is another price, however many seats a late event brings.
pub type Tier = (Option<i64>, Option<i64>);

/// In place of the months of a term: the price of a month beyond the term, with its surcharge.
pub const EXTENSION: i64 = 0;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    prices: BTreeMap<(Lookup, Tier), Frac>,
    /// By subscription, the day from which it holds, product, SKU and promotion.
    percentages: BTreeMap<(String, Day, String, String, String), Frac>,
}

impl Pins {
    /// What was billed first stays.
    pub fn keep(&mut self, billed: &Pins) {
        for (key, price) in &billed.prices {
            self.prices.entry(key.clone()).or_insert(*price);
        }
        for (key, percentage) in &billed.percentages {
            self.percentages.entry(key.clone()).or_insert(*percentage);
        }
    }
    pub fn price(&self, lookup: &Lookup, tier: Tier) -> Option<Frac> {
        self.prices.get(&(lookup.clone(), tier)).copied()
    }
}

impl World<'_> {
    /// The lookup of a term's price for one plan.
    fn lookup(&self, i: usize, billing: Billing) -> Lookup {
        let x = &self.states[i];
        let months = if x.first_type == "extendTerm" { EXTENSION } else { x.term };
        (self.subs[i].id.clone(), x.product.clone(), x.sku.clone(), months, billing, x.priced_on)
    }

    /// A line of cycle n is written.
    pub fn note_billed(&mut self, i: usize, n: usize) {
        let billing = self.states[i].cycles[n].billing;
        let lookup = self.lookup(i, billing);
        let tier = self.tiers.borrow().get(&lookup).copied();
        if let (Some(tier), false) = (tier, self.states[i].trial) {
            let price = self.states[i].price(billing);
            self.billed.prices.insert((lookup, tier), price);
        }
        if let Some(promo) = &self.states[i].promo {
            let (key, discount) = (self.percentage_of(i, &promo.id), promo.discount);
            self.billed.percentages.insert(key, discount);
        }
    }

    fn percentage_of(&self, i: usize, id: &str) -> (String, Day, String, String, String) {
        let x = &self.states[i];
        (self.subs[i].id.clone(), x.priced_on, x.product.clone(), x.sku.clone(), id.to_string())
    }

    /// The percentage that the running term was billed at.
    pub fn pin_percentage(&mut self, i: usize) {
        let Some(id) = self.states[i].promo.as_ref().map(|p| p.id.clone()) else { return };
        let pinned = self.pins.percentages.get(&self.percentage_of(i, &id)).copied();
        if let (Some(pinned), Some(promo)) = (pinned, &mut self.states[i].promo) {
            promo.discount = pinned;
        }
    }
}
