//! `g10_token_revocation`: what a patient takes back is taken back within an hour. Here at once, by each of the ways there are.

use super::launched;
use crate::harness::{Choices, SmartApp};

/// ONC-10, REVOKE-01, REVOKE-05. The app gives its token back: the patient cannot be read any more, and the refresh fails.
#[tokio::test]
async fn g10_token_revocation() {
    let app = SmartApp::on_wire("inferno").await;
    let scope = "launch/patient openid fhirUser offline_access patient/Patient.rs";
    let tokens = launched(&app, scope, &Choices::of("maria")).await;
    app.read(&tokens, "Patient/maria").await.is(200);
    app.revokes(tokens.refresh_token.as_deref().unwrap()).await;
    let read = app.read(&tokens, "Patient/maria").await;
    assert!([401, 403, 404].contains(&read.status), "{}", read.status);
    let refresh = app.refresh(&tokens).send().await;
    assert!([400, 401].contains(&refresh.status), "{}", refresh.status);
}
