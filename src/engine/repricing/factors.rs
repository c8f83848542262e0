//! The factors of a line's amount, out of its workings.

use crate::catalog::PromoCodes;
use crate::money::{Discount, Extent, Factors, Surcharge};
use crate::workings::{Line, Step};

/// What a line's amount is the product of; `None` for what is no product, as a full refund is none (A9).
pub(super) fn factors(line: &Line, steps: &[Step], codes: &PromoCodes) -> Option<Factors> {
    let mut found = None;
    let mut surcharge = Surcharge::NONE;
    // The other steps lead to the term's price, or say what the line's own columns say.
    for step in steps {
        if let Step::CycleShare { unit_price, months, term_months } = *step {
            // All of a term is all of it, however long.
            let share = if months == term_months { (1, 1) } else { (months, term_months) };
            found = Some((unit_price, share));
        } else if let Step::Surcharged { surcharge: on_top } = *step {
            surcharge = on_top;
        }
    }
    let list = found?;
    let promotion = match line.reduction.promotion {
        Some(id) => line.held.filter(|(held, _)| *held == id)?.1,
        None => Discount::NONE,
    };
    let code = match line.reduction.code {
        Some(id) => codes.get(id)?.discount,
        None => Discount::NONE,
    };
    // A whole cycle is one, however many days it has.
    let days = if line.days == line.cycle_days { (1, 1) } else { (line.days, line.cycle_days) };
    let extent = Extent { surcharge, days, seats: line.quantity };
    Some(Factors { list, promotion, code, extent })
}
