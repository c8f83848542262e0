//! The map of ids: which of the vendor's is which of ours (R67). Subscriptions, customers and product:SKUs go through it.

use crate::intake::columns::id_map as m;
use crate::intake::desk::Notes;
use crate::intake::error::IntakeError;
use crate::intake::reading::Reader;
use crate::intake::row::{Cells, Fault, Row};
use std::collections::BTreeMap;
use termwise_engine::findings::{Code, Disposition, Source, Table};

/// The vendor's id → ours.
#[derive(Debug, Default)]
pub(super) struct IdMap(BTreeMap<Box<str>, Box<str>>);

#[derive(Default)]
struct Rows {
    rows: Vec<(Box<str>, Box<str>, Source)>,
    notes: Notes,
    faults: Vec<Fault>,
}

impl Rows {
    fn take(&mut self, row: Row<'_>, source: Source) {
        let mut cells = Cells::new(row, &mut self.faults);
        let (ours, vendors) = (cells.text(m::OURS), cells.text(m::VENDORS));
        match ours.zip(vendors).filter(|_| cells.is_clean()) {
            Some((ours, vendors)) => self.rows.push((vendors.into(), ours.into(), source)),
            None => self.notes.set(source, Disposition::Rejected, &self.faults),
        }
    }
}

impl IdMap {
    /// Reads it; of an id that rows say different things of none holds.
    pub(super) fn read(reader: &mut Reader<'_>, notes: &mut Notes) -> Result<IdMap, IntakeError> {
        let mut rows = Rows::default();
        for (number, file) in reader.files(Table::IdMap) {
            let take = |rows: &mut Rows, row: Row<'_>, source: Source| {
                rows.take(row, source);
                Ok(())
            };
            reader.file((Table::IdMap, number?), file, std::slice::from_mut(&mut rows), &take, |_| {
                Vec::new()
            })?;
        }
        notes.findings.append(&mut rows.notes.findings);
        notes.fates.append(&mut rows.notes.fates);
        rows.rows.sort_unstable();
        let mut map = BTreeMap::new();
        for same in rows.rows.chunk_by(|one, other| one.0 == other.0) {
            if same.iter().all(|(_, ours, _)| *ours == same[0].1) {
                map.insert(same[0].0.clone(), same[0].1.clone());
            } else {
                same.iter()
                    .for_each(|(.., source)| notes.reject(*source, Code::IdMapAmbiguous, m::VENDORS.name));
            }
        }
        Ok(IdMap(map))
    }

    /// Our id for one of the vendor's: itself, where the map says nothing.
    pub(super) fn ours<'a>(&'a self, vendors: &'a str) -> &'a str {
        if self.0.is_empty() { vendors } else { self.0.get(vendors).map_or(vendors, |ours| ours) }
    }

    /// Our product and SKU for the vendor's: of the pair `product:sku`, or of the product alone. What the map names by a
    /// pair is a pair; what it names by a product keeps the SKU.
    pub(super) fn item<'a>(&'a self, product: &'a str, sku: &'a str, joined: &str) -> (&'a str, &'a str) {
        if self.0.is_empty() {
            return (product, sku);
        }
        let mapped = self.0.get(joined).or_else(|| self.0.get(product));
        let Some(mapped) = mapped else { return (product, sku) };
        mapped.split_once(':').unwrap_or((mapped, sku))
    }
}
