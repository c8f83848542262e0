//! Renewals that a world can't price: from there on nothing can be compared (R9, R71).

use crate::calendar::Day;
use crate::reasons::Reason;
use crate::workings::{BLOCKS, Played, Renewal, RenewalOutcome, Step};

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
    /// The renewal as it should be: of the world that can price it, if one can.
    pub renewal: Renewal,
    /// Which world can't.
    pub side: Unpriced,
    /// Why, as the reason or the code of what was scheduled is called.
    pub why: &'static str,
    /// The same in a sentence.
    pub says: &'static str,
}

/// A world's renewals of a subscription, and what they were played in.
#[derive(Clone, Copy, Debug)]
pub struct Renewals<'a> {
    /// In the order of their days.
    pub rows: &'a [Renewal],
    /// For their steps.
    pub played: &'a Played,
}

/// What is wrong with a renewal, and why.
type Fault = (Renewal, &'static str, &'static str);

/// Why a renewal is not what it should be: it is blocked, or not as it was scheduled.
fn fault(renewal: &Renewal, played: &Played) -> Option<Fault> {
    let is_blocked = renewal.outcome == RenewalOutcome::Blocked;
    // What was scheduled may be impossible in both worlds; what blocks the renewal is what this one lacks.
    if !is_blocked && renewal.reasons.holds(Reason::ScheduledChangeRejected) {
        let rejected = played.steps(renewal.steps).iter().find_map(|step| {
            if let Step::ScheduledChangeRejected { why, .. } = step { Some(*why) } else { None }
        });
        let of_reason = (Reason::ScheduledChangeRejected.name(), Reason::ScheduledChangeRejected.sentence());
        let (why, says) = rejected.map_or(of_reason, |code| (code.name(), code.sentence()));
        return Some((*renewal, why, says));
    }
    let why = BLOCKS.into_iter().map(|(_, reason)| reason).find(|&reason| renewal.reasons.holds(reason));
    // Whatever blocks it has a reason; were there none, no other is guessed.
    let (why, says) = why.map_or((RenewalOutcome::Blocked.name(), "it is blocked"), |reason| {
        (reason.name(), reason.sentence())
    });
    is_blocked.then_some((*renewal, why, says))
}

/// The first renewal of a subscription that the worlds can't both price alike.
pub fn gap(before: Renewals<'_>, after: Renewals<'_>) -> Option<Gap> {
    let faults = |side: Renewals<'_>| side.rows.iter().filter_map(|row| fault(row, side.played)).collect();
    let (own, others): (Vec<Fault>, Vec<Fault>) = (faults(before), faults(after));
    let on = |faults: &[Fault], day: Day| faults.iter().find(|(row, ..)| row.renewal_date == day).copied();
    let mut days: Vec<Day> = own.iter().chain(&others).map(|(row, ..)| row.renewal_date).collect();
    days.sort_unstable();
    let blocks = |fault: &Fault| fault.0.outcome == RenewalOutcome::Blocked;
    for day in days {
        let (one, other) = (on(&own, day), on(&others, day));
        let (side, (found, why, says)) = match (one, other) {
            (Some(fault), None) => (Unpriced::Today, fault),
            (None, Some(fault)) => (Unpriced::Proposal, fault),
            (Some(fault), Some(theirs)) if blocks(&fault) && blocks(&theirs) => (Unpriced::Both, fault),
            (Some(fault), Some(_)) if blocks(&fault) => (Unpriced::Today, fault),
            (Some(_), Some(theirs)) if blocks(&theirs) => (Unpriced::Proposal, theirs),
            // What was scheduled and can't be in either world is the same in both.
            (Some(_), Some(_)) | (None, None) => continue,
        };
        let priced = match side {
            Unpriced::Today => after.rows,
            Unpriced::Proposal => before.rows,
            Unpriced::Both => &[],
        };
        let renewal = priced.iter().find(|row| row.renewal_date == day).copied().unwrap_or(found);
        return Some(Gap { renewal, side, why, says });
    }
    None
}
