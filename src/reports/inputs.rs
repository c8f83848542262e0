//! What the workbook was made from: input files with their digests, the policy, and notes.

use super::page::{Over, Page, Styles};
use super::{Facts, ReportError};
use rust_xlsxwriter::Workbook;

const INPUT_COLUMNS: [(&str, Over); 6] = [
    ("Input", Over::Texts),
    ("File", Over::Texts),
    ("Rows", Over::Numbers),
    ("Bytes", Over::Numbers),
    ("BLAKE3", Over::Texts),
    ("What is odd about it", Over::Texts),
];
const WIDTHS: [u16; 6] = [30, 44, 12, 16, 68, 50];

/// Writes the sheet.
pub(super) fn write(workbook: &mut Workbook, styles: &Styles, facts: &Facts<'_>) -> Result<(), ReportError> {
    let mut page = Page::new(workbook.add_worksheet(), styles, "Inputs and policy")?;
    page.title((0, 0), "Inputs and policy")?;
    page.note((1, 0), "What was compared and how. The digest on the Summary is of all of this.")?;
    page.keep_header(3, 1)?;
    page.head(3, INPUT_COLUMNS)?;
    let mut row = 4;
    for input in facts.inputs {
        page.text((row, 0), input.table.name())?;
        page.wrapped((row, 1), &input.shown)?;
        page.count((row, 2), whole(input.rows)?)?;
        page.count((row, 3), whole(input.bytes)?)?;
        page.text((row, 4), &input.hash)?;
        let warnings: Vec<&str> = input.warnings.iter().map(|warning| &**warning).collect();
        page.wrapped((row, 5), &warnings.join("; "))?;
        row += 1;
    }
    if facts.inputs.is_empty() {
        page.note((row, 0), "none")?;
        row += 1;
    }
    row += 1;
    page.head(row, [("Policy", Over::Texts), ("Setting", Over::Texts)])?;
    row += 1;
    for (setting, value) in facts.policy {
        page.text((row, 0), setting)?;
        page.wrapped((row, 1), value)?;
        row += 1;
    }
    if !facts.notes.is_empty() {
        row += 1;
        page.head(row, [("Notes", Over::Texts)])?;
        for note in facts.notes {
            row += 1;
            page.text((row, 0), note)?;
        }
    }
    page.ignore_ids((4, 0), (row.max(4), 5))?;
    (0..).zip(WIDTHS).try_for_each(|(column, letters)| page.width(column, letters))
}

fn whole(count: u64) -> Result<i64, ReportError> {
    i64::try_from(count).map_err(|_| ReportError::TooLarge { what: count.to_string() })
}
