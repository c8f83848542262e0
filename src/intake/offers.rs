//! Advisors, their offices, where SKUs are sold, what was offered and what was accepted (R53 to R55).
//!
//! All five inputs are small, so they are read by one thread and held as they are. A row that can't be read is rejected
//! with everything that is wrong with it; if it is a row of an offer, the engine refuses the whole offer.

use super::columns::{acceptances as t, advisors as a, offers as o, offices as f, sku_markets as m};
use super::desk::{ITEM_MARK, Notes, distinct};
use super::error::{IntakeError, Warning};
use super::excerpts;
use super::reading::Reader;
use super::row::{Cells, Fault, Row};
use super::{FileFacts, Progress, Reading, Trails};
use crate::job::Inputs;
use crate::names::{Reject, TextTable};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use termwise_engine::advising::{AcceptanceRow, Advisor, OfferBook, OfferRow, OfferTerms, Office};
use termwise_engine::calendar::Instant;
use termwise_engine::findings::{Code, Disposition, Fate, Finding, Source, Table};
use termwise_engine::ids::{AdvisorId, CustomerId, ItemId, MarketId, OfficeId, PurchaseOfferId};

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

/// The texts behind the ids of purchase offers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OfferNames {
    advisors: TextTable,
    /// By advisor.
    cards: Vec<Card>,
    offices: TextTable,
    offers: TextTable,
    customers: TextTable,
    markets: TextTable,
    /// Product and SKU as one text.
    items: TextTable,
}

/// How an advisor shows itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Card {
    /// Its name, if it has one.
    pub name: Option<Box<str>>,
    /// How to reach it, if the file says so.
    pub contact: Option<Box<str>>,
    /// The code that its URLs carry.
    pub code: Box<str>,
}

impl OfferNames {
    /// An advisor's id.
    pub fn advisor(&self, id: AdvisorId) -> &str {
        self.advisors.text(id.rank())
    }

    /// How an advisor shows itself.
    pub fn card(&self, id: AdvisorId) -> &Card {
        static NOBODY: std::sync::LazyLock<Card> = std::sync::LazyLock::new(Card::default);
        self.cards.get(id.rank()).unwrap_or(&NOBODY)
    }

    /// An office's id.
    pub fn office(&self, id: OfficeId) -> &str {
        self.offices.text(id.rank())
    }

    /// An offer's id.
    pub fn offer(&self, id: PurchaseOfferId) -> &str {
        self.offers.text(id.rank())
    }

    /// A client's id.
    pub fn customer(&self, id: CustomerId) -> &str {
        self.customers.text(id.rank())
    }

    /// A usage location.
    pub fn market(&self, id: MarketId) -> &str {
        self.markets.text(id.rank())
    }

    /// A product and SKU.
    pub fn item(&self, id: ItemId) -> (&str, &str) {
        self.items.text(id.rank()).split_once(ITEM_MARK).unwrap_or_default()
    }
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
struct Rows {
    advisors: Vec<(Box<str>, Source, Option<AdvisorCells>)>,
    offices: Vec<(Box<str>, Source, Option<(Box<str>, Instant)>)>,
    sold: Vec<(Box<str>, Vec<Box<str>>)>,
    offers: Vec<(Box<str>, Source, Option<OfferCells>)>,
    acceptances: Vec<AcceptanceCells>,
    notes: Notes,
    faults: Vec<Fault>,
}

struct AdvisorCells {
    card: Card,
    is_authorised: bool,
    is_certified: bool,
}

struct OfferCells {
    advisor: Box<str>,
    office: Option<Box<str>>,
    usage_location: Box<str>,
    made_at: Instant,
    delegated_admin: bool,
    item: Box<str>,
    licences: u32,
}

struct AcceptanceCells {
    source: Source,
    offer: Box<str>,
    customer: Box<str>,
    accepted_at: Instant,
    item: Option<Box<str>>,
    licences: Option<u32>,
    delegated_admin: bool,
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

    /// The rows with ids that are ranked by their texts, so that the order of rows shows in nothing.
    fn book(self, has_offices: bool, has_sku_markets: bool) -> (OfferBook, OfferNames, Notes) {
        let Rows { advisors, offices, sold, offers, acceptances, mut notes, faults: _ } = self;
        let names = OfferNames {
            advisors: TextTable::of(
                advisors
                    .iter()
                    .map(|(id, ..)| &**id)
                    .chain(offers.iter().filter_map(|(.., read)| read.as_ref().map(|cells| &*cells.advisor)))
                    .chain(
                        offices.iter().filter_map(|(.., read)| read.as_ref().map(|(advisor, _)| &**advisor)),
                    ),
            ),
            cards: Vec::new(),
            offices: TextTable::of(
                offices.iter().map(|(id, ..)| &**id).chain(
                    offers
                        .iter()
                        .filter_map(|(.., read)| read.as_ref().and_then(|cells| cells.office.as_deref())),
                ),
            ),
            offers: TextTable::of(offers.iter().map(|(id, ..)| &**id)),
            customers: TextTable::of(acceptances.iter().map(|row| &*row.customer)),
            markets: TextTable::of(
                sold.iter().flat_map(|(_, markets)| markets).map(|market| &**market).chain(
                    offers.iter().filter_map(|(.., read)| read.as_ref().map(|cells| &*cells.usage_location)),
                ),
            ),
            items: TextTable::of(
                sold.iter()
                    .map(|(item, _)| &**item)
                    .chain(offers.iter().filter_map(|(.., read)| read.as_ref().map(|cells| &*cells.item)))
                    .chain(acceptances.iter().filter_map(|row| row.item.as_deref())),
            ),
        };
        let ids = Ids(&names);
        let (advisors, cards) = ids.advisors(advisors, &mut notes);
        let offices = has_offices.then(|| ids.offices(offices, &mut notes));
        let sold = has_sku_markets.then(|| ids.sold(&sold));
        let (offers, unread) = ids.offers(offers);
        let acceptances = acceptances.into_iter().map(|row| ids.acceptance(&row)).collect();
        let book = OfferBook { advisors, offices, sold, offers, unread, acceptances };
        (book, OfferNames { cards, ..names }, notes)
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

/// From texts to ids.
struct Ids<'a>(&'a OfferNames);

/// The rank of a text that stands in the table, since the table was made of it.
fn rank(table: &TextTable, text: &str) -> usize {
    table.rank(text).unwrap_or_else(|| unreachable!("every text was met"))
}

impl Ids<'_> {
    fn advisor(&self, text: &str) -> AdvisorId {
        AdvisorId::of_rank(rank(&self.0.advisors, text))
    }

    fn item(&self, text: &str) -> ItemId {
        ItemId::of_rank(rank(&self.0.items, text))
    }

    fn market(&self, text: &str) -> MarketId {
        MarketId::of_rank(rank(&self.0.markets, text))
    }

    /// The advisors that one row stands for, each with a code of its own, and how they show themselves, by rank.
    fn advisors(
        &self,
        rows: Vec<(Box<str>, Source, Option<AdvisorCells>)>,
        notes: &mut Notes,
    ) -> (BTreeMap<AdvisorId, Advisor>, Vec<Card>) {
        let mut codes: BTreeMap<Box<str>, BTreeSet<AdvisorId>> = BTreeMap::new();
        for (id, _, read) in &rows {
            if let Some(cells) = read {
                codes.entry(cells.card.code.clone()).or_default().insert(self.advisor(id));
            }
        }
        let ranked = |(id, source, read): (Box<str>, Source, Option<AdvisorCells>)| {
            let id = self.advisor(&id);
            (id, source, read.map(|cells| (id, source, cells)))
        };
        let rows = rows.into_iter().map(ranked).collect();
        let single = distinct(rows, (Code::AdvisorDuplicate, a::ADVISOR_ID.name), notes);
        let mut advisors = BTreeMap::new();
        let mut cards = vec![Card::default(); self.0.advisors.len()];
        for (id, source, AdvisorCells { card, is_authorised, is_certified }) in single {
            if codes.get(&card.code).is_some_and(|sharing| sharing.len() > 1) {
                notes.reject(source, Code::AdvisorCodeShared, a::CODE.name);
                continue;
            }
            let has_contact = card.contact.is_some();
            if let Some(place) = cards.get_mut(id.rank()) {
                *place = card;
            }
            advisors.insert(id, Advisor { source, is_authorised, is_certified, has_contact });
        }
        (advisors, cards)
    }

    fn offices(
        &self,
        rows: Vec<(Box<str>, Source, Option<(Box<str>, Instant)>)>,
        notes: &mut Notes,
    ) -> BTreeMap<OfficeId, Office> {
        let ranked = |(id, source, read): (Box<str>, Source, Option<(Box<str>, Instant)>)| {
            let id = OfficeId::of_rank(rank(&self.0.offices, &id));
            let office = |(advisor, created_at): (Box<str>, Instant)| {
                (id, Office { source, advisor: self.advisor(&advisor), created_at })
            };
            (id, source, read.map(office))
        };
        let rows = rows.into_iter().map(ranked).collect();
        distinct(rows, (Code::OfficeDuplicate, f::OFFICE_ID.name), notes).into_iter().collect()
    }

    /// Rows of one SKU add up: a list may come market by market.
    fn sold(&self, rows: &[(Box<str>, Vec<Box<str>>)]) -> BTreeMap<ItemId, BTreeSet<MarketId>> {
        let mut sold: BTreeMap<ItemId, BTreeSet<MarketId>> = BTreeMap::new();
        for (item, markets) in rows {
            sold.entry(self.item(item)).or_default().extend(markets.iter().map(|market| self.market(market)));
        }
        sold
    }

    fn offers(
        &self,
        rows: Vec<(Box<str>, Source, Option<OfferCells>)>,
    ) -> (Vec<OfferRow>, BTreeSet<PurchaseOfferId>) {
        let mut offers = Vec::with_capacity(rows.len());
        let mut unread = BTreeSet::new();
        for (id, source, read) in rows {
            let offer = PurchaseOfferId::of_rank(rank(&self.0.offers, &id));
            let Some(cells) = read else {
                unread.insert(offer);
                continue;
            };
            let terms = OfferTerms {
                advisor: self.advisor(&cells.advisor),
                office: cells.office.map(|office| OfficeId::of_rank(rank(&self.0.offices, &office))),
                usage_location: self.market(&cells.usage_location),
                made_at: cells.made_at,
                delegated_admin: cells.delegated_admin,
            };
            offers.push(OfferRow {
                source,
                offer,
                terms,
                item: self.item(&cells.item),
                licences: cells.licences,
            });
        }
        (offers, unread)
    }

    fn acceptance(&self, row: &AcceptanceCells) -> AcceptanceRow {
        AcceptanceRow {
            source: row.source,
            offer: self.0.offers.rank(&row.offer).map(PurchaseOfferId::of_rank),
            customer: CustomerId::of_rank(rank(&self.0.customers, &row.customer)),
            accepted_at: row.accepted_at,
            item: row.item.as_deref().map(|item| self.item(item)),
            licences: row.licences,
            delegated_admin: row.delegated_admin,
        }
    }
}
