//! Eligibility: what a purchase would get, asked before it is made (R15).
//!
//! A request **is** a purchase: it stands in its customer's book as one more subscription, ordered at the moment that it
//! names, and the customer is played to that day by the very engine that bills. The verdicts are read from the workings, so a
//! run over the same inputs and this purchase, in the currency that it was judged in, comes to the same. Each request is
//! judged alone against the book: those of one customer and day share a replay, in which none of them is made, and nothing is
//! written. Who asks always gets the rules' answer, whatever the job says of events that happened against them (R59).
//!
//! Rows of the job that are rejected or parked are left out as in a run, and said to be; where they are more than the job
//! tolerates nothing is answered, since a run would bill nothing either.

mod purchases;

use super::answers::Answer;
use super::invoice::{SetAside, Work, above_tolerance, in_pool};
use super::{Progress, RunError};
use crate::intake::{self, Intake, Request};
use crate::job::{InputFile, Job};
use crate::output::diagnostic;
use purchases::{Batch, Buyer};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use termwise_engine::book::Subscription;
use termwise_engine::calendar::{BillingCycle, Term};
use termwise_engine::catalog::{Plan, PriceKey};
use termwise_engine::findings::{Disposition, Fate, Finding, Source, Table};
use termwise_engine::ids::{ItemId, MarketId};
use termwise_engine::money::Currency;
use termwise_engine::policy::{Policy, RefusedEvents};

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
            let buyer = |(&id, numbers)| (Buyer::new(id, &part, &self.intake.catalog), numbers);
            let buyers: Vec<(Buyer<'_>, &Vec<usize>)> = by_customer.iter().map(buyer).collect();
            let batches = buyers.iter().flat_map(|(buyer, numbers)| Batch::of(self, buyer, numbers));
            let batches: Vec<Batch<'_>> = batches.collect();
            let answered = |batch: &Batch<'_>| {
                let answers = batch.answers();
                progress.advance(batch.len() as u64);
                answers
            };
            let by_request = batches.par_iter().flat_map_iter(answered).collect();
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
