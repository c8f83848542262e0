//! Writing, reading back and publishing: the same steps as a run's, for tables that are small.

use super::{KIND, LETTERS, Offering, account, letter, sheets};
use crate::job::{Format, Job};
use crate::names::Names;
use crate::output::columnar::ColumnarFile;
use crate::output::days::DayTexts;
use crate::output::manifest::{self, Digest, format_name};
use crate::output::sheet::{self, Column, Context};
use crate::output::staging::{Staging, Written};
use crate::output::writer::{Timings, failed, rename, sync, write_all, write_rejects, write_text};
use crate::output::{Closed, MANIFEST, OutputError, Report, readback};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Writes everything, reads it back, and publishes it by one rename.
///
/// # Errors
/// Nothing was published, and why.
pub fn publish(offering: &Offering<'_>, report: &Report<'_>) -> Result<Closed, OutputError> {
    offering.prove(report)?;
    let job = report.job;
    let inputs = input_digest(offering, report);
    let name = manifest::folder_name(report, &inputs);
    let staging = Staging::open(&job.outputs.dir)?;
    let mut timings = Timings::default();
    let mut outputs = Vec::new();
    let table = Table { staging: &staging, job };
    let mut tables = |written: Written| outputs.push(written);
    tables(table.write(
        "purchase_offers",
        sheets::offer_columns(),
        &sheets::offer_lines(offering),
        &mut timings,
    )?);
    let lines = sheets::purchase_lines(offering);
    tables(table.write("advisor_purchases", sheets::purchase_columns(), &lines, &mut timings)?);
    tables(table.write(
        "advisor_totals",
        sheets::advisor_columns(),
        &sheets::advisor_lines(offering),
        &mut timings,
    )?);
    let lines = sheets::subscription_lines(offering, &job.offers);
    tables(table.write("subscriptions", sheets::subscription_columns(), &lines, &mut timings)?);
    staging.make_folder(LETTERS)?;
    for offered in &offering.offers {
        let text = letter::text(offered, offering.names, &job.offers.vendor);
        tables(write_text(&staging, &format!("{LETTERS}/{}.txt", offered.summary_id), &text, &mut timings)?);
    }
    staging.sync_folder(LETTERS)?;
    tables(write_rejects(&staging, report, &mut timings)?);
    tables(write_text(&staging, "summary.txt", &offering.summary(report, &name), &mut timings)?);
    let since = Instant::now();
    for written in &outputs {
        readback::check(staging.folder(), written, None)?;
    }
    timings.read_back += since.elapsed();
    let all: Vec<(String, Duration)> = report.timings.iter().cloned().chain(timings.list()).collect();
    let text = manifest_text(offering, report, (&inputs, &outputs), &all);
    let written = write_text(&staging, MANIFEST, &text, &mut timings)?;
    readback::check(staging.folder(), &written, None)?;
    let published = rename(staging, &name, &outputs, &mut timings)?;
    Ok(Closed { published, timings: timings.list().to_vec() })
}

/// Where tables are written.
struct Table<'a> {
    staging: &'a Staging,
    job: &'a Job,
}

impl Table<'_> {
    fn write<R>(
        &self,
        name: &str,
        mut columns: Vec<Column<R>>,
        rows: &[R],
        timings: &mut Timings,
    ) -> Result<Written, OutputError> {
        let (format, window, names) = (self.job.outputs.format, self.job.window, Names::default());
        let context = Context { names: &names, window, days: &DayTexts::around(window) };
        let mut file = self.staging.create(&format!("{name}.{}", format_name(format)))?;
        let file = match format {
            Format::Csv => {
                write_all(&mut file, &sheet::header(&columns))?;
                write_all(&mut file, &sheet::text(&mut columns, &context, rows))?;
                file
            }
            Format::Parquet => {
                let path = file.path().to_owned();
                let wrong = |error| failed(&path, error);
                let mut table = ColumnarFile::new(&columns, file).map_err(wrong)?;
                if !rows.is_empty() {
                    let strips = sheet::strips(&mut columns, &context, rows)?;
                    let part = |number: usize| strips.get(number).map(|strip| (strip, 0..rows.len()));
                    let chunks = table.encoder().encode(|number| part(number).into_iter().collect());
                    table.append(chunks.map_err(wrong)?).map_err(wrong)?;
                }
                table.finish().map_err(wrong)?
            }
        };
        sync(file, Some(rows.len() as u64), timings)
    }
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
    (inputs, outputs): (&str, &[Written]),
    timings: &[(String, Duration)],
) -> String {
    let account = account(report);
    let job = report.job;
    let settings: Map<String, Value> =
        settings(offering, job).into_iter().map(|(setting, word)| (setting, word.into())).collect();
    let output = |written: &Written| json!({ "name": written.name, "rows": written.rows, "bytes": written.bytes, "hash": written.hash });
    let timing = |(step, took): &(String, Duration)| {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        json!({ "step": step, "microseconds": microseconds })
    };
    let manifest = json!({
        "program": "termwise",
        "version": env!("CARGO_PKG_VERSION"),
        "job": { "kind": KIND, "file": job.path.file_name().map(|name| name.to_string_lossy().into_owned()) },
        "as_of": job.window.billed.last.to_string(),
        "format": format_name(job.outputs.format),
        "rejected_rows_tolerated_per_million": job.limits.rejected_rows,
        "settings": settings,
        "inputs": manifest::inputs_json(report),
        "outputs": outputs.iter().map(output).collect::<Vec<_>>(),
        "offers": offering.totals().json(),
        "rejects": account.rejects_json(),
        "notes": account.notes,
        "digest_of_inputs": inputs,
        "digest_of_outputs": manifest::output_digest(outputs),
        "timings": timings.iter().map(timing).collect::<Vec<_>>(),
    });
    format!("{manifest:#}\n")
}
