//! What the pages see of encounters: whose, when, and a patient's own, the newest first (CTX-03).

use std::sync::Arc;

use serde_json::{Value, json};
use smart_core::fhir::encounter::EncounterQuery;

use super::records::{Resources, observation, put};

fn encounter(id: &str, subject: &str, day: Option<u32>) -> Value {
    let mut encounter = json!({
        "resourceType": "Encounter", "id": id, "status": "finished", "class": { "code": "AMB" },
        "type": [{ "text": "Check-up" }], "subject": { "reference": subject },
    });
    if let Some(day) = day {
        encounter["period"] = json!({ "start": format!("2026-01-{day:02}T10:00:00Z"), "end": "2026-02" });
    }
    encounter
}

/// An encounter says whose it is and when; what is none of a patient's here is not there.
pub(crate) async fn an_encounter_says_whose_it_is_and_when<S: Resources>(store: Arc<S>) {
    let resources = [
        encounter("e", "Patient/a", Some(1)),
        encounter("g", "Group/a", Some(1)),
        observation("o", "a", Some(1)),
    ];
    put(&*store, &resources, 0).await;
    let shown = store.encounter(&"e".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((shown.id.as_str(), shown.patient.as_str()), ("e", "a"));
    assert_eq!(shown.start.as_deref(), Some("2026-01-01T10:00:00Z"));
    assert_eq!(shown.end.as_deref(), Some("2026-02"));
    assert_eq!((shown.kind.as_deref(), shown.class.as_deref()), (Some("Check-up"), Some("AMB")));
    assert_eq!(shown.status.as_deref(), Some("finished"));
    for none in ["g", "o", "E", "nowhere"] {
        assert_eq!(store.encounter(&none.parse().unwrap()).await.unwrap(), None, "{none}");
    }
    // In another version it is another's.
    put(&*store, &[encounter("e", "Patient/b", Some(1))], 1).await;
    assert_eq!(store.encounter(&"e".parse().unwrap()).await.unwrap().unwrap().patient.as_str(), "b");
}

/// A patient's own, the newest first and those without a date last, page by page.
pub(crate) async fn a_patients_encounters_come_newest_first_and_nobody_elses<S: Resources>(store: Arc<S>) {
    let mut resources: Vec<_> = (1..=5).map(|n| encounter(&format!("e{n}"), "Patient/a", Some(n))).collect();
    resources.push(encounter("undated", "Patient/a", None));
    resources.push(encounter("other", "Patient/a1", Some(3)));
    resources.push(encounter("group", "Group/a", Some(3)));
    put(&*store, &resources, 0).await;
    let found = async |patient: &str, limit| {
        let mut query = EncounterQuery { patient: patient.parse().unwrap(), after: None, limit };
        let mut found = Vec::new();
        loop {
            let page = store.encounters(&query).await.unwrap();
            assert!(page.encounters.len() <= limit);
            found.extend(page.encounters.into_iter().map(|encounter| encounter.id.to_string()));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return found,
            }
        }
    };
    for limit in [1, 2, 4, 50] {
        assert_eq!(found("a", limit).await, ["e5", "e4", "e3", "e2", "e1", "undated"], "{limit} a page");
    }
    assert_eq!(found("a1", 2).await, ["other"]);
    assert_eq!(found("nobody", 2).await, [""; 0]);
}
