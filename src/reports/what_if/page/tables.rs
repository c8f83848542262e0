//! The tables of the page: cells of finished texts, and the whole number behind each that it is sorted by.

use super::super::model::{CAUSES, Currency, Proposal, Row, RowWorld, Sums, World};
use super::figures;
use termwise_engine::money::percent_change;

/// What the row of everything is called.
const TOTAL: &str = "Total";
/// What stands where there is nothing to say.
const NONE: &str = "–";

/// How a column is sorted and set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    Text,
    Number,
}

impl Sort {
    /// Its name in the page.
    pub(super) fn name(self) -> &'static str {
        match self {
            Sort::Text => "text",
            Sort::Number => "number",
        }
    }
}

/// The heading of a column.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) label: String,
    pub(super) sort: Sort,
    /// It begins a group of columns.
    pub(super) is_first: bool,
}

/// A heading over several columns.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) label: String,
    pub(super) columns: usize,
}

/// A cell.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    /// How it is set.
    pub(super) class: &'static str,
    /// The whole number that it is sorted by; an empty text comes last.
    pub(super) key: Option<String>,
}

impl Cell {
    /// A text of a file, or a word of ours.
    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), class: "text", key: None }
    }

    fn number(text: String, key: impl ToString) -> Cell {
        Cell { text, class: "number", key: Some(key.to_string()) }
    }

    /// An amount.
    pub(super) fn amount(minor: i64, digits: u32) -> Cell {
        Cell::number(figures::amount(minor.into(), digits), minor)
    }

    /// A change, with its sign.
    pub(super) fn change(minor: i128, digits: u32) -> Cell {
        Cell::number(figures::change(minor, digits), minor)
    }

    /// A change in percent of what was before.
    pub(super) fn percent(change: i128, before: i64) -> Cell {
        let hundredths = percent_change(change, before.into());
        Cell::number(figures::percent(hundredths), hundredths.map(|key| key.to_string()).unwrap_or_default())
    }

    /// How many.
    pub(super) fn count(number: u64) -> Cell {
        Cell::number(figures::count(number), number)
    }
}

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) id: String,
    pub(super) title: String,
    /// What to know of its numbers.
    pub(super) note: &'static str,
    pub(super) is_sortable: bool,
    /// It is only as wide as its numbers.
    pub(super) is_compact: bool,
    /// Columns of texts at the left, over which no group stands.
    pub(super) ungrouped: usize,
    pub(super) groups: Vec<Group>,
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) foot: Vec<Vec<Cell>>,
}

/// Headings of texts, and of numbers after them.
pub(super) fn heads(texts: &[&str], numbers: &[&str]) -> Vec<Head> {
    let head = |sort| move |label: &&str| Head { label: (*label).to_owned(), sort, is_first: false };
    texts.iter().map(head(Sort::Text)).chain(numbers.iter().map(head(Sort::Number))).collect()
}

/// What the columns of amounts are called.
const AMOUNTS: [&str; 4] = ["Before", "After", "Change", "Change\u{a0}%"];

fn headings_of_amounts() -> Vec<&'static str> {
    AMOUNTS.into_iter().chain(CAUSES).collect()
}

/// Before, after, change and percentage.
fn outcome(sums: Sums, digits: u32) -> [Cell; 4] {
    let change = sums.change();
    let [before, after] = [sums.before, sums.after].map(|amount| Cell::amount(amount, digits));
    [before, after, Cell::change(change, digits), Cell::percent(change, sums.before)]
}

/// The outcome, and its causes.
fn amounts(sums: Sums, digits: u32) -> Vec<Cell> {
    let mut cells = outcome(sums, digits).to_vec();
    cells.extend(sums.causes.map(|cause| Cell::change(cause.into(), digits)));
    cells
}

/// A day or a month.
pub(super) fn day(day: &str) -> Cell {
    let text = if day.is_empty() { NONE } else { day };
    Cell { class: "day", ..Cell::text(text) }
}

/// The first of days; empty where there is none.
fn earliest<'d>(days: impl Iterator<Item = &'d str>) -> &'d str {
    days.filter(|day| !day.is_empty()).min().unwrap_or_default()
}

/// The first day on which a proposal shows.
pub(super) fn first_effect(currency: &Currency, proposal: usize) -> &str {
    let rows = currency.products.iter().chain(&currency.listed);
    earliest(rows.filter_map(|row| row.worlds.get(proposal)).map(|world| world.effective_on.as_str()))
}

fn world(row: &Row, proposal: usize) -> RowWorld {
    row.worlds.get(proposal).cloned().unwrap_or_default()
}

fn are_named(rows: &[Row]) -> bool {
    rows.iter().any(|row| !row.name.is_empty())
}

/// A proposal's effect by month.
pub(super) fn months(id: &str, currency: &Currency, proposal: usize, of: &World) -> Table {
    let digits = currency.digits;
    let row = |row: &Row| {
        let world = world(row, proposal);
        let mut cells = vec![day(&row.key)];
        cells.extend(amounts(world.sums, digits));
        cells.push(Cell::count(world.subscriptions_changed));
        cells
    };
    let mut total = vec![Cell::text(TOTAL)];
    total.extend(amounts(of.sums, digits));
    total.push(Cell::count(of.subscriptions_changed));
    let mut numbers = headings_of_amounts();
    numbers.push("Subscriptions changed");
    Table {
        id: format!("{id}-months"),
        title: "By month".to_owned(),
        note: "An amount belongs to the month of its charge day. The total counts each subscription once.",
        is_sortable: false,
        is_compact: false,
        ungrouped: 1,
        groups: Vec::new(),
        heads: heads(&["Month"], &numbers),
        rows: currency.months.iter().map(row).collect(),
        foot: vec![total],
    }
}

/// A proposal's effect by product.
pub(super) fn products(id: &str, currency: &Currency, proposal: usize, of: &World) -> Table {
    let digits = currency.digits;
    let is_named = are_named(&currency.products);
    let texts: &[&str] = if is_named { &["Product", "SKU", "Name"] } else { &["Product", "SKU"] };
    let row = |row: &Row| {
        let world = world(row, proposal);
        let mut cells = vec![Cell::text(&row.key), Cell::text(&row.sku)];
        cells.extend(is_named.then(|| Cell { class: "text name", ..Cell::text(&row.name) }));
        cells.extend(amounts(world.sums, digits));
        cells.push(Cell::count(world.subscriptions_changed));
        cells.push(day(&world.effective_on));
        cells
    };
    let mut total = vec![Cell::text(TOTAL)];
    total.resize(texts.len(), Cell::text(""));
    total.extend(amounts(of.sums, digits));
    total.push(Cell::count(of.subscriptions_changed));
    total.push(day(first_effect(currency, proposal)));
    let mut numbers = headings_of_amounts();
    numbers.push("Subscriptions changed");
    let mut heads = heads(texts, &numbers);
    heads.push(Head { label: "First effect".to_owned(), sort: Sort::Text, is_first: false });
    Table {
        id: format!("{id}-products"),
        title: "By product".to_owned(),
        note: "The total counts each subscription once.",
        is_sortable: false,
        is_compact: false,
        ungrouped: texts.len(),
        groups: Vec::new(),
        heads,
        rows: currency.products.iter().map(row).collect(),
        foot: vec![total],
    }
}

/// What stands for each proposal in the table of customers: causes as well where there is only one.
fn columns_of_a_proposal(is_only: bool) -> Vec<Head> {
    let mut numbers: Vec<&str> = AMOUNTS.to_vec();
    if is_only {
        numbers.extend(CAUSES);
    }
    numbers.push("Subscriptions changed");
    let mut heads = heads(&[], &numbers);
    heads.push(Head { label: "First effect".to_owned(), sort: Sort::Text, is_first: false });
    if let Some(first) = heads.first_mut() {
        first.is_first = !is_only;
    }
    heads
}

/// The cells of a proposal in the table of customers: of several, the first stands beside a line.
fn effect(sums: Sums, digits: u32, is_only: bool) -> Vec<Cell> {
    if is_only {
        return amounts(sums, digits);
    }
    let [before, rest @ ..] = outcome(sums, digits);
    std::iter::once(Cell { class: "number first", ..before }).chain(rest).collect()
}

/// The customers under every proposal.
pub(super) fn customers(id: &str, currency: &Currency, proposals: &[Proposal]) -> Table {
    let is_only = proposals.len() == 1;
    let is_named = are_named(&currency.listed);
    let texts: &[&str] = if is_named { &["Customer", "Name"] } else { &["Customer"] };
    let mut heads = heads(texts, &[]);
    let columns = columns_of_a_proposal(is_only);
    let mut groups = Vec::new();
    for proposal in proposals {
        heads.extend(columns.iter().cloned());
        if !is_only {
            groups.push(Group { label: proposal.title.clone(), columns: columns.len() });
        }
    }
    let row = |row: &Row| {
        let mut cells = vec![Cell::text(&row.key)];
        cells.extend(is_named.then(|| Cell { class: "text name", ..Cell::text(&row.name) }));
        for proposal in 0..proposals.len() {
            let world = world(row, proposal);
            cells.extend(effect(world.sums, currency.digits, is_only));
            cells.push(Cell::count(world.subscriptions_changed));
            cells.push(day(&world.effective_on));
        }
        cells
    };
    Table {
        id: format!("{id}-customers"),
        title: "By customer".to_owned(),
        note: "",
        is_sortable: true,
        is_compact: false,
        ungrouped: texts.len(),
        groups,
        heads,
        rows: currency.listed.iter().map(row).collect(),
        foot: foot_of_customers(currency, proposals.len(), texts.len()),
    }
}

/// The customers that are not listed, together, and the total.
fn foot_of_customers(currency: &Currency, proposals: usize, texts: usize) -> Vec<Vec<Cell>> {
    let is_only = proposals == 1;
    let first = |text: &str| {
        let mut cells = vec![Cell::text(text)];
        cells.resize(texts, Cell::text(""));
        cells
    };
    let listed = |proposal: usize| -> u64 {
        let worlds = currency.listed.iter().filter_map(|row| row.worlds.get(proposal));
        worlds.map(|world| world.subscriptions_changed).sum()
    };
    let others = currency.others.as_ref().map(|others| {
        let mut cells = first(&figures::many(others.customers, "other customer"));
        for (proposal, world) in currency.worlds.iter().enumerate().take(proposals) {
            let sums = others.worlds.get(proposal).copied().unwrap_or_default();
            cells.extend(effect(sums, currency.digits, is_only));
            cells.push(Cell::count(world.subscriptions_changed.saturating_sub(listed(proposal))));
            // It is not settled for those that are not listed, which is not the same as none.
            cells.push(Cell { class: "day", ..Cell::text("") });
        }
        cells
    });
    let mut total = first(&format!("{TOTAL}, {}", figures::many(currency.customers, "customer")));
    for (proposal, world) in currency.worlds.iter().enumerate().take(proposals) {
        total.extend(effect(world.sums, currency.digits, is_only));
        total.push(Cell::count(world.subscriptions_changed));
        total.push(day(first_effect(currency, proposal)));
    }
    others.into_iter().chain([total]).collect()
}
