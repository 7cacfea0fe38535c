//! The order of scopes, and what follows from it: subset, intersection, union, the shortest form (SMART 2.2
//! §"Scope equivalence").

use super::{Interactions, ResourceScope, Scope, Scopes, Syntax};

impl ResourceScope {
    /// Whether everything that this allows, the other allows by itself.
    pub fn is_within(&self, other: &Self) -> bool {
        self.is_narrower(other) && other.interactions.contains(self.interactions)
    }

    /// What both allow: the named type against the wildcard, the letters of both, the constraints of both at
    /// once. Spelled as `self` is, as far as v1 can say it. `None` if that is nothing.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let interactions = self.interactions.intersection(other.interactions);
        if self.level != other.level || interactions.is_empty() {
            return None;
        }
        let both = Self {
            level: self.level,
            resource_type: self.resource_type.intersection(&other.resource_type)?,
            interactions,
            constraint: self.constraint.and(&other.constraint),
            syntax: Syntax::V2,
        };
        Some(both.spelled(self.syntax))
    }

    /// Whether the other speaks of all the resources that this speaks of, whatever the letters.
    fn is_narrower(&self, other: &Self) -> bool {
        self.level == other.level
            && other.resource_type.contains(&self.resource_type)
            && self.constraint.is_within(&other.constraint)
    }

    /// Which of its letters the others allow on all of its resources, taken together.
    fn covered_by<'a>(&self, others: impl Iterator<Item = &'a Self>) -> Interactions {
        others
            .filter(|other| self.is_narrower(other))
            .fold(Interactions::NONE, |sum, other| sum.union(other.interactions))
    }
}

impl Scope {
    /// Whether whoever holds the other holds this, by the other alone.
    pub fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Resource(a), Self::Resource(b)) => a.is_within(b),
            (
                Self::LaunchContext { resource_type: a, role: Some(_) },
                Self::LaunchContext { resource_type: b, role: None },
            ) => a == b,
            _ => self == other,
        }
    }
}

impl Scopes {
    /// Whether everything that these allow, the others allow: the letters of one scope may be covered by several
    /// of the others together.
    pub fn is_within(&self, other: &Self) -> bool {
        self.iter().all(|scope| match scope {
            Scope::Resource(resource) => {
                resource.covered_by(other.resources()).contains(resource.interactions)
            }
            scope => other.iter().any(|wider| scope.is_within(wider)),
        })
    }

    /// The scopes of both; first these, then what is new in the others.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other).cloned().collect()
    }

    /// Of what these ask, what the others allow: the largest set within both.
    ///
    /// Each scope is answered in its own place and spelling; it may become several (`patient/*.rs` against a
    /// list of types), or none.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.iter()
            .flat_map(|asked| match asked {
                Scope::Resource(asked) => {
                    let parts: Self =
                        other.resources().filter_map(|b| asked.intersection(b)).map(Scope::from).collect();
                    // `.r` and `.s` allowed apart answer a `.read` with `.read`.
                    parts.shortest_in(asked.syntax)
                }
                asked => other
                    .iter()
                    .any(|wider| asked.is_within(wider))
                    .then(|| asked.clone())
                    .into_iter()
                    .collect(),
            })
            .collect()
    }

    /// The shortest set that allows the same: `X.r` and `X.s` become `X.rs`, and what a wider scope allows
    /// anyway is left out. In v1 where all the parts are.
    ///
    /// A normal form: two sets allow the same on resources exactly if their shortest forms have the same
    /// resource scopes, spelling and order aside.
    #[must_use]
    pub fn shortest(&self) -> Self {
        self.shortened(|parts| {
            if parts.iter().all(|part| part.syntax == Syntax::V1) { Syntax::V1 } else { Syntax::V2 }
        })
    }

    fn shortest_in(&self, syntax: Syntax) -> Self {
        self.shortened(|_| syntax)
    }

    fn shortened(&self, syntax: impl Fn(&[&ResourceScope]) -> Syntax) -> Self {
        self.iter()
            .filter_map(|scope| match scope {
                Scope::Resource(resource) => self.shortened_one(resource, &syntax).map(Scope::from),
                other => Some(other.clone()),
            })
            .collect()
    }

    /// All letters that the set has for the resources of `scope`, less those that it has for more resources.
    fn shortened_one(
        &self,
        scope: &ResourceScope,
        syntax: impl Fn(&[&ResourceScope]) -> Syntax,
    ) -> Option<ResourceScope> {
        let (same, wider): (Vec<_>, Vec<_>) = self
            .resources()
            .filter(|other| scope.is_narrower(other))
            .partition(|other| other.is_narrower(scope));
        let letters = scope.covered_by(same.iter().copied());
        let interactions = letters.difference(scope.covered_by(wider.into_iter()));
        let shortest = ResourceScope { interactions, ..scope.clone() }.spelled(syntax(&same));
        (!interactions.is_empty()).then_some(shortest)
    }
}
