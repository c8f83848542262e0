//! Why an amount is what it is: the reasons that stand on lines and renewals.
//!
//! They are declared in the order of the rules that give them, so a set of them lists itself sorted and without
//! repeats (C17).

macro_rules! reasons {
    ($($(#[doc = $rule:literal])+ $variant:ident = $name:literal, $says:literal;)+) => {
        /// One reason; its documentation names the rule.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
        #[repr(u8)]
        pub enum Reason { $($(#[doc = $rule])+ $variant,)+ }

        impl Reason {
            /// Every reason, in the order of the rules.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)+];

            /// As the reasons column writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Reason::$variant => $name,)+ }
            }

            /// What it says, in a sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(Reason::$variant => $says,)+ }
            }

            /// The rule that it comes from.
            pub const fn rule(self) -> &'static str {
                match self { $(Reason::$variant => concat!($($rule),+),)+ }
            }
        }
    };
}

reasons! {
    /// A2
    BackdatedOrder = "backdated-order", "the order came after the cycle began, so it is due on the day of the order";
    /// A4
    CutCycle = "cut-cycle", "the cycle is shorter than the anchor's and is charged by days";
    /// R8
    PriceLocked = "price-locked", "the price was locked with the subscription";
    /// R62
    PricePinned = "price-pinned", "the price is the one billed before in this term; the list says another now";
    /// R10
    PriceTier = "price-tier", "the price is that of a quantity tier";
    /// B27
    PlanFallback = "plan-fallback", "the price stands under another billing plan of the same money";
    /// R12, R15, R19
    PromotionNotEligible = "promotion-not-eligible", "a promotion was asked for or would have applied, and a condition failed";
    /// R14
    PromotionAskedUnknown = "promotion-asked-unknown", "the promotion asked for is not in the promotions file";
    /// R14
    PromotionDeclined = "promotion-declined", "the vendor applied no promotion";
    /// R16
    PromotionSeatLimit = "promotion-seat-limit", "the purchase would pass the promotion's maximum, so it is wholly at list price";
    /// R14, R21
    PromotionApplied = "promotion-applied", "a promotion applies";
    /// R20, A20
    PromotionHeld = "promotion-held", "the promotion that the subscription holds in this term";
    /// R22
    LateSeatsAtList = "late-seats-at-list", "seats added after the promotion's last day are at list price";
    /// R23, R25
    PromotionKept = "promotion-kept", "the renewal date lies in the promotion's window";
    /// R23
    PromotionEnded = "promotion-ended", "the renewal date lies outside the promotion's window: back to the list price";
    /// R25
    PromotionNotForTerm = "promotion-not-for-term", "the promotion does not name the renewed product, term and billing cycle";
    /// R21, R25
    PromotionReplaced = "promotion-replaced", "another promotion takes more off";
    /// R26
    PromotionLeftBehind = "promotion-left-behind", "the promotion was of the SKU that an upgrade left";
    /// R24
    LegacyRenewal = "legacy-renewal", "a legacy renewal is at list price";
    /// R28
    Trial = "trial", "a trial is free and gets no promotion";
    /// R28, R48
    TrialConverted = "trial-converted", "the trial became paid, at list price";
    /// R34
    RefundedInWindow = "refunded-in-window", "the seats were still refundable";
    /// R35, A9
    FullRefund = "full-refund", "cancelled in time for everything charged in the term to be refunded";
    /// R35, A10
    ProratedRefund = "prorated-refund", "cancelled in time for the rest of the cycle to be refunded";
    /// R35, A11
    CancelledAfterWindow = "cancelled-after-window", "cancelled too late for a refund: the term is billed to its end";
    /// R36
    Suspended = "suspended", "suspended, and billed all the same";
    /// R36, A26
    LegacySuspended = "legacy-suspended", "a suspended legacy subscription is not billed";
    /// R36, A26
    LegacyReactivated = "legacy-reactivated", "billed again from the day of reactivation";
    /// B6
    Migrated = "migrated", "migrated to new commerce";
    /// R37
    AutoRenewOff = "auto-renew-off", "auto-renew is off, so it stops at the term's end";
    /// R37
    Extended = "extended", "auto-renew is off, so it goes on month by month at the monthly price with a surcharge";
    /// R37
    ExtendedFromAnnual = "extended-from-annual", "there is no monthly price, so a month is a twelfth of the annual one with a higher surcharge";
    /// R40
    PromoCodeRefused = "promo-code-refused", "a promo code was entered and does not count";
    /// R41
    PromoCodeApplied = "promo-code-applied", "a promo code takes its discount off";
    /// R41
    PromoCodeOver = "promo-code-over", "the promo code lasted for the purchase's term only";
    /// R42
    PromoCodeMaximum = "promo-code-maximum", "the promo code discounts the licences up to its maximum";
    /// R43
    Combined = "combined", "promotion and promo code come off one after the other";
    /// R44
    ScheduledChange = "scheduled-change", "a scheduled change took effect";
    /// R44, A24
    ScheduledChangeRejected = "scheduled-change-rejected", "a scheduled change was not possible, and the renewal went on without it";
    /// R44
    PriceChanged = "price-changed", "the list price at the renewal is another";
    /// R45
    Coterm = "coterm", "the term ends early to line up with another one";
    /// C1
    TermChanged = "term-changed", "before and after are terms of different length";
    /// R47, B10
    PlanChanged = "plan-changed", "another billing plan holds from this cycle on";
    /// R47, B11
    LongerTerm = "longer-term", "a longer term took the place of the running one";
    /// R49
    Upgraded = "upgraded", "an upgrade moved the seats to another SKU";
    /// R50
    SegmentNotAllowed = "segment-not-allowed", "the customer may not be sold this segment any more; the renewal is billed and flagged";
    /// R9
    PriceMissing = "price-missing", "no price is in force on the renewal date";
    /// R7
    PriceConflict = "price-conflict", "the price rows of the renewed key contradict each other";
    /// R60
    PriceUnreadable = "price-unreadable", "a price row of the renewed key can't be read";
    /// R32
    AmountTooLarge = "amount-too-large", "the renewed term costs more than a line can hold";
    /// B27
    BillingCycleNotForTerm = "billing-cycle-not-for-term", "the term can't be billed in this cycle";
    /// R59
    BilledAsItHappened = "billed-as-it-happened", "against a rule, and billed because it happened";
    /// R62
    Reversed = "reversed", "it takes back what the ledger billed before, to the cent";
}

/// A set of reasons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Reasons(u64);

const _: () = assert!(Reason::ALL.len() <= 64);

impl Reasons {
    /// No reason.
    pub const NONE: Reasons = Reasons(0);

    /// A set of one.
    pub const fn of(reason: Reason) -> Reasons {
        Reasons(1 << reason as u8)
    }

    /// This set with one more.
    #[must_use]
    pub const fn with(self, reason: Reason) -> Reasons {
        Reasons(self.0 | 1 << reason as u8)
    }

    /// Everything in either set.
    #[must_use]
    pub const fn union(self, other: Reasons) -> Reasons {
        Reasons(self.0 | other.0)
    }

    /// This set without some.
    #[must_use]
    pub const fn without(self, others: Reasons) -> Reasons {
        Reasons(self.0 & !others.0)
    }

    /// Adds a reason.
    pub const fn insert(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u8;
    }

    /// Whether a reason is in the set.
    pub const fn holds(self, reason: Reason) -> bool {
        self.0 & 1 << reason as u8 != 0
    }

    /// The reasons in the order of the rules.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.iter().copied().filter(move |&reason| self.holds(reason))
    }
}
