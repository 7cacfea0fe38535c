//! Answers of this function: pages with their policy, and redirects (AUTHZ-28, AUTHZ-29, AUTHZ-31).

use askama::Template;
use axum::body::Body;
use http::header::X_FRAME_OPTIONS;
use http::{HeaderValue, Response, StatusCode};
use smart_core::redirect::RedirectUri;
use smart_web::response;

use crate::embedding::BY_NOBODY;
use crate::page_handle::PageHandle;
use crate::page_step::PageStep;
use crate::pages::{render, style_hash};

/// A page whose forms stay on this server.
pub(crate) fn page(status: StatusCode, page: &impl Template) -> Response<Body> {
    with_policy(status, page, "'self'")
}

/// A page whose forms may end at the app: browsers hold the whole way of a form against its page's policy, so the app's
/// origin must be named.
pub(crate) fn page_to_app(page: &impl Template, redirect_uri: &RedirectUri) -> Response<Body> {
    page_to_app_with(StatusCode::OK, page, redirect_uri)
}

/// The same with another status.
pub(crate) fn page_to_app_with(
    status: StatusCode,
    page: &impl Template,
    redirect_uri: &RedirectUri,
) -> Response<Body> {
    with_policy(status, page, &format!("'self' {}", redirect_uri.csp_source()))
}

/// A page whose forms may end at an identity provider, and wherever that passes browsers on to: so any https origin is allowed, and
/// what is given, which is plain http on loopback. Such a page asks for no secret.
pub(crate) fn page_to_providers(page: &impl Template, loopback: &[String]) -> Response<Body> {
    let sources: Vec<&str> =
        ["'self'", "https:"].into_iter().chain(loopback.iter().map(String::as_str)).collect();
    with_policy(StatusCode::OK, page, &sources.join(" "))
}

fn with_policy(status: StatusCode, page: &impl Template, form_action: &str) -> Response<Body> {
    let policy = format!(
        "default-src 'none'; style-src {}; base-uri 'none'; {BY_NOBODY}; form-action {form_action}",
        style_hash()
    );
    let mut response = response::html(status, render(page), &policy);
    // For browsers that do not know `frame-ancestors`.
    response.headers_mut().insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

/// On to another page of an authorization in progress.
pub(crate) fn go_to(step: PageStep, handle: PageHandle) -> Response<Body> {
    response::see_other(&step.address(handle))
}
