//! `g10_token_refresh_stu2`, `g10_smart_ehr_token_refresh`: a refresh without scopes and one with them, and the patient read with the new
//! token.

use super::{step, token_response_body, token_response_headers};
use crate::harness::{Answer, SmartApp, Tokens};

/// Refreshes twice, and returns the last tokens.
pub(super) async fn is_held_to(app: &SmartApp, tokens: &Tokens) -> Tokens {
    let answer = step("g10_token_refresh_without_scopes", async { app.refresh(tokens).send().await }).await;
    let again = step("g10_token_refresh_body_without_scopes", async { body(app, tokens, &answer) }).await;
    step("g10_patient_context", reads_the_patient(app, &again)).await;
    let answer = step("g10_token_refresh_with_scopes", async {
        app.refresh(&again).set("scope", &tokens.scope).send().await
    })
    .await;
    let again = step("g10_token_refresh_body_with_scopes", async { body(app, tokens, &answer) }).await;
    step("g10_patient_context", reads_the_patient(app, &again)).await;
    again
}

fn body(app: &SmartApp, before: &Tokens, answer: &Answer) -> Tokens {
    token_response_body(&answer.ok());
    token_response_headers(answer);
    let again = app.tokens(answer);
    assert!(again.scopes().iter().all(|scope| before.scopes().contains(scope)), "{}", again.scope);
    for name in ["patient", "encounter", "need_patient_banner", "smart_style_url"] {
        assert_eq!(again.json[name], before.json[name], "{name}");
    }
    again
}

async fn reads_the_patient(app: &SmartApp, tokens: &Tokens) {
    let patient = tokens.json["patient"].as_str().expect("patient");
    app.read(tokens, &format!("Patient/{patient}")).await.is(200);
}

/// A refresh token that never was.
pub(super) async fn invalid_token_is_refused(app: &SmartApp, tokens: &Tokens) {
    step("g10_invalid_token_refresh", async {
        let unknown = "2f6ad9a0-5f0e-4b0e-9d6f-000000000000";
        let answer = app.refresh(tokens).set("refresh_token", unknown).send().await;
        assert!([400, 401].contains(&answer.status), "{}", answer.status);
    })
    .await;
}
