//! Where lines wait to be compared: by subscription, a few shelves of many subscriptions each.
//!
//! Each thread fills a [basket](Basket) of its own; all baskets together are the [shelving](Shelving). A shelf is chosen by the
//! subscription's id, so whatever order lines come in, those of a subscription end on one shelf, and shelves are compared side
//! by side. Texts are kept once for a subscription, and a product, SKU or promotion is a number.

use crate::intake::files::locked;
use hashbrown::{DefaultHashBuilder, HashMap};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex};
use termwise_engine::money::Currency;
use termwise_engine::reconciling::{Ours, Vendors};

/// So many that a shelf of millions of lines is quickly sorted, and two threads never wait for the last one.
const SHELVES: usize = 128;
/// Between a product and its SKU, and before a customer that stands for a subscription; no text of a file has it.
const MARK: char = '\0';

const OURS: usize = 0;
const VENDORS: usize = 1;

/// A text as a number, which says only whether two texts are the same.
pub type Word = u32;

/// The texts of products, SKUs and promotions that were met, by any thread.
#[derive(Clone, Debug, Default)]
pub struct Words(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    numbers: HashMap<Arc<str>, Word>,
    texts: Vec<Arc<str>>,
}

impl Words {
    fn number(&self, text: &str) -> Word {
        let mut known = locked(&self.0);
        if let Some(&number) = known.numbers.get(text) {
            return number;
        }
        let (number, text) = (known.texts.len() as Word, Arc::<str>::from(text));
        known.texts.push(Arc::clone(&text));
        known.numbers.insert(text, number);
        number
    }

    /// Every text, by its number.
    pub fn texts(&self) -> Vec<Arc<str>> {
        locked(&self.0).texts.clone()
    }

    /// The number of a product and SKU that was met.
    pub fn item(&self, product: &str, sku: &str) -> Option<Word> {
        locked(&self.0).numbers.get(format!("{product}{MARK}{sku}").as_str()).copied()
    }
}

/// The product and the SKU of an item's text.
pub fn product_and_sku(text: &str) -> (&str, &str) {
    text.split_once(MARK).unwrap_or((text, ""))
}

/// What one thread brings.
#[derive(Debug)]
pub struct Basket {
    shelves: Vec<Shelf>,
    hasher: DefaultHashBuilder,
    words: Words,
    given: Given,
    /// What this thread knows of the words.
    known: HashMap<Box<str>, Word>,
    joined: String,
}

/// What came in: lines and their sum, of ours and of the vendor's, in each currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Given(Vec<(Currency, [(u64, i128); 2])>);

impl Given {
    fn add(&mut self, currency: Currency, side: usize, (lines, sum): (u64, i128)) {
        // There are few currencies, so that looking through them is quicker than a tree.
        let place = self.0.iter().position(|(known, _)| *known == currency).unwrap_or_else(|| {
            self.0.push((currency, [(0, 0); 2]));
            self.0.len() - 1
        });
        let known = &mut self.0[place].1[side];
        *known = (known.0 + lines, known.1 + sum);
    }

    /// Each currency, with lines and sum of ours and of the vendor's.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, [(u64, i128); 2])> {
        self.0.iter().copied()
    }
}

/// The customer that our side and the vendor's tell.
type Customers = [Option<Box<str>>; 2];

/// Lines of some subscriptions.
#[derive(Debug)]
pub struct Shelf {
    numbers: HashMap<Box<str>, u32>,
    /// Of each subscription.
    customers: Vec<Customers>,
    ours: Vec<(u32, Ours)>,
    vendors: Vec<(u32, Vendors)>,
    excluded: Vec<(u32, Vendors)>,
}

/// Everything that is to be compared.
#[derive(Debug, Default)]
pub struct Shelving {
    words: Words,
    hasher: DefaultHashBuilder,
    baskets: Vec<Basket>,
}

/// A subscription with everything that both sides have of it.
#[derive(Debug)]
pub struct Shelved<'s> {
    /// Its id, as our side has it.
    pub subscription: &'s str,
    /// Its customer: ours, or the vendor's where we have none.
    pub customer: &'s str,
    /// Lines of ours.
    pub ours: &'s [(u32, Ours)],
    /// Lines of the vendor's.
    pub vendors: &'s [(u32, Vendors)],
    /// Lines of the vendor's that are no licences.
    pub excluded: &'s [(u32, Vendors)],
}

impl Shelving {
    /// A basket for one more thread.
    pub fn basket(&self) -> Basket {
        let shelf = |_| Shelf {
            numbers: HashMap::with_hasher(self.hasher.clone()),
            customers: Vec::new(),
            ours: Vec::new(),
            vendors: Vec::new(),
            excluded: Vec::new(),
        };
        Basket {
            shelves: (0..SHELVES).map(shelf).collect(),
            hasher: self.hasher.clone(),
            words: self.words.clone(),
            given: Given::default(),
            known: HashMap::new(),
            joined: String::new(),
        }
    }

    /// Takes over a basket.
    pub fn add(&mut self, basket: Basket) {
        self.baskets.push(basket);
    }

    /// What came in, of all baskets.
    pub fn given(&self) -> Given {
        let mut sum = Given::default();
        for (currency, sides) in self.baskets.iter().flat_map(|basket| basket.given.iter()) {
            sides.into_iter().enumerate().for_each(|(side, of)| sum.add(currency, side, of));
        }
        sum
    }

    /// The words.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The shelves of one number, out of every basket.
    pub fn shelves(self) -> Vec<Vec<Shelf>> {
        let mut shelves: Vec<Vec<Shelf>> = (0..SHELVES).map(|_| Vec::new()).collect();
        for basket in self.baskets {
            for (number, shelf) in basket.shelves.into_iter().enumerate() {
                shelves[number].push(shelf);
            }
        }
        shelves
    }
}

/// Shows each subscription of the shelves of one number, in the order of their ids.
pub fn show<T>(mut shelves: Vec<Shelf>, mut show: impl FnMut(Shelved<'_>) -> T) -> Vec<T> {
    let mut ids: Vec<(Box<str>, usize, u32)> = Vec::new();
    for (basket, shelf) in shelves.iter_mut().enumerate() {
        ids.extend(std::mem::take(&mut shelf.numbers).into_iter().map(|(id, number)| (id, basket, number)));
    }
    ids.sort_unstable();
    let mut renumbered: Vec<Vec<u32>> = shelves.iter().map(|shelf| vec![0; shelf.customers.len()]).collect();
    let mut subscriptions: Vec<(Box<str>, Customers)> = Vec::with_capacity(ids.len());
    for (id, basket, number) in ids {
        if subscriptions.last().is_none_or(|(last, _)| *last != id) {
            subscriptions.push((id, [None, None]));
        }
        renumbered[basket][number as usize] = (subscriptions.len() - 1) as u32;
        if let Some((_, customers)) = subscriptions.last_mut() {
            let found = std::mem::take(&mut shelves[basket].customers[number as usize]);
            customers.iter_mut().zip(found).for_each(|(known, found)| keep_least(known, found));
        }
    }
    let ours = sorted(shelves.iter_mut().map(|shelf| std::mem::take(&mut shelf.ours)), &renumbered);
    let vendors = sorted(shelves.iter_mut().map(|shelf| std::mem::take(&mut shelf.vendors)), &renumbered);
    let excluded = sorted(shelves.iter_mut().map(|shelf| std::mem::take(&mut shelf.excluded)), &renumbered);
    let (mut ours, mut vendors, mut excluded) = (&ours[..], &vendors[..], &excluded[..]);
    let mut shown = Vec::with_capacity(subscriptions.len());
    for (number, (id, customers)) in (0..).zip(&subscriptions) {
        let customer = customers.iter().flatten().next().map_or("", |customer| customer);
        shown.push(show(Shelved {
            subscription: if id.starts_with(MARK) { "" } else { id },
            customer,
            ours: head(&mut ours, number),
            vendors: head(&mut vendors, number),
            excluded: head(&mut excluded, number),
        }));
    }
    shown
}

/// The lines of all baskets by the new numbers of their subscriptions.
fn sorted<L>(lines: impl Iterator<Item = Vec<(u32, L)>>, renumbered: &[Vec<u32>]) -> Vec<(u32, L)> {
    let mut all = Vec::new();
    for (lines, numbers) in lines.zip(renumbered) {
        all.extend(lines.into_iter().map(|(number, line)| (numbers[number as usize], line)));
    }
    all.sort_unstable_by_key(|(number, _)| *number);
    all
}

/// The lines of a number, which come first, and are gone then.
fn head<'l, L>(lines: &mut &'l [(u32, L)], number: u32) -> &'l [(u32, L)] {
    let end = lines.iter().take_while(|(of, _)| *of == number).count();
    let (head, rest) = lines.split_at(end);
    *lines = rest;
    head
}

/// Of two texts the one that comes first: the order of lines does not show.
fn keep_least(known: &mut Option<Box<str>>, found: Option<Box<str>>) {
    if let Some(found) = found
        && known.as_ref().is_none_or(|known| found < *known)
    {
        *known = Some(found);
    }
}

impl Basket {
    /// The number of a promotion.
    pub fn word(&mut self, text: &str) -> Word {
        if let Some(&number) = self.known.get(text) {
            return number;
        }
        let number = self.words.number(text);
        self.known.insert(text.into(), number);
        number
    }

    /// The number of a product and SKU.
    pub fn item(&mut self, product: &str, sku: &str) -> Word {
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        joined.push_str(product);
        joined.push(MARK);
        joined.push_str(sku);
        let number = self.word(&joined);
        self.joined = joined;
        number
    }

    /// Puts down a line of ours.
    pub fn put_ours(&mut self, subscription: &str, customer: &str, line: Ours) {
        self.given.add(line.entry.currency, OURS, (1, line.own.into()));
        let (shelf, number) = self.place(subscription, customer, OURS);
        shelf.ours.push((number, line));
    }

    /// Puts down a line of the vendor's, of a licence or not.
    pub fn put_vendors(&mut self, subscription: &str, customer: &str, line: Vendors, is_licence: bool) {
        self.given.add(line.entry.currency, VENDORS, (1, line.amount.into()));
        // What was bought for ever is of no subscription: it stands with its customer, and not with everybody else's.
        let of_nobody = subscription.is_empty().then(|| format!("{MARK}{customer}"));
        let (shelf, number) = self.place(of_nobody.as_deref().unwrap_or(subscription), customer, VENDORS);
        if is_licence { shelf.vendors.push((number, line)) } else { shelf.excluded.push((number, line)) }
    }

    fn place(&mut self, subscription: &str, customer: &str, side: usize) -> (&mut Shelf, u32) {
        let hash = self.hasher.hash_one(subscription);
        // The upper bits: the lower ones choose the place on the shelf.
        let shelf = &mut self.shelves[(hash >> 57) as usize];
        let number = match shelf.numbers.get(subscription) {
            Some(&number) => number,
            None => {
                let number = shelf.customers.len() as u32;
                shelf.numbers.insert(subscription.into(), number);
                shelf.customers.push([None, None]);
                number
            }
        };
        let known = &mut shelf.customers[number as usize][side];
        if !customer.is_empty() && known.as_ref().is_none_or(|known| customer < &**known) {
            *known = Some(customer.into());
        }
        (shelf, number)
    }
}
