//! Passwords, right and wrong.

use http::header::{RETRY_AFTER, SET_COOKIE};

use crate::harness::smart_app::{ALL_OF_MARIA, consent_form, random_text};
use crate::harness::target::encode;
use crate::harness::{Browser, SmartApp};

/// SEC-18, AUTHZ-21: a wrong password is told with 401 and the form again; the right one goes on.
#[tokio::test]
async fn fred_remembers_his_password_at_last() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let asked = app.request(ALL_OF_MARIA);
    let mut page = browser.open(&app.url_of(&asked)).await.page();
    for wrong in ["tests only", "tests only: what was it", "TESTS ONLY: WHAT WAS IT AGAIN?", " "] {
        page = browser.sign_in_with(&page, "fred", wrong).await.page();
        assert_eq!(page.status, 401);
        assert!(page.title.starts_with("Error:"), "{}", page.title);
        assert!(page.text.contains("The user name or the password is wrong."), "{}", page.text);
    }
    // Spaces around a name are no part of it.
    let consent =
        browser.sign_in_with(&page, " fred ", crate::harness::world::users::FREDS_PASSWORD).await.page();
    asked.code_in(&browser.press(&consent, &consent_form(&consent), "decision", "allow").await.left());
}

/// SEC-18: nobody guesses at leisure: the eleventh attempt at a name is told to wait, with the right password too, and
/// whether or not there is such a user.
#[tokio::test]
async fn the_eleventh_attempt_has_to_wait() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    let nobody = random_text();
    for attempt in 1..=11 {
        let form = page.form("password").fill("username", &nobody).fill("password", "wrong");
        let answer = browser.ask(http::Method::POST, &form.action, encode(&form.entering())).await;
        assert_eq!(answer.status, if attempt <= 10 { 401 } else { 429 }, "attempt {attempt}");
        if attempt == 11 {
            let wait: u64 = answer.header(RETRY_AFTER).parse().unwrap();
            assert!((1..=900).contains(&wait), "{wait}");
            assert!(answer.text().contains("too many attempts"));
        }
        assert_eq!(answer.header(SET_COOKIE), "");
    }
    // From another browser, it is the same name.
    let mut other = Browser::new(&app.target);
    let page = other.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    assert_eq!(other.sign_in_with(&page, &nobody, "wrong").await.page().status, 429);
    for _ in 1..=11 {
        other.sign_in_with(&page, "lotte", "wrong").await.page();
    }
    let refused = other.sign_in(&page, "lotte").await.page();
    assert_eq!(refused.status, 429, "{}", refused.text);
    // Others are not concerned.
    consent_form(&other.sign_in(&page, "maria").await.page());
}

/// SEC-18: after a success the attempts before it count no more.
#[tokio::test]
async fn a_success_forgets_the_attempts_before_it() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    for _ in 0..3 {
        let asked = app.request("openid").set("prompt", "login");
        let mut page = browser.open(&app.url_of(&asked)).await.page();
        for _ in 0..6 {
            page = browser.sign_in_with(&page, "nora", "wrong").await.page();
            assert_eq!(page.status, 401);
        }
        consent_form(&browser.sign_in(&page, "nora").await.page());
    }
}

/// SEC-09: what was typed is nowhere to be seen again.
#[tokio::test]
async fn a_password_is_not_shown_again() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let page = browser.open(&app.url_of(&app.request(ALL_OF_MARIA))).await.page();
    let form = page.form("password").fill("username", "<b>fred</b>").fill("password", "hunter2-is-typed");
    let answer = browser.ask(http::Method::POST, &form.action, encode(&form.entering())).await;
    assert!(!answer.is(401).text().contains("hunter2"));
    assert!(!answer.text().contains("<b>fred"));
}
