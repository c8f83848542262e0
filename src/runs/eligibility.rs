//! Eligibility: what a purchase would get, asked before it is made (R15).
//!
//! A request **is** a purchase: it stands in its customer's book as one more subscription, ordered at the moment that it
//! names, and the customer is played to that day by the very engine that bills. The verdicts are read from the workings, so the
//! answer and the price of a later run can't differ. Each request is judged alone against the book, not after the other
//! requests, and nothing is written. Who asks always gets the rules' answer, whatever the job says of events that happened
//! against them (R59).

use super::answers::{self, Answer, Obstacle};
use super::invoice::{Work, in_pool};
use super::words::{Judged, Scene};
use super::{Progress, RunError};
use crate::intake::{self, Intake, Part, Request};
use crate::job::{InputFile, Job};
use crate::output::diagnostic;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::book::{
    Channel, CustomerBook, Known, Origin, PromotionCell, Status, Subscription, Window,
};
use termwise_engine::calendar::Period;
use termwise_engine::catalog::{Commerce, Plan, PriceKey};
use termwise_engine::findings::{Code, Finding, Table};
use termwise_engine::ids::{CustomerId, ItemId, MarketId, PromotionId, SubscriptionId};
use termwise_engine::money::Currency;
use termwise_engine::policy::{Policy, RefusedEvents};
use termwise_engine::timeline;
use termwise_engine::workings::{Played, Step};

/// What came of a file of requests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// In the order of the requests, and of their promotions' ids.
    pub answers: Vec<Answer>,
    /// What is wrong with requests that are not answered.
    pub diagnostics: Vec<String>,
    /// What else to know.
    pub warnings: Vec<String>,
}

impl Answered {
    /// The exit code of the contract: 3 where a request is not answered; the answers themselves do not count.
    pub const fn exit_code(&self) -> u8 {
        if self.diagnostics.is_empty() { 0 } else { 3 }
    }
}

/// Answers a file of requests.
///
/// # Errors
/// An input is refused as a whole.
pub fn eligibility(
    job: &Job,
    requests: InputFile,
    work: Work,
    progress: &dyn Progress,
) -> Result<Answered, RunError> {
    in_pool(work, || {
        let mut inputs = job.inputs.clone();
        inputs.files.insert(Table::Requests, vec![requests]);
        let intake = intake::read(&inputs, &job.policy, &work.reading(job), progress)?;
        let desk = Desk::new(job, &intake);
        let told = desk.answer_all(progress)?;
        let of_requests = |finding: &&Finding| finding.source.table == Table::Requests;
        let findings: Vec<Finding> = intake.findings.iter().filter(of_requests).copied().collect();
        let rejects = intake.excerpts(&inputs, &findings)?;
        let elsewhere = told.findings + (intake.findings.len() - findings.len()) as u64;
        Ok(Answered {
            answers: told.by_request.into_iter().flat_map(|(_, answers)| answers).collect(),
            diagnostics: rejects.iter().map(diagnostic).collect(),
            warnings: warnings(&intake, elsewhere),
        })
    })
}

/// What is odd about the requests' file, what should be looked at of the others, and that their rows are not all sound.
fn warnings(intake: &Intake, findings: u64) -> Vec<String> {
    let of_requests = intake.files.iter().filter(|file| file.table == Table::Requests);
    let own: Vec<String> = of_requests.flat_map(|file| &file.warnings).map(ToString::to_string).collect();
    let troubles = intake.warnings.iter().filter(|warning| warning.is_trouble).map(ToString::to_string);
    let mut warnings: Vec<String> = troubles.filter(|trouble| !own.contains(trouble)).collect();
    warnings.extend(own);
    if findings > 0 {
        warnings.push(format!(
            "{findings} findings on rows of the job's inputs, which are left out here as in a run: termwise check lists them"
        ));
    }
    warnings
}

/// What prices are in, by what they are for.
type Currencies = BTreeMap<(ItemId, MarketId), BTreeSet<Currency>>;

/// What came of the requests of a part of the book, or of all.
struct Told {
    /// The number of each request, and its answers.
    by_request: Vec<(usize, Vec<Answer>)>,
    /// What is wrong with rows of those parts.
    findings: u64,
}

/// What requests are judged with.
struct Desk<'a> {
    intake: &'a Intake,
    policy: Policy,
    currencies: Currencies,
}

impl<'a> Desk<'a> {
    fn new(job: &Job, intake: &'a Intake) -> Desk<'a> {
        let policy = Policy { refused_events: RefusedEvents::Reject, ..job.policy };
        let asked: BTreeSet<ItemId> = intake.requests.iter().map(|request| request.item).collect();
        let mut currencies = Currencies::new();
        for key in intake.catalog.prices.keys().filter(|key| asked.contains(&key.item)) {
            currencies.entry((key.item, key.market)).or_default().insert(key.currency);
        }
        Desk { intake, policy, currencies }
    }

    /// Every request's answers, in their order. Only parts with customers that are asked about are linked, and only those
    /// customers are played.
    fn answer_all(&self, progress: &dyn Progress) -> Result<Told, RunError> {
        let requests = &self.intake.requests;
        let mut by_part: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, request) in requests.iter().enumerate() {
            by_part.entry(self.intake.part_of(&request.customer)).or_default().push(number);
        }
        progress.stage("judging", requests.len() as u64);
        let parts: Vec<(usize, Vec<usize>)> = by_part.into_iter().collect();
        let of_part = |(part, numbers): &(usize, Vec<usize>)| {
            let part = self.intake.take_part(*part)?;
            let answer = |&number: &usize| {
                let answers = Asked::new(self, &part, &requests[number]).answers();
                progress.advance(1);
                (number, answers)
            };
            let by_request = numbers.par_iter().map(answer).collect();
            Ok(Told { by_request, findings: part.findings.len() as u64 })
        };
        let told: Vec<Told> = parts.par_iter().map(of_part).collect::<Result<_, RunError>>()?;
        let findings = told.iter().map(|told| told.findings).sum();
        let mut by_request: Vec<(usize, Vec<Answer>)> =
            told.into_iter().flat_map(|told| told.by_request).collect();
        by_request.sort_unstable_by_key(|(number, _)| *number);
        Ok(Told { by_request, findings })
    }

    /// The currency that the purchase is priced in. The requests name none and eligibility does not ask for it, so it is one that
    /// the product is sold in there: the first that has a price, else the first at all.
    fn currency(&self, request: &Request) -> Option<Currency> {
        let Request { item, market, segment, term, billing_cycle, quantity, on, .. } = *request;
        let sold_in = self.currencies.get(&(item, market)).into_iter().flatten().copied();
        let has_price = |currency: &Currency| {
            let key = PriceKey { item, term, plan: Plan::None, market, currency: *currency, segment };
            self.intake.catalog.prices.quote(key, billing_cycle, quantity, on.day()).is_ok()
        };
        let anything = || self.intake.catalog.prices.keys().next().map(|key| key.currency);
        sold_in.clone().find(has_price).or_else(|| sold_in.clone().next()).or_else(anything)
    }
}

/// A request beside its customer's book.
struct Asked<'a> {
    desk: &'a Desk<'a>,
    part: &'a Part,
    request: &'a Request,
    /// The customer's number in its part; none where nothing is known of it.
    customer: Option<CustomerId>,
    /// Its subscriptions.
    subscriptions: &'a [Subscription],
}

impl<'a> Asked<'a> {
    fn new(desk: &'a Desk<'a>, part: &'a Part, request: &'a Request) -> Asked<'a> {
        let customer = part.names.customers.rank(&request.customer).map(CustomerId::of_rank);
        let all = &part.book.subscriptions;
        let first = customer.map_or(0, |id| all.partition_point(|row| row.customer < id));
        let end = customer.map_or(0, |id| all.partition_point(|row| row.customer <= id));
        Asked { desk, part, request, customer, subscriptions: &all[first..end] }
    }

    fn answers(&self) -> Vec<Answer> {
        let Some(currency) = self.desk.currency(self.request) else {
            // The price list is empty, so nothing can be bought at all.
            let asked = self.request.promotion.and_then(|id| self.name(id));
            return vec![self.answer(asked, vec![answers::refusal(Code::PriceMissing)])];
        };
        let mut rows = Vec::with_capacity(self.subscriptions.len() + 1);
        let row = self.purchase(currency);
        let customer = self.customer_with(&row, &mut rows);
        let window = Window {
            billed: Period { first: row.term_start, last: row.term_start },
            horizon: row.term_start,
        };
        let (catalog, policy) = (&self.desk.intake.catalog, &self.desk.policy);
        let mut played = Played::default();
        let fault = row.fault(customer.known, catalog, policy).map(|(code, _)| code);
        if fault.is_none() {
            timeline::play(customer, catalog, policy, window, &mut played);
        }
        let line = played.lines.iter().find(|line| line.subscription == row.id);
        if let Some(line) = line {
            return self.told(&row, &[], played.steps(line.term_steps));
        }
        let of_row = |finding: &&Finding| finding.source == row.source;
        let found = fault.or_else(|| played.findings.iter().find(of_row).map(|finding| finding.code));
        let refusal: Vec<Obstacle> = found.map(answers::refusal).into_iter().collect();
        played.clear();
        let steps = timeline::judge_purchase(customer, catalog, policy, window, &mut played);
        self.told(&row, &refusal, played.steps(steps))
    }

    /// The purchase as a row of the book. Its number follows those of the customer's others, so of several orders at one moment
    /// it is the last (A6).
    fn purchase(&self, currency: Currency) -> Subscription {
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
        } = *self.request;
        let last = self.subscriptions.last().map(|row| row.id.rank() + 1);
        Subscription {
            source,
            id: SubscriptionId::of_rank(last.unwrap_or_default()),
            customer: self.customer.unwrap_or(CustomerId::of_rank(0)),
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

    /// The customer's book with the purchase; of a customer whose subscriptions can be played apart the purchase alone.
    fn customer_with<'r>(&self, row: &Subscription, rows: &'r mut Vec<Subscription>) -> CustomerBook<'r>
    where
        'a: 'r,
    {
        let book = &self.part.book;
        let of_nobody = CustomerBook {
            known: match self.customer {
                Some(id) => book.known(id),
                None if book.customers.is_some() => Known::Missing,
                None => Known::NoFile,
            },
            holdings: &[],
            subscriptions: &[],
            seat_changes: &[],
            redemptions: &[],
            events: &[],
            scheduled: &[],
        };
        let held = book.holdings.as_slice();
        let first = self.customer.map_or(0, |id| held.partition_point(|holding| holding.customer < id));
        let end = self.customer.map_or(0, |id| held.partition_point(|holding| holding.customer <= id));
        let alone = CustomerBook { holdings: &held[first..end], ..of_nobody };
        let before: CustomerBook<'r> = book.customers_of(self.subscriptions).next().unwrap_or(alone);
        rows.push(*row);
        let purchase = CustomerBook { subscriptions: rows.as_slice(), ..alone };
        let catalog = &self.desk.intake.catalog;
        if before.is_divisible(catalog) && purchase.is_divisible(catalog) {
            return CustomerBook { subscriptions: rows, ..alone };
        }
        rows.splice(0..0, self.subscriptions.iter().copied());
        CustomerBook { subscriptions: rows, ..before }
    }

    /// The verdicts of the workings as answers: on the promotion asked for, or on every one that names the product and SKU.
    fn told(&self, row: &Subscription, refusal: &[Obstacle], steps: &[Step]) -> Vec<Answer> {
        let promotions = &self.desk.intake.catalog.promotions;
        let place = |_| String::new();
        let scene = Scene {
            names: &self.part.names,
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
            if self.request.promotion.is_some_and(|asked| asked != promotion) {
                continue;
            }
            let Some(found) = promotions.get(promotion) else { continue };
            let judged = Judged { promotion, on, seats, verdict };
            let mut errors = refusal.to_vec();
            errors.extend(answers::unmet_conditions(&judged, found, &scene));
            told.push((promotion, errors));
        }
        told.sort_by_key(|(promotion, _)| *promotion);
        if !told.is_empty() {
            return told.into_iter().map(|(id, errors)| self.answer(self.name(id), errors)).collect();
        }
        let mut errors = refusal.to_vec();
        errors.push(match self.request.promotion {
            Some(_) => answers::invalid_promotion(),
            None => answers::no_promotions(),
        });
        vec![self.answer(self.request.promotion.and_then(|id| self.name(id)), errors)]
    }

    fn name(&self, id: PromotionId) -> Option<String> {
        Some(self.part.names.promotion(id).to_owned())
    }

    fn answer(&self, promotion_id: Option<String>, errors: Vec<Obstacle>) -> Answer {
        Answer { request_id: self.request.id.to_string(), promotion_id, errors }
    }
}
