//! The command line: what may be typed, what is said about it, and what it exits with.
//!
//! This and `main` are the only places that read the clock, and they read it for one thing: today's date in UTC, which
//! stands in for a job's missing `as_of` and is said aloud. Data goes to files or stdout, talk to stderr.

mod arguments;
mod ask;
mod exit;
mod ledger;
mod screen;
#[cfg(test)]
mod tests;

pub use exit::Exit;
pub use screen::Printed;

use crate::job::{self, Format, Given, Kind, Overrides, Purpose};
use crate::runs::invoice::{End, Outcome, Work, too_many};
use crate::runs::ledger::{Wish, night};
use crate::runs::{RunError, check, explain, floor, invoice, offers, reconcile, vendor_sample, what_if};
use crate::sample;
use arguments::{Command, FormatName, Line, Manner, OffersFlags, ProfileName, RunFlags, SampleFlags, Shared};
use chrono::Utc;
use clap::{CommandFactory, Parser};
use screen::Screen;
use std::cell::RefCell;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use termwise_engine::calendar::Day;

/// Does what the command line says, and gives the exit code. No panic leaves it.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    exit::guarded(|| answer(arguments, Screen::new(None)))
}

/// Does what a command line says within this process, and catches what it prints.
pub fn caught(arguments: impl IntoIterator<Item = OsString>) -> (Exit, Printed) {
    let printed = RefCell::new(Printed::default());
    let exit = answer(arguments, Screen::new(Some(&printed)));
    (exit, printed.into_inner())
}

fn answer(arguments: impl IntoIterator<Item = OsString>, screen: Screen<'_>) -> Exit {
    match Line::try_parse_from(arguments) {
        Ok(line) => obey(line.command, screen).unwrap_or_else(|exit| exit),
        Err(error) if error.use_stderr() => {
            screen.error(error.render().to_string().trim_end());
            Exit::Usage
        }
        Err(help) => screen.print(&help.render().to_string(), Exit::Complete),
    }
}

fn obey(command: Command, screen: Screen<'_>) -> Result<Exit, Exit> {
    match command {
        Command::Run(flags) => run(&flags, screen.hushed(flags.shared.manner.quiet)),
        Command::Check { job, shared } => check_inputs(&job, &shared, screen.hushed(shared.manner.quiet)),
        Command::Explain { job, subscription, proposal, json, shared } => {
            let asked = (subscription.as_str(), proposal.as_deref());
            tell(&job, asked, json, &shared, screen.hushed(shared.manner.quiet))
        }
        Command::Promotions(flags) => ask::promotions(&flags, screen.hushed(flags.manner.quiet)),
        Command::Eligibility(flags) => ask::eligibility(&flags, screen.hushed(flags.manner.quiet)),
        Command::Floor { job, shared } => {
            let given = read_job(&job, &overrides(&shared, screen)?, screen)?;
            let floor =
                floor::floor(&given.job, work(&shared.manner)).map_err(|error| failed(&error, screen))?;
            let seconds = |took: Duration| format!("{}.{:06}", took.as_secs(), took.subsec_micros());
            let text = format!("decode {}\nencode {}\n", seconds(floor.decode), seconds(floor.encode));
            Ok(screen.print(&text, Exit::Complete))
        }
        Command::Open(flags) => ledger::open(&flags, screen),
        Command::Status(flags) => ledger::status(&flags, screen),
        Command::Close(flags) => ledger::close(&flags, screen),
        Command::Reverse(flags) => ledger::reverse(&flags, screen),
        Command::Verify(flags) => ledger::verify(&flags, screen),
        Command::Offers(flags) => make_offers(&flags, screen.hushed(flags.quiet)),
        Command::Sample(flags) => write_sample(&flags, screen.hushed(flags.quiet)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Line::command(), "termwise", &mut script);
            Ok(screen.print(&String::from_utf8_lossy(&script), Exit::Complete))
        }
    }
}

// ── the commands ──

fn run(flags: &RunFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let shared = &flags.shared;
    let (out, format) = (flags.out.clone(), flags.format.map(job_format));
    let overrides = Overrides { out, format, ..overrides(shared, screen)? };
    let given = read_job(&flags.job, &overrides, screen)?;
    for (asked, flag) in [(flags.draft, "--draft"), (flags.approve.is_some(), "--approve")] {
        if asked && given.job.ledger.is_none() {
            screen.error(&format!(
                "{flag}: error[ledger-missing]: the job has no [ledger]\n  hint: drafts are approved for a ledger (R66)"
            ));
            return Err(Exit::Usage);
        }
    }
    let progress = screen.progress();
    let outcome = match (given.job.kind, &given.job.ledger) {
        (Kind::Reconcile, _) => {
            reconcile::reconcile(&given.job, flags.dry_run, work(&shared.manner), &progress)
        }
        (Kind::WhatIf, _) => what_if::what_if(&given.job, flags.dry_run, work(&shared.manner), &progress),
        (Kind::Invoice, None) => invoice::run(&given.job, flags.dry_run, work(&shared.manner), &progress),
        (Kind::Invoice, Some(settings)) => {
            let wish = Wish {
                is_dry: flags.dry_run,
                is_draft: flags.draft,
                approved: flags.approve.clone(),
                opens: false,
            };
            night(&given.job, settings, &wish, work(&shared.manner), &progress)
        }
    };
    progress.finish();
    let outcome = outcome.map_err(|error| failed(&error, screen))?;
    if flags.timings {
        screen.error(&invoice::timings_text(&outcome.timings));
    }
    let job = flags.job.display();
    let hint = format!("termwise check {job} lists them; mend them, or raise limits.rejected_rows");
    Ok(close(&outcome, (flags.json, shared.manner.quiet), &hint, screen))
}

fn make_offers(flags: &OffersFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let (out, format) = (flags.out.clone(), flags.format.map(job_format));
    let (as_of, set) = (flags.as_of.clone(), flags.set.clone());
    let overrides = Overrides { purpose: Purpose::Offers, as_of, out, format, set, ..none_today(screen)? };
    let given = read_job(&flags.job, &overrides, screen)?;
    let progress = screen.progress();
    let outcome = offers::offers(&given.job, flags.dry_run, Work::default(), &progress);
    progress.finish();
    let outcome = outcome.map_err(|error| failed(&error, screen))?;
    let job = flags.job.display();
    let hint =
        format!("termwise offers {job} --dry-run lists them; mend them, or raise limits.rejected_rows");
    Ok(close(&outcome, (flags.json, flags.quiet), &hint, screen))
}

/// Tells how a job ended that publishes something; `hint` says what to do about too many rejects.
fn close(outcome: &Outcome, (json, quiet): (bool, bool), hint: &str, screen: Screen<'_>) -> Exit {
    let exit = Exit::of(outcome.exit_code());
    let rows = outcome.set_aside;
    let is_refused = outcome.end == End::TooManyRejects;
    if is_refused {
        screen.error(&format!("error[too-many-rejects]: {}\n  hint: {hint}", too_many(rows)));
    } else if let End::Draft { crossed, digest, is_wished: false, .. } = &outcome.end {
        screen.error(&format!(
            "error[safety-bound]: {}\n  hint: look at the draft; `--approve {digest}` commits it",
            crossed.join("; ")
        ));
    } else if quiet && outcome.is_above {
        screen.error(
            "warning: complete, but more differs than the job tolerates: see differences and summary.txt",
        );
    } else if quiet && outcome.missing > 0 {
        let missing = outcome.missing;
        screen.error(&format!(
            "warning: complete, but the inputs lack {missing} subscriptions of the ledger: see rejects.csv"
        ));
    } else if quiet && exit == Exit::WithRejects && rows.rows > 0 {
        screen
            .error(&format!("warning: complete, but {} of {} rows stand in rejects.csv", rows.rows, rows.of));
    }
    if quiet {
        for trouble in &outcome.troubles {
            screen.error(&format!("warning: {trouble}"));
        }
    }
    if json {
        screen.print(&format!("{:#}\n", outcome.json), exit)
    } else if let (true, End::Draft { digest, is_wished: true, .. }) = (quiet, &outcome.end) {
        // It is what was asked for.
        screen.print(&format!("{digest}\n"), exit)
    } else if quiet && !is_refused {
        exit
    } else {
        screen.print(&outcome.text, exit)
    }
}

fn check_inputs(job: &Path, shared: &Shared, screen: Screen<'_>) -> Result<Exit, Exit> {
    let overrides = Overrides { purpose: Purpose::Check, ..overrides(shared, screen)? };
    let given = read_job(job, &overrides, screen)?;
    let progress = screen.progress();
    let checked = check::check(&given.job, work(&shared.manner), &progress);
    progress.finish();
    let checked = checked.map_err(|error| failed(&error, screen))?;
    for warning in &checked.warnings {
        screen.say(&format!("warning: {warning}"));
    }
    let rows = checked.set_aside;
    let mut text: String = checked.diagnostics.iter().map(|told| format!("{told}\n")).collect();
    if !shared.manner.quiet {
        let findings = checked.diagnostics.len();
        text.push_str(&format!("{} rows read, {findings} findings, {} rows set aside\n", rows.of, rows.rows));
    }
    let exit = screen.print(&text, Exit::of(checked.exit_code()));
    if rows.is_too_many() {
        screen.error(&format!("error[too-many-rejects]: {}", too_many(rows)));
    }
    Ok(exit)
}

fn tell(
    job: &Path,
    (subscription, proposal): (&str, Option<&str>),
    json: bool,
    shared: &Shared,
    screen: Screen<'_>,
) -> Result<Exit, Exit> {
    let given = read_job(job, &overrides(shared, screen)?, screen)?;
    let progress = screen.progress();
    let work = work(&shared.manner);
    // The one proposal of a job need not be named.
    let names = explain::proposals(&given.job);
    let only = if let [only] = names.as_slice() { Some(only.as_str()) } else { None };
    let told = match proposal.or(only) {
        Some(proposal) => explain::explain_proposal(&given.job, subscription, proposal, work, &progress)
            .map(|compared| (serde_json::to_string_pretty(&compared), compared.text())),
        None => explain::explain(&given.job, subscription, work, &progress)
            .map(|account| (serde_json::to_string_pretty(&account), account.text())),
    };
    progress.finish();
    let (structured, text) = told.map_err(|error| failed(&error, screen))?;
    let text = if json {
        let told = structured.map_err(|error| {
            screen.error(&format!("error: the account can't be written as JSON: {error}"));
            Exit::Internal
        })?;
        format!("{told}\n")
    } else {
        text
    };
    Ok(screen.print(&text, Exit::Complete))
}

fn write_sample(flags: &SampleFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let request = sample::Request {
        subscriptions: flags.subscriptions,
        seed: flags.seed,
        format: match flags.format {
            FormatName::Csv => sample::Format::Csv,
            FormatName::Parquet => sample::Format::Parquet,
        },
        bad_rows: flags.bad_rows,
        profile: match flags.profile {
            ProfileName::Full => sample::Profile::Full,
            ProfileName::Plain => sample::Profile::Plain,
        },
        customers: flags.customers,
        shuffled: flags.shuffle,
    };
    let mut written = sample::write_sample(&flags.out, &request).map_err(|error| {
        screen.error(&format!("error: {error}"));
        Exit::WriteFailed
    })?;
    if request.profile == sample::Profile::Full {
        let of_vendor = vendor_sample::write_vendor_sample(&flags.out, &request);
        written.extend(of_vendor.map_err(|error| failed(&error, screen))?);
    }
    for file in &written {
        screen.say(&format!("{}: {} rows", flags.out.join(&file.file).display(), file.rows));
    }
    screen.say(&format!("run it: termwise run {}", flags.out.join("job.toml").display()));
    Ok(Exit::Complete)
}

// ── what they share ──

fn read_job(path: &Path, overrides: &Overrides, screen: Screen<'_>) -> Result<Given, Exit> {
    match job::read(path, overrides) {
        Ok(given) => {
            for note in &given.notes {
                screen.say(note);
            }
            Ok(given)
        }
        Err(error) => {
            screen.error(&error.to_string());
            Err(Exit::Usage)
        }
    }
}

fn failed(error: &RunError, screen: Screen<'_>) -> Exit {
    screen.error(&error.to_string());
    Exit::of(error.exit_code())
}

fn overrides(shared: &Shared, screen: Screen<'_>) -> Result<Overrides, Exit> {
    let (as_of, period) = (shared.as_of.clone(), shared.period.clone());
    Ok(Overrides { as_of, period, ..overrides_of(&shared.manner, screen)? })
}

/// What a question before a sale overrides: it bills no window.
fn overrides_of(manner: &Manner, screen: Screen<'_>) -> Result<Overrides, Exit> {
    Ok(Overrides { set: manner.set.clone(), ..none_today(screen)? })
}

fn none_today(screen: Screen<'_>) -> Result<Overrides, Exit> {
    if let Some(today) = today() {
        return Ok(Overrides::none(today));
    }
    screen.error("error: the clock shows no date");
    Err(Exit::Internal)
}

const fn work(manner: &Manner) -> Work {
    Work { threads: manner.threads as usize, unit: manner.unit, memory: manner.memory }
}

const fn job_format(name: FormatName) -> Format {
    match name {
        FormatName::Csv => Format::Csv,
        FormatName::Parquet => Format::Parquet,
    }
}

/// Today in UTC: the one thing that is asked of the clock.
fn today() -> Option<Day> {
    Day::from_epoch_days(Utc::now().date_naive().to_epoch_days())
}
