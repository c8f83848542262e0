//! Writing, reading back and publishing: the same steps as a run's, for tables that are small.

use super::{KIND, LETTERS, Offering, letter, sheets};
use crate::job::Job;
use crate::output::manifest::{self, Digest, Own, format_name};
use crate::output::sealing::Folder;
use crate::output::staging::Written;
use crate::output::{Closed, OutputError, Report};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// Writes everything, reads it back, and publishes it by one rename.
///
/// # Errors
/// Nothing was published, and why.
pub fn publish(offering: &Offering<'_>, report: &Report<'_>) -> Result<Closed, OutputError> {
    offering.prove(report)?;
    let job = report.job;
    let inputs = input_digest(offering, report);
    let name = manifest::folder_name(report, &inputs);
    let mut folder = Folder::open(report)?;
    folder.table("purchase_offers", sheets::offer_columns(), &sheets::offer_lines(offering))?;
    folder.table("advisor_purchases", sheets::purchase_columns(), &sheets::purchase_lines(offering))?;
    folder.table("advisor_totals", sheets::advisor_columns(), &sheets::advisor_lines(offering))?;
    let lines = sheets::subscription_lines(offering, &job.offers);
    folder.table("subscriptions", sheets::subscription_columns(), &lines)?;
    folder.staging.make_folder(LETTERS)?;
    for offered in &offering.offers {
        let text = letter::text(offered, offering.names, &job.offers.vendor);
        folder.bytes(&format!("{LETTERS}/{}.txt", offered.summary_id), text.as_bytes())?;
    }
    folder.staging.sync_folder(LETTERS)?;
    folder.rejects()?;
    folder.bytes("summary.txt", offering.summary(report, &name).as_bytes())?;
    folder.publish(&name, |outputs, timings| manifest_text(offering, report, (&inputs, outputs), timings))
}

/// What the job says of purchase offers, as words.
fn settings(offering: &Offering<'_>, job: &Job) -> BTreeMap<String, String> {
    let offers = &job.offers;
    let mut words = BTreeMap::from([
        ("url".to_owned(), offers.url.clone().unwrap_or_default()),
        ("vendor".to_owned(), offers.vendor.clone()),
        ("term".to_owned(), offers.term.name().to_owned()),
        ("billing_cycle".to_owned(), offers.billing_cycle.name().to_owned()),
        ("office_ready".to_owned(), format!("{}h", offers.office_ready.in_hours())),
    ]);
    if let Some(currency) = offers.currencies.elsewhere {
        words.insert("currency".to_owned(), currency.code().to_owned());
    }
    for (location, currency) in &offers.currencies.at {
        words.insert(format!("currency {location}"), currency.code().to_owned());
    }
    if let Some(fingerprint) = offering.fingerprint {
        words.insert("secret_fingerprint".to_owned(), fingerprint.to_owned());
    }
    words
}

/// The digest of everything that went in.
fn input_digest(offering: &Offering<'_>, report: &Report<'_>) -> String {
    let job = report.job;
    let mut digest = Digest::default();
    for text in ["termwise", env!("CARGO_PKG_VERSION"), KIND, format_name(job.outputs.format)] {
        digest.text(text);
    }
    digest.text(&job.window.billed.last.to_string());
    digest.number(job.limits.rejected_rows as usize);
    let settings = settings(offering, job);
    digest.number(settings.len());
    for (setting, word) in &settings {
        digest.text(setting);
        digest.text(word);
    }
    for file in report.files {
        let columns = job.inputs.columns.get(&file.table);
        digest.number(columns.map_or(0, BTreeMap::len));
        for (ours, theirs) in columns.into_iter().flatten() {
            digest.text(ours);
            digest.text(theirs);
        }
        digest.text(file.table.name());
        digest.text(&file.shown);
        digest.text(&file.hash);
    }
    digest.hex()
}

fn manifest_text(
    offering: &Offering<'_>,
    report: &Report<'_>,
    written: (&str, &[Written]),
    timings: &[(String, Duration)],
) -> String {
    let job = report.job;
    let asked = json!({ "as_of": job.window.billed.last.to_string(), "settings": settings(offering, job) });
    let found = json!({ "offers": offering.totals().json() });
    manifest::text_of(Own { kind: KIND, asked, found }, report, written, timings)
}
