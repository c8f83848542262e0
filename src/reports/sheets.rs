//! Which sheets of rows there are, what stands on each, and what each must add up to.
//!
//! Every row of the file stands on the sheet of its status. *Unmapped* and *Explained* show some of the same rows again,
//! since other people work on them.

use super::ReportError;
use super::frames::{Field, Frames};
use super::groups::{self, APART, Group, Measure};
use super::listing::{Listing, Shown};
use polars::prelude::{Expr, col, lit};
use std::collections::BTreeMap;
use termwise_engine::reconciling::{Cause, Status};

/// What the rows of a sheet must add up to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tie {
    /// The rows of these statuses.
    Statuses(&'static [Status], Measure),
    /// The rows of a cause.
    Cause(Cause),
    /// The rows that somebody explained.
    Explained,
}

/// The totals of the file, which every sheet must tie with.
pub(super) struct Groups {
    pub(super) by_status: Vec<Group<Status>>,
    pub(super) by_cause: Vec<Group<Cause>>,
}

impl Groups {
    /// What a sheet must add up to in a currency.
    pub(super) fn expected(&self, tie: Tie, currency: &str) -> i64 {
        match tie {
            Tie::Statuses(statuses, measure) => {
                let of_it = |group: &&Group<Status>| statuses.contains(&group.key);
                sum(self.by_status.iter().filter(of_it), currency, measure)
            }
            Tie::Cause(cause) => {
                let of_it = |group: &&Group<Cause>| group.key == cause;
                sum(self.by_cause.iter().filter(of_it), currency, Measure::Difference)
            }
            Tie::Explained => sum(self.by_status.iter(), currency, Measure::Explained),
        }
    }
}

fn sum<'g, K: 'g>(groups: impl Iterator<Item = &'g Group<K>>, currency: &str, measure: Measure) -> i64 {
    groups.filter(|group| group.currency == currency).map(|group| group.sums.of(measure)).sum()
}

/// A sheet of rows, and what it must add up to: the total of a column.
pub(super) struct Planned {
    pub(super) listing: Listing<'static>,
    pub(super) column: &'static str,
    pub(super) tie: Tie,
}

/// What is compared of a pair, on the sheets that show both sides.
const PAIR: &[Shown] = &[
    Shown::field(Field::Cause, "Cause"),
    Shown::field(Field::CustomerId, "Customer id"),
    Shown::name(),
    Shown::field(Field::SubscriptionId, "Subscription id"),
    Shown::field(Field::ProductId, "Product id"),
    Shown::field(Field::SkuId, "SKU id"),
    Shown::field(Field::CycleStart, "Charge from"),
    Shown::field(Field::CycleEnd, "Charge to"),
    Shown::field(Field::OursQuantity, "Our seats"),
    Shown::field(Field::VendorsQuantity, "Vendor's seats"),
    Shown::field(Field::OursSeatDays, "Our seat-days"),
    Shown::field(Field::VendorsSeatDays, "Vendor's seat-days"),
    Shown::field(Field::OursUnitPrice, "Our price for a seat"),
    Shown::field(Field::VendorsUnitPrice, "Vendor's price for a seat"),
    Shown::field(Field::OursPromotionId, "Our promotion"),
    Shown::field(Field::VendorsPromotionId, "Vendor's promotion"),
    Shown::field(Field::OursAmount, "Our amount"),
    Shown::field(Field::VendorsAmount, "Vendor's amount"),
    Shown::field(Field::Difference, "Difference"),
    Shown::field(Field::Currency, "Currency"),
    Shown::field(Field::Rounding, "Rounding that fits"),
    Shown::field(Field::ExplainedBy, "Explained by"),
    Shown::field(Field::Detail, "Detail"),
];

/// What the vendor's side alone has.
const VENDORS: &[Shown] = &[
    Shown::field(Field::Cause, "Cause"),
    Shown::field(Field::CustomerId, "Customer id"),
    Shown::name(),
    Shown::field(Field::SubscriptionId, "Subscription id"),
    Shown::field(Field::ProductId, "Product id"),
    Shown::field(Field::SkuId, "SKU id"),
    Shown::field(Field::CycleStart, "Charge from"),
    Shown::field(Field::CycleEnd, "Charge to"),
    Shown::field(Field::VendorsLines, "Lines"),
    Shown::field(Field::VendorsQuantity, "Vendor's seats"),
    Shown::field(Field::VendorsSeatDays, "Vendor's seat-days"),
    Shown::field(Field::VendorsUnitPrice, "Vendor's price for a seat"),
    Shown::field(Field::VendorsPromotionId, "Vendor's promotion"),
    Shown::field(Field::VendorsAmount, "Vendor's amount"),
    Shown::field(Field::Difference, "Difference"),
    Shown::field(Field::Currency, "Currency"),
    Shown::field(Field::ExplainedBy, "Explained by"),
    Shown::field(Field::Detail, "Detail"),
];

/// What our side alone has.
const OURS: &[Shown] = &[
    Shown::field(Field::Cause, "Cause"),
    Shown::field(Field::CustomerId, "Customer id"),
    Shown::name(),
    Shown::field(Field::SubscriptionId, "Subscription id"),
    Shown::field(Field::ProductId, "Product id"),
    Shown::field(Field::SkuId, "SKU id"),
    Shown::field(Field::CycleStart, "Charge from"),
    Shown::field(Field::CycleEnd, "Charge to"),
    Shown::field(Field::OursLines, "Lines"),
    Shown::field(Field::OursQuantity, "Our seats"),
    Shown::field(Field::OursSeatDays, "Our seat-days"),
    Shown::field(Field::OursUnitPrice, "Our price for a seat"),
    Shown::field(Field::OursPromotionId, "Our promotion"),
    Shown::field(Field::OursAmount, "Our amount"),
    Shown::field(Field::Difference, "Difference"),
    Shown::field(Field::Currency, "Currency"),
    Shown::field(Field::ExplainedBy, "Explained by"),
    Shown::field(Field::Detail, "Detail"),
];

/// What is not compared.
const EXCLUDED: &[Shown] = &[
    Shown::field(Field::CustomerId, "Customer id"),
    Shown::name(),
    Shown::field(Field::SubscriptionId, "Subscription id"),
    Shown::field(Field::ProductId, "Product id"),
    Shown::field(Field::SkuId, "SKU id"),
    Shown::field(Field::CycleStart, "Charge from"),
    Shown::field(Field::CycleEnd, "Charge to"),
    Shown::field(Field::VendorsLines, "Lines"),
    Shown::field(Field::VendorsQuantity, "Quantity"),
    Shown::field(Field::VendorsAmount, "Vendor's amount"),
    Shown::field(Field::Currency, "Currency"),
    Shown::field(Field::Detail, "Detail"),
];

/// Rows of different statuses, which name theirs.
const WITH_STATUS: [Shown; PAIR.len() + 1] = with_status();

const fn with_status() -> [Shown; PAIR.len() + 1] {
    let mut columns = [Shown::field(Field::Status, "Status"); PAIR.len() + 1];
    let mut place = 0;
    while place < PAIR.len() {
        columns[place + 1] = PAIR[place];
        place += 1;
    }
    columns
}

/// The sums of a customer or a product, after what names it.
macro_rules! with_sums {
    ($($key:expr),+) => {
        &[
            $($key,)+
            Shown::count(Measure::Rows, "Rows"),
            Shown::count(Measure::OpenRows, "Open rows"),
            Shown::count(Measure::OurSeats, "Our seats"),
            Shown::count(Measure::VendorsSeats, "Vendor's seats"),
            Shown::sum(Measure::Ours, "Our amount"),
            Shown::sum(Measure::Vendors, "Vendor's amount"),
            Shown::sum(Measure::Excluded, "Excluded part"),
            Shown::sum(Measure::Difference, "Difference"),
            Shown::field(Field::Currency, "Currency"),
            Shown::sum(Measure::VendorOnly, "We pay and do not bill"),
            Shown::sum(Measure::Different, "Amount differences"),
            Shown::sum(Measure::OursOnly, "We bill and do not pay"),
            Shown::sum(Measure::Small, "Rounding and tolerance"),
            Shown::sum(Measure::Explained, "Explained"),
            Shown::sum(Measure::Open, "Open"),
        ]
    };
}

const BY_CUSTOMER: &[Shown] = with_sums!(Shown::field(Field::CustomerId, "Customer id"), Shown::name());
const BY_PRODUCT: &[Shown] =
    with_sums!(Shown::field(Field::ProductId, "Product id"), Shown::field(Field::SkuId, "SKU id"));

const DIFFERENCE: &str = Field::Difference.name();
const CURRENCY: &str = Field::Currency.name();
/// Each currency by itself, the largest difference first.
const LARGEST_FIRST: &[&str] = &[CURRENCY, APART];
/// By cause, each currency by itself, the largest difference first.
const BY_CAUSE: &[&str] = &[Field::Cause.name(), CURRENCY, APART];
/// In the order of the file.
const AS_IT_IS: &[&str] = &[];

/// The sheets of rows, in the order of the workbook.
pub(super) fn planned(
    frames: &Frames,
    names: &BTreeMap<String, String>,
    with_matched: bool,
) -> Result<Vec<Planned>, ReportError> {
    let listed = groups::named(frames.listed.clone(), names)?;
    let rows = |which: Expr, by: &[&str]| groups::selected(&listed, which, by);
    let of = |status: Status| groups::is(status);
    let mut sheets = vec![
        Planned {
            listing: Listing {
                name: "We pay and do not bill",
                about: "The vendor charges these and we bill none of them. Largest first.",
                columns: VENDORS,
                rows: rows(of(Status::VendorOnly), LARGEST_FIRST)?,
                is_reviewed: true,
            },
            column: DIFFERENCE,
            tie: Tie::Statuses(&[Status::VendorOnly], Measure::Difference),
        },
        Planned {
            listing: Listing {
                name: "Amount differences",
                about: "Both sides have these, and they differ. A difference is ours less the vendor's. By cause, largest first.",
                columns: PAIR,
                rows: rows(of(Status::Different), BY_CAUSE)?,
                is_reviewed: true,
            },
            column: DIFFERENCE,
            tie: Tie::Statuses(&[Status::Different], Measure::Difference),
        },
        Planned {
            listing: Listing {
                name: "We bill and do not pay",
                about: "We bill these and the vendor charges none of them. Largest first.",
                columns: OURS,
                rows: rows(of(Status::OursOnly), LARGEST_FIRST)?,
                is_reviewed: true,
            },
            column: DIFFERENCE,
            tie: Tie::Statuses(&[Status::OursOnly], Measure::Difference),
        },
        Planned {
            listing: Listing {
                name: "By customer",
                about: "Every customer of either side, each currency by itself, the largest difference first.",
                columns: BY_CUSTOMER,
                rows: groups::by_customer(frames, names)?,
                is_reviewed: false,
            },
            column: Measure::Difference.name(),
            tie: Tie::Statuses(&Status::ALL, Measure::Difference),
        },
        Planned {
            listing: Listing {
                name: "By product",
                about: "Every product and SKU of either side, each currency by itself, the largest difference first.",
                columns: BY_PRODUCT,
                rows: groups::by_product(frames)?,
                is_reviewed: false,
            },
            column: Measure::Difference.name(),
            tie: Tie::Statuses(&Status::ALL, Measure::Difference),
        },
    ];
    if with_matched {
        sheets.push(Planned {
            listing: Listing {
                name: "Matched",
                about: "The same on both sides, under our rounding or another one that the vendor publishes.",
                columns: &WITH_STATUS,
                rows: rows(of(Status::Matched).or(of(Status::MatchedUnderRounding)), AS_IT_IS)?,
                is_reviewed: false,
            },
            column: Field::VendorsAmount.name(),
            tie: Tie::Statuses(&[Status::Matched, Status::MatchedUnderRounding], Measure::Vendors),
        });
    }
    sheets.extend([
        Planned {
            listing: Listing {
                name: "Within tolerance",
                about: "Both sides have these, apart by no more than the tolerance for a line. Largest first.",
                columns: PAIR,
                rows: rows(of(Status::WithinTolerance), LARGEST_FIRST)?,
                is_reviewed: false,
            },
            column: DIFFERENCE,
            tie: Tie::Statuses(&[Status::WithinTolerance], Measure::Difference),
        },
        Planned {
            listing: Listing {
                name: "Unmapped",
                about: "One side does not know the subscription or the product. These rows stand on the sheets of their status too.",
                columns: &WITH_STATUS,
                rows: rows(
                    col(Field::Cause.name()).eq(lit(Cause::Unmapped.rank())),
                    &[Field::Status.name(), CURRENCY, APART],
                )?,
                is_reviewed: true,
            },
            column: DIFFERENCE,
            tie: Tie::Cause(Cause::Unmapped),
        },
        Planned {
            listing: Listing {
                name: "Excluded",
                about: "The vendor's lines that are not licence-based: they are in its total and are not compared.",
                columns: EXCLUDED,
                rows: rows(of(Status::Excluded), AS_IT_IS)?,
                is_reviewed: false,
            },
            column: Field::VendorsAmount.name(),
            tie: Tie::Statuses(&[Status::Excluded], Measure::Vendors),
        },
    ]);
    let explained = rows(
        col(Field::ExplainedBy.name()).neq(lit("")),
        &[Field::ExplainedBy.name(), Field::Cause.name(), CURRENCY, APART],
    )?;
    if explained.height() > 0 {
        sheets.push(Planned {
            listing: Listing {
                name: "Explained",
                about: "Somebody explained these, by who did. They stand on the sheets of their status too.",
                columns: &WITH_STATUS,
                rows: explained,
                is_reviewed: true,
            },
            column: DIFFERENCE,
            tie: Tie::Explained,
        });
    }
    Ok(sheets)
}
