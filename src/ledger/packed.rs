//! A charge as bytes: texts with their length, numbers as they are. It is read back by later versions too, so what the program
//! counts anew with every version (reasons, charge types) stands in it by its name.

use crate::output::Charge;
use crate::parcel::{Packing, Unpacking};
use termwise_engine::calendar::{BillingCycle, Period, Term};
use termwise_engine::catalog::Segment;
use termwise_engine::money::{Currency, Price};
use termwise_engine::workings::{ChargeType, Quoted};

/// Adds a charge of a subscription.
pub(super) fn pack(to: &mut Packing, charge: &Charge<'_>) {
    to.text(charge.key);
    to.number(charge.billing);
    to.byte(u8::from(charge.is_reversal));
    to.number(charge.restores);
    for text in [charge.customer, charge.bill_to, charge.partner, charge.order, charge.product, charge.sku] {
        to.text(text);
    }
    to.text(charge.segment.name());
    to.text(charge.market);
    to.text(charge.charge_type.name());
    to.day(charge.charge.first);
    to.day(charge.charge.last);
    to.number(charge.days);
    to.number(charge.cycle_days);
    to.text(charge.term.name());
    to.day(charge.term_period.first);
    to.day(charge.term_period.last);
    to.text(charge.billing_cycle.name());
    to.wide(charge.unit_price);
    to.0.extend_from_slice(&charge.effective_unit_price.to_le_bytes());
    to.number(charge.quantity);
    to.wide(charge.subtotal);
    to.text(charge.currency.code());
    to.byte(u8::from(charge.discount.is_some()));
    to.wide(charge.discount.unwrap_or_default().cast_signed());
    for text in [charge.promotion, charge.code, charge.tax_code, charge.reference] {
        to.text(text);
    }
    to.instant(charge.happened_at);
    to.day(charge.due);
    to.wide(charge.quoted.list.millionths());
    to.text(charge.quoted.listed_for.name());
    to.day(charge.quoted.on);
    to.number(charge.quoted.seats);
    to.text(charge.held);
    to.number(charge.held_discount);
    to.text(charge.reasons);
}

/// The next charge of a subscription; none: these are not the bytes of one.
pub(super) fn unpack<'a>(from: &mut Unpacking<'a>, subscription: &'a str) -> Option<Charge<'a>> {
    let (key, billing, is_reversal) = (from.text()?, from.number()?, from.byte()? != 0);
    let restores = from.number()?;
    let (customer, bill_to, partner) = (from.text()?, from.text()?, from.text()?);
    let (order, product, sku) = (from.text()?, from.text()?, from.text()?);
    let segment = from.text()?;
    let segment = Segment::ALL.into_iter().find(|known| known.name() == segment)?;
    let market = from.text()?;
    let charge_type = from.text()?;
    let charge_type = ChargeType::ALL.into_iter().find(|known| known.name() == charge_type)?;
    let charge = Period { first: from.day()?, last: from.day()? };
    let (days, cycle_days) = (from.number()?, from.number()?);
    let term = term(from)?;
    let term_period = Period { first: from.day()?, last: from.day()? };
    let cycle = from.text()?;
    let billing_cycle = BillingCycle::ALL.into_iter().find(|known| known.name() == cycle)?;
    let unit_price = from.wide()?;
    let (bytes, rest) = from.0.split_first_chunk()?;
    let effective_unit_price = i128::from_le_bytes(*bytes);
    from.0 = rest;
    let (quantity, subtotal) = (from.number()?, from.wide()?);
    let currency = Currency::from_code(from.text()?)?;
    let has_discount = from.byte()? != 0;
    let discount = from.wide()?.cast_unsigned();
    let (promotion, code) = (from.text()?, from.text()?);
    let (tax_code, reference) = (from.text()?, from.text()?);
    let (happened_at, due) = (from.instant()?, from.day()?);
    let list = Price::from_millionths(from.wide()?)?;
    let quoted = Quoted { list, listed_for: self::term(from)?, on: from.day()?, seats: from.number()? };
    Some(Charge {
        key,
        billing,
        is_reversal,
        restores,
        invoice: "",
        number: 0,
        customer,
        bill_to,
        partner,
        order,
        subscription,
        product,
        sku,
        segment,
        market,
        charge_type,
        charge,
        days,
        cycle_days,
        term,
        term_period,
        billing_cycle,
        unit_price,
        effective_unit_price,
        quantity,
        subtotal,
        currency,
        discount: has_discount.then_some(discount),
        promotion,
        code,
        tax_code,
        reference,
        happened_at,
        due,
        quoted,
        held: from.text()?,
        held_discount: from.number()?,
        reasons: from.text()?,
    })
}

fn term(from: &mut Unpacking<'_>) -> Option<Term> {
    let name = from.text()?;
    Term::ALL.into_iter().find(|known| known.name() == name)
}
