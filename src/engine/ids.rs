//! Ids: numbers for text, ranked by the text, so that comparing ids compares the bytes of their text and the order
//! in which rows arrived never shows.

use std::num::NonZeroU32;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The id of the text with this rank, counted from 0.
            ///
            /// # Panics
            /// Above 2³² − 2 texts, which intake refuses long before.
            pub const fn of_rank(rank: usize) -> $name {
                assert!(rank < u32::MAX as usize);
                match NonZeroU32::new(rank as u32 + 1) {
                    Some(number) => $name(number),
                    None => $name(NonZeroU32::MIN),
                }
            }

            /// The rank of its text.
            pub const fn rank(self) -> usize {
                self.0.get() as usize - 1
            }
        }
    };
}

id!(
    /// A subscription advisor.
    AdvisorId
);
id!(
    /// An advisor's office.
    OfficeId
);
id!(
    /// A purchase offer.
    PurchaseOfferId
);
id!(
    /// A customer.
    CustomerId
);
id!(
    /// A subscription, ranked by customer and then by its own id.
    SubscriptionId
);
id!(
    /// Who sells.
    PartnerId
);
id!(
    /// Who receives the invoice.
    BillToId
);
id!(
    /// An order.
    OrderId
);
id!(
    /// A product and one of its SKUs.
    ItemId
);
id!(
    /// A country that prices are made for.
    MarketId
);
id!(
    /// A region of partners.
    RegionId
);
id!(
    /// A promotion, in the promotions file or only mentioned.
    PromotionId
);
id!(
    /// A promo code, in the codes file or only mentioned.
    CodeId
);
id!(
    /// A tax code that passes through (R11).
    TaxCodeId
);
id!(
    /// The id of a seat change.
    ChangeId
);
