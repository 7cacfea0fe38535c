//! SMART App Launch 2.2, "Backend Services": a service gets data without a user (BACK rows; RFC 6749 §4.4).

use serde_json::{Value, json};

use crate::harness::SmartApp;

const LABORATORY: &str = "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";

/// BACK-02, BACK-03, BACK-06, BACK-07, BACK-08, BACK-10, BACK-17: from discovery to the records of all patients, and nothing that belongs to a user.
#[tokio::test]
async fn back_07_a_service_reads_the_records_of_all_patients() {
    let app = SmartApp::on_wire("backend").await;
    let tokens = app.alone("system/*.rs").await;
    let members: Vec<_> = tokens.json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!((tokens.expires_in, &*tokens.scope), (300, "system/*.rs"));
    let claims = tokens.claims();
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("backend"), &json!("backend")));
    for absent in ["grant", "patient", "fhirUser"] {
        assert_eq!(claims.get(absent), None::<&Value>, "{absent}");
    }
    for path in ["Patient/maria", "Patient/lena", "Observation/maria-bp-2024", "Organization/clinic"] {
        app.read(&tokens, path).await.ok();
    }
    let found = app.read(&tokens, "Patient").await.ids();
    assert!(["maria", "lena", "tom"].iter().all(|id| found.iter().any(|found| found == id)), "{found:?}");
    assert!(!app.post_search(&tokens, "Observation", &[("patient", "lena")]).await.found().is_empty());
    app.read(&tokens, "Patient/nobody").await.is_outcome(404, "not-found");
}

/// BACK-04, BACK-05, BACK-09, BACK-12, BACK-15, BACK-18: a token opens what it was asked for, and 403 is told of the rest.
#[tokio::test]
async fn back_12_a_token_opens_what_it_was_asked_for() {
    let app = SmartApp::on_wire("backend").await;
    let reads = app.alone("system/Patient.r").await;
    app.read(&reads, "Patient/maria").await.ok();
    for path in ["Patient", "Observation/maria-bp-2024", "Observation?patient=maria"] {
        let refused = app.read(&reads, path).await;
        assert_eq!(refused.is(403).bearer_challenge(), "insufficient_scope");
        refused.is_outcome(403, "forbidden");
    }
    // v1, and granular.
    let v1 = app.alone("system/Observation.read").await;
    assert_eq!(v1.scope, "system/Observation.read");
    app.read(&v1, "Observation/maria-bp-2024").await.ok();
    let granular = app.alone(&format!("system/Observation.rs?{LABORATORY}")).await;
    app.read(&granular, "Observation/maria-a1c-2023").await.ok();
    app.read(&granular, "Observation/maria-bp-2024").await.is(404);
    let found = app.read(&granular, "Observation?patient=maria").await.ids();
    assert!(found.contains(&"maria-a1c-2023".to_owned()) && !found.contains(&"maria-bp-2024".to_owned()));
    // No more than is registered and can be done.
    assert_eq!(app.alone("system/*.cruds").await.scope, "system/*.rs");
}

/// BACK-01, BACK-06, BACK-11: each thing that can be wrong with the request.
#[tokio::test]
async fn back_11_a_wrong_request_is_told_what_is_wrong() {
    let app = SmartApp::on_wire("backend").await;
    let good = || app.credentials("system/*.rs");
    good().without("scope").send().await.is_token_error(400, "invalid_request");
    for scope in
        ["patient/*.rs", "user/*.rs", "system/*.rs patient/*.rs", "openid", "system/*.sr", "__launch.create"]
    {
        good().set("scope", scope).send().await.is_token_error(400, "invalid_scope");
    }
    good().set("grant_type", "credentials").send().await.is_token_error(400, "unsupported_grant_type");
    good().set("client_assertion_type", "jwt").send().await.is_token_error(401, "invalid_client");
    good().set("client_assertion", "a.b.c").send().await.is_token_error(401, "invalid_client");
    good().without("client_assertion").send().await.is_token_error(401, "invalid_client");
    for (claim, value) in [
        ("aud", json!("https://elsewhere.example")),
        ("aud", json!(app.fhir_base())),
        ("iss", json!("another")),
        ("sub", json!("another")),
        ("exp", json!(app.now().as_unix() - 60)),
        ("exp", json!(app.now().as_unix() + 3600)),
        ("exp", Value::Null),
        ("jti", Value::Null),
    ] {
        let assertion = app.assertion().claim(claim, value).sign();
        good().set("client_assertion", &assertion).send().await.is_token_error(401, "invalid_client");
    }
    let once = good();
    app.tokens(&once.clone().send().await);
    once.send().await.is_token_error(401, "invalid_client");
    // A client with a secret gets what is no record, and no record.
    let introspector = app.as_client("introspector").await;
    introspector.credentials("system/*.rs").send().await.is_token_error(400, "invalid_scope");
    assert_eq!(introspector.alone("__token.introspect").await.expires_in, 300);
}

/// BACK-06: the client is not one that a user can be sent to.
#[tokio::test]
async fn back_06_it_cannot_ask_a_user() {
    let app = SmartApp::on_wire("backend").await;
    let asked = app.request("system/*.rs");
    let location = app.ask(&asked).await.is(303).location().to_owned();
    assert_eq!(asked.error_in(&location).0, "unauthorized_client");
}
