//! Tokens without a user live for five minutes, and what ends them counts at once or within a minute (BACK-08, REVOKE-10).

use super::{DAY, MINUTE, SECOND, Server, just_before};
use crate::harness::{SmartApp, Tokens};

impl SmartApp {
    /// That the token opens the records of everybody.
    async fn reads_all(&self, tokens: &Tokens) {
        assert_eq!(self.read(tokens, "Patient/lena").await.ok()["id"], "lena");
        assert!(self.read(tokens, "Patient").await.ids().len() > 2);
    }

    /// That it opens nothing. Returns what is said of it.
    async fn reads_none(&self, tokens: &Tokens) -> String {
        let search = self.read(tokens, "Patient").await;
        assert_eq!(search.is(401).bearer_challenge(), "invalid_token");
        self.read(tokens, "Patient/lena").await.is_outcome(401, "expired")
    }
}

#[tokio::test]
async fn back_08_a_token_without_a_user_ends_after_the_five_minutes_that_expires_in_says() {
    let server = Server::new().await;
    let (app, asker) = (server.app("backend").await, server.app("introspector").await);
    let tokens = app.alone("system/*.rs").await;
    assert_eq!(tokens.expires_in, 300);
    assert_eq!(tokens.claims()["exp"], server.now().as_unix() + 300);
    app.reads_all(&tokens).await;
    server.after(just_before(5 * MINUTE));
    app.reads_all(&tokens).await;
    asker.introspected(&tokens.access_token).await;
    server.after(SECOND);
    let told = app.reads_none(&tokens).await;
    assert!(told.contains("expired"), "{told}");
    asker.is_inactive(&tokens.access_token).await;
    server.after(400 * DAY);
    app.reads_none(&tokens).await;
    app.reads_all(&app.alone("system/*.rs").await).await;
}

#[tokio::test]
async fn revoke_10_a_revocation_counts_at_once_and_as_long_as_it_matters() {
    for swept in [false, true] {
        let server = Server::new().await;
        let app = server.app("backend").await;
        let (tokens, other) = (app.alone("system/*.rs").await, app.alone("system/*.rs").await);
        app.reads_all(&tokens).await;
        app.revokes(&tokens.access_token).await;
        // As long as the token would live, and after.
        for wait in [0, 1, 58, 60, 180, 1, 30, 60, 600] {
            server.after(wait * SECOND);
            if swept {
                server.store().sweep(server.now()).await.unwrap();
            }
            app.reads_none(&tokens).await;
            app.is_inactive(&tokens.access_token).await;
            if server.now().as_unix() < other.claims()["exp"].as_u64().unwrap() {
                app.reads_all(&other).await;
            }
        }
        // Its record does not stay.
        let rest = server.store().sweep(smart_core::instant::Instant::NEVER).await.unwrap();
        assert_eq!(server.store().sweep(smart_core::instant::Instant::NEVER).await.unwrap(), 0, "{rest}");
    }
}

#[tokio::test]
async fn a_disabled_client_gets_no_token_at_once_and_its_tokens_open_nothing_within_a_minute() {
    let server = Server::new().await;
    let (app, asker) = (server.app("backend").await, server.app("introspector").await);
    let tokens = app.alone("system/*.rs").await;
    app.reads_all(&tokens).await;
    asker.introspected(&tokens.access_token).await;
    server.change_client("backend", |client| client.disabled = true).await;
    app.credentials("system/*.rs").send().await.is_token_error(401, "invalid_client");
    server.after(59 * SECOND);
    app.reads_all(&tokens).await;
    asker.introspected(&tokens.access_token).await;
    server.after(SECOND);
    let told = app.reads_none(&tokens).await;
    assert!(told.contains("client"), "{told}");
    asker.is_inactive(&tokens.access_token).await;
    // Nor may it ask or revoke any more.
    app.introspection(&tokens.access_token).send().await.is_token_error(401, "invalid_client");
    app.revocation(&tokens.access_token).send().await.is_token_error(401, "invalid_client");
}

#[tokio::test]
async fn back_03_a_narrower_registration_narrows_what_is_out() {
    let server = Server::new().await;
    let app = server.app("backend").await;
    let tokens = app.alone("system/*.rs").await;
    app.reads_all(&tokens).await;
    server.change_client("backend", |client| client.scope = "system/Observation.rs".parse().unwrap()).await;
    assert_eq!(app.alone("system/*.rs").await.scope, "system/Observation.rs");
    server.after(MINUTE);
    assert_eq!(app.read(&tokens, "Patient/lena").await.is(403).bearer_challenge(), "insufficient_scope");
    app.read(&tokens, "Observation?patient=lena").await.ok();
    assert_eq!(app.introspected(&tokens.access_token).await["scope"], "system/Observation.rs");
    server.change_client("backend", |client| client.grant_types.clear()).await;
    server.after(MINUTE);
    app.reads_none(&tokens).await;
    app.credentials("system/*.rs").send().await.is_token_error(400, "unauthorized_client");
}
