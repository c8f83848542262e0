//! The sheet of what a world can't price: out of both sides, and shown with the amounts that each side had.

use super::super::model::{LeftOut, WhatIf};
use super::rows::day;
use super::{as_row, checks, whole};
use crate::reports::ReportError;
use crate::reports::page::{Over, Page, Styles, Weight, quoted};
use rust_xlsxwriter::{Workbook, cell_range_absolute, row_col_to_cell_absolute};
use std::collections::BTreeSet;

/// Its name.
const NAME: &str = "Left out";
const ABOUT: &str = "A renewal of these can't be priced, today, under the proposal or in both. From its day on they are in neither total of the proposal, and stand here.";
const HEADINGS: [(&str, Over); 11] = [
    ("Currency", Over::Texts),
    ("Proposal", Over::Texts),
    ("Product id", Over::Texts),
    ("SKU id", Over::Texts),
    ("What", Over::Texts),
    ("Can't be priced", Over::Texts),
    ("Why", Over::Texts),
    ("Subscriptions", Over::Numbers),
    ("Before, left out", Over::Numbers),
    ("After, left out", Over::Numbers),
    ("From", Over::Texts),
];
const CURRENCY: u16 = 0;
const PROPOSAL: u16 = 1;
const SUBSCRIPTIONS: u16 = 7;
const BEFORE: u16 = 8;
const AFTER: u16 = 9;
const FROM: u16 = 10;
/// The first row of totals.
const TOTALS: u32 = 2;
const HEADER_LINES: u16 = 2;
const NARROWEST: usize = 9;
const WIDEST: usize = 48;

/// What a proposal leaves out in a currency.
pub(super) struct Total<'a> {
    pub(super) proposal: usize,
    pub(super) currency: &'a str,
    digits: u32,
    pub(super) subscriptions: i64,
    pub(super) before: i64,
    pub(super) after: i64,
    row: u32,
}

impl Total<'_> {
    /// The cells of its subscriptions, of what was before and of what is after.
    pub(super) fn cells(&self) -> [String; 3] {
        [SUBSCRIPTIONS, BEFORE, AFTER]
            .map(|column| format!("'{NAME}'!{}", row_col_to_cell_absolute(self.row, column)))
    }
}

/// Writes the sheet, and tells its totals.
pub(super) fn write<'a>(
    workbook: &mut Workbook,
    styles: &Styles,
    what_if: &'a WhatIf,
) -> Result<Vec<Total<'a>>, ReportError> {
    let totals = totals(what_if)?;
    let mut page = Page::new(workbook.add_worksheet_with_low_memory()?, styles, NAME)?;
    page.on_large_paper();
    page.title((0, 0), NAME)?;
    let nothing = "Nothing is left out: both worlds have a price for every renewal.";
    page.note((1, 0), if what_if.left_out.is_empty() { nothing } else { ABOUT })?;
    let header = TOTALS + as_row(totals.len())?;
    let last = header + as_row(what_if.left_out.len())?;
    for total in &totals {
        draw_total(&mut page, what_if, total, (header + 1, last))?;
    }
    page.keep(header..=header, PROPOSAL + 1, HEADER_LINES)?;
    page.head(header, HEADINGS)?;
    for (row, left_out) in (header + 1..).zip(&what_if.left_out) {
        draw_row(&mut page, row, what_if, left_out)?;
    }
    if what_if.left_out.is_empty() {
        page.note((header + 1, 0), "none")?;
    }
    page.filter(header, last, FROM + 1)?;
    page.fit(NARROWEST, WIDEST)?;
    Ok(totals)
}

/// The totals by proposal and currency; those of each proposal have its number of subscriptions.
fn totals(what_if: &WhatIf) -> Result<Vec<Total<'_>>, ReportError> {
    for (number, expected) in what_if.left_out_subscriptions.iter().enumerate() {
        let rows = what_if.left_out.iter().filter(|row| row.proposal == number);
        let counts = rows.map(|row| whole(row.subscriptions)).collect::<Result<Vec<_>, _>>()?;
        checks::tie(counts.into_iter(), whole(*expected)?, || format!("{NAME}, proposal {}", number + 1))?;
    }
    let keys: BTreeSet<(usize, &str)> =
        what_if.left_out.iter().map(|row| (row.proposal, row.currency.as_str())).collect();
    (TOTALS..).zip(keys).map(|(row, (proposal, currency))| total(what_if, row, proposal, currency)).collect()
}

fn total<'a>(
    what_if: &'a WhatIf,
    row: u32,
    proposal: usize,
    currency: &'a str,
) -> Result<Total<'a>, ReportError> {
    let is_of_it = |row: &&LeftOut| row.proposal == proposal && row.currency == currency;
    let rows = || what_if.left_out.iter().filter(is_of_it);
    let digits = rows().next().map_or(0, |row| row.digits);
    if rows().any(|row| row.digits != digits) {
        return Err(ReportError::Law { law: "a currency has its digits", detail: currency.to_owned() });
    }
    let what = || format!("{NAME}, {currency}, proposal {}", proposal + 1);
    let counts = rows().map(|row| whole(row.subscriptions)).collect::<Result<Vec<_>, _>>()?;
    Ok(Total {
        proposal,
        currency,
        digits,
        subscriptions: checks::summed(counts.into_iter(), what)?,
        before: checks::summed(rows().map(|row| row.before), what)?,
        after: checks::summed(rows().map(|row| row.after), what)?,
        row,
    })
}

fn name(what_if: &WhatIf, proposal: usize) -> &str {
    what_if.proposals.get(proposal).map_or("", |proposal| proposal.name.as_str())
}

fn draw_total(
    page: &mut Page<'_>,
    what_if: &WhatIf,
    total: &Total<'_>,
    (first, last): (u32, u32),
) -> Result<(), ReportError> {
    let Total { proposal, currency, digits, subscriptions, before, after, row } = *total;
    let name = name(what_if, proposal);
    page.bold((row, 0), &format!("Total {currency}, {name}"))?;
    let range = |column| cell_range_absolute(first, column, last, column);
    // SUMIFS would take a name of digits for a number, and small letters for capital ones.
    let (names, currencies) = (range(PROPOSAL), range(CURRENCY));
    let of_it = format!("EXACT({names},{})*({currencies}={})", quoted(name), quoted(currency));
    let formula = |column| format!("SUMPRODUCT({of_it}*{})", range(column));
    page.count_of((row, SUBSCRIPTIONS), &formula(SUBSCRIPTIONS), subscriptions, Weight::InAll)?;
    page.sum((row, BEFORE), &formula(BEFORE), before, digits, Weight::InAll)?;
    page.sum((row, AFTER), &formula(AFTER), after, digits, Weight::InAll)
}

fn draw_row(page: &mut Page<'_>, row: u32, what_if: &WhatIf, left_out: &LeftOut) -> Result<(), ReportError> {
    let LeftOut { product, sku, what, side, why, currency, .. } = left_out;
    let texts = [currency, name(what_if, left_out.proposal), product, sku, what, side, why];
    for (column, text) in (0..).zip(texts) {
        page.text((row, column), text)?;
    }
    page.count((row, SUBSCRIPTIONS), whole(left_out.subscriptions)?)?;
    page.amount((row, BEFORE), left_out.before, left_out.digits)?;
    page.amount((row, AFTER), left_out.after, left_out.digits)?;
    day(page, (row, FROM), &left_out.from)
}
