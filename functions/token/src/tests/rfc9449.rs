//! RFC 9449, §5 and §10: tokens, codes and refresh tokens that are bound to a key.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use smart_core::jose::{KeyId, PublicKey};

use super::keys::ClientKey;
use super::world::{Consent, SCOPE, World, anna};
use super::{Ask, NOW, ask, introspect, refresh};

/// The key of an app, and that of a thief.
fn keys() -> [&'static ClientKey; 2] {
    [ClientKey::es384(), ClientKey::rs384()]
}

fn jkt(key: &ClientKey) -> KeyId {
    serde_json::from_value::<PublicKey>(key.jwk()).unwrap().thumbprint()
}

fn claims(jti: &str) -> Value {
    json!({ "htm": "POST", "htu": "https://smart.example/auth/token", "iat": NOW.as_unix(), "jti": jti })
}

fn proof(key: &ClientKey, claims: &Value) -> String {
    key.sign(&json!({ "typ": "dpop+jwt", "alg": key.alg(), "jwk": key.jwk() }), claims)
}

impl Ask {
    fn proving(self, key: &ClientKey, jti: &str) -> Self {
        self.header("dpop", &proof(key, &claims(jti)))
    }
}

#[tokio::test]
async fn dpop_03_a_token_is_bound_to_the_key_that_is_proved_and_says_so() {
    let world = World::new().await;
    for (key, name) in keys().into_iter().zip(["1", "2"]) {
        let coded = world.consent(anna("web", SCOPE)).await;
        let answer = coded.redemption().by("web").proving(key, name).send(&world).await;
        assert_eq!(answer.tokens()["token_type"], "DPoP");
        assert_eq!(world.access(&answer, NOW).await.cnf.unwrap().jkt, jkt(key));
        let next = refresh(&answer.text("refresh_token")).by("web").proving(key, &format!("{name} next"));
        let next = next.send(&world).await;
        assert_eq!(next.tokens()["token_type"], "DPoP");
        assert_eq!(world.access(&next, NOW).await.cnf.unwrap().jkt, jkt(key));
    }
    let plain = world.consent(anna("web", SCOPE)).await.redemption().by("web").send(&world).await;
    assert_eq!(plain.tokens()["token_type"], "Bearer");
    assert_eq!(world.access(&plain, NOW).await.cnf, None);
}

#[tokio::test]
async fn dpop_04_a_public_clients_refresh_token_is_bound_and_a_confidential_one_may_change_its_key() {
    let world = World::new().await;
    let [own, other] = keys();
    let coded = world.consent(anna("web", SCOPE)).await;
    let token = coded.redemption().by("web").proving(own, "1").send(&world).await.text("refresh_token");
    for (attempt, what) in [
        (refresh(&token).by("web"), "no proof"),
        (refresh(&token).by("web").proving(other, "2"), "another key"),
        (refresh(&token).proving(other, "3"), "a thief who does not know the client"),
    ] {
        let answer = attempt.send(&world).await;
        answer.is_error(400, "invalid_grant");
        assert!(answer.description().contains("bound to a key"), "{what}: {}", answer.description());
    }
    assert_eq!(world.revocation(&coded.grant).await, None, "a thief without the key ends nothing");
    let next = refresh(&token).by("web").proving(own, "4").send(&world).await.text("refresh_token");
    // Nor is a lost answer told again to somebody else.
    refresh(&token).by("web").at(1).proving(other, "5").send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(
        refresh(&token).by("web").at(1).proving(own, "6").send(&world).await.text("refresh_token"),
        next
    );

    let coded = world.consent(anna("basic", SCOPE)).await;
    let by = |ask: Ask| ask.basic("basic", super::world::SECRET);
    let token = by(coded.redemption()).proving(own, "7").send(&world).await.text("refresh_token");
    let answer = by(refresh(&token)).proving(other, "8").send(&world).await;
    assert_eq!(world.access(&answer, NOW).await.cnf.unwrap().jkt, jkt(other));
}

#[tokio::test]
async fn dpop_06_a_code_that_was_bound_by_dpop_jkt_needs_that_key() {
    let world = World::new().await;
    let [own, other] = keys();
    let named = jkt(own);
    for client in ["web", "basic"] {
        let consent = Consent { dpop_jkt: Some(named.as_str()), ..anna(client, SCOPE) };
        let coded = world.consent(consent).await;
        let redemption = || match client {
            "web" => coded.redemption().by("web"),
            _ => coded.redemption().basic("basic", super::world::SECRET),
        };
        redemption().send(&world).await.is_error(400, "invalid_grant");
        let answer = redemption().proving(other, &format!("{client} 1")).send(&world).await;
        answer.is_error(400, "invalid_grant");
        assert!(answer.description().contains("dpop_jkt"), "{}", answer.description());
        redemption().proving(own, &format!("{client} 2")).send(&world).await.tokens();
    }
}

#[tokio::test]
async fn dpop_08_a_proof_that_is_not_in_order_binds_nothing_and_costs_no_code() {
    let world = World::new().await;
    let [own, other] = keys();
    let coded = world.consent(anna("web", SCOPE)).await;
    let with = |member: &str, value: Value| {
        let mut claims = claims("unused");
        claims[member] = value;
        proof(own, &claims)
    };
    let foreign =
        other.sign(&json!({ "typ": "dpop+jwt", "alg": other.alg(), "jwk": own.jwk() }), &claims("unused"));
    for (what, proof) in [
        ("another method", with("htm", json!("GET"))),
        ("another URL", with("htu", json!("https://smart.example/auth/revoke"))),
        ("old", with("iat", json!(NOW.as_unix() - 300))),
        ("of the future", with("iat", json!(NOW.as_unix() + 300))),
        ("no name", with("jti", json!(""))),
        ("another key than it shows", foreign),
        ("no proof", "x".to_owned()),
        ("empty", String::new()),
    ] {
        let answer = coded.redemption().by("web").header("dpop", &proof).send(&world).await;
        answer.is_error(400, "invalid_dpop_proof");
        assert!(answer.description().contains("DPoP header"), "{what}: {}", answer.description());
    }
    let two = coded.redemption().by("web").proving(own, "1").proving(own, "2");
    two.send(&world).await.is_error(400, "invalid_dpop_proof");
    coded.redemption().by("web").proving(own, "3").send(&world).await.tokens();
}

#[tokio::test]
async fn dpop_02_of_fifty_requests_with_one_proof_one_is_answered() {
    let world = World::new().await;
    let function = world.function();
    let proof = proof(ClientKey::es384(), &claims("once"));
    let mut asked = Vec::new();
    for _ in 0..50 {
        let coded = world.consent(anna("web", SCOPE)).await;
        let ask = coded.redemption().by("web").header("dpop", &proof);
        let function = function.clone();
        asked.push(tokio::spawn(async move { ask.send_to(&function).await }));
    }
    let mut answered = 0;
    for answer in asked {
        let answer = answer.await.unwrap();
        match answer.status.as_u16() {
            200 => answered += 1,
            _ => answer.is_error(400, "invalid_dpop_proof"),
        }
    }
    assert_eq!(answered, 1);
}

#[tokio::test]
async fn dpop_01_a_client_that_is_registered_so_gets_no_bearer_tokens() {
    let world = World::new().await;
    world
        .register(json!({
            "client_id": "bound", "token_endpoint_auth_method": "none", "dpop_bound_access_tokens": true,
        }))
        .await;
    let coded = world.consent(anna("bound", SCOPE)).await;
    let answer = coded.redemption().by("bound").send(&world).await;
    answer.is_error(400, "invalid_dpop_proof");
    assert!(answer.description().contains("dpop_bound_access_tokens"));
    coded.redemption().by("bound").proving(ClientKey::es384(), "1").send(&world).await.tokens();
}

#[tokio::test]
async fn dpop_03_introspection_shows_the_key_and_takes_no_bound_token_for_a_bearer_token() {
    let world = World::new().await;
    let key = ClientKey::es384();
    let coded = world.consent(anna("basic", SCOPE)).await;
    let by = |ask: Ask| ask.basic("basic", super::world::SECRET);
    let access = by(coded.redemption()).proving(key, "1").send(&world).await.text("access_token");
    let told = by(introspect(&access)).send(&world).await.json;
    assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("DPoP")));
    assert_eq!(told["cnf"], json!({ "jkt": jkt(key).as_str() }));

    world.register_backend("__token.introspect").await;
    let tool = world.credentials("__token.introspect").proving(key, "2").send(&world).await;
    assert_eq!(tool.tokens()["token_type"], "DPoP");
    let own = tool.text("access_token");
    for scheme in ["Bearer", "DPoP"] {
        let asked = introspect(&access).header("authorization", &format!("{scheme} {own}"));
        assert_eq!(asked.send(&world).await.status, 401, "{scheme}");
    }
}

#[tokio::test]
async fn a_proof_costs_one_write() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    world.store.calls();
    coded.redemption().by("web").proving(ClientKey::es384(), "1").send(&world).await.tokens();
    assert_eq!(world.store.calls(), [("client", 1), ("first_use", 1), ("redeem", 1)]);
    assert_eq!(world.keys.asked.load(Ordering::Relaxed), 2);
    // A mistake costs nothing.
    ask(&[("grant_type", "password")]).proving(ClientKey::es384(), "2").send(&world).await;
    assert!(world.store.calls().is_empty());
}
