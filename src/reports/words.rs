//! The words of a reconciliation: what became of a pair of lines, and why two differ (R68).

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Status {
    Matched,
    MatchedUnderRounding,
    WithinTolerance,
    Different,
    VendorOnly,
    OursOnly,
    Excluded,
}

impl Status {
    /// In the order of reports.
    pub(super) const ALL: [Status; 7] = [
        Status::Matched,
        Status::MatchedUnderRounding,
        Status::WithinTolerance,
        Status::Different,
        Status::VendorOnly,
        Status::OursOnly,
        Status::Excluded,
    ];

    /// Those that somebody has to look at.
    pub(super) const TO_LOOK_AT: [Status; 3] = [Status::VendorOnly, Status::Different, Status::OursOnly];

    /// As the file writes it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Status::Matched => "matched",
            Status::MatchedUnderRounding => "matched-under-rounding",
            Status::WithinTolerance => "within-tolerance",
            Status::Different => "different",
            Status::VendorOnly => "vendor-only",
            Status::OursOnly => "ours-only",
            Status::Excluded => "excluded",
        }
    }

    /// What it means.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Status::Matched => "the same amount and seat-days",
            Status::MatchedUnderRounding => "the same under another rounding that the vendor publishes",
            Status::WithinTolerance => "apart by no more than the tolerance for a line",
            Status::Different => "both have it, the amounts or seat-days differ",
            Status::VendorOnly => "we pay and do not bill",
            Status::OursOnly => "we bill and do not pay",
            Status::Excluded => "not licence-based: not compared",
        }
    }

    /// Its place in the order of reports.
    pub(super) const fn rank(self) -> i64 {
        self as i64
    }

    /// Whether it has a cause.
    pub(super) const fn has_cause(self) -> bool {
        match self {
            Status::Matched | Status::Excluded => false,
            Status::MatchedUnderRounding
            | Status::WithinTolerance
            | Status::Different
            | Status::VendorOnly
            | Status::OursOnly => true,
        }
    }

    /// The status that a file writes so.
    pub(super) fn of(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.name() == name)
    }

    /// The status of a rank.
    pub(super) fn of_rank(rank: i64) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.rank() == rank)
    }
}

/// Why a row differs: the first that holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Cause {
    Quantity,
    Days,
    Promotion,
    Price,
    Rounding,
    Currency,
    Period,
    Unmapped,
    Unknown,
}

impl Cause {
    /// In the order of reports.
    pub(super) const ALL: [Cause; 9] = [
        Cause::Quantity,
        Cause::Days,
        Cause::Promotion,
        Cause::Price,
        Cause::Rounding,
        Cause::Currency,
        Cause::Period,
        Cause::Unmapped,
        Cause::Unknown,
    ];

    /// As the file writes it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Cause::Quantity => "quantity",
            Cause::Days => "days",
            Cause::Promotion => "promotion",
            Cause::Price => "price",
            Cause::Rounding => "rounding",
            Cause::Currency => "currency",
            Cause::Period => "period",
            Cause::Unmapped => "unmapped",
            Cause::Unknown => "unknown",
        }
    }

    /// What it means.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Cause::Quantity => "the number of seats, or lines that only one side has",
            Cause::Days => "the days that are charged",
            Cause::Promotion => "a promotion that only one side has, or another one",
            Cause::Price => "the price for a seat",
            Cause::Rounding => "a minor unit for a line or for a seat",
            Cause::Currency => "the currency",
            Cause::Period => "a charge that begins outside the period",
            Cause::Unmapped => "a subscription or product that one side does not know",
            Cause::Unknown => "none of these",
        }
    }

    /// Its place in the order of reports.
    pub(super) const fn rank(self) -> i64 {
        self as i64
    }

    /// The cause that a file writes so.
    pub(super) fn of(name: &str) -> Option<Cause> {
        Cause::ALL.into_iter().find(|cause| cause.name() == name)
    }

    /// The cause of a rank.
    pub(super) fn of_rank(rank: i64) -> Option<Cause> {
        Cause::ALL.into_iter().find(|cause| cause.rank() == rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for status in Status::ALL {
            assert_eq!(Status::of(status.name()), Some(status));
            assert_eq!(Status::of_rank(status.rank()), Some(status));
        }
        for cause in Cause::ALL {
            assert_eq!(Cause::of(cause.name()), Some(cause));
            assert_eq!(Cause::of_rank(cause.rank()), Some(cause));
        }
        assert_eq!((Status::of("Matched"), Cause::of(""), Cause::of_rank(9)), (None, None, None));
    }
}
