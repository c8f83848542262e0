//! Which offers stand: by whom, from which office, of what, where (R53, R54).

use super::{Notes, OfferBook, OfferRow, OfferTerms, Office, PurchaseOffer};
use crate::calendar::{Instant, Span};
use crate::findings::Code;
use crate::ids::{OfficeId, PurchaseOfferId};
use std::collections::{BTreeMap, BTreeSet};

/// The offers that stand, by id, and those that are refused.
pub(super) fn judge(
    book: &OfferBook,
    office_ready: Span,
    notes: &mut Notes,
) -> (Vec<PurchaseOffer>, BTreeSet<PurchaseOfferId>) {
    let offices = known_offices(book, notes);
    let mut rows: Vec<&OfferRow> = book.offers.iter().collect();
    rows.sort_by_key(|row| (row.offer, row.item, row.source));
    let mut stands = Vec::new();
    let mut refused = book.unread.clone();
    for rows in rows.chunk_by(|left, right| left.offer == right.offer) {
        let [first, ..] = rows else { continue };
        let before = notes.findings.len();
        check_whole(book, offices.as_ref(), rows, notes);
        check_items(book, rows, notes);
        if notes.findings.len() > before || book.unread.contains(&first.offer) {
            refused.insert(first.offer);
            for row in rows.iter().filter(|row| !notes.has(row.source)).collect::<Vec<_>>() {
                notes.reject(row.source, Code::OfferRefused, "offer_id");
            }
            continue;
        }
        let office = first.terms.office.and_then(|id| offices.as_ref().and_then(|known| known.get(&id)));
        let is_office_new = office.is_some_and(|office| is_new(office, first.terms.made_at, office_ready));
        if is_office_new {
            rows.iter().for_each(|row| notes.flag(row.source, Code::OfficeMaybeNotReady, "office_id"));
        }
        let items = rows.iter().map(|row| (row.item, row.licences)).collect();
        stands.push(PurchaseOffer { id: first.offer, terms: first.terms, items, is_office_new });
    }
    (stands, refused)
}

/// The offices whose advisor is known; none where there is no file of them.
fn known_offices<'a>(book: &'a OfferBook, notes: &mut Notes) -> Option<BTreeMap<OfficeId, &'a Office>> {
    let all = book.offices.as_ref()?;
    let (known, orphans): (Vec<_>, Vec<_>) =
        all.iter().partition(|(_, office)| book.advisors.contains_key(&office.advisor));
    orphans.iter().for_each(|(_, office)| notes.reject(office.source, Code::AdvisorUnknown, "advisor_id"));
    Some(known.into_iter().map(|(&id, office)| (id, office)).collect())
}

/// Whether an office was younger than `office_ready`: at exactly that age it is not (R54). One that was created after
/// the offer was made is younger still.
fn is_new(office: &Office, made_at: Instant, office_ready: Span) -> bool {
    // Less than the span has gone by if no more than the span has when a tick more has gone by.
    Instant::from_ticks(made_at.ticks().saturating_add(1)).is_within(office_ready, office.created_at)
}

/// What concerns the whole offer stands in every row of it, and so does what is wrong with it.
fn check_whole(
    book: &OfferBook,
    offices: Option<&BTreeMap<OfficeId, &Office>>,
    rows: &[&OfferRow],
    notes: &mut Notes,
) {
    let Some(terms) = rows.first().map(|row| row.terms) else { return };
    if let Some(column) = rows.iter().find_map(|row| difference(terms, row.terms)) {
        // Which of the rows is right nobody can tell, so nothing else is judged by one of them.
        rows.iter().for_each(|row| notes.reject(row.source, Code::OfferRowsDiffer, column));
        return;
    }
    let mut all = |code, column| rows.iter().for_each(|row| notes.reject(row.source, code, column));
    match book.advisors.get(&terms.advisor) {
        None => all(Code::AdvisorUnknown, "advisor_id"),
        Some(advisor) => {
            if !advisor.is_authorised {
                all(Code::AdvisorNotAuthorised, "advisor_id");
            }
            if terms.delegated_admin && !advisor.is_certified {
                all(Code::AdvisorNotCertified, "delegated_admin");
            }
        }
    }
    match (terms.office, offices) {
        (None, _) | (_, None) => {}
        (Some(id), Some(known)) => match known.get(&id) {
            None => all(Code::OfficeUnknown, "office_id"),
            Some(office) if office.advisor != terms.advisor => all(Code::OfficeOfOtherAdvisor, "office_id"),
            Some(_) => {}
        },
    }
}

/// The first column in which two rows of an offer differ.
fn difference(left: OfferTerms, right: OfferTerms) -> Option<&'static str> {
    let columns = [
        ("advisor_id", left.advisor == right.advisor),
        ("office_id", left.office == right.office),
        ("usage_location", left.usage_location == right.usage_location),
        ("made_at", left.made_at == right.made_at),
        ("delegated_admin", left.delegated_admin == right.delegated_admin),
    ];
    columns.into_iter().find(|(_, equal)| !equal).map(|(column, _)| column)
}

/// What the offer's rows hold: each SKU once, and sold where it will be used (R54).
fn check_items(book: &OfferBook, rows: &[&OfferRow], notes: &mut Notes) {
    for same in rows.chunk_by(|left, right| left.item == right.item) {
        for row in same {
            if same.len() > 1 {
                notes.reject(row.source, Code::OfferSkuDuplicate, "sku_id");
            }
            let sold = book.sold.as_ref().map(|sold| sold.get(&row.item));
            if sold.is_some_and(|markets| markets.is_none_or(|all| !all.contains(&row.terms.usage_location)))
            {
                notes.reject(row.source, Code::SkuNotSoldHere, "sku_id");
            }
        }
    }
}
