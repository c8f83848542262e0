//! Findings with the texts of their rows: files are looked into again, and only where something was found.

use super::columns::{
    self, Schema, customers, holdings, partners, price_list, promo_codes, promotions, schema_of,
    subscriptions,
};
use super::csv_blocks::Block;
use super::csv_file::{self, Heading};
use super::error::IntakeError;
use super::files::{Trail, Version, Visit, ending, hold};
use super::row::Row;
use super::{Trails, json_file, parquet_file};
use crate::job::{InputFile, Inputs};
use crate::names::Reject;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use termwise_engine::findings::{Finding, Table};

/// Each finding once, with its file, key, cell and row, sorted by table, file, row, column and code.
///
/// # Errors
/// Where a file is no longer what it was when it was read, [`IntakeError`].
pub(super) fn excerpts(
    inputs: &Inputs,
    trails: &Trails,
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
        wanted.dedup();
        let file = inputs.files.get(&table).and_then(|files| files.get(usize::from(number)));
        let Some((file, trail)) = file.zip(trails.get(&(table, number))) else { continue };
        let schema = schema_of(table);
        let mut rows: Vec<u32> = wanted.iter().map(|finding| finding.source.row).collect();
        rows.dedup();
        let mut waiting = wanted.iter().peekable();
        visit_again(file, schema, trail, &rows, &mut |row| {
            while let Some(finding) = waiting.next_if(|finding| finding.source.row == row.number) {
                rejects.push(Reject {
                    finding: *finding,
                    file: file.shown.clone(),
                    key: key(table, &row),
                    value: row.cell_named(schema, finding.column),
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

/// Visits some rows of a file that was read before, in their order.
fn visit_again(
    file: &InputFile,
    schema: &Schema,
    trail: &Trail,
    rows: &[u32],
    visit: Visit<'_>,
) -> Result<(), IntakeError> {
    let changed = || IntakeError::Changed { shown: file.shown.clone() };
    if Version::of_input(file)? != trail.version {
        return Err(changed());
    }
    match ending(file).as_str() {
        "parquet" => parquet_file::again(file, (schema, &trail.map), &trail.version, rows, visit),
        "json" => {
            let (bytes, version) = hold(file)?;
            if version != trail.version {
                return Err(changed());
            }
            json_file::read(&bytes, &file.shown, schema, visit).map(drop)
        }
        _ => visit_csv(file, schema, trail, rows, visit),
    }
}

fn visit_csv(
    file: &InputFile,
    schema: &Schema,
    trail: &Trail,
    rows: &[u32],
    visit: Visit<'_>,
) -> Result<(), IntakeError> {
    let shown = &file.shown;
    let failed = |error: std::io::Error| IntakeError::unread(shown, &error);
    let mut open = File::open(&file.path).map_err(failed)?;
    let heading = Heading { shown, schema, columns: trail.columns, places: trail.places.clone() };
    for place in &trail.blocks {
        let first = rows.partition_point(|&row| u64::from(row) <= place.first_row);
        let end = rows.partition_point(|&row| u64::from(row) <= place.first_row + place.rows);
        if first == end {
            continue;
        }
        let mut bytes = Vec::new();
        open.seek(SeekFrom::Start(place.first_byte)).map_err(failed)?;
        open.by_ref().take(place.bytes).read_to_end(&mut bytes).map_err(failed)?;
        csv_file::visit(&Block::again(bytes, *place), &heading, Some(&rows[first..end]), visit)?;
    }
    trail.version.check(&open, &file.path, shown)
}

/// The id that a row is about.
fn key(table: Table, row: &Row<'_>) -> String {
    match table {
        Table::Subscriptions => row.cell(subscriptions::SUBSCRIPTION_ID).to_owned(),
        Table::Customers => row.cell(customers::CUSTOMER_ID).to_owned(),
        Table::Partners => row.cell(partners::PARTNER_ID).to_owned(),
        Table::PriceList | Table::ProposedPrices => {
            format!("{}:{}", row.cell(price_list::PRODUCT_ID), row.cell(price_list::SKU_ID))
        }
        Table::Promotions => row.cell(promotions::PROMOTION_ID).to_owned(),
        Table::PromoCodes => row.cell(promo_codes::CODE).to_owned(),
        Table::Redemptions => row.cell(columns::redemptions::SUBSCRIPTION_ID).to_owned(),
        Table::SeatChanges => row.cell(columns::seat_changes::SUBSCRIPTION_ID).to_owned(),
        Table::LifecycleEvents => row.cell(columns::lifecycle_events::SUBSCRIPTION_ID).to_owned(),
        Table::ScheduledChanges => row.cell(columns::scheduled_changes::SUBSCRIPTION_ID).to_owned(),
        Table::Holdings => row.cell(holdings::CUSTOMER_ID).to_owned(),
        Table::Advisors => row.cell(columns::advisors::ADVISOR_ID).to_owned(),
        Table::Offices => row.cell(columns::offices::OFFICE_ID).to_owned(),
        Table::SkuMarkets => {
            let (product, sku) = (columns::sku_markets::PRODUCT_ID, columns::sku_markets::SKU_ID);
            format!("{}:{}", row.cell(product), row.cell(sku))
        }
        Table::Offers => row.cell(columns::offers::OFFER_ID).to_owned(),
        Table::Acceptances => row.cell(columns::acceptances::OFFER_ID).to_owned(),
        Table::VendorLines => row.cell(columns::vendor_lines::SUBSCRIPTION_ID).to_owned(),
        Table::InvoiceLines => row.cell(columns::invoice_lines::SUBSCRIPTION_ID).to_owned(),
        Table::IdMap => row.cell(columns::id_map::VENDORS).to_owned(),
        Table::Explained => row.cell(columns::explained::OWNER).to_owned(),
        Table::Proposal => row.cell(promotions::PROMOTION_ID).to_owned(),
        Table::Requests => row.cell(columns::requests::REQUEST_ID).to_owned(),
    }
}
