//! The patient picker: who there is, by name.
//!
//! One compact table in order of the folded name holds the words that a search may mean; a search walks it. That is a
//! scan, on purpose: a prefix of any word of any name is asked for while the user types, and ten thousand patients take
//! some milliseconds.

use std::collections::HashSet;

use redb::TableDefinition;
use smart_core::fhir::encounter::{EncounterPage, EncounterQuery, EncounterSummary};
use smart_core::fhir::record::{PatientPage, PatientQuery, PatientSummary};
use smart_core::id::{EncounterId, PatientId};
use smart_core::ports::{Patients, Records as _, Unavailable};
use smart_core::user::PatientAccess;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::LocalStore;
use crate::error::Failure;
use crate::tables::{Aggregates, Writing};

pub(crate) const PATIENTS: Aggregates<PatientId, PatientSummary> = Aggregates::new("patients");

/// (folded name, id) → the folded words of name, birth date and identifiers, one a line.
const BY_NAME: TableDefinition<'_, (&str, &str), &str> = TableDefinition::new("patients_by_name");

const PORT: &str = "patients";

/// Makes the tables, if there are none.
pub(crate) fn create(writing: &Writing<'_>) -> Result<(), Failure> {
    PATIENTS.create(writing)?;
    writing.change(BY_NAME).map(drop)
}

/// Stores a patient's summary in place of the one before.
pub(crate) fn put(writing: &Writing<'_>, patient: &PatientSummary) -> Result<(), Failure> {
    let before = writing.get(PATIENTS, &patient.id)?;
    if before.as_ref() == Some(patient) {
        return Ok(());
    }
    let mut by_name = writing.change(BY_NAME)?;
    if let Some(before) = before {
        by_name.remove((fold(&before.name).as_str(), before.id.as_str()))?;
    }
    by_name.insert((fold(&patient.name).as_str(), patient.id.as_str()), words(patient).as_str())?;
    writing.put(PATIENTS, &patient.id, patient)
}

impl Patients for LocalStore {
    async fn patient(&self, id: &PatientId) -> Result<Option<PatientSummary>, Unavailable> {
        self.engine.read(PORT, |snapshot| snapshot.get(PATIENTS, id))
    }

    async fn patients(&self, query: &PatientQuery) -> Result<PatientPage, Unavailable> {
        let text = fold(&query.text);
        let asked: Vec<&str> = text.split_whitespace().collect();
        let among: Option<HashSet<&str>> = match &query.within {
            PatientAccess::All => None,
            PatientAccess::Only(patients) => Some(patients.iter().map(PatientId::as_str).collect()),
        };
        self.engine.read(PORT, |snapshot| {
            let by_name = snapshot.table(BY_NAME)?;
            let mut found = Vec::new();
            let mut passed = 0;
            for entry in by_name.range::<(&str, &str)>(..)? {
                let (key, words) = entry?;
                let (_, id) = key.value();
                let may_see = among.as_ref().is_none_or(|among| among.contains(id));
                if !(may_see && matches(words.value(), &asked)) {
                    continue;
                }
                if passed < query.offset {
                    passed += 1;
                } else if found.len() < query.limit {
                    found.push(id.to_owned());
                } else {
                    return Ok(PatientPage { patients: summaries(snapshot, &found)?, more: true });
                }
            }
            Ok(PatientPage { patients: summaries(snapshot, &found)?, more: false })
        })
    }

    async fn encounter(&self, id: &EncounterId) -> Result<Option<EncounterSummary>, Unavailable> {
        let record = self.record("Encounter", id).await?;
        Ok(record.and_then(|record| EncounterSummary::of(&record.body)))
    }

    async fn encounters(&self, query: &EncounterQuery) -> Result<EncounterPage, Unavailable> {
        Ok(query.page(self.records(&query.records()).await?))
    }
}

fn summaries(snapshot: &crate::tables::Snapshot, ids: &[String]) -> Result<Vec<PatientSummary>, Failure> {
    ids.iter()
        .filter_map(|id| id.parse::<PatientId>().ok())
        .filter_map(|id| snapshot.get(PATIENTS, &id).transpose())
        .collect()
}

/// Whether each word that was asked for begins one of the stored words.
fn matches(words: &str, asked: &[&str]) -> bool {
    asked.iter().all(|asked| words.lines().any(|word| word.starts_with(asked)))
}

/// Text as it is compared: decomposed, without accents, in lower case.
fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// The words that find a patient: of the name (the parts of a hyphenated one too), the birth date, the identifiers.
fn words(patient: &PatientSummary) -> String {
    let name = fold(&patient.name);
    let mut words: Vec<String> = name.split_whitespace().map(str::to_owned).collect();
    for word in name.split_whitespace() {
        let parts =
            word.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty() && *part != word);
        words.extend(parts.map(str::to_owned));
    }
    words.extend(patient.birth_date.as_deref().map(fold));
    for identifier in &patient.identifiers {
        words.extend(fold(identifier).split_whitespace().map(str::to_owned));
    }
    words.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_by(text: &str) -> bool {
        let patient = PatientSummary {
            id: "a".parse().unwrap(),
            name: "María José Núñez-Ågren".to_owned(),
            birth_date: Some("1984-03-09".to_owned()),
            gender: None,
            identifiers: vec!["MRN-0042".to_owned(), "AB 7".to_owned()],
        };
        let text = fold(text);
        matches(&words(&patient), &text.split_whitespace().collect::<Vec<_>>())
    }

    #[test]
    fn a_search_finds_by_the_beginning_of_each_word_without_regard_to_accents_and_case() {
        for text in [
            "",
            "  ",
            "maria",
            "MAR",
            "maría jos",
            "jose maria",
            "nunez",
            "Ågren",
            "agren",
            "nunez-a",
            "1984",
            "1984-03-09",
            "mar 1984-03",
            "mrn-00",
            "ab 7",
        ] {
            assert!(found_by(text), "{text}");
        }
        for text in ["aria", "maria pedro", "03-09", "0042x", "1985", "mariaj", "%", "_"] {
            assert!(!found_by(text), "{text}");
        }
    }
}
