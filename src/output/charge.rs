//! A charge: a row of `invoice_lines` that needs nothing beside itself.
//!
//! A run without a ledger writes its lines out of the book. With one, a line outlives the inputs that it came from: it may be
//! reversed after its promotion was deleted, and stands on an invoice weeks later. So it is taken out of the book whole, kept
//! with the run, and written from here, the same whether it is new, reversed or issued.

use super::figures::Decimal;
use super::keys::{push_line_id, push_reference_id};
use super::lines::reasons_text;
use super::sheet::{AMOUNT, Column, Context, DISCOUNT, EFFECTIVE_PRICE, UNIT_PRICE};
use super::{Stretch, days::DayTexts};
use crate::names::{Names, Texts};
use std::collections::BTreeMap;
use termwise_engine::book::Window;
use termwise_engine::calendar::{BillingCycle, Day, Instant, Period, Term};
use termwise_engine::catalog::Segment;
use termwise_engine::ids::CustomerId;
use termwise_engine::money::Currency;
use termwise_engine::reasons::{Reason, Reasons};
use termwise_engine::workings::{ChargeType, Line, Quoted};

/// What the id of a line that takes another back ends with.
const REVERSAL: &[u8] = b":reversal";

/// A line as it is published and kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Charge<'a> {
    /// What it is for: the line_id of its first billing (R61).
    pub key: &'a str,
    /// Which billing of the key it is, from 1.
    pub billing: u32,
    /// Whether it takes that billing back (R62).
    pub is_reversal: bool,
    /// The billing whose reversal it takes back in turn (R65); 0: none.
    pub restores: u32,
    /// The invoice that it is issued on, once it is (R65).
    pub invoice: &'a str,
    /// Its number there; 0: none yet.
    pub number: u32,
    /// Whose.
    pub customer: &'a str,
    /// Who receives the invoice: the bill-to, or the customer.
    pub bill_to: &'a str,
    /// Who sells.
    pub partner: &'a str,
    /// The order.
    pub order: &'a str,
    /// The subscription.
    pub subscription: &'a str,
    /// The product.
    pub product: &'a str,
    /// The SKU.
    pub sku: &'a str,
    /// The segment.
    pub segment: Segment,
    /// The customer's country.
    pub market: &'a str,
    /// What for.
    pub charge_type: ChargeType,
    /// The days charged.
    pub charge: Period,
    /// How many.
    pub days: u32,
    /// Out of how many.
    pub cycle_days: u32,
    /// The running term's length.
    pub term: Term,
    /// The running term's days.
    pub term_period: Period,
    /// Its billing cycle.
    pub billing_cycle: BillingCycle,
    /// In millionths.
    pub unit_price: i64,
    /// In 10⁻¹⁰, signed.
    pub effective_unit_price: i128,
    /// Seats.
    pub quantity: u32,
    /// In minor units, signed.
    pub subtotal: i64,
    /// Of `subtotal`.
    pub currency: Currency,
    /// The fraction taken off, in trillionths.
    pub discount: Option<u64>,
    /// The promotion that took something off.
    pub promotion: &'a str,
    /// The promo code that took something off.
    pub code: &'a str,
    /// Passed through.
    pub tax_code: &'a str,
    /// What ties a pair.
    pub reference: &'a str,
    /// When what caused it happened.
    pub happened_at: Instant,
    /// The charge day (A2).
    pub due: Day,
    /// The term's list price, and what it was looked up for (R62).
    pub quoted: Quoted,
    /// The term's promotion, whether or not it took anything off.
    pub held: &'a str,
    /// What that promotion takes off, in millionths.
    pub held_discount: u32,
    /// Why, as the column has it.
    pub reasons: &'a str,
}

impl<'a> Charge<'a> {
    /// The exact negative, which takes this billing back (R62).
    #[must_use]
    pub fn reversed(self) -> Charge<'a> {
        Charge {
            is_reversal: !self.is_reversal,
            invoice: "",
            number: 0,
            effective_unit_price: -self.effective_unit_price,
            subtotal: -self.subtotal,
            ..self
        }
    }

    /// Writes the id of a billing: the key, and which billing of it, from the second on.
    fn push_billing(&self, billing: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(self.key.as_bytes());
        if billing > 1 {
            out.push(b':');
            out.extend_from_slice(itoa::Buffer::new().format(billing).as_bytes());
        }
    }

    fn push_id(&self, out: &mut Vec<u8>) {
        self.push_billing(self.billing, out);
        if self.is_reversal {
            out.extend_from_slice(REVERSAL);
        }
    }

    /// The same charge as another billing of its key, after the one that took it back was taken back itself.
    #[must_use]
    pub fn restored(self, billing: u32) -> Charge<'a> {
        let restores = self.billing;
        Charge { billing, restores, ..self.reversed() }
    }

    /// The id of what it takes back.
    pub fn corrected(&self) -> String {
        let mut id = Vec::new();
        self.push_billing(self.billing, &mut id);
        String::from_utf8_lossy(&id).into_owned()
    }

    /// The line_id.
    pub fn id(&self) -> String {
        let mut id = Vec::new();
        self.push_id(&mut id);
        String::from_utf8_lossy(&id).into_owned()
    }
}

/// The keys of lines, in their order (R61).
pub fn line_keys(names: &Names, window: Window, lines: &[Line]) -> Texts {
    let days = DayTexts::none();
    let cx = Context { names, window, days: &days };
    let mut text = Vec::new();
    let mut keys = Texts::default();
    for line in lines {
        text.clear();
        push_line_id(&mut text, &cx, line);
        keys.push(&String::from_utf8_lossy(&text));
    }
    keys
}

/// The texts of some lines that no other place holds.
#[derive(Debug, Default)]
pub struct LineTexts {
    keys: Texts,
    references: Texts,
    reasons: Texts,
    /// Which of the reasons' texts is each line's.
    reasons_of: Vec<u32>,
}

impl LineTexts {
    /// Those of the lines of a stretch, in their order.
    pub fn of(stretch: &Stretch<'_>, window: Window) -> LineTexts {
        // Keys name the days of charges, which lie about as far back as a term does.
        let days = DayTexts::around(window);
        let cx = Context { names: stretch.names, window, days: &days };
        let mut texts = LineTexts::default();
        let mut known: BTreeMap<Reasons, u32> = BTreeMap::new();
        let mut text = Vec::new();
        for line in &stretch.invoiced.lines {
            text.clear();
            push_line_id(&mut text, &cx, line);
            texts.keys.push(&String::from_utf8_lossy(&text));
            text.clear();
            if line.paired {
                push_reference_id(&mut text, &cx, line);
            }
            texts.references.push(&String::from_utf8_lossy(&text));
            let number = *known.entry(line.reasons).or_insert_with(|| {
                texts.reasons.push(&reasons_text(line.reasons));
                texts.reasons.len() as u32 - 1
            });
            texts.reasons_of.push(number);
        }
        texts
    }

    /// The lines of the stretch as charges, each in its first billing, with the customer that it comes with.
    pub fn charges<'a>(&'a self, stretch: &Stretch<'a>) -> Vec<(CustomerId, Charge<'a>)> {
        let lines = stretch.invoiced.lines.iter().enumerate();
        lines.map(|(number, line)| self.charge(stretch, number, line)).collect()
    }

    fn charge<'a>(&'a self, stretch: &Stretch<'a>, number: usize, line: &Line) -> (CustomerId, Charge<'a>) {
        let names = stretch.names;
        let row = &stretch.book.subscriptions[line.subscription.rank()];
        let charge = Charge {
            key: self.keys.get(number),
            billing: 1,
            is_reversal: false,
            restores: 0,
            invoice: "",
            number: 0,
            customer: names.customer(row.customer),
            bill_to: row.bill_to.map_or_else(|| names.customer(row.customer), |id| names.bill_to(id)),
            partner: row.partner.map_or("", |id| names.partner(id)),
            order: row.order.map_or("", |id| names.order(id)),
            subscription: names.subscription(line.subscription),
            product: names.product(line.item),
            sku: names.sku(line.item),
            segment: row.segment,
            market: names.market(row.market),
            charge_type: line.charge_type,
            charge: line.charge,
            days: line.days,
            cycle_days: line.cycle_days,
            term: line.term,
            term_period: line.term_period,
            billing_cycle: line.billing_cycle,
            unit_price: line.unit_price,
            effective_unit_price: line.effective_unit_price,
            quantity: line.quantity,
            subtotal: line.subtotal,
            currency: row.currency,
            discount: line.discount(),
            promotion: line.reduction.promotion.map_or("", |id| names.promotion(id)),
            code: line.reduction.code.map_or("", |id| names.code(id)),
            tax_code: row.tax_code.map_or("", |id| names.tax_code(id)),
            reference: self.references.get(number),
            happened_at: line.happened_at,
            due: line.due,
            quoted: line.quoted,
            held: line.held.map_or("", |(id, _)| names.promotion(id)),
            held_discount: line.held.map_or(0, |(_, discount)| discount.millionths()),
            reasons: self.reasons.get(self.reasons_of[number] as usize),
        };
        (row.customer, charge)
    }
}

/// Whether a line reverses another is no reason of its own column alone: the reasons say it too.
fn push_reasons(row: &Charge<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(row.reasons.as_bytes());
    if row.is_reversal {
        if !row.reasons.is_empty() {
            out.push(b';');
        }
        out.extend_from_slice(Reason::Reversed.name().as_bytes());
    }
}

/// A charge and the customer among whose rows it comes.
pub(super) type ChargeRow<'a> = (CustomerId, Charge<'a>);

/// The columns of `invoice_lines`, of charges.
pub(super) fn columns<'a>() -> Vec<Column<ChargeRow<'a>>> {
    [who(), when(), how_much()].into_iter().flatten().collect()
}

fn text<'a>(name: &'static str, get: impl Fn(&Charge<'a>) -> &'a str + 'static) -> Column<ChargeRow<'a>> {
    Column::text(name, move |_, (_, row): &ChargeRow<'a>, out| out.extend_from_slice(get(row).as_bytes()))
}

fn who<'a>() -> Vec<Column<ChargeRow<'a>>> {
    vec![
        text("invoice_id", |row| row.invoice),
        Column::count("line", |_, (_, row): &ChargeRow<'a>| (row.number > 0).then(|| row.number.into())),
        Column::text("line_id", |_, (_, row): &ChargeRow<'a>, out| row.push_id(out)),
        Column::text("corrects", |_, (_, row): &ChargeRow<'a>, out| {
            if row.is_reversal {
                row.push_billing(row.billing, out);
            } else if row.restores > 0 {
                row.push_billing(row.restores, out);
                out.extend_from_slice(REVERSAL);
            }
        }),
        text("customer_id", |row| row.customer),
        text("bill_to_id", |row| row.bill_to),
        text("partner_id", |row| row.partner),
        text("order_id", |row| row.order),
        text("subscription_id", |row| row.subscription),
        text("product_id", |row| row.product),
        text("sku_id", |row| row.sku),
        Column::name("segment", |(_, row): &ChargeRow<'a>| row.segment, |segment| segment.name().to_owned()),
        text("market", |row| row.market),
    ]
}

fn when<'a>() -> Vec<Column<ChargeRow<'a>>> {
    vec![
        Column::name(
            "charge_type",
            |(_, row): &ChargeRow<'a>| row.charge_type,
            |kind| kind.name().to_owned(),
        ),
        Column::day("charge_start", |_, (_, row): &ChargeRow<'a>| row.charge.first),
        Column::day("charge_end", |_, (_, row): &ChargeRow<'a>| row.charge.last),
        Column::count("days", |_, (_, row): &ChargeRow<'a>| Some(row.days.into())),
        Column::count("cycle_days", |_, (_, row): &ChargeRow<'a>| Some(row.cycle_days.into())),
        Column::name("term", |(_, row): &ChargeRow<'a>| row.term, |term| term.name().to_owned()),
        Column::day("term_start", |_, (_, row): &ChargeRow<'a>| row.term_period.first),
        Column::day("term_end", |_, (_, row): &ChargeRow<'a>| row.term_period.last),
        Column::name(
            "billing_cycle",
            |(_, row): &ChargeRow<'a>| row.billing_cycle,
            |cycle| cycle.name().to_owned(),
        ),
    ]
}

fn how_much<'a>() -> Vec<Column<ChargeRow<'a>>> {
    vec![
        Column::decimal("unit_price", UNIT_PRICE, |_, (_, row): &ChargeRow<'a>| {
            Some(Decimal::price(row.unit_price, row.currency))
        }),
        Column::decimal("effective_unit_price", EFFECTIVE_PRICE, |_, (_, row): &ChargeRow<'a>| {
            Some(Decimal::effective_price(row.effective_unit_price, row.currency))
        }),
        Column::count("quantity", |_, (_, row): &ChargeRow<'a>| Some(row.quantity.into())),
        Column::decimal("subtotal", AMOUNT, |_, (_, row): &ChargeRow<'a>| {
            Some(Decimal::amount(row.subtotal, row.currency))
        }),
        Column::name(
            "currency",
            |(_, row): &ChargeRow<'a>| row.currency,
            |currency| currency.code().to_owned(),
        ),
        Column::decimal("discount", DISCOUNT, |_, (_, row): &ChargeRow<'a>| {
            row.discount.map(Decimal::discount)
        }),
        text("promotion_id", |row| row.promotion),
        text("promo_code", |row| row.code),
        Column::empty_decimal("cost_unit_price", UNIT_PRICE),
        Column::empty_decimal("cost_subtotal", AMOUNT),
        Column::empty_decimal("margin", AMOUNT),
        text("tax_code", |row| row.tax_code),
        text("reference_id", |row| row.reference),
        Column::instant("happened_at", |_, (_, row): &ChargeRow<'a>| row.happened_at),
        Column::text("reasons", |_, (_, row): &ChargeRow<'a>, out| push_reasons(row, out)),
    ]
}

/// An issued invoice (R65).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issued {
    /// Its id: bill-to, currency and period.
    pub id: String,
    /// The customer, where it is of one alone.
    pub customer: String,
    /// Who receives it.
    pub bill_to: String,
    /// Its currency.
    pub currency: Currency,
    /// Its lines.
    pub lines: u32,
    /// Their sum, in minor units.
    pub subtotal: i128,
}

/// The columns of `invoices`, of issued ones; their days are the period's (C18).
pub(super) fn invoice_columns() -> Vec<Column<Issued>> {
    let text = |name, get: fn(&Issued) -> &str| {
        Column::text(name, move |_, row: &Issued, out| out.extend_from_slice(get(row).as_bytes()))
    };
    vec![
        text("invoice_id", |row| &row.id),
        text("customer_id", |row| &row.customer),
        text("bill_to_id", |row| &row.bill_to),
        Column::name("currency", |row: &Issued| row.currency, |currency| currency.code().to_owned()),
        Column::day("from", |cx, _| cx.window.billed.first),
        Column::day("to", |cx, _| cx.window.billed.last),
        Column::count("lines", |_, row: &Issued| Some(row.lines.into())),
        Column::decimal("subtotal", AMOUNT, |_, row: &Issued| {
            Some(Decimal::amount(row.subtotal, row.currency))
        }),
    ]
}
