//! Locks: a thread that broke off leaves what it held as it is, and its panic is told elsewhere (exit 70).

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value behind a lock.
pub(crate) fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that no other thread holds any more, out of its lock.
pub(crate) fn unlocked<T>(value: Mutex<T>) -> T {
    value.into_inner().unwrap_or_else(PoisonError::into_inner)
}
