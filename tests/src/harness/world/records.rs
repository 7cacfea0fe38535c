//! The records: two that are worth reading, of Maria and of Lena, and a few names besides.
//!
//! Ids say what a resource is: `maria-bp-2024`. What Maria has of each category, Lena has too, so that whatever is mixed up
//! shows.

use serde_json::{Value, json};

const OBSERVATION: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const CONDITION: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
const US_CORE_CONDITION: &str = "http://hl7.org/fhir/us/core/CodeSystem/condition-category";
const US_CORE: &str = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category";
const DOCUMENT: &str = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category";
const LOINC: &str = "http://loinc.org";
const SNOMED: &str = "http://snomed.info/sct";

/// How many patients there are besides those with records: more than a page of the picker, together with them.
pub(crate) const WALKERS: usize = 20;

/// The ids of Maria's observations that have the category `vital-signs`, oldest first.
pub(crate) const MARIAS_VITAL_SIGNS: [&str; 3] = ["maria-weight-2022", "maria-bp-2023", "maria-bp-2024"];
/// Those with the category `laboratory`; the second is a survey, too.
pub(crate) const MARIAS_LABORATORY: [&str; 2] = ["maria-a1c-2023", "maria-score-2024"];
/// All of Maria's observations, oldest first.
pub(crate) const MARIAS_OBSERVATIONS: [&str; 8] = [
    "maria-smoking-2021",
    "maria-weight-2022",
    "maria-a1c-2023",
    "maria-bp-2023",
    "maria-housing-2023",
    "maria-phq-2023",
    "maria-score-2024",
    "maria-bp-2024",
];

fn coded(system: &str, code: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code }] })
}

fn patient(id: &str, given: &str, family: &str, born: &str, gender: &str, number: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "birthDate": born, "gender": gender, "active": true,
        "name": [{ "use": "official", "given": [given], "family": family }],
        "identifier": [{ "system": "https://clinic.example/mrn", "value": number }],
        "managingOrganization": { "reference": "Organization/clinic" },
    })
}

fn observation(patient: &str, id: &str, date: &str, categories: &[(&str, &str)], code: &str) -> Value {
    json!({
        "resourceType": "Observation", "id": format!("{patient}-{id}"), "status": "final",
        "category": categories.iter().map(|(system, code)| coded(system, code)).collect::<Vec<_>>(),
        "code": coded(LOINC, code), "subject": { "reference": format!("Patient/{patient}") },
        "effectiveDateTime": date, "performer": [{ "reference": "Practitioner/clara" }],
    })
}

/// An observation that is about somebody in another way.
fn about(id: &str, subject: &Value) -> Value {
    let mut observation = observation("nobody", id, "2024-06-01", &[(OBSERVATION, "vital-signs")], "8302-2");
    observation["subject"] = subject.clone();
    observation
}

fn observations(patient: &str) -> [Value; 8] {
    let make = |id: &str, date: &str, categories: &[(&str, &str)], code: &str| {
        observation(patient, id, date, categories, code)
    };
    [
        make("smoking-2021", "2021-06-15", &[(OBSERVATION, "social-history")], "72166-2"),
        make("weight-2022", "2022-01-10", &[(OBSERVATION, "vital-signs")], "29463-7"),
        make("a1c-2023", "2023-02-20T08:30:00Z", &[(OBSERVATION, "laboratory")], "4548-4"),
        make("bp-2023", "2023-03-01T09:00:00+01:00", &[(OBSERVATION, "vital-signs")], "85354-9"),
        make("housing-2023", "2023-04", &[(OBSERVATION, "survey"), (US_CORE, "sdoh")], "71802-3"),
        make("phq-2023", "2023-05-05", &[(OBSERVATION, "survey")], "44249-1"),
        make("score-2024", "2024-01-31", &[(OBSERVATION, "laboratory"), (OBSERVATION, "survey")], "55758-7"),
        make("bp-2024", "2024-02-29T10:15:00Z", &[(OBSERVATION, "vital-signs")], "85354-9"),
    ]
}

fn condition(patient: &str, id: &str, category: (&str, &str), code: &str) -> Value {
    json!({
        "resourceType": "Condition", "id": format!("{patient}-{id}"),
        "category": [coded(category.0, category.1)], "code": coded(SNOMED, code),
        "subject": { "reference": format!("Patient/{patient}") },
    })
}

/// What Maria and Lena both have.
fn record(patient: &str) -> Vec<Value> {
    let subject = json!({ "reference": format!("Patient/{patient}") });
    let id = |what: &str| format!("{patient}-{what}");
    let mut record = observations(patient).to_vec();
    record.extend([
        condition(patient, "diabetes", (CONDITION, "problem-list-item"), "44054006"),
        condition(patient, "flu", (CONDITION, "encounter-diagnosis"), "6142004"),
        condition(patient, "stress", (US_CORE_CONDITION, "health-concern"), "73595000"),
        json!({
            "resourceType": "Encounter", "id": id("visit"), "status": "finished", "subject": subject,
            "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB" },
            "period": { "start": "2024-02-29T10:00:00Z", "end": "2024-02-29T10:30:00Z" },
            "location": [{ "location": { "reference": "Location/ward" } }],
        }),
        json!({
            "resourceType": "MedicationRequest", "id": id("metformin"), "status": "active", "intent": "order",
            "medicationCodeableConcept": coded("http://www.nlm.nih.gov/research/umls/rxnorm", "860975"),
            "subject": subject, "authoredOn": "2023-02-21",
        }),
        json!({
            "resourceType": "AllergyIntolerance", "id": id("nuts"), "category": ["food"],
            "code": coded(SNOMED, "91934008"), "patient": subject, "recordedDate": "2020-05-01",
        }),
        json!({
            "resourceType": "Immunization", "id": id("tetanus"), "status": "completed", "patient": subject,
            "vaccineCode": coded("http://hl7.org/fhir/sid/cvx", "115"), "occurrenceDateTime": "2019-09-09",
        }),
        json!({
            "resourceType": "Procedure", "id": id("appendix"), "status": "completed", "subject": subject,
            "code": coded(SNOMED, "80146002"), "performedPeriod": { "start": "2018-03-01", "end": "2018-03-02" },
        }),
        json!({
            "resourceType": "DocumentReference", "id": id("note"), "status": "current", "subject": subject,
            "category": [coded(DOCUMENT, "clinical-note")], "type": coded(LOINC, "11506-3"),
            "date": "2024-02-29T11:00:00Z",
            "content": [{ "attachment": { "contentType": "text/plain", "data": "YSBub3Rl" } }],
        }),
        json!({ "resourceType": "Device", "id": id("pump"), "status": "active", "patient": subject }),
        json!({
            "resourceType": "Provenance", "id": id("origin"), "recorded": "2024-03-01T00:00:00Z",
            "target": [{ "reference": format!("Observation/{patient}-bp-2024") }],
            "agent": [{ "who": { "reference": "Practitioner/clara" } }],
        }),
        json!({
            "resourceType": "Binary", "id": id("letter"), "contentType": "text/plain", "data": "YSBub3Rl",
            "securityContext": { "reference": format!("DocumentReference/{patient}-note") },
        }),
    ]);
    record
}

/// As `fhir/` has them.
pub(crate) fn all() -> Vec<Value> {
    let mut all = vec![
        patient("maria", "Maria", "Álvarez", "1984-07-19", "female", "MRN-1001"),
        patient("lena", "Lena", "Berg", "2015-02-03", "female", "MRN-2001"),
        patient("tom", "Tom", "Berg", "2018-11-30", "male", "MRN-2002"),
        patient("fred", "Fred", "Holm", "1970-01-01", "male", "MRN-3001"),
    ];
    all.extend((1..=WALKERS).map(|n| {
        patient(
            &format!("walker-{n:02}"),
            "Wanda",
            &format!("Walker-{n:02}"),
            "1950",
            "other",
            &format!("MRN-9{n:03}"),
        )
    }));
    all.extend(record("maria"));
    all.extend(record("lena"));
    all.extend([
        observation("tom", "height-2024", "2024-05-05", &[(OBSERVATION, "vital-signs")], "8302-2"),
        // Maria said it of Tom, so it is Tom's (COMP-02).
        json!({
            "resourceType": "Condition", "id": "tom-cough", "category": [coded(CONDITION, "problem-list-item")],
            "code": coded(SNOMED, "49727002"), "subject": { "reference": "Patient/tom" },
            "asserter": { "reference": "Patient/maria" },
        }),
        // Whoever these are about, nobody here can say (COMP-08).
        about("by-number", &json!({ "identifier": { "system": "https://clinic.example/mrn", "value": "MRN-1001" } })),
        about("by-url", &json!({ "reference": "https://elsewhere.example/fhir/Patient/maria" })),
        json!({
            "resourceType": "Binary", "id": "maria-scan", "contentType": "text/plain", "data": "YSBzY2Fu",
            "securityContext": { "reference": "Patient/maria" },
        }),
        json!({ "resourceType": "Binary", "id": "loose", "contentType": "text/plain", "data": "YSBzY2Fu" }),
        json!({
            "resourceType": "Practitioner", "id": "clara",
            "name": [{ "prefix": ["Dr."], "given": ["Clara"], "family": "Hall" }],
        }),
        json!({ "resourceType": "Practitioner", "id": "nora", "name": [{ "given": ["Nora"] }] }),
        json!({
            "resourceType": "RelatedPerson", "id": "paul", "patient": { "reference": "Patient/lena" },
            "name": [{ "given": ["Paul"], "family": "Berg" }],
        }),
        json!({ "resourceType": "Organization", "id": "clinic", "name": "The Clinic" }),
        json!({ "resourceType": "Location", "id": "ward", "status": "active", "name": "The Ward" }),
        json!({
            "resourceType": "Medication", "id": "metformin", "status": "active",
            "code": coded("http://www.nlm.nih.gov/research/umls/rxnorm", "860975"),
        }),
        json!({
            "resourceType": "Group", "id": "study", "type": "person", "actual": true,
            "member": [{ "entity": { "reference": "Patient/maria" } }],
        }),
    ]);
    all
}
