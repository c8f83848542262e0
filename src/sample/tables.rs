//! The inputs that a sample consists of: their names and columns, as the contract's section 3 lists them.

/// What a column holds where the file has types (Parquet); in CSV everything is text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Ids, words, lists, instants.
    Text,
    /// Whole numbers.
    Count,
    /// Money and fractions, exactly.
    Decimal,
    /// Civil dates.
    Day,
    /// true or false.
    Flag,
}

use Kind::{Count, Day, Decimal, Flag, Text};

/// An input.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name in the job file, and its file's.
    pub(crate) name: &'static str,
    /// Its columns, in the order in which they are written.
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// Whether its rows are subscriptions or what happened to them.
    pub(crate) is_of_the_book: bool,
}

impl Table {
    /// The place of a column.
    pub(crate) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| *name == column)
    }
}

pub(crate) static SUBSCRIPTIONS: Table = Table {
    name: "subscriptions",
    columns: &[
        ("subscription_id", Text),
        ("customer_id", Text),
        ("partner_id", Text),
        ("bill_to_id", Text),
        ("order_id", Text),
        ("commerce", Text),
        ("product_id", Text),
        ("sku_id", Text),
        ("segment", Text),
        ("market", Text),
        ("currency", Text),
        ("term", Text),
        ("billing_cycle", Text),
        ("quantity", Count),
        ("quantity_as_of", Text),
        ("ordered_at", Text),
        ("term_start", Day),
        ("term_end", Day),
        ("anchored_on", Day),
        ("unit_price", Decimal),
        ("promotion_id", Text),
        ("auto_renew", Flag),
        ("status", Text),
        ("origin", Text),
        ("channel", Text),
        ("tax_code", Text),
    ],
    is_of_the_book: true,
};

pub(crate) static CUSTOMERS: Table = Table {
    name: "customers",
    columns: &[
        ("customer_id", Text),
        ("name", Text),
        ("market", Text),
        ("qualifications", Text),
        ("group", Text),
    ],
    is_of_the_book: false,
};

pub(crate) static PARTNERS: Table = Table {
    name: "partners",
    columns: &[("partner_id", Text), ("region", Text), ("kind", Text), ("provider_id", Text)],
    is_of_the_book: false,
};

/// Dates stay text: a price list mixes the forms of Partner Center.
pub(crate) static PRICE_LIST: Table = Table {
    name: "price_list",
    columns: &[
        ("ProductTitle", Text),
        ("ProductId", Text),
        ("SkuId", Text),
        ("SkuTitle", Text),
        ("Publisher", Text),
        ("SkuDescription", Text),
        ("UnitOfMeasure", Text),
        ("TermDuration", Text),
        ("BillingPlan", Text),
        ("Market", Text),
        ("Currency", Text),
        ("UnitPrice", Decimal),
        ("PricingTierRangeMin", Count),
        ("PricingTierRangeMax", Count),
        ("EffectiveStartDate", Text),
        ("EffectiveEndDate", Text),
        ("Tags", Text),
        ("ERP Price", Decimal),
        ("Segment", Text),
    ],
    is_of_the_book: false,
};

pub(crate) static PROMOTIONS: Table = Table {
    name: "promotions",
    columns: &[
        ("promotion_id", Text),
        ("name", Text),
        ("product_id", Text),
        ("sku_id", Text),
        ("term", Text),
        ("billing_cycle", Text),
        ("markets", Text),
        ("regions", Text),
        ("segments", Text),
        ("discount", Decimal),
        ("starts_on", Day),
        ("ends_on", Day),
        ("min_seats", Count),
        ("max_seats", Count),
        ("max_redemptions", Count),
        ("first_purchase", Flag),
        ("requires", Text),
        ("auto_applicable", Flag),
        ("commerce", Text),
        ("pass_on", Decimal),
    ],
    is_of_the_book: false,
};

pub(crate) static PROMO_CODES: Table = Table {
    name: "promo_codes",
    columns: &[
        ("code", Text),
        ("discount", Decimal),
        ("product_id", Text),
        ("sku_id", Text),
        ("markets", Text),
        ("redeem_from", Day),
        ("redeem_by", Day),
        ("max_licences", Count),
    ],
    is_of_the_book: false,
};

pub(crate) static REDEMPTIONS: Table = Table {
    name: "redemptions",
    columns: &[("subscription_id", Text), ("code", Text), ("entered_at", Text), ("order_id", Text)],
    is_of_the_book: true,
};

pub(crate) static SEAT_CHANGES: Table = Table {
    name: "seat_changes",
    columns: &[
        ("subscription_id", Text),
        ("changed_at", Text),
        ("quantity", Count),
        ("quantity_before", Count),
        ("change_id", Text),
    ],
    is_of_the_book: true,
};

pub(crate) static LIFECYCLE_EVENTS: Table = Table {
    name: "lifecycle_events",
    columns: &[
        ("subscription_id", Text),
        ("happened_at", Text),
        ("kind", Text),
        ("quantity", Count),
        ("target_subscription_id", Text),
        ("target_product_id", Text),
        ("target_sku_id", Text),
        ("target_term", Text),
        ("target_billing_cycle", Text),
    ],
    is_of_the_book: true,
};

pub(crate) static SCHEDULED_CHANGES: Table = Table {
    name: "scheduled_changes",
    columns: &[
        ("subscription_id", Text),
        ("scheduled_at", Text),
        ("product_id", Text),
        ("sku_id", Text),
        ("term", Text),
        ("billing_cycle", Text),
        ("quantity", Count),
        ("term_end", Day),
        ("promotion_id", Text),
    ],
    is_of_the_book: true,
};

pub(crate) static HOLDINGS: Table = Table {
    name: "holdings",
    columns: &[
        ("customer_id", Text),
        ("product_id", Text),
        ("sku_id", Text),
        ("quantity", Count),
        ("promotion_id", Text),
    ],
    is_of_the_book: false,
};

pub(crate) static ADVISORS: Table = Table {
    name: "advisors",
    columns: &[
        ("advisor_id", Text),
        ("name", Text),
        ("contact", Text),
        ("code", Text),
        ("authorised", Flag),
        ("certified", Flag),
    ],
    is_of_the_book: false,
};

pub(crate) static OFFICES: Table = Table {
    name: "offices",
    columns: &[("office_id", Text), ("advisor_id", Text), ("created_at", Text)],
    is_of_the_book: false,
};

pub(crate) static SKU_MARKETS: Table = Table {
    name: "sku_markets",
    columns: &[("product_id", Text), ("sku_id", Text), ("markets", Text)],
    is_of_the_book: false,
};

pub(crate) static OFFERS: Table = Table {
    name: "offers",
    columns: &[
        ("offer_id", Text),
        ("advisor_id", Text),
        ("office_id", Text),
        ("usage_location", Text),
        ("made_at", Text),
        ("delegated_admin", Flag),
        ("product_id", Text),
        ("sku_id", Text),
        ("licences", Count),
    ],
    is_of_the_book: false,
};

pub(crate) static ACCEPTANCES: Table = Table {
    name: "acceptances",
    columns: &[
        ("offer_id", Text),
        ("customer_id", Text),
        ("accepted_at", Text),
        ("product_id", Text),
        ("sku_id", Text),
        ("licences", Count),
        ("delegated_admin", Flag),
    ],
    is_of_the_book: false,
};

/// No input of the job: what `termwise eligibility` can be asked.
pub(crate) static REQUESTS: Table = Table {
    name: "requests",
    columns: &[
        ("request_id", Text),
        ("customer_id", Text),
        ("partner_id", Text),
        ("product_id", Text),
        ("sku_id", Text),
        ("segment", Text),
        ("market", Text),
        ("quantity", Count),
        ("term", Text),
        ("billing_cycle", Text),
        ("on", Text),
        ("promotion_id", Text),
    ],
    is_of_the_book: false,
};

/// Not an input: which subscriptions tell which story, to find one to look at.
pub(crate) static STORIES: Table =
    Table { name: "stories", columns: &[("subscription_id", Text), ("story", Text)], is_of_the_book: false };

/// What the plain profile writes.
pub(crate) static PLAIN: [&Table; 4] = [&SUBSCRIPTIONS, &PRICE_LIST, &PROMOTIONS, &SEAT_CHANGES];

/// What purchase offers are made of.
pub(crate) static OF_OFFERS: [&Table; 5] = [&ADVISORS, &OFFICES, &SKU_MARKETS, &OFFERS, &ACCEPTANCES];

/// What the full profile writes, in the order of the job file.
pub(crate) static FULL: [&Table; 11] = [
    &SUBSCRIPTIONS,
    &CUSTOMERS,
    &PARTNERS,
    &PRICE_LIST,
    &PROMOTIONS,
    &PROMO_CODES,
    &REDEMPTIONS,
    &SEAT_CHANGES,
    &LIFECYCLE_EVENTS,
    &SCHEDULED_CHANGES,
    &HOLDINGS,
];
