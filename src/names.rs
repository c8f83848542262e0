//! Names: the texts behind the engine's ids.
//!
//! An id is the rank of its text, so that the engine orders by bytes without ever seeing a byte.

use termwise_engine::findings::Finding;
use termwise_engine::ids::{
    BillToId, ChangeId, CodeId, CustomerId, ItemId, MarketId, OrderId, PartnerId, PromotionId, RegionId,
    SubscriptionId, TaxCodeId,
};

/// Texts in the order of their bytes, without repeats; a text's rank is its id.
#[derive(Debug, Default)]
pub struct TextTable(Vec<Box<str>>);

impl TextTable {
    /// The distinct texts of `texts`, sorted by bytes.
    pub fn of(texts: impl IntoIterator<Item = Box<str>>) -> TextTable {
        let mut texts: Vec<Box<str>> = texts.into_iter().collect();
        texts.sort_unstable();
        texts.dedup();
        TextTable(texts)
    }

    /// The rank of a text.
    pub fn rank(&self, text: &str) -> Option<usize> {
        self.0.binary_search_by(|known| (**known).cmp(text)).ok()
    }

    /// The text of a rank.
    pub fn text(&self, rank: usize) -> &str {
        &self.0[rank]
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Every table of names of a run.
#[derive(Debug, Default)]
pub struct Names {
    /// Customers.
    pub customers: TextTable,
    /// Subscriptions in the order of [`SubscriptionId`]: by customer, then by their own text.
    pub subscriptions: Vec<Box<str>>,
    /// Partners.
    pub partners: TextTable,
    /// Bill-tos.
    pub bill_tos: TextTable,
    /// Orders.
    pub orders: TextTable,
    /// Products and SKUs, sorted by product and then SKU.
    pub items: Vec<(Box<str>, Box<str>)>,
    /// Markets.
    pub markets: TextTable,
    /// Regions.
    pub regions: TextTable,
    /// Promotions.
    pub promotions: TextTable,
    /// Promo codes.
    pub codes: TextTable,
    /// Tax codes.
    pub tax_codes: TextTable,
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
        &self.subscriptions[id.rank()]
    }

    /// A partner's id.
    pub fn partner(&self, id: PartnerId) -> &str {
        self.partners.text(id.rank())
    }

    /// A bill-to's id.
    pub fn bill_to(&self, id: BillToId) -> &str {
        self.bill_tos.text(id.rank())
    }

    /// An order's id.
    pub fn order(&self, id: OrderId) -> &str {
        self.orders.text(id.rank())
    }

    /// A product's id.
    pub fn product(&self, id: ItemId) -> &str {
        &self.items[id.rank()].0
    }

    /// A SKU's id.
    pub fn sku(&self, id: ItemId) -> &str {
        &self.items[id.rank()].1
    }

    /// A market.
    pub fn market(&self, id: MarketId) -> &str {
        self.markets.text(id.rank())
    }

    /// A region.
    pub fn region(&self, id: RegionId) -> &str {
        self.regions.text(id.rank())
    }

    /// A promotion's id.
    pub fn promotion(&self, id: PromotionId) -> &str {
        self.promotions.text(id.rank())
    }

    /// A promo code as it is written.
    pub fn code(&self, id: CodeId) -> &str {
        self.codes.text(id.rank())
    }

    /// A tax code.
    pub fn tax_code(&self, id: TaxCodeId) -> &str {
        self.tax_codes.text(id.rank())
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
    use super::printable;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(printable("Ü\u{1b}[2J\u{202e}x"), "Ü\\u{1b}[2J\\u{202e}x");
    }
}
