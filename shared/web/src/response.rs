//! The headers of JSON, pages and redirects: nothing of an authorization stays in a cache or goes on to another site.
//!
//! RFC 6749 §5.1 (`no-store`), RFC 9700 §4.2.4 (`Referrer-Policy`) and §4.12 (303). Answers that may be kept, such as
//! discovery and FHIR, are made where they belong.

use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, PRAGMA, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use smart_core::oauth::{ErrorCode, OAuthError};
use smart_core::ports::Unavailable;

/// What is sent if an answer cannot be written, which takes a defect of ours.
const UNWRITABLE: &str = r#"{"error":"server_error"}"#;

/// What a page may do whose policy cannot be written: nothing.
const STRICTEST: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A JSON answer that is not to be kept: tokens, errors (TOK-16, TOK-17, TOK-18).
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    let (status, body) = match serde_json::to_vec(body) {
        Ok(written) => (status, written),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            (StatusCode::INTERNAL_SERVER_ERROR, UNWRITABLE.into())
        }
    };
    let mut response = unkept(status, Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A page; `policy` is its `Content-Security-Policy`.
pub fn html(status: StatusCode, page: String, policy: &str) -> Response<Body> {
    let mut response = unkept(status, Body::from(page));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(STRICTEST));
    set(&mut response, CONTENT_SECURITY_POLICY, policy);
    response
}

/// 303: the browser goes to `location` by GET, and takes no form along (AUTHZ-29).
pub fn see_other(location: &str) -> Response<Body> {
    let mut response = unkept(StatusCode::SEE_OTHER, Body::empty());
    set(&mut response, LOCATION, location);
    response
}

/// 503: a port could not answer, and when to come back. Says nothing of which one; the log does.
pub fn unavailable(reason: &Unavailable) -> Response<Body> {
    tracing::error!(error = %reason, "a port is unavailable");
    let told = "the server cannot answer for the moment: try again";
    let error = OAuthError::new(ErrorCode::TemporarilyUnavailable, told);
    let mut response = json(StatusCode::SERVICE_UNAVAILABLE, &error);
    response.headers_mut().insert(RETRY_AFTER, reason.retry_after.as_secs().max(1).into());
    response
}

/// An answer that is kept nowhere, is what it says it is, and whose address goes nowhere.
fn unkept(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Sets a header whose value is text of ours. What is no header value is a defect: it is logged (by name alone, since a
/// `Location` may hold a code) and left as it was.
pub fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    } else {
        tracing::error!(header = %name, "a header could not be written");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;

    fn headers(response: &Response<Body>) -> Vec<String> {
        let written = response.headers().iter();
        let mut lines: Vec<_> =
            written.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        lines
    }

    async fn body(response: Response<Body>) -> Vec<u8> {
        to_bytes(response.into_body(), 1000).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn tok_16_to_18_json_is_kept_nowhere() {
        let response = json(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_grant" }));
        assert_eq!(response.status(), 400);
        assert_eq!(
            headers(&response),
            [
                "cache-control: no-store",
                "content-type: application/json",
                "pragma: no-cache",
                "referrer-policy: no-referrer",
                "x-content-type-options: nosniff",
            ]
        );
        assert_eq!(body(response).await, br#"{"error":"invalid_grant"}"#);
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_our_error_and_still_json() {
        let unwritable = std::collections::HashMap::from([([1, 2], 3)]);
        let response = json(StatusCode::OK, &unwritable);
        assert_eq!(response.status(), 500);
        assert!(serde_json::from_slice::<Value>(&body(response).await).is_ok());
    }

    #[test]
    fn a_page_has_its_policy_or_the_strictest() {
        let page = |policy: &str| html(StatusCode::OK, "<p>".to_owned(), policy);
        assert_eq!(
            headers(&page("default-src 'none'")),
            [
                "cache-control: no-store",
                "content-security-policy: default-src 'none'",
                "content-type: text/html; charset=utf-8",
                "pragma: no-cache",
                "referrer-policy: no-referrer",
                "x-content-type-options: nosniff",
            ]
        );
        let broken = page("form-action https://a.example\r\nx: y");
        assert_eq!(broken.headers()[CONTENT_SECURITY_POLICY], STRICTEST);
    }

    #[test]
    fn authz_29_a_redirect_is_303_and_kept_nowhere() {
        let response = see_other("https://app.example/cb?code=c&state=a+b");
        assert_eq!(response.status(), 303);
        assert_eq!(
            headers(&response),
            [
                "cache-control: no-store",
                "location: https://app.example/cb?code=c&state=a+b",
                "pragma: no-cache",
                "referrer-policy: no-referrer",
                "x-content-type-options: nosniff",
            ]
        );
    }

    #[tokio::test]
    async fn an_unavailable_port_is_503_with_a_time_to_come_back() {
        let mut reason = Unavailable::new("grants", "throttled by table smart-grants");
        for (after, told) in [(Duration::ZERO, "1"), (Duration::from_secs(7), "7")] {
            reason.retry_after = after;
            let response = unavailable(&reason);
            assert_eq!(response.status(), 503);
            assert_eq!(response.headers()[RETRY_AFTER], told);
            let said: Value = serde_json::from_slice(&body(response).await).unwrap();
            assert_eq!(said["error"], "temporarily_unavailable");
            assert!(!said.to_string().contains("grants"), "{said}");
        }
    }
}
