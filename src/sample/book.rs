//! The book: subscriptions and what happened to them, a customer at a time.
//!
//! A [`Desk`] is where one customer's rows are made. Its helpers write a subscription that every rule accepts; a story
//! then changes the cells that it is about.

use super::catalogue::{Cycle, PRODUCTS, Product, Segment, Shelf, Term};
use super::customers::Customer;
use super::days::{Stamp, at, date_text, optional_date};
use super::dice::Dice;
use super::stories::{Group, Story};
use chrono::{NaiveDate, NaiveDateTime};

/// A subscription's row.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) subscription_id: String,
    pub(crate) partner_id: String,
    pub(crate) bill_to_id: String,
    pub(crate) order_id: String,
    pub(crate) commerce: &'static str,
    pub(crate) product: &'static Product,
    pub(crate) segment: Segment,
    pub(crate) term: Term,
    pub(crate) cycle: Cycle,
    pub(crate) quantity: u32,
    pub(crate) quantity_as_of: Stamp,
    pub(crate) ordered_at: Stamp,
    pub(crate) term_start: NaiveDate,
    pub(crate) term_end: Option<NaiveDate>,
    pub(crate) anchored_on: Option<NaiveDate>,
    pub(crate) unit_price: String,
    pub(crate) promotion_id: &'static str,
    pub(crate) auto_renew: bool,
    pub(crate) status: &'static str,
    pub(crate) origin: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) tax_code: &'static str,
}

impl Subscription {
    /// The row, in the order of the table's columns.
    pub(crate) fn cells(&self, customer: &Customer) -> Vec<String> {
        let text = str::to_owned;
        vec![
            self.subscription_id.clone(),
            customer.customer_id.clone(),
            self.partner_id.clone(),
            self.bill_to_id.clone(),
            self.order_id.clone(),
            text(self.commerce),
            text(self.product.product_id),
            text(self.product.sku_id),
            text(self.segment.in_book()),
            text(customer.market.code),
            text(customer.market.currency),
            text(self.term.name()),
            text(self.cycle.name()),
            self.quantity.to_string(),
            self.quantity_as_of.text(),
            self.ordered_at.text(),
            date_text(self.term_start),
            optional_date(self.term_end),
            optional_date(self.anchored_on),
            self.unit_price.clone(),
            text(self.promotion_id),
            text(if self.auto_renew { "true" } else { "false" }),
            text(self.status),
            text(self.origin),
            text(self.channel),
            text(self.tax_code),
        ]
    }
}

/// One customer's rows of the inputs that are about subscriptions, in the order of their tables' columns.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) redemptions: Vec<[String; 4]>,
    pub(crate) seat_changes: Vec<[String; 5]>,
    pub(crate) lifecycle_events: Vec<[String; 9]>,
    pub(crate) scheduled_changes: Vec<[String; 9]>,
    pub(crate) holdings: Vec<[String; 5]>,
    /// Which story a subscription tells.
    pub(crate) stories: Vec<[String; 2]>,
}

/// A scheduled change; what stays empty stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scheduled {
    pub(crate) product: Option<&'static Product>,
    pub(crate) term: Option<Term>,
    pub(crate) cycle: Option<Cycle>,
    pub(crate) quantity: Option<u32>,
    pub(crate) term_end: Option<NaiveDate>,
    pub(crate) promotion_id: &'static str,
}

/// Where one customer's rows are made.
pub(crate) struct Desk<'a> {
    pub(crate) customer: &'a Customer,
    pub(crate) dice: Dice,
    pub(crate) rows: Rows,
    /// Limits that a story of this customer has used already.
    pub(crate) groups: Vec<Group>,
    /// Subscriptions before this customer's.
    numbered: u64,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(customer: &'a Customer, dice: Dice, numbered: u64) -> Desk<'a> {
        Desk { customer, dice, rows: Rows::default(), groups: Vec::new(), numbered }
    }

    /// Subscriptions made so far, of this customer and those before it.
    pub(crate) fn numbered(&self) -> u64 {
        self.numbered
    }

    /// A purchase like any other, not yet filed.
    pub(crate) fn draft(
        &mut self,
        product: &'static Product,
        (term, cycle): (Term, Cycle),
        term_start: NaiveDate,
    ) -> Subscription {
        self.numbered += 1;
        let segment = self.segment(product);
        let bill_to = self.dice.per_mille(30);
        let partner_id = self.customer.partners[0].clone();
        Subscription {
            subscription_id: format!("SUB-{:08}", self.numbered),
            bill_to_id: if bill_to { partner_id.clone() } else { String::new() },
            partner_id,
            order_id: format!("ORD-{:08}", self.numbered),
            commerce: "new",
            product,
            segment,
            term,
            cycle,
            quantity: self.seats(),
            quantity_as_of: Stamp::Nothing,
            ordered_at: self.ordered_on(term_start),
            term_start,
            term_end: None,
            anchored_on: None,
            unit_price: String::new(),
            promotion_id: "",
            auto_renew: true,
            status: "active",
            origin: "purchase",
            channel: "reseller",
            tax_code: self.customer.market.tax_code,
        }
    }

    /// A subscription that was renewed on `term_start`, having been bought a year or two before.
    pub(crate) fn renewed(
        &mut self,
        product: &'static Product,
        (term, cycle): (Term, Cycle),
        term_start: NaiveDate,
    ) -> Subscription {
        let mut subscription = self.draft(product, (term, cycle), term_start);
        let terms_ago = self.dice.between(1, if term == Term::P3Y { 1 } else { 2 });
        let bought = term_start
            .checked_sub_months(chrono::Months::new(term.months() * terms_ago))
            .unwrap_or(term_start);
        subscription.ordered_at = self.ordered_on(bought);
        subscription.origin = "renewal";
        subscription
    }

    /// Tells a story; its subscriptions are noted under its name.
    pub(crate) fn tell(&mut self, story: &Story) {
        let before = self.rows.subscriptions.len();
        self.groups.extend(story.group);
        (story.tell)(self);
        let told = self.rows.subscriptions.iter().skip(before);
        self.rows.stories.extend(told.map(|row| [row.subscription_id.clone(), story.name.to_owned()]));
    }

    /// Puts a subscription into the book.
    pub(crate) fn file(&mut self, subscription: Subscription) {
        self.rows.subscriptions.push(subscription);
    }

    /// An everyday product that this customer may be sold, in a term that it is sold in.
    pub(crate) fn product(&mut self, term: Term) -> &'static Product {
        let fits = |product: &&'static Product| {
            product.shelf == Shelf::Everyday
                && product.has_term(term)
                && product.segments.iter().any(|segment| self.customer.may_buy(*segment))
        };
        let products: Vec<&'static Product> = PRODUCTS.iter().copied().filter(fits).collect();
        self.dice.pick(&products)
    }

    /// A segment that the product has prices for and that the customer may buy (R50).
    fn segment(&mut self, product: &Product) -> Segment {
        let allowed: Vec<Segment> =
            product.segments.iter().copied().filter(|segment| self.customer.may_buy(*segment)).collect();
        match allowed.as_slice() {
            [] => Segment::Commercial,
            [only] => *only,
            [first, special @ ..] => {
                if self.dice.per_mille(400) {
                    *first
                } else {
                    self.dice.pick(special)
                }
            }
        }
    }

    /// Mostly a handful of seats, now and then some hundred.
    fn seats(&mut self) -> u32 {
        match self.dice.below(100) {
            0..55 => self.dice.between(1, 12),
            55..90 => self.dice.between(10, 80),
            90..99 => self.dice.between(60, 300),
            _ => self.dice.between(300, 1_500),
        }
    }

    /// A time of day in office hours of the market, on that day in UTC as well as there.
    pub(crate) fn office_hours(&mut self, day: NaiveDate) -> NaiveDateTime {
        let ahead = self.customer.market.offset;
        let (open, close) = match ahead {
            300.. => (0, 8),
            0..300 => (7, 16),
            _ => (13, 22),
        };
        at(day, self.dice.between(open, close), self.dice.below(60), self.dice.below(60))
    }

    /// When an order of that day came in: to the second, as a date, or not said.
    fn ordered_on(&mut self, day: NaiveDate) -> Stamp {
        match self.dice.below(10) {
            0..2 => Stamp::Nothing,
            2..4 => Stamp::Day(day),
            4..8 => Stamp::utc(self.office_hours(day)),
            _ => Stamp::At(self.office_hours(day), self.customer.market.offset),
        }
    }

    /// Seats after a change; `before` and `change_id` may be left out.
    pub(crate) fn seats_changed(
        &mut self,
        of: &Subscription,
        when: Stamp,
        quantity: u32,
        before: Option<u32>,
        change_id: &str,
    ) {
        self.rows.seat_changes.push([
            of.subscription_id.clone(),
            when.text(),
            quantity.to_string(),
            before.map(|seats| seats.to_string()).unwrap_or_default(),
            change_id.to_owned(),
        ]);
    }

    /// A lifecycle event without further cells.
    pub(crate) fn happened(&mut self, to: &Subscription, when: NaiveDateTime, kind: &str) {
        let mut event: [String; 9] = Default::default();
        event[0].clone_from(&to.subscription_id);
        event[1] = Stamp::utc(when).text();
        kind.clone_into(&mut event[2]);
        self.rows.lifecycle_events.push(event);
    }

    /// A change for the next renewal.
    pub(crate) fn scheduled(&mut self, of: &Subscription, when: NaiveDateTime, change: Scheduled) {
        self.rows.scheduled_changes.push([
            of.subscription_id.clone(),
            Stamp::utc(when).text(),
            change.product.map(|product| product.product_id).unwrap_or_default().to_owned(),
            change.product.map(|product| product.sku_id).unwrap_or_default().to_owned(),
            change.term.map(Term::name).unwrap_or_default().to_owned(),
            change.cycle.map(Cycle::name).unwrap_or_default().to_owned(),
            change.quantity.map(|seats| seats.to_string()).unwrap_or_default(),
            optional_date(change.term_end),
            change.promotion_id.to_owned(),
        ]);
    }

    /// A code entered with an order.
    pub(crate) fn entered(&mut self, with: &Subscription, code: &str, when: Stamp, order_id: &str) {
        let row = [with.subscription_id.clone(), code.to_owned(), when.text(), order_id.to_owned()];
        self.rows.redemptions.push(row);
    }

    /// Seats that the customer holds through others.
    pub(crate) fn holds(&mut self, product: &Product, quantity: u32, promotion_id: &str) {
        self.rows.holdings.push([
            self.customer.customer_id.clone(),
            product.product_id.to_owned(),
            product.sku_id.to_owned(),
            quantity.to_string(),
            promotion_id.to_owned(),
        ]);
    }
}
