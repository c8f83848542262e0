//! Invoices and control totals, made from the lines and from nothing else.
//!
//! One invoice for each customer, bill-to and currency, whatever partner sold (B33, C18). A line's place is its invoice
//! and its number in it, counted from 1 in the order of the file.

use crate::book::Book;
use crate::ids::{BillToId, CustomerId};
use crate::money::Currency;
use crate::workings::{ChargeType, Line};
use std::collections::BTreeMap;

/// Whom an invoice goes to, for which customer, in which currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct InvoiceKey {
    /// Whose subscriptions.
    pub customer: CustomerId,
    /// Currency.
    pub currency: Currency,
    /// Who receives it; none: the customer.
    pub bill_to: Option<BillToId>,
}

/// An invoice: its total is the sum of its lines, and never stored beside them anywhere else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invoice {
    /// What it is for.
    pub key: InvoiceKey,
    /// How many lines.
    pub lines: u32,
    /// Their sum, in minor units.
    pub subtotal: i128,
}

/// Where a line stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Number of the invoice in [`Invoiced::invoices`].
    pub invoice: u32,
    /// Number of the line in its invoice, from 1.
    pub line: u32,
}

/// Lines in the order of the file, each with its place, and their invoices in the order of their keys.
#[derive(Debug, Default)]
pub struct Invoiced {
    /// By customer, currency, subscription, first day charged, then as they happened.
    pub lines: Vec<Line>,
    /// A place for each line.
    pub places: Vec<Place>,
    /// By customer, currency, bill-to.
    pub invoices: Vec<Invoice>,
    /// Sums by currency and charge type.
    pub totals: Totals,
}

/// Control totals: how many lines and how much, by currency and charge type.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Totals(BTreeMap<(Currency, ChargeType), Total>);

/// A count of lines and their sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Total {
    /// Lines.
    pub lines: u64,
    /// Minor units.
    pub subtotal: i128,
}

impl Total {
    fn add(&mut self, other: Total) {
        self.lines += other.lines;
        self.subtotal += other.subtotal;
    }
}

impl Totals {
    /// Adds another part of the run; the order of adding never shows.
    pub fn add(&mut self, other: &Totals) {
        for (&key, &total) in &other.0 {
            self.0.entry(key).or_default().add(total);
        }
    }

    /// Every currency and charge type that has lines.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, ChargeType, Total)> {
        self.0.iter().map(|(&(currency, charge_type), &total)| (currency, charge_type, total))
    }

    /// The sum of each currency.
    pub fn by_currency(&self) -> BTreeMap<Currency, Total> {
        let mut sums: BTreeMap<Currency, Total> = BTreeMap::new();
        for (currency, _, total) in self.iter() {
            sums.entry(currency).or_default().add(total);
        }
        sums
    }
}

/// Puts the lines of whole customers in order and makes their invoices. The lines of a subscription must come in the
/// order of happening.
pub fn invoice(book: &Book, mut lines: Vec<Line>) -> Invoiced {
    let row = |line: &Line| &book.subscriptions[line.subscription.rank()];
    let order = |line: &Line| {
        let row = row(line);
        (row.customer, row.currency, line.subscription, line.charge.first)
    };
    // Stable: what happened first on a day stays first.
    lines.sort_by_key(order);
    let mut drafts: BTreeMap<InvoiceKey, Invoice> = BTreeMap::new();
    let mut totals = Totals::default();
    let mut numbers = Vec::with_capacity(lines.len());
    for line in &lines {
        let row = row(line);
        let key = InvoiceKey { customer: row.customer, currency: row.currency, bill_to: row.bill_to };
        let invoice = drafts.entry(key).or_insert(Invoice { key, lines: 0, subtotal: 0 });
        invoice.lines += 1;
        invoice.subtotal += i128::from(line.subtotal);
        numbers.push((key, invoice.lines));
        let total = totals.0.entry((row.currency, line.charge_type)).or_default();
        total.add(Total { lines: 1, subtotal: i128::from(line.subtotal) });
    }
    let invoices: Vec<Invoice> = drafts.into_values().collect();
    let place = |(key, line): (InvoiceKey, u32)| {
        let invoice = invoices.partition_point(|invoice| invoice.key < key) as u32;
        Place { invoice, line }
    };
    let places = numbers.into_iter().map(place).collect();
    Invoiced { lines, places, invoices, totals }
}
