//! What a customer has had, over all partners: seats by product:SKU, promotions, purchases (A7, B14).
//!
//! Kept as running totals, so that a customer with a million subscriptions is judged as fast as one with two.

use super::few::Few;
use crate::book::Holding;
use crate::catalog::{Commerce, Promotion};
use crate::ids::{ItemId, PromotionId};
use crate::policy::SeatCount;
use crate::rating::eligibility::Record;

/// What one subscription contributes, so that it can be left out of its own judgement at a renewal.
#[derive(Clone, Copy)]
pub(super) struct Own<'b> {
    pub(super) commerce: Commerce,
    pub(super) counted: &'b Few<(ItemId, u32), 1>,
    pub(super) promotions: &'b Few<PromotionId, 1>,
    pub(super) items: &'b Few<ItemId, 1>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    had: Totals<(ItemId, Commerce)>,
    promoted: Totals<(PromotionId, ItemId, Commerce)>,
    redeemed: Totals<PromotionId>,
}

/// What there was of something: in seats, and in subscriptions that began.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    seats: u64,
    begun: u32,
}

impl History {
    /// Begins anew, with what the customer holds through others: it counts in either commerce, and as had before (A7, B14).
    pub(super) fn restart(&mut self, holdings: &[Holding]) {
        self.had.clear();
        self.promoted.clear();
        self.redeemed.clear();
        for holding in holdings {
            let total = Total { seats: u64::from(holding.quantity), begun: 1 };
            for commerce in [Commerce::New, Commerce::Legacy] {
                self.had.add((holding.item, commerce), total);
            }
            if let Some(promotion) = holding.promotion {
                for commerce in [Commerce::New, Commerce::Legacy] {
                    self.promoted.add((promotion, holding.item, commerce), total);
                }
                self.redeemed.add(promotion, total);
            }
        }
    }

    /// A subscription's seats count no more, because its count begins anew (A7).
    pub(super) fn discount(&mut self, own: Own<'_>) {
        for (item, seats) in own.counted.iter() {
            self.had.take_seats((item, own.commerce), seats);
            for promotion in own.promotions.iter() {
                self.promoted.take_seats((promotion, item, own.commerce), seats);
            }
        }
    }

    /// More seats of a subscription count for a product:SKU (A7).
    pub(super) fn count(&mut self, own: Own<'_>, item: ItemId, seats: u32) {
        let total = Total { seats: u64::from(seats), begun: 0 };
        self.had.add((item, own.commerce), total);
        for promotion in own.promotions.iter() {
            self.promoted.add((promotion, item, own.commerce), total);
        }
    }

    /// A subscription gets a promotion that it never held before: a redemption, counted once (B14).
    pub(super) fn redeem(&mut self, promotion: PromotionId, own: Own<'_>) {
        self.redeemed.add(promotion, Total { seats: 0, begun: 1 });
        for (item, seats) in own.counted.iter() {
            self.promoted.add((promotion, item, own.commerce), Total { seats: u64::from(seats), begun: 0 });
        }
    }

    /// A subscription of a product:SKU begins.
    pub(super) fn begin(&mut self, item: ItemId, commerce: Commerce) {
        self.had.add((item, commerce), Total { seats: 0, begun: 1 });
    }

    /// Seats of one commerce that count towards a promotion's maximum for a product:SKU, everybody's (A7).
    pub(super) fn seats_counted(
        &self,
        promotion: &Promotion,
        item: ItemId,
        commerce: Commerce,
        count: SeatCount,
    ) -> u64 {
        match count {
            SeatCount::Sku => self.had.of((item, commerce)).seats,
            SeatCount::Promotion => self.promoted.of((promotion.id, item, commerce)).seats,
        }
    }

    /// What the customer has or had of a promotion and product:SKU, apart from one subscription of its own.
    pub(super) fn record(
        &self,
        promotion: &Promotion,
        item: ItemId,
        own: Own<'_>,
        count: SeatCount,
        holds_required: bool,
    ) -> Record {
        let is_redeemed = own.promotions.contains(promotion.id);
        let counts = match count {
            SeatCount::Sku => true,
            SeatCount::Promotion => is_redeemed,
        };
        let own_seats: u64 = own
            .counted
            .iter()
            .filter(|&(of, _)| counts && of == item)
            .map(|(_, seats)| u64::from(seats))
            .sum();
        let had = self.had.of((item, own.commerce));
        Record {
            seats_counted: self.seats_counted(promotion, item, own.commerce, count) - own_seats,
            redemptions: self.redeemed.of(promotion.id).begun - u32::from(is_redeemed),
            had_product: had.begun > u32::from(own.items.contains(item)),
            holds_required,
        }
    }
}

/// Totals by what they are of, sorted: a customer has few products, however many its subscriptions.
#[derive(Clone, Debug)]
struct Totals<K>(Vec<(K, Total)>);

impl<K> Default for Totals<K> {
    fn default() -> Totals<K> {
        Totals(Vec::new())
    }
}

impl<K: Ord + Copy> Totals<K> {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn place(&self, of: K) -> Result<usize, usize> {
        self.0.binary_search_by_key(&of, |&(key, _)| key)
    }

    fn of(&self, key: K) -> Total {
        self.place(key).map_or(Total::default(), |place| self.0[place].1)
    }

    fn add(&mut self, key: K, more: Total) {
        match self.place(key) {
            Ok(place) => {
                let total = &mut self.0[place].1;
                total.seats += more.seats;
                total.begun += more.begun;
            }
            Err(place) => self.0.insert(place, (key, more)),
        }
    }

    fn take_seats(&mut self, key: K, seats: u32) {
        if let Ok(place) = self.place(key) {
            self.0[place].1.seats -= u64::from(seats);
        }
    }
}
