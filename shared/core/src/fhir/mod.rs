//! The rules of the FHIR read API: which resources leave, and which a search finds.

pub mod access;
mod date;
mod definitions;
mod json;
mod path;
pub mod record;
mod reference;
pub mod resource;
pub mod resource_type;
pub mod search;
