//! Who buys: customers with their qualifications, and the seats that they hold through others.

use crate::catalog::Segment;
use crate::ids::{CustomerId, ItemId, MarketId, PromotionId};

/// What a customer is qualified as (R50).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum Qualification {
    /// Nothing special.
    Commercial,
    /// A school or university.
    Education,
    /// A charity.
    Nonprofit,
    /// The government community cloud.
    Government,
    /// A state-owned entity: it adds nothing.
    StateOwned,
}

impl Qualification {
    /// Every qualification.
    pub const ALL: [Qualification; 5] = [
        Qualification::Commercial,
        Qualification::Education,
        Qualification::Nonprofit,
        Qualification::Government,
        Qualification::StateOwned,
    ];

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Qualification::Commercial => "commercial",
            Qualification::Education => "education",
            Qualification::Nonprofit => "nonprofit",
            Qualification::Government => "government",
            Qualification::StateOwned => "state-owned",
        }
    }
}

/// A set of qualifications; empty means commercial (B17).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Qualifications(u8);

impl Qualifications {
    /// This set with one more.
    #[must_use]
    pub const fn with(self, qualification: Qualification) -> Qualifications {
        Qualifications(self.0 | 1 << qualification as u8)
    }

    /// Those that it holds, in order.
    pub fn iter(self) -> impl Iterator<Item = Qualification> {
        Qualification::ALL.into_iter().filter(move |&qualification| self.holds(qualification))
    }

    const fn holds(self, qualification: Qualification) -> bool {
        self.0 & 1 << qualification as u8 != 0
    }

    /// Whether a customer with these may be sold a segment: government stands alone, otherwise what any of them
    /// allows, and commercial always (R50).
    ///
    /// ```
    /// use termwise_engine::book::{Qualification, Qualifications};
    /// use termwise_engine::catalog::Segment;
    /// let school = Qualifications::default().with(Qualification::Education);
    /// assert!(school.allow(Segment::Education) && school.allow(Segment::Commercial));
    /// assert!(!school.allow(Segment::Nonprofit));
    /// let agency = school.with(Qualification::Government);
    /// assert!(agency.allow(Segment::Government) && !agency.allow(Segment::Commercial));
    /// ```
    pub const fn allow(self, segment: Segment) -> bool {
        if self.holds(Qualification::Government) {
            return matches!(segment, Segment::Government);
        }
        match segment {
            Segment::Commercial => true,
            Segment::Education => self.holds(Qualification::Education),
            Segment::Nonprofit => self.holds(Qualification::Nonprofit),
            Segment::Government => false,
        }
    }
}

/// A customer of the customers file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Its country.
    pub market: MarketId,
    /// What it is qualified as.
    pub qualifications: Qualifications,
}

/// What the customers file says of a customer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// The job names no customers file: R50 is not checked (B17).
    NoFile,
    /// The file has no such customer, so its subscriptions are turned down.
    Missing,
    /// What its row says.
    Customer(Customer),
}

impl Known {
    /// Whether the customer may be sold the segment by R50, as far as it can be known.
    pub const fn may_be_sold(self, segment: Segment) -> bool {
        match self {
            Known::NoFile | Known::Missing => true,
            Known::Customer(customer) => customer.qualifications.allow(segment),
        }
    }
}

/// Seats that a customer holds through others (R16).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Holding {
    /// The customer.
    pub customer: CustomerId,
    /// Product and SKU.
    pub item: ItemId,
    /// Seats.
    pub quantity: u32,
    /// The promotion that they were bought with, where known.
    pub promotion: Option<PromotionId>,
}
