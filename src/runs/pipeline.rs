//! The pipeline: the parts of the book go through all steps side by side, and come out in their order.
//!
//! ```text
//! part 7 ─ link ─ play ─ invoice ─ prove ─ set ─┐
//! part 8 ─ link ─ play ─ invoice ─ prove ─ set ─┼─ in order: tallied, cut into blocks ─┬ encode ┬─ appended in order
//! part 9 ─ …                                    ┘                                      └ encode ┘
//! ```
//! A part is begun only when an earlier one is through, so that memory follows the threads and not the book.

use super::ledger::{Night, Posted, Poster, by_subscription};
use super::{Progress, RunError};
use crate::intake::{Intake, Part};
use crate::job::Job;
use crate::ledger::{ChargesWriter, Group, Location, Packed, Record};
use crate::locks::{locked, unlocked};
use crate::names::Names;
use crate::output::{
    Batch, Block, Charge, Counts, Encoded, LineTexts, OutputError, Posting, Stretch, Tables, Tally, Writer,
};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use termwise_engine::book::{Book, CustomerBook};
use termwise_engine::calendar::Day;
use termwise_engine::catalog::Catalog;
use termwise_engine::findings::Finding;
use termwise_engine::ids::{CustomerId, SubscriptionId};
use termwise_engine::invoicing;
use termwise_engine::timeline::{self, Slate};
use termwise_engine::workings::{Line, Played, Renewal};

/// Parts that are begun beyond one for each thread, so that nobody waits for the slowest.
const AHEAD: usize = 1;

/// What went through.
#[derive(Debug, Default)]
pub(super) struct Through {
    /// Sums and counts of everything.
    pub tally: Tally,
    /// What became of every row of the book.
    pub counts: Counts,
    /// What is wrong with rows, in any order.
    pub findings: Vec<Finding>,
    /// How long each step took, all threads together.
    pub spent: Spent,
    /// Records of a ledger that changed.
    pub records: Vec<Record>,
    /// The numbers of subscriptions that the ledger had not met.
    pub met_first: Vec<u64>,
}

/// A ledger that a run is played against, and where its charges are written; none: it is a dry run.
pub(super) struct Against<'a> {
    pub(super) night: &'a Night<'a>,
    pub(super) charges: Option<ChargesWriter>,
    /// The number of the run.
    pub(super) number: u32,
}

/// How long each step took, all threads together.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Spent {
    link: Duration,
    play: Duration,
    invoice: Duration,
    prove: Duration,
    tally: Duration,
}

impl Spent {
    /// The steps in their order.
    pub(super) fn list(self) -> [(&'static str, Duration); 5] {
        let Spent { link, play, invoice, prove, tally } = self;
        [("link", link), ("play", play), ("invoice", invoice), ("prove", prove), ("tally", tally)]
    }

    fn add(&mut self, other: Spent) {
        self.link += other.link;
        self.play += other.play;
        self.invoice += other.invoice;
        self.prove += other.prove;
        self.tally += other.tally;
    }
}

/// What one part brought.
struct Billed {
    batches: Vec<Batch>,
    through: Through,
    /// Charges for a ledger by subscription, and its records, each with whether it has charges here.
    packed: Packed,
    records: Vec<(Record, bool)>,
    subscriptions: u64,
}

/// What one unit brought, without its steps.
struct Unit {
    lines: Vec<Line>,
    renewals: Vec<Renewal>,
    findings: Vec<Finding>,
    counts: Counts,
}

/// Takes all parts of a book through every step. Without a writer everything is proved and nothing is set.
///
/// # Errors
/// A law does not hold, or something can't be written.
pub(super) fn through(
    intake: &Intake,
    job: &Job,
    writer: Option<&mut Writer>,
    unit: usize,
    progress: &dyn Progress,
    against: Option<Against<'_>>,
) -> Result<(Through, Option<ChargesWriter>), RunError> {
    let tables = Tables::new(job, &intake.shared);
    let is_set = writer.is_some();
    let night = against.as_ref().map(|against| against.night);
    let mut state = State::new(writer);
    if let Some(against) = against {
        (state.charges, state.number) = (against.charges, against.number);
    }
    let state = Mutex::new(state);
    let spare = Mutex::default();
    let pipeline = Pipeline { intake, job, tables, unit, is_set, progress, night, spare, state };
    progress.stage("billing", intake.subscriptions());
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads() + AHEAD {
            pipeline.begin_next(scope);
        }
    });
    let state = unlocked(pipeline.state);
    match state.failure {
        Some(error) => Err(error),
        None => Ok((state.through, state.charges)),
    }
}

/// Takes all parts up to their cells and keeps them, in order: what is left to do is to encode and to write.
///
/// # Errors
/// A law does not hold.
pub(super) fn up_to_cells(intake: &Intake, job: &Job, unit: usize) -> Result<Vec<Vec<Batch>>, RunError> {
    let state = Mutex::new(State::new(None));
    let tables = Tables::new(job, &intake.shared);
    let spare = Mutex::default();
    let (progress, night) = (&(), None);
    let pipeline = Pipeline { intake, job, tables, unit, is_set: true, progress, night, spare, state };
    let parts: Vec<usize> = (0..intake.parts()).collect();
    parts.into_par_iter().map(|number| Ok(pipeline.bill(number)?.batches)).collect()
}

/// Encodes and appends batches, as the last steps of a run do.
///
/// # Errors
/// Something can't be written.
pub(super) fn encode(parts: Vec<Vec<Batch>>, writer: &mut Writer) -> Result<(), RunError> {
    let mut blocks = Vec::new();
    for batches in parts {
        blocks.extend(writer.take(batches)?);
    }
    blocks.extend(writer.rest());
    let writer = Mutex::new(writer);
    let append = |block: Block| {
        let encoded = block.encode()?;
        locked(&writer).append(encoded)
    };
    Ok(blocks.into_par_iter().try_for_each(append)?)
}

struct Pipeline<'p> {
    intake: &'p Intake,
    job: &'p Job,
    tables: Tables,
    unit: usize,
    is_set: bool,
    progress: &'p dyn Progress,
    night: Option<&'p Night<'p>>,
    /// Memory of parts that are through, for those that come.
    spare: Mutex<Vec<Played>>,
    state: Mutex<State<'p>>,
}

struct State<'p> {
    /// Parts that were begun.
    begun: usize,
    /// Parts that came out.
    out: usize,
    /// Parts whose turn has not come.
    waiting: BTreeMap<usize, Billed>,
    through: Through,
    writer: Option<&'p mut Writer>,
    charges: Option<ChargesWriter>,
    number: u32,
    failure: Option<RunError>,
}

impl<'p> Pipeline<'p> {
    fn state(&self) -> MutexGuard<'_, State<'p>> {
        locked(&self.state)
    }

    /// Begins the next part, if there is one and nothing went wrong.
    fn begin_next<'s>(&'s self, scope: &rayon::Scope<'s>) {
        let mut state = self.state();
        if state.begun >= self.intake.parts() || state.failure.is_some() {
            return;
        }
        let number = state.begun;
        state.begun += 1;
        drop(state);
        scope.spawn(move |scope| match self.bill(number) {
            Ok(billed) => self.bring_out(scope, number, billed),
            Err(error) => self.state().fail(error),
        });
    }

    /// Brings out a part, and those that waited for it.
    fn bring_out<'s>(&'s self, scope: &rayon::Scope<'s>, number: usize, billed: Billed) {
        let mut state = self.state();
        state.waiting.insert(number, billed);
        let before = state.out;
        let blocks = match state.bring_out(self.progress) {
            Ok(blocks) => blocks,
            Err(error) => return state.fail(error.into()),
        };
        let came_out = state.out - before;
        drop(state);
        // A thread takes the latest work first, so what is encoded is out before another part is begun.
        (0..came_out).for_each(|_| self.begin_next(scope));
        for block in blocks {
            scope.spawn(move |_| self.append(block.encode()));
        }
    }

    fn append(&self, encoded: Result<Encoded, OutputError>) {
        let mut state = self.state();
        let appended = match (encoded, state.writer.as_mut()) {
            (Ok(encoded), Some(writer)) => writer.append(encoded),
            (Ok(_), None) => Ok(()),
            (Err(error), _) => Err(error),
        };
        if let Err(error) = appended {
            state.fail(error.into());
        }
    }

    /// Takes a part through all steps up to its cells.
    fn bill(&self, number: usize) -> Result<Billed, RunError> {
        let mut watch = Instant::now();
        let Part { book, names, findings, fates } = self.intake.take_part(number)?;
        let mut spent = Spent { link: lap(&mut watch), ..Spent::default() };
        if let Some(night) = self.night {
            let through = Through { findings, counts: fates.into_iter().collect(), ..Through::default() };
            return self.bill_against(night, (&book, &names), through, spent);
        }
        let units = self.play(&book);
        let mut through = Through { findings, counts: fates.into_iter().collect(), ..Through::default() };
        let (mut lines, mut renewals) = (Vec::new(), Vec::new());
        for mut unit in units {
            // The first brings its memory along, and most often is the only one.
            if lines.is_empty() && renewals.is_empty() {
                (lines, renewals) = (unit.lines, unit.renewals);
            } else {
                lines.append(&mut unit.lines);
                renewals.append(&mut unit.renewals);
            }
            through.findings.extend(unit.findings);
            through.counts.add(&unit.counts);
        }
        spent.play = lap(&mut watch);
        let invoiced = invoicing::invoice(&book, lines);
        spent.invoice = lap(&mut watch);
        let stretch =
            Stretch { book: &book, names: &names, invoiced: &invoiced, renewals: &renewals, posting: None };
        self.tables.prove(&stretch)?;
        spent.prove = lap(&mut watch);
        through.tally = Tally::of(&stretch);
        spent.tally = lap(&mut watch);
        let cuts = if self.is_set { self.tables.cuts(&stretch) } else { Vec::new() };
        let batches = cuts.par_iter().map(|cut| self.tables.set(&stretch, cut)).collect::<Result<_, _>>()?;
        through.spent = spent;
        let subscriptions = book.subscriptions.len() as u64;
        Ok(Billed { batches, through, packed: Packed::default(), records: Vec::new(), subscriptions })
    }

    /// Takes a part through all steps against a ledger.
    fn bill_against(
        &self,
        night: &Night<'_>,
        (book, names): (&Book, &Names),
        mut through: Through,
        mut spent: Spent,
    ) -> Result<Billed, RunError> {
        let mut watch = Instant::now();
        let mut posted = self.post(night, book, names)?;
        through.findings.append(&mut posted.played.findings);
        through.counts.extend(posted.played.fates.drain(..));
        spent.play = lap(&mut watch);
        let invoiced = invoicing::invoice(book, std::mem::take(&mut posted.played.lines));
        spent.invoice = lap(&mut watch);
        let lines =
            Stretch { book, names, invoiced: &invoiced, renewals: &posted.played.renewals, posting: None };
        self.tables.prove(&lines)?;
        spent.prove = lap(&mut watch);
        let texts = LineTexts::of(&lines, self.job.window);
        let mut charges = texts.charges(&lines);
        for (_, charge) in &mut charges {
            charge.billing = posted.billings.get(charge.key).copied().unwrap_or(1);
        }
        let ids = invoiced.lines.iter().map(|line| line.subscription);
        let mut own: Vec<_> =
            ids.zip(charges).map(|(id, (customer, charge))| (customer, id, charge)).collect();
        let reversals = posted.reversals.iter();
        own.extend(reversals.filter_map(|(customer, id, owned)| Some((*customer, *id, owned.charge()?))));
        // What is taken back comes before what takes its place; otherwise as it was.
        own.sort_by_key(|(customer, id, charge)| {
            (*customer, charge.currency, *id, charge.charge.first, !charge.is_reversal)
        });
        let groups = groups_of((book, names), &own, &posted.records);
        let charges: Vec<_> = own.into_iter().map(|(customer, _, charge)| (customer, charge)).collect();
        let posting = Some(Posting { charges: &charges, notices: &posted.notices });
        let stretch = Stretch { posting, ..lines };
        through.tally = Tally::of(&stretch);
        through.tally.weight.lines_of_a_day = groups.iter().map(lines_of_a_day).max().unwrap_or_default();
        spent.tally = lap(&mut watch);
        let cuts = if self.is_set { self.tables.cuts(&stretch) } else { Vec::new() };
        let batches = cuts.par_iter().map(|cut| self.tables.set(&stretch, cut)).collect::<Result<_, _>>()?;
        let packed = if self.is_set { Packed::of(&groups) } else { Packed::default() };
        let told = posted.records.iter().map(|(_, record, has_group)| (*record, *has_group));
        let records = told.chain(posted.left.iter().map(|record| (*record, false))).collect();
        let first_met = posted.records.iter().filter(|(_, record, _)| record.last == Location::default());
        through.met_first = first_met.map(|(_, record, _)| record.subscription).collect();
        let mut played = posted.played;
        played.clear();
        locked(&self.spare).push(played);
        through.spent = spent;
        Ok(Billed { batches, through, packed, records, subscriptions: book.subscriptions.len() as u64 })
    }

    /// Plays the customers of a part against a ledger, in the units of [`Pipeline::play`].
    fn post(&self, night: &Night<'_>, book: &Book, names: &Names) -> Result<Posted, RunError> {
        let unit = self.unit.max(1);
        night.approach(&book.subscriptions, names);
        let poster = || Poster::new(night, names, (&self.intake.catalog, &self.job.policy));
        let same_number = |id| {
            let detail = format!("{} has the number of another subscription", names.subscription(id));
            OutputError::Invariant { law: "every subscription has a number of its own", detail }
        };
        if book.subscriptions.len() <= 2 * unit {
            let spare = locked(&self.spare).pop();
            let mut poster = poster().with_room(book.subscriptions.len(), spare.unwrap_or_default());
            for customer in book.customers_of(&book.subscriptions) {
                for case in night.cases(customer, names, self.piece_of(&customer)).map_err(same_number)? {
                    poster.post(&case)?;
                }
            }
            return Ok(poster.finish());
        }
        let mut units = vec![Vec::new()];
        let mut held = 0;
        for customer in book.customers_of(&book.subscriptions) {
            let cases = night.cases(customer, names, self.piece_of(&customer)).map_err(same_number)?;
            for case in cases {
                if held >= unit {
                    units.push(Vec::new());
                    held = 0;
                }
                held += case.size();
                if let Some(last) = units.last_mut() {
                    last.push(case);
                }
            }
        }
        let post = |cases: Vec<_>| {
            let mut poster = poster();
            cases.iter().try_for_each(|case| poster.post(case))?;
            Ok::<Posted, RunError>(poster.finish())
        };
        let mut posted = Posted::default();
        let units: Vec<Posted> = units.into_par_iter().map(post).collect::<Result<_, _>>()?;
        units.into_iter().for_each(|unit| posted.append(unit));
        Ok(posted)
    }

    /// Plays the customers of a part. An ordinary part is one thread's work; a large one, as a customer without end makes
    /// it, is shared out in units that depend on the book alone.
    fn play(&self, book: &Book) -> Vec<Unit> {
        let unit = self.unit.max(1);
        let customers = book.customers_of(&book.subscriptions);
        let pieces = customers.flat_map(|customer| self.pieces(customer));
        if book.subscriptions.len() <= 2 * unit {
            return vec![self.play_unit(pieces, book.subscriptions.len())];
        }
        let mut units: Vec<Vec<CustomerBook<'_>>> = vec![Vec::new()];
        let mut held = 0;
        for piece in pieces {
            if held >= unit {
                units.push(Vec::new());
                held = 0;
            }
            held += piece.subscriptions.len();
            units.last_mut().into_iter().for_each(|last| last.push(piece));
        }
        units.into_par_iter().map(|unit| self.play_unit(unit.into_iter(), 0)).collect()
    }

    /// A customer as it is played: in pieces where it is large and nothing in it bears on the rest.
    fn pieces<'b>(&self, customer: CustomerBook<'b>) -> impl Iterator<Item = CustomerBook<'b>> + use<'b> {
        customer.pieces(self.piece_of(&customer))
    }

    fn piece_of(&self, customer: &CustomerBook<'_>) -> usize {
        piece_of(&self.intake.catalog, customer)
    }

    fn play_unit<'b>(&self, customers: impl Iterator<Item = CustomerBook<'b>>, size: usize) -> Unit {
        let mut played = Played::default();
        played.lines.reserve(size + size / 8);
        played.renewals.reserve(size);
        let mut slate = Slate::default();
        let (catalog, policy, window) = (&self.intake.catalog, &self.job.policy, self.job.window);
        for customer in customers {
            let (lines, renewals) = (played.lines.len(), played.renewals.len());
            timeline::play_on(&mut slate, customer, catalog, policy, window, &mut played);
            // The steps are read by explain alone, which plays one customer for itself.
            played.steps.clear();
            // What was played together is in the order of its days; small lists are quickly put in the order of the files.
            played.lines[lines..].sort_by_key(|line| (line.subscription, line.charge.first));
            played.renewals[renewals..].sort_by_key(|renewal| (renewal.subscription, renewal.renewal_date));
        }
        let Played { lines, renewals, findings, fates, .. } = played;
        Unit { lines, renewals, findings, counts: fates.into_iter().collect() }
    }
}

/// How large the pieces are that a customer is played in.
pub(super) fn piece_of(catalog: &Catalog, customer: &CustomerBook<'_>) -> usize {
    let is_large = customer.subscriptions.len() > 4 * CustomerBook::PIECE;
    let is_cut = is_large && customer.is_divisible(catalog);
    if is_cut { CustomerBook::PIECE } else { usize::MAX }
}

/// The time since the last lap.
fn lap(since: &mut Instant) -> Duration {
    let now = Instant::now();
    let lap = now.duration_since(*since);
    *since = now;
    lap
}

impl<'p> State<'p> {
    fn new(writer: Option<&'p mut Writer>) -> State<'p> {
        let (waiting, through) = (BTreeMap::new(), Through::default());
        State { begun: 0, out: 0, waiting, through, writer, charges: None, number: 0, failure: None }
    }

    /// Notes what went wrong; the first stands.
    fn fail(&mut self, error: RunError) {
        self.failure.get_or_insert(error);
    }

    /// Brings out every part whose turn has come, and gives the blocks that are full then.
    fn bring_out(&mut self, progress: &dyn Progress) -> Result<Vec<Block>, OutputError> {
        let mut blocks = Vec::new();
        while let Some(billed) = self.waiting.remove(&self.out) {
            let Billed { batches, through, packed, records, subscriptions } = billed;
            self.out += 1;
            self.through.add(through);
            self.keep(&packed, records)?;
            progress.advance(subscriptions);
            if let Some(writer) = self.writer.as_mut() {
                blocks.extend(writer.take(batches)?);
            }
        }
        Ok(blocks)
    }
}

impl State<'_> {
    /// Writes a part's charges, and keeps its records with the places that they got.
    fn keep(&mut self, packed: &Packed, records: Vec<(Record, bool)>) -> Result<(), OutputError> {
        let numbers = match self.charges.as_mut() {
            Some(charges) => charges.add(packed)?,
            None => Vec::new(),
        };
        let mut numbers = numbers.into_iter();
        for (record, has_group) in records {
            let block = if has_group { numbers.next() } else { None };
            let last = block.map_or(record.last, |block| Location { run: self.number, block });
            self.through.records.push(Record { last, ..record });
        }
        Ok(())
    }
}

/// The most lines of one charge day that a subscription gets.
fn lines_of_a_day(group: &Group<'_>) -> u32 {
    let mut days: Vec<Day> = group.charges.iter().map(|charge| charge.due).collect();
    days.sort_unstable();
    days.chunk_by(|left, right| left == right).map(|day| day.len() as u32).max().unwrap_or_default()
}

/// What a part says of each subscription that it tells the ledger of, in the order of subscriptions.
fn groups_of<'a>(
    (book, names): (&Book, &'a Names),
    own: &[(CustomerId, SubscriptionId, Charge<'a>)],
    records: &[(SubscriptionId, Record, bool)],
) -> Vec<Group<'a>> {
    let mut places = by_subscription(own.iter().map(|(_, id, _)| *id));
    let told = records.iter().filter(|(.., has_group)| *has_group);
    let group = |(id, record, _): &(SubscriptionId, Record, bool)| {
        let places = places.remove(id).unwrap_or_default();
        let charges: Vec<Charge<'a>> = places.into_iter().map(|place| own[place].2).collect();
        let customer = names.customer(book.subscriptions[id.rank()].customer);
        Group { subscription: names.subscription(*id), customer, before: record.last, charges }
    };
    told.map(group).collect()
}

impl Through {
    fn add(&mut self, other: Through) {
        self.tally.add(&other.tally);
        self.counts.add(&other.counts);
        self.findings.extend(other.findings);
        self.spent.add(other.spent);
        self.met_first.extend(other.met_first);
    }
}
