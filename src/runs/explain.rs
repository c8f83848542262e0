//! Explain: the workings of one subscription in words, ending in the amounts that were billed.
//!
//! Its customer is played once more by the same engine over the same inputs, and what is printed are the steps that the
//! lines carry. Nothing is computed to explain.

mod proposal;
mod rows;

pub use proposal::{Compared, EffectTold, explain_proposal};

use self::rows::{names_it, rejects_of, row_of_reject};
use super::account::{Account, LineTold, ReasonTold, RenewalTold, RowHead, Seller, Side, TermTold};
use super::figures;
use super::invoice::{Work, in_pool, read};
use super::ledger::pins_of;
use super::words::Scene;
use super::{Progress, RunError};
use crate::intake::{Intake, Part};
use crate::job::{InputFile, Job, Kind};
use crate::names::{Reject, printable};
use std::ops::Range;
use termwise_engine::book::{Book, CustomerBook, Known, Qualification, Subscription};
use termwise_engine::calendar::Day;
use termwise_engine::catalog::Catalog;
use termwise_engine::findings::{Finding, Source, Table};
use termwise_engine::ids::ItemId;
use termwise_engine::invoicing::{self, Invoiced};
use termwise_engine::policy::Policy;
use termwise_engine::reasons::Reasons;
use termwise_engine::timeline::{self, Slate};
use termwise_engine::workings::{Cause, Line, Played, Renewal, Step};

/// What a job's proposals are called.
pub fn proposals(job: &Job) -> Vec<String> {
    let files = job.inputs.files.get(&Table::Proposal).into_iter().flatten();
    files.map(InputFile::stem).collect()
}

/// Explains a subscription, by its id.
///
/// # Errors
/// An input is refused as a whole, or no row has this id.
pub fn explain(
    job: &Job,
    subscription: &str,
    work: Work,
    progress: &dyn Progress,
) -> Result<Account, RunError> {
    if job.kind == Kind::WhatIf {
        return Err(RunError::ProposalNotNamed(proposals(job).join(", ")));
    }
    in_pool(work, || {
        let intake = read(job, work, progress)?;
        let part = intake.part_with(subscription)?.unwrap_or_default();
        let found = part.names.subscriptions.iter().position(|name| name == subscription);
        match found.and_then(|rank| part.book.subscriptions.get(rank)) {
            Some(row) => of_row(job, (&intake, &part), row, subscription),
            None => of_no_row(job, (&intake, &part), subscription),
        }
    })
}

/// A subscription whose own row did not come into the book.
fn of_no_row(job: &Job, (intake, part): (&Intake, &Part), subscription: &str) -> Result<Account, RunError> {
    let findings: Vec<Finding> = intake.findings.iter().chain(&part.findings).copied().collect();
    let rejects = rejects_of(job, intake, findings, |reject| reject.key == subscription)?;
    if rejects.is_empty() {
        return Err(RunError::NoSuchSubscription(subscription.to_owned()));
    }
    let mut account = blank(job, subscription);
    account.rows = rejects.iter().map(row_of_reject).collect();
    Ok(account)
}

fn of_row(
    job: &Job,
    (intake, part): (&Intake, &Part),
    row: &Subscription,
    subscription: &str,
) -> Result<Account, RunError> {
    let book = &part.book;
    let mut played = Played::default();
    let mut account = blank(job, subscription);
    for customer in book.customers_of(&book.subscriptions[customer_of(book, row)]) {
        let with = (&intake.catalog, &job.policy);
        let pins = pins_of(job, intake, &part.names, customer.subscriptions)?;
        let mut slate = Slate::default();
        timeline::play_against(&mut slate, customer, with, job.window, &pins, &mut played);
        let rejects = rejects_about(job, (intake, part), row, customer, &played)?;
        let (catalog, policy) = with;
        let teller = Teller { job, intake, part, played: &played, row, catalog, policy, past: None };
        account.row = Some(teller.head(customer.known));
        account.terms = teller.terms(&invoicing::invoice(book, played.lines.clone()));
        account.renewals = teller.renewals();
        account.rows = teller.rows(customer, rejects);
    }
    Ok(account)
}

/// What stands in rejects.csv about a subscription that was played.
fn rejects_about(
    job: &Job,
    (intake, part): (&Intake, &Part),
    row: &Subscription,
    customer: CustomerBook<'_>,
    played: &Played,
) -> Result<Vec<Reject>, RunError> {
    let findings = intake.findings.iter().chain(&part.findings).chain(&played.findings);
    // What is wrong with an upgrade that names it is its concern too (B3, B4).
    let naming = customer.events.iter().filter(|event| names_it(event, row.id));
    let naming: Vec<Source> = naming.map(|event| event.source).collect();
    let subscription = part.names.subscription(row.id);
    rejects_of(job, intake, findings.copied().collect(), |reject| {
        reject.key == subscription || naming.contains(&reject.finding.source)
    })
}

/// Where the subscriptions of a row's customer are in a book.
fn customer_of(book: &Book, row: &Subscription) -> Range<usize> {
    let same = |other: &Subscription| other.customer == row.customer;
    let rank = row.id.rank();
    let first = rank - book.subscriptions[..rank].iter().rev().take_while(|other| same(other)).count();
    first..rank + book.subscriptions[rank..].iter().take_while(|other| same(other)).count()
}

fn blank(job: &Job, subscription: &str) -> Account {
    let window = job.window.billed;
    Account {
        subscription: printable(subscription),
        row: None,
        from: window.first.to_string(),
        as_of: window.last.to_string(),
        terms: Vec::new(),
        renewals: Vec::new(),
        rows: Vec::new(),
    }
}

fn reasons_of(reasons: Reasons) -> Vec<ReasonTold> {
    let told = |reason: termwise_engine::reasons::Reason| ReasonTold {
        reason: reason.name(),
        rule: reason.rule().trim().to_owned(),
        says: reason.sentence(),
    };
    reasons.iter().map(told).collect()
}

/// Tells what was played of one subscription.
struct Teller<'a> {
    job: &'a Job,
    intake: &'a Intake,
    part: &'a Part,
    played: &'a Played,
    row: &'a Subscription,
    catalog: &'a Catalog,
    policy: &'a Policy,
    /// What was decided through a day, where that was by other lists and another policy.
    past: Option<(Day, &'a Catalog, &'a Policy)>,
}

impl Teller<'_> {
    /// Tells the steps of what was decided on a day.
    fn tell(&self, steps: &[Step], on: Day, item: ItemId, line: Option<&Line>) -> Vec<super::words::Told> {
        let place = |source| self.place(source);
        let scene = self.scene(on, item, line, &place);
        steps.iter().map(|step| scene.tell(step)).collect()
    }

    fn scene<'a>(
        &'a self,
        on: Day,
        item: ItemId,
        line: Option<&'a Line>,
        place: &'a dyn Fn(Source) -> String,
    ) -> Scene<'a> {
        let past = self.past.filter(|(last, ..)| on <= *last);
        let (catalog, policy) =
            past.map_or((self.catalog, self.policy), |(_, catalog, policy)| (catalog, policy));
        Scene { names: &self.part.names, catalog, policy, row: self.row, item, line, place }
    }

    fn item(&self, item: ItemId) -> String {
        let names = &self.part.names;
        format!("{}:{}", printable(names.product(item)), printable(names.sku(item)))
    }

    /// A row, by its file and number.
    fn place(&self, source: Source) -> String {
        let files = self.job.inputs.files.get(&source.table).map(Vec::as_slice).unwrap_or_default();
        let file = files.get(usize::from(source.file)).map(|file: &InputFile| file.shown.as_str());
        format!("{} row {}", printable(file.unwrap_or(source.table.name())), source.row)
    }

    fn seller(&self) -> Option<Seller> {
        let (id, names) = (self.row.partner?, &self.part.names);
        let partner = self.intake.catalog.partners.get(Some(id));
        Some(Seller {
            partner: printable(names.partner(id)),
            kind: partner.map(|partner| partner.kind.name()),
            has_provider: partner.is_some_and(|partner| partner.has_provider),
            region: partner.and_then(|partner| partner.region).map(|region| printable(names.region(region))),
        })
    }

    fn head(&self, known: Known) -> RowHead {
        let qualifications = match known {
            Known::NoFile | Known::Missing => Vec::new(),
            Known::Customer(customer) => {
                let of_file: Vec<_> = customer.qualifications.iter().map(Qualification::name).collect();
                if of_file.is_empty() { vec![Qualification::Commercial.name()] } else { of_file }
            }
        };
        let (row, names) = (self.row, &self.part.names);
        RowHead {
            customer: printable(names.customer(row.customer)),
            product: printable(names.product(row.item)),
            sku: printable(names.sku(row.item)),
            term: row.term.name(),
            billing_cycle: row.billing_cycle.name(),
            quantity: row.quantity,
            opened_by_upgrade: row.opened,
            currency: row.currency.code(),
            market: printable(names.market(row.market)),
            segment: row.segment.name(),
            commerce: row.commerce.name(),
            seller: self.seller(),
            qualifications,
        }
    }

    /// The subscription's lines in the order of the file, with the term that each stands in.
    fn terms(&self, invoiced: &Invoiced) -> Vec<TermTold> {
        let mut terms: Vec<TermTold> = Vec::new();
        let mut steps_of_last = None;
        for (line, place) in invoiced.lines.iter().zip(&invoiced.places) {
            if line.subscription != self.row.id {
                continue;
            }
            let term = (line.term_period, line.item, line.term_steps);
            if steps_of_last != Some(term) {
                steps_of_last = Some(term);
                terms.push(self.term(line));
            }
            if let Some(term) = terms.last_mut() {
                term.lines.push(self.line(line, place.line));
            }
        }
        terms
    }

    fn term(&self, line: &Line) -> TermTold {
        TermTold {
            first: line.term_period.first.to_string(),
            last: line.term_period.last.to_string(),
            item: self.item(line.item),
            term: line.term.name(),
            billing_cycle: line.billing_cycle.name(),
            steps: self.tell(self.played.steps(line.term_steps), line.term_period.first, line.item, None),
            lines: Vec::new(),
        }
    }

    fn line(&self, line: &Line, number: u32) -> LineTold {
        let currency = self.row.currency;
        LineTold {
            line: Some(number),
            charge_type: line.charge_type.name(),
            charge_start: line.charge.first.to_string(),
            charge_end: line.charge.last.to_string(),
            cause: self.cause(line),
            unit_price: figures::price(line.unit_price, currency),
            effective_unit_price: figures::effective_price(line.effective_unit_price, currency),
            quantity: line.quantity,
            steps: self.tell(self.played.steps(line.steps), line.term_period.first, line.item, Some(line)),
            subtotal: figures::plain_amount(line.subtotal, currency),
            currency: currency.code(),
            reasons: reasons_of(line.reasons),
        }
    }

    fn cause(&self, line: &Line) -> String {
        match line.cause {
            Cause::Cycle(_) => String::new(),
            Cause::SeatChange(at, None) => format!("seat change at {at}"),
            Cause::SeatChange(at, Some(id)) => {
                format!("seat change {} at {at}", printable(self.part.names.change(id)))
            }
            Cause::Event(at, kind) if line.behind != line.subscription => {
                let source = printable(self.part.names.subscription(line.behind));
                format!("{} of {source} at {at}", kind.name())
            }
            Cause::Event(at, kind) => format!("{} at {at}", kind.name()),
        }
    }

    fn renewals(&self) -> Vec<RenewalTold> {
        let own = self.played.renewals.iter().filter(|renewal| renewal.subscription == self.row.id);
        own.map(|renewal| self.renewal(renewal)).collect()
    }

    fn renewal(&self, renewal: &Renewal) -> RenewalTold {
        let currency = self.row.currency;
        let promotion = |id| printable(self.part.names.promotion(id));
        let after = renewal.after.map(|after| Side {
            unit_price: figures::price(after.unit_price, currency),
            promotion: after.promotion.map(promotion),
            amount: figures::amount(after.amount, currency),
            list_unit_price: Some(figures::list_price(after.list_price, currency)),
        });
        RenewalTold {
            renewal_date: renewal.renewal_date.to_string(),
            outcome: renewal.outcome.name(),
            billed: renewal.billed,
            item: self.item(renewal.item),
            term: renewal.term.name(),
            billing_cycle: renewal.billing_cycle.name(),
            quantity: renewal.quantity,
            steps: self.tell(self.played.steps(renewal.steps), renewal.renewal_date, renewal.item, None),
            before: Side {
                unit_price: figures::price(renewal.unit_price_before, currency),
                promotion: renewal.promotion_before.map(promotion),
                amount: figures::amount(renewal.amount_before, currency),
                list_unit_price: None,
            },
            after,
            reasons: reasons_of(renewal.reasons),
        }
    }
}
