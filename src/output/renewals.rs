//! The table `renewals`: every term that ends in the window or its horizon, and what it leads to (C26).
//!
//! What comes after is empty where the subscription expires or its renewal is blocked.

use super::Stretch;
use super::figures::Decimal;
use super::lines::{push_bill_to, push_reasons};
use super::sheet::{AMOUNT, Column, PERCENT, UNIT_PRICE};
use std::ops::Range;
use termwise_engine::book::Subscription;
use termwise_engine::ids::CustomerId;
use termwise_engine::invoicing::InvoiceKey;
use termwise_engine::money::{Currency, percent_change};
use termwise_engine::workings::{Renewal, Renewed};

/// A row of `renewals`.
pub(super) struct RenewalRow<'a> {
    renewal: &'a Renewal,
    row: &'a Subscription,
}

impl RenewalRow<'_> {
    /// Whose it is.
    pub(super) fn customer(&self) -> CustomerId {
        self.row.customer
    }

    fn currency(&self) -> Currency {
        self.row.currency
    }

    fn after(&self) -> Option<Renewed> {
        self.renewal.after
    }

    /// New amount less old one, in minor units (C1).
    fn change(&self) -> Option<i128> {
        let after = self.after()?;
        Some(i128::from(after.amount) - i128::from(self.renewal.amount_before))
    }
}

/// Some rows of `renewals`.
pub(super) fn rows<'a>(stretch: &Stretch<'a>, rows: Range<usize>) -> Vec<RenewalRow<'a>> {
    let book = stretch.book;
    let row =
        |renewal: &'a Renewal| RenewalRow { renewal, row: &book.subscriptions[renewal.subscription.rank()] };
    stretch.renewals[rows].iter().map(row).collect()
}

/// The columns.
pub(super) fn columns<'a>() -> Vec<Column<RenewalRow<'a>>> {
    [what(), before_and_after(), amounts()].into_iter().flatten().collect()
}

fn what<'a>() -> Vec<Column<RenewalRow<'a>>> {
    vec![
        Column::text("subscription_id", |cx, row, out| {
            out.push_str(cx.names.subscription(row.renewal.subscription));
        }),
        Column::text("customer_id", |cx, row, out| out.push_str(cx.names.customer(row.row.customer))),
        Column::text("bill_to_id", |cx, row, out| {
            let Subscription { customer, currency, bill_to, .. } = *row.row;
            push_bill_to(cx, InvoiceKey { customer, currency, bill_to }, out);
        }),
        Column::text("product_id", |cx, row, out| out.push_str(cx.names.product(row.renewal.item))),
        Column::text("sku_id", |cx, row, out| out.push_str(cx.names.sku(row.renewal.item))),
        Column::text("outcome", |_, row, out| out.push_str(row.renewal.outcome.name())),
        Column::day("renewal_date", |_, row| Some(row.renewal.renewal_date)),
        Column::count("days_to_renewal", |cx, row| {
            let as_of = i64::from(cx.window.billed.last.epoch_days());
            Some(i64::from(row.renewal.renewal_date.epoch_days()) - as_of)
        }),
        Column::text("term", |_, row, out| out.push_str(row.renewal.term.name())),
        Column::text("billing_cycle", |_, row, out| out.push_str(row.renewal.billing_cycle.name())),
        Column::count("quantity", |_, row| Some(row.renewal.quantity.into())),
        Column::text("currency", |_, row, out| out.push_str(row.currency().code())),
    ]
}

fn before_and_after<'a>() -> Vec<Column<RenewalRow<'a>>> {
    vec![
        Column::decimal("list_unit_price", UNIT_PRICE, |_, row| {
            Some(Decimal::list_price(row.after()?.list_price, row.currency()))
        }),
        Column::decimal("unit_price_before", UNIT_PRICE, |_, row| {
            Some(Decimal::price(row.renewal.unit_price_before, row.currency()))
        }),
        Column::decimal("unit_price_after", UNIT_PRICE, |_, row| {
            Some(Decimal::price(row.after()?.unit_price, row.currency()))
        }),
        Column::text("promotion_before", |cx, row, out| {
            out.push_str(row.renewal.promotion_before.map_or("", |id| cx.names.promotion(id)));
        }),
        Column::text("promotion_after", |cx, row, out| {
            let promotion = row.after().and_then(|after| after.promotion);
            out.push_str(promotion.map_or("", |id| cx.names.promotion(id)));
        }),
    ]
}

fn amounts<'a>() -> Vec<Column<RenewalRow<'a>>> {
    vec![
        Column::decimal("amount_before", AMOUNT, |_, row| {
            Some(Decimal::amount(row.renewal.amount_before, row.currency()))
        }),
        Column::decimal("amount_after", AMOUNT, |_, row| {
            Some(Decimal::amount(row.after()?.amount, row.currency()))
        }),
        Column::decimal("change", AMOUNT, |_, row| Some(Decimal::amount(row.change()?, row.currency()))),
        Column::decimal("change_percent", PERCENT, |_, row| {
            percent_change(row.change()?, row.renewal.amount_before).map(Decimal::percent)
        }),
        Column::flag("billed", |_, row| Some(row.renewal.billed)),
        Column::text("reasons", |_, row, out| push_reasons(row.renewal.reasons, out)),
    ]
}
