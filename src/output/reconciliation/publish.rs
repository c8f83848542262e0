//! Proving, writing, reading back and publishing: the same steps as a run's.

use super::sheets;
use super::{Comparison, Sum, summary};
use crate::job::{Format, Job};
use crate::names::Names;
use crate::output::columnar::ColumnarFile;
use crate::output::days::DayTexts;
use crate::output::manifest::{self, Own, format_name, policy_json};
use crate::output::sealing::{Folder, failed, write_all};
use crate::output::sheet::{self, Context};
use crate::output::staging::{StagedFile, Staging, Written};
use crate::output::{Closed, OutputError, Report, balance};
use rayon::prelude::*;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
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
    let mut folder = Folder::open(report)?;
    let differences = write_differences(comparison, job, &folder.staging)?;
    let path = differences.path().to_owned();
    folder.keep(differences, Some(comparison.rows()))?;
    if let Some(make) = workbook {
        folder.bytes("reconciliation.xlsx", &make(&path)?)?;
    }
    folder.rejects()?;
    folder.bytes("summary.txt", summary::text(comparison, report, &name).as_bytes())?;
    folder.publish(&name, |outputs, timings| manifest_text(comparison, report, (&inputs, outputs), timings))
}

fn write_differences(
    comparison: &Comparison,
    job: &Job,
    staging: &Staging,
) -> Result<StagedFile, OutputError> {
    let (window, names) = (job.window, Names::default());
    let days = DayTexts::around(window);
    let context = || Context { names: &names, window, days: &days };
    let is_own_published = job.policy.rounding == Rounding::Truncate;
    let places = sheets::places(comparison);
    let blocks: Vec<&[(u32, u32)]> = places.chunks(BLOCK_ROWS).collect();
    let held = HELD * rayon::current_num_threads();
    let mut file = staging.create(&format!("differences.{}", format_name(job.outputs.format)))?;
    match job.outputs.format {
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
            Ok(file)
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
            table.finish().map_err(wrong)
        }
    }
}

impl Comparison {
    /// How many rows it has.
    fn rows(&self) -> u64 {
        self.groups.iter().map(|group| group.rows.len() as u64).sum()
    }

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
    written: (&str, &[Written]),
    timings: &[(String, Duration)],
) -> String {
    let job = report.job;
    let asked = json!({
        "window": {
            "from": job.window.billed.first.to_string(),
            "as_of": job.window.billed.last.to_string(),
        },
        "tolerance": job.reconcile.words,
        "workbook": job.reconcile.workbook.name(),
        "policy": policy_json(job),
    });
    let found = json!({ "totals": summary::totals_json(comparison) });
    manifest::text_of(Own { kind: job.kind.name(), asked, found }, report, written, timings)
}
