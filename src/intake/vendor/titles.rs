//! What products are called: no rule needs it, so that the price list does not hold it, and people who read a workbook do.

use crate::intake::columns::{Column, ColumnMap, Need, Schema, price_list as p};
use crate::intake::error::IntakeError;
use crate::intake::files::{self, Grain};
use crate::intake::row::Row;
use crate::job::Inputs;
use std::collections::BTreeMap;
use termwise_engine::findings::Table;

const BLOCK_BYTES: usize = 1 << 20;
const PRODUCT_TITLE: Column = Column { need: Need::Optional, ..p::PRODUCT_TITLE };
const SKU_TITLE: Column = Column { need: Need::Optional, ..p::SKU_TITLE };
static TITLES: Schema =
    Schema { table: Table::PriceList, columns: &[PRODUCT_TITLE, p::PRODUCT_ID, p::SKU_ID, SKU_TITLE] };

/// The title of each product and SKU of the price list that has one: the SKU's, or else the product's. Of two that differ neither
/// holds.
pub(super) fn product_names(inputs: &Inputs) -> Result<BTreeMap<(String, String), String>, IntakeError> {
    let mut names: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
    let no_map = ColumnMap::new();
    let map = inputs.columns.get(&Table::PriceList).unwrap_or(&no_map);
    for file in inputs.files.get(&Table::PriceList).into_iter().flatten() {
        let take = |names: &mut BTreeMap<(String, String), Option<String>>, row: Row<'_>| {
            let titles = [row.cell(SKU_TITLE), row.cell(PRODUCT_TITLE)];
            if let Some(title) = titles.into_iter().find(|title| !title.is_empty()) {
                let key = (row.cell(p::PRODUCT_ID).to_owned(), row.cell(p::SKU_ID).to_owned());
                let known = names.entry(key).or_insert_with(|| Some(title.to_owned()));
                if known.as_deref() != Some(title) {
                    *known = None;
                }
            }
            Ok(())
        };
        let grain = Grain { block_bytes: BLOCK_BYTES };
        files::read(file, (&TITLES, map), grain, std::slice::from_mut(&mut names), &take)?;
    }
    Ok(names.into_iter().filter_map(|(key, name)| Some((key, name?))).collect())
}
