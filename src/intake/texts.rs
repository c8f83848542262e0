//! From texts to ids: each text is met, gets a number, and once all are known the numbers are ranked by the texts' bytes.
//!
//! Until then an id is **provisional**: it says which text, not which rank. The order of arrival is gone when
//! [`Texts::ranks_in`] has spoken.

use crate::names::TextTable;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::marker::PhantomData;
use termwise_engine::ids::{CodeId, ItemId, MarketId, PartnerId, PromotionId, RegionId, TaxCodeId};

/// An id that is the rank of a text.
pub(super) trait Ranked: Copy {
    /// The id with this rank.
    fn with_rank(rank: usize) -> Self;
    /// Its rank.
    fn its_rank(self) -> usize;
}

macro_rules! ranked {
    ($($id:ident),+) => {
        $(impl Ranked for $id {
            fn with_rank(rank: usize) -> $id {
                $id::of_rank(rank)
            }

            fn its_rank(self) -> usize {
                self.rank()
            }
        })+
    };
}
ranked!(CodeId, ItemId, MarketId, PartnerId, PromotionId, RegionId, TaxCodeId);

/// The most texts of one kind, well below what an id can hold.
const MOST: usize = 1 << 31;

/// Texts of one kind as they are met.
#[derive(Debug)]
pub(super) struct Texts<Id> {
    table: HashTable<Slot>,
    hasher: DefaultHashBuilder,
    texts: Vec<Box<str>>,
    /// The text that was met last: columns often repeat themselves.
    last: usize,
    id: PhantomData<Id>,
}

/// The hash stands beside the number, so that most comparisons and all growth leave the texts alone.
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u64,
    number: u32,
}

impl<Id> Default for Texts<Id> {
    fn default() -> Texts<Id> {
        Texts {
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            texts: Vec::new(),
            last: 0,
            id: PhantomData,
        }
    }
}

impl<Id: Ranked> Texts<Id> {
    /// The provisional id of a text.
    pub(super) fn meet(&mut self, text: &str) -> Id {
        let Texts { table, hasher, texts, last, .. } = self;
        if texts.get(*last).is_some_and(|known| **known == *text) {
            return Id::with_rank(*last);
        }
        let hash = hasher.hash_one(text);
        let equal = |slot: &Slot| slot.hash == hash && *texts[slot.number as usize] == *text;
        let number = match table.entry(hash, equal, |slot| slot.hash) {
            Entry::Occupied(entry) => entry.get().number,
            Entry::Vacant(entry) => {
                let number = u32::try_from(texts.len().min(MOST)).unwrap_or(u32::MAX - 2);
                entry.insert(Slot { hash, number });
                texts.push(text.into());
                number
            }
        };
        *last = number as usize;
        Id::with_rank(*last)
    }

    /// Whether there are more texts than ids are made for.
    pub(super) fn is_too_many(&self) -> bool {
        self.texts.len() >= MOST
    }

    /// The texts as they were met.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    /// Each id as it is.
    pub(super) fn unranked(&self) -> Ranks<Id> {
        Ranks((0..self.texts.len()).map(Id::with_rank).collect())
    }

    /// The rank of each text in a table that holds them all.
    pub(super) fn ranks_in(&self, table: &TextTable) -> Ranks<Id> {
        Ranks(self.iter().map(|text| Id::with_rank(table.rank(text).unwrap_or_default())).collect())
    }
}

/// The rank of each provisional id.
#[derive(Debug)]
pub(super) struct Ranks<Id>(Vec<Id>);

impl<Id: Ranked> Ranks<Id> {
    /// The id that a provisional one becomes.
    pub(super) fn of(&self, provisional: Id) -> Id {
        self.0[provisional.its_rank()]
    }
}
