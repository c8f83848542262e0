//! The memory that a time line is written in, wiped and used again for the next customer.

use super::TimeLine;
use super::history::History;
use super::order::Happening;
use super::state::{Mark, Running};
use crate::book::{CustomerBook, Window};
use crate::calendar::Day;
use crate::catalog::Catalog;
use crate::findings::Fate;
use crate::policy::Policy;
use crate::workings::Played;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Memory for one time line after the other; what one leaves in it never shows in the next.
#[derive(Debug, Default)]
pub struct Slate {
    running: Vec<Running>,
    history: History,
    renewals: BinaryHeap<Reverse<(Day, usize)>>,
    seat_marks: Vec<Mark>,
    event_marks: Vec<Mark>,
    scheduled_marks: Vec<Mark>,
    seat_fates: Vec<Option<Fate>>,
    event_fates: Vec<Option<Fate>>,
    scheduled_fates: Vec<Option<Fate>>,
    happenings: Vec<Happening>,
}

impl<'a> TimeLine<'a> {
    /// A customer to whom nothing has happened.
    pub(super) fn new(
        slate: Slate,
        book: CustomerBook<'a>,
        catalog: &'a Catalog,
        policy: &'a Policy,
        window: Window,
        played: &'a mut Played,
    ) -> TimeLine<'a> {
        let Slate { mut running, mut history, mut seat_fates, mut event_fates, mut scheduled_fates, .. } =
            slate;
        running.extend(Running::all(&book));
        history.restart(book.holdings);
        seat_fates.resize(book.seat_changes.len(), None);
        event_fates.resize(book.events.len(), None);
        scheduled_fates.resize(book.scheduled.len(), None);
        TimeLine {
            book,
            catalog,
            policy,
            window,
            running,
            history,
            government: Vec::new(),
            holders: None,
            openings: None,
            renewals: slate.renewals,
            judged_codes: Vec::new(),
            seat_marks: slate.seat_marks,
            event_marks: slate.event_marks,
            scheduled_marks: slate.scheduled_marks,
            seat_fates,
            event_fates,
            scheduled_fates,
            happenings: slate.happenings,
            pins: None,
            known_through: window.billed.last,
            is_forecast: false,
            is_projected: false,
            played,
        }
    }

    /// The memory alone, empty.
    pub(super) fn wiped(self, mut happenings: Vec<Happening>) -> Slate {
        let TimeLine { mut running, history, mut renewals, .. } = self;
        let TimeLine { mut seat_marks, mut event_marks, mut scheduled_marks, .. } = self;
        let TimeLine { mut seat_fates, mut event_fates, mut scheduled_fates, .. } = self;
        running.clear();
        renewals.clear();
        seat_marks.clear();
        event_marks.clear();
        scheduled_marks.clear();
        seat_fates.clear();
        event_fates.clear();
        scheduled_fates.clear();
        happenings.clear();
        Slate {
            running,
            history,
            renewals,
            seat_marks,
            event_marks,
            scheduled_marks,
            seat_fates,
            event_fates,
            scheduled_fates,
            happenings,
        }
    }
}
