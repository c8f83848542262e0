//! The page of a what-if: one HTML file that needs nothing else, for those who decide on a proposal.
//!
//! ```text
//! WhatIf ──▶ figures, charts, tables: finished texts and whole numbers ──▶ what_if.html (askama) ──▶ one text
//! ```
//! Texts of files become letters of the page and nothing else: the template escapes every one of them, and only the
//! style and the script of this folder, which are constants, stand in it as they are. The browser is told the same: by
//! the page's policy it runs and loads nothing but these two, known by their hashes. The page works without its script,
//! which sorts and filters customers and nothing more; what it sorts by are whole numbers, not what is shown.
//!
//! What this deliberately does not do: add up. Every sum was settled before; differences and percentages are taken here.

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod browser;
mod calendar;
mod charts;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod differing;
mod figures;
mod overviews;
#[cfg(test)]
mod sample;
mod tables;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use super::model::{Change, Currency, Proposal, WhatIf, World};
use askama::Template;
use calendar::Calendar;
use charts::{Bridge, Largest, Rises};
use figures::Way;
use tables::Table;
use termwise_engine::money::percent_change;

/// The style sheet of the page.
const STYLE: &str = include_str!("what_if.css");
/// Its SHA-256 in Base64: a browser takes no other.
const STYLE_HASH: &str = "rXbMsby+2/5Cb9w86gFJ+N++T4hE53VFrRGmTh+lzJw=";
/// The script of the page.
const SCRIPT: &str = include_str!("what_if.js");
/// Its SHA-256 in Base64: a browser runs no other.
const SCRIPT_HASH: &str = "lMwjRD5ODJDpJ4yqG4613uyem1w6YwnNLHHvO+Xcy+c=";
/// Rows of what is left out that stand open on the page.
const OPEN_ROWS: usize = 8;

/// The whole page.
#[derive(Template)]
#[template(path = "what_if.html", whitespace = "minimize", config = "src/reports/what_if/page/askama.toml")]
struct Page<'w> {
    what_if: &'w WhatIf,
    style: &'static str,
    style_hash: &'static str,
    script: &'static str,
    script_hash: &'static str,
    /// The proposals' names, which are letters, digits, - and _.
    names: String,
    horizon: String,
    sections: Vec<Section<'w>>,
    left_out: Option<LeftOutPart>,
}

/// What was left out.
struct LeftOutPart {
    says: Vec<String>,
    table: Table,
    is_open: bool,
}

/// A currency.
struct Section<'w> {
    id: String,
    code: &'w str,
    is_empty: bool,
    tiles: Vec<Tile>,
    comparison: Option<Table>,
    effects: Vec<Effect<'w>>,
    customers: Table,
    /// The winners and losers are those of the listed customers.
    is_cut: bool,
}

/// A proposal in a currency.
struct Effect<'w> {
    id: String,
    title: &'w str,
    tiles: Vec<Tile>,
    bridge: Bridge,
    rises: Rises,
    largest: [Largest<'w>; 2],
    calendar: Calendar,
    products: Table,
    months: Table,
}

/// A number that stands alone.
struct Tile {
    label: &'static str,
    mark: &'static str,
    class: &'static str,
    value: String,
    note: String,
}

impl Tile {
    fn plain(label: &'static str, value: String, note: String) -> Tile {
        Tile { label, mark: "", class: "same", value, note }
    }
}

/// What a change of a proposal matches, in words.
fn matched(change: &Change) -> String {
    match change.matches {
        0 => "matches nothing".to_owned(),
        1 => "1 match".to_owned(),
        several => format!("{} matches", figures::count(several)),
    }
}

/// What stands before the change: the book as it is today.
fn before(amount: i64, currency: &Currency, is_something_left_out: bool) -> Tile {
    let note = if is_something_left_out { "without what is left out" } else { "" };
    let amount = figures::amount(amount.into(), currency.digits);
    Tile::plain("Before, as it is today", amount, note.to_owned())
}

/// Whether subscriptions of a currency are left out under a proposal.
fn leaves_out(what_if: &WhatIf, currency: &Currency, proposal: usize) -> bool {
    what_if.left_out.iter().any(|left| left.proposal == proposal && left.currency == currency.code)
}

/// The tiles of a proposal in a currency: what changes, and for whom.
fn tiles_of(currency: &Currency, world: &World, is_something_left_out: bool) -> Vec<Tile> {
    let change = world.sums.change();
    let way = Way::of(change);
    let percent = figures::percent(percent_change(change, world.sums.before.into()));
    let touched = world.customers_up.saturating_add(world.customers_down);
    let ways = format!(
        "of {}: {} pay more, {} less",
        figures::count(currency.customers),
        figures::count(world.customers_up),
        figures::count(world.customers_down)
    );
    let moved =
        |label, value| Tile { label, mark: way.mark(), class: way.class(), value, note: String::new() };
    vec![
        before(world.sums.before, currency, is_something_left_out),
        Tile::plain("After", figures::amount(world.sums.after.into(), currency.digits), String::new()),
        moved("Change", figures::change(change, currency.digits)),
        moved("Change %", percent),
        Tile::plain("Customers affected", figures::count(touched), ways),
        Tile::plain(
            "Subscriptions changed",
            figures::count(world.subscriptions_changed),
            format!("of {}", figures::count(currency.subscriptions)),
        ),
    ]
}

fn effect<'w>(
    id: &str,
    what_if: &'w WhatIf,
    currency: &'w Currency,
    (proposal, (of, world)): (usize, (&'w Proposal, &'w World)),
) -> Effect<'w> {
    let id = format!("{id}-p{}", proposal + 1);
    let largest = [Way::Up, Way::Down].map(|way| Largest::of(currency, proposal, way));
    Effect {
        title: &of.title,
        tiles: tiles_of(currency, world, leaves_out(what_if, currency, proposal)),
        bridge: Bridge::of(world, currency.digits),
        rises: Rises::of(currency, world),
        largest,
        calendar: Calendar::of(currency, proposal, (&what_if.first, &what_if.last)),
        products: tables::products(&id, currency, proposal, world),
        months: tables::months(&id, currency, proposal, world),
        id,
    }
}

fn section<'w>(what_if: &'w WhatIf, (place, currency): (usize, &'w Currency)) -> Section<'w> {
    let id = format!("c{}", place + 1);
    let proposals = what_if.proposals.as_slice();
    let are_several = proposals.len() > 1;
    let is_something_left_out = (0..proposals.len()).any(|proposal| leaves_out(what_if, currency, proposal));
    // What is left out differs between proposals, and what was before with it.
    let mut shared: Vec<i64> = currency.worlds.iter().map(|world| world.sums.before).collect();
    shared.dedup();
    let mut tiles = Vec::new();
    if let [amount] = *shared {
        tiles.push(before(amount, currency, is_something_left_out));
    }
    tiles.extend([
        Tile::plain("Customers", figures::count(currency.customers), String::new()),
        Tile::plain("Subscriptions", figures::count(currency.subscriptions), String::new()),
    ]);
    let worlds = proposals.iter().zip(&currency.worlds).enumerate();
    Section {
        code: &currency.code,
        is_empty: currency.subscriptions == 0,
        // A single proposal has all of them on its own.
        tiles: if are_several { tiles } else { Vec::new() },
        comparison: are_several
            .then(|| overviews::comparison(&id, currency, proposals, is_something_left_out)),
        effects: worlds.map(|world| effect(&id, what_if, currency, world)).collect(),
        customers: tables::customers(&id, currency, proposals),
        is_cut: currency.others.is_some(),
        id,
    }
}

/// What was left out; none where nothing was.
fn left_out(what_if: &WhatIf) -> Option<LeftOutPart> {
    let numbers = what_if.proposals.iter().zip(&what_if.left_out_subscriptions);
    let says: Vec<String> = numbers
        .filter(|&(_, &subscriptions)| subscriptions > 0)
        .map(|(proposal, &subscriptions)| {
            let subscriptions = figures::many(subscriptions, "subscription");
            if what_if.proposals.len() == 1 {
                subscriptions
            } else {
                format!("{subscriptions} ({})", proposal.name)
            }
        })
        .collect();
    (!says.is_empty() || !what_if.left_out.is_empty()).then(|| LeftOutPart {
        says,
        table: overviews::left_out(&what_if.left_out, &what_if.proposals),
        is_open: what_if.left_out.len() <= OPEN_ROWS,
    })
}

/// The page.
///
/// # Errors
/// The template can't be written, which no content of a what-if brings about.
pub(super) fn html(what_if: &WhatIf) -> Result<String, askama::Error> {
    let names: Vec<&str> = what_if.proposals.iter().map(|proposal| proposal.name.as_str()).collect();
    let page = Page {
        what_if,
        style: STYLE,
        style_hash: STYLE_HASH,
        script: SCRIPT,
        script_hash: SCRIPT_HASH,
        names: names.join(", "),
        horizon: figures::many(what_if.horizon_months.into(), "month"),
        sections: what_if.currencies.iter().enumerate().map(|currency| section(what_if, currency)).collect(),
        left_out: left_out(what_if),
    };
    page.render()
}
