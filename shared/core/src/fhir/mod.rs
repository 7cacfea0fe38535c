//! The rules of the FHIR read API: which resources leave, and which a search finds.

pub mod access;
pub mod bundle;
pub mod capability;
mod date;
mod definitions;
mod json;
mod meta;
pub mod outcome;
mod path;
pub mod record;
mod reference;
pub mod resource;
pub mod resource_type;
pub mod search;
