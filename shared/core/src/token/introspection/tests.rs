//! The members of each answer.

use serde_json::{Value, json};

use super::*;
use crate::secret::Digest;
use crate::user::Credentials;

const NOW: Instant = Instant::from_unix(1_800_000_000);
const BASE: &str = "https://smart.example/fhir";

fn owner() -> Owner {
    Owner {
        user: "maria".parse().unwrap(),
        sub: "sub-maria".parse().unwrap(),
        fhir_user: "Patient/a".parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(NOW),
    }
}

fn granted(scope: &str) -> Granted {
    Granted {
        scopes: scope.parse().unwrap(),
        context: LaunchContext::standalone(Some("a".parse().unwrap())),
        name: Some("Maria".to_owned()),
        nonce: Some("n".to_owned()),
    }
}

fn claims(scope: &str) -> AccessTokenClaims {
    AccessTokenClaims {
        iss: "https://smart.example".to_owned(),
        aud: BASE.to_owned(),
        sub: owner().sub,
        client_id: "app".parse().unwrap(),
        exp: NOW,
        iat: NOW,
        jti: "1".to_owned(),
        scope: Some(scope.parse().unwrap()),
        grant: Some(Digest::of(b"handle").into()),
        cnf: None,
        patient: Some("a".parse().unwrap()),
    }
}

fn told(state: TokenState) -> Value {
    serde_json::to_value(Introspection::from(state)).unwrap()
}

fn of_grant(scope: &str) -> Value {
    let active = Active {
        owner: owner(),
        granted: granted(scope),
        since: None,
        redeemed: None,
        code: None,
        refresh: None,
    };
    told(TokenState::granted(claims(scope), scope.parse().unwrap(), &owner(), &active, BASE))
}

#[test]
fn intro_08_what_is_not_active_is_that_and_nothing_else() {
    assert_eq!(serde_json::to_value(Introspection::INACTIVE).unwrap(), json!({ "active": false }));
}

#[test]
fn intro_04_to_07_an_access_token_of_a_user_says_what_its_answer_and_its_id_token_said() {
    assert_eq!(
        of_grant("openid fhirUser patient/*.rs"),
        json!({
            "active": true, "iss": "https://smart.example", "sub": "sub-maria", "client_id": "app",
            "scope": "openid fhirUser patient/*.rs", "exp": 1_800_000_000_u64, "iat": 1_800_000_000_u64,
            "aud": "https://smart.example/fhir", "token_type": "Bearer",
            "fhirUser": "https://smart.example/fhir/Patient/a", "patient": "a", "need_patient_banner": true,
        })
    );
    // INTRO-07, INTRO-13: only what an ID token said.
    for without in ["patient/*.rs", "openid patient/*.rs", "fhirUser patient/*.rs"] {
        assert!(of_grant(without).get("fhirUser").is_none(), "{without}");
    }
}

#[test]
fn intro_12_a_token_of_a_client_alone_names_no_user_and_no_patient() {
    let claims = AccessTokenClaims {
        sub: "app".parse().unwrap(),
        grant: None,
        patient: None,
        ..claims("system/*.rs")
    };
    assert_eq!(
        told(TokenState::alone(claims, "system/*.rs".parse().unwrap())),
        json!({
            "active": true, "iss": "https://smart.example", "sub": "app", "client_id": "app", "scope": "system/*.rs",
            "exp": 1_800_000_000_u64, "iat": 1_800_000_000_u64, "aud": "https://smart.example/fhir", "token_type": "Bearer",
        })
    );
}

#[test]
fn intro_12_a_refresh_token_names_no_api_that_it_would_open() {
    let granted = granted("openid fhirUser offline_access patient/*.rs");
    let state =
        TokenState::refresh("https://smart.example", "app".parse().unwrap(), &owner(), &granted, NOW, BASE);
    assert_eq!(
        told(state),
        json!({
            "active": true, "iss": "https://smart.example", "sub": "sub-maria", "client_id": "app",
            "scope": "openid fhirUser offline_access patient/*.rs", "exp": 1_800_000_000_u64,
            "fhirUser": "https://smart.example/fhir/Patient/a", "patient": "a", "need_patient_banner": true,
        })
    );
}
