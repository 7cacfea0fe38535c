//! Who may embed the pages, and with which cookie (AUTHZ-28; X-14).

use axum::body::Body;
use http::header::{CONTENT_SECURITY_POLICY, SET_COOKIE, X_FRAME_OPTIONS};
use http::{HeaderMap, Request};
use smart_web::arrival::Arrival;
use tower::ServiceExt as _;

use super::budgets::{ASK, NOW, clinic, key};
use crate::{Settings, router};

/// The headers of a page that sets a cookie, of a server at `here` whose EHRs are `origins`.
async fn page(here: &str, origins: &str) -> HeaderMap {
    let settings = Settings { here: here.parse().unwrap(), ehr_origins: origins.parse().unwrap() };
    let function = router(clinic().await, key(), settings).layer(axum::Extension(Arrival(NOW)));
    let ask = ASK.replace("smart.example", &here.split_once("://").unwrap().1.replace(':', "%3A"));
    let ask = if here.starts_with("http:") { ask.replace("aud=https", "aud=http") } else { ask };
    let response = function.oneshot(Request::get(ask).body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    response.headers().clone()
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn authz_28_pages_are_embedded_by_the_ehrs_that_are_configured_and_by_nobody_else() {
    for (here, origins, ancestors, cookie) in [
        ("https://smart.example", "", None, "SameSite=Lax; Secure"),
        // Of our own site: the cookie goes along as it is.
        (
            "https://smart.example",
            "https://smart.example:8443",
            Some("https://smart.example:8443"),
            "SameSite=Lax; Secure",
        ),
        (
            "https://smart.example",
            "https://ehr.example,https://ward.example",
            Some("https://ehr.example https://ward.example"),
            "SameSite=None; Partitioned; Secure",
        ),
        ("http://localhost:8080", "http://localhost:8080", Some("http://localhost:8080"), "SameSite=Lax"),
        (
            "http://localhost:8080",
            "http://127.0.0.1:9",
            Some("http://127.0.0.1:9"),
            "SameSite=None; Secure; Partitioned",
        ),
    ] {
        let headers = page(here, origins).await;
        let policy = text(&headers, CONTENT_SECURITY_POLICY).unwrap();
        let expected = format!("; frame-ancestors {}; ", ancestors.unwrap_or("'none'"));
        assert!(policy.contains(&expected), "{policy}");
        assert_eq!(policy.matches("frame-ancestors").count(), 1, "{policy}");
        // A browser that knows the old header alone would refuse the EHR, too.
        assert_eq!(text(&headers, X_FRAME_OPTIONS).as_deref(), ancestors.is_none().then_some("DENY"));
        let set = text(&headers, SET_COOKIE).unwrap();
        assert!(set.ends_with(&format!("; Path=/; HttpOnly; {cookie}")), "{set}");
        assert_eq!(set.starts_with("__Host-"), here.starts_with("https:"), "{set}");
    }
}
