//! How long what an identity provider said of somebody is believed (REFR-24): until then they may do it, and then they sign in again.
//! When a provider vouches is what the tests of authorize are about; here is what follows of it everywhere else.

use smart_core::grant::RevocationReason;
use smart_core::user::External;

use super::{DAY, HOUR, MINUTE, OFFLINE, ONCE, SECOND, Server, just_before};
use crate::harness::Choices;

/// Maria, as if the claims of a provider had made her record now, and were believed for a month.
async fn server_where_maria_is_vouched_for() -> Server {
    let server = Server::new().await;
    vouched_for_again(&server).await;
    server
}

async fn vouched_for_again(server: &Server) {
    let external = External {
        issuer: "https://idp.example".to_owned(),
        subject: "maria".to_owned(),
        by_claims: true,
        vouched_until: Some(server.now() + 30 * DAY),
    };
    server.change_user("maria", |user| user.external = Some(external)).await;
}

/// REFR-24: however often an app refreshes, it has nothing of somebody whom the provider has not vouched for lately; the app is told to
/// let them sign in, and what it has ends.
#[tokio::test]
async fn refr_24_who_was_not_vouched_for_lately_is_refused_a_refresh_and_a_read() {
    let server = server_where_maria_is_vouched_for().await;
    let app = server.app("basic").await;
    let first = app.marias(OFFLINE).await;
    let idle = app.marias(OFFLINE).await;
    server.after(15 * DAY);
    let second = app.refreshed(&first).await;
    server.after(just_before(15 * DAY));
    let third = app.refreshed(&second).await;
    app.reads(&third).await;
    app.as_client("introspector").await.introspected(&third.access_token).await;

    server.after(SECOND);
    let told = app.reads_nothing(&third).await;
    assert!(told.contains("has not signed in for too long"), "{told}");
    let introspector = app.as_client("introspector").await;
    introspector.is_inactive(&third.access_token).await;
    introspector.is_inactive(third.refresh_token.as_deref().unwrap()).await;
    let told = app.is_not_refreshed(&third).await;
    assert!(told.contains("has to do so again: the access was ended"), "{told}");
    assert_eq!(server.revocation(&third).await, Some(RevocationReason::UserChanged));

    // Whoever comes after she has signed in again finds what had not ended.
    vouched_for_again(&server).await;
    app.refreshed(&idle).await;
    app.is_not_refreshed(&third).await;
}

/// REFR-24, AUTHZ-26: nor does a session go on, or a consent that is remembered.
#[tokio::test]
async fn refr_24_who_was_not_vouched_for_lately_has_to_sign_in() {
    let server = server_where_maria_is_vouched_for().await;
    let app = server.app("trusted").await;
    server.after(29 * DAY);
    server.after(23 * HOUR + 30 * MINUTE);
    let mut browser = server.browser();
    app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
    server.after(just_before(30 * MINUTE));
    let asked = app.request(ONCE).set("prompt", "none");
    asked.code_in(&browser.open(&app.url_of(&asked)).await.left());
    server.after(SECOND);
    let asked = app.request(ONCE).set("prompt", "none");
    let (error, _) = asked.error_in(&browser.open(&app.url_of(&asked)).await.left());
    assert_eq!(error, "login_required");
    assert!(app.asks_to_sign_in(&mut browser).await);
}
