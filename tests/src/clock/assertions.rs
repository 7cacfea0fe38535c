//! Client assertions: how far ahead they may expire, how far clocks may be apart, and how long a `jti` is remembered (SMART
//! 2.2 §"Client Authentication: Asymmetric").

use std::time::Duration;

use super::{DAY, OFFLINE, SECOND, Server};
use crate::harness::smart_app::Assertion;
use crate::harness::{Answer, Choices, SmartApp};

/// Asks for something that every client may ask for once it has proved who it is: there is no such refresh token.
async fn shows(app: &SmartApp, assertion: &Assertion) -> Answer {
    let call = app.token_call(&[("grant_type", "refresh_token"), ("refresh_token", "nonsense")]);
    call.set("client_assertion", &assertion.sign()).send().await
}

async fn is_believed(app: &SmartApp, assertion: &Assertion) {
    shows(app, assertion).await.is_token_error(400, "invalid_grant");
}

/// ASYM-17: whatever is wrong with it.
async fn is_refused(app: &SmartApp, assertion: &Assertion, because: &str) {
    let told = shows(app, assertion).await.is_token_error(401, "invalid_client");
    assert!(told.contains(because), "{told}");
}

/// SEC-20: what is forgiven is said, and not a second more.
#[tokio::test]
async fn asym_12_an_assertion_expires_at_most_five_minutes_ahead_and_half_a_minute_of_skew_is_forgiven() {
    let server = Server::new().await;
    for client in ["es384", "rs384"] {
        let app = server.app(client).await;
        let now = server.now().as_unix();
        let expires = |exp: u64| app.assertion().claim("exp", exp);
        for exp in [now - 29, now, now + 1, now + 300, now + 330] {
            is_believed(&app, &expires(exp)).await;
        }
        for exp in [0, now - 3600, now - 31, now - 30] {
            is_refused(&app, &expires(exp), "expired").await;
        }
        for exp in [now + 331, now + 3600, now * 1000] {
            is_refused(&app, &expires(exp), "five minutes").await;
        }
    }
}

#[tokio::test]
async fn asym_15_an_assertion_of_the_future_is_refused_until_its_time_comes() {
    let server = Server::new().await;
    let app = server.app("es384").await;
    for name in ["nbf", "iat"] {
        let now = server.now().as_unix();
        for at in [0, now - 100_000, now, now + 30] {
            is_believed(&app, &app.assertion().claim(name, at)).await;
        }
        for at in [now + 31, now + 86_400] {
            is_refused(&app, &app.assertion().claim(name, at), "not valid yet").await;
        }
        let early = app.assertion().claim(name, now + 60);
        is_refused(&app, &early, "not valid yet").await;
        server.after(30 * SECOND);
        // To come too early did not use it up.
        is_believed(&app, &early).await;
        is_refused(&app, &early, "used before").await;
    }
}

/// As long as it would be believed, and whether or not what had expired was swept.
#[tokio::test]
async fn asym_13_and_14_an_assertion_is_refused_a_second_time_until_it_has_expired() {
    for swept in [false, true] {
        let server = Server::new().await;
        for client in ["es384", "rs384"] {
            let app = server.app(client).await;
            for lifetime in [1, 60, 300, 330] {
                let assertion = app.assertion().claim("exp", server.now().as_unix() + lifetime);
                is_believed(&app, &assertion).await;
                let mut waited = 0;
                // Until a second before the skew ends.
                for at in [0, lifetime - 1, lifetime, lifetime + 29] {
                    server.after(Duration::from_secs(at - waited));
                    waited = at;
                    if swept {
                        server.store().sweep(server.now()).await.unwrap();
                    }
                    is_refused(&app, &assertion, "used before").await;
                }
                server.after(SECOND);
                is_refused(&app, &assertion, "expired").await;
            }
        }
    }
}

/// The name is what counts, and whose it is: not the rest of the assertion.
#[tokio::test]
async fn asym_13_a_jti_is_used_once_by_each_client_within_the_life_of_its_assertion() {
    let server = Server::new().await;
    let (app, other) = (server.app("es384").await, server.app("rs384").await);
    let used = server.now().as_unix();
    let named = |app: &SmartApp, exp: u64| app.assertion().claim("jti", "one").claim("exp", exp);
    is_believed(&app, &named(&app, used + 100)).await;
    is_refused(&app, &named(&app, used + 200), "used before").await;
    is_believed(&other, &named(&other, used + 100)).await;
    server.after(129 * SECOND);
    is_refused(&app, &named(&app, used + 300), "used before").await;
    // A name may come back once no clock could take its first assertion for good any more.
    server.after(31 * SECOND);
    is_believed(&app, &named(&app, used + 300)).await;
    is_refused(&app, &named(&app, used + 300), "used before").await;
}

/// ASYM-22: the same at a code and at a refresh; a replayed assertion neither uses the code nor counts as its replay.
#[tokio::test]
async fn asym_22_an_assertion_that_was_used_takes_nothing_with_it() {
    let server = Server::new().await;
    let app = server.app("es384").await;
    let asked = app.request(OFFLINE);
    let code = app.code(&mut server.browser(), &asked, &Choices::of("maria")).await;
    let used = app.assertion();
    is_believed(&app, &used).await;
    let replayed = app.exchange(&asked, &code).set("client_assertion", &used.sign());
    replayed.send().await.is_token_error(401, "invalid_client");
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    for _ in 0..3 {
        let replayed = app.refresh(&tokens).set("client_assertion", &used.sign());
        replayed.send().await.is_token_error(401, "invalid_client");
    }
    app.reads(&tokens).await;
    server.after(100 * DAY);
    app.reads(&app.refreshed(&tokens).await).await;
}
