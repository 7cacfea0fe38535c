//! RFC 7523, JWT Profile for OAuth 2.0 Client Authentication, as SMART's "Client Authentication: Asymmetric" narrows it.

use serde_json::{Value, json};

use crate::harness::keys::{ClientKeys, Key, signing_input};
use crate::harness::publisher::Publisher;
use crate::harness::smart_app::{ALL_OF_MARIA, Asked, Assertion, JWT_BEARER, TokenCall, random_text};
use crate::harness::{Browser, Choices, SmartApp};

/// An asymmetric client with a request and its code.
struct Attempt {
    app: SmartApp,
    asked: Asked,
    code: String,
}

impl Attempt {
    async fn of(client_id: &'static str) -> Self {
        let app = SmartApp::on_wire(client_id).await;
        let asked = app.request(ALL_OF_MARIA);
        let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
        Self { app, asked, code }
    }

    fn with(&self, assertion: &str) -> TokenCall {
        self.app.exchange(&self.asked, &self.code).set("client_assertion", assertion)
    }

    /// That this assertion is refused, for any grant, with `invalid_client` (ASYM-17).
    async fn refused(&self, assertion: &str) -> String {
        let told = self.with(assertion).send().await.is_token_error(401, "invalid_client");
        assert!(!told.contains(&assertion[..20.min(assertion.len())]) || assertion.is_empty(), "{told}");
        told
    }

    fn assertion(&self) -> Assertion {
        self.app.assertion()
    }

    fn in_seconds(&self, seconds: i64) -> Value {
        let now = i64::try_from(self.app.now().as_unix()).unwrap();
        (now + seconds).into()
    }

    /// That the code is still there for who proves to be its client.
    async fn succeeds(&self) {
        self.app.tokens(&self.app.exchange(&self.asked, &self.code).send().await);
    }
}

/// ASYM-01, ASYM-03, ASYM-04, ASYM-22, CAP-11: RS384 and ES384 are announced, and authenticate at the exchange and at the refresh.
#[tokio::test]
async fn asym_04_22_both_algorithms_authenticate_for_both_grants() {
    let app = SmartApp::on_wire("es384").await;
    let capabilities = app.metadata["capabilities"].as_array().unwrap();
    assert!(capabilities.contains(&json!("client-confidential-asymmetric")));
    for client_id in ["es384", "rs384"] {
        let app = app.as_client(client_id).await;
        assert_eq!(app.assertion().header["alg"], client_id.to_ascii_uppercase());
        let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
        app.tokens(&app.refresh(&tokens).send().await);
    }
}

/// ASYM-04, ASYM-05: RS256 is on for the client that an operator registered so, which then signs with nothing else; not for the
/// client beside it that has the same key, and no document says that it is on.
#[tokio::test]
async fn asym_05_an_algorithm_is_turned_on_for_one_client_alone() {
    let attempt = Attempt::of("rs256").await;
    let by = |alg: &str| attempt.assertion().header("alg", alg).sign();
    for alg in ["RS384", "PS256", "HS256", "none"] {
        let told = attempt.refused(&by(alg)).await;
        assert!(told.contains("alg must be RS256"), "{told}");
    }
    let tokens = attempt.app.tokens(&attempt.with(&by("RS256")).send().await);
    attempt.app.tokens(&attempt.app.refresh(&tokens).set("client_assertion", &by("RS256")).send().await);
    let beside = Attempt::of("rs384").await;
    let told = beside.refused(&beside.assertion().header("alg", "RS256").sign()).await;
    assert!(told.contains("alg must be RS384 or ES384"), "{told}");
    let listed = &attempt.app.metadata["token_endpoint_auth_signing_alg_values_supported"];
    assert_eq!(listed, &json!(["RS384", "ES384"]));
}

/// REG-03, ASYM-08, ASYM-18 to ASYM-20: keys are fetched from where the client publishes them, by whichever program is asked for
/// tokens. The only test that listens there.
#[tokio::test]
async fn reg_03_published_keys_are_fetched_once_and_believed_until_they_are_withdrawn() {
    let keys = ClientKeys::of_this_process();
    let publisher = Publisher::at(&keys.jwks_uri).await;
    publisher.publish("max-age=600", &[keys.rs384.jwk("rsa"), keys.es384.jwk("ec")]);
    let app = SmartApp::on_wire("published").await;
    let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
    app.tokens(&app.refresh(&tokens).send().await);
    // One program may have been started for each of two requests; within it they are kept.
    let fetches = publisher.fetches();
    assert!((1..=2).contains(&fetches), "{fetches}");
    let attempt = Attempt::of("published").await;
    attempt.refused(&attempt.assertion().header("jku", "https://evil.example/jwks.json").sign()).await;
    let told = attempt.refused(&attempt.assertion().header("kid", "unknown").sign()).await;
    assert!(told.contains("kid of a registered key"), "{told}");
    let jku = attempt.assertion().header("jku", keys.jwks_uri.as_str());
    app.tokens(&attempt.with(&jku.sign()).send().await);
}

/// ASYM-02: the type of assertion is exactly the registered one, and comes with an assertion.
#[tokio::test]
async fn asym_02_client_assertion_type_is_jwt_bearer() {
    let attempt = Attempt::of("es384").await;
    let right = || attempt.app.exchange(&attempt.asked, &attempt.code);
    for wrong in [
        right().set("client_assertion_type", "not_an_assertion_type"),
        right().set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
        right().set("client_assertion_type", &JWT_BEARER.to_ascii_uppercase()),
        right().without("client_assertion_type"),
        right().set("client_assertion_type", ""),
        right().without("client_assertion"),
        right().set("client_assertion", ""),
    ] {
        wrong.send().await.is_token_error(401, "invalid_client");
    }
    attempt.succeeds().await;
}

/// ASYM-05, SEC-13: no `none`, no HMAC, and no algorithm but that of the key.
#[tokio::test]
async fn asym_05_an_algorithm_is_never_taken_from_the_assertion() {
    let attempt = Attempt::of("es384").await;
    let good = attempt.assertion();
    for alg in ["none", "None", "HS256", "HS384", "ES256", "RS384", "RS256", "PS384", "EdDSA", ""] {
        attempt.refused(&good.clone().header("alg", alg).sign()).await;
    }
    attempt.refused(&good.clone().header("alg", Value::Null).sign()).await;
    let unsigned = signing_input(&json!({ "alg": "none", "kid": "ec", "typ": "JWT" }), &good.claims);
    for unsigned in [format!("{unsigned}."), unsigned.clone(), format!("{unsigned}.AAAA")] {
        attempt.refused(&unsigned).await;
    }
    attempt.succeeds().await;
    // The public key as an HMAC secret, and RS256 with a key that registered for RS384.
    let rsa = Attempt::of("rs384").await;
    let good = rsa.assertion();
    for alg in ["HS384", "ES384", "RS256"] {
        rsa.refused(&good.clone().header("alg", alg).sign()).await;
    }
    rsa.succeeds().await;
}

/// ASYM-06, ASYM-07, ASYM-08, ASYM-09, SEC-13: the key is the registered one that `kid` names, wherever the header points.
#[tokio::test]
async fn asym_09_only_a_registered_key_counts() {
    let attempt = Attempt::of("es384").await;
    let good = attempt.assertion();
    for kid in [Value::Null, "".into(), "rsa".into(), "EC".into(), 7.into()] {
        attempt.refused(&good.clone().header("kid", kid).sign()).await;
    }
    let stranger = Key::es384();
    let header = |more: Value| {
        let mut header = good.header.clone();
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        header
    };
    for header in [
        header(json!({})),
        header(json!({ "jwk": stranger.jwk("ec") })),
        header(json!({ "jku": "https://evil.example/jwks.json" })),
        header(json!({ "jku": "http://127.0.0.1:1/jwks.json" })),
        header(json!({ "x5u": "https://evil.example/cert.pem" })),
        header(json!({ "crit": ["exp"] })),
    ] {
        attempt.refused(&stranger.sign(&header, &good.claims)).await;
    }
    // Good signatures, and headers that ask for what is not done here.
    for (name, value) in
        [("jku", json!("https://es384.example/jwks")), ("crit", json!(["b64"])), ("b64", json!(false))]
    {
        attempt.refused(&good.clone().header(name, value).sign()).await;
    }
    attempt.refused(&good.clone().header("typ", "at+jwt").sign()).await;
    attempt.succeeds().await;
}

/// ASYM-23: keys of other kinds, and keys for other uses, are as if they were not there.
#[tokio::test]
async fn asym_23_a_key_for_encryption_signs_nothing() {
    let attempt = Attempt::of("es384").await;
    let claims = attempt.assertion().claims;
    let key = &ClientKeys::of_this_process().rs384;
    for alg in ["RS384", "RS256"] {
        attempt.refused(&key.sign(&json!({ "alg": alg, "kid": "enc", "typ": "JWT" }), &claims)).await;
    }
    attempt.refused(&attempt.assertion().header("kid", "okp").sign()).await;
    attempt.succeeds().await;
}

/// ASYM-06: an absent `typ` is forgiven; that is all.
#[tokio::test]
async fn asym_06_typ_may_be_absent() {
    let attempt = Attempt::of("es384").await;
    let assertion = attempt.assertion().header("typ", Value::Null).sign();
    attempt.app.tokens(&attempt.with(&assertion).send().await);
}

/// ASYM-10, ASYM-16: `iss` and `sub` are the client, and so is `client_id`, if it is sent.
#[tokio::test]
async fn asym_10_16_iss_sub_and_client_id_are_the_client() {
    let attempt = Attempt::of("es384").await;
    let good = attempt.assertion();
    for (name, value) in [
        ("iss", json!("rs384")),
        ("sub", json!("rs384")),
        ("iss", Value::Null),
        ("sub", Value::Null),
        ("iss", json!("ES384")),
        ("sub", json!(["es384"])),
        ("iss", json!("https://es384.example")),
    ] {
        attempt.refused(&good.clone().claim(name, value).sign()).await;
    }
    // Another client's key does not speak for this one.
    let other = attempt.app.as_client("rs384").await.assertion();
    attempt.refused(&other.claim("iss", "es384").claim("sub", "es384").sign()).await;
    let contradicted = attempt.with(&good.sign()).set("client_id", "rs384");
    contradicted.send().await.is_token_error(401, "invalid_client");
    attempt.app.tokens(&attempt.with(&good.sign()).set("client_id", "es384").send().await);
}

/// ASYM-11, X-09, X-25: made out to the token endpoint or the issuer, alone; never to the FHIR base.
#[tokio::test]
async fn asym_11_aud_is_the_token_endpoint_or_the_issuer() {
    let attempt = Attempt::of("es384").await;
    let good = attempt.assertion();
    let token = attempt.app.endpoint("token_endpoint").to_owned();
    let issuer = attempt.app.issuer().to_owned();
    for wrong in [
        Value::Null,
        json!(""),
        json!(attempt.app.fhir_base()),
        json!("https://elsewhere.example/auth/token"),
        json!(format!("{token}/")),
        json!(format!("{token}?x=1")),
        json!([token, "https://elsewhere.example/token"]),
        json!([]),
        json!({ "0": token }),
    ] {
        attempt.refused(&good.clone().claim("aud", wrong).sign()).await;
    }
    let mut tokens = attempt.app.tokens(&attempt.with(&good.sign()).send().await);
    for right in [json!([token]), json!(issuer), json!([issuer])] {
        let assertion = attempt.assertion().claim("aud", right).sign();
        let refresh = attempt.app.refresh(&tokens).set("client_assertion", &assertion);
        tokens = attempt.app.tokens(&refresh.send().await);
    }
}

/// ASYM-12: it expires, within five minutes, in seconds.
#[tokio::test]
async fn asym_12_exp_is_required_soon_and_not_past() {
    let attempt = Attempt::of("es384").await;
    let good = attempt.assertion();
    let milliseconds = attempt.app.now().as_unix() * 1000;
    for wrong in [
        Value::Null,
        attempt.in_seconds(-120),
        attempt.in_seconds(3600),
        attempt.in_seconds(400),
        json!(milliseconds),
        json!("soon"),
        json!(-1),
        json!(0),
        json!(1e300),
    ] {
        attempt.refused(&good.clone().claim("exp", wrong).sign()).await;
    }
    let at_most = good.claim("exp", attempt.in_seconds(300)).sign();
    attempt.app.tokens(&attempt.with(&at_most).send().await);
}

/// ASYM-13, ASYM-14: an assertion is good once, for whatever it was used.
#[tokio::test]
async fn asym_13_an_assertion_is_good_once() {
    let attempt = Attempt::of("es384").await;
    for jti in [Value::Null, json!(""), json!(7)] {
        attempt.refused(&attempt.assertion().claim("jti", jti).sign()).await;
    }
    let assertion = attempt.assertion();
    let tokens = attempt.app.tokens(&attempt.with(&assertion.sign()).send().await);
    // The same name in another assertion, too: signatures of ES384 differ each time.
    for again in [assertion.sign(), assertion.clone().claim("exp", attempt.in_seconds(100)).sign()] {
        let refresh = attempt.app.refresh(&tokens).set("client_assertion", &again);
        let told = refresh.send().await.is_token_error(401, "invalid_client");
        assert!(told.contains("jti"), "{told}");
    }
    // Names are the client's own: another may use the same.
    let other = attempt.app.as_client("rs384").await;
    let jti = assertion.claims["jti"].clone();
    let asked = other.request(ALL_OF_MARIA);
    let code = other.code(&mut Browser::new(&other.target), &asked, &Choices::of("maria")).await;
    let same_name = other.assertion().claim("jti", jti).sign();
    other.tokens(&other.exchange(&asked, &code).set("client_assertion", &same_name).send().await);
    attempt.app.tokens(&attempt.app.refresh(&tokens).send().await);
}

/// ASYM-13: also one that came with a bad request was used.
#[tokio::test]
async fn asym_13_a_failed_request_uses_the_assertion_too() {
    let attempt = Attempt::of("es384").await;
    let assertion = attempt.assertion().sign();
    attempt.with(&assertion).set("code", "sac_x").send().await.is_token_error(400, "invalid_grant");
    attempt.with(&assertion).send().await.is_token_error(401, "invalid_client");
    attempt.succeeds().await;
}

/// ASYM-15: not before its time; `iat` need not be there.
#[tokio::test]
async fn asym_15_nbf_and_iat_are_not_in_the_future() {
    let attempt = Attempt::of("es384").await;
    let good = attempt.assertion();
    for name in ["nbf", "iat"] {
        attempt.refused(&good.clone().claim(name, attempt.in_seconds(200)).sign()).await;
        attempt.refused(&good.clone().claim(name, "now").sign()).await;
    }
    let timed = good.claim("nbf", attempt.in_seconds(-5)).claim("iat", attempt.in_seconds(-5)).sign();
    attempt.app.tokens(&attempt.with(&timed).send().await);
}

/// ASYM-03, ASYM-17: what is no signed JWT is `invalid_client`, and no server error.
#[tokio::test]
async fn asym_17_what_is_no_jwt_is_an_invalid_client() {
    let attempt = Attempt::of("es384").await;
    let good = attempt.assertion().sign();
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let flipped = format!("{head}.{claims}.{}", signature.chars().rev().collect::<String>());
    for broken in [
        "x",
        "..",
        "a.b.c",
        "a.b.c.d.e",
        head,
        &format!("{head}.{claims}"),
        &format!("{head}.{claims}.{signature}.{signature}"),
        &format!("{head}.{claims}.{}", &signature[..20]),
        &format!("{head}.{claims}.{signature}="),
        &format!(" {good}"),
        &format!("{good}\n"),
        &format!("{claims}.{head}.{signature}"),
        &flipped,
        &"A".repeat(60_000),
    ] {
        attempt.with(broken).send().await.is_token_error(401, "invalid_client");
    }
    let unknown =
        attempt.assertion().claim("iss", "nobody").claim("sub", "nobody").claim("jti", random_text());
    attempt.refused(&unknown.sign()).await;
    attempt.succeeds().await;
}
