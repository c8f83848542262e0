//! What a job file may say: its sections, their keys, and the columns of every input by our names.

use termwise_engine::findings::Table;

/// Keys above all sections.
pub(super) const TOP: [&str; 4] = ["kind", "as_of", "from", "horizon_months"];
/// The sections of this version.
pub(super) const SECTIONS: [&str; 10] = [
    "inputs",
    "columns",
    "policy",
    "outputs",
    "limits",
    "offers",
    "ledger",
    "notice_days",
    "bounds",
    "tolerance",
];
/// Sections of the contract that this version does not know yet, with what they belong to.
pub(super) const UNBUILT_SECTIONS: [(&str, &str); 1] = [("sell", "cost, sell and margin (R56, R57)")];
/// Inputs of the contract that this version does not read yet.
pub(super) const UNBUILT_INPUTS: [&str; 2] = ["customer_prices", "sell_list"];
/// Keys of `[outputs]`.
pub(super) const OUTPUTS: [&str; 4] = ["dir", "format", "renewal_horizon_days", "workbook"];
/// Keys of `[tolerance]`.
pub(super) const TOLERANCE: [&str; 2] = ["line", "total"];
/// Keys of `[limits]`.
pub(super) const LIMITS: [&str; 1] = ["rejected_rows"];
/// Keys of `[offers]`.
pub(super) const OFFERS: [&str; 7] =
    ["url", "vendor", "currency", "term", "billing_cycle", "office_ready", "secret_file"];
/// Keys of `[ledger]`.
pub(super) const LEDGER: [&str; 1] = ["dir"];
/// Keys of `[notice_days]`, beside the markets' codes.
pub(super) const NOTICE_DAYS: [&str; 1] = ["default"];
/// Keys of `[bounds]`.
pub(super) const BOUNDS: [&str; 5] =
    ["total", "rows", "credits", "largest_line", "lines_per_subscription_and_day"];
/// The inputs that a job of invoices can't do without.
pub(super) const REQUIRED: [Table; 2] = [Table::Subscriptions, Table::PriceList];
/// The inputs that a reconciliation can't do without, besides those of our side.
pub(super) const REQUIRED_FOR_RECONCILIATION: [Table; 1] = [Table::VendorLines];
/// The input that a what-if can't do without, besides those of the book.
pub(super) const REQUIRED_FOR_WHAT_IF: Table = Table::Proposal;
/// The inputs that purchase offers can't be made without.
pub(super) const REQUIRED_FOR_OFFERS: [Table; 2] = [Table::Advisors, Table::Offers];

/// The names of the inputs.
pub(super) fn inputs() -> Vec<&'static str> {
    Table::ALL.iter().map(|table| table.name()).collect()
}

/// The table that `[columns.<name>]` is about: an input, or the file that a command names.
pub(super) fn renamed(name: &str) -> Option<Table> {
    table(name).or((name == Table::Requests.name()).then_some(Table::Requests))
}

/// The input of a name.
pub(super) fn table(name: &str) -> Option<Table> {
    Table::ALL.into_iter().find(|table| table.name() == name)
}

/// Whether a name is a market's code as `[notice_days]` writes it.
pub(super) fn is_market(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The columns of an input by our names: what `[columns.<input>]` may rename (contract, section 3).
pub const fn columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Subscriptions => &[
            "subscription_id",
            "customer_id",
            "partner_id",
            "bill_to_id",
            "order_id",
            "commerce",
            "product_id",
            "sku_id",
            "segment",
            "market",
            "currency",
            "term",
            "billing_cycle",
            "quantity",
            "quantity_as_of",
            "ordered_at",
            "term_start",
            "term_end",
            "anchored_on",
            "unit_price",
            "promotion_id",
            "auto_renew",
            "status",
            "origin",
            "channel",
            "tax_code",
        ],
        Table::Customers => &["customer_id", "name", "market", "qualifications", "group"],
        Table::Partners => &["partner_id", "region", "kind", "provider_id"],
        Table::PriceList => &[
            "ProductTitle",
            "ProductId",
            "SkuId",
            "SkuTitle",
            "Publisher",
            "SkuDescription",
            "UnitOfMeasure",
            "TermDuration",
            "BillingPlan",
            "Market",
            "Currency",
            "UnitPrice",
            "PricingTierRangeMin",
            "PricingTierRangeMax",
            "EffectiveStartDate",
            "EffectiveEndDate",
            "Tags",
            "ERP Price",
            "Segment",
        ],
        Table::Promotions => &[
            "promotion_id",
            "name",
            "product_id",
            "sku_id",
            "term",
            "billing_cycle",
            "markets",
            "regions",
            "segments",
            "discount",
            "starts_on",
            "ends_on",
            "min_seats",
            "max_seats",
            "max_redemptions",
            "first_purchase",
            "requires",
            "auto_applicable",
            "commerce",
            "pass_on",
        ],
        Table::PromoCodes => &[
            "code",
            "discount",
            "product_id",
            "sku_id",
            "markets",
            "redeem_from",
            "redeem_by",
            "max_licences",
        ],
        Table::Redemptions => &["subscription_id", "code", "entered_at", "order_id"],
        Table::SeatChanges => &["subscription_id", "changed_at", "quantity", "quantity_before", "change_id"],
        Table::LifecycleEvents => &[
            "subscription_id",
            "happened_at",
            "kind",
            "quantity",
            "target_subscription_id",
            "target_product_id",
            "target_sku_id",
            "target_term",
            "target_billing_cycle",
        ],
        Table::ScheduledChanges => &[
            "subscription_id",
            "scheduled_at",
            "product_id",
            "sku_id",
            "term",
            "billing_cycle",
            "quantity",
            "term_end",
            "promotion_id",
        ],
        Table::Holdings => &["customer_id", "product_id", "sku_id", "quantity", "promotion_id"],
        Table::Advisors => &["advisor_id", "name", "contact", "code", "authorised", "certified"],
        Table::Offices => &["office_id", "advisor_id", "created_at"],
        Table::SkuMarkets => &["product_id", "sku_id", "markets"],
        Table::Offers => &[
            "offer_id",
            "advisor_id",
            "office_id",
            "usage_location",
            "made_at",
            "delegated_admin",
            "product_id",
            "sku_id",
            "licences",
        ],
        Table::Acceptances => {
            &["offer_id", "customer_id", "accepted_at", "product_id", "sku_id", "licences", "delegated_admin"]
        }
        Table::VendorLines => &[
            "SubscriptionId",
            "CustomerId",
            "ProductId",
            "SkuId",
            "ChargeType",
            "UnitPrice",
            "BillableQuantity",
            "Subtotal",
            "Currency",
            "ChargeStartDate",
            "ChargeEndDate",
            "PromotionId",
            "TermAndBillingCycle",
            "SubscriptionDescription",
            "MeterDescription",
            "ReservationOrderId",
            "PricingCurrency",
            "EffectiveUnitPrice",
        ],
        Table::InvoiceLines => &[
            "customer_id",
            "subscription_id",
            "product_id",
            "sku_id",
            "charge_type",
            "charge_start",
            "charge_end",
            "days",
            "cycle_days",
            "term_start",
            "unit_price",
            "effective_unit_price",
            "quantity",
            "subtotal",
            "currency",
            "promotion_id",
        ],
        Table::IdMap => &["ours", "vendors"],
        Table::Explained => &[
            "customer_id",
            "subscription_id",
            "product_id",
            "sku_id",
            "currency",
            "cycle_start",
            "cycle_end",
            "cause",
            "owner",
            "expires_on",
            "why",
        ],
        // It is no table: its own grammar says what it may hold.
        Table::Proposal | Table::ProposedPrices => &[],
        Table::Requests => &[
            "request_id",
            "customer_id",
            "partner_id",
            "product_id",
            "sku_id",
            "segment",
            "market",
            "currency",
            "quantity",
            "term",
            "billing_cycle",
            "on",
            "promotion_id",
        ],
    }
}
