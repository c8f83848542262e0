//! The table `renewals`: every term that ends in the window or its horizon, and what it leads to (C26).
//!
//! What comes after is empty where the subscription expires or its renewal is blocked.

use super::Stretch;
use super::figures::Decimal;
use super::lexicon::Lexicons;
use super::lines::{bill_to, reasons_text};
use super::sheet::{AMOUNT, Column, PERCENT, UNIT_PRICE};
use termwise_engine::book::Subscription;
use termwise_engine::ids::CustomerId;
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
pub(super) fn rows<'a>(stretch: &Stretch<'a>, renewals: &'a [Renewal]) -> Vec<RenewalRow<'a>> {
    let book = stretch.book;
    let row =
        |renewal: &'a Renewal| RenewalRow { renewal, row: &book.subscriptions[renewal.subscription.rank()] };
    renewals.iter().map(row).collect()
}

/// The columns.
pub(super) fn columns<'a>(words: &Lexicons) -> Vec<Column<RenewalRow<'a>>> {
    [what(words), before_and_after(words), amounts()].into_iter().flatten().collect()
}

fn what<'a>(words: &Lexicons) -> Vec<Column<RenewalRow<'a>>> {
    vec![
        Column::runs(
            "subscription_id",
            |row: &RenewalRow<'a>| row.renewal.subscription,
            |cx, row, out| out.extend_from_slice(cx.names.subscription(row.renewal.subscription).as_bytes()),
        ),
        Column::runs(
            "customer_id",
            |row: &RenewalRow<'a>| row.row.customer,
            |cx, row, out| out.extend_from_slice(cx.names.customer(row.row.customer).as_bytes()),
        ),
        Column::runs(
            "bill_to_id",
            |row: &RenewalRow<'a>| (row.row.customer, row.row.bill_to),
            |cx, row, out| {
                out.extend_from_slice(bill_to(cx, row.row.customer, row.row.bill_to).as_bytes());
            },
        ),
        Column::word("product_id", &words.products, |row: &RenewalRow<'a>| Some(row.renewal.item.rank())),
        Column::word("sku_id", &words.skus, |row: &RenewalRow<'a>| Some(row.renewal.item.rank())),
        Column::name(
            "outcome",
            |row: &RenewalRow<'a>| row.renewal.outcome,
            |outcome| outcome.name().to_owned(),
        ),
        Column::day("renewal_date", |_, row: &RenewalRow<'a>| row.renewal.renewal_date),
        Column::count("days_to_renewal", |cx, row: &RenewalRow<'a>| {
            let as_of = i64::from(cx.window.billed.last.epoch_days());
            Some(i64::from(row.renewal.renewal_date.epoch_days()) - as_of)
        }),
        Column::name("term", |row: &RenewalRow<'a>| row.renewal.term, |term| term.name().to_owned()),
        Column::name(
            "billing_cycle",
            |row: &RenewalRow<'a>| row.renewal.billing_cycle,
            |cycle| cycle.name().to_owned(),
        ),
        Column::count("quantity", |_, row: &RenewalRow<'a>| Some(row.renewal.quantity.into())),
        Column::name("currency", RenewalRow::currency, |currency| currency.code().to_owned()),
    ]
}

fn before_and_after<'a>(words: &Lexicons) -> Vec<Column<RenewalRow<'a>>> {
    vec![
        Column::decimal("list_unit_price", UNIT_PRICE, |_, row: &RenewalRow<'a>| {
            Some(Decimal::list_price(row.after()?.list_price, row.currency()))
        }),
        Column::decimal("unit_price_before", UNIT_PRICE, |_, row: &RenewalRow<'a>| {
            Some(Decimal::price(row.renewal.unit_price_before, row.currency()))
        }),
        Column::decimal("unit_price_after", UNIT_PRICE, |_, row: &RenewalRow<'a>| {
            Some(Decimal::price(row.after()?.unit_price, row.currency()))
        }),
        Column::word("promotion_before", &words.promotions, |row: &RenewalRow<'a>| {
            row.renewal.promotion_before.map(|id| id.rank())
        }),
        Column::word("promotion_after", &words.promotions, |row: &RenewalRow<'a>| {
            row.after()?.promotion.map(|id| id.rank())
        }),
    ]
}

fn amounts<'a>() -> Vec<Column<RenewalRow<'a>>> {
    vec![
        Column::decimal("amount_before", AMOUNT, |_, row: &RenewalRow<'a>| {
            Some(Decimal::amount(row.renewal.amount_before, row.currency()))
        }),
        Column::decimal("amount_after", AMOUNT, |_, row: &RenewalRow<'a>| {
            Some(Decimal::amount(row.after()?.amount, row.currency()))
        }),
        Column::decimal("change", AMOUNT, |_, row: &RenewalRow<'a>| {
            Some(Decimal::amount(row.change()?, row.currency()))
        }),
        Column::decimal("change_percent", PERCENT, |_, row: &RenewalRow<'a>| {
            percent_change(row.change()?, row.renewal.amount_before.into()).map(Decimal::percent)
        }),
        Column::flag("billed", |_, row: &RenewalRow<'a>| row.renewal.billed),
        Column::name("reasons", |row: &RenewalRow<'a>| row.renewal.reasons, reasons_text),
    ]
}
