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
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) key: Key,
    first_line: u32,
    pub(super) cycle: Period,
    pub(super) side: Side,
    /// The first day that any of its lines charges.
    pub(super) first_charged: Day,
    /// The last one.
    pub(super) last_charged: Day,
}

impl Cells {
    /// The cells under other keys; those that get the same key become one.
    pub(super) fn under(self, mut key: impl FnMut(&Cell) -> Key) -> Cells {
        let mut moved: Vec<(Key, Vec<u32>, Cell)> =
            self.cells.iter().map(|cell| (key(cell), self.lines(cell).to_vec(), cell.clone())).collect();
        moved.sort_by_key(|(key, _, cell)| (*key, cell.key));
        let mut found =
            Cells { cells: Vec::with_capacity(moved.len()), order: Vec::with_capacity(self.order.len()) };
        for (key, lines, cell) in moved {
            let first_line = found.order.len() as u32;
            found.order.extend(lines);
            match found.cells.last_mut() {
                Some(last) if last.key == key => last.take_in(cell),
                Some(_) | None => {
                    let cycle = Period { last: key.last, ..cell.cycle };
                    found.cells.push(Cell { key, first_line, cycle, ..cell });
                }
            }
        }
        found
    }

    /// The numbers of a cell's lines, in an order of their own.
    pub(super) fn lines(&self, cell: &Cell) -> &[u32] {
        let first = cell.first_line as usize;
        &self.order[first..first + cell.side.lines as usize]
    }
}

impl Cell {
    /// Takes in another cell. Its seats at the end are those of the lines that go on to the last day.
    fn take_in(&mut self, other: Cell) {
        let Side { quantity, unit_price, seat_days, amount, lines, promotions, is_promotion_told } =
            other.side;
        let side = &mut self.side;
        if other.last_charged > self.last_charged {
            (side.quantity, side.unit_price) = (quantity, unit_price.or(side.unit_price));
        } else if other.last_charged == self.last_charged {
            side.quantity += quantity;
            side.unit_price = unit_price.or(side.unit_price);
        } else {
            side.unit_price = side.unit_price.or(unit_price);
        }
        side.seat_days += seat_days;
        side.amount += amount;
        side.lines += lines;
        side.promotions.extend(promotions);
        side.promotions.sort_unstable();
        side.promotions.dedup();
        side.is_promotion_told &= is_promotion_told;
        self.cycle.first = self.cycle.first.min(other.cycle.first);
        self.first_charged = self.first_charged.min(other.first_charged);
        self.last_charged = self.last_charged.max(other.last_charged);
    }

    /// Whether everything that another cell charges lies in the cycle of this one, of the same product:SKU and currency.
    pub(super) fn holds(&self, other: &Cell) -> bool {
        (self.key.item, self.key.currency) == (other.key.item, other.key.currency)
            && !self.key.is_credit
            && !other.key.is_credit
            && self.cycle.first <= other.first_charged
            && other.last_charged <= self.cycle.last
    }

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
    let cycle = Period { first, last: key.last };
    Cell { key, first_line, cycle, side, first_charged, last_charged: key.last }
}
