//! What a cell may say: strict grammars of our own, so that no parser's leniency turns a typing error into a price.
//!
//! A date is `2026-11-30` and nothing else, an amount is `1234.50`: no sign, exponent, thousands mark, currency sign or
//! blank. Text is never trimmed, and an id keeps its leading zeros. What a cell means is settled here for CSV, Parquet
//! and JSON alike, since all three arrive as text.

use termwise_engine::calendar::{Day, Instant};
use termwise_engine::findings::Code;
use termwise_engine::money::{Discount, PRICE_DIGITS, Price, SEATS_MAX};

const TICKS_PER_SECOND: i64 = 10_000_000;
const TICK_DIGITS: usize = 7;
/// Years of what happens to a subscription: anything else is a typing error or a placeholder, not a date.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2199;

/// Whether a text can stand in a report: no control characters and no byte order mark inside.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
        || !text.chars().any(|letter| letter.is_control() || letter == '\u{feff}')
}

/// A number of so many ASCII digits, and what follows it.
fn digits(text: &[u8], count: usize) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let mut number = 0;
    for byte in head {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u32::from(byte - b'0');
    }
    Some((number, rest))
}

/// `YYYY-MM-DD` and what follows it.
fn date_prefix(text: &[u8]) -> Option<(Day, &[u8])> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix(b"-")?, 2)?;
    let (day, rest) = digits(rest.strip_prefix(b"-")?, 2)?;
    Some((Day::from_ymd(i32::try_from(year).ok()?, month, day)?, rest))
}

/// Any date in the form `YYYY-MM-DD`, as windows of promotions have it: the year 9999 is one.
pub(super) fn open_day(text: &str) -> Result<Day, Code> {
    match date_prefix(text.as_bytes()) {
        Some((day, [])) => Ok(day),
        Some(_) | None => Err(Code::DateInvalid),
    }
}

/// A date of a subscription, from 1990 to 2199.
pub(super) fn day(text: &str) -> Result<Day, Code> {
    open_day(text).and_then(|day| in_years(day).ok_or(Code::DateInvalid))
}

/// A date, if it lies from 1990 to 2199.
pub(super) fn in_years(day: Day) -> Option<Day> {
    YEARS.contains(&day.year()).then_some(day)
}

/// `hh:mm:ss`, an optional fraction and an offset, as ticks after 00:00Z of the date before it.
fn clock(text: &[u8], naive_is_utc: bool) -> Option<i64> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(b":")?, 2)?;
    let (second, mut rest) = digits(rest.strip_prefix(b":")?, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut fraction = 0_i64;
    if let Some(after) = rest.strip_prefix(b".") {
        let count = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (shown, following) = after.split_at(count);
        let significant = shown.iter().rposition(|&byte| byte != b'0').map_or(0, |last| last + 1);
        if count == 0 || significant > TICK_DIGITS {
            return None;
        }
        for place in 0..TICK_DIGITS {
            let digit = shown.get(place).map_or(0, |byte| i64::from(byte - b'0'));
            fraction = fraction * 10 + digit;
        }
        rest = following;
    }
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some((seconds - offset(rest, naive_is_utc)?) * TICKS_PER_SECOND + fraction)
}

/// `Z` or `+hh:mm` in seconds.
fn offset(text: &[u8], naive_is_utc: bool) -> Option<i64> {
    let (sign, rest) = match text {
        b"Z" | b"z" => return Some(0),
        b"" => return naive_is_utc.then_some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(b":")?, 2)?;
    (rest.is_empty() && hours <= 23 && minutes <= 59).then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

fn moment(text: &str, naive_is_utc: bool) -> Option<Instant> {
    let (day, rest) = date_prefix(text.as_bytes())?;
    let ticks = match rest {
        [] => 0,
        [b'T' | b't', clock_text @ ..] => clock(clock_text, naive_is_utc)?,
        _ => return None,
    };
    Some(Instant::from_ticks(day.start().ticks() + ticks))
}

/// Any RFC 3339 instant with an offset, or a date, which stands for its 00:00Z.
pub(super) fn open_instant(text: &str) -> Result<Instant, Code> {
    moment(text, false).ok_or(Code::InstantInvalid)
}

/// An instant of a subscription, from 1990 to 2199.
pub(super) fn instant(text: &str) -> Result<Instant, Code> {
    let instant = open_instant(text)?;
    if YEARS.contains(&instant.day().year()) { Ok(instant) } else { Err(Code::InstantInvalid) }
}

/// A plain decimal in millionths: digits, and optionally a point and one to six digits.
fn millionths(text: &str) -> Option<i64> {
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    if whole.is_empty() || whole.len() > 12 || fraction.len() > PRICE_DIGITS as usize {
        return None;
    }
    let shown = whole.bytes().chain(fraction.bytes());
    let mut number = 0_i64;
    for byte in shown {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    for _ in fraction.len()..PRICE_DIGITS as usize {
        number *= 10;
    }
    Some(number)
}

/// An amount for one seat.
pub(super) fn money(text: &str) -> Result<Price, Code> {
    millionths(text).and_then(Price::from_millionths).ok_or(Code::MoneyInvalid)
}

/// A fraction from 0 to 1.
pub(super) fn discount(text: &str) -> Result<Discount, Code> {
    let fraction = millionths(text).and_then(|number| u32::try_from(number).ok());
    fraction.and_then(Discount::from_millionths).ok_or(Code::DiscountInvalid)
}

/// A whole number of at most nine digits that count, without a sign.
pub(super) fn whole(text: &str) -> Result<u32, Code> {
    let counting = text.trim_start_matches('0');
    if text.is_empty() || text.len() > 20 || counting.len() > 9 {
        return Err(Code::NumberInvalid);
    }
    digits(counting.as_bytes(), counting.len()).map(|(number, _)| number).ok_or(Code::NumberInvalid)
}

/// Seats, none of them perhaps.
pub(super) fn seats(text: &str) -> Result<u32, Code> {
    whole(text).and_then(|seats| if seats <= SEATS_MAX { Ok(seats) } else { Err(Code::NumberInvalid) })
}

/// Seats that a file may also give as less than zero, for a rule to refuse (B29).
pub(super) fn signed_seats(text: &str) -> Result<i32, Code> {
    let (sign, number) = text.strip_prefix('-').map_or((1, text), |number| (-1, number));
    let number = if sign < 0 { whole(number) } else { seats(number) }?;
    i32::try_from(number).map(|number| sign * number).map_err(|_| Code::NumberInvalid)
}

/// `true` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, Code> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Code::BooleanInvalid),
    }
}

/// The parts of a `;` list, without blanks around them and without empty ones.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty())
}

/// A day of the price list, in whatever form the vendor wrote it, reduced to its UTC date (B26): `2/1/2019 12:00:00 AM`,
/// `2/1/2019 0:00`, `2/1/2019`, `2019-02-01` or `2019-02-01T00:00:00.0000000Z`. The placeholder years 1753 and 9999
/// stand for no bound, so each is one and the same day.
pub(super) fn price_day(text: &str) -> Result<Day, Code> {
    let day = if text.contains('/') { american(text) } else { moment(text, true).map(Instant::day) };
    let day = day.ok_or(Code::DateInvalid)?;
    match day.year() {
        ..=1753 => unbounded_first(),
        9999.. => unbounded_last(),
        _ => Some(day),
    }
    .ok_or(Code::DateInvalid)
}

/// The first day of a price row without a beginning.
pub(super) fn unbounded_first() -> Option<Day> {
    Day::from_ymd(1753, 1, 1)
}

/// The last day of a price row without an end.
pub(super) fn unbounded_last() -> Option<Day> {
    Day::from_ymd(9999, 12, 31)
}

/// A number of one or two digits before a mark, and what follows the mark.
fn short(text: &str, mark: char) -> Option<(u32, &str)> {
    let (number, rest) = text.split_once(mark)?;
    Some((one_or_two(number)?, rest))
}

fn one_or_two(text: &str) -> Option<u32> {
    let known = matches!(text.len(), 1 | 2);
    digits(text.as_bytes(), text.len()).filter(|_| known).map(|(number, _)| number)
}

/// Month, day and year, and a time of day that is checked and dropped.
fn american(text: &str) -> Option<Day> {
    let (date, time) = text.split_once(' ').map_or((text, None), |(date, time)| (date, Some(time)));
    let (month, rest) = short(date, '/')?;
    let (day, year) = short(rest, '/')?;
    let (year, rest) = digits(year.as_bytes(), 4)?;
    let known = rest.is_empty() && time.is_none_or(is_time_of_day);
    known.then(|| Day::from_ymd(i32::try_from(year).ok()?, month, day))?
}

/// `12:00:00 AM` or `0:00`, also with seconds on 24 hours.
fn is_time_of_day(text: &str) -> bool {
    let (clock, half) = text.split_once(' ').map_or((text, None), |(clock, half)| (clock, Some(half)));
    let hours = match half {
        None => 0..=23,
        Some("AM" | "PM") => 1..=12,
        Some(_) => return false,
    };
    let Some((hour, rest)) = short(clock, ':') else { return false };
    let (minute, second) = rest.split_once(':').map_or((rest, "00"), |parts| parts);
    let below_sixty = |text: &str| text.len() == 2 && one_or_two(text).is_some_and(|number| number < 60);
    hours.contains(&hour) && below_sixty(minute) && below_sixty(second)
}

#[cfg(test)]
#[path = "cell_tests.rs"]
mod tests;
