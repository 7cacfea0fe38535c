//! The members of the token response.

use serde_json::{Value, json};

use super::*;

#[test]
fn ctx_02_and_04_a_chosen_patient_is_a_bare_id_with_a_banner_as_a_boolean() {
    let context = LaunchContext::standalone(Some("maria-alvarez".parse().unwrap()));
    let members = json!({ "patient": "maria-alvarez", "need_patient_banner": true });
    assert_eq!(serde_json::to_value(&context).unwrap(), members);
}

#[test]
fn ctx_01_what_is_not_known_is_left_out() {
    let context = LaunchContext::standalone(None);
    assert_eq!(serde_json::to_value(&context).unwrap(), json!({}));
    assert_eq!(context, LaunchContext::default());
}

#[test]
fn ctx_20_a_stored_context_reads_back_as_it_was() {
    for context in [
        LaunchContext::standalone(Some("a".parse().unwrap())),
        LaunchContext::standalone(None),
        LaunchContext { patient: Some("a".parse().unwrap()), need_patient_banner: Some(false) },
        LaunchContext { patient: Some("a".parse().unwrap()), need_patient_banner: None },
    ] {
        let stored: Value = serde_json::to_value(&context).unwrap();
        assert_eq!(serde_json::from_value::<LaunchContext>(stored).unwrap(), context);
    }
}
