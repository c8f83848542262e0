//! Stories: subscriptions made to show one rule each, and the deck from which they are dealt.
//!
//! About a sixth of the book tells a story. Every story is dealt once before any is dealt again; those that end in a
//! refusal, a rejection or a flag come back only every fourth time, so that such rows stay well below one in a hundred.

use super::book::Desk;
use super::catalogue::Segment;
use super::customers::Customer;
use super::{codes, lifecycle, promoted, renewals, scheduled, seats, terms, upgrades};
use std::collections::VecDeque;

/// A limit that is counted per customer: of the stories of one group a customer has one at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    TeamsSeats,
    FirstPurchase,
    Redemptions,
    Prerequisite,
    PowerBi,
    Code(&'static str),
}

/// A story.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    pub(crate) name: &'static str,
    /// Subscriptions that it adds.
    pub(crate) needs: u64,
    pub(crate) group: Option<Group>,
    /// Whether one of its rows is refused, rejected or flagged by a rule.
    refuses: bool,
    fits: fn(&Customer) -> bool,
    pub(crate) tell: fn(&mut Desk<'_>),
}

pub(crate) fn commercial(customer: &Customer) -> bool {
    customer.may_buy(Segment::Commercial)
}

impl Story {
    /// A story of one subscription that any customer can have who buys commercial offers.
    pub(crate) const fn new(name: &'static str, tell: fn(&mut Desk<'_>)) -> Story {
        Story { name, needs: 1, group: None, refuses: false, fits: commercial, tell }
    }

    pub(crate) const fn needs(mut self, subscriptions: u64) -> Story {
        self.needs = subscriptions;
        self
    }

    pub(crate) const fn once(mut self, group: Group) -> Story {
        self.group = Some(group);
        self
    }

    pub(crate) const fn refusing(mut self) -> Story {
        self.refuses = true;
        self
    }

    pub(crate) const fn fitting(mut self, fits: fn(&Customer) -> bool) -> Story {
        self.fits = fits;
        self
    }
}

/// Every story of the full profile.
pub(crate) fn all() -> Vec<Story> {
    let mut stories = Vec::new();
    stories.extend_from_slice(terms::STORIES);
    stories.extend_from_slice(promoted::STORIES);
    stories.extend_from_slice(codes::STORIES);
    stories.extend_from_slice(seats::STORIES);
    stories.extend_from_slice(lifecycle::STORIES);
    stories.extend_from_slice(scheduled::STORIES);
    stories.extend_from_slice(renewals::STORIES);
    stories.extend_from_slice(upgrades::STORIES);
    stories
}

/// The stories still to be dealt.
#[derive(Debug)]
pub(crate) struct Deck(VecDeque<Story>);

impl Deck {
    pub(crate) fn new() -> Deck {
        let stories = all();
        let quiet = stories.iter().filter(|story| !story.refuses);
        let again = quiet.clone().chain(quiet.clone()).chain(quiet.clone());
        Deck(stories.iter().chain(again).copied().collect())
    }

    /// The next story that the customer can have with so many subscriptions left to fill; it goes to the bottom.
    pub(crate) fn deal(&mut self, desk: &Desk<'_>, left: u64) -> Option<Story> {
        let is_free = |story: &Story| story.group.is_none_or(|group| !desk.groups.contains(&group));
        let place = self
            .0
            .iter()
            .position(|story| story.needs <= left && (story.fits)(desk.customer) && is_free(story))?;
        let story = self.0.remove(place)?;
        self.0.push_back(story);
        Some(story)
    }
}
