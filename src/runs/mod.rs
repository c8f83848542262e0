//! runs.
