//! What the stand-in reads: the engine's lines, and what books say and said.

use super::Row;
use crate::common::Table;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The lines of the engine from the cut-over on, without a ledger.
pub(super) fn bill(folder: &Path, as_of: &str, out: &Path) -> (u8, Table) {
    let job = fs::read_to_string(folder.join("job.toml")).expect("the job");
    let mut kept = String::new();
    let mut is_kept = true;
    for line in job.lines() {
        if line.starts_with('[') {
            is_kept = !["[ledger]", "[bounds]", "[notice_days]"].contains(&line);
        }
        if is_kept {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let cut = folder.join("model.toml");
    fs::write(&cut, format!("as_of = \"{as_of}\"\n{kept}")).expect("the job");
    let (exit, said) = crate::common::bill(&cut, out, 1, 1_000);
    assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
    (exit, Table::read(&crate::common::published(out).join("invoice_lines.csv")))
}

/// For each subscription all that a book says of it.
pub(super) fn said(book: &Path) -> BTreeMap<String, String> {
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    for name in ["subscriptions", "seat_changes", "lifecycle_events", "scheduled_changes", "redemptions"] {
        for row in Table::read(&book.join(format!("{name}.csv"))).rows {
            let text = row.join(",") + "\n";
            let ids = [Some(&row[0]), row.get(6).filter(|_| name == "lifecycle_events")];
            ids.into_iter().flatten().for_each(|id| *said.entry(id.clone()).or_default() += &text);
        }
    }
    said
}

/// Subscriptions that are there without an event that some run saw.
pub(super) fn eventless(folder: &Path, there: &BTreeSet<String>) -> BTreeSet<String> {
    let events = |book: &Path| -> BTreeSet<(usize, Row)> {
        let files = ["seat_changes", "lifecycle_events"].map(|name| book.join(format!("{name}.csv")));
        files
            .iter()
            .enumerate()
            .flat_map(|(file, path)| Table::read(path).rows.into_iter().map(move |row| (file, row)))
            .collect()
    };
    let now = events(&folder.join("book"));
    let runs = sorted(&folder.join("ledger/runs"))
        .into_iter()
        .map(|run| run.join("book"))
        .filter(|book| book.exists());
    let gone = runs.flat_map(|book| events(&book)).filter(|event| !now.contains(event));
    gone.map(|(_, row)| row[0].clone()).filter(|id| there.contains(id)).collect()
}

pub(super) fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

pub(super) fn mark(run: &Path) -> String {
    fs::read_to_string(run.join("mark")).expect("a mark")
}

pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn digest(files: &[PathBuf]) -> u64 {
    hash(&files.iter().map(|file| fs::read_to_string(file).expect("an input")).collect::<String>())
}
