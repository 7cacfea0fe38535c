//! Many at once: each step of a grant is made once.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use smart_core::grant::RevocationReason;
use tokio::sync::Barrier;

use super::keys::ClientKey;
use super::world::{SCOPE, World, anna};
use super::{Answer, Ask, NOW, introspect, refresh, revoke};

/// Sends all of them together, each to a function of its own.
async fn together(world: &Arc<World>, requests: impl IntoIterator<Item = Ask>) -> Vec<Answer> {
    let requests: Vec<_> = requests.into_iter().collect();
    let barrier = Arc::new(Barrier::new(requests.len()));
    let sent: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let (world, barrier) = (Arc::clone(world), Arc::clone(&barrier));
            tokio::spawn(async move {
                let function = world.function();
                barrier.wait().await;
                request.send_to(&function).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn code_05_of_fifty_redemptions_at_most_one_succeeds_and_the_grant_is_revoked() {
    let world = Arc::new(World::new().await);
    for _ in 0..5 {
        let coded = world.consent(anna("web", SCOPE)).await;
        let answers = together(&world, (0..50).map(|_| coded.redemption().by("web"))).await;
        let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(good.len(), 1);
        for answer in bad {
            answer.is_error(400, "invalid_grant");
        }
        assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::CodeReplayed));
        let token = good[0].text("refresh_token");
        refresh(&token).by("web").at(1).send(&world).await.is_error(400, "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refr_16_fifty_refreshes_with_one_token_have_one_successor() {
    let world = Arc::new(World::new().await);
    for _ in 0..5 {
        let coded = world.consent(anna("web", SCOPE)).await;
        let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
        let answers = together(&world, (0..50).map(|_| refresh(&token).by("web").at(1))).await;
        let successors: BTreeSet<_> = answers.iter().map(|answer| answer.text("refresh_token")).collect();
        assert_eq!(successors.len(), 1);
        let names: BTreeSet<_> = answers.iter().map(|answer| answer.text("access_token")).collect();
        assert_eq!(names.len(), 50);
        let successor = successors.first().unwrap();
        refresh(successor).by("web").at(2).send(&world).await.tokens();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refr_15_of_a_token_and_its_predecessor_at_once_nothing_is_left() {
    let world = Arc::new(World::new().await);
    let coded = world.consent(anna("web", SCOPE)).await;
    let first = coded.redemption().by("web").send(&world).await.text("refresh_token");
    let second = refresh(&first).by("web").at(1).send(&world).await.text("refresh_token");
    let third = refresh(&second).by("web").at(2).send(&world).await.text("refresh_token");
    let all = [&first, &second, &third];
    together(&world, (0..30).map(|n| refresh(all[n % 3]).by("web").at(3))).await;
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::RefreshReplayed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asym_13_of_many_uses_of_an_assertion_one_counts() {
    let world = Arc::new(World::new().await);
    let claims = json!({
        "iss": "jwt", "sub": "jwt", "aud": "https://smart.example", "exp": NOW.as_unix() + 60, "jti": "1",
    });
    let assertion = ClientKey::es384().sign(&json!({ "alg": "ES384", "kid": "es384" }), &claims);
    let mut requests = Vec::new();
    for _ in 0..20 {
        let coded = world.consent(anna("jwt", SCOPE)).await;
        requests.push(
            coded
                .redemption()
                .with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                .with("client_assertion", &assertion),
        );
    }
    let answers = together(&world, requests).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 19);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn revoke_06_a_revocation_among_fifty_refreshes_is_the_end_whatever_comes_first() {
    let world = Arc::new(World::new().await);
    for _ in 0..5 {
        let coded = world.consent(anna("web", SCOPE)).await;
        let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
        let requests = (0..50).map(|i| match i {
            25 => revoke(&token).by("web").at(1),
            _ => refresh(&token).by("web").at(1),
        });
        let answers = together(&world, requests).await;
        let mut successors = BTreeSet::new();
        for (i, answer) in answers.iter().enumerate() {
            match (i, answer.status.as_u16()) {
                (25, _) => answer.is_done(),
                (_, 200) => drop(successors.insert(answer.text("refresh_token"))),
                _ => answer.is_error(400, "invalid_grant"),
            }
        }
        assert!(successors.len() <= 1);
        assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::ByClient));
        for token in successors.iter().chain([&token]) {
            refresh(token).by("web").at(2).send(&world).await.is_error(400, "invalid_grant");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn revoke_04_fifty_revocations_of_one_token_are_one() {
    let world = Arc::new(World::new().await);
    world.register_backend("system/*.rs").await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
    for answer in together(&world, (0..50).map(|_| revoke(&token).by("web"))).await {
        answer.is_done();
    }
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::ByClient));
    let alone = world.credentials("system/*.rs").send(&world).await.text("access_token");
    let revocations: Vec<_> = (0..50).map(|_| world.proved(revoke(&alone), "backend")).collect();
    for answer in together(&world, revocations).await {
        answer.is_done();
    }
    world.proved(introspect(&alone), "backend").send(&world).await.is_inactive();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asym_13_of_fifty_uses_of_one_assertion_one_gets_a_token_of_the_client_alone() {
    let world = Arc::new(World::new().await);
    world.register_backend("system/*.rs").await;
    let request = world.credentials("system/*.rs");
    let answers = together(&world, (0..50).map(|_| request.clone())).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(good.len(), 1);
    for answer in bad {
        answer.is_error(401, "invalid_client");
    }
}
