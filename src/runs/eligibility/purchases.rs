//! A customer's requests as rows of its book, and what they come to.

use super::super::answers::{self, Answer, Obstacle, Sale};
use super::super::words::{Judged, Scene};
use super::{Desk, Numbered};
use crate::intake::{Part, Request};
use std::collections::BTreeMap;
use std::slice;
use termwise_engine::book::{
    Channel, CustomerBook, Known, Origin, PromotionCell, Status, Subscription, Window,
};
use termwise_engine::calendar::{Day, Period};
use termwise_engine::catalog::{Catalog, Commerce};
use termwise_engine::ids::{CustomerId, MarketId, PromotionId, SubscriptionId};
use termwise_engine::money::Currency;
use termwise_engine::timeline::{self, Appraisal};
use termwise_engine::workings::{Played, Step};

/// Who buys, and what its part of the book holds of it.
pub(super) struct Buyer<'p> {
    part: &'p Part,
    /// The customer's number in its part; none where nothing is known of it.
    id: Option<CustomerId>,
    /// Its subscriptions.
    subscriptions: &'p [Subscription],
    /// The customer without any of them.
    alone: CustomerBook<'p>,
    /// The customer with all of them, and what happened to them.
    whole: CustomerBook<'p>,
    /// Whether they can be played apart.
    is_divisible: bool,
}

impl<'p> Buyer<'p> {
    /// A customer by its id, as its part of the book has it.
    pub(super) fn new(id: &str, part: &'p Part, catalog: &Catalog) -> Buyer<'p> {
        let id = part.names.customers.rank(id).map(CustomerId::of_rank);
        let book = &part.book;
        let (all, held) = (book.subscriptions.as_slice(), book.holdings.as_slice());
        let first = id.map_or(0, |id| all.partition_point(|row| row.customer < id));
        let end = id.map_or(0, |id| all.partition_point(|row| row.customer <= id));
        let subscriptions = &all[first..end];
        let first = id.map_or(0, |id| held.partition_point(|holding| holding.customer < id));
        let end = id.map_or(0, |id| held.partition_point(|holding| holding.customer <= id));
        let alone = CustomerBook {
            known: match id {
                Some(id) => book.known(id),
                None if book.customers.is_some() => Known::Missing,
                None => Known::NoFile,
            },
            holdings: &held[first..end],
            subscriptions: &[],
            seat_changes: &[],
            redemptions: &[],
            events: &[],
            scheduled: &[],
        };
        let whole = book.customers_of(subscriptions).next().unwrap_or(alone);
        let is_divisible = whole.is_divisible(catalog);
        Buyer { part, id, subscriptions, alone, whole, is_divisible }
    }

    /// The currency of its subscriptions in a market, if it is one.
    pub(super) fn currency_in(&self, market: MarketId) -> Option<Currency> {
        let mut own = self.subscriptions.iter().filter(|row| row.market == market).map(|row| row.currency);
        let first = own.next()?;
        own.all(|other| other == first).then_some(first)
    }

    /// A request as a row of the book; where it is put gives it its number.
    fn purchase(&self, request: &Request, currency: Currency) -> Subscription {
        let Request {
            source,
            partner,
            item,
            segment,
            market,
            quantity,
            term,
            billing_cycle,
            on,
            promotion,
            ..
        } = *request;
        Subscription {
            source,
            id: SubscriptionId::of_rank(0),
            customer: self.id.unwrap_or(CustomerId::of_rank(0)),
            partner,
            bill_to: None,
            order: None,
            commerce: Commerce::New,
            item,
            segment,
            market,
            currency,
            term,
            billing_cycle,
            quantity,
            quantity_as_of: None,
            ordered_at: Some(on),
            term_start: on.day(),
            term_end: None,
            anchored_on: None,
            unit_price: None,
            promotion: promotion.map_or(PromotionCell::Empty, PromotionCell::Id),
            auto_renew: true,
            status: Status::Active,
            origin: Origin::Purchase,
            channel: Channel::Reseller,
            tax_code: None,
            opened: false,
            parked: false,
        }
    }
}

/// The requests of a customer that one replay answers: of one day, since a run knows nothing of what comes later, and either those
/// that can be played apart from what the customer has or those that can't.
pub(super) struct Batch<'a> {
    desk: &'a Desk<'a>,
    buyer: &'a Buyer<'a>,
    day: Day,
    is_apart: bool,
    /// The numbers of the requests, and their rows.
    purchases: Vec<(usize, Subscription)>,
}

impl<'a> Batch<'a> {
    /// The batches of a customer's requests.
    pub(super) fn of(desk: &'a Desk<'a>, buyer: &'a Buyer<'a>, numbers: &[usize]) -> Vec<Batch<'a>> {
        let mut batches: BTreeMap<(Day, bool), Vec<(usize, Subscription)>> = BTreeMap::new();
        for &number in numbers {
            let request = &desk.intake.requests[number];
            let row = buyer.purchase(request, desk.currency(request, buyer));
            let alone = CustomerBook { subscriptions: slice::from_ref(&row), ..buyer.alone };
            let is_apart = buyer.is_divisible && alone.is_divisible(&desk.intake.catalog);
            batches.entry((row.term_start, is_apart)).or_default().push((number, row));
        }
        let batch = |((day, is_apart), purchases)| Batch { desk, buyer, day, is_apart, purchases };
        batches.into_iter().map(batch).collect()
    }

    /// How many requests it answers.
    pub(super) fn len(&self) -> usize {
        self.purchases.len()
    }

    /// The answers. The rows follow the customer's own, so of several orders at one moment they are the last (A6).
    pub(super) fn answers(&self) -> Numbered {
        let Buyer { subscriptions, alone, whole, .. } = *self.buyer;
        let (own, customer) = if self.is_apart { (&[][..], alone) } else { (subscriptions, whole) };
        let next = subscriptions.last().map_or(0, |row| row.id.rank() + 1);
        let asked = (next..).zip(&self.purchases);
        let asked = asked.map(|(id, (_, row))| Subscription { id: SubscriptionId::of_rank(id), ..*row });
        let rows: Vec<Subscription> = own.iter().copied().chain(asked).collect();
        let customer = CustomerBook { subscriptions: &rows, ..customer };
        let window = Window { billed: Period { first: self.day, last: self.day }, horizon: self.day };
        let (catalog, policy) = (&self.desk.intake.catalog, &self.desk.policy);
        let mut played = Played::default();
        let appraisals = timeline::judge_purchases(customer, own.len(), catalog, policy, window, &mut played);
        let judged = self.purchases.iter().zip(&rows[own.len()..]).zip(appraisals);
        let told = judged.map(|(((number, _), row), appraisal)| {
            let request = &self.desk.intake.requests[*number];
            (*number, self.answer(request, row, &appraisal, played.steps(appraisal.steps)))
        });
        told.collect()
    }

    fn answer(
        &self,
        request: &Request,
        row: &Subscription,
        appraisal: &Appraisal,
        steps: &[Step],
    ) -> Vec<Answer> {
        let names = &self.buyer.part.names;
        let customer_market = match self.buyer.alone.known {
            Known::Customer(known) => Some(names.market(known.market).to_owned()),
            Known::Missing | Known::NoFile => None,
        };
        let Appraisal { refused, segments, most_seats, .. } = appraisal;
        let terms = if refused.is_empty() { Vec::new() } else { self.desk.terms(row) };
        let sale = Sale { customer_market, segments: segments.clone(), terms, most_seats: *most_seats };
        let refusals: Vec<Obstacle> = refused.iter().map(|&code| answers::refusal(code, &sale)).collect();
        self.told(request, row, &refusals, steps)
    }

    /// The verdicts of the workings as answers: on the promotion asked for, or on every one that names the product and SKU.
    fn told(
        &self,
        request: &Request,
        row: &Subscription,
        refusals: &[Obstacle],
        steps: &[Step],
    ) -> Vec<Answer> {
        let promotions = &self.desk.intake.catalog.promotions;
        let place = |_| String::new();
        let scene = Scene {
            names: &self.buyer.part.names,
            catalog: &self.desk.intake.catalog,
            policy: &self.desk.policy,
            row,
            item: row.item,
            line: None,
            place: &place,
        };
        let mut told = Vec::new();
        for step in steps {
            let Step::PromotionJudged { promotion, on, seats, verdict, .. } = *step else { continue };
            if request.promotion.is_some_and(|asked| asked != promotion) {
                continue;
            }
            let Some(found) = promotions.get(promotion) else { continue };
            let judged = Judged { promotion, on, seats, verdict };
            let mut errors = refusals.to_vec();
            errors.extend(answers::unmet_conditions(&judged, found, &scene));
            told.push((promotion, errors));
        }
        told.sort_by_key(|(promotion, _)| *promotion);
        if !told.is_empty() {
            return told.into_iter().map(|(id, errors)| answer(request, self.name(id), errors)).collect();
        }
        let mut errors = refusals.to_vec();
        errors.push(match request.promotion {
            Some(_) => answers::invalid_promotion(),
            None => answers::no_promotions(self.desk.knows_promotions),
        });
        vec![answer(request, request.promotion.and_then(|id| self.name(id)), errors)]
    }

    fn name(&self, id: PromotionId) -> Option<String> {
        Some(self.buyer.part.names.promotion(id).to_owned())
    }
}

fn answer(request: &Request, promotion_id: Option<String>, errors: Vec<Obstacle>) -> Answer {
    Answer { request_id: request.id.to_string(), promotion_id, errors }
}
