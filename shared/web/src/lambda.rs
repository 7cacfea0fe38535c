//! How a function starts on Lambda, and what a request of its HTTP API is (payload 2.0).
//!
//! A function is configured, connected and put together while its sandbox starts ([`run`]): what fails then is one line in the
//! log and the end of the process. After that each event is a request like any other. Of what the API says beside it,
//! three things are used: the address that it came from, and by what names Lambda and the API know it. The host and the
//! forwarding headers decide nothing (SEC-21); behind `CloudFront` one header of `CloudFront`'s own says the address, and only where the
//! deployment says that nobody else gets in ([`BEHIND_CLOUDFRONT`]).

mod deadline;
mod event;

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::process::ExitCode;

use axum::Router;
use axum::body::Body;
use http::{Response, StatusCode};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use smart_core::deployment::PublicUrl;
use smart_core::oauth::{ErrorCode, OAuthError};
use tower::ServiceExt as _;
use tracing::level_filters::LevelFilter;

use self::event::Callers;
use crate::observe::metrics::{self, Calls};
use crate::observe::{self, LogFormat, LogOutput};
use crate::{arrival, fallback, hsts, response};

/// The variable that is `true` where the API answers `CloudFront` alone; `false`, empty or missing elsewhere.
pub const BEHIND_CLOUDFRONT: &str = "SMART_BEHIND_CLOUDFRONT";

/// Why a function could not start, in words for the operator.
pub type Fault = Box<dyn Error + Send + Sync>;

/// A function that is ready to be asked.
pub struct Function {
    /// Its routes.
    pub router: Router,
    /// Where the service is.
    pub public_url: PublicUrl,
    /// How many calls it has made to others so far.
    pub calls: Calls,
}

/// Starts logging, then the function, and answers until Lambda has no more requests.
pub fn run(start: impl Future<Output = Result<Function, Fault>>) -> impl Future<Output = ExitCode> {
    // The SDK's futures are large.
    let start = Box::pin(start);
    async move {
        observe::init(LogFormat::Json, log_level(), LogOutput::Stdout);
        let callers = callers(variable(BEHIND_CLOUDFRONT).as_deref());
        let served = match (start.await, callers) {
            (Ok(function), Ok(callers)) => serve(function, callers).await,
            // All that is wrong is said at once.
            (Err(fault), Err(other)) => Err(format!("{fault}; {other}").into()),
            (Err(fault), Ok(_)) | (Ok(_), Err(fault)) => Err(fault),
        };
        match served {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => {
                tracing::error!(error = %fault, "the function cannot go on");
                ExitCode::FAILURE
            }
        }
    }
}

async fn serve(function: Function, callers: Callers) -> Result<(), Fault> {
    let name = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let router = edge(function, name);
    lambda_runtime::run(service_fn(move |event| answer(router.clone(), event, callers))).await
}

fn callers(behind_cloudfront: Option<&str>) -> Result<Callers, Fault> {
    match behind_cloudfront {
        None | Some("" | "false") => Ok(Callers::Anybody),
        Some("true") => Ok(Callers::CloudFront),
        Some(_) => Err(format!("{BEHIND_CLOUDFRONT} is wrong: expected true or false").into()),
    }
}

async fn answer(
    router: Router,
    event: LambdaEvent<ApiGatewayV2httpRequest>,
    callers: Callers,
) -> Result<ApiGatewayV2httpResponse, Infallible> {
    let response = match event::request(event, callers) {
        Some(request) => router.oneshot(request).await?,
        None => unreadable(),
    };
    Ok(event::response(response).await)
}

/// 400: not even a URL.
fn unreadable() -> Response<Body> {
    let told = OAuthError::new(ErrorCode::InvalidRequest, "the request cannot be read");
    response::json(StatusCode::BAD_REQUEST, &told)
}

/// What is around every function.
fn edge(function: Function, name: String) -> Router {
    let router = deadline::layer(fallback::answers(function.router));
    let router = hsts::layer(router, &function.public_url);
    let router = metrics::layer(observe::layer(router), name, function.calls, io::stdout);
    arrival::stamp(router, arrival::system_clock)
}

/// What the template chose (`LoggingConfig`, `ApplicationLogLevel`), else everything that operators need. Never more than
/// `DEBUG`: below it libraries log what they send.
fn log_level() -> LevelFilter {
    let chosen: Option<LevelFilter> = variable("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok());
    chosen.unwrap_or(LevelFilter::INFO).min(LevelFilter::DEBUG)
}

#[expect(clippy::disallowed_methods, reason = "what Lambda itself tells a function, read once, at start")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Extension;
    use axum::body::to_bytes;
    use axum::routing::any;
    use lambda_runtime::Context;
    use serde_json::{Value, json};

    use super::*;
    use crate::arrival::Arrival;
    use crate::observe::RequestName;
    use crate::peer::Peer;

    /// A function that says what it was asked.
    fn function(public_url: &str) -> Function {
        let says = |Extension(Arrival(now)): Extension<Arrival>,
                    peer: Peer,
                    request: axum::extract::Request| async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, 1000).await.unwrap();
            let name = parts.extensions.get::<RequestName>().cloned();
            json!({
                "path": parts.uri.path(),
                "query": parts.uri.query(),
                "method": parts.method.as_str(),
                "cookie": parts.headers.get("cookie").map(|cookie| cookie.to_str().unwrap()),
                "body": String::from_utf8(body.to_vec()).unwrap(),
                "peer": peer.0,
                "stamped": now.as_unix() > 0,
                "id": name.as_ref().map(|name| &name.id),
                "gateway_id": name.as_ref().and_then(|name| name.gateway_id.clone()),
                "trace": name.as_ref().and_then(|name| name.trace.clone()),
            })
            .to_string()
        };
        Function {
            router: Router::new().route("/auth/token", any(says)),
            public_url: public_url.parse().unwrap(),
            calls: Arc::new(|| 0),
        }
    }

    fn event(path: &str) -> Value {
        json!({
            "version": "2.0",
            "routeKey": "ANY /auth/token",
            "rawPath": path,
            "rawQueryString": "a=b%20c&a=d",
            "cookies": ["s=1", "t=2"],
            "headers": {
                "host": "evil.example",
                "x-forwarded-for": "203.0.113.9",
                "x-forwarded-proto": "https",
                "content-type": "application/x-www-form-urlencoded"
            },
            "requestContext": {
                "stage": "$default",
                "requestId": "api-request",
                "time": "25/Nov/2026:00:00:00 +0000",
                "timeEpoch": 0,
                "http": {
                    "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "t"
                }
            },
            "body": "Z3JhbnRfdHlwZT14",
            "isBase64Encoded": true
        })
    }

    async fn answer(public_url: &str, path: &str) -> ApiGatewayV2httpResponse {
        told(public_url, event(path), Callers::Anybody).await
    }

    async fn told(public_url: &str, event: Value, callers: Callers) -> ApiGatewayV2httpResponse {
        let mut context = Context::default();
        context.request_id = "lambda-request".to_owned();
        // 2100-01-01.
        context.deadline = 4_102_444_800_000;
        context.xray_trace_id = Some("Root=1-2-3;Parent=4;Sampled=1".to_owned());
        let payload = serde_json::from_value(event).unwrap();
        let router = edge(function(public_url), "smart-Token".to_owned());
        super::answer(router, LambdaEvent { payload, context }, callers).await.unwrap()
    }

    /// Whose request it is taken for, when these headers come with it.
    async fn peer(callers: Callers, headers: &[(&str, &str)]) -> Value {
        let mut event = event("/auth/token");
        for (name, value) in headers {
            event["headers"][name] = json!(value);
        }
        let response = told("https://smart.example", event, callers).await;
        let Some(lambda_http::Body::Text(body)) = response.body else { panic!("no text") };
        serde_json::from_str::<Value>(&body).unwrap()["peer"].clone()
    }

    #[tokio::test]
    async fn sec_21_an_event_is_a_request_and_its_headers_decide_no_address() {
        let response = answer("https://smart.example", "/auth/token").await;
        let Some(lambda_http::Body::Text(body)) = response.body else { panic!("no text") };
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            told,
            json!({
                "path": "/auth/token",
                "query": "a=b%20c&a=d",
                "method": "POST",
                "cookie": "s=1; t=2",
                "body": "grant_type=x",
                "peer": "192.0.2.7",
                "stamped": true,
                "id": "lambda-request",
                "gateway_id": "api-request",
                "trace": "Root=1-2-3;Parent=4;Sampled=1",
            })
        );
    }

    #[tokio::test]
    async fn sec_19_hsts_is_for_https_and_what_is_not_there_is_told_in_json() {
        let response = answer("https://smart.example", "/nowhere").await;
        assert_eq!(response.status_code, 404);
        assert_eq!(response.headers["content-type"], "application/json");
        assert!(response.headers.contains_key("strict-transport-security"));
        let response = answer("http://localhost:9000", "/auth/token").await;
        assert!(!response.headers.contains_key("strict-transport-security"));
    }

    #[tokio::test]
    async fn sec_21_nobody_says_by_a_header_whose_address_it_is_where_anybody_gets_in() {
        for name in ["x-viewer-address", "cloudfront-viewer-address", "x-forwarded-for", "true-client-ip"] {
            assert_eq!(peer(Callers::Anybody, &[(name, "203.0.113.9")]).await, "192.0.2.7", "{name}");
        }
    }

    #[tokio::test]
    async fn sec_18_behind_cloudfront_its_own_header_says_whose_address_it_is() {
        let told = async |value| peer(Callers::CloudFront, &[("x-viewer-address", value)]).await;
        assert_eq!(told("203.0.113.9").await, "203.0.113.9");
        assert_eq!(told("2001:db8::9").await, "2001:db8::9");
        assert_eq!(told("::ffff:203.0.113.9").await, "203.0.113.9");
        // CloudFront sets one bare address; anything else is not from it, and counts as CloudFront's machine.
        for odd in ["", "203.0.113.9, 198.51.100.1", "203.0.113.9:443", "localhost", "[2001:db8::9]"] {
            assert_eq!(told(odd).await, "192.0.2.7", "{odd}");
        }
        // The other headers are what the viewer sent, here as well.
        for name in ["cloudfront-viewer-address", "x-forwarded-for", "true-client-ip"] {
            assert_eq!(peer(Callers::CloudFront, &[(name, "203.0.113.9")]).await, "192.0.2.7", "{name}");
        }
    }

    #[test]
    fn whether_cloudfront_is_before_it_is_said_clearly_or_not_at_all() {
        for no in [None, Some(""), Some("false")] {
            assert_eq!(callers(no).unwrap(), Callers::Anybody);
        }
        assert_eq!(callers(Some("true")).unwrap(), Callers::CloudFront);
        let refused = callers(Some("yes")).unwrap_err();
        assert_eq!(refused.to_string(), "SMART_BEHIND_CLOUDFRONT is wrong: expected true or false");
    }
}
