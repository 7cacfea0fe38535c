//! Resources, by their address and by whose they are.

use std::future::Future;
use std::sync::Arc;

use serde_json::{Value, json};
use smart_core::fhir::record::{Compartments, Direction, RecordQuery};
use smart_core::instant::Instant;
use smart_core::ports::{Patients, Records};
use smart_local::Imported;

use super::{at, digest};

/// What holds resources: the ports that read them, and how the operator brings them there.
pub(crate) trait Resources: Records + Patients + 'static {
    /// Stores resources in their order, each in place of the one of its type and id; or says why the first that cannot be
    /// stored is not.
    fn import(
        &self,
        resources: &[Value],
        now: Instant,
    ) -> impl Future<Output = Result<Imported, String>> + Send;
}

pub(crate) async fn put<S: Resources>(store: &S, resources: &[Value], second: u64) -> Imported {
    store.import(resources, at(second)).await.unwrap()
}

pub(crate) fn observation(id: &str, patient: &str, day: Option<u32>) -> Value {
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

pub(crate) fn of(patients: &[&str]) -> Compartments {
    Compartments::Of(patients.iter().map(|patient| patient.parse().unwrap()).collect())
}

/// A query of all Observations, the oldest first.
pub(crate) fn query() -> RecordQuery {
    RecordQuery {
        resource_type: "Observation",
        compartments: Compartments::All,
        direction: Direction::Ascending,
        after: None,
        limit: 10,
    }
}

/// All ids of a query, page by page, and how many pages there were.
pub(crate) async fn ids<S: Resources>(store: &S, mut query: RecordQuery) -> (Vec<String>, usize) {
    let mut ids = Vec::new();
    let mut pages = 0;
    loop {
        let page = store.records(&query).await.unwrap();
        pages += 1;
        assert!(page.records.len() <= query.limit);
        ids.extend(page.records.iter().map(|(position, _)| position.id.to_string()));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return (ids, pages),
        }
    }
}

async fn observations<S: Resources>(store: &S, compartments: Compartments) -> Vec<String> {
    ids(store, RecordQuery { compartments, ..query() }).await.0
}

pub(crate) async fn body<S: Resources>(store: &S, address: (&str, &str)) -> (Value, u64, Instant) {
    let record = store.record(address.0, &address.1.parse().unwrap()).await.unwrap().unwrap();
    (serde_json::from_slice(&record.body).unwrap(), record.version, record.last_updated)
}

/// FHIR-20: the first version is 1, the next comes with another content, and the same content changes nothing.
pub(crate) async fn fhir_20_versions_follow_the_content<S: Resources>(store: Arc<S>) {
    let mut resource = observation("o", "a", Some(1));
    let created = put(&*store, std::slice::from_ref(&resource), 0).await;
    assert_eq!(created, Imported { created: 1, ..Imported::default() });
    let (stored, version, last_updated) = body(&*store, ("Observation", "o")).await;
    assert_eq!((version, last_updated), (1, at(0)));
    assert_eq!(stored["meta"], json!({ "versionId": "1", "lastUpdated": at(0).to_string() }));

    // The same again, though it says other things of what is ours.
    resource["meta"] = json!({ "versionId": "77", "lastUpdated": "2020-01-01T00:00:00Z" });
    let same = put(&*store, std::slice::from_ref(&resource), 1).await;
    assert_eq!(same, Imported { unchanged: 1, ..Imported::default() });
    assert_eq!(body(&*store, ("Observation", "o")).await.2, at(0));

    resource["status"] = json!("amended");
    let other = put(&*store, std::slice::from_ref(&resource), 2).await;
    assert_eq!(other, Imported { updated: 1, ..Imported::default() });
    let (stored, version, last_updated) = body(&*store, ("Observation", "o")).await;
    assert_eq!((version, last_updated), (2, at(2)));
    assert_eq!(stored["status"], "amended");
    assert_eq!(store.record("Observation", &"p".parse().unwrap()).await.unwrap(), None);
    assert_eq!(store.record("Condition", &"o".parse().unwrap()).await.unwrap(), None);
}

/// Where a resource comes from knows when it was last changed there.
pub(crate) async fn the_first_last_updated_is_kept_as_given<S: Resources>(store: Arc<S>) {
    let mut resource = observation("o", "a", None);
    resource["meta"] =
        json!({ "lastUpdated": "2020-01-01T00:00:00.5+01:00", "profile": ["http://example.org/p"] });
    put(&*store, &[resource], 0).await;
    let (stored, _, last_updated) = body(&*store, ("Observation", "o")).await;
    assert_eq!(last_updated.to_string(), "2019-12-31T23:00:00Z");
    assert_eq!(stored["meta"]["profile"], json!(["http://example.org/p"]));
}

/// The later one stays, and nobody finds what it was.
pub(crate) async fn the_same_resource_twice_in_one_import_leaves_one_entry<S: Resources>(store: Arc<S>) {
    let twice = [observation("o", "a", Some(1)), observation("o", "b", Some(2))];
    assert_eq!(put(&*store, &twice, 0).await, Imported { created: 1, updated: 1, unchanged: 0 });
    assert_eq!(observations(&*store, Compartments::All).await, ["o"]);
    assert_eq!(observations(&*store, of(&["b"])).await, ["o"]);
    assert!(observations(&*store, of(&["a"])).await.is_empty());
}

/// Neither ids nor types run into others that begin like them.
pub(crate) async fn a_patient_whose_id_begins_another_one_gets_only_their_own_and_types_do_not_mix<
    S: Resources,
>(
    store: Arc<S>,
) {
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
    put(&*store, &resources, 0).await;
    assert_eq!(observations(&*store, of(&["a"])).await, ["1"]);
    assert!(observations(&*store, of(&[])).await.is_empty());
    assert_eq!(observations(&*store, Compartments::All).await, ["3", "1", "2"]);
    let found = async |resource_type, compartments| {
        let direction = Direction::Descending;
        ids(&*store, RecordQuery { resource_type, compartments, direction, ..query() }).await.0
    };
    assert_eq!(found("Observation", of(&["a"])).await, ["1"]);
    assert_eq!(found("Device", Compartments::All).await, [""; 0]);
    assert_eq!(found("Organization", Compartments::All).await, ["org"]);
    assert_eq!(found("DeviceUseStatement", of(&["a"])).await, ["x"]);
}

/// A resource of several patients is each one's, in the same version, and one resource.
pub(crate) async fn comp_07_a_resource_of_several_patients_is_found_by_each_and_comes_once<S: Resources>(
    store: Arc<S>,
) {
    put(&*store, &[provenance("p", &["a", "b", "c"]), provenance("q", &["b"])], 0).await;
    let of_type = |compartments| RecordQuery { resource_type: "Provenance", compartments, ..query() };
    let found = async |compartments| ids(&*store, RecordQuery { limit: 1, ..of_type(compartments) }).await.0;
    assert_eq!(found(of(&["a"])).await, ["p"]);
    assert_eq!(found(of(&["c"])).await, ["p"]);
    assert_eq!(found(of(&["a", "b", "c"])).await, ["p", "q"]);
    assert_eq!(found(Compartments::All).await, ["p", "q"]);

    // Another version belongs to others, and nobody finds what it was.
    put(&*store, &[provenance("p", &["c", "d"])], 1).await;
    assert!(found(of(&["a"])).await.is_empty());
    assert_eq!(found(of(&["b"])).await, ["q"]);
    assert_eq!(found(of(&["d"])).await, ["p"]);
    assert_eq!(found(Compartments::All).await, ["p", "q"]);
    for patient in ["c", "d"] {
        let page = store.records(&of_type(of(&[patient]))).await.unwrap();
        assert_eq!(page.records[0].1.version, 2, "{patient} sees the same version as everybody");
    }
}

/// What is too large is refused in words that name its size and nothing of its contents, and what stood there stays; what is taken is
/// given back whole.
pub(crate) async fn what_is_too_large_is_refused_by_size_and_never_cut<S: Resources>(store: Arc<S>) {
    // Of which nothing follows from the rest: it shrinks to three quarters.
    let noise: String = (0..210_000).map(|n| digest(n).to_string()).collect();
    let binary =
        |data: &str| json!({ "resourceType": "Binary", "id": "b", "contentType": "image/png", "data": data });
    let named = |name: &str| json!({ "resourceType": "Patient", "id": "p", "name": [{ "family": name }] });
    put(&*store, &[binary(""), named("Ada")], 0).await;
    let larges = [
        binary(&noise[..300_000]),
        binary(&noise[..560_000]),
        binary(&"a".repeat(2_000_000)),
        binary(&noise[..9_000_000]),
        named(&noise[..380_000]),
        named(&"a ".repeat(300_000)),
    ];
    for (n, large) in (1..).zip(&larges) {
        let address = (large["resourceType"].as_str().unwrap(), large["id"].as_str().unwrap());
        let before = body(&*store, address).await;
        match store.import(std::slice::from_ref(large), at(n)).await {
            Ok(imported) => {
                assert_eq!(imported.updated, 1);
                let (mut stored, ..) = body(&*store, address).await;
                stored.as_object_mut().unwrap().remove("meta");
                assert!(stored == *large, "number {n} was stored otherwise");
            }
            Err(told) => {
                assert!(told.contains(" bytes"), "{told}");
                assert!(!told.contains(&noise[..20]) && !told.contains("aaaa"), "{told}");
                assert!(
                    body(&*store, address).await == before,
                    "number {n} was refused, and changed something"
                );
            }
        }
    }
    let patient = store.patient(&"p".parse().unwrap()).await.unwrap().unwrap();
    assert!(!patient.name.is_empty());
}
