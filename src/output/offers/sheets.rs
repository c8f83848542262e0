//! The tables of purchase offers: what is offered, what was bought, and for whom it counts (R53, R55).

use super::{Offered, Offering, mint};
use crate::intake::OfferNames;
use crate::job::OfferSettings;
use crate::output::sheet::Column;
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::advising::Purchase;
use termwise_engine::calendar::Instant;
use termwise_engine::findings::Code;
use termwise_engine::ids::{AdvisorId, PurchaseOfferId};

/// A row of purchase_offers: an offer, and what was accepted of it.
pub(super) struct OfferLine<'a> {
    offered: &'a Offered<'a>,
    names: &'a OfferNames,
    accepted: Accepted,
}

/// A row of subscriptions: what an acceptance comes to in our own input.
pub(super) struct SubscriptionLine<'a> {
    id: String,
    offered: &'a Offered<'a>,
    purchase: &'a Purchase,
    names: &'a OfferNames,
    settings: &'a OfferSettings,
}

/// A row of advisor_purchases: a client's acceptance of an offer.
pub(super) struct PurchaseLine<'a> {
    offered: &'a Offered<'a>,
    first: &'a Purchase,
    names: &'a OfferNames,
    accepted: Accepted,
}

/// A row of advisor_totals.
pub(super) struct AdvisorLine<'a> {
    advisor: AdvisorId,
    names: &'a OfferNames,
    offers: usize,
    offers_accepted: usize,
    accepted: Accepted,
}

/// What clients accepted, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Accepted {
    pub(super) clients: usize,
    /// Clients that accepted delegated administration with it.
    pub(super) with_delegation: usize,
    pub(super) subscriptions: usize,
    pub(super) licences: u64,
}

impl Accepted {
    pub(super) fn of<'p>(purchases: impl IntoIterator<Item = &'p Purchase>) -> Accepted {
        let (mut clients, mut delegating) = (BTreeSet::new(), BTreeSet::new());
        let mut accepted = Accepted::default();
        for purchase in purchases {
            clients.insert(purchase.customer);
            if purchase.delegated_admin {
                delegating.insert(purchase.customer);
            }
            accepted.subscriptions += 1;
            accepted.licences += u64::from(purchase.licences);
        }
        Accepted { clients: clients.len(), with_delegation: delegating.len(), ..accepted }
    }
}

/// The purchases of each offer that has some.
pub(super) fn by_offer(purchases: &[Purchase]) -> BTreeMap<PurchaseOfferId, &[Purchase]> {
    let of_one = purchases.chunk_by(|left, right| left.offer == right.offer);
    of_one.filter_map(|all| Some((all.first()?.offer, all))).collect()
}

/// The rows of purchase_offers, by offer_id.
pub(super) fn offer_lines<'a>(offering: &'a Offering<'a>) -> Vec<OfferLine<'a>> {
    let bought = by_offer(&offering.judged.purchases);
    let line = |offered: &'a Offered<'a>| OfferLine {
        offered,
        names: offering.names,
        accepted: Accepted::of(bought.get(&offered.offer.id).copied().unwrap_or_default()),
    };
    offering.offers.iter().map(line).collect()
}

/// The columns of purchase_offers.
pub(super) fn offer_columns<'a>() -> Vec<Column<OfferLine<'a>>> {
    vec![
        text("offer_id", |row: &OfferLine<'_>| row.names.offer(row.offered.offer.id).to_owned()),
        text("summary_id", |row: &OfferLine<'_>| row.offered.summary_id.clone()),
        text("url", |row: &OfferLine<'_>| row.offered.url.clone()),
        text("advisor_id", |row: &OfferLine<'_>| {
            row.names.advisor(row.offered.offer.terms.advisor).to_owned()
        }),
        text("office_id", |row: &OfferLine<'_>| office(row.offered, row.names)),
        text("usage_location", |row: &OfferLine<'_>| location(row.offered, row.names)),
        instant("made_at", |row: &OfferLine<'_>| row.offered.offer.terms.made_at),
        Column::flag("delegated_admin", |_, row: &OfferLine<'_>| row.offered.offer.terms.delegated_admin),
        text("skus", |row: &OfferLine<'_>| {
            let items = row.offered.offer.items.iter();
            let skus: Vec<String> = items
                .map(|&(item, _)| {
                    let (product, sku) = row.names.item(item);
                    format!("{product}:{sku}")
                })
                .collect();
            skus.join(";")
        }),
        text("licences", |row: &OfferLine<'_>| {
            let licences = row.offered.offer.items.iter().map(|(_, licences)| licences.to_string());
            licences.collect::<Vec<_>>().join(";")
        }),
        Column::name(
            "status",
            |row: &OfferLine<'_>| row.accepted.clients > 0,
            |is_accepted| if is_accepted { "accepted" } else { "open" }.to_owned(),
        ),
        count("clients", |row: &OfferLine<'_>| row.accepted.clients),
        count("subscriptions", |row: &OfferLine<'_>| row.accepted.subscriptions),
        total("licences_accepted", |row: &OfferLine<'_>| row.accepted.licences),
        text("reasons", |row: &OfferLine<'_>| {
            let code = row.offered.offer.is_office_new.then_some(Code::OfficeMaybeNotReady.name());
            code.unwrap_or_default().to_owned()
        }),
    ]
}

/// The rows of subscriptions, by customer and subscription.
pub(super) fn subscription_lines<'a>(
    offering: &'a Offering<'a>,
    settings: &'a OfferSettings,
) -> Vec<SubscriptionLine<'a>> {
    let line = |purchase: &'a Purchase| {
        let id = mint::subscription_id(purchase, offering.names);
        let offered = offering.offered(purchase.offer)?;
        Some(SubscriptionLine { id, offered, purchase, names: offering.names, settings })
    };
    let mut lines: Vec<SubscriptionLine<'a>> = offering.judged.purchases.iter().filter_map(line).collect();
    lines
        .sort_by(|left, right| (left.purchase.customer, &left.id).cmp(&(right.purchase.customer, &right.id)));
    lines
}

/// The columns of subscriptions: those of our own input that an acceptance and the job fill.
pub(super) fn subscription_columns<'a>() -> Vec<Column<SubscriptionLine<'a>>> {
    vec![
        text("subscription_id", |row: &SubscriptionLine<'_>| row.id.clone()),
        text("customer_id", |row: &SubscriptionLine<'_>| {
            row.names.customer(row.purchase.customer).to_owned()
        }),
        // The acceptance ties the advisor to the purchase (R55).
        text("partner_id", |row: &SubscriptionLine<'_>| {
            row.names.advisor(row.offered.offer.terms.advisor).to_owned()
        }),
        text("order_id", |row: &SubscriptionLine<'_>| row.offered.summary_id.clone()),
        text("product_id", |row: &SubscriptionLine<'_>| row.names.item(row.purchase.item).0.to_owned()),
        text("sku_id", |row: &SubscriptionLine<'_>| row.names.item(row.purchase.item).1.to_owned()),
        text("market", |row: &SubscriptionLine<'_>| location(row.offered, row.names)),
        text("currency", |row: &SubscriptionLine<'_>| {
            let market = row.names.market(row.offered.offer.terms.usage_location);
            row.settings.currencies.of(market).map(|currency| currency.code().to_owned()).unwrap_or_default()
        }),
        text("term", |row: &SubscriptionLine<'_>| row.settings.term.name().to_owned()),
        text("billing_cycle", |row: &SubscriptionLine<'_>| row.settings.billing_cycle.name().to_owned()),
        total("quantity", |row: &SubscriptionLine<'_>| row.purchase.licences.into()),
        instant("ordered_at", |row: &SubscriptionLine<'_>| row.purchase.accepted_at),
        Column::day("term_start", |_, row: &SubscriptionLine<'_>| row.purchase.accepted_at.day()),
        text("origin", |_: &SubscriptionLine<'_>| "purchase".to_owned()),
        text("channel", |_: &SubscriptionLine<'_>| "advisor".to_owned()),
    ]
}

/// The rows of advisor_purchases, by advisor, offer and client.
pub(super) fn purchase_lines<'a>(offering: &'a Offering<'a>) -> Vec<PurchaseLine<'a>> {
    let purchases = &offering.judged.purchases;
    let of_client =
        purchases.chunk_by(|left, right| (left.offer, left.customer) == (right.offer, right.customer));
    let line = |all: &'a [Purchase]| {
        let first = all.first()?;
        let offered = offering.offered(first.offer)?;
        Some(PurchaseLine { offered, first, names: offering.names, accepted: Accepted::of(all) })
    };
    let mut lines: Vec<PurchaseLine<'a>> = of_client.filter_map(line).collect();
    lines.sort_by_key(|line| (line.offered.offer.terms.advisor, line.first.offer, line.first.customer));
    lines
}

/// The columns of advisor_purchases.
pub(super) fn purchase_columns<'a>() -> Vec<Column<PurchaseLine<'a>>> {
    vec![
        text("advisor_id", |row: &PurchaseLine<'_>| {
            row.names.advisor(row.offered.offer.terms.advisor).to_owned()
        }),
        text("office_id", |row: &PurchaseLine<'_>| office(row.offered, row.names)),
        text("offer_id", |row: &PurchaseLine<'_>| row.names.offer(row.first.offer).to_owned()),
        text("summary_id", |row: &PurchaseLine<'_>| row.offered.summary_id.clone()),
        text("customer_id", |row: &PurchaseLine<'_>| row.names.customer(row.first.customer).to_owned()),
        text("usage_location", |row: &PurchaseLine<'_>| location(row.offered, row.names)),
        instant("accepted_at", |row: &PurchaseLine<'_>| row.first.accepted_at),
        Column::flag("delegated_admin", |_, row: &PurchaseLine<'_>| row.first.delegated_admin),
        count("subscriptions", |row: &PurchaseLine<'_>| row.accepted.subscriptions),
        total("licences_offered", |row: &PurchaseLine<'_>| row.offered.licences()),
        total("licences", |row: &PurchaseLine<'_>| row.accepted.licences),
    ]
}

/// The rows of advisor_totals: every advisor of the file, also one that made no offer.
pub(super) fn advisor_lines<'a>(offering: &'a Offering<'a>) -> Vec<AdvisorLine<'a>> {
    let bought = by_offer(&offering.judged.purchases);
    let mut made: BTreeMap<AdvisorId, Vec<PurchaseOfferId>> = BTreeMap::new();
    for offered in &offering.offers {
        made.entry(offered.offer.terms.advisor).or_default().push(offered.offer.id);
    }
    let line = |&advisor: &AdvisorId| {
        let own = made.get(&advisor).map(Vec::as_slice).unwrap_or_default();
        let of_own = own.iter().filter_map(|offer| bought.get(offer).copied());
        AdvisorLine {
            advisor,
            names: offering.names,
            offers: own.len(),
            offers_accepted: of_own.clone().count(),
            accepted: Accepted::of(of_own.flatten()),
        }
    };
    offering.advisors.iter().map(line).collect()
}

/// The columns of advisor_totals.
pub(super) fn advisor_columns<'a>() -> Vec<Column<AdvisorLine<'a>>> {
    vec![
        text("advisor_id", |row: &AdvisorLine<'_>| row.names.advisor(row.advisor).to_owned()),
        text("name", |row: &AdvisorLine<'_>| {
            row.names.card(row.advisor).name.as_deref().unwrap_or_default().to_owned()
        }),
        text("code", |row: &AdvisorLine<'_>| row.names.card(row.advisor).code.to_string()),
        count("offers", |row: &AdvisorLine<'_>| row.offers),
        count("offers_accepted", |row: &AdvisorLine<'_>| row.offers_accepted),
        count("clients", |row: &AdvisorLine<'_>| row.accepted.clients),
        count("clients_delegating", |row: &AdvisorLine<'_>| row.accepted.with_delegation),
        count("subscriptions", |row: &AdvisorLine<'_>| row.accepted.subscriptions),
        total("licences", |row: &AdvisorLine<'_>| row.accepted.licences),
    ]
}

fn office(offered: &Offered<'_>, names: &OfferNames) -> String {
    offered.offer.terms.office.map_or("", |office| names.office(office)).to_owned()
}

fn location(offered: &Offered<'_>, names: &OfferNames) -> String {
    names.market(offered.offer.terms.usage_location).to_owned()
}

fn text<R>(name: &'static str, get: impl Fn(&R) -> String + 'static) -> Column<R> {
    Column::text(name, move |_, row, out| out.extend_from_slice(get(row).as_bytes()))
}

fn instant<R>(name: &'static str, get: impl Fn(&R) -> Instant + 'static) -> Column<R> {
    Column::instant(name, move |_, row| get(row))
}

fn count<R>(name: &'static str, get: impl Fn(&R) -> usize + 'static) -> Column<R> {
    Column::count(name, move |_, row| i64::try_from(get(row)).ok())
}

fn total<R>(name: &'static str, get: impl Fn(&R) -> u64 + 'static) -> Column<R> {
    Column::count(name, move |_, row| i64::try_from(get(row)).ok())
}
