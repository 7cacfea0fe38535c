//! SMART App Launch 2.2, "Conformance": `.well-known/smart-configuration`.

use http::Method;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{Browser, Choices, Ehr, SmartApp, Target};

fn names(document: &Value, name: &str) -> Vec<String> {
    serde_json::from_value(document[name].clone()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// DISC-01, DISC-02, DISC-05: below the FHIR base, JSON whatever is accepted, without a token.
#[tokio::test]
async fn disc_01_02_the_document_is_json_below_the_fhir_base() {
    let server = Target::wire().await;
    let url = format!("{}/.well-known/smart-configuration", server.url().fhir_base());
    for accept in
        [None, Some("*/*"), Some("text/html"), Some("application/fhir+xml"), Some("application/fhir+json")]
    {
        let call = server.get(&url);
        let answer = accept.map_or(server.get(&url), |accept| call.header(ACCEPT, accept)).send().await;
        let media_type = answer.header(CONTENT_TYPE).split(';').next().unwrap_or_default();
        assert_eq!(media_type, "application/json", "{accept:?}");
        assert!(answer.ok().is_object());
    }
    // The segment does not belong to the root of the host.
    server.get(&format!("{}/.well-known/smart-configuration", server.url().issuer())).send().await.is(404);
}

/// DISC-03, DISC-07 to DISC-11: every address is absolute and on this server; the endpoints are all there.
#[tokio::test]
async fn disc_03_every_address_is_absolute() {
    let app = SmartApp::on_wire("web").await;
    for name in ["issuer", "jwks_uri", "authorization_endpoint", "token_endpoint"] {
        assert!(app.metadata[name].is_string(), "{name}");
    }
    for (name, value) in app.metadata.as_object().unwrap() {
        if ["_endpoint", "_uri", "_bundle"].iter().any(|end| name.ends_with(end)) || name == "issuer" {
            let url = Url::parse(value.as_str().unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(url.as_str().starts_with(app.target.url().issuer()), "{name}: {url}");
        }
    }
    assert_eq!(app.issuer(), app.target.url().issuer());
}

/// DISC-08, SEC-15, OIDC-02, OIDC-13: the key set is there, of bare public keys, each with its name, use and algorithm.
#[tokio::test]
async fn disc_08_the_key_set_is_public() {
    let app = SmartApp::on_wire("web").await;
    let answer = app.target.get(app.endpoint("jwks_uri")).send().await;
    let keys = answer.ok();
    answer.is_open_to_all_origins();
    let keys = keys["keys"].as_array().filter(|keys| !keys.is_empty()).expect("keys");
    for key in keys {
        let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!((&key["use"], &key["kty"], &key["alg"]), (&json!("sig"), &json!("RSA"), &json!("RS256")));
    }
}

/// DISC-06: pages of any origin may read it, and a preflight needs no token.
#[tokio::test]
async fn disc_06_browser_apps_may_read_it() {
    let server = Target::wire().await;
    for path in [
        "/fhir/.well-known/smart-configuration",
        "/fhir/metadata",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/jwks.json",
    ] {
        let answer = server.get(path).header("origin", "https://app.example").send().await;
        answer.is(200).is_open_to_all_origins();
        let preflight = server.call(Method::OPTIONS, path).header("origin", "https://app.example");
        let preflight = preflight.header("access-control-request-method", "GET");
        let answer = preflight.header("access-control-request-headers", "authorization").send().await;
        answer.is(204).is_open_to_all_origins();
    }
}

/// DISC-04, DISC-10, DISC-12, DISC-13, DISC-20, DISC-25, DISC-26, USC-01: it says what works, and no more.
#[tokio::test]
async fn disc_04_it_says_what_works() {
    let app = SmartApp::on_wire("web").await;
    let said = |name: &str| names(&app.metadata, name);
    assert_eq!(said("grant_types_supported"), ["authorization_code", "client_credentials"]);
    assert_eq!(said("response_types_supported"), ["code"]);
    assert_eq!(said("code_challenge_methods_supported"), ["S256"]);
    assert_eq!(
        said("token_endpoint_auth_methods_supported"),
        ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    );
    assert_eq!(said("token_endpoint_auth_signing_alg_values_supported"), ["RS384", "ES384"]);
    // That each is so is the matter of `capability_truth`.
    assert_eq!(
        said("capabilities"),
        [
            "launch-ehr",
            "launch-standalone",
            "authorize-post",
            "client-public",
            "client-confidential-symmetric",
            "client-confidential-asymmetric",
            "sso-openid-connect",
            "context-banner",
            "context-style",
            "context-ehr-patient",
            "context-ehr-encounter",
            "context-standalone-patient",
            "context-standalone-encounter",
            "permission-offline",
            "permission-online",
            "permission-patient",
            "permission-user",
            "permission-v1",
            "permission-v2",
        ]
    );
}

/// DISC-14, DISC-15, DISC-21, DISC-22, DISC-23: what is not there is not announced; the others are, and whatever is announced answers.
#[tokio::test]
async fn disc_14_to_23_announced_endpoints_answer() {
    let app = SmartApp::on_wire("web").await;
    for absent in ["smart_app_state_endpoint", "registration_endpoint", "associated_endpoints"] {
        assert!(app.metadata.get(absent).is_none(), "{absent}");
    }
    for there in ["introspection_endpoint", "revocation_endpoint", "management_endpoint"] {
        assert!(app.metadata[there].is_string(), "{there}");
    }
    for (name, value) in app.metadata.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_bundle") {
            let answer = app.target.get(value.as_str().unwrap()).send().await;
            assert_ne!(answer.status, 404, "{name}");
        }
    }
}

/// DISC-24, DISC-27, CAP-01, CAP-02, CAP-03, CAP-04, CAP-05: capabilities are strings that SMART defines, and make up all four sets.
#[tokio::test]
async fn cap_01_all_four_capability_sets_are_complete() {
    let app = SmartApp::on_wire("web").await;
    let capabilities = names(&app.metadata, "capabilities");
    let has = |name: &str| capabilities.iter().any(|capability| capability == name);
    for (set, members) in [
        (
            "patient, standalone",
            &["launch-standalone", "client-public", "context-standalone-patient", "permission-patient"][..],
        ),
        ("patient, EHR", &["launch-ehr", "client-public", "context-ehr-patient", "permission-patient"]),
        (
            "clinician, standalone",
            &["launch-standalone", "client-confidential-symmetric", "permission-user", "permission-patient"],
        ),
        (
            "clinician, EHR",
            &[
                "launch-ehr",
                "client-confidential-symmetric",
                "context-ehr-patient",
                "context-ehr-encounter",
                "permission-user",
                "permission-patient",
            ],
        ),
    ] {
        assert!(members.iter().all(|member| has(member)), "{set}");
    }
    let defined = [
        "launch-",
        "authorize-post",
        "client-",
        "sso-openid-connect",
        "context-",
        "permission-",
        "smart-app-state",
    ];
    for capability in &capabilities {
        assert!(defined.iter().any(|known| capability.starts_with(known)) || Url::parse(capability).is_ok());
    }
}

/// What US Core asks a server to list at each level, whole types and categories (USC-05), what it would like (USC-08), and the types
/// that it leaves open (USC-07).
const US_CORE: [&str; 36] = [
    "AllergyIntolerance.rs",
    "CarePlan.rs",
    "CareTeam.rs",
    "Condition.rs",
    "Coverage.rs",
    "Device.rs",
    "DiagnosticReport.rs",
    "DocumentReference.rs",
    "Encounter.rs",
    "FamilyMemberHistory.rs",
    "Goal.rs",
    "Immunization.rs",
    "MedicationDispense.rs",
    "MedicationRequest.rs",
    "Observation.rs",
    "Organization.rs",
    "Patient.rs",
    "Practitioner.rs",
    "PractitionerRole.rs",
    "Procedure.rs",
    "Provenance.rs",
    "QuestionnaireResponse.rs",
    "RelatedPerson.rs",
    "ServiceRequest.rs",
    "Specimen.rs",
    "Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
    "Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs",
    "Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|social-history",
    "Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|survey",
    "Observation.rs?category=http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh",
    "Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|encounter-diagnosis",
    "Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item",
    "Condition.rs?category=http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern",
    "DocumentReference.rs?category=http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category|clinical-note",
    "Location.rs",
    "Medication.rs",
];

/// DISC-19, USC-03, USC-05, USC-06, USC-07, USC-08, SCOPE-14: every scope that is listed is granted to who is registered for it;
/// those of US Core are among them.
#[tokio::test]
async fn disc_19_every_listed_scope_is_granted() {
    let app = SmartApp::on_wire("web").await;
    let listed = names(&app.metadata, "scopes_supported");
    for level in ["patient", "user", "system"] {
        for scope in US_CORE {
            assert!(listed.contains(&format!("{level}/{scope}")), "{level}/{scope}");
        }
    }
    // BACK-02: what a client has without a user.
    let (alone, mut listed): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|scope| scope.starts_with("system/"));
    assert!(alone.contains(&"system/*.rs".to_owned()) && alone.contains(&"system/Patient.rs".to_owned()));
    let backend = app.as_client("backend").await;
    for some in alone.chunks(20) {
        assert_eq!(backend.alone(&some.join(" ")).await.scope, some.join(" "));
    }
    // Of both kinds of refresh tokens the first is granted.
    listed.retain(|scope| scope != "online_access");
    let launch =
        Ehr::of(&app.target).await.opens("web", serde_json::json!({ "encounter": "maria-visit" })).await;
    let asked = app.launched(&listed.join(" "), &launch);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    listed.sort_unstable();
    assert_eq!(tokens.scopes(), listed);
}

/// DISC-28: names of headers in any case.
#[tokio::test]
async fn disc_28_header_names_have_no_case() {
    let server = Target::wire().await;
    let etag = server.get("/fhir/.well-known/smart-configuration").send().await.header(ETAG).to_owned();
    for name in ["If-None-Match", "IF-NONE-MATCH", "if-none-match"] {
        let request = format!(
            "GET /fhir/.well-known/smart-configuration HTTP/1.1\r\nhost: x\r\n{name}: {etag}\r\nCONNECTION: close\r\n\r\n"
        );
        let said = server.raw(request.as_bytes()).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 304 "), "{name}: {said}");
    }
}

/// DISC-30, CAPST-07: it may be kept for a while, and is known by its tag.
#[tokio::test]
async fn disc_30_it_may_be_kept_and_is_known_by_its_tag() {
    let server = Target::wire().await;
    for path in ["/fhir/.well-known/smart-configuration", "/.well-known/jwks.json", "/fhir/metadata"] {
        let answer = server.get(path).send().await;
        let caching = answer.is(200).header(CACHE_CONTROL);
        assert!(caching.starts_with("public, max-age="), "{caching}");
        let etag = answer.header(ETAG);
        assert!(etag.len() > 4, "{etag}");
        let known = server.get(path).header(IF_NONE_MATCH, etag).send().await;
        assert!(known.is(304).body.is_empty());
        assert_eq!(known.header(ETAG), etag);
        server.get(path).header(IF_NONE_MATCH, "\"another\"").send().await.is(200);
    }
}
