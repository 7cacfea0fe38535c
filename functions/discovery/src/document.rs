//! A document as it is served: its bytes, and the tag by which a client knows it (RFC 9110 §8.8.3, §13.1.2; DISC-30, BRANDS-05).

use axum::body::Body;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::Value;
use smart_core::secret::Digest;
use smart_web::conditional;
use smart_web::response::set;

/// Five minutes: a key is published longer than that before it signs.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// JSON that does not change while the function runs.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    body: Bytes,
    content_type: HeaderValue,
    /// By content: every instance of the function gives the same document the same tag.
    etag: String,
}

impl Document {
    pub(crate) fn new(content: &Value) -> Self {
        let body = Bytes::from(content.to_string());
        let etag = format!("\"{}\"", Digest::of(&body));
        Self { body, content_type: HeaderValue::from_static("application/json"), etag }
    }

    /// A resource of FHIR: of its own media type, and with a weak tag, as FHIR has it for versions (FHIR R4 `http#versioning`).
    pub(crate) fn resource(content: &Value) -> Self {
        let Self { body, etag, .. } = Self::new(content);
        Self {
            body,
            content_type: HeaderValue::from_static("application/fhir+json"),
            etag: format!("W/{etag}"),
        }
    }

    /// The document, or 304 if the client has it. Always of the same type, whatever the client accepts (DISC-02).
    pub(crate) fn answer(&self, asked: &HeaderMap) -> Response<Body> {
        let mut response = if conditional::is_known(asked, &self.etag) == Some(true) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::from(self.body.clone()));
            response.headers_mut().insert(CONTENT_TYPE, self.content_type.clone());
            response
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, CACHING);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        set(&mut response, ETAG, &self.etag);
        response
    }
}
