//! state.bin: what a night has to know of every subscription, in a record of a fixed size.
//!
//! A run writes the records that it changed; when those of the runs since the last whole state have become many, it writes all
//! of them. So a night writes about as much as it bills, and reads one whole state and a few days of changes. Records are in
//! the order of hashes, so that a customer's are found at once where its rows come up, whatever the book looks like.

use super::Location;
use std::sync::atomic::{AtomicU64, Ordering};

const MAGIC: &[u8; 8] = b"TWSTAT1\n";
/// Magic, whether it is whole, and how many records.
const HEAD: usize = 8 + 1 + 8;
/// Bytes of a record.
pub(super) const RECORD: usize = 96;
/// Changes may be one part in so many of the whole before the whole is written again.
const PART: u64 = 4;
const BITS: usize = 64;
/// Records that begin with the same bits, about.
const IN_A_BUCKET: usize = 8;

/// What a ledger knows of a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Record {
    /// Of the customer's id.
    pub customer: u64,
    /// Of its own id.
    pub subscription: u64,
    /// Of everything that it was billed from.
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
    /// Whether it is to be looked at again, whatever its facts say.
    pub is_dirty: bool,
    /// Whether an upgrade opened it, and no row of its own has told of it (B3).
    pub is_opened: bool,
    /// Whether it is missing and was reported: what is over is reported once, and not every night (R63).
    pub is_reported: bool,
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
        let flags = u16::from(self.is_over)
            | u16::from(self.is_gone) << 1
            | u16::from(self.is_opened) << 2
            | u16::from(self.is_reported) << 3
            | u16::from(self.is_dirty) << 4;
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
            is_opened: flags & 4 != 0,
            is_reported: flags & 8 != 0,
            is_dirty: flags & 16 != 0,
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
#[cfg(test)]
fn layer(mut records: Vec<Record>, is_whole: bool) -> Vec<u8> {
    sort(&mut records);
    let mut out = head(is_whole, records.len() as u64);
    records.iter().for_each(|record| record.push(&mut out));
    out
}

fn head(is_whole: bool, records: u64) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(u8::from(is_whole));
    out.extend_from_slice(&records.to_le_bytes());
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
    /// The last whole state, as its file has it, with what changed since written over it.
    whole: Vec<u8>,
    /// Subscriptions that it did not have.
    newer: Vec<Record>,
    /// How many records were written since, counting every time.
    written: u64,
    /// Where the records begin whose customers' numbers begin with so many bits, and the end.
    begins: Vec<u32>,
    bits: u32,
    /// Which records a run has met: those of the whole, then the newer ones.
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
        let whole = whole.unwrap_or_else(|| head(true, 0));
        is_whole(&whole)?;
        let mut state = State { whole, ..State::default() };
        for bytes in layers {
            is_whole(bytes)?;
            state.overwrite(bytes[HEAD..].as_chunks::<RECORD>().0);
        }
        sort(&mut state.newer);
        state.index();
        let slots = state.in_whole() + state.newer.len();
        state.met = (0..slots.div_ceil(BITS)).map(|_| AtomicU64::new(0)).collect();
        Ok(state)
    }

    /// Writes changes, which are in order, over what was.
    fn overwrite(&mut self, changes: &[[u8; RECORD]]) {
        self.written += changes.len() as u64;
        let mut from = 0;
        for bytes in changes {
            let record = Record::of(bytes);
            let at = |place: usize| self.key_at(place);
            let place = from + first_from(self.in_whole() - from, |place| at(from + place) >= record.key());
            if place < self.in_whole() && at(place) == record.key() {
                let start = HEAD + place * RECORD;
                self.whole[start..start + RECORD].copy_from_slice(bytes);
            } else {
                self.newer.push(record);
            }
            from = place;
        }
    }

    /// Notes where records begin, so that a customer's are found in one or two looks at memory.
    fn index(&mut self) {
        let records = self.in_whole();
        self.bits = (records / IN_A_BUCKET).max(1).ilog2();
        self.begins = Vec::with_capacity((1 << self.bits) + 1);
        for place in 0..records {
            let bucket = self.bucket(self.key_at(place).0);
            while self.begins.len() <= bucket {
                self.begins.push(place as u32);
            }
        }
        self.begins.resize((1 << self.bits) + 1, records as u32);
    }

    const fn bucket(&self, customer: u64) -> usize {
        (customer >> 1 >> (u64::BITS - 1 - self.bits)) as usize
    }

    fn in_whole(&self) -> usize {
        self.whole.len().saturating_sub(HEAD) / RECORD
    }

    fn whole_at(&self, place: usize) -> Record {
        Record::of(&self.whole[HEAD + place * RECORD..])
    }

    fn key_at(&self, place: usize) -> (u64, u64) {
        let start = HEAD + place * RECORD;
        (u64::from_le_bytes(array(&self.whole, start)), u64::from_le_bytes(array(&self.whole, start + 8)))
    }

    /// The records of a customer, by the number of its id; those that are gone are left out.
    pub fn of_customer(&self, customer: u64) -> Vec<(Record, Slot)> {
        let bucket = self.bucket(customer);
        let (mut first, end) = (self.begins[bucket] as usize, self.begins[bucket + 1] as usize);
        while first < end && self.key_at(first).0 < customer {
            first += 1;
        }
        let own = (first..end).take_while(|&place| self.key_at(place).0 == customer).count();
        let whole = first..first + own;
        let start = self.newer.partition_point(|record| record.customer < customer);
        let own = self.newer[start..].iter().take_while(|record| record.customer == customer).count();
        let newer = start..start + own;
        let first = self.in_whole();
        let mut all = Vec::with_capacity(whole.len() + newer.len());
        all.extend(whole.map(|place| (self.whole_at(place), Slot(place))));
        all.extend(newer.map(|place| (self.newer[place], Slot(first + place))));
        all.retain(|(record, _)| !record.is_gone);
        all
    }

    /// Brings the records of customers near the processor, before they are asked for one after the other: each look waits for no
    /// other, as they would.
    pub fn approach(&self, customers: impl Iterator<Item = u64>) {
        let near = customers.fold(0, |near, customer| {
            let first = self.begins[self.bucket(customer)] as usize;
            let end = first.saturating_add(IN_A_BUCKET / 2).min(self.in_whole());
            (first..end).fold(near, |near, place| near ^ self.key_at(place).1)
        });
        std::hint::black_box(near);
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
        let slots = (0..self.in_whole() + self.newer.len()).filter(|&slot| !self.was_met(slot));
        slots.map(|slot| self.at(slot)).filter(|record| !record.is_gone).collect()
    }

    fn at(&self, slot: usize) -> Record {
        slot.checked_sub(self.in_whole()).map_or_else(|| self.whole_at(slot), |place| self.newer[place])
    }

    /// Every record that is not gone.
    pub fn each(&self) -> impl Iterator<Item = Record> {
        let slots = 0..self.in_whole() + self.newer.len();
        slots.map(|slot| self.at(slot)).filter(|record| !record.is_gone)
    }

    /// Writes the state.bin of a run that changed these records: a whole one, where changes have become many.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_next<E>(
        &self,
        mut changed: Vec<Record>,
        mut write: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        sort(&mut changed);
        let many = self.written + changed.len() as u64;
        if self.in_whole() > 0 && many * PART <= self.in_whole() as u64 {
            write(&head(false, changed.len() as u64))?;
            return write_all(changed.into_iter(), &mut write);
        }
        write(&head(true, self.with(&changed).count() as u64))?;
        write_all(self.with(&changed), &mut write)
    }

    /// Every record, in order, with some that changed.
    fn with<'s>(&'s self, changed: &'s [Record]) -> impl Iterator<Item = Record> + 's {
        let whole = (0..self.in_whole()).map(|place| self.whole_at(place));
        let before = Merged { newer: self.newer.iter().copied().peekable(), older: whole.peekable() };
        let all = Merged { newer: changed.iter().copied().peekable(), older: before.peekable() };
        all.filter(|record| !record.is_gone)
    }
}

/// Records are written in pieces of about so many bytes.
const PIECE: usize = 1 << 20;

fn write_all<E>(
    records: impl Iterator<Item = Record>,
    write: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut piece = Vec::with_capacity(PIECE + RECORD);
    for record in records {
        record.push(&mut piece);
        if piece.len() >= PIECE {
            write(&piece)?;
            piece.clear();
        }
    }
    write(&piece)
}

/// Records of two sides in order; where both have one, the newer counts.
struct Merged<N: Iterator<Item = Record>, O: Iterator<Item = Record>> {
    newer: std::iter::Peekable<N>,
    older: std::iter::Peekable<O>,
}

impl<N: Iterator<Item = Record>, O: Iterator<Item = Record>> Iterator for Merged<N, O> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        match (self.newer.peek(), self.older.peek()) {
            (Some(newer), Some(older)) if newer.key() == older.key() => {
                self.older.next();
                self.newer.next()
            }
            (Some(newer), Some(older)) if newer.key() < older.key() => self.newer.next(),
            (_, Some(_)) => self.older.next(),
            (_, None) => self.newer.next(),
        }
    }
}

/// The first place that holds, of places of which none holds before one that does not; those at the front are tried first.
fn first_from(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut first, mut step) = (0, 1);
    while first + step <= count && !holds(first + step - 1) {
        first += step;
        step *= 2;
    }
    let mut end = count.min(first + step - 1);
    while first < end {
        let middle = usize::midpoint(first, end);
        if holds(middle) { end = middle } else { first = middle + 1 }
    }
    first
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::hash;
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
            is_opened: true,
            is_reported: true,
            is_dirty: true,
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
                state.of_customer(hash(customer.as_bytes())).iter().map(|(record, _)| record.sum).collect();
            sums.sort_unstable();
            sums
        };
        assert_eq!(sums("C3"), [173, 343, 2_000]);
        assert_eq!(sums("C4"), [174, 344]);
        assert_eq!(sums("C1"), [1, 171, 341, 900]);
        assert_eq!(sums("nobody"), [0; 0]);
        assert_eq!(state.each().count(), 500);
        for number in (0..170).filter(|&number| number != 7) {
            for (_, slot) in state.of_customer(hash(format!("C{number}").as_bytes())) {
                assert!(!state.meet(slot), "each is met once");
            }
        }
        let mut left: Vec<u64> = state.not_met().iter().map(|record| record.sum).collect();
        left.sort_unstable();
        assert_eq!(left, [7, 177, 347], "those of C7, who was not asked for");
    }

    #[test]
    fn what_is_written_next_is_read_as_what_it_says() {
        let many: Vec<Record> = (0..500).map(|number| record("C", &format!("S{number}"), number)).collect();
        let changed = |count: u64| -> Vec<Record> {
            (0..count).map(|number| record("C", &format!("S{}", number * 7), 1_000 + number)).collect()
        };
        let first = layer(many, true);
        for count in [0, 3, 90, 124, 126, 300] {
            let state = State::of(Some(first.clone()), &[]).unwrap();
            let mut next = Vec::new();
            let written: Result<(), ()> = state.write_next(changed(count), |bytes| {
                next.extend_from_slice(bytes);
                Ok(())
            });
            assert_eq!(written, Ok(()));
            let whole = is_whole(&next).unwrap();
            assert_eq!(whole, count > 125, "{count}");
            let after = if whole {
                State::of(Some(next), &[]).unwrap()
            } else {
                State::of(Some(first.clone()), &[next]).unwrap()
            };
            let sum: u64 = after.each().map(|record| record.sum).sum();
            let over = count.min(72);
            let was: u64 = (0..over).map(|number| number * 7).sum();
            let is: u64 = (0..count).map(|number| 1_000 + number).sum();
            assert_eq!(sum, 500 * 499 / 2 - was + is, "{count}");
        }
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
