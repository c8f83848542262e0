//! Who sells: partners, their regions and their providers.

use super::Segment;
use crate::ids::{PartnerId, RegionId};

/// How a partner sells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartnerKind {
    /// Directly.
    Direct,
    /// To indirect resellers.
    IndirectProvider,
    /// Through an indirect provider.
    IndirectReseller,
}

impl PartnerKind {
    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            PartnerKind::Direct => "direct",
            PartnerKind::IndirectProvider => "indirect-provider",
            PartnerKind::IndirectReseller => "indirect-reseller",
        }
    }
}

/// A partner of the partners file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Partner {
    /// Its id.
    pub id: PartnerId,
    /// Its region, for regional promotions.
    pub region: Option<RegionId>,
    /// How it sells.
    pub kind: PartnerKind,
    /// Whether an indirect provider is named.
    pub has_provider: bool,
}

/// The partners of the partners file; none at all without one: R52 is then not checked (B18).
#[derive(Clone, Debug, Default)]
pub struct Partners {
    /// By the rank of the id.
    by_rank: Vec<Option<Partner>>,
}

impl Partners {
    /// The partners of a file, in any order.
    pub fn new(partners: Vec<Partner>) -> Partners {
        let ranks = partners.iter().map(|partner| partner.id.rank() + 1).max().unwrap_or(0);
        let mut by_rank = vec![None; ranks];
        for partner in partners {
            by_rank[partner.id.rank()] = Some(partner);
        }
        Partners { by_rank }
    }

    /// A partner of the file.
    pub fn get(&self, id: Option<PartnerId>) -> Option<&Partner> {
        self.by_rank.get(id?.rank())?.as_ref()
    }

    /// The region of a partner, where known.
    pub fn region(&self, partner: Option<PartnerId>) -> Option<RegionId> {
        self.get(partner)?.region
    }

    /// Whether an education offer is sold by an indirect reseller that names no provider (R52).
    pub fn needs_provider(&self, partner: Option<PartnerId>, segment: Segment) -> bool {
        let lacks_one = |known: &Partner| known.kind == PartnerKind::IndirectReseller && !known.has_provider;
        segment == Segment::Education && self.get(partner).is_some_and(lacks_one)
    }
}
