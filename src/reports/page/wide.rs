//! What sheets need that show a group of columns for each of several things: a band above each group, keys that stay in
//! sight on the left, and shares in percent that are exact.

use super::{LINE_HEIGHT, Page, Place, Weight, printed_width, put_formula, shown};
use crate::reports::ReportError;
use crate::reports::figures;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder};
use std::ops::RangeInclusive;

/// Digits of a share that is a percentage of two digits.
const SHARE_DIGITS: u32 = 4;
/// Lines of a row at most: it is no taller than 409 points.
const MOST_LINES: usize = 27;
/// The fill of bands, one group after the other. The line on their left says the same.
const BANDS: [u32; 2] = [0x00D9_D9D9, 0x00C9_C9C9];

impl Page<'_> {
    /// A share in hundredths of a percent.
    pub(in crate::reports) fn percent(&mut self, place: Place, hundredths: i64) -> Result<(), ReportError> {
        self.widen(place, printed_width(hundredths, 2) + 1);
        let cell = figures::cell(hundredths, SHARE_DIGITS)?;
        self.sheet.write_number_with_format(place.0, place.1, cell, &self.styles.share)?;
        Ok(())
    }

    /// A formula whose result is a share in hundredths of a percent; an empty text where there is none.
    pub(in crate::reports) fn percent_of(
        &mut self,
        place: Place,
        formula: &str,
        hundredths: Option<i64>,
        weight: Weight,
    ) -> Result<(), ReportError> {
        let result = match hundredths {
            Some(hundredths) => {
                self.widen(place, printed_width(hundredths, 2) + 2);
                figures::cell(hundredths, SHARE_DIGITS)?;
                figures::decimal(hundredths, SHARE_DIGITS)
            }
            None => String::new(),
        };
        let format = self.styles.share.clone();
        let format = match weight {
            Weight::One => format,
            Weight::InAll => format.set_bold(),
        };
        put_formula(self.sheet, place, formula, result, &format)?;
        Ok(())
    }

    /// A formula whose result is a word about the numbers above it, and stands below them.
    pub(in crate::reports) fn check(
        &mut self,
        place: Place,
        formula: &str,
        result: &str,
    ) -> Result<(), ReportError> {
        let format = Format::new().set_bold().set_align(FormatAlign::Top).set_align(FormatAlign::Right);
        put_formula(self.sheet, place, formula, result.to_owned(), &format)?;
        Ok(())
    }

    /// Makes a row tall enough for texts in cells of so many letters. Not every program does that by itself.
    pub(in crate::reports) fn tall<'t>(
        &mut self,
        row: u32,
        texts: impl Iterator<Item = &'t str>,
        letters: u16,
    ) -> Result<(), ReportError> {
        // Letters are narrower than digits on the whole, which makes up for the indent.
        let room = usize::from(letters).saturating_sub(1).max(1);
        let lines = texts.map(|text| lines_of(text, room)).max().unwrap_or(1).min(MOST_LINES);
        if lines > 1 {
            self.sheet.set_row_height(row, u16::try_from(lines).unwrap_or(1) * LINE_HEIGHT)?;
        }
        Ok(())
    }

    /// Names a group of columns, the so many-th of its row. The text runs on over the group and ends with it.
    pub(in crate::reports) fn band(
        &mut self,
        row: u32,
        columns: RangeInclusive<u16>,
        number: usize,
        text: &str,
    ) -> Result<(), ReportError> {
        let fill = BANDS[number % BANDS.len()];
        let format = Format::new().set_bold().set_background_color(fill);
        let format = format.set_align(FormatAlign::Left).set_indent(1);
        let (first, last) = columns.into_inner();
        let lined = format.clone().set_border_left(FormatBorder::Thin);
        self.sheet.write_string_with_format(row, first, shown(text), &lined)?;
        for column in first + 1..=last {
            self.sheet.write_blank(row, column, &format)?;
        }
        Ok(())
    }

    /// The rows of a header, and so many columns, stay in sight. The rows stand on every printed page; the last of them is
    /// so many lines high.
    pub(in crate::reports) fn keep(
        &mut self,
        header: RangeInclusive<u32>,
        columns: u16,
        lines: u16,
    ) -> Result<(), ReportError> {
        let (first, last) = header.into_inner();
        self.sheet.set_freeze_panes(last + 1, columns)?;
        self.sheet.set_repeat_rows(first, last)?;
        self.sheet.set_row_height(last, lines * LINE_HEIGHT)?;
        Ok(())
    }
}

/// Lines that a text takes where so many letters stand on one: a word that does not fit begins the next.
fn lines_of(text: &str, room: usize) -> usize {
    let (mut lines, mut used) = (1, 0);
    for word in text.split(' ') {
        let letters = word.chars().count();
        if used > 0 && used + 1 + letters > room {
            lines += 1;
            used = 0;
        }
        used += letters + usize::from(used > 0);
        lines += used.saturating_sub(1) / room;
        used -= used.saturating_sub(1) / room * room;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::lines_of;

    #[test]
    fn words_that_do_not_fit_begin_the_next_line() {
        assert_eq!(lines_of("", 10), 1);
        assert_eq!(lines_of("0123456789", 10), 1);
        assert_eq!(lines_of("01234 56789", 10), 2);
        assert_eq!(lines_of("0123 56789 01234 67", 10), 2);
        assert_eq!(lines_of("01234567890123456789x yz", 10), 3);
    }
}
