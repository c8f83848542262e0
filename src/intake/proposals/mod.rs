//! Proposals: small files that say what somebody wants to change, read like any other input (R70).
//!
//! ```text
//! proposals/plus_5.toml ── grammar ──▶ sketch ──┬─ its price list ── rows of prices ──┐
//!                                               └─ its promotions ── rows ────────────┴─ ranked ──▶ catalog and policy
//! ```
//! A price list that a proposal names goes through the very checks of today's, and a new promotion through those of the promotions
//! file. What is wrong with the proposal itself refuses the run, with every problem and its line; a change that matches nothing
//! is a finding, since the world may have moved on since it was written.

mod grammar;
mod price;
mod sketch;
mod worlds;

pub(super) use sketch::{ProposedRows, Sketch};
pub(super) use worlds::{Ground, settle};

use super::error::IntakeError;
use super::reading::{Reader, SmallRows};
use crate::job::{InputFile, JobError};
use crate::policy_file::InForce;
use std::collections::BTreeMap;
use termwise_engine::catalog::Catalog;
use termwise_engine::findings::Table;

/// A proposal, ready to be rated.
#[derive(Debug)]
pub struct Proposal {
    /// Its file's name without the ending.
    pub name: String,
    /// The file as the job names it.
    pub shown: String,
    /// What it is called.
    pub title: String,
    /// Who proposes it.
    pub author: String,
    /// Why.
    pub why: String,
    /// What prices are made of under it.
    pub catalog: Catalog,
    /// The policy under it.
    pub policy: InForce,
    /// What it changes.
    pub changes: Vec<Change>,
}

/// One change of a proposal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The line of the file that it stands on.
    pub line: u32,
    /// In words.
    pub says: String,
    /// How many keys of price rows, promotions or settings it changes.
    pub matches: u64,
}

/// Reads every proposal of a job and the price lists that they name.
pub(super) fn read(
    reader: &mut Reader<'_>,
    small: &mut SmallRows,
    words: &BTreeMap<String, String>,
) -> Result<Vec<Sketch>, IntakeError> {
    let mut sketches: Vec<Sketch> = Vec::new();
    let mut wrong: Vec<JobError> = Vec::new();
    for (number, file) in reader.files(Table::Proposal) {
        let mut sketch = Sketch::read(number?, file, words)?;
        if let Some(other) = sketches.iter().find(|other| other.name == sketch.name) {
            sketch.refuse_name(&other.shown);
        }
        wrong.extend(sketch.error());
        sketches.push(sketch);
    }
    if !wrong.is_empty() {
        return Err(IntakeError::proposals(wrong));
    }
    for (place, sketch) in sketches.iter_mut().enumerate() {
        small.proposed.push(ProposedRows::default());
        reader.note(sketch.facts());
        for file in sketch.list_files() {
            read_list(reader, small, place, &file)?;
        }
        sketch.add_promotions(small, place);
        wrong.extend(sketch.error());
    }
    if wrong.is_empty() { Ok(sketches) } else { Err(IntakeError::proposals(wrong)) }
}

/// Reads a price list that a proposal puts in the place of today's.
fn read_list(
    reader: &mut Reader<'_>,
    small: &mut SmallRows,
    place: usize,
    file: &InputFile,
) -> Result<(), IntakeError> {
    let number = u16::try_from(reader.named.len())
        .map_err(|_| IntakeError::limit(&file.shown, "proposals name at most 65,536 price lists"))?;
    reader.named.push(file.clone());
    let map = reader.map(Table::PriceList).clone();
    reader.file_by_names(
        (Table::ProposedPrices, number),
        file,
        &map,
        std::slice::from_mut(small),
        &|small: &mut SmallRows, row, source| {
            small.take_proposed(place, row, source);
            Ok(())
        },
        |small| SmallRows::passed_over(small, &file.shown),
    )
}
