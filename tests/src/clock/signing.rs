//! Tokens that cannot be signed cost a retry, and no grant: the code is good again within its minute, the refresh token for ten.

use smart_core::client::RetryWindow;

use super::faults::Faults;
use super::outages::{says_to_come_back, server};
use super::{DAY, MINUTE, OFFLINE, SECOND, just_before};
use crate::harness::{Answer, Choices};
use crate::races::together;

async fn without_signatures(faults: &Faults, send: impl AsyncFn() -> Answer) {
    faults.are_down(&["sign"]);
    says_to_come_back(&send().await);
    faults.mend();
}

#[tokio::test]
async fn signing_that_fails_costs_no_code_within_its_minute() {
    let (server, faults) = server().await;
    for client in ["web", "es384"] {
        let app = server.app(client).await;
        for scope in [OFFLINE, "launch/patient patient/Patient.rs patient/Observation.rs"] {
            let asked = app.request(scope);
            let code = app.code(&mut server.browser(), &asked, &Choices::of("maria")).await;
            for _ in 0..5 {
                without_signatures(&faults, async || app.exchange(&asked, &code).send().await).await;
                server.after(11 * SECOND);
            }
            let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
            app.reads(&tokens).await;
            // It was used once, and no more than once.
            app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
            app.reads_nothing(&tokens).await;
        }
        let asked = app.request(OFFLINE);
        let code = app.code(&mut server.browser(), &asked, &Choices::of("maria")).await;
        server.after(59 * SECOND);
        without_signatures(&faults, async || app.exchange(&asked, &code).send().await).await;
        server.after(SECOND);
        app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
    }
}

/// A code that was given back is redeemed by the next one; but never is there more than one who got tokens.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn code_05_of_fifty_redemptions_at_most_one_succeeds_though_signatures_fail_now_and_then() {
    let (server, faults) = server().await;
    let app = server.app("web").await;
    let mut browser = server.browser();
    for _ in 0..5 {
        let asked = app.request(OFFLINE);
        let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
        faults.is_down_every_other_time("sign");
        let answers = together((0..50).map(|_| app.exchange(&asked, &code).send())).await;
        faults.mend();
        let mut good = Vec::new();
        for answer in &answers {
            match answer.status {
                200 => good.push(app.tokens(answer)),
                503 => says_to_come_back(answer),
                _ => drop(answer.is_token_error(400, "invalid_grant")),
            }
        }
        assert!(good.len() <= 1, "{} got tokens", good.len());
        app.exchange(&asked, &code).send().await;
        app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
        for tokens in &good {
            app.reads_nothing(tokens).await;
            app.is_not_refreshed(tokens).await;
        }
    }
}

#[tokio::test]
async fn signing_that_fails_costs_no_grant_at_a_refresh_for_ten_minutes() {
    let (server, faults) = server().await;
    for window in [0, 30] {
        server
            .change_client("web", |client| client.refresh_retry = RetryWindow::from_seconds(window).unwrap())
            .await;
        let app = server.app("web").await;
        let first = app.marias(OFFLINE).await;
        server.after(13 * DAY);
        without_signatures(&faults, async || app.refresh(&first).send().await).await;
        server.after(just_before(10 * MINUTE));
        // And from the last failure on, again for as long.
        without_signatures(&faults, async || app.refresh(&first).send().await).await;
        server.after(just_before(10 * MINUTE));
        let second = app.refreshed(&first).await;
        app.reads(&second).await;
        let third = app.refreshed(&second).await;
        app.reads(&third).await;
        app.is_not_refreshed(&first).await;
        app.reads_nothing(&third).await;

        let lost = app.marias(OFFLINE).await;
        without_signatures(&faults, async || app.refresh(&lost).send().await).await;
        server.after(10 * MINUTE);
        app.is_not_refreshed(&lost).await;
        app.reads_nothing(&lost).await;
    }
}

/// Both fail: the signature, and the write that would make up for it. What the app's own window leaves is left.
#[tokio::test]
async fn signing_that_fails_twice_over_fails_closed() {
    let (server, faults) = server().await;
    let app = server.app("web").await;
    let asked = app.request(OFFLINE);
    let code = app.code(&mut server.browser(), &asked, &Choices::of("maria")).await;
    faults.are_down(&["sign", "unredeem"]);
    says_to_come_back(&app.exchange(&asked, &code).send().await);
    faults.mend();
    app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");

    for (wait, good) in [(29, true), (30, false)] {
        let tokens = app.marias(OFFLINE).await;
        faults.are_down(&["sign", "extend_retry"]);
        says_to_come_back(&app.refresh(&tokens).send().await);
        faults.mend();
        server.after(wait * SECOND);
        if good {
            app.reads(&app.refreshed(&tokens).await).await;
        } else {
            app.is_not_refreshed(&tokens).await;
        }
    }
}
