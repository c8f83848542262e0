//! Proving, writing, reading back and publishing: the same steps as a run's.

use super::sheets;
use super::{Comparison, Sum, summary};
use crate::job::{Format, Job};
use crate::names::Names;
use crate::output::account::Account;
use crate::output::columnar::ColumnarFile;
use crate::output::days::DayTexts;
use crate::output::manifest::{self, format_name};
use crate::output::sheet::{self, Context};
use crate::output::staging::{Staging, Written};
use crate::output::writer::{Timings, failed, rename, sync, write_all, write_rejects, write_text};
use crate::output::{Closed, MANIFEST, OutputError, Report, balance, readback};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use termwise_engine::money::Rounding;
use termwise_engine::reconciling::Status;

/// Rows that are encoded together.
const BLOCK_ROWS: usize = 1 << 16;
/// Blocks that are held before they are written, for each thread.
const HELD: usize = 2;

/// What makes a workbook of the differences that were written.
pub type WorkbookMaker<'a> = &'a (dyn Fn(&Path) -> Result<Vec<u8>, OutputError> + Sync);

/// Writes everything, reads it back, and publishes it by one rename.
///
/// # Errors
/// Nothing was published, and why.
pub fn publish(
    comparison: &Comparison,
    report: &Report<'_>,
    workbook: Option<WorkbookMaker<'_>>,
) -> Result<Closed, OutputError> {
    comparison.prove(report)?;
    let job = report.job;
    let inputs = manifest::input_digest(report);
    let name = manifest::folder_name(report, &inputs);
    let staging = Staging::open(&job.outputs.dir)?;
    let mut timings = Timings::default();
    let mut outputs = vec![write_differences(comparison, job, &staging, &mut timings)?];
    if let Some(make) = workbook {
        let path = staging.folder().join(&outputs[0].name);
        let made = make(&path)?;
        let mut file = staging.create("reconciliation.xlsx")?;
        write_all(&mut file, &made)?;
        outputs.push(sync(file, None, &mut timings)?);
    }
    outputs.push(write_rejects(&staging, report, &mut timings)?);
    outputs.push(write_text(
        &staging,
        "summary.txt",
        &summary::text(comparison, report, &name),
        &mut timings,
    )?);
    let since = Instant::now();
    for written in &outputs {
        readback::check(staging.folder(), written, None)?;
    }
    timings.read_back += since.elapsed();
    let all: Vec<(String, Duration)> = report.timings.iter().cloned().chain(timings.list()).collect();
    let text = manifest_text(comparison, report, (&inputs, &outputs), &all);
    let written = write_text(&staging, MANIFEST, &text, &mut timings)?;
    readback::check(staging.folder(), &written, None)?;
    let published = rename(staging, &name, &outputs, &mut timings)?;
    Ok(Closed { published, timings: timings.list().to_vec() })
}

fn write_differences(
    comparison: &Comparison,
    job: &Job,
    staging: &Staging,
    timings: &mut Timings,
) -> Result<Written, OutputError> {
    let (window, names) = (job.window, Names::default());
    let days = DayTexts::around(window);
    let context = || Context { names: &names, window, days: &days };
    let is_own_published = job.policy.rounding == Rounding::Truncate;
    let places = sheets::places(comparison);
    let blocks: Vec<&[(u32, u32)]> = places.chunks(BLOCK_ROWS).collect();
    let held = HELD * rayon::current_num_threads();
    let mut file = staging.create(&format!("differences.{}", format_name(job.outputs.format)))?;
    let file = match job.outputs.format {
        Format::Csv => {
            write_all(&mut file, &sheet::header(&sheets::columns()))?;
            let text = |block: &&[(u32, u32)]| {
                sheet::text(
                    &mut sheets::columns(),
                    &context(),
                    &sheets::rows(comparison, block, is_own_published),
                )
            };
            for blocks in blocks.chunks(held) {
                let texts: Vec<Vec<u8>> = blocks.par_iter().map(text).collect();
                texts.iter().try_for_each(|text| write_all(&mut file, text))?;
            }
            file
        }
        Format::Parquet => {
            let path = file.path().to_owned();
            let wrong = |error| failed(&path, error);
            let mut table = ColumnarFile::new(&sheets::columns(), file).map_err(wrong)?;
            let encoder = table.encoder();
            let encode = |block: &&[(u32, u32)]| {
                let rows = sheets::rows(comparison, block, is_own_published);
                let strips = sheet::strips(&mut sheets::columns(), &context(), &rows)?;
                let part = |number: usize| strips.get(number).map(|strip| (strip, 0..rows.len()));
                encoder.encode(|number| part(number).into_iter().collect()).map_err(wrong)
            };
            for blocks in blocks.chunks(held) {
                let encoded = blocks.par_iter().map(encode).collect::<Result<Vec<_>, OutputError>>()?;
                encoded.into_iter().try_for_each(|chunks| table.append(chunks).map_err(wrong))?;
            }
            table.finish().map_err(wrong)?
        }
    };
    sync(file, Some(places.len() as u64), timings)
}

impl Comparison {
    /// Proves what must hold before anything is published: nothing is lost between the files and the rows, and the parts add
    /// up to the whole.
    ///
    /// # Errors
    /// [`OutputError::Invariant`], with the first law that does not hold.
    pub fn prove(&self, report: &Report<'_>) -> Result<(), OutputError> {
        balance::prove(report)?;
        let sums = self.tallied.by_currency();
        let empty = Sum::default();
        for currency in sums.keys().chain(self.given.0.keys()) {
            let (found, given) =
                (sums.get(currency).unwrap_or(&empty), self.given.0.get(currency).unwrap_or(&empty));
            let sides = [
                ("the vendor's", found.vendors, given.vendors, found.vendors_lines, given.vendors_lines),
                ("our", found.ours, given.ours, found.ours_lines, given.ours_lines),
            ];
            for (whose, sum, total, lines, all) in sides {
                if (sum, lines) != (total, all) {
                    let detail = format!(
                        "{currency}: {whose} lines are {all} of {total}, the rows hold {lines} of {sum}"
                    );
                    return Err(OutputError::broken("statuses add up to each side's total", detail));
                }
            }
            let excluded = self.tallied.status(*currency, Status::Excluded).vendors;
            let caused = self.tallied.by_cause.iter().filter(|((of, _), _)| of == currency);
            let caused: i128 = caused.map(|(_, sum)| sum.difference).sum();
            let difference = found.ours - (found.vendors - excluded);
            if caused != difference || found.difference != difference {
                let detail =
                    format!("{currency}: the causes come to {caused}, the difference is {difference}");
                return Err(OutputError::broken("causes add up to the difference", detail));
            }
        }
        Ok(())
    }
}

fn manifest_text(
    comparison: &Comparison,
    report: &Report<'_>,
    (inputs, outputs): (&str, &[Written]),
    timings: &[(String, Duration)],
) -> String {
    let account = Account::of(report);
    let job = report.job;
    let policy: Map<String, Value> =
        job.policy_words.iter().map(|(setting, word)| (setting.clone(), word.clone().into())).collect();
    let timing = |(step, took): &(String, Duration)| {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        json!({ "step": step, "microseconds": microseconds })
    };
    let manifest = json!({
        "program": "termwise",
        "version": env!("CARGO_PKG_VERSION"),
        "job": { "kind": job.kind.name(), "file": job.path.file_name().map(|name| name.to_string_lossy().into_owned()) },
        "window": {
            "from": job.window.billed.first.to_string(),
            "as_of": job.window.billed.last.to_string(),
        },
        "format": format_name(job.outputs.format),
        "rejected_rows_tolerated_per_million": job.limits.rejected_rows,
        "tolerance": job.reconcile.words,
        "workbook": job.reconcile.workbook.name(),
        "policy": policy,
        "inputs": manifest::inputs_json(report),
        "outputs": manifest::outputs_json(outputs),
        "totals": summary::totals_json(comparison),
        "rejects": account.rejects_json(),
        "notes": account.notes,
        "digest_of_inputs": inputs,
        "digest_of_outputs": manifest::output_digest(outputs),
        "timings": timings.iter().map(timing).collect::<Vec<_>>(),
    });
    format!("{manifest:#}\n")
}
