//! A sheet of rows: what it is, totals by currency, a header, and the rows of a frame in its order.
//!
//! ```text
//! We pay and do not bill
//! The vendor charges these and …
//! Total EUR                …          -123.45
//! Cause     Customer id    …       Difference   Currency   Owner   Note   Resolved
//! unmapped  0001           …          -123.45   EUR
//! ```
//! More rows than a sheet holds go on in the next one, `… 2`, each with totals of its own rows.

use super::ReportError;
use super::frames::{Field, Kind};
use super::groups::{self, Measure};
use super::page::{Over, Page, Styles, Weight, quoted};
use polars::prelude::{DataFrame, Int32Chunked, Int64Chunked, StringChunked};
use rust_xlsxwriter::{Workbook, cell_range_absolute, row_col_to_cell_absolute};
use std::collections::BTreeMap;
use termwise_engine::money::Currency;
use termwise_engine::reconciling::{Cause, Status};

/// Totals of so many currencies stay in sight; more are hidden, and stand on the Summary.
const TOTALS_IN_SIGHT: usize = 6;
const HEADER_LINES: u16 = 3;
const NARROWEST: usize = 9;
const WIDEST: usize = 40;
/// For people, at the right of what they look at.
const REVIEWERS: [(&str, u16); 3] = [("Owner", 16), ("Note", 32), ("Resolved", 12)];

/// A column of a sheet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// Of the frame.
    column: &'static str,
    heading: &'static str,
    kind: Kind,
}

impl Shown {
    /// A column of the file.
    pub(super) const fn field(field: Field, heading: &'static str) -> Shown {
        Shown { column: field.name(), heading, kind: field.kind() }
    }

    /// A sum of amounts.
    pub(super) const fn sum(measure: Measure, heading: &'static str) -> Shown {
        Shown { column: measure.name(), heading, kind: Kind::Amount }
    }

    /// A count or a sum of seats.
    pub(super) const fn count(measure: Measure, heading: &'static str) -> Shown {
        Shown { column: measure.name(), heading, kind: Kind::Count }
    }

    /// The customer's name.
    pub(super) const fn name() -> Shown {
        Shown { column: groups::CUSTOMER_NAME, heading: "Customer name", kind: Kind::Text }
    }

    const fn over(self) -> Over {
        match self.kind {
            Kind::Status | Kind::Cause | Kind::Text | Kind::Day => Over::Texts,
            Kind::Count | Kind::Price | Kind::Amount => Over::Numbers,
        }
    }

    /// Whether its cells can be added up.
    const fn adds_up(self) -> bool {
        match self.kind {
            Kind::Amount | Kind::Count => true,
            Kind::Status | Kind::Cause | Kind::Text | Kind::Day | Kind::Price => false,
        }
    }
}

/// What a sheet of rows is.
pub(super) struct Listing<'a> {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) columns: &'a [Shown],
    pub(super) rows: DataFrame,
    /// Whether there are columns for people.
    pub(super) is_reviewed: bool,
}

/// A total of a column, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Total {
    /// The cell, with its sheet.
    pub(super) cell: String,
    pub(super) amount: i64,
}

/// What was written of a listing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Written {
    /// Rows by currency.
    pub(super) rows: BTreeMap<String, i64>,
    /// Totals by column and currency, one for each sheet that has some of it.
    pub(super) totals: BTreeMap<(&'static str, String), Vec<Total>>,
}

impl Listing<'_> {
    /// Writes the sheets of a listing, with at most so many rows each.
    pub(super) fn write(
        &self,
        workbook: &mut Workbook,
        styles: &Styles,
        most: usize,
    ) -> Result<Written, ReportError> {
        let mut written = Written::default();
        let rows = self.rows.height();
        let parts = rows.div_ceil(most).max(1);
        for part in 0..parts {
            let mut piece = self.rows.slice((part * most) as i64, most.min(rows - part * most));
            piece.rechunk_mut();
            let name = if part == 0 { self.name.to_owned() } else { format!("{} {}", self.name, part + 1) };
            let title = if parts == 1 {
                self.name.to_owned()
            } else {
                format!("{}, part {} of {parts}", self.name, part + 1)
            };
            let sheet = workbook.add_worksheet_with_low_memory()?;
            let page = Page::new(sheet, styles, &name)?;
            Part { listing: self, name, piece: &piece }.write(page, &title, &mut written)?;
        }
        Ok(written)
    }
}

/// One sheet of a listing.
struct Part<'a> {
    listing: &'a Listing<'a>,
    name: String,
    piece: &'a DataFrame,
}

impl Part<'_> {
    fn write(&self, mut page: Page<'_>, title: &str, written: &mut Written) -> Result<(), ReportError> {
        let drawn = self.drawn()?;
        let currencies = groups::texts(self.piece, Field::Currency.name())?;
        let mut rows: BTreeMap<&str, i64> = BTreeMap::new();
        currencies.iter().flatten().for_each(|currency| *rows.entry(currency).or_default() += 1);
        // Of one currency the total of what a filter leaves is of one currency too.
        let shown_rows = u32::from(rows.len() == 1);
        let header = 2 + as_row(rows.len())? + shown_rows;
        let last = header + as_row(self.piece.height())?;

        page.on_large_paper();
        page.title((0, 0), title)?;
        let mut about = self.listing.about.to_owned();
        if rows.len() > TOTALS_IN_SIGHT {
            page.hide(2..header)?;
            about += &format!(" Totals of {} currencies stand in the hidden rows 3 to {header}.", rows.len());
        }
        page.note((1, 0), &about)?;
        for (row, (currency, count)) in (2..).zip(&rows) {
            *written.rows.entry((*currency).to_owned()).or_default() += count;
            self.totals(&mut page, row, (header + 1, last), currency, written)?;
        }
        if shown_rows == 1 {
            self.filtered(&mut page, header - 1, (header + 1, last), &rows)?;
        }
        let mut headings: Vec<(&str, Over)> =
            self.listing.columns.iter().map(|shown| (shown.heading, shown.over())).collect();
        if self.listing.is_reviewed {
            headings.extend(REVIEWERS.map(|(heading, _)| (heading, Over::Texts)));
        }
        let width = u16::try_from(headings.len()).unwrap_or(u16::MAX);
        page.keep_header(header, HEADER_LINES)?;
        page.head(header, headings)?;
        if self.piece.height() == 0 {
            page.note((header + 1, 0), "none")?;
        }
        let mut digits = Digits::default();
        for place in 0..self.piece.height() {
            let row = header + 1 + as_row(place)?;
            let digits = digits.of(currencies.get(place).unwrap_or_default())?;
            for (column, cell) in (0..).zip(&drawn) {
                cell.put(&mut page, (row, column), place, digits)?;
            }
        }
        page.filter(header, last, width)?;
        page.fit(NARROWEST, WIDEST)?;
        if self.listing.is_reviewed {
            let first = u16::try_from(drawn.len()).unwrap_or(u16::MAX);
            (first..).zip(REVIEWERS).try_for_each(|(column, (_, letters))| page.width(column, letters))?;
        }
        Ok(())
    }

    /// The columns that add up, each with its place.
    fn added_up(&self) -> impl Iterator<Item = (u16, Shown)> {
        (0..).zip(self.listing.columns.iter().copied()).filter(|(_, shown)| shown.adds_up())
    }

    /// The totals of a currency.
    fn totals(
        &self,
        page: &mut Page<'_>,
        row: u32,
        (first, last): (u32, u32),
        currency: &str,
        written: &mut Written,
    ) -> Result<(), ReportError> {
        page.bold((row, 0), &format!("Total {currency}"))?;
        let place = |name| self.listing.columns.iter().position(|shown| shown.column == name);
        let Some(of) = place(Field::Currency.name()).and_then(|place| u16::try_from(place).ok()) else {
            let detail = self.name.clone();
            return Err(ReportError::Law { law: "a sheet names the currency of its amounts", detail });
        };
        let keys = cell_range_absolute(first, of, last, of);
        for (column, shown) in self.added_up() {
            let amount = self.total_of(shown, currency)?;
            let range = cell_range_absolute(first, column, last, column);
            let formula = format!("SUMIFS({range},{keys},{})", quoted(currency));
            put_total(page, (row, column), shown, &formula, amount, currency)?;
            let cell = row_col_to_cell_absolute(row, column);
            let total = Total { cell: format!("'{}'!{cell}", self.name), amount };
            written.totals.entry((shown.column, currency.to_owned())).or_default().push(total);
        }
        Ok(())
    }

    /// The totals of what a filter leaves in sight.
    fn filtered(
        &self,
        page: &mut Page<'_>,
        row: u32,
        (first, last): (u32, u32),
        rows: &BTreeMap<&str, i64>,
    ) -> Result<(), ReportError> {
        for currency in rows.keys() {
            page.bold((row, 0), &format!("Shown {currency}"))?;
            for (column, shown) in self.added_up() {
                let range = cell_range_absolute(first, column, last, column);
                let amount = self.total_of(shown, currency)?;
                put_total(page, (row, column), shown, &format!("SUBTOTAL(109,{range})"), amount, currency)?;
            }
        }
        Ok(())
    }

    fn total_of(&self, shown: Shown, currency: &str) -> Result<i64, ReportError> {
        let currencies = groups::texts(self.piece, Field::Currency.name())?.iter();
        let amounts = groups::wholes(self.piece, shown.column)?.iter();
        let of_it = amounts.zip(currencies).filter(|(_, of)| *of == Some(currency));
        let sum: i128 = of_it.filter_map(|(amount, _)| amount).map(i128::from).sum();
        let what = || format!("{}: the total of {} in {currency}", self.name, shown.heading);
        i64::try_from(sum).map_err(|_| ReportError::TooLarge { what: what() })
    }

    fn drawn(&self) -> Result<Vec<Drawn<'_>>, ReportError> {
        self.listing.columns.iter().map(|shown| Drawn::of(self.piece, *shown)).collect()
    }
}

fn put_total(
    page: &mut Page<'_>,
    place: (u32, u16),
    shown: Shown,
    formula: &str,
    amount: i64,
    currency: &str,
) -> Result<(), ReportError> {
    match shown.kind {
        Kind::Amount => page.sum(place, formula, amount, digits_of(currency)?, Weight::InAll),
        Kind::Status | Kind::Cause | Kind::Text | Kind::Day | Kind::Count | Kind::Price => {
            page.count_of(place, formula, amount, Weight::InAll)
        }
    }
}

/// The digits of a currency.
pub(super) fn digits_of(currency: &str) -> Result<u32, ReportError> {
    let known = Currency::from_code(currency).map(Currency::digits);
    known.ok_or_else(|| ReportError::Law { law: "a row has a currency", detail: currency.to_owned() })
}

/// The digits of the currency that was asked for last: rows of one currency follow one another.
#[derive(Default)]
struct Digits {
    last: String,
    digits: u32,
}

impl Digits {
    fn of(&mut self, currency: &str) -> Result<u32, ReportError> {
        if self.last != currency {
            self.digits = digits_of(currency)?;
            currency.clone_into(&mut self.last);
        }
        Ok(self.digits)
    }
}

fn as_row(count: usize) -> Result<u32, ReportError> {
    let law = "a sheet holds its rows";
    u32::try_from(count).map_err(|_| ReportError::Law { law, detail: count.to_string() })
}

/// A column of a frame, as it is drawn.
enum Drawn<'f> {
    Statuses(&'f Int64Chunked),
    Causes(&'f Int64Chunked),
    Texts(&'f StringChunked),
    Days(&'f Int32Chunked),
    Counts(&'f Int64Chunked),
    Prices(&'f Int64Chunked),
    Amounts(&'f Int64Chunked),
}

impl<'f> Drawn<'f> {
    fn of(frame: &'f DataFrame, shown: Shown) -> Result<Drawn<'f>, ReportError> {
        let wholes = || groups::wholes(frame, shown.column);
        Ok(match shown.kind {
            Kind::Status => Drawn::Statuses(wholes()?),
            Kind::Cause => Drawn::Causes(wholes()?),
            Kind::Text => Drawn::Texts(groups::texts(frame, shown.column)?),
            Kind::Day => Drawn::Days(frame.column(shown.column)?.i32()?),
            Kind::Count => Drawn::Counts(wholes()?),
            Kind::Price => Drawn::Prices(wholes()?),
            Kind::Amount => Drawn::Amounts(wholes()?),
        })
    }

    /// Puts the cell of a row; nothing where it has none.
    fn put(&self, page: &mut Page<'_>, at: (u32, u16), place: usize, digits: u32) -> Result<(), ReportError> {
        match self {
            Drawn::Statuses(ranks) => {
                let status = ranks.get(place).and_then(Status::of_rank);
                page.text(at, status.map_or("", Status::name))
            }
            Drawn::Causes(ranks) => {
                let cause = ranks.get(place).and_then(Cause::of_rank);
                page.text(at, cause.map_or("", Cause::name))
            }
            Drawn::Texts(texts) => page.text(at, texts.get(place).unwrap_or_default()),
            Drawn::Days(days) => days.get(place).map_or(Ok(()), |day| page.day(at, day)),
            Drawn::Counts(counts) => counts.get(place).map_or(Ok(()), |count| page.count(at, count)),
            Drawn::Prices(prices) => prices.get(place).map_or(Ok(()), |price| page.price(at, price, digits)),
            Drawn::Amounts(amounts) => {
                amounts.get(place).map_or(Ok(()), |amount| page.amount(at, amount, digits))
            }
        }
    }
}
