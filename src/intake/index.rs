//! Where subscriptions are: in which part, by their ids.
//!
//! An entry is eight bytes: 48 bits of a hash of the id, and the part. An event finds the part of its subscription here and is
//! packed into it; the part itself compares texts. Where two entries have one hash, it is the same id twice (C10) or a
//! coincidence, and the texts themselves tell which.

use hashbrown::{DefaultHashBuilder, HashMap, HashSet};
use std::hash::BuildHasher;

const SHARDS: usize = 256;
const PART_BITS: u32 = 16;
const PART_MASK: u64 = (1 << PART_BITS) - 1;
/// The most parts of a book.
pub(super) const PARTS_MAX: usize = PART_MASK as usize - 1;
/// In the place of a part: the row could not be read.
const UNREAD: u64 = PART_MASK;

/// Where a subscription is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Nowhere.
    Unknown,
    /// In a part, if anywhere.
    Part(usize),
    /// Its rows can't be read.
    Unread,
}

/// Entries as one worker finds them.
#[derive(Debug)]
pub(super) struct Entries {
    shards: Vec<Vec<u64>>,
    hasher: DefaultHashBuilder,
}

impl Entries {
    /// None yet; all workers hash alike.
    pub(super) fn new(hasher: &DefaultHashBuilder) -> Entries {
        Entries { shards: vec![Vec::new(); SHARDS], hasher: hasher.clone() }
    }

    /// None at all.
    pub(super) fn none() -> Entries {
        Entries { shards: Vec::new(), hasher: DefaultHashBuilder::default() }
    }

    /// Adds the subscription of a row in a part, or of one that can't be read.
    pub(super) fn add(&mut self, id: &str, part: Option<usize>) {
        let hash = self.hasher.hash_one(id);
        let part = part.map_or(UNREAD, |part| part as u64);
        self.shards[shard_of(hash)].push(hash & !PART_MASK | part);
    }
}

const fn shard_of(hash: u64) -> usize {
    (hash >> 56) as usize
}

/// The entries of all workers, sorted.
#[derive(Debug)]
pub(super) struct Index {
    shards: Vec<Vec<u64>>,
    hasher: DefaultHashBuilder,
    /// Hashes of more than one row, and what the texts behind them are.
    shared: HashSet<u64>,
    texts: HashMap<Box<str>, (Place, u32)>,
    /// The ids of rows that can't be read.
    unread: HashSet<Box<str>>,
}

impl Index {
    /// Everything that the workers found.
    pub(super) fn of(workers: Vec<Entries>, unread: HashSet<Box<str>>, hasher: DefaultHashBuilder) -> Index {
        let mut by_shard: Vec<Vec<Vec<u64>>> = (0..SHARDS).map(|_| Vec::new()).collect();
        for worker in workers {
            for (shard, entries) in by_shard.iter_mut().zip(worker.shards) {
                shard.push(entries);
            }
        }
        let sorted = |entries: Vec<Vec<u64>>| {
            let mut all = Vec::with_capacity(entries.iter().map(Vec::len).sum());
            entries.into_iter().for_each(|some| all.extend(some));
            all.sort_unstable();
            all
        };
        let shards = by_shard.into_iter().map(sorted).collect();
        Index { shards, hasher, shared: HashSet::new(), texts: HashMap::new(), unread }
    }

    /// The parts whose rows have to be looked at, because a hash stands for more than one row.
    pub(super) fn doubtful(&mut self) -> Vec<usize> {
        let mut parts = std::collections::BTreeSet::new();
        for shard in &self.shards {
            for same in shard.chunk_by(|left, right| left & !PART_MASK == right & !PART_MASK) {
                if same.len() > 1 {
                    self.shared.insert(same[0] & !PART_MASK);
                    let of_rows = same.iter().map(|entry| entry & PART_MASK);
                    parts.extend(of_rows.filter(|part| *part != UNREAD));
                }
            }
        }
        parts.into_iter().map(|part| part as usize).collect()
    }

    /// Whether any hash stands for more than one row.
    pub(super) fn has_doubts(&self) -> bool {
        !self.shared.is_empty()
    }

    /// Tells of a row whose hash may be doubtful: its id, and its part if it can be read.
    pub(super) fn settle(&mut self, id: &str, part: Option<usize>) {
        let hash = self.hasher.hash_one(id) & !PART_MASK;
        if !self.shared.contains(&hash) {
            return;
        }
        let place = part.map_or(Place::Unread, Place::Part);
        let (known, rows) = self.texts.entry(id.into()).or_insert((place, 0));
        *rows += 1;
        if *known == Place::Unread {
            *known = place;
        }
    }

    /// Where a subscription is.
    pub(super) fn place(&self, id: &str) -> Place {
        let hash = self.hasher.hash_one(id);
        let wanted = hash & !PART_MASK;
        if self.shared.contains(&wanted) {
            return self.texts.get(id).map_or(Place::Unknown, |(place, _)| *place);
        }
        let shard = &self.shards[shard_of(hash)];
        match find(shard, wanted) {
            None => Place::Unknown,
            Some(entry) if entry & PART_MASK == UNREAD && self.unread.contains(id) => Place::Unread,
            Some(entry) if entry & PART_MASK == UNREAD => Place::Unknown,
            Some(entry) => Place::Part((entry & PART_MASK) as usize),
        }
    }

    /// Whether an id stands in more than one row.
    pub(super) fn is_repeated(&self, id: &str) -> bool {
        !self.texts.is_empty() && self.texts.get(id).is_some_and(|(_, rows)| *rows > 1)
    }
}

/// The first entry with a hash. Hashes lie evenly, so a guess by proportion is close.
fn find(shard: &[u64], wanted: u64) -> Option<u64> {
    let below_shard = u128::from(wanted << 8);
    let guess = ((below_shard * shard.len() as u128) >> 64) as usize;
    let mut place = guess.min(shard.len().checked_sub(1)?);
    while place > 0 && shard[place] & !PART_MASK >= wanted {
        place -= 1;
    }
    while shard.get(place).is_some_and(|entry| entry & !PART_MASK < wanted) {
        place += 1;
    }
    shard.get(place).copied().filter(|entry| entry & !PART_MASK == wanted)
}

#[cfg(test)]
mod tests {
    use super::{Entries, Index, Place};
    use hashbrown::DefaultHashBuilder;

    #[test]
    fn every_id_is_found_in_its_part_and_no_other() {
        let hasher = DefaultHashBuilder::default();
        let mut workers = vec![Entries::new(&hasher), Entries::new(&hasher)];
        for number in 0..20_000_usize {
            workers[number % 2].add(&format!("S-{number}"), (number % 7 != 0).then_some(number % 5));
        }
        workers[0].add("S-1", Some(4));
        workers[1].add("S-7", Some(2));
        let unread = (0..20_000).step_by(7).map(|number| format!("S-{number}").into()).collect();
        let mut index = Index::of(workers, unread, hasher);
        assert_eq!(index.doubtful(), [1, 2, 4]);
        for (id, part) in
            [("S-1", Some(1)), ("S-1", Some(4)), ("S-7", None), ("S-7", Some(2)), ("S-8", Some(3))]
        {
            index.settle(id, part);
        }
        for number in 8..20_000_usize {
            let place = if number % 7 == 0 { Place::Unread } else { Place::Part(number % 5) };
            assert_eq!(index.place(&format!("S-{number}")), place);
        }
        assert_eq!((index.place("S-7"), index.place("S-20000")), (Place::Part(2), Place::Unknown));
        assert!(index.is_repeated("S-1") && index.is_repeated("S-7") && !index.is_repeated("S-8"));
    }
}
