//! The account of one subscription: what explain tells, structured, and as a page of text.

use super::words::Told;
use crate::names::printable;
use serde::Serialize;
use std::fmt::Write;

/// Everything that is to be said of a subscription in the days of a job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Account {
    /// Its id.
    pub subscription: String,
    /// Whose; none where no row of it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<RowHead>,
    /// First day billed.
    pub from: String,
    /// Last day billed.
    pub as_of: String,
    /// The terms that have lines in these days.
    pub terms: Vec<TermTold>,
    /// Terms that end in these days, and forecasts.
    pub renewals: Vec<RenewalTold>,
    /// What became of each of its rows.
    pub rows: Vec<RowTold>,
}

/// Who sells a subscription: what decides on regional promotions and special prices (R13, R52).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Seller {
    /// The partner.
    pub partner: String,
    /// How it sells, where the partners file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Whether it names an indirect provider.
    pub has_provider: bool,
    /// Its region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl Seller {
    fn shown(&self) -> String {
        let Some(kind) = self.kind else { return self.partner.clone() };
        let provider = if self.has_provider { " with a provider" } else { "" };
        let region = self.region.as_ref().map(|region| format!(", {region}")).unwrap_or_default();
        format!("{} ({kind}{provider}{region})", self.partner)
    }
}

/// What the subscription's row says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RowHead {
    /// Whose.
    pub customer: String,
    /// Product.
    pub product: String,
    /// SKU.
    pub sku: String,
    /// Committed length.
    pub term: &'static str,
    /// How often it is charged.
    pub billing_cycle: &'static str,
    /// Seats in the row.
    pub quantity: u32,
    /// Whether no row of the book tells of it, but an upgrade that opens it (B3): what is said here is its source's then.
    pub opened_by_upgrade: bool,
    /// Currency.
    pub currency: &'static str,
    /// Market.
    pub market: String,
    /// Segment.
    pub segment: &'static str,
    /// New commerce or legacy.
    pub commerce: &'static str,
    /// Who sells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller: Option<Seller>,
    /// What the customer is qualified as, where the job names a customers file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub qualifications: Vec<&'static str>,
}

/// A term and its lines.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TermTold {
    /// First day.
    pub first: String,
    /// Last day.
    pub last: String,
    /// Product and SKU.
    pub item: String,
    /// Length.
    pub term: &'static str,
    /// How often it is charged.
    pub billing_cycle: &'static str,
    /// How its price, promotion and code came about.
    pub steps: Vec<Told>,
    /// Its lines.
    pub lines: Vec<LineTold>,
}

/// A line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LineTold {
    /// Its number in its invoice, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What for.
    pub charge_type: &'static str,
    /// First day charged.
    pub charge_start: String,
    /// Last day charged.
    pub charge_end: String,
    /// What caused it; empty for a charge cycle.
    pub cause: String,
    /// A seat for one full charge cycle, before discounts.
    pub unit_price: String,
    /// A seat after discount and proration.
    pub effective_unit_price: String,
    /// Seats.
    pub quantity: u32,
    /// The sum, step by step.
    pub steps: Vec<Told>,
    /// The billed amount.
    pub subtotal: String,
    /// Currency.
    pub currency: &'static str,
    /// Why.
    pub reasons: Vec<ReasonTold>,
}

/// A reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReasonTold {
    /// Its stable name.
    pub reason: &'static str,
    /// Its rules.
    pub rule: String,
    /// The sentence.
    pub says: &'static str,
}

/// A renewal or a forecast.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RenewalTold {
    /// The day after the old term.
    pub renewal_date: String,
    /// What the term's end leads to.
    pub outcome: &'static str,
    /// Whether it happened in these days, or is forecast.
    pub billed: bool,
    /// Product and SKU that follow.
    pub item: String,
    /// The term that follows.
    pub term: &'static str,
    /// Its billing cycle.
    pub billing_cycle: &'static str,
    /// Seats.
    pub quantity: u32,
    /// How the new price and promotion came about.
    pub steps: Vec<Told>,
    /// The old term.
    pub before: Side,
    /// The new one; none where there is none.
    pub after: Option<Side>,
    /// Why.
    pub reasons: Vec<ReasonTold>,
}

/// One side of a renewal, for the whole term.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Side {
    /// A seat, after discounts.
    pub unit_price: String,
    /// The promotion.
    pub promotion: Option<String>,
    /// The whole term.
    pub amount: String,
    /// List price of a seat; of the new term only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_unit_price: Option<String>,
}

/// What became of a row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RowTold {
    /// Where it stands.
    pub row: String,
    /// What it says.
    pub what: String,
    /// billed, not due, rejected, parked, refused or flagged.
    pub fate: &'static str,
    /// The stable code behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Its rules.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub says: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

impl Account {
    /// The account as a page of text.
    pub fn text(&self) -> String {
        let mut page = Page(String::new());
        page.head(self);
        for term in &self.terms {
            page.term(term);
        }
        if self.terms.is_empty() {
            page.line(&format!("\nno line from {} to {}", self.from, self.as_of));
        }
        for renewal in &self.renewals {
            let is_told = self.terms.iter().any(|term| !term.steps.is_empty() && term.steps == renewal.steps);
            page.renewal(renewal, is_told);
        }
        if !self.rows.is_empty() {
            page.line("\nwhat became of each row");
        }
        for row in &self.rows {
            page.row(row);
        }
        page.0
    }
}

struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        // A String takes everything, so there is no error to pass on.
        let _ = writeln!(self.0, "{}", text.trim_end());
    }

    fn head(&mut self, account: &Account) {
        let Some(row) = &account.row else {
            return self.line(&format!("{}: no row of it can be read", account.subscription));
        };
        let RowHead { customer, product, sku, term, billing_cycle, quantity, .. } = row;
        let seats = if *quantity == 1 { "seat" } else { "seats" };
        let sold = if row.opened_by_upgrade {
            "which no row tells of, but an upgrade that opens it".to_owned()
        } else {
            format!("{product}:{sku}, {term} billed {billing_cycle}, {quantity} {seats}")
        };
        self.line(&format!("{} ({customer}), {sold}", account.subscription));
        let RowHead { currency, market, segment, commerce, .. } = row;
        self.line(&format!(
            "{market}, {currency}, {segment}, {commerce} commerce; billed from {} to {}",
            account.from, account.as_of
        ));
        let seller = row.seller.as_ref().map(|seller| format!("sold by {}", seller.shown()));
        let qualified = (!row.qualifications.is_empty())
            .then(|| format!("the customer is qualified as {}", row.qualifications.join(", ")));
        let both: Vec<String> = seller.into_iter().chain(qualified).collect();
        if !both.is_empty() {
            self.line(&both.join("; "));
        }
    }

    fn term(&mut self, term: &TermTold) {
        self.line(&format!(
            "\nterm {} … {}, {}, {} billed {}",
            term.first, term.last, term.item, term.term, term.billing_cycle
        ));
        self.steps(&term.steps);
        for line in &term.lines {
            let cause = if line.cause.is_empty() { String::new() } else { format!("  ({})", line.cause) };
            let number = line.line.map_or("charge".to_owned(), |number| format!("line {number}"));
            let LineTold { charge_type, charge_start, charge_end, .. } = line;
            self.line(&format!("\n{number}  {charge_type} {charge_start} … {charge_end}{cause}"));
            self.steps(&line.steps);
            self.reasons(&line.reasons);
            self.line(&format!("= {} {} billed", line.subtotal, line.currency));
        }
    }

    fn steps(&mut self, steps: &[Told]) {
        for step in steps {
            self.line(&format!("  {:<5}{}", step.rule, step.says));
        }
    }

    fn reasons(&mut self, reasons: &[ReasonTold]) {
        for reason in reasons {
            self.line(&format!("  why  {} ({}): {}", reason.reason, reason.rule, reason.says));
        }
    }

    /// A renewal; what was told with its term is not told again.
    fn renewal(&mut self, renewal: &RenewalTold, is_told: bool) {
        let is_forecast = if renewal.billed { "" } else { " (forecast)" };
        self.line(&format!("\nrenewal {}  {}{is_forecast}", renewal.renewal_date, renewal.outcome));
        if is_told {
            self.line("  as told with the term that it began");
        } else {
            self.steps(&renewal.steps);
        }
        self.side("before", &renewal.before);
        if let Some(after) = &renewal.after {
            self.side("after ", after);
            self.line(&format!(
                "  {}, {} billed {}, {} seats",
                renewal.item, renewal.term, renewal.billing_cycle, renewal.quantity
            ));
        }
        self.reasons(&renewal.reasons);
    }

    fn side(&mut self, name: &str, side: &Side) {
        let promotion =
            side.promotion.as_ref().map_or("no promotion".to_owned(), |id| format!("promotion {id}"));
        let list = side.list_unit_price.as_ref().map(|list| format!(", list {list}")).unwrap_or_default();
        self.line(&format!(
            "  {name} {} a seat for the term, {promotion}{list}; {} for the whole term",
            side.unit_price, side.amount
        ));
    }

    fn row(&mut self, row: &RowTold) {
        let code = row.code.map(|code| format!(", {code}")).unwrap_or_default();
        let rule = if row.rule.is_empty() { String::new() } else { format!(" ({})", row.rule) };
        let says = if row.says.is_empty() { String::new() } else { format!(": {}", row.says) };
        let what = if row.what.is_empty() { String::new() } else { format!("  {}", row.what) };
        self.line(&format!("  {}{what}", printable(&row.row)));
        self.line(&format!("    {}{code}{rule}{says}", row.fate));
        if !row.hint.is_empty() {
            self.line(&format!("    hint: {}", row.hint));
        }
    }
}
