//! RFC 9700, Best Current Practice for OAuth 2.0 Security: refresh tokens (§2.2.2, §4.14).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use smart_core::client::RetryWindow;
use smart_core::grant::RevocationReason;
use smart_core::ports::SignIns as _;

use super::world::{Coded, Consent, SCOPE, SECRET, World, anna, only};
use super::{Ask, NOW, refresh};

const DAY: u64 = 24 * 60 * 60;

/// A grant whose code was redeemed, and its refresh token.
async fn granted(world: &World, consent: Consent<'_>) -> (Coded, String) {
    let coded = world.consent(consent).await;
    let answer = coded.redemption().by(consent.client).send(world).await;
    let token = answer.text("refresh_token");
    (coded, token)
}

fn again(token: &str) -> Ask {
    refresh(token).by("web")
}

#[tokio::test]
async fn refr_09_and_14_each_use_replaces_the_token() {
    let world = World::new().await;
    let (_, mut token) = granted(&world, anna("web", SCOPE)).await;
    let mut seen = vec![token.clone()];
    for second in 1..5 {
        token = again(&token).at(second * 100).send(&world).await.text("refresh_token");
        assert!(!seen.contains(&token));
        seen.push(token.clone());
    }
}

#[tokio::test]
async fn refr_15_an_older_token_ends_everything() {
    let world = World::new().await;
    let (coded, first) = granted(&world, anna("web", SCOPE)).await;
    let second = again(&first).at(1).send(&world).await.text("refresh_token");
    let third = again(&second).at(2).send(&world).await.text("refresh_token");
    // Its successor was used: no lost answer, however soon.
    let replay = again(&first).at(3).send(&world).await;
    replay.is_error(400, "invalid_grant");
    assert!(replay.description().contains("replaced by a newer one"), "{}", replay.description());
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::RefreshReplayed));
    for token in [&first, &second, &third] {
        let dead = again(token).at(4).send(&world).await;
        dead.is_error(400, "invalid_grant");
        assert!(dead.description().contains("revoked"), "{}", dead.description());
    }
}

#[tokio::test]
async fn refr_16_a_lost_answer_is_no_theft_within_the_window_and_gets_the_same_successor() {
    let world = World::new().await;
    let (coded, first) = granted(&world, anna("web", SCOPE)).await;
    let successor = again(&first).at(100).send(&world).await.text("refresh_token");
    for second in [100, 101, 129] {
        assert_eq!(again(&first).at(second).send(&world).await.text("refresh_token"), successor);
    }
    again(&first).at(130).send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::RefreshReplayed));
}

#[tokio::test]
async fn refr_16_the_window_is_the_clients() {
    let world = World::new().await;
    world.change_client("web", |client| client.refresh_retry = RetryWindow::from_seconds(600).unwrap()).await;
    let (_, first) = granted(&world, anna("web", SCOPE)).await;
    let successor = again(&first).at(100).send(&world).await.text("refresh_token");
    assert_eq!(again(&first).at(699).send(&world).await.text("refresh_token"), successor);
    again(&first).at(700).send(&world).await.is_error(400, "invalid_grant");

    world.change_client("web", |client| client.refresh_retry = RetryWindow::from_seconds(0).unwrap()).await;
    let (_, first) = granted(&world, anna("web", SCOPE)).await;
    again(&first).at(100).send(&world).await.tokens();
    again(&first).at(100).send(&world).await.is_error(400, "invalid_grant");
}

#[tokio::test]
async fn refr_05_and_13_what_is_no_refresh_token_of_this_client() {
    let world = World::new().await;
    let (coded, token) = granted(&world, anna("web", SCOPE)).await;
    for bad in [
        "2f6ad9a0-5f0e-4b0e-9d6f-000000000000",
        "srt_",
        &token[..67],
        &token.replacen("srt_", "sac_", 1),
        &coded.code,
        &format!("srt_{}", "A".repeat(64)),
    ] {
        let answer = again(bad).at(1).send(&world).await;
        answer.is_error(400, "invalid_grant");
        assert!(answer.description().contains("unknown"), "{}", answer.description());
    }
    // Another client's is told the same, and nothing is lost by it.
    let foreign = refresh(&token).by("native").at(1).send(&world).await;
    foreign.is_error(400, "invalid_grant");
    assert!(foreign.description().contains("unknown"), "{}", foreign.description());
    again(&token).at(2).send(&world).await.tokens();
}

#[tokio::test]
async fn nobody_who_saw_an_access_token_can_end_its_grant() {
    let world = World::new().await;
    let (coded, token) = granted(&world, anna("web", SCOPE)).await;
    // What the token shows is the digest of the handle: taken for a handle it leads elsewhere.
    let digest = URL_SAFE_NO_PAD.decode(coded.grant.as_str()).unwrap();
    for handle in [&digest[..16], &digest[16..]] {
        let forged = [handle, &[7; 32]].concat();
        for (prefix, request) in [("srt_", refresh("")), ("sac_", coded.redemption())] {
            let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(&forged));
            let name = if prefix == "srt_" { "refresh_token" } else { "code" };
            request.with(name, &text).by("web").at(1).send(&world).await.is_error(400, "invalid_grant");
        }
    }
    assert_eq!(world.revocation(&coded.grant).await, None);
    again(&token).at(2).send(&world).await.tokens();
}

#[tokio::test]
async fn a_known_handle_with_a_secret_that_never_was_ends_the_grant() {
    let world = World::new().await;
    let (coded, token) = granted(&world, anna("web", SCOPE)).await;
    let mut bytes = URL_SAFE_NO_PAD.decode(&token[4..]).unwrap();
    bytes[47] ^= 1;
    let forged = format!("srt_{}", URL_SAFE_NO_PAD.encode(bytes));
    again(&forged).at(1).send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::RefreshReplayed));
}

#[tokio::test]
async fn refr_21_and_22_confidential_and_native_apps_slide_half_a_year() {
    let world = World::new().await;
    let coded = world.consent(anna("basic", SCOPE)).await;
    let mut token = coded.redemption().basic("basic", SECRET).send(&world).await.text("refresh_token");
    for use_number in 1..6 {
        let day = use_number * 179 * DAY;
        token = refresh(&token).basic("basic", SECRET).at(day).send(&world).await.text("refresh_token");
    }
    let expired = refresh(&token).basic("basic", SECRET).at((5 * 179 + 180) * DAY).send(&world).await;
    expired.is_error(400, "invalid_grant");

    let (_, token) = granted(&world, anna("native", SCOPE)).await;
    refresh(&token).by("native").at(179 * DAY).send(&world).await.tokens();
}

#[tokio::test]
async fn x_10_an_app_in_a_browser_slides_two_weeks_and_ends_after_ninety_days() {
    let world = World::new().await;
    let (_, token) = granted(&world, anna("web", SCOPE)).await;
    again(&token).at(14 * DAY).send(&world).await.is_error(400, "invalid_grant");
    let (_, mut token) = granted(&world, anna("web", SCOPE)).await;
    for day in [13, 26, 39, 52, 65, 78, 89] {
        token = again(&token).at(day * DAY).send(&world).await.text("refresh_token");
    }
    again(&token).at(90 * DAY).send(&world).await.is_error(400, "invalid_grant");
}

#[tokio::test]
async fn refr_24_a_disabled_client_stops_at_once_and_goes_on_if_it_was_a_mistake() {
    let world = World::new().await;
    let function = world.function();
    let (coded, token) = granted(&world, anna("web", SCOPE)).await;
    let token = again(&token).at(1).send_to(&function).await.text("refresh_token");
    world.change_client("web", |client| client.disabled = true).await;
    again(&token).at(2).send_to(&function).await.is_error(401, "invalid_client");
    assert_eq!(world.revocation(&coded.grant).await, None);
    world.change_client("web", |client| client.disabled = false).await;
    again(&token).at(3).send_to(&function).await.tokens();
}

#[tokio::test]
async fn refr_24_a_user_who_is_disabled_or_is_another_one_ends_the_grant() {
    let disabled: fn(&mut smart_core::user::User) = |user| user.disabled = true;
    let lost_the_patient: fn(&mut smart_core::user::User) = |user| user.patients = only(&["b"]);
    let other_password: fn(&mut smart_core::user::User) =
        |user| user.password = Some(smart_core::user::PasswordHash::from_phc("$argon2id$other"));
    let sees_nobody: fn(&mut smart_core::user::User) = |user| user.patients = only(&[]);
    for (change, says) in [
        (disabled, "no longer has access"),
        (other_password, "signs in with another password since"),
        (lost_the_patient, "no longer see this patient"),
        (sees_nobody, "no longer see this patient"),
    ] {
        let world = World::new().await;
        let (coded, token) = granted(&world, anna("web", SCOPE)).await;
        world.change_user("anna", change).await;
        let ended = again(&token).at(1).send(&world).await;
        ended.is_error(400, "invalid_grant");
        assert!(ended.description().contains(says), "{}", ended.description());
        assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::UserChanged));
        again(&token).at(2).send(&world).await.is_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn refr_24_a_name_that_is_gone_or_was_given_to_somebody_else_opens_nothing() {
    for somebody_else in [false, true] {
        let world = World::new().await;
        let (coded, token) = granted(&world, anna("web", SCOPE)).await;
        world.store.answer_with_user(somebody_else.then(|| {
            let user = json!({
                "username": "anna", "sub": "sub-of-another-anna", "name": "Anna", "fhirUser": "Patient/a",
                "patients": ["a"], "password": "$argon2id$none",
            });
            serde_json::from_value(user).unwrap()
        }));
        again(&token).at(1).send(&world).await.is_error(400, "invalid_grant");
        assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::UserChanged));
    }
}

#[tokio::test]
async fn a_patient_with_every_patient_sees_only_themselves() {
    let world = World::new().await;
    world.change_user("anna", |user| user.patients = smart_core::user::PatientAccess::All).await;
    let (_, token) = granted(&world, anna("web", SCOPE)).await;
    again(&token).at(1).send(&world).await.tokens();
    let (coded, token) = granted(&world, Consent { patient: Some("b"), ..anna("web", SCOPE) }).await;
    again(&token).at(1).send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::UserChanged));
}

#[tokio::test]
async fn what_is_without_a_patient_asks_for_none() {
    let world = World::new().await;
    let consent = Consent { user: "clinician", patient: None, ..anna("web", "offline_access user/*.rs") };
    let (_, token) = granted(&world, consent).await;
    world.change_user("clinician", |user| user.patients = only(&[])).await;
    again(&token).at(1).send(&world).await.tokens();
}

#[tokio::test]
async fn a_client_that_may_have_less_gets_less_and_one_without_refresh_nothing() {
    let world = World::new().await;
    let (coded, token) = granted(&world, anna("web", SCOPE)).await;
    let less = "launch/patient openid offline_access patient/Observation.rs";
    world.change_client("web", |client| client.scope = less.parse().unwrap()).await;
    let answer = again(&token).at(1).send(&world).await;
    assert_eq!(answer.tokens()["scope"], less);
    let claims = world.access(&answer, NOW + Duration::from_secs(1)).await;
    assert_eq!(claims.scope.unwrap().to_string(), less);
    // More than that cannot be asked for, though it was granted.
    let token = answer.text("refresh_token");
    let more = again(&token).with("scope", "patient/Condition.rs").at(2).send(&world).await;
    more.is_error(400, "invalid_scope");
    // What was granted is not forgotten: it comes back with the registration.
    world.change_client("web", |client| client.scope = SCOPE.parse().unwrap()).await;
    let answer = again(&token).at(3).send(&world).await;
    assert_eq!(answer.tokens()["scope"], SCOPE);

    let token = answer.text("refresh_token");
    world.change_client("web", |client| client.scope = "patient/*.rs".parse().unwrap()).await;
    let ended = again(&token).at(4).send(&world).await;
    ended.is_error(400, "invalid_grant");
    assert!(ended.description().contains("registration"), "{}", ended.description());
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::ClientChanged));
}

#[tokio::test]
async fn refr_18_online_access_ends_with_the_session() {
    let world = World::new().await;
    let scope = "launch/patient online_access patient/*.rs";
    let (coded, token) = granted(&world, anna("web", scope)).await;
    let token = again(&token).at(60).send(&world).await.text("refresh_token");
    world.store.inner.end_session(&coded.session).await.unwrap();
    let ended = again(&token).at(61).send(&world).await;
    ended.is_error(400, "invalid_grant");
    assert!(ended.description().contains("session"), "{}", ended.description());
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::SessionEnded));

    // A session that is left alone ends by itself, an hour after it began.
    let (_, token) = granted(&world, anna("web", scope)).await;
    let token = again(&token).at(3539).send(&world).await.text("refresh_token");
    again(&token).at(3540).send(&world).await.is_error(400, "invalid_grant");
}

#[tokio::test]
async fn refr_17_offline_access_outlives_the_session() {
    let world = World::new().await;
    let (coded, token) = granted(&world, anna("web", SCOPE)).await;
    world.store.inner.end_session(&coded.session).await.unwrap();
    again(&token).at(13 * DAY).send(&world).await.tokens();
}

#[tokio::test]
async fn a_store_that_fails_after_the_rotation_costs_no_grant() {
    let world = World::new().await;
    world.change_client("web", |client| client.refresh_retry = RetryWindow::from_seconds(0).unwrap()).await;
    let (_, token) = granted(&world, anna("web", SCOPE)).await;
    world.store.break_down("user");
    again(&token).at(1).send(&world).await.is_error(503, "temporarily_unavailable");
    world.store.mend();
    again(&token).at(599).send(&world).await.tokens();

    let (_, token) = granted(&world, anna("web", "launch/patient online_access patient/*.rs")).await;
    world.store.break_down("session");
    again(&token).at(1).send(&world).await.is_error(503, "temporarily_unavailable");
    world.store.mend();
    again(&token).at(599).send(&world).await.tokens();
}

#[tokio::test]
async fn what_ends_a_grant_is_refused_whatever_the_second_write_says() {
    let world = World::new().await;
    let (coded, token) = granted(&world, anna("web", SCOPE)).await;
    world.change_user("anna", |user| user.disabled = true).await;
    world.store.break_down("revoke");
    again(&token).at(1).send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.revocation(&coded.grant).await, None);
    world.store.mend();
    again(&token).at(2).send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::UserChanged));
}
