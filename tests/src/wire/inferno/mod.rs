//! A replica of the official Inferno sequences, as far as they are about SMART: the ONC Certification (g)(10) Test Kit 8.0.0 and
//! the SMART App Launch Test Kit for 2.2.
//!
//! **The official kits were not run.** These tests are written anew in the words of this suite: they send what the kits send and
//! assert what the kits assert, and the comments name the kits' own test ids. What a kit checks by TLS handshakes, by attestation
//! or against US Core profiles is not here.
//!
//! | file | group of the kits |
//! |---|---|
//! | `standalone_patient_app` | `g10_smart_standalone_patient_app` |
//! | `ehr_practitioner_app` | `g10_smart_ehr_practitioner_app`, `g10_smart_invalid_launch_param`, `g10_ehr_patient_launch` |
//! | `limited_app` | `g10_smart_limited_app`, `g10_smart_granular_scope_selection` |
//! | `public_and_asymmetric` | `g10_public_standalone_launch`, `g10_asymmetric_launch`, `g10_smart_v1_scopes` |
//! | `backend_services` | `backend_services_authorization` |
//! | `token_introspection`, `token_revocation` | `g10_token_introspection_stu2_2`, `g10_token_revocation` |
//! | `errors` | `g10_smart_invalid_aud`, `g10_smart_invalid_token_request_stu2`, `g10_smart_invalid_pkce_code_verifier_group` |

mod backend_services;
mod ehr_practitioner_app;
mod errors;
mod limited_app;
mod public_and_asymmetric;
mod standalone_patient_app;
mod token_introspection;
mod token_revocation;

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, PRAGMA};
use serde_json::Value;

use crate::harness::smart_app::Asked;
use crate::harness::{Answer, Browser, Choices, SmartApp, Tokens};

/// The origin of the kit's pages.
const ORIGIN: &str = "https://inferno.example";

/// The types of the kit's default scopes.
const TYPES: [&str; 20] = [
    "Medication",
    "AllergyIntolerance",
    "CarePlan",
    "CareTeam",
    "Condition",
    "Device",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "Goal",
    "Immunization",
    "Location",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "Procedure",
    "Provenance",
    "PractitionerRole",
];

/// The kit's default scopes, in the syntax of SMART 1 (`read`) or 2 (`rs`).
fn scopes(identity: &str, level: &str, access: &str) -> String {
    let resources: Vec<String> = TYPES.iter().map(|name| format!("{level}/{name}.{access}")).collect();
    format!("{identity} {}", resources.join(" "))
}

/// What the kit calls a launch: `smart_app_redirect_stu2`, `smart_code_received`, `smart_token_exchange_stu2_2`,
/// `smart_token_response_body_stu2_2`, `smart_token_response_headers`, `smart_cors_token_exchange`.
async fn launched(app: &SmartApp, scope: &str, choices: &Choices<'_>) -> Tokens {
    launched_by(app, &app.request(scope), choices).await
}

/// The same with a request that may have a launch in it.
async fn launched_by(app: &SmartApp, asked: &Asked, choices: &Choices<'_>) -> Tokens {
    let code = app.code(&mut Browser::new(&app.target), asked, choices).await;
    let answer = app.exchange(asked, &code).call().header(http::header::ORIGIN, ORIGIN).send().await;
    let tokens = app.tokens(&answer);
    token_response_body(&answer.ok(), true);
    token_response_headers(&answer);
    let allowed = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN);
    assert!(allowed == ORIGIN || allowed == "*", "smart_cors_token_exchange: {allowed}");
    tokens
}

/// `smart_token_response_body_stu2_2`, `smart_token_refresh_body`: fields that are there, and their types.
fn token_response_body(body: &Value, has_scope: bool) {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    assert!(!text("access_token").is_empty());
    assert!(text("token_type").eq_ignore_ascii_case("bearer"));
    assert!(body["expires_in"].is_number());
    assert_eq!(has_scope, !text("scope").is_empty());
    for name in ["refresh_token", "id_token", "patient", "encounter"] {
        assert!(body[name].is_null() || body[name].is_string(), "{name}");
    }
}

/// `smart_token_response_headers`, `smart_token_refresh_headers`.
fn token_response_headers(answer: &Answer) {
    assert!(answer.header(CACHE_CONTROL).to_lowercase().contains("no-store"));
    assert!(answer.header(PRAGMA).to_lowercase().contains("no-cache"));
}

/// `g10_resource_access_test`: the first search that US Core names for each type. Which types are granted decides.
async fn resource_access(app: &SmartApp, tokens: &Tokens, is_granted: impl Fn(&str) -> bool) {
    let patient = tokens.patient.as_deref().expect("patient");
    for (resource_type, more) in [
        ("AllergyIntolerance", ""),
        ("CarePlan", "&category=assess-plan"),
        ("CareTeam", "&status=active"),
        ("Condition", ""),
        ("Device", ""),
        ("DiagnosticReport", "&category=LAB"),
        ("DocumentReference", ""),
        ("Encounter", ""),
        ("Goal", ""),
        ("Immunization", ""),
        ("MedicationRequest", "&intent=order"),
        ("Observation", "&code=2708-6,59408-5"),
        ("Procedure", ""),
    ] {
        let answer = app.read(tokens, &format!("{resource_type}?patient={patient}{more}")).await;
        if is_granted(resource_type) {
            answer.is(200);
        } else {
            assert!([401, 403].contains(&answer.status), "{resource_type}: {}", answer.status);
        }
    }
    let answer = app.read(tokens, &format!("Patient?_id={patient}")).await;
    assert_eq!(answer.status == 200, is_granted("Patient"), "{}", answer.status);
}
