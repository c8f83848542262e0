//! The steps of a story: what changed in the inputs, what is typed, and what is expected.

use crate::common;
use crate::common::Table;
use std::fs;
use std::path::{Path, PathBuf};

/// Inputs that a step changed, as it is staged.
const GIVEN: &str = "story/given";

/// A step of a story: a folder `2-run-2026-11-05`.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    folder: PathBuf,
    number: u32,
    /// What is typed: run, draft, approve, dry-run, open, close, reverse.
    pub(crate) verb: String,
    /// The day, month or run that it is typed with.
    pub(crate) of: String,
}

/// Every folder below `area` (any depth) that holds steps, in order.
pub(crate) fn stories(area: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![area.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        if !Step::all(&folder).is_empty() {
            found.push(folder);
            continue;
        }
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        waiting.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    found.sort();
    found
}

impl Step {
    /// The steps of a story, in order.
    pub(crate) fn all(story: &Path) -> Vec<Step> {
        let entries = fs::read_dir(story).into_iter().flatten().flatten();
        let mut steps: Vec<Step> = entries.filter_map(|entry| Step::of(entry.path())).collect();
        steps.sort_by_key(|step| step.number);
        for (step, number) in steps.iter().zip(1..) {
            assert_eq!(step.number, number, "{}: the steps are numbered from 1", story.display());
        }
        steps
    }

    fn of(folder: PathBuf) -> Option<Step> {
        let name = folder.file_name()?.to_str()?;
        let (number, rest) = name.split_once('-')?;
        let number = number.parse().ok()?;
        let verbs = ["run", "draft", "approve", "dry-run", "open", "close", "reverse"];
        let (verb, of) = verbs.iter().find_map(|verb| Some((*verb, rest.strip_prefix(*verb)?)))?;
        let (verb, of) = (verb.to_owned(), of.strip_prefix('-')?.to_owned());
        Some(Step { folder, number, verb, of })
    }

    /// As the story's folder names it.
    pub(crate) fn name(&self) -> String {
        self.folder.file_name().expect("a name").to_string_lossy().into_owned()
    }

    /// Adds what changed to the inputs of the steps before, and writes the job; with the rows of each file turned round.
    pub(crate) fn stage(&self, work: &Path, is_turned: bool) {
        let given = work.join(GIVEN);
        fs::create_dir_all(&given).expect("a folder");
        for entry in fs::read_dir(&self.folder).expect("the step").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".csv") {
                fs::copy(entry.path(), given.join(&name)).expect("a copy");
            }
            if name == "job.toml" {
                let text = fs::read_to_string(entry.path()).expect("the job");
                let mut job: toml::Table = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
                let ledger = toml::Table::from_iter([("dir".to_owned(), "ledger".into())]);
                job.insert("ledger".to_owned(), ledger.into());
                fs::write(given.join(&name), job.to_string()).expect("the job");
            }
        }
        let text = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        for gone in text("gone.txt").lines() {
            let name = format!("{}.csv", gone.trim());
            fs::remove_file(given.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            fs::remove_file(work.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        common::stage(&work.join("story"), work);
        let entries = fs::read_dir(work).expect("the inputs").flatten().map(|entry| entry.path());
        for path in entries.filter(|path| is_turned && path.extension().is_some_and(|ending| ending == "csv"))
        {
            let mut table = Table::read(&path);
            table.rows.reverse();
            table.write(&path);
        }
    }

    /// What it exits with.
    pub(crate) fn exit(&self) -> u8 {
        let text = fs::read_to_string(self.folder.join("expect/exit.txt")).unwrap_or_else(|_| "0".into());
        text.trim().parse().expect("an exit code in expect/exit.txt")
    }

    /// What it says, line by line.
    pub(crate) fn says(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join("expect/says.txt")).unwrap_or_default();
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    /// The tables that are expected of it, by file name.
    pub(crate) fn tables(&self) -> Vec<(String, Table)> {
        let entries = fs::read_dir(self.folder.join("expect")).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let mut tables: Vec<(String, Table)> = paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "csv"))
            .map(|path| {
                (path.file_name().expect("a name").to_string_lossy().into_owned(), Table::read(&path))
            })
            .collect();
        tables.sort_by(|one, other| one.0.cmp(&other.0));
        assert!(!tables.is_empty() || !self.says().is_empty(), "{}: nothing is expected", self.name());
        tables
    }

    /// Whether a draft is left, of which the tables are.
    pub(crate) fn leaves_a_draft(&self) -> bool {
        self.verb == "draft" || (self.exit() == 79 && self.verb != "approve")
    }

    /// Whether the ledger gets a run: a step with tables that leaves no draft.
    pub(crate) fn commits(&self) -> bool {
        !self.tables().is_empty() && !self.leaves_a_draft()
    }

    /// What is typed behind the program's name and the job, where the last draft had a digest.
    pub(crate) fn words(&self, job: &str, digest: Option<&str>) -> Vec<String> {
        let text = |name: &str, otherwise: &str| {
            let text = fs::read_to_string(self.folder.join(name)).unwrap_or_else(|_| otherwise.to_owned());
            text.trim().to_owned()
        };
        let of = self.of.as_str();
        let words: Vec<String> = match self.verb.as_str() {
            "run" => ["run", job, "--as-of", of].map(str::to_owned).into(),
            "dry-run" => ["run", job, "--as-of", of, "--dry-run"].map(str::to_owned).into(),
            "draft" => ["run", job, "--as-of", of, "--draft"].map(str::to_owned).into(),
            "approve" => {
                let digest = text("digest.txt", digest.unwrap_or_default());
                ["run", job, "--as-of", of, "--approve", &digest].map(str::to_owned).into()
            }
            "open" => ["open", job, "--through", of].map(str::to_owned).into(),
            "close" => ["close", job, "--period", of].map(str::to_owned).into(),
            "reverse" => {
                let reason = text("reason.txt", "the inputs were wrong");
                ["reverse", job, of, "--reason", &reason].map(str::to_owned).into()
            }
            other => panic!("{other} is no step"),
        };
        words
    }
}
