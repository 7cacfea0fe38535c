//! RFC 7009: token revocation (REVOKE rows).

use std::time::Duration;

use smart_core::grant::RevocationReason;
use smart_core::ports::RevokedTokens as _;

use super::world::{SCOPE, SECRET, World, anna};
use super::{Ask, NOW, ask, introspect, refresh, revoke};

#[tokio::test]
async fn revoke_05_and_06_either_token_ends_the_whole_grant() {
    let world = World::new().await;
    for token in ["refresh_token", "access_token"] {
        for hint in [None, Some("access_token"), Some("refresh_token"), Some("nonsense")] {
            let coded = world.consent(anna("web", SCOPE)).await;
            let tokens = coded.redemption().by("web").send(&world).await;
            let request = revoke(&tokens.text(token)).by("web");
            // REVOKE-07: whatever it is said to be.
            let request =
                hint.into_iter().fold(request, |request, hint| request.with("token_type_hint", hint));
            request.clone().send(&world).await.is_done();
            assert_eq!(
                world.revocation(&coded.grant).await,
                Some(RevocationReason::ByClient),
                "{token} {hint:?}"
            );
            refresh(&tokens.text("refresh_token"))
                .by("web")
                .send(&world)
                .await
                .is_error(400, "invalid_grant");
            // REVOKE-04: again is no error.
            request.send(&world).await.is_done();
        }
    }
}

#[tokio::test]
async fn revoke_05_every_refresh_token_of_a_grant_ends_it() {
    let world = World::new().await;
    // One whose successor the client never got, one that was replaced long ago, one that the client made up.
    for (second, made_up) in [(1, false), (100, false), (1, true)] {
        let coded = world.consent(anna("web", SCOPE)).await;
        let first = coded.redemption().by("web").send(&world).await.text("refresh_token");
        refresh(&first).by("web").at(1).send(&world).await.tokens();
        let token = if made_up { format!("{}{}", &first[..26], "A".repeat(first.len() - 26)) } else { first };
        revoke(&token).by("web").at(second).send(&world).await.is_done();
        assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::ByClient));
    }
}

#[tokio::test]
async fn revoke_03_a_token_of_another_client_is_refused_and_stays_good() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let tokens = coded.redemption().by("web").send(&world).await;
    for token in ["refresh_token", "access_token"] {
        for request in
            [revoke(&tokens.text(token)).by("native"), revoke(&tokens.text(token)).basic("basic", SECRET)]
        {
            request.send(&world).await.is_error(400, "invalid_grant");
        }
    }
    assert!(world.grant(&coded.grant).await.active().is_some());
    refresh(&tokens.text("refresh_token")).by("web").send(&world).await.tokens();
    let alone = world.credentials("system/*.rs").send(&world).await.text("access_token");
    revoke(&alone).basic("basic", SECRET).send(&world).await.is_error(400, "invalid_grant");
    let still = world.proved(introspect(&alone), "backend").send(&world).await;
    still.active();
}

#[tokio::test]
async fn revoke_03_clients_authenticate_as_at_the_token_endpoint() {
    let world = World::new().await;
    let token = format!("srt_{}", "A".repeat(64));
    let plain = || revoke(&token);
    for (request, good) in [
        (plain().by("web"), true),
        (plain().basic("basic", SECRET), true),
        (plain().by("post").with("client_secret", SECRET), true),
        (world.proved(plain(), "jwt"), true),
        (plain(), false),
        (plain().by("unknown"), false),
        (plain().by("basic"), false),
        (plain().by("jwt"), false),
        (plain().basic("basic", "wrong"), false),
        (plain().basic("post", SECRET), false),
        (plain().basic("web", SECRET), false),
        (plain().by("post").with("client_secret", "wrong"), false),
        (world.proved(plain(), "basic"), false),
        (plain().bearer(&token), false),
    ] {
        let answer = request.send(&world).await;
        if good { answer.is_done() } else { answer.is_error(401, "invalid_client") }
    }
    world.proved(plain(), "jwt").basic("jwt", SECRET).send(&world).await.is_error(400, "invalid_request");
    world.change_client("web", |client| client.disabled = true).await;
    plain().by("web").send(&world).await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn asym_11_and_13_an_assertion_may_be_made_out_to_the_endpoint_and_is_used_once() {
    let world = World::new().await;
    let signed = |aud: &str, jti: &str| {
        let claims = serde_json::json!({ "iss": "jwt", "sub": "jwt", "aud": aud, "exp": NOW.as_unix() + 60, "jti": jti });
        super::keys::ClientKey::es384().sign(&serde_json::json!({ "alg": "ES384", "kid": "es384" }), &claims)
    };
    let with = |request: Ask, assertion: &str| {
        request
            .with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .with("client_assertion", assertion)
    };
    for (n, aud) in
        ["https://smart.example", "https://smart.example/auth/token", "https://smart.example/auth/revoke"]
            .into_iter()
            .enumerate()
    {
        let assertion = signed(aud, &n.to_string());
        with(revoke("x"), &assertion).send(&world).await.is_done();
        with(revoke("x"), &assertion).send(&world).await.is_error(401, "invalid_client");
        // Nor elsewhere.
        with(introspect("x"), &assertion).send(&world).await.is_error(401, "invalid_client");
    }
    for aud in
        ["https://smart.example/fhir", "https://smart.example/auth/introspect", "https://other.example"]
    {
        with(revoke("x"), &signed(aud, aud)).send(&world).await.is_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn revoke_04_and_07_what_is_no_token_is_done_and_what_is_of_another_kind_is_told() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let tokens = coded.redemption().by("web").send(&world).await;
    let unknown = format!("srt_{}", "A".repeat(64));
    for token in ["x", "a.b.c", &unknown, "srt_", "\u{e9}"] {
        revoke(token).by("web").send(&world).await.is_done();
    }
    // A signature that does not hold, and one that is not ours.
    let access = tokens.text("access_token");
    revoke(&format!("{}AAAA", &access[..access.len() - 4])).by("web").send(&world).await.is_done();
    // An access token that has expired: there is nothing left to be ended by it.
    revoke(&access).by("web").at(900).send(&world).await.is_done();
    assert!(world.grant(&coded.grant).await.active().is_some());
    for token in [tokens.text("id_token"), coded.code.clone(), world.assertion("jwt", 0)] {
        revoke(&token).by("web").send(&world).await.is_error(400, "unsupported_token_type");
    }
    assert!(world.grant(&coded.grant).await.active().is_some());
}

#[tokio::test]
async fn revoke_02_the_request_is_one_form_with_one_token() {
    let world = World::new().await;
    let good = revoke("x").by("web");
    good.clone().without("token").send(&world).await.is_error(400, "invalid_request");
    good.clone().with("token", "").send(&world).await.is_error(400, "invalid_request");
    good.clone().and("token", "y").send(&world).await.is_error(400, "invalid_request");
    let in_url = Ask { uri: "/auth/revoke?token=x".to_owned(), ..good.clone() };
    in_url.send(&world).await.is_error(400, "invalid_request");
    Ask { headers: Vec::new(), ..good.clone() }.send(&world).await.is_error(400, "invalid_request");
    let get = Ask { method: http::Method::GET, ..good }.send(&world).await;
    assert_eq!((get.status.as_u16(), get.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn revoke_10_the_token_of_a_client_alone_is_remembered_as_revoked_until_it_has_expired() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let answer = world.credentials("system/*.rs").send(&world).await;
    let (token, claims) = (answer.text("access_token"), world.access(&answer, NOW).await);
    let other = world.credentials("system/*.rs").send(&world).await.text("access_token");
    let about = async |token: &str| world.proved(introspect(token), "backend").send(&world).await;
    about(&token).await.active();
    for _ in 0..2 {
        world.proved(revoke(&token), "backend").send(&world).await.is_done();
        about(&token).await.is_inactive();
        about(&other).await.active();
    }
    for (second, revoked) in [(0, true), (299, true), (300, true), (360, false)] {
        let now = NOW + Duration::from_secs(second);
        assert_eq!(world.store.is_revoked(&claims.name(), now).await.unwrap(), revoked, "at second {second}");
    }
}

#[tokio::test]
async fn revoke_07_a_store_that_cannot_answer_means_try_again() {
    let world = World::new().await;
    world.register_backend("system/*.rs").await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
    let alone = world.credentials("system/*.rs").send(&world).await.text("access_token");
    for operation in ["revoke_by_client", "client", "revoke_token"] {
        world.store.break_down(operation);
    }
    let unavailable = [revoke(&token).by("web"), world.proved(revoke(&alone), "backend")];
    for request in unavailable {
        let answer = request.send(&world).await;
        answer.is_error(503, "temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), "1");
    }
    world.store.mend();
    refresh(&token).by("web").at(1).send(&world).await.tokens();
    world.proved(introspect(&alone), "backend").send(&world).await.active();
}

#[tokio::test]
async fn revoke_08_pages_of_any_origin_may_ask() {
    let world = World::new().await;
    for uri in ["/auth/revoke", "/auth/introspect"] {
        let preflight =
            Ask { method: http::Method::OPTIONS, uri: uri.to_owned(), ..ask(&[]) }.send(&world).await;
        assert_eq!(preflight.status, 204);
        assert_eq!(preflight.header("access-control-allow-origin"), "*");
        assert_eq!(preflight.header("access-control-allow-methods"), "POST, OPTIONS");
    }
}
