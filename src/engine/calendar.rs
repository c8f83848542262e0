//! Days, instants, terms and the grid of charge cycles.
//!
//! All dates are civil dates in UTC (R1); an instant is kept only where a rule orders events or counts hours.
//! End dates are inclusive (R2): a term 2023-03-02 … 2024-03-01 renews on 2024-03-02. Cycles are counted from their
//! anchor, never from the previous cycle (R3): Jan 31, Feb 28, Mar 31. Nothing here reads the clock.

use chrono::{Datelike, Days, Months, NaiveDate};
use std::fmt;

/// A civil date in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Day(NaiveDate);

const TICKS_PER_SECOND: i64 = 10_000_000;
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
const EPOCH: NaiveDate = NaiveDate::from_epoch_days(0).unwrap();

impl Day {
    /// The day of a year, month and day, if there is one.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Day> {
        NaiveDate::from_ymd_opt(year, month, day).map(Day)
    }

    /// The day so many days after 1970-01-01.
    pub fn from_epoch_days(days: i32) -> Option<Day> {
        NaiveDate::from_epoch_days(days).map(Day)
    }

    /// Days since 1970-01-01.
    pub fn epoch_days(self) -> i32 {
        self.0.to_epoch_days()
    }

    /// 00:00:00Z of this day.
    pub fn start(self) -> Instant {
        Instant(i64::from(self.epoch_days()) * TICKS_PER_DAY)
    }

    /// The day before.
    pub fn previous(self) -> Day {
        Day(self.0.pred_opt().unwrap_or(NaiveDate::MIN))
    }

    /// The day after.
    pub fn next(self) -> Day {
        Day(self.0.succ_opt().unwrap_or(NaiveDate::MAX))
    }

    /// So many days later.
    pub fn plus_days(self, days: u32) -> Day {
        Day(self.0.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX))
    }

    /// So many months later (earlier where negative), clamped to the month's last day (R4).
    pub fn plus_months(self, months: i32) -> Day {
        let by = Months::new(months.unsigned_abs());
        let moved = if months < 0 { self.0.checked_sub_months(by) } else { self.0.checked_add_months(by) };
        Day(moved.unwrap_or(if months < 0 { NaiveDate::MIN } else { NaiveDate::MAX }))
    }

    /// Months since year zero: the difference of two is the number of calendar months between.
    fn month_number(self) -> i32 {
        self.0.year() * 12 + self.0.month0() as i32
    }

    /// Day of the month.
    pub fn day_of_month(self) -> u32 {
        self.0.day()
    }

    /// Year of the date.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Whether this is the last day of its month.
    pub fn is_month_end(self) -> bool {
        self.next().day_of_month() == 1
    }

    fn days_in_month(self) -> u32 {
        u32::from(self.0.num_days_in_month())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.format("%Y-%m-%d"))
    }
}

/// A moment in UTC, in ticks of 100 nanoseconds since 1970 (the seven digits that the vendor's files carry).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Instant(i64);

impl Instant {
    /// Before everything.
    pub const BEGINNING: Instant = Instant(i64::MIN);

    /// The moment so many ticks after 1970-01-01T00:00:00Z.
    pub const fn from_ticks(ticks: i64) -> Instant {
        Instant(ticks)
    }

    /// Ticks since 1970-01-01T00:00:00Z.
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// The UTC date of this moment (D1).
    pub fn day(self) -> Day {
        let days = self.0.div_euclid(TICKS_PER_DAY);
        i32::try_from(days).ok().and_then(Day::from_epoch_days).unwrap_or(Day(EPOCH))
    }

    /// Whether no more than `span` has gone by since `earlier`; the span's last moment counts (A12).
    pub fn is_within(self, span: Span, earlier: Instant) -> bool {
        self.0.saturating_sub(earlier.0) <= span.0
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC, with as many digits of a second as it has.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticks = self.0.rem_euclid(TICKS_PER_DAY);
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

/// The committed length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Term {
    /// A month.
    P1M,
    /// A year.
    P1Y,
    /// Three years.
    P3Y,
}

impl Term {
    /// Every term.
    pub const ALL: [Term; 3] = [Term::P1M, Term::P1Y, Term::P3Y];

    /// Its months.
    pub const fn months(self) -> u32 {
        match self {
            Term::P1M => 1,
            Term::P1Y => 12,
            Term::P3Y => 36,
        }
    }

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Term::P1M => "P1M",
            Term::P1Y => "P1Y",
            Term::P3Y => "P3Y",
        }
    }
}

/// How often a term is charged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum BillingCycle {
    /// Every month.
    Monthly,
    /// Every year.
    Annual,
    /// Once, for the whole term.
    Upfront,
}

impl BillingCycle {
    /// Every billing cycle.
    pub const ALL: [BillingCycle; 3] = [BillingCycle::Monthly, BillingCycle::Annual, BillingCycle::Upfront];

    /// Months of one charge cycle in a term; `None` where the term can't have it (annual of P1M, B27).
    pub const fn months(self, term: Term) -> Option<u32> {
        match (self, term) {
            (BillingCycle::Monthly, Term::P1M | Term::P1Y | Term::P3Y) => Some(1),
            (BillingCycle::Annual, Term::P1M) => None,
            (BillingCycle::Annual, Term::P1Y | Term::P3Y) => Some(12),
            (BillingCycle::Upfront, Term::P1M | Term::P1Y | Term::P3Y) => Some(term.months()),
        }
    }

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            BillingCycle::Monthly => "monthly",
            BillingCycle::Annual => "annual",
            BillingCycle::Upfront => "upfront",
        }
    }
}

/// What becomes of a day that a month does not have (R4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum MonthEnd {
    /// Jan 30 → Feb 28 → Mar 30.
    Clamp,
    /// Jan 30 → Feb 27 → Mar 30 → Apr 29: as far from the month's end as the anchor.
    KeepDistance,
}

/// An endless row of days, months apart, counted from an anchor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grid {
    anchor: Day,
    offset: i32,
    months: u32,
    keep_distance: bool,
}

impl Grid {
    /// The days that lie `months` apart from `anchor`.
    pub const fn new(anchor: Day, months: u32) -> Grid {
        Grid { anchor, offset: 0, months, keep_distance: false }
    }

    /// The days that lie `months` apart from the anchor's day `offset` months later, still clamped from the anchor (A4).
    pub const fn with_offset(anchor: Day, offset: i32, months: u32) -> Grid {
        Grid { anchor, offset, months, keep_distance: false }
    }

    /// The monthly grid inside a long term under the policy's `month_end` (R4, A27).
    pub fn monthly(anchor: Day, term: Term, month_end: MonthEnd) -> Grid {
        let keep_distance = match (month_end, term) {
            (MonthEnd::Clamp, Term::P1M | Term::P1Y | Term::P3Y) | (MonthEnd::KeepDistance, Term::P1M) => {
                false
            }
            (MonthEnd::KeepDistance, Term::P1Y | Term::P3Y) => anchor.day_of_month() >= 29,
        };
        Grid { anchor, offset: 0, months: 1, keep_distance }
    }

    /// Day number `index` of the grid; the anchor is number 0.
    pub fn day(self, index: i32) -> Day {
        let months = self.offset + index * self.months as i32;
        let clamped = self.anchor.plus_months(months);
        if !self.keep_distance || months == 0 {
            return clamped;
        }
        let distance = self.anchor.days_in_month() - self.anchor.day_of_month();
        let first = Day(clamped.0.with_day(1).unwrap_or(clamped.0));
        first.plus_days(clamped.days_in_month() - 1 - distance)
    }

    /// The number of the last grid day on or before `day`.
    pub fn index_at(self, day: Day) -> i32 {
        let months = day.month_number() - self.anchor.month_number() - self.offset;
        let mut index = months.div_euclid(self.months as i32);
        while self.day(index) > day {
            index -= 1;
        }
        while self.day(index + 1) <= day {
            index += 1;
        }
        index
    }

    /// The number of a day that is on the grid.
    pub fn index_of(self, day: Day) -> Option<i32> {
        let index = self.index_at(day);
        (self.day(index) == day).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day(text.parse().unwrap_or_default())
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
        let noon = Instant(day("2026-11-30").start().0 + TICKS_PER_DAY / 2);
        assert_eq!(noon.to_string(), "2026-11-30T12:00:00Z");
        assert_eq!(Instant(noon.0 + 2_500_000).to_string(), "2026-11-30T12:00:00.25Z");
        assert_eq!(Instant(-1).day(), day("1969-12-31"));
        assert!(noon.is_within(Span::hours(12), day("2026-11-30").start()));
        assert!(!Instant(noon.0 + 1).is_within(Span::hours(12), day("2026-11-30").start()));
    }
}
