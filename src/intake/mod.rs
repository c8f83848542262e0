//! Intake: files become a book in parts, a catalog and names, and what is wrong with them becomes findings.
//!
//! A row with a wrong cell is a **finding** and the run goes on: `subscriptions.csv:3:term_end` can't be read, so that
//! subscription is parked. A file that can't be trusted as a whole (a required column missing, a quote left open, bytes
//! that do not hold together) is one [`IntakeError`] and nothing is billed.
//!
//! Every file is read once, by as many threads as there are: CSV block by block, Parquet row group by row group. Each row is
//! read, packed and put into the [part](parts) of its customer; events find the part of their subscription by its id. When all
//! is read the texts that the run shares are ranked, the catalog is made, and each part can be linked on its own.
//!
//! CSV, Parquet and the vendor's JSON all become rows of cells, which go through the same grammars, so the same content gives
//! the same book, names and findings. Texts become ids that are ranked by their bytes, so the order of arrival never shows.
//!
//! # What is deliberately absent
//! No rule of billing, no price look-up, no window: what a rule says about a row that can be read is the engine's. No
//! type inference: a column is what the contract says. No trimming, no default for a cell that is there and wrong.

mod batch;
mod bounds;
mod cell;
mod coded;
mod columns;
mod csv_blocks;
mod csv_file;
mod desk;
mod error;
mod event_rows;
mod events;
mod excerpts;
mod files;
mod guard;
mod ids;
mod index;
mod json_file;
mod link;
mod memo;
mod offer_ids;
mod offers;
mod openings;
mod order;
mod parquet_file;
mod parties;
mod parts;
mod prices;
mod promotions;
mod proposals;
mod reading;
mod requests;
mod row;
mod subscriptions;
mod texts;
mod typed;
pub mod vendor;
mod words;
mod worker;

#[cfg(test)]
mod tests;

pub use error::{IntakeError, Warning};
pub use link::Part;
pub use offer_ids::{Card, OfferNames};
pub use offers::{OfferIntake, read_offers};
pub use proposals::{Change, Proposal};
pub use reading::{decode, read};
pub use requests::Request;

use crate::job::{InputFile, Inputs};
use crate::names::{Reject, SharedNames};
use index::{Index, Place};
use link::Linking;
use openings::Openings;
use order::Order;
use parts::Parts;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use termwise_engine::catalog::Catalog;
use termwise_engine::findings::{Fate, Finding, Source, Table};
use termwise_engine::policy::Policy;
use termwise_engine::timeline::World;

/// How the reading is done; it shows in no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Threads that read side by side.
    pub threads: usize,
    /// Subscriptions of a part, about.
    pub part_rows: usize,
    /// Bytes of packed rows that are held in memory; none: all.
    pub memory: Option<u64>,
    /// The folder for what does not fit.
    pub beside: PathBuf,
    /// The settings of the policy in force, as words, which proposals change (R70).
    pub policy_words: BTreeMap<String, String>,
    /// Promotions that a ledger holds terms to, whether or not the promotions file still has them (R62).
    pub held: Vec<String>,
}

/// Everything that was read.
#[derive(Debug)]
pub struct Intake {
    /// What prices are made of.
    pub catalog: Catalog,
    /// The texts that the whole run shares.
    pub shared: Arc<SharedNames>,
    /// What is wrong with rows as they stand, by table, file, row, column and code; more is found when parts are linked.
    pub findings: Vec<Finding>,
    /// What becomes of those rows, by table, file and row; a row stands here once.
    pub fates: Vec<(Source, Fate)>,
    /// What each file is, by table and number.
    pub files: Vec<FileFacts>,
    /// What is odd and stops nothing.
    pub warnings: Vec<Warning>,
    /// What is asked about, in the order of its rows; none where no command names a file of requests.
    pub requests: Vec<Request>,
    /// What is proposed, in the order of the files' names.
    pub proposals: Vec<Proposal>,
    /// How long the reading of each file took, and what came between.
    pub timings: Vec<(String, Duration)>,
    policy: Policy,
    has_customers: bool,
    parts: Parts,
    orders: Vec<Order>,
    index: Index,
    openings: Openings,
    trails: Trails,
    /// Files that no job names, but proposals do.
    named: Vec<InputFile>,
}

/// How to find the rows of each file again.
type Trails = BTreeMap<(Table, u16), files::Trail>;

/// What a file is, for the manifest.
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
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
    /// What is odd about it; also in [`Intake::warnings`].
    pub warnings: Vec<Warning>,
}

/// Who wants to know how far the reading is.
pub trait Progress: Sync {
    /// A file of so many bytes is opened.
    fn file(&self, shown: &str, bytes: u64);
    /// About so many of its rows have been read.
    fn rows(&self, shown: &str, rows: u64);
}

/// Nobody wants to know.
impl Progress for () {
    fn file(&self, _shown: &str, _bytes: u64) {}
    fn rows(&self, _shown: &str, _rows: u64) {}
}

impl Intake {
    /// How many parts the book has: stretches of customers, in the order of their ids.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// How many rows of subscriptions were read.
    pub fn subscriptions(&self) -> u64 {
        self.files.iter().filter(|file| file.table == Table::Subscriptions).map(|file| file.rows).sum()
    }

    /// A part of the book, linked; its packed rows are gone then.
    ///
    /// # Errors
    /// What was put out to the disk does not come back.
    pub fn take_part(&self, number: usize) -> Result<Part, IntakeError> {
        link::link(&self.parts.take(number)?, self.linking())
    }

    /// The number of the part that a customer's rows are in, if it has any.
    pub fn part_of(&self, customer: &str) -> usize {
        self.parts.part_of(customer)
    }

    /// Whether a row of the book is a subscription's own, readable or not; that an upgrade names it is none.
    pub fn has_row(&self, subscription: &str) -> bool {
        match self.index.place(subscription) {
            Place::Part(_) | Place::Unread => true,
            Place::Unknown => false,
        }
    }

    /// The part that a subscription's rows are in, if they can be read.
    ///
    /// # Errors
    /// What was put out to the disk does not come back.
    pub fn part_with(&self, subscription: &str) -> Result<Option<Part>, IntakeError> {
        match self.openings.place(&self.index, subscription) {
            Place::Part(number) => link::link(&self.parts.look(number)?, self.linking()).map(Some),
            Place::Unknown | Place::Unread => Ok(None),
        }
    }

    /// The worlds of a what-if: today's under a policy, and one for each proposal (R71).
    pub fn worlds<'a>(&'a self, policy: &'a Policy) -> Vec<World<'a>> {
        let today = World { catalog: &self.catalog, policy };
        let proposed = self.proposals.iter();
        let proposed = proposed.map(|one| World { catalog: &one.catalog, policy: &one.policy.policy });
        [today].into_iter().chain(proposed).collect()
    }

    fn linking(&self) -> Linking<'_> {
        Linking {
            orders: &self.orders,
            shared: &self.shared,
            catalog: &self.catalog,
            policy: &self.policy,
            index: &self.index,
            openings: &self.openings,
            has_customers: self.has_customers,
        }
    }

    /// Each finding once, with its file, key, cell and row, sorted by table, file, row, column and code.
    ///
    /// # Errors
    /// A file is no longer what it was when it was read.
    pub fn excerpts(&self, inputs: &Inputs, findings: &[Finding]) -> Result<Vec<Reject>, IntakeError> {
        if self.named.is_empty() {
            return excerpts::excerpts(inputs, &self.trails, findings);
        }
        let mut inputs = inputs.clone();
        inputs.files.insert(Table::ProposedPrices, self.named.clone());
        excerpts::excerpts(&inputs, &self.trails, findings)
    }
}
