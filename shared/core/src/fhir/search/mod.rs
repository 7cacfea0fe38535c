//! Searches: which parameters a type has, what their values mean, and which resources they find.

pub(super) mod token;
