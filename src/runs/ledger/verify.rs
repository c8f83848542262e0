//! Every run there ever was, added up again: each digest, the chain, each line once, what is taken back and what stands, the
//! state that the next night starts from, and every invoice that was issued.

use super::bounds::minor;
use super::close::{for_each_customer, selected};
use super::reverse::weight_of;
use super::told::Told;
use crate::job::LedgerSettings;
use crate::ledger::{Kind, Ledger, LedgerError, Location, Owned, Reader, RunInfo, hash};
use crate::runs::RunError;
use crate::runs::invoice::{Work, in_pool, shown};
use hashbrown::HashMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use termwise_engine::calendar::Day;

/// Bytes that are hashed at a time.
const PIECE: usize = 4 << 20;

/// Proves a ledger from its first run to its last.
///
/// # Errors
/// The first thing that is not as it was written, or does not add up.
pub fn verify(settings: &LedgerSettings, work: Work) -> Result<Told, RunError> {
    in_pool(work, || {
        let Some(ledger) = Ledger::look(&settings.dir)? else {
            let text = format!("ledger {}: no run yet\n", shown(&settings.dir));
            return Ok(Told { text, json: json!({ "runs": 0 }) });
        };
        let mut proof = Proof::default();
        proof.state(&ledger)?;
        let reader = Reader::new(&ledger);
        for run in ledger.runs() {
            files(run)?;
            proof.run(&ledger, &reader, run)?;
        }
        proof.sums(&ledger)?;
        let text = format!(
            "ledger {}: {} runs, {} lines and {} bytes are what was written, and add up\n",
            shown(&settings.dir),
            ledger.runs().len(),
            proof.lines,
            proof.bytes,
        );
        let json = json!({ "runs": ledger.runs().len(), "lines": proof.lines, "bytes": proof.bytes });
        Ok(Told { text, json })
    })
}

/// What was added up so far.
#[derive(Default)]
struct Proof {
    lines: u64,
    bytes: u64,
    /// By a line's id: what it came to, until it is taken back.
    standing: HashMap<u64, i64>,
    /// By subscription: its latest group, and the sum over what stands from a day on.
    known: HashMap<u64, Known>,
    /// By currency, in minor units.
    balance: BTreeMap<String, i128>,
    closed: Option<RunInfo>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    last: Location,
    from: Option<Day>,
    sum: u64,
    state_says: Option<(Location, u64)>,
}

impl Proof {
    /// What the state says of every subscription.
    fn state(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        let Some(head) = ledger.head() else { return Ok(()) };
        for record in ledger.state()?.each() {
            let term_start = Day::from_epoch_days(record.term_start);
            let from = term_start.map(|term_start| term_start.max(head.cut_over));
            let known = Known { from, state_says: Some((record.last, record.sum)), ..Known::default() };
            self.known.insert(record.subscription, known);
        }
        Ok(())
    }

    fn run(&mut self, ledger: &Ledger, reader: &Reader<'_>, run: &RunInfo) -> Result<(), RunError> {
        self.bytes += run.files().map(|(_, bytes, _)| bytes).sum::<u64>();
        let mut sums: BTreeMap<String, i128> = BTreeMap::new();
        if run.kind == Kind::Close {
            let chosen = selected(ledger, self.closed.as_ref(), run.number - 1, period_end(run)?);
            for_each_customer(ledger, &chosen, |charges| {
                charges.iter().filter_map(Owned::charge).for_each(|charge| {
                    *sums.entry(charge.currency.code().to_owned()).or_default() +=
                        i128::from(charge.subtotal);
                });
                Ok(())
            })?;
            self.closed = Some(run.clone());
        } else {
            self.charges(reader, run, &mut sums)?;
        }
        sums.retain(|_, sum| *sum != 0);
        let mut said = totals(run);
        said.retain(|_, sum| *sum != 0);
        if sums != said {
            let why = format!("its lines come to {sums:?} and it says {said:?}, in minor units");
            return Err(LedgerError::damaged(&run.folder, why).into());
        }
        if matches!(run.kind, Kind::Run | Kind::Reverse) {
            for (currency, sum) in sums {
                *self.balance.entry(currency).or_default() += sum;
            }
        }
        for row in run.says("balance").and_then(Value::as_array).into_iter().flatten() {
            let text = |member| row.get(member).and_then(Value::as_str).unwrap_or_default();
            if self.balance.get(text("currency")).copied().unwrap_or_default() != minor(text("closing")) {
                let why = format!("its balance in {} is not the sum of the runs up to it", text("currency"));
                return Err(LedgerError::damaged(&run.folder, why).into());
            }
        }
        Ok(())
    }

    fn charges(
        &mut self,
        reader: &Reader<'_>,
        run: &RunInfo,
        sums: &mut BTreeMap<String, i128>,
    ) -> Result<(), LedgerError> {
        let damaged = |why: String| LedgerError::damaged(&run.folder, why);
        let charges = reader.charges(run.number)?;
        for (block, number) in charges.each().zip(0..) {
            for group in block?.groups() {
                let group = group.ok_or_else(|| damaged("a block holds no groups".to_owned()))?;
                let known = self.known.entry(hash(group.subscription.as_bytes())).or_default();
                if known.last != group.before {
                    return Err(damaged(format!(
                        "{}: its group leads back past another",
                        group.subscription
                    )));
                }
                known.last = Location { run: run.number, block: number };
                for charge in &group.charges {
                    self.lines += 1;
                    *sums.entry(charge.currency.code().to_owned()).or_default() +=
                        i128::from(charge.subtotal);
                    let counts = run.kind != Kind::Open && known.from.is_some_and(|from| charge.due >= from);
                    if charge.is_reversal {
                        let corrected = charge.corrected();
                        let was = self.standing.remove(&hash(corrected.as_bytes()));
                        if was != Some(-charge.subtotal) {
                            return Err(damaged(format!(
                                "{}: it takes back what does not stand",
                                charge.id()
                            )));
                        }
                        if counts {
                            known.sum = known.sum.wrapping_sub(weight_of(&charge.reversed()));
                        }
                    } else {
                        let id = charge.id();
                        if self.standing.insert(hash(id.as_bytes()), charge.subtotal).is_some() {
                            return Err(damaged(format!("{id}: it stands twice")));
                        }
                        if counts {
                            known.sum = known.sum.wrapping_add(weight_of(charge));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The state is the sum of the runs.
    fn sums(&self, ledger: &Ledger) -> Result<(), LedgerError> {
        let differs = |known: &Known| known.state_says.is_some_and(|says| says != (known.last, known.sum));
        let unknown = |known: &Known| known.state_says.is_none();
        // How many is all that is said, so that the order of hashes shows nowhere.
        let wrong = self.known.values().filter(|known| differs(known) || unknown(known)).count();
        if wrong == 0 {
            return Ok(());
        }
        let why = format!("its state is not the sum of its runs, for {wrong} subscriptions");
        Err(LedgerError::damaged(ledger.dir(), why))
    }
}

fn period_end(run: &RunInfo) -> Result<Day, LedgerError> {
    let first = run.period().and_then(|period| crate::job::day_of(&format!("{period}-01")));
    let first = first.ok_or_else(|| LedgerError::damaged(&run.folder, "it closes no month"))?;
    Ok(first.plus_months(1).previous())
}

fn totals(run: &RunInfo) -> BTreeMap<String, i128> {
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    for total in run.manifest.get("totals").and_then(Value::as_array).into_iter().flatten() {
        let text = |member| total.get(member).and_then(Value::as_str).unwrap_or_default();
        *sums.entry(text("currency").to_owned()).or_default() += minor(text("subtotal"));
    }
    sums
}

/// Every file of a run is what was written.
fn files(run: &RunInfo) -> Result<(), LedgerError> {
    for (name, bytes, hash) in run.files() {
        let path = run.folder.join(name);
        let failed = |source| LedgerError::io(&path, source);
        let mut file = std::fs::File::open(&path).map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            piece.clear();
            if (&mut file).take(PIECE as u64).read_to_end(&mut piece).map_err(failed)? == 0 {
                break;
            }
            hasher.update_rayon(&piece);
        }
        if hasher.count() != bytes || *hasher.finalize().to_hex() != *hash {
            return Err(LedgerError::damaged(&path, "it is not what was written"));
        }
    }
    Ok(())
}
