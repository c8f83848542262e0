//! Writing effects while they are rated, then the sums of them, and publishing it all by one rename.

use super::sheets::{self, ProposalNames};
use super::{GroupSums, SetEffects, Sum, Summed, Tallied, summary};
use crate::job::Job;
use crate::output::lexicon::Lexicons;
use crate::output::manifest::{self, Own, policy_json};
use crate::output::sealing::{Folder, Timings};
use crate::output::staging::{Staging, Written};
use crate::output::streamed::{Block, Encoded, Streamed};
use crate::output::{Closed, OutputError, Report, balance};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use termwise_engine::money::Currency;

/// A run that is being written: its folder and the effects in it.
pub struct EffectsWriter {
    staging: Staging,
    effects: Streamed,
    timings: Timings,
}

impl EffectsWriter {
    /// Opens a staging folder in the output folder of a job, and the effects in it.
    ///
    /// # Errors
    /// The place can't be used.
    pub fn open(job: &Job) -> Result<EffectsWriter, OutputError> {
        let staging = Staging::open(&job.outputs.dir)?;
        let columns = sheets::effects(&Lexicons::default(), &ProposalNames::default());
        let effects = Streamed::open(&staging, (0, "effects"), job.outputs.format, &columns)?;
        Ok(EffectsWriter { staging, effects, timings: Timings::default() })
    }

    /// Takes the rows of some whole customers, which come after those before, and gives the blocks that are full.
    ///
    /// # Errors
    /// Customers are out of order.
    pub fn take(&mut self, set: SetEffects) -> Result<Vec<Block>, OutputError> {
        let mut blocks = Vec::new();
        if set.0.rows > 0 {
            self.timings.set += set.0.took;
            self.effects.take(set.0, &mut blocks)?;
        }
        Ok(blocks)
    }

    /// What still waits when all rows were taken.
    pub fn rest(&mut self) -> Option<Block> {
        self.effects.rest()
    }

    /// Appends a block to the file when its turn has come.
    ///
    /// # Errors
    /// Writing failed.
    pub fn append(&mut self, encoded: Encoded) -> Result<(), OutputError> {
        let since = std::time::Instant::now();
        self.timings.encode += encoded.of().1;
        self.effects.append(encoded)?;
        self.timings.write += since.elapsed();
        Ok(())
    }
}

/// What people read: files by name.
pub type Made = Vec<(&'static str, Vec<u8>)>;
/// What makes the files that people read.
pub type People<'a> = &'a (dyn Fn() -> Result<Made, OutputError> + Sync);

/// Proves what must hold, writes the sums beside the effects, reads everything back, and publishes it.
///
/// # Errors
/// Nothing was published, and why.
pub fn publish(
    writer: EffectsWriter,
    summed: &Summed,
    report: &Report<'_>,
    people: Option<People<'_>>,
) -> Result<Closed, OutputError> {
    prove(summed, report)?;
    let inputs = manifest::input_digest(report);
    let name = manifest::folder_name(report, &inputs);
    let EffectsWriter { staging, effects, mut timings } = writer;
    let written = effects.finish(summed.tallied.rows(), &mut timings)?;
    let mut folder = Folder::of(staging, timings, report);
    folder.outputs.push(written);
    let names: ProposalNames = summed.proposals.iter().map(|proposal| proposal.name.clone()).collect();
    for (table, by, groups) in [
        ("by_customer", &["customer_id"][..], &summed.by_customer),
        ("by_product", &["product_id", "sku_id"], &summed.by_product),
        ("by_month", &["month"], &summed.by_month),
    ] {
        let rows: Vec<_> = groups.iter().collect();
        folder.table(table, sheets::groups(by, &names), &rows)?;
    }
    let left_out: Vec<_> = summed.left_out.iter().collect();
    folder.table("left_out", sheets::left_out(&names), &left_out)?;
    for (file, bytes) in people.map_or(Ok(Vec::new()), |make| make())? {
        folder.bytes(file, &bytes)?;
    }
    folder.rejects()?;
    folder.bytes("summary.txt", summary::text(summed, report, &name).as_bytes())?;
    folder.publish(&name, |outputs, timings| manifest_text(summed, report, (&inputs, outputs), timings))
}

/// Proves what must hold before anything is published: causes add up to the change, and so do customers, products and months.
///
/// # Errors
/// [`OutputError::Invariant`], with the first law that does not hold.
pub fn prove(summed: &Summed, report: &Report<'_>) -> Result<(), OutputError> {
    balance::prove(report)?;
    causes_add_up(&summed.tallied)?;
    let tables = [
        ("by_customer", &summed.by_customer, true),
        ("by_product", &summed.by_product, false),
        ("by_month", &summed.by_month, false),
    ];
    for (table, groups, counts_once) in tables {
        let mut found: BTreeMap<(Currency, u16), Sum> = BTreeMap::new();
        for group in groups {
            add(found.entry((group.currency, group.proposal)).or_default(), &group.sums);
        }
        for (key, sum) in &summed.tallied.sums {
            let own = found.remove(key).unwrap_or_default();
            let expected = sum.of_groups();
            let (own, expected) = if counts_once {
                (own, expected)
            } else {
                // A subscription stands in as many months as it is charged in.
                let counts = |sum: Sum| Sum { subscriptions: 0, changed: 0, ..sum };
                (counts(own), counts(expected))
            };
            if own != expected {
                let detail = format!("{table}, {}: {own:?} instead of {expected:?}", key.0);
                return Err(OutputError::broken("sums of effects add up to the effects", detail));
            }
        }
        if let Some((currency, _)) = found.keys().next() {
            let detail = format!("{table}: {currency} is in no effect");
            return Err(OutputError::broken("sums of effects add up to the effects", detail));
        }
    }
    Ok(())
}

fn causes_add_up(tallied: &Tallied) -> Result<(), OutputError> {
    for ((currency, _), sum) in &tallied.sums {
        let causes: i128 = sum.causes.iter().sum();
        if causes != sum.change() {
            let detail = format!("{currency}: the causes come to {causes}, the change is {}", sum.change());
            return Err(OutputError::broken("causes add up to the change", detail));
        }
    }
    Ok(())
}

fn add(sum: &mut Sum, group: &GroupSums) {
    sum.before += i128::from(group.before);
    sum.after += i128::from(group.after);
    sum.causes.iter_mut().zip(group.causes).for_each(|(sum, cause)| *sum += i128::from(cause));
    sum.subscriptions += u64::from(group.subscriptions);
    sum.changed += u64::from(group.changed);
}

fn manifest_text(
    summed: &Summed,
    report: &Report<'_>,
    written: (&str, &[Written]),
    timings: &[(String, Duration)],
) -> String {
    let job = report.job;
    let asked = json!({
        "window": {
            "as_of": job.window.billed.last.to_string(),
            "from": job.window.billed.last.next().to_string(),
            "horizon": job.window.horizon.to_string(),
        },
        "workbook": job.what_if.workbook.name(),
        "policy": policy_json(job),
        "proposals": proposals_json(summed),
    });
    let found = json!({ "totals": summary::totals_json(summed), "left_out": summed.left_out.len() });
    manifest::text_of(Own { kind: job.kind.name(), asked, found }, report, written, timings)
}

/// What each proposal is.
pub(super) fn proposals_json(summed: &Summed) -> Value {
    let one = |proposal: &super::ProposalFacts| {
        let change = |change: &crate::intake::Change| json!({ "line": change.line, "says": change.says, "matches": change.matches });
        let settings: Map<String, Value> =
            proposal.settings.iter().map(|(key, word)| (key.clone(), word.clone().into())).collect();
        json!({
            "name": proposal.name,
            "title": proposal.title,
            "changes": proposal.changes.iter().map(change).collect::<Vec<_>>(),
            "policy": settings,
        })
    };
    summed.proposals.iter().map(one).collect()
}
