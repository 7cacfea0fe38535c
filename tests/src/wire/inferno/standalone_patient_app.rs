//! `g10_smart_standalone_patient_app`: a confidential client with a secret, full access for one patient; its request goes by GET.

use http::header::{ACCEPT, CONTENT_TYPE, ORIGIN as ORIGIN_HEADER};
use serde_json::Value;

use super::{
    ORIGIN, all_is_granted, is_open_to_the_kit, launched, openid_connect, patient_in_context,
    resource_access, scopes, step, token_refresh,
};
use crate::harness::{Choices, SmartApp};

/// What the kit asks for.
fn full_access() -> String {
    scopes("launch/patient openid fhirUser offline_access", "patient", "rs")
}

/// ONC-01: discovery, as a standalone app needs it.
#[tokio::test]
async fn smart_discovery_stu2_2() {
    let app = SmartApp::on_wire("inferno").await;
    let url = format!("{}/.well-known/smart-configuration", app.fhir_base());
    let get =
        |url: &str| app.target.get(url).header(ACCEPT, "application/json").header(ORIGIN_HEADER, ORIGIN);
    let configuration = step("well_known_endpoint", async {
        let answer = get(&url).send().await;
        assert!(answer.header(CONTENT_TYPE).starts_with("application/json"));
        answer.ok()
    })
    .await;
    let has = |field: &str, value: &str| {
        configuration[field].as_array().expect(field).iter().any(|listed| listed == value)
    };
    step("well_known_capabilities_stu2", async {
        for address in ["authorization_endpoint", "token_endpoint", "issuer", "jwks_uri"] {
            assert!(configuration[address].as_str().is_some_and(|url| url.starts_with("http")), "{address}");
        }
        assert!(has("grant_types_supported", "authorization_code"));
        assert!(has("code_challenge_methods_supported", "S256"));
        assert!(!has("code_challenge_methods_supported", "plain"));
        assert!(configuration["capabilities"].as_array().unwrap().iter().all(Value::is_string));
    })
    .await;
    step("g10_smart_well_known_capabilities", async {
        for capability in [
            "launch-standalone",
            "client-public",
            "client-confidential-symmetric",
            "client-confidential-asymmetric",
            "sso-openid-connect",
            "context-standalone-patient",
            "permission-offline",
            "permission-patient",
            "authorize-post",
            "permission-v2",
            "permission-v1",
        ] {
            assert!(has("capabilities", capability), "{capability}");
        }
    })
    .await;
    step("smart_cors_well_known_endpoint", async { is_open_to_the_kit(&get(&url).send().await) }).await;
    step("smart_cors_metadata_request", async {
        is_open_to_the_kit(get(&format!("{}/metadata", app.fhir_base())).send().await.is(200));
    })
    .await;
}

/// ONC-03, ONC-04, ONC-06, ONC-08, ONC-16: the launch, what it brings, and who may read the patient.
#[tokio::test]
async fn smart_standalone_launch_stu2_2() {
    let app = SmartApp::on_wire("inferno").await;
    let tokens = launched(&app, &full_access(), &Choices::of("maria")).await;
    all_is_granted(&tokens, &full_access()).await;
    patient_in_context(&app, &tokens).await;
    assert!(tokens.refresh_token.is_some());
}

/// ONC-06: the ID token of a patient, of a clinician and of a parent.
#[tokio::test]
async fn smart_openid_connect_stu2_2() {
    let app = SmartApp::on_wire("inferno").await;
    for (user, patient, resource_type) in
        [("maria", "maria", "Patient"), ("clara", "maria", "Practitioner"), ("paul", "tom", "RelatedPerson")]
    {
        let tokens = launched(&app, &full_access(), &Choices::of(user).patient(patient)).await;
        openid_connect::is_held_to(&app, &tokens, resource_type).await;
    }
}

/// ONC-07, ONC-09: with and without `scope`; and one that never was.
#[tokio::test]
async fn g10_token_refresh_stu2() {
    let app = SmartApp::on_wire("inferno").await;
    let tokens = launched(&app, &full_access(), &Choices::of("maria")).await;
    let tokens = token_refresh::is_held_to(&app, &tokens).await;
    token_refresh::invalid_token_is_refused(&app, &tokens).await;
}

/// ONC-05: with all scopes, a search of each type by the patient is 200.
#[tokio::test]
async fn g10_unrestricted_resource_type_access() {
    let app = SmartApp::on_wire("inferno").await;
    let tokens = launched(&app, &full_access(), &Choices::of("maria")).await;
    step("g10_unrestricted_resource_type_access", resource_access(&app, &tokens, |_| true)).await;
}
