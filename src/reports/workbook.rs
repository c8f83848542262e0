//! The workbook: its sheets in their order, each tied to the totals of the file.

use super::groups;
use super::listing::Written;
use super::page::{Page, Styles};
use super::sheets::{self, Groups, Planned};
use super::summary::{self, Listed};
use super::{Facts, ReportError, inputs, reading};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};
use std::path::Path;
use termwise_engine::calendar::Day;

/// The reconciliation workbook, with so many rows on a sheet.
pub(super) fn reconciliation(
    differences: &Path,
    facts: &Facts<'_>,
    most: usize,
) -> Result<Vec<u8>, ReportError> {
    let frames = reading::read(differences, facts.with_matched)?;
    let groups = Groups { by_status: groups::by_status(&frames)?, by_cause: groups::by_cause(&frames)? };
    let planned = sheets::planned(&frames, facts.customer_names, facts.with_matched)?;
    let styles = Styles::new();
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(facts)?);
    // The Summary is the first sheet and tells where the totals of the others stand, so it is filled in last.
    workbook.add_worksheet().set_name(summary::NAME)?;
    let mut listed = Vec::new();
    for Planned { listing, column, tie } in planned {
        let written = listing.write(&mut workbook, &styles, most)?;
        check(listing.name, column, &written, |currency| groups.expected(tie, currency), &frames)?;
        listed.push(Listed { name: listing.name, column, tie, written });
    }
    inputs::write(&mut workbook, &styles, facts)?;
    let page = Page::new(workbook.worksheet_from_name(summary::NAME)?, &styles, summary::NAME)?;
    summary::write(page, facts, &frames.control, &groups, &listed)?;
    Ok(workbook.save_to_buffer()?)
}

/// Holds the totals of a sheet against those of the file.
fn check(
    name: &str,
    column: &'static str,
    written: &Written,
    expected: impl Fn(&str) -> i64,
    frames: &super::frames::Frames,
) -> Result<(), ReportError> {
    for currency in frames.control.keys() {
        let totals = written.totals.get(&(column, (*currency).to_owned()));
        let found: i64 = totals.map_or(0, |totals| totals.iter().map(|total| total.amount).sum());
        if found != expected(currency) {
            let detail = format!("{name}, {currency}: {found} instead of {}", expected(currency));
            return Err(ReportError::Law { law: "sheets add up to the file", detail });
        }
    }
    Ok(())
}

/// A file's properties: nothing of the clock, so that the same run has the same bytes.
fn properties(facts: &Facts<'_>) -> Result<DocProperties, ReportError> {
    let made = date(facts.as_of)?;
    Ok(DocProperties::new()
        .set_title("Reconciliation")
        .set_subject(format!("{} to {}", facts.from, facts.as_of))
        .set_author(format!("termwise {}", facts.version))
        .set_comment(format!("inputs {}", facts.digest))
        .set_creation_datetime(&made))
}

pub(super) fn date(day: Day) -> Result<ExcelDateTime, ReportError> {
    let law = "a period is of days that spreadsheets know";
    let unknown = || ReportError::Law { law, detail: day.to_string() };
    let year = u16::try_from(day.year()).map_err(|_| unknown())?;
    let month = u8::try_from(day.month()).map_err(|_| unknown())?;
    let day_of_month = u8::try_from(day.day_of_month()).map_err(|_| unknown())?;
    Ok(ExcelDateTime::from_ymd(year, month, day_of_month)?)
}
