//! A sheet and what can be put on it: texts that stay texts, numbers to the digit, days, and formulas with their results.
//!
//! A formula stands with the result that it has, so that a preview which reckons nothing shows the same. Texts of files
//! are written as cells of text in the format of text: one that begins with `=` is no formula, not even after somebody
//! edits the cell, `0001` stays `0001`, and no address becomes a link.

mod wide;

use super::ReportError;
use super::figures;
use crate::names::printable;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Formula, IgnoreError, Worksheet, XlsxError};
use std::ops::Range;
use termwise_engine::calendar::Day;

/// What is shown of a text: a cell holds 32,767 letters.
const LETTERS: usize = 32_000;
/// A line of text, in points.
const LINE_HEIGHT: u16 = 15;
/// A4, and A3 for sheets of many columns.
const PAPER: u8 = 9;
const LARGE_PAPER: u8 = 8;
/// The digits of currencies.
const DIGITS: usize = 4;

/// How cells look. Nothing is told by colour alone.
pub(super) struct Styles {
    title: Format,
    note: Format,
    bold: Format,
    head: Format,
    head_of_numbers: Format,
    text: Format,
    word: Format,
    /// What may be longer than its cell.
    wrapped: Format,
    count: Format,
    count_in_all: Format,
    day: Format,
    share: Format,
    amounts: [Format; DIGITS],
    amounts_in_all: [Format; DIGITS],
    prices: [Format; figures::PRICE_DIGITS as usize + 1],
}

/// What stands below a heading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Over {
    Texts,
    Numbers,
}

/// Whether a number is one of many, or their total.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Weight {
    One,
    InAll,
}

fn number_format(digits: usize) -> String {
    if digits == 0 { "#,##0".to_owned() } else { format!("#,##0.{}", "0".repeat(digits)) }
}

impl Styles {
    /// Those of every workbook.
    pub(super) fn new() -> Styles {
        let top = |format: Format| format.set_align(FormatAlign::Top);
        let in_all = |format: Format| format.set_bold();
        let number = |digits: usize| top(Format::new().set_num_format(number_format(digits)));
        // An indent is to the left only where that is said.
        let indented = |format: Format| format.set_align(FormatAlign::Left).set_indent(1);
        let head = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_background_color(0x00E7_E6E6)
            .set_border_bottom(FormatBorder::Thin);
        // Texts keep away from the numbers on their left.
        let text = indented(top(Format::new().set_num_format("@")));
        Styles {
            title: Format::new().set_bold().set_font_size(14),
            note: Format::new().set_italic(),
            bold: Format::new().set_bold(),
            head_of_numbers: head.clone().set_align(FormatAlign::Right),
            head: indented(head),
            wrapped: text.clone().set_text_wrap(),
            text,
            word: indented(top(Format::new().set_bold())),
            count: number(0),
            count_in_all: in_all(number(0)),
            day: indented(top(Format::new().set_num_format("yyyy-mm-dd"))),
            share: top(Format::new().set_num_format("0.00%")),
            amounts: std::array::from_fn(number),
            amounts_in_all: std::array::from_fn(|digits| in_all(number(digits))),
            prices: std::array::from_fn(number),
        }
    }
}

/// A place on a sheet: row and column, from 0.
pub(super) type Place = (u32, u16);

/// A sheet that is being written.
pub(super) struct Page<'w> {
    sheet: &'w mut Worksheet,
    styles: &'w Styles,
    /// Letters of the longest cell of each column.
    widths: Vec<usize>,
}

impl<'w> Page<'w> {
    /// An empty sheet of this name, set up for print.
    pub(super) fn new(
        sheet: &'w mut Worksheet,
        styles: &'w Styles,
        name: &str,
    ) -> Result<Page<'w>, ReportError> {
        sheet.set_name(name)?.set_landscape().set_paper_size(PAPER).set_print_fit_to_pages(1, 0);
        sheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3).set_footer("&L&A&RPage &P of &N");
        Ok(Page { sheet, styles, widths: Vec::new() })
    }

    /// The sheet is printed on larger paper.
    pub(super) fn on_large_paper(&mut self) {
        self.sheet.set_paper_size(LARGE_PAPER);
    }

    fn widen(&mut self, (_, column): Place, letters: usize) {
        let column = usize::from(column);
        if self.widths.len() <= column {
            self.widths.resize(column + 1, 0);
        }
        if let Some(width) = self.widths.get_mut(column) {
            *width = letters.max(*width);
        }
    }

    /// What the sheet is.
    pub(super) fn title(&mut self, place: Place, text: &str) -> Result<(), ReportError> {
        self.sheet.write_string_with_format(place.0, place.1, text, &self.styles.title)?;
        Ok(())
    }

    /// A sentence of ours, which runs on over empty cells.
    pub(super) fn note(&mut self, place: Place, text: &str) -> Result<(), ReportError> {
        self.sheet.write_string_with_format(place.0, place.1, shown(text), &self.styles.note)?;
        Ok(())
    }

    /// A word of ours that names a row or a section.
    pub(super) fn bold(&mut self, place: Place, text: &str) -> Result<(), ReportError> {
        self.sheet.write_string_with_format(place.0, place.1, text, &self.styles.bold)?;
        Ok(())
    }

    /// The headings of a table, from the left on; those of numbers stand where their numbers do.
    pub(super) fn head<'h>(
        &mut self,
        row: u32,
        headings: impl IntoIterator<Item = (&'h str, Over)>,
    ) -> Result<(), ReportError> {
        for (column, (heading, over)) in (0..).zip(headings) {
            let format = match over {
                Over::Texts => &self.styles.head,
                Over::Numbers => &self.styles.head_of_numbers,
            };
            self.sheet.write_string_with_format(row, column, heading, format)?;
            // Headings are wrapped: their longest word counts, and a button for filters stands beside it.
            let longest = heading.split(' ').map(|word| word.chars().count()).max().unwrap_or_default();
            self.widen((row, column), longest + 3);
        }
        Ok(())
    }

    /// A text of a file, as text.
    pub(super) fn text(&mut self, place: Place, text: &str) -> Result<(), ReportError> {
        self.put_text(place, text, false)
    }

    /// A text of a file that may take several lines of its cell.
    pub(super) fn wrapped(&mut self, place: Place, text: &str) -> Result<(), ReportError> {
        self.put_text(place, text, true)
    }

    fn put_text(&mut self, place: Place, text: &str, is_wrapped: bool) -> Result<(), ReportError> {
        if text.is_empty() {
            return Ok(());
        }
        let text = shown(text);
        self.widen(place, text.chars().count() + 1);
        let format = if is_wrapped { &self.styles.wrapped } else { &self.styles.text };
        self.sheet.write_string_with_format(place.0, place.1, text, format)?;
        Ok(())
    }

    /// A whole number.
    pub(super) fn count(&mut self, place: Place, count: i64) -> Result<(), ReportError> {
        self.widen(place, printed_width(count, 0));
        let cell = figures::cell(count, 0)?;
        self.sheet.write_number_with_format(place.0, place.1, cell, &self.styles.count)?;
        Ok(())
    }

    /// A day; one that spreadsheets do not know stands as its text.
    pub(super) fn day(&mut self, place: Place, epoch_days: i32) -> Result<(), ReportError> {
        let Some(serial) = figures::serial(epoch_days) else {
            let day = Day::from_epoch_days(epoch_days);
            return self.text(place, &day.map_or_else(|| epoch_days.to_string(), |day| day.to_string()));
        };
        self.widen(place, "2026-11-30".len() + 1);
        self.sheet.write_number_with_format(place.0, place.1, serial, &self.styles.day)?;
        Ok(())
    }

    /// An amount in minor units of a currency with that many digits.
    pub(super) fn amount(&mut self, place: Place, minor: i64, digits: u32) -> Result<(), ReportError> {
        self.widen(place, printed_width(minor, digits));
        let format = chosen(&self.styles.amounts, digits)?;
        self.sheet.write_number_with_format(place.0, place.1, figures::cell(minor, digits)?, format)?;
        Ok(())
    }

    /// A price in millionths, with at least the digits of its currency.
    pub(super) fn price(&mut self, place: Place, millionths: i64, least: u32) -> Result<(), ReportError> {
        let (number, digits) = figures::trimmed(millionths, least);
        self.widen(place, printed_width(number, digits));
        let format = chosen(&self.styles.prices, digits)?;
        self.sheet.write_number_with_format(place.0, place.1, figures::cell(number, digits)?, format)?;
        Ok(())
    }

    /// A formula whose result is an amount.
    pub(super) fn sum(
        &mut self,
        place: Place,
        formula: &str,
        minor: i64,
        digits: u32,
        weight: Weight,
    ) -> Result<(), ReportError> {
        self.widen(place, printed_width(minor, digits) + 1);
        let formats = match weight {
            Weight::One => &self.styles.amounts,
            Weight::InAll => &self.styles.amounts_in_all,
        };
        // Sums of floats are rounded to the minor unit, so that what is shown is what is compared.
        let formula = format!("ROUND({formula},{digits})");
        let format = chosen(formats, digits)?;
        figures::cell(minor, digits)?;
        put_formula(self.sheet, place, &formula, figures::decimal(minor, digits), format)?;
        Ok(())
    }

    /// A formula whose result is a whole number.
    pub(super) fn count_of(
        &mut self,
        place: Place,
        formula: &str,
        count: i64,
        weight: Weight,
    ) -> Result<(), ReportError> {
        self.widen(place, printed_width(count, 0) + 1);
        let format = match weight {
            Weight::One => &self.styles.count,
            Weight::InAll => &self.styles.count_in_all,
        };
        figures::cell(count, 0)?;
        put_formula(self.sheet, place, formula, figures::decimal(count, 0), format)?;
        Ok(())
    }

    /// A formula whose result is a share, which is written in percent; nothing where there is none.
    pub(super) fn share(
        &mut self,
        place: Place,
        formula: &str,
        result: Option<String>,
    ) -> Result<(), ReportError> {
        put_formula(self.sheet, place, formula, result.unwrap_or_default(), &self.styles.share)?;
        Ok(())
    }

    /// A formula whose result is a word.
    pub(super) fn word(&mut self, place: Place, formula: &str, result: &str) -> Result<(), ReportError> {
        put_formula(self.sheet, place, formula, result.to_owned(), &self.styles.word)?;
        Ok(())
    }

    /// Hides rows. (Groups that fold would be better: the writer leaves them out of sheets of many rows.)
    pub(super) fn hide(&mut self, rows: Range<u32>) -> Result<(), ReportError> {
        for row in rows {
            self.sheet.set_row_hidden(row)?;
        }
        Ok(())
    }

    /// The row of a header stays in sight, and stands on every printed page.
    pub(super) fn keep_header(&mut self, row: u32, lines: u16) -> Result<(), ReportError> {
        self.sheet.set_freeze_panes(row + 1, 0)?;
        self.sheet.set_repeat_rows(row, row)?;
        self.sheet.set_row_height(row, lines * LINE_HEIGHT)?;
        Ok(())
    }

    /// Rows below a header can be filtered. Ids of digits are no mistake.
    pub(super) fn filter(&mut self, header: u32, last: u32, columns: u16) -> Result<(), ReportError> {
        let last_column = columns.saturating_sub(1);
        if last > header {
            self.sheet.autofilter(header, 0, last, last_column)?;
            self.ignore_ids((header + 1, 0), (last, last_column))?;
        }
        Ok(())
    }

    /// Ids of digits are no mistake.
    pub(super) fn ignore_ids(&mut self, first: Place, last: Place) -> Result<(), ReportError> {
        let as_text = IgnoreError::NumberStoredAsText;
        self.sheet.ignore_error_range(first.0, first.1, last.0, last.1, as_text)?;
        Ok(())
    }

    /// Columns are as wide as their longest cell, within bounds.
    pub(super) fn fit(&mut self, narrowest: usize, widest: usize) -> Result<(), ReportError> {
        for (column, &width) in (0..).zip(&self.widths) {
            let letters = u16::try_from((width + 1).clamp(narrowest, widest)).unwrap_or(u16::MAX);
            self.sheet.set_column_width(column, letters)?;
        }
        Ok(())
    }

    /// A column is so wide, whatever stands in it.
    pub(super) fn width(&mut self, column: u16, letters: u16) -> Result<(), ReportError> {
        self.sheet.set_column_width(column, letters)?;
        Ok(())
    }
}

fn put_formula(
    sheet: &mut Worksheet,
    (row, column): Place,
    formula: &str,
    result: String,
    format: &Format,
) -> Result<(), XlsxError> {
    if result.is_empty() {
        // Else an empty text would stand as 0 until the spreadsheet reckons for itself.
        sheet.set_formula_result_default("");
    }
    let formula = Formula::new(format!("={formula}")).set_result(result);
    sheet.write_formula_with_format(row, column, formula, format)?;
    Ok(())
}

fn chosen(formats: &[Format], digits: u32) -> Result<&Format, ReportError> {
    let detail = || format!("{digits} digits");
    let law = "a number has a format";
    formats.get(digits as usize).ok_or_else(|| ReportError::Law { law, detail: detail() })
}

/// Letters of a number as it is printed, with its marks between thousands.
fn printed_width(number: i64, digits: u32) -> usize {
    let plain = figures::decimal(number, digits);
    let units = plain.split('.').next().map_or(0, |units| units.trim_start_matches('-').len());
    plain.len() + units.saturating_sub(1) / 3
}

/// A text as a cell shows it: without what would turn it around or end the file, and no longer than a cell is.
fn shown(text: &str) -> String {
    let printable = printable(text);
    let mut out = String::with_capacity(printable.len());
    let mut units = 0;
    for letter in printable.chars() {
        units += letter.len_utf16();
        if units > LETTERS {
            out.push('…');
            break;
        }
        // These two are no characters of XML.
        match letter {
            '\u{fffe}' | '\u{ffff}' => out.extend(letter.escape_default()),
            _ => out.push(letter),
        }
    }
    out
}

/// A text in a formula, between its quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_so_that_it_can_neither_turn_nor_break_a_sheet() {
        assert_eq!(shown("=1+1\t\u{202e}x\u{ffff}"), "=1+1\\t\\u{202e}x\\u{ffff}");
        assert_eq!(shown(&"é".repeat(40_000)).chars().count(), LETTERS + 1);
        assert_eq!(quoted("E\"R"), "\"E\"\"R\"");
    }

    #[test]
    fn widths_count_the_marks_between_thousands() {
        assert_eq!(printed_width(-123_456_789, 2), "-1,234,567.89".len());
        assert_eq!(printed_width(999, 0), 3);
        assert_eq!(printed_width(5, 3), "0.005".len());
    }
}
