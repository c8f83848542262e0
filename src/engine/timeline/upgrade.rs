//! Upgrades: seats leave for another SKU, whole or in part, in their own subscription, a new one, or one that was there before
//! (R26, R49, B1 to B5, B12, B32).
//!
//! Every upgrade is a refund of the days left at the old price and a charge of the same seats under the new SKU, tied as a
//! pair. 300 seats from 10.08 to 6.43 on the eighth of thirty days: −2318.40 and +1478.90.

use super::TimeLine;
use super::charging::Draft;
use super::lifecycle::event_draft;
use super::state::RunningTerm;
use crate::book::{LifecycleEvent, Target};
use crate::calendar::Day;
use crate::findings::{Code, Fate, NotDue};
use crate::ids::ItemId;
use crate::money::fits_a_line;
use crate::rating::seat_parts::Discounts;
use crate::rating::term_price::TermPrice;
use crate::reasons::{Reason, Reasons};
use crate::workings::{ChargeType, Side, Step, Steps};

pub(super) type Refusal = (Code, &'static str);

/// The column that names what an upgrade goes to.
const SKU: &str = "target_sku_id";
/// The column that names the subscription that seats are moved to.
pub(super) const TARGET: &str = "target_subscription_id";

/// What moved seats cost under their new SKU.
pub(super) struct Moved {
    pub(super) item: ItemId,
    pub(super) price: TermPrice,
    pub(super) discounts: Discounts,
    pub(super) reasons: Reasons,
    pub(super) steps: Steps,
}

impl TimeLine<'_> {
    /// Takes an upgrade in its turn, by where its seats go.
    pub(super) fn upgrade(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        term: RunningTerm,
    ) -> Option<Fate> {
        let held = self.running[number].seats().total();
        let moved = event.quantity.unwrap_or(held);
        let taken = if let Some(refusal) = self.unchangeable(number, &term) {
            Err(refusal)
        } else if moved == 0 {
            Err((Code::SeatsNotPositive, "quantity"))
        } else if moved > held {
            Err((Code::UpgradeQuantity, "quantity"))
        } else {
            self.upgrade_to(number, event, &term, moved, moved == held)
        };
        Some(match taken {
            Ok(fate) => fate,
            Err((code, column)) => self.refuse(number, event.source, code, column),
        })
    }

    fn upgrade_to(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        moved: u32,
        is_full: bool,
    ) -> Result<Fate, Refusal> {
        let target = match event.target {
            Target::Barred => return Err((Code::UpgradeTargetMissing, TARGET)),
            Target::Nobody => None,
            Target::Subscription(id) => Some(self.number_of(id)).filter(|&target| target != number),
            // All seats at once stay under their id, unless the other is there already.
            Target::Opened(id) => {
                let target = self.number_of(id);
                (!is_full || self.running[target].opened_by.is_some()).then_some(target)
            }
        };
        let Some(target) = target else {
            if is_full {
                return self.upgrade_whole(number, event, term);
            }
            return Err((Code::UpgradeTargetMissing, TARGET));
        };
        if self.row(number).parked {
            // Nothing comes of it until it is mended, for either side (R60).
            return Ok(Fate::NotDue(NotDue::SubscriptionRejected));
        }
        if self.row(target).opened && self.running[target].opened_by.is_none() {
            self.open_by_upgrade(number, target, event, term, moved)
        } else if self.is_beginning_of(target, event) {
            self.begin_by_upgrade(number, target, event, term, moved)
        } else {
            self.move_seats(number, target, event, term, moved)
        }
    }

    /// All seats, and the subscription keeps its id (B1).
    fn upgrade_whole(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
    ) -> Result<Fate, Refusal> {
        let day = event.happened_at.day();
        let seats = self.running[number].seats().total();
        let moved = self.moved_price(number, number, event, term, seats)?;
        let plan_price = self.plan_after_upgrade(number, moved.item, seats, day)?;
        // A cycle that begins on this day is charged and then refunded (B12).
        self.charge_through(number, day);
        let Some(old) = self.running[number].term else { return Ok(Fate::NotDue(NotDue::NoEffect)) };
        self.write_half(number, &old, event, Side::Refund, old.reasons.with(Reason::Upgraded));
        let new = RunningTerm {
            item: moved.item,
            price: moved.price,
            priced_on: day,
            priced_for: seats,
            discounts: moved.discounts,
            reasons: moved.reasons,
            steps: moved.steps,
            upgraded: true,
            ..old
        };
        let running = &mut self.running[number];
        running.batches.iter_mut().for_each(|batch| (batch.moved, batch.promoted) = (true, true));
        running.term =
            running.term.map(|term| RunningTerm { charged: term.charged, lines: term.lines, ..new });
        running.reprice_plan(plan_price);
        running.former_plan = None;
        running.void_scheduled(event.happened_at);
        self.begin_item(number, moved.item);
        self.count_more(number, moved.item, seats);
        if let Some(promotion) = moved.discounts.promotion {
            self.hold(number, promotion.id);
        }
        self.write_half(number, &new, event, Side::Charge, moved.reasons);
        Ok(Fate::Billed)
    }

    /// What the plan that is still to come costs under the new SKU (B1).
    pub(super) fn plan_after_upgrade(
        &mut self,
        number: usize,
        item: ItemId,
        seats: u32,
        day: Day,
    ) -> Result<Option<TermPrice>, Refusal> {
        let Some(plan) = self.running[number].pending.as_ref().filter(|plan| plan.rest.is_some()) else {
            return Ok(None);
        };
        let billing_cycle = plan.billing_cycle;
        let Some(term) = self.running[number].term else { return Ok(None) };
        let row = self.row(number);
        let price = self.price(row, item, term.term, billing_cycle, seats, day, &mut Reasons::default());
        let price = price.map_err(|code| (code, SKU))?;
        if !fits_a_line(price, seats) {
            return Err((Code::AmountTooLarge, "quantity"));
        }
        Ok(Some(TermPrice::listed(price, term.term)))
    }

    /// Seats leave: the newest first, refunded for the days left at the price and discount that they had (B2, B3). Where none is
    /// left the subscription ends.
    pub(super) fn leave(
        &mut self,
        number: usize,
        event: LifecycleEvent,
        charge_type: ChargeType,
        moved: u32,
    ) {
        let day = event.happened_at.day();
        self.charge_through(number, day);
        let Some(term) = self.running[number].term else { return };
        let before = self.running[number].parts(&term);
        self.take_newest_first(number, moved);
        self.running[number].void_scheduled(event.happened_at);
        let after = self.running[number].parts(&term);
        if let Some(cycle) = term.schedule.cycle_at(day) {
            let reasons = term.reasons.with(Reason::Upgraded);
            let refund = event_draft(event, charge_type, Side::Refund, cycle, reasons);
            self.write_net(number, &term, Draft { paired: true, ..refund }, &before, &after);
        }
        if self.running[number].seats().total() == 0 {
            self.end(number, day);
        }
    }

    /// The list price of the day for seats that move, and the promotion that they may get (B1, B32).
    pub(super) fn moved_price(
        &mut self,
        number: usize,
        target: usize,
        event: LifecycleEvent,
        term: &RunningTerm,
        seats: u32,
    ) -> Result<Moved, Refusal> {
        // To the same SKU it would be no upgrade but another price inside the term (R8).
        let item =
            self.sold(term.item, event.target_item, event.is_sku_alone).filter(|&item| item != term.item);
        let Some(item) = item else { return Err((Code::UpgradeTargetMissing, SKU)) };
        if changes_term(event, term) {
            return Err((Code::UpgradeChangesTerm, "target_term"));
        }
        let (row, on) = (self.row(number), event.happened_at.day());
        let first = self.played.steps.len();
        let source = (number != target).then_some(row.id);
        self.played.steps.push(Step::Upgraded { on, from: term.item, to: item, seats, source });
        let mut reasons = Reasons::of(Reason::Upgraded);
        if let Some(held) = term.discounts.promotion {
            self.played.steps.push(Step::PromotionLeftBehind { promotion: held.id });
            reasons.insert(Reason::PromotionLeftBehind);
        }
        if term.discounts.code.is_some() {
            reasons.insert(Reason::PromoCodeOver);
        }
        let list = self
            .price(self.row(target), item, term.term, term.billing_cycle, seats, on, &mut reasons)
            .map_err(|code| (code, SKU))?;
        if !fits_a_line(list, seats) {
            return Err((Code::AmountTooLarge, "quantity"));
        }
        let request = self.request(row, item, term.term, term.billing_cycle, seats, on);
        let promotion = self.promotion_at_upgrade(target, &request, &mut reasons);
        let promotion = self.pinned_promotion(self.row(target), on, promotion);
        let discounts = Discounts { promotion, code: None, stacking: self.policy.stacking };
        let steps = self.steps_since(first);
        Ok(Moved { item, price: TermPrice::listed(list, term.term), discounts, reasons, steps })
    }

    /// The number among the customer's of an event of a subscription.
    pub(super) fn number_of_event(&self, number: usize, event: LifecycleEvent) -> usize {
        let mut own = self.running[number].events.numbers();
        own.find(|&row| self.book.events[row].source == event.source).unwrap_or_default()
    }
}

/// An upgrade keeps term and billing cycle (B1).
pub(super) fn changes_term(event: LifecycleEvent, term: &RunningTerm) -> bool {
    event.target_term.is_some_and(|other| other != term.term)
        || event.target_billing_cycle.is_some_and(|other| other != term.billing_cycle)
}
