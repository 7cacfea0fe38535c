//! A code is redeemed once (CODE-03 to CODE-05; RFC 6749 §4.1.2).

use super::{AT_ONCE, OFFLINE, has_ended, reads, servers, together};
use crate::harness::smart_app::TokenCall;
use crate::harness::{Browser, Choices, SmartApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn code_03_to_05_of_fifty_redemptions_one_succeeds_and_the_others_end_what_it_got() {
    for target in servers().await {
        for client in ["web", "basic", "es384"] {
            let app = SmartApp::new(&target, client).await;
            let asked = app.request(OFFLINE);
            let code = app.code(&mut Browser::new(&target), &asked, &Choices::of("maria")).await;
            let redemptions = (0..AT_ONCE).map(|_| app.exchange(&asked, &code).send());
            let (good, refused): (Vec<_>, Vec<_>) =
                together(redemptions).await.into_iter().partition(|answer| answer.status == 200);
            assert_eq!(good.len(), 1);
            for answer in refused {
                answer.is_token_error(400, "invalid_grant");
            }
            has_ended(&app, &app.tokens(&good[0])).await;
            app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
        }
    }
}

/// A code that leaked, in the hands of other clients and of those who do not know its verifier, while its own app redeems
/// it: nobody else gets anything, whoever is first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn code_02_and_pkce_09_of_fifty_thieves_and_an_owner_no_thief_gets_anything() {
    for target in servers().await {
        let (app, thief) = (SmartApp::new(&target, "web").await, SmartApp::new(&target, "native").await);
        let asked = app.request(OFFLINE);
        let code = app.code(&mut Browser::new(&target), &asked, &Choices::of("maria")).await;
        let attempts = (0..=AT_ONCE).map(|n| match n {
            25 => app.exchange(&asked, &code),
            n if n % 2 == 0 => thief.exchange(&asked, &code),
            n => app.exchange(&asked, &code).set("code_verifier", &format!("guess-{n:0>50}")),
        });
        for (n, answer) in together(attempts.map(TokenCall::send)).await.into_iter().enumerate() {
            if n != 25 {
                answer.is_token_error(400, "invalid_grant");
            }
        }
    }
}

/// Before it is used, a code in the wrong hands stays as good as it was: its own app cannot be locked out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn code_02_fifty_thieves_who_come_first_leave_the_code_to_its_owner() {
    for target in servers().await {
        let (app, thief) = (SmartApp::new(&target, "web").await, SmartApp::new(&target, "native").await);
        let asked = app.request(OFFLINE);
        let code = app.code(&mut Browser::new(&target), &asked, &Choices::of("maria")).await;
        let attempts = (0..AT_ONCE).map(|n| match n % 3 {
            0 => thief.exchange(&asked, &code),
            1 => app.exchange(&asked, &code).set("code_verifier", &format!("guess-{n:0>50}")),
            _ => app.exchange(&asked, &code).set("redirect_uri", "https://app.example/elsewhere"),
        });
        for answer in together(attempts.map(TokenCall::send)).await {
            answer.is_token_error(400, "invalid_grant");
        }
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        reads(&app, &tokens).await;
    }
}
