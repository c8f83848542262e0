//! What a proposal does to one subscription: both worlds' charges held against each other, month by month, with the causes of
//! every change (R71, R72).
//!
//! No price is made here. Both worlds were rated by the same engine, and a line's **workings** name the factors of its amount:
//! list price, promotion, code, and everything else. Charge cycles are paired by their first day and seats in the order of the
//! lines, so each pair differs in factors alone, and each factor's contribution is its own.
//!
//! ```text
//! today     renew 2027-03-14   60.00 × 100 % × 10 seats = 600.00
//! proposal  renew 2027-03-14   66.00 ×  90 % × 10 seats = 594.00
//!           list price +57.00, promotion −63.00, together −6.00
//! ```
//! Where a world can't price a renewal, the subscription is left out of both from that day on: a missing price is no price of
//! zero (R9).

mod factors;
mod left_out;

pub use left_out::{Gap, Unpriced, gap};

use crate::calendar::{Day, Month};
use crate::catalog::PromoCodes;
use crate::ids::{ItemId, SubscriptionId};
use crate::money::{Contributions, Currency, FACTORS, Factors, contributions};
use crate::policy::{Policy, RoundingAt};
use crate::workings::{Line, Played};
use factors::factors;
use smallvec::SmallVec;
use std::borrow::Cow;

/// What a change comes from, in the order of the columns (R72).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Cause {
    /// Another list price.
    ListPrice,
    /// Another promotion, none, or another percentage of it.
    Promotion,
    /// A promo code that counts in one world only.
    Code,
    /// Everything else that a policy makes of a charge, and charges that only one world has.
    Policy,
    /// What rounding leaves.
    Rounding,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 5] =
        [Cause::ListPrice, Cause::Promotion, Cause::Code, Cause::Policy, Cause::Rounding];

    /// As the column is called.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::ListPrice => "list_price",
            Cause::Promotion => "promotion",
            Cause::Code => "code",
            Cause::Policy => "policy",
            Cause::Rounding => "rounding",
        }
    }
}

/// A world's charges of one subscription.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its lines.
    pub lines: &'a [&'a Line],
    /// What they were played in, for their steps.
    pub played: &'a Played,
    /// The world's promo codes.
    pub codes: &'a PromoCodes,
    /// The world's policy.
    pub policy: &'a Policy,
}

/// What one subscription pays for one product in one month, in both worlds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effect {
    /// Product and SKU.
    pub item: ItemId,
    /// The month that the charges fall due in.
    pub month: Month,
    /// In minor units, today.
    pub before: i64,
    /// Under the proposal.
    pub after: i64,
    /// What the change comes from, in the order of [`Cause::ALL`]: they add up to it.
    pub causes: [i64; Cause::ALL.len()],
    /// Whether anything changes, if only in what it comes from.
    pub is_changed: bool,
}

/// What a proposal does to one subscription.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// By month and product:SKU.
    pub rows: Vec<Effect>,
    /// The first day of the first charge that differs.
    pub effective_on: Option<Day>,
}

/// A law of this module does not hold: an amount is not what its factors come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unexplained {
    /// Whose.
    pub subscription: SubscriptionId,
    /// The first day of the charge.
    pub first: Day,
}

/// Months that a subscription is looked at, most often.
const MONTHS: usize = 13;

/// The sums of a month and product on their way.
#[derive(Clone, Copy)]
struct Cell {
    before: i64,
    after: i64,
    contributions: Contributions,
}

impl Cell {
    const EMPTY: Cell = Cell { before: 0, after: 0, contributions: Contributions([0; FACTORS]) };
}

/// Holds both worlds' lines of one subscription against each other, from which a renewal that can't be priced cuts off all that
/// comes later.
///
/// # Errors
/// An amount is not what its factors come to, so that its change can't be explained.
pub fn compare(
    before: Side<'_>,
    after: Side<'_>,
    currency: Currency,
    until: Option<Day>,
) -> Result<Effects, Unexplained> {
    let (own, other) = (in_order(before.lines, until), in_order(after.lines, until));
    let mut cells: SmallVec<[((Month, ItemId), Cell); MONTHS]> = SmallVec::new();
    let mut effective_on: Option<Day> = None;
    let mut last = Pair::default();
    let (mut own, mut other) = (&own[..], &other[..]);
    while let Some(next) = own.first().into_iter().chain(other.first()).map(|line| key(line)).min() {
        let (mine, rest) = own.split_at(together(own, next));
        let (theirs, others) = other.split_at(together(other, next));
        (own, other) = (rest, others);
        let (first, item, month) = next;
        let sum = |lines: &[&Line]| lines.iter().map(|line| line.subtotal).sum::<i64>();
        let (paid, pays) = (sum(mine), sum(theirs));
        let place = place_of(&mut cells, (month, item));
        cells[place].1.before += paid;
        cells[place].1.after += pays;
        if mine.len() == theirs.len() && mine.iter().zip(theirs).all(|(one, other)| is_same(one, other)) {
            continue;
        }
        let found = last.of(parts(before, mine, currency)?, parts(after, theirs, currency)?);
        if !found.are_none() || paid != pays {
            cells[place].1.contributions.add(&found);
            effective_on = effective_on.or(Some(first));
        }
    }
    cells.sort_unstable_by_key(|(key, _)| *key);
    let rows = cells.into_iter().map(|((month, item), cell)| effect(item, month, &cell, currency)).collect();
    Ok(Effects { rows, effective_on })
}

/// The factors of a charge's lines: seldom more than one.
type Parts = SmallVec<[Factors; 2]>;

/// The charge that was paired last: cycle after cycle is the same.
#[derive(Default)]
struct Pair {
    before: Parts,
    after: Parts,
    found: Contributions,
}

impl Pair {
    /// What each factor contributes to a charge.
    fn of(&mut self, before: Parts, after: Parts) -> Contributions {
        if (&self.before, &self.after) != (&before, &after) {
            let found = couple(&before, &after);
            *self = Pair { before, after, found };
        }
        self.found
    }
}

/// The lines that are compared, by what pairs them.
fn in_order<'l>(lines: &'l [&'l Line], until: Option<Day>) -> Cow<'l, [&'l Line]> {
    if until.is_none() && lines.is_sorted_by_key(|line| key(line)) {
        return Cow::Borrowed(lines);
    }
    let kept = |line: &&Line| until.is_none_or(|day| line.charge.first < day);
    let mut lines: Vec<&Line> = lines.iter().copied().filter(kept).collect();
    // Parts of one charge stay in their order.
    lines.sort_by_key(|line| key(line));
    Cow::Owned(lines)
}

/// How many lines from the first on are of this charge, or of one before it.
fn together(lines: &[&Line], next: (Day, ItemId, Month)) -> usize {
    lines.iter().take_while(|line| key(line) <= next).count()
}

/// What pairs two charges: their first day, what is charged, and the month that it falls due in.
fn key(line: &Line) -> (Day, ItemId, Month) {
    (line.charge.first, line.item, Month::from(line.due))
}

/// Whether two lines have the same amount from the same factors.
fn is_same(one: &Line, other: &Line) -> bool {
    let same = |line: &Line| {
        (line.subtotal, line.unit_price, line.quantity, line.reduction, line.quoted.list, line.charge)
    };
    let plan = |line: &Line| (line.billing_cycle, line.cycle_days, line.quoted.listed_for, line.held);
    same(one) == same(other) && plan(one) == plan(other)
}

/// The place of the cell of a month and product: nearly always the last one's.
fn place_of(cells: &mut SmallVec<[((Month, ItemId), Cell); MONTHS]>, key: (Month, ItemId)) -> usize {
    cells.iter().rposition(|(known, _)| *known == key).unwrap_or_else(|| {
        cells.push((key, Cell::EMPTY));
        cells.len() - 1
    })
}

/// The factors of a charge's lines, in their order.
fn parts(side: Side<'_>, lines: &[&Line], currency: Currency) -> Result<Parts, Unexplained> {
    let at_unit = side.policy.rounding_at == RoundingAt::Unit;
    let part = |line: &&Line| {
        let unexplained = Unexplained { subscription: line.subscription, first: line.charge.first };
        let found = factors(line, side.played.steps(line.steps), side.codes).ok_or(unexplained)?;
        if found.misses(line.subtotal, currency.digits(), at_unit) { Err(unexplained) } else { Ok(found) }
    };
    lines.iter().map(part).collect()
}

/// Pairs the seats of a charge in the order of its parts, and adds up what each factor contributes.
fn couple(before: &[Factors], after: &[Factors]) -> Contributions {
    let mut sum = Contributions::default();
    let (mut own, mut other) = (before.iter().copied(), after.iter().copied());
    let (mut mine, mut theirs) = (own.next(), other.next());
    while let Some(any) = mine.or(theirs) {
        let seats = [mine, theirs].into_iter().flatten().map(|part| part.extent.seats).min().unwrap_or(0);
        // Seats that only one side has are all that differs there.
        let paired = |part: Option<Factors>| part.map_or(any.for_seats(0), |part| part.for_seats(seats));
        sum.add(&contributions(paired(mine), paired(theirs)));
        mine = rest(mine, seats).or_else(|| own.next());
        theirs = rest(theirs, seats).or_else(|| other.next());
    }
    sum
}

/// What is left of a part after so many of its seats were paired.
fn rest(part: Option<Factors>, seats: u32) -> Option<Factors> {
    let left = part.map(|part| part.for_seats(part.extent.seats.saturating_sub(seats)));
    left.filter(|part| part.extent.seats > 0)
}

fn effect(item: ItemId, month: Month, cell: &Cell, currency: Currency) -> Effect {
    let change = cell.after - cell.before;
    let [list_price, promotion, code, policy] =
        cell.contributions.rounded(currency.digits()).map(crate::money::posted);
    let rounding = change - (list_price + promotion + code + policy);
    let causes = [list_price, promotion, code, policy, rounding];
    // What comes and goes in one month may come to nothing.
    let is_changed = causes.iter().any(|&cause| cause != 0);
    Effect { item, month, before: cell.before, after: cell.after, causes, is_changed }
}
