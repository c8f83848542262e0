//! Which promo code each subscription has, settled for the customer as a whole before the story begins (R38, B24).

use super::TimeLine;
use super::state::State;
use crate::book::Redemption;
use crate::findings::{Code, Disposition, Fate, NotDue};
use crate::ids::{CodeId, OrderId};
use crate::rating::promo_code::judge;
use crate::rating::seat_parts::HeldCode;
use crate::workings::Step;
use std::collections::BTreeMap;

/// What became of a redemption, by its number among the customer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Judged {
    Counts(HeldCode),
    Refused(Code),
    /// Entered after `as_of`, or for a subscription that is not ours to bill.
    Aside,
}

impl TimeLine<'_> {
    /// Judges every redemption in the order in which codes were entered, then by code: the first that passes is the
    /// subscription's, and its order is the one that the customer uses the code in (B24).
    pub(super) fn judge_redemptions(&mut self) {
        let rows = self.book.redemptions;
        if rows.is_empty() {
            return;
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&number| {
            (rows[number].entered_at, rows[number].code, rows[number].subscription, number)
        });
        let mut claimed: BTreeMap<CodeId, Option<OrderId>> = BTreeMap::new();
        let mut judged: Vec<Judged> = vec![Judged::Aside; rows.len()];
        let mut taken: Vec<bool> = vec![false; self.running.len()];
        for number in order {
            let redemption = &rows[number];
            if redemption.entered_at.day() > self.window.billed.last {
                continue;
            }
            let subscription = self.number_of(redemption.subscription);
            let row = self.row(subscription);
            let first = claimed.get(&redemption.code).copied().flatten();
            judged[number] = match judge(redemption, row, &self.catalog.codes, first) {
                Err(why) => Judged::Refused(why),
                Ok(_) if taken[subscription] => Judged::Refused(Code::PromoCodeSecond),
                // What the vendor bills, or is history only, settles nothing for the others.
                Ok(_) if !row.is_billable() => Judged::Aside,
                Ok(code) => {
                    taken[subscription] = true;
                    let claim = claimed.entry(redemption.code).or_default();
                    *claim = claim.or(redemption.order);
                    let max_licences = code.max_licences;
                    Judged::Counts(HeldCode { id: code.id, discount: code.discount, max_licences })
                }
            };
        }
        self.judged_codes = judged;
    }

    /// The code of a purchase, with the steps of every code that was entered for it.
    pub(super) fn code_of(&mut self, number: usize) -> (Option<HeldCode>, bool) {
        let row = self.row(number);
        let (mut held, mut refused) = (None, false);
        let own = self.running[number].redemptions;
        for (redemption, judged) in own.of(self.book.redemptions).iter().zip(own.of(&self.judged_codes)) {
            match *judged {
                Judged::Counts(code) => {
                    held = Some(code);
                    let HeldCode { id, discount, max_licences } = code;
                    self.played.steps.push(Step::CodeAccepted { code: id, discount, max_licences });
                }
                Judged::Refused(why) => {
                    // One that was entered later says nothing of the lines before it.
                    refused |= redemption.entered_at <= row.begins_at();
                    self.played.steps.push(Step::CodeRefused { code: redemption.code, why });
                }
                Judged::Aside => {}
            }
        }
        (held, refused)
    }

    /// Gives every redemption its fate.
    pub(super) fn settle_redemptions(&mut self) {
        for number in 0..self.book.redemptions.len() {
            let redemption = self.book.redemptions[number];
            let fate = self.redemption_fate(&redemption, self.judged_codes[number]);
            self.played.fates.push((redemption.source, fate));
        }
    }

    fn redemption_fate(&mut self, redemption: &Redemption, judged: Judged) -> Fate {
        let number = self.number_of(redemption.subscription);
        let running = &self.running[number];
        let set_aside = matches!(running.state, State::Failed(_)) || self.row(number).parked;
        match (judged, running.state) {
            _ if set_aside => Fate::NotDue(NotDue::SubscriptionRejected),
            (Judged::Counts(_) | Judged::Refused(_), State::Waiting) if self.row(number).opened => {
                self.refuse(number, redemption.source, Code::SubscriptionUnknown, "subscription_id")
            }
            (_, State::History(why)) => Fate::NotDue(why),
            (Judged::Aside, _) => Fate::NotDue(NotDue::AfterAsOf),
            (_, State::Waiting) => Fate::NotDue(NotDue::NotStarted),
            (Judged::Refused(why), _) => {
                let column = column_of(why);
                self.find(number, redemption.source, Disposition::Refused, why, column);
                Fate::Set(Disposition::Refused)
            }
            (Judged::Counts(code), State::Running | State::Ended | State::Failed(_)) => {
                if running.code_used == Some(code.id) { Fate::Billed } else { Fate::NotDue(NotDue::NoEffect) }
            }
        }
    }
}

/// The column that a refused code points at.
fn column_of(why: Code) -> &'static str {
    if matches!(why, Code::PromoCodeNotNew | Code::PromoCodeNotYet | Code::PromoCodeExpired) {
        "entered_at"
    } else if why == Code::PromoCodeOtherOrder {
        "order_id"
    } else {
        "code"
    }
}
