//! RFC 7636, Proof Key for Code Exchange, at the token endpoint.

use smart_core::grant::Stage;
use smart_core::pkce::CodeChallenge;

use super::world::{CHALLENGE, SCOPE, VERIFIER, World, anna, other_verifier};

#[tokio::test]
async fn pkce_07_to_11_only_the_verifier_of_the_challenge_redeems_the_code() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let redemption = coded.redemption().by("web");
    let changed = VERIFIER.replacen('d', "D", 1);
    for (verifier, error) in [
        ("", "invalid_request"),
        // PKCE-10: 43 to 128 unreserved characters.
        ("short", "invalid_request"),
        (&*"a".repeat(42), "invalid_request"),
        (&*"a".repeat(129), "invalid_request"),
        (&*"a+".repeat(22), "invalid_request"),
        (&*"ä".repeat(43), "invalid_request"),
        // PKCE-09: well-formed, and another.
        (&*other_verifier(), "invalid_grant"),
        (&*"a".repeat(43), "invalid_grant"),
        (&*"a".repeat(128), "invalid_grant"),
        (&*changed, "invalid_grant"),
        // PKCE-11: the challenge itself.
        (CHALLENGE, "invalid_grant"),
    ] {
        let answer = redemption.clone().with("code_verifier", verifier).send(&world).await;
        answer.is_error(400, error);
        assert!(answer.description().contains("code_verifier"), "{}", answer.description());
    }
    redemption.clone().without("code_verifier").send(&world).await.is_error(400, "invalid_request");
    // PKCE-08: the example of RFC 7636 appendix B; and no failure has used the code up.
    redemption.send(&world).await.tokens();
}

#[tokio::test]
async fn pkce_07_confidential_clients_need_it_too() {
    let world = World::new().await;
    let coded = world.consent(anna("basic", SCOPE)).await;
    let redemption = coded.redemption().basic("basic", super::world::SECRET);
    redemption.clone().without("code_verifier").send(&world).await.is_error(400, "invalid_request");
    redemption
        .clone()
        .with("code_verifier", &other_verifier())
        .send(&world)
        .await
        .is_error(400, "invalid_grant");
    redemption.send(&world).await.tokens();
}

#[tokio::test]
async fn pkce_12_and_13_the_challenge_is_what_was_stored_and_not_what_is_sent() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let Stage::Coded(stored) = world.grant(&coded.grant).await.stage else { panic!("a code is out") };
    assert_eq!(Ok(stored.code.challenge), CodeChallenge::parse(Some(CHALLENGE), Some("S256")));
    let verifier = other_verifier();
    let plain = coded
        .redemption()
        .by("web")
        .with("code_verifier", &verifier)
        .with("code_challenge", &verifier)
        .with("code_challenge_method", "plain");
    plain.send(&world).await.is_error(400, "invalid_grant");
    coded.redemption().by("web").send(&world).await.tokens();
}
