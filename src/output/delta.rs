//! Texts of which each begins like the one before: how much of it is the same, and what is new (DELTA_BYTE_ARRAY).
//!
//! Ids come in the order of customers and subscriptions, so most of an id stands in the row above already; what is not
//! written need not be compressed.

use super::packing::{push_bits, push_varint, width_of};

/// Numbers of a block, and of each of the parts that have a width of their own.
const BLOCK: usize = 128;
const PART: usize = 32;
const PARTS: usize = BLOCK / PART;

/// Writes texts, the first of them whole.
pub(super) fn push_texts(out: &mut Vec<u8>, texts: &[&[u8]]) {
    let mut prefixes = Vec::with_capacity(texts.len());
    let mut suffixes = Vec::with_capacity(texts.len());
    let mut before: &[u8] = &[];
    for text in texts {
        let same = common_prefix(before, text);
        prefixes.push(same as u32);
        suffixes.push((text.len() - same) as u32);
        before = text;
    }
    push_numbers(out, &prefixes);
    push_numbers(out, &suffixes);
    for (text, &same) in texts.iter().zip(&prefixes) {
        out.extend_from_slice(&text[same as usize..]);
    }
}

/// How many bytes two texts have in common at their beginning.
fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    let mut same = 0;
    for (left, right) in left.as_chunks::<8>().0.iter().zip(right.as_chunks::<8>().0) {
        let differs = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
        if differs != 0 {
            return same + differs.trailing_zeros() as usize / 8;
        }
        same += 8;
    }
    same + left[same..].iter().zip(&right[same..]).take_while(|(left, right)| left == right).count()
}

/// Writes numbers as differences from one to the next, packed (DELTA_BINARY_PACKED).
fn push_numbers(out: &mut Vec<u8>, numbers: &[u32]) {
    push_varint(out, BLOCK as u64);
    push_varint(out, PARTS as u64);
    push_varint(out, numbers.len() as u64);
    push_zigzag(out, numbers.first().map_or(0, |&first| i64::from(first)));
    let deltas: Vec<i64> = numbers.windows(2).map(|pair| i64::from(pair[1]) - i64::from(pair[0])).collect();
    deltas.chunks(BLOCK).for_each(|block| push_block(out, block));
}

/// Writes a block: the least difference, the widths of its parts, and how much more each difference is.
fn push_block(out: &mut Vec<u8>, deltas: &[i64]) {
    let least = deltas.iter().min().copied().unwrap_or_default();
    push_zigzag(out, least);
    let widths_at = out.len();
    out.extend_from_slice(&[0; PARTS]);
    for (number, part) in deltas.chunks(PART).enumerate() {
        let mut more = [0_u32; PART];
        for (more, delta) in more.iter_mut().zip(part) {
            // Differences of two lengths span 33 bits, but lengths of texts never do.
            *more = (delta - least) as u32;
        }
        let largest = more.iter().max().copied().unwrap_or_default();
        if largest > 0 {
            out[widths_at + number] = width_of(largest) as u8;
            push_bits(out, width_of(largest), &more);
        }
    }
}

/// Writes a number so that small ones are short on either side of 0.
fn push_zigzag(out: &mut Vec<u8>, number: i64) {
    push_varint(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_texts_have_in_common_is_counted_to_the_byte() {
        for (left, right, same) in [
            ("", "a", 0),
            ("SUB-00000001", "SUB-00000002", 11),
            ("SUB-00000001:x", "SUB-00000001:x", 14),
            ("abcdefgh", "abcdefghi", 8),
            ("abcdefghX", "abcdefghY", 8),
            ("abXdefgh", "abYdefgh", 2),
        ] {
            assert_eq!(common_prefix(left.as_bytes(), right.as_bytes()), same, "{left} {right}");
        }
    }

    #[test]
    fn differences_are_packed_as_the_format_says() {
        let packed = |numbers: &[u32]| {
            let mut out = Vec::new();
            push_numbers(&mut out, numbers);
            out
        };
        assert_eq!(packed(&[]), [128, 1, 4, 0, 0]);
        // The format's own example: 1, 2, 3, 4, 5 has one difference only, so nothing is packed.
        assert_eq!(packed(&[1, 2, 3, 4, 5]), [128, 1, 4, 5, 2, 2, 0, 0, 0, 0]);
        // 7, 5, 3, 1, 2, 3, 4, 5: the least difference is −2, and 0, 0, 0, 3, 3, 3, 3 are left, in two bits each.
        assert_eq!(
            packed(&[7, 5, 3, 1, 2, 3, 4, 5]),
            [128, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0]
        );
    }
}
