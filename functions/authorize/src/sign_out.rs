//! `/auth/sign-out`: the end of the browser session. It is asked before, and only a form of our own page ends it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::{Response, StatusCode};
use smart_core::grant::{Grant, RevocationReason, Until};
use smart_core::instant::Instant;

use crate::browser::Form;
use crate::call::Call;
use crate::error::AuthorizeError;
use crate::pages::{SignOut, SignedOut};
use crate::respond;
use crate::visit::Visit;
use crate::{Authorize, Store};

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Call { now, browser, .. }: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let visit = function.visit(browser.as_ref(), now).await?;
    let Some((browser, visit)) = browser.zip(visit) else {
        return Ok(respond::page(StatusCode::OK, &SignedOut));
    };
    Ok(respond::page(StatusCode::OK, &SignOut { signed_in: visit.signed_in(&browser) }))
}

pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    if call.browser.is_none() {
        return Ok(respond::page(StatusCode::OK, &SignedOut));
    }
    let browser = call.browser_of(Form::SignOut)?;
    if let Some(secret) = browser.session() {
        if let Some(visit) = function.visit(Some(browser), call.now).await? {
            function.end_online_access(&visit, call.now).await?;
        }
        function.store.end_session(&secret.session_id()).await?;
    }
    let mut response = respond::page(StatusCode::OK, &SignedOut);
    // Who signed out here may still be signed in at a provider: it is to ask the next one.
    browser.signed_out()?.remember(&mut response, &function.here);
    Ok(response)
}

impl<S: Store> Authorize<S> {
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
