//! The tables of a run: what must hold of a stretch of the book, and its rows as cells, piece by piece.
//!
//! Everything here only looks at a stretch, so any number of threads may do it at once.

use super::charge::{self, ChargeRow};
use super::days::DayTexts;
use super::lexicon::Lexicons;
use super::lines::{self, InvoiceRow, LineRow};
use super::renewals::{self, RenewalRow};
use super::sheet::{self, Column, Context};
use super::strip::Strip;
use super::{OutputError, Stretch, proof};
use crate::job::{Format, Job};
use crate::names::SharedNames;
use std::ops::Range;
use std::time::{Duration, Instant};
use termwise_engine::book::Window;
use termwise_engine::ids::CustomerId;
use termwise_engine::money::Rounding;

/// Rows of a cut: enough to be worth a turn, few enough to stay near the processor.
const CUT_ROWS: usize = 1 << 13;

/// A table that a run publishes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum OutputTable {
    /// What is charged.
    InvoiceLines,
    /// Their sums.
    Invoices,
    /// Terms that end, and what they lead to.
    Renewals,
    /// Renewals whose notice fell due since the last run of a ledger.
    Notices,
}

impl OutputTable {
    /// Every table, in the order of the contract; the last is of a ledger's runs alone.
    pub const ALL: [OutputTable; 4] =
        [OutputTable::InvoiceLines, OutputTable::Invoices, OutputTable::Renewals, OutputTable::Notices];

    /// As its file is called.
    pub const fn name(self) -> &'static str {
        match self {
            OutputTable::InvoiceLines => "invoice_lines",
            OutputTable::Invoices => "invoices",
            OutputTable::Renewals => "renewals",
            OutputTable::Notices => "notices",
        }
    }

    /// Its number among the tables of a run, and its name.
    pub(super) const fn place(self) -> (usize, &'static str) {
        (self as usize, self.name())
    }

    /// How many rows a stretch has of it.
    pub(super) fn rows_of(self, stretch: &Stretch<'_>) -> usize {
        match (self, stretch.posting) {
            (OutputTable::InvoiceLines, None) => stretch.invoiced.lines.len(),
            (OutputTable::InvoiceLines, Some(posting)) => posting.charges.len(),
            (OutputTable::Invoices, None) => stretch.invoiced.invoices.len(),
            // A night adds lines; invoices are issued when a month is closed (R65).
            (OutputTable::Invoices, Some(_)) | (OutputTable::Notices, None) => 0,
            (OutputTable::Renewals, _) => stretch.renewals.len(),
            (OutputTable::Notices, Some(posting)) => posting.notices.len(),
        }
    }

    /// Whether its subtotals add up to the totals of the run.
    pub(super) const fn has_subtotals(self) -> bool {
        match self {
            OutputTable::InvoiceLines | OutputTable::Invoices => true,
            OutputTable::Renewals | OutputTable::Notices => false,
        }
    }
}

/// What the tables of a run are made with.
#[derive(Debug)]
pub struct Tables {
    window: Window,
    format: Format,
    rounding: Rounding,
    words: Lexicons,
    days: DayTexts,
}

/// Some rows of one table of a stretch: the unit of work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    table: OutputTable,
    rows: Range<usize>,
}

/// The cells of some rows.
#[derive(Debug)]
pub(super) enum Cells {
    /// As CSV has them.
    Text(Vec<u8>),
    /// Column by column, for Parquet.
    Strips(Vec<Strip>),
}

/// The cells of a cut.
#[derive(Debug)]
pub struct Batch {
    pub(super) table: OutputTable,
    pub(super) set: SetRows,
}

/// Rows of a table as cells.
#[derive(Debug)]
pub(super) struct SetRows {
    pub(super) rows: usize,
    pub(super) cells: Cells,
    /// The customers of the first and the last row.
    pub(super) customers: (String, String),
    /// Whether its stretch begins with it.
    pub(super) begins: bool,
    /// How long a thread took to set it.
    pub(super) took: Duration,
}

impl Tables {
    /// The tables of a job, whose rows have these names in common.
    pub fn new(job: &Job, shared: &SharedNames) -> Tables {
        Tables {
            window: job.window,
            format: job.outputs.format,
            rounding: job.policy.rounding,
            words: Lexicons::of(shared),
            days: DayTexts::around(job.window),
        }
    }

    /// Proves what must hold of a stretch before anything of it is written.
    ///
    /// # Errors
    /// The first law that does not hold.
    pub fn prove(&self, stretch: &Stretch<'_>) -> Result<(), OutputError> {
        proof::prove(stretch, self.rounding)
    }

    /// The rows of a stretch, cut into pieces; table by table, and within a table in the order of its rows.
    pub fn cuts(&self, stretch: &Stretch<'_>) -> Vec<Cut> {
        let of = |table: OutputTable| {
            let rows = table.rows_of(stretch);
            (0..rows)
                .step_by(CUT_ROWS)
                .map(move |first| Cut { table, rows: first..rows.min(first + CUT_ROWS) })
        };
        OutputTable::ALL.into_iter().flat_map(of).collect()
    }

    /// Sets the cells of a cut.
    ///
    /// # Errors
    /// A number does not fit its column.
    pub fn set(&self, stretch: &Stretch<'_>, cut: &Cut) -> Result<Batch, OutputError> {
        let since = Instant::now();
        let context = Context { names: stretch.names, window: self.window, days: &self.days };
        let rows = cut.rows.clone();
        let (cells, customers) = match cut.table {
            OutputTable::InvoiceLines if stretch.posting.is_some() => {
                let charges = stretch.posting.map_or(&[][..], |posting| posting.charges);
                let rows: &[ChargeRow<'_>] = &charges[rows];
                let customer = |row: &ChargeRow<'_>| row.0;
                (self.cells(charge::columns(), &context, rows)?, ends(rows, customer))
            }
            OutputTable::InvoiceLines => {
                let rows: Vec<LineRow<'_>> = lines::line_rows(stretch, rows);
                (
                    self.cells(lines::line_columns(&self.words), &context, &rows)?,
                    ends(&rows, LineRow::customer),
                )
            }
            OutputTable::Invoices => {
                let rows: &[InvoiceRow] = &stretch.invoiced.invoices[rows];
                let customer = |row: &InvoiceRow| row.key.customer;
                (self.cells(lines::invoice_columns(), &context, rows)?, ends(rows, customer))
            }
            OutputTable::Renewals => {
                let rows: Vec<RenewalRow<'_>> = renewals::rows(stretch, &stretch.renewals[rows]);
                (
                    self.cells(renewals::columns(&self.words), &context, &rows)?,
                    ends(&rows, RenewalRow::customer),
                )
            }
            OutputTable::Notices => {
                let notices = stretch.posting.map_or(&[][..], |posting| posting.notices);
                let rows: Vec<RenewalRow<'_>> = renewals::rows(stretch, &notices[rows]);
                (
                    self.cells(renewals::columns(&self.words), &context, &rows)?,
                    ends(&rows, RenewalRow::customer),
                )
            }
        };
        let name = |customer: Option<CustomerId>| {
            customer.map_or(String::new(), |id| stretch.names.customer(id).to_owned())
        };
        let set = SetRows {
            rows: cut.rows.len(),
            cells,
            customers: (name(customers.0), name(customers.1)),
            begins: cut.rows.start == 0,
            took: since.elapsed(),
        };
        Ok(Batch { table: cut.table, set })
    }

    fn cells<R>(
        &self,
        mut columns: Vec<Column<R>>,
        context: &Context<'_>,
        rows: &[R],
    ) -> Result<Cells, OutputError> {
        Ok(match self.format {
            Format::Csv => Cells::Text(sheet::text(&mut columns, context, rows)),
            Format::Parquet => Cells::Strips(sheet::strips(&mut columns, context, rows)?),
        })
    }
}

/// The customers of the first and of the last row.
fn ends<R>(rows: &[R], customer: impl Fn(&R) -> CustomerId) -> (Option<CustomerId>, Option<CustomerId>) {
    (rows.first().map(&customer), rows.last().map(&customer))
}
