//! The charge cycles of one term: when each begins, how many days it has, and how many the anchor's cycle has (R3 to R5,
//! R45, A3 to A5, D5).
//!
//! A P1Y from 15 July cut to end on 30 June has cycles on the 1st, counted back from 1 July; the first is a stub of 17 of
//! 31 days, then eleven whole ones follow.

use crate::calendar::{BillingCycle, Day, Grid, MonthEnd, Period, Term};

/// A charge cycle of a term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cycle {
    /// Its number in the term, from 0.
    pub number: i32,
    /// Its days.
    pub period: Period,
    /// The days of the uncut cycle that it is, or is part of.
    pub cycle_days: u32,
    /// The months charged of a full cycle where it begins with a change of plan and is shorter; none: all of them (B10).
    pub stub_months: Option<u32>,
}

/// The cycles of one term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    term: Period,
    /// None: the term is its only cycle, as a trial's is.
    grid: Option<(Grid, i32)>,
    /// Where the plan was changed inside one of its cycles: the first day under it, and the months left of that cycle (B10).
    stub: Option<(Day, u32)>,
}

impl Schedule {
    /// The cycles of a term under its billing cycle and anchor, cut where it ends before its natural end. `None` where the
    /// term can't have the billing cycle.
    pub fn new(
        term: Term,
        billing_cycle: BillingCycle,
        period: Period,
        natural_end: Day,
        anchored_on: Option<Day>,
        month_end: MonthEnd,
    ) -> Option<Schedule> {
        let months = billing_cycle.months(term)?;
        // An anchor counts for itself; without one a term is counted from its first day, and a cut one back from its end (R45).
        let is_cut = anchored_on.is_none() && period.last < natural_end;
        let grid = if months == 1 && billing_cycle == BillingCycle::Monthly {
            let counted_back = is_cut.then(|| period.last.next());
            let anchor = anchored_on.or(counted_back).unwrap_or(period.first);
            Grid::monthly(anchor, term, month_end)
        } else {
            Self::long_grid(term, months, period, anchored_on, is_cut)
        };
        let is_own = anchored_on.is_none() && !is_cut;
        let first = if is_own { 0 } else { grid.index_at(period.first) };
        Some(Schedule { term: period, grid: Some((grid, first)), stub: None })
    }

    /// Cycles of a year or a whole term. An anchor counts only where its monthly grid holds the term's first day (A4);
    /// a cut term of several cycles is counted back from its end (R45), one with a single cycle keeps its natural days (A5).
    fn long_grid(term: Term, months: u32, period: Period, anchored_on: Option<Day>, is_cut: bool) -> Grid {
        match anchored_on {
            Some(anchor) => match Grid::new(anchor, 1).index_of(period.first) {
                Some(offset) => Grid::with_offset(anchor, offset, months),
                None => Grid::new(period.first, months),
            },
            None if is_cut && months < term.months() => Grid::new(period.last.next(), months),
            None => Grid::new(period.first, months),
        }
    }

    /// A term that is its own only cycle (B7).
    pub const fn whole(period: Period) -> Schedule {
        Schedule { term: period, grid: None, stub: None }
    }

    /// The cycle with this number, if the term lasts that long.
    pub fn cycle(&self, number: i32) -> Option<Cycle> {
        let Some((grid, first)) = self.grid else {
            return (number == 0).then_some(Cycle {
                number,
                period: self.term,
                cycle_days: self.term.days(),
                stub_months: None,
            });
        };
        let (begins, next) = (grid.day(first + number), grid.day(first + number + 1));
        let mut whole = Period::new(begins, next.previous())?;
        let mut stub_months = None;
        if let Some((from, months)) = self.stub
            && whole.first < from
            && whole.holds(from)
        {
            whole.first = from;
            stub_months = Some(months);
        }
        let period = Period::new(whole.first.max(self.term.first), whole.last.min(self.term.last))?;
        Some(Cycle { number, period, cycle_days: whole.days(), stub_months })
    }

    /// Whether the term begins with a whole cycle and not with part of one (B10).
    pub fn begins_whole(&self) -> bool {
        self.grid.is_some_and(|(grid, first)| grid.day(first) == self.term.first)
    }

    /// The same term under another plan from the first day of one of its cycles on: that cycle's number under the plan, and the
    /// cycles. From monthly to annual the first is a stub of whole months to the end of the contract year (R47, B10).
    pub fn changed(&self, plan: Schedule, from: Day, cycle_months: u32) -> Option<(i32, Schedule)> {
        let ((now, _), (next, first)) = (self.grid?, plan.grid?);
        let index = next.index_at(from);
        let begins = next.day(index);
        let gone = u32::try_from(now.index_at(from) - now.index_at(begins)).ok()?;
        let stub = (begins < from).then_some((from, cycle_months.checked_sub(gone)?));
        Some((index - first, Schedule { stub, ..plan }))
    }

    /// The first day of the cycle with this number, if the term lasts that long.
    pub fn begins(&self, number: i32) -> Option<Day> {
        let first = match self.grid {
            None => (number == 0).then_some(self.term.first),
            Some((grid, first)) => {
                let (begins, next) = (grid.day(first + number), grid.day(first + number + 1));
                let stub = self.stub.filter(|&(from, _)| begins < from && from < next).map(|(from, _)| from);
                Some(stub.unwrap_or(begins).max(self.term.first))
            }
        };
        first.filter(|&first| first <= self.term.last)
    }

    /// The number of the first cycle that begins on a day or after it, whether or not the term lasts that long.
    pub fn first_from(&self, day: Day) -> i32 {
        match self.grid {
            _ if day <= self.term.first => 0,
            None => 1,
            Some((grid, first)) => grid.index_at(day.previous()) - first + 1,
        }
    }

    /// The cycle that holds a day of the term.
    pub fn cycle_at(&self, day: Day) -> Option<Cycle> {
        if !self.term.holds(day) {
            return None;
        }
        match self.grid {
            None => self.cycle(0),
            Some((grid, first)) => self.cycle(grid.index_at(day) - first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> Day {
        Day::from_ymd(year, month, day).unwrap_or(Day::from_epoch_days(0).unwrap_or_else(|| unreachable!()))
    }

    fn cycles(
        term: Term,
        cycle: BillingCycle,
        first: Day,
        last: Day,
        anchor: Option<Day>,
    ) -> Vec<(String, u32, u32)> {
        let period = Period { first, last };
        let natural = crate::book::natural_end(first, term, anchor);
        let schedule = Schedule::new(term, cycle, period, natural, anchor, MonthEnd::Clamp);
        (0..)
            .map_while(|number| schedule.and_then(|schedule| schedule.cycle(number)))
            .map(|cycle| (cycle.period.first.to_string(), cycle.period.days(), cycle.cycle_days))
            .collect()
    }

    #[test]
    fn a_coterm_year_is_counted_back_from_its_end() {
        let found = cycles(Term::P1Y, BillingCycle::Monthly, day(2026, 7, 15), day(2027, 6, 30), None);
        assert_eq!(found.len(), 12);
        assert_eq!(found[0], ("2026-07-15".into(), 17, 31));
        assert_eq!(found[1], ("2026-08-01".into(), 31, 31));
        let upfront = cycles(Term::P1Y, BillingCycle::Upfront, day(2026, 7, 15), day(2027, 6, 30), None);
        assert_eq!(upfront, [("2026-07-15".into(), 351, 365)]);
    }

    #[test]
    fn three_years_cut_and_billed_annually_begin_with_a_stub_of_a_year() {
        let found = cycles(Term::P3Y, BillingCycle::Annual, day(2022, 7, 1), day(2024, 10, 1), None);
        assert_eq!(found[0], ("2022-07-01".into(), 93, 365));
        assert_eq!(found[1], ("2022-10-02".into(), 365, 365));
        assert_eq!(found[2], ("2023-10-02".into(), 366, 366));
    }

    #[test]
    fn an_anchor_off_the_grid_cuts_the_first_cycle() {
        // A4: 28 to 31 January is 4 of 31 days.
        let found = cycles(
            Term::P1M,
            BillingCycle::Monthly,
            day(2026, 1, 28),
            day(2026, 2, 27),
            Some(day(2025, 6, 1)),
        );
        assert_eq!(found, [("2026-01-28".into(), 4, 31), ("2026-02-01".into(), 27, 28)]);
    }

    #[test]
    fn an_annual_cycle_begins_with_the_term_and_not_in_the_anchors_month() {
        let found = cycles(
            Term::P3Y,
            BillingCycle::Annual,
            day(2026, 2, 28),
            day(2029, 2, 27),
            Some(day(2025, 5, 31)),
        );
        assert_eq!(found[0], ("2026-02-28".into(), 365, 365));
        assert_eq!(found.len(), 3);
    }
}
