//! A code lives for a minute, once; an authorization takes a quarter of an hour at most.

use smart_core::grant::RevocationReason;

use super::{DAY, MINUTE, OFFLINE, ONCE, SECOND, Server, just_before};
use crate::harness::smart_app::{consent_form, walk};
use crate::harness::{Choices, Shown};

/// SEC-20: what this server made itself has no skew.
#[tokio::test]
async fn code_01_a_code_lives_for_sixty_seconds_to_the_second() {
    let server = Server::new().await;
    for client in ["web", "native", "basic", "es384"] {
        let app = server.app(client).await;
        let mut browser = server.browser();
        for (age, good) in [(0, true), (59, true), (60, false), (61, false), (86_400, false)] {
            let asked = app.request(OFFLINE);
            let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
            server.after(age * SECOND);
            let answer = app.exchange(&asked, &code).send().await;
            if good {
                app.reads(&app.tokens(&answer)).await;
            } else {
                answer.is_token_error(400, "invalid_grant");
                app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
            }
        }
    }
}

/// The minute begins with the consent, not with the request.
#[tokio::test]
async fn code_01_a_consent_in_the_last_second_has_its_full_minute() {
    let server = Server::new().await;
    let app = server.app("web").await;
    for (age, good) in [(59, true), (60, false)] {
        let mut browser = server.browser();
        let asked = app.request(ONCE);
        let shown = browser.open(&app.url_of(&asked)).await;
        let consent = browser.sign_in(&shown.page(), "maria").await;
        server.after(just_before(15 * MINUTE));
        let code = asked.code_in(&walk(&mut browser, consent, &Choices::of("maria")).await);
        server.after(age * SECOND);
        let answer = app.exchange(&asked, &code).send().await;
        if good {
            app.reads(&app.tokens(&answer)).await;
        } else {
            answer.is_token_error(400, "invalid_grant");
        }
    }
}

/// However late: it leaked.
#[tokio::test]
async fn code_04_a_used_code_that_is_seen_again_ends_everything_whenever_that_is() {
    for wait in [SECOND, 59 * SECOND, MINUTE, 10 * MINUTE, 100 * DAY] {
        let server = Server::new().await;
        let app = server.app("native").await;
        let asked = app.request(OFFLINE);
        let code = app.code(&mut server.browser(), &asked, &Choices::of("maria")).await;
        let first = app.tokens(&app.exchange(&asked, &code).send().await);
        server.after(wait);
        let second = app.refreshed(&first).await;
        app.reads(&second).await;

        let told = app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
        assert!(told.contains("revoked"), "{told}");
        assert_eq!(server.revocation(&first).await, Some(RevocationReason::CodeReplayed));
        app.reads_nothing(&second).await;
        app.reads_nothing(&first).await;
        app.is_not_refreshed(&second).await;
        app.is_not_refreshed(&first).await;
    }
}

/// Without a refresh token there is no later: what the code opened has ended by itself, and its replay finds nothing.
#[tokio::test]
async fn code_05_what_was_used_is_remembered_as_long_as_its_access_token_lives() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    for (wait, remembered) in [(just_before(15 * MINUTE), true), (15 * MINUTE, false)] {
        let asked = app.request(ONCE);
        let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        assert!(tokens.refresh_token.is_none());
        server.after(wait);
        app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
        let reason = remembered.then_some(RevocationReason::CodeReplayed);
        assert_eq!(server.revocation(&tokens).await, reason);
        app.reads_nothing(&tokens).await;
    }
}

#[tokio::test]
async fn an_authorization_takes_a_quarter_of_an_hour_at_most() {
    let server = Server::new().await;
    let app = server.app("web").await;
    // Each page, answered in the last second and in the one after it.
    for late in [false, true] {
        let wait = if late { 15 * MINUTE } else { just_before(15 * MINUTE) };
        let goes_on = |shown: Shown| {
            let page = match shown {
                Shown::Left(_) => return assert!(!late),
                Shown::Page(page) => page,
            };
            let expected = if late { (400, "This sign-in is no longer open") } else { (200, &*page.heading) };
            assert_eq!((page.status, &*page.heading), expected);
        };
        for (step, name) in ["sign in", "patient", "allow", "deny"].into_iter().enumerate() {
            let mut browser = server.browser();
            let asked = app.request(ONCE);
            let sign_in = browser.open(&app.url_of(&asked)).await.page();
            if step == 0 {
                server.after(wait);
                goes_on(browser.sign_in(&sign_in, "paul").await);
                let request = sign_in.form("password").value("request").to_owned();
                let again = browser.open(&format!("/auth/login?request={request}")).await;
                if late {
                    goes_on(again);
                }
                continue;
            }
            let picker = browser.sign_in(&sign_in, "paul").await.page();
            if step == 1 {
                server.after(wait);
                goes_on(browser.press(&picker, &picker.form("patient"), "patient", "tom").await);
                goes_on(browser.open(picker.url.as_str()).await);
                continue;
            }
            let consent = browser.press(&picker, &picker.form("patient"), "patient", "tom").await.page();
            server.after(wait);
            if late {
                goes_on(browser.open(consent.url.as_str()).await);
            }
            goes_on(browser.press(&consent, &consent_form(&consent), "decision", name).await);
        }
    }
}
