//! Purchases that somebody asks about: everything that one would be turned down for, and which promotions it would have had.
//!
//! A run names the first thing that it turns a row down for, and then judges no promotion, since nothing is priced. Who asks
//! wants to know everything that stands in the way (R15), so here the customer is played up to the purchase, every question
//! that a run asks is asked, and its promotions are judged as the run would have judged them, whoever may buy it and whether or
//! not it has a price.

use super::{Slate, TimeLine};
use crate::book::{CustomerBook, Known, Subscription, Window};
use crate::calendar::BillingCycle;
use crate::catalog::{Catalog, Segment};
use crate::findings::Code;
use crate::money::{Price, SEATS_MAX, fits_a_line};
use crate::policy::Policy;
use crate::reasons::Reasons;
use crate::workings::{Played, Steps};

/// What there is to say of a purchase before it is made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Appraisal {
    /// Everything that a run would turn it down for, each code once, in the order in which a run asks: customer, market, seats,
    /// billing cycle, segment, provider, price, amount. Of a billing cycle that the term does not have no price is asked for,
    /// and without seats the price is that of one.
    pub refused: Vec<Code>,
    /// The segments that the customer may be sold this product in on that day (R50 to R52).
    pub segments: Vec<Segment>,
    /// The most seats that a line can hold at the price; none: there is no price, or it holds any number.
    pub most_seats: Option<u32>,
    /// The verdicts on its promotions.
    pub steps: Steps,
}

/// Plays a customer once, and judges every subscription from number `first` on when it would begin: none of these is made, so they
/// do not see each other. Nothing is said of one that would begin after the window.
pub fn judge_purchases(
    customer: CustomerBook<'_>,
    first: usize,
    catalog: &Catalog,
    policy: &Policy,
    window: Window,
    played: &mut Played,
) -> Vec<Appraisal> {
    let mut appraisals = vec![Appraisal::default(); customer.subscriptions.len().saturating_sub(first)];
    let mut line = TimeLine::new(Slate::default(), customer, catalog, policy, window, played);
    let happenings = line.prepared();
    line.play_all(&happenings, first, |line, number| appraisals[number - first] = line.judge(number));
    appraisals
}

impl TimeLine<'_> {
    fn judge(&mut self, number: usize) -> Appraisal {
        let row = self.row(number);
        let mut refused = faults(row, self.book.known, self.catalog, self.policy);
        if let Err((code, _)) = self.check_sale(row) {
            refused.push(code);
        }
        // The segment is asked about first, so that it may hide this.
        let without_provider = self.catalog.partners.needs_provider(row.partner, row.segment);
        if without_provider && !refused.contains(&Code::ResellerNeedsProvider) {
            refused.push(Code::ResellerNeedsProvider);
        }
        let mut most_seats = None;
        if !refused.contains(&Code::BillingCycleNotForTerm) {
            let (seats, mut reasons) = (row.quantity.max(1), Reasons::NONE);
            match self.price(row, row.item, row.term, row.billing_cycle, seats, row.term_start, &mut reasons)
            {
                Err(code) => refused.push(code),
                Ok(price) => {
                    most_seats = most_seats_at(price);
                    refused.extend((!fits_a_line(price, seats)).then_some(Code::AmountTooLarge));
                }
            }
        }
        let segments = Segment::ALL.into_iter().filter(|&segment| self.is_sold_in(segment, row)).collect();
        Appraisal { refused, segments, most_seats, steps: self.judge_promotions(number) }
    }

    /// Whether the customer may be sold the row's product in a segment; who sells it is not asked (R50 to R52).
    fn is_sold_in(&mut self, segment: Segment, row: &Subscription) -> bool {
        let sale = self.check_sale(&Subscription { segment, ..*row });
        sale.err().is_none_or(|(code, _)| code != Code::SegmentNotAllowed)
    }

    /// The verdicts on every promotion that a row may get when its term begins.
    fn judge_promotions(&mut self, number: usize) -> Steps {
        let first = self.played.steps.len();
        let row = self.row(number);
        let (seats, mut reasons) = (row.quantity, Reasons::NONE);
        let request = self.request(row, row.item, row.term, row.billing_cycle, seats, row.term_start);
        self.promotion_at_start(number, &request, &mut reasons);
        self.steps_since(first)
    }
}

/// Everything that is wrong with a purchase alone: what is found is mended in a copy, and the rule is asked again.
fn faults(row: &Subscription, known: Known, catalog: &Catalog, policy: &Policy) -> Vec<Code> {
    let (mut row, mut known) = (*row, known);
    let mut codes = Vec::new();
    while let Some((code, _)) = row.fault(known, catalog, policy) {
        codes.push(code);
        if matches!(code, Code::CustomerUnknown | Code::MarketDiffers) {
            known = Known::NoFile;
        } else if code == Code::SeatsNotPositive {
            row.quantity = 1;
        } else if code == Code::BillingCycleNotForTerm {
            // Every term can be paid at once.
            row.billing_cycle = BillingCycle::Upfront;
        } else {
            break;
        }
    }
    codes
}

/// The most seats at a price whose term stays within what a line can hold; none: as many as can be written.
fn most_seats_at(price: Price) -> Option<u32> {
    if fits_a_line(price, SEATS_MAX) {
        return None;
    }
    let mut seats = 0;
    for bit in (0..u32::BITS).rev() {
        let more = seats | 1 << bit;
        if fits_a_line(price, more) {
            seats = more;
        }
    }
    Some(seats)
}
