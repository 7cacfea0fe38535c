//! RFC 7009, OAuth 2.0 Token Revocation (REVOKE rows).

use http::Method;

use crate::harness::smart_app::ALL_OF_MARIA;
use crate::harness::{Choices, SmartApp};

/// REVOKE-02, REVOKE-05, REVOKE-06, REVOKE-10, ONC-11: each kind of client revokes either token, and all that stands on the grant
/// ends at once.
#[tokio::test]
async fn revoke_06_either_token_ends_the_grant_at_once() {
    let app = SmartApp::on_wire("web").await;
    for client_id in ["web", "native", "basic", "post", "es384", "rs384"] {
        let app = app.as_client(client_id).await;
        for which in ["refresh_token", "access_token"] {
            let tokens = app.launch(ALL_OF_MARIA, &Choices::of("maria")).await;
            app.read(&tokens, "Patient/maria").await.ok();
            let token = tokens.json[which].as_str().unwrap();
            app.revokes(token).await;
            let read = app.read(&tokens, "Patient/maria").await;
            assert_eq!(read.is(401).bearer_challenge(), "invalid_token", "{client_id} {which}");
            let search = app.read(&tokens, "Observation").await;
            assert_eq!(search.is(401).bearer_challenge(), "invalid_token");
            app.refresh(&tokens).send().await.is_token_error(400, "invalid_grant");
            // REVOKE-04: it is no good any more, and that is no error.
            app.revokes(token).await;
        }
    }
}

/// REVOKE-05, REVOKE-10: the token of a client alone.
#[tokio::test]
async fn revoke_10_a_token_without_a_grant_stops_at_once_and_no_other_does() {
    let app = SmartApp::on_wire("backend").await;
    let (revoked, other) = (app.alone("system/*.rs").await, app.alone("system/*.rs").await);
    app.read(&revoked, "Patient/maria").await.ok();
    app.revokes(&revoked.access_token).await;
    for path in ["Patient/maria", "Patient", "Observation?patient=lena"] {
        let read = app.read(&revoked, path).await;
        assert_eq!(read.is(401).bearer_challenge(), "invalid_token");
        app.read(&other, path).await.ok();
    }
}

/// REVOKE-03: another client's token is refused, and stays good.
#[tokio::test]
async fn revoke_03_nobody_revokes_for_another() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let backend = app.as_client("backend").await;
    let alone = backend.alone("system/*.rs").await;
    for other in ["native", "basic", "es384"] {
        let other = app.as_client(other).await;
        for token in [tokens.refresh_token.as_deref().unwrap(), &tokens.access_token, &alone.access_token] {
            other.revocation(token).send().await.is_token_error(400, "invalid_grant");
        }
    }
    app.read(&tokens, "Patient/maria").await.ok();
    backend.read(&alone, "Patient/maria").await.ok();
    app.tokens(&app.refresh(&tokens).send().await);
}

/// REVOKE-04, REVOKE-07: what is no token, what is hinted wrongly, and what cannot be revoked.
#[tokio::test]
async fn revoke_07_a_token_is_known_by_its_form() {
    let (app, tokens) = SmartApp::with_tokens("web").await;
    for token in ["nonsense", "a.b.c", &format!("srt_{}", "A".repeat(64))] {
        app.revokes(token).await;
    }
    let id_token = tokens.id_token.as_deref().unwrap();
    app.revocation(id_token).send().await.is_token_error(400, "unsupported_token_type");
    app.read(&tokens, "Patient/maria").await.ok();
    let hinted =
        app.revocation(tokens.refresh_token.as_deref().unwrap()).set("token_type_hint", "access_token");
    hinted.send().await.ok();
    app.read(&tokens, "Patient/maria").await.is(401);
}

/// REVOKE-02, REVOKE-03: one form by POST, from who proves to be who they say.
#[tokio::test]
async fn revoke_02_the_request_is_a_form_of_a_client() {
    let app = SmartApp::on_wire("basic").await;
    let good = || app.revocation("x");
    good().send().await.ok();
    good().without("token").send().await.is_token_error(400, "invalid_request");
    good().add("token", "y").send().await.is_token_error(400, "invalid_request");
    good().authorization("").send().await.is_token_error(401, "invalid_client");
    good().authorization("Basic eDp5").send().await.is_token_error(401, "invalid_client");
    good().authorization("Bearer x").send().await.is_token_error(401, "invalid_client");
    let endpoint = app.endpoint("revocation_endpoint");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        app.target.call(method, endpoint).send().await.is(405);
    }
    let in_url = format!("{endpoint}?token=x");
    app.target.post(&in_url, &[("token", "x")]).send().await.is_token_error(400, "invalid_request");
}
