//! A naive ledger over the engine without one: it lets the simulator be tested before, and apart from, the program's own, with
//! faults that the simulator must find.

mod reading;

use crate::common::Table;
use chrono::{Days, Months, NaiveDate};
use reading::{bill, digest, eventless, hash, mark, said, sorted};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    None,
    /// A cycle's charge is known by the length of the cycle, not by its first day.
    CycleByLength,
    /// A missing row is taken for one that has ended.
    MissingCredited,
    /// What was billed is written down beside the run, after the run was published.
    LedgerAfterRename,
}

pub(crate) struct Model {
    pub(crate) fault: Fault,
}

type Row = Vec<String>;

/// What the command line asks for.
struct Asked<'a> {
    words: &'a [&'a str],
}

impl<'a> Asked<'a> {
    fn of(&self, flag: &str) -> Option<&'a str> {
        let place = self.words.iter().position(|word| *word == flag)?;
        self.words.get(place + 1).copied()
    }

    fn has(&self, flag: &str) -> bool {
        self.words.contains(&flag)
    }
}

/// Lines of all runs of a ledger, and the places of the columns.
struct Held {
    header: Row,
    rows: Vec<Row>,
}

impl Held {
    fn at(&self, name: &str) -> usize {
        self.header.iter().position(|column| column == name).expect("a column")
    }

    fn standing(&self) -> BTreeMap<String, Row> {
        let (id, corrects) = (self.at("line_id"), self.at("corrects"));
        let corrected: BTreeSet<&String> = self.rows.iter().map(|row| &row[corrects]).collect();
        let stands = |row: &&Row| row[corrects].is_empty() && !corrected.contains(&row[id]);
        self.rows.iter().filter(stands).map(|row| (key(&row[id]), row.clone())).collect()
    }

    fn reversal(&self, row: &Row) -> Row {
        let mut row = row.clone();
        let (id, corrects) = (self.at("line_id"), self.at("corrects"));
        row[corrects] = row[id].clone();
        row[id] += ":reversal";
        for name in ["subtotal", "effective_unit_price"] {
            let cell = &mut row[self.header.iter().position(|column| column == name).expect("a column")];
            let is_zero = cell.bytes().all(|byte| matches!(byte, b'0' | b'.'));
            if !is_zero {
                *cell = cell.strip_prefix('-').map_or_else(|| format!("-{cell}"), str::to_owned);
            }
        }
        row
    }
}

fn key(id: &str) -> String {
    let number = id.rsplit_once(':').filter(|(_, last)| last.bytes().all(|byte| byte.is_ascii_digit()));
    number.map_or(id, |(key, _)| key).to_owned()
}

impl Model {
    pub(crate) fn call(&self, folder: &Path, words: &[&str]) -> (u8, String, String) {
        let asked = Asked { words };
        let lock = fs::File::create({
            fs::create_dir_all(folder.join("ledger/runs")).expect("a folder");
            folder.join("ledger/lock")
        });
        if lock.expect("a lock").try_lock().is_err() {
            return (75, String::new(), "locked".into());
        }
        match words[0] {
            "run" => self.run(folder, &asked),
            "reverse" => self.reverse(folder, words[1]),
            "close" => close(folder, asked.of("--period").expect("a period")),
            _ => (0, String::new(), String::new()),
        }
    }

    fn held(&self, folder: &Path, header: &Row) -> Held {
        let runs = if self.fault == Fault::LedgerAfterRename { "billed" } else { "runs" };
        let mut rows = Vec::new();
        for run in sorted(&folder.join("ledger").join(runs)) {
            let is_close = run.join("invoices.csv").exists();
            if !is_close {
                rows.extend(Table::read(&run.join("invoice_lines.csv")).rows);
            }
        }
        Held { header: header.clone(), rows }
    }

    fn run(&self, folder: &Path, asked: &Asked<'_>) -> (u8, String, String) {
        let as_of = asked.of("--as-of").expect("a day");
        let identity = format!("{as_of} {}", digest(&sorted(&folder.join("book"))));
        let marks = sorted(&folder.join("ledger/runs"));
        let last: Vec<String> = marks.iter().map(|run| mark(run)).collect();
        let of_run = last.iter().rfind(|mark| !mark.starts_with("close"));
        if of_run.is_some_and(|mark| mark.ends_with(&identity)) {
            return (0, "the same run".into(), String::new());
        }
        let days = last.iter().filter_map(|mark| mark.strip_prefix("run ")?.get(..10));
        if days.max().is_some_and(|day| day > as_of) {
            return (2, String::new(), "earlier than the ledger".into());
        }
        let (exit, header, new, missing) = self.work(folder, as_of);
        let mut rows: Vec<String> = new.iter().map(|row| row.join(",")).collect();
        rows.insert(0, header.join(","));
        let text = rows.join("\n") + "\n";
        let outputs = format!("{:016x}", hash(&text));
        if asked.of("--approve").is_some_and(|digest| digest != outputs) {
            return (79, String::new(), "another digest".into());
        }
        if asked.has("--draft") {
            return (0, outputs, String::new());
        }
        if asked.has("--dry-run") {
            return (exit, String::new(), String::new());
        }
        let rejects: String = missing.iter().map(|id| format!("missing-from-book,{id}\n")).collect();
        let files = [("invoice_lines.csv", text), ("rejects.csv", format!("code,key\n{rejects}"))];
        self.publish(folder, "run", &format!("run {identity}"), &files);
        (exit, String::new(), String::new())
    }

    /// The exit code, the header, the new lines and who is missing.
    fn work(&self, folder: &Path, as_of: &str) -> (u8, Row, Vec<Row>, BTreeSet<String>) {
        let out = folder.join("model-out");
        drop(fs::remove_dir_all(&out));
        let (exit, billed) = bill(folder, as_of, &out);
        let held = self.held(folder, &billed.header);
        let (id, sub) = (held.at("line_id"), held.at("subscription_id"));
        let same =
            ["subtotal", "quantity", "days", "product_id", "sku_id", "currency"].map(|name| held.at(name));
        let standing = held.standing();
        let subscriptions = Table::read(&folder.join("book/subscriptions.csv"));
        let mut there: BTreeSet<String> = subscriptions.column("subscription_id").into_iter().collect();
        let events = Table::read(&folder.join("book/lifecycle_events.csv"));
        let names = ["subscription_id", "target_subscription_id"].map(str::to_owned);
        let moves = events.columns(&names);
        loop {
            let more = moves
                .iter()
                .find(|row| there.contains(&row[0]) && !there.contains(&row[1]) && !row[1].is_empty());
            let Some(row) = more else { break };
            there.insert(row[1].clone());
        }
        let had: BTreeSet<String> = (sorted(&folder.join("ledger/runs")).iter())
            .map(|run| run.join("book/subscriptions.csv"))
            .filter(|path| path.exists())
            .flat_map(|path| Table::read(&path).column("subscription_id"))
            .collect();
        let rows: BTreeSet<String> = subscriptions.column("subscription_id").into_iter().collect();
        let is_there = |id: &String| rows.contains(id) || (there.contains(id) && !had.contains(id));
        let missing: BTreeSet<String> =
            standing.values().map(|row| row[sub].clone()).filter(|id| !is_there(id)).collect();
        let mut wanted: BTreeMap<String, Row> = BTreeMap::new();
        for mut row in billed.rows {
            if self.fault == Fault::CycleByLength && row[held.at("charge_type")] == "cycleCharge" {
                row[id] = format!("{}:cycleCharge:{}", row[sub], row[held.at("days")]);
                if standing.contains_key(&row[id]) {
                    wanted.insert(row[id].clone(), standing[&row[id]].clone());
                    continue;
                }
            }
            wanted.insert(row[id].clone(), row);
        }
        let starts = subscriptions.columns(&["subscription_id", "term_start"].map(str::to_owned));
        let starts: BTreeMap<String, String> =
            starts.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
        let customer = held.at("customer_id");
        let guarded: BTreeSet<String> = standing
            .values()
            .filter(|row| missing.contains(&row[sub]))
            .map(|row| row[customer].clone())
            .collect();
        let eventless = eventless(folder, &there);
        let says = said(&folder.join("book"));
        let told = sorted(&folder.join("ledger/runs"))
            .iter()
            .rfind(|run| run.join("book").exists())
            .map(|run| said(&run.join("book")));
        let is_left = |row: &Row| {
            let before = starts.get(&row[sub]).is_some_and(|start| row[held.at("charge_start")] < *start);
            let is_same = told.as_ref().is_some_and(|told| told.get(&row[sub]) == says.get(&row[sub]));
            let is_missing = missing.contains(&row[sub]) || (guarded.contains(&row[customer]) && is_same);
            before || eventless.contains(&row[sub]) || (is_missing && self.fault != Fault::MissingCredited)
        };
        let mut new = Vec::new();
        for (key, row) in &standing {
            let is_same =
                wanted.get(key).is_some_and(|want| same.iter().all(|place| want[*place] == row[*place]));
            if !is_same && !is_left(row) {
                new.push(held.reversal(row));
            }
        }
        let gone: BTreeSet<String> = new.iter().map(|row| row[held.at("corrects")].clone()).collect();
        for (key, mut row) in wanted {
            let is_billed = standing.get(&key).is_some_and(|old| !gone.contains(&old[id]));
            if is_billed || eventless.contains(&row[sub]) || missing.contains(&row[sub]) {
                continue;
            }
            let times = held
                .rows
                .iter()
                .filter(|old| old[held.at("corrects")].is_empty() && self::key(&old[id]) == key)
                .count();
            if times > 0 {
                row[id] = format!("{key}:{}", times + 1);
            }
            new.push(row);
        }
        for row in &mut new {
            row[held.at("invoice_id")].clear();
        }
        (if missing.is_empty() { exit } else { 3 }, billed.header, new, missing)
    }

    fn publish(&self, folder: &Path, kind: &str, mark: &str, files: &[(&str, String)]) {
        let staging = folder.join("ledger/staging");
        drop(fs::remove_dir_all(&staging));
        fs::create_dir_all(staging.join("new")).expect("a folder");
        let number = sorted(&folder.join("ledger/runs")).len() + 1;
        for (name, text) in files {
            fs::write(staging.join("new").join(name), text).expect("a file");
        }
        fs::write(staging.join("new/mark"), mark).expect("a file");
        if kind == "run" {
            fs::create_dir(staging.join("new/book")).expect("a folder");
            for file in sorted(&folder.join("book")) {
                fs::copy(&file, staging.join("new/book").join(file.file_name().expect("a name")))
                    .expect("a copy");
            }
        }
        let manifest = format!("{{\"ledger\":{{\"run\":{number},\"kind\":\"{kind}\"}}}}");
        fs::write(staging.join("new/manifest.json"), manifest).expect("a file");
        fs::rename(staging.join("new"), folder.join(format!("ledger/runs/{number:08}"))).expect("a rename");
        if self.fault == Fault::LedgerAfterRename && kind != "close" {
            let beside = folder.join(format!("ledger/billed/{number:08}"));
            fs::create_dir_all(&beside).expect("a folder");
            fs::write(beside.join("invoice_lines.csv"), &files[0].1).expect("a file");
        }
    }

    fn reverse(&self, folder: &Path, number: &str) -> (u8, String, String) {
        let run = folder.join(format!("ledger/runs/{:08}", number.parse::<u32>().expect("a number")));
        let table = Table::read(&run.join("invoice_lines.csv"));
        let held = self.held(folder, &table.header);
        let standing = held.standing();
        let stand: BTreeSet<&String> = standing.values().map(|row| &row[held.at("line_id")]).collect();
        let mut rows = vec![table.header.join(",")];
        for row in table.rows.iter().filter(|row| stand.contains(&row[held.at("line_id")])) {
            rows.push(held.reversal(row).join(","));
        }
        self.publish(folder, "reverse", "reverse", &[("invoice_lines.csv", rows.join("\n") + "\n")]);
        (0, String::new(), String::new())
    }
}

fn close(folder: &Path, period: &str) -> (u8, String, String) {
    let first: NaiveDate = format!("{period}-01").parse().expect("a month");
    let last = (first + Months::new(1) - Days::new(1)).to_string();
    let runs = sorted(&folder.join("ledger/runs"));
    let marks: Vec<String> = runs.iter().map(|run| mark(run)).collect();
    if marks.contains(&format!("close {period}")) {
        return (0, String::new(), String::new());
    }
    if marks
        .iter()
        .filter_map(|mark| mark.strip_prefix("run ")?.get(..10))
        .max()
        .is_none_or(|day| day < last.as_str())
    {
        return (2, String::new(), "not over".into());
    }
    let mut issued = BTreeSet::new();
    let mut open: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut header = Row::new();
    for (run, mark) in runs.iter().zip(&marks) {
        let table = Table::read(&run.join("invoice_lines.csv"));
        let at = |name: &str| table.header.iter().position(|column| column == name).expect("a column");
        for mut row in table.rows.clone() {
            if mark.starts_with("close") {
                issued.insert(row[at("line_id")].clone());
                continue;
            }
            let bill_to = if row[at("bill_to_id")].is_empty() { at("customer_id") } else { at("bill_to_id") };
            row[at("invoice_id")] = format!("{}:{}:{period}", row[bill_to], row[at("currency")]);
            open.entry(row[at("line_id")].clone()).or_default().push(row);
        }
        header = table.header;
    }
    let at = |name: &str| header.iter().position(|column| column == name).expect("a column");
    let mut sums: BTreeMap<String, (i128, usize)> = BTreeMap::new();
    let mut rows = vec![header.join(",")];
    for row in open.into_iter().filter(|(id, _)| !issued.contains(id)).flat_map(|(_, rows)| rows) {
        if row[at("happened_at")].get(..10).is_some_and(|day| day > last.as_str()) {
            continue;
        }
        let sum = sums.entry(row[at("invoice_id")].clone()).or_default();
        *sum = (sum.0 + super::ledger::amount(&row[at("subtotal")]), sum.1 + 1);
        rows.push(row.join(","));
    }
    let mut invoices = String::from("invoice_id,subtotal,lines\n");
    for (id, (sum, lines)) in sums {
        let sign = if sum < 0 { "-" } else { "" };
        invoices += &format!("{id},{sign}{}.{:04},{lines}\n", sum.abs() / 10_000, sum.abs() % 10_000);
    }
    let files = [("invoice_lines.csv", rows.join("\n") + "\n"), ("invoices.csv", invoices)];
    Model { fault: Fault::None }.publish(folder, "close", &format!("close {period}"), &files);
    (0, String::new(), String::new())
}
