//! Clients that programs register (RFC 7591), from the registration to the data.

use http::Method;
use serde_json::{Value, json};

use crate::harness::app::Clock;
use crate::harness::smart_app::Proof;
use crate::harness::{App, Browser, Choices, SmartApp, Target};

const TOKEN: &str = "initial-access-token-for-tests";
/// `printf %s … | sha256sum`
const SHA256: &str = "22be6524441748f695f06a7699c1bb4c97e0b031a7beb3000aaed2a73552402d";
const CALLBACK: &str = "https://heart.example/callback";
const SCOPE: &str = "launch/patient offline_access patient/Observation.rs";

/// A server where whoever bears [`TOKEN`] registers clients.
async fn server() -> Target {
    let clock = Clock::new();
    let reads = clock.clone();
    let app = App::registering(SHA256.parse().unwrap(), "https://smart.example", move || reads.now()).await;
    Target::of(app, &clock)
}

async fn registered(target: &Target, more: &Value) -> Value {
    let mut metadata = json!({
        "client_name": "Heart App", "redirect_uris": [CALLBACK], "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token"],
    });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let call = target.call(Method::POST, "https://smart.example/auth/register").bearer(TOKEN);
    let answer = call.header("content-type", "application/json").body(metadata.to_string()).send().await;
    answer.is(201).json()
}

/// The client that the answer of a registration describes.
async fn app(target: &Target, registration: &Value) -> SmartApp {
    let text = |name: &str| registration[name].as_str().map(|text| &*text.to_owned().leak());
    let proof = text("client_secret").map_or(Proof::None, Proof::Basic);
    let app = SmartApp::new(target, text("client_id").unwrap()).await;
    SmartApp { redirect_uri: CALLBACK.to_owned(), proof, ..app }
}

/// REG-01, REG-08: what was registered is a client like any other, which users are asked about by the name that it gave.
#[tokio::test]
async fn reg_01_a_registered_app_is_authorized_reads_and_refreshes() {
    let target = server().await;
    for method in ["client_secret_basic", "none"] {
        let registration = registered(&target, &json!({ "token_endpoint_auth_method": method })).await;
        assert_eq!(registration.get("client_secret").is_some(), method != "none");
        let app = app(&target, &registration).await;
        assert_eq!(app.metadata["registration_endpoint"], "https://smart.example/auth/register");
        let tokens = app.launch(SCOPE, &Choices::of("maria")).await;
        app.read(&tokens, "Patient/maria").await.is(403);
        app.read(&tokens, "Observation?patient=maria").await.ok();
        let next = app.tokens(&app.refresh(&tokens).send().await);
        assert_eq!(next.scopes(), tokens.scopes());
    }
}

/// REG-02: a registration redirects nobody to where it did not say, and gets no scope that it did not name.
#[tokio::test]
async fn reg_02_a_registered_app_gets_what_it_registered_and_no_more() {
    let target = server().await;
    let registration = registered(&target, &json!({ "token_endpoint_auth_method": "none" })).await;
    let app = app(&target, &registration).await;
    let tokens = app.launch(&format!("{SCOPE} patient/*.rs user/*.rs"), &Choices::of("maria")).await;
    assert_eq!(tokens.scopes(), ["launch/patient", "offline_access", "patient/Observation.rs"]);
    let elsewhere = app.with_redirect_uri("https://evil.example/callback");
    let page = Browser::new(&target).open(&elsewhere.url_of(&elsewhere.request(SCOPE))).await.page();
    assert_eq!(page.status, 400);
}
