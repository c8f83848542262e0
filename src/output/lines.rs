//! The tables `invoice_lines` and `invoices`.

use super::Stretch;
use super::figures::Decimal;
use super::keys::{push_invoice_id, push_line_id, push_reference_id};
use super::lexicon::Lexicons;
use super::sheet::{AMOUNT, Column, Context, DISCOUNT, EFFECTIVE_PRICE, UNIT_PRICE};
use std::ops::Range;
use termwise_engine::book::Subscription;
use termwise_engine::ids::{BillToId, CustomerId};
use termwise_engine::invoicing::{Invoice, InvoiceKey, Place};
use termwise_engine::reasons::{Reason, Reasons};
use termwise_engine::workings::Line;

/// A row of `invoice_lines`.
pub(super) struct LineRow<'a> {
    line: &'a Line,
    row: &'a Subscription,
    invoice: InvoiceKey,
    number: u32,
}

/// A row of `invoices`.
pub(super) type InvoiceRow = Invoice;

impl LineRow<'_> {
    /// Whose it is.
    pub(super) fn customer(&self) -> CustomerId {
        self.row.customer
    }
}

/// Some rows of `invoice_lines`.
pub(super) fn line_rows<'a>(stretch: &Stretch<'a>, rows: Range<usize>) -> Vec<LineRow<'a>> {
    let (book, invoiced) = (stretch.book, stretch.invoiced);
    let row = |(line, place): (&'a Line, &Place)| LineRow {
        line,
        row: &book.subscriptions[line.subscription.rank()],
        invoice: invoiced.invoices[place.invoice as usize].key,
        number: place.line,
    };
    invoiced.lines[rows.clone()].iter().zip(&invoiced.places[rows]).map(row).collect()
}

/// The text of who receives the invoice: the bill-to, or the customer itself.
pub(super) fn bill_to<'a>(cx: &Context<'a>, customer: CustomerId, bill_to: Option<BillToId>) -> &'a str {
    match bill_to {
        Some(bill_to) => cx.names.bill_to(bill_to),
        None => cx.names.customer(customer),
    }
}

/// The names of reasons, in the order of the rules.
pub(super) fn reasons_text(reasons: Reasons) -> String {
    reasons.iter().map(Reason::name).collect::<Vec<_>>().join(";")
}

/// The columns of `invoice_lines`.
pub(super) fn line_columns<'a>(words: &Lexicons) -> Vec<Column<LineRow<'a>>> {
    [who(words), when(), how_much(words), why(words)].into_iter().flatten().collect()
}

fn who<'a>(words: &Lexicons) -> Vec<Column<LineRow<'a>>> {
    vec![
        Column::runs(
            "invoice_id",
            |row: &LineRow<'a>| row.invoice,
            |cx, row, out| push_invoice_id(out, cx, row.invoice),
        ),
        Column::count("line", |_, row: &LineRow<'a>| Some(row.number.into())),
        Column::text("line_id", |cx, row: &LineRow<'a>, out| push_line_id(out, cx, row.line)),
        Column::empty_text("corrects"),
        Column::runs(
            "customer_id",
            |row: &LineRow<'a>| row.row.customer,
            |cx, row, out| out.extend_from_slice(cx.names.customer(row.row.customer).as_bytes()),
        ),
        Column::runs(
            "bill_to_id",
            |row: &LineRow<'a>| (row.row.customer, row.row.bill_to),
            |cx, row, out| {
                out.extend_from_slice(bill_to(cx, row.row.customer, row.row.bill_to).as_bytes());
            },
        ),
        Column::word("partner_id", &words.partners, |row: &LineRow<'a>| row.row.partner.map(|id| id.rank())),
        Column::runs(
            "order_id",
            |row: &LineRow<'a>| row.row.order,
            |cx, row, out| {
                out.extend_from_slice(row.row.order.map_or("", |id| cx.names.order(id)).as_bytes());
            },
        ),
        Column::runs(
            "subscription_id",
            |row: &LineRow<'a>| row.line.subscription,
            |cx, row, out| out.extend_from_slice(cx.names.subscription(row.line.subscription).as_bytes()),
        ),
        Column::word("product_id", &words.products, |row: &LineRow<'a>| Some(row.line.item.rank())),
        Column::word("sku_id", &words.skus, |row: &LineRow<'a>| Some(row.line.item.rank())),
        Column::name("segment", |row: &LineRow<'a>| row.row.segment, |segment| segment.name().to_owned()),
        Column::word("market", &words.markets, |row: &LineRow<'a>| Some(row.row.market.rank())),
    ]
}

fn when<'a>() -> Vec<Column<LineRow<'a>>> {
    vec![
        Column::name("charge_type", |row: &LineRow<'a>| row.line.charge_type, |kind| kind.name().to_owned()),
        Column::day("charge_start", |_, row: &LineRow<'a>| row.line.charge.first),
        Column::day("charge_end", |_, row: &LineRow<'a>| row.line.charge.last),
        Column::count("days", |_, row: &LineRow<'a>| Some(row.line.days.into())),
        Column::count("cycle_days", |_, row: &LineRow<'a>| Some(row.line.cycle_days.into())),
        Column::name("term", |row: &LineRow<'a>| row.line.term, |term| term.name().to_owned()),
        Column::day("term_start", |_, row: &LineRow<'a>| row.line.term_period.first),
        Column::day("term_end", |_, row: &LineRow<'a>| row.line.term_period.last),
        Column::name(
            "billing_cycle",
            |row: &LineRow<'a>| row.line.billing_cycle,
            |cycle| cycle.name().to_owned(),
        ),
    ]
}

fn how_much<'a>(words: &Lexicons) -> Vec<Column<LineRow<'a>>> {
    vec![
        Column::decimal("unit_price", UNIT_PRICE, |_, row: &LineRow<'a>| {
            Some(Decimal::price(row.line.unit_price, row.row.currency))
        }),
        Column::decimal("effective_unit_price", EFFECTIVE_PRICE, |_, row: &LineRow<'a>| {
            Some(Decimal::effective_price(row.line.effective_unit_price, row.row.currency))
        }),
        Column::count("quantity", |_, row: &LineRow<'a>| Some(row.line.quantity.into())),
        Column::decimal("subtotal", AMOUNT, |_, row: &LineRow<'a>| {
            Some(Decimal::amount(row.line.subtotal, row.row.currency))
        }),
        Column::name("currency", |row: &LineRow<'a>| row.row.currency, |currency| currency.code().to_owned()),
        Column::decimal("discount", DISCOUNT, |_, row: &LineRow<'a>| {
            row.line.discount().map(Decimal::discount)
        }),
        Column::word("promotion_id", &words.promotions, |row: &LineRow<'a>| {
            row.line.reduction.promotion.map(|id| id.rank())
        }),
        Column::word("promo_code", &words.codes, |row: &LineRow<'a>| {
            row.line.reduction.code.map(|id| id.rank())
        }),
        Column::empty_decimal("cost_unit_price", UNIT_PRICE),
        Column::empty_decimal("cost_subtotal", AMOUNT),
        Column::empty_decimal("margin", AMOUNT),
    ]
}

fn why<'a>(words: &Lexicons) -> Vec<Column<LineRow<'a>>> {
    vec![
        Column::word("tax_code", &words.tax_codes, |row: &LineRow<'a>| row.row.tax_code.map(|id| id.rank())),
        Column::text("reference_id", |cx, row: &LineRow<'a>, out| {
            if row.line.paired {
                push_reference_id(out, cx, row.line);
            }
        }),
        Column::instant("happened_at", |_, row: &LineRow<'a>| row.line.happened_at),
        Column::name("reasons", |row: &LineRow<'a>| row.line.reasons, reasons_text),
    ]
}

/// The columns of `invoices`; `from` and `to` are the run's window, not the lines' first and last days (C18).
pub(super) fn invoice_columns() -> Vec<Column<InvoiceRow>> {
    vec![
        Column::text("invoice_id", |cx, row: &InvoiceRow, out| push_invoice_id(out, cx, row.key)),
        Column::runs(
            "customer_id",
            |row: &InvoiceRow| row.key.customer,
            |cx, row, out| out.extend_from_slice(cx.names.customer(row.key.customer).as_bytes()),
        ),
        Column::runs(
            "bill_to_id",
            |row: &InvoiceRow| (row.key.customer, row.key.bill_to),
            |cx, row, out| {
                out.extend_from_slice(bill_to(cx, row.key.customer, row.key.bill_to).as_bytes());
            },
        ),
        Column::name("currency", |row: &InvoiceRow| row.key.currency, |currency| currency.code().to_owned()),
        Column::day("from", |cx, _| cx.window.billed.first),
        Column::day("to", |cx, _| cx.window.billed.last),
        Column::count("lines", |_, row: &InvoiceRow| Some(row.lines.into())),
        Column::decimal("subtotal", AMOUNT, |_, row: &InvoiceRow| {
            Some(Decimal::amount(row.subtotal, row.key.currency))
        }),
    ]
}
