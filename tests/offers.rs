//! Purchase offers as laws: what changes an id and what doesn't, what nobody can reckon, and what becomes of what clients bought.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says why"
)]

mod common;

use common::{Table, bytes_of, published, root, termwise};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ADVISORS: &str = "\
advisor_id,name,contact,code,authorised,certified
ADV-1,First Advisors,ask@first.example,FIRST,true,true
ADV-2,Second Advisors,ask@second.example,SECOND,true,true
";
const OFFICES: &str = "\
office_id,advisor_id,created_at
OFF-1,ADV-1,2020-01-01
OFF-2,ADV-1,2020-01-01
";
const OFFERS: &str = "\
offer_id,advisor_id,office_id,usage_location,made_at,delegated_admin,product_id,sku_id,licences
OFR-1,ADV-1,OFF-1,NL,2026-11-02T09:00:00Z,true,CFQ7TTC0LH18,0001,10
OFR-1,ADV-1,OFF-1,NL,2026-11-02T09:00:00Z,true,CFQ7TTC0LH18,0002,5
OFR-2,ADV-2,,NL,2026-11-02T09:00:00Z,,CFQ7TTC0LH18,0001,10
";
const ACCEPTANCES: &str = "\
offer_id,customer_id,accepted_at,product_id,sku_id,licences,delegated_admin
OFR-1,CUS-1,2026-11-05T10:00:00Z,,,,true
OFR-2,CUS-2,2026-11-06T10:00:00Z,CFQ7TTC0LH18,0001,7,
";
const JOB: &str = "\
as_of = \"2026-11-30\"
[inputs]
advisors = \"advisors.csv\"
offices = \"offices.csv\"
offers = \"offers.csv\"
acceptances = \"acceptances.csv\"
[offers]
url = \"https://offers.example.com/accept\"
currency = \"EUR\"
[outputs]
format = \"csv\"
";

/// A folder with a job of offers in it.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"));
        let files = [
            ("advisors.csv", ADVISORS),
            ("offices.csv", OFFICES),
            ("offers.csv", OFFERS),
            ("acceptances.csv", ACCEPTANCES),
            ("job.toml", JOB),
        ];
        for (file, text) in files {
            place.put(file, text);
        }
        place
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn put(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).expect("a file");
    }

    /// Makes the offers below a folder of their own, and gives the exit code, what was said, and the folder.
    fn offers(&self, out: &str, more: &[&str]) -> (u8, String, PathBuf) {
        let (job, out) = (self.path("job.toml"), self.path(out));
        let mut args = vec!["offers", job.to_str().expect("a path"), "--out", out.to_str().expect("a path")];
        args.extend(more);
        let (exit, said) = termwise(&args);
        (exit, said, out)
    }

    fn made(&self, out: &str) -> PathBuf {
        let (exit, said, out) = self.offers(out, &[]);
        assert_eq!(exit, 0, "{said}");
        published(&out)
    }
}

/// The summary id and the URL of each offer.
fn ids(folder: &Path) -> BTreeMap<String, (String, String)> {
    let table = Table::read(&folder.join("purchase_offers.csv"));
    let columns = ["offer_id", "summary_id", "url"].map(str::to_owned);
    table
        .columns(&columns)
        .into_iter()
        .map(|row| (row[0].clone(), (row[1].clone(), row[2].clone())))
        .collect()
}

/// What was published, but for what tells of the input files.
fn tables(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = bytes_of(folder);
    files.retain(|name, _| name != "manifest.json" && name != "summary.txt");
    files
}

#[test]
fn the_order_of_rows_and_files_changes_no_byte() {
    let place = Place::new();
    let before = tables(&place.made("before"));
    let rows: Vec<&str> = OFFERS.lines().collect();
    place.put("offers.csv", &format!("{}\n{}\n{}\n", rows[0], rows[3], rows[2]));
    place.put("more_offers.csv", &format!("{}\n{}\n", rows[0], rows[1]));
    place.put("job.toml", &JOB.replace("\"offers.csv\"", "[\"offers.csv\", \"more_offers.csv\"]"));
    for file in ["advisors.csv", "acceptances.csv", "offices.csv"] {
        let text = fs::read_to_string(place.path(file)).expect("a file");
        let (header, rows) = text.split_once('\n').expect("a header");
        let turned: Vec<&str> = rows.lines().rev().collect();
        place.put(file, &format!("{header}\n{}\n", turned.join("\n")));
    }
    assert_eq!(before, tables(&place.made("after")));
}

#[test]
fn csv_and_parquet_give_the_same_offers() {
    let work = tempfile::tempdir().expect("a folder");
    let made = |format: &str| {
        let dir = work.path().join(format);
        let shown = dir.to_str().expect("a path");
        let sample = ["sample", "--subscriptions", "300", "--out", shown, "--format", format, "-q"];
        assert_eq!(termwise(&sample).0, 0);
        let job = dir.join("offers.toml");
        let (exit, said) = termwise(&["offers", job.to_str().expect("a path"), "--format", "csv"]);
        assert_eq!(exit, 3, "{said}");
        let mut files = tables(&published(&dir.join("out")));
        let rejects = String::from_utf8(files.remove("rejects.csv").expect("rejects")).expect("text");
        // Files have their own names, and a cell that is no text says the same in another form.
        (files, rejects.replace(&format!(".{format},"), ",").lines().count())
    };
    let (csv, parquet) = (made("csv"), made("parquet"));
    assert!(csv.0.len() > 8, "{:?}", csv.0.keys());
    assert_eq!(csv, parquet);
}

#[test]
fn any_change_of_what_an_offer_says_changes_both_ids_and_nothing_else_does() {
    let place = Place::new();
    let before = ids(&place.made("before"));
    let (own, other) = (&before["OFR-1"], &before["OFR-2"]);
    let changes = [
        ("licences", "offers.csv", "0002,5", "0002,6"),
        ("sku", "offers.csv", "0002,5", "0003,5"),
        ("product", "offers.csv", "CFQ7TTC0LH18,0002", "CFQ7TTC0LH19,0002"),
        ("location", "offers.csv", "OFF-1,NL", "OFF-1,DE"),
        ("time", "offers.csv", "OFF-1,NL,2026-11-02T09:00:00Z", "OFF-1,NL,2026-11-02T09:00:00.0000001Z"),
        ("delegation", "offers.csv", "Z,true", "Z,false"),
        ("office", "offers.csv", "OFF-1", "OFF-2"),
        ("no office", "offers.csv", "ADV-1,OFF-1", "ADV-1,"),
        ("code", "advisors.csv", "FIRST", "FIRST-2"),
    ];
    for (what, file, from, to) in changes {
        let text = fs::read_to_string(place.path(file)).expect("a file");
        assert!(text.contains(from), "{what}");
        place.put(file, &text.replace(from, to));
        place.put("acceptances.csv", "offer_id,customer_id,accepted_at\n");
        let after = ids(&place.made(what));
        assert_ne!(after["OFR-1"].0, own.0, "{what}");
        assert_ne!(after["OFR-1"].1, own.1, "{what}");
        assert_eq!(&after["OFR-2"], other, "{what} is none of another offer's");
        place.put(file, &text);
    }
    place.put("advisors.csv", &ADVISORS.replace("First Advisors", "Firsts").replace("ask@", "hello@"));
    place.put("offers.csv", &OFFERS.replace("2026-11-02T09:00:00Z", "2026-11-02T10:00:00+01:00"));
    assert_eq!(ids(&place.made("same")), before, "a name, a contact and an offset say nothing of the offer");
}

#[test]
fn offers_that_differ_in_their_number_alone_have_nothing_in_common() {
    let place = Place::new();
    let mut offers = OFFERS.lines().next().expect("a header").to_owned();
    for number in 0..500 {
        offers.push_str(&format!("\nOFR-{number},ADV-1,,NL,2026-11-02T09:00:00Z,,CFQ7TTC0LH18,0001,10"));
    }
    place.put("offers.csv", &format!("{offers}\n"));
    place.put("acceptances.csv", "offer_id,customer_id,accepted_at\n");
    let found = ids(&place.made("out"));
    let tokens: Vec<&str> =
        found.values().map(|(_, url)| url.rsplit_once("&offer=").expect("a token").1).collect();
    let summaries: BTreeSet<&str> = found.values().map(|(summary, _)| summary.as_str()).collect();
    assert_eq!((tokens.iter().collect::<BTreeSet<_>>().len(), summaries.len()), (500, 500));
    for token in &tokens {
        assert!(token.len() == 26 && token.bytes().all(|letter| letter.is_ascii_alphanumeric()), "{token}");
        assert!(!token.contains(['I', 'L', 'O', 'U']), "{token}");
    }
    // Two tokens agree in a letter by chance once in 32: of 26 letters hardly ever in ten.
    for pair in tokens.windows(2) {
        let same = pair[0].bytes().zip(pair[1].bytes()).filter(|(left, right)| left == right).count();
        assert!(same < 10, "{} and {}", pair[0], pair[1]);
    }
}

#[test]
fn a_secret_changes_every_url_and_no_summary_id() {
    let place = Place::new();
    let open = ids(&place.made("open"));
    place.put("job.toml", &JOB.replace("[offers]", "[offers]\nsecret_file = \"secret\""));
    place.put("secret", &"a".repeat(32));
    let first = place.made("first");
    place.put("secret", &format!("{}\n", "a".repeat(32)));
    let same = place.made("same");
    place.put("secret", &"b".repeat(32));
    let second = place.made("second");
    assert_eq!(ids(&first), ids(&same), "a line break at the end is no part of the secret");
    assert_eq!(first.file_name(), same.file_name());
    assert_ne!(first.file_name(), second.file_name(), "another secret is another run");
    let [first, second] = [first, second].map(|folder| {
        let manifest = fs::read_to_string(folder.join("manifest.json")).expect("a manifest");
        assert!(
            !manifest.contains("aaaa")
                && !manifest.contains("bbbb")
                && manifest.contains("secret_fingerprint")
        );
        ids(&folder)
    });
    for (offer, (summary, url)) in &open {
        assert_eq!([&first[offer].0, &second[offer].0], [summary, summary]);
        assert_eq!(BTreeSet::from([url, &first[offer].1, &second[offer].1]).len(), 3);
    }
    place.put("secret", &"a".repeat(31));
    let (exit, said, out) = place.offers("short", &[]);
    assert!(exit == 65 && said.contains("the secret has 31 bytes") && !out.exists(), "{said}");
    fs::remove_file(place.path("secret")).expect("a file");
    let (exit, said, out) = place.offers("missing", &[]);
    assert!(exit == 66 && said.starts_with("error[secret-unusable]: secret: ") && !out.exists(), "{said}");
}

#[test]
fn a_run_counts_what_clients_bought_and_bills_none_of_it() {
    let place = Place::new();
    let made = place.made("offers");
    place.put(
        "book.csv",
        "subscription_id,customer_id,product_id,sku_id,market,currency,term,billing_cycle,quantity,term_start\n\
         SUB-1,CUS-1,CFQ7TTC0LH18,0001,NL,EUR,P1Y,monthly,4,2026-11-20\n\
         SUB-3,CUS-3,CFQ7TTC0LH18,0001,NL,EUR,P1Y,monthly,4,2026-11-20\n",
    );
    place.put(
        "price_list.csv",
        "ProductId,SkuId,TermDuration,BillingPlan,Market,Currency,UnitPrice,EffectiveStartDate\n\
         CFQ7TTC0LH18,0001,P1Y,Monthly,NL,EUR,144.00,2025-01-01\n",
    );
    // At most 13 seats of the SKU: CUS-1 has 10 through its advisor, so that 4 more are too many (R16). CUS-3 has none.
    place.put(
        "promotions.csv",
        "promotion_id,product_id,sku_id,term,discount,starts_on,ends_on,max_seats\n\
         AUTUMN,CFQ7TTC0LH18,0001,P1Y,0.25,2026-01-01,2026-12-31,13\n",
    );
    let billed = |name: &str, subscriptions: &str| {
        let job = format!(
            "as_of = \"2026-11-30\"\n[inputs]\nsubscriptions = {subscriptions}\nprice_list = \"price_list.csv\"\n\
             promotions = \"promotions.csv\"\n[outputs]\nformat = \"csv\"\ndir = \"{name}\"\n"
        );
        place.put("run.toml", &job);
        let (exit, said) = termwise(&["run", place.path("run.toml").to_str().expect("a path"), "--json"]);
        assert_eq!(exit, 0, "{said}");
        let summary: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let lines = Table::read(&published(&place.path(name)).join("invoice_lines.csv"));
        let columns = ["subscription_id", "subtotal", "promotion_id"].map(str::to_owned);
        (lines.columns(&columns), summary["inputs"]["subscriptions"]["not_due"]["billed-by-vendor"].clone())
    };
    // 12.00 a seat and month; 4 seats are 48.00, and 36.00 with 25 % off.
    let row =
        |id: &str, subtotal: &str, promotion: &str| [id, subtotal, promotion].map(str::to_owned).to_vec();
    let (lines, by_vendor) = billed("alone", "\"book.csv\"");
    assert_eq!(lines, [row("SUB-1", "36.00", "AUTUMN"), row("SUB-3", "36.00", "AUTUMN")]);
    assert!(by_vendor.is_null());
    let bought = made.join("subscriptions.csv");
    let (lines, by_vendor) = billed("beside", &format!("[\"book.csv\", {:?}]", bought.display().to_string()));
    assert_eq!(lines, [row("SUB-1", "48.00", ""), row("SUB-3", "36.00", "AUTUMN")]);
    assert_eq!(by_vendor, 3, "the three subscriptions that two clients bought");
    let (exit, said, out) = place.offers("columnar", &["--format", "parquet"]);
    assert_eq!(exit, 0, "{said}");
    let bought = published(&out).join("subscriptions.parquet");
    let (lines, by_vendor) =
        billed("columns", &format!("[\"book.csv\", {:?}]", bought.display().to_string()));
    assert_eq!(lines, [row("SUB-1", "48.00", ""), row("SUB-3", "36.00", "AUTUMN")]);
    assert_eq!(by_vendor, 3);
    // Nobody has accepted anything: the table is there, with no rows.
    place.put("job.toml", &JOB.replace("acceptances = \"acceptances.csv\"\n", ""));
    let (exit, said, out) = place.offers("none", &["--format", "parquet"]);
    assert_eq!(exit, 0, "{said}");
    let bought = published(&out).join("subscriptions.parquet");
    let (_, by_vendor) = billed("nothing", &format!("[\"book.csv\", {:?}]", bought.display().to_string()));
    assert!(by_vendor.is_null());
}

#[test]
fn the_ids_of_subscriptions_stay_when_licences_and_files_change() {
    let place = Place::new();
    let subscriptions = |folder: &Path| {
        let table = Table::read(&folder.join("subscriptions.csv"));
        let columns = ["customer_id", "product_id", "sku_id", "subscription_id"].map(str::to_owned);
        let rows: BTreeSet<Vec<String>> = table.columns(&columns).into_iter().collect();
        assert_eq!(rows.len(), 3);
        rows
    };
    let before = subscriptions(&place.made("before"));
    place.put("offers.csv", &OFFERS.replace(",10\n", ",11\n"));
    place.put("acceptances.csv", &ACCEPTANCES.replace("0001,7", "0001,8").replace("05T10", "05T11"));
    assert_eq!(subscriptions(&place.made("after")), before);
    let ids: BTreeSet<&String> = before.iter().map(|row| &row[3]).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn the_same_offers_again_find_their_own_folder() {
    let place = Place::new();
    let folder = place.made("out");
    let before = bytes_of(&folder);
    let (exit, said, _) = place.offers("out", &[]);
    assert!(exit == 0 && said.contains("(it was there already: nothing new)"), "{said}");
    let (exit, said, _) = place.offers("out", &["-q"]);
    assert_eq!((exit, said.as_str()), (0, ""));
    assert_eq!(before, bytes_of(&folder));
    let text = before.keys().find(|name| name.starts_with("offers/PO-")).expect("a text for a client");
    fs::write(folder.join(text), "Pay me instead\n").expect("a file");
    let (exit, said, _) = place.offers("out", &[]);
    assert!(exit == 73 && said.contains("is not what this run makes of the same inputs"), "{said}");
}

#[cfg(unix)]
#[test]
fn what_is_published_is_its_owners_alone_and_nothing_lies_outside() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.put("offers.csv", &OFFERS.replace("OFR-1", "../../../OFR-1").replace("OFR-2", "/etc/x\u{2028}y"));
    place.put("acceptances.csv", "offer_id,customer_id,accepted_at\n../../../OFR-1,../CUS,2026-11-05\n");
    let before: BTreeSet<PathBuf> =
        fs::read_dir(place.0.path()).expect("it").flatten().map(|at| at.path()).collect();
    let folder = place.made("out");
    let mode = |path: &Path| fs::metadata(path).expect("it").permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("offers"))), (0o700, 0o700));
    for name in bytes_of(&folder).keys() {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    let texts: Vec<String> = bytes_of(&folder).into_keys().filter(|name| name.contains('/')).collect();
    assert_eq!(texts.len(), 2);
    for text in texts {
        let stem =
            text.strip_prefix("offers/PO-").and_then(|rest| rest.strip_suffix(".txt")).expect("its form");
        assert!(stem.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-'), "{text}");
    }
    let after: BTreeSet<PathBuf> =
        fs::read_dir(place.0.path()).expect("it").flatten().map(|at| at.path()).collect();
    assert_eq!(after.difference(&before).collect::<Vec<_>>(), [&place.path("out")]);
}

#[test]
fn exits_are_those_of_the_contract() {
    let place = Place::new();
    for (gone, says) in [
        ("advisors = \"advisors.csv\"\n", "the input advisors is missing"),
        ("offers = \"offers.csv\"\n", "the input offers is missing"),
        ("url = \"https://offers.example.com/accept\"\n", "an offer needs an address"),
    ] {
        place.put("job.toml", &JOB.replace(gone, ""));
        let (exit, said, out) = place.offers("out", &[]);
        assert!(exit == 2 && said.contains(says) && !out.exists(), "{said}");
    }
    place.put("job.toml", JOB);
    let (exit, said, out) = place.offers("out", &["--dry-run"]);
    assert!(exit == 0 && said.contains("output: none (dry run") && !out.exists(), "{said}");

    place.put("offers.csv", &OFFERS.replace("0002,5", "0002,0"));
    let (exit, said, out) = place.offers("out", &[]);
    assert!(exit == 65 && said.contains("error[too-many-rejects]: 3 of 9 rows"), "{said}");
    let is_empty = |out: &Path| !out.exists() || fs::read_dir(out).expect("it").next().is_none();
    assert!(is_empty(&out));
    let (exit, said, out) = place.offers("out", &["--dry-run"]);
    assert!(exit == 65 && is_empty(&out), "{said}");
    assert!(said.starts_with("offers.csv:1:offer_id: error[offer-refused]: offer_id is OFR-1: "), "{said}");
    let (exit, said, _) = place.offers("out", &["--set", "limits.rejected_rows=50%", "-q"]);
    assert_eq!((exit, said.as_str()), (3, "warning: complete, but 3 of 9 rows stand in rejects.csv\n"));

    place.put("offers.csv", "offer_id,advisor_id\nOFR-1,ADV-1\n");
    let (exit, said, _) = place.offers("columns", &[]);
    assert!(exit == 65 && said.contains("the column \"usage_location\" is missing"), "{said}");
    fs::remove_file(place.path("offers.csv")).expect("a file");
    let (exit, said, out) = place.offers("gone", &[]);
    assert!(
        exit == 66 && said.starts_with("error: offers.csv: there is no such file") && !out.exists(),
        "{said}"
    );
}

#[test]
fn columns_are_renamed_as_in_every_input() {
    let place = Place::new();
    let before = tables(&place.made("before"));
    place.put("offers.csv", &OFFERS.replace("usage_location", "Country"));
    place.put("job.toml", &format!("{JOB}[columns.offers]\nusage_location = \"Country\"\n"));
    assert_eq!(tables(&place.made("after")), before);
}

#[test]
fn a_run_passes_over_the_inputs_of_offers() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |file: &str| dir.path().join(file);
    let shown = dir.path().to_str().expect("a path");
    assert_eq!(termwise(&["sample", "--subscriptions", "100", "--out", shown, "-q"]).0, 0);
    let folder = |job: &Path| {
        let (exit, said) = termwise(&["run", job.to_str().expect("a path"), "--json"]);
        assert!(matches!(exit, 0 | 3), "{said}");
        let told: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        told["folder"].as_str().expect("a folder").to_owned()
    };
    let before = folder(&at("job.toml"));
    let job = fs::read_to_string(at("job.toml")).expect("a job");
    // They are not even looked for.
    let named = job.replace(
        "[inputs]\n",
        "[inputs]\noffers = \"nowhere.csv\"\nadvisors = [\"no.csv\", \"where.csv\"]\n",
    );
    fs::write(
        at("job.toml"),
        format!("{named}[offers]\nvendor = \"Contoso\"\n[columns.offers]\nlicences = \"Seats\"\n"),
    )
    .expect("a job");
    assert_eq!(folder(&at("job.toml")), before, "it is the same run");
    // A check reads whatever the job names.
    let (exit, said) = termwise(&["check", at("job.toml").to_str().expect("a path"), "-q"]);
    assert!(exit == 2 && said.contains("offers.url"), "{exit}: {said}");
}

#[test]
fn the_job_of_the_repository_makes_the_offers_of_the_sample() {
    let out = tempfile::tempdir().expect("a folder");
    let (job, to) = (root().join("jobs/offers.toml"), out.path().join("out"));
    let args = ["offers", job.to_str().expect("a path"), "--out", to.to_str().expect("a path")];
    let (exit, said) = termwise(&args);
    assert_eq!(exit, 3, "{said}");
    assert_eq!(ids(&published(&to)).len(), 5);
}

#[test]
fn a_check_tells_what_a_dry_run_of_the_offers_tells() {
    let job = root().join("jobs/offers.toml");
    let said = |args: &[&str]| {
        let (exit, said) = termwise(&[args, &[job.to_str().expect("a path")]].concat());
        assert_eq!(exit, 3, "{said}");
        let told: Vec<String> =
            said.lines().filter(|line| line.contains(".csv:")).map(str::to_owned).collect();
        told
    };
    let checked = said(&["check"]);
    assert!(checked.len() >= 4, "{checked:?}");
    assert_eq!(said(&["offers", "--dry-run"]), checked);
}

#[test]
fn an_advisor_whom_nobody_can_ask_is_told_and_stops_nothing() {
    let place = Place::new();
    place.put("advisors.csv", &ADVISORS.replace("ask@second.example", ""));
    let says = "no contact: the texts of ADV-2 say to ask whoever sent the offer";
    let (exit, said, out) = place.offers("out", &[]);
    assert!(exit == 0 && said.contains(&format!("note: {says}\n")), "{said}");
    let (exit, said, _) = place.offers("out", &["-q"]);
    assert_eq!((exit, said), (0, format!("warning: {says}\n")));
    let texts = tables(&published(&out)).into_iter().filter(|(name, _)| name.starts_with("offers/"));
    let silent =
        texts.filter(|(_, text)| String::from_utf8_lossy(text).contains("ask whoever sent you this offer"));
    assert_eq!(silent.count(), 1);
    // One that makes no offer has nothing to be asked about.
    place.put("offers.csv", OFFERS.rsplit_once("OFR-2").expect("it").0);
    place.put("acceptances.csv", "offer_id,customer_id,accepted_at\n");
    let (exit, said, _) = place.offers("one", &["-q"]);
    assert!(exit == 0 && !said.contains("no contact"), "{said}");
}
