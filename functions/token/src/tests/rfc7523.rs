//! RFC 7523, JWT client authentication, as SMART profiles it ("Client Authentication: Asymmetric").

use serde_json::{Value, json};

use super::keys::ClientKey;
use super::world::{SCOPE, World, anna};
use super::{Ask, NOW, refresh};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ENDPOINT: &str = "https://smart.example/auth/token";

fn claims(id: &str, jti: &str) -> Value {
    json!({ "iss": id, "sub": id, "aud": ENDPOINT, "exp": NOW.as_unix() + 240, "jti": jti })
}

fn header(key: &ClientKey) -> Value {
    json!({ "alg": key.alg(), "kid": key.alg().to_lowercase(), "typ": "JWT" })
}

impl Ask {
    fn asserting(self, assertion: &str) -> Self {
        self.with("client_assertion_type", TYPE).with("client_assertion", assertion)
    }

    /// As the client `jwt`, by an assertion that is in order.
    fn by_jwt(self, jti: &str) -> Self {
        let key = ClientKey::es384();
        self.asserting(&key.sign(&header(key), &claims("jwt", jti)))
    }
}

#[tokio::test]
async fn asym_04_and_22_rs384_and_es384_for_codes_and_for_refresh() {
    let world = World::new().await;
    let keys = [ClientKey::es384(), ClientKey::rs384()];
    world
        .register(json!({
            "client_id": "both", "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": keys.map(ClientKey::jwk) },
        }))
        .await;
    for key in keys {
        let assertion = |jti: &str| key.sign(&header(key), &claims("both", &format!("{jti} {}", key.alg())));
        let coded = world.consent(anna("both", SCOPE)).await;
        let answer = coded.redemption().asserting(&assertion("1")).send(&world).await;
        let token = answer.tokens()["refresh_token"].as_str().unwrap().to_owned();
        refresh(&token).asserting(&assertion("2")).send(&world).await.tokens();
        // ASYM-16: client_id may stand beside it.
        let coded = world.consent(anna("both", SCOPE)).await;
        coded.redemption().by("both").asserting(&assertion("3")).send(&world).await.tokens();
    }
}

#[tokio::test]
async fn asym_02_to_17_an_assertion_that_is_not_in_order_authenticates_nobody() {
    let world = World::new().await;
    let coded = world.consent(anna("jwt", SCOPE)).await;
    let key = ClientKey::es384();
    let now = NOW.as_unix();
    let signed = |claims: &Value| key.sign(&header(key), claims);
    let with = |name: &str, value: Value| {
        let mut claims = claims("jwt", "unused");
        claims[name] = value;
        signed(&claims)
    };
    let without = |name: &str| {
        let mut claims = claims("jwt", "unused");
        claims.as_object_mut().unwrap().remove(name);
        signed(&claims)
    };
    let with_header = |name: &str, value: Value| {
        let mut header = header(key);
        header[name] = value;
        key.sign(&header, &claims("jwt", "unused"))
    };
    let good = signed(&claims("jwt", "good"));
    let (input, _) = good.rsplit_once('.').unwrap();
    for (what, assertion) in [
        ("ASYM-03 not a JWT", "x".to_owned()),
        ("ASYM-03 no signature", format!("{input}.")),
        ("ASYM-04 of another key", ClientKey::rs384().sign(&header(ClientKey::rs384()), &claims("jwt", "1"))),
        ("ASYM-05 alg none", with_header("alg", json!("none"))),
        ("ASYM-05 alg HS256", with_header("alg", json!("HS256"))),
        ("ASYM-05 alg of another kind of key", with_header("alg", json!("RS384"))),
        ("ASYM-05 alg of ours alone", with_header("alg", json!("ES256"))),
        ("ASYM-06 no kid", with_header("kid", Value::Null)),
        ("ASYM-06 an unknown kid", with_header("kid", json!("other"))),
        ("ASYM-06 another typ", with_header("typ", json!("at+jwt"))),
        ("ASYM-07 a jku", with_header("jku", json!("https://evil.example/jwks.json"))),
        ("crit", with_header("crit", json!(["exp"]))),
        ("ASYM-10 iss", with("iss", json!("web"))),
        ("ASYM-10 sub", with("sub", json!("web"))),
        ("ASYM-10 an unknown client", signed(&claims("unknown", "unused"))),
        ("ASYM-11 the FHIR base", with("aud", json!("https://smart.example/fhir"))),
        ("ASYM-11 elsewhere", with("aud", json!("https://other.example/auth/token"))),
        ("ASYM-11 two audiences", with("aud", json!([ENDPOINT, "https://other.example"]))),
        ("ASYM-11 no aud", without("aud")),
        ("ASYM-12 expired", with("exp", json!(now - 120))),
        ("ASYM-12 an hour ahead", with("exp", json!(now + 3600))),
        ("ASYM-12 in milliseconds", with("exp", json!((now + 240) * 1000))),
        ("ASYM-12 no exp", without("exp")),
        ("ASYM-13 no jti", without("jti")),
        ("ASYM-15 nbf", with("nbf", json!(now + 120))),
        ("ASYM-15 iat", with("iat", json!(now + 120))),
    ] {
        let answer = coded.redemption().asserting(&assertion).send(&world).await;
        answer.is_error(401, "invalid_client");
        assert!(!answer.description().contains(&assertion), "{what}");
        assert!(world.grant(&coded.grant).await.active().is_none(), "{what}");
    }
    for named in ["web", "unknown"] {
        let answer = coded.redemption().by(named).by_jwt("2").send(&world).await;
        answer.is_error(401, "invalid_client");
    }
    coded.redemption().asserting(&good).send(&world).await.tokens();
}

#[tokio::test]
async fn asym_11_and_x_25_the_token_endpoint_or_the_issuer_by_itself() {
    let world = World::new().await;
    let key = ClientKey::es384();
    let accepted = [json!(ENDPOINT), json!("https://smart.example"), json!([ENDPOINT])];
    for (number, aud) in accepted.into_iter().enumerate() {
        let coded = world.consent(anna("jwt", SCOPE)).await;
        let mut claims = claims("jwt", &number.to_string());
        claims["aud"] = aud;
        coded.redemption().asserting(&key.sign(&header(key), &claims)).send(&world).await.tokens();
    }
}

#[tokio::test]
async fn asym_02_the_type_of_the_assertion_is_exactly_one() {
    let world = World::new().await;
    let coded = world.consent(anna("jwt", SCOPE)).await;
    for wrong in [
        coded.redemption().by_jwt("1").with("client_assertion_type", "not_an_assertion_type"),
        coded.redemption().by_jwt("1").without("client_assertion_type"),
        coded.redemption().by_jwt("1").without("client_assertion"),
    ] {
        let answer = wrong.send(&world).await;
        answer.is_error(401, "invalid_client");
        assert!(answer.description().contains("client_assertion_type"));
    }
}

#[tokio::test]
async fn asym_13_and_14_an_assertion_is_used_once_and_a_second_use_touches_no_code() {
    let world = World::new().await;
    let (first, second) = (world.consent(anna("jwt", SCOPE)).await, world.consent(anna("jwt", SCOPE)).await);
    first.redemption().by_jwt("once").send(&world).await.tokens();
    for second_of_day in [0, 1, 59] {
        let again = second.redemption().by_jwt("once").at(second_of_day).send(&world).await;
        again.is_error(401, "invalid_client");
        assert!(again.description().contains("jti was used before"), "{}", again.description());
    }
    second.redemption().by_jwt("another").send(&world).await.tokens();
    // Within the skew after its end it would still be believed, and is still remembered.
    let third = refresh("srt_none").by_jwt("once").at(240 + 29).send(&world).await;
    assert!(third.description().contains("jti was used before"), "{}", third.description());
}

#[tokio::test]
async fn asym_13_a_use_counts_although_the_request_fails() {
    let world = World::new().await;
    let coded = world.consent(anna("jwt", SCOPE)).await;
    coded.redemption().with("code", "BAD_CODE").by_jwt("1").send(&world).await.is_error(400, "invalid_grant");
    coded.redemption().by_jwt("1").send(&world).await.is_error(401, "invalid_client");
    // What cannot be remembered is not believed.
    world.store.break_down("first_use");
    coded.redemption().by_jwt("2").send(&world).await.is_error(503, "temporarily_unavailable");
    world.store.mend();
    coded.redemption().by_jwt("2").send(&world).await.tokens();
}

const JWKS_URI: &str = "https://app.example/jwks.json";

/// A world with the client `by-uri`, which publishes its keys.
async fn world_by_uri() -> World {
    let world = World::new().await;
    world
        .register(json!({
            "client_id": "by-uri", "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": JWKS_URI,
        }))
        .await;
    world
}

#[tokio::test]
async fn asym_08_and_22_a_published_key_authenticates_for_codes_and_for_refresh() {
    let world = world_by_uri().await;
    let key = ClientKey::es384();
    let assertion = |jti: &str| key.sign(&header(key), &claims("by-uri", jti));
    world.published.publish(&[key.jwk(), ClientKey::rs384().jwk()]);
    let coded = world.consent(anna("by-uri", SCOPE)).await;
    let answer = coded.redemption().asserting(&assertion("1")).send(&world).await;
    let token = answer.tokens()["refresh_token"].as_str().unwrap().to_owned();
    refresh(&token).asserting(&assertion("2")).send(&world).await.tokens();
    let asked = (JWKS_URI.to_owned(), "es384".to_owned());
    assert_eq!(world.published.asked(), [asked.clone(), asked]);
    // ASYM-13: as one by value, it is good once.
    let coded = world.consent(anna("by-uri", SCOPE)).await;
    coded.redemption().asserting(&assertion("2")).send(&world).await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn asym_17_and_20_keys_that_cannot_be_had_authenticate_nobody_and_it_says_so() {
    let world = world_by_uri().await;
    let key = ClientKey::es384();
    let coded = world.consent(anna("by-uri", SCOPE)).await;
    let assertion = |jti: &str| key.sign(&header(key), &claims("by-uri", jti));
    let answer = coded.redemption().asserting(&assertion("1")).send(&world).await;
    answer.is_error(401, "invalid_client");
    let told = answer.description();
    assert!(
        told.contains("the keys at the registered jwks_uri cannot be fetched: it takes longer"),
        "{told}"
    );
    for keys in [vec![], vec![ClientKey::rs384().jwk()], vec![key.jwk(), key.jwk()]] {
        world.published.publish(&keys);
        let answer = coded.redemption().asserting(&assertion("1")).send(&world).await;
        answer.is_error(401, "invalid_client");
    }
    // Nothing was used up by that, neither the code nor the name of the assertion.
    world.published.publish(&[key.jwk()]);
    coded.redemption().asserting(&assertion("1")).send(&world).await.tokens();
}

#[tokio::test]
async fn asym_07_a_foreign_jku_and_whatever_cannot_succeed_has_nothing_fetched() {
    let world = world_by_uri().await;
    let key = ClientKey::es384();
    world.published.publish(&[key.jwk()]);
    let coded = world.consent(anna("by-uri", SCOPE)).await;
    let with_header = |name: &str, value: Value| {
        let mut header = header(key);
        header[name] = value;
        key.sign(&header, &claims("by-uri", "1"))
    };
    for assertion in [
        with_header("jku", json!("https://evil.example/jwks.json")),
        with_header("jku", json!("http://169.254.169.254/latest/meta-data/")),
        with_header("alg", json!("none")),
        with_header("alg", json!("HS384")),
        with_header("kid", Value::Null),
        with_header("typ", json!("at+jwt")),
        with_header("crit", json!(["exp"])),
        key.sign(&header(key), &claims("jwt", "1")),
        key.sign(&header(key), &claims("unknown", "1")),
    ] {
        coded
            .redemption()
            .asserting(&assertion)
            .by("by-uri")
            .send(&world)
            .await
            .is_error(401, "invalid_client");
    }
    // Nor for one that authenticates otherwise, or not at all.
    coded.redemption().by("by-uri").send(&world).await.is_error(401, "invalid_client");
    assert_eq!(world.published.asked(), []);
    let registered = with_header("jku", json!(JWKS_URI));
    coded.redemption().asserting(&registered).send(&world).await.tokens();
}
