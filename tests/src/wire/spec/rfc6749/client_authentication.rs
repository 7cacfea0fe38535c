//! §2.3, §3.2.1, and SMART's "Client Authentication: Symmetric": how clients prove who they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::WWW_AUTHENTICATE;

use crate::harness::smart_app::{ALL_OF_MARIA, Asked, basic};
use crate::harness::world::clients::{BASIC_SECRET, POST_SECRET};
use crate::harness::{Browser, Choices, SmartApp};

/// A client with a request and its code.
async fn with_code(client_id: &'static str) -> (SmartApp, Asked, String) {
    let app = SmartApp::on_wire(client_id).await;
    let asked = app.request(ALL_OF_MARIA);
    let code = app.code(&mut Browser::new(&app.target), &asked, &Choices::of("maria")).await;
    (app, asked, code)
}

/// TOK-04: a public client says who it is.
#[tokio::test]
async fn tok_04_a_public_client_sends_its_client_id() {
    let (app, asked, code) = with_code("web").await;
    let nameless = app.exchange(&asked, &code).without("client_id");
    let told = nameless.clone().send().await.is_token_error(401, "invalid_client");
    assert!(told.contains("client_id"), "{told}");
    nameless.set("client_id", "").send().await.is_token_error(401, "invalid_client");
    for unknown in ["nobody", "disabled", "WEB"] {
        app.exchange(&asked, &code)
            .set("client_id", unknown)
            .send()
            .await
            .is_token_error(401, "invalid_client");
    }
    app.tokens(&app.exchange(&asked, &code).send().await);
}

/// TOK-05: a confidential client may name itself besides, and nobody else.
#[tokio::test]
async fn tok_05_client_id_beside_the_header_is_the_same_client() {
    let (app, asked, code) = with_code("basic").await;
    let told = app
        .exchange(&asked, &code)
        .set("client_id", "web")
        .send()
        .await
        .is_token_error(401, "invalid_client");
    assert!(told.contains("client_id"), "{told}");
    app.tokens(&app.exchange(&asked, &code).set("client_id", "basic").send().await);
}

/// TOK-06, REG-08, SEC-08: a confidential client proves who it is each time, in the way that it registered.
#[tokio::test]
async fn tok_06_a_confidential_client_authenticates_each_time() {
    for client_id in ["basic", "post", "es384"] {
        let (app, asked, code) = with_code(client_id).await;
        let exchange = || {
            let bare = app.exchange(&asked, &code).authorization("").set("client_id", client_id);
            bare.without("client_secret").without("client_assertion").without("client_assertion_type")
        };
        exchange().send().await.is_token_error(401, "invalid_client");
        // The right secret in the wrong place, and other methods.
        for other in [
            exchange().authorization(&basic(client_id, POST_SECRET)).without("client_id"),
            exchange().authorization(&basic(client_id, "x")).without("client_id"),
            exchange().set("client_secret", BASIC_SECRET),
            exchange().set("client_secret", "x"),
        ] {
            other.send().await.is_token_error(401, "invalid_client");
        }
        let tokens = app.tokens(&app.exchange(&asked, &code).send().await);
        let unproved = app.refresh(&tokens).authorization("").set("client_id", client_id);
        let unproved =
            unproved.without("client_secret").without("client_assertion").without("client_assertion_type");
        unproved.send().await.is_token_error(401, "invalid_client");
        app.tokens(&app.refresh(&tokens).send().await);
    }
}

/// TOK-06: a public client has nothing to prove, and what it pretends to prove is refused.
#[tokio::test]
async fn tok_06_a_public_client_has_no_secret() {
    let (app, asked, code) = with_code("web").await;
    let with_header = app.exchange(&asked, &code).without("client_id").authorization(&basic("web", ""));
    with_header.send().await.is_token_error(401, "invalid_client");
    app.exchange(&asked, &code)
        .set("client_secret", "guess")
        .send()
        .await
        .is_token_error(401, "invalid_client");
    app.tokens(&app.exchange(&asked, &code).send().await);
}

/// TOK-25, TOK-31: a failure is `invalid_client`, 401, with a challenge, and says not which part was wrong.
#[tokio::test]
async fn tok_25_a_failure_says_not_which_part_was_wrong() {
    let (app, asked, code) = with_code("basic").await;
    let tried =
        |client_id: &str, secret: &str| app.exchange(&asked, &code).authorization(&basic(client_id, secret));
    let mut said = Vec::new();
    for (client_id, secret) in
        [("basic", "wrong"), ("basic", ""), ("nobody", BASIC_SECRET), ("disabled", BASIC_SECRET)]
    {
        let answer = tried(client_id, secret).send().await;
        said.push(answer.is_token_error(401, "invalid_client"));
        assert!(answer.header(WWW_AUTHENTICATE).starts_with("Basic "), "{}", answer.header(WWW_AUTHENTICATE));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    for malformed in ["Basic", "Basic ", "Basic !!!", "Basic YQ==", "Bearer x", "Digest x", "Basic YTpi YTpi"]
    {
        let answer = tried("x", "x").authorization(malformed).send().await;
        answer.is_token_error(401, "invalid_client");
    }
    app.tokens(&tried("basic", BASIC_SECRET).send().await);
}

/// SYM-01, SYM-02, DISC-28: Basic, its parts form-encoded, the scheme in any case; SMART's unencoded reading too.
#[tokio::test]
async fn sym_02_both_readings_of_basic_work() {
    let app = SmartApp::on_wire("basic").await;
    let raw = format!("Basic {}", STANDARD.encode(format!("basic:{BASIC_SECRET}")));
    let lower = basic("basic", BASIC_SECRET).replacen("Basic", "basic", 1);
    let mut browser = Browser::new(&app.target);
    for authorization in [raw, lower, basic("basic", BASIC_SECRET)] {
        let asked = app.request(ALL_OF_MARIA);
        let code = app.code(&mut browser, &asked, &Choices::of("maria")).await;
        app.tokens(&app.exchange(&asked, &code).authorization(&authorization).send().await);
    }
}

/// SYM-03: the secret in the form works for who registered so, and for nobody else.
#[tokio::test]
async fn sym_03_a_secret_in_the_form_is_a_method_of_its_own() {
    let (app, asked, code) = with_code("post").await;
    let in_header = app.exchange(&asked, &code).without("client_secret").without("client_id");
    let told = in_header
        .authorization(&basic("post", POST_SECRET))
        .send()
        .await
        .is_token_error(401, "invalid_client");
    assert!(told.contains("client_secret_post"), "{told}");
    app.tokens(&app.exchange(&asked, &code).send().await);
}
