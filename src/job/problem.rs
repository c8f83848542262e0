//! What is wrong with a job file or the command line that overrides it.

use std::fmt;
use std::path::PathBuf;

/// Where a setting was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// Nowhere: it is missing from the file.
    File,
    /// On this line of the job file, from 1.
    Line(usize),
    /// On the command line, as it was typed.
    Flag(String),
}

/// One thing that is wrong with a job.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// The key, with its section.
    pub key: String,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong.
    pub says: String,
    /// What to do about it.
    pub hint: String,
}

/// No such key.
pub(super) const UNKNOWN: &str = "job-key-unknown";
/// A key that has to be there.
pub(super) const MISSING: &str = "job-key-missing";
/// A value that a key can't have.
pub(super) const VALUE: &str = "job-value";
/// In the contract, and not in this version.
pub(super) const UNBUILT: &str = "job-not-built";
/// Not TOML.
pub(super) const SYNTAX: &str = "job-syntax";

/// Why there is no job.
#[derive(Debug)]
pub enum JobError {
    /// The file can't be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file or the command line is wrong.
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Everything that is wrong, in the order of the lines.
        problems: Vec<Problem>,
    },
}

impl fmt::Display for JobError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JobError::Unreadable { path, source } => {
                write!(out, "{}: error[job-unreadable]: {source}", path.display())?;
                out.write_str("\n  hint: name a job file, such as jobs/nightly.toml")
            }
            JobError::Wrong { path, problems } => {
                for (number, problem) in problems.iter().enumerate() {
                    if number > 0 {
                        out.write_str("\n")?;
                    }
                    match &problem.place {
                        Place::File => write!(out, "{}:", path.display())?,
                        Place::Line(line) => write!(out, "{}:{line}:", path.display())?,
                        Place::Flag(flag) => write!(out, "{flag}:")?,
                    }
                    let shown =
                        if problem.key.is_empty() { String::new() } else { format!("{}:", problem.key) };
                    write!(out, "{shown} error[{}]: {}", problem.code, problem.says)?;
                    if !problem.hint.is_empty() {
                        write!(out, "\n  hint: {}", problem.hint)?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for JobError {}

/// The known word that is nearest to another, by edits; the first of several.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    known.iter().copied().min_by_key(|known| strsim::osa_distance(&word, &plain(known)))
}
