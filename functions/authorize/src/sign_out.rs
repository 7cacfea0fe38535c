//! `/auth/sign-out`: the end of the browser session. It is asked before, and only a form of our own page ends it.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, Response, StatusCode};
use smart_core::instant::Instant;
use smart_web::arrival::Arrival;
use smart_web::form;

use crate::browser::{self, Browser, Form};
use crate::error::AuthorizeError;
use crate::pages::{SignOut, SignedOut};
use crate::respond;
use crate::{Authorize, Store};

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
) -> Response<Body> {
    let answer = function.ask_to_sign_out(&headers, now).await;
    answer.unwrap_or_else(AuthorizeError::into_response)
}

pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let answer = async {
        let form = form::read(&headers, body).await?;
        function.sign_out(&headers, form.get("form_token")).await
    };
    answer.await.unwrap_or_else(AuthorizeError::into_response)
}

impl<S: Store> Authorize<S> {
    async fn ask_to_sign_out(
        &self,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let browser = Browser::of(headers, &self.here);
        let visit = self.visit(browser.as_ref(), now).await?;
        let Some((browser, visit)) = browser.zip(visit) else {
            return Ok(respond::page(StatusCode::OK, &SignedOut));
        };
        let page = SignOut { user_name: &visit.user.name, form_token: &browser.form_token(Form::SignOut) };
        Ok(respond::page(StatusCode::OK, &page))
    }

    async fn sign_out(
        &self,
        headers: &HeaderMap,
        token: Option<&str>,
    ) -> Result<Response<Body>, AuthorizeError> {
        let Some(browser) = Browser::of(headers, &self.here) else {
            return Ok(respond::page(StatusCode::OK, &SignedOut));
        };
        if !browser.sent(Form::SignOut, token) {
            return Err(AuthorizeError::FormToken);
        }
        if let Some(secret) = browser.session() {
            self.store.end_session(&secret.session_id()).await?;
        }
        let mut response = respond::page(StatusCode::OK, &SignedOut);
        // Who signed out here may still be signed in at a provider: it is to ask the next one.
        if self.ways.remotes().is_empty() {
            browser::forget(&mut response, &self.here);
        } else {
            Browser::signed_out()?.remember(&mut response, &self.here);
        }
        Ok(response)
    }
}
