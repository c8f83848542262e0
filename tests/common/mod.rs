//! What the tests share: running a scenario folder in-process, and reading what it published.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A table as text: its header and its rows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a CSV file.
    pub fn read(path: &Path) -> Table {
        let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&text[..]);
        let mut records = reader.records().map(|record| {
            let record = record.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            record.iter().map(str::to_owned).collect::<Vec<_>>()
        });
        let header = records.next().unwrap_or_default();
        let header = header.into_iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
        Table { header, rows: records.collect() }
    }

    /// Writes a CSV file.
    pub fn write(&self, path: &Path) {
        let mut writer =
            csv::Writer::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for row in std::iter::once(&self.header).chain(&self.rows) {
            writer.write_record(row).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }

    /// The rows in the columns named, as written.
    pub fn columns(&self, names: &[String]) -> Vec<Vec<String>> {
        let places: Vec<usize> = names
            .iter()
            .map(|name| {
                let found = self.header.iter().position(|column| column == name);
                found.unwrap_or_else(|| panic!("no column {name} in {:?}", self.header))
            })
            .collect();
        self.rows
            .iter()
            .map(|row| places.iter().map(|&place| row.get(place).cloned().unwrap_or_default()).collect())
            .collect()
    }

    /// One column.
    pub fn column(&self, name: &str) -> Vec<String> {
        self.columns(&[name.to_owned()]).into_iter().flatten().collect()
    }

    /// Adds a column with one value where it is missing.
    fn complete(&mut self, name: &str, value: &str) {
        if self.header.iter().any(|column| column == name) {
            return;
        }
        self.header.push(name.to_owned());
        for row in &mut self.rows {
            row.push(value.to_owned());
        }
    }
}

/// The required columns that a scenario may leave out, with the values that the harness gives them.
const DEFAULTS: &[(&str, &[(&str, &str)])] = &[
    (
        "subscriptions",
        &[
            ("customer_id", "CUS-1"),
            ("product_id", "CFQ7TTC0LH18"),
            ("sku_id", "0001"),
            ("market", "NL"),
            ("currency", "EUR"),
            ("term", "P1Y"),
            ("billing_cycle", "monthly"),
            ("quantity", "10"),
        ],
    ),
    (
        "price_list",
        &[
            ("ProductId", "CFQ7TTC0LH18"),
            ("SkuId", "0001"),
            ("TermDuration", "P1Y"),
            ("BillingPlan", "Monthly"),
            ("Market", "NL"),
            ("Currency", "EUR"),
            ("EffectiveStartDate", "2000-01-01"),
        ],
    ),
    ("promotions", &[("product_id", "CFQ7TTC0LH18"), ("sku_id", "0001"), ("term", "P1Y")]),
    ("promo_codes", &[("redeem_by", "2099-12-31")]),
    ("holdings", &[("customer_id", "CUS-1"), ("product_id", "CFQ7TTC0LH18"), ("sku_id", "0001")]),
    ("customers", &[("customer_id", "CUS-1"), ("market", "NL")]),
    ("partners", &[]),
    ("redemptions", &[]),
    ("seat_changes", &[]),
    ("lifecycle_events", &[]),
    ("scheduled_changes", &[]),
    (
        "advisors",
        &[
            ("advisor_id", "ADV-1"),
            ("code", "CODE-1"),
            ("authorised", "true"),
            ("contact", "ask@example.com"),
        ],
    ),
    ("offices", &[("advisor_id", "ADV-1"), ("created_at", "2020-01-01")]),
    ("sku_markets", &[("product_id", "CFQ7TTC0LH18"), ("sku_id", "0001"), ("markets", "NL")]),
    (
        "offers",
        &[
            ("offer_id", "OFR-1"),
            ("advisor_id", "ADV-1"),
            ("usage_location", "NL"),
            ("made_at", "2026-11-02T09:00:00Z"),
            ("product_id", "CFQ7TTC0LH18"),
            ("sku_id", "0001"),
            ("licences", "10"),
        ],
    ),
    (
        "acceptances",
        &[("offer_id", "OFR-1"), ("customer_id", "CUS-1"), ("accepted_at", "2026-11-05T10:00:00Z")],
    ),
    (
        "requests",
        &[
            ("customer_id", "CUS-1"),
            ("product_id", "CFQ7TTC0LH18"),
            ("sku_id", "0001"),
            ("market", "NL"),
            ("quantity", "10"),
            ("term", "P1Y"),
            ("billing_cycle", "monthly"),
        ],
    ),
];

/// The advisors of a story about offers that says nothing of them.
const ADVISORS: &str = "advisor_id,name,contact,code,authorised,certified\n\
                        ADV-1,First Advisors,ask@example.com,CODE-1,true,true\n";

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every folder below `area` (any depth) that holds a `given` folder, in order.
pub fn stories(area: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![area.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        if folder.join("given").is_dir() {
            found.push(folder);
            continue;
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Copies a scenario's inputs to `work`, with the required columns completed, and writes the job file.
pub fn stage(story: &Path, work: &Path) -> PathBuf {
    let given = story.join("given");
    let mut inputs = BTreeMap::new();
    for (name, defaults) in DEFAULTS {
        let csv = given.join(format!("{name}.csv"));
        let others = ["json", "parquet"].map(|ending| given.join(format!("{name}.{ending}")));
        if csv.is_file() {
            let raw = given.join(format!("{name}.raw"));
            if raw.is_file() {
                fs::copy(&csv, work.join(format!("{name}.csv"))).expect("a copy");
            } else {
                let mut table = Table::read(&csv);
                for (column, value) in *defaults {
                    table.complete(column, value);
                }
                table.write(&work.join(format!("{name}.csv")));
            }
            inputs.insert(*name, format!("{name}.csv"));
        } else if let Some(other) = others.iter().find(|path| path.is_file()) {
            let file = other.file_name().expect("a name").to_string_lossy().into_owned();
            fs::copy(other, work.join(&file)).expect("a copy");
            inputs.insert(*name, file);
        }
    }
    // So is what a proposal names, and proposals themselves.
    let mut proposals: Vec<String> = Vec::new();
    for entry in fs::read_dir(&given).expect("given").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_named =
            name.ends_with(".csv") && !DEFAULTS.iter().any(|(known, _)| name == format!("{known}.csv"));
        let is_proposal = name.ends_with(".toml") && name != "job.toml";
        if is_proposal {
            proposals.push(name.clone());
        }
        if is_proposal || is_named {
            fs::copy(entry.path(), work.join(&name)).expect("a copy");
        }
    }
    proposals.sort();
    // What a vendor sends is tested as it came.
    for entry in fs::read_dir(&given).expect("given").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_of_vendor =
            ["vendor_lines", "invoice_lines", "id_map", "explained"].iter().any(|of| name.starts_with(of));
        if is_of_vendor {
            fs::copy(entry.path(), work.join(&name)).expect("a copy");
        }
    }
    let is_read = given.join("invoice_lines.csv").is_file() && !given.join("subscriptions.csv").is_file();
    // No job names requests: a command does.
    inputs.remove("requests");
    if inputs.contains_key("offers") && !inputs.contains_key("advisors") {
        fs::write(work.join("advisors.csv"), ADVISORS).expect("the advisors");
        inputs.insert("advisors", "advisors.csv".into());
    }
    if !inputs.contains_key("price_list") && !inputs.contains_key("offers") && !is_read {
        let base = root().join("tests/scenarios/base/price_list.csv");
        fs::copy(base, work.join("price_list.csv")).expect("the base price list");
        inputs.insert("price_list", "price_list.csv".into());
    }
    let text = fs::read_to_string(given.join("job.toml")).expect("given/job.toml");
    let mut job: toml::Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", story.display()));
    job.entry("kind").or_insert_with(|| "invoice".into());
    let section = |job: &mut toml::Table, name: &str| {
        job.entry(name)
            .or_insert_with(|| toml::Table::new().into())
            .as_table_mut()
            .expect("a section")
            .clone()
    };
    if inputs.contains_key("offers") {
        let mut offers = section(&mut job, "offers");
        offers.entry("url").or_insert("https://offers.example.com/accept".into());
        offers.entry("currency").or_insert("EUR".into());
        job.insert("offers".into(), offers.into());
    }
    let mut files = section(&mut job, "inputs");
    for (name, file) in inputs {
        files.entry(name).or_insert_with(|| file.into());
    }
    if !proposals.is_empty() {
        files.entry("proposal").or_insert_with(|| proposals.into());
    }
    job.insert("inputs".into(), files.into());
    let mut outputs = section(&mut job, "outputs");
    outputs.insert("dir".into(), "out".into());
    outputs.insert("format".into(), "csv".into());
    outputs.entry("renewal_horizon_days").or_insert(toml::Value::Integer(0));
    job.insert("outputs".into(), outputs.into());
    let mut limits = section(&mut job, "limits");
    let stated = fs::read_to_string(given.join("limits.txt")).unwrap_or_else(|_| "100%".into());
    limits.insert("rejected_rows".into(), stated.trim().into());
    job.insert("limits".into(), limits.into());
    let path = work.join("job.toml");
    fs::write(&path, job.to_string()).expect("the job file");
    path
}

/// The one folder that a run published below `out`.
pub fn published(out: &Path) -> PathBuf {
    let folders: Vec<PathBuf> = fs::read_dir(out)
        .unwrap_or_else(|error| panic!("{}: {error}", out.display()))
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.is_dir() && !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
        })
        .collect();
    assert_eq!(folders.len(), 1, "one folder below {}: {folders:?}", out.display());
    folders[0].clone()
}

/// What a published folder holds, but for the timings: file name → bytes.
pub fn bytes_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the published folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            let below = bytes_of(&entry.path()).into_iter();
            found.extend(below.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
            continue;
        }
        let bytes = fs::read(entry.path()).expect("a published file");
        found.insert(name.clone(), if name == "manifest.json" { without_timings(&bytes) } else { bytes });
    }
    found
}

fn without_timings(manifest: &[u8]) -> Vec<u8> {
    let mut value: serde_json::Value = serde_json::from_slice(manifest).expect("a manifest in JSON");
    value.as_object_mut().expect("an object").shift_remove("timings");
    value.to_string().into_bytes()
}

/// Runs the program as a user does, and gives its exit code and what it said on both streams.
pub fn termwise(args: &[&str]) -> (u8, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_termwise"))
        .args(args)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program starts");
    let exit = output.status.code().and_then(|code| u8::try_from(code).ok()).expect("an exit code");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    (exit, said)
}

/// Runs a job in-process, in parts of so many subscriptions, and gives its exit code and what went wrong. Where parts are as
/// small as can be, the book is cut to disk too. A job without a book makes its purchase offers.
pub fn bill(job: &Path, out: &Path, threads: usize, unit: usize) -> (u8, String) {
    use termwise::job::{Kind, Overrides, Purpose, read};
    use termwise::runs::invoice::{Work, run};
    use termwise::runs::offers::offers;
    use termwise::runs::reconcile::reconcile;
    use termwise::runs::what_if::what_if;
    let text = fs::read_to_string(job).expect("the job file");
    let is_of_offers = text.contains("offers = ") && !text.contains("subscriptions = ");
    let purpose = if is_of_offers { Purpose::Offers } else { Purpose::Invoices };
    let today = termwise_engine::calendar::Day::from_epoch_days(0).expect("a day");
    let overrides = Overrides { purpose, out: Some(out.to_path_buf()), ..Overrides::none(today) };
    let given = match read(job, &overrides) {
        Ok(given) => given,
        Err(error) => return (2, error.to_string()),
    };
    let work = Work { threads, unit, memory: (unit == 1).then_some(1) };
    let outcome = match purpose {
        Purpose::Invoices | Purpose::Check => match given.job.kind {
            Kind::Invoice => run(&given.job, false, work, &()),
            Kind::Reconcile => reconcile(&given.job, false, work, &()),
            Kind::WhatIf => what_if(&given.job, false, work, &()),
        },
        Purpose::Offers => offers(&given.job, false, work, &()),
    };
    match outcome {
        Ok(outcome) => (outcome.exit_code(), outcome.text),
        Err(error) => (error.exit_code(), error.to_string()),
    }
}

/// Runs a command in-process, and gives its exit code, its data and its talk.
pub fn typed(words: &[String]) -> (u8, String, String) {
    let words = std::iter::once("termwise").chain(words.iter().map(String::as_str));
    let (exit, printed) = termwise::cli::caught(words.map(Into::into));
    (exit.number(), printed.out, printed.err)
}
