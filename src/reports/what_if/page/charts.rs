//! What the drawings of the page consist of. The templates write it as SVG.
//!
//! Widths are shares of the drawing and heights are pixels, both whole numbers: so a drawing fills whatever room there
//! is, and its letters stay as large as the page's. Every bar has its number beside it, and what rises is told from what
//! falls by its mark, its sign and its hatching.

use super::super::model::{CAUSES, Currency, RISES, World};
use super::figures::{self, Way};
use std::fmt;
use termwise_engine::money::percent_change;
use termwise_engine::repricing::Cause;

/// Customers in a list of the largest changes.
pub(super) const LARGEST: usize = 10;
/// The cause that is drawn only where there is one.
const ROUNDING: usize = Cause::Rounding as usize;
/// Pixels from one step of the bridge to the next.
const STEP: usize = 46;
/// Pixels from one bar of a list to the next.
const BAR: usize = 44;

/// The width of the smallest bar: its outline makes a line of it.
const LEAST: i128 = 1;

/// A share of a drawing's width, in hundredths of a percent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Share(pub(super) i128);

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02}%", self.0 / 100, self.0 % 100)
    }
}

/// Numbers on their way to places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) from: i128,
    pub(super) to: i128,
    pub(super) left: i128,
    pub(super) right: i128,
}

impl Scale {
    /// The place of a number; one from outside lies at the end.
    pub(super) fn place(self, number: i128) -> Share {
        let number = number.clamp(self.from, self.to);
        let room = self.right - self.left;
        let place = ((number - self.from) * room).checked_div(self.to - self.from).unwrap_or_default();
        Share(self.left + place)
    }

    /// The left end and the width of a bar between two numbers: where they differ, it can be seen.
    pub(super) fn bar(self, one: i128, other: i128) -> (Share, Share) {
        let (left, right) = (self.place(one.min(other)), self.place(one.max(other)));
        let least = if one == other { 0 } else { LEAST };
        (left, Share((right.0 - left.0).max(least)))
    }
}

/// The change from before to after, cause by cause.
#[derive(Clone, Debug)]
pub(super) struct Bridge {
    pub(super) height: usize,
    pub(super) steps: Vec<Step>,
    /// Where the axis lies.
    pub(super) axis_y: usize,
    /// What stands at its ends.
    pub(super) from: String,
    pub(super) to: String,
    /// Where nothing lies, when it is inside.
    pub(super) zero: Option<Share>,
    /// What to say of an axis that doesn't begin at nothing.
    pub(super) broken: Option<String>,
    /// The whole of it in words.
    pub(super) says: String,
}

/// A bar of the bridge.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) class: &'static str,
    /// Where its words, its bar and the line to the next begin.
    pub(super) text_y: usize,
    pub(super) bar_y: usize,
    pub(super) end_y: usize,
    pub(super) left: Share,
    pub(super) width: Share,
    /// The level from which the next one goes on; none after the last.
    pub(super) level: Option<Share>,
    /// Where its bar is broken, as the axis is.
    pub(super) break_at: Option<Share>,
}

/// The ends of an axis that shows these levels, and whether nothing lies outside.
fn ends(lowest: i128, highest: i128) -> (i128, i128, bool) {
    if lowest < 0 && highest < 0 {
        let (from, to, is_broken) = ends(-highest, -lowest);
        return (-to, -from, is_broken);
    }
    if lowest <= 0 {
        return (lowest, highest.max(lowest + 1), false);
    }
    let spread = highest - lowest;
    if spread == 0 || spread * 4 >= highest {
        return (0, highest, false);
    }
    // A round number, so that it can be written below the axis.
    let mut round = 1;
    while round * 20 <= spread {
        round *= 10;
    }
    let from = (lowest - spread / 2) / round * round;
    (from, highest, from > 0)
}

impl Bridge {
    /// That of a proposal.
    pub(super) fn of(world: &World, digits: u32) -> Bridge {
        let (before, after) = (i128::from(world.sums.before), i128::from(world.sums.after));
        let mut marks: Vec<(&'static str, i128, i128)> = vec![("Before", 0, before)];
        let mut level = before;
        for (place, (label, cause)) in CAUSES.into_iter().zip(world.sums.causes).enumerate() {
            if place != ROUNDING || cause != 0 {
                marks.push((label, level, level + i128::from(cause)));
                level += i128::from(cause);
            }
        }
        marks.push(("After", 0, after));
        let levels = || marks.iter().map(|&(_, _, level)| level);
        let (from, to, is_broken) =
            ends(levels().min().unwrap_or_default(), levels().max().unwrap_or_default());
        let scale = Scale { from, to, left: 30, right: 9_970 };
        let last = marks.len() - 1;
        let steps = marks.iter().enumerate().map(|(row, &(label, start, end))| {
            let is_total = row == 0 || row == last;
            let (left, width) = scale.bar(start, end);
            let break_at = if from > 0 { Share(left.0 + 250) } else { Share(left.0 + width.0 - 250) };
            let value =
                if is_total { figures::amount(end, digits) } else { figures::marked(end - start, digits) };
            Step {
                label,
                value,
                class: if is_total { "total" } else { Way::of(end - start).class() },
                text_y: row * STEP + 15,
                bar_y: row * STEP + 21,
                end_y: row * STEP + 39,
                left,
                width: width.max(Share(LEAST)),
                level: (row < last).then(|| scale.place(end)),
                break_at: (is_total && is_broken).then_some(break_at),
            }
        });
        let steps: Vec<Step> = steps.collect();
        let axis_y = steps.len() * STEP + 4;
        let cut = if from > 0 { ("begins at", from) } else { ("ends at", to) };
        Bridge {
            height: axis_y + 22,
            axis_y,
            from: figures::amount(from, digits),
            to: figures::amount(to, digits),
            zero: (from < 0 && to > 0).then(|| scale.place(0)),
            broken: is_broken.then(|| {
                format!("The axis is broken: it {} {}, not at 0.", cut.0, figures::amount(cut.1, digits))
            }),
            says: said(steps.iter().map(|step| (step.label.to_owned(), step.value.clone()))),
            steps,
        }
    }
}

/// Pairs of words, for those who hear a drawing.
pub(super) fn said(pairs: impl Iterator<Item = (String, String)>) -> String {
    let mut text: String = pairs.map(|(one, other)| format!("{one}: {other}; ")).collect();
    text.truncate(text.trim_end_matches("; ").len());
    text
}

/// Customers with the largest changes one way.
#[derive(Clone, Debug)]
pub(super) struct Largest<'w> {
    pub(super) title: &'static str,
    pub(super) class: &'static str,
    pub(super) mark: &'static str,
    /// What to say where there are none.
    pub(super) nobody: &'static str,
    pub(super) height: usize,
    pub(super) bars: Vec<CustomerBar<'w>>,
    /// The whole of it in words.
    pub(super) says: String,
}

/// A customer's bar.
#[derive(Clone, Debug)]
pub(super) struct CustomerBar<'w> {
    pub(super) id: &'w str,
    pub(super) name: &'w str,
    pub(super) value: String,
    pub(super) percent: String,
    pub(super) y: usize,
    pub(super) width: Share,
}

impl<'w> Largest<'w> {
    /// Those under a proposal, out of the customers that are listed.
    pub(super) fn of(currency: &'w Currency, proposal: usize, way: Way) -> Largest<'w> {
        let changes = currency.listed.iter().filter_map(|row| {
            let sums = row.worlds.get(proposal)?.sums;
            Some((sums.change(), sums.before, row))
        });
        let mut rows: Vec<(i128, i64, _)> =
            changes.filter(|&(change, ..)| change != 0 && Way::of(change) == way).collect();
        // The order of the listing decides between equals.
        rows.sort_by_key(|&(change, ..)| std::cmp::Reverse(change.unsigned_abs()));
        rows.truncate(LARGEST);
        let longest = rows.first().map_or(1, |&(change, ..)| change.abs());
        let scale = Scale { from: 0, to: longest, left: 0, right: 10_000 };
        let bars = rows.iter().enumerate().map(|(place, &(change, before, row))| CustomerBar {
            id: &row.key,
            name: &row.name,
            value: figures::change(change, currency.digits),
            percent: figures::percent(percent_change(change, before.into())),
            y: place * BAR + 26,
            width: scale.bar(0, change.abs()).1,
        });
        let bars: Vec<CustomerBar<'w>> = bars.collect();
        let (title, nobody) = match way {
            Way::Up | Way::Same => ("Largest rises", "Nobody pays more."),
            Way::Down => ("Largest falls", "Nobody pays less."),
        };
        // Names stay out of the drawing: it says which place in the list beside it a number belongs to.
        let says = said(bars.iter().zip(1_u32..).map(|(bar, place)| (place.to_string(), bar.value.clone())));
        Largest { title, class: way.class(), mark: way.mark(), nobody, height: bars.len() * BAR, bars, says }
    }
}

/// How many customers rise by more than each bound.
#[derive(Clone, Debug)]
pub(super) struct Rises {
    pub(super) height: usize,
    pub(super) bars: Vec<RiseBar>,
    /// Those who paid nothing before.
    pub(super) from_nothing: Option<String>,
    /// The whole of it in words.
    pub(super) says: String,
}

/// A bound's bar.
#[derive(Clone, Debug)]
pub(super) struct RiseBar {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) text_y: usize,
    pub(super) bar_y: usize,
    pub(super) width: Share,
}

impl Rises {
    /// Those under a proposal.
    pub(super) fn of(currency: &Currency, world: &World) -> Rises {
        let scale = Scale { from: 0, to: i128::from(currency.customers.max(1)), left: 0, right: 10_000 };
        let bars = RISES.into_iter().zip(world.rises).enumerate().map(|(row, (bound, customers))| RiseBar {
            label: format!("By more than {bound}%"),
            value: format!("{} of {}", figures::count(customers), figures::count(currency.customers)),
            text_y: row * BAR + 15,
            bar_y: row * BAR + 21,
            width: scale.bar(0, customers.into()).1,
        });
        let bars: Vec<RiseBar> = bars.collect();
        let from_nothing = figures::many(world.rises_from_nothing, "customer");
        Rises {
            height: bars.len() * BAR,
            says: said(bars.iter().map(|bar| (bar.label.clone(), bar.value.clone()))),
            from_nothing: (world.rises_from_nothing > 0).then(|| {
                format!("{from_nothing} paid nothing before and will pay: a rise, but by no percentage.")
            }),
            bars,
        }
    }
}
