//! What was billed to one subscription: its groups, followed back through the chain, and what of them still stands.

use super::{Ledger, LedgerError, Location, Reader, packed};
use crate::output::Charge;
use crate::parcel::{Packing, Unpacking};
use std::collections::BTreeMap;
use termwise_engine::calendar::Day;

/// A charge that outlives the block that it was read from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owned {
    subscription: String,
    bytes: Vec<u8>,
}

impl Owned {
    /// A copy of a charge.
    pub fn of(charge: &Charge<'_>) -> Owned {
        let mut packing = Packing::default();
        packed::pack(&mut packing, charge);
        Owned { subscription: charge.subscription.to_owned(), bytes: packing.0 }
    }

    /// The charge; it was packed from one, so there is always one.
    pub fn charge(&self) -> Option<Charge<'_>> {
        packed::unpack(&mut Unpacking(&self.bytes), &self.subscription)
    }
}

/// What was billed for a key.
#[derive(Clone, Debug, Default)]
pub struct Billed {
    /// How often: the number of its last billing.
    pub times: u32,
    /// The billing that stands, if one does.
    pub standing: Option<Owned>,
}

/// Everything that was billed to a subscription, from a day on, oldest first.
///
/// # Errors
/// A group is not there, or not what was written.
pub fn history(
    ledger: &Ledger,
    reader: &Reader<'_>,
    (last, subscription): (Location, &str),
    since: Day,
) -> Result<Vec<Owned>, LedgerError> {
    let mut found: Vec<Vec<Owned>> = Vec::new();
    let mut at = last;
    while at.run > 0 {
        // A run bills nothing that falls due after it, so none before this one has anything to tell.
        if ledger.run(at.run).is_some_and(|run| run.as_of < since) {
            break;
        }
        let block = reader.block(at)?;
        let damaged = |why: &str| {
            let path = ledger.run(at.run).map_or_else(|| ledger.dir().to_owned(), |run| run.folder.clone());
            LedgerError::damaged(&path, format!("{subscription}: {why}"))
        };
        let mut before = None;
        for group in block.groups() {
            let group = group.ok_or_else(|| damaged("a block holds no groups"))?;
            if group.subscription == subscription {
                before = Some(group.before);
                found
                    .push(group.charges.iter().filter(|charge| charge.due >= since).map(Owned::of).collect());
            }
        }
        let before = before.ok_or_else(|| damaged("it is not in the block that is named"))?;
        if before.run >= at.run {
            return Err(damaged("its groups do not lead back"));
        }
        at = before;
    }
    Ok(found.into_iter().rev().flatten().collect())
}

/// What stands of charges that come in the order of their runs, by key.
pub fn standing(charges: Vec<Owned>) -> BTreeMap<String, Billed> {
    let mut keys: BTreeMap<String, Billed> = BTreeMap::new();
    for owned in charges {
        let Some(charge) = owned.charge() else { continue };
        let billed = keys.entry(charge.key.to_owned()).or_default();
        if charge.is_reversal {
            // Of one run, what takes back a billing may come after the next billing: it takes back its own alone.
            let is_own = |standing: &Owned| {
                standing.charge().is_some_and(|standing| standing.billing == charge.billing)
            };
            billed.standing = billed.standing.take().filter(|standing| !is_own(standing));
        } else {
            billed.times = billed.times.max(charge.billing);
            billed.standing = Some(owned);
        }
    }
    keys
}
