//! Words: the texts that stand in many rows, numbered once for the whole run.
//!
//! A row then holds a number instead of a text: Parquet writes the number, CSV the word as it was quoted once.

use super::csv_text::push_field;
use crate::names::SharedNames;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Distinct texts by number; 0 is no text.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    words: Vec<Word>,
}

#[derive(Debug)]
struct Word {
    text: Box<str>,
    /// As CSV writes it.
    field: Box<[u8]>,
}

impl Lexicon {
    /// A lexicon with no text but the empty one.
    pub(super) fn new() -> Lexicon {
        let mut lexicon = Lexicon::default();
        lexicon.push("");
        lexicon
    }

    /// Adds a word that is not there yet, and gives its number.
    pub(super) fn push(&mut self, text: &str) -> u32 {
        let mut field = Vec::new();
        push_field(&mut field, text.as_bytes());
        self.words.push(Word { text: text.into(), field: field.into() });
        (self.words.len() - 1) as u32
    }

    /// The word of a number.
    pub(super) fn text(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", |word| &word.text)
    }

    /// The word of a number as CSV writes it.
    pub(super) fn field(&self, number: u32) -> &[u8] {
        self.words.get(number as usize).map_or(&[], |word| &word.field)
    }

    /// How many words, the empty one with them.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }
}

/// The texts of a table of names: a word for each distinct one, and its number for each rank.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranked {
    /// The words.
    pub(super) lexicon: Arc<Lexicon>,
    numbers: Arc<[u32]>,
}

impl Ranked {
    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Ranked {
        let mut lexicon = Lexicon::new();
        let mut known: BTreeMap<&str, u32> = BTreeMap::from([("", 0)]);
        let number = |text: &'a str| *known.entry(text).or_insert_with(|| lexicon.push(text));
        let numbers = texts.map(number).collect();
        Ranked { lexicon: Arc::new(lexicon), numbers }
    }

    /// The number of the word of a rank.
    pub(super) fn number(&self, rank: usize) -> u32 {
        self.numbers.get(rank).copied().unwrap_or_default()
    }
}

/// The words of the names that all stretches share.
#[derive(Clone, Debug, Default)]
pub(super) struct Lexicons {
    pub(super) partners: Ranked,
    pub(super) products: Ranked,
    pub(super) skus: Ranked,
    pub(super) markets: Ranked,
    pub(super) promotions: Ranked,
    pub(super) codes: Ranked,
    pub(super) tax_codes: Ranked,
}

impl Lexicons {
    /// The words of these names.
    pub(super) fn of(names: &SharedNames) -> Lexicons {
        Lexicons {
            partners: Ranked::of(names.partners.iter()),
            products: Ranked::of(names.products.iter()),
            skus: Ranked::of(names.skus.iter()),
            markets: Ranked::of(names.markets.iter()),
            promotions: Ranked::of(names.promotions.iter()),
            codes: Ranked::of(names.codes.iter()),
            tax_codes: Ranked::of(names.tax_codes.iter()),
        }
    }
}
