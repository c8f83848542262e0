//! state.bin: what a night has to know of every subscription, in a record of a fixed size.
//!
//! A run writes the records that it changed; when those of the runs since the last whole state have become many, it writes all
//! of them. So a night writes about as much as it bills, and reads one whole state and a few days of changes. Records are in
//! the order of hashes, so that a customer's are found at once where its rows come up, whatever the book looks like.

use super::{Location, hash};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

const MAGIC: &[u8; 8] = b"TWSTAT1\n";
/// Magic, whether it is whole, and how many records.
const HEAD: usize = 8 + 1 + 8;
/// Bytes of a record.
pub(super) const RECORD: usize = 96;
/// Changes may be one part in so many of the whole before the whole is written again.
const PART: u64 = 4;
const BITS: usize = 64;

/// What a ledger knows of a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Record {
    /// Of the customer's id.
    pub customer: u64,
    /// Of its own id.
    pub subscription: u64,
    /// Of everything that it was billed from; 0: it is to be looked at again, whatever it says.
    pub facts: u64,
    /// The sum over what stands of it: charges due from the cut-over and its row's term on.
    pub sum: u64,
    /// First day of its row's term, in days of the epoch.
    pub term_start: i32,
    /// Its latest group.
    pub last: Location,
    /// Seat changes, lifecycle events, and scheduled changes that a renewal took up: rows that may not go missing.
    pub rows: [u16; 3],
    /// Whether nothing more comes of it.
    pub is_over: bool,
    /// Whether it is gone from here: another customer has it.
    pub is_gone: bool,
    /// The last renewal that was given notice of, in days of the epoch; 0: none.
    pub noticed: i32,
    /// First day of the running term, in days of the epoch.
    pub term_first: i32,
    /// The running term's price (R62); `priced` is 0 where there is none.
    pub price: PinRecord,
}

/// The price and the promotion that a term is held to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PinRecord {
    /// Of product, SKU, the term that it is listed for, and the billing cycle; 0: nothing is pinned.
    pub priced: u64,
    /// In millionths.
    pub list: i64,
    /// The day and the seats that it was looked up for.
    pub on: i32,
    /// See `on`.
    pub seats: u32,
    /// Of the promotion's id; 0: none.
    pub promotion: u64,
    /// What it takes off, in millionths.
    pub discount: u32,
}

impl Record {
    const fn key(&self) -> (u64, u64) {
        (self.customer, self.subscription)
    }

    fn push(&self, out: &mut Vec<u8>) {
        let flags = u16::from(self.is_over) | u16::from(self.is_gone) << 1;
        let [seats, events, scheduled] = self.rows;
        let PinRecord { priced, list, on, seats: priced_for, promotion, discount } = self.price;
        for wide in [self.customer, self.subscription, self.facts, self.sum] {
            out.extend_from_slice(&wide.to_le_bytes());
        }
        out.extend_from_slice(&self.term_start.to_le_bytes());
        out.extend_from_slice(&self.last.run.to_le_bytes());
        out.extend_from_slice(&self.last.block.to_le_bytes());
        for short in [seats, events, scheduled, flags] {
            out.extend_from_slice(&short.to_le_bytes());
        }
        out.extend_from_slice(&self.noticed.to_le_bytes());
        out.extend_from_slice(&self.term_first.to_le_bytes());
        out.extend_from_slice(&priced.to_le_bytes());
        out.extend_from_slice(&list.to_le_bytes());
        out.extend_from_slice(&on.to_le_bytes());
        out.extend_from_slice(&priced_for.to_le_bytes());
        out.extend_from_slice(&promotion.to_le_bytes());
        out.extend_from_slice(&discount.to_le_bytes());
    }

    fn of(bytes: &[u8]) -> Record {
        let wide = |place: usize| u64::from_le_bytes(array(bytes, place));
        let word = |place: usize| u32::from_le_bytes(array(bytes, place));
        let short = |place: usize| u16::from_le_bytes(array(bytes, place));
        let flags = short(50);
        Record {
            customer: wide(0),
            subscription: wide(8),
            facts: wide(16),
            sum: wide(24),
            term_start: word(32).cast_signed(),
            last: Location { run: word(36), block: word(40) },
            rows: [short(44), short(46), short(48)],
            is_over: flags & 1 != 0,
            is_gone: flags & 2 != 0,
            noticed: word(52).cast_signed(),
            term_first: word(56).cast_signed(),
            price: PinRecord {
                priced: wide(60),
                list: wide(68).cast_signed(),
                on: word(76).cast_signed(),
                seats: word(80),
                promotion: wide(84),
                discount: word(92),
            },
        }
    }
}

fn array<const N: usize>(bytes: &[u8], place: usize) -> [u8; N] {
    bytes.get(place..place + N).and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; N])
}

/// A file of records is not one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StateError;

/// The bytes of a state.bin, of records in any order; the last of a subscription counts.
pub fn layer(mut records: Vec<Record>, is_whole: bool) -> Vec<u8> {
    sort(&mut records);
    let mut out = Vec::with_capacity(HEAD + records.len() * RECORD);
    out.extend_from_slice(MAGIC);
    out.push(u8::from(is_whole));
    out.extend_from_slice(&(records.len() as u64).to_le_bytes());
    records.iter().for_each(|record| record.push(&mut out));
    out
}

/// Puts records in order and keeps the last of each subscription.
fn sort(records: &mut Vec<Record>) {
    records.sort_by_key(Record::key);
    records.dedup_by(|later, earlier| {
        let same = later.key() == earlier.key();
        if same {
            *earlier = *later;
        }
        same
    });
}

/// Whether a state.bin holds every record.
///
/// # Errors
/// It is none.
pub(super) fn is_whole(bytes: &[u8]) -> Result<bool, StateError> {
    let count = u64::from_le_bytes(array(bytes, 9));
    let fits = bytes.len().checked_sub(HEAD).is_some_and(|rest| rest as u64 == count * RECORD as u64);
    if bytes.starts_with(MAGIC) && fits { Ok(bytes[8] == 1) } else { Err(StateError) }
}

/// What a ledger knows, as the last run left it.
#[derive(Debug, Default)]
pub struct State {
    /// The last whole state, as its file has it.
    whole: Vec<u8>,
    /// What changed since.
    changes: Vec<Record>,
    /// How many records were written since, counting every time.
    written: u64,
    /// Which records a run has met: those of the whole, then the changes.
    met: Vec<AtomicU64>,
}

/// Where a record stands in a [`State`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot(usize);

impl State {
    /// The state of a whole file and the files of changes after it, in their order.
    ///
    /// # Errors
    /// One of them is none.
    pub fn of(whole: Option<Vec<u8>>, layers: &[Vec<u8>]) -> Result<State, StateError> {
        let whole = whole.unwrap_or_else(|| layer(Vec::new(), true));
        is_whole(&whole)?;
        let (mut changes, mut written) = (Vec::new(), 0);
        for bytes in layers {
            is_whole(bytes)?;
            let records = bytes[HEAD..].as_chunks::<RECORD>().0;
            written += records.len() as u64;
            changes.extend(records.iter().map(|bytes| Record::of(bytes)));
        }
        sort(&mut changes);
        let mut state = State { whole, changes, written, met: Vec::new() };
        let slots = state.in_whole() + state.changes.len();
        state.met = (0..slots.div_ceil(BITS)).map(|_| AtomicU64::new(0)).collect();
        Ok(state)
    }

    fn in_whole(&self) -> usize {
        (self.whole.len() - HEAD) / RECORD
    }

    fn whole_at(&self, place: usize) -> Record {
        Record::of(&self.whole[HEAD + place * RECORD..])
    }

    fn customer_at(&self, place: usize) -> u64 {
        u64::from_le_bytes(array(&self.whole, HEAD + place * RECORD))
    }

    /// The records of a customer, those that are gone left out.
    pub fn of_customer(&self, id: &str) -> Vec<(Record, Slot)> {
        let customer = hash(id.as_bytes());
        let whole = range(self.in_whole(), customer, |place| self.customer_at(place));
        let changes = range(self.changes.len(), customer, |place| self.changes[place].customer);
        let changed = &self.changes[changes.clone()];
        let is_changed = |record: &Record| {
            changed.binary_search_by_key(&record.subscription, |changed| changed.subscription).is_ok()
        };
        let kept = whole.map(|place| (self.whole_at(place), Slot(place)));
        let first = self.in_whole() + changes.start;
        let newer = changed.iter().enumerate().map(|(place, record)| (*record, Slot(first + place)));
        let mut all: Vec<_> = kept.filter(|(record, _)| !is_changed(record)).chain(newer).collect();
        all.retain(|(record, _)| !record.is_gone);
        all
    }

    /// Marks a record as met; whether it was met before.
    pub fn meet(&self, slot: Slot) -> bool {
        let bit = 1 << (slot.0 % BITS);
        self.met[slot.0 / BITS].fetch_or(bit, Ordering::Relaxed) & bit != 0
    }

    fn was_met(&self, slot: usize) -> bool {
        self.met[slot / BITS].load(Ordering::Relaxed) & 1 << (slot % BITS) != 0
    }

    /// The records that no run has met.
    pub fn not_met(&self) -> Vec<Record> {
        let is_changed =
            |record: &Record| self.changes.binary_search_by_key(&record.key(), Record::key).is_ok();
        let whole =
            (0..self.in_whole()).filter(|&place| !self.was_met(place)).map(|place| self.whole_at(place));
        let first = self.in_whole();
        let newer = self.changes.iter().enumerate().filter(|(place, _)| !self.was_met(first + place));
        let mut all: Vec<Record> = whole.filter(|record| !is_changed(record)).collect();
        all.extend(newer.map(|(_, record)| *record).filter(|record| !record.is_gone));
        all
    }

    /// Every record that is not gone.
    pub fn each(&self) -> impl Iterator<Item = Record> {
        let is_changed =
            |record: &Record| self.changes.binary_search_by_key(&record.key(), Record::key).is_ok();
        let whole = (0..self.in_whole()).map(|place| self.whole_at(place));
        let kept = whole.filter(move |record| !is_changed(record));
        kept.chain(self.changes.iter().copied()).filter(|record| !record.is_gone)
    }

    /// How many records it holds, about: those that are gone and those that changed count too.
    pub fn size(&self) -> u64 {
        (self.in_whole() + self.changes.len()) as u64
    }

    /// The bytes of the state.bin of a run that changed these records: a whole one, where changes have become many.
    pub fn next_layer(&self, changed: Vec<Record>) -> Vec<u8> {
        let many = self.written + changed.len() as u64;
        if self.in_whole() > 0 && many * PART <= self.in_whole() as u64 {
            return layer(changed, false);
        }
        let mut all: Vec<Record> = self.each().collect();
        all.extend(changed);
        sort(&mut all);
        all.retain(|record| !record.is_gone);
        layer(all, true)
    }
}

/// The places of a hash among sorted ones: hashes lie evenly, so the search begins about where it ends.
fn range(count: usize, wanted: u64, at: impl Fn(usize) -> u64) -> Range<usize> {
    let guess = (u128::from(wanted) * count as u128 >> 64) as usize;
    let (mut first, mut end, mut step) = (guess, guess, 16);
    while first > 0 && at(first - 1) >= wanted {
        end = first;
        first = first.saturating_sub(step);
        step *= 2;
    }
    step = 16;
    while end < count && at(end) < wanted {
        first = end + 1;
        end = (end + step).min(count);
        step *= 2;
    }
    while first < end {
        let middle = usize::midpoint(first, end);
        if at(middle) < wanted { first = middle + 1 } else { end = middle }
    }
    let mut last = first;
    while last < count && at(last) == wanted {
        last += 1;
    }
    first..last
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn record(customer: &str, subscription: &str, sum: u64) -> Record {
        let (customer, subscription) = (hash(customer.as_bytes()), hash(subscription.as_bytes()));
        Record { customer, subscription, sum, ..Record::default() }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = Record {
            customer: 1,
            subscription: 2,
            facts: 3,
            sum: u64::MAX,
            term_start: -5,
            last: Location { run: 6, block: 7 },
            rows: [8, 9, 10],
            is_over: true,
            is_gone: true,
            noticed: 11,
            term_first: -12,
            price: PinRecord { priced: 13, list: 14, on: 15, seats: 16, promotion: 17, discount: 18 },
        };
        let mut bytes = Vec::new();
        record.push(&mut bytes);
        assert_eq!(bytes.len(), RECORD);
        assert_eq!(Record::of(&bytes), record);
    }

    #[test]
    fn the_last_word_on_a_subscription_counts_whichever_file_has_it() {
        let many: Vec<Record> = (0..500)
            .map(|number| record(&format!("C{}", number % 170), &format!("S{number}"), number))
            .collect();
        let whole = layer(many, true);
        let gone = Record { is_gone: true, ..record("C4", "S4", 0) };
        let first = layer(vec![record("C3", "S3", 1_000), record("C1", "S900", 900)], false);
        let second = layer(vec![record("C3", "S3", 2_000), gone], false);
        let state = State::of(Some(whole), &[first, second]).unwrap();
        let sums = |customer: &str| {
            let mut sums: Vec<u64> =
                state.of_customer(customer).iter().map(|(record, _)| record.sum).collect();
            sums.sort_unstable();
            sums
        };
        assert_eq!(sums("C3"), [173, 343, 2_000]);
        assert_eq!(sums("C4"), [174, 344]);
        assert_eq!(sums("C1"), [1, 171, 341, 900]);
        assert_eq!(sums("nobody"), [0; 0]);
        assert_eq!(state.each().count(), 500);
        for number in (0..170).filter(|&number| number != 7) {
            for (_, slot) in state.of_customer(&format!("C{number}")) {
                assert!(!state.meet(slot), "each is met once");
            }
        }
        let mut left: Vec<u64> = state.not_met().iter().map(|record| record.sum).collect();
        left.sort_unstable();
        assert_eq!(left, [7, 177, 347], "those of C7, who was not asked for");
    }

    #[test]
    fn bytes_that_are_no_state_are_refused() {
        let bytes = layer(vec![record("C", "S", 1)], true);
        assert_eq!(is_whole(&bytes), Ok(true));
        for cut in [0, 5, HEAD, bytes.len() - 1] {
            assert_eq!(is_whole(&bytes[..cut]), Err(StateError), "{cut}");
        }
    }
}
