//! Distinct numbers: a code for each, in the order in which they are met.

/// A number that a column of Parquet holds.
pub(super) trait Number: Copy + Ord + Default {
    /// As plain encoding has it.
    fn push(self, out: &mut Vec<u8>);
    /// A number that differs where these differ, for most of them.
    fn mixed(self) -> u64;
}

impl Number for i32 {
    #[inline]
    fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    #[inline]
    fn mixed(self) -> u64 {
        i64::from(self).mixed()
    }
}

/// An odd number without a pattern, the fraction of the golden ratio; products with it differ in their highest bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Number for i64 {
    #[inline]
    fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    #[inline]
    fn mixed(self) -> u64 {
        self.cast_unsigned().wrapping_mul(SPREAD)
    }
}

/// Bytes of a decimal of 28 digits.
pub(super) const WIDE_BYTES: usize = 12;

impl Number for i128 {
    #[inline]
    fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes()[size_of::<i128>() - WIDE_BYTES..]);
    }

    #[inline]
    fn mixed(self) -> u64 {
        ((self >> 64) as i64 ^ self as i64).mixed()
    }
}

/// A code for each value, and the distinct values by code; none where there are more than `most`, so that codes would
/// not pay.
pub(super) fn codes<N: Number>(values: &[N], most: usize) -> Option<(Vec<u32>, Vec<N>)> {
    // Twice as many places as values, so that most are found where they are looked for first. 0 is a free place.
    let bits = (most * 2).next_power_of_two().trailing_zeros().max(4);
    let mut places = vec![0_u32; 1 << bits];
    let mut distinct: Vec<N> = Vec::new();
    let mut codes = Vec::with_capacity(values.len());
    for &value in values {
        let mut place = (value.mixed() >> (u64::BITS - bits)) as usize;
        let code = loop {
            match places[place].checked_sub(1) {
                Some(code) if distinct[code as usize] == value => break code,
                Some(_) => place = (place + 1) & (places.len() - 1),
                None => {
                    if distinct.len() == most {
                        return None;
                    }
                    distinct.push(value);
                    places[place] = distinct.len() as u32;
                    break distinct.len() as u32 - 1;
                }
            }
        };
        codes.push(code);
    }
    Some((codes, distinct))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_in_the_order_of_the_values() {
        assert_eq!(codes(&[5_i64, 5, -1, 5, 7, -1], 3), Some((vec![0, 0, 1, 0, 2, 1], vec![5, -1, 7])));
        assert_eq!(codes(&[5_i64, 5, -1, 5, 7, -1], 2), None);
        let many: Vec<i128> = (0..1_000).map(|number| number << 40).collect();
        let (codes, distinct) = codes(&many, 1_000).unwrap_or_default();
        assert_eq!((codes, distinct), ((0..1_000).collect(), many));
    }
}
