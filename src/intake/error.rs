//! Why an input is refused as a whole: one sentence, one thing to do about it, and the exit code.
//!
//! What is wrong with a single row is a [finding](termwise_engine::findings::Finding) and never comes here.

use thiserror::Error;

/// An input that no run may trust. Each prints as one line that begins with the file.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum IntakeError {
    /// The file is not there.
    #[error("{shown}: there is no such file")]
    Missing {
        /// The file as the job names it.
        shown: String,
    },
    /// The file is there and can't be read.
    #[error("{shown}: the file can't be read: {why}")]
    Unreadable {
        /// The file as the job names it.
        shown: String,
        /// What the system says.
        why: String,
    },
    /// The file was written to while it was read.
    #[error("{shown}: the file changed while it was read")]
    Changed {
        /// The file as the job names it.
        shown: String,
    },
    /// A binary file whose bytes do not hold together.
    #[error("{shown}: the file is damaged: {why}")]
    Damaged {
        /// The file as the job names it.
        shown: String,
        /// What the decoder says.
        why: String,
    },
    /// The file can be read, but not be trusted as a table.
    #[error("{}: {what}", place(shown, *row))]
    Refused {
        /// The file as the job names it.
        shown: String,
        /// The data row at which it shows, counted from 1.
        row: Option<u64>,
        /// What is wrong.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// Proposals that say what can't be (R70).
    #[error("{0}")]
    Proposals(String),
    /// What does not fit the memory that the run was given could not be put out to the disk.
    #[error("the book can't be cut to disk: {why}")]
    Spill {
        /// What the system says.
        why: String,
    },
    /// More than this program takes.
    #[error("{shown}: {what}")]
    Limit {
        /// The file as the job names it.
        shown: String,
        /// Which limit.
        what: String,
    },
}

fn place(shown: &str, row: Option<u64>) -> String {
    row.map_or_else(|| shown.to_owned(), |row| format!("{shown}:{row}"))
}

impl IntakeError {
    /// The program's exit code (contract section 1): 65 refused as a whole, 66 missing, unreadable, changed or
    /// damaged, 71 a limit, 74 no room on the disk.
    pub fn exit_code(&self) -> u8 {
        match self {
            IntakeError::Refused { .. } | IntakeError::Proposals(_) => 65,
            IntakeError::Missing { .. }
            | IntakeError::Unreadable { .. }
            | IntakeError::Changed { .. }
            | IntakeError::Damaged { .. } => 66,
            IntakeError::Limit { .. } => 71,
            IntakeError::Spill { .. } => 74,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &str {
        match self {
            IntakeError::Missing { .. } => {
                "correct the path; in a job's [inputs] it counts from the job file's folder, in a proposal from the proposal's"
            }
            IntakeError::Unreadable { .. } => "make it a plain file that this user may read",
            IntakeError::Changed { .. } => {
                "start the run when the export has finished, best under a name it is moved to"
            }
            IntakeError::Damaged { .. } => "export or copy the file again; nothing was billed from it",
            IntakeError::Refused { hint, .. } => hint,
            IntakeError::Proposals(_) => "mend the proposal: nothing was rated",
            IntakeError::Spill { .. } => {
                "make room below the job's outputs.dir, or give the run more --memory"
            }
            IntakeError::Limit { .. } => "split the file: each input of a job takes a list of files",
        }
    }

    /// A file that is refused for what it is as a whole.
    pub(super) fn refused(shown: &str, what: impl Into<String>, hint: impl Into<String>) -> IntakeError {
        IntakeError::Refused { shown: shown.to_owned(), row: None, what: what.into(), hint: hint.into() }
    }

    /// A file that is refused for what shows at one data row.
    pub(super) fn refused_at(
        shown: &str,
        row: u64,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> IntakeError {
        IntakeError::Refused { shown: shown.to_owned(), row: Some(row), what: what.into(), hint: hint.into() }
    }

    /// Everything that is wrong with proposals, each with its line.
    pub(super) fn proposals(wrong: Vec<crate::job::JobError>) -> IntakeError {
        let texts: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        IntakeError::Proposals(texts.join("\n"))
    }

    /// A file whose bytes do not hold together.
    pub(super) fn damaged(shown: &str, why: impl ToString) -> IntakeError {
        IntakeError::Damaged { shown: shown.to_owned(), why: why.to_string() }
    }

    /// A file that the system does not give us.
    pub(super) fn unread(shown: &str, error: &std::io::Error) -> IntakeError {
        if error.kind() == std::io::ErrorKind::NotFound {
            IntakeError::Missing { shown: shown.to_owned() }
        } else {
            IntakeError::Unreadable { shown: shown.to_owned(), why: error.to_string() }
        }
    }

    /// A file above a limit.
    pub(super) fn limit(shown: &str, what: impl Into<String>) -> IntakeError {
        IntakeError::Limit { shown: shown.to_owned(), what: what.into() }
    }
}

/// What is odd about a file and stops nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    text: String,
    /// Whether somebody should look at the file: it may be cut, empty or mistyped. `-q` tells these alone.
    pub is_trouble: bool,
}

impl Warning {
    pub(super) fn trouble(text: String) -> Warning {
        Warning { text, is_trouble: true }
    }

    pub(super) fn remark(text: String) -> Warning {
        Warning { text, is_trouble: false }
    }
}

impl std::ops::Deref for Warning {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text)
    }
}

impl PartialEq<&str> for Warning {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl PartialEq<String> for Warning {
    fn eq(&self, other: &String) -> bool {
        self.text == *other
    }
}
