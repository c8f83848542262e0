//! The steps themselves: one for each thing that was done or considered, with its operands.

use super::{Reduction, Side};
use crate::calendar::{BillingCycle, Day, Term};
use crate::findings::{Code, Source};
use crate::ids::{CodeId, ItemId, PromotionId, SubscriptionId};
use crate::money::{Discount, Price, Surcharge};

/// The conditions of a promotion, in the vendor's vocabulary and order (R15).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum Condition {
    /// The customer's market.
    Market,
    /// The partner's region.
    Region,
    /// The subscription's segment.
    Segment,
    /// Product and SKU, or a product that is not licence-based.
    Product,
    /// The promotion's first and last day.
    Window,
    /// Term and billing cycle.
    Term,
    /// Minimum and maximum of seats.
    SeatCount,
    /// Only a first purchase.
    FirstPurchase,
    /// How often it can be had.
    RedemptionLimit,
    /// Products that must be held.
    PrerequisiteProductOwnership,
    /// It has to be asked for.
    NotOptedIn,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Condition; 11] = [
        Condition::Market,
        Condition::Region,
        Condition::Segment,
        Condition::Product,
        Condition::Window,
        Condition::Term,
        Condition::SeatCount,
        Condition::FirstPurchase,
        Condition::RedemptionLimit,
        Condition::PrerequisiteProductOwnership,
        Condition::NotOptedIn,
    ];

    /// The vendor's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Condition::Market => "Market",
            Condition::Region => "Region",
            Condition::Segment => "Segment",
            Condition::Product => "Product",
            Condition::Window => "Window",
            Condition::Term => "Term",
            Condition::SeatCount => "SeatCount",
            Condition::FirstPurchase => "FirstPurchase",
            Condition::RedemptionLimit => "RedemptionLimit",
            Condition::PrerequisiteProductOwnership => "PrerequisiteProductOwnership",
            Condition::NotOptedIn => "NotOptedIn",
        }
    }
}

/// A set of conditions that fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Conditions(u16);

impl Conditions {
    /// None fails: eligible.
    pub const NONE: Conditions = Conditions(0);

    /// Adds a condition where it fails.
    pub const fn fail_if(&mut self, fails: bool, condition: Condition) {
        if fails {
            self.0 |= 1 << condition as u8;
        }
    }

    /// Whether a condition fails.
    pub const fn holds(self, condition: Condition) -> bool {
        self.0 & 1 << condition as u8 != 0
    }

    /// Whether none fails.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that fail, in order.
    pub fn iter(self) -> impl Iterator<Item = Condition> {
        Condition::ALL.into_iter().filter(move |&condition| self.holds(condition))
    }
}

/// Eligibility, with what the failing conditions need (R15).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Every condition that fails.
    pub failed: Conditions,
    /// Seats that the customer had before, through anybody.
    pub seats_counted: u64,
    /// Redemptions that the customer had before.
    pub redemptions: u32,
}

/// One step of the workings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The price was looked up (R7, R9, R10, B27).
    PriceFound {
        /// For one seat and the whole term.
        unit_price: Price,
        /// The day that it was looked up for.
        on: Day,
        /// Row of the price list.
        row: u32,
        /// Seats that chose the tier.
        seats: u32,
    },
    /// A proposal makes another price of it (R70).
    PriceProposed {
        /// For one seat and the whole term.
        unit_price: Price,
        /// As the list has it.
        listed: Price,
        /// Whether that list is the proposal's own.
        of_other_list: bool,
    },
    /// The price is the one that the ledger billed in this term, and the list says another now (R62).
    PricePinned {
        /// What was billed: a seat for the whole term.
        unit_price: Price,
        /// The day that it was looked up for.
        on: Day,
    },
    /// The price came with the row (R8).
    PriceLocked {
        /// For one seat and the whole term.
        unit_price: Price,
    },
    /// A trial is free (R28, R48).
    Trial,
    /// The vendor applied no promotion (R14).
    PromotionDeclined,
    /// The promotion asked for is not in the file (A20).
    PromotionAskedUnknown {
        /// Which.
        promotion: PromotionId,
    },
    /// A promotion was judged (R15).
    PromotionJudged {
        /// Which.
        promotion: PromotionId,
        /// What it would take off; none where it names another product or term.
        discount: Option<Discount>,
        /// On which day.
        on: Day,
        /// For how many seats.
        seats: u32,
        /// The result.
        verdict: Verdict,
    },
    /// The promotion that the row holds is taken as it is (A20).
    PromotionHeld {
        /// Which.
        promotion: PromotionId,
        /// What it takes off.
        discount: Discount,
    },
    /// Of what is eligible this one takes the most off (R21).
    PromotionApplied {
        /// Which.
        promotion: PromotionId,
        /// What it takes off.
        discount: Discount,
    },
    /// A held promotion at a renewal (R23, R25).
    PromotionAtRenewal {
        /// Which.
        promotion: PromotionId,
        /// The renewal date.
        on: Day,
        /// Whether the date lies in its window.
        in_window: bool,
        /// What it would take off the new term; none where it does not name it.
        discount: Option<Discount>,
    },
    /// A legacy renewal has no promotion (R24).
    LegacyRenewal,
    /// A trial's conversion has no promotion (R28).
    TrialConversion,
    /// A promo code counts (R40, R41).
    CodeAccepted {
        /// Which.
        code: CodeId,
        /// What it takes off.
        discount: Discount,
        /// Up to how many licences.
        max_licences: Option<u32>,
    },
    /// A promo code does not count (R40).
    CodeRefused {
        /// Which.
        code: CodeId,
        /// Why.
        why: Code,
    },
    /// A scheduled change took effect (A24).
    ScheduledChange {
        /// Where it stands.
        source: Source,
    },
    /// A scheduled change was not possible (A24).
    ScheduledChangeRejected {
        /// Where it stands.
        source: Source,
        /// Why.
        why: Code,
    },
    /// The renewal's new term is what its old one was, or as scheduled (R44).
    Renewed {
        /// The renewal date.
        on: Day,
        /// Seats.
        seats: u32,
    },
    /// Seats moved to another SKU, whose price is looked up anew (R49).
    Upgraded {
        /// When.
        on: Day,
        /// From what.
        from: ItemId,
        /// To what.
        to: ItemId,
        /// How many.
        seats: u32,
        /// Where they come from, if that is another subscription.
        source: Option<SubscriptionId>,
    },
    /// The promotion stays behind with the SKU that is left (R26).
    PromotionLeftBehind {
        /// Which.
        promotion: PromotionId,
    },
    /// A longer term takes the place of the running one (R47).
    TermChanged {
        /// When.
        on: Day,
        /// From which term.
        from: Term,
        /// To which.
        to: Term,
        /// Seats.
        seats: u32,
    },
    /// Another billing plan holds from a cycle on, at its own price of the day that the term is priced at (R47, B9).
    PlanChanged {
        /// The cycle's first day.
        from: Day,
        /// The plan.
        to: BillingCycle,
    },
    /// The term goes on for a month (R37).
    Extended {
        /// The month's first day.
        on: Day,
        /// Seats.
        seats: u32,
    },
    /// What a month of extension costs more than the list says (R37).
    Surcharged {
        /// How much.
        surcharge: Surcharge,
    },
    /// The share of the term's price that a cycle costs (R6).
    CycleShare {
        /// For the whole term.
        unit_price: Price,
        /// The cycle's months.
        months: u32,
        /// The term's months.
        term_months: u32,
    },
    /// What a promotion or a code leaves (R13, R42, R43).
    Reduced {
        /// By whom and how much.
        reduction: Reduction,
    },
    /// The days charged of the cycle's (R31, A4).
    DaysCharged {
        /// Charged.
        days: u32,
        /// In the cycle.
        cycle_days: u32,
    },
    /// For how many seats.
    Seats {
        /// So many.
        seats: u32,
        /// Charge or refund.
        side: Side,
    },
    /// Everything charged in the term so far is refunded (A9).
    TermRefunded {
        /// The sum so far, in minor units.
        charged: i64,
    },
    /// Rounded once, to the currency's minor unit (R32): the billed amount.
    Rounded {
        /// In minor units, signed.
        subtotal: i64,
    },
}
