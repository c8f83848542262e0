//! The README's tour, run as written: every command, every line of its output (`[..]` stands for what differs by machine).

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use termwise_engine::findings::{Code, NotDue};
use termwise_engine::reasons::Reason;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder").flatten() {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).expect("a copy");
    }
}

/// The ```console blocks of the section with this heading: commands with the output that follows each.
fn commands(readme: &str, heading: &str) -> Vec<(String, String)> {
    let section = readme.split(&format!("\n## {heading}\n")).nth(1).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut found: Vec<(String, String)> = Vec::new();
    for block in section.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap_or_default().lines() {
            match line.strip_prefix("$ ") {
                Some(command) => found.push((command.to_owned(), String::new())),
                None => {
                    let (_, output) = found.last_mut().expect("a command before its output");
                    output.push_str(line);
                    output.push('\n');
                }
            }
        }
    }
    found
}

#[test]
fn every_command_of_the_tour_says_what_the_readme_says() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let tour = commands(&readme, "A tour");
    assert!(tour.len() >= 5, "{} commands", tour.len());
    let work = tempfile::tempdir().expect("a folder");
    for part in ["data", "jobs"] {
        copy(&root().join(part), &work.path().join(part));
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_termwise")).parent().expect("a folder").to_owned();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    for (command, expected) in tour {
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("{command} 2>&1"))
            .current_dir(work.path())
            .env("PATH", &path)
            .env("NO_COLOR", "1")
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        snapbox::Assert::new().eq(said.trim_end(), snapbox::Data::text(expected.trim_end().to_owned()));
    }
}

#[test]
fn the_two_commands_of_the_readme_are_the_ones_that_ci_runs() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    assert!(readme.contains("$ cargo run -- run jobs/nightly.toml\n$ cargo test\n"));
    let ci = fs::read_to_string(root().join(".ci/run")).expect(".ci/run");
    assert!(ci.lines().any(|line| line == "cargo test"), "CI runs the README's test command");
}

#[test]
fn the_readme_documents_every_reason() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for reason in Reason::ALL {
        let row = format!("| `{}` | {} | {} |", reason.name(), reason.rule().trim(), reason.sentence());
        assert!(readme.contains(&row), "the README lacks the row\n{row}");
    }
    for not_due in NotDue::ALL {
        assert!(readme.contains(&format!("| `{}` |", not_due.name())), "the README lacks {}", not_due.name());
    }
}

#[test]
fn the_readme_documents_every_code() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for code in Code::ALL {
        let row = format!("| `{}` | {} | {} | {} |", code, code.rule().trim(), code.sentence(), code.hint());
        assert!(readme.contains(&row), "the README lacks the row\n{row}");
    }
    let section = readme.split("\n## Codes\n").nth(1).and_then(|rest| rest.split("\nWhat becomes of").next());
    let rows = section.expect("the section").lines().filter(|line| line.starts_with("| `"));
    for name in rows.filter_map(|line| line.split('`').nth(1)) {
        assert!(
            Code::ALL.iter().any(|code| code.name() == name),
            "the README documents {name}, which is no code"
        );
    }
}
