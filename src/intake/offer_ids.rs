//! From the texts of purchase offers to ids that are ranked by them, so that the order of rows shows in nothing.

use super::columns::{advisors as a, offices as f};
use super::desk::{ITEM_MARK, Notes, distinct};
use super::offers::Rows;
use crate::names::TextTable;
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::advising::{AcceptanceRow, Advisor, OfferBook, OfferRow, OfferTerms, Office};
use termwise_engine::calendar::Instant;
use termwise_engine::findings::{Code, Source};
use termwise_engine::ids::{AdvisorId, CustomerId, ItemId, MarketId, OfficeId, PurchaseOfferId};

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
        self.cards.get(id.rank()).unwrap_or_else(|| unreachable!("every advisor has a card"))
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

pub(super) struct AdvisorCells {
    pub(super) card: Card,
    pub(super) is_authorised: bool,
    pub(super) is_certified: bool,
}

pub(super) struct OfferCells {
    pub(super) advisor: Box<str>,
    pub(super) office: Option<Box<str>>,
    pub(super) usage_location: Box<str>,
    pub(super) made_at: Instant,
    pub(super) delegated_admin: bool,
    pub(super) item: Box<str>,
    pub(super) licences: u32,
}

pub(super) struct AcceptanceCells {
    pub(super) source: Source,
    pub(super) offer: Box<str>,
    pub(super) customer: Box<str>,
    pub(super) accepted_at: Instant,
    pub(super) item: Option<Box<str>>,
    pub(super) licences: Option<u32>,
    pub(super) delegated_admin: bool,
}

/// A row whose id could be read, and the rest of it if that could be too.
pub(super) type Known<T> = (Box<str>, Source, Option<T>);

impl Rows {
    /// The rows with their ids, and the texts behind those.
    pub(super) fn book(self, has_offices: bool, has_sku_markets: bool) -> (OfferBook, OfferNames, Notes) {
        let names = self.names();
        let Rows { advisors, offices, sold, offers, acceptances, mut notes, faults: _ } = self;
        let ids = Ids(&names);
        let (advisors, cards) = ids.advisors(advisors, &mut notes);
        let offices = has_offices.then(|| ids.offices(offices, &mut notes));
        let sold = has_sku_markets.then(|| ids.sold(&sold));
        let (offers, unread) = ids.offers(offers);
        let acceptances = acceptances.into_iter().map(|row| ids.acceptance(&row)).collect();
        let book = OfferBook { advisors, offices, sold, offers, unread, acceptances };
        (book, OfferNames { cards, ..names }, notes)
    }

    /// Every text that was met, by what it names.
    fn names(&self) -> OfferNames {
        let offered = || self.offers.iter().filter_map(|(_, _, read)| read.as_ref());
        let sold_in = self.sold.iter().flat_map(|(_, markets)| markets);
        let of_offices = self.offices.iter().filter_map(|(_, _, read)| read.as_ref());
        let advisors = self.advisors.iter().map(|(id, ..)| id);
        let advisors = advisors.chain(offered().map(|row| &row.advisor)).chain(of_offices.map(|(id, _)| id));
        let offices = self.offices.iter().map(|(id, ..)| id);
        let items = self.sold.iter().map(|(item, _)| item).chain(offered().map(|row| &row.item));
        let accepted = self.acceptances.iter().filter_map(|row| row.item.as_ref());
        OfferNames {
            advisors: table(advisors),
            cards: Vec::new(),
            offices: table(offices.chain(offered().filter_map(|row| row.office.as_ref()))),
            offers: table(self.offers.iter().map(|(id, ..)| id)),
            customers: table(self.acceptances.iter().map(|row| &row.customer)),
            markets: table(sold_in.chain(offered().map(|row| &row.usage_location))),
            items: table(items.chain(accepted)),
        }
    }
}

fn table<'a>(texts: impl Iterator<Item = &'a Box<str>>) -> TextTable {
    TextTable::of(texts.map(|text| &**text))
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
        rows: Vec<Known<AdvisorCells>>,
        notes: &mut Notes,
    ) -> (BTreeMap<AdvisorId, Advisor>, Vec<Card>) {
        let mut codes: BTreeMap<Box<str>, BTreeSet<AdvisorId>> = BTreeMap::new();
        for (id, _, read) in &rows {
            if let Some(cells) = read {
                codes.entry(cells.card.code.clone()).or_default().insert(self.advisor(id));
            }
        }
        let ranked = |(id, source, read): Known<AdvisorCells>| {
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
            if let Some(place) = cards.get_mut(id.rank()) {
                *place = card;
            }
            advisors.insert(id, Advisor { source, is_authorised, is_certified });
        }
        (advisors, cards)
    }

    fn offices(
        &self,
        rows: Vec<Known<(Box<str>, Instant)>>,
        notes: &mut Notes,
    ) -> BTreeMap<OfficeId, Office> {
        let ranked = |(id, source, read): Known<(Box<str>, Instant)>| {
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

    fn offers(&self, rows: Vec<Known<OfferCells>>) -> (Vec<OfferRow>, BTreeSet<PurchaseOfferId>) {
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
