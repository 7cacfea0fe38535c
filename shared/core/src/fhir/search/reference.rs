//! Reference values: `id`, `Type/id`, or the absolute URL of a resource here (FHIR R4 search, "reference").

use crate::fhir::reference::Reference;
use crate::fhir::resource_type::ResourceType;
use crate::id::{PatientId, ResourceId};

/// What a reference value must look like.
pub(super) const EXPECTED: &str = "id, Type/id or the URL of a resource of this server";

/// What a value of `patient` must look like.
pub(super) const EXPECTED_PATIENT: &str = "the id of a Patient, Patient/id or its URL on this server";

/// One value of a reference parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReferenceValue {
    /// Of any type, if the value is a bare id.
    resource_type: Option<ResourceType>,
    id: ResourceId,
}

impl ReferenceValue {
    /// Reads one value; `base` is this server's base URL.
    pub(super) fn parse(text: &str, base: &str) -> Option<Self> {
        if let Ok(id) = text.parse() {
            return Some(Self { resource_type: None, id });
        }
        let relative = text.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')).unwrap_or(text);
        let (resource_type, id) = relative.split_once('/')?;
        Some(Self { resource_type: Some(resource_type.parse().ok()?), id: id.parse().ok()? })
    }

    /// Whether a reference points to it.
    pub(super) fn matches(&self, target: &Reference) -> bool {
        self.id == target.id && self.resource_type.is_none_or(|wanted| wanted == target.resource_type)
    }

    /// The patient, if it names a Patient by type.
    pub(super) fn patient(&self) -> Option<&PatientId> {
        self.resource_type.filter(|named| named.as_str() == "Patient").map(|_| &self.id)
    }

    /// The value as one of `patient`, whose type goes without saying.
    pub(super) fn of_patient(self) -> Option<Self> {
        let patient: ResourceType = "Patient".parse().ok()?;
        match self.resource_type {
            Some(named) if named != patient => None,
            _ => Some(Self { resource_type: Some(patient), id: self.id }),
        }
    }
}
