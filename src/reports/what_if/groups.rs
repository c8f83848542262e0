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

/// The amounts that are summed: of today, of the proposal, and by cause.
const AMOUNTS: usize = 2 + Cause::ALL.len();
/// The columns that are summed: the amounts and two counts.
const SUMS: [&str; AMOUNTS + 2] = {
    let mut names = [""; AMOUNTS + 2];
    (names[0], names[1]) = ("before", "after");
    let mut cause = 0;
    while cause < Cause::ALL.len() {
        names[2 + cause] = Cause::ALL[cause].name();
        cause += 1;
    }
    (names[AMOUNTS], names[AMOUNTS + 1]) = ("subscriptions", "changed");
    names
};
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

    /// When it takes effect on what the rows are of: on a customer as on its subscriptions, on a product or month as on its own
    /// charges.
    const fn effective_on(self, row: &EffectRow) -> Option<Day> {
        match self {
            By::Customer => row.effective_on,
            By::Product | By::Month => row.effect.effective_on,
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
    let [customers, products, months] = columns(rows).map(|keyed| grouped(keyed.frame()?));
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

/// Rows to be summed, as columns.
struct Keyed {
    keys: Vec<i64>,
    sums: [Vec<i64>; SUMS.len()],
    first: Vec<Option<i32>>,
}

impl Keyed {
    fn with_room(rows: usize) -> Keyed {
        let room = || Vec::with_capacity(rows);
        Keyed { keys: room(), sums: std::array::from_fn(|_| room()), first: Vec::with_capacity(rows) }
    }

    /// Adds a row: to the one of its key, if there is one from `start` on.
    fn add(&mut self, start: usize, key: i64, sums: [i64; SUMS.len()], first: Option<i32>) {
        let same = self.keys[start..].iter().position(|known| *known == key);
        let Some(place) = same.map(|place| start + place) else {
            self.keys.push(key);
            self.sums.iter_mut().zip(sums).for_each(|(column, sum)| column.push(sum));
            self.first.push(first);
            return;
        };
        self.sums.iter_mut().zip(sums).for_each(|(column, sum)| column[place] += sum);
        self.first[place] = self.first[place].into_iter().chain(first).min();
    }

    fn frame(self) -> Result<DataFrame, ReportError> {
        let mut all = vec![Column::new(KEY.into(), self.keys), Column::new(FIRST.into(), self.first)];
        all.extend(SUMS.into_iter().zip(self.sums).map(|(name, sums)| Column::new(name.into(), sums)));
        Ok(DataFrame::new_infer_height(all)?)
    }
}

/// What is summed by customer, product and month. Most subscriptions have one product in many months, so a subscription's rows of
/// a customer and of a product are one already; they were checked to be within what a sum holds.
fn columns(rows: &[EffectRow]) -> [Keyed; 3] {
    let subscriptions = rows.iter().filter(|row| row.counts.of_subscription[0]).count();
    let mut keyed = [subscriptions, subscriptions, rows.len()].map(Keyed::with_room);
    for same in rows.chunk_by(|one, other| one.subscription == other.subscription) {
        let starts = keyed.each_ref().map(|own| own.keys.len());
        for row in same {
            let effect = &row.effect;
            let of = number_of(row.currency) * PROPOSALS + i64::from(row.proposal);
            let mut sums = [0; SUMS.len()];
            let amounts = [effect.before, effect.after].into_iter().chain(effect.causes);
            sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum = amount);
            for ((own, by), start) in keyed.iter_mut().zip([By::Customer, By::Product, By::Month]).zip(starts)
            {
                [sums[AMOUNTS], sums[AMOUNTS + 1]] = by.counts(row).map(i64::from);
                // A month has seldom two rows of a subscription.
                let start = if matches!(by, By::Month) { own.keys.len() } else { start };
                let key = by.key(row) * (CURRENCIES * PROPOSALS) + of;
                own.add(start, key, sums, by.effective_on(row).map(Day::epoch_days));
            }
        }
    }
    keyed
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
        let mut own = [0; SUMS.len()];
        for (place, (sum, column)) in own.iter_mut().zip(&sums).enumerate() {
            let law = "a group has every sum";
            let lacking = || ReportError::Law { law, detail: SUMS[place].to_owned() };
            *sum = column.get(row).ok_or_else(lacking)?;
        }
        let [before, after, causes @ .., subscriptions, changed] = own;
        let counted = |count: i64| {
            let law = "a group has as many subscriptions as a book can";
            u32::try_from(count).map_err(|_| ReportError::Law { law, detail: count.to_string() })
        };
        let [key, of] = split(whole, CURRENCIES * PROPOSALS);
        let [currency, proposal] = split(of, PROPOSALS);
        let (key, sku) = names(key);
        let law = "a group is of a currency and a proposal that there are";
        let unknown = || ReportError::Law { law, detail: key.to_string() };
        Ok(Group {
            currency: currency_of(currency).ok_or_else(unknown)?,
            proposal: u16::try_from(proposal).map_err(|_| unknown())?,
            sums: GroupSums {
                before,
                after,
                causes,
                subscriptions: counted(subscriptions)?,
                changed: counted(changed)?,
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
