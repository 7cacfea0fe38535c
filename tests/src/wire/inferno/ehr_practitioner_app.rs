//! `g10_smart_ehr_practitioner_app`: an app that a clinician opens from the EHR, with full access at the user's level; its request goes
//! by POST.

use http::Method;
use serde_json::json;

use super::{all_is_granted, launched_by, openid_connect, patient_in_context, scopes, step, token_refresh};
use crate::harness::{Browser, Choices, Ehr, SmartApp, Tokens};

/// What the kit asks for.
fn full_access() -> String {
    scopes("launch openid fhirUser offline_access", "user", "rs")
}

/// The kit's launch of an EHR, with Maria and her visit in context.
async fn launched_from_the_ehr(app: &SmartApp) -> Tokens {
    let ehr = Ehr::of(&app.target).await;
    let context = json!({ "patient": "maria", "encounter": "maria-visit" });
    // That the app's URL has `iss` and `launch` is asserted there.
    let launch = step("smart_launch_received", ehr.opens("inferno", context)).await;
    let asked = app.launched(&full_access(), &launch);
    launched_by(app, &Method::POST, &asked, &Choices::of("clara")).await
}

/// ONC-01. CAP-22: and with the standalone apps' what US Core asks for.
#[tokio::test]
async fn g10_smart_ehr_capabilities() {
    let app = SmartApp::on_wire("inferno").await;
    let capabilities = app.metadata["capabilities"].as_array().unwrap();
    step("g10_smart_well_known_capabilities", async {
        for capability in [
            "launch-ehr",
            "client-confidential-symmetric",
            "client-confidential-asymmetric",
            "sso-openid-connect",
            "context-banner",
            "context-style",
            "client-public",
            "context-ehr-patient",
            "context-ehr-encounter",
            "launch-standalone",
            "context-standalone-patient",
            "permission-patient",
            "permission-offline",
            "permission-user",
            "authorize-post",
            "permission-v2",
            "permission-v1",
        ] {
            assert!(capabilities.contains(&json!(capability)), "{capability}");
        }
    })
    .await;
}

/// ONC-02, ONC-03, ONC-04, ONC-06, ONC-08, ONC-16: the launch, by POST, and all the context that it brings.
#[tokio::test]
async fn smart_ehr_launch_stu2_2() {
    let app = SmartApp::on_wire("inferno").await;
    let tokens = launched_from_the_ehr(&app).await;
    all_is_granted(&tokens, &full_access()).await;
    assert_eq!(tokens.json["patient"], "maria");
    patient_in_context(&app, &tokens).await;
    step("g10_encounter_context_us_core_7", async {
        assert_eq!(tokens.json["encounter"], "maria-visit");
        assert_eq!(app.read(&tokens, "Encounter/maria-visit").await.ok()["resourceType"], "Encounter");
    })
    .await;
    step("g10_smart_style_url", async {
        let style = tokens.json["smart_style_url"].as_str().expect("smart_style_url");
        assert!(app.target.get(style).send().await.ok().is_object());
    })
    .await;
    step("g10_smart_need_patient_banner", async {
        assert!(tokens.json["need_patient_banner"].is_boolean());
    })
    .await;
}

/// ONC-06: the clinician's ID token.
#[tokio::test]
async fn smart_ehr_openid_connect() {
    let app = SmartApp::on_wire("inferno").await;
    let tokens = launched_from_the_ehr(&app).await;
    openid_connect::is_held_to(&app, &tokens, "Practitioner").await;
}

/// ONC-06, ONC-09: with and without `scope`, and the context of the launch each time.
#[tokio::test]
async fn g10_smart_ehr_token_refresh() {
    let app = SmartApp::on_wire("inferno").await;
    let tokens = launched_from_the_ehr(&app).await;
    let tokens = token_refresh::is_held_to(&app, &tokens).await;
    token_refresh::invalid_token_is_refused(&app, &tokens).await;
}

/// ONC-07: the app is sent no code.
#[tokio::test]
async fn g10_smart_invalid_launch_param() {
    let app = SmartApp::on_wire("inferno").await;
    let ehr = Ehr::of(&app.target).await;
    ehr.opens("inferno", json!({ "patient": "maria" })).await;
    step("g10_smart_invalid_launch_param", async {
        let asked = app.launched(&full_access(), "INVALID_LAUNCH_PARAM");
        let url = app.authorize(&mut Browser::new(&app.target), &asked, &Choices::of("clara")).await;
        assert!(!url.contains("code="), "{url}");
        assert_ne!(asked.error_in(&url).0, "");
    })
    .await;
}

/// ONC-02, ONC-08: `patient/` scopes in an EHR launch, in both syntaxes.
#[tokio::test]
async fn g10_ehr_patient_launch() {
    let app = SmartApp::on_wire("inferno").await;
    let ehr = Ehr::of(&app.target).await;
    for access in ["rs", "read"] {
        let launch = step("smart_launch_received", ehr.opens("inferno", json!({ "patient": "lena" }))).await;
        let asked = scopes("launch openid fhirUser offline_access", "patient", access);
        let request = app.launched(&asked, &launch);
        let tokens = launched_by(&app, &Method::GET, &request, &Choices::of("clara")).await;
        all_is_granted(&tokens, &asked).await;
        assert_eq!(tokens.json["patient"], "lena");
        patient_in_context(&app, &tokens).await;
        app.read(&tokens, "Patient/maria").await.is(404);
    }
}
