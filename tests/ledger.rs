//! The stories of `tests/ledger/stories`: several nights, each with what changed in the inputs and what the ledger gets from it.
//!
//! Each story is played three times side by side: on one thread; on two with parts of one subscription; and with every input's
//! rows the other way round into a ledger of Parquet. The first two must keep the same bytes, the third the same charges, and
//! the lines must say what `expect/` says in the columns that it names. How a story is written: `tests/ledger/README.md`.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

mod common;
#[path = "ledger/nights.rs"]
mod nights;
#[path = "ledger/ways.rs"]
mod ways;

use common::root;
use nights::{Step, stories};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use ways::Way;

/// Stories that are played side by side.
const AT_ONCE: usize = 4;

/// What is wrong with a story, or nothing.
fn check(story: &Path) -> Result<(), String> {
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (plain, turned) = (work.path().join("plain"), work.path().join("turned"));
    let mut ways = [
        Way::new(&plain, "one", &["--threads", "1"]),
        Way::new(&plain, "two", &["--threads", "2", "--unit", "1", "--memory", "1"]),
        Way::new(&turned, "parquet", &["--threads", "2", "--set", "outputs.format=parquet"]),
    ];
    for step in Step::all(story) {
        let told = |why: String| format!("  {}: {why}", step.name());
        step.stage(&plain, false);
        step.stage(&turned, true);
        for way in &mut ways {
            way.go(&step).map_err(|why| told(format!("{}: {why}", way.name())))?;
        }
        let [one, two, parquet] = &ways;
        one.is_told(&step).map_err(told)?;
        one.has_the_bytes_of(two).map_err(told)?;
        one.has_the_charges_of(parquet).map_err(told)?;
    }
    ways.iter().try_for_each(|way| way.ends().map_err(|why| format!("  at the end, {}: {why}", way.name())))
}

fn check_all(area: &str, at_least: usize) {
    let found = stories(&root().join(area));
    assert!(found.len() >= at_least, "{} stories below {area}", found.len());
    let only = std::env::var("STORY").unwrap_or_default();
    let told = |story: &PathBuf| check(story).err().map(|why| format!("{}\n{why}", story.display()));
    let next = AtomicUsize::new(0);
    // They wait for the disk more than they compute.
    let play = || {
        let mine = || found.get(next.fetch_add(1, Ordering::Relaxed));
        let stories = std::iter::from_fn(mine).filter(|story| story.to_string_lossy().contains(&only));
        stories.filter_map(told).collect::<Vec<String>>()
    };
    let mut failed: Vec<String> = std::thread::scope(|scope| {
        let players: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(play)).collect();
        players.into_iter().flat_map(|player| player.join().expect("a story that ends")).collect()
    });
    failed.sort();
    assert!(failed.is_empty(), "{} of {} fail:\n{}", failed.len(), found.len(), failed.join("\n"));
}

#[test]
fn every_story_comes_out_as_told() {
    check_all("tests/ledger/stories", 40);
}

#[test]
fn the_gallery_shows_what_a_ledger_finds() {
    check_all("tests/gallery", 3);
}
