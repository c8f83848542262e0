//! The table `differences`: its columns, and its rows out of the groups.

use super::{Comparison, Group, Judged};
use crate::intake::vendor::{no_day, product_and_sku};
use crate::output::figures::Decimal;
use crate::output::sheet::{AMOUNT, Column, UNIT_PRICE};
use std::sync::Arc;
use termwise_engine::calendar::Day;
use termwise_engine::reconciling::{Cause, Fits, Remark, Side, Status};

/// A row with the texts that it shows.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    group: &'a Group,
    row: &'a Judged,
    words: &'a [Arc<str>],
    owner: &'a str,
    /// Whether the job's own rounding is one that the vendor has published.
    is_own_published: bool,
}

impl<'a> Row<'a> {
    fn word(&self, number: u32) -> &'a str {
        self.words.get(number as usize).map_or("", |word| word)
    }

    fn item(&self) -> (&'a str, &'a str) {
        product_and_sku(self.word(self.row.compared.item))
    }

    fn push_promotions(&self, side: Option<&Side>, out: &mut Vec<u8>) {
        match side.map(|side| &side.promotions[..]) {
            None | Some([]) => {}
            Some([only]) => out.extend_from_slice(self.word(*only).as_bytes()),
            Some(several) => {
                let mut texts: Vec<&str> = several.iter().map(|&number| self.word(number)).collect();
                texts.sort_unstable();
                out.extend_from_slice(texts.join(";").as_bytes());
            }
        }
    }

    fn push_fits(&self, out: &mut Vec<u8>) {
        let Fits { own, truncated_line, truncated_unit, mixed } = self.row.compared.fits;
        let names = [
            (own && !self.is_own_published, "own"),
            (truncated_line, "truncate-line"),
            (truncated_unit, "truncate-unit"),
            (mixed, "mixed"),
        ];
        let first = out.len();
        for (_, name) in names.into_iter().filter(|(fits, _)| *fits) {
            if out.len() > first {
                out.push(b';');
            }
            out.extend_from_slice(name.as_bytes());
        }
    }
}

/// Where each row stands: the number of its group, and its own in it.
pub(super) fn places(comparison: &Comparison) -> Vec<(u32, u32)> {
    let groups = (0..).zip(&comparison.groups);
    groups.flat_map(|(group, found)| (0..found.rows.len() as u32).map(move |row| (group, row))).collect()
}

/// The rows of some places.
pub(super) fn rows<'a>(
    comparison: &'a Comparison,
    places: &[(u32, u32)],
    is_own_published: bool,
) -> Vec<Row<'a>> {
    let row = |&(group, row): &(u32, u32)| {
        let group = comparison.groups.get(group as usize)?;
        let row = group.rows.get(row as usize)?;
        let explanation = row.explanation.and_then(|number| comparison.explained.get(number as usize));
        let owner = explanation.map_or("", |explanation| &*explanation.owner);
        Some(Row { group, row, words: &comparison.words, owner, is_own_published })
    };
    places.iter().filter_map(row).collect()
}

/// A day, but for the one that stands for none.
fn known(day: Day) -> Option<Day> {
    Some(day).filter(|day| *day > no_day())
}

fn ours<'a>(row: &Row<'a>) -> Option<&'a Side> {
    row.row.compared.ours.as_ref()
}

fn vendors<'a>(row: &Row<'a>) -> Option<&'a Side> {
    row.row.compared.vendors.as_ref()
}

/// Which side a column shows.
type Of = for<'r, 'a> fn(&'r Row<'a>) -> Option<&'a Side>;

fn count<'a>(name: &'static str, of: Of, get: fn(&Side) -> i64) -> Column<Row<'a>> {
    Column::count(name, move |_, row: &Row<'a>| of(row).map(get))
}

fn unit_price<'a>(name: &'static str, of: Of) -> Column<Row<'a>> {
    Column::decimal(name, UNIT_PRICE, move |_, row: &Row<'a>| {
        let price = of(row).and_then(|side| side.unit_price);
        price.map(|price| Decimal::list_price(price, row.row.compared.currency))
    })
}

fn amount<'a>(name: &'static str, of: Of) -> Column<Row<'a>> {
    Column::decimal(name, AMOUNT, move |_, row: &Row<'a>| {
        of(row).map(|side| Decimal::amount(side.amount, row.row.compared.currency))
    })
}

fn promotions<'a>(name: &'static str, of: Of) -> Column<Row<'a>> {
    Column::text(name, move |_, row: &Row<'a>, out| row.push_promotions(of(row), out))
}

fn lines<'a>(name: &'static str, of: Of) -> Column<Row<'a>> {
    Column::count(name, move |_, row: &Row<'a>| Some(of(row).map_or(0, |side| side.lines.into())))
}

/// The columns of `differences`.
pub(super) fn columns<'a>() -> Vec<Column<Row<'a>>> {
    [what(), sides(), outcome()].into_iter().flatten().collect()
}

fn what<'a>() -> Vec<Column<Row<'a>>> {
    vec![
        Column::name(
            "status",
            |row: &Row<'a>| row.row.compared.status,
            |status: Status| status.name().to_owned(),
        ),
        Column::name(
            "cause",
            |row: &Row<'a>| row.row.compared.cause,
            |cause: Option<Cause>| cause.map_or("", Cause::name).to_owned(),
        ),
        Column::text("customer_id", |_, row: &Row<'a>, out| {
            out.extend_from_slice(row.group.customer.as_bytes());
        }),
        Column::text("subscription_id", |_, row: &Row<'a>, out| {
            out.extend_from_slice(row.group.subscription.as_bytes());
        }),
        Column::text("product_id", |_, row: &Row<'a>, out| out.extend_from_slice(row.item().0.as_bytes())),
        Column::text("sku_id", |_, row: &Row<'a>, out| out.extend_from_slice(row.item().1.as_bytes())),
        Column::maybe_day("cycle_start", |_, row: &Row<'a>| known(row.row.compared.cycle.first)),
        Column::maybe_day("cycle_end", |_, row: &Row<'a>| known(row.row.compared.cycle.last)),
    ]
}

fn sides<'a>() -> Vec<Column<Row<'a>>> {
    vec![
        count("ours_quantity", ours, |side| side.quantity),
        count("vendors_quantity", vendors, |side| side.quantity),
        unit_price("ours_unit_price", ours),
        unit_price("vendors_unit_price", vendors),
        count("ours_seat_days", ours, |side| side.seat_days),
        count("vendors_seat_days", vendors, |side| side.seat_days),
        promotions("ours_promotion_id", ours),
        promotions("vendors_promotion_id", vendors),
        amount("ours_amount", ours),
        amount("vendors_amount", vendors),
    ]
}

fn outcome<'a>() -> Vec<Column<Row<'a>>> {
    vec![
        Column::decimal("difference", AMOUNT, |_, row: &Row<'a>| {
            let compared = &row.row.compared;
            let is_compared = compared.status != Status::Excluded;
            is_compared.then(|| Decimal::amount(compared.difference(), compared.currency))
        }),
        Column::name(
            "currency",
            |row: &Row<'a>| row.row.compared.currency,
            |currency| currency.code().to_owned(),
        ),
        Column::text("rounding", |_, row: &Row<'a>, out| row.push_fits(out)),
        Column::text("explained_by", |_, row: &Row<'a>, out| out.extend_from_slice(row.owner.as_bytes())),
        lines("ours_lines", ours),
        lines("vendors_lines", vendors),
        Column::name(
            "detail",
            |row: &Row<'a>| row.row.compared.remark,
            |remark: Option<Remark>| remark.map_or("", Remark::sentence).to_owned(),
        ),
    ]
}
