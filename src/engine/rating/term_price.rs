//! What a seat costs for a whole term, exactly: the list price, and for a month of extension what comes on top (R6, R37).

use crate::calendar::Term;
use crate::money::{Exact, Price, Surcharge};

/// The price of a seat, by the term that it is listed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TermPrice {
    /// As the list has it, for the whole term that it is listed for.
    pub list: Price,
    /// The term that it is listed for: another than the one that runs where a month of extension is taken from a year.
    pub listed_for: Term,
    /// What comes on top.
    pub surcharge: Surcharge,
}

impl TermPrice {
    /// The list price of a term, as it is.
    pub const fn listed(list: Price, term: Term) -> TermPrice {
        TermPrice { list, listed_for: term, surcharge: Surcharge::NONE }
    }

    /// So many months of it.
    pub const fn months(self, months: u32) -> Exact {
        let share = Exact::of(self.list).share(months, self.listed_for.months());
        if self.surcharge.millionths() == 0 { share } else { share.raised(self.surcharge) }
    }

    /// A whole term.
    pub const fn whole(self, term: Term) -> Exact {
        self.months(term.months())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Rounding;

    #[test]
    fn a_month_of_extension_is_the_list_price_and_three_per_cent() {
        // 4.00 a month and 3 %; and 48.00 a year ÷ 12 and 23 % (third party, est_monthly_uplift).
        let price = |millionths| Price::from_millionths(millionths).unwrap_or_default();
        let surcharge = |millionths| Surcharge::from_millionths(millionths).unwrap_or_default();
        let monthly =
            TermPrice { surcharge: surcharge(30_000), ..TermPrice::listed(price(4_000_000), Term::P1M) };
        assert_eq!(monthly.whole(Term::P1M).round(2, Rounding::HalfUp), 412);
        let yearly =
            TermPrice { surcharge: surcharge(230_000), ..TermPrice::listed(price(48_000_000), Term::P1Y) };
        assert_eq!(yearly.whole(Term::P1M).round(2, Rounding::HalfUp), 492);
        assert_eq!(TermPrice::listed(price(48_000_000), Term::P1Y).months(1).round(2, Rounding::HalfUp), 400);
    }
}
