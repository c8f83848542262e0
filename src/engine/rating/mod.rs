//! Rating: what one charge costs and why, as pure functions on scalars, one file for each family of rules.
//!
//! [`rate`] is the table of contents: share of the term's price, discount, days, seats, rounding, in that order, each
//! step recorded as it is taken. It knows no customer, no clock and no file.

pub mod eligibility;
pub mod promo_code;
pub mod schedule;
pub mod seat_parts;
pub mod term_price;

use crate::calendar::Period;
use crate::money::{self, Currency, Exact, PRICE_DIGITS, Rounded, Rounding, Surcharge};
use crate::policy::{Policy, RoundingAt};
use crate::workings::{Reduction, Side, Step};
use term_price::TermPrice;

/// What is charged or refunded: part of a cycle, for seats that share one discount (R32).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Charge {
    /// What a seat costs for the whole term.
    pub price: TermPrice,
    /// The months of a full charge cycle.
    pub cycle_months: u32,
    /// The months charged of it: fewer in the stub after a change of plan (B10).
    pub months: u32,
    /// The days charged.
    pub period: Period,
    /// The days of the whole cycle that they are part of.
    pub cycle_days: u32,
    /// What comes off.
    pub reduction: Reduction,
    /// For how many seats.
    pub seats: u32,
    /// Charge or refund.
    pub side: Side,
}

/// A charge that was rated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rating {
    /// A seat for one full charge cycle before discounts, in millionths, half-up under every policy (A28, C5).
    pub unit_price: i64,
    /// The subtotal and the effective unit price.
    pub rounded: Rounded,
}

/// Rates a charge and records the steps: cycle price × what discounts leave × days ÷ days × seats, exactly, and rounded
/// once (R6, R13, R31, R32).
pub fn rate(charge: Charge, currency: Currency, policy: &Policy, steps: &mut Vec<Step>) -> Rating {
    let Charge { price, cycle_months, months, .. } = charge;
    let charged = price.months(months);
    steps.push(Step::CycleShare { unit_price: price.list, months, term_months: price.listed_for.months() });
    if price.surcharge != Surcharge::NONE {
        steps.push(Step::Surcharged { surcharge: price.surcharge });
    }

    let reduced = charged.keep(charge.reduction.kept);
    if charge.reduction.is_discount() {
        steps.push(Step::Reduced { reduction: charge.reduction });
    }

    let days = charge.period.days();
    let prorated = if days == charge.cycle_days { reduced } else { reduced.share(days, charge.cycle_days) };
    steps.push(Step::DaysCharged { days, cycle_days: charge.cycle_days });

    let signed = match charge.side {
        Side::Charge => prorated,
        Side::Refund => prorated.negated(),
    };
    steps.push(Step::Seats { seats: charge.seats, side: charge.side });

    let at_unit = policy.rounding_at == RoundingAt::Unit;
    let rounded = money::round_line(signed, charge.seats, currency.digits(), policy.rounding, at_unit);
    steps.push(Step::Rounded { subtotal: rounded.subtotal });
    // The stub of a year shows the full year's price (C5).
    let cycle_price = if months == cycle_months { charged } else { price.months(cycle_months) };
    Rating { unit_price: price_column(cycle_price), rounded }
}

/// A price for a column of six decimals, in millionths: half-up under every policy (A28).
pub fn price_column(price: Exact) -> i64 {
    money::posted(price.round(PRICE_DIGITS, Rounding::HalfUp))
}
