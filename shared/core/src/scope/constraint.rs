//! What follows the `?` of a granular scope: pairs as in the query of a FHIR search URL, AND-ed (SMART 2.2
//! §"Finer-grained resource constraints using search parameters").
//!
//! Pairs are kept decoded, as a set: neither repetition nor order has a meaning, so `a=1&b=2` and `b=2&a=1`
//! are one constraint, printed in the order of the alphabet. Printing percent-encodes what a scope token
//! cannot hold (RFC 6749 §3.3: space, `"`, `\`, control and non-ASCII characters) and what would be read as
//! structure (`%`, `&`, and `=` in a parameter's name); `|`, `:`, `/` and `,` stay as they are. A `+` is a
//! plus sign: the form encoding of the request was undone before the scope is read.

use std::collections::BTreeSet;
use std::fmt;

use super::Reason;
use crate::text::percent_decode;

/// Search parameters and values that a resource must match, all of them. Empty: no constraint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Constraint(BTreeSet<(Box<str>, Box<str>)>);

/// A code system that US Core 9.0.0 misspells in its list of scopes, and its true name.
const MISSPELT_SYSTEM: (&str, &str) = (
    "http://terminology.hl7.org//CodeSystem-observation-category|",
    "http://terminology.hl7.org/CodeSystem/observation-category|",
);

impl Constraint {
    /// One decoded pair: `category` and `http://…|laboratory`.
    ///
    /// # Errors
    /// If either is empty or has control characters, which no search has.
    pub fn new(param: &str, value: &str) -> Result<Self, Reason> {
        let mut constraint = Self::default();
        constraint.insert(param, value)?;
        Ok(constraint)
    }

    /// Reads `param=value(&param=value)*`, percent-encoded.
    pub(super) fn parse(query: &str) -> Result<Self, Reason> {
        let mut constraint = Self::default();
        for pair in query.split('&') {
            let (param, value) = pair.split_once('=').ok_or(Reason::Constraint)?;
            let plain = |text| percent_decode(text).ok_or(Reason::Constraint);
            constraint.insert(&plain(param)?, &plain(value)?)?;
        }
        Ok(constraint)
    }

    fn insert(&mut self, param: &str, value: &str) -> Result<(), Reason> {
        let is_text = |text: &str| !text.is_empty() && !text.contains(char::is_control);
        if !(is_text(param) && is_text(value)) {
            return Err(Reason::Constraint);
        }
        let (misspelt, right) = MISSPELT_SYSTEM;
        self.0.insert((param.into(), value.replace(misspelt, right).into()));
        Ok(())
    }

    /// Whether it constrains nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs, decoded: parameter (with its modifier or chain, as written) and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(param, value)| (&**param, &**value))
    }

    /// Whether whatever matches this matches the other too: it has all pairs of the other, and perhaps more.
    pub fn is_within(&self, other: &Self) -> bool {
        other.0.is_subset(&self.0)
    }

    /// Both at once: the pairs of either.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (param, value)) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "&" })?;
            percent_encode(f, param, b"%&=")?;
            f.write_str("=")?;
            percent_encode(f, value, b"%&")?;
        }
        Ok(())
    }
}

/// Whether RFC 6749 §3.3 allows the byte in a scope token.
pub(super) const fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

fn percent_encode(f: &mut fmt::Formatter<'_>, text: &str, structure: &[u8]) -> fmt::Result {
    text.bytes().try_for_each(|byte| {
        if is_scope_byte(byte) && !structure.contains(&byte) {
            write!(f, "{}", char::from(byte))
        } else {
            write!(f, "%{byte:02X}")
        }
    })
}
