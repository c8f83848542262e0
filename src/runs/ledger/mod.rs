//! The runs of a ledger: a night that bills what it lacks, and what is done to it by hand.

mod bounds;
mod facts;
mod keep;
mod night;
mod posting;

pub use night::{Wish, night};
pub(super) use keep::by_subscription;
pub(super) use posting::{Night, Posted, Poster};
