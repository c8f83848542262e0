//! What somebody has to mend: rejects.csv, and the same on a screen.
//!
//! ```text
//! subscriptions.csv:1842:quantity: error[seats-not-positive]: quantity is 0: seats must be one or more
//!   SUB-004411,CUS-00093,…,0,2026-03-01
//!   hint: cancel the subscription with a lifecycle event instead of setting its seats to 0
//! ```
//! The file holds every value as it came, to the last byte; the screen gets no character that a terminal would obey.

use super::figures::shortened;
use super::sheet::Column;
use crate::names::Reject;
use crate::names::printable;
use termwise_engine::findings::Disposition;

const VALUE_SHOWN: usize = 60;
const EXCERPT_SHOWN: usize = 200;

/// The columns of rejects.csv.
pub(super) fn columns<'a>() -> Vec<Column<&'a Reject>> {
    vec![
        text("file", |reject| &reject.file),
        Column::count("row", |_, reject: &&'a Reject| Some(reject.finding.source.row.into())),
        text("column", |reject| reject.finding.column),
        text("key", |reject| &reject.key),
        text("disposition", |reject| reject.finding.disposition.name()),
        text("code", |reject| reject.finding.code.name()),
        text("value", |reject| &reject.value),
        Column::text("message", |_, reject: &&'a Reject, out| {
            out.extend_from_slice(message(reject).as_bytes())
        }),
        text("hint", |reject| reject.finding.code.hint()),
    ]
}

/// A column of texts that a reject has.
fn text<'a>(name: &'static str, get: for<'b> fn(&'b Reject) -> &'b str) -> Column<&'a Reject> {
    Column::text(name, move |_, reject: &&Reject, out| out.extend_from_slice(get(reject).as_bytes()))
}

/// What is wrong, with the value where there is one.
fn message(reject: &Reject) -> String {
    let sentence = reject.finding.code.sentence();
    if reject.value.is_empty() {
        return sentence.to_owned();
    }
    let value = shortened(&printable(&reject.value), VALUE_SHOWN);
    match reject.finding.column {
        "" => format!("{value}: {sentence}"),
        column => format!("{column} is {value}: {sentence}"),
    }
}

/// A finding as the screen shows it: where it is, the row, and what to do; the last line ends without a line feed.
pub fn diagnostic(reject: &Reject) -> String {
    let finding = &reject.finding;
    let level = match finding.disposition {
        Disposition::Rejected | Disposition::Parked | Disposition::Refused => "error",
        Disposition::Flagged => "warning",
    };
    let column = if finding.column.is_empty() { String::new() } else { format!("{}:", finding.column) };
    let mut text = format!(
        "{}:{}:{column} {level}[{}]: {}\n",
        printable(&reject.file),
        finding.source.row,
        finding.code,
        message(reject),
    );
    if !reject.excerpt.is_empty() {
        text.push_str("  ");
        text.push_str(&shortened(&printable(&reject.excerpt), EXCERPT_SHOWN));
        text.push('\n');
    }
    text.push_str("  hint: ");
    text.push_str(finding.code.hint());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use termwise_engine::findings::{Code, Finding, Source, Table};

    fn reject() -> Reject {
        Reject {
            finding: Finding {
                source: Source { table: Table::Subscriptions, file: 0, row: 1842 },
                disposition: Disposition::Rejected,
                code: Code::SeatsNotPositive,
                column: "quantity",
            },
            file: "subscriptions.csv".into(),
            key: "SUB-004411".into(),
            value: "0".into(),
            excerpt: "SUB-004411,CUS-00093,0,2026-03-01".into(),
        }
    }

    #[test]
    fn a_diagnostic_says_where_what_and_how_to_mend_it() {
        let expected = "\
subscriptions.csv:1842:quantity: error[seats-not-positive]: quantity is 0: seats must be one or more
  SUB-004411,CUS-00093,0,2026-03-01
  hint: cancel the subscription with a lifecycle event instead of setting its seats to 0";
        assert_eq!(diagnostic(&reject()), expected);
    }

    #[test]
    fn a_flagged_row_is_a_warning_and_a_terminal_is_told_nothing() {
        let mut flagged = reject();
        flagged.finding.disposition = Disposition::Flagged;
        flagged.finding.column = "";
        flagged.value = String::new();
        flagged.excerpt = "SUB\u{1b}[31m".into();
        let text = diagnostic(&flagged);
        assert!(
            text.starts_with("subscriptions.csv:1842: warning[seats-not-positive]: seats must be"),
            "{text}"
        );
        assert!(text.contains("  SUB\\u{1b}[31m\n"), "{text}");
    }
}
