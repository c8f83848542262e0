//! The rows of the sheets by month, by product and by customer, each held against the totals of its currency.

use super::super::model::{Currency, Others, Row, RowWorld, Sums, WhatIf, World};
use super::{checks, counted};
use crate::reports::ReportError;
use std::borrow::Cow;

/// A column that each proposal has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    /// The amount today, without what is left out under the proposal.
    Before,
    /// The amount under the proposal.
    After,
    /// After less before.
    Change,
    /// The change in percent.
    Percent,
    /// What of the change has this cause.
    Cause(usize),
    /// Subscriptions with a change.
    Subscriptions,
    /// Subscriptions whose first day of effect lies in the month.
    FirstEffects,
    /// The first day of effect.
    EffectiveOn,
}

const SUMS: [Column; 3] = [Column::Before, Column::After, Column::Change];
const CAUSES: [Column; 5] =
    [Column::Cause(0), Column::Cause(1), Column::Cause(2), Column::Cause(3), Column::Cause(4)];

/// A sheet of rows.
pub(super) struct Sheet<'a> {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// The headings of what names a row, the currency first.
    pub(super) keys: &'static [&'static str],
    /// The columns of each proposal.
    pub(super) columns: Vec<Column>,
    /// The rows of each currency, as many as there are currencies.
    pub(super) blocks: Vec<Vec<Line<'a>>>,
}

/// A row.
pub(super) struct Line<'a> {
    /// What names it, the currency first.
    pub(super) keys: Vec<Cow<'a, str>>,
    pub(super) worlds: Vec<Seen<'a>>,
}

/// A row under a proposal.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen<'a> {
    pub(super) sums: Sums,
    pub(super) change: i64,
    pub(super) subscriptions: u64,
    pub(super) first_effects: u64,
    pub(super) effective_on: &'a str,
}

impl Seen<'_> {
    /// The amount of a column, where it is one.
    pub(super) fn amount(&self, column: Column) -> Option<i64> {
        match column {
            Column::Before => Some(self.sums.before),
            Column::After => Some(self.sums.after),
            Column::Change => Some(self.change),
            Column::Cause(number) => self.sums.causes.get(number).copied(),
            Column::Percent | Column::Subscriptions | Column::FirstEffects | Column::EffectiveOn => None,
        }
    }
}

/// The months of the horizon.
pub(super) fn by_month(what_if: &WhatIf) -> Result<Sheet<'_>, ReportError> {
    Sheet {
        name: "By month",
        about: "An amount belongs to the month of its charge day. First effects: subscriptions whose first charge that differs is in this month.",
        keys: &["Currency", "Month"],
        columns: [&SUMS[..], &[Column::Percent], &CAUSES, &[Column::Subscriptions, Column::FirstEffects]].concat(),
        blocks: what_if.currencies.iter().map(|currency| months(what_if, currency)).collect::<Result<_, _>>()?,
    }
    .tied(what_if)
}

/// The products and their SKUs.
pub(super) fn by_product(what_if: &WhatIf) -> Result<Sheet<'_>, ReportError> {
    Sheet {
        name: "By product",
        about: "Every product and SKU with a charge. Effective on: the first charge that differs.",
        keys: &["Currency", "Product id", "SKU id", "Name"],
        columns: [&SUMS[..], &[Column::Percent, Column::Subscriptions, Column::EffectiveOn], &CAUSES]
            .concat(),
        blocks: what_if.currencies.iter().map(products).collect::<Result<_, _>>()?,
    }
    .tied(what_if)
}

/// The customers that are listed, and the others together.
pub(super) fn by_customer(what_if: &WhatIf) -> Result<Sheet<'_>, ReportError> {
    Sheet {
        name: "By customer",
        about: "The largest change under any proposal first. Customers that are not listed stand together, below those of their currency.",
        keys: &["Currency", "Customer id", "Customer name"],
        columns: [&SUMS[..], &[Column::Percent, Column::EffectiveOn], &CAUSES].concat(),
        blocks: what_if.currencies.iter().map(customers).collect::<Result<_, _>>()?,
    }
    .tied(what_if)
}

fn months<'a>(what_if: &WhatIf, currency: &'a Currency) -> Result<Vec<Line<'a>>, ReportError> {
    let lines = rows(currency, &currency.months, |row| vec![named(&currency.code), named(&row.key)])?;
    first_effects(what_if, currency, &lines)?;
    Ok(lines)
}

fn products<'a>(currency: &'a Currency) -> Result<Vec<Line<'a>>, ReportError> {
    let keys = |Row { key, sku, name, .. }: &'a Row| {
        vec![named(&currency.code), named(key), named(sku), named(name)]
    };
    rows(currency, &currency.products, keys)
}

fn customers<'a>(currency: &'a Currency) -> Result<Vec<Line<'a>>, ReportError> {
    let keys = |Row { key, name, .. }: &'a Row| vec![named(&currency.code), named(key), named(name)];
    let mut lines = rows(currency, &currency.listed, keys)?;
    if let Some(Others { customers, worlds }) = &currency.others {
        let name = counted(*customers, "other customer", "other customers");
        let seen = |sums: &Sums| {
            let change = checks::change_of(sums, || format!("{name}, {}", currency.code))?;
            Ok(Seen { sums: *sums, change, ..Seen::default() })
        };
        let worlds = worlds.iter().map(seen).collect::<Result<_, ReportError>>()?;
        let keys = vec![named(&currency.code), Cow::Borrowed(""), Cow::Owned(name)];
        lines.push(Line { keys, worlds });
    }
    Ok(lines)
}

fn named(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

fn rows<'a>(
    currency: &'a Currency,
    rows: &'a [Row],
    keys: impl Fn(&'a Row) -> Vec<Cow<'a, str>>,
) -> Result<Vec<Line<'a>>, ReportError> {
    let line = |row: &'a Row| {
        let seen = |(under, world): (&'a _, &World)| seen(currency, row, under, world);
        let worlds = row.worlds.iter().zip(&currency.worlds).map(seen).collect::<Result<_, _>>()?;
        Ok(Line { keys: keys(row), worlds })
    };
    rows.iter().map(line).collect()
}

fn seen<'a>(
    currency: &Currency,
    row: &Row,
    under: &'a RowWorld,
    world: &World,
) -> Result<Seen<'a>, ReportError> {
    let change = checks::change_of(&under.sums, || format!("{}, {}", row.key, currency.code))?;
    let of_it = world.first_effects.iter().filter(|(month, _)| *month == row.key);
    Ok(Seen {
        sums: under.sums,
        change,
        subscriptions: under.subscriptions_changed,
        first_effects: of_it.map(|(_, count)| *count).sum(),
        effective_on: &under.effective_on,
    })
}

/// No first effect is lost in a month that has no row.
fn first_effects(what_if: &WhatIf, currency: &Currency, lines: &[Line<'_>]) -> Result<(), ReportError> {
    for (number, (proposal, world)) in what_if.proposals.iter().zip(&currency.worlds).enumerate() {
        let told: u64 = world.first_effects.iter().map(|(_, count)| *count).sum();
        let found: u64 = seen_by(lines, number).map(|seen| seen.first_effects).sum();
        if told != found {
            let detail = format!("{}, {}: {found} instead of {told}", proposal.name, currency.code);
            return Err(ReportError::Law { law: "a first effect lies in a month with a charge", detail });
        }
    }
    Ok(())
}

fn seen_by<'l>(lines: &'l [Line<'_>], proposal: usize) -> impl Iterator<Item = &'l Seen<'l>> {
    lines.iter().filter_map(move |line| line.worlds.get(proposal))
}

impl<'a> Sheet<'a> {
    /// The sheet, whose rows add up to the totals of the run.
    fn tied(self, what_if: &'a WhatIf) -> Result<Sheet<'a>, ReportError> {
        for (currency, lines) in what_if.currencies.iter().zip(&self.blocks) {
            let of = |what: &str| format!("{}, {}, {what}", self.name, currency.code);
            for (number, world) in currency.worlds.iter().enumerate() {
                let total = total_of(currency, world)?;
                for column in SUMS.into_iter().chain(CAUSES) {
                    let rows = seen_by(lines, number).filter_map(|seen| seen.amount(column));
                    let expected = total.amount(column).unwrap_or_default();
                    checks::tie(rows, expected, || of(&format!("{column:?} of proposal {}", number + 1)))?;
                }
            }
        }
        Ok(self)
    }
}

/// The totals of a proposal in a currency, as a row has them.
pub(super) fn total_of(currency: &Currency, world: &World) -> Result<Seen<'static>, ReportError> {
    let change = checks::change_of(&world.sums, || currency.code.clone())?;
    Ok(Seen {
        sums: world.sums,
        change,
        subscriptions: world.subscriptions_changed,
        first_effects: world.first_effects.iter().map(|(_, count)| *count).sum(),
        effective_on: "",
    })
}
