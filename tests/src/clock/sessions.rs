//! The browser session at the pages: an idle hour, twelve hours in all; and the access that ends with it.

use smart_core::grant::RevocationReason;

use super::{DAY, HOUR, MINUTE, OFFLINE, ONCE, ONLINE, SECOND, Server, just_before};
use crate::harness::smart_app::consent_form;
use crate::harness::{Browser, Choices, SmartApp};

/// Looks in every fifty minutes, until it is `span` later.
async fn stays_for(server: &Server, browser: &mut Browser, span: std::time::Duration) {
    let mut left = span;
    while left > 50 * MINUTE {
        server.after(50 * MINUTE);
        browser.looks_in().await;
        left -= 50 * MINUTE;
    }
    server.after(left);
}

#[tokio::test]
async fn a_session_ends_after_an_idle_hour() {
    let server = Server::new().await;
    let app = server.app("web").await;
    for (idle, ended) in [(just_before(HOUR), false), (HOUR, true), (100 * DAY, true)] {
        let mut browser = server.browser();
        app.launch_in(&mut browser, ONCE, &Choices::of("maria")).await;
        server.after(idle);
        assert_eq!(app.asks_to_sign_in(&mut browser).await, ended, "{idle:?}");
    }
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_however_busy() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    app.launch_in(&mut browser, ONCE, &Choices::of("maria")).await;
    stays_for(&server, &mut browser, just_before(12 * HOUR)).await;
    assert!(!app.asks_to_sign_in(&mut browser).await);
    server.after(SECOND);
    assert!(app.asks_to_sign_in(&mut browser).await);
}

/// A page that is open when the session ends decides nothing any more.
#[tokio::test]
async fn authz_21_a_page_outlives_no_session() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    app.launch_in(&mut browser, ONCE, &Choices::of("maria")).await;
    stays_for(&server, &mut browser, 11 * HOUR + 59 * MINUTE).await;
    let asked = app.request(ONCE);
    let consent = browser.open(&app.url_of(&asked)).await.page();
    server.after(MINUTE);
    let page = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.page();
    // Signed in anew, she is asked anew.
    assert_eq!(page.status, 200);
    let consent = browser.sign_in(&page, "maria").await.page();
    let url = browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left();
    let answer = app.exchange(&asked, &asked.code_in(&url)).send().await;
    app.reads(&app.tokens(&answer)).await;
}

async fn auth_time(app: &SmartApp, browser: &mut Browser, max_age: &str) -> u64 {
    let asked = app.request(ONCE).set("max_age", max_age);
    let code = app.code(browser, &asked, &Choices::of("maria")).await;
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    app.verified(tokens.id_token.as_deref().unwrap()).await["auth_time"].as_u64().unwrap()
}

#[tokio::test]
async fn oidc_11_max_age_says_how_old_a_sign_in_may_be_and_auth_time_how_old_it_is() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    let first = server.now().as_unix();
    assert_eq!(auth_time(&app, &mut browser, "600").await, first);
    server.after(10 * MINUTE);
    assert_eq!(auth_time(&app, &mut browser, "600").await, first);
    server.after(SECOND);
    // The walk through the pages signs in where it is asked to.
    let second = server.now().as_unix();
    assert_eq!(auth_time(&app, &mut browser, "600").await, second);
    server.after(10 * MINUTE);
    assert_eq!(auth_time(&app, &mut browser, "3600").await, second);
    let asked = app.request(ONCE).set("max_age", "599");
    assert!(browser.open(&app.url_of(&asked)).await.page().find_form("password").is_some());
    let asked = app.request(ONCE).set("max_age", "599").set("prompt", "none");
    let url = browser.open(&app.url_of(&asked)).await.left();
    assert_eq!(asked.error_in(&url).0, "login_required");
}

#[tokio::test]
async fn refr_18_online_access_ends_with_the_sign_out() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    let first = app.launch_in(&mut browser, ONLINE, &Choices::of("maria")).await;
    server.after(30 * MINUTE);
    let second = app.refreshed(&first).await;
    let offline = app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
    browser.signs_out().await;
    // At once, without waiting for the app to come for new tokens.
    app.reads_nothing(&second).await;
    assert_eq!(server.revocation(&second).await, Some(RevocationReason::SessionEnded));
    app.is_not_refreshed(&second).await;
    app.reads(&app.refreshed(&offline).await).await;
    // To sign in anew brings nothing back.
    assert!(app.asks_to_sign_in(&mut browser).await);
    app.launch_in(&mut browser, ONCE, &Choices::of("maria")).await;
    app.is_not_refreshed(&second).await;
}

#[tokio::test]
async fn refr_18_online_access_ends_when_nobody_was_there_for_an_hour() {
    let server = Server::new().await;
    for client in ["web", "basic"] {
        let app = server.app(client).await;
        let mut browser = server.browser();
        let mut tokens = app.launch_in(&mut browser, ONLINE, &Choices::of("maria")).await;
        server.after(50 * MINUTE);
        browser.looks_in().await;
        server.after(just_before(HOUR));
        tokens = app.refreshed(&tokens).await;
        app.reads(&tokens).await;
        // The app is no user: that it was here keeps nobody's session awake.
        server.after(SECOND);
        app.is_not_refreshed(&tokens).await;
        app.reads_nothing(&tokens).await;
    }
}

#[tokio::test]
async fn refr_18_online_access_ends_after_twelve_hours_however_busy_the_user() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    let mut tokens = app.launch_in(&mut browser, ONLINE, &Choices::of("maria")).await;
    stays_for(&server, &mut browser, just_before(12 * HOUR)).await;
    tokens = app.refreshed(&tokens).await;
    app.reads(&tokens).await;
    server.after(SECOND);
    app.is_not_refreshed(&tokens).await;
}

/// The session that consented, and no other of the same user.
#[tokio::test]
async fn refr_18_online_access_ends_with_its_own_session_alone() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let (mut phone, mut laptop) = (server.browser(), server.browser());
    let on_phone = app.launch_in(&mut phone, ONLINE, &Choices::of("maria")).await;
    let on_laptop = app.launch_in(&mut laptop, ONLINE, &Choices::of("maria")).await;
    phone.signs_out().await;
    app.is_not_refreshed(&on_phone).await;
    app.reads(&app.refreshed(&on_laptop).await).await;
}

/// A new session takes the place of the one before (SEC-10): who has its cookie, or its access, has nothing.
#[tokio::test]
async fn refr_18_and_sec_10_who_signs_in_anew_ends_the_session_before_and_its_online_access() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    let before = app.launch_in(&mut browser, ONLINE, &Choices::of("maria")).await;
    let mut thief = server.browser();
    browser.cookies().iter().for_each(|cookie| thief.plant(cookie.clone()));
    assert!(!app.asks_to_sign_in(&mut thief).await);

    let asked = app.request(ONLINE).set("prompt", "login");
    let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
    let after = app.tokens(&app.exchange(&asked, &code).send().await);
    assert!(app.asks_to_sign_in(&mut thief).await);
    app.is_not_refreshed(&before).await;
    app.reads_nothing(&before).await;
    app.reads(&app.refreshed(&after).await).await;
}

#[tokio::test]
async fn refr_17_offline_access_outlives_the_session_by_sign_out_and_by_time() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    let signed_out = app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
    browser.signs_out().await;
    let forgotten = app.marias(OFFLINE).await;
    server.after(13 * DAY);
    for tokens in [signed_out, forgotten] {
        app.reads(&app.refreshed(&tokens).await).await;
    }
}
