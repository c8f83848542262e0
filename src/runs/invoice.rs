//! The invoice run: read, play every customer, invoice, prove, publish.
//!
//! The book is cut into units of whole customers whose size depends on the book alone. Units are played on any number of
//! threads and put together in their order, so the number of threads changes no byte of the output. A run whose rejects
//! pass the job's limit publishes nothing and says why.

use super::{Progress, RunError};
use crate::intake::{self, Intake};
use crate::job::Job;
use crate::names::Reject;
use crate::output::{self, Block, Counts, Published, Report, Stretch, Tables, Tally, Writer, summary};
use rayon::prelude::*;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use termwise_engine::findings::Finding;
use termwise_engine::invoicing::{self, Invoiced};
use termwise_engine::timeline;
use termwise_engine::workings::{Line, Played, Renewal};

/// Subscriptions of a unit: enough to keep a thread busy for some milliseconds, few enough to share out evenly.
pub const UNIT: usize = 4_096;

/// How the work is done; it shows in no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Work {
    /// Worker threads; 0: one for each core.
    pub threads: usize,
    /// Subscriptions of a unit, at least.
    pub unit: usize,
}

impl Default for Work {
    fn default() -> Work {
        Work { threads: 0, unit: UNIT }
    }
}

/// Everything that a run made, before it is published.
#[derive(Debug)]
pub struct Calculated {
    /// What was read.
    pub intake: Intake,
    /// Lines, invoices and totals.
    pub invoiced: Invoiced,
    /// Renewals that came, and forecasts.
    pub renewals: Vec<Renewal>,
    /// What stands in rejects.csv.
    pub rejects: Vec<Reject>,
    /// What became of every row.
    pub counts: Counts,
    /// What to know beside it.
    pub notes: Vec<String>,
    /// How long each step took.
    pub timings: Vec<(String, Duration)>,
}

/// Rows that were set aside, against what the job tolerates (C9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetAside {
    /// Rows that were rejected, parked, refused or flagged.
    pub rows: u64,
    /// Rows read of all inputs.
    pub of: u64,
    /// The share that is tolerated, in millionths.
    pub tolerated: u32,
}

impl SetAside {
    /// Whether there are more than the job tolerates.
    pub fn is_too_many(self) -> bool {
        u128::from(self.rows) * 1_000_000 > u128::from(self.of) * u128::from(self.tolerated)
    }
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Its folder is there.
    Published(Published),
    /// Everything was computed and nothing written.
    Dry,
    /// More rows were set aside than the job tolerates: nothing is published.
    TooManyRejects,
}

/// What a run has to tell.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Rows that were set aside.
    pub set_aside: SetAside,
    /// What somebody should look at although it stopped nothing.
    pub troubles: Vec<String>,
    /// The closing summary.
    pub text: String,
    /// The same as JSON.
    pub json: Value,
}

impl Outcome {
    /// The exit code of the contract: 0, also where the same run was published before; 3; 65.
    pub const fn exit_code(&self) -> u8 {
        match self.end {
            End::TooManyRejects => 65,
            End::Published(Published::AlreadyThere { .. }) => 0,
            End::Published(Published::Now { .. }) | End::Dry if self.set_aside.rows > 0 => 3,
            End::Published(Published::Now { .. }) | End::Dry => 0,
        }
    }
}

/// What one unit brought, without its steps.
struct Part {
    lines: Vec<Line>,
    renewals: Vec<Renewal>,
    findings: Vec<Finding>,
    counts: Counts,
}

/// Runs a job: everything is computed and proved, and published unless it is a dry run.
///
/// # Errors
/// An input is refused as a whole, a law does not hold, or the output can't be written. Nothing is published then.
pub fn run(job: &Job, is_dry: bool, work: Work, progress: &dyn Progress) -> Result<Outcome, RunError> {
    in_pool(work, || {
        let calculated = calculate(job, work, progress)?;
        let tally = Tally::of(&calculated.stretch());
        let report = calculated.report(job, &tally);
        let set_aside = calculated.set_aside(job);
        let end = if set_aside.is_too_many() {
            End::TooManyRejects
        } else if is_dry {
            calculated.prove(job)?;
            End::Dry
        } else {
            progress.stage("publishing", 0);
            End::Published(publish(job, &calculated.stretch(), &report)?)
        };
        let place = place_of(&end, set_aside);
        let text = summary::text(&report, &place);
        let json = json_of(summary::json(&report, &place), &end, set_aside);
        let troubles = calculated.intake.warnings.iter().filter(|warning| warning.is_trouble);
        let troubles = troubles.map(ToString::to_string).collect();
        Ok(Outcome { end, set_aside, troubles, text, json })
    })
}

/// Proves, sets, encodes and publishes the one stretch that the book is.
fn publish(job: &Job, stretch: &Stretch<'_>, report: &Report<'_>) -> Result<Published, RunError> {
    let tables = Tables::new(job, &stretch.names.shared);
    tables.prove(stretch)?;
    let mut writer = Writer::open(job)?;
    let cuts = tables.cuts(stretch);
    let batches = cuts.par_iter().map(|cut| tables.set(stretch, cut)).collect::<Result<Vec<_>, _>>()?;
    let mut blocks = writer.take(batches)?;
    blocks.extend(writer.rest());
    let encoded = blocks.into_par_iter().map(Block::encode).collect::<Result<Vec<_>, _>>()?;
    for block in encoded {
        writer.append(block)?;
    }
    Ok(writer.publish(report)?.published)
}

/// Reads and plays everything, on the threads of the pool that it is called in.
///
/// # Errors
/// An input is refused as a whole.
pub fn calculate(job: &Job, work: Work, progress: &dyn Progress) -> Result<Calculated, RunError> {
    let mut watch = Watch::start();
    let mut intake = intake::read(&job.inputs, &job.policy, progress)?;
    watch.lap("read");
    let parts = play_units(&intake, job, work.unit, progress);
    watch.lap("play");
    let mut findings = std::mem::take(&mut intake.findings);
    let mut counts: Counts = std::mem::take(&mut intake.fates).into_iter().collect();
    let mut lines = Vec::with_capacity(parts.iter().map(|part| part.lines.len()).sum());
    let mut renewals = Vec::with_capacity(parts.iter().map(|part| part.renewals.len()).sum());
    for part in parts {
        lines.extend(part.lines);
        renewals.extend(part.renewals);
        findings.extend(part.findings);
        counts.add(&part.counts);
    }
    let invoiced = invoicing::invoice(&intake.book, lines);
    watch.lap("invoice");
    renewals.sort_by_key(|renewal| (renewal.subscription, renewal.renewal_date));
    findings.sort_unstable();
    findings.dedup();
    let rejects = intake::excerpts(&job.inputs, &intake.files, &findings)?;
    watch.lap("excerpts");
    let notes = intake.warnings.iter().map(ToString::to_string).collect();
    Ok(Calculated { intake, invoiced, renewals, rejects, counts, notes, timings: watch.laps })
}

/// Does something on as many threads as asked for.
///
/// # Errors
/// What it says itself, or that there are no threads.
pub fn in_pool<T: Send>(
    work: Work,
    what: impl FnOnce() -> Result<T, RunError> + Send,
) -> Result<T, RunError> {
    rayon::ThreadPoolBuilder::new().num_threads(work.threads).build()?.install(what)
}

fn play_units(intake: &Intake, job: &Job, size: usize, progress: &dyn Progress) -> Vec<Part> {
    let units = intake.book.units(size.max(1));
    progress.stage("billing", intake.book.subscriptions.len() as u64);
    units
        .into_par_iter()
        .map_init(Played::default, |played, unit| {
            for customer in intake.book.customers_of(unit) {
                timeline::play(customer, &intake.catalog, &job.policy, job.window, played);
            }
            // The steps are read by explain alone, which plays one customer for itself.
            let part = Part {
                lines: played.lines.clone(),
                renewals: played.renewals.clone(),
                findings: played.findings.clone(),
                counts: played.fates.iter().copied().collect(),
            };
            played.clear();
            progress.advance(unit.len() as u64);
            part
        })
        .collect()
}

impl Calculated {
    /// The whole book as one stretch.
    pub fn stretch(&self) -> Stretch<'_> {
        Stretch {
            book: &self.intake.book,
            names: &self.intake.names,
            invoiced: &self.invoiced,
            renewals: &self.renewals,
        }
    }

    /// Proves everything, and writes nothing.
    ///
    /// # Errors
    /// A law does not hold.
    pub fn prove(&self, job: &Job) -> Result<(), RunError> {
        let stretch = self.stretch();
        Tables::new(job, &stretch.names.shared).prove(&stretch)?;
        Ok(output::prove(&self.report(job, &Tally::of(&stretch)))?)
    }

    /// The report of the run.
    pub fn report<'a>(&'a self, job: &'a Job, tally: &'a Tally) -> Report<'a> {
        Report {
            job,
            files: &self.intake.files,
            counts: &self.counts,
            tally,
            rejects: &self.rejects,
            notes: &self.notes,
            timings: &self.timings,
        }
    }

    /// How many rows were set aside, of all that were read (C9).
    pub fn set_aside(&self, job: &Job) -> SetAside {
        let mut found = SetAside { rows: 0, of: 0, tolerated: job.limits.rejected_rows };
        for file in &self.intake.files {
            found.rows += self.counts.of(file).set_aside();
            found.of += file.rows;
        }
        found
    }
}

/// Where the output is, in the words of the summary.
fn place_of(end: &End, set_aside: SetAside) -> String {
    match end {
        End::Published(published @ Published::Now { .. }) => shown(published.folder()),
        End::Published(published @ Published::AlreadyThere { .. }) => {
            format!("{} (it was there already: nothing new)", shown(published.folder()))
        }
        End::Dry => "none (dry run: nothing is written)".to_owned(),
        End::TooManyRejects => format!("none ({})", too_many(set_aside)),
    }
}

/// A folder as it is best typed from here: below the working folder where it lies there, otherwise from the root.
fn shown(folder: &Path) -> String {
    let Ok(whole) = folder.canonicalize() else { return folder.display().to_string() };
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    match here.as_ref().map(|here| whole.strip_prefix(here)) {
        Ok(Ok(below)) => below.display().to_string(),
        Ok(Err(_)) | Err(_) => whole.display().to_string(),
    }
}

/// Why nothing is published, in words.
pub fn too_many(set_aside: SetAside) -> String {
    format!(
        "{} of {} rows were set aside, more than the {} that limits.rejected_rows tolerates: nothing is published",
        set_aside.rows,
        set_aside.of,
        super::figures::percent_of_millionths(set_aside.tolerated),
    )
}

fn json_of(mut summary: Value, end: &End, set_aside: SetAside) -> Value {
    if let Value::Object(members) = &mut summary {
        let (state, folder, digest) = match end {
            End::Published(Published::Now { folder, digest }) => ("published", Some(folder), Some(digest)),
            End::Published(Published::AlreadyThere { folder, digest }) => {
                ("already-there", Some(folder), Some(digest))
            }
            End::Dry => ("dry-run", None, None),
            End::TooManyRejects => ("too-many-rejects", None, None),
        };
        members.insert("state".to_owned(), state.into());
        members.insert("folder".to_owned(), folder.map(|folder| shown(folder)).into());
        members.insert("digest".to_owned(), digest.cloned().into());
        members.insert("rows_set_aside".to_owned(), set_aside.rows.into());
        members.insert("rows_read".to_owned(), set_aside.of.into());
    }
    summary
}

/// How long each step takes; it goes into the manifest's timings and nowhere else.
struct Watch {
    since: Instant,
    laps: Vec<(String, Duration)>,
}

impl Watch {
    fn start() -> Watch {
        Watch { since: Instant::now(), laps: Vec::new() }
    }

    fn lap(&mut self, step: &str) {
        let now = Instant::now();
        self.laps.push((step.to_owned(), now.duration_since(self.since)));
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_tolerated() {
        let share = |rows, of, tolerated| SetAside { rows, of, tolerated }.is_too_many();
        assert!(!share(1, 1_000, 1_000), "0.1 % of 1000 rows is one row");
        assert!(share(2, 1_000, 1_000));
        assert!(!share(0, 0, 0));
        assert!(share(1, u64::MAX, 0));
        assert!(!share(5, 5, 1_000_000));
    }

    #[test]
    fn a_run_exits_as_the_contract_says() {
        let exit = |end, rows| {
            let set_aside = SetAside { rows, of: 100, tolerated: 0 };
            Outcome { end, set_aside, troubles: Vec::new(), text: String::new(), json: Value::Null }
                .exit_code()
        };
        let published = || End::Published(Published::Now { folder: "out/x".into(), digest: "d".into() });
        let there = End::Published(Published::AlreadyThere { folder: "out/x".into(), digest: "d".into() });
        assert_eq!(exit(published(), 0), 0);
        assert_eq!(exit(published(), 1), 3);
        assert_eq!(exit(there, 4), 0);
        assert_eq!(exit(End::Dry, 0), 0);
        assert_eq!(exit(End::Dry, 2), 3);
        assert_eq!(exit(End::TooManyRejects, 5), 65);
    }
}
