//! SMART App Launch 2.2: "Obtain access token", "Refresh access token", "Scopes and Launch Context".

use std::time::Duration;

use smart_core::scope::Scopes;

use super::world::{Consent, SCOPE, World, anna};
use super::{NOW, refresh};

#[tokio::test]
async fn refr_01_to_04_07_08_and_11_a_refresh_brings_the_same_again() {
    let world = World::new().await;
    let first = world.consent(anna("web", SCOPE)).await.redemption().by("web").send(&world).await;
    let granted = first.text("scope");
    let mut token = first.text("refresh_token");
    // Without a scope, with an empty one, and with the very one that was granted.
    for (second, scope) in [(1, None), (2, Some("")), (3, Some(&*granted))] {
        let request = refresh(&token).by("web").at(second);
        let answer = scope.map_or(request.clone(), |scope| request.with("scope", scope)).send(&world).await;
        let tokens = answer.tokens();
        for member in ["scope", "token_type", "expires_in", "patient", "need_patient_banner"] {
            assert_eq!(tokens[member], first.json[member], "{member}");
        }
        let claims = world.access(&answer, NOW + Duration::from_secs(second)).await;
        assert_eq!(claims.scope, Some(granted.parse().unwrap()));
        assert_eq!(claims.patient.unwrap().as_str(), "a");
        assert_eq!(claims.exp, NOW + Duration::from_secs(second + 900));
        token = answer.text("refresh_token");
    }
    refresh("").by("web").send(&world).await.is_error(400, "invalid_request");
}

#[tokio::test]
async fn refr_03_and_10_narrowing_is_for_one_access_token_alone() {
    let world = World::new().await;
    let first = world.consent(anna("web", SCOPE)).await.redemption().by("web").send(&world).await;
    let mut token = first.text("refresh_token");
    for (second, narrow) in [
        (1, "patient/Observation.rs"),
        (2, "patient/Observation.read launch/patient"),
        (
            3,
            "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
        ),
        (4, "openid"),
    ] {
        let answer = refresh(&token).with("scope", narrow).by("web").at(second).send(&world).await;
        // In the spelling of the request.
        assert_eq!(answer.tokens()["scope"], narrow);
        let claims = world.access(&answer, NOW + Duration::from_secs(second)).await;
        assert_eq!(claims.scope, Some(narrow.parse::<Scopes>().unwrap()));
        assert_eq!(claims.patient.unwrap().as_str(), "a");
        assert_eq!(answer.json.get("id_token").is_some(), narrow == "openid");
        token = answer.text("refresh_token");
    }
    let whole = refresh(&token).by("web").at(5).send(&world).await;
    assert_eq!(whole.tokens()["scope"], SCOPE);
}

#[tokio::test]
async fn refr_03_more_than_was_granted_is_refused_and_the_same_token_may_ask_for_less() {
    let world = World::new().await;
    world
        .register(serde_json::json!({
            "client_id": "strict", "token_endpoint_auth_method": "none", "smart_refresh_retry_seconds": 0,
        }))
        .await;
    // With the window for lost answers, and without one.
    for client in ["web", "strict"] {
        let scope = "launch/patient offline_access patient/Observation.rs";
        let first = world.consent(anna(client, scope)).await.redemption().by(client).send(&world).await;
        let token = first.text("refresh_token");
        for (second, wider) in [
            (1, "patient/*.rs"),
            (2, "patient/Observation.cruds"),
            (3, "user/Observation.rs"),
            (4, "patient/Observation.rs patient/Condition.rs"),
            (5, "openid"),
            (6, "offline_access online_access"),
        ] {
            let refused = refresh(&token).with("scope", wider).by(client).at(second).send(&world).await;
            refused.is_error(400, "invalid_scope");
            assert!(refused.description().contains("more than was granted"), "{}", refused.description());
            assert!(wider.split(' ').any(|one| refused.description().contains(one)));
        }
        // Malformed is found before anything is written.
        for malformed in ["patient/Observation.sr", "patient/Observation.rs  openid", "\u{e4}"] {
            let refused = refresh(&token).with("scope", malformed).by(client).at(7).send(&world).await;
            refused.is_error(400, "invalid_scope");
        }
        // The token was not used up by any of it: a day later it is as good as before.
        let answer =
            refresh(&token).with("scope", "patient/Observation.rs").by(client).at(86_400).send(&world).await;
        assert_eq!(answer.tokens()["scope"], "patient/Observation.rs");
        // And the successor is one like any other.
        refresh(&answer.text("refresh_token")).by(client).at(86_401).send(&world).await.tokens();
    }
}

#[tokio::test]
async fn refr_12_and_tok_15_the_context_is_at_the_top_of_the_answer() {
    let world = World::new().await;
    let consent = Consent { user: "mother", patient: Some("b"), ..anna("native", SCOPE) };
    let first = world.consent(consent).await.redemption().by("native").send(&world).await;
    assert_eq!(first.tokens()["patient"], "b");
    let answer = refresh(&first.text("refresh_token")).by("native").at(1).send(&world).await;
    assert_eq!(answer.tokens()["patient"], "b");
}

#[tokio::test]
async fn scope_v1_is_answered_as_v1() {
    let world = World::new().await;
    let v1 = "launch/patient offline_access patient/*.read";
    let first = world.consent(anna("web", v1)).await.redemption().by("web").send(&world).await;
    assert_eq!(first.tokens()["scope"], v1);
    let answer = refresh(&first.text("refresh_token")).by("web").at(1).send(&world).await;
    assert_eq!(answer.tokens()["scope"], v1);
}
