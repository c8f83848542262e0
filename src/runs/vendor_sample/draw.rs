//! Which subscriptions are damaged: a few of each kind, spread over the whole book by the seed, whatever its size.
//!
//! Each subscription throws a number for each damage that can be done to it, and the smallest ones win; so a few are held while
//! the book goes by, and neither the order nor the cut of the book shows.

use super::damage::{Candidate, Damage, Done};
use super::line::{Charged, Ids};
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::reconciling::Cause;

/// Each damage is done twice at least, once for so many subscriptions, and never more often than so many times.
const ONE_IN: u64 = 1_000;
const MOST: u64 = 50;
/// More are held than are needed, since another damage may have been first.
const HELD: usize = 24;

/// The throws so far.
pub(super) struct Draw {
    each: usize,
    thrown: BTreeMap<Damage, BTreeMap<(u64, String), Candidate>>,
}

/// What was damaged, and how it has to come out.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// Subscriptions of the book whose lines are others now.
    pub(super) damaged: BTreeSet<String>,
    /// Their lines.
    pub(super) lines: Vec<Charged>,
    /// Rows of planted_differences.
    pub(super) expected: Vec<[String; 7]>,
    /// Rows of id_map.
    pub(super) mapped: Vec<[String; 2]>,
    /// Rows of explained.
    pub(super) explained: Vec<[String; 11]>,
}

impl Draw {
    /// For a book of so many subscriptions.
    pub(super) fn for_book(subscriptions: u64) -> Draw {
        let each = usize::try_from((subscriptions / ONE_IN).clamp(2, MOST)).unwrap_or(2);
        Draw { each, thrown: BTreeMap::new() }
    }

    /// Lets a subscription throw.
    pub(super) fn offer(&mut self, candidate: Candidate, ids: &Ids) {
        for damage in Damage::ALL.into_iter().filter(|damage| damage.is_for(&candidate)) {
            let thrown = ids.number(damage.name(), candidate.subscription());
            let held = self.thrown.entry(damage).or_default();
            let is_full = held.len() >= HELD * self.each;
            if is_full && held.last_key_value().is_some_and(|((largest, _), _)| *largest < thrown) {
                continue;
            }
            held.insert((thrown, candidate.subscription().to_owned()), candidate.clone());
            if is_full {
                held.pop_last();
            }
        }
    }

    /// Damages those that won; of one subscription nothing but one thing.
    pub(super) fn settle(self, ids: &Ids) -> Drawn {
        let mut drawn = Drawn::default();
        for (damage, held) in self.thrown {
            let mut free: Vec<Candidate> =
                held.into_values().filter(|one| !drawn.damaged.contains(one.subscription())).collect();
            free.truncate(damage.times(self.each));
            for (number, candidate) in free.iter().enumerate() {
                let Done { lines, expected, mapped } = damage.done_to(candidate, number, ids);
                if damage == Damage::PromotionLost && drawn.explained.is_empty() {
                    drawn.explained.push(explanation(&candidate.lines[0]));
                }
                drawn.damaged.insert(candidate.subscription().to_owned());
                drawn.lines.extend(lines);
                drawn.expected.extend(expected);
                drawn.mapped.extend(mapped);
            }
        }
        drawn
    }
}

/// Somebody has looked at a lost promotion, and says so.
fn explanation(line: &Charged) -> [String; 11] {
    let why = "the vendor confirmed that the promotion was dropped; credit requested, case 2611-0042";
    let cells = [
        "",
        &line.subscription,
        &line.product,
        &line.sku,
        "",
        "",
        "",
        Cause::Promotion.name(),
        "billing@example.com",
        "2027-02-28",
        why,
    ];
    cells.map(str::to_owned)
}
