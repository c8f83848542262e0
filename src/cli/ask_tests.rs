//! What the two commands that answer before a sale print where, and what they exit with.

use crate::cli::{Printed, caught};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use termwise_engine::workings::Condition;

const JOB: &str = "\
as_of = \"2026-07-31\"
[inputs]
subscriptions = \"subscriptions.csv\"
price_list = \"price_list.csv\"
promotions = \"promotions.csv\"
partners = \"partners.csv\"
";
const FILES: [(&str, &str); 6] = [
    ("job.toml", JOB),
    (
        "subscriptions.csv",
        "subscription_id,customer_id,product_id,sku_id,market,currency,term,billing_cycle,quantity,term_start\n\
         SUB-1,CUS-1,CFQ7TTC0LH18,0001,NL,EUR,P1Y,monthly,25,2026-05-10\n",
    ),
    (
        "price_list.csv",
        "ProductId,SkuId,TermDuration,BillingPlan,Market,Currency,UnitPrice,EffectiveStartDate\n\
         CFQ7TTC0LH18,0001,P1Y,Monthly,NL,EUR,144.00,2025-01-01\n",
    ),
    (
        "promotions.csv",
        "promotion_id,name,product_id,sku_id,term,discount,starts_on,ends_on,max_seats,regions\n\
         JULY-15,\"July, for all\",CFQ7TTC0LH18,0001,P1Y,0.15,2026-07-01,2026-07-31,30,\n\
         JULY-20,Near,CFQ7TTC0LH18,0001,P1Y,0.20,2026-07-01,2026-07-31,,EMEA\n",
    ),
    ("partners.csv", "partner_id,region\nPAR-1,EMEA\nPAR-2,\n"),
    (
        "requests.csv",
        "request_id,customer_id,partner_id,product_id,sku_id,market,quantity,term,billing_cycle,on,promotion_id\n\
         R-1,CUS-1,PAR-1,CFQ7TTC0LH18,0001,NL,5,P1Y,monthly,2026-07-15,JULY-15\n\
         R-2,CUS-1,,CFQ7TTC0LH18,0001,NL,6,P1Y,monthly,2026-07-15,\n",
    ),
];

const ANSWERS: &str = r#"request_id,promotion_id,is_eligible,errors
R-1,JULY-15,true,[]
R-2,JULY-15,false,"[{""type"":""SeatCount"",""description"":""The seats are not within what the promotion allows (maximum 30, 25 held, 5 available, 6 asked for)."",""minimumRequiredSeats"":null,""maximumRequiredSeats"":30,""availableSeats"":5}]"
R-2,JULY-20,false,"[{""type"":""Region"",""description"":""The promotion is not for the partner's region (for EMEA; the partner's region is not known)."",""eligibleRegions"":[""EMEA""]}]"
"#;

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(TempDir::new().unwrap());
        FILES.iter().for_each(|(file, text)| place.put(file, text));
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).unwrap();
    }

    /// What a command prints; a word with an ending is a file of this place.
    fn type_in(&self, command: &str) -> (u8, Printed) {
        let word = |word: &str| -> OsString {
            if word.contains(".csv") || word.contains(".toml") || word.contains(".parquet") {
                self.path().join(word).into()
            } else {
                word.into()
            }
        };
        let (exit, printed) = caught(std::iter::once("termwise".into()).chain(command.split(' ').map(word)));
        (exit.number(), printed)
    }
}

#[test]
fn answers_are_data_whatever_they_say() {
    let place = Place::new();
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv");
    assert_eq!((exit, printed.out.as_str(), printed.err.as_str()), (0, ANSWERS, ""));
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv --json");
    let lines: Vec<serde_json::Value> =
        printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((exit, lines.len()), (0, 3));
    assert_eq!(lines[0]["is_eligible"], true);
    assert_eq!(lines[1]["errors"][0]["availableSeats"], 5);
    assert_eq!(lines[2]["promotion_id"], "JULY-20");
}

#[test]
fn answers_go_to_a_file_whole_or_not_at_all() {
    let place = Place::new();
    place.put(
        "answers.csv",
        "an older and much longer answer that must not shine through\n".repeat(20).as_str(),
    );
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv --out answers.csv");
    assert_eq!((exit, printed.out.as_str()), (0, ""));
    assert!(printed.err.ends_with("answers.csv: 3 answers\n"), "{}", printed.err);
    assert_eq!(fs::read_to_string(place.path().join("answers.csv")).unwrap(), ANSWERS);
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv -q --out answers.csv");
    assert_eq!((exit, printed), (0, Printed::default()));
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv --out missing/answers.csv");
    assert_eq!((exit, printed.out.as_str()), (73, ""));
    for input in ["requests.csv", "subscriptions.csv", "job.toml"] {
        let (exit, printed) = place.type_in(&format!("eligibility job.toml requests.csv --out {input}"));
        assert_eq!(exit, 73, "{input}: {}", printed.err);
    }
    assert_eq!(fs::read_to_string(place.path().join("requests.csv")).unwrap(), FILES[5].1);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), FILES.len() + 1, "nothing is left beside it");
}

#[test]
fn a_request_that_cannot_be_read_is_told_and_exits_3() {
    let place = Place::new();
    place.put("requests.csv", &FILES[5].1.replace("NL,6", "NL,six"));
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv -q");
    assert_eq!((exit, printed.out.lines().count()), (3, 2));
    let told =
        "requests.csv:2:quantity: error[number-invalid]: quantity is six: this is not a whole number\n  R-2,";
    assert!(printed.err.contains(told), "{}", printed.err);
    place.put("requests.csv", "request_id,customer_id\nR-1,CUS-1\n");
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv");
    assert_eq!((exit, printed.out.as_str()), (65, ""));
    assert_eq!(place.type_in("eligibility job.toml gone.csv").0, 66);
    assert_eq!(place.type_in("eligibility job.toml").0, 2);
}

const TOLERANT: &str = "[limits]\nrejected_rows = \"50%\"\n";

#[test]
fn rows_of_the_book_that_are_left_out_are_spoken_of_and_exit_3() {
    let place = Place::new();
    place.put("job.toml", &format!("{JOB}{TOLERANT}"));
    place.put("promotions.csv", &FILES[3].1.replace("0.15", "15%"));
    for quiet in ["", " -q"] {
        let (exit, printed) = place.type_in(&format!("eligibility job.toml requests.csv{quiet}"));
        assert_eq!(exit, 3);
        assert!(
            printed.out.contains("R-1,JULY-15,false,\"[{\"\"type\"\":\"\"InvalidPromotion"),
            "{}",
            printed.out
        );
        let told = "warning: 1 of 6 rows of the job's inputs are rejected or parked, and left out here as in a run: \
                    termwise check lists them\n";
        assert_eq!(printed.err, told, "said to cron too");
    }
    // A row of a customer that nobody asks about counts: nobody knows what it would have said.
    place.put("promotions.csv", FILES[3].1);
    place.put("subscriptions.csv", &format!("{}SUB-2,CUS-2,A,1,NL,EUR,P1Y,monthly,2,soon\n", FILES[1].1));
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv -q");
    assert_eq!((exit, printed.out.as_str()), (3, ANSWERS));
    assert!(printed.err.starts_with("warning: 1 of 7 rows"), "{}", printed.err);
}

#[test]
fn where_too_many_rows_are_left_out_nothing_is_answered() {
    let place = Place::new();
    place.put("promotions.csv", &FILES[3].1.replace("0.15", "15%"));
    place.put("answers.csv", "older answers\n");
    for more in ["", " --json", " -q", " --out answers.csv"] {
        let (exit, printed) = place.type_in(&format!("eligibility job.toml requests.csv{more}"));
        assert_eq!((exit, printed.out.as_str()), (65, ""), "{more}");
        let told = "error[too-many-rejects]: 1 of 6 rows were set aside, more than the 0.1 % that limits.rejected_rows \
                    tolerates: nothing is answered\n  hint: termwise check ";
        assert!(printed.err.starts_with(told), "{}", printed.err);
    }
    assert_eq!(fs::read_to_string(place.path().join("answers.csv")).unwrap(), "older answers\n");
    // Requests are not the job's rows: however many of them can't be read, the others are answered.
    place.put("promotions.csv", FILES[3].1);
    place.put("requests.csv", &FILES[5].1.replace("NL,6", "NL,six"));
    assert_eq!(place.type_in("eligibility job.toml requests.csv").0, 3);
}

#[test]
fn what_cannot_be_read_is_not_said_to_be_missing() {
    let place = Place::new();
    place.put("job.toml", &format!("{JOB}{TOLERANT}"));
    place.put("requests.csv", &FILES[5].1.replace("0001", "0002"));
    let says = |printed: &Printed| -> String {
        let last = printed.out.lines().last().unwrap();
        let told: serde_json::Value = serde_json::from_str(last).unwrap();
        let error = told["errors"].as_array().unwrap().last().unwrap();
        assert_eq!(error["type"], "NoPromotionsAvailable");
        error["description"].as_str().unwrap().to_owned()
    };
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv --json");
    assert_eq!((exit, says(&printed).as_str()), (0, "No promotion names this product and SKU."));
    place.put("promotions.csv", &FILES[3].1.replace("0.15", "15%"));
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv --json");
    let told = "No promotion that can be read names this product and SKU.";
    assert_eq!((exit, says(&printed).as_str()), (3, told));
}

#[test]
fn a_question_has_no_window() {
    let place = Place::new();
    for (command, exit) in [
        ("eligibility job.toml requests.csv --as-of 2026-08-31", 2),
        ("eligibility job.toml requests.csv --period 2026-08", 2),
        ("promotions job.toml --market NL --segment commercial --as-of 2026-08-31", 2),
        ("promotions job.toml --market NL --segment commercial --period 2026-08", 2),
        ("promotions job.toml --market NL --segment commercial --set as_of=2026-08-31", 0),
    ] {
        assert_eq!(place.type_in(command).0, exit, "{command}");
    }
    let asked = "promotions job.toml --market NL --segment commercial";
    assert!(place.type_in(asked).1.out.contains("JULY-15"), "the job's own day");
    let later = place.type_in(&format!("{asked} --set as_of=2026-08-31")).1;
    assert_eq!((later.out.as_str(), later.err.contains("on 2026-08-31")), (HEADER, true));
}

#[test]
fn the_currency_of_a_request_is_one_of_the_table() {
    let place = Place::new();
    let with = |currency: &str| {
        let header = FILES[5].1.replace(",market,", ",market,currency,");
        place.put("requests.csv", &header.replace(",NL,", &format!(",NL,{currency},")));
        place.type_in("eligibility job.toml requests.csv")
    };
    assert_eq!(with("EUR").1.out, ANSWERS);
    assert_eq!(with("").1.out, ANSWERS);
    let (exit, printed) = with("CHF");
    assert!(exit == 0 && printed.out.contains("price-missing"), "{}", printed.out);
    let (exit, printed) = with("EURO");
    assert_eq!((exit, printed.out.lines().count()), (3, 1));
    assert!(printed.err.contains("requests.csv:1:currency: error[currency-unknown]"), "{}", printed.err);
}

#[test]
fn help_names_what_a_command_needs_and_writes() {
    let place = Place::new();
    for (command, told) in [
        ("eligibility", &["request_id", "currency", "promotion_id", "is_eligible", "errors"][..]),
        ("offers", &["advisors", "sku_markets", "offers", "url", "vendor", "secret_file"]),
        ("sample", &["offers.toml", "requests.csv"]),
    ] {
        let (exit, printed) = place.type_in(&format!("{command} --help"));
        assert_eq!(exit, 0);
        for word in told {
            assert!(printed.out.contains(word), "{command} --help lacks {word}: {}", printed.out);
        }
    }
    let help = place.type_in("--help").1.out;
    assert!(help.contains("eligibility: rows of the job or of the requests"), "{help}");
}

#[test]
fn columns_of_requests_can_be_renamed_and_their_file_is_no_input_of_a_job() {
    let place = Place::new();
    place.put("requests.csv", &FILES[5].1.replace("request_id", "Ticket").replace(",on,", ",Ordered,"));
    place.put("job.toml", &format!("{JOB}[columns.requests]\nrequest_id = \"Ticket\"\non = \"Ordered\"\n"));
    assert_eq!(place.type_in("eligibility job.toml requests.csv").1.out, ANSWERS);
    assert!(matches!(place.type_in("run job.toml --dry-run").0, 0 | 3), "a run does not mind");
    place.put("job.toml", &format!("{JOB}[columns.requests]\nrequest = \"Ticket\"\n"));
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv");
    assert_eq!(exit, 2);
    assert!(printed.err.contains("the nearest known key is request_id"), "{}", printed.err);
    place.put("job.toml", &JOB.replace("[inputs]", "[inputs]\nrequests = \"requests.csv\""));
    let (exit, printed) = place.type_in("eligibility job.toml requests.csv");
    assert_eq!(exit, 2);
    assert!(printed.err.contains("termwise eligibility JOB REQUESTS"), "{}", printed.err);
}

const HEADER: &str = "promotion_id,name,kind,product_id,sku_id,term,billing_cycle,percentage,starts_on,ends_on,min_seats,\
                      max_seats,max_redemptions,first_purchase,requires,auto_applicable,commerce\n";
const FOR_ALL: &str = "JULY-15,\"July, for all\",all-partners,CFQ7TTC0LH18,0001,P1Y,,15,2026-07-01,2026-07-31,,30,,false,,true,new\n";
const REGIONAL: &str =
    "JULY-20,Near,regional,CFQ7TTC0LH18,0001,P1Y,,20,2026-07-01,2026-07-31,,,,false,,true,new\n";

#[test]
fn the_list_of_promotions_is_what_the_asking_partners_region_allows() {
    let place = Place::new();
    let ask = |more: &str| {
        let (exit, printed) =
            place.type_in(&format!("promotions job.toml --market NL --segment commercial{more}"));
        assert_eq!(exit, 0, "{}", printed.err);
        (printed.out, printed.err)
    };
    assert_eq!(ask("").0, format!("{HEADER}{FOR_ALL}"));
    for by in [" --partner PAR-1", " --region EMEA"] {
        assert_eq!(ask(by), (format!("{HEADER}{FOR_ALL}{REGIONAL}"), String::new()), "{by}");
    }
    let (out, err) = ask(" --partner PAR-2");
    assert_eq!(out, format!("{HEADER}{FOR_ALL}"));
    assert_eq!(err, "warning: the partner has no region, so regional promotions are left out\n");
    let (out, err) = ask(" --on 2026-08-01 --partner PAR-1");
    assert_eq!(out, HEADER);
    assert_eq!(err, "no promotions for NL, commercial on 2026-08-01, asked by partner PAR-1 in EMEA\n");
    assert_eq!(ask(" --on 2026-08-01 --json").0, "[]\n");
    let (out, _) = ask(" --json --region EMEA");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told[0]["percentage"], &told[1]["kind"]), (&"15".into(), &"regional".into()));
}

#[test]
fn what_nobody_knows_exits_2_and_says_who_would_have_to_know_it() {
    let place = Place::new();
    for (asked, told) in [
        (
            "--market NLD --segment commercial",
            "error[market-unknown]: neither the price list nor the promotions",
        ),
        (
            "--market NL --segment commercial --partner PAR-9",
            "error[partner-unknown]: the partners file lacks",
        ),
        ("--market NL --segment commercial --region EMAE", "error[region-unknown]"),
        ("--market NL --segment commercial --sku CFQ7TTC0LH18:0009", "error[sku-unknown]"),
        ("--market NL --segment commercial --sku CFQ7TTC0LH18", "write product and SKU"),
        ("--market NL --segment business", "write commercial, education, nonprofit or government"),
        ("--market NL --segment commercial --on 2026-13-01", "write the date as YYYY-MM-DD"),
        ("--market NL --segment commercial --partner PAR-1 --region EMEA", "cannot be used with"),
        ("--market NL", "--segment"),
    ] {
        let (exit, printed) = place.type_in(&format!("promotions job.toml {asked}"));
        assert_eq!((exit, printed.out.as_str()), (2, ""), "{asked}");
        assert!(printed.err.contains(told), "{asked}: {}", printed.err);
    }
}

#[test]
fn a_promotion_that_cannot_be_read_is_missed_and_said_so() {
    let place = Place::new();
    place.put("promotions.csv", &FILES[3].1.replace("0.15", "15%"));
    let (exit, printed) =
        place.type_in("promotions job.toml --market NL --segment commercial --partner PAR-1 -q");
    assert_eq!((exit, printed.out), (3, format!("{HEADER}{REGIONAL}")));
    assert!(printed.err.contains("promotions.csv:1:discount: error[discount-invalid]"), "{}", printed.err);
    place.put("job.toml", &JOB.replace("promotions = \"promotions.csv\"\n", ""));
    let (exit, printed) = place.type_in("promotions job.toml --market NL --segment commercial");
    assert_eq!((exit, printed.out.as_str()), (0, HEADER));
    assert!(printed.err.contains("the job names no promotions"), "{}", printed.err);
}

#[test]
fn the_sample_asks_for_every_type_of_answer() {
    let place = Place::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (job, requests) = (root.join("data/sample/job.toml"), root.join("data/sample/requests.csv"));
    let (exit, printed) =
        place.type_in(&format!("eligibility {} {} --json", job.display(), requests.display()));
    assert_eq!(exit, 0, "{}", printed.err);
    let lines: Vec<serde_json::Value> =
        printed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let errors: Vec<&serde_json::Value> =
        lines.iter().flat_map(|line| line["errors"].as_array().unwrap()).collect();
    let conditions = Condition::ALL.map(Condition::name);
    for kind in conditions.iter().chain(&["InvalidPromotion", "NoPromotionsAvailable", "Customer"]) {
        assert!(
            errors.iter().any(|error| error["type"] == *kind),
            "{kind} is no answer to the sample's requests"
        );
    }
    assert!(errors.iter().all(|error| error["description"].as_str().is_some_and(|says| says.ends_with('.'))));
}

#[test]
fn csv_parquet_and_the_vendors_json_list_the_same_promotions() {
    let place = Place::new();
    let json = r#"{"items":[{"id":"JULY-15","name":"July, for all","startDate":"2026-07-01T00:00:00+00:00",
        "endDate":"2026-07-31T23:59:59+00:00","properties":{"isAutoApplicable":true},
        "requiredProducts":[{"productId":"CFQ7TTC0LH18","skuId":"0001","term":{"duration":"P1Y"},
        "pricingPolicies":[{"policyType":"PercentDiscount","value":"0.15"}]}],
        "promotionConstraints":{"seatConstraints":[{"maxSeats":30,"type":"SubscriptionQuantity"}]}}]}"#;
    place.put("promotions.json", json);
    place.put("job.toml", &JOB.replace("promotions.csv", "promotions.json"));
    let (exit, printed) = place.type_in("promotions job.toml --market NL --segment commercial");
    assert_eq!((exit, printed.out), (0, format!("{HEADER}{FOR_ALL}")), "{}", printed.err);
    let sample = |format: &str| {
        let folder = place.path().join(format);
        let out = folder.to_string_lossy().into_owned();
        let (exit, printed) =
            place.type_in(&format!("sample --subscriptions 60 --out {out} --format {format}"));
        assert_eq!(exit, 0, "{}", printed.err);
        let ask = |command: String| {
            let (exit, printed) = place.type_in(&command);
            assert_eq!(exit, 0, "{}", printed.err);
            printed.out
        };
        (
            ask(format!("promotions {format}/job.toml --market NL --segment commercial --region EMEA")),
            ask(format!("eligibility {format}/job.toml {format}/requests.{format}")),
        )
    };
    let (csv, parquet) = (sample("csv"), sample("parquet"));
    assert_eq!(csv, parquet);
    assert!(csv.0.lines().count() > 15 && csv.1.lines().count() > 20, "{csv:?}");
}
