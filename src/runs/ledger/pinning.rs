//! What a record or a charge of the ledger pins a term to: its price, and its promotion's percentage (R62); and as long as a
//! subscription of the customer is missing, whether it has a promotion at all (R63).

use super::facts::{self, Hashes};
use super::posting::Poster;
use crate::intake::Intake;
use crate::job::Job;
use crate::ledger::{Ledger, PinRecord, hash};
use crate::names::Names;
use crate::output::Charge;
use crate::runs::RunError;
use termwise_engine::book::Subscription;
use termwise_engine::calendar::Day;
use termwise_engine::money::{Discount, Price};
use termwise_engine::workings::{Pin, Quoted};

impl Poster<'_> {
    /// The price and promotion that a record pins, where this run knows what they were for.
    pub(super) fn pin_of(&self, row: &Subscription, price: &PinRecord, is_settled: bool) -> Option<Pin> {
        pin_of(&self.night.hashes, row, price, is_settled)
    }

    /// The price and promotion that a charge was billed at.
    pub(super) fn pin_of_charge(
        &self,
        row: &Subscription,
        charge: &Charge<'_>,
        is_settled: bool,
    ) -> Option<Pin> {
        let hashes = &self.night.hashes;
        let item = facts::item(charge.product, charge.sku);
        let priced = facts::priced_as(item, charge.quoted.listed_for, charge.billing_cycle);
        let (item, _, billing_cycle) = hashes.looked_up(priced)?;
        let promotion = hashes.promotion_of(hash(charge.held.as_bytes())).filter(|_| !charge.held.is_empty());
        let discount = Discount::from_millionths(charge.held_discount)?;
        let is_settled = is_settled && (charge.held.is_empty() || promotion.is_some());
        let promotion = promotion.map(|id| (id, discount));
        let (subscription, quoted) = (row.id, charge.quoted);
        Some(Pin { subscription, item, billing_cycle, quoted, promotion, is_settled })
    }
}

fn pin_of(hashes: &Hashes, row: &Subscription, price: &PinRecord, is_settled: bool) -> Option<Pin> {
    if price.priced == 0 {
        return None;
    }
    let (item, listed_for, billing_cycle) = hashes.looked_up(price.priced)?;
    let promotion = hashes.promotion_of(price.promotion);
    let discount = Discount::from_millionths(price.discount)?;
    let quoted = Quoted {
        list: Price::from_millionths(price.list)?,
        listed_for,
        on: Day::from_epoch_days(price.on)?,
        seats: price.seats,
    };
    let is_settled = is_settled && (price.promotion == 0 || promotion.is_some());
    let promotion = promotion.map(|id| (id, discount));
    Some(Pin { subscription: row.id, item, billing_cycle, quoted, promotion, is_settled })
}

/// What the ledger of a job, if it has one, pins a customer's running terms to: an account of what was billed is told with it.
///
/// # Errors
/// The ledger can't be read, or is damaged.
pub(crate) fn pins_of(
    job: &Job,
    intake: &Intake,
    names: &Names,
    rows: &[Subscription],
) -> Result<Vec<Pin>, RunError> {
    let Some(settings) = &job.ledger else { return Ok(Vec::new()) };
    let (Some(ledger), Some(first)) = (Ledger::look(&settings.dir)?, rows.first()) else {
        return Ok(Vec::new());
    };
    let hashes = Hashes::of(&intake.shared);
    let known = ledger.state()?.of_customer(hash(names.customer(first.customer).as_bytes()));
    let mut pins = Vec::new();
    for row in rows {
        let number = hash(names.subscription(row.id).as_bytes());
        let record = known.iter().find(|(record, _)| record.subscription == number);
        pins.extend(record.and_then(|(record, _)| pin_of(&hashes, row, &record.price, false)));
    }
    Ok(pins)
}
