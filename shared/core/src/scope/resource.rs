//! One resource scope: `patient/Observation.rs?category=…` (SMART 2.2 §"Scopes for requesting FHIR
//! resources").

use std::fmt;

use super::{Constraint, Interactions};

/// Whose data a scope opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `patient/`: the one patient in context.
    Patient,
    /// `user/`: whatever the signed-in user may see.
    User,
    /// `system/`: what the client was authorized for beforehand, without a user.
    System,
}

impl Level {
    /// The word before the slash.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::User => "user",
            Self::System => "system",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The types a scope speaks of: all, or one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TypePattern {
    /// `*`: every type, now and in future.
    Any,
    /// One FHIR type by its name, case-sensitive. That FHIR R4 has such a type is not checked here.
    Type(Box<str>),
}

impl TypePattern {
    /// Whether a resource of this type is meant.
    pub fn matches(&self, resource_type: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Type(name) => **name == *resource_type,
        }
    }

    /// Whether every type that the other means is meant here.
    pub fn contains(&self, other: &Self) -> bool {
        match other {
            Self::Any => *self == Self::Any,
            Self::Type(name) => self.matches(name),
        }
    }

    /// The types that both mean.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        if other.contains(self) { Some(self.clone()) } else { self.contains(other).then(|| other.clone()) }
    }
}

impl fmt::Display for TypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Type(name) => f.write_str(name),
        }
    }
}

/// How a resource scope is written. It says nothing about what the scope grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Syntax {
    /// SMART 1: `.read`, `.write`, `.*`.
    V1,
    /// SMART 2: letters of `cruds` and perhaps a constraint.
    V2,
}

/// A right to FHIR resources.
///
/// Equality includes the spelling; [`ResourceScope::is_within`] compares the rights alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceScope {
    /// Whose data.
    pub level: Level,
    /// Which types.
    pub resource_type: TypePattern,
    /// Which interactions; never empty in a parsed scope, and [`super::Scopes`] holds none that is.
    pub interactions: Interactions,
    /// Which of the resources: all of its pairs must match.
    pub constraint: Constraint,
    /// How to print it. `V1` is a wish: what no v1 word says is printed in v2.
    pub syntax: Syntax,
}

impl ResourceScope {
    /// The same right in v1 spelling, if a v1 word says it.
    pub fn as_v1(&self) -> Option<Self> {
        self.v1_word().map(|_| Self { syntax: Syntax::V1, ..self.clone() })
    }

    /// The same right in v2 spelling.
    #[must_use]
    pub fn as_v2(&self) -> Self {
        Self { syntax: Syntax::V2, ..self.clone() }
    }

    /// Whether it allows all of `interactions` on resources of a type, as far as they match its constraint.
    pub fn grants(&self, level: Level, resource_type: &str, interactions: Interactions) -> bool {
        self.level == level
            && self.resource_type.matches(resource_type)
            && self.interactions.contains(interactions)
    }

    /// Whether it is limited to a part of the resources of its type.
    pub fn is_granular(&self) -> bool {
        !self.constraint.is_empty()
    }

    /// The word that says these letters in v1; none is there for a constraint.
    fn v1_word(&self) -> Option<&'static str> {
        self.interactions.as_v1().filter(|_| self.constraint.is_empty())
    }

    /// The spelling closest to `syntax` that can say this right.
    pub(super) fn spelled(self, syntax: Syntax) -> Self {
        let syntax = if self.v1_word().is_some() { syntax } else { Syntax::V2 };
        Self { syntax, ..self }
    }
}

impl fmt::Display for ResourceScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.", self.level, self.resource_type)?;
        match self.v1_word() {
            Some(word) if self.syntax == Syntax::V1 => f.write_str(word),
            _ if self.constraint.is_empty() => self.interactions.fmt(f),
            _ => write!(f, "{}?{}", self.interactions, self.constraint),
        }
    }
}
