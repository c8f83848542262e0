//! What is wrong with a row and what to do about it: stable codes, each with one sentence and a remedy.
//!
//! A **finding** is for somebody to fix; a [reason](crate::reasons) is for somebody to know. Codes are
//! kebab-case, say what is wrong from the data's point of view, and are never renamed or reused.

use std::fmt;

/// The input that a row belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Table {
    /// A row for each subscription.
    Subscriptions,
    /// Customers and what they are qualified for.
    Customers,
    /// Partners, regions and kinds.
    Partners,
    /// The price list.
    PriceList,
    /// Promotions.
    Promotions,
    /// Promo codes.
    PromoCodes,
    /// Codes entered with orders.
    Redemptions,
    /// Seats added and taken away.
    SeatChanges,
    /// Cancellations, suspensions and the like.
    LifecycleEvents,
    /// What is to change at a renewal.
    ScheduledChanges,
    /// Seats through others.
    Holdings,
    /// Subscription advisors.
    Advisors,
    /// Their offices.
    Offices,
    /// Where each SKU is sold.
    SkuMarkets,
    /// What advisors offer.
    Offers,
    /// What clients accept.
    Acceptances,
    /// The vendor's invoice, line by line.
    VendorLines,
    /// Lines that we have published, where a reconciliation reads them instead of recomputing them.
    InvoiceLines,
    /// Which id of the vendor's is which of ours.
    IdMap,
    /// Differences that somebody has explained.
    Explained,
    /// What somebody proposes to change (R70).
    Proposal,
    /// Price lists that proposals put in the place of today's; proposals name their files, no job does.
    ProposedPrices,
    /// Purchases that somebody asks about; a command names their file, no job does.
    Requests,
}

impl Table {
    /// Every table that a job can name, in the order of reports.
    pub const ALL: [Table; 21] = [
        Table::Subscriptions,
        Table::Customers,
        Table::Partners,
        Table::PriceList,
        Table::Promotions,
        Table::PromoCodes,
        Table::Redemptions,
        Table::SeatChanges,
        Table::LifecycleEvents,
        Table::ScheduledChanges,
        Table::Holdings,
        Table::Advisors,
        Table::Offices,
        Table::SkuMarkets,
        Table::Offers,
        Table::Acceptances,
        Table::VendorLines,
        Table::InvoiceLines,
        Table::IdMap,
        Table::Explained,
        Table::Proposal,
    ];

    /// The tables that only a reconciliation reads (R67 to R69).
    pub const OF_RECONCILIATION: [Table; 4] =
        [Table::VendorLines, Table::InvoiceLines, Table::IdMap, Table::Explained];

    /// The tables of purchase offers (R53 to R55), which no run bills from.
    pub const OF_OFFERS: [Table; 5] =
        [Table::Advisors, Table::Offices, Table::SkuMarkets, Table::Offers, Table::Acceptances];

    /// The input's name in a job file.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Subscriptions => "subscriptions",
            Table::Customers => "customers",
            Table::Partners => "partners",
            Table::PriceList => "price_list",
            Table::Promotions => "promotions",
            Table::PromoCodes => "promo_codes",
            Table::Redemptions => "redemptions",
            Table::SeatChanges => "seat_changes",
            Table::LifecycleEvents => "lifecycle_events",
            Table::ScheduledChanges => "scheduled_changes",
            Table::Holdings => "holdings",
            Table::Advisors => "advisors",
            Table::Offices => "offices",
            Table::SkuMarkets => "sku_markets",
            Table::Offers => "offers",
            Table::Acceptances => "acceptances",
            Table::VendorLines => "vendor_lines",
            Table::InvoiceLines => "invoice_lines",
            Table::IdMap => "id_map",
            Table::Explained => "explained",
            Table::Proposal => "proposal",
            Table::ProposedPrices => "proposed_prices",
            Table::Requests => "requests",
        }
    }
}

/// Where a row stands: its table, the file among several of that table, and its data row, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Source {
    /// The input.
    pub table: Table,
    /// Number of the file among those of the input.
    pub file: u16,
    /// Data row in the file, from 1; the header is not counted.
    pub row: u32,
}

/// What becomes of a row that is not simply billed or not due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Disposition {
    /// A row that a rule turns down: nothing comes of it.
    Rejected,
    /// A row that can't be read or priced unambiguously: its subscription waits until it is mended (R60).
    Parked,
    /// An event or a code that a rule turns down; the subscription goes on without it.
    Refused,
    /// Against a rule, and billed as it happened all the same (R59, B17).
    Flagged,
}

impl Disposition {
    /// As rejects.csv writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Disposition::Rejected => "rejected",
            Disposition::Parked => "parked",
            Disposition::Refused => "refused",
            Disposition::Flagged => "flagged",
        }
    }
}

/// One thing that somebody should mend.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Finding {
    /// The row.
    pub source: Source,
    /// What became of it.
    pub disposition: Disposition,
    /// What is wrong.
    pub code: Code,
    /// The column that is at fault; empty where it is the row as a whole.
    pub column: &'static str,
}

macro_rules! codes {
    ($($(#[doc = $rule:literal])+ $variant:ident = $name:literal, $says:literal, $hint:literal;)+) => {
        /// The stable list of codes.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
        pub enum Code { $($(#[doc = $rule])+ $variant,)+ }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }

            /// What it says, in a sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(Code::$variant => $says,)+ }
            }

            /// What to do about it.
            pub const fn hint(self) -> &'static str {
                match self { $(Code::$variant => $hint,)+ }
            }

            /// The rules and decisions that it comes from.
            pub const fn rule(self) -> &'static str {
                match self { $(Code::$variant => concat!($($rule),+),)+ }
            }
        }
    };
}

codes! {
    /// R60
    ValueMissing = "value-missing", "a required cell is empty", "fill the cell in";
    /// R60
    ValueUnknown = "value-unknown", "the word is not one of the column's", "use one of the words that the README lists for this column";
    /// R60
    DateInvalid = "date-invalid", "this is not a date", "write the date as YYYY-MM-DD; days of subscriptions lie from 1990 to 2199";
    /// R60
    InstantInvalid = "instant-invalid", "this is neither an instant nor a date", "write RFC 3339 with an offset, such as 2026-11-30T09:15:00Z, or a date";
    /// R60
    NumberInvalid = "number-invalid", "this is not a whole number", "write digits only, without a sign, a point or a thousands mark; seats go up to 1000000";
    /// R60
    MoneyInvalid = "money-invalid", "this is not a plain decimal amount of at most six decimals and a thousand million", "write plain decimal text with a point: no exponent, no thousands mark, no currency sign";
    /// R60
    DiscountInvalid = "discount-invalid", "a discount is a fraction between 0 and 1 with at most six decimals", "write 15 % as 0.15";
    /// R60
    BooleanInvalid = "boolean-invalid", "this is neither true nor false", "write true or false";
    /// R60
    TextInvalid = "text-invalid", "the text is not UTF-8 or holds a control character", "export the file as UTF-8 without control characters";
    /// R60
    FieldCount = "field-count", "the row has more or fewer fields than the header", "look for a missing separator or quote in this row";
    /// C10
    SubscriptionDuplicate = "subscription-duplicate", "the subscription_id stands in more than one row", "keep one row for each subscription";
    /// C11, B3
    SubscriptionUnknown = "subscription-unknown", "no subscription has this id, or no upgrade has opened it by then", "send the subscription with its events, or remove the event";
    /// R60, C23
    SubscriptionParked = "subscription-parked", "a row of this subscription can't be read, so nothing is billed for it", "mend the row of its seat changes, events, codes or scheduled changes that is listed as parked";
    /// B17
    CustomerUnknown = "customer-unknown", "the customers file lacks this customer, or its row was rejected", "add the customer to the customers file";
    /// C10
    CustomerDuplicate = "customer-duplicate", "the customer_id stands in more than one row", "keep one row for each customer";
    /// C10
    PartnerDuplicate = "partner-duplicate", "the partner_id stands in more than one row", "keep one row for each partner";
    /// B19
    MarketDiffers = "market-differs", "the subscription's market is not its customer's", "correct the market of the subscription or of the customer";
    /// R50, R51, R52, B17
    SegmentNotAllowed = "segment-not-allowed", "this segment may not be sold to this customer, or not for this product", "check the customer's qualifications and government subscriptions, and the Tags of the product's price rows";
    /// R52, B18
    ResellerNeedsProvider = "reseller-needs-provider", "an indirect reseller sells education offers through an indirect provider only", "enter the reseller's provider_id in the partners file";
    /// C20
    CurrencyUnknown = "currency-unknown", "the currency is not one of ISO 4217 with a minor unit", "use the three-letter code of a currency";
    /// B29
    SeatsNotPositive = "seats-not-positive", "seats must be one or more", "cancel the subscription with a lifecycle event instead of setting its seats to 0";
    /// R48, B7
    TrialSeats = "trial-seats", "a trial has at most the number of seats in policy data", "correct the quantity of the trial";
    /// B27
    BillingCycleNotForTerm = "billing-cycle-not-for-term", "this term can't be billed in this cycle", "P1M is billed monthly or upfront";
    /// B28
    TermEndOutsideTerm = "term-end-outside-term", "term_end lies before the term begins or after its natural end", "leave term_end empty or choose a day inside the term";
    /// R45, B28
    TermEndNotAllowed = "term-end-not-allowed", "a P1M can't be made to end on the 28th to 30th unless that is the month's last day", "choose another day or the month's end";
    /// A20
    PromotionUnknown = "promotion-unknown", "the subscription holds a promotion that the promotions file lacks for it, or whose row was rejected", "send the promotion, or correct promotion_id";
    /// R9
    PriceMissing = "price-missing", "no price row is in force for this product, SKU, term, plan, market, currency, segment and number of seats", "send the price list that holds the row; a price is never taken from a neighbour";
    /// R7, C24
    PriceConflict = "price-conflict", "two price rows of one key start on the same day with different prices", "ask the vendor which of the rows holds and remove the other";
    /// R60
    PriceUnreadable = "price-unreadable", "a price row of this key can't be read, so no price of the key can be trusted", "mend the price row that is listed as rejected";
    /// R32
    AmountTooLarge = "amount-too-large",
        "the seats of the whole term cost more than a million million at list price",
        "check the price and the number of seats";
    /// C14
    PromotionRowsDiffer = "promotion-rows-differ", "rows of one promotion differ in their window or limits", "give every row of the promotion the same window and limits";
    /// R39
    PromoCodeDuplicate = "promo-code-duplicate", "the code stands in more than one row", "keep one row for each code";
    /// R39
    PromoCodeUnknown = "promo-code-unknown", "no promo code is written exactly like this, or its row was rejected", "check dashes, upper and lower case and symbols";
    /// R40, B23
    PromoCodeNotNew = "promo-code-not-new", "the code was not entered with the order of a new purchase", "codes count only when entered with the order; the subscription is billed without it";
    /// R40
    PromoCodeNotYet = "promo-code-not-yet", "the code was entered before its first day", "the subscription is billed without it";
    /// R40
    PromoCodeExpired = "promo-code-expired", "the code was entered after its last day", "the subscription is billed without it";
    /// R40
    PromoCodeWrongRegion = "promo-code-wrong-region", "the code does not hold in the subscription's market", "the subscription is billed without it";
    /// R40
    PromoCodeWrongProduct = "promo-code-wrong-product", "the code is for another product", "the subscription is billed without it";
    /// R40, B24
    PromoCodeOtherOrder = "promo-code-other-order", "the customer has used the code in another order", "the subscription is billed without it";
    /// R38
    PromoCodeSecond = "promo-code-second", "the subscription already has a code", "one code a subscription; the first one stays";
    /// R18
    SeatChangeAbovePromotionLimit = "seat-change-above-promotion-limit", "the added seats would pass the maximum of the promotion that the subscription holds", "buy the seats above the maximum as a subscription of their own";
    /// R34
    SeatDecreaseOutsideWindow = "seat-decrease-outside-window", "the seats can no longer be refunded", "schedule the lower quantity for the renewal";
    /// C12
    SeatsAmbiguous = "seats-ambiguous", "two seat changes of one instant differ and nothing says which came first", "give each change its change_id or its own time";
    /// C25
    SeatHistoryUnknown = "seat-history-unknown", "quantity_as_of lies after a seat change that lacks quantity_before, or after an upgrade that moved seats to or from another subscription", "send quantity_before with the change, or the quantity as the term began";
    /// R63
    MissingFromBook = "missing-from-book", "the ledger has billed this subscription, and no row of the inputs tells of it", "find out why the extract lacks it; nothing is credited, and nothing is billed until it is back";
    /// R62, R63
    EventsMissing = "events-missing", "the ledger was billed from more seat changes, events or scheduled changes of this subscription than the inputs have", "send every row since term_start; nothing is billed or credited until they are back";
    /// R64
    BeforeCutOver = "before-cut-over", "charges from before the ledger's cut-over come out differently now; they were billed elsewhere", "settle the difference where they were billed; this ledger bills from its cut-over on";
    /// R62, B13
    OverButBilled = "over-but-billed", "the status says that the subscription was over when its term began, and the ledger has billed that term", "send what happened as a lifecycle event, and the status in which the term began; nothing is credited for a status alone";
    /// A11, A25, B13, B30
    SubscriptionNotActive = "subscription-not-active", "the subscription is not active at this time", "check the order of events; nothing changes";
    /// B7
    TrialUnchangeable = "trial-unchangeable", "a trial can't be changed, only cancelled or converted", "convert the trial first";
    /// B8
    NotATrial = "not-a-trial", "only a trial can be converted", "check the subscription_id of the event";
    /// B6
    NotLegacy = "not-legacy", "only a legacy subscription can be migrated", "check the commerce of the subscription";
    /// C13
    EventsAmbiguous = "events-ambiguous", "two events of one kind and instant differ", "send the event that happened";
    /// B1
    UpgradeChangesTerm = "upgrade-changes-term", "an upgrade keeps the term and the billing cycle, and this one names others", "leave target_term and target_billing_cycle empty, or send a change of term beside the upgrade";
    /// B1, B3, B4
    UpgradeTargetMissing = "upgrade-target-missing", "the upgrade names no SKU, no new subscription for part of the seats, or a subscription that they can't be moved to", "fill in target_product_id and target_sku_id, for part of the seats a new target_subscription_id; one that is there must be the same customer's, of the same currency and commerce, active, paid, of that SKU, of no shorter term, and end no earlier";
    /// B3
    UpgradeQuantity = "upgrade-quantity", "the upgrade moves more seats than the subscription holds", "check the quantity and the seat changes before it";
    /// R47, B10
    BillingCycleChangeNotAllowed = "billing-cycle-change-not-allowed", "only a P3Y that begins with a full cycle changes between monthly and annual billing", "schedule the other billing cycle for the renewal";
    /// R47, B11
    TermChangeNotLonger = "term-change-not-longer", "inside a term it can only be changed to a longer one", "schedule the shorter term for the renewal";
    /// A24
    ScheduledChangesAmbiguous = "scheduled-changes-ambiguous", "two scheduled changes of one instant differ", "send the change that holds";
    /// R53
    AdvisorDuplicate = "advisor-duplicate", "the advisor_id stands in more than one row", "keep one row for each advisor";
    /// R53
    AdvisorCodeShared = "advisor-code-shared", "another advisor has the same code, so a URL would not say whose it is", "give each advisor a code of its own";
    /// R53
    AdvisorUnknown = "advisor-unknown", "the advisors file lacks this advisor, or its row was rejected", "add the advisor to the advisors file, or mend its row";
    /// R54
    AdvisorNotAuthorised = "advisor-not-authorised", "only an authorised subscription advisor may make an offer", "have the advisor authorised by the vendor, then set authorised to true";
    /// R54
    AdvisorNotCertified = "advisor-not-certified", "only an advisor who is certified for it may offer delegated administration", "offer without delegated administration, or have the advisor certified";
    /// R53
    OfficeDuplicate = "office-duplicate", "the office_id stands in more than one row", "keep one row for each office";
    /// R53
    OfficeUnknown = "office-unknown", "the offices file lacks this office, or its row was rejected", "add the office to the offices file, or mend its row";
    /// R53
    OfficeOfOtherAdvisor = "office-of-other-advisor", "the office belongs to another advisor", "name an office of the advisor who makes the offer";
    /// R54
    OfficeMaybeNotReady = "office-maybe-not-ready", "the office was so new when the offer was made that it may not have been selectable", "the offer stands; check with the vendor that it is tied to the office";
    /// R54
    SkuNotSoldHere = "sku-not-sold-here", "this product and SKU is not sold at the usage location", "offer what sku_markets lists for the location, or correct the location";
    /// R53
    OfferRowsDiffer = "offer-rows-differ", "rows of one offer differ in what concerns the whole offer", "give every row of the offer the same advisor, office, location, time and delegated_admin";
    /// R53
    OfferSkuDuplicate = "offer-sku-duplicate", "the offer names this product and SKU more than once", "name each product and SKU once, with all its licences";
    /// R53
    LicencesNotPositive = "licences-not-positive", "licences must be one or more", "write how many licences there are, or leave the subscription out";
    /// R53, R55
    OfferRefused = "offer-refused", "the offer that this row belongs to is refused for what is listed at its other rows", "mend the other rows of the offer: it is made as a whole or not at all";
    /// R55
    OfferUnknown = "offer-unknown", "no offer has this id", "send the offer with its acceptances, or correct offer_id";
    /// R55
    SkuNotOffered = "sku-not-offered", "the offer that was accepted does not hold this product and SKU", "send the client a new offer that holds it, or correct the row";
    /// R55
    AcceptanceBeforeOffer = "acceptance-before-offer", "the offer was accepted before it was made", "correct accepted_at or the offer's made_at";
    /// R55
    DelegationNotOffered = "delegation-not-offered", "the client accepts delegated administration, which the offer does not have", "send a new offer with delegated administration, or set delegated_admin to false";
    /// R55
    AcceptanceDuplicate = "acceptance-duplicate", "the client accepts this product and SKU more than once at one time", "keep one row for each product and SKU, or one row for the whole offer";
    /// R55
    AcceptanceSecond = "acceptance-second", "the client has accepted this offer before", "send the client a new offer, or correct the licences of the acceptance that stands";
    /// R55
    AcceptanceRowsDiffer = "acceptance-rows-differ", "rows of one acceptance differ in delegated_admin", "a client accepts an offer with delegated administration or without: say the same in every row";
    /// R55
    CurrencyNotSettled = "currency-not-settled", "nothing says in which currency the vendor bills at this usage location", "write currency = [\"NL:EUR\"] with the location's currency under [offers] of the job";
    /// R67
    DecimalInvalid = "decimal-invalid", "this is not a decimal number", "write digits with a point, at most one exponent, and no thousands mark; an apostrophe before it is read over";
    /// R67
    AmountTooFine = "amount-too-fine", "the amount has digits below the currency's minor unit, or more than any line can have", "ask the vendor for the invoiced amount: a line of an invoice is a whole number of minor units";
    /// R67
    ChargeDaysReversed = "charge-days-reversed", "the charge ends before it begins", "correct ChargeStartDate or ChargeEndDate; the last day counts";
    /// R67
    IdMapAmbiguous = "id-map-ambiguous", "two rows of the map say different things of one of the vendor's ids", "keep one row for each of the vendor's ids";
    /// R69
    ExplanationEmpty = "explanation-empty", "an explanation of everything explains nothing", "fill in at least one of the pattern columns, such as subscription_id";
    /// R69
    ExplanationExpired = "explanation-expired", "the explanation has expired: what it explained counts as a difference again", "look at the difference once more; settle it, or set a new expires_on";
    /// R69
    ExplanationUnused = "explanation-unused", "the explanation matches no difference of its cause", "remove it if the matter is settled, or correct its pattern";
    /// R70
    ProposalUnmatched = "proposal-unmatched", "the change matches nothing, or changes nothing", "correct what it is about, or remove it: ids, terms and plans are written as in the price list and the promotions, a promotion is ended earlier or extended later than it ends, and a setting is another than today's, for what comes after as_of";
    /// R15, C10
    RequestDuplicate = "request-duplicate", "the request_id stands in more than one row, so its answers could not be told apart", "give each request an id of its own";
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Why nothing came of a row, without anybody having to mend it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum NotDue {
    /// No charge of it falls into the window (C21).
    NoChargeInWindow,
    /// It begins after `as_of`.
    NotStarted,
    /// It was cancelled before.
    Cancelled,
    /// It ended before.
    Expired,
    /// The vendor bills it directly (B20).
    BilledByVendor,
    /// The subscription was rejected or parked (C8).
    SubscriptionRejected,
    /// The event comes before the subscription's row began (B30, A24).
    BeforeTerm,
    /// The event comes after `as_of` (B30).
    AfterAsOf,
    /// Nothing changes: the quantity or state already held (A8, D4).
    NoChange,
    /// The cancellation came too late to refund anything (A11).
    CancelledAfterWindow,
    /// A later event made the scheduled change void (R46).
    Voided,
    /// A later scheduled change of the same term holds (A24).
    Superseded,
    /// Its renewal comes after `as_of`.
    Pending,
    /// Accepted, but no line or renewal up to `as_of` depends on it (C19).
    NoEffect,
}

impl NotDue {
    /// Every reason.
    pub const ALL: [NotDue; 14] = [
        NotDue::NoChargeInWindow,
        NotDue::NotStarted,
        NotDue::Cancelled,
        NotDue::Expired,
        NotDue::BilledByVendor,
        NotDue::SubscriptionRejected,
        NotDue::BeforeTerm,
        NotDue::AfterAsOf,
        NotDue::NoChange,
        NotDue::CancelledAfterWindow,
        NotDue::Voided,
        NotDue::Superseded,
        NotDue::Pending,
        NotDue::NoEffect,
    ];

    /// As the manifest writes it.
    pub const fn name(self) -> &'static str {
        match self {
            NotDue::NoChargeInWindow => "no-charge-in-window",
            NotDue::NotStarted => "not-started",
            NotDue::Cancelled => "cancelled",
            NotDue::Expired => "expired",
            NotDue::BilledByVendor => "billed-by-vendor",
            NotDue::SubscriptionRejected => "subscription-rejected",
            NotDue::BeforeTerm => "before-term",
            NotDue::AfterAsOf => "after-as-of",
            NotDue::NoChange => "no-change",
            NotDue::CancelledAfterWindow => "cancelled-after-window",
            NotDue::Voided => "voided",
            NotDue::Superseded => "superseded",
            NotDue::Pending => "pending",
            NotDue::NoEffect => "no-effect",
        }
    }
}

/// What became of a row of the five tables that can be billed (C19).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Fate {
    /// It made or changed a line or a renewal.
    Billed,
    /// Nothing came of it, for a reason.
    NotDue(NotDue),
    /// It stands in rejects.csv.
    Set(Disposition),
}
