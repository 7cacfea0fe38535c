//! Resources against a model: every resource once, in order, whatever the compartments, the page size and the limits of a query.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use smart_aws::{Imported, Incoming, RecordsTable, emulator};
use smart_core::fhir::record::{Compartments, Direction, RecordQuery};
use smart_core::instant::Instant;
use smart_core::ports::Records as _;

use crate::sample::at;

fn incoming(resource: &Value) -> Incoming {
    Incoming::parse(Bytes::from(resource.to_string())).unwrap()
}

fn observation(id: &str, patient: &str, day: Option<u32>) -> Value {
    let mut resource = json!({
        "resourceType": "Observation", "id": id, "status": "final", "subject": { "reference": format!("Patient/{patient}") },
    });
    if let Some(day) = day {
        resource["effectiveDateTime"] = json!(format!("2026-01-{day:02}"));
    }
    resource
}

/// A Provenance about these patients and no others.
fn provenance(id: &str, patients: &[&str]) -> Value {
    let targets: Vec<_> =
        patients.iter().map(|patient| json!({ "reference": format!("Patient/{patient}") })).collect();
    json!({ "resourceType": "Provenance", "id": id, "target": targets, "recorded": "2026-01-01T00:00:00Z" })
}

async fn put(store: &RecordsTable, resources: &[Value], now: Instant) -> Imported {
    store.put_resources(resources.iter().map(incoming).collect(), now).await.unwrap()
}

fn of(patients: &[&str]) -> Compartments {
    Compartments::Of(patients.iter().map(|patient| patient.parse().unwrap()).collect())
}

/// All ids of a query, page by page, and how many pages there were.
async fn ids(
    store: &RecordsTable,
    resource_type: &'static str,
    compartments: Compartments,
    direction: Direction,
    limit: usize,
) -> (Vec<String>, usize) {
    let mut query = RecordQuery { resource_type, compartments, direction, after: None, limit };
    let mut ids = Vec::new();
    let mut pages = 0;
    loop {
        let page = store.records(&query).await.unwrap();
        pages += 1;
        assert!(page.records.len() <= limit);
        ids.extend(page.records.iter().map(|(position, _)| position.id.to_string()));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return (ids, pages),
        }
    }
}

async fn observations(store: &RecordsTable, compartments: Compartments) -> Vec<String> {
    ids(store, "Observation", compartments, Direction::Ascending, 10).await.0
}

async fn body(store: &RecordsTable, address: (&str, &str)) -> (Value, u64, Instant) {
    let record = store.record(address.0, &address.1.parse().unwrap()).await.unwrap().unwrap();
    (serde_json::from_slice(&record.body).unwrap(), record.version, record.last_updated)
}

#[tokio::test]
async fn fhir_20_versions_follow_the_content() {
    let store = emulator::records().await.unwrap();
    let mut resource = observation("o", "a", Some(1));
    let created = put(&store, std::slice::from_ref(&resource), at(0)).await;
    assert_eq!(created, Imported { created: 1, ..Imported::default() });
    let (stored, version, last_updated) = body(&store, ("Observation", "o")).await;
    assert_eq!((version, last_updated), (1, at(0)));
    assert_eq!(stored["meta"], json!({ "versionId": "1", "lastUpdated": at(0).to_string() }));

    // The same again, though it says other things of what is ours.
    resource["meta"] = json!({ "versionId": "77", "lastUpdated": "2020-01-01T00:00:00Z" });
    let same = put(&store, std::slice::from_ref(&resource), at(1)).await;
    assert_eq!(same, Imported { unchanged: 1, ..Imported::default() });
    assert_eq!(body(&store, ("Observation", "o")).await.2, at(0));

    resource["status"] = json!("amended");
    let other = put(&store, std::slice::from_ref(&resource), at(2)).await;
    assert_eq!(other, Imported { updated: 1, ..Imported::default() });
    let (stored, version, last_updated) = body(&store, ("Observation", "o")).await;
    assert_eq!((version, last_updated), (2, at(2)));
    assert_eq!(stored["status"], "amended");
    assert_eq!(store.record("Observation", &"p".parse().unwrap()).await.unwrap(), None);
    assert_eq!(store.record("Condition", &"o".parse().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn the_first_last_updated_is_kept_as_given() {
    let store = emulator::records().await.unwrap();
    let mut resource = observation("o", "a", None);
    resource["meta"] =
        json!({ "lastUpdated": "2020-01-01T00:00:00.5+01:00", "profile": ["http://example.org/p"] });
    put(&store, &[resource], at(0)).await;
    let (stored, _, last_updated) = body(&store, ("Observation", "o")).await;
    assert_eq!(last_updated.to_string(), "2019-12-31T23:00:00Z");
    assert_eq!(stored["meta"]["profile"], json!(["http://example.org/p"]));
}

#[tokio::test]
async fn the_same_resource_twice_in_one_import_leaves_one_entry() {
    let store = emulator::records().await.unwrap();
    let twice = [observation("o", "a", Some(1)), observation("o", "b", Some(2))];
    assert_eq!(put(&store, &twice, at(0)).await, Imported { created: 1, updated: 1, unchanged: 0 });
    assert_eq!(observations(&store, Compartments::All).await, ["o"]);
    assert_eq!(observations(&store, of(&["b"])).await, ["o"]);
    assert!(observations(&store, of(&["a"])).await.is_empty());
}

#[tokio::test]
async fn a_patient_whose_id_begins_another_one_gets_only_their_own_and_types_do_not_mix() {
    let store = emulator::records().await.unwrap();
    let device = json!({ "resourceType": "DeviceUseStatement", "id": "x", "status": "active",
        "subject": { "reference": "Patient/a" }, "device": { "reference": "Device/d" } });
    let organization = json!({ "resourceType": "Organization", "id": "org", "name": "Clinic" });
    let resources = [
        observation("1", "a", Some(1)),
        observation("2", "a1", Some(1)),
        observation("3", "a-", None),
        device,
        organization,
    ];
    put(&store, &resources, at(0)).await;
    assert_eq!(observations(&store, of(&["a"])).await, ["1"]);
    assert!(observations(&store, of(&[])).await.is_empty());
    assert_eq!(observations(&store, Compartments::All).await, ["3", "1", "2"]);
    let one = |kind, compartments| ids(&store, kind, compartments, Direction::Descending, 5);
    assert_eq!(one("Device", Compartments::All).await.0, [""; 0]);
    assert_eq!(one("Organization", Compartments::All).await.0, ["org"]);
    assert_eq!(one("DeviceUseStatement", of(&["a"])).await.0, ["x"]);
}

#[tokio::test]
async fn comp_07_a_resource_of_several_patients_is_found_by_each_and_comes_once() {
    let store = emulator::records().await.unwrap();
    put(&store, &[provenance("p", &["a", "b", "c"]), provenance("q", &["b"])], at(0)).await;
    let found = async |compartments| ids(&store, "Provenance", compartments, Direction::Ascending, 1).await.0;
    assert_eq!(found(of(&["a"])).await, ["p"]);
    assert_eq!(found(of(&["c"])).await, ["p"]);
    assert_eq!(found(of(&["a", "b", "c"])).await, ["p", "q"]);
    assert_eq!(found(Compartments::All).await, ["p", "q"]);

    // Another version belongs to others, and nobody finds what it was.
    put(&store, &[provenance("p", &["c", "d"])], at(1)).await;
    assert!(found(of(&["a"])).await.is_empty());
    assert_eq!(found(of(&["b"])).await, ["q"]);
    assert_eq!(found(of(&["d"])).await, ["p"]);
    assert_eq!(found(Compartments::All).await, ["p", "q"]);
    let query = |patient| RecordQuery {
        resource_type: "Provenance",
        compartments: of(&[patient]),
        direction: Direction::Ascending,
        after: None,
        limit: 9,
    };
    for patient in ["c", "d"] {
        let page = store.records(&query(patient)).await.unwrap();
        assert_eq!(page.records[0].1.version, 2, "{patient} sees the same version as everybody");
    }
}

/// Two megabytes of one patient's documents: more than a query returns at once.
#[tokio::test]
async fn a_page_ends_where_a_query_ends_and_nothing_is_missing() {
    let store = emulator::records().await.unwrap();
    let documents: Vec<Value> = (0..20_u64)
        .map(|n| {
            let mut data = String::new();
            for i in 0..4_600 {
                data.push_str(&crate::sample::digest(n * 10_000 + i).to_string());
            }
            json!({ "resourceType": "DocumentReference", "id": format!("d{n:02}"), "status": "current",
                "subject": { "reference": "Patient/a" }, "date": format!("2026-02-{:02}T10:00:00Z", n + 1),
                "content": [{ "attachment": { "contentType": "image/png", "data": data } }] })
        })
        .collect();
    assert_eq!(put(&store, &documents, at(0)).await.created, 20);
    let expected: Vec<String> = (0..20).map(|n| format!("d{n:02}")).collect();
    let reversed: Vec<String> = expected.iter().rev().cloned().collect();
    for limit in [3, 50] {
        let (found, _) = ids(&store, "DocumentReference", of(&["a"]), Direction::Ascending, limit).await;
        assert_eq!(found, expected);
    }
    let (found, pages) = ids(&store, "DocumentReference", of(&["a", "b"]), Direction::Descending, 50).await;
    assert_eq!(found, reversed);
    assert!(pages > 1, "twenty documents of 200 kB came in one query");
}

/// id → (patient, day); put twice, so that some move from one place in the indexes to another.
type Placed = BTreeMap<u8, (u8, Option<u8>)>;

fn placed() -> impl Strategy<Value = Placed> {
    prop::collection::btree_map(any::<u8>(), (0..4_u8, prop::option::of(1..6_u8)), 0..40)
}

fn resources(placed: &Placed) -> Vec<Value> {
    placed
        .iter()
        .map(|(id, (patient, day))| {
            observation(&format!("o{id}"), &format!("p{patient}"), day.map(u32::from))
        })
        .collect()
}

#[test]
fn pages_have_no_gaps_and_no_duplicates() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let of = prop::option::of(prop::collection::btree_set(0..5_u8, 0..4));
    let cases = (placed(), placed(), 1..7_usize, of, any::<bool>());
    runner
        .run(&cases, |(before, after, limit, of, descending)| {
            let mut model = before.clone();
            model.extend(after.clone());
            let mut expected: Vec<_> = model
                .iter()
                .filter(|(_, (patient, _))| of.as_ref().is_none_or(|of| of.contains(patient)))
                .map(|(id, (_, day))| (*day, format!("o{id}")))
                .collect();
            expected.sort();
            if descending {
                expected.reverse();
            }
            let compartments = of.map_or(Compartments::All, |of: BTreeSet<u8>| {
                Compartments::Of(of.iter().map(|patient| format!("p{patient}").parse().unwrap()).collect())
            });
            let direction = if descending { Direction::Descending } else { Direction::Ascending };
            let (found, _) = runtime.block_on(async {
                let store = emulator::records().await.unwrap();
                put(&store, &resources(&before), at(0)).await;
                put(&store, &resources(&after), at(1)).await;
                ids(&store, "Observation", compartments, direction, limit).await
            });
            prop_assert_eq!(found, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_large_import_is_written_whole() {
    let store = emulator::records().await.unwrap();
    let resources: Vec<Value> =
        (0..450).map(|n| observation(&format!("o{n:03}"), &format!("p{}", n % 7), Some(1))).collect();
    assert_eq!(put(&store, &resources, at(0)).await.created, 450);
    assert_eq!(put(&store, &resources, at(1)).await.unchanged, 450);
    let (found, pages) = ids(&store, "Observation", Compartments::All, Direction::Ascending, 100).await;
    assert_eq!((found.len(), pages), (450, 5));
}
