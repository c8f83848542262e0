//! Days, instants, terms and the grid of charge cycles.
//!
//! All dates are civil dates in UTC (R1); an instant is kept only where a rule orders events or counts hours.
//! End dates are inclusive (R2): a term 2023-03-02 … 2024-03-01 renews on 2024-03-02. Cycles are counted from their
//! anchor, never from the previous cycle (R3): Jan 31, Feb 28, Mar 31. Nothing here reads the clock.

mod grid;
mod term;

pub use grid::Grid;
pub use term::{BillingCycle, MonthEnd, Term};

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};

/// A civil date in UTC, kept as a count of days, so that days are compared, counted and added as numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NonZeroU32);

const TICKS_PER_SECOND: i64 = 10_000_000;
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;

// The Gregorian calendar repeats every 400 years. Years are counted from March here, so that a leap day is the last of its
// year, and from 40,000 years before year 0, so that nothing is negative and an optional day needs no more room than a day.
const DAYS_PER_ERA: u32 = 146_097;
const YEARS_BEFORE_ZERO: i32 = 40_000;
const DAY_OF_EPOCH: i32 = 719_468 + 100 * DAYS_PER_ERA as i32;
const DAYS: u32 = 200 * DAYS_PER_ERA - 1;

/// A month, counted like days: the difference of two is the number of calendar months between.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Month(i32);

impl Month {
    const fn of(year: i32, month: u32) -> Month {
        Month((year + YEARS_BEFORE_ZERO) * 12 + month as i32 - 3)
    }

    /// The count of its first day.
    const fn first(self) -> u32 {
        let months = self.0.unsigned_abs();
        let (year, month) = (months / 12, months % 12);
        year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5
    }

    const fn days(self) -> u32 {
        const TO_JANUARY: [u32; 11] = [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31];
        let months = self.0.unsigned_abs();
        let (year, month) = (months / 12 + 1, months % 12);
        if month < 11 {
            TO_JANUARY[month as usize]
        } else if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) {
            29
        } else {
            28
        }
    }

    /// Its day with this number, or its last (R4).
    const fn day(self, number: u32) -> Day {
        let (first, days) = (self.first(), if number <= 28 { 31 } else { self.days() });
        Day::at(first + if number < days { number } else { days } - 1)
    }

    const fn plus(self, months: i32) -> Month {
        let sum = self.0 + months;
        Month(if sum < 0 { 0 } else { sum })
    }
}

impl Month {
    /// Its number: months that follow each other have numbers that do.
    pub const fn count(self) -> i32 {
        self.0
    }

    /// The month of a number.
    pub const fn from_count(count: i32) -> Month {
        Month(if count < 0 { 0 } else { count })
    }
}

impl From<Day> for Month {
    fn from(day: Day) -> Month {
        day.in_month().0
    }
}

impl Day {
    /// Earlier than anything that happens.
    pub const FIRST: Day = Day::at(0);

    /// The day after so many, at most the last one that can be counted.
    const fn at(count: u32) -> Day {
        Day(NonZeroU32::MIN.saturating_add(if count < DAYS { count } else { DAYS }))
    }

    const fn count(self) -> u32 {
        self.0.get() - 1
    }

    /// The month, and the number of the day in it: by the multiplications of Neri and Schneider (2022), which stand for
    /// divisions by the mean lengths of years and months.
    const fn in_month(self) -> (Month, u32) {
        let quarters = 4 * self.count() + 3;
        let (century, day) = (quarters / DAYS_PER_ERA, quarters % DAYS_PER_ERA / 4);
        let years = 2_939_745 * (4 * day + 3) as u64;
        let (year, day_of_year) = ((years >> 32) as u32, years as u32 / 2_939_745 / 4);
        let months = 2_141 * day_of_year + 1_305;
        let month = (century * 100 + year) * 12 + (months >> 16);
        (Month(month as i32), (months & 0xFFFF) / 2_141 + 1)
    }

    /// The day of a year, month and day, if there is one.
    pub const fn from_ymd(year: i32, month: u32, day: u32) -> Option<Day> {
        if year <= -YEARS_BEFORE_ZERO || year >= YEARS_BEFORE_ZERO || month < 1 || month > 12 {
            return None;
        }
        let of = Month::of(year, month);
        if day < 1 || day > of.days() { None } else { Some(of.day(day)) }
    }

    /// The day so many days after 1970-01-01.
    pub const fn from_epoch_days(days: i32) -> Option<Day> {
        let count = days as i64 + DAY_OF_EPOCH as i64;
        if count < 0 || count > DAYS as i64 { None } else { Some(Day::at(count as u32)) }
    }

    /// Days since 1970-01-01.
    pub const fn epoch_days(self) -> i32 {
        self.count() as i32 - DAY_OF_EPOCH
    }

    /// 00:00:00Z of this day.
    pub const fn start(self) -> Instant {
        Instant::from_ticks((self.epoch_days() as i64).saturating_mul(TICKS_PER_DAY))
    }

    /// The day before.
    pub const fn previous(self) -> Day {
        Day::at(self.count().saturating_sub(1))
    }

    /// The day after.
    pub const fn next(self) -> Day {
        Day::at(self.count() + 1)
    }

    /// So many days later.
    pub const fn plus_days(self, days: u32) -> Day {
        Day::at(self.count().saturating_add(days))
    }

    /// So many months later (earlier where negative), clamped to the month's last day (R4).
    pub const fn plus_months(self, months: i32) -> Day {
        let (month, day) = self.in_month();
        month.plus(months).day(day)
    }

    /// Day of the month.
    pub const fn day_of_month(self) -> u32 {
        self.in_month().1
    }

    /// Month of the year, from 1.
    pub const fn month(self) -> u32 {
        (self.in_month().0.0 + 2).unsigned_abs() % 12 + 1
    }

    /// Year of the date.
    pub const fn year(self) -> i32 {
        (self.in_month().0.0 + 2) / 12 - YEARS_BEFORE_ZERO
    }

    /// Whether this is the last day of its month.
    pub const fn is_month_end(self) -> bool {
        self.next().day_of_month() == 1
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.year(), self.month(), self.day_of_month());
        if (0..10_000).contains(&year) {
            write!(out, "{year:04}-{month:02}-{day:02}")
        } else {
            write!(out, "{year:+05}-{month:02}-{day:02}")
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.day(1);
        write!(out, "{:04}-{:02}", first.year(), first.month())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// A moment in UTC, in ticks of 100 nanoseconds since 1970 (the seven digits that the vendor's files carry), kept as their
/// number since the first moment of all, so that an optional moment needs no more room than a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

impl Instant {
    /// Before everything.
    pub const BEGINNING: Instant = Instant::from_ticks(i64::MIN);

    /// The moment so many ticks after 1970-01-01T00:00:00Z.
    pub const fn from_ticks(ticks: i64) -> Instant {
        Instant(NonZeroU64::MIN.saturating_add(ticks.abs_diff(i64::MIN)))
    }

    /// Ticks since 1970-01-01T00:00:00Z.
    pub const fn ticks(self) -> i64 {
        i64::MIN.wrapping_add_unsigned(self.0.get() - 1)
    }

    /// The UTC date of this moment (D1).
    pub const fn day(self) -> Day {
        // Whatever ticks can say lies within the days that can be counted.
        let days = self.ticks().div_euclid(TICKS_PER_DAY) + DAY_OF_EPOCH as i64;
        Day::at(days as u32)
    }

    /// Whether no more than `span` has gone by since `earlier`; the span's last moment counts (A12).
    pub const fn is_within(self, span: Span, earlier: Instant) -> bool {
        self.ticks().saturating_sub(earlier.ticks()) <= span.0
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC, with as many digits of a second as it has.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticks = self.ticks().rem_euclid(TICKS_PER_DAY);
        let seconds = ticks / TICKS_PER_SECOND;
        let fraction = ticks % TICKS_PER_SECOND;
        write!(out, "{}T{:02}:{:02}:{:02}", self.day(), seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if fraction != 0 {
            let digits = format!("{fraction:07}");
            write!(out, ".{}", digits.trim_end_matches('0'))?;
        }
        out.write_str("Z")
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// A length of time in hours, as the refund windows are (R34, R35).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Span(i64);

impl Span {
    /// A span of so many hours.
    pub const fn hours(hours: u32) -> Span {
        Span(hours as i64 * 3600 * TICKS_PER_SECOND)
    }

    /// How many hours this is.
    pub const fn in_hours(self) -> i64 {
        self.0 / (3600 * TICKS_PER_SECOND)
    }
}

/// Days from a first to a last one, both inclusive (R2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Period {
    /// First day.
    pub first: Day,
    /// Last day.
    pub last: Day,
}

impl Period {
    /// The period of these days; `None` where the last comes before the first.
    pub fn new(first: Day, last: Day) -> Option<Period> {
        (first <= last).then_some(Period { first, last })
    }

    /// How many days, first and last counted.
    pub fn days(self) -> u32 {
        u32::try_from(self.last.epoch_days() - self.first.epoch_days() + 1).unwrap_or_default()
    }

    /// Whether a day lies inside.
    pub fn holds(self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    /// From a day inside to the end.
    pub fn from(self, day: Day) -> Period {
        Period { first: day, last: self.last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        let numbers: Vec<u32> = text.split('-').filter_map(|part| part.parse().ok()).collect();
        Day::from_ymd(numbers[0] as i32, numbers[1], numbers[2]).unwrap()
    }

    #[test]
    fn cycles_are_counted_from_the_anchor() {
        let grid = Grid::new(day("2026-01-31"), 1);
        assert_eq!(grid.day(1), day("2026-02-28"));
        assert_eq!(grid.day(2), day("2026-03-31"));
        assert_eq!(grid.index_at(day("2026-03-30")), 1);
        assert_eq!(grid.index_of(day("2026-02-28")), Some(1));
        assert_eq!(grid.index_at(day("2025-12-30")), -2);
    }

    #[test]
    fn keep_distance_stays_a_day_before_the_months_end() {
        // The vendor's own table for a P1Y bought on 30 January 2021 (MS).
        let grid = Grid::monthly(day("2021-01-30"), Term::P1Y, MonthEnd::KeepDistance);
        let starts: Vec<String> = (0..12).map(|index| grid.day(index).to_string()).collect();
        let expected = [
            "2021-01-30",
            "2021-02-27",
            "2021-03-30",
            "2021-04-29",
            "2021-05-30",
            "2021-06-29",
            "2021-07-30",
            "2021-08-30",
            "2021-09-29",
            "2021-10-30",
            "2021-11-29",
            "2021-12-30",
        ];
        assert_eq!(starts, expected);
        let short = Grid::monthly(day("2021-01-30"), Term::P1M, MonthEnd::KeepDistance);
        assert_eq!(short.day(1), day("2021-02-28"));
    }

    #[test]
    fn an_instant_prints_as_it_is() {
        let noon = Instant::from_ticks(day("2026-11-30").start().ticks() + TICKS_PER_DAY / 2);
        assert_eq!(noon.to_string(), "2026-11-30T12:00:00Z");
        assert_eq!(Instant::from_ticks(noon.ticks() + 2_500_000).to_string(), "2026-11-30T12:00:00.25Z");
        assert_eq!(Instant::from_ticks(-1).day(), day("1969-12-31"));
        assert!(noon.is_within(Span::hours(12), day("2026-11-30").start()));
        assert!(!Instant::from_ticks(noon.ticks() + 1).is_within(Span::hours(12), day("2026-11-30").start()));
    }
}
