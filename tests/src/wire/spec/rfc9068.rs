//! RFC 9068, JWT Profile for OAuth 2.0 Access Tokens.

use std::collections::HashSet;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::harness::keys::jwt_parts;
use crate::harness::smart_app::ALL_OF_MARIA;
use crate::harness::{Choices, SmartApp};

/// SEC-14, RS-02: header and claims of the profile, signed by a published key.
#[tokio::test]
async fn sec_14_an_access_token_follows_the_profile() {
    let (app, tokens) = SmartApp::with_tokens("basic").await;
    let (header, claims) = jwt_parts(&tokens.access_token);
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(claims["iss"], app.issuer());
    assert_eq!(claims["aud"], app.fhir_base());
    assert_eq!(claims["client_id"], "basic");
    assert_eq!(claims["scope"], json!(tokens.scope));
    assert_eq!(claims["patient"], "maria");
    let seconds = |name: &str| claims[name].as_u64().unwrap();
    assert_eq!(seconds("exp") - seconds("iat"), tokens.expires_in);
    assert!(seconds("iat").abs_diff(app.now().as_unix()) <= 2);

    let keys = app.target.get(app.endpoint("jwks_uri")).send().await.ok();
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let key = keys.find(header["kid"].as_str().unwrap()).expect("the key is published");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[app.issuer()]);
    validation.set_audience(&[app.fhir_base()]);
    validation.validate_exp = app.target.clock().is_none();
    let key = DecodingKey::from_jwk(key).unwrap();
    jsonwebtoken::decode::<Value>(&tokens.access_token, &key, &validation).unwrap();
}

/// SEC-14: `sub` is the user, the same at each sign-in and in the ID token; each token has a name of its own.
#[tokio::test]
async fn sec_14_sub_is_the_user_and_jti_is_new() {
    let app = SmartApp::on_wire("web").await;
    let mut names = HashSet::new();
    let mut subjects = HashSet::new();
    for _ in 0..3 {
        let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
        let id_claims = app.verified(tokens.id_token.as_deref().unwrap()).await;
        assert_eq!(tokens.claims()["sub"], id_claims["sub"]);
        subjects.insert(id_claims["sub"].as_str().unwrap().to_owned());
        for tokens in [tokens.clone(), app.tokens(&app.refresh(&tokens).send().await)] {
            names.insert(tokens.claims()["jti"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!((names.len(), subjects.len()), (6, 1));
    let pauls = app.launch(ALL_OF_MARIA, &Choices::of("paul").patient("tom")).await;
    assert!(!subjects.contains(pauls.claims()["sub"].as_str().unwrap()));
    assert_ne!(pauls.claims()["sub"], "paul");
}

/// TOK-22: however many scopes there are, the token fits into a header; what it opens is the same.
#[tokio::test]
async fn tok_22_a_long_list_of_scopes_makes_no_long_token() {
    let app = SmartApp::on_wire("web").await;
    let scopes: Vec<_> = (0..300)
        .map(|n| format!("patient/Observation.rs?code=http://loinc.org|some-long-code-{n}"))
        .collect();
    let scopes = format!("{} patient/Observation.rs?code=http://loinc.org|85354-9", scopes.join(" "));
    let tokens = app.launch(&scopes, &Choices::of("maria")).await;
    assert_eq!(tokens.scopes().len(), 301);
    assert!(tokens.access_token.len() < 4_096, "{}", tokens.access_token.len());
    assert_eq!(app.read(&tokens, "Observation").await.ids(), ["maria-bp-2023", "maria-bp-2024"]);
}

/// RS-15, SEC-13: an ID token is of another type, and says so.
#[tokio::test]
async fn rs_15_an_id_token_is_of_another_type() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let id_token = tokens.id_token.as_deref().unwrap();
    let (header, claims) = jwt_parts(id_token);
    assert_eq!((&header["typ"], &claims["aud"]), (&json!("JWT"), &json!("web")));
    let answer = app.target.get(&format!("{}/Patient/maria", app.fhir_base())).bearer(id_token).send().await;
    assert_eq!(answer.is(401).bearer_challenge(), "invalid_token");
}
