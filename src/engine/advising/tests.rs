//! Offers and acceptances: what stands, what is refused, and the instants between.

use super::*;
use crate::findings::Table;

const NL: MarketId = MarketId::of_rank(0);
const DE: MarketId = MarketId::of_rank(1);
/// Hours until an office can be selected.
const READY: u32 = 24;

fn hour(hours: i64) -> Instant {
    Instant::from_ticks(hours * 36_000_000_000)
}

fn source(table: Table, row: u32) -> Source {
    Source { table, file: 0, row }
}

fn advisor(row: u32, is_authorised: bool, is_certified: bool) -> Advisor {
    Advisor { source: source(Table::Advisors, row), is_authorised, is_certified }
}

fn terms() -> OfferTerms {
    OfferTerms {
        advisor: AdvisorId::of_rank(0),
        office: Some(OfficeId::of_rank(0)),
        usage_location: NL,
        made_at: hour(100),
        delegated_admin: false,
    }
}

fn offered(row: u32, offer: usize, item: usize) -> OfferRow {
    OfferRow {
        source: source(Table::Offers, row),
        offer: PurchaseOfferId::of_rank(offer),
        terms: terms(),
        item: ItemId::of_rank(item),
        licences: 10,
    }
}

fn accepted(row: u32, customer: usize, item: Option<usize>) -> AcceptanceRow {
    AcceptanceRow {
        source: source(Table::Acceptances, row),
        offer: Some(PurchaseOfferId::of_rank(0)),
        customer: CustomerId::of_rank(customer),
        accepted_at: hour(120),
        item: item.map(ItemId::of_rank),
        licences: None,
        delegated_admin: false,
    }
}

/// Two advisors, the second one not authorised; an office of the first; two SKUs that are sold in NL.
fn book(offers: Vec<OfferRow>, acceptances: Vec<AcceptanceRow>) -> OfferBook {
    let advisors = [advisor(1, true, false), advisor(2, false, true)];
    let office =
        Office { source: source(Table::Offices, 1), advisor: AdvisorId::of_rank(0), created_at: hour(0) };
    let sold = [0, 1].map(|item| (ItemId::of_rank(item), BTreeSet::from([NL])));
    OfferBook {
        advisors: advisors
            .into_iter()
            .enumerate()
            .map(|(rank, one)| (AdvisorId::of_rank(rank), one))
            .collect(),
        offices: Some(BTreeMap::from([(OfficeId::of_rank(0), office)])),
        sold: Some(BTreeMap::from(sold)),
        offers,
        unread: BTreeSet::new(),
        acceptances,
    }
}

fn judged(book: &OfferBook) -> Judged {
    judge(book, Span::hours(READY))
}

/// Row and code of every finding, in order.
fn codes(judged: &Judged) -> Vec<(u32, &'static str)> {
    let mut codes: Vec<_> =
        judged.findings.iter().map(|finding| (finding.source.row, finding.code.name())).collect();
    codes.sort_unstable();
    codes
}

#[test]
fn an_offer_that_breaks_no_rule_stands_with_its_skus_in_order() {
    let found = judged(&book(vec![offered(1, 0, 1), offered(2, 0, 0)], Vec::new()));
    assert_eq!(codes(&found), []);
    let items = [0, 1].map(|item| (ItemId::of_rank(item), 10));
    assert_eq!(found.offers[0].items, items);
    assert!(!found.offers[0].is_office_new && found.fates.is_empty());
}

#[test]
fn one_bad_row_refuses_the_offer_and_leaves_others_alone() {
    let mut abroad = offered(3, 1, 0);
    abroad.terms.usage_location = DE;
    let rows = vec![offered(1, 0, 0), offered(2, 0, 5), abroad, offered(4, 2, 0)];
    let found = judged(&book(rows, Vec::new()));
    let expected = [(1, "offer-refused"), (2, "sku-not-sold-here"), (3, "sku-not-sold-here")];
    assert_eq!(codes(&found), expected);
    assert_eq!(found.offers.iter().map(|offer| offer.id.rank()).collect::<Vec<_>>(), [2]);
    assert_eq!(found.fates.len(), 3, "a row has one fate");
}

#[test]
fn a_row_that_cannot_be_read_refuses_the_rows_beside_it() {
    let mut book = book(vec![offered(1, 0, 0)], vec![accepted(1, 0, None)]);
    book.unread.insert(PurchaseOfferId::of_rank(0));
    assert_eq!(codes(&judged(&book)), [(1, "offer-refused"), (1, "offer-refused")]);
}

#[test]
fn who_offers_must_be_known_authorised_and_for_delegation_certified() {
    let by = |rank: usize, delegated_admin: bool| {
        let mut row = offered(1, 0, 0);
        row.terms =
            OfferTerms { advisor: AdvisorId::of_rank(rank), office: None, delegated_admin, ..row.terms };
        codes(&judged(&book(vec![row], Vec::new())))
    };
    assert_eq!(by(0, false), []);
    assert_eq!(by(0, true), [(1, "advisor-not-certified")]);
    assert_eq!(by(1, false), [(1, "advisor-not-authorised")]);
    assert_eq!(by(1, true), [(1, "advisor-not-authorised")], "it is certified");
    assert_eq!(by(7, true), [(1, "advisor-unknown")]);
}

#[test]
fn an_office_is_ready_at_exactly_the_span_and_not_a_tick_before() {
    let new_when_made_at = |made_at: Instant| {
        let mut row = offered(1, 0, 0);
        row.terms.made_at = made_at;
        let found = judged(&book(vec![row], Vec::new()));
        assert_eq!(found.offers.len(), 1, "it is a finding and no refusal");
        let codes = codes(&found);
        assert_eq!(codes.is_empty(), !found.offers[0].is_office_new);
        !codes.is_empty()
    };
    assert!(!new_when_made_at(hour(24)), "exactly 24 hours old");
    assert!(new_when_made_at(Instant::from_ticks(hour(24).ticks() - 1)));
    assert!(!new_when_made_at(Instant::from_ticks(hour(24).ticks() + 1)));
    assert!(new_when_made_at(hour(0)));
    assert!(new_when_made_at(hour(-1)), "made before the office was there");
}

#[test]
fn an_office_must_be_known_and_the_advisors_own() {
    let mut of_other = offered(1, 0, 0);
    of_other.terms.office = Some(OfficeId::of_rank(1));
    let mut nowhere = offered(2, 1, 0);
    nowhere.terms.office = Some(OfficeId::of_rank(9));
    let mut orphaned = offered(3, 2, 0);
    orphaned.terms.office = Some(OfficeId::of_rank(2));
    let mut book = book(vec![of_other, nowhere, orphaned], Vec::new());
    let offices = book.offices.as_mut().unwrap();
    let office = |row, rank| Office {
        source: source(Table::Offices, row),
        advisor: AdvisorId::of_rank(rank),
        created_at: hour(0),
    };
    offices.insert(OfficeId::of_rank(1), office(12, 1));
    offices.insert(OfficeId::of_rank(2), office(13, 8));
    let expected = [
        (1, "office-of-other-advisor"),
        (2, "office-unknown"),
        (3, "office-unknown"),
        (13, "advisor-unknown"),
    ];
    assert_eq!(codes(&judged(&book)), expected);
    book.offices = None;
    assert_eq!(codes(&judged(&book)), [], "without the file offices are not checked");
}

#[test]
fn rows_of_one_offer_say_the_same_and_name_each_sku_once() {
    let mut later = offered(2, 0, 1);
    later.terms.made_at = hour(101);
    let rows = vec![offered(1, 0, 0), later, offered(3, 1, 0), offered(4, 1, 0), offered(5, 1, 1)];
    let expected = [
        (1, "offer-rows-differ"),
        (2, "offer-rows-differ"),
        (3, "offer-sku-duplicate"),
        (4, "offer-sku-duplicate"),
        (5, "offer-refused"),
    ];
    assert_eq!(codes(&judged(&book(rows, Vec::new()))), expected);
}

#[test]
fn a_client_accepts_the_whole_offer_or_skus_of_it_with_licences_of_its_own() {
    let mut own = accepted(2, 1, Some(1));
    own.licences = Some(7);
    let rows = vec![offered(1, 0, 0), offered(2, 0, 1)];
    let found = judged(&book(rows, vec![own, accepted(1, 0, None)]));
    assert_eq!(codes(&found), []);
    let bought: Vec<_> =
        found.purchases.iter().map(|one| (one.customer.rank(), one.item.rank(), one.licences)).collect();
    assert_eq!(bought, [(0, 0, 10), (0, 1, 10), (1, 1, 7)]);
}

#[test]
fn what_was_not_offered_is_refused_row_by_row() {
    let mut early = accepted(2, 0, Some(0));
    early.accepted_at = Instant::from_ticks(hour(100).ticks() - 1);
    let mut on_time = accepted(3, 1, Some(0));
    on_time.accepted_at = hour(100);
    let mut delegating = accepted(4, 2, Some(0));
    delegating.delegated_admin = true;
    let mut unknown = accepted(5, 3, None);
    unknown.offer = None;
    let mut vague = accepted(6, 4, None);
    vague.licences = Some(5);
    let rows = vec![accepted(1, 0, Some(5)), early, on_time, delegating, unknown, vague];
    let found = judged(&book(vec![offered(1, 0, 0), offered(2, 0, 1)], rows));
    let expected = [
        (1, "sku-not-offered"),
        (2, "acceptance-before-offer"),
        (4, "delegation-not-offered"),
        (5, "offer-unknown"),
        (6, "value-missing"),
    ];
    assert_eq!(codes(&found), expected);
    assert_eq!(found.purchases.len(), 1, "accepted at the very instant at which it was made");
}

#[test]
fn a_client_accepts_an_offer_once() {
    let mut later = accepted(2, 0, Some(1));
    later.accepted_at = hour(121);
    let other = accepted(3, 1, Some(1));
    let found =
        judged(&book(vec![offered(1, 0, 0), offered(2, 0, 1)], vec![later, other, accepted(1, 0, Some(0))]));
    assert_eq!(codes(&found), [(2, "acceptance-second")]);
    assert_eq!(found.purchases.len(), 2, "one URL serves many clients");
}

#[test]
fn rows_of_one_acceptance_that_cannot_be_told_apart_are_all_refused() {
    let offers = || vec![offered(1, 0, 0), offered(2, 0, 1)];
    let twice = judged(&book(
        offers(),
        vec![accepted(1, 0, Some(0)), accepted(2, 0, Some(0)), accepted(3, 0, Some(1))],
    ));
    assert_eq!(codes(&twice), [(1, "acceptance-duplicate"), (2, "acceptance-duplicate")]);
    assert_eq!(twice.purchases.len(), 1);
    let whole_and_one = judged(&book(offers(), vec![accepted(1, 0, None), accepted(2, 0, Some(0))]));
    assert_eq!(codes(&whole_and_one), [(1, "acceptance-duplicate"), (2, "acceptance-duplicate")]);
    let mut offers = offers();
    for row in &mut offers {
        row.terms =
            OfferTerms { advisor: AdvisorId::of_rank(1), office: None, delegated_admin: true, ..row.terms };
    }
    let mut with = accepted(1, 0, Some(0));
    with.delegated_admin = true;
    let mut book = book(offers, vec![with, accepted(2, 0, Some(1))]);
    book.advisors.insert(AdvisorId::of_rank(1), advisor(2, true, true));
    assert_eq!(codes(&judged(&book)), [(1, "acceptance-rows-differ"), (2, "acceptance-rows-differ")]);
}

#[test]
fn the_order_of_rows_changes_nothing_that_stands() {
    let offers = vec![offered(1, 1, 0), offered(2, 0, 1), offered(3, 0, 0), offered(4, 2, 9)];
    let acceptances = vec![accepted(1, 1, None), accepted(2, 0, Some(1)), accepted(3, 0, Some(0))];
    let forward = judged(&book(offers.clone(), acceptances.clone()));
    let backward = judged(&book(offers.into_iter().rev().collect(), acceptances.into_iter().rev().collect()));
    assert_eq!((&forward.offers, &forward.purchases), (&backward.offers, &backward.purchases));
    assert_eq!(codes(&forward), codes(&backward));
}
