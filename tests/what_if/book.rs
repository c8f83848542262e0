//! A book of the sample with a job that asks what if, and what an invoice run bills over the same months.

use crate::common::{Table, published, termwise};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const AS_OF: &str = "2026-11-30";
pub(crate) const FIRST: &str = "2026-12-01";
pub(crate) const LAST: &str = "2027-11-30";
const SUBSCRIPTIONS: &str = "500";

pub(crate) fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What is billed, by subscription, product, SKU and month.
pub(crate) type Billed = BTreeMap<[String; 4], Decimal>;

pub(crate) struct Book(TempDir);

impl Book {
    pub(crate) fn new(seed: u64) -> Book {
        let dir = tempfile::tempdir().expect("a folder");
        let (seed, out) = (seed.to_string(), shown(dir.path()));
        let args = ["sample", "--subscriptions", SUBSCRIPTIONS, "--seed", &seed, "--out", &out, "-q"];
        assert_eq!(termwise(&args).0, 0);
        Book(dir)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn invoice_job(&self) -> toml::Table {
        fs::read_to_string(self.path("job.toml")).expect("the job").parse().expect("a job")
    }

    /// The job of the sample asks what if.
    fn job(&self, proposals: &[(&str, String)]) -> PathBuf {
        let mut job = self.invoice_job();
        job.insert("kind".into(), "what-if".into());
        job.insert("as_of".into(), AS_OF.into());
        job.remove("from");
        let mut inputs = job["inputs"].as_table().expect("inputs").clone();
        for of_others in ["advisors", "offices", "sku_markets", "offers", "acceptances"] {
            inputs.remove(of_others);
        }
        let files: Vec<toml::Value> =
            proposals.iter().map(|(name, _)| format!("{name}.toml").into()).collect();
        inputs.insert("proposal".into(), files.into());
        job.insert("inputs".into(), inputs.into());
        job.remove("offers");
        for (name, text) in proposals {
            let head = format!("title = \"{name}\"\nauthor = \"a test\"\nwhy = \"to see\"\n");
            fs::write(self.path(&format!("{name}.toml")), head + text).expect("a proposal");
        }
        let path = self.path("what-if.toml");
        fs::write(&path, job.to_string()).expect("the job");
        path
    }

    pub(crate) fn what_if(&self, proposals: &[(&str, String)], out: &str, more: &[&str]) -> PathBuf {
        let (job, out) = (self.job(proposals), self.path(out));
        let (job, place) = (shown(&job), shown(&out));
        let args = ["run", &job, "--out", &place, "--format", "csv", "-q", "--set", "outputs.workbook=none"];
        let (exit, said) = termwise(&[&args, more].concat());
        assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
        published(&out)
    }

    /// What an invoice run over the horizon bills, where it reads other files for some of the inputs.
    pub(crate) fn billed(&self, out: &str, others: &[(&str, &str)]) -> Billed {
        let mut job = self.invoice_job();
        let inputs = job["inputs"].as_table_mut().expect("inputs");
        for (input, file) in others {
            inputs.insert((*input).into(), (*file).into());
        }
        let path = self.path("billed.toml");
        fs::write(&path, job.to_string()).expect("the job");
        let (job, place) = (shown(&path), self.path(out));
        let window = ["--set", &format!("from={FIRST}"), "--as-of", LAST];
        let args = ["run", &job, "--out", &shown(&place), "--format", "csv", "-q"];
        let (exit, said) = termwise(&[&args[..], &window[..]].concat());
        assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
        let lines = Table::read(&published(&place).join("invoice_lines.csv"));
        let keys = ["subscription_id", "product_id", "sku_id", "charge_start"].map(|name| lines.column(name));
        let mut billed = Billed::new();
        for (row, subtotal) in lines.column("subtotal").into_iter().enumerate() {
            let [id, product, sku, day] = keys.each_ref().map(|column| column[row].to_owned());
            *billed.entry([id, product, sku, day[..7].to_owned()]).or_default() +=
                subtotal.parse::<Decimal>().expect("an amount");
        }
        billed
    }

    /// Those to which something happens after as_of, which a what-if does not know.
    pub(crate) fn unsettled(&self) -> BTreeSet<String> {
        let later = |file: &str, day: &str| {
            let table = Table::read(&self.path(file));
            let (days, ids) = (table.column(day), table.column("subscription_id"));
            let rows = days.into_iter().zip(ids);
            rows.filter(|(day, _)| &day[..10.min(day.len())] > AS_OF)
                .map(|(_, id)| id.to_owned())
                .collect::<Vec<_>>()
        };
        let days = [
            ("subscriptions.csv", "term_start"),
            ("subscriptions.csv", "ordered_at"),
            ("seat_changes.csv", "changed_at"),
            ("lifecycle_events.csv", "happened_at"),
            ("scheduled_changes.csv", "scheduled_at"),
        ];
        days.into_iter().flat_map(|(file, day)| later(file, day)).collect()
    }

    /// The values of a column of one of its files, each once.
    pub(crate) fn words(&self, file: &str, column: &str) -> Vec<String> {
        let table = Table::read(&self.path(file));
        let mut words = table.column(column);
        words.sort();
        words.dedup();
        words.retain(|word| !word.is_empty());
        words
    }
}
