//! RFC 7636, Proof Key for Code Exchange, `S256` alone and for every app (SMART 2.2 §"Considerations for PKCE Support").

use crate::harness::smart_app::{ALL_OF_MARIA, challenge};
use crate::harness::{Browser, Choices, SmartApp};

/// PKCE-02 to PKCE-06, AUTHZ-15: no challenge, another method, or no method is `invalid_request`, told to the app.
#[tokio::test]
async fn pkce_02_to_06_only_s256_is_supported() {
    let app = SmartApp::on_wire("web").await;
    let asked = || app.request(ALL_OF_MARIA);
    let verifier = "x".repeat(43);
    for wrong in [
        asked().without("code_challenge"),
        asked().set("code_challenge", ""),
        asked().without("code_challenge").without("code_challenge_method"),
        asked().without("code_challenge_method"),
        asked().set("code_challenge_method", ""),
        asked().set("code_challenge_method", "plain"),
        asked().set("code_challenge_method", "plain").set("code_challenge", &verifier),
        asked().set("code_challenge_method", "s256"),
        asked().set("code_challenge_method", "S512"),
        asked().set("code_challenge", "short"),
        asked().set("code_challenge", &format!("{}=", challenge(&verifier))),
        asked().set("code_challenge", &challenge(&verifier)[..42]),
        asked().set("code_challenge", &challenge(&verifier).replace(|c: char| c.is_alphanumeric(), "+")),
    ] {
        let (error, description) = wrong.error_in(app.ask(&wrong).await.is(303).location());
        assert_eq!(error, "invalid_request", "{:?}", wrong.parameters);
        assert!(description.contains("code_challenge"), "{description}");
    }
}

/// PKCE-03: confidential apps need it too.
#[tokio::test]
async fn pkce_03_confidential_apps_need_it_too() {
    let app = SmartApp::on_wire("basic").await;
    for client_id in ["basic", "post", "es384"] {
        let app = app.as_client(client_id).await;
        let without = app.request(ALL_OF_MARIA).without("code_challenge").without("code_challenge_method");
        let (error, _) = without.error_in(app.ask(&without).await.is(303).location());
        assert_eq!(error, "invalid_request");
        let asked = app.request(ALL_OF_MARIA);
        let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
        let wrong = app.exchange(&asked, &code).set("code_verifier", &"x".repeat(43));
        wrong.send().await.is_token_error(400, "invalid_grant");
    }
}

/// PKCE-01, PKCE-07 to PKCE-11: no tokens but for the verifier; each wrong one leaves the code to who has the right one.
#[tokio::test]
async fn pkce_07_to_11_the_verifier_answers_the_challenge() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    let with = |verifier: &str| app.exchange(&asked, &code).set("code_verifier", verifier);
    let other = "x".repeat(43);
    let reversed: String = asked.verifier.chars().rev().collect();
    for wrong in [&*other, &reversed, asked.get("code_challenge"), &asked.verifier.to_ascii_lowercase()] {
        let told = with(wrong).send().await.is_token_error(400, "invalid_grant");
        assert!(told.contains("code_verifier"), "{told}");
    }
    for malformed in [
        "",
        "x",
        &"x".repeat(42),
        &"x".repeat(129),
        &format!("{}+", &other[..42]),
        &format!("{}é", &other[..42]),
    ] {
        with(malformed).send().await.is_token_error(400, "invalid_request");
    }
    app.exchange(&asked, &code).without("code_verifier").send().await.is_token_error(400, "invalid_request");
    app.tokens(&with(&asked.verifier).send().await);
}

/// PKCE-10: verifiers of 43 to 128 characters, with all that are unreserved.
#[tokio::test]
async fn pkce_10_every_well_formed_verifier_works() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    for verifier in [format!("{}-._~", "aA0".repeat(13)), "z".repeat(128)] {
        assert!((43..=128).contains(&verifier.len()));
        let asked = app.request(ALL_OF_MARIA).set("code_challenge", &challenge(&verifier));
        let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
        app.tokens(&app.exchange(&asked, &code).set("code_verifier", &verifier).send().await);
    }
}

/// PKCE-12, PKCE-13: the challenge is the one that was sent with the request; nothing at the token endpoint replaces it.
#[tokio::test]
async fn pkce_13_the_challenge_stays_with_the_code() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    let mine = "m".repeat(43);
    let forged =
        app.exchange(&asked, &code).set("code_verifier", &mine).set("code_challenge", &challenge(&mine));
    forged.clone().send().await.is_token_error(400, "invalid_grant");
    forged.set("code_challenge_method", "plain").send().await.is_token_error(400, "invalid_grant");
    // Nor does the verifier of another request of the same app answer it.
    let other = app.request(ALL_OF_MARIA);
    let swapped = app.exchange(&asked, &code).set("code_verifier", &other.verifier);
    swapped.send().await.is_token_error(400, "invalid_grant");
    app.tokens(&app.exchange(&asked, &code).send().await);
}
