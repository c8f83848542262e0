//! What a customer has had, over all partners: seats by product:SKU, promotions, purchases (A7, B14).
//!
//! Kept as running totals, so that a customer with a million subscriptions is judged as fast as one with two.

use crate::book::Holding;
use crate::catalog::{Commerce, Promotion};
use crate::ids::{ItemId, PromotionId};
use crate::policy::SeatCount;
use crate::rating::eligibility::Record;
use std::collections::BTreeMap;

/// What one subscription contributes, so that it can be left out of its own judgement at a renewal.
#[derive(Clone, Copy)]
pub(super) struct Own<'b> {
    pub(super) commerce: Commerce,
    pub(super) counted: Option<(ItemId, u32)>,
    pub(super) promotions: &'b [PromotionId],
    pub(super) items: &'b [ItemId],
}

pub(super) struct History<'a> {
    holdings: &'a [Holding],
    seat_count: SeatCount,
    seats: BTreeMap<(ItemId, Commerce), u64>,
    promoted: BTreeMap<(PromotionId, ItemId), u64>,
    redeemed: BTreeMap<PromotionId, u32>,
    begun: BTreeMap<(ItemId, Commerce), u32>,
}

impl<'a> History<'a> {
    pub(super) fn new(holdings: &'a [Holding], seat_count: SeatCount) -> History<'a> {
        History {
            holdings,
            seat_count,
            seats: BTreeMap::new(),
            promoted: BTreeMap::new(),
            redeemed: BTreeMap::new(),
            begun: BTreeMap::new(),
        }
    }

    /// A subscription's seats count for a product:SKU from now on, instead of what it counted for before.
    pub(super) fn recount(&mut self, own: Own<'_>, now: Option<(ItemId, u32)>) {
        if let Some((item, seats)) = own.counted {
            let seats = u64::from(seats);
            if let Some(total) = self.seats.get_mut(&(item, own.commerce)) {
                *total -= seats;
            }
            for &promotion in own.promotions {
                if let Some(total) = self.promoted.get_mut(&(promotion, item)) {
                    *total -= seats;
                }
            }
        }
        if let Some((item, seats)) = now {
            *self.seats.entry((item, own.commerce)).or_default() += u64::from(seats);
            for &promotion in own.promotions {
                *self.promoted.entry((promotion, item)).or_default() += u64::from(seats);
            }
        }
    }

    /// A subscription gets a promotion that it never held before: a redemption, counted once (B14).
    pub(super) fn redeem(&mut self, promotion: PromotionId, counted: Option<(ItemId, u32)>) {
        *self.redeemed.entry(promotion).or_default() += 1;
        if let Some((item, seats)) = counted {
            *self.promoted.entry((promotion, item)).or_default() += u64::from(seats);
        }
    }

    /// A subscription of a product:SKU begins.
    pub(super) fn begin(&mut self, item: ItemId, commerce: Commerce) {
        *self.begun.entry((item, commerce)).or_default() += 1;
    }

    /// Seats of one commerce that count towards a promotion's maximum for a product:SKU, everybody's (A7).
    pub(super) fn seats_counted(&self, promotion: &Promotion, item: ItemId, commerce: Commerce) -> u64 {
        let ours = match self.seat_count {
            SeatCount::Sku => self.seats.get(&(item, commerce)),
            SeatCount::Promotion => self.promoted.get(&(promotion.id, item)),
        };
        let counts = |holding: &&Holding| {
            holding.item == item
                && match self.seat_count {
                    SeatCount::Sku => true,
                    SeatCount::Promotion => holding.promotion == Some(promotion.id),
                }
        };
        let others: u64 =
            self.holdings.iter().filter(counts).map(|holding| u64::from(holding.quantity)).sum();
        ours.copied().unwrap_or(0) + others
    }

    /// What the customer has or had of a promotion and product:SKU, apart from one subscription of its own.
    pub(super) fn record(
        &self,
        promotion: &Promotion,
        item: ItemId,
        own: Own<'_>,
        holds_required: bool,
    ) -> Record {
        let is_redeemed = own.promotions.contains(&promotion.id);
        let own_seats = match (own.counted, self.seat_count) {
            (Some((counted, seats)), SeatCount::Sku) if counted == item => seats,
            (Some((counted, seats)), SeatCount::Promotion) if counted == item && is_redeemed => seats,
            (Some(_) | None, SeatCount::Sku | SeatCount::Promotion) => 0,
        };
        let held_through_others =
            self.holdings.iter().filter(|holding| holding.promotion == Some(promotion.id));
        let redeemed = self.redeemed.get(&promotion.id).copied().unwrap_or(0);
        let begun = self.begun.get(&(item, own.commerce)).copied().unwrap_or(0);
        let own_begun = own.items.iter().filter(|&&begun| begun == item).count() as u32;
        Record {
            seats_counted: self.seats_counted(promotion, item, own.commerce) - u64::from(own_seats),
            redemptions: redeemed - u32::from(is_redeemed) + held_through_others.count() as u32,
            had_product: begun > own_begun || self.holdings.iter().any(|holding| holding.item == item),
            holds_required,
        }
    }
}
