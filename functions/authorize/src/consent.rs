//! `/auth/consent`: what the user is asked, what the answer grants, and the redirect to the app (AUTHZ-16, AUTHZ-17, AUTHZ-21
//! to AUTHZ-27).
//!
//! A decision applies to what was shown: the form's token names the write that made the grant what it was then, and so does
//! the condition of the write that issues the code.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use http::{HeaderMap, Response};
use smart_core::authorization::{ErrorAnswer, consented, needs_encounter, needs_patient};
use smart_core::client::Client;
use smart_core::fhir::record::PatientSummary;
use smart_core::grant::{CodeIssue, Granted, Known, RefreshPolicy, Refusal, Request, Until};
use smart_core::id::PatientId;
use smart_core::instant::Instant;
use smart_core::launch::{LaunchContext, LaunchRefusal};
use smart_core::oauth::{ErrorCode, OAuthError, Parameters};
use smart_core::scope::{Scope, Scopes};
use smart_core::secret::{AuthorizationCode, Handle, Secret};
use smart_core::token::ACCESS_LIFETIME;
use smart_web::arrival::Arrival;
use smart_web::{form, random, response};

use crate::authorize::next_step;
use crate::browser::{Browser, Form};
use crate::error::AuthorizeError;
use crate::login::request_of;
use crate::pages::{Asked, Consent, OutOfReach, PatientCard};
use crate::patient::Present;
use crate::respond::{go_to, page_to_app};
use crate::visit::Visit;
use crate::{Authorize, Store, step, wording};

pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let answer = async {
        let query = query.unwrap_or_default();
        let parameters = Parameters::parse(query.as_bytes()).map_err(form::FormError::from)?;
        function.ask(&headers, request_of(&parameters)?, now).await
    };
    answer.await.unwrap_or_else(AuthorizeError::into_response)
}

pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    Extension(Arrival(now)): Extension<Arrival>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let answer = async {
        let form = form::read(&headers, body).await?;
        function.decide(&headers, &form, now).await
    };
    answer.await.unwrap_or_else(AuthorizeError::into_response)
}

impl<S: Store> Authorize<S> {
    /// The consent page; the step before it, if that is still to be made.
    async fn ask(
        &self,
        headers: &HeaderMap,
        handle: Handle,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let Some(present) = self.present(headers, handle, now).await? else {
            return Ok(go_to("/auth/login", handle));
        };
        let known = present.grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))?;
        let due = next_step(known);
        if due != "/auth/consent" {
            return Ok(go_to(due, handle));
        }
        let patient = match known.patient_in_context() {
            None => None,
            Some(id) if known.request.launch.is_some() && !present.visit.patients().includes(id) => {
                return self.out_of_reach(handle, &present, now).await;
            }
            Some(id) => match self.store.patient(id).await? {
                Some(patient) => Some(patient),
                None => return self.no_patients(handle, &present, now).await,
            },
        };
        let client = self.client(&present.grant.client_id, now).await?;
        let client = client.filter(|client| !client.disabled).ok_or(AuthorizeError::NoRequest)?;
        Ok(show(handle, &client, &present, known, patient.as_ref()))
    }

    /// An EHR started the app for a patient whom the user may not see.
    async fn out_of_reach(
        &self,
        handle: Handle,
        present: &Present,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let page = OutOfReach {
            app: &self.app_name(&present.grant, now).await?,
            user_name: &present.visit.user.name,
            request: &handle.reveal(),
            form_token: &present.browser.form_token(Form::Request(handle)),
            sign_out_token: &present.browser.form_token(Form::SignOut),
        };
        let known = present.grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))?;
        Ok(page_to_app(&page, &known.request.redirect_uri))
    }

    async fn decide(
        &self,
        headers: &HeaderMap,
        form: &Parameters,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let handle = request_of(form)?;
        let browser = Browser::of(headers, &self.here).ok_or(AuthorizeError::FormToken)?;
        let token = form.get("form_token");
        let Some(present) = self.present(headers, handle, now).await? else {
            // Whoever has no session here is not told whether the token would have been good.
            return if browser.session().is_some() {
                Ok(go_to("/auth/login", handle))
            } else {
                Err(AuthorizeError::FormToken)
            };
        };
        let as_shown = browser.sent(Form::Shown(handle, present.grant.last_op), token);
        match form.get("decision") {
            Some("allow") if as_shown => self.allow(handle, form, present, now).await,
            // To refuse, any page of this authorization will do.
            Some("deny") if as_shown || browser.sent(Form::Request(handle), token) => {
                self.deny(handle, &present, now).await
            }
            Some("allow" | "deny") => Err(AuthorizeError::FormToken),
            _ => Err(AuthorizeError::Field("decision")),
        }
    }

    async fn deny(
        &self,
        handle: Handle,
        present: &Present,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let known = present.grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))?;
        self.store.deny(&handle.grant_id(), &present.visit.session.id, step(now)?).await?;
        tracing::info!(target: "audit", event = "consent", outcome = "denied", client_id = %present.grant.client_id, grant = %present.grant.id);
        Ok(self.tell_app(&denied(&known.request, "the user did not give access")))
    }

    async fn allow(
        &self,
        handle: Handle,
        form: &Parameters,
        present: Present,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let Present { visit, grant, .. } = present;
        let known = grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))?;
        let due = next_step(known);
        if due != "/auth/consent" {
            return Ok(go_to(due, handle));
        }
        let scopes =
            consented(&known.request.scopes, |value| form.all("scope").any(|ticked| ticked == value));
        if scopes.is_empty() {
            self.store.deny(&grant.id, &visit.session.id, step(now)?).await?;
            return Ok(self.tell_app(&denied(&known.request, "the user left nothing to be shared")));
        }
        let Some(granted) = granted(scopes, known, &visit) else {
            // What a launch says is not chosen anew: the page says that it is out of reach.
            let anew =
                if known.request.launched_patient().is_some() { "/auth/consent" } else { "/auth/patient" };
            return Ok(go_to(anew, handle));
        };
        // Fresh: what is issued now may last for months.
        let client = self.store.client(&grant.client_id).await?;
        let client = client.filter(|client| !client.disabled).ok_or(AuthorizeError::NoRequest)?;
        let code = AuthorizationCode::new(handle, Secret::new(random::bytes()?));
        let issue = CodeIssue {
            session: visit.session.id.clone(),
            seen: grant.last_op,
            code: code.secret().digest(),
            refresh: RefreshPolicy::of(&client, &granted.scopes, &visit.session),
            granted,
        };
        if let Some(launch) = &known.request.launch
            && !self.store.use_launch(&launch.id, &grant.id, step(now)?).await?
        {
            self.store.deny(&grant.id, &visit.session.id, step(now)?).await?;
            let error = OAuthError::new(ErrorCode::InvalidRequest, LaunchRefusal::Used.to_string());
            let Request { redirect_uri, state, .. } = known.request.clone();
            return Ok(self.tell_app(&ErrorAnswer { redirect_uri, state: Some(state), error }));
        }
        self.store.issue_code(&grant.id, &issue, step(now)?).await?;
        tracing::info!(target: "audit", event = "consent", outcome = "allowed", client_id = %grant.client_id, grant = %grant.id,
            sub = %visit.user.sub, scope = %issue.granted.scopes);
        let Request { redirect_uri, state, .. } = &known.request;
        let answer =
            [("code", code.reveal()), ("state", state.clone()), ("iss", self.here.issuer().to_owned())];
        let answer = answer.iter().map(|(name, value)| (*name, value.as_str()));
        Ok(response::see_other(&redirect_uri.with_query(answer)))
    }
}

/// What is granted, in the context of the EHR's launch or of what was chosen here; `None` if a patient is needed and the user may not (any longer) see the one that was chosen.
fn granted(scopes: Scopes, known: &Known, visit: &Visit) -> Option<Granted> {
    let needed = needs_patient(&scopes);
    let in_reach = |patient: &&PatientId| visit.patients().includes(patient);
    let context = if let Some(launch) = &known.request.launch {
        // CTX-19: the patient of a launch is told whatever the scopes are.
        let mut context = launch.context.clone();
        if context.patient.is_none() && needed {
            context.patient.clone_from(&known.patient);
        }
        if context.patient.as_ref().is_some_and(|patient| !in_reach(&patient)) {
            return None;
        }
        if context.patient.is_some() {
            context.need_patient_banner.get_or_insert(true);
        }
        context
    } else {
        let patient = known.patient.as_ref().filter(in_reach).filter(|_| needed);
        let encounter = known.encounter.clone().filter(|_| needs_encounter(&scopes));
        LaunchContext { encounter, ..LaunchContext::standalone(patient.cloned()) }
    };
    if needed && context.patient.is_none() {
        return None;
    }
    let name = scopes.contains(&Scope::Profile).then(|| visit.user.name.clone());
    let nonce = known.request.nonce.clone();
    Some(Granted { scopes, context, name, nonce })
}

fn denied(request: &Request, description: &str) -> ErrorAnswer {
    ErrorAnswer {
        redirect_uri: request.redirect_uri.clone(),
        state: Some(request.state.clone()),
        error: OAuthError::new(ErrorCode::AccessDenied, description),
    }
}

fn show(
    handle: Handle,
    client: &Client,
    present: &Present,
    known: &Known,
    patient: Option<&PatientSummary>,
) -> Response<Body> {
    let Present { browser, visit, grant } = present;
    let request = &known.request;
    let lasting = |scope: Scope| {
        let policy = RefreshPolicy::of(client, &Scopes::from_iter([scope]), &visit.session);
        policy.map(|policy| lasts(&policy)).unwrap_or_default()
    };
    let asked = Asked::new(&request.scopes, &lasting(Scope::OfflineAccess), &lasting(Scope::OnlineAccess));
    let page = Consent {
        app: &client.client_name,
        app_host: &request.redirect_uri.shown_host(),
        user_name: &visit.user.name,
        patient: patient.map(|patient| PatientCard {
            name: &patient.name,
            birth_date: patient.birth_date.as_deref(),
            identifier: patient.identifiers.first().map(String::as_str),
            is_user: visit.is(&patient.id),
        }),
        request: &handle.reveal(),
        form_token: &browser.form_token(Form::Shown(handle, grant.last_op)),
        sign_out_token: &browser.form_token(Form::SignOut),
        duration: &duration(&asked),
        asked: &asked,
    };
    page_to_app(&page, &request.redirect_uri)
}

/// How long a refresh token lasts, as the end of "The app can get new data …".
fn lasts(policy: &RefreshPolicy) -> String {
    let slides = wording::period(policy.slides.as_secs());
    match &policy.until {
        Until::Forever => format!("for {slides} after it was last used"),
        Until::After(most) => {
            format!("for {slides} after it was last used, and for {} in all", wording::period(most.as_secs()))
        }
        Until::SessionEnds { .. } => format!("for {slides} at most"),
    }
}

/// What is said of the end of the access.
fn duration(asked: &Asked) -> String {
    let minutes = wording::period(ACCESS_LIFETIME.as_secs());
    if asked.offline.is_some() || asked.online.is_some() {
        format!("If you untick this, access ends after {minutes}.")
    } else {
        format!("Access ends after {minutes}.")
    }
}
