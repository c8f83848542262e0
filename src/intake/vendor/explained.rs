//! Differences that somebody has explained (R69): a pattern, the cause that it explains, whose word it is and until when.

use crate::intake::columns::{Column, explained as e};
use crate::intake::desk::Notes;
use crate::intake::error::IntakeError;
use crate::intake::reading::Reader;
use crate::intake::row::{Cells, Fault, Row};
use termwise_engine::calendar::Day;
use termwise_engine::findings::{Code, Disposition, Source, Table};
use termwise_engine::reconciling::Cause;

/// An explanation. What its pattern leaves open is any.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Explanation {
    /// Customer, subscription, product, SKU and currency.
    pub texts: [Option<Box<str>>; 5],
    /// First and last day of the charge cycle.
    pub cycle: [Option<Day>; 2],
    /// What it explains.
    pub cause: Cause,
    /// Who says so.
    pub owner: Box<str>,
    /// The last day on which it holds.
    pub expires_on: Day,
    /// Where it stands.
    pub source: Source,
}

impl Explanation {
    /// How much of a difference it names: of several that match the one that names most holds.
    pub fn named(&self) -> usize {
        self.texts.iter().flatten().count() + self.cycle.iter().flatten().count()
    }
}

const TEXTS: [Column; 5] = [e::CUSTOMER_ID, e::SUBSCRIPTION_ID, e::PRODUCT_ID, e::SKU_ID, e::CURRENCY];

#[derive(Default)]
struct Rows {
    rows: Vec<Explanation>,
    notes: Notes,
    faults: Vec<Fault>,
}

impl Rows {
    fn take(&mut self, row: Row<'_>, source: Source) {
        let mut cells = Cells::new(row, &mut self.faults);
        let texts = TEXTS.map(|column| cells.text(column).map(Into::into));
        let cycle = [cells.day(e::CYCLE_START), cells.day(e::CYCLE_END)];
        let cause = cells.word(e::CAUSE, Cause::of);
        let (owner, expires_on) = (cells.text(e::OWNER), cells.day(e::EXPIRES_ON));
        if cells.is_clean() && texts.iter().all(Option::is_none) && cycle == [None, None] {
            cells.fault(Code::ExplanationEmpty, e::SUBSCRIPTION_ID);
        }
        let read = cause.zip(owner).zip(expires_on).filter(|_| cells.is_clean());
        match read {
            Some(((cause, owner), expires_on)) => {
                self.rows.push(Explanation { texts, cycle, cause, owner: owner.into(), expires_on, source })
            }
            None => self.notes.set(source, Disposition::Rejected, &self.faults),
        }
    }
}

/// Reads them, the one that names most first, and otherwise in the order of their texts.
pub(super) fn read(reader: &mut Reader<'_>, notes: &mut Notes) -> Result<Vec<Explanation>, IntakeError> {
    let mut rows = Rows::default();
    for (number, file) in reader.files(Table::Explained) {
        let take = |rows: &mut Rows, row: Row<'_>, source: Source| {
            rows.take(row, source);
            Ok(())
        };
        reader.file((Table::Explained, number?), file, std::slice::from_mut(&mut rows), &take, |_| {
            Vec::new()
        })?;
    }
    notes.findings.append(&mut rows.notes.findings);
    notes.fates.append(&mut rows.notes.fates);
    rows.rows.sort();
    rows.rows.sort_by_key(|one| std::cmp::Reverse(one.named()));
    Ok(rows.rows)
}
