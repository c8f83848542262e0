//! What the proposals come to in a currency, and the totals of the other sheets held against it.

use super::super::super::model::{CAUSES, Currency, RISES, World};
use super::super::left_out::Total;
use super::super::lines::{Column, total_of};
use super::super::rows::{Placed, percent_formula};
use super::super::{as_column, checks};
use super::{Summary, TIES, cell, column_of};
use crate::reports::ReportError;
use crate::reports::page::{Over, Weight, quoted};
use rust_xlsxwriter::cell_range_absolute;

/// The rows of a currency's amounts.
#[derive(Clone, Copy)]
struct Amounts {
    before: u32,
    after: u32,
    change: u32,
    /// The first of the causes.
    causes: u32,
}

impl Amounts {
    /// Those of a proposal, as the sheets of rows name them.
    fn columns(self) -> impl Iterator<Item = (Column, u32)> {
        let causes = (0..CAUSES.len()).map(Column::Cause).zip(self.causes..);
        let totals =
            [(Column::Before, self.before), (Column::After, self.after), (Column::Change, self.change)];
        totals.into_iter().chain(causes)
    }
}

impl Summary<'_, '_> {
    /// A currency.
    pub(super) fn currency(
        &mut self,
        (number, currency): (usize, &Currency),
        placed: &[Placed],
        left_out: &[Total<'_>],
    ) -> Result<(), ReportError> {
        self.head(&currency.code, Over::Numbers)?;
        let amounts = self.amounts(currency)?;
        self.people(currency)?;
        let gaps = self.left_out(currency, left_out)?;
        let first = self.row;
        self.causes_tie(currency, amounts)?;
        for placed in placed {
            self.sheet_ties(number, currency, placed, amounts)?;
        }
        self.checked += (self.row - first) as usize * self.what_if.proposals.len();
        if !gaps.is_empty() {
            self.left_out_ties(currency, &gaps)?;
            self.checked += gaps.len();
        }
        let last = as_column(self.what_if.proposals.len())?;
        if last > 0 {
            self.checks.push(cell_range_absolute(first, 1, self.row - 1, last));
        }
        self.row += 1;
        Ok(())
    }

    fn amounts(&mut self, currency: &Currency) -> Result<Amounts, ReportError> {
        let digits = currency.digits;
        let worlds = &currency.worlds;
        let before = self.line("Before", |page, place, number| {
            page.amount(place, world(worlds, number)?.sums.before, digits)
        })?;
        let after = self.line("After", |page, place, number| {
            page.amount(place, world(worlds, number)?.sums.after, digits)
        })?;
        let change = self.line("Change", |page, place, number| {
            let formula = format!("{}-{}", cell(after, place.1), cell(before, place.1));
            let total = total_of(currency, world(worlds, number)?)?;
            page.sum(place, &formula, total.change, digits, Weight::InAll)
        })?;
        self.line("Change %", |page, place, number| {
            let formula = percent_formula(&cell(change, place.1), &cell(before, place.1));
            let total = total_of(currency, world(worlds, number)?)?;
            let percent = checks::percent(total.change, total.sums.before)?;
            page.percent_of(place, &formula, percent, Weight::InAll)
        })?;
        let causes = self.row;
        for (cause, name) in CAUSES.into_iter().enumerate() {
            self.line(&format!("of the change: {}", name.to_lowercase()), |page, place, number| {
                let amount = world(worlds, number)?.sums.causes.get(cause).copied();
                page.amount(place, amount.unwrap_or_default(), digits)
            })?;
        }
        Ok(Amounts { before, after, change, causes })
    }

    fn people(&mut self, currency: &Currency) -> Result<(), ReportError> {
        let worlds = &currency.worlds;
        let of = |number| world(worlds, number);
        self.counts("Subscriptions with a charge", |_| Ok(currency.subscriptions))?;
        self.counts("Subscriptions changed", |number| Ok(of(number)?.subscriptions_changed))?;
        self.counts("Customers", |_| Ok(currency.customers))?;
        self.counts("Customers who pay more", |number| Ok(of(number)?.customers_up))?;
        self.counts("Customers who pay less", |number| Ok(of(number)?.customers_down))?;
        for (place, bound) in RISES.into_iter().enumerate() {
            let rises = |number| Ok(of(number)?.rises.get(place).copied().unwrap_or_default());
            self.counts(&format!("Customers whose amount rises by more than {bound} %"), rises)?;
        }
        self.counts("Customers who paid nothing before", |number| Ok(of(number)?.rises_from_nothing))?;
        Ok(())
    }

    /// What is left out of the totals above; tells for each proposal that leaves something out what apart is from its
    /// sheet, as a formula.
    fn left_out(
        &mut self,
        currency: &Currency,
        totals: &[Total<'_>],
    ) -> Result<Vec<(usize, String)>, ReportError> {
        let of =
            |number| totals.iter().find(|total| total.proposal == number && total.currency == currency.code);
        let digits = currency.digits;
        let rows = [
            self.line("Subscriptions left out", |page, place, number| {
                page.count(place, of(number).map_or(0, |total| total.subscriptions))
            })?,
            self.line("Left out of before", |page, place, number| {
                page.amount(place, of(number).map_or(0, |total| total.before), digits)
            })?,
            self.line("Left out of after", |page, place, number| {
                page.amount(place, of(number).map_or(0, |total| total.after), digits)
            })?,
        ];
        let of_it = totals.iter().filter(|total| total.currency == currency.code);
        let gap = |total: &Total<'_>| {
            let column = column_of(total.proposal)?;
            let pairs = total.cells().into_iter().zip(rows.map(|row| cell(row, column)));
            Ok((total.proposal, apart(pairs)))
        };
        of_it.map(gap).collect()
    }

    fn causes_tie(&mut self, currency: &Currency, amounts: Amounts) -> Result<(), ReportError> {
        let Amounts { change, causes, .. } = amounts;
        self.line("The causes add up to the change", |page, (row, column), _| {
            let last = causes + (CAUSES.len() as u32) - 1;
            let sum = format!("SUM({})", cell_range_absolute(causes, column, last, column));
            let gap = apart(std::iter::once((sum, cell(change, column))));
            page.check((row, column), &verdict(&gap, currency.digits), TIES)
        })?;
        Ok(())
    }

    /// Every total of a sheet, against the amounts above.
    fn sheet_ties(
        &mut self,
        number: usize,
        currency: &Currency,
        placed: &Placed,
        amounts: Amounts,
    ) -> Result<(), ReportError> {
        let label = format!("All totals of {}, row {}", placed.name, placed.row(number)? + 1);
        self.line(&label, |page, (row, column), proposal| {
            let mut pairs = Vec::new();
            for (amount, own) in amounts.columns() {
                let total = placed.total(number, proposal, amount)?;
                pairs.extend(total.map(|total| (total, cell(own, column))));
            }
            page.check((row, column), &verdict(&apart(pairs.into_iter()), currency.digits), TIES)
        })?;
        Ok(())
    }

    fn left_out_ties(&mut self, currency: &Currency, gaps: &[(usize, String)]) -> Result<(), ReportError> {
        self.line("Totals of Left out", |page, place, number| {
            let gap = gaps.iter().find(|(proposal, _)| *proposal == number);
            gap.map_or(Ok(()), |(_, gap)| page.check(place, &verdict(gap, currency.digits), TIES))
        })?;
        Ok(())
    }
}

/// A proposal's effect.
fn world(worlds: &[World], number: usize) -> Result<&World, ReportError> {
    let law = "every row tells of every proposal";
    worlds.get(number).ok_or_else(|| ReportError::Law { law, detail: format!("proposal {}", number + 1) })
}

/// How far pairs of cells are apart, in all and without signs.
fn apart(pairs: impl Iterator<Item = (String, String)>) -> String {
    pairs.map(|(there, here)| format!("ABS({there}-{here})")).collect::<Vec<_>>().join("+")
}

fn verdict(gap: &str, digits: u32) -> String {
    format!("IF(ROUND({gap},{digits})=0,{},\"DOES NOT TIE\")", quoted(TIES))
}
