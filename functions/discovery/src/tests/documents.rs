//! What the documents say (DISC-03, -04, -24 to -29; OIDC-14; SEC-01, SEC-15).

use std::collections::HashSet;

use serde_json::json;
use smart_core::scope::Scopes;
use url::Url;

use super::*;

/// The document at `path`, its scopes read and left out: core holds them to what can be granted.
async fn document(path: &str) -> Value {
    let mut document = get(path).await.json();
    let scopes = document["scopes_supported"].take();
    let scopes: Vec<&str> = scopes.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    assert!(scopes.join(" ").parse::<Scopes>().is_ok_and(|parsed| !parsed.is_empty()), "{scopes:?}");
    document["scopes_supported"] = "…".into();
    document
}

#[tokio::test]
async fn disc_04_the_smart_configuration() {
    insta::assert_json_snapshot!(document(SMART).await, @r#"
    {
      "authorization_endpoint": "https://smart.example/auth/authorize",
      "authorization_response_iss_parameter_supported": true,
      "capabilities": [
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
        "permission-v2"
      ],
      "code_challenge_methods_supported": [
        "S256"
      ],
      "dpop_signing_alg_values_supported": [
        "ES256",
        "ES384",
        "RS256",
        "RS384"
      ],
      "grant_types_supported": [
        "authorization_code",
        "client_credentials"
      ],
      "introspection_endpoint": "https://smart.example/auth/introspect",
      "issuer": "https://smart.example",
      "jwks_uri": "https://smart.example/.well-known/jwks.json",
      "management_endpoint": "https://smart.example/auth/access",
      "response_types_supported": [
        "code"
      ],
      "revocation_endpoint": "https://smart.example/auth/revoke",
      "scopes_supported": "…",
      "token_endpoint": "https://smart.example/auth/token",
      "token_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
      ],
      "token_endpoint_auth_signing_alg_values_supported": [
        "RS384",
        "ES384"
      ]
    }
    "#);
}

#[tokio::test]
async fn oidc_14_the_openid_configuration() {
    insta::assert_json_snapshot!(document(OPENID).await, @r#"
    {
      "authorization_endpoint": "https://smart.example/auth/authorize",
      "authorization_response_iss_parameter_supported": true,
      "claims_parameter_supported": false,
      "claims_supported": [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "fhirUser",
        "profile",
        "name"
      ],
      "code_challenge_methods_supported": [
        "S256"
      ],
      "dpop_signing_alg_values_supported": [
        "ES256",
        "ES384",
        "RS256",
        "RS384"
      ],
      "grant_types_supported": [
        "authorization_code",
        "refresh_token",
        "client_credentials"
      ],
      "id_token_signing_alg_values_supported": [
        "RS256"
      ],
      "introspection_endpoint": "https://smart.example/auth/introspect",
      "introspection_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "Bearer",
        "DPoP"
      ],
      "introspection_endpoint_auth_signing_alg_values_supported": [
        "RS384",
        "ES384"
      ],
      "issuer": "https://smart.example",
      "jwks_uri": "https://smart.example/.well-known/jwks.json",
      "prompt_values_supported": [
        "none",
        "login",
        "consent",
        "select_account"
      ],
      "request_parameter_supported": false,
      "request_uri_parameter_supported": false,
      "response_modes_supported": [
        "query"
      ],
      "response_types_supported": [
        "code"
      ],
      "revocation_endpoint": "https://smart.example/auth/revoke",
      "revocation_endpoint_auth_methods_supported": [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
      ],
      "revocation_endpoint_auth_signing_alg_values_supported": [
        "RS384",
        "ES384"
      ],
      "scopes_supported": "…",
      "subject_types_supported": [
        "public"
      ],
      "token_endpoint": "https://smart.example/auth/token",
      "token_endpoint_auth_methods_supported": [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
      ],
      "token_endpoint_auth_signing_alg_values_supported": [
        "RS384",
        "ES384"
      ]
    }
    "#);
}

#[tokio::test]
async fn sec_01_the_authorization_server_metadata() {
    insta::assert_json_snapshot!(document(OAUTH).await, @r#"
    {
      "authorization_endpoint": "https://smart.example/auth/authorize",
      "authorization_response_iss_parameter_supported": true,
      "code_challenge_methods_supported": [
        "S256"
      ],
      "dpop_signing_alg_values_supported": [
        "ES256",
        "ES384",
        "RS256",
        "RS384"
      ],
      "grant_types_supported": [
        "authorization_code",
        "refresh_token",
        "client_credentials"
      ],
      "introspection_endpoint": "https://smart.example/auth/introspect",
      "introspection_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "Bearer",
        "DPoP"
      ],
      "introspection_endpoint_auth_signing_alg_values_supported": [
        "RS384",
        "ES384"
      ],
      "issuer": "https://smart.example",
      "jwks_uri": "https://smart.example/.well-known/jwks.json",
      "response_modes_supported": [
        "query"
      ],
      "response_types_supported": [
        "code"
      ],
      "revocation_endpoint": "https://smart.example/auth/revoke",
      "revocation_endpoint_auth_methods_supported": [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
      ],
      "revocation_endpoint_auth_signing_alg_values_supported": [
        "RS384",
        "ES384"
      ],
      "scopes_supported": "…",
      "token_endpoint": "https://smart.example/auth/token",
      "token_endpoint_auth_methods_supported": [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
      ],
      "token_endpoint_auth_signing_alg_values_supported": [
        "RS384",
        "ES384"
      ]
    }
    "#);
}

#[tokio::test]
async fn sec_15_the_key_set() {
    let mut keys = get(JWKS).await.json();
    // 256 bytes of 0xc5.
    let modulus = keys["keys"][0]["n"].take();
    assert_eq!(modulus, format!("{}xQ", "xcXF".repeat(85)));
    keys["keys"][0]["n"] = "…".into();
    insta::assert_json_snapshot!(keys, @r#"
    {
      "keys": [
        {
          "alg": "RS256",
          "e": "AQAB",
          "kid": "OEYJdLLCzIAGC4p2tvHFAxFkN4jmt65qs3VHZUtxFQk",
          "kty": "RSA",
          "n": "…",
          "use": "sig"
        },
        {
          "alg": "ES384",
          "crv": "P-384",
          "kid": "tftokVQdmpeMIRQB-hczG_CBZXp6rhQn3GXaAjViZaQ",
          "kty": "EC",
          "use": "sig",
          "x": "xcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXF",
          "y": "xcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXF"
        }
      ]
    }
    "#);
    let names: HashSet<_> =
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 2);
}

#[tokio::test]
async fn disc_03_all_addresses_are_absolute_and_of_this_service() {
    for (base, scheme) in [("https://smart.example", "https"), ("http://localhost:8080", "http")] {
        let function = function_at(base);
        for path in [SMART, OPENID, OAUTH] {
            let document = ask(&function, "GET", path, &[]).await.json();
            let members = document.as_object().unwrap();
            let mut addresses = 0;
            for (name, value) in members {
                if name == "issuer" || name.ends_with("_endpoint") || name.ends_with("_uri") {
                    let address = value.as_str().unwrap();
                    assert_eq!(Url::parse(address).unwrap().scheme(), scheme, "{name}");
                    let rest = address.strip_prefix(base).unwrap();
                    assert!(rest.starts_with('/') != (name == "issuer"), "{name} {address}");
                    addresses += 1;
                }
            }
            assert!(addresses >= 6, "{path}");
        }
    }
}

#[tokio::test]
async fn ctx_06_the_style_is_where_apps_are_told_that_it_is() {
    assert_eq!(STYLE, smart_core::launch::STYLE_PATH);
    let answer = get(STYLE).await;
    assert_eq!(answer.json(), smart_core::launch::style());
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn disc_24_and_27_capabilities_are_names_that_smart_defines() {
    let known = [
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
        "smart-app-state",
    ];
    let document = get(SMART).await.json();
    let capabilities = document["capabilities"].as_array().unwrap();
    assert!(!capabilities.is_empty());
    for capability in capabilities {
        let name = capability.as_str().unwrap();
        assert!(known.contains(&name) || Url::parse(name).is_ok(), "{name}");
    }
}

#[tokio::test]
async fn disc_25_and_26_s256_and_never_plain() {
    for path in [SMART, OPENID, OAUTH] {
        assert_eq!(get(path).await.json()["code_challenge_methods_supported"], json!(["S256"]), "{path}");
    }
}

#[tokio::test]
async fn disc_29_the_documents_agree() {
    let [smart, openid, oauth] = [get(SMART).await.json(), get(OPENID).await.json(), get(OAUTH).await.json()];
    for name in [
        "issuer",
        "jwks_uri",
        "authorization_endpoint",
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "token_endpoint_auth_signing_alg_values_supported",
        "response_types_supported",
        "code_challenge_methods_supported",
        "scopes_supported",
    ] {
        assert!(!smart[name].is_null(), "{name}");
        assert_eq!((&openid[name], &oauth[name]), (&smart[name], &smart[name]), "{name}");
    }
}

#[tokio::test]
async fn oidc_14_and_sec_01_what_must_be_there_is_and_the_addresses_answer() {
    let (openid, oauth) = (get(OPENID).await.json(), get(OAUTH).await.json());
    for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"]
    {
        assert!(!openid[name].is_null() && !oauth[name].is_null(), "{name}");
    }
    assert_eq!(openid["subject_types_supported"], json!(["public"]));
    let algorithms = openid["id_token_signing_alg_values_supported"].as_array().unwrap();
    assert!(algorithms.contains(&json!("RS256")) && !algorithms.contains(&json!("none")));
    // The issuer plus the well-known path is where the document is, and the key set is where it says.
    let issuer = openid["issuer"].as_str().unwrap();
    assert_eq!(get(&format!("{issuer}{OPENID}")).await.json(), openid);
    assert_eq!(get(&format!("{issuer}{OAUTH}")).await.json(), oauth);
    let keys = get(openid["jwks_uri"].as_str().unwrap()).await.json();
    assert!(keys["keys"].as_array().is_some_and(|keys| !keys.is_empty()));
}
