//! What must be there after a night.

use super::super::checks::{Expected, Quiet, differences, stated_anew};
use super::super::facts::Extract;
use super::Life;
use crate::common::Table;
use crate::oracle;
use chrono::{Days, NaiveDate};
use std::collections::BTreeSet;

impl Life<'_> {
    /// Compares the ledger with the oracle, and a new run with what may not be in it.
    pub(super) fn check(&mut self, extract: &Extract, as_of: NaiveDate, is_new: bool) -> Result<(), String> {
        let policy = self.world.policy.clone();
        let job = oracle::Job { from: self.world.cut_over, as_of, horizon_days: 0, policy };
        let answer = oracle::run_pinned(&self.folder.join("book"), &job, &self.pins)?;
        let expected = Expected::of(extract, answer);
        let eventless = self.eventless(extract);
        let quiet = Quiet::of(extract, &expected, &self.ledger, &self.seen, &self.rows, &eventless);
        if is_new {
            self.is_quiet(extract, &quiet)?;
        }
        let told = differences(&self.ledger, &expected, extract, &quiet.loose);
        if !told.is_empty() {
            return Err(format!("the ledger is not what the oracle computes\n{told}"));
        }
        self.pins.keep(&expected.answer.billed);
        self.count(if quiet.loose.is_empty() { "all compared" } else { "compared but for some" });
        self.state_anew(extract, &expected, as_of);
        Ok(())
    }

    /// Subscriptions with seat changes or events that an earlier run had and that are gone.
    fn eventless(&self, extract: &Extract) -> BTreeSet<String> {
        let now: BTreeSet<(&str, &[String])> = extract.events().collect();
        let gone = self.events.iter().filter(|(file, cells)| !now.contains(&(*file, cells.as_slice())));
        let ids: BTreeSet<&String> = gone.map(|(_, cells)| &cells[0]).collect();
        let there = extract.customers();
        ids.into_iter().filter(|id| there.contains_key(*id)).cloned().collect()
    }

    /// Nothing is billed or credited for what is missing or set aside, and siblings of it are left alone.
    fn is_quiet(&mut self, extract: &Extract, quiet: &Quiet) -> Result<(), String> {
        let run = self.ledger.runs.last().ok_or("a run")?;
        if let Some(line) = run.lines.iter().find(|line| quiet.still.contains(&line.subscription)) {
            return Err(format!("{} is billed, but its subscription is missing or set aside", line.id));
        }
        if let Some((before, _)) = &self.committed {
            let is_same = |id: &str| before.said_of(id) == extract.said_of(id);
            let wrong = run.lines.iter().find(|line| {
                !line.corrects.is_empty()
                    && quiet.siblings.contains(&line.subscription)
                    && is_same(&line.subscription)
            });
            if let Some(line) = wrong {
                return Err(format!("{} corrects for what is missing elsewhere", line.id));
            }
        }
        let path = self.place().join(format!("runs/{:08}/rejects.csv", run.number));
        let names = ["code", "key"].map(str::to_owned);
        let told = Table::read(&path).columns(&names).into_iter();
        let told: BTreeSet<String> =
            told.filter(|row| row[0] == "missing-from-book").map(|mut row| row.remove(1)).collect();
        // What is over is reported once, on the first night that it is gone.
        self.told = &told | &(&self.told & &quiet.missing);
        if let Some(id) = quiet.missing.difference(&self.told).next() {
            return Err(format!("{id} is missing, but not reported"));
        }
        if let Some(id) = told.iter().find(|id| extract.row(id).is_some()) {
            return Err(format!("{id} is reported missing, but is there"));
        }
        if !quiet.missing.is_empty() {
            self.count("something missing");
        }
        Ok(())
    }

    /// The vendor states some rows anew some nights after their renewal.
    fn state_anew(&mut self, extract: &Extract, expected: &Expected, as_of: NaiveDate) {
        for (id, nights) in &self.world.restates {
            let by = as_of - Days::new((*nights).into());
            let anew = extract.row(id).and_then(|row| stated_anew(row, &expected.answer, by));
            if let Some(anew) = anew {
                self.restated.insert(id.clone(), anew);
                self.count("a row stated anew");
            }
        }
    }
}
