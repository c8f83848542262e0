//! What every run tells besides its tables, and how it ended: gathered in one place, whatever the run is of.

use super::RunError;
use super::invoice::{End, SetAside};
use super::pipeline::Through;
use crate::intake::{FileFacts, Intake};
use crate::job::Job;
use crate::names::Reject;
use crate::output::{Counts, Report, Tally, diagnostic};
use std::time::Duration;
use termwise_engine::findings::Finding;
use termwise_engine::money::Currency;

/// What a run found, beside its tables.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The sums of what is billed; nothing where nothing is.
    pub(super) tally: Tally,
    /// What became of every row.
    pub(super) counts: Counts,
    /// What stands in rejects.csv.
    pub(super) rejects: Vec<Reject>,
    /// What to know beside it.
    pub(super) notes: Vec<String>,
    /// How long each stage took.
    pub(super) timings: Vec<(String, Duration)>,
}

impl Gathered {
    /// What intake and the parts of the book found, in order and with the texts of the rows.
    pub(super) fn of_book(job: &Job, intake: &Intake, through: Through) -> Result<Gathered, RunError> {
        let Through { tally, counts, findings, .. } = through;
        Ok(Gathered { tally, ..Gathered::of_rows(job, intake, findings, counts)? })
    }

    /// The same where nothing is billed.
    pub(super) fn of_rows(
        job: &Job,
        intake: &Intake,
        mut findings: Vec<Finding>,
        mut counts: Counts,
    ) -> Result<Gathered, RunError> {
        findings.extend(&intake.findings);
        intake.fates.iter().for_each(|&(source, fate)| counts.count(source, fate));
        let rejects = intake.excerpts(&job.inputs, &findings)?;
        let notes = intake.warnings.iter().map(ToString::to_string).collect();
        Ok(Gathered { counts, rejects, notes, ..Gathered::default() })
    }

    /// The report of the run over its files.
    pub(super) fn report<'a>(&'a self, job: &'a Job, files: &'a [FileFacts]) -> Report<'a> {
        Report {
            job,
            files,
            counts: &self.counts,
            tally: &self.tally,
            rejects: &self.rejects,
            notes: &self.notes,
            ledger: None,
            timings: &self.timings,
        }
    }

    /// How many rows were set aside, of all that were read (C9).
    pub(super) fn set_aside(&self, job: &Job, files: &[FileFacts]) -> SetAside {
        SetAside::of(job, files, &self.counts)
    }

    /// What is told on the screen. A dry run is what people look into before they publish, so it lists what is to be mended.
    pub(super) fn told(&self, is_dry: bool, summary: String) -> String {
        let listed = self.rejects.iter().filter(|_| is_dry);
        let listed = listed.map(|reject| format!("{}\n", diagnostic(reject)));
        listed.chain([summary]).collect()
    }

    /// Lines and their sum by currency.
    pub(super) fn by_currency(&self) -> Vec<(Currency, u64, i128)> {
        let sums = self.tally.totals().by_currency();
        sums.into_iter().map(|(currency, total)| (currency, total.lines, total.subtotal)).collect()
    }
}

/// What somebody should look at although it stopped nothing.
pub(super) fn troubles(intake: &Intake) -> impl Iterator<Item = String> + '_ {
    intake.warnings.iter().filter(|warning| warning.is_trouble).map(ToString::to_string)
}

impl super::invoice::Outcome {
    /// A run that ended so, with nothing else to be said of it.
    pub(super) fn of(
        end: End,
        set_aside: SetAside,
        (text, json): (String, serde_json::Value),
        timings: Vec<(String, Duration)>,
    ) -> Self {
        let (missing, told, is_above, troubles) = (0, 0, false, Vec::new());
        Self { end, set_aside, missing, told, is_above, troubles, text, json, timings }
    }
}
