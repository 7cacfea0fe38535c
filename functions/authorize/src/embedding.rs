//! Pages inside an EHR: who may embed them, and the cookie that works there (AUTHZ-28; X-14).
//!
//! Without EHRs nobody may embed a page, and the cookie stays with links of our own site and those that lead here. With
//! them, `frame-ancestors` names just their origins. A browser that shows a page of ours inside one of another
//! site sends only cookies that are `SameSite=None; Secure`, and keeps them for that pair of sites alone if they are
//! `Partitioned` (CHIPS). What protects a form from other sites is its token then, as it is without (`browser`).

use axum::Router;
use axum::body::Body;
use axum::middleware::map_response;
use http::header::{CONTENT_SECURITY_POLICY, SET_COOKIE, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use smart_core::deployment::{EhrOrigins, PublicUrl};

/// How a page says that nobody may embed it.
pub(crate) const BY_NOBODY: &str = "frame-ancestors 'none'";

/// How a cookie says that it stays on our own site.
pub(crate) const ON_OUR_SITE: &str = "SameSite=Lax";

/// Lets the EHRs embed what `router` answers.
pub(crate) fn layer(router: Router, origins: &EhrOrigins, here: &PublicUrl) -> Router {
    if origins.is_empty() {
        return router;
    }
    let ancestors = format!("frame-ancestors {}", origins.as_sources());
    let cookie = origins.is_another_site(here).then_some(if here.is_loopback() {
        // Browsers take loopback for secure, though its cookies have a plain name.
        "SameSite=None; Secure; Partitioned"
    } else {
        "SameSite=None; Partitioned"
    });
    router.layer(map_response(move |mut response: Response<Body>| {
        let headers = response.headers_mut();
        headers.remove(X_FRAME_OPTIONS);
        replace(headers, &CONTENT_SECURITY_POLICY, BY_NOBODY, &ancestors);
        if let Some(cookie) = cookie {
            replace(headers, &SET_COOKIE, ON_OUR_SITE, cookie);
        }
        async move { response }
    }))
}

fn replace(headers: &mut HeaderMap, name: &HeaderName, from: &str, to: &str) {
    let changed: Vec<HeaderValue> = headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = value.to_str().unwrap_or_default().replace(from, to);
            HeaderValue::from_str(&text).unwrap_or_else(|_| value.clone())
        })
        .collect();
    headers.remove(name);
    for value in changed {
        headers.append(name.clone(), value);
    }
}
