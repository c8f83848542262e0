//! Who buys and who sells: customers with their qualifications, partners, and seats held through others.

use super::Segment;
use crate::ids::{CustomerId, ItemId, MarketId, PartnerId, PromotionId, RegionId};
use std::collections::BTreeMap;

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

    const fn holds(self, qualification: Qualification) -> bool {
        self.0 & 1 << qualification as u8 != 0
    }

    /// Whether a customer with these may be sold a segment: government stands alone, otherwise what any of them
    /// allows, and commercial always (R50).
    ///
    /// ```
    /// use termwise_engine::catalog::{Qualification, Qualifications, Segment};
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

/// How a partner sells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartnerKind {
    /// Directly.
    Direct,
    /// To indirect resellers.
    IndirectProvider,
    /// Through an indirect provider.
    IndirectReseller,
}

/// A partner of the partners file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Partner {
    /// Its id.
    pub id: PartnerId,
    /// Its region, for regional promotions.
    pub region: Option<RegionId>,
    /// How it sells.
    pub kind: PartnerKind,
    /// Whether an indirect provider is named.
    pub has_provider: bool,
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

/// Customers, partners and holdings.
#[derive(Debug, Default)]
pub struct Parties {
    /// `None` without a customers file: R50 is then not checked (B17).
    pub customers: Option<BTreeMap<CustomerId, Customer>>,
    /// `None` without a partners file: R52 is then not checked (B18).
    pub partners: Option<BTreeMap<PartnerId, Partner>>,
    /// Sorted by customer.
    pub holdings: Vec<Holding>,
}

impl Parties {
    /// Whether the customer may be sold the segment by R50, as far as it can be known.
    pub fn may_be_sold(&self, customer: CustomerId, segment: Segment) -> bool {
        let known = self.customers.as_ref().and_then(|customers| customers.get(&customer));
        known.is_none_or(|customer| customer.qualifications.allow(segment))
    }

    /// The region of a partner, where known.
    pub fn region(&self, partner: Option<PartnerId>) -> Option<RegionId> {
        self.partners.as_ref()?.get(&partner?)?.region
    }

    /// Whether an education offer is sold by an indirect reseller that names no provider (R52).
    pub fn needs_provider(&self, partner: Option<PartnerId>, segment: Segment) -> bool {
        let known = self.partners.as_ref().zip(partner).and_then(|(partners, id)| partners.get(&id));
        segment == Segment::Education
            && known
                .is_some_and(|partner| partner.kind == PartnerKind::IndirectReseller && !partner.has_provider)
    }

    /// What a customer holds through others.
    pub fn holdings_of(&self, customer: CustomerId) -> &[Holding] {
        let first = self.holdings.partition_point(|holding| holding.customer < customer);
        let last = self.holdings.partition_point(|holding| holding.customer <= customer);
        &self.holdings[first..last]
    }
}
