//! The words of a reconciliation: how a cell ends, why two sides differ, and what else to know (R68).

/// How a cell ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Status {
    /// Amount and seat-days agree.
    Matched,
    /// They do under another rounding that the vendor has published.
    MatchedUnderRounding,
    /// They differ by no more than the job tolerates on a line.
    WithinTolerance,
    /// They differ.
    Different,
    /// The vendor charges it and we do not expect it: we pay and do not bill.
    VendorOnly,
    /// We expect it and the vendor does not charge it.
    OursOnly,
    /// It is no licence: nothing that this program bills.
    Excluded,
}

impl Status {
    /// All of them, in the order of reports.
    pub const ALL: [Status; 7] = [
        Status::Matched,
        Status::MatchedUnderRounding,
        Status::WithinTolerance,
        Status::Different,
        Status::VendorOnly,
        Status::OursOnly,
        Status::Excluded,
    ];

    /// As the differences file has it.
    pub const fn name(self) -> &'static str {
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

    /// Those that somebody has to look at.
    pub const TO_LOOK_AT: [Status; 3] = [Status::VendorOnly, Status::Different, Status::OursOnly];

    /// What it means.
    pub const fn sentence(self) -> &'static str {
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
    pub const fn rank(self) -> i64 {
        self as i64
    }

    /// Whether it has a cause.
    pub const fn has_cause(self) -> bool {
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
    pub fn of(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.name() == name)
    }

    /// The status of a rank.
    pub fn of_rank(rank: i64) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.rank() == rank)
    }
}

/// Why two sides differ: the first of these that holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Cause {
    /// Other seats.
    Quantity,
    /// The same seats for other days.
    Days,
    /// Another promotion, or one that the other side lacks.
    Promotion,
    /// Another price before discounts.
    Price,
    /// The same of everything, rounded otherwise.
    Rounding,
    /// The same in another currency.
    Currency,
    /// Charged in another billing period.
    Period,
    /// An id that the other side does not know.
    Unmapped,
    /// None of these.
    Unknown,
}

impl Cause {
    /// All of them, in the order in which they are looked for.
    pub const ALL: [Cause; 9] = [
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

    /// As the differences file has it.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Quantity => "quantity",
            Cause::Price => "price",
            Cause::Days => "days",
            Cause::Promotion => "promotion",
            Cause::Rounding => "rounding",
            Cause::Currency => "currency",
            Cause::Period => "period",
            Cause::Unmapped => "unmapped",
            Cause::Unknown => "unknown",
        }
    }

    /// What it means.
    pub const fn sentence(self) -> &'static str {
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
    pub const fn rank(self) -> i64 {
        self as i64
    }

    /// The cause that a file writes so.
    pub fn of(name: &str) -> Option<Cause> {
        Cause::ALL.into_iter().find(|cause| cause.name() == name)
    }

    /// The cause of a rank.
    pub fn of_rank(rank: i64) -> Option<Cause> {
        Cause::ALL.into_iter().find(|cause| cause.rank() == rank)
    }
}

/// What a reader should know about a cell that its columns do not say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Remark {
    /// The vendor's lines would agree if none of them stood twice.
    Duplicated,
    /// Our side knows no such subscription.
    UnknownSubscription,
    /// Our side knows the subscription, but not with this product:SKU.
    OtherProductOfOurs,
    /// The vendor charges another product:SKU of the subscription on these days.
    OtherProductOfVendor,
    /// The vendor's charge begins outside the billing period.
    OutsidePeriod,
    /// The vendor's file has no line of the subscription.
    NoVendorLines,
    /// The other side has the same days in another currency.
    OtherCurrency,
    /// A credit that no charge of ours answers.
    Credit,
    /// We expect nothing of the subscription on these days.
    NothingExpected,
    /// The vendor charges other days of the subscription, not these.
    NothingCharged,
    /// Usage, a reservation, software or anything else that is no licence.
    NoLicence,
}

impl Remark {
    /// In words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Remark::Duplicated => "a line stands twice in the vendor's file; without it the sides agree",
            Remark::UnknownSubscription => "our side knows no such subscription",
            Remark::OtherProductOfOurs => "we bill another product:SKU of the subscription",
            Remark::OtherProductOfVendor => {
                "the vendor charges another product:SKU of the subscription for these days"
            }
            Remark::OutsidePeriod => "the vendor's charge begins outside the billing period",
            Remark::NoVendorLines => "the vendor's file has no line of the subscription",
            Remark::OtherCurrency => "the other side has these days in another currency",
            Remark::Credit => "a credit that no charge of ours answers",
            Remark::NothingExpected => "we expect no charge of the subscription for these days",
            Remark::NothingCharged => "the vendor charges the subscription, but not for these days",
            Remark::NoLicence => "not licence-based: usage, a reservation, software or the like",
        }
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
    }
}
