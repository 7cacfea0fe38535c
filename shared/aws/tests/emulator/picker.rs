//! The patient picker: by the beginning of words, in order of the name, among whom one may see.

use bytes::Bytes;
use serde_json::{Value, json};
use smart_aws::{Incoming, RecordsTable, emulator};
use smart_core::fhir::record::PatientQuery;
use smart_core::ports::Patients as _;
use smart_core::user::PatientAccess;

use crate::sample::at;

fn patient(id: &str, name: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "name": [{ "text": name }], "birthDate": "1984-03-09", "gender": "female",
        "identifier": [{ "value": format!("MRN-{id}") }],
    })
}

async fn put(store: &RecordsTable, patients: &[Value]) {
    let incoming = patients.iter().map(|p| Incoming::parse(Bytes::from(p.to_string())).unwrap()).collect();
    store.put_resources(incoming, at(0)).await.unwrap();
}

async fn names(
    store: &RecordsTable,
    text: &str,
    within: &PatientAccess,
    offset: usize,
    limit: usize,
) -> (Vec<String>, bool) {
    let query = PatientQuery { text: text.to_owned(), within: within.clone(), offset, limit };
    let page = store.patients(&query).await.unwrap();
    (page.patients.into_iter().map(|patient| patient.name).collect(), page.more)
}

async fn seeded() -> RecordsTable {
    let store = emulator::records().await.unwrap();
    let patients = [
        patient("1", "Zoe Ba"),
        patient("2", "Émile Ba"),
        patient("3", "eva Ba-Erik"),
        patient("4", "Carl Ba"),
    ];
    put(&store, &patients).await;
    store
}

#[tokio::test]
async fn the_picker_shows_pages_in_order_of_the_folded_name() {
    let store = seeded().await;
    let all = PatientAccess::All;
    let everybody = ["Carl Ba", "Émile Ba", "eva Ba-Erik", "Zoe Ba"];
    assert_eq!(names(&store, "", &all, 0, 10).await, (everybody.map(str::to_owned).into(), false));
    assert_eq!(
        names(&store, "", &all, 0, 3).await,
        (everybody[..3].iter().map(|n| (*n).to_owned()).collect(), true)
    );
    assert_eq!(names(&store, "", &all, 3, 3).await, (vec!["Zoe Ba".to_owned()], false));
    assert_eq!(
        names(&store, "ba", &all, 0, 2).await,
        (vec!["Carl Ba".to_owned(), "Émile Ba".to_owned()], true)
    );
    assert_eq!(
        names(&store, "ba", &all, 2, 2).await,
        (vec!["eva Ba-Erik".to_owned(), "Zoe Ba".to_owned()], false)
    );
    assert_eq!(names(&store, "ba", &all, 9, 2).await, (vec![], false));
    // One who has two such words comes once.
    assert_eq!(names(&store, "e b", &all, 0, 10).await.0, ["Émile Ba", "eva Ba-Erik"]);
    assert_eq!(names(&store, "mrn-4", &all, 0, 10).await.0, ["Carl Ba"]);
    assert_eq!(names(&store, "1984-03 zoe", &all, 0, 10).await.0, ["Zoe Ba"]);
    for nobody in ["a", "zoe carl", "x", "mrn-44"] {
        assert_eq!(names(&store, nobody, &all, 0, 10).await, (vec![], false), "{nobody}");
    }
}

#[tokio::test]
async fn the_picker_shows_only_who_may_be_seen() {
    let store = seeded().await;
    let some = PatientAccess::Only(["1".parse().unwrap(), "3".parse().unwrap(), "9".parse().unwrap()].into());
    assert_eq!(names(&store, "", &some, 0, 1).await, (vec!["eva Ba-Erik".to_owned()], true));
    assert_eq!(names(&store, "", &some, 1, 1).await, (vec!["Zoe Ba".to_owned()], false));
    assert_eq!(names(&store, "carl", &some, 0, 10).await, (vec![], false));
    assert_eq!(names(&store, "zo", &some, 0, 10).await.0, ["Zoe Ba"]);
    let nobody = PatientAccess::Only([].into());
    assert_eq!(names(&store, "", &nobody, 0, 10).await, (vec![], false));
}

#[tokio::test]
async fn a_patient_is_shown_with_what_tells_them_apart() {
    let store = seeded().await;
    let shown = store.patient(&"2".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((shown.name.as_str(), shown.birth_date.as_deref()), ("Émile Ba", Some("1984-03-09")));
    assert_eq!((shown.gender.as_deref(), shown.identifiers), (Some("female"), vec!["MRN-2".to_owned()]));
    assert_eq!(store.patient(&"9".parse().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn a_patient_who_is_renamed_is_found_by_the_new_name_alone() {
    let store = seeded().await;
    put(&store, &[patient("1", "Ada Ba")]).await;
    let all = PatientAccess::All;
    assert!(names(&store, "zoe", &all, 0, 10).await.0.is_empty());
    assert_eq!(names(&store, "ad", &all, 0, 10).await.0, ["Ada Ba"]);
    assert_eq!(names(&store, "", &all, 0, 10).await.0, ["Ada Ba", "Carl Ba", "Émile Ba", "eva Ba-Erik"]);
}

#[tokio::test]
async fn many_patients_are_found_by_a_few_letters() {
    let store = emulator::records().await.unwrap();
    let patients: Vec<_> =
        (0..600).map(|n| patient(&format!("p{n}"), &format!("Maria Number{n:03}"))).collect();
    put(&store, &patients).await;
    let all = PatientAccess::All;
    let (found, more) = names(&store, "maria number59", &all, 0, 20).await;
    assert_eq!((found.len(), found[0].as_str(), more), (10, "Maria Number590", false));
    let (found, more) = names(&store, "m", &all, 580, 15).await;
    assert_eq!((found.len(), found[0].as_str(), more), (15, "Maria Number580", true));
    let (found, more) = names(&store, "", &all, 590, 15).await;
    assert_eq!((found.len(), more), (10, false));
}
