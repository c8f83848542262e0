//! Cells: the lines of one side, summed by product:SKU, currency and charge cycle.

use super::{Entry, Kind, Ours, Promotions, Side, Told, Vendors};
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

/// The cells of one side, and the order of its lines that they share.
#[derive(Debug)]
pub(super) struct Cells {
    pub(super) cells: Vec<Cell>,
    /// Numbers of lines, cell by cell.
    order: Vec<u32>,
}

/// A cell of one side: its key, where its lines stand, and their sums.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) key: Key,
    first_line: u32,
    pub(super) cycle: Period,
    pub(super) side: Side,
    /// The first day that any of its lines charges.
    pub(super) first_charged: Day,
}

impl Cells {
    /// The numbers of a cell's lines, in an order of their own.
    pub(super) fn lines(&self, cell: &Cell) -> &[u32] {
        let first = cell.first_line as usize;
        &self.order[first..first + cell.side.lines as usize]
    }
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
pub(super) fn of_ours(lines: &[Ours]) -> Cells {
    cells(lines, |line| (&line.entry, [line.own, line.truncated_line, line.truncated_unit]))
}

/// The cells of the vendor's lines.
pub(super) fn of_vendors(lines: &[Vendors]) -> Cells {
    cells(lines, |line| (&line.entry, [line.amount, 0, 0]))
}

fn cells<L>(lines: &[L], of: impl Fn(&L) -> (&Entry, [i64; 3])) -> Cells {
    let key = |entry: &Entry| Key {
        item: entry.item,
        is_credit: entry.kind == Kind::Credit,
        last: entry.charge.last,
        currency: entry.currency,
    };
    // By the lines themselves and not by their place: a refund before the charge that takes its place, as they happened.
    let place = |number: u32| {
        let (entry, amounts) = of(&lines[number as usize]);
        let seats = (entry.quantity.signum(), entry.quantity.abs());
        (key(entry), entry.charge.first, seats, entry.unit_price, entry.promotion, amounts)
    };
    let mut order: Vec<u32> = (0..lines.len() as u32).collect();
    if lines.len() > 1 {
        order.sort_unstable_by_key(|&number| place(number));
    }
    let mut cells = Vec::with_capacity(lines.len());
    let mut first_line = 0;
    for own in order.chunk_by(|&one, &other| place(one).0 == place(other).0) {
        cells.push(cell(place(own[0]).0, first_line, own.iter().map(|&number| of(&lines[number as usize]))));
        first_line += own.len() as u32;
    }
    Cells { cells, order }
}

fn cell<'e>(key: Key, first_line: u32, lines: impl Iterator<Item = (&'e Entry, [i64; 3])>) -> Cell {
    let mut side = Side {
        quantity: 0,
        unit_price: None,
        seat_days: 0,
        amount: 0,
        lines: 0,
        promotions: Promotions::new(),
        is_promotion_told: true,
    };
    let (mut first_charged, mut of_cycles, mut of_all) = (key.last, None, None);
    let least = |known: Option<Day>, day: Day| Some(known.map_or(day, |known| known.min(day)));
    for (entry, [amount, ..]) in lines {
        side.lines += 1;
        side.amount += amount;
        side.quantity += entry.quantity;
        side.seat_days += entry.seat_days();
        side.unit_price = entry.unit_price.or(side.unit_price);
        match entry.promotion {
            Told::Promotion(promotion) => side.promotions.push(promotion),
            Told::NoPromotion => {}
            Told::Nothing => side.is_promotion_told = false,
        }
        first_charged = first_charged.min(entry.charge.first);
        of_all = least(of_all, entry.cycle_first);
        if entry.kind == Kind::Cycle {
            of_cycles = least(of_cycles, entry.cycle_first);
        }
    }
    side.promotions.sort_unstable();
    side.promotions.dedup();
    // A line that charges a whole cycle knows its first day best.
    let first = of_cycles.or(of_all).unwrap_or(first_charged);
    Cell { key, first_line, cycle: Period { first, last: key.last }, side, first_charged }
}
