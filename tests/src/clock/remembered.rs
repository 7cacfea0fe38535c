//! How long a consent is remembered: as long as the access that came of it.

use super::{DAY, HOUR, MINUTE, OFFLINE, ONCE, ONLINE, SECOND, Server, just_before};
use crate::harness::{Browser, Choices, Shown, SmartApp};

/// Whether the next request is answered without a question about consent, once somebody has signed in.
async fn is_remembered(app: &SmartApp, browser: &mut Browser, scope: &str) -> bool {
    let asked = app.request(scope);
    let mut shown = browser.open(&app.url_of(&asked)).await;
    if let Shown::Page(page) = &shown
        && page.find_form("password").is_some()
    {
        shown = browser.sign_in(page, "maria").await;
    }
    matches!(shown, Shown::Left(url) if !asked.code_in(&url).is_empty())
}

/// AUTHZ-26: an app that came once is remembered as long as its access token lasts.
#[tokio::test]
async fn authz_26_access_without_a_refresh_token_is_remembered_for_a_quarter_of_an_hour() {
    let server = Server::new().await;
    let app = server.app("trusted").await;
    for (after, expected) in [(just_before(15 * MINUTE), true), (15 * MINUTE, false)] {
        let mut browser = server.browser();
        app.launch_in(&mut browser, ONCE, &Choices::of("maria")).await;
        server.after(after);
        assert_eq!(is_remembered(&app, &mut browser, ONCE).await, expected, "{after:?}");
        server.after(DAY);
    }
}

/// AUTHZ-26, REFR-17: with offline access, until it was not used for so long; the sign-in is asked for long before.
#[tokio::test]
async fn authz_26_offline_access_is_remembered_across_sessions_until_it_expires() {
    let server = Server::new().await;
    let app = server.app("trusted").await;
    app.marias(OFFLINE).await;
    server.after(just_before(180 * DAY));
    assert!(is_remembered(&app, &mut server.browser(), OFFLINE).await);
    server.after(SECOND);
    assert!(!is_remembered(&app, &mut server.browser(), OFFLINE).await);
}

/// AUTHZ-26, REFR-18: with online access, in its own session and no other.
#[tokio::test]
async fn authz_26_online_access_is_remembered_in_its_own_session() {
    let server = Server::new().await;
    let app = server.app("trusted").await;
    let mut browser = server.browser();
    app.launch_in(&mut browser, ONLINE, &Choices::of("maria")).await;
    server.after(just_before(HOUR));
    assert!(is_remembered(&app, &mut browser, ONLINE).await);
    assert!(!is_remembered(&app, &mut server.browser(), ONLINE).await);
    browser.signs_out().await;
    assert!(!is_remembered(&app, &mut browser, ONLINE).await);
}

/// REFR-24: what the operator changes counts: a client that was disabled gets no code in silence, and one that may no longer be
/// remembered is asked about again.
#[tokio::test]
async fn refr_24_a_remembered_consent_opens_nothing_that_may_not_be_opened_any_more() {
    let server = Server::new().await;
    let app = server.app("trusted").await;
    let mut browser = server.browser();
    app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
    assert!(is_remembered(&app, &mut browser, OFFLINE).await);
    server.change_client("trusted", |client| client.disabled = true).await;
    let asked = app.request(OFFLINE);
    let page = browser.open(&app.url_of(&asked)).await.page();
    let told = (page.status, &*page.heading);
    assert_eq!(told, (403, "This app can no longer be used here"), "it is read anew before a code is issued");
    server.change_client("trusted", |client| client.disabled = false).await;
    server.change_client("trusted", |client| client.smart_remember_consent = false).await;
    server.after(MINUTE);
    assert!(!is_remembered(&app, &mut browser, OFFLINE).await);
}
