//! Checking a reconciliation: the vendor's files are read, both sides are compared and proved, every finding is told, and
//! nothing is published. Whether a difference is within tolerance is the run's to say, not a check's.

use super::compared;
use crate::intake::vendor;
use crate::job::Job;
use crate::runs::check::Checked;
use crate::runs::invoice::{Watch, Work};
use crate::runs::{Progress, RunError};

/// What rejects.csv of a run would hold, and what else to know.
pub(in crate::runs) fn check(job: &Job, work: Work, progress: &dyn Progress) -> Result<Checked, RunError> {
    let vendor = vendor::read_vendor(&job.inputs, &work.reading(job), progress)?;
    let (found, comparison) = compared(job, vendor, work, progress, &mut Watch::start())?;
    comparison.prove(&found.gathered.report(job, &found.files))?;
    // Of an explanation that explains nothing the run tells too, without another exit code.
    Ok(Checked::of(job, &found.files, found.gathered))
}
