//! Days and instants as the sample writes them: all days are civil days in UTC, an instant may show another offset.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

/// The last day that the sample's job bills.
pub(crate) const AS_OF: NaiveDate = day(2026, 11, 30);
/// The first one.
pub(crate) const FROM: NaiveDate = day(2026, 11, 1);

/// A day of the tables in this module. A day that the calendar lacks would come out as its first one, which a test
/// of the tables sees.
pub(crate) const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(day) => day,
        None => NaiveDate::MIN,
    }
}

/// The day so many days later.
pub(crate) fn add_days(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_add_days(Days::new(u64::from(days))).unwrap_or(day)
}

/// The day so many days earlier.
pub(crate) fn days_before(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(days))).unwrap_or(day)
}

/// Days from one day to a later one; 0 where it is not later.
pub(crate) fn days_from(earlier: NaiveDate, later: NaiveDate) -> u32 {
    u32::try_from((later - earlier).num_days()).unwrap_or(0)
}

/// An instant in UTC.
pub(crate) fn at(day: NaiveDate, hour: u32, minute: u32, second: u32) -> NaiveDateTime {
    let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
    day.and_time(NaiveTime::MIN) + TimeDelta::seconds(seconds)
}

/// So many hours after an instant.
pub(crate) fn hours_after(instant: NaiveDateTime, hours: u32) -> NaiveDateTime {
    instant + TimeDelta::hours(i64::from(hours))
}

/// A point in time as a cell shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stamp {
    /// An empty cell.
    Nothing,
    /// A bare date, which stands for its 00:00Z.
    Day(NaiveDate),
    /// An instant in UTC, written with an offset of so many minutes.
    At(NaiveDateTime, i32),
}

impl Stamp {
    /// An instant written in UTC.
    pub(crate) const fn utc(instant: NaiveDateTime) -> Stamp {
        Stamp::At(instant, 0)
    }

    /// As the cell shows it.
    pub(crate) fn text(self) -> String {
        match self {
            Stamp::Nothing => String::new(),
            Stamp::Day(day) => date_text(day),
            Stamp::At(utc, 0) => format!("{}Z", clock_text(utc)),
            Stamp::At(utc, offset) => {
                let local = utc + TimeDelta::minutes(i64::from(offset));
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.unsigned_abs();
                format!("{}{sign}{:02}:{:02}", clock_text(local), minutes / 60, minutes % 60)
            }
        }
    }
}

/// `2026-11-30`.
pub(crate) fn date_text(day: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

/// A date cell that may be empty.
pub(crate) fn optional_date(day: Option<NaiveDate>) -> String {
    day.map(date_text).unwrap_or_default()
}

fn clock_text(time: NaiveDateTime) -> String {
    format!("{}T{:02}:{:02}:{:02}", date_text(time.date()), time.hour(), time.minute(), time.second())
}
