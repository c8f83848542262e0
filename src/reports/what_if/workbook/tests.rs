//! The workbook as a reader of it sees it.

use super::super::model::WhatIf;
use super::fixture::what_if;
use super::workbook;
use crate::reports::ReportError;
use crate::reports::figures::LARGEST;
use crate::reports::fixture::{Book, Found};

fn read(what_if: &WhatIf) -> Book {
    Book::read(&workbook(what_if).unwrap())
}

fn refused(what_if: &WhatIf) -> String {
    workbook(what_if).err().map(|error| error.to_string()).unwrap_or_default()
}

/// The rows of a sheet below its headings.
fn rows(book: &Book, name: &str) -> Vec<String> {
    book.seen(name).into_iter().skip_while(|row| !row.starts_with("Currency|")).skip(1).collect()
}

/// The rows of a table on the Summary, from its heading to the next empty line.
fn table(book: &Book, heading: &str) -> Vec<String> {
    let rows = book.seen("Summary").into_iter();
    let rows = rows.skip_while(|row| row.split('|').next() != Some(heading)).skip(1);
    rows.take_while(|row| !row.is_empty()).collect()
}

#[test]
fn sheets_stand_in_their_order() {
    let sheets = ["Summary", "By month", "By product", "By customer", "Left out", "Inputs & rules"];
    assert_eq!(read(&what_if()).names(), sheets);
}

#[test]
fn the_summary_has_a_column_for_each_proposal() {
    let book = read(&what_if());
    let expected = [
        "Before|1000|1030",
        "After|1050|930",
        "Change|50.00|-100.00",
        "Change %|0.0500|-0.0971",
        "of the change: list price|48|0",
        "of the change: promotion|3|-100",
        "of the change: code|-1.01|0",
        "of the change: policy|0|0",
        "of the change: rounding|0.01|0",
        "Subscriptions with a charge|21|21",
        "Subscriptions changed|2|2",
        "Customers|14|14",
        "Customers who pay more|5|0",
        "Customers who pay less|1|1",
        "Customers whose amount rises by more than 5 %|3|3",
        "Customers whose amount rises by more than 10 %|2|2",
        "Customers whose amount rises by more than 20 %|1|1",
        "Customers who paid nothing before|1|1",
        "Subscriptions left out|3|0",
        "Left out of before|30|0",
        "Left out of after|1|0",
        "The causes add up to the change|ties|ties",
        "All totals of By month, row 3|ties|ties",
        "All totals of By product, row 3|ties|ties",
        "All totals of By customer, row 3|ties|ties",
        "Totals of Left out|ties",
    ];
    assert_eq!(table(&book, "EUR"), expected);
    let yen = table(&book, "JPY");
    assert_eq!(yen[..4], ["Before|800|0", "After|801|0", "Change|1|0", "Change %|0.0013|"]);
    assert_eq!(yen.last().unwrap(), "Totals of Left out||ties");
    let dinars = table(&book, "KWD");
    assert_eq!(
        dinars[..4],
        ["Before|1|1", "After|0.995|1.001", "Change|-0.005|0.001", "Change %|-0.0050|0.0010"]
    );
    assert!(book.seen("Summary").contains(&"Checks on this sheet|everything ties".to_owned()));
    // 46356 is 2026-11-30.
    assert!(book.seen("Summary").contains(&"As of the end of|46356".to_owned()));
}

#[test]
fn proposals_say_who_wants_what_and_what_matches_nothing() {
    let book = read(&what_if());
    let expected = [
        "Title|The vendor's list of 2027|=1+1",
        "Author|@finance|@finance",
        "Why|-10 % for a year, if we can|-10 % for a year, if we can",
        "Changes|1|2",
        "Changes that match nothing|0|1",
        "Subscriptions left out|3|3",
    ];
    assert_eq!(table(&book, "Proposals"), expected);
    let changes = [
        "Change 1|line 12: +5% on P1Y, Monthly from 2026-12-01 (14 matches)|line 9: promotion P-1 ends on 2026-12-31 (1 match)",
        "Change 2||line 13: rounding truncate (MATCHES NOTHING)",
    ];
    assert_eq!(table(&book, "Changes of each proposal"), changes);
}

#[test]
fn customers_have_a_group_of_columns_for_each_proposal_and_the_others_a_row() {
    let book = read(&what_if());
    // 46402 is 2027-01-15.
    let expected = [
        "EUR|0001|Contoso & Söhne|800|845|45|0.0563|46402|43|3|-1.01|0|0.01|830|750|-80|-0.0964|46402|0|-80|0|0|0",
        "EUR|@SUM(1+1)|=HYPERLINK(\"http://evil.example\")|0|5|5||46402|5|0|0|0|0|0|0|0|||0|0|0|0|0",
        "EUR||12 other customers|200|200|0|0||0|0|0|0|0|200|180|-20|-0.1||0|-20|0|0|0",
        "JPY|-7|\\tTab|800|801|1|0.0013|46402|1|0|0|0|0|0|0|0|||0|0|0|0|0",
        "KWD|-7|\\tTab|1|0.995|-0.005|-0.005|46402|0|0|0|-0.005|0|1|1.001|0.001|0.001|46402|0|0|0|0|0.001",
    ];
    assert_eq!(rows(&book, "By customer"), expected);
    let seen = book.seen("By customer");
    assert!(
        seen[2].starts_with(
            "Total EUR|||1000.00|1050.00|50.00|0.0500||48.00|3.00|-1.01|0.00|0.01|1030.00|930.00|"
        )
    );
    assert!(seen.contains(&"|||a: The vendor's list of 2027||||||||||b: =1+1".to_owned()), "{seen:#?}");
}

/// What stands below the totals' headings in the columns that are called so, and where.
fn totals<'b>(book: &'b Book, name: &str, heading: &str) -> Vec<(u32, &'b str)> {
    let cells = book.cells(name);
    let columns = cells.iter().filter(|(_, cell)| **cell == Found::Text(heading.to_owned()));
    columns.map(|((_, column), _)| (*column, cells[&(2, *column)].seen())).collect()
}

#[test]
fn every_proposal_has_its_own_before_in_every_total_and_check() {
    let book = read(&what_if());
    assert_eq!(totals(&book, "By month", "Before"), [(2, "1000.00"), (13, "1030.00")]);
    assert_eq!(totals(&book, "By product", "Before"), [(4, "1000.00"), (15, "1030.00")]);
    assert_eq!(totals(&book, "By customer", "Before"), [(3, "1000.00"), (13, "1030.00")]);
    let checks = book.cells("Summary").iter().filter_map(|((_, column), cell)| match cell {
        Found::Formula(formula, _) => Some((*column, formula.as_str())),
        Found::Text(_) | Found::Number(_) => None,
    });
    for (column, pair) in [(1, "ABS('By customer'!$D$3-$B$"), (2, "ABS('By customer'!$N$3-$C$")] {
        let found = checks.clone().filter(|(at, formula)| *at == column && formula.contains(pair));
        assert_eq!(found.count(), 1, "{pair}");
    }
}

#[test]
fn what_is_left_out_altogether_is_nothing_and_has_no_percentage() {
    let book = read(&what_if());
    // The groups of the proposal that leaves the yen out begin with before, after, change and percentage.
    for (name, group) in [("By month", 13), ("By product", 15), ("By customer", 13)] {
        let begins = |row: &String| row.split('|').skip(group).take(4).collect::<Vec<_>>().join("|");
        let seen = book.seen(name);
        let total = seen.iter().find(|row| row.starts_with("Total JPY|")).map(begins);
        let row = rows(&book, name).iter().find(|row| row.starts_with("JPY|")).map(begins);
        assert_eq!([total, row], [Some("0|0|0|".to_owned()), Some("0|0|0|".to_owned())], "{name}");
    }
}

#[test]
fn months_and_products_count_subscriptions() {
    let book = read(&what_if());
    assert_eq!(
        rows(&book, "By month")[1],
        "EUR|2027-01|600|650|50|0.0833|48|3|-1.01|0|0.01|1|2|630|550|-80|-0.127|0|-80|0|0|0|1|2"
    );
    assert_eq!(
        rows(&book, "By product")[1],
        "EUR|=cmd('/C calc')!A0|0002||250|253|3|0.012|1|46402|0|3|0|0|0|280|230|-50|-0.1786|1|46402|0|-50|0|0|0"
    );
}

#[test]
fn totals_are_formulas_with_their_results() {
    let book = read(&what_if());
    let cells = book.cells("By month");
    let formula = |place| match cells.get(&place) {
        Some(Found::Formula(formula, seen)) => (formula.as_str(), seen.as_str()),
        Some(Found::Text(_) | Found::Number(_)) | None => ("", ""),
    };
    assert_eq!(formula((2, 2)), ("ROUND(SUMIFS($C$8:$C$11,$A$8:$A$11,\"EUR\"),2)", "1000.00"));
    assert_eq!(formula((2, 13)), ("ROUND(SUMIFS($N$8:$N$11,$A$8:$A$11,\"EUR\"),2)", "1030.00"));
    assert_eq!(formula((2, 16)), ("IF($N$3>0,ROUND($P$3/$N$3,4),\"\")", "-0.0971"));
    assert_eq!(formula((2, 5)), ("IF($C$3>0,ROUND($E$3/$C$3,4),\"\")", "0.0500"));
    assert_eq!(formula((2, 12)), ("SUMIFS($M$8:$M$11,$A$8:$A$11,\"EUR\")", "2"));
    let left_out = book.cells("Left out");
    let expected = "ROUND(SUMPRODUCT(EXACT($B$6:$B$7,\"a\")*($A$6:$A$7=\"EUR\")*$I$6:$I$7),2)";
    assert_eq!(left_out[&(2, 8)], Found::Formula(expected.to_owned(), "30.00".to_owned()));
}

#[test]
fn of_one_currency_there_is_also_what_a_filter_leaves() {
    let mut what_if = what_if();
    what_if.currencies.truncate(1);
    what_if.left_out.truncate(1);
    what_if.left_out_subscriptions = vec![3, 0];
    let book = read(&what_if);
    let seen = book.seen("By customer");
    assert!(seen[3].starts_with("Shown EUR|||1000.00|1050.00|50.00|0.0500|"), "{seen:#?}");
    let is_subtotal = |cell: &Found| matches!(cell, Found::Formula(formula, _) if formula == "ROUND(SUBTOTAL(109,$D$7:$D$9),2)");
    assert!(book.cells("By customer").values().any(is_subtotal));
}

#[test]
fn headers_stay_in_sight_and_are_printed_again() {
    let book = read(&what_if());
    let sheet = &book.parts["xl/worksheets/sheet4.xml"];
    assert!(sheet.contains("<pane xSplit=\"3\" ySplit=\"7\" topLeftCell=\"D8\""), "{sheet}");
    assert!(sheet.contains("<autoFilter ref=\"A7:W12\"/>") && sheet.contains("orientation=\"landscape\""));
    assert!(sheet.contains("fitToHeight=\"0\""));
    assert!(book.parts["xl/workbook.xml"].contains("'By customer'!$6:$7"));
}

#[test]
fn currencies_have_their_digits() {
    let book = read(&what_if());
    let styles = &book.parts["xl/styles.xml"];
    for format in ["#,##0.00", "#,##0.000", "0.00%", "yyyy-mm-dd"] {
        let is_built_in = matches!(format, "#,##0.00" | "0.00%");
        assert!(is_built_in || styles.contains(&format!("formatCode=\"{format}\"")), "{styles}");
    }
}

#[test]
fn what_a_spreadsheet_would_run_is_text() {
    let book = read(&what_if());
    let mut texts = Vec::new();
    for (name, cells) in &book.sheets {
        for cell in cells.values() {
            match cell {
                Found::Formula(formula, _) => {
                    assert!(!formula.contains("HYPERLINK") && !formula.contains("cmd"), "{name}: {formula}");
                }
                Found::Text(text) => texts.push(text.as_str()),
                Found::Number(_) => {}
            }
        }
    }
    for hostile in [
        "=HYPERLINK(\"http://evil.example\")",
        "=cmd('/C calc')!A0",
        "@SUM(1+1)",
        "-7",
        "\\tTab",
        "0001",
        "=1+1",
        "@finance",
        "=subscriptions.csv",
        "+1 note",
    ] {
        assert!(texts.contains(&hostile), "{hostile}");
    }
    assert_eq!(book.parts.values().filter(|text| text.contains("<hyperlink")).count(), 0);
}

#[test]
fn a_name_of_digits_or_of_other_letters_is_no_other_proposal() {
    let mut what_if = what_if();
    what_if.proposals[0].name = "1e2".to_owned();
    what_if.proposals[1].name = "100".to_owned();
    let book = read(&what_if);
    assert!(book.seen("Left out")[2].starts_with("Total EUR, 1e2|"));
    let is_exact = |cell: &Found| matches!(cell, Found::Formula(formula, _) if formula.contains("EXACT($B$6:$B$7,\"100\")"));
    assert!(book.cells("Left out").values().any(is_exact));
}

#[test]
fn the_same_what_if_has_the_same_bytes() {
    let first = workbook(&what_if()).unwrap();
    assert!(first == workbook(&what_if()).unwrap());
    let made = &Book::read(&first).parts["docProps/core.xml"];
    assert!(made.contains("2026-11-30T00:00:00Z"), "{made}");
}

#[test]
fn sums_that_do_not_tie_are_refused() {
    let told = |change: fn(&mut WhatIf)| {
        let mut what_if = what_if();
        change(&mut what_if);
        refused(&what_if)
    };
    let rows = told(|what_if| what_if.currencies[0].months[0].worlds[0].sums.before += 1);
    assert!(
        rows.contains("the causes of a change add up to it (R72) (2026-12, EUR: 0 instead of -1)"),
        "{rows}"
    );
    let rows = told(|what_if| {
        let sums = &mut what_if.currencies[0].products[0].worlds[1].sums;
        (sums.before, sums.after) = (sums.before + 1, sums.after + 1);
    });
    assert!(rows.contains("(By product, EUR, Before of proposal 2: 103001 instead of 103000)"), "{rows}");
    let rows = told(|what_if| {
        let world = &mut what_if.currencies[0].others.as_mut().unwrap().worlds[1];
        world.causes = [-1, -1_999, 0, 0, 0];
    });
    assert!(rows.contains("(By customer, EUR, Cause(0) of proposal 2: -1 instead of 0)"), "{rows}");
    let rows = told(|what_if| what_if.currencies[0].worlds[0].sums.after += 1);
    assert!(rows.contains("(a, EUR: 5000 instead of 5001)"), "{rows}");
    let rows = told(|what_if| what_if.left_out_subscriptions[1] = 4);
    assert!(rows.contains("(Left out, proposal 2: 3 instead of 4)"), "{rows}");
    let rows = told(|what_if| what_if.currencies[1].worlds[0].first_effects[0].0 = "2028-01".to_owned());
    assert!(rows.contains("a first effect lies in a month with a charge"), "{rows}");
    let rows = told(|what_if| what_if.currencies[0].months[1].worlds.truncate(1));
    assert!(rows.contains("every row tells of every proposal (2027-01, EUR)"), "{rows}");
    let rows = told(|what_if| what_if.left_out[0].proposal = 2);
    assert!(rows.contains("what is left out is of a proposal"), "{rows}");
    let rows = told(|what_if| what_if.currencies[1].code = "EUR".to_owned());
    assert!(rows.contains("a currency stands once (EUR)"), "{rows}");
}

#[test]
fn numbers_that_a_spreadsheet_would_not_show_to_the_digit_are_refused() {
    let mut what_if = what_if();
    let raise = |what_if: &mut WhatIf, by: i64| {
        let yen = &mut what_if.currencies[1];
        let rows = yen.months.iter_mut().chain(&mut yen.products).chain(&mut yen.listed);
        let of_rows = rows.filter_map(|row| row.worlds.first_mut()).map(|world| &mut world.sums);
        for sums in of_rows.chain(yen.worlds.first_mut().map(|world| &mut world.sums)) {
            (sums.before, sums.after) = (sums.before + by, sums.after + by);
        }
    };
    raise(&mut what_if, LARGEST - 801);
    assert_eq!(refused(&what_if), "");
    raise(&mut what_if, 1);
    assert!(matches!(workbook(&what_if), Err(ReportError::TooLarge { .. })));
    assert!(refused(&what_if).contains("1000000000000000"), "{}", refused(&what_if));
}

#[test]
fn a_what_if_of_nothing_is_a_workbook_too() {
    let nothing = WhatIf { as_of: "2026-11-30".to_owned(), ..WhatIf::default() };
    let book = read(&nothing);
    assert!(book.seen("Summary").contains(&"There is no charge in the horizon.".to_owned()));
    assert!(book.seen("Summary").contains(&"Checks on this sheet|there is nothing to tie".to_owned()));
    assert_eq!(book.seen("By customer").last().unwrap(), "none");
    assert_eq!(book.seen("Left out")[1], "Nothing is left out: both worlds have a price for every renewal.");
    let undated = refused(&WhatIf::default());
    assert!(undated.contains("a what-if looks at a day"), "{undated}");
}

#[test]
fn totals_of_many_currencies_leave_the_screen_to_the_rows() {
    let mut what_if = what_if();
    let yen = what_if.currencies[1].clone();
    for code in ["AUD", "CHF", "DKK", "GBP"] {
        let mut other = yen.clone();
        other.code = code.to_owned();
        what_if.currencies.push(other);
    }
    let book = read(&what_if);
    let about = &book.seen("By month")[1];
    assert!(about.ends_with("Totals of 7 currencies stand in the hidden rows 3 to 9."), "{about}");
    assert_eq!(book.parts["xl/worksheets/sheet2.xml"].matches("hidden=\"1\"").count(), 7);
}
