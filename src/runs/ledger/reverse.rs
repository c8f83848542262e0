//! A run is taken back: the exact negative of each of its lines that still stands, and its keys are open again (R65).
//!
//! A line of it that took back an earlier one is undone too, as another billing of that key, unless the key was billed anew
//! since. Nothing is deleted: the next night bills what is then due.

use super::bounds::balance;
use super::facts;
use super::posting::weigh;
use super::told::{self, Told};
use crate::job::{Job, LedgerSettings};
use crate::ledger::{
    CHARGES, ChargesWriter, Group, Kind, Ledger, LedgerError, Location, Owned, Packed, PinRecord, Reader,
    Record, RunInfo, STATE, State, hash,
};
use crate::output::{Charge, Sheets, totals_json};
use crate::runs::RunError;
use crate::runs::invoice::{Work, in_pool};
use serde_json::json;
use std::collections::BTreeMap;
use termwise_engine::book::Window;
use termwise_engine::calendar::Period;
use termwise_engine::ids::CustomerId;
use termwise_engine::invoicing::Totals;

/// Takes a run back.
///
/// # Errors
/// It can't be taken back, the ledger can't be used, or writing failed.
pub fn reverse(
    job: &Job,
    settings: &LedgerSettings,
    (run, reason): (u64, &str),
    work: Work,
) -> Result<Told, RunError> {
    in_pool(work, || {
        let ledger = Ledger::open(&settings.dir)?;
        crate::output::checked_place(&job.outputs.dir)?;
        let run = reversible(&ledger, run)?;
        if let Some(by) = ledger.runs().iter().find(|other| other.reverses() == Some(run.number)) {
            told::link(&ledger, job, by.number, &by.identity, by.as_of)?;
            let says = format!("run {} was taken back by run {}", run.number, by.number);
            return Ok(told::already(by, &says));
        }
        let state = ledger.state()?;
        let taken = taken_back(&ledger, run)?;
        commit(job, &ledger, run, reason, &state, &taken)
    })
}

fn reversible(ledger: &Ledger, number: u64) -> Result<&RunInfo, LedgerError> {
    let refused = |says: String, hint: &str| LedgerError::Refused {
        code: "run-not-reversible",
        says,
        hint: hint.to_owned(),
    };
    let run = u32::try_from(number).ok().and_then(|number| ledger.run(number));
    let run = run
        .ok_or_else(|| refused(format!("the ledger has no run {number}"), "`termwise status` lists them"))?;
    match run.kind {
        Kind::Run => Ok(run),
        Kind::Open => Err(refused(
            format!("run {number} took over the existing book, and billed nothing"),
            "begin a new ledger in another folder",
        )),
        Kind::Close => Err(refused(
            format!("run {number} issued invoices, and an issued invoice never changes"),
            "take back the run that billed the lines: it is credited with the next invoices",
        )),
        Kind::Reverse => Err(refused(
            format!("run {number} took back another run"),
            "run the night again: it bills what is due",
        )),
    }
}

/// What is written of a subscription.
struct Taken {
    customer: String,
    subscription: String,
    charges: Vec<Owned>,
}

/// The billing of a key that stands, and the number of its last one.
#[derive(Clone, Copy, Default)]
struct Key {
    standing: u32,
    last: u32,
}

/// The exact negatives of a run's lines that still stand, by subscription.
fn taken_back(ledger: &Ledger, run: &RunInfo) -> Result<Vec<Taken>, RunError> {
    let reader = Reader::new(ledger);
    let mut own: Vec<Taken> = Vec::new();
    let mut keys: BTreeMap<String, Key> = BTreeMap::new();
    each_group(&reader, run.number, |group| {
        for charge in &group.charges {
            note(keys.entry(charge.key.to_owned()).or_default(), charge);
        }
        own.push(Taken {
            customer: group.customer.to_owned(),
            subscription: group.subscription.to_owned(),
            charges: group.charges.iter().map(Owned::of).collect(),
        });
    })?;
    for later in ledger.runs().iter().filter(|later| later.number > run.number && later.kind != Kind::Close) {
        each_group(&reader, later.number, |group| {
            for charge in &group.charges {
                if let Some(key) = keys.get_mut(charge.key) {
                    note(key, charge);
                }
            }
        })?;
    }
    for taken in &mut own {
        let charges = std::mem::take(&mut taken.charges);
        let billed: Vec<Charge<'_>> = charges.iter().filter_map(Owned::charge).collect();
        let mut negatives = Vec::new();
        for charge in billed.iter().filter(|charge| !charge.is_reversal) {
            let Some(key) = keys.get_mut(charge.key) else { continue };
            if key.standing == charge.billing {
                key.standing = 0;
                negatives.push(Owned::of(&charge.reversed()));
            }
        }
        for charge in billed.iter().filter(|charge| charge.is_reversal) {
            let Some(key) = keys.get_mut(charge.key) else { continue };
            if key.standing == 0 {
                key.last += 1;
                key.standing = key.last;
                negatives.push(Owned::of(&charge.restored(key.last)));
            }
        }
        taken.charges = negatives;
    }
    own.retain(|taken| !taken.charges.is_empty());
    Ok(own)
}

fn note(key: &mut Key, charge: &Charge<'_>) {
    if charge.is_reversal {
        // It takes back its own billing alone, in whatever order the lines of a run come.
        if key.standing == charge.billing {
            key.standing = 0;
        }
    } else {
        key.standing = charge.billing;
    }
    key.last = key.last.max(charge.billing);
}

fn each_group(reader: &Reader<'_>, run: u32, mut each: impl FnMut(&Group<'_>)) -> Result<(), LedgerError> {
    let charges = reader.charges(run)?;
    for block in charges.each() {
        for group in block?.groups() {
            each(&group.ok_or_else(|| LedgerError::damaged(charges.path(), "a block holds no groups"))?);
        }
    }
    Ok(())
}

fn commit(
    job: &Job,
    ledger: &Ledger,
    run: &RunInfo,
    reason: &str,
    state: &State,
    taken: &[Taken],
) -> Result<Told, RunError> {
    let (link, head) = (ledger.link(), ledger.head());
    let as_of = head.map_or(run.as_of, |head| head.as_of);
    let window = Window { billed: Period { first: run.cut_over, last: as_of }, horizon: as_of };
    let mut sheets = Sheets::open(job, window, ledger.dir())?;
    let mut lines = sheets.lines()?;
    let mut charges_file = ChargesWriter::new(sheets.side(CHARGES)?)?;
    let mut totals = Totals::default();
    let mut records = Vec::new();
    let moved = moved(state, taken);
    for part in taken.chunks(1 << 12) {
        let mut groups = Vec::new();
        let mut own = Vec::new();
        for taken in part {
            let charges: Vec<Charge<'_>> = taken.charges.iter().filter_map(Owned::charge).collect();
            let record = record_of(state, &moved, taken).ok_or_else(|| {
                LedgerError::damaged(ledger.dir(), format!("{} is in no record", taken.subscription))
            })?;
            for charge in &charges {
                totals.add_line(charge.currency, charge.charge_type, charge.subtotal);
            }
            own.push(weighed(record, run, &charges));
            let (subscription, customer) = (taken.subscription.as_str(), taken.customer.as_str());
            groups.push(Group { subscription, customer, before: record.last, charges });
        }
        let place = CustomerId::of_rank(0);
        let rows: Vec<_> =
            groups.iter().flat_map(|group| group.charges.iter().map(|charge| (place, *charge))).collect();
        lines.add_lines(&rows)?;
        let numbers = charges_file.add(&Packed::of(&groups))?;
        let placed = |(record, block)| Record { last: Location { run: link.number, block }, ..record };
        records.extend(own.into_iter().zip(numbers).map(placed));
    }
    sheets.close(lines, &totals)?;
    let side = charges_file.finish()?;
    sheets.keep(side)?;
    let mut side = sheets.side(STATE)?;
    state.write_next(records, |bytes| side.write(bytes))?;
    sheets.keep(side)?;
    let identity = told::identity(&["reverse", &run.number.to_string(), &run.hash]);
    let text = told::summary(
        &format!("reverse  run {}", run.number),
        &totals,
        &format!(
            "reason: {}\nits keys are open again: the next run bills what is due\n",
            crate::names::printable(reason)
        ),
    );
    sheets.text("summary.txt", &text)?;
    let added: Vec<_> =
        totals.by_currency().into_iter().map(|(code, total)| (code, total.lines, total.subtotal)).collect();
    let says = json!({
        "run": link.number,
        "kind": Kind::Reverse.name(),
        "previous": link.previous,
        "cut_over": run.cut_over.to_string(),
        "as_of": as_of.to_string(),
        "reverses": run.number,
        "reason": reason,
        "balance": balance(head, &added),
    });
    let sealed = sheets.seal(&identity, &totals_json(&totals), &says)?;
    let digest = sealed.digest().to_owned();
    let folder = sealed.commit(&ledger.place(), &Ledger::name_of(link.number))?;
    told::link(ledger, job, link.number, &identity, as_of)?;
    Ok(told::committed(&folder, &digest, link.number, text, says))
}

/// The record after its subscription's charges were taken back: it is looked at again, whatever its facts say.
fn weighed(record: Record, run: &RunInfo, charges: &[Charge<'_>]) -> Record {
    let mut sum = record.sum;
    for charge in charges {
        let counts = charge.due >= run.cut_over && charge.due.epoch_days() >= record.term_start;
        if !counts {
            continue;
        }
        let back = if charge.is_reversal { charge.reversed() } else { *charge };
        let weight = weight_of(&back);
        sum = if charge.is_reversal { sum.wrapping_sub(weight) } else { sum.wrapping_add(weight) };
    }
    // What still stands of the term pins its price when it is looked at; where nothing does, nothing is pinned (R62).
    Record { is_dirty: true, sum, price: PinRecord::default(), ..record }
}

/// What a billing weighs in the sum over what stands.
pub(super) fn weight_of(charge: &Charge<'_>) -> u64 {
    let item = facts::item(charge.product, charge.sku);
    weigh(charge.key, charge.charge, (charge.quantity, charge.subtotal), charge.currency.code(), item)
}

/// The records of subscriptions that have another customer now than when they were billed.
fn moved(state: &State, taken: &[Taken]) -> BTreeMap<u64, Record> {
    let lost: Vec<u64> = taken
        .iter()
        .filter(|taken| record_of(state, &BTreeMap::new(), taken).is_none())
        .map(|taken| hash(taken.subscription.as_bytes()))
        .collect();
    if lost.is_empty() {
        return BTreeMap::new();
    }
    let found = state.each().filter(|record| lost.contains(&record.subscription));
    found.map(|record| (record.subscription, record)).collect()
}

fn record_of(state: &State, moved: &BTreeMap<u64, Record>, taken: &Taken) -> Option<Record> {
    let number = hash(taken.subscription.as_bytes());
    let own = state.of_customer(hash(taken.customer.as_bytes()));
    let own = own.into_iter().map(|(record, _)| record).find(|record| record.subscription == number);
    own.or_else(|| moved.get(&number).copied())
}
