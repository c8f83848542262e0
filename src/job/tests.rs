use super::*;
use std::path::Path;
use termwise_engine::calendar::Day;
use termwise_engine::money::Rounding;

const INPUTS: &str = "[inputs]\nsubscriptions = \"subscriptions.csv\"\nprice_list = \"prices.parquet\"\n";

fn day(text: &str) -> Day {
    let part = |from, to| text.get(from..to).and_then(|part: &str| part.parse().ok()).unwrap();
    Day::from_ymd(text[..4].parse().unwrap(), part(5, 7), part(8, 10)).unwrap()
}

fn none() -> Overrides {
    Overrides::none(day("2026-11-21"))
}

fn typed(set: &[&str]) -> Overrides {
    Overrides { set: set.iter().map(|&typed| typed.to_owned()).collect(), ..none() }
}

fn parsed(text: &str, overrides: &Overrides) -> Given {
    parse(text, Path::new("jobs/nightly.toml"), overrides).unwrap_or_else(|error| panic!("{error}"))
}

fn problems(text: &str, overrides: &Overrides) -> String {
    match parse(text, Path::new("jobs/nightly.toml"), overrides) {
        Ok(given) => panic!("{given:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn two_inputs_are_enough_and_the_rest_has_defaults() {
    let given = parsed(INPUTS, &none());
    let job = given.job;
    assert_eq!(job.window.billed.first, day("2026-11-01"));
    assert_eq!(job.window.billed.last, day("2026-11-21"));
    assert_eq!(job.window.horizon, day("2027-02-19"));
    assert_eq!(given.notes, ["as_of is 2026-11-21, today in UTC"]);
    assert_eq!(job.outputs.dir, Path::new("jobs/out"));
    assert_eq!(job.outputs.format, Format::Parquet);
    assert_eq!(job.limits.rejected_rows, 1_000);
    assert_eq!(job.policy_words["profile"], "standard");
    let prices = &job.inputs.files[&Table::PriceList];
    assert_eq!(prices[0].shown, "prices.parquet");
    assert_eq!(prices[0].path, Path::new("jobs/prices.parquet"));
}

#[test]
fn a_whole_job_is_read() {
    let text = r#"
kind = "invoice"
as_of = 2026-11-30
from = "2026-10-15"
[inputs]
subscriptions = ["a.csv", "b.csv"]
price_list = "../prices.csv"
promotions = "promotions.JSON"
[columns.subscriptions]
subscription_id = "Subscription Id"
[policy]
profile = "partner-center"
rounding = "half-even"
refund_window = "3d"
[outputs]
dir = "../out"
format = "csv"
renewal_horizon_days = 0
[limits]
rejected_rows = "0.0125%"
"#;
    let given = parsed(text, &none());
    let job = given.job;
    assert!(given.notes.is_empty());
    assert_eq!((job.window.billed.first, job.window.billed.last), (day("2026-10-15"), day("2026-11-30")));
    assert_eq!(job.window.horizon, day("2026-11-30"));
    assert_eq!(job.inputs.files[&Table::Subscriptions].len(), 2);
    assert_eq!(job.inputs.columns[&Table::Subscriptions]["subscription_id"], "Subscription Id");
    assert_eq!(job.policy.rounding, Rounding::HalfEven);
    assert_eq!(job.policy_words["refund_window"], "72h");
    assert_eq!(job.outputs.dir, Path::new("jobs/../out"));
    assert_eq!(job.outputs.format, Format::Csv);
    assert_eq!(job.limits.rejected_rows, 125);
}

#[test]
fn the_command_line_wins() {
    let text =
        format!("as_of = \"2026-11-30\"\nfrom = \"2026-11-10\"\n{INPUTS}[outputs]\nformat = \"csv\"\n");
    let given = parsed(&text, &Overrides { as_of: Some("2026-11-15".into()), ..none() });
    assert_eq!(given.job.window.billed.first, day("2026-11-10"));
    assert_eq!(given.job.window.billed.last, day("2026-11-15"));
    let overrides = Overrides { period: Some("2024-02".into()), out: Some("elsewhere".into()), ..none() };
    let job = parsed(&text, &overrides).job;
    assert_eq!((job.window.billed.first, job.window.billed.last), (day("2024-02-01"), day("2024-02-29")));
    assert_eq!(job.outputs.dir, Path::new("elsewhere"));
    let overrides = Overrides { format: Some(Format::Parquet), ..none() };
    assert_eq!(parsed(&text, &overrides).job.outputs.format, Format::Parquet);
}

#[test]
fn set_overrides_any_key_and_policy_keys_stand_bare() {
    let set = [
        "policy.rounding=half-even",
        "rounding=truncate",
        "limits.rejected_rows=1%",
        "outputs.renewal_horizon_days=7",
        "inputs.promotions=promotions.csv",
        "columns.price_list.ERP Price=Erp",
        "as_of=2026-12-31",
    ];
    let job = parsed(INPUTS, &typed(&set)).job;
    assert_eq!(job.policy.rounding, Rounding::Truncate, "the last one wins");
    assert_eq!(job.limits.rejected_rows, 10_000);
    assert_eq!(job.window.horizon, day("2027-01-07"));
    assert_eq!(job.inputs.files[&Table::Promotions][0].path, Path::new("jobs/promotions.csv"));
    assert_eq!(job.inputs.columns[&Table::PriceList]["ERP Price"], "Erp");
}

#[test]
fn every_problem_is_listed_at_once_with_its_line_and_the_nearest_key() {
    let text = r#"kind = "invioce"
as_off = "2026-11-30"
from = "2026-13-01"
rejected_rows = "1%"
[input]
x = "y"
[inputs]
subscriptions = ""
seat_change = "seat_changes.csv"
[columns.subscriptions]
subscription = "Id"
[columns.price_lists]
ProductId = "x"
[policy]
roundin = "truncate"
seat_changes = "both"
[outputs]
format = "xlsx"
renewal_horizon_days = "90"
[limits]
rejected_row = "1%"
"#;
    let expected = r#"jobs/nightly.toml:inputs.price_list: error[job-key-missing]: the input price_list is missing
  hint: write price_list = "…" below [inputs]
jobs/nightly.toml:1:kind: error[job-value]: "invioce" is not a kind of run
  hint: write kind = "invoice", "reconcile" or "what-if"
jobs/nightly.toml:2:as_off: error[job-key-unknown]: the job file has no key as_off
  hint: the nearest known key is as_of
jobs/nightly.toml:3:from: error[job-value]: "2026-13-01" is not a date
  hint: write YYYY-MM-DD
jobs/nightly.toml:4:rejected_rows: error[job-key-unknown]: the job file has no key rejected_rows
  hint: rejected_rows belongs into [limits]
jobs/nightly.toml:5:input: error[job-key-unknown]: the job file has no section [input]
  hint: the nearest known section is [inputs]
jobs/nightly.toml:8:inputs.subscriptions: error[job-value]: the text is empty
  hint: write subscriptions = "file.csv", or several files as a list
jobs/nightly.toml:9:inputs.seat_change: error[job-key-unknown]: there is no input seat_change
  hint: the nearest known input is seat_changes
jobs/nightly.toml:11:columns.subscriptions.subscription: error[job-key-unknown]: [columns.subscriptions] has no key subscription
  hint: the nearest known key is subscription_id
jobs/nightly.toml:12:columns.price_lists: error[job-key-unknown]: there is no input price_lists
  hint: the nearest known input is price_list
jobs/nightly.toml:15:policy.roundin: error[job-key-unknown]: [policy] has no key roundin
  hint: the nearest known key is rounding
jobs/nightly.toml:16:policy.seat_changes: error[job-value]: "both" is not a value of seat_changes (R33)
  hint: write one of net, pair
jobs/nightly.toml:18:outputs.format: error[job-value]: "xlsx" is not a format
  hint: write format = "csv" or "parquet"
jobs/nightly.toml:19:outputs.renewal_horizon_days: error[job-value]: this is not a number of days
  hint: write a whole number of days from 0 to 3660, without quotes
jobs/nightly.toml:21:limits.rejected_row: error[job-key-unknown]: [limits] has no key rejected_row
  hint: the nearest known key is rejected_rows"#;
    assert_eq!(problems(text, &none()), expected);
}

#[test]
fn what_is_not_built_yet_is_refused_by_name() {
    let text = format!("{INPUTS}sell_list = \"p.csv\"\n[sell]\ndefault = \"erp\"\n");
    let said = problems(&text, &none());
    for expected in [
        ":4:inputs.sell_list: error[job-not-built]: the input sell_list is not built yet",
        ":5:sell: error[job-not-built]: [sell] is not built yet: cost, sell and margin (R56, R57)",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    assert_eq!(said.matches("error[").count(), 2, "{said}");
    let said = problems(INPUTS, &typed(&["sell.default=erp"]));
    assert!(said.starts_with("--set sell.default=erp:sell: error[job-not-built]"), "{said}");
}

#[test]
fn the_command_line_is_checked_like_the_file() {
    let set = ["rounding", "polcy.rounding=truncate", "policy.roundings=x", "outputs.dir="];
    let overrides = Overrides { as_of: Some("30.11.2026".into()), ..typed(&set) };
    let said = problems(INPUTS, &overrides);
    for expected in [
        "--as-of 30.11.2026:as_of: error[job-value]: \"30.11.2026\" is not a date",
        "--set rounding: error[job-value]: this is not KEY=VALUE",
        "--set polcy.rounding=truncate:polcy: error[job-key-unknown]: the job file has no section [polcy]",
        "the nearest known section is [policy]",
        "--set policy.roundings=x:policy.roundings: error[job-key-unknown]",
        "--set outputs.dir=:outputs.dir: error[job-value]: the text is empty",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    let said = problems(INPUTS, &Overrides { period: Some("2026-1".into()), ..none() });
    assert!(said.starts_with("--period 2026-1: error[job-value]: \"2026-1\" is not a month"), "{said}");
}

#[test]
fn from_after_as_of_is_a_job_error() {
    let said = problems(&format!("as_of = \"2026-11-30\"\nfrom = \"2026-12-01\"\n{INPUTS}"), &none());
    assert!(
        said.starts_with("jobs/nightly.toml:2:from: error[job-value]: from 2026-12-01 comes after as_of"),
        "{said}"
    );
    let said = problems(
        &format!("from = \"2026-11-01\"\n{INPUTS}"),
        &Overrides { as_of: Some("2026-10-31".into()), ..none() },
    );
    assert!(said.contains("from 2026-11-01 comes after as_of 2026-10-31 (D3)"), "{said}");
}

#[test]
fn files_are_told_apart_by_ending_and_named_once() {
    let text =
        "[inputs]\nsubscriptions = [\"a.csv\", \"a.csv\"]\nprice_list = \"prices.xlsx\"\npromotions = []\n";
    let said = problems(text, &none());
    assert!(said.contains("\"a.csv\" is named twice"), "{said}");
    assert!(said.contains("\"prices.xlsx\" does not end in .csv or .parquet"), "{said}");
    assert!(said.contains("inputs.promotions: error[job-value]: the list is empty"), "{said}");
}

#[test]
fn syntax_errors_are_told_with_their_lines() {
    let said = problems("kind = invoice\n[inputs\nsubscriptions = \"a.csv\"\n", &none());
    assert!(said.starts_with("jobs/nightly.toml:1: error[job-syntax]:"), "{said}");
    assert!(said.matches("error[job-syntax]").count() >= 2, "{said}");
    let said = problems("kind = \"invoice\"\nkind = \"invoice\"\n", &none());
    assert!(said.starts_with("jobs/nightly.toml:2: error[job-syntax]: duplicate key"), "{said}");
}

#[test]
fn a_percentage_is_exact_to_millionths() {
    let share = |text: &str| {
        let text = format!("{INPUTS}[limits]\nrejected_rows = \"{text}\"\n");
        parse(&text, Path::new("job.toml"), &none()).ok().map(|given| given.job.limits.rejected_rows)
    };
    assert_eq!(share("0.1%"), Some(1_000));
    assert_eq!(share("100%"), Some(1_000_000));
    assert_eq!(share("0%"), Some(0));
    assert_eq!(share("0.0001%"), Some(1));
    assert_eq!(share("12.5 %"), Some(125_000));
    for wrong in ["", "%", "1", "0.00001%", "100.0001%", "1.%", ".5%", "-1%", "1e1%", "101%"] {
        assert_eq!(share(wrong), None, "{wrong}");
    }
}

#[test]
fn a_month_is_its_first_and_last_day() {
    let window =
        |period: &str| parsed(INPUTS, &Overrides { period: Some(period.into()), ..none() }).job.window.billed;
    assert_eq!(window("2026-02").last, day("2026-02-28"));
    assert_eq!(window("2028-02").last, day("2028-02-29"));
    assert_eq!(window("2026-12").first, day("2026-12-01"));
    let first = parsed(INPUTS, &Overrides::none(day("2026-03-31"))).job.window.billed.first;
    assert_eq!(first, day("2026-03-01"));
}

// ── the ledger ──

fn with_ledger(text: &str) -> String {
    format!("as_of = \"2026-11-30\"\n{INPUTS}[ledger]\ndir = \"../ledger\"\n{text}")
}

fn ledger(text: &str, overrides: &Overrides) -> LedgerSettings {
    parsed(&with_ledger(text), overrides).job.ledger.unwrap()
}

#[test]
fn a_ledger_is_a_folder_and_one_bound() {
    assert_eq!(parsed(INPUTS, &none()).job.ledger, None);
    let found = ledger("", &none());
    assert_eq!(found.dir, Path::new("jobs/../ledger"));
    assert_eq!(found.notice_days, None);
    let bounds = Bounds {
        total: None,
        rows: None,
        credits: None,
        largest_line: None,
        lines_per_subscription_and_day: 100,
    };
    assert_eq!(found.bounds, bounds, "data/policy.toml has the one that is always checked (R66)");
}

#[test]
fn a_whole_ledger_is_read() {
    let text = r#"
[notice_days]
default = 30
NL = 60
SE = 0
[bounds]
total = "50%"
rows = "10000%"
credits = "12.5 %"
largest_line = "50000.00"
lines_per_subscription_and_day = 15
"#;
    let found = ledger(text, &none());
    let notice_days = found.notice_days.clone().unwrap();
    let days = ["NL", "SE", "DE"].map(|market| notice_days.of_market(market));
    assert_eq!((days, notice_days.most()), ([Some(60), Some(0), Some(30)], 60));
    let bounds = Bounds {
        total: Some(500_000),
        rows: Some(100_000_000),
        credits: Some(125_000),
        largest_line: Some(500_000_000),
        lines_per_subscription_and_day: 15,
    };
    assert_eq!(found.bounds, bounds);
    let words: Vec<String> = found.words().iter().map(|(key, word)| format!("{key}={word}")).collect();
    let expected = [
        "bounds.credits=125000",
        "bounds.largest_line=500000000",
        "bounds.lines_per_subscription_and_day=15",
        "bounds.rows=100000000",
        "bounds.total=500000",
        "notice_days.NL=60",
        "notice_days.SE=0",
        "notice_days.default=30",
    ];
    assert_eq!(words, expected, "where the ledger is does not count");
}

#[test]
fn without_a_default_only_named_markets_have_notices() {
    let notice_days = ledger("[notice_days]\nNL = 60\n", &none()).notice_days.unwrap();
    assert_eq!((notice_days.of_market("NL"), notice_days.of_market("DE")), (Some(60), None));
    assert_eq!(notice_days.most(), 60);
}

#[test]
fn the_command_line_sets_every_key_of_the_ledger() {
    let set = [
        "ledger.dir=elsewhere",
        "notice_days.default=45",
        "notice_days.NL=60",
        "bounds.total=50%",
        "bounds.rows=40%",
        "bounds.credits=20%",
        "bounds.largest_line=0.0001",
        "bounds.lines_per_subscription_and_day=7",
    ];
    let found = parsed(INPUTS, &typed(&set)).job.ledger.unwrap();
    assert_eq!(found.dir, Path::new("jobs/elsewhere"));
    let by_market = [("NL".to_owned(), 60)].into();
    assert_eq!(found.notice_days, Some(NoticeDays { default: Some(45), by_market }));
    let bounds = Bounds {
        total: Some(500_000),
        rows: Some(400_000),
        credits: Some(200_000),
        largest_line: Some(1),
        lines_per_subscription_and_day: 7,
    };
    assert_eq!(found.bounds, bounds);
    let over = ledger("[notice_days]\nNL = 30\n[bounds]\ntotal = \"1%\"\n", &typed(&set));
    assert_eq!(over, found, "what is typed wins");
}

#[test]
fn every_problem_of_a_ledger_is_told_with_its_line() {
    let text = r#"[ledger]
dirs = "x"
[notice_days]
defualt = 30
nl = 60
NLD = 60
DE = 366
FR = "30"
SE = -1
[bounds]
totals = "50%"
total = 50
rows = "10000.0001%"
credits = "-1%"
largest_line = "0.00"
lines_per_subscription_and_day = 0
NL = 60
"#;
    let expected = r#"jobs/nightly.toml:4:ledger.dir: error[job-key-missing]: the ledger has no folder
  hint: write dir = "../ledger" below [ledger]: a folder, relative to the job file's
jobs/nightly.toml:5:ledger.dirs: error[job-key-unknown]: [ledger] has no key dirs
  hint: the nearest known key is dir
jobs/nightly.toml:7:notice_days.defualt: error[job-key-unknown]: [notice_days] has no key defualt
  hint: the nearest known key is default; a market is two capital letters, such as NL
jobs/nightly.toml:8:notice_days.nl: error[job-key-unknown]: [notice_days] has no key nl
  hint: the nearest known key is NL
jobs/nightly.toml:9:notice_days.NLD: error[job-key-unknown]: [notice_days] has no key NLD
  hint: the nearest known key is default; a market is two capital letters, such as NL
jobs/nightly.toml:10:notice_days.DE: error[job-value]: this is not a number of days
  hint: write a whole number of days from 0 to 365, without quotes
jobs/nightly.toml:11:notice_days.FR: error[job-value]: this is not a number of days
  hint: write a whole number of days from 0 to 365, without quotes
jobs/nightly.toml:12:notice_days.SE: error[job-value]: this is not a number of days
  hint: write a whole number of days from 0 to 365, without quotes
jobs/nightly.toml:14:bounds.totals: error[job-key-unknown]: [bounds] has no key totals
  hint: the nearest known key is total
jobs/nightly.toml:15:bounds.total: error[job-value]: a whole number where text is meant
  hint: write a percentage of at most four decimals in quotes, such as "50%"
jobs/nightly.toml:16:bounds.rows: error[job-value]: "10000.0001%" is not a percentage from 0% to 10000%
  hint: write a percentage of at most four decimals in quotes, such as "50%"
jobs/nightly.toml:17:bounds.credits: error[job-value]: "-1%" is not a percentage from 0% to 10000%
  hint: write a percentage of at most four decimals in quotes, such as "20%"
jobs/nightly.toml:18:bounds.largest_line: error[job-value]: "0.00" is not an amount above zero
  hint: write an amount of at most four decimals in quotes, such as "50000.00"
jobs/nightly.toml:19:bounds.lines_per_subscription_and_day: error[job-value]: this is not a number of lines
  hint: write a whole number of lines from 1 to 1000000, without quotes
jobs/nightly.toml:20:bounds.NL: error[job-key-unknown]: [bounds] has no key NL
  hint: NL belongs into [notice_days]"#;
    assert_eq!(problems(&format!("{INPUTS}{text}"), &none()), expected);
}

#[test]
fn an_amount_is_exact_to_ten_thousandths() {
    let amount = |text: &str| {
        let text = with_ledger(&format!("[bounds]\nlargest_line = \"{text}\"\n"));
        let given = parse(&text, Path::new("job.toml"), &none()).ok()?;
        given.job.ledger.and_then(|ledger| ledger.bounds.largest_line)
    };
    assert_eq!(amount("50000"), Some(500_000_000));
    assert_eq!(amount("0.0001"), Some(1));
    assert_eq!(amount("1000000000000"), Some(10_000_000_000_000_000));
    for wrong in [
        "",
        "0",
        "1.",
        ".5",
        "-1",
        "+1",
        "1e3",
        "0.00001",
        "50,000",
        "50 000",
        "1000000000000.0001",
        "99999999999999999999",
    ] {
        assert_eq!(amount(wrong), None, "{wrong}");
    }
}

#[test]
fn notices_and_bounds_need_a_ledger() {
    let said = problems(&format!("{INPUTS}[notice_days]\nNL = 60\n[bounds]\ntotal = \"50%\"\n"), &none());
    let expected = "\
jobs/nightly.toml:4:notice_days: error[job-value]: [notice_days] needs a ledger, and the job names none
  hint: write [ledger] with its dir, or leave the section out
jobs/nightly.toml:6:bounds: error[job-value]: [bounds] needs a ledger, and the job names none
  hint: write [ledger] with its dir, or leave the section out";
    assert_eq!(said, expected);
    let said = problems(INPUTS, &typed(&["bounds.total=50%"]));
    assert!(said.starts_with("--set bounds.total=50%:bounds: error[job-value]: [bounds] needs"), "{said}");
    let said = problems(&format!("{INPUTS}[ledger]\n[notice_days]\n"), &none());
    assert!(said.contains(":4:ledger.dir: error[job-key-missing]: the ledger has no folder"), "{said}");
    assert!(said.contains(":5:notice_days: error[job-key-missing]: [notice_days] says no days"), "{said}");
    let said = problems(&with_ledger(""), &typed(&["ledger.dir="]));
    assert!(said.starts_with("--set ledger.dir=:ledger.dir: error[job-value]: the text is empty"), "{said}");
    let said = problems(&format!("ledger = \"x\"\n{INPUTS}"), &none());
    assert!(said.contains("ledger is a section and not a key"), "{said}");
    assert_eq!(said.matches("error[").count(), 1, "{said}");
}

#[test]
fn what_has_a_notice_is_forecast() {
    let horizon = |days: &str| typed(&[&format!("outputs.renewal_horizon_days={days}")]);
    let notices = "[notice_days]\ndefault = 30\nNL = 60\nSE = 61\n";
    ledger(notices, &horizon("61"));
    let said = problems(&with_ledger(notices), &horizon("59"));
    let told = "notices fall due 60 days before a renewal, and renewals are forecast for 59 days only\n  \
                hint: write renewal_horizon_days = 60 or more below [outputs]";
    assert!(said.contains(&format!("notice_days.NL: error[job-value]: {told}")), "{said}");
    assert!(said.contains("notice_days.SE: ") && !said.contains("notice_days.default: "), "{said}");
    let said = problems(&with_ledger("[notice_days]\ndefault = 91\n"), &none());
    assert!(said.contains("notice_days.default: ") && said.contains("forecast for 90 days only"), "{said}");
    let said = problems(&with_ledger(notices), &horizon("many"));
    assert_eq!(said.matches("error[").count(), 1, "a horizon that can't be read is told once: {said}");
}

#[test]
fn the_first_day_is_told_apart_where_it_was_written() {
    let given = |text: &str, overrides: &Overrides| parsed(text, overrides).job.first_given;
    let from = format!("from = \"2026-10-15\"\n{INPUTS}");
    assert_eq!(given(&from, &none()), Some(day("2026-10-15")));
    assert_eq!(given(INPUTS, &typed(&["from=2026-10-01"])), Some(day("2026-10-01")));
    assert_eq!(given(INPUTS, &none()), None, "the first of the month is not written");
    let overrides = Overrides { period: Some("2026-11".into()), ..none() };
    assert_eq!(given(&from, &overrides), None, "a period wins over it");
}

#[test]
fn the_readmes_job_file_is_one() {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## The job file\n").nth(1).unwrap();
    let text = section.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let job = parsed(text, &none()).job;
    let ledger = job.ledger.unwrap();
    assert_eq!(ledger.notice_days.unwrap().of_market("NL"), Some(60));
    assert_eq!(ledger.bounds.largest_line, Some(500_000_000));
    assert!(job.first_given.is_some() && job.offers.url.is_some());
}

#[test]
fn a_what_if_looks_at_the_months_after_as_of_and_always_rejects() {
    let text = |more: &str| {
        format!(
            "kind = \"what-if\"\nas_of = \"2027-02-28\"\n{more}\n{INPUTS}proposal = [\"b.toml\", \"a.toml\"]\n"
        )
    };
    let given = parse(&text("horizon_months = 1"), Path::new("jobs/what-if.toml"), &none()).unwrap().job;
    assert_eq!(given.kind, Kind::WhatIf);
    assert_eq!(given.window.billed.last.to_string(), "2027-02-28");
    assert_eq!(given.window.horizon.to_string(), "2027-03-31", "whole months after a month's end");
    let proposals: Vec<&str> =
        given.inputs.files[&Table::Proposal].iter().map(|file| file.shown.as_str()).collect();
    assert_eq!(proposals, ["a.toml", "b.toml"], "the order of files shows nowhere");
    let mid_month = Overrides { as_of: Some("2026-12-30".into()), ..typed(&["profile=partner-center"]) };
    let given = parse(&text("horizon_months = 2"), Path::new("jobs/what-if.toml"), &mid_month).unwrap().job;
    assert_eq!(given.window.horizon.to_string(), "2027-02-28");
    assert_eq!(given.policy_words["refused_events"], "reject", "R59, whatever the profile says");
    let standing = parse(&text(""), Path::new("jobs/what-if.toml"), &none()).unwrap().job;
    assert_eq!(standing.window.horizon.to_string(), "2028-02-29");
    let said = problems(
        &text("from = \"2027-01-01\"\nhorizon_months = 61"),
        &typed(&["policy.refused_events=flag", "outputs.workbook=differences", "ledger.dir=books"]),
    );
    for expected in [
        ":3:from: error[job-value]: a what-if begins on the day after as_of",
        ":4:horizon_months: error[job-value]: this is not a number of months",
        "policy.refused_events: error[job-value]: a what-if always rejects (R59)",
        "outputs.workbook: error[job-value]: a what-if lists no differences",
        "ledger.dir: error[job-value]: a what-if goes into no ledger",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    let said = problems(&format!("horizon_months = 3\n{INPUTS}proposal = \"a.csv\"\n"), &none());
    assert!(said.contains("horizon_months belongs to a what-if"), "{said}");
    assert!(said.contains("inputs.proposal belongs to a what-if"), "{said}");
    assert!(said.contains("\"a.csv\" does not end in .toml"), "{said}");
}
