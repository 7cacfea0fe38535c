//! Pages against a model: every resource once, in order, whatever the compartments and the page size.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use smart_core::fhir::record::{Compartments, Direction, RecordQuery};
use smart_core::instant::Instant;
use smart_core::ports::Records as _;

use crate::{Imported, Incoming, LocalStore};

fn at(second: u64) -> Instant {
    Instant::from_unix(1_800_000_000 + second)
}

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

async fn put(store: &LocalStore, resources: &[Value], now: Instant) -> Imported {
    store.put_resources(resources.iter().map(incoming).collect(), now).await.unwrap()
}

/// All ids of a query, page by page.
async fn ids(
    store: &LocalStore,
    compartments: Compartments,
    direction: Direction,
    limit: usize,
) -> Vec<String> {
    let mut query = RecordQuery { resource_type: "Observation", compartments, direction, after: None, limit };
    let mut ids = Vec::new();
    loop {
        let page = store.records(&query).await.unwrap();
        assert!(page.records.len() <= limit);
        ids.extend(page.records.iter().map(|(position, _)| position.id.to_string()));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return ids,
        }
    }
}

async fn body(store: &LocalStore, id: &str) -> (Value, u64, Instant) {
    let record = store.record("Observation", &id.parse().unwrap()).await.unwrap().unwrap();
    (serde_json::from_slice(&record.body).unwrap(), record.version, record.last_updated)
}

#[tokio::test]
async fn fhir_versions_follow_the_content() {
    let store = LocalStore::in_memory().await.unwrap();
    let mut resource = observation("o", "a", Some(1));
    let created = put(&store, std::slice::from_ref(&resource), at(0)).await;
    assert_eq!(created, Imported { created: 1, ..Imported::default() });
    let (stored, version, last_updated) = body(&store, "o").await;
    assert_eq!((version, last_updated), (1, at(0)));
    assert_eq!(stored["meta"], json!({ "versionId": "1", "lastUpdated": at(0).to_string() }));

    // The same again, though it says other things of what is ours.
    resource["meta"] = json!({ "versionId": "77", "lastUpdated": "2020-01-01T00:00:00Z" });
    let same = put(&store, std::slice::from_ref(&resource), at(1)).await;
    assert_eq!(same, Imported { unchanged: 1, ..Imported::default() });
    assert_eq!(body(&store, "o").await.2, at(0));

    resource["status"] = json!("amended");
    let other = put(&store, std::slice::from_ref(&resource), at(2)).await;
    assert_eq!(other, Imported { updated: 1, ..Imported::default() });
    let (stored, version, last_updated) = body(&store, "o").await;
    assert_eq!((version, last_updated), (2, at(2)));
    assert_eq!(stored["status"], "amended");
}

#[tokio::test]
async fn the_first_last_updated_is_kept_as_given() {
    let store = LocalStore::in_memory().await.unwrap();
    let mut resource = observation("o", "a", None);
    resource["meta"] =
        json!({ "lastUpdated": "2020-01-01T00:00:00.5+01:00", "profile": ["http://example.org/p"] });
    put(&store, &[resource], at(0)).await;
    let (stored, _, last_updated) = body(&store, "o").await;
    assert_eq!(last_updated.to_string(), "2019-12-31T23:00:00Z");
    assert_eq!(stored["meta"]["profile"], json!(["http://example.org/p"]));
}

#[tokio::test]
async fn the_same_resource_twice_in_one_import_leaves_one_index_entry() {
    let store = LocalStore::in_memory().await.unwrap();
    let twice = [observation("o", "a", Some(1)), observation("o", "b", Some(2))];
    assert_eq!(put(&store, &twice, at(0)).await, Imported { created: 1, updated: 1, unchanged: 0 });
    let of = |patient: &str| Compartments::Of(BTreeSet::from([patient.parse().unwrap()]));
    assert_eq!(ids(&store, Compartments::All, Direction::Ascending, 10).await, ["o"]);
    assert_eq!(ids(&store, of("b"), Direction::Ascending, 10).await, ["o"]);
    assert!(ids(&store, of("a"), Direction::Ascending, 10).await.is_empty());
}

#[tokio::test]
async fn a_patient_whose_id_begins_another_one_gets_only_their_own() {
    let store = LocalStore::in_memory().await.unwrap();
    let resources =
        [observation("1", "a", Some(1)), observation("2", "a1", Some(1)), observation("3", "a-", None)];
    put(&store, &resources, at(0)).await;
    let of_a = Compartments::Of(BTreeSet::from(["a".parse().unwrap()]));
    assert_eq!(ids(&store, of_a, Direction::Descending, 10).await, ["1"]);
    let of_nobody = Compartments::Of(BTreeSet::new());
    assert!(ids(&store, of_nobody, Direction::Ascending, 10).await.is_empty());
}

#[tokio::test]
async fn types_do_not_run_into_one_another() {
    let store = LocalStore::in_memory().await.unwrap();
    let device = json!({ "resourceType": "DeviceUseStatement", "id": "x", "status": "active",
        "subject": { "reference": "Patient/a" }, "device": { "reference": "Device/d" } });
    put(&store, &[device, observation("o", "a", None)], at(0)).await;
    assert_eq!(ids(&store, Compartments::All, Direction::Ascending, 10).await, ["o"]);
    let query = RecordQuery {
        resource_type: "Device",
        compartments: Compartments::All,
        direction: Direction::Descending,
        after: None,
        limit: 5,
    };
    assert!(store.records(&query).await.unwrap().records.is_empty());
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_have_no_gaps_and_no_duplicates(
        before in placed(),
        after in placed(),
        limit in 1..7_usize,
        of in prop::option::of(prop::collection::btree_set(0..5_u8, 0..4)),
        descending: bool,
    ) {
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
        let compartments = of.map_or(Compartments::All, |of| {
            Compartments::Of(of.iter().map(|patient| format!("p{patient}").parse().unwrap()).collect())
        });
        let direction = if descending { Direction::Descending } else { Direction::Ascending };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(async {
            let store = LocalStore::in_memory().await.unwrap();
            put(&store, &resources(&before), at(0)).await;
            put(&store, &resources(&after), at(1)).await;
            ids(&store, compartments, direction, limit).await
        });
        prop_assert_eq!(found, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
    }
}
