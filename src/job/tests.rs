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
  hint: write kind = "invoice"
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
    let text = format!("kind = \"what-if\"\n{INPUTS}proposal = \"p.toml\"\n[sell]\n[ledger]\ndir = \"x\"\n");
    let said = problems(&text, &none());
    for expected in [
        ":1:kind: error[job-not-built]: kind = \"what-if\" is not built yet",
        ":5:inputs.proposal: error[job-not-built]: the input proposal is not built yet",
        ":6:sell: error[job-not-built]: [sell] is not built yet: cost, sell and margin (R56, R57)",
        ":7:ledger: error[job-not-built]: [ledger] is not built yet: the ledger (R61 to R66)",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    assert_eq!(said.matches("error[").count(), 4, "{said}");
    let said = problems(INPUTS, &typed(&["ledger.dir=x"]));
    assert!(said.starts_with("--set ledger.dir=x:ledger: error[job-not-built]"), "{said}");
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
