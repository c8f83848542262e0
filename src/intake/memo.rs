//! Memos: what a text came to, for the few texts that stand in most rows.
//!
//! A column of markets or terms says the same few words a million times. A memo remembers what a word came to, in a slot
//! that the word itself picks; another word of the same slot takes its place. It changes nothing but the time.

const SLOTS: usize = 256;

/// What texts of one column came to.
#[derive(Debug)]
pub(super) struct Memo<T> {
    slots: Vec<Option<(Box<str>, T)>>,
    /// What the coded words of one batch came to.
    batch: u64,
    coded: Vec<Coded<T>>,
}

/// What a coded word came to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Coded<T> {
    /// It was not met in this batch.
    New,
    /// There is no word.
    Nothing,
    /// This.
    Value(T),
}

impl<T> Default for Memo<T> {
    fn default() -> Memo<T> {
        Memo { slots: (0..SLOTS).map(|_| None).collect(), batch: 0, coded: Vec::new() }
    }
}

impl<T: Copy> Memo<T> {
    /// What a word of a batch came to, by its code.
    #[inline]
    pub(super) fn coded(&mut self, batch: u64, code: u8) -> &mut Coded<T> {
        if self.batch != batch || self.coded.is_empty() {
            self.batch = batch;
            self.coded.clear();
            self.coded.resize(SLOTS, Coded::New);
        }
        &mut self.coded[usize::from(code)]
    }

    /// What a text came to, if that is known.
    #[inline]
    pub(super) fn get(&self, text: &str) -> Option<T> {
        let (known, value) = self.slots[slot(text)].as_ref()?;
        (**known == *text).then_some(*value)
    }

    /// What a text comes to; what comes to nothing is asked for each time.
    pub(super) fn of(&mut self, text: &str, make: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let slot = &mut self.slots[slot(text)];
        if let Some((known, value)) = slot
            && **known == *text
        {
            return Some(*value);
        }
        let value = make(text)?;
        *slot = Some((text.into(), value));
        Some(value)
    }
}

/// What pairs of texts came to, as product and SKU do.
#[derive(Debug)]
pub(super) struct PairMemo<T> {
    slots: Vec<Option<Pair<T>>>,
    /// What the coded words of batches came to.
    coded: Vec<Option<(Codes, T)>>,
}

/// A batch and the codes of two words in it.
pub(super) type Codes = (u64, u8, u8);

/// A pair, and what it came to.
type Pair<T> = (Box<str>, Box<str>, T);

impl<T> Default for PairMemo<T> {
    fn default() -> PairMemo<T> {
        PairMemo { slots: (0..SLOTS).map(|_| None).collect(), coded: (0..SLOTS).map(|_| None).collect() }
    }
}

impl<T: Copy> PairMemo<T> {
    /// What two coded words came to, if that is known.
    #[inline]
    pub(super) fn coded(&self, codes: Codes) -> Option<T> {
        let (known, value) = self.coded[slot_of(codes)].as_ref()?;
        (*known == codes).then_some(*value)
    }

    /// Keeps what two coded words came to.
    pub(super) fn keep(&mut self, codes: Codes, value: T) {
        self.coded[slot_of(codes)] = Some((codes, value));
    }

    /// What a pair comes to.
    pub(super) fn of(&mut self, left: &str, right: &str, make: impl FnOnce() -> T) -> T {
        let slot = &mut self.slots[(slot(left) ^ slot(right).rotate_left(3)) % SLOTS];
        if let Some((one, other, value)) = slot
            && **one == *left
            && **other == *right
        {
            return *value;
        }
        let value = make();
        *slot = Some((left.into(), right.into(), value));
        value
    }
}

#[inline]
const fn slot_of((_, left, right): Codes) -> usize {
    (left as usize * 31 + right as usize) % SLOTS
}

/// A slot by the last eight bytes, in which ids and words differ.
#[inline]
fn slot(text: &str) -> usize {
    let mut last = [0_u8; 8];
    let bytes = text.as_bytes();
    match bytes.last_chunk::<8>() {
        Some(chunk) => last = *chunk,
        None => last[..bytes.len()].copy_from_slice(bytes),
    }
    let mixed = u64::from_le_bytes(last).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::{Memo, PairMemo};

    #[test]
    fn a_memo_never_mixes_texts_up() {
        let mut memo = Memo::default();
        for round in 0..3 {
            for number in 0..2_000_usize {
                let text = format!("{number}");
                let found = memo.of(&text, |text| text.parse::<usize>().ok());
                assert_eq!(found, Some(number), "round {round}");
            }
        }
        assert_eq!(memo.of("x", |_| None), None);
        let mut pairs = PairMemo::default();
        for number in 0..600 {
            let (left, right) = (format!("P{}", number / 20), format!("{}", number % 20));
            assert_eq!(pairs.of(&left, &right, || number), number);
            assert_eq!(pairs.of(&left, &right, || 0), number);
        }
    }
}
