//! Check: every input is read, every customer played, every purchase offer judged and, for a reconciliation, the vendor's lines
//! compared; every finding is told, and nothing is billed or published.
//!
//! What it tells is what rejects.csv of a run would hold, because it is found in the same way.

use super::gathered::Gathered;
use super::invoice::{SetAside, Work, in_pool, read};
use super::{Progress, RunError};
use super::{offers, pipeline, reconcile, what_if};
use crate::intake::{self, FileFacts};
use crate::job::{Job, Kind};
use crate::output::{self, diagnostic};
use termwise_engine::findings::Table;

/// What a check has to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Every finding, by table, file and row.
    pub diagnostics: Vec<String>,
    /// What else to know.
    pub warnings: Vec<String>,
    /// Rows that a run would set aside.
    pub set_aside: SetAside,
    /// What else a run would tell of by its exit code.
    pub told: u64,
}

impl Checked {
    fn nothing(job: &Job) -> Checked {
        let set_aside = SetAside { rows: 0, of: 0, tolerated: job.limits.rejected_rows };
        Checked { diagnostics: Vec::new(), warnings: Vec::new(), set_aside, told: 0 }
    }

    /// What a run over these files would tell.
    pub(super) fn of(job: &Job, files: &[FileFacts], found: Gathered) -> Checked {
        Checked {
            diagnostics: found.rejects.iter().map(diagnostic).collect(),
            set_aside: found.set_aside(job, files),
            warnings: found.notes,
            told: 0,
        }
    }

    /// The exit code of the contract: 0, 3 or 65.
    pub fn exit_code(&self) -> u8 {
        if self.set_aside.is_too_many() {
            65
        } else if self.set_aside.rows > 0 || self.told > 0 {
            3
        } else {
            0
        }
    }
}

/// Checks the inputs of a job.
///
/// # Errors
/// An input is refused as a whole, or a law does not hold.
pub fn check(job: &Job, work: Work, progress: &dyn Progress) -> Result<Checked, RunError> {
    let names = |table| job.inputs.files.contains_key(&table);
    in_pool(work, || {
        let mut checked = match job.kind {
            Kind::Reconcile => reconcile::check(job, work, progress)?,
            Kind::WhatIf => what_if::check(job, work, progress)?,
            Kind::Invoice if names(Table::Subscriptions) => check_book(job, work, progress)?,
            Kind::Invoice => Checked::nothing(job),
        };
        if names(Table::Offers) {
            let intake = intake::read_offers(&job.inputs, &work.reading(job), progress)?;
            let offers = offers::Found::new(job, &intake)?;
            checked.diagnostics.extend(offers.gathered.rejects.iter().map(diagnostic));
            checked.set_aside = checked.set_aside.with(offers.gathered.set_aside(job, &intake.files));
            checked.warnings.extend(offers.gathered.notes);
        }
        Ok(checked)
    })
}

fn check_book(job: &Job, work: Work, progress: &dyn Progress) -> Result<Checked, RunError> {
    let intake = read(job, work, progress)?;
    let (through, _) = pipeline::through(&intake, job, None, work.unit, progress, None)?;
    let found = Gathered::of_book(job, &intake, through)?;
    output::prove(&found.report(job, &intake.files))?;
    Ok(Checked::of(job, &intake.files, found))
}
