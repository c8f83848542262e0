//! The runs: what a job does, a page each. Threads are known here and, for reading files and reading them back, in intake
//! and output; the rules know none.

pub mod account;
pub mod answers;
pub mod check;
pub mod eligibility;
pub mod explain;
pub mod floor;
pub mod invoice;
pub mod ledger;
pub mod listing;
pub mod offers;
pub mod promotions;
pub mod reconcile;
pub mod vendor_sample;
#[cfg_attr(not(feature = "reports"), path = "what_if/unbuilt.rs")]
pub mod what_if;

pub mod words;

mod figures;
mod gathered;
mod pipeline;

use crate::intake::{self, IntakeError};
use crate::job::JobError;
use crate::ledger::LedgerError;
use crate::output::OutputError;
use crate::sample::SampleError;

/// Who wants to know how far a run is.
pub trait Progress: intake::Progress + Sync {
    /// A stage begins that has so many parts; 0: nobody knows.
    fn stage(&self, name: &str, parts: u64);
    /// So many parts more are done.
    fn advance(&self, parts: u64);
}

/// Nobody wants to know.
impl Progress for () {
    fn stage(&self, _name: &str, _parts: u64) {}
    fn advance(&self, _parts: u64) {}
}

/// Why a run gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An input is refused as a whole.
    #[error("error: {0}\n  hint: {hint}", hint = .0.hint())]
    Intake(#[from] IntakeError),
    /// The output can't be published.
    #[error("error: {0}")]
    Output(#[from] OutputError),
    /// The ledger can't be used.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    /// A sample can't be written.
    #[error("error: {0}")]
    Sample(#[from] SampleError),
    /// The job of a sample that was just written does not hold.
    #[error("{0}")]
    SampleJob(#[from] JobError),
    /// The system gives no threads.
    #[error("error: no worker threads: {0}\n  hint: ask for fewer with --threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// Sums are wished for, and this build makes none.
    #[cfg(not(feature = "reports"))]
    #[error(
        "error[reports-missing]: this build makes no what-ifs\n  hint: build it with the feature reports"
    )]
    NoWhatIf,
    /// A workbook is wished for, and this build has none.
    #[cfg(not(feature = "reports"))]
    #[error(
        "error[reports-missing]: this build makes no workbooks\n  hint: build it with the feature reports, or write workbook = \"none\" below [outputs]"
    )]
    NoReports,
    /// What was to be explained is not in the inputs.
    #[error(
        "error[subscription-unknown]: no row of the inputs has the subscription {0:?}\n  hint: write the id exactly as in the subscriptions file"
    )]
    NoSuchSubscription(String),
    /// The secret that URLs of offers are made with can't be used.
    #[error(
        "error[secret-unusable]: {shown}: {why}\n  hint: make one with `head -c 32 /dev/urandom | base64 > FILE`, readable by you alone"
    )]
    Secret {
        /// The file, as the job names it.
        shown: String,
        /// Why not.
        why: String,
        /// The exit code: 66 where it can't be read, 65 where it is too short.
        exit: u8,
    },
    /// What was typed is in none of the inputs.
    #[error("error[{what}-unknown]: {by} the {what} {value:?}\n  hint: {hint}")]
    NotKnown {
        /// What was typed.
        what: &'static str,
        /// As it was typed.
        value: String,
        /// Who would have to know it.
        by: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// A what-if of several proposals is explained, and none of them was named.
    #[error(
        "error[proposal-unknown]: two worlds are explained side by side, and --proposal names none\n  hint: add --proposal with one of {0}, or with the path of another file"
    )]
    ProposalNotNamed(String),
}

impl RunError {
    /// The exit code of the contract.
    pub fn exit_code(&self) -> u8 {
        match self {
            RunError::Intake(error) => error.exit_code(),
            RunError::Output(error) => error.exit_code(),
            RunError::Ledger(error) => error.exit_code(),
            RunError::Sample(_) => 74,
            RunError::SampleJob(_) => 70,
            RunError::Threads(_) => 71,
            #[cfg(not(feature = "reports"))]
            RunError::NoReports | RunError::NoWhatIf => 2,
            RunError::NoSuchSubscription(_) | RunError::NotKnown { .. } | RunError::ProposalNotNamed(_) => 2,
            RunError::Secret { exit, .. } => *exit,
        }
    }
}

/// What is written to a CSV writer, as text: for small tables that are printed.
fn csv_text(
    write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error>,
) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    write(&mut writer)?;
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
