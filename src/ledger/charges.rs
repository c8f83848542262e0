//! charges.bin: the lines of a run whole, by subscription, in blocks that can be read one by one.
//!
//! ```text
//! TWCHRG1\n  block block block …  index: of each block its place, length and checksum   number of blocks, place of the index
//! block, unpacked: group group …
//! group: subscription, customer, where the subscription's group before this one is, its charges
//! ```
//! A subscription's groups are a way back through the chain: who wants to know what was billed to it follows them, and reads
//! no run that did not bill it. A group without charges is where the ledger first met its subscription.

use super::{LedgerError, hash, packed};
use crate::output::{Charge, OutputError, SideFile};
use crate::parcel::{Packing, Unpacking};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"TWCHRG1\n";
/// Bytes of groups that make a block: some hundred subscriptions, read in well under a millisecond.
const BLOCK_BYTES: usize = 64 << 10;
/// The fastest level: the texts of a block are very much alike.
const LEVEL: i32 = 1;
/// Place, length and checksum of a block.
const ENTRY: usize = 8 + 4 + 4 + 8;
const TRAILER: usize = 8 + 4;
/// More than any block unpacks to: one subscription of ten thousand lines.
const BLOCK_LIMIT: usize = 64 << 20;

/// Where a group is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Location {
    /// The run; 0: nowhere.
    pub run: u32,
    /// The block in its charges.
    pub block: u32,
}

/// What a run says of a subscription, before it is packed.
#[derive(Debug)]
pub struct Group<'a> {
    /// Which.
    pub subscription: &'a str,
    /// Whose.
    pub customer: &'a str,
    /// The group before this one.
    pub before: Location,
    /// Its charges, as they come in the file.
    pub charges: Vec<Charge<'a>>,
}

/// Some groups, packed one after the other.
#[derive(Debug, Default)]
pub struct Packed {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Packed {
    /// Packs groups.
    pub fn of(groups: &[Group<'_>]) -> Packed {
        let mut packing = Packing::default();
        let mut ends = Vec::with_capacity(groups.len());
        for group in groups {
            packing.text(group.subscription);
            packing.text(group.customer);
            packing.number(group.before.run);
            packing.number(group.before.block);
            packing.number(group.charges.len() as u32);
            group.charges.iter().for_each(|charge| packed::pack(&mut packing, charge));
            ends.push(packing.0.len());
        }
        Packed { bytes: packing.0, ends }
    }
}

/// Writes charges.bin.
pub struct ChargesWriter {
    file: SideFile,
    at: u64,
    index: Vec<u8>,
    blocks: u32,
    /// Groups that are not yet a block.
    waiting: Vec<u8>,
}

impl ChargesWriter {
    /// Begins the file.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(mut file: SideFile) -> Result<ChargesWriter, OutputError> {
        file.write(MAGIC)?;
        let at = MAGIC.len() as u64;
        Ok(ChargesWriter { file, at, index: Vec::new(), blocks: 0, waiting: Vec::new() })
    }

    /// Adds groups, and gives for each the number of the block that it is in. Blocks are cut out of the stream of groups, so
    /// that it does not show how many come at a time.
    ///
    /// # Errors
    /// Writing failed.
    pub fn add(&mut self, groups: &Packed) -> Result<Vec<u32>, OutputError> {
        let mut numbers = Vec::with_capacity(groups.ends.len());
        let mut first = 0;
        for &end in &groups.ends {
            self.waiting.extend_from_slice(&groups.bytes[first..end]);
            first = end;
            numbers.push(self.blocks);
            if self.waiting.len() >= BLOCK_BYTES {
                self.cut()?;
            }
        }
        Ok(numbers)
    }

    /// Writes what waits as a block.
    fn cut(&mut self) -> Result<(), OutputError> {
        let bytes = zstd::bulk::compress(&self.waiting, LEVEL).map_err(OutputError::memory)?;
        self.file.write(&bytes)?;
        self.index.extend_from_slice(&self.at.to_le_bytes());
        self.index.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.index.extend_from_slice(&(self.waiting.len() as u32).to_le_bytes());
        self.index.extend_from_slice(&hash(&bytes).to_le_bytes());
        self.at += bytes.len() as u64;
        self.blocks += 1;
        self.waiting.clear();
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self) -> Result<SideFile, OutputError> {
        if !self.waiting.is_empty() {
            self.cut()?;
        }
        self.file.write(&self.index)?;
        self.file.write(&self.at.to_le_bytes())?;
        self.file.write(&self.blocks.to_le_bytes())?;
        Ok(self.file)
    }
}

/// The charges of a run that was published.
#[derive(Debug)]
pub struct Charges {
    path: PathBuf,
    file: File,
    index: Vec<u8>,
}

/// The bytes of a block, unpressed.
#[derive(Debug)]
pub struct Kept(Vec<u8>);

impl Charges {
    /// Opens the file of a run.
    ///
    /// # Errors
    /// It is not there, or not what was written.
    pub fn open(path: &Path) -> Result<Charges, LedgerError> {
        let failed = |source| LedgerError::io(path, source);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let damaged = || LedgerError::damaged(path, "it does not end as it was written");
        let end = length.checked_sub(TRAILER as u64).ok_or_else(damaged)?;
        let mut trailer = [0; TRAILER];
        file.read_exact_at(&mut trailer, end).map_err(failed)?;
        let mut trailer = Unpacking(&trailer);
        let (place, blocks) = trailer.wide().zip(trailer.number()).ok_or_else(damaged)?;
        let place = u64::try_from(place).map_err(|_| damaged())?;
        let bytes = u64::from(blocks) * ENTRY as u64;
        if place.checked_add(bytes) != Some(end) {
            return Err(damaged());
        }
        let mut index = vec![0; usize::try_from(bytes).map_err(|_| damaged())?];
        file.read_exact_at(&mut index, place).map_err(failed)?;
        Ok(Charges { path: path.to_owned(), file, index })
    }

    /// How many blocks.
    pub fn blocks(&self) -> u32 {
        (self.index.len() / ENTRY) as u32
    }

    /// A block.
    ///
    /// # Errors
    /// It is not what was written.
    pub fn block(&self, number: u32) -> Result<Kept, LedgerError> {
        let damaged = || LedgerError::damaged(&self.path, format!("block {number} is not what was written"));
        let first = number as usize * ENTRY;
        let mut entry = Unpacking(self.index.get(first..first + ENTRY).ok_or_else(damaged)?);
        let fields = (|| Some((entry.wide()?, entry.number()?, entry.number()?, entry.wide()?)))();
        let (place, length, unpacked, checksum) = fields.ok_or_else(damaged)?;
        let unpacked = unpacked as usize;
        if unpacked > BLOCK_LIMIT {
            return Err(damaged());
        }
        let mut bytes = vec![0; length as usize];
        self.file
            .read_exact_at(&mut bytes, place.cast_unsigned())
            .map_err(|source| LedgerError::io(&self.path, source))?;
        if hash(&bytes) != checksum.cast_unsigned() {
            return Err(damaged());
        }
        let kept = zstd::bulk::decompress(&bytes, unpacked).map_err(|_| damaged())?;
        if kept.len() == unpacked { Ok(Kept(kept)) } else { Err(damaged()) }
    }

    /// Every block in order.
    ///
    /// # Errors
    /// One is not what was written.
    pub fn each(&self) -> impl Iterator<Item = Result<Kept, LedgerError>> {
        (0..self.blocks()).map(|number| self.block(number))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Kept {
    /// Its groups.
    pub const fn groups(&self) -> Groups<'_> {
        Groups { from: Unpacking(self.0.as_slice()) }
    }
}

/// The groups of a block, one by one.
#[derive(Debug)]
pub struct Groups<'a> {
    from: Unpacking<'a>,
}

impl<'a> Groups<'a> {
    fn group(&mut self) -> Option<Group<'a>> {
        let from = &mut self.from;
        let (subscription, customer) = (from.text()?, from.text()?);
        let before = Location { run: from.number()?, block: from.number()? };
        let count = from.number()?;
        let charges: Option<Vec<Charge<'a>>> =
            (0..count).map(|_| packed::unpack(from, subscription)).collect();
        Some(Group { subscription, customer, before, charges: charges? })
    }
}

impl<'a> Iterator for Groups<'a> {
    /// None in place of a group: these are not the bytes of groups.
    type Item = Option<Group<'a>>;

    fn next(&mut self) -> Option<Option<Group<'a>>> {
        if self.from.is_done() {
            return None;
        }
        let group = self.group();
        if group.is_none() {
            self.from = Unpacking(&[]);
        }
        Some(group)
    }
}
