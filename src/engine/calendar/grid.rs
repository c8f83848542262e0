//! The grid that charge cycles lie on: days that are months apart, counted from an anchor (R3, R4).

use super::{Day, Month, MonthEnd, Term};

/// An endless row of days, months apart, counted from an anchor: each lies in its month as the anchor lies in its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grid {
    anchor: Month,
    place: Place,
    months: u8,
}

/// Where in its month a grid's day lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// The day with this number, or the month's last (R4).
    Number(u8),
    /// So many days before the month's last (R4).
    FromEnd(u8),
}

impl Grid {
    /// The days that lie `months` apart from `anchor`.
    pub const fn new(anchor: Day, months: u32) -> Grid {
        Grid::with_offset(anchor, 0, months)
    }

    /// The days that lie `months` apart from the anchor's day `offset` months later, still clamped from the anchor (A4).
    pub const fn with_offset(anchor: Day, offset: i32, months: u32) -> Grid {
        let (month, day) = anchor.in_month();
        Grid { anchor: month.plus(offset), place: Place::Number(day as u8), months: months as u8 }
    }

    /// The monthly grid inside a long term under the policy's `month_end` (R4, A27).
    pub const fn monthly(anchor: Day, term: Term, month_end: MonthEnd) -> Grid {
        let (month, day) = anchor.in_month();
        let place = match (month_end, term) {
            (MonthEnd::KeepDistance, Term::P1Y | Term::P3Y) if day >= 29 => {
                Place::FromEnd((month.days() - day) as u8)
            }
            (MonthEnd::Clamp | MonthEnd::KeepDistance, Term::P1M | Term::P1Y | Term::P3Y) => {
                Place::Number(day as u8)
            }
        };
        Grid { anchor: month, place, months: 1 }
    }

    /// Day number `index` of the grid; the anchor is number 0.
    pub const fn day(self, index: i32) -> Day {
        let month = self.anchor.plus(index * self.months as i32);
        match self.place {
            Place::Number(number) => month.day(number as u32),
            Place::FromEnd(distance) => month.day(month.days() - distance as u32),
        }
    }

    /// The number of the last grid day on or before `day`.
    pub fn index_at(self, day: Day) -> i32 {
        let months = day.in_month().0.0 - self.anchor.0;
        let index = months.div_euclid(i32::from(self.months));
        // A grid has one day in each of its months: it lies before the day asked for, or after it.
        if self.day(index) <= day { index } else { index - 1 }
    }

    /// The number of a day that is on the grid.
    pub fn index_of(self, day: Day) -> Option<i32> {
        let index = self.index_at(day);
        (self.day(index) == day).then_some(index)
    }
}
