//! Which cell of ours belongs to which of the vendor's: by the same key, and what is left over by the days that it covers.

use super::cells::{Cell, Cells, Key};
use crate::invoicing::{Difference, difference};
use std::cmp::Reverse;

/// Gives parts of a cycle the key of the cycle that the other side has for their days: the legacy file bills the days before and
/// after a change of seats apart, and both parts together are our cycle.
pub(super) fn fit(ours: Cells, vendors: Cells) -> (Cells, Cells) {
    let is_fit = |one: &Cells, other: &Cells| {
        one.cells.len() == other.cells.len()
            && one.cells.iter().zip(&other.cells).all(|(one, other)| one.key == other.key)
    };
    if is_fit(&ours, &vendors) {
        return (ours, vendors);
    }
    let vendors = into_cycles_of(&ours, vendors);
    let ours = into_cycles_of(&vendors, ours);
    (ours, vendors)
}

fn into_cycles_of(others: &Cells, cells: Cells) -> Cells {
    let has = |key: Key| others.cells.binary_search_by_key(&key, |other| other.key).is_ok();
    let around = |cell: &Cell| others.cells.iter().find(|other| !has(cell.key) && other.holds(cell));
    if cells.cells.iter().all(|cell| around(cell).is_none()) {
        return cells;
    }
    // Parts are a cycle where together they are its seat-days, or where nothing else is; a charge that comes on top is none.
    let is_whole = |other: &Cell| {
        let is_part = |cell: &&Cell| around(cell).is_some_and(|found| found.key == other.key);
        let own = cells.cells.iter().find(|cell| cell.key == other.key);
        let parts: i64 = cells.cells.iter().filter(is_part).map(|cell| cell.side.seat_days).sum();
        own.is_none_or(|own| own.side.seat_days + parts == other.side.seat_days)
    };
    let keys: Vec<Key> = cells
        .cells
        .iter()
        .map(|cell| around(cell).filter(|other| is_whole(other)).map_or(cell.key, |other| other.key))
        .collect();
    let mut keys = keys.into_iter();
    cells.under(|cell| keys.next().unwrap_or(cell.key))
}

/// Two cells, or one without a partner.
pub(super) type Pair<'a> = Difference<&'a Cell, &'a Cell>;

/// Brings the cells of both sides together, in the order of their keys.
pub(super) fn pair<'a>(ours: &'a [Cell], vendors: &'a [Cell]) -> Vec<Pair<'a>> {
    // Most often both sides have the same keys, and each has them in their order.
    if ours.len() == vendors.len() && ours.iter().zip(vendors).all(|(one, other)| one.key == other.key) {
        return ours.iter().zip(vendors).map(|(one, other)| Difference::Both(one, other)).collect();
    }
    let keyed = |cells: &'a [Cell]| cells.iter().map(|cell| (cell.key, cell)).collect::<Vec<(Key, &Cell)>>();
    let mut pairs = difference(keyed(ours), keyed(vendors));
    let left: Vec<&Cell> = pairs.iter().filter_map(|pair| only(pair, true)).collect();
    let right: Vec<&Cell> = pairs.iter().filter_map(|pair| only(pair, false)).collect();
    let mut near: Vec<(Reverse<u32>, Key, Key, usize, usize)> = Vec::new();
    for (number, one) in left.iter().enumerate() {
        for (other_number, other) in right.iter().enumerate() {
            let is_alike = one.key.item == other.key.item
                && one.key.currency == other.key.currency
                && !one.key.is_credit
                && !other.key.is_credit;
            let overlap = one.overlap(other);
            if is_alike && overlap > 0 {
                near.push((Reverse(overlap), one.key, other.key, number, other_number));
            }
        }
    }
    near.sort_unstable();
    let (mut left, mut right) = (taken(&left), taken(&right));
    let mut both = Vec::new();
    for (.., number, other_number) in near {
        if let (Some(one), Some(other)) = (left[number], right[other_number]) {
            (left[number], right[other_number]) = (None, None);
            both.push(Difference::Both(one, other));
        }
    }
    pairs.retain(|pair| matches!(pair, Difference::Both(..)));
    pairs.extend(both);
    pairs.extend(left.into_iter().flatten().map(Difference::Left));
    pairs.extend(right.into_iter().flatten().map(Difference::Right));
    pairs
}

fn taken<'a>(cells: &[&'a Cell]) -> Vec<Option<&'a Cell>> {
    cells.iter().map(|cell| Some(*cell)).collect()
}

fn only<'a>(pair: &Pair<'a>, is_left: bool) -> Option<&'a Cell> {
    match pair {
        Difference::Left(cell) if is_left => Some(cell),
        Difference::Right(cell) if !is_left => Some(cell),
        Difference::Left(_) | Difference::Right(_) | Difference::Both(..) => None,
    }
}
