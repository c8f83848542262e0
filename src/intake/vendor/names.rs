//! What customers are called: no rule needs it, so that the book does not hold it, and people who read a workbook do.

use crate::intake::FileFacts;
use crate::intake::columns::{Column, ColumnMap, Need, Schema, customers as c};
use crate::intake::error::IntakeError;
use crate::intake::files::{self, FileRead, Grain};
use crate::intake::row::Row;
use crate::job::Inputs;
use std::collections::BTreeMap;
use termwise_engine::findings::Table;

const BLOCK_BYTES: usize = 1 << 20;
const NAME: Column = Column { need: Need::Optional, ..c::NAME };
static SCHEMA: Schema = Schema { table: Table::Customers, columns: &[c::CUSTOMER_ID, NAME] };

/// The name of each customer that has one, and what the files are that say so; of two rows of a customer that differ neither
/// holds.
pub(super) fn customer_names(
    inputs: &Inputs,
) -> Result<(BTreeMap<String, String>, Vec<FileFacts>), IntakeError> {
    let mut facts = Vec::new();
    let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
    let no_map = ColumnMap::new();
    let map = inputs.columns.get(&Table::Customers).unwrap_or(&no_map);
    for (number, file) in (0..).zip(inputs.files.get(&Table::Customers).into_iter().flatten()) {
        let take = |names: &mut BTreeMap<String, Option<String>>, row: Row<'_>| {
            let name = Some(row.cell(NAME).to_owned()).filter(|name| !name.is_empty());
            let known = names.entry(row.cell(c::CUSTOMER_ID).to_owned()).or_insert_with(|| name.clone());
            if *known != name {
                *known = None;
            }
            Ok(())
        };
        let grain = Grain { block_bytes: BLOCK_BYTES };
        let FileRead { rows, blank_lines, bytes, hash, .. } =
            files::read(file, (&SCHEMA, map), grain, std::slice::from_mut(&mut names), &take)?;
        facts.push(FileFacts {
            table: Table::Customers,
            file: number,
            shown: file.shown.clone(),
            rows,
            blank_lines,
            bytes,
            hash,
            // Other columns than these two are not looked at here.
            warnings: Vec::new(),
        });
    }
    Ok((names.into_iter().filter_map(|(id, name)| Some((id, name?))).collect(), facts))
}
