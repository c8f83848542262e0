//! Check: every input is read and every customer played, every finding is told, and nothing is billed.
//!
//! What it tells is what rejects.csv of a run would hold, because it is found in the same way.

use super::invoice::{Found, SetAside, Work, in_pool, read};
use super::pipeline;
use super::{Progress, RunError};
use crate::job::Job;
use crate::output::{self, diagnostic};

/// What a check has to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Every finding, by table, file and row.
    pub diagnostics: Vec<String>,
    /// What else to know.
    pub warnings: Vec<String>,
    /// Rows that a run would set aside.
    pub set_aside: SetAside,
}

impl Checked {
    /// The exit code of the contract: 0, 3 or 65.
    pub fn exit_code(&self) -> u8 {
        if self.set_aside.is_too_many() {
            65
        } else if self.set_aside.rows > 0 {
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
    in_pool(work, || {
        let intake = read(job, work, progress)?;
        let found = Found::new(job, &intake, pipeline::through(&intake, job, None, work.unit, progress)?)?;
        output::prove(&found.report(job, &intake))?;
        Ok(Checked {
            diagnostics: found.rejects.iter().map(diagnostic).collect(),
            set_aside: found.set_aside(job, &intake),
            warnings: found.notes,
        })
    })
}
