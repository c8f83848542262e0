//! The steps of a line: share of the term, discount, days, seats, rounding.

use super::{Scene, Told, count, told};
use crate::runs::figures;
use serde_json::json;
use termwise_engine::money::{Currency, Price, Surcharge};
use termwise_engine::policy::{Choice, RoundingAt};
use termwise_engine::reasons::Reason;
use termwise_engine::workings::{ChargeType, Line, Reduction, Side};

impl Scene<'_> {
    pub(super) fn cycle_share(&self, unit_price: Price, months: u32, term_months: u32) -> Told {
        let currency = self.currency();
        let shown = figures::list_price(unit_price, currency);
        let of = |line: &Line| share_of_cycle(line, unit_price, months, term_months, currency);
        let cycle = self.line.map(of).unwrap_or_default();
        let says = if months == term_months {
            format!("{shown} a seat for the whole term, which is one charge cycle")
        } else {
            format!("{shown} × {months} ÷ {term_months} months{cycle}")
        };
        let operands = json!({ "unit_price": shown, "months": months, "term_months": term_months });
        told("R6", "cycle-share", says, operands)
    }

    pub(super) fn surcharged(&self, surcharge: Surcharge) -> Told {
        let more = figures::percent_of_millionths(surcharge.millionths());
        let month = self.line.map(|line| figures::price(line.unit_price, self.currency()));
        let comes_to =
            month.as_ref().map(|month| format!(": {month} a seat for the month")).unwrap_or_default();
        let operands = json!({ "surcharge": more, "unit_price": month });
        told("R37", "surcharged", format!("+ {more} for an extended term{comes_to}"), operands)
    }

    pub(super) fn reduced(&self, reduction: Reduction) -> Told {
        let off = figures::percent_of_trillionths(reduction.kept.taken_off_trillionths());
        let promotion = reduction.promotion.map(|id| self.promotion(id));
        let code = reduction.code.map(|id| self.code(id));
        let (rule, by) = match (&promotion, &code) {
            (Some(promotion), Some(code)) => {
                ("R43", format!("promotion {promotion}, then promo code {code}"))
            }
            (Some(promotion), None) => ("R13", format!("promotion {promotion}")),
            (None, Some(code)) => ("R41", format!("promo code {code}")),
            (None, None) => ("", "nothing".to_owned()),
        };
        let operands = json!({ "discount": off, "promotion": promotion, "promo_code": code });
        told(rule, "reduced", format!("− {off} {by}"), operands)
    }

    pub(super) fn term_refunded(&self, charged: i64) -> Told {
        let charged = figures::amount(charged, self.currency());
        let says = format!("everything charged in the term so far, {charged}, is refunded (A9)");
        told("R35", "term-refunded", says, json!({ "charged": charged }))
    }

    pub(super) fn rounded(&self, subtotal: i64) -> Told {
        let currency = self.currency();
        let (shown, rounding) = (figures::amount(subtotal, currency), self.policy.rounding.word());
        let is_full_refund = self.line.is_some_and(|line| line.reasons.holds(Reason::FullRefund));
        let each = self.line.map(|line| figures::effective_price(line.effective_unit_price, currency));
        let says = match (&each, self.policy.rounding_at) {
            (Some(_) | None, _) if is_full_refund => format!("as it was charged: {shown}"),
            (None, RoundingAt::Line | RoundingAt::Unit) => format!("rounded {rounding} to {shown}"),
            (Some(each), RoundingAt::Line) => format!("{each} a seat; rounded once, {rounding}, to {shown}"),
            (Some(each), RoundingAt::Unit) => {
                format!("rounded {rounding} to {each} a seat, which makes {shown}")
            }
        };
        let operands = json!({
            "subtotal": figures::plain_amount(subtotal, currency), "currency": currency.code(),
            "effective_unit_price": each, "rounding": rounding, "rounding_at": self.policy.rounding_at.word(),
        });
        told("R32", "rounded", says, operands)
    }
}

/// What the months come to a seat: a charge cycle, or the stub of one (B10); an extension's comes with its surcharge.
fn share_of_cycle(
    line: &Line,
    unit_price: Price,
    months: u32,
    term_months: u32,
    currency: Currency,
) -> String {
    if line.charge_type == ChargeType::ExtendTerm || line.reasons.holds(Reason::Extended) {
        String::new()
    } else if line.billing_cycle.months(line.term).is_some_and(|cycle| cycle != months) {
        let cycle = figures::price(line.unit_price, currency);
        format!(", the months left of a charge cycle at {cycle} a seat")
    } else {
        let cycle = cycle_price(line, unit_price, months, term_months, currency);
        format!(" {cycle} a seat for one charge cycle")
    }
}

/// The cycle's price as the line carries it, and whether that is all of its digits.
fn cycle_price(line: &Line, unit_price: Price, months: u32, term_months: u32, currency: Currency) -> String {
    let is_exact = i128::from(line.unit_price) * i128::from(term_months)
        == i128::from(unit_price.millionths()) * i128::from(months);
    format!("{} {}", if is_exact { "=" } else { "≈" }, figures::price(line.unit_price, currency))
}

pub(super) fn days_charged(days: u32, cycle_days: u32) -> Told {
    let whole = if days == cycle_days { ", the whole cycle" } else { "" };
    let says = format!("× {days} ÷ {cycle_days} days{whole}");
    told("R31", "days-charged", says, json!({ "days": days, "cycle_days": cycle_days }))
}

pub(super) fn seats(seats: u32, side: Side) -> Told {
    let (says, side) = match side {
        Side::Charge => (format!("× {}", count(seats)), "charge"),
        Side::Refund => (format!("× {}, refunded", count(seats)), "refund"),
    };
    told("", "seats", says, json!({ "seats": seats, "side": side }))
}
