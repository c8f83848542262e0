//! What the workbook was made from, and how: input files with their digests, the policy, notes, and the rules in words.

use super::super::model::WhatIf;
use super::whole;
use crate::reports::ReportError;
use crate::reports::page::{Over, Page, Styles};
use rust_xlsxwriter::Workbook;

/// Its name.
pub(super) const NAME: &str = "Inputs & rules";

const INPUT_COLUMNS: [(&str, Over); 5] = [
    ("Input", Over::Texts),
    ("File", Over::Texts),
    ("Rows", Over::Numbers),
    ("Bytes", Over::Numbers),
    ("BLAKE3", Over::Texts),
];
const WIDTHS: [u16; 5] = [30, 50, 12, 16, 68];
const HEADER: u32 = 3;

/// How the amounts come about.
const RULES: [&str; 14] = [
    "The book is played once up to the end of the day on the Summary, under today's list, promotions and policy.",
    "From there it goes on in each world: as it is today, and once for each proposal. Seats stay as they are.",
    "Nothing that is running is repriced. A proposal reaches a subscription at its next renewal, extension or trial conversion.",
    "Policy settings of a proposal hold from the day after, those of rounding for every charge. (R70, R71)",
    "An amount belongs to the month of its charge day. A charge of a cycle is due on its first day.",
    "Change is after less before, and the sum of its five causes. (R72)",
    "List price, promotion, code and policy: the average, over all orders, of changing one factor after the other.",
    "Policy is everything else, and charges that only one world has.",
    "Each cause is summed by subscription and month and rounded half-up, away from zero. Rounding is what is left of the change.",
    "A renewal that one world can't price is left out of both from its day on, and stands on the sheet Left out.",
    "Effective on is the first day of the first charge that differs, in the first month that changes in its amount or in a cause.",
    "A percentage is of what was before, rounded half-up, away from zero, to two decimals. Of nothing there is none.",
    "A customer whose amount over the horizon rises by more than 20 % is counted among those of 10 and of 5 % too.",
    "Currencies are never added up.",
];

/// Writes the sheet.
pub(super) fn write(workbook: &mut Workbook, styles: &Styles, what_if: &WhatIf) -> Result<(), ReportError> {
    let mut page = Page::new(workbook.add_worksheet(), styles, NAME)?;
    page.title((0, 0), NAME)?;
    page.note((1, 0), "What was looked at and how. The digest on the Summary is of all that went in.")?;
    page.keep_header(HEADER, 1)?;
    page.head(HEADER, INPUT_COLUMNS)?;
    let mut row = inputs(&mut page, HEADER + 1, what_if)? + 1;
    page.head(row, [("Policy", Over::Texts), ("Setting", Over::Texts)])?;
    row += 1;
    for (setting, words) in &what_if.policy {
        page.text((row, 0), setting)?;
        page.wrapped((row, 1), words)?;
        row += 1;
    }
    page.ignore_ids((HEADER + 1, 0), (row, 4))?;
    row = sentences(&mut page, row + 1, "Not in the numbers", what_if.lacking.iter().map(String::as_str))?;
    row = sentences(&mut page, row, "Notes", what_if.notes.iter().map(String::as_str))?;
    sentences(&mut page, row, "Rules", RULES.into_iter())?;
    (0..).zip(WIDTHS).try_for_each(|(column, letters)| page.width(column, letters))
}

/// The input files; tells the next row.
fn inputs(page: &mut Page<'_>, first: u32, what_if: &WhatIf) -> Result<u32, ReportError> {
    let mut row = first;
    for input in &what_if.inputs {
        page.text((row, 0), &input.table)?;
        page.wrapped((row, 1), &input.file)?;
        page.count((row, 2), whole(input.rows)?)?;
        page.count((row, 3), whole(input.bytes)?)?;
        page.text((row, 4), &input.hash)?;
        row += 1;
    }
    if what_if.inputs.is_empty() {
        page.note((row, 0), "none")?;
        row += 1;
    }
    Ok(row)
}

/// Sentences below a heading, each of which runs on over the sheet; tells the next row.
fn sentences<'s>(
    page: &mut Page<'_>,
    first: u32,
    heading: &str,
    sentences: impl Iterator<Item = &'s str>,
) -> Result<u32, ReportError> {
    let mut row = first;
    for sentence in sentences {
        if row == first {
            page.head(row, [(heading, Over::Texts)])?;
        }
        row += 1;
        page.text((row, 0), sentence)?;
    }
    Ok(if row == first { row } else { row + 2 })
}
