//! What can be typed, and what can't.

use super::*;
use crate::cli::Exit;
use clap::CommandFactory;
use clap::error::ErrorKind;

#[test]
fn sizes_are_written_with_their_unit() {
    let sizes = ["512MiB", "2GiB", "7", "0 KiB"].map(size);
    assert_eq!(sizes, [Ok(512 << 20), Ok(2 << 30), Ok(7), Ok(0)]);
    assert!(["", "MiB", "512MB", "-1", "1.5GiB", "99999999TiB"].iter().all(|text| size(text).is_err()));
}

#[test]
fn the_grammar_holds_together() {
    Line::command().debug_assert();
}

#[test]
fn every_command_but_the_benchs_is_listed() {
    let help = Line::command().render_long_help().to_string();
    let of_bills = ["run", "check", "explain", "promotions", "eligibility", "offers"];
    let of_ledgers = ["open", "status", "close", "reverse", "verify"];
    for command in of_bills.into_iter().chain(of_ledgers).chain(["sample", "completions"]) {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
    }
    assert!(!help.contains("\n  floor "), "{help}");
}

#[test]
fn every_exit_code_is_told() {
    let told: Vec<&str> = EXITS
        .lines()
        .filter_map(|line| line.get(..4).map(str::trim))
        .filter(|code| code.bytes().any(|byte| byte.is_ascii_digit()))
        .collect();
    let codes: Vec<String> = Exit::ALL.into_iter().map(|exit| exit.number().to_string()).collect();
    assert_eq!(told, codes);
    let readme = include_str!("../../README.md");
    let table = readme.split("| exit | means |").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    let rows: Vec<&str> = table.lines().skip(2).filter_map(|row| row.split(' ').nth(1)).collect();
    assert_eq!(rows, codes);
}

fn typed(command: &str) -> Result<Command, ErrorKind> {
    let words = std::iter::once("termwise").chain(command.split_whitespace());
    Line::try_parse_from(words).map(|line| line.command).map_err(|error| error.kind())
}

#[test]
fn a_run_is_a_draft_or_approved_or_dry() {
    let Ok(Command::Run(flags)) = typed("run j --approve 12ab --as-of 2026-11-30") else { panic!("a run") };
    assert_eq!((flags.approve.as_deref(), flags.draft), (Some("12ab"), false));
    let Ok(Command::Run(flags)) = typed("run j --draft") else { panic!("a run") };
    assert!(flags.draft && flags.approve.is_none());
    for two in ["--draft --approve 12ab", "--draft --dry-run", "--approve 12ab --dry-run"] {
        let told = typed(&format!("run j {two}")).unwrap_err();
        assert_eq!(told, ErrorKind::ArgumentConflict, "{two}");
    }
}

#[test]
fn the_ledgers_commands_take_what_fits_them() {
    let manner = "--set ledger.dir=l --threads 2 --memory 1GiB -q";
    let Ok(Command::Open(open)) = typed(&format!("open j --through 2026-10-31 --format csv --json {manner}"))
    else {
        panic!("to open")
    };
    assert_eq!((open.through.to_string().as_str(), open.json), ("2026-10-31", true));
    assert_eq!((open.format, open.manner.threads), (Some(FormatName::Csv), 2));
    let Ok(Command::Close(close)) =
        typed(&format!("close j --period 2028-02 --out o --format csv --json {manner}"))
    else {
        panic!("to close")
    };
    assert_eq!(close.period.first.to_string(), "2028-02-01");
    assert_eq!(close.period.last.to_string(), "2028-02-29");
    let Ok(Command::Reverse(reverse)) = typed(&format!("reverse j 00000007 --reason late --json {manner}"))
    else {
        panic!("to reverse")
    };
    assert_eq!((reverse.run, reverse.reason.as_str()), (7, "late"));
    assert!(matches!(typed("status j --json --set ledger.dir=l"), Ok(Command::Status(_))));
    assert!(matches!(typed(&format!("verify j {manner}")), Ok(Command::Verify(_))));

    for (command, told) in [
        ("open j", ErrorKind::MissingRequiredArgument),
        ("open j --through 2026-02-30", ErrorKind::ValueValidation),
        ("close j", ErrorKind::MissingRequiredArgument),
        ("close j --period 2026-13", ErrorKind::ValueValidation),
        ("close j --period 2026-1", ErrorKind::ValueValidation),
        ("reverse j 7", ErrorKind::MissingRequiredArgument),
        ("reverse j --reason late", ErrorKind::MissingRequiredArgument),
        ("reverse j 0 --reason late", ErrorKind::ValueValidation),
        ("status j --as-of 2026-11-30", ErrorKind::UnknownArgument),
        ("verify j --period 2026-11", ErrorKind::UnknownArgument),
    ] {
        assert_eq!(typed(command).unwrap_err(), told, "{command}");
    }
    assert_eq!(reason(" late \n"), Ok("late".to_owned()));
    assert!(["", " ", "two\nlines", "\u{1b}[2J"].into_iter().all(|text| reason(text).is_err()));
}

#[test]
fn a_run_takes_every_flag() {
    let typed = "termwise run jobs/nightly.toml --as-of 2026-11-30 --out out --format csv --set a=b --set c=d \
                 --dry-run --json -q --threads 3";
    let line = Line::try_parse_from(typed.split_whitespace()).unwrap();
    let Command::Run(flags) = line.command else { panic!("a run") };
    assert_eq!(flags.shared.manner.set, ["a=b", "c=d"]);
    assert_eq!((flags.shared.manner.threads, flags.format), (3, Some(FormatName::Csv)));
    assert!(flags.dry_run && flags.json && flags.shared.manner.quiet && !flags.draft);
    let both = ["termwise", "run", "j", "--as-of", "2026-11-30", "--period", "2026-11"];
    assert!(Line::try_parse_from(both).is_err());
}

#[test]
fn questions_before_a_sale_take_no_window() {
    let promotions = "promotions j --market NL --segment commercial";
    for command in ["eligibility j r.csv", promotions] {
        for window in ["--as-of 2026-11-30", "--period 2026-11"] {
            let typed = format!("termwise {command} {window}");
            let told = Line::try_parse_from(typed.split_whitespace()).unwrap_err();
            assert_eq!(told.kind(), ErrorKind::UnknownArgument, "{typed}");
        }
        let typed = format!("termwise {command} --set as_of=2026-11-30 --threads 2 --memory 1GiB -q");
        assert!(Line::try_parse_from(typed.split_whitespace()).is_ok(), "{typed}");
    }
}
