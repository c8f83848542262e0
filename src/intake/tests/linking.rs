//! Rows put together: ids, duplicates, events and what parks a subscription.

use super::*;
use termwise_engine::findings::{Disposition, NotDue};

const GOOD: &str = "P,1,NL,EUR,P1Y,monthly,10,2026-01-01";

fn fates(read: &Read) -> Vec<String> {
    let shown = |fate: &Fate| match fate {
        Fate::Billed => "billed".to_owned(),
        Fate::NotDue(why) => why.name().to_owned(),
        Fate::Set(disposition) => disposition.name().to_owned(),
    };
    read.fates
        .iter()
        .map(|(source, fate)| format!("{}:{} {}", source.table.name(), source.row, shown(fate)))
        .collect()
}

fn subscriptions(rows: &[String]) -> Given {
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    Given::new().csv(Table::Subscriptions, SUBSCRIPTIONS, &rows)
}

#[test]
fn ids_are_ranked_by_customer_and_text_whatever_the_order() {
    let rows = [
        format!("S-2,C-B,{GOOD}"),
        format!("S-10,C-A,{GOOD}"),
        format!("S-1,C-B,{GOOD}"),
        format!("S-9,C-A,{GOOD}"),
    ];
    let shown = |rows: &[String]| {
        let read = subscriptions(rows).read();
        let ids: Vec<usize> = read.book.subscriptions.iter().map(|row| row.id.rank()).collect();
        assert_eq!(ids, [0, 1, 2, 3]);
        let names = &read.names;
        let shown = |row: &termwise_engine::book::Subscription| {
            format!("{} {}", names.customer(row.customer), names.subscription(row.id))
        };
        read.book.subscriptions.iter().map(shown).collect::<Vec<_>>()
    };
    let expected = ["C-A S-10", "C-A S-9", "C-B S-1", "C-B S-2"];
    assert_eq!(shown(&rows), expected);
    let backwards: Vec<String> = rows.iter().rev().cloned().collect();
    assert_eq!(shown(&backwards), expected);
    let split = subscriptions(&rows[..1]).csv(
        Table::Subscriptions,
        SUBSCRIPTIONS,
        &[rows[1].as_str(), rows[2].as_str(), rows[3].as_str()],
    );
    assert_eq!(split.read().book.subscriptions.len(), 4);
}

#[test]
fn every_cell_at_fault_is_found_at_once() {
    let rows = [
        format!("OK,C,{GOOD}"),
        "A,,P,1,NL,EUR,P1Y,yearly,1.5,01/02/2026".to_owned(),
        "B,C,P,1,NL,EURO,P1Y,monthly,10,2026-01-01".to_owned(),
        "D,C,P,1,NL,EURO,P1Y,monthly,10,".to_owned(),
        "E,C,P,1,NL,EUR,P1Y,monthly,0,2026-01-01".to_owned(),
        "F,C,P,1,NL,EUR,P1Y,monthly,-3,2026-01-01".to_owned(),
        "G,C,P,1,NL,EUR,P1Y,monthly,1000001,2026-01-01".to_owned(),
        "H,C,P,1,NL,EUR,P1M,annual,10,2026-01-01".to_owned(),
        "I,C,P,1,NL,EUR,P1M,monthly,10".to_owned(),
        format!(",C,{GOOD}x"),
    ];
    let given = subscriptions(&rows);
    let expected = [
        "subscriptions:2:billing_cycle value-unknown parked",
        "subscriptions:2:customer_id value-missing parked",
        "subscriptions:2:quantity number-invalid parked",
        "subscriptions:2:term_start date-invalid parked",
        "subscriptions:3:currency currency-unknown rejected",
        "subscriptions:4:currency currency-unknown parked",
        "subscriptions:4:term_start value-missing parked",
        "subscriptions:5:quantity seats-not-positive rejected",
        "subscriptions:6:quantity seats-not-positive rejected",
        "subscriptions:7:quantity number-invalid parked",
        "subscriptions:8:billing_cycle billing-cycle-not-for-term rejected",
        "subscriptions:9: field-count parked",
        "subscriptions:10:subscription_id value-missing parked",
        "subscriptions:10:term_start date-invalid parked",
    ];
    assert_eq!(given.findings(), expected);
    let read = given.read();
    assert_eq!(read.book.subscriptions.len(), 1);
    assert_eq!(read.fates.len(), 9);
}

#[test]
fn duplicates_are_all_rejected() {
    let rows = [
        format!("A,C,{GOOD}"),
        format!("B,C,{GOOD}"),
        format!("A,D,{GOOD}"),
        "A,C,P,1,NL,EUR,P1Y,monthly,ten,2026-01-01".to_owned(),
    ];
    let given = subscriptions(&rows)
        .csv(Table::Customers, "customer_id,market", &["C,NL", "D,NL", "D,NL", "E,"])
        .csv(Table::Partners, "partner_id,kind", &["P,direct", "P,", "Q,reseller"])
        .csv(Table::Subscriptions, SUBSCRIPTIONS, &[&format!("D1,D,{GOOD}"), &format!("F1,F,{GOOD}")]);
    let expected = [
        "subscriptions:1:subscription_id subscription-duplicate rejected",
        "subscriptions:3:subscription_id subscription-duplicate rejected",
        "subscriptions:4:quantity number-invalid rejected",
        "subscriptions:4:subscription_id subscription-duplicate rejected",
        "subscriptions:1:customer_id customer-unknown rejected",
        "subscriptions:2:customer_id customer-unknown rejected",
        "customers:2:customer_id customer-duplicate rejected",
        "customers:3:customer_id customer-duplicate rejected",
        "customers:4:market value-missing rejected",
        "partners:1:partner_id partner-duplicate rejected",
        "partners:2:partner_id partner-duplicate rejected",
        "partners:3:kind value-unknown rejected",
    ];
    assert_eq!(given.findings(), expected);
    assert_eq!(given.read().book.subscriptions.len(), 1);
}

#[test]
fn a_market_must_be_the_customers() {
    let given =
        subscriptions(&[format!("A,C,{GOOD}")]).csv(Table::Customers, "customer_id,market", &["C,BE"]);
    assert_eq!(given.findings(), ["subscriptions:1:market market-differs rejected"]);
}

#[test]
fn events_find_their_subscription_or_are_settled_here() {
    let rows = [
        format!("A,C,{GOOD}"),
        format!("B,C,{GOOD}"),
        "BAD,C,P,1,NL,EUR,P1Y,monthly,ten,2026-01-01".to_owned(),
        "NONE,C,P,1,NL,EUR,P1Y,monthly,0,2026-01-01".to_owned(),
    ];
    let given = subscriptions(&rows)
        .csv(
            Table::SeatChanges,
            "subscription_id,changed_at,quantity,quantity_before,change_id",
            &[
                "A,2026-02-01,12,10,1",
                "A,2026-02-01T00:00:00+01:00,-1,,",
                "BAD,2026-02-01,12,,",
                "NONE,2026-02-01,12,,",
                "WHO,2026-02-31,12,,",
                "B,2026-02-31,12,,",
                "B,2026-02-28,12.5,,",
                "BAD,2026-02-31,12,,",
                ",2026-02-01,12,,",
                "B,2026-02-01,12",
            ],
        )
        .csv(
            Table::LifecycleEvents,
            "subscription_id,happened_at,kind,quantity,target_subscription_id,target_term,target_billing_cycle",
            &["A,2026-03-01,cancel,,,,", "B,2026-03-01,explode,,,,"],
        )
        .csv(Table::Redemptions, "subscription_id,code,entered_at,order_id", &["A,X,2026-01-01,O", "B,,2026-01-01,"])
        .csv(
            Table::ScheduledChanges,
            "subscription_id,scheduled_at,product_id,sku_id,quantity,promotion_id",
            &["A,2026-03-01,,2,0,none", "A,2026-03-01,Q,,,", "A,2026-03-02,Q,7,5,PROMO"],
        );
    let read = given.read();
    let expected = [
        "subscriptions:1: subscription-parked parked",
        "subscriptions:2: subscription-parked parked",
        "subscriptions:3:quantity number-invalid parked",
        "subscriptions:4:quantity seats-not-positive rejected",
        "redemptions:2:code value-missing parked",
        "seat_changes:5:subscription_id subscription-unknown refused",
        "seat_changes:6:changed_at instant-invalid parked",
        "seat_changes:7:quantity number-invalid parked",
        "seat_changes:8:changed_at instant-invalid parked",
        "seat_changes:9:subscription_id value-missing parked",
        "seat_changes:10: field-count parked",
        "lifecycle_events:2:kind value-unknown parked",
        "scheduled_changes:2:sku_id value-missing parked",
    ];
    assert_eq!(given.findings(), expected);
    let settled = [
        "subscriptions:3 parked",
        "subscriptions:4 rejected",
        "redemptions:2 parked",
        "seat_changes:3 subscription-rejected",
        "seat_changes:4 subscription-rejected",
        "seat_changes:5 refused",
        "seat_changes:6 parked",
        "seat_changes:7 parked",
        "seat_changes:8 parked",
        "seat_changes:9 parked",
        "seat_changes:10 parked",
        "lifecycle_events:2 parked",
        "scheduled_changes:2 parked",
    ];
    assert_eq!(fates(&read), settled);
    let book = &read.book;
    assert!(book.subscriptions.iter().all(|row| row.parked));
    assert_eq!(book.seat_changes.iter().map(|row| row.quantity).collect::<Vec<_>>(), [-1, 12]);
    assert_eq!((book.events.len(), book.redemptions.len(), book.scheduled.len()), (1, 1, 2));
    let items: Vec<(&str, &str)> = book
        .scheduled
        .iter()
        .filter_map(|row| row.item)
        .map(|id| (read.names.product(id), read.names.sku(id)))
        .collect();
    assert_eq!(items, [("P", "2"), ("Q", "7")]);
    // Every row of the five tables is settled once: here, or by being in the book.
    let in_book = book.subscriptions.len()
        + book.seat_changes.len()
        + book.events.len()
        + book.redemptions.len()
        + book.scheduled.len();
    let rows: u64 = read.files.iter().map(|facts| facts.rows).sum();
    assert_eq!(rows as usize, in_book + read.fates.len());
    assert!(read.fates.iter().any(|(_, fate)| *fate == Fate::NotDue(NotDue::SubscriptionRejected)));
}

#[test]
fn excerpts_show_the_rows_of_all_findings() {
    let given =
        subscriptions(&[format!("A,C,{GOOD}"), "B,C,P,1,NL,EUR,P1Y,monthly,\"1,5\",2026-01-01".to_owned()]);
    let mut findings = given.read().findings;
    // One that the engine makes.
    let source = Source { table: Table::Subscriptions, file: 0, row: 1 };
    findings.push(Finding {
        source,
        disposition: Disposition::Rejected,
        code: Code::PriceMissing,
        column: "",
    });
    let rejects = given.read().intake.excerpts(&given.inputs, &findings).unwrap_or_default();
    let shown: Vec<_> = rejects
        .iter()
        .map(|r| (r.file.as_str(), r.key.as_str(), r.value.as_str(), r.excerpt.clone()))
        .collect();
    let expected = [
        ("subscriptions.csv", "A", "", format!("A,C,{GOOD}")),
        ("subscriptions.csv", "B", "1,5", "B,C,P,1,NL,EUR,P1Y,monthly,\"1,5\",2026-01-01".to_owned()),
    ];
    assert_eq!(shown, expected);
}
