//! A browser's request to one of our pages: when it came, from which browser, and with which parameters.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::IntoResponse;
use http::{Method, Response};
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_web::arrival::Arrival;
use smart_web::form::{self, FormError};

use crate::browser::{Browser, Form};
use crate::error::AuthorizeError;
use crate::page_handle::PageHandle;
use crate::{Authorize, Store};

/// What every handler of a page is given. The parameters of a POST are its body, those of any other request its query.
pub(crate) struct Call {
    /// When it arrived.
    pub(crate) now: Instant,
    /// The browser that sent it, if it has our cookie.
    pub(crate) browser: Option<Browser>,
    /// What was sent.
    pub(crate) parameters: Parameters,
}

impl Call {
    /// The authorization in progress that a form or a link names, in this browser.
    pub(crate) fn request(&self) -> Result<PageHandle, AuthorizeError> {
        let text = self.parameters.get("request").ok_or(AuthorizeError::NoRequest)?;
        let browser = self.browser.as_ref().ok_or(AuthorizeError::NoCookie)?;
        PageHandle::named(text, browser).ok_or(AuthorizeError::NoRequest)
    }

    /// The browser that was shown `form` and sends it back with its token (AUTHZ-27).
    pub(crate) fn browser_of(&self, form: Form) -> Result<&Browser, AuthorizeError> {
        let browser = self.browser.as_ref();
        let sent = browser.filter(|browser| browser.sent(form, self.parameters.get("form_token")));
        sent.ok_or(AuthorizeError::FormToken)
    }
}

impl<S: Store> FromRequest<Arc<Authorize<S>>> for Call {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, function: &Arc<Authorize<S>>) -> Result<Self, Response<Body>> {
        let (mut parts, body) = request.into_parts();
        let arrival = Extension::<Arrival>::from_request_parts(&mut parts, function).await;
        let Extension(Arrival(now)) = arrival.map_err(IntoResponse::into_response)?;
        let browser = Browser::of(&parts.headers, &function.here);
        let parameters = if parts.method == Method::POST {
            form::read(&parts.headers, body).await
        } else {
            Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes()).map_err(FormError::from)
        };
        let parameters = parameters.map_err(|error| AuthorizeError::from(error).into_response())?;
        Ok(Self { now, browser, parameters })
    }
}
