//! A purchase that somebody asks about although it would be turned down: which promotions it would have had.
//!
//! A run judges no promotion for a row that it turns down, since nothing is priced. Who asks wants to know everything that
//! stands in the way (R15), so here the customer is played up to the purchase, and its promotions are judged as the run would
//! have judged them, whoever may buy it and whether or not it has a price.

use super::{Slate, TimeLine};
use crate::book::{CustomerBook, Window};
use crate::catalog::Catalog;
use crate::policy::Policy;
use crate::reasons::Reasons;
use crate::workings::{Played, Steps};

/// Plays a customer up to the beginning of its last subscription, and judges the promotions of that one. The steps are the
/// verdicts; none where the window ends before.
pub fn judge_purchase(
    customer: CustomerBook<'_>,
    catalog: &Catalog,
    policy: &Policy,
    window: Window,
    played: &mut Played,
) -> Steps {
    let asked = customer.subscriptions.len().saturating_sub(1);
    let mut line = TimeLine::new(Slate::default(), customer, catalog, policy, window, played);
    let happenings = line.prepared();
    if line.play_before(&happenings, Some(asked)) { line.judge(asked) } else { Steps::default() }
}

impl TimeLine<'_> {
    /// The verdicts on every promotion that a row may get when its term begins.
    fn judge(&mut self, number: usize) -> Steps {
        let first = self.played.steps.len();
        let row = self.row(number);
        let (seats, mut reasons) = (row.quantity, Reasons::NONE);
        let request = self.request(row, row.item, row.term, row.billing_cycle, seats, row.term_start);
        self.promotion_at_start(number, &request, &mut reasons);
        self.steps_since(first)
    }
}
