//! The sweep frees room and changes nothing: whatever is alive goes on, whatever has ended stays so, swept or not.

use std::time::Duration;

use smart_core::instant::Instant;

use super::{DAY, HOUR, MINUTE, OFFLINE, ONCE, ONLINE, SECOND, Server, just_before};
use crate::harness::Choices;
use crate::harness::smart_app::walk;

impl Server {
    /// Lets time pass, and sweeps.
    async fn swept_after(&self, span: Duration) -> usize {
        self.after(span);
        self.store().sweep(self.now()).await.unwrap()
    }
}

#[tokio::test]
async fn nothing_that_is_alive_is_swept() {
    let server = Server::new().await;
    let (web, native, es384) =
        (server.app("web").await, server.app("native").await, server.app("es384").await);
    let mut browser = server.browser();
    let online = web.launch_in(&mut browser, ONLINE, &Choices::of("maria")).await;
    let offline = native.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
    let once = web.launch_in(&mut browser, ONCE, &Choices::of("maria")).await;
    let coded = web.request(ONCE);
    let code = web.code(&mut browser, &coded, &Choices::of("maria")).await;
    let slow = web.request(ONCE);
    let mut paul = server.browser();
    let sign_in = paul.open(&web.url_of(&slow)).await.page();
    let used = es384.assertion().claim("exp", server.now().as_unix() + 330);
    let shows = |assertion: &crate::harness::smart_app::Assertion| {
        let call = es384.token_call(&[("grant_type", "refresh_token"), ("refresh_token", "nonsense")]);
        call.set("client_assertion", &assertion.sign()).send()
    };
    shows(&used).await.is_token_error(400, "invalid_grant");
    for _ in 0..11 {
        let status = paul.sign_in_with(&sign_in, "lotte", "guess").await.page().status;
        assert!([401, 429].contains(&status));
    }
    assert_eq!(server.swept_after(Duration::ZERO).await, 0);

    server.swept_after(59 * SECOND).await;
    web.reads(&web.tokens(&web.exchange(&coded, &code).send().await)).await;
    server.swept_after(5 * MINUTE).await;
    shows(&used).await.is_token_error(401, "invalid_client");
    server.swept_after(9 * MINUTE).await;
    // In the last second of a quarter of an hour.
    web.reads(&once).await;
    assert_eq!(paul.sign_in_with(&sign_in, "lotte", "guess").await.page().status, 429);
    let picker = paul.sign_in(&sign_in, "paul").await;
    let url = walk(&mut paul, picker, &Choices::of("paul").patient("tom")).await;
    web.reads(&web.tokens(&web.exchange(&slow, &slow.code_in(&url)).send().await)).await;

    // A session that is kept awake, and the access that lasts as long.
    let mut online = web.refreshed(&online).await;
    browser.looks_in().await;
    for _ in 0..13 {
        server.swept_after(50 * MINUTE).await;
        browser.looks_in().await;
        online = web.refreshed(&online).await;
        web.reads(&online).await;
    }
    assert!(!web.asks_to_sign_in(&mut browser).await);

    // And half a year between one use and the next.
    let mut offline = native.refreshed(&offline).await;
    for _ in 0..3 {
        for _ in 0..5 {
            server.swept_after(35 * DAY).await;
        }
        server.swept_after(just_before(5 * DAY)).await;
        offline = native.refreshed(&offline).await;
        native.reads(&offline).await;
    }
}

#[tokio::test]
async fn what_has_ended_stays_so_whether_it_was_swept_or_not() {
    for swept in [false, true] {
        let server = Server::new().await;
        let app = server.app("web").await;
        let mut browser = server.browser();
        let offline = app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
        let online = app.launch_in(&mut browser, ONLINE, &Choices::of("maria")).await;
        let revoked = app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await;
        let unredeemed = app.request(ONCE);
        let code = app.code(&mut browser, &unredeemed, &Choices::of("maria")).await;
        let newer = app.refreshed(&revoked).await;
        let newest = app.refreshed(&newer).await;
        app.is_not_refreshed(&revoked).await;
        let ended = async |server: &Server| {
            if swept {
                server.store().sweep(server.now()).await.unwrap();
            }
            app.exchange(&unredeemed, &code).send().await.is_token_error(400, "invalid_grant");
            for tokens in [&revoked, &newer, &newest] {
                app.is_not_refreshed(tokens).await;
                app.reads_nothing(tokens).await;
            }
        };
        server.after(MINUTE);
        ended(&server).await;
        server.after(HOUR);
        ended(&server).await;
        assert!(app.asks_to_sign_in(&mut browser).await);
        app.is_not_refreshed(&online).await;
        server.after(14 * DAY);
        ended(&server).await;
        for tokens in [&offline, &online] {
            app.is_not_refreshed(tokens).await;
            app.reads_nothing(tokens).await;
        }
        server.after(400 * DAY);
        ended(&server).await;
        // When all has ended there is nothing left to sweep, and the server works as on its first day.
        let rest = server.store().sweep(server.now()).await.unwrap();
        assert_eq!(rest == 0, swept, "{rest}");
        assert_eq!(server.store().sweep(Instant::NEVER).await.unwrap(), 0);
        app.reads(&app.launch_in(&mut browser, OFFLINE, &Choices::of("maria")).await).await;
    }
}
