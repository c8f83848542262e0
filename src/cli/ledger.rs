//! The commands of the ledger (R61 to R66). None of them is built yet.

use super::Exit;
use super::arguments::{CloseFlags, OpenFlags, ReverseFlags, StatusFlags, VerifyFlags};
use super::screen::Screen;
use super::{close as close_run, failed, job_format, overrides_of, read_job, work};
use crate::job::{Given, LedgerSettings, Overrides};
use crate::runs::ledger::{Wish, night};
use std::path::Path;

pub(super) fn open(flags: &OpenFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let screen = screen.hushed(flags.manner.quiet);
    let overrides = Overrides {
        as_of: Some(flags.through.to_string()),
        out: flags.out.clone(),
        format: flags.format.map(job_format),
        ..overrides_of(&flags.manner, screen)?
    };
    let given = read_job(&flags.job, &overrides, screen)?;
    let settings = settings_of(&given, &flags.job, screen)?;
    let wish = Wish { opens: true, ..Wish::default() };
    let progress = screen.progress();
    let outcome = night(&given.job, settings, &wish, work(&flags.manner), &progress);
    progress.finish();
    let outcome = outcome.map_err(|error| failed(&error, screen))?;
    let job = flags.job.display();
    let hint = format!("termwise check {job} lists them; mend them, or raise limits.rejected_rows");
    Ok(close_run(&outcome, (flags.json, flags.manner.quiet), &hint, screen))
}

/// The ledger of a job, which these commands can't do without.
fn settings_of<'g>(given: &'g Given, job: &Path, screen: Screen<'_>) -> Result<&'g LedgerSettings, Exit> {
    given.job.ledger.as_ref().ok_or_else(|| {
        let job = job.display();
        screen.error(&format!("{job}: error[ledger-missing]: the job has no [ledger]\n  hint: write [ledger] with dir = \"../ledger\""));
        Exit::Usage
    })
}

pub(super) fn status(_: &StatusFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    not_built("status", "R61", screen)
}

pub(super) fn close(_: &CloseFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    not_built("close", "R65", screen)
}

pub(super) fn reverse(_: &ReverseFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    not_built("reverse", "R65", screen)
}

pub(super) fn verify(_: &VerifyFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    not_built("verify", "R61", screen)
}

pub(super) fn not_built(what: &str, rule: &str, screen: Screen<'_>) -> Result<Exit, Exit> {
    screen.error(&format!("{what}: error[job-not-built]: {what} is not built yet: the ledger ({rule})"));
    Err(Exit::Usage)
}
