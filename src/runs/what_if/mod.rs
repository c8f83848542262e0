//! What-if: what would each proposal do to revenue and to each customer, and when? (R70 to R72)
//!
//! ```text
//! book ── played to as_of ──┬─ on in today's world ────┐
//!                           ├─ on in proposal 1's ─────┼─ subscription by subscription ─ compared ─┬─ effects, in order
//!                           └─ on in proposal 2's ─────┘                                          └─ grouped, shown
//! ```
//! Every world is rated by the engine that bills, in one pass over the book; nothing here knows a price.

mod rating;

use super::check::Checked;
use super::gathered::{self, Gathered};
use super::invoice::{End, Outcome, Watch, Work, in_pool, json_of, place_of, read};
use super::{Progress, RunError};
use crate::intake::{FileFacts, Intake, vendor};
use crate::job::{Job, Workbook};
use crate::names::Reject;
use crate::output::what_if::{
    EffectSheets, EffectsWriter, Made, ProposalFacts, SetEffects, Summed, beside, json, prove, publish, text,
};
use crate::output::{Counts, OutputError};
use crate::reports::ReportError;
use crate::reports::what_if::{self as reports, Facts, PartGroups};
use rating::{Desk, Rated, Spent, timed};
use rayon::prelude::*;
use std::collections::BTreeMap;
use termwise_engine::findings::{Code, Disposition, Finding, Source, Table};
use termwise_engine::timeline::Horizon;

/// Parts that are rated before what they brought is written, for each thread: two, for threads to seldom wait for each other. More
/// were measured to take more memory and no less time.
const AHEAD: usize = 2;

/// Runs a what-if: everything is rated, compared and proved, and published unless it is a dry run.
///
/// # Errors
/// An input is refused as a whole, a law does not hold, or the output can't be written. Nothing is published then.
pub fn what_if(job: &Job, is_dry: bool, work: Work, progress: &dyn Progress) -> Result<Outcome, RunError> {
    in_pool(work, || {
        let mut watch = Watch::start();
        let intake = read(job, work, progress)?;
        watch.lap("read");
        watch.laps.extend(intake.timings.iter().cloned());
        let mut writer = if is_dry { None } else { Some(EffectsWriter::open(job)?) };
        let mut found = rated(job, &intake, writer.as_mut(), progress)?;
        watch.lap("rate");
        watch.laps.extend(found.spent.list().map(|(step, took)| (format!("rate/{step}"), took)));
        found.gathered.timings.clone_from(&watch.laps);
        let report = found.gathered.report(job, &intake.files);
        let set_aside = found.gathered.set_aside(job, &intake.files);
        let end = match writer {
            _ if set_aside.is_too_many() => End::TooManyRejects,
            None => {
                prove(&found.summed, &report)?;
                End::Dry
            }
            Some(writer) => {
                progress.stage("publishing", 0);
                let people = || people(job, &intake, &found.summed, beside(&report));
                let wished = (job.what_if.workbook != Workbook::None).then_some(&people as _);
                let closed = publish(writer, &found.summed, &report, wished)?;
                watch.lap("publish");
                watch.laps.extend(closed.timings);
                End::Published(closed.published)
            }
        };
        let place = place_of(&end, set_aside);
        let text = found.gathered.told(is_dry, text(&found.summed, &report, &place));
        let json = json_of(json(&found.summed, &report, &place), &end, set_aside);
        let troubles = troubles(&intake, found.left_out());
        Ok(Outcome { told: found.told(), troubles, ..Outcome::of(end, set_aside, (text, json), watch.laps) })
    })
}

/// What rejects.csv of a run would hold, and what else to know: everything is rated and proved, and nothing published.
pub(super) fn check(job: &Job, work: Work, progress: &dyn Progress) -> Result<Checked, RunError> {
    let intake = read(job, work, progress)?;
    let found = rated(job, &intake, None, progress)?;
    prove(&found.summed, &found.gathered.report(job, &intake.files))?;
    let (told, left_out) = (found.told(), left_out_told(found.left_out()));
    let mut checked = Checked { told, ..Checked::of(job, &intake.files, found.gathered) };
    checked.warnings.extend(left_out);
    Ok(checked)
}

/// What a what-if found, beside its effects.
pub(super) struct Found {
    pub(super) summed: Summed,
    pub(super) gathered: Gathered,
    spent: Spent,
}

impl Found {
    fn left_out(&self) -> u64 {
        self.summed.left_out.len() as u64
    }

    /// What the exit code tells of.
    fn told(&self) -> u64 {
        self.left_out() + self.gathered.rejects.len() as u64
    }
}

/// Rates the whole book, and writes its effects where there is a writer.
pub(super) fn rated(
    job: &Job,
    intake: &Intake,
    mut writer: Option<&mut EffectsWriter>,
    progress: &dyn Progress,
) -> Result<Found, RunError> {
    let names: Vec<String> = intake.proposals.iter().map(|proposal| proposal.name.clone()).collect();
    let sheets = EffectSheets::new(job, &intake.shared, &names);
    let desk = Desk { intake, worlds: intake.worlds(&job.policy), horizon: Horizon::of(job.window) };
    let mut summed = Summed { proposals: facts(job, intake), ..Summed::default() };
    let (mut findings, mut counts, mut spent) = (Vec::new(), Counts::default(), Spent::default());
    let mut groups: Vec<PartGroups> = Vec::new();
    progress.stage("rating", intake.subscriptions());
    let parts: Vec<usize> = (0..intake.parts()).collect();
    for parts in parts.chunks(AHEAD * rayon::current_num_threads().max(1)) {
        let sheets = writer.is_some().then_some(&sheets);
        let rate = |&number: &usize| part(&desk, number, sheets, progress);
        let brought: Vec<_> = parts.par_iter().map(rate).collect::<Result<_, _>>()?;
        let mut blocks = Vec::new();
        for (rated, set, own) in brought {
            summed.tallied.add(&rated.tallied);
            summed.left_out.extend(rated.left_out);
            findings.extend(rated.findings);
            counts.add(&rated.counts);
            spent.add(rated.spent);
            groups.push(own);
            if let (Some(writer), Some(set)) = (writer.as_deref_mut(), set) {
                blocks.extend(writer.take(set)?);
            }
        }
        write(writer.as_deref_mut(), blocks)?;
    }
    let rest = writer.as_mut().and_then(|writer| writer.rest());
    write(writer, rest.into_iter().collect())?;
    let groups = reports::finish(groups, &intake.shared, &summed.tallied).map_err(unreported)?;
    (summed.by_customer, summed.by_product, summed.by_month) =
        (groups.by_customer, groups.by_product, groups.by_month);
    let mut gathered = Gathered::of_rows(job, intake, findings, counts)?;
    gathered.rejects.extend(unmatched(intake));
    gathered.rejects.sort();
    Ok(Found { summed, gathered, spent })
}

/// What a part of the book brings: its rows as cells, where they are written, and summed.
fn part(
    desk: &Desk<'_>,
    number: usize,
    sheets: Option<&EffectSheets>,
    progress: &dyn Progress,
) -> Result<(Rated, Option<SetEffects>, PartGroups), RunError> {
    let mut rated = desk.rate(number)?;
    let Spent { mut set, mut group, .. } = rated.spent;
    let cells = timed(&mut set, || sheets.map(|sheets| sheets.set(&rated.rows, &rated.names)).transpose())?;
    let groups = timed(&mut group, || reports::of_part(&rated.rows, &rated.tallied, &rated.names));
    let groups = groups.map_err(unreported)?;
    rated.spent = Spent { set, group, ..rated.spent };
    progress.advance(rated.book.subscriptions.len() as u64);
    Ok((Rated { rows: Vec::new(), ..rated }, cells, groups))
}

fn write(writer: Option<&mut EffectsWriter>, blocks: Vec<crate::output::Block>) -> Result<(), RunError> {
    let Some(writer) = writer else { return Ok(()) };
    let encoded: Vec<_> =
        blocks.into_par_iter().map(crate::output::Block::encode).collect::<Result<_, OutputError>>()?;
    Ok(encoded.into_iter().try_for_each(|encoded| writer.append(encoded))?)
}

/// What each proposal is, for reports.
fn facts(job: &Job, intake: &Intake) -> Vec<ProposalFacts> {
    let one = |proposal: &crate::intake::Proposal| ProposalFacts {
        name: proposal.name.clone(),
        title: proposal.title.clone(),
        settings: proposal
            .policy
            .words
            .iter()
            .filter(|(key, word)| job.policy_words.get(*key) != Some(word))
            .map(|(key, word)| (key.clone(), word.clone()))
            .collect(),
        changes: proposal.changes.clone(),
    };
    intake.proposals.iter().map(one).collect()
}

/// Changes that match nothing, as rows of rejects.csv: the row is the line of the proposal.
fn unmatched(intake: &Intake) -> Vec<Reject> {
    let mut found = Vec::new();
    for (file, proposal) in (0..).zip(&intake.proposals) {
        for change in proposal.changes.iter().filter(|change| change.matches == 0) {
            let source = Source { table: Table::Proposal, file, row: change.line };
            let (disposition, code) = (Disposition::Flagged, Code::ProposalUnmatched);
            found.push(Reject {
                finding: Finding { source, disposition, code, column: "" },
                file: proposal.shown.clone(),
                key: proposal.name.clone(),
                value: change.says.clone(),
                excerpt: change.says.clone(),
            });
        }
    }
    found
}

/// What somebody should look at although it stopped nothing.
fn troubles(intake: &Intake, left_out: u64) -> Vec<String> {
    let unmatched = intake.proposals.iter().flat_map(|proposal| {
        let idle = proposal.changes.iter().filter(|change| change.matches == 0);
        idle.map(|change| {
            format!("{}:{}: this change matches nothing: {}", proposal.shown, change.line, change.says)
        })
    });
    gathered::troubles(intake).chain(unmatched).chain(left_out_told(left_out)).collect()
}

/// That something is left out.
fn left_out_told(left_out: u64) -> Option<String> {
    let rows = if left_out == 1 { "1 row".to_owned() } else { format!("{left_out} rows") };
    let says = "in left_out: from a renewal on that one world can't price, a subscription counts in neither";
    (left_out > 0).then(|| format!("{rows} {says}"))
}

/// The page and the workbook.
fn people(
    job: &Job,
    intake: &Intake,
    summed: &Summed,
    (lacking, notes): (Vec<String>, Vec<String>),
) -> Result<Made, OutputError> {
    let unread = |error: crate::intake::IntakeError| OutputError::Invariant {
        law: "what was read can be read again",
        detail: error.to_string(),
    };
    let (customer_names, _): (BTreeMap<String, String>, Vec<FileFacts>) =
        vendor::customer_names(&job.inputs).map_err(unread)?;
    let product_names = vendor::product_names(&job.inputs).map_err(unread)?;
    let digest = crate::output::identity(job, &intake.files);
    let facts = Facts {
        version: env!("CARGO_PKG_VERSION"),
        as_of: job.window.billed.last,
        last: job.window.horizon,
        horizon_months: job.what_if.horizon_months,
        digest: &digest,
        inputs: &intake.files,
        policy: &job.policy_words,
        proposals: &intake.proposals,
        customer_names: &customer_names,
        product_names: &product_names,
        lacking: &lacking,
        notes: &notes,
    };
    let shown = reports::shown(summed, &facts)?;
    let page = reports::page(&shown)?;
    Ok(vec![("what_if.html", page.into_bytes()), ("what_if.xlsx", reports::workbook(&shown)?)])
}

fn unreported(error: ReportError) -> RunError {
    OutputError::from(error).into()
}
