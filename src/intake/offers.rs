//! Advisors, their offices, where SKUs are sold, what was offered and what was accepted (R53 to R55).
//!
//! All five inputs are small, so they are read by one thread and held as they are. A row that can't be read is rejected
//! with everything that is wrong with it; if it is a row of an offer, the engine refuses the whole offer.

use super::columns::{acceptances as t, advisors as a, offers as o, offices as f, sku_markets as m};
use super::desk::{ITEM_MARK, Notes};
use super::error::{IntakeError, Warning};
use super::excerpts;
use super::offer_ids::{AcceptanceCells, AdvisorCells, Card, Known, OfferCells, OfferNames};
use super::reading::Reader;
use super::row::{Cells, Fault, Row};
use super::{FileFacts, Progress, Reading, Trails};
use crate::job::Inputs;
use crate::names::Reject;
use std::time::Duration;
use termwise_engine::advising::OfferBook;
use termwise_engine::calendar::Instant;
use termwise_engine::findings::{Code, Disposition, Fate, Finding, Source, Table};

/// Everything that was read of the inputs of purchase offers.
#[derive(Debug)]
pub struct OfferIntake {
    /// What is to be judged.
    pub book: OfferBook,
    /// The texts behind its ids.
    pub names: OfferNames,
    /// What is wrong with rows as they stand.
    pub findings: Vec<Finding>,
    /// What becomes of those rows.
    pub fates: Vec<(Source, Fate)>,
    /// What each file is, by table and number.
    pub files: Vec<FileFacts>,
    /// What is odd and stops nothing.
    pub warnings: Vec<Warning>,
    /// How long the reading of each file took.
    pub timings: Vec<(String, Duration)>,
    trails: Trails,
}

/// Reads the five inputs of purchase offers.
///
/// # Errors
/// [`IntakeError`] where a file can't be trusted as a whole.
pub fn read_offers(
    inputs: &Inputs,
    reading: &Reading,
    progress: &dyn Progress,
) -> Result<OfferIntake, IntakeError> {
    let mut reader = Reader::new(inputs, reading, progress);
    let mut rows = Rows::default();
    for table in Table::OF_OFFERS {
        for (number, file) in reader.files(table) {
            let take = |rows: &mut Rows, row: Row<'_>, source: Source| {
                rows.take(row, source);
                Ok(())
            };
            reader.file((table, number?), file, std::slice::from_mut(&mut rows), &take, |_| Vec::new())?;
        }
    }
    let has = |table| inputs.files.contains_key(&table);
    let (book, names, mut notes) = rows.book(has(Table::Offices), has(Table::SkuMarkets));
    notes.sort();
    reader.facts.sort_by_key(|facts| (facts.table, facts.file));
    let warnings = reader.facts.iter().flat_map(|facts| facts.warnings.iter().cloned()).collect();
    Ok(OfferIntake {
        book,
        names,
        findings: notes.findings,
        fates: notes.fates,
        files: reader.facts,
        warnings,
        timings: reader.timings,
        trails: reader.trails,
    })
}

impl OfferIntake {
    /// Each finding with its file, key, cell and row, sorted by table, file, row, column and code.
    ///
    /// # Errors
    /// A file is no longer what it was when it was read.
    pub fn excerpts(&self, inputs: &Inputs, findings: &[Finding]) -> Result<Vec<Reject>, IntakeError> {
        excerpts::excerpts(inputs, &self.trails, findings)
    }
}

/// Rows as they are read, with their texts.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) advisors: Vec<Known<AdvisorCells>>,
    pub(super) offices: Vec<Known<(Box<str>, Instant)>>,
    pub(super) sold: Vec<(Box<str>, Vec<Box<str>>)>,
    pub(super) offers: Vec<Known<OfferCells>>,
    pub(super) acceptances: Vec<AcceptanceCells>,
    pub(super) notes: Notes,
    pub(super) faults: Vec<Fault>,
}

impl Rows {
    fn take(&mut self, row: Row<'_>, source: Source) {
        let mut faults = std::mem::take(&mut self.faults);
        let mut cells = Cells::new(row, &mut faults);
        if source.table == Table::Advisors {
            self.advisor(&mut cells, source);
        } else if source.table == Table::Offices {
            self.office(&mut cells, source);
        } else if source.table == Table::SkuMarkets {
            self.sold.extend(sold(&mut cells));
        } else if source.table == Table::Offers {
            self.offer(&mut cells, source);
        } else {
            self.acceptances.extend(acceptance(&mut cells, source));
        }
        if !faults.is_empty() {
            self.notes.set(source, Disposition::Rejected, &faults);
        }
        self.faults = faults;
    }

    fn advisor(&mut self, cells: &mut Cells<'_, '_>, source: Source) {
        let id = cells.text(a::ADVISOR_ID);
        let name = cells.text(a::NAME).map(Into::into);
        let contact = cells.text(a::CONTACT).map(Into::into);
        let code = cells.text(a::CODE);
        let authorised = cells.flag(a::AUTHORISED);
        let is_certified = cells.flag(a::CERTIFIED).unwrap_or(false);
        let read = code.zip(authorised).filter(|_| cells.is_clean()).map(|(code, is_authorised)| {
            AdvisorCells { card: Card { name, contact, code: code.into() }, is_authorised, is_certified }
        });
        self.advisors.extend(id.map(|id| (id.into(), source, read)));
    }

    fn office(&mut self, cells: &mut Cells<'_, '_>, source: Source) {
        let id = cells.text(f::OFFICE_ID);
        let advisor = cells.text(f::ADVISOR_ID).map(Box::<str>::from);
        let read = advisor.zip(cells.instant(f::CREATED_AT)).filter(|_| cells.is_clean());
        self.offices.extend(id.map(|id| (id.into(), source, read)));
    }

    fn offer(&mut self, cells: &mut Cells<'_, '_>, source: Source) {
        let id = cells.text(o::OFFER_ID);
        let read = offer(cells).filter(|_| cells.is_clean());
        self.offers.extend(id.map(|id| (id.into(), source, read)));
    }
}

fn joined(product: &str, sku: &str) -> Box<str> {
    format!("{product}{ITEM_MARK}{sku}").into()
}

fn sold(cells: &mut Cells<'_, '_>) -> Option<(Box<str>, Vec<Box<str>>)> {
    let (product, sku) = (cells.text(m::PRODUCT_ID), cells.text(m::SKU_ID));
    let markets = cells.list(m::MARKETS, |market| Some(market.into()));
    let (product, sku) = product.zip(sku).filter(|_| cells.is_clean())?;
    Some((joined(product, sku), markets))
}

/// Licences, one or more.
fn licences(cells: &mut Cells<'_, '_>, column: super::columns::Column) -> Option<u32> {
    let number = cells.signed_seats(column)?;
    let number = u32::try_from(number).ok().filter(|&number| number > 0);
    if number.is_none() {
        cells.fault(Code::LicencesNotPositive, column);
    }
    number
}

/// The cells of an offer's row; every one is looked at, so that all that is wrong is found at once.
fn offer(cells: &mut Cells<'_, '_>) -> Option<OfferCells> {
    let advisor = cells.text(o::ADVISOR_ID);
    let office = cells.text(o::OFFICE_ID).map(Into::into);
    let usage_location = cells.text(o::USAGE_LOCATION);
    let made_at = cells.instant(o::MADE_AT);
    let delegated_admin = cells.flag(o::DELEGATED_ADMIN).unwrap_or(false);
    let (product, sku) = (cells.text(o::PRODUCT_ID), cells.text(o::SKU_ID));
    let licences = licences(cells, o::LICENCES);
    Some(OfferCells {
        advisor: advisor?.into(),
        office,
        usage_location: usage_location?.into(),
        made_at: made_at?,
        delegated_admin,
        item: joined(product?, sku?),
        licences: licences?,
    })
}

fn acceptance(cells: &mut Cells<'_, '_>, source: Source) -> Option<AcceptanceCells> {
    let offer = cells.text(t::OFFER_ID);
    let customer = cells.text(t::CUSTOMER_ID);
    let accepted_at = cells.instant(t::ACCEPTED_AT);
    let (product, sku) = (cells.text(t::PRODUCT_ID), cells.text(t::SKU_ID));
    match (product, sku) {
        (Some(_), None) => cells.fault(Code::ValueMissing, t::SKU_ID),
        (None, Some(_)) => cells.fault(Code::ValueMissing, t::PRODUCT_ID),
        (Some(_), Some(_)) | (None, None) => {}
    }
    let licences = licences(cells, t::LICENCES);
    let delegated_admin = cells.flag(t::DELEGATED_ADMIN).unwrap_or(false);
    if !cells.is_clean() {
        return None;
    }
    Some(AcceptanceCells {
        source,
        offer: offer?.into(),
        customer: customer?.into(),
        accepted_at: accepted_at?,
        item: product.zip(sku).map(|(product, sku)| joined(product, sku)),
        licences,
        delegated_admin,
    })
}
