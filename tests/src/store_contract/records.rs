//! Resources, by their address and by whose they are.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use serde_json::{Value, json};
use smart_core::fhir::record::{Compartments, Direction, RecordQuery};
use smart_core::fhir::reference::Reference;
use smart_core::instant::Instant;
use smart_core::ports::{Patients, Records, Unavailable};
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

    /// Looks up anew whose those are that wait for what they follow.
    fn settle(
        &self,
        waiting: BTreeSet<Reference>,
        now: Instant,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
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
    let patients: Vec<_> = patients.iter().map(|patient| format!("Patient/{patient}")).collect();
    provenance_of(id, &patients.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A Provenance of these resources.
fn provenance_of(id: &str, targets: &[&str]) -> Value {
    let targets: Vec<_> = targets.iter().map(|target| json!({ "reference": target })).collect();
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

/// SRCH-12: those that there are, each as it is by itself.
pub(crate) async fn srch_12_several_are_found_by_their_ids_at_once<S: Resources>(store: Arc<S>) {
    let all: Vec<Value> = (0..150).map(|n| observation(&format!("o{n:03}"), "a", Some(1))).collect();
    put(&*store, &all, 0).await;
    let ids = (50..200).map(|n| format!("o{n:03}").parse().unwrap());
    let ids: Vec<_> = ids.chain(["x".parse().unwrap()]).collect();
    let mut found = store.records_by_id("Observation", &ids).await.unwrap();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(found.len(), 100);
    for ((id, record), expected) in found.iter().zip(50..) {
        assert_eq!(id.as_str(), format!("o{expected:03}"));
        assert_eq!(Some(record), store.record("Observation", id).await.unwrap().as_ref());
    }
    assert!(store.records_by_id("Condition", &ids).await.unwrap().is_empty());
    assert!(store.records_by_id("Observation", &[]).await.unwrap().is_empty());
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
    assert_eq!(put(&*store, &twice, 0).await, Imported { created: 1, updated: 1, ..Imported::default() });
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

/// Who finds a resource that follows others, of patients a and b; by its body alone the rules must come to the same.
async fn seen_by<S: Resources>(store: &S, resource_type: &'static str, id: &str) -> String {
    let mut seen = String::new();
    for patient in ["a", "b"] {
        let found = RecordQuery { resource_type, compartments: of(&[patient]), ..query() };
        for (position, record) in store.records(&found).await.unwrap().records {
            assert_eq!(position.id.as_str(), id);
            assert!(
                record.resource().unwrap().belonging().into_patients().contains(&patient.parse().unwrap())
            );
            seen.push_str(patient);
        }
    }
    let record = store.record(resource_type, &id.parse().unwrap()).await.unwrap().unwrap();
    let owners = record.resource().unwrap().belonging().into_patients();
    assert_eq!(owners.iter().map(smart_core::id::ResourceId::as_str).collect::<String>(), seen);
    seen
}

/// COMP-04, COMP-07: a Provenance is theirs to whom all its targets belong, a Binary theirs whose document it is of, in whatever order
/// they come in one import.
pub(crate) async fn comp_04_and_07_what_follows_others_is_whose_they_are<S: Resources>(store: Arc<S>) {
    let document = json!({ "resourceType": "DocumentReference", "id": "d", "status": "current",
        "subject": { "reference": "Patient/b" }, "content": [] });
    let binary = json!({ "resourceType": "Binary", "id": "x", "contentType": "text/plain",
        "securityContext": { "reference": "DocumentReference/d" } });
    let provenance = provenance_of("p", &["Observation/o", "Practitioner/dr"]);
    let all = [provenance.clone(), binary, observation("o", "a", Some(1)), document];
    let imported = put(&*store, &all, 0).await;
    assert_eq!(imported, Imported { created: 4, ..Imported::default() });
    assert_eq!(seen_by(&*store, "Provenance", "p").await, "a");
    assert_eq!(seen_by(&*store, "Binary", "x").await, "b");
    assert_eq!(put(&*store, &all, 1).await, Imported { unchanged: 4, ..Imported::default() });
    assert_eq!(seen_by(&*store, "Provenance", "p").await, "a");

    // Of both it needs both, and says so in its next version.
    let of_both = provenance_of("p", &["Observation/o", "DocumentReference/d"]);
    assert_eq!(put(&*store, &[of_both], 2).await, Imported { updated: 1, ..Imported::default() });
    assert_eq!(seen_by(&*store, "Provenance", "p").await, "ab");
}

/// COMP-04: what follows something that is not there is nobody's, and asked for again it is whose that is. Its version stays.
pub(crate) async fn comp_04_what_follows_something_unknown_is_nobodys_until_it_comes<S: Resources>(
    store: Arc<S>,
) {
    let provenance = provenance_of("p", &["Observation/o", "Patient/a"]);
    let waiting = BTreeSet::from(["Provenance/p".parse().unwrap()]);
    let imported = put(&*store, std::slice::from_ref(&provenance), 0).await;
    assert_eq!(imported, Imported { created: 1, waiting: waiting.clone(), ..Imported::default() });
    assert_eq!(seen_by(&*store, "Provenance", "p").await, "");
    let before = body(&*store, ("Provenance", "p")).await;
    put(&*store, &[observation("o", "a", None)], 1).await;
    assert_eq!(seen_by(&*store, "Provenance", "p").await, "");
    store.settle(waiting.clone(), at(2)).await.unwrap();
    assert_eq!(seen_by(&*store, "Provenance", "p").await, "a");
    assert_eq!(body(&*store, ("Provenance", "p")).await, before);

    // The same again finds it, too.
    let other = provenance_of("p", &["Observation/later"]);
    assert_eq!(put(&*store, std::slice::from_ref(&other), 3).await.waiting, waiting);
    put(&*store, &[observation("later", "b", None)], 4).await;
    assert_eq!(put(&*store, &[other], 5).await, Imported { unchanged: 1, ..Imported::default() });
    assert_eq!(seen_by(&*store, "Provenance", "p").await, "b");
}

/// COMP-04, COMP-07: what comes to belong to somebody else takes along from those before what follows it, at once.
pub(crate) async fn comp_04_and_07_what_follows_a_resource_that_changes_hands_is_nobodys_at_once<
    S: Resources,
>(
    store: Arc<S>,
) {
    let others = provenance_of("q", &["Observation/of-a"]);
    let binary = json!({ "resourceType": "Binary", "id": "x", "contentType": "text/plain",
        "securityContext": { "reference": "Observation/o" } });
    let of_both = provenance_of("p", &["Observation/o", "Observation/of-b"]);
    let observations =
        [observation("o", "a", None), observation("of-a", "a", None), observation("of-b", "b", None)];
    put(&*store, &observations, 0).await;
    put(&*store, &[of_both, binary, others], 1).await;
    let found = async |compartments| {
        ids(&*store, RecordQuery { resource_type: "Provenance", compartments, ..query() }).await.0
    };
    assert_eq!(found(of(&["a"])).await, ["p", "q"]);
    assert_eq!(found(of(&["b"])).await, ["p"]);

    let imported = put(&*store, &[observation("o", "b", None)], 2).await;
    let waiting = BTreeSet::from(["Binary/x".parse().unwrap(), "Provenance/p".parse().unwrap()]);
    assert_eq!(imported, Imported { updated: 1, waiting: waiting.clone(), ..Imported::default() });
    assert_eq!(found(of(&["a"])).await, ["q"]);
    assert!(found(of(&["b"])).await.is_empty());
    assert_eq!(found(Compartments::All).await, ["p", "q"]);
    assert_eq!(seen_by(&*store, "Binary", "x").await, "");
    store.settle(waiting, at(3)).await.unwrap();
    assert_eq!(found(of(&["a"])).await, ["q"]);
    assert_eq!(found(of(&["b"])).await, ["p"]);
    assert_eq!(seen_by(&*store, "Binary", "x").await, "b");

    // Another version of the same owner changes nothing of it.
    let mut same = observation("o", "b", None);
    same["status"] = json!("amended");
    assert_eq!(put(&*store, &[same], 4).await, Imported { updated: 1, ..Imported::default() });
    assert_eq!(found(of(&["b"])).await, ["p"]);
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
