//! The ledger as a reader sees it who knows nothing of the program: the folders of its runs, and what follows from their lines.

use crate::common::Table;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) corrects: String,
    pub(crate) subscription: String,
    pub(crate) charge_start: String,
    /// What two charges of one key have in common if they are the same charge.
    pub(crate) content: String,
    /// In ten-thousandths.
    pub(crate) subtotal: i128,
    pub(crate) currency: String,
    pub(crate) bill_to: String,
    pub(crate) happened: NaiveDate,
    /// Everything but its own ids, sign and reasons.
    rest: Vec<String>,
}

pub(crate) struct Run {
    pub(crate) number: u32,
    pub(crate) kind: String,
    pub(crate) lines: Vec<Line>,
    /// Of each of its files.
    digests: BTreeMap<String, u64>,
}

/// All runs so far, by number, and what their lines come to.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) runs: Vec<Run>,
    lines: HashMap<String, Line>,
    corrected_by: HashMap<String, String>,
    /// Charges that stand, by key.
    standing: BTreeMap<String, String>,
    pub(crate) issued: BTreeSet<String>,
    /// Every renewal that was noticed.
    pub(crate) noticed: BTreeSet<(String, String)>,
}

/// The key of a charge: its id without the number of its billing.
fn key(id: &str) -> &str {
    match id.rsplit_once(':') {
        Some((key, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => key,
        Some(_) | None => id,
    }
}

pub(crate) fn amount(text: &str) -> i128 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = format!("{part:0<4}");
    assert!(part.len() == 4, "an amount of at most four decimals: {text}");
    sign * (whole.parse::<i128>().expect("digits") * 10_000 + part.parse::<i128>().expect("digits"))
}

pub(crate) fn folders(ledger: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(ledger.join("runs")).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

pub(crate) fn digests(folder: &Path) -> BTreeMap<String, u64> {
    let entries =
        fs::read_dir(folder).expect("a run's folder").flatten().filter(|entry| entry.path().is_file());
    let digest = |path: PathBuf| {
        let mut hasher = DefaultHasher::new();
        fs::read(path).expect("a file of a run").hash(&mut hasher);
        hasher.finish()
    };
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), digest(entry.path()))).collect()
}

pub(crate) fn lines(folder: &Path) -> Vec<Line> {
    let table = Table::read(&folder.join("invoice_lines.csv"));
    let place = |name: &str| {
        let found = table.header.iter().position(|column| column == name);
        found.unwrap_or_else(|| panic!("no column {name} in {}", folder.display()))
    };
    let names = [
        "line_id",
        "corrects",
        "subscription_id",
        "charge_type",
        "charge_start",
        "charge_end",
        "product_id",
        "sku_id",
        "quantity",
        "subtotal",
        "currency",
        "bill_to_id",
        "customer_id",
        "happened_at",
    ];
    let places = names.map(place);
    let varies = [
        "invoice_id",
        "line",
        "line_id",
        "corrects",
        "subtotal",
        "effective_unit_price",
        "reasons",
        "cost_subtotal",
        "margin",
    ];
    let others: Vec<usize> =
        (0..table.header.len()).filter(|at| !varies.contains(&table.header[*at].as_str())).collect();
    let line = |row: &Vec<String>| {
        let cells = places.map(|place| row[place].clone());
        let [
            id,
            corrects,
            subscription,
            charge_type,
            start,
            end,
            product,
            sku,
            quantity,
            subtotal,
            currency,
            bill_to,
            customer,
            happened,
        ] = cells;
        let content = format!(
            "{subscription} {charge_type} {start}…{end} {product}:{sku} × {quantity} = {subtotal} {currency}"
        );
        Line {
            id,
            corrects,
            subscription,
            charge_start: start,
            content,
            subtotal: amount(&subtotal),
            currency,
            bill_to: if bill_to.is_empty() { customer } else { bill_to },
            happened: happened.get(..10).and_then(|day| day.parse().ok()).expect("a day"),
            rest: others.iter().map(|place| row[*place].clone()).collect(),
        }
    };
    table.rows.iter().map(line).collect()
}

impl Ledger {
    /// Takes in the runs that are new, and checks each against all before it.
    pub(crate) fn take(&mut self, folder: &Path) -> Result<(), String> {
        let all = folders(folder);
        for (place, path) in all.iter().enumerate() {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let number = place as u32 + 1;
            if name != format!("{number:08}") {
                return Err(format!("run {number} is called {name}: the runs have a gap"));
            }
            if place < self.runs.len() {
                continue;
            }
            let run = self.read(path, number)?;
            self.runs.push(run);
        }
        if all.len() < self.runs.len() {
            return Err(format!("of {} runs only {} are left", self.runs.len(), all.len()));
        }
        Ok(())
    }

    fn read(&mut self, path: &Path, number: u32) -> Result<Run, String> {
        let manifest = fs::read_to_string(path.join("manifest.json")).map_err(|error| error.to_string())?;
        let manifest: serde_json::Value =
            serde_json::from_str(&manifest).map_err(|error| error.to_string())?;
        let told = &manifest["ledger"];
        if told["run"].as_u64() != Some(number.into()) {
            return Err(format!("run {number} calls itself {}", told["run"]));
        }
        let kind = told["kind"].as_str().unwrap_or_default().to_owned();
        let lines = lines(path);
        match kind.as_str() {
            "run" | "reverse" => self.add(&lines).map_err(|error| format!("run {number}: {error}"))?,
            "open" | "close" => {}
            other => return Err(format!("run {number} is of kind {other:?}")),
        }
        let notices = path.join("notices.csv");
        if notices.is_file() {
            let names = ["subscription_id".to_owned(), "renewal_date".to_owned()];
            for row in Table::read(&notices).columns(&names) {
                if !self.noticed.insert((row[0].clone(), row[1].clone())) {
                    return Err(format!("the renewal of {} on {} is noticed twice", row[0], row[1]));
                }
            }
        }
        Ok(Run { number, kind, lines, digests: digests(path) })
    }

    fn add(&mut self, new: &[Line]) -> Result<(), String> {
        for line in new {
            if self.lines.insert(line.id.clone(), line.clone()).is_some() {
                return Err(format!("the line {} is there twice", line.id));
            }
        }
        for line in new.iter().filter(|line| !line.corrects.is_empty()) {
            let Some(of) = self.lines.get(&line.corrects) else {
                return Err(format!("{} corrects {}, which is not there", line.id, line.corrects));
            };
            if line.subtotal != -of.subtotal || line.rest != of.rest {
                return Err(format!("{} is not the exact negative of {}", line.id, of.id));
            }
            // What takes back a reversal is another billing of its key.
            let restores = of.id.ends_with(":reversal") && !line.id.ends_with(":reversal");
            if !restores && line.id != format!("{}:reversal", of.id) {
                return Err(format!("{} reverses {}", line.id, of.id));
            }
            if let Some(other) = self.corrected_by.insert(of.id.clone(), line.id.clone()) {
                return Err(format!("{} is reversed by {other} and by {}", of.id, line.id));
            }
        }
        let mut standing = BTreeMap::new();
        for line in self.lines.values().filter(|line| line.corrects.is_empty() && self.stands(&line.id)) {
            if let Some(other) = standing.insert(key(&line.id).to_owned(), line.id.clone()) {
                return Err(format!("{other} and {} stand both", line.id));
            }
        }
        self.standing = standing;
        let all: i128 = self.lines.values().map(|line| line.subtotal).sum();
        let net: i128 = self.standing.values().map(|id| self.lines[id].subtotal).sum();
        if all != net {
            return Err(format!("what stands comes to {net}, all lines come to {all}"));
        }
        Ok(())
    }

    /// A reversal that is itself reversed undoes nothing.
    fn stands(&self, id: &str) -> bool {
        self.corrected_by.get(id).is_none_or(|by| !self.stands(by))
    }

    /// The charges that stand.
    pub(crate) fn charges(&self) -> impl Iterator<Item = &Line> {
        self.standing.values().map(|id| &self.lines[id])
    }

    pub(crate) fn line(&self, id: &str) -> Option<&Line> {
        self.lines.get(id)
    }

    pub(crate) fn all_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// That nothing that was ever committed has changed since.
    pub(crate) fn is_untouched(&self, ledger: &Path) -> Result<(), String> {
        for run in &self.runs {
            if digests(&ledger.join("runs").join(format!("{:08}", run.number))) != run.digests {
                return Err(format!("a file of run {} has changed", run.number));
            }
        }
        Ok(())
    }
}
