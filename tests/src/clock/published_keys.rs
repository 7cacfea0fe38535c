//! Keys that a client publishes at its `jwks_uri`: fetched, kept and forgotten at the right time, and never from where nobody
//! outside may have us go (SMART 2.2 §"Client Authentication: Asymmetric"; REG-06, REG-10).

use serde_json::Value;
use smart_core::client::metadata::{self, Deployment};

use super::{OFFLINE, SECOND, Server};
use crate::harness::app::Clock;
use crate::harness::keys::ClientKeys;
use crate::harness::publisher::Publisher;
use crate::harness::smart_app::Proof;
use crate::harness::world::clients::all;
use crate::harness::{App, Choices, SmartApp, Target};

/// A server at `url`, whose client `published` says that its keys are at `jwks_uri`. `registered` is where that was accepted.
async fn server(url: &str, jwks_uri: &str, registered: Deployment) -> (Server, SmartApp) {
    let clock = Clock::new();
    let reads = clock.clone();
    let app = App::at(url, move || reads.now()).await;
    let mut metadata = all().into_iter().find(|client| client["client_id"] == "published").unwrap();
    metadata["jwks_uri"] = jwks_uri.into();
    app.store.put_client(metadata::parse(&metadata, registered).unwrap()).await.unwrap();
    let server = Server { target: Target::of(app, &clock), clock };
    let app = server.app("published").await;
    (server, app)
}

/// The same app with the key of that name: `ec` or `rsa`.
fn signing(mut app: SmartApp, kid: &'static str) -> SmartApp {
    let keys = ClientKeys::of_this_process();
    app.proof = Proof::Assertion { key: if kid == "rsa" { &keys.rs384 } else { &keys.es384 }, kid };
    app
}

fn ec() -> Value {
    ClientKeys::of_this_process().es384.jwk("ec")
}

fn rsa() -> Value {
    ClientKeys::of_this_process().rs384.jwk("rsa")
}

const LOOPBACK: &str = "http://localhost:8080";

/// Whether the app proves who it is: there is no such refresh token, but who may not ask is not told so.
async fn is_believed(app: &SmartApp) -> Result<(), String> {
    let call = app.token_call(&[("grant_type", "refresh_token"), ("refresh_token", "nonsense")]);
    let answer = call.set("client_assertion", &app.assertion().sign()).send().await;
    if answer.status == 401 {
        return Err(answer.is_token_error(401, "invalid_client"));
    }
    answer.is_token_error(400, "invalid_grant");
    Ok(())
}

#[tokio::test]
async fn reg_03_and_asym_22_an_app_that_publishes_its_keys_goes_the_whole_way_with_one_fetch() {
    let (publisher, jwks_uri) = Publisher::start().await;
    publisher.publish("max-age=600", &[ec(), rsa()]);
    let (server, app) = server(LOOPBACK, &jwks_uri, Deployment::Loopback).await;
    let tokens = app.launch(OFFLINE, &Choices::of("maria")).await;
    app.reads(&tokens).await;
    let tokens = app.refreshed(&tokens).await;
    server.after(599 * SECOND);
    app.refreshed(&tokens).await;
    is_believed(&signing(app, "rsa")).await.unwrap();
    assert_eq!(publisher.fetches(), 1);
}

/// BACK-16, ONC-12: a set is kept no longer than its `Cache-Control` says.
#[tokio::test]
async fn asym_18_a_rotated_key_is_believed_no_longer_than_its_set_may_be_kept() {
    let (publisher, jwks_uri) = Publisher::start().await;
    publisher.publish("max-age=1", &[ec()]);
    let (server, app) = server(LOOPBACK, &jwks_uri, Deployment::Loopback).await;
    is_believed(&app).await.unwrap();
    publisher.publish("max-age=1", &[rsa()]);
    is_believed(&app).await.unwrap();
    server.after(SECOND);
    assert!(is_believed(&app).await.unwrap_err().contains("kid of a registered key"));
    is_believed(&signing(app, "rsa")).await.unwrap();
}

#[tokio::test]
async fn asym_20_a_new_key_is_found_within_a_minute_and_unknown_ones_cost_no_more() {
    let (publisher, jwks_uri) = Publisher::start().await;
    publisher.publish("max-age=86400", &[ec()]);
    let (server, app) = server(LOOPBACK, &jwks_uri, Deployment::Loopback).await;
    is_believed(&app).await.unwrap();
    publisher.publish("max-age=86400", &[ec(), rsa()]);
    let new = signing(app.clone(), "rsa");
    for _ in 0..20 {
        is_believed(&new).await.unwrap_err();
    }
    server.after(59 * SECOND);
    is_believed(&new).await.unwrap_err();
    assert_eq!(publisher.fetches(), 1);
    server.after(SECOND);
    is_believed(&new).await.unwrap();
    is_believed(&app).await.unwrap();
    for kid in ["a", "b", "c"] {
        is_believed(&signing(app.clone(), kid)).await.unwrap_err();
    }
    assert_eq!(publisher.fetches(), 2);
}

#[tokio::test]
async fn asym_17_and_20_what_cannot_be_fetched_authenticates_nobody_and_comes_back() {
    let (publisher, jwks_uri) = Publisher::start().await;
    publisher.publish("no-store", &[ec()]);
    let (server, app) = server(LOOPBACK, &jwks_uri, Deployment::Loopback).await;
    is_believed(&app).await.unwrap();
    for (status, why) in [(503, "its status is 503"), (301, "redirects"), (204, "its status is 204")] {
        publisher.fail(status);
        server.after(5 * SECOND);
        let told = is_believed(&app).await.unwrap_err();
        assert!(
            told.contains("the keys at the registered jwks_uri cannot be fetched") && told.contains(why),
            "{told}"
        );
    }
    publisher.publish("no-store", &[ec()]);
    server.after(5 * SECOND);
    is_believed(&app).await.unwrap();
}

#[tokio::test]
async fn asym_09_a_name_that_two_keys_have_names_none() {
    let (publisher, jwks_uri) = Publisher::start().await;
    publisher.publish("no-store", &[ec(), ec()]);
    let (_server, app) = server(LOOPBACK, &jwks_uri, Deployment::Loopback).await;
    assert!(is_believed(&app).await.unwrap_err().contains("several keys"));
    // Keys of another kind and for other uses are no second ones (ASYM-23).
    let (mut other_kind, mut other_use) = (rsa(), ec());
    other_kind["kid"] = "ec".into();
    other_use["use"] = "enc".into();
    publisher.publish("no-store", &[ec(), other_kind, other_use]);
    is_believed(&app).await.unwrap();
}

/// Whatever was registered once: what counts is where the service is now, and where the URL leads.
#[tokio::test]
async fn reg_10_a_public_server_fetches_no_keys_from_inside() {
    let (publisher, loopback) = Publisher::start().await;
    publisher.publish("", &[ec()]);
    let port = loopback.rsplit_once(':').unwrap().1;
    for (jwks_uri, why) in [
        (loopback.as_str(), "must be https"),
        (&format!("https://127.0.0.1:{port}"), "not a public one"),
        (&format!("https://localhost:{port}"), "not a public one"),
        (&format!("https://[::ffff:127.0.0.1]:{port}"), "not a public one"),
        ("https://[::ffff:169.254.169.254]/latest/meta-data/", "not a public one"),
        ("https://169.254.169.254/latest/meta-data/iam/security-credentials/", "not a public one"),
        ("https://[fd00:ec2::254]/", "not a public one"),
        ("https://10.0.0.1/jwks.json", "not a public one"),
        ("https://0x7f.1/jwks.json", "not a public one"),
        ("https://user:password@app.example/jwks.json", "must be https"),
    ] {
        let (_server, app) = server("https://smart.example", jwks_uri, Deployment::Loopback).await;
        let told = is_believed(&app).await.unwrap_err();
        assert!(told.contains(why), "{jwks_uri}: {told}");
    }
    assert_eq!(publisher.fetches(), 0);
}

#[tokio::test]
async fn asym_07_jku_is_the_registered_url_or_nothing_is_fetched() {
    let (publisher, jwks_uri) = Publisher::start().await;
    publisher.publish("", &[ec()]);
    let (_server, app) = server(LOOPBACK, &jwks_uri, Deployment::Loopback).await;
    let asking = |jku: &str| {
        let call = app.token_call(&[("grant_type", "refresh_token"), ("refresh_token", "nonsense")]);
        call.set("client_assertion", &app.assertion().header("jku", jku).sign()).send()
    };
    for foreign in ["https://evil.example/jwks.json", &format!("{jwks_uri}?x"), ""] {
        let told = asking(foreign).await.is_token_error(401, "invalid_client");
        assert!(told.contains("jku is not the registered jwks_uri"), "{told}");
    }
    assert_eq!(publisher.fetches(), 0);
    asking(&jwks_uri).await.is_token_error(400, "invalid_grant");
    assert_eq!(publisher.fetches(), 1);
}
