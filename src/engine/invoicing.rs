//! Invoices and control totals, made from the lines and from nothing else.
//!
//! One invoice for each customer, bill-to and currency, whatever partner sold (B33, C18). A line's place is its invoice
//! and its number in it, counted from 1 in the order of the file.

mod difference;

pub use difference::{Difference, difference};

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

    /// Adds a line that stands on no invoice of its run.
    pub fn add_line(&mut self, currency: Currency, charge_type: ChargeType, subtotal: i64) {
        let total = Total { lines: 1, subtotal: i128::from(subtotal) };
        self.0.entry((currency, charge_type)).or_default().add(total);
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
    let order = |line: &Line| (row(line).currency, line.subscription, line.charge.first);
    let mut desk =
        Desk { book, places: Vec::with_capacity(lines.len()), invoices: Vec::new(), sums: Vec::new() };
    if !lines.is_sorted_by_key(|line| row(line).customer) {
        lines.sort_by_key(|line| row(line).customer);
    }
    for own in lines.chunk_by_mut(|left, right| row(left).customer == row(right).customer) {
        // Stable: what happened first on a day stays first.
        own.sort_by_key(order);
        desk.customer(own);
    }
    let Desk { places, invoices, sums, .. } = desk;
    Invoiced { lines, places, invoices, totals: Totals(sums.into_iter().collect()) }
}

/// Where invoices are made, customer by customer.
struct Desk<'a> {
    book: &'a Book,
    places: Vec<Place>,
    invoices: Vec<Invoice>,
    /// Few currencies and charge types occur, so that looking through them is quicker than a tree.
    sums: Vec<((Currency, ChargeType), Total)>,
}

impl Desk<'_> {
    /// Makes the invoices of one customer's lines, which come in the order of the file.
    fn customer(&mut self, lines: &[Line]) {
        let (first, first_place) = (self.invoices.len(), self.places.len());
        for line in lines {
            let row = &self.book.subscriptions[line.subscription.rank()];
            let key = InvoiceKey { customer: row.customer, currency: row.currency, bill_to: row.bill_to };
            // Most often it is the invoice of the line before.
            let known = self.invoices[first..].iter().rposition(|invoice| invoice.key == key);
            let number = known.map_or(self.invoices.len(), |number| first + number);
            if known.is_none() {
                self.invoices.push(Invoice { key, lines: 0, subtotal: 0 });
            }
            let invoice = &mut self.invoices[number];
            invoice.lines += 1;
            invoice.subtotal += i128::from(line.subtotal);
            self.places.push(Place { invoice: number as u32, line: invoice.lines });
            self.add((row.currency, line.charge_type), line.subtotal);
        }
        self.sort(first, first_place);
    }

    fn add(&mut self, key: (Currency, ChargeType), subtotal: i64) {
        let total = Total { lines: 1, subtotal: i128::from(subtotal) };
        match self.sums.iter_mut().find(|(known, _)| *known == key) {
            Some((_, sum)) => sum.add(total),
            None => self.sums.push((key, total)),
        }
    }

    /// Puts a customer's invoices in the order of their keys, whatever line came first.
    fn sort(&mut self, first: usize, first_place: usize) {
        let own = &mut self.invoices[first..];
        if own.is_sorted_by_key(|invoice| invoice.key) {
            return;
        }
        let keys: Vec<InvoiceKey> = own.iter().map(|invoice| invoice.key).collect();
        own.sort_unstable_by_key(|invoice| invoice.key);
        for place in &mut self.places[first_place..] {
            let key = keys[place.invoice as usize - first];
            place.invoice = (first + own.partition_point(|invoice| invoice.key < key)) as u32;
        }
    }
}
