//! §4.1.2, §10.5: authorization codes.

use std::collections::HashSet;

use crate::harness::smart_app::ALL_OF_MARIA;
use crate::harness::world::clients::WEB_REDIRECT_WITH_QUERY;
use crate::harness::{Browser, Choices, SmartApp};

/// CODE-02, TOK-04: a code is its client's; whoever else has it, hears what they would hear of any.
#[tokio::test]
async fn code_02_a_code_belongs_to_its_client() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    let mut said = HashSet::new();
    for other in ["native", "basic", "es384", "brief"] {
        let other = app.as_client(other).await;
        said.insert(other.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant"));
    }
    said.insert(app.exchange(&asked, "sac_unknown").send().await.is_token_error(400, "invalid_grant"));
    assert_eq!(said.len(), 1, "{said:?}");
    app.tokens(&app.exchange(&asked, &code).send().await);
}

/// CODE-08: the redirect URI is the one of the request, even among those that are registered.
#[tokio::test]
async fn code_08_the_redirect_uri_is_the_one_of_the_request() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    for other in [WEB_REDIRECT_WITH_QUERY, "https://app.example/callback/", "https://evil.example/"] {
        let call = app.exchange(&asked, &code).set("redirect_uri", other);
        let told = call.send().await.is_token_error(400, "invalid_grant");
        assert!(told.contains("redirect_uri"), "{told}");
    }
    app.tokens(&app.exchange(&asked, &code).send().await);
}

/// CODE-03, CODE-04: a code is good once; seen twice it has leaked, and all that it led to ends at once.
#[tokio::test]
async fn code_03_04_a_code_seen_twice_ends_what_it_led_to() {
    let app = SmartApp::on_wire("web").await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    app.read(&tokens, "Patient/maria").await.is(200);
    let told = app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
    assert!(told.contains("used before"), "{told}");
    let refused = app.read(&tokens, "Patient/maria").await;
    refused.is_outcome(401, "expired");
    assert_eq!(refused.bearer_challenge(), "invalid_token");
    app.refresh(&tokens).send().await.is_token_error(400, "invalid_grant");
    app.exchange(&asked, &code).send().await.is_token_error(400, "invalid_grant");
}

/// CODE-03, CODE-04: the same when the second exchange is not even right. Another client's attempt is nobody's: it ends nothing.
#[tokio::test]
async fn code_04_a_used_code_has_leaked_whatever_comes_with_it() {
    let app = SmartApp::on_wire("web").await;
    let thief = app.as_client("native").await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
    let wrong = |app: &SmartApp| app.exchange(&asked, &code).set("code_verifier", &"x".repeat(43));
    wrong(&thief).send().await.is_token_error(400, "invalid_grant");
    app.read(&tokens, "Patient/maria").await.is(200);
    wrong(&app).send().await.is_token_error(400, "invalid_grant");
    app.read(&tokens, "Patient/maria").await.is_outcome(401, "expired");
}

/// CODE-06, SEC-17: codes are long, and none is like another.
#[tokio::test]
async fn code_06_codes_cannot_be_guessed() {
    let app = SmartApp::on_wire("web").await;
    let mut browser = Browser::new(&app.target);
    let mut codes = HashSet::new();
    for _ in 0..5 {
        let asked = app.request(ALL_OF_MARIA);
        let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
        // base64url: six bits each; 160 bits have 27 characters.
        assert!(code.len() >= 4 + 27, "{code}");
        codes.insert(code[..16].to_owned());
        codes.insert(code[code.len() - 16..].to_owned());
    }
    assert_eq!(codes.len(), 10);
}

/// CODE-04: a request that has the handle of a grant and no secret of its own does not end it: handles are not
/// told, and what access tokens show is no handle.
#[tokio::test]
async fn code_04_whoever_merely_saw_an_access_token_ends_nothing() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let (app, tokens) = SmartApp::with_tokens("web").await;
    let grant = tokens.claims()["grant"].as_str().unwrap().to_owned();
    let digest = URL_SAFE_NO_PAD.decode(&grant).unwrap();
    for handle in [&digest[..16], &digest[16..], &grant.as_bytes()[..16]] {
        let secret = [handle, &[7; 32]].concat();
        let forged = URL_SAFE_NO_PAD.encode(secret);
        let asked = app.request(ALL_OF_MARIA);
        app.exchange(&asked, &format!("sac_{forged}")).send().await.is_token_error(400, "invalid_grant");
        let refresh = app.refresh(&tokens).set("refresh_token", &format!("srt_{forged}"));
        refresh.send().await.is_token_error(400, "invalid_grant");
    }
    app.refresh(&tokens).set("refresh_token", &grant).send().await.is_token_error(400, "invalid_grant");
    app.read(&tokens, "Patient/maria").await.is(200);
}
