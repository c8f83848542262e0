//! STAND-INS: what the intake, the output and the sample are called and give, until they are merged.
//!
//! At the merge this file goes, with `pub mod pending` in `runs`, and every `crate::runs::pending::` becomes `crate::`:
//!
//! ```console
//! $ sed -i 's/crate::runs::pending::/crate::/' src/runs/*.rs src/cli/*.rs
//! ```

/// Stands in for `crate::intake`.
pub mod intake {
    use crate::job::Inputs;
    use crate::names::{Names, Reject};
    use termwise_engine::book::Book;
    use termwise_engine::catalog::Catalog;
    use termwise_engine::findings::{Fate, Finding, Source, Table};
    use termwise_engine::policy::Policy;

    /// Who is told how far reading is.
    pub trait Progress: Sync {
        /// A stage begins that has so many parts.
        fn begin(&self, stage: &str, total: u64);
        /// So many parts more are done.
        fn advance(&self, by: u64);
    }

    /// A file that was read.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct FileRead {
        /// As the job names it.
        pub shown: String,
        /// Which input it is.
        pub table: Table,
        /// Its number among the files of that input.
        pub file: u16,
        /// Data rows.
        pub rows: u64,
        /// Its length.
        pub bytes: u64,
        /// Its hash, in hex.
        pub hash: String,
        /// Lines without anything, which are no rows.
        pub blank_lines: u64,
    }

    /// Everything that was read.
    #[derive(Debug)]
    pub struct Intake {
        /// What can be billed.
        pub book: Book,
        /// What prices are made of.
        pub catalog: Catalog,
        /// The texts behind the ids.
        pub names: Names,
        /// What is wrong with rows.
        pub findings: Vec<Finding>,
        /// What became of rows that did not come into the book.
        pub fates: Vec<(Source, Fate)>,
        /// The files.
        pub files: Vec<FileRead>,
        /// What else to know.
        pub warnings: Vec<String>,
    }

    /// An input that no run may trust.
    #[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
    #[error("{what}")]
    pub struct IntakeError {
        /// What is wrong.
        pub what: String,
    }

    impl IntakeError {
        /// The exit code of the contract.
        pub const fn exit_code(&self) -> u8 {
            66
        }

        /// What to do about it.
        pub const fn hint(&self) -> &str {
            "merge the intake"
        }
    }

    /// Reads every input.
    ///
    /// # Errors
    /// An input is refused as a whole.
    pub fn read(inputs: &Inputs, policy: &Policy, progress: &dyn Progress) -> Result<Intake, IntakeError> {
        let _ = (inputs, policy, progress);
        Err(IntakeError { what: "this build has no intake".to_owned() })
    }

    /// Findings with the texts of their rows.
    ///
    /// # Errors
    /// A file can't be read again.
    pub fn excerpts(inputs: &Inputs, findings: &[Finding]) -> Result<Vec<Reject>, IntakeError> {
        let shown = |finding: &Finding| {
            let files = inputs.files.get(&finding.source.table);
            let file = files.and_then(|files| files.get(usize::from(finding.source.file)));
            file.map_or_else(|| finding.source.table.name().to_owned(), |file| file.shown.clone())
        };
        let reject = |finding: &Finding| Reject {
            finding: *finding,
            file: shown(finding),
            key: String::new(),
            value: String::new(),
            excerpt: String::new(),
        };
        Ok(findings.iter().map(reject).collect())
    }
}

/// Stands in for `crate::output`.
pub mod output {
    use crate::job::Job;
    use crate::names::{Names, Reject};
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};
    use std::time::Duration;
    use termwise_engine::book::Book;
    use termwise_engine::findings::{Fate, NotDue, Source, Table};
    use termwise_engine::invoicing::Invoiced;
    use termwise_engine::workings::Renewal;

    /// What is known of an input file once it is read.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct FileFacts {
        /// As the job names it.
        pub shown: String,
        /// Which input it is.
        pub table: Table,
        /// Its number among the files of that input.
        pub file: u16,
        /// Data rows.
        pub rows: u64,
        /// Its length.
        pub bytes: u64,
        /// Its hash, in hex.
        pub hash: String,
        /// Lines without anything, which are no rows.
        pub blank_lines: u64,
    }

    /// How many rows of each file met each fate.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct Counts(BTreeMap<(Table, u16), BTreeMap<Fate, u64>>);

    impl Counts {
        /// Adds another part of the run.
        pub fn add(&mut self, other: &Counts) {
            for (&file, fates) in &other.0 {
                for (&fate, &rows) in fates {
                    *self.0.entry(file).or_default().entry(fate).or_default() += rows;
                }
            }
        }

        /// What became of a file's rows.
        pub fn of(&self, file: &FileFacts) -> Dispositions {
            let mut found = Dispositions { rows: file.rows, ..Dispositions::default() };
            for (&fate, &rows) in self.0.get(&(file.table, file.file)).into_iter().flatten() {
                match fate {
                    Fate::Billed => found.billed += rows,
                    Fate::NotDue(reason) => *found.not_due.entry(reason).or_default() += rows,
                    Fate::Set(_) => found.rejected += rows,
                }
            }
            found
        }
    }

    impl FromIterator<(Source, Fate)> for Counts {
        fn from_iter<I: IntoIterator<Item = (Source, Fate)>>(rows: I) -> Counts {
            let mut counts = Counts::default();
            for (source, fate) in rows {
                let fates = counts.0.entry((source.table, source.file)).or_default();
                *fates.entry(fate).or_default() += 1;
            }
            counts
        }
    }

    /// What became of the rows of a file.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct Dispositions {
        /// Rows in the file.
        pub rows: u64,
        /// Rows that made or changed a line or a renewal.
        pub billed: u64,
        /// Rows that nothing came of, by reason.
        pub not_due: BTreeMap<NotDue, u64>,
        /// Rows that stand in rejects.csv.
        pub rejected: u64,
    }

    impl Dispositions {
        /// Rows that stand in rejects.csv.
        pub const fn set_aside(&self) -> u64 {
            self.rejected
        }
    }

    /// Everything that a run tells.
    #[derive(Clone, Copy, Debug)]
    pub struct Report<'a> {
        /// The job.
        pub job: &'a Job,
        /// What was billed from.
        pub book: &'a Book,
        /// The texts behind the ids.
        pub names: &'a Names,
        /// The input files, by table and number.
        pub files: &'a [FileFacts],
        /// What became of their rows.
        pub counts: &'a Counts,
        /// Lines, invoices and totals.
        pub invoiced: &'a Invoiced,
        /// Renewals, in any order.
        pub renewals: &'a [Renewal],
        /// What stands in rejects.csv, in any order.
        pub rejects: &'a [Reject],
        /// What else to know.
        pub notes: &'a [String],
        /// How long each step took.
        pub timings: &'a [(String, Duration)],
    }

    /// Where the output of a run is.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub enum Published {
        /// This run put it there.
        Now {
            /// The folder.
            folder: PathBuf,
            /// The digest over its files.
            digest: String,
        },
        /// It was there already.
        AlreadyThere {
            /// The folder.
            folder: PathBuf,
            /// The digest over its files.
            digest: String,
        },
    }

    impl Published {
        /// The folder.
        pub fn folder(&self) -> &Path {
            match self {
                Published::Now { folder, .. } | Published::AlreadyThere { folder, .. } => folder,
            }
        }
    }

    /// Why nothing was published.
    #[derive(Debug, thiserror::Error)]
    #[error("{what}")]
    pub struct OutputError {
        /// What is wrong.
        pub what: String,
    }

    impl OutputError {
        /// The exit code of the contract.
        pub const fn exit_code(&self) -> u8 {
            73
        }
    }

    /// Proves the laws that hold for every run, without writing anything.
    ///
    /// # Errors
    /// The first law that does not hold.
    pub fn prove(report: &Report<'_>) -> Result<(), OutputError> {
        let _ = report;
        Ok(())
    }

    /// Publishes a run.
    ///
    /// # Errors
    /// Nothing was published, and why.
    pub fn publish(report: &Report<'_>) -> Result<Published, OutputError> {
        let _ = report;
        Err(OutputError { what: "this build has no output".to_owned() })
    }

    /// A finding as the screen shows it.
    pub fn diagnostic(reject: &Reject) -> String {
        let finding = &reject.finding;
        format!("{}:{}:{}: error[{}]", reject.file, finding.source.row, finding.column, finding.code)
    }

    /// Stands in for `crate::output::summary`.
    pub mod summary {
        use super::Report;

        /// The summary as text; `place` says where the output is.
        pub fn text(report: &Report<'_>, place: &str) -> String {
            let window = report.job.window.billed;
            format!(
                "{} to {}: {} lines\noutput: {place}\n",
                window.first,
                window.last,
                report.invoiced.lines.len()
            )
        }

        /// The summary as JSON; `place` says where the output is.
        pub fn json(report: &Report<'_>, place: &str) -> serde_json::Value {
            serde_json::json!({ "lines": report.invoiced.lines.len(), "output": place })
        }
    }
}

/// Stands in for `crate::sample`.
pub mod sample {
    use std::path::Path;

    /// What is asked for.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Request {
        /// Subscriptions in the book; bad rows come on top.
        pub subscriptions: u64,
        /// Same seed, same bytes.
        pub seed: u64,
        /// How the inputs are written.
        pub format: Format,
        /// Whether to plant one row of each fault.
        pub bad_rows: bool,
        /// What the book holds.
        pub profile: Profile,
    }

    /// How the inputs are written.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum Format {
        /// Plain text.
        Csv,
        /// Columns.
        Parquet,
    }

    /// What the book holds.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum Profile {
        /// Every rule.
        Full,
        /// Only what SQL can compare.
        Plain,
    }

    /// A file that was written.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Written {
        /// Its name below the folder.
        pub file: String,
        /// Its data rows.
        pub rows: u64,
    }

    /// Why a sample could not be written.
    #[derive(Debug, thiserror::Error)]
    #[error("{what}")]
    pub struct SampleError {
        /// What is wrong.
        pub what: String,
    }

    /// Writes every input and `job.toml` below `out`.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn write_sample(out: &Path, request: &Request) -> Result<Vec<Written>, SampleError> {
        let _ = (out, request);
        Err(SampleError { what: "this build has no sample".to_owned() })
    }
}
