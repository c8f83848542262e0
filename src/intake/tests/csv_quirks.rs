//! CSV as it comes: quirks that are read, and doubts that refuse the file.

use super::*;

fn names(given: &Given) -> Vec<String> {
    let read = given.read();
    (0..read.names.customers.len()).map(|rank| read.names.customers.text(rank).to_owned()).collect()
}

#[test]
fn one_content_in_many_writings() {
    let writings = [
        "customer_id,market\n007,NL\nB,BE\n",
        "customer_id,market\r\n007,NL\r\nB,BE\r\n",
        "customer_id,market\n007,NL\r\nB,BE\n",
        "\u{feff}customer_id,market\n007,NL\nB,BE\n",
        "\n\ncustomer_id,market\n\n007,NL\n\n\nB,BE\n\n",
        "market,customer_id\nNL,007\nBE,B\n",
        "\"customer_id\",\"market\"\n\"007\",\"NL\"\n\"B\",\"BE\"\n",
        "customer_id,name,market\n007,\"commas, and a \"\"quote\"\"\",NL\nB,,BE\n",
    ];
    for writing in writings {
        let given = customers(writing);
        assert_eq!(names(&given), ["007", "B"], "{writing:?}");
        assert_eq!(given.findings(), Vec::<String>::new(), "{writing:?}");
    }
}

#[test]
fn a_stray_pair_of_quotes_in_prose_swallows_no_row() {
    let refused = |table, csv: &str| refused(&Given::new().with(table, "rows.csv", csv)).1;
    let header = "promotion_id,name,product_id,sku_id,term,discount,starts_on,ends_on";
    let rows =
        "P1,\"12\"\" offer,A,1,P1Y,0.15,2026-01-01,2026-12-31\nP2,B\",A,1,P1M,0.15,2026-01-01,2026-12-31";
    let said = refused(Table::Promotions, &format!("{header}\n{rows}\n"));
    assert!(said.contains("rows.csv:1: the cell of \"name\" goes over several lines"), "{said}");
    let said = refused(Table::Customers, "note,customer_id,market\n\"a,A,NL\nb\",B,NL\n");
    assert!(said.contains("rows.csv:1: a "), "{said}");
}

#[test]
fn what_a_parser_would_pass_in_silence_refuses_the_file() {
    let cases: [(&str, &str); 17] = [
        ("", "customers.csv: the file is empty"),
        ("\n\n", "customers.csv: the file is empty"),
        ("customer_id,market\rA,NL\rB,BE\r", "carriage returns only"),
        ("customer_id,market\nA,NL\rB,BE\n", "customers.csv:1: a carriage return"),
        (
            "customer_id,market\nA,NL\n\"B,BE\nC,NL\nD,NL\n",
            "customers.csv:2: the quote that opens in this row",
        ),
        ("customer_id,market\n\"A,NL\nB,BE\nC,\"NL\"\n", "customers.csv:1: text follows the closing quote"),
        (
            "customer_id,market\n\"A,NL\nB,BE\nC,\"\n",
            "customers.csv:1: the cell of \"customer_id\" goes over",
        ),
        (
            "customer_id,name,market\nA,\"x,NL\nB,y,BE\nC,\",NL\n",
            "customers.csv:1: a quoted field holds what looks",
        ),
        ("customer_id,market\nA,\"2\"3\n", "customers.csv:1: text follows the closing quote"),
        ("customer_id,market\nA,N\"L\n", "customers.csv:1: a quote stands inside a field"),
        (
            "customer_id,market\nA,NL\nB,BE\nC",
            "customers.csv:3: the last row has no line break and 1 of 2 fields",
        ),
        ("customer_id,market\nA,NL\nB,\"BE", "customers.csv:2: the quote that opens in this row"),
        ("customer_id,market,market\nA,NL,NL\n", "has the column \"market\" twice"),
        ("customer_id,\"market\nA,NL\n", "a quote in the header is not closed"),
        ("c\0u\0s\0t\0\n", "the header holds NUL"),
        (
            "Customer Id,Market\nA,NL\n",
            "the column \"customer_id\" is missing; the file's header is: Customer Id,Market",
        ),
        ("customer_id;market\nA;NL\n", "the column \"customer_id\" is missing"),
    ];
    for (text, expected) in cases {
        let (code, message) = refused(&customers(text));
        assert_eq!(code, 65, "{text:?}: {message}");
        assert!(message.contains(expected), "{text:?}: {message}");
    }
}

#[test]
fn the_hint_names_the_nearest_column() {
    let hint = customers("Customer Id,market\nA,NL\n").refusal().hint().to_owned();
    assert_eq!(
        hint,
        "if \"Customer Id\" is that column, write customer_id = \"Customer Id\" under [columns.customers]"
    );
    let hint = customers("customer_id;market\nA;NL\n").refusal().hint().to_owned();
    assert!(hint.contains("separated by ';'"), "{hint}");
}

#[test]
fn text_that_is_not_utf8_is_found_by_its_byte() {
    let (code, message) = refused(&customers(b"customer_id,market\nA,NL\nCaf\xe9,BE\n"));
    assert_eq!(code, 65);
    assert!(message.contains("byte 27 (line 3)"), "{message}");
    assert!(customers(b"\xff\xfec\0u\0").refusal().hint().contains("UTF-16"));
}

#[test]
fn a_long_field_refuses_the_file() {
    let long = "x".repeat(70_000);
    let (code, message) = refused(&customers(format!("customer_id,name,market\nA,{long},NL\n")));
    assert_eq!((code, message.as_str()), (65, "customers.csv:1: a field is longer than 64 KiB"));
    let (_, message) = refused(&customers(format!("customer_id,name,market\nA,,NL\nB,\"{long}\",NL\n")));
    assert!(message.starts_with("customers.csv:2: the quote that opens"), "{message}");
}

#[test]
fn a_missing_last_line_break_is_a_warning() {
    let read = customers("customer_id,market\nA,NL\nB,BE").read();
    assert_eq!(read.warnings.len(), 1);
    assert!(
        read.warnings[0].starts_with("customers.csv:2: the last row has all its fields"),
        "{:?}",
        read.warnings
    );
    let read = customers("customer_id,market\n").read();
    assert_eq!(read.warnings, ["customers.csv: the file has no rows"]);
    assert!(customers("customer_id,market").read().book.customers.is_some());
}

#[test]
fn rows_are_counted_without_header_and_blank_lines() {
    let given = customers("customer_id,market\n\nA,NL\n\nB,BE,extra\nC\nD,\nE,N\tL\n ,NL\nF,NL\n");
    let expected = [
        "customers:2: field-count rejected",
        "customers:3: field-count rejected",
        "customers:4:market value-missing rejected",
        "customers:5:market text-invalid rejected",
    ];
    assert_eq!(given.findings(), expected);
    let rejects = given.read().intake.excerpts(&given.inputs, &given.read().findings).unwrap_or_default();
    let shown: Vec<_> =
        rejects.iter().map(|r| (r.key.as_str(), r.value.as_str(), r.excerpt.as_str())).collect();
    assert_eq!(shown, [("B", "", "B,BE,extra"), ("C", "", "C"), ("D", "", "D,"), ("E", "N\tL", "E,N\tL")]);
}

#[test]
fn columns_are_mapped_and_unknown_ones_named() {
    let given = customers("Customer Id,market,Qualification,notes\nA,NL,education,x\n").map(
        Table::Customers,
        "customer_id",
        "Customer Id",
    );
    let expected = [
        "customers.csv: the column \"Qualification\" is unknown and not read (did you mean \"qualifications\"?)",
        "customers.csv: the column \"notes\" is unknown and not read",
    ];
    assert_eq!(given.read().warnings, expected);
    let given = customers("customer_id,market\nA,NL\n").map(Table::Customers, "custmer_id", "x");
    assert_eq!(given.refusal().hint(), "did you mean \"customer_id\"?");
    let given = customers("customer_id,market\nA,NL\n").map(Table::Customers, "qualifications", "Kinds");
    assert!(refused(&given).1.contains("the column \"Kinds\" is missing"));
}

#[test]
fn of_two_faults_in_two_blocks_the_first_is_named_however_many_threads_read() {
    let row = |number: usize| format!("C-{number:05},NL\n");
    let mut rows: Vec<String> = (1..=4_000).map(row).collect();
    rows[699] = "C-00700\rx,NL\n".to_owned();
    // Whichever of the next blocks is read first, it has a fault too.
    for (number, row) in rows.iter_mut().enumerate().skip(705).take(55) {
        *row = format!("\"C-{number}\n\",NL\n");
    }
    let given = customers(format!("customer_id,market\n{}", rows.concat()));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(7).build();
    let pool = pool.unwrap_or_else(|error| unreachable!("{error}"));
    for _ in 0..100 {
        let beside = given.folder().to_owned();
        let reading = Reading {
            threads: 7,
            part_rows: 1,
            memory: None,
            beside,
            held: Vec::new(),
            policy_words: std::collections::BTreeMap::new(),
        };
        let refused = pool.install(|| super::super::read(&given.inputs, &policy(), &reading, &()));
        let told = refused.map(|_| ()).map_err(|error| error.to_string());
        let expected = "customers.csv:700: a carriage return stands without a line feed";
        assert_eq!(told, Err(expected.to_owned()));
    }
}
