//! Columns: which ones an input has, and where they stand in a file.
//!
//! Columns are found by name, in any order (contract section 3). A missing required one refuses the file, an unknown one
//! is a warning, and both show the nearest name.

use super::error::{IntakeError, Warning};
use std::collections::BTreeMap;
use termwise_engine::findings::Table;

/// What a column is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    /// A file without it is refused.
    Required,
    /// Read where it is there.
    Optional,
    /// Known, and not read: free text, and what other jobs use.
    Ignored,
}

/// A column of an input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Column {
    /// Its place among the input's columns.
    pub index: usize,
    /// Its name, as the contract and findings write it.
    pub name: &'static str,
    /// What it is to us.
    pub need: Need,
    /// What its cells say.
    pub kind: Kind,
}

/// What the cells of a column say, where Parquet may say it in a type of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Text, or whatever is read as text.
    Text,
    /// One of a few words.
    Word,
    /// A date.
    Day,
    /// A moment.
    Instant,
    /// A whole number.
    Whole,
    /// An amount.
    Money,
    /// True or false.
    Flag,
}

/// The columns of an input.
#[derive(Debug)]
pub(super) struct Schema {
    /// The input.
    pub table: Table,
    /// Its columns in the order of the contract.
    pub columns: &'static [Column],
}

macro_rules! schema {
    (@kind) => { Kind::Text };
    (@kind $kind:ident) => { Kind::$kind };
    ($module:ident, $table:ident, $($ident:ident = $name:literal $need:ident $($kind:ident)?),+ $(,)?) => {
        pub(in crate::intake) mod $module {
            use super::{Column, Kind, Need, Schema, Table};
            #[derive(Clone, Copy)]
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            enum Index { $($ident),+ }
            $(
                pub(in crate::intake) const $ident: Column =
                    Column {
                    index: Index::$ident as usize,
                    name: $name,
                    need: Need::$need,
                    kind: schema!(@kind $($kind)?),
                };
            )+
            pub(in crate::intake) static SCHEMA: Schema =
                Schema { table: Table::$table, columns: &[$($ident),+] };
        }
    };
}

schema!(subscriptions, Subscriptions,
    SUBSCRIPTION_ID = "subscription_id" Required, CUSTOMER_ID = "customer_id" Required,
    PARTNER_ID = "partner_id" Optional Word, BILL_TO_ID = "bill_to_id" Optional, ORDER_ID = "order_id" Optional,
    COMMERCE = "commerce" Optional Word, PRODUCT_ID = "product_id" Required Word, SKU_ID = "sku_id" Required Word,
    SEGMENT = "segment" Optional Word, MARKET = "market" Required Word, CURRENCY = "currency" Required Word,
    TERM = "term" Required Word, BILLING_CYCLE = "billing_cycle" Required Word, QUANTITY = "quantity" Required Whole,
    QUANTITY_AS_OF = "quantity_as_of" Optional Instant, ORDERED_AT = "ordered_at" Optional Instant,
    TERM_START = "term_start" Required Day, TERM_END = "term_end" Optional Day, ANCHORED_ON = "anchored_on" Optional Day,
    UNIT_PRICE = "unit_price" Optional Money, PROMOTION_ID = "promotion_id" Optional Word, AUTO_RENEW = "auto_renew" Optional Flag,
    STATUS = "status" Optional Word, ORIGIN = "origin" Optional Word, CHANNEL = "channel" Optional Word,
    TAX_CODE = "tax_code" Optional Word,
);
schema!(customers, Customers,
    CUSTOMER_ID = "customer_id" Required, NAME = "name" Ignored, MARKET = "market" Required,
    QUALIFICATIONS = "qualifications" Optional, GROUP = "group" Ignored,
);
schema!(partners, Partners,
    PARTNER_ID = "partner_id" Required, REGION = "region" Optional, KIND = "kind" Optional,
    PROVIDER_ID = "provider_id" Optional,
);
schema!(price_list, PriceList,
    PRODUCT_TITLE = "ProductTitle" Ignored, PRODUCT_ID = "ProductId" Required, SKU_ID = "SkuId" Required,
    SKU_TITLE = "SkuTitle" Ignored, PUBLISHER = "Publisher" Ignored, SKU_DESCRIPTION = "SkuDescription" Ignored,
    UNIT_OF_MEASURE = "UnitOfMeasure" Ignored, TERM_DURATION = "TermDuration" Required,
    BILLING_PLAN = "BillingPlan" Required, MARKET = "Market" Required, CURRENCY = "Currency" Required,
    UNIT_PRICE = "UnitPrice" Required, TIER_MIN = "PricingTierRangeMin" Optional,
    TIER_MAX = "PricingTierRangeMax" Optional, STARTS = "EffectiveStartDate" Required,
    ENDS = "EffectiveEndDate" Optional, TAGS = "Tags" Optional, ERP_PRICE = "ERP Price" Ignored,
    SEGMENT = "Segment" Optional, CHANGE_INDICATOR = "ChangeIndicator" Ignored,
    END_OF_SALE = "EndofSaleDate" Ignored,
);
schema!(promotions, Promotions,
    PROMOTION_ID = "promotion_id" Required, NAME = "name" Optional, PRODUCT_ID = "product_id" Required,
    SKU_ID = "sku_id" Required, TERM = "term" Required, BILLING_CYCLE = "billing_cycle" Optional,
    MARKETS = "markets" Optional, REGIONS = "regions" Optional, SEGMENTS = "segments" Optional,
    DISCOUNT = "discount" Required, STARTS_ON = "starts_on" Required, ENDS_ON = "ends_on" Required,
    MIN_SEATS = "min_seats" Optional, MAX_SEATS = "max_seats" Optional,
    MAX_REDEMPTIONS = "max_redemptions" Optional, FIRST_PURCHASE = "first_purchase" Optional,
    REQUIRES = "requires" Optional, AUTO_APPLICABLE = "auto_applicable" Optional, COMMERCE = "commerce" Optional,
    PASS_ON = "pass_on" Ignored,
);
schema!(promo_codes, PromoCodes,
    CODE = "code" Required, DISCOUNT = "discount" Required, PRODUCT_ID = "product_id" Optional,
    SKU_ID = "sku_id" Optional, MARKETS = "markets" Optional, REDEEM_FROM = "redeem_from" Optional,
    REDEEM_BY = "redeem_by" Required, MAX_LICENCES = "max_licences" Optional,
);
schema!(redemptions, Redemptions,
    SUBSCRIPTION_ID = "subscription_id" Required, CODE = "code" Required, ENTERED_AT = "entered_at" Required Instant,
    ORDER_ID = "order_id" Optional,
);
schema!(seat_changes, SeatChanges,
    SUBSCRIPTION_ID = "subscription_id" Required, CHANGED_AT = "changed_at" Required Instant,
    QUANTITY = "quantity" Required Whole, QUANTITY_BEFORE = "quantity_before" Optional Whole,
    CHANGE_ID = "change_id" Optional,
);
schema!(lifecycle_events, LifecycleEvents,
    SUBSCRIPTION_ID = "subscription_id" Required, HAPPENED_AT = "happened_at" Required Instant, KIND = "kind" Required,
    QUANTITY = "quantity" Optional Whole, TARGET_SUBSCRIPTION_ID = "target_subscription_id" Optional,
    TARGET_PRODUCT_ID = "target_product_id" Optional, TARGET_SKU_ID = "target_sku_id" Optional,
    TARGET_TERM = "target_term" Optional, TARGET_BILLING_CYCLE = "target_billing_cycle" Optional,
);
schema!(scheduled_changes, ScheduledChanges,
    SUBSCRIPTION_ID = "subscription_id" Required, SCHEDULED_AT = "scheduled_at" Required Instant,
    PRODUCT_ID = "product_id" Optional, SKU_ID = "sku_id" Optional, TERM = "term" Optional,
    BILLING_CYCLE = "billing_cycle" Optional, QUANTITY = "quantity" Optional Whole, TERM_END = "term_end" Optional Day,
    PROMOTION_ID = "promotion_id" Optional,
);
schema!(holdings, Holdings,
    CUSTOMER_ID = "customer_id" Required, PRODUCT_ID = "product_id" Required, SKU_ID = "sku_id" Required,
    QUANTITY = "quantity" Required, PROMOTION_ID = "promotion_id" Optional,
);
schema!(advisors, Advisors,
    ADVISOR_ID = "advisor_id" Required, NAME = "name" Optional, CONTACT = "contact" Optional,
    CODE = "code" Required, AUTHORISED = "authorised" Required Flag, CERTIFIED = "certified" Optional Flag,
);
schema!(offices, Offices,
    OFFICE_ID = "office_id" Required, ADVISOR_ID = "advisor_id" Required, CREATED_AT = "created_at" Required Instant,
);
schema!(sku_markets, SkuMarkets,
    PRODUCT_ID = "product_id" Required, SKU_ID = "sku_id" Required, MARKETS = "markets" Required,
);
schema!(offers, Offers,
    OFFER_ID = "offer_id" Required, ADVISOR_ID = "advisor_id" Required, OFFICE_ID = "office_id" Optional,
    USAGE_LOCATION = "usage_location" Required, MADE_AT = "made_at" Required Instant,
    DELEGATED_ADMIN = "delegated_admin" Optional Flag, PRODUCT_ID = "product_id" Required,
    SKU_ID = "sku_id" Required, LICENCES = "licences" Required Whole,
);
schema!(acceptances, Acceptances,
    OFFER_ID = "offer_id" Required, CUSTOMER_ID = "customer_id" Required, ACCEPTED_AT = "accepted_at" Required Instant,
    PRODUCT_ID = "product_id" Optional, SKU_ID = "sku_id" Optional, LICENCES = "licences" Optional Whole,
    DELEGATED_ADMIN = "delegated_admin" Optional Flag,
);
schema!(requests, Requests,
    REQUEST_ID = "request_id" Required, CUSTOMER_ID = "customer_id" Required, PARTNER_ID = "partner_id" Optional,
    PRODUCT_ID = "product_id" Required, SKU_ID = "sku_id" Required, SEGMENT = "segment" Optional,
    MARKET = "market" Required, CURRENCY = "currency" Optional, QUANTITY = "quantity" Required Whole,
    TERM = "term" Required, BILLING_CYCLE = "billing_cycle" Required, ON = "on" Required Instant,
    PROMOTION_ID = "promotion_id" Optional,
);

// The vendor's invoice, by the names of its new-commerce reconciliation file (domain 4.3); a file of another layout says them
// with names of its own, which `vendor::layout` finds.
schema!(vendor_lines, VendorLines,
    SUBSCRIPTION_ID = "SubscriptionId" Required, CUSTOMER_ID = "CustomerId" Optional,
    PRODUCT_ID = "ProductId" Required Word, SKU_ID = "SkuId" Optional Word, CHARGE_TYPE = "ChargeType" Optional Word,
    UNIT_PRICE = "UnitPrice" Optional, QUANTITY = "BillableQuantity" Required, SUBTOTAL = "Subtotal" Required,
    CURRENCY = "Currency" Required Word, CHARGE_START = "ChargeStartDate" Required, CHARGE_END = "ChargeEndDate" Required,
    PROMOTION_ID = "PromotionId" Optional Word, TERM_AND_CYCLE = "TermAndBillingCycle" Optional Word,
    DESCRIPTION = "SubscriptionDescription" Optional Word, METER = "MeterDescription" Optional Word,
    RESERVATION = "ReservationOrderId" Optional Word,
    PARTNER_ID = "PartnerId" Ignored, CUSTOMER_NAME = "CustomerName" Ignored,
    CUSTOMER_DOMAIN = "CustomerDomainName" Ignored, CUSTOMER_COUNTRY = "CustomerCountry" Ignored,
    INVOICE_NUMBER = "InvoiceNumber" Ignored, MPN_ID = "MpnId" Ignored, RESELLER_MPN_ID = "ResellerMpnId" Ignored,
    ORDER_ID = "OrderId" Ignored, ORDER_DATE = "OrderDate" Ignored, AVAILABILITY_ID = "AvailabilityId" Ignored,
    SKU_NAME = "SkuName" Ignored, PRODUCT_NAME = "ProductName" Ignored, QUANTITY_BOUGHT = "Quantity" Ignored,
    TAX_TOTAL = "TaxTotal" Ignored, TOTAL = "Total" Ignored, ADJUSTMENT = "PriceAdjustmentDescription" Ignored,
    PUBLISHER_NAME = "PublisherName" Ignored, PUBLISHER_ID = "PublisherId" Ignored,
    EFFECTIVE_UNIT_PRICE = "EffectiveUnitPrice" Optional, UNIT_TYPE = "UnitType" Ignored,
    ALTERNATE_ID = "AlternateId" Ignored, BILLING_FREQUENCY = "BillingFrequency" Ignored,
    PRICING_CURRENCY = "PricingCurrency" Optional Word, RATE = "PCToBCExchangeRate" Ignored,
    RATE_DATE = "PCToBCExchangeRateDate" Ignored, CREDIT_REASON = "CreditReasonCode" Ignored,
    SUBSCRIPTION_START = "SubscriptionStartDate" Ignored, SUBSCRIPTION_END = "SubscriptionEndDate" Ignored,
    REFERENCE_ID = "ReferenceId" Ignored, QUALIFIERS = "ProductQualifiers" Ignored,
    PARTNER_NAME = "PartnerName" Ignored, PUBLISHER_DISCOUNT = "PublisherDiscount" Ignored,
    DISCOUNT_DETAILS = "DiscountDetails" Ignored, CATEGORY = "ProductCategory" Ignored,
    // Of the legacy file, whose own number of the subscription is another than the one that everybody knows.
    OWN_SUBSCRIPTION_ID = "the legacy SubscriptionId" Ignored, OFFER_ID = "OfferId" Ignored, OFFER_NAME = "OfferName" Ignored,
    AMOUNT = "Amount" Ignored, OTHER_DISCOUNT = "TotalOtherDiscount" Ignored, TAX = "Tax" Ignored,
    DOMAIN = "DomainName" Ignored, SUBSCRIPTION_NAME = "SubscriptionName" Ignored, CYCLE_TYPE = "BillingCycleType" Ignored,
    // Of our own lines.
    INVOICE_ID = "invoice_id" Ignored, LINE = "line" Ignored, LINE_ID = "line_id" Ignored, CORRECTS = "corrects" Ignored,
    BILL_TO_ID = "bill_to_id" Ignored, SEGMENT = "segment" Ignored, MARKET = "market" Ignored, DAYS = "days" Ignored,
    CYCLE_DAYS = "cycle_days" Ignored, TERM = "term" Ignored, TERM_START = "term_start" Ignored,
    TERM_END = "term_end" Ignored, BILLING_CYCLE = "billing_cycle" Ignored, DISCOUNT = "discount" Ignored,
    PROMO_CODE = "promo_code" Ignored, COST_UNIT_PRICE = "cost_unit_price" Ignored,
    COST_SUBTOTAL = "cost_subtotal" Ignored, MARGIN = "margin" Ignored, TAX_CODE = "tax_code" Ignored,
    HAPPENED_AT = "happened_at" Ignored, REASONS = "reasons" Ignored,
);
schema!(invoice_lines, InvoiceLines,
    CUSTOMER_ID = "customer_id" Required, SUBSCRIPTION_ID = "subscription_id" Required,
    PRODUCT_ID = "product_id" Required Word, SKU_ID = "sku_id" Required Word, CHARGE_TYPE = "charge_type" Required Word,
    CHARGE_START = "charge_start" Required Day, CHARGE_END = "charge_end" Required Day, DAYS = "days" Required Whole,
    CYCLE_DAYS = "cycle_days" Required Whole, TERM_START = "term_start" Required Day,
    UNIT_PRICE = "unit_price" Required Money, EFFECTIVE_UNIT_PRICE = "effective_unit_price" Required,
    QUANTITY = "quantity" Required Whole, SUBTOTAL = "subtotal" Required, CURRENCY = "currency" Required Word,
    PROMOTION_ID = "promotion_id" Optional Word,
    INVOICE_ID = "invoice_id" Ignored, LINE = "line" Ignored, LINE_ID = "line_id" Ignored, CORRECTS = "corrects" Ignored,
    BILL_TO_ID = "bill_to_id" Ignored, PARTNER_ID = "partner_id" Ignored, ORDER_ID = "order_id" Ignored,
    SEGMENT = "segment" Ignored, MARKET = "market" Ignored, TERM = "term" Ignored, TERM_END = "term_end" Ignored,
    BILLING_CYCLE = "billing_cycle" Ignored, DISCOUNT = "discount" Ignored, PROMO_CODE = "promo_code" Ignored,
    COST_UNIT_PRICE = "cost_unit_price" Ignored, COST_SUBTOTAL = "cost_subtotal" Ignored, MARGIN = "margin" Ignored,
    TAX_CODE = "tax_code" Ignored, REFERENCE_ID = "reference_id" Ignored, HAPPENED_AT = "happened_at" Ignored,
    REASONS = "reasons" Ignored,
);
schema!(id_map, IdMap, OURS = "ours" Required, VENDORS = "vendors" Required,);
schema!(explained, Explained,
    CUSTOMER_ID = "customer_id" Optional, SUBSCRIPTION_ID = "subscription_id" Optional,
    PRODUCT_ID = "product_id" Optional, SKU_ID = "sku_id" Optional, CURRENCY = "currency" Optional,
    CYCLE_START = "cycle_start" Optional Day, CYCLE_END = "cycle_end" Optional Day, CAUSE = "cause" Required,
    OWNER = "owner" Required, EXPIRES_ON = "expires_on" Required Day, WHY = "why" Ignored,
);

/// The columns of a table.
pub(super) fn schema_of(table: Table) -> &'static Schema {
    match table {
        Table::Subscriptions => &subscriptions::SCHEMA,
        Table::Customers => &customers::SCHEMA,
        Table::Partners => &partners::SCHEMA,
        // A proposal's list is shaped as the price list, and so are the files' names of its columns.
        Table::PriceList | Table::ProposedPrices => &price_list::SCHEMA,
        // A proposal's own rows are those of new promotions.
        Table::Promotions | Table::Proposal => &promotions::SCHEMA,
        Table::PromoCodes => &promo_codes::SCHEMA,
        Table::Redemptions => &redemptions::SCHEMA,
        Table::SeatChanges => &seat_changes::SCHEMA,
        Table::LifecycleEvents => &lifecycle_events::SCHEMA,
        Table::ScheduledChanges => &scheduled_changes::SCHEMA,
        Table::Holdings => &holdings::SCHEMA,
        Table::Advisors => &advisors::SCHEMA,
        Table::Offices => &offices::SCHEMA,
        Table::SkuMarkets => &sku_markets::SCHEMA,
        Table::Offers => &offers::SCHEMA,
        Table::Acceptances => &acceptances::SCHEMA,
        Table::VendorLines => &vendor_lines::SCHEMA,
        Table::InvoiceLines => &invoice_lines::SCHEMA,
        Table::IdMap => &id_map::SCHEMA,
        Table::Explained => &explained::SCHEMA,
        Table::Requests => &requests::SCHEMA,
    }
}

/// Our column's name → the file's name, of one input.
pub(super) type ColumnMap = BTreeMap<String, String>;

/// Where our columns stand in a file.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// For each column of the schema its place in the file.
    pub places: Vec<Option<usize>>,
    /// What the file has and we do not know.
    pub warnings: Vec<Warning>,
}

/// Finds our columns in a file's header.
pub(super) fn find(
    schema: &Schema,
    map: &ColumnMap,
    header: &[&str],
    shown: &str,
) -> Result<Places, IntakeError> {
    let header: Vec<&str> = header.iter().map(|name| without_closing_quote(name)).collect();
    let table = schema.table.name();
    for (number, name) in header.iter().enumerate() {
        if !name.is_empty() && header[..number].contains(name) {
            let what = format!("the header has the column {name:?} twice: {}", header.join(","));
            return Err(IntakeError::refused(shown, what, "rename or remove one of the two columns"));
        }
    }
    let ours = |name: &str| schema.columns.iter().any(|column| column.name == name);
    if let Some(name) = map.keys().find(|name| !ours(name)) {
        let names = schema.columns.iter().map(|column| column.name);
        let what = format!("[columns.{table}] names {name:?}, which is not a column of {table}");
        return Err(IntakeError::refused(shown, what, did_you_mean(name, names)));
    }
    let mut places = Vec::with_capacity(schema.columns.len());
    for column in schema.columns {
        let mapped = map.get(column.name).map(String::as_str);
        let wanted = mapped.unwrap_or(column.name);
        let place = header.iter().position(|name| *name == wanted);
        if place.is_none() && (column.need == Need::Required || mapped.is_some()) {
            let what =
                format!("the column {wanted:?} is missing; the file's header is: {}", header.join(","));
            return Err(IntakeError::refused(shown, what, missing_hint(table, column.name, wanted, &header)));
        }
        places.push(place);
    }
    let mut warnings = Vec::new();
    for (place, name) in header.iter().enumerate() {
        if !places.contains(&Some(place)) {
            let free = schema.columns.iter().filter(|column| places[column.index].is_none());
            let hint = nearest(name, free.map(|column| column.name));
            let hint = hint.map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default();
            let text = format!("{shown}: the column {name:?} is unknown and not read{hint}");
            warnings.push(if hint.is_empty() { Warning::remark(text) } else { Warning::trouble(text) });
        }
    }
    Ok(Places { places, warnings })
}

/// The vendor's documented header ends with a typographic quote.
fn without_closing_quote(name: &str) -> &str {
    name.strip_suffix(['\u{201d}', '\u{201c}']).unwrap_or(name)
}

fn missing_hint(table: &str, ours: &str, wanted: &str, header: &[&str]) -> String {
    if let [only] = header
        && let Some(mark) = [';', '\t', '|'].into_iter().find(|mark| only.contains(*mark))
    {
        return format!("the file seems to be separated by {mark:?}; export it with commas");
    }
    match nearest(wanted, header.iter().copied()) {
        Some(near) => format!("if {near:?} is that column, write {ours} = {near:?} under [columns.{table}]"),
        None => format!("add the column, or name the file's own under [columns.{table}]"),
    }
}

fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "use the names of the contract".to_owned(),
    }
}

/// The known name that is most like a given one, if any is like it; case, blanks and underscores do not count.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
    };
    let wanted = plain(name);
    let near = known.map(|other| (distance(&wanted, &plain(other)), other)).min()?;
    (near.0 * 3 <= wanted.len()).then_some(near.1)
}

/// How many letters must be changed, added or left out to make one word of the other.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, one) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in right.iter().enumerate() {
            let kept = diagonal + usize::from(one != other);
            diagonal = row[j + 1];
            row[j + 1] = kept.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}
