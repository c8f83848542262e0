//! The ledger: a chain of published runs, which says what was billed, so that a night bills what it lacks and nothing twice
//! (R61 to R66).
//!
//! ```text
//! ledger/lock                     held by the operating system for whoever writes, and dropped however that ends
//! ledger/staging/next/            where a run is made; never true
//! ledger/drafts/2026-11-30-…/     what --draft or a safety bound left; not part of the chain
//! ledger/runs/00000007/           one run: tables, charges.bin, state.bin, and manifest.json with the hash of run 6's
//! ```
//! The one rename that publishes a run is all there is to committing it. Nothing else is kept anywhere, so nothing can
//! disagree with the chain.
//!
//! - [`Ledger`] is the chain: its lock, its proof, its runs.
//! - [charges](Charges) are the lines of a run whole, by subscription, each with the way to the subscription's run before.
//! - the [state](State) is what a night has to know of every subscription: a hash of the facts that it was billed from, a sum
//!   over what stands, and the price that it is pinned to. A night reads it, and goes back into the charges only for those
//!   whose facts have changed.
//!
//! What this deliberately does not do: decide. What is billed, and why, is settled above, in the run that asks.

mod chain;
mod charges;
mod history;
mod packed;
mod state;

pub use chain::{CHARGES, Kind, Ledger, Link, Reader, RunInfo, STATE};
pub use charges::{Block, Charges, ChargesWriter, Group, Groups, Kept, Location, pack_groups};
pub use history::{Billed, Owned, history, standing};
pub use state::{PinRecord, Record, Slot, State, StateError};

use std::path::{Path, PathBuf};

/// Why a ledger can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another run holds its lock.
    #[error("error[ledger-locked]: {}: another run holds the lock\n  hint: wait until it is through; a run that was killed holds none", .0.display())]
    Locked(PathBuf),
    /// It is not what was written.
    #[error("error[ledger-damaged]: {}: {why}\n  hint: nothing is billed until it is mended: restore that folder from a backup, and run `termwise verify`", path.display())]
    Damaged {
        /// Where.
        path: PathBuf,
        /// In what way.
        why: String,
    },
    /// The place can't be used.
    #[error("error[ledger-place]: {}: {why}", path.display())]
    Place {
        /// What.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The system refuses to read or write.
    #[error("error[ledger-io]: {}: {source}\n  hint: `termwise status` tells whether the run was committed; run it again", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What was asked for can't be done to it.
    #[error("error[{code}]: {says}\n  hint: {hint}")]
    Refused {
        /// A stable code.
        code: &'static str,
        /// Why not.
        says: String,
        /// What to do instead.
        hint: String,
    },
}

impl LedgerError {
    /// It is not what was written.
    pub fn damaged(path: &Path, why: impl Into<String>) -> LedgerError {
        LedgerError::Damaged { path: path.to_owned(), why: why.into() }
    }

    /// The system refuses to read or write.
    pub fn io(path: &Path, source: std::io::Error) -> LedgerError {
        LedgerError::Io { path: path.to_owned(), source }
    }

    /// The exit code of the contract.
    pub const fn exit_code(&self) -> u8 {
        match self {
            LedgerError::Locked(_) => 75,
            LedgerError::Damaged { .. } => 76,
            LedgerError::Place { .. } => 73,
            LedgerError::Io { .. } => 74,
            LedgerError::Refused { .. } => 2,
        }
    }
}

/// A text or a record of bytes as a number; what is equal has the same, and what differs has not, but once in 2⁶⁴.
pub fn hash(bytes: &[u8]) -> u64 {
    twox_hash::XxHash64::oneshot(0, bytes)
}
