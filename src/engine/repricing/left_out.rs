//! Renewals that a world can't price: from there on nothing can be compared (R9, R71).

use crate::calendar::Day;
use crate::reasons::Reason;
use crate::workings::{Renewal, RenewalOutcome};

/// In which world a renewal can't be as it should.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Unpriced {
    /// Today's.
    Today,
    /// The proposal's.
    Proposal,
    /// Both: it is no effect of the proposal.
    Both,
}

impl Unpriced {
    /// Every one.
    pub const ALL: [Unpriced; 3] = [Unpriced::Today, Unpriced::Proposal, Unpriced::Both];

    /// As the column writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Unpriced::Today => "today",
            Unpriced::Proposal => "proposal",
            Unpriced::Both => "both",
        }
    }
}

/// Where a subscription is left out from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// The renewal, of the world that can't price it.
    pub renewal: Renewal,
    /// Which world can't.
    pub side: Unpriced,
    /// Why.
    pub why: Reason,
}

/// Why a renewal is not what it should be: it is blocked, or not as it was scheduled.
fn fault(renewal: &Renewal) -> Option<Reason> {
    const WHY: [Reason; 5] = [
        Reason::PriceMissing,
        Reason::PriceConflict,
        Reason::PriceUnreadable,
        Reason::AmountTooLarge,
        Reason::BillingCycleNotForTerm,
    ];
    if renewal.reasons.holds(Reason::ScheduledChangeRejected) {
        return Some(Reason::ScheduledChangeRejected);
    }
    let is_blocked = renewal.outcome == RenewalOutcome::Blocked;
    let why = WHY.into_iter().find(|&reason| renewal.reasons.holds(reason));
    is_blocked.then_some(why.unwrap_or(Reason::PriceMissing))
}

/// The first renewal of a subscription that the worlds can't both price alike, of those in either world in order of their days.
pub fn gap(before: &[Renewal], after: &[Renewal]) -> Option<Gap> {
    let first = |renewals: &[Renewal], day: Day| {
        let on = renewals.iter().find(|renewal| renewal.renewal_date == day);
        on.and_then(|renewal| Some((*renewal, fault(renewal)?)))
    };
    let faulty = |renewals: &'_ [Renewal]| -> Vec<Day> {
        let faults = renewals.iter().filter(|renewal| fault(renewal).is_some());
        faults.map(|renewal| renewal.renewal_date).collect()
    };
    let mut days = faulty(before);
    days.extend(faulty(after));
    days.sort_unstable();
    for day in days {
        let (one, other) = (first(before, day), first(after, day));
        // What was scheduled and can't be in either world is the same in both; what is blocked in both is over.
        let is_blocked = |found: &Option<(Renewal, Reason)>| {
            found.is_some_and(|(renewal, _)| renewal.outcome == RenewalOutcome::Blocked)
        };
        match (one, other) {
            (Some((renewal, why)), None) => return Some(Gap { renewal, side: Unpriced::Today, why }),
            (None, Some((renewal, why))) => return Some(Gap { renewal, side: Unpriced::Proposal, why }),
            (Some((renewal, why)), Some(_)) if is_blocked(&one) && is_blocked(&other) => {
                return Some(Gap { renewal, side: Unpriced::Both, why });
            }
            (Some((renewal, why)), Some(_)) if is_blocked(&one) => {
                return Some(Gap { renewal, side: Unpriced::Today, why });
            }
            (Some(_), Some((renewal, why))) if is_blocked(&other) => {
                return Some(Gap { renewal, side: Unpriced::Proposal, why });
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    None
}
