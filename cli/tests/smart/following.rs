//! What follows other resources, in files of whatever order.

use std::fmt::Write as _;

use smart_core::ports::Records as _;
use smart_local::LocalStore;

use crate::command::smart;

/// COMP-04: a Provenance may come before what it is of, by more than is written at once; and what it is of may go to somebody else.
#[tokio::test]
async fn comp_04_a_provenance_is_whose_its_target_is_wherever_it_stands_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let observation = |id: &str, patient: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"{id}","subject":{{"reference":"Patient/{patient}"}}}}"#
        )
    };
    let mut early = String::from(
        r#"{"resourceType":"Provenance","id":"p","target":[{"reference":"Observation/target"}]}"#,
    );
    for n in 0..2_100 {
        write!(early, "\n{}", observation(&n.to_string(), "b")).unwrap();
    }
    std::fs::write(folder.join("early.ndjson"), early).unwrap();
    for patient in ["a", "b"] {
        std::fs::write(folder.join("late.ndjson"), observation("target", patient)).unwrap();
        smart(folder, &["import", "--data", "d", "early.ndjson", "late.ndjson"]).well();
        let store = LocalStore::open(&folder.join("d")).await.unwrap();
        let provenance = store.record("Provenance", &"p".parse().unwrap()).await.unwrap().unwrap();
        let owners = provenance.resource().unwrap().belonging().into_patients();
        assert_eq!(owners, [patient.parse().unwrap()].into());
        assert_eq!(provenance.version, 1);
    }
}
