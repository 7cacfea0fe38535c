//! What the audit log says of each access: who, by which app and grant, what, what came of it, and whose data left (RS-17).
//!
//! One line with the target `audit` for each request whose token was issued here. Never a token, and never what was searched for.
//! `patient` is the one in whose context the app was opened; `count` and `patients` say how many resources left, and all to whom they
//! belong, which is what counts for apps of clinicians and for backend services.

use std::collections::BTreeSet;

use smart_core::fhir::access::Interaction;
use smart_core::fhir::resource::{Belonging, Resource};
use smart_core::fhir::resource_type::ResourceType;
use smart_core::id::{PatientId, ResourceId};
use smart_core::token::AccessTokenClaims;
use tracing::field::display;
use tracing::info;

use crate::error::FhirError;

/// An access that is asked for.
pub(crate) struct Trail<'a> {
    pub(crate) claims: &'a AccessTokenClaims,
    pub(crate) interaction: Interaction,
    pub(crate) resource_type: ResourceType,
    /// The resource, where one is named.
    pub(crate) id: Option<&'a ResourceId>,
}

/// What leaves, or is counted in an answer: how many resources, and whose.
#[derive(Debug, Default)]
pub(crate) struct Disclosed {
    count: usize,
    patients: BTreeSet<PatientId>,
}

impl Disclosed {
    /// One resource.
    pub(crate) fn of(resource: &Resource) -> Self {
        let mut disclosed = Self::default();
        disclosed.add(resource.belonging());
        disclosed
    }

    /// How many resources.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// One resource more.
    pub(crate) fn add(&mut self, belonging: Belonging) {
        self.count += 1;
        if let Belonging::Patients(patients) = belonging {
            self.patients.extend(patients);
        }
    }
}

impl Trail<'_> {
    /// Says what came of it.
    pub(crate) fn led_to(&self, result: Result<&Disclosed, &FhirError>) {
        let AccessTokenClaims { client_id, grant, sub, patient, .. } = self.claims;
        let (grant, patient) = (grant.as_ref().map(display), patient.as_ref().map(display));
        let event = match self.interaction {
            Interaction::Read => "read",
            Interaction::Search => "search",
        };
        let id = self.id.map(display);
        let outcome = outcome(&result);
        let count = result.map_or(0, Disclosed::count);
        let patients = result
            .ok()
            .map(|disclosed| disclosed.patients.iter().map(PatientId::as_str).collect::<Vec<_>>().join(" "));
        info!(target: "audit", event, %client_id, grant, %sub, patient, resource_type = %self.resource_type, id, count, patients, outcome);
    }
}

/// What is told as absence is a refusal where there was something: the log may know.
fn outcome<T>(result: &Result<T, &FhirError>) -> &'static str {
    match result {
        Ok(_) => "allowed",
        Err(FhirError::NotFound | FhirError::NoSuchVersion) => "absent",
        Err(FhirError::Unavailable(_) | FhirError::Corrupt) => "failed",
        Err(_) => "refused",
    }
}
