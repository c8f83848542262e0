//! What-if in a build that sums nothing up.

use super::check::Checked;
use super::invoice::{Outcome, Work};
use super::{Progress, RunError};
use crate::job::Job;

/// This build makes no what-ifs.
///
/// # Errors
/// Always [`RunError::NoWhatIf`].
pub fn what_if(_: &Job, _: bool, _: Work, _: &dyn Progress) -> Result<Outcome, RunError> {
    Err(RunError::NoWhatIf)
}

/// The same of a check.
pub(super) fn check(_: &Job, _: Work, _: &dyn Progress) -> Result<Checked, RunError> {
    Err(RunError::NoWhatIf)
}
