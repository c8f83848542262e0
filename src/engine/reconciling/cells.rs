//! Cells: the lines of one side, summed by product:SKU, currency and charge cycle.

use super::{Entry, Kind, Ours, Side, Told, Vendors};
use crate::calendar::{Day, Period};
use crate::money::Currency;

/// What lines are summed by. The end tells a cycle better than its beginning, where a change of seats begins on its own day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key {
    pub(super) item: u32,
    pub(super) is_credit: bool,
    pub(super) last: Day,
    pub(super) currency: Currency,
}

/// A cell of one side: its key, the numbers of its lines, and their sums.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) key: Key,
    /// Numbers of its lines, in an order of their own.
    pub(super) lines: Vec<u32>,
    pub(super) cycle: Period,
    pub(super) side: Side,
    /// The first day that any of its lines charges.
    pub(super) first_charged: Day,
}

impl Cell {
    /// Days that both cover.
    pub(super) fn overlap(&self, other: &Cell) -> u32 {
        let first = self.cycle.first.max(other.cycle.first);
        let last = self.cycle.last.min(other.cycle.last);
        Period::new(first, last).map_or(0, Period::days)
    }
}

/// The cells of our lines.
pub(super) fn of_ours(lines: &[Ours]) -> Vec<Cell> {
    cells(lines.iter().map(|line| (&line.entry, line.own)))
}

/// The cells of the vendor's lines.
pub(super) fn of_vendors(lines: &[Vendors]) -> Vec<Cell> {
    cells(lines.iter().map(|line| (&line.entry, line.amount)))
}

fn cells<'a>(lines: impl Iterator<Item = (&'a Entry, i64)>) -> Vec<Cell> {
    let key = |entry: &Entry| Key {
        item: entry.item,
        is_credit: entry.kind == Kind::Credit,
        last: entry.charge.last,
        currency: entry.currency,
    };
    let mut keyed: Vec<(Key, u32, &Entry, i64)> =
        (0..).zip(lines).map(|(number, (entry, amount))| (key(entry), number, entry, amount)).collect();
    // By the lines themselves and not by their place: a refund before the charge that takes its place, as they happened.
    keyed.sort_by_key(|&(key, _, entry, amount)| {
        (key, entry.charge.first, entry.quantity.signum(), entry.quantity.abs(), entry.unit_price, amount)
    });
    keyed.chunk_by(|one, other| one.0 == other.0).map(cell).collect()
}

fn cell(lines: &[(Key, u32, &Entry, i64)]) -> Cell {
    let entries = || lines.iter().map(|(_, _, entry, _)| *entry);
    let promotion = |entry: &Entry| match entry.promotion {
        Told::Promotion(promotion) => Some(promotion),
        Told::Nothing | Told::NoPromotion => None,
    };
    let mut promotions: Vec<u32> = entries().filter_map(promotion).collect();
    promotions.sort_unstable();
    promotions.dedup();
    let (mut quantity, mut seat_days, mut amount) = (0, 0, 0);
    for (_, _, entry, of_line) in lines {
        amount += of_line;
        quantity += entry.quantity;
        seat_days += entry.seat_days();
    }
    let key = lines[0].0;
    let first_charged = entries().map(|entry| entry.charge.first).min().unwrap_or(key.last);
    // A line that charges a whole cycle knows its first day best.
    let of_cycles = entries().filter(|entry| entry.kind == Kind::Cycle).map(|entry| entry.cycle_first).min();
    let first = of_cycles.or_else(|| entries().map(|entry| entry.cycle_first).min()).unwrap_or(first_charged);
    Cell {
        key,
        lines: lines.iter().map(|(_, number, ..)| *number).collect(),
        cycle: Period { first, last: key.last },
        side: Side {
            quantity,
            unit_price: entries().rev().find_map(|entry| entry.unit_price),
            seat_days,
            amount,
            lines: lines.len() as u32,
            promotions,
            is_promotion_told: entries().all(|entry| entry.promotion != Told::Nothing),
        },
        first_charged,
    }
}
