//! What a ledger holds, and whether the last run was committed: it looks, takes no lock and changes nothing.

use super::told::Told;
use crate::job::LedgerSettings;
use crate::ledger::{Kind, Ledger, LedgerError, RunInfo};
use crate::runs::RunError;
use crate::runs::invoice::shown;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use termwise_engine::calendar::Day;

/// Runs that are listed one by one.
const SHOWN: usize = 10;

/// Tells what a ledger holds.
///
/// # Errors
/// It can't be read, or its chain is damaged.
pub fn status(settings: &LedgerSettings) -> Result<Told, RunError> {
    let dir = shown(&settings.dir);
    let Some(ledger) = Ledger::look(&settings.dir)?.filter(|ledger| !ledger.runs().is_empty()) else {
        let text = format!("ledger {dir}: no run yet\n");
        return Ok(Told { text, json: json!({ "ledger": dir, "runs": 0 }) });
    };
    let head = ledger.head().ok_or_else(|| LedgerError::damaged(&settings.dir, "it has no last run"))?;
    let [drafts, staging] = ledger.litter();
    let open = unclosed(&ledger, head);
    let mut text = format!("ledger {dir}\n");
    let digest = head.hash.get(..12).unwrap_or(&head.hash);
    text.push_str(&format!("head        run {} ({}), {digest}\n", head.number, head.kind.name()));
    text.push_str(&format!("cut-over    {}\nbilled to   {}\n", head.cut_over, head.as_of));
    let closed = ledger.runs().iter().filter_map(RunInfo::period).next_back();
    text.push_str(&format!("closed      {}\n", closed.unwrap_or("no month yet")));
    if !open.is_empty() {
        text.push_str(&format!("to close    {}\n", open.join(", ")));
    }
    for row in rows(head, "balance") {
        let said = |member| row.get(member).and_then(Value::as_str).unwrap_or_default();
        let lines = row.get("lines").and_then(Value::as_u64).unwrap_or_default();
        text.push_str(&format!("balance     {} {} in {lines} lines\n", said("closing"), said("currency")));
    }
    for draft in &drafts {
        text.push_str(&format!("draft       {draft}\n"));
    }
    if !staging.is_empty() {
        text.push_str("staging     a run is being made, or was cut off: nothing of it is committed\n");
    }
    text.push_str("runs\n");
    let skipped = ledger.runs().len().saturating_sub(SHOWN);
    if skipped > 0 {
        text.push_str(&format!("  … {skipped} before\n"));
    }
    for run in &ledger.runs()[skipped..] {
        text.push_str(&format!("{}\n", line(&ledger, run)));
    }
    let json = json!({
        "ledger": dir,
        "runs": ledger.runs().len(),
        "head": { "run": head.number, "kind": head.kind.name(), "hash": head.hash, "folder": shown(&head.folder) },
        "cut_over": head.cut_over.to_string(),
        "as_of": head.as_of.to_string(),
        "closed": closed,
        "to_close": open,
        "balance": rows(head, "balance"),
        "drafts": drafts,
        "staging": staging,
    });
    Ok(Told { text, json })
}

fn rows<'r>(run: &'r RunInfo, member: &str) -> &'r [Value] {
    run.says(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn line(ledger: &Ledger, run: &RunInfo) -> String {
    let what = match run.kind {
        Kind::Open => format!("took over the existing book to {}", run.as_of),
        Kind::Run => format!("billed to {}", run.as_of),
        Kind::Close => format!("issued {}", run.period().unwrap_or_default()),
        Kind::Reverse => format!("took back run {}", run.reverses().unwrap_or_default()),
    };
    let by = ledger.runs().iter().find(|other| other.reverses() == Some(run.number));
    let back = by.map_or_else(String::new, |by| format!(", taken back by run {}", by.number));
    format!("  {:>6}  {:<8}{what}{back}", run.number, run.kind.name())
}

/// The months that are billed to their end and are not closed.
fn unclosed(ledger: &Ledger, head: &RunInfo) -> Vec<String> {
    let closed: BTreeSet<&str> = ledger.runs().iter().filter_map(RunInfo::period).collect();
    let name = |day: Day| format!("{:04}-{:02}", day.year(), day.month());
    let last_closed = closed.last().copied().unwrap_or_default();
    let mut months = Vec::new();
    let mut day = head.cut_over;
    while day <= head.as_of {
        let back = day.day_of_month().saturating_sub(1);
        let first =
            Day::from_epoch_days(day.epoch_days() - i32::try_from(back).unwrap_or_default()).unwrap_or(day);
        let next = first.plus_months(1);
        if next.previous() <= head.as_of && name(day).as_str() > last_closed {
            months.push(name(day));
        }
        day = next;
    }
    months
}
