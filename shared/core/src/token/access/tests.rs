//! Access tokens: RFC 9068 §4 and RFC 8725, one fault at a time.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::grant::{Granted, Owner};
use crate::jose::test_keys::{TestKey, input};
use crate::jose::{Algorithm, PublicKey, SigningKey, compact, signing_input};
use crate::launch::LaunchContext;
use crate::token::{ACCESS_LIFETIME, IdTokenClaims};
use crate::user::Credentials;

const NOW: Instant = Instant::from_unix(1_800_000_000);

fn expected() -> Expected {
    Expected { issuer: "https://smart.example".to_owned(), audience: "https://smart.example/fhir".to_owned() }
}

fn claims() -> AccessTokenClaims {
    AccessTokenClaims {
        iss: expected().issuer,
        aud: expected().audience,
        sub: "sub-maria".parse().unwrap(),
        client_id: "app".parse().unwrap(),
        exp: NOW + ACCESS_LIFETIME,
        iat: NOW,
        jti: "jti-1".to_owned(),
        scope: Some("patient/*.rs openid".parse().unwrap()),
        grant: Some(Digest::of(b"handle").into()),
        patient: Some("a".parse().unwrap()),
        cnf: None,
    }
}

/// A key of the server, and what is published of it.
fn server_key(alg: Algorithm) -> (TestKey, PublicJwk) {
    let key = TestKey::generate(alg);
    let public = PublicJwk::new(key.public.clone(), alg);
    (key, public)
}

fn header(public: &PublicJwk) -> Value {
    json!({ "typ": "at+jwt", "alg": public.alg, "kid": public.kid })
}

fn verify(token: &str, keys: &[PublicJwk]) -> Result<AccessTokenClaims, AccessTokenError> {
    verify_access_token(token, keys, &expected(), NOW)
}

#[test]
fn sec_14_and_rfc9068_2_what_is_signed_by_the_port_is_believed_and_says_what_it_must() {
    for alg in [Algorithm::RS256, Algorithm::RS384, Algorithm::ES256, Algorithm::ES384] {
        let (key, public) = server_key(alg);
        let named = SigningKey { kid: public.kid.clone(), alg };
        let input = signing_input(AccessTokenClaims::TYP, &named, &claims());
        let token = compact(&input, &key.sign(input.as_bytes()));
        assert_eq!(verify(&token, &[public]), Ok(claims()), "{alg:?}");
        // TOK-21: a b64token.
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)));
    }
    let said = serde_json::to_value(claims()).unwrap();
    for required in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope", "grant"] {
        assert!(said.get(required).is_some(), "{required}");
    }
    assert_eq!(said["exp"], 1_800_000_900_u64);
}

#[test]
fn rs_15_and_rfc8725_3_11_a_jwt_of_another_type_is_none_whoever_signed_it() {
    let (key, public) = server_key(Algorithm::ES256);
    let keys = [public.clone()];
    for typ in [
        json!("JWT"),
        json!("id+jwt"),
        json!(""),
        json!("at+jwt;"),
        json!("application/application/at+jwt"),
        json!("jwt+at"),
        json!(null),
    ] {
        let mut header = header(&public);
        match &typ {
            Value::Null => drop(header.as_object_mut().unwrap().remove("typ")),
            typ => header["typ"] = typ.clone(),
        }
        assert_eq!(verify(&key.jwt(&header, &claims()), &keys), Err(JwtError::Type.into()), "{typ}");
    }
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let mut header = header(&public);
        header["typ"] = json!(typ);
        assert!(verify(&key.jwt(&header, &claims()), &keys).is_ok(), "{typ}");
    }
}

#[test]
fn rs_15_and_sec_13_an_id_token_a_refresh_token_and_a_code_are_no_access_tokens() {
    let (key, public) = server_key(Algorithm::RS256);
    let keys = [public.clone()];
    let owner = Owner {
        user: "maria".parse().unwrap(),
        sub: "sub-maria".parse().unwrap(),
        fhir_user: "Patient/a".parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(NOW),
    };
    let granted = Granted {
        scopes: "openid fhirUser".parse().unwrap(),
        context: LaunchContext::default(),
        name: None,
        nonce: None,
    };
    let client_id = "app".parse().unwrap();
    let Expected { issuer, audience } = expected();
    let id_token = IdTokenClaims::of(&owner, &granted, &client_id, &issuer, &audience, NOW).unwrap();
    let typed = |typ| json!({ "typ": typ, "alg": public.alg, "kid": public.kid });
    let as_sent = key.jwt(&typed(IdTokenClaims::TYP), &id_token);
    assert_eq!(verify(&as_sent, &keys), Err(JwtError::Type.into()));
    // Even under the other type it lacks what an access token says.
    let retyped = key.jwt(&typed(AccessTokenClaims::TYP), &id_token);
    assert_eq!(verify(&retyped, &keys), Err(JwtError::Claims.into()));
    for opaque in ["srt_AAAA", "sac_AAAA", "", "a.b", "a.b.c", "..", "é.é.é"] {
        assert_eq!(verify(opaque, &keys), Err(JwtError::Form.into()), "{opaque}");
    }
}

#[test]
fn rfc8725_3_1_the_key_decides_the_algorithm_not_the_token() {
    let (rsa, rsa_public) = server_key(Algorithm::RS256);
    let (ec, ec_public) = server_key(Algorithm::ES256);
    let keys = [rsa_public.clone(), ec_public.clone()];
    let mut rs384 = rsa;
    rs384.alg = Algorithm::RS384;
    let with = |public: &PublicJwk, alg: &str| {
        let mut header = header(public);
        header["alg"] = json!(alg);
        header
    };
    for (key, header) in [
        (&rs384, with(&rsa_public, "RS384")),
        (&rs384, with(&rsa_public, "ES256")),
        (&ec, with(&rsa_public, "ES256")),
        (&ec, with(&ec_public, "ES384")),
        (&ec, with(&ec_public, "EdDSA")),
        (&ec, with(&ec_public, "es256")),
    ] {
        assert_eq!(verify(&key.jwt(&header, &claims()), &keys), Err(JwtError::Algorithm.into()), "{header}");
    }
    // The header names the right algorithm, and the signature is by another.
    let forged = rs384.jwt(&with(&rsa_public, "RS256"), &claims());
    assert_eq!(verify(&forged, &keys), Err(JwtError::Signature.into()));

    // `none`, and the published key taken for a shared secret.
    let PublicKey::Rsa { n, .. } = &rsa_public.key else { panic!("an RSA key") };
    let secrets = [
        n.clone().into_bytes(),
        URL_SAFE_NO_PAD.decode(n).unwrap(),
        serde_json::to_vec(&rsa_public).unwrap(),
        serde_json::to_vec(&json!({ "keys": keys })).unwrap(),
    ];
    for alg in ["none", "None", "nOnE", "HS256", "HS384", "HS512"] {
        let unsigned = input(&with(&rsa_public, alg), &claims());
        assert_eq!(verify(&format!("{unsigned}."), &keys), Err(JwtError::Algorithm.into()), "{alg}");
        for secret in &secrets {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), unsigned.as_bytes());
            let forged = compact(&unsigned, tag.as_ref());
            assert_eq!(verify(&forged, &keys), Err(JwtError::Algorithm.into()), "{alg}");
        }
    }
    // Without the signature, or with an empty one.
    let unsigned = input(&header(&rsa_public), &claims());
    assert_eq!(verify(&format!("{unsigned}."), &keys), Err(JwtError::Signature.into()));
    assert_eq!(verify(&unsigned, &keys), Err(JwtError::Form.into()));
}

#[test]
fn oidc_12_and_rfc9068_4_the_key_is_one_that_is_published() {
    let (key, public) = server_key(Algorithm::ES256);
    let (stranger, strange) = server_key(Algorithm::ES256);
    let keys = [public.clone()];
    // A key that is not, or no longer, published.
    let token = stranger.jwt(&header(&strange), &claims());
    assert_eq!(verify(&token, &keys), Err(JwtError::UnknownKey.into()));
    assert_eq!(verify(&key.jwt(&header(&public), &claims()), &[]), Err(JwtError::UnknownKey.into()));
    // A stranger's signature under our key's name, with the stranger's key at hand.
    let mut brought = header(&public);
    brought["jwk"] = serde_json::to_value(&strange).unwrap();
    brought["jku"] = json!("https://evil.example/jwks.json");
    assert_eq!(verify(&stranger.jwt(&brought, &claims()), &keys), Err(JwtError::Signature.into()));
    // No name at all.
    let nameless = key.jwt(&json!({ "typ": "at+jwt", "alg": "ES256" }), &claims());
    assert_eq!(verify(&nameless, &keys), Err(JwtError::UnknownKey.into()));
    // After a rotation both keys are good.
    let both = [strange, public.clone()];
    assert!(verify(&token, &both).is_ok() && verify(&key.jwt(&header(&public), &claims()), &both).is_ok());
}

/// SEC-05: one audience, and it is ours.
#[test]
fn rs_02_and_rfc9068_4_issuer_audience_and_times_are_ours_and_now() {
    use AccessTokenError as E;
    let (key, public) = server_key(Algorithm::ES256);
    let keys = [public.clone()];
    let second = std::time::Duration::from_secs(1);
    let good = claims();
    let table = [
        (AccessTokenClaims { iss: "https://other.example".to_owned(), ..good.clone() }, Err(E::Elsewhere)),
        (AccessTokenClaims { iss: "https://smart.example/".to_owned(), ..good.clone() }, Err(E::Elsewhere)),
        (
            AccessTokenClaims { aud: "https://other.example/fhir".to_owned(), ..good.clone() },
            Err(E::Elsewhere),
        ),
        (AccessTokenClaims { aud: "https://smart.example".to_owned(), ..good.clone() }, Err(E::Elsewhere)),
        (AccessTokenClaims { aud: "app".to_owned(), ..good.clone() }, Err(E::Elsewhere)),
        (AccessTokenClaims { exp: NOW, ..good.clone() }, Err(E::Expired)),
        (AccessTokenClaims { exp: Instant::from_unix(0), ..good.clone() }, Err(E::Expired)),
        (AccessTokenClaims { exp: NOW + second, ..good.clone() }, Ok(())),
        (AccessTokenClaims { iat: NOW + SKEW, ..good.clone() }, Ok(())),
        (AccessTokenClaims { iat: NOW + SKEW + second, ..good }, Err(E::Early)),
    ];
    for (claims, expected) in table {
        assert_eq!(verify(&key.jwt(&header(&public), &claims), &keys).map(drop), expected, "{claims:?}");
    }
}

#[test]
fn rfc8725_3_a_claim_that_is_missing_or_of_another_form_is_no_claim() {
    let (key, public) = server_key(Algorithm::ES256);
    let keys = [public.clone()];
    let good = serde_json::to_value(claims()).unwrap();
    let table = [
        ("iss", json!(null)),
        ("aud", json!(null)),
        ("aud", json!(["https://smart.example/fhir"])),
        ("sub", json!(null)),
        ("sub", json!(7)),
        ("client_id", json!(null)),
        ("exp", json!(null)),
        ("exp", json!("1800000900")),
        ("exp", json!(-1)),
        ("exp", json!(1_800_000_900.5)),
        ("iat", json!(null)),
        ("jti", json!(null)),
        ("grant", json!(null)),
        ("grant", json!(7)),
        ("scope", json!(["patient/*.rs"])),
        ("scope", json!("patient/*.sr")),
    ];
    for (name, value) in table {
        let mut claims = good.clone();
        match &value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
        assert_eq!(
            verify(&key.jwt(&header(&public), &claims), &keys),
            Err(JwtError::Claims.into()),
            "{name} {value}"
        );
    }
}

#[test]
fn back_17_and_rfc9068_2_2_a_token_that_stands_on_a_client_alone_names_it_twice_and_says_all_by_itself() {
    let (key, public) = server_key(Algorithm::ES256);
    let keys = [public.clone()];
    let alone = AccessTokenClaims {
        sub: "app".parse().unwrap(),
        scope: Some("system/*.rs".parse().unwrap()),
        grant: None,
        patient: None,
        ..claims()
    };
    assert_eq!(verify(&key.jwt(&header(&public), &alone), &keys), Ok(alone.clone()));
    assert!(serde_json::to_value(&alone).unwrap().get("grant").is_none());
    for half in [
        AccessTokenClaims { sub: "sub-maria".parse().unwrap(), ..alone.clone() },
        AccessTokenClaims { client_id: "other".parse().unwrap(), ..alone.clone() },
        AccessTokenClaims { scope: None, ..alone.clone() },
        AccessTokenClaims { patient: Some("a".parse().unwrap()), ..alone },
    ] {
        assert_eq!(
            verify(&key.jwt(&header(&public), &half), &keys),
            Err(JwtError::Claims.into()),
            "{half:?}"
        );
    }
}

#[test]
fn rfc7515_5_2_any_part_that_is_changed_breaks_the_signature() {
    let (key, public) = server_key(Algorithm::ES256);
    let keys = [public.clone()];
    let token = key.jwt(&header(&public), &claims());
    let parts: Vec<&str> = token.split('.').collect();
    let wider = AccessTokenClaims { scope: Some("user/*.rs".parse().unwrap()), ..claims() };
    let other = key.jwt(&header(&public), &wider);
    let of_other: Vec<&str> = other.split('.').collect();
    for (i, changed) in [
        [parts[0], of_other[1], parts[2]].join("."),
        [parts[0], parts[1], of_other[2]].join("."),
        format!("{token}A"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(
            matches!(
                verify(&changed, &keys),
                Err(AccessTokenError::Jwt(JwtError::Signature | JwtError::Form))
            ),
            "change {i}"
        );
    }
    // Bit by bit.
    let bytes = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    for i in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[i] ^= 1;
        let changed = format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode(flipped));
        assert_eq!(verify(&changed, &keys), Err(JwtError::Signature.into()), "byte {i}");
    }
    for more in ["crit", "b64"] {
        let mut header = header(&public);
        header[more] = json!(["exp"]);
        assert_eq!(verify(&key.jwt(&header, &claims()), &keys), Err(JwtError::Form.into()), "{more}");
    }
}

#[test]
fn tok_22_a_token_may_do_what_it_says_within_its_grant_or_all_of_it_if_it_says_nothing() {
    let scopes = |text: &str| -> Scopes { text.parse().unwrap() };
    let saying = |scope: Option<&str>| AccessTokenClaims { scope: scope.map(scopes), ..claims() };
    for (said, granted, may) in [
        (Some("patient/*.rs openid"), "openid patient/*.rs", Some("patient/*.rs openid")),
        (Some("patient/Observation.r"), "patient/*.rs", Some("patient/Observation.r")),
        (Some(""), "patient/*.rs", Some("")),
        (None, "patient/*.rs openid", Some("patient/*.rs openid")),
        (None, "", Some("")),
        (Some("patient/*.rs"), "patient/Observation.rs", None),
        (Some("patient/*.rs user/*.rs"), "patient/*.rs", None),
        (Some("openid"), "", None),
    ] {
        let (claims, granted) = (saying(said), scopes(granted));
        assert_eq!(claims.scopes(&granted), may.map(scopes).as_ref(), "{said:?} of {granted}");
    }
    // What is left out is not sent.
    assert!(serde_json::to_value(saying(None)).unwrap().get("scope").is_none());
}

#[test]
fn rs_06_and_intro_14_a_grant_speaks_for_the_tokens_that_say_what_it_says() {
    let granted = Granted {
        scopes: "patient/*.rs openid".parse().unwrap(),
        context: LaunchContext::standalone(Some("a".parse().unwrap())),
        name: None,
        nonce: None,
    };
    let owner = Owner {
        user: "maria".parse().unwrap(),
        sub: "sub-maria".parse().unwrap(),
        fhir_user: "Patient/a".parse().unwrap(),
        credentials: Credentials::default(),
        auth_time: Some(NOW),
    };
    let active = Active { owner, granted, since: None, redeemed: None, code: None, refresh: None };
    let grant = Grant {
        begun_at: Instant::from_unix(0),
        id: Digest::of(b"handle").into(),
        client_id: "app".parse().unwrap(),
        expires_at: NOW + ACCESS_LIFETIME,
        last_op: crate::secret::Op::new([1; 32]),
        stage: crate::grant::Stage::Active(active),
    };
    assert_eq!(
        claims().confirmed_by(&grant).map(|confirmed| confirmed.scopes.clone()),
        Ok(claims().scope.unwrap())
    );
    for misfit in [
        AccessTokenClaims { client_id: "other".parse().unwrap(), ..claims() },
        AccessTokenClaims { sub: "sub-paul".parse().unwrap(), ..claims() },
        AccessTokenClaims { patient: None, ..claims() },
        AccessTokenClaims { patient: Some("b".parse().unwrap()), ..claims() },
        AccessTokenClaims { scope: Some("user/*.rs".parse().unwrap()), ..claims() },
    ] {
        assert_eq!(misfit.confirmed_by(&grant).map(drop), Err(Unconfirmed::Misfit), "{misfit:?}");
    }
    let step = crate::ports::Step { now: NOW, op: crate::secret::Op::new([2; 32]) };
    let revoked = grant.revoke(crate::grant::RevocationReason::ByClient, step).unwrap();
    assert_eq!(claims().confirmed_by(&revoked).map(drop), Err(Unconfirmed::Ended));
}

#[test]
fn each_token_has_a_name_of_its_own_for_its_revocation() {
    let other = AccessTokenClaims { jti: "jti-2".to_owned(), ..claims() };
    assert_eq!(claims().name(), claims().name());
    assert_ne!(claims().name(), other.name());
}
