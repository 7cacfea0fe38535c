//! SMART App Launch 2.2, "Scopes": what each scope opens, end to end.

mod consent;
mod granular;

use crate::harness::world::records::{MARIAS_LABORATORY, MARIAS_OBSERVATIONS};
use crate::harness::{Choices, SmartApp, Tokens};

const LABORATORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
const VITAL_SIGNS: &str = "http://terminology.hl7.org/CodeSystem/observation-category|vital-signs";

/// An app with Maria's tokens for a scope.
async fn granted(scope: &str) -> (SmartApp, Tokens) {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch(scope, &Choices::of("maria")).await;
    (app, tokens)
}

/// SCOPE-05, SCOPE-06, SCOPE-07: `r` reads, `s` searches, each by itself or both together.
#[tokio::test]
async fn scope_05_each_letter_opens_its_interaction() {
    let app = SmartApp::on_wire("web").await;
    for (scope, reads, searches) in [
        ("patient/Observation.r", 200, 403),
        ("patient/Observation.s", 403, 200),
        ("patient/Observation.rs", 200, 200),
        ("patient/Observation.r patient/Observation.s", 200, 200),
    ] {
        let tokens = app.launch(scope, &Choices::of("maria")).await;
        app.read(&tokens, "Observation/maria-bp-2024").await.is(reads);
        app.read(&tokens, "Observation/maria-bp-2024/_history/1").await.is(reads);
        app.read(&tokens, "Observation?patient=maria").await.is(searches);
        app.post_search(&tokens, "Observation", &[("patient", "maria")]).await.is(searches);
        app.read(&tokens, "Condition/maria-diabetes").await.is_outcome(403, "forbidden");
    }
}

/// SCOPE-06, SCOPE-10: writing is not supported, so it is not granted, alone or beside reading.
#[tokio::test]
async fn scope_06_what_cannot_be_done_is_not_granted() {
    let (app, tokens) = granted("patient/Observation.cruds patient/Condition.cud openid").await;
    assert_eq!(tokens.scopes(), ["openid", "patient/Observation.rs"]);
    app.read(&tokens, "Condition/maria-diabetes").await.is_outcome(403, "forbidden");
    let asked = app.request("patient/Condition.cud");
    assert_eq!(asked.error_in(app.ask(&asked).await.is(303).location()).0, "invalid_scope");
}

/// SCOPE-01, SCOPE-02, SCOPE-28, SCOPE-29: what is malformed or unknown grants nothing, and is in nobody's way.
#[tokio::test]
async fn scope_02_malformed_scopes_grant_nothing() {
    let app = SmartApp::on_wire("web").await;
    let malformed = [
        "patient/Observation.sr",
        "patient/Observation.dus",
        "patient/Observation.",
        "patient/Observation",
        "patient/observation.rs",
        "Patient/Observation.rs",
        "patient/Nonsense.rs",
        "patient/Observation.rsx",
        "patient/Observation.rs?",
        "patient/Observation.rs?category",
        "patient/Observation.rs?category=",
        "patient/*.rs?category=http://x|y",
        "patients/*.rs",
        "*/Observation.rs",
        "OpenID",
        "launch/Patient",
        "nonsense",
    ];
    for scope in malformed {
        let asked = app.request(scope);
        let answer = app.ask(&asked).await;
        assert_eq!(answer.status, 303, "{scope}");
        assert_eq!(asked.error_in(answer.location()).0, "invalid_scope", "{scope}");
    }
    let among_them = format!("{} patient/Condition.rs patient/Condition.rs", malformed.join(" "));
    let tokens = app.launch(&among_them, &Choices::of("maria")).await;
    assert_eq!(tokens.scope, "patient/Condition.rs");
    app.read(&tokens, "Observation/maria-bp-2024").await.is_outcome(403, "forbidden");
    // Two letters of v2, and not the beginning of `.read`.
    let tokens = app.launch("patient/Observation.rd", &Choices::of("maria")).await;
    assert_eq!(tokens.scope, "patient/Observation.r");
}

/// SCOPE-03, SCOPE-04, CAP-20, X-22: v1 in, v1 out, and the same access; with a category it can only be said in v2.
#[tokio::test]
async fn scope_04_v1_in_v1_out() {
    let (app, tokens) = granted("launch/patient patient/*.read patient/Observation.read").await;
    assert_eq!(tokens.scopes(), ["launch/patient", "patient/*.read", "patient/Observation.read"]);
    app.read(&tokens, "Observation/maria-bp-2024").await.is(200);
    app.read(&tokens, "Condition").await.is(200);
    let tokens = app.launch("patient/*.*", &Choices::of("maria")).await;
    assert_eq!(tokens.scope, "patient/*.read");
    let mixed = app.launch("patient/Condition.read patient/Observation.rs", &Choices::of("maria")).await;
    assert_eq!(mixed.scopes(), ["patient/Condition.read", "patient/Observation.rs"]);
    let granular = format!("patient/Observation.rs?category={LABORATORY}");
    let narrowed = Choices::of("maria").tick(&granular);
    let tokens = app.launch("patient/Condition.read patient/Observation.read", &narrowed).await;
    assert_eq!(tokens.scopes(), ["patient/Condition.rs", &granular]);
}

/// SCOPE-09, COMP-10, RS-14, CAP-19: `patient/` scopes open the one patient in context.
#[tokio::test]
async fn scope_09_patient_scopes_open_one_patient() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("launch/patient patient/*.rs", &Choices::of("clara").patient("maria")).await;
    assert_eq!(app.read(&tokens, "Patient").await.ids(), ["maria"]);
    assert_eq!(app.read(&tokens, "Patient/maria").await.ok()["id"], "maria");
    assert_eq!(app.read(&tokens, "Observation").await.ids(), MARIAS_OBSERVATIONS);
    for other in [
        "Patient/lena",
        "Observation/lena-bp-2024",
        "Condition/tom-cough",
        "Patient/nobody",
        "Device/lena-pump",
    ] {
        app.read(&tokens, other).await.is_outcome(404, "not-found");
    }
    for other in [
        "Observation?patient=lena",
        "Observation?subject=Patient/lena",
        "Patient?_id=lena",
        "Condition?patient=tom",
    ] {
        assert_eq!(app.read(&tokens, other).await.found(), [""; 0]);
    }
}

/// SCOPE-09, SCOPE-10, RS-13, CAP-19: `user/` scopes open whatever the user may see, and are not narrowed to a patient.
#[tokio::test]
async fn scope_10_user_scopes_open_what_the_user_may_see() {
    let app = SmartApp::on_wire("web").await;
    let clara = app.launch("user/*.rs", &Choices::of("clara")).await;
    for one in ["Patient/maria", "Patient/tom", "Observation/lena-bp-2024", "Group/study"] {
        app.read(&clara, one).await.is(200);
    }
    assert_eq!(app.read(&clara, "Observation?_count=100").await.ids().len(), 19);
    let paul = app.launch("user/*.rs", &Choices::of("paul")).await;
    assert_eq!(app.read(&paul, "Patient").await.ids(), ["lena", "tom"]);
    assert_eq!(app.read(&paul, "Observation").await.ids().len(), 9);
    for other in ["Patient/maria", "Observation/maria-bp-2024", "Group/study"] {
        app.read(&paul, other).await.is_outcome(404, "not-found");
    }
    let nora = app.launch("user/*.rs", &Choices::of("nora")).await;
    assert_eq!(app.read(&nora, "Patient").await.ids(), [""; 0]);
    app.read(&nora, "Patient/maria").await.is_outcome(404, "not-found");
    // A patient in context narrows the one level and not the other.
    let both = "patient/Observation.rs user/Condition.rs";
    let both = app.launch(both, &Choices::of("paul").patient("lena")).await;
    assert_eq!(app.read(&both, "Observation").await.ids().len(), 8);
    app.read(&both, "Condition/tom-cough").await.is(200);
    app.read(&both, "Observation/tom-height-2024").await.is_outcome(404, "not-found");
}

/// SCOPE-11, SCOPE-08: the wildcard opens every type.
#[tokio::test]
async fn scope_11_the_wildcard_opens_every_type() {
    let (app, tokens) = granted("patient/*.rs").await;
    for one in [
        "AllergyIntolerance/maria-nuts",
        "Condition/maria-flu",
        "Device/maria-pump",
        "DocumentReference/maria-note",
        "Encounter/maria-visit",
        "Immunization/maria-tetanus",
        "MedicationRequest/maria-metformin",
        "Procedure/maria-appendix",
    ] {
        app.read(&tokens, one).await.is(200);
        let resource_type = one.split_once('/').unwrap().0;
        assert!(app.read(&tokens, resource_type).await.found().contains(&one.to_owned()), "{one}");
    }
}

/// SCOPE-25, COMP-05: what describes care in general is open under `patient/` scopes, each type by its own.
#[tokio::test]
async fn scope_25_shared_types_are_open() {
    let (app, tokens) = granted("patient/Practitioner.rs patient/Organization.rs").await;
    app.read(&tokens, "Practitioner/clara").await.is(200);
    assert_eq!(app.read(&tokens, "Organization").await.ids(), ["clinic"]);
    app.read(&tokens, "Location/ward").await.is_outcome(403, "forbidden");
}

/// SCOPE-21: a value is written as in a search URL, and is printed back as it was.
#[tokio::test]
async fn scope_21_values_are_percent_encoded_as_in_a_url() {
    let encoded = "patient/Observation.rs?category=http%3A%2F%2Fterminology.hl7.org%2FCodeSystem%2Fobservation-category%7Claboratory";
    let (app, tokens) = granted(encoded).await;
    assert_eq!(app.read(&tokens, "Observation").await.ids(), MARIAS_LABORATORY);
    let again = app.launch(&tokens.scope, &Choices::of("maria")).await;
    assert_eq!(again.scope, tokens.scope);
}

/// SCOPE-23, RS-20, SCOPE-22: whatever would reach further is refused by name.
#[tokio::test]
async fn scope_23_nothing_reaches_beyond_the_scopes() {
    let (app, tokens) = granted("patient/Observation.rs patient/Patient.rs").await;
    for query in [
        "Observation?_include=Observation:subject",
        "Observation?_include=*",
        "Observation?_revinclude=Provenance:target",
        "Observation?_include:iterate=Observation:performer",
        "Patient?_has:Condition:patient:code=44054006",
        "Observation?subject.name=Maria",
        "Observation?patient.birthdate=1984-07-19",
        "Observation?subject:Patient.name=Maria",
        "Patient?_revinclude=Condition:patient",
    ] {
        let told = app.read(&tokens, query).await.is_outcome(400, "not-supported");
        let name = query.split_once('?').unwrap().1.split('=').next().unwrap();
        assert!(told.contains(name), "{told}");
    }
    for path in [
        "Patient/maria/$everything",
        "Patient/maria/Condition",
        "Patient/maria/*",
        "$export",
        "Patient/$export",
        "Observation/$lastn",
    ] {
        app.read(&tokens, path).await.is(404);
    }
    // A batch or transaction is not taken apart: there is none.
    for kind in ["batch", "transaction"] {
        let entry = serde_json::json!({ "request": { "method": "GET", "url": "Condition?patient=maria" } });
        let bundle = serde_json::json!({ "resourceType": "Bundle", "type": kind, "entry": [entry] });
        let call = app.target.call(http::Method::POST, app.fhir_base()).bearer(&tokens.access_token);
        let call = call.header(http::header::CONTENT_TYPE, "application/fhir+json").body(bundle.to_string());
        call.send().await.is_outcome(404, "not-supported");
    }
}

/// SCOPE-26, CTX-21: the scopes of identity, context and refresh are known, and what was honoured is echoed.
#[tokio::test]
async fn scope_26_what_is_honoured_is_echoed() {
    let (_, tokens) = granted("openid fhirUser profile launch/patient offline_access patient/*.rs").await;
    assert_eq!(
        tokens.scopes(),
        ["fhirUser", "launch/patient", "offline_access", "openid", "patient/*.rs", "profile"]
    );
}

/// SCOPE-12, SCOPE-13, SCOPE-30: no more than the client registered, in the place of what was asked; nothing besides.
#[tokio::test]
async fn scope_30_a_client_gets_what_it_registered() {
    let app = SmartApp::on_wire("narrow").await;
    let tokens = app.launch("openid launch/patient patient/*.rs user/*.rs", &Choices::of("maria")).await;
    assert_eq!(tokens.scopes(), ["launch/patient", &format!("patient/Observation.rs?category={LABORATORY}")]);
    assert_eq!(app.read(&tokens, "Observation").await.ids(), MARIAS_LABORATORY);
    let asked = app.request("patient/Condition.rs openid");
    assert_eq!(asked.error_in(app.ask(&asked).await.is(303).location()).0, "invalid_scope");
}

/// RS-19: what is granted by a user and what is granted beforehand do not stand in one request; `system/` is not for users.
#[tokio::test]
async fn rs_19_system_scopes_are_not_for_users() {
    let app = SmartApp::on_wire("web").await;
    for scope in ["system/*.rs", "system/*.rs patient/*.rs", "user/*.rs system/Patient.rs"] {
        let asked = app.request(scope);
        assert_eq!(asked.error_in(app.ask(&asked).await.is(303).location()).0, "invalid_scope", "{scope}");
    }
}
