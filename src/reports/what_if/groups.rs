//! Sums of effects by customer, product and month, in polars: while the effects are made, part by part.
//!
//! A customer's rows all lie in one part, so its sums are final there; products and months are summed once more at the end. Every
//! number is an integer. Polars' sums wrap in silence, so the caller counts the same rows' numbers without their signs in 128
//! bits ([`Sum::weight`](crate::output::what_if::Sum)), and [`finish`] refuses what a sum might not hold.

use super::super::ReportError;
use crate::names::{Names, SharedNames};
use crate::output::what_if::{EffectRow, Group, GroupSums, Tallied};
use polars::prelude::{Column, DataFrame, Expr, IntoLazy, PlSmallStr, UnionArgs, col, concat};
use std::collections::BTreeMap;
use termwise_engine::calendar::{Day, Month};
use termwise_engine::ids::CustomerId;
use termwise_engine::money::Currency;
use termwise_engine::repricing::Cause;

/// The columns that rows are grouped by.
const KEYS: [&str; 3] = ["key", "currency", "proposal"];
/// The columns that are summed.
const SUMS: [&str; 4 + Cause::ALL.len()] =
    ["before", "after", "list_price", "promotion", "code", "policy", "rounding", "subscriptions", "changed"];
/// The first day of effect: the earliest of a group.
const FIRST: &str = "first";

/// The sums of one part of the book.
#[derive(Debug)]
pub struct PartGroups {
    by_customer: Vec<Group>,
    products: DataFrame,
    months: DataFrame,
    /// The currencies that there are.
    currencies: BTreeMap<u32, Currency>,
}

/// The sums of the whole book.
#[derive(Debug, Default)]
pub struct Groups {
    /// By customer, currency and proposal.
    pub by_customer: Vec<Group>,
    /// By product, SKU, currency and proposal.
    pub by_product: Vec<Group>,
    /// By month, currency and proposal.
    pub by_month: Vec<Group>,
}

/// What rows are grouped by, and which of a subscription's rows it is counted by.
#[derive(Clone, Copy)]
enum By {
    Customer,
    Product,
    Month,
}

impl By {
    fn key(self, row: &EffectRow) -> i64 {
        match self {
            By::Customer => row.customer.rank() as i64,
            By::Product => row.effect.item.rank() as i64,
            By::Month => i64::from(row.effect.month.count()),
        }
    }

    const fn counts(self, row: &EffectRow) -> [bool; 2] {
        match self {
            By::Customer => row.counts.of_subscription,
            By::Product => row.counts.of_item,
            By::Month => row.counts.of_month,
        }
    }
}

/// A currency as a number: its letters, so that numbers are in the order of the codes.
fn number_of(currency: Currency) -> u32 {
    currency.code().bytes().fold(0, |number, byte| number << 8 | u32::from(byte))
}

/// The sums of the rows of some whole customers.
///
/// # Errors
/// The rows can't be grouped.
pub fn of_part(rows: &[EffectRow], names: &Names) -> Result<PartGroups, ReportError> {
    let shared = frame(rows)?;
    let currencies = rows.iter().map(|row| (number_of(row.currency), row.currency)).collect();
    let customers = grouped(with(&shared, rows, By::Customer)?)?;
    let customer = |key: i64| {
        let rank = usize::try_from(key).unwrap_or(usize::MAX);
        (names.customer(CustomerId::of_rank(rank)).into(), Box::default())
    };
    let by_customer = groups(&customers, &currencies, customer)?;
    let products = grouped(with(&shared, rows, By::Product)?)?;
    let months = grouped(with(&shared, rows, By::Month)?)?;
    Ok(PartGroups { by_customer, products, months, currencies })
}

/// Puts the sums of all parts together, in the order of the parts.
///
/// # Errors
/// They can't be grouped, or a sum could be larger than 64 bits hold.
pub fn finish(
    parts: Vec<PartGroups>,
    shared: &SharedNames,
    tallied: &Tallied,
) -> Result<Groups, ReportError> {
    for ((currency, _), sum) in &tallied.sums {
        if i64::try_from(sum.weight).is_err() {
            let what = format!("the sum of all amounts in {currency}, {} minor units,", sum.weight);
            return Err(ReportError::TooLarge { what });
        }
    }
    let mut found = Groups::default();
    let mut currencies = BTreeMap::new();
    let (mut products, mut months) = (Vec::new(), Vec::new());
    for part in parts {
        found.by_customer.extend(part.by_customer);
        currencies.extend(part.currencies);
        products.push(part.products);
        months.push(part.months);
    }
    let product = |key: i64| {
        let rank = usize::try_from(key).unwrap_or(usize::MAX);
        (shared.products.get(rank).into(), shared.skus.get(rank).into())
    };
    found.by_product = groups(&together(products)?, &currencies, product)?;
    let month = |key: i64| {
        let month = Month::from_count(i32::try_from(key).unwrap_or(i32::MAX));
        (month.to_string().into(), Box::default())
    };
    found.by_month = groups(&together(months)?, &currencies, month)?;
    Ok(found)
}

/// The columns that all sums have in common.
fn frame(rows: &[EffectRow]) -> Result<Vec<Column>, ReportError> {
    let whole = |name: &'static str, get: &dyn Fn(&EffectRow) -> i64| {
        Column::new(name.into(), rows.iter().map(get).collect::<Vec<i64>>())
    };
    let mut columns = vec![
        Column::new("currency".into(), rows.iter().map(|row| number_of(row.currency)).collect::<Vec<u32>>()),
        Column::new("proposal".into(), rows.iter().map(|row| u32::from(row.proposal)).collect::<Vec<u32>>()),
        whole("before", &|row| row.effect.before),
        whole("after", &|row| row.effect.after),
    ];
    for (number, cause) in Cause::ALL.into_iter().enumerate() {
        columns.push(whole(cause.name(), &|row| row.effect.causes.get(number).copied().unwrap_or_default()));
    }
    let first = rows.iter().map(|row| row.effective_on.map(Day::epoch_days)).collect::<Vec<Option<i32>>>();
    columns.push(Column::new(FIRST.into(), first));
    Ok(columns)
}

/// The same with a key and its counts.
fn with(shared: &[Column], rows: &[EffectRow], by: By) -> Result<DataFrame, ReportError> {
    let mut columns = shared.to_vec();
    columns.push(Column::new("key".into(), rows.iter().map(|row| by.key(row)).collect::<Vec<i64>>()));
    for (place, name) in ["subscriptions", "changed"].into_iter().enumerate() {
        let count = |row: &EffectRow| i64::from(by.counts(row).get(place).copied().unwrap_or_default());
        columns.push(Column::new(name.into(), rows.iter().map(count).collect::<Vec<i64>>()));
    }
    Ok(DataFrame::new_infer_height(columns)?)
}

fn sums() -> Vec<Expr> {
    let sums = SUMS.into_iter().map(|name| col(name).sum());
    sums.chain([col(FIRST).min()]).collect()
}

fn grouped(frame: DataFrame) -> Result<DataFrame, ReportError> {
    Ok(frame.lazy().group_by(KEYS.map(col)).agg(sums()).collect()?)
}

/// The groups of several frames, summed once more.
fn together(frames: Vec<DataFrame>) -> Result<DataFrame, ReportError> {
    let frames: Vec<_> = frames.into_iter().map(IntoLazy::lazy).collect();
    if frames.is_empty() {
        return grouped(with(&frame(&[])?, &[], By::Month)?);
    }
    Ok(concat(frames, UnionArgs::default())?.group_by(KEYS.map(col)).agg(sums()).collect()?)
}

/// A frame's rows as groups, in the order of their keys: that of groups is no order.
fn groups(
    frame: &DataFrame,
    currencies: &BTreeMap<u32, Currency>,
    names: impl Fn(i64) -> (Box<str>, Box<str>),
) -> Result<Vec<Group>, ReportError> {
    let wholes = |name: &str| frame.column(name).and_then(|column| Ok(column.i64()?.clone()));
    let small = |name: &str| frame.column(name).and_then(|column| Ok(column.u32()?.clone()));
    let (keys, proposals, codes) = (wholes("key")?, small("proposal")?, small("currency")?);
    let sums: Vec<_> = SUMS.into_iter().map(wholes).collect::<Result<_, _>>()?;
    let first = frame.column(&PlSmallStr::from_static(FIRST))?.i32()?.clone();
    let mut order: Vec<((i64, u32, u32), usize)> = (0..frame.height())
        .filter_map(|row| Some(((keys.get(row)?, codes.get(row)?, proposals.get(row)?), row)))
        .collect();
    order.sort_unstable();
    let group = |((key, code, proposal), row): ((i64, u32, u32), usize)| {
        let sum = |place: usize| sums.get(place).and_then(|column| column.get(row)).unwrap_or_default();
        let (key, sku) = names(key);
        let law = "a group is of a currency and a proposal that there are";
        let unknown = || ReportError::Law { law, detail: key.to_string() };
        Ok(Group {
            currency: *currencies.get(&code).ok_or_else(unknown)?,
            proposal: u16::try_from(proposal).map_err(|_| unknown())?,
            sums: GroupSums {
                before: sum(0),
                after: sum(1),
                causes: [2, 3, 4, 5, 6].map(sum),
                subscriptions: sum(7),
                changed: sum(8),
                effective_on: first.get(row).and_then(Day::from_epoch_days),
            },
            key,
            sku,
        })
    };
    order.into_iter().map(group).collect()
}
