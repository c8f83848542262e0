//! What is sold: products and SKUs as Microsoft's price lists name them, in which terms and plans, and to whom.
//!
//! `OFFICE_E3` is CFQ7TTC0LF8R:0001, 23.00 USD a seat and month in the vendor's retail list, in every term and plan.
//! The amounts of a market are made in [`super::prices`]; nothing here depends on the seed.

/// The committed length of a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Term {
    P1M,
    P1Y,
    P3Y,
}

impl Term {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Term::P1M => "P1M",
            Term::P1Y => "P1Y",
            Term::P3Y => "P3Y",
        }
    }

    pub(crate) const fn months(self) -> u32 {
        match self {
            Term::P1M => 1,
            Term::P1Y => 12,
            Term::P3Y => 36,
        }
    }
}

/// How often a subscription is charged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cycle {
    Monthly,
    Annual,
    Upfront,
}

impl Cycle {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Cycle::Monthly => "monthly",
            Cycle::Annual => "annual",
            Cycle::Upfront => "upfront",
        }
    }
}

/// The billing plan of a price row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Plan {
    Monthly,
    Annual,
    Triennial,
    Upfront,
    None,
}

impl Plan {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Plan::Monthly => "Monthly",
            Plan::Annual => "Annual",
            Plan::Triennial => "Triennial",
            Plan::Upfront => "Upfront",
            Plan::None => "None",
        }
    }
}

/// Who an offer is for: the word of the price list, and the word of the subscriptions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Segment {
    Commercial,
    Education,
    Charity,
    Government,
}

impl Segment {
    pub(crate) const fn in_price_list(self) -> &'static str {
        match self {
            Segment::Commercial => "Commercial",
            Segment::Education => "Education",
            Segment::Charity => "Charity",
            Segment::Government => "Government",
        }
    }

    pub(crate) const fn in_book(self) -> &'static str {
        match self {
            Segment::Commercial => "commercial",
            Segment::Education => "education",
            Segment::Charity => "nonprofit",
            Segment::Government => "government",
        }
    }
}

/// How a product's price moves through time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum History {
    /// One price for all time, from a placeholder year to another.
    Steady,
    /// Raised on 2026-01-01.
    Raised,
    /// Raised on 2026-01-01, and again from 2027-01-01, which the list announces already.
    Announced,
    /// Republished from 2026-09-01 while the older row holds until 2026-11-14 (R7).
    Republished,
    /// Raised on 2026-01-01, where the older row ends at the very instant at which the newer one starts (B26).
    Touching,
    /// On the list until 2026-09-30, and nothing after it (R9).
    Ended,
}

/// Whom the plain part of the book may sell a product to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shelf {
    /// Anybody.
    Everyday,
    /// Only the subscriptions that show a rule; so the seats of the others do not count against its limits.
    Story,
    /// Software, which is no licence (R12): only in stories.
    Software,
    /// Legacy commerce: only in stories.
    Legacy,
    /// Without a price by the time it renews: only in stories.
    Withdrawn,
}

/// A product and SKU.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) product_id: &'static str,
    pub(crate) sku_id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    /// Retail price of a seat and month in US cents.
    pub(crate) monthly_cents: u32,
    pub(crate) plans: &'static [(Term, Plan)],
    pub(crate) history: History,
    pub(crate) segments: &'static [Segment],
    pub(crate) tags: &'static str,
    pub(crate) shelf: Shelf,
    /// Cheaper from 300 seats on (R10).
    pub(crate) tiers: bool,
}

impl Product {
    /// `CFQ7TTC0LF8R:0001`, as promotions refer to it.
    pub(crate) fn key(&self) -> String {
        format!("{}:{}", self.product_id, self.sku_id)
    }

    /// Whether both are the same product and SKU.
    pub(crate) fn is(&self, other: &Product) -> bool {
        self.product_id == other.product_id && self.sku_id == other.sku_id
    }

    /// Whether it is sold in this term.
    pub(crate) fn has_term(&self, term: Term) -> bool {
        self.plans.iter().any(|(sold, _)| *sold == term)
    }

    const fn to(mut self, segments: &'static [Segment]) -> Product {
        self.segments = segments;
        self
    }

    const fn tagged(mut self, tags: &'static str) -> Product {
        self.tags = tags;
        self
    }

    const fn on(mut self, shelf: Shelf) -> Product {
        self.shelf = shelf;
        self
    }

    const fn described(mut self, description: &'static str) -> Product {
        self.description = description;
        self
    }

    const fn tiered(mut self) -> Product {
        self.tiers = true;
        self
    }
}

const ALL_PLANS: &[(Term, Plan)] = &[
    (Term::P1M, Plan::Monthly),
    (Term::P1Y, Plan::Monthly),
    (Term::P1Y, Plan::Annual),
    (Term::P3Y, Plan::Monthly),
    (Term::P3Y, Plan::Annual),
    (Term::P3Y, Plan::Triennial),
];
const SHORT_PLANS: &[(Term, Plan)] =
    &[(Term::P1M, Plan::Monthly), (Term::P1Y, Plan::Monthly), (Term::P1Y, Plan::Annual)];
const SOFTWARE_PLANS: &[(Term, Plan)] = &[(Term::P1Y, Plan::Upfront), (Term::P3Y, Plan::Upfront)];
/// The yearly legacy plan has its price under `None`, where the lookup falls back to (B27).
const LEGACY_PLANS: &[(Term, Plan)] =
    &[(Term::P1M, Plan::Monthly), (Term::P1Y, Plan::Monthly), (Term::P1Y, Plan::None)];

const COMMERCIAL: &[Segment] = &[Segment::Commercial];
const WITH_CHARITY: &[Segment] = &[Segment::Commercial, Segment::Charity];
const WITH_EDUCATION: &[Segment] = &[Segment::Commercial, Segment::Education];
const EVERY_SEGMENT: &[Segment] =
    &[Segment::Commercial, Segment::Education, Segment::Charity, Segment::Government];

const fn product(
    product_id: &'static str,
    sku_id: &'static str,
    title: &'static str,
    monthly_cents: u32,
    plans: &'static [(Term, Plan)],
    history: History,
) -> Product {
    Product {
        product_id,
        sku_id,
        title,
        description: "",
        monthly_cents,
        plans,
        history,
        segments: COMMERCIAL,
        tags: "License",
        shelf: Shelf::Everyday,
        tiers: false,
    }
}

use History::{Announced, Ended, Raised, Republished, Steady, Touching};

macro_rules! products {
    ($($name:ident = $product:expr;)+) => {
        $(pub(crate) static $name: Product = $product;)+

        /// Everything that is sold, in the order of the price list.
        pub(crate) static PRODUCTS: &[&Product] = &[$(&$name,)+];
    };
}

products! {
    BUSINESS_BASIC = product("CFQ7TTC0LH18", "0001", "Microsoft 365 Business Basic", 600, ALL_PLANS, Announced)
        .to(WITH_CHARITY).tagged("License;Trial");
    APPS_FOR_BUSINESS = product("CFQ7TTC0LH1G", "0001", "Microsoft 365 Apps for business", 825, ALL_PLANS, Raised);
    BUSINESS_STANDARD = product("CFQ7TTC0LDPB", "0001", "Microsoft 365 Business Standard", 1250, ALL_PLANS, Announced)
        .to(WITH_CHARITY).tagged("License;Trial");
    BUSINESS_PREMIUM = product("CFQ7TTC0LCHC", "0002", "Microsoft 365 Business Premium", 2200, ALL_PLANS, Raised)
        .to(WITH_CHARITY).tagged("License;Trial")
        .described("Best for businesses that need apps, services and device management, up to 300 users");
    OFFICE_E1 = product("CFQ7TTC0LF8Q", "0001", "Office 365 E1", 1000, ALL_PLANS, Raised).to(EVERY_SEGMENT);
    OFFICE_E3 = product("CFQ7TTC0LF8R", "0001", "Office 365 E3", 2300, ALL_PLANS, Announced).to(EVERY_SEGMENT);
    OFFICE_E5 = product("CFQ7TTC0LF8S", "0002", "Office 365 E5", 3800, ALL_PLANS, Raised).to(WITH_EDUCATION);
    M365_E3 = product("CFQ7TTC0LFLX", "0001", "Microsoft 365 E3", 3600, ALL_PLANS, Announced).to(EVERY_SEGMENT);
    M365_E5 = product("CFQ7TTC0LFLZ", "0002", "Microsoft 365 E5", 5700, ALL_PLANS, Raised).to(WITH_EDUCATION);
    M365_F3 = product("CFQ7TTC0LH05", "0001", "Microsoft 365 F3", 800, ALL_PLANS, Raised);
    APPS_FOR_ENTERPRISE = product("CFQ7TTC0LGZT", "0001", "Microsoft 365 Apps for enterprise", 1200, ALL_PLANS, Raised)
        .to(WITH_EDUCATION);
    EMS_E3 = product("CFQ7TTC0LHT4", "0001", "Enterprise Mobility + Security E3", 1060, ALL_PLANS, Republished);
    EMS_E5 = product("CFQ7TTC0LFJ1", "0002", "Enterprise Mobility + Security E5", 1640, ALL_PLANS, Raised);
    ENTRA_P1 = product("CFQ7TTC0LFLS", "0002", "Microsoft Entra ID P1", 600, ALL_PLANS, Steady);
    ENTRA_P2 = product("CFQ7TTC0LFK5", "0001", "Microsoft Entra ID P2", 900, ALL_PLANS, Steady);
    EXCHANGE_1 = product("CFQ7TTC0LH16", "0001", "Exchange Online (Plan 1)", 400, ALL_PLANS, Touching).to(EVERY_SEGMENT);
    EXCHANGE_2 = product("CFQ7TTC0LH1P", "0001", "Exchange Online (Plan 2)", 800, ALL_PLANS, Touching);
    INTUNE_1 = product("CFQ7TTC0LCH4", "0001", "Microsoft Intune Plan 1", 800, ALL_PLANS, Raised);
    VISIO_1 = product("CFQ7TTC0HD33", "0002", "Visio Plan 1", 500, SHORT_PLANS, Steady).to(WITH_CHARITY);
    VISIO_2 = product("CFQ7TTC0HD32", "0002", "Visio Plan 2", 1500, SHORT_PLANS, Raised);
    PLANNER_1 = product("CFQ7TTC0HDB1", "0002", "Planner Plan 1", 1000, SHORT_PLANS, Steady);
    AUDIO_CONFERENCING = product("CFQ7TTC0LHSL", "0001", "Microsoft 365 Audio Conferencing", 400, ALL_PLANS, Raised)
        .tagged("License;IncludesOverage");
    WINDOWS_365_BUSINESS = product("CFQ7TTC0J203", "000K", "Windows 365 Business 2 vCPU, 4 GB, 128 GB", 3100,
        SHORT_PLANS, Raised).described("A Cloud PC for one person, \"always on\"");
    DYNAMICS_SALES = product("CFQ7TTC0LFN5", "0001", "Dynamics 365 Sales Professional", 6500, ALL_PLANS, Raised)
        .described("Sell faster, with guidance for sellers");
    BUSINESS_CENTRAL = product("CFQ7TTC0HL6B", "000Z", "Dynamics 365 Business Central Essentials", 7000, ALL_PLANS, Announced);
    M365_E3_NO_TEAMS = product("CFQ7TTC0RM8K", "000H", "Microsoft 365 E3 (no Teams)", 3375, ALL_PLANS, Raised).tiered();
    TEAMS_ENTERPRISE = product("CFQ7TTC0PW0D", "0001", "Microsoft Teams Enterprise", 525, SHORT_PLANS, Raised).on(Shelf::Story);
    TEAMS_PHONE = product("CFQ7TTC0LH0T", "0001", "Microsoft Teams Phone Standard", 800, ALL_PLANS, Raised).on(Shelf::Story);
    COPILOT = product("CFQ7TTC0MM8R", "0002", "Microsoft 365 Copilot", 3000, SHORT_PLANS, Raised).on(Shelf::Story);
    PROJECT_3 = product("CFQ7TTC0HDB0", "0002", "Planner and Project Plan 3", 3000, SHORT_PLANS, Raised).on(Shelf::Story);
    POWER_BI_PRO = product("CFQ7TTC0HL8W", "0001", "Power BI Pro", 1400, SHORT_PLANS, Raised).on(Shelf::Story);
    WINDOWS_SERVER_CAL = product("DG7GMGF0D7HX", "0002", "Windows Server 2025 CAL, 1 User, subscription", 275,
        SOFTWARE_PLANS, Steady).tagged("Software;Subscription").on(Shelf::Software);
    LEGACY_E3 = product("796B6B5F-613C-4E24-A17C-EBA730D49C02", "0001", "Office 365 E3 (legacy)", 2300,
        LEGACY_PLANS, Raised).on(Shelf::Legacy);
    PROJECT_ESSENTIALS = product("CFQ7TTC0HD9Z", "0001", "Project Online Essentials", 700, SHORT_PLANS, Ended).on(Shelf::Withdrawn);
}
