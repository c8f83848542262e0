//! Which promotion a term gets: held, asked for, automatic, or kept at a renewal (R14, R21, R23 to R25, A20, A22).

use super::TimeLine;
use super::history::Own;
use super::state::Running;
use crate::book::{PromotionCell, Subscription};
use crate::catalog::{Commerce, Promotion};
use crate::ids::{ItemId, PromotionId};
use crate::money::Discount;
use crate::policy::{RenewalPercentage, UpgradePromotions};
use crate::rating::eligibility::{Request, deeper, judge};
use crate::rating::seat_parts::HeldPromotion;
use crate::reasons::{Reason, Reasons};
use crate::workings::{Condition, Step};

type Candidate = Option<(PromotionId, Discount)>;

impl Running {
    /// What this subscription adds to its customer's history.
    pub(super) fn own(&self, row: &Subscription) -> Own<'_> {
        Own {
            commerce: row.commerce,
            counted: &self.counted,
            promotions: &self.promotions_held,
            items: &self.items_begun,
        }
    }
}

impl TimeLine<'_> {
    /// The promotion of a new term of a row: judged for purchases and migrations whose price is looked up, otherwise
    /// exactly what the row holds (A20).
    pub(super) fn promotion_at_start(
        &mut self,
        number: usize,
        request: &Request,
        reasons: &mut Reasons,
    ) -> Option<HeldPromotion> {
        let row = self.row(number);
        if row.is_judged() {
            return match row.promotion {
                PromotionCell::Declined => {
                    self.played.steps.push(Step::PromotionDeclined);
                    reasons.insert(Reason::PromotionDeclined);
                    None
                }
                PromotionCell::Empty => self.choose(number, request, None, None, reasons),
                PromotionCell::Id(asked) => {
                    let request = Request { asked: Some(asked), ..*request };
                    self.choose(number, &request, None, None, reasons)
                }
            };
        }
        let PromotionCell::Id(id) = row.promotion else { return None };
        // What the file lacks was rejected with the row.
        let promotion = self.catalog.promotions.get(id)?;
        let discount = promotion.discount_held(row.item, row.term, row.billing_cycle)?;
        self.played.steps.push(Step::PromotionHeld { promotion: id, discount });
        reasons.insert(Reason::PromotionHeld);
        Some(HeldPromotion { id, discount })
    }

    /// The promotion of seats that an upgrade moves: none, or by full eligibility where the policy has it so (R26, B32).
    pub(super) fn promotion_at_upgrade(
        &mut self,
        number: usize,
        request: &Request,
        reasons: &mut Reasons,
    ) -> Option<HeldPromotion> {
        match self.policy.upgrade_promotions {
            UpgradePromotions::None => None,
            UpgradePromotions::Eligible => self.choose(number, request, None, None, reasons),
        }
    }

    /// The promotion of a renewed term: the held one if its window and its rows allow, against every other by full
    /// eligibility (R23, R25, A22); none at all for legacy (R24).
    pub(super) fn promotion_at_renewal(
        &mut self,
        number: usize,
        request: &Request,
        asked: PromotionCell,
        held: Option<HeldPromotion>,
        reasons: &mut Reasons,
    ) -> Option<HeldPromotion> {
        if request.commerce == Commerce::Legacy {
            self.played.steps.push(Step::LegacyRenewal);
            reasons.insert(Reason::LegacyRenewal);
            return None;
        }
        let kept = held.and_then(|held| self.keep(held, request, reasons));
        // Once lost it competes no more, not even by full eligibility (A22).
        let lost = held.map(|held| held.id);
        let chosen = match asked {
            PromotionCell::Declined => {
                self.played.steps.push(Step::PromotionDeclined);
                reasons.insert(Reason::PromotionDeclined);
                return None;
            }
            PromotionCell::Empty => self.choose(number, request, kept, lost, reasons),
            PromotionCell::Id(asked) => {
                let request = Request { asked: Some(asked), ..*request };
                self.choose(number, &request, kept, lost, reasons)
            }
        };
        if let (Some(held), Some(chosen)) = (held, chosen) {
            let is_kept = held.id == chosen.id;
            reasons.insert(if is_kept { Reason::PromotionKept } else { Reason::PromotionReplaced });
        }
        chosen
    }

    /// Whether a held promotion is kept: its window holds the renewal date and it names the new term; nothing else is
    /// asked (A22). At its current percentage, or the one that it was bought with (R23).
    fn keep(&mut self, held: HeldPromotion, request: &Request, reasons: &mut Reasons) -> Candidate {
        let promotion = self.catalog.promotions.get(held.id)?;
        let current = promotion.discount_for(request.item, request.term, request.billing_cycle);
        let in_window = promotion.window.holds(request.on);
        let discount = match self.policy.renewal_percentage {
            RenewalPercentage::Current => current,
            RenewalPercentage::Held => current.map(|_| held.discount),
        };
        self.played.steps.push(Step::PromotionAtRenewal {
            promotion: held.id,
            on: request.on,
            in_window,
            discount,
        });
        if !in_window {
            reasons.insert(Reason::PromotionEnded);
            return None;
        }
        if discount.is_none() {
            reasons.insert(Reason::PromotionNotForTerm);
        }
        discount.map(|discount| (held.id, discount))
    }

    /// Judges every promotion that names the product:SKU, and the one asked for; of the eligible ones the deepest (R21).
    fn choose(
        &mut self,
        number: usize,
        request: &Request,
        kept: Candidate,
        except: Option<PromotionId>,
        reasons: &mut Reasons,
    ) -> Option<HeldPromotion> {
        let promotions = &self.catalog.promotions;
        if let Some(asked) = request.asked
            && promotions.get(asked).is_none()
        {
            self.played.steps.push(Step::PromotionAskedUnknown { promotion: asked });
            reasons.insert(Reason::PromotionAskedUnknown);
        }
        let asked = request.asked.and_then(|asked| promotions.get(asked));
        let elsewhere = asked.filter(|asked| !asked.names(request.item));
        let mut best = kept;
        let mut turned_down = Reasons::NONE;
        for promotion in promotions.naming(request.item).chain(elsewhere) {
            if except == Some(promotion.id) {
                continue;
            }
            if let Some(discount) = self.consider(number, promotion, request, &mut turned_down) {
                best = deeper(best, (promotion.id, discount));
            }
        }
        // What was turned down says something of a price at list only.
        if best.is_none() {
            *reasons = reasons.union(turned_down);
        }
        let (id, discount) = best?;
        self.played.steps.push(Step::PromotionApplied { promotion: id, discount });
        if Some(id) != kept.map(|kept| kept.0) {
            reasons.insert(Reason::PromotionApplied);
        }
        Some(HeldPromotion { id, discount })
    }

    /// Judges one promotion, records the verdict, and gives its percentage where every condition holds.
    fn consider(
        &mut self,
        number: usize,
        promotion: &Promotion,
        request: &Request,
        reasons: &mut Reasons,
    ) -> Option<Discount> {
        // A promotion of the other commerce is no candidate at all, unless it was asked for.
        let is_asked = request.asked == Some(promotion.id);
        if promotion.commerce != request.commerce && !is_asked {
            return None;
        }
        let holds_required = promotion.requires.iter().all(|&item| self.holds_on(item, request.on, number));
        let own = self.running[number].own(self.row(number));
        let count = self.policy.seat_count;
        let record = self.history.record(promotion, request.item, own, count, holds_required);
        let promotions = &self.catalog.promotions;
        let verdict = judge(promotion, promotions, request, &record, self.policy.first_purchase);
        let discount = promotion.discount_for(request.item, request.term, request.billing_cycle);
        let (on, seats) = (request.on, request.seats);
        self.played.steps.push(Step::PromotionJudged {
            promotion: promotion.id,
            discount,
            on,
            seats,
            verdict,
        });
        let absent = [Condition::Window, Condition::NotOptedIn, Condition::Term, Condition::Product];
        let was_near = !absent.iter().any(|&condition| verdict.failed.holds(condition));
        if !verdict.failed.is_empty() && (is_asked || was_near) {
            reasons.insert(Reason::PromotionNotEligible);
            let wanted = verdict.seats_counted + u64::from(seats);
            if promotion.max_seats.is_some_and(|maximum| wanted > u64::from(maximum)) {
                reasons.insert(Reason::PromotionSeatLimit);
            }
        }
        discount.filter(|_| verdict.failed.is_empty())
    }

    /// A subscription's own count of seats begins anew (A7).
    pub(super) fn recount(&mut self, number: usize, item: ItemId, seats: u32) {
        let row = self.row(number);
        let running = &mut self.running[number];
        if running.counted.is_only((item, seats)) {
            return;
        }
        self.history.discount(running.own(row));
        running.counted.clear();
        self.count_more(number, item, seats);
    }

    /// More seats of a subscription count for a product:SKU, until its count begins anew (A7).
    pub(super) fn count_more(&mut self, number: usize, item: ItemId, seats: u32) {
        let row = self.row(number);
        let running = &mut self.running[number];
        self.history.count(running.own(row), item, seats);
        if let Some((_, counted)) = running.counted.iter_mut().find(|(of, _)| *of == item) {
            *counted += seats;
        } else {
            running.counted.push((item, seats));
        }
    }

    /// A subscription holds a promotion from now on; the first time it is a redemption (B14).
    pub(super) fn hold(&mut self, number: usize, promotion: PromotionId) {
        let row = self.row(number);
        let running = &mut self.running[number];
        if running.promotions_held.insert(promotion) {
            self.history.redeem(promotion, running.own(row));
        }
    }

    /// A subscription is one of a product:SKU from now on (B14).
    pub(super) fn begin_item(&mut self, number: usize, item: ItemId) {
        let row = self.row(number);
        if self.running[number].items_begun.insert(item) {
            self.history.begin(item, row.commerce);
            if let Some(holders) = &mut self.holders {
                holders.insert((item, number));
            }
        }
    }
}
