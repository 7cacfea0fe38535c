//! The rules of the FHIR read API: which resources leave, and which a search finds.

pub mod access;
pub mod bundle;
pub mod capability;
mod date;
mod definitions;
pub mod encounter;
pub(crate) mod json;
mod meta;
pub mod outcome;
mod path;
pub mod record;
pub mod reference;
pub mod resource;
pub mod resource_type;
pub mod search;

/// FHIR R4, as `CapabilityStatement.fhirVersion` and a brand's endpoint say it.
pub(crate) const FHIR_VERSION: &str = "4.0.1";
