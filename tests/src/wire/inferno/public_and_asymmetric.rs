//! `g10_public_standalone_launch_stu2_2`, `g10_asymmetric_launch_stu2_2`, `g10_smart_v1_scopes_stu2_2`: the other kinds of client, and the
//! other syntax of scopes.

use super::{all_is_granted, launched, patient_in_context, resource_access, scopes, step};
use crate::harness::{Choices, SmartApp};

/// ONC-02, ONC-08. A public client, and clients with RS384 and ES384 keys: a launch with a patient who can be read.
#[tokio::test]
async fn g10_public_and_asymmetric_launches() {
    for client_id in ["native", "web", "rs384", "es384"] {
        let app = SmartApp::on_wire(client_id).await;
        let all = scopes("launch/patient openid fhirUser offline_access", "patient", "rs");
        let tokens = launched(&app, &all, &Choices::of("maria")).await;
        assert_eq!(tokens.patient.as_deref(), Some("maria"));
        patient_in_context(&app, &tokens).await;
        if client_id == "native" {
            step("g10_public_launch_id_token", async { assert!(tokens.id_token.is_some()) }).await;
        }
        assert!(tokens.refresh_token.is_some() && tokens.id_token.is_some());
    }
}

/// ONC-04, SCOPE-03: v1 scopes are granted as such, and open the same.
#[tokio::test]
async fn g10_smart_v1_scopes() {
    let app = SmartApp::on_wire("inferno").await;
    let all = scopes("launch/patient openid fhirUser offline_access", "patient", "read");
    let tokens = launched(&app, &all, &Choices::of("maria")).await;
    all_is_granted(&tokens, &all).await;
    step("g10_unrestricted_resource_type_access", resource_access(&app, &tokens, |_| true)).await;
}
