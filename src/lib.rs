//! The program around the engine: what is read, written, typed and told.
//!
//! Floors, from the ground up; a module uses only what is declared before it.

pub(crate) mod locks;

pub mod names;

pub mod policy_file;

pub mod job;

pub(crate) mod parcel;

pub mod intake;

pub mod output;

pub mod ledger;

#[cfg(feature = "reports")]
pub mod reports;

pub mod sample;

pub mod runs;

pub mod cli;
