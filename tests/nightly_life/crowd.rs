//! A crowded book, with all that can meet and much that is refused, as the last of many nights knows it.

use super::facts::{FILES, Fact, columns};
use super::world::{World, utc_day};
use crate::common::Table;
use crate::crowded;
use std::fs;

/// Fills a world with the rows of a crowded book, its lists and its policy.
pub(crate) fn fill(seed: u64, world: &mut World) {
    let folder = tempfile::tempdir().expect("a folder");
    world.policy = crowded::write_book(seed, folder.path());
    for (file, _) in FILES {
        let table = Table::read(&folder.path().join(format!("{file}.csv")));
        for row in &table.rows {
            let cells: Vec<(&str, &str)> =
                table.header.iter().map(String::as_str).zip(row.iter().map(String::as_str)).collect();
            let known: Vec<(&str, &str)> =
                cells.into_iter().filter(|(name, _)| columns(file).any(|column| column == *name)).collect();
            let day = |name: &str| {
                let text = known.iter().find(|(of, _)| *of == name).map_or("", |(_, text)| *text);
                utc_day(text)
            };
            let days =
                ["term_start", "ordered_at", "changed_at", "happened_at", "scheduled_at", "entered_at"]
                    .map(day);
            let happens = days.into_iter().flatten().max().expect("a day on which it happens");
            world.facts.push(Fact::new(file, &known, happens));
        }
    }
    for name in ["customers", "partners", "holdings", "promo_codes"] {
        if let Ok(text) = fs::read_to_string(folder.path().join(format!("{name}.csv"))) {
            world.others.insert(name, text);
        }
    }
    let text = |name: &str| fs::read_to_string(folder.path().join(format!("{name}.csv"))).expect("a list");
    world.prices = vec![(0, text("price_list"))];
    world.promotions = vec![(0, text("promotions"))];
}
