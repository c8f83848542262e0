//! The tables that look over everything: the proposals side by side, and what was left out.

use super::super::model::{CAUSES, Currency, LeftOut, Proposal, RISES, World};
use super::tables::{Cell, Head, Sort, Table, day, first_effect, heads};

/// What to know of amounts where something is left out.
const WITHOUT: &str = "Before and after are without what is left out under the proposal.";

/// The proposals side by side.
pub(super) fn comparison(
    id: &str,
    currency: &Currency,
    proposals: &[Proposal],
    is_something_left_out: bool,
) -> Table {
    let digits = currency.digits;
    let line = |label: &str, cell: &dyn Fn(usize, &World) -> Cell| {
        let cells = currency.worlds.iter().enumerate().map(|(proposal, world)| cell(proposal, world));
        std::iter::once(Cell::text(label)).chain(cells).collect::<Vec<Cell>>()
    };
    let mut rows = vec![
        line("Before", &|_, world| Cell::amount(world.sums.before, digits)),
        line("After", &|_, world| Cell::amount(world.sums.after, digits)),
        line("Change", &|_, world| Cell::change(world.sums.change(), digits)),
        line("Change %", &|_, world| Cell::percent(world.sums.change(), world.sums.before)),
    ];
    for (place, label) in CAUSES.into_iter().enumerate() {
        let cause = |world: &World| world.sums.causes.get(place).copied().unwrap_or_default();
        rows.push(line(&format!("… from {}", label.to_lowercase()), &|_, world| {
            Cell::change(cause(world).into(), digits)
        }));
    }
    rows.push(line("Customers who pay more", &|_, world| Cell::count(world.customers_up)));
    for (place, bound) in RISES.into_iter().enumerate() {
        let rises = |world: &World| world.rises.get(place).copied().unwrap_or_default();
        rows.push(line(&format!("… by more than {bound}%"), &|_, world| Cell::count(rises(world))));
    }
    rows.push(line("… who paid nothing before", &|_, world| Cell::count(world.rises_from_nothing)));
    rows.push(line("Customers who pay less", &|_, world| Cell::count(world.customers_down)));
    rows.push(line("Subscriptions changed", &|_, world| Cell::count(world.subscriptions_changed)));
    rows.push(line("First effect", &|proposal, _| Cell {
        class: "day number",
        ..day(first_effect(currency, proposal))
    }));
    let mut heads = heads(&[""], &[]);
    heads.extend(proposals.iter().map(|proposal| Head {
        label: proposal.title.clone(),
        sort: Sort::Number,
        is_first: false,
    }));
    Table {
        id: format!("{id}-comparison"),
        title: "The proposals compared".to_owned(),
        note: if is_something_left_out { WITHOUT } else { "" },
        is_sortable: false,
        is_compact: true,
        ungrouped: 1,
        groups: Vec::new(),
        heads,
        rows,
        foot: Vec::new(),
    }
}

/// What was left out, and why.
pub(super) fn left_out(rows: &[LeftOut], proposals: &[Proposal]) -> Table {
    let are_several = proposals.len() > 1;
    let mut texts = vec!["Product", "SKU", "Term, cycle, market", "Can't be priced", "Why", "From"];
    if are_several {
        texts.insert(0, "Proposal");
    }
    let row = |row: &LeftOut| {
        let title = proposals.get(row.proposal).map(|proposal| proposal.title.as_str()).unwrap_or_default();
        let mut cells = Vec::new();
        cells.extend(are_several.then(|| Cell::text(title)));
        cells.extend([&row.product, &row.sku, &row.what].map(Cell::text));
        cells.extend([side(&row.side), row.why.as_str()].map(Cell::text));
        cells.push(day(&row.from));
        cells.push(Cell::count(row.subscriptions));
        cells.push(Cell::text(&row.currency));
        cells.extend([row.before, row.after].map(|amount| Cell::amount(amount, row.digits)));
        cells
    };
    let mut columns = heads(&texts, &["Subscriptions"]);
    columns.push(Head { label: "Currency".to_owned(), sort: Sort::Text, is_first: false });
    columns.extend(heads(&[], &["Left out before", "Left out after"]));
    Table {
        id: "left-out-table".to_owned(),
        title: "Left out, by product".to_owned(),
        note: "",
        is_sortable: false,
        is_compact: false,
        ungrouped: texts.len(),
        groups: Vec::new(),
        heads: columns,
        rows: rows.iter().map(row).collect(),
        foot: Vec::new(),
    }
}

/// Which world can't price it, in words.
fn side(side: &str) -> &str {
    match side {
        "today" => "today",
        "proposal" => "under the proposal",
        "both" => "in both",
        other => other,
    }
}
