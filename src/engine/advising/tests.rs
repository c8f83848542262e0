//! Offers and acceptances.
