//! The rows of a part, found by the texts of their subscriptions.

use super::subscriptions::SubscriptionRow;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// The first row that a subscription's text stands in.
#[derive(Clone, Copy)]
struct Slot {
    hash: u64,
    row: u32,
}

/// The rows of a part by the texts of their subscriptions.
pub(super) struct Ids {
    hasher: DefaultHashBuilder,
    table: HashTable<Slot>,
}

impl Ids {
    /// The rows of a part.
    pub(super) fn of(rows: &[SubscriptionRow<'_>]) -> Ids {
        let mut ids =
            Ids { hasher: DefaultHashBuilder::default(), table: HashTable::with_capacity(rows.len()) };
        for (row, number) in rows.iter().zip(0..) {
            let hash = ids.hasher.hash_one(row.id);
            let same = |slot: &Slot| slot.hash == hash && rows[slot.row as usize].id == row.id;
            if ids.table.find(hash, same).is_none() {
                ids.insert(hash, number);
            }
        }
        ids
    }

    fn insert(&mut self, hash: u64, row: u32) {
        self.table.insert_unique(hash, Slot { hash, row }, |slot| slot.hash);
    }

    /// Adds a row whose id no row has yet.
    pub(super) fn add(&mut self, id: &str, row: usize) {
        self.insert(self.hasher.hash_one(id), row as u32);
    }

    /// The first row of an id.
    pub(super) fn row(&self, id: &str, rows: &[SubscriptionRow<'_>]) -> Option<usize> {
        let hash = self.hasher.hash_one(id);
        let same = |slot: &Slot| slot.hash == hash && rows[slot.row as usize].id == id;
        self.table.find(hash, same).map(|slot| slot.row as usize)
    }
}
