//! `/auth/sign-out`: the end of the browser session. It is asked before, and only a form of our own page ends it.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, Response, StatusCode};
use smart_core::grant::{Grant, RevocationReason, Until};
use smart_core::instant::Instant;
use smart_web::arrival::Arrival;
use smart_web::form;

use crate::browser::{self, Browser, Form};
use crate::error::AuthorizeError;
use crate::pages::{SignOut, SignedOut};
use crate::respond;
use crate::visit::Visit;
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
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let answer = async {
        let form = form::read(&headers, body).await?;
        function.sign_out(&headers, form.get("form_token"), now).await
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
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let Some(browser) = Browser::of(headers, &self.here) else {
            return Ok(respond::page(StatusCode::OK, &SignedOut));
        };
        if !browser.sent(Form::SignOut, token) {
            return Err(AuthorizeError::FormToken);
        }
        if let Some(secret) = browser.session() {
            if let Some(visit) = self.visit(Some(&browser), now).await? {
                self.end_online_access(&visit, now).await?;
            }
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

    /// What was granted for as long as this session lasts, ends before it does: whoever cannot be told that it has, can press
    /// the button again. A refresh would find out by itself, an access token would not (REFR-18).
    async fn end_online_access(&self, visit: &Visit, now: Instant) -> Result<(), AuthorizeError> {
        let ends_with_it = |grant: &Grant| {
            let refresh = grant.active().and_then(|active| active.refresh.as_ref());
            refresh.is_some_and(|refresh| {
                matches!(&refresh.policy.until, Until::SessionEnds { session, .. } if *session == visit.session.id)
            })
        };
        let grants = self.store.own_grants(&visit.owner(), now).await?;
        let ids: Vec<_> = grants.into_iter().filter(ends_with_it).map(|grant| grant.id).collect();
        self.end_own(&ids, &visit.owner(), RevocationReason::SessionEnded, now).await?;
        Ok(())
    }
}
