//! Proposals that leave different subscriptions out: each has its own amounts before the change.

use super::super::model::{Currency, LeftOut, Proposal, Row, RowWorld, WhatIf, World};
use super::charts::{Bridge, Largest};
use super::sample;
use super::tests::{steps, world};
use super::{Tile, section, tables};

/// Two proposals; under the second a customer is left out with everything.
fn differing() -> WhatIf {
    let worlds = [world(3_000, [150, 0, 0, 0, 0]), world(1_000, [0, -100, 0, 0, 0])];
    let row = |key: &str, worlds: [World; 2]| Row {
        key: key.to_owned(),
        worlds: worlds.map(|world| RowWorld { sums: world.sums, ..RowWorld::default() }).into(),
        ..Row::default()
    };
    let [one, other] = worlds.clone();
    let euros = Currency {
        code: "EUR".to_owned(),
        digits: 2,
        subscriptions: 2,
        customers: 2,
        worlds: worlds.into(),
        months: vec![row("2027-01", [one.clone(), other.clone()])],
        products: vec![row("P", [one, other.clone()])],
        listed: vec![
            row("C-1", [world(2_000, [150, 0, 0, 0, 0]), World::default()]),
            row("C-2", [world(1_000, [0; 5]), other]),
        ],
        others: None,
    };
    let proposal = |name: &str| Proposal { title: name.to_uppercase(), ..Proposal::default() };
    WhatIf {
        proposals: ["a", "b"].map(proposal).into(),
        left_out_subscriptions: vec![0, 1],
        left_out: vec![LeftOut {
            proposal: 1,
            subscriptions: 1,
            before: 2_000,
            currency: "EUR".to_owned(),
            ..LeftOut::default()
        }],
        currencies: vec![euros],
        ..WhatIf::default()
    }
}

fn texts(row: &[tables::Cell]) -> Vec<&str> {
    row.iter().map(|cell| cell.text.as_str()).collect()
}

fn told(tiles: &[Tile]) -> Vec<(&str, &str, &str)> {
    tiles.iter().map(|tile| (tile.label, tile.value.as_str(), tile.note.as_str())).collect()
}

#[test]
fn every_proposal_has_its_own_before() {
    let what_if = differing();
    let euros = section(&what_if, (0, &what_if.currencies[0]));
    assert_eq!(told(&euros.tiles), [("Customers", "2", ""), ("Subscriptions", "2", "")]);
    let comparison = euros.comparison.as_ref().unwrap();
    assert_eq!(comparison.note, "Before and after are without what is left out under the proposal.");
    assert_eq!(texts(&comparison.rows[0]), ["Before", "30.00", "10.00"]);
    assert_eq!(texts(&comparison.rows[3]), ["Change %", "+5.00%", "−10.00%"]);

    let before = [("30.00", ""), ("10.00", "without what is left out")];
    for (effect, (amount, note)) in euros.effects.iter().zip(before) {
        assert_eq!(told(&effect.tiles)[0], ("Before, as it is today", amount, note));
        assert_eq!(steps(&effect.bridge)[0], ("Before", amount, "total"));
        for table in [&effect.months, &effect.products] {
            let column = table.heads.iter().position(|head| head.label == "Before").unwrap();
            let total = table.foot.last().unwrap();
            assert_eq!([&table.rows[0], total].map(|row| row[column].text.as_str()), [amount; 2]);
        }
    }
    let [one, other] = [0, 1].map(|place| &euros.effects[place]);
    let bars = |largest: &Largest<'_>| -> Vec<(String, String)> {
        largest.bars.iter().map(|bar| (bar.id.to_owned(), bar.percent.clone())).collect()
    };
    assert_eq!(bars(&one.largest[0]), [("C-1".to_owned(), "+7.50%".to_owned())]);
    assert_eq!(bars(&other.largest[1]), [("C-2".to_owned(), "−10.00%".to_owned())]);
    assert!(bars(&other.largest[0]).is_empty());
    assert_eq!(other.calendar.months[0].change, "▼ −1.00");
}

#[test]
fn a_customer_who_is_left_out_with_everything_has_noughts_and_no_percentage() {
    let what_if = differing();
    let table = section(&what_if, (0, &what_if.currencies[0])).customers;
    let group = ["Before", "After", "Change", "Change\u{a0}%", "Subscriptions changed", "First effect"];
    let heads: Vec<&str> = table.heads.iter().map(|head| head.label.as_str()).collect();
    assert_eq!(heads, [["Customer"].as_slice(), &group, &group].concat());
    assert_eq!((table.ungrouped, table.groups.iter().map(|group| group.columns).collect()), (1, vec![6, 6]));
    let firsts = table.heads.iter().filter(|head| head.is_first).map(|head| head.label.as_str());
    assert_eq!(firsts.collect::<Vec<_>>(), ["Before"; 2]);
    assert_eq!(texts(&table.rows[0])[7..], ["0.00", "0.00", "0.00", "–", "0", "–"]);
    let keys: Vec<Option<&str>> = table.rows[0][7..].iter().map(|cell| cell.key.as_deref()).collect();
    assert_eq!(keys, [Some("0"), Some("0"), Some("0"), Some(""), Some("0"), None]);
    assert_eq!(texts(&table.foot[0])[1..5], ["30.00", "31.50", "+1.50", "+5.00%"]);
    assert_eq!(texts(&table.foot[0])[7..11], ["10.00", "9.00", "−1.00", "−10.00%"]);

    // All of a proposal may be left out.
    let nothing = Bridge::of(&World::default(), 2);
    let values: Vec<&str> = nothing.steps.iter().map(|step| step.value.as_str()).collect();
    assert_eq!((values, nothing.broken), (vec!["0.00"; 6], None));
}

#[test]
fn what_was_before_stands_above_proposals_that_share_it() {
    let mut what_if = sample::several();
    let above = |what_if: &WhatIf, place: usize| -> Vec<String> {
        let section = section(what_if, (place, &what_if.currencies[place]));
        told(&section.tiles).iter().map(|(label, _, note)| format!("{label}|{note}")).collect()
    };
    assert_eq!(above(&what_if, 0), ["Customers|", "Subscriptions|"]);
    assert_eq!(above(&what_if, 1), ["Before, as it is today|", "Customers|", "Subscriptions|"]);
    let yen = what_if.currencies[1].code.clone();
    what_if.left_out.iter_mut().for_each(|left| left.currency.clone_from(&yen));
    assert_eq!(above(&what_if, 1)[0], "Before, as it is today|without what is left out");
}
