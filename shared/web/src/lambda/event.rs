//! An event of the HTTP API (payload 2.0) as a request, and an answer as the API takes it.
//!
//! `lambda_http` has such a translation, and it does not do here: it panics on a query with a character that belongs escaped, and on
//! a host that is none, which anybody can send, and it drops all but the first of several headers of one name.

use std::fmt::Write as _;
use std::net::IpAddr;

use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use lambda_http::aws_lambda_events::apigw::{
    ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext, ApiGatewayV2httpResponse,
};
use lambda_http::aws_lambda_events::encodings;
use lambda_http::lambda_runtime::{Context, LambdaEvent};

use super::deadline::Deadline;
use crate::observe::RequestName;
use crate::peer::Peer;

/// Who asks the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// Anybody.
    Anybody,
    /// `CloudFront` alone: the API refuses whoever does not know its secret (`OriginAuthorizer` in infra/template.yaml).
    CloudFront,
}

/// By which the distribution says whose request it passes on: the bare address. It sets the header on every request, in place of
/// any that was sent (`ViewerAddress` in infra/template.yaml).
const VIEWER_ADDRESS: &str = "x-viewer-address";

/// The request; `None` if its URL or its body is beyond reading.
pub(super) fn request(
    event: LambdaEvent<ApiGatewayV2httpRequest>,
    callers: Callers,
) -> Option<Request<Body>> {
    let LambdaEvent { payload, context } = event;
    let name = name(&context, &payload.request_context);
    let deadline = Deadline(context.deadline());
    let peer = address(&payload, callers);
    let mut target = escaped(payload.raw_path.as_deref().unwrap_or("/"), b"");
    if let Some(query) = payload.raw_query_string.filter(|query| !query.is_empty()) {
        target.push('?');
        target.push_str(&escaped(&query, b"?"));
    }
    let uri: Uri = target.parse().ok().filter(|uri: &Uri| uri.path().starts_with('/'))?;
    let body = match payload.body {
        Some(text) if payload.is_base64_encoded => Body::from(STANDARD.decode(text).ok()?),
        Some(text) => Body::from(text),
        None => Body::empty(),
    };
    let mut request = Request::new(body);
    *request.method_mut() = payload.request_context.http.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = payload.headers;
    // The API takes cookies out of the headers.
    if let Some(cookies) = payload.cookies.and_then(|all| HeaderValue::try_from(all.join("; ")).ok()) {
        request.headers_mut().insert(COOKIE, cookies);
    }
    request.extensions_mut().insert(peer.map_or(Peer(None), Peer::from));
    request.extensions_mut().insert(name);
    request.extensions_mut().insert(deadline);
    Some(request)
}

/// The address that a request came from: what the API saw itself, not what a header says (SEC-21). Behind `CloudFront` the API sees
/// `CloudFront`, and what `CloudFront` saw stands in its header; without that, all who come by one of its machines count as one.
fn address(payload: &ApiGatewayV2httpRequest, callers: Callers) -> Option<IpAddr> {
    let viewer = match callers {
        Callers::Anybody => None,
        Callers::CloudFront => payload.headers.get(VIEWER_ADDRESS),
    };
    let viewer = viewer.and_then(|value| value.to_str().ok()?.parse().ok());
    viewer.or_else(|| payload.request_context.http.source_ip.as_deref()?.parse().ok())
}

fn name(context: &Context, api: &ApiGatewayV2httpRequestContext) -> RequestName {
    RequestName {
        id: context.request_id.clone(),
        gateway_id: api.request_id.clone(),
        trace: context.xray_trace_id.clone(),
    }
}

/// With all escaped that may not stand in a path, nor in a query if it may have `more` (RFC 3986 §3.3, §3.4). What is escaped
/// already stays as it is.
fn escaped(text: &str, more: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&byte) || more.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing into a text cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// The answer.
pub(super) async fn response(response: Response<Body>) -> ApiGatewayV2httpResponse {
    let (head, body) = response.into_parts();
    let mut told = ApiGatewayV2httpResponse::default();
    told.status_code = head.status.as_u16().into();
    told.cookies = values(&head.headers, &SET_COOKIE);
    for name in head.headers.keys().filter(|name| **name != SET_COOKIE) {
        // RFC 9110 §5.3: several of one name are one, with commas.
        if let Ok(value) = HeaderValue::try_from(values(&head.headers, name).join(", ")) {
            told.headers.insert(name.clone(), value);
        }
    }
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        tracing::error!("an answer broke off");
        told.status_code = StatusCode::INTERNAL_SERVER_ERROR.as_u16().into();
        return told;
    };
    told.body = match String::from_utf8(bytes.into()) {
        Ok(text) if text.is_empty() => None,
        Ok(text) => Some(encodings::Body::Text(text)),
        Err(bytes) => {
            told.is_base64_encoded = true;
            Some(encodings::Body::Binary(bytes.into_bytes()))
        }
    };
    told
}

fn values(headers: &HeaderMap, name: &http::HeaderName) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_may_not_stand_in_a_url_is_escaped() {
        assert_eq!(escaped("/fhir/Patient/a.b-1", b""), "/fhir/Patient/a.b-1");
        assert_eq!(escaped("/a b/<ü>?#", b""), "/a%20b/%3C%C3%BC%3E%3F%23");
        assert_eq!(escaped("a=%20+%3C&b=\"[c|d]\"?", b"?"), "a=%20+%3C&b=%22%5Bc%7Cd%5D%22?");
    }

    #[tokio::test]
    async fn an_answer_keeps_all_its_headers_and_its_bytes() {
        let mut answer = Response::new(Body::from(vec![0xff, 0x00]));
        for (name, value) in
            [("vary", "accept"), ("set-cookie", "a=1"), ("vary", "origin"), ("set-cookie", "b=2")]
        {
            answer.headers_mut().append(name, HeaderValue::from_static(value));
        }
        let told = serde_json::to_value(response(answer).await).unwrap();
        assert_eq!(told["headers"], json!({ "vary": "accept, origin" }));
        assert_eq!(told["cookies"], json!(["a=1", "b=2"]));
        assert_eq!((&told["body"], &told["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
        let told = response(Response::new(Body::from("ü"))).await;
        let told = serde_json::to_value(told).unwrap();
        assert_eq!((&told["body"], &told["isBase64Encoded"]), (&json!("ü"), &json!(false)));
    }
}
