//! STAND-IN: what the intake is called and gives, until it is merged.
//!
//! At the merge this file goes, with `pub mod pending` in `runs`:
//!
//! ```console
//! $ rm src/runs/pending.rs && sed -i '/pub mod pending;/d' src/runs/mod.rs
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

    /// Who wants to know how far the reading is.
    pub trait Progress {
        /// A file of so many bytes is opened.
        fn file(&self, shown: &str, bytes: u64);
        /// So many of its rows have been read.
        fn rows(&self, shown: &str, rows: u64);
    }

    impl Progress for () {
        fn file(&self, _shown: &str, _bytes: u64) {}
        fn rows(&self, _shown: &str, _rows: u64) {}
    }

    /// What a file is.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct FileFacts {
        /// The input that it belongs to.
        pub table: Table,
        /// Its number among the files of the input.
        pub file: u16,
        /// As the job names it.
        pub shown: String,
        /// Data rows.
        pub rows: u64,
        /// Lines without a character.
        pub blank_lines: u64,
        /// Its size.
        pub bytes: u64,
        /// Its hash, in hexadecimal.
        pub hash: String,
        /// What is odd about it.
        pub warnings: Vec<String>,
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
        /// What becomes of each row that the engine does not settle.
        pub fates: Vec<(Source, Fate)>,
        /// What each file is.
        pub files: Vec<FileFacts>,
        /// What is odd and stops nothing.
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
        pub fn exit_code(&self) -> u8 {
            66
        }

        /// What to do about it.
        pub fn hint(&self) -> &str {
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
        let _ = (inputs, findings);
        Ok(Vec::new())
    }
}
