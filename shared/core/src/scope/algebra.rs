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

    /// The letters that the others together have for all of its resources.
    fn covered_by<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Interactions {
        others
            .into_iter()
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
    /// Whether everything that these allow, the others allow: the letters of one scope may be covered by
    /// several of the others together.
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
                Scope::Resource(asked) => other.allowed_of(asked),
                asked if other.iter().any(|wider| asked.is_within(wider)) => Self::from_iter([asked.clone()]),
                _ => Self::default(),
            })
            .collect()
    }

    /// What these allow of one resource scope, in its spelling.
    fn allowed_of(&self, asked: &ResourceScope) -> Self {
        let parts: Self = self.resources().filter_map(|b| asked.intersection(b)).map(Scope::from).collect();
        // `.r` and `.s` allowed apart answer a `.read` with `.read`.
        parts.shortest().resources().map(|part| part.clone().spelled(asked.syntax).into()).collect()
    }

    /// The shortest set that allows the same: `X.r` and `X.s` become `X.rs`, and what a wider scope allows
    /// anyway is left out. In v1 where all the parts are.
    ///
    /// A normal form: two sets allow the same on resources exactly if their shortest forms have the same
    /// resource scopes, spelling and order aside.
    #[must_use]
    pub fn shortest(&self) -> Self {
        self.iter()
            .filter_map(|scope| match scope {
                Scope::Resource(resource) => self.shortest_for(resource).map(Scope::from),
                other => Some(other.clone()),
            })
            .collect()
    }

    /// All the letters that the set has for the resources of `scope`, less those that it has for more
    /// resources.
    fn shortest_for(&self, scope: &ResourceScope) -> Option<ResourceScope> {
        let (same, wider): (Vec<_>, Vec<_>) = self
            .resources()
            .filter(|other| scope.is_narrower(other))
            .partition(|other| other.is_narrower(scope));
        let v1 = same.iter().all(|part| part.syntax == Syntax::V1);
        let interactions = scope.covered_by(same).difference(scope.covered_by(wider));
        let shortest = ResourceScope { interactions, ..scope.clone() };
        (!interactions.is_empty()).then(|| shortest.spelled(if v1 { Syntax::V1 } else { Syntax::V2 }))
    }
}
