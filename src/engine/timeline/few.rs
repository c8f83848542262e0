//! A list that is nearly always short: its first entries lie in place, and only what comes after them needs memory of its own.

/// A list in the order of its coming, `N` of it in place.
#[derive(Clone, Debug)]
pub(super) struct Few<T, const N: usize> {
    first: [Option<T>; N],
    /// Empty as long as there is room in place.
    more: Vec<T>,
}

impl<T: Copy + PartialEq, const N: usize> Few<T, N> {
    pub(super) const fn none() -> Few<T, N> {
        Few { first: [None; N], more: Vec::new() }
    }

    /// Forgets what it holds, and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.first = [None; N];
        self.more.clear();
    }

    pub(super) fn push(&mut self, next: T) {
        match self.first.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(next),
            None => self.more.push(next),
        }
    }

    /// Adds what is not in the list yet, and says whether it was missing.
    pub(super) fn insert(&mut self, next: T) -> bool {
        let is_new = !self.contains(next);
        if is_new {
            self.push(next);
        }
        is_new
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.more.pop().or_else(|| self.first.iter_mut().rev().find_map(Option::take))
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut T> {
        self.more.last_mut().or_else(|| self.first.iter_mut().rev().find_map(Option::as_mut))
    }

    /// Whether it holds this and nothing else.
    pub(super) fn is_only(&self, wanted: T) -> bool {
        self.iter().eq([wanted])
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().flatten().chain(&mut self.more)
    }

    pub(super) fn contains(&self, wanted: T) -> bool {
        self.iter().any(|one| one == wanted)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = T> {
        self.first.iter().flatten().chain(&self.more).copied()
    }
}
