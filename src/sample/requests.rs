//! Requests of eligibility: purchases to ask about, at least one for each condition of the promotions.
//!
//! They are the same for every sample. The customers that they name are early ones, whose markets and qualifications are the
//! same in every book, and the very first, which is the largest; where that one lives, and what any of them holds already, is
//! as it falls, so some answers differ from book to book.

use super::SampleError;
use super::catalogue::{
    BUSINESS_PREMIUM, COPILOT, Cycle, ENTRA_P1, ENTRA_P2, M365_E5, M365_F3, OFFICE_E1, POWER_BI_PRO,
    PROJECT_3, Product, TEAMS_ENTERPRISE, TEAMS_PHONE, Term, WINDOWS_SERVER_CAL,
};
use super::write::TableWriter;

/// Customer, partner, segment and market.
type Buyer = (&'static str, &'static str, &'static str, &'static str);

const NL: Buyer = ("CUS-0000017", "0610200", "commercial", "NL");
const NL_TOO: Buyer = ("CUS-0000009", "0610214", "commercial", "NL");
const DE: Buyer = ("CUS-0000010", "1610200", "commercial", "DE");
const CHARITY: Buyer = ("CUS-0000002", "1610200", "nonprofit", "DE");
const CITY: Buyer = ("CUS-0000004", "3610200", "commercial", "US");
const SWISS: Buyer = ("CUS-0000013", "4610200", "commercial", "CH");
const JAPANESE: Buyer = ("CUS-0000015", "6610200", "commercial", "JP");
const STRANGER: Buyer = ("CUS-9999999", "0610200", "commercial", "NL");

const LARGEST: Buyer = ("CUS-0000001", "5610200", "commercial", "SE");

/// What is to be bought, when, and the promotion that is asked for.
type Wish = (&'static Product, u32, Term, Cycle, &'static str, &'static str);

const BRIDGE: &str = "39NFJQT20BRI:0002:39NFJQT2KX08";
const TEAMS: &str = "39NFJQT20TEA:0001:39NFJQT2KX09";
const DAY: &str = "2026-12-01";

const REQUESTS: [(Buyer, Wish); 23] = [
    (NL, (&TEAMS_ENTERPRISE, 2_400, Term::P1Y, Cycle::Monthly, DAY, "")),
    (NL, (&TEAMS_ENTERPRISE, 2_401, Term::P1Y, Cycle::Monthly, DAY, "")),
    (NL_TOO, (&TEAMS_ENTERPRISE, 500, Term::P1Y, Cycle::Annual, DAY, TEAMS)),
    (DE, (&TEAMS_ENTERPRISE, 25, Term::P1Y, Cycle::Upfront, "2026-12-01T23:30:00-05:00", TEAMS)),
    (NL, (&COPILOT, 5, Term::P1Y, Cycle::Monthly, DAY, "")),
    (CHARITY, (&BUSINESS_PREMIUM, 10, Term::P1Y, Cycle::Monthly, DAY, "")),
    (NL, (&BUSINESS_PREMIUM, 10, Term::P1Y, Cycle::Annual, "2026-11-29", "")),
    (NL, (&BUSINESS_PREMIUM, 10, Term::P1Y, Cycle::Annual, "2026-11-30", "")),
    (NL, (&TEAMS_PHONE, 10, Term::P1Y, Cycle::Monthly, DAY, "")),
    (NL, (&ENTRA_P2, 10, Term::P1Y, Cycle::Monthly, DAY, "")),
    (JAPANESE, (&ENTRA_P2, 10, Term::P1Y, Cycle::Monthly, DAY, "")),
    (SWISS, (&ENTRA_P1, 10, Term::P1Y, Cycle::Monthly, DAY, "")),
    (NL, (&M365_E5, 10, Term::P1Y, Cycle::Monthly, DAY, "")),
    (NL, (&M365_E5, 10, Term::P1Y, Cycle::Monthly, DAY, BRIDGE)),
    (NL, (&POWER_BI_PRO, 9, Term::P1M, Cycle::Monthly, DAY, "")),
    (NL, (&PROJECT_3, 1, Term::P1Y, Cycle::Monthly, DAY, "")),
    (NL, (&OFFICE_E1, 1, Term::P1Y, Cycle::Monthly, DAY, "39NFJQT20NIL:0001:39NFJQT2KX99")),
    (CITY, (&OFFICE_E1, 1, Term::P1Y, Cycle::Monthly, DAY, "")),
    (STRANGER, (&TEAMS_ENTERPRISE, 1, Term::P1Y, Cycle::Monthly, DAY, "")),
    (NL, (&WINDOWS_SERVER_CAL, 1, Term::P1Y, Cycle::Monthly, DAY, "")),
    (LARGEST, (&COPILOT, 5, Term::P1Y, Cycle::Monthly, DAY, "")),
    (LARGEST, (&PROJECT_3, 1, Term::P1Y, Cycle::Monthly, DAY, "")),
    (NL, (&M365_F3, 1, Term::P1Y, Cycle::Monthly, DAY, "")),
];

/// Writes the requests.
pub(crate) fn write_requests(file: &mut TableWriter) -> Result<(), SampleError> {
    for ((buyer, wish), number) in REQUESTS.iter().zip(1..) {
        let (customer, partner, segment, market) = buyer;
        let (product, seats, term, cycle, on, promotion) = wish;
        file.row(&[
            format!("REQ-{number:02}").as_str(),
            customer,
            partner,
            product.product_id,
            product.sku_id,
            segment,
            market,
            &seats.to_string(),
            term.name(),
            cycle.name(),
            on,
            promotion,
        ])?;
    }
    Ok(())
}
