//! The synthetic records: three patients with one resource of each type, and one of each category where a type has some.
//!
//! `ALICE` and `BOB` are patients of the test clinician, `CAROL` is nobody's here: what no test user may see.

use serde_json::{Value, json};

pub(crate) const ALICE: &str = "verify-alice";
pub(crate) const BOB: &str = "verify-bob";
pub(crate) const CAROL: &str = "verify-carol";

/// How a type says whose it is.
#[derive(Clone, Copy)]
enum Whose {
    /// By a reference in this element.
    In(&'static str),
    /// By this element, which lists resources of the patient: it is theirs because these are.
    ByWhatItIsOf(&'static str),
    /// Not at all: shared by all patients.
    Shared,
}

/// The types of US Core and what it refers to.
const TYPES: [(&str, Whose); 28] = [
    ("AllergyIntolerance", Whose::In("patient")),
    ("CarePlan", Whose::In("subject")),
    ("CareTeam", Whose::In("subject")),
    ("Condition", Whose::In("subject")),
    ("Coverage", Whose::In("beneficiary")),
    ("Device", Whose::In("patient")),
    ("DiagnosticReport", Whose::In("subject")),
    ("DocumentReference", Whose::In("subject")),
    ("Encounter", Whose::In("subject")),
    ("FamilyMemberHistory", Whose::In("patient")),
    ("Goal", Whose::In("subject")),
    ("Immunization", Whose::In("patient")),
    ("Location", Whose::Shared),
    ("Media", Whose::In("subject")),
    ("Medication", Whose::Shared),
    ("MedicationDispense", Whose::In("subject")),
    ("MedicationRequest", Whose::In("subject")),
    ("MedicationStatement", Whose::In("subject")),
    ("Observation", Whose::In("subject")),
    ("Organization", Whose::Shared),
    ("Practitioner", Whose::Shared),
    ("PractitionerRole", Whose::Shared),
    ("Procedure", Whose::In("subject")),
    ("Provenance", Whose::ByWhatItIsOf("target")),
    ("QuestionnaireResponse", Whose::In("subject")),
    ("RelatedPerson", Whose::In("patient")),
    ("ServiceRequest", Whose::In("subject")),
    ("Specimen", Whose::In("subject")),
];

const OBSERVATION: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const CONDITION: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
const US_CORE: &str = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category";
const US_CORE_CONDITION: &str = "http://hl7.org/fhir/us/core/CodeSystem/condition-category";
const US_CORE_DOCUMENT: &str = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category";

/// The categories of US Core's granular scopes.
const CATEGORIES: [(&str, &str, &str); 18] = [
    ("Condition", CONDITION, "encounter-diagnosis"),
    ("Condition", CONDITION, "problem-list-item"),
    ("Condition", US_CORE_CONDITION, "health-concern"),
    ("DiagnosticReport", "http://loinc.org", "LP29684-5"),
    ("DiagnosticReport", "http://loinc.org", "LP29708-2"),
    ("DiagnosticReport", "http://loinc.org", "LP7839-6"),
    ("DocumentReference", US_CORE_DOCUMENT, "clinical-note"),
    ("Observation", OBSERVATION, "social-history"),
    ("Observation", OBSERVATION, "vital-signs"),
    ("Observation", OBSERVATION, "imaging"),
    ("Observation", OBSERVATION, "laboratory"),
    ("Observation", OBSERVATION, "procedure"),
    ("Observation", OBSERVATION, "survey"),
    ("Observation", OBSERVATION, "exam"),
    ("Observation", OBSERVATION, "therapy"),
    ("Observation", OBSERVATION, "activity"),
    ("Observation", US_CORE, "sdoh"),
    ("Observation", US_CORE, "functional-status"),
];

/// A code of a system.
pub(crate) type Category<'c> = (&'c str, &'c str);

/// The id of the seeded resource of a type that is a patient's, and of a category; `None` if there is none.
pub(crate) fn id(resource_type: &str, patient: &str, category: Option<Category<'_>>) -> Option<String> {
    if resource_type == "Patient" {
        return category.is_none().then(|| patient.to_owned());
    }
    let (name, whose) = TYPES.iter().find(|(name, _)| *name == resource_type)?;
    let name = name.to_ascii_lowercase();
    match category {
        None if matches!(whose, Whose::Shared) => Some(format!("verify-{name}")),
        None => Some(format!("{patient}-{name}")),
        Some(category) => CATEGORIES
            .iter()
            .any(|(of, system, code)| *of == resource_type && (*system, *code) == category)
            .then(|| format!("{patient}-{name}-{}", category.1.to_ascii_lowercase())),
    }
}

/// Whether resources of a type are shared by all patients.
pub(crate) fn is_shared(resource_type: &str) -> bool {
    TYPES.iter().any(|(name, whose)| *name == resource_type && matches!(whose, Whose::Shared))
}

/// All resources.
pub(super) fn all() -> Vec<Value> {
    let mut all = Vec::new();
    for (patient, given) in [(ALICE, "Alice"), (BOB, "Bob"), (CAROL, "Carol")] {
        all.push(json!({
            "resourceType": "Patient", "id": patient, "birthDate": "1970-01-01", "gender": "unknown",
            "name": [{ "given": [given], "family": "Verify (synthetic)" }],
        }));
        for (resource_type, whose) in &TYPES {
            all.extend(
                id(resource_type, patient, None)
                    .map(|id| resource(resource_type, &id, *whose, patient, None)),
            );
        }
        for (resource_type, system, code) in CATEGORIES {
            let whose = TYPES.iter().find(|(name, _)| *name == resource_type).map(|(_, whose)| *whose);
            let id = id(resource_type, patient, Some((system, code)));
            all.extend(
                id.zip(whose)
                    .map(|(id, whose)| resource(resource_type, &id, whose, patient, Some((system, code)))),
            );
        }
    }
    all
}

fn resource(
    resource_type: &str,
    own_id: &str,
    whose: Whose,
    patient: &str,
    category: Option<Category<'_>>,
) -> Value {
    let mut resource = json!({ "resourceType": resource_type, "id": own_id });
    let reference = json!({ "reference": format!("Patient/{patient}") });
    if let Some(elements) = resource.as_object_mut() {
        match whose {
            Whose::In(element) => drop(elements.insert(element.to_owned(), reference)),
            Whose::ByWhatItIsOf(element) => {
                let observation = id("Observation", patient, None).unwrap_or_default();
                let target = json!([{ "reference": format!("Observation/{observation}") }]);
                elements.insert(element.to_owned(), target);
            }
            Whose::Shared => {}
        }
        if let Some((system, code)) = category {
            let coding = json!([{ "coding": [{ "system": system, "code": code }] }]);
            elements.insert("category".to_owned(), coding);
        }
        if resource_type == "Encounter" {
            elements.insert("status".to_owned(), json!("finished"));
            elements.insert("class".to_owned(), json!({ "code": "AMB" }));
            elements.insert("period".to_owned(), json!({ "start": "2024-01-01T10:00:00Z" }));
        }
    }
    resource
}
