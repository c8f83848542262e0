//! The ids that the outputs give: of a line, of a pair, of an invoice.
//!
//! They are readable and follow from what the line or invoice is about, so the same charge has the same id in every
//! run: `SUB-1:cycleCharge:2026-11-10:charge:promotion`. A `:` or `%` inside somebody else's id is percent-escaped, so
//! that two different keys never read alike.

use super::sheet::Context;
use termwise_engine::invoicing::InvoiceKey;
use termwise_engine::workings::{Cause, Line, Reduction, Side};

/// Writes `{subscription}:{charge_type}:{cause}:{side}:{part}`.
pub(super) fn push_line_id(out: &mut Vec<u8>, cx: &Context<'_>, line: &Line) {
    push_escaped(out, cx.names.subscription(line.subscription));
    out.push(b':');
    out.extend_from_slice(line.charge_type.name().as_bytes());
    out.push(b':');
    push_cause(out, cx, line.cause);
    if line.behind != line.subscription {
        // Upgrades of two subscriptions can meet in one at one instant.
        out.push(b'@');
        push_escaped(out, cx.names.subscription(line.behind));
    }
    out.extend_from_slice(match line.side {
        Side::Charge => b":charge:",
        Side::Refund => b":refund:",
    });
    out.extend_from_slice(part(line.reduction).as_bytes());
}

/// Writes `{subscription}:{cause}` of the subscription whose event is behind the line, which both lines of a pair share: an
/// upgrade into another subscription stands under two.
pub(super) fn push_reference_id(out: &mut Vec<u8>, cx: &Context<'_>, line: &Line) {
    push_escaped(out, cx.names.subscription(line.behind));
    out.push(b':');
    push_cause(out, cx, line.cause);
}

/// Writes `{bill_to}:{customer}:{currency}:{from}:{as_of}`, without the first where the customer pays itself.
pub(super) fn push_invoice_id(out: &mut Vec<u8>, cx: &Context<'_>, key: InvoiceKey) {
    if let Some(bill_to) = key.bill_to {
        push_escaped(out, cx.names.bill_to(bill_to));
        out.push(b':');
    }
    push_escaped(out, cx.names.customer(key.customer));
    out.push(b':');
    out.extend_from_slice(key.currency.code().as_bytes());
    out.push(b':');
    cx.days.push(out, cx.window.billed.first);
    out.push(b':');
    cx.days.push(out, cx.window.billed.last);
}

/// The id of an issued invoice: `{bill_to}:{currency}:{YYYY-MM}` (C18).
pub(super) fn issued_id(bill_to: &str, currency: &str, period: &str) -> String {
    let mut id = Vec::new();
    push_escaped(&mut id, bill_to);
    for part in [currency, period] {
        id.push(b':');
        id.extend_from_slice(part.as_bytes());
    }
    String::from_utf8_lossy(&id).into_owned()
}

/// A cycle's first day; a change's `id@instant`, because an id may be used twice; an event's instant.
fn push_cause(out: &mut Vec<u8>, cx: &Context<'_>, cause: Cause) {
    match cause {
        Cause::Cycle(day) => cx.days.push(out, day),
        Cause::SeatChange(at, change) => {
            if let Some(change) = change {
                push_escaped(out, cx.names.change(change));
                out.push(b'@');
            }
            cx.days.push_compact(out, at);
        }
        Cause::Event(at, kind) => {
            out.extend_from_slice(kind.name().as_bytes());
            out.push(b'@');
            cx.days.push_compact(out, at);
        }
    }
}

/// Which of the seats of one charge a line is for (A15, A16): their discount is what tells them apart.
fn part(reduction: Reduction) -> &'static str {
    match (reduction.promotion, reduction.code) {
        (None, None) => "list",
        (Some(_), None) => "promotion",
        (None, Some(_)) => "code",
        (Some(_), Some(_)) => "promotion+code",
    }
}

fn push_escaped(out: &mut Vec<u8>, id: &str) {
    if memchr::memchr2(b':', b'%', id.as_bytes()).is_none() {
        return out.extend_from_slice(id.as_bytes());
    }
    for &byte in id.as_bytes() {
        match byte {
            b':' => out.extend_from_slice(b"%3A"),
            b'%' => out.extend_from_slice(b"%25"),
            plain => out.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_escaped;

    #[test]
    fn escaped_ids_do_not_collide() {
        let escaped = |id| {
            let mut out = Vec::new();
            push_escaped(&mut out, id);
            String::from_utf8_lossy(&out).into_owned()
        };
        assert_eq!(escaped("A:B"), "A%3AB");
        assert_eq!(escaped("A%3AB"), "A%253AB");
        assert_eq!(escaped("SUB-1"), "SUB-1");
        assert_eq!(escaped("Ü%"), "Ü%25");
    }
}
