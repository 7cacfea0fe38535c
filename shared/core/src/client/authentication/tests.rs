//! Client authentication: header and form, and every way in which an assertion can be wrong.

use aws_lc_rs::hmac;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::client::metadata::{self, Deployment};
use crate::jose::test_keys::{TestKey, input};
use crate::jose::{PublicKey, compact};

const NOW: Instant = Instant::from_unix(1_800_000_000);
const TOKEN_URL: &str = "https://smart.example/auth/token";
const ISSUER: &str = "https://smart.example";
const AUDIENCES: [&str; 2] = [TOKEN_URL, ISSUER];
const SECRET: &str = "Zk3vT1uQ8xYw5bN7rJ2mKd";

fn now() -> u64 {
    NOW.as_unix()
}

/// A client whose metadata are these besides the usual.
fn client(id: &str, more: &Value) -> Client {
    let mut metadata = json!({ "client_id": id, "redirect_uris": ["https://app.example/cb"] });
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata::parse(&metadata, Deployment::Public).unwrap()
}

fn public(id: &str) -> Client {
    client(id, &json!({ "token_endpoint_auth_method": "none" }))
}

fn symmetric(id: &str, method: &str, secret: &str) -> Client {
    client(id, &json!({ "token_endpoint_auth_method": method, "client_secret": secret }))
}

fn asymmetric(id: &str, keys: &[Value]) -> Client {
    client(id, &json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": keys } }))
}

fn form(pairs: &[(&str, &str)]) -> Parameters {
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Parameters::parse(encoded.as_bytes()).unwrap()
}

fn basic_header(user_and_password: &str) -> String {
    format!("Basic {}", STANDARD.encode(user_and_password))
}

fn by_header(user_and_password: &str) -> Presented {
    Presented::parse(Some(&basic_header(user_and_password)), &form(&[])).unwrap()
}

fn is_by_header(presented: &Presented, secret: &str) -> bool {
    let digest = Digest::of(secret.as_bytes());
    presented.proof == Proof::Secret { method: SecretMethod::ClientSecretBasic, digest }
}

fn by_form(pairs: &[(&str, &str)]) -> Result<Presented, PresentedError> {
    Presented::parse(None, &form(pairs))
}

fn by_assertion(assertion: &str) -> Result<Presented, PresentedError> {
    by_form(&[("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)])
}

/// What becomes of an assertion that is sent for `client`.
fn verified(assertion: &str, client: &Client) -> Result<Verified, AuthenticationError> {
    by_assertion(assertion).unwrap().verify(client, &AUDIENCES, NOW)
}

/// The claims of a good assertion of `app`, with some members changed; `null` takes one out.
fn claims(changes: &Value) -> Value {
    changed(json!({ "iss": "app", "sub": "app", "aud": TOKEN_URL, "exp": now() + 60, "jti": "j-1" }), changes)
}

fn changed(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object
}

fn header(changes: &Value) -> Value {
    changed(json!({ "typ": "JWT", "alg": "ES384", "kid": "k" }), changes)
}

/// The client `app` with one ES384 key named `k`.
fn app() -> (TestKey, Client) {
    let key = TestKey::generate(Algorithm::ES384);
    let client = asymmetric("app", &[key.jwk("k")]);
    (key, client)
}

#[test]
fn sym_01_and_02_basic_is_read_form_decoded_and_raw_where_both_agree() {
    let table = [
        ("app:Zk3vT1uQ8xYw5bN7rJ2mKd", "app", "Zk3vT1uQ8xYw5bN7rJ2mKd"),
        // Form-encoded, as RFC 6749 §2.3.1 has it.
        ("app:a%3Ab%25c%2Bd+e", "app", "a:b%c+d e"),
        ("my%3Aapp:%C3%A4", "my:app", "ä"),
        // Raw, as SMART has it: what no encoding leaves as it is.
        ("app:a&b=c", "app", "a&b=c"),
        ("app:a:b", "app", "a:b"),
    ];
    for (sent, id, secret) in table {
        let presented = by_header(sent);
        assert_eq!(presented.client_id().as_str(), id, "{sent}");
        assert!(is_by_header(&presented, secret), "{sent}");
        assert!(presented.used_header());
    }
    let lower = format!("bAsIc {}", STANDARD.encode(format!("app:{SECRET}")));
    let client = symmetric("app", "client_secret_basic", SECRET);
    let presented = Presented::parse(Some(&lower), &form(&[])).unwrap();
    assert_eq!(presented.verify(&client, &AUDIENCES, NOW), Ok(Verified::Done));
}

#[test]
fn sym_01_what_is_no_basic_authentication_is_said_to_be_none() {
    for bad in [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Bearer abc",
        "Basic YXBw",             // app
        "Basic OnNlY3JldA==",     // :secret
        "Basic YSBiOnNlY3JldA==", // a b:secret
        "Basic gDpzZWNyZXQ=",     // not UTF-8
    ] {
        assert_eq!(Presented::parse(Some(bad), &form(&[])).unwrap_err(), PresentedError::Basic, "{bad:?}");
    }
}

#[test]
fn sym_04_secrets_are_kept_and_shown_as_digests_at_most() {
    let presented = by_form(&[("client_id", "app"), ("client_secret", SECRET)]).unwrap();
    assert_eq!(format!("{presented:?}"), "Presented(app, client_secret_post)");
    assert_eq!(format!("{:?}", by_header("app:s")), "Presented(app, client_secret_basic)");
    let client = symmetric("app", "client_secret_post", SECRET);
    assert_eq!(presented.verify(&client, &AUDIENCES, NOW), Ok(Verified::Done));
    for wrong in ["x", "", "Zk3vT1uQ8xYw5bN7rJ2mKD", "Zk3vT1uQ8xYw5bN7rJ2mK", "Zk3vT1uQ8xYw5bN7rJ2mKdd"] {
        let presented = Presented {
            client_id: "app".parse().unwrap(),
            proof: Proof::Secret {
                method: SecretMethod::ClientSecretPost,
                digest: Digest::of(wrong.as_bytes()),
            },
        };
        assert_eq!(presented.verify(&client, &AUDIENCES, NOW), Err(AuthenticationError::Failed), "{wrong}");
    }
}

#[test]
fn tok_31_that_the_method_is_another_is_told_only_to_who_knows_the_secret() {
    let client = symmetric("app", "client_secret_post", SECRET);
    let told = |sent: &str| by_header(sent).verify(&client, &AUDIENCES, NOW).unwrap_err();
    assert_eq!(told("app:wrong"), AuthenticationError::Failed);
    assert_eq!(
        told(&format!("app:{SECRET}")),
        AuthenticationError::Method { registered: "client_secret_post" }
    );
}

#[test]
fn reg_08_and_tok_06_each_client_authenticates_in_its_own_way_and_no_other() {
    let (key, keyed) = app();
    let clients = [
        public("app"),
        symmetric("app", "client_secret_basic", SECRET),
        symmetric("app", "client_secret_post", SECRET),
        keyed,
    ];
    let ways = [
        by_form(&[("client_id", "app")]).unwrap(),
        by_header(&format!("app:{SECRET}")),
        by_form(&[("client_id", "app"), ("client_secret", SECRET)]).unwrap(),
        by_assertion(&key.jwt(&header(&json!({})), &claims(&json!({})))).unwrap(),
    ];
    for (c, client) in clients.iter().enumerate() {
        for (w, way) in ways.iter().enumerate() {
            let found = way.verify(client, &AUDIENCES, NOW);
            let registered = client.authentication.method();
            if c == w {
                assert!(found.is_ok(), "{registered}: {way:?}");
            } else {
                assert_eq!(found, Err(AuthenticationError::Method { registered }), "{way:?}");
            }
        }
    }
}

#[test]
fn tok_06_nobody_authenticates_as_another_client() {
    let (key, _) = app();
    let other = asymmetric("other", &[key.jwk("k")]);
    let assertion = key.jwt(&header(&json!({})), &claims(&json!({})));
    assert_eq!(verified(&assertion, &other), Err(AuthenticationError::Failed));
    for presented in [by_form(&[("client_id", "app")]).unwrap(), by_header(&format!("app:{SECRET}"))] {
        for client in [public("other"), symmetric("other", "client_secret_basic", SECRET)] {
            assert_eq!(presented.verify(&client, &AUDIENCES, NOW), Err(AuthenticationError::Failed));
        }
    }
}

/// A header, a form, and what is wrong with them.
type Sent<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], PresentedError);

#[test]
fn tok_04_05_26_and_asym_02_03_16_one_client_one_way() {
    use PresentedError as E;
    let (key, _) = app();
    let assertion = key.jwt(&header(&json!({})), &claims(&json!({})));
    let assertion = assertion.as_str();
    let basic = basic_header(&format!("app:{SECRET}"));
    let basic = Some(basic.as_str());
    let jwt = ("client_assertion_type", JWT_BEARER);
    let no_subject = key.jwt(&header(&json!({})), &claims(&json!({ "sub": null })));
    let odd_subject = key.jwt(&header(&json!({})), &claims(&json!({ "sub": "a b" })));
    let table: &[Sent<'_>] = &[
        (None, &[], E::Nobody),
        (None, &[("client_id", "")], E::Nobody),
        (None, &[("client_secret", SECRET)], E::Nobody),
        (None, &[("client_id", "a b")], E::ClientId),
        (basic, &[("client_secret", SECRET)], E::Several),
        (basic, &[jwt, ("client_assertion", assertion)], E::Several),
        (basic, &[jwt], E::Several),
        (
            None,
            &[("client_id", "app"), ("client_secret", SECRET), ("client_assertion", assertion)],
            E::Several,
        ),
        (basic, &[("client_id", "other")], E::AnotherClient),
        (None, &[("client_id", "other"), jwt, ("client_assertion", assertion)], E::AnotherClient),
        (None, &[jwt], E::AssertionType),
        (None, &[("client_id", "app"), ("client_assertion", assertion)], E::AssertionType),
        (
            None,
            &[("client_assertion_type", "not_an_assertion_type"), ("client_assertion", assertion)],
            E::AssertionType,
        ),
        (
            None,
            &[
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:JWT-bearer"),
                ("client_assertion", assertion),
            ],
            E::AssertionType,
        ),
        (None, &[jwt, ("client_assertion", "x")], E::Assertion),
        (None, &[jwt, ("client_assertion", "a.b.c")], E::Assertion),
        (None, &[jwt, ("client_assertion", &no_subject)], E::Assertion),
        (None, &[jwt, ("client_assertion", &odd_subject)], E::Assertion),
    ];
    for (header, pairs, expected) in table {
        assert_eq!(Presented::parse(*header, &form(pairs)).unwrap_err(), *expected, "{pairs:?}");
    }
    // The same name twice over is one name.
    assert!(Presented::parse(basic, &form(&[("client_id", "app")])).is_ok());
    assert!(by_form(&[("client_id", "app"), jwt, ("client_assertion", assertion)]).is_ok());
}

#[test]
fn asym_22_assertions_are_read_alike_in_every_flow() {
    let (key, client) = app();
    let assertion = key.jwt(&header(&json!({})), &claims(&json!({})));
    for grant_type in ["authorization_code", "refresh_token", "client_credentials"] {
        let presented = by_form(&[
            ("grant_type", grant_type),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ])
        .unwrap();
        assert!(matches!(presented.verify(&client, &AUDIENCES, NOW), Ok(Verified::Once { .. })));
        assert!(!presented.used_header());
    }
}

#[test]
fn asym_04_and_08_rs384_and_es384_by_registered_keys() {
    let (rsa, ec) = (TestKey::generate(Algorithm::RS384), TestKey::generate(Algorithm::ES384));
    let both = asymmetric("app", &[rsa.jwk("r"), ec.jwk("e")]);
    for (key, alg, kid) in [(&rsa, "RS384", "r"), (&ec, "ES384", "e")] {
        let header = header(&json!({ "alg": alg, "kid": kid }));
        let assertion = key.jwt(&header, &claims(&json!({})));
        assert!(matches!(verified(&assertion, &both), Ok(Verified::Once { .. })), "{alg}");
        // With one part of another assertion by the same key.
        let other = key.jwt(&changed(header.clone(), &json!({ "x": 1 })), &claims(&json!({ "jti": "j-2" })));
        for part in 0..3 {
            let mut parts: Vec<&str> = assertion.split('.').collect();
            parts[part] = other.split('.').nth(part).unwrap();
            let found = verified(&parts.join("."), &both);
            assert_eq!(found, Err(AuthenticationError::Jwt(JwtError::Signature)), "{alg}, part {part}");
        }
    }
}

#[test]
fn asym_05_neither_none_nor_hmac_nor_an_algorithm_of_another_key() {
    use AuthenticationError as E;
    let rsa = TestKey::generate(Algorithm::RS384);
    let (ec, p256) = (TestKey::generate(Algorithm::ES384), TestKey::generate(Algorithm::ES256));
    let mut only_rs256 = rsa.jwk("only-rs256");
    only_rs256["alg"] = json!("RS256");
    let keys = [rsa.jwk("r"), ec.jwk("e"), p256.jwk("p"), only_rs256];
    let client = asymmetric("app", &keys);

    // No signature, and the public key as the key of an HMAC: as text, as a number, as a JWK.
    let PublicKey::Rsa { n, .. } = &rsa.public else { panic!("an RSA key") };
    let modulus = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(n).unwrap();
    let jwk = rsa.jwk("r").to_string();
    for alg in ["HS256", "HS384", "none", "None", "NONE", ""] {
        let unsigned = input(&header(&json!({ "alg": alg, "kid": "r" })), &claims(&json!({})));
        let mut forged = vec![compact(&unsigned, b"")];
        for public in [n.as_bytes(), &modulus, jwk.as_bytes()] {
            for hash in [hmac::HMAC_SHA256, hmac::HMAC_SHA384] {
                let tag = hmac::sign(&hmac::Key::new(hash, public), unsigned.as_bytes());
                forged.push(compact(&unsigned, tag.as_ref()));
            }
        }
        for assertion in forged {
            assert_eq!(verified(&assertion, &client), Err(E::Algorithm), "{alg}");
        }
    }

    // Signed by the key that is named, by an algorithm that is not for assertions or not for that key.
    let mut rs256 = rsa;
    rs256.alg = Algorithm::RS256;
    for (key, alg, kid, expected) in [
        (&rs256, "RS256", "r", E::Algorithm),
        (&p256, "ES256", "p", E::Algorithm),
        (&p256, "ES384", "p", E::Algorithm),
        (&ec, "ES384", "r", E::Algorithm),
        (&rs256, "RS384", "e", E::Algorithm),
        (&rs256, "RS384", "only-rs256", E::Algorithm),
        (&rs256, "rs384", "r", E::Algorithm),
        (&ec, "PS384", "r", E::Algorithm),
        // The header says RS384, the signature is RS256's.
        (&rs256, "RS384", "r", E::Jwt(JwtError::Signature)),
    ] {
        let assertion = key.jwt(&header(&json!({ "alg": alg, "kid": kid })), &claims(&json!({})));
        assert_eq!(verified(&assertion, &client), Err(expected), "{alg} {kid}");
    }
}

#[test]
fn asym_06_07_and_09_the_header_names_one_registered_key_and_no_url() {
    use AuthenticationError as E;
    let (key, client) = app();
    let table = [
        (json!({ "kid": null }), E::Key),
        (json!({ "kid": "" }), E::Key),
        (json!({ "kid": "K" }), E::Key),
        (json!({ "jku": "https://evil.example/jwks" }), E::Jku),
        (json!({ "jku": "" }), E::Jku),
        (json!({ "typ": "at+jwt" }), E::Jwt(JwtError::Type)),
        (json!({ "typ": "" }), E::Jwt(JwtError::Type)),
        (json!({ "crit": ["exp"] }), E::Jwt(JwtError::Form)),
        (json!({ "alg": null }), E::Jwt(JwtError::Form)),
        (json!({ "kid": 1 }), E::Jwt(JwtError::Form)),
    ];
    for (changes, expected) in table {
        let assertion = key.jwt(&header(&changes), &claims(&json!({})));
        assert_eq!(verified(&assertion, &client), Err(expected), "{changes}");
    }
    // A key that comes along is not looked at, and a type that is left out is forgiven.
    for changes in [
        json!({ "jwk": key.jwk("k"), "x5u": "https://evil.example" }),
        json!({ "typ": null }),
        json!({ "typ": "jwt" }),
    ] {
        let assertion = key.jwt(&header(&changes), &claims(&json!({})));
        assert!(verified(&assertion, &client).is_ok(), "{changes}");
    }
    let brought = TestKey::generate(Algorithm::ES384);
    let assertion = brought.jwt(&header(&json!({ "jwk": brought.jwk("k") })), &claims(&json!({})));
    assert_eq!(verified(&assertion, &client), Err(E::Jwt(JwtError::Signature)));
    // Two keys of one name cannot be registered.
    let twice = json!({ "client_id": "app", "redirect_uris": ["https://app.example/cb"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk("k"), brought.jwk("k")] } });
    assert_eq!(metadata::parse(&twice, Deployment::Public).unwrap_err().field, "jwks.keys[1].kid");
}

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
        (json!({ "alg": "HS384" }), AuthenticationError::Algorithm),
        (json!({ "alg": "RS256" }), AuthenticationError::Algorithm),
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

proptest! {
    #[test]
    fn sym_02_any_secret_comes_through_form_encoded(id in "[!-~]{1,20}", secret in "\\PC{1,40}") {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let presented = by_header(&format!("{}:{}", encode(&id), encode(&secret)));
        prop_assert_eq!(presented.client_id().as_str(), id);
        prop_assert!(is_by_header(&presented, &secret));
    }

    #[test]
    fn sym_02_a_raw_secret_without_percent_and_plus_comes_through_too(secret in "[ -$&-*,-~]{1,40}") {
        let presented = by_header(&format!("app:{secret}"));
        prop_assert!(is_by_header(&presented, &secret));
    }

    #[test]
    fn no_header_and_no_form_makes_it_panic(header in "\\PC*", body in prop::collection::vec(any::<u8>(), 0..80)) {
        let parameters = Parameters::parse(&body).unwrap_or_default();
        let _ = Presented::parse(Some(&header), &parameters);
        let _ = Presented::parse(Some(&basic_header(&header)), &parameters);
        let _ = Presented::parse(None, &parameters);
        // What cannot be read as text is not a form.
        let _ = by_assertion(&header.replace(['\u{fffd}', '\0'], "?"));
        let _ = by_assertion(&format!("e30.{}.", STANDARD.encode(&body)));
    }
}
