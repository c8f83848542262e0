//! Worlds, their nights, and what must be true after each.

mod checks;
mod closing;
mod crowd;
mod dice;
mod ends;
mod facts;
mod happenings;
mod ledger;
pub(crate) mod model;
mod nights;
mod prices;
pub(crate) mod program;
mod subscriptions;
mod world;

use nights::Life;
use program::Program;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

/// What was done, and how often.
pub(crate) type Done = BTreeMap<String, usize>;

/// Lives through one world and to its other ends.
pub(crate) fn live(seed: u64, nights: u32, program: &Program, folder: &Path) -> (Done, Result<(), String>) {
    let world = World::new(seed, nights);
    if world.is_repriced && matches!(program, Program::StandIn(_)) {
        // It knows of no price that was billed.
        return (Done::new(), Ok(()));
    }
    let mut life = Life::new(&world, program, folder);
    let mut outcome = life.live();
    // Where a price was changed behind terms that were billed, only the ledger that billed them knows what they cost.
    if outcome.is_ok() && !world.is_repriced {
        outcome = ends::by_one_run(&world, program, folder)
            .and_then(|()| ends::in_another_order(&world, program, folder));
    }
    (life.done, outcome.map_err(|error| format!("world {seed}: {error}")))
}

/// Lives through one world after the other until one fails, and gives why.
pub(crate) fn first_failure(seeds: Range<u64>, nights: u32, program: &Program) -> Option<String> {
    seeds.into_iter().find_map(|seed| guarded(seed, nights, program, &place()).1.err())
}

/// Memory is quicker than a disk, and a night writes a dozen files.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() }
}

/// Lives through many worlds side by side; gives what was done in all of them, and the seeds that failed with why.
pub(crate) fn many(seeds: Range<u64>, nights: u32, program: &Program) -> (Done, Vec<(u64, String)>) {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new((Done::new(), Vec::new()));
    let place = place();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let (done, outcome) = guarded(seed, nights, program, &place);
                    let mut found = found.lock().expect("the sums");
                    for (what, times) in done {
                        *found.0.entry(what).or_default() += times;
                    }
                    found.1.extend(outcome.err().map(|told| (seed, told)));
                }
            });
        }
    });
    let (done, mut failed) = found.into_inner().expect("the sums");
    failed.sort();
    (done, failed)
}

fn guarded(seed: u64, nights: u32, program: &Program, place: &PathBuf) -> (Done, Result<(), String>) {
    let folder = tempfile::tempdir_in(place).expect("a folder");
    let lived = catch_unwind(AssertUnwindSafe(|| live(seed, nights, program, folder.path())));
    lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        (Done::new(), Err(format!("world {seed}: a panic: {}", text.unwrap_or_default())))
    })
}
