//! A small run made by hand: three subscriptions of two customers in three currencies, five lines, three renewals.

use super::{Counts, FileFacts, OutputError, Published, Report, Stretch, Tables, Tally, Writer, prove};
use crate::job::{Currencies, Format, Inputs, Job, Limits, OfferSettings, Outputs};
use crate::names::{Names, Reject, SharedNames, TextTable};
use crate::policy_file;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use termwise_engine::book::{Book, Channel, Origin, PromotionCell, Status, Subscription, Window};
use termwise_engine::calendar::{BillingCycle, Day, Instant, Period, Term};
use termwise_engine::catalog::{Commerce, Segment};
use termwise_engine::findings::{Code, Disposition, Fate, Finding, NotDue, Source, Table};
use termwise_engine::ids::{
    BillToId, ChangeId, CodeId, CustomerId, ItemId, MarketId, OrderId, PromotionId, SubscriptionId,
};
use termwise_engine::invoicing::{Invoiced, invoice};
use termwise_engine::money::{Currency, Discount, Kept, Price};
use termwise_engine::policy::Policy;
use termwise_engine::reasons::{Reason, Reasons};
use termwise_engine::workings::{
    Cause, ChargeType, Line, Quoted, Reduction, Renewal, RenewalOutcome, Renewed, Side, Steps,
};

/// Everything that a [`Report`] borrows.
pub(super) struct Run {
    pub(super) job: Job,
    pub(super) book: Book,
    pub(super) names: Names,
    pub(super) files: Vec<FileFacts>,
    pub(super) counts: Counts,
    pub(super) invoiced: Invoiced,
    pub(super) renewals: Vec<Renewal>,
    pub(super) rejects: Vec<Reject>,
    pub(super) notes: Vec<String>,
    pub(super) timings: Vec<(String, std::time::Duration)>,
}

impl Run {
    pub(super) fn new(out: &Path, format: Format) -> Run {
        let book = book();
        let invoiced = invoice(&book, lines());
        Run {
            job: job(out, format),
            book,
            names: names(),
            files: files(),
            counts: counts(),
            invoiced,
            renewals: renewals(),
            rejects: rejects(),
            notes: vec!["renewals after 2027-02-28 are not forecast".to_owned()],
            timings: vec![("read".to_owned(), std::time::Duration::from_millis(12))],
        }
    }

    pub(super) fn stretch(&self) -> Stretch<'_> {
        let Run { book, names, invoiced, renewals, .. } = self;
        Stretch { book, names, invoiced, renewals, posting: None }
    }

    pub(super) fn report<'a>(&'a self, tally: &'a Tally) -> Report<'a> {
        let Run { job, files, counts, rejects, notes, timings, .. } = self;
        Report { job, files, counts, tally, rejects, notes, ledger: None, timings }
    }

    /// Proves everything and writes nothing.
    pub(super) fn prove(&self) -> Result<(), OutputError> {
        Tables::new(&self.job, &self.names.shared).prove(&self.stretch())?;
        prove(&self.report(&Tally::of(&self.stretch())))
    }

    /// The whole way of one stretch.
    pub(super) fn publish(&self) -> Result<Published, OutputError> {
        self.publish_stretches(&[self.stretch()])
    }

    /// The whole way of some stretches: proved, set, encoded, appended and published.
    pub(super) fn publish_stretches(&self, stretches: &[Stretch<'_>]) -> Result<Published, OutputError> {
        let tables = Tables::new(&self.job, &self.names.shared);
        let mut writer = Writer::open(&self.job)?;
        let (mut tally, mut blocks) = (Tally::default(), Vec::new());
        for stretch in stretches {
            tables.prove(stretch)?;
            tally.add(&Tally::of(stretch));
            let batches: Result<Vec<_>, _> =
                tables.cuts(stretch).iter().map(|cut| tables.set(stretch, cut)).collect();
            blocks.extend(writer.take(batches?)?);
        }
        blocks.extend(writer.rest());
        // In another order than they came: the writer holds each until its turn.
        for block in blocks.into_iter().rev() {
            writer.append(block.encode()?)?;
        }
        Ok(writer.publish(&self.report(&tally))?.published)
    }

    /// The part of the run that one of its customers is, with ids of its own.
    pub(super) fn customer(&self, customer: usize) -> Run {
        let rows: Vec<&Subscription> =
            self.book.subscriptions.iter().filter(|row| row.customer.rank() == customer).collect();
        let (before, of) = (rows[0].id.rank(), rows.len());
        let own = |id: SubscriptionId| id.rank().checked_sub(before).filter(|&rank| rank < of);
        let lines = self.invoiced.lines.iter().filter_map(|line| {
            own(line.subscription).map(|rank| {
                let subscription = SubscriptionId::of_rank(rank);
                Line { subscription, behind: subscription, ..*line }
            })
        });
        let renewals = self.renewals.iter().filter_map(|renewal| {
            own(renewal.subscription)
                .map(|rank| Renewal { subscription: SubscriptionId::of_rank(rank), ..*renewal })
        });
        let row = |(rank, row): (usize, &&Subscription)| Subscription {
            id: SubscriptionId::of_rank(rank),
            customer: CustomerId::of_rank(0),
            ..**row
        };
        let mut run = Run::new(&self.job.outputs.dir, self.job.outputs.format);
        run.book.subscriptions = rows.iter().enumerate().map(row).collect();
        run.names.customers = TextTable::of([self.names.customers.text(customer)]);
        run.names.subscriptions =
            (before..before + of).map(|rank| self.names.subscriptions.get(rank)).collect();
        run.renewals = renewals.collect();
        run.invoiced = invoice(&run.book, lines.collect());
        run
    }
}

pub(super) fn day(year: i32, month: u32, day: u32) -> Day {
    Day::from_ymd(year, month, day).unwrap()
}

/// So many tenths of a second after 00:00Z.
fn at(day: Day, tenths: i64) -> Instant {
    Instant::from_ticks(day.start().ticks() + tenths * 1_000_000)
}

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn period(first: Day, last: Day) -> Period {
    Period::new(first, last).unwrap()
}

/// The standard policy, with a code coming off after the promotion.
fn policy() -> Policy {
    let own = BTreeMap::from([("stacking".to_owned(), "combine".to_owned())]);
    policy_file::in_force(policy_file::STANDARD, &own).unwrap().policy
}

fn job(out: &Path, format: Format) -> Job {
    let billed = period(day(2026, 11, 1), day(2026, 11, 30));
    Job {
        path: "jobs/november.toml".into(),
        window: Window { billed, horizon: day(2027, 2, 28) },
        first_given: None,
        inputs: Inputs::default(),
        policy: policy(),
        policy_words: BTreeMap::from([("rounding".to_owned(), "half-up".to_owned())]),
        outputs: Outputs { dir: out.to_owned(), format },
        limits: Limits { rejected_rows: 1_000 },
        offers: OfferSettings {
            url: None,
            vendor: "Microsoft".to_owned(),
            currencies: Currencies::default(),
            term: Term::P1Y,
            billing_cycle: BillingCycle::Monthly,
            office_ready: termwise_engine::calendar::Span::hours(24),
            secret_file: None,
        },
        ledger: None,
        kind: crate::job::Kind::Invoice,
        reconcile: crate::job::ReconcileSettings::default(),
        what_if: crate::job::WhatIfSettings::default(),
    }
}

fn names() -> Names {
    let texts = |all: &[&str]| TextTable::of(all.iter().copied());
    let shared = SharedNames {
        products: ["CFQ7TTC0LH18"].into_iter().collect(),
        skus: ["0001"].into_iter().collect(),
        markets: texts(&["NL"]),
        promotions: texts(&["PROMO-15"]),
        codes: texts(&["=SUMMER,10"]),
        ..SharedNames::default()
    };
    Names {
        shared: Arc::new(shared),
        customers: texts(&["CUS-1", "CUS:2"]),
        subscriptions: ["SUB-A", "SUB-B", "SUB-C"].into_iter().collect(),
        bill_tos: texts(&["PAYER"]),
        orders: ["ORD-1"].into_iter().collect(),
        changes: texts(&["ch:1"]),
    }
}

fn source(table: Table, row: u32) -> Source {
    Source { table, file: 0, row }
}

fn book() -> Book {
    let row = |rank: usize, customer: usize, code: &str| Subscription {
        source: source(Table::Subscriptions, rank as u32 + 1),
        id: SubscriptionId::of_rank(rank),
        customer: CustomerId::of_rank(customer),
        partner: None,
        bill_to: None,
        order: None,
        commerce: Commerce::New,
        item: ItemId::of_rank(0),
        segment: Segment::Commercial,
        market: MarketId::of_rank(0),
        currency: currency(code),
        term: Term::P1Y,
        billing_cycle: BillingCycle::Monthly,
        quantity: 10,
        quantity_as_of: None,
        ordered_at: None,
        term_start: day(2025, 12, 10),
        term_end: None,
        anchored_on: None,
        unit_price: None,
        promotion: PromotionCell::Empty,
        auto_renew: true,
        status: Status::Active,
        origin: Origin::Purchase,
        channel: Channel::Reseller,
        tax_code: None,
        opened: false,
        parked: false,
    };
    let mut rows = vec![row(0, 0, "EUR"), row(1, 0, "JPY"), row(2, 1, "KWD")];
    rows[0].order = Some(OrderId::of_rank(0));
    rows[1].bill_to = Some(BillToId::of_rank(0));
    Book { subscriptions: rows, ..Book::default() }
}

/// A line of SUB-A's cycle from 10 November, at list price: 10 × 12.00.
fn line() -> Line {
    let first = day(2026, 11, 10);
    Line {
        subscription: SubscriptionId::of_rank(0),
        item: ItemId::of_rank(0),
        charge_type: ChargeType::CycleCharge,
        charge: period(first, day(2026, 12, 9)),
        days: 30,
        cycle_days: 30,
        term: Term::P1Y,
        term_period: period(day(2025, 12, 10), day(2026, 12, 9)),
        billing_cycle: BillingCycle::Monthly,
        unit_price: 12_000_000,
        effective_unit_price: 120_000_000_000,
        quantity: 10,
        subtotal: 12_000,
        reduction: Reduction::NONE,
        cause: Cause::Cycle(first),
        side: Side::Charge,
        paired: false,
        behind: SubscriptionId::of_rank(0),
        happened_at: first.start(),
        due: first,
        quoted: Quoted { list: Price::ZERO, listed_for: Term::P1Y, on: first, seats: 10 },
        held: None,
        reasons: Reasons::NONE,
        term_steps: Steps::default(),
        steps: Steps::default(),
    }
}

fn lines() -> Vec<Line> {
    let fifteen = Discount::from_millionths(150_000).unwrap();
    let ten = Discount::from_millionths(100_000).unwrap();
    let promoted =
        Reduction { kept: Kept::ALL.then(fifteen), promotion: Some(PromotionId::of_rank(0)), code: None };
    let both = Reduction { kept: promoted.kept.then(ten), code: Some(CodeId::of_rank(0)), ..promoted };
    let changed = at(day(2026, 11, 20), 369_005);
    let cycle = Line {
        effective_unit_price: 102_000_000_000,
        subtotal: 10_200,
        reduction: promoted,
        reasons: Reasons::of(Reason::PromotionHeld).with(Reason::PriceLocked),
        ..line()
    };
    // A pair: −10 × 12.00 × 20/30 = −80.00, and 13 × 12.00 × 20/30 = 104.00.
    let refund = Line {
        charge_type: ChargeType::AddQuantity,
        charge: period(day(2026, 11, 20), day(2026, 12, 9)),
        days: 20,
        effective_unit_price: -80_000_000_000,
        subtotal: -8_000,
        cause: Cause::SeatChange(changed, Some(ChangeId::of_rank(0))),
        side: Side::Refund,
        paired: true,
        happened_at: changed,
        ..line()
    };
    let charge = Line {
        effective_unit_price: 80_000_000_000,
        quantity: 13,
        subtotal: 10_400,
        side: Side::Charge,
        ..refund
    };
    let yen = Line {
        subscription: SubscriptionId::of_rank(1),
        behind: SubscriptionId::of_rank(1),
        unit_price: 1_440_500_000,
        effective_unit_price: 14_405_000_000_000,
        quantity: 1,
        subtotal: 1_441,
        ..line()
    };
    // 1.500 × 0.85 × 0.90 = 1.1475 a seat, × 4 = 4.590.
    let dinar = Line {
        subscription: SubscriptionId::of_rank(2),
        behind: SubscriptionId::of_rank(2),
        charge_type: ChargeType::New,
        unit_price: 1_500_000,
        effective_unit_price: 11_475_000_000,
        quantity: 4,
        subtotal: 4_590,
        reduction: both,
        reasons: Reasons::of(Reason::Combined),
        ..line()
    };
    vec![dinar, yen, cycle, refund, charge]
}

fn renewals() -> Vec<Renewal> {
    let back_to_list = Renewal {
        subscription: SubscriptionId::of_rank(0),
        item: ItemId::of_rank(0),
        outcome: RenewalOutcome::Renews,
        renewal_date: day(2026, 12, 10),
        term: Term::P1Y,
        billing_cycle: BillingCycle::Monthly,
        quantity: 13,
        unit_price_before: 122_400_000,
        promotion_before: Some(PromotionId::of_rank(0)),
        amount_before: 159_120,
        after: Some(Renewed {
            list_price: Price::from_millionths(144_000_000).unwrap(),
            unit_price: 144_000_000,
            promotion: None,
            amount: 187_200,
        }),
        billed: false,
        reasons: Reasons::of(Reason::PromotionEnded),
        steps: Steps::default(),
    };
    let expires = Renewal {
        subscription: SubscriptionId::of_rank(1),
        outcome: RenewalOutcome::Expires,
        renewal_date: day(2026, 11, 20),
        quantity: 1,
        unit_price_before: 17_286_000_000,
        promotion_before: None,
        amount_before: 17_286,
        after: None,
        billed: true,
        reasons: Reasons::of(Reason::AutoRenewOff),
        ..back_to_list
    };
    let from_nothing = Renewal {
        subscription: SubscriptionId::of_rank(2),
        renewal_date: day(2026, 11, 30),
        quantity: 4,
        unit_price_before: 0,
        promotion_before: None,
        amount_before: 0,
        after: Some(Renewed {
            list_price: Price::from_millionths(18_000_000).unwrap(),
            unit_price: 15_300_000,
            promotion: Some(PromotionId::of_rank(0)),
            amount: 61_200,
        }),
        billed: true,
        reasons: Reasons::of(Reason::PromotionApplied),
        ..back_to_list
    };
    vec![back_to_list, expires, from_nothing]
}

fn files() -> Vec<FileFacts> {
    let facts = |table: Table, rows: u64| FileFacts {
        shown: format!("../data/{}.csv", table.name()),
        table,
        file: 0,
        rows,
        bytes: 1_000,
        hash: "ab".repeat(32),
        blank_lines: 0,
        warnings: Vec::new(),
    };
    vec![facts(Table::Subscriptions, 4), facts(Table::PriceList, 3), facts(Table::SeatChanges, 2)]
}

fn counts() -> Counts {
    let subscription = |row, fate| (source(Table::Subscriptions, row), fate);
    Counts::from_iter([
        subscription(1, Fate::Billed),
        subscription(2, Fate::Billed),
        subscription(3, Fate::Billed),
        subscription(4, Fate::Set(Disposition::Rejected)),
        (source(Table::SeatChanges, 1), Fate::Billed),
        (source(Table::SeatChanges, 2), Fate::NotDue(NotDue::AfterAsOf)),
    ])
}

fn rejects() -> Vec<Reject> {
    let flag = Reject {
        finding: Finding {
            source: source(Table::PriceList, 2),
            disposition: Disposition::Flagged,
            code: Code::PriceConflict,
            column: "",
        },
        file: "../data/price_list.csv".to_owned(),
        key: "CFQ7TTC0LH18:0001".to_owned(),
        value: String::new(),
        excerpt: "CFQ7TTC0LH18,0001".to_owned(),
    };
    let reject = Reject {
        finding: Finding {
            source: source(Table::Subscriptions, 4),
            disposition: Disposition::Rejected,
            code: Code::SeatsNotPositive,
            column: "quantity",
        },
        file: "../data/subscriptions.csv".to_owned(),
        key: "=SUB \"D\"".to_owned(),
        value: "0,\n".to_owned(),
        excerpt: "=SUB \"D\",0".to_owned(),
    };
    vec![flag, reject]
}
