//! Subscription advisors in the sample: what they offered in November 2026, and what clients of the book accepted.
//!
//! The same offers whatever the seed and the size: `OFR-1001` is taken up by up to three clients with other
//! numbers of licences, `OFR-1004` is made from an office that was 19 hours old, and `OFR-1006` names a SKU that is not
//! sold where it would be used. Nothing here takes a die from the book, whose files stay as they are.

use super::catalogue::{
    BUSINESS_PREMIUM, BUSINESS_STANDARD, COPILOT, EXCHANGE_1, OFFICE_E3, PRODUCTS, Product, Segment,
    TEAMS_PHONE,
};
use super::customers::{Customer, MARKETS};
use super::days::{AS_OF, date_text};
use super::dice::Dice;
use super::tables::{ACCEPTANCES, ADVISORS, OFFERS, OFFICES, SKU_MARKETS};
use super::write::file_name;
use super::{End, Files, Format, Profile, Request, SampleError, Written};
use std::path::Path;

/// advisor_id, name, contact, code, authorised, certified. The last one is still waiting for the vendor.
const ADVISORS_OF_SAMPLE: [[&str; 6]; 4] = [
    ["ADV-01", "Tulp Cloudadvies B.V.", "advies@tulp.example, +31 20 555 0142", "TULP", "true", "true"],
    ["ADV-02", "Alpenblick Beratung GmbH", "https://alpenblick.example/kontakt", "ALPEN-2", "true", "false"],
    ["ADV-03", "Harbour & Sons", "", "HARBOUR&SONS", "true", "false"],
    ["ADV-04", "Nieuwland Advies", "info@nieuwland.example", "NIEUW", "false", ""],
];

/// office_id, advisor_id, created_at.
const OFFICES_OF_SAMPLE: [[&str; 3]; 4] = [
    ["OFF-AMS", "ADV-01", "2024-03-04T08:30:00Z"],
    ["OFF-UTR", "ADV-01", "2026-11-17T14:00:00Z"],
    ["OFF-MUC", "ADV-02", "2025-09-15"],
    ["OFF-LON", "ADV-03", "2023-01-09T10:00:00Z"],
];

/// A row of an offer.
struct Offered {
    offer: &'static str,
    advisor: &'static str,
    office: &'static str,
    location: &'static str,
    made_at: &'static str,
    delegated: &'static str,
    product: &'static Product,
    licences: &'static str,
}

const fn row(
    [offer, advisor, office, location, made_at, delegated]: [&'static str; 6],
    product: &'static Product,
    licences: &'static str,
) -> Offered {
    Offered { offer, advisor, office, location, made_at, delegated, product, licences }
}

const TULP_NL: [&str; 6] = ["OFR-1001", "ADV-01", "OFF-AMS", "NL", "2026-11-03T09:15:00+01:00", "true"];
const ALPEN_DE: [&str; 6] = ["OFR-1003", "ADV-02", "OFF-MUC", "DE", "2026-11-10T08:00:00Z", "false"];
const TULP_BAD: [&str; 6] = ["OFR-1006", "ADV-01", "OFF-AMS", "KW", "2026-11-19T10:00:00Z", "true"];

static OFFERED: [Offered; 9] = [
    row(TULP_NL, &BUSINESS_PREMIUM, "25"),
    row(TULP_NL, &COPILOT, "10"),
    row(["OFR-1002", "ADV-01", "OFF-AMS", "NL", "2026-11-05", "false"], &EXCHANGE_1, "3"),
    row(ALPEN_DE, &BUSINESS_STANDARD, "40"),
    row(ALPEN_DE, &OFFICE_E3, "5"),
    // 19 hours after the office was opened (R54).
    row(["OFR-1004", "ADV-01", "OFF-UTR", "NL", "2026-11-18T09:00:00Z", "true"], &OFFICE_E3, "60"),
    row(["OFR-1005", "ADV-03", "OFF-LON", "GB", "2026-11-12T16:40:00Z", ""], &BUSINESS_STANDARD, "12"),
    // Refused as a whole for one SKU (R54).
    row(TULP_BAD, &BUSINESS_PREMIUM, "15"),
    row(TULP_BAD, &TEAMS_PHONE, "15"),
];

/// Who accepts: the first, second or third client of the book in that market.
struct Accepted {
    offer: &'static str,
    market: &'static str,
    client: usize,
    at: &'static str,
    product: Option<&'static Product>,
    licences: &'static str,
    delegated: &'static str,
}

static ACCEPTED: [Accepted; 7] = [
    // The whole offer, as it was made.
    accepted("OFR-1001", ("NL", 0), "2026-11-04T13:05:00Z", (None, ""), "true"),
    // Fewer licences of one SKU, none of the other, and without delegated administration (R55).
    accepted("OFR-1001", ("NL", 1), "2026-11-06T07:45:00Z", (Some(&BUSINESS_PREMIUM), "18"), "false"),
    accepted("OFR-1001", ("NL", 2), "2026-11-20T15:30:00Z", (Some(&BUSINESS_PREMIUM), "30"), "true"),
    accepted("OFR-1001", ("NL", 2), "2026-11-20T15:30:00Z", (Some(&COPILOT), ""), "true"),
    // The same client once more: a new offer would be needed.
    accepted("OFR-1001", ("NL", 0), "2026-11-23T09:00:00Z", (Some(&COPILOT), "20"), "true"),
    accepted("OFR-1003", ("DE", 0), "2026-11-16T11:20:00+01:00", (None, ""), ""),
    accepted("OFR-1005", ("GB", 0), "2026-11-13", (Some(&BUSINESS_STANDARD), "9"), ""),
];

const fn accepted(
    offer: &'static str,
    (market, client): (&'static str, usize),
    at: &'static str,
    (product, licences): (Option<&'static Product>, &'static str),
    delegated: &'static str,
) -> Accepted {
    Accepted { offer, market, client, at, product, licences, delegated }
}

/// Writes the five inputs; acceptances are those of clients that the book has.
pub(super) fn write_offers(files: &mut Files, request: &Request, end: &End) -> Result<(), SampleError> {
    for advisor in ADVISORS_OF_SAMPLE {
        files.add(&ADVISORS, &advisor)?;
    }
    for office in OFFICES_OF_SAMPLE {
        files.add(&OFFICES, &office)?;
    }
    for product in PRODUCTS.iter().filter(|product| product.segments.contains(&Segment::Commercial)) {
        let is_sold = |market: &&str| !(product.is(&TEAMS_PHONE) && **market == *"KW");
        let markets: Vec<&str> = MARKETS.iter().map(|market| market.code).filter(is_sold).collect();
        files.add(&SKU_MARKETS, &[product.product_id, product.sku_id, &markets.join(";")])?;
    }
    for row in &OFFERED {
        let (product, sku) = (row.product.product_id, row.product.sku_id);
        let (location, licences) = (row.location, row.licences);
        let cells = [
            row.offer,
            row.advisor,
            row.office,
            location,
            row.made_at,
            row.delegated,
            product,
            sku,
            licences,
        ];
        files.add(&OFFERS, &cells)?;
    }
    let clients = Clients::of(request, end);
    for row in &ACCEPTED {
        let Some(customer) = clients.nth(row.market, row.client) else { continue };
        let (product, sku) = row.product.map_or(("", ""), |product| (product.product_id, product.sku_id));
        let cells = [row.offer, customer, row.at, product, sku, row.licences, row.delegated];
        files.add(&ACCEPTANCES, &cells)?;
    }
    Ok(())
}

/// Customers of the book that may buy what advisors offer, by market.
struct Clients(Vec<Customer>);

/// Among so many of the book's first customers every market is found.
const LOOKED_AT: u64 = 200;

impl Clients {
    fn of(request: &Request, end: &End) -> Clients {
        let customer = |index| Customer::of(index, request.profile, &mut Dice::of(request.seed, index + 1));
        let all = (0..end.customers.min(LOOKED_AT)).map(customer);
        Clients(all.filter(|customer| customer.may_buy(Segment::Commercial)).collect())
    }

    fn nth(&self, market: &str, place: usize) -> Option<&str> {
        let mut here = self.0.iter().filter(|customer| customer.market.code == market);
        here.nth(place).map(|customer| customer.customer_id.as_str())
    }
}

/// The job file that makes the offers.
pub(super) fn write_job(out: &Path, format: Format) -> Result<Written, SampleError> {
    let mut job = format!("as_of = \"{}\"\n\n[inputs]\n", date_text(AS_OF));
    for table in super::tables_of_offers(Profile::Full) {
        job.push_str(&format!("{} = \"{}\"\n", table.name, file_name(table, format)));
    }
    job.push_str(
        "\n[offers]\nurl = \"https://offers.example.com/accept\"\ncurrency = [\"EUR\", \"GB:GBP\"]\n",
    );
    let format = match format {
        Format::Csv => "csv",
        Format::Parquet => "parquet",
    };
    job.push_str(&format!("\n[outputs]\ndir = \"out\"\nformat = \"{format}\"\n"));
    job.push_str("\n[limits]\nrejected_rows = \"10%\"\n");
    let path = out.join("offers.toml");
    std::fs::write(&path, &job).map_err(|source| SampleError::io(&path, source))?;
    Ok(Written { file: "offers.toml".to_owned(), rows: u64::try_from(job.lines().count()).unwrap_or(0) })
}
