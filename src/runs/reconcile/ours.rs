//! Our side, recomputed: what the book comes to under the vendor's policy, put on the shelves beside the vendor's lines.

use super::playing::{Scene, Stage, Through};
use crate::intake::Intake;
use crate::intake::vendor::{Basket, Shelving, cycle_first};
use crate::job::Job;
use crate::locks::{locked, unlocked};
use crate::names::Names;
use crate::runs::invoice::Work;
use crate::runs::{Progress, RunError};
use rayon::prelude::*;
use std::sync::Mutex;
use termwise_engine::book::Book;
use termwise_engine::money::{Price, about};
use termwise_engine::reconciling::{Entry, Kind, Ours, Told, signed_seats};
use termwise_engine::workings::{ChargeType, Line};

/// What was rated.
pub(super) struct Rated {
    pub(super) intake: Intake,
    pub(super) through: Through,
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
        let mut basket = locked(&baskets).pop().unwrap_or_else(|| shelving.basket());
        let mut stage = Stage::new(job, &intake);
        let subscriptions = stage.play(number, |scene| {
            put(&mut basket, scene);
            Ok(())
        })?;
        progress.advance(subscriptions);
        locked(&baskets).push(basket);
        let mut all = locked(&through);
        all.findings.extend(stage.through.findings);
        all.counts.add(&stage.through.counts);
        Ok::<(), RunError>(())
    })?;
    let baskets = unlocked(baskets);
    baskets.into_iter().for_each(|basket| shelving.add(basket));
    let through = unlocked(through);
    Ok(Rated { intake, through })
}

/// Puts the lines of a customer into a basket.
fn put(basket: &mut Basket, scene: Scene<'_>) {
    let Scene { book, names, lines, truncated } = scene;
    for (line, amounts) in lines.iter().zip(truncated) {
        let ours = ours(basket, line, *amounts, book, names);
        let row = &book.subscriptions[line.subscription.rank()];
        basket.put_ours(names.subscription(line.subscription), names.customer(row.customer), ours);
    }
}

fn ours(
    basket: &mut Basket,
    line: &Line,
    [truncated_line, truncated_unit]: [i64; 2],
    book: &Book,
    names: &Names,
) -> Ours {
    let currency = book.subscriptions[line.subscription.rank()].currency;
    let kind = kind(line.charge_type);
    let promotion = match line.reduction.promotion {
        Some(id) => Told::Promotion(basket.word(names.promotion(id))),
        None => Told::NoPromotion,
    };
    let whole = about(line.unit_price, line.quantity, (line.days, line.cycle_days), currency.digits());
    let sign_of_price = i64::try_from(line.effective_unit_price.signum()).unwrap_or_default();
    let is_of_trial = line.unit_price == 0 && line.charge_type == ChargeType::Convert;
    let entry = Entry {
        item: basket.item(names.product(line.item), names.sku(line.item)),
        currency,
        charge: line.charge,
        cycle_first: cycle_first(kind, line.charge, line.cycle_days, line.term_period.first),
        kind,
        quantity: signed_seats(line.quantity.into(), line.subtotal, sign_of_price, kind, is_of_trial),
        unit_price: Price::from_millionths(line.unit_price),
        promotion,
    };
    let undiscounted = line.subtotal.signum() * whole;
    Ours { entry, own: line.subtotal, truncated_line, truncated_unit, undiscounted }
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
