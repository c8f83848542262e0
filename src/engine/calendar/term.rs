//! Terms and billing cycles, by their months.

/// The committed length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Term {
    /// A month.
    P1M,
    /// A year.
    P1Y,
    /// Three years.
    P3Y,
}

impl Term {
    /// Every term.
    pub const ALL: [Term; 3] = [Term::P1M, Term::P1Y, Term::P3Y];

    /// Its months.
    pub const fn months(self) -> u32 {
        match self {
            Term::P1M => 1,
            Term::P1Y => 12,
            Term::P3Y => 36,
        }
    }

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Term::P1M => "P1M",
            Term::P1Y => "P1Y",
            Term::P3Y => "P3Y",
        }
    }
}

/// How often a term is charged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum BillingCycle {
    /// Every month.
    Monthly,
    /// Every year.
    Annual,
    /// Once, for the whole term.
    Upfront,
}

impl BillingCycle {
    /// Every billing cycle.
    pub const ALL: [BillingCycle; 3] = [BillingCycle::Monthly, BillingCycle::Annual, BillingCycle::Upfront];

    /// Months of one charge cycle in a term; `None` where the term can't have it (annual of P1M, B27).
    pub const fn months(self, term: Term) -> Option<u32> {
        match (self, term) {
            (BillingCycle::Monthly, Term::P1M | Term::P1Y | Term::P3Y) => Some(1),
            (BillingCycle::Annual, Term::P1M) => None,
            (BillingCycle::Annual, Term::P1Y | Term::P3Y) => Some(12),
            (BillingCycle::Upfront, Term::P1M | Term::P1Y | Term::P3Y) => Some(term.months()),
        }
    }

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            BillingCycle::Monthly => "monthly",
            BillingCycle::Annual => "annual",
            BillingCycle::Upfront => "upfront",
        }
    }
}

/// What becomes of a day that a month does not have (R4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum MonthEnd {
    /// Jan 30 → Feb 28 → Mar 30.
    Clamp,
    /// Jan 30 → Feb 27 → Mar 30 → Apr 29: as far from the month's end as the anchor.
    KeepDistance,
}
