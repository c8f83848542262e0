//! Seats that share one discount: promotion and promo code settled seat by seat (R22, R32, R42, R43, A15 to A18).
//!
//! Forty seats at 10.00 with a code of 20 % up to 25 licences are two parts: 25 at 8.00 and 15 at 10.00. A line has one
//! discount, so each part is a line of its own, the discounted one first.

use crate::ids::{CodeId, PromotionId};
use crate::money::{Discount, Exact};
use crate::policy::Stacking;
use crate::workings::Reduction;

/// The promotion of a term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldPromotion {
    /// Which.
    pub id: PromotionId,
    /// What it takes off.
    pub discount: Discount,
}

/// The promo code of a term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldCode {
    /// Which.
    pub id: CodeId,
    /// What it takes off.
    pub discount: Discount,
    /// Up to how many licences.
    pub max_licences: Option<u32>,
}

/// What comes off in a term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Discounts {
    /// The promotion, if one is held.
    pub promotion: Option<HeldPromotion>,
    /// The code, if one counts.
    pub code: Option<HeldCode>,
    /// How they meet.
    pub stacking: Stacking,
}

/// Seats held: those at the promotion's price come first, then those added late at list (R22).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SeatsHeld {
    /// At the promotion's price, where there is one.
    pub promoted: u32,
    /// Added after the promotion's last day under `late_seats = "list"`.
    pub late: u32,
}

impl SeatsHeld {
    /// All of them.
    pub const fn total(self) -> u32 {
        self.promoted + self.late
    }
}

/// Seats with one discount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// What comes off.
    pub reduction: Reduction,
    /// For how many seats.
    pub seats: u32,
}

impl Part {
    const EMPTY: Part = Part { reduction: Reduction::NONE, seats: 0 };
}

/// At most three parts: both borders, of late seats and of the code's maximum, cut the row of seats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parts {
    parts: [Part; 3],
    len: usize,
}

impl Parts {
    /// The parts, discounted first.
    pub fn as_slice(&self) -> &[Part] {
        &self.parts[..self.len]
    }

    fn push(&mut self, seats: u32, reduction: impl FnOnce() -> Reduction) {
        if seats == 0 {
            return;
        }
        let reduction = reduction();
        match self.parts[..self.len].last_mut() {
            Some(last) if last.reduction == reduction => last.seats += seats,
            Some(_) | None => {
                self.parts[self.len] = Part { reduction, seats };
                self.len += 1;
            }
        }
    }

    fn seats_of(&self, reduction: Reduction) -> u32 {
        self.as_slice().iter().filter(|part| part.reduction == reduction).map(|part| part.seats).sum()
    }

    /// The price of all seats for the whole term, exactly (C1).
    pub fn term_amount(&self, a_seat: Exact) -> Exact {
        let amount = |part: &Part| a_seat.keep(part.reduction.kept).times(part.seats);
        self.as_slice().iter().map(amount).fold(Exact::ZERO, Exact::plus)
    }
}

impl Discounts {
    /// Nothing comes off.
    pub const fn none(stacking: Stacking) -> Discounts {
        Discounts { promotion: None, code: None, stacking }
    }

    /// Cuts seats into parts of one discount each.
    pub fn parts(&self, seats: SeatsHeld) -> Parts {
        let total = seats.total();
        let coded = match self.code {
            Some(code) => code.max_licences.map_or(total, |maximum| maximum.min(total)),
            None => 0,
        };
        let promoted = if self.promotion.is_some() { seats.promoted } else { 0 };
        let mut parts = Parts { parts: [Part::EMPTY; 3], len: 0 };
        let both = coded.min(promoted);
        parts.push(both, || self.reduction(true, true));
        parts.push(promoted - both, || self.reduction(true, false));
        parts.push(coded - both, || self.reduction(false, true));
        parts.push(total - promoted.max(coded), || Reduction::NONE);
        parts
    }

    /// What comes off one seat: the deeper one, the promotion where they are equal, or one after the other (R43, A18).
    fn reduction(&self, has_promotion: bool, has_code: bool) -> Reduction {
        let promotion = self.promotion.filter(|_| has_promotion);
        let code = self.code.filter(|code| has_code && code.discount > Discount::NONE);
        let alone = |promotion: HeldPromotion| Reduction {
            kept: promotion.discount.kept(),
            promotion: Some(promotion.id),
            code: None,
        };
        match (promotion, code, self.stacking) {
            (None, None, Stacking::Best | Stacking::Combine) => Reduction::NONE,
            (Some(promotion), None, Stacking::Best | Stacking::Combine) => alone(promotion),
            (None, Some(code), Stacking::Best | Stacking::Combine) => {
                Reduction { kept: code.discount.kept(), promotion: None, code: Some(code.id) }
            }
            (Some(promotion), Some(code), Stacking::Best) if promotion.discount >= code.discount => {
                alone(promotion)
            }
            (Some(_), Some(code), Stacking::Best) => {
                Reduction { kept: code.discount.kept(), promotion: None, code: Some(code.id) }
            }
            // Where the promotion leaves nothing the code takes nothing off (A18).
            (Some(promotion), Some(_), Stacking::Combine) if promotion.discount == Discount::WHOLE => {
                alone(promotion)
            }
            (Some(promotion), Some(code), Stacking::Combine) => Reduction {
                kept: promotion.discount.kept().then(code.discount),
                promotion: Some(promotion.id),
                code: Some(code.id),
            },
        }
    }
}

/// Seats that come or go, part by part: more than before is positive (A15).
pub fn difference<'a>(before: &'a Parts, after: &'a Parts) -> impl Iterator<Item = (Reduction, i64)> + 'a {
    let (more, less) = if total(after) >= total(before) { (after, before) } else { (before, after) };
    let only_less = less.as_slice().iter().filter(move |part| more.seats_of(part.reduction) == 0);
    let reductions = more.as_slice().iter().chain(only_less).map(|part| part.reduction);
    let change =
        move |reduction| i64::from(after.seats_of(reduction)) - i64::from(before.seats_of(reduction));
    reductions.map(move |reduction| (reduction, change(reduction))).filter(|&(_, seats)| seats != 0)
}

fn total(parts: &Parts) -> u32 {
    parts.as_slice().iter().map(|part| part.seats).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discounts(promotion: Option<u32>, code: Option<(u32, Option<u32>)>, stacking: Stacking) -> Discounts {
        let fraction = |millionths| Discount::from_millionths(millionths).unwrap_or_default();
        Discounts {
            promotion: promotion
                .map(|of| HeldPromotion { id: PromotionId::of_rank(0), discount: fraction(of) }),
            code: code.map(|(of, max_licences)| HeldCode {
                id: CodeId::of_rank(0),
                discount: fraction(of),
                max_licences,
            }),
            stacking,
        }
    }

    fn seats(parts: Parts) -> Vec<(u64, u32)> {
        parts
            .as_slice()
            .iter()
            .map(|part| (part.reduction.kept.taken_off_trillionths() / 1_000_000, part.seats))
            .collect()
    }

    #[test]
    fn a_codes_maximum_cuts_the_seats() {
        let code = discounts(None, Some((200_000, Some(25))), Stacking::Best);
        let held = |promoted| SeatsHeld { promoted, late: 0 };
        assert_eq!(seats(code.parts(held(40))), [(200_000, 25), (0, 15)]);
        let changes = |before, after| {
            let (before, after) = (code.parts(held(before)), code.parts(held(after)));
            difference(&before, &after).map(|(_, seats)| seats).collect::<Vec<_>>()
        };
        assert_eq!(changes(20, 30), [5, 5]);
        assert_eq!(changes(30, 22), [-3, -5]);
    }

    #[test]
    fn the_deeper_one_applies_seat_by_seat() {
        let held = SeatsHeld { promoted: 10, late: 2 };
        let best = discounts(Some(100_000), Some((200_000, Some(5))), Stacking::Best);
        assert_eq!(seats(best.parts(held)), [(200_000, 5), (100_000, 5), (0, 2)]);
        let equal = discounts(Some(200_000), Some((200_000, None)), Stacking::Best);
        assert_eq!(seats(equal.parts(held)), [(200_000, 10), (200_000, 2)]);
        assert!(equal.parts(held).as_slice()[0].reduction.promotion.is_some());
        let both = discounts(Some(100_000), Some((200_000, None)), Stacking::Combine);
        assert_eq!(seats(both.parts(held)), [(280_000, 10), (200_000, 2)]);
    }
}
