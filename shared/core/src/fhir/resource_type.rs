//! The names of the FHIR R4 resource types.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::definitions::{DEFINITIONS, Definition, Owner, definition};

/// A resource type of FHIR R4 (4.0.1) that can be stored: all but the abstract ones and `Parameters`.
#[derive(Clone, Copy)]
pub struct ResourceType(&'static Definition);

/// A text that names no resource type of FHIR R4. Names are case-sensitive (FHIR-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a resource type of FHIR R4")]
pub struct UnknownType;

impl ResourceType {
    /// All of them, in the order of their names.
    pub fn all() -> impl Iterator<Item = Self> {
        DEFINITIONS.iter().map(Self)
    }

    /// The name as FHIR spells it.
    pub fn as_str(self) -> &'static str {
        self.0.name
    }

    /// Those whose resources may be whose others are: Provenance, Binary.
    pub fn following() -> impl Iterator<Item = Self> {
        Self::all().filter(|one| one.follows())
    }

    /// Whether its resources may be whose others are.
    pub fn follows(self) -> bool {
        matches!(self.0.owner, Owner::Follows(_))
    }

    pub(super) fn definition(self) -> &'static Definition {
        self.0
    }
}

impl FromStr for ResourceType {
    type Err = UnknownType;

    fn from_str(name: &str) -> Result<Self, UnknownType> {
        definition(name).map(Self).ok_or(UnknownType)
    }
}

impl PartialEq for ResourceType {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for ResourceType {}

impl PartialOrd for ResourceType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceType {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.name.cmp(other.0.name)
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fhir_12_and_14_names_are_exact() {
        for name in ["Patient", "Observation", "MedicinalProductUndesirableEffect"] {
            assert_eq!(name.parse::<ResourceType>().unwrap().as_str(), name);
        }
        for name in ["patient", "Patients", "", "Resource", "DomainResource", "Parameters", "Observation "] {
            assert_eq!(name.parse::<ResourceType>(), Err(UnknownType), "{name}");
        }
    }

    #[test]
    fn every_type_is_found_by_its_name() {
        for resource_type in ResourceType::all() {
            assert_eq!(resource_type.as_str().parse(), Ok(resource_type));
        }
    }
}
