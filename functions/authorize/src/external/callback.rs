//! `/auth/callback`: the way back from an identity provider (OIDC Core §3.1.2.5; RFC 9207; RFC 9700 §2.1, §4.4, §4.7).
//!
//! In this order, so that nothing is believed too early: the state is this browser's; the answer is of the provider that it names; it is
//! used for the first time; the code is redeemed; the ID token answers what was asked; the person is somebody here.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Function;
use http::Response;
use smart_core::external::{Expected, Person};
use smart_core::grant::Grant;
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_core::user::User;
use smart_web::random;

use super::fault::{ExternalError, ExternalFault};
use super::remote::Remote;
use super::state::{self, State};
use super::{CALLBACK, wish_of};
use crate::authorize::is_for;
use crate::browser::Browser;
use crate::call::Call;
use crate::destination::Destination;
use crate::error::AuthorizeError;
use crate::page_handle::PageHandle;
use crate::{Authorize, Store, step};

/// How long a code may be that is passed on.
const LONGEST_CODE: usize = 8_192;

pub(crate) async fn page<S: Store>(
    Function(function): Function<Arc<Authorize<S>>>,
    Call { now, browser, parameters }: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let nowhere = || ExternalError::nowhere(ExternalFault::State);
    let browser = browser.ok_or_else(nowhere)?;
    let text = parameters.get("state").ok_or_else(nowhere)?;
    let state = State::open(&browser, text, now).ok_or_else(nowhere)?;
    // A provider that the operator took away meanwhile brings nobody.
    let remote = function.ways.remote(state.provider.as_str()).ok_or_else(nowhere)?;
    let to = state.to;
    let fault = |fault: ExternalFault| ExternalError::at(remote.provider(), to, fault);
    if parameters.repeated().is_some() {
        return Err(fault(ExternalFault::Answer));
    }
    check_issuer(remote, &parameters, now).await.map_err(fault)?;
    let waiting = match to {
        Destination::Authorization(handle) => Some((handle, function.in_progress(handle, now).await?)),
        Destination::Access => None,
    };
    let once = function.store.first_use(&state::use_of(text), state.expires_at(), step(now)?).await?;
    if !once {
        return Err(fault(ExternalFault::Replayed));
    }
    if let Some(error) = parameters.get("error") {
        return Err(fault(ExternalFault::of_provider(error)));
    }
    let code = parameters.get("code").filter(|code| (1..=LONGEST_CODE).contains(&code.len()));
    let code = code.ok_or_else(|| fault(ExternalFault::Answer))?;
    let back = Return { state, text, browser, remote, waiting };
    function.redeem(&back, code, now).await
}

/// A sign-in that came back to the browser that it began in.
struct Return<'a> {
    state: State,
    text: &'a str,
    browser: Browser,
    remote: &'a Remote,
    /// The authorization that waits, if one does.
    waiting: Option<(PageHandle, Grant)>,
}

impl<S: Store> Authorize<S> {
    /// Who the code is for, and their session.
    async fn redeem(
        &self,
        back: &Return<'_>,
        code: &str,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let Return { state, text, browser, remote, waiting } = back;
        let provider = remote.provider();
        let fault = |fault: ExternalFault| ExternalError::at(provider, state.to, fault);
        let grant = waiting.as_ref().map(|(_, grant)| grant);
        let wish = wish_of(grant)?;
        let (nonce, verifier) = (state::nonce(browser, text), state::verifier(browser, text));
        let expected = Expected { provider, nonce: &nonce, wish: &wish, asked_at: state.asked_at, now };
        let token = remote.id_token(code, &self.here.endpoint(CALLBACK), &verifier, &expected).await;
        let token = token.map_err(|remote| fault(remote.into()))?;
        let person = Person::of(&token, provider, &self.here, random::bytes()?, now);
        let user = self.user_of(&person).await?.ok_or_else(|| match person.said {
            Some(Err(claims)) => fault(claims.into()),
            _ => fault(ExternalFault::Unknown),
        })?;
        let request = grant.and_then(Grant::request);
        if request.is_some_and(|request| !is_for(request, &user.fhir_user)) {
            return Err(fault(ExternalFault::AnotherUser));
        }
        self.signed_in(waiting.as_ref(), browser, user, token.auth_time, now).await
    }

    /// Who the person is here, if they are anybody and not disabled.
    async fn user_of(&self, person: &Person) -> Result<Option<User>, AuthorizeError> {
        let (user, vouched) = match &person.said {
            Some(Ok(said)) => (Some(self.store.enrol(said).await?), true),
            Some(Err(_)) | None => (self.store.user(&person.external.username()).await?, false),
        };
        let is_they = |user: &User| {
            user.external.as_ref().is_some_and(|external| {
                // What claims made of somebody is nobody's once they say it no more.
                external.is_same_person(&person.external) && (vouched || !external.by_claims)
            })
        };
        Ok(user.filter(|user| !user.disabled && is_they(user)))
    }
}

/// Whose answer it is (RFC 9207 §2.4). One that does not say, of a provider that would, is not its.
async fn check_issuer(remote: &Remote, parameters: &Parameters, now: Instant) -> Result<(), ExternalFault> {
    let metadata = remote.metadata(now).await?;
    match parameters.get("iss") {
        Some(issuer) if issuer == remote.provider().issuer => Ok(()),
        None if !metadata.names_issuer => Ok(()),
        _ => Err(ExternalFault::Issuer),
    }
}
