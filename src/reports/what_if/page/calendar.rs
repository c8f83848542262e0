//! The calendar of the page: when a proposal takes effect, month by month, drawn as the other charts are.

use super::super::model::{Currency, Row, RowWorld};
use super::charts::{Scale, Share, said};
use super::figures::{self, Way};

/// Pixels from one month to the next, and what stands above the first.
const MONTH: usize = 26;
const MONTHS_HEAD: usize = 30;
/// A calendar with a longer number than this needs a wider drawing.
const LONG_NUMBER: usize = 14;
/// A month that lies further away than any horizon.
const MOST_MONTHS: usize = 120;

/// When it takes effect, month by month.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    pub(super) height: usize,
    pub(super) class: &'static str,
    pub(super) months: Vec<MonthBar>,
    /// Where the two kinds of bars begin.
    pub(super) starts_left: Share,
    pub(super) changes_left: Share,
    /// Where no change of the amount lies.
    pub(super) zero: Share,
    /// The whole of it in words.
    pub(super) says: String,
}

/// A month's bars.
#[derive(Clone, Debug)]
pub(super) struct MonthBar {
    pub(super) month: String,
    pub(super) text_y: usize,
    pub(super) bar_y: usize,
    pub(super) starts: String,
    pub(super) starts_width: Share,
    pub(super) starts_end: Share,
    pub(super) change: String,
    pub(super) class: &'static str,
    pub(super) left: Share,
    pub(super) width: Share,
    pub(super) end: Share,
}

/// What happens in a month.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Happening {
    month: String,
    starts: u64,
    change: i128,
}

/// The months from one day to another, `YYYY-MM`.
fn months(first: &str, last: &str) -> Vec<String> {
    let month = |day: &str| -> Option<(u32, u32)> {
        let mut parts = day.split('-');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    let (Some(mut at), Some(last)) = (month(first), month(last)) else { return Vec::new() };
    let mut months = Vec::new();
    while at <= last && months.len() < MOST_MONTHS {
        months.push(format!("{:04}-{:02}", at.0, at.1));
        at = if at.1 >= 12 { (at.0 + 1, 1) } else { (at.0, at.1 + 1) };
    }
    months
}

/// What happens under a proposal; months in which nothing does are named as well.
fn happenings(currency: &Currency, proposal: usize, days: (&str, &str)) -> Vec<Happening> {
    let mut names = months(days.0, days.1);
    names.extend(currency.months.iter().map(|row| row.key.clone()));
    let starts =
        currency.worlds.get(proposal).map(|world| world.first_effects.as_slice()).unwrap_or_default();
    names.extend(starts.iter().map(|(month, _)| month.clone()));
    names.sort();
    names.dedup();
    let happening = |month: String| {
        let here = starts.iter().filter(|(of, _)| *of == month).map(|&(_, starts)| starts);
        let rows = currency.months.iter().filter(|row| row.key == month);
        let change = |row: &Row| row.worlds.get(proposal).map_or(0, |world: &RowWorld| world.sums.change());
        Happening { starts: here.sum(), change: rows.map(change).sum(), month }
    };
    names.into_iter().map(happening).collect()
}

impl Calendar {
    /// That of a proposal.
    pub(super) fn of(currency: &Currency, proposal: usize, days: (&str, &str)) -> Calendar {
        let happenings = happenings(currency, proposal, days);
        let most = happenings.iter().map(|happening| happening.starts).max().unwrap_or_default();
        let starts = Scale { from: 0, to: i128::from(most.max(1)), left: 1_900, right: 3_400 };
        let lowest = happenings.iter().map(|happening| happening.change).min().unwrap_or_default().min(0);
        let highest = happenings.iter().map(|happening| happening.change).max().unwrap_or_default().max(0);
        let changes = Scale { from: lowest, to: highest.max(lowest + 1), left: 4_700, right: 7_000 };
        let bars = happenings.iter().enumerate().map(|(row, happening)| {
            let (left, width) = changes.bar(0, happening.change);
            let (_, starts_width) = starts.bar(0, happening.starts.into());
            MonthBar {
                month: happening.month.clone(),
                text_y: MONTHS_HEAD + row * MONTH + 17,
                bar_y: MONTHS_HEAD + row * MONTH + 5,
                starts: figures::count(happening.starts),
                starts_width,
                starts_end: starts.place(happening.starts.into()),
                change: figures::marked(happening.change, currency.digits),
                class: Way::of(happening.change).class(),
                left,
                width,
                end: Share(left.0 + width.0),
            }
        });
        let months: Vec<MonthBar> = bars.collect();
        let longest = months.iter().map(|month| month.change.chars().count()).max().unwrap_or_default();
        let told =
            |month: &MonthBar| (month.month.clone(), format!("{} first, {}", month.starts, month.change));
        Calendar {
            height: MONTHS_HEAD + months.len() * MONTH + 4,
            class: if longest > LONG_NUMBER { "calendar wide" } else { "calendar" },
            starts_left: Share(starts.left),
            changes_left: Share(changes.left),
            zero: changes.place(0),
            says: said(months.iter().map(told)),
            months,
        }
    }
}
