//! `backend_services_authorization` of the SMART App Launch Test Kit, which (g)(10) runs too.

use super::token_response_body;
use crate::harness::SmartApp;

/// ONC-12, REFR-20, BACK-01, BACK-07, BACK-11. `smart_backend_services_invalid_grant_type`,
/// `smart_backend_services_invalid_client_assertion`, `smart_backend_services_invalid_jwt`,
/// `smart_backend_services_auth_request_success`, `smart_backend_services_auth_response_body`.
#[tokio::test]
async fn backend_services_authorization() {
    let app = SmartApp::on_wire("backend").await;
    let request = || app.credentials("system/*.rs");
    request().set("grant_type", "not_a_grant_type").send().await.is(400);
    let answer = request().set("client_assertion_type", "not_an_assertion_type").send().await;
    assert!([400, 401].contains(&answer.status), "{}", answer.status);
    // Whoever signs for somebody else.
    let foreign = app.assertion().claim("iss", "not_a_iss").claim("sub", "not_a_iss").sign();
    let answer = request().set("client_assertion", &foreign).send().await;
    assert!([400, 401].contains(&answer.status), "{}", answer.status);
    let answer = request().send().await;
    token_response_body(&answer.ok(), true);
    assert_eq!(answer.ok()["refresh_token"], serde_json::Value::Null);
    let tokens = app.tokens(&answer);
    app.read(&tokens, "Patient/maria").await.is(200);
}
