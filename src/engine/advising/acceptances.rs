//! What clients bought by accepting offers (R55).

use super::{AcceptanceRow, Notes, OfferBook, Purchase, PurchaseOffer};
use crate::findings::Code;
use crate::ids::PurchaseOfferId;
use std::collections::BTreeSet;

/// What was bought, by offer, customer, and product and SKU.
pub(super) fn judge(
    book: &OfferBook,
    offers: &[PurchaseOffer],
    refused: &BTreeSet<PurchaseOfferId>,
    notes: &mut Notes,
) -> Vec<Purchase> {
    let mut rows: Vec<(&PurchaseOffer, &AcceptanceRow)> = Vec::new();
    for row in &book.acceptances {
        let place = row.offer.and_then(|id| offers.binary_search_by_key(&id, |offer| offer.id).ok());
        match place.and_then(|place| offers.get(place)) {
            Some(offer) => {
                check_row(offer, row, notes);
                rows.push((offer, row));
            }
            None => {
                let is_refused = row.offer.is_some_and(|id| refused.contains(&id));
                let code = if is_refused { Code::OfferRefused } else { Code::OfferUnknown };
                notes.reject(row.source, code, "offer_id");
            }
        }
    }
    rows.retain(|(_, row)| !notes.has(row.source));
    rows.sort_by_key(|(offer, row)| (offer.id, row.customer, row.accepted_at, row.item, row.source));
    let mut purchases = Vec::new();
    for of_client in
        rows.chunk_by(|left, right| (left.0.id, left.1.customer) == (right.0.id, right.1.customer))
    {
        let mut times = of_client.chunk_by(|left, right| left.1.accepted_at == right.1.accepted_at);
        let first = times.next().unwrap_or_default();
        check_acceptance(first, notes);
        for (offer, row) in first.iter().filter(|(_, row)| !notes.has(row.source)) {
            purchases.extend(bought(offer, row));
        }
        for (_, later) in times.flatten() {
            notes.reject(later.source, Code::AcceptanceSecond, "accepted_at");
        }
    }
    purchases.sort_by_key(|purchase| (purchase.offer, purchase.customer, purchase.item));
    purchases
}

/// What is wrong with a row by itself.
fn check_row(offer: &PurchaseOffer, row: &AcceptanceRow, notes: &mut Notes) {
    if row.accepted_at < offer.terms.made_at {
        notes.reject(row.source, Code::AcceptanceBeforeOffer, "accepted_at");
    }
    if row.delegated_admin && !offer.terms.delegated_admin {
        notes.reject(row.source, Code::DelegationNotOffered, "delegated_admin");
    }
    match row.item {
        Some(item) if offer.items.iter().all(|&(offered, _)| offered != item) => {
            notes.reject(row.source, Code::SkuNotOffered, "sku_id");
        }
        // A number of licences for several subscriptions at once: nobody can tell which it is for.
        None if row.licences.is_some() && offer.items.len() > 1 => {
            notes.reject(row.source, Code::ValueMissing, "product_id");
        }
        Some(_) | None => {}
    }
}

/// What is wrong between the rows of one client's acceptance, which are sorted by product and SKU, the whole offer first.
fn check_acceptance(rows: &[(&PurchaseOffer, &AcceptanceRow)], notes: &mut Notes) {
    let Some((_, first)) = rows.first() else { return };
    let differs = rows.iter().any(|(_, row)| row.delegated_admin != first.delegated_admin);
    let is_whole_and_more = first.item.is_none() && rows.len() > 1;
    for same in rows.chunk_by(|left, right| left.1.item == right.1.item) {
        for (_, row) in same {
            if same.len() > 1 || is_whole_and_more {
                notes.reject(row.source, Code::AcceptanceDuplicate, "sku_id");
            }
            if differs {
                notes.reject(row.source, Code::AcceptanceRowsDiffer, "delegated_admin");
            }
        }
    }
}

/// The subscriptions that a row buys: with its own number of licences, or as many as offered (R55).
fn bought<'a>(offer: &'a PurchaseOffer, row: &'a AcceptanceRow) -> impl Iterator<Item = Purchase> + 'a {
    let items = offer.items.iter().filter(|(item, _)| row.item.is_none_or(|accepted| accepted == *item));
    items.map(|&(item, offered)| Purchase {
        source: row.source,
        offer: offer.id,
        customer: row.customer,
        accepted_at: row.accepted_at,
        item,
        licences: row.licences.unwrap_or(offered),
        delegated_admin: row.delegated_admin,
    })
}
