//! What the pages show of an encounter: for the picker and for launch contexts.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::json::parse_object;
use super::record::{Compartments, Direction, Position, RecordPage, RecordQuery};
use super::reference::Reference;
use crate::id::{EncounterId, PatientId};

/// An Encounter whose subject is a Patient here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncounterSummary {
    /// The Encounter's id.
    pub id: EncounterId,
    /// Whose it is.
    pub patient: PatientId,
    /// `period.start` as it stands.
    pub start: Option<String>,
    /// `period.end` as it stands.
    pub end: Option<String>,
    /// What kind of visit it was, in the words of the record: of `type`, or of `serviceType`.
    pub kind: Option<String>,
    /// The code of `class` (v3 `ActEncounterCode`: `AMB`, `IMP` …).
    pub class: Option<String>,
    /// `status` as FHIR writes it.
    pub status: Option<String>,
}

/// The encounters of a patient, the newest first.
#[derive(Clone, Debug)]
pub struct EncounterQuery {
    /// Whose.
    pub patient: PatientId,
    /// Strictly after this position, in that order.
    pub after: Option<Position>,
    /// At most so many, at least 1.
    pub limit: usize,
}

/// A page of encounters.
#[derive(Clone, Debug)]
pub struct EncounterPage {
    /// The encounters.
    pub encounters: Vec<EncounterSummary>,
    /// Where to go on; `None` at the end.
    pub next: Option<Position>,
}

const READ: [&str; 8] = ["class", "id", "period", "resourceType", "serviceType", "status", "subject", "type"];

impl EncounterSummary {
    /// Of a resource's JSON; `None` if it is no Encounter of a Patient.
    pub fn of(body: &[u8]) -> Option<Self> {
        let elements = parse_object(body, |name| READ.contains(&name)).ok()?;
        let text = |name: &str| elements.get(name).and_then(Value::as_str).map(str::to_owned);
        if text("resourceType")? != "Encounter" {
            return None;
        }
        let in_period = |name| Some(elements.get("period")?.get(name)?.as_str()?.to_owned());
        Some(Self {
            id: text("id")?.parse().ok()?,
            patient: Reference::of(elements.get("subject")?)?.into_patient()?,
            start: in_period("start"),
            end: in_period("end"),
            kind: kind(&elements),
            class: elements.get("class").and_then(|class| Some(class.get("code")?.as_str()?.to_owned())),
            status: text("status"),
        })
    }
}

/// The first words that the record has for the kind of visit.
fn kind(elements: &Map<String, Value>) -> Option<String> {
    let types = elements.get("type").and_then(Value::as_array).into_iter().flatten();
    let mut concepts = types.chain(elements.get("serviceType"));
    concepts.find_map(|concept| {
        let displays = concept.get("coding").and_then(Value::as_array).into_iter().flatten();
        let mut words =
            concept.get("text").into_iter().chain(displays.filter_map(|coding| coding.get("display")));
        words.find_map(|words| Some(words.as_str()?.trim().to_owned()).filter(|words| !words.is_empty()))
    })
}

impl EncounterQuery {
    /// As a query of resources.
    pub fn records(&self) -> RecordQuery {
        RecordQuery {
            resource_type: "Encounter",
            compartments: Compartments::Of(BTreeSet::from([self.patient.clone()])),
            direction: Direction::Descending,
            after: self.after.clone(),
            limit: self.limit,
        }
    }

    /// The page that a page of resources is. A resource may be of the patient without being an encounter *with* the
    /// patient: it is passed over, so a page may be short.
    pub fn page(&self, found: RecordPage) -> EncounterPage {
        let summaries = found.records.iter().filter_map(|(_, record)| EncounterSummary::of(&record.body));
        let encounters = summaries.filter(|encounter| encounter.patient == self.patient).collect();
        EncounterPage { encounters, next: found.next }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn summary(resource: &Value) -> Option<EncounterSummary> {
        EncounterSummary::of(resource.to_string().as_bytes())
    }

    #[test]
    fn an_encounter_is_summed_up_in_the_words_of_the_record() {
        let encounter = json!({
            "resourceType": "Encounter", "id": "e1", "status": "finished", "class": { "code": "AMB" },
            "type": [{ "coding": [{ "code": "1" }, { "display": "Check-up" }] }, { "text": "Other" }],
            "subject": { "reference": "Patient/a" }, "period": { "start": "2024-02-29T10:00:00Z", "end": "2024-03" },
        });
        let summed = summary(&encounter).unwrap();
        assert_eq!((summed.id.as_str(), summed.patient.as_str()), ("e1", "a"));
        assert_eq!(summed.kind.as_deref(), Some("Check-up"));
        assert_eq!((summed.class.as_deref(), summed.status.as_deref()), (Some("AMB"), Some("finished")));
        assert_eq!(
            (summed.start.as_deref(), summed.end.as_deref()),
            (Some("2024-02-29T10:00:00Z"), Some("2024-03"))
        );
    }

    #[test]
    fn ctx_03_what_is_no_encounter_of_a_patient_here_is_none() {
        let with = |subject: Value| json!({ "resourceType": "Encounter", "id": "e1", "subject": subject });
        assert!(summary(&with(json!({ "reference": "Patient/a" }))).is_some());
        for subject in [
            json!({ "reference": "Group/a" }),
            json!({ "reference": "https://elsewhere.example/fhir/Patient/a" }),
            json!({ "identifier": { "value": "7" } }),
            json!(null),
        ] {
            assert_eq!(summary(&with(subject.clone())), None, "{subject}");
        }
        assert_eq!(summary(&json!({ "resourceType": "Encounter", "id": "e1" })), None);
        let patient =
            json!({ "resourceType": "Patient", "id": "e1", "subject": { "reference": "Patient/a" } });
        assert_eq!(summary(&patient), None);
    }
}
