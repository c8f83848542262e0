//! The ids that the outputs give: of a line, of a pair, of an invoice.
//!
//! They are readable and follow from what the line or invoice is about, so the same charge has the same id in every
//! run: `SUB-1:cycleCharge:2026-11-10:charge:promotion`. A `:` or `%` inside somebody else's id is percent-escaped, so
//! that two different keys never read alike.

use super::figures::{push_compact, push_day};
use crate::names::Names;
use termwise_engine::book::Window;
use termwise_engine::invoicing::InvoiceKey;
use termwise_engine::workings::{Cause, Line, Reduction, Side};

/// Writes `{subscription}:{charge_type}:{cause}:{side}:{part}`.
pub(super) fn push_line_id(out: &mut String, names: &Names, line: &Line) {
    push_escaped(out, names.subscription(line.subscription));
    out.push(':');
    out.push_str(line.charge_type.name());
    out.push(':');
    push_cause(out, names, line.cause);
    out.push_str(match line.side {
        Side::Charge => ":charge:",
        Side::Refund => ":refund:",
    });
    out.push_str(part(line.reduction));
}

/// Writes `{subscription}:{cause}`, which both lines of a pair share.
pub(super) fn push_reference_id(out: &mut String, names: &Names, line: &Line) {
    push_escaped(out, names.subscription(line.subscription));
    out.push(':');
    push_cause(out, names, line.cause);
}

/// Writes `{bill_to}:{customer}:{currency}:{from}:{as_of}`, without the first where the customer pays itself.
pub(super) fn push_invoice_id(out: &mut String, names: &Names, key: InvoiceKey, window: Window) {
    if let Some(bill_to) = key.bill_to {
        push_escaped(out, names.bill_to(bill_to));
        out.push(':');
    }
    push_escaped(out, names.customer(key.customer));
    out.push(':');
    out.push_str(key.currency.code());
    out.push(':');
    push_day(out, window.billed.first);
    out.push(':');
    push_day(out, window.billed.last);
}

/// A cycle's first day; a change's `id@instant`, because an id may be used twice; an event's instant.
fn push_cause(out: &mut String, names: &Names, cause: Cause) {
    match cause {
        Cause::Cycle(day) => push_day(out, day),
        Cause::SeatChange(at, change) => {
            if let Some(change) = change {
                push_escaped(out, names.change(change));
                out.push('@');
            }
            push_compact(out, at);
        }
        Cause::Event(at, kind) => {
            out.push_str(kind.name());
            out.push('@');
            push_compact(out, at);
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

fn push_escaped(out: &mut String, id: &str) {
    for letter in id.chars() {
        match letter {
            ':' => out.push_str("%3A"),
            '%' => out.push_str("%25"),
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
            let mut out = String::new();
            push_escaped(&mut out, id);
            out
        };
        assert_eq!(escaped("A:B"), "A%3AB");
        assert_eq!(escaped("A%3AB"), "A%253AB");
        assert_eq!(escaped("SUB-1"), "SUB-1");
    }
}
