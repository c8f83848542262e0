//! A sheet of rows with a group of columns for each proposal, and the totals of each currency above.
//!
//! ```text
//! By customer
//! Total EUR                            100.00   104.00     4.00   4.00%  …    80.00    76.00    -4.00  …
//!                                      vendor-2027: The vendor's list…        promotion: …
//! Currency  Customer id  Customer name  Before    After  Change Change % …   Before    After   Change  …
//! EUR       0001         Contoso        100.00   104.00     4.00   4.00%  …    80.00    76.00    -4.00  …
//! ```
//! What was before belongs to a proposal as well: it is without what is left out under the proposal.

use super::super::model::{CAUSES, Currency, WhatIf};
use super::lines::{Column, Line, Seen, Sheet, total_of};
use super::{as_column, as_row, checks, whole};
use crate::reports::page::{Over, Page, Place, Styles, Weight, quoted};
use crate::reports::{ReportError, figures};
use rust_xlsxwriter::{Workbook, cell_range_absolute, row_col_to_cell_absolute};

/// Totals of so many currencies stay in sight; more are hidden, and stand on the Summary.
const TOTALS_IN_SIGHT: usize = 6;
/// The first row of totals.
const TOTALS: u32 = 2;
const HEADER_LINES: u16 = 2;
const NARROWEST: usize = 9;
const WIDEST: usize = 40;

/// Where a sheet of rows has its columns and totals.
pub(super) struct Placed {
    pub(super) name: &'static str,
    columns: Vec<Column>,
    /// The columns of what names a row; those of the proposals follow.
    keys: u16,
}

impl Placed {
    /// The row of a currency's totals.
    pub(super) fn row(&self, currency: usize) -> Result<u32, ReportError> {
        Ok(TOTALS + as_row(currency)?)
    }

    /// The cell of a currency's total of a column; none where the sheet has no such column.
    pub(super) fn total(
        &self,
        currency: usize,
        proposal: usize,
        column: Column,
    ) -> Result<Option<String>, ReportError> {
        let Some(place) = self.columns.iter().position(|other| *other == column) else { return Ok(None) };
        let column = self.group(proposal)? + as_column(place)?;
        let cell = row_col_to_cell_absolute(self.row(currency)?, column);
        Ok(Some(format!("'{}'!{cell}", self.name)))
    }

    /// The first column of a proposal.
    fn group(&self, proposal: usize) -> Result<u16, ReportError> {
        as_column(usize::from(self.keys) + proposal * self.columns.len())
    }
}

/// Writes a sheet of rows.
pub(super) fn write(
    workbook: &mut Workbook,
    styles: &Styles,
    what_if: &WhatIf,
    sheet: Sheet<'_>,
) -> Result<Placed, ReportError> {
    let count: usize = sheet.blocks.iter().map(Vec::len).sum();
    let currencies = what_if.currencies.len();
    // Of one currency the total of what a filter leaves is of one currency too.
    let header = TOTALS + as_row(currencies)? + u32::from(currencies == 1) + 1;
    let placed =
        Placed { name: sheet.name, columns: sheet.columns.clone(), keys: as_column(sheet.keys.len())? };
    let page = Page::new(workbook.add_worksheet_with_low_memory()?, styles, sheet.name)?;
    let rows = (header + 1, header + as_row(count)?);
    Drawing { page, what_if, sheet: &sheet, placed: &placed, header, rows }.draw()?;
    Ok(placed)
}

struct Drawing<'a, 'w> {
    page: Page<'w>,
    what_if: &'a WhatIf,
    sheet: &'a Sheet<'a>,
    placed: &'a Placed,
    /// The row of the headings.
    header: u32,
    /// The first and the last row.
    rows: (u32, u32),
}

impl Drawing<'_, '_> {
    fn draw(mut self) -> Result<(), ReportError> {
        self.page.on_large_paper();
        self.page.title((0, 0), self.sheet.name)?;
        self.about()?;
        self.totals()?;
        self.headings()?;
        let (mut row, last) = self.rows;
        let (what_if, sheet) = (self.what_if, self.sheet);
        for (currency, lines) in what_if.currencies.iter().zip(&sheet.blocks) {
            for line in lines {
                self.line(row, line, currency.digits)?;
                row += 1;
            }
        }
        if row == self.rows.0 {
            self.page.note((row, 0), "none")?;
        }
        let width = self.placed.group(what_if.proposals.len())?;
        self.page.filter(self.header, last, width)?;
        self.page.fit(NARROWEST, WIDEST)
    }

    fn about(&mut self) -> Result<(), ReportError> {
        let currencies = self.what_if.currencies.len();
        let mut about = self.sheet.about.to_owned();
        if currencies > TOTALS_IN_SIGHT {
            let last = TOTALS + as_row(currencies)?;
            self.page.hide(TOTALS..last)?;
            about += &format!(
                " Totals of {currencies} currencies stand in the hidden rows {} to {last}.",
                TOTALS + 1
            );
        }
        self.page.note((1, 0), &about)
    }

    /// A line of totals for each currency, and of one alone what a filter leaves of it.
    fn totals(&mut self) -> Result<(), ReportError> {
        let what_if = self.what_if;
        let (first, last) = (self.rows.0, self.rows.1.max(self.rows.0));
        let keys = cell_range_absolute(first, 0, last, 0);
        for (row, currency) in (TOTALS..).zip(&what_if.currencies) {
            self.page.bold((row, 0), &format!("Total {}", currency.code))?;
            let of_it = quoted(&currency.code);
            self.total(row, currency, |column| {
                format!("SUMIFS({},{keys},{of_it})", cell_range_absolute(first, column, last, column))
            })?;
        }
        if let [currency] = what_if.currencies.as_slice() {
            let row = TOTALS + 1;
            self.page.bold((row, 0), &format!("Shown {}", currency.code))?;
            self.total(row, currency, |column| {
                format!("SUBTOTAL(109,{})", cell_range_absolute(first, column, last, column))
            })?;
        }
        Ok(())
    }

    fn total(
        &mut self,
        row: u32,
        currency: &Currency,
        formula: impl Fn(u16) -> String,
    ) -> Result<(), ReportError> {
        for (number, world) in currency.worlds.iter().enumerate() {
            let total = total_of(currency, world)?;
            for (place, column) in (self.placed.group(number)?..).zip(&self.sheet.columns) {
                self.total_cell((row, place), *column, &total, currency, &formula(place))?;
            }
        }
        Ok(())
    }

    fn total_cell(
        &mut self,
        place: Place,
        column: Column,
        total: &Seen<'_>,
        currency: &Currency,
        formula: &str,
    ) -> Result<(), ReportError> {
        let page = &mut self.page;
        match column {
            Column::Before | Column::After | Column::Change | Column::Cause(_) => {
                let amount = total.amount(column).unwrap_or_default();
                page.sum(place, formula, amount, currency.digits, Weight::InAll)
            }
            Column::FirstEffects => page.count_of(place, formula, whole(total.first_effects)?, Weight::InAll),
            Column::Percent => {
                // Before, after and the change stand on the left of it.
                let [before, change] =
                    [3, 1].map(|left| row_col_to_cell_absolute(place.0, place.1.saturating_sub(left)));
                let percent = checks::percent(total.change, total.sums.before)?;
                page.percent_of(place, &percent_formula(&change, &before), percent, Weight::InAll)
            }
            // A subscription may stand in several rows.
            Column::Subscriptions | Column::EffectiveOn => Ok(()),
        }
    }

    fn headings(&mut self) -> Result<(), ReportError> {
        let mut headings: Vec<(&str, Over)> = self.sheet.keys.iter().map(|key| (*key, Over::Texts)).collect();
        let band = self.header - 1;
        for (number, proposal) in self.what_if.proposals.iter().enumerate() {
            headings.extend(self.sheet.columns.iter().map(|column| heading(*column)));
            let columns = self.placed.group(number)?..=self.placed.group(number + 1)? - 1;
            self.page.band(band, columns, number, &format!("{}: {}", proposal.name, proposal.title))?;
        }
        self.page.keep(band..=self.header, self.placed.keys, HEADER_LINES)?;
        self.page.head(self.header, headings)
    }

    fn line(&mut self, row: u32, line: &Line<'_>, digits: u32) -> Result<(), ReportError> {
        for (column, key) in (0..).zip(&line.keys) {
            self.page.text((row, column), key)?;
        }
        for (number, seen) in line.worlds.iter().enumerate() {
            for (place, column) in (self.placed.group(number)?..).zip(&self.sheet.columns) {
                self.cell((row, place), *column, seen, digits)?;
            }
        }
        Ok(())
    }

    fn cell(
        &mut self,
        place: Place,
        column: Column,
        seen: &Seen<'_>,
        digits: u32,
    ) -> Result<(), ReportError> {
        let page = &mut self.page;
        match column {
            Column::Before | Column::After | Column::Change | Column::Cause(_) => {
                page.amount(place, seen.amount(column).unwrap_or_default(), digits)
            }
            Column::Percent => match checks::percent(seen.change, seen.sums.before)? {
                Some(percent) => page.percent(place, percent),
                None => Ok(()),
            },
            Column::Subscriptions => page.count(place, whole(seen.subscriptions)?),
            Column::FirstEffects => page.count(place, whole(seen.first_effects)?),
            Column::EffectiveOn => day(page, place, seen.effective_on),
        }
    }
}

/// A day as a day; a text that is none stands as it is.
pub(super) fn day(page: &mut Page<'_>, place: Place, text: &str) -> Result<(), ReportError> {
    match figures::day(text) {
        Some(day) => page.day(place, day),
        None => page.text(place, text),
    }
}

/// A change in percent of what was before: of nothing there is none.
pub(super) fn percent_formula(change: &str, before: &str) -> String {
    format!("IF({before}>0,ROUND({change}/{before},4),\"\")")
}

fn heading(column: Column) -> (&'static str, Over) {
    match column {
        Column::Before => ("Before", Over::Numbers),
        Column::After => ("After", Over::Numbers),
        Column::Change => ("Change", Over::Numbers),
        Column::Percent => ("Change %", Over::Numbers),
        Column::Cause(number) => (CAUSES.get(number).copied().unwrap_or_default(), Over::Numbers),
        Column::Subscriptions => ("Subscriptions changed", Over::Numbers),
        Column::FirstEffects => ("First effects", Over::Numbers),
        Column::EffectiveOn => ("Effective on", Over::Texts),
    }
}
