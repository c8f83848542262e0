//! The real binary is killed while it bills a night into its ledger, run twice at once, and given a ledger that was damaged: no
//! line is lost, none is billed twice, and what is damaged is not built upon (R61 to R65). `tests/faults/sweep.py` does the same
//! at every single call.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

mod common;

use common::{Table, bytes_of, termwise};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Moments of a night that are killed by the clock, evenly spread over it.
const MOMENTS: u32 = 12;
/// How long a night may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
const SECOND_NIGHT: [&str; 2] = ["--as-of", "2026-12-31"];
const THIRD_NIGHT: [&str; 2] = ["--as-of", "2027-01-31"];

/// A book and its ledger in a folder of their own.
struct World {
    dir: tempfile::TempDir,
}

impl World {
    /// A small book, of whose price list only what it sells is left, and a job with a ledger.
    fn new() -> World {
        let world = World { dir: tempfile::tempdir().expect("a folder") };
        let book = world.path("book");
        let (exit, said) = termwise(&["sample", "--subscriptions", "40", "--out", &text(&book), "-q"]);
        assert_eq!(exit, 0, "{said}");
        let names = |names: [&str; 3]| names.map(str::to_owned);
        let sold = Table::read(&book.join("subscriptions.csv"));
        let sold: BTreeSet<_> =
            sold.columns(&names(["product_id", "sku_id", "market"])).into_iter().collect();
        let mut prices = Table::read(&book.join("price_list.csv"));
        let keys = prices.columns(&names(["ProductId", "SkuId", "Market"]));
        let mut is_sold = keys.iter().map(|key| sold.contains(key));
        prices.rows.retain(|_| is_sold.next().expect("a key for each row"));
        prices.write(&book.join("price_list.csv"));
        let job = fs::read_to_string(world.job()).expect("the job");
        let job = job.replace("dir = \"out\"", "dir = \"../out\"").replace("\"1%\"", "\"100%\"");
        fs::write(world.job(), format!("{job}\n[ledger]\ndir = \"../ledger\"\n")).expect("the job");
        world
    }

    /// The same with a first night, and some seats changed since: the second takes lines back and bills others.
    fn billed() -> World {
        let world = World::new();
        world.must_run(&[]);
        let path = world.path("book/subscriptions.csv");
        let mut book = Table::read(&path);
        let seats = book.header.iter().position(|name| name == "quantity").expect("the seats");
        for row in book.rows.iter_mut().skip(3).step_by(7) {
            row[seats] = (row[seats].parse::<u32>().expect("a number") + 1).to_string();
        }
        book.write(&path);
        world
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    fn job(&self) -> PathBuf {
        self.path("book/job.toml")
    }

    /// Another world, that is the same.
    fn copy(&self) -> World {
        let other = World { dir: tempfile::tempdir().expect("a folder") };
        copy(self.dir.path(), other.dir.path());
        let out = other.path("out");
        for link in links(&out) {
            let to = fs::read_link(out.join(&link)).expect("a link");
            let to = other.path("ledger/runs").join(to.file_name().expect("a run"));
            fs::remove_file(out.join(&link)).expect("a link goes");
            symlink(to, out.join(&link)).expect("a link");
        }
        other
    }

    fn run(&self, more: &[&str]) -> (u8, String) {
        let job = text(&self.job());
        termwise(&[&["run", &job, "--threads", "1", "-q"], more].concat())
    }

    fn must_run(&self, more: &[&str]) {
        let (exit, said) = self.run(more);
        assert!(matches!(exit, 0 | 3), "exit {exit}: {said}");
    }

    fn start(&self, more: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_termwise"))
            .args(["run", &text(&self.job()), "--threads", "1", "-q"])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    }

    fn verify(&self) -> (u8, String) {
        termwise(&["verify", &text(&self.job())])
    }

    /// Everything that the ledger holds, but for the timings, and the links that lead to it.
    fn content(&self) -> (BTreeMap<String, Vec<u8>>, BTreeSet<String>) {
        for link in links(&self.path("out")) {
            let run = self.path("out").join(&link);
            assert!(run.join("manifest.json").is_file(), "{link} leads to no run");
        }
        (bytes_of(&self.path("ledger")), links(&self.path("out")))
    }

    fn runs(&self) -> Vec<PathBuf> {
        let mut runs: Vec<PathBuf> = fs::read_dir(self.path("ledger/runs"))
            .expect("the runs")
            .map(|entry| entry.expect("a run").path())
            .collect();
        runs.sort();
        runs
    }

    /// A plain run ends where an undisturbed one did, and no line is there twice.
    fn must_end_as(&self, expected: &World, when: &str) {
        let (exit, said) = self.run(&SECOND_NIGHT);
        assert!(matches!(exit, 0 | 3), "killed {when}, the next run exits {exit}: {said}");
        let (found, wanted) = (self.content(), expected.content());
        assert_eq!(found.1, wanted.1, "the links, killed {when}");
        let differs = |name: &&String| found.0.get(*name) != wanted.0.get(*name);
        let wrong: Vec<&String> = found.0.keys().chain(wanted.0.keys()).filter(differs).collect();
        assert!(wrong.is_empty(), "killed {when}, these differ: {wrong:?}");
        let lines = |run: &PathBuf| Table::read(&run.join("invoice_lines.csv")).column("line_id");
        let lines: Vec<String> = self.runs().iter().flat_map(lines).collect();
        let once: BTreeSet<&String> = lines.iter().collect();
        assert_eq!(once.len(), lines.len(), "killed {when}, lines stand twice");
        let (exit, said) = self.verify();
        assert_eq!(exit, 0, "killed {when}: {said}");
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn links(out: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(out).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn copy(from: &Path, to: &Path) {
    let facts = fs::symlink_metadata(from).expect("a path");
    if facts.is_symlink() {
        symlink(fs::read_link(from).expect("a link"), to).expect("a link");
    } else if facts.is_dir() {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder").flatten() {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
        fs::set_permissions(to, facts.permissions()).expect("its mode");
    } else {
        fs::copy(from, to).expect("a copy");
    }
}

#[test]
fn a_night_that_is_killed_at_any_moment_ends_as_if_it_had_not_been() {
    let before = World::billed();
    let expected = before.copy();
    let since = Instant::now();
    expected.must_run(&SECOND_NIGHT);
    let whole = since.elapsed();
    for moment in 0..MOMENTS {
        let world = before.copy();
        let mut night = world.start(&SECOND_NIGHT);
        sleep(whole * moment / (MOMENTS - 1));
        night.kill().expect("it can be killed");
        night.wait().expect("it ends");
        world.must_end_as(&expected, &format!("after {moment} of {} parts of {whole:?}", MOMENTS - 1));
    }
    // What is most delicate takes least time: there the kill waits until a file is seen.
    let staged = |name: &str| format!("ledger/staging/next/{name}");
    let [staging, lines, charges, state, summary, manifest] =
        ["", "invoice_lines.csv", "charges.bin", "state.bin", "summary.txt", "manifest.json"].map(staged);
    let link = expected.content().1.difference(&before.content().1).next().expect("a new link").clone();
    let run = "ledger/runs/00000002".to_owned();
    for sight in [staging, lines, charges, state, summary, manifest, run, format!("out/{link}")] {
        let world = before.copy();
        let mut night = world.start(&SECOND_NIGHT);
        let since = Instant::now();
        while fs::symlink_metadata(world.path(&sight)).is_err()
            && night.try_wait().expect("its state").is_none()
        {
            assert!(since.elapsed() < PATIENCE, "{sight} never comes");
        }
        night.kill().expect("it can be killed");
        night.wait().expect("it ends");
        world.must_end_as(&expected, &format!("when {sight} was seen"));
    }
}

#[test]
fn of_two_runs_at_once_one_commits() {
    let before = World::billed();
    let expected = before.copy();
    expected.must_run(&SECOND_NIGHT);
    for _ in 0..5 {
        let world = before.copy();
        let both = [world.start(&SECOND_NIGHT), world.start(&SECOND_NIGHT)];
        let exits = both.map(|mut night| night.wait().expect("it ends").code().expect("an exit code"));
        assert!(exits.iter().all(|exit| matches!(exit, 0 | 3 | 75)), "{exits:?}");
        assert!(exits.iter().any(|exit| matches!(exit, 0 | 3)), "one of them commits: {exits:?}");
        assert_eq!(world.content(), expected.content(), "one of them commits, and no more: {exits:?}");
        world.must_end_as(&expected, "beside another");
    }
}

#[test]
fn of_two_first_runs_at_once_one_commits() {
    let before = World::new();
    let expected = before.copy();
    expected.must_run(&[]);
    for _ in 0..5 {
        let world = before.copy();
        let both = [world.start(&[]), world.start(&[])];
        let exits = both.map(|mut night| night.wait().expect("it ends").code().expect("an exit code"));
        assert!(exits.iter().all(|exit| matches!(exit, 0 | 3 | 75)), "{exits:?}");
        assert!(exits.iter().any(|exit| matches!(exit, 0 | 3)), "one of them commits: {exits:?}");
        assert_eq!(world.content(), expected.content(), "one of them commits, and no more: {exits:?}");
    }
}

#[test]
fn a_lock_holds_though_its_file_is_removed() {
    let world = World::billed();
    let ledger = world.path("ledger");
    for held in [ledger.join("lock"), ledger.clone()] {
        let lock = fs::File::open(&held).expect("what is locked");
        lock.try_lock().expect("nobody else has it");
        let (exit, said) = world.run(&SECOND_NIGHT);
        assert_eq!((exit, world.runs().len()), (75, 1), "{} is locked: {said}", held.display());
        assert_eq!(world.verify().0, 0, "who only looks needs no lock");
    }
    fs::remove_file(ledger.join("lock")).expect("it goes");
    let lock = fs::File::open(&ledger).expect("the folder");
    lock.try_lock().expect("nobody else has it");
    assert_eq!(world.run(&SECOND_NIGHT).0, 75, "a run goes on, whose lock file somebody removed");
    drop(lock);
    world.must_run(&SECOND_NIGHT);
}

#[test]
fn a_damaged_byte_anywhere_in_the_chain_is_found() {
    let world = World::billed();
    world.must_run(&SECOND_NIGHT);
    assert_eq!(world.verify().0, 0);
    let mut tried = 0;
    for run in world.runs() {
        for file in fs::read_dir(&run).expect("the run").map(|entry| entry.expect("a file").path()) {
            let whole = fs::read(&file).expect("the file");
            // How long a run took is the one thing that nothing depends on.
            let find = |wanted: &[u8]| whole.windows(wanted.len()).position(|part| part == wanted);
            let end = if file.ends_with("manifest.json") { find(b"\"timings\"") } else { None };
            let end = end.unwrap_or(whole.len());
            for place in [0, end / 5, end / 2, end * 4 / 5, end - 1] {
                let mut damaged = whole.clone();
                damaged[place] ^= 1;
                fs::write(&file, damaged).expect("the damage");
                let (exit, said) = world.verify();
                assert_eq!(exit, 76, "byte {place} of {}: {said}", file.display());
                tried += 1;
            }
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            if ["manifest.json", "state.bin"].contains(&name.as_str()) {
                let mut damaged = whole.clone();
                damaged[end / 3] ^= 1;
                fs::write(&file, damaged).expect("the damage");
                let is_used = name == "manifest.json" || run.ends_with("00000002");
                if is_used {
                    let (exit, said) = world.run(&THIRD_NIGHT);
                    assert_eq!(exit, 76, "{}: {said}", file.display());
                    assert_eq!(world.runs().len(), 2, "nothing is built upon {}", file.display());
                }
            }
            fs::write(&file, &whole).expect("the file as it was");
        }
    }
    assert!(tried >= 2 * 9 * 5, "{tried}");
    world.must_run(&THIRD_NIGHT);
    assert_eq!(world.verify().0, 0);
}

#[test]
fn every_digit_of_the_last_manifest_counts() {
    let world = World::billed();
    let file = world.runs()[0].join("manifest.json");
    let whole = fs::read_to_string(&file).expect("the manifest");
    for wanted in ["\"as_of\": \"2026-11-3", "\"cut_over\": \"2026-11-0", "\"digest_of_inputs\": \""] {
        // The ledger's own part stands last.
        let place = whole.rfind(wanted).expect(wanted) + wanted.len();
        let mut damaged = whole.clone().into_bytes();
        damaged[place] = if damaged[place] == b'1' { b'2' } else { b'1' };
        fs::write(&file, damaged).expect("the damage");
        let (exit, said) = world.run(&SECOND_NIGHT);
        assert_eq!((exit, world.runs().len()), (76, 1), "{wanted}: {said}");
        assert_eq!(world.verify().0, 76, "{wanted}");
    }
}

#[test]
fn a_run_that_is_gone_or_too_many_is_found() {
    let world = World::billed();
    world.must_run(&SECOND_NIGHT);
    world.must_run(&THIRD_NIGHT);
    let runs = world.runs();
    let away = world.path("away");
    for gone in &runs[..2] {
        fs::rename(gone, &away).expect("it goes");
        for (exit, said) in [world.verify(), world.run(&["--as-of", "2027-02-28"])] {
            assert_eq!(exit, 76, "{} is gone: {said}", gone.display());
        }
        fs::rename(&away, gone).expect("it comes back");
    }
    for file in ["manifest.json", "invoice_lines.csv", "charges.bin", "state.bin"] {
        fs::rename(runs[1].join(file), &away).expect("it goes");
        for (exit, said) in [world.verify(), world.run(&["--as-of", "2027-02-28"])] {
            assert_eq!(exit, 76, "{file} is gone: {said}");
        }
        fs::rename(&away, runs[1].join(file)).expect("it comes back");
    }
    let again = world.path("ledger/runs/00000004");
    copy(&runs[2], &again);
    assert_eq!(world.verify().0, 76, "a run that is there twice");
    fs::remove_dir_all(again).expect("it goes");
    assert_eq!(world.verify().0, 0);
}

#[test]
fn a_ledger_that_others_may_write_to_is_refused() {
    let world = World::billed();
    let ledger = world.path("ledger");
    for mode in [0o777, 0o770, 0o702, 0o1777] {
        fs::set_permissions(&ledger, fs::Permissions::from_mode(mode)).expect("a mode");
        for (exit, said) in [world.run(&SECOND_NIGHT), world.verify()] {
            assert_eq!(exit, 73, "mode {mode:o}: {said}");
            assert!(said.contains("others may write"), "{said}");
        }
        assert_eq!(world.runs().len(), 1, "nothing is committed");
    }
    fs::set_permissions(&ledger, fs::Permissions::from_mode(0o700)).expect("a mode");
    fs::rename(&ledger, world.path("elsewhere")).expect("it goes");
    symlink(world.path("elsewhere"), &ledger).expect("a link");
    assert_eq!(world.run(&SECOND_NIGHT).0, 73, "a link that somebody could turn elsewhere");
}
