//! The list of promotions as it is shown: CSV and JSON for programs, and for people a table that fits a terminal.
//!
//! ```text
//! promotions for NL, commercial on 2026-11-30
//!
//! 39NFJQT20TEA:0001:39NFJQT2KX09  2026-01-01  2026-12-31  all partners  Teams for everybody
//!   CFQ7TTC0PW0D:0001  P1Y  monthly      15 %
//!   at most 2400 seats, first purchase only
//! ```

use super::csv_text;
use super::promotions::{Listed, Listing};
use crate::names::printable;
use std::fmt::Write;

/// The widest line of the table.
const WIDTH: usize = 100;
/// A name that would be cut to less stands in a line of its own.
const NAME_LEAST: usize = 16;

const COLUMNS: [&str; 17] = [
    "promotion_id",
    "name",
    "kind",
    "product_id",
    "sku_id",
    "term",
    "billing_cycle",
    "percentage",
    "starts_on",
    "ends_on",
    "min_seats",
    "max_seats",
    "max_redemptions",
    "first_purchase",
    "requires",
    "auto_applicable",
    "commerce",
];

/// The rows as CSV; of an empty list the header alone.
///
/// # Errors
/// What the writer says.
pub fn csv_of(rows: &[Listed]) -> Result<String, csv::Error> {
    csv_text(|writer| {
        writer.write_record(COLUMNS)?;
        rows.iter().try_for_each(|row| {
            let count = |count: Option<u32>| count.map(|count| count.to_string()).unwrap_or_default();
            writer.write_record([
                row.promotion_id.as_str(),
                &row.name,
                row.kind,
                &row.product_id,
                &row.sku_id,
                row.term,
                row.billing_cycle.unwrap_or_default(),
                &row.percentage,
                &row.starts_on,
                &row.ends_on,
                &count(row.min_seats),
                &count(row.max_seats),
                &count(row.max_redemptions),
                &row.first_purchase.to_string(),
                &row.requires.join(";"),
                &row.auto_applicable.to_string(),
                row.commerce,
            ])
        })
    })
}

/// The list for people.
pub fn table_of(listing: &Listing) -> String {
    let mut text = format!("{}\n", printable(&listing.heading));
    let widest = |of: fn(&Listed) -> usize| listing.rows.iter().map(of).max().unwrap_or_default();
    let id_width = widest(|row| letters(&row.promotion_id));
    let item_width = widest(|row| letters(&row.product_id) + 1 + letters(&row.sku_id));
    for of_one in listing.rows.chunk_by(|left, right| left.promotion_id == right.promotion_id) {
        let Some(first) = of_one.first() else { continue };
        text.push('\n');
        head(&mut text, first, id_width);
        for row in of_one {
            let item = printable(&format!("{}:{}", row.product_id, row.sku_id));
            let cycle = row.billing_cycle.unwrap_or("every cycle");
            // A text that is written to a String is written.
            let _ =
                writeln!(text, "  {item:<item_width$}  {}  {cycle:<11}  {:>7} %", row.term, row.percentage);
        }
        for line in limits(first) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

fn letters(text: &str) -> usize {
    printable(text).chars().count()
}

/// The promotion, its days, its kind and its name.
fn head(text: &mut String, row: &Listed, id_width: usize) {
    let kind = if row.kind == "regional" { "regional" } else { "all partners" };
    let id = printable(&row.promotion_id);
    let head = format!("{id:<id_width$}  {}  {}  {kind:<12}", row.starts_on, row.ends_on);
    let name = printable(&row.name);
    let left = WIDTH.saturating_sub(head.chars().count() + 2);
    let (head, name) = if name.is_empty() {
        (head.trim_end().to_owned(), String::new())
    } else if left >= NAME_LEAST || name.chars().count() <= left {
        (head, format!("  {}", shortened(&name, left)))
    } else {
        (head.trim_end().to_owned(), format!("\n  {}", shortened(&name, WIDTH - 2)))
    };
    let _ = writeln!(text, "{head}{name}");
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// What else the promotion asks for, in lines that fit.
fn limits(row: &Listed) -> Vec<String> {
    let mut told = Vec::new();
    match (row.min_seats, row.max_seats) {
        (Some(least), Some(most)) => told.push(format!("{least} to {most} seats")),
        (Some(least), None) => told.push(format!("at least {least} seats")),
        (None, Some(most)) => told.push(format!("at most {most} seats")),
        (None, None) => {}
    }
    if let Some(times) = row.max_redemptions {
        told.push(format!("redeemed at most {times} times"));
    }
    if row.first_purchase {
        told.push("first purchase only".to_owned());
    }
    if !row.auto_applicable {
        told.push("only where it is asked for".to_owned());
    }
    if row.commerce == "legacy" {
        told.push("legacy commerce".to_owned());
    }
    told.extend(row.requires.iter().map(|item| format!("requires {}", printable(item))));
    let mut lines: Vec<String> = Vec::new();
    for part in told {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + part.chars().count() <= WIDTH - 2 => {
                line.push_str(", ");
                line.push_str(&part);
            }
            Some(_) | None => lines.push(shortened(&part, WIDTH - 2)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str, name: &str) -> Listed {
        Listed {
            promotion_id: id.to_owned(),
            name: name.to_owned(),
            kind: "all-partners",
            product_id: "CFQ7TTC0PW0D".to_owned(),
            sku_id: "0001".to_owned(),
            term: "P1Y",
            billing_cycle: Some("monthly"),
            percentage: "16.7".to_owned(),
            starts_on: "2026-01-01".to_owned(),
            ends_on: "2026-12-31".to_owned(),
            min_seats: None,
            max_seats: Some(2400),
            max_redemptions: None,
            first_purchase: true,
            requires: Vec::new(),
            auto_applicable: true,
            commerce: "new",
        }
    }

    fn listing(rows: Vec<Listed>) -> Listing {
        let heading = "promotions for NL, commercial on 2026-11-30".to_owned();
        Listing { rows, heading, diagnostics: Vec::new(), notes: Vec::new() }
    }

    #[test]
    fn people_get_a_promotion_with_what_it_names_below() {
        let three =
            Listed { term: "P3Y", billing_cycle: None, percentage: "20".to_owned(), ..listed("P-1", "One") };
        let rows =
            vec![listed("P-1", "One"), three, Listed { kind: "regional", ..listed("PR-22", "Two\u{1b}[2J") }];
        let expected = "\
promotions for NL, commercial on 2026-11-30

P-1    2026-01-01  2026-12-31  all partners  One
  CFQ7TTC0PW0D:0001  P1Y  monthly         16.7 %
  CFQ7TTC0PW0D:0001  P3Y  every cycle       20 %
  at most 2400 seats, first purchase only

PR-22  2026-01-01  2026-12-31  regional      Two\\u{1b}[2J
  CFQ7TTC0PW0D:0001  P1Y  monthly         16.7 %
  at most 2400 seats, first purchase only
";
        assert_eq!(table_of(&listing(rows)), expected);
        assert_eq!(table_of(&listing(Vec::new())), "promotions for NL, commercial on 2026-11-30\n");
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let requires: Vec<String> = (0..30).map(|number| format!("CFQ7TTC0PW{number:02}:0001")).collect();
        for id in [3, 30, 44, 45, 60] {
            for name in [0, 5, 40, 200] {
                let mut row = listed(&"I".repeat(id), &"n".repeat(name));
                row.requires.clone_from(&requires);
                let text = table_of(&listing(vec![row]));
                let widest = text.lines().map(|line| line.chars().count()).max();
                assert!(widest <= Some(WIDTH), "{widest:?}\n{text}");
                assert!(text.contains(&"I".repeat(id)), "an id is never cut");
            }
        }
    }

    #[test]
    fn an_empty_list_is_a_header_and_a_row_has_every_column() {
        let header = format!("{}\n", COLUMNS.join(","));
        assert_eq!(csv_of(&[]).ok().as_ref(), Some(&header));
        let row = "P-1,\"One, two\",all-partners,CFQ7TTC0PW0D,0001,P1Y,monthly,16.7,2026-01-01,2026-12-31,,2400,,true,,true,new\n";
        let csv = csv_of(&[listed("P-1", "One, two")]);
        assert_eq!(csv.ok(), Some(format!("{header}{row}")));
    }
}
