//! One refresh token has one successor, whoever asks for it and however often (REFR-14 to REFR-16; RFC 9700 §4.14.2).

use std::collections::BTreeSet;

use super::{AT_ONCE, OFFLINE, has_ended, reads, sends, servers, together};
use crate::harness::smart_app::TokenCall;
use crate::harness::{Answer, Browser, Choices, SmartApp, Tokens};

/// Presents a token fifty times at once.
async fn fifty(app: &SmartApp, tokens: &Tokens) -> Vec<Tokens> {
    together((0..AT_ONCE).map(|_| app.refresh(tokens).send()))
        .await
        .iter()
        .map(|answer| app.tokens(answer))
        .collect()
}

fn successors(all: &[Tokens]) -> BTreeSet<&str> {
    all.iter().map(|tokens| tokens.refresh_token.as_deref().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refr_16_fifty_refreshes_with_one_token_get_one_successor_and_fifty_good_access_tokens() {
    for target in servers().await {
        for client in ["web", "basic", "es384"] {
            let app = SmartApp::new(&target, client).await;
            let first = app.launch(OFFLINE, &Choices::of("maria")).await;
            let second = fifty(&app, &first).await;
            assert_eq!(successors(&second).len(), 1);
            assert!(!successors(&second).contains(first.refresh_token.as_deref().unwrap()));
            let names: BTreeSet<_> = second.iter().map(|tokens| tokens.access_token.as_str()).collect();
            assert_eq!(names.len(), AT_ONCE);
            for tokens in second.iter().chain([&first]) {
                reads(&app, tokens).await;
            }
            // And so on from the one successor.
            let third = fifty(&app, &second[0]).await;
            assert_eq!(successors(&third).len(), 1);
            assert!(successors(&third).is_disjoint(&successors(&second)));
            reads(&app, &third[49]).await;

            // The first token is an older one now: whoever has it ends everything.
            app.refresh(&first).send().await.is_token_error(400, "invalid_grant");
            for tokens in [&first, &second[0], &second[49], &third[0], &third[49]] {
                has_ended(&app, tokens).await;
            }
        }
    }
}

/// That each answer brought tokens, or the news that the grant has ended.
fn good_ones(app: &SmartApp, answers: &[Answer]) -> Vec<Tokens> {
    let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    for answer in refused {
        answer.is_token_error(400, "invalid_grant");
    }
    good.into_iter().map(|answer| app.tokens(answer)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refr_15_of_a_token_its_predecessor_and_an_older_one_at_once_nothing_is_left() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        let first = app.launch(OFFLINE, &Choices::of("maria")).await;
        let second = app.tokens(&app.refresh(&first).send().await);
        let third = app.tokens(&app.refresh(&second).send().await);
        let all = [&third, &second, &first];
        let attempts = (0..AT_ONCE).map(|n| app.refresh(all[n % 3]).send());
        let good = good_ones(&app, &together(attempts).await);
        // The second one repeated gets the third; the third gets one successor.
        let mut given = successors(&good);
        given.remove(third.refresh_token.as_deref().unwrap());
        assert!(given.len() <= 1, "{}", given.len());
        for tokens in all.into_iter().chain(&good) {
            has_ended(&app, tokens).await;
        }
    }
}

/// Half of them want less: that is one access token's matter, and the successor is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refr_10_and_16_refreshes_with_other_scopes_share_the_successor() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        let first = app.launch(OFFLINE, &Choices::of("maria")).await;
        let attempts = (0..AT_ONCE).map(|n| match n % 3 {
            0 => app.refresh(&first),
            1 => app.refresh(&first).set("scope", "patient/Patient.r"),
            _ => app.refresh(&first).set("scope", "patient/Patient.rs user/Observation.rs"),
        });
        let mut good = Vec::new();
        for (n, answer) in together(attempts.map(TokenCall::send)).await.iter().enumerate() {
            if n % 3 == 2 {
                answer.is_token_error(400, "invalid_scope");
                continue;
            }
            let tokens = app.tokens(answer);
            assert_eq!(tokens.scope == "patient/Patient.r", n % 3 == 1, "{}", tokens.scope);
            app.read(&tokens, "Observation").await.is(if n % 3 == 0 { 200 } else { 403 });
            good.push(tokens);
        }
        assert_eq!(successors(&good).len(), 1);
        let whole = app.tokens(&app.refresh(&good[1]).send().await);
        assert_eq!(whole.scopes(), first.scopes());
    }
}

/// Whatever was quicker: after the sign-out nothing of it is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refr_18_refreshes_beside_a_sign_out_leave_no_online_access() {
    for target in servers().await {
        let app = SmartApp::new(&target, "web").await;
        let mut browser = Browser::new(&target);
        let scope = "online_access launch/patient patient/*.rs";
        let first = app.launch_in(&mut browser, scope, &Choices::of("maria")).await;
        let page = browser.open("/auth/sign-out").await.page();
        let form = page.form("form_token");
        let sign_out = sends(&target, &browser, &form, &form.entering()).send();
        let mut attempts: Vec<_> = (0..AT_ONCE - 1).map(|_| app.refresh(&first).call().send()).collect();
        attempts.insert(25, sign_out);
        let mut answers = together(attempts).await;
        assert_eq!(answers.remove(25).status, 200);
        let good = good_ones(&app, &answers);
        app.refresh(&first).send().await.is_token_error(400, "invalid_grant");
        for tokens in good.iter().chain([&first]) {
            has_ended(&app, tokens).await;
        }
    }
}
