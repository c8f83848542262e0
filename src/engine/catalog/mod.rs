//! What is sold and for how much: price list, promotions, promo codes, segments and partners.
//!
//! Small, rich and checked whole: conflicts are found when it is built, so that neither the order of a file nor a
//! hash map ever decides a price.

mod items;
mod partners;
mod price_list;
mod promo_codes;
mod promotions;
mod proposed;

pub use items::Items;
pub use partners::{Partner, PartnerKind, Partners};
pub use price_list::{Plan, PriceKey, PriceList, PriceRow, Quote, Tier, WrittenPlan};
pub use promo_codes::{PromoCode, PromoCodes};
pub use promotions::{Offer, Promotion, Promotions};
pub use proposed::{Contradiction, PriceChange, PromotionChanges, Repricing, Scope};

/// Whom an offer is made for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Segment {
    /// Anybody.
    Commercial,
    /// Schools and universities.
    Education,
    /// Charities.
    Nonprofit,
    /// The government community cloud.
    Government,
}

impl Segment {
    /// Every segment.
    pub const ALL: [Segment; 4] =
        [Segment::Commercial, Segment::Education, Segment::Nonprofit, Segment::Government];

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Segment::Commercial => "commercial",
            Segment::Education => "education",
            Segment::Nonprofit => "nonprofit",
            Segment::Government => "government",
        }
    }
}

/// The two ways in which the vendor sells: they differ in R24 and R36 only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Commerce {
    /// New commerce.
    New,
    /// Traditional licences.
    Legacy,
}

impl Commerce {
    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Commerce::New => "new",
            Commerce::Legacy => "legacy",
        }
    }
}

/// Everything that prices are made of, shared by all customers: what belongs to single ones lies in the book.
#[derive(Debug)]
pub struct Catalog {
    /// Products and SKUs.
    pub items: Items,
    /// The list that the job bills from.
    pub prices: PriceList,
    /// Promotions.
    pub promotions: Promotions,
    /// Promo codes.
    pub codes: PromoCodes,
    /// Who sells.
    pub partners: Partners,
}
