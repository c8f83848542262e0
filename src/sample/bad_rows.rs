//! Bad rows: one of each fault that a real extract brings, on customers and subscriptions of their own, and a file that
//! says where each of them is and what should become of it.
//!
//! `planted_faults.csv` lists the row at fault and nothing that follows from it: where a seat change can't be read, its
//! subscription waits too (R60), but the subscription's row has no fault.

use super::book::{Desk, Subscription};
use super::catalogue::{COPILOT, Cycle, OFFICE_E1, Term};
use super::codes::{DAY_AFTER, DUTCH_GERMAN};
use super::customers::Customer;
use super::days::{Stamp, at, date_text, day};
use super::dice::Dice;
use super::tables::{
    LIFECYCLE_EVENTS, PRICE_LIST, PROMO_CODES, PROMOTIONS, REDEMPTIONS, SEAT_CHANGES, SUBSCRIPTIONS, Table,
};
use super::write::file_name;
use super::{End, Files, Format, Profile, Request, SampleError, Written};
use chrono::NaiveDate;
use std::path::Path;

/// A fault and what should become of it.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    file: String,
    /// Data row, from 1.
    row: u64,
    column: &'static str,
    code: &'static str,
    disposition: &'static str,
    what: &'static str,
}

/// Column, code, disposition and description of a fault.
type Verdict = (&'static str, &'static str, &'static str, &'static str);

const REJECTED: &str = "rejected";
const PARKED: &str = "parked";
const REFUSED: &str = "refused";

/// Subscriptions that are good but for some cells; the verdict names the first of them.
type SpoiltRow = (&'static [(&'static str, &'static str)], &'static str, &'static str, &'static str);
const SPOILT: &[SpoiltRow] = &[
    (&[("term_start", "2026-13-41")], "date-invalid", PARKED, "a day that no calendar has"),
    (&[("ordered_at", "2026-05-12T25:61:00Z")], "instant-invalid", PARKED, "an hour that no clock has"),
    (&[("term", "P2Y")], "value-unknown", PARKED, "a term that is not sold"),
    (&[("status", "dormant")], "value-unknown", PARKED, "a status that is none"),
    (&[("auto_renew", "maybe")], "boolean-invalid", PARKED, "neither true nor false"),
    (
        &[("billing_cycle", "annual"), ("term", "P1M")],
        "billing-cycle-not-for-term",
        REJECTED,
        "a month billed by the year",
    ),
    (&[("quantity", "0")], "seats-not-positive", REJECTED, "no seats"),
    (&[("quantity", "twelve")], "number-invalid", PARKED, "seats in words"),
    (&[("unit_price", "1,234.00")], "money-invalid", PARKED, "a thousands mark"),
    (&[("currency", "XXX")], "currency-unknown", REJECTED, "no currency"),
    (&[("product_id", "")], "value-missing", PARKED, "a required cell is empty"),
    (
        &[("promotion_id", "39NFJQT2NONE:0001:39NFJQT2NONE"), ("origin", "renewal")],
        "promotion-unknown",
        REJECTED,
        "holds a promotion that does not exist",
    ),
    (&[("product_id", "CFQ7TTC0NONE")], "price-missing", REJECTED, "a product that the price list lacks"),
    (&[("term_end", "2027-11-30")], "term-end-outside-term", REJECTED, "ends after its natural end"),
];

/// The same, where they need the customers file to be seen.
const SPOILT_FOR_CUSTOMER: &[SpoiltRow] = &[
    (&[("market", "DE")], "market-differs", REJECTED, "a market that is not the customer's"),
    (
        &[("customer_id", "CUS-NOBODY")],
        "customer-unknown",
        REJECTED,
        "a customer that the customers file lacks",
    ),
    (
        &[("segment", "education")],
        "segment-not-allowed",
        REJECTED,
        "an education offer for a commercial customer",
    ),
];

/// Events of good subscriptions, a P1Y of 10 seats billed monthly.
type SpoiltEvent = (&'static [(&'static str, &'static str)], Verdict);
const SPOILT_EVENTS: &[SpoiltEvent] = &[
    (
        &[("kind", "upgrade"), ("target_product_id", "CFQ7TTC0LF8R")],
        ("target_sku_id", "value-missing", PARKED, "an upgrade to a product without its SKU"),
    ),
    (&[("kind", "upgrade")], ("target_sku_id", "upgrade-target-missing", REFUSED, "an upgrade to nothing")),
    (
        &[
            ("kind", "upgrade"),
            ("quantity", "11"),
            ("target_product_id", "CFQ7TTC0LF8R"),
            ("target_sku_id", "0001"),
        ],
        ("quantity", "upgrade-quantity", REFUSED, "more seats upgraded than held"),
    ),
    (
        &[("kind", "change_billing_cycle"), ("target_billing_cycle", "annual")],
        (
            "target_billing_cycle",
            "billing-cycle-change-not-allowed",
            REFUSED,
            "a year's billing plan changed inside it",
        ),
    ),
    (
        &[("kind", "change_term"), ("target_term", "P1M")],
        ("target_term", "term-change-not-longer", REFUSED, "a shorter term inside the term"),
    ),
];

const CONFLICT: &str = "CFQ7TTC0TW1N";
const BOUGHT: NaiveDate = day(2026, 5, 12);

struct Planter<'a, 'b> {
    files: &'b mut Files,
    format: Format,
    faults: Vec<Fault>,
    desk: Desk<'a>,
}

/// Adds the bad rows to the files and says where they are.
pub(crate) fn plant(files: &mut Files, request: &Request, end: &End) -> Result<Vec<Fault>, SampleError> {
    let dutch = Customer::planted(end.customers, "NL");
    let british = Customer::planted(end.customers + 1, "GB");
    files.add_customer(&dutch)?;
    files.add_customer(&british)?;
    let desk = Desk::new(&dutch, Dice::of(request.seed, 0), end.subscriptions);
    let mut planter = Planter { files, format: request.format, faults: Vec::new(), desk };
    planter.subscriptions(SPOILT)?;
    planter.duplicates()?;
    planter.prices()?;
    planter.promotions()?;
    planter.seat_changes()?;
    if request.profile == Profile::Full {
        planter.subscriptions(SPOILT_FOR_CUSTOMER)?;
        planter.lifecycle()?;
        planter.codes()?;
        let numbered = planter.desk.numbered();
        planter.desk = Desk::new(&british, Dice::of(request.seed, 0), numbered);
        planter.wrong_region()?;
    }
    Ok(planter.faults)
}

/// Writes `planted_faults.csv`.
pub(crate) fn write_faults(out: &Path, faults: &[Fault]) -> Result<Written, SampleError> {
    let name = "planted_faults.csv";
    let path = out.join(name);
    let failed = |source| SampleError::csv(&path, source);
    let mut file = csv::Writer::from_path(&path).map_err(failed)?;
    file.write_record(["file", "row", "column", "code", "disposition", "what"]).map_err(failed)?;
    for fault in faults {
        let row = fault.row.to_string();
        let cells = [fault.file.as_str(), &row, fault.column, fault.code, fault.disposition, fault.what];
        file.write_record(cells).map_err(failed)?;
    }
    file.flush().map_err(|source| SampleError::io(&path, source))?;
    Ok(Written { file: name.to_owned(), rows: u64::try_from(faults.len()).unwrap_or(0) })
}

impl Planter<'_, '_> {
    /// A subscription that nothing is wrong with.
    fn good(&mut self) -> Subscription {
        let mut subscription = self.desk.draft(&OFFICE_E1, (Term::P1Y, Cycle::Monthly), BOUGHT);
        subscription.ordered_at = Stamp::utc(at(BOUGHT, 9, 0, 0));
        subscription.quantity = 10;
        subscription
    }

    fn file_good(&mut self) -> Result<Subscription, SampleError> {
        let subscription = self.good();
        self.files.add(&SUBSCRIPTIONS, &subscription.cells(self.desk.customer))?;
        Ok(subscription)
    }

    fn add<T: AsRef<str>>(
        &mut self,
        table: &Table,
        cells: &[T],
        verdict: Verdict,
    ) -> Result<(), SampleError> {
        let row = self.files.add(table, cells)?;
        let (column, code, disposition, what) = verdict;
        self.faults.push(Fault { file: file_name(table, self.format), row, column, code, disposition, what });
        Ok(())
    }

    fn subscriptions(&mut self, spoilt: &[SpoiltRow]) -> Result<(), SampleError> {
        for (changes, code, disposition, what) in spoilt {
            let mut cells = self.good().cells(self.desk.customer);
            for (column, cell) in *changes {
                if let Some(place) = SUBSCRIPTIONS.place(column) {
                    (*cell).clone_into(&mut cells[place]);
                }
            }
            let column = changes.first().map_or("", |(column, _)| *column);
            self.add(&SUBSCRIPTIONS, &cells, (column, code, disposition, what))?;
        }
        Ok(())
    }

    fn duplicates(&mut self) -> Result<(), SampleError> {
        let cells = self.good().cells(self.desk.customer);
        for what in ["the first of two rows of one id", "the second of two rows of one id"] {
            self.add(&SUBSCRIPTIONS, &cells, ("subscription_id", "subscription-duplicate", REJECTED, what))?;
        }
        Ok(())
    }

    /// Two rows of one key that start on one day with different prices: the finding stands on the subscription that needs
    /// them. And a row whose price can't be read.
    fn prices(&mut self) -> Result<(), SampleError> {
        for price in ["96", "97.2"] {
            self.files.add(&PRICE_LIST, &price_row(CONFLICT, price))?;
        }
        let mut cells = self.good().cells(self.desk.customer);
        for (column, cell) in [("product_id", CONFLICT), ("billing_cycle", "annual")] {
            if let Some(place) = SUBSCRIPTIONS.place(column) {
                cell.clone_into(&mut cells[place]);
            }
        }
        self.add(
            &SUBSCRIPTIONS,
            &cells,
            ("product_id", "price-conflict", PARKED, "its price is in conflict"),
        )?;
        let garbled = price_row("CFQ7TTC0G4RB", "1,234.00");
        self.add(&PRICE_LIST, &garbled, ("UnitPrice", "money-invalid", REJECTED, "a thousands mark"))
    }

    fn promotions(&mut self) -> Result<(), SampleError> {
        for last in [day(2026, 12, 31), day(2026, 11, 30)] {
            let row = promotion_row("39NFJQT2DIFF:0002:39NFJQT2DIFF", "0.1", last);
            let what = "rows of one promotion with different last days";
            self.add(&PROMOTIONS, &row, ("ends_on", "promotion-rows-differ", REJECTED, what))?;
        }
        let row = promotion_row("39NFJQT2DEEP:0002:39NFJQT2DEEP", "1.5", day(2026, 12, 31));
        self.add(&PROMOTIONS, &row, ("discount", "discount-invalid", REJECTED, "more off than there is"))
    }

    fn seat_changes(&mut self) -> Result<(), SampleError> {
        let noon = "2026-11-12T12:00:00Z";
        let unknown = ["SUB-NOBODY", noon, "12", "", ""];
        self.add(
            &SEAT_CHANGES,
            &unknown,
            ("subscription_id", "subscription-unknown", REFUSED, "of no subscription"),
        )?;
        let id = self.file_good()?.subscription_id;
        let unreadable = [id.as_str(), "2026-11-31T10:00:00Z", "12", "10", ""];
        self.add(
            &SEAT_CHANGES,
            &unreadable,
            ("changed_at", "instant-invalid", PARKED, "a day that no calendar has"),
        )?;
        let id = self.file_good()?.subscription_id;
        let none_left = [id.as_str(), noon, "0", "10", ""];
        self.add(&SEAT_CHANGES, &none_left, ("quantity", "seats-not-positive", REFUSED, "no seats left"))?;
        let id = self.file_good()?.subscription_id;
        for seats in ["12", "15"] {
            let one = [id.as_str(), noon, seats, "10", ""];
            self.add(
                &SEAT_CHANGES,
                &one,
                ("changed_at", "seats-ambiguous", REFUSED, "two at one instant, which first?"),
            )?;
        }
        Ok(())
    }

    fn lifecycle(&mut self) -> Result<(), SampleError> {
        let id = self.file_good()?.subscription_id;
        let event = [id.as_str(), "2026-11-12T12:00:00Z", "pause", "", "", "", "", "", ""];
        self.add(&LIFECYCLE_EVENTS, &event, ("kind", "value-unknown", PARKED, "a kind that is none"))?;
        for (cells, verdict) in SPOILT_EVENTS {
            let id = self.file_good()?.subscription_id;
            let mut event = [""; 9];
            event[1] = "2026-11-12T12:00:00Z";
            for (column, cell) in *cells {
                if let Some(place) = LIFECYCLE_EVENTS.place(column) {
                    event[place] = cell;
                }
            }
            event[0] = &id;
            self.add(&LIFECYCLE_EVENTS, &event, *verdict)?;
        }
        Ok(())
    }

    fn codes(&mut self) -> Result<(), SampleError> {
        let percent = ["TWENTY-PERCENT", "20", "", "", "", "", "2026-12-31", ""];
        self.add(
            &PROMO_CODES,
            &percent,
            ("discount", "discount-invalid", REJECTED, "percent for a fraction"),
        )?;
        self.redeem("NO-SUCH-CODE", BOUGHT, "promo-code-unknown", "a code that does not exist")?;
        self.redeem(DAY_AFTER.code, day(2026, 11, 11), "promo-code-expired", "a day after the code's last")
    }

    fn wrong_region(&mut self) -> Result<(), SampleError> {
        self.redeem(DUTCH_GERMAN.code, BOUGHT, "promo-code-wrong-region", "a code of other markets")
    }

    /// A purchase of that day with a code that is refused.
    fn redeem(
        &mut self,
        code: &str,
        on: NaiveDate,
        refusal: &'static str,
        what: &'static str,
    ) -> Result<(), SampleError> {
        let mut subscription = self.good();
        subscription.term_start = on;
        subscription.ordered_at = Stamp::utc(at(on, 9, 0, 0));
        self.files.add(&SUBSCRIPTIONS, &subscription.cells(self.desk.customer))?;
        let row = [
            subscription.subscription_id,
            code.to_owned(),
            subscription.ordered_at.text(),
            subscription.order_id,
        ];
        let column = if refusal == "promo-code-expired" { "entered_at" } else { "code" };
        self.add(&REDEMPTIONS, &row, (column, refusal, REFUSED, what))
    }
}

fn price_row(product_id: &'static str, price: &'static str) -> [&'static str; 19] {
    [
        "Microsoft Viva Suite",
        product_id,
        "0001",
        "Microsoft Viva Suite",
        "Microsoft Corporation",
        "",
        "",
        "P1Y",
        "Annual",
        "NL",
        "EUR",
        price,
        "",
        "",
        "2026-01-01",
        "9999-12-31",
        "License",
        "120",
        "Commercial",
    ]
}

fn promotion_row(id: &str, discount: &str, last: NaiveDate) -> [String; 20] {
    [
        id,
        "Planted",
        COPILOT.product_id,
        COPILOT.sku_id,
        "P1Y",
        "",
        "",
        "",
        "",
        discount,
        "2026-01-01",
        &date_text(last),
        "",
        "",
        "",
        "",
        "",
        "true",
        "new",
        "",
    ]
    .map(str::to_owned)
}
