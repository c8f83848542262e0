//! Where lines wait to be compared: by subscription, a few shelves of many subscriptions each.
//!
//! Each thread fills a [basket](Basket) of its own; all baskets together are the [shelving](Shelving). A shelf is chosen by the
//! subscription's id, so whatever order lines come in, those of a subscription end on one shelf, and shelves are compared side
//! by side. Texts are kept once for a subscription, and a product, SKU or promotion is a number.

use crate::locks::locked;
use crate::names::Texts;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex};
use termwise_engine::money::Currency;
use termwise_engine::reconciling::{Ours, Vendors};
use twox_hash::XxHash64;

/// So many that a shelf of millions of lines is quickly sorted, and two threads never wait for the last one.
const SHELVES: usize = 128;
/// Between a product and its SKU, and before a customer that stands for a subscription; no text of a file has it.
const MARK: char = '\0';

/// Any: it only has to be the same for every basket.
const CHECK_SEED: u64 = 0x7465_726d_7769_7365;
const OURS: usize = 0;
const VENDORS: usize = 1;

/// A text as a number, which says only whether two texts are the same.
type Word = u32;

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
    /// The place of the last line's subscription, whose lines often stand together.
    last: Last,
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
    /// The place of each subscription, by the first hash of its id.
    places: HashTable<Place>,
    /// The id of each subscription.
    ids: Texts,
    /// Of each subscription.
    customers: Vec<Customers>,
    ours: Vec<(u32, Ours)>,
    vendors: Vec<(u32, Vendors)>,
    excluded: Vec<(u32, Vendors)>,
}

/// What is known of a subscription without looking at its texts, which lie far away in memory: its id by two hashes of 64 bits
/// of different kinds, and its customers by one each. Two ids that agree in both are one: of a thousand million ids two
/// different ones do once in 10²⁰ runs.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u64,
    check: u64,
    number: u32,
    customers: [u32; 2],
}

/// The subscription and customer of a line, and where they went.
#[derive(Debug, Default)]
struct Last {
    subscription: String,
    customer: String,
    side: usize,
    place: Option<(usize, u32)>,
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
    pub ours: &'s [Ours],
    /// Lines of the vendor's.
    pub vendors: &'s [Vendors],
    /// Lines of the vendor's that are no licences.
    pub excluded: &'s [Vendors],
}

impl Shelving {
    /// A basket for one more thread.
    pub fn basket(&self) -> Basket {
        let shelf = |_| Shelf {
            places: HashTable::new(),
            ids: Texts::default(),
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
            last: Last::default(),
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
    let texts: Vec<Texts> = shelves.iter_mut().map(|shelf| std::mem::take(&mut shelf.ids)).collect();
    let mut ids: Vec<(&str, usize, u32)> = Vec::new();
    for (basket, texts) in texts.iter().enumerate() {
        ids.extend(texts.iter().zip(0..).map(|(id, number)| (id, basket, number)));
    }
    ids.sort_unstable();
    let mut renumbered: Vec<Vec<u32>> = shelves.iter().map(|shelf| vec![0; shelf.customers.len()]).collect();
    let mut subscriptions: Vec<(&str, Customers)> = Vec::with_capacity(ids.len());
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
    let count = subscriptions.len();
    let ours =
        Sorted::of(shelves.iter_mut().map(|shelf| std::mem::take(&mut shelf.ours)), &renumbered, count);
    let vendors =
        Sorted::of(shelves.iter_mut().map(|shelf| std::mem::take(&mut shelf.vendors)), &renumbered, count);
    let excluded =
        Sorted::of(shelves.iter_mut().map(|shelf| std::mem::take(&mut shelf.excluded)), &renumbered, count);
    let shown = subscriptions.iter().enumerate().map(|(number, (id, customers))| {
        let customer = customers.iter().flatten().next().map_or("", |customer| customer);
        show(Shelved {
            subscription: if id.starts_with(MARK) { "" } else { id },
            customer,
            ours: ours.of_number(number),
            vendors: vendors.of_number(number),
            excluded: excluded.of_number(number),
        })
    });
    shown.collect()
}

/// The lines of all baskets by the new numbers of their subscriptions.
struct Sorted<L> {
    lines: Vec<L>,
    /// Where the lines of each number begin, and where the last ones end.
    bounds: Vec<u32>,
}

impl<L: Copy> Sorted<L> {
    /// Puts lines in order by counting them.
    fn of(baskets: impl Iterator<Item = Vec<(u32, L)>>, renumbered: &[Vec<u32>], count: usize) -> Sorted<L> {
        let baskets: Vec<Vec<(u32, L)>> = baskets.collect();
        let numbered = || {
            let of = |(lines, numbers)| {
                let (lines, numbers): (&Vec<(u32, L)>, &Vec<u32>) = (lines, numbers);
                lines.iter().map(move |(number, line)| (numbers[*number as usize] as usize, *line))
            };
            baskets.iter().zip(renumbered).flat_map(of)
        };
        let mut bounds = vec![0_u32; count + 1];
        numbered().for_each(|(number, _)| bounds[number + 1] += 1);
        for number in 1..bounds.len() {
            bounds[number] += bounds[number - 1];
        }
        let Some((_, first)) = numbered().next() else { return Sorted { lines: Vec::new(), bounds } };
        let mut lines = vec![first; bounds[count] as usize];
        let mut next = bounds.clone();
        for (number, line) in numbered() {
            lines[next[number] as usize] = line;
            next[number] += 1;
        }
        Sorted { lines, bounds }
    }

    fn of_number(&self, number: usize) -> &[L] {
        &self.lines[self.bounds[number] as usize..self.bounds[number + 1] as usize]
    }
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
        let last = &mut self.last;
        if let Some((shelf, number)) = last.place
            && last.side == side
            && last.subscription == subscription
            && last.customer == customer
        {
            return (&mut self.shelves[shelf], number);
        }
        let hash = self.hasher.hash_one(subscription);
        let check = XxHash64::oneshot(CHECK_SEED, subscription.as_bytes());
        // Never 0, which stands for no customer.
        let of_customer = (XxHash64::oneshot(CHECK_SEED, customer.as_bytes()) >> 32) as u32 | 1;
        // The upper bits: the lower ones choose the place on the shelf.
        let shelf_number = (hash >> 57) as usize;
        let shelf = &mut self.shelves[shelf_number];
        let found =
            shelf.places.entry(hash, |known| known.hash == hash && known.check == check, |known| known.hash);
        let mut entry = found.or_insert_with(|| {
            shelf.ids.push(subscription);
            shelf.customers.push([None, None]);
            Place { hash, check, number: shelf.ids.len() as u32 - 1, customers: [0, 0] }
        });
        let place = entry.get_mut();
        let number = place.number;
        if !customer.is_empty() && place.customers[side] != of_customer {
            let known = &mut shelf.customers[number as usize][side];
            // Of several customers the one that comes first: the order of lines does not show.
            if known.as_ref().is_none_or(|known| customer < &**known) {
                *known = Some(customer.into());
                place.customers[side] = of_customer;
            }
        }
        last.subscription.clear();
        last.subscription.push_str(subscription);
        last.customer.clear();
        last.customer.push_str(customer);
        (last.side, last.place) = (side, Some((shelf_number, number)));
        (shelf, number)
    }
}
