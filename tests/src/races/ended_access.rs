//! A revocation is the end, whatever else is asked at the same moment (REVOKE-04, REVOKE-06, REVOKE-10).

use serde_json::json;

use super::{AT_ONCE, OFFLINE, has_ended, servers, together};
use crate::harness::{Answer, Choices, SmartApp};

/// That it tells of a token that is good, or of none, and of nothing between.
fn is_told(answer: &Answer) {
    let told = answer.ok();
    assert!(told == json!({ "active": false }) || told["client_id"].is_string(), "{told}");
}

/// That a record was read, or the token had ended.
fn is_read_or_ended(answer: &Answer) {
    if answer.status != 200 {
        assert_eq!(answer.is(401).bearer_challenge(), "invalid_token");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn revoke_06_among_refreshes_reads_and_questions_a_revocation_leaves_nothing() {
    for target in servers().await {
        let server = SmartApp::new(&target, "introspector").await;
        for (client, which) in
            [("web", "refresh_token"), ("es384", "access_token"), ("basic", "refresh_token")]
        {
            let app = SmartApp::new(&target, client).await;
            let first = app.launch(OFFLINE, &Choices::of("maria")).await;
            let token = first.json[which].as_str().unwrap().to_owned();
            let attempts = (0..AT_ONCE).map(|n| match n % 5 {
                0 => app.revocation(&token).send(),
                1 => server.introspection(&token).send(),
                _ => app.refresh(&first).send(),
            });
            let reads: Vec<_> = (0..10).map(|_| app.fhir(&first, "Patient/maria").send()).collect();
            let (answers, reads) = tokio::join!(together(attempts), together(reads));
            let mut all = vec![first.clone()];
            for (n, answer) in answers.iter().enumerate() {
                match (n % 5, answer.status) {
                    (0, _) => drop(answer.ok()),
                    (1, _) => is_told(answer),
                    (_, 200) => all.push(app.tokens(answer)),
                    _ => drop(answer.is_token_error(400, "invalid_grant")),
                }
            }
            reads.iter().for_each(is_read_or_ended);
            for tokens in [all.first().unwrap(), all.last().unwrap()] {
                has_ended(&app, tokens).await;
                server.is_inactive(&tokens.access_token).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn revoke_10_whoever_reads_after_a_revocation_was_answered_reads_nothing() {
    for target in servers().await {
        let app = SmartApp::new(&target, "backend").await;
        let tokens = app.alone("system/*.rs").await;
        let attempts = (0..AT_ONCE).map(|n| {
            let (revocation, read) =
                (app.revocation(&tokens.access_token), app.fhir(&tokens, "Patient/lena"));
            async move {
                if n % 5 > 0 {
                    return read.send().await;
                }
                revocation.send().await.ok();
                let after = read.send().await;
                after.is(401);
                after
            }
        });
        together(attempts).await.iter().for_each(is_read_or_ended);
        app.is_inactive(&tokens.access_token).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asym_13_of_fifty_uses_of_an_assertion_one_gets_a_token_without_a_user() {
    for target in servers().await {
        let app = SmartApp::new(&target, "backend").await;
        let assertion = app.assertion().sign();
        let uses = (0..AT_ONCE).map(|n| match n % 3 {
            0 => app.revocation("x").set("client_assertion", &assertion).send(),
            1 => app.introspection("x").set("client_assertion", &assertion).send(),
            _ => app.credentials("system/*.rs").set("client_assertion", &assertion).send(),
        });
        let answers = together(uses).await;
        let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(good.len(), 1);
        for answer in refused {
            answer.is_token_error(401, "invalid_client");
        }
    }
}
