//! Which patient, visit or other context a request asks for, alone or by the launch of an EHR.

use super::*;

#[test]
fn launch_06_and_07_a_launch_counts_with_its_scope_and_the_scope_with_a_launch() {
    let with_launch = |scope: &str, launch: &str| {
        let rest: Vec<_> = GOOD.into_iter().filter(|(name, _)| *name != "scope").collect();
        read(&encoded(&[&rest[..], &[("scope", scope), ("launch", launch)]].concat()))
    };
    let handle = LaunchHandle::new([7; 32]);
    let asked = with_launch("launch patient/*.rs", &handle.reveal()).unwrap();
    assert_eq!(asked.request.scopes.to_string(), "launch patient/*.rs");
    assert_eq!(asked.launch.unwrap().id(), handle.id());
    // What cannot be a launch of this server is said to be none.
    for strange in ["xyz", "sal_", &handle.reveal()[4..], &format!("{}A", handle.reveal())] {
        let answer = redirected(with_launch("launch patient/*.rs", strange));
        assert_eq!(answer.error.error, ErrorCode::InvalidRequest);
        assert!(answer.error.error_description.starts_with("launch is unknown here"), "{strange}");
    }
    // A launch that no scope asks to use is ignored.
    let asked = with_launch("launch/patient patient/*.rs", "xyz").unwrap();
    assert_eq!(asked.request.scopes.to_string(), "launch/patient patient/*.rs");
    assert!(asked.launch.is_none());
    // The scope without a launch is left out: the patient is chosen here.
    assert_eq!(granted("launch openid patient/*.rs"), "openid patient/*.rs");
    assert_eq!(redirected(read(&with("scope", Some("launch")))).error.error, ErrorCode::InvalidScope);
}

#[test]
fn launch_10_what_the_ehr_did_not_say_is_not_asked_for_here() {
    let handle = LaunchHandle::new([7; 32]);
    let mut asked = read(&and("launch", &handle.reveal())).unwrap();
    asked.request.scopes = "launch launch/patient launch/encounter patient/*.rs".parse().unwrap();
    let with = |context: LaunchContext| {
        let mut asked = asked.clone();
        asked.launched(Launched { id: handle.id(), user: None, context });
        asked.request
    };
    let without = with(LaunchContext { patient: "a".parse().ok(), ..LaunchContext::default() });
    assert_eq!(without.scopes.to_string(), "launch launch/patient patient/*.rs");
    assert_eq!(without.launched_patient().unwrap().as_str(), "a");
    let full =
        LaunchContext { patient: "a".parse().ok(), encounter: "e".parse().ok(), ..LaunchContext::default() };
    assert_eq!(with(full).scopes.to_string(), "launch launch/patient launch/encounter patient/*.rs");
}

/// CTX-15, CTX-17, CTX-21, CTX-22: of other types, what the EHR said something of, whatever the role.
#[test]
fn ctx_21_other_context_is_granted_where_the_ehr_said_something_of_its_type() {
    let handle = LaunchHandle::new([7; 32]);
    let with = |scopes: &str, fhir_context: Value| {
        let mut asked = read(&and("launch", &handle.reveal())).unwrap();
        asked.request.scopes = scopes.parse().unwrap();
        let context = serde_json::from_value(json!({ "fhirContext": fhir_context })).unwrap();
        asked.launched(Launched { id: handle.id(), user: None, context });
        asked.request.scopes.to_string()
    };
    let said = || {
        json!([
            { "reference": "ImagingStudy/1" },
            { "canonical": "https://ehr.example/Questionnaire/q", "type": "Questionnaire", "role": "launch" },
            { "identifier": { "value": "A-1" } },
            { "reference": "Encounter/e", "role": "https://ehr.example/roles/former" },
        ])
    };
    for (asked, expected) in [
        ("launch launch/imagingstudy", "launch launch/imagingstudy"),
        (
            "launch launch/imagingstudy?role=https://ehr.example/roles/prior",
            "launch launch/imagingstudy?role=https://ehr.example/roles/prior",
        ),
        ("launch launch/questionnaire launch/patient", "launch launch/questionnaire launch/patient"),
        // Nothing of the type, nothing of a known type, and one that is no encounter of the launch.
        ("launch launch/documentreference launch/servicerequest", "launch"),
        ("launch launch/encounter launch/imaging", "launch"),
    ] {
        assert_eq!(with(asked, said()), expected, "{asked}");
    }
    assert_eq!(with("launch launch/imagingstudy", json!([])), "launch");
}

#[test]
fn launch_11_and_12_patient_scopes_alone_need_a_patient() {
    for (scope, needed) in [
        ("patient/Patient.rs", true),
        ("launch/patient", true),
        ("launch/patient openid", true),
        ("launch/encounter", true),
        ("openid patient/Observation.rs?category=a|b user/*.rs", true),
        ("openid fhirUser user/*.rs", false),
        ("openid", false),
        ("", false),
    ] {
        assert_eq!(needs_patient(&scope.parse().unwrap()), needed, "{scope}");
    }
}
