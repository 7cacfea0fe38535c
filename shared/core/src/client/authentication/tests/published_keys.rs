//! Clients that publish their keys at a URL.

use serde_json::{Value, json};

use super::*;

/// A client `app` whose keys are at a URL.
fn app_by_uri() -> Client {
    client(
        "app",
        &json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks" }),
    )
}

/// What becomes of an assertion of `app`, whose keys are at a URL and there are `keys`.
fn verified_by_uri(assertion: &str, keys: &[Value]) -> Result<Verified, AuthenticationError> {
    let client = app_by_uri();
    let mut presented = by_assertion(assertion).unwrap();
    let wanted = presented.published_key(&client)?.expect("its keys are published");
    assert_eq!(wanted.uri, "https://app.example/jwks");
    presented.accept(Arc::new(KeySet::published(&json!({ "keys": keys })).unwrap()));
    presented.verify(&client, &AUDIENCES, NOW)
}

#[test]
fn reg_03_and_asym_08_a_published_key_authenticates_as_one_by_value_does() {
    for alg in ASSERTION_ALGORITHMS {
        let (key, other) = (TestKey::generate(alg), TestKey::generate(alg));
        let header = header(&json!({ "alg": alg.as_str() }));
        let assertion = key.jwt(&header, &claims(&json!({})));
        assert!(matches!(verified_by_uri(&assertion, &[key.jwk("k")]), Ok(Verified::Once { .. })));
        let rotated = [other.jwk("new"), key.jwk("k")];
        assert!(matches!(verified_by_uri(&assertion, &rotated), Ok(Verified::Once { .. })));
        for (keys, expected) in [
            (vec![], AuthenticationError::Key),
            (vec![key.jwk("new")], AuthenticationError::Key),
            (vec![other.jwk("k")], AuthenticationError::Jwt(JwtError::Signature)),
            (vec![key.jwk("k"), other.jwk("k")], AuthenticationError::Several),
            (vec![key.jwk("k"), key.jwk("k")], AuthenticationError::Several),
        ] {
            assert_eq!(verified_by_uri(&assertion, &keys), Err(expected));
        }
        // All else is asked of it, too.
        let late = key.jwt(&header, &claims(&json!({ "exp": now() - 31 })));
        assert_eq!(verified_by_uri(&late, &[key.jwk("k")]), Err(AuthenticationError::Expired));
    }
}

#[test]
fn asym_20_without_its_keys_a_client_that_publishes_them_is_nobody() {
    let (key, _) = app();
    let assertion = key.jwt(&header(&json!({})), &claims(&json!({})));
    assert_eq!(verified(&assertion, &app_by_uri()), Err(AuthenticationError::Key));
}

#[test]
fn asym_07_jku_is_the_registered_url_and_no_other_is_ever_asked() {
    let (key, by_value) = app();
    let with = |changes: Value| key.jwt(&header(&changes), &claims(&json!({})));
    let registered = with(json!({ "jku": "https://app.example/jwks" }));
    assert!(matches!(verified_by_uri(&registered, &[key.jwk("k")]), Ok(Verified::Once { .. })));
    assert_eq!(verified(&registered, &by_value), Err(AuthenticationError::Jku));
    // What cannot succeed wants no key, so that nothing is fetched for it.
    let wanted = |jwt: &str| by_assertion(jwt).unwrap().published_key(&app_by_uri()).map(drop);
    for (changes, expected) in [
        (json!({ "jku": "https://evil.example/jwks" }), AuthenticationError::Jku),
        (json!({ "jku": "https://app.example/jwks/" }), AuthenticationError::Jku),
        (json!({ "jku": "https://APP.example/jwks" }), AuthenticationError::Jku),
        (json!({ "jku": "" }), AuthenticationError::Jku),
        (json!({ "kid": null }), AuthenticationError::Key),
        (json!({ "alg": "HS384" }), AuthenticationError::Algorithm(AssertionAlgorithms::default())),
        (json!({ "alg": "RS256" }), AuthenticationError::Algorithm(AssertionAlgorithms::default())),
        (json!({ "typ": "at+jwt" }), AuthenticationError::Jwt(JwtError::Type)),
    ] {
        assert_eq!(wanted(&with(changes.clone())), Err(expected), "{changes}");
    }
    let good = by_assertion(&with(json!({}))).unwrap();
    assert_eq!(good.published_key(&app_by_uri()).unwrap().map(|key| key.kid).as_deref(), Some("k"));
    // Keys by value are where they are, and another client's keys are none of this one's business.
    assert_eq!(good.published_key(&by_value), Ok(None));
    let mut other = app_by_uri();
    other.client_id = "other".parse().unwrap();
    assert_eq!(good.published_key(&other), Ok(None));
    assert_eq!(by_header("app:x").published_key(&app_by_uri()), Ok(None));
}
