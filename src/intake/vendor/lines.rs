//! One line of either file: its cells become what a comparison needs.

use super::cells;
use super::id_map::IdMap;
use super::layout::Layout;
use super::shelves::{Basket, Shelving};
use crate::intake::cell;
use crate::intake::columns::{Column, Need, invoice_lines as o, vendor_lines as v};
use crate::intake::desk::Notes;
use crate::intake::memo::Memo;
use crate::intake::row::{Cells, Fault, Row};
use termwise_engine::calendar::{Day, Instant, Period};
use termwise_engine::findings::{Code, Disposition, Source, Table};
use termwise_engine::money::{Currency, Price, about, truncated_again};
use termwise_engine::reconciling::{Entry, Kind, Ours, Told, Vendors, signed_seats};

/// What tells a licence from everything else that the vendor sells by subscription (domain 4.3).
const COMMITMENT: &str = "commitment";
/// The charge type of a trial's refund, which costs nothing.
const CONVERSION: &str = "convert";
/// Words that stand in the description of what is no licence.
const NO_LICENCES: [&str; 4] = ["azure plan", "reservation", "savings plan", "perpetual"];

/// Who reads lines.
pub(super) struct Clerk<'c> {
    basket: Basket,
    map: &'c IdMap,
    notes: Notes,
    faults: Vec<Fault>,
    unread: Unread,
    currencies: Memo<Currency>,
    kinds: Memo<Kind>,
    licences: Memo<bool>,
    commitments: Memo<bool>,
    days: Memo<Day>,
    joined: String,
}

/// Whose line, and what it says.
struct Read<'a, L> {
    subscription: &'a str,
    customer: &'a str,
    line: L,
}

impl<'c> Clerk<'c> {
    pub(super) fn new(shelving: &Shelving, map: &'c IdMap) -> Clerk<'c> {
        Clerk {
            basket: shelving.basket(),
            map,
            notes: Notes::default(),
            faults: Vec::new(),
            unread: Unread::default(),
            currencies: Memo::default(),
            kinds: Memo::default(),
            licences: Memo::default(),
            commitments: Memo::default(),
            days: Memo::default(),
            joined: String::new(),
        }
    }

    /// What it read, and what was wrong.
    pub(super) fn done(self) -> (Basket, Notes, Unread) {
        (self.basket, self.notes, self.unread)
    }

    /// Reads a row.
    pub(super) fn take(&mut self, row: Row<'_>, source: Source, layout: Layout) {
        let mut faults = std::mem::take(&mut self.faults);
        let mut cells = Cells::new(row, &mut faults);
        if source.table == Table::InvoiceLines {
            let read = self.ours(&mut cells);
            if let Some(Read { subscription, customer, line }) = read.filter(|_| cells.is_clean()) {
                self.basket.put_ours(subscription, customer, line);
            }
        } else {
            let (read, is_licence) = if self.is_credit(&mut cells) {
                (self.loose_line(&mut cells, Kind::Credit), true)
            } else if self.is_licence(&mut cells, layout) {
                (self.vendors(&mut cells), true)
            } else {
                (self.loose_line(&mut cells, Kind::Change), false)
            };
            if let Some(Read { subscription, customer, line }) = read.filter(|_| cells.is_clean()) {
                self.basket.put_vendors(subscription, customer, line, is_licence);
            }
        }
        if !faults.is_empty() {
            self.notes.set(source, Disposition::Rejected, &faults);
            if source.table == Table::VendorLines {
                self.unread.count(&row);
            }
        }
        self.faults = faults;
    }

    /// Whether the vendor gives or takes money for something else than a licence or what it sells beside them. Such a line may
    /// lack everything but its amount.
    fn is_credit(&mut self, cells: &mut Cells<'_, '_>) -> bool {
        let kinds = &mut self.kinds;
        let kind = cells.text(v::CHARGE_TYPE).and_then(|word| kinds.of(word, |word| Some(kind(word))));
        kind == Some(Kind::Credit) && !self.is_other(cells)
    }

    /// Whether a line is about usage, a reservation or the like.
    fn is_other(&mut self, cells: &mut Cells<'_, '_>) -> bool {
        if is_filled(cells, v::METER) || is_filled(cells, v::RESERVATION) {
            return true;
        }
        let is_other = |text: &str| {
            let small = text.to_ascii_lowercase();
            Some(NO_LICENCES.iter().any(|word| small.contains(word)))
        };
        cells.text(v::DESCRIPTION).is_some_and(|text| self.licences.of(text, is_other) == Some(true))
    }

    /// Whether a line of the vendor's is about licences. Only the new-commerce file holds anything else.
    fn is_licence(&mut self, cells: &mut Cells<'_, '_>, layout: Layout) -> bool {
        if layout != Layout::NewCommerce {
            return true;
        }
        if self.is_other(cells) {
            return false;
        }
        match cells.text(v::TERM_AND_CYCLE) {
            // "One-Year commitment for monthly billing", against "1 Year Subscription" or "3 Years Reservation".
            Some(term) => {
                let is_committed = |term: &str| Some(term.to_ascii_lowercase().contains(COMMITMENT));
                self.commitments.of(term, is_committed) == Some(true)
            }
            // A file of old may lack the column; what has neither a term nor an end was sold for ever.
            None => is_filled(cells, v::CHARGE_END),
        }
    }

    fn vendors<'a>(&mut self, cells: &mut Cells<'_, 'a>) -> Option<Read<'a, Vendors>>
    where
        'c: 'a,
    {
        let subscription = self.mapped(cells, v::SUBSCRIPTION_ID);
        let customer = cells.text(v::CUSTOMER_ID).map(|id| self.map.ours(id));
        let item = self.item(cells);
        let (currency, amount) = self.amount(cells, (v::CURRENCY, v::SUBTOTAL));
        let quantity = cells.read(v::QUANTITY, cells::seats);
        let unit_price = cells.read(v::UNIT_PRICE, cells::unit_price);
        let (first, last) = (self.day(cells, v::CHARGE_START), self.day(cells, v::CHARGE_END));
        let promotion = self.promotion(cells);
        let charge_type = cells.text(v::CHARGE_TYPE).unwrap_or_default();
        let kind = self.kinds.of(charge_type, |word| Some(kind(word)))?;
        let is_of_trial = unit_price == Some(Price::ZERO) && charge_type.eq_ignore_ascii_case(CONVERSION);
        // A price in another currency than the amount's can't be held against ours.
        let is_other = cells
            .text(v::PRICING_CURRENCY)
            .zip(cells.text(v::CURRENCY))
            .is_some_and(|(one, other)| one != other);
        let unit_price = unit_price.filter(|_| !is_other);
        let charge = Period::new(first?, last?);
        if charge.is_none() {
            cells.fault(Code::ChargeDaysReversed, v::CHARGE_END);
        }
        let (charge, amount) = (charge?, amount?);
        let sign_of_price = match amount {
            0 => cells.text(v::EFFECTIVE_UNIT_PRICE).map_or(0, cells::sign),
            _ => 0,
        };
        let entry = Entry {
            item: item?,
            currency: currency?,
            charge,
            cycle_first: charge.first,
            kind,
            quantity: signed_seats(quantity?, amount, sign_of_price, kind, is_of_trial),
            unit_price,
            promotion,
        };
        let line = Vendors { entry, amount };
        Some(Read { subscription: subscription?, customer: customer.unwrap_or_default(), line })
    }

    /// A line that is no licence, or a credit: only whose it is and what it costs.
    fn loose_line<'a>(&mut self, cells: &mut Cells<'_, 'a>, kind: Kind) -> Option<Read<'a, Vendors>>
    where
        'c: 'a,
    {
        let (currency, amount) = self.amount(cells, (v::CURRENCY, v::SUBTOTAL));
        let optional = |cells: &mut Cells<'_, 'a>, column| cells.text(loose(column)).unwrap_or_default();
        let subscription = self.map.ours(optional(cells, v::SUBSCRIPTION_ID));
        let customer = self.map.ours(optional(cells, v::CUSTOMER_ID));
        let (product, sku) = (optional(cells, v::PRODUCT_ID), optional(cells, v::SKU_ID));
        let first = cells.text(loose(v::CHARGE_START)).and_then(|text| cell::price_day(text).ok());
        let last = cells.text(loose(v::CHARGE_END)).and_then(|text| cell::price_day(text).ok());
        let charge = match kind {
            // What was sold for ever has no last day, and what was used may have none at all.
            Kind::Cycle | Kind::Change => {
                Period { first: first.unwrap_or_else(no_day), last: last.unwrap_or_else(no_day) }
            }
            Kind::Credit => {
                let day = first.or(last).unwrap_or_else(no_day);
                Period { first: day, last: last.unwrap_or(day).max(day) }
            }
        };
        let unit_price = cells.text(v::UNIT_PRICE).and_then(|text| cells::unit_price(text).ok());
        let (amount, currency) = (amount?, currency?);
        let quantity =
            cells.text(loose(v::QUANTITY)).and_then(|text| cells::seats(text).ok()).unwrap_or_default();
        let entry = Entry {
            item: self.basket.item(product, sku),
            currency,
            charge,
            cycle_first: charge.first,
            kind,
            quantity: signed_seats(quantity, amount, 0, kind, false),
            unit_price: unit_price.filter(|_| kind == Kind::Credit),
            promotion: Told::Nothing,
        };
        Some(Read { subscription, customer, line: Vendors { entry, amount } })
    }

    fn ours<'a>(&mut self, cells: &mut Cells<'_, 'a>) -> Option<Read<'a, Ours>> {
        let (subscription, customer) = (cells.text(o::SUBSCRIPTION_ID), cells.text(o::CUSTOMER_ID));
        let (product, sku) = (cells.text(o::PRODUCT_ID), cells.text(o::SKU_ID));
        let (currency, amount) = self.amount(cells, (o::CURRENCY, o::SUBTOTAL));
        let effective = cells.read(o::EFFECTIVE_UNIT_PRICE, cells::effective_unit_price);
        let (quantity, unit_price) = (cells.seats(o::QUANTITY), cells.money(o::UNIT_PRICE));
        let (first, last) = (cells.day(o::CHARGE_START), cells.day(o::CHARGE_END));
        let (days, cycle_days) = (cells.seats(o::DAYS), cells.seats(o::CYCLE_DAYS));
        let term_start = cells.day(o::TERM_START);
        let charge_type = cells.text(o::CHARGE_TYPE)?;
        let kind = self.kinds.of(charge_type, |word| Some(kind(word)))?;
        let promotion = match cells.text(o::PROMOTION_ID) {
            Some(id) => Told::Promotion(self.basket.word(id)),
            None => Told::NoPromotion,
        };
        let charge = Period::new(first?, last?);
        if charge.is_none() {
            cells.fault(Code::ChargeDaysReversed, o::CHARGE_END);
        }
        let (charge, amount, seats, cycle_days) = (charge?, amount?, quantity?, cycle_days?);
        let (currency, effective, unit_price) = (currency?, effective?, unit_price?);
        let is_of_trial = unit_price == Price::ZERO && charge_type == CONVERSION;
        let sign_of_price = i64::try_from(effective.signum()).unwrap_or_default();
        let entry = Entry {
            item: self.basket.item(product?, sku?),
            currency,
            charge,
            cycle_first: cycle_first(kind, charge, cycle_days, term_start?),
            kind,
            quantity: signed_seats(seats.into(), amount, sign_of_price, kind, is_of_trial),
            unit_price: Some(unit_price),
            promotion,
        };
        let digits = currency.digits();
        let line = Ours {
            entry,
            own: amount,
            truncated_line: truncated_again(effective, seats, digits, false),
            truncated_unit: truncated_again(effective, seats, digits, true),
            undiscounted: amount.signum()
                * about(unit_price.millionths(), seats, (days?, cycle_days), digits),
        };
        Some(Read { subscription: subscription?, customer: customer?, line })
    }

    /// An id of ours for one that must be there.
    fn mapped<'a>(&self, cells: &mut Cells<'_, 'a>, column: Column) -> Option<&'a str>
    where
        'c: 'a,
    {
        cells.text(column).map(|id| self.map.ours(id))
    }

    fn item(&mut self, cells: &mut Cells<'_, '_>) -> Option<u32> {
        let (product, sku) = (cells.text(v::PRODUCT_ID)?, cells.text(v::SKU_ID).unwrap_or_default());
        self.joined.clear();
        self.joined.push_str(product);
        self.joined.push(':');
        self.joined.push_str(sku);
        let (product, sku) = self.map.item(product, sku, &self.joined);
        Some(self.basket.item(product, sku))
    }

    /// The currency of a line, and its amount in minor units of it.
    fn amount(
        &mut self,
        cells: &mut Cells<'_, '_>,
        (currency, subtotal): (Column, Column),
    ) -> (Option<Currency>, Option<i64>) {
        let of_code = |code: &str| Currency::from_code(code);
        let currency = cells.known_or(currency, &mut self.currencies, Code::CurrencyUnknown, of_code);
        let amount = currency.and_then(|currency| cells.read(subtotal, |text| cells::amount(text, currency)));
        (currency, amount)
    }

    fn day(&mut self, cells: &mut Cells<'_, '_>, column: Column) -> Option<Day> {
        let days = &mut self.days;
        cells.read(column, |text| {
            days.of(text, |text| cell::price_day(text).ok().and_then(cell::in_years)).ok_or(Code::DateInvalid)
        })
    }

    fn promotion(&mut self, cells: &mut Cells<'_, '_>) -> Told {
        match cells.text(v::PROMOTION_ID) {
            Some(id) => Told::Promotion(self.basket.word(id)),
            None if cells.has(v::PROMOTION_ID) => Told::NoPromotion,
            None => Told::Nothing,
        }
    }
}

/// The day that stands for none on a line that is no licence: such a line is counted and compared with nothing.
pub fn no_day() -> Day {
    Instant::BEGINNING.day()
}

fn is_filled(cells: &mut Cells<'_, '_>, column: Column) -> bool {
    cells.text(loose(column)).is_some_and(|text| !text.trim().is_empty())
}

/// What lines of the vendor's that can't be read would come to: it stands in no total, and somebody has to know.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unread {
    /// Such lines.
    pub lines: u64,
    /// Those whose amount or currency can't be read either.
    pub without_amount: u64,
    /// The amounts of the others, by currency.
    pub sums: Vec<(Currency, i128)>,
}

impl Unread {
    fn count(&mut self, row: &Row<'_>) {
        self.lines += 1;
        let currency = Currency::from_code(row.cell(v::CURRENCY)).filter(|_| !row.ragged);
        let amount = currency
            .and_then(|currency| Some((currency, cells::amount(row.cell(v::SUBTOTAL), currency).ok()?)));
        match amount {
            Some((currency, amount)) => self.add_sum(currency, amount.into()),
            None => self.without_amount += 1,
        }
    }

    fn add_sum(&mut self, currency: Currency, sum: i128) {
        match self.sums.binary_search_by_key(&currency, |(known, _)| *known) {
            Ok(place) => self.sums[place].1 += sum,
            Err(place) => self.sums.insert(place, (currency, sum)),
        }
    }

    /// Adds what another thread read.
    pub(super) fn add(&mut self, other: Unread) {
        self.lines += other.lines;
        self.without_amount += other.without_amount;
        other.sums.into_iter().for_each(|(currency, sum)| self.add_sum(currency, sum));
    }
}

/// A column whose cell may be empty: of what is no licence only whose it is and what it costs has to be there.
fn loose(column: Column) -> Column {
    Column { need: Need::Optional, ..column }
}

/// What a charge type is to a comparison; the vendor writes it in any case, and legacy files in words (domain 4.3, 4.4).
fn kind(word: &str) -> Kind {
    let small: String =
        word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match small.as_str() {
        "new"
        | "renew"
        | "cyclecharge"
        | "changebillingplan"
        | "extendterm"
        | "cyclefee"
        | "newpurchasecyclefee" => Kind::Cycle,
        "customercredit" | "offsetalineitem" => Kind::Credit,
        _ => Kind::Change,
    }
}

/// The first day of the cycle that a line of ours is part of.
pub fn cycle_first(kind: Kind, charge: Period, cycle_days: u32, term_start: Day) -> Day {
    if kind == Kind::Cycle {
        return charge.first;
    }
    let back = i32::try_from(cycle_days).unwrap_or_default();
    let first = Day::from_epoch_days(charge.last.epoch_days() - back + 1).unwrap_or(charge.first);
    first.max(term_start).min(charge.first.max(term_start))
}
