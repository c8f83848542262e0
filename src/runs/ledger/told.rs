//! What a command of the ledger tells, and the link by which its run is found below the output folder.

use crate::job::Job;
use crate::ledger::{Ledger, LedgerError, RunInfo};
use crate::output;
use crate::runs::invoice::shown;
use crate::runs::{RunError, figures};
use serde_json::{Value, json};
use std::path::Path;
use termwise_engine::calendar::Day;
use termwise_engine::invoicing::Totals;

/// What a command tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// In words.
    pub text: String,
    /// As JSON.
    pub json: Value,
}

/// It was done before.
pub(super) fn already(run: &RunInfo, says: &str) -> Told {
    let folder = shown(&run.folder);
    Told {
        text: format!("termwise {}  {says}\noutput: {folder}\n", env!("CARGO_PKG_VERSION")),
        json: json!({ "state": "already-there", "run": run.number, "folder": folder, "digest": run.digest() }),
    }
}

/// A run was committed.
pub(super) fn committed(folder: &Path, digest: &str, number: u32, summary: String, says: Value) -> Told {
    let folder = shown(folder);
    Told {
        text: format!("{summary}output: {folder}\n"),
        json: json!({ "state": "published", "run": number, "folder": folder, "digest": digest, "ledger": says }),
    }
}

/// The summary of such a run, up to where its output is.
pub(super) fn summary(title: &str, totals: &Totals, says: &str) -> String {
    let mut text = format!("termwise {}  {title}\n\n", env!("CARGO_PKG_VERSION"));
    text.push_str(&format!("{:<20}{:>10}{:>26}\n", "totals", "lines", "subtotal"));
    for (currency, total) in totals.by_currency() {
        let amount = figures::plain_sum(total.subtotal, currency);
        text.push_str(&format!("{:<20}{:>10}{amount:>26}\n", currency.code(), total.lines));
    }
    text.push('\n');
    text.push_str(says);
    text
}

/// The digest of what such a run is made from.
pub(super) fn identity(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The day that the link of a run is named by: what it bills to, or the last one of the month that it closes.
pub(super) fn day_of(run: &RunInfo) -> Day {
    run.period().and_then(super::close::last_of).unwrap_or(run.as_of)
}

/// Lets what looks below the output folder find a run of the ledger there too. The link says nothing that the chain does not,
/// and is made again when the run is asked for again.
pub(super) fn link(
    ledger: &Ledger,
    job: &Job,
    number: u32,
    identity: &str,
    day: Day,
) -> Result<(), RunError> {
    let place = output::checked_place(&job.outputs.dir)?;
    let run = ledger.place().join(Ledger::name_of(number));
    let target = std::fs::canonicalize(&run).map_err(|source| LedgerError::io(&run, source))?;
    let short = identity.get(..12).unwrap_or(identity);
    let link = place.join(format!("{day}-{short}"));
    let failed = |source| LedgerError::io(&link, source).into();
    match std::fs::read_link(&link) {
        // The same inputs were billed again after a reversal (R65).
        Ok(other) if other != target => std::fs::remove_file(&link).map_err(failed)?,
        Ok(_) => return Ok(()),
        Err(_) if std::fs::symlink_metadata(&link).is_ok() => return Ok(()),
        Err(_) => {}
    }
    std::os::unix::fs::symlink(&target, &link).map_err(failed)
}
