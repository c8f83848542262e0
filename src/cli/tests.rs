//! The program as it is typed: exit codes, what goes to which stream, and a page of explain to the letter.

use super::*;
use std::fs;
use tempfile::TempDir;

const SUBSCRIPTIONS: &str = "\
subscription_id,customer_id,product_id,sku_id,market,currency,term,billing_cycle,quantity,term_start
SUB-1,CUS-1,CFQ7TTC0LH18,0001,NL,EUR,P1Y,monthly,25,2026-03-31
SUB-2,CUS-1,CFQ7TTC0LH18,0001,NL,EUR,P1Y,monthly,2,2027-01-01
";
const PRICES: &str = "\
ProductId,SkuId,TermDuration,BillingPlan,Market,Currency,UnitPrice,EffectiveStartDate
CFQ7TTC0LH18,0001,P1Y,Monthly,NL,EUR,144.00,2025-01-01
";
const PROMOTIONS: &str = "\
promotion_id,product_id,sku_id,term,discount,starts_on,ends_on,max_seats
SPRING-15,CFQ7TTC0LH18,0001,P1Y,0.15,2026-01-01,2026-03-31,100
SUMMER-20,CFQ7TTC0LH18,0001,P1Y,0.20,2026-06-01,2026-08-31,20
";
const SEATS: &str = "\
subscription_id,changed_at,quantity
SUB-1,2026-12-02T09:00:00Z,30
SUB-1,2026-12-20T09:00:00Z,10
";
const JOB: &str = "\
as_of = \"2026-12-31\"
[inputs]
subscriptions = \"subscriptions.csv\"
price_list = \"price_list.csv\"
promotions = \"promotions.csv\"
seat_changes = \"seat_changes.csv\"
[outputs]
format = \"csv\"
renewal_horizon_days = 90
[limits]
rejected_rows = \"20%\"
";

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(TempDir::new().unwrap());
        let files = [
            ("subscriptions.csv", SUBSCRIPTIONS),
            ("price_list.csv", PRICES),
            ("promotions.csv", PROMOTIONS),
            ("seat_changes.csv", SEATS),
            ("job.toml", JOB),
        ];
        for (file, text) in files {
            place.put(file, text);
        }
        place
    }

    fn put(&self, file: &str, text: &str) {
        fs::write(self.0.path().join(file), text).unwrap();
    }

    fn type_in(&self, command: &str) -> (u8, Printed) {
        let job = self.0.path().join("job.toml");
        let words = command.split_whitespace().map(|word| match word {
            "JOB" => job.clone().into_os_string(),
            other => OsString::from(other),
        });
        let (exit, printed) = caught(std::iter::once(OsString::from("termwise")).chain(words));
        (exit.number(), printed)
    }
}

#[test]
fn explain_ends_in_what_was_billed() {
    let place = Place::new();
    let (exit, printed) = place.type_in("explain JOB SUB-1");
    let expected = "\
SUB-1 (CUS-1), CFQ7TTC0LH18:0001, P1Y billed monthly, 25 seats
NL, EUR, commercial, new commerce; billed from 2026-12-01 to 2026-12-31

term 2026-03-31 … 2027-03-30, CFQ7TTC0LH18:0001, P1Y billed monthly
  R7   list price 144.00 EUR a seat for the term, in force on 2026-03-31 for 25 seats (price list row 1)
  R15  promotion SPRING-15 considered: 15 % off; eligible
  R15  promotion SUMMER-20 considered: 20 % off; not eligible: Window (2026-06-01 … 2026-08-31; the day is 2026-03-31), \
SeatCount (maximum 20, 0 held, 20 available, 25 asked for)
  R21  promotion SPRING-15 applies: 15 % off, the most of what is eligible

line 1  addQuantity 2026-12-02 … 2026-12-30  (seat change at 2026-12-02T09:00:00Z)
  R6   144.00 × 1 ÷ 12 months = 12.00 a seat for one charge cycle
  R13  − 15 % promotion SPRING-15
  R31  × 29 ÷ 31 days
       × 5 seats
  R32  9.5419354839 a seat; rounded once, half-up, to 47.71 EUR
  why  promotion-applied (R14, R21): a promotion applies
= 47.71 EUR billed

line 2  cycleCharge 2026-12-31 … 2027-01-30
  R6   144.00 × 1 ÷ 12 months = 12.00 a seat for one charge cycle
  R13  − 15 % promotion SPRING-15
  R31  × 31 ÷ 31 days, the whole cycle
       × 30 seats
  R32  10.20 a seat; rounded once, half-up, to 306.00 EUR
  why  promotion-applied (R14, R21): a promotion applies
= 306.00 EUR billed

renewal 2027-03-31  renews (forecast)
  R44  renewed on 2027-03-31 with 30 seats
  R7   list price 144.00 EUR a seat for the term, in force on 2027-03-31 for 30 seats (price list row 1)
  R23  held promotion SPRING-15 at the renewal on 2027-03-31: outside its window 2026-01-01 … 2026-03-31, so it ends
  R15  promotion SUMMER-20 considered: 20 % off; not eligible: Window (2026-06-01 … 2026-08-31; the day is 2027-03-31), \
SeatCount (maximum 20, 0 held, 20 available, 30 asked for)
  before 122.40 a seat for the term, promotion SPRING-15; 3672.00 EUR for the whole term
  after  144.00 a seat for the term, no promotion, list 144.00; 4320.00 EUR for the whole term
  CFQ7TTC0LH18:0001, P1Y billed monthly, 30 seats
  why  promotion-ended (R23): the renewal date lies outside the promotion's window: back to the list price

what became of each row
  subscriptions.csv row 1
    billed
  seat_changes.csv row 1  30 seats at 2026-12-02T09:00:00Z
    billed
  seat_changes.csv row 2  10 seats at 2026-12-20T09:00:00Z
    refused, seat-decrease-outside-window (R34): the seats can no longer be refunded
    hint: schedule the lower quantity for the renewal
";
    assert_eq!(printed.out, expected);
    assert_eq!((exit, printed.err.as_str()), (0, ""));

    let (_, printed) = place.type_in("explain JOB SUB-1 --json");
    let account: serde_json::Value = serde_json::from_str(&printed.out).unwrap();
    let told: Vec<&str> = account["terms"][0]["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["subtotal"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["47.71", "306.00"]);
    let last = &account["terms"][0]["lines"][1]["steps"][4];
    assert_eq!((&last["rule"], &last["operands"]["subtotal"]), (&"R32".into(), &"306.00".into()));
    assert_eq!(account["rows"][2]["code"], "seat-decrease-outside-window");
}

#[test]
fn explain_says_why_nothing_was_due() {
    let place = Place::new();
    let (exit, printed) = place.type_in("explain JOB SUB-2");
    assert_eq!(exit, 0);
    assert!(printed.out.contains("no line from 2026-12-01 to 2026-12-31\n"), "{}", printed.out);
    assert!(
        printed.out.contains("    not due, not-started (C21): it begins after as_of\n"),
        "{}",
        printed.out
    );
    let (_, printed) = place.type_in("explain JOB SUB-1 --period 2026-11");
    assert!(printed.out.contains("cycleCharge 2026-11-30 … 2026-12-30"), "{}", printed.out);
    let (exit, printed) = place.type_in("explain JOB SUB-9");
    assert_eq!(exit, 2);
    assert!(printed.err.starts_with("error[subscription-unknown]"), "{}", printed.err);
    place.put("subscriptions.csv", &SUBSCRIPTIONS.replace("2027-01-01", "2027-02-30"));
    let (exit, printed) = place.type_in("explain JOB SUB-2");
    assert_eq!(exit, 0);
    assert!(printed.out.contains("parked, date-invalid (R60)"), "{}", printed.out);
}

#[test]
fn explain_of_an_id_that_was_not_opened_says_what_is_wrong_with_its_upgrade() {
    let place = Place::new();
    place.put("job.toml", &JOB.replace("[outputs]", "lifecycle_events = \"events.csv\"\n[outputs]"));
    let events = "subscription_id,happened_at,kind,quantity,target_subscription_id,target_product_id,target_sku_id\n\
                  SUB-1,2026-12-10,upgrade,5,SUB-NEW,CFQ7TTC0NONE,0001\n";
    place.put("events.csv", events);
    let (exit, printed) = place.type_in("explain JOB SUB-NEW");
    assert_eq!(exit, 0);
    for expected in
        ["events.csv row 1  upgrade of SUB-1 at 2026-12-10T00:00:00Z\n    refused, price-missing (", "hint: "]
    {
        assert!(printed.out.contains(expected), "{}", printed.out);
    }
}

#[test]
fn a_run_exits_and_talks_as_the_contract_says() {
    let place = Place::new();
    let (exit, printed) = place.type_in("run JOB --dry-run");
    assert_eq!(exit, 3);
    assert!(printed.out.contains("output: none (dry run: nothing is written)"), "{}", printed.out);
    assert!(!place.0.path().join("out").exists(), "a dry run writes nothing");

    let (exit, printed) = place.type_in("run JOB -q");
    assert_eq!((exit, printed.out.as_str()), (3, ""));
    assert_eq!(printed.err, "warning: complete, but 1 of 7 rows stand in rejects.csv\n");
    let (exit, printed) = place.type_in("run JOB");
    assert_eq!(exit, 0);
    assert!(printed.out.contains("(it was there already: nothing new)"), "{}", printed.out);

    let (exit, printed) = place.type_in("run JOB --set limits.rejected_rows=1% --period 2026-12");
    assert_eq!(exit, 65);
    assert!(
        printed.err.starts_with("error[too-many-rejects]: 1 of 7 rows were set aside"),
        "{}",
        printed.err
    );
    assert!(printed.out.contains("output: none (1 of 7"), "{}", printed.out);

    place.put("seat_changes.csv", "subscription_id,changed_at,quantity\n");
    let (exit, printed) = place.type_in("run JOB -q");
    assert_eq!((exit, printed), (0, Printed::default()));
    let (exit, printed) = place.type_in("run JOB --json");
    let told: serde_json::Value = serde_json::from_str(&printed.out).unwrap();
    assert_eq!((exit, &told["state"]), (0, &"already-there".into()));
    assert_eq!((&told["rows_read"], &told["rows_set_aside"]), (&5.into(), &0.into()));
}

#[test]
fn check_prints_every_finding_and_bills_nothing() {
    let place = Place::new();
    let (exit, printed) = place.type_in("check JOB");
    assert_eq!(exit, 3);
    let expected = "\
seat_changes.csv:2:quantity: error[seat-decrease-outside-window]: quantity is 10: the seats can no longer be refunded
  SUB-1,2026-12-20T09:00:00Z,10
  hint: schedule the lower quantity for the renewal
7 rows read, 1 findings, 1 rows set aside
";
    assert_eq!(printed.out, expected);
    assert!(!place.0.path().join("out").exists());
    assert_eq!(place.type_in("check JOB --set rejected_rows=0%").0, 2, "a bare key is a key of the policy");
    assert_eq!(place.type_in("check JOB --set limits.rejected_rows=0%").0, 65);
    fs::remove_file(place.0.path().join("price_list.csv")).unwrap();
    let (exit, printed) = place.type_in("check JOB");
    assert_eq!(exit, 66);
    assert!(
        printed.err.starts_with("error: price_list.csv: there is no such file\n  hint: "),
        "{}",
        printed.err
    );
    place.put("price_list.csv", "a,b\n1,2\n");
    assert_eq!(place.type_in("run JOB").0, 65);
}

#[test]
fn what_is_typed_wrong_exits_2() {
    let place = Place::new();
    for command in [
        "",
        "bill",
        "run",
        "run JOB --format xlsx",
        "run JOB --threads many",
        "explain JOB",
        "run missing.toml",
    ] {
        let (exit, printed) = place.type_in(command);
        assert_eq!((exit, printed.out.as_str()), (2, ""), "{command}");
        assert!(!printed.err.is_empty(), "{command}");
    }
    let job = place.0.path().join("job.toml").display().to_string();
    for (command, what) in [
        ("run JOB --draft", "--draft"),
        ("run JOB --approve abc", "--approve"),
        ("open JOB --through 2026-11-30", &job),
        ("status JOB", &job),
        ("close JOB --period 2026-12", &job),
        ("reverse JOB 1 --reason late", &job),
        ("verify JOB", &job),
    ] {
        let (exit, printed) = place.type_in(command);
        assert_eq!(exit, 2, "{command}: {}", printed.err);
        assert!(printed.err.starts_with(&format!("{what}: error[ledger-missing]")), "{}", printed.err);
        assert!(!place.0.path().join("out").exists(), "{command}");
    }
    let (exit, printed) = place.type_in("run JOB --set policy.roundng=truncate");
    assert_eq!(exit, 2);
    assert!(printed.err.contains("the nearest known key is rounding"), "{}", printed.err);
}

#[test]
fn help_and_completions_are_data() {
    let place = Place::new();
    let (exit, printed) = place.type_in("--help");
    assert_eq!((exit, printed.err.as_str()), (0, ""));
    assert!(printed.out.contains("Exit codes:\n   0  complete"), "{}", printed.out);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (exit, printed) = place.type_in(&format!("completions {shell}"));
        assert_eq!(exit, 0);
        assert!(printed.out.contains("termwise") && printed.out.contains("explain"), "{shell}");
    }
}

#[test]
fn a_missing_as_of_is_today_and_said_aloud() {
    let place = Place::new();
    place.put("job.toml", JOB.split_once('\n').unwrap().1);
    let (_, printed) = place.type_in("run JOB --dry-run");
    assert!(printed.err.starts_with("as_of is 2"), "{}", printed.err);
    assert!(printed.err.ends_with(", today in UTC\n"), "{}", printed.err);
}

#[test]
fn a_sample_says_how_to_run_it() {
    let place = Place::new();
    let out = place.0.path().join("sample");
    let (exit, printed) = place.type_in(&format!("sample --subscriptions 20 --out {}", out.display()));
    assert_eq!((exit, printed.out.as_str()), (0, ""));
    assert!(printed.err.contains("run it: termwise run "), "{}", printed.err);
    let job = out.join("job.toml");
    let (exit, printed) = place.type_in(&format!("run {} --dry-run", job.display()));
    assert!(matches!(exit, 0 | 3), "{}", printed.err);
}

#[test]
#[cfg(feature = "reports")]
fn a_what_if_exits_3_where_something_is_told_and_explains_its_one_proposal_unasked() {
    let place = Place::new();
    let job = "kind = \"what-if\"\nas_of = \"2026-12-31\"\n[inputs]\nsubscriptions = \"subscriptions.csv\"\nprice_list = \"price_list.csv\"\nproposal = [\"plan.toml\"]\n";
    place.put("job.toml", job);
    let plan = "title = \"t\"\nauthor = \"a\"\nwhy = \"w\"\n";
    place.put("plan.toml", &format!("{plan}[[price]]\nterm = \"P1Y\"\npercent = \"+5%\"\n"));
    for command in ["check JOB", "run JOB -q"] {
        let (exit, printed) = place.type_in(command);
        assert_eq!(exit, 0, "{command}: {}", printed.err);
    }
    let (exit, printed) = place.type_in("explain JOB SUB-1");
    assert!(exit == 0 && printed.out.contains("plan"), "{}{}", printed.out, printed.err);

    place.put("plan.toml", &format!("{plan}[[price]]\nproduct_id = \"TYPO\"\npercent = \"+5%\"\n"));
    for command in ["check JOB", "run JOB --dry-run", "run JOB -q"] {
        let (exit, printed) = place.type_in(command);
        assert_eq!(exit, 3, "{command}: {}", printed.err);
        let told = printed.out + &printed.err;
        assert!(told.contains("matches nothing"), "{command}: {told}");
    }
    place.put("other.toml", plan);
    place.put("job.toml", &job.replace("[\"plan.toml\"]", "[\"plan.toml\", \"other.toml\"]"));
    let (exit, printed) = place.type_in("explain JOB SUB-1");
    assert_eq!(exit, 2);
    assert!(printed.err.contains("add --proposal with one of other, plan"), "{}", printed.err);
}

/// What is wrong with a subscription is told, though neither world charges it.
#[test]
fn explain_of_a_what_if_says_why_nothing_is_charged() {
    let place = Place::new();
    place.put("plan.toml", "title = \"t\"\nauthor = \"a\"\nwhy = \"w\"\n[[price]]\npercent = \"+5%\"\n");
    place.put(
        "job.toml",
        "kind = \"what-if\"\nas_of = \"2026-12-31\"\n[inputs]\nsubscriptions = \"subscriptions.csv\"\nprice_list = \"price_list.csv\"\nproposal = \"plan.toml\"\n[limits]\nrejected_rows = \"100%\"\n",
    );
    place.put("subscriptions.csv", &SUBSCRIPTIONS.replace("2027-01-01", "2027-02-30"));
    let (exit, printed) = place.type_in("explain JOB SUB-2");
    assert_eq!(exit, 0, "{}", printed.err);
    assert!(printed.out.contains("parked, date-invalid (R60)"), "{}", printed.out);
    assert!(printed.out.ends_with("no charge in either world\n"), "{}", printed.out);
    place.put("subscriptions.csv", &SUBSCRIPTIONS.replace("CFQ7TTC0LH18", "GONE"));
    let (exit, printed) = place.type_in("explain JOB SUB-1");
    assert_eq!(exit, 0, "{}", printed.err);
    assert!(printed.out.contains("rejected, price-missing (R9)"), "{}", printed.out);
    let (exit, printed) = place.type_in("explain JOB SUB-9");
    assert_eq!(exit, 2);
    assert!(printed.err.starts_with("error[subscription-unknown]"), "{}", printed.err);
}
