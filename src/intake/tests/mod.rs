//! Small inputs written to a folder of their own, read, and looked at.

mod blocks;
mod csv_quirks;
mod linking;
mod openings;
mod parquet_quirks;
mod price_list;
mod promotions;
mod proposals;

use super::columns::schema_of;
use super::*;
use crate::job::InputFile;
use crate::names::Names;
use std::path::Path;
use tempfile::TempDir;
use termwise_engine::book::Book;
use termwise_engine::findings::Code;
use termwise_engine::policy::Policy;

pub(super) const SUBSCRIPTIONS: &str = "subscription_id,customer_id,product_id,sku_id,market,currency,term,\
                                        billing_cycle,quantity,term_start";
pub(super) const PRICES: &str = "ProductId,SkuId,TermDuration,BillingPlan,Market,Currency,UnitPrice,\
                                 EffectiveStartDate,EffectiveEndDate,Tags";

pub(super) fn policy() -> Policy {
    crate::policy_file::in_force(crate::policy_file::STANDARD, &std::collections::BTreeMap::new())
        .unwrap()
        .policy
}

/// The whole book in one part.
fn whole(folder: &Path) -> Reading {
    Reading {
        threads: 2,
        part_rows: usize::MAX,
        memory: None,
        beside: folder.to_owned(),
        held: Vec::new(),
        policy_words: std::collections::BTreeMap::new(),
    }
}

/// What was read, with the one part that the book is.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) book: Book,
    pub(super) names: Names,
    pub(super) findings: Vec<Finding>,
    pub(super) fates: Vec<(Source, Fate)>,
    pub(super) files: Vec<FileFacts>,
    pub(super) warnings: Vec<Warning>,
    pub(super) intake: Intake,
}

/// A folder of inputs.
pub(in crate::intake) struct Given {
    folder: TempDir,
    pub(in crate::intake) inputs: Inputs,
}

impl Given {
    pub(in crate::intake) fn new() -> Given {
        let folder = TempDir::new().unwrap_or_else(|error| unreachable!("no temporary folder: {error}"));
        Given { folder, inputs: Inputs::default() }
    }

    /// Adds a file to an input; its name's ending says what it is.
    pub(in crate::intake) fn with(mut self, table: Table, name: &str, bytes: impl AsRef<[u8]>) -> Given {
        let path = self.folder.path().join(name);
        assert!(std::fs::write(&path, bytes).is_ok());
        self.inputs.files.entry(table).or_default().push(InputFile { shown: name.to_owned(), path });
        self
    }

    /// Adds a CSV file named after its input.
    pub(in crate::intake) fn csv(self, table: Table, header: &str, rows: &[&str]) -> Given {
        let number = self.inputs.files.get(&table).map_or(0, Vec::len);
        let name =
            format!("{}{}.csv", table.name(), if number == 0 { String::new() } else { number.to_string() });
        let mut text = header.to_owned() + "\n";
        rows.iter().for_each(|row| text += &format!("{row}\n"));
        self.with(table, &name, text)
    }

    pub(super) fn map(mut self, table: Table, ours: &str, theirs: &str) -> Given {
        self.inputs.columns.entry(table).or_default().insert(ours.to_owned(), theirs.to_owned());
        self
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How it is read.
    pub(in crate::intake) fn reading(&self) -> Reading {
        whole(self.folder())
    }

    pub(super) fn try_read(&self) -> Result<Read, IntakeError> {
        let intake = super::read(&self.inputs, &policy(), &whole(self.folder()), &())?;
        let part = intake.take_part(0)?;
        let (mut findings, mut fates) = (part.findings, part.fates);
        findings.extend(&intake.findings);
        fates.extend(&intake.fates);
        findings.sort_unstable_by_key(|finding| {
            (finding.source, finding.column, finding.code, finding.disposition)
        });
        fates.sort_unstable();
        let (files, warnings) = (intake.files.clone(), intake.warnings.clone());
        Ok(Read { book: part.book, names: part.names, findings, fates, files, warnings, intake })
    }

    pub(super) fn read(&self) -> Read {
        self.try_read().unwrap_or_else(|error| unreachable!("{error}"))
    }

    pub(super) fn refusal(&self) -> IntakeError {
        match self.try_read() {
            Ok(_) => unreachable!("the inputs were read"),
            Err(error) => error,
        }
    }

    /// Findings as `table:row:column code disposition`.
    pub(super) fn findings(&self) -> Vec<String> {
        let read = self.read();
        // Whatever is found can also be shown.
        let shown = read.intake.excerpts(&self.inputs, &read.findings);
        assert_eq!(shown.map(|rejects| rejects.len()), Ok(read.findings.len()));
        read.findings.iter().map(shown_finding).collect()
    }
}

pub(in crate::intake) fn shown_finding(finding: &Finding) -> String {
    let Finding { source, disposition, code, column } = finding;
    format!("{}:{}:{column} {code} {}", source.table.name(), source.row, disposition.name())
}

/// A customers file of one column pair, to look at reading as such.
pub(super) fn customers(bytes: impl AsRef<[u8]>) -> Given {
    Given::new().with(Table::Customers, "customers.csv", bytes)
}

pub(super) fn refused(given: &Given) -> (u8, String) {
    let error = given.refusal();
    assert!(!error.hint().is_empty());
    (error.exit_code(), error.to_string())
}

#[test]
fn the_order_of_columns_is_the_order_of_the_contract() {
    // A proposal is no table.
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Proposal).chain([Table::Requests]) {
        let schema = schema_of(table);
        assert_eq!(schema.table, table);
        let names: BTreeMap<&str, usize> =
            schema.columns.iter().map(|column| (column.name, column.index)).collect();
        assert_eq!(names.len(), schema.columns.len(), "{} names a column twice", table.name());
        assert!(schema.columns.iter().enumerate().all(|(index, column)| column.index == index));
        let known = crate::job::columns(table);
        assert!(
            known.iter().all(|name| names.contains_key(name)),
            "a job may rename what {} lacks",
            table.name()
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let mut given = customers("customer_id,market\nA,NL\n");
    for file in given.inputs.files.values_mut().flatten() {
        file.path.set_extension("gone.csv");
    }
    assert_eq!(refused(&given), (66, "customers.csv: there is no such file".to_owned()));
    let folder = given.folder().join("folder.csv");
    assert!(std::fs::create_dir(&folder).is_ok());
    for file in given.inputs.files.values_mut().flatten() {
        file.path.clone_from(&folder);
    }
    assert_eq!(refused(&given).0, 66);
    let other = Given::new().with(Table::Customers, "customers.xlsx", "PK");
    assert_eq!(refused(&other).0, 65);
}

#[test]
fn facts_of_a_file() {
    let text = "\u{feff}customer_id,market\r\nA,NL\r\n\r\nB,BE\r\n";
    let read = customers(text).read();
    let [facts] = read.files.as_slice() else { unreachable!("{:?}", read.files) };
    assert_eq!((facts.rows, facts.blank_lines, facts.bytes), (2, 1, text.len() as u64));
    assert_eq!(facts.hash, blake3::hash(text.as_bytes()).to_hex().to_string());
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
}
