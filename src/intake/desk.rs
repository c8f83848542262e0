//! The desk at which rows are read: the texts met so far, and what has been noted about rows.

use super::row::Fault;
use super::texts::Texts;
use std::collections::BTreeSet;
use termwise_engine::findings::{Code, Disposition, Fate, Finding, Source};
use termwise_engine::ids::{CodeId, ItemId, MarketId, PartnerId, PromotionId, RegionId, TaxCodeId};

/// Between a product and its SKU in one text: below every byte that a cell may hold, so that the texts sort by product
/// and then by SKU.
pub(super) const ITEM_MARK: char = '\0';

/// Every text that has been met and that the whole run shares; ids are provisional.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Partners.
    pub partners: Texts<PartnerId>,
    /// Products and SKUs, as one text each.
    pub items: Texts<ItemId>,
    /// Markets.
    pub markets: Texts<MarketId>,
    /// Regions.
    pub regions: Texts<RegionId>,
    /// Promotions.
    pub promotions: Texts<PromotionId>,
    /// Promo codes.
    pub codes: Texts<CodeId>,
    /// Tax codes.
    pub tax_codes: Texts<TaxCodeId>,
    /// SKUs that stand without a product: of whatever product their subscription is.
    pub skus_alone: BTreeSet<Box<str>>,
    joined: String,
}

impl Met {
    /// The provisional id of a product and SKU.
    pub(super) fn item(&mut self, product: &str, sku: &str) -> ItemId {
        self.joined.clear();
        self.joined.push_str(product);
        self.joined.push(ITEM_MARK);
        self.joined.push_str(sku);
        self.items.meet(&self.joined)
    }

    /// Whether any kind has more texts than ids are made for.
    pub(super) fn is_too_many(&self) -> bool {
        [
            self.partners.is_too_many(),
            self.items.is_too_many(),
            self.markets.is_too_many(),
            self.regions.is_too_many(),
            self.promotions.is_too_many(),
            self.codes.is_too_many(),
            self.tax_codes.is_too_many(),
        ]
        .contains(&true)
    }
}

/// What is wrong with rows, and what therefore becomes of them.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What becomes of each row that the engine does not settle.
    pub fates: Vec<(Source, Fate)>,
}

impl Notes {
    /// Everything that is wrong with a row, which has one disposition.
    pub(super) fn set(&mut self, source: Source, disposition: Disposition, faults: &[Fault]) {
        for &(code, column) in faults {
            self.findings.push(Finding { source, disposition, code, column });
        }
        self.fates.push((source, Fate::Set(disposition)));
    }

    /// A row that is rejected for one thing.
    pub(super) fn reject(&mut self, source: Source, code: Code, column: &'static str) {
        self.set(source, Disposition::Rejected, &[(code, column)]);
    }

    /// Puts both lists in order; a row that was noted twice has its fate once.
    pub(super) fn sort(&mut self) {
        self.findings.sort_unstable_by_key(|finding| {
            (finding.source, finding.column, finding.code, finding.disposition)
        });
        self.findings.dedup();
        self.fates.sort_unstable();
        self.fates.dedup_by_key(|(source, _)| *source);
    }
}

/// All of it, and a list that is used anew for each row.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// Texts.
    pub met: Met,
    /// Findings and fates.
    pub notes: Notes,
    /// The faults of the row that is being read.
    pub faults: Vec<Fault>,
}

/// The rows whose id stands in one row only. Of an id in several rows all are rejected (C10), those that could not be
/// read among them: none of them says which one holds.
pub(super) fn distinct<Id: Ord + Copy, T>(
    mut rows: Vec<(Id, Source, Option<T>)>,
    fault: Fault,
    notes: &mut Notes,
) -> Vec<T> {
    rows.sort_unstable_by_key(|(id, source, _)| (*id, *source));
    for same in rows.chunk_by(|left, right| left.0 == right.0).filter(|same| same.len() > 1) {
        for (_, source, _) in same {
            notes.set(*source, Disposition::Rejected, &[fault]);
        }
    }
    let mut single = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    let mut before = None;
    while let Some((id, _, value)) = rows.next() {
        let is_repeated = before == Some(id) || rows.peek().is_some_and(|next| next.0 == id);
        before = Some(id);
        single.extend(value.filter(|_| !is_repeated));
    }
    single
}
