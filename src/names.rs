//! Names: the texts behind the engine's ids.
//!
//! An id is the rank of its text, so that the engine orders by bytes without ever seeing a byte.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use termwise_engine::catalog::Items;
use termwise_engine::findings::Finding;
use termwise_engine::ids::{
    BillToId, ChangeId, CodeId, CustomerId, ItemId, MarketId, OrderId, PartnerId, PromotionId, RegionId,
    SubscriptionId, TaxCodeId,
};

/// Texts one after the other in one piece of memory: a number for each, and no allocation of its own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Texts {
    bytes: String,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl Texts {
    /// Adds a text; its number is the count before.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// The text of a number; empty where there is none.
    pub fn get(&self, number: usize) -> &str {
        let first =
            number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.ends.get(number).and_then(|&end| self.bytes.get(first..end)).unwrap_or_default()
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The texts in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|number| self.get(number))
    }

    /// Gives back what was set aside for more texts.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(all: I) -> Texts {
        let mut texts = Texts::default();
        all.into_iter().for_each(|text| texts.push(text));
        texts
    }
}

/// The place among so many sorted things of the one that is looked for; `order` says how the thing of a place lies to it.
fn search(count: usize, order: impl Fn(usize) -> Ordering) -> Option<usize> {
    let (mut first, mut end) = (0, count);
    while first < end {
        let middle = usize::midpoint(first, end);
        match order(middle) {
            Ordering::Equal => return Some(middle),
            Ordering::Less => first = middle + 1,
            Ordering::Greater => end = middle,
        }
    }
    None
}

/// Texts in the order of their bytes, without repeats; a text's rank is its id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TextTable(Texts);

impl TextTable {
    /// The distinct texts of `texts`, sorted by bytes.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> TextTable {
        let mut texts: Vec<&str> = texts.into_iter().collect();
        texts.sort_unstable();
        texts.dedup();
        TextTable(texts.into_iter().collect())
    }

    /// The rank of a text.
    pub fn rank(&self, text: &str) -> Option<usize> {
        search(self.len(), |rank| self.text(rank).cmp(text))
    }

    /// The text of a rank.
    pub fn text(&self, rank: usize) -> &str {
        self.0.get(rank)
    }

    /// Sorted texts without repeats, as they are.
    pub fn of_sorted(texts: Texts) -> TextTable {
        TextTable(texts)
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter()
    }
}

/// The names that the whole run shares: few texts that stand in many rows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SharedNames {
    /// Partners.
    pub partners: TextTable,
    /// Products, by item: sorted by product and then SKU, so a product stands here once for each of its SKUs.
    pub products: Texts,
    /// SKUs, by item.
    pub skus: Texts,
    /// Markets.
    pub markets: TextTable,
    /// Regions.
    pub regions: TextTable,
    /// Promotions.
    pub promotions: TextTable,
    /// What promotions are called, by their ids; the first of a promotion's rows that has a name gives it.
    pub promotion_names: BTreeMap<PromotionId, String>,
    /// Promo codes.
    pub codes: TextTable,
    /// Tax codes.
    pub tax_codes: TextTable,
}

impl SharedNames {
    /// Which ranks have the same product, and which the same SKU.
    pub fn items(&self) -> Items {
        let skus = TextTable::of(self.skus.iter());
        let (mut products, mut before) = (0, None);
        let pair = |(product, sku)| {
            products += u32::from(before.replace(product).is_some_and(|before| before != product));
            (products, skus.rank(sku).unwrap_or_default() as u32)
        };
        Items::new(self.products.iter().zip(self.skus.iter()).map(pair).collect())
    }

    /// The rank of a product and SKU.
    pub fn item(&self, product: &str, sku: &str) -> Option<usize> {
        let pair = |rank: usize| (self.products.get(rank), self.skus.get(rank));
        search(self.products.len(), |rank| pair(rank).cmp(&(product, sku)))
    }
}

/// Every table of names of a book: those that the run shares, and those of the book's own customers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names {
    /// Of the whole run.
    pub shared: Arc<SharedNames>,
    /// Customers.
    pub customers: TextTable,
    /// Subscriptions in the order of [`SubscriptionId`]: by customer, then by their own text.
    pub subscriptions: Texts,
    /// Bill-tos.
    pub bill_tos: TextTable,
    /// Orders: those that codes were entered with, by their texts, and then the subscriptions' own as they come.
    pub orders: Texts,
    /// Seat changes' ids.
    pub changes: TextTable,
}

impl Names {
    /// A customer's id.
    pub fn customer(&self, id: CustomerId) -> &str {
        self.customers.text(id.rank())
    }

    /// A subscription's id.
    pub fn subscription(&self, id: SubscriptionId) -> &str {
        self.subscriptions.get(id.rank())
    }

    /// A partner's id.
    pub fn partner(&self, id: PartnerId) -> &str {
        self.shared.partners.text(id.rank())
    }

    /// A bill-to's id.
    pub fn bill_to(&self, id: BillToId) -> &str {
        self.bill_tos.text(id.rank())
    }

    /// An order's id.
    pub fn order(&self, id: OrderId) -> &str {
        self.orders.get(id.rank())
    }

    /// A product's id.
    pub fn product(&self, id: ItemId) -> &str {
        self.shared.products.get(id.rank())
    }

    /// A SKU's id.
    pub fn sku(&self, id: ItemId) -> &str {
        self.shared.skus.get(id.rank())
    }

    /// A market.
    pub fn market(&self, id: MarketId) -> &str {
        self.shared.markets.text(id.rank())
    }

    /// A region.
    pub fn region(&self, id: RegionId) -> &str {
        self.shared.regions.text(id.rank())
    }

    /// A promotion's id.
    pub fn promotion(&self, id: PromotionId) -> &str {
        self.shared.promotions.text(id.rank())
    }

    /// A promo code as it is written.
    pub fn code(&self, id: CodeId) -> &str {
        self.shared.codes.text(id.rank())
    }

    /// A tax code.
    pub fn tax_code(&self, id: TaxCodeId) -> &str {
        self.shared.tax_codes.text(id.rank())
    }

    /// A seat change's id.
    pub fn change(&self, id: ChangeId) -> &str {
        self.changes.text(id.rank())
    }
}

/// A text without anything that a terminal would obey: control and direction characters stand as their escapes.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns =
            matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if letter.is_control() || turns {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

/// A finding with the texts of its row, as rejects.csv and the screen show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Reject {
    /// What is wrong and where.
    pub finding: Finding,
    /// The file, as the job names it.
    pub file: String,
    /// The id that the row is about: its subscription, customer, promotion, code or product:SKU.
    pub key: String,
    /// The cell at fault, as it stands in the file; empty where it is the row as a whole.
    pub value: String,
    /// The row as it stands in the file (CSV), or its cells joined by commas.
    pub excerpt: String,
}

#[cfg(test)]
mod tests {
    use super::{TextTable, Texts, printable};

    #[test]
    fn texts_keep_their_order_and_tables_their_ranks() {
        let texts: Texts = ["b", "", "Ü"].into_iter().collect();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["b", "", "Ü"]);
        assert_eq!(texts.get(3), "");
        let table = TextTable::of(["b", "a", "Ü", "a"]);
        assert_eq!(table.iter().collect::<Vec<_>>(), ["a", "b", "Ü"]);
        assert_eq!((table.rank("b"), table.rank("c")), (Some(1), None));
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(printable("Ü\u{1b}[2J\u{202e}x"), "Ü\\u{1b}[2J\\u{202e}x");
    }
}
