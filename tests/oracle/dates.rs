//! Civil dates, terms and charge cycles (R1 to R5, R45; A3 to A5, A27).
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Utc};

pub type Day = NaiveDate;
pub type Instant = DateTime<Utc>;

pub fn plus_days(d: Day, n: i64) -> Day {
    if n >= 0 {
        d.checked_add_days(Days::new(n.unsigned_abs())).expect("oracle: date")
    } else {
        d.checked_sub_days(Days::new(n.unsigned_abs())).expect("oracle: date")
    }
}

pub fn days_between(first: Day, last: Day) -> i64 {
    (last - first).num_days() + 1 // both inclusive
}

/// Clamped to the month's last day.
pub fn plus_months(d: Day, n: i64) -> Day {
    let m = Months::new(u32::try_from(n.abs()).expect("oracle: months"));
    if n >= 0 {
        d.checked_add_months(m).expect("oracle: date")
    } else {
        d.checked_sub_months(m).expect("oracle: date")
    }
}

pub fn last_of_month(d: Day) -> Day {
    let first = d.with_day(1).expect("oracle: first of month");
    plus_days(plus_months(first, 1), -1)
}

pub fn midnight(d: Day) -> Instant {
    d.and_time(NaiveTime::MIN).and_utc()
}

pub fn parse_day(text: &str) -> Option<Day> {
    if text.len() != 10 {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// RFC 3339, or a date, which stands for its 00:00Z.
pub fn parse_instant(text: &str) -> Option<Instant> {
    if let Some(d) = parse_day(text) {
        return Some(midnight(d));
    }
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.with_timezone(&Utc))
}

/// The forms of dates that price lists come with, reduced to UTC dates (B26).
pub fn parse_price_day(text: &str) -> Option<Day> {
    if let Some(t) = parse_instant(text) {
        return Some(t.date_naive());
    }
    for f in [
        "%m/%d/%Y %I:%M:%S %p",
        "%m/%d/%Y %I:%M %p",
        "%m/%d/%Y %H:%M:%S",
        "%m/%d/%Y %H:%M",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
    ] {
        if let Ok(t) = NaiveDateTime::parse_from_str(text, f) {
            return Some(t.date());
        }
    }
    NaiveDate::parse_from_str(text, "%m/%d/%Y").ok()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Billing {
    Monthly,
    Annual,
    Upfront,
}

impl Billing {
    pub fn parse(text: &str) -> Option<Billing> {
        match text {
            "monthly" => Some(Billing::Monthly),
            "annual" => Some(Billing::Annual),
            "upfront" => Some(Billing::Upfront),
            _ => None,
        }
    }
    pub fn name(self) -> &'static str {
        match self {
            Billing::Monthly => "monthly",
            Billing::Annual => "annual",
            Billing::Upfront => "upfront",
        }
    }
    /// Months of one charge cycle in a term of `term` months.
    pub fn months(self, term: i64) -> i64 {
        match self {
            Billing::Monthly => 1,
            Billing::Annual => 12,
            Billing::Upfront => term,
        }
    }
    pub fn fits(self, term: i64) -> bool {
        !(self == Billing::Annual && term == 1)
    }
}

pub fn parse_term(text: &str) -> Option<i64> {
    match text {
        "P1M" => Some(1),
        "P1Y" => Some(12),
        "P3Y" => Some(36),
        _ => None,
    }
}

pub fn term_name(months: i64) -> &'static str {
    match months {
        1 => "P1M",
        12 => "P1Y",
        _ => "P3Y",
    }
}

/// One charge cycle; `full` = days of the uncut cycle that it is, or is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    pub first: Day,
    pub last: Day,
    pub full: i64,
    pub next: Day, // the day after the uncut cycle
    pub billing: Billing,
    pub stub: Option<i64>, // months of the annual price, from the middle of a contract year to its end (B10)
    pub plan_changed: bool, // the first one of a new plan
}

impl Cycle {
    /// The days first … last of the cycle that runs from `begin` to the day before `next` where it is not cut.
    pub fn whole(first: Day, last: Day, begin: Day, next: Day, billing: Billing) -> Cycle {
        let full = days_between(begin, plus_days(next, -1));
        Cycle { first, last, full, next, billing, stub: None, plan_changed: false }
    }
}

/// The whole m with anchor + m months = day, if there is one (the anchor's clamped monthly grid).
pub fn on_grid(anchor: Day, day: Day) -> Option<i64> {
    let m = months_between(anchor, day);
    (plus_months(anchor, m) == day).then_some(m)
}

/// Whole months from one day of a monthly grid to another.
pub fn months_between(a: Day, b: Day) -> i64 {
    i64::from(b.year() - a.year()) * 12 + i64::from(b.month()) - i64::from(a.month())
}

/// The last day of a term that is not cut (R5, A3).
pub fn natural_end(start: Day, months: i64, anchored_on: Option<Day>) -> Day {
    let next = match anchored_on.and_then(|a| on_grid(a, start).map(|m| (a, m))) {
        Some((a, m)) => plus_months(a, m + months),
        None => plus_months(start, months),
    };
    plus_days(next, -1)
}

/// May a term end on `end`? (B28)
pub fn check_term_end(start: Day, natural: Day, months: i64, end: Day) -> Result<(), &'static str> {
    if end < start || end > natural {
        return Err("term-end-outside-term");
    }
    if months == 1 && end != natural && (28..=30).contains(&end.day()) && end != last_of_month(end) {
        return Err("term-end-not-allowed");
    }
    Ok(())
}

/// Anchor + k months: clamped, or at the anchor's distance from the month's end (R4).
fn grid_day(anchor: Day, k: i64, keep_distance: bool) -> Day {
    let clamped = plus_months(anchor, k);
    if !keep_distance || anchor.day() < 29 {
        return clamped;
    }
    let distance = (last_of_month(anchor) - anchor).num_days();
    plus_days(last_of_month(clamped), -distance)
}

/// All charge cycles of the term start … end.
pub fn cycles(
    start: Day,
    end: Day,
    months: i64,
    billing: Billing,
    anchored_on: Option<Day>,
    keep_distance: bool,
) -> Vec<Cycle> {
    let natural = natural_end(start, months, anchored_on);
    let cut = end < natural;
    let step = billing.months(months);
    let boundary: Box<dyn Fn(i64) -> Day> = if billing == Billing::Monthly {
        let anchor = anchored_on.unwrap_or(if cut { plus_days(end, 1) } else { start });
        let keep = keep_distance && months >= 12;
        Box::new(move |k| grid_day(anchor, k, keep))
    } else if step == months {
        // a single annual or upfront cycle: the natural term is the uncut cycle (A5)
        return vec![Cycle::whole(start, end, start, plus_days(natural, 1), billing)];
    } else {
        match anchored_on {
            Some(a) => match on_grid(a, start) {
                Some(m) => Box::new(move |k| plus_months(a, m + 12 * k)),
                None => Box::new(move |k| plus_months(start, 12 * k)),
            },
            None if cut => Box::new(move |k| plus_months(plus_days(end, 1), 12 * k)),
            None => Box::new(move |k| plus_months(start, 12 * k)),
        }
    };
    // the boundary at or before the term's first day
    let mut k = 0;
    while boundary(k) > start {
        k -= 1;
    }
    while boundary(k + 1) <= start {
        k += 1;
    }
    let mut out = Vec::new();
    let mut first = start;
    while first <= end {
        let next = boundary(k + 1);
        out.push(Cycle::whole(first, end.min(plus_days(next, -1)), boundary(k), next, billing));
        first = next;
        k += 1;
    }
    out
}
