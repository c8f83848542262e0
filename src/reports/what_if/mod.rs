//! The reports of a what-if: the sums of its effects, the page and the workbook.
//!
//! ```text
//! effects, part by part ──▶ group, sum (polars) ──▶ by_customer, by_product, by_month ──▶ what is shown ─┬▶ what_if.html
//!                                                                                                      └▶ what_if.xlsx
//! ```
//! What this deliberately does not do: rate. What the page and the workbook show are the very sums that are published beside
//! them, and both are checked to add up.

mod groups;
mod model;
mod page;
mod shown;
mod workbook;

pub use groups::{Groups, PartGroups, finish, of_part};
pub use shown::{Facts, shown};

use super::ReportError;
pub use model::WhatIf;

/// The page: one file of HTML that needs nothing else, the same for the same sums.
///
/// # Errors
/// The page can't be written.
pub fn page(what_if: &WhatIf) -> Result<String, ReportError> {
    Ok(page::html(what_if)?)
}

/// The workbook: the bytes of an .xlsx file, the same for the same sums.
///
/// # Errors
/// An amount is larger than a spreadsheet shows, or sums do not tie.
pub fn workbook(what_if: &WhatIf) -> Result<Vec<u8>, ReportError> {
    workbook::workbook(what_if)
}
