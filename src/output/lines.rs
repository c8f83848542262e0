//! The tables `invoice_lines` and `invoices`.

use super::Stretch;
use super::figures::Decimal;
use super::keys::{push_invoice_id, push_line_id, push_reference_id};
use super::sheet::{AMOUNT, Column, Context, DISCOUNT, EFFECTIVE_PRICE, UNIT_PRICE};
use std::ops::Range;
use termwise_engine::book::Subscription;
use termwise_engine::ids::CustomerId;
use termwise_engine::invoicing::{Invoice, InvoiceKey, Place};
use termwise_engine::reasons::Reasons;
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

/// Writes who receives the invoice: the bill-to, or the customer itself.
pub(super) fn push_bill_to(context: &Context<'_>, key: InvoiceKey, out: &mut String) {
    out.push_str(match key.bill_to {
        Some(bill_to) => context.names.bill_to(bill_to),
        None => context.names.customer(key.customer),
    });
}

/// Writes the names of reasons, in the order of the rules.
pub(super) fn push_reasons(reasons: Reasons, out: &mut String) {
    for (number, reason) in reasons.iter().enumerate() {
        if number > 0 {
            out.push(';');
        }
        out.push_str(reason.name());
    }
}

/// The columns of `invoice_lines`.
pub(super) fn line_columns<'a>() -> Vec<Column<LineRow<'a>>> {
    [who(), when(), how_much(), why()].into_iter().flatten().collect()
}

fn who<'a>() -> Vec<Column<LineRow<'a>>> {
    vec![
        Column::text("invoice_id", |cx, row, out| push_invoice_id(out, cx.names, row.invoice, cx.window)),
        Column::count("line", |_, row| Some(row.number.into())),
        Column::text("line_id", |cx, row, out| push_line_id(out, cx.names, row.line)),
        Column::empty_text("corrects"),
        Column::text("customer_id", |cx, row, out| out.push_str(cx.names.customer(row.row.customer))),
        Column::text("bill_to_id", |cx, row, out| push_bill_to(cx, row.invoice, out)),
        Column::text("partner_id", |cx, row, out| {
            out.push_str(row.row.partner.map_or("", |id| cx.names.partner(id)));
        }),
        Column::text("order_id", |cx, row, out| {
            out.push_str(row.row.order.map_or("", |id| cx.names.order(id)));
        }),
        Column::text("subscription_id", |cx, row, out| {
            out.push_str(cx.names.subscription(row.line.subscription));
        }),
        Column::text("product_id", |cx, row, out| out.push_str(cx.names.product(row.line.item))),
        Column::text("sku_id", |cx, row, out| out.push_str(cx.names.sku(row.line.item))),
        Column::text("segment", |_, row, out| out.push_str(row.row.segment.name())),
        Column::text("market", |cx, row, out| out.push_str(cx.names.market(row.row.market))),
    ]
}

fn when<'a>() -> Vec<Column<LineRow<'a>>> {
    vec![
        Column::text("charge_type", |_, row, out| out.push_str(row.line.charge_type.name())),
        Column::day("charge_start", |_, row| Some(row.line.charge.first)),
        Column::day("charge_end", |_, row| Some(row.line.charge.last)),
        Column::count("days", |_, row| Some(row.line.days.into())),
        Column::count("cycle_days", |_, row| Some(row.line.cycle_days.into())),
        Column::text("term", |_, row, out| out.push_str(row.line.term.name())),
        Column::day("term_start", |_, row| Some(row.line.term_period.first)),
        Column::day("term_end", |_, row| Some(row.line.term_period.last)),
        Column::text("billing_cycle", |_, row, out| out.push_str(row.line.billing_cycle.name())),
    ]
}

fn how_much<'a>() -> Vec<Column<LineRow<'a>>> {
    vec![
        Column::decimal("unit_price", UNIT_PRICE, |_, row| {
            Some(Decimal::price(row.line.unit_price, row.row.currency))
        }),
        Column::decimal("effective_unit_price", EFFECTIVE_PRICE, |_, row| {
            Some(Decimal::effective_price(row.line.effective_unit_price, row.row.currency))
        }),
        Column::count("quantity", |_, row| Some(row.line.quantity.into())),
        Column::decimal("subtotal", AMOUNT, |_, row| {
            Some(Decimal::amount(row.line.subtotal, row.row.currency))
        }),
        Column::text("currency", |_, row, out| out.push_str(row.row.currency.code())),
        Column::decimal("discount", DISCOUNT, |_, row| row.line.discount().map(Decimal::discount)),
        Column::text("promotion_id", |cx, row, out| {
            out.push_str(row.line.reduction.promotion.map_or("", |id| cx.names.promotion(id)));
        }),
        Column::text("promo_code", |cx, row, out| {
            out.push_str(row.line.reduction.code.map_or("", |id| cx.names.code(id)));
        }),
        Column::empty_decimal("cost_unit_price", UNIT_PRICE),
        Column::empty_decimal("cost_subtotal", AMOUNT),
        Column::empty_decimal("margin", AMOUNT),
    ]
}

fn why<'a>() -> Vec<Column<LineRow<'a>>> {
    vec![
        Column::text("tax_code", |cx, row, out| {
            out.push_str(row.row.tax_code.map_or("", |id| cx.names.tax_code(id)));
        }),
        Column::text("reference_id", |cx, row, out| {
            if row.line.paired {
                push_reference_id(out, cx.names, row.line);
            }
        }),
        Column::instant("happened_at", |_, row| Some(row.line.happened_at)),
        Column::text("reasons", |_, row, out| push_reasons(row.line.reasons, out)),
    ]
}

/// The columns of `invoices`; `from` and `to` are the run's window, not the lines' first and last days (C18).
pub(super) fn invoice_columns() -> Vec<Column<InvoiceRow>> {
    vec![
        Column::text("invoice_id", |cx, row, out| push_invoice_id(out, cx.names, row.key, cx.window)),
        Column::text("customer_id", |cx, row, out| out.push_str(cx.names.customer(row.key.customer))),
        Column::text("bill_to_id", |cx, row, out| push_bill_to(cx, row.key, out)),
        Column::text("currency", |_, row, out| out.push_str(row.key.currency.code())),
        Column::day("from", |cx, _| Some(cx.window.billed.first)),
        Column::day("to", |cx, _| Some(cx.window.billed.last)),
        Column::count("lines", |_, row| Some(row.lines.into())),
        Column::decimal("subtotal", AMOUNT, |_, row| Some(Decimal::amount(row.subtotal, row.key.currency))),
    ]
}
