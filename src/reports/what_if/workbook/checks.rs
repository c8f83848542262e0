//! What must hold before there is a workbook.

use super::super::model::{Currency, Sums, WhatIf};
use crate::reports::ReportError;
use crate::reports::figures::LARGEST;
use termwise_engine::money::percent_change;

/// Every proposal stands everywhere, no currency stands twice, and the causes of each total add up to its change.
pub(super) fn shape(what_if: &WhatIf) -> Result<(), ReportError> {
    each_proposal(what_if, what_if.left_out_subscriptions.len(), || "what is left out".to_owned())?;
    for (number, currency) in what_if.currencies.iter().enumerate() {
        let (code, earlier) = (&currency.code, what_if.currencies.iter().take(number));
        if code.is_empty() || earlier.into_iter().any(|other| other.code == *code) {
            return Err(ReportError::Law { law: "a currency stands once", detail: code.clone() });
        }
        rows_of(what_if, currency)?;
        for (world, proposal) in currency.worlds.iter().zip(&what_if.proposals) {
            change_of(&world.sums, || format!("{}, {code}", proposal.name))?;
        }
    }
    for left_out in &what_if.left_out {
        if left_out.proposal >= what_if.proposals.len() {
            let detail = format!("{}, proposal {}", left_out.product, left_out.proposal);
            return Err(ReportError::Law { law: "what is left out is of a proposal", detail });
        }
    }
    Ok(())
}

fn rows_of(what_if: &WhatIf, currency: &Currency) -> Result<(), ReportError> {
    let code = &currency.code;
    each_proposal(what_if, currency.worlds.len(), || code.clone())?;
    for row in currency.months.iter().chain(&currency.products).chain(&currency.listed) {
        each_proposal(what_if, row.worlds.len(), || format!("{}, {code}", row.key))?;
    }
    match &currency.others {
        Some(others) => each_proposal(what_if, others.worlds.len(), || format!("other customers, {code}")),
        None => Ok(()),
    }
}

fn each_proposal(what_if: &WhatIf, found: usize, detail: impl Fn() -> String) -> Result<(), ReportError> {
    if found == what_if.proposals.len() {
        return Ok(());
    }
    Err(ReportError::Law { law: "every row tells of every proposal", detail: detail() })
}

/// What changed; its causes must add up to it.
pub(super) fn change_of(sums: &Sums, what: impl Fn() -> String) -> Result<i64, ReportError> {
    let change = sums.change();
    let causes: i128 = sums.causes.into_iter().map(i128::from).sum();
    if causes != change {
        let detail = format!("{}: {causes} instead of {change}", what());
        return Err(ReportError::Law { law: "the causes of a change add up to it (R72)", detail });
    }
    i64::try_from(change)
        .map_err(|_| ReportError::TooLarge { what: format!("{}: the change {change}", what()) })
}

/// Holds the rows of a column against their total.
pub(super) fn tie(
    rows: impl Iterator<Item = i64>,
    expected: i64,
    what: impl Fn() -> String,
) -> Result<(), ReportError> {
    let sum = summed(rows, &what)?;
    if sum == expected {
        return Ok(());
    }
    let detail = format!("{}: {sum} instead of {expected}", what());
    Err(ReportError::Law { law: "sheets add up to the totals of the run", detail })
}

/// The sum of a column. Without their signs too its rows must be within what a spreadsheet shows, so that no sum over
/// any of them is rounded.
pub(super) fn summed(rows: impl Iterator<Item = i64>, what: impl Fn() -> String) -> Result<i64, ReportError> {
    let (mut sum, mut unsigned) = (0_i128, 0_i128);
    for row in rows {
        sum += i128::from(row);
        unsigned += i128::from(row).abs();
    }
    let too_large =
        || ReportError::TooLarge { what: format!("{}: the sum without signs, {unsigned},", what()) };
    if unsigned > i128::from(LARGEST) {
        return Err(too_large());
    }
    i64::try_from(sum).map_err(|_| too_large())
}

/// A change in hundredths of a percent, half-up away from zero; `None` of nothing.
pub(super) fn percent(change: i64, before: i64) -> Result<Option<i64>, ReportError> {
    let Some(hundredths) = percent_change(change.into(), before.into()) else { return Ok(None) };
    let fitting = i64::try_from(hundredths);
    fitting
        .map(Some)
        .map_err(|_| ReportError::TooLarge { what: format!("{hundredths} hundredths of a percent") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_rounded_half_up_away_from_zero() {
        assert!(matches!(percent(1, 800), Ok(Some(13))), "0.125 %");
        assert!(matches!(percent(-1, 800), Ok(Some(-13))));
        assert!(matches!(percent(1, 801), Ok(Some(12))));
        assert!(matches!(percent(7, 0), Ok(None)));
        assert!(matches!(percent(i64::MAX, 1), Err(ReportError::TooLarge { .. })));
    }

    #[test]
    fn signs_hide_no_number_that_is_too_large() {
        assert!(tie([LARGEST, 1 - LARGEST].into_iter(), 1, String::new).is_err());
        assert!(tie([LARGEST - 1, 1].into_iter(), LARGEST, String::new).is_ok());
        assert!(matches!(tie([1].into_iter(), 2, String::new), Err(ReportError::Law { .. })));
        let sums = Sums { before: 0, after: i64::MAX, causes: [i64::MAX, 0, 0, 0, 0] };
        assert!(change_of(&sums, String::new).is_ok_and(|change| change == i64::MAX));
        let sums = Sums { before: 1, ..sums };
        assert!(matches!(change_of(&sums, String::new), Err(ReportError::Law { .. })));
    }
}
