//! The workings: what was done to arrive at an amount, step by step, and the lines and renewals that carry them.
//!
//! Steps are recorded always; there is no second, silent path and no explain mode. A line's columns, the reasons, and
//! what `explain` prints are all read from here.

mod steps;

pub use steps::{Condition, Conditions, Step, Verdict};

use crate::book::EventKind;
use crate::calendar::{BillingCycle, Day, Instant, Period, Term};
use crate::findings::{Code, Fate, Finding, Source};
use crate::ids::{ChangeId, CodeId, ItemId, PromotionId, SubscriptionId};
use crate::money::{Discount, Kept, Price};
use crate::reasons::{Reason, Reasons};

/// What a line charges for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum ChargeType {
    /// The first cycle of a purchase, a migration or a trial.
    New,
    /// The first cycle of a renewed term.
    Renew,
    /// A later cycle.
    CycleCharge,
    /// Seats added.
    AddQuantity,
    /// Seats taken away.
    RemoveQuantity,
    /// A cancellation's refund.
    CancelImmediate,
    /// A trial's conversion, an upgrade to another SKU, a change to a longer term.
    Convert,
    /// Seats that an upgrade moved into a subscription that was there before.
    MoveQuantity,
    /// The first cycle under another billing plan.
    ChangeBillingPlan,
    /// A month after a term whose auto-renew is off.
    ExtendTerm,
}

impl ChargeType {
    /// Every charge type, in the order of reports.
    pub const ALL: [ChargeType; 10] = [
        ChargeType::New,
        ChargeType::Renew,
        ChargeType::CycleCharge,
        ChargeType::AddQuantity,
        ChargeType::RemoveQuantity,
        ChargeType::CancelImmediate,
        ChargeType::Convert,
        ChargeType::MoveQuantity,
        ChargeType::ChangeBillingPlan,
        ChargeType::ExtendTerm,
    ];

    /// In the vendor's own words.
    pub const fn name(self) -> &'static str {
        match self {
            ChargeType::New => "new",
            ChargeType::Renew => "renew",
            ChargeType::CycleCharge => "cycleCharge",
            ChargeType::AddQuantity => "addQuantity",
            ChargeType::RemoveQuantity => "removeQuantity",
            ChargeType::CancelImmediate => "cancelImmediate",
            ChargeType::Convert => "convert",
            ChargeType::MoveQuantity => "moveQuantity",
            ChargeType::ChangeBillingPlan => "changeBillingPlan",
            ChargeType::ExtendTerm => "extendTerm",
        }
    }
}

/// What was taken off the seats of a line, and by whom; a line has one (R32).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Reduction {
    /// What is left.
    pub kept: Kept,
    /// The promotion that took something off, or is held at 0 % (A18).
    pub promotion: Option<PromotionId>,
    /// The promo code that took something off.
    pub code: Option<CodeId>,
}

impl Reduction {
    /// Nothing off.
    pub const NONE: Reduction = Reduction { kept: Kept::ALL, promotion: None, code: None };

    /// Whether the discount column is filled.
    pub const fn is_discount(self) -> bool {
        self.promotion.is_some() || self.code.is_some()
    }
}

/// The event that a line answers: it is part of the line's key and ties a pair together (R33).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Cause {
    /// A charge cycle, by its first day.
    Cycle(Day),
    /// A seat change, by its id where it has one.
    SeatChange(Instant, Option<ChangeId>),
    /// A lifecycle event.
    Event(Instant, EventKind),
}

/// Which side of a pair a line is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Side {
    /// A charge.
    Charge,
    /// A refund.
    Refund,
}

/// Some steps of a [`Played`], by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Steps {
    /// Number of the first.
    pub first: u32,
    /// Number after the last.
    pub end: u32,
}

/// A list price as it was looked up for a term (R6, R8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quoted {
    /// A seat for the whole term that it is listed for.
    pub list: Price,
    /// The term that it is listed for: another than the one that runs in an extension (R37).
    pub listed_for: Term,
    /// The day that it was looked up for.
    pub on: Day,
    /// The seats that it was looked up for (R10).
    pub seats: u32,
}

/// An invoice line, but for the texts that its subscription's row holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// Whose.
    pub subscription: SubscriptionId,
    /// Product and SKU charged: another than the row's after a scheduled change.
    pub item: ItemId,
    /// What for.
    pub charge_type: ChargeType,
    /// The days charged.
    pub charge: Period,
    /// How many of them are charged.
    pub days: u32,
    /// Out of how many.
    pub cycle_days: u32,
    /// The running term's length.
    pub term: Term,
    /// The running term's days.
    pub term_period: Period,
    /// The running term's billing cycle.
    pub billing_cycle: BillingCycle,
    /// A seat for one full charge cycle, before discounts, in millionths, half-up (C5).
    pub unit_price: i64,
    /// A seat, after discount and proration, signed, in 10⁻¹⁰ (C5).
    pub effective_unit_price: i128,
    /// Seats on this line.
    pub quantity: u32,
    /// Signed, in the currency's minor unit.
    pub subtotal: i64,
    /// What was taken off; empty for a full refund (A9).
    pub reduction: Reduction,
    /// The event or cycle behind it.
    pub cause: Cause,
    /// Charge or refund.
    pub side: Side,
    /// Whether it is one of a pair that reference_id ties.
    pub paired: bool,
    /// The subscription whose event is behind it: another than its own where an upgrade moved seats to it (B3 to B5).
    pub behind: SubscriptionId,
    /// When what caused it happened.
    pub happened_at: Instant,
    /// The charge day (A2): the month whose invoice it is on follows from it (R65).
    pub due: Day,
    /// What the term's price was looked up for, and what it was: what later nights hold to (R62).
    pub quoted: Quoted,
    /// The term's promotion and its percentage, whether or not it took anything off here.
    pub held: Option<(PromotionId, Discount)>,
    /// Why.
    pub reasons: Reasons,
    /// The steps that set the term's price, promotion and code.
    pub term_steps: Steps,
    /// The steps of this line.
    pub steps: Steps,
}

impl Line {
    /// The fraction taken off, in trillionths: 0 where nothing is, none for a full refund, which sums lines of any
    /// discount (A9).
    pub const fn discount(&self) -> Option<u64> {
        if self.reasons.holds(Reason::FullRefund) {
            None
        } else {
            Some(self.reduction.kept.taken_off_trillionths())
        }
    }
}

/// What a term's end leads to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum RenewalOutcome {
    /// Another term follows.
    Renews,
    /// It stops.
    Expires,
    /// It goes on month by month (R37).
    Extends,
    /// It would renew, and can't (A21).
    Blocked,
}

impl RenewalOutcome {
    /// As the renewals file writes it.
    pub const fn name(self) -> &'static str {
        match self {
            RenewalOutcome::Renews => "renews",
            RenewalOutcome::Expires => "expires",
            RenewalOutcome::Extends => "extends",
            RenewalOutcome::Blocked => "blocked",
        }
    }
}

/// What a plain renewal can fail for, and the reason that it then has: its seats and its term's end are what they were (A21).
pub const BLOCKS: [(Code, Reason); 5] = [
    (Code::PriceMissing, Reason::PriceMissing),
    (Code::PriceConflict, Reason::PriceConflict),
    (Code::PriceUnreadable, Reason::PriceUnreadable),
    (Code::AmountTooLarge, Reason::AmountTooLarge),
    (Code::BillingCycleNotForTerm, Reason::BillingCycleNotForTerm),
];

/// The side of a renewal that comes after it; there is none where it expires or is blocked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Renewed {
    /// List price for the whole term on the renewal date (C3).
    pub list_price: Price,
    /// A seat for the whole term after discounts, in millionths, half-up.
    pub unit_price: i64,
    /// The promotion of the new term.
    pub promotion: Option<PromotionId>,
    /// The whole term, in minor units.
    pub amount: i64,
}

/// A row of the renewals file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Renewal {
    /// Whose.
    pub subscription: SubscriptionId,
    /// The product and SKU that it renews to.
    pub item: ItemId,
    /// What the term's end leads to.
    pub outcome: RenewalOutcome,
    /// The day after the term's last day (R44).
    pub renewal_date: Day,
    /// The term that follows.
    pub term: Term,
    /// Its billing cycle.
    pub billing_cycle: BillingCycle,
    /// Seats renewed (C2).
    pub quantity: u32,
    /// A seat for the whole old term after discounts, in millionths; an average where seats differ (C1).
    pub unit_price_before: i64,
    /// The promotion of the old term.
    pub promotion_before: Option<PromotionId>,
    /// The whole old term at full length, in minor units (C1).
    pub amount_before: i64,
    /// What comes after.
    pub after: Option<Renewed>,
    /// Whether it happened in this run, or is forecast.
    pub billed: bool,
    /// Why.
    pub reasons: Reasons,
    /// The steps that set the new term's price and promotion.
    pub steps: Steps,
}

/// What playing one or more customers brought: every list is in order of subscription, then of happening.
#[derive(Debug, Default)]
pub struct Played {
    /// Lines that fall due in the window.
    pub lines: Vec<Line>,
    /// Terms that end in the window or the horizon.
    pub renewals: Vec<Renewal>,
    /// What stands in rejects.csv.
    pub findings: Vec<Finding>,
    /// What became of each row.
    pub fates: Vec<(Source, Fate)>,
    /// The steps behind lines and renewals.
    pub steps: Vec<Step>,
    /// How each subscription stands at the end of the window, where a ledger asks for it.
    pub closings: Vec<Closing>,
}

/// How a subscription stands at the end of the window: what a ledger keeps of it until the next run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Closing {
    /// Which.
    pub subscription: SubscriptionId,
    /// Where it is in its life.
    pub standing: Standing,
    /// The first day of the running or last term.
    pub term_first: Option<Day>,
    /// What that term's price and promotion are held to; none where nothing was looked up.
    pub pin: Option<Pin>,
}

/// Where a subscription is in its life, as far as its ledger is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// More may come of it.
    Open,
    /// It is over, or never ours to bill: nothing more comes of it.
    Over,
    /// It is set aside: nothing that was billed may be held against it.
    SetAside,
}

/// A price and a promotion that were billed in a term: they stay, whatever the list says now (R62).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pin {
    /// Whose term.
    pub subscription: SubscriptionId,
    /// Product and SKU priced.
    pub item: ItemId,
    /// The billing cycle priced.
    pub billing_cycle: BillingCycle,
    /// The price, and what it was looked up for.
    pub quoted: Quoted,
    /// The promotion held, at its percentage.
    pub promotion: Option<(PromotionId, Discount)>,
    /// Whether that is so whatever else comes out now, as long as a subscription of the customer is missing (R63).
    pub is_settled: bool,
}

impl Played {
    /// The steps of a range.
    pub fn steps(&self, range: Steps) -> &[Step] {
        &self.steps[range.first as usize..range.end as usize]
    }

    /// Empties every list and keeps its memory.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.renewals.clear();
        self.findings.clear();
        self.fates.clear();
        self.steps.clear();
        self.closings.clear();
    }
}
