//! The patient picker: by the beginning of words, in order of the name, among whom one may see.

use std::sync::Arc;

use serde_json::{Value, json};
use smart_core::fhir::record::PatientQuery;
use smart_core::user::PatientAccess;

use super::records::{Resources, put};

fn patient(id: &str, name: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "name": [{ "text": name }], "birthDate": "1984-03-09", "gender": "female",
        "identifier": [{ "value": format!("MRN-{id}") }],
    })
}

async fn names<S: Resources>(
    store: &S,
    text: &str,
    within: &PatientAccess,
    offset: usize,
    limit: usize,
) -> (Vec<String>, bool) {
    let query = PatientQuery { text: text.to_owned(), within: within.clone(), offset, limit };
    let page = store.patients(&query).await.unwrap();
    (page.patients.into_iter().map(|patient| patient.name).collect(), page.more)
}

async fn seed<S: Resources>(store: &S) {
    let patients = [
        patient("1", "Zoe Ba"),
        patient("2", "Émile Ba"),
        patient("3", "eva Ba-Erik"),
        patient("4", "Carl Ba"),
    ];
    put(store, &patients, 0).await;
}

/// By name, whatever its accents and case, and page by page.
pub(crate) async fn the_picker_shows_pages_in_order_of_the_folded_name<S: Resources>(store: Arc<S>) {
    seed(&*store).await;
    let all = PatientAccess::All;
    let found = async |text, offset, limit| names(&*store, text, &all, offset, limit).await;
    let everybody = ["Carl Ba", "Émile Ba", "eva Ba-Erik", "Zoe Ba"].map(str::to_owned);
    assert_eq!(found("", 0, 10).await, (everybody.to_vec(), false));
    assert_eq!(found("", 0, 3).await, (everybody[..3].to_vec(), true));
    assert_eq!(found("", 3, 3).await, (everybody[3..].to_vec(), false));
    assert_eq!(found("ba", 0, 2).await, (everybody[..2].to_vec(), true));
    assert_eq!(found("ba", 2, 2).await, (everybody[2..].to_vec(), false));
    assert_eq!(found("ba", 9, 2).await, (vec![], false));
    // One who has two such words comes once.
    assert_eq!(found("e b", 0, 10).await.0, ["Émile Ba", "eva Ba-Erik"]);
    assert_eq!(found("mrn-4", 0, 10).await.0, ["Carl Ba"]);
    assert_eq!(found("1984-03 zoe", 0, 10).await.0, ["Zoe Ba"]);
    for nobody in ["a", "zoe carl", "x", "mrn-44"] {
        assert_eq!(found(nobody, 0, 10).await, (vec![], false), "{nobody}");
    }
}

/// Nobody is found, or counted, whom one may not see.
pub(crate) async fn the_picker_shows_only_who_may_be_seen<S: Resources>(store: Arc<S>) {
    seed(&*store).await;
    let some = PatientAccess::Only(["1", "3", "9"].map(|id| id.parse().unwrap()).into());
    assert_eq!(names(&*store, "", &some, 0, 1).await, (vec!["eva Ba-Erik".to_owned()], true));
    assert_eq!(names(&*store, "", &some, 1, 1).await, (vec!["Zoe Ba".to_owned()], false));
    assert_eq!(names(&*store, "carl", &some, 0, 10).await, (vec![], false));
    assert_eq!(names(&*store, "zo", &some, 0, 10).await.0, ["Zoe Ba"]);
    let nobody = PatientAccess::Only([].into());
    assert_eq!(names(&*store, "", &nobody, 0, 10).await, (vec![], false));
}

/// Two of one name are told apart by birth date and record number.
pub(crate) async fn a_patient_is_shown_with_what_tells_them_apart<S: Resources>(store: Arc<S>) {
    seed(&*store).await;
    let shown = store.patient(&"2".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((shown.name.as_str(), shown.birth_date.as_deref()), ("Émile Ba", Some("1984-03-09")));
    assert_eq!((shown.gender.as_deref(), shown.identifiers), (Some("female"), vec!["MRN-2".to_owned()]));
    assert_eq!(store.patient(&"9".parse().unwrap()).await.unwrap(), None);
}

/// A name that was given up finds nobody.
pub(crate) async fn a_patient_who_is_renamed_is_found_by_the_new_name_alone<S: Resources>(store: Arc<S>) {
    seed(&*store).await;
    put(&*store, &[patient("1", "Ada Ba")], 1).await;
    let all = PatientAccess::All;
    assert!(names(&*store, "zoe", &all, 0, 10).await.0.is_empty());
    assert_eq!(names(&*store, "ad", &all, 0, 10).await.0, ["Ada Ba"]);
    assert_eq!(names(&*store, "", &all, 0, 10).await.0, ["Ada Ba", "Carl Ba", "Émile Ba", "eva Ba-Erik"]);
    assert_eq!(store.patient(&"1".parse().unwrap()).await.unwrap().unwrap().name, "Ada Ba");
}

/// However many there are, a page is what it says it is.
pub(crate) async fn many_patients_are_found_by_a_few_letters<S: Resources>(store: Arc<S>) {
    let patients: Vec<_> =
        (0..600).map(|n| patient(&format!("p{n}"), &format!("Maria Number{n:03}"))).collect();
    put(&*store, &patients, 0).await;
    let all = PatientAccess::All;
    let (found, more) = names(&*store, "maria number59", &all, 0, 20).await;
    assert_eq!((found.len(), found[0].as_str(), more), (10, "Maria Number590", false));
    let (found, more) = names(&*store, "m", &all, 580, 15).await;
    assert_eq!((found.len(), found[0].as_str(), more), (15, "Maria Number580", true));
    let (found, more) = names(&*store, "", &all, 590, 15).await;
    assert_eq!((found.len(), more), (10, false));
}
