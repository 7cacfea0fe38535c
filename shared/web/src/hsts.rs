//! That browsers come back by https, and by nothing else (SEC-19; RFC 6797).

use axum::Router;
use http::header::STRICT_TRANSPORT_SECURITY;
use http::{HeaderValue, Response};
use smart_core::deployment::PublicUrl;
use tower::util::MapResponseLayer;

/// Two years. Other hosts under the domain are not ours to decide on, so `includeSubDomains` is not said.
const POLICY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Has every answer of `router` say so, where the public URL is https. On plain http, which is loopback, browsers would pass
/// over it (RFC 6797 §8.1).
pub fn layer(router: Router, here: &PublicUrl) -> Router {
    if here.is_loopback() {
        return router;
    }
    router.layer(MapResponseLayer::new(|mut response: Response<_>| {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, POLICY);
        response
    }))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use http::Request;
    use tower::ServiceExt as _;

    use super::*;
    use crate::fallback;

    async fn policy(public_url: &str, path: &str) -> Option<HeaderValue> {
        let router = fallback::answers(Router::new().route("/here", get("here")));
        let server = layer(router, &public_url.parse().unwrap());
        let response = server.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        response.headers().get(STRICT_TRANSPORT_SECURITY).cloned()
    }

    #[tokio::test]
    async fn sec_19_every_answer_on_https_says_so_and_none_on_http() {
        for path in ["/here", "/nowhere"] {
            assert_eq!(policy("https://smart.example", path).await.unwrap(), "max-age=63072000", "{path}");
            assert_eq!(policy("http://localhost:8080", path).await, None, "{path}");
        }
    }
}
