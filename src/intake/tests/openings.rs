//! Subscriptions that upgrades open: who opens them, which events find them, and that the cutting into parts does not show.

use super::*;
use termwise_engine::book::Target;
use termwise_engine::calendar::Day;

const GOOD: &str = "P,1,NL,EUR,P1Y,monthly,10,2026-01-01";
const EVENTS: &str =
    "subscription_id,happened_at,kind,quantity,target_subscription_id,target_product_id,target_sku_id";

fn given(upgrades: &[&str], seat_changes: &[&str]) -> Given {
    let rows = [format!("A,C1,{GOOD}"), format!("B,C1,{GOOD}"), format!("Z,C2,{GOOD}")];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    Given::new()
        .csv(Table::Subscriptions, SUBSCRIPTIONS, &rows)
        .csv(Table::LifecycleEvents, EVENTS, upgrades)
        .csv(Table::SeatChanges, "subscription_id,changed_at,quantity", seat_changes)
}

/// Everything in the book and beside it, as words, with parts of so many rows.
fn read_in_parts(given: &Given, part_rows: usize) -> Vec<String> {
    let reading = Reading { part_rows, ..whole(given.folder()) };
    let intake =
        super::super::read(&given.inputs, &policy(), &reading, &()).unwrap_or_else(|_| unreachable!());
    let mut said: Vec<String> = intake.findings.iter().map(shown_finding).collect();
    for number in 0..intake.parts() {
        let Part { book, names, findings, fates } = intake.take_part(number).unwrap_or_default();
        said.extend(findings.iter().map(shown_finding));
        said.extend(fates.iter().map(|(source, fate)| format!("{source:?} {fate:?}")));
        let named = |target: Target| match target {
            Target::Nobody => "nobody".to_owned(),
            Target::Barred => "barred".to_owned(),
            Target::Subscription(id) => names.subscription(id).to_owned(),
            Target::Opened(id) => format!("opens {}", names.subscription(id)),
        };
        for row in &book.subscriptions {
            let opened = if row.opened { " opened" } else { "" };
            said.push(format!("{} of {}{opened}", names.subscription(row.id), names.customer(row.customer)));
        }
        for event in &book.events {
            said.push(format!(
                "{} upgrades to {}",
                names.subscription(event.subscription),
                named(event.target)
            ));
        }
        said.extend(
            book.seat_changes.iter().map(|row| format!("{} seats", names.subscription(row.subscription))),
        );
    }
    said.sort();
    said
}

fn read(given: &Given) -> Vec<String> {
    let said = read_in_parts(given, usize::MAX);
    assert_eq!(read_in_parts(given, 1), said, "the cutting into parts must not show");
    said
}

#[test]
fn an_id_that_the_book_lacks_is_opened_and_its_events_find_it() {
    let upgrades = [
        "NEW,2026-03-01,upgrade,2,NEWER,P,3",
        "A,2026-02-01,upgrade,4,NEW,P,2",
        "NEWER,2026-04-01,cancel,,,,",
        "WHO,2026-04-01,cancel,,,,",
    ];
    let said = read(&given(&upgrades, &["NEW,2026-02-02,5", "NEWER,2026-03-02,5", "WHO,2026-03-02,5"]));
    for expected in
        ["NEW of C1 opened", "NEWER of C1 opened", "NEW seats", "NEWER seats", "A upgrades to opens NEW"]
    {
        assert!(said.contains(&expected.to_owned()), "{expected}: {said:#?}");
    }
    assert!(said.contains(&"lifecycle_events:4:subscription_id subscription-unknown refused".to_owned()));
    assert!(said.contains(&"seat_changes:3:subscription_id subscription-unknown refused".to_owned()));
    assert_eq!(said.iter().filter(|said| said.ends_with("opened")).count(), 2, "{said:#?}");
}

#[test]
fn an_id_of_the_book_is_a_target_for_its_own_customer_only() {
    let said = read(&given(&["A,2026-02-01,upgrade,4,B,,", "B,2026-02-01,upgrade,4,Z,P,2"], &[]));
    assert!(said.contains(&"A upgrades to B".to_owned()), "{said:#?}");
    assert!(said.contains(&"B upgrades to barred".to_owned()), "{said:#?}");
    assert!(!said.iter().any(|said| said.ends_with("opened")));
}

#[test]
fn an_id_that_two_customers_would_open_is_opened_by_neither() {
    let upgrades =
        ["A,2026-02-01,upgrade,4,NEW,P,2", "Z,2026-02-02,upgrade,4,NEW,P,2", "NEW,2026-03-01,cancel,,,,"];
    let said = read(&given(&upgrades, &["NEW,2026-02-03,5"]));
    assert!(said.contains(&"A upgrades to nobody".to_owned()), "{said:#?}");
    assert!(said.contains(&"Z upgrades to nobody".to_owned()), "{said:#?}");
    assert!(!said.iter().any(|said| said.ends_with("opened")));
    assert!(said.contains(&"lifecycle_events:3:subscription_id subscription-unknown refused".to_owned()));
    assert!(said.contains(&"seat_changes:1:subscription_id subscription-unknown refused".to_owned()));
}

#[test]
fn who_buys_settles_who_opens_an_id_however_far_the_way_to_it() {
    // X is named by two customers, and Y by what would have been X: neither is opened, in one part or in several.
    let upgrades = [
        "A,2026-02-01,upgrade,4,X,P,2",
        "Z,2026-02-02,upgrade,4,X,P,2",
        "X,2026-03-01,upgrade,1,Y,P,3",
        "Y,2026-04-01,cancel,,,,",
    ];
    let said = read(&given(&upgrades, &[]));
    assert!(!said.iter().any(|said| said.ends_with("opened")), "{said:#?}");
    // Of one customer, two sources are as good as one.
    let upgrades =
        ["A,2026-02-01,upgrade,4,X,P,2", "B,2026-02-02,upgrade,4,X,P,2", "X,2026-03-01,upgrade,1,Y,P,3"];
    let said = read(&given(&upgrades, &[]));
    assert_eq!(said.iter().filter(|said| said.ends_with("opened")).count(), 2, "{said:#?}");
}

#[test]
fn an_id_of_two_rows_opens_nothing_whichever_row_comes_first() {
    let upgrades = ["D,2026-02-01,upgrade,4,NEW,P,2", "Z,2026-02-02,upgrade,4,NEW,P,2"];
    let twice = [format!("D,C1,{GOOD}"), format!("D,C2,{GOOD}")];
    let read_rows = |rows: &[&String]| {
        let sources = [format!("Z,C2,{GOOD}")];
        let rows: Vec<&str> = rows.iter().copied().chain(&sources).map(String::as_str).collect();
        let given = Given::new().csv(Table::Subscriptions, SUBSCRIPTIONS, &rows).csv(
            Table::LifecycleEvents,
            EVENTS,
            &upgrades,
        );
        read(&given)
    };
    let said = read_rows(&[&twice[0], &twice[1]]);
    assert_eq!(read_rows(&[&twice[1], &twice[0]]), said);
    assert!(said.contains(&"NEW of C2 opened".to_owned()), "{said:#?}");
    assert!(said.contains(&"Z upgrades to opens NEW".to_owned()), "{said:#?}");
}

#[test]
fn what_can_not_be_read_of_an_opened_subscription_keeps_it_closed() {
    let given = given(&["A,2026-02-01,upgrade,4,NEW,P,2"], &["NEW,2026-02-31,5"]);
    let read = given.read();
    let parked: Vec<bool> = read.book.subscriptions.iter().map(|row| row.parked).collect();
    assert_eq!(parked, [false, false, true, false], "A, B, NEW, Z");
    assert_eq!(given.findings(), ["seat_changes:1:changed_at instant-invalid parked"]);
}

#[test]
fn the_first_source_that_can_be_upgraded_is_taken_over_from() {
    let rows = [
        format!("A,C1,{GOOD}"),
        "B,C1,P,1,BE,EUR,P1Y,monthly,0,2026-01-01".to_owned(),
        format!("C,C1,{GOOD}"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let upgrades = ["B,2026-01-02,upgrade,4,NEW,P,2", "C,2026-02-01,upgrade,4,NEW,P,2"];
    let given = Given::new().csv(Table::Subscriptions, SUBSCRIPTIONS, &rows).csv(
        Table::LifecycleEvents,
        EVENTS,
        &upgrades,
    );
    let read = given.read();
    let shown: Vec<(&str, bool, Day)> = (read.book.subscriptions.iter())
        .map(|row| (read.names.subscription(row.id), row.opened, row.term_start))
        .collect();
    let day = |month, day| Day::from_ymd(2026, month, day).unwrap_or_else(|| unreachable!());
    assert_eq!(shown, [("A", false, day(1, 1)), ("C", false, day(1, 1)), ("NEW", true, day(2, 1))]);
}
