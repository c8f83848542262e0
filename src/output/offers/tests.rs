//! Ids, URLs and texts of offers.
