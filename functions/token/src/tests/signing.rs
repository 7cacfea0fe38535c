//! Tokens that cannot be signed cost a retry, and no grant; what was begun is finished, whoever hangs up.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use smart_core::client::RetryWindow;
use smart_core::grant::{RevocationReason, Stage};
use smart_web::arrival::Arrival;
use tower::ServiceExt as _;

use super::world::{SCOPE, World, anna};
use super::{NOW, refresh};

#[tokio::test]
async fn a_code_whose_tokens_were_not_signed_can_be_redeemed_again_within_its_minute() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    // Neither token, and one of the two.
    for (second, signatures) in [(0, 0), (1, 1)] {
        world.keys.sign_only(signatures);
        let failed = coded.redemption().by("web").at(second).send(&world).await;
        failed.is_error(503, "temporarily_unavailable");
        assert_eq!(failed.header("retry-after"), "1");
        assert!(matches!(world.grant(&coded.grant).await.stage, Stage::Coded(_)));
    }
    world.keys.sign_only(usize::MAX);
    let answer = coded.redemption().by("web").at(59).send(&world).await;
    answer.tokens();
    refresh(&answer.text("refresh_token")).by("web").at(60).send(&world).await.tokens();
}

#[tokio::test]
async fn the_way_back_gives_the_code_no_more_time_and_no_second_use() {
    let world = World::new().await;
    let late = world.consent(anna("web", SCOPE)).await;
    world.keys.sign_only(0);
    late.redemption().by("web").at(30).send(&world).await.is_error(503, "temporarily_unavailable");
    world.keys.sign_only(usize::MAX);
    late.redemption().by("web").at(60).send(&world).await.is_error(400, "invalid_grant");

    let coded = world.consent(anna("web", SCOPE)).await;
    world.keys.sign_only(0);
    coded.redemption().by("web").send(&world).await.is_error(503, "temporarily_unavailable");
    world.keys.sign_only(usize::MAX);
    coded.redemption().by("web").send(&world).await.tokens();
    coded.redemption().by("web").send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::CodeReplayed));
}

#[tokio::test]
async fn a_code_that_cannot_be_given_back_is_used() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    world.keys.sign_only(0);
    world.store.break_down("unredeem");
    coded.redemption().by("web").send(&world).await.is_error(503, "temporarily_unavailable");
    world.store.mend();
    world.keys.sign_only(usize::MAX);
    coded.redemption().by("web").send(&world).await.is_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_whose_tokens_were_not_signed_can_be_repeated_for_ten_minutes() {
    for window in [0, 30] {
        let world = World::new().await;
        let window = RetryWindow::from_seconds(window).unwrap();
        world.change_client("web", |client| client.refresh_retry = window).await;
        let coded = world.consent(anna("web", SCOPE)).await;
        let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
        world.keys.sign_only(0);
        refresh(&token).by("web").at(100).send(&world).await.is_error(503, "temporarily_unavailable");
        world.keys.sign_only(1);
        refresh(&token).by("web").at(110).send(&world).await.is_error(503, "temporarily_unavailable");
        world.keys.sign_only(usize::MAX);
        let answer = refresh(&token).by("web").at(709).send(&world).await;
        let successor = answer.text("refresh_token");
        refresh(&successor).by("web").at(710).send(&world).await.tokens();
        // From then on it is an older token like any other.
        refresh(&token).by("web").at(711).send(&world).await.is_error(400, "invalid_grant");
        assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::RefreshReplayed));
    }
}

#[tokio::test]
async fn after_those_ten_minutes_it_is_a_replay() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
    world.keys.sign_only(0);
    refresh(&token).by("web").at(100).send(&world).await.is_error(503, "temporarily_unavailable");
    world.keys.sign_only(usize::MAX);
    refresh(&token).by("web").at(700).send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::RefreshReplayed));
}

#[tokio::test]
async fn both_tokens_are_signed_at_once() {
    let world = World::new().await;
    world.keys.sign_together(2);
    let coded = world.consent(anna("web", SCOPE)).await;
    let redemption = coded.redemption().by("web");
    let answer = tokio::time::timeout(Duration::from_secs(10), redemption.send(&world)).await;
    let token = answer.expect("one waits for the other").text("refresh_token");
    let refreshed = refresh(&token).by("web").at(1);
    let answer = tokio::time::timeout(Duration::from_secs(10), refreshed.send(&world)).await;
    answer.expect("one waits for the other").tokens();
}

/// A caller that hangs up as soon as the code is seen again must not keep the grant from being revoked.
#[tokio::test]
async fn what_was_begun_is_finished_though_the_caller_hangs_up() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    coded.redemption().by("web").send(&world).await.tokens();
    hang_up(&world, coded.redemption().by("web").form).await;
    until(async || world.revocation(&coded.grant).await.is_some()).await;
}

/// As an app does whose connection breaks, and Lambda's deadline, after which the app is told to come back.
#[tokio::test]
async fn tokens_that_nobody_waits_for_cost_no_code_and_no_refresh_token() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    hang_up(&world, coded.redemption().by("web").form).await;
    until(async || world.store.calls().contains(&("unredeem", 1))).await;
    until(async || matches!(world.grant(&coded.grant).await.stage, Stage::Coded(_))).await;
    let answer = coded.redemption().by("web").send(&world).await;
    answer.tokens();

    let token = answer.text("refresh_token");
    hang_up(&world, refresh(&token).by("web").form).await;
    until(async || world.store.calls().contains(&("extend_retry", 1))).await;
    // Longer than the window of a client of this kind.
    refresh(&token).by("web").at(120).send(&world).await.tokens();
}

/// Sends a form to the token endpoint, and waits for no answer.
async fn hang_up(world: &World, form: Vec<(String, String)>) {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = Request::post("/auth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    request.extensions_mut().insert(Arrival(NOW));
    let function = world.function();
    let held_up = world.store.gate.write().await;
    // The request is under way, and nobody waits for its answer any more.
    tokio::select! {
        biased;
        _ = function.oneshot(request) => panic!("it was answered at once"),
        () = tokio::task::yield_now() => {}
    }
    drop(held_up);
}

async fn until(mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it was not done");
}

/// The write was made, and nobody learned of it: what the app is told to do must not look like a second use.
#[tokio::test]
async fn a_code_whose_redemption_stays_unknown_can_be_redeemed_again() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    world.store.calls();
    world.store.lose_answers("redeem");
    coded.redemption().by("web").send(&world).await.is_error(503, "temporarily_unavailable");
    assert_eq!(world.store.calls(), [("client", 1), ("redeem", 1), ("unredeem", 1)]);
    assert!(matches!(world.grant(&coded.grant).await.stage, Stage::Coded(_)));
    world.store.mend();
    coded.redemption().by("web").send(&world).await.tokens();
}

#[tokio::test]
async fn a_panic_is_no_silence() {
    let world = World::new().await;
    world.keys.break_down();
    let coded = world.consent(anna("web", SCOPE)).await;
    let observed = smart_web::observe::layer(world.function());
    let answer = coded.redemption().by("web").send_to(&observed).await;
    assert_eq!((answer.status.as_u16(), answer.json["error"].as_str()), (500, Some("server_error")));
}
