//! Eligibility: what a purchase would get, asked before it is made (R15).
//!
//! A request **is** a purchase: it stands in its customer's book as one more subscription, ordered at the moment that it
//! names, and the customer is played to that day by the very engine that bills. The verdicts are read from the workings, so a
//! run over the same inputs and this purchase, in the currency that it was judged in, comes to the same. Each request is
//! judged alone against the book, not after the other requests, and nothing is written. Who asks always gets the rules'
//! answer, whatever the job says of events that happened against them (R59).
//!
//! Rows of the job that are rejected or parked are left out as in a run, and said to be; where they are more than the job
//! tolerates nothing is answered, since a run would bill nothing either.

use super::answers::{self, Answer, Obstacle, Sale};
use super::invoice::{SetAside, Work, above_tolerance, in_pool};
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
use termwise_engine::calendar::{BillingCycle, Period, Term};
use termwise_engine::catalog::{Commerce, Plan, PriceKey};
use termwise_engine::findings::{Disposition, Fate, Finding, Source, Table};
use termwise_engine::ids::{CustomerId, ItemId, MarketId, PromotionId, SubscriptionId};
use termwise_engine::money::Currency;
use termwise_engine::policy::{Policy, RefusedEvents};
use termwise_engine::timeline::{self, Appraisal};
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
    /// Rows of the job's inputs that are rejected or parked as they stand, before anything is played.
    pub left_out: SetAside,
}

impl Answered {
    /// The exit code of the contract: 65 where too many rows of the job are left out to answer at all, 3 where some are or a
    /// request is not answered; the answers themselves do not count.
    pub fn exit_code(&self) -> u8 {
        if self.left_out.is_too_many() {
            65
        } else if self.left_out.rows > 0 || !self.diagnostics.is_empty() {
            3
        } else {
            0
        }
    }

    /// What is to be said of rows that are left out, if there are any.
    pub fn caution(&self) -> Option<String> {
        let SetAside { rows, of, .. } = self.left_out;
        if self.left_out.is_too_many() {
            let above = above_tolerance(self.left_out);
            return Some(format!("error[too-many-rejects]: {above}: nothing is answered"));
        }
        (rows > 0).then(|| {
            format!(
                "warning: {rows} of {of} rows of the job's inputs are rejected or parked, and left out here as in a run: \
                 termwise check lists them"
            )
        })
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
        let mut left_out = told.left_out;
        left_out.rows += set_aside(&intake.fates);
        let answers = told.by_request.into_iter().flat_map(|(_, answers)| answers);
        Ok(Answered {
            answers: if left_out.is_too_many() { Vec::new() } else { answers.collect() },
            diagnostics: rejects.iter().map(diagnostic).collect(),
            warnings: warnings(&intake),
            left_out,
        })
    })
}

/// Rows of the job's inputs that nothing can come of. The requests are not the job's: each is told by itself.
fn set_aside(fates: &[(Source, Fate)]) -> u64 {
    let is_left_out = |(source, fate): &&(Source, Fate)| {
        let is_set = matches!(fate, Fate::Set(Disposition::Rejected | Disposition::Parked));
        is_set && source.table != Table::Requests
    };
    fates.iter().filter(is_left_out).count() as u64
}

/// What is odd about the requests' file, and what should be looked at of the others.
fn warnings(intake: &Intake) -> Vec<String> {
    let of_requests = intake.files.iter().filter(|file| file.table == Table::Requests);
    let own: Vec<String> = of_requests.flat_map(|file| &file.warnings).map(ToString::to_string).collect();
    let troubles = intake.warnings.iter().filter(|warning| warning.is_trouble).map(ToString::to_string);
    let mut warnings: Vec<String> = troubles.filter(|trouble| !own.contains(trouble)).collect();
    warnings.extend(own);
    warnings
}

/// What prices are in, by what they are for.
type Currencies = BTreeMap<(ItemId, MarketId), BTreeSet<Currency>>;

/// Requests by their numbers, and their answers.
type Numbered = Vec<(usize, Vec<Answer>)>;

/// The numbers of the requests of each customer of a part.
type ByCustomer<'a> = BTreeMap<&'a str, Vec<usize>>;

/// What came of the requests, and of the rows that they are answered from.
struct Told {
    /// In no order until all are together.
    by_request: Numbered,
    /// Rows that are left out when parts are linked.
    left_out: SetAside,
}

/// What requests are judged with.
struct Desk<'a> {
    job: &'a Job,
    intake: &'a Intake,
    policy: Policy,
    currencies: Currencies,
    /// Whether every row of the promotions can be read.
    knows_promotions: bool,
}

impl<'a> Desk<'a> {
    fn new(job: &'a Job, intake: &'a Intake) -> Desk<'a> {
        let policy = Policy { refused_events: RefusedEvents::Reject, ..job.policy };
        let asked: BTreeSet<ItemId> = intake.requests.iter().map(|request| request.item).collect();
        let mut currencies = Currencies::new();
        for key in intake.catalog.prices.keys().filter(|key| asked.contains(&key.item)) {
            currencies.entry((key.item, key.market)).or_default().insert(key.currency);
        }
        let knows_promotions =
            !intake.findings.iter().any(|finding| finding.source.table == Table::Promotions);
        Desk { job, intake, policy, currencies, knows_promotions }
    }

    /// Every request's answers, in their order. Every part is linked, so that what is left out does not depend on how the book is
    /// cut, and only customers that are asked about are played.
    fn answer_all(&self, progress: &dyn Progress) -> Result<Told, RunError> {
        let requests = &self.intake.requests;
        let mut parts: Vec<ByCustomer<'_>> = vec![ByCustomer::new(); self.intake.parts()];
        for (number, request) in requests.iter().enumerate() {
            let part = &mut parts[self.intake.part_of(&request.customer)];
            part.entry(&request.customer).or_default().push(number);
        }
        progress.stage("judging", requests.len() as u64);
        let of_part = |(part, by_customer): (usize, &ByCustomer<'_>)| {
            let part = self.intake.take_part(part)?;
            let buyers: Vec<(Buyer<'_>, &Vec<usize>)> =
                by_customer.iter().map(|(id, numbers)| (self.buyer(id, &part), numbers)).collect();
            let of_buyer = |(buyer, numbers): &(Buyer<'_>, &Vec<usize>)| -> Numbered {
                let answer = |rows: &mut Vec<Subscription>, &number: &usize| {
                    let answers = Asked { desk: self, buyer, request: &requests[number] }.answers(rows);
                    progress.advance(1);
                    (number, answers)
                };
                // What a customer has is copied once, and each request put behind it.
                numbers.par_iter().map_init(|| buyer.subscriptions.to_vec(), answer).collect()
            };
            let by_request = buyers.par_iter().flat_map(of_buyer).collect();
            Ok((by_request, set_aside(&part.fates)))
        };
        let mut told = Told { by_request: Vec::with_capacity(requests.len()), left_out: self.read() };
        let of_parts: Vec<(Numbered, u64)> =
            parts.par_iter().enumerate().map(of_part).collect::<Result<_, RunError>>()?;
        for (by_request, left_out) in of_parts {
            told.by_request.extend(by_request);
            told.left_out.rows += left_out;
        }
        told.by_request.sort_unstable_by_key(|(number, _)| *number);
        Ok(told)
    }

    /// What was read of the job's inputs, and nothing left out yet.
    fn read(&self) -> SetAside {
        let files = self.intake.files.iter().filter(|file| file.table != Table::Requests);
        SetAside { rows: 0, of: files.map(|file| file.rows).sum(), tolerated: self.job.limits.rejected_rows }
    }

    /// Who buys, with what it has.
    fn buyer<'p>(&self, id: &str, part: &'p Part) -> Buyer<'p> {
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
        let is_divisible = whole.is_divisible(&self.intake.catalog);
        Buyer { part, id, subscriptions, alone, whole, is_divisible }
    }

    /// The currency that the purchase is priced in: the request's; else the one that the customer's own subscriptions in that
    /// market all have; else the first that there is a price in, else the first that the product is sold in there, else any.
    fn currency(&self, request: &Request, buyer: &Buyer<'_>) -> Currency {
        let Request { item, market, segment, term, billing_cycle, quantity, on, .. } = *request;
        let prices = &self.intake.catalog.prices;
        let sold_in = || self.currencies.get(&(item, market)).into_iter().flatten().copied();
        let has_price = |currency: &Currency| {
            let key = PriceKey { item, term, plan: Plan::None, market, currency: *currency, segment };
            prices.quote(key, billing_cycle, quantity, on.day()).is_ok()
        };
        let own = request.currency.or_else(|| buyer.currency_in(market));
        let own = own.or_else(|| sold_in().find(has_price)).or_else(|| sold_in().next());
        own.or_else(|| prices.keys().next().map(|key| key.currency))
            .or_else(|| Currency::from_code("EUR"))
            .unwrap_or_else(|| unreachable!("the euro is a currency"))
    }

    /// The terms and billing cycles that the product has a price in, all else as it is asked for.
    fn terms(&self, row: &Subscription) -> Vec<(Term, BillingCycle)> {
        let prices = &self.intake.catalog.prices;
        let pairs = Term::ALL.into_iter().flat_map(|term| BillingCycle::ALL.map(|cycle| (term, cycle)));
        let has_price = |&(term, cycle): &(Term, BillingCycle)| {
            let Subscription { item, market, currency, segment, .. } = *row;
            let key = PriceKey { item, term, plan: Plan::None, market, currency, segment };
            cycle.months(term).is_some()
                && prices.quote(key, cycle, row.quantity.max(1), row.term_start).is_ok()
        };
        pairs.filter(has_price).collect()
    }
}

/// Who buys, and what its part of the book holds of it.
struct Buyer<'p> {
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

impl Buyer<'_> {
    /// The currency of its subscriptions in a market, if it is one.
    fn currency_in(&self, market: MarketId) -> Option<Currency> {
        let mut own = self.subscriptions.iter().filter(|row| row.market == market).map(|row| row.currency);
        let first = own.next()?;
        own.all(|other| other == first).then_some(first)
    }
}

/// A request beside its customer.
struct Asked<'a> {
    desk: &'a Desk<'a>,
    buyer: &'a Buyer<'a>,
    request: &'a Request,
}

impl Asked<'_> {
    /// The answers; `rows` begin with the customer's own and are used again by its next request.
    fn answers(&self, rows: &mut Vec<Subscription>) -> Vec<Answer> {
        let row = self.purchase(self.desk.currency(self.request, self.buyer));
        rows.truncate(self.buyer.subscriptions.len());
        rows.push(row);
        let customer = self.customer_with(rows);
        let window = Window {
            billed: Period { first: row.term_start, last: row.term_start },
            horizon: row.term_start,
        };
        let (catalog, policy) = (&self.desk.intake.catalog, &self.desk.policy);
        let mut played = Played::default();
        if row.fault(customer.known, catalog, policy).is_none() {
            timeline::play(customer, catalog, policy, window, &mut played);
            if let Some(line) = played.lines.iter().find(|line| line.subscription == row.id) {
                return self.told(&row, &[], played.steps(line.term_steps));
            }
            played.clear();
        }
        let Appraisal { refused, segments, most_seats, steps } =
            timeline::judge_purchase(customer, catalog, policy, window, &mut played);
        let names = &self.buyer.part.names;
        let customer_market = match customer.known {
            Known::Customer(known) => Some(names.market(known.market).to_owned()),
            Known::Missing | Known::NoFile => None,
        };
        let sale = Sale { customer_market, segments, terms: self.desk.terms(&row), most_seats };
        let refusals: Vec<Obstacle> = refused.into_iter().map(|code| answers::refusal(code, &sale)).collect();
        self.told(&row, &refusals, played.steps(steps))
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
        let last = self.buyer.subscriptions.last().map(|row| row.id.rank() + 1);
        Subscription {
            source,
            id: SubscriptionId::of_rank(last.unwrap_or_default()),
            customer: self.buyer.id.unwrap_or(CustomerId::of_rank(0)),
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

    /// The customer with the purchase, the last of the rows; of one whose subscriptions can be played apart the purchase alone.
    fn customer_with<'r>(&'r self, rows: &'r [Subscription]) -> CustomerBook<'r> {
        let purchase = CustomerBook { subscriptions: &rows[rows.len() - 1..], ..self.buyer.alone };
        if self.buyer.is_divisible && purchase.is_divisible(&self.desk.intake.catalog) {
            return purchase;
        }
        CustomerBook { subscriptions: rows, ..self.buyer.whole }
    }

    /// The verdicts of the workings as answers: on the promotion asked for, or on every one that names the product and SKU.
    fn told(&self, row: &Subscription, refusals: &[Obstacle], steps: &[Step]) -> Vec<Answer> {
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
            if self.request.promotion.is_some_and(|asked| asked != promotion) {
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
            return told.into_iter().map(|(id, errors)| self.answer(self.name(id), errors)).collect();
        }
        let mut errors = refusals.to_vec();
        errors.push(match self.request.promotion {
            Some(_) => answers::invalid_promotion(),
            None => answers::no_promotions(self.desk.knows_promotions),
        });
        vec![self.answer(self.request.promotion.and_then(|id| self.name(id)), errors)]
    }

    fn name(&self, id: PromotionId) -> Option<String> {
        Some(self.buyer.part.names.promotion(id).to_owned())
    }

    fn answer(&self, promotion_id: Option<String>, errors: Vec<Obstacle>) -> Answer {
        Answer { request_id: self.request.id.to_string(), promotion_id, errors }
    }
}
