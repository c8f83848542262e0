//! The steps that set a term: its price, its promotion, its promo code, and what a renewal made of it.

use super::conditions::{Judged, Unmet, unmet};
use super::{Scene, Told, count, percent, rule_of, told};
use crate::names::printable;
use crate::runs::figures;
use serde_json::{Value, json};
use termwise_engine::calendar::{BillingCycle, Day, Term};
use termwise_engine::findings::{Code, Source};
use termwise_engine::ids::{CodeId, ItemId, PromotionId, SubscriptionId};
use termwise_engine::money::{Discount, Price};

impl Scene<'_> {
    pub(super) fn price_found(&self, unit_price: Price, on: Day, row: u32, seats: u32) -> Told {
        let currency = self.currency();
        let shown = figures::list_price(unit_price, currency);
        let says = format!(
            "list price {shown} {currency} a seat for the term, in force on {on} for {} (price list row {row})",
            count(seats),
        );
        let operands = json!({
            "unit_price": shown, "currency": currency.code(), "on": on.to_string(), "price_list_row": row,
            "seats": seats,
        });
        told("R7", "price-found", says, operands)
    }

    pub(super) fn price_proposed(&self, unit_price: Price, listed: Price, of_other_list: bool) -> Told {
        let currency = self.currency();
        let (shown, was) = (figures::list_price(unit_price, currency), figures::list_price(listed, currency));
        let says = match (of_other_list, unit_price == listed) {
            (true, true) => "that price list is the proposal's".to_owned(),
            (true, false) => format!(
                "that price list is the proposal's, which makes it {shown} {currency} a seat for the term instead of {was}"
            ),
            (false, _) => {
                format!("the proposal makes it {shown} {currency} a seat for the term instead of {was}")
            }
        };
        let operands = json!({
            "unit_price": shown, "listed": was, "currency": currency.code(), "of_other_list": of_other_list,
        });
        told("R70", "price-proposed", says, operands)
    }

    pub(super) fn price_locked(&self, unit_price: Price) -> Told {
        let currency = self.currency();
        let shown = figures::list_price(unit_price, currency);
        let says =
            format!("price {shown} {currency} a seat for the term, locked with the subscription's row");
        told("R8", "price-locked", says, json!({ "unit_price": shown, "currency": currency.code() }))
    }

    pub(super) fn price_pinned(&self, unit_price: Price, on: Day) -> Told {
        let currency = self.currency();
        let shown = figures::list_price(unit_price, currency);
        let says = format!(
            "price {shown} {currency} a seat for the term, as the ledger billed it for {on}; the list says another now"
        );
        let operands = json!({ "unit_price": shown, "currency": currency.code(), "on": on.to_string() });
        told("R62", "price-pinned", says, operands)
    }

    pub(super) fn trial(&self) -> Told {
        let days = self.policy.trial_days;
        let says = format!("a trial: free of charge for {days} days, without a promotion (R28)");
        told("R48", "trial", says, json!({ "days": days }))
    }

    pub(super) fn promotion_asked_unknown(&self, promotion: PromotionId) -> Told {
        let id = self.promotion(promotion);
        let says = format!("promotion {id} was asked for: the promotions file lacks it");
        told("R14", "promotion-asked-unknown", says, json!({ "promotion": id }))
    }

    pub(super) fn promotion_judged(&self, judged: &Judged, discount: Option<Discount>) -> Told {
        let id = self.promotion(judged.promotion);
        let off = discount.map(|discount| format!(" {} off;", percent(discount))).unwrap_or_default();
        let unmet = unmet(judged, self);
        let result = if unmet.is_empty() {
            "eligible".to_owned()
        } else {
            let shown = |unmet: &Unmet| match unmet.needs.as_str() {
                "" => unmet.condition.to_owned(),
                needs => format!("{} ({needs})", unmet.condition),
            };
            format!("not eligible: {}", unmet.iter().map(shown).collect::<Vec<_>>().join(", "))
        };
        let operands = json!({
            "promotion": id, "discount": discount.map(percent), "on": judged.on.to_string(), "seats": judged.seats,
            "eligible": unmet.is_empty(), "seats_counted": judged.verdict.seats_counted,
            "redemptions": judged.verdict.redemptions,
        });
        let says = format!("promotion {id} considered:{off} {result}");
        Told { unmet, ..told("R15", "promotion-judged", says, operands) }
    }

    pub(super) fn promotion_held(&self, promotion: PromotionId, discount: Discount) -> Told {
        let (id, off) = (self.promotion(promotion), percent(discount));
        let says = format!("promotion {id} is held in this term: {off} off, taken as it is");
        told("A20", "promotion-held", says, json!({ "promotion": id, "discount": off }))
    }

    pub(super) fn promotion_applied(&self, promotion: PromotionId, discount: Discount) -> Told {
        let (id, off) = (self.promotion(promotion), percent(discount));
        let says = format!("promotion {id} applies: {off} off, the most of what is eligible");
        told("R21", "promotion-applied", says, json!({ "promotion": id, "discount": off }))
    }

    pub(super) fn promotion_at_renewal(
        &self,
        promotion: PromotionId,
        on: Day,
        in_window: bool,
        discount: Option<Discount>,
    ) -> Told {
        let (id, window) = (self.promotion(promotion), self.window(promotion));
        let held = format!("held promotion {id} at the renewal on {on}");
        let (rule, says) = match (in_window, discount) {
            (false, _) => ("R23", format!("{held}: outside its window {window}, so it ends")),
            (true, Some(discount)) => {
                ("R23", format!("{held}: inside its window {window}, kept at {} off", percent(discount)))
            }
            (true, None) => (
                "R25",
                format!("{held}: it does not name the new product, term and billing cycle, so it ends"),
            ),
        };
        let operands = json!({
            "promotion": id, "on": on.to_string(), "window": window, "in_window": in_window,
            "discount": discount.map(percent),
        });
        told(rule, "promotion-at-renewal", says, operands)
    }

    pub(super) fn code_accepted(&self, code: CodeId, discount: Discount, most: Option<u32>) -> Told {
        let (id, off) = (self.code(code), percent(discount));
        let licences = most.map(|most| format!(" up to {most} licences (R42)")).unwrap_or_default();
        let says = format!("promo code {id} counts for this term: {off} off{licences}");
        told("R41", "code-accepted", says, json!({ "promo_code": id, "discount": off, "max_licences": most }))
    }

    pub(super) fn code_refused(&self, code: CodeId, why: Code) -> Told {
        let id = self.code(code);
        let says = format!("promo code {id} refused: {} ({why})", why.sentence());
        told(rule_of(why), "code-refused", says, json!({ "promo_code": id, "code": why.name() }))
    }

    pub(super) fn upgraded(
        &self,
        on: Day,
        (from, to): (ItemId, ItemId),
        seats: u32,
        source: Option<SubscriptionId>,
    ) -> Told {
        let (from, to) = (self.item(from), self.item(to));
        let source = source.map(|id| printable(self.names.subscription(id)));
        let of = source.as_ref().map(|id| format!(" of {id}")).unwrap_or_default();
        let says = format!(
            "{}{of} upgraded on {on} from {from} to {to}: at the list price of that day",
            count(seats)
        );
        let operands =
            json!({ "on": on.to_string(), "from": from, "to": to, "seats": seats, "subscription": source });
        told("R49", "upgraded", says, operands)
    }

    pub(super) fn promotion_left_behind(&self, promotion: PromotionId) -> Told {
        let id = self.promotion(promotion);
        let says = format!("promotion {id} was of the SKU that is left: it stays behind");
        told("R26", "promotion-left-behind", says, json!({ "promotion": id }))
    }

    pub(super) fn scheduled_change(&self, source: Source) -> Told {
        let place = (self.place)(source);
        let says = format!("the scheduled change of {place} takes effect");
        told("R44", "scheduled-change", says, json!({ "row": place }))
    }

    pub(super) fn scheduled_change_rejected(&self, source: Source, why: Code) -> Told {
        let place = (self.place)(source);
        let says = format!("the scheduled change of {place} is not possible: {} ({why})", why.sentence());
        told("A24", "scheduled-change-rejected", says, json!({ "row": place, "code": why.name() }))
    }
}

pub(super) fn promotion_declined() -> Told {
    told("R14", "promotion-declined", "no promotion: the vendor applied none".to_owned(), Value::Null)
}

pub(super) fn legacy_renewal() -> Told {
    told(
        "R24",
        "legacy-renewal",
        "a legacy renewal is at list price, without a promotion".to_owned(),
        Value::Null,
    )
}

pub(super) fn trial_conversion() -> Told {
    let says = "the trial became paid: at list price, without a promotion".to_owned();
    told("R28", "trial-conversion", says, Value::Null)
}

pub(super) fn term_changed(on: Day, from: Term, to: Term, seats: u32) -> Told {
    let (from, to) = (from.name(), to.name());
    let says =
        format!("changed on {on} from {from} to {to} with {}: the new term begins that day", count(seats));
    let operands = json!({ "on": on.to_string(), "from": from, "to": to, "seats": seats });
    told("R47", "term-changed", says, operands)
}

pub(super) fn plan_changed(from: Day, to: BillingCycle) -> Told {
    let says = format!("billed {} from {from} on, at that plan's price as the term was priced", to.name());
    told("R47", "plan-changed", says, json!({ "from": from.to_string(), "billing_cycle": to.name() }))
}

pub(super) fn extended(on: Day, seats: u32) -> Told {
    let says = format!("auto-renew is off: extended on {on} for a month with {}", count(seats));
    told("R37", "extended", says, json!({ "on": on.to_string(), "seats": seats }))
}

pub(super) fn renewed(on: Day, seats: u32) -> Told {
    let says = format!("renewed on {on} with {}", count(seats));
    told("R44", "renewed", says, json!({ "on": on.to_string(), "seats": seats }))
}
