//! `smart_openid_connect_stu2_2`: an ID token from its claims to the user's own resource.

use http::header::ORIGIN as ORIGIN_HEADER;
use serde_json::Value;

use super::{ORIGIN, is_open_to_the_kit, step};
use crate::harness::keys::jwt_parts;
use crate::harness::{SmartApp, Tokens};

/// What a launch's ID token must be, of somebody who is a resource of `resource_type`.
pub(super) async fn is_held_to(app: &SmartApp, tokens: &Tokens, resource_type: &str) {
    let id_token = tokens.id_token.as_deref().expect("id_token");
    let (header, payload) = step("smart_openid_decode_id_token", async { jwt_parts(id_token) }).await;
    let configuration = step("smart_openid_retrieve_configuration", async {
        let issuer = payload["iss"].as_str().expect("iss").trim_end_matches('/');
        app.target.get(&format!("{issuer}/.well-known/openid-configuration")).send().await.ok()
    })
    .await;
    step("smart_openid_required_configuration_fields", async {
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
        let algorithms = configuration["id_token_signing_alg_values_supported"].as_array().unwrap();
        assert!(algorithms.contains(&"RS256".into()));
        assert_eq!(configuration["issuer"], payload["iss"]);
    })
    .await;
    let keys = step("smart_openid_retrieve_jwks", async {
        let keys = app.target.get(configuration["jwks_uri"].as_str().unwrap()).send().await.ok();
        keys["keys"].as_array().expect("keys").clone()
    })
    .await;
    step("smart_openid_token_header", async {
        let named = |key: &Value| key["kty"] == "RSA" && key["kid"] == header["kid"];
        assert!(keys.iter().any(named), "{header}");
        assert_eq!(header["alg"], "RS256");
    })
    .await;
    // The signature, aud, exp, iss and the claims that must be there: by a library.
    let claims = step("smart_openid_token_payload", async {
        let claims = app.verified(id_token).await;
        assert!((1..256).contains(&claims["sub"].as_str().expect("sub").len()));
        claims
    })
    .await;
    let path = step("smart_openid_fhir_user_claim", async {
        let fhir_user = claims["fhirUser"].as_str().expect("fhirUser");
        let path = fhir_user.strip_prefix(&format!("{}/", app.fhir_base())).expect("absolute, and here");
        assert_eq!(path.split('/').next(), Some(resource_type));
        assert_eq!(app.read(tokens, path).await.ok()["resourceType"], resource_type);
        path.to_owned()
    })
    .await;
    step("smart_cors_openid_fhir_user_claim", async {
        let answer = app.fhir(tokens, &path).header(ORIGIN_HEADER, ORIGIN).send().await;
        assert_eq!(answer.ok()["resourceType"], resource_type);
        is_open_to_the_kit(&answer);
    })
    .await;
}
