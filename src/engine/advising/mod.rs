//! Purchase offers: what a subscription advisor may offer, and what a client's acceptance buys (R53 to R55).
//!
//! An **advisor** does not sell: it offers subscriptions, the client accepts, and the vendor bills the client directly.
//! So nothing here has a price. An **offer** is one document of several rows, one for each SKU, and is made as a whole
//! or not at all: a client who was sent half of it would not know. An **acceptance** is what a client did, so a row of
//! it that can't be is refused alone and the rest stands.
//!
//! # What is deliberately absent
//! No URL and no text for the client: they are made from what stands, by the program. No check of the client: the
//! vendor sells to it, and asks.

mod acceptances;
mod offers;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use crate::calendar::{Instant, Span};
use crate::findings::{Code, Disposition, Fate, Finding, Source};
use crate::ids::{AdvisorId, CustomerId, ItemId, MarketId, OfficeId, PurchaseOfferId};
use std::collections::{BTreeMap, BTreeSet};

/// A subscription advisor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advisor {
    /// Its row.
    pub source: Source,
    /// Whether the vendor has authorised it to advise.
    pub is_authorised: bool,
    /// Whether it is certified to offer delegated administration.
    pub is_certified: bool,
}

/// An advisor's office.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Office {
    /// Its row.
    pub source: Source,
    /// Whose it is.
    pub advisor: AdvisorId,
    /// Since when the vendor knows it.
    pub created_at: Instant,
}

/// What concerns an offer as a whole; every row of it says the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfferTerms {
    /// Who makes it.
    pub advisor: AdvisorId,
    /// For which of its offices.
    pub office: Option<OfficeId>,
    /// Where the client will use the services.
    pub usage_location: MarketId,
    /// When.
    pub made_at: Instant,
    /// Whether the client may have its account administered.
    pub delegated_admin: bool,
}

/// A row of an offer: one SKU of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfferRow {
    /// The row.
    pub source: Source,
    /// The offer.
    pub offer: PurchaseOfferId,
    /// What it says of the offer as a whole.
    pub terms: OfferTerms,
    /// Product and SKU.
    pub item: ItemId,
    /// How many licences of it.
    pub licences: u32,
}

/// A row of an acceptance: one SKU of it, or the whole offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AcceptanceRow {
    /// The row.
    pub source: Source,
    /// The offer; none: no offer has the id.
    pub offer: Option<PurchaseOfferId>,
    /// The client.
    pub customer: CustomerId,
    /// When.
    pub accepted_at: Instant,
    /// Product and SKU; none: all that the offer holds.
    pub item: Option<ItemId>,
    /// How many licences; none: as many as offered.
    pub licences: Option<u32>,
    /// Whether with delegated administration.
    pub delegated_admin: bool,
}

/// Everything that was read, ready to be judged.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OfferBook {
    /// Advisors.
    pub advisors: BTreeMap<AdvisorId, Advisor>,
    /// Offices; none: there is no such file, and offices are not checked.
    pub offices: Option<BTreeMap<OfficeId, Office>>,
    /// Where each SKU is sold; none: there is no such file, and that is not checked.
    pub sold: Option<BTreeMap<ItemId, BTreeSet<MarketId>>>,
    /// Rows of offers.
    pub offers: Vec<OfferRow>,
    /// Offers of which a row can't be read.
    pub unread: BTreeSet<PurchaseOfferId>,
    /// Rows of acceptances.
    pub acceptances: Vec<AcceptanceRow>,
}

/// An offer that stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PurchaseOffer {
    /// Which.
    pub id: PurchaseOfferId,
    /// What concerns it as a whole.
    pub terms: OfferTerms,
    /// Its subscriptions with their licences, by product and SKU.
    pub items: Vec<(ItemId, u32)>,
    /// Whether its office was so new that it may not have been selectable (R54).
    pub is_office_new: bool,
}

/// A subscription that a client bought by accepting an offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Purchase {
    /// The row that says so.
    pub source: Source,
    /// The offer.
    pub offer: PurchaseOfferId,
    /// The client.
    pub customer: CustomerId,
    /// When.
    pub accepted_at: Instant,
    /// Product and SKU.
    pub item: ItemId,
    /// How many licences.
    pub licences: u32,
    /// Whether with delegated administration.
    pub delegated_admin: bool,
}

/// What stands, and what does not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Judged {
    /// The offers that stand, by id.
    pub offers: Vec<PurchaseOffer>,
    /// What was bought, by offer, customer, and product and SKU.
    pub purchases: Vec<Purchase>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What became of the rows that are set aside.
    pub fates: Vec<(Source, Fate)>,
}

/// Judges offers and what was accepted of them; `office_ready` is how long an office may take to be selectable (R54).
pub fn judge(book: &OfferBook, office_ready: Span) -> Judged {
    let mut notes = Notes::default();
    let (offers, refused) = offers::judge(book, office_ready, &mut notes);
    let purchases = acceptances::judge(book, &offers, &refused, &mut notes);
    Judged { offers, purchases, findings: notes.findings, fates: notes.fates.into_iter().collect() }
}

impl Judged {
    /// Takes back the purchases of which a code is true: their rows are rejected.
    pub fn reject_purchases(&mut self, code: Code, column: &'static str, of: impl Fn(&Purchase) -> bool) {
        let mut sources: Vec<Source> =
            self.purchases.iter().filter(|one| of(one)).map(|one| one.source).collect();
        sources.sort_unstable();
        sources.dedup();
        self.purchases.retain(|one| sources.binary_search(&one.source).is_err());
        for source in sources {
            self.findings.push(Finding { source, disposition: Disposition::Rejected, code, column });
            self.fates.push((source, Fate::Set(Disposition::Rejected)));
        }
    }
}

/// What is wrong with rows; a row has one fate, however much is wrong with it.
#[derive(Default)]
struct Notes {
    findings: Vec<Finding>,
    fates: BTreeMap<Source, Fate>,
}

impl Notes {
    fn reject(&mut self, source: Source, code: Code, column: &'static str) {
        self.note(source, Disposition::Rejected, code, column);
    }

    /// What somebody should look at although the row counts.
    fn flag(&mut self, source: Source, code: Code, column: &'static str) {
        self.note(source, Disposition::Flagged, code, column);
    }

    fn note(&mut self, source: Source, disposition: Disposition, code: Code, column: &'static str) {
        self.findings.push(Finding { source, disposition, code, column });
        self.fates.insert(source, Fate::Set(disposition));
    }

    fn has(&self, source: Source) -> bool {
        self.fates.contains_key(&source)
    }
}
