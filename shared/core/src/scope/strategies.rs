//! Proptest strategies for scopes, shared by the tests of this crate.
