//! Smaller scopes that a consent page can offer in place of a large one: types for a wildcard, categories for
//! a type (US Core 9.0.0 §"SMART on FHIR obligations and capabilities").

use super::{Constraint, ResourceScope, Syntax, TypePattern};

/// The types with US Core scopes, in the order in which a patient would look for them.
const US_CORE_TYPES: [&str; 27] = [
    "Patient",
    "AllergyIntolerance",
    "Condition",
    "MedicationRequest",
    "MedicationDispense",
    "Immunization",
    "Observation",
    "DiagnosticReport",
    "Procedure",
    "Encounter",
    "CarePlan",
    "CareTeam",
    "Goal",
    "DocumentReference",
    "FamilyMemberHistory",
    "ServiceRequest",
    "Specimen",
    "Device",
    "QuestionnaireResponse",
    "Coverage",
    "RelatedPerson",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
    "Medication",
    "Provenance",
];

const CONDITION_CATEGORIES: &[&str] = &[
    "http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item",
    "http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern",
    "http://terminology.hl7.org/CodeSystem/condition-category|encounter-diagnosis",
];

const OBSERVATION_CATEGORIES: &[&str] = &[
    "http://terminology.hl7.org/CodeSystem/observation-category|vital-signs",
    "http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
    "http://terminology.hl7.org/CodeSystem/observation-category|social-history",
    "http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh",
    "http://terminology.hl7.org/CodeSystem/observation-category|survey",
];

const DOCUMENT_CATEGORIES: &[&str] =
    &["http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category|clinical-note"];

impl ResourceScope {
    /// What a user may choose instead of this scope, each within it: for `*` the types of US Core, for
    /// `Condition`, `Observation` and `DocumentReference` their US Core categories (in v2, which alone can
    /// say them). Nothing for other types, nor where a constraint was asked for already.
    pub fn narrowings(&self) -> Vec<Self> {
        if self.is_granular() {
            return Vec::new();
        }
        match &self.resource_type {
            TypePattern::Any => US_CORE_TYPES.iter().map(|name| self.of_type(name)).collect(),
            TypePattern::Type(name) => {
                categories(name).iter().filter_map(|token| self.of_category(token)).collect()
            }
        }
    }

    fn of_type(&self, name: &str) -> Self {
        Self { resource_type: TypePattern::Type(name.into()), ..self.clone() }
    }

    fn of_category(&self, token: &str) -> Option<Self> {
        let constraint = Constraint::new("category", token).ok()?;
        Some(Self { constraint, syntax: Syntax::V2, ..self.clone() })
    }
}

fn categories(resource_type: &str) -> &'static [&'static str] {
    match resource_type {
        "Condition" => CONDITION_CATEGORIES,
        "Observation" => OBSERVATION_CATEGORIES,
        "DocumentReference" => DOCUMENT_CATEGORIES,
        _ => &[],
    }
}
