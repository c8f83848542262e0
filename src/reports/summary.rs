//! The first sheet: what there is to look at, the file by status and by cause, seats, and that everything ties.
//!
//! Every sum stands beside what it is checked against, and the check is a formula that says `ties` or `DOES NOT TIE`, so
//! that it can be followed by hand and goes on holding when somebody edits a row. No sum is over two currencies.

mod ties;

use super::figures;
use super::frames::Control;
use super::groups::{Group, Measure};
use super::listing::{Written, digits_of};
use super::page::{Over, Page, Weight, quoted};
use super::sheets::{Groups, Tie};
use super::{Facts, ReportError};
use rust_xlsxwriter::row_col_to_cell_absolute;
use std::collections::BTreeMap;
use termwise_engine::reconciling::Status;

/// Its name.
pub(super) const NAME: &str = "Summary";

const TIES: &str = "ties";
const CHECK: &str = "Check";
const WIDTHS: [u16; 8] = [52, 12, 10, 18, 18, 18, 18, 60];
const ABOUT: &str = "The vendor's lines of a billing period against what we bill for the same days, by subscription, \
                     product:SKU, charge cycle and currency.";
const SIGN: &str =
    "A difference is ours less the vendor's: where it is negative, the vendor charges more than we bill.";

// The columns of every table on this sheet.
const LABEL: u16 = 0;
const CURRENCY: u16 = 1;
const ROWS: u16 = 2;
const FIRST: u16 = 3;
const SECOND: u16 = 4;
const THIRD: u16 = 5;
const FOURTH: u16 = 6;
const MEANING: u16 = 7;

/// A listing that was written, and what it must add up to.
pub(super) struct Listed {
    pub(super) name: &'static str,
    pub(super) column: &'static str,
    pub(super) tie: Tie,
    pub(super) written: Written,
}

/// Rows of a table that formulas look into.
#[derive(Clone, Copy)]
struct Span {
    first: u32,
    last: u32,
}

impl Span {
    fn range(self, column: u16) -> String {
        let (first, last) = (self.first, self.last.max(self.first));
        let cell = |row| row_col_to_cell_absolute(row, column);
        format!("{}:{}", cell(first), cell(last))
    }

    /// The sum of a column over the rows of a currency.
    fn sum(self, column: u16, currency: &str) -> String {
        format!("SUMIFS({},{},{})", self.range(column), self.range(CURRENCY), quoted(currency))
    }

    /// The same, of the rows that have a label.
    fn sum_of(self, column: u16, currency: &str, label: &str) -> String {
        let sum = self.sum(column, currency);
        let sum = sum.strip_suffix(')').unwrap_or(&sum).to_owned();
        format!("{sum},{},{})", self.range(LABEL), quoted(label))
    }
}

struct Summary<'a, 'w> {
    page: Page<'w>,
    control: &'a BTreeMap<&'static str, Control>,
    groups: &'a Groups,
    row: u32,
    /// How many cells say whether something ties.
    checks: u32,
}

/// Writes the sheet.
pub(super) fn write(
    page: Page<'_>,
    facts: &Facts<'_>,
    control: &BTreeMap<&'static str, Control>,
    groups: &Groups,
    listed: &[Listed],
) -> Result<(), ReportError> {
    let mut summary = Summary { page, control, groups, row: 0, checks: 0 };
    let told = summary.facts(facts)?;
    summary.unexplained()?;
    let statuses = summary.statuses()?;
    let causes = summary.causes()?;
    summary.totals(statuses, causes)?;
    summary.seats()?;
    summary.sheets(statuses, causes, listed)?;
    // Counted and not negated: a check that shows an error does not tie either.
    let checks = Span { first: told, last: summary.row }.range(FOURTH);
    let all = format!("COUNTIF({checks},{})={}", quoted(TIES), summary.checks);
    let formula = format!("IF({all},\"everything ties\",\"SOMETHING DOES NOT TIE\")");
    summary.page.word((told, 1), &formula, "everything ties")?;
    let mut page = summary.page;
    (0..).zip(WIDTHS).try_for_each(|(column, letters)| page.width(column, letters))
}

impl Summary<'_, '_> {
    /// What this is; tells the row that is left for whether everything ties.
    fn facts(&mut self, facts: &Facts<'_>) -> Result<u32, ReportError> {
        let page = &mut self.page;
        page.title((0, 0), "Reconciliation: the vendor's lines and ours")?;
        page.note((1, 0), ABOUT)?;
        page.note((2, 0), SIGN)?;
        page.bold((4, 0), "First day of the vendor's period")?;
        page.day((4, 1), facts.from.epoch_days())?;
        page.bold((5, 0), "Last day")?;
        page.day((5, 1), facts.as_of.epoch_days())?;
        let texts = [
            ("Tolerance for a line, in units of its currency", facts.tolerance_line),
            ("Tolerance in all, for each currency", facts.tolerance_total),
            ("termwise", facts.version),
            ("Digest of the inputs", facts.digest),
        ];
        let mut row = 6;
        for (label, text) in texts {
            page.bold((row, 0), label)?;
            page.text((row, 1), text)?;
            row += 1;
        }
        page.ignore_ids((6, 1), (row, 1))?;
        page.bold((row, 0), "Checks on this sheet")?;
        self.row = row + 2;
        Ok(row)
    }

    /// The headings of a table, the first of which is its name.
    fn head(&mut self, headings: [&str; WIDTHS.len()]) -> Result<(), ReportError> {
        // A check is a word, as its column is where there is a first sum and what it is held against.
        let is_check = headings.contains(&CHECK);
        let over = |column: u16| match column {
            LABEL | CURRENCY | MEANING => Over::Texts,
            FOURTH if is_check => Over::Texts,
            _ => Over::Numbers,
        };
        let headings = (0..).zip(headings).map(|(column, heading)| (heading, over(column)));
        self.page.head(self.row, headings)?;
        self.row += 1;
        Ok(())
    }

    /// Whatever nobody explained yet comes first: money that leaks.
    fn unexplained(&mut self) -> Result<(), ReportError> {
        self.head([
            "To look at",
            "Currency",
            "Rows",
            "Difference",
            "of it explained",
            "Open",
            "Open rows",
            "Where",
        ])?;
        let first = self.row;
        let groups = self.groups;
        for currency in self.control.keys() {
            for status in Status::TO_LOOK_AT {
                let of_it = |group: &&Group<Status>| group.currency == **currency && group.key == status;
                let Some(sums) = groups.by_status.iter().find(of_it).map(|group| group.sums) else {
                    continue;
                };
                let digits = digits_of(currency)?;
                let row = self.row;
                self.page.text((row, LABEL), sheet_of(status))?;
                self.page.text((row, CURRENCY), currency)?;
                self.page.count((row, ROWS), sums.of(Measure::Rows))?;
                self.page.amount((row, FIRST), sums.of(Measure::Difference), digits)?;
                self.page.amount((row, SECOND), sums.of(Measure::Explained), digits)?;
                self.page.amount((row, THIRD), sums.of(Measure::Open), digits)?;
                self.page.count((row, FOURTH), sums.of(Measure::OpenRows))?;
                self.page.text((row, MEANING), &format!("sheet {}", sheet_of(status)))?;
                self.row += 1;
            }
        }
        let span = Span { first, last: self.row.saturating_sub(1) };
        let measures = [
            (ROWS, Measure::Rows),
            (FIRST, Measure::Difference),
            (SECOND, Measure::Explained),
            (THIRD, Measure::Open),
            (FOURTH, Measure::OpenRows),
        ];
        let of_it = |group: &Group<Status>| Status::TO_LOOK_AT.contains(&group.key);
        let groups = groups.by_status.iter().filter(|group| of_it(group)).collect::<Vec<_>>();
        self.in_all(span, &measures, &groups)
    }

    /// A line of totals for each currency, below a table.
    fn in_all<K>(
        &mut self,
        span: Span,
        measures: &[(u16, Measure)],
        groups: &[&Group<K>],
    ) -> Result<(), ReportError> {
        for currency in self.control.keys() {
            let row = self.row;
            self.page.bold((row, LABEL), &format!("Total {currency}"))?;
            for &(column, measure) in measures {
                let of_it = groups.iter().filter(|group| group.currency == **currency);
                let amount: i64 = of_it.map(|group| group.sums.of(measure)).sum();
                let formula = span.sum(column, currency);
                let place = (row, column);
                match measure {
                    Measure::Rows | Measure::OpenRows => {
                        self.page.count_of(place, &formula, amount, Weight::InAll)?;
                    }
                    Measure::Ours
                    | Measure::Vendors
                    | Measure::Excluded
                    | Measure::Difference
                    | Measure::VendorOnly
                    | Measure::Different
                    | Measure::OursOnly
                    | Measure::Small
                    | Measure::Explained
                    | Measure::Open
                    | Measure::OurSeats
                    | Measure::VendorsSeats
                    | Measure::SeatsApart => {
                        self.page.sum(place, &formula, amount, digits_of(currency)?, Weight::InAll)?;
                    }
                }
            }
            self.row += 1;
        }
        if self.control.is_empty() {
            self.page.note((self.row, LABEL), "none")?;
            self.row += 1;
        }
        self.row += 1;
        Ok(())
    }

    fn statuses(&mut self) -> Result<Span, ReportError> {
        self.head([
            "By status",
            "Currency",
            "Rows",
            "Vendor's amount",
            "Our amount",
            "Difference",
            "Share of the rows",
            "Meaning",
        ])?;
        let first = self.row;
        let groups = self.groups;
        for group in &groups.by_status {
            let (row, digits) = (self.row, digits_of(&group.currency)?);
            self.page.text((row, LABEL), group.key.name())?;
            self.page.text((row, CURRENCY), &group.currency)?;
            self.page.count((row, ROWS), group.sums.of(Measure::Rows))?;
            self.page.amount((row, FIRST), group.sums.of(Measure::Vendors), digits)?;
            self.page.amount((row, SECOND), group.sums.of(Measure::Ours), digits)?;
            self.page.amount((row, THIRD), group.sums.of(Measure::Difference), digits)?;
            self.page.text((row, MEANING), group.key.sentence())?;
            self.row += 1;
        }
        let span = Span { first, last: self.row.saturating_sub(1) };
        for (row, group) in (first..).zip(&groups.by_status) {
            let of_it = groups.by_status.iter().filter(|other| other.currency == group.currency);
            let rows: i64 = of_it.map(|other| other.sums.of(Measure::Rows)).sum();
            let own = row_col_to_cell_absolute(row, ROWS);
            let formula = format!("{own}/{}", span.sum(ROWS, &group.currency));
            let share = figures::ratio(group.sums.of(Measure::Rows), rows);
            self.page.share((row, FOURTH), &formula, share)?;
        }
        let measures = [
            (ROWS, Measure::Rows),
            (FIRST, Measure::Vendors),
            (SECOND, Measure::Ours),
            (THIRD, Measure::Difference),
        ];
        self.in_all(span, &measures, &groups.by_status.iter().collect::<Vec<_>>())?;
        Ok(span)
    }

    fn causes(&mut self) -> Result<Span, ReportError> {
        self.head([
            "By cause",
            "Currency",
            "Rows",
            "Difference",
            "of it explained",
            "Open",
            "Open rows",
            "Meaning",
        ])?;
        let first = self.row;
        let groups = self.groups;
        for group in &groups.by_cause {
            let (row, digits) = (self.row, digits_of(&group.currency)?);
            self.page.text((row, LABEL), group.key.name())?;
            self.page.text((row, CURRENCY), &group.currency)?;
            self.page.count((row, ROWS), group.sums.of(Measure::Rows))?;
            self.page.amount((row, FIRST), group.sums.of(Measure::Difference), digits)?;
            self.page.amount((row, SECOND), group.sums.of(Measure::Explained), digits)?;
            self.page.amount((row, THIRD), group.sums.of(Measure::Open), digits)?;
            self.page.count((row, FOURTH), group.sums.of(Measure::OpenRows))?;
            self.page.text((row, MEANING), group.key.sentence())?;
            self.row += 1;
        }
        let span = Span { first, last: self.row.saturating_sub(1) };
        let measures = [
            (ROWS, Measure::Rows),
            (FIRST, Measure::Difference),
            (SECOND, Measure::Explained),
            (THIRD, Measure::Open),
            (FOURTH, Measure::OpenRows),
        ];
        self.in_all(span, &measures, &groups.by_cause.iter().collect::<Vec<_>>())?;
        Ok(span)
    }
}

/// The sheet where the rows of a status to look at stand.
const fn sheet_of(status: Status) -> &'static str {
    match status {
        Status::VendorOnly => "We pay and do not bill",
        Status::OursOnly => "We bill and do not pay",
        Status::Different => "Amount differences",
        Status::WithinTolerance => "Within tolerance",
        Status::Excluded => "Excluded",
        Status::Matched | Status::MatchedUnderRounding => "Matched",
    }
}
