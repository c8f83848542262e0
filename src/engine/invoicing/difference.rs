//! What is on one side and not on the other: billing against a ledger, reconciliation and what-if are this one subtraction.

/// How two sides compare at a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Difference<L, R> {
    /// On the left alone.
    Left(L),
    /// On the right alone.
    Right(R),
    /// On both, whether or not they say the same.
    Both(L, R),
}

/// Compares two sides key by key, in the order of keys. A key that stands several times on a side is paired one by one in the
/// order in which it came.
///
/// ```
/// use termwise_engine::invoicing::{Difference, difference};
/// let target = vec![("Nov", 12), ("Dec", 10)];
/// let billed = vec![("Oct", 10), ("Nov", 10)];
/// let found = difference(target, billed);
/// assert_eq!(found, [Difference::Left(10), Difference::Both(12, 10), Difference::Right(10)]);
/// ```
pub fn difference<K: Ord, L, R>(mut left: Vec<(K, L)>, mut right: Vec<(K, R)>) -> Vec<Difference<L, R>> {
    left.sort_by(|one, other| one.0.cmp(&other.0));
    right.sort_by(|one, other| one.0.cmp(&other.0));
    let mut found = Vec::with_capacity(left.len().max(right.len()));
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return found,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((one, _)), Some((other, _))) => one.cmp(other),
        };
        let (one, other) = match order {
            std::cmp::Ordering::Less => (left.next(), None),
            std::cmp::Ordering::Greater => (None, right.next()),
            std::cmp::Ordering::Equal => (left.next(), right.next()),
        };
        found.extend(match (one, other) {
            (Some((_, one)), None) => Some(Difference::Left(one)),
            (None, Some((_, other))) => Some(Difference::Right(other)),
            (Some((_, one)), Some((_, other))) => Some(Difference::Both(one, other)),
            (None, None) => None,
        });
    }
}
