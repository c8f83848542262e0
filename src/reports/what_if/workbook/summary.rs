//! The first sheet: what was looked at, the proposals, what each comes to in each currency, and that everything ties.
//!
//! A column is a proposal. The totals here are those of the run; those of the other sheets are sums over their rows, and a
//! check is a formula that says `ties` or `DOES NOT TIE`, so that it can be followed by hand and goes on holding when
//! somebody edits a row. No sum is over two currencies.

mod currencies;

use super::super::model::{Change, Proposal, WhatIf};
use super::left_out::Total;
use super::rows::{Placed, day};
use super::{as_column, counted, inputs, whole};
use crate::reports::ReportError;
use crate::reports::page::{Over, Page, quoted};
use rust_xlsxwriter::row_col_to_cell_absolute;

/// Its name.
pub(super) const NAME: &str = "Summary";

const TIES: &str = "ties";
const ABOUT: &str = "The charges of the horizon as the book stands today (before) and under each proposal (after). What is left out under a proposal is in neither.";
const REACH: &str = "Nothing that is running is repriced: a proposal reaches a subscription at its next renewal, extension or trial conversion; a setting of rounding holds for every charge after as_of.";
const LABEL: u16 = 0;
const LABEL_WIDTH: u16 = 46;
/// Letters that the columns of all proposals share, and how wide each is.
const SHARED: u16 = 100;
const NARROWEST: u16 = 26;
const WIDEST: u16 = 60;

/// The sheet, written from the top down.
struct Summary<'a, 'w> {
    page: Page<'w>,
    what_if: &'a WhatIf,
    row: u32,
    /// The ranges of cells that say whether something ties, and how many do.
    checks: Vec<String>,
    checked: usize,
}

/// Writes the sheet.
pub(super) fn write(
    page: Page<'_>,
    what_if: &WhatIf,
    placed: &[Placed],
    left_out: &[Total<'_>],
) -> Result<(), ReportError> {
    let mut summary = Summary { page, what_if, row: 0, checks: Vec::new(), checked: 0 };
    let told = summary.facts()?;
    summary.proposals()?;
    for numbered in what_if.currencies.iter().enumerate() {
        summary.currency(numbered, placed, left_out)?;
    }
    if what_if.currencies.is_empty() {
        summary.page.note((summary.row, LABEL), "There is no charge in the horizon.")?;
        summary.row += 2;
    }
    summary.changes()?;
    summary.verdict(told)?;
    summary.widths()
}

impl<'a> Summary<'a, '_> {
    /// What this is; tells the row that is left for whether everything ties.
    fn facts(&mut self) -> Result<u32, ReportError> {
        let what_if = self.what_if;
        let count = u64::try_from(what_if.proposals.len()).unwrap_or(u64::MAX);
        let page = &mut self.page;
        page.title((0, 0), &format!("What-if: {} against today", counted(count, "proposal", "proposals")))?;
        page.note((1, 0), ABOUT)?;
        page.note((2, 0), REACH)?;
        let days = [
            ("As of the end of", &what_if.as_of),
            ("First day of the horizon", &what_if.first),
            ("Last day of the horizon", &what_if.last),
        ];
        let mut row = 4;
        for (label, text) in days {
            page.bold((row, LABEL), label)?;
            day(page, (row, 1), text)?;
            row += 1;
        }
        let told = |count: usize| match count {
            0 => "none".to_owned(),
            count => format!("{count}, on the sheet {}", inputs::NAME),
        };
        let texts = [
            ("Months", what_if.horizon_months.to_string()),
            ("termwise", what_if.version.clone()),
            ("Digest of the inputs", what_if.digest.clone()),
            ("Inputs with rows in no number", told(what_if.lacking.len())),
            ("Notes", told(what_if.notes.len())),
        ];
        for (label, text) in texts {
            page.bold((row, LABEL), label)?;
            page.text((row, 1), &text)?;
            row += 1;
        }
        page.bold((row, LABEL), "Checks on this sheet")?;
        self.row = row + 2;
        Ok(row)
    }

    /// The headings of a table: its name, and the proposals.
    fn head(&mut self, name: &str, over: Over) -> Result<(), ReportError> {
        let proposals = self.what_if.proposals.iter().map(|proposal| (proposal.name.as_str(), over));
        self.page.head(self.row, std::iter::once((name, Over::Texts)).chain(proposals))?;
        self.row += 1;
        Ok(())
    }

    /// A row with a cell for each proposal; tells its number.
    fn line(
        &mut self,
        label: &str,
        mut cell: impl FnMut(&mut Page<'_>, (u32, u16), usize) -> Result<(), ReportError>,
    ) -> Result<u32, ReportError> {
        let row = self.row;
        self.page.text((row, LABEL), label)?;
        for proposal in 0..self.what_if.proposals.len() {
            cell(&mut self.page, (row, column_of(proposal)?), proposal)?;
        }
        self.row += 1;
        Ok(row)
    }

    /// Who proposes what, and why.
    fn proposals(&mut self) -> Result<(), ReportError> {
        self.head("Proposals", Over::Texts)?;
        self.said("Title", |proposal| in_one_line(&proposal.title))?;
        self.said("Author", |proposal| in_one_line(&proposal.author))?;
        self.said("Why", |proposal| in_one_line(&proposal.why))?;
        let what_if = self.what_if;
        self.counts("Changes", |number| {
            Ok(what_if.proposals.get(number).map_or(0, |proposal| proposal.changes.len() as u64))
        })?;
        self.counts("Changes that match nothing", |number| {
            let changes = what_if.proposals.get(number).into_iter().flat_map(|proposal| &proposal.changes);
            Ok(changes.filter(|change| change.matches == 0).count() as u64)
        })?;
        self.counts("Subscriptions left out", |number| {
            Ok(what_if.left_out_subscriptions.get(number).copied().unwrap_or_default())
        })?;
        self.row += 1;
        Ok(())
    }

    /// A row of texts, each of which may take several lines.
    fn said(&mut self, label: &str, text: impl Fn(&Proposal) -> String) -> Result<(), ReportError> {
        let texts: Vec<String> = self.what_if.proposals.iter().map(text).collect();
        let letters = self.letters()?;
        self.page.tall(self.row, texts.iter().map(String::as_str), letters)?;
        self.line(label, |page, place, number| {
            texts.get(number).map_or(Ok(()), |text| page.wrapped(place, text))
        })?;
        Ok(())
    }

    /// A row of counts.
    fn counts(
        &mut self,
        label: &str,
        count: impl Fn(usize) -> Result<u64, ReportError>,
    ) -> Result<u32, ReportError> {
        self.line(label, |page, place, number| page.count(place, whole(count(number)?)?))
    }

    /// What each proposal changes, in words.
    fn changes(&mut self) -> Result<(), ReportError> {
        self.head("Changes of each proposal", Over::Texts)?;
        let what_if = self.what_if;
        let most = what_if.proposals.iter().map(|proposal| proposal.changes.len()).max().unwrap_or_default();
        for number in 0..most {
            let change = |proposal: &Proposal| proposal.changes.get(number).map(in_words);
            self.said(&format!("Change {}", number + 1), |proposal| change(proposal).unwrap_or_default())?;
        }
        if most == 0 {
            self.page.note((self.row, LABEL), "none")?;
            self.row += 1;
        }
        let last = (self.row, column_of(what_if.proposals.len())?);
        self.page.ignore_ids((0, 0), last)
    }

    /// Whether everything ties. Counted and not negated: a check that shows an error does not tie either.
    fn verdict(&mut self, row: u32) -> Result<(), ReportError> {
        if self.checks.is_empty() {
            return self.page.text((row, 1), "there is nothing to tie");
        }
        let counts: Vec<String> =
            self.checks.iter().map(|range| format!("COUNTIF({range},{})", quoted(TIES))).collect();
        let all = format!("{}={}", counts.join("+"), self.checked);
        let formula = format!("IF({all},\"everything ties\",\"SOMETHING DOES NOT TIE\")");
        self.page.word((row, 1), &formula, "everything ties")
    }

    /// How wide the column of a proposal is.
    fn letters(&self) -> Result<u16, ReportError> {
        let count = as_column(self.what_if.proposals.len())?;
        Ok((SHARED / count.max(1)).clamp(NARROWEST, WIDEST))
    }

    fn widths(&mut self) -> Result<(), ReportError> {
        let (last, letters) = (as_column(self.what_if.proposals.len())?.max(1), self.letters()?);
        self.page.width(LABEL, LABEL_WIDTH)?;
        (1..=last).try_for_each(|column| self.page.width(column, letters))
    }
}

/// A text of several lines as one.
fn in_one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

fn in_words(change: &Change) -> String {
    let Change { line, says, matches } = change;
    match matches {
        0 => format!("line {line}: {says} (MATCHES NOTHING)"),
        count => format!("line {line}: {says} ({})", counted(*count, "match", "matches")),
    }
}

/// The column of a proposal.
fn column_of(proposal: usize) -> Result<u16, ReportError> {
    as_column(proposal + 1)
}

/// A cell of this sheet, in formulas.
fn cell(row: u32, column: u16) -> String {
    row_col_to_cell_absolute(row, column)
}
