//! Rating the book in all worlds, part by part, and holding each world against today's.

use crate::intake::{Intake, Part};
use crate::names::Names;
use crate::output::what_if::{EffectRow, Firsts, LeftOut, Tallied};
use crate::output::{Counts, OutputError};
use crate::runs::RunError;
use crate::runs::pipeline::piece_of;
use std::ops::Range;
use std::time::{Duration, Instant};
use termwise_engine::book::{Book, CustomerBook, Subscription};
use termwise_engine::calendar::{Day, Month};
use termwise_engine::findings::Finding;
use termwise_engine::ids::{ItemId, SubscriptionId};
use termwise_engine::repricing::{self, Effects, Gap, Renewals, Side, Unexplained};
use termwise_engine::timeline::{Horizon, Slate, World, play_worlds};
use termwise_engine::workings::{Line, Played};

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
    pub(super) spent: Spent,
}

/// How long each step took, all threads together.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    pub(super) link: Duration,
    pub(super) play: Duration,
    pub(super) compare: Duration,
    pub(super) set: Duration,
    pub(super) group: Duration,
}

impl Spent {
    /// The steps in their order.
    pub(super) fn list(self) -> [(&'static str, Duration); 5] {
        let Spent { link, play, compare, set, group } = self;
        [("link", link), ("play", play), ("compare", compare), ("set", set), ("group", group)]
    }

    pub(super) fn add(&mut self, other: Spent) {
        self.link += other.link;
        self.play += other.play;
        self.compare += other.compare;
        self.set += other.set;
        self.group += other.group;
    }
}

/// Does something, and adds how long it took.
pub(super) fn timed<T>(spent: &mut Duration, what: impl FnOnce() -> T) -> T {
    let since = Instant::now();
    let done = what();
    *spent += since.elapsed();
    done
}

impl Desk<'_> {
    /// Rates a part of the book.
    pub(super) fn rate(&self, number: usize) -> Result<Rated, RunError> {
        let mut spent = Spent::default();
        let Part { book, names, findings, fates } = timed(&mut spent.link, || self.intake.take_part(number))?;
        let mut rated = Rated {
            book,
            names,
            rows: Vec::new(),
            tallied: Tallied::default(),
            left_out: Vec::new(),
            findings,
            counts: fates.into_iter().collect(),
            spent,
        };
        let book = std::mem::take(&mut rated.book);
        let mut slate = Slate::default();
        let mut played: Vec<Played> = self.worlds.iter().map(|_| Played::default()).collect();
        for customer in book.customers_of(&book.subscriptions) {
            for piece in customer.pieces(self.piece_of(&customer)) {
                played.iter_mut().for_each(Played::clear);
                let (worlds, horizon) = (&self.worlds, self.horizon);
                timed(&mut spent.play, || play_worlds(&mut slate, piece, worlds, horizon, &mut played));
                timed(&mut spent.compare, || self.compare(piece, &mut played, &mut rated))?;
            }
        }
        (rated.book, rated.spent) = (book, spent);
        rated.tallied = Tallied::of(&rated.rows);
        Ok(rated)
    }

    /// How many subscriptions of a customer are played together: all of them, unless pieces can be played apart in every world.
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
            played.renewals.sort_by_key(|renewal| (renewal.subscription, renewal.renewal_date));
        }
        if let Some(today) = played.first_mut() {
            rated.findings.append(&mut today.findings);
            rated.counts.extend(today.fates.drain(..));
        }
        let mut cursors: Vec<Cursor<'_>> = played.iter().map(Cursor::new).collect();
        let mut own = Vec::with_capacity(played.len());
        for row in customer.subscriptions {
            own.clear();
            own.extend(cursors.iter_mut().map(|cursor| cursor.next(row.id)));
            self.subscription(row, &own, &cursors, rated)?;
        }
        if cursors.iter().all(Cursor::is_through) {
            return Ok(());
        }
        let name = customer.subscriptions.first().map_or("", |row| rated.names.subscription(row.id));
        let law = "every charge and renewal is of a subscription";
        Err(OutputError::broken(law, format!("from {name} on")).into())
    }

    fn subscription(
        &self,
        row: &Subscription,
        own: &[(Range<usize>, Range<usize>)],
        worlds: &[Cursor<'_>],
        rated: &mut Rated,
    ) -> Result<(), RunError> {
        let side = |place: usize| {
            let (cursor, world) = (worlds.get(place)?, self.worlds.get(place)?);
            let (lines, renewals) = own.get(place)?;
            let (lines, played) = (&cursor.lines[lines.clone()], cursor.played);
            let side = Side { lines, played, codes: &world.catalog.codes, policy: world.policy };
            Some((side, Renewals { rows: &played.renewals[renewals.clone()], played }))
        };
        let Some((today, past)) = side(0) else { return Ok(()) };
        let first = rated.rows.len();
        for (number, (proposed, renewals)) in (0..).zip((1..worlds.len()).filter_map(side)) {
            let (effects, gap) =
                repricing::held((today, past), (proposed, renewals), row.currency).map_err(|found| {
                    let name = rated.names.subscription(found.subscription);
                    OutputError::broken(Unexplained::LAW, format!("{name}, {}", found.first))
                })?;
            rated.rows.extend(rows_of(row, number, &effects));
            let lines = (today.lines, proposed.lines);
            let left_out = gap.map(|gap| left_out(row, number, &gap, lines, &rated.names));
            if !is_whole(lines, &effects, left_out.as_ref()) {
                let name = rated.names.subscription(row.id).to_owned();
                return Err(OutputError::broken("every charge is in an effect or left out", name).into());
            }
            rated.left_out.extend(left_out);
        }
        if worlds.len() > 2 {
            // Month by month and product by product, one proposal beside the other.
            rated.rows[first..].sort_by_key(|row| (row.effect.month, row.effect.item, row.proposal));
        }
        Ok(())
    }
}

/// Whether nothing of either world got lost: what is compared and what is left out are all that is charged.
fn is_whole((before, after): (&[&Line], &[&Line]), effects: &Effects, left_out: Option<&LeftOut>) -> bool {
    let paid = |lines: &[&Line]| lines.iter().map(|line| i128::from(line.subtotal)).sum::<i128>();
    let rest = left_out.map_or((0, 0), |left_out| (left_out.before.into(), left_out.after.into()));
    let compared = effects.rows.iter().fold(rest, |(before, after), effect| {
        (before + i128::from(effect.before), after + i128::from(effect.after))
    });
    compared == (paid(before), paid(after))
}

/// A world's lines and renewals of a customer, by subscription, and where the next one's begin.
struct Cursor<'p> {
    played: &'p Played,
    lines: Vec<&'p Line>,
    next: (usize, usize),
}

impl<'p> Cursor<'p> {
    fn new(played: &'p Played) -> Cursor<'p> {
        let mut lines: Vec<&Line> = played.lines.iter().collect();
        // Within a subscription by the first day, and what is charged together in its order.
        lines.sort_by_key(|line| (line.subscription, line.charge.first));
        Cursor { played, lines, next: (0, 0) }
    }

    /// Whether none is left.
    fn is_through(&self) -> bool {
        self.next == (self.lines.len(), self.played.renewals.len())
    }

    /// Those of a subscription, which comes after those before.
    fn next(&mut self, id: SubscriptionId) -> (Range<usize>, Range<usize>) {
        let (lines, renewals) = self.next;
        let own = self.lines[lines..].iter().take_while(|line| line.subscription == id).count();
        let renewed = self.played.renewals[renewals..].iter();
        let renewed = renewed.take_while(|renewal| renewal.subscription == id).count();
        self.next = (lines + own, renewals + renewed);
        (lines..self.next.0, renewals..self.next.1)
    }
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
    let effective_on = effects.effective_on();
    effects.rows.iter().map(move |effect| {
        let is = [true, effect.effective_on.is_some()];
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
            effective_on: effective_on.filter(|_| effect.effective_on.is_some()),
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
    (before, after): (&[&Line], &[&Line]),
    names: &Names,
) -> LeftOut {
    let from: Day = gap.renewal.renewal_date;
    let rest = |lines: &[&Line]| {
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
        side: gap.side,
        why: gap.why,
        before: rest(before),
        after: rest(after),
    }
}
