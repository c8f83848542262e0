//! What a user might want the other way: the settings of the rule book's section 14, typed.
//!
//! The numbers come from the policy file in `data/`; this module holds the choices and no number.

use crate::calendar::{Day, MonthEnd, Span};
use crate::money::{Rounding, Surcharge};

macro_rules! setting {
    ($(#[$doc:meta])* $name:ident, $($(#[$of:meta])* $variant:ident = $word:literal),+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl Choice for $name {
            const WORDS: &'static [&'static str] = &[$($word,)+];

            fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }

            fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }
    };
}

/// A setting that is one of a few words.
pub trait Choice: Sized {
    /// The words, default first.
    const WORDS: &'static [&'static str];

    /// The choice that a word names.
    fn from_word(word: &str) -> Option<Self>;

    /// The word of this choice.
    fn word(self) -> &'static str;
}

impl Choice for MonthEnd {
    const WORDS: &'static [&'static str] = &["clamp", "keep-distance"];

    fn from_word(word: &str) -> Option<MonthEnd> {
        match word {
            "clamp" => Some(MonthEnd::Clamp),
            "keep-distance" => Some(MonthEnd::KeepDistance),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            MonthEnd::Clamp => "clamp",
            MonthEnd::KeepDistance => "keep-distance",
        }
    }
}

impl Choice for Rounding {
    const WORDS: &'static [&'static str] = &["half-up", "half-even", "truncate"];

    fn from_word(word: &str) -> Option<Rounding> {
        match word {
            "half-up" => Some(Rounding::HalfUp),
            "half-even" => Some(Rounding::HalfEven),
            "truncate" => Some(Rounding::Truncate),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Rounding::HalfUp => "half-up",
            Rounding::HalfEven => "half-even",
            Rounding::Truncate => "truncate",
        }
    }
}

setting!(
    /// Which of two overlapping price rows holds (R7).
    PriceOverlap,
    /// The one that started earlier, until its own end.
    OlderHolds = "older-holds",
    /// The one that started later, as for republished lists.
    NewestStart = "newest-start"
);
setting!(
    /// Which seats count towards a promotion's maximum (R16).
    SeatCount,
    /// All seats of the product:SKU.
    Sku = "sku",
    /// Those of subscriptions that hold or held the promotion.
    Promotion = "promotion"
);
setting!(
    /// What stands in the way of a first purchase (R20).
    FirstPurchase,
    /// The customer had this promotion before.
    Promotion = "promotion",
    /// The customer had any subscription of the product:SKU before.
    Product = "product"
);
setting!(
    /// The price of seats added after the promotion's last day (R22).
    LateSeats,
    /// The promotion's price.
    Promotion = "promotion",
    /// The list price.
    List = "list"
);
setting!(
    /// The percentage at which a promotion is kept (R23).
    RenewalPercentage,
    /// The promotion's current one.
    Current = "current",
    /// The one that it was bought with.
    Held = "held"
);
setting!(
    /// Where a line is rounded (R32).
    RoundingAt,
    /// On the line.
    Line = "line",
    /// On the effective unit price.
    Unit = "unit"
);
setting!(
    /// How a seat change is written (R33).
    SeatChangeForm,
    /// A line for the difference.
    Net = "net",
    /// A refund of the old quantity and a charge of the new one.
    Pair = "pair"
);
setting!(
    /// What a code and a promotion do on one seat (R43).
    Stacking,
    /// The deeper one applies.
    Best = "best",
    /// One comes off after the other.
    Combine = "combine"
);
setting!(
    /// What becomes of an event that a rule would refuse but the extract says happened (R59).
    RefusedEvents,
    /// It is as if it had not come.
    Reject = "reject",
    /// It is billed as it happened, and listed.
    Flag = "flag"
);

setting!(
    /// Whether an upgrade gets the promotions of the SKU that it goes to (R26).
    UpgradePromotions,
    /// Never.
    None = "none",
    /// By full eligibility, where the target is new (B32).
    Eligible = "eligible"
);
setting!(
    /// What follows a term whose auto-renew is off (R37).
    EndOfTerm,
    /// Nothing.
    Stop = "stop",
    /// A month after the other, at the monthly price with a surcharge.
    Extend = "extend"
);

/// What extends a term, and at what surcharge (R37).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extension {
    /// On the monthly list price.
    pub surcharge: Surcharge,
    /// On a twelfth of the annual one, where there is no monthly one.
    pub surcharge_of_annual: Surcharge,
    /// The first day on which a term that is extended may end.
    pub ends_from: Day,
    /// The first day on which a term that is extended may have begun.
    pub begins_from: Day,
}

/// The policy in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// R4
    pub month_end: MonthEnd,
    /// R7
    pub price_overlap: PriceOverlap,
    /// R16
    pub seat_count: SeatCount,
    /// R20
    pub first_purchase: FirstPurchase,
    /// R22
    pub late_seats: LateSeats,
    /// R23
    pub renewal_percentage: RenewalPercentage,
    /// R32
    pub rounding: Rounding,
    /// R32
    pub rounding_at: RoundingAt,
    /// R33
    pub seat_changes: SeatChangeForm,
    /// R34
    pub refund_window: Span,
    /// R35
    pub full_refund: Span,
    /// R26
    pub upgrade_promotions: UpgradePromotions,
    /// R37
    pub end_of_term: EndOfTerm,
    /// R37
    pub extension: Extension,
    /// R43
    pub stacking: Stacking,
    /// R59
    pub refused_events: RefusedEvents,
    /// Days that a trial runs (R48, B7).
    pub trial_days: u32,
    /// Seats that a trial may have (R48, B7).
    pub trial_seats: u32,
}
