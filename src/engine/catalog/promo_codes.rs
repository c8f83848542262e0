//! Promo codes: a discount that a buyer enters with an order (R38 to R42).

use crate::calendar::Day;
use crate::ids::{CodeId, ItemId, MarketId};
use crate::money::Discount;
use std::collections::BTreeMap;

/// A promo code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PromoCode {
    /// Its id: one for each exact spelling (R39).
    pub id: CodeId,
    /// Fraction taken off.
    pub discount: Discount,
    /// The product:SKUs that it is for; none: all.
    pub items: Option<Vec<ItemId>>,
    /// The markets that it holds in; empty: all.
    pub markets: Vec<MarketId>,
    /// The first day on which it can be entered.
    pub redeem_from: Option<Day>,
    /// The last day on which it can be entered, inclusive.
    pub redeem_by: Day,
    /// The most licences of a subscription that it discounts (R42, A17).
    pub max_licences: Option<u32>,
}

/// All promo codes.
#[derive(Clone, Debug, Default)]
pub struct PromoCodes(BTreeMap<CodeId, PromoCode>);

impl PromoCodes {
    /// The codes of a file.
    pub fn new(codes: Vec<PromoCode>) -> PromoCodes {
        PromoCodes(codes.into_iter().map(|code| (code.id, code)).collect())
    }

    /// A code of the file.
    pub fn get(&self, id: CodeId) -> Option<&PromoCode> {
        self.0.get(&id)
    }
}
