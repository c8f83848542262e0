//! Playing the book under the vendor's policy, and under each rounding that the vendor has published.
//!
//! Each rounding is a policy, and the same engine plays a customer once for each: lines then differ in their amounts and in
//! nothing else. So no amount is made here, and a full refund, which sums earlier lines, is right under each.

use crate::intake::{Intake, Part};
use crate::job::Job;
use crate::names::Names;
use crate::output::{Counts, OutputError};
use crate::runs::RunError;
use crate::runs::pipeline::piece_of;
use termwise_engine::book::{Book, CustomerBook, Window};
use termwise_engine::findings::Finding;
use termwise_engine::money::Rounding;
use termwise_engine::policy::{Policy, RoundingAt};
use termwise_engine::timeline::{self, Slate};
use termwise_engine::workings::{Line, Played};

/// What became of the rows of the book.
#[derive(Debug, Default)]
pub(super) struct Through {
    pub(super) findings: Vec<Finding>,
    pub(super) counts: Counts,
}

/// The lines of some subscriptions of one customer.
#[derive(Clone, Copy)]
pub(in crate::runs) struct Scene<'a> {
    pub(in crate::runs) book: &'a Book,
    pub(in crate::runs) names: &'a Names,
    /// Under the job's policy, in the order in which they were played.
    pub(in crate::runs) lines: &'a [Line],
    /// Of each line its amounts where the line and where the seat is truncated.
    pub(in crate::runs) truncated: &'a [[i64; 2]],
}

/// Who plays the customers of a book.
pub(in crate::runs) struct Stage<'a> {
    intake: &'a Intake,
    /// The job's policy, and that with each rounding that the vendor has published.
    policies: [Policy; 3],
    window: Window,
    pub(super) through: Through,
    slate: Slate,
    played: [Played; 3],
    truncated: Vec<[i64; 2]>,
}

impl<'a> Stage<'a> {
    pub(in crate::runs) fn new(job: &Job, intake: &'a Intake) -> Stage<'a> {
        let truncated = |rounding_at| Policy { rounding: Rounding::Truncate, rounding_at, ..job.policy };
        // What comes after the period is nobody's question here.
        let window = Window { horizon: job.window.billed.last, ..job.window };
        Stage {
            intake,
            policies: [job.policy, truncated(RoundingAt::Line), truncated(RoundingAt::Unit)],
            window,
            through: Through::default(),
            slate: Slate::default(),
            played: Default::default(),
            truncated: Vec::new(),
        }
    }

    /// Plays a part of the book, shows the lines of each customer, and says how many subscriptions it has.
    pub(in crate::runs) fn play(
        &mut self,
        number: usize,
        mut show: impl FnMut(Scene<'_>) -> Result<(), RunError>,
    ) -> Result<u64, RunError> {
        let Part { book, names, findings, fates } = self.intake.take_part(number)?;
        self.through.findings.extend(findings);
        self.through.counts.extend(fates);
        for customer in book.customers_of(&book.subscriptions) {
            for piece in customer.pieces(piece_of(&self.intake.catalog, &customer)) {
                self.customer(piece, &names)?;
                let (lines, truncated) = (&self.played[0].lines[..], &self.truncated[..]);
                show(Scene { book: &book, names: &names, lines, truncated })?;
            }
        }
        Ok(book.subscriptions.len() as u64)
    }

    fn customer(&mut self, customer: CustomerBook<'_>, names: &Names) -> Result<(), RunError> {
        for (number, policy) in self.policies.iter().enumerate() {
            // What truncates its lines already is one of the others.
            if number > 0 && *policy == self.policies[0] {
                continue;
            }
            let played = &mut self.played[number];
            played.clear();
            timeline::play_on(&mut self.slate, customer, &self.intake.catalog, policy, self.window, played);
            if number == 0 && played.lines.is_empty() {
                break;
            }
        }
        self.through.findings.append(&mut self.played[0].findings);
        self.through.counts.extend(self.played[0].fates.drain(..));
        self.truncated.clear();
        for (place, line) in self.played[0].lines.iter().enumerate() {
            let under = |number: usize| {
                let is_own = self.policies[number] == self.policies[0];
                let other = if is_own { Some(line) } else { self.played[number].lines.get(place) };
                let is_same = |other: &&Line| {
                    (other.subscription, other.charge, other.quantity)
                        == (line.subscription, line.charge, line.quantity)
                };
                other.filter(is_same).map(|other| other.subtotal).ok_or_else(|| OutputError::Invariant {
                    law: "a rounding changes amounts and nothing else",
                    detail: names.subscription(line.subscription).to_owned(),
                })
            };
            self.truncated.push([under(1)?, under(2)?]);
        }
        Ok(())
    }
}
