//! A cell as its file holds it: text, or a value that Parquet has in a type of its own.
//!
//! Whatever the type, a cell says what its text would say: `2026-11-30` as a date of Parquet is the same day, and a number
//! that the grammar of text refuses is refused as a number too.

use super::cell;
use super::coded::CodedWords;
use std::fmt::Write;
use termwise_engine::calendar::{Day, Instant};
use termwise_engine::findings::Code;
use termwise_engine::money::{PRICE_DIGITS, Price, SEATS_MAX};

/// Ticks of 100 ns in a second.
pub(super) const TICKS_PER_SECOND: i64 = 10_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
const TICKS_PER_DAY: i64 = SECONDS_PER_DAY * TICKS_PER_SECOND;
/// As many digits as a whole number in text may have.
const WHOLE_MAX: i64 = 999_999_999;

/// A cell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    /// As text; empty where there is nothing.
    Text(&'a str),
    /// One of the few words of its column, by its code.
    Word(&'a CodedWords, u8),
    /// Days since 1970.
    Day(i32),
    /// Ticks of 100 ns since 1970.
    Moment(i64),
    /// A whole number.
    Whole(i64),
    /// Units, and how many of its digits stand after the point.
    Decimal(i64, u8),
    /// True or false.
    Flag(bool),
}

impl Cell<'_> {
    /// The cell as text has it. A moment at 00:00Z is written as the date that stands for it, so that tools without a date
    /// type are read; a decimal without the zeros that its column's scale adds.
    pub(super) fn write(self, out: &mut String) {
        let _ = match self {
            Cell::Text(text) => {
                out.push_str(text);
                Ok(())
            }
            Cell::Word(words, code) => {
                out.push_str(words.text(code));
                Ok(())
            }
            Cell::Day(days) => write_day(days.into(), out),
            Cell::Moment(ticks) => write_moment(ticks, out),
            Cell::Whole(number) => write!(out, "{number}"),
            Cell::Decimal(units, scale) => write_decimal(units, scale, out),
            Cell::Flag(flag) => write!(out, "{flag}"),
        };
    }

    fn as_text<T>(self, parse: impl FnOnce(&str) -> Result<T, Code>) -> Result<T, Code> {
        if let Cell::Text(text) = self {
            return parse(text);
        }
        let mut text = String::new();
        self.write(&mut text);
        parse(&text)
    }

    /// A date of a subscription.
    #[inline]
    pub(super) fn day(self) -> Result<Day, Code> {
        match self {
            Cell::Day(days) => Day::from_epoch_days(days).and_then(cell::in_years).ok_or(Code::DateInvalid),
            Cell::Text(_)
            | Cell::Word(..)
            | Cell::Moment(_)
            | Cell::Whole(_)
            | Cell::Decimal(..)
            | Cell::Flag(_) => self.as_text(cell::day),
        }
    }

    /// An instant of a subscription.
    #[inline]
    pub(super) fn instant(self) -> Result<Instant, Code> {
        let in_years = |ticks: i64| {
            let days = i32::try_from(ticks.div_euclid(TICKS_PER_DAY)).ok()?;
            Day::from_epoch_days(days).and_then(cell::in_years).map(|_| Instant::from_ticks(ticks))
        };
        match self {
            Cell::Moment(ticks) => in_years(ticks).ok_or(Code::InstantInvalid),
            Cell::Day(days) => in_years(i64::from(days) * TICKS_PER_DAY).ok_or(Code::InstantInvalid),
            Cell::Text(_) | Cell::Word(..) | Cell::Whole(_) | Cell::Decimal(..) | Cell::Flag(_) => {
                self.as_text(cell::instant)
            }
        }
    }

    /// Seats, none of them perhaps.
    #[inline]
    pub(super) fn seats(self) -> Result<u32, Code> {
        match self {
            Cell::Whole(number) => {
                let seats = u32::try_from(number).ok().filter(|&seats| seats <= SEATS_MAX);
                seats.ok_or(Code::NumberInvalid)
            }
            Cell::Text(_)
            | Cell::Word(..)
            | Cell::Day(_)
            | Cell::Moment(_)
            | Cell::Decimal(..)
            | Cell::Flag(_) => self.as_text(cell::seats),
        }
    }

    /// Seats that may also be less than zero, for a rule to refuse (B29).
    #[inline]
    pub(super) fn signed_seats(self) -> Result<i32, Code> {
        match self {
            Cell::Whole(number) if (-WHOLE_MAX..=i64::from(SEATS_MAX)).contains(&number) => {
                i32::try_from(number).map_err(|_| Code::NumberInvalid)
            }
            Cell::Whole(_) => Err(Code::NumberInvalid),
            Cell::Text(_)
            | Cell::Word(..)
            | Cell::Day(_)
            | Cell::Moment(_)
            | Cell::Decimal(..)
            | Cell::Flag(_) => self.as_text(cell::signed_seats),
        }
    }

    /// An amount for one seat.
    #[inline]
    pub(super) fn money(self) -> Result<Price, Code> {
        match self {
            Cell::Decimal(units, scale) => {
                millionths(units, scale).and_then(Price::from_millionths).ok_or(Code::MoneyInvalid)
            }
            Cell::Text(_)
            | Cell::Word(..)
            | Cell::Day(_)
            | Cell::Moment(_)
            | Cell::Whole(_)
            | Cell::Flag(_) => self.as_text(cell::money),
        }
    }

    /// True or false.
    #[inline]
    pub(super) fn flag(self) -> Result<bool, Code> {
        match self {
            Cell::Flag(flag) => Ok(flag),
            Cell::Text(_)
            | Cell::Word(..)
            | Cell::Day(_)
            | Cell::Moment(_)
            | Cell::Whole(_)
            | Cell::Decimal(..) => self.as_text(cell::boolean),
        }
    }
}

/// A decimal in millionths, where it has no digit beyond them.
fn millionths(units: i64, scale: u8) -> Option<i64> {
    let scale = u32::from(scale);
    if scale <= PRICE_DIGITS {
        return units.checked_mul(10_i64.checked_pow(PRICE_DIGITS - scale)?);
    }
    let beyond = 10_i64.checked_pow(scale - PRICE_DIGITS)?;
    (units % beyond == 0).then_some(units / beyond)
}

fn write_decimal(units: i64, scale: u8, out: &mut String) -> std::fmt::Result {
    let digits = usize::from(scale);
    let sign = if units < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", units.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    write!(out, "{sign}{whole}{point}{fraction}")
}

fn write_day(days: i64, out: &mut String) -> std::fmt::Result {
    match i32::try_from(days).ok().and_then(Day::from_epoch_days) {
        Some(day) => write!(out, "{day}"),
        None => write!(out, "day {days}"),
    }
}

fn write_moment(ticks: i64, out: &mut String) -> std::fmt::Result {
    let (seconds, part) = (ticks.div_euclid(TICKS_PER_SECOND), ticks.rem_euclid(TICKS_PER_SECOND));
    write_clock(seconds, &format!("{part:07}"), out)
}

/// A moment given by whole seconds and the digits of their fraction.
pub(super) fn write_clock(seconds: i64, fraction: &str, out: &mut String) -> std::fmt::Result {
    let (days, second) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
    write_day(days, out)?;
    let fraction = fraction.trim_end_matches('0');
    if second == 0 && fraction.is_empty() {
        return Ok(());
    }
    write!(out, "T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)?;
    if !fraction.is_empty() {
        write!(out, ".{fraction}")?;
    }
    write!(out, "Z")
}

#[cfg(test)]
mod tests {
    use super::Cell;
    use termwise_engine::findings::Code;
    use termwise_engine::money::Price;

    fn text(cell: Cell<'_>) -> String {
        let mut out = String::new();
        cell.write(&mut out);
        out
    }

    #[test]
    fn a_typed_cell_says_what_its_text_says() {
        for (cell, written) in [
            (Cell::Day(20_422), "2025-11-30"),
            (Cell::Moment(17_644_608_000_000_000), "2025-11-30"),
            (Cell::Moment(17_644_608_000_000_001), "2025-11-30T00:00:00.0000001Z"),
            (Cell::Whole(-3), "-3"),
            (Cell::Decimal(144_000_000, 6), "144"),
            (Cell::Decimal(-5, 2), "-0.05"),
            (Cell::Flag(true), "true"),
        ] {
            assert_eq!(text(cell), written);
            let same = Cell::Text(written);
            assert_eq!(cell.day(), same.day(), "{written}");
            assert_eq!(cell.instant(), same.instant(), "{written}");
            assert_eq!(cell.seats(), same.seats(), "{written}");
            assert_eq!(cell.signed_seats(), same.signed_seats(), "{written}");
            assert_eq!(cell.money(), same.money(), "{written}");
            assert_eq!(cell.flag(), same.flag(), "{written}");
        }
    }

    #[test]
    fn a_decimal_keeps_every_digit_or_is_refused() {
        assert_eq!(Cell::Decimal(1_234_567_890, 9).money(), Err(Code::MoneyInvalid));
        assert_eq!(Cell::Decimal(1_234_567_000, 9).money().map(Price::millionths), Ok(1_234_567));
        assert_eq!(Cell::Decimal(i64::MAX, 2).money(), Err(Code::MoneyInvalid));
    }
}
