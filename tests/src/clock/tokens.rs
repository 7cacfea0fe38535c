//! Access tokens live for fifteen minutes, ID tokens for five.

use serde_json::Value;

use super::{DAY, MINUTE, OFFLINE, ONCE, SECOND, Server, just_before};
use crate::harness::{Choices, SmartApp, Tokens};

#[tokio::test]
async fn tok_12_and_rs_06_an_access_token_ends_after_the_fifteen_minutes_that_expires_in_says() {
    let server = Server::new().await;
    for (client, scope) in [("web", ONCE), ("web", OFFLINE), ("native", OFFLINE), ("basic", ONCE)] {
        let app = server.app(client).await;
        let tokens = app.marias(scope).await;
        assert_eq!(tokens.expires_in, 900);
        let claims = tokens.claims();
        assert_eq!(claims["iat"], server.now().as_unix());
        assert_eq!(claims["exp"], server.now().as_unix() + 900);
        app.reads(&tokens).await;
        server.after(just_before(15 * MINUTE));
        app.reads(&tokens).await;
        server.after(SECOND);
        let told = app.reads_nothing(&tokens).await;
        assert!(told.contains("expired"), "{told}");
        server.after(400 * DAY);
        app.reads_nothing(&tokens).await;
    }
}

#[tokio::test]
async fn tok_12_a_refresh_prolongs_no_token_that_is_out_and_shortens_none() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let first = app.marias(OFFLINE).await;
    server.after(10 * MINUTE);
    let second = app.refreshed(&first).await;
    assert_eq!(second.expires_in, 900);
    server.after(just_before(5 * MINUTE));
    app.reads(&first).await;
    server.after(SECOND);
    app.reads_nothing(&first).await;
    app.reads(&second).await;
    server.after(just_before(10 * MINUTE));
    app.reads(&second).await;
    server.after(SECOND);
    app.reads_nothing(&second).await;
    // Its refresh token is still good: the grant goes on.
    app.reads(&app.refreshed(&second).await).await;
}

async fn id_token(app: &SmartApp, tokens: &Tokens) -> Value {
    app.verified(tokens.id_token.as_deref().expect("an ID token")).await
}

#[tokio::test]
async fn oidc_10_and_11_an_id_token_lives_five_minutes_and_says_when_the_user_signed_in() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    let signed_in = server.now().as_unix();
    // The second authorization finds the user signed in.
    for wait in [20, 30] {
        let asked = app.request(ONCE);
        let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
        server.after(wait * SECOND);
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        let claims = id_token(&app, &tokens).await;
        let now = server.now().as_unix();
        assert_eq!((&claims["iat"], &claims["exp"]), (&Value::from(now), &Value::from(now + 300)));
        assert_eq!(claims["auth_time"], signed_in);
        assert_eq!(claims["nonce"], *asked.nonce);
        server.after(10 * MINUTE);
    }
}

#[tokio::test]
async fn oidc_18_after_a_refresh_the_id_token_names_the_same_user_and_the_same_sign_in() {
    let server = Server::new().await;
    let app = server.app("basic").await;
    let mut tokens = app.marias(OFFLINE).await;
    let first = id_token(&app, &tokens).await;
    for _ in 0..3 {
        server.after(100 * DAY);
        tokens = app.refreshed(&tokens).await;
        let claims = id_token(&app, &tokens).await;
        for same in ["iss", "sub", "aud", "auth_time", "fhirUser"] {
            assert_eq!(claims[same], first[same], "{same}");
        }
        assert_eq!(claims["iat"], server.now().as_unix());
        assert_eq!(claims["exp"], server.now().as_unix() + 300);
        assert!(claims.get("nonce").is_none(), "{claims}");
    }
}
