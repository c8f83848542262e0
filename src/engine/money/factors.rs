//! What each factor of an amount contributes to its change (R72).
//!
//! An amount is list price × what the promotion leaves × what the code leaves × everything else. When several of them change
//! at once, no order of changing them is the right one, so each factor's contribution is its average over all orders (Shapley).
//! The contributions add up to the change, do not depend on any order, and only change sign when before and after swap places.
//!
//! 100.00 at 10 % off becomes 120.00 at nothing off: the price alone is 18.00 or 20.00, so 19.00; the promotion 10.00 or 12.00,
//! so 11.00; together 30.00.

use super::{Discount, EFFECTIVE_DIGITS, Exact, Price, Rounding, Surcharge, divide, power_of_ten};

/// How much of a cycle's price is charged, and for how many seats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// What comes on top.
    pub surcharge: Surcharge,
    /// The days charged, and those of the cycle.
    pub days: (u32, u32),
    /// Seats.
    pub seats: u32,
}

/// The factors of an amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Factors {
    /// The list price of a seat for the whole term that it is listed for; of it the months charged, and those of that term. A
    /// month of a year and a month are so two list prices of a month.
    pub list: (Price, (u32, u32)),
    /// What the promotion takes off.
    pub promotion: Discount,
    /// What the code takes off of what is left.
    pub code: Discount,
    /// Everything else.
    pub extent: Extent,
}

/// How many factors there are.
pub const FACTORS: usize = 4;

/// What each factor contributes, in the order of [`Factors`]: in units of 10⁻¹⁰ ÷ 24 of the currency's, so that sums of them
/// are exact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Contributions(pub [i128; FACTORS]);

/// All orders of four factors.
const ORDERS: i128 = 24;
/// In how many of them so many given factors come before a given one.
const ORDERS_AFTER: [i128; FACTORS] = [6, 2, 2, 6];

impl Factors {
    /// The same charge for so many seats; for nobody it is what a side has where only the other is charged.
    pub const fn for_seats(self, seats: u32) -> Factors {
        Factors { extent: Extent { seats, ..self.extent }, ..self }
    }

    /// The product, in 10⁻¹⁰ of the currency's unit.
    fn amount(self) -> i128 {
        let Extent { surcharge, days, seats } = self.extent;
        let (list, months) = self.list;
        let whole = Exact::of(list).share(months.0, months.1).share(days.0, days.1).times(seats);
        let listed = whole.raised(surcharge).round(EFFECTIVE_DIGITS, Rounding::HalfUp);
        let left = |discount: Discount| i128::from(Discount::WHOLE.0 - discount.0);
        let whole = i128::from(Discount::WHOLE.0);
        divide(listed * left(self.promotion) * left(self.code), whole * whole, Rounding::HalfUp)
    }

    /// Whether the product is further from a subtotal in minor units than rounding can bring it: something else made the subtotal.
    ///
    /// Rounding moves an amount by less than a minor unit, and the product by a whole one where its own last digit was rounded up
    /// to it.
    pub fn misses(self, subtotal: i64, digits: u32, at_unit: bool) -> bool {
        let minor = power_of_ten(EFFECTIVE_DIGITS - digits);
        let bound = if at_unit { minor * i128::from(self.extent.seats.max(1)) } else { minor };
        (self.amount() - i128::from(subtotal) * minor).abs() > bound
    }
}

/// Whether a factor, by its bit, is taken from after.
const fn is_after(chosen: usize, factor: usize) -> bool {
    chosen & 1 << factor != 0
}

/// What each factor contributes to the change from one amount to another.
pub fn contributions(before: Factors, after: Factors) -> Contributions {
    let differs = [
        before.list != after.list,
        before.promotion != after.promotion,
        before.code != after.code,
        before.extent != after.extent,
    ];
    let changing = (0..FACTORS).filter(|&factor| differs[factor]).fold(0, |bits, factor| bits | 1 << factor);
    let mut amounts: [Option<i128>; 1 << FACTORS] = [None; 1 << FACTORS];
    let mut amount = |chosen: usize| {
        *amounts[chosen & changing].get_or_insert_with(|| {
            let side = |factor| if is_after(chosen, factor) { &after } else { &before };
            Factors {
                list: side(0).list,
                promotion: side(1).promotion,
                code: side(2).code,
                extent: side(3).extent,
            }
            .amount()
        })
    };
    let mut found = Contributions::default();
    for factor in (0..FACTORS).filter(|&factor| differs[factor]) {
        for chosen in (0..1 << FACTORS).filter(|&chosen: &usize| !is_after(chosen, factor)) {
            let orders = ORDERS_AFTER[chosen.count_ones() as usize];
            found.0[factor] += orders * (amount(chosen | 1 << factor) - amount(chosen));
        }
    }
    found
}

impl Contributions {
    /// Nothing changed, and nothing that changed made up for something else.
    pub fn are_none(&self) -> bool {
        self.0.iter().all(|&one| one == 0)
    }

    /// Adds those of another charge.
    pub fn add(&mut self, other: &Contributions) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, one)| *sum += one);
    }

    /// Each in minor units of a currency of so many digits, half-up and away from zero.
    pub fn rounded(&self, digits: u32) -> [i128; FACTORS] {
        let unit = ORDERS * power_of_ten(EFFECTIVE_DIGITS - digits);
        self.0.map(|one| divide(one, unit, Rounding::HalfUp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(list: i64, promotion: u32, code: u32, seats: u32) -> Factors {
        let off = |millionths| Discount::from_millionths(millionths).unwrap_or_default();
        Factors {
            list: (Price::from_millionths(list * 1_000_000).unwrap_or_default(), (1, 12)),
            promotion: off(promotion),
            code: off(code),
            extent: Extent { surcharge: Surcharge::NONE, days: (30, 30), seats },
        }
    }

    #[test]
    fn two_factors_at_once_share_what_neither_does_alone() {
        // 1200.00 a year at 10 % off becomes 1440.00 at nothing off: by the month 90.00 becomes 120.00. The price alone is 18.00
        // or 20.00, the promotion alone 10.00 or 12.00.
        let found = contributions(factors(1_200, 100_000, 0, 1), factors(1_440, 0, 0, 1)).rounded(2);
        assert_eq!(found, [1_900, 1_100, 0, 0]);
    }

    #[test]
    fn they_add_up_and_only_change_sign() {
        let (before, after) = (factors(1_000, 150_000, 70_000, 7), factors(1_333, 333_333, 10_000, 12));
        let (found, back) = (contributions(before, after), contributions(after, before));
        assert_eq!(found.0.iter().sum::<i128>(), ORDERS * (after.amount() - before.amount()));
        assert_eq!(back.0, found.0.map(|one| -one));
    }

    #[test]
    fn what_only_one_side_is_charged_is_the_rest() {
        let only = factors(1_200, 250_000, 0, 4);
        let found = contributions(only.for_seats(0), only).rounded(2);
        assert_eq!(found, [0, 0, 0, 30_000]);
    }

    #[test]
    fn a_month_of_a_year_and_a_month_are_two_prices_of_a_month() {
        // An extension of 120.00 a year with 23 % on top becomes one of 12.00 a month with 3 %: 12.30 → 12.36. The price alone is
        // 2.46 or 2.06, the surcharge −2.00 or −2.40.
        let of = |cents: i64, months, millionths| {
            let list = (Price::from_millionths(cents * 10_000).unwrap_or_default(), months);
            let surcharge = Surcharge::from_millionths(millionths).unwrap_or_default();
            let extent = Extent { surcharge, days: (1, 1), seats: 1 };
            Factors { list, extent, ..factors(1, 0, 0, 1) }
        };
        let found = contributions(of(12_000, (1, 12), 230_000), of(1_200, (1, 1), 30_000)).rounded(2);
        assert_eq!(found, [226, 0, 0, -220]);
    }

    #[test]
    fn what_rounding_can_not_do_is_unexplained() {
        // 1.000001 less its millionth is 0.999999999999: truncated 0.99, to ten digits 1.0000000000.
        let whole = |millionths: i64, off: u32, seats| Factors {
            list: (Price::from_millionths(millionths).unwrap_or_default(), (1, 1)),
            extent: Extent { surcharge: Surcharge::NONE, days: (1, 1), seats },
            ..factors(1, off, 0, 1)
        };
        let near = whole(1_000_001, 1, 1);
        assert_eq!(
            [98, 99, 100, 101, 102].map(|cents| near.misses(cents, 2, false)),
            [true, false, false, false, true]
        );
        // 0.999 a seat, rounded by the seat: 0.99 or 1.00 for each of ten.
        let seats = whole(999_000, 0, 10);
        assert_eq!(
            [988, 990, 1_000, 1_010].map(|cents| seats.misses(cents, 2, true)),
            [true, false, false, true]
        );
        assert!(seats.misses(990, 2, false));
    }

    #[test]
    fn the_largest_amounts_fit() {
        let side = |millionths| {
            let largest = Price::from_millionths(super::super::PRICE_MAX_UNITS * 1_000_000);
            let list = (largest.unwrap_or_default(), (35, 36));
            let surcharge = Surcharge::from_millionths(millionths).unwrap_or_default();
            let extent = Extent { surcharge, days: (1_095, 1_096), seats: 1_000 };
            Factors { list, extent, ..factors(1, 0, 0, 1) }
        };
        let found = contributions(side(0), side(1_000_000)).rounded(0);
        assert_eq!(found, [0, 0, 0, 971_335_158_151]);
    }
}
