//! Reading promotions as the Partner Center API answers them: `GET /v1/productpromotions`, as a list or by id.
//!
//! Each promotion and required product becomes a row of the promotions table, and then goes through the very checks of a
//! CSV row; rows are counted in that order. Numbers are taken as they are written and never pass through a float. A
//! pricing policy or constraint that we do not know is written into the cell it concerns and so refuses the row.

use super::cell;
use super::columns::{Column, Schema, promotions as p};
use super::error::{IntakeError, Warning};
use super::files::Visit;
use super::row::{Fields, Row};
use serde::Deserialize;
use serde::de::Error;
use serde_json::value::RawValue;
use termwise_engine::calendar::Instant;

type Scalar<'a> = Option<&'a RawValue>;

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    items: Option<Vec<Promotion<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Promotion<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    name: Scalar<'a>,
    start_date: Scalar<'a>,
    end_date: Scalar<'a>,
    properties: Option<Properties<'a>>,
    required_products: Option<Vec<Product<'a>>>,
    promotion_constraints: Option<Constraints<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    #[serde(borrow)]
    is_auto_applicable: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product<'a> {
    #[serde(borrow)]
    product_id: Scalar<'a>,
    sku_id: Scalar<'a>,
    term: Option<Term<'a>>,
    pricing_policies: Option<Vec<Pricing<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term<'a> {
    #[serde(borrow)]
    duration: Scalar<'a>,
    billing_cycle: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pricing<'a> {
    #[serde(borrow)]
    policy_type: Scalar<'a>,
    r#type: Scalar<'a>,
    value: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Constraints<'a> {
    #[serde(borrow)]
    seat_constraints: Option<Vec<Limit<'a>>>,
    asset_ownership_limits: Option<Vec<Limit<'a>>>,
    eligibility_constraints: Option<Vec<Eligibility<'a>>>,
    product_ownership_constraints: Option<Vec<Vec<Owned<'a>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limit<'a> {
    #[serde(borrow)]
    r#type: Scalar<'a>,
    min_seats: Scalar<'a>,
    max_seats: Scalar<'a>,
    max_assets: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Eligibility<'a> {
    #[serde(borrow)]
    r#type: Scalar<'a>,
    is_applicable: Scalar<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owned<'a> {
    #[serde(borrow)]
    big_id: Scalar<'a>,
}

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Data rows.
    pub rows: u64,
    /// What is odd about the file as a whole.
    pub warnings: Vec<Warning>,
}

/// Visits a row for each promotion and required product.
pub(super) fn read(
    bytes: &[u8],
    shown: &str,
    schema: &Schema,
    visit: Visit<'_>,
) -> Result<Counts, IntakeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let what = format!("the file is not UTF-8 at byte {}", error.valid_up_to());
        IntakeError::refused(shown, what, "export the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let promotions = parse(text).map_err(|error| {
        let what = format!("this is not the promotions JSON of the Partner Center API: {error}");
        IntakeError::refused(shown, what, "save the answer of GET /v1/productpromotions as it comes")
    })?;
    let places: Vec<Option<usize>> = (0..schema.columns.len()).map(Some).collect();
    let mut number = 0;
    for promotion in &promotions {
        let shared = shared_cells(promotion, schema.columns.len());
        let none = [Product { product_id: None, sku_id: None, term: None, pricing_policies: None }];
        let products = promotion.required_products.as_deref().filter(|all| !all.is_empty()).unwrap_or(&none);
        for product in products {
            let mut cells = shared.clone();
            fill_product(&mut cells, product);
            number += 1;
            visit(Row {
                number,
                fields: Fields::Cells(&cells),
                places: &places,
                ragged: false,
                batch: 0,
                is_ascii: false,
            })?;
        }
    }
    let mut warnings = Vec::new();
    if number > 0 {
        warnings.push(Warning::remark(format!(
            "{shown}: the API's answer does not name the market and segment that it was asked for; its promotions hold in all"
        )));
    }
    Ok(Counts { rows: u64::from(number), warnings })
}

/// A list with or without its envelope, or one promotion.
fn parse(text: &str) -> Result<Vec<Promotion<'_>>, serde_json::Error> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text);
    }
    if let Some(items) = serde_json::from_str::<Page<'_>>(text)?.items {
        return Ok(items);
    }
    let single: Promotion<'_> = serde_json::from_str(text)?;
    if single.id.is_none() {
        return Err(serde_json::Error::custom("it has neither items nor an id"));
    }
    Ok(vec![single])
}

/// A text without its quotes, a number or word as it is written; nothing for null.
fn plain(value: Scalar<'_>) -> String {
    let Some(raw) = value.map(RawValue::get) else { return String::new() };
    serde_json::from_str::<String>(raw)
        .unwrap_or_else(|_| if raw == "null" { String::new() } else { raw.to_owned() })
}

fn set(cells: &mut [String], column: Column, value: String) {
    if let Some(cell) = cells.get_mut(column.index) {
        *cell = value;
    }
}

/// Sets a limit; one that is set already and differs is written beside it, so that the row is refused.
fn limit(cells: &mut [String], column: Column, value: String) {
    let Some(cell) = cells.get_mut(column.index) else { return };
    if cell.is_empty() {
        *cell = value;
    } else if !value.is_empty() && *cell != value {
        cell.push_str(" and ");
        cell.push_str(&value);
    }
}

/// An instant as its UTC date; anything else as it stands.
fn date(value: Scalar<'_>) -> String {
    let text = plain(value);
    cell::open_instant(&text).map(Instant::day).map(|day| day.to_string()).unwrap_or(text)
}

fn shared_cells(promotion: &Promotion<'_>, columns: usize) -> Vec<String> {
    let mut cells = vec![String::new(); columns];
    set(&mut cells, p::PROMOTION_ID, plain(promotion.id));
    set(&mut cells, p::NAME, plain(promotion.name));
    set(&mut cells, p::STARTS_ON, date(promotion.start_date));
    set(&mut cells, p::ENDS_ON, date(promotion.end_date));
    if let Some(properties) = &promotion.properties {
        set(&mut cells, p::AUTO_APPLICABLE, plain(properties.is_auto_applicable));
    }
    let Some(constraints) = &promotion.promotion_constraints else { return cells };
    for seats in constraints.seat_constraints.iter().flatten() {
        let unknown = unknown_type(seats.r#type, "SubscriptionQuantity");
        limit(&mut cells, p::MIN_SEATS, unknown.clone().unwrap_or_else(|| plain(seats.min_seats)));
        limit(&mut cells, p::MAX_SEATS, unknown.unwrap_or_else(|| plain(seats.max_seats)));
    }
    for assets in constraints.asset_ownership_limits.iter().flatten() {
        let unknown = unknown_type(assets.r#type, "LifetimeRedemptionCount");
        limit(&mut cells, p::MAX_REDEMPTIONS, unknown.unwrap_or_else(|| plain(assets.max_assets)));
    }
    for eligibility in constraints.eligibility_constraints.iter().flatten() {
        let unknown = unknown_type(eligibility.r#type, "FirstPurchase");
        let applies = plain(eligibility.is_applicable);
        limit(&mut cells, p::FIRST_PURCHASE, unknown.filter(|_| applies != "false").unwrap_or(applies));
    }
    let owned = constraints.product_ownership_constraints.iter().flatten().flatten();
    let owned: Vec<String> = owned.map(|owned| plain(owned.big_id).replacen('/', ":", 1)).collect();
    set(&mut cells, p::REQUIRES, owned.join(";"));
    cells
}

/// The name of a kind of constraint that is not the one we know; one without a kind is that one.
fn unknown_type(kind: Scalar<'_>, known: &str) -> Option<String> {
    let kind = plain(kind);
    (!kind.is_empty() && kind != known).then_some(kind)
}

fn fill_product(cells: &mut [String], product: &Product<'_>) {
    set(cells, p::PRODUCT_ID, plain(product.product_id));
    set(cells, p::SKU_ID, plain(product.sku_id));
    if let Some(term) = &product.term {
        set(cells, p::TERM, plain(term.duration));
        let cycle = plain(term.billing_cycle).to_ascii_lowercase();
        set(cells, p::BILLING_CYCLE, if cycle == "triennial" { "upfront".to_owned() } else { cycle });
    }
    for pricing in product.pricing_policies.iter().flatten() {
        let kind = pricing.policy_type.or(pricing.r#type);
        let unknown = unknown_type(kind, "PercentDiscount");
        let value = plain(pricing.value);
        limit(cells, p::DISCOUNT, unknown.map_or(value.clone(), |kind| format!("{kind} {value}")));
    }
}
