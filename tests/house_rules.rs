//! The absences that hold the architecture together: what must not stand in the code, tested.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(below: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(below)];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path).expect("a folder").flatten() {
                waiting.push(entry.path());
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            found.push((path, text));
        }
    }
    assert!(!found.is_empty(), "no sources below {below}");
    found.sort();
    found
}

/// The code of a file without its comments and its tests.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]").next().unwrap_or_default();
    body.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The modules that a `lib.rs` or `mod.rs` declares, in order.
fn declared(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a module file");
    let name =
        |line: &str| line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')).map(str::to_owned);
    text.lines().filter_map(name).collect()
}

#[test]
fn a_module_uses_only_what_is_declared_before_it() {
    for (library, below) in [("src/lib.rs", "src"), ("src/engine/lib.rs", "src/engine")] {
        let floors = declared(&root().join(library));
        assert!(floors.len() > 5, "{library} declares its floors: {floors:?}");
        for (floor, name) in floors.iter().enumerate() {
            let file = root().join(below).join(format!("{name}.rs"));
            let files = if file.is_file() {
                vec![(file.clone(), fs::read_to_string(&file).expect("a module"))]
            } else {
                sources(&format!("{below}/{name}"))
            };
            for (path, text) in files {
                for above in &floors[floor + 1..] {
                    let used = code(&text).contains(&format!("crate::{above}::"));
                    assert!(!used, "{} uses {above}, which is declared after {name}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_engine_has_no_files_threads_clock_or_floats() {
    let banned = [
        "std::fs",
        "std::io",
        "std::thread",
        "std::net",
        "std::env",
        "std::time",
        "SystemTime",
        "Utc::now",
        "Local::now",
        "rayon",
        "f32",
        "f64",
        "HashMap",
        "HashSet",
        "println!",
        "eprintln!",
    ];
    for (path, text) in sources("src/engine") {
        for word in banned {
            assert!(!code(&text).contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn floats_stand_only_where_a_spreadsheet_wants_them() {
    for (path, text) in sources("src") {
        // A spreadsheet keeps numbers as floats: they are parsed from decimal texts there, and reckoned with nowhere.
        let is_of_spreadsheets = path.ends_with("src/reports/figures.rs");
        let code = code(&text);
        let mut words = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let floats = words.any(|word| word == "f64" || word == "f32");
        assert!(is_of_spreadsheets || !floats, "{} has floats", path.display());
    }
}

#[test]
fn only_the_rounding_module_divides() {
    for (path, text) in sources("src/engine") {
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        // Hours, minutes and seconds of an instant are taken apart in the calendar; money is divided in money.rs alone.
        if file == "money.rs"
            || file == "calendar.rs"
            || path.parent().is_some_and(|of| of.ends_with("tests"))
        {
            continue;
        }
        for (number, line) in code(&text).lines().enumerate() {
            // What stands between quotes is a text for people.
            let outside: String = line.split('"').step_by(2).collect();
            let divides = outside.contains(" / ") || outside.contains(" % ");
            assert!(!divides, "{}:{} divides", path.display(), number + 1);
        }
    }
}

#[test]
fn nothing_is_defaulted_in_silence() {
    let banned = ["todo!", "unimplemented!", "dbg!", "#[ignore", "unwrap_or(\"EUR\")", "unwrap_or(\"USD\")"];
    for (path, text) in sources("src") {
        for word in banned {
            assert!(!code(&text).contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn no_number_of_the_policy_stands_in_rust() {
    let banned = ["168", "0.03", "1.03", "2400", "hours(24)", "trial_days: 30", "trial_seats: 25"];
    for (path, text) in sources("src/engine") {
        for word in banned {
            assert!(!code(&text).contains(word), "{} has the policy's number {word}", path.display());
        }
    }
}

#[test]
fn only_main_and_the_command_line_read_the_clock() {
    for (path, text) in sources("src") {
        let shell = path.ends_with("main.rs") || path.to_string_lossy().contains("cli");
        let clock = code(&text).contains("Utc::now") || code(&text).contains("SystemTime::now");
        assert!(shell || !clock, "{} reads the clock", path.display());
    }
}

/// What a run does is said by its job and its flags alone; a test may look for a browser.
#[test]
fn only_the_command_line_reads_the_environment() {
    for (path, text) in sources("src") {
        let may = path.to_string_lossy().contains("cli") || path.ends_with("page/browser.rs");
        assert!(may || !code(&text).contains("env::var"), "{} reads the environment", path.display());
    }
}

#[test]
fn files_stay_short() {
    for (path, text) in sources("src") {
        let lines = text.lines().count();
        assert!(lines <= 600, "{} has {lines} lines: it is asking to be two", path.display());
    }
}

/// Whether a text cites a rule, alone or inside a range such as `R1 to R5` or `R1-R5`.
fn cites(text: &str, rule: u32) -> bool {
    let numbers: Vec<(usize, u32)> = text
        .match_indices('R')
        .filter_map(|(place, _)| {
            let digits: String = text[place + 1..].chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok().map(|number| (place, number))
        })
        .collect();
    let is_range = |pair: &[(usize, u32)]| {
        let between = text[pair[0].0..pair[1].0]
            .trim_start_matches('R')
            .trim_start_matches(|digit: char| digit.is_ascii_digit());
        matches!(between.trim(), "to" | "-" | "–") && (pair[0].1..=pair[1].1).contains(&rule)
    };
    numbers.iter().any(|&(_, number)| number == rule) || numbers.windows(2).any(is_range)
}

#[test]
fn every_rule_that_is_built_has_a_story() {
    let mut stories = String::new();
    let mut waiting =
        vec![root().join("tests/scenarios"), root().join("tests/ledger"), root().join("tests/cases")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()));
        } else if path.ends_with("story.md") {
            stories += &fs::read_to_string(&path).expect("a story");
            stories.push('\n');
        }
    }
    let missing: Vec<u32> = (1..=72).filter(|&rule| is_built(rule) && !cites(&stories, rule)).collect();
    assert!(missing.is_empty(), "no story for the rules {missing:?}");
}

/// The rules that are for versions to come.
fn is_built(rule: u32) -> bool {
    rule <= 55 || (59..=72).contains(&rule)
}

#[test]
fn the_readme_names_a_story_and_a_source_for_every_rule() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let section = readme.split("\n## Rules\n").nth(1).and_then(|rest| rest.split("\n## ").next());
    let rows = section.expect("the section").lines().filter(|line| line.starts_with("| R"));
    let mut rules = 0;
    for (row, rule) in rows.zip(1..) {
        rules = rule;
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert!(cells.len() == 3 && cells[0] == format!("R{rule}") && !cells[2].is_empty(), "{row}");
        if !is_built(rule) {
            assert_eq!(cells[1], "not built yet", "{row}");
            continue;
        }
        let path = cells[1].split("](").nth(1).and_then(|rest| rest.strip_suffix(')')).expect("a link");
        let story = fs::read_to_string(root().join(path).join("story.md")).expect("the story");
        assert!(cites(&story, rule), "{path} does not cite R{rule}");
    }
    assert_eq!(rules, 72);
}
