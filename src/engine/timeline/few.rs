//! A list that is nearly always of one: it lies in place, and only what comes after the first needs memory of its own.

/// A short list in the order of its coming.
#[derive(Debug)]
pub(super) struct Few<T> {
    first: Option<T>,
    /// Empty as long as there is no first.
    more: Vec<T>,
}

impl<T: Copy + PartialEq> Few<T> {
    pub(super) const fn none() -> Few<T> {
        Few { first: None, more: Vec::new() }
    }

    /// A list of one.
    pub(super) const fn of(first: T) -> Few<T> {
        Few { first: Some(first), more: Vec::new() }
    }

    pub(super) fn push(&mut self, next: T) {
        match self.first {
            None => self.first = Some(next),
            Some(_) => self.more.push(next),
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
        self.more.pop().or_else(|| self.first.take())
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut T> {
        self.more.last_mut().or(self.first.as_mut())
    }

    pub(super) fn contains(&self, wanted: T) -> bool {
        self.iter().any(|one| one == wanted)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = T> {
        self.first.iter().chain(&self.more).copied()
    }
}
