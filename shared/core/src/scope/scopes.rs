//! A set of scopes, as `scope` parameters and tokens carry it (RFC 6749 §3.3).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Interactions, Level, Reason, ResourceScope, Scope, ScopeError};

/// A set of scopes.
///
/// The order of first appearance is kept for printing and has no meaning: two sets are equal when they have
/// the same members, spelling included. To compare what they grant, ask [`Scopes::is_within`] both ways. The
/// empty set is a possible grant, and its text is empty.
#[derive(Debug, Clone, Default)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Reads a list of tokens, each of them well-formed, with one space between two: for registrations,
    /// stored grants and refresh requests. The empty text is the empty set. There is no bound but the text's
    /// own length.
    ///
    /// # Errors
    /// The first token that is no scope.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() { Ok(Self::default()) } else { text.split(' ').map(str::parse).collect() }
    }

    /// How many different scopes a request may ask for: three for each type of FHIR R4, and some.
    ///
    /// A wildcard is answered with as many scopes as the client has types, so without a bound a long request
    /// would have an answer many times as long.
    pub const MAX_ASKED: usize = 512;

    /// Reads what an authorization request asks for: the scopes, and apart from them the tokens that are
    /// none, or are too many, which grant nothing. Spaces may be repeated.
    pub fn parse_known(text: &str) -> (Self, Vec<ScopeError>) {
        let (mut known, mut refused) = (Self::default(), Vec::new());
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            match token.parse() {
                Ok(scope) if known.len() < Self::MAX_ASKED || known.contains(&scope) => known.insert(scope),
                Ok(_) => refused.push(ScopeError { token: token.into(), reason: Reason::TooMany }),
                Err(error) => refused.push(error),
            }
        }
        (known, refused)
    }

    /// The scopes in the order of their first appearance.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.0.iter()
    }

    /// The scopes that open FHIR resources.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceScope> {
        self.iter().filter_map(Scope::as_resource)
    }

    /// Whether there is no scope at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many scopes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this very scope is a member, as spelled. For rights to resources ask [`Scopes::covers`].
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// Whether any resource scope is of this level.
    pub fn has_level(&self, level: Level) -> bool {
        self.resources().any(|scope| scope.level == level)
    }

    /// Whether `system/` scopes stand beside `patient/` or `user/` ones. One grant cannot be both: the one
    /// kind is authorized beforehand, the other by a user.
    pub fn mixes_system(&self) -> bool {
        self.has_level(Level::System) && (self.has_level(Level::Patient) || self.has_level(Level::User))
    }

    /// Whether any resource scope has a constraint.
    pub fn is_granular(&self) -> bool {
        self.resources().any(ResourceScope::is_granular)
    }

    /// The scopes of a level that allow all of `interactions` on resources of a type, with their constraints:
    /// a resource is open when any of them matches it.
    pub fn granting<'a>(
        &'a self,
        level: Level,
        resource_type: &'a str,
        interactions: Interactions,
    ) -> impl Iterator<Item = &'a ResourceScope> {
        self.resources().filter(move |scope| scope.grants(level, resource_type, interactions))
    }

    /// Whether `interactions` are allowed on *every* resource of a type, so without a constraint.
    pub fn covers(&self, level: Level, resource_type: &str, interactions: Interactions) -> bool {
        interactions
            .iter()
            .all(|one| self.granting(level, resource_type, one).any(|scope| scope.constraint.is_empty()))
    }

    /// Adds a scope, if it is new and grants anything.
    pub fn insert(&mut self, scope: Scope) {
        if grants(&scope) && !self.contains(&scope) {
            self.0.push(scope);
        }
    }

    /// Keeps the scopes for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Scope) -> bool) {
        self.0.retain(keep);
    }

    /// The set as it is printed: a constraint can only be said in v2, and then all of it is.
    fn spelled(&self) -> Self {
        if !self.is_granular() {
            return self.clone();
        }
        self.iter()
            .map(|scope| {
                scope.as_resource().map_or_else(|| scope.clone(), |resource| resource.as_v2().into())
            })
            .collect()
    }
}

/// A resource scope without letters is nothing that could be written.
fn grants(scope: &Scope) -> bool {
    scope.as_resource().is_none_or(|resource| !resource.interactions.is_empty())
}

impl PartialEq for Scopes {
    fn eq(&self, other: &Self) -> bool {
        self.iter().collect::<BTreeSet<_>>() == other.iter().collect()
    }
}

impl Eq for Scopes {}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        // A request may hold thousands: duplicates are found by a set, not by looking at all before.
        let mut seen = BTreeSet::new();
        Self(scopes.into_iter().filter(|scope| grants(scope) && seen.insert(scope.clone())).collect())
    }
}

impl Extend<Scope> for Scopes {
    fn extend<I: IntoIterator<Item = Scope>>(&mut self, scopes: I) {
        *self = std::mem::take(&mut self.0).into_iter().chain(scopes).collect();
    }
}

impl IntoIterator for Scopes {
    type Item = Scope;
    type IntoIter = std::vec::IntoIter<Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Scopes {
    type Item = &'a Scope;
    type IntoIter = std::slice::Iter<'a, Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The tokens with one space between two. A set with a constraint is printed in v2 throughout.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spelled().iter().enumerate().try_for_each(|(index, scope)| {
            f.write_str(if index == 0 { "" } else { " " })?;
            scope.fmt(f)
        })
    }
}

impl FromStr for Scopes {
    type Err = ScopeError;

    /// As [`Scopes::parse`].
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
