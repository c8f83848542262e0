//! Rating the book in all worlds, part by part, and holding each world against today's.

use crate::intake::{Intake, Part};
use crate::names::Names;
use crate::output::what_if::{EffectRow, Firsts, LeftOut, Tallied};
use crate::output::{Counts, OutputError};
use crate::runs::RunError;
use crate::runs::pipeline::piece_of;
use std::ops::Range;
use termwise_engine::book::{Book, CustomerBook, Subscription};
use termwise_engine::calendar::{Day, Month};
use termwise_engine::findings::Finding;
use termwise_engine::ids::{ItemId, SubscriptionId};
use termwise_engine::repricing::{self, Effects, Gap, Side};
use termwise_engine::timeline::{Horizon, Slate, World, play_worlds};
use termwise_engine::workings::{Line, Played, Renewal};

/// What everything is rated with: today's world, and then those of the proposals.
pub(super) struct Desk<'a> {
    pub(super) intake: &'a Intake,
    pub(super) worlds: Vec<World<'a>>,
    pub(super) horizon: Horizon,
}

/// What became of a part of the book.
pub(super) struct Rated {
    pub(super) book: Book,
    pub(super) names: Names,
    pub(super) rows: Vec<EffectRow>,
    pub(super) tallied: Tallied,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) findings: Vec<Finding>,
    pub(super) counts: Counts,
}

impl Desk<'_> {
    /// Rates a part of the book.
    pub(super) fn rate(&self, number: usize) -> Result<Rated, RunError> {
        let Part { book, names, findings, fates } = self.intake.take_part(number)?;
        let mut rated = Rated {
            book,
            names,
            rows: Vec::new(),
            tallied: Tallied::default(),
            left_out: Vec::new(),
            findings,
            counts: fates.into_iter().collect(),
        };
        let book = std::mem::take(&mut rated.book);
        let mut slate = Slate::default();
        let mut played: Vec<Played> = self.worlds.iter().map(|_| Played::default()).collect();
        for customer in book.customers_of(&book.subscriptions) {
            for piece in customer.pieces(self.piece_of(&customer)) {
                played.iter_mut().for_each(Played::clear);
                play_worlds(&mut slate, piece, &self.worlds, self.horizon, &mut played);
                self.compare(piece, &mut played, &mut rated)?;
            }
        }
        rated.book = book;
        rated.tallied = Tallied::of(&rated.rows);
        Ok(rated)
    }

    /// The most subscriptions of a customer that can be played apart in every world.
    fn piece_of(&self, customer: &CustomerBook<'_>) -> usize {
        let of_worlds = self.worlds.iter().map(|world| piece_of(world.catalog, customer));
        of_worlds.max().unwrap_or(usize::MAX)
    }

    /// Holds the worlds of a customer against each other, subscription by subscription.
    fn compare(
        &self,
        customer: CustomerBook<'_>,
        played: &mut [Played],
        rated: &mut Rated,
    ) -> Result<(), RunError> {
        for played in played.iter_mut() {
            // What happened to several subscriptions in turn is told one after the other.
            played.lines.sort_by_key(|line| line.subscription);
            played.renewals.sort_by_key(|renewal| (renewal.subscription, renewal.renewal_date));
        }
        if let Some(today) = played.first_mut() {
            rated.findings.append(&mut today.findings);
            rated.counts.extend(today.fates.drain(..));
        }
        let mut cursors = vec![Cursor::default(); played.len()];
        for row in customer.subscriptions {
            let own: Vec<(Range<usize>, Range<usize>)> = cursors
                .iter_mut()
                .zip(played.iter())
                .map(|(cursor, played)| cursor.next(played, row.id))
                .collect();
            self.subscription(row, &own, played, rated)?;
        }
        Ok(())
    }

    fn subscription(
        &self,
        row: &Subscription,
        own: &[(Range<usize>, Range<usize>)],
        played: &[Played],
        rated: &mut Rated,
    ) -> Result<(), RunError> {
        let Some((((today, past), others), (world, worlds))) =
            own.split_first().zip(played.split_first()).map(|((own, others), (played, rest))| {
                (((played, own), others.iter().zip(rest)), (self.worlds.first(), self.worlds.get(1..)))
            })
        else {
            return Ok(());
        };
        let (Some(world), Some(worlds)) = (world, worlds) else { return Ok(()) };
        let first = rated.rows.len();
        for (number, ((own, after), proposed)) in (0..).zip(others.zip(worlds)) {
            let lines = (lines(today, past), lines(after, own));
            let gap = repricing::gap(renewals(today, past), renewals(after, own));
            let sides = (side(today, lines.0, world), side(after, lines.1, proposed));
            let until = gap.map(|gap| gap.renewal.renewal_date);
            let effects = repricing::compare(sides.0, sides.1, row.currency, until).map_err(|found| {
                let name = rated.names.subscription(found.subscription);
                let law = "an amount is what its workings say";
                OutputError::Invariant { law, detail: format!("{name}, {}", found.first) }
            })?;
            rated.rows.extend(rows_of(row, number, &effects));
            if let Some(gap) = gap {
                rated.left_out.push(left_out(row, number, &gap, lines, &rated.names));
            }
        }
        // Month by month and product by product, one proposal beside the other.
        rated.rows[first..].sort_by_key(|row| (row.effect.month, row.effect.item, row.proposal));
        Ok(())
    }
}

/// Where the lines and renewals of the next subscription begin.
#[derive(Clone, Copy, Default)]
struct Cursor {
    lines: usize,
    renewals: usize,
}

impl Cursor {
    /// Those of a subscription, which comes after those before.
    fn next(&mut self, played: &Played, id: SubscriptionId) -> (Range<usize>, Range<usize>) {
        let first = *self;
        let lines = played.lines[first.lines..].iter();
        self.lines += lines.take_while(|line| line.subscription <= id).count();
        let renewals = played.renewals[first.renewals..].iter();
        self.renewals += renewals.take_while(|renewal| renewal.subscription <= id).count();
        (first.lines..self.lines, first.renewals..self.renewals)
    }
}

fn lines<'a>(played: &'a Played, own: &(Range<usize>, Range<usize>)) -> &'a [Line] {
    &played.lines[own.0.clone()]
}

fn renewals<'a>(played: &'a Played, own: &(Range<usize>, Range<usize>)) -> &'a [Renewal] {
    &played.renewals[own.1.clone()]
}

fn side<'a>(played: &'a Played, lines: &'a [Line], world: &World<'a>) -> Side<'a> {
    Side { lines, played, codes: &world.catalog.codes, policy: world.policy }
}

/// The rows of a subscription under a proposal, each with what it counts for.
fn rows_of<'a>(
    row: &'a Subscription,
    proposal: u16,
    effects: &'a Effects,
) -> impl Iterator<Item = EffectRow> + 'a {
    let mut items: Vec<(ItemId, [bool; 2])> = Vec::new();
    let mut months: Vec<(Month, [bool; 2])> = Vec::new();
    let mut whole = [false; 2];
    effects.rows.iter().map(move |effect| {
        let is = [true, effect.is_changed];
        let counts = Firsts {
            of_subscription: first(&mut whole, is),
            of_item: first(seen(&mut items, effect.item), is),
            of_month: first(seen(&mut months, effect.month), is),
        };
        EffectRow {
            proposal,
            customer: row.customer,
            subscription: row.id,
            currency: row.currency,
            effect: *effect,
            effective_on: effects.effective_on.filter(|_| effect.is_changed),
            counts,
        }
    })
}

/// Which of these is so for the first time.
fn first(seen: &mut [bool; 2], is: [bool; 2]) -> [bool; 2] {
    let found = [is[0] && !seen[0], is[1] && !seen[1]];
    seen[0] |= is[0];
    seen[1] |= is[1];
    found
}

fn seen<K: Copy + PartialEq>(known: &mut Vec<(K, [bool; 2])>, key: K) -> &mut [bool; 2] {
    let place = known.iter().position(|(one, _)| *one == key).unwrap_or_else(|| {
        known.push((key, [false; 2]));
        known.len() - 1
    });
    &mut known[place].1
}

fn left_out(
    row: &Subscription,
    proposal: u16,
    gap: &Gap,
    (before, after): (&[Line], &[Line]),
    names: &Names,
) -> LeftOut {
    let from: Day = gap.renewal.renewal_date;
    let rest = |lines: &[Line]| {
        lines.iter().filter(|line| line.charge.first >= from).map(|line| line.subtotal).sum::<i64>()
    };
    LeftOut {
        proposal,
        customer: names.customer(row.customer).to_owned(),
        subscription: names.subscription(row.id).to_owned(),
        product: names.product(gap.renewal.item).to_owned(),
        sku: names.sku(gap.renewal.item).to_owned(),
        term: gap.renewal.term.name(),
        billing_cycle: gap.renewal.billing_cycle.name(),
        market: names.market(row.market).to_owned(),
        currency: row.currency,
        from,
        side: gap.side.name(),
        why: gap.why.name(),
        before: rest(before),
        after: rest(after),
    }
}
