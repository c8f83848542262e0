//! The runs of a ledger: a night that bills what it lacks, and what is done to it by hand.

mod bounds;
mod close;
mod facts;
mod keep;
mod night;
mod pinning;
mod posting;
mod reverse;
mod status;
mod taking;
mod told;
mod verify;

pub use close::close;
pub(super) use keep::by_subscription;
pub use night::{Wish, night};
pub(super) use pinning::pins_of;
pub(super) use posting::{Night, Posted, Poster};
pub use reverse::reverse;
pub use status::status;
pub use told::Told;
pub use verify::verify;
