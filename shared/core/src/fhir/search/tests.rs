//! FHIR R4 search.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::fhir::record::Position;

const BASE: &str = "https://x.example/fhir";

fn reading(lenient: bool) -> Reading<'static> {
    Reading { base: BASE, now: Instant::from_unix(1_764_000_000), lenient }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn search_with(resource_type: &str, query: &str, lenient: bool) -> Result<Search, SearchError> {
    let pairs = pairs(query);
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Search::parse(resource_type.parse().unwrap(), pairs, reading(lenient))
}

fn search(resource_type: &str, query: &str) -> Search {
    search_with(resource_type, query, false).unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn refusal(resource_type: &str, query: &str) -> String {
    search_with(resource_type, query, false).expect_err(query).to_string()
}

fn resource(value: &Value) -> Resource {
    Resource::parse(value.to_string().as_bytes()).unwrap()
}

fn pressure() -> Resource {
    resource(&json!({
        "resourceType": "Observation", "id": "o1", "status": "final",
        "meta": {"lastUpdated": "2025-01-02T03:04:05Z"},
        "subject": {"reference": "Patient/1"},
        "category": [{"coding": [{"system": "http://c", "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "effectiveDateTime": "2019-03-14T10:00:00+01:00",
    }))
}

#[test]
fn srch_12_to_20_which_resources_are_found() {
    for (query, found) in [
        ("", true),
        ("_id=o1", true),
        ("_id=o2,o1", true),
        ("_id=O1", false),
        ("_id=o1&_id=o2", false),
        ("patient=1", true),
        ("patient=Patient/1", true),
        ("patient=https://x.example/fhir/Patient/1", true),
        ("patient=2,1", true),
        ("patient=2", false),
        ("subject=1", true),
        ("subject=Patient/1", true),
        ("subject=Group/1", false),
        ("category=vital-signs", true),
        ("category=http://c|vital-signs", true),
        ("category=http%3A%2F%2Fc%7Cvital-signs", true),
        ("category=laboratory,vital-signs", true),
        ("category=laboratory", false),
        ("category=laboratory&category=vital-signs", false),
        ("code=http://loinc.org|85354-9", true),
        ("code=http://loinc.org|", true),
        ("code=|85354-9", false),
        ("status=final", true),
        ("status=amended,final", true),
        ("status=amended", false),
        ("date=2019-03-14", true),
        ("date=2019-03-14T09:00:00Z", true),
        ("date=ge2019-03&date=lt2019-04", true),
        ("date=ge2019-03-15,2018", false),
        ("_lastUpdated=2025-01-02", true),
        ("_lastUpdated=gt2025-01-02", false),
        ("category=&status=final&_count=", true),
        ("_format=json&_pretty=true&_elements=id&_total=accurate&_summary=true", true),
    ] {
        assert_eq!(search("Observation", query).matches(&pressure()), found, "{query}");
    }
    assert!(!search("Condition", "").matches(&pressure()));
}

#[test]
fn srch_19_patient_matches_only_patients() {
    let of_group =
        resource(&json!({"resourceType": "CarePlan", "id": "x", "subject": {"reference": "Group/1"}}));
    assert!(search("CarePlan", "subject=Group/1").matches(&of_group));
    assert!(search("CarePlan", "subject=1").matches(&of_group));
    assert!(!search("CarePlan", "patient=1").matches(&of_group));
}

#[test]
fn x_24_what_is_not_supported_is_refused_by_name() {
    for (resource_type, query, name, reason) in [
        (
            "Observation",
            "foo=1",
            "foo",
            "not supported for Observation; supported: _id, _lastUpdated, patient",
        ),
        ("Condition", "status=active", "status", "not supported for Condition"),
        ("Condition", "date=2019", "date", "not supported"),
        ("Patient", "name=x", "name", "not supported"),
        ("Observation", "_include=Observation:subject", "_include", "not supported"),
        ("Observation", "_revinclude=Provenance:target", "_revinclude", "not supported"),
        ("Observation", "_has:Provenance:target:agent=1", "_has:Provenance:target:agent", "not supported"),
        ("Observation", "_filter=x", "_filter", "not supported"),
        ("Observation", "category:not=x", "category:not", "modifiers"),
        ("Observation", "category:foo=x", "category:foo", "modifiers"),
        ("Observation", "patient.name=x", "patient.name", "modifiers and chains"),
        ("Observation", "subject:Patient.name=x", "subject:Patient.name", "modifiers and chains"),
        ("Observation", "_id:missing=true", "_id:missing", "modifiers"),
        ("Observation", "date:missing=true", "date:missing", "modifiers"),
        ("Observation", "_id=a/b", "_id", "expected 1 to 64"),
        ("Observation", "_id=a,", "_id", "expected 1 to 64"),
        ("Observation", "date=23 May", "date", "expected YYYY"),
        ("Observation", "date=2019,", "date", "expected YYYY"),
        ("Observation", "category=a|b|c", "category", "expected code"),
        ("Observation", "category=|", "category", "expected code"),
        ("Observation", "status=http://x|final", "status", "without a system"),
        ("Observation", "patient=Group/1", "patient", "expected the id of a Patient"),
        ("Observation", "patient=https://elsewhere.example/fhir/Patient/1", "patient", "expected the id"),
        ("Observation", "patient=https://x.example/fhirPatient/1", "patient", "expected the id"),
        ("Observation", "patient=Patient/1/_history/1", "patient", "expected the id"),
        ("Observation", "subject=Foo/1", "subject", "expected id, Type/id"),
        ("Observation", "_count=-1", "_count", "whole number"),
        ("Observation", "_count=ten", "_count", "whole number"),
        ("Observation", "_count=1&_count=2", "_count", "once"),
        ("Observation", "_sort=code", "_sort", "date or -date"),
        ("Observation", "_sort=date,-date", "_sort", "date or -date"),
        ("Condition", "_sort=date", "_sort", "Condition has no parameter `date`"),
        ("Observation", "_cursor=x", "_cursor", "`next` link"),
    ] {
        let error = refusal(resource_type, query);
        assert!(
            error.starts_with(&format!("search parameter `{name}`: ")) && error.contains(reason),
            "{query}: {error}"
        );
    }
}

#[test]
fn x_24_lenient_handling_ignores_unknown_parameters_and_self_shows_it() {
    let lenient = search_with("Observation", "foo=1&status=final&_include=x&_sort=code", true).unwrap();
    assert_eq!(lenient.self_query(), "status=final");
    assert!(lenient.matches(&pressure()));
    // SRCH-24: a modifier that is not supported is refused all the same, and so is a wrong value.
    for query in ["category:not=x", "date=x", "_count=x", "patient.name=x"] {
        assert!(search_with("Observation", query, true).is_err(), "{query}");
    }
}

#[test]
fn srch_03_the_self_query_shows_what_was_used() {
    for (query, used) in [
        ("", ""),
        ("patient=Patient/1&category=http://c|x,y", "patient=Patient%2F1&category=http%3A%2F%2Fc%7Cx%2Cy"),
        ("_count=5&status=final&_format=json&_sort=-date", "status=final&_sort=-date&_count=5"),
        ("_count=99999999999999999999", "_count=1000"),
        ("_count=0", "_summary=count"),
        ("_summary=count&status=final", "status=final&_summary=count"),
    ] {
        assert_eq!(search("Observation", query).self_query(), used, "{query}");
    }
}

#[test]
fn srch_07_the_next_query_repeats_the_search_and_adds_the_position() {
    let first = search("Observation", "category=http://c|x&_count=2&_sort=-date");
    let position = Position { date: "2019-03-14T09:00:00.000000000Z".to_owned(), id: "o1".parse().unwrap() };
    let place = Place { patient: Some("a".parse().unwrap()), after: Some(position) };
    let next = search("Observation", &first.next_query(&place));
    assert_eq!(next.from(), Some(&place));
    assert_eq!((next.count(), next.direction()), (2, Direction::Descending));
    assert_eq!(next.self_query(), first.next_query(&place));
}

#[test]
fn srch_09_to_11_count() {
    for (query, count, only_total) in [
        ("", DEFAULT_COUNT, false),
        ("_count=7", 7, false),
        ("_count=5000", MAX_COUNT, false),
        ("_count=0", 1, true),
        ("_summary=count", DEFAULT_COUNT, true),
        ("_summary=text", DEFAULT_COUNT, false),
    ] {
        let search = search("Observation", query);
        assert_eq!((search.count(), search.only_total()), (count, only_total), "{query}");
    }
}

#[test]
fn a_search_by_patient_looks_at_that_patient_only() {
    let of = |ids: &[&str]| Compartments::Of(ids.iter().map(|id| id.parse().unwrap()).collect());
    for (resource_type, query, reach, expected) in [
        ("Observation", "patient=1", Compartments::All, of(&["1"])),
        ("Observation", "patient=1,2", of(&["2", "3"]), of(&["2"])),
        ("Observation", "patient=1&patient=2", Compartments::All, of(&[])),
        ("Observation", "subject=Patient/1", Compartments::All, of(&["1"])),
        ("Observation", "subject=1", Compartments::All, Compartments::All),
        ("Observation", "subject=Patient/1,Group/2", Compartments::All, Compartments::All),
        ("Observation", "status=final", of(&["1"]), of(&["1"])),
        // The parameter looks at more than the owner does.
        ("AuditEvent", "patient=1", Compartments::All, Compartments::All),
        ("Provenance", "patient=1", Compartments::All, Compartments::All),
        ("Person", "patient=1", Compartments::All, Compartments::All),
    ] {
        assert_eq!(search(resource_type, query).within(reach), expected, "{resource_type}?{query}");
    }
}

#[test]
fn a_search_that_asks_only_whose_they_are_finds_all_of_theirs() {
    for (resource_type, query, expected) in [
        ("Observation", "", true),
        ("Observation", "patient=1&_count=100&_sort=-date", true),
        ("Observation", "patient=1&patient=2", true),
        ("Observation", "subject=1", false),
        ("Observation", "patient=1&status=final", false),
        ("Provenance", "patient=1", false),
        ("Practitioner", "_id=x", false),
    ] {
        assert_eq!(search(resource_type, query).matches_all_within(), expected, "{resource_type}?{query}");
    }
}

#[test]
fn ids_are_those_of_all_id_parameters_at_once() {
    let ids = |query| {
        search("Observation", query)
            .ids()
            .map(|ids| ids.into_iter().map(|id| id.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(ids("status=final"), None);
    assert_eq!(ids("_id=b,a,a"), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(ids("_id=a,b&_id=b,c"), Some(vec!["b".to_owned()]));
}

#[test]
fn of_patients_themselves_the_ids_are_known() {
    let of = |ids: &[&str]| Compartments::Of(ids.iter().map(|id| id.parse().unwrap()).collect());
    let cursor = Cursor(Place {
        patient: None,
        after: Some(Position { date: String::new(), id: "b".parse().unwrap() }),
    });
    for (resource_type, query, within, expected) in [
        ("Patient", String::new(), of(&["a", "b", "c"]), Some("abc")),
        ("Patient", "_id=b,x".to_owned(), of(&["a", "b"]), Some("b")),
        ("Patient", "_id=b,x".to_owned(), Compartments::All, Some("bx")),
        ("Patient", format!("_cursor={cursor}"), of(&["a", "b", "c"]), Some("c")),
        ("Patient", String::new(), Compartments::All, None),
        ("Observation", String::new(), of(&["a"]), None),
        // These are in the order of their dates.
        ("Observation", format!("_id=a,c&_cursor={cursor}"), of(&["a"]), Some("ac")),
    ] {
        let ids = search(resource_type, &query).known_ids(&within);
        let ids = ids.map(|ids| ids.iter().map(ResourceId::as_str).collect::<String>());
        assert_eq!(ids.as_deref(), expected, "{resource_type}?{query}");
    }
}

#[test]
fn a_search_is_bounded() {
    let many = vec!["status=final"; MAX_PARAMETERS + 1].join("&");
    assert!(refusal("Observation", &many).contains("50 parameters"));
    let values = format!("code={}", vec!["a"; MAX_VALUES + 1].join(","));
    assert!(refusal("Observation", &values).contains("200 values"));
    let ids = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(search("Observation", &format!("_id={}", ids(MAX_IDS))).ids().unwrap().len(), MAX_IDS);
    assert!(refusal("Observation", &format!("_id={}", ids(MAX_IDS + 1))).contains("100 resources"));
    let name = "n".repeat(5000);
    assert!(refusal("Observation", &format!("{name}=1")).len() < 500);
}

proptest! {
    #[test]
    fn no_query_makes_it_panic(
        name in "(_id|_lastUpdated|_count|_sort|_cursor|patient|subject|category|code|date|status|.{0,8})(:[a-z]{0,4})?",
        value in ".{0,40}|[0-9T:+Z|,\\\\-]{0,20}",
        lenient: bool,
    ) {
        for resource_type in ["Observation", "Patient", "Binary"] {
            let pairs = [(name.as_str(), value.as_str())];
            if let Ok(search) = Search::parse(resource_type.parse().unwrap(), pairs, reading(lenient)) {
                let _ = search.matches(&pressure());
                // What was used is understood again, and the same.
                let query = search.self_query();
                prop_assert_eq!(search_with(resource_type, &query, false).unwrap().self_query(), query);
            }
        }
    }

    /// Looking only where `within` says loses no match.
    #[test]
    fn within_loses_nothing(patient in "[12]", query in "(patient|subject)=(Patient/)?[12](,Patient/2)?") {
        let observation = resource(&json!({
            "resourceType": "Observation", "id": "o", "subject": {"reference": format!("Patient/{patient}")},
        }));
        let search = search("Observation", &query);
        if search.matches(&observation)
            && let Compartments::Of(patients) = search.within(Compartments::All)
        {
            prop_assert!(patients.contains(&patient.parse().unwrap()));
        }
        // And where nothing else is asked for, it finds nothing but matches.
        if search.matches_all_within()
            && let Compartments::Of(patients) = search.within(Compartments::All)
        {
            prop_assert_eq!(search.matches(&observation), patients.contains(&patient.parse().unwrap()));
        }
    }
}
