//! The workbook of a what-if: a summary, the change by month, by product and by customer, what is left out, and what it
//! was made from.
//!
//! ```text
//! Summary        totals of the run, for each currency and proposal ◀── held against ──┐
//! By month …     Total EUR = SUMIFS(rows) ─────────────────────────────────────────────┘
//! ```
//! Every total is added up here from the rows of its sheet, without signs too, and held against the total of the run
//! before anything is drawn: one that doesn't tie is an error and no workbook. The formulas say the same in the
//! spreadsheet, with their results beside them.

mod checks;
mod inputs;
mod left_out;
mod lines;
mod rows;
mod summary;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod fixture;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use super::model::WhatIf;
use crate::reports::page::{Page, Styles};
use crate::reports::{ReportError, figures};
use rust_xlsxwriter::{DocProperties, Workbook};
use termwise_engine::calendar::Day;

/// The workbook: the bytes of an .xlsx file, the same for the same what-if.
///
/// # Errors
/// A number is larger than a spreadsheet shows, or sums do not tie.
pub(super) fn workbook(what_if: &WhatIf) -> Result<Vec<u8>, ReportError> {
    checks::shape(what_if)?;
    let styles = Styles::new();
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(what_if)?);
    // The Summary is the first sheet and tells where the totals of the others stand, so it is filled in last.
    workbook.add_worksheet().set_name(summary::NAME)?;
    let mut placed = Vec::new();
    for sheet in [lines::by_month(what_if)?, lines::by_product(what_if)?, lines::by_customer(what_if)?] {
        placed.push(rows::write(&mut workbook, &styles, what_if, sheet)?);
    }
    let left_out = left_out::write(&mut workbook, &styles, what_if)?;
    inputs::write(&mut workbook, &styles, what_if)?;
    let page = Page::new(workbook.worksheet_from_name(summary::NAME)?, &styles, summary::NAME)?;
    summary::write(page, what_if, &placed, &left_out)?;
    Ok(workbook.save_to_buffer()?)
}

/// The file's properties: nothing of the clock, so that the same run has the same bytes.
fn properties(what_if: &WhatIf) -> Result<DocProperties, ReportError> {
    let day = figures::day(&what_if.as_of).and_then(Day::from_epoch_days);
    let unknown = || ReportError::Law { law: "a what-if looks at a day", detail: what_if.as_of.clone() };
    let made = crate::reports::workbook::date(day.ok_or_else(unknown)?)?;
    Ok(DocProperties::new()
        .set_title("What-if")
        .set_subject(format!("{} to {}", what_if.first, what_if.last))
        .set_author(format!("termwise {}", what_if.version))
        .set_comment(format!("inputs {}", what_if.digest))
        .set_creation_datetime(&made))
}

/// A count as a cell takes it.
fn whole(count: u64) -> Result<i64, ReportError> {
    i64::try_from(count).map_err(|_| ReportError::TooLarge { what: count.to_string() })
}

/// A count of rows as a sheet knows them.
fn as_row(count: usize) -> Result<u32, ReportError> {
    let law = "a sheet holds its rows";
    u32::try_from(count).map_err(|_| ReportError::Law { law, detail: count.to_string() })
}

/// A count of columns as a sheet knows them.
fn as_column(count: usize) -> Result<u16, ReportError> {
    let law = "a sheet holds its columns";
    u16::try_from(count).map_err(|_| ReportError::Law { law, detail: count.to_string() })
}

/// `1 customer`, `2 customers`.
fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
