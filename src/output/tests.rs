//! The folder that a run publishes, as a whole.

use super::counts::is_billable;
use super::fixture::{Run, day};
use super::manifest::input_digest;
use super::{FileFacts, OutputError, Published, Tally, Writer, summary};
use crate::job::{Bounds, Format, LedgerSettings, NoticeDays};
use crate::names::Reject;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use termwise_engine::book::Subscription;
use termwise_engine::calendar::Day;
use termwise_engine::findings::{Code, Disposition, Fate, NotDue, Source, Table};
use termwise_engine::ids::SubscriptionId;
use termwise_engine::invoicing::invoice;
use termwise_engine::money::Currency;
use termwise_engine::workings::Line;

const INVOICE_LINES: &str = include_str!("golden/invoice_lines.csv");
const INVOICES: &str = include_str!("golden/invoices.csv");
const RENEWALS: &str = include_str!("golden/renewals.csv");
const REJECTS: &str = include_str!("golden/rejects.csv");
const SUMMARY: &str = include_str!("golden/summary.txt");

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The names in a folder, sorted.
fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn publish_now(run: &Run) -> Published {
    run.publish().unwrap()
}

fn broken_law(run: &Run) -> String {
    match run.prove() {
        Err(OutputError::Invariant { law, .. }) => law.to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_tables_are_written_as_the_contract_says() {
    let out = tempfile::tempdir().unwrap();
    let published = publish_now(&Run::new(out.path(), Format::Csv));
    let folder = published.folder();
    assert_eq!(read(folder, "invoice_lines.csv"), INVOICE_LINES);
    assert_eq!(read(folder, "invoices.csv"), INVOICES);
    assert_eq!(read(folder, "renewals.csv"), RENEWALS);
    assert_eq!(read(folder, "rejects.csv"), REJECTS);
    let name = folder.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("2026-11-30-") && name.len() == 23, "{name}");
    assert_eq!(entries(out.path()), [name]);
}

#[test]
fn the_summary_fits_a_screen_and_adds_up() {
    let run = Run::new(Path::new("unused"), Format::Csv);
    let tally = Tally::of(&run.stretch());
    assert_eq!(summary::text(&run.report(&tally), "here"), SUMMARY);
    let json = summary::json(&run.report(&tally), "here");
    assert_eq!(json["inputs"]["subscriptions"]["billed"], 3);
    assert_eq!(json["totals"][0]["subtotal"], "102.00");
    assert_eq!(json["renewals"]["promotion_gained"], 1);
}

#[test]
fn a_summary_with_too_much_to_say_still_fits_a_screen() {
    let mut run = Run::new(Path::new("unused"), Format::Csv);
    run.notes = (0..50).map(|number| format!("note number {number}")).collect();
    let file = |table| FileFacts { table, file: 1, rows: 5, ..run.files[0].clone() };
    // A run reads none of the tables of purchase offers.
    let others = [&Table::OF_OFFERS[..], &Table::OF_RECONCILIATION[..]].concat();
    let of_runs = Table::ALL.into_iter().filter(|table| !others.contains(table));
    let files: Vec<FileFacts> = of_runs.map(file).collect();
    run.files.extend(files);
    for table in Table::ALL.into_iter().filter(|&table| is_billable(table)) {
        for (row, reason) in (1..).zip([NotDue::NoChange, NotDue::Voided, NotDue::Pending, NotDue::NoEffect])
        {
            run.counts.count(Source { table, file: 1, row }, Fate::NotDue(reason));
        }
    }
    run.rejects = Code::ALL.iter().map(|&code| with_code(&run.rejects[0], code)).collect();
    let codes = ["AUD", "BHD", "CAD", "CHF", "DKK", "EUR", "GBP", "INR", "JPY", "KWD", "NOK", "SEK", "USD"];
    let row = run.book.subscriptions[0];
    let currencies = codes.map(|code| Currency::from_code(code).unwrap());
    run.book.subscriptions = currencies.map(|currency| Subscription { currency, ..row }).into();
    let line = run.invoiced.lines[0];
    let of = |rank| {
        let subscription = SubscriptionId::of_rank(rank);
        Line { subscription, behind: subscription, ..line }
    };
    run.invoiced = invoice(&run.book, (0..codes.len()).map(of).collect());
    let tally = Tally::of(&run.stretch());
    let text = summary::text(&run.report(&tally), "here");
    assert!(text.lines().count() <= 40, "{}: {text}", text.lines().count());
    assert!(text.contains("more currencies in manifest.json"), "{text}");
    assert!(text.contains("47 more notes in manifest.json"), "{text}");
    assert!(text.contains("1 for other reasons"), "{text}");
    assert!(text.contains("other codes in manifest.json"), "{text}");
}

fn with_code(reject: &Reject, code: Code) -> Reject {
    let mut other = reject.clone();
    other.finding.code = code;
    other
}

#[test]
fn parquet_holds_what_csv_says() {
    let out = tempfile::tempdir().unwrap();
    let csv = publish_now(&Run::new(out.path(), Format::Csv));
    let parquet = publish_now(&Run::new(out.path(), Format::Parquet));
    for table in ["invoice_lines", "invoices", "renewals"] {
        let text = read(csv.folder(), &format!("{table}.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let path = parquet.folder().join(format!("{table}.parquet"));
        let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
        let batch = builder.build().unwrap().next().unwrap().unwrap();
        let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, header);
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
        assert_eq!(rows.len(), batch.num_rows());
        for (row, record) in rows.iter().enumerate() {
            for (column, cell) in record.iter().enumerate() {
                assert_eq!(
                    normal(cell, &batch, column),
                    parquet_text(&batch, column, row),
                    "{}",
                    header[column]
                );
            }
        }
    }
}

/// A CSV cell without what only its form says: zeros at the end of decimals.
fn normal(cell: &str, batch: &RecordBatch, column: usize) -> String {
    match batch.column(column).data_type() {
        DataType::Decimal128(..) => plain(cell.to_owned()),
        _ => cell.to_owned(),
    }
}

fn plain(decimal: String) -> String {
    if !decimal.contains('.') {
        return decimal;
    }
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn parquet_text(batch: &RecordBatch, column: usize, row: usize) -> String {
    let array: &Arc<dyn Array> = batch.column(column);
    if array.is_null(row) {
        return String::new();
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Date32 => {
            Day::from_epoch_days(array.as_primitive::<Date32Type>().value(row)).unwrap().to_string()
        }
        DataType::Timestamp(..) => {
            let microseconds = array.as_primitive::<TimestampMicrosecondType>().value(row);
            termwise_engine::calendar::Instant::from_ticks(microseconds * 10).to_string()
        }
        DataType::Decimal128(..) => plain(array.as_primitive::<Decimal128Type>().value_as_string(row)),
        other => format!("{other}"),
    }
}

#[test]
fn one_run_twice_is_there_already_and_writes_nothing() {
    let out = tempfile::tempdir().unwrap();
    for format in [Format::Csv, Format::Parquet] {
        let mut run = Run::new(out.path(), format);
        let first = publish_now(&run);
        assert!(matches!(first, Published::Now { .. }));
        run.timings.clear();
        run.rejects.reverse();
        let second = publish_now(&run);
        assert!(matches!(second, Published::AlreadyThere { .. }), "{second:?}");
        assert_eq!((second.folder(), second.digest()), (first.folder(), first.digest()));
    }
    assert_eq!(entries(out.path()).len(), 2);
}

/// A manifest without the only member that may differ between two runs.
fn without_timings(manifest: &[u8]) -> serde_json::Value {
    let mut manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    assert!(manifest.as_object_mut().unwrap().remove("timings").is_some());
    manifest
}

#[test]
fn the_same_run_in_two_places_gives_the_same_bytes() {
    let (left, right) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for format in [Format::Csv, Format::Parquet] {
        let folders =
            [&left, &right].map(|out| publish_now(&Run::new(out.path(), format)).folder().to_owned());
        assert_eq!(entries(&folders[0]).len(), 6);
        for name in entries(&folders[0]) {
            let bytes = folders.each_ref().map(|folder| fs::read(folder.join(&name)).unwrap());
            match name.as_str() {
                "manifest.json" => assert_eq!(without_timings(&bytes[0]), without_timings(&bytes[1])),
                _ => assert_eq!(bytes[0], bytes[1], "{name}"),
            }
        }
    }
}

#[test]
fn stretches_do_not_show_in_the_bytes() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for format in [Format::Csv, Format::Parquet] {
        let one = publish_now(&Run::new(whole.path(), format));
        let run = Run::new(parts.path(), format);
        let customers = [run.customer(0), run.customer(1)];
        let two = run.publish_stretches(&customers.each_ref().map(Run::stretch)).unwrap();
        assert_eq!((two.digest(), two.folder().file_name()), (one.digest(), one.folder().file_name()));
    }
}

#[test]
fn stretches_out_of_order_and_customers_in_two_of_them_are_not_published() {
    let out = tempfile::tempdir().unwrap();
    for format in [Format::Csv, Format::Parquet] {
        let run = Run::new(out.path(), format);
        let (first, second) = (run.customer(0), run.customer(1));
        for stretches in [[second.stretch(), first.stretch()], [first.stretch(), first.stretch()]] {
            let error = run.publish_stretches(&stretches).unwrap_err();
            assert_eq!(error.exit_code(), 70);
            assert!(error.to_string().contains("stretches are in order of customers"), "{error}");
        }
    }
    assert!(entries(out.path()).is_empty());
}

#[test]
fn rows_that_were_not_appended_are_told() {
    let out = tempfile::tempdir().unwrap();
    let run = Run::new(out.path(), Format::Csv);
    let error = Writer::open(&run.job).unwrap().publish(&run.report(&Tally::of(&run.stretch()))).unwrap_err();
    assert!(error.to_string().contains("every row is written (invoice_lines: 0 of 5"), "{error}");
    assert!(entries(out.path()).is_empty());
}

#[test]
fn notices_and_bounds_of_a_ledger_make_another_run_and_its_place_does_not() {
    let digest = |ledger: Option<LedgerSettings>| {
        let mut run = Run::new(Path::new("unused"), Format::Csv);
        run.job.ledger = ledger;
        input_digest(&run.report(&Tally::of(&run.stretch())))
    };
    let bounds = Bounds {
        total: None,
        rows: None,
        credits: None,
        largest_line: None,
        lines_per_subscription_and_day: 100,
    };
    let plain = LedgerSettings { dir: "ledger".into(), notice_days: None, bounds };
    let notices = |days| NoticeDays { default: Some(days), by_market: [("NL".to_owned(), 60)].into() };
    let bounded = |bounds| LedgerSettings { bounds, ..plain.clone() };
    let noticed = |days| LedgerSettings { notice_days: Some(notices(days)), ..plain.clone() };
    let different = [
        None,
        Some(plain.clone()),
        Some(noticed(30)),
        Some(noticed(31)),
        Some(bounded(Bounds { total: Some(1), ..plain.bounds.clone() })),
        Some(bounded(Bounds { rows: Some(1), ..plain.bounds.clone() })),
        Some(bounded(Bounds { credits: Some(1), ..plain.bounds.clone() })),
        Some(bounded(Bounds { largest_line: Some(1), ..plain.bounds.clone() })),
        Some(bounded(Bounds { lines_per_subscription_and_day: 99, ..plain.bounds.clone() })),
    ];
    let digests: BTreeSet<String> = different.iter().cloned().map(digest).collect();
    assert_eq!(digests.len(), different.len());
    assert_eq!(
        digest(Some(LedgerSettings { dir: "elsewhere".into(), ..plain.clone() })),
        digest(Some(plain))
    );
}

#[test]
fn the_manifest_says_what_went_in_and_out() {
    let out = tempfile::tempdir().unwrap();
    let published = publish_now(&Run::new(out.path(), Format::Parquet));
    let text = read(published.folder(), "manifest.json");
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["inputs"][0]["dispositions"]["rejected"], 1);
    assert_eq!(manifest["outputs"][0]["name"], "invoice_lines.parquet");
    assert_eq!(manifest["outputs"][0]["rows"], 5);
    assert_eq!(manifest["outputs"][3]["rows"], 2);
    assert_eq!(manifest["totals"][1]["charge_type"], "addQuantity");
    assert_eq!(manifest["reasons"]["lines"]["promotion-held"], 1);
    assert_eq!(manifest["checks_not_made"][0], "no customers file: R50 is not checked");
    assert_eq!(manifest["digest_of_outputs"], published.digest());
    let members: Vec<&String> = manifest.as_object().unwrap().keys().collect();
    assert_eq!(members.last().unwrap().as_str(), "timings");
}

#[test]
fn a_published_file_that_was_changed_is_told() {
    let out = tempfile::tempdir().unwrap();
    let run = Run::new(out.path(), Format::Csv);
    let published = publish_now(&run);
    fs::write(published.folder().join("invoices.csv"), "another").unwrap();
    let error = run.publish().unwrap_err();
    assert_eq!(error.exit_code(), 73);
    assert!(error.to_string().contains("invoices.csv"), "{error}");
    assert_eq!(entries(out.path()).len(), 1);
}

#[test]
fn another_window_policy_input_or_format_is_another_folder() {
    let out = tempfile::tempdir().unwrap();
    let mut folders = vec![publish_now(&Run::new(out.path(), Format::Csv))];
    folders.push(publish_now(&Run::new(out.path(), Format::Parquet)));
    let mut run = Run::new(out.path(), Format::Csv);
    run.job.window.horizon = day(2027, 3, 1);
    folders.push(publish_now(&run));
    let mut run = Run::new(out.path(), Format::Csv);
    run.job.policy_words.insert("rounding".to_owned(), "truncate".to_owned());
    folders.push(publish_now(&run));
    let mut run = Run::new(out.path(), Format::Csv);
    run.files[0].hash = "cd".repeat(32);
    folders.push(publish_now(&run));
    assert_eq!(entries(out.path()).len(), folders.len());
}

#[cfg(unix)]
#[test]
fn a_link_a_file_and_a_locked_folder_are_no_place() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let out = tempfile::tempdir().unwrap();
    let real = out.path().join("real");
    fs::create_dir(&real).unwrap();
    symlink(&real, out.path().join("link")).unwrap();
    fs::write(out.path().join("file"), "").unwrap();
    for name in ["link", "link/", "file", "file/below"] {
        let error = Run::new(&out.path().join(name), Format::Csv).publish().unwrap_err();
        assert_eq!(error.exit_code(), 73, "{name}: {error}");
    }
    assert!(entries(&real).is_empty());
    let made = out.path().join("new/place");
    let published = publish_now(&Run::new(&made, Format::Csv));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(published.folder()), 0o700);
    assert_eq!(mode(&published.folder().join("manifest.json")), 0o600);
}

#[test]
fn what_a_crashed_run_left_is_removed_and_a_living_one_is_not() {
    let out = tempfile::tempdir().unwrap();
    let stage = |name: &str| {
        fs::create_dir(out.path().join(name)).unwrap();
        fs::write(out.path().join(name).join("half"), "…").unwrap();
        fs::File::create(out.path().join(format!("{name}.lock"))).unwrap()
    };
    drop(stage(".staging-crashed"));
    let living = stage(".staging-living");
    living.lock().unwrap();
    fs::create_dir(out.path().join(".staging-somebodys")).unwrap();
    let published = publish_now(&Run::new(out.path(), Format::Csv));
    let name = published.folder().file_name().unwrap().to_str().unwrap();
    let expected = [".staging-living", ".staging-living.lock", ".staging-somebodys", name];
    assert_eq!(entries(out.path()), expected);
}

#[test]
fn a_run_that_does_not_add_up_is_not_published() {
    let out = tempfile::tempdir().unwrap();
    let tampered = |tamper: fn(&mut Run)| {
        let mut run = Run::new(out.path(), Format::Csv);
        tamper(&mut run);
        assert_eq!(run.publish().unwrap_err().exit_code(), 70);
        broken_law(&run)
    };
    let law = tampered(|run| run.invoiced.lines[0].subtotal += 1);
    assert_eq!(law, "effective_unit_price × quantity, rounded, is the subtotal");
    let law = tampered(|run| run.invoiced.invoices[0].subtotal += 1);
    assert_eq!(law, "an invoice is the sum of its lines, which are numbered from 1");
    let law = tampered(|run| run.invoiced.totals = Default::default());
    assert_eq!(law, "the total of each currency is the sum of its invoices");
    let law = tampered(|run| run.invoiced.places[1].line = 3);
    assert_eq!(law, "an invoice is the sum of its lines, which are numbered from 1");
    let law = tampered(|run| run.invoiced.lines.swap(0, 4));
    assert_eq!(law, "lines are in order");
    let law = tampered(|run| run.invoiced.lines[2].side = run.invoiced.lines[1].side);
    assert_eq!(law, "no two lines have the same line_id");
    let law = tampered(|run| run.invoiced.lines[0].reduction.promotion = None);
    assert_eq!(law, "a discount lies between 0 and 1 and has a promotion or a code");
    let law = tampered(|run| run.files[0].rows += 1);
    assert_eq!(law, "every row of every input has exactly one disposition");
    let law = tampered(|run| run.rejects.clear());
    assert_eq!(law, "every row set aside stands in rejects.csv");
    let law = tampered(|run| {
        run.counts
            .count(Source { table: Table::Holdings, file: 0, row: 1 }, Fate::Set(Disposition::Rejected));
    });
    assert_eq!(law, "every row of every input has exactly one disposition");
    let law = tampered(|run| {
        run.counts.count(Source { table: Table::PriceList, file: 0, row: 1 }, Fate::Billed);
    });
    assert_eq!(law, "rows of the other inputs are read or set aside");
    let law = tampered(|run| run.renewals[1] = run.renewals[0]);
    assert_eq!(law, "a term ends once");
    assert!(entries(out.path()).is_empty());
}

#[test]
fn a_run_without_a_line_publishes_tables_without_rows() {
    let out = tempfile::tempdir().unwrap();
    for format in [Format::Csv, Format::Parquet] {
        let mut run = Run::new(out.path(), format);
        run.invoiced = invoice(&run.book, Vec::new());
        run.renewals.clear();
        let published = publish_now(&run);
        assert!(read(published.folder(), "summary.txt").contains("nothing is billed"));
        let manifest = read(published.folder(), "manifest.json");
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(manifest["outputs"][0]["rows"], 0);
    }
}

#[test]
fn an_amount_that_parquet_can_not_hold_stops_the_run() {
    let out = tempfile::tempdir().unwrap();
    let mut run = Run::new(out.path(), Format::Parquet);
    run.renewals[2].amount_before = i64::MAX;
    let error = run.publish().unwrap_err();
    assert_eq!(error.exit_code(), 70);
    assert!(error.to_string().contains("amount_before is 9223372036854775.807"), "{error}");
    assert!(entries(out.path()).is_empty());
}

#[test]
fn the_three_roundings_are_held_against_their_subtotals() {
    use termwise_engine::money::{Exact, Price, Rounding, round_line};
    let out = tempfile::tempdir().unwrap();
    for mode in [Rounding::HalfUp, Rounding::HalfEven, Rounding::Truncate] {
        let mut run = Run::new(out.path(), Format::Csv);
        run.job.policy.rounding = mode;
        run.invoiced.lines.truncate(1);
        for (seats, days) in (1..60).zip(1..31) {
            let unit = Exact::of(Price::from_millionths(12_125_000).unwrap()).share(days, 30).negated();
            let rounded = round_line(unit, seats, 2, mode, false);
            let line = &mut run.invoiced.lines[0];
            line.quantity = seats;
            line.subtotal = rounded.subtotal;
            line.effective_unit_price = rounded.effective;
            // Rounding holds, so what breaks is the sum.
            assert_eq!(broken_law(&run), "an invoice is the sum of its lines, which are numbered from 1");
            run.invoiced.lines[0].subtotal -= 1;
            assert_eq!(broken_law(&run), "effective_unit_price × quantity, rounded, is the subtotal");
        }
    }
}
