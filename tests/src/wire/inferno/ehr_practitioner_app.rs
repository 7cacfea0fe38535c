//! `g10_smart_ehr_practitioner_app`: an app that a clinician opens from the EHR, with full access at the user's level.

use serde_json::{Value, json};

use super::{launched_by, scopes};
use crate::harness::{Browser, Choices, Ehr, SmartApp};

/// What the kit asks for.
fn full_access() -> String {
    scopes("launch openid fhirUser offline_access", "user", "rs")
}

/// ONC-01. `g10_smart_well_known_capabilities` of this group; CAP-22: and with the standalone apps' what US Core asks for.
#[tokio::test]
async fn g10_smart_ehr_capabilities() {
    let app = SmartApp::on_wire("inferno").await;
    let capabilities = app.metadata["capabilities"].as_array().unwrap();
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
}

/// ONC-02, ONC-03, ONC-04, ONC-06, ONC-08, ONC-16. `smart_ehr_launch_stu2_2` (`smart_app_launch`, `smart_launch_received`) with
/// `g10_smart_scopes`, `g10_unauthorized_access`, `g10_patient_context`, `g10_encounter_context`, `g10_smart_style_url`,
/// `g10_smart_need_patient_banner`, and `g10_smart_ehr_token_refresh`.
#[tokio::test]
async fn smart_ehr_launch_stu2_2() {
    let app = SmartApp::on_wire("inferno").await;
    let ehr = Ehr::of(&app.target).await;
    let context = json!({ "patient": "maria", "encounter": "maria-visit" });
    let launch = ehr.opens("inferno", context).await;
    let tokens = launched_by(&app, &app.launched(&full_access(), &launch), &Choices::of("clara")).await;
    for scope in full_access().split(' ') {
        assert!(tokens.scopes().contains(&scope), "{scope} is not in {}", tokens.scope);
    }
    app.target.get(&format!("{}/Patient/maria", app.fhir_base())).send().await.is(401);
    assert_eq!(tokens.json["patient"], "maria");
    assert_eq!(app.read(&tokens, "Patient/maria").await.ok()["resourceType"], "Patient");
    assert_eq!(tokens.json["encounter"], "maria-visit");
    assert_eq!(app.read(&tokens, "Encounter/maria-visit").await.ok()["resourceType"], "Encounter");
    assert!(tokens.json["need_patient_banner"].is_boolean());
    let style = tokens.json["smart_style_url"].as_str().expect("smart_style_url");
    assert!(app.target.get(style).send().await.ok().is_object());
    let claims = app.verified(tokens.id_token.as_deref().expect("id_token")).await;
    assert_eq!(claims["fhirUser"], format!("{}/Practitioner/clara", app.fhir_base()));
    let again = app.tokens(&app.refresh(&tokens).send().await);
    app.read(&again, "Patient/maria").await.is(200);
    for name in ["patient", "encounter", "need_patient_banner", "smart_style_url"] {
        assert_eq!(again.json[name], tokens.json[name], "{name}");
    }
}

/// ONC-07. `g10_smart_invalid_launch_param`: the app is sent no code.
#[tokio::test]
async fn g10_smart_invalid_launch_param() {
    let app = SmartApp::on_wire("inferno").await;
    let ehr = Ehr::of(&app.target).await;
    ehr.opens("inferno", json!({ "patient": "maria" })).await;
    let asked = app.launched(&full_access(), "INVALID_LAUNCH_PARAM");
    let url = app.authorize(&mut Browser::new(&app.target), &asked, &Choices::of("clara")).await;
    assert!(!url.contains("code="), "{url}");
    assert_ne!(asked.error_in(&url).0, "");
}

/// ONC-02, ONC-08. `g10_ehr_patient_launch` and its `_stu2` forms: `patient/` scopes in an EHR launch, in both syntaxes.
#[tokio::test]
async fn g10_ehr_patient_launch() {
    let app = SmartApp::on_wire("inferno").await;
    let ehr = Ehr::of(&app.target).await;
    for access in ["rs", "read"] {
        let launch = ehr.opens("inferno", json!({ "patient": "lena" })).await;
        let asked = scopes("launch openid fhirUser offline_access", "patient", access);
        let tokens = launched_by(&app, &app.launched(&asked, &launch), &Choices::of("clara")).await;
        assert_eq!(tokens.json["patient"], Value::from("lena"));
        app.read(&tokens, "Patient/lena").await.is(200);
        app.read(&tokens, "Patient/maria").await.is(404);
    }
}
