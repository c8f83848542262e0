//! The stories of `tests/scenarios`, the worked cases of `tests/cases` and the gallery of codes, run in-process.
//!
//! Each story runs on one thread and again on two with one-customer units; both must publish the same bytes, and the files must
//! say what `expect/` says in the columns that it names.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

mod common;

use common::{Table, bytes_of, published, root, stage, stories};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use termwise_engine::findings::Code;

/// What is wrong with a story, or nothing.
fn check(story: &Path) -> Result<(), String> {
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    let job = stage(story, work.path());
    let (one, two) = (work.path().join("out-1"), work.path().join("out-2"));
    let (exit, said) = common::bill(&job, &one, 1, 4096);
    let wanted = fs::read_to_string(story.join("expect/exit.txt")).ok();
    let is_wanted =
        wanted.as_ref().map_or(matches!(exit, 0 | 3), |wanted| *wanted.trim() == exit.to_string());
    if !is_wanted {
        return Err(format!("exit {exit} instead of {wanted:?}: {said}"));
    }
    common::bill(&job, &two, 2, 1);
    let (one, two) = (published(&one), published(&two));
    let asked = ask(story, work.path())?;
    if bytes_of(&one) != bytes_of(&two) {
        return Err("two threads publish other bytes than one".into());
    }
    let mut wrong = String::new();
    let mut expected = 0;
    for entry in fs::read_dir(story.join("expect")).map_err(|error| error.to_string())?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".csv") {
            continue;
        }
        expected += 1;
        let expect = Table::read(&entry.path());
        let found = asked.get(&name).cloned().unwrap_or_else(|| Table::read(&one.join(&name)));
        let (mut want, mut got) = (expect.columns(&expect.header), found.columns(&expect.header));
        if name == "rejects.csv" {
            want.sort();
            got.sort();
        }
        if want != got {
            wrong += &format!("  {name} {:?}\n", expect.header);
            for row in want.iter().filter(|row| !got.contains(row)) {
                wrong += &format!("    expected {row:?}\n");
            }
            for row in got.iter().filter(|row| !want.contains(row)) {
                wrong += &format!("    found    {row:?}\n");
            }
        }
    }
    let client = story.join("expect/client.txt");
    if client.is_file() {
        expected += 1;
        let texts = bytes_of(&one).into_iter().filter(|(name, _)| name.starts_with("offers/"));
        let texts: Vec<String> = texts.map(|(_, text)| String::from_utf8_lossy(&text).into_owned()).collect();
        if texts != [fs::read_to_string(&client).map_err(|error| error.to_string())?] {
            wrong += &format!("  the texts for clients are\n{}\n", texts.join("\n"));
        }
    }
    match (expected, wrong.is_empty()) {
        (0, _) => Err("nothing is expected of it".into()),
        (_, true) => Ok(()),
        (_, false) => Err(wrong),
    }
}

/// What the commands answer that are asked before anything is sold, by the file that expects it: `answers.csv` where the story
/// has requests, `promotions.csv` where `given/promotions.txt` says what follows the job on the command line. Threads and parts
/// show in neither. Requests that are not answered stand in `rejects.csv` then.
fn ask(story: &Path, work: &Path) -> Result<BTreeMap<String, Table>, String> {
    let job = work.join("job.toml").to_string_lossy().into_owned();
    let mut answers = BTreeMap::new();
    let mut ask = |name: &str, words: Vec<String>| {
        let with = |more: [&str; 4]| {
            common::typed(&words.iter().cloned().chain(more.map(str::to_owned)).collect::<Vec<_>>())
        };
        let one = with(["--threads", "1", "--unit", "4096"]);
        if one != with(["--threads", "2", "--unit", "1"]) {
            return Err(format!("two threads answer otherwise than one: {words:?}"));
        }
        let (exit, out, err) = one;
        if !matches!(exit, 0 | 3) {
            return Err(format!("exit {exit}: {err}"));
        }
        let path = work.join(format!("{name}-answer.csv"));
        fs::write(&path, out).map_err(|error| error.to_string())?;
        answers.insert(format!("{name}.csv"), Table::read(&path));
        if exit == 3 && name == "answers" {
            answers.insert("rejects.csv".to_owned(), told(&err));
        }
        Ok(())
    };
    for file in ["requests.csv", "requests.parquet"] {
        if story.join("given").join(file).is_file() {
            let requests = work.join(file).to_string_lossy().into_owned();
            ask("answers", ["eligibility", &job, &requests].map(str::to_owned).to_vec())?;
        }
    }
    if let Ok(flags) = fs::read_to_string(story.join("given/promotions.txt")) {
        let words = ["promotions", &job].into_iter().chain(flags.split_whitespace());
        ask("promotions", words.map(str::to_owned).collect())?;
    }
    Ok(answers)
}

/// Diagnostics as a table of where they stand and their codes: `requests.csv:2:on: error[instant-invalid]: …`.
fn told(err: &str) -> Table {
    let row = |line: &str| {
        let (place, rest) = line.split_once(": error[")?;
        let mut place = place.rsplit('/').next()?.split(':').map(str::to_owned);
        let (file, row, column) = (place.next()?, place.next()?, place.next().unwrap_or_default());
        Some(vec![file, row, column, rest.split(']').next()?.to_owned()])
    };
    let header = ["file", "row", "column", "code"].map(str::to_owned).to_vec();
    Table { header, rows: err.lines().filter_map(row).collect() }
}

fn check_all(area: &str, at_least: usize) {
    let found = stories(&root().join(area));
    assert!(found.len() >= at_least, "{} stories below {area}", found.len());
    let only = std::env::var("STORY").unwrap_or_default();
    let failed: Vec<String> = found
        .iter()
        .filter(|story| story.to_string_lossy().contains(&only))
        .filter_map(|story| check(story).err().map(|why| format!("{}\n{why}", story.display())))
        .collect();
    assert!(failed.is_empty(), "{} of {} fail:\n{}", failed.len(), found.len(), failed.join("\n"));
}

#[test]
fn every_story_comes_out_as_told() {
    check_all("tests/scenarios", 150);
}

#[test]
fn the_shared_cases_that_apply_agree() {
    check_all("tests/cases", 120);
}

#[test]
fn the_gallery_shows_every_code() {
    let gallery = root().join("tests/gallery");
    let shown: Vec<_> =
        stories(&gallery).into_iter().filter(|story| !story.starts_with(gallery.join("_refused"))).collect();
    for code in Code::ALL {
        let folder = gallery.join(code.name());
        let mut expects = vec![folder.join("expect/rejects.csv")];
        if !shown.contains(&folder) {
            // What a ledger finds takes more than one night: tests/ledger.rs plays those.
            let nights = fs::read_dir(&folder).unwrap_or_else(|_| panic!("no gallery folder for {code}"));
            expects = nights.flatten().map(|night| night.path().join("expect/rejects.csv")).collect();
        }
        let expects: Vec<Table> =
            expects.iter().filter(|path| path.is_file()).map(|path| Table::read(path)).collect();
        let is_shown = |expect: &Table| expect.column("code").iter().any(|shown| shown == code.name());
        assert!(expects.iter().any(is_shown), "{code} is not in its own folder");
    }
    let failed: Vec<String> = shown
        .iter()
        .filter_map(|story| check(story).err().map(|why| format!("{}\n{why}", story.display())))
        .collect();
    assert!(failed.is_empty(), "{} of {} fail:\n{}", failed.len(), shown.len(), failed.join("\n"));
}

#[test]
fn what_is_refused_as_a_whole_says_so_and_publishes_nothing() {
    let refused = stories(&root().join("tests/gallery/_refused"));
    assert!(refused.len() >= 10, "{} refusals", refused.len());
    for story in refused {
        let work = tempfile::tempdir().expect("a folder");
        let job = stage(&story, work.path());
        let out = work.path().join("out");
        let args = ["run", &job.to_string_lossy(), "--out", &out.to_string_lossy(), "-q"];
        let (exit, said) = common::termwise(&args);
        let want = fs::read_to_string(story.join("expect/exit.txt")).expect("expect/exit.txt");
        assert_eq!(exit.to_string(), want.trim(), "{}: {said}", story.display());
        let says = fs::read_to_string(story.join("expect/says.txt")).expect("expect/says.txt");
        for line in says.lines().filter(|line| !line.trim().is_empty()) {
            assert!(said.contains(line.trim()), "{}: `{line}` is not in:\n{said}", story.display());
        }
        let empty = !out.exists() || fs::read_dir(&out).expect("the folder").next().is_none();
        assert!(empty, "{}: something was left below out", story.display());
    }
}
