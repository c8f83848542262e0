//! Days and instants as text, each day written once for the whole run.

use super::figures;
use termwise_engine::book::Window;
use termwise_engine::calendar::{Day, Instant};

/// Days written beforehand on either side of a run's days: more than the longest term.
const AROUND: i32 = 4 * 366;
const TICKS_PER_SECOND: i64 = 10_000_000;
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
const FRACTION_DIGITS: usize = 7;

/// The texts of the days that a run is likely to write.
#[derive(Debug)]
pub(super) struct DayTexts {
    first: i32,
    texts: Vec<[u8; 10]>,
}

impl DayTexts {
    /// None: each day is written when it is met.
    pub(super) const fn none() -> DayTexts {
        DayTexts { first: 0, texts: Vec::new() }
    }

    /// Those around the days of a run.
    pub(super) fn around(window: Window) -> DayTexts {
        let first = window.billed.first.epoch_days() - AROUND;
        let last = window.horizon.epoch_days() + AROUND;
        // A day that is not written in ten bytes ends the table; it and those after it are written when they are met.
        let text = |days| {
            let mut text = Vec::with_capacity(10);
            figures::push_day(&mut text, Day::from_epoch_days(days)?);
            <[u8; 10]>::try_from(text.as_slice()).ok()
        };
        DayTexts { first, texts: (first..=last).map_while(text).collect() }
    }

    /// Writes a day as YYYY-MM-DD.
    #[inline]
    pub(super) fn push(&self, out: &mut Vec<u8>, day: Day) {
        let place = day.epoch_days().checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.texts.get(place)) {
            Some(text) => out.extend_from_slice(text),
            None => figures::push_day(out, day),
        }
    }

    /// Writes an instant as RFC 3339 in UTC, with as many digits of a second as it has.
    pub(super) fn push_instant(&self, out: &mut Vec<u8>, instant: Instant) {
        self.push(out, instant.day());
        push_time(out, instant, b":");
    }

    /// Writes an instant without dashes and colons, as it stands in a key: 20261120T101500Z.
    pub(super) fn push_compact(&self, out: &mut Vec<u8>, instant: Instant) {
        let first = out.len();
        self.push(out, instant.day());
        let mut kept = first;
        for place in first..out.len() {
            if out[place] != b'-' {
                out[kept] = out[place];
                kept += 1;
            }
        }
        out.truncate(kept);
        push_time(out, instant, b"");
    }
}

/// Writes `T10:15:00.25Z`.
fn push_time(out: &mut Vec<u8>, instant: Instant, between: &[u8]) {
    let ticks = instant.ticks().rem_euclid(TICKS_PER_DAY);
    let (seconds, fraction) = (ticks / TICKS_PER_SECOND, ticks % TICKS_PER_SECOND);
    out.push(b'T');
    push_two(out, seconds / 3600);
    out.extend_from_slice(between);
    push_two(out, seconds / 60 % 60);
    out.extend_from_slice(between);
    push_two(out, seconds % 60);
    if fraction != 0 {
        out.push(b'.');
        figures::push_padded(out, fraction.unsigned_abs(), FRACTION_DIGITS);
        while out.ends_with(b"0") {
            out.pop();
        }
    }
    out.push(b'Z');
}

/// Writes a number below 100 with two digits.
fn push_two(out: &mut Vec<u8>, number: i64) {
    figures::push_padded(out, number.unsigned_abs(), 2);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use termwise_engine::calendar::Period;

    fn day(year: i32, month: u32, day: u32) -> Day {
        Day::from_ymd(year, month, day).unwrap()
    }

    fn texts() -> DayTexts {
        let billed = Period::new(day(2026, 3, 1), day(2026, 3, 31)).unwrap();
        DayTexts::around(Window { billed, horizon: day(2026, 6, 30) })
    }

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn days_and_instants_are_written_as_the_engine_writes_them() {
        let texts = texts();
        let later = |day: Day, ticks| Instant::from_ticks(day.start().ticks() + ticks);
        for day in [day(2026, 3, 9), day(2024, 2, 29), day(1970, 1, 1), day(1950, 12, 31), day(9999, 1, 1)] {
            assert_eq!(text(|out| texts.push(out, day)), day.to_string());
            for ticks in [0, 1, 36_902_500_000, 369_000_000_000, 863_999_999_999] {
                let instant = later(day, ticks);
                assert_eq!(text(|out| texts.push_instant(out, instant)), instant.to_string());
                let compact = instant.to_string().replace(['-', ':'], "");
                assert_eq!(text(|out| texts.push_compact(out, instant)), compact);
            }
        }
    }
}
