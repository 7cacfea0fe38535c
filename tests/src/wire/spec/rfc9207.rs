//! RFC 9207, Authorization Server Issuer Identification.

use serde_json::json;

use crate::harness::smart_app::ALL_OF_MARIA;
use crate::harness::{Browser, Choices, SmartApp};

/// AUTHZ-32, SEC-04: `iss` comes with codes and with errors, is the issuer of the metadata as a string, and is announced.
#[tokio::test]
async fn authz_32_the_issuer_comes_with_every_answer() {
    let app = SmartApp::on_wire("web").await;
    assert_eq!(app.metadata["authorization_response_iss_parameter_supported"], json!(true));
    let iss = |url: &str| {
        let url = url::Url::parse(url).unwrap();
        let found: Vec<_> =
            url.query_pairs().filter(|(name, _)| name == "iss").map(|(_, v)| v.into_owned()).collect();
        assert_eq!(found.len(), 1, "{url}");
        found[0].clone()
    };
    let mut browser = Browser::new(&app.target);
    let allowed = app.authorize(&mut browser, &app.request(ALL_OF_MARIA), &Choices::of("maria")).await;
    let denied = app.authorize(&mut browser, &app.request(ALL_OF_MARIA), &Choices::of("maria").deny()).await;
    let refused = app.ask(&app.request(ALL_OF_MARIA).without("aud")).await;
    let stateless = app.ask(&app.request(ALL_OF_MARIA).without("state")).await;
    for url in [&allowed, &denied, refused.is(303).location(), stateless.is(303).location()] {
        assert_eq!(iss(url), app.issuer(), "{url}");
    }
}
