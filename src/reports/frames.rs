//! The rows of a file of differences, as frames, and the sums that every group-by must tie with.

use super::figures::LARGEST;
use super::{ReportError, reading::Cells, reading::Fault};
use polars::prelude::{Column, DataFrame, StringChunkedBuilder};
use polars::series::IntoSeries;
use std::collections::BTreeMap;
use termwise_engine::money::Currency;
use termwise_engine::reconciling::{Cause, Status};

/// The columns of the file, in its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Field {
    Status,
    Cause,
    CustomerId,
    SubscriptionId,
    ProductId,
    SkuId,
    CycleStart,
    CycleEnd,
    OursQuantity,
    VendorsQuantity,
    OursUnitPrice,
    VendorsUnitPrice,
    OursSeatDays,
    VendorsSeatDays,
    OursPromotionId,
    VendorsPromotionId,
    OursAmount,
    VendorsAmount,
    Difference,
    Currency,
    Rounding,
    ExplainedBy,
    OursLines,
    VendorsLines,
    Detail,
}

/// What the cells of a column are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// The rank of a status or a cause.
    Status,
    Cause,
    Text,
    Day,
    Count,
    /// In millionths.
    Price,
    /// In minor units.
    Amount,
}

impl Field {
    /// All of them.
    pub(super) const ALL: [Field; 25] = [
        Field::Status,
        Field::Cause,
        Field::CustomerId,
        Field::SubscriptionId,
        Field::ProductId,
        Field::SkuId,
        Field::CycleStart,
        Field::CycleEnd,
        Field::OursQuantity,
        Field::VendorsQuantity,
        Field::OursUnitPrice,
        Field::VendorsUnitPrice,
        Field::OursSeatDays,
        Field::VendorsSeatDays,
        Field::OursPromotionId,
        Field::VendorsPromotionId,
        Field::OursAmount,
        Field::VendorsAmount,
        Field::Difference,
        Field::Currency,
        Field::Rounding,
        Field::ExplainedBy,
        Field::OursLines,
        Field::VendorsLines,
        Field::Detail,
    ];

    /// Those that group-bys need, of every row.
    const GROUPED: [Field; 11] = [
        Field::Status,
        Field::Cause,
        Field::CustomerId,
        Field::ProductId,
        Field::SkuId,
        Field::OursQuantity,
        Field::VendorsQuantity,
        Field::OursAmount,
        Field::VendorsAmount,
        Field::Difference,
        Field::Currency,
    ];

    /// As the header names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Field::Status => "status",
            Field::Cause => "cause",
            Field::CustomerId => "customer_id",
            Field::SubscriptionId => "subscription_id",
            Field::ProductId => "product_id",
            Field::SkuId => "sku_id",
            Field::CycleStart => "cycle_start",
            Field::CycleEnd => "cycle_end",
            Field::OursQuantity => "ours_quantity",
            Field::VendorsQuantity => "vendors_quantity",
            Field::OursUnitPrice => "ours_unit_price",
            Field::VendorsUnitPrice => "vendors_unit_price",
            Field::OursSeatDays => "ours_seat_days",
            Field::VendorsSeatDays => "vendors_seat_days",
            Field::OursPromotionId => "ours_promotion_id",
            Field::VendorsPromotionId => "vendors_promotion_id",
            Field::OursAmount => "ours_amount",
            Field::VendorsAmount => "vendors_amount",
            Field::Difference => "difference",
            Field::Currency => "currency",
            Field::Rounding => "rounding",
            Field::ExplainedBy => "explained_by",
            Field::OursLines => "ours_lines",
            Field::VendorsLines => "vendors_lines",
            Field::Detail => "detail",
        }
    }

    /// What its cells are.
    pub(super) const fn kind(self) -> Kind {
        match self {
            Field::Status => Kind::Status,
            Field::Cause => Kind::Cause,
            Field::CustomerId
            | Field::SubscriptionId
            | Field::ProductId
            | Field::SkuId
            | Field::OursPromotionId
            | Field::VendorsPromotionId
            | Field::Currency
            | Field::Rounding
            | Field::ExplainedBy
            | Field::Detail => Kind::Text,
            Field::CycleStart | Field::CycleEnd => Kind::Day,
            Field::OursQuantity
            | Field::VendorsQuantity
            | Field::OursSeatDays
            | Field::VendorsSeatDays
            | Field::OursLines
            | Field::VendorsLines => Kind::Count,
            Field::OursUnitPrice | Field::VendorsUnitPrice => Kind::Price,
            Field::OursAmount | Field::VendorsAmount | Field::Difference => Kind::Amount,
        }
    }
}

/// The sums of a currency: of amounts in its minor unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Control {
    pub(super) rows: i128,
    pub(super) ours: i128,
    pub(super) vendors: i128,
    /// The vendor's amounts that are not compared.
    pub(super) excluded: i128,
    pub(super) difference: i128,
    /// All amounts without their signs: no sum over any of the rows is further from zero.
    weight: i128,
}

impl Control {
    /// The sums alone.
    pub(super) const fn unweighed(self) -> Control {
        Control { weight: 0, ..self }
    }
}

/// A file of differences.
pub(super) struct Frames {
    /// What group-bys need, of every row.
    pub(super) all: DataFrame,
    /// Everything, of the rows that are listed.
    pub(super) listed: DataFrame,
    /// What was added up while reading, by currency.
    pub(super) control: BTreeMap<&'static str, Control>,
}

/// Whether a row is explained, as a column of 0 and 1 for sums.
pub(super) const IS_EXPLAINED: &str = "is_explained";
/// The number of a row in the file: what rows are sorted by at last.
pub(super) const ROW: &str = "row";

/// What the frames are gathered in.
pub(super) struct Gathering {
    all: Vec<(Field, Store)>,
    is_explained: Vec<i64>,
    listed: Vec<(Field, Store)>,
    listed_rows: Vec<i64>,
    with_matched: bool,
    control: BTreeMap<&'static str, Control>,
    seats: i128,
}

/// The cells of a column.
enum Store {
    Texts(StringChunkedBuilder),
    Wholes(Vec<Option<i64>>),
    Days(Vec<Option<i32>>),
}

/// A cell of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cell<'a> {
    Text(&'a str),
    Whole(Option<i64>),
    Day(Option<i32>),
}

/// A row, cell by cell in the order of [`Field::ALL`].
struct Row<'a> {
    status: Status,
    currency: Currency,
    cells: [Cell<'a>; Field::ALL.len()],
}

impl<'a> Row<'a> {
    fn read(cells: &'a impl Cells) -> Result<Row<'a>, Fault> {
        let word = |field: Field| cells.text(field).map(|word| (field, word));
        let (field, word_found) = word(Field::Status)?;
        let status = Status::of(word_found).ok_or_else(|| Fault::of(field, "it is no status"))?;
        let (field, word_found) = word(Field::Currency)?;
        let currency =
            Currency::from_code(word_found).ok_or_else(|| Fault::of(field, "it is no currency"))?;
        let (field, word_found) = word(Field::Cause)?;
        let cause = Cause::of(word_found);
        let is_cause = if status.has_cause() { cause.is_some() } else { word_found.is_empty() };
        if !is_cause {
            return Err(Fault::of(field, "it is no cause of this status"));
        }
        let mut row = Row { status, currency, cells: [Cell::Whole(None); Field::ALL.len()] };
        for (cell, field) in row.cells.iter_mut().zip(Field::ALL) {
            *cell = match field.kind() {
                Kind::Status => Cell::Whole(Some(status.rank())),
                Kind::Cause => Cell::Whole(cause.map(Cause::rank)),
                Kind::Text => Cell::Text(cells.text(field)?),
                Kind::Day => Cell::Day(cells.day(field)?),
                Kind::Count => Cell::Whole(cells.count(field)?),
                Kind::Price => Cell::Whole(cells.decimal(field, super::figures::PRICE_DIGITS)?),
                Kind::Amount => Cell::Whole(cells.decimal(field, currency.digits())?),
            };
        }
        row.check_difference()?;
        Ok(row)
    }

    fn whole(&self, field: Field) -> Option<i64> {
        match self.cells.get(field as usize) {
            Some(Cell::Whole(whole)) => *whole,
            Some(Cell::Text(_) | Cell::Day(_)) | None => None,
        }
    }

    /// A number, nothing being zero: for sums.
    fn sum(&self, field: Field) -> i128 {
        self.whole(field).map_or(0, i128::from)
    }

    /// A difference is ours less the vendor's, and rows that are not compared have none.
    fn check_difference(&self) -> Result<(), Fault> {
        let difference = self.whole(Field::Difference).map(i128::from);
        let expected = match self.status {
            Status::Excluded => None,
            Status::Matched
            | Status::MatchedUnderRounding
            | Status::WithinTolerance
            | Status::Different
            | Status::VendorOnly
            | Status::OursOnly => Some(self.sum(Field::OursAmount) - self.sum(Field::VendorsAmount)),
        };
        if difference == expected {
            return Ok(());
        }
        Err(Fault::of(Field::Difference, "it is not our amount less the vendor's"))
    }
}

impl Gathering {
    /// Nothing yet.
    pub(super) fn new(with_matched: bool) -> Gathering {
        let stores = |fields: &[Field]| fields.iter().map(|&field| (field, Store::of(field))).collect();
        Gathering {
            all: stores(&Field::GROUPED),
            is_explained: Vec::new(),
            listed: stores(&Field::ALL),
            listed_rows: Vec::new(),
            with_matched,
            control: BTreeMap::new(),
            seats: 0,
        }
    }

    /// Takes a row.
    pub(super) fn take(&mut self, cells: &impl Cells) -> Result<(), Fault> {
        let row = Row::read(cells)?;
        let control = self.control.entry(row.currency.code()).or_default();
        let (ours, vendors) = (row.sum(Field::OursAmount), row.sum(Field::VendorsAmount));
        control.rows += 1;
        control.ours += ours;
        control.vendors += vendors;
        control.difference += row.sum(Field::Difference);
        control.weight += ours.abs() + vendors.abs();
        if row.status == Status::Excluded {
            control.excluded += vendors;
        }
        self.seats += row.sum(Field::OursQuantity).abs() + row.sum(Field::VendorsQuantity).abs();
        let is_matched = matches!(row.status, Status::Matched | Status::MatchedUnderRounding);
        let is_explained = row.cells.get(Field::ExplainedBy as usize) != Some(&Cell::Text(""));
        self.is_explained.push(i64::from(is_explained));
        push(&mut self.all, &row.cells);
        // An explained row stands on a sheet of its own, whatever its status.
        if self.with_matched || !is_matched || is_explained {
            push(&mut self.listed, &row.cells);
            self.listed_rows.push(self.is_explained.len() as i64);
        }
        Ok(())
    }

    /// The frames, if a spreadsheet can show their sums.
    pub(super) fn frames(self) -> Result<Frames, ReportError> {
        for (currency, control) in &self.control {
            if control.weight > i128::from(LARGEST) {
                let what = format!("the sum of all amounts in {currency}, {} minor units,", control.weight);
                return Err(ReportError::TooLarge { what });
            }
        }
        if self.seats > i128::from(LARGEST) {
            return Err(ReportError::TooLarge { what: format!("the sum of all seats, {},", self.seats) });
        }
        let columns = |stores: Vec<(Field, Store)>| -> Vec<Column> {
            stores.into_iter().map(|(field, store)| store.column(field)).collect()
        };
        let mut all = columns(self.all);
        all.push(Column::new(IS_EXPLAINED.into(), self.is_explained));
        let mut listed = columns(self.listed);
        listed.push(Column::new(ROW.into(), self.listed_rows));
        Ok(Frames {
            all: DataFrame::new_infer_height(all)?,
            listed: DataFrame::new_infer_height(listed)?,
            control: self.control,
        })
    }
}

fn push(stores: &mut [(Field, Store)], cells: &[Cell<'_>]) {
    for (field, store) in stores {
        match (store, cells.get(*field as usize)) {
            (Store::Texts(texts), Some(Cell::Text(text))) => texts.append_value(text),
            (Store::Wholes(wholes), Some(Cell::Whole(whole))) => wholes.push(*whole),
            (Store::Days(days), Some(Cell::Day(day))) => days.push(*day),
            // A store and a cell are of the kind of their field.
            (Store::Texts(texts), _) => texts.append_value(""),
            (Store::Wholes(wholes), _) => wholes.push(None),
            (Store::Days(days), _) => days.push(None),
        }
    }
}

impl Store {
    fn of(field: Field) -> Store {
        match field.kind() {
            Kind::Text => Store::Texts(StringChunkedBuilder::new(field.name().into(), 0)),
            Kind::Day => Store::Days(Vec::new()),
            Kind::Status | Kind::Cause | Kind::Count | Kind::Price | Kind::Amount => {
                Store::Wholes(Vec::new())
            }
        }
    }

    fn column(self, field: Field) -> Column {
        match self {
            Store::Texts(texts) => texts.finish().into_series().into(),
            Store::Wholes(wholes) => Column::new(field.name().into(), wholes),
            Store::Days(days) => Column::new(field.name().into(), days),
        }
    }
}
