//! OpenID Connect Core 1.0: ID tokens (§2, §3.1.3, §12.2).

use serde_json::{Value, json};
use smart_core::client::GrantType;

use super::keys::ClientKey;
use super::world::{Coded, Consent, ISSUER, SCOPE, SECRET, World, anna};
use super::{Answer, NOW, refresh};

async fn redeemed(world: &World, consent: Consent<'_>) -> (Coded, Answer) {
    let coded = world.consent(consent).await;
    let answer = coded.redemption().by(consent.client).at(5).send(world).await;
    (coded, answer)
}

#[tokio::test]
async fn oidc_03_to_06_and_10_to_12_what_an_id_token_says() {
    let world = World::new().await;
    let consent = Consent { nonce: Some("n-0S6_WzA2Mj"), ..anna("web", SCOPE) };
    let (_, answer) = redeemed(&world, consent).await;
    let claims = world.id_token(&answer).await;
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER,
            "sub": "sub-anna",
            "aud": "web",
            "iat": NOW.as_unix() + 5,
            "exp": NOW.as_unix() + 5 + 300,
            "auth_time": NOW.as_unix() - 60,
            "nonce": "n-0S6_WzA2Mj",
            "fhirUser": "https://smart.example/fhir/Patient/a",
            "profile": "https://smart.example/fhir/Patient/a",
            "name": "The anna",
        })
    );
    // Signed by the published RSA key, which is not the one for access tokens here.
    let header = smart_core::jose::UnverifiedHeader::of(&answer.text("id_token")).unwrap();
    let published = world.keys.published().await;
    assert_eq!(header.kid.as_deref(), Some(published[0].kid.as_str()));
    assert_eq!(header.alg.map(smart_core::jose::Algorithm::as_str), Some("RS256"));
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    let access = smart_core::jose::UnverifiedHeader::of(&answer.text("access_token")).unwrap();
    assert_eq!(access.kid.as_deref(), Some(published[1].kid.as_str()));
}

#[tokio::test]
async fn oidc_04_and_11_what_was_not_asked_for_is_not_said() {
    let world = World::new().await;
    let (_, answer) = redeemed(&world, anna("web", "openid patient/*.rs")).await;
    let claims = world.id_token(&answer).await;
    let mut members: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["aud", "auth_time", "exp", "iat", "iss", "sub"]);
    let (_, answer) = redeemed(&world, anna("web", "launch/patient patient/*.rs")).await;
    assert!(answer.tokens().get("id_token").is_none());
}

#[tokio::test]
async fn oidc_16_for_every_kind_of_client() {
    let world = World::new().await;
    let coded = world.consent(anna("basic", SCOPE)).await;
    let answer = coded.redemption().basic("basic", SECRET).send(&world).await;
    assert_eq!(world.id_token(&answer).await["aud"], "basic");
    let coded = world.consent(anna("jwt", SCOPE)).await;
    let key = ClientKey::es384();
    let header = json!({ "alg": "ES384", "kid": "es384", "typ": "JWT" });
    let exp = NOW.as_unix() + 60;
    let claims = json!({ "iss": "jwt", "sub": "jwt", "aud": ISSUER, "exp": exp, "jti": "1" });
    let answer = coded
        .redemption()
        .with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        .with("client_assertion", &key.sign(&header, &claims))
        .send(&world)
        .await;
    assert_eq!(world.id_token(&answer).await["aud"], "jwt");
}

#[tokio::test]
async fn oidc_18_after_a_refresh_the_same_but_for_the_nonce() {
    let world = World::new().await;
    let (_, first) = redeemed(&world, Consent { nonce: Some("n"), ..anna("web", SCOPE) }).await;
    let answer = refresh(&first.text("refresh_token")).by("web").at(3600).send(&world).await;
    let mut expected = world.id_token(&first).await;
    expected.as_object_mut().unwrap().remove("nonce");
    expected["iat"] = json!(NOW.as_unix() + 3600);
    expected["exp"] = json!(NOW.as_unix() + 3600 + 300);
    assert_eq!(world.id_token(&answer).await, expected);
}

#[tokio::test]
async fn oidc_05_fhir_user_is_the_resource_that_stands_for_the_user_now() {
    let world = World::new().await;
    let consent = Consent { user: "clinician", ..anna("native", SCOPE) };
    let (_, first) = redeemed(&world, consent).await;
    let fhir_user = |claims: &Value| claims["fhirUser"].as_str().unwrap().to_owned();
    assert_eq!(fhir_user(&world.id_token(&first).await), "https://smart.example/fhir/Practitioner/p");
    world.change_user("clinician", |user| user.fhir_user = "Practitioner/p2".parse().unwrap()).await;
    let answer = refresh(&first.text("refresh_token")).by("native").at(10).send(&world).await;
    assert_eq!(fhir_user(&world.id_token(&answer).await), "https://smart.example/fhir/Practitioner/p2");
}

#[tokio::test]
async fn a_narrowed_token_comes_with_no_more_of_the_user_than_it_names() {
    let world = World::new().await;
    let (_, first) = redeemed(&world, anna("web", SCOPE)).await;
    let asked = refresh(&first.text("refresh_token")).with("scope", "openid fhirUser").by("web").at(10);
    let claims = world.id_token(&asked.send(&world).await).await;
    assert!(claims.get("fhirUser").is_some());
    assert!(claims.get("name").is_none() && claims.get("profile").is_none(), "{claims}");
}

#[tokio::test]
async fn a_client_without_refresh_gets_its_id_token_once() {
    let world = World::new().await;
    let scope = "openid fhirUser patient/*.rs";
    let (_, answer) = redeemed(&world, anna("forgetful", scope)).await;
    assert_eq!(world.id_token(&answer).await["aud"], "forgetful");
    assert!(answer.json.get("refresh_token").is_none());
    world
        .change_client("forgetful", |client| {
            client.grant_types.insert(GrantType::RefreshToken);
        })
        .await;
    // A refresh token cannot be made up from the code's handle.
    let (coded, _) = redeemed(&world, anna("forgetful", scope)).await;
    let made_up = coded.code.replacen("sac_", "srt_", 1);
    refresh(&made_up).by("forgetful").at(6).send(&world).await.is_error(400, "invalid_grant");
}
