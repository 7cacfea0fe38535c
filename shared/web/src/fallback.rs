//! What is told where there is nothing: an unknown path, or a method that a path does not know.

use axum::Router;
use axum::body::Body;
use http::header::ALLOW;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::response::json;

/// In the shape of an OAuth error, under names of our own.
#[derive(Serialize)]
struct Told {
    error: &'static str,
    error_description: &'static str,
}

/// Gives a whole server these answers; to be called when all is merged.
pub fn answers(router: Router) -> Router {
    router.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

/// 404.
pub async fn not_found() -> Response<Body> {
    let told = Told { error: "not_found", error_description: "there is nothing at this path" };
    json(StatusCode::NOT_FOUND, &told)
}

/// 405; the router adds `Allow`.
pub async fn method_not_allowed() -> Response<Body> {
    let told = Told {
        error: "method_not_allowed",
        error_description: "this method is not supported here: see the header Allow",
    };
    json(StatusCode::METHOD_NOT_ALLOWED, &told)
}

/// 405 of a path that says itself which methods it knows, where the router would name HEAD among them (RFC 9110 §15.5.6).
pub async fn allowing(methods: &'static str) -> Response<Body> {
    let mut response = method_not_allowed().await;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::routing::get;
    use http::Request;
    use http::header::CONTENT_TYPE;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn unknown_paths_and_methods_are_told_in_json() {
        let server = answers(Router::new().route("/here", get("here")));
        for (method, path, status, allow) in [
            ("GET", "/", 404, None),
            ("POST", "/there/and/elsewhere", 404, None),
            ("GET", "/here/", 404, None),
            ("POST", "/here", 405, Some("GET,HEAD")),
            ("MKCOL", "/here", 405, Some("GET,HEAD")),
        ] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let response = server.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{method} {path}");
            assert_eq!(response.headers().get(ALLOW).map(|value| value.to_str().unwrap()), allow);
            assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
            let body = to_bytes(response.into_body(), 1000).await.unwrap();
            let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert!(told["error"].is_string() && told["error_description"].is_string(), "{told}");
        }
    }
}
