//! Group-bys and selections, in polars: totals by status, cause, customer and product, and the rows of each sheet.
//!
//! Every group has the same [`Measure`]s, and every group-by is held against what was added up while reading: by currency
//! it has as many rows and the same sums, or there is no workbook. Frames are sorted by what says so, down to the last
//! key, since the order of groups is no order.

use super::ReportError;
use super::frames::{Control, Field, Frames, IS_EXPLAINED, ROW};
use polars::prelude::{
    Column, DataFrame, DataType, Expr, Int64Chunked, IntoLazy, JoinArgs, JoinType, JoinValidation, LazyFrame,
    SortMultipleOptions, StringChunked, col, len, lit, when,
};
use std::collections::BTreeMap;
use termwise_engine::reconciling::{Cause, Status};

/// The column of a customer's name.
pub(super) const CUSTOMER_NAME: &str = "customer_name";
/// A difference without its sign.
pub(super) const APART: &str = "apart";

/// What is counted and summed of every group. Amounts are of one currency, which is a key of every group that has some.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Measure {
    Rows,
    OpenRows,
    Ours,
    /// With what is excluded.
    Vendors,
    Excluded,
    Difference,
    VendorOnly,
    Different,
    OursOnly,
    /// Matched under another rounding, or within the tolerance.
    Small,
    Explained,
    /// Of what somebody has to look at, what nobody explained.
    Open,
    OurSeats,
    VendorsSeats,
    /// Each row's seats apart, without the sign.
    SeatsApart,
}

impl Measure {
    const ALL: [Measure; 15] = [
        Measure::Rows,
        Measure::OpenRows,
        Measure::Ours,
        Measure::Vendors,
        Measure::Excluded,
        Measure::Difference,
        Measure::VendorOnly,
        Measure::Different,
        Measure::OursOnly,
        Measure::Small,
        Measure::Explained,
        Measure::Open,
        Measure::OurSeats,
        Measure::VendorsSeats,
        Measure::SeatsApart,
    ];

    /// Its column.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Measure::Rows => "rows",
            Measure::OpenRows => "open_rows",
            Measure::Ours => "ours",
            Measure::Vendors => "vendors",
            Measure::Excluded => "excluded",
            Measure::Difference => "differences",
            Measure::VendorOnly => "vendor_only",
            Measure::Different => "different",
            Measure::OursOnly => "ours_only",
            Measure::Small => "small",
            Measure::Explained => "explained",
            Measure::Open => "open",
            Measure::OurSeats => "our_seats",
            Measure::VendorsSeats => "vendors_seats",
            Measure::SeatsApart => "seats_apart",
        }
    }

    fn sum(self) -> Expr {
        let difference = || column(Field::Difference);
        let compared = || is(Status::Excluded).not();
        let summed = match self {
            Measure::Rows => return len().cast(DataType::Int64).alias(self.name()),
            Measure::OpenRows => only(is_open(), lit(1_i64)),
            Measure::Ours => column(Field::OursAmount),
            Measure::Vendors => column(Field::VendorsAmount),
            Measure::Excluded => only(is(Status::Excluded), column(Field::VendorsAmount)),
            Measure::Difference => difference(),
            Measure::VendorOnly => only(is(Status::VendorOnly), difference()),
            Measure::Different => only(is(Status::Different), difference()),
            Measure::OursOnly => only(is(Status::OursOnly), difference()),
            Measure::Small => {
                only(is(Status::MatchedUnderRounding).or(is(Status::WithinTolerance)), difference())
            }
            Measure::Explained => only(col(IS_EXPLAINED).eq(lit(1_i64)), difference()),
            Measure::Open => only(is_open(), difference()),
            Measure::OurSeats => only(compared(), column(Field::OursQuantity)),
            Measure::VendorsSeats => only(compared(), column(Field::VendorsQuantity)),
            Measure::SeatsApart => only(
                compared(),
                unsigned(or_zero(column(Field::OursQuantity)) - or_zero(column(Field::VendorsQuantity))),
            ),
        };
        // Ones and zeros of a condition are 32 bits wide, and so would be their sum.
        or_zero(summed).cast(DataType::Int64).sum().alias(self.name())
    }
}

fn column(field: Field) -> Expr {
    col(field.name())
}

/// Whether a row has this status.
pub(super) fn is(status: Status) -> Expr {
    column(Field::Status).eq(lit(status.rank()))
}

/// Whether somebody has to look at a row and nobody explained it.
fn is_open() -> Expr {
    let [first, second, third] = Status::TO_LOOK_AT;
    is(first).or(is(second)).or(is(third)).and(col(IS_EXPLAINED).eq(lit(0_i64)))
}

fn only(condition: Expr, of: Expr) -> Expr {
    when(condition).then(of).otherwise(lit(0_i64))
}

fn or_zero(of: Expr) -> Expr {
    when(of.clone().is_null()).then(lit(0_i64)).otherwise(of)
}

fn unsigned(of: Expr) -> Expr {
    when(of.clone().lt(lit(0_i64))).then(lit(0_i64) - of.clone()).otherwise(of)
}

/// The sums of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sums([i64; Measure::ALL.len()]);

impl Sums {
    /// One of them.
    pub(super) fn of(&self, measure: Measure) -> i64 {
        self.0.get(measure as usize).copied().unwrap_or_default()
    }
}

/// A group of a currency and one more key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group<K> {
    pub(super) currency: String,
    pub(super) key: K,
    pub(super) sums: Sums,
}

/// Groups by the status of rows, by currency and in the order of reports.
pub(super) fn by_status(frames: &Frames) -> Result<Vec<Group<Status>>, ReportError> {
    let grouped = grouped(frames, &[Field::Currency, Field::Status])?;
    let sorted = grouped.sort([Field::Currency.name(), Field::Status.name()], ascending()).collect()?;
    ties(frames, &sorted, "statuses add up to the file")?;
    groups(&sorted, Field::Status, Status::of_rank)
}

/// Groups by the cause of differences, by currency and in the order of reports.
pub(super) fn by_cause(frames: &Frames) -> Result<Vec<Group<Cause>>, ReportError> {
    let grouped = grouped(frames, &[Field::Currency, Field::Cause])?;
    let sorted = grouped.sort([Field::Currency.name(), Field::Cause.name()], ascending()).collect()?;
    ties(frames, &sorted, "causes add up to the file")?;
    // Rows that match or are not compared have none, and no difference.
    let with_cause = sorted.lazy().filter(column(Field::Cause).is_not_null()).collect()?;
    groups(&with_cause, Field::Cause, Cause::of_rank)
}

/// Groups by customer, each currency by itself, the largest difference first.
pub(super) fn by_customer(
    frames: &Frames,
    names: &BTreeMap<String, String>,
) -> Result<DataFrame, ReportError> {
    let grouped = named(grouped(frames, &[Field::Currency, Field::CustomerId])?.collect()?, names)?;
    let sorted = largest_first(grouped.lazy(), &[Field::CustomerId])?;
    ties(frames, &sorted, "customers add up to the file")?;
    Ok(sorted)
}

/// Groups by product:SKU, each currency by itself, the largest difference first.
pub(super) fn by_product(frames: &Frames) -> Result<DataFrame, ReportError> {
    let grouped = grouped(frames, &[Field::Currency, Field::ProductId, Field::SkuId])?;
    let sorted = largest_first(grouped, &[Field::ProductId, Field::SkuId])?;
    ties(frames, &sorted, "products add up to the file")?;
    Ok(sorted)
}

fn grouped(frames: &Frames, keys: &[Field]) -> Result<LazyFrame, ReportError> {
    let keys: Vec<Expr> = keys.iter().copied().map(column).collect();
    Ok(frames.all.clone().lazy().group_by(keys).agg(Measure::ALL.map(Measure::sum)))
}

fn ascending() -> SortMultipleOptions {
    SortMultipleOptions::default().with_maintain_order(true)
}

fn largest_first(grouped: LazyFrame, keys: &[Field]) -> Result<DataFrame, ReportError> {
    let apart = unsigned(col(Measure::Difference.name())).alias(APART);
    let mut by = vec![Field::Currency.name(), APART];
    by.extend(keys.iter().map(|key| key.name()));
    let descending: Vec<bool> = by.iter().map(|&name| name == APART).collect();
    let order = ascending().with_order_descending_multi(descending);
    Ok(grouped.with_columns([apart]).sort(by, order).collect()?)
}

/// The rows of a sheet by these columns, and those that are alike in the order of the file.
pub(super) fn selected(listed: &DataFrame, which: Expr, by: &[&str]) -> Result<DataFrame, ReportError> {
    let apart = unsigned(or_zero(column(Field::Difference))).alias(APART);
    let rows = listed.clone().lazy().filter(which).with_columns([apart]);
    let by: Vec<&str> = by.iter().copied().chain([ROW]).collect();
    let descending: Vec<bool> = by.iter().map(|&name| name == APART).collect();
    Ok(rows.sort(by, ascending().with_order_descending_multi(descending)).collect()?)
}

/// The same rows in any order, each with its customer's name where that is known.
pub(super) fn named(frame: DataFrame, names: &BTreeMap<String, String>) -> Result<DataFrame, ReportError> {
    let rows = frame.height();
    let (ids, names): (Vec<&str>, Vec<&str>) =
        names.iter().map(|(id, name)| (id.as_str(), name.as_str())).unzip();
    let ids = Column::new(Field::CustomerId.name().into(), ids);
    let names = DataFrame::new_infer_height(vec![ids, Column::new(CUSTOMER_NAME.into(), names)])?;
    let one_name_each =
        JoinArgs { how: JoinType::Left, validation: JoinValidation::ManyToOne, ..JoinArgs::default() };
    let by = [column(Field::CustomerId)];
    let joined = frame.lazy().join(names.lazy(), by.clone(), by, one_name_each).collect()?;
    if joined.height() == rows {
        return Ok(joined);
    }
    let detail = format!("{rows} rows became {}", joined.height());
    Err(ReportError::Law { law: "a customer has one name", detail })
}

/// Holds groups against what was added up while reading, by currency.
fn ties(frames: &Frames, grouped: &DataFrame, law: &'static str) -> Result<(), ReportError> {
    let currencies = texts(grouped, Field::Currency.name())?;
    let sums = sums(grouped)?;
    let mut found: BTreeMap<&str, Control> = BTreeMap::new();
    for (place, sums) in sums.iter().enumerate() {
        let of = |measure| i128::from(sums.of(measure));
        let control = found.entry(currencies.get(place).unwrap_or_default()).or_default();
        control.rows += of(Measure::Rows);
        control.ours += of(Measure::Ours);
        control.vendors += of(Measure::Vendors);
        control.excluded += of(Measure::Excluded);
        control.difference += of(Measure::Difference);
    }
    let expected: BTreeMap<&str, Control> =
        frames.control.iter().map(|(currency, control)| (*currency, control.unweighed())).collect();
    if found == expected {
        return Ok(());
    }
    Err(ReportError::Law { law, detail: format!("{found:?} instead of {expected:?}, in minor units") })
}

/// A column of texts, in one piece.
pub(super) fn texts<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f StringChunked, ReportError> {
    Ok(frame.column(name)?.str()?)
}

/// A column of whole numbers.
pub(super) fn wholes<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f Int64Chunked, ReportError> {
    Ok(frame.column(name)?.i64()?)
}

fn sums(frame: &DataFrame) -> Result<Vec<Sums>, ReportError> {
    let mut rows = vec![Sums::default(); frame.height()];
    for measure in Measure::ALL {
        for (row, sum) in rows.iter_mut().zip(wholes(frame, measure.name())?.iter()) {
            if let Some(cell) = row.0.get_mut(measure as usize) {
                *cell = sum.unwrap_or_default();
            }
        }
    }
    Ok(rows)
}

fn groups<K>(
    frame: &DataFrame,
    key: Field,
    of_rank: impl Fn(i64) -> Option<K>,
) -> Result<Vec<Group<K>>, ReportError> {
    let currencies = texts(frame, Field::Currency.name())?.iter();
    let keys = wholes(frame, key.name())?.iter();
    let mut groups = Vec::new();
    for ((currency, rank), sums) in currencies.zip(keys).zip(sums(frame)?) {
        let (Some(currency), Some(key)) = (currency, rank.and_then(&of_rank)) else {
            let detail = format!("a group of {currency:?} has {} {rank:?}", key.name());
            return Err(ReportError::Law { law: "a group has its keys", detail });
        };
        groups.push(Group { currency: currency.to_owned(), key, sums });
    }
    Ok(groups)
}
