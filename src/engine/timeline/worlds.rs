//! The same past, and then several futures: today's, and one for each proposal (R71).
//!
//! A customer is played once up to `as_of`. From that state each world goes on by itself, with its own catalog and policy: terms
//! end, renew and are charged, seats stay as they are, and nothing more is told. So what runs keeps its price until its renewal
//! (R8), whatever days a proposal's changes bear, and the worlds can't differ in anything but what follows from the proposal.

use super::TimeLine;
use super::slate::Slate;
use crate::book::{CustomerBook, Window};
use crate::calendar::{Day, Period};
use crate::catalog::Catalog;
use crate::policy::Policy;
use crate::workings::Played;

/// The days that worlds are compared over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Horizon {
    /// The last day of the common past.
    pub as_of: Day,
    /// The last day that is charged.
    pub last: Day,
}

impl Horizon {
    /// That of a job, whose window is billed already.
    pub fn of(window: Window) -> Horizon {
        Horizon { as_of: window.billed.last, last: window.horizon }
    }

    /// Its days: from the day after `as_of` on.
    pub fn days(self) -> Period {
        Period { first: self.as_of.next(), last: self.last }
    }
}

/// What a world charges by.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// Its prices and promotions.
    pub catalog: &'a Catalog,
    /// Its settings.
    pub policy: &'a Policy,
}

/// Plays one customer up to `as_of` in the first of the worlds, and from there on in each of them.
///
/// `played` has a place for each world and gets its lines and renewals of the days of the horizon. Findings and fates stand in the
/// first place: what is wrong with a row, and what became of it today.
pub fn play_worlds(
    slate: &mut Slate,
    customer: CustomerBook<'_>,
    worlds: &[World<'_>],
    horizon: Horizon,
    played: &mut [Played],
) {
    let (Some((today, proposed)), Some((first, others))) = (worlds.split_first(), played.split_first_mut())
    else {
        return;
    };
    // No day of the past is charged: what was due then was billed.
    let past = Window {
        billed: Period { first: horizon.as_of.next(), last: horizon.as_of },
        horizon: horizon.as_of,
    };
    let mut line = TimeLine::new(std::mem::take(slate), customer, today.catalog, today.policy, past, first);
    let happenings = line.prepared();
    line.play_all(&happenings, usize::MAX, |_, _| {});
    line.end_terms_through(horizon.as_of);
    line.charge_all_through(horizon.as_of);
    for (world, played) in proposed.iter().zip(others) {
        line.fork(*world, played).project(horizon);
    }
    line.project(horizon);
    line.window = past;
    line.finish();
    *slate = line.wiped(happenings);
}

impl TimeLine<'_> {
    /// The same state, to go on in another world.
    fn fork<'w>(&self, world: World<'w>, played: &'w mut Played) -> TimeLine<'w>
    where
        Self: 'w,
    {
        // Running terms point to the steps that set their price.
        played.steps.clone_from(&self.played.steps);
        TimeLine {
            book: self.book,
            catalog: world.catalog,
            policy: world.policy,
            running: self.running.clone(),
            history: self.history.clone(),
            government: self.government.clone(),
            holders: self.holders.clone(),
            renewals: self.renewals.clone(),
            judged_codes: self.judged_codes.clone(),
            scheduled_marks: self.scheduled_marks.clone(),
            scheduled_fates: self.scheduled_fates.clone(),
            event_fates: self.event_fates.clone(),
            // What is asked only while events are told.
            openings: None,
            seat_marks: Vec::new(),
            event_marks: Vec::new(),
            seat_fates: Vec::new(),
            happenings: Vec::new(),
            pins: None,
            window: self.window,
            known_through: self.known_through,
            is_forecast: self.is_forecast,
            is_projected: self.is_projected,
            played,
        }
    }

    /// Charges what comes after the past, through the horizon.
    fn project(&mut self, horizon: Horizon) {
        self.window = Window { billed: horizon.days(), horizon: horizon.last };
        self.is_forecast = true;
        self.is_projected = true;
        self.end_terms_through(horizon.last);
        self.charge_all_through(horizon.last);
    }
}
