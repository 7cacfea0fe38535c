//! `g10_public_standalone_launch`, `g10_asymmetric_launch`, `g10_smart_v1_scopes`: the other kinds of client, and the other
//! syntax of scopes.

use super::{launched, resource_access, scopes};
use crate::harness::{Choices, SmartApp};

/// ONC-02, ONC-08. A public client, and clients with RS384 and ES384 keys: a launch with a patient who can be read.
#[tokio::test]
async fn g10_public_and_asymmetric_launches() {
    for client_id in ["native", "web", "rs384", "es384"] {
        let app = SmartApp::on_wire(client_id).await;
        let all = scopes("launch/patient openid fhirUser offline_access", "patient", "rs");
        let tokens = launched(&app, &all, &Choices::of("maria")).await;
        assert_eq!(tokens.patient.as_deref(), Some("maria"));
        app.read(&tokens, "Patient/maria").await.is(200);
        assert!(tokens.refresh_token.is_some() && tokens.id_token.is_some());
    }
}

/// SCOPE-03. `g10_smart_scopes` with `scope_version` v1: v1 scopes are granted as such, and open the same.
#[tokio::test]
async fn g10_smart_v1_scopes() {
    let app = SmartApp::on_wire("inferno").await;
    let all = scopes("launch/patient openid fhirUser offline_access", "patient", "read");
    let tokens = launched(&app, &all, &Choices::of("maria")).await;
    for scope in all.split(' ') {
        assert!(tokens.scopes().contains(&scope), "{scope} is not in {}", tokens.scope);
    }
    resource_access(&app, &tokens, |_| true).await;
}
