//! Night after night over small worlds in which things happen late, out of order and while nobody ran: the ledger must hold
//! what the oracle computes from the facts known so far, on every night.
//!
//! `TERMWISE_NIGHTS_SEEDS` sets how many worlds, from `TERMWISE_NIGHTS_FROM` on; `TERMWISE_NIGHTS_SEED` lives one and keeps
//! its folder. `planted.sh` beside the worlds plants faults in the program, which must be found.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

mod common;
#[allow(dead_code, reason = "the crowded books bring their own tests")]
mod crowded;
#[allow(clippy::all, clippy::pedantic, dead_code, unreachable_pub, missing_docs)]
mod oracle;
#[path = "nightly_life/mod.rs"]
mod worlds;

use worlds::model::{Fault, Model};
use worlds::program::Program;
use worlds::{first_failure, live, many};

const NIGHTS: u32 = 60;

fn stand_in(fault: Fault) -> Program {
    Program::StandIn(Model { fault })
}

fn seeds(default: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let from = number("TERMWISE_NIGHTS_FROM").unwrap_or(0);
    from..from + number("TERMWISE_NIGHTS_SEEDS").unwrap_or(default)
}

#[test]
fn the_ledger_holds_on_every_night_what_the_oracle_computes_from_the_facts_known_so_far() {
    let program = if std::env::var("TERMWISE_NIGHTS_MODEL").is_ok() {
        stand_in(Fault::None)
    } else {
        Program::Termwise
    };
    if let Ok(seed) = std::env::var("TERMWISE_NIGHTS_SEED") {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let (done, outcome) = live(seed.parse().expect("a seed"), NIGHTS, &program, &folder);
        println!("{done:#?}");
        assert!(outcome.is_ok(), "{}\n{}", folder.display(), outcome.unwrap_err());
        return;
    }
    let (done, failed) = many(seeds(8), NIGHTS, &program);
    println!("{done:#?}");
    let shown: Vec<&str> = failed.iter().take(8).map(|(_, told)| told.as_str()).collect();
    assert!(failed.is_empty(), "{} worlds failed\n{}", failed.len(), shown.join("\n"));
}

/// The rig is tested by a naive ledger with faults: one that it does not find would pass in the program too.
#[test]
fn three_planted_faults_of_a_ledger_are_found() {
    // From the first world on that has what a fault needs.
    for (fault, from) in
        [(Fault::CycleByLength, 0), (Fault::MissingCredited, 11), (Fault::LedgerAfterRename, 0)]
    {
        let told = first_failure(from..40, 40, &stand_in(fault));
        println!("{fault:?}: {}", told.as_deref().unwrap_or("not found"));
        assert!(told.is_some(), "nobody noticed {fault:?}");
    }
}
