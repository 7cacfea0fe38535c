//! RFC 7662, OAuth 2.0 Token Introspection, and SMART 2.2 "Token Introspection" (INTRO rows).

use http::Method;
use serde_json::{Value, json};

use crate::harness::smart_app::ALL_OF_MARIA;
use crate::harness::{Choices, SmartApp};

/// INTRO-03 to INTRO-07, INTRO-13, INTRO-15, ONC-11: what is told of a token is what its client was told.
#[tokio::test]
async fn intro_04_to_07_what_is_told_is_what_the_client_was_told() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let server = app.as_client("introspector").await;
    let told = server.introspected(&tokens.access_token).await;
    assert_eq!(told["scope"], tokens.scope);
    assert_eq!((&told["client_id"], &told["token_type"]), (&json!("web"), &json!("Bearer")));
    let claims = tokens.claims();
    for claim in ["exp", "iat", "iss", "sub", "aud"] {
        assert_eq!(told[claim], claims[claim], "{claim}");
    }
    let id_token = app.verified(tokens.id_token.as_deref().unwrap()).await;
    for claim in ["iss", "sub", "fhirUser"] {
        assert_eq!(told[claim], id_token[claim], "{claim}");
    }
    // INTRO-05: each member of the token response that is launch context.
    let oauth = ["access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token"];
    for (name, value) in tokens.json.as_object().unwrap() {
        if !oauth.contains(&name.as_str()) {
            assert_eq!(&told[name], value, "{name}");
        }
    }
    assert_eq!(told["patient"], "maria");
}

/// INTRO-12: tokens without a user, and refresh tokens.
#[tokio::test]
async fn intro_12_every_kind_of_token_is_told_of() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let server = app.as_client("introspector").await;
    let backend = app.as_client("backend").await;
    let alone = backend.alone("system/*.rs").await;
    let told = server.introspected(&alone.access_token).await;
    assert_eq!((&told["client_id"], &told["sub"]), (&json!("backend"), &json!("backend")));
    assert_eq!((&told["scope"], &told["exp"]), (&json!("system/*.rs"), &alone.claims()["exp"]));
    for absent in ["patient", "fhirUser", "need_patient_banner"] {
        assert_eq!(told.get(absent), None::<&Value>, "{absent}");
    }
    let told = server.introspected(tokens.refresh_token.as_deref().unwrap()).await;
    assert_eq!((&told["client_id"], &told["scope"]), (&json!("web"), &json!(tokens.scope)));
    assert!(told["exp"].as_u64().unwrap() > tokens.claims()["exp"].as_u64().unwrap());
    // It opens no API, and whoever asks what it was sent can see that.
    for absent in ["aud", "token_type"] {
        assert_eq!(told.get(absent), None::<&Value>, "{absent}");
    }
}

/// INTRO-08, INTRO-14: what is good for nothing is told to be so, and nothing else.
#[tokio::test]
async fn intro_08_and_14_what_is_not_good_is_inactive_and_nothing_else() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let server = app.as_client("introspector").await;
    let bad = format!("{}AAAA", &tokens.access_token[..tokens.access_token.len() - 4]);
    for token in [
        "invalid_token_value",
        "a.b.c",
        &bad,
        tokens.id_token.as_deref().unwrap(),
        &format!("srt_{}", "A".repeat(64)),
    ] {
        server.is_inactive(token).await;
    }
    // REFR-14: replaced, the one before is told of as long as it may be repeated.
    let refreshed = app.tokens(&app.refresh(&tokens).send().await);
    server.introspected(tokens.refresh_token.as_deref().unwrap()).await;
    app.revokes(refreshed.refresh_token.as_deref().unwrap()).await;
    for tokens in [&tokens, &refreshed] {
        server.is_inactive(&tokens.access_token).await;
        server.is_inactive(tokens.refresh_token.as_deref().unwrap()).await;
    }
    let backend = app.as_client("backend").await;
    let alone = backend.alone("system/*.rs").await;
    backend.introspected(&alone.access_token).await;
    backend.revokes(&alone.access_token).await;
    backend.is_inactive(&alone.access_token).await;
    server.is_inactive(&alone.access_token).await;
}

/// INTRO-11: each kind of client that authenticates asks about its own tokens, and about no others.
#[tokio::test]
async fn intro_11_a_client_asks_about_its_own_tokens() {
    let server = SmartApp::on_wire("introspector").await;
    let mut all = Vec::new();
    for client_id in ["basic", "post", "es384", "rs384"] {
        let app = server.as_client(client_id).await;
        let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
        all.push((app, tokens));
    }
    for (app, _) in &all {
        for (owner, tokens) in &all {
            for token in [&tokens.access_token, tokens.refresh_token.as_ref().unwrap()] {
                if owner.client_id == app.client_id {
                    assert_eq!(app.introspected(token).await["client_id"], owner.client_id);
                } else {
                    app.is_inactive(token).await;
                }
            }
        }
    }
}

/// INTRO-09, INTRO-11: nobody scans for tokens.
#[tokio::test]
async fn intro_09_who_proves_nothing_is_told_nothing() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let server = app.as_client("introspector").await;
    // A public client, about its own token.
    app.introspection(&tokens.access_token).send().await.is_token_error(401, "invalid_client");
    let good = || server.introspection(&tokens.access_token);
    for authorization in ["", "Basic eDp5", "Basic", "Digest x", "Basic aW50cm9zcGVjdG9yOg=="] {
        let answer = good().authorization(authorization).send().await;
        answer.is_token_error(401, "invalid_client");
        assert_eq!(answer.json().get("active"), None::<&Value>);
    }
    good().without("token").send().await.is_token_error(400, "invalid_request");
    let endpoint = server.endpoint("introspection_endpoint");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        server.target.call(method, endpoint).send().await.is(405);
    }
}

/// INTRO-10: an access token with the scope asks about the tokens of every client.
#[tokio::test]
async fn intro_10_a_token_with_the_scope_asks_about_every_clients_tokens() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let server = app.as_client("introspector").await;
    let asker = server.alone("__token.introspect").await;
    let ask = |bearer: &str, token: &str| {
        server.introspection(token).authorization(&format!("Bearer {bearer}")).send()
    };
    let told = ask(&asker.access_token, &tokens.access_token).await.ok();
    assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!("web")));
    assert_eq!(ask(&asker.access_token, "x").await.ok(), json!({ "active": false }));
    // Without the scope, or good for nothing.
    let backend = app.as_client("backend").await.alone("system/*.rs").await;
    for (bearer, error) in [
        (&backend.access_token, "insufficient_scope"),
        (&tokens.access_token, "insufficient_scope"),
        (tokens.id_token.as_ref().unwrap(), "invalid_token"),
        (tokens.refresh_token.as_ref().unwrap(), "invalid_token"),
        (&"x".to_owned(), "invalid_token"),
    ] {
        let refused = ask(bearer, &tokens.access_token).await;
        refused.is_token_error(401, error);
        assert_eq!(refused.bearer_challenge(), error);
    }
    // It opens no record.
    let refused = server.read(&asker, "Patient/maria").await;
    assert_eq!(refused.is(403).bearer_challenge(), "insufficient_scope");
    server.revokes(&asker.access_token).await;
    ask(&asker.access_token, &tokens.access_token).await.is_token_error(401, "invalid_token");
}
