//! The tables that hold one sum against another: control totals, seats, and the other sheets.

use super::super::ReportError;
use super::super::figures;
use super::super::groups::Measure;
use super::super::listing::digits_of;
use super::super::page::{Weight, quoted};
use super::super::sheets::Tie;
use super::{
    CHECK, CURRENCY, FIRST, FOURTH, LABEL, Listed, MEANING, ROWS, SECOND, Span, Summary, THIRD, TIES,
};
use rust_xlsxwriter::row_col_to_cell_absolute;
use termwise_engine::reconciling::Status;

impl Summary<'_, '_> {
    /// What was added up row by row while the file was read, against the tables above.
    pub(super) fn totals(&mut self, statuses: Span, causes: Span) -> Result<(), ReportError> {
        self.head(["Control totals", "Currency", "", "In", "Out", "Apart", CHECK, "How"])?;
        for (currency, control) in self.control {
            let first = self.row;
            let lines = [
                (
                    "Vendor's file = sum over statuses",
                    (None, control.vendors),
                    statuses.sum(FIRST, currency),
                    "in: added up row by row from the file; out: By status",
                ),
                (
                    "Our total = sum over statuses",
                    (None, control.ours),
                    statuses.sum(SECOND, currency),
                    "in: added up row by row from the file; out: By status",
                ),
                (
                    "Ours less the vendor's, without excluded = differences",
                    (
                        Some(format!(
                            "{}-({}-{})",
                            row_col_to_cell_absolute(first + 1, FIRST),
                            row_col_to_cell_absolute(first, FIRST),
                            statuses.sum_of(FIRST, currency, Status::Excluded.name())
                        )),
                        control.ours - (control.vendors - control.excluded),
                    ),
                    statuses.sum(THIRD, currency),
                    "in: the two lines above; out: By status",
                ),
                (
                    "Differences = sum over causes",
                    (Some(statuses.sum(THIRD, currency)), control.difference),
                    causes.sum(FIRST, currency),
                    "in: By status; out: By cause",
                ),
            ];
            for (label, (formula, amount), out, how) in lines {
                let amount = fitting(amount)?;
                self.check(label, currency, (formula, amount), (out, amount), how)?;
            }
        }
        if self.control.is_empty() {
            self.page.note((self.row, LABEL), "none")?;
            self.row += 1;
        }
        self.row += 1;
        Ok(())
    }

    /// A line that holds one sum against another.
    fn check(
        &mut self,
        label: &str,
        currency: &str,
        (formula, amount): (Option<String>, i64),
        (out, expected): (String, i64),
        how: &str,
    ) -> Result<(), ReportError> {
        let (row, digits) = (self.row, digits_of(currency)?);
        self.page.text((row, LABEL), label)?;
        self.page.text((row, CURRENCY), currency)?;
        match formula {
            Some(formula) => self.page.sum((row, FIRST), &formula, amount, digits, Weight::One)?,
            None => self.page.amount((row, FIRST), amount, digits)?,
        }
        self.page.sum((row, SECOND), &out, expected, digits, Weight::One)?;
        let [first, second, third] =
            [FIRST, SECOND, THIRD].map(|column| row_col_to_cell_absolute(row, column));
        self.page.sum((row, THIRD), &format!("{first}-{second}"), 0, digits, Weight::One)?;
        self.page.word((row, FOURTH), &format!("IF({third}=0,{},\"DOES NOT TIE\")", quoted(TIES)), TIES)?;
        self.page.text((row, MEANING), how)?;
        self.checks += 1;
        self.row += 1;
        Ok(())
    }

    /// The seat-count variance rate.
    pub(super) fn seats(&mut self) -> Result<(), ReportError> {
        self.head(["Seats", "", "", "Vendor's", "Ours", "Apart", "Variance", "How"])?;
        let sum = |measure| self.groups.by_status.iter().map(|group| group.sums.of(measure)).sum::<i64>();
        let (vendors, ours, apart) =
            (sum(Measure::VendorsSeats), sum(Measure::OurSeats), sum(Measure::SeatsApart));
        let row = self.row;
        let [base, own, net, rows_apart] = [(row, FIRST), (row, SECOND), (row, THIRD), (row + 1, THIRD)]
            .map(|(row, column)| row_col_to_cell_absolute(row, column));
        let page = &mut self.page;
        page.text((row, LABEL), "Seats of all charge cycles, without excluded")?;
        page.count((row, FIRST), vendors)?;
        page.count((row, SECOND), ours)?;
        page.count_of((row, THIRD), &format!("{own}-{base}"), ours - vendors, Weight::One)?;
        let share = |apart: &str| format!("IF({base}=0,\"\",{apart}/{base})");
        page.share((row, FOURTH), &share(&net), figures::ratio(ours - vendors, vendors))?;
        page.text((row, MEANING), "ours less the vendor's, of the vendor's")?;
        page.text((row + 1, LABEL), "The same, row by row without signs")?;
        page.count((row + 1, THIRD), apart)?;
        page.share((row + 1, FOURTH), &share(&rows_apart), figures::ratio(apart, vendors))?;
        page.text((row + 1, MEANING), "too many here do not make up for too few there")?;
        self.row = row + 3;
        Ok(())
    }

    /// The totals of the other sheets, against the tables above.
    pub(super) fn sheets(
        &mut self,
        statuses: Span,
        causes: Span,
        listed: &[Listed],
    ) -> Result<(), ReportError> {
        self.head([
            "Sheets",
            "Currency",
            "Rows",
            "On the sheet",
            "On this one",
            "Apart",
            CHECK,
            "What is compared",
        ])?;
        for currency in self.control.keys() {
            for listed in listed {
                let rows = listed.written.rows.get(*currency).copied().unwrap_or_default();
                let expected = self.groups.expected(listed.tie, currency);
                if rows == 0 && expected == 0 {
                    continue;
                }
                let totals = listed.written.totals.get(&(listed.column, (*currency).to_owned()));
                let cells: Vec<&str> =
                    totals.into_iter().flatten().map(|total| total.cell.as_str()).collect();
                let on_sheet = if cells.is_empty() { "0".to_owned() } else { cells.join("+") };
                let (formula, what) = match listed.tie {
                    Tie::Statuses(of, measure) => {
                        let column = if measure == Measure::Vendors { FIRST } else { THIRD };
                        let sums: Vec<String> = if of.len() == Status::ALL.len() {
                            vec![statuses.sum(column, currency)]
                        } else {
                            of.iter().map(|of| statuses.sum_of(column, currency, of.name())).collect()
                        };
                        let what = if measure == Measure::Vendors { "vendor's amount" } else { "difference" };
                        (sums.join("+"), what)
                    }
                    Tie::Cause(cause) => (causes.sum_of(FIRST, currency, cause.name()), "difference"),
                    Tie::Explained => (causes.sum(SECOND, currency), "difference"),
                };
                self.page.count((self.row, ROWS), rows)?;
                self.check(listed.name, currency, (Some(on_sheet), expected), (formula, expected), what)?;
            }
        }
        if self.control.is_empty() {
            self.page.note((self.row, LABEL), "none")?;
        }
        Ok(())
    }
}

fn fitting(sum: i128) -> Result<i64, ReportError> {
    i64::try_from(sum).map_err(|_| ReportError::TooLarge { what: sum.to_string() })
}
