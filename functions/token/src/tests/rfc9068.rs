//! RFC 9068, JWT access tokens, and the form that RFC 6750 asks of a bearer token.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use smart_core::scope::Scopes;

use super::world::{Consent, FHIR_BASE, ISSUER, SCOPE, World, anna};
use super::{NOW, refresh};

/// A part of a JWT, as it is written.
fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn rfc9068_2_2_tok_19_and_22_what_an_access_token_says() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let answer = coded.redemption().by("web").at(7).send(&world).await;
    let token = answer.text("access_token");
    let header = part(&token, 0);
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("at+jwt"), Some("ES256")));
    let claims = part(&token, 1);
    let mut members: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["aud", "client_id", "exp", "grant", "iat", "iss", "jti", "patient", "scope", "sub"]);
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], FHIR_BASE);
    assert_eq!(claims["sub"], "sub-anna");
    assert_eq!(claims["client_id"], "web");
    assert_eq!(claims["iat"], NOW.as_unix() + 7);
    assert_eq!(claims["exp"], NOW.as_unix() + 7 + 900);
    assert_eq!(claims["scope"], SCOPE);
    assert_eq!(claims["grant"], coded.grant.as_str());
    assert_eq!(claims["patient"], "a");
    // 128 random bits.
    assert_eq!(URL_SAFE_NO_PAD.decode(claims["jti"].as_str().unwrap()).unwrap().len(), 16);
    // And the resource server believes it, until then.
    let verified = world.access(&answer, NOW + Duration::from_secs(7 + 899)).await;
    assert_eq!(verified.grant, Some(coded.grant));
}

#[tokio::test]
async fn rfc6750_2_1_tok_21_and_22_a_token_is_a_b64token_and_small() {
    let world = World::new().await;
    let answer = world.consent(anna("web", SCOPE)).await.redemption().by("web").send(&world).await;
    for token in ["access_token", "refresh_token"] {
        let text = answer.text(token);
        let is_b64 = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b);
        assert!(text.bytes().all(is_b64) && text.len() < 4096, "{text}");
    }
}

#[tokio::test]
async fn each_token_has_a_name_of_its_own() {
    let world = World::new().await;
    let answer = world.consent(anna("web", SCOPE)).await.redemption().by("web").send(&world).await;
    let mut token = answer.text("refresh_token");
    let mut names = BTreeSet::from([part(&answer.text("access_token"), 1)["jti"].to_string()]);
    for second in 1..20 {
        let answer = refresh(&token).by("web").at(second).send(&world).await;
        names.insert(part(&answer.text("access_token"), 1)["jti"].to_string());
        token = answer.text("refresh_token");
    }
    assert_eq!(names.len(), 20);
}

#[tokio::test]
async fn without_a_patient_in_context_none_is_named() {
    let world = World::new().await;
    let consent = Consent { user: "clinician", patient: None, ..anna("web", "openid fhirUser user/*.rs") };
    let answer = world.consent(consent).await.redemption().by("web").send(&world).await;
    assert!(answer.tokens().get("patient").is_none() && answer.json.get("need_patient_banner").is_none());
    assert_eq!(world.access(&answer, NOW).await.patient, None);
}

/// More scopes than a header can carry, each within what the client registered.
fn many_scopes() -> String {
    let granular = (0..60).map(|n| format!("patient/Observation.rs?category=category-number-{n}"));
    std::iter::once("offline_access openid".to_owned()).chain(granular).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn tok_22_a_long_list_of_scopes_is_in_the_answer_and_not_in_the_token() {
    let world = World::new().await;
    let many = many_scopes();
    let coded = world.consent(anna("web", &many)).await;
    let answer = coded.redemption().by("web").send(&world).await;
    assert_eq!(answer.tokens()["scope"], many);
    assert!(answer.text("access_token").len() < 2000);
    let claims = world.access(&answer, NOW).await;
    assert_eq!(claims.scope, None);
    let granted: Scopes = many.parse().unwrap();
    assert_eq!(claims.scopes(&granted), Some(&granted));

    let token = answer.text("refresh_token");
    // All of it, said or not, is the same.
    for (second, request) in [(1, refresh(&token)), (2, refresh(&token).with("scope", &many))] {
        let answer = request.by("web").at(second).send(&world).await;
        assert_eq!(answer.tokens()["scope"], many);
        assert_eq!(world.access(&answer, NOW + Duration::from_secs(second)).await.scope, None);
    }
    // A part that is too long for a token cannot be said in one, and without a list it would mean all.
    let part: Vec<_> = many.split(' ').skip(1).collect();
    let refused = refresh(&token).with("scope", &part.join(" ")).by("web").at(3).send(&world).await;
    refused.is_error(400, "invalid_scope");
    assert!(refused.description().contains("too long"), "{}", refused.description());
    // A shorter part can.
    let short = part[..3].join(" ");
    let narrowed = refresh(&token).with("scope", &short).by("web").at(4).send(&world).await;
    assert_eq!(narrowed.tokens()["scope"], short);
    let claims = world.access(&narrowed, NOW + Duration::from_secs(4)).await;
    assert_eq!(claims.scope.map(|scope| scope.to_string()), Some(short));
}

#[tokio::test]
async fn what_a_changed_client_has_left_of_a_long_list_never_becomes_all_of_it() {
    let world = World::new().await;
    let many = many_scopes();
    let coded = world.consent(anna("web", &many)).await;
    let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
    let left: Vec<_> = many.split(' ').filter(|scope| !scope.ends_with("number-0")).collect();
    world.change_client("web", |client| client.scope = left.join(" ").parse().unwrap()).await;
    refresh(&token).by("web").at(1).send(&world).await.is_error(400, "invalid_grant");
    assert!(world.revocation(&coded.grant).await.is_some());
}
