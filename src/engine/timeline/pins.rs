//! What a ledger holds a customer to: prices and percentages that were billed in a term stay (R62).
//!
//! A pin answers the look-up that it was billed for and no other: the same subscription, product:SKU, term, billing cycle and
//! day. Where a late event changed how many seats were priced, the tier is chosen anew: what is pinned is what a list row
//! said, and not which row it was.

use super::TimeLine;
use super::state::{RunningTerm, State};
use crate::book::Subscription;
use crate::calendar::{BillingCycle, Day};
use crate::catalog::{PriceKey, Quote};
use crate::findings::Code;
use crate::money::{Discount, Price};
use crate::rating::seat_parts::HeldPromotion;
use crate::workings::{Closing, Pin, Standing};

impl TimeLine<'_> {
    /// The price that was billed for a look-up, where the list says another now.
    pub(super) fn pinned_price(
        &self,
        row: &Subscription,
        key: PriceKey,
        billing_cycle: BillingCycle,
        (seats, on): (u32, Day),
        quote: &Result<Quote, Code>,
    ) -> Option<Price> {
        let pin = self.pins_of(row).find(|pin| {
            let Pin { item, billing_cycle: cycle, quoted, .. } = pin;
            (*item, *cycle, quoted.listed_for, quoted.on) == (key.item, billing_cycle, key.term, on)
        })?;
        if let Ok(now) = quote {
            if now.unit_price == pin.quoted.list {
                return None;
            }
            let before = || self.catalog.prices.quote(key, billing_cycle, pin.quoted.seats, on);
            if pin.quoted.seats != seats && before().is_ok_and(|before| before.row != now.row) {
                return None;
            }
        }
        Some(pin.quoted.list)
    }

    /// A promotion that a term gets, at the percentage that it was billed with (R62); as long as a subscription of the customer
    /// is missing, what the term was billed with, so that a row that is not there frees no seats of a maximum (R63).
    pub(super) fn pinned_promotion(
        &self,
        row: &Subscription,
        on: Day,
        held: Option<HeldPromotion>,
    ) -> Option<HeldPromotion> {
        if let Some(pin) = self.pins_of(row).find(|pin| pin.is_settled && pin.quoted.on == on) {
            return pin.promotion.map(|(id, discount)| HeldPromotion { id, discount });
        }
        let HeldPromotion { id, discount } = held?;
        let billed = |pin: &Pin| -> Option<Discount> {
            let (promotion, discount) = pin.promotion.filter(|_| pin.quoted.on == on)?;
            (promotion == id).then_some(discount)
        };
        let discount = self.pins_of(row).find_map(billed).unwrap_or(discount);
        Some(HeldPromotion { id, discount })
    }

    fn pins_of(&self, row: &Subscription) -> impl Iterator<Item = &Pin> {
        let pins = self.pins.unwrap_or_default();
        let id = row.id;
        let first = pins.partition_point(|pin| pin.subscription < id);
        pins[first..].iter().take_while(move |pin| pin.subscription == id)
    }

    /// How every subscription stands now, for the ledger that asked.
    pub(super) fn close_for_ledger(&mut self) {
        if self.pins.is_none() {
            return;
        }
        for number in 0..self.running.len() {
            let closing = self.closing(number);
            self.played.closings.push(closing);
        }
    }

    fn closing(&self, number: usize) -> Closing {
        let (row, running) = (self.row(number), &self.running[number]);
        let standing = match running.state {
            _ if row.parked || running.blocked.is_some() => Standing::SetAside,
            State::Failed(_) => Standing::SetAside,
            State::Waiting if running.waits_for_history(row) => Standing::SetAside,
            State::Waiting | State::Running => Standing::Open,
            State::Ended | State::History(_) => Standing::Over,
        };
        let pin = |term: &RunningTerm| Pin {
            subscription: row.id,
            item: term.item,
            billing_cycle: term.billing_cycle,
            quoted: term.quoted(),
            promotion: term.discounts.promotion.map(|held| (held.id, held.discount)),
            is_settled: false,
        };
        Closing {
            subscription: row.id,
            standing,
            term_first: running.term.as_ref().map(|term| term.period.first),
            pin: running.term.as_ref().filter(|term| !term.is_trial).map(pin),
        }
    }
}
