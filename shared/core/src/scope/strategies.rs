//! Proptest strategies for scopes, shared by the tests of this crate.
//!
//! The alphabet is small on purpose: two scopes drawn at random should often speak of the same thing.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{Constraint, Interactions, Level, ResourceScope, Scope, Scopes, Syntax, TypePattern};

/// The types that [`type_pattern`] names.
pub(crate) const TYPES: [&str; 2] = ["Condition", "Observation"];

/// The pairs that [`constraint`] draws from.
pub(crate) const PAIRS: [(&str, &str); 3] =
    [("category", "a"), ("category", "b"), ("code:in", "http://x|y z")];

pub(crate) fn level() -> impl Strategy<Value = Level> {
    select(vec![Level::Patient, Level::User, Level::System])
}

pub(crate) fn type_pattern() -> impl Strategy<Value = TypePattern> {
    prop_oneof![Just(TypePattern::Any), select(&TYPES[..]).prop_map(|name| TypePattern::Type(name.into()))]
}

/// At least one letter.
pub(crate) fn interactions() -> impl Strategy<Value = Interactions> {
    let words = select(vec![Interactions::READ_SEARCH, Interactions::WRITE, Interactions::ALL]);
    let letters = subsequence(Interactions::ALL.iter().collect::<Vec<_>>(), 1..=5)
        .prop_map(|letters| letters.into_iter().fold(Interactions::NONE, Interactions::union));
    prop_oneof![words, letters]
}

/// Often none at all.
pub(crate) fn constraint() -> impl Strategy<Value = Constraint> {
    let pairs = subsequence(&PAIRS[..], 0..=PAIRS.len());
    prop_oneof![Just(Vec::new()), pairs].prop_map(|pairs| {
        pairs
            .into_iter()
            .map(|(param, value)| Constraint::new(param, value).unwrap())
            .fold(Constraint::default(), |all, one| all.and(&one))
    })
}

/// A pair of any text that a constraint can hold.
pub(crate) fn any_constraint() -> impl Strategy<Value = Constraint> {
    prop::collection::vec(("\\PC{1,8}", "\\PC{1,8}"), 1..4).prop_map(|pairs| {
        pairs
            .iter()
            .map(|(param, value)| Constraint::new(param, value).unwrap())
            .fold(Constraint::default(), |all, one| all.and(&one))
    })
}

/// Written in v1 or v2; in v1 only what v1 can say.
pub(crate) fn resource_scope() -> impl Strategy<Value = ResourceScope> {
    (level(), type_pattern(), interactions(), constraint(), any::<bool>()).prop_map(
        |(level, resource_type, interactions, constraint, v1)| {
            let scope = ResourceScope { level, resource_type, interactions, constraint, syntax: Syntax::V2 };
            scope.as_v1().filter(|_| v1).unwrap_or(scope)
        },
    )
}

pub(crate) fn scope() -> impl Strategy<Value = Scope> {
    let others = [
        "launch",
        "launch/patient",
        "launch/encounter",
        "launch/imagingstudy",
        "launch/imagingstudy?role=https://example.org/role",
        "openid",
        "fhirUser",
        "profile",
        "offline_access",
        "online_access",
        "__test",
        "https://example.org/scope?x=1#y",
    ];
    prop_oneof![
        3 => resource_scope().prop_map(Scope::from),
        1 => select(others.to_vec()).prop_map(|token| token.parse().unwrap()),
    ]
}

pub(crate) fn scopes() -> impl Strategy<Value = Scopes> {
    prop::collection::vec(scope(), 0..7).prop_map(Scopes::from_iter)
}

/// Text that is a scope in parts: all the places where a parser may go wrong.
pub(crate) fn scope_like_text() -> impl Strategy<Value = String> {
    let parts = [
        "patient",
        "user",
        "system",
        "launch",
        "openid",
        "role",
        "category",
        "Observation",
        "imagingstudy",
        "read",
        "write",
        "rs",
        "cruds",
        "s",
        "r",
        "/",
        ".",
        "*",
        "?",
        "&",
        "=",
        "|",
        ":",
        "%",
        "%2",
        "%7C",
        "%C3",
        "%00",
        "+",
        ",",
        " ",
        "  ",
        "\t",
        "\"",
        "\\",
        "é",
        "__",
        "http://x",
    ];
    prop::collection::vec(select(parts.to_vec()), 0..12).prop_map(|parts| parts.concat())
}
