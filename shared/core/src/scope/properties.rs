//! The laws of the algebra, held against a model: a set of scopes *is* the set of accesses that it allows.
//!
//! The model spells them all out: for each level, type, letter and each set of pairs that a resource may
//! match. A type that no scope names stands for all the types that only a wildcard opens.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::strategies::{
    PAIRS, TYPES, any_constraint, interactions, level, resource_scope, scope, scope_like_text, scopes,
    type_pattern,
};
use super::{Interactions, Level, ResourceScope, Scope, Scopes, Syntax};

const UNNAMED: &str = "Encounter";

type Access = (Level, &'static str, Interactions, Vec<(&'static str, &'static str)>);

/// Every access to any resource there can be.
fn accesses() -> impl Iterator<Item = Access> {
    let levels = [Level::Patient, Level::User, Level::System];
    let matched = (0..1_u8 << PAIRS.len()).map(|bits| {
        let pairs = PAIRS.into_iter().enumerate();
        pairs.filter(|(index, _)| bits & (1 << index) != 0).map(|(_, pair)| pair).collect::<Vec<_>>()
    });
    matched.flat_map(move |matched| {
        levels.into_iter().flat_map(move |level| {
            let matched = matched.clone();
            TYPES.into_iter().chain([UNNAMED]).flat_map(move |resource_type| {
                let matched = matched.clone();
                Interactions::ALL.iter().map(move |letter| (level, resource_type, letter, matched.clone()))
            })
        })
    })
}

fn allows(scope: &ResourceScope, (level, resource_type, letter, matched): &Access) -> bool {
    scope.level == *level
        && (scope.resource_type.to_string() == "*" || scope.resource_type.to_string() == *resource_type)
        && scope.interactions.to_string().contains(&letter.to_string())
        && scope.constraint.iter().all(|pair| matched.contains(&pair))
}

fn model(scopes: &Scopes) -> BTreeSet<Access> {
    accesses().filter(|access| scopes.resources().any(|scope| allows(scope, access))).collect()
}

fn model_of(scope: &ResourceScope) -> BTreeSet<Access> {
    accesses().filter(|access| allows(scope, access)).collect()
}

fn resources_only() -> impl Strategy<Value = Scopes> {
    prop::collection::vec(resource_scope().prop_map(Scope::from), 0..6).prop_map(Scopes::from_iter)
}

/// The same rights, each letter a scope of its own.
fn taken_apart(scopes: &Scopes) -> Scopes {
    let one_letter = |scope: &ResourceScope, letter| ResourceScope {
        interactions: letter,
        syntax: Syntax::V2,
        ..scope.clone()
    };
    scopes
        .resources()
        .flat_map(|scope| scope.interactions.iter().map(move |letter| one_letter(scope, letter).into()))
        .collect()
}

fn in_v2(scopes: &Scopes) -> Scopes {
    scopes
        .iter()
        .map(|scope| scope.as_resource().map_or_else(|| scope.clone(), |resource| resource.as_v2().into()))
        .collect()
}

fn in_v1_where_possible(scopes: &Scopes) -> Scopes {
    scopes
        .iter()
        .map(|scope| match scope.as_resource().and_then(ResourceScope::as_v1) {
            Some(v1) => v1.into(),
            None => scope.clone(),
        })
        .collect()
}

/// A set within `of`: some of its scopes, each narrowed by some other scope.
fn part_of(of: &Scopes, keep: &[bool], by: &ResourceScope) -> Scopes {
    of.iter()
        .zip(keep)
        .filter(|(_, keep)| **keep)
        .map(|(scope, _)| match scope {
            Scope::Resource(wide) => wide.intersection(by).unwrap_or_else(|| wide.clone()).into(),
            other => other.clone(),
        })
        .collect()
}

proptest! {
    // --- text ---

    /// SCOPE-28: whatever text comes, parsing answers; what it takes for a scope, it prints as a scope token.
    #[test]
    fn parsing_arbitrary_text_never_panics(text in prop_oneof![any::<String>(), scope_like_text()]) {
        let (known, refused) = Scopes::parse_known(&text);
        for scope in &known {
            let printed = scope.to_string();
            let is_scope_byte = |byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            prop_assert!(printed.bytes().all(is_scope_byte), "{printed}");
            let again = printed.parse();
            prop_assert_eq!(again.as_ref(), Ok(scope));
        }
        for error in &refused {
            let described = error.to_string();
            let is_description_byte = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            prop_assert!(described.bytes().all(is_description_byte), "{described}");
        }
        if let Ok(strict) = Scopes::parse(&text) {
            prop_assert_eq!(strict, known);
            prop_assert!(refused.is_empty());
        }
    }

    /// SCOPE-01: every value has a text, and the text is that value.
    #[test]
    fn a_printed_scope_parses_to_itself(scope in scope()) {
        prop_assert_eq!(scope.to_string().parse(), Ok(scope));
    }

    /// SCOPE-21: values of any characters survive.
    #[test]
    fn a_constraint_of_any_text_survives_printing(
        level in level(),
        resource_type in type_pattern(),
        interactions in interactions(),
        constraint in any_constraint(),
    ) {
        let scope = ResourceScope { level, resource_type, interactions, constraint, syntax: Syntax::V2 };
        prop_assert_eq!(scope.to_string().parse(), Ok(Scope::Resource(scope)));
    }

    /// A set's text says the same rights, and is stable; on a normal form it is the identity.
    #[test]
    fn a_printed_set_parses_to_the_same_rights(scopes in scopes()) {
        let again = Scopes::parse(&scopes.to_string()).unwrap();
        prop_assert!(again.is_within(&scopes) && scopes.is_within(&again));
        prop_assert_eq!(again.to_string(), scopes.to_string());
        let normal = in_v2(&scopes).shortest();
        prop_assert_eq!(Scopes::parse(&normal.to_string()), Ok(normal));
    }

    /// SCOPE-29: order and repetition mean nothing.
    #[test]
    fn order_and_repetition_mean_nothing(scopes in scopes(), shift in any::<Index>()) {
        let mut tokens: Vec<_> = scopes.iter().chain(&scopes).cloned().collect();
        let shift = if tokens.is_empty() { 0 } else { shift.index(tokens.len()) };
        tokens.rotate_left(shift);
        prop_assert_eq!(Scopes::from_iter(tokens), scopes);
    }

    #[test]
    fn json_is_the_text(scopes in scopes()) {
        let json = serde_json::to_string(&scopes).unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), scopes.to_string());
        let again: Scopes = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(again.to_string(), scopes.to_string());
    }

    // --- order ---

    /// SCOPE-08: a set is within another exactly if the other allows every access that it allows.
    #[test]
    fn subset_is_inclusion_of_accesses(a in resources_only(), b in resources_only()) {
        prop_assert_eq!(a.is_within(&b), model(&a).is_subset(&model(&b)));
    }

    #[test]
    fn subset_of_one_scope_is_inclusion_of_accesses(a in resource_scope(), b in resource_scope()) {
        prop_assert_eq!(a.is_within(&b), model_of(&a).is_subset(&model_of(&b)));
    }

    /// SCOPE-08: a partial order; parts are made, since two sets drawn at random are seldom within each
    /// other.
    #[test]
    fn subset_is_reflexive_and_transitive(
        c in scopes(),
        (keep_b, by_b) in (prop::collection::vec(any::<bool>(), 7), resource_scope()),
        (keep_a, by_a) in (prop::collection::vec(any::<bool>(), 7), resource_scope()),
    ) {
        let b = part_of(&c, &keep_b, &by_b);
        let a = part_of(&b, &keep_a, &by_a);
        prop_assert!(c.is_within(&c));
        prop_assert!(a.is_within(&b) && b.is_within(&c));
        prop_assert!(a.is_within(&c));
    }

    /// SCOPE-07: the shortest form is a normal form, so the order is antisymmetric on it.
    #[test]
    fn shortest_forms_are_equal_exactly_for_equal_rights(a in resources_only(), b in resources_only()) {
        let same_form = in_v2(&a).shortest() == in_v2(&b).shortest();
        prop_assert_eq!(same_form, a.is_within(&b) && b.is_within(&a));
        prop_assert_eq!(same_form, model(&a) == model(&b));
        prop_assert_eq!(in_v2(&taken_apart(&a)).shortest(), in_v2(&a).shortest());
    }

    /// SCOPE-07: shortest changes no right, drops nothing else, and no scope or letter of it is superfluous.
    #[test]
    fn the_shortest_form_is_minimal(scopes in scopes()) {
        let shortest = scopes.shortest();
        prop_assert_eq!(model(&shortest), model(&scopes));
        prop_assert!(shortest.len() <= scopes.len());
        let others = |scopes: &Scopes| scopes.iter().filter(|s| s.as_resource().is_none()).count();
        prop_assert_eq!(others(&shortest), others(&scopes));
        let letters = taken_apart(&shortest);
        for one in &letters {
            let mut without = letters.clone();
            without.retain(|scope| scope != one);
            prop_assert!(!letters.is_within(&without), "{one} is superfluous in {shortest}");
        }
    }

    // --- intersection and union ---

    /// Allowed by the intersection is exactly what both allow: it never widens, and loses nothing.
    #[test]
    fn intersection_is_what_both_allow(a in scopes(), b in scopes()) {
        let both = a.intersection(&b);
        prop_assert!(both.is_within(&a) && both.is_within(&b));
        prop_assert_eq!(model(&both), &model(&a) & &model(&b));
        for scope in both.iter().filter(|scope| scope.as_resource().is_none()) {
            prop_assert!(a.contains(scope));
        }
    }

    #[test]
    fn intersection_of_two_scopes_is_what_both_allow(a in resource_scope(), b in resource_scope()) {
        let allowed = a.intersection(&b).map(|both| {
            assert!(both.is_within(&a) && both.is_within(&b));
            model_of(&both)
        });
        prop_assert_eq!(allowed.unwrap_or_default(), &model_of(&a) & &model_of(&b));
    }

    /// Whatever was asked within the allowed is answered with the same rights, and in the spelling asked for.
    #[test]
    fn what_is_within_is_answered_as_asked(
        allowed in scopes(),
        keep in prop::collection::vec(any::<bool>(), 7),
        by in resource_scope(),
    ) {
        let asked = part_of(&allowed, &keep, &by);
        let answered = asked.intersection(&allowed);
        prop_assert!(asked.is_within(&answered) && answered.is_within(&asked));
        for scope in asked.resources().filter(|scope| allowed.resources().any(|wide| scope.is_within(wide))) {
            prop_assert!(answered.contains(&scope.clone().into()), "{scope} in {answered}");
        }
    }

    #[test]
    fn union_is_what_either_allows(a in scopes(), b in scopes()) {
        let either = a.union(&b);
        prop_assert!(a.is_within(&either) && b.is_within(&either));
        prop_assert_eq!(model(&either), &model(&a) | &model(&b));
    }

    // --- decisions ---

    /// SCOPE-03: how a scope is written decides nothing.
    #[test]
    fn v1_and_v2_decide_alike(scopes in scopes(), other in scopes()) {
        let (v1, v2) = (in_v1_where_possible(&scopes), in_v2(&scopes));
        prop_assert!(v1.is_within(&v2) && v2.is_within(&v1));
        prop_assert_eq!(v1.is_within(&other), v2.is_within(&other));
        prop_assert_eq!(other.is_within(&v1), other.is_within(&v2));
        prop_assert_eq!(model(&v1.intersection(&other)), model(&v2.intersection(&other)));
        prop_assert_eq!(in_v2(&v1), v2);
    }

    /// `covers` is true exactly if a resource that matches no pair at all is open to every letter.
    #[test]
    fn covers_asks_for_every_resource_of_the_type(
        scopes in scopes(),
        level in level(),
        letters in interactions(),
    ) {
        let allowed = model(&scopes);
        for resource_type in TYPES.into_iter().chain([UNNAMED]) {
            let is_open = |letter| allowed.contains(&(level, resource_type, letter, Vec::new()));
            let open = letters.iter().all(is_open);
            prop_assert_eq!(scopes.covers(level, resource_type, letters), open);
        }
    }

    /// SCOPE-15: a resource is open exactly if it matches the constraint of some granting scope.
    #[test]
    fn granting_names_the_constraints_of_which_one_must_match(scopes in scopes()) {
        let allowed = model(&scopes);
        for access in accesses() {
            let (level, resource_type, letter, matched) = &access;
            let open = scopes
                .granting(*level, resource_type, *letter)
                .any(|scope| scope.constraint.iter().all(|pair| matched.contains(&pair)));
            prop_assert_eq!(open, allowed.contains(&access));
        }
    }

    /// AUTHZ-22, AUTHZ-23: what a consent page offers is never more than what was asked.
    #[test]
    fn narrowings_are_within_and_narrower(scope in resource_scope()) {
        for narrower in scope.narrowings() {
            prop_assert!(narrower.is_within(&scope) && !scope.is_within(&narrower));
            prop_assert_eq!(narrower.interactions, scope.interactions);
            let syntax = if narrower.is_granular() { Syntax::V2 } else { scope.syntax };
            prop_assert_eq!(narrower.syntax, syntax);
            prop_assert_eq!(narrower.to_string().parse(), Ok(Scope::Resource(narrower)));
        }
    }
}
