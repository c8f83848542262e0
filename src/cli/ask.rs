//! The commands that answer before anything is sold: the list of promotions, and eligibility (R15, R30).

use super::arguments::{EligibilityFlags, PromotionsFlags};
use super::screen::Screen;
use super::{Exit, failed, overrides_of, read_job, work};
use crate::job::{InputFile, Job};
use crate::output::{OutputError, replace};
use crate::runs::promotions::{Asker, Listing, Question};
use crate::runs::{answers, eligibility as asked, listing, promotions as listed};
use std::path::Path;

pub(super) fn promotions(flags: &PromotionsFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let given = read_job(&flags.job, &overrides_of(&flags.manner, screen)?, screen)?;
    let question = Question {
        market: flags.market.clone(),
        segment: flags.segment,
        item: flags.sku.clone(),
        on: flags.on,
        asker: match (&flags.partner, &flags.region) {
            (Some(partner), _) => Asker::Partner(partner.clone()),
            (None, Some(region)) => Asker::Region(region.clone()),
            (None, None) => Asker::Anybody,
        },
    };
    let progress = screen.progress();
    let listing = listed::promotions(&given.job, &question, work(&flags.manner), &progress);
    progress.finish();
    let listing = listing.map_err(|error| failed(&error, screen))?;
    for note in &listing.notes {
        screen.say(&format!("warning: {note}"));
    }
    for diagnostic in &listing.diagnostics {
        screen.error(diagnostic);
    }
    let text = shown(&listing, flags, screen)?;
    if listing.rows.is_empty() {
        screen.say(&listing.heading);
    }
    Ok(screen.print(&text, Exit::of(listing.exit_code())))
}

/// The list as it was asked for: a table on a terminal, CSV for a program.
fn shown(listing: &Listing, flags: &PromotionsFlags, screen: Screen<'_>) -> Result<String, Exit> {
    if flags.json {
        let text = serde_json::to_string_pretty(&listing.rows);
        return text.map(|text| format!("{text}\n")).map_err(|error| unwritten(&error, screen));
    }
    if screen.is_terminal() && !flags.csv {
        let text = if listing.rows.is_empty() { String::new() } else { listing::table_of(listing) };
        return Ok(text);
    }
    listing::csv_of(&listing.rows).map_err(|error| unwritten(&error, screen))
}

pub(super) fn eligibility(flags: &EligibilityFlags, screen: Screen<'_>) -> Result<Exit, Exit> {
    let given = read_job(&flags.job, &overrides_of(&flags.manner, screen)?, screen)?;
    if let Some(out) = &flags.out {
        refuse_to_overwrite(out, flags, &given.job, screen)?;
    }
    let requests =
        InputFile { shown: flags.requests.to_string_lossy().into_owned(), path: flags.requests.clone() };
    let progress = screen.progress();
    let answered = asked::eligibility(&given.job, requests, work(&flags.manner), &progress);
    progress.finish();
    let answered = answered.map_err(|error| failed(&error, screen))?;
    for warning in &answered.warnings {
        screen.say(&format!("warning: {warning}"));
    }
    for diagnostic in &answered.diagnostics {
        screen.error(diagnostic);
    }
    let exit = Exit::of(answered.exit_code());
    let is_refused = exit == Exit::InputRefused;
    let job = flags.job.display();
    let hint = format!("\n  hint: termwise check {job} lists them; mend them, or raise limits.rejected_rows");
    if let Some(caution) = answered.caution() {
        screen.error(&format!("{caution}{}", if is_refused { &hint } else { "" }));
    }
    if is_refused {
        return Ok(exit);
    }
    let text = if flags.json {
        answers::json_lines_of(&answered.answers)
    } else {
        answers::csv_of(&answered.answers).map_err(|error| unwritten(&error, screen))?
    };
    let Some(out) = &flags.out else { return Ok(screen.print(&text, exit)) };
    replace(out, text.as_bytes()).map_err(|error: OutputError| {
        screen.error(&format!("error: {error}"));
        Exit::of(error.exit_code())
    })?;
    screen.say(&format!("{}: {} answers", out.display(), answered.answers.len()));
    Ok(exit)
}

/// What is read is not written over.
fn refuse_to_overwrite(
    out: &Path,
    flags: &EligibilityFlags,
    job: &Job,
    screen: Screen<'_>,
) -> Result<(), Exit> {
    let same =
        |input: &Path| input.canonicalize().ok().is_some_and(|input| out.canonicalize().ok() == Some(input));
    let inputs = job.inputs.files.values().flatten().chain(&job.offers.secret_file);
    let inputs = inputs.map(|file| file.path.as_path());
    if inputs.chain([flags.requests.as_path(), flags.job.as_path()]).any(same) {
        let hint = "name a file that nothing is read from";
        screen.error(&format!(
            "error: {}: the answers would replace what they are read from\n  hint: {hint}",
            out.display()
        ));
        return Err(Exit::OutputUnusable);
    }
    Ok(())
}

fn unwritten(error: &dyn std::fmt::Display, screen: Screen<'_>) -> Exit {
    screen.error(&format!("error: the answer can't be written: {error}"));
    Exit::Internal
}

#[cfg(test)]
#[path = "ask_tests.rs"]
mod tests;
