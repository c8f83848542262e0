//! Which of the layouts a file has, and by which names it calls our columns.
//!
//! The vendor has renamed its columns once and adds to them without notice, so names are compared without case and
//! punctuation: `ChargeStartDate`, `chargeStartDate` and `Charge Start Date` are one column. What `[columns.vendor_lines]`
//! says goes before everything.

use crate::intake::columns::{ColumnMap, schema_of, vendor_lines as v};
use crate::intake::error::IntakeError;
use crate::intake::files::ending;
use crate::intake::{csv_file, parquet_file};
use crate::job::InputFile;
use termwise_engine::findings::Table;

/// Whose layout a file has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layout {
    /// The new-commerce reconciliation file.
    NewCommerce,
    /// The legacy licence-based one.
    Legacy,
    /// Our own invoice_lines.
    Own,
}

/// How a file calls our columns.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) layout: Layout,
    pub(super) map: ColumnMap,
}

/// Other names of a column, by layout, the better one first.
const LEGACY: [(&str, &[&str]); 5] = [
    (v::OWN_SUBSCRIPTION_ID.name, &["SubscriptionId"]),
    (v::SUBSCRIPTION_ID.name, &["SyndicationPartnerSubscriptionNumber", "SubscriptionId"]),
    (v::PRODUCT_ID.name, &["DurableOfferId", "OfferId"]),
    (v::QUANTITY.name, &["Quantity"]),
    (v::TOTAL.name, &["TotalForCustomer"]),
];
const NEW_COMMERCE: [(&str, &[&str]); 2] =
    [(v::QUANTITY.name, &["BillableQuantity", "Quantity"]), (v::TOTAL.name, &["TotalForCustomer", "Total"])];
const OWN: [(&str, &[&str]); 4] = [
    (v::QUANTITY.name, &["quantity"]),
    (v::CHARGE_START.name, &["charge_start"]),
    (v::CHARGE_END.name, &["charge_end"]),
    // Our own lines say nothing of these, and have words of their own that are spelt alike.
    (v::TERM_AND_CYCLE.name, &[]),
];

/// How a file calls the columns of a table.
pub(super) fn names_of(file: &InputFile, table: Table, given: &ColumnMap) -> Result<Names, IntakeError> {
    if table != Table::VendorLines {
        return Ok(Names { layout: Layout::Own, map: given.clone() });
    }
    let header = header(file)?;
    let has = |name: &str| header.iter().any(|known| plain(known) == plain(name));
    let layout = if has("charge_start") && has("line_id") {
        Layout::Own
    } else if has("DurableOfferId") || has("SyndicationPartnerSubscriptionNumber") {
        Layout::Legacy
    } else {
        Layout::NewCommerce
    };
    let others: &[(&str, &[&str])] = match layout {
        Layout::NewCommerce => &NEW_COMMERCE,
        Layout::Legacy => &LEGACY,
        Layout::Own => &OWN,
    };
    let mut map = ColumnMap::new();
    for column in schema_of(table).columns {
        let own_name = [column.name];
        let names =
            others.iter().find(|(ours, _)| *ours == column.name).map_or(&own_name[..], |(_, names)| names);
        // A name that is written exactly so goes before one that is spelt alike.
        let find = |name: &&str| {
            let exact = header.iter().find(|known| known == name);
            exact.or_else(|| header.iter().find(|known| plain(known) == plain(name)))
        };
        if let Some(theirs) = names.iter().find_map(find)
            && !map.values().any(|taken| taken == theirs)
        {
            map.insert(column.name.to_owned(), theirs.clone());
        }
    }
    map.extend(given.iter().map(|(ours, theirs)| (ours.clone(), theirs.clone())));
    Ok(Names { layout, map })
}

/// A name without case and punctuation.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The names in a file's header.
fn header(file: &InputFile) -> Result<Vec<String>, IntakeError> {
    if ending(file) == "parquet" { parquet_file::names(file) } else { csv_file::names(file) }
}
