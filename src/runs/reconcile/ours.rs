//! Our side, recomputed: the book is rated under the vendor's policy, and under each rounding that the vendor has published.
//!
//! Each rounding is a policy, and the same engine plays a customer once for each: lines then differ in their amounts and in
//! nothing else. So no amount is made here, and a full refund, which sums earlier lines, is right under each.

use crate::intake::vendor::{Basket, Shelving, cycle_first};
use crate::intake::{Intake, Part};
use crate::job::Job;
use crate::names::Names;
use crate::output::{Counts, OutputError};
use crate::runs::invoice::Work;
use crate::runs::pipeline::piece_of;
use crate::runs::{Progress, RunError};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};
use termwise_engine::book::{Book, CustomerBook, Window};
use termwise_engine::findings::Finding;
use termwise_engine::money::{Price, Rounding, about};
use termwise_engine::policy::{Policy, RoundingAt};
use termwise_engine::reconciling::{Entry, Kind, Ours, Told, signed_seats};
use termwise_engine::timeline::{self, Slate};
use termwise_engine::workings::{ChargeType, Line, Played};

/// What was rated.
pub(super) struct Rated {
    pub(super) intake: Intake,
    pub(super) through: Through,
}

impl Rated {
    pub(super) fn intake(&self) -> &Intake {
        &self.intake
    }
}

/// What became of the rows of the book.
#[derive(Debug, Default)]
pub(super) struct Through {
    pub(super) findings: Vec<Finding>,
    pub(super) counts: Counts,
}

/// Rates the book of a job, and puts its lines on the shelves.
pub(super) fn rate(
    job: &Job,
    work: Work,
    shelving: &mut Shelving,
    progress: &dyn Progress,
) -> Result<Rated, RunError> {
    let intake = crate::runs::invoice::read(job, work, progress)?;
    let through = Mutex::new(Through::default());
    let baskets = Mutex::new(Vec::new());
    progress.stage("rating", intake.subscriptions());
    let parts: Vec<usize> = (0..intake.parts()).collect();
    parts.into_par_iter().try_for_each(|number| {
        // A basket for as many parts as are in work at once, and not for each.
        let held = locked(&baskets).pop();
        let mut clerk = Clerk::new(job, &intake, held.unwrap_or_else(|| shelving.basket()));
        let subscriptions = clerk.rate(number)?;
        progress.advance(subscriptions);
        let Clerk { basket, through: own, .. } = clerk;
        locked(&baskets).push(basket);
        let mut all = locked(&through);
        all.findings.extend(own.findings);
        all.counts.add(&own.counts);
        Ok::<(), RunError>(())
    })?;
    let baskets = baskets.into_inner().unwrap_or_else(PoisonError::into_inner);
    baskets.into_iter().for_each(|basket| shelving.add(basket));
    let through = through.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Rated { intake, through })
}

fn locked<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who rates a part.
struct Clerk<'a> {
    intake: &'a Intake,
    /// The job's policy, and that with each rounding that the vendor has published.
    policies: [Policy; 3],
    window: Window,
    basket: Basket,
    through: Through,
    slate: Slate,
    played: [Played; 3],
}

impl<'a> Clerk<'a> {
    fn new(job: &Job, intake: &'a Intake, basket: Basket) -> Clerk<'a> {
        let truncated = |rounding_at| Policy { rounding: Rounding::Truncate, rounding_at, ..job.policy };
        // What comes after the period is nobody's question here.
        let window = Window { horizon: job.window.billed.last, ..job.window };
        Clerk {
            intake,
            policies: [job.policy, truncated(RoundingAt::Line), truncated(RoundingAt::Unit)],
            window,
            basket,
            through: Through::default(),
            slate: Slate::default(),
            played: Default::default(),
        }
    }

    fn rate(&mut self, number: usize) -> Result<u64, RunError> {
        let Part { book, names, findings, fates } = self.intake.take_part(number)?;
        self.through.findings.extend(findings);
        self.through.counts.extend(fates);
        for customer in book.customers_of(&book.subscriptions) {
            for piece in customer.pieces(piece_of(self.intake, &customer)) {
                self.customer(piece, &book, &names)?;
            }
        }
        Ok(book.subscriptions.len() as u64)
    }

    fn customer(&mut self, customer: CustomerBook<'_>, book: &Book, names: &Names) -> Result<(), RunError> {
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
        let lines = std::mem::take(&mut self.played[0].lines);
        for (place, line) in lines.iter().enumerate() {
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
            let amounts = (under(1)?, under(2)?);
            let ours = self.line(line, amounts, book, names);
            let row = &book.subscriptions[line.subscription.rank()];
            self.basket.put_ours(names.subscription(line.subscription), names.customer(row.customer), ours);
        }
        self.played[0].lines = lines;
        Ok(())
    }

    fn line(
        &mut self,
        line: &Line,
        (truncated_line, truncated_unit): (i64, i64),
        book: &Book,
        names: &Names,
    ) -> Ours {
        let currency = book.subscriptions[line.subscription.rank()].currency;
        let kind = kind(line.charge_type);
        let promotion = match line.reduction.promotion {
            Some(id) => Told::Promotion(self.basket.word(names.promotion(id))),
            None => Told::NoPromotion,
        };
        let whole = about(line.unit_price, line.quantity, (line.days, line.cycle_days), currency.digits());
        let is_of_trial = line.unit_price == 0 && line.charge_type == ChargeType::Convert;
        let entry = Entry {
            item: self.basket.item(names.product(line.item), names.sku(line.item)),
            currency,
            charge: line.charge,
            cycle_first: cycle_first(kind, line.charge, line.cycle_days, line.term_period.first),
            kind,
            quantity: signed_seats(line.quantity.into(), line.subtotal, kind, is_of_trial),
            unit_price: Price::from_millionths(line.unit_price),
            promotion,
        };
        let undiscounted = line.subtotal.signum() * whole;
        Ours { entry, own: line.subtotal, truncated_line, truncated_unit, undiscounted }
    }
}

const fn kind(charge_type: ChargeType) -> Kind {
    match charge_type {
        ChargeType::New
        | ChargeType::Renew
        | ChargeType::CycleCharge
        | ChargeType::ChangeBillingPlan
        | ChargeType::ExtendTerm => Kind::Cycle,
        ChargeType::AddQuantity
        | ChargeType::RemoveQuantity
        | ChargeType::CancelImmediate
        | ChargeType::Convert
        | ChargeType::MoveQuantity => Kind::Change,
    }
}
