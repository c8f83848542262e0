//! The workbook as a reader of it sees it, over a file whose sums are done by hand.
//!
//! ```text
//! EUR  vendor's  120.00 + 8.31 + 0.34 + (120.00 + 60.00 + 555.00) + (300.00 + 12.00 - 50.00) + 1234.56 = 2360.21
//!      ours      120.00 + 8.33 + 0.33 + (144.00 + 30.00 + 471.75 + 10.00) + 44.40                      =  828.81
//!      ours - (vendor's - excluded) = 828.81 - (2360.21 - 1234.56)                                     = -296.84
//! JPY  vendor's  10500 + 3600 + 98765 = 112865,  ours 10080,  difference 10080 - 14100                 =   -4020
//! KWD  vendor's  11.005 + 3.350 = 14.355,  ours 12.500 + 3.500 = 16.000,  difference                   =   1.645
//! ```

use super::fixture::{Book, DIFFERENCES, Found, Known, as_csv, as_parquet};
use super::{ReportError, SHEET_ROWS};

fn book() -> Book {
    Known::default().book(DIFFERENCES, SHEET_ROWS).unwrap()
}

/// The rows of a table on the Summary, from its heading to the next empty line.
fn table(book: &Book, heading: &str) -> Vec<String> {
    let rows = book.seen("Summary").into_iter();
    let rows = rows.skip_while(|row| row.split('|').next() != Some(heading)).skip(1);
    rows.take_while(|row| !row.is_empty()).collect()
}

#[test]
fn sheets_stand_in_their_order() {
    let sheets = [
        "Summary",
        "We pay and do not bill",
        "Amount differences",
        "We bill and do not pay",
        "By customer",
        "By product",
        "Matched",
        "Within tolerance",
        "Unmapped",
        "Excluded",
        "Explained",
        "Inputs and policy",
    ];
    assert_eq!(book().names(), sheets);
    let mut less = Known::default();
    less.with_matched = false;
    let without = less.book(DIFFERENCES, SHEET_ROWS).unwrap();
    assert!(!without.names().contains(&"Matched"), "{:?}", without.names());
    // What stands on no sheet is in the totals all the same.
    assert_eq!(table(&without, "By status"), table(&book(), "By status"));
}

#[test]
fn the_file_is_told_by_status() {
    let expected = [
        "matched|EUR|1|120|120|0|0.083333|the same amount and seat-days",
        "matched-under-rounding|EUR|1|8.31|8.33|0.02|0.083333|the same under another rounding that the vendor publishes",
        "within-tolerance|EUR|1|0.34|0.33|-0.01|0.083333|apart by no more than the tolerance for a line",
        "different|EUR|4|735|655.75|-79.25|0.333333|both have it, the amounts or seat-days differ",
        "vendor-only|EUR|3|262|0|-262|0.250000|we pay and do not bill",
        "ours-only|EUR|1|0|44.4|44.4|0.083333|we bill and do not pay",
        "excluded|EUR|1|1234.56|0|0|0.083333|not licence-based: not compared",
        "different|JPY|1|10500|10080|-420|0.333333|both have it, the amounts or seat-days differ",
        "vendor-only|JPY|1|3600|0|-3600|0.333333|we pay and do not bill",
        "excluded|JPY|1|98765|0|0|0.333333|not licence-based: not compared",
        "different|KWD|2|14.355|12.5|-1.855|0.666667|both have it, the amounts or seat-days differ",
        "ours-only|KWD|1|0|3.5|3.5|0.333333|we bill and do not pay",
        "Total EUR||12|2360.21|828.81|-296.84",
        "Total JPY||3|112865|10080|-4020",
        "Total KWD||3|14.355|16.000|1.645",
    ];
    assert_eq!(table(&book(), "By status"), expected);
}

#[test]
fn differences_are_told_by_cause_with_what_is_explained() {
    let expected = [
        "quantity|EUR|3|56.4|-12|68.4|2|the number of seats, or lines that only one side has",
        "days|EUR|1|-30|0|-30|1|the days that are charged",
        "promotion|EUR|1|-83.25|-83.25|0|0|a promotion that only one side has, or another one",
        "rounding|EUR|2|0.01|0|0|0|a minor unit for a line or for a seat",
        "currency|EUR|1|10|0|10|1|the currency",
        "unmapped|EUR|1|-300|0|-300|1|a subscription or product that one side does not know",
        "unknown|EUR|1|50|0|50|1|none of these",
        "price|JPY|1|-420|0|-420|1|the price for a seat",
        "period|JPY|1|-3600|0|-3600|1|a charge that begins outside the period",
        "currency|KWD|1|-3.35|0|-3.35|1|the currency",
        "unmapped|KWD|1|3.5|0|3.5|1|a subscription or product that one side does not know",
        "unknown|KWD|1|1.495|0|1.495|1|none of these",
        "Total EUR||10|-296.84|-95.25|-201.60|6",
        "Total JPY||2|-4020|0|-4020|2",
        "Total KWD||3|1.645|0.000|1.645|3",
    ];
    // A currency pair is one row of each currency.
    let found = table(&book(), "By cause");
    assert_eq!(found.iter().filter(|row| row.starts_with("currency|")).count(), 2);
    assert_eq!(found, expected);
}

#[test]
fn what_nobody_explained_comes_first() {
    let expected = [
        "We pay and do not bill|EUR|3|-262|-12|-250|2|sheet We pay and do not bill",
        "Amount differences|EUR|4|-79.25|-83.25|4|3|sheet Amount differences",
        "We bill and do not pay|EUR|1|44.4|0|44.4|1|sheet We bill and do not pay",
        "We pay and do not bill|JPY|1|-3600|0|-3600|1|sheet We pay and do not bill",
        "Amount differences|JPY|1|-420|0|-420|1|sheet Amount differences",
        "Amount differences|KWD|2|-1.855|0|-1.855|2|sheet Amount differences",
        "We bill and do not pay|KWD|1|3.5|0|3.5|1|sheet We bill and do not pay",
        "Total EUR||8|-296.85|-95.25|-201.60|6",
        "Total JPY||2|-4020|0|-4020|2",
        "Total KWD||3|1.645|0.000|1.645|3",
    ];
    assert_eq!(table(&book(), "To look at"), expected);
}

#[test]
fn every_total_ties_in_and_out() {
    let book = book();
    let control = table(&book, "Control totals");
    let expected = [
        "Vendor's file = sum over statuses|EUR||2360.21|2360.21|0.00|ties",
        "Our total = sum over statuses|EUR||828.81|828.81|0.00|ties",
        "Ours less the vendor's, without excluded = differences|EUR||-296.84|-296.84|0.00|ties",
        "Differences = sum over causes|EUR||-296.84|-296.84|0.00|ties",
        "Vendor's file = sum over statuses|JPY||112865|112865|0|ties",
    ];
    for (line, expected) in control.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}");
    }
    assert_eq!(control.len(), 12);
    let sheets = table(&book, "Sheets");
    // A sheet that has nothing of a currency is not told.
    assert_eq!(sheets.len(), 10 + 5 + 5);
    assert!(sheets.iter().all(|line| line.split('|').nth(6) == Some(TIES)), "{sheets:#?}");
    assert!(
        sheets.contains(&"By customer|EUR|6|-296.84|-296.84|0.00|ties|difference".to_owned()),
        "{sheets:#?}"
    );
    assert!(sheets.contains(&"Excluded|JPY|1|98765|98765|0|ties|vendor's amount".to_owned()), "{sheets:#?}");
    assert!(book.seen("Summary").iter().any(|row| row == "Checks on this sheet|everything ties"));
}

const TIES: &str = "ties";

#[test]
fn seats_are_told_with_their_variance() {
    // Vendor's: 10+3+1+10+5+100 +25+1 +7+2 +4+1 = 169; ours: 10+3+1+12+5+100+1+8 +7 +4+2 = 153.
    // Apart: 2 + 1 + 1 + 25 + 1 + 8 + 2 + 2 = 42.
    let expected = [
        "Seats of all charge cycles, without excluded|||169|153|-16|-0.094675|ours less the vendor's, of the vendor's",
        "The same, row by row without signs|||||42|0.248521|too many here do not make up for too few there",
    ];
    assert_eq!(table(&book(), "Seats"), expected);
}

#[test]
fn customers_have_their_names_and_stand_by_currency_the_largest_difference_first() {
    let seen = book().seen("By customer");
    let rows: Vec<String> =
        seen.iter().skip(6).map(|row| row.split('|').take(11).collect::<Vec<_>>().join("|")).collect();
    assert_eq!(
        rows,
        [
            "0003||2|2|1|25|10|300|0|-290|EUR",
            "0002|=1+1|1|0|100|100|471.75|555|0|-83.25|EUR",
            "0005||1|1|8|0|44.4|0|0|44.4|EUR",
            "0004||2|1|0|1|0|-38|0|38|EUR",
            "=HYPERLINK(\"http://evil.example\",\"x\")||1|1|5|5|30|60|0|-30|EUR",
            "0001|Contoso & Söhne|5|1|26|24|272.66|1483.21|1234.56|24.01|EUR",
            "0002|=1+1|3|2|7|9|10080|112865|98765|-4020|JPY",
            "0005||1|1|2|0|3.5|0|0|3.5|KWD",
            "0003||2|2|4|5|12.5|14.355|0|-1.855|KWD",
        ]
    );
}

#[test]
fn what_a_spreadsheet_would_run_is_text() {
    let book = book();
    for (name, cells) in &book.sheets {
        for cell in cells.values() {
            let Found::Formula(formula, _) = cell else { continue };
            assert!(!formula.contains("HYPERLINK") && !formula.contains("cmd"), "{name}: {formula}");
        }
    }
    let texts: Vec<&str> =
        book.sheets.iter().flat_map(|(_, cells)| cells.values()).filter_map(text).collect();
    for hostile in [
        "=HYPERLINK(\"http://evil.example\",\"x\")",
        "+1",
        "-7",
        "0001",
        "=1+1",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "=cmd|'/C calc'!A0",
        "cancelled\\tin time, says \"the vendor\"",
        "=subscriptions.csv",
    ] {
        assert!(texts.contains(&hostile), "{hostile}");
    }
    let linked =
        book.parts.iter().filter(|(_, text)| text.contains("<hyperlink") || text.contains("/hyperlink"));
    assert_eq!(linked.count(), 0);
    assert!(!book.parts.keys().any(|name| name.contains("vba")));
}

fn text(cell: &Found) -> Option<&str> {
    match cell {
        Found::Text(text) => Some(text),
        Found::Number(_) | Found::Formula(..) => None,
    }
}

#[test]
fn days_are_days_unless_no_spreadsheet_knows_them() {
    let seen = book().seen("We pay and do not bill");
    let days: Vec<Vec<&str>> =
        seen.iter().skip(5).map(|row| row.split('|').skip(6).take(2).collect()).collect();
    // 46327 is 2026-11-01, 46356 is 2026-11-30.
    assert_eq!(days, [["46327", "46356"], ["0001-01-01", "46356"], ["46327", "46356"], ["46296", "46326"]]);
}

#[test]
fn prices_keep_their_digits() {
    let seen = book().seen("Within tolerance");
    assert!(seen.iter().any(|row| row.contains("|0.333333|0.333333|")), "{seen:#?}");
}

#[test]
fn the_same_run_has_the_same_bytes_from_csv_or_parquet() {
    let known = Known::default();
    let (_csv_folder, csv) = as_csv(DIFFERENCES);
    let (_parquet_folder, parquet) = as_parquet(DIFFERENCES);
    let first = known.workbook(&csv, SHEET_ROWS).unwrap();
    assert!(first == known.workbook(&csv, SHEET_ROWS).unwrap(), "the same file twice");
    assert!(first == known.workbook(&parquet, SHEET_ROWS).unwrap(), "the other format");
    let made = &Book::read(&first).parts["docProps/core.xml"];
    assert!(made.contains("2026-11-30T00:00:00Z"), "{made}");
}

#[test]
fn more_rows_than_a_sheet_holds_go_on_in_the_next() {
    let book = Known::default().book(DIFFERENCES, 3).unwrap();
    let names = book.names();
    let of_it: Vec<&&str> = names.iter().filter(|name| name.starts_with("Amount differences")).collect();
    assert_eq!(of_it, [&"Amount differences", &"Amount differences 2", &"Amount differences 3"]);
    assert_eq!(book.seen("Amount differences 3")[0], "Amount differences, part 3 of 3");
    let rows: usize = of_it.iter().map(|name| data_rows(&book, name)).sum();
    assert_eq!(rows, 7);
    // The Summary adds up the totals of all parts.
    let sheets = table(&book, "Sheets");
    assert!(sheets.contains(&"Amount differences|EUR|4|-79.25|-79.25|0.00|ties|difference".to_owned()));
    let cells = book.cells("Summary");
    let spread = cells.values().any(|cell| match cell {
        Found::Formula(formula, _) => {
            formula.contains("'Amount differences'!$S$") && formula.contains("+'Amount differences 2'!$S$")
        }
        Found::Text(_) | Found::Number(_) => false,
    });
    assert!(spread, "{cells:#?}");
}

fn data_rows(book: &Book, name: &str) -> usize {
    let seen = book.seen(name);
    seen.iter().skip_while(|row| !row.starts_with("Cause|")).skip(1).count()
}

#[test]
fn totals_of_many_currencies_leave_the_screen_to_the_rows() {
    let header = DIFFERENCES.lines().next().unwrap();
    let currencies = ["AUD", "CHF", "DKK", "EUR", "GBP", "INR", "USD"];
    let row = |currency| format!("ours-only,quantity,1,1,1,1,,,1,,,,,,,,1.00,,1.00,{currency},,,1,0,\n");
    let rows: String = currencies.into_iter().map(row).collect();
    let book = Known::default().book(&format!("{header}\n{rows}"), SHEET_ROWS).unwrap();
    let seen = book.seen("We bill and do not pay");
    assert!(seen[1].ends_with("Totals of 7 currencies stand in the hidden rows 3 to 9."), "{}", seen[1]);
    let sheet = &book.parts["xl/worksheets/sheet4.xml"];
    assert_eq!(sheet.matches("hidden=\"1\"").count(), 7, "{sheet}");
    // Of one currency there is also the total of what a filter leaves.
    let one = Known::default().book(&format!("{header}\n{}", row("EUR")), SHEET_ROWS).unwrap();
    let shown = one.cells("We bill and do not pay").values().any(|cell| {
        matches!(cell, Found::Formula(formula, seen) if formula.contains("SUBTOTAL(109,") && seen == "1.00")
    });
    assert!(shown);
}

#[test]
fn a_file_without_rows_is_a_workbook_too() {
    let header = DIFFERENCES.lines().next().unwrap();
    let book = Known::default().book(&format!("{header}\n"), SHEET_ROWS).unwrap();
    assert_eq!(table(&book, "By status"), ["none"]);
    assert_eq!(book.seen("Amount differences").last().map(String::as_str), Some("none"));
    assert!(!book.names().contains(&"Explained"));
}

fn refused(text: &str) -> String {
    match Known::default().book(text, SHEET_ROWS) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_file_that_no_run_publishes_is_refused_by_row_and_column() {
    let told = |from: &str, to: &str| {
        let text = DIFFERENCES.replacen(from, to, 1);
        assert_ne!(text, DIFFERENCES, "{from} is in the file");
        refused(&text)
    };
    assert!(told("matched,,", "same,,").contains("differences.csv:2:status: it is no status"));
    assert!(told("matched,,", "matched,price,").contains(":2:cause: it is no cause of this status"));
    assert!(told("different,days", "different,").contains(":19:cause: it is no cause of this status"));
    assert!(told("0.00,EUR", "0.01,EUR").contains(":2:difference: it is not our amount less the vendor's"));
    assert!(told("0.00,EUR", "0.00,EUX").contains(":2:currency: it is no currency"));
    assert!(told("120.00,120.00,0.00", "120.001,120.00,0.00").contains(":2:ours_amount: it is no number"));
    assert!(told("2026-11-30", "2026-11-31").contains(":2:cycle_end: it is no day"));
    assert!(told("explained_by", "explained").contains(":1:explained_by: it is missing"));
}

#[test]
fn sums_that_a_spreadsheet_would_not_show_to_the_digit_are_refused() {
    let header = DIFFERENCES.lines().next().unwrap();
    let row = |amount: &str| {
        format!(
            "ours-only,quantity,1,1,1,1,2026-11-01,2026-11-30,1,,1.00,,30,,,,{amount},,{amount},EUR,,,1,0,\n"
        )
    };
    assert_eq!(refused(&format!("{header}\n{}", row("9999999999999.99"))), "");
    let told = refused(&format!("{header}\n{}{}", row("9999999999999.99"), row("0.01")));
    assert!(
        told.contains("the sum of all amounts in EUR, 1000000000000000 minor units, has more than"),
        "{told}"
    );
    // Signs hide nothing: what a group-by adds up may have one sign alone.
    let told = refused(&format!("{header}\n{}{}", row("9999999999999.99"), row("-9999999999999.99")));
    assert!(told.contains("has more than the fifteen digits"), "{told}");
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let error = Known::default().workbook(std::path::Path::new("nowhere/differences.parquet"), 1);
    assert!(matches!(error, Err(ReportError::Read { .. })));
}
