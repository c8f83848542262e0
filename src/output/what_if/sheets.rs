//! The tables of a what-if: their columns, and rows of effects as cells.

use super::{EffectRow, Group, LeftOut};
use crate::job::{Format, Job};
use crate::names::{Names, SharedNames};
use crate::output::OutputError;
use crate::output::days::DayTexts;
use crate::output::figures::Decimal;
use crate::output::lexicon::Lexicons;
use crate::output::sheet::{self, AMOUNT, Column, Context, PERCENT};
use crate::output::tables::{Cells, SetRows};
use std::sync::Arc;
use std::time::Instant;
use termwise_engine::book::Window;
use termwise_engine::money::percent_change;
use termwise_engine::repricing::Cause;

/// The names of the proposals, by their numbers.
pub(super) type ProposalNames = Arc<[String]>;

/// What the rows of effects are set with.
#[derive(Debug)]
pub struct EffectSheets {
    window: Window,
    format: Format,
    words: Lexicons,
    days: DayTexts,
    proposals: ProposalNames,
}

/// Some rows of effects as cells.
#[derive(Debug)]
pub struct SetEffects(pub(super) SetRows);

impl EffectSheets {
    /// For the effects of proposals of these names.
    pub fn new(job: &Job, shared: &SharedNames, proposals: &[String]) -> EffectSheets {
        EffectSheets {
            window: job.window,
            format: job.outputs.format,
            words: Lexicons::of(shared),
            days: DayTexts::around(job.window),
            proposals: proposals.into(),
        }
    }

    /// Sets the rows of some whole customers.
    ///
    /// # Errors
    /// A number does not fit its column.
    pub fn set(&self, rows: &[EffectRow], names: &Names) -> Result<SetEffects, OutputError> {
        let since = Instant::now();
        let context = Context { names, window: self.window, days: &self.days };
        let mut columns = effects(&self.words, &self.proposals);
        let cells = match self.format {
            Format::Csv => Cells::Text(sheet::text(&mut columns, &context, rows)),
            Format::Parquet => Cells::Strips(sheet::strips(&mut columns, &context, rows)?),
        };
        let customer = |row: Option<&EffectRow>| {
            row.map_or(String::new(), |row| names.customer(row.customer).to_owned())
        };
        let customers = (customer(rows.first()), customer(rows.last()));
        Ok(SetEffects(SetRows { rows: rows.len(), cells, customers, begins: true, took: since.elapsed() }))
    }
}

fn amount<R>(name: &'static str, get: impl Fn(&R) -> Decimal + 'static) -> Column<R> {
    Column::decimal(name, AMOUNT, move |_, row: &R| Some(get(row)))
}

fn proposal<R>(names: &ProposalNames, number: impl Fn(&R) -> u16 + 'static) -> Column<R> {
    let names = Arc::clone(names);
    let name = move |number: u16| names.get(usize::from(number)).cloned().unwrap_or_default();
    Column::name("proposal", number, name)
}

/// The columns of `effects`.
pub(super) fn effects(words: &Lexicons, proposals: &ProposalNames) -> Vec<Column<EffectRow>> {
    let mut columns = vec![
        proposal(proposals, |row: &EffectRow| row.proposal),
        Column::runs(
            "subscription_id",
            |row: &EffectRow| row.subscription,
            |cx, row, out| out.extend_from_slice(cx.names.subscription(row.subscription).as_bytes()),
        ),
        Column::runs(
            "customer_id",
            |row: &EffectRow| row.customer,
            |cx, row, out| out.extend_from_slice(cx.names.customer(row.customer).as_bytes()),
        ),
        Column::word("product_id", &words.products, |row: &EffectRow| Some(row.effect.item.rank())),
        Column::word("sku_id", &words.skus, |row: &EffectRow| Some(row.effect.item.rank())),
        Column::name("month", |row: &EffectRow| row.effect.month, |month| month.to_string()),
        Column::name("currency", |row: &EffectRow| row.currency, |currency| currency.code().to_owned()),
        amount("before", |row: &EffectRow| Decimal::amount(row.effect.before, row.currency)),
        amount("after", |row: &EffectRow| Decimal::amount(row.effect.after, row.currency)),
        amount("change", |row: &EffectRow| {
            let change = i128::from(row.effect.after) - i128::from(row.effect.before);
            Decimal::amount(change, row.currency)
        }),
    ];
    columns.extend((0..).zip(Cause::ALL).map(|(number, cause): (usize, Cause)| {
        amount(cause.name(), move |row: &EffectRow| {
            Decimal::amount(row.effect.causes.get(number).copied().unwrap_or_default(), row.currency)
        })
    }));
    columns.push(Column::maybe_day("effective_on", |_, row: &EffectRow| row.effective_on));
    columns
}

/// The columns of a table of sums: what they are by, and then what they come to.
pub(super) fn groups<'a>(by: &'static [&'static str], proposals: &ProposalNames) -> Vec<Column<&'a Group>> {
    let mut columns = vec![proposal(proposals, |group: &&Group| group.proposal)];
    let texts: [for<'r> fn(&'r Group) -> &'r str; 2] = [|group| &group.key, |group| &group.sku];
    columns.extend(by.iter().zip(texts).map(|(&name, text)| {
        Column::text(name, move |_, group: &&Group, out| out.extend_from_slice(text(group).as_bytes()))
    }));
    columns.extend([
        Column::name("currency", |group: &&Group| group.currency, |currency| currency.code().to_owned()),
        Column::count("subscriptions", |_, group: &&Group| Some(group.sums.subscriptions.into())),
        Column::count("subscriptions_changed", |_, group: &&Group| Some(group.sums.changed.into())),
        amount("before", |group: &&Group| Decimal::amount(group.sums.before, group.currency)),
        amount("after", |group: &&Group| Decimal::amount(group.sums.after, group.currency)),
        amount("change", |group: &&Group| Decimal::amount(group.sums.change(), group.currency)),
        Column::decimal("change_percent", PERCENT, |_, group: &&Group| {
            percent_change(group.sums.change(), group.sums.before.into()).map(Decimal::percent)
        }),
    ]);
    columns.extend((0..).zip(Cause::ALL).map(|(number, cause): (usize, Cause)| {
        amount(cause.name(), move |group: &&Group| {
            Decimal::amount(group.sums.causes.get(number).copied().unwrap_or_default(), group.currency)
        })
    }));
    columns.push(Column::maybe_day("effective_on", |_, group: &&Group| group.sums.effective_on));
    columns
}

/// The columns of `left_out`.
pub(super) fn left_out<'a>(proposals: &ProposalNames) -> Vec<Column<&'a LeftOut>> {
    type Text = for<'r> fn(&'r LeftOut) -> &'r str;
    let texts: [(&'static str, Text); 7] = [
        ("subscription_id", |row| &row.subscription),
        ("customer_id", |row| &row.customer),
        ("product_id", |row| &row.product),
        ("sku_id", |row| &row.sku),
        ("term", |row| row.term),
        ("billing_cycle", |row| row.billing_cycle),
        ("market", |row| &row.market),
    ];
    let mut columns = vec![proposal(proposals, |row: &&LeftOut| row.proposal)];
    columns.extend(texts.map(|(name, text)| {
        Column::text(name, move |_, row: &&LeftOut, out| out.extend_from_slice(text(row).as_bytes()))
    }));
    columns.extend([
        Column::name("currency", |row: &&LeftOut| row.currency, |currency| currency.code().to_owned()),
        Column::day("from", |_, row: &&LeftOut| row.from),
        Column::name("side", |row: &&LeftOut| row.side, |side| side.name().to_owned()),
        Column::name("why", |row: &&LeftOut| row.why, str::to_owned),
        amount("before", |row: &&LeftOut| Decimal::amount(row.before, row.currency)),
        amount("after", |row: &&LeftOut| Decimal::amount(row.after, row.currency)),
    ]);
    columns
}
