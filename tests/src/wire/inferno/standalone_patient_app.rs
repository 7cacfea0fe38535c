//! `g10_smart_standalone_patient_app`: a confidential client with a secret, full access for one patient.

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use serde_json::Value;

use super::{ORIGIN, launched, resource_access, scopes, token_response_body, token_response_headers};
use crate::harness::keys::jwt_parts;
use crate::harness::{Choices, SmartApp};

/// What the kit asks for.
fn full_access() -> String {
    scopes("launch/patient openid fhirUser offline_access", "patient", "rs")
}

/// ONC-01. `well_known_endpoint`, `well_known_capabilities_stu2`, `smart_cors_well_known_endpoint`, `smart_cors_metadata_request`,
/// `g10_smart_well_known_capabilities`.
#[tokio::test]
async fn smart_discovery_stu2_2() {
    let app = SmartApp::on_wire("inferno").await;
    let url = format!("{}/.well-known/smart-configuration", app.fhir_base());
    let get = |url: &str| {
        app.target
            .get(url)
            .header(http::header::ACCEPT, "application/json")
            .header(http::header::ORIGIN, ORIGIN)
    };
    let answer = get(&url).send().await;
    let configuration = answer.ok();
    assert!(answer.header(CONTENT_TYPE).starts_with("application/json"));
    for address in ["authorization_endpoint", "token_endpoint", "issuer", "jwks_uri"] {
        assert!(configuration[address].as_str().is_some_and(|url| url.starts_with("http")), "{address}");
    }
    let has = |field: &str, value: &str| {
        configuration[field].as_array().expect(field).iter().any(|listed| listed == value)
    };
    assert!(has("grant_types_supported", "authorization_code"));
    assert!(
        has("code_challenge_methods_supported", "S256") && !has("code_challenge_methods_supported", "plain")
    );
    assert!(configuration["capabilities"].as_array().unwrap().iter().all(Value::is_string));
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
    for url in [url, format!("{}/metadata", app.fhir_base())] {
        let answer = get(&url).send().await;
        let allowed = answer.is(200).header(ACCESS_CONTROL_ALLOW_ORIGIN);
        assert!(allowed == ORIGIN || allowed == "*");
    }
}

/// ONC-03, ONC-04, ONC-06, ONC-08, ONC-16. `smart_standalone_launch_stu2_2` with `g10_smart_scopes`, `g10_unauthorized_access`,
/// `g10_patient_context`.
#[tokio::test]
async fn smart_standalone_launch_stu2_2() {
    let app = SmartApp::on_wire("inferno").await;
    let tokens = launched(&app, &full_access(), &Choices::of("maria")).await;
    // g10_smart_scopes: all that was asked for is granted, and in the same syntax.
    let asked = full_access();
    for scope in asked.split(' ') {
        assert!(tokens.scopes().contains(&scope), "{scope} is not in {}", tokens.scope);
    }
    let patient = format!("Patient/{}", tokens.patient.as_deref().expect("patient"));
    // g10_unauthorized_access: exactly 401.
    app.target.get(&format!("{}/{patient}", app.fhir_base())).send().await.is(401);
    // g10_patient_context.
    assert_eq!(app.read(&tokens, &patient).await.ok()["resourceType"], "Patient");
}

/// ONC-06. `smart_openid_connect_stu2_2`: `smart_openid_decode_id_token`, `smart_openid_retrieve_configuration`,
/// `smart_openid_required_configuration_fields`, `smart_openid_retrieve_jwks`, `smart_openid_token_header`,
/// `smart_openid_token_payload`, `smart_openid_fhir_user_claim`.
#[tokio::test]
async fn smart_openid_connect_stu2_2() {
    let app = SmartApp::on_wire("inferno").await;
    for (user, resource_type) in [("maria", "Patient"), ("clara", "Practitioner"), ("paul", "RelatedPerson")]
    {
        let choices = Choices::of(user).patient(if user == "paul" { "tom" } else { "maria" });
        let tokens = launched(&app, &full_access(), &choices).await;
        let id_token = tokens.id_token.as_deref().expect("id_token");
        let (header, payload) = jwt_parts(id_token);
        let issuer = payload["iss"].as_str().expect("iss").trim_end_matches('/');
        let configuration =
            app.target.get(&format!("{issuer}/.well-known/openid-configuration")).send().await.ok();
        for field in [
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "response_types_supported",
            "subject_types_supported",
            "id_token_signing_alg_values_supported",
        ] {
            assert!(!configuration[field].is_null(), "{field}");
        }
        assert!(
            configuration["id_token_signing_alg_values_supported"]
                .as_array()
                .unwrap()
                .contains(&"RS256".into())
        );
        assert_eq!(configuration["issuer"], payload["iss"]);
        let keys = app.target.get(configuration["jwks_uri"].as_str().unwrap()).send().await.ok();
        let keys = keys["keys"].as_array().expect("keys").clone();
        assert!(keys.iter().any(|key| key["kty"] == "RSA" && key["kid"] == header["kid"]), "{header}");
        assert_eq!(header["alg"], "RS256");
        // The signature, aud, exp, iss and the claims that must be there: by a library.
        let claims = app.verified(id_token).await;
        assert!((1..256).contains(&claims["sub"].as_str().expect("sub").len()));
        let fhir_user = claims["fhirUser"].as_str().expect("fhirUser");
        let path = fhir_user.strip_prefix(&format!("{}/", app.fhir_base())).expect("absolute, and here");
        assert_eq!(path.split('/').next(), Some(resource_type));
        assert_eq!(app.read(&tokens, path).await.ok()["resourceType"], resource_type);
    }
}

/// ONC-07, ONC-09. `smart_token_refresh_stu2`, with and without `scope`, `smart_token_refresh_body`,
/// `smart_token_refresh_headers`, `g10_invalid_token_refresh`; and the patient is read with the new token.
#[tokio::test]
async fn g10_token_refresh_stu2() {
    let app = SmartApp::on_wire("inferno").await;
    let mut tokens = launched(&app, &full_access(), &Choices::of("maria")).await;
    for names_scopes in [false, true] {
        let call = app.refresh(&tokens);
        let call = if names_scopes { call.set("scope", &tokens.scope) } else { call };
        let answer = call.send().await;
        token_response_body(&answer.ok(), true);
        token_response_headers(&answer);
        let again = app.tokens(&answer);
        assert!(again.scopes().iter().all(|scope| tokens.scopes().contains(scope)), "{}", again.scope);
        app.read(&again, "Patient/maria").await.is(200);
        tokens = again;
    }
    let unknown = "2f6ad9a0-5f0e-4b0e-9d6f-000000000000";
    let answer = app.refresh(&tokens).set("refresh_token", unknown).send().await;
    assert!([400, 401].contains(&answer.status), "{}", answer.status);
}

/// `g10_unrestricted_resource_type_access`: with all scopes, a search of each type by the patient is 200.
#[tokio::test]
async fn g10_unrestricted_resource_type_access() {
    let app = SmartApp::on_wire("inferno").await;
    let tokens = launched(&app, &full_access(), &Choices::of("maria")).await;
    resource_access(&app, &tokens, |_| true).await;
}
