//! OpenID Connect Discovery 1.0.

use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use url::Url;

use crate::harness::keys::jwt_parts;
use crate::harness::{Choices, SmartApp};

/// OIDC-14, OIDC-15: at `{iss}/.well-known/openid-configuration`, where the ID token's `iss` sends apps, with all that is
/// required.
#[tokio::test]
async fn oidc_14_the_metadata_is_where_the_id_token_says() {
    let app = SmartApp::on_wire("web").await;
    let tokens = app.launch("openid", &Choices::of("maria")).await;
    let (_, claims) = jwt_parts(tokens.id_token.as_deref().unwrap());
    let issuer = claims["iss"].as_str().unwrap();
    let answer = app.target.get(&format!("{issuer}/.well-known/openid-configuration")).send().await;
    let metadata = answer.ok();
    assert_eq!(answer.header(CONTENT_TYPE), "application/json");
    answer.is_open_to_all_origins();
    assert_eq!(metadata["issuer"], issuer);
    let url = Url::parse(issuer).unwrap();
    assert!(url.query().is_none() && url.fragment().is_none() && !issuer.ends_with('/'), "{issuer}");
    for required in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        assert!(Url::parse(metadata[required].as_str().unwrap()).is_ok(), "{required}");
    }
    let names = |name: &str| -> Vec<String> { serde_json::from_value(metadata[name].clone()).unwrap() };
    assert_eq!(names("response_types_supported"), ["code"]);
    assert_eq!(names("subject_types_supported"), ["public"]);
    assert_eq!(names("id_token_signing_alg_values_supported"), ["RS256"]);
    assert_eq!(names("grant_types_supported"), ["authorization_code", "refresh_token", "client_credentials"]);
    assert!(names("scopes_supported").contains(&"openid".to_owned()));
    // The defaults are another's (§3): what is not supported must be said.
    for name in
        ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"]
    {
        assert_eq!(metadata[name], json!(false), "{name}");
    }
    for absent in ["userinfo_endpoint", "registration_endpoint", "end_session_endpoint"] {
        assert_eq!(metadata.get(absent), None::<&Value>, "{absent}");
    }
}

/// OIDC-14: the claims that are announced are those that ID tokens have.
#[tokio::test]
async fn oidc_14_announced_claims_are_there() {
    let app = SmartApp::on_wire("web").await;
    let url = format!("{}/.well-known/openid-configuration", app.issuer());
    let metadata = app.target.get(&url).send().await.ok();
    let tokens = app.launch("openid fhirUser profile", &Choices::of("maria")).await;
    let (_, claims) = jwt_parts(tokens.id_token.as_deref().unwrap());
    let announced: Vec<String> = serde_json::from_value(metadata["claims_supported"].clone()).unwrap();
    let has: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    assert_eq!(sorted(announced), sorted(has));
}
