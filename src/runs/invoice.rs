//! The invoice run: read, play every customer, invoice, prove, publish.
//!
//! The book is cut into units of whole customers whose size depends on the book alone. Units are played on any number of
//! threads and put together in their order, so the number of threads changes no byte of the output. A run whose rejects
//! pass the job's limit publishes nothing and says why.

use super::gathered::{Gathered, troubles};
use super::pipeline;
use super::{Progress, RunError};
use crate::intake::{self, FileFacts, Intake, Reading};
use crate::job::{Job, Kind};
use crate::output::{self, Counts, Published, Writer, summary};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use termwise_engine::findings::Table;
use termwise_engine::timeline::Horizon;

/// Subscriptions of a part of the book: enough for what a part costs to vanish, few enough for several to be held.
pub const PART: usize = 1 << 15;
/// Days of charges, those of each proposal's world counted, that parts of this size are made for; of more days they are smaller.
/// Measured on a year of a million subscriptions: parts of 8,192 take half the memory of parts of 32,768 and 0.8 of their time.
const DAYS_OF_PART: u64 = 92;
/// Packed rows may take one part in so many of the memory that a run is given; the rest is for the parts in work.
const SHARE_OF_ROWS: u64 = 4;
/// Bytes that a subscription takes while its part is in work, generously.
const BYTES_IN_WORK: u64 = 4 << 10;

/// How the work is done; it shows in no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Work {
    /// Worker threads; 0: one for each core.
    pub threads: usize,
    /// Subscriptions of a part, about.
    pub unit: usize,
    /// Bytes of memory; none: as many as it takes.
    pub memory: Option<u64>,
}

impl Default for Work {
    fn default() -> Work {
        Work { threads: 0, unit: PART, memory: None }
    }
}

impl Work {
    /// How the inputs of a job are read with it.
    pub(super) fn reading(self, job: &Job) -> Reading {
        let threads = rayon::current_num_threads();
        let weight = weight(job);
        let in_work = self.memory.map_or(u64::MAX, |bytes| bytes / BYTES_IN_WORK / (threads as u64 + 2));
        let part_rows = in_work.min(self.unit as u64) / weight;
        Reading {
            threads,
            part_rows: usize::try_from(part_rows).unwrap_or(usize::MAX).max(1),
            memory: self.memory.map(|bytes| bytes / SHARE_OF_ROWS),
            beside: job.outputs.dir.clone(),
            held: Vec::new(),
            policy_words: job.policy_words.clone(),
        }
    }
}

/// How many times the charges of a part there are for each subscription.
fn weight(job: &Job) -> u64 {
    let (days, worlds) = match job.kind {
        Kind::Invoice | Kind::Reconcile => (job.window.billed, 1),
        Kind::WhatIf => {
            let proposals = job.inputs.files.get(&Table::Proposal).map_or(0, Vec::len);
            (Horizon::of(job.window).days(), proposals)
        }
    };
    (u64::from(days.days()) * worlds as u64).div_ceil(DAYS_OF_PART).max(1)
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
    /// The rows that were set aside of some files.
    pub(super) fn of(job: &Job, files: &[FileFacts], counts: &Counts) -> SetAside {
        let mut found = SetAside { rows: 0, of: 0, tolerated: job.limits.rejected_rows };
        for file in files {
            found.rows += counts.of(file).set_aside();
            found.of += file.rows;
        }
        found
    }

    /// These rows and others of the same job.
    pub(super) fn with(self, other: SetAside) -> SetAside {
        SetAside { rows: self.rows + other.rows, of: self.of + other.of, ..self }
    }

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
    /// A draft is left, and nothing was committed to the ledger (R66).
    Draft {
        /// The folder.
        folder: PathBuf,
        /// The digest over its files: what `--approve` takes.
        digest: String,
        /// The bounds that it crosses.
        crossed: Vec<String>,
        /// Whether a draft is what was asked for.
        is_wished: bool,
    },
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
    /// Subscriptions that the ledger has and the inputs lack (R63).
    pub missing: u64,
    /// What a what-if leaves out, and its entries of rejects.csv, those too that set no row aside.
    pub told: u64,
    /// Whether a reconciliation found more differences than the job tolerates.
    pub is_above: bool,
    /// What somebody should look at although it stopped nothing.
    pub troubles: Vec<String>,
    /// The closing summary.
    pub text: String,
    /// The same as JSON.
    pub json: Value,
    /// How long each stage took.
    pub timings: Vec<(String, Duration)>,
}

impl Outcome {
    /// The exit code of the contract: 0, also where the same run was published before; 3; 4; 65; 79. That the vendor charges
    /// otherwise than we expect is no less so the second time.
    pub const fn exit_code(&self) -> u8 {
        match self.end {
            End::TooManyRejects => 65,
            _ if self.is_above => 4,
            End::Published(Published::AlreadyThere { .. }) => 0,
            End::Draft { is_wished: false, .. } => 79,
            End::Published(Published::Now { .. }) | End::Dry | End::Draft { .. }
                if self.set_aside.rows > 0 || self.missing > 0 || self.told > 0 =>
            {
                3
            }
            End::Published(Published::Now { .. }) | End::Dry | End::Draft { .. } => 0,
        }
    }
}

/// Runs a job: everything is computed and proved, and published unless it is a dry run.
///
/// # Errors
/// An input is refused as a whole, a law does not hold, or the output can't be written. Nothing is published then.
pub fn run(job: &Job, is_dry: bool, work: Work, progress: &dyn Progress) -> Result<Outcome, RunError> {
    in_pool(work, || {
        let mut watch = Watch::start();
        let intake = read(job, work, progress)?;
        watch.lap("read");
        let mut writer = if is_dry { None } else { Some(Writer::open(job)?) };
        watch.laps.extend(intake.timings.iter().cloned());
        let (through, _) = pipeline::through(&intake, job, writer.as_mut(), work.unit, progress, None)?;
        watch.lap("bill");
        let spent = through.spent.list();
        watch.laps.extend(spent.map(|(step, took)| (format!("bill/{step}"), took)));
        let mut found = Gathered::of_book(job, &intake, through)?;
        watch.lap("excerpts");
        found.timings.clone_from(&watch.laps);
        let report = found.report(job, &intake.files);
        let set_aside = found.set_aside(job, &intake.files);
        let end = match writer {
            _ if set_aside.is_too_many() => End::TooManyRejects,
            None => {
                output::prove(&report)?;
                End::Dry
            }
            Some(mut writer) => {
                progress.stage("publishing", 0);
                for block in writer.rest() {
                    writer.append(block.encode()?)?;
                }
                let closed = writer.publish(&report)?;
                watch.lap("publish");
                watch.laps.extend(closed.timings);
                End::Published(closed.published)
            }
        };
        let place = place_of(&end, set_aside);
        let text = summary::text(&report, &place);
        let json = json_of(summary::json(&report, &place), &end, set_aside);
        let troubles = troubles(&intake).collect();
        Ok(Outcome { troubles, ..Outcome::of(end, set_aside, (text, json), watch.laps) })
    })
}

/// Reads the inputs of a job.
pub(super) fn read(job: &Job, work: Work, progress: &dyn Progress) -> Result<Intake, RunError> {
    Ok(intake::read(&job.inputs, &job.policy, &work.reading(job), progress)?)
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

/// Where the output is, in the words of the summary.
pub(super) fn place_of(end: &End, set_aside: SetAside) -> String {
    match end {
        End::Published(published @ Published::Now { .. }) => shown(published.folder()),
        End::Published(published @ Published::AlreadyThere { .. }) => {
            format!("{} (it was there already: nothing new)", shown(published.folder()))
        }
        End::Dry => "none (dry run: nothing is written)".to_owned(),
        End::Draft { folder, digest, is_wished: true, .. } => {
            format!("{} (a draft: --approve {digest} commits it)", shown(folder))
        }
        End::Draft { folder, digest, crossed, is_wished: false } => {
            format!(
                "{} (a draft, not committed: {}; --approve {digest} commits it)",
                shown(folder),
                crossed.join("; ")
            )
        }
        End::TooManyRejects => format!("none ({})", too_many(set_aside)),
    }
}

/// A folder as it is best typed from here: below the working folder where it lies there, otherwise from the root.
pub(super) fn shown(folder: &Path) -> String {
    let Ok(whole) = folder.canonicalize() else { return folder.display().to_string() };
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    match here.as_ref().map(|here| whole.strip_prefix(here)) {
        Ok(Ok(below)) => below.display().to_string(),
        Ok(Err(_)) | Err(_) => whole.display().to_string(),
    }
}

/// Why nothing is published, in words.
pub fn too_many(set_aside: SetAside) -> String {
    format!("{}: nothing is published", above_tolerance(set_aside))
}

/// How far the rows that were set aside are more than the job tolerates.
pub(super) fn above_tolerance(set_aside: SetAside) -> String {
    format!(
        "{} of {} rows were set aside, more than the {} that limits.rejected_rows tolerates",
        set_aside.rows,
        set_aside.of,
        super::figures::percent_of_millionths(set_aside.tolerated),
    )
}

pub(super) fn json_of(mut summary: Value, end: &End, set_aside: SetAside) -> Value {
    if let Value::Object(members) = &mut summary {
        let (state, folder, digest) = match end {
            End::Published(Published::Now { folder, digest }) => ("published", Some(folder), Some(digest)),
            End::Published(Published::AlreadyThere { folder, digest }) => {
                ("already-there", Some(folder), Some(digest))
            }
            End::Dry => ("dry-run", None, None),
            End::Draft { folder, digest, .. } => ("draft", Some(folder), Some(digest)),
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

/// How long each stage took, as a table: a stage's wall time, and below it what all threads together spent on its steps.
pub fn timings_text(timings: &[(String, Duration)]) -> String {
    let mut text = String::from("timings in seconds; steps are sums over all threads");
    for (stage, took) in timings {
        let (indent, name) = stage.split_once('/').map_or(("", stage.as_str()), |(_, step)| ("  ", step));
        let (seconds, thousandths) = (took.as_millis() / 1_000, took.as_millis() % 1_000);
        text.push_str(&format!("\n{:<34}{seconds:>6}.{thousandths:03}", format!("{indent}{name}")));
    }
    text
}

/// How long each step takes; it goes into the manifest's timings and nowhere else.
pub(super) struct Watch {
    since: Instant,
    pub(super) laps: Vec<(String, Duration)>,
}

impl Watch {
    pub(super) fn start() -> Watch {
        Watch { since: Instant::now(), laps: Vec::new() }
    }

    pub(super) fn lap(&mut self, step: &str) {
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
            Outcome::of(end, set_aside, (String::new(), Value::Null), Vec::new()).exit_code()
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
