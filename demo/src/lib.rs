//! The demo, compiled in: the start page, the demo app, the demo EHR, the seed they read and the brands of its hospital.
//!
//! The pages are static and the same for everyone. They load nothing from elsewhere and talk to their own origin only,
//! which the Content-Security-Policy holds; no markup is ever made from data. The app is an ordinary SMART client: it has
//! no way into the server but the public one.

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};

// SEED and ASSETS, listed by build.rs; statics, since a constant would be in the program once for each use.
include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// What a page may load and where it may send: its own origin, nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; frame-src 'self'; base-uri 'none'; frame-ancestors 'self'; form-action 'self'";

/// Said with every answer. `Referrer-Policy`: the app's address carries a code for a moment, which no other site may learn.
const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-cache"),
];

/// A file of the demo app and where it is served.
struct Asset {
    route: &'static str,
    content_type: &'static str,
    body: &'static [u8],
}

/// The start page at `/`, the demo app at `/demo/app/`, and the demo EHR, which embeds it, at `/demo/ehr/`. Has no fallback, so that it can be merged into another router.
pub fn router() -> Router {
    // The directory's address has a slash: relative to it the app's redirect URI is registered, as an exact string.
    let ways_in = Router::new()
        .route("/demo", get(|| async { Redirect::to("/demo/app/") }))
        .route("/demo/", get(|| async { Redirect::to("/demo/app/") }))
        .route("/demo/app", get(|| async { Redirect::to("/demo/app/") }))
        .route("/demo/ehr", get(|| async { Redirect::to("/demo/ehr/") }));
    ASSETS.iter().fold(ways_in, |router, asset| {
        let etag = etag(asset.body);
        router.route(
            asset.route,
            get(move |headers: HeaderMap| {
                let answer = answer(asset, etag.as_ref(), &headers);
                async move { answer }
            }),
        )
    })
}

/// Who stands behind the demo's records, as `smart serve --brands` reads it: the invented hospital of the seed.
pub const BRANDS: &str = include_str!("../brands.json");

/// The demo seed in the form of a seed folder: each file's path relative to it (`clients.json`, `users.json`,
/// `fhir/Patient.ndjson`, …) and its bytes, in an order that is the same in every build.
pub fn seed() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    SEED.iter().copied()
}

fn answer(asset: &'static Asset, etag: Option<&HeaderValue>, request: &HeaderMap) -> Response {
    let mut response = if etag.is_some_and(|etag| knows(request, etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, asset.content_type)], asset.body).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(etag) = etag {
        headers.insert(ETAG, etag.clone());
    }
    response
}

/// Whether the client has this version already (RFC 9110 §13.1.2, by weak comparison).
fn knows(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let listed = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let Ok(etag) = etag.to_str() else { return false };
    listed
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// A version by content, so that a rebuilt server is noticed at once and an unchanged file is not sent again.
fn etag(body: &[u8]) -> Option<HeaderValue> {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(body));
    HeaderValue::from_str(&format!("\"{digest}\"")).ok()
}

#[cfg(test)]
mod tests;
