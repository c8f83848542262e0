//! What a promotion is, and how its file is written; the promotions themselves are in [`super::offers`].

use super::catalogue::{Cycle, Product, Term};
use super::days::date_text;
use super::offers::PROMOTIONS;
use super::write::TableWriter;
use super::{Profile, SampleError};
use chrono::NaiveDate;

/// What a promotion takes off where: product, term, billing cycle (any where none is named), fraction.
pub(crate) type Line = (&'static Product, Term, Option<Cycle>, &'static str);

/// A promotion.
#[derive(Debug)]
pub(crate) struct Promotion {
    pub(crate) id: &'static str,
    name: &'static str,
    pub(crate) lines: &'static [Line],
    pub(crate) starts_on: NaiveDate,
    pub(crate) ends_on: NaiveDate,
    markets: &'static str,
    regions: &'static str,
    segments: &'static str,
    min_seats: &'static str,
    max_seats: &'static str,
    max_redemptions: &'static str,
    first_purchase: bool,
    requires: Option<&'static Product>,
    auto_applicable: bool,
    legacy: bool,
    pass_on: &'static str,
    /// Whether it is nothing but a window, so that SQL can judge it, and any subscription of its products can hold it.
    pub(crate) plain: bool,
}

pub(crate) const fn promotion(
    id: &'static str,
    name: &'static str,
    lines: &'static [Line],
    starts_on: NaiveDate,
    ends_on: NaiveDate,
) -> Promotion {
    Promotion {
        id,
        name,
        lines,
        starts_on,
        ends_on,
        markets: "",
        regions: "",
        segments: "",
        min_seats: "",
        max_seats: "",
        max_redemptions: "",
        first_purchase: false,
        requires: None,
        auto_applicable: true,
        legacy: false,
        pass_on: "",
        plain: false,
    }
}

impl Promotion {
    pub(crate) const fn plain(mut self) -> Promotion {
        self.plain = true;
        self
    }

    pub(crate) const fn in_markets(mut self, markets: &'static str) -> Promotion {
        self.markets = markets;
        self
    }

    pub(crate) const fn in_regions(mut self, regions: &'static str) -> Promotion {
        self.regions = regions;
        self
    }

    pub(crate) const fn for_segments(mut self, segments: &'static str) -> Promotion {
        self.segments = segments;
        self
    }

    pub(crate) const fn seats(mut self, min_seats: &'static str, max_seats: &'static str) -> Promotion {
        self.min_seats = min_seats;
        self.max_seats = max_seats;
        self
    }

    pub(crate) const fn redeemed_at_most(mut self, max_redemptions: &'static str) -> Promotion {
        self.max_redemptions = max_redemptions;
        self
    }

    pub(crate) const fn at_first_purchase(mut self) -> Promotion {
        self.first_purchase = true;
        self
    }

    pub(crate) const fn requiring(mut self, product: &'static Product) -> Promotion {
        self.requires = Some(product);
        self
    }

    pub(crate) const fn when_asked(mut self) -> Promotion {
        self.auto_applicable = false;
        self
    }

    pub(crate) const fn in_legacy(mut self) -> Promotion {
        self.legacy = true;
        self
    }

    pub(crate) const fn passed_on(mut self, share: &'static str) -> Promotion {
        self.pass_on = share;
        self
    }
}

/// Promotions that a subscription of this kind can hold from `term_start` on without any other condition.
pub(crate) fn could_be_held(
    product: &Product,
    term: Term,
    cycle: Cycle,
    term_start: NaiveDate,
) -> Vec<&'static str> {
    let names =
        |line: &Line| line.0.is(product) && line.1 == term && line.2.is_none_or(|named| named == cycle);
    PROMOTIONS
        .iter()
        .filter(|promotion| {
            promotion.plain && promotion.starts_on <= term_start && term_start <= promotion.ends_on
        })
        .filter(|promotion| promotion.lines.iter().any(names))
        .map(|promotion| promotion.id)
        .collect()
}

/// Writes the promotions file, a row for each promotion and product, term and billing cycle.
pub(crate) fn write_promotions(file: &mut TableWriter, profile: Profile) -> Result<(), SampleError> {
    for promotion in PROMOTIONS {
        let is_written = match profile {
            Profile::Full => true,
            Profile::Plain => promotion.plain,
        };
        if !is_written {
            continue;
        }
        let requires = promotion.requires.map(Product::key).unwrap_or_default();
        for (product, term, cycle, discount) in promotion.lines {
            file.row(&[
                promotion.id,
                promotion.name,
                product.product_id,
                product.sku_id,
                term.name(),
                cycle.map(Cycle::name).unwrap_or_default(),
                promotion.markets,
                promotion.regions,
                promotion.segments,
                discount,
                &date_text(promotion.starts_on),
                &date_text(promotion.ends_on),
                promotion.min_seats,
                promotion.max_seats,
                promotion.max_redemptions,
                if promotion.first_purchase { "true" } else { "" },
                &requires,
                if promotion.auto_applicable { "true" } else { "false" },
                if promotion.legacy { "legacy" } else { "new" },
                promotion.pass_on,
            ])?;
        }
    }
    Ok(())
}
