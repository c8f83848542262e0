//! A way to play a story: a ledger of its own, and what stands in it after each step.

use crate::common::{Table, bytes_of, typed};
use crate::nights::Step;
use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Name → bytes of a run's files.
type Files = BTreeMap<String, Vec<u8>>;

/// A ledger that a story is played into.
#[derive(Debug)]
pub(crate) struct Way {
    work: PathBuf,
    name: String,
    manner: Vec<String>,
    /// What the runs held when they were committed.
    runs: Vec<Files>,
    /// The digest of the last draft.
    digest: Option<String>,
    /// The folder that the last step left: its run, or its draft.
    left: Option<PathBuf>,
}

impl Way {
    /// In a folder with staged inputs, with words that change no amount.
    pub(crate) fn new(work: &Path, name: &str, manner: &[&str]) -> Way {
        let manner = manner.iter().map(|word| (*word).to_owned()).collect();
        let (work, name) = (work.to_owned(), name.to_owned());
        Way { work, name, manner, runs: Vec::new(), digest: None, left: None }
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn ledger(&self) -> PathBuf {
        self.work.join(format!("ledger-{}", self.name))
    }

    fn out(&self) -> PathBuf {
        self.work.join(format!("out-{}", self.name))
    }

    fn places(&self) -> Vec<String> {
        let set = |key: &str, name: &str| ["--set".to_owned(), format!("{key}={name}-{}", self.name)];
        [set("ledger.dir", "ledger"), set("outputs.dir", "out")].concat()
    }

    fn folders(&self, below: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.ledger().join(below)).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        folders.sort();
        folders
    }

    /// Types a step, and holds the ledger against what may and may not have become of it.
    pub(crate) fn go(&mut self, step: &Step) -> Result<(), String> {
        let job = self.work.join("job.toml").to_string_lossy().into_owned();
        let mut words = step.words(&job, self.digest.as_deref());
        words.extend(self.places());
        words.extend(self.manner.iter().cloned());
        let (exit, out, err) = typed(&words);
        let said = format!("{out}{err}");
        if exit != step.exit() {
            return Err(format!("exit {exit} instead of {}: {said}", step.exit()));
        }
        for line in step.says() {
            if !said.contains(&line) {
                return Err(format!("`{line}` is not in:\n{said}"));
            }
        }
        let runs = self.folders("runs");
        let expected = self.runs.len() + usize::from(step.commits());
        if runs.len() != expected {
            return Err(format!("the ledger has {} runs and not {expected}: {said}", runs.len()));
        }
        // Nothing is ever deleted, and nothing that was committed changes.
        for (number, (folder, before)) in runs.iter().zip(&self.runs).enumerate() {
            if bytes_of(folder) != *before {
                return Err(format!("run {} is not what it was", number + 1));
            }
        }
        self.left = None;
        if step.commits() {
            let run = runs.last().expect("a run");
            self.runs.push(bytes_of(run));
            self.left = Some(run.clone());
            if step.verb != "open" {
                self.is_linked(run)?;
            }
        }
        if step.leaves_a_draft() {
            let [draft] =
                self.folders("drafts").try_into().map_err(|drafts| format!("drafts: {drafts:?}"))?;
            let manifest = fs::read_to_string(draft.join("manifest.json")).expect("a manifest");
            let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
            let digest = manifest["digest_of_outputs"].as_str().expect("a digest").to_owned();
            if !said.contains(&digest) {
                return Err(format!("the draft's digest {digest} is not in:\n{said}"));
            }
            self.digest = Some(digest);
            self.left = Some(draft);
        }
        Ok(())
    }

    /// Whoever looks below the output folder finds the run there.
    fn is_linked(&self, run: &Path) -> Result<(), String> {
        let run = fs::canonicalize(run).expect("a run");
        let entries = fs::read_dir(self.out()).into_iter().flatten().flatten();
        let mut targets = entries.filter_map(|entry| fs::canonicalize(entry.path()).ok());
        if targets.any(|target| target == run) {
            return Ok(());
        }
        Err(format!("nothing below the output folder leads to {}", run.display()))
    }

    /// The tables say what is expected of a step.
    pub(crate) fn is_told(&self, step: &Step) -> Result<(), String> {
        let mut wrong = String::new();
        for (name, expect) in step.tables() {
            let found = Table::read(&self.left.as_ref().expect("a run or a draft").join(&name));
            let (mut want, mut got) = (expect.columns(&expect.header), found.columns(&expect.header));
            if name == "rejects.csv" {
                want.sort();
                got.sort();
            }
            if want != got {
                wrong += &format!("{name} {:?}\n", expect.header);
                want.iter().for_each(|row| wrong += &format!("    expected {row:?}\n"));
                got.iter().for_each(|row| wrong += &format!("    found    {row:?}\n"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Another way left the same bytes.
    pub(crate) fn has_the_bytes_of(&self, other: &Way) -> Result<(), String> {
        let left = |way: &Way| way.left.as_deref().map(bytes_of).unwrap_or_default();
        let (own, others) = (left(self), left(other));
        let differs = own.iter().find(|(name, bytes)| others.get(*name) != Some(bytes));
        if let Some((name, _)) = differs {
            return Err(format!("{name} has other bytes {} than {}", self.name, other.name));
        }
        if own.len() == others.len() { Ok(()) } else { Err("there are other files".into()) }
    }

    /// A ledger of Parquet holds the same charges and the same amounts.
    pub(crate) fn has_the_charges_of(&self, parquet: &Way) -> Result<(), String> {
        let (Some(own), Some(other)) = (&self.left, &parquet.left) else { return Ok(()) };
        for name in ["charges.bin", "state.bin"] {
            let read = |folder: &Path| fs::read(folder.join(name)).unwrap_or_default();
            if read(own) != read(other) {
                return Err(format!("{name} has other bytes where rows are turned round"));
            }
        }
        let columns = ["invoice_id", "line_id", "corrects", "subtotal"].map(str::to_owned);
        let mut want = Table::read(&own.join("invoice_lines.csv")).columns(&columns);
        want.iter_mut().for_each(|row| row[3] = ten_thousandths(&row[3]).to_string());
        let got = rows_of(&other.join("invoice_lines.parquet"), &columns);
        if want != got {
            return Err(format!("CSV has {want:?}\nParquet has {got:?}"));
        }
        Ok(())
    }

    /// Every run adds up when it is read again.
    pub(crate) fn ends(&self) -> Result<(), String> {
        let job = self.work.join("job.toml").to_string_lossy().into_owned();
        for command in ["verify", "status"] {
            let mut words = vec![command.to_owned(), job.clone()];
            words.extend(self.places());
            let (exit, out, err) = typed(&words);
            if exit != 0 {
                return Err(format!("{command} exits {exit}: {out}{err}"));
            }
        }
        Ok(())
    }
}

fn ten_thousandths(amount: &str) -> i128 {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{fraction:0<4}").parse().expect("an amount")
}

/// Rows of a Parquet file in some columns: texts, and decimals in ten-thousandths.
fn rows_of(path: &Path, columns: &[String]) -> Vec<Vec<String>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader");
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.expect("rows");
        let first = rows.len();
        rows.resize(first + batch.num_rows(), Vec::new());
        for name in columns {
            let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
            let texts: Vec<String> = match column.as_primitive_opt::<Decimal128Type>() {
                Some(amounts) => amounts.iter().map(|amount| amount.unwrap_or(0).to_string()).collect(),
                None => {
                    let texts = column.as_string::<i32>().iter();
                    texts.map(|text| text.unwrap_or_default().to_owned()).collect()
                }
            };
            rows[first..].iter_mut().zip(texts).for_each(|(row, text)| row.push(text));
        }
    }
    rows
}
