//! What a stretch must prove before anything of it is written.
//!
//! Each law is checked over what is about to be written, by other means than those that made it where there are any: the
//! effective unit price is held against the subtotal by multiplication alone. A law that fails is a mistake of the
//! program, so nothing is published and the error names the law. What holds of the run as a whole is proved in
//! [balance](super::balance).

use super::{OutputError, Stretch};
use termwise_engine::invoicing::{Invoice, InvoiceKey};
use termwise_engine::money::{EFFECTIVE_DIGITS, Rounding};
use termwise_engine::workings::{Line, Renewal};

const WHOLE_IN_TRILLIONTHS: u64 = 1_000_000_000_000;

/// Proves everything.
///
/// # Errors
/// The first law that does not hold.
pub(super) fn prove(stretch: &Stretch<'_>, rounding: Rounding) -> Result<(), OutputError> {
    lines_are_in_order(stretch)?;
    lines_differ(stretch)?;
    for line in &stretch.invoiced.lines {
        the_unit_price_gives_the_subtotal(stretch, line, rounding)?;
        a_discount_is_a_fraction(stretch, line)?;
    }
    invoices_are_the_sums_of_their_lines(stretch)?;
    invoices_are_in_order(stretch)?;
    renewals_differ(stretch)
}

fn lines_are_in_order(stretch: &Stretch<'_>) -> Result<(), OutputError> {
    let order = |line: &Line| {
        let row = &stretch.book.subscriptions[line.subscription.rank()];
        (row.customer, row.currency, line.subscription, line.charge.first)
    };
    match stretch.invoiced.lines.is_sorted_by_key(order) {
        true => Ok(()),
        false => {
            let detail = "by customer, currency, subscription and first day charged".to_owned();
            Err(OutputError::broken("lines are in order", detail))
        }
    }
}

/// The keys that line ids are written from differ, and so do the ids.
fn lines_differ(stretch: &Stretch<'_>) -> Result<(), OutputError> {
    let key = |line: &Line| {
        let part = (line.reduction.promotion.is_some(), line.reduction.code.is_some());
        (line.charge_type, line.cause, line.side, part)
    };
    let mut keys = Vec::new();
    for lines in stretch.invoiced.lines.chunk_by(|left, right| left.subscription == right.subscription) {
        keys.clear();
        keys.extend(lines.iter().map(key));
        keys.sort_unstable();
        if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            let subscription = stretch.names.subscription(lines[0].subscription);
            let detail = format!("{subscription} has {} twice: {:?}", twice[0].0.name(), twice[0].1);
            return Err(OutputError::broken("no two lines have the same line_id", detail));
        }
    }
    Ok(())
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

fn invoices_are_the_sums_of_their_lines(stretch: &Stretch<'_>) -> Result<(), OutputError> {
    let law = "an invoice is the sum of its lines, which are numbered from 1";
    let invoiced = stretch.invoiced;
    let key = |number: usize| invoiced.invoices.get(number).map(|invoice| invoice.key);
    let mut sums: Vec<(u32, i128)> = vec![(0, 0); invoiced.invoices.len()];
    let placed = invoiced.lines.len() == invoiced.places.len();
    let fits = invoiced.lines.iter().zip(&invoiced.places).all(|(line, place)| {
        let row = &stretch.book.subscriptions[line.subscription.rank()];
        let own = InvoiceKey { customer: row.customer, currency: row.currency, bill_to: row.bill_to };
        let number = place.invoice as usize;
        if key(number) != Some(own) {
            return false;
        }
        sums[number].0 += 1;
        sums[number].1 += i128::from(line.subtotal);
        sums[number].0 == place.line
    });
    if !placed || !fits {
        return Err(OutputError::broken(law, "a line does not stand where its place says".to_owned()));
    }
    let differs = |(invoice, sum): &(&Invoice, (u32, i128))| (invoice.lines, invoice.subtotal) != *sum;
    match invoiced.invoices.iter().zip(sums).find(differs) {
        None => Ok(()),
        Some((invoice, (lines, subtotal))) => {
            let customer = stretch.names.customer(invoice.key.customer);
            let (says, currency) = ((invoice.lines, invoice.subtotal), invoice.key.currency);
            let detail = format!("{customer}, {currency}: {says:?} instead of ({lines}, {subtotal})");
            Err(OutputError::broken(law, detail))
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
