//! The constraint of a scope, understood (SCOPE-14, SCOPE-15, SCOPE-20).
//!
//! It is read once for a token, when its context is made, and then asked of each resource: a search looks at thousands, and a
//! token may stand for hundreds of scopes. So nothing is parsed for a resource, a value is looked up rather than searched for, and
//! the elements of a parameter are found once ([`Elements`]), however many scopes ask for them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fhir::definitions::Parameter;
use crate::fhir::resource::Resource;
use crate::fhir::resource_type::ResourceType;
use crate::fhir::search::condition;
use crate::fhir::search::token::{Tokens, split_escaped};
use crate::id::ResourceId;
use crate::scope::{ResourceScope, TypePattern};

/// What a resource must match, all of it; nothing where the scope has no constraint.
#[derive(Clone, Debug)]
pub(super) struct Conditions(Vec<Condition>);

impl Conditions {
    /// Those of a scope; `None` if one of them cannot be honoured exactly as it is written.
    pub(super) fn of(scope: &ResourceScope) -> Option<Self> {
        let resource_type = match &scope.resource_type {
            TypePattern::Any => return scope.constraint.is_empty().then(|| Self(Vec::new())),
            TypePattern::Type(name) => name.parse().ok()?,
        };
        let pairs = scope.constraint.iter();
        pairs
            .map(|(param, value)| Condition::parse(resource_type, param, value))
            .collect::<Option<_>>()
            .map(Self)
    }

    /// Whether the resource with these elements matches them all. It is of the scope's type.
    pub(super) fn match_all(&self, elements: &mut Elements<'_>) -> bool {
        self.0.iter().all(|condition| condition.matches(elements))
    }
}

/// One pair of a constraint: any of its values will do.
#[derive(Clone, Debug)]
enum Condition {
    Id(BTreeSet<ResourceId>),
    Token(&'static Parameter, Tokens),
}

impl Condition {
    /// `_id`, or a token parameter of the type, without modifier or chain, with values that can be read.
    fn parse(resource_type: ResourceType, param: &str, value: &str) -> Option<Self> {
        #[cfg(test)]
        parsed::count();
        let values = split_escaped(value, ',');
        if param == "_id" {
            return condition::ids(&values).map(|ids| Self::Id(ids.into_iter().collect()));
        }
        let parameter = resource_type.definition().parameters.iter().find(|known| known.name == param)?;
        condition::tokens(parameter, &values).map(|tokens| Self::Token(parameter, tokens))
    }

    fn matches(&self, elements: &mut Elements<'_>) -> bool {
        match self {
            Self::Id(ids) => ids.contains(elements.resource.id()),
            Self::Token(parameter, tokens) => {
                elements.of(parameter).iter().any(|element| tokens.matches(element))
            }
        }
    }
}

/// What conditions compare of one resource.
pub(super) struct Elements<'r> {
    resource: &'r Resource,
    found: Vec<(&'static Parameter, Vec<&'r Value>)>,
}

impl<'r> Elements<'r> {
    /// Of a resource, nothing of which was looked at.
    pub(super) fn new(resource: &'r Resource) -> Self {
        Self { resource, found: Vec::new() }
    }

    /// The elements that a parameter compares.
    fn of(&mut self, parameter: &'static Parameter) -> &[&'r Value] {
        let known = self.found.iter().position(|(known, _)| std::ptr::eq(*known, parameter));
        let place = known.unwrap_or_else(|| {
            self.found.push((parameter, self.resource.values(parameter)));
            self.found.len() - 1
        });
        self.found.get(place).map(|(_, elements)| elements.as_slice()).unwrap_or_default()
    }
}

/// How many pairs were read by a test.
#[cfg(test)]
pub(super) mod parsed {
    use std::cell::Cell;

    thread_local!(static PARSED: Cell<usize> = const { Cell::new(0) });

    pub(super) fn count() {
        PARSED.set(PARSED.get() + 1);
    }

    /// The number so far, on this thread.
    pub(in super::super) fn so_far() -> usize {
        PARSED.get()
    }
}
