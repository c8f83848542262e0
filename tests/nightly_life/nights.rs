//! Night after night over one world: what is called, what may come of it, and what must be there afterwards.

mod mornings;

use super::dice::Dice;
use super::facts::{Extract, Fact};
use super::ledger::{Ledger, folders};
use super::program::Program;
use super::world::{Night, World};
use super::{closing, ledger};
use crate::oracle;
use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Life<'w> {
    pub(crate) world: &'w World,
    pub(crate) folder: PathBuf,
    pub(crate) program: &'w Program,
    pub(crate) ledger: Ledger,
    dice: Dice,
    /// Prices that were billed: they stay.
    pins: oracle::Pins,
    /// Rows that the vendor has stated anew.
    restated: BTreeMap<String, Fact>,
    /// What lies in the folder of inputs.
    written: Option<Extract>,
    /// What the last run saw, and of which day.
    committed: Option<(Extract, NaiveDate)>,
    /// What is missing and was reported.
    told: BTreeSet<String>,
    is_reversed: bool,
    /// Subscriptions that any run saw, with their customers.
    seen: BTreeMap<String, String>,
    /// Those of them that had a row.
    rows: BTreeSet<String>,
    /// Every seat change and event that any run saw.
    events: BTreeSet<(&'static str, Vec<String>)>,
    closed: BTreeSet<String>,
    /// How often each thing was done, so that nobody trusts a simulator in which nothing happens.
    pub(crate) done: BTreeMap<String, usize>,
}

impl<'w> Life<'w> {
    pub(crate) fn new(world: &'w World, program: &'w Program, folder: &Path) -> Life<'w> {
        fs::create_dir_all(folder.join("book")).expect("a folder");
        fs::write(folder.join("job.toml"), world.job()).expect("the job");
        Life {
            world,
            folder: folder.to_path_buf(),
            program,
            ledger: Ledger::default(),
            dice: Dice::new(world.seed, "life"),
            pins: oracle::Pins::default(),
            restated: BTreeMap::new(),
            written: None,
            committed: None,
            told: BTreeSet::new(),
            is_reversed: false,
            seen: BTreeMap::new(),
            rows: BTreeSet::new(),
            events: BTreeSet::new(),
            closed: BTreeSet::new(),
            done: BTreeMap::new(),
        }
    }

    /// All nights, and at their end everything once more with every row back.
    pub(crate) fn live(&mut self) -> Result<(), String> {
        for (number, night) in self.world.nights.iter().enumerate() {
            let number = number as u32;
            let as_of = self.world.as_of(number);
            if number == self.world.last_night() {
                self.restated.clear();
            }
            self.night(number, *night)
                .map_err(|error| format!("night {number} of {as_of}, {night:?}: {error}"))?;
        }
        self.ledger.is_untouched(&self.place())?;
        for command in ["verify", "status"] {
            let (exit, data, talk) = self.program.call(&self.folder, &[command]);
            if exit != 0 {
                return Err(format!("{command}: exit {exit}: {data}{talk}"));
            }
        }
        Ok(())
    }

    pub(crate) fn place(&self) -> PathBuf {
        self.folder.join("ledger")
    }

    fn count(&mut self, what: impl Into<String>) {
        *self.done.entry(what.into()).or_default() += 1;
    }

    fn night(&mut self, number: u32, night: Night) -> Result<(), String> {
        let as_of = self.world.as_of(number);
        let (first, second) = (2 * number, 2 * number + 1);
        self.count(format!("night {night:?}"));
        match night {
            Night::Missed => return Ok(()),
            Night::Plain => self.run(second)?,
            Night::Twice => {
                self.run(first)?;
                self.run(second)?;
            }
            Night::Again => {
                self.run(second)?;
                self.run(second)?;
            }
            Night::Killed => self.killed(second)?,
            Night::Litter => {
                let litter = self.place().join("staging/20260101-dead");
                fs::create_dir_all(&litter).expect("a folder");
                fs::write(litter.join("invoice_lines.csv"), "invoice_id,line\n,").expect("a torn file");
                self.run(second)?;
                if litter.exists() {
                    return Err("the litter in staging is still there".into());
                }
            }
            Night::Draft => self.draft(second)?,
            Night::StaleDraft => self.stale_draft(first, second)?,
            Night::DryRun => {
                self.write(second);
                let before = self.everything();
                self.expect(&["run", "--as-of", &as_of.to_string(), "--dry-run"], &[0, 3])?;
                if self.everything() != before {
                    return Err("a dry run left something in the ledger".into());
                }
                self.run(second)?;
            }
            Night::Reversed | Night::ReversedAndAgain => {
                self.run(second)?;
                self.reverse()?;
                if night == Night::ReversedAndAgain {
                    self.run(second)?;
                }
            }
            Night::Backwards => {
                self.write(second);
                if let Some((_, last)) =
                    self.committed.as_ref().filter(|(_, last)| *last > self.world.cut_over)
                {
                    let earlier = (*last - Days::new(1)).to_string();
                    // With the inputs of the run of that day it says that there is nothing new.
                    self.expect(&["run", "--as-of", &earlier], &[0, 2])?;
                    self.nothing_new()?;
                }
                self.run(second)?;
            }
            Night::Locked => {
                self.run(second)?;
                let lock = fs::OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .open(self.place().join("lock"));
                let lock = lock.map_err(|error| error.to_string())?;
                lock.lock().map_err(|error| error.to_string())?;
                let tomorrow = (as_of + Days::new(1)).to_string();
                self.expect(&["run", "--as-of", &tomorrow], &[75])?;
                self.nothing_new()?;
            }
        }
        self.close_months(as_of)
    }

    // ── what is called ──

    fn expect(&self, words: &[&str], exits: &[u8]) -> Result<(u8, String), String> {
        let (exit, data, talk) = self.program.call(&self.folder, words);
        if !exits.contains(&exit) {
            return Err(format!("{}: exit {exit}, not {exits:?}: {data}{talk}", words.join(" ")));
        }
        Ok((exit, data + &talk))
    }

    fn write(&mut self, slot: u32) {
        let extract = self.world.extract(slot, &self.restated);
        extract.write(&self.folder.join("book"), self.written.as_ref());
        self.written = Some(extract);
    }

    /// Runs over an extract and checks what came of it.
    fn run(&mut self, slot: u32) -> Result<(), String> {
        self.write(slot);
        let as_of = self.world.as_of(slot / 2);
        let (exit, said) = self.expect(&["run", "--as-of", &as_of.to_string()], &[0, 3, 79])?;
        if exit == 79 {
            if self.world.largest_line.is_none() {
                return Err(format!("exit 79 without a bound: {said}"));
            }
            self.nothing_new()?;
            self.count("a bound crossed");
            let digest = self.drafted(&said)?;
            self.expect(&["run", "--as-of", &as_of.to_string(), "--approve", &digest], &[0, 3])?;
        }
        self.arrived(as_of)
    }

    /// Checks the ledger after a run that is to have committed what the extract in place says.
    fn arrived(&mut self, as_of: NaiveDate) -> Result<(), String> {
        let extract = self.written.clone().ok_or("an extract")?;
        let again = self.committed.as_ref().is_some_and(|(seen, day)| *seen == extract && *day == as_of);
        let before = self.ledger.runs.len();
        self.ledger.take(&self.place())?;
        let new = self.ledger.runs.len() - before;
        let due = usize::from(!again || self.is_reversed);
        if new != due {
            return Err(format!("{new} new runs, not {due}"));
        }
        self.count(if new == 0 { "the same run again" } else { "a run committed" });
        self.check(&extract, as_of, new == 1)?;
        self.seen.extend(extract.customers());
        self.rows.extend(extract.rows().map(|row| row.about().to_owned()));
        self.events.extend(extract.events().map(|(file, cells)| (file, cells.to_vec())));
        self.committed = Some((extract, as_of));
        self.is_reversed = false;
        Ok(())
    }

    fn nothing_new(&mut self) -> Result<(), String> {
        let before = self.ledger.runs.len();
        self.ledger.take(&self.place())?;
        if self.ledger.runs.len() == before { Ok(()) } else { Err("a run was committed".into()) }
    }

    /// Names of all that lies in the ledger, but for the lock.
    fn everything(&self) -> BTreeSet<PathBuf> {
        let mut waiting = vec![self.place()];
        let mut found = BTreeSet::new();
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    waiting.push(entry.path());
                } else if entry.file_name() != "lock" {
                    found.insert(entry.path());
                }
            }
        }
        found
    }

    /// What is left when a run is killed just before its rename: all of it, in staging.
    fn killed(&mut self, slot: u32) -> Result<(), String> {
        self.write(slot);
        let as_of = self.world.as_of(slot / 2).to_string();
        let (exit, _) = self.expect(&["run", "--as-of", &as_of], &[0, 3, 79])?;
        let all = folders(&self.place());
        let mut staged = BTreeMap::new();
        if exit != 79 && all.len() > self.ledger.runs.len() {
            let newest = &all[all.len() - 1];
            staged = ledger::digests(newest);
            for entry in fs::read_dir(self.folder.join("out")).into_iter().flatten().flatten() {
                let leads_there = entry.path().canonicalize().ok() == newest.canonicalize().ok();
                if entry.path().is_symlink() && leads_there {
                    fs::remove_file(entry.path()).expect("a link");
                }
            }
            let litter = self.place().join(format!("staging/killed-{slot}"));
            fs::create_dir_all(litter.parent().expect("a folder")).expect("a folder");
            fs::rename(newest, litter).expect("back to staging");
            self.count("killed before the rename");
        }
        self.run(slot)?;
        let runs = self.ledger.runs.len();
        if !staged.is_empty() {
            let mut anew = ledger::digests(&self.place().join(format!("runs/{runs:08}")));
            // The manifest has timings.
            staged.remove("manifest.json");
            anew.remove("manifest.json");
            if staged != anew {
                return Err("the run after a crash has other bytes than the one that crashed".into());
            }
        }
        Ok(())
    }

    /// The digest that a draft is approved by: what was said, else what the draft's folder is called by.
    fn drafted(&self, said: &str) -> Result<String, String> {
        let words = said.split(|letter: char| !letter.is_ascii_alphanumeric());
        let hex = |word: &&str| word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let longest = words.filter(hex).max_by_key(|word| word.len());
        longest.map(str::to_owned).ok_or_else(|| format!("no digest is said: {said}"))
    }

    fn draft(&mut self, slot: u32) -> Result<(), String> {
        self.write(slot);
        let as_of = self.world.as_of(slot / 2).to_string();
        let (_, said) = self.expect(&["run", "--as-of", &as_of, "--draft"], &[0, 3])?;
        self.nothing_new()?;
        let digest = self.drafted(&said)?;
        if self.dice.chance(40) {
            let wrong: String = digest.chars().rev().collect();
            self.expect(&["run", "--as-of", &as_of, "--approve", &wrong], &[79])?;
            self.nothing_new()?;
        }
        self.expect(&["run", "--as-of", &as_of, "--approve", &digest], &[0, 3])?;
        self.count("a draft approved");
        self.arrived(self.world.as_of(slot / 2))
    }

    fn stale_draft(&mut self, first: u32, second: u32) -> Result<(), String> {
        self.write(first);
        let as_of = self.world.as_of(second / 2);
        let words = as_of.to_string();
        let (_, said) = self.expect(&["run", "--as-of", &words, "--draft"], &[0, 3])?;
        let digest = self.drafted(&said)?;
        self.write(second);
        let (exit, _) = self.expect(&["run", "--as-of", &words, "--approve", &digest], &[0, 3, 79])?;
        if exit == 79 {
            self.count("a draft gone stale");
            self.nothing_new()?;
            return self.run(second);
        }
        self.arrived(as_of)
    }

    fn reverse(&mut self) -> Result<(), String> {
        let Some(run) = self.ledger.runs.last().filter(|run| run.kind == "run") else { return Ok(()) };
        let number = run.number.to_string();
        let billed: BTreeSet<String> =
            run.lines.iter().filter(|line| line.corrects.is_empty()).map(|line| line.id.clone()).collect();
        self.expect(&["reverse", &number, "--reason", "a test of it"], &[0])?;
        self.ledger.take(&self.place())?;
        if self.ledger.runs.last().is_none_or(|run| run.kind != "reverse") {
            return Err("no run of kind reverse".into());
        }
        if let Some(line) = self.ledger.charges().find(|line| billed.contains(&line.id)) {
            return Err(format!("{} stands, but its run was reversed", line.id));
        }
        self.count("a run reversed");
        self.is_reversed = true;
        Ok(())
    }

    /// Closes the months that are over, mostly on the first night on which that can be.
    fn close_months(&mut self, as_of: NaiveDate) -> Result<(), String> {
        for (period, last) in closing::over(self.world.cut_over, as_of) {
            if self.closed.contains(&period) || self.is_reversed || !self.dice.chance(60) {
                continue;
            }
            self.expect(&["close", "--period", &period], &[0])?;
            self.ledger.take(&self.place())?;
            if self.ledger.runs.last().is_none_or(|run| run.kind != "close") {
                return Err(format!("{period} is closed without a run of that kind"));
            }
            let place = self.place();
            closing::check(self.world, &mut self.ledger, &place, &period, last)?;
            self.count("a month closed");
            self.closed.insert(period.clone());
            if self.dice.chance(30) {
                self.expect(&["close", "--period", &period], &[0])?;
                self.nothing_new()?;
            }
        }
        let running = as_of.format("%Y-%m").to_string();
        if closing::over(self.world.cut_over, as_of).iter().all(|(period, _)| *period != running)
            && self.dice.chance(3)
        {
            self.expect(&["close", "--period", &running], &[2])?;
            self.nothing_new()?;
        }
        Ok(())
    }
}
