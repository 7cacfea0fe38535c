//! What pages of other origins may read: the endpoints that apps call by script, from any origin (SMART 2.2 §"Considerations
//! for Cross-Origin Resource Sharing (CORS) support"; DISC-06, TOK-27, TOK-28).
//!
//! Any origin, since what protects these endpoints is what the app proves, and never what its browser sends unasked:
//! credentials are not allowed, so no cookie has a meaning here. The pages of the authorize function have no place here
//! (AUTHZ-30).

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
};
use http::{HeaderValue, Method, Response, StatusCode};

use crate::fallback;

/// What a page of another origin may send, and read beside the body.
#[derive(Clone, Copy, Debug)]
pub struct Cors {
    methods: &'static str,
    request_headers: &'static str,
    response_headers: &'static str,
}

impl Cors {
    /// Metadata and keys.
    pub const DISCOVERY: Self = Self {
        methods: "GET, HEAD, OPTIONS",
        request_headers: "Authorization, Content-Type, Accept, If-None-Match",
        response_headers: "ETag",
    };

    /// Tokens: issue, introspect, revoke.
    pub const TOKEN: Self = Self {
        methods: "POST, OPTIONS",
        request_headers: "Authorization, DPoP, Content-Type, Accept",
        response_headers: "WWW-Authenticate, Retry-After",
    };

    /// The FHIR API (RS-11).
    pub const FHIR: Self = Self {
        methods: "GET, HEAD, POST, OPTIONS",
        request_headers: "Authorization, DPoP, Content-Type, Accept, Prefer, If-None-Match, If-Modified-Since, If-Match",
        response_headers: "ETag, Location, Content-Location, Last-Modified, WWW-Authenticate",
    };

    /// Opens the routes that `router` has by now, errors and 405 included. Preflight requests are answered here and ask for
    /// no token; whatever else the router is merged with stays as it is.
    pub fn open(self, router: Router) -> Router {
        let answer = move |request: Request, next: Next| async move {
            let mut response = match *request.method() {
                Method::OPTIONS => self.preflight(),
                _ => next.run(request).await,
            };
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(self.response_headers));
            response
        };
        // A fallback that came later would not be under this layer.
        router.method_not_allowed_fallback(fallback::method_not_allowed).route_layer(from_fn(answer))
    }

    fn preflight(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static(self.methods));
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(self.methods));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(self.request_headers));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use http::HeaderMap;
    use http::header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
        ORIGIN,
    };
    use tower::ServiceExt as _;

    use super::*;

    fn server() -> Router {
        let refuse = || async { (StatusCode::UNAUTHORIZED, "no") };
        let token = Cors::TOKEN.open(Router::new().route("/auth/token", post(refuse)));
        fallback::answers(token.merge(Router::new().route("/auth/authorize", get("page"))))
    }

    async fn ask(method: Method, path: &str) -> (StatusCode, HeaderMap) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(ORIGIN, "https://app.example")
            .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type")
            .body(Body::empty())
            .unwrap();
        let response = server().oneshot(request).await.unwrap();
        assert!(!response.headers().contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
        (response.status(), response.into_parts().0.headers)
    }

    #[tokio::test]
    async fn tok_27_a_preflight_is_answered_without_a_token() {
        let (status, headers) = ask(Method::OPTIONS, "/auth/token").await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_METHODS], "POST, OPTIONS");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_HEADERS], "Authorization, DPoP, Content-Type, Accept");
        assert_eq!(headers[ALLOW], "POST, OPTIONS");
    }

    #[tokio::test]
    async fn tok_28_errors_can_be_read_too() {
        for (method, expected) in [(Method::POST, 401), (Method::GET, 405), (Method::DELETE, 405)] {
            let (status, headers) = ask(method, "/auth/token").await;
            assert_eq!(status, expected);
            assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            assert_eq!(headers[ACCESS_CONTROL_EXPOSE_HEADERS], "WWW-Authenticate, Retry-After");
        }
    }

    #[tokio::test]
    async fn authz_30_what_was_not_opened_stays_closed() {
        for (method, path) in [
            (Method::GET, "/auth/authorize"),
            (Method::OPTIONS, "/auth/authorize"),
            (Method::POST, "/auth/authorize"),
            (Method::GET, "/elsewhere"),
        ] {
            let (_, headers) = ask(method, path).await;
            assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{path}");
        }
    }
}
