//! A client assertion proves something once (ASYM-13, ASYM-14).

use super::{AT_ONCE, OFFLINE, has_ended, reads, servers, together};
use crate::harness::{Browser, Choices, SmartApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asym_13_and_14_of_fifty_uses_of_an_assertion_one_counts() {
    for target in servers().await {
        for client in ["es384", "rs384"] {
            let app = SmartApp::new(&target, client).await;
            let first = app.launch(OFFLINE, &Choices::of("maria")).await;
            let assertion = app.assertion().sign();
            let uses = (0..AT_ONCE).map(|_| app.refresh(&first).set("client_assertion", &assertion).send());
            let (good, refused): (Vec<_>, Vec<_>) =
                together(uses).await.into_iter().partition(|answer| answer.status == 200);
            assert_eq!(good.len(), 1);
            for answer in refused {
                let told = answer.is_token_error(401, "invalid_client");
                assert!(told.contains("jti was used before"), "{told}");
            }
            // Who proved nothing has presented nothing: no replay of the refresh token was seen.
            let second = app.tokens(&good[0]);
            reads(&app, &second).await;
            reads(&app, &app.tokens(&app.refresh(&second).send().await)).await;
        }
    }
}

/// One assertion each, for one code: authentication is not what makes it count once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asym_13_one_assertion_for_fifty_codes_redeems_one_and_harms_none() {
    for target in servers().await {
        let app = SmartApp::new(&target, "es384").await;
        let mut browser = Browser::new(&target);
        let mut codes = Vec::new();
        for _ in 0..AT_ONCE {
            let asked = app.request(OFFLINE);
            let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
            codes.push((asked, code));
        }
        let assertion = app.assertion().sign();
        let exchange = |(asked, code): &(_, String)| {
            app.exchange(asked, code).set("client_assertion", &assertion).send()
        };
        let answers = together(codes.iter().map(exchange)).await;
        let good: Vec<_> = (0..AT_ONCE).filter(|n| answers[*n].status == 200).collect();
        assert_eq!(good.len(), 1);
        for (n, (asked, code)) in codes.iter().enumerate() {
            if n == good[0] {
                reads(&app, &app.tokens(&answers[n])).await;
            } else {
                answers[n].is_token_error(401, "invalid_client");
                // The code is as it was; on a slow machine its minute may be over before it is tried.
                if n % 10 == 0 {
                    reads(&app, &app.tokens(&app.exchange(asked, code).send().await)).await;
                }
            }
        }
        let (asked, code) = &codes[good[0]];
        app.exchange(asked, code).send().await.is_token_error(400, "invalid_grant");
        has_ended(&app, &app.tokens(&answers[good[0]])).await;
    }
}
