//! A month is closed: every line that fell due in it or before and is on no invoice yet is issued, by bill-to and currency (R65).
//!
//! What belongs to a period follows from the chain alone: lines of runs since the last close that fell due by the period's end,
//! and lines of earlier runs that fell due after the period closed before. So nothing is marked, and a line can't be issued
//! twice.

use super::bounds::balance;
use super::told::{self, Told};
use crate::job::{Job, LedgerSettings};
use crate::ledger::{Kind, Ledger, LedgerError, Owned, Reader, RunInfo};
use crate::output::{Charge, Issued, Sheet, Sheets, totals_json};
use crate::runs::RunError;
use crate::runs::invoice::{Work, in_pool};
use serde_json::json;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use termwise_engine::book::Window;
use termwise_engine::calendar::{Day, Period};
use termwise_engine::ids::CustomerId;
use termwise_engine::invoicing::Totals;
use termwise_engine::money::Currency;

/// Charges that are written together.
const BATCH: usize = 1 << 15;

/// Issues the invoices of a month.
///
/// # Errors
/// The month can't be closed yet or any more, the ledger can't be used, or writing failed.
pub fn close(job: &Job, settings: &LedgerSettings, period: Period, work: Work) -> Result<Told, RunError> {
    in_pool(work, || {
        let ledger = Ledger::open(&settings.dir)?;
        crate::output::checked_place(&job.outputs.dir)?;
        let name = month(period.first);
        if let Some(run) = ledger.runs().iter().find(|run| run.period() == Some(name.as_str())) {
            told::link(&ledger, job, run.number, &run.identity, period.last)?;
            return Ok(told::already(
                run,
                &format!("{name} was closed by run {}: its invoices stand", run.number),
            ));
        }
        let head = closable(&ledger, period, &name)?;
        let window = Window { billed: period, horizon: period.last };
        let mut sheets = Sheets::open(job, window, ledger.dir())?;
        let mut desk =
            Desk { period: name.clone(), invoices: BTreeMap::new(), totals: Totals::default(), lines: 0 };
        let mut lines = sheets.lines()?;
        for_each_customer(&ledger, &of_period(&ledger, period.last), |charges| {
            desk.add(&charges, &mut lines)
        })?;
        sheets.close(lines, &desk.totals)?;
        let issued: Vec<Issued> = desk.invoices.into_values().map(|(issued, _)| issued).collect();
        let mut invoices = sheets.invoices()?;
        invoices.add_invoices(&issued)?;
        sheets.close(invoices, &desk.totals)?;
        let link = ledger.link();
        let identity = told::identity(&["close", &name, link.previous.as_deref().unwrap_or_default()]);
        let text = told::summary(
            &format!("close  {name}"),
            &desk.totals,
            &format!("{} invoices with {} lines are issued\n", issued.len(), desk.lines),
        );
        sheets.text("summary.txt", &text)?;
        let says = json!({
            "run": link.number,
            "kind": Kind::Close.name(),
            "previous": link.previous,
            "cut_over": head.cut_over.to_string(),
            "as_of": head.as_of.to_string(),
            "period": name,
            "invoices": issued.len(),
            "balance": balance(Some(head), &[]),
        });
        let sealed = sheets.seal(&identity, &totals_json(&desk.totals), &says)?;
        let digest = sealed.digest().to_owned();
        let folder = sealed.commit(&ledger.place(), &Ledger::name_of(link.number))?;
        told::link(&ledger, job, link.number, &identity, period.last)?;
        Ok(told::committed(&folder, &digest, link.number, text, says))
    })
}

/// A month as its invoices name it.
fn month(day: Day) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// The last run of a ledger in which a month can be closed now.
fn closable<'l>(ledger: &'l Ledger, period: Period, name: &str) -> Result<&'l RunInfo, LedgerError> {
    let refused = |code, says, hint| LedgerError::Refused { code, says, hint };
    let Some(head) = ledger.head() else {
        let (says, hint) =
            ("the ledger has no runs".to_owned(), "bill the month first: termwise run".to_owned());
        return Err(refused("period-not-billed", says, hint));
    };
    if period.last < head.cut_over {
        let says = format!("{name} lies before the ledger's cut-over {}", head.cut_over);
        return Err(refused("before-the-ledger", says, "it was billed and invoiced elsewhere".to_owned()));
    }
    if let Some(later) = ledger.runs().iter().filter_map(RunInfo::period).find(|closed| *closed > name) {
        let says = format!("{later} is closed already, and what {name} left open was issued with it");
        let hint = "close months in their order; what is late is issued with the next one".to_owned();
        return Err(refused("period-closed-later", says, hint));
    }
    if head.as_of < period.last {
        let says = format!("the ledger is at {}, and {name} ends on {}", head.as_of, period.last);
        let hint = format!("bill it first: termwise run JOB --as-of {}", period.last);
        return Err(refused("period-not-billed", says, hint));
    }
    Ok(head)
}

/// The last day of a month as manifests name it.
pub(super) fn last_of(month: &str) -> Option<Day> {
    crate::job::day_of(&format!("{month}-01")).map(|first| first.plus_months(1).previous())
}

/// Which lines of which runs are issued when a period that ends on a day is closed next: those that fall due after the first
/// day and up to the second.
fn of_period(ledger: &Ledger, last: Day) -> Vec<(u32, Option<Day>, Day)> {
    let closed = ledger.runs().iter().rev().find(|run| run.kind == Kind::Close);
    selected(ledger, closed, ledger.runs().len() as u32, last)
}

/// The same for a close of the chain: `before` is the one before it, `number` its own number less one.
pub(super) fn selected(
    ledger: &Ledger,
    before: Option<&RunInfo>,
    until: u32,
    last: Day,
) -> Vec<(u32, Option<Day>, Day)> {
    let issued_to = before.and_then(|before| last_of(before.period()?));
    let bills = |run: &&RunInfo| matches!(run.kind, Kind::Run | Kind::Reverse) && run.number <= until;
    let select = |run: &RunInfo| match (before, issued_to) {
        (Some(before), Some(issued_to)) if run.number < before.number => {
            (run.as_of > issued_to).then_some((run.number, Some(issued_to), last))
        }
        (Some(_) | None, _) => Some((run.number, None, last)),
    };
    ledger.runs().iter().filter(bills).filter_map(select).collect()
}

/// Gives the selected charges of each customer, customer by customer.
pub(super) fn for_each_customer(
    ledger: &Ledger,
    selected: &[(u32, Option<Day>, Day)],
    mut each: impl FnMut(Vec<Owned>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let reader = Reader::new(ledger);
    let mut streams = Vec::with_capacity(selected.len());
    let mut turns: BinaryHeap<Reverse<(String, usize)>> = BinaryHeap::new();
    for &(run, after, until) in selected {
        let mut stream = Stream { run, after, until, block: 0, waiting: Vec::new().into_iter() };
        let first = stream.next(&reader)?;
        turns.extend(first.as_ref().map(|group| Reverse((group.0.clone(), streams.len()))));
        streams.push((stream, first));
    }
    let (mut customer, mut held): (String, Vec<Owned>) = Default::default();
    let mut batch: Vec<Owned> = Vec::new();
    while let Some(Reverse((next, number))) = turns.pop() {
        if next != customer {
            batch.append(&mut held);
            if batch.len() >= BATCH {
                each(std::mem::take(&mut batch))?;
            }
            customer = next;
        }
        let (stream, waiting) = &mut streams[number];
        if let Some((_, charges)) = waiting.take() {
            held.extend(charges);
        }
        *waiting = stream.next(&reader)?;
        turns.extend(waiting.as_ref().map(|group| Reverse((group.0.clone(), number))));
    }
    batch.append(&mut held);
    if batch.is_empty() { Ok(()) } else { each(batch) }
}

/// The groups of one run, by customer as they come.
struct Stream {
    run: u32,
    after: Option<Day>,
    until: Day,
    block: u32,
    waiting: std::vec::IntoIter<(String, Vec<Owned>)>,
}

impl Stream {
    fn next(&mut self, reader: &Reader<'_>) -> Result<Option<(String, Vec<Owned>)>, LedgerError> {
        loop {
            if let Some(group) = self.waiting.next() {
                return Ok(Some(group));
            }
            let charges = reader.charges(self.run)?;
            if self.block >= charges.blocks() {
                return Ok(None);
            }
            let block = charges.block(self.block)?;
            self.block += 1;
            let mut groups = Vec::new();
            for group in block.groups() {
                let group =
                    group.ok_or_else(|| LedgerError::damaged(charges.path(), "a block holds no groups"))?;
                let is_due = |charge: &&Charge<'_>| {
                    charge.due <= self.until && self.after.is_none_or(|after| charge.due > after)
                };
                let own: Vec<Owned> = group.charges.iter().filter(is_due).map(Owned::of).collect();
                if !own.is_empty() {
                    groups.push((group.customer.to_owned(), own));
                }
            }
            self.waiting = groups.into_iter();
        }
    }
}

/// Where invoices are made.
struct Desk {
    period: String,
    /// By bill-to and currency, each with the customer of all its lines, where they have one.
    invoices: BTreeMap<(String, Currency), (Issued, Option<String>)>,
    totals: Totals,
    lines: u64,
}

impl Desk {
    /// Puts charges of whole customers on their invoices.
    fn add(&mut self, owned: &[Owned], lines: &mut Sheet) -> Result<(), RunError> {
        let mut charges: Vec<Charge<'_>> = owned.iter().filter_map(Owned::charge).collect();
        let order = |charge: &Charge<'_>| (charge.currency, charge.charge.first);
        charges.sort_by(|one, other| {
            let ids = (one.customer, one.currency, one.subscription);
            ids.cmp(&(other.customer, other.currency, other.subscription)).then(order(one).cmp(&order(other)))
        });
        let mut ids = Vec::with_capacity(charges.len());
        for charge in &charges {
            ids.push(self.put(charge));
            self.totals.add_line(charge.currency, charge.charge_type, charge.subtotal);
            self.lines += 1;
        }
        let place = CustomerId::of_rank(0);
        let issued = charges.iter().zip(&ids);
        let rows: Vec<_> = issued
            .map(|(charge, (id, number))| (place, Charge { invoice: id, number: *number, ..*charge }))
            .collect();
        Ok(lines.add_lines(&rows)?)
    }

    /// Adds a line to its invoice; the invoice's id and the line's number.
    fn put(&mut self, charge: &Charge<'_>) -> (String, u32) {
        let period = &self.period;
        let key = (charge.bill_to.to_owned(), charge.currency);
        let (issued, customer) = self.invoices.entry(key).or_insert_with(|| {
            let id = crate::output::invoice_id(charge.bill_to, charge.currency, period);
            let issued = Issued {
                id,
                customer: charge.customer.to_owned(),
                bill_to: charge.bill_to.to_owned(),
                currency: charge.currency,
                lines: 0,
                subtotal: 0,
            };
            (issued, Some(charge.customer.to_owned()))
        });
        if customer.as_deref().is_some_and(|customer| customer != charge.customer) {
            // It is a reseller's, of several customers.
            *customer = None;
            issued.customer = String::new();
        }
        issued.lines += 1;
        issued.subtotal += i128::from(charge.subtotal);
        (issued.id.clone(), issued.lines)
    }
}
