//! A replica of the official Inferno sequences, as far as they are about SMART: the ONC Certification (g)(10) Test Kit 8.0.0 and
//! the SMART App Launch Test Kit for 2.2.
//!
//! **The official kits were not run.** These tests are written anew in the words of this suite: they send what the kits send and
//! assert what the kits assert. Each [`step`] has the id that the kits give to the same test, or to its group where the test has
//! none; docs/conformance.md lists them, and says what is not here.
//!
//! | file | group of the kits |
//! |---|---|
//! | `standalone_patient_app` | `g10_smart_standalone_patient_app` |
//! | `ehr_practitioner_app` | `g10_smart_ehr_practitioner_app`, `g10_smart_invalid_launch_param`, `g10_ehr_patient_launch_stu2_2` |
//! | `limited_app` | `g10_smart_limited_app`, `g10_smart_granular_scope_selection` |
//! | `fine_grained_scopes` | `g10_us_core_7_smart_fine_grained_scopes_stu2_2` |
//! | `public_and_asymmetric` | `g10_public_standalone_launch_stu2_2`, `g10_asymmetric_launch_stu2_2`, `g10_smart_v1_scopes_stu2_2` |
//! | `backend_services` | `backend_services_authorization` |
//! | `token_introspection`, `token_revocation` | `g10_token_introspection_stu2_2`, `g10_token_revocation` |
//! | `errors` | `g10_smart_invalid_aud`, `g10_smart_invalid_token_request_stu2_2`, `g10_smart_invalid_pkce_code_verifier_group_stu2_2` |
//! | `access_brands` | `smart_access_brands` |
//! | `openid_connect`, `token_refresh` | what several of these groups hold: `smart_openid_connect_stu2_2`, `g10_token_refresh_stu2` |

mod access_brands;
mod backend_services;
mod ehr_practitioner_app;
mod errors;
mod fine_grained_scopes;
mod limited_app;
mod openid_connect;
mod public_and_asymmetric;
mod standalone_patient_app;
mod token_introspection;
mod token_refresh;
mod token_revocation;

use http::Method;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, ORIGIN as ORIGIN_HEADER, PRAGMA};
use serde_json::Value;

use crate::harness::smart_app::{Asked, walk};
use crate::harness::target::encode;
use crate::harness::{Answer, Browser, Choices, SmartApp, Tokens};

/// The origin of the kit's pages.
const ORIGIN: &str = "https://inferno.example";

/// A test of the kits: what fails in it says which.
async fn step<T>(id: &'static str, asserts: impl Future<Output = T>) -> T {
    struct Named(&'static str);
    impl Drop for Named {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("in the kits: {}", self.0);
            }
        }
    }
    let _named = Named(id);
    Box::pin(asserts).await
}

/// Whether the kits' pages may read an answer.
fn is_open_to_the_kit(answer: &Answer) {
    let allowed = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN);
    assert!(allowed == ORIGIN || allowed == "*", "{allowed}");
}

/// The types of the kits' default scopes, and those that US Core 7 has besides.
const TYPES: [&str; 26] = [
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
    "Coverage",
    "MedicationDispense",
    "QuestionnaireResponse",
    "RelatedPerson",
    "ServiceRequest",
    "Specimen",
];

/// Scopes for all of them, in the syntax of SMART 1 (`read`) or 2 (`rs`).
fn scopes(identity: &str, level: &str, access: &str) -> String {
    let resources: Vec<String> = TYPES.iter().map(|name| format!("{level}/{name}.{access}")).collect();
    format!("{identity} {}", resources.join(" "))
}

/// A launch, whose request goes by GET.
async fn launched(app: &SmartApp, scope: &str, choices: &Choices<'_>) -> Tokens {
    launched_by(app, &Method::GET, &app.request(scope), choices).await
}

/// The same with a request that may have a launch in it, and goes by GET or by POST.
async fn launched_by(app: &SmartApp, method: &Method, asked: &Asked, choices: &Choices<'_>) -> Tokens {
    launched_in(app, &mut Browser::new(&app.target), method, asked, choices).await
}

async fn launched_in(
    app: &SmartApp,
    browser: &mut Browser,
    method: &Method,
    asked: &Asked,
    choices: &Choices<'_>,
) -> Tokens {
    let left = step("smart_app_redirect_stu2", async {
        let shown = if *method == Method::POST {
            browser.post(app.endpoint("authorization_endpoint"), encode(&asked.parameters)).await
        } else {
            browser.open(&app.url_of(asked)).await
        };
        walk(browser, shown, choices).await
    })
    .await;
    let code = step("smart_code_received", async { asked.code_in(&left) }).await;
    let (answer, tokens) = step("smart_token_exchange_stu2_2", async {
        let answer = app.exchange(asked, &code).call().header(ORIGIN_HEADER, ORIGIN).send().await;
        let tokens = app.tokens(&answer);
        (answer, tokens)
    })
    .await;
    step("smart_token_response_body_stu2_2", async { token_response_body(&answer.ok()) }).await;
    step("smart_token_response_headers", async { token_response_headers(&answer) }).await;
    step("smart_cors_token_exchange", async { is_open_to_the_kit(&answer) }).await;
    tokens
}

/// Fields that are there, and their types.
fn token_response_body(body: &Value) {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    assert!(!text("access_token").is_empty());
    assert!(text("token_type").eq_ignore_ascii_case("bearer"));
    assert!(body["expires_in"].is_number());
    assert!(!text("scope").is_empty());
    for name in ["refresh_token", "id_token", "patient", "encounter"] {
        assert!(body[name].is_null() || body[name].is_string(), "{name}");
    }
}

fn token_response_headers(answer: &Answer) {
    assert!(answer.header(CACHE_CONTROL).to_lowercase().contains("no-store"));
    assert!(answer.header(PRAGMA).to_lowercase().contains("no-cache"));
}

/// All that was asked for is granted, and in the same syntax.
async fn all_is_granted(tokens: &Tokens, asked: &str) {
    step("g10_smart_scopes", async {
        for scope in asked.split(' ') {
            assert!(tokens.scopes().contains(&scope), "{scope} is not in {}", tokens.scope);
        }
    })
    .await;
}

/// Without the token nothing is read (exactly 401), and with it the patient in context is.
async fn patient_in_context(app: &SmartApp, tokens: &Tokens) {
    let patient = format!("Patient/{}", tokens.json["patient"].as_str().expect("patient"));
    step("g10_unauthorized_access", async {
        app.target.get(&format!("{}/{patient}", app.fhir_base())).send().await.is(401);
    })
    .await;
    step("g10_patient_context", async {
        assert_eq!(app.read(tokens, &patient).await.ok()["resourceType"], "Patient");
    })
    .await;
}

/// `g10_resource_access_test`, `g10_restricted_access_test`: the first search that US Core 7 names for each type. Which types are granted
/// decides. The kit's search of Location, by name, is not here: no string is searched for (SRCH-23).
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
        ("ServiceRequest", ""),
        ("Coverage", ""),
        ("MedicationDispense", ""),
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
