//! The commands of the ledger (R61 to R66), but for `run`.

use super::Exit;
use super::arguments::{CloseFlags, OpenFlags, ReverseFlags, StatusFlags, VerifyFlags};
use super::screen::Screen;
use super::{close as close_run, failed, job_format, none_today, overrides_of, read_job, work};
use crate::job::{Given, LedgerSettings, Overrides};
use crate::runs::RunError;
use crate::runs::ledger::{self, Told, Wish, night};
use std::path::Path;

pub(super) fn open(flags: &OpenFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let screen = screen.hushed(flags.manner.quiet);
    let mut overrides = Overrides {
        as_of: Some(flags.through.to_string()),
        format: flags.format.map(job_format),
        ..overrides_of(&flags.manner, screen)?
    };
    // All days up to it are taken over; the job's `from` may be the day after, as its runs have it.
    overrides.set.push(format!("from={}", flags.through));
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

pub(super) fn status(flags: &StatusFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let overrides = Overrides { set: flags.set.clone(), ..none_today(screen)? };
    let given = read_quietly(&flags.job, &overrides, screen)?;
    let told = ledger::status(settings_of(&given, &flags.job, screen)?);
    tell(told, (flags.json, false), screen)
}

pub(super) fn close(flags: &CloseFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let overrides = Overrides {
        out: flags.out.clone(),
        format: flags.format.map(job_format),
        ..overrides_of(&flags.manner, screen)?
    };
    let given = read_quietly(&flags.job, &overrides, screen)?;
    let settings = settings_of(&given, &flags.job, screen)?;
    let told = ledger::close(&given.job, settings, flags.period, work(&flags.manner));
    tell(told, (flags.json, flags.manner.quiet), screen)
}

pub(super) fn reverse(flags: &ReverseFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let given = read_quietly(&flags.job, &overrides_of(&flags.manner, screen)?, screen)?;
    let settings = settings_of(&given, &flags.job, screen)?;
    let told = ledger::reverse(&given.job, settings, (flags.run, &flags.reason), work(&flags.manner));
    tell(told, (flags.json, flags.manner.quiet), screen)
}

pub(super) fn verify(flags: &VerifyFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let given = read_quietly(&flags.job, &overrides_of(&flags.manner, screen)?, screen)?;
    let told = ledger::verify(settings_of(&given, &flags.job, screen)?, work(&flags.manner));
    tell(told, (false, flags.manner.quiet), screen)
}

/// Reads a job of which the days don't matter, so that nothing is said of them.
fn read_quietly(job: &Path, overrides: &Overrides, screen: Screen<'_>) -> Result<Given, Exit> {
    read_job(job, overrides, screen.hushed(true))
}

fn tell(told: Result<Told, RunError>, (json, quiet): (bool, bool), screen: Screen<'_>) -> Result<Exit, Exit> {
    let told = told.map_err(|error| failed(&error, screen))?;
    Ok(match (json, quiet) {
        (true, _) => screen.print(&format!("{:#}\n", told.json), Exit::Complete),
        (false, true) => Exit::Complete,
        (false, false) => screen.print(&told.text, Exit::Complete),
    })
}
