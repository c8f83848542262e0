//! What a reconciliation of the sample reads beside the book: the columns of the vendor's file as Partner Center writes them, and
//! `reconcile.toml`.
//!
//! The lines themselves are not made here: what the vendor charges follows from the book by the rules, and this module knows
//! none. `termwise sample` has the engine play the book that was just written.

use super::catalogue::PRODUCTS;
use super::customers::{Customer, MARKETS};
use super::days::{AS_OF, FROM, date_text};
use super::dice::Dice;
use super::tables::{Kind, Table};
use super::write::file_name;
use super::{Format, Profile, Request, SampleError, Written, tables_of};
use std::path::Path;

use Kind::Text;

/// The new-commerce reconciliation file (domain 4.3).
pub(crate) static VENDOR_LINES: Table = Table {
    name: "vendor_lines",
    columns: &[
        ("PartnerId", Text),
        ("CustomerId", Text),
        ("CustomerName", Text),
        ("CustomerDomainName", Text),
        ("CustomerCountry", Text),
        ("InvoiceNumber", Text),
        ("MpnId", Text),
        ("ResellerMpnId", Text),
        ("OrderId", Text),
        ("OrderDate", Text),
        ("ProductId", Text),
        ("SkuId", Text),
        ("AvailabilityId", Text),
        ("SkuName", Text),
        ("ProductName", Text),
        ("ChargeType", Text),
        ("UnitPrice", Text),
        ("Quantity", Text),
        ("Subtotal", Text),
        ("TaxTotal", Text),
        ("Total", Text),
        ("Currency", Text),
        ("PriceAdjustmentDescription", Text),
        ("PublisherName", Text),
        ("PublisherId", Text),
        ("SubscriptionDescription", Text),
        ("SubscriptionId", Text),
        ("ChargeStartDate", Text),
        ("ChargeEndDate", Text),
        ("TermAndBillingCycle", Text),
        ("EffectiveUnitPrice", Text),
        ("UnitType", Text),
        ("AlternateId", Text),
        ("BillableQuantity", Text),
        ("BillingFrequency", Text),
        ("PricingCurrency", Text),
        ("PCToBCExchangeRate", Text),
        ("PCToBCExchangeRateDate", Text),
        ("MeterDescription", Text),
        ("ReservationOrderId", Text),
        ("CreditReasonCode", Text),
        ("SubscriptionStartDate", Text),
        ("SubscriptionEndDate", Text),
        ("ReferenceId", Text),
        ("ProductQualifiers", Text),
        ("PromotionId", Text),
    ],
    is_of_the_book: false,
};

/// How each row of `differences` comes out that is not plainly matched.
pub(crate) static PLANTED_DIFFERENCES: Table = Table {
    name: "planted_differences",
    columns: &[
        ("subscription_id", Text),
        ("product_id", Text),
        ("sku_id", Text),
        ("currency", Text),
        ("status", Text),
        ("cause", Text),
        ("what", Text),
    ],
    is_of_the_book: false,
};

pub(crate) static ID_MAP: Table =
    Table { name: "id_map", columns: &[("ours", Text), ("vendors", Text)], is_of_the_book: false };

pub(crate) static EXPLAINED: Table = Table {
    name: "explained",
    columns: &[
        ("customer_id", Text),
        ("subscription_id", Text),
        ("product_id", Text),
        ("sku_id", Text),
        ("currency", Text),
        ("cycle_start", Text),
        ("cycle_end", Text),
        ("cause", Text),
        ("owner", Text),
        ("expires_on", Text),
        ("why", Text),
    ],
    is_of_the_book: false,
};

/// What a customer of the book is called; the book itself has no names.
pub(crate) fn customer_name(request: &Request, customer_id: &str) -> String {
    let number = customer_id.strip_prefix("CUS-").and_then(|digits| digits.parse::<u64>().ok());
    let Some(index) = number.and_then(|number| number.checked_sub(1)) else { return String::new() };
    Customer::of(index, request.profile, &mut Dice::of(request.seed, index + 1)).name
}

/// What a product and SKU is called, or its id.
pub(crate) fn title<'a>(product_id: &'a str, sku_id: &str) -> &'a str {
    let is_it =
        |product: &&&super::catalogue::Product| product.product_id == product_id && product.sku_id == sku_id;
    PRODUCTS.iter().find(is_it).map_or(product_id, |product| product.title)
}

/// The place among the markets' currencies: the vendor writes an invoice for each account, and so for each currency.
pub(crate) fn account_of(currency: &str) -> usize {
    MARKETS.iter().position(|market| market.currency == currency).unwrap_or(MARKETS.len())
}

/// The job that holds the vendor's file against the book.
pub(crate) fn write_reconcile_job(out: &Path, request: &Request) -> Result<Written, SampleError> {
    let (as_of, from) = (date_text(AS_OF), date_text(FROM));
    let mut job = format!("kind = \"reconcile\"\nas_of = \"{as_of}\"\nfrom = \"{from}\"\n\n[inputs]\n");
    for table in [&VENDOR_LINES, &ID_MAP, &EXPLAINED] {
        job.push_str(&format!("{} = \"{}\"\n", table.name, file_name(table, Format::Csv)));
    }
    for table in tables_of(Profile::Full) {
        job.push_str(&format!("{} = \"{}\"\n", table.name, file_name(table, request.format)));
    }
    let format = match request.format {
        Format::Csv => "csv",
        Format::Parquet => "parquet",
    };
    let tolerated = if request.bad_rows { "25%" } else { "1%" };
    job.push_str("\n[policy]\nprofile = \"partner-center\"\n");
    job.push_str(&format!("\n[outputs]\ndir = \"out\"\nformat = \"{format}\"\nworkbook = \"none\"\n"));
    job.push_str(&format!("\n[limits]\nrejected_rows = \"{tolerated}\"\n"));
    let path = out.join("reconcile.toml");
    std::fs::write(&path, &job).map_err(|source| SampleError::io(&path, source))?;
    Ok(Written { file: "reconcile.toml".to_owned(), rows: u64::try_from(job.lines().count()).unwrap_or(0) })
}
