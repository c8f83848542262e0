//! Small numbers, packed: the run-length and bit-packing hybrid in which Parquet keeps levels and dictionary codes.
//!
//! A run of eight or more equal numbers is written once with its length; what lies between runs is packed in groups of
//! eight, each number in as many bits as the largest needs.

/// Numbers of a group.
const GROUP: usize = 8;

/// How many bits a number needs, one at least: not every reader takes a width of nothing.
pub(super) fn width_of(largest: u32) -> u32 {
    (u32::BITS - largest.leading_zeros()).max(1)
}

/// Writes numbers of at most `width` bits as runs and packed groups.
pub(super) fn push_hybrid(out: &mut Vec<u8>, width: u32, numbers: &[u32]) {
    let mut packed_from = 0;
    let mut at = 0;
    while at < numbers.len() {
        let first = numbers[at];
        let run = numbers[at..].iter().take_while(|&&number| number == first).count();
        if run >= GROUP {
            push_packed(out, width, &numbers[packed_from..at]);
            push_run(out, width, first, run);
            at += run;
            packed_from = at;
        } else {
            at = numbers.len().min(at + GROUP);
        }
    }
    push_packed(out, width, &numbers[packed_from..]);
}

/// Writes one number that stands so many times.
pub(super) fn push_run(out: &mut Vec<u8>, width: u32, number: u32, times: usize) {
    push_varint(out, (times as u64) << 1);
    out.extend_from_slice(&number.to_le_bytes()[..width.div_ceil(8) as usize]);
}

fn push_packed(out: &mut Vec<u8>, width: u32, numbers: &[u32]) {
    if numbers.is_empty() {
        return;
    }
    push_varint(out, (numbers.len().div_ceil(GROUP) as u64) << 1 | 1);
    push_bits(out, width, numbers);
}

/// Writes numbers bit after bit, the lowest first, and fills the last group with zeros.
pub(super) fn push_bits(out: &mut Vec<u8>, width: u32, numbers: &[u32]) {
    let mut groups = numbers.chunks_exact(GROUP);
    for group in &mut groups {
        push_group(out, width, group);
    }
    let rest = groups.remainder();
    if !rest.is_empty() {
        let mut last = [0; GROUP];
        last[..rest.len()].copy_from_slice(rest);
        push_group(out, width, &last);
    }
}

#[inline]
fn push_group(out: &mut Vec<u8>, width: u32, group: &[u32]) {
    let (mut bits, mut held) = (0_u64, 0);
    for &number in group {
        bits |= u64::from(number) << held;
        held += width;
        if held >= u32::BITS {
            out.extend_from_slice(&(bits as u32).to_le_bytes());
            bits >>= u32::BITS;
            held -= u32::BITS;
        }
    }
    out.extend_from_slice(&bits.to_le_bytes()[..held.div_ceil(8) as usize]);
}

/// Writes a number in as many groups of seven bits as it needs.
pub(super) fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hybrid(width: u32, numbers: &[u32]) -> Vec<u8> {
        let mut out = Vec::new();
        push_hybrid(&mut out, width, numbers);
        out
    }

    #[test]
    fn a_run_stands_once_and_a_group_is_packed() {
        assert_eq!(hybrid(1, &[1; 100]), [200, 1, 1]);
        assert_eq!(hybrid(10, &[700; 8]), [16, 0xbc, 0x02]);
        // The example of the format's own documentation.
        assert_eq!(hybrid(3, &[0, 1, 2, 3, 4, 5, 6, 7]), [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        assert_eq!(hybrid(3, &[1]), [3, 1, 0, 0]);
        assert!(hybrid(2, &[]).is_empty());
    }

    #[test]
    fn widths_are_those_of_the_largest_number() {
        assert_eq!([0, 1, 2, 255, 256, u32::MAX].map(width_of), [1, 1, 2, 8, 9, 32]);
    }
}
