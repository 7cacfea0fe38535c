//! What the claims of an assertion must say (RFC 7523 §3).

use serde_json::{Value, json};

use super::*;

#[test]
fn asym_10_iss_and_sub_are_both_the_client() {
    use AuthenticationError as E;
    let (key, client) = app();
    let (other_key, other) = (TestKey::generate(Algorithm::ES384), "other");
    for (claims, expected) in [
        (claims(&json!({ "iss": other })), E::Subject),
        (claims(&json!({ "iss": null })), E::Jwt(JwtError::Claims)),
        (claims(&json!({ "iss": "APP" })), E::Subject),
    ] {
        let assertion = key.jwt(&header(&json!({})), &claims);
        assert_eq!(verified(&assertion, &client), Err(expected), "{claims}");
    }
    // With `sub` swapped it is taken for the other client's, whose key did not sign it.
    let swapped = key.jwt(&header(&json!({})), &claims(&json!({ "sub": other })));
    assert_eq!(by_assertion(&swapped).unwrap().client_id().as_str(), other);
    let other_client = asymmetric(other, &[other_key.jwk("k")]);
    assert_eq!(verified(&swapped, &other_client), Err(E::Jwt(JwtError::Signature)));
    // Even with a key in common, its issuer is not the other client.
    assert_eq!(verified(&swapped, &asymmetric(other, &[key.jwk("k")])), Err(E::Subject));
    // Another client's assertion, whoever it says it is.
    for claims in [claims(&json!({})), claims(&json!({ "iss": other, "sub": other }))] {
        let assertion = other_key.jwt(&header(&json!({})), &claims);
        assert!(verified(&assertion, &client).is_err(), "{claims}");
    }
}

#[test]
fn asym_11_and_x_09_x_25_the_audience_is_the_token_endpoint_or_the_issuer_by_itself() {
    use AuthenticationError as E;
    let (key, client) = app();
    let found =
        |aud: &Value| verified(&key.jwt(&header(&json!({})), &claims(&json!({ "aud": aud }))), &client);
    for good in [json!(TOKEN_URL), json!(ISSUER), json!([TOKEN_URL]), json!([ISSUER])] {
        assert!(found(&good).is_ok(), "{good}");
    }
    for bad in [
        json!("https://smart.example/fhir"),
        json!("https://smart.example/auth/token/"),
        json!("HTTPS://SMART.EXAMPLE/auth/token"),
        json!("https://evil.example/token"),
        json!(""),
        json!([]),
        json!([TOKEN_URL, ISSUER]),
        json!([TOKEN_URL, "https://evil.example/token"]),
        json!([TOKEN_URL, TOKEN_URL]),
    ] {
        assert_eq!(found(&bad), Err(E::Audience), "{bad}");
    }
    for malformed in [json!(null), json!(1), json!({ "aud": TOKEN_URL }), json!([1])] {
        assert_eq!(found(&malformed), Err(E::Jwt(JwtError::Claims)), "{malformed}");
    }
}

#[test]
fn asym_12_exp_is_in_whole_seconds_and_at_most_five_minutes_ahead() {
    use AuthenticationError as E;
    let (key, client) = app();
    let malformed = JwtError::Claims;
    let table = [
        (json!(now() + 1), Ok(())),
        (json!(now() + 300), Ok(())),
        (json!(now() + 330), Ok(())),
        (json!(now() + 331), Err(E::TooLong)),
        (json!(now() + 3_600), Err(E::TooLong)),
        (json!((now() + 60) * 1_000), Err(E::TooLong)),
        (json!(u64::MAX), Err(E::TooLong)),
        (json!(now() - 29), Ok(())),
        (json!(now() - 30), Err(E::Expired)),
        (json!(now() - 120), Err(E::Expired)),
        (json!(0), Err(E::Expired)),
        (json!(-1), Err(E::Jwt(malformed))),
        (json!(1_800_000_060.5), Err(E::Jwt(malformed))),
        (json!((now() + 60).to_string()), Err(E::Jwt(malformed))),
        (json!(null), Err(E::Jwt(malformed))),
    ];
    for (exp, expected) in table {
        let assertion = key.jwt(&header(&json!({})), &claims(&json!({ "exp": exp })));
        assert_eq!(verified(&assertion, &client).map(drop), expected, "{exp}");
    }
}

#[test]
fn asym_13_a_use_is_named_by_the_client_and_its_jti() {
    let (key, client) = app();
    let once = |client: &Client, changes: &Value| match verified(
        &key.jwt(&header(&json!({})), &claims(changes)),
        client,
    )
    .unwrap()
    {
        Verified::Once { key, .. } => key,
        Verified::Done => panic!("an assertion is used once"),
    };
    let first = once(&client, &json!({}));
    // A new signature, other times: the same `jti` is the same use.
    assert_eq!(once(&client, &json!({ "exp": now() + 90, "iat": now(), "aud": ISSUER })), first);
    let mut uses = vec![first];
    for jti in ["j-2", "J-1", "j-1 ", "1"] {
        uses.push(once(&client, &json!({ "jti": jti })));
    }
    for (id, jti) in [("other", "j-1"), ("app-", "1"), ("ap", "pj-1")] {
        let other = asymmetric(id, &[key.jwk("k")]);
        uses.push(once(&other, &json!({ "iss": id, "sub": id, "jti": jti })));
    }
    for (i, one) in uses.iter().enumerate() {
        assert!(!uses[..i].contains(one), "use {i}");
    }
    for (jti, expected) in [
        (json!(null), AuthenticationError::NoJti),
        (json!(""), AuthenticationError::NoJti),
        (json!(1), AuthenticationError::Jwt(JwtError::Claims)),
    ] {
        let assertion = key.jwt(&header(&json!({})), &claims(&json!({ "jti": jti })));
        assert_eq!(verified(&assertion, &client), Err(expected), "{jti}");
    }
}

#[test]
fn asym_14_a_use_is_remembered_for_as_long_as_the_assertion_is_accepted() {
    let (key, client) = app();
    let presented = by_assertion(&key.jwt(&header(&json!({})), &claims(&json!({})))).unwrap();
    let Ok(Verified::Once { until, .. }) = presented.verify(&client, &AUDIENCES, NOW) else {
        panic!("a good assertion")
    };
    let mut last = None;
    for second in 0..600 {
        let at = NOW + Duration::from_secs(second);
        if presented.verify(&client, &AUDIENCES, at).is_ok() {
            assert!(!until.has_passed(at + SKEW), "second {second}");
            last = Some(second);
        }
    }
    // `exp` is 60 seconds ahead, and a clock may be 30 behind.
    assert_eq!(last, Some(89));
}

#[test]
fn asym_15_what_is_not_valid_yet_is_refused_and_iat_may_be_absent() {
    use AuthenticationError as E;
    let (key, client) = app();
    for name in ["nbf", "iat"] {
        for (value, expected) in [
            (json!(now()), Ok(())),
            (json!(now() - 86_400), Ok(())),
            (json!(1_800_000_000.25), Ok(())),
            (json!(now() + 30), Ok(())),
            (json!(now() + 31), Err(E::Early)),
            (json!(now() * 1_000), Err(E::Early)),
            (json!("soon"), Err(E::Jwt(JwtError::Claims))),
        ] {
            let assertion = key.jwt(&header(&json!({})), &claims(&json!({ name: value })));
            assert_eq!(verified(&assertion, &client).map(drop), expected, "{name} {value}");
        }
    }
}

#[test]
fn rfc7519_4_a_claim_that_is_given_twice_is_refused() {
    let (key, client) = app();
    let twice = format!(
        r#"{{"iss":"app","sub":"app","aud":"{TOKEN_URL}","exp":{},"jti":"1","jti":"2"}}"#,
        now() + 60
    );
    let raw: Box<serde_json::value::RawValue> = serde_json::from_str(&twice).unwrap();
    let assertion = key.jwt(&header(&json!({})), &raw);
    assert_eq!(verified(&assertion, &client), Err(AuthenticationError::Jwt(JwtError::Claims)));
}
