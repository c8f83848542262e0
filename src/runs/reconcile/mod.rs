//! Reconciliation: is what the vendor charges us what we expected, and have we billed all of it? (R67 to R69)
//!
//! ```text
//! book ── rated under the vendor's policy ──┐
//! or published lines ── read ───────────────┼─ by subscription ─ compared ─ explained ─ proved ─ published
//! vendor's files ── read ───────────────────┘
//! ```
//! Our side is rated by the same engine as an invoice, once for each rounding that the vendor has published; nothing here
//! knows a price.

mod check;
mod compare;
mod ours;
mod playing;

use super::gathered::Gathered;
use super::invoice::{End, Outcome, Watch, Work, in_pool, json_of, place_of};
use super::{Progress, RunError};
use crate::intake::FileFacts;
use crate::intake::vendor::{self, VendorIntake};
use crate::job::{Job, Workbook};
use crate::output::reconciliation::{Comparison, json, publish, text};
use crate::output::{Closed, Counts, Report};
#[cfg(feature = "reports")]
use crate::reports::{self, Facts};
pub(super) use check::check;
use ours::Rated;
use playing::Through;
pub(super) use playing::{Scene, Stage};
use std::collections::BTreeMap;
#[cfg(feature = "reports")]
use std::path::Path;
use termwise_engine::findings::Table;

/// Reconciles: everything is compared and proved, and published unless it is a dry run.
///
/// # Errors
/// An input is refused as a whole, a law does not hold, or the output can't be written. Nothing is published then.
pub fn reconcile(job: &Job, is_dry: bool, work: Work, progress: &dyn Progress) -> Result<Outcome, RunError> {
    in_pool(work, || {
        let mut watch = Watch::start();
        let vendor = vendor::read_vendor(&job.inputs, &work.reading(job), progress)?;
        watch.lap("read-vendor");
        watch.laps.extend(vendor.timings.iter().cloned());
        let (mut found, comparison) = compared(job, vendor, work, progress, &mut watch)?;
        found.gathered.timings.clone_from(&watch.laps);
        let report = found.gathered.report(job, &found.files);
        let set_aside = found.gathered.set_aside(job, &found.files);
        let end = if set_aside.is_too_many() {
            End::TooManyRejects
        } else if is_dry {
            comparison.prove(&report)?;
            End::Dry
        } else {
            progress.stage("publishing", 0);
            let closed = publish_with_workbook(job, &comparison, &found, &report)?;
            watch.lap("publish");
            watch.laps.extend(closed.timings);
            End::Published(closed.published)
        };
        let place = place_of(&end, set_aside);
        let text = found.gathered.told(is_dry, text(&comparison, &report, &place));
        let json = json_of(json(&comparison, &report, &place), &end, set_aside);
        let is_above = comparison.tallied.is_above(job.reconcile.total);
        let troubles = found.troubles;
        Ok(Outcome { is_above, troubles, ..Outcome::of(end, set_aside, (text, json), watch.laps) })
    })
}

/// What a reconciliation found, beside its rows.
pub(super) struct Found {
    pub(super) files: Vec<FileFacts>,
    pub(super) gathered: Gathered,
    troubles: Vec<String>,
    /// What customers are called, in workbooks alone.
    #[cfg_attr(not(feature = "reports"), allow(dead_code))]
    customer_names: BTreeMap<String, String>,
}

/// Rates or reads our side, and compares.
pub(super) fn compared(
    job: &Job,
    mut vendor: VendorIntake,
    work: Work,
    progress: &dyn Progress,
    watch: &mut Watch,
) -> Result<(Found, Comparison), RunError> {
    let is_rated = !job.inputs.files.contains_key(&Table::InvoiceLines);
    let rated = if is_rated { Some(ours::rate(job, work, &mut vendor.shelving, progress)?) } else { None };
    watch.lap("rate");
    let shelving = std::mem::take(&mut vendor.shelving);
    let (comparison, explained) = compare::compare(
        job,
        shelving,
        (std::mem::take(&mut vendor.explained), std::mem::take(&mut vendor.unread)),
        rated.as_ref().map(|rated| &rated.intake),
    );
    watch.lap("compare");
    let mut counts: Counts = vendor.fates.iter().copied().collect();
    let mut rejects =
        vendor.excerpts(&vendor.findings.iter().copied().chain(explained).collect::<Vec<_>>())?;
    let (mut files, mut warnings) = (vendor.files, vendor.warnings);
    let mut customer_names = BTreeMap::new();
    // A book has the file among its own; it is read for the names alone where they are shown.
    if !is_rated || job.reconcile.workbook != Workbook::None {
        let (names, of_customers) = vendor::customer_names(&job.inputs)?;
        customer_names = names;
        files.extend(of_customers.into_iter().filter(|_| !is_rated));
    }
    if let Some(Rated { intake, through: Through { mut findings, counts: of_lines } }) = rated {
        findings.extend(&intake.findings);
        intake.fates.iter().for_each(|&(source, fate)| counts.count(source, fate));
        counts.add(&of_lines);
        rejects.extend(intake.excerpts(&job.inputs, &findings)?);
        files.extend(intake.files.iter().cloned());
        warnings.extend(intake.warnings.iter().cloned());
    }
    files.sort_by_key(|facts| (facts.table, facts.file));
    rejects.sort();
    let notes = warnings.iter().map(ToString::to_string).collect();
    let troubles = warnings.iter().filter(|warning| warning.is_trouble).map(ToString::to_string).collect();
    let gathered = Gathered { counts, rejects, notes, ..Gathered::default() };
    let found = Found { files, gathered, troubles, customer_names };
    Ok((found, comparison))
}

/// Publishes with the workbook that the job wishes for.
#[cfg(feature = "reports")]
fn publish_with_workbook(
    job: &Job,
    comparison: &Comparison,
    found: &Found,
    report: &Report<'_>,
) -> Result<Closed, RunError> {
    if job.reconcile.workbook == Workbook::None {
        return Ok(publish(comparison, report, None)?);
    }
    let word = |name: &str| job.reconcile.words.get(name).map_or("0", String::as_str);
    let digest = crate::output::identity(job, &found.files);
    let facts = Facts {
        version: env!("CARGO_PKG_VERSION"),
        from: job.window.billed.first,
        as_of: job.window.billed.last,
        inputs: &found.files,
        policy: &job.policy_words,
        tolerance_line: word("line"),
        tolerance_total: word("total"),
        customer_names: &found.customer_names,
        notes: &found.gathered.notes,
        digest: &digest,
        with_matched: job.reconcile.workbook == Workbook::Full,
    };
    let make = |path: &Path| Ok(reports::reconciliation(path, &facts)?);
    Ok(publish(comparison, report, Some(&make))?)
}

/// The same in a build that makes no workbooks.
#[cfg(not(feature = "reports"))]
fn publish_with_workbook(
    job: &Job,
    comparison: &Comparison,
    _found: &Found,
    report: &Report<'_>,
) -> Result<Closed, RunError> {
    if job.reconcile.workbook == Workbook::None {
        return Ok(publish(comparison, report, None)?);
    }
    Err(RunError::NoReports)
}
