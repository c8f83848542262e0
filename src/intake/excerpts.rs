//! Findings with the texts of their rows: files are read again, and only those that something was found in.

use super::FileFacts;
use super::columns::{
    self, customers, holdings, partners, price_list, promo_codes, promotions, schema_of, subscriptions,
};
use super::error::IntakeError;
use super::files::{hold, visit_rows};
use super::row::Row;
use crate::job::Inputs;
use crate::names::Reject;
use std::collections::BTreeMap;
use termwise_engine::findings::{Finding, Table};

/// Each finding with its file, key, cell and row, sorted by table, file, row, column and code.
///
/// # Errors
/// Where a file is no longer what it was when it was read, [`IntakeError`].
pub fn excerpts(
    inputs: &Inputs,
    files: &[FileFacts],
    findings: &[Finding],
) -> Result<Vec<Reject>, IntakeError> {
    let mut by_file: BTreeMap<(Table, u16), Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        by_file.entry((finding.source.table, finding.source.file)).or_default().push(*finding);
    }
    let mut rejects = Vec::with_capacity(findings.len());
    for ((table, number), mut wanted) in by_file {
        wanted.sort_unstable_by_key(|finding| {
            (finding.source, finding.column, finding.code, finding.disposition)
        });
        let Some(file) = inputs.files.get(&table).and_then(|files| files.get(usize::from(number))) else {
            continue;
        };
        let schema = schema_of(table);
        let nothing = BTreeMap::new();
        let map = inputs.columns.get(&table).unwrap_or(&nothing);
        let mut waiting = wanted.iter().peekable();
        let held = hold(file)?;
        let was = files.iter().find(|facts| (facts.table, facts.file) == (table, number));
        if was.is_none_or(|facts| facts.hash != held.hash) {
            return Err(IntakeError::Changed { shown: file.shown.clone() });
        }
        visit_rows(held, file, schema, map, &mut |row| {
            while let Some(finding) = waiting.next_if(|finding| finding.source.row == row.number) {
                rejects.push(Reject {
                    finding: *finding,
                    file: file.shown.clone(),
                    key: key(table, &row),
                    value: row.cell_named(schema, finding.column).to_owned(),
                    excerpt: row.excerpt(),
                });
            }
            Ok(())
        })?;
        if waiting.next().is_some() {
            return Err(IntakeError::Changed { shown: file.shown.clone() });
        }
    }
    Ok(rejects)
}

/// The id that a row is about.
fn key(table: Table, row: &Row<'_>) -> String {
    match table {
        Table::Subscriptions => row.cell(subscriptions::SUBSCRIPTION_ID).to_owned(),
        Table::Customers => row.cell(customers::CUSTOMER_ID).to_owned(),
        Table::Partners => row.cell(partners::PARTNER_ID).to_owned(),
        Table::PriceList => {
            format!("{}:{}", row.cell(price_list::PRODUCT_ID), row.cell(price_list::SKU_ID))
        }
        Table::Promotions => row.cell(promotions::PROMOTION_ID).to_owned(),
        Table::PromoCodes => row.cell(promo_codes::CODE).to_owned(),
        Table::Redemptions => row.cell(columns::redemptions::SUBSCRIPTION_ID).to_owned(),
        Table::SeatChanges => row.cell(columns::seat_changes::SUBSCRIPTION_ID).to_owned(),
        Table::LifecycleEvents => row.cell(columns::lifecycle_events::SUBSCRIPTION_ID).to_owned(),
        Table::ScheduledChanges => row.cell(columns::scheduled_changes::SUBSCRIPTION_ID).to_owned(),
        Table::Holdings => row.cell(holdings::CUSTOMER_ID).to_owned(),
    }
}
