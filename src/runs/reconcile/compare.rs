//! Comparing what stands on the shelves, side by side, and finding out which differences are explained.

use crate::intake::Intake;
use crate::intake::vendor::{Explanation, Shelf, Shelved, Shelving, Unread, product_and_sku, show};
use crate::job::Job;
use crate::output::reconciliation::{Comparison, Group, Judged, Sums, Tallied};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Arc;
use termwise_engine::calendar::Day;
use termwise_engine::findings::{Code, Disposition, Finding};
use termwise_engine::reconciling::{Circumstances, Compared, Entry, Ours, Vendors, exclude, reconcile};

/// Compares everything; gives the comparison, and what is to be said of explanations.
pub(super) fn compare(
    job: &Job,
    shelving: Shelving,
    (explained, unread): (Vec<Explanation>, Unread),
    book: Option<&Intake>,
) -> (Comparison, Vec<Finding>) {
    let mut given = Sums::default();
    for (currency, [ours, vendors]) in shelving.given().iter() {
        let sum = given.of(currency);
        (sum.ours_lines, sum.ours) = ours;
        (sum.vendors_lines, sum.vendors) = vendors;
    }
    let words = shelving.words().texts();
    let without_sku = words.iter().map(|word| product_and_sku(word).1.is_empty()).collect();
    let desk = Desk { job, words: &words, without_sku, explained: &explained, book };
    let shelves: Vec<(Vec<Group>, Tallied, Vec<bool>)> =
        shelving.shelves().into_par_iter().map(|shelves| desk.shelf(shelves)).collect();
    let mut tallied = Tallied::default();
    let mut groups = Vec::new();
    let mut is_used = vec![false; explained.len()];
    for (found, sums, used) in shelves {
        groups.extend(found);
        tallied.add(&sums);
        is_used.iter_mut().zip(used).for_each(|(known, used)| *known |= used);
    }
    let groups = sorted(groups);
    let findings =
        explained.iter().zip(is_used).filter_map(|(one, is_used)| told(job, one, is_used)).collect();
    (Comparison { groups, words, explained, tallied, unread, given }, findings)
}

/// Groups by customer and subscription. What a customer's id begins with nearly always settles it, without a look at the texts
/// themselves, which lie all over the memory.
fn sorted(mut groups: Vec<Group>) -> Vec<Group> {
    const BEGINNING: usize = 16;
    let beginning = |group: &Group| {
        let mut bytes = [0; BEGINNING];
        bytes.iter_mut().zip(group.customer.bytes()).for_each(|(place, byte)| *place = byte);
        bytes
    };
    let mut order: Vec<([u8; BEGINNING], u32)> =
        (0..).zip(&groups).map(|(number, group)| (beginning(group), number)).collect();
    order.par_sort_unstable_by(|(one, number), (other, other_number)| {
        let whole = |number: u32| {
            let group = &groups[number as usize];
            (&group.customer, &group.subscription)
        };
        one.cmp(other).then_with(|| whole(*number).cmp(&whole(*other_number)))
    });
    order.into_iter().map(|(_, number)| std::mem::take(&mut groups[number as usize])).collect()
}

/// What is to be said of an explanation: stale policy is a finding too (R69).
fn told(job: &Job, explanation: &Explanation, is_used: bool) -> Option<Finding> {
    let (code, column) = if explanation.expires_on < job.window.billed.last {
        (Code::ExplanationExpired, "expires_on")
    } else if is_used {
        return None;
    } else {
        (Code::ExplanationUnused, "cause")
    };
    Some(Finding { source: explanation.source, disposition: Disposition::Flagged, code, column })
}

struct Desk<'a> {
    job: &'a Job,
    words: &'a [Arc<str>],
    /// Whether a word is a product without a SKU, as legacy files name it.
    without_sku: Vec<bool>,
    explained: &'a [Explanation],
    /// The book that our side was rated from; none where it was read.
    book: Option<&'a Intake>,
}

impl Desk<'_> {
    fn shelf(&self, shelves: Vec<Shelf>) -> (Vec<Group>, Tallied, Vec<bool>) {
        let mut tallied = Tallied::default();
        let mut is_used = vec![false; self.explained.len()];
        let groups = show(shelves, |shelved| {
            let group = self.subscription(&shelved);
            for row in &group.rows {
                tallied.row(row, self.job.reconcile.line);
                if let Some(number) = row.explanation {
                    is_used[number as usize] = true;
                }
            }
            group
        });
        (groups, tallied, is_used)
    }

    fn subscription(&self, shelved: &Shelved<'_>) -> Group {
        let ours = shelved.ours;
        let mut vendors = Cow::Borrowed(shelved.vendors);
        if vendors.iter().any(|line| self.lacks_sku(line.entry.item)) {
            vendors = shelved.vendors.iter().map(|line| self.with_item_of_ours(*line, ours)).collect();
        }
        let known = |book: &Intake| book.has_row(shelved.subscription);
        let at = Circumstances {
            is_known: !ours.is_empty() || self.book.is_some_and(known),
            period: self.job.window.billed,
            tolerance: self.job.reconcile.line,
        };
        let compared = reconcile(ours, &vendors, at).into_iter().chain(exclude(shelved.excluded));
        let judged = |compared: Compared| {
            let explanation = self.explanation(&compared, shelved.customer, shelved.subscription);
            Judged { compared, explanation }
        };
        let mut rows: Vec<Judged> = compared.map(judged).collect();
        if rows.len() > 1 {
            rows.sort_by(|one, other| self.order(&one.compared).cmp(&self.order(&other.compared)));
        }
        Group { customer: shelved.customer.into(), subscription: shelved.subscription.into(), rows }
    }

    /// The order of a subscription's rows.
    fn order<'c>(&'c self, row: &'c Compared) -> impl Ord + 'c {
        (self.word(row.item), row.cycle.last, row.cycle.first, row.currency, row.status)
    }

    fn word(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", |word| word)
    }

    fn lacks_sku(&self, item: u32) -> bool {
        self.without_sku.get(item as usize).copied().unwrap_or_default()
    }

    /// A legacy file names an offer and no SKU: where our side has one SKU of it for the subscription, that is meant.
    fn with_item_of_ours(&self, line: Vendors, ours: &[Ours]) -> Vendors {
        if !self.lacks_sku(line.entry.item) {
            return line;
        }
        let (product, _) = product_and_sku(self.word(line.entry.item));
        let of_product = |own: &&Ours| product_and_sku(self.word(own.entry.item)).0 == product;
        let mut items = ours.iter().filter(of_product).map(|own| own.entry.item);
        match items.next() {
            Some(item) if items.all(|other| other == item) => {
                Vendors { entry: Entry { item, ..line.entry }, ..line }
            }
            Some(_) | None => line,
        }
    }

    /// The explanation that holds for a row: of several the one that names most of it.
    fn explanation(&self, row: &Compared, customer: &str, subscription: &str) -> Option<u32> {
        let cause = row.cause?;
        let (product, sku) = product_and_sku(self.word(row.item));
        let texts = [customer, subscription, product, sku, row.currency.code()];
        let holds = |explanation: &Explanation| {
            let is_text = |(wanted, text): (&Option<Box<str>>, &str)| {
                wanted.as_ref().is_none_or(|wanted| **wanted == *text)
            };
            let is_day = |(wanted, day): (&Option<Day>, Day)| wanted.is_none_or(|wanted| wanted == day);
            explanation.cause == cause
                && explanation.expires_on >= self.job.window.billed.last
                && explanation.texts.iter().zip(texts).all(is_text)
                && explanation.cycle.iter().zip([row.cycle.first, row.cycle.last]).all(is_day)
        };
        (0..).zip(self.explained).find(|(_, explanation)| holds(explanation)).map(|(number, _)| number)
    }
}
