use std::time::Duration;

use serde_json::{Value, json};

use super::{Proof, ProofError, Proving};
use crate::instant::Instant;
use crate::jose::test_keys::{TestKey, input};
use crate::jose::{Algorithm, JwtError, compact};
use crate::secret::Digest;

const NOW: Instant = Instant::from_unix(1_800_000_000);
const TOKEN_URL: &str = "https://smart.example/auth/token";
const AT_TOKEN: Proving<'_> = Proving { method: "POST", url: TOKEN_URL, access_token: None };

fn header(key: &TestKey) -> Value {
    json!({ "typ": "dpop+jwt", "alg": key.alg.as_str(), "jwk": key.public })
}

fn claims() -> Value {
    json!({ "htm": "POST", "htu": TOKEN_URL, "iat": NOW.as_unix(), "jti": "proof-1" })
}

fn with(mut object: Value, member: &str, value: Value) -> Value {
    object[member] = value;
    object
}

fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().unwrap().remove(member);
    object
}

#[test]
fn dpop_02_a_proof_shows_the_thumbprint_of_its_key_whatever_kind_it_is() {
    for alg in super::PROOF_ALGORITHMS {
        let key = TestKey::generate(alg);
        let proof = Proof::verify(&key.jwt(&header(&key), &claims()), &AT_TOKEN, NOW).unwrap();
        assert_eq!(proof.key.jkt, key.public.thumbprint(), "{alg:?}");
        assert!(proof.until > NOW);
    }
}

/// Each member of a proof, one at a time, missing or saying something else.
#[test]
fn dpop_02_a_proof_of_another_request_or_by_another_key_shows_nothing() {
    use ProofError as E;
    let key = TestKey::generate(Algorithm::ES256);
    let other = TestKey::generate(Algorithm::ES256);
    let large = TestKey::generate(Algorithm::ES384);
    let (header, iat) = (header(&key), NOW.as_unix());
    let private = with(json!(key.public), "d", json!("AAAA"));
    let headers = [
        (with(header.clone(), "typ", json!("JWT")), E::Jwt(JwtError::Type)),
        (with(header.clone(), "typ", json!("at+jwt")), E::Jwt(JwtError::Type)),
        (without(header.clone(), "typ"), E::Jwt(JwtError::Type)),
        (with(header.clone(), "alg", json!("none")), E::Algorithm),
        (with(header.clone(), "alg", json!("HS256")), E::Algorithm),
        (with(header.clone(), "alg", json!("ES384")), E::Algorithm),
        (with(header.clone(), "alg", json!("RS256")), E::Algorithm),
        (without(header.clone(), "jwk"), E::Key),
        (with(header.clone(), "jwk", private), E::Key),
        (with(header.clone(), "jwk", json!({ "kty": "oct", "k": "AAAA" })), E::Key),
        (with(header.clone(), "jwk", json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" })), E::Key),
        (with(header.clone(), "jwk", json!("key")), E::Key),
        (with(header.clone(), "jwk", json!(other.public)), E::Jwt(JwtError::Signature)),
        (with(header.clone(), "jwk", json!(large.public)), E::Algorithm),
        (with(header.clone(), "crit", json!(["b64"])), E::Jwt(JwtError::Form)),
    ];
    for (header, error) in headers {
        assert_eq!(Proof::verify(&key.jwt(&header, &claims()), &AT_TOKEN, NOW), Err(error), "{header}");
    }
    let bodies = [
        (with(claims(), "htm", json!("GET")), E::Method),
        (with(claims(), "htm", json!("post")), E::Method),
        (with(claims(), "htu", json!("https://smart.example/auth/revoke")), E::Url),
        (with(claims(), "htu", json!("https://other.example/auth/token")), E::Url),
        (with(claims(), "htu", json!("http://smart.example/auth/token")), E::Url),
        (with(claims(), "htu", json!("/auth/token")), E::Url),
        (with(claims(), "iat", json!(iat - 91)), E::Stale),
        (with(claims(), "iat", json!(iat + 31)), E::Stale),
        (with(claims(), "iat", json!("now")), E::Jwt(JwtError::Claims)),
        (without(claims(), "iat"), E::Jwt(JwtError::Claims)),
        (without(claims(), "htm"), E::Jwt(JwtError::Claims)),
        (without(claims(), "htu"), E::Jwt(JwtError::Claims)),
        (without(claims(), "jti"), E::NoJti),
        (with(claims(), "jti", json!("")), E::NoJti),
    ];
    for (claims, error) in bodies {
        assert_eq!(Proof::verify(&key.jwt(&header, &claims), &AT_TOKEN, NOW), Err(error), "{claims}");
    }
    let forged = compact(&input(&header, &claims()), &other.sign(input(&header, &claims()).as_bytes()));
    assert_eq!(Proof::verify(&forged, &AT_TOKEN, NOW), Err(E::Jwt(JwtError::Signature)));
    for text in ["", "a.b", "a.b.c", "....", "é.é.é"] {
        assert_eq!(Proof::verify(text, &AT_TOKEN, NOW), Err(E::Jwt(JwtError::Form)), "{text}");
    }
}

#[test]
fn dpop_02_url_spellings_of_one_resource_are_the_same_and_queries_are_passed_over() {
    let key = TestKey::generate(Algorithm::ES256);
    let verify = |htu: &str, url: &str| {
        let claims = with(with(claims(), "htu", json!(htu)), "htm", json!("GET"));
        let request = Proving { method: "GET", url, access_token: None };
        Proof::verify(&key.jwt(&header(&key), &claims), &request, NOW).map(drop)
    };
    let url = "https://smart.example/fhir/Patient?name=x";
    for htu in [
        "https://smart.example/fhir/Patient",
        "https://smart.example:443/fhir/Patient",
        "HTTPS://SMART.example/fhir/Patient",
        "https://smart.example/fhir/Patient?_id=a#b",
        "https://smart.example/fhir/../fhir/Patient",
    ] {
        assert_eq!(verify(htu, url), Ok(()), "{htu}");
    }
    for htu in [
        "https://smart.example/fhir/patient",
        "https://smart.example/fhir/Patient/",
        "https://smart.example/fhir",
    ] {
        assert_eq!(verify(htu, url), Err(ProofError::Url), "{htu}");
    }
}

#[test]
fn dpop_02_at_the_fhir_api_a_proof_is_for_one_access_token() {
    let key = TestKey::generate(Algorithm::ES256);
    let request = Proving { access_token: Some("token"), ..AT_TOKEN };
    let verify = |claims: &Value| Proof::verify(&key.jwt(&header(&key), claims), &request, NOW).map(drop);
    let ath = |token: &str| json!(Digest::of(token.as_bytes()).to_string());
    assert_eq!(verify(&with(claims(), "ath", ath("token"))), Ok(()));
    assert_eq!(verify(&with(claims(), "ath", ath("token2"))), Err(ProofError::AccessToken));
    assert_eq!(verify(&with(claims(), "ath", Value::Null)), Err(ProofError::AccessToken));
    assert_eq!(verify(&claims()), Err(ProofError::AccessToken));
}

/// SEC-20: a proof is remembered for as long as it could be used again, also by a function whose clock is behind.
#[test]
fn dpop_02_a_proof_is_good_for_a_minute_and_its_name_is_remembered_for_longer() {
    let key = TestKey::generate(Algorithm::ES256);
    let jwt = key.jwt(&header(&key), &claims());
    let skew = Duration::from_secs(30);
    let last = NOW + Duration::from_secs(90);
    let first = Proof::verify(&jwt, &AT_TOKEN, NOW - skew).unwrap();
    assert_eq!(Proof::verify(&jwt, &AT_TOKEN, last).unwrap().once, first.once);
    assert!(first.until > last, "it could be used after it was forgotten");
    assert_eq!(Proof::verify(&jwt, &AT_TOKEN, last + Duration::from_secs(1)), Err(ProofError::Stale));
    let other = TestKey::generate(Algorithm::ES256);
    let others = Proof::verify(&other.jwt(&header(&other), &claims()), &AT_TOKEN, NOW).unwrap();
    assert_ne!(others.once, first.once, "a jti of one key is none of another's");
}
