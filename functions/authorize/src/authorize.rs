//! `/auth/authorize`, by GET and POST: whether a request can be answered, and which page comes first (RFC 6749 §4.1.1;
//! AUTHZ-01, AUTHZ-02).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use http::Response;
use smart_core::authorization::{self, AuthorizationRequest, ErrorAnswer, Prompt, Refused, needs_patient};
use smart_core::client::Client;
use smart_core::fhir::record::PatientQuery;
use smart_core::grant::{Grant, Request, SignIn};
use smart_core::id::PatientId;
use smart_core::instant::Instant;
use smart_core::launch::{LaunchRefusal, Launched};
use smart_core::oauth::{ErrorCode, OAuthError};
use smart_core::ports::{Step, Unavailable};
use smart_core::user::FhirUser;
use smart_web::{random, response};

use crate::browser::Browser;
use crate::call::Call;
use crate::error::AuthorizeError;
use crate::login::Door;
use crate::page_handle::PageHandle;
use crate::page_step::PageStep;
use crate::respond::go_to;
use crate::visit::Visit;
use crate::{Authorize, Store, step};

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Call { now, browser, parameters }: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let client = function.client(&authorization::client_id(&parameters)?, now).await?;
    let mut asked = match AuthorizationRequest::parse(&parameters, client.as_deref(), &function.here) {
        Ok(asked) => asked,
        Err(Refused::Shown(fault)) => return Err(fault.into()),
        Err(Refused::Redirected(answer)) => return Ok(function.tell_app(&answer)),
    };
    // A request that was read has a client.
    let client = client.ok_or(AuthorizeError::ClientStopped)?;
    let browser = Browser::known_or_new(browser)?;
    let (visit, launched) =
        tokio::try_join!(function.visit(Some(&browser), now), function.launched(&asked, &client, now))?;
    match launched {
        Ok(Some(launched)) => asked.launched(launched),
        Ok(None) => {}
        Err(refusal) => {
            let error = OAuthError::new(ErrorCode::InvalidRequest, refusal.to_string());
            return Ok(function.tell_app(&asked.refuse(error)));
        }
    }
    let visit = visit
        .filter(|visit| asked.accepts(&visit.session, now) && is_for(&asked.request, &visit.user.fhir_user));
    let (handle, step) = (PageHandle::begin(&browser)?, step(now)?);
    match visit {
        Some(visit) => function.begin_known(handle, asked, &client, &visit, step).await,
        None if asked.prompt == Prompt::None => {
            let error = OAuthError::new(ErrorCode::LoginRequired, "the user has to sign in");
            Ok(function.tell_app(&asked.refuse(error)))
        }
        None => function.begin_requested(handle, asked, &client, browser, step).await,
    }
}

impl<S: Store> Authorize<S> {
    /// The launch that a request brings, if it may be followed (LAUNCH-06).
    async fn launched(
        &self,
        asked: &AuthorizationRequest,
        client: &Client,
        now: Instant,
    ) -> Result<Result<Option<Launched>, LaunchRefusal>, Unavailable> {
        let Some(handle) = &asked.launch else { return Ok(Ok(None)) };
        let launch = self.store.launch(&handle.id()).await?;
        Ok(launch.ok_or(LaunchRefusal::Unknown).and_then(|launch| launch.follow(client, now)).map(Some))
    }

    /// Somebody is signed in: on to the patient, to the consent or, where nothing is to be asked, back to the app.
    async fn begin_known(
        &self,
        handle: PageHandle,
        asked: AuthorizationRequest,
        client: &Client,
        visit: &Visit,
        step: Step,
    ) -> Result<Response<Body>, AuthorizeError> {
        let sign_in = SignIn {
            session: visit.session.id.clone(),
            owner: visit.owner(),
            patient: self.sole_patient(&asked.request, visit).await?,
        };
        let before = random::bytes().map(smart_core::secret::Op::new)?;
        let request = asked.request.clone();
        let grant = Grant::begin(handle.grant_id(), client.client_id.clone(), request, before, step.now);
        let grant = grant.sign_in(&sign_in, step).map_err(AuthorizeError::Moved)?;
        let is_remembered = self.is_remembered(&grant, client, visit, step.now).await?;
        if asked.prompt == Prompt::None && !is_remembered {
            return Ok(self.tell_app(&asked.refuse(has_to_be_asked(&grant, client))));
        }
        self.store.begin(&grant).await?;
        if is_remembered {
            return self.answer_as_before(handle, &grant, visit, step.now).await;
        }
        Ok(next_page(&grant, handle))
    }

    /// Nobody is: the sign-in page, in a browser that has a cookie from now on.
    async fn begin_requested(
        &self,
        handle: PageHandle,
        asked: AuthorizationRequest,
        client: &Client,
        browser: Browser,
        step: Step,
    ) -> Result<Response<Body>, AuthorizeError> {
        let grant =
            Grant::begin(handle.grant_id(), client.client_id.clone(), asked.request, step.op, step.now);
        self.store.begin(&grant).await?;
        let door = Door::to_app(handle, client, grant.request());
        // Where a provider does not answer, the page that says so lets the browser try again: it needs its cookie too.
        let shown = self.first_page(&door, Some(&grant), &browser, step.now).await;
        let mut shown = shown.unwrap_or_else(IntoResponse::into_response);
        browser.remember(&mut shown, &self.here);
        Ok(shown)
    }

    /// The one patient whom the user may see, where one is to be chosen and there is no other.
    pub(crate) async fn sole_patient(
        &self,
        request: &Request,
        visit: &Visit,
    ) -> Result<Option<PatientId>, Unavailable> {
        if !needs_patient(&request.scopes) || request.launched_patient().is_some() {
            return Ok(None);
        }
        let query = PatientQuery { text: String::new(), within: visit.patients(), offset: 0, limit: 1 };
        let page = self.store.patients(&query).await?;
        Ok(page.patients.into_iter().next().filter(|_| !page.more).map(|patient| patient.id))
    }

    /// An error for the app: the redirect that carries it.
    pub(crate) fn tell_app(&self, answer: &ErrorAnswer) -> Response<Body> {
        tracing::debug!(error = answer.error.error.as_str(), "told the app");
        response::see_other(&answer.location(self.here.issuer()))
    }
}

/// The page that comes next for a grant whose user is known.
pub(crate) fn next_page(grant: &Grant, handle: PageHandle) -> Response<Body> {
    go_to(grant.known().map_or(PageStep::Consent, PageStep::due), handle)
}

/// Whether the EHR's launch, if there is one, is for this user.
pub(crate) fn is_for(request: &Request, user: &FhirUser) -> bool {
    request.launch.as_ref().is_none_or(|launch| launch.is_for(user))
}

/// Why `prompt=none` cannot be honoured although somebody is signed in (OIDC Core §3.1.2.6).
fn has_to_be_asked(grant: &Grant, client: &Client) -> OAuthError {
    let may_be_remembered =
        grant.known().is_some_and(|known| client.may_be_remembered(&known.request.redirect_uri));
    let is_chosen = grant.known().is_none_or(|known| PageStep::due(known) == PageStep::Consent);
    if may_be_remembered && !is_chosen {
        OAuthError::new(ErrorCode::InteractionRequired, "the user has to choose a patient, or a visit")
    } else {
        OAuthError::new(ErrorCode::ConsentRequired, "the user has to be asked for consent")
    }
}
