//! What each request costs: the calls of the store and of the signer (the design's budgets).

use std::sync::atomic::Ordering;

use serde_json::json;

use super::keys::ClientKey;
use super::world::{SCOPE, SECRET, World, anna};
use super::{NOW, ask, introspect, refresh, revoke};

impl World {
    /// What was asked since this was asked before: of the store, and how many signatures.
    fn cost(&self) -> (Vec<(&'static str, usize)>, usize) {
        (self.store.calls(), self.keys.asked.swap(0, Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_code_costs_one_write_and_a_client_read_a_minute() {
    let world = World::new().await;
    let function = world.function();
    let code = async |scope| world.consent(anna("web", scope)).await.redemption().by("web");
    code(SCOPE).await.send_to(&function).await.tokens();
    assert_eq!(world.cost(), (vec![("client", 1), ("redeem", 1)], 2));
    code(SCOPE).await.at(59).send_to(&function).await.tokens();
    assert_eq!(world.cost(), (vec![("redeem", 1)], 2));
    code("patient/*.rs").await.at(1).send_to(&function).await.tokens();
    assert_eq!(world.cost(), (vec![("redeem", 1)], 1));
}

#[tokio::test]
async fn a_refresh_costs_one_write_and_looks_at_client_and_user() {
    let world = World::new().await;
    for (scope, reads, signatures) in [
        (SCOPE, vec![("client", 1), ("refresh", 1), ("user", 1)], 2),
        ("offline_access patient/*.rs", vec![("client", 1), ("refresh", 1), ("user", 1)], 1),
        ("online_access patient/*.rs", vec![("client", 1), ("refresh", 1), ("session", 1), ("user", 1)], 1),
    ] {
        let coded = world.consent(anna("web", scope)).await;
        let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
        world.cost();
        // A repeat costs the same: its condition is the same write's.
        for second in [1, 2] {
            refresh(&token).by("web").at(second).send(&world).await.tokens();
            assert_eq!(world.cost(), (reads.clone(), signatures), "{scope}");
        }
    }
}

#[tokio::test]
async fn a_replay_costs_one_more_write_and_no_signature() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    coded.redemption().by("web").send(&world).await.tokens();
    world.cost();
    coded.redemption().by("web").send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.cost(), (vec![("client", 1), ("redeem", 1), ("revoke", 1)], 0));

    let coded = world.consent(anna("web", SCOPE)).await;
    let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
    refresh(&token).by("web").at(1).send(&world).await.tokens();
    world.cost();
    refresh(&token).by("web").at(100).send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.cost(), (vec![("client", 1), ("refresh", 1), ("revoke", 1)], 0));
}

#[tokio::test]
async fn an_assertion_costs_one_more_write() {
    let world = World::new().await;
    let coded = world.consent(anna("jwt", SCOPE)).await;
    let claims = json!({
        "iss": "jwt", "sub": "jwt", "aud": "https://smart.example", "exp": NOW.as_unix() + 60, "jti": "1",
    });
    let assertion = ClientKey::es384().sign(&json!({ "alg": "ES384", "kid": "es384" }), &claims);
    let request = coded
        .redemption()
        .with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        .with("client_assertion", &assertion);
    request.clone().send(&world).await.tokens();
    assert_eq!(world.cost(), (vec![("client", 1), ("first_use", 1), ("redeem", 1)], 2));
    // Used twice, it gets no further.
    request.send(&world).await.is_error(401, "invalid_client");
    assert_eq!(world.cost(), (vec![("client", 1), ("first_use", 1)], 0));
}

#[tokio::test]
async fn what_cannot_be_good_costs_nothing() {
    let world = World::new().await;
    for (request, expected) in [
        (ask(&[]).by("web"), vec![]),
        (ask(&[("grant_type", "password")]).by("web"), vec![]),
        (refresh("").by("web"), vec![]),
        (refresh("x"), vec![]),
        (refresh("x").by("web").with("scope", "patient/Observation.sr"), vec![]),
        (refresh("x").by("unknown"), vec![("client", 1)]),
        (refresh("x").by("web"), vec![("client", 1)]),
    ] {
        assert_ne!(request.send(&world).await.status, 200);
        assert_eq!(world.cost(), (expected, 0));
    }
}

#[tokio::test]
async fn each_way_back_is_one_write() {
    let world = World::new().await;
    let coded = world.consent(anna("web", "offline_access patient/*.rs")).await;
    world.keys.sign_only(0);
    coded.redemption().by("web").send(&world).await.is_error(503, "temporarily_unavailable");
    assert_eq!(world.cost(), (vec![("client", 1), ("redeem", 1), ("unredeem", 1)], 1));
    world.keys.sign_only(1);
    let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
    world.cost();
    refresh(&token).by("web").send(&world).await.is_error(503, "temporarily_unavailable");
    let calls = vec![("client", 1), ("extend_retry", 1), ("refresh", 1), ("user", 1)];
    assert_eq!(world.cost(), (calls, 1));
}

#[tokio::test]
async fn a_token_of_a_client_alone_costs_the_write_of_its_assertion_and_one_signature() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let function = world.function();
    // The client is read as it is now: its token cannot be refreshed.
    for _ in 0..2 {
        world.credentials("system/*.rs").send_to(&function).await.tokens();
        assert_eq!(world.cost(), (vec![("client", 1), ("first_use", 1)], 1));
    }
    world.credentials("patient/*.rs").send_to(&function).await.is_error(400, "invalid_scope");
    assert_eq!(world.cost(), (vec![("client", 1), ("first_use", 1)], 0));
    world.credentials("").send_to(&function).await.is_error(400, "invalid_request");
    assert_eq!(world.cost(), (vec![], 0));
}

#[tokio::test]
async fn a_revocation_costs_one_write() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let function = world.function();
    for token in ["refresh_token", "access_token"] {
        let coded = world.consent(anna("basic", SCOPE)).await;
        let token = coded.redemption().basic("basic", SECRET).send_to(&function).await.text(token);
        world.cost();
        revoke(&token).basic("basic", SECRET).send_to(&function).await.is_done();
        assert_eq!(world.cost(), (vec![("revoke_by_client", 1)], 0));
    }
    let alone = world.credentials("system/*.rs").send_to(&function).await.text("access_token");
    world.cost();
    world.proved(revoke(&alone), "backend").send_to(&function).await.is_done();
    assert_eq!(world.cost(), (vec![("client", 1), ("first_use", 1), ("revoke_token", 1)], 0));
    // What is no token costs nothing but who asks.
    revoke("x").basic("basic", SECRET).send_to(&function).await.is_done();
    assert_eq!(world.cost(), (vec![], 0));
}

#[tokio::test]
async fn an_introspection_costs_one_read_beside_what_is_remembered() {
    let world = World::new().await;
    world.register_backend("system/*.rs __token.introspect").await;
    world.register_resource_server().await;
    let function = world.function();
    let coded = world.consent(anna("web", SCOPE)).await;
    let tokens = coded.redemption().by("web").send_to(&function).await;
    let alone = world.credentials("system/*.rs").send_to(&function).await.text("access_token");
    let asker = world.credentials("__token.introspect").send_to(&function).await.text("access_token");
    world.cost();
    for (token, first, then) in [
        (tokens.text("access_token"), vec![("client", 1), ("grant", 1), ("user", 1)], vec![("grant", 1)]),
        (tokens.text("refresh_token"), vec![("grant", 1)], vec![("grant", 1)]),
        (alone, vec![("client", 1), ("is_revoked", 1)], vec![("is_revoked", 1)]),
    ] {
        introspect(&token).basic("rs", SECRET).send_to(&function).await.active();
        assert_eq!(world.cost(), (first, 0));
        introspect(&token).basic("rs", SECRET).send_to(&function).await.active();
        assert_eq!(world.cost(), (then, 0));
    }
    introspect("x").basic("rs", SECRET).send_to(&function).await.is_inactive();
    assert_eq!(world.cost(), (vec![], 0));
    // Whoever shows a token has that looked up, too.
    introspect("x").bearer(&asker).send_to(&function).await.is_inactive();
    assert_eq!(world.cost(), (vec![("is_revoked", 1)], 0));
}

#[tokio::test]
async fn what_cannot_be_asked_or_revoked_costs_nothing() {
    let world = World::new().await;
    for (request, expected) in [
        (introspect(""), vec![]),
        (introspect("x"), vec![]),
        (introspect("x").bearer("x"), vec![]),
        (introspect("x").by("unknown"), vec![("client", 1)]),
        (revoke(""), vec![]),
        (revoke("x"), vec![]),
        (revoke("x").by("unknown"), vec![("client", 1)]),
    ] {
        assert_ne!(request.send(&world).await.status, 200);
        assert_eq!(world.cost(), (expected, 0));
    }
}
