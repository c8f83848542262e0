//! The dice of a seed.

use chrono::{Days, NaiveDate};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice for one purpose of a seed, so that one purpose more leaves the others as they were.
    pub(crate) fn new(seed: u64, purpose: &str) -> Dice {
        let salt = purpose.bytes().fold(0_u64, |salt, byte| salt.wrapping_mul(257).wrapping_add(byte.into()));
        Dice(ChaCha8Rng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9).wrapping_add(salt)))
    }

    pub(crate) fn below(&mut self, sides: u32) -> u32 {
        self.0.next_u32() % sides
    }

    /// From one number to another, both of them included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, among: &[&'a T]) -> &'a T {
        among[self.below(among.len() as u32) as usize]
    }

    /// A word, or nothing.
    pub(crate) fn maybe<'a>(&mut self, percent: u32, words: &[&'a str]) -> &'a str {
        if self.chance(percent) { self.pick(words) } else { "" }
    }

    /// A moment on a day, often its first or a round one.
    pub(crate) fn at(&mut self, day: NaiveDate) -> String {
        match self.below(6) {
            0 => day.to_string(),
            1 => format!("{day}T00:00:00Z"),
            2 => format!("{day}T10:00:00Z"),
            3 => format!("{}T23:30:00-05:00", day - Days::new(1)),
            _ => format!("{day}T{:02}:{:02}:00Z", self.below(24), self.below(60)),
        }
    }
}
