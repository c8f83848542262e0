//! A price list and promotions that change while the nights go by.

use super::dice::Dice;
use chrono::{Days, NaiveDate};
use std::fmt::Write as _;

pub(crate) const PRODUCTS: [&str; 3] = ["CFQA", "CFQB", "CFQC"];
pub(crate) const PLACES: [(&str, &str); 3] = [("NL", "EUR"), ("JP", "JPY"), ("KW", "KWD")];

#[derive(Clone)]
struct Price {
    key: String,
    amount: u32,
    tier: (&'static str, &'static str),
    from: String,
    to: String,
    is_yen: bool,
}

pub(crate) struct PriceList(Vec<Price>);

impl PriceList {
    pub(crate) fn new(dice: &mut Dice) -> PriceList {
        let mut rows = Vec::new();
        for product in PRODUCTS {
            let has_tiers = dice.chance(20);
            for (term, plan) in [
                ("P1M", "Monthly"),
                ("P1Y", "Monthly"),
                ("P1Y", "Annual"),
                ("P3Y", "Monthly"),
                ("P3Y", "Annual"),
                ("P3Y", "Triennial"),
            ] {
                // Now and then a plan can't be had.
                if dice.chance(4) {
                    continue;
                }
                for (market, currency) in PLACES {
                    let tiers: &[_] = if has_tiers { &[("1", "9"), ("10", "")] } else { &[("", "")] };
                    for tier in tiers {
                        rows.push(Price {
                            key: format!("{product},0001,{term},{plan},{market},{currency}"),
                            amount: 500 + dice.below(90_000),
                            tier: *tier,
                            from: "2019-01-01".to_owned(),
                            to: String::new(),
                            is_yen: currency == "JPY",
                        });
                    }
                }
            }
        }
        PriceList(rows)
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "ProductId,SkuId,TermDuration,BillingPlan,Market,Currency,UnitPrice,PricingTierRangeMin,PricingTierRangeMax,\
             EffectiveStartDate,EffectiveEndDate,Tags,Segment\n",
        );
        for Price { key, amount, tier: (low, high), from, to, is_yen } in &self.0 {
            let price =
                if *is_yen { amount.to_string() } else { format!("{}.{:02}", amount / 100, amount % 100) };
            writeln!(text, "{key},{price},{low},{high},{from},{to},License,Commercial").expect("text");
        }
        text
    }

    /// The list from night to night: new versions that begin after the night on which they come, and where prices are
    /// changed behind terms that were billed, amounts of rows that have long been in force.
    pub(crate) fn versions(
        &mut self,
        dice: &mut Dice,
        cut_over: NaiveDate,
        nights: u32,
        is_repriced: bool,
    ) -> Vec<(u32, String)> {
        let mut versions = vec![(0, self.text())];
        let mut slots: Vec<u32> = (0..dice.below(5)).map(|_| dice.below(2 * nights)).collect();
        slots.sort_unstable();
        for slot in slots {
            let product = dice.pick(&PRODUCTS);
            if is_repriced && dice.chance(60) {
                for row in self.0.iter_mut().filter(|row| row.key.starts_with(product)) {
                    row.amount = row.amount * dice.between(80, 130) / 100;
                }
            } else {
                let begins = cut_over + Days::new(u64::from(slot / 2 + dice.between(1, 20)));
                let last = (begins - Days::new(1)).to_string();
                let mut new = Vec::new();
                for row in self.0.iter_mut().filter(|row| row.key.starts_with(product) && row.to.is_empty()) {
                    if row.from >= begins.to_string() {
                        continue;
                    }
                    let amount = row.amount * dice.between(80, 130) / 100;
                    row.to.clone_from(&last);
                    new.push(Price { amount, from: begins.to_string(), to: String::new(), ..row.clone() });
                }
                self.0.extend(new);
            }
            versions.push((slot, self.text()));
        }
        versions
    }

    /// Promotions, one for each product, so that a percentage which changes behind a term takes no other one's place.
    #[allow(clippy::unused_self, reason = "they belong to the list")]
    pub(crate) fn promotions(
        &self,
        dice: &mut Dice,
        cut_over: NaiveDate,
        nights: u32,
        is_repriced: bool,
    ) -> Vec<(u32, String)> {
        let mut rows: Vec<(String, u32, String)> = Vec::new();
        for (number, product) in PRODUCTS.into_iter().enumerate() {
            if dice.chance(15) {
                continue;
            }
            let from = cut_over - Days::new(u64::from(dice.below(500)));
            let to = cut_over + Days::new(u64::from(dice.below(120)));
            let limits = format!(
                "{from},{to},{},{},{},{},{},true,new",
                dice.maybe(20, &["2", "5"]),
                dice.maybe(60, &["10", "20", "40", "60"]),
                dice.maybe(20, &["1", "2"]),
                dice.maybe(25, &["true", "false"]),
                dice.maybe(12, &["CFQA:0001", "CFQB:0001"]),
            );
            for term in ["P1M", "P1Y", "P3Y"] {
                if dice.chance(75) {
                    let head = format!("PR-{number},{product},0001,{term},,,");
                    rows.push((head, dice.between(5, 60), limits.clone()));
                }
            }
        }
        let text = |rows: &[(String, u32, String)]| {
            let mut text = String::from(
                "promotion_id,product_id,sku_id,term,billing_cycle,markets,regions,discount,starts_on,ends_on,min_seats,\
                 max_seats,max_redemptions,first_purchase,requires,auto_applicable,commerce\n",
            );
            for (head, percent, limits) in rows {
                writeln!(text, "{head},0.{percent:02},{limits}").expect("text");
            }
            text
        };
        let mut versions = vec![(0, text(&rows))];
        if is_repriced && !rows.is_empty() && dice.chance(50) {
            let place = dice.below(rows.len() as u32) as usize;
            rows[place].1 = dice.between(5, 60);
            versions.push((dice.below(2 * nights), text(&rows)));
        }
        versions
    }
}
