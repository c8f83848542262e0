//! A line of the vendor's invoice: from a line of ours, and as the 46 cells of the vendor's file (domain 4.3).
//!
//! One customer in eight stands in it as an export with guarded numbers writes them: `'12.500000000000000000` is 12.50, nothing
//! is `'0E-18`, a day is `11/2/2026 12:00:00 AM`, and charge types are spelt otherwise. All cells are text: money goes from its integer to the cell digit by digit.

use crate::runs::reconcile::Scene;
use crate::sample::{Request, account_of, customer_name, title};
use std::hash::Hasher;
use termwise_engine::book::Origin;
use termwise_engine::calendar::{BillingCycle, Day, Instant, Period, Term};
use termwise_engine::catalog::Commerce;
use termwise_engine::money::{
    Currency, EFFECTIVE_DIGITS, Exact, Kept, PRICE_DIGITS, Price, Rounding, round_line,
};
use termwise_engine::workings::{ChargeType, Line};
use twox_hash::XxHash64;

/// The partner's own id in the vendor's network: the first direct partner of the sample.
const OWN_MPN_ID: &str = "0610200";
/// What the vendor adds to what it charges this partner, in hundredths: it goes by the partner's country.
const TAX: i64 = 21;
/// Digits of a guarded number.
const GUARDED_DIGITS: usize = 18;
/// One customer of so many has guarded numbers.
const GUARDED_ONE_IN: u64 = 8;
/// Digits of a percentage that is told as a fraction in trillionths.
const PERCENT_DIGITS: u32 = 10;

/// Ids and choices that follow from the seed and a text alone.
pub(super) struct Ids {
    pub(super) seed: u64,
}

impl Ids {
    /// A number for a text, for each purpose another.
    pub(super) fn number(&self, what: &str, text: &str) -> u64 {
        let mut hasher = XxHash64::with_seed(self.seed);
        hasher.write(what.as_bytes());
        hasher.write_u8(0);
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    /// An id as the vendor gives them.
    pub(super) fn guid(&self, what: &str, text: &str) -> String {
        let (high, low) = (self.number(what, text), self.number(text, what));
        let (head, tail) = (format!("{high:016x}"), format!("{low:016x}"));
        format!("{}-{}-4{}-a{}-{}", &head[..8], &head[8..12], &head[13..], &tail[1..4], &tail[4..])
    }
}

/// A line of the vendor's invoice.
#[derive(Clone, Debug)]
pub(super) struct Charged {
    pub(super) subscription: String,
    pub(super) customer: String,
    pub(super) customer_name: String,
    pub(super) country: String,
    pub(super) partner: String,
    pub(super) order: String,
    pub(super) ordered_at: Instant,
    pub(super) product: String,
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) charge_type: &'static str,
    /// A seat for one full charge cycle before discounts, in millionths.
    pub(super) unit_price: i64,
    pub(super) kept: Kept,
    /// In 10⁻¹⁰, signed.
    pub(super) effective: i128,
    /// Seats; of usage hours.
    pub(super) quantity: String,
    pub(super) seats: u32,
    /// In minor units, signed.
    pub(super) subtotal: i64,
    pub(super) currency: Currency,
    /// Why the price is not the list's, as the vendor's list of texts.
    pub(super) adjustments: Vec<String>,
    pub(super) charge: Period,
    /// Whether it has an end: what is sold for ever has none.
    pub(super) is_endless: bool,
    pub(super) cycle_days: u32,
    pub(super) term_and_cycle: String,
    pub(super) frequency: &'static str,
    pub(super) unit: &'static str,
    pub(super) meter: &'static str,
    pub(super) reservation: String,
    pub(super) credit_reason: &'static str,
    pub(super) term: Period,
    /// The id that both lines of a pair have.
    pub(super) reference: String,
    pub(super) qualifiers: &'static str,
    pub(super) promotion: String,
    pub(super) is_new_commerce: bool,
    pub(super) is_monthly: bool,
}

impl Charged {
    /// What the vendor would charge where we would charge this.
    pub(super) fn of(scene: &Scene<'_>, line: &Line, request: &Request, ids: &Ids) -> Charged {
        let names = scene.names;
        let row = &scene.book.subscriptions[line.subscription.rank()];
        let customer = names.customer(row.customer);
        let (product, sku) = (names.product(line.item), names.sku(line.item));
        let name = title(product, sku);
        let promotion = line.reduction.promotion.map_or("", |id| names.promotion(id));
        let is_trial = row.origin == Origin::Trial && line.unit_price == 0;
        let reference = if line.paired {
            ids.guid(names.subscription(line.behind), &line.happened_at.to_string())
        } else {
            String::new()
        };
        let mut adjustments = Vec::new();
        if let Some(discount) = line.discount().filter(|discount| *discount > 0) {
            let percent = decimal(discount.into(), PERCENT_DIGITS, 1);
            let code = line.reduction.code.map(|id| format!(" with {}", names.code(id)));
            let what = if promotion.is_empty() { "Promotional code" } else { "Promotion" };
            adjustments.push(format!("{percent}% {what} discount{}", code.unwrap_or_default()));
        }
        Charged {
            subscription: names.subscription(line.subscription).to_owned(),
            customer: customer.to_owned(),
            customer_name: customer_name(request, customer),
            country: names.market(row.market).to_owned(),
            partner: row.partner.map_or("", |id| names.partner(id)).to_owned(),
            order: row.order.map_or("", |id| names.order(id)).to_owned(),
            ordered_at: row.begins_at(),
            product: product.to_owned(),
            sku: sku.to_owned(),
            title: name.to_owned(),
            description: name.to_owned(),
            charge_type: line.charge_type.name(),
            unit_price: line.unit_price,
            kept: line.reduction.kept,
            effective: line.effective_unit_price,
            quantity: line.quantity.to_string(),
            seats: line.quantity,
            subtotal: line.subtotal,
            currency: row.currency,
            adjustments,
            charge: line.charge,
            is_endless: false,
            cycle_days: line.cycle_days,
            term_and_cycle: term_and_cycle(line, is_trial),
            frequency: frequency(line.billing_cycle),
            unit: "Licenses",
            meter: "",
            reservation: String::new(),
            credit_reason: "",
            term: line.term_period,
            reference,
            qualifiers: if is_trial { "[\"Trial\"]" } else { "" },
            promotion: promotion.to_owned(),
            is_new_commerce: row.commerce == Commerce::New,
            is_monthly: line.billing_cycle == BillingCycle::Monthly,
        }
    }

    /// Whether it charges a whole cycle and nothing else.
    pub(super) fn is_whole_cycle(&self) -> bool {
        let types = [ChargeType::New, ChargeType::Renew, ChargeType::CycleCharge];
        types.iter().any(|known| known.name() == self.charge_type) && self.charge.days() == self.cycle_days
    }

    /// Charges so many seats.
    pub(super) fn charge_seats(&mut self, seats: u32) {
        (self.seats, self.quantity) = (seats, seats.to_string());
        self.count_again();
    }

    /// Makes the amount anew of seats, price, discount and days, cut to the minor unit as the vendor cuts it.
    pub(super) fn count_again(&mut self) {
        let price = Price::from_millionths(self.unit_price).unwrap_or_default();
        let unit = Exact::of(price).keep(self.kept).share(self.charge.days(), self.cycle_days.max(1));
        let unit = if self.subtotal < 0 { unit.negated() } else { unit };
        let counted = round_line(unit, self.seats, self.currency.digits(), Rounding::Truncate, false);
        (self.subtotal, self.effective) = (counted.subtotal, counted.effective);
    }

    /// Charges this amount, whatever else it says.
    pub(super) fn charge_amount(&mut self, subtotal: i64) {
        let minor = 10_i128.pow(EFFECTIVE_DIGITS - self.currency.digits());
        self.subtotal = subtotal;
        self.effective = i128::from(subtotal) * minor / i128::from(self.seats.max(1));
    }

    /// The cells, in the order of the file's columns.
    pub(super) fn cells(&self, ids: &Ids) -> [String; 46] {
        let is_guarded = ids.number("guarded", &self.customer).is_multiple_of(GUARDED_ONE_IN);
        let (digits, sign) = (self.currency.digits(), if self.subtotal < 0 { -1 } else { 1 });
        let number = |units: i128, of: u32| {
            if is_guarded { guarded(units, of) } else { decimal(units, of, digits as usize) }
        };
        let amount = |minor: i64| number(minor.into(), digits);
        let tax = self.subtotal * TAX / 100;
        let account = account_of(self.currency.code());
        let quantity = if is_guarded { guarded(self.seats.into(), 0) } else { self.quantity.clone() };
        let charge_type =
            if is_guarded { capitalised(self.charge_type) } else { self.charge_type.to_owned() };
        let item = format!("{}:{}", self.product, self.sku);
        let date = |day: Day| if is_guarded { american(day) } else { day.to_string() };
        let reference = match self.reference.as_str() {
            id if is_guarded && !id.is_empty() => {
                format!("{{\"osId\":\"{}\",\"id\":\"{id}\",\"v\":\"1\"}}", self.order)
            }
            id => id.to_owned(),
        };
        let is_own = self.partner.is_empty() || self.partner == OWN_MPN_ID;
        [
            ids.guid("partner", self.currency.code()),
            self.customer.clone(),
            self.customer_name.clone(),
            domain(&self.customer_name, &self.customer),
            self.country.clone(),
            format!("G{:09}", 78_300_000 + account),
            OWN_MPN_ID.to_owned(),
            if is_own { String::new() } else { self.partner.clone() },
            self.order.clone(),
            date(self.ordered_at.day()),
            self.product.clone(),
            self.sku.clone(),
            format!("CFQ7TTC0{:04X}", ids.number("availability", &item) % 0x1_0000),
            self.title.clone(),
            self.title.clone(),
            charge_type,
            number(i128::from(sign * self.unit_price), PRICE_DIGITS),
            quantity.clone(),
            amount(self.subtotal),
            amount(tax),
            amount(self.subtotal + tax),
            self.currency.code().to_owned(),
            list(&self.adjustments),
            "Microsoft".to_owned(),
            String::new(),
            self.description.clone(),
            self.subscription.clone(),
            date(self.charge.first),
            if self.is_endless { String::new() } else { date(self.charge.last) },
            self.term_and_cycle.clone(),
            number(self.effective, EFFECTIVE_DIGITS),
            self.unit.to_owned(),
            format!("{:012X}", ids.number("alternate", &self.subscription) >> 16),
            quantity,
            self.frequency.to_owned(),
            self.currency.code().to_owned(),
            "1".to_owned(),
            // No rate was looked up for one currency.
            String::new(),
            self.meter.to_owned(),
            self.reservation.clone(),
            self.credit_reason.to_owned(),
            date(self.term.first),
            if self.is_endless { String::new() } else { date(self.term.last) },
            reference,
            self.qualifiers.to_owned(),
            self.promotion.clone(),
        ]
    }
}

/// The vendor's free text; its spelling of three years is its own.
fn term_and_cycle(line: &Line, is_trial: bool) -> String {
    let term = match line.term {
        Term::P1M => "One-Month",
        Term::P1Y => "One-Year",
        Term::P3Y => "Three-3 Years",
    };
    let cycle = match (line.billing_cycle, line.term) {
        _ if is_trial => return format!("{term} commitment for trial"),
        (BillingCycle::Monthly, _) | (BillingCycle::Upfront, Term::P1M) => "monthly billing",
        (BillingCycle::Annual, _) | (BillingCycle::Upfront, Term::P1Y) => "yearly billing",
        (BillingCycle::Upfront, Term::P3Y) => "3 Years billing",
    };
    format!("{term} commitment for {cycle}")
}

/// Blank where it is charged once.
fn frequency(cycle: BillingCycle) -> &'static str {
    match cycle {
        BillingCycle::Monthly => "Monthly",
        BillingCycle::Annual => "Annual",
        BillingCycle::Upfront => "",
    }
}

/// `["15.0% Promotion discount"]`, or nothing.
fn list(texts: &[String]) -> String {
    if texts.is_empty() {
        return String::new();
    }
    serde_json::Value::from(texts).to_string()
}

/// Of a name its plain letters, below a domain that is nobody's.
fn domain(name: &str, customer: &str) -> String {
    let letters: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let letters = if letters.is_empty() { customer.to_ascii_lowercase() } else { letters };
    format!("{letters}.example")
}

/// As that export writes a day.
fn american(day: Day) -> String {
    format!("{}/{}/{} 12:00:00 AM", day.month(), day.day_of_month(), day.year())
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The digits of a number before and after the point.
fn parts(units: i128, digits: u32) -> (&'static str, String, String) {
    let digits = digits as usize;
    let text = format!("{:0>width$}", units.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    (if units < 0 { "-" } else { "" }, whole.to_owned(), fraction.to_owned())
}

/// A plain decimal with at least so many digits after the point, where it has them.
fn decimal(units: i128, digits: u32, least: usize) -> String {
    let (sign, whole, mut fraction) = parts(units, digits);
    while fraction.len() > least && fraction.ends_with('0') {
        fraction.pop();
    }
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A decimal as a spreadsheet can't spoil it.
fn guarded(units: i128, digits: u32) -> String {
    if units == 0 {
        return format!("'0E-{GUARDED_DIGITS}");
    }
    let (sign, whole, fraction) = parts(units, digits);
    format!("'{sign}{whole}.{fraction:0<GUARDED_DIGITS$}")
}
