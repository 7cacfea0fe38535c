//! `/auth/consent`: what the user is asked, what the answer grants, and the redirect to the app (AUTHZ-16, AUTHZ-17, AUTHZ-21
//! to AUTHZ-27).
//!
//! A decision applies to what was shown: the form's token names the write that made the grant what it was then, and so does
//! the condition of the write that issues the code.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use smart_core::authorization::{Before, ErrorAnswer, consented, needs_encounter, needs_patient};
use smart_core::client::Client;
use smart_core::fhir::record::PatientSummary;
use smart_core::grant::{CodeIssue, Grant, Granted, Known, RefreshPolicy, Refusal, Request, Until};
use smart_core::id::PatientId;
use smart_core::instant::Instant;
use smart_core::launch::{LaunchContext, LaunchRefusal};
use smart_core::oauth::{ErrorCode, OAuthError, Parameters};
use smart_core::scope::{Scope, Scopes};
use smart_core::secret::{AuthorizationCode, Secret};
use smart_core::token::ACCESS_LIFETIME;
use smart_web::{random, response};

use crate::browser::Form;
use crate::call::Call;
use crate::error::AuthorizeError;
use crate::page_handle::PageHandle;
use crate::page_step::PageStep;
use crate::pages::{Asked, Consent, InProgress, OutOfReach};
use crate::present::Present;
use crate::remembered::may_come_back;
use crate::respond::go_to;
use crate::visit::Visit;
use crate::wording::{self, time};
use crate::{Authorize, Store, pages, step};

/// The consent page; the step before it, if that is still to be made.
pub(crate) async fn page<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let handle = call.request()?;
    let Some(present) = function.present(handle, call.browser, call.now).await? else {
        return Ok(go_to(PageStep::SignIn, handle));
    };
    let known = present.known()?;
    let due = PageStep::due(known);
    if due != PageStep::Consent {
        return Ok(go_to(due, handle));
    }
    let patient = match known.patient_in_context() {
        None => None,
        Some(id) if known.request.launch.is_some() && !present.visit.patients().includes(id) => {
            let app = function.app_name(&present.grant, call.now).await?;
            return present.page(&OutOfReach { at: present.at(&app) });
        }
        Some(id) => match function.store.patient(id).await? {
            Some(patient) => Some(patient),
            None => return function.no_patients(&present, call.now).await,
        },
    };
    let client = function.enabled_client(&present.grant.client_id, call.now).await?;
    let mut grants = function.store.own_grants(&present.visit.owner(), call.now).await?;
    grants.retain(|grant| present.visit.stands_by(grant));
    let before = Before::of(&grants, &client.client_id, &present.visit.session.id, call.now);
    show(&present, &client, patient.as_ref(), &before)
}

/// The user's answer.
pub(crate) async fn submit<S: Store>(
    State(function): State<Arc<Authorize<S>>>,
    call: Call,
) -> Result<Response<Body>, AuthorizeError> {
    let handle = call.request()?;
    let Call { now, browser, parameters: form } = call;
    let browser = browser.ok_or(AuthorizeError::FormToken)?;
    let is_signed_in = browser.session().is_some();
    let Some(present) = function.present(handle, Some(browser), now).await? else {
        // Whoever has no session here is not told whether the token would have been good.
        return if is_signed_in {
            Ok(go_to(PageStep::SignIn, handle))
        } else {
            Err(AuthorizeError::FormToken)
        };
    };
    let sent = |shown: Form| present.browser.sent(shown, form.get("form_token"));
    let as_shown = sent(Form::Shown(handle, present.grant.last_op));
    match form.get("decision") {
        Some("allow") if as_shown => function.allow(present, &form, now).await,
        // To refuse, any page of this authorization will do.
        Some("deny") if as_shown || sent(Form::Request(handle)) => function.deny(&present, now).await,
        Some("allow" | "deny") => Err(AuthorizeError::FormToken),
        _ => Err(AuthorizeError::Field("decision")),
    }
}

impl<S: Store> Authorize<S> {
    async fn deny(&self, present: &Present, now: Instant) -> Result<Response<Body>, AuthorizeError> {
        let Present { visit, grant, .. } = present;
        self.store.deny(&grant.id, &visit.session.id, step(now)?).await?;
        tracing::info!(target: "audit", event = "consent", outcome = "denied", client_id = %grant.client_id, grant = %grant.id,
            sub = %visit.user.sub);
        Ok(self.tell_app(&denied(&present.known()?.request, "the user did not give access")))
    }

    async fn allow(
        &self,
        present: Present,
        form: &Parameters,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let known = present.known()?;
        let Present { handle, ref visit, ref grant, .. } = present;
        let due = PageStep::due(known);
        if due != PageStep::Consent {
            return Ok(go_to(due, handle));
        }
        let scopes =
            consented(&known.request.scopes, |value| form.all("scope").any(|ticked| ticked == value));
        if scopes.is_empty() {
            self.store.deny(&grant.id, &visit.session.id, step(now)?).await?;
            return Ok(self.tell_app(&denied(&known.request, "the user left nothing to be shared")));
        }
        self.issue(handle, grant, visit, Answer { scopes, outcome: "allowed" }, now).await
    }

    /// The code for what is granted, and the redirect that carries it to the app.
    pub(crate) async fn issue(
        &self,
        handle: PageHandle,
        grant: &Grant,
        visit: &Visit,
        Answer { scopes, outcome }: Answer,
        now: Instant,
    ) -> Result<Response<Body>, AuthorizeError> {
        let known = grant.known().ok_or(AuthorizeError::Moved(Refusal::Stage))?;
        let Some(granted) = granted(scopes, known, visit) else {
            // What a launch says is not chosen anew: the page says that it is out of reach.
            let anew = if known.request.launched_patient().is_some() {
                PageStep::Consent
            } else {
                PageStep::Patient
            };
            return Ok(go_to(anew, handle));
        };
        // Fresh: what is issued now may last for months.
        let client = self.store.client(&grant.client_id).await?;
        let client = client.filter(|client| !client.disabled).ok_or(AuthorizeError::ClientStopped)?;
        let code = AuthorizationCode::new(handle.of_grant(), Secret::new(random::bytes()?));
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
        tracing::info!(target: "audit", event = "consent", outcome, client_id = %grant.client_id, grant = %grant.id,
            sub = %visit.user.sub, patient = issue.granted.context.patient.as_ref().map(display), scope = %issue.granted.scopes);
        let Request { redirect_uri, state, .. } = &known.request;
        let answer =
            [("code", code.reveal()), ("state", state.clone()), ("iss", self.here.issuer().to_owned())];
        let answer = answer.iter().map(|(name, value)| (*name, value.as_str()));
        Ok(response::see_other(&redirect_uri.with_query(answer)))
    }
}

/// What the user's answer is.
pub(crate) struct Answer {
    /// What is granted.
    pub(crate) scopes: Scopes,
    /// Whether the user allowed it now, or before: for the log.
    pub(crate) outcome: &'static str,
}

/// What is granted, in the context of the EHR's launch or of what was chosen here; `None` if a patient is needed and the user
/// may not (any longer) see the one that was chosen.
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
    present: &Present,
    client: &Client,
    patient: Option<&PatientSummary>,
    before: &Before<'_>,
) -> Result<Response<Body>, AuthorizeError> {
    let Present { handle, browser, visit, grant } = present;
    let known = present.known()?;
    let request = &known.request;
    let lasting = |scope: Scope| {
        let policy = RefreshPolicy::of(client, &Scopes::from_iter([scope]), &visit.session);
        policy.map(|policy| lasts(&policy)).unwrap_or_default()
    };
    let is_new = |scope: &Scope| !before.is_empty() && !before.has(scope, known.patient_in_context());
    let (offline, online) = (lasting(Scope::OfflineAccess), lasting(Scope::OnlineAccess));
    let asked = Asked::new(&request.scopes, &offline, &online, is_new);
    let form_token = browser.form_token(Form::Shown(*handle, grant.last_op));
    present.page(&Consent {
        at: InProgress { form_token, ..present.at(&client.client_name) },
        recipient: &request.redirect_uri.recipient(),
        patient: patient.map(|patient| present.card(patient)),
        duration: &duration(&asked),
        asked: &asked,
        before: (!before.is_empty()).then(|| pages::Before {
            since: before.since().map(time::day),
            has_new: request.scopes.iter().any(is_new),
        }),
        is_remembered: may_come_back(client, request),
    })
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
