//! Dice: the one source of chance of the sample. Two dice of one seed and one customer fall alike on every machine.
//!
//! Each customer has a stream of its own, so that what one customer draws moves nothing in the next one.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A reproducible series of throws.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of one customer, or of another part of the book that has a number of its own.
    pub(crate) fn of(seed: u64, stream: u64) -> Dice {
        let mut throws = ChaCha8Rng::seed_from_u64(seed);
        throws.set_stream(stream);
        Dice(throws)
    }

    /// A number from 0 to `count` − 1; 0 where there is nothing to choose from.
    pub(crate) fn below(&mut self, count: u32) -> u32 {
        // The upper half of the product, so that no number is left out and nothing divides.
        let wide = u64::from(self.0.next_u32()) * u64::from(count);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True in so many of a thousand throws.
    pub(crate) fn per_mille(&mut self, share: u32) -> bool {
        self.below(1_000) < share
    }

    /// One of `items`, which are tables of this module and never empty.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(u32::try_from(items.len()).unwrap_or(1))).unwrap_or(0)]
    }
}
