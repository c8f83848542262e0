//! `manifest.json`: what a run was made from, what it made, and the digests of both.
//!
//! Nothing in it but `timings`, its last member, differs between two runs of the same inputs.

use super::account::{Account, checks_not_made, dispositions_json, invoices_json, reasons_json, totals_json};
use super::staging::Written;
use super::{FileFacts, KIND, Report};
use crate::job::{Format, Job, Kind};
use serde_json::{Map, Value, json};
use std::time::Duration;
use termwise_engine::findings::Table;

const FOLDER_DIGITS: usize = 12;

/// As job files write a format.
pub(super) const fn format_name(format: Format) -> &'static str {
    match format {
        Format::Csv => "csv",
        Format::Parquet => "parquet",
    }
}

/// The digest of everything that went in: files, columns, window, policy, format, and the program itself.
pub(super) fn input_digest(report: &Report<'_>) -> String {
    identity(report.job, report.files)
}

/// The digest of everything that goes into a run of a job over files.
pub(super) fn identity(job: &Job, files: &[FileFacts]) -> String {
    let mut digest = Digest::default();
    digest.text("termwise");
    digest.text(env!("CARGO_PKG_VERSION"));
    digest.text(job.kind.name());
    for day in [job.window.billed.first, job.window.billed.last, job.window.horizon] {
        digest.text(&day.to_string());
    }
    digest.text(format_name(job.outputs.format));
    digest.number(job.limits.rejected_rows as usize);
    digest.number(job.policy_words.len());
    for (setting, word) in &job.policy_words {
        digest.text(setting);
        digest.text(word);
    }
    let is_billed_from = |table: &Table| !Table::OF_OFFERS.contains(table);
    let columns = || job.inputs.columns.iter().filter(|(table, _)| is_billed_from(table));
    digest.number(columns().count());
    for (table, columns) in columns() {
        digest.text(table.name());
        digest.number(columns.len());
        for (ours, theirs) in columns {
            digest.text(ours);
            digest.text(theirs);
        }
    }
    for file in files {
        digest.text(file.table.name());
        digest.text(&file.shown);
        digest.text(&file.hash);
    }
    // Last and by a name that no input has: the digest of a job without a ledger is what it was before there were any.
    if let Some(ledger) = &job.ledger {
        let words = ledger.words();
        digest.text("ledger");
        digest.number(words.len());
        for (key, word) in &words {
            digest.text(key);
            digest.text(word);
        }
    }
    if job.kind == Kind::WhatIf {
        digest.text(job.what_if.workbook.name());
    }
    if job.kind == Kind::Reconcile {
        digest.text("tolerance");
        digest.number(job.reconcile.words.len());
        for (key, word) in &job.reconcile.words {
            digest.text(key);
            digest.text(word);
        }
        digest.text(job.reconcile.workbook.name());
    }
    digest.hex()
}

/// One digest over the outputs, in the order of their names.
pub(super) fn output_digest(outputs: &[Written]) -> String {
    let mut sorted: Vec<&Written> = outputs.iter().collect();
    sorted.sort_by_key(|output| &output.name);
    let mut digest = Digest::default();
    for output in sorted {
        digest.text(&output.name);
        digest.text(&output.hash);
    }
    digest.hex()
}

/// The name of a run's folder: the last day billed and the beginning of the digest of what went in.
pub(super) fn folder_name(report: &Report<'_>, input_digest: &str) -> String {
    let short = input_digest.get(..FOLDER_DIGITS).unwrap_or(input_digest);
    format!("{}-{short}", report.job.window.billed.last)
}

/// A digest of texts, each with its length, so that no two lists of texts run together alike.
#[derive(Default)]
pub(super) struct Digest(blake3::Hasher);

impl Digest {
    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.update(text.as_bytes());
    }

    pub(super) fn number(&mut self, number: usize) {
        self.0.update(&(number as u64).to_le_bytes());
    }

    pub(super) fn hex(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// The manifest as text, with a line feed at its end; `timings` are those of the run and of its output.
pub(super) fn text(
    report: &Report<'_>,
    inputs: &str,
    outputs: &[Written],
    timings: &[(String, Duration)],
) -> String {
    let account = Account::of(report);
    let job = report.job;
    let mut manifest = json!({
        "program": "termwise",
        "version": env!("CARGO_PKG_VERSION"),
        "job": job_json(job, KIND),
        "window": {
            "from": job.window.billed.first.to_string(),
            "as_of": job.window.billed.last.to_string(),
            "horizon": job.window.horizon.to_string(),
        },
        "format": format_name(job.outputs.format),
        "rejected_rows_tolerated_per_million": job.limits.rejected_rows,
        "policy": policy_json(job),
        "inputs": inputs_json(report),
        "outputs": outputs_json(outputs),
        "totals": totals_json(report),
        "invoices": invoices_json(report),
        "renewals": report.tally.renewed.json(),
        "forecasts": report.tally.forecast.json(),
        "rejects": account.rejects_json(),
        "reasons": reasons_json(report),
        "checks_not_made": checks_not_made(report),
        "notes": account.notes,
        "digest_of_inputs": inputs,
        "digest_of_outputs": output_digest(outputs),
    });
    if let Some(ledger) = report.ledger {
        manifest = chained(manifest, ledger);
    }
    if let Value::Object(members) = &mut manifest {
        members.insert(TIMINGS.to_owned(), timings_json(timings));
    }
    format!("{manifest:#}\n")
}

/// What the manifest of a run that bills nothing says of itself alone.
pub(super) struct Own<'a> {
    pub(super) kind: &'a str,
    /// What it was asked, as members of the manifest.
    pub(super) asked: Value,
    /// What it found, as members of the manifest.
    pub(super) found: Value,
}

/// The manifest of a run that bills nothing, with a line feed at its end.
pub(super) fn text_of(
    own: Own<'_>,
    report: &Report<'_>,
    (inputs, outputs): (&str, &[Written]),
    timings: &[(String, Duration)],
) -> String {
    let account = Account::of(report);
    let job = report.job;
    let start = json!({
        "program": "termwise",
        "version": env!("CARGO_PKG_VERSION"),
        "job": job_json(job, own.kind),
    });
    let files = json!({
        "format": format_name(job.outputs.format),
        "rejected_rows_tolerated_per_million": job.limits.rejected_rows,
        "inputs": inputs_json(report),
        "outputs": outputs_json(outputs),
    });
    let end = json!({
        "rejects": account.rejects_json(),
        "notes": account.notes,
        "digest_of_inputs": inputs,
        "digest_of_outputs": output_digest(outputs),
        TIMINGS: timings_json(timings),
    });
    let mut manifest = Map::new();
    for part in [start, own.asked, files, own.found, end] {
        if let Value::Object(members) = part {
            manifest.extend(members);
        }
    }
    format!("{:#}\n", Value::Object(manifest))
}

const OWN_DIGEST: &str = "digest_of_manifest";
const TIMINGS: &str = "timings";

/// A manifest with what it says of its ledger, and with its own digest: the last run's has no later one that would know it.
pub(super) fn chained(mut manifest: Value, ledger: &Value) -> Value {
    if let Value::Object(members) = &mut manifest {
        members.insert("ledger".to_owned(), ledger.clone());
    }
    let digest = own_digest(&manifest);
    if let Value::Object(members) = &mut manifest {
        members.insert(OWN_DIGEST.to_owned(), digest.into());
    }
    manifest
}

/// The digest of a manifest: of all that two runs of the same inputs have in common, but for the digest itself.
fn own_digest(manifest: &Value) -> String {
    let mut manifest = manifest.clone();
    if let Value::Object(members) = &mut manifest {
        members.retain(|name, _| name != TIMINGS && name != OWN_DIGEST);
    }
    blake3::hash(manifest.to_string().as_bytes()).to_hex().to_string()
}

/// The digest of a ledger's manifest, if it is the one that it says.
pub(super) fn proved_digest(manifest: &Value) -> Option<String> {
    let digest = own_digest(manifest);
    (manifest.get(OWN_DIGEST)?.as_str()? == digest).then_some(digest)
}

/// What a job is of, and its file's name alone: how the way to it was typed is no part of the run.
pub(super) fn job_json(job: &Job, kind: &str) -> Value {
    json!({ "kind": kind, "file": job.path.file_name().map(|name| name.to_string_lossy().into_owned()) })
}

/// The settings of the policy in force.
pub(super) fn policy_json(job: &Job) -> Map<String, Value> {
    job.policy_words.iter().map(|(setting, word)| (setting.clone(), word.clone().into())).collect()
}

/// How long each step took.
pub(super) fn timings_json(timings: &[(String, Duration)]) -> Value {
    let timing = |(step, took): &(String, Duration)| {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        json!({ "step": step, "microseconds": microseconds })
    };
    timings.iter().map(timing).collect()
}

/// The files of a run, as JSON has them.
pub(super) fn outputs_json(outputs: &[Written]) -> Value {
    let output = |written: &Written| json!({ "name": written.name, "rows": written.rows, "bytes": written.bytes, "hash": written.hash });
    outputs.iter().map(output).collect()
}

pub(super) fn inputs_json(report: &Report<'_>) -> Value {
    let input = |file: &super::FileFacts| {
        json!({
            "input": file.table.name(),
            "path": file.shown,
            "rows": file.rows,
            "blank_lines": file.blank_lines,
            "bytes": file.bytes,
            "hash": file.hash,
            "dispositions": dispositions_json(&report.counts.of(file)),
        })
    };
    report.files.iter().map(input).collect()
}
