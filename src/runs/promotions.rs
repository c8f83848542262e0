//! The list of promotions: what a partner can sell today to a customer of a market and segment (R30).
//!
//! It reads partners, prices and promotions of a job, by the same intake as every run, and no book. A promotion stands in it
//! where a purchase of that day could get it as far as market, segment, region, window and product go; whether a single customer
//! gets it is for [eligibility](super::eligibility) to say.

use super::invoice::{Work, in_pool};
use super::{Progress, RunError, figures};
use crate::intake::{self, Intake};
use crate::job::Job;
use crate::names::SharedNames;
use crate::output::diagnostic;
use serde::Serialize;
use termwise_engine::calendar::Day;
use termwise_engine::catalog::{Offer, Promotion, Segment};
use termwise_engine::findings::{Finding, Table};
use termwise_engine::ids::{ItemId, MarketId, PartnerId, RegionId};

/// What is read for it: nothing of the book.
const READ: [Table; 3] = [Table::Partners, Table::PriceList, Table::Promotions];

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The customer's country.
    pub market: String,
    /// The segment.
    pub segment: Segment,
    /// Product and SKU; none: all.
    pub item: Option<(String, String)>,
    /// The day; none: the job's as_of.
    pub on: Option<Day>,
    /// Who asks.
    pub asker: Asker,
}

/// Who asks: regional promotions are listed to partners of their region only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asker {
    /// Nobody in particular: what is for all partners.
    Anybody,
    /// A partner of the partners file.
    Partner(String),
    /// Any partner of a region.
    Region(String),
}

/// A promotion and one product, term and billing cycle that it names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Listed {
    /// The promotion.
    pub promotion_id: String,
    /// What it is called; empty where the file does not say.
    pub name: String,
    /// `all-partners` or `regional`.
    pub kind: &'static str,
    /// Product.
    pub product_id: String,
    /// SKU.
    pub sku_id: String,
    /// Term.
    pub term: &'static str,
    /// Billing cycle; none: every one.
    pub billing_cycle: Option<&'static str>,
    /// What comes off, in percent.
    pub percentage: String,
    /// First day.
    pub starts_on: String,
    /// Last day.
    pub ends_on: String,
    /// The fewest seats of a purchase.
    pub min_seats: Option<u32>,
    /// The most seats of a customer.
    pub max_seats: Option<u32>,
    /// How often a customer may redeem it.
    pub max_redemptions: Option<u32>,
    /// Whether it is for a first purchase only.
    pub first_purchase: bool,
    /// Products and SKUs that must be held.
    pub requires: Vec<String>,
    /// Whether it applies without being asked for.
    pub auto_applicable: bool,
    /// New commerce or legacy.
    pub commerce: &'static str,
}

/// The list, and what is to be said beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// By promotion, product, SKU, term and billing cycle.
    pub rows: Vec<Listed>,
    /// What was asked, in a line.
    pub heading: String,
    /// What is wrong with rows of promotions and partners: such a promotion is not in the list.
    pub diagnostics: Vec<String>,
    /// What else to know.
    pub notes: Vec<String>,
}

impl Listing {
    /// The exit code of the contract: 3 where rows could not be read, however long the list.
    pub const fn exit_code(&self) -> u8 {
        if self.diagnostics.is_empty() { 0 } else { 3 }
    }
}

/// Lists the promotions of a job.
///
/// # Errors
/// An input is refused as a whole, or it knows nothing of what is asked about.
pub fn promotions(
    job: &Job,
    question: &Question,
    work: Work,
    progress: &dyn Progress,
) -> Result<Listing, RunError> {
    in_pool(work, || {
        let mut inputs = job.inputs.clone();
        inputs.files.retain(|table, _| READ.contains(table));
        let intake = intake::read(&inputs, &job.policy, &work.reading(job), progress)?;
        let asked = Asked::new(question, &intake, job.window.billed.last)?;
        // What is wrong with prices is for a check to tell: a list shows none.
        let is_told = |finding: &&Finding| finding.source.table != Table::PriceList;
        let findings: Vec<Finding> = intake.findings.iter().filter(is_told).copied().collect();
        let rejects = intake.excerpts(&inputs, &findings)?;
        let rows = asked.rows();
        Ok(Listing {
            heading: asked.heading(rows.len()),
            rows,
            diagnostics: rejects.iter().map(diagnostic).collect(),
            notes: asked.notes(inputs.files.contains_key(&Table::Promotions)),
        })
    })
}

/// The question in ids.
struct Asked<'a> {
    question: &'a Question,
    intake: &'a Intake,
    market: MarketId,
    item: Option<ItemId>,
    region: Option<RegionId>,
    on: Day,
}

impl<'a> Asked<'a> {
    fn new(question: &'a Question, intake: &'a Intake, as_of: Day) -> Result<Asked<'a>, RunError> {
        let names = &intake.shared;
        let not_known =
            |what, value: &str, by, hint| RunError::NotKnown { what, value: value.to_owned(), by, hint };
        let market = names.markets.rank(&question.market).map(MarketId::of_rank).ok_or_else(|| {
            let by = "neither the price list nor the promotions name";
            not_known("market", &question.market, by, "write the country as the price list does, such as NL")
        })?;
        let item = question.item.as_ref().map(|(product, sku)| {
            names.item(product, sku).map(ItemId::of_rank).ok_or_else(|| {
                let by = "neither the price list nor the promotions name";
                let hint = "write product and SKU as the price list does, such as CFQ7TTC0LH18:0001";
                not_known("sku", &format!("{product}:{sku}"), by, hint)
            })
        });
        let region = match &question.asker {
            Asker::Anybody => None,
            Asker::Partner(partner) => {
                let id = names.partners.rank(partner).map(PartnerId::of_rank);
                let known = id.and_then(|id| intake.catalog.partners.get(Some(id))).ok_or_else(|| {
                    let hint = "write the partner_id as in the job's partners file, or ask with --region";
                    not_known("partner", partner, "the partners file lacks", hint)
                })?;
                known.region
            }
            Asker::Region(region) => {
                let known = names.regions.rank(region).map(RegionId::of_rank).ok_or_else(|| {
                    let hint = "write the region as the partners file does";
                    not_known("region", region, "neither partners nor promotions name", hint)
                })?;
                Some(known)
            }
        };
        let on = question.on.unwrap_or(as_of);
        Ok(Asked { question, intake, market, item: item.transpose()?, region, on })
    }

    fn rows(&self) -> Vec<Listed> {
        let promotions = self.intake.catalog.promotions.iter().filter(|promotion| self.is_open(promotion));
        let rows = promotions.flat_map(|promotion| {
            let offers = promotion.offers.iter().filter(|offer| self.is_asked(offer));
            offers.map(|offer| listed(promotion, offer, &self.intake.shared))
        });
        rows.collect()
    }

    /// Whether the market, the segment, the asker's region and the day are a promotion's; empty lists mean all (R13).
    fn is_open(&self, promotion: &Promotion) -> bool {
        let Promotion { markets, segments, regions, window, .. } = promotion;
        let in_region = self.region.is_some_and(|region| regions.contains(&region));
        (markets.is_empty() || markets.contains(&self.market))
            && (segments.is_empty() || segments.contains(&self.question.segment))
            && (regions.is_empty() || in_region)
            && window.holds(self.on)
    }

    /// Whether an offer is of the product asked for, and of one that promotions exist for (R12).
    fn is_asked(&self, offer: &Offer) -> bool {
        self.item.is_none_or(|item| item == offer.item)
            && self.intake.catalog.promotions.is_licensed(offer.item, self.on)
    }

    fn heading(&self, rows: usize) -> String {
        let Question { market, segment, item, asker, .. } = self.question;
        let count = match rows {
            0 => "no promotions".to_owned(),
            1 => "1 promotion".to_owned(),
            _ => "promotions".to_owned(),
        };
        let of = item.as_ref().map(|(product, sku)| format!(" of {product}:{sku}")).unwrap_or_default();
        let asker = match asker {
            Asker::Anybody => String::new(),
            Asker::Partner(partner) => format!(", asked by partner {partner}{}", self.in_region()),
            Asker::Region(region) => format!(", asked from {region}"),
        };
        format!("{count}{of} for {market}, {} on {}{asker}", segment.name(), self.on)
    }

    fn in_region(&self) -> String {
        self.region
            .map(|id| format!(" in {}", self.intake.shared.regions.text(id.rank())))
            .unwrap_or_default()
    }

    fn notes(&self, has_file: bool) -> Vec<String> {
        let troubles = self.intake.warnings.iter().filter(|warning| warning.is_trouble);
        let mut notes: Vec<String> = troubles.map(ToString::to_string).collect();
        if !has_file {
            notes.push("the job names no promotions".to_owned());
        }
        if matches!(self.question.asker, Asker::Partner(_)) && self.region.is_none() {
            notes.push("the partner has no region, so regional promotions are left out".to_owned());
        }
        notes
    }
}

fn listed(promotion: &Promotion, offer: &Offer, names: &SharedNames) -> Listed {
    let item = |id: ItemId| (names.products.get(id.rank()), names.skus.get(id.rank()));
    let (product, sku) = item(offer.item);
    let required = |&id: &ItemId| {
        let (product, sku) = item(id);
        format!("{product}:{sku}")
    };
    let percentage = figures::percent_of_millionths(offer.discount.millionths());
    Listed {
        promotion_id: names.promotions.text(promotion.id.rank()).to_owned(),
        name: names.promotion_names.get(&promotion.id).cloned().unwrap_or_default(),
        kind: if promotion.regions.is_empty() { "all-partners" } else { "regional" },
        product_id: product.to_owned(),
        sku_id: sku.to_owned(),
        term: offer.term.name(),
        billing_cycle: offer.billing_cycle.map(|cycle| cycle.name()),
        percentage: percentage.trim_end_matches(" %").to_owned(),
        starts_on: promotion.window.first.to_string(),
        ends_on: promotion.window.last.to_string(),
        min_seats: promotion.min_seats,
        max_seats: promotion.max_seats,
        max_redemptions: promotion.max_redemptions,
        first_purchase: promotion.first_purchase,
        requires: promotion.requires.iter().map(required).collect(),
        auto_applicable: promotion.auto_applicable,
        commerce: promotion.commerce.name(),
    }
}
