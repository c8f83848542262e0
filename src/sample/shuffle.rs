//! A shuffled table: its rows in an order that says nothing of their customers.
//!
//! Each row is thrown onto one of some piles, which lie in files; then each pile is shuffled by itself and put after the
//! one before it. Every order of the rows is equally likely, and no more than a pile is held in memory.

use super::SampleError;
use super::dice::Dice;
use super::write::TableWriter;
use csv::StringRecord;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Enough that a pile of ten million rows is small, and few enough for several tables to have their files open.
const PILES: u32 = 64;

/// The rows of a table that is to be shuffled.
pub(crate) struct Shuffler {
    dir: PathBuf,
    dice: Dice,
    piles: Vec<csv::Writer<File>>,
}

impl Shuffler {
    /// Starts the piles, in files below `dir` that no name leads to and that are gone when they are closed.
    pub(crate) fn create(dir: &Path, dice: Dice) -> Result<Shuffler, SampleError> {
        let pile = |_| {
            let file = tempfile::tempfile_in(dir).map_err(|source| SampleError::io(dir, source))?;
            Ok(csv::WriterBuilder::new().has_headers(false).from_writer(file))
        };
        let piles = (0..PILES).map(pile).collect::<Result<_, SampleError>>()?;
        Ok(Shuffler { dir: dir.to_owned(), dice, piles })
    }

    /// Throws a row onto a pile.
    pub(crate) fn add<T: AsRef<str>>(&mut self, cells: &[T]) -> Result<(), SampleError> {
        let pile = usize::try_from(self.dice.below(PILES)).unwrap_or(0);
        self.piles[pile]
            .write_record(cells.iter().map(|cell| cell.as_ref().as_bytes()))
            .map_err(|source| SampleError::csv(&self.dir, source))
    }

    /// Writes all rows, pile by pile.
    pub(crate) fn pour(self, into: &mut TableWriter) -> Result<(), SampleError> {
        self.pour_instead(|_| true, &[], into)
    }

    /// Writes the rows that are wanted in the end, and others among them.
    pub(crate) fn pour_instead(
        mut self,
        is_wanted: impl Fn(&StringRecord) -> bool,
        others: &[Vec<String>],
        into: &mut TableWriter,
    ) -> Result<(), SampleError> {
        let thrown: Vec<u32> = others.iter().map(|_| self.dice.below(PILES)).collect();
        let Shuffler { dir, mut dice, piles } = self;
        for (number, pile) in (0..).zip(piles) {
            let mut rows = read_back(pile, &dir)?;
            rows.retain(&is_wanted);
            let here = thrown.iter().zip(others).filter(|(pile, _)| **pile == number);
            rows.extend(here.map(|(_, row)| StringRecord::from(row.clone())));
            // From the last place down, each place gets one of the rows that have none yet.
            for place in (1..rows.len()).rev() {
                let count = u32::try_from(place + 1).unwrap_or(u32::MAX);
                rows.swap(place, usize::try_from(dice.below(count)).unwrap_or(place));
            }
            for row in rows {
                into.row(&row.iter().collect::<Vec<&str>>())?;
            }
        }
        Ok(())
    }
}

fn read_back(pile: csv::Writer<File>, dir: &Path) -> Result<Vec<StringRecord>, SampleError> {
    let mut file = pile.into_inner().map_err(|error| SampleError::io(dir, error.into_error()))?;
    file.seek(SeekFrom::Start(0)).map_err(|source| SampleError::io(dir, source))?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
    reader.records().collect::<Result<_, _>>().map_err(|source| SampleError::csv(dir, source))
}
