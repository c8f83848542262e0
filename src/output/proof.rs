//! What a stretch must prove before anything of it is written.
//!
//! Each law is checked over what is about to be written, by other means than those that made it where there are any: the
//! effective unit price is held against the subtotal by multiplication alone. A law that fails is a mistake of the
//! program, so nothing is published and the error names the law. What holds of the run as a whole is proved in
//! [balance](super::balance).

use super::{OutputError, Stretch};
use termwise_engine::book::Subscription;
use termwise_engine::calendar::Day;
use termwise_engine::ids::{CustomerId, SubscriptionId};
use termwise_engine::invoicing::{Invoice, InvoiceKey, Invoiced};
use termwise_engine::money::{Currency, EFFECTIVE_DIGITS, Rounding};
use termwise_engine::workings::{Cause, ChargeType, Line, Renewal, Side};

const WHOLE_IN_TRILLIONTHS: u64 = 1_000_000_000_000;

/// Proves everything.
///
/// # Errors
/// The first law that does not hold.
pub(super) fn prove(stretch: &Stretch<'_>, rounding: Rounding) -> Result<(), OutputError> {
    let invoiced = stretch.invoiced;
    let (mut before, mut keys, mut sums) = (None, Vec::new(), Sums::of(invoiced));
    // Law after law over the lines of one subscription, so that they are looked at while they are at hand.
    for lines in invoiced.lines.chunk_by(|left, right| left.subscription == right.subscription) {
        let row = &stretch.book.subscriptions[lines[0].subscription.rank()];
        lines_are_in_order(row, lines, &mut before)?;
        lines_differ(stretch, lines, &mut keys)?;
        for line in lines {
            the_unit_price_gives_the_subtotal(stretch, line, rounding)?;
            a_discount_is_a_fraction(stretch, line)?;
        }
        sums.add(invoiced, row, lines);
    }
    sums.are_those_of_the_invoices(stretch)?;
    invoices_are_in_order(stretch)?;
    renewals_differ(stretch)
}

/// What lines are sorted by.
type Order = (CustomerId, Currency, SubscriptionId, Day);

fn lines_are_in_order(
    row: &Subscription,
    lines: &[Line],
    before: &mut Option<Order>,
) -> Result<(), OutputError> {
    for line in lines {
        let order = (row.customer, row.currency, line.subscription, line.charge.first);
        if before.replace(order).is_some_and(|before| before > order) {
            let detail = "by customer, currency, subscription and first day charged".to_owned();
            return Err(OutputError::broken("lines are in order", detail));
        }
    }
    Ok(())
}

/// What the line ids of a subscription are written from.
type Key = (ChargeType, Cause, SubscriptionId, Side, (bool, bool));

/// The keys that the line ids of a subscription are written from differ, and so do the ids.
fn lines_differ(stretch: &Stretch<'_>, lines: &[Line], keys: &mut Vec<Key>) -> Result<(), OutputError> {
    let key = |line: &Line| {
        let part = (line.reduction.promotion.is_some(), line.reduction.code.is_some());
        (line.charge_type, line.cause, line.behind, line.side, part)
    };
    keys.clear();
    keys.extend(lines.iter().map(key));
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(twice) => {
            let subscription = stretch.names.subscription(lines[0].subscription);
            let detail = format!("{subscription} has {} twice: {:?}", twice[0].0.name(), twice[0].1);
            Err(OutputError::broken("no two lines have the same line_id", detail))
        }
    }
}

fn the_unit_price_gives_the_subtotal(
    stretch: &Stretch<'_>,
    line: &Line,
    rounding: Rounding,
) -> Result<(), OutputError> {
    let digits = stretch.book.subscriptions[line.subscription.rank()].currency.digits();
    if rounds_to(line, digits, rounding) {
        return Ok(());
    }
    let detail = format!(
        "{}, {}: {}e-10 × {} is not {}e-{digits}",
        stretch.names.subscription(line.subscription),
        line.charge.first,
        line.effective_unit_price,
        line.quantity,
        line.subtotal,
    );
    Err(OutputError::broken("effective_unit_price × quantity, rounded, is the subtotal", detail))
}

/// Whether unit price × quantity lies where the mode rounds it to the subtotal.
fn rounds_to(line: &Line, digits: u32, mode: Rounding) -> bool {
    let minor = 10_u128.pow(EFFECTIVE_DIGITS - digits);
    let exact = line.effective_unit_price * i128::from(line.quantity);
    let (size, subtotal) = (exact.unsigned_abs(), u128::from(line.subtotal.unsigned_abs()));
    let same_side = subtotal == 0 || (exact < 0) == (line.subtotal < 0);
    let low = subtotal * 2 * minor;
    same_side
        && match mode {
            Rounding::Truncate => subtotal * minor <= size && size < (subtotal + 1) * minor,
            Rounding::HalfUp => low <= size * 2 + minor && size * 2 < low + minor,
            Rounding::HalfEven => {
                let even = subtotal.is_multiple_of(2);
                let (floor, ceiling) = (size * 2 + minor, low + minor);
                (low < floor || (even && low == floor))
                    && (size * 2 < ceiling || (even && size * 2 == ceiling))
            }
        }
}

fn a_discount_is_a_fraction(stretch: &Stretch<'_>, line: &Line) -> Result<(), OutputError> {
    let taken_off = line.reduction.kept.taken_off_trillionths();
    let has_source = line.reduction.is_discount() || taken_off == 0;
    if taken_off <= WHOLE_IN_TRILLIONTHS && has_source {
        return Ok(());
    }
    let subscription = stretch.names.subscription(line.subscription);
    let detail = format!("{subscription}, {}: {taken_off}e-12", line.charge.first);
    Err(OutputError::broken("a discount lies between 0 and 1 and has a promotion or a code", detail))
}

/// What the lines say of their invoices.
struct Sums {
    /// How many lines each invoice has, and their sum.
    sums: Vec<(u32, i128)>,
    /// How many lines were added.
    lines: usize,
    /// Whether each of them stands where its place says.
    fits: bool,
}

impl Sums {
    fn of(invoiced: &Invoiced) -> Sums {
        let fits = invoiced.lines.len() == invoiced.places.len();
        Sums { sums: vec![(0, 0); invoiced.invoices.len()], lines: 0, fits }
    }

    /// Adds the next lines, which are all of one subscription.
    fn add(&mut self, invoiced: &Invoiced, row: &Subscription, lines: &[Line]) {
        let own = InvoiceKey { customer: row.customer, currency: row.currency, bill_to: row.bill_to };
        for line in lines {
            let place = invoiced.places.get(self.lines);
            self.lines += 1;
            let invoice = place.map(|place| place.invoice as usize);
            let key = invoice.and_then(|number| invoiced.invoices.get(number)).map(|invoice| invoice.key);
            match (place, invoice.and_then(|number| self.sums.get_mut(number))) {
                (Some(place), Some(sum)) => {
                    sum.0 += 1;
                    sum.1 += i128::from(line.subtotal);
                    self.fits &= key == Some(own) && sum.0 == place.line;
                }
                (Some(_) | None, _) => self.fits = false,
            }
        }
    }

    fn are_those_of_the_invoices(self, stretch: &Stretch<'_>) -> Result<(), OutputError> {
        let law = "an invoice is the sum of its lines, which are numbered from 1";
        if !self.fits {
            return Err(OutputError::broken(law, "a line does not stand where its place says".to_owned()));
        }
        let differs = |(invoice, sum): &(&Invoice, (u32, i128))| (invoice.lines, invoice.subtotal) != *sum;
        match stretch.invoiced.invoices.iter().zip(self.sums).find(differs) {
            None => Ok(()),
            Some((invoice, (lines, subtotal))) => {
                let customer = stretch.names.customer(invoice.key.customer);
                let (says, currency) = ((invoice.lines, invoice.subtotal), invoice.key.currency);
                let detail = format!("{customer}, {currency}: {says:?} instead of ({lines}, {subtotal})");
                Err(OutputError::broken(law, detail))
            }
        }
    }
}

fn invoices_are_in_order(stretch: &Stretch<'_>) -> Result<(), OutputError> {
    if stretch.invoiced.invoices.is_sorted_by(|left, right| left.key < right.key) {
        return Ok(());
    }
    let detail = "by customer, currency and bill-to, each once".to_owned();
    Err(OutputError::broken("invoices are in order", detail))
}

fn renewals_differ(stretch: &Stretch<'_>) -> Result<(), OutputError> {
    let key = |renewal: &Renewal| (renewal.subscription, renewal.renewal_date);
    match stretch.renewals.windows(2).find(|pair| key(&pair[0]) >= key(&pair[1])) {
        None => Ok(()),
        Some(pair) => {
            let subscription = stretch.names.subscription(pair[1].subscription);
            let detail = format!("{subscription}, {}", pair[1].renewal_date);
            Err(OutputError::broken("a term ends once", detail))
        }
    }
}
