//! The promotions of the sample: for each rule one on which it can be seen, many of them with a window that ends just
//! before, on or just after 2026-11-15, the day on which the stories renew.
//!
//! `39NFJQT20E3W:0001:39NFJQT2KX01`, 15 % off Office 365 E3 for a year, ends on 2026-11-14: whoever renews on the 15th
//! is back at the list price. The products with limits are sold by the stories only, so that the limits are met exactly.

use super::catalogue::{
    AUDIO_CONFERENCING, BUSINESS_BASIC, BUSINESS_PREMIUM, BUSINESS_STANDARD, COPILOT, Cycle, ENTRA_P1,
    ENTRA_P2, EXCHANGE_1, EXCHANGE_2, INTUNE_1, LEGACY_E3, M365_E3, M365_E5, OFFICE_E1, OFFICE_E3, PLANNER_1,
    POWER_BI_PRO, PROJECT_3, TEAMS_ENTERPRISE, TEAMS_PHONE, Term, VISIO_2, WINDOWS_SERVER_CAL,
};
use super::days::day;
use super::promotions::{Promotion, promotion};
use chrono::NaiveDate;

const JAN: NaiveDate = day(2026, 1, 1);
const YEAR_END: NaiveDate = day(2026, 12, 31);
const LAST_YEAR: NaiveDate = day(2025, 9, 1);

pub(crate) static E3_UNTIL_14: Promotion = promotion(
    "39NFJQT20E3W:0001:39NFJQT2KX01",
    "Office 365 E3 autumn offer",
    &[(&OFFICE_E3, Term::P1Y, None, "0.15")],
    LAST_YEAR,
    day(2026, 11, 14),
)
.plain();
pub(crate) static STANDARD_UNTIL_15: Promotion = promotion(
    "39NFJQT20BST:0001:39NFJQT2KX02",
    "Business Standard, longer is cheaper",
    &[(&BUSINESS_STANDARD, Term::P1Y, None, "0.1"), (&BUSINESS_STANDARD, Term::P3Y, None, "0.2")],
    LAST_YEAR,
    day(2026, 11, 15),
)
.plain();
pub(crate) static M365_UNTIL_16: Promotion = promotion(
    "39NFJQT20M3E:0001:39NFJQT2KX03",
    "Microsoft 365 E3 for new commerce",
    &[(&M365_E3, Term::P1Y, None, "0.167")],
    LAST_YEAR,
    day(2026, 11, 16),
)
.plain();
pub(crate) static EXCHANGE_FROM_15: Promotion = promotion(
    "39NFJQT20EX2:0001:39NFJQT2KX04",
    "Exchange Online winter offer",
    &[(&EXCHANGE_2, Term::P1Y, None, "0.12")],
    day(2026, 11, 15),
    day(2027, 2, 28),
)
.plain();
pub(crate) static AUDIO_FREE: Promotion = promotion(
    "39NFJQT20AUC:0001:39NFJQT2KX05",
    "Audio Conferencing, twelve months free",
    &[(&AUDIO_CONFERENCING, Term::P1Y, None, "1")],
    day(2025, 7, 1),
    day(2026, 11, 20),
)
.plain();
pub(crate) static EXCHANGE_ZERO: Promotion = promotion(
    "39NFJQT20EX1:0001:39NFJQT2KX06",
    "Exchange Online, placeholder without a discount",
    &[(&EXCHANGE_1, Term::P1Y, None, "0")],
    LAST_YEAR,
    YEAR_END,
)
.plain();
pub(crate) static NINE_MONTHS_OF_2024: Promotion = promotion(
    "39NFJQT20M3Y:0002:39NFJQT2KX07",
    "Microsoft 365 E5 three-year launch",
    &[(&M365_E5, Term::P3Y, None, "0.25")],
    day(2024, 1, 1),
    day(2024, 9, 30),
)
.plain();
pub(crate) static BRIDGE: Promotion = promotion(
    "39NFJQT20BRI:0002:39NFJQT2KX08",
    "Bridge to the Cloud 2",
    &[(&M365_E5, Term::P1Y, None, "0.2")],
    LAST_YEAR,
    YEAR_END,
)
.when_asked();
pub(crate) static TEAMS_2400: Promotion = promotion(
    "39NFJQT20TEA:0001:39NFJQT2KX09",
    "Teams Enterprise, up to 2,400 seats",
    &[
        (&TEAMS_ENTERPRISE, Term::P1Y, Some(Cycle::Monthly), "0.33"),
        (&TEAMS_ENTERPRISE, Term::P1Y, Some(Cycle::Annual), "0.35"),
    ],
    JAN,
    YEAR_END,
)
.seats("1", "2400");
pub(crate) static LEGACY_OFFER: Promotion = promotion(
    "LEGACY-E3-10",
    "Office 365 E3 (legacy) monthly plan",
    &[(&LEGACY_E3, Term::P1Y, Some(Cycle::Monthly), "0.1")],
    LAST_YEAR,
    YEAR_END,
)
.in_legacy();

/// Every promotion, those of the stories by name.
pub(crate) static PROMOTIONS: [&Promotion; 25] = [
    &E3_UNTIL_14,
    &STANDARD_UNTIL_15,
    &M365_UNTIL_16,
    &EXCHANGE_FROM_15,
    &AUDIO_FREE,
    &EXCHANGE_ZERO,
    &NINE_MONTHS_OF_2024,
    &BRIDGE,
    &TEAMS_2400,
    &LEGACY_OFFER,
    // Two on one product: the deeper one applies, and that only to the annual plan (R21).
    &promotion(
        "39NFJQT20BP1:0002:39NFJQT2KX10",
        "Business Premium launch",
        &[(&BUSINESS_PREMIUM, Term::P1Y, None, "0.05")],
        LAST_YEAR,
        YEAR_END,
    )
    .plain(),
    &promotion(
        "39NFJQT20BP2:0002:39NFJQT2KX11",
        "Business Premium, annual payment",
        &[(&BUSINESS_PREMIUM, Term::P1Y, Some(Cycle::Annual), "0.6")],
        day(2026, 6, 1),
        day(2026, 11, 29),
    )
    .plain(),
    // Two of the same depth: the lower id applies (R21).
    &promotion(
        "39NFJQT20IN1:0001:39NFJQT2KX12",
        "Intune Plan 1 for everybody",
        &[(&INTUNE_1, Term::P1Y, None, "0.1")],
        JAN,
        YEAR_END,
    )
    .plain(),
    &promotion(
        "39NFJQT20IN2:0001:39NFJQT2KX13",
        "Intune Plan 1, half of it passed on",
        &[(&INTUNE_1, Term::P1Y, None, "0.1")],
        JAN,
        YEAR_END,
    )
    .passed_on("0.5"),
    &promotion(
        "39NFJQT20BAS:0001:39NFJQT2KX14",
        "Business Basic by the month",
        &[(&BUSINESS_BASIC, Term::P1M, None, "0.25")],
        day(2026, 10, 10),
        day(2026, 11, 20),
    )
    .plain(),
    &promotion(
        "39NFJQT20OE1:0001:39NFJQT2KX15",
        "Office 365 E1 before the new year",
        &[(&OFFICE_E1, Term::P1Y, None, "0.08")],
        day(2026, 12, 1),
        day(2027, 1, 31),
    )
    .plain(),
    &promotion(
        "39NFJQT20COP:0002:39NFJQT2KX16",
        "Copilot, first purchase",
        &[(&COPILOT, Term::P1Y, None, "0.15")],
        JAN,
        YEAR_END,
    )
    .at_first_purchase(),
    &promotion(
        "39NFJQT20PRO:0002:39NFJQT2KX17",
        "Planner and Project, twice a customer",
        &[(&PROJECT_3, Term::P1Y, None, "0.2")],
        JAN,
        YEAR_END,
    )
    .redeemed_at_most("2"),
    &promotion(
        "39NFJQT20PHO:0001:39NFJQT2KX18",
        "Teams Phone for owners of Microsoft 365 E3",
        &[(&TEAMS_PHONE, Term::P1Y, None, "0.3")],
        JAN,
        YEAR_END,
    )
    .requiring(&M365_E3),
    &promotion(
        "39NFJQT20EN1:0002:39NFJQT2KX19",
        "Entra ID P1 in the Netherlands and Germany",
        &[(&ENTRA_P1, Term::P1Y, None, "0.1")],
        JAN,
        YEAR_END,
    )
    .in_markets("NL;DE"),
    &promotion(
        "39NFJQT20EN2:0001:39NFJQT2KX20",
        "Entra ID P2 through partners in EMEA",
        &[(&ENTRA_P2, Term::P1Y, None, "0.125")],
        JAN,
        YEAR_END,
    )
    .in_regions("EMEA"),
    &promotion(
        "39NFJQT20PBI:0001:39NFJQT2KX21",
        "Power BI Pro, 10 to 100 seats",
        &[(&POWER_BI_PRO, Term::P1Y, None, "0.18")],
        JAN,
        YEAR_END,
    )
    .seats("10", "100"),
    &promotion(
        "39NFJQT20NPO:0002:39NFJQT2KX22",
        "Business Premium for nonprofits",
        &[(&BUSINESS_PREMIUM, Term::P1Y, None, "0.09")],
        JAN,
        YEAR_END,
    )
    .for_segments("nonprofit"),
    // Software gets no promotion, whatever the promotions file says (R12).
    &promotion(
        "39NFJQT20CAL:0002:39NFJQT2KX23",
        "Windows Server CAL",
        &[(&WINDOWS_SERVER_CAL, Term::P1Y, None, "0.5")],
        JAN,
        YEAR_END,
    ),
    &promotion(
        "39NFJQT20VIS:0002:39NFJQT2KX24",
        "Visio and Planner for businesses",
        &[
            (&VISIO_2, Term::P1Y, None, "0.1"),
            (&PLANNER_1, Term::P1Y, None, "0.05"),
            (&PLANNER_1, Term::P1M, None, "0.03"),
        ],
        LAST_YEAR,
        day(2026, 11, 30),
    )
    .plain(),
];
