//! What happens to subscriptions: seats, cancellations, suspensions, upgrades, changes of plan and term, scheduled changes.

use super::dice::Dice;
use super::facts::Fact;
use super::prices::PRODUCTS;
use super::subscriptions::{Sold, months};
use super::world::World;
use chrono::{Days, Months, NaiveDate};

pub(crate) fn happen(dice: &mut Dice, world: &mut World, sold: &[Sold]) {
    let mut opened = Vec::new();
    for one in sold {
        let count = [0, 1, 1, 2, 2, 3, 5][dice.below(7) as usize];
        for number in 0..count {
            happening(dice, world, sold, one, number, &mut opened);
        }
    }
    // What is opened lives too, and may be upgraded again.
    let mut lived = 0;
    while lived < opened.len().min(6) {
        let one = opened[lived].clone();
        lived += 1;
        for number in 0..dice.below(3) {
            happening(dice, world, sold, &one, number, &mut opened);
        }
    }
}

/// A day on which it is worth it: near the purchase, of a cycle or term, or any of the nights; sometimes one before them.
fn moment(dice: &mut Dice, world: &World, of: &Sold) -> NaiveDate {
    let last = world.as_of(world.last_night());
    let any = world.cut_over + Days::new(dice.below(world.nights.len() as u32).into());
    match dice.below(10) {
        0..=2 if of.start >= world.cut_over => of.start + Days::new(dice.below(9).into()),
        0..=2 => {
            // On a border of a cycle or term within the nights, or thereabouts.
            let mut day = of.start;
            let mut count = 0;
            while day < world.cut_over {
                count += 1;
                day = of.start.checked_add_months(Months::new(count)).expect("a day");
            }
            (day + Days::new(dice.below(4).into()) - Days::new(dice.below(2).into())).min(last)
        }
        3 => (world.cut_over - Days::new(dice.below(25).into())).max(of.start),
        _ => any.max(of.start),
    }
}

fn happening(
    dice: &mut Dice,
    world: &mut World,
    sold: &[Sold],
    of: &Sold,
    number: u32,
    opened: &mut Vec<Sold>,
) {
    let day = moment(dice, world, of);
    if of.is_trial && dice.chance(60) {
        return trial(dice, world, of, day);
    }
    match dice.below(100) {
        0..=33 => seats(dice, world, of, number, day),
        34..=43 => event(dice, world, of, day, "cancel", &[]),
        44..=55 => {
            event(dice, world, of, day, "suspend", &[]);
            if dice.chance(75) {
                let later = day + Days::new(dice.below(30).into());
                event(dice, world, of, later, "reactivate", &[]);
            }
        }
        56..=75 => upgrade(dice, world, sold, of, day, opened),
        76..=81 => {
            let term = dice.pick(&["P1Y", "P1Y", "P3Y"]);
            let cycle = dice.maybe(40, &["monthly", "annual", "upfront"]);
            event(
                dice,
                world,
                of,
                day,
                "change_term",
                &[("target_term", term), ("target_billing_cycle", cycle)],
            );
        }
        82..=87 => {
            let cycle = dice.pick(&["annual", "annual", "monthly"]);
            event(dice, world, of, day, "change_billing_cycle", &[("target_billing_cycle", cycle)]);
        }
        88..=90 if of.is_legacy => event(dice, world, of, day, "migrate", &[]),
        _ => scheduled(dice, world, of, day),
    }
}

fn seats(dice: &mut Dice, world: &mut World, of: &Sold, number: u32, day: NaiveDate) {
    let mut held = of.seats;
    let mut day = day;
    for again in 0..dice.between(1, 2) {
        held = (held + dice.below(9)).saturating_sub(dice.below(6)).max(1);
        let (at, id) = (dice.at(day), format!("ch{number}{again}"));
        let change = if dice.chance(70) { id.as_str() } else { "" };
        let cells = [
            ("subscription_id", of.id.as_str()),
            ("changed_at", &at),
            ("quantity", &held.to_string()),
            ("change_id", change),
        ];
        world.facts.push(Fact::new("seat_changes", &cells, day));
        // Often they are taken back within the window.
        day = day + Days::new(dice.below(9).into());
        held = if dice.chance(60) { of.seats } else { held };
    }
}

fn event(dice: &mut Dice, world: &mut World, of: &Sold, day: NaiveDate, kind: &str, more: &[(&str, &str)]) {
    let at = dice.at(day);
    let mut cells = vec![("subscription_id", of.id.as_str()), ("happened_at", &at), ("kind", kind)];
    cells.extend(more);
    world.facts.push(Fact::new("lifecycle_events", &cells, day));
}

fn trial(dice: &mut Dice, world: &mut World, of: &Sold, day: NaiveDate) {
    let day = if dice.chance(80) { of.start + Days::new(dice.below(30).into()) } else { day };
    match dice.below(3) {
        0 => event(dice, world, of, day, "cancel", &[]),
        1 => {
            let early = of.start + Days::new(dice.below(25).into());
            scheduled(dice, world, of, early);
        }
        _ => {
            let (seats, term) = (dice.maybe(50, &["3", "12"]), dice.maybe(50, &["P1M", "P1Y"]));
            event(dice, world, of, day, "convert_trial", &[("quantity", seats), ("target_term", term)]);
        }
    }
}

/// Of all seats or of some, into a subscription that this opens or into a sibling.
fn upgrade(
    dice: &mut Dice,
    world: &mut World,
    sold: &[Sold],
    of: &Sold,
    day: NaiveDate,
    opened: &mut Vec<Sold>,
) {
    let others: Vec<&str> = PRODUCTS.into_iter().filter(|product| *product != of.product).collect();
    let product = dice.pick(&others);
    let some = dice.between(1, of.seats.max(2) - 1).to_string();
    let siblings: Vec<&Sold> = (sold.iter())
        .filter(|other| other.customer == of.customer && other.id != of.id && other.product != of.product)
        .filter(|other| months(other.term) >= months(of.term))
        .collect();
    match dice.below(10) {
        0..=3 => {
            let item = [("target_product_id", product), ("target_sku_id", "0001")];
            event(dice, world, of, day, "upgrade", &item);
        }
        4..=7 => {
            let id = format!("N{}{}", opened.len(), of.id);
            let target = [
                ("quantity", some.as_str()),
                ("target_subscription_id", &id),
                ("target_product_id", product),
                ("target_sku_id", "0001"),
            ];
            event(dice, world, of, day, "upgrade", &target);
            let product = PRODUCTS.into_iter().find(|other| *other == product).expect("a product");
            opened.push(Sold { id, product, start: day, seats: some.parse().expect("seats"), ..of.clone() });
        }
        _ if !siblings.is_empty() => {
            let into = siblings[dice.below(siblings.len() as u32) as usize];
            let target = [
                ("quantity", if dice.chance(80) { some.as_str() } else { "" }),
                ("target_subscription_id", &into.id),
                ("target_product_id", into.product),
                ("target_sku_id", "0001"),
            ];
            event(dice, world, of, day, "upgrade", &target);
        }
        _ => {}
    }
}

fn scheduled(dice: &mut Dice, world: &mut World, of: &Sold, day: NaiveDate) {
    let at = dice.at(day);
    let product = dice.maybe(25, &PRODUCTS);
    let (term, cycle) = match dice.below(5) {
        0 => ("P1M", "monthly"),
        1 => ("P1Y", dice.pick(&["monthly", "annual"])),
        2 => ("P3Y", dice.pick(&["monthly", "upfront"])),
        _ => ("", ""),
    };
    let cells = [
        ("subscription_id", of.id.as_str()),
        ("scheduled_at", &at),
        ("product_id", product),
        ("sku_id", if product.is_empty() { "" } else { "0001" }),
        ("term", term),
        ("billing_cycle", cycle),
        ("quantity", dice.maybe(60, &["1", "5", "12", "30"])),
        ("promotion_id", dice.maybe(20, &["PR-0", "PR-1"])),
    ];
    world.facts.push(Fact::new("scheduled_changes", &cells, day));
}
