//! The members of the token response, what an EHR may say, and which launch is followed.

use serde_json::{Value, json};

use super::*;
use crate::client::metadata::{self, Deployment};
use crate::secret::Digest;

const NOW: Instant = Instant::from_unix(1_764_000_000);

fn here() -> PublicUrl {
    "https://smart.example".parse().unwrap()
}

fn app(id: &str, launch: Option<&str>) -> Client {
    let mut app = json!({
        "client_id": id, "redirect_uris": ["https://app.example/"], "token_endpoint_auth_method": "none",
        "scope": "launch",
    });
    if let Some(launch) = launch {
        app["initiate_login_uri"] = launch.into();
    }
    metadata::parse(&app, Deployment::Public).unwrap()
}

fn read(request: &Value) -> Result<LaunchRequest, String> {
    LaunchRequest::parse(request.to_string().as_bytes(), &here()).map_err(|error| error.to_string())
}

fn full() -> Value {
    json!({
        "client_id": "app", "user": "Practitioner/p1", "patient": "a", "encounter": "e1", "intent": "reconcile",
        "need_patient_banner": false, "smart_style_url": "https://ehr.example/style.json", "tenant": "t-1",
        "fhirContext": [
            { "reference": "ImagingStudy/123" },
            { "reference": "Patient/b", "role": "https://ehr.example/roles/donor" },
            { "canonical": "https://ehr.example/Questionnaire/q|2.1", "type": "Questionnaire", "role": "launch" },
            { "identifier": { "system": "https://ehr.example/acc", "value": "A-1" }, "type": "ServiceRequest" },
        ],
    })
}

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
fn ctx_01_to_08_what_the_ehr_says_is_told_member_by_member_as_it_was_said() {
    let LaunchRequest { client_id, situation } = read(&full()).unwrap();
    assert_eq!(client_id.as_str(), "app");
    assert_eq!(situation.user.unwrap().to_string(), "Practitioner/p1");
    let mut told = full();
    for ours in ["client_id", "user"] {
        told.as_object_mut().unwrap().remove(ours);
    }
    assert_eq!(serde_json::to_value(&situation.context).unwrap(), told);
}

#[test]
fn ctx_20_a_stored_context_reads_back_as_it_was() {
    for context in [
        LaunchContext::standalone(Some("a".parse().unwrap())),
        LaunchContext::standalone(None),
        LaunchContext { need_patient_banner: Some(false), ..LaunchContext::default() },
        read(&full()).unwrap().situation.context,
    ] {
        let stored: Value = serde_json::to_value(&context).unwrap();
        assert_eq!(serde_json::from_value::<LaunchContext>(stored).unwrap(), context);
    }
}

#[test]
fn a_request_says_the_client_and_whatever_it_likes_of_the_rest() {
    let least = read(&json!({ "client_id": "app" })).unwrap();
    assert_eq!(least.situation, Situation::default());
}

#[test]
fn ctx_09_to_14_and_18_what_is_wrong_is_refused_by_its_name() {
    let cases = [
        (json!({}), "client_id: missing"),
        (json!({ "client_id": "" }), "client_id: expected a text"),
        (json!({ "client_id": 7 }), "client_id: expected a text"),
        (json!({ "client_id": "a b" }), "client_id: expected the id"),
        (json!({ "clientId": "app" }), "clientId: unknown"),
        (json!({ "client_id": "app", "__hint": "x" }), "__hint: unknown"),
        (json!({ "client_id": "app", "patient": "Patient/a" }), "patient: expected the bare id"),
        (json!({ "client_id": "app", "patient": null }), "patient: expected a text"),
        (json!({ "client_id": "app", "encounter": ["e"] }), "encounter: expected a text"),
        (json!({ "client_id": "app", "user": "p1" }), "user: expected Patient/ID"),
        (json!({ "client_id": "app", "user": "PractitionerRole/p1" }), "user: expected Patient/ID"),
        (
            json!({ "client_id": "app", "need_patient_banner": "true" }),
            "need_patient_banner: expected true or false",
        ),
        (
            json!({ "client_id": "app", "smart_style_url": "/style" }),
            "smart_style_url: expected an absolute https",
        ),
        (json!({ "client_id": "app", "smart_style_url": "http://ehr.example/s" }), "smart_style_url: "),
        (json!({ "client_id": "app", "smart_style_url": "javascript:alert(1)" }), "smart_style_url: "),
        (json!({ "client_id": "app", "intent": "x".repeat(1_025) }), "intent: expected a text of 1 to 1024"),
        (json!({ "client_id": "app", "tenant": "a\nb" }), "tenant: expected a text"),
        (
            json!({ "client_id": "app", "fhirContext": { "reference": "A/1" } }),
            "fhirContext: expected an array",
        ),
        (
            json!({ "client_id": "app", "fhirContext": vec![json!({}); 21] }),
            "fhirContext: expected an array of at most",
        ),
    ];
    for (request, expected) in cases {
        let refused = read(&request).unwrap_err();
        assert!(refused.starts_with(expected), "{request}: {refused}");
    }
    for body in [&b"[]"[..], b"", b"{", b"{} {}", br#"{"client_id":"a","client_id":"b"}"#, b"\xff{}", b"null"]
    {
        let refused = LaunchRequest::parse(body, &here()).unwrap_err();
        assert_eq!(refused.member, "the body", "{body:?}");
    }
}

#[test]
fn ctx_08_to_14_each_item_of_fhir_context_is_held_to_the_rules() {
    for good in [
        json!({ "reference": "ImagingStudy/123", "type": "ImagingStudy" }),
        json!({ "reference": "Encounter/e2", "role": "urn:example:earlier" }),
        json!({ "canonical": "urn:oid:1.2.3|1" }),
        json!({ "identifier": { "value": "7", "type": { "text": "n" } } }),
    ] {
        assert!(read(&json!({ "client_id": "app", "fhirContext": [good.clone()] })).is_ok(), "{good}");
    }
    let cases = [
        (json!("ImagingStudy/1"), "fhirContext[0]: expected an object"),
        (json!({}), "fhirContext[0]: expected a reference, a canonical or an identifier"),
        (json!({ "type": "Group" }), "fhirContext[0]: expected a reference"),
        (json!({ "role": "launch" }), "fhirContext[0]: expected a reference"),
        (json!({ "reference": "https://smart.example/fhir/Group/1" }), "fhirContext[0].reference: "),
        (json!({ "reference": "Grupp/1" }), "fhirContext[0].reference: "),
        (json!({ "reference": "Group/1/_history/2" }), "fhirContext[0].reference: "),
        (json!({ "reference": "Group/" }), "fhirContext[0].reference: "),
        (json!({ "canonical": "Questionnaire/q" }), "fhirContext[0].canonical: "),
        (json!({ "identifier": "7" }), "fhirContext[0].identifier: "),
        (json!({ "identifier": {} }), "fhirContext[0].identifier: "),
        (json!({ "identifier": { "value": "7", "valeu": 1 } }), "fhirContext[0].identifier: "),
        (json!({ "canonical": "urn:a:b", "type": "group" }), "fhirContext[0].type: "),
        (json!({ "reference": "Group/1", "type": "Device" }), "fhirContext[0].type: expected the type of"),
        (json!({ "reference": "Group/1", "role": "" }), "fhirContext[0].role: "),
        (json!({ "reference": "Group/1", "role": "donor" }), "fhirContext[0].role: "),
        // A version is for canonical URLs.
        (json!({ "reference": "Group/1", "role": "urn:x:y|anything" }), "fhirContext[0].role: "),
        (json!({ "reference": "Group/1", "role": "urn:x:y z" }), "fhirContext[0].role: "),
        (json!({ "reference": "Group/1", "display": "x" }), "fhirContext[0].display: unknown"),
        (json!({ "reference": "Patient/b" }), "fhirContext[0]: a Patient or an Encounter"),
        (
            json!({ "reference": "Encounter/b", "role": "launch" }),
            "fhirContext[0]: a Patient or an Encounter",
        ),
        (
            json!({ "identifier": { "value": "7" }, "type": "Patient" }),
            "fhirContext[0]: a Patient or an Encounter",
        ),
    ];
    for (item, expected) in cases {
        let refused = read(&json!({ "client_id": "app", "fhirContext": [item] })).unwrap_err();
        assert!(refused.starts_with(expected), "{item}: {refused}");
    }
}

#[test]
fn launch_01_to_05_the_launch_url_is_the_registered_one_with_iss_and_launch() {
    let handle = LaunchHandle::new([7; 32]);
    let launch = handle.reveal();
    for (registered, expected) in [
        (
            "https://app.example/launch",
            format!("https://app.example/launch?iss=https%3A%2F%2Fsmart.example%2Ffhir&launch={launch}"),
        ),
        (
            "https://app.example/launch?tenant=7&x=%20#/start",
            format!(
                "https://app.example/launch?tenant=7&x=%20&iss=https%3A%2F%2Fsmart.example%2Ffhir&launch={launch}#/start"
            ),
        ),
    ] {
        assert_eq!(launch_url(&app("app", Some(registered)), &here(), &handle), Some(expected));
    }
    assert_eq!(launch_url(&app("app", None), &here(), &handle), None);
    assert!(launch.strip_prefix("sal_").is_some_and(|secret| secret.len() == 43), "256 random bits");
}

#[test]
fn launch_04_and_06_a_launch_is_followed_by_its_client_in_time_until_it_led_to_a_code() {
    let (first, other): (GrantId, GrantId) = (Digest::of(b"1").into(), Digest::of(b"2").into());
    let situation = read(&full()).unwrap().situation;
    let made =
        Launch::new(&LaunchHandle::new([7; 32]), "app".parse().unwrap(), situation, Op::new([1; 32]), NOW);
    let at = |seconds| NOW + Duration::from_secs(seconds);
    let app = app("app", None);

    let followed = made.clone().follow(&app, at(299)).unwrap();
    assert_eq!((&followed.id, &followed.context), (&made.id, &made.situation.context));
    assert!(
        followed.is_for(&"Practitioner/p1".parse().unwrap())
            && !followed.is_for(&"Practitioner/p2".parse().unwrap())
    );
    assert!(made.clone().follow(&app, at(299)).is_ok(), "to follow it once more burns nothing");
    assert_eq!(made.clone().follow(&app, at(300)), Err(LaunchRefusal::Expired));
    assert_eq!(made.clone().follow(&self::app("other", None), at(1)), Err(LaunchRefusal::Client));

    // Whoever followed it in time may take as long as any authorization.
    let used = made.clone().use_up(&first, at(300 + 899)).unwrap();
    assert_eq!(made.clone().use_up(&first, at(300 + 900)), None);
    assert_eq!(used.clone().follow(&app, at(1)), Err(LaunchRefusal::Used));
    assert_eq!(used.clone().use_up(&first, at(301)), Some(used.clone()));
    assert_eq!(used.use_up(&other, at(301)), None);

    let stored = serde_json::to_value(&made).unwrap();
    assert_eq!(serde_json::from_value::<Launch>(stored).unwrap(), made);
}
