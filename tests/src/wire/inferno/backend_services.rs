//! `backend_services_authorization` of the SMART App Launch Test Kit, which (g)(10) runs too.

use super::{step, token_response_body};
use crate::harness::SmartApp;

/// ONC-12, REFR-20, BACK-01, BACK-05, BACK-07, BACK-11.
#[tokio::test]
async fn backend_services_authorization() {
    let app = SmartApp::on_wire("backend").await;
    let request = || app.credentials("system/*.rs");
    step("smart_backend_services_invalid_grant_type", async {
        request().set("grant_type", "not_a_grant_type").send().await.is(400);
    })
    .await;
    step("smart_backend_services_invalid_client_assertion", async {
        let answer = request().set("client_assertion_type", "not_an_assertion_type").send().await;
        assert!([400, 401].contains(&answer.status), "{}", answer.status);
    })
    .await;
    // Whoever signs for somebody else. The kit is content with the status; the procedure asks for `invalid_client` (AUT-SYS-7).
    step("smart_backend_services_invalid_jwt", async {
        let foreign = app.assertion().claim("iss", "not_a_iss").claim("sub", "not_a_iss").sign();
        let answer = request().set("client_assertion", &foreign).send().await;
        assert!([400, 401].contains(&answer.status), "{}", answer.status);
        answer.is_token_error(401, "invalid_client");
    })
    .await;
    let answer = step("smart_backend_services_auth_request_success", async { request().send().await }).await;
    step("smart_backend_services_auth_response_body", async {
        token_response_body(&answer.ok());
        assert_eq!(answer.ok()["refresh_token"], serde_json::Value::Null);
    })
    .await;
    let tokens = app.tokens(&answer);
    app.read(&tokens, "Patient/maria").await.is(200);
    // The procedure's AUT-SYS-8: no more than was registered.
    assert_eq!(app.alone("system/*.cruds").await.scope, "system/*.rs");
}
