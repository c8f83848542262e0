//! A night: everything from the cut-over to `as_of` that the ledger lacks, as one run of its chain (R61 to R63).

use super::bounds::{balance, crossed, days_between};
use super::facts::{self, Hashes};
use super::posting::{Night, beginning};
use super::told;
use crate::intake::{self, Intake, Reading};
use crate::job::{Job, LedgerSettings};
use crate::ledger::{
    CHARGES, ChargesWriter, Kind, Ledger, LedgerError, Reader, Record, RunInfo, STATE, State,
};
use crate::names::Reject;
use crate::output::{self, Published, Report, Sealed, Writer, summary};
use crate::runs::gathered::{Gathered, troubles};
use crate::runs::invoice::{End, Outcome, Watch, Work, in_pool, json_of, place_of, shown};
use crate::runs::pipeline::{self, Against};
use crate::runs::{Progress, RunError};
use hashbrown::{HashMap, HashSet};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use termwise_engine::calendar::Day;
use termwise_engine::findings::{Code, Disposition, Finding, Source, Table};

/// What is wished of a night.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    /// Compute everything and write nothing.
    pub is_dry: bool,
    /// Leave a draft and commit nothing (R66).
    pub is_draft: bool,
    /// Commit what has this digest, and nothing else (R66).
    pub approved: Option<String>,
    /// Take over an existing book: what falls due was billed elsewhere (R64).
    pub opens: bool,
}

/// The file that findings of the ledger itself are listed under.
const LEDGER: &str = "ledger";

/// Runs a job against its ledger.
///
/// # Errors
/// An input or the ledger is refused as a whole, a law does not hold, or the output can't be written.
pub fn night(
    job: &Job,
    settings: &LedgerSettings,
    wish: &Wish,
    work: Work,
    progress: &dyn Progress,
) -> Result<Outcome, RunError> {
    in_pool(work, || {
        let ledger = if wish.is_dry {
            Ledger::look(&settings.dir)?.unwrap_or_else(|| Ledger::empty(&settings.dir))
        } else {
            Ledger::open(&settings.dir)?
        };
        if !wish.is_dry {
            // What can't be linked to is found out before anything is committed.
            output::checked_place(&job.outputs.dir)?;
            ledger.clean_drafts()?;
        }
        let (job, notes) = windowed(job, &ledger, wish)?;
        let desk = Desk { job: &job, settings, wish, work, progress, ledger: &ledger, notes };
        let mut moved = HashMap::new();
        loop {
            match desk.run(&moved)? {
                Turn::Done(outcome) => return Ok(*outcome),
                // Subscriptions changed hands; now that it is known which, it is played again from the start.
                Turn::Moved(more) => moved.extend(more),
            }
        }
    })
}

enum Turn {
    Done(Box<Outcome>),
    Moved(HashMap<u64, Record>),
}

/// The job with the days of the ledger.
fn windowed(job: &Job, ledger: &Ledger, wish: &Wish) -> Result<(Job, Vec<String>), RunError> {
    let mut job = job.clone();
    let mut notes = Vec::new();
    let as_of = job.window.billed.last;
    if wish.opens {
        job.window.billed.first = beginning(as_of);
        return Ok((job, notes));
    }
    let Some(head) = ledger.head() else { return Ok((job, notes)) };
    if let Some(first) = job.first_given.filter(|&first| first != head.cut_over) {
        notes.push(format!(
            "from {first} is not used: the ledger bills from its cut-over {} on",
            head.cut_over
        ));
    }
    job.window.billed.first = head.cut_over;
    if as_of < head.cut_over {
        return Err(LedgerError::Refused {
            code: "before-the-ledger",
            says: format!("as_of {as_of} lies before the ledger's cut-over {}", head.cut_over),
            hint: "what fell due then was billed elsewhere".to_owned(),
        }
        .into());
    }
    Ok((job, notes))
}

struct Desk<'d> {
    job: &'d Job,
    settings: &'d LedgerSettings,
    wish: &'d Wish,
    work: Work,
    progress: &'d dyn Progress,
    ledger: &'d Ledger,
    notes: Vec<String>,
}

impl Desk<'_> {
    fn run(&self, moved: &HashMap<u64, Record>) -> Result<Turn, RunError> {
        let (job, ledger) = (self.job, self.ledger);
        let mut watch = Watch::start();
        let reading = Reading { held: self.held(), ..self.work.reading(job) };
        let intake = intake::read(&job.inputs, &job.policy, &reading, self.progress)?;
        watch.lap("read");
        watch.laps.extend(intake.timings.iter().cloned());
        let identity = output::identity(job, &intake.files);
        if let Some(run) = self.same(&identity) {
            return Ok(Turn::Done(Box::new(self.already(run)?)));
        }
        if let Some(head) = ledger.head().filter(|_| self.wish.opens) {
            return Err(LedgerError::Refused {
                code: "ledger-not-empty",
                says: format!(
                    "the ledger has {} runs already: an existing book is taken over first",
                    head.number
                ),
                hint: "name another folder in [ledger] dir, or go on with `termwise run`".to_owned(),
            }
            .into());
        }
        let as_of = job.window.billed.last;
        let before = ledger.head().map(|head| head.as_of);
        if let Some(before) = before.filter(|&before| as_of < before) {
            return Err(LedgerError::Refused {
                code: "before-the-ledger",
                says: format!("as_of {as_of} lies before {before}, which the ledger is at"),
                hint: format!("run it with --as-of {before} or later: what was late is billed then"),
            }
            .into());
        }
        let state = ledger.state()?;
        let control = facts::control(job, &intake.files);
        watch.lap("ledger");
        let night = self.night(&intake, &state, (before, &control), moved);
        let number = ledger.link().number;
        let mut writer = match self.wish.is_dry {
            true => None,
            false => Some(Writer::open_in_ledger(job, ledger.dir())?),
        };
        let charges = match &writer {
            Some(writer) => Some(ChargesWriter::new(writer.side(CHARGES)?)?),
            None => None,
        };
        let against = Some(Against { night: &night, charges, number });
        let (mut through, charges) =
            pipeline::through(&intake, job, writer.as_mut(), self.work.unit, self.progress, against)?;
        watch.lap("bill");
        let spent = through.spent.list();
        watch.laps.extend(spent.map(|(step, took)| (format!("bill/{step}"), took)));
        let not_met = state.not_met();
        let met_first: HashSet<u64> = through.met_first.drain(..).collect();
        let more: HashMap<u64, Record> = not_met
            .iter()
            .filter(|record| met_first.contains(&record.subscription))
            .map(|record| (record.subscription, *record))
            .collect();
        if !more.is_empty() {
            return Ok(Turn::Moved(more));
        }
        let (missing, reported) = self.missing(&intake, &not_met, moved)?;
        let mut records = std::mem::take(&mut through.records);
        // What was not there tonight is looked at again when it is back: what fell due meanwhile is caught up (R61, R63).
        let passed_over = not_met.iter().filter(|record| !moved.contains_key(&record.subscription));
        let passed_over = passed_over.map(|record| {
            (
                record,
                Record {
                    is_dirty: true,
                    is_reported: record.is_reported || reported.contains(&record.subscription),
                    ..*record
                },
            )
        });
        records.extend(passed_over.filter(|(before, now)| *before != now).map(|(_, now)| now));
        let mut found = Gathered::of_book(job, &intake, through)?;
        found.rejects.extend(missing.iter().cloned());
        found.notes.splice(0..0, self.notes.iter().cloned());
        watch.lap("excerpts");
        found.timings.clone_from(&watch.laps);
        let held = self.held_now(&night, &intake, &records);
        let says = self.says(&night, &found, (&control, &held), number);
        let mut report = found.report(job, &intake.files);
        report.ledger = Some(&says);
        let set_aside = found.set_aside(job, &intake.files);
        let crossed = crossed(&self.settings.bounds, ledger, report.tally, days_between(before, as_of));
        let end = match writer {
            _ if set_aside.is_too_many() => End::TooManyRejects,
            None => {
                output::prove(&report)?;
                End::Dry
            }
            Some(mut writer) => {
                self.progress.stage("publishing", 0);
                for block in writer.rest() {
                    writer.append(block.encode()?)?;
                }
                if let Some(charges) = charges {
                    let side = charges.finish()?;
                    writer.keep(side)?;
                }
                let mut side = writer.side(STATE)?;
                state.write_next(records, |bytes| side.write(bytes))?;
                writer.keep(side)?;
                let sealed = writer.seal(&report)?;
                watch.laps.extend(sealed.timings());
                let end = self.finish(sealed, &report, crossed)?;
                watch.lap("publish");
                end
            }
        };
        let place = place_of(&end, set_aside);
        let text = summary::text(&report, &place);
        let json = json_of(summary::json(&report, &place), &end, set_aside);
        let told = Outcome::of(end, set_aside, (text, json), watch.laps);
        let (missing, troubles) = (missing.len() as u64, troubles(&intake).collect());
        Ok(Turn::Done(Box::new(Outcome { missing, troubles, ..told })))
    }

    fn night<'n>(
        &'n self,
        intake: &Intake,
        state: &'n State,
        (before, control): (Option<Day>, &str),
        moved: &HashMap<u64, Record>,
    ) -> Night<'n> {
        let as_of = self.job.window.billed.last;
        let controlled = self.ledger.runs().iter().rev().find_map(|run| run.says("control")?.as_str());
        let markets = intake.shared.markets.iter();
        let days =
            |notices: &crate::job::NoticeDays| markets.map(|market| notices.of_market(market)).collect();
        Night {
            ledger: self.ledger,
            state,
            hashes: Hashes::of(&intake.shared),
            cut_over: if self.wish.opens { as_of.next() } else { self.job.window.billed.first },
            before: if self.wish.opens { Some(as_of) } else { before },
            window: self.job.window,
            same_control: controlled == Some(control),
            opens: self.wish.opens,
            was_opened: self.ledger.runs().iter().any(|run| run.kind == Kind::Open),
            moved: moved.clone(),
            notice_days: self.settings.notice_days.as_ref().map_or_else(Vec::new, days),
        }
    }

    /// The run that had the same inputs, if none was taken back since.
    fn same(&self, identity: &str) -> Option<&RunInfo> {
        let runs = self.ledger.runs().iter().rev().take_while(|run| run.kind != Kind::Reverse);
        let own = if self.wish.opens { Kind::Open } else { Kind::Run };
        runs.filter(|run| run.kind == own).find(|run| run.identity == identity)
    }

    /// The promotions that terms of the ledger were ever held to.
    fn held(&self) -> Vec<String> {
        let said = self.ledger.runs().iter().rev().find_map(|run| run.says("promotions")?.as_array());
        let texts = said.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Those, and the ones that terms are held to now.
    fn held_now(&self, night: &Night<'_>, intake: &Intake, records: &[Record]) -> Vec<String> {
        let mut held: BTreeSet<String> = self.held().into_iter().collect();
        let numbers: BTreeSet<u64> = records.iter().map(|record| record.price.promotion).collect();
        let known = numbers.into_iter().filter_map(|number| night.hashes.promotion_of(number));
        held.extend(known.map(|id| intake.shared.promotions.text(id.rank()).to_owned()));
        held.into_iter().collect()
    }

    /// A run of the same inputs is there: that is all there is to say.
    fn already(&self, run: &RunInfo) -> Result<Outcome, RunError> {
        if !self.wish.is_dry && !self.wish.opens {
            told::link(self.ledger, self.job, run.number, &run.identity, run.as_of)?;
        }
        let published =
            Published::AlreadyThere { folder: run.folder.clone(), digest: run.digest().to_owned() };
        let text = format!(
            "termwise {}  run {} of the ledger had the same inputs: nothing new to bill\noutput: {}\n",
            env!("CARGO_PKG_VERSION"),
            run.number,
            shown(&run.folder),
        );
        let json = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "state": "already-there",
            "run": run.number,
            "as_of": run.as_of.to_string(),
            "folder": shown(&run.folder),
            "digest": run.digest(),
        });
        let set_aside = crate::runs::invoice::SetAside { rows: 0, of: 0, tolerated: 0 };
        Ok(Outcome::of(End::Published(published), set_aside, (text, json), Vec::new()))
    }

    /// What the ledger has and the inputs lack (R63), and the numbers of their ids. A row that was turned down is there; what is
    /// over is reported once.
    fn missing(
        &self,
        intake: &Intake,
        not_met: &[Record],
        moved: &HashMap<u64, Record>,
    ) -> Result<(Vec<Reject>, HashSet<u64>), RunError> {
        let reader = Reader::new(self.ledger);
        let (mut missing, mut reported) = (Vec::new(), HashSet::new());
        let open = not_met.iter().filter(|record| !(record.is_over && record.is_reported));
        for record in open.filter(|record| !moved.contains_key(&record.subscription)) {
            let id = name_of(self.ledger, &reader, record)?;
            if intake.has_row(&id) {
                continue;
            }
            reported.insert(record.subscription);
            let source = Source { table: Table::Subscriptions, file: u16::MAX, row: record.last.run };
            let finding = Finding {
                source,
                disposition: Disposition::Flagged,
                code: Code::MissingFromBook,
                column: "subscription_id",
            };
            let excerpt = format!("{id}: last billed by run {}", record.last.run);
            missing.push(Reject { finding, file: LEDGER.to_owned(), key: id.clone(), value: id, excerpt });
        }
        missing.sort();
        Ok((missing, reported))
    }

    /// What the manifest says of the ledger.
    fn says(
        &self,
        night: &Night<'_>,
        found: &Gathered,
        (control, held): (&str, &[String]),
        number: u32,
    ) -> Value {
        let head = self.ledger.head();
        let as_of = self.job.window.billed.last;
        let kind = if self.wish.opens { Kind::Open } else { Kind::Run };
        let added = match kind {
            Kind::Open => Vec::new(),
            Kind::Run | Kind::Close | Kind::Reverse => found.by_currency(),
        };
        let mut says = json!({
            "run": number,
            "kind": kind.name(),
            "previous": self.ledger.link().previous,
            "cut_over": night.cut_over.to_string(),
            "before": head.map(|head| head.as_of.to_string()),
            "as_of": as_of.to_string(),
            "control": control,
            "promotions": held,
            "balance": balance(head, &added),
        });
        if let (Value::Object(members), Some(days)) =
            (&mut says, days_between(head.map(|head| head.as_of), as_of))
        {
            members.insert("days".to_owned(), days.into());
        }
        says
    }

    /// Commits a run, or leaves a draft of it.
    fn finish(&self, sealed: Sealed, report: &Report<'_>, crossed: Vec<String>) -> Result<End, RunError> {
        let ledger = self.ledger;
        let digest = sealed.digest().to_owned();
        let is_approved = self.wish.approved.as_ref().map(|approved| *approved == digest);
        let commits = match is_approved {
            Some(is_approved) => is_approved,
            None => !self.wish.is_draft && crossed.is_empty(),
        };
        if !commits {
            let short = digest.get(..12).unwrap_or(&digest);
            let name = format!("{}-{short}", report.job.window.billed.last);
            let folder = sealed.commit(&ledger.drafts(), &name)?;
            let is_wished = self.wish.is_draft;
            let crossed = if is_approved == Some(false) {
                vec!["the outputs have another digest than was approved".to_owned()]
            } else {
                crossed
            };
            return Ok(End::Draft { folder, digest, crossed, is_wished });
        }
        let number = ledger.link().number;
        let folder = sealed.commit(&ledger.place(), &Ledger::name_of(number))?;
        if !self.wish.opens {
            // A run that was cut off after its commit has no link yet.
            if let Some(before) = ledger.head().filter(|before| before.kind != Kind::Open) {
                told::link(ledger, self.job, before.number, &before.identity, told::day_of(before))?;
            }
            let identity = output::identity(report.job, report.files);
            told::link(ledger, self.job, number, &identity, report.job.window.billed.last)?;
        }
        Ok(End::Published(Published::Now { folder, digest }))
    }
}

/// The id of a record's subscription.
pub(super) fn name_of(ledger: &Ledger, reader: &Reader<'_>, record: &Record) -> Result<String, LedgerError> {
    let block = reader.block(record.last)?;
    for group in block.groups() {
        let path =
            ledger.run(record.last.run).map_or_else(|| ledger.dir().to_owned(), |run| run.folder.clone());
        let group = group.ok_or_else(|| LedgerError::damaged(&path, "a block holds no groups"))?;
        if crate::ledger::hash(group.subscription.as_bytes()) == record.subscription {
            return Ok(group.subscription.to_owned());
        }
    }
    Err(LedgerError::damaged(ledger.dir(), "a subscription is not in the block that its record names"))
}
