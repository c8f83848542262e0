//! The parts of the book: stretches of customers, in the order of their ids, each held as packed rows until its turn.
//!
//! A part is what is linked, billed and forgotten at a time. Its bounds are customers that a sample of the files found at even
//! distances; they show in no result, since parts follow one another in the order of customers. What does not fit the memory
//! that the run was given goes to a file without a name beside the output, and comes back when its part's turn has come.

use super::error::IntakeError;
use crate::locks::locked;
use crate::parcel::Packing;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of one part that a worker collects before it hands them over.
const CHUNK_BYTES: usize = 32 << 10;
/// What an error of the spill file names.
const SPILL: &str = "the file that the book is cut to";

/// Packed rows, and the worker whose provisional ids stand in them.
pub(super) type Packed = (u16, Box<[u8]>);

/// Rows of one part that one worker packed.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Which worker: its provisional ids stand in them.
    pub worker: u16,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Here(Box<[u8]>),
    /// In the spill file, from a place on, with a checksum.
    There {
        start: u64,
        length: usize,
        hash: blake3::Hash,
    },
}

/// All parts.
#[derive(Debug)]
pub(super) struct Parts {
    /// The first customer of each part but the first.
    bounds: Vec<Box<str>>,
    chunks: Vec<Mutex<Vec<Chunk>>>,
    memory: Memory,
    spill: Mutex<Option<Spill>>,
}

/// How much may be held in memory, and where the rest goes.
#[derive(Debug)]
pub(super) struct Memory {
    /// Bytes; none: no bound.
    pub bytes: Option<u64>,
    /// The folder for what does not fit.
    pub beside: PathBuf,
    held: AtomicU64,
}

impl Memory {
    /// So many bytes in memory, and the rest in a file of this folder.
    pub(super) fn new(bytes: Option<u64>, beside: &Path) -> Memory {
        Memory { bytes, beside: beside.to_owned(), held: AtomicU64::new(0) }
    }
}

#[derive(Debug)]
struct Spill {
    file: File,
    end: u64,
}

impl Parts {
    /// Parts with these first customers, in order; the first part begins before all of them.
    pub(super) fn new(bounds: Vec<Box<str>>, memory: Memory) -> Parts {
        let chunks = (0..=bounds.len()).map(|_| Mutex::default()).collect();
        Parts { bounds, chunks, memory, spill: Mutex::new(None) }
    }

    /// How many parts.
    pub(super) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// The part of a customer.
    pub(super) fn part_of(&self, customer: &str) -> usize {
        self.of(customer, 0)
    }

    /// The part of a customer; `last` is where the customer before was, which often is the same.
    fn of(&self, customer: &str, last: usize) -> usize {
        let begins = last.checked_sub(1).is_none_or(|before| *self.bounds[before] <= *customer);
        if begins && self.bounds.get(last).is_none_or(|next| *customer < **next) {
            return last;
        }
        self.bounds.partition_point(|bound| **bound <= *customer)
    }

    fn add(&self, part: usize, worker: u16, bytes: &mut Vec<u8>) -> Result<(), IntakeError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let length = bytes.len() as u64;
        let held = self.memory.held.fetch_add(length, Ordering::Relaxed) + length;
        let held = if self.memory.bytes.is_some_and(|bound| held > bound) {
            self.memory.held.fetch_sub(length, Ordering::Relaxed);
            self.put_out(bytes).map_err(|error| spill_failed(&error))?
        } else {
            Held::Here(bytes.as_slice().into())
        };
        bytes.clear();
        locked(&self.chunks[part]).push(Chunk { worker, held });
        Ok(())
    }

    fn put_out(&self, bytes: &[u8]) -> std::io::Result<Held> {
        let mut spill = locked(&self.spill);
        if spill.is_none() {
            // It has no name, so nothing of it is left behind, whatever happens to the run; and no folder is made for it.
            let file = tempfile::tempfile_in(place_beside(&self.memory.beside));
            *spill = Some(Spill { file: file.or_else(|_| tempfile::tempfile())?, end: 0 });
        }
        let Some(Spill { file, end }) = spill.as_mut() else { return Ok(Held::Here(bytes.into())) };
        file.seek(SeekFrom::Start(*end))?;
        file.write_all(bytes)?;
        let held = Held::There { start: *end, length: bytes.len(), hash: blake3::hash(bytes) };
        *end += bytes.len() as u64;
        Ok(held)
    }

    /// The rows of a part, which are gone from here then: of each chunk its worker and bytes.
    pub(super) fn take(&self, part: usize) -> Result<Vec<Packed>, IntakeError> {
        let chunks = std::mem::take(&mut *locked(&self.chunks[part]));
        chunks.into_iter().map(|chunk| self.bytes_of(chunk)).collect()
    }

    /// The rows of a part, which stay here.
    pub(super) fn look(&self, part: usize) -> Result<Vec<Packed>, IntakeError> {
        let chunks = locked(&self.chunks[part]);
        let copy = |chunk: &Chunk| {
            let held = match &chunk.held {
                Held::Here(bytes) => Held::Here(bytes.clone()),
                Held::There { start, length, hash } => {
                    Held::There { start: *start, length: *length, hash: *hash }
                }
            };
            self.bytes_of(Chunk { worker: chunk.worker, held })
        };
        chunks.iter().map(copy).collect()
    }

    fn bytes_of(&self, chunk: Chunk) -> Result<Packed, IntakeError> {
        match chunk.held {
            Held::Here(bytes) => Ok((chunk.worker, bytes)),
            Held::There { start, length, hash } => {
                let bytes = self.bring_in(start, length).map_err(|error| spill_failed(&error))?;
                if blake3::hash(&bytes) == hash {
                    return Ok((chunk.worker, bytes));
                }
                Err(IntakeError::damaged(SPILL, "it reads back as other bytes than were written"))
            }
        }
    }

    fn bring_in(&self, start: u64, length: usize) -> std::io::Result<Box<[u8]>> {
        let mut bytes = vec![0; length];
        if let Some(Spill { file, .. }) = locked(&self.spill).as_mut() {
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut bytes)?;
        }
        Ok(bytes.into())
    }
}

/// The folder of a place that may not be there yet, or the nearest one above it that is.
pub(super) fn place_beside(beside: &Path) -> &Path {
    beside.ancestors().find(|place| place.is_dir()).unwrap_or(Path::new("."))
}

fn spill_failed(error: &std::io::Error) -> IntakeError {
    IntakeError::Spill { why: error.to_string() }
}

/// What one worker packs, by part.
#[derive(Debug)]
pub(super) struct Scatter {
    worker: u16,
    packing: Vec<Packing>,
    last: usize,
}

impl Scatter {
    /// Of a worker, for so many parts.
    pub(super) fn new(worker: u16, parts: usize) -> Scatter {
        Scatter { worker, packing: (0..parts).map(|_| Packing::default()).collect(), last: 0 }
    }

    /// The part of a customer.
    pub(super) fn part_of(&mut self, customer: &str, parts: &Parts) -> usize {
        self.last = parts.of(customer, self.last);
        self.last
    }

    /// Packs a row of a part.
    pub(super) fn pack(
        &mut self,
        part: usize,
        parts: &Parts,
        row: impl FnOnce(&mut Packing),
    ) -> Result<(), IntakeError> {
        let packing = &mut self.packing[part];
        row(packing);
        if packing.0.len() >= CHUNK_BYTES {
            parts.add(part, self.worker, &mut packing.0)?;
        }
        Ok(())
    }

    /// Hands over what was packed so far.
    pub(super) fn hand_over(&mut self, parts: &Parts) -> Result<(), IntakeError> {
        for (part, packing) in self.packing.iter_mut().enumerate() {
            parts.add(part, self.worker, &mut packing.0)?;
            packing.0 = Vec::new();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Memory, Parts, Scatter};
    use std::path::Path;

    #[test]
    fn customers_go_to_their_part_and_come_back_from_the_disk() {
        let folder = tempfile::tempdir().map_err(|error| error.to_string());
        let beside = folder.as_ref().map_or(Path::new("."), tempfile::TempDir::path);
        for bound in [None, Some(0), Some(40_000)] {
            let parts = Parts::new(vec!["C-3".into(), "C-6".into()], Memory::new(bound, beside));
            let mut scatter = Scatter::new(1, parts.len());
            for round in 0..10_000_u32 {
                let number = round * 7 % 10;
                let customer = format!("C-{number}");
                let part = scatter.part_of(&customer, &parts);
                assert_eq!(part, [0, 0, 0, 1, 1, 1, 2, 2, 2, 2][number as usize]);
                assert_eq!(scatter.pack(part, &parts, |packing| packing.text(&customer)), Ok(()));
            }
            assert_eq!(scatter.hand_over(&parts), Ok(()));
            let bytes = |part| -> usize {
                let chunks = parts.take(part).unwrap_or_default();
                chunks.iter().map(|(worker, bytes)| bytes.len() * usize::from(*worker)).sum()
            };
            assert_eq!([0, 1, 2].map(bytes), [12_000, 12_000, 16_000]);
            assert_eq!(bytes(0), 0, "what was taken is gone");
        }
    }
}
