//! However a file is cut into blocks, and the book into parts, the same is read: rows, numbers, findings and refusals.

use super::*;
use proptest::prelude::*;

/// Everything that reading comes to, in words; of several parts the rows stand one after the other. A file with two faults may
/// be refused for either, whichever block is looked at first.
fn told(given: &Given, reading: &Reading) -> Result<String, u8> {
    let exit = |error: IntakeError| error.exit_code();
    let intake = super::read(&given.inputs, &policy(), reading, &()).map_err(exit)?;
    let (mut findings, mut fates) = (intake.findings.clone(), intake.fates.clone());
    let mut rows = Vec::new();
    for number in 0..intake.parts() {
        let part = intake.take_part(number).map_err(exit)?;
        findings.extend(&part.findings);
        fates.extend(&part.fates);
        let names = &part.names;
        for row in &part.book.subscriptions {
            let (id, customer) = (names.subscription(row.id), names.customer(row.customer));
            let item = (names.product(row.item), names.sku(row.item));
            rows.push(format!("{customer} {id} {item:?} {} {:?} {}", row.quantity, row.source, row.parked));
        }
        for row in &part.book.seat_changes {
            let id = names.subscription(row.subscription);
            rows.push(format!(
                "{id} {} {} {:?}",
                row.changed_at,
                row.quantity,
                row.change.map(|id| names.change(id))
            ));
        }
    }
    findings.sort_unstable();
    fates.sort_unstable();
    rows.sort_unstable();
    let rejects = intake.excerpts(&given.inputs, &findings).map_err(exit)?;
    Ok(format!("{rows:#?} {findings:?} {fates:?} {:?} {:?} {rejects:#?}", intake.files, intake.warnings))
}

/// A cell, sometimes quoted, sometimes with what belongs into quotes, sometimes broken.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-dZ0-9-]{0,6}".prop_map(|text| text),
        2 => "[a-d,Ü]{0,5}".prop_map(|text| format!("\"{text}\"")),
        1 => Just("\"a\"\"b\"".to_owned()),
        1 => Just("\"x\ny\"".to_owned()),
    ]
}

/// A row of two ids, and what ends it.
fn row() -> impl Strategy<Value = String> {
    let end = prop_oneof![4 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\n\n"), 1 => Just("\r\n\r\n")];
    (cell(), cell(), 0..20_u32, end).prop_map(|(customer, id, quantity, end)| {
        format!("{id},{customer},P,1,NL,EUR,P1Y,monthly,{quantity},2026-01-01{end}")
    })
}

/// Now and then something that no file should hold.
fn spoilt() -> impl Strategy<Value = Option<&'static str>> {
    let faults = ["a\"b,", "\"open", "x\ry,", "\"a\"b,", "short,row\n", "\u{feff}", "end without a break,"];
    prop_oneof![3 => Just(None), 1 => proptest::sample::select(faults.to_vec()).prop_map(Some)]
}

fn file() -> impl Strategy<Value = String> {
    (any::<bool>(), proptest::collection::vec(row(), 0..30), spoilt(), 0..30_usize).prop_map(
        |(is_marked, mut rows, spoilt, place)| {
            if let Some(fault) = spoilt {
                rows.insert(place.min(rows.len()), fault.to_owned());
            }
            let mark = if is_marked { "\u{feff}" } else { "" };
            format!("{mark}{SUBSCRIPTIONS}\n{}", rows.concat())
        },
    )
}

fn events() -> impl Strategy<Value = String> {
    let row = (cell(), "2026-0[1-9]-1[0-9]", 0..9_u32, cell());
    let row = row.prop_map(|(id, at, quantity, change)| format!("{id},{at},{quantity},{change}\n"));
    proptest::collection::vec(row, 0..20)
        .prop_map(|rows| format!("subscription_id,changed_at,quantity,change_id\n{}", rows.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn blocks_parts_threads_and_memory_show_in_nothing(file in file(), events in events()) {
        let given = Given::new()
            .with(Table::Subscriptions, "subscriptions.csv", file)
            .with(Table::SeatChanges, "seat_changes.csv", events);
        let beside = given.folder().to_owned();
        let whole = Reading { threads: 1, part_rows: usize::MAX, memory: None, beside, held: Vec::new(), policy_words: std::collections::BTreeMap::new() };
        let expected = told(&given, &whole);
        for (threads, part_rows, memory) in [(1, 1, None), (3, 1, Some(0)), (2, 3, Some(100)), (2, 7, None)] {
            let reading = Reading { threads, part_rows, memory, ..whole.clone() };
            prop_assert_eq!(told(&given, &reading), expected.clone(), "{} threads, parts of {}", threads, part_rows);
        }
    }
}
