//! What every answer carries: caching, and the headers of conditional requests.
//!
//! Answers with data are `Cache-Control: no-store`: a record must not stay behind in the cache of a browser that
//! several people use. The `ETag` is there all the same, for apps that keep their own copies (FHIR-04).

use axum::body::Body;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, LAST_MODIFIED, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use smart_core::instant::Instant;
use smart_web::conditional;
use smart_web::response::set;

use crate::negotiation::Format;

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caching {
    /// Not at all: it may hold personal data.
    Never,
    /// Five minutes, by anyone: the same for all.
    Public,
}

/// What a representation is known by.
#[derive(Clone, Debug)]
pub(crate) struct Validators {
    /// The entity tag, as it is sent: `W/"3"`.
    pub(crate) etag: String,
    /// When it was last changed.
    pub(crate) last_modified: Option<Instant>,
}

/// 200 with a body.
pub(crate) fn ok(format: Format, caching: Caching, body: impl Into<Bytes>) -> Response<Body> {
    json(StatusCode::OK, format, caching, body)
}

/// A JSON answer.
pub(crate) fn json(
    status: StatusCode,
    format: Format,
    caching: Caching,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let body = body.into();
    let length = body.len();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(CACHE_CONTROL, caching.header());
    // The type of the content follows `Accept`.
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    response
}

impl Caching {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Never => "no-store",
            Self::Public => "public, max-age=300",
        })
    }
}

impl Validators {
    /// Adds them to an answer, or makes it a 304 if the app has this very representation.
    pub(crate) fn apply(
        &self,
        asked: &HeaderMap,
        caching: Caching,
        answer: impl FnOnce() -> Response<Body>,
    ) -> Response<Body> {
        let mut response = if self.are_known(asked) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().insert(CACHE_CONTROL, caching.header());
            response
        } else {
            answer()
        };
        set(&mut response, ETAG, &self.etag);
        if let Some(date) = self.last_modified.and_then(http_date) {
            set(&mut response, LAST_MODIFIED, &date);
        }
        response
    }

    /// RFC 9110 §13.2.2: `If-None-Match` decides alone where it is sent.
    fn are_known(&self, asked: &HeaderMap) -> bool {
        conditional::is_known(asked, &self.etag).unwrap_or_else(|| {
            let since =
                asked.get(IF_MODIFIED_SINCE).and_then(|date| date.to_str().ok()).and_then(read_http_date);
            matches!((since, self.last_modified), (Some(since), Some(changed)) if changed <= since)
        })
    }
}

fn http_date(instant: Instant) -> Option<String> {
    let at = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(instant.as_unix()))?;
    // Years beyond 9999 have no form.
    (instant.as_unix() < 253_402_300_800).then(|| httpdate::fmt_http_date(at))
}

fn read_http_date(text: &str) -> Option<Instant> {
    let at = httpdate::parse_http_date(text).ok()?;
    at.duration_since(std::time::UNIX_EPOCH).ok().map(|since| Instant::from_unix(since.as_secs()))
}

/// The last word on an answer: it is what it says it is, and has no body for HEAD.
pub(crate) fn finish(mut response: Response<Body>, head: bool) -> Response<Body> {
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if head {
        *response.body_mut() = Body::empty();
    }
    response
}
