//! Sums of effects by customer, product and month, in polars: while the effects are made, part by part.
//!
//! A customer's rows all lie in one part, so its sums are final there; products and months are summed once more at the end. Every
//! number is an integer. Polars' sums wrap in silence, so the caller counts the same rows' numbers without their signs in 128
//! bits ([`Sum::weight`](crate::output::what_if::Sum)), and what a sum might not hold is refused.

use super::super::ReportError;
use crate::names::{Names, SharedNames};
use crate::output::what_if::{EffectRow, Group, GroupSums, Tallied};
use polars::prelude::{Column, DataFrame, Expr, IntoLazy, PlSmallStr, UnionArgs, col, concat};
use termwise_engine::calendar::{Day, Month};
use termwise_engine::ids::CustomerId;
use termwise_engine::money::Currency;
use termwise_engine::repricing::Cause;

/// The column that rows are grouped by: what they are of, the currency and the proposal in one number.
const KEY: &str = "key";
/// What a key has room for: proposals, and currencies of three letters. Above that there are forty bits for what it is of.
const PROPOSALS: i64 = 1 << 8;
const LETTERS: i64 = 1 << 5;
const CURRENCIES: i64 = LETTERS * LETTERS * LETTERS;

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

/// A currency as a number: its three letters, so that numbers are in the order of the codes.
fn number_of(currency: Currency) -> i64 {
    let letter = |byte: u8| i64::from(byte.saturating_sub(b'A'));
    currency.code().bytes().fold(0, |number, byte| number * LETTERS + letter(byte))
}

/// The currency of a number.
fn currency_of(number: i64) -> Option<Currency> {
    let letter = |place: u32| {
        let letter = number >> (LETTERS.trailing_zeros() * place) & (LETTERS - 1);
        Some(char::from(b'A' + u8::try_from(letter).ok()?))
    };
    let code: Option<String> = [2, 1, 0].into_iter().map(letter).collect();
    Currency::from_code(&code?)
}

/// The sums of the rows of some whole customers.
///
/// # Errors
/// The rows can't be grouped, or a sum could be larger than 64 bits hold.
pub fn of_part(rows: &[EffectRow], tallied: &Tallied, names: &Names) -> Result<PartGroups, ReportError> {
    check(tallied)?;
    let (shared, own) = columns(rows);
    let grouped_by = |(key, counts): (Vec<i64>, [Vec<i64>; 2])| {
        let mut all = shared.clone();
        all.push(Column::new(KEY.into(), key));
        let named = ["subscriptions", "changed"].into_iter().zip(counts);
        all.extend(named.map(|(name, counts)| Column::new(name.into(), counts)));
        grouped(DataFrame::new_infer_height(all)?)
    };
    let [customers, products, months] = own.map(grouped_by);
    let customer = |key: i64| {
        let rank = usize::try_from(key).unwrap_or(usize::MAX);
        (names.customer(CustomerId::of_rank(rank)).into(), Box::default())
    };
    let by_customer = groups(&customers?, customer)?;
    Ok(PartGroups { by_customer, products: products?, months: months? })
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
    check(tallied)?;
    let mut found = Groups::default();
    let (mut products, mut months) = (Vec::new(), Vec::new());
    for part in parts {
        found.by_customer.extend(part.by_customer);
        products.push(part.products);
        months.push(part.months);
    }
    let product = |key: i64| {
        let rank = usize::try_from(key).unwrap_or(usize::MAX);
        (shared.products.get(rank).into(), shared.skus.get(rank).into())
    };
    found.by_product = groups(&together(products)?, product)?;
    let month = |key: i64| {
        let month = Month::from_count(i32::try_from(key).unwrap_or(i32::MAX));
        (month.to_string().into(), Box::default())
    };
    found.by_month = groups(&together(months)?, month)?;
    Ok(found)
}

/// No sum over any of the rows is further from zero than all of their numbers without signs.
fn check(tallied: &Tallied) -> Result<(), ReportError> {
    for ((currency, _), sum) in &tallied.sums {
        if i64::try_from(sum.weight).is_err() {
            let what = format!("the sum of all amounts in {currency}, {} minor units,", sum.weight);
            return Err(ReportError::TooLarge { what });
        }
    }
    Ok(())
}

/// A key and the two counts of each row.
type Keyed = (Vec<i64>, [Vec<i64>; 2]);

/// The columns that all sums have in common, and the keys and counts of each: the rows are passed over once.
fn columns(rows: &[EffectRow]) -> (Vec<Column>, [Keyed; 3]) {
    let room = || Vec::with_capacity(rows.len());
    let mut amounts: [Vec<i64>; 2 + Cause::ALL.len()] = std::array::from_fn(|_| room());
    let mut first: Vec<Option<i32>> = Vec::with_capacity(rows.len());
    let mut keyed: [Keyed; 3] = std::array::from_fn(|_| (room(), [room(), room()]));
    for row in rows {
        let effect = &row.effect;
        let sums = [effect.before, effect.after].into_iter().chain(effect.causes);
        amounts.iter_mut().zip(sums).for_each(|(column, amount)| column.push(amount));
        first.push(row.effective_on.map(Day::epoch_days));
        let of = number_of(row.currency) * PROPOSALS + i64::from(row.proposal);
        for ((keys, counts), by) in keyed.iter_mut().zip([By::Customer, By::Product, By::Month]) {
            keys.push(by.key(row) * (CURRENCIES * PROPOSALS) + of);
            counts.iter_mut().zip(by.counts(row)).for_each(|(column, is)| column.push(i64::from(is)));
        }
    }
    let named = SUMS.into_iter().zip(amounts);
    let mut shared: Vec<Column> = named.map(|(name, amounts)| Column::new(name.into(), amounts)).collect();
    shared.push(Column::new(FIRST.into(), first));
    (shared, keyed)
}

fn sums() -> Vec<Expr> {
    let sums = SUMS.into_iter().map(|name| col(name).sum());
    sums.chain([col(FIRST).min()]).collect()
}

fn grouped(frame: DataFrame) -> Result<DataFrame, ReportError> {
    Ok(frame.lazy().group_by([col(KEY)]).agg(sums()).collect()?)
}

/// The groups of several frames, summed once more.
fn together(frames: Vec<DataFrame>) -> Result<DataFrame, ReportError> {
    let frames: Vec<_> = frames.into_iter().map(IntoLazy::lazy).collect();
    if frames.is_empty() {
        let names = SUMS.into_iter().chain([KEY]);
        let mut none: Vec<Column> = names.map(|name| Column::new(name.into(), Vec::<i64>::new())).collect();
        none.push(Column::new(FIRST.into(), Vec::<Option<i32>>::new()));
        return Ok(DataFrame::new_infer_height(none)?);
    }
    Ok(concat(frames, UnionArgs::default())?.group_by([col(KEY)]).agg(sums()).collect()?)
}

/// A frame's rows as groups, in the order of their keys: that of groups is no order.
fn groups(frame: &DataFrame, names: impl Fn(i64) -> (Box<str>, Box<str>)) -> Result<Vec<Group>, ReportError> {
    let wholes = |name: &str| frame.column(name).and_then(|column| Ok(column.i64()?.clone()));
    let keys = wholes(KEY)?;
    let sums: Vec<_> = SUMS.into_iter().map(wholes).collect::<Result<_, _>>()?;
    let first = frame.column(&PlSmallStr::from_static(FIRST))?.i32()?.clone();
    let mut order: Vec<(i64, usize)> =
        (0..frame.height()).filter_map(|row| Some((keys.get(row)?, row))).collect();
    order.sort_unstable();
    let group = |(whole, row): (i64, usize)| {
        let sum = |place: usize| sums.get(place).and_then(|column| column.get(row)).unwrap_or_default();
        let [key, of] = split(whole, CURRENCIES * PROPOSALS);
        let [currency, proposal] = split(of, PROPOSALS);
        let (key, sku) = names(key);
        let law = "a group is of a currency and a proposal that there are";
        let unknown = || ReportError::Law { law, detail: key.to_string() };
        Ok(Group {
            currency: currency_of(currency).ok_or_else(unknown)?,
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

/// A number and what is below it, of what was put together by a power of two.
const fn split(whole: i64, below: i64) -> [i64; 2] {
    [whole >> below.trailing_zeros(), whole & (below - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_found_by_its_number_and_numbers_are_in_the_order_of_codes() {
        let mut last = -1;
        for code in ["AED", "EUR", "JPY", "KWD", "USD", "ZWG"] {
            let Some(currency) = Currency::from_code(code) else { continue };
            assert_eq!(currency_of(number_of(currency)), Some(currency));
            assert!(number_of(currency) > last && number_of(currency) < CURRENCIES);
            last = number_of(currency);
        }
        assert!(last > 0);
        assert_eq!(split(-1, PROPOSALS), [-1, PROPOSALS - 1]);
    }
}
