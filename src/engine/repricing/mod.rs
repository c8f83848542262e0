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

pub use left_out::{Gap, Renewals, Unpriced, gap};

use crate::calendar::{Day, Month};
use crate::catalog::PromoCodes;
use crate::ids::{ItemId, SubscriptionId};
use crate::money::{Contributions, Currency, Factors, contributions};
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

    /// As people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Cause::ListPrice => "List price",
            Cause::Promotion => "Promotion",
            Cause::Code => "Code",
            Cause::Policy => "Policy",
            Cause::Rounding => "Rounding",
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
    /// The first day of the first charge that differs; none where nothing changes, not even what the amount comes from.
    pub effective_on: Option<Day>,
}

/// What a proposal does to one subscription.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// By month and product:SKU.
    pub rows: Vec<Effect>,
}

impl Effects {
    /// The subscription's first day of effect: that of the first month whose amount or causes change.
    pub fn effective_on(&self) -> Option<Day> {
        self.rows.iter().find_map(|effect| effect.effective_on)
    }
}

/// A law of this module does not hold: an amount is not what its factors come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unexplained {
    /// Whose.
    pub subscription: SubscriptionId,
    /// The first day of the charge.
    pub first: Day,
}

impl Unexplained {
    /// The law.
    pub const LAW: &'static str = "an amount is what its workings say";
}

/// Holds both worlds of one subscription against each other, up to the first renewal that one can't price.
///
/// # Errors
/// An amount is not what its factors come to, so that its change can't be explained.
pub fn held(
    (before, past): (Side<'_>, Renewals<'_>),
    (after, proposed): (Side<'_>, Renewals<'_>),
    currency: Currency,
) -> Result<(Effects, Option<Gap>), Unexplained> {
    let gap = gap(past, proposed);
    let until = gap.map(|gap| gap.renewal.renewal_date);
    Ok((compare(before, after, currency, until)?, gap))
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
    let (mut own, mut other) = (&own[..], &other[..]);
    let mut effects = Effects::default();
    let mut last = Pair::default();
    while let Some(next) = own.first().into_iter().chain(other.first()).map(|line| cell(line)).min() {
        let (mine, rest) = own.split_at(together(own, next));
        let (theirs, others) = other.split_at(together(other, next));
        (own, other) = (rest, others);
        let mut sum = Contributions::default();
        let mut first: Option<Day> = None;
        for (charge, same) in pairs(mine, theirs) {
            if charge.len() == same.len() && charge.iter().zip(same).all(|(one, other)| is_same(one, other)) {
                continue;
            }
            let found = last.of(parts(before, charge, currency)?, parts(after, same, currency)?);
            if !found.are_none() || paid(charge) != paid(same) {
                sum.add(&found);
                let days = charge.iter().chain(same).map(|line| line.charge.first);
                first = first.into_iter().chain(days).min();
            }
        }
        let (month, item) = next;
        let effect = effect(item, month, (paid(mine), paid(theirs)), &sum, currency);
        // What comes and goes in one month may come to nothing.
        let is_changed = effect.causes.iter().any(|&cause| cause != 0);
        effects.rows.push(Effect { effective_on: first.filter(|_| is_changed), ..effect });
    }
    Ok(effects)
}

fn paid(lines: &[&Line]) -> i64 {
    lines.iter().map(|line| line.subtotal).sum()
}

/// The charges of a month and product in pairs: those that begin on the same day, and then those that are left, in their order.
/// What finds no partner stands alone.
fn pairs<'l>(
    mine: &'l [&'l Line],
    theirs: &'l [&'l Line],
) -> SmallVec<[(&'l [&'l Line], &'l [&'l Line]); 2]> {
    let same = |one: &&Line, other: &&Line| one.charge.first == other.charge.first;
    let mut left: SmallVec<[&[&Line]; 2]> = SmallVec::new();
    let mut others: SmallVec<[&[&Line]; 2]> = theirs.chunk_by(same).collect();
    let mut found = SmallVec::new();
    for charge in mine.chunk_by(same) {
        match others.iter().position(|other| same(&charge[0], &other[0])) {
            Some(place) => found.push((charge, others.remove(place))),
            None => left.push(charge),
        }
    }
    let mut others = others.into_iter();
    found.extend(left.into_iter().map(|charge| (charge, others.next().unwrap_or_default())));
    found.extend(others.map(|other| (&[][..], other)));
    found
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

/// The lines that are compared: by month and product, and there by their first day.
fn in_order<'l>(lines: &'l [&'l Line], until: Option<Day>) -> Cow<'l, [&'l Line]> {
    let key = |line: &&Line| (cell(line), line.charge.first);
    if until.is_none() && lines.is_sorted_by_key(key) {
        return Cow::Borrowed(lines);
    }
    let kept = |line: &&Line| until.is_none_or(|day| line.charge.first < day);
    let mut lines: Vec<&Line> = lines.iter().copied().filter(kept).collect();
    // Parts of one charge stay in their order.
    lines.sort_by_key(key);
    Cow::Owned(lines)
}

/// How many lines from the first on are of this month and product.
fn together(lines: &[&Line], next: (Month, ItemId)) -> usize {
    lines.iter().take_while(|line| cell(line) == next).count()
}

/// The month that a line falls due in, and what is charged.
fn cell(line: &Line) -> (Month, ItemId) {
    (Month::from(line.due), line.item)
}

/// Whether two lines have the same amount from the same factors.
fn is_same(one: &Line, other: &Line) -> bool {
    let same = |line: &Line| {
        (line.subtotal, line.unit_price, line.quantity, line.reduction, line.quoted.list, line.charge)
    };
    let plan = |line: &Line| (line.billing_cycle, line.cycle_days, line.quoted.listed_for, line.held);
    same(one) == same(other) && plan(one) == plan(other)
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

fn effect(
    item: ItemId,
    month: Month,
    (before, after): (i64, i64),
    contributions: &Contributions,
    currency: Currency,
) -> Effect {
    let [list_price, promotion, code, policy] =
        contributions.rounded(currency.digits()).map(crate::money::posted);
    let rounding = after - before - (list_price + promotion + code + policy);
    let causes = [list_price, promotion, code, policy, rounding];
    Effect { item, month, before, after, causes, effective_on: None }
}
