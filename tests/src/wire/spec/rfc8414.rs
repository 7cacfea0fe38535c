//! RFC 8414, OAuth 2.0 Authorization Server Metadata.

use serde_json::{Value, json};

use crate::harness::SmartApp;

/// SEC-01, DISC-29, X-13: at its place, its issuer is where it was found, and it says what works.
#[tokio::test]
async fn sec_01_the_metadata_is_where_the_issuer_says() {
    let app = SmartApp::on_wire("web").await;
    let url = format!("{}/.well-known/oauth-authorization-server", app.target.url().issuer());
    let answer = app.target.get(&url).send().await;
    let metadata = answer.ok();
    answer.is_open_to_all_origins();
    assert_eq!(answer.header(http::header::CONTENT_TYPE), "application/json");
    assert_eq!(metadata["issuer"], app.target.url().issuer());
    let names = |name: &str| -> Vec<String> { serde_json::from_value(metadata[name].clone()).unwrap() };
    assert_eq!(names("response_types_supported"), ["code"]);
    assert_eq!(names("response_modes_supported"), ["query"]);
    assert_eq!(names("grant_types_supported"), ["authorization_code", "refresh_token", "client_credentials"]);
    assert_eq!(names("code_challenge_methods_supported"), ["S256"]);
    let methods = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
    assert_eq!(names("token_endpoint_auth_methods_supported"), methods);
    assert_eq!(names("token_endpoint_auth_signing_alg_values_supported"), ["RS384", "ES384"]);
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], json!(true));
    // INTRO-10, INTRO-11: who may ask; and who may revoke.
    assert_eq!(
        names("introspection_endpoint_auth_methods_supported"),
        ["client_secret_basic", "client_secret_post", "private_key_jwt", "Bearer", "DPoP"]
    );
    assert_eq!(names("revocation_endpoint_auth_methods_supported"), methods);
    for endpoint in ["introspection", "revocation"] {
        let algorithms = format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
        assert_eq!(names(&algorithms), ["RS384", "ES384"]);
    }
}

/// DISC-29: the three documents agree wherever two of them say something.
#[tokio::test]
async fn disc_29_the_documents_agree() {
    let app = SmartApp::on_wire("web").await;
    let issuer = app.target.url().issuer();
    let mut documents = vec![app.metadata.clone()];
    for name in ["openid-configuration", "oauth-authorization-server"] {
        documents.push(app.target.get(&format!("{issuer}/.well-known/{name}")).send().await.ok());
    }
    // SMART names fewer grant types and methods (X-13, DISC-12).
    let differs = ["grant_types_supported", "token_endpoint_auth_methods_supported"];
    let mut compared = 0;
    for (i, one) in documents.iter().enumerate() {
        for other in &documents[i + 1..] {
            for (name, value) in one.as_object().unwrap() {
                if let Some(theirs) = other.get(name).filter(|_| !differs.contains(&&**name)) {
                    assert_eq!(value, theirs, "{name}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared >= 3 * 8, "{compared}");
    for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
        assert!(documents.iter().all(|document| document[name].is_string()), "{name}");
    }
}

/// RFC 8414 §3.2: no member is null or an empty array; what is not supported is left out.
#[tokio::test]
async fn rfc8414_3_2_nothing_is_empty() {
    let app = SmartApp::on_wire("web").await;
    for name in ["oauth-authorization-server", "openid-configuration"] {
        let url = format!("{}/.well-known/{name}", app.target.url().issuer());
        for (name, value) in app.target.get(&url).send().await.ok().as_object().unwrap() {
            assert!(!value.is_null() && value.as_array().is_none_or(|array| !array.is_empty()), "{name}");
            if name.ends_with("_endpoint") {
                assert!(value.as_str().is_some_and(|url| url.starts_with("http")), "{name}: {value}");
            }
        }
    }
    assert_eq!(app.metadata.get("registration_endpoint"), None::<&Value>);
}
